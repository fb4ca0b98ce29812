// Usercentrics, version 3 (`__ucCmp`, which answers with promises) and version 2 (`UC_UI`).
import {manager} from "../watch.ts";

let turn = 0;
let details: any;

export default manager("__ucCmp", "UC_UI_INITIALIZED UC_UI_CMP_EVENT", {}, (api, _, look) => {
  if (api.getConsentDetails) {
    const mine = ++turn;
    const keep = (answer: any) => {
      // The answer to an earlier question may come last. Looking asks again: so only for something new.
      if (mine === turn && JSON.stringify(answer) !== JSON.stringify(details)) {
        details = answer;
        look();
      }
    };
    api.isInitialized().then((ready: unknown) => ready && api.getConsentDetails().then(keep)).catch(() => {});
    return details && [details.consent.type === "EXPLICIT", (name) => (details.categories[name] || {}).state === "ALL_ACCEPTED"];
  }
  const services: any[] = api.isInitialized() && api.getServicesBaseInfo();
  return [
    services.some(({consent}) => consent.history.some(({type}: any) => type === "explicit")),
    (name) => {
      const own = services.filter(({categorySlug}) => categorySlug === name);
      return own[0] && own.every(({consent}) => consent.status === true);
    },
  ];
}, "UC_UI");
