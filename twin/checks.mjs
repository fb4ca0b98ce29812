/**
 * Shape checks that several platforms share. Nothing here comes from the gateway: a rule that the gateway
 * misreads must not be misread the same way here.
 */

import { createHash } from "node:crypto";
import { isIP } from "node:net";

/** What ends the reading of a request: a place and a rule, never a value. */
export class Refusal extends Error {
  /**
   * @param {string} where
   * @param {string} rule
   */
  constructor(where, rule) {
    super(`${where}: ${rule}`);
    this.rule = rule;
  }
}

/**
 * @param {boolean} holds
 * @param {string} where
 * @param {string} rule
 */
export function must(holds, where, rule) {
  if (!holds) throw new Refusal(where, rule);
}

/**
 * The words of a list, whatever white space stands between them.
 * @param {string} list
 */
export function words(list) {
  return new Set(list.trim().split(/\s+/));
}

/**
 * The media type alone, in lower case.
 * @param {Record<string, string>} headers
 */
export function mediaType(headers) {
  return (headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
}

/** @param {Record<string, string>} headers */
export function bearerToken(headers) {
  return /^Bearer (\S+)$/i.exec(headers.authorization ?? "")?.[1];
}

/** SHA-256 of nothing: the mark of a hash taken over a missing value. */
export const EMPTY_DIGEST = createHash("sha256").update("").digest("hex");

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * @param {unknown} value
 * @returns {value is string}
 */
export function isText(value) {
  return typeof value === "string" && value.trim() !== "";
}

/**
 * @param {unknown} value
 * @returns {value is number}
 */
export function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

/**
 * 64 lower-case hex digits that are not the digest of the empty string.
 * @param {unknown} value
 * @returns {value is string}
 */
export function isDigest(value) {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value) && value !== EMPTY_DIGEST;
}

/**
 * Looks like a digest in any case and of any usual length (MD5, SHA-1, SHA-256).
 * @param {unknown} value
 */
export function looksHashed(value) {
  return typeof value === "string" && /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/i.test(value.trim());
}

/** @param {string} text */
export function sha256(text) {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

/**
 * A set that is made when it is first asked for.
 * @param {() => string[]} make
 */
function once(make) {
  /** @type {Set<string> | undefined} */
  let made;
  return () => (made ??= new Set(make()));
}

/** Every two-letter code in lower case, hashed. */
const codeDigests = once(() => {
  const letters = [..."abcdefghijklmnopqrstuvwxyz"];
  return letters.flatMap((a) => letters.map((b) => sha256(a + b)));
});

/** Every day since 1900 as YYYYMMDD, hashed. */
const dayDigests = once(() => {
  const days = [];
  for (let day = Date.UTC(1900, 0, 1); day < Date.UTC(2036, 0, 1); day += 86_400_000) {
    days.push(sha256(new Date(day).toISOString().slice(0, 10).replaceAll("-", "")));
  }
  return days;
});

/**
 * The digest of something that could be a country's code.
 * @param {unknown} value
 */
export function isCountryDigest(value) {
  return typeof value === "string" && codeDigests().has(value);
}

/**
 * The digest of a day that somebody could be born on.
 * @param {unknown} value
 */
export function isDateDigest(value) {
  return typeof value === "string" && dayDigests().has(value);
}

/**
 * In either case.
 * @param {unknown} value
 */
export function isUuid(value) {
  return typeof value === "string" && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);
}

/**
 * A UUID that is not all zeros, which is what a device says that does not want to be followed.
 * @param {unknown} value
 */
export function isDeviceId(value) {
  return isUuid(value) && /[1-9a-f]/i.test(String(value));
}

