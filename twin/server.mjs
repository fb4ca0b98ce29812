/**
 * The twin: a local HTTP server that plays the ad platforms as they document themselves.
 *
 * `http://127.0.0.1:{port}/{platform host}/{platform path}` is the platform; `/_twin/…` is the control side.
 * It shares no code with the gateway: one misunderstanding must not pass twice.
 */

import { createServer } from "node:http";
import { findPlain, isObject, plainIdentifiers, readJson } from "./checks.mjs";
import { credentials } from "./credentials.mjs";
import { FaultError, Faults } from "./faults.mjs";
import { platforms } from "./platforms.mjs";

/** @typedef {import("./types.mjs").Platform} Platform */
/** @typedef {import("./types.mjs").Answer} Answer */
/** @typedef {import("./types.mjs").TwinRequest} TwinRequest */
/** @typedef {import("./types.mjs").Received} Received */

const MAX_BODY = 16 * 1024 * 1024;
const MAX_EVENTS = 500_000;
const MAX_VIOLATIONS = 1_000;
const MAX_REQUESTS = 5_000;
const MAX_REQUEST_BYTES = 64 * 1024 * 1024;

/**
 * @typedef {object} Stored One counted event. Kept as text: parsed objects take several times the room.
 * @property {string} platform
 * @property {number} at
 * @property {string} host
 * @property {string} path
 * @property {string} name
 * @property {string | undefined} id
 * @property {boolean} duplicate
 * @property {string} event
 * @property {string} context
 * @property {string[]} notes
 * @property {string | null} fault What the request that brought it was met with.
 *
 * @typedef {object} Logged
 * @property {string} platform
 * @property {number} at
 * @property {string} method
 * @property {string} path
 * @property {Record<string, string>} headers
 * @property {Buffer} body
 * @property {number | null} status Null: never answered.
 * @property {string | null} fault
 * @property {string | null} reason
 * @property {number | null} latencyMs
 */

/** What is known of one platform. */
class Book {
  counts = zero();
  requests = 0;
  accepted = 0;
  rejected = 0;
  validated = 0;
  faulted = 0;
  violationCount = 0;
  /** @type {import("./types.mjs").Violation[]} */
  violations = [];
  /** @type {Map<string, import("./types.mjs").EventCounts>} */
  byEvent = new Map();
  /** @type {Map<string, number>} */
  seen = new Map();
  /** @type {Map<string, unknown>} */
  memory = new Map();

  /** @param {string} name */
  of(name) {
    let counts = this.byEvent.get(name);
    if (!counts) this.byEvent.set(name, (counts = zero()));
    return counts;
  }
}

/** @returns {import("./types.mjs").EventCounts} */
function zero() {
  return { received: 0, unique: 0, duplicates: 0, dropped: 0 };
}

const SECRET_QUERY = /([?&](?:access_token|api_secret)=)[^&]*/g;
const SECRET_KEYS = new Set(["access_token", "api_secret", "refresh_token", "client_secret", "assertion"]);
const SHORTENED_KEYS = new Set(["client_ip_address", "client_user_agent", "ip_override", "user_agent", "client_ip", "ip", "ip_address", "ipAddress", "userAgent", "clientIpAddress", "clientUserAgent"]);
const SECRET_HEADERS = new Set(["authorization", "access-token", "x-pixel-token", "webhook-signature", "cookie"]);

/** @param {string} text */
function redactText(text) {
  const shorter = text.replace(/\b[0-9a-fA-F]{64}\b/g, (digest) => `${digest.slice(0, 8)}…`);
  const kind = findPlain(shorter);
  return kind ? `[${kind}]` : shorter;
}

/**
 * @param {unknown} value
 * @param {string} [key]
 * @returns {unknown}
 */
function redact(value, key = "") {
  if (SECRET_KEYS.has(key)) return "[redacted]";
  if (typeof value === "string") return SHORTENED_KEYS.has(key) ? `${value.slice(0, 6)}…` : redactText(value);
  if (Array.isArray(value)) return value.map((one) => redact(one, key));
  if (isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [redactText(name), redact(one, name)]));
  }
  return value;
}

