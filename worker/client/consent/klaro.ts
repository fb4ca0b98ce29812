// Klaro.
import {manager} from "../watch.ts";

let known: unknown;

export default manager("klaro", "", {}, (klaro, _, look) => {
  const of = klaro.getManager();
  if (of !== known) {
    of.watch({update: look});
    known = of;
  }
  // `getConsent` follows the switches while the visitor is still moving them. What was saved is the decision.
  return of.confirmed && [true, (name) => of.savedConsents[name]];
});
