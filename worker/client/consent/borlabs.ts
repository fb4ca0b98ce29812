// Borlabs Cookie 3.
import {manager} from "../watch.ts";

export default manager(
  "BorlabsCookie",
  "borlabs-cookie-after-init borlabs-cookie-consent-saved",
  {statistics: "analytics", marketing: "ads"},
  ({Consents, Services}) => {
    const services: any[] = Object.values(Services.services);
    // The cookie is what is left of an answer. A group counts as accepted only if each of its services is; a name that is no group is a service's.
    return (
      document.cookie.includes("borlabs-cookie=") && [
        true,
        (name) => {
          const own = services.filter(({serviceGroupId}) => serviceGroupId === name);
          return own[0] ? own.every(({id}) => Consents.hasConsent(id)) : Consents.hasConsent(name);
        },
      ]
    );
  },
);
