// Complianz.
import {manager} from "../watch.ts";

export default manager(
  "cmplz_has_consent",
  "cmplz_banner_status cmplz_fire_categories cmplz_status_change cmplz_revoke",
  {statistics: "analytics", marketing: "ads"},
  (has, required) => {
    const dismissed = window.cmplz_get_banner_status() === "dismissed";
    // Which region's law it is may still be under way: until then there is no `wp_consent_type`.
    return (
      (dismissed || window.wp_consent_type) && [
        dismissed,
        (name) => {
          // The answers are the cookies. Without one, `cmplz_has_consent` says yes where the law is opt-out.
          const value = window.cmplz_get_cookie(name);
          return value ? value === "allow" : required ? "" : has(name);
        },
      ]
    );
  },
);
