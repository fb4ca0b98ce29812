/**
 * TikTok Events API 2.0: `POST business-api.tiktok.com/open_api/v1.3/event/track/`.
 *
 * The HTTP status separates nothing: the body's `code` decides, and a refused event comes with 200. All or
 * nothing: one invalid event refuses the request. TikTok checks types and required fields; misspelt keys and
 * identifiers that match nobody it takes with `code` 0, so those are violations here. Rules from the portal's
 * pages on Events API parameters, web setup, click id, cookie, event deduplication, responses and errors, and
 * from the server template that TikTok publishes, read 2026-11. Where they leave a message's wording open, it is
 * `path: rule` like the ones on record.
 */

import { randomBytes } from "node:crypto";
import {
  EMPTY_DIGEST, Refusal, duplicateKeys, isAddress, isCurrency, isDigest, isNumber, isObject, isPrivateAddress, isText,
  isWebAddress, looksHashed, mediaType, minorDigits, must, readJson, words,
} from "../checks.mjs";
import { credentials } from "../credentials.mjs";

/** @typedef {import("../types.mjs").Finding} Finding */

const PATH = "/open_api/v1.3/event/track/";
const BAD_TOKEN = "Access token is incorrect or has been revoked";
const DAY = 86_400;
const WINDOW = 48 * 3_600_000;

const SOURCES = words("web app offline crm");
const ROOT_KEYS = words("event_source event_source_id partner_name test_event_code data");
const EVENT_KEYS = words("event event_time event_id user page properties limited_data_use app ad lead");
const HASHED = words("email phone external_id first_name last_name zip_code");
const LISTED = words("email phone");
const PLACES = words("city state country");
const VERBATIM = words("ttclid ttp ip user_agent locale");
const APP_USER_KEYS = words("idfa idfv gaid att_status");
const IDENTIFIERS = words("email phone external_id ttclid ttp idfa idfv gaid");
const PAGE_KEYS = words("url referrer");
const APP_KEYS = words("app_id app_name app_version");
const AD_KEYS = words("callback campaign_id ad_id creative_id is_retargeting attributed attribution_type attribution_provider");
const LEAD_KEYS = words("lead_id lead_event_source");
const NUMBERS = words("value predicted_ltv price");
const WHOLE_NUMBERS = words("num_items quantity");
/** Without the fields for travel and vehicles. */
const PROPERTY_KEYS = words(`value currency contents content_ids content_type num_items query search_string description order_id shop_id
  status delivery_category predicted_ltv`);
const CONTENT_KEYS = words("content_id content_name content_category brand price quantity");
const DELIVERY = words("in_store curbside home_delivery");

const STANDARD = [...words(`AddPaymentInfo AddToCart AddToWishlist ApplicationApproval CompleteRegistration Contact CustomizeProduct
  Download FindLocation InitiateCheckout Lead PageView Pageview Purchase Schedule Search StartTrial SubmitApplication Subscribe ViewContent`)];
/** Names that TikTok keeps for itself. */
const RESERVED = words(`AddBilling Browse Checkout ClickForm ClickInDownloadPage ClickToDownload Consult ConsultByPhone Registration
  StartCheckout ViewConsultationPage ViewDownloadPage ViewForm`);
/** Renamed in May 2025; the old name still arrives as the new one. */
const RENAMED = new Map([["CompletePayment", "Purchase"], ["SubmitForm", "Lead"]]);
/** Announced to end in 2027. */
const ENDING = words("ClickButton PlaceAnOrder");

/** `20261124120000` and twenty hex digits, as in the answers on record. @param {number} now */
function requestId(now) {
  return new Date(now).toISOString().replace(/\D/g, "").slice(0, 14) + randomBytes(10).toString("hex").toUpperCase();
}

/**
 * @param {number} code
 * @param {string} message
 * @param {number} now
 */
function reply(code, message, now) {
  return { code, message, request_id: requestId(now), data: {} };
}

