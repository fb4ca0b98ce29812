/**
 * Meta Conversions API: `POST graph.facebook.com/{version}/{dataset}/events`.
 *
 * All or nothing: one invalid event refuses the request and nothing of it counts. Rules from the Conversions
 * API pages on using the API, server events, customer information, fbp and fbc, custom data, deduplication
 * and data processing options, and from the Graph API changelog, read 2026-11. Where the pages leave a
 * fault's subcode open, the answer carries code 100 alone.
 */

import { randomBytes } from "node:crypto";
import {
  EMPTY_DIGEST, bearerToken, isAddress, isCountryDigest, isCurrency, isDateDigest, isDigest, isNumber, isObject, isPrivateAddress,
  isText, isWebAddress, looksHashed, mediaType, readJson, readObject, sha256,
} from "../checks.mjs";
import { credentials } from "../credentials.mjs";
import { FieldError, quality, remember, stats } from "../quality/meta.mjs";

/** Version → the day it ends, as announced; `null` while nothing is announced. */
const VERSIONS = new Map([
  ["v26.0", null],
  ["v25.0", "2028-07-29"],
  ["v24.0", "2028-02-18"],
  ["v23.0", "2027-10-08"],
  ["v22.0", "2027-05-20"],
  ["v21.0", "2027-01-21"],
  ["v20.0", "2026-09-24"],
]);
const LATEST = "v26.0";
const DAY = 86_400;

const BODY_KEYS = new Set(["data", "access_token", "test_event_code", "partner_agent"]);

const EVENT_KEYS = new Set([
  "event_name", "event_time", "user_data", "action_source", "event_source_url", "event_id", "custom_data", "opt_out",
  "data_processing_options", "data_processing_options_country", "data_processing_options_state", "referrer_url",
  "customer_segmentation", "original_event_data", "attribution_data", "app_data", "messaging_channel",
]);

const ACTION_SOURCES = new Set([
  "website", "app", "email", "phone_call", "chat", "physical_store", "system_generated", "business_messaging", "other",
]);

const HASHED = new Set([
  "em", "ph", "fn", "ln", "db", "ge", "ct", "st", "zp", "country", "external_id",
  "f5first", "f5last", "fi", "dobd", "dobm", "doby",
]);
const APP_ONLY = new Set(["madid", "anon_id"]);
const MESSAGING_ONLY = new Set(["page_id", "page_scoped_user_id", "ctwa_clid", "ig_account_id", "ig_sid"]);

/** An event whose `user_data` keys all lie inside one of these sets matches nobody. */
const TOO_WEAK = [
  ["ct", "country", "st", "zp", "ge", "client_user_agent"],
  ["db", "client_user_agent"],
  ["fn", "ge"],
  ["ln", "ge"],
].map((keys) => new Set(keys));

const DELIVERY = new Set(["in_store", "curbside", "home_delivery"]);

const STANDARD = new Map(
  [
    "AddPaymentInfo", "AddToCart", "AddToWishlist", "CompleteRegistration", "Contact", "CustomizeProduct", "Donate",
    "FindLocation", "InitiateCheckout", "Lead", "PageView", "Purchase", "Schedule", "Search", "StartTrial",
    "SubmitApplication", "Subscribe", "ViewContent",
  ].map((name) => [name.toLowerCase(), name]),
);

/** @type {Record<number, string>} */
const TITLES = {
  463: "Access token expired",
  33: "Object does not exist",
  2804003: "Event Timestamp Too Old",
  2804009: "Missing Value for Purchase Event",
  2804010: "Missing Currency for Purchase Event",
  2804016: "Customer Information Is Not Hashed",
  2804030: "Invalid Data Processing Options",
};

class Refusal extends Error {
  /**
   * @param {string} where
   * @param {string} rule
   * @param {number} [subcode]
   */
  constructor(where, rule, subcode) {
    super(`${where}: ${rule}`);
    this.subcode = subcode;
  }
}

/**
 * @param {boolean} holds
 * @param {string} where
 * @param {string} rule
 * @param {number} [subcode]
 */
