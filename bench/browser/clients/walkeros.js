// The collector and the browser source have no destination. This one is what their own for an API of one's own is: their `sendWeb`,
// whose fetch outlives the page. Text, so that nobody asks for permission first; a failure is told, so that it counts as one.
import {startFlow} from "@walkeros/collector";
import {sourceBrowser} from "@walkeros/web-source-browser";
import {sendWeb} from "@walkeros/web-core";

const NAMES = {page_view: "page view", view_item: "product view", add_to_cart: "product add", begin_checkout: "checkout begin", purchase: "order complete"};
let elb;
startFlow({
  run: true,
  consent: {marketing: true, analytics: true},
  sources: {browser: {code: sourceBrowser, config: {settings: {pageview: false}}}},
  destinations: {
    api: {
      code: {
        type: "api",
        config: {},
        async push(event) {
          const answer = await sendWeb(`${COLLECTOR}/walkeros/collect`, JSON.stringify(event), {transport: "fetch", headers: {"Content-Type": "text/plain"}});
          if (!answer.ok) throw new Error(String(answer.error));
        },
      },
      config: {},
    },
  },
}).then((flow) => (elb = flow.elb));
globalThis.bench = {ready: () => elb !== undefined, send: (name, fields) => void elb(NAMES[name], fields)};
