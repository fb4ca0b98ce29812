// An IAB consent manager: the stub that only keeps calls, then the API. `addEventListener` answers at once with the state as it is.
const listeners = [];
let state = {eventStatus: "", gdprApplies: true, tcString: ""};

function api(command, version, callback) {
  if (command !== "addEventListener" || version !== 2) return;
  listeners.push(callback);
  if (state.eventStatus) callback({...state, listenerId: listeners.length}, true);
}

window.fake = {
  stub() {
    const queue = [];
    window.__tcfapi = (...call) => queue.push(call);
    window.fake.queue = queue;
  },
  load(first = {}) {
    state = {...state, ...first};
    window.__tcfapi = api;
    for (const call of window.fake.queue || []) api(...call);
  },
  raise(change) {
    state = {...state, ...change};
    listeners.forEach((callback, id) => callback({...state, listenerId: id + 1}, true));
  },
  /** What broken ones answer. */
  answer(...answer) {
    for (const callback of listeners) callback(...answer);
  },
  get listeners() {
    return listeners.length;
  },
};
