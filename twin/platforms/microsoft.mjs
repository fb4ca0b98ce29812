/**
 * Microsoft Advertising, UET Conversions API: `POST capi.uet.microsoft.com/v1/{tag id}/events`.
 *
 * With `continueOnValidationError` each event stands for itself: the answer is 200 and `error.details` names the
 * events that were left out, or of which a field was taken away (`isWarning`). Without it one invalid event refuses
 * the request. Rules from the Conversions API guide and from published connectors, read 2026-11. What those leave
 * open is taken, and noted as a violation where no sender should do it.
 *
 * Every numeric tag id belongs to the token, except 999999.
 */

import { randomUUID } from "node:crypto";
import {
  bearerToken, isAddress, isCurrency, isDeviceId, isDigest, isNumber, isObject, isPrivateAddress, isText, isUuid, isWebAddress,
  looksHashed, mediaType, readObject,
} from "../checks.mjs";
import { credentials } from "../credentials.mjs";

const MAX_BATCH = 1_000;
const WEEK_SECONDS = 7 * 86_400;
const SOMEONE_ELSES = "999999";

const ROOT_KEYS = new Set(["data", "dataProvider", "continueOnValidationError"]);
const EVENT_KEYS = new Set([
  "eventType", "eventName", "eventId", "eventTime", "eventSourceUrl", "pageLoadId", "referrerUrl", "pageTitle", "keywords",
  "adStorageConsent", "userData", "customData",
]);
const IDENTIFIERS = new Set(["anonymousId", "externalId", "em", "ph", "msclkid", "idfa", "gaid"]);
const PAGE_TYPES = new Set(["home", "product", "category", "searchresults", "cart", "purchase", "other"]);
const REVENUE = ["value", "eventValue", "ecommTotalValue", "transactionId"];

const CUSTOM_TEXTS = new Set(["eventCategory", "eventLabel", "currency", "transactionId", "searchTerm", "pageType", "ecommCategory"]);
const CUSTOM_NUMBERS = new Set(["value", "eventValue", "ecommTotalValue"]);
const HOTEL_NUMBERS = new Set(["totalPrice", "basePrice", "lengthOfStay"]);
const HOTEL_TEXTS = new Set(["checkinDate", "checkoutDate", "partnerHotelId", "bookingHref"]);

const UUID_4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/**
 * @typedef {object} Detail One entry of `error.details`.
 * @property {number} index
 * @property {string} propertyName
 * @property {string | null} attemptedValue
 * @property {string} errorMessage
 * @property {boolean} isWarning
 */

/**
 * @param {number} status
 * @param {string} code
 * @param {string} message
 * @param {string} reason
 * @returns {import("../types.mjs").Answer}
 */
function refused(status, code, message, reason) {
  return { status, body: { error: { code, message }, traceId: randomUUID() }, verdict: "rejected", reason };
}

/**
 * Reads one event: `details` for what Microsoft names, `found` for what it lets pass.
 * @param {unknown} event
 * @param {number} index
 * @param {number} now Unix milliseconds.
 */
