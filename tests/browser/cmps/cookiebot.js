// Cookiebot: the object is there before anything is known, all of it `false`. A stored answer raises ConsentReady alone; an answer now raises all.
const raise = (name) => window.dispatchEvent(new Event(name));
const set = (statistics, marketing, method) => {
  Object.assign(window.Cookiebot, {hasResponse: true, consented: statistics || marketing, declined: !statistics && !marketing});
  Object.assign(window.Cookiebot.consent, {preferences: statistics, statistics, marketing, method});
};

window.fake = {
  load() {
    window.Cookiebot = {hasResponse: false, consented: false, declined: false, consent: {necessary: true, preferences: false, statistics: false, marketing: false, method: null}};
  },
  stored(statistics, marketing, method = "explicit") {
    set(statistics, marketing, method);
    raise("CookiebotOnConsentReady");
  },
  submit(statistics, marketing) {
    set(statistics, marketing, "explicit");
    raise(statistics || marketing ? "CookiebotOnAccept" : "CookiebotOnDecline");
    raise("CookiebotOnConsentReady");
  },
};
