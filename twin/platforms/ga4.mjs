/**
 * GA4 Measurement Protocol: `/mp/collect` and `/debug/mp/collect` on www and region1.google-analytics.com.
 *
 * Collect answers 204 to anything, as documented, so the twin keeps what GA4 would forget in silence as
 * `dropped`, with the messages the debug endpoint would have given. Debug stores nothing and checks neither
 * secret nor measurement id. Rules from the protocol reference, the event reference, the pages on sending and
 * validating events and on user-provided data, read 2026-11.
 *
 * Deliberately stricter than the pages: digests in lower case only, and ten custom parameters per item (the older
 * of two published limits). No stricter: a `client_id` of any form is counted, and so is an event without the items
 * that the event reference asks for. No page says that collection drops either; debug tells of the items.
 */

import {
  EMPTY_DIGEST, duplicateKeys, isAddress, isCurrency, isDigest, isNumber, isObject, isText, looksHashed, readJson, words,
} from "../checks.mjs";

const HOUR_MICROS = 3_600_000_000;
const MAX_BODY = 130_000;

const BODY_KEYS = words(`client_id app_instance_id user_id timestamp_micros events user_properties user_data consent
  non_personalized_ads user_location ip_override device user_agent validation_behavior`);
const RESERVED_EVENTS = words(`ad_activeview ad_click ad_exposure ad_query ad_reward adunit_exposure app_clear_data app_exception
  app_install app_remove app_store_refund app_update app_upgrade dynamic_link_app_open dynamic_link_app_update
  dynamic_link_first_open error firebase_campaign firebase_in_app_message_action firebase_in_app_message_dismiss
  firebase_in_app_message_impression first_open first_visit notification_dismiss notification_foreground
  notification_open notification_receive notification_send os_update session_start user_engagement`);
const APP_EVENTS = words("ad_impression in_app_purchase screen_view");
const RESERVED_PARAM = /^(?:_|firebase_|ga_|google_|gtag\.)/;
const RESERVED_PROPERTIES = words("first_open_time first_visit_time last_deep_link_referrer user_id first_open_after_install");
const RESERVED_PROPERTY = /^(?:_|firebase_|ga_|google_)/;
const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;
const LOCATION_KEYS = words("city region_id country_id subcontinent_id continent_id");
const DEVICE_KEYS = words("category language screen_resolution operating_system operating_system_version model brand browser browser_version");
const ITEM_KEYS = words(`item_id item_name affiliation coupon discount index item_brand item_category item_category2 item_category3
  item_category4 item_category5 item_list_id item_list_name item_variant location_id price quantity google_business_vertical`);
const NEED_ITEMS = words("view_item view_item_list select_item add_to_cart remove_from_cart add_to_wishlist view_cart begin_checkout add_payment_info add_shipping_info purchase");
const TEXT_PARAMS = words(`transaction_id search_term coupon payment_type shipping_tier method item_list_id item_list_name
  page_location page_title page_referrer currency customer_type lead_source affiliation`);
const NUMBER_PARAMS = words("value tax shipping");

/** @type {Record<string, number>} */
const LENGTHS = { page_title: 300, page_referrer: 420, page_location: 1000 };

/**
 * @typedef {'VALUE_INVALID' | 'VALUE_REQUIRED' | 'NAME_INVALID' | 'NAME_RESERVED' | 'VALUE_OUT_OF_BOUNDS' | 'EXCEEDED_MAX_ENTITIES' | 'NAME_DUPLICATED'} Code
 * @typedef {{fieldPath: string, description: string, validationCode: Code}} Message
 */

/** One reading of one body: collects messages, notes and violations. */
class Reading {
  /** @type {Message[]} */
  messages = [];
  /** @type {string[]} */
  notes = [];
  /** @type {import("../types.mjs").Finding[]} */
  violations = [];

