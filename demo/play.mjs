// Sends requests and keeps what only a sender can know: what it was told, and how long that took.

import {Agent, request} from "node:http";
import {setTimeout as sleep} from "node:timers/promises";
import {ADMIN_TOKEN} from "./settings.mjs";

/**
 * @typedef {object} Answered
 * @property {number} status
 * @property {any} body
 * @property {number} ms
 */

/**
 * What a source was told about its events.
 * @typedef {{received: number, accepted: number, duplicates: number, rejected: number, blocked: number}} Told
 */

/** How many acceptances are remembered with their time, for measuring how long delivery takes. */
const MOST_TIMES = 50_000;
/** How often a request is sent again when edgetally says 503, or does not answer. */
const ATTEMPTS = 8;

/** Everything that senders saw. */
export class Tally {
  requests = 0;
  /** Events in requests that were answered event by event. */
  events = 0;
  /** @type {Told} */
  told = {received: 0, accepted: 0, duplicates: 0, rejected: 0, blocked: 0};
  /** Milliseconds by kind of request. @type {Map<string, number[]>} */
  latency = new Map();
  /** Requests that were turned away as a whole, by status and code. @type {Map<string, {count: number, message: string}>} */
  door = new Map();
  /** The first refusal of each code. @type {Map<string, any>} */
  examples = new Map();
  /** When an event was accepted, by its id. @type {Map<string, number>} */
  acceptedAt = new Map();
  /** Events in which personal data in free text was left out. */
  cleaned = 0;
  /** What was answered to what is oddly written. @type {Map<string, {status: number, result: any}>} */
  odd = new Map();
  /** What the first copy of an event was answered, by its id: destinations, and what becomes of it there. @type {Map<string, Record<string, string>>} */
  decided = new Map();
  /** Requests that never got an answer. */
  unanswered = 0;

  /**
   * @param {string} kind
   * @param {Answered} answer
   * @param {string} [odd]
   */
  note(kind, {status, body, ms}, odd) {
    this.requests += 1;
    if (odd) this.odd.set(odd, {status, result: body?.results?.[0] ?? body?.error});
    if (!Array.isArray(body?.results)) {
      const code = `${status} ${body?.error?.code ?? "unreadable answer"}`;
      const seen = this.door.get(code) ?? {count: 0, message: String(body?.error?.message ?? "")};
      seen.count += 1;
      this.door.set(code, seen);
      return;
    }
    const times = this.latency.get(kind) ?? [];
    times.push(ms);
    this.latency.set(kind, times);
    for (const name of /** @type {(keyof Told)[]} */ (["received", "accepted", "duplicates", "rejected", "blocked"])) this.told[name] += body[name] ?? 0;
    this.events += body.results.length;
    const now = Date.now();
    for (const result of body.results) {
      if ([...(result.removed ?? []), ...(result.changed ?? [])].some(({code}) => code === "personal_data")) this.cleaned += 1;
      if (result.destinations && !this.decided.has(result.event_id) && this.decided.size < MOST_TIMES) this.decided.set(result.event_id, result.destinations);
      if (result.status === "rejected" && !this.examples.has(result.code)) this.examples.set(result.code, result);
      // Pages are told `received` of first copies and of later ones.
      if (["accepted", "received"].includes(result.status) && !this.acceptedAt.has(result.event_id) && this.acceptedAt.size < MOST_TIMES) {
        this.acceptedAt.set(result.event_id, now);
      }
    }
  }
}

/** A connection to edgetally: events in, questions of the operator. */
export class Edge {
  #agent = new Agent({keepAlive: true, maxSockets: 48});
  /** @type {URL} */
  url;

  /** @param {URL} url */
  constructor(url) {
    this.url = url;
  }

  close() {
    this.#agent.destroy();
  }

