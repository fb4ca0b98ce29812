// The IAB's GPP: the string and the sections that apply, as the consent manager gives them.
import type {Adapter, Report} from "../types.ts";
import {watch} from "../watch.ts";

const adapter: Adapter = (report) => {
  let state: Report | undefined;
  watch(report, "__gpp", (api, look, fresh) => {
    if (fresh) {
      api("addEventListener", (event: any) => {
        // Whoever registers late gets `listenerRegistered` with a signal that is ready already, and no further event.
        const {data, pingData} = event || {};
        if (!pingData || (data !== "ready" && pingData.signalStatus !== "ready")) return;
        const {gppString, applicableSections} = pingData;
        state = {decided: true, signals: {gpp: gppString || undefined, gpp_sid: (applicableSections || [])[0] ? applicableSections : undefined}};
        look();
      });
    }
    return state;
  });
};

export default adapter;
