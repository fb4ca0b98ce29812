// Complianz: one cookie for each category and one for the banner, with a prefix of the site's own. Accepting sets the categories one by one, each with an
// event, and then dismisses the banner. Where the law is opt-out, what was not answered counts as a yes. `cmplz_fire_categories` comes with every page.
const prefix = "cmplz_rt_";
const raise = (name, detail) => document.dispatchEvent(new CustomEvent(name, {detail}));
const get = (name) => ("; " + document.cookie).split(`; ${prefix}${name}=`)[1]?.split(";")[0] || "";
const set = (name, value) => (document.cookie = `${prefix}${name}=${value};path=/`);
let type = "optin";
const has = (category) => (category === "functional" ? true : type !== "optin" && get(category) === "" ? true : get(category) === "allow");
const choose = (statistics, marketing) => {
  for (const [category, yes] of [["statistics", statistics], ["marketing", marketing]]) {
    set(category, yes ? "allow" : "deny");
    raise("cmplz_status_change", {category, value: get(category)});
  }
};

window.fake = {
  load(consenttype = "optin", resolved = true) {
    type = consenttype;
    Object.assign(window, {complianz: {prefix, consenttype}, cmplz_has_consent: has, cmplz_get_cookie: get});
    if (resolved) window.fake.resolve();
    raise("cmplz_fire_categories", {categories: ["functional"]});
  },
  /** The law of the region, which the server is asked for. */
  resolve() {
    window.wp_consent_type = type;
  },
  save(statistics, marketing) {
    choose(statistics, marketing);
    set("banner-status", "dismissed");
    raise("cmplz_banner_status", "dismissed");
    raise("cmplz_fire_categories", {categories: []});
  },
  close() {
    set("banner-status", "dismissed");
    raise("cmplz_banner_status", "dismissed");
  },
  deny() {
    choose(false, false);
    raise("cmplz_fire_categories", {categories: ["functional"]});
    raise("cmplz_revoke", true);
  },
};
