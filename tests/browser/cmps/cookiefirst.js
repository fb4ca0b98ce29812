// CookieFirst: `consent` is null until somebody has answered.
const set = (performance, advertising) => (window.CookieFirst.consent = {necessary: true, performance, functional: performance, advertising});
const raise = (name, detail) => window.dispatchEvent(new CustomEvent(name, {detail}));

window.fake = {
  load(stored) {
    window.CookieFirst = {consent: null};
    if (stored) set(...stored);
    raise("cf_init");
  },
  save(performance, advertising) {
    set(performance, advertising);
    raise("cf_consent", window.CookieFirst.consent);
  },
};
