/**
 * X Conversion API: `POST ads-api.x.com/12/measurement/conversions/{pixel id}`.
 *
 * All or nothing, and the answer does not say which conversion was wrong. Who sends either presents the pixel's
 * token or signs with OAuth 1.0a; a signature is checked against the real address, `https://ads-api.x.com/…`,
 * whatever address the twin itself listens on. Rules from the Conversion API reference and guide, "creating a
 * signature", and from published connectors for the pixel token, read 2026-11. What those pages leave open is
 * taken, and noted as a violation where no sender should do it.
 *
 * Every pixel and every event tag exists, except `zzzzz` (also as the end of `tw-…-zzzzz`), which is someone else's.
 */

import { createHmac, randomUUID } from "node:crypto";
import { isIPv4 } from "node:net";
import { EMPTY_DIGEST, isCurrency, isNumber, isObject, isPrivateAddress, isText, looksHashed, mediaType, readObject } from "../checks.mjs";
import { credentials } from "../credentials.mjs";

const VERSION = "12";
const MAX_BATCH = 500;
const TOLERANCE_SECONDS = 300;
const WINDOW_MS = 48 * 3_600_000;
const LONGEST_ATTRIBUTION_MS = 90 * 86_400_000;
const SOMEONE_ELSES = "zzzzz";

const CONVERSION_KEYS = new Set([
  "conversion_time", "event_id", "identifiers", "conversion_id", "value", "price_currency", "number_items", "description",
  "search_string", "contents",
]);
const CONTENT_KEYS = new Set(["content_id", "content_group_id", "content_name", "content_type", "content_price", "num_items"]);
const IDENTIFIERS = new Set(["twclid", "hashed_email", "hashed_phone_number", "ip_address", "user_agent"]);

class Refusal extends Error {
  /**
   * @param {string} where Place in the request, for the log.
   * @param {string} rule
   * @param {string} parameter As the answer names it.
   * @param {string} message As the answer says it.
   * @param {{status?: number, code?: string}} [more]
   */
  constructor(where, rule, parameter, message, { status = 400, code = "INVALID_PARAMETER" } = {}) {
    super(`${where}: ${rule}`);
    this.status = status;
    this.body = { errors: [{ code, message, parameter }], request: { params: {} } };
  }
}

/**
 * @param {number} status
 * @param {string} code
 * @param {string} message
 * @param {string} reason
 * @returns {import("../types.mjs").Answer}
 */
function refused(status, code, message, reason) {
  return { status, body: { errors: [{ code, message }], request: { params: {} } }, verdict: "rejected", reason };
}

/**
 * RFC 3986: only letters, digits and `-._~` stay.
 * @param {string} text
 */