  /**
   * @param {{now: number, types: boolean, age: 'refuse' | 'clamp' | 'ignore', app: boolean, debug?: boolean}} mode
   *   `types` turns on checks of types and sizes, `debug` those of what is recommended and dropped by nobody.
   */
  constructor(mode) {
    this.mode = mode;
  }

  /**
   * @param {boolean} holds
   * @param {Code} validationCode
   * @param {string} fieldPath
   * @param {string} rule
   */
  must(holds, validationCode, fieldPath, rule) {
    if (!holds) this.messages.push({ fieldPath, description: `${fieldPath || "The request"} ${rule}.`, validationCode });
    return holds;
  }

  /**
   * @param {unknown} value
   * @param {string} path
   */
  timestamp(value, path) {
    const micros = Number(value);
    const { now, age } = this.mode;
    const whole = Number.isInteger(value) || (typeof value === "string" && /^\d+$/.test(value));
    if (!this.must(whole, "VALUE_INVALID", path, "is not a whole number")) return;
    // Seconds and milliseconds read as 1970, nanoseconds as the far future.
    const plausible = micros >= Date.UTC(2015, 0, 1) * 1000 && micros <= now * 1000 + 24 * HOUR_MICROS;
    if (!this.must(plausible, "VALUE_OUT_OF_BOUNDS", path, "is not in microseconds")) {
      this.violations.push({ kind: "timestamp_not_in_microseconds", where: path });
      return;
    }
    if (micros > now * 1000 + 60_000_000) this.violations.push({ kind: "timestamp_in_the_future", where: path });
    if (micros < now * 1000 - 72 * HOUR_MICROS) {
      if (age === "refuse") this.must(false, "VALUE_OUT_OF_BOUNDS", path, "is more than 72 hours old");
      else if (age === "clamp") this.notes.push(`${path} is more than 72 hours old: moved to the limit`);
    }
  }

  /**
   * @param {unknown} value
   * @param {string} path
   * @param {Set<string>} keys
   */
  textObject(value, path, keys) {
    if (!isObject(value)) {
      this.must(false, "VALUE_INVALID", path, "is not an object");
      return;
    }
    for (const [key, one] of Object.entries(value)) {
      this.must(keys.has(key), "VALUE_INVALID", `${path}.${key}`, "is not a field");
      this.must(isText(one), "VALUE_INVALID", `${path}.${key}`, "is not a text");
    }
  }