/** @param {unknown} value */
export function isWebAddress(value) {
  if (typeof value !== "string" || !/^https?:\/\/[^\s/?#]+/i.test(value)) return false;
  return URL.canParse(value);
}

const CURRENCIES = new Set(Intl.supportedValuesOf("currency"));

/**
 * Three letters that name a currency, in either case.
 * @param {unknown} value
 */
export function isCurrency(value) {
  return typeof value === "string" && /^[A-Za-z]{3}$/.test(value) && CURRENCIES.has(value.toUpperCase());
}

/** Digits after the point where ISO 4217 does not say two. */
const MINOR_DIGITS = new Map([
  ...[...words("BIF CLP DJF GNF JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF")].map((code) => /** @type {const} */ ([code, 0])),
  ...[...words("BHD IQD JOD KWD LYD OMR TND")].map((code) => /** @type {const} */ ([code, 3])),
]);

/**
 * How many digits an amount in this currency has after the point.
 * @param {string} currency In either case.
 */
export function minorDigits(currency) {
  return MINOR_DIGITS.get(currency.toUpperCase()) ?? 2;
}

/** @param {unknown} value */
export function isAddress(value) {
  return typeof value === "string" && isIP(value) !== 0;
}

/**
 * Loopback, private, link-local or unspecified. Documentation ranges count as public: examples use them.
 * @param {string} value
 */
export function isPrivateAddress(value) {
  if (isIP(value) === 4) {
    return /^(?:0\.|10\.|127\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/.test(value);
  }
  return /^(?:::1?$|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:)/i.test(value);
}

/**
 * The JSON in the bytes, or what is wrong with them. Bytes that are not UTF-8 are not JSON.
 * @param {Uint8Array} bytes
 * @returns {{ok: true, value: unknown, text: string} | {ok: false, why: string}}
 */
export function readJson(bytes) {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { ok: false, why: "not UTF-8" };
  }
  try {
    return { ok: true, value: JSON.parse(text), text };
  } catch {
    return { ok: false, why: "not JSON" };
  }
}

/**
 * Keys that occur twice in one object of valid JSON. `JSON.parse` keeps the last one and says nothing, so
 * a sender that writes a key twice would go unnoticed.
 * @param {string} text
 * @returns {string[]}
 */
export function duplicateKeys(text) {
  /** @type {(Set<string> | null)[]} */
  const stack = [];
  /** @type {string[]} */
  const found = [];
  /** @type {string | null} */
  let last = null;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:,]/g)) {
    const top = stack[stack.length - 1];
    if (token === "{") stack.push(new Set());
    else if (token === "[") stack.push(null);
    else if (token === "}" || token === "]") stack.pop();
    else if (token === ":" && top && last !== null) {
      if (top.has(last)) found.push(String(JSON.parse(last)));
      top.add(last);
    }
    last = token.startsWith('"') ? token : null;
  }
  return found;
}

/**
 * The one JSON object in the bytes, no key of it twice, or what is wrong with them.
 * @param {Uint8Array} bytes
 * @returns {{ok: true, value: Record<string, unknown>} | {ok: false, why: string}}
 */
export function readObject(bytes) {
  const json = readJson(bytes);
  if (!json.ok || !isObject(json.value)) return { ok: false, why: "is not a JSON object" };
  if (duplicateKeys(json.text).length > 0) return { ok: false, why: "has a key twice in one object" };
  return { ok: true, value: json.value };
}

const EMAIL = /[\p{L}\p{N}._%+'-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.)+\p{L}{2,}/u;
const PHONE = /(?<![\p{L}\p{N}+/=_-])\+[1-9][\d ().-]{5,22}\d(?![\p{L}\p{N}])/gu;
const BASE64 = /[A-Za-z0-9+/_-]{12,}/g;

/**
 * Turns `%40` into `@` and leaves broken escapes alone.
 * @param {string} text
 */
function percentDecoded(text) {
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run;
    }
  });
}

/** @param {string} text */
function plainIn(text) {
  if (text.includes("@") && EMAIL.test(text)) return "plain_email";
  if (text.includes("+")) {
    for (const [hit] of text.matchAll(PHONE)) {
      const digits = hit.replace(/\D/g, "").length;
      if (digits >= 8 && digits <= 15) return "plain_phone";
    }
  }
  return null;
}

/**
 * The kind of plain identifier that a text carries: as it stands, percent-encoded (once or twice) or in base64.
 * @param {string} text
 * @returns {'plain_email' | 'plain_phone' | null}
 */
export function findPlain(text) {
  const found = plainIn(text);
  if (found) return found;
  if (text.includes("%")) {
    const once = percentDecoded(text);
    const hit = plainIn(once) ?? (once.includes("%") ? plainIn(percentDecoded(once)) : null);
    if (hit) return hit;
  }
  for (const [run] of text.matchAll(BASE64)) {
    if (looksHashed(run)) continue;
    const bytes = Buffer.from(run, "base64");
    // Printable as a whole, or it is no text and any `@` in it is chance.
    if (!bytes.includes(0x40) && !bytes.includes(0x2b)) continue;
    const decoded = bytes.toString("utf8");
    if (/^[^\p{C}\uFFFD]+$/u.test(decoded)) {
      const hit = plainIn(decoded);
      if (hit) return hit;
    }
  }
  return null;
}

/**
 * Every plain identifier in a JSON value, keys included.
 * @param {unknown} value
 * @param {string} [where]
 * @returns {import("./types.mjs").Finding[]}
 */
export function plainIdentifiers(value, where = "body") {
  /** @type {import("./types.mjs").Finding[]} */
  const found = [];
  /**
   * @param {unknown} node
   * @param {string} path
   */
  const walk = (node, path) => {
    if (typeof node === "string") {
      const kind = findPlain(node);
      if (kind) found.push({ kind, where: path });
    } else if (Array.isArray(node)) {
      node.forEach((item, index) => walk(item, `${path}[${index}]`));
    } else if (isObject(node)) {
      for (const [key, item] of Object.entries(node)) {
        const kind = findPlain(key);
        if (kind) found.push({ kind, where: `${path} (a key)` });
        walk(item, kind ? `${path}.[key]` : `${path}.${key}`);
      }
    }
  };
  walk(value, where);
  return found;
}
