// Cookiebot.
import {manager} from "../watch.ts";

// `hasResponse` is true as well where a region's law lets a visit count as consent: `method` says which of the two it was.
export default manager(
  "Cookiebot",
  "CookiebotOnConsentReady CookiebotOnAccept CookiebotOnDecline",
  {statistics: "analytics", marketing: "ads"},
  ({consent, hasResponse}) => hasResponse && [consent.method !== "implied", (name) => consent[name]],
);
