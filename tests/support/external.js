// The built worker with its queue in another process (broker.mjs, whose address is the binding BROKER); everything else is
// as deployed. Started through the option `wrap` of npm/src/runtime.mjs.
//
// POST /_test/faults  {"claims": true}   the store takes and tells nothing
//                     {"ledger": true}   the ledger is not reached
//                     {"deaf": true}     the ledger does what it is asked, and its answers are lost
//                     {"object": true}   the object that claims is not reached (exact mode)

import Gateway from "./index.js";

export * from "./index.js";

let faults = {};

function meet(name) {
  if (faults[name]) throw new Error(`broken by the test: ${name}`);
}

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

/** An object's namespace that fails by name. */
function objects(namespace, away) {
  return {
    idFromName: (name) => namespace.idFromName(name),
    get(id) {
      const stub = namespace.get(id);
      return {
        async fetch(...args) {
          meet(away);
          const reply = await stub.fetch(...args);
          if (away === "ledger") meet("deaf");
          return reply;
        },
      };
    },
  };
}

function wrapped(env) {
  return {
    ...env,
    EVENTS: queue(env, "edgetally-events"),
    SLOW: queue(env, "edgetally-slow"),
    CLAIMS: {
      async get(...args) {
        meet("claims");
        return env.CLAIMS.get(...args);
      },
      async put(...args) {
        meet("claims");
        return env.CLAIMS.put(...args);
      },
    },
    LEDGER: objects(env.LEDGER, "ledger"),
    ...(env.CLAIMS_OBJECT && {CLAIMS_OBJECT: objects(env.CLAIMS_OBJECT, "object")}),
  };
}

export default {
  async fetch(request, env, context) {
    const {pathname} = new URL(request.url);
    if (pathname === "/_test/faults") {
      faults = await request.json();
      return Response.json({});
    }
    if (pathname !== "/_queue") return new Gateway(context, wrapped(env)).fetch(request);
    const {queue: name, messages} = await request.json();
    const settled = [];
    await new Gateway(context, wrapped(env)).queue({
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
  async scheduled(event, env, context) {
    return new Gateway(context, wrapped(env)).scheduled(event);
  },
};