  /**
   * @param {string} path
   * @param {{method?: string, headers: Record<string, string>, body?: string}} options
   * @returns {Promise<{status: number, text: string, retryAfter: number}>}
   */
  #exchange(path, {method = "GET", headers, body}) {
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : {"content-length": String(Buffer.byteLength(body))};
      const sent = request(new URL(path, this.url), {method, agent: this.#agent, headers: {...headers, ...length}, timeout: 20_000}, (reply) => {
        /** @type {Buffer[]} */
        const pieces = [];
        reply.on("data", (piece) => pieces.push(piece));
        reply.on("error", reject);
        reply.on("end", () => {
          const retryAfter = Number(reply.headers["retry-after"] ?? 1) || 1;
          resolve({status: reply.statusCode ?? 0, text: Buffer.concat(pieces).toString("utf8"), retryAfter});
        });
      });
      sent.on("timeout", () => sent.destroy(new Error("no answer within 20 s")));
      sent.on("error", reject);
      sent.end(body);
    });
  }

  /**
   * Posts events; comes again when edgetally asks for it.
   * @param {{headers: Record<string, string>, body: string, query?: string}} step
   * @returns {Promise<Answered | null>} null: no answer, however often
   */
  async post({headers, body, query = ""}) {
    for (let attempt = 1; ; attempt += 1) {
      const started = performance.now();
      try {
        const {status, text, retryAfter} = await this.#exchange(`/v1/events${query}`, {method: "POST", headers, body});
        if (status === 503 && attempt < ATTEMPTS) {
          await sleep(Math.min(retryAfter, 5) * 1000);
          continue;
        }
        return {status, body: read(text), ms: performance.now() - started};
      } catch {
        if (attempt >= ATTEMPTS) return null;
        await sleep(200 * attempt);
      }
    }
  }

  /**
   * Asks one of the admin routes.
   * @param {string} path
   * @param {unknown} [question] to be posted
   * @returns {Promise<any>}
   */
  async ask(path, question) {
    const posted = question === undefined ? {} : {method: "POST", body: JSON.stringify(question)};
    const {status, text} = await this.#exchange(path, {headers: {authorization: `Bearer ${ADMIN_TOKEN}`}, ...posted});
    if (status !== 200) throw new Error(`${path} answered ${status}: ${text.slice(0, 200)}`);
    return read(text);
  }

  /** @returns {Promise<any>} */
  async health() {
    return read((await this.#exchange("/v1/health", {headers: {}})).text);
  }
}

/** @param {string} text */
function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * Plays a part of a day: each request at its time, whatever became of the others.
 * @param {Edge} edge
 * @param {readonly import("./shop.mjs").Step[]} steps
 * @param {Tally} tally
 * @param {{start: number, stopped: () => boolean}} options
 */
export async function play(edge, steps, tally, {start, stopped}) {
  /** @type {Set<Promise<void>>} */
  const open = new Set();
  for (const step of steps) {
    const wait = start + step.at - Date.now();
    if (wait > 0) await sleep(wait);
    if (stopped()) break;
    const sent = edge.post(step).then((answer) => {
      open.delete(sent);
      if (answer) tally.note(step.kind, answer, step.odd);
      else tally.unanswered += 1;
    });
    open.add(sent);
  }
  await Promise.all(open);
}

/**
 * The ledger as the report needs it.
 * @typedef {object} Ledger
 * @property {Record<string, Record<string, number>>} intake by source
 * @property {(Record<string, number> & {source: string, destination: string})[]} balances
 * @property {{source: string, destination: string, state: string, code: string, n: number}[]} reasons
 * @property {number} remainder
 * @property {string} law
 */

/** @param {Edge} edge @returns {Promise<Ledger>} */
export function ledger(edge) {
  return edge.ask("/v1/ledger");
}

/**
 * A number of the intake, over all sources.
 * @param {Ledger} book
 * @param {string} name
 */
export function intake(book, name) {
  return Object.values(book.intake).reduce((sum, source) => sum + (source[name] ?? 0), 0);
}

/**
 * A state's count at a destination, over all sources.
 * @param {Ledger} book
 * @param {string} destination
 * @param {string} state
 */
export function count(book, destination, state) {
  return book.balances.reduce((sum, balance) => sum + (balance.destination === destination ? (balance[state] ?? 0) : 0), 0);
}

/**
 * Waits until the ledger knows of everything that was sent and nothing is under way.
 *
 * A platform that judges later is asked through `ask`, again and again, until nothing is being judged any more; without it,
 * what is being judged is not waited for.
 * @param {Edge} edge
 * @param {number} expected events
 * @param {{seconds: number, stopped: () => boolean, look: (book: Ledger) => void, ask?: () => Promise<void>}} options
 */
export async function settle(edge, expected, {seconds, stopped, look, ask}) {
  let until = Date.now() + seconds * 1000;
  let before = "";
  for (;;) {
    const book = await ledger(edge);
    look(book);
    const all = (/** @type {string} */ state) => book.balances.reduce((sum, balance) => sum + (balance[state] ?? 0), 0);
    const settled = intake(book, "received") >= expected && all("retrying") === 0 && book.remainder === 0;
    if (settled && (!ask || all("processing") === 0)) return book;
    // As long as something moves, there is no reason to give up.
    const now = JSON.stringify(book);
    if (now !== before) until = Date.now() + seconds * 1000;
    before = now;
    if (Date.now() > until || stopped()) return book;
    if (settled) await ask?.();
    await sleep(250);
  }
}