  /**
   * Everything but the events.
   * @param {Record<string, unknown>} body
   */
  head(body) {
    for (const key of Object.keys(body)) this.must(BODY_KEYS.has(key), "VALUE_INVALID", key, "is not a field of the request");
    if (this.mode.app) {
      this.must(isText(body.app_instance_id), "VALUE_REQUIRED", "app_instance_id", "is required");
    } else {
      this.must(body.app_instance_id === undefined, "VALUE_INVALID", "app_instance_id", "belongs to app streams");
      if (this.must(isText(body.client_id), "VALUE_REQUIRED", "client_id", "is required")) {
        const known = /^(?:GA\d+\.[\d-]+\.)?\d+\.\d+$/.test(String(body.client_id));
        if (!known) this.notes.push("client_id is neither number.number nor a _ga cookie");
      }
    }
    if (body.user_id !== undefined) {
      this.must(isText(body.user_id) && [...body.user_id].length <= 256, "VALUE_INVALID", "user_id", "is not a text of up to 256 characters");
    }
    if (body.timestamp_micros !== undefined) this.timestamp(body.timestamp_micros, "timestamp_micros");
    if (body.ip_override !== undefined) this.must(isAddress(body.ip_override), "VALUE_INVALID", "ip_override", "is not an IP address");
    if (body.user_agent !== undefined) {
      this.must(isText(body.user_agent) && !looksHashed(body.user_agent), "VALUE_INVALID", "user_agent", "is not a user agent");
    }
    if (body.device !== undefined) this.textObject(body.device, "device", DEVICE_KEYS);
    if (body.user_location !== undefined) {
      this.textObject(body.user_location, "user_location", LOCATION_KEYS);
      const place = isObject(body.user_location) ? body.user_location : {};
      /** @type {[string, RegExp][]} */
      const shapes = [["region_id", /^[A-Z]{2}-[A-Z0-9]{1,3}$/], ["country_id", /^[A-Z]{2}$/], ["subcontinent_id", /^\d{3}$/], ["continent_id", /^\d{3}$/]];
      for (const [key, shape] of shapes) {
        if (place[key] !== undefined) this.must(shape.test(String(place[key])), "VALUE_INVALID", `user_location.${key}`, "has the wrong form");
      }
    }
    if (body.non_personalized_ads !== undefined) {
      this.must(typeof body.non_personalized_ads === "boolean", "VALUE_INVALID", "non_personalized_ads", "is not a boolean");
      this.violations.push({ kind: "deprecated_field", where: "non_personalized_ads" });
    }
    if (body.validation_behavior !== undefined) {
      this.must(["RELAXED", "ENFORCE_RECOMMENDATIONS"].includes(String(body.validation_behavior)), "VALUE_INVALID", "validation_behavior", "is unknown");
    }
    if (body.consent !== undefined) this.consent(body.consent);
    if (body.user_properties !== undefined) this.userProperties(body.user_properties);
    if (body.user_data !== undefined) {
      this.userData(body.user_data);
      if (isObject(body.consent) && body.consent.ad_user_data === "DENIED") {
        this.violations.push({ kind: "user_data_without_consent", where: "user_data" });
      }
    }
  }

  /** @param {unknown} consent */
  consent(consent) {
    if (!isObject(consent)) {
      this.must(false, "VALUE_INVALID", "consent", "is not an object");
      return;
    }
    for (const [key, value] of Object.entries(consent)) {
      this.must(key === "ad_user_data" || key === "ad_personalization", "VALUE_INVALID", `consent.${key}`, "is not a consent");
      this.must(value === "GRANTED" || value === "DENIED", "VALUE_INVALID", `consent.${key}`, "is neither GRANTED nor DENIED");
    }
  }

  /** @param {unknown} properties */
  userProperties(properties) {
    if (!isObject(properties)) {
      this.must(false, "VALUE_INVALID", "user_properties", "is not an object");
      return;
    }
    const entries = Object.entries(properties);
    this.must(entries.length <= 25, "EXCEEDED_MAX_ENTITIES", "user_properties", "holds more than 25");
    for (const [name, property] of entries) {
      const path = `user_properties.${name}`;
      if (RESERVED_PROPERTIES.has(name) || RESERVED_PROPERTY.test(name)) this.must(false, "NAME_RESERVED", path, "has a reserved name");
      else this.must(NAME.test(name) && name.length <= 24, "NAME_INVALID", path, "is not a name of up to 24 characters");
      if (!isObject(property)) {
        this.must(false, "VALUE_INVALID", path, "is not an object with a value");
        continue;
      }
      for (const key of Object.keys(property)) this.must(key === "value" || key === "timestamp_micros", "VALUE_INVALID", `${path}.${key}`, "is not a field");
      if (property.timestamp_micros !== undefined) this.timestamp(property.timestamp_micros, `${path}.timestamp_micros`);
      const { value } = property;
      this.must(value !== undefined, "VALUE_REQUIRED", `${path}.value`, "is required");
      if (this.mode.types) {
        this.must(["string", "number", "boolean", "undefined"].includes(typeof value), "VALUE_INVALID", `${path}.value`, "is not a plain value");
        this.must(typeof value !== "string" || [...value].length <= 36, "VALUE_OUT_OF_BOUNDS", `${path}.value`, "is longer than 36 characters");
      }
    }
  }

