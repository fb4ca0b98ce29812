// The WP Consent API, as its script does it: without a kind of law everything is permitted. The event's detail is an array with names for keys.
const get = (name) => ("; " + document.cookie).split(`; ${name}=`)[1]?.split(";")[0] || "";
const raise = (name, detail) => document.dispatchEvent(new CustomEvent(name, {detail}));

window.fake = {
  load(prefix = "wp_consent") {
    window.consent_api = {cookie_prefix: prefix, consent_type: ""};
    window.wp_has_consent = (category) => {
      const law = window.wp_consent_type;
      const value = get(`${prefix}_${category}`);
      return !law || (law.includes("optout") && value === "") ? true : value === "allow";
    };
  },
  banner(type) {
    window.wp_consent_type = type;
    raise("wp_consent_type_defined");
  },
  set(category, value, path = "/") {
    document.cookie = `${window.consent_api.cookie_prefix}_${category}=${value};path=${path}`;
    const detail = [];
    detail[category] = value;
    raise("wp_listen_for_consent_change", detail);
  },
};