function must(holds, where, rule, subcode) {
  if (!holds) throw new Refusal(where, rule, subcode);
}

function trace() {
  return `A${randomBytes(9).toString("base64url")}`;
}

/**
 * @param {number} code
 * @param {string} message
 * @param {{subcode?: number, transient?: boolean, detail?: string}} [more]
 */
function graphError(code, message, { subcode, transient = false, detail = "" } = {}) {
  return {
    error: {
      message,
      type: "OAuthException",
      code,
      ...(subcode === undefined ? {} : { error_subcode: subcode }),
      is_transient: transient,
      error_user_title: TITLES[subcode ?? 0] ?? message,
      error_user_msg: detail || message,
      fbtrace_id: trace(),
    },
  };
}

/**
 * @param {number} code
 * @param {string} message
 * @param {string} reason
 * @param {number} [subcode]
 * @returns {import("../types.mjs").Answer}
 */
function refused(code, message, reason, subcode) {
  // The real answer does not say which event of the batch was wrong, so neither does this one.
  const detail = reason.replace(/^data\[\d+\]\.?/, "");
  return { status: 400, body: graphError(code, message, { subcode, detail }), verdict: "rejected", reason };
}

/**
 * The parameters of the call, from a JSON object or a form, the query filling what the body leaves out.
 * @param {import("../types.mjs").TwinRequest} request
 * @returns {Record<string, unknown>}
 */
function parameters(request) {
  const type = mediaType(request.headers);
  /** @type {Record<string, unknown>} */
  let body;
  if (type === "application/json") {
    const json = readObject(request.body);
    if (!json.ok) throw new Refusal("body", json.why);
    body = json.value;
  } else if (type === "application/x-www-form-urlencoded") {
    body = Object.fromEntries(new URLSearchParams(request.body.toString("utf8")));
    if (typeof body.data === "string") {
      const json = readJson(Buffer.from(body.data));
      must(json.ok, "data", "is not JSON");
      if (json.ok) body.data = json.value;
    }
  } else {
    throw new Refusal("content-type", "is neither application/json nor application/x-www-form-urlencoded");
  }
  for (const [key, value] of request.query) {
    must(key !== "data", "query", "data belongs in the body");
    if (!(key in body)) body[key] = value;
  }
  return body;
}

/**
 * @param {import("../types.mjs").TwinRequest} request
 * @param {Record<string, unknown> | null} body
 */
function token(request, body) {
  const bearer = bearerToken(request.headers);
  const inBody = body && typeof body.access_token === "string" ? body.access_token : undefined;
  return inBody ?? request.query.get("access_token") ?? bearer;
}

/**
 * `fb.{subdomain index}.{creation time in ms}.{payload}`, with an appendix of 2 or 8 characters on newer cookies.
 * @param {unknown} value
 * @param {number} now
 * @param {RegExp} payload
 */
function isBrowserId(value, now, payload) {
  if (typeof value !== "string") return false;
  const found = /^fb\.\d+\.(\d+)\.([A-Za-z0-9_-]+)(?:\.[A-Za-z0-9_-]{2}(?:[A-Za-z0-9_-]{6})?)?$/.exec(value);
  if (!found || !payload.test(found[2] ?? "")) return false;
  const created = Number(found[1]);
  // Thirteen digits, so neither seconds nor microseconds. The cookie carries the visitor's clock, hence the day of grace.
  return created >= Date.UTC(2015, 0, 1) && created <= now + DAY * 1000;
}

/**
 * @param {Record<string, unknown>} user
 * @param {string} at
 * @param {string} source
 * @param {number} now
 */