function check(event, index, now) {
  const at = `data[${index}]`;
  /** @type {Detail[]} */
  const details = [];
  /** @type {import("../types.mjs").Finding[]} */
  const found = [];
  /**
   * @param {boolean} bad
   * @param {string} kind
   * @param {string} where
   */
  const note = (bad, kind, where) => {
    if (bad) found.push({ kind, where: `${at}.${where}` });
  };
  /**
   * @param {boolean} holds
   * @param {string} name
   * @param {unknown} value
   * @param {string} rule
   * @param {boolean} [isWarning]
   */
  const must = (holds, name, value, rule, isWarning = false) => {
    if (holds) return;
    const attemptedValue = value === undefined || value === null ? null : typeof value === "string" ? value : JSON.stringify(value);
    details.push({ index, propertyName: name, attemptedValue, errorMessage: `${name} ${rule}`, isWarning });
  };
  /** @param {Record<string, unknown>} object @param {string} key @param {string} where */
  const given = (object, key, where) => {
    note(object[key] === null, "null", where);
    return object[key] !== undefined && object[key] !== null;
  };
  /** @param {unknown} value @param {string} name */
  const text = (value, name) => {
    must(typeof value === "string", name, value, "is not a text");
    note(typeof value === "string" && !isText(value), "empty_text", name);
  };

  if (!isObject(event)) {
    must(false, "data", event, "is not an object");
    return { details, found };
  }
  for (const key of Object.keys(event)) note(!EVENT_KEYS.has(key), "unknown_field", key);

  const type = event.eventType;
  must(type === "pageLoad" || type === "custom", "eventType", type, "is neither pageLoad nor custom");
  if (type === "custom") must(isText(event.eventName), "eventName", event.eventName, "is required for a custom event");
  else note(event.eventName !== undefined, "page_load_with_a_name", "eventName");

  const time = event.eventTime;
  must(Number.isSafeInteger(time), "eventTime", time, "is not in Unix seconds");
  if (Number.isSafeInteger(time)) {
    const seconds = Math.floor(now / 1000);
    must(Number(time) >= seconds - WEEK_SECONDS, "eventTime", time, "is older than 7 days");
    note(Number(time) > seconds, "time_in_the_future", "eventTime");
  }

  note(!isText(event.eventId), "event_id_missing", "eventId");
  if (given(event, "eventId", "eventId")) must(typeof event.eventId === "string", "eventId", event.eventId, "is not a text");

  if (type === "pageLoad") must(isWebAddress(event.eventSourceUrl), "eventSourceUrl", event.eventSourceUrl, "is required for a page load");
  for (const key of ["eventSourceUrl", "referrerUrl", "pageTitle", "keywords", "pageLoadId"]) {
    if (!given(event, key, key)) continue;
    text(event[key], key);
    if (key.endsWith("Url")) note(!isWebAddress(event[key]), "not_a_web_address", key);
    if (key === "pageLoadId") note(!UUID_4.test(String(event[key])), "not_a_uuid_4", key);
  }
  if (given(event, "adStorageConsent", "adStorageConsent")) {
    must(event.adStorageConsent === "G" || event.adStorageConsent === "D", "adStorageConsent", event.adStorageConsent, "is neither G nor D");
  }

  const user = event.userData;
  must(isObject(user), "userData", user, "is missing");
  if (isObject(user)) {
    let identifiers = 0;
    for (const key of Object.keys(user)) {
      const name = `userData.${key}`;
      if (!given(user, key, name)) continue;
      const value = user[key];
      if (!IDENTIFIERS.has(key) && key !== "clientIpAddress" && key !== "clientUserAgent") {
        note(true, "unknown_field", name);
        continue;
      }
      text(value, name);
      if (typeof value !== "string" || value.trim() === "") continue;
      let kept = IDENTIFIERS.has(key);
      switch (key) {
        case "em": case "ph":
          note(!isDigest(value), "not_a_lower_case_sha256", name);
          break;
        case "externalId":
          note(!isDigest(value), "external_id_not_hashed", name);
          break;
        case "msclkid":
          // The one identifier whose form is looked at: the field goes, the event stays.
          kept = isUuid(value);
          must(kept, name, value, "is not a valid UUID and was removed", true);
          note(!kept || value !== value.toLowerCase(), "not_a_lower_case_uuid", name);
          break;
        case "idfa": case "gaid":
          note(!isDeviceId(value), "not_a_device_id", name);
          break;
        case "clientIpAddress":
          note(!isAddress(value), "not_an_ip_address", name);
          note(isPrivateAddress(value), "private_ip_address", name);
          break;
        default:
          // Thirty-two hex digits may be a bare UUID, as `_uetvid` is.
          note(value.length > 32 && looksHashed(value), "hashed_but_wanted_plain", name);
      }
      if (kept) identifiers += 1;
    }
    must(identifiers > 0, "userData", undefined, "needs at least one of anonymousId, externalId, em, ph, msclkid, idfa, gaid");
  }

  const custom = event.customData;
  if (given(event, "customData", "customData")) {
    must(isObject(custom), "customData", custom, "is not an object");
    if (isObject(custom)) checkCustom(custom, { must, note, given, text });
  }
  const data = isObject(custom) ? custom : {};
  note(type === "pageLoad" && REVENUE.some((key) => data[key] !== undefined), "page_load_with_revenue", "customData");
  note(event.eventName === "purchase" && !isText(data.transactionId), "transaction_id_missing", "customData.transactionId");
  return { details, found };
}