  /** @param {unknown} data */
  userData(data) {
    if (!isObject(data)) {
      this.must(false, "VALUE_INVALID", "user_data", "is not an object");
      return;
    }
    for (const [key, value] of Object.entries(data)) {
      const path = `user_data.${key}`;
      const list = Array.isArray(value) ? value : [value];
      if (key === "sha256_email_address" || key === "sha256_phone_number") {
        this.must(list.length >= 1, "VALUE_INVALID", path, "is empty");
        this.must(list.length <= 3, "EXCEEDED_MAX_ENTITIES", path, "holds more than 3");
        list.forEach((one, index) => this.digest(one, `${path}[${index}]`));
      } else if (key === "address") {
        this.must(list.length >= 1, "VALUE_INVALID", path, "is empty");
        this.must(list.length <= 2, "EXCEEDED_MAX_ENTITIES", path, "holds more than 2");
        list.forEach((one, index) => this.address(one, `${path}[${index}]`));
      } else this.must(false, "VALUE_INVALID", path, "is not a field of user_data");
    }
  }

  /**
   * @param {unknown} value
   * @param {string} path
   */
  digest(value, path) {
    this.must(isDigest(value), "VALUE_INVALID", path, value === EMPTY_DIGEST ? "is the digest of an empty string" : "is not a SHA-256 in lower-case hex");
  }

  /**
   * @param {unknown} address
   * @param {string} path
   */
  address(address, path) {
    if (!isObject(address)) {
      this.must(false, "VALUE_INVALID", path, "is not an object");
      return;
    }
    for (const [key, value] of Object.entries(address)) {
      const where = `${path}.${key}`;
      if (["sha256_first_name", "sha256_last_name", "sha256_street"].includes(key)) {
        this.digest(value, where);
        continue;
      }
      if (!this.must(isText(value) && !looksHashed(value), "VALUE_INVALID", where, "is not a plain text")) continue;
      const text = String(value);
      if (key === "city" || key === "region") {
        this.must(text === text.toLowerCase() && text === text.trim() && !/[\p{N}\p{P}\p{S}]/u.test(text), "VALUE_INVALID", where, "is not lower-case letters");
      } else if (key === "postal_code") this.must(text === text.trim() && !/[.~]/.test(text), "VALUE_INVALID", where, "holds . or ~ or outer spaces");
      else if (key === "country") this.must(/^[A-Z]{2}$/.test(text), "VALUE_INVALID", where, "is not a two-letter country code");
      else this.must(false, "VALUE_INVALID", where, "is not a field of an address");
    }
  }

  /**
   * @param {unknown} event
   * @param {string} at
   */
  event(event, at) {
    if (!isObject(event)) {
      this.must(false, "VALUE_INVALID", at, "is not an object");
      return;
    }
    for (const key of Object.keys(event)) this.must(key === "name" || key === "params", "VALUE_INVALID", `${at}.${key}`, "is not a field of an event");
    const name = event.name;
    if (typeof name !== "string" || name === "") {
      this.must(false, "VALUE_REQUIRED", `${at}.name`, "is required");
      return;
    }
    if (RESERVED_EVENTS.has(name) || (APP_EVENTS.has(name) && !this.mode.app)) this.must(false, "NAME_RESERVED", `${at}.name`, "is reserved");
    else this.must(NAME.test(name) && name.length <= 40, "NAME_INVALID", `${at}.name`, "is not a name of up to 40 characters");
    if (event.params !== undefined && !isObject(event.params)) {
      this.must(false, "VALUE_INVALID", `${at}.params`, "is not an object");
      return;
    }
    const params = isObject(event.params) ? event.params : {};
    this.params(params, `${at}.params`);
    this.recommended(name, params, `${at}.params`);
  }

