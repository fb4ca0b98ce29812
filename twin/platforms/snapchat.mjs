/**
 * Snapchat Conversions API v3: `POST tr.snapchat.com/v3/{pixel or app}/events?access_token=…`, and the same with
 * `/validate`, which stores nothing.
 *
 * Rules from Snap's Conversions API pages (Using the API, Parameters, Verify Set Up, Introduction) and the API
 * description in Snap's own SDK for v3, read 2026-11. Verify Set Up lists what answers 400 INVALID: a missing
 * required field, a purchase without price or currency, a hashed IP address, a time out of range, personal data
 * that is not hashed, too few identifiers. Everything else is taken and noted as a violation.
 *
 * Left open by the pages, decided here: nothing of a batch with an invalid event is stored, and the answer names
 * the first one; a web or app event may be 7 days old (the pages also say 37), any other 37; the dedup window is
 * the 48 hours that vendors quote; the error codes stay empty. The validator's log and stats are not played.
 */

import { credentials } from "../credentials.mjs";
import {
  EMPTY_DIGEST, Refusal, isAddress, isCountryDigest, isDigest, isNumber, isObject, isPrivateAddress, isText, isUuid, isWebAddress,
  looksHashed, mediaType, must, readObject, sha256, words,
} from "../checks.mjs";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WINDOW = 48 * HOUR;
const MAX_EVENTS = 2000;

const EVENT_NAMES = words(`PURCHASE SAVE START_CHECKOUT ADD_CART VIEW_CONTENT ADD_BILLING SIGN_UP SEARCH PAGE_VIEW SUBSCRIBE AD_CLICK AD_VIEW
  COMPLETE_TUTORIAL LEVEL_COMPLETE INVITE LOGIN SHARE RESERVE ACHIEVEMENT_UNLOCKED ADD_TO_WISHLIST SPENT_CREDITS RATE START_TRIAL LIST_VIEW
  APP_INSTALL APP_OPEN CUSTOM_EVENT_1 CUSTOM_EVENT_2 CUSTOM_EVENT_3 CUSTOM_EVENT_4 CUSTOM_EVENT_5`);
const WEB = words("WEB website");
const APP = words("MOBILE_APP app");
const ELSEWHERE = words("OFFLINE physical_store phone_call phone email chat system_generated");
const EVENT_KEYS = words(`event_name event_time event_id action_source event_source_url integration user_data custom_data app_data
  data_processing_options data_processing_options_country data_processing_options_state`);
const HASHED = words("em ph fn ln ct st zp country ge db external_id");
const RAW = words(`madid idfv client_ip_address client_user_agent sc_click_id sc_cookie1 subscription_id lead_id anon_id download_id partner_id`);
const CURRENCIES = words(`USD AED AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP GIP HKD HRK HUF IDR ILS INR JPY KRW KWD KZT LBP MXN MYR NGN
  NOK NZD PEN PHP PKR PLN QAR RON RUB SAR SEK SGD THB TRY TWD TZS UAH VND ZAR ALL BHD DZD GHS IQD ISK JOD KES MAD OMR XOF`);
const AMOUNTS = words("value predicted_ltv");
const COUNTS = words("num_items num_adults num_children num_infants");
const LISTS_OR_TEXTS = words("content_ids content_category brands");
const LISTS = words("suggested_destinations suggested_hotels preferred_neighborhoods preferred_star_ratings");
const TEXTS = words(`currency order_id search_string sign_up_method event_tag status delivery_category checkin_date travel_end travel_start
  destination_airport country city region neighborhood departing_departure_date departing_arrival_date origin_airport returning_departure_date
  returning_arrival_date hotel_score postal_code`);
const OPTIONS = words("LMU LDU DELETE");

/**
 * @param {number} status
 * @param {string} reason
 * @returns {import("../types.mjs").Answer}
 */
function refused(status, reason) {
  return { status, body: { status: "INVALID", reason }, verdict: "rejected", reason };
}

