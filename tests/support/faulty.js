// The built worker behind bindings that can be broken, for tests; started through the option `wrap` of npm/src/runtime.mjs.
//
// POST /_test/faults {"queue": true}   breaks the producer's sends, {"queue": 2} the next two of them;
//                                      "queue_later" lets the first of them through;
//                                      "claims_object" has the objects of exact claims fail, "claims_object_mute" has them do
//                                      what they are asked for and lose the reply;
//                                      "claims_get", "claims_put", "ledger", "ledger_report" (reports only) likewise;
//                                      {"ledger_ms": 4000} has the ledger take so long for everything
// GET  /_test/sent                     the messages that the worker gave to the queue, oldest first
//
// Long delays that the worker itself asks of the queue are cut to a second, so that tests do not wait for them.

import Gateway, {Claims, Ledger} from "./index.js";

export {Claims, Ledger};

const MOST_DELAY_SECONDS = 1;

let faults = {};
const sent = [];
const counts = {queue: 0, queue_later: 0, claims_get: 0, claims_put: 0, claims_object: 0, claims_object_mute: 0, ledger: 0, ledger_report: 0};

function meet(name) {
  if (!faults[name]) return;
  if (typeof faults[name] === "number") faults[name] -= 1;
  counts[name] += 1;
  throw new Error(`broken by the test: ${name}`);
}

let spared = false;

/** The first call is spared, the next ones are broken. */
function meetLater(name) {
  if (faults[name] && !spared) spared = true;
  else meet(name);
}

function shorter(options) {
  if (!options?.delaySeconds) return options;
  return {...options, delaySeconds: Math.min(options.delaySeconds, MOST_DELAY_SECONDS)};
}

function wrapped(env) {
  return {
    ...env,
    EVENTS: {
      async send(body, options) {
        meet("queue");
        const done = await env.EVENTS.send(body, shorter(options));
        sent.push(body);
        return done;
      },
      async sendBatch(messages, options) {
        meet("queue");
        meetLater("queue_later");
        const list = Array.from(messages, (message) => ({...message, ...shorter(message)}));
        const done = await env.EVENTS.sendBatch(list, options);
        sent.push(...list.map((message) => message.body));
        return done;
      },
    },
    CLAIMS: {
      async get(...args) {
        meet("claims_get");
        const found = await env.CLAIMS.get(...args);
        // In which order many keys are answered is not documented, so nobody may count on it.
        return found instanceof Map ? new Map([...found].reverse()) : found;
      },
      async put(...args) {
        meet("claims_put");
        return env.CLAIMS.put(...args);
      },
    },
    ...(env.CLAIMS_OBJECT && {
      CLAIMS_OBJECT: {
        idFromName: (name) => env.CLAIMS_OBJECT.idFromName(name),
        get: (id) => ({
          async fetch(...args) {
            meet("claims_object");
            const answer = await env.CLAIMS_OBJECT.get(id).fetch(...args);
            meet("claims_object_mute");
            return answer;
          },
        }),
      },
    }),
    LEDGER: {
      idFromName: (name) => env.LEDGER.idFromName(name),
      get(id) {
        const stub = env.LEDGER.get(id);
        return {
          async fetch(...args) {
            if (faults.ledger_ms) await scheduler.wait(faults.ledger_ms);
            meet("ledger");
            if (String(args[0]).endsWith("/report")) meet("ledger_report");
            return stub.fetch(...args);
          },
        };
      },
    },
  };
}

export default {
  async fetch(request, env, context) {
    const {pathname} = new URL(request.url);
    if (pathname === "/_test/faults") {
      faults = await request.json();
      spared = false;
      return Response.json({});
    }
    if (pathname === "/_test/sent") return Response.json({sent, counts});
    return new Gateway(context, wrapped(env)).fetch(request);
  },
  async queue(batch, env, context) {
    return new Gateway(context, wrapped(env)).queue(batch);
  },
  async scheduled(event, env, context) {
    return new Gateway(context, wrapped(env)).scheduled(event);
  },
};
