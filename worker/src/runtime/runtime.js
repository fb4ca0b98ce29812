// The few calls of the runtime that the worker makes, each in one crossing between wasm and JavaScript.
// A crossing costs about as much as hashing an address, so a request's headers come over in one string.
// Nothing here decides anything: texts and bytes go through.

// Requests of pages and servers show themselves in these headers; the order is that of `Field` in runtime.rs.
const HEADERS = [
  "x-edgetally-key",
  "origin",
  "authorization",
  "webhook-id",
  "webhook-timestamp",
  "webhook-signature",
  "content-type",
  "content-encoding",
  "content-length",
  "user-agent",
  "referer",
  "cookie",
  "sec-gpc",
  "cf-connecting-ip",
];

/** Method, address, country and region of the request, then HEADERS: one line each, an absent one empty. */
export function describe(request) {
  const {headers, cf} = request;
  let text = `${request.method}\n${request.url}\n${cf?.country ?? ""}\n${cf?.regionCode ?? ""}`;
  for (const name of HEADERS) {
    text += `\n${headers.get(name) ?? ""}`;
  }
  return text;
}

/** The body, or null when it is longer than `most`: counted while it streams, so that nobody can fill the memory. */
export async function body(request, most) {
  if (request.body === null) return new Uint8Array(0);
  // The runtime holds a sender to the length that was announced.
  if (request.headers.has("content-length")) return new Uint8Array(await request.arrayBuffer());
  const chunks = [];
  let length = 0;
  const reader = request.body.getReader();
  for (;;) {
    const {done, value} = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > most) {
      await reader.cancel();
      return null;
    }
    chunks.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

/** An answer of JSON. `extra` is header names and values in turn, separated by line feeds. */
export function answer(status, text, extra) {
  const headers = {"content-type": "application/json", "cache-control": "no-store", "x-content-type-options": "nosniff"};
  if (extra) {
    const parts = extra.split("\n");
    for (let i = 0; i + 1 < parts.length; i += 2) headers[parts[i]] = parts[i + 1];
  }
  return new Response(status === 204 ? null : text, {status, headers});
}

/** The variables whose names begin with EDGETALLY, as one JSON object. Bindings, which are objects of other classes, are none. */
export function settings(env) {
  const plain = (value) => typeof value !== "object" || value === null || [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(value));
  return JSON.stringify(Object.fromEntries(Object.entries(env).filter(([name, value]) => name.startsWith("EDGETALLY") && plain(value))));
}

/** A secret or variable by name. */
export function secret(env, name) {
  const value = env[name];
  return typeof value === "string" ? value : undefined;
}

/** Which bindings are there, of names separated by commas. */
export function bindings(env, names) {
  return names.split(",").map((name) => (env[name] ? "1" : "0")).join("");
}

// What one look-up takes.
const MOST_KEYS = 100;

/** What the store holds under the keys (separated by commas): a line for each, in their order, "=" and the text, or empty. */
export async function claimed(env, keys) {
  const kv = env.CLAIMS;
  const line = (text) => (text === null || text === undefined ? "" : `=${text}`);
  if (!keys.includes(",")) return line(await kv.get(keys));
  const all = keys.split(",");
  const asked = [];
  for (let i = 0; i < all.length; i += MOST_KEYS) asked.push(kv.get(all.slice(i, i + MOST_KEYS)));
  const maps = await Promise.all(asked);
  // By name: the order of an answer is not documented.
  return all.map((key, i) => line(maps[Math.floor(i / MOST_KEYS)].get(key))).join("\n");
}

/** Puts texts (separated by line feeds) under keys (by commas) for `ttl` seconds. */
export async function claim(env, keys, texts, ttl) {
  const options = {expirationTtl: ttl};
  if (!keys.includes(",")) return env.CLAIMS.put(keys, texts, options);
  const lines = texts.split("\n");
  await Promise.all(keys.split(",").map((key, i) => env.CLAIMS.put(key, lines[i], options)));
}

/** Whether a sender has used up what a rate limiting binding allows. */
export async function limited(env, binding, key) {
  const {success} = await env[binding].limit({key});
  return !success;
}

const TEXT = {contentType: "text"};
// What the queue takes in one call, less its own bookkeeping.
const MOST_MESSAGES = 100;
const MOST_BYTES = 250_000;

/** Makes one message durable. */
export async function send(env, queue, text, delaySeconds) {
  await env[queue].send(text, delaySeconds ? {contentType: "text", delaySeconds} : TEXT);
}

// After so many refusals one after the other, the queue is taken to be away.
const MOST_REFUSALS = 3;

/**
 * Makes messages durable, each with its delay, in as few calls as the queue allows. Neighbours of one part go together, in
 * one call: the queue takes all of them or none, or the part would be worked off again beside what it left.
 * Gives the number of calls, a colon, and "1" or "0" for each message.
 */
export async function sendMany(env, queue, texts, delays, parts) {
  const taken = new Array(texts.length).fill("0");
  let calls = 0;
  let refusals = 0;
  const give = async (group) => {
    const all = group.flat();
    if (refusals >= MOST_REFUSALS || all.length === 0) return;
    calls += 1;
    try {
      if (all.length === 1) {
        await send(env, queue, texts[all[0]], delays[all[0]]);
      } else {
        await env[queue].sendBatch(all.map((n) => ({body: texts[n], contentType: "text", delaySeconds: delays[n]})));
      }
      for (const n of all) taken[n] = "1";
      refusals = 0;
    } catch {
      refusals += 1;
      // One that the queue does not take must not hold the others back.
      if (group.length > 1) for (const part of group) await give([part]);
    }
  };
  let group = [];
  let [messages, bytes] = [0, 0];
  for (let n = 0; n < texts.length; ) {
    const part = [];
    let size = 0;
    for (const of = parts[n]; n < texts.length && parts[n] === of; n++) {
      const more = sizeOf(texts[n]);
      // Too much for one call in any case.
      if (part.length > 0 && (part.length === MOST_MESSAGES || size + more > MOST_BYTES)) break;
      part.push(n);
      size += more;
    }
    if (messages + part.length > MOST_MESSAGES || bytes + size > MOST_BYTES) {
      await give(group);
      group = [];
      [messages, bytes] = [0, 0];
    }
    group.push(part);
    messages += part.length;
    bytes += size;
  }
  await give(group);
  return `${calls}:${taken.join("")}`;
}

function sizeOf(text) {
  // Characters beyond ASCII have up to three bytes a code unit. Encoding is what a few large ones cost, not many small.
  return text.length > 1000 ? new TextEncoder().encode(text).byteLength : text.length * 3;
}

/** How often the queue has handed over each message of a batch, this time included. */
export function deliveries(batch) {
  return Uint32Array.from(batch.messages, (message) => message.attempts ?? 1);
}

/** Makes messages durable, in as few calls as the queue allows, one call after the other. Gives how many are durable. */
export async function sendAll(env, texts) {
  let sent = 0;
  let group = [];
  let bytes = 0;
  const flush = async () => {
    try {
      await env.EVENTS.sendBatch(group);
    } catch {
      return false;
    }
    sent += group.length;
    group = [];
    bytes = 0;
    return true;
  };
  for (const text of texts) {
    // Characters beyond ASCII have up to three bytes a code unit.
    const size = text.length * 3 > 128_000 ? new TextEncoder().encode(text).byteLength : text.length * 3;
    if (group.length > 0 && (group.length === MOST_MESSAGES || bytes + size > MOST_BYTES)) {
      if (!(await flush())) return sent;
    }
    group.push({body: text, contentType: "text"});
    bytes += size;
  }
  if (group.length > 0) await flush();
  return sent;
}

/** RSASSA-PKCS1-v1_5 with SHA-256 of a text, in base64url. The key is PKCS#8 in base64. */
async function signature(key, text) {
  const der = Uint8Array.from(atob(key), (c) => c.charCodeAt(0));
  const algorithm = {name: "RSASSA-PKCS1-v1_5", hash: "SHA-256"};
  const imported = await crypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
  const bytes = new Uint8Array(await crypto.subtle.sign(algorithm, imported, new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

// Some platforms say when to come back in a header of their own.
const RESETS = ["x-rate-limit-reset", "x-account-rate-limit-reset", "x-ratelimit-reset"];

/**
 * Sends a request to a platform and reads the reply, all within the time allowed.
 * With a `key`, `message` is signed with it and the signature goes behind the body.
 * Gives [status, when to come back, body], or the name of the failure. A reply is read up to `most` bytes.
 */
export async function exchange(method, url, headers, body, timeout, most, key, message) {
  const abort = new AbortController();
  let timer;
  // Not by the signal alone: there are bodies and streams that do not heed it, and a call that never ends would hold up
  // all of its batch until the runtime ends that.
  const late = new Promise((resolve) => {
    timer = setTimeout(() => {
      resolve("timeout");
      abort.abort();
    }, timeout);
  });
  const reply = talk(method, url, headers, body, abort.signal, most, key, message);
  const first = await Promise.race([reply, late]);
  clearTimeout(timer);
  return first;
}

/** An exchange without a clock. It never rejects. */
async function talk(method, url, headers, body, signal, most, key, message) {
  try {
    let payload = method === "GET" ? undefined : body;
    if (key) {
      let tail;
      try {
        tail = new TextEncoder().encode(await signature(key, message));
      } catch {
        return "unsigned";
      }
      payload = new Uint8Array(body.byteLength + tail.byteLength);
      payload.set(body);
      payload.set(tail, body.byteLength);
    }
    const response = await fetch(url, {
      method,
      headers: Object.fromEntries(headers.split("\n").filter(Boolean).map((line) => line.split(/: (.*)/s).slice(0, 2))),
      body: payload,
      redirect: "manual",
      signal,
    });
    const chunks = [];
    let length = 0;
    if (response.body) {
      const reader = response.body.getReader();
      for (;;) {
        const {done, value} = await reader.read();
        if (done) break;
        chunks.push(value);
        length += value.byteLength;
        if (length >= most) {
          // Nobody waits for the end of what nobody reads.
          reader.cancel().catch(() => {});
          break;
        }
      }
    }
    const whole = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      whole.set(chunk, at);
      at += chunk.byteLength;
    }
    let wait = response.headers.get("retry-after") ?? "";
    if (!wait && response.status === 429) {
      wait = RESETS.map((name) => response.headers.get(name)).find(Boolean) ?? "";
    }
    return [response.status, wait, whole];
  } catch {
    return "connection";
  }
}

// What the ledger is handed in one call: an object has 128 MB, and holds a call's reports several times over.
const MOST_REPORTED = 1_000_000;

/** Asks the ledger. Gives the reply's text; any other status than 200 is an error. */
export async function ledger(env, path, text) {
  const stub = env.LEDGER.get(env.LEDGER.idFromName("ledger"));
  let last = "";
  let failed = 0;
  for (const body of path === "/report" && text.length > MOST_REPORTED ? portions(text) : [text]) {
    const response = await stub.fetch(`https://ledger${path}`, {method: "POST", body});
    last = await response.text();
    if (response.status !== 200) failed = response.status;
  }
  if (failed) throw new Error(`the ledger answered ${failed}`);
  return last;
}

/** A JSON list in several, none of which is longer than what is handed in at once, unless a single member is. */
function portions(text) {
  const lists = [];
  let length = Infinity;
  for (const member of JSON.parse(text)) {
    const one = JSON.stringify(member);
    if (length + one.length > MOST_REPORTED) {
      lists.push([]);
      length = 0;
    }
    lists.at(-1).push(one);
    length += one.length + 1;
  }
  return lists.map((list) => `[${list.join()}]`);
}

/** All rows of a query as JSON, its parameters being texts and numbers in a JSON list. */
export function rows(storage, query, parameters) {
  return JSON.stringify(storage.sql.exec(query, ...JSON.parse(parameters)).toArray());
}

/** Does the work in one transaction: all of it is undone where it says that it failed. */
export function transaction(storage, work) {
  storage.transactionSync(() => {
    if (!work()) throw new Error("undone");
  });
}

export function random() {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 20);
}

export function now() {
  return Date.now();
}