/**
 * @param {number} status
 * @param {number} code
 * @param {string} message
 * @param {number} now
 * @param {string} [reason]
 * @returns {import("../types.mjs").Answer}
 */
function refused(status, code, message, now, reason = message) {
  return { status, body: reply(code, message, now), verdict: "rejected", reason };
}

/** One reading of one request: refuses by throwing, and collects what TikTok would pass over. */
class Reading {
  /** @type {Finding[]} */
  found = [];

  /** @param {number} now Unix milliseconds. */
  constructor(now) {
    this.now = now;
  }

  /**
   * @param {boolean} wrong
   * @param {string} kind
   * @param {string} where
   */
  mark(wrong, kind, where) {
    if (wrong) this.found.push({ kind, where });
  }

  /**
   * The entries that carry a value; a null and a key that nobody knows are marked and left out.
   * @param {Record<string, unknown>} object
   * @param {string} at
   * @param {(key: string) => boolean} known
   */
  entries(object, at, known) {
    return Object.entries(object).filter(([key, value]) => {
      const where = at ? `${at}.${key}` : key;
      if (!known(key)) this.found.push({ kind: "unknown_key", where });
      else if (value === null) this.found.push({ kind: "null_value", where });
      else return true;
      return false;
    });
  }

  /**
   * @param {unknown} value
   * @param {string} at
   */
  text(value, at) {
    must(typeof value === "string", at, "Not a valid string");
    this.mark(!isText(value), "empty_text", at);
  }