/**
 * @param {Record<string, unknown>} custom
 * @param {{
 *   must: (holds: boolean, name: string, value: unknown, rule: string) => void, note: (bad: boolean, kind: string, where: string) => void,
 *   given: (object: Record<string, unknown>, key: string, where: string) => boolean, text: (value: unknown, name: string) => void
 * }} tools
 */
function checkCustom(custom, { must, note, given, text }) {
  /** @param {unknown} value @param {string} name */
  const amount = (value, name) => {
    must(isNumber(value), name, value, "is not a number");
    note(isNumber(value) && value < 0, "negative_value", name);
  };
  note(Object.keys(custom).length === 0, "empty_object", "customData");
  for (const key of Object.keys(custom)) {
    const name = `customData.${key}`;
    if (!given(custom, key, name)) continue;
    const value = custom[key];
    if (CUSTOM_NUMBERS.has(key)) amount(value, name);
    else if (CUSTOM_TEXTS.has(key)) {
      text(value, name);
      if (key === "currency") note(!isCurrency(value) || value !== String(value).toUpperCase(), "not_a_currency", name);
      if (key === "pageType") note(!PAGE_TYPES.has(String(value)), "not_a_page_type", name);
    } else if (key === "itemIds") {
      must(Array.isArray(value) && value.every((one) => typeof one === "string"), name, value, "is not a list of texts");
      note(Array.isArray(value) && (value.length === 0 || value.some((one) => !isText(one))), "empty_list", name);
    } else if (key === "items") {
      must(Array.isArray(value) && value.every(isObject), name, value, "is not a list of objects");
      if (!Array.isArray(value)) continue;
      note(value.length === 0, "empty_list", name);
      value.filter(isObject).forEach((item, index) => {
        note(Object.keys(item).length === 0, "empty_object", `${name}[${index}]`);
        for (const part of Object.keys(item)) {
          const where = `${name}[${index}].${part}`;
          if (!given(item, part, where)) continue;
          if (part === "id" || part === "name") text(item[part], where);
          else if (part === "price") amount(item[part], where);
          else if (part === "quantity") {
            must(Number.isSafeInteger(item[part]) && Number(item[part]) > 0, where, item[part], "is not a whole number above 0");
          } else note(true, "unknown_field", where);
        }
      });
    } else if (key === "hotelData") {
      must(isObject(value), name, value, "is not an object");
      for (const [part, one] of Object.entries(isObject(value) ? value : {})) {
        if (HOTEL_NUMBERS.has(part)) amount(one, `${name}.${part}`);
        else if (HOTEL_TEXTS.has(part)) text(one, `${name}.${part}`);
        else note(true, "unknown_field", `${name}.${part}`);
      }
    } else note(true, "unknown_field", name);
  }
  note(custom.value !== undefined && custom.currency === undefined, "value_without_currency", "customData.value");
}

