// The built worker whose ledger can be looked into and broken, for tests; started through the option `wrap` of npm/src/runtime.mjs.
//
// POST /_test/sql    {"query": "…", "parameters": []}   runs it in the ledger's database, before the ledger itself has
// POST /_test/alarm  has the ledger tidy up
// POST /_test/renew  the ledger begins anew, as after a deploy
// POST /_test/ask/…  asks the ledger as the worker does: /_test/ask/report
// POST /_test/break  {"at": 3, "times": 1}   the third statement from now on fails, and so do as many as that in all
//                    {"lost": "/report"}     the ledger does what it is asked for at that path, and its reply is lost
//                    {"deaf": "/exported"}   the ledger is not reached at that path
//                    {"queue": true}         the queue takes nothing
//                    {"bucket": true}        the bucket takes nothing
//                    {"bytes": 8e9}          the database is so much larger than it is
//                    {"clock": 60000}        the clock is so many milliseconds ahead
// GET  /_test/size   how many bytes the database takes
// GET  /_test/count  how many statements there were since
// GET  /_test/written  how many rows were written since that was last asked
// GET  /_test/read     how many rows were read since that was last asked; asking for one forgets the other

import {DurableObject} from "cloudflare:workers";
import Gateway, {Ledger as Inner} from "./index.js";

let broken = {};
let statements = 0;
/** @type {SqlStorageCursor<any>[]} */
let cursors = [];
const now = Date.now;
Date.now = () => now() + (broken.clock ?? 0);

/** @param {SqlStorage} sql */
function breakable(sql) {
  return {
    get databaseSize() {
      return sql.databaseSize + (broken.bytes ?? 0);
    },
    exec(...args) {
      statements += 1;
      if (broken.at && statements >= broken.at && statements < broken.at + (broken.times ?? Infinity)) {
        throw new Error("broken by the test: statement");
      }
      const cursor = sql.exec(...args);
      cursors.push(cursor);
      return cursor;
    },
  };
}

/** An object whose functions are those of another, but for some. */
const over = (inner, members) =>
  new Proxy(inner, {
    get(target, name) {
      if (name in members) return members[name];
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

export class Ledger extends DurableObject {
  constructor(context, env) {
    super(context, env);
    this.renew();
  }
  renew() {
    const sql = breakable(this.ctx.storage.sql);
    this.inner = new Inner(over(this.ctx, {storage: over(this.ctx.storage, {sql})}), this.env);
  }
  async fetch(request) {
    const {pathname} = new URL(request.url);
    if (pathname === "/_alarm") {
      await this.inner.alarm();
      return Response.json({});
    }
    if (pathname === "/_renew") {
      this.renew();
      return Response.json({});
    }
    if (pathname === "/_written") {
      // A cursor knows it when it has been read.
      const written = cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, 0);
      cursors = [];
      return Response.json(written);
    }
    if (pathname === "/_read") {
      const read = cursors.reduce((sum, cursor) => sum + cursor.rowsRead, 0);
      cursors = [];
      return Response.json(read);
    }
    if (pathname === "/_size") return Response.json(this.ctx.storage.sql.databaseSize);
    if (pathname !== "/_sql") return this.inner.fetch(request);
    const {query, parameters = []} = await request.json();
    return Response.json(this.ctx.storage.sql.exec(query, ...parameters).toArray());
  }
  alarm() {
    return this.inner.alarm();
  }
}

const stub = (env) => env.LEDGER.get(env.LEDGER.idFromName("ledger"));

const wrapped = (env) => ({
  ...env,
  EVENTS: {
    async send(...args) {
      if (broken.queue) throw new Error("broken by the test: queue");
      return env.EVENTS.send(...args);
    },
    sendBatch: (...args) => env.EVENTS.sendBatch(...args),
  },
  OUTCOMES: env.OUTCOMES && {
    async put(...args) {
      if (broken.bucket) throw new Error("broken by the test: bucket");
      return env.OUTCOMES.put(...args);
    },
  },
  LEDGER: {
    idFromName: (name) => env.LEDGER.idFromName(name),
    get: () => ({
      async fetch(url, init) {
        if (broken.deaf !== undefined && url.endsWith(broken.deaf)) throw new Error("broken by the test: ledger");
        const reply = await stub(env).fetch(url, init);
        if (broken.lost !== undefined && url.endsWith(broken.lost)) throw new Error("broken by the test: reply");
        return reply;
      },
    }),
  },
});

export default {
  async fetch(request, env, context) {
    const {pathname} = new URL(request.url);
    if (pathname === "/_test/sql") return stub(env).fetch("https://ledger/_sql", {method: "POST", body: await request.text()});
    if (pathname.startsWith("/_test/ask")) {
      return stub(env).fetch(`https://ledger${pathname.slice("/_test/ask".length)}`, {method: "POST", body: await request.text()});
    }
    if (pathname === "/_test/break") {
      broken = await request.json();
      statements = 0;
      return Response.json({});
    }
    if (pathname === "/_test/alarm") return stub(env).fetch("https://ledger/_alarm", {method: "POST"});
    if (pathname === "/_test/renew") return stub(env).fetch("https://ledger/_renew", {method: "POST"});
    if (pathname === "/_test/size") return stub(env).fetch("https://ledger/_size");
    if (pathname === "/_test/written") return stub(env).fetch("https://ledger/_written");
    if (pathname === "/_test/read") return stub(env).fetch("https://ledger/_read");
    if (pathname === "/_test/count") return Response.json(statements);
    return new Gateway(context, wrapped(env)).fetch(request);
  },
  async queue(batch, env, context) {
    return new Gateway(context, wrapped(env)).queue(batch);
  },
  async scheduled(event, env, context) {
    return new Gateway(context, wrapped(env)).scheduled(event);
  },
};
