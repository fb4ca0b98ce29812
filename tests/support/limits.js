// The built worker on a runtime that is as strict, or as bad, as it may be; started through the option `wrap` of
// npm/src/runtime.mjs. The emulator counts no subrequests, and answers everything that it is asked.
//
// POST /_test/limits {"subrequests": 50}   from then on an invocation of the queue's consumer may ask that often, of
//                                          platforms, queues, store and ledger together; everything beyond throws
// POST /_test/limits {"hang": "fetch"}     the next request to a platform is never answered; "body": its body never ends;
//                                          "cancel": nor does cancelling it; "signal": signals of AbortSignal.timeout
//                                          never come, and making one throws
// GET  /_test/limits                       {invocations, most, refused}: how much was asked for

import Gateway, {Ledger} from "./index.js";

export {Ledger};

let limit = Infinity;
let hang = "";
const told = {invocations: 0, most: 0, refused: 0};
// The consumer's invocation that is under way: one at a time, since what they ask of platforms cannot be told apart.
let used = null;
let turn = Promise.resolve();

function ask() {
  if (used === null) return;
  used += 1;
  if (used > limit) {
    told.refused += 1;
    throw new Error("Too many subrequests by single Worker invocation.");
  }
  told.most = Math.max(told.most, used);
}

const never = () => new Promise(() => {});
const real = globalThis.fetch;

globalThis.fetch = async (...args) => {
  ask();
  const fault = hang;
  hang = "";
  if (fault === "fetch") return never();
  const reply = await real(...args);
  if (fault !== "body" && fault !== "cancel") return reply;
  await reply.arrayBuffer();
  const chunk = fault === "cancel" ? new Uint8Array(300 * 1024) : new Uint8Array(1);
  let first = true;
  const body = {
    getReader: () => ({
      read: async () => {
        if (!first) return never();
        first = false;
        return {done: false, value: chunk};
      },
      cancel: never,
    }),
  };
  return {status: reply.status, headers: reply.headers, body};
};

function counted(binding, names) {
  const made = {};
  for (const name of names) {
    made[name] = async (...args) => {
      ask();
      return binding[name](...args);
    };
  }
  return made;
}

function wrapped(env) {
  return {
    ...env,
    CLAIMS: counted(env.CLAIMS, ["get", "put"]),
    EVENTS: counted(env.EVENTS, ["send", "sendBatch"]),
    SLOW: counted(env.SLOW, ["send", "sendBatch"]),
    LEDGER: {
      idFromName: (name) => env.LEDGER.idFromName(name),
      get: (id) => counted(env.LEDGER.get(id), ["fetch"]),
    },
  };
}

export default {
  async fetch(request, env, context) {
    if (new URL(request.url).pathname !== "/_test/limits") return new Gateway(context, wrapped(env)).fetch(request);
    if (request.method === "POST") {
      const wanted = await request.json();
      limit = wanted.subrequests ?? limit;
      hang = wanted.hang ?? hang;
      if (hang === "signal") {
        AbortSignal.timeout = () => {
          throw new TypeError("broken by the test");
        };
        hang = "fetch";
      }
    }
    return Response.json(told);
  },
  async queue(batch, env, context) {
    const before = turn;
    let free = () => {};
    turn = new Promise((resolve) => {
      free = resolve;
    });
    await before;
    told.invocations += 1;
    used = 0;
    try {
      return await new Gateway(context, wrapped(env)).queue(batch);
    } finally {
      used = null;
      free();
    }
  },
  async scheduled(event, env, context) {
    return new Gateway(context, wrapped(env)).scheduled(event);
  },
};