function checkUser(user, at, source, now) {
  for (const [key, value] of Object.entries(user)) {
    const where = `${at}.${key}`;
    if (HASHED.has(key)) {
      const values = Array.isArray(value) ? value : [value];
      must(values.length > 0, where, "is an empty list", 2804016);
      for (const one of values) {
        must(isText(one), where, "is null, empty or not a string", 2804016);
        must(one !== EMPTY_DIGEST, where, "is the digest of an empty string", 2804016);
        // external_id may be sent in clear (hashing is only recommended); see `findings`.
        if (key === "external_id" && !looksHashed(one)) continue;
        const digest = String(one).replace(/\.[A-Za-z0-9_-]{2}(?:[A-Za-z0-9_-]{6})?$/, "");
        must(isDigest(digest), where, "is not a SHA-256 in lower-case hex", 2804016);
      }
      continue;
    }
    must(!looksHashed(value), where, "is hashed but must be sent as it is");
    if (key === "client_ip_address") must(isAddress(value), where, "is not an IP address");
    else if (key === "client_user_agent" || key === "subscription_id") must(isText(value), where, "is not a text");
    else if (key === "fbc" || key === "fbp") must(isBrowserId(value, now, key === "fbp" ? /^\d+$/ : /./), where, "is not fb.index.milliseconds.payload");
    else if (key === "fb_login_id" || key === "lead_id") {
      must(Number.isSafeInteger(value) || (typeof value === "string" && /^\d+$/.test(value)), where, "is not an integer");
    } else if (APP_ONLY.has(key)) must(source === "app" && isText(value), where, "is for app events only");
    else if (MESSAGING_ONLY.has(key)) {
      must(source === "business_messaging" && isText(value), where, "is for business messaging only");
    } else throw new Refusal(where, "is not a customer information parameter");
  }
  const keys = Object.keys(user);
  must(!TOO_WEAK.some((set) => keys.every((key) => set.has(key))), at, "has too little to match anyone");
}

/**
 * @param {Record<string, unknown>} data
 * @param {string} at
 */
function checkCustom(data, at) {
  for (const [key, value] of Object.entries(data)) {
    const where = `${at}.${key}`;
    switch (key) {
      case "value": case "predicted_ltv":
        must(isNumber(value) && value >= 0, where, "is not a number of at least 0");
        break;
      case "net_revenue":
        must(isNumber(value), where, "is not a number");
        break;
      case "currency":
        must(isCurrency(value), where, "is not an ISO 4217 currency code");
        break;
      case "num_items":
        must(Number.isSafeInteger(value) && Number(value) >= 0, where, "is not a whole number");
        break;
      case "content_ids":
        must(Array.isArray(value) && value.every(isText), where, "is not a list of texts");
        break;
      case "content_type":
        must(value === "product" || value === "product_group", where, "is neither product nor product_group");
        break;
      case "delivery_category":
        must(typeof value === "string" && DELIVERY.has(value), where, "is not a delivery category");
        break;
      case "status":
        must(isText(value) || typeof value === "boolean", where, "is neither a text nor a boolean");
        break;
      case "content_name": case "content_category": case "order_id": case "search_string":
        must(isText(value), where, "is not a text");
        break;
      case "contents":
        if (!Array.isArray(value)) throw new Refusal(where, "is not a list");
        value.forEach((item, index) => checkContent(item, `${where}[${index}]`));
        break;
      default:
        must(value !== null, where, "is null");
    }
  }
}

/**
 * @param {unknown} item
 * @param {string} at
 */
function checkContent(item, at) {
  if (!isObject(item)) throw new Refusal(at, "is not an object");
  must(isText(item.id), `${at}.id`, "is missing or not a text");
  must(isNumber(item.quantity) && item.quantity > 0, `${at}.quantity`, "is missing or not a number above 0");
  for (const [key, value] of Object.entries(item)) {
    const where = `${at}.${key}`;
    if (key === "item_price") must(isNumber(value) && value >= 0, where, "is not a number of at least 0");
    else if (key === "delivery_category") must(typeof value === "string" && DELIVERY.has(value), where, "is not a delivery category");
    else if (key === "title" || key === "description" || key === "brand" || key === "category") must(isText(value), where, "is not a text");
    else must(key === "id" || key === "quantity", where, "is not a content parameter");
  }
}