  /**
   * @param {Record<string, unknown>} params
   * @param {string} at
   */
  params(params, at) {
    this.must(Object.keys(params).length <= 25, "EXCEEDED_MAX_ENTITIES", at, "holds more than 25");
    for (const [key, value] of Object.entries(params)) {
      const path = `${at}.${key}`;
      if (key === "firebase_conversion" || RESERVED_PARAM.test(key)) {
        this.must(false, "NAME_RESERVED", path, "has a reserved name");
        continue;
      }
      this.must(NAME.test(key) && key.length <= 40, "NAME_INVALID", path, "is not a name of up to 40 characters");
      if (key === "items") this.items(value, path);
      else if (key === "session_id") this.must(/^\d+$/.test(String(value)) && typeof value !== "object", "VALUE_INVALID", path, "is not digits");
      else if (key === "engagement_time_msec") this.must(Number.isInteger(value) && Number(value) > 0, "VALUE_INVALID", path, "is not a whole number above 0");
      else if (key === "timestamp_micros") this.timestamp(value, path);
      else if (key === "currency") this.must(isCurrency(value), "VALUE_INVALID", path, "is not an ISO 4217 currency code");
      else if (key === "debug_mode") {
        // `false` does not switch it off: GA4 shows the event in DebugView all the same.
        if (value !== true && value !== 1) this.violations.push({ kind: "debug_mode_not_true", where: path });
      } else if (this.mode.types) {
        this.plain(value, path, LENGTHS[key] ?? 100);
        if (TEXT_PARAMS.has(key)) this.must(typeof value === "string", "VALUE_INVALID", path, "is not a text");
        if (NUMBER_PARAMS.has(key)) this.must(isNumber(value), "VALUE_INVALID", path, "is not a number");
      }
    }
  }

  /**
   * @param {unknown} value
   * @param {string} path
   * @param {number} longest
   */
  plain(value, path, longest) {
    this.must(["string", "number", "boolean"].includes(typeof value), "VALUE_INVALID", path, "is not a text, number or boolean");
    this.must(typeof value !== "string" || [...value].length <= longest, "VALUE_OUT_OF_BOUNDS", path, `is longer than ${longest} characters`);
  }

  /**
   * @param {unknown} items
   * @param {string} at
   */
  items(items, at) {
    if (!Array.isArray(items)) {
      this.must(false, "VALUE_INVALID", at, "is not a list");
      return;
    }
    this.must(items.length <= 200, "EXCEEDED_MAX_ENTITIES", at, "holds more than 200");
    items.forEach((item, index) => {
      const path = `${at}[${index}]`;
      if (!isObject(item)) {
        this.must(false, "VALUE_INVALID", path, "is not an object");
        return;
      }
      /** @param {unknown} id */
      const names = (id) => isText(id) || isNumber(id);
      this.must(names(item.item_id) || names(item.item_name), "VALUE_REQUIRED", path, "needs item_id or item_name");
      const custom = Object.keys(item).filter((key) => !ITEM_KEYS.has(key));
      this.must(custom.length <= 10, "EXCEEDED_MAX_ENTITIES", path, "holds more than 10 custom parameters");
      for (const key of custom) {
        if (RESERVED_PARAM.test(key)) this.must(false, "NAME_RESERVED", `${path}.${key}`, "has a reserved name");
        else this.must(NAME.test(key) && key.length <= 40, "NAME_INVALID", `${path}.${key}`, "is not a name of up to 40 characters");
      }
      if (!this.mode.types) return;
      for (const [key, value] of Object.entries(item)) {
        this.plain(value, `${path}.${key}`, 100);
        if (key === "price" || key === "discount") this.must(isNumber(value), "VALUE_INVALID", `${path}.${key}`, "is not a number");
        if (key === "quantity") this.must(isNumber(value) && value > 0, "VALUE_INVALID", `${path}.${key}`, "is not a number above 0");
        if (key === "index") this.must(Number.isInteger(value), "VALUE_INVALID", `${path}.${key}`, "is not a whole number");
      }
    });
  }

