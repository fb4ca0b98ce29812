/**
 * Reddit Conversions API v3: `POST ads-api.reddit.com/api/v3/pixels/{pixel}/conversion_events`.
 *
 * All or nothing: one invalid event refuses the request. Rules from Reddit's pages on direct integration, event
 * testing, deduplication, the move from v2 and errors, from Reddit's own server-side tag, and from answers of the
 * live API that integrators published, read 2026-11.
 *
 * A refusal for single events carries two lists. `invalid_events` with the event as sent is v2's, moved under
 * `error`; `fields` with a path that names the index is what v3 was seen to answer. Unknown fields were seen
 * refused as a whole (400, the field's name alone), wrong JSON types likewise (403, v2's shape).
 */

import { credentials } from "../credentials.mjs";
import {
  EMPTY_DIGEST, bearerToken, duplicateKeys, isAddress, isCurrency, isObject, isPrivateAddress, isText, isWebAddress, looksHashed,
  mediaType, readJson,
} from "../checks.mjs";

const HOUR = 3_600_000;
const MAX_EVENTS = 1000;
const TESTS_PER_SECOND = 10;

const TRACKING_TYPES = new Set(["PAGE_VISIT", "VIEW_CONTENT", "SEARCH", "ADD_TO_CART", "ADD_TO_WISHLIST", "PURCHASE", "LEAD", "SIGN_UP", "CUSTOM"]);
const COUNTED = new Set(["PURCHASE", "ADD_TO_CART", "ADD_TO_WISHLIST", "CUSTOM"]);
const VALUED = new Set([...COUNTED, "LEAD", "SIGN_UP"]);
const ACTION_SOURCES = new Set(["WEBSITE", "APP", "PHYSICAL_STORE", "OTHER"]);
const HASHED = ["email", "phone_number", "external_id", "idfa", "aaid"];
const SIGNALS = [...HASHED, "ip_address", "user_agent", "uuid"];
const UUID = /^(?:\d+\.)?[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
/** What HTTP clients call themselves when nobody tells them otherwise; Reddit throttles these. */
const DEFAULT_AGENT = /^(?:node|undici|axios|got|curl|wget|python|go-http|java|okhttp|ruby|php|guzzle|reqwest|cloudflare)\b/i;

/** @typedef {'text' | 'integer' | 'number' | [Shape] | {[key: string]: Shape}} Shape */

/** @type {Shape} */
const BODY = {
  data: {
    test_id: "text", partner: "text", partner_version: "text",
    events: [{
      event_at: "integer", action_source: "text", event_source_url: "text", click_id: "text",
      type: { tracking_type: "text", custom_event_name: "text" },
      user: {
        email: "text", phone_number: "text", external_id: "text", idfa: "text", aaid: "text", ip_address: "text", user_agent: "text", uuid: "text",
        screen_dimensions: { width: "integer", height: "integer" },
        data_processing_options: { modes: ["text"], country: "text", region: "text" },
      },
      metadata: {
        conversion_id: "text", currency: "text", value: "number", item_count: "integer",
        products: [{ id: "text", name: "text", category: "text", quantity: "integer", item_price: "number" }],
      },
    }],
  },
};

/**
 * @typedef {object} Event An event of the right shape. Nulls are noted when the shape is read, and then as good as absent.
 * @property {number} [event_at]
 * @property {string} [action_source]
 * @property {string} [event_source_url]
 * @property {string} [click_id]
 * @property {{tracking_type?: string, custom_event_name?: string}} [type]
 * @property {Record<string, any>} [user]
 * @property {Record<string, any>} [metadata]
 */

/** @param {number} code @param {string} message @param {Record<string, unknown>} [more] */
const error = (code, message, more = {}) => ({ error: { code, message, ...more } });

/**
 * @param {number} status
 * @param {string} message
 * @param {string} reason
 * @returns {import("../types.mjs").Answer}
 */
function refused(status, message, reason) {
  return { status, body: error(status, message), verdict: "rejected", reason };
}

/** @param {string} reason @returns {import("../types.mjs").Answer} */
function unauthorized(reason) {
  return { status: 401, body: "Authorization Required", verdict: "rejected", reason };
}

/** The body as a whole cannot be decoded. */
class Undecodable extends Error {
  /**
   * @param {import("../types.mjs").Answer} answer
   */
  constructor(answer) {
    super(answer.reason);
    this.answer = answer;
  }
}

/** @param {unknown} value */
const typeName = (value) => (Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value);

/**
 * Unknown fields and wrong types end the request; nulls and empty values are only noted.
 * @param {unknown} value
 * @param {Shape} shape
 * @param {string} where
 * @param {import("../types.mjs").Finding[]} violations
 */
function decode(value, shape, where, violations) {
  const right = typeof shape === "string"
    ? (shape === "text" ? typeof value === "string" : shape === "integer" ? Number.isSafeInteger(value) : typeof value === "number")
    : Array.isArray(shape) ? Array.isArray(value) : isObject(value);
  const empty = value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
  if (empty) violations.push({ kind: "empty_value", where });
  if (value === null) return;
  if (!right) {
    const explanation = `JSON error unexpected type ${typeName(value)} on field ${where.replace(/\[\d+\]/g, "").replaceAll(".", " ")}`;
    const body = { success: false, error: { reason: "UNAUTHORIZED", explanation } };
    throw new Undecodable({ status: 403, body, verdict: "rejected", reason: `${where}: is of the wrong type` });
  }
  if (Array.isArray(shape) && Array.isArray(value)) value.forEach((one, index) => decode(one, shape[0], `${where}[${index}]`, violations));
  else if (isObject(value) && typeof shape === "object" && !Array.isArray(shape)) {
    for (const [key, one] of Object.entries(value)) {
      const inner = Object.hasOwn(shape, key) ? shape[key] : undefined;
      const place = where ? `${where}.${key}` : key;
      if (inner === undefined) throw new Undecodable(refused(400, `JSON error "unknown field" on field "${key}"`, `${place}: is not a field`));
      decode(one, inner, place, violations);
    }
  }
}

/**
 * What makes one event invalid: the field and what Reddit would say of it.
 * @param {Event} event
 * @param {number} now
 * @returns {{field: string, message: string} | null}
 */
function fault(event, now) {
  const { event_at: at, action_source: source, type, user } = event;
  if (!at) return { field: "event_at", message: "missing event_at" };
  // Seconds read as January 1970, and end here.
  if (at <= now - 168 * HOUR) return { field: "event_at", message: "event_at timestamp must be less than 168h0m0s old" };
  if (at > now + 300_000) return { field: "event_at", message: "event_at timestamp must not be in the future" };
  if (!source) return { field: "action_source", message: "missing action_source" };
  if (!ACTION_SOURCES.has(source)) return { field: "action_source", message: `action_source: invalid action_source: ${source}` };
  const name = type?.tracking_type;
  if (!name) return { field: "type.tracking_type", message: "missing tracking_type" };
  if (!TRACKING_TYPES.has(name)) return { field: "type.tracking_type", message: `type.tracking_type: invalid tracking_type: ${name}` };
  const custom = type?.custom_event_name;
  if (name === "CUSTOM" && !isText(custom)) return { field: "type.custom_event_name", message: "missing custom_event_name" };
  if (custom && [...custom].length > 64) return { field: "type.custom_event_name", message: "custom_event_name must be at most 64 characters" };
  if (!event.click_id && !SIGNALS.some((key) => user?.[key])) return { field: "user", message: "at least one user signal is required" };
  if (user?.uuid && !UUID.test(user.uuid)) {
    return { field: "user.UUID", message: "user.UUID: invalid UUID: UUID must be RFC-4122 compliant" };
  }
  return null;
}

/**
 * What Reddit takes without a word although no sender should send it.
 * @param {Event} event
 * @param {string} at
 */
function findings(event, at) {
  /** @type {import("../types.mjs").Finding[]} */
  const found = [];
  /** @param {unknown} holds @param {string} kind @param {string} where */
  const should = (holds, kind, where) => {
    if (!holds) found.push({ kind, where: `${at}.${where}` });
  };
  const { type = {}, action_source: source, event_source_url: address, click_id: click } = event;
  const user = event.user ?? {};
  const metadata = event.metadata ?? {};
  const name = String(type.tracking_type);

  if (address) {
    should(source === "WEBSITE", "event_source_url_without_website", "event_source_url");
    should(isWebAddress(address), "malformed_event_source_url", "event_source_url");
  }
  should(!looksHashed(click), "hashed_but_sent_raw", "click_id");
  if (type.custom_event_name) should(name === "CUSTOM", "custom_event_name_on_standard_event", "type.custom_event_name");

  // Reddit takes personal data raw as well; a sender that can hash has no reason to.
  for (const key of HASHED) {
    const value = user[key];
    if (!value) continue;
    if (!/^[0-9a-f]{64}$/i.test(value)) should(false, "identifier_not_hashed", `user.${key}`);
    else if (value.toLowerCase() === EMPTY_DIGEST) should(false, "digest_of_nothing", `user.${key}`);
    else should(value === value.toLowerCase(), "digest_not_in_lower_case", `user.${key}`);
  }
  const { ip_address: ip, screen_dimensions: screen, data_processing_options: limits } = user;
  if (ip) {
    if (looksHashed(ip)) should(false, "hashed_but_sent_raw", "user.ip_address");
    else should(isAddress(ip), "malformed_ip_address", "user.ip_address");
    should(!isPrivateAddress(ip.replace(/^::ffff:(?=\d+\.)/i, "")), "private_ip_address", "user.ip_address");
  }
  should(!looksHashed(user.user_agent), "hashed_but_sent_raw", "user.user_agent");
  should(SIGNALS.some((key) => user[key]), "no_signal_in_user", "user");
  if (screen) should(screen.width > 0 && screen.height > 0, "malformed_screen_dimensions", "user.screen_dimensions");
  if (limits) {
    const place = "user.data_processing_options";
    should(limits.modes?.length === 1 && limits.modes[0] === "LDU", "unknown_data_processing_mode", `${place}.modes`);
    if (limits.country !== undefined) should(/^[A-Z]{2}$/.test(limits.country), "malformed_country", `${place}.country`);
    if (limits.region !== undefined) should(/^(?:[A-Z]{2}-)?[A-Z0-9]{1,3}$/.test(limits.region), "malformed_region", `${place}.region`);
  }

  const { conversion_id: id, value, currency, item_count: count, products } = metadata;
  should(isText(id), "conversion_id_missing", "metadata.conversion_id");
  if (value !== undefined) {
    should(VALUED.has(name), "field_not_supported_by_type", "metadata.value");
    should(value >= 0, "negative_number", "metadata.value");
    should(currency, "value_without_currency", "metadata.value");
  }
  if (currency !== undefined) {
    should(VALUED.has(name), "field_not_supported_by_type", "metadata.currency");
    should(isCurrency(currency), "unknown_currency", "metadata.currency");
    should(currency === currency?.toUpperCase(), "currency_not_in_upper_case", "metadata.currency");
  }
  if (count !== undefined) {
    should(COUNTED.has(name), "field_not_supported_by_type", "metadata.item_count");
    should(count >= 0, "negative_number", "metadata.item_count");
  }
  /** @type {any[]} */
  const list = products ?? [];
  list.forEach((product, index) => {
    const place = `metadata.products[${index}]`;
    should(product?.id, "product_without_id", place);
    should(!(product?.quantity < 1), "quantity_below_one", `${place}.quantity`);
    should(!(product?.item_price < 0), "negative_number", `${place}.item_price`);
  });
  // The count is of pieces, not of lines.
  if (count !== undefined && list.length > 0 && list.every((product) => product?.quantity)) {
    should(list.reduce((sum, product) => sum + product.quantity, 0) === count, "item_count_is_not_the_sum", "metadata.item_count");
  }
  return found;
}

/**
 * @param {{index: number, field: string, message: string}[]} bad
 * @param {Event[]} events
 * @returns {import("../types.mjs").Answer}
 */
function invalid(bad, events) {
  const message = `There were ${bad.length} invalid conversion events. None were processed.`;
  const fields = bad.map((one) => ({ field: `$.data.events[${one.index}].${one.field}`, message: one.message }));
  const list = bad.map((one) => ({ error_message: one.message, event: events[one.index] }));
  const reason = bad.map((one) => `data.events[${one.index}].${one.field}: is invalid`).slice(0, 5).join("; ");
  return { status: 400, body: error(400, message, { fields, invalid_events: list }), verdict: "rejected", reason };
}

/**
 * @param {import("../types.mjs").TwinRequest} request
 * @returns {{events: Event[], data: Record<string, unknown>, violations: import("../types.mjs").Finding[]}}
 */
function read(request) {
  /** @param {string} message @param {string} reason */
  const stop = (message, reason) => new Undecodable(refused(400, message, reason));
  const type = mediaType(request.headers);
  if (type !== "application/json") throw stop("Bad Request", "content-type: is not application/json");
  const json = readJson(request.body);
  if (!json.ok) throw stop("JSON error", `body: ${json.why}`);
  const twice = duplicateKeys(json.text);
  if (twice.length > 0) throw stop("JSON error", `body: has the key ${twice[0]} twice in one object`);
  /** @type {import("../types.mjs").Finding[]} */
  const violations = [];
  decode(json.value, BODY, "", violations);
  const data = isObject(json.value) && isObject(json.value.data) ? json.value.data : {};
  const list = Array.isArray(data.events) ? data.events : [];
  if (list.length === 0) throw stop("Bad Request", "data.events: is missing or empty");
  if (list.length > MAX_EVENTS) throw stop("Bad Request", `data.events: holds more than ${MAX_EVENTS}`);
  if (list.includes(null)) throw stop("Bad Request", "data.events: holds a null");
  return { events: list, data, violations };
}

/** @type {import("../types.mjs").Platform} */
export const reddit = {
  name: "reddit",
  hosts: ["ads-api.reddit.com"],

  handle(request, state) {
    const given = bearerToken(request.headers);
    if (given !== credentials.reddit.token) return unauthorized("authorization: missing or unknown");
    if (state.revoked) return { ...unauthorized("authorization: revoked by script"), scripted: "revoke_token" };
    const pixel = /^\/api\/v3\/pixels\/([\w-]+)\/conversion_events$/.exec(request.path)?.[1];
    // v2.0 still answers in the world; nothing here may speak it.
    if (!pixel) return refused(404, "Not Found", "path: is not /api/v3/pixels/{pixel}/conversion_events");
    if (request.method !== "POST") return refused(405, "Method Not Allowed", "method: is not POST");

    /** @type {ReturnType<typeof read>} */
    let body;
    try {
      body = read(request);
    } catch (thrown) {
      if (!(thrown instanceof Undecodable)) throw thrown;
      return thrown.answer;
    }
    const { events, data, violations } = body;
    const agent = request.headers["user-agent"] ?? "";
    if (!isText(agent) || DEFAULT_AGENT.test(agent)) violations.push({ kind: "no_descriptive_user_agent", where: "header user-agent" });
    for (const key of request.query.keys()) violations.push({ kind: "unknown_query_parameter", where: key });

    const bad = events.flatMap((event, index) => {
      const found = fault(event, request.now);
      return found ? [{ index, ...found }] : [];
    });
    if (bad.length > 0) return invalid(bad, events);
    const condemned = events.flatMap((event, index) => {
      const id = event.metadata?.conversion_id;
      return state.rejectIds.has(String(id)) ? [{ index, field: "metadata.conversion_id", message: "refused by script" }] : [];
    });
    if (condemned.length > 0) return { ...invalid(condemned, events), scripted: "reject_event_id" };
    events.forEach((event, index) => violations.push(...findings(event, `data.events[${index}]`)));

    const answer = { data: { message: `Successfully processed ${events.length} conversion events.` } };
    if (data.test_id) {
      if (events.length > 1) violations.push({ kind: "batch_in_test_mode", where: "data.events" });
      const before = /** @type {{from: number, count: number} | undefined} */ (state.memory.get(pixel));
      const second = before && request.now - before.from < 1000 ? before : { from: request.now, count: 0 };
      const count = second.count + events.length;
      if (count > TESTS_PER_SECOND) {
        return refused(429, "Too many requests/events within timeframe.", `data.test_id: more than ${TESTS_PER_SECOND} test events in a second`);
      }
      return {
        status: 200, body: answer, verdict: "validated", violations,
        commit: () => state.memory.set(pixel, { from: second.from, count }),
      };
    }
    const context = { pixel_id: pixel, partner: data.partner, partner_version: data.partner_version };
    return {
      status: 200, body: answer, verdict: "accepted", violations,
      events: events.map((event) => {
        const name = String(event.type?.tracking_type);
        const id = isText(event.metadata?.conversion_id) ? event.metadata.conversion_id : undefined;
        const key = id === undefined ? undefined : JSON.stringify([pixel, name, event.type?.custom_event_name ?? null, id]);
        return { name, id, key, windowMs: 48 * HOUR, event, context };
      }),
    };
  },

  errorBody(status) {
    if (status === 401) return "Authorization Required";
    if (status === 403) return error(403, "You're not authorized to post conversions to this pixel.");
    if (status === 429) return error(429, "Too many requests/events within timeframe.");
    if (status < 500) return error(status, "Bad Request");
    return error(status, "The service is currently unavailable. No conversion events were processed.");
  },
};