/**
 * Limited data use.
 * @param {Record<string, unknown>} event
 * @param {Record<string, unknown>} user
 * @param {string} at
 */
function checkProcessing(event, user, at) {
  const { data_processing_options: options, data_processing_options_country: country, data_processing_options_state: state } = event;
  const where = `${at}.data_processing_options`;
  const subcode = 2804030;
  if (options !== undefined) {
    must(Array.isArray(options) && (options.length === 0 || (options.length === 1 && options[0] === "LDU")), where, 'is neither [] nor ["LDU"]', subcode);
  }
  const limited = Array.isArray(options) && options.length === 1;
  if (!limited) {
    must(country === undefined && state === undefined, where, "a country or state comes only with LDU", subcode);
    return;
  }
  must((country === undefined) === (state === undefined), where, "country and state come together", subcode);
  if (country !== undefined) {
    must(country === 0 || country === 1, `${where}_country`, "is neither 0 nor 1", subcode);
    const known = state === 0 || (Number.isInteger(state) && Number(state) >= 1000 && Number(state) <= 1013);
    must(known, `${where}_state`, "is neither 0 nor a listed state", subcode);
  }
  if (user.client_ip_address === undefined) {
    must(country === 1 && state !== 0, where, "without an IP address, LDU needs an explicit country and state", subcode);
  }
}

/**
 * @param {unknown} event
 * @param {string} at
 * @param {number} now Unix milliseconds.
 * @returns {Record<string, unknown>}
 */
function checkEvent(event, at, now) {
  if (!isObject(event)) throw new Refusal(at, "is not an object");
  for (const key of Object.keys(event)) must(EVENT_KEYS.has(key), `${at}.${key}`, "is not a server event parameter");

  const name = event.event_name;
  must(isText(name), `${at}.event_name`, "is missing or not a text");
  must([...String(name)].length <= 50, `${at}.event_name`, "is longer than 50 characters");

  const source = event.action_source;
  must(typeof source === "string" && ACTION_SOURCES.has(source), `${at}.action_source`, "is missing or unknown");

  const time = event.event_time;
  must(Number.isSafeInteger(time), `${at}.event_time`, "is missing or not an integer");
  const seconds = Math.floor(now / 1000);
  must(Number(time) <= seconds, `${at}.event_time`, "lies in the future");
  const oldest = seconds - (source === "physical_store" ? 62 : 7) * DAY;
  must(Number(time) >= oldest, `${at}.event_time`, "is too old", 2804003);

  if (event.event_id !== undefined) must(isText(event.event_id), `${at}.event_id`, "is not a text");
  if (event.opt_out !== undefined) must(typeof event.opt_out === "boolean", `${at}.opt_out`, "is not a boolean");
  if (event.referrer_url !== undefined) must(isText(event.referrer_url), `${at}.referrer_url`, "is not a text");
  if (event.customer_segmentation !== undefined) must(isText(event.customer_segmentation), `${at}.customer_segmentation`, "is not a text");
  if (event.attribution_data !== undefined) must(isObject(event.attribution_data), `${at}.attribution_data`, "is not an object");
  if (event.app_data !== undefined || source === "app") must(isObject(event.app_data), `${at}.app_data`, "is missing or not an object");
  if (event.messaging_channel !== undefined || source === "business_messaging") {
    must(["instagram", "messenger", "whatsapp"].includes(String(event.messaging_channel)), `${at}.messaging_channel`, "is missing or unknown");
  }
  if (event.event_source_url !== undefined || source === "website") {
    must(isWebAddress(event.event_source_url), `${at}.event_source_url`, "is missing or not a web address");
  }
  if (event.original_event_data !== undefined) {
    const original = event.original_event_data;
    if (!isObject(original)) throw new Refusal(`${at}.original_event_data`, "is not an object");
    for (const [key, value] of Object.entries(original)) {
      const where = `${at}.original_event_data.${key}`;
      if (key === "event_time") must(Number.isSafeInteger(value), where, "is not an integer");
      else must(["event_name", "order_id", "event_id"].includes(key) && isText(value), where, "is unknown or not a text");
    }
  }

  const user = event.user_data;
  if (!isObject(user)) throw new Refusal(`${at}.user_data`, "is missing or not an object");
  checkUser(user, `${at}.user_data`, String(source), now);
  if (source === "website") must(isText(user.client_user_agent), `${at}.user_data.client_user_agent`, "is missing on a website event");
  checkProcessing(event, user, at);

  const custom = event.custom_data;
  if (custom !== undefined) {
    if (!isObject(custom)) throw new Refusal(`${at}.custom_data`, "is not an object");
  }
  if (name === "Purchase") {
    must(isObject(custom) && custom.value !== undefined && custom.value !== null, `${at}.custom_data.value`, "is missing on a purchase", 2804009);
    must(isObject(custom) && custom.currency !== undefined && custom.currency !== null && custom.currency !== "", `${at}.custom_data.currency`, "is missing on a purchase", 2804010);
  }
  if (isObject(custom)) checkCustom(custom, `${at}.custom_data`);
  return event;
}