  /**
   * @param {unknown} value
   * @param {string} at
   */
  number(value, at) {
    // A numeric text may be read as a number; no page says so, and none asks for it.
    const numeric = typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value));
    must(isNumber(value) || numeric, at, "Not a valid number");
    this.mark(!isNumber(value), "number_as_text", at);
    this.mark(Number(value) < 0, "negative_number", at);
  }

  /**
   * @param {unknown} value
   * @param {string} at
   * @returns {Record<string, unknown>}
   */
  object(value, at) {
    if (!isObject(value)) throw new Refusal(at, "Not a valid mapping type");
    return value;
  }

  /**
   * @param {unknown} event
   * @param {string} at
   * @param {string} source
   * @returns {Record<string, unknown>}
   */
  event(event, at, source) {
    const given = this.object(event, at);
    this.entries(given, at, (key) => EVENT_KEYS.has(key));
    const { event: name, event_time: time, event_id: id, page, properties, limited_data_use: limited } = given;

    must(name !== undefined && name !== null && name !== "", `${at}.event`, "Missing data for required field");
    this.text(name, `${at}.event`);
    this.name(String(name), `${at}.event`);

    must(time !== undefined && time !== null, `${at}.event_time`, "Missing data for required field");
    must(Number.isSafeInteger(time), `${at}.event_time`, "Not a valid integer");
    this.time(Number(time), `${at}.event_time`, source);

    // Needed only beside a pixel, but a sender that repeats a lost request counts twice without it.
    if (id === undefined || id === null) this.found.push({ kind: "event_id_missing", where: `${at}.event_id` });
    else this.text(id, `${at}.event_id`);

    if (limited !== undefined && limited !== null) must(typeof limited === "boolean", `${at}.limited_data_use`, "Not a valid boolean");

    let lead = false;
    if (given.lead !== undefined && given.lead !== null) {
      this.mark(source !== "crm", "field_of_another_event_source", `${at}.lead`);
      for (const [key, value] of this.entries(this.object(given.lead, `${at}.lead`), `${at}.lead`, (one) => LEAD_KEYS.has(one))) {
        this.text(value, `${at}.lead.${key}`);
        lead ||= key === "lead_id" && isText(value);
      }
    }
    for (const [key, keys] of /** @type {const} */ ([["app", APP_KEYS], ["ad", AD_KEYS]])) {
      if (given[key] === undefined || given[key] === null) continue;
      this.mark(source !== "app", "field_of_another_event_source", `${at}.${key}`);
      this.entries(this.object(given[key], `${at}.${key}`), `${at}.${key}`, (one) => keys.has(one));
    }

    // One page requires `user`, another does not, and a call without it was answered with code 0.
    const user = given.user === undefined || given.user === null ? {} : this.object(given.user, `${at}.user`);
    this.user(user, `${at}.user`, source);
    const known = Object.keys(user).some((key) => IDENTIFIERS.has(key)) || (user.ip !== undefined && user.user_agent !== undefined);
    this.mark(!known && !lead, "no_identifier", `${at}.user`);

    if (source === "web" || (page !== undefined && page !== null)) {
      must(page !== undefined && page !== null, `${at}.page`, "Missing data for required field");
      const view = this.object(page, `${at}.page`);
      must(source !== "web" || (view.url !== undefined && view.url !== null), `${at}.page.url`, "Missing data for required field");
      for (const [key, value] of this.entries(view, `${at}.page`, (one) => PAGE_KEYS.has(one))) {
        this.text(value, `${at}.page.${key}`);
        this.mark(isText(value) && !isWebAddress(value), "not_a_web_address", `${at}.page.${key}`);
      }
    }
    if (properties !== undefined && properties !== null) this.properties(this.object(properties, `${at}.properties`), `${at}.properties`);
    return given;
  }

  /**
   * @param {string} name
   * @param {string} at
   */
  name(name, at) {
    const plain = name.toLowerCase().replace(/[_\s-]/g, "");
    this.mark(!STANDARD.includes(name) && STANDARD.some((one) => one.toLowerCase() === plain), "standard_event_name_misspelt", at);
    this.mark(RESERVED.has(name), "reserved_event_name", at);
    this.mark(RENAMED.has(name), "renamed_event_name", at);
    this.mark(ENDING.has(name), "event_name_about_to_end", at);
  }

  /**
   * No page gives an oldest or a latest time.
   * @param {number} time
   * @param {string} at
   * @param {string} source
   */
  time(time, at, source) {
    const seconds = Math.floor(this.now / 1000);
    if (time > 1e11) this.found.push({ kind: "event_time_not_in_seconds", where: at });
    else if (time > seconds) this.found.push({ kind: "event_time_in_the_future", where: at });
    else this.mark((source === "web" || source === "app" || time <= 0) && time < seconds - 7 * DAY, "event_time_older_than_7_days", at);
  }

  /**
   * @param {Record<string, unknown>} user
   * @param {string} at
   * @param {string} source
   */
  user(user, at, source) {
    const known = (/** @type {string} */ key) => HASHED.has(key) || PLACES.has(key) || VERBATIM.has(key) || APP_USER_KEYS.has(key);
    for (const [key, value] of this.entries(user, at, known)) {
      const where = `${at}.${key}`;
      if (Array.isArray(value) && LISTED.has(key)) {
        this.mark(value.length === 0, "empty_list", where);
        value.forEach((one, index) => this.digest(one, `${where}.${index}`));
      } else if (HASHED.has(key)) {
        this.digest(value, where);
      } else {
        this.text(value, where);
        this.mark(looksHashed(value) && !APP_USER_KEYS.has(key), "hashed_but_wanted_in_clear", where);
        this.mark(APP_USER_KEYS.has(key) && source !== "app", "field_of_another_event_source", where);
        if (isText(value) && !looksHashed(value)) this.clear(key, value, where);
      }
    }
  }

  /**
   * @param {unknown} value
   * @param {string} at
   */
  digest(value, at) {
    must(typeof value === "string", at, "Not a valid string");
    if (value === EMPTY_DIGEST) this.found.push({ kind: "digest_of_nothing", where: at });
    else this.mark(!isDigest(value), "not_a_sha256", at);
  }

  /**
   * @param {string} key
   * @param {string} value
   * @param {string} at
   */
  clear(key, value, at) {
    switch (key) {
      case "ip":
        if (!isAddress(value)) this.found.push({ kind: "not_an_ip_address", where: at });
        else this.mark(isPrivateAddress(value), "private_ip_address", at);
        break;
      case "locale":
        this.mark(!isLocale(value), "not_a_locale", at);
        break;
      case "country":
        this.mark(!isCountry(value), "not_a_country", at);
        break;
      case "city": case "state":
        this.mark(/[\p{Lu}\p{P}\p{Z}\s]/u.test(value), "not_normalised", at);
        break;
      case "ttclid": case "ttp":
        this.mark(/\s|%[0-9A-F]{2}/i.test(value), "not_verbatim", at);
        break;
    }
  }

  /**
   * @param {Record<string, unknown>} properties
   * @param {string} at
   */
  properties(properties, at) {
    for (const [key, value] of this.entries(properties, at, (one) => PROPERTY_KEYS.has(one))) {
      const where = `${at}.${key}`;
      if (key === "contents") {
        if (!Array.isArray(value)) throw new Refusal(where, "Not a valid list");
        this.mark(value.length === 0, "empty_list", where);
        value.forEach((item, index) => this.content(this.object(item, `${where}.${index}`), `${where}.${index}`));
      } else if (key === "content_ids") {
        if (!Array.isArray(value)) throw new Refusal(where, "Not a valid list");
        this.mark(value.length === 0, "empty_list", where);
        value.forEach((id, index) => this.text(id, `${where}.${index}`));
      } else this.scalar(key, value, where);
    }
    const { value, currency } = properties;
    this.mark(isNumber(value) && !isText(currency), "value_without_currency", `${at}.value`);
    if (isNumber(value) && isCurrency(currency)) {
      const digits = minorDigits(String(currency));
      this.mark(Number(value.toFixed(digits)) !== value, "more_decimals_than_the_currency_has", `${at}.value`);
    }
  }

  /**
   * @param {Record<string, unknown>} item
   * @param {string} at
   */
  content(item, at) {
    for (const [key, value] of this.entries(item, at, (one) => CONTENT_KEYS.has(one))) this.scalar(key, value, `${at}.${key}`);
    this.mark(Object.keys(item).length === 0, "empty_object", at);
  }

  /**
   * @param {string} key
   * @param {unknown} value
   * @param {string} at
   */
  scalar(key, value, at) {
    if (NUMBERS.has(key) || WHOLE_NUMBERS.has(key)) {
      this.number(value, at);
      this.mark(WHOLE_NUMBERS.has(key) && !Number.isInteger(Number(value)), "not_a_whole_number", at);
      this.mark(key === "quantity" && Number(value) === 0, "quantity_of_0", at);
      return;
    }
    this.text(value, at);
    const text = String(value);
    if (key === "currency") this.mark(!isCurrency(text) || text !== text.toUpperCase(), "not_a_currency", at);
    else if (key === "content_type") this.mark(text !== "product" && text !== "product_group", "unknown_content_type", at);
    else if (key === "delivery_category") this.mark(!DELIVERY.has(text), "unknown_delivery_category", at);
  }
}

