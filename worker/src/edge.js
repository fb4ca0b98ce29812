// The few calls of the runtime that the worker makes, each in one crossing between wasm and JavaScript.
// A crossing costs about as much as hashing an address, so a request's headers come over in one string.
// Nothing here decides anything: texts and bytes go through.

// Requests of pages and servers show themselves in these headers; the order is that of `Field` in edge.rs.
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

/** The variable EDGETALLY as JSON. */
export function settings(env) {
  const value = env.EDGETALLY;
  return typeof value === "string" ? value : JSON.stringify(value ?? {});
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

/** Which of the keys (separated by commas) stand in the store: "1" or "0" for each, in their order. */
export async function claimed(env, keys) {
  const kv = env.CLAIMS;
  if (!keys.includes(",")) return (await kv.get(keys)) === null ? "0" : "1";
  const all = keys.split(",");
  const asked = [];
  for (let i = 0; i < all.length; i += MOST_KEYS) asked.push(kv.get(all.slice(i, i + MOST_KEYS)));
  const maps = await Promise.all(asked);
  // By name: the order of an answer is not documented.
  return all.map((key, i) => ((maps[Math.floor(i / MOST_KEYS)].get(key) ?? null) === null ? "0" : "1")).join("");
}

/** Puts the keys (separated by commas) into the store for `ttl` seconds. */
export async function claim(env, keys, ttl) {
  const options = {expirationTtl: ttl};
  if (!keys.includes(",")) return env.CLAIMS.put(keys, "", options);
  await Promise.all(keys.split(",").map((key) => env.CLAIMS.put(key, "", options)));
}

const TEXT = {contentType: "text"};
// What the queue takes in one call, less its own bookkeeping.
const MOST_MESSAGES = 100;
const MOST_BYTES = 250_000;

/** Makes one message durable. */
export async function send(env, queue, text, delaySeconds) {
  await env[queue].send(text, delaySeconds ? {contentType: "text", delaySeconds} : TEXT);
}

/** Makes messages durable, in as few calls as the queue allows. */
export async function sendAll(env, texts) {
  let group = [];
  let bytes = 0;
  for (const text of texts) {
    // Characters beyond ASCII have up to three bytes a code unit.
    const size = text.length * 3 > 128_000 ? new TextEncoder().encode(text).byteLength : text.length * 3;
    if (group.length > 0 && (group.length === MOST_MESSAGES || bytes + size > MOST_BYTES)) {
      await env.EVENTS.sendBatch(group);
      group = [];
      bytes = 0;
    }
    group.push({body: text, contentType: "text"});
    bytes += size;
  }
  if (group.length > 0) await env.EVENTS.sendBatch(group);
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
  let payload = method === "GET" ? undefined : body;
  if (key) {
    try {
      const tail = new TextEncoder().encode(await signature(key, message));
      payload = new Uint8Array(body.byteLength + tail.byteLength);
      payload.set(body);
      payload.set(tail, body.byteLength);
    } catch {
      return "unsigned";
    }
  }
  const signal = AbortSignal.timeout(timeout);
  try {
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
        const {done, value} = await withSignal(reader.read(), signal);
        if (done) break;
        chunks.push(value);
        length += value.byteLength;
        if (length >= most) {
          await reader.cancel();
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
  } catch (error) {
    return error?.name === "TimeoutError" || error?.name === "AbortError" ? "timeout" : "connection";
  }
}

/** A promise that the signal can end, for readers that do not listen to it themselves. */
function withSignal(promise, signal) {
  return Promise.race([
    promise,
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), {once: true})),
  ]);
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