/**
 * @param {Buffer} bytes
 * @param {string} type
 */
function redactBody(bytes, type) {
  const json = readJson(bytes);
  if (json.ok) return redact(json.value);
  const text = bytes.toString("utf8");
  if (type.startsWith("application/x-www-form-urlencoded")) {
    return Object.fromEntries(
      [...new URLSearchParams(text)].map(([key, value]) => {
        const inner = readJson(Buffer.from(value));
        return [key, redact(inner.ok ? inner.value : value, key)];
      }),
    );
  }
  return redactText(text.slice(0, 2000).replace(/((?:access_token|api_secret)"?\s*[=:]\s*"?)[^"&\s]*/g, "$1[redacted]"));
}

/** @param {Record<string, string>} headers */
function redactHeaders(headers) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (SECRET_HEADERS.has(name)) return [name, "[redacted]"];
      return [name, name === "user-agent" && value.length > 12 ? `${value.slice(0, 12)}…` : redactText(value)];
    }),
  );
}

/**
 * Everything in a request that reads like a plain identifier.
 * @param {TwinRequest} request
 */
function privacy(request) {
  /** @type {import("./types.mjs").Finding[]} */
  const found = [];
  const query = request.query.size > 0 ? [...request.query].flat().join("\n") : "";
  const inUrl = findPlain(request.path) ?? findPlain(query);
  if (inUrl) found.push({ kind: inUrl, where: "url" });
  for (const [name, value] of Object.entries(request.headers)) {
    // Signatures are base64 of random bytes, and no place for an address.
    if (name === "webhook-signature") continue;
    const kind = findPlain(value);
    if (kind) found.push({ kind, where: `header ${name}` });
  }
  const json = readJson(request.body);
  if (json.ok) return found.concat(plainIdentifiers(json.value));
  const text = request.body.toString("utf8");
  if ((request.headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded")) {
    for (const [key, value] of new URLSearchParams(text)) {
      // A signed assertion names its issuer: a service account, whose name reads like a person's address.
      if (key === "assertion") continue;
      const inner = readJson(Buffer.from(value));
      found.push(...plainIdentifiers(inner.ok ? inner.value : value, `body.${key}`));
    }
    return found;
  }
  const kind = findPlain(text);
  return kind ? [...found, { kind, where: "body" }] : found;
}

/**
 * @param {import("node:http").IncomingMessage} message
 * @returns {Promise<Buffer | null>} Null when it is too large or broke off.
 */
function readBody(message) {
  return new Promise((resolve) => {
    /** @type {Buffer[]} */
    const pieces = [];
    let size = 0;
    message.on("data", (/** @type {Buffer} */ piece) => {
      size += piece.length;
      if (size <= MAX_BODY) pieces.push(piece);
    });
    message.on("end", () => resolve(size <= MAX_BODY ? Buffer.concat(pieces, size) : null));
    message.on("error", () => resolve(null));
  });
}

/**
 * @param {Answer['body']} body
 * @returns {{bytes: Buffer, type: string | null}}
 */
function encode(body) {
  if (body === undefined || body === "") return { bytes: Buffer.alloc(0), type: null };
  if (typeof body === "string") {
    return { bytes: Buffer.from(body), type: body.trimStart().startsWith("<") ? "text/html; charset=utf-8" : "text/plain; charset=utf-8" };
  }
  return { bytes: Buffer.from(JSON.stringify(body)), type: "application/json; charset=utf-8" };
}

/**
 * @typedef {object} Options
 * @property {number} [port] 0: any free one.
 * @property {string} [host] The address to listen on; loopback unless told otherwise.
 * @property {() => number} [now] Unix milliseconds.
 * @property {string[]} [webhookHosts] Hosts besides `hooks.example` that receive signed batches.
 * @property {string} [webhookSecret]
 * @property {string[]} [metaTokens]
 */

/**
 * Starts the twin.
 * @param {Options} [options]
 */
export async function startTwin(options = {}) {
  const now = options.now ?? Date.now;
  const settings = {
    metaTokens: options.metaTokens ?? [credentials.meta.token],
    webhookSecret: options.webhookSecret ?? credentials.webhook.secret,
  };
  /** @type {Map<string, Platform>} */
  const byHost = new Map();
  for (const platform of platforms) for (const host of platform.hosts) byHost.set(host, platform);
  for (const host of options.webhookHosts ?? []) {
    const receiver = platforms.find((platform) => platform.name === "webhook");
    if (receiver) byHost.set(host.toLowerCase(), receiver);
  }

  const faults = new Faults(platforms.map((platform) => platform.name));
  /** @type {Map<string, Book>} */
  const books = new Map();
  /** @type {Stored[]} */
  let events = [];
  /** @type {{platform: string, at: string, host: string, path: string, event_name: string, event_id: string | null, event: unknown, messages: unknown[]}[]} */
  let dropped = [];
  /** @type {Logged[]} */
  let log = [];
  let logBytes = 0;
  let unrouted = 0;
  /** @type {Set<NodeJS.Timeout>} */
  const timers = new Set();
  let closing = false;

  function reset() {
    books.clear();
    for (const platform of platforms) books.set(platform.name, new Book());
    events = [];
    dropped = [];
    log = [];
    logBytes = 0;
    unrouted = 0;
    faults.clear();
  }
  reset();

  /** @param {string} name */
  function bookOf(name) {
    const book = books.get(name);
    if (!book) throw new Error(`no such platform: ${name}`);
    return book;
  }

  /** @param {number} ms */
  function wait(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        resolve(undefined);
      }, ms);
      timers.add(timer);
    });
  }

  /**
   * @param {string} platform
   * @param {readonly import("./types.mjs").Finding[]} found
   */
  function violate(platform, found) {
    const book = bookOf(platform);
    for (const one of found) {
      book.violationCount += 1;
      if (book.violations.length < MAX_VIOLATIONS) book.violations.push({ platform, at: new Date(now()).toISOString(), ...one });
    }
  }

  /**
   * Counts what the platform took.
   * @param {Platform} platform
   * @param {TwinRequest} request
   * @param {Answer} answer
   * @param {string | null} fault
   */
  function record(platform, request, answer, fault) {
    const book = bookOf(platform.name);
    /** @type {unknown} */
    let lastContext;
    let context = "null";
    for (const event of answer.events ?? []) {
      let duplicate = false;
      if (event.key !== undefined) {
        const first = book.seen.get(event.key);
        duplicate = first !== undefined && request.now - first < (event.windowMs ?? Infinity);
        if (!duplicate) book.seen.set(event.key, request.now);
      }
      for (const counts of [book.counts, book.of(event.name)]) {
        counts.received += 1;
        counts[duplicate ? "duplicates" : "unique"] += 1;
      }
      if (event.context !== lastContext) {
        lastContext = event.context;
        context = JSON.stringify(event.context ?? null);
      }
      events.push({
        platform: platform.name, at: request.now, host: request.host, path: request.path, name: event.name, id: event.id,
        duplicate, event: JSON.stringify(event.event), context, notes: event.notes ?? [], fault,
      });
    }
    if (events.length > MAX_EVENTS) events = events.slice(MAX_EVENTS / 10);
    for (const event of answer.dropped ?? []) {
      book.counts.dropped += 1;
      book.of(event.name).dropped += 1;
      if (dropped.length < 10_000) {
        dropped.push({
          platform: platform.name, at: new Date(request.now).toISOString(), host: request.host, path: request.path,
          event_name: event.name, event_id: event.id ?? null, event: event.event, messages: event.messages,
        });
      }
    }
    violate(platform.name, answer.violations ?? []);
    answer.commit?.();
  }

  /**
   * @param {import("node:http").ServerResponse} response
   * @param {number} status
   * @param {unknown} body
   * @param {Record<string, string>} [headers]
   */
  function send(response, status, body, headers = {}) {
    const { bytes, type } = encode(body);
    const bare = status === 204 || status === 304;
    response.writeHead(status, {
      ...(type && !bare ? { "content-type": type } : {}),
      ...(bare ? {} : { "content-length": String(bytes.length) }),
      ...headers,
    });
    response.end(bare ? undefined : bytes);
  }

  /**
   * The answer in crumbs. Resolves to whether the client stayed to the end.
   * @param {import("node:http").ServerResponse} response
   * @param {number} status
   * @param {unknown} body
   * @param {number} ms
   * @param {Record<string, string>} headers
   */
  async function dribble(response, status, body, ms, headers) {
    const { bytes, type } = encode(body === undefined || body === "" ? " ".repeat(16) : body);
    response.writeHead(status === 204 ? 200 : status, { "content-type": type ?? "text/plain", "content-length": String(bytes.length), ...headers });
    response.flushHeaders();
    const step = Math.max(1, Math.ceil(bytes.length / 16));
    for (let at = 0; at < bytes.length; at += step) {
      await wait(ms);
      if (closing || response.destroyed) return false;
      response.write(bytes.subarray(at, at + step));
    }
    await new Promise((resolve) => response.end(() => resolve(undefined)));
    return !response.destroyed || response.writableFinished;
  }

  /**
   * @param {Platform} platform
   * @param {TwinRequest} request
   * @param {import("node:http").ServerResponse} response
   * @param {Logged} entry
   */
  async function play(platform, request, response, entry) {
    const book = bookOf(platform.name);
    book.requests += 1;
    violate(platform.name, privacy(request));
    const met = faults.meet(platform.name, request.host, request.now);
    const { reply } = met;

    let delay = 0;
    for (const fault of met.delays) {
      delay += fault.ms;
      faults.strike(fault);
    }

    /** @returns {Answer} */
    const handle = () => platform.handle(request, {
      settings,
      revoked: met.revoked !== null,
      rejectIds: new Set(met.rejects.filter((fault) => fault.after === 0).map((fault) => String(fault.event_id))),
      memory: book.memory,
    });

    if (!reply) {
      const answer = handle();
      if (answer.scripted) {
        book.faulted += 1;
        entry.fault = answer.scripted;
        if (answer.scripted === "revoke_token" && met.revoked) faults.strike(met.revoked);
        if (answer.scripted === "reject_event_id") for (const fault of condemning(met.rejects, request)) faults.strike(fault);
      } else {
        for (const fault of condemning(met.rejects, request)) if (fault.after > 0) fault.after -= 1;
        book[answer.verdict] += 1;
      }
      // Processing does not wait for the answer: a client that gives up during the delay was served all the same.
      record(platform, request, answer, entry.fault ?? (delay > 0 ? "latency" : null));
      entry.reason = answer.reason ?? null;
      if (delay > 0) {
        entry.fault ??= "latency";
        await wait(delay);
      }
      if (response.destroyed) return;
      entry.status = answer.status;
      send(response, answer.status, answer.body, answer.headers);
      return;
    }

    faults.strike(reply);
    book.faulted += 1;
    entry.fault = reply.kind;
    // One answer for the books and for the client: it may carry an id or a token that the platform remembers.
    const taken = reply.record ? handle() : null;
    if (taken) record(platform, request, taken, reply.kind);
    if (delay > 0) await wait(delay);
    if (response.destroyed) return;
    switch (reply.kind) {
      case "timeout":
        await wait(reply.ms);
        response.socket?.destroy();
        return;
      case "reset":
        response.socket?.resetAndDestroy();
        return;
      case "slow_body": {
        const answer = reply.body === undefined ? (taken ?? handle()) : null;
        entry.status = answer?.status ?? reply.status;
        const whole = await dribble(response, entry.status, answer ? answer.body : reply.body, reply.ms, reply.headers);
        // Whoever read the whole answer believes it, so it must be true.
        if (whole && answer && !reply.record) record(platform, request, answer, reply.kind);
        return;
      }
      case "error_in_200": {
        const error = reply.body ?? platform.errorBody(503);
        const text = typeof error === "string" ? error : JSON.stringify(error);
        const html = "<!DOCTYPE html><html><title>Sorry</title><p>Something went wrong.</html>";
        const body = reply.variant === "html" ? html : reply.variant === "truncated" ? text.slice(0, Math.ceil(text.length / 2)) : error;
        entry.status = 200;
        send(response, 200, body, reply.variant === "truncated" ? { "content-type": "application/json", ...reply.headers } : reply.headers);
        return;
      }
      default:
        entry.status = reply.status;
        send(response, reply.status, reply.body ?? platform.errorBody(reply.status), reply.headers);
    }
  }

  /**
   * The `reject_event_id` faults whose event is in the request.
   * @param {import("./faults.mjs").Fault[]} rejects
   * @param {TwinRequest} request
   */
  function condemning(rejects, request) {
    if (rejects.length === 0) return [];
    const text = request.body.toString("utf8");
    return rejects.filter((fault) => text.includes(JSON.stringify(fault.event_id)) || text.includes(encodeURIComponent(String(fault.event_id))));
  }

  /** @returns {import("./types.mjs").Stats} */
  function stats() {
    /** @type {Record<string, import("./types.mjs").PlatformStats>} */
    const all = {};
    for (const [name, book] of books) {
      all[name] = {
        requests: book.requests,
        accepted_requests: book.accepted,
        rejected_requests: book.rejected,
        validated_requests: book.validated,
        faulted: book.faulted,
        ...book.counts,
        violations: [...book.violations],
        violation_count: book.violationCount,
        by_event: Object.fromEntries([...book.byEvent].map(([event, counts]) => [event, { ...counts }])),
      };
    }
    return { platforms: all, violations: [...books.values()].flatMap((book) => book.violations), unrouted };
  }

  /**
   * The newest `limit` matching rows, oldest first.
   * @template T
   * @param {T[]} rows
   * @param {(row: T) => boolean} wanted
   * @param {number} limit
   */
  function newest(rows, wanted, limit) {
    const matching = rows.filter(wanted);
    return { total: matching.length, rows: limit > 0 ? matching.slice(-limit) : [] };
  }

  /**
   * Counted events, oldest first.
   * @param {{platform?: string | null, event_id?: string | null, limit?: number}} [filter]
   * @returns {{total: number, events: Received[]}}
   */
  function received({ platform, event_id: id, limit = 1000 } = {}) {
    const { total, rows } = newest(events, (row) => (!platform || row.platform === platform) && (!id || row.id === id), limit);
    return {
      total,
      events: rows.map((row) => ({
        platform: row.platform, at: new Date(row.at).toISOString(), host: row.host, path: row.path, event_name: row.name,
        event_id: row.id ?? null, duplicate: row.duplicate, event: JSON.parse(row.event), context: JSON.parse(row.context), notes: row.notes, fault: row.fault,
      })),
    };
  }

  /** @param {{platform?: string | null, event_id?: string | null, limit?: number}} [filter] */
  function forgotten({ platform, event_id: id, limit = 1000 } = {}) {
    const { total, rows } = newest(dropped, (row) => (!platform || row.platform === platform) && (!id || row.event_id === id), limit);
    return { total, events: rows };
  }

  /** @param {{platform?: string | null, limit?: number}} [filter] */
  function requests({ platform, limit = 100 } = {}) {
    const { total, rows } = newest(log, (row) => !platform || row.platform === platform, limit);
    return {
      total,
      requests: rows.map((row) => ({
        platform: row.platform, at: new Date(row.at).toISOString(), method: row.method, path: row.path,
        headers: redactHeaders(row.headers), body: redactBody(row.body, row.headers["content-type"] ?? ""),
        status: row.status, fault: row.fault, reason: row.reason, latency_ms: row.latencyMs,
      })),
    };
  }

  /**
   * @param {string} method
   * @param {URL} url
   * @param {Buffer} body
   * @returns {{status: number, body: unknown}}
   */
  function control(method, url, body) {
    const given = url.searchParams.get("limit");
    const limit = given === null ? undefined : Math.max(0, Math.trunc(Number(given)) || 0);
    const filter = { platform: url.searchParams.get("platform"), event_id: url.searchParams.get("event_id"), ...(limit === undefined ? {} : { limit }) };
    switch (`${method} ${url.pathname.slice("/_twin".length)}`) {
      case "GET /stats": return { status: 200, body: stats() };
      case "GET /received": return { status: 200, body: received(filter) };
      case "GET /dropped": return { status: 200, body: forgotten(filter) };
      case "GET /requests": return { status: 200, body: requests(filter) };
      case "GET /faults": return { status: 200, body: { faults: faults.list(now()) } };
      case "POST /faults": {
        const json = readJson(body);
        if (!json.ok) return { status: 400, body: { error: `body: ${json.why}` } };
        try {
          return { status: 200, body: { added: faults.add(json.value, now()) } };
        } catch (error) {
          if (error instanceof FaultError) return { status: 400, body: { error: error.message } };
          throw error;
        }
      }
      case "DELETE /faults":
        faults.clear(filter.platform);
        return { status: 200, body: { faults: faults.list(now()) } };
      case "POST /reset":
        reset();
        return { status: 200, body: { reset: true } };
      case "GET /":
      case "GET ":
        return { status: 200, body: { hosts: Object.fromEntries([...byHost].map(([host, platform]) => [host, platform.name])) } };
      default: return { status: 404, body: { error: "no such control path" } };
    }
  }

  /**
   * @param {import("node:http").IncomingMessage} message
   * @param {import("node:http").ServerResponse} response
   */
  async function answer(message, response) {
    const started = performance.now();
    const method = message.method ?? "GET";
    const url = new URL(message.url ?? "/", "http://twin.invalid");
    const body = await readBody(message);
    if (message.destroyed && !message.complete) return;
    if (!body) {
      send(response, 413, { error: "body too large" }, { connection: "close" });
      return;
    }
    if (url.pathname === "/_twin" || url.pathname.startsWith("/_twin/")) {
      const { status, body: reply } = control(method, url, body);
      send(response, status, reply);
      return;
    }
    const [, first = "", path = "/"] = /^\/([^/]*)(\/.*)?$/.exec(url.pathname) ?? [];
    const host = decodeURIComponent(first).toLowerCase().replace(/:\d+$/, "");
    const platform = byHost.get(host);
    if (!platform) {
      unrouted += 1;
      send(response, 404, { error: "no platform has this host" });
      return;
    }
    /** @type {Record<string, string>} */
    const headers = {};
    for (const [name, value] of Object.entries(message.headers)) headers[name] = Array.isArray(value) ? value.join(", ") : (value ?? "");
    const at = now();
    const safePath = redactText(`/${host}${path}${url.search.replace(SECRET_QUERY, "$1[redacted]")}`);
    /** @type {Logged} */
    const entry = { platform: platform.name, at, method, path: safePath, headers, body, status: null, fault: null, reason: null, latencyMs: null };
    log.push(entry);
    logBytes += body.length;
    while (log.length > MAX_REQUESTS || logBytes > MAX_REQUEST_BYTES) logBytes -= log.shift()?.body.length ?? 0;
    await play(platform, { method, host, path, query: url.searchParams, headers, body, now: at }, response, entry);
    entry.latencyMs = Math.round((performance.now() - started) * 10) / 10;
  }

  const server = createServer((message, response) => {
    answer(message, response).catch((error) => {
      process.stderr.write(`twin: ${error instanceof Error ? error.stack : error}\n`);
      if (response.headersSent) response.destroy();
      else send(response, 500, { error: "the twin failed" });
    });
  });
  // Longer than any client keeps an idle connection, so that the client always closes first.
  server.keepAliveTimeout = 120_000;

  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, options.host ?? "127.0.0.1", () => resolve(undefined));
  });
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;

  return {
    url: `http://${options.host ?? "127.0.0.1"}:${port}`,
    port,
    stats,
    received,
    dropped: forgotten,
    requests,
    reset,
    /** @param {unknown} script One fault or a list, as for `POST /_twin/faults`. */
    faults: (script) => faults.add(script, now()),
    /** @param {string} [platform] */
    clearFaults: (platform) => faults.clear(platform ?? null),
    /** Stops at once; requests still waiting are cut off. */
    close() {
      closing = true;
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      return /** @type {Promise<void>} */ (new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }));
    },
  };
}
