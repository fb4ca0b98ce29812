// CookieYes.
import {manager} from "../watch.ts";

export default manager(
  "getCkyConsent",
  "cookieyes_banner_load cookieyes_consent_update",
  {analytics: "analytics", advertisement: "ads"},
  (get) => {
    const {isUserActionCompleted, categories} = get();
    return [isUserActionCompleted, (name) => categories[name]];
  },
);
