// Borlabs Cookie 3: asking before it has started throws; a group of services says yes as soon as one of them is accepted.
let started = false;
const consents = new Set();
const services = {
  "google-analytics": {id: "google-analytics", serviceGroupId: "statistics"},
  hotjar: {id: "hotjar", serviceGroupId: "statistics"},
  "meta-pixel": {id: "meta-pixel", serviceGroupId: "marketing"},
};
const set = (list) => {
  consents.clear();
  list.forEach((id) => consents.add(id));
};
const has = (id) => {
  if (!started) throw new Error("not started");
  return consents.has(id);
};

window.fake = {
  load() {
    window.BorlabsCookie = {
      Consents: {hasConsent: has, hasConsentForServiceGroup: (group) => Object.values(services).some(({id, serviceGroupId}) => serviceGroupId === group && has(id))},
      Services: {services},
    };
  },
  start(stored) {
    if (stored) {
      set(stored);
      document.cookie = "borlabs-cookie=%7B%22consents%22%3A%7B%7D%7D;path=/";
    }
    started = true;
    window.dispatchEvent(new Event("borlabs-cookie-after-init"));
  },
  save(list) {
    set(list);
    document.cookie = "borlabs-cookie=%7B%22consents%22%3A%7B%7D%7D;path=/";
    window.dispatchEvent(new Event("borlabs-cookie-consent-saved"));
  },
};
