// In front of the built worker while somebody watches: tells the page what senders were answered, which the ledger does not
// keep. Started through the option `wrap` of runtime.mjs; LIVE is where to tell it.

import Gateway, {Claims, Ledger} from "./index.js";

export {Claims, Ledger};

/** Who shows a server's credential is one. */
const isServer = (headers) => headers.has("authorization") || headers.has("webhook-signature");

async function tell(env, note) {
  try {
    await fetch(`${env.LIVE}/note`, {method: "POST", body: JSON.stringify(note)});
  } catch {
    // Nobody watches any more.
  }
}

export default {
  async fetch(request, env, context) {
    const {pathname} = new URL(request.url);
    const sender = isServer(request.headers) ? "server" : "page";
    const response = await new Gateway(context, env).fetch(request);
    const takesEvents = request.method === "POST" && pathname === "/v1/events";
    if (takesEvents) {
      const copy = response.clone();
      context.waitUntil(copy.json().then((answer) => tell(env, {at: Date.now(), sender, status: response.status, answer}), () => {}));
    }
    return response;
  },
  queue: (batch, env, context) => new Gateway(context, env).queue(batch),
  scheduled: (event, env, context) => new Gateway(context, env).scheduled(event),
};
