// The page that shows events as they come: `edgetally dev` serves it, and so does the demo. It asks the gateway and the
// stand-in platforms by itself, so that neither the admin token nor another origin's data reach a browser.

import {createReadStream} from "node:fs";
import {createServer} from "node:http";
import {inWords} from "../reasons.mjs";

/** What is kept of answers to senders; the gateway itself keeps no more of its latest copies. */
const MOST_NOTES = 2000;
const MOST_BODY = 1024 * 1024;
const MOST_EVENTS = 100;

/** @type {Record<string, [string, string]>} */
const FILES = {
  "/": ["live.html", "text/html; charset=utf-8"],
  "/live.css": ["live.css", "text/css; charset=utf-8"],
  "/live.js": ["live.js", "text/javascript; charset=utf-8"],
};

/**
 * @typedef {{name: string, title: string, platform: string}} Place a destination of the settings
 * @typedef {{path: string, code: string}} Left
 * @typedef {{at: number, sender: string, index: number, status: string, code?: string, message?: string, path?: string, destinations?: Record<string, string>, removed: Left[], changed: Left[]}} Note
 * @typedef {{at: string, event: string, event_id: string, source: string, what: Record<string, string>}} Recent
 *
 * @typedef {object} Options
 * @property {(path: string) => Promise<any>} ask an admin route of the gateway
 * @property {{received: (filter: any) => any}} twin
 * @property {Place[]} places
 * @property {{gateway: string, snippet?: string}} about what the page says of the gateway
 * @property {number} [port]
 */

/** What senders were told, by event id. */
class Notes {
  /** @type {Map<string, Note[]>} */
  #byId = new Map();
  /** @type {Note[]} */
  refused = [];

  /** @param {any} told */
  add({at, sender, status, answer}) {
    if (!Array.isArray(answer?.results)) {
      const {code = String(status), message = ""} = answer?.error ?? {};
      this.refused.unshift({at, sender, index: 0, status: "refused", code, message, removed: [], changed: []});
    }
    for (const result of answer?.results ?? []) {
      const {index, status: word, code, message, path, destinations, removed = [], changed = []} = result;
      const note = {at, sender, index, status: word, code, message, path, destinations, removed, changed};
      if (word === "rejected") this.refused.unshift(note);
      else this.#keep(String(result.event_id), note);
    }
    this.refused.length = Math.min(this.refused.length, 50);
  }

  /** @param {string} id @param {Note} note */
  #keep(id, note) {
    const notes = this.#byId.get(id) ?? [];
    this.#byId.delete(id);
    this.#byId.set(id, [...notes, note].slice(-20));
    for (const oldest of this.#byId.keys()) {
      if (this.#byId.size <= MOST_NOTES) break;
      this.#byId.delete(oldest);
    }
  }

  /** @param {string} id */
  of(id) {
    return this.#byId.get(id) ?? [];
  }

  *ids() {
    yield* this.#byId;
  }
}

/** What says that a copy went to the destination. */
const WENT = ["dead", "rejected", "retrying", "processing", "delivered"];

/**
 * What became of the event: the latest word on a copy that went, since attempts and verdicts have lines of their own; else why none did.
 * @param {string[]} states newest first
 */
function summary(states) {
  const latest = (/** @type {string[]} */ ...words) => states.find((state) => words.includes(state.split(":")[0] ?? ""));
  return latest(...WENT) ?? latest("skipped") ?? latest("blocked") ?? states[0] ?? "";
}

/**
 * Events with their copies, newest first.
 * @param {Recent[]} recent newest first
 * @param {Notes} notes
 */
function gather(recent, notes) {
  /** @type {Map<string, Recent[]>} */
  const byId = new Map();
  // What was refused has no id, and is told by the notes.
  for (const copy of recent.filter(({event_id: id}) => id)) byId.set(copy.event_id, [...(byId.get(copy.event_id) ?? []), copy]);
  // Taken, and the queue has not handed it over yet.
  const waiting = [...notes.ids()].filter(([id]) => !byId.has(id)).map(([id, told]) => event(id, [], told));
  const known = [...byId].map(([id, copies]) => event(id, copies, notes.of(id)));
  return [...waiting, ...known].sort((a, b) => b.at - a.at).slice(0, MOST_EVENTS);
}