const GENDERS = new Set(["f", "m"].map(sha256));

/** @param {unknown} value A number, or a number in a text, which the pages also show. */
const amount = (value) => (isNumber(value) ? value : typeof value === "string" && /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : null);

/** One event: throws what Snapchat refuses, collects what it takes although no sender should send it. */
class Reading {
  /** @type {import("../types.mjs").Finding[]} */
  violations = [];

  /**
   * @param {string} at
   * @param {number} now
   */
  constructor(at, now) {
    this.at = at;
    this.now = now;
  }

  /**
   * @param {boolean} holds
   * @param {string} kind
   * @param {string} where
   */
  should(holds, kind, where) {
    if (!holds) this.violations.push({ kind, where: `${this.at}.${where}` });
    return holds;
  }

  /**
   * Null, an empty text, list or object: noted, and then as good as absent.
   * @param {unknown} value
   * @param {string} where
   */
  given(value, where) {
    const empty = value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
    this.should(!empty, "empty_value", where);
    return !empty;
  }

  /**
   * @param {unknown} event
   * @returns {Record<string, unknown>}
   */
  event(event) {
    if (!isObject(event)) throw new Refusal("event", "is not an object");
    for (const key of Object.keys(event)) this.should(EVENT_KEYS.has(key), "unknown_field", key);

    const { event_name: name, action_source: source, event_source_url: address } = event;
    must(isText(name), "event_name", "is missing or not a text");
    must(EVENT_NAMES.has(String(name)), "event_name", "is not a recognized event");
    must(isText(source), "action_source", "is missing or not a text");
    const [web, app] = [WEB.has(String(source)), APP.has(String(source))];
    must(web || app || ELSEWHERE.has(String(source)), "action_source", "is unknown");
    this.time(event.event_time, web || app);
    if (web || app) must(isText(address), "event_source_url", "is missing or not a text");
    if (address !== undefined) must(isWebAddress(address), "event_source_url", "is not a web address");
    this.should(isText(event.event_id), event.event_id === undefined ? "event_id_missing" : "event_id_not_a_text", "event_id");
    if (event.integration !== undefined) this.should(isText(event.integration), "wrong_type", "integration");

    if (!isObject(event.user_data)) throw new Refusal("user_data", "is missing or not an object");
    this.user(event.user_data);
    if (event.custom_data !== undefined && this.given(event.custom_data, "custom_data")) {
      if (!isObject(event.custom_data)) throw new Refusal("custom_data", "is not an object");
      this.custom(event.custom_data, name === "PURCHASE");
    }
    if (name === "PURCHASE") {
      const custom = isObject(event.custom_data) ? event.custom_data : {};
      must(amount(custom.value) !== null, "custom_data.value", "is missing on a purchase or not a number");
      const currency = typeof custom.currency === "string" ? custom.currency.toUpperCase() : "";
      must(CURRENCIES.has(currency), "custom_data.currency", "is missing on a purchase or not a supported currency");
    }
    if (app) this.app(event.app_data);
    else this.should(event.app_data === undefined, "app_data_on_no_app_event", "app_data");
    this.processing(event);
    return event;
  }

  /**
   * Unix seconds or milliseconds.
   * @param {unknown} value
   * @param {boolean} online
   */
  time(value, online) {
    must(Number.isSafeInteger(value) && Number(value) > 0, "event_time", "is missing or not a whole number");
    // Read as the other unit, either is off by a factor of a thousand: there is no doubt between them.
    const at = Number(value) < 1e11 ? Number(value) * 1000 : Number(value);
    must(at <= this.now + 300_000, "event_time", "lies in the future");
    must(at >= this.now - (online ? 7 : 37) * DAY, "event_time", "is too old");
    this.should(at <= this.now, "event_time_in_the_future", "event_time");
  }