/** @type {import("../types.mjs").Platform} */
export const microsoft = {
  name: "microsoft",
  hosts: ["capi.uet.microsoft.com"],

  handle(request, state) {
    const [, version, tag = "", edge, ...rest] = request.path.split("/");
    if (version !== "v1" || edge !== "events" || rest.length > 0 || !/^\d+$/.test(tag)) {
      return refused(404, "NotFound", "The resource was not found.", "path: is not /v1/{numeric tag id}/events");
    }
    if (request.method !== "POST") return refused(405, "MethodNotAllowed", "The method is not allowed.", "method: is not POST");
    const token = bearerToken(request.headers);
    const unauthorised = "The access token is missing or invalid.";
    if (token !== credentials.microsoft.token) return refused(401, "Unauthorized", unauthorised, "authorization: missing or unknown");
    if (state.revoked) return { ...refused(401, "Unauthorized", unauthorised, "authorization: revoked by script"), scripted: "revoke_token" };
    if (tag === SOMEONE_ELSES) return refused(403, "Forbidden", "The access token has no permission for this tag.", "tag id: is someone else's");

    const type = mediaType(request.headers);
    if (type !== "application/json") {
      return refused(415, "UnsupportedMediaType", "The content type is not supported.", "content-type: is not application/json");
    }
    const json = readObject(request.body);
    const malformed = "The request body is not valid.";
    if (!json.ok) return refused(400, "BadRequest", malformed, `body: ${json.why}`);
    const { data, dataProvider, continueOnValidationError: goesOn } = json.value;
    if (!Array.isArray(data) || data.length < 1 || data.length > MAX_BATCH) {
      return refused(400, "BadRequest", `data must hold 1 to ${MAX_BATCH} events.`, `data: does not hold 1 to ${MAX_BATCH} events`);
    }
    if (dataProvider !== undefined && typeof dataProvider !== "string") return refused(400, "BadRequest", malformed, "dataProvider: is not a text");
    if (goesOn !== undefined && typeof goesOn !== "boolean") return refused(400, "BadRequest", malformed, "continueOnValidationError: is not a boolean");

    const results = data.map((event, index) => check(event, index, request.now));
    let scripted = false;
    data.forEach((event, index) => {
      if (!isObject(event) || !state.rejectIds.has(String(event.eventId))) return;
      scripted = true;
      results[index]?.details.push({
        index, propertyName: "eventId", attemptedValue: String(event.eventId), errorMessage: "eventId is not valid", isWarning: false,
      });
    });
    const details = results.flatMap((one) => one.details);
    const skipped = new Set(details.filter((one) => !one.isWarning).map((one) => one.index));
    const clean = details.length === 0;
    const error = clean ? {} : { error: { code: "ValidationError", message: "One or more events are not valid.", details } };
    const places = details.slice(0, 5).map((one) => `data[${one.index}].${one.errorMessage.replace(" ", ": ")}`);
    const reason = clean ? {} : { reason: places.join("; ") };
    const script = scripted ? { scripted: /** @type {const} */ ("reject_event_id") } : {};
    if (skipped.size > 0 && goesOn !== true) {
      return { status: 400, body: { eventsReceived: 0, ...error, traceId: randomUUID() }, verdict: "rejected", ...reason, ...script };
    }

    /** @type {import("../types.mjs").Finding[]} */
    const violations = [];
    for (const key of Object.keys(json.value)) if (!ROOT_KEYS.has(key)) violations.push({ kind: "unknown_field", where: key });
    if (dataProvider !== undefined && !isText(dataProvider)) violations.push({ kind: "empty_text", where: "dataProvider" });
    if (request.query.size > 0) violations.push({ kind: "unexpected_query", where: "url" });
    const context = { tag_id: tag, dataProvider, continueOnValidationError: goesOn };
    /** @type {import("../types.mjs").ArrivedEvent[]} */
    const events = [];
    /** @type {import("../types.mjs").DroppedEvent[]} */
    const dropped = [];
    data.forEach((event, index) => {
      if (skipped.has(index)) return;
      violations.push(...(results[index]?.found ?? []));
      const name = event.eventType === "pageLoad" ? "pageLoad" : String(event.eventName);
      const id = isText(event.eventId) ? event.eventId : undefined;
      // Taken, and used for nothing.
      if (event.adStorageConsent === "D") dropped.push({ name, id, event, messages: ["adStorageConsent is D"] });
      // How long an id is remembered is not documented: here, for ever.
      else events.push({ name, id, key: id === undefined ? undefined : JSON.stringify([tag, name, id]), event, context });
    });
    return {
      status: 200, body: { eventsReceived: data.length - skipped.size, ...error, traceId: randomUUID() },
      verdict: skipped.size < data.length ? "accepted" : "rejected", violations, events, dropped, ...reason, ...script,
    };
  },

  errorBody(status) {
    const [code, message] = /** @type {Record<number, [string, string]>} */ ({
      401: ["Unauthorized", "The access token is missing or invalid."],
      403: ["Forbidden", "The access token has no permission for this tag."],
      404: ["NotFound", "The resource was not found."],
      429: ["TooManyRequests", "Too many requests."],
      503: ["ServiceUnavailable", "The service is unavailable."],
    })[status] ?? (status < 500 ? ["BadRequest", "The request body is not valid."] : ["InternalServerError", "An error occurred."]);
    return { error: { code, message }, traceId: randomUUID() };
  },
};