  /**
   * What the event reference requires of each event, and what reports need.
   * @param {string} name
   * @param {Record<string, unknown>} params
   * @param {string} at
   */
  recommended(name, params, at) {
    if (NEED_ITEMS.has(name)) {
      const { items } = params;
      const there = items !== undefined && !(Array.isArray(items) && items.length === 0);
      if (this.mode.debug) this.must(there, "VALUE_REQUIRED", `${at}.items`, "is required");
      else if (!there) this.notes.push("no items: the reports by item leave the event out");
    }
    if (name === "purchase" || name === "refund") {
      // An empty id is worse than none: all such purchases count as duplicates of each other.
      const id = params.transaction_id;
      this.must(id !== undefined && id !== null && String(id).trim() !== "", "VALUE_REQUIRED", `${at}.transaction_id`, "is required");
    }
    if (name === "search") this.must(isText(params.search_term), "VALUE_REQUIRED", `${at}.search_term`, "is required");
    if (params.value !== undefined) this.must(params.currency !== undefined, "VALUE_REQUIRED", `${at}.currency`, "is required with value");
    if (name === "purchase" && params.value === undefined) this.violations.push({ kind: "purchase_without_value", where: `${at}.value` });
    if (params.engagement_time_msec === undefined) this.violations.push({ kind: "engagement_time_missing", where: `${at}.engagement_time_msec` });
    if (params.session_id === undefined) this.notes.push("no session_id: most reports leave the event out");
  }
}

/**
 * @param {Record<string, unknown>} body
 * @param {Reading} reading
 */
function checkCount(body, reading) {
  const { events } = body;
  if (events === undefined) {
    reading.must(body.user_data !== undefined, "VALUE_REQUIRED", "events", "is required");
    return;
  }
  if (!reading.must(Array.isArray(events), "VALUE_INVALID", "events", "is not a list") || !Array.isArray(events)) return;
  reading.must(events.length >= 1, "VALUE_REQUIRED", "events", "is empty");
  reading.must(events.length <= 25, "EXCEEDED_MAX_ENTITIES", "events", "holds more than 25");
}

/**
 * @param {import("../types.mjs").TwinRequest} request
 * @param {Reading} reading
 * @returns {Record<string, unknown> | null}
 */
function open(request, reading) {
  reading.must(request.body.length < MAX_BODY, "VALUE_OUT_OF_BOUNDS", "", "is not smaller than 130 kB");
  const json = readJson(request.body);
  if (!json.ok || !isObject(json.value)) {
    reading.must(false, "VALUE_INVALID", "", "is not a JSON object");
    return null;
  }
  for (const key of duplicateKeys(json.text)) reading.must(false, "NAME_DUPLICATED", key, "occurs twice in one object");
  return json.value;
}

/** @param {unknown} event */
function nameOf(event) {
  return isObject(event) && typeof event.name === "string" ? event.name : "(none)";
}

/** @param {unknown} event */
function idOf(event) {
  const params = isObject(event) && isObject(event.params) ? event.params : {};
  const id = params.transaction_id ?? params.event_id;
  return typeof id === "string" || typeof id === "number" ? String(id) : undefined;
}

/**
 * @param {import("../types.mjs").TwinRequest} request
 * @returns {import("../types.mjs").Answer}
 */
function debug(request) {
  const probe = readJson(request.body);
  const enforce = probe.ok && isObject(probe.value) && probe.value.validation_behavior === "ENFORCE_RECOMMENDATIONS";
  const reading = new Reading({ now: request.now, types: enforce, age: enforce ? "refuse" : "ignore", app: request.query.has("firebase_app_id"), debug: true });
  const body = open(request, reading);
  if (body) {
    reading.head(body);
    checkCount(body, reading);
    if (Array.isArray(body.events)) body.events.forEach((event, index) => reading.event(event, `events[${index}]`));
  }
  return { status: 200, body: { validationMessages: reading.messages }, verdict: "validated", violations: reading.violations };
}

