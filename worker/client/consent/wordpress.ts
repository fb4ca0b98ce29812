// The WP Consent API.
import {manager} from "../watch.ts";

export default manager(
  "wp_has_consent",
  "wp_consent_type_defined wp_listen_for_consent_change",
  {statistics: "analytics", marketing: "ads"},
  (_, required) => {
    const law = window.wp_consent_type;
    const {cookie_prefix = "wp_consent"} = window.consent_api || {};
    const cookies = ("; " + document.cookie).split("; " + cookie_prefix + "_");
    // `wp_has_consent` says yes to everything until a banner has named its kind of law. The answers are the cookies.
    return (
      law && [
        cookies[1],
        (name) => {
          const values = cookies.filter((cookie) => cookie.startsWith(name + "="));
          if (values[0]) return values.every((cookie) => /=allow(;|$)/.test(cookie));
          return law.includes("optout") ? !required || "" : cookies[1] && "";
        },
      ]
    );
  },
);