const GENDERS = new Set(["f", "m"].map(sha256));

/**
 * What Meta takes without a word although it can match nobody, or should never have been sent.
 * @param {Record<string, unknown>} event
 * @param {string} at
 * @returns {import("../types.mjs").Finding[]}
 */
function findings(event, at) {
  /** @type {import("../types.mjs").Finding[]} */
  const found = [];
  const user = isObject(event.user_data) ? event.user_data : {};
  /** @param {string} key */
  const digests = (key) => [user[key]].flat().filter((value) => typeof value === "string");
  const name = String(event.event_name);
  const standard = STANDARD.get(name.toLowerCase());
  if (standard && standard !== name) found.push({ kind: "standard_event_name_in_wrong_case", where: `${at}.event_name` });
  if (digests("external_id").some((value) => !looksHashed(value))) {
    found.push({ kind: "external_id_not_hashed", where: `${at}.user_data.external_id` });
  }
  if (digests("ge").some((value) => !GENDERS.has(value))) found.push({ kind: "digest_of_no_gender", where: `${at}.user_data.ge` });
  if (digests("country").some((value) => !isCountryDigest(value))) {
    found.push({ kind: "digest_of_no_country", where: `${at}.user_data.country` });
  }
  if (user.db !== undefined && digests("db").some((value) => !isDateDigest(value))) {
    found.push({ kind: "digest_of_no_date", where: `${at}.user_data.db` });
  }
  if (typeof user.client_ip_address === "string" && isPrivateAddress(user.client_ip_address)) {
    found.push({ kind: "private_ip_address", where: `${at}.user_data.client_ip_address` });
  }
  return found;
}

/**
 * What is said about quality, to whoever has a token for that.
 * @param {import("../types.mjs").TwinRequest} request
 * @param {import("../types.mjs").PlatformState} state
 * @param {string | undefined} given
 * @param {string} node
 * @returns {import("../types.mjs").Answer}
 */
function report(request, state, given, node) {
  if (given !== undefined && state.settings.metaTokens.includes(given)) {
    return { ...refused(200, "(#200) Requires ads_read and ads_management permission", "access_token: is for sending"), status: 403 };
  }
  if (given !== credentials.meta.qualityToken || state.revoked) {
    const answer = refused(190, "Invalid OAuth access token - Cannot parse access token", "access_token: missing or unknown");
    return state.revoked ? { ...answer, scripted: "revoke_token" } : answer;
  }
  const violations = request.query.has("access_token") ? [{ kind: "credential_in_url", where: "query" }] : [];
  try {
    const body = node === "dataset_quality" ? quality(request, state) : stats(request, state, node);
    return { status: 200, body, verdict: "accepted", violations };
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    return refused(100, error.message, "query: has what there is not");
  }
}