/** @param {string} id @param {Recent[]} copies @param {Note[]} told */
function event(id, copies, told) {
  /** @type {Record<string, string>} */
  const states = {};
  for (const name of new Set(copies.flatMap(({what}) => Object.keys(what)))) states[name] = summary(copies.flatMap(({what}) => what[name] ?? []));
  if (copies.length === 0) for (const {destinations} of told) for (const name of Object.keys(destinations ?? {})) states[name] ??= "waiting";
  const left = told.flatMap(({removed, changed}) => [...removed.map((one) => ({...one, how: "left out"})), ...changed.map((one) => ({...one, how: "changed"}))]);
  return {
    id,
    event: copies[0]?.event ?? "",
    source: copies[0]?.source ?? "",
    // A verdict, or another attempt, has a line and a time of its own; what senders were told is when a copy came.
    at: Math.max(0, ...(told.length > 0 ? told.map(({at}) => at) : copies.map(({at}) => Date.parse(at)))),
    copies: told.length > 0 ? told.map(({at, sender, status, code}) => ({at, sender, status: code ? `${status} ${code}` : status})) : copies.map(({at}) => ({at: Date.parse(at), sender: "", status: ""})),
    // Copies that differ in what they are worth both go out, and the platforms keep one.
    conflict: told.some(({code}) => code === "conflict"),
    left: [...new Map(left.map((one) => [`${one.how} ${one.path} ${one.code}`, one])).values()],
    states: Object.fromEntries(Object.entries(states).map(([name, state]) => [name, {state, words: inWords(state)}])),
  };
}

/**
 * Serves the page, on this machine only.
 * @param {Options} options
 */
export async function startLive({ask, twin, places, about, port = 0}) {
  let notes = new Notes();
  let since = 0;

  async function data() {
    const [{events: all}, {attention, warnings, settings, status}] = await Promise.all([ask("/v1/recent?limit=500"), ask("/v1/health")]);
    const events = all.filter((/** @type {Recent} */ {at}) => Date.parse(at) >= since);
    return {about, places, status, attention, warnings, faults: settings, refused: notes.refused, events: gather(events, notes)};
  }

  /** What the platforms got of one event. @param {string} id */
  function received(id) {
    return places.map(({name, platform}) => {
      const {events} = twin.received({platform, event_id: id, limit: 20});
      return {name, requests: events.map((/** @type {any} */ {at, host, path, event, context, duplicate, notes: remarks}) => ({at, url: `https://${host}${path}`, event, context, duplicate, remarks}))};
    });
  }

  /** @param {import("node:http").IncomingMessage} request */
  async function body(request) {
    const pieces = [];
    let length = 0;
    for await (const piece of request) {
      length += piece.length;
      if (length > MOST_BODY) throw new Error("too large");
      pieces.push(piece);
    }
    return Buffer.concat(pieces).toString("utf8");
  }

  /** @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response */
  async function answer(request, response) {
    const url = new URL(request.url ?? "/", "http://live.invalid");
    // A page elsewhere that had its name point here would read along.
    if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? "")) {
      response.writeHead(403).end();
      return;
    }
    const json = (/** @type {unknown} */ value) => response.writeHead(200, {"content-type": "application/json", "cache-control": "no-store"}).end(JSON.stringify(value));
    const file = FILES[url.pathname];
    if (request.method === "POST" && url.pathname === "/note") {
      // The worker has no origin; a page has, and nothing to tell here.
      if (request.headers.origin !== undefined) {
        response.writeHead(403).end();
        return;
      }
      notes.add(JSON.parse(await body(request)));
      response.writeHead(204).end();
    } else if (url.pathname === "/data") {
      json(await data());
    } else if (url.pathname === "/received") {
      json(received(url.searchParams.get("id") ?? ""));
    } else if (file) {
      response.writeHead(200, {"content-type": file[1], "cache-control": "no-store", "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'"});
      createReadStream(new URL(file[0], import.meta.url)).pipe(response);
    } else {
      response.writeHead(404).end();
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502, {"content-type": "application/json"}).end(JSON.stringify({error: error.message}));
    });
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(undefined));
  });
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}`,
    /** Shows nothing of what has been so far. */
    clear() {
      notes = new Notes();
      since = Date.now();
    },
    /** @returns {Promise<void>} */
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
