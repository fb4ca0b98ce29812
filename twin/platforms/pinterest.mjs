/**
 * Pinterest API for Conversions: `POST api.pinterest.com/v5/ad_accounts/{ad account}/events`.
 *
 * Two layers. What breaks the published schema (a missing or unknown key, a wrong type, too few identifiers,
 * 0 or 1001 events) refuses the whole request with 400 and code 4196; the answer names no event. Past the
 * schema each event gets its own verdict inside a 200, in the order of the request. Rules from the OpenAPI
 * description (5.13 and 5.23), the reference of `events/create` and the pages on conversion events, custom events,
 * error codes and limited data processing, read 2026-11.
 *
 * The schema leaves `user_data` open, and no page says what becomes of a value that is no digest: what Pinterest
 * would pass over there is a violation.
 */

import {
  EMPTY_DIGEST, Refusal, bearerToken, duplicateKeys, isAddress, isCountryDigest, isCurrency, isDateDigest, isDigest, isObject,
  isPrivateAddress, isText, isWebAddress, looksHashed, mediaType, minorDigits, must, readJson, sha256, words,
} from "../checks.mjs";
import { credentials } from "../credentials.mjs";
import { quality, remember } from "../quality/pinterest.mjs";

/** @typedef {import("../types.mjs").Finding} Finding */

const DAY = 86_400;
const WINDOW = 48 * 3_600_000;
const TEST_EVENTS = 20;
const CUSTOM_NAMES = 15;

const STANDARD = [...words(`add_payment_info add_to_cart add_to_wishlist app_install app_open checkout contact custom customize_product
  find_location initiate_checkout lead page_visit schedule search signup start_trial submit_application subscribe view_category
  view_content watch_video`)];
const SOURCES = words("web app_android app_ios offline");

/**
 * What a key of the schema holds. `text?` may be null, by the schema; an app key has no business on the web.
 * @typedef {'text' | 'text?' | 'integer' | 'boolean' | 'texts' | 'object'} Type
 */

/** @param {Type} type @param {string} keys @returns {[string, Type][]} */
const typed = (type, keys) => [...words(keys)].map((key) => [key, type]);

/** @type {Map<string, Type>} */
const APP = new Map([
  ...typed("text?", "app_id app_name app_version device_brand device_carrier device_model device_type os_version"),
  ...typed("boolean", "wifi"),
  ...typed("object", "app_info device_info"),
]);
/** @type {Map<string, Type>} */
const EVENT = new Map([
  ...typed("text", "event_name action_source event_id"),
  ...typed("integer", "event_time"),
  ...typed("text?", "event_source_url partner_name language"),
  ...typed("boolean", "opt_out"),
  ...typed("object", "user_data custom_data"),
  ...APP,
]);
const REQUIRED = ["event_name", "action_source", "event_time", "user_data", "event_id"];
const HASHED = words("em ph fn ln ct st zp country ge db external_id hashed_maids");
/** @type {Map<string, Type>} */
const USER = new Map([
  ...typed("texts", [...HASHED].join(" ")),
  ...typed("text", "client_ip_address client_user_agent customer_type"),
  ...typed("text?", "click_id partner_id"),
]);
/** @type {Map<string, Type>} */
const CUSTOM = new Map([
  ...typed("text?", `currency value content_name content_category content_brand order_id search_string opt_out_type np predicted_ltv
    external_measurement_id external_measurement_vendor_id`),
  ...typed("texts", "content_ids"),
  ...typed("integer", "num_items"),
]);
/** @type {Map<string, Type>} */
const CONTENT = new Map([...typed("text", "id item_price item_name item_category item_brand"), ...typed("integer", "quantity")]);
/** Not to be used without being told to. */
const INSTRUCTED = ["np", "external_measurement_id", "external_measurement_vendor_id"];

/**
 * @param {number} status
 * @param {number} code
 * @param {string} message
 * @param {string} reason
 * @returns {import("../types.mjs").Answer}
 */
function refused(status, code, message, reason) {
  return { status, body: { code, message }, verdict: "rejected", reason };
}

/**
 * @param {unknown} value
 * @param {Type} type
 * @param {string} at
 */
function checkType(value, type, at) {
  switch (type) {
    case "text?":
      must(value === null || typeof value === "string", at, "is not of type 'string'");
      break;
    case "text":
      must(typeof value === "string", at, "is not of type 'string'");
      break;
    case "integer":
      must(Number.isSafeInteger(value), at, "is not of type 'integer'");
      break;
    case "boolean":
      must(typeof value === "boolean", at, "is not of type 'boolean'");
      break;
    case "object":
      must(isObject(value), at, "is not of type 'object'");
      break;
    case "texts":
      must(Array.isArray(value), at, "is not of type 'array'");
      if (Array.isArray(value)) value.forEach((one, index) => checkType(one, "text", `${at}[${index}]`));
  }
}