  /** @param {Record<string, unknown>} user */
  user(user) {
    /** @type {Set<string>} */
    const usable = new Set();
    for (const [key, value] of Object.entries(user)) {
      const where = `user_data.${key}`;
      if (!this.should(HASHED.has(key) || RAW.has(key), "unknown_field", where) || !this.given(value, where)) continue;
      usable.add(key);
      if (HASHED.has(key)) this.digests(key, Array.isArray(value) ? value : [value], where);
      else this.raw(key, value, where);
    }
    const network = usable.has("client_ip_address") && usable.has("client_user_agent");
    must(network || ["em", "ph", "madid"].some((key) => usable.has(key)), "user_data", "has neither em, ph nor madid, nor IP address and user agent");
  }

  /**
   * @param {string} key
   * @param {unknown[]} values
   * @param {string} where
   */
  digests(key, values, where) {
    for (const one of values) {
      must(typeof one === "string" && /^[0-9a-f]{64}$/i.test(one), where, "is not hashed");
      if (!this.should(one !== EMPTY_DIGEST, "digest_of_nothing", where)) continue;
      if (!this.should(isDigest(one), "digest_not_in_lower_case", where)) continue;
      if (key === "country") this.should(isCountryDigest(one), "digest_of_no_country", where);
      if (key === "ge") this.should(GENDERS.has(String(one)), "digest_of_no_gender", where);
    }
    this.should(new Set(values).size === values.length, "same_value_twice", where);
    this.should(key !== "db", "format_of_db_is_not_documented", where);
  }

  /**
   * @param {string} key
   * @param {unknown} value
   * @param {string} where
   */
  raw(key, value, where) {
    if (key === "client_ip_address") must(!looksHashed(value), where, "is hashed");
    if (!this.should(isText(value), "wrong_type", where) || !this.should(!looksHashed(value), "hashed_but_sent_raw", where)) return;
    const text = String(value);
    if (key === "client_ip_address") {
      this.should(isAddress(text), "malformed_ip_address", where);
      this.should(!isPrivateAddress(text.replace(/^::ffff:(?=\d+\.)/i, "")), "private_ip_address", where);
    }
    if (key === "madid") {
      this.should(isUuid(text), "malformed_madid", where);
      this.should(text === text.toLowerCase(), "madid_not_in_lower_case", where);
    }
  }

  /**
   * @param {unknown} value
   * @param {string} where
   */
  number(value, where) {
    const number = amount(value);
    this.should(!(isNumber(value) && value < 0), "negative_number", where);
    if (this.should(number !== null, "wrong_type", where)) this.should(isNumber(value), "number_as_text", where);
    return number;
  }

  /**
   * @param {Record<string, unknown>} data
   * @param {boolean} purchase
   */
  custom(data, purchase) {
    for (const [key, value] of Object.entries(data)) {
      const where = `custom_data.${key}`;
      if (!this.given(value, where)) continue;
      const texts = Array.isArray(value) && value.every(isText);
      if (AMOUNTS.has(key)) this.number(value, where);
      else if (COUNTS.has(key)) this.should(Number.isSafeInteger(this.number(value, where) ?? 0), "wrong_type", where);
      else if (LISTS_OR_TEXTS.has(key)) this.should(texts || isText(value), "wrong_type", where);
      else if (LISTS.has(key)) this.should(texts, "wrong_type", where);
      else if (TEXTS.has(key)) this.should(isText(value), "wrong_type", where);
      else if (key === "content_type") this.should(value === "product" || value === "product_group", "unknown_content_type", where);
      else if (key === "custom_fields") this.should(isObject(value) && Object.values(value).every(isText), "wrong_type", where);
      else if (key === "contents") {
        if (this.should(Array.isArray(value), "wrong_type", where)) [value].flat().forEach((one, index) => this.content(one, `${where}[${index}]`));
      } else this.should(false, "unknown_field", where);
    }
    if (isText(data.currency)) {
      this.should(data.currency === data.currency.toUpperCase(), "currency_not_in_upper_case", "custom_data.currency");
      if (!purchase) this.should(CURRENCIES.has(data.currency.toUpperCase()), "unsupported_currency", "custom_data.currency");
    }
    if (data.value !== undefined && !purchase) this.should(data.currency !== undefined, "value_without_currency", "custom_data.value");
  }