/**
 * @param {import("../types.mjs").TwinRequest} request
 * @param {import("../types.mjs").PlatformState} state
 * @returns {import("../types.mjs").Answer}
 */
function collect(request, state) {
  const app = request.query.has("firebase_app_id");
  const mode = { now: request.now, types: true, age: /** @type {const} */ ("clamp"), app };
  const whole = new Reading(mode);
  const stream = (app ? request.query.get("firebase_app_id") : request.query.get("measurement_id")) ?? "";
  whole.must(request.method === "POST", "VALUE_INVALID", "", "is not a POST");
  whole.must(app || /^G-[A-Z0-9]+$/.test(stream), "VALUE_INVALID", "measurement_id", "is not G-…");
  whole.must(isText(request.query.get("api_secret")), "VALUE_REQUIRED", "api_secret", "is required");
  for (const key of request.query.keys()) {
    if (!["measurement_id", "api_secret", "firebase_app_id"].includes(key)) whole.violations.push({ kind: "unknown_query_parameter", where: "query" });
  }
  if (!(request.headers["content-type"] ?? "").toLowerCase().startsWith("application/json")) {
    whole.violations.push({ kind: "content_type_not_json", where: "content-type" });
  }
  const body = open(request, whole);
  if (body) {
    whole.head(body);
    checkCount(body, whole);
    if (body.validation_behavior === "ENFORCE_RECOMMENDATIONS") {
      whole.violations.push({ kind: "enforce_recommendations_in_production", where: "validation_behavior" });
    }
  }
  if (state.revoked) whole.must(false, "VALUE_INVALID", "api_secret", "is revoked by script");

  /** @type {import("../types.mjs").ArrivedEvent[]} */
  const events = [];
  /** @type {import("../types.mjs").DroppedEvent[]} */
  const dropped = [];
  const { events: _, ...context } = body ?? {};
  const list = body && Array.isArray(body.events) ? body.events : [];
  let condemned = false;
  list.forEach((event, index) => {
    const reading = new Reading(mode);
    reading.event(event, `events[${index}]`);
    whole.violations.push(...reading.violations);
    const name = nameOf(event);
    const id = idOf(event);
    if (id !== undefined && state.rejectIds.has(id)) {
      condemned = true;
      reading.must(false, "VALUE_INVALID", `events[${index}]`, "is refused by script");
    }
    const messages = [...whole.messages, ...reading.messages];
    if (messages.length > 0) {
      dropped.push({ name, id, event, messages });
      return;
    }
    const key = name === "purchase" && !app ? JSON.stringify([stream, String(context.client_id), id]) : undefined;
    events.push({ name, id, key, event, context: { measurement_id: stream, ...context }, notes: [...whole.notes, ...reading.notes] });
  });
  if (list.length === 0 && whole.messages.length > 0) {
    dropped.push({ name: "(request)", event: null, messages: whole.messages });
  }
  const first = dropped[0]?.messages[0];
  return {
    status: 204,
    verdict: dropped.length > 0 && events.length === 0 ? "rejected" : "accepted",
    reason: isObject(first) ? String(first.description) : undefined,
    scripted: state.revoked ? "revoke_token" : condemned ? "reject_event_id" : undefined,
    events,
    dropped,
    violations: whole.violations,
  };
}

/** @type {import("../types.mjs").Platform} */
export const ga4 = {
  name: "ga4",
  hosts: ["www.google-analytics.com", "region1.google-analytics.com"],

  handle(request, state) {
    if (request.path === "/mp/collect") return collect(request, state);
    if (request.path === "/debug/mp/collect") return debug(request);
    return { status: 404, body: "", verdict: "rejected", reason: "path: is neither /mp/collect nor /debug/mp/collect" };
  },

  errorBody() {
    return "<!DOCTYPE html><html><title>Error</title><p>The service is temporarily unavailable.</html>";
  },
};
