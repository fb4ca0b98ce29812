// Complianz.
import {manager} from "../watch.ts";

export default manager(
  "cmplz_has_consent",
  "cmplz_banner_status cmplz_fire_categories cmplz_status_change cmplz_revoke",
  {statistics: "analytics", marketing: "ads"},
  (has, required) => {
    const {prefix = "cmplz_", consenttype} = window.complianz || {};
    const read = (name: string) => (("; " + document.cookie).split("; " + prefix + name + "=")[1] || "").split(";")[0];
    const dismissed = read("banner-status") === "dismissed";
    // The law of the visitor's region may still be under way: until then there is none.
    const law = window.wp_consent_type;
    return (
      (dismissed || law) && [
        dismissed,
        // The answers are the cookies. Without one, `cmplz_has_consent` says yes where the law is not opt-in.
        (name) => (read(name) ? read(name) === "allow" : required && (law || consenttype) !== "optin" ? "" : has(name)),
      ]
    );
  },
);
