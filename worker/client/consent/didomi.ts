// Didomi.
import type {Adapter} from "../types.ts";
import {manager} from "../watch.ts";

let ready = false;

const read = manager("Didomi", "", {}, (api) => {
  const {purposes} = api.getCurrentUserStatus();
  // That nothing is left to ask is an answer only where one is asked for.
  const open = api.isUserStatusPartial ? api.isUserStatusPartial() : api.shouldUserStatusBeCollected();
  return ready && [api.isConsentRequired() && open === false, (name) => purposes[name] && purposes[name].enabled];
});

const adapter: Adapter = (report, options) => {
  const look = read(report, options);
  // Both are arrays until Didomi is there, which then takes them over.
  (window.didomiOnReady = window.didomiOnReady || []).push(() => {
    ready = true;
    look();
  });
  (window.didomiEventListeners = window.didomiEventListeners || []).push({event: "consent.changed", listener: look});
};

export default adapter;
