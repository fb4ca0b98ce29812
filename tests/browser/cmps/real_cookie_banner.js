// Real Cookie Banner: the state of single services. `cookieOptIn` may be true although nobody has answered; RCB/OptIn comes with every page, for what was
// accepted, and also for what needs no answer.
const services = {};
let given = false;
const raise = (name) => document.dispatchEvent(new CustomEvent(name, {detail: {}}));

window.fake = {
  load(accepted, answered = false) {
    Object.assign(services, accepted);
    given = answered;
    window.consentApi = {
      consentSync: (name) => ({cookie: name in services ? {uniqueName: name} : null, consentGiven: given, cookieOptIn: !!services[name]}),
    };
    raise("RCB/OptIn");
    raise("RCB/OptIn/All");
  },
  save(accepted) {
    Object.assign(services, accepted);
    given = true;
    raise(Object.values(accepted).includes(true) ? "RCB/OptIn" : "RCB/OptOut");
  },
};
