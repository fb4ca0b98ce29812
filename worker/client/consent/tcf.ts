// The IAB's TCF: the string as the consent manager gives it.
import type {Adapter, Report} from "../types.ts";
import {watch} from "../watch.ts";

const adapter: Adapter = (report) => {
  let state: Report | undefined;
  watch(report, "__tcfapi", (api, look, fresh) => {
    if (fresh) {
      api("addEventListener", 2, (data: any, success: unknown) => {
        // `cmpuishown` says that the banner is open. Without a string there is one thing left to know: that the law does not apply.
        if (!success || !data || !/^(tcloaded|useractioncomplete)$/.test(data.eventStatus)) return;
        const {tcString, addtlConsent, gdprApplies} = data;
        if (!tcString && gdprApplies !== false) return;
        state = {decided: true, signals: {tcf: tcString || undefined, additional_consent: addtlConsent || undefined, gdpr_applies: gdprApplies}};
        look();
      });
    }
    return state;
  });
};

export default adapter;