/**
 * @param {Record<string, unknown>} object
 * @param {Map<string, Type>} types
 * @param {string} at
 * @param {readonly string[]} [others] Keys looked at elsewhere.
 */
function checkClosed(object, types, at, others = []) {
  for (const [key, value] of Object.entries(object)) {
    const type = types.get(key);
    must(type !== undefined || others.includes(key), `${at}.${key}`, `Additional properties are not allowed ('${key}' was unexpected)`);
    if (type) checkType(value, type, `${at}.${key}`);
  }
}

/**
 * The schema's part of one event.
 * @param {unknown} event
 * @param {string} at
 * @returns {Record<string, unknown>}
 */
function checkSchema(event, at) {
  if (!isObject(event)) throw new Refusal(at, "is not of type 'object'");
  checkClosed(event, EVENT, at);
  for (const key of REQUIRED) must(event[key] !== undefined, `${at}.${key}`, `'${key}' is a required property`);
  if (isObject(event.user_data)) {
    const user = event.user_data;
    for (const [key, value] of Object.entries(user)) {
      const type = USER.get(key);
      if (type) checkType(value, type, `${at}.user_data.${key}`);
    }
    const pair = user.client_ip_address !== undefined && user.client_user_agent !== undefined;
    const known = user.em !== undefined || user.hashed_maids !== undefined || pair;
    must(known, `${at}.user_data`, "user_data is not valid under any of the given schemas");
  }
  if (isObject(event.custom_data)) {
    const { contents } = event.custom_data;
    checkClosed(event.custom_data, CUSTOM, `${at}.custom_data`, ["contents"]);
    must(contents === undefined || Array.isArray(contents), `${at}.custom_data.contents`, "is not of type 'array'");
    if (Array.isArray(contents)) {
      contents.forEach((item, index) => {
        const where = `${at}.custom_data.contents[${index}]`;
        if (!isObject(item)) throw new Refusal(where, "is not of type 'object'");
        checkClosed(item, CONTENT, where);
      });
    }
  }
  return event;
}

const DECIMAL = /^-?\d+(?:\.\d+)?$/;

/** A text that reads as a double. @param {unknown} value */
const isDouble = (value) => typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value));

/** @param {Record<string, unknown>} event */
const custom = (event) => (isObject(event.custom_data) ? event.custom_data : {});

/**
 * Why Pinterest fails this event and no other, or null.
 * @param {Record<string, unknown>} event
 */
function failure(event) {
  if (!/^[A-Za-z0-9_-]{1,100}$/.test(String(event.event_name))) return "event_name";
  if (!SOURCES.has(String(event.action_source))) return "action_source";
  const { value, predicted_ltv: worth, contents } = custom(event);
  // "Accepted as a string in the request; it will be parsed into a double."
  if (typeof value === "string" && !isDouble(value)) return "value";
  if (typeof worth === "string" && !isDouble(worth)) return "predicted_ltv";
  if (Array.isArray(contents) && contents.some((item) => item.item_price !== undefined && !isDouble(item.item_price))) return "item_price";
  return null;
}

/** @param {Record<string, unknown>} event */
function isStandard(event) {
  return STANDARD.includes(String(event.event_name).toLowerCase());
}

/** @param {Record<string, unknown>} event */
function warnings(event) {
  const user = isObject(event.user_data) ? event.user_data : {};
  return [
    ...(isStandard(event) ? [] : ["event_name is not recognized and is labeled as Unknown"]),
    ...["external_id", "click_id"].flatMap((key) => (user[key] === undefined || user[key] === null ? [`${key} is missing`] : [])),
  ].join(". ");
}

const GENDERS = new Set(["f", "m", "n"].map(sha256));

/** @param {string} value */
function addressFault(value) {
  if (!isAddress(value)) return "not_an_ip_address";
  return isPrivateAddress(value) ? "private_ip_address" : null;
}

/**
 * What Pinterest takes, or is not known to refuse, although no sender should send it.
 * @param {Record<string, unknown>} event
 * @param {string} at
 * @param {number} now Unix milliseconds.
 * @returns {Finding[]}
 */
