// Real Cookie Banner.
import {manager} from "../watch.ts";

export default manager("consentApi", "RCB/OptIn RCB/OptOut RCB/OptIn/All", {}, (api) => [
  true,
  (name) => {
    const {cookie, consentGiven, cookieOptIn} = api.consentSync(name);
    // `cookie` is null for a service that the banner does not know.
    return consentGiven ? cookie && cookieOptIn : "";
  },
]);
