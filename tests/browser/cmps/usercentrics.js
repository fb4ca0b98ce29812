// Usercentrics. Version 3 answers with promises and says in the details whether the answer was the visitor's own; version 2 keeps a history per service.
// Both raise UC_UI_INITIALIZED once, and UC_UI_CMP_EVENT for everything, with no state in it.
let details = {consent: {type: "IMPLICIT", status: "ALL_DENIED"}, categories: {}};
let services = [];
const held = [];
const raise = (name, detail) => window.dispatchEvent(new CustomEvent(name, {detail}));
const states = (analytics, marketing) => ({
  essential: {state: "ALL_ACCEPTED"},
  statistics: {state: analytics},
  marketing: {state: marketing},
});

window.fake = {
  v3({analytics = "ALL_DENIED", marketing = "ALL_DENIED", type = "IMPLICIT", initialized = true, hold = false} = {}) {
    details = {consent: {type}, categories: states(analytics, marketing)};
    window.fake.hold = hold;
    window.fake.initialized = initialized;
    window.__ucCmp = {
      isInitialized: () => Promise.resolve(window.fake.initialized),
      getConsentDetails: () => {
        const answer = structuredClone(details);
        return window.fake.hold ? new Promise((resolve) => held.push(() => resolve(answer))) : Promise.resolve(answer);
      },
    };
    // A remnant of version 2 stays for old integrations.
    window.UC_UI = {isInitialized: () => true, getServicesBaseInfo: () => services};
    if (initialized) raise("UC_UI_INITIALIZED");
  },
  initialize() {
    window.fake.initialized = true;
    raise("UC_UI_INITIALIZED");
  },
  save(analytics, marketing, detail = {source: "first", type: "SAVE"}) {
    details = {consent: {type: "EXPLICIT"}, categories: states(analytics, marketing)};
    raise("UC_UI_CMP_EVENT", detail);
  },
  show() {
    raise("UC_UI_CMP_EVENT", {source: "none", type: "CMP_SHOWN"});
  },
  /** Lets the questions that wait be answered, the latest first. */
  release() {
    window.fake.hold = false;
    for (const answer of held.splice(0).reverse()) answer();
  },
  v2(list, initialized = true) {
    services = list;
    window.UC_UI = {isInitialized: () => initialized, getServicesBaseInfo: () => services};
    if (initialized) raise("UC_UI_INITIALIZED");
  },
  saveV2(list) {
    services = list;
    raise("UC_UI_CMP_EVENT", {source: "first", type: "SAVE"});
  },
  service: (name, categorySlug, status, type = "implicit") => ({name, categorySlug, consent: {status, history: [{type: "implicit", status: false}, {type, status}]}}),
};