function encode(text) {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * The OAuth 1.0a signature, HMAC-SHA1. `parameters` are those of the header and the query; a JSON body never counts.
 * @param {string} method
 * @param {string} address Without the query.
 * @param {[string, string][]} parameters
 * @param {string} consumerSecret
 * @param {string} tokenSecret
 */
export function sign(method, address, parameters, consumerSecret, tokenSecret) {
  const sorted = parameters
    .map(([key, value]) => /** @type {const} */ ([encode(key), encode(value)]))
    .sort(([a, b], [c, d]) => (a === c ? (b < d ? -1 : 1) : a < c ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join("&");
  const base = `${method}&${encode(address)}&${encode(sorted)}`;
  return createHmac("sha1", `${encode(consumerSecret)}&${encode(tokenSecret)}`).update(base).digest("base64");
}

/**
 * @typedef {object} Signed
 * @property {string} [wrong] Why it is refused.
 * @property {string} [nonce] What must never come again.
 * @property {import("../types.mjs").Finding[]} findings
 */

/**
 * @param {import("../types.mjs").TwinRequest} request
 * @returns {Signed}
 */
function verify(request) {
  /** @type {import("../types.mjs").Finding[]} */
  const findings = [];
  /** @param {string} wrong @returns {Signed} */
  const no = (wrong) => ({ wrong, findings: [] });
  /** @type {Map<string, string>} */
  const given = new Map();
  for (const part of (request.headers.authorization ?? "").replace(/^OAuth\s+/i, "").split(",")) {
    const [, key, value] = /^\s*([A-Za-z0-9_]+)="([^"]*)"\s*$/.exec(part) ?? [];
    if (key === undefined || value === undefined) return no("is not a list of name=\"value\"");
    if (given.has(key)) return no("names a parameter twice");
    if (!/^(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})*$/.test(value)) findings.push({ kind: "not_percent_encoded", where: `authorization ${key}` });
    try {
      given.set(key, decodeURIComponent(value));
    } catch {
      return no("is not percent-encoded");
    }
  }
  for (const key of ["oauth_consumer_key", "oauth_nonce", "oauth_signature", "oauth_signature_method", "oauth_timestamp", "oauth_token"]) {
    if (!given.get(key)) return no(`lacks ${key}`);
  }
  const { consumerKey, consumerSecret, token, tokenSecret } = credentials.x;
  if (given.get("oauth_consumer_key") !== consumerKey || given.get("oauth_token") !== token) return no("has an unknown key or token");
  if (given.get("oauth_signature_method") !== "HMAC-SHA1") return no("is not signed by HMAC-SHA1");
  if ((given.get("oauth_version") ?? "1.0") !== "1.0") return no("is not of version 1.0");
  const timestamp = String(given.get("oauth_timestamp"));
  if (!/^\d+$/.test(timestamp) || Math.abs(request.now / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) {
    return no("has a timestamp more than five minutes away");
  }
  const signed = [...given].filter(([key]) => key !== "oauth_signature" && key !== "realm");
  const right = sign(request.method, `https://${request.host}${request.path}`, [...signed, ...request.query], consumerSecret, tokenSecret);
  if (given.get("oauth_signature") !== right) return no("does not bear the right signature");
  if (given.has("oauth_body_hash")) findings.push({ kind: "body_hash_of_a_json_body", where: "authorization" });
  if (!given.has("oauth_version")) findings.push({ kind: "oauth_version_missing", where: "authorization" });
  return { nonce: `nonce ${timestamp} ${given.get("oauth_nonce")}`, findings };
}

/** @type {Map<string, number>} */
const decimalsOf = new Map();

/**
 * Two, or what the currency has if it has more.
 * @param {unknown} currency
 */
function mostDecimals(currency) {
  if (!isCurrency(currency)) return 2;
  const code = String(currency);
  let most = decimalsOf.get(code);
  if (most === undefined) {
    most = Math.max(2, new Intl.NumberFormat("en", { style: "currency", currency: code }).resolvedOptions().maximumFractionDigits ?? 2);
    decimalsOf.set(code, most);
  }
  return most;
}

/**
 * A list, or the refusal.
 * @param {unknown} value
 * @param {string} where
 * @param {string} parameter
 * @returns {unknown[]}
 */
function asList(value, where, parameter) {
  if (!Array.isArray(value)) throw new Refusal(where, "is missing or not a list", parameter, `Expected List, got ${typeof value} for ${parameter}`);
  return value;
}

/**
 * @param {unknown} value
 * @param {string} where
 * @param {string} parameter
 * @returns {Record<string, unknown>}
 */
function asObject(value, where, parameter) {
  if (!isObject(value)) throw new Refusal(where, "is not an object", parameter, `Expected Object, got ${typeof value} for ${parameter}`);
  return value;
}

/**
 * Reads one conversion: throws what X refuses, notes what it lets pass.
 * @param {unknown} conversion
 * @param {string} at
 * @param {{pixel: string, now: number}} call
 * @param {import("../types.mjs").Finding[]} found
 * @returns {Record<string, unknown>}
 */
function checkConversion(conversion, at, { pixel, now }, found) {
  const it = asObject(conversion, at, "conversions");
  /**
   * @param {boolean} bad
   * @param {string} kind
   * @param {string} where
   */
  const note = (bad, kind, where) => {
    if (bad) found.push({ kind, where });
  };
  /**
   * @param {boolean} holds
   * @param {string} key
   * @param {string} rule
   * @param {string} [message]
   */
  const must = (holds, key, rule, message) => {
    if (!holds) throw new Refusal(`${at}.${key}`, rule, key, message ?? `${key} ${rule}`);
  };
  /** @param {Record<string, unknown>} object @param {string} key @param {string} where */
  const given = (object, key, where) => {
    note(object[key] === null, "null", where);
    return object[key] !== undefined && object[key] !== null;
  };

  for (const key of Object.keys(it)) note(!CONVERSION_KEYS.has(key), "unknown_field", `${at}.${key}`);

  const time = it.conversion_time;
  const written = typeof time === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(time) ? Date.parse(time) : NaN;
  must(
    !Number.isNaN(written) && new Date(written).toISOString() === time, "conversion_time", "is not yyyy-MM-ddTHH:mm:ss.SSSZ",
    `Expected Time in yyyy-MM-ddTHH:mm:ss.SSSZ, got ${JSON.stringify(time)} for conversion_time`,
  );
  note(written > now, "time_in_the_future", `${at}.conversion_time`);
  note(written < now - LONGEST_ATTRIBUTION_MS, "older_than_any_attribution_window", `${at}.conversion_time`);

  const tag = it.event_id;
  must(isText(tag), "event_id", "is missing or not a text");
  const short = /^(?:tw-[a-z0-9]+-)?([a-z0-9]+)$/.exec(String(tag))?.[1];
  must(short !== undefined && short !== pixel, "event_id", "is not the id of an event tag", `event_id (${tag}) is not a single event tag (SET)`);
  if (short === SOMEONE_ELSES) {
    const message = `event_id (${tag}) does not belong to provided account`;
    throw new Refusal(`${at}.event_id`, "is someone else's", "event_id", message, { status: 404, code: "NOT_FOUND" });
  }

  /** @type {Set<string>} */
  const kinds = new Set();
  asList(it.identifiers, `${at}.identifiers`, "identifiers").forEach((one, index) => {
    const where = `${at}.identifiers[${index}]`;
    const identifier = asObject(one, where, "identifiers");
    const keys = Object.keys(identifier).filter((key) => given(identifier, key, `${where}.${key}`));
    note(keys.length === 0, "empty_identifier", where);
    const pair = keys.every((key) => key === "ip_address" || key === "user_agent");
    note(keys.length > 1 && !pair, "several_identifiers_in_one_object", where);
    note(pair && keys.length === 1, "address_and_agent_apart", where);
    for (const key of keys) {
      const value = identifier[key];
      note(!IDENTIFIERS.has(key), "unknown_field", `${where}.${key}`);
      if (!IDENTIFIERS.has(key)) continue;
      note(kinds.has(key), "identifier_twice", `${where}.${key}`);
      if (typeof value !== "string") {
        throw new Refusal(`${where}.${key}`, "is not a text", key, `Expected String, got ${typeof value} for ${key}`);
      }
      if (key.startsWith("hashed_")) {
        if (!/^[0-9a-f]{64}$/i.test(value)) {
          throw new Refusal(`${where}.${key}`, "is not a SHA-256", key, `${key} (${value}) is not a valid SHA-256 hash`);
        }
        note(value !== value.toLowerCase(), "digest_not_lower_case", `${where}.${key}`);
        note(value.toLowerCase() === EMPTY_DIGEST, "digest_of_nothing", `${where}.${key}`);
      } else {
        note(value.trim() === "", "empty_identifier", `${where}.${key}`);
        if (value.trim() === "") continue;
        note(value.length > 32 && looksHashed(value), "hashed_but_wanted_plain", `${where}.${key}`);
        if (key === "ip_address") {
          note(!isIPv4(value), "not_an_ipv4_address", `${where}.${key}`);
          note(isIPv4(value) && isPrivateAddress(value), "private_ip_address", `${where}.${key}`);
        }
      }
      kinds.add(key);
    }
  });
  const alone = kinds.has("twclid") || kinds.has("hashed_email") || kinds.has("hashed_phone_number");
  const known = alone || (kinds.has("ip_address") && kinds.has("user_agent"));
  must(known, "identifiers", "has too little to match anyone", "At least one user identifier must be provided");

  for (const key of ["conversion_id", "description", "search_string", "price_currency"]) {
    if (!given(it, key, `${at}.${key}`)) continue;
    must(typeof it[key] === "string", key, "is not a text");
    note(!isText(it[key]), "empty_text", `${at}.${key}`);
  }
  if (given(it, "price_currency", `${at}.price_currency`)) {
    const currency = String(it.price_currency);
    note(!isCurrency(currency) || currency !== currency.toUpperCase(), "not_a_currency", `${at}.price_currency`);
  }
  if (given(it, "value", `${at}.value`)) {
    const value = it.value;
    must(isNumber(value) || (typeof value === "string" && /^[+-]?\d+(?:\.\d+)?$/.test(value)), "value", "is not a number");
    note(Number(value) < 0, "negative_value", `${at}.value`);
    // The reference says double, its example is a text with two decimals, and whole numbers gave trouble: the example it is.
    const decimals = typeof value === "string" ? (value.split(".")[1] ?? "").length : 0;
    note(decimals < 2 || decimals > mostDecimals(it.price_currency), "value_is_not_a_text_with_decimals", `${at}.value`);
    note(it.price_currency === undefined, "value_without_currency", `${at}.value`);
  }
  if (given(it, "number_items", `${at}.number_items`)) {
    must(Number.isSafeInteger(it.number_items) && Number(it.number_items) > 0, "number_items", "is not a whole number above 0");
  }

  if (given(it, "contents", `${at}.contents`)) {
    const contents = asList(it.contents, `${at}.contents`, "contents");
    note(contents.length === 0, "empty_list", `${at}.contents`);
    contents.forEach((one, index) => {
      const where = `${at}.contents[${index}]`;
      const content = asObject(one, where, "contents");
      note(Object.keys(content).length === 0, "empty_object", where);
      for (const [key, value] of Object.entries(content)) {
        note(!CONTENT_KEYS.has(key), "unknown_field", `${where}.${key}`);
        if (!CONTENT_KEYS.has(key) || !given(content, key, `${where}.${key}`)) continue;
        const [holds, rule] = key === "content_price" ? [isNumber(value), "is not a number"]
          : key === "num_items" ? [Number.isSafeInteger(value) && Number(value) > 0, "is not a whole number above 0"]
          : [typeof value === "string", "is not a text"];
        if (!holds) throw new Refusal(`${where}.${key}`, rule, key, `${key} ${rule}`);
        note(key === "content_price" && Number(value) < 0, "negative_value", `${where}.${key}`);
        note(typeof value === "string" && !isText(value), "empty_text", `${where}.${key}`);
      }
    });
  }
  return it;
}

const UNAUTHORISED = "This request is not properly authenticated";

/**
 * @param {import("../types.mjs").TwinRequest} request
 * @param {string} pixel
 * @param {import("../types.mjs").PlatformState} state
 * @param {import("../types.mjs").Finding[]} violations
 * @returns {import("../types.mjs").Answer}
 */
function convert(request, pixel, state, violations) {
  const type = mediaType(request.headers);
  if (type !== "application/json") {
    return refused(415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type must be application/json", "content-type: is not application/json");
  }
  const json = readObject(request.body);
  if (!json.ok) return refused(400, "INVALID", "Request body is not valid JSON", `body: ${json.why}`);
  for (const key of Object.keys(json.value)) if (key !== "conversions") violations.push({ kind: "unknown_field", where: key });
  try {
    const list = asList(json.value.conversions, "conversions", "conversions");
    if (list.length === 0) throw new Refusal("conversions", "is empty", "conversions", "At least one conversion must be provided");
    if (list.length > MAX_BATCH) throw new Refusal("conversions", `holds more than ${MAX_BATCH}`, "conversions", `Conversion count limit is ${MAX_BATCH}`);
    const conversions = list.map((one, index) => checkConversion(one, `conversions[${index}]`, { pixel, now: request.now }, violations));
    const condemned = conversions.findIndex((one) => state.rejectIds.has(String(one.conversion_id)));
    if (condemned >= 0) {
      const answer = refused(400, "INVALID_PARAMETER", "conversion_id is not valid", `conversions[${condemned}]: refused by script`);
      return { ...answer, scripted: "reject_event_id" };
    }
    const context = { pixel_id: pixel };
    return {
      status: 200,
      body: { request: { params: { account_id: "18ce54d4x5t" } }, data: { conversions_processed: conversions.length, debug_id: randomUUID() } },
      verdict: "accepted",
      violations,
      events: conversions.map((event) => {
        const name = String(event.event_id);
        const id = typeof event.conversion_id === "string" ? event.conversion_id : undefined;
        // `tw-a-b` and `b` are the same tag.
        const key = id === undefined ? undefined : JSON.stringify([name.split("-").at(-1), id]);
        return { name, id, key, windowMs: WINDOW_MS, event, context };
      }),
    };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { status: error.status, body: error.body, verdict: "rejected", reason: error.message };
  }
}

/** @type {import("../types.mjs").Platform} */
export const x = {
  name: "x",
  hosts: ["ads-api.x.com"],

  handle(request, state) {
    const [, version, first, second, pixel = "", ...rest] = request.path.split("/");
    if (request.method !== "POST" || version !== VERSION || first !== "measurement" || second !== "conversions" || rest.length > 0) {
      return refused(404, "ROUTE_NOT_FOUND", "The requested resource could not be found", "path: is not POST /12/measurement/conversions/{pixel id}");
    }

    /** @type {import("../types.mjs").Finding[]} */
    const violations = [];
    const pixelToken = request.headers["x-pixel-token"];
    const authorization = request.headers.authorization ?? "";
    /** @type {string | undefined} */
    let nonce;
    if (pixelToken !== undefined) {
      if (pixelToken !== credentials.x.pixelToken) return refused(401, "UNAUTHORIZED_ACCESS", UNAUTHORISED, "x-pixel-token: unknown");
      if (authorization !== "") violations.push({ kind: "two_credentials", where: "authorization" });
    } else if (/^OAuth\s/i.test(authorization)) {
      const signed = verify(request);
      if (signed.wrong !== undefined) return refused(401, "UNAUTHORIZED_ACCESS", UNAUTHORISED, `authorization: ${signed.wrong}`);
      nonce = signed.nonce;
      if (nonce !== undefined && state.memory.has(nonce)) {
        return refused(401, "UNAUTHORIZED_ACCESS", UNAUTHORISED, "authorization: has a nonce used before");
      }
      violations.push(...signed.findings);
    } else {
      return refused(401, "UNAUTHORIZED_ACCESS", UNAUTHORISED, "x-pixel-token, authorization: neither is there");
    }
    // Spent as soon as the signature holds, whatever becomes of the body.
    const burnt = nonce;
    const commit = burnt === undefined ? {} : { commit: () => void state.memory.set(burnt, true) };
    if (state.revoked) {
      return { ...refused(401, "UNAUTHORIZED_ACCESS", UNAUTHORISED, "token: revoked by script"), scripted: "revoke_token", ...commit };
    }
    if (!/^[a-z0-9]+$/.test(pixel) || pixel === SOMEONE_ELSES) {
      return { ...refused(404, "NOT_FOUND", `pixel_id (${pixel}) could not be found`, "pixel id: is none, or someone else's"), ...commit };
    }
    if (request.query.size > 0) violations.push({ kind: "unexpected_query", where: "url" });
    return { ...convert(request, pixel, state, violations), ...commit };
  },

  errorBody(status) {
    const [code, message] = /** @type {Record<number, [string, string]>} */ ({
      401: ["UNAUTHORIZED_ACCESS", UNAUTHORISED],
      403: ["UNAUTHORIZED_CLIENT_APPLICATION", "The client application making this request does not have access to Twitter Ads API"],
      404: ["NOT_FOUND", "The requested resource could not be found"],
      429: ["TOO_MANY_REQUESTS", "Exceeded number of allowed requests"],
      503: ["SERVICE_UNAVAILABLE", "Service unavailable due to request timeout; please try the request again later"],
    })[status] ?? (status < 500 ? ["INVALID_PARAMETER", "Invalid parameter"] : ["INTERNAL_ERROR", "An unexpected error occurred"]);
    return { errors: [{ code, message }], request: { params: {} } };
  },
};
