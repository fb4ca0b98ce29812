// Requests that come in and go out.

/** @type {string[]} */
let headers = [];

/** Says which headers `describe` brings along, separated by line feeds. */
export function listen(names) {
  headers = names.split("\n");
}

/** Method, address, country and region of the request, then its headers: one line each, an absent one empty. */
export function describe(request) {
  const {cf} = request;
  let text = `${request.method}\n${request.url}\n${cf?.country ?? ""}\n${cf?.regionCode ?? ""}`;
  for (const name of headers) {
    text += `\n${request.headers.get(name) ?? ""}`;
  }
  return text;
}

/** Further headers of the request, names and values separated by line feeds. */
export function further(request, names) {
  return names.split("\n").map((name) => request.headers.get(name) ?? "").join("\n");
}

/** The body, or null when it is longer than `most`: counted while it streams, so that nobody can fill the memory. */
export async function body(request, most) {
  if (request.body === null) return new Uint8Array(0);
  // The runtime holds a sender to the length that was announced.
  const announced = request.headers.get("content-length");
  if (announced !== null) return Number(announced) > most ? null : new Uint8Array(await request.arrayBuffer());
  return whole(request.body, most);
}

/** The same, inflated where its first bytes are those of gzip, whatever the headers call it. Neither form is longer than `most`. */
export async function inflated(request, most) {
  const bytes = await body(request, most);
  if (bytes === null || bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  return whole(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")), most);
}

/** All of a stream, or null when it is longer than `most`. */
async function whole(stream, most) {
  const chunks = [];
  let length = 0;
  const reader = stream.getReader();
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
  const joined = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.byteLength;
  }
  return joined;
}

/** An answer. `extra` is header names and values in turn, separated by line feeds. */
export function answer(status, media, body, extra) {
  const headers = {"content-type": media, "cache-control": "no-store", "x-content-type-options": "nosniff"};
  const cookies = [];
  if (extra) {
    // Whoever may read it measures the clock of the visitor by it. The edge writes one, other runtimes do not.
    headers.date = new Date().toUTCString();
    const parts = extra.split("\n");
    for (let i = 0; i + 1 < parts.length; i += 2) {
      // The only header that may be there more than once.
      if (parts[i] === "set-cookie") cookies.push(parts[i + 1]);
      else headers[parts[i]] = parts[i + 1];
    }
  }
  // The body is a window into the memory, which goes on changing. A status that has no body must not have one.
  const response = new Response(body.length > 0 ? body.slice() : null, {status, headers});
  for (const cookie of cookies) response.headers.append("set-cookie", cookie);
  return response;
}

const RS256 = {name: "RSASSA-PKCS1-v1_5", hash: "SHA-256"};

const bytesOf = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

/** RSASSA-PKCS1-v1_5 with SHA-256 of a text, in base64url. The key is PKCS#8 in base64. */
async function signature(key, text) {
  const imported = await crypto.subtle.importKey("pkcs8", bytesOf(key), RS256, false, ["sign"]);
  const bytes = new Uint8Array(await crypto.subtle.sign(RS256, imported, new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Whether that signature of a text, in base64url, was made with the private half of the key of that modulus and exponent. */
export async function verified(n, e, text, signature) {
  try {
    const key = await crypto.subtle.importKey("jwk", {kty: "RSA", alg: "RS256", n, e}, RS256, false, ["verify"]);
    const bytes = bytesOf(signature.replaceAll("-", "+").replaceAll("_", "/"));
    return await crypto.subtle.verify(RS256, key, bytes, new TextEncoder().encode(text));
  } catch {
    return false;
  }
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
