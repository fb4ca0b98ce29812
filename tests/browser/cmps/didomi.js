// Didomi: two arrays that anybody may push to, before and after it has loaded. Where no answer is asked for, everything is enabled and nothing partial.
let purposes = {};
let partial = true;
let required = true;

window.fake = {
  load(enabled, {answered = false, asks = true, ready = true, old = false} = {}) {
    purposes = enabled;
    partial = asks && !answered;
    required = asks;
    window.Didomi = {
      isConsentRequired: () => required,
      [old ? "shouldUserStatusBeCollected" : "isUserStatusPartial"]: () => partial,
      getCurrentUserStatus: () => ({purposes: Object.fromEntries(Object.entries(purposes).map(([id, enabled]) => [id, {id, enabled}]))}),
    };
    if (ready) window.fake.ready();
  },
  ready() {
    const early = window.didomiOnReady || [];
    window.didomiOnReady = {push: (run) => run(window.Didomi)};
    early.forEach((run) => run(window.Didomi));
  },
  save(enabled) {
    purposes = enabled;
    partial = false;
    for (const {event, listener} of window.didomiEventListeners || []) if (event === "consent.changed") listener({});
  },
};
