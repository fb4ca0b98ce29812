// The built worker with its queue in another process (broker.mjs, whose address is the binding BROKER); everything else is
// as deployed. Started through the option `wrap` of npm/src/runtime.mjs.

import Gateway, {Claims, Ledger} from "./index.js";

export {Claims, Ledger};

function queue(env, name) {
  const post = async (list) => {
    const reply = await fetch(`${env.BROKER}/send?queue=${name}`, {method: "POST", body: JSON.stringify(list)});
    if (!reply.ok) throw new Error("the queue did not take it");
    await reply.text();
  };
  return {
    send: (body, options) => post([{body, delay: options?.delaySeconds ?? 0}]),
    sendBatch: (messages, options) =>
      post(Array.from(messages, ({body, delaySeconds}) => ({body, delay: delaySeconds ?? options?.delaySeconds ?? 0}))),
  };
}

export default {
  async fetch(request, env, context) {
    const full = {...env, EVENTS: queue(env, "edgetally-events"), SLOW: queue(env, "edgetally-slow")};
    if (new URL(request.url).pathname !== "/_queue") return new Gateway(context, full).fetch(request);
    const {queue: name, messages} = await request.json();
    const settled = [];
    await new Gateway(context, full).queue({
      queue: name,
      messages: messages.map(({id, timestamp, attempts, body}) => ({
        id,
        timestamp: new Date(timestamp),
        attempts,
        body,
        ack() {
          settled.push({id, ack: true});
        },
        retry(options) {
          settled.push({id, delay: options?.delaySeconds ?? 1});
        },
      })),
      ackAll() {},
      retryAll() {},
    });
    return Response.json({settled});
  },
};