/** @param {string} value */
function isLocale(value) {
  try {
    return Intl.getCanonicalLocales(value)[0]?.toLowerCase() === value.toLowerCase();
  } catch {
    return false;
  }
}

const REGIONS = new Intl.DisplayNames(["en"], { type: "region", fallback: "none" });

/** ISO 3166-1 alpha-2 in lower case; `uk` is an alias and none. @param {string} value */
function isCountry(value) {
  if (!/^[a-z]{2}$/.test(value)) return false;
  const code = value.toUpperCase();
  return REGIONS.of(code) !== undefined && Intl.getCanonicalLocales(`und-${code}`)[0] === `und-${code}`;
}

/**
 * What Events Manager warns of and the response does not.
 * @param {Record<string, unknown>} event
 * @returns {string[]}
 */
function notes(event) {
  const contents = isObject(event.properties) && Array.isArray(event.properties.contents) ? event.properties.contents : [];
  const bare = contents.flatMap((item, index) => (isObject(item) && item.content_id === undefined ? [index] : []));
  return bare.map((index) => `properties.contents.${index}: no content_id, a warning in Events Manager`);
}

/** @type {import("../types.mjs").Platform} */
export const tiktok = {
  name: "tiktok",
  hosts: ["business-api.tiktok.com"],

  handle(request, state) {
    const { now } = request;
    const invalid = (/** @type {string} */ message) => refused(200, 40002, message, now);
    if (request.path !== PATH) return refused(404, 40002, "The requested path does not exist", now, `path: is not ${PATH}`);
    if (request.method !== "POST") return refused(405, 40002, "The method is not allowed", now, "method: is not POST");

    const token = request.headers["access-token"];
    if (!token) return refused(401, 40104, "Access token is empty", now, "access-token: missing");
    if (token !== credentials.tiktok.token) return refused(401, 40105, BAD_TOKEN, now, "access-token: unknown");
    if (state.revoked) return { ...refused(401, 40105, BAD_TOKEN, now, "access-token: revoked by script"), scripted: "revoke_token" };

    const type = mediaType(request.headers);
    if (type !== "application/json") return invalid("Content-Type: Must be application/json");
    const json = readJson(request.body);
    if (!json.ok || !isObject(json.value)) return invalid(`body: ${json.ok ? "Not a valid mapping type" : json.why}`);
    if (duplicateKeys(json.text).length > 0) return invalid("body: has a key twice in one object");

    const body = json.value;
    const reading = new Reading(now);
    try {
      reading.entries(body, "", (key) => ROOT_KEYS.has(key));
      reading.mark(request.query.size > 0, "unknown_query_parameter", "query");

      const { event_source: source, event_source_id: id, data } = body;
      must(source !== undefined && source !== null, "event_source", "Missing data for required field");
      must(typeof source === "string" && SOURCES.has(source), "event_source", "Must be one of: web, app, offline, crm");
      must(id !== undefined && id !== null && id !== "", "event_source_id", "Missing data for required field");
      must(typeof id === "string", "event_source_id", "Not a valid string");
      for (const key of ["partner_name", "test_event_code"]) if (body[key] !== undefined && body[key] !== null) reading.text(body[key], key);
      // The twin owns every data source that could be one.
      if (!/^[A-Za-z0-9]+$/.test(String(id))) {
        return refused(200, 40001, `No permission to operate event_source_id ${String(id)}`, now, "event_source_id: is no data source of this token");
      }
      must(data !== undefined && data !== null, "data", "Missing data for required field");
      if (!Array.isArray(data)) throw new Refusal("data", "Not a valid list");
      must(data.length >= 1 && data.length <= 1000, "data", "Length must be between 1 and 1000");
      const events = data.map((event, index) => reading.event(event, `Batch.${index}`, String(source)));

      const condemned = events.findIndex((event) => state.rejectIds.has(String(event.event_id)));
      if (condemned >= 0) return { ...invalid(`Batch.${condemned}.event_id: Invalid value`), scripted: "reject_event_id" };

      const answer = { status: 200, body: reply(0, "OK", now), violations: reading.found };
      if (isText(body.test_event_code)) return { ...answer, verdict: "validated" };
      const context = { event_source: source, event_source_id: id, partner_name: body.partner_name };
      return {
        ...answer,
        verdict: "accepted",
        events: events.map((event) => {
          const name = String(event.event);
          const eventId = isText(event.event_id) ? event.event_id : undefined;
          const key = eventId === undefined ? undefined : JSON.stringify([id, RENAMED.get(name) ?? name, eventId]);
          return { name, id: eventId, key, windowMs: WINDOW, event, context, notes: notes(event) };
        }),
      };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return invalid(error.message);
    }
  },

  errorBody(status) {
    const now = Date.now();
    if (status === 429) return reply(40100, "Requests made too frequently", now);
    if (status === 401) return reply(40105, BAD_TOKEN, now);
    if (status === 403) return reply(40001, "No permission", now);
    if (status >= 400 && status < 500) return reply(40002, "Invalid parameter", now);
    return reply(50000, "System error", now);
  },
};