  /**
   * @param {unknown} content
   * @param {string} where
   */
  content(content, where) {
    if (!isObject(content)) {
      this.should(false, "wrong_type", where);
      return;
    }
    this.should(content.id !== undefined, "content_without_id", where);
    for (const [key, value] of Object.entries(content)) {
      const place = `${where}.${key}`;
      if (!this.given(value, place)) continue;
      if (key === "quantity" || key === "item_price") this.number(value, place);
      else if (key === "id" || key === "brand" || key === "delivery_category") this.should(isText(value), "wrong_type", place);
      else this.should(false, "unknown_field", place);
    }
  }

  /** @param {unknown} data */
  app(data) {
    if (!isObject(data)) throw new Refusal("app_data", "is missing on an app event");
    const { app_id: id, advertiser_tracking_enabled: tracking, extinfo } = data;
    must(isText(id), "app_data.app_id", "is missing");
    must(tracking !== undefined, "app_data.advertiser_tracking_enabled", "is missing");
    must(Array.isArray(extinfo) && extinfo.length === 16, "app_data.extinfo", "is not a list of 16");
    this.should([0, 1, true, false].includes(/** @type {number} */ (tracking)), "wrong_type", "app_data.advertiser_tracking_enabled");
    this.should(Array.isArray(extinfo) && ["a2", "i2"].includes(extinfo[0]), "unknown_extinfo_version", "app_data.extinfo[0]");
  }

  /** @param {Record<string, unknown>} event */
  processing(event) {
    const { data_processing_options: options, data_processing_options_country: country, data_processing_options_state: state } = event;
    const where = "data_processing_options";
    if (options === undefined) {
      this.should(country === undefined && state === undefined, "processing_place_without_options", where);
      return;
    }
    this.should(Array.isArray(options) && options.every((one) => OPTIONS.has(one)), "unknown_data_processing_options", where);
    if (country !== undefined) this.should(country === 0 || country === 1, "unknown_data_processing_country", `${where}_country`);
    if (state !== undefined) this.should(state === 0 || state === 1000, "unknown_data_processing_state", `${where}_state`);
  }
}

/**
 * The events of a body, or what is wrong with it as a whole.
 * @param {import("../types.mjs").TwinRequest} request
 */
function batch(request) {
  const type = mediaType(request.headers);
  must(type === "application/json", "content-type", "is not application/json");
  const json = readObject(request.body);
  if (!json.ok) throw new Refusal("body", json.why);
  const { data, ...rest } = json.value;
  if (!Array.isArray(data)) throw new Refusal("data", "is missing or not a list");
  must(data.length >= 1 && data.length <= MAX_EVENTS, "data", `does not hold 1 to ${MAX_EVENTS} events`);
  return { data, violations: Object.keys(rest).map((key) => ({ kind: "unknown_field", where: key })) };
}

/**
 * @param {number} index
 * @param {string} message
 * @param {number} count
 * @param {boolean} dry
 * @returns {import("../types.mjs").Answer}
 */
function invalid(index, message, count, dry) {
  const errors = { codes: [], error_msgs: [message] };
  const reason = "Invalid event data.";
  const logs = Array.from({ length: count }, (_, event) => (event === index ? { event, status: "INVALID", errors } : { event, status: "VALID" }));
  const body = dry ? { status: "INVALID", test_event: true, reason, event_logs: logs } : { status: "INVALID", reason, event: index, errors };
  return { status: 400, body, verdict: "rejected", reason: `data[${index}].${message}` };
}

