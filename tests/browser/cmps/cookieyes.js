// CookieYes: `getCkyConsent` answers before the visitor has, with what the law of the region lets run.
let state = {};
const raise = (name, detail) => document.dispatchEvent(new CustomEvent(name, {detail}));

window.fake = {
  load({law = "gdpr", analytics = false, advertisement = false, answered = false} = {}) {
    state = {activeLaw: law, categories: {necessary: true, functional: analytics, analytics, performance: analytics, advertisement}, isUserActionCompleted: answered};
    window.getCkyConsent = () => structuredClone(state);
    raise("cookieyes_banner_load", structuredClone(state));
  },
  save(analytics, advertisement, stale = false) {
    const now = {...state, categories: {...state.categories, analytics, advertisement}, isUserActionCompleted: true};
    if (!stale) state = now;
    raise("cookieyes_consent_update", {accepted: [], rejected: []});
    state = now;
  },
};