function findings(event, at, now) {
  /** @type {Finding[]} */
  const found = [];
  /** @param {boolean} wrong @param {string} kind @param {string} where */
  const mark = (wrong, kind, where) => {
    if (wrong) found.push({ kind, where: where ? `${at}.${where}` : at });
  };
  /** Nulls, empty texts and empty lists, at any level. @param {unknown} value @param {string} where */
  const holes = (value, where) => {
    if (value === null) found.push({ kind: "null_value", where });
    else if (value === "" || (typeof value === "string" && !isText(value))) found.push({ kind: "empty_text", where });
    else if (Array.isArray(value)) {
      if (value.length === 0) found.push({ kind: "empty_list", where });
      value.forEach((one, index) => holes(one, `${where}[${index}]`));
    } else if (isObject(value)) for (const [key, one] of Object.entries(value)) holes(one, `${where}.${key}`);
  };
  holes(event, at);

  const name = String(event.event_name);
  const plain = name.toLowerCase().replace(/[_-]/g, "");
  mark(!STANDARD.includes(name) && STANDARD.some((one) => one.replaceAll("_", "") === plain), "standard_event_name_misspelt", "event_name");

  const web = event.action_source === "web";
  const time = Number(event.event_time);
  const seconds = Math.floor(now / 1000);
  if (time > 1e11) mark(true, "event_time_not_in_seconds", "event_time");
  else if (time > seconds) mark(true, "event_time_in_the_future", "event_time");
  // No page gives an oldest time; seven days is the cautious reading.
  else mark((event.action_source !== "offline" || time <= 0) && time < seconds - 7 * DAY, "event_time_older_than_7_days", "event_time");

  const { event_source_url: url, partner_name: partner, language } = event;
  mark(isText(url) && !isWebAddress(url), "not_a_web_address", "event_source_url");
  mark(isText(partner) && !/^(?:ss-[a-z0-9-]+|direct)$/.test(partner), "partner_name_without_ss", "partner_name");
  mark(isText(language) && !/^[a-z]{2}$/.test(language), "not_a_language", "language");
  for (const key of Object.keys(event)) mark((web || event.action_source === "offline") && APP.has(key), "app_field_elsewhere", key);

  findUser(isObject(event.user_data) ? event.user_data : {}, mark);
  findCustom(custom(event), mark);
  const { opt_out_type: limits } = custom(event);
  if (isText(limits)) {
    const user = isObject(event.user_data) ? event.user_data : {};
    mark(limits.split(",").some((one) => one !== "LDP"), "unknown_opt_out_type", "custom_data.opt_out_type");
    mark(user.st === undefined || user.country === undefined, "ldp_without_state_and_country", "user_data");
  }
  return found;
}

/**
 * @param {Record<string, unknown>} user
 * @param {(wrong: boolean, kind: string, where: string) => void} mark
 */
function findUser(user, mark) {
  for (const [key, value] of Object.entries(user)) {
    const where = `user_data.${key}`;
    mark(!USER.has(key), "unknown_key", where);
    if (HASHED.has(key) && Array.isArray(value)) {
      const digests = value.filter(isText);
      mark(digests.includes(EMPTY_DIGEST), "digest_of_nothing", where);
      const whole = digests.filter((one) => one !== EMPTY_DIGEST);
      mark(whole.some((one) => !isDigest(one)), "not_a_sha256", where);
      const real = whole.filter(isDigest);
      // The description's own examples are digests of "US" and "male", against its text.
      mark(key === "ge" && real.some((one) => !GENDERS.has(one)), "digest_of_no_gender", where);
      mark(key === "country" && real.some((one) => !isCountryDigest(one)), "digest_of_no_country", where);
      mark(key === "db" && real.some((one) => !isDateDigest(one)), "digest_of_no_date", where);
    } else if (isText(value)) {
      if (looksHashed(value)) {
        mark(true, "hashed_but_wanted_in_clear", where);
        continue;
      }
      const fault = key === "client_ip_address" ? addressFault(value) : null;
      if (fault) mark(true, fault, where);
      mark(key === "client_user_agent" && /bot\b|crawler|spider|^curl\/|headless|^python/i.test(value), "user_agent_of_a_bot", where);
      mark(key === "click_id" && /\s|%[0-9A-F]{2}/i.test(value), "not_verbatim", where);
      mark(key === "customer_type" && value !== "new" && value !== "returning", "unknown_customer_type", where);
    }
  }
  const none = (/** @type {unknown} */ list) => !Array.isArray(list) || list.length === 0;
  mark(none(user.em) && none(user.hashed_maids) && !(isText(user.client_ip_address) && isText(user.client_user_agent)), "no_identifier", "user_data");
}