/**
 * The events with their dedup keys. A purchase is known by its order as well; `orders` are those new with this batch.
 * @param {string} asset
 * @param {Record<string, unknown>[]} list
 * @param {Map<string, unknown>} memory
 * @param {number} now
 */
function arrivals(asset, list, memory, now) {
  /** @type {Map<string, {key: string, at: number}>} */
  const orders = new Map();
  const context = { asset_id: asset };
  const events = list.map((event) => {
    const name = String(event.event_name);
    const id = isText(event.event_id) ? event.event_id : undefined;
    let key = id === undefined ? undefined : JSON.stringify([asset, name, id]);
    const order = name === "PURCHASE" && isObject(event.custom_data) && isText(event.custom_data.order_id) ? event.custom_data.order_id : undefined;
    if (order !== undefined) {
      const place = JSON.stringify([asset, "order", order]);
      const first = orders.get(place) ?? /** @type {{key: string, at: number} | undefined} */ (memory.get(place));
      if (first && now - first.at < WINDOW) key = first.key;
      else orders.set(place, { key: (key ??= place), at: now });
    }
    return { name, id, key, windowMs: WINDOW, event, context };
  });
  return { events, orders };
}

/** @type {import("../types.mjs").Platform} */
export const snapchat = {
  name: "snapchat",
  hosts: ["tr.snapchat.com"],

  handle(request, state) {
    const [, version, asset = "", edge, mode, ...rest] = request.path.split("/");
    if (version !== "v3" || !/^[\w-]+$/.test(asset) || edge !== "events" || (mode !== undefined && mode !== "validate") || rest.length > 0) {
      return refused(404, "path: is not /v3/{pixel or app}/events or its /validate");
    }
    if (request.method !== "POST") return refused(405, "method: is not POST");
    const tokens = request.query.getAll("access_token");
    if (tokens.length !== 1 || tokens[0] !== credentials.snapchat.token) return refused(401, "access_token: missing in the query, or unknown");
    if (state.revoked) return { ...refused(401, "access_token: revoked by script"), scripted: "revoke_token" };

    const dry = mode === "validate";
    /** @type {ReturnType<typeof batch>} */
    let read;
    try {
      read = batch(request);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const answer = refused(400, error.message);
      return dry ? { ...answer, body: { status: "INVALID", test_event: true, reason: error.message, event_logs: [] } } : answer;
    }
    const { data, violations } = read;
    for (const key of request.query.keys()) if (key !== "access_token") violations.push({ kind: "unknown_query_parameter", where: key });
    /** @type {Record<string, unknown>[]} */
    const list = [];
    for (const [index, event] of data.entries()) {
      const reading = new Reading(`data[${index}]`, request.now);
      try {
        list.push(reading.event(event));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return invalid(index, error.message, data.length, dry);
      }
      violations.push(...reading.violations);
    }
    const condemned = list.findIndex((event) => state.rejectIds.has(String(event.event_id)));
    if (condemned >= 0) return { ...invalid(condemned, "event_id: refused by script", data.length, dry), scripted: "reject_event_id" };

    const reason = "Events have been processed successfully.";
    if (dry) {
      const logs = list.map((_, event) => ({ event, status: "VALID", warnings: [] }));
      return { status: 200, body: { status: "VALID", test_event: true, reason, event_logs: logs }, verdict: "validated", violations };
    }
    const { events, orders } = arrivals(asset, list, state.memory, request.now);
    return {
      status: 200, body: { status: "VALID", reason }, verdict: "accepted", violations, events,
      commit: () => orders.forEach((first, place) => state.memory.set(place, first)),
    };
  },

  errorBody(status) {
    /** @type {Record<number, string>} */
    const reasons = { 401: "Unauthorized", 403: "Forbidden", 429: "Too many requests" };
    return { status: "INVALID", reason: reasons[status] ?? (status < 500 ? "Bad request" : "Internal error") };
  },
};