/** @type {import("../types.mjs").Platform} */
export const meta = {
  name: "meta",
  hosts: ["graph.facebook.com"],

  handle(request, state) {
    const [, version = "", dataset = "", edge, ...rest] = request.path.split("/");
    const ends = VERSIONS.get(version);
    const retired = /^v(\d+)\.\d+$/.exec(version);
    if (ends === undefined && !(retired && Number(retired[1]) < 20)) {
      return refused(2500, "Unknown path components", "version: is missing or unknown");
    }
    if (ends === undefined || (ends !== null && request.now >= Date.parse(ends))) {
      return refused(2635, `(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version: ${LATEST}.`, `version: ${version} has ended`);
    }

    /** @type {Record<string, unknown> | null} */
    let body = null;
    /** @type {Refusal | null} */
    let unreadable = null;
    try {
      if (request.method === "POST") body = parameters(request);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      unreadable = error;
    }

    const given = token(request, body);
    if (request.method === "GET" && (dataset === "dataset_quality" || (/^\d+$/.test(dataset) && edge === "stats" && rest.length === 0))) {
      return report(request, state, given, dataset);
    }
    if (!given || !state.settings.metaTokens.includes(given)) {
      return refused(190, given ? "Invalid OAuth access token - Cannot parse access token" : "An access token is required", "access_token: missing or unknown");
    }
    if (state.revoked) {
      const answer = refused(190, "Error validating access token: session has expired", "access_token: revoked by script", 463);
      return { ...answer, scripted: "revoke_token" };
    }
    if (request.method !== "POST" || !/^\d+$/.test(dataset) || edge !== "events" || rest.length > 0) {
      return refused(100, `Unsupported ${request.method.toLowerCase()} request. The object does not exist, cannot be loaded due to missing permissions, or does not support this operation`, "path: is not POST /{version}/{numeric dataset}/events", 33);
    }

    try {
      if (unreadable) throw unreadable;
      if (!body) throw new Refusal("body", "is missing");
      for (const key of Object.keys(body)) must(BODY_KEYS.has(key), key, "is not a parameter of this call");
      if (body.test_event_code !== undefined) must(isText(body.test_event_code), "test_event_code", "is not a text");
      if (body.partner_agent !== undefined) {
        const agent = body.partner_agent;
        must(isText(agent) && agent.length < 23 && (agent.match(/[A-Za-z]/g) ?? []).length >= 2, "partner_agent", "is not under 23 characters with two letters");
      }
      const data = body.data;
      if (!Array.isArray(data)) throw new Refusal("data", "is missing or not a list");
      must(data.length >= 1 && data.length <= 1000, "data", "does not hold 1 to 1000 events");
      const events = data.map((event, index) => checkEvent(event, `data[${index}]`, request.now));
      const condemned = events.findIndex((event) => state.rejectIds.has(String(event.event_id)));
      if (condemned >= 0) {
        return { ...refused(100, "Invalid parameter", `data[${condemned}]: refused by script`), scripted: "reject_event_id" };
      }
      return {
        status: 200,
        body: { events_received: events.length, messages: [], fbtrace_id: trace() },
        verdict: "accepted",
        violations: events.flatMap((event, index) => findings(event, `data[${index}]`)),
        commit: () => {
          if (body.test_event_code === undefined) remember(state, dataset, request.now, events, body.partner_agent);
        },
        events: events.map((event) => {
          const name = String(event.event_name);
          const id = typeof event.event_id === "string" ? event.event_id : undefined;
          const key = id === undefined ? undefined : JSON.stringify([dataset, name, id]);
          return {
            name, id, key, windowMs: 48 * 3_600_000, event,
            context: { dataset_id: dataset, test_event_code: body.test_event_code, partner_agent: body.partner_agent },
          };
        }),
      };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return refused(100, "Invalid parameter", error.message, error.subcode);
    }
  },

  errorBody(status) {
    if (status === 429) return graphError(4, "Application request limit reached", { transient: true });
    if (status === 401 || status === 403) return graphError(190, "Invalid OAuth access token");
    if (status >= 400 && status < 500) return graphError(100, "Invalid parameter");
    return graphError(2, "Service temporarily unavailable", { transient: true });
  },
};