/**
 * @param {Record<string, unknown>} data
 * @param {(wrong: boolean, kind: string, where: string) => void} mark
 */
function findCustom(data, mark) {
  /** @param {unknown} text @param {string} where */
  const amount = (text, where) => {
    if (!isText(text)) return;
    mark(!DECIMAL.test(text), "not_a_plain_decimal", where);
    mark(text.trim().startsWith("-"), "negative_number", where);
  };
  const { value, currency, contents, num_items: count } = data;
  amount(value, "custom_data.value");
  amount(data.predicted_ltv, "custom_data.predicted_ltv");
  const listed = isCurrency(currency) && currency === String(currency).toUpperCase();
  mark(isText(currency) && !listed, "not_a_currency", "custom_data.currency");
  // The account's own currency is taken then, whatever the order was paid in.
  mark(isText(value) && !isText(currency), "value_without_currency", "custom_data.value");
  if (isText(value) && listed) {
    const digits = value.split(".")[1]?.length ?? 0;
    mark(digits > minorDigits(String(currency)), "more_decimals_than_the_currency_has", "custom_data.value");
  }
  for (const key of INSTRUCTED) mark(data[key] !== undefined, "only_when_instructed", `custom_data.${key}`);
  mark(Number.isInteger(count) && Number(count) < 0, "negative_number", "custom_data.num_items");
  if (!Array.isArray(contents)) return;
  let sum = 0;
  contents.forEach((item, index) => {
    const where = `custom_data.contents[${index}]`;
    amount(item.item_price, `${where}.item_price`);
    mark(Object.keys(item).length === 0, "empty_object", where);
    mark(item.quantity !== undefined && item.quantity < 1, "quantity_below_1", `${where}.quantity`);
    sum += item.quantity ?? 1;
  });
  mark(count !== undefined && contents.length > 0 && sum !== count, "num_items_is_not_the_sum_of_quantities", "custom_data.num_items");
}

/**
 * What is said about quality, to whoever may read.
 * @param {import("../types.mjs").TwinRequest} request
 * @param {import("../types.mjs").PlatformState} state
 * @param {string} account
 * @param {string | undefined} bearer
 * @returns {import("../types.mjs").Answer}
 */
function report(request, state, account, bearer) {
  if (bearer === credentials.pinterest.token) {
    return refused(403, 29, "You are not permitted to access that resource.", "authorization: lacks ads:read");
  }
  if (bearer !== credentials.pinterest.qualityToken || state.revoked) {
    const answer = refused(401, 2, "Authentication failed.", `authorization: ${bearer ? "unknown token" : "no bearer token"}`);
    return state.revoked ? { ...answer, scripted: "revoke_token" } : answer;
  }
  if (request.method !== "GET") return refused(405, 2, "The method is not allowed for the requested path.", "method: is not GET");
  if (!/^\d{1,18}$/.test(account)) return refused(404, 2, "AdAccount not found.", "path: the ad account is not up to 18 digits");
  const found = quality(request, state, account);
  if ("wrong" in found) return refused(400, 1, "Invalid conversion event quality score request.", `query.${found.wrong}: is missing or unknown`);
  return { status: 200, body: found.body, verdict: "accepted" };
}

