// The built worker behind bindings that count what Cloudflare bills, for bench/cost.mjs; started through the option `wrap` of
// npm/src/runtime.mjs. Its queue is a list: batches are as full as whoever counts wants them, in every run.
//
// POST /_count/drain  {"most": 50}   hands over what is on the queue, in batches of so many, until nothing is
// POST /_count/take                  the counts since that was last asked

import {DurableObject} from "cloudflare:workers";
import * as built from "./index.js";

export * from "./index.js";

const CHUNK = 64 * 1024;
const ZERO = {requests: 0, batches: 0, messages: 0, kv_reads: 0, kv_writes: 0, queue_operations: 0, object_requests: 0, rows_read: 0, rows_written: 0};
let counts = {...ZERO};
let waiting = [];
let number = 0;

/** An object whose statements are counted when it has answered: a cursor knows it when it has been read. */
function counted(Inner) {
  return class extends DurableObject {
    constructor(context, env) {
      super(context, env);
      const cursors = [];
      const over = (target, members) =>
        new Proxy(target, {
          get(inner, name) {
            if (name in members) return members[name];
            const value = Reflect.get(inner, name, inner);
            return typeof value === "function" ? value.bind(inner) : value;
          },
        });
      const {storage} = context;
      const sql = over(storage.sql, {
        exec(...args) {
          const cursor = storage.sql.exec(...args);
          cursors.push(cursor);
          return cursor;
        },
      });
      this.inner = new Inner(over(context, {storage: over(storage, {sql})}), env);
      this.sum = () => {
        for (const {rowsRead, rowsWritten} of cursors.splice(0)) {
          counts.rows_read += rowsRead;
          counts.rows_written += rowsWritten;
        }
      };
    }
    async fetch(request) {
      counts.object_requests += 1;
      const reply = await this.inner.fetch(request);
      this.sum();
      return reply;
    }
    async alarm() {
      await this.inner.alarm();
      this.sum();
    }
  };
}

export const Ledger = counted(built.Ledger);
// Exact mode's. A build without it has no binding to it either.
export const Claims = counted(built.Claims ?? Ledger);

/** Each 64 KB of a message is an operation, for each of writing, reading and deleting it. */
const operations = (body) => Math.ceil(new TextEncoder().encode(body).byteLength / CHUNK);

function queue(name) {
  const put = (body) => {
    counts.messages += 1;
    counts.queue_operations += operations(body);
    waiting.push({name, body, attempts: 1});
  };
  return {
    send: async (body) => put(body),
    sendBatch: async (messages) => Array.from(messages, ({body}) => put(body)),
  };
}

const wrapped = (env) => ({
  ...env,
  EVENTS: queue("edgetally-events"),
  SLOW: queue("edgetally-slow"),
  CLAIMS: {
    get(keys) {
      counts.kv_reads += Array.isArray(keys) ? keys.length : 1;
      return env.CLAIMS.get(keys);
    },
    put(...args) {
      counts.kv_writes += 1;
      return env.CLAIMS.put(...args);
    },
  },
});

async function drain(context, env, most) {
  while (waiting.length > 0) {
    const {name} = waiting[0];
    const batch = waiting.filter((one) => one.name === name).slice(0, most);
    waiting = waiting.filter((one) => !batch.includes(one));
    counts.batches += 1;
    await new built.default(context, wrapped(env)).queue({
      queue: name,
      messages: batch.map(({body, attempts}) => {
        counts.queue_operations += operations(body);
        return {
          id: `m${++number}`,
          timestamp: new Date(),
          attempts,
          body,
          ack() {
            counts.queue_operations += operations(body);
          },
          retry() {
            waiting.push({name, body, attempts: attempts + 1});
          },
        };
      }),
      ackAll() {},
      retryAll() {},
    });
  }
}

export default {
  async fetch(request, env, context) {
    const {pathname} = new URL(request.url);
    if (pathname === "/_count/drain") {
      await drain(context, env, (await request.json()).most);
      return Response.json({});
    }
    if (pathname === "/_count/take") {
      const taken = counts;
      counts = {...ZERO};
      return Response.json(taken);
    }
    counts.requests += 1;
    return new built.default(context, wrapped(env)).fetch(request);
  },
};
