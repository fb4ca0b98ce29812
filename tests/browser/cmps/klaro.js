// Klaro: tells its watchers of each switch that is moved, before anything is saved. `getConsent` is what the switches show.
const watchers = new Set();
const notify = (name, data) => watchers.forEach((watcher) => watcher.update(manager, name, data));
const manager = {
  confirmed: false,
  consents: {},
  savedConsents: {},
  watch: (watcher) => watchers.add(watcher),
  getConsent: (name) => manager.consents[name] || false,
};

window.fake = {
  /** Klaro's own element is there before its script. */
  element() {
    const element = document.createElement("div");
    element.id = "klaro";
    document.body.append(element);
  },
  load(defaults, confirmed = false) {
    Object.assign(manager, {consents: {...defaults}, savedConsents: {...defaults}, confirmed});
    window.klaro = {getManager: () => manager};
  },
  toggle(name, value) {
    manager.consents[name] = value;
    notify("consents", manager.consents);
  },
  save() {
    manager.confirmed = true;
    manager.savedConsents = {...manager.consents};
    notify("saveConsents", {changes: {}, consents: manager.consents, type: "save"});
    notify("applyConsents", 1);
  },
  reset() {
    manager.consents = {};
    manager.confirmed = false;
    manager.savedConsents = {};
    notify("consents", manager.consents);
  },
  get watchers() {
    return watchers.size;
  },
};