/** @type {import("../types.mjs").Platform} */
export const pinterest = {
  name: "pinterest",
  hosts: ["api.pinterest.com"],

  handle(request, state) {
    const [, version, edge, account = "", last, ...rest] = request.path.split("/");
    const bearer = bearerToken(request.headers);
    if (version === "v5" && edge === "ad_accounts" && last === "conversion_eqs" && rest.length === 0) return report(request, state, account, bearer);
    if (bearer !== credentials.pinterest.token) {
      return refused(401, 2, "Authentication failed.", `authorization: ${bearer ? "unknown token" : "no bearer token"}`);
    }
    if (state.revoked) return { ...refused(401, 2, "Authentication failed.", "authorization: revoked by script"), scripted: "revoke_token" };
    if (version !== "v5" || edge !== "ad_accounts" || last !== "events" || rest.length > 0) {
      return refused(404, 2, "The requested path was not found.", "path: is not /v5/ad_accounts/{ad account}/events");
    }
    if (request.method !== "POST") return refused(405, 2, "The method is not allowed for the requested path.", "method: is not POST");
    if (!/^\d{1,18}$/.test(account)) return refused(404, 2, "AdAccount not found.", "path: the ad account is not up to 18 digits");

    const test = request.query.get("test");
    try {
      const type = mediaType(request.headers);
      must(type === "application/json", "content-type", "Content-Type is not application/json");
      must(test === null || test === "true" || test === "false", "query.test", "is not of type 'boolean'");
      const json = readJson(request.body);
      if (!json.ok) throw new Refusal("body", json.why);
      must(duplicateKeys(json.text).length === 0, "body", "has a key twice in one object");
      if (!isObject(json.value)) throw new Refusal("body", "is not of type 'object'");
      const { data, ...others } = json.value;
      for (const key of Object.keys(others)) must(false, `body.${key}`, `Additional properties are not allowed ('${key}' was unexpected)`);
      must(data !== undefined, "data", "'data' is a required property");
      if (!Array.isArray(data)) throw new Refusal("data", "is not of type 'array'");
      must(data.length > 0, "data", "data is too short");
      must(data.length <= 1000, "data", "data is too long");
      const all = data.map((event, index) => checkSchema(event, `data[${index}]`));

      // "Only the first 20 events are processed" of a test.
      const looked = test === "true" ? all.slice(0, TEST_EVENTS) : all;
      let scripted = false;
      const verdicts = looked.map((event, index) => {
        const condemned = state.rejectIds.has(String(event.event_id));
        scripted ||= condemned;
        return { event, index, fault: condemned ? "event_id" : failure(event) };
      });
      const processed = verdicts.filter(({ fault }) => fault === null);
      const failed = verdicts.find(({ fault }) => fault !== null);

      /** @type {Finding[]} */
      const violations = processed.flatMap(({ event, index }) => findings(event, `data[${index}]`, request.now));
      const strays = [...new Set(request.query.keys())].filter((key) => key !== "test");
      violations.push(...strays.map((key) => ({ kind: "unknown_query_parameter", where: `query.${key}` })));

      /** @type {import("../types.mjs").Answer} */
      const answer = {
        status: 200,
        headers: { "x-ratelimit-limit": "120000;w=60", "x-ratelimit-remaining": "119999", "x-ratelimit-reset": "60" },
        body: {
          num_events_received: all.length,
          num_events_processed: processed.length,
          events: verdicts.map(({ event, fault }) => fault === null
            ? { status: "processed", error_message: "", warning_message: warnings(event) }
            : { status: "failed", error_message: `Invalid ${fault}`, warning_message: null }),
        },
        verdict: test === "true" ? "validated" : "accepted",
        violations,
        ...(failed ? { reason: `data[${failed.index}].${failed.fault}: ${failed.fault === "event_id" ? "refused by script" : "is invalid"}` } : {}),
        ...(scripted ? { scripted: "reject_event_id" } : {}),
      };
      if (test === "true") return answer;

      const memory = `names ${account}`;
      const before = /** @type {Set<string> | undefined} */ (state.memory.get(memory)) ?? new Set();
      const fresh = processed.filter(({ event }) => !isStandard(event)).map(({ event }) => String(event.event_name).toLowerCase());
      const names = new Set([...before, ...fresh]);
      if (names.size > CUSTOM_NAMES && names.size > before.size) violations.push({ kind: "more_than_15_custom_event_names", where: "data" });
      const context = { ad_account_id: account };
      return {
        ...answer,
        commit: () => {
          state.memory.set(memory, names);
          remember(state, account, request.now, processed.map(({ event }) => event));
        },
        events: processed.map(({ event }) => {
          const name = String(event.event_name);
          const id = String(event.event_id);
          const late = event.action_source === "web" && request.now / 1000 - Number(event.event_time) > 3600;
          return {
            name, id, event, context, windowMs: WINDOW,
            // Offline events are never deduplicated.
            ...(event.action_source === "offline" ? {} : { key: JSON.stringify([account, name.toLowerCase(), id]) }),
            notes: late ? ["more than an hour late: taken as offline, so the tag's own event counts as another"] : [],
          };
        }),
      };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // As the real answer: which rule, but not which event.
      return refused(400, 4196, `Invalid request: ${error.rule}`, error.message);
    }
  },

  errorBody(status) {
    switch (status) {
      case 401: return { code: 2, message: "Authentication failed." };
      case 403: return { code: 29, message: "You are not permitted to access that resource." };
      case 404: return { code: 2, message: "AdAccount not found." };
      case 422: return { code: 4196, message: "Not all events were successfully processed.", details: {} };
      case 429: return { code: 8, message: "This request exceeded a rate limit." };
      case 503: return { code: 4197, message: "The endpoint has been ramped down and is currently not accepting any traffic." };
      default: return status < 500 ? { code: 4196, message: "The request was invalid." } : { code: 0, message: "Something went wrong on our end." };
    }
  },
};
