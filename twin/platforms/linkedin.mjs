/**
 * LinkedIn Conversions API: `POST api.linkedin.com/rest/conversionEvents`, and the token endpoint that goes with
 * it, `POST www.linkedin.com/oauth/v2/accessToken` with a refresh token.
 *
 * All or nothing: one invalid record refuses the batch. The schema is enforced (422, every fault of every record),
 * then the meaning (400 with the records' indices); the values of identifiers and the currency are taken as they
 * come, which here is a violation. Rules from the pages Conversions API, its schema, custom matching identifiers,
 * versioning, migrations, error handling and programmatic refresh tokens, and from answers published by others,
 * read 2026-11.
 *
 * Every numeric rule id exists, except three:
 * 999999 belongs to nobody, 999998 is the Insight Tag's, 999997 is deleted.
 */

import { randomBytes } from "node:crypto";
import { isIPv4 } from "node:net";
import {
  isCurrency, isDeviceId, isDigest, isObject, isPrivateAddress, isText, looksHashed, mediaType, minorDigits, readObject,
} from "../checks.mjs";
import { credentials } from "../credentials.mjs";

/** Version → the day it ends, as announced; `null` while nothing is announced. 202512 never was. */
const VERSIONS = new Map([
  ["202609", null],
  ["202608", "2027-08-17"],
  ["202607", "2027-07-15"],
  ["202606", "2027-06-15"],
  ["202605", "2027-05-15"],
  ["202604", "2027-04-15"],
  ["202603", "2027-03-16"],
  ["202602", "2027-02-15"],
  ["202601", "2027-01-15"],
  ["202511", "2026-11-16"],
  ["202510", "2026-10-15"],
  ["202509", "2026-09-15"],
]);
const DAY_MS = 86_400_000;
const MAX_BATCH = 5_000;
const TOKEN_SECONDS = 5_184_000;
const REFRESH_SECONDS = 31_536_000;

const NO_SUCH_RULE = "999999";
const RULE_OF_THE_TAG = "999998";
const DELETED_RULE = "999997";

const REQUIRED = "field is required but not found and has no default value";
const UNKNOWN = "unrecognized field found but not allowed";

/**
 * @typedef {object} Fault
 * @property {string} at `/user/userIds/0/idType`
 * @property {string} text As the validator says it; it echoes values.
 * @property {string} rule The same without the value.
 *
 * @typedef {(value: unknown, at: string, out: Fault[]) => void} Check
 *
 * @typedef {Record<string, {check: Check, optional?: true}>} Fields
 */

/**
 * @param {Fault[]} out
 * @param {string} at
 * @param {string} rule
 * @param {string} [text]
 */
function fault(out, at, rule, text = rule) {
  out.push({ at, rule, text });
}

/**
 * @param {string} type
 * @param {(value: unknown) => boolean} holds
 * @returns {Check}
 */
const scalar = (type, holds) => (value, at, out) => {
  if (!holds(value)) fault(out, at, `cannot be coerced to ${type}`, `${JSON.stringify(value)} cannot be coerced to ${type}`);
};

const text = scalar("String", (value) => typeof value === "string");
const long = scalar("Long", (value) => Number.isSafeInteger(value));

/**
 * @param {string} prefix
 * @returns {Check}
 */
const urn = (prefix) => (value, at, out) => {
  if (typeof value !== "string") text(value, at, out);
  else if (!value.startsWith(prefix)) fault(out, at, "Invalid Urn format. Invalid prefix.");
  else if (!/^[A-Za-z0-9_()-]+$/.test(value.slice(prefix.length))) fault(out, at, "Invalid Urn format. Invalid key.");
};

/** @type {Check} */
const rule = (value, at, out) => {
  urn("urn:lla:llaPartnerConversion:")(value, at, out);
  if (out.every((one) => one.at !== at) && !/:\d+$/.test(String(value))) fault(out, at, "Invalid Urn format. Invalid key.");
};

/**
 * @param {Check} check
 * @returns {Check}
 */
const list = (check) => (value, at, out) => {
  if (!Array.isArray(value)) fault(out, at, "is not an array");
  else value.forEach((one, index) => check(one, `${at}/${index}`, out));
};

/**
 * @param {Fields} fields
 * @param {Check} [also]
 * @returns {Check}
 */
const record = (fields, also) => (value, at, out) => {
  if (!isObject(value)) {
    fault(out, at, "is not a record");
    return;
  }
  for (const [key, one] of Object.entries(value)) {
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (field) field.check(one, `${at}/${key}`, out);
    else fault(out, `${at}/${key}`, UNKNOWN);
  }
  for (const [key, field] of Object.entries(fields)) {
    if (!field.optional && value[key] === undefined) fault(out, `${at}/${key}`, REQUIRED);
  }
  also?.(value, at, out);
};

/**
 * What the version knows. The schemas differ in identifiers only.
 * @param {string} version
 * @returns {Check}
 */
function schema(version) {
  const types = ["SHA256_EMAIL", "LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID", "ACXIOM_ID", "SHA256_IP_ADDRESS"];
  if (version >= "202605") types.push("PLAINTEXT_IP_ADDRESS", "GOOGLE_AID");
  if (version < "202609") types.push("ORACLE_MOAT_ID");
  const hashedNames = version >= "202609";
  /** @type {Check} */
  const idType = (value, at, out) => {
    if (!types.includes(String(value))) fault(out, at, "is not an enum symbol", `${JSON.stringify(value)} is not an enum symbol`);
  };
  /** @type {Fields} */
  const info = {
    firstName: { check: text, optional: true },
    lastName: { check: text, optional: true },
    title: { check: text, optional: true },
    companyName: { check: text, optional: true },
    countryCode: { check: text, optional: true },
    ...(hashedNames ? { hashedFirstName: { check: text, optional: true }, hashedLastName: { check: text, optional: true } } : {}),
  };
  /** @type {Check} */
  const names = (value, at, out) => {
    if (!isObject(value)) return;
    for (const [plain, hashed] of /** @type {const} */ ([["firstName", "hashedFirstName"], ["lastName", "hashedLastName"]])) {
      if (value[plain] === undefined && !(hashedNames && value[hashed] !== undefined)) fault(out, `${at}/${plain}`, REQUIRED);
    }
  };
  return record({
    conversion: { check: rule },
    conversionHappenedAt: { check: long },
    conversionValue: { check: record({ currencyCode: { check: text }, amount: { check: text } }), optional: true },
    eventId: { check: text, optional: true },
    user: {
      check: record({
        userIds: { check: list(record({ idType: { check: idType }, idValue: { check: text } })) },
        userInfo: { check: record(info, names), optional: true },
        externalIds: { check: list(text), optional: true },
        lead: { check: urn("urn:li:leadGenFormResponse:"), optional: true },
      }),
    },
  });
}
const SCHEMAS = new Map([...VERSIONS.keys()].map((version) => [version, schema(version)]));

/**
 * @typedef {object} Conversion A record that has passed the schema.
 * @property {string} conversion
 * @property {number} conversionHappenedAt
 * @property {{currencyCode: string, amount: string}} [conversionValue]
 * @property {string} [eventId]
 * @property {{userIds: {idType: string, idValue: string}[], userInfo?: Record<string, string>, externalIds?: string[], lead?: string}} user
 */

/** @param {Conversion} event */
const ruleOf = (event) => event.conversion.slice(event.conversion.lastIndexOf(":") + 1);

const REGIONS = new Intl.DisplayNames("en", { type: "region", fallback: "none" });

/** @param {string} value */
const isCountry = (value) => /^[A-Z]{2}$/.test(value) && REGIONS.of(value) !== undefined;


/**
 * Decimals of an amount beyond what its currency has.
 * @param {string} amount
 * @param {string} currency
 */
function tooFine(amount, currency) {
  return /[1-9]/.test((amount.split(".")[1] ?? "").slice(minorDigits(currency)));
}

/**
 * What LinkedIn takes without a word although it matches nobody, or should never have been sent.
 * @param {Conversion} event
 * @param {string} at
 * @returns {import("../types.mjs").Finding[]}
 */
function findings(event, at) {
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
  const { userIds, userInfo, externalIds, lead } = event.user;
  note(event.eventId !== undefined && !isText(event.eventId), "empty_event_id", "eventId");

  const money = event.conversionValue;
  if (money) {
    const known = isCurrency(money.currencyCode);
    note(!known || money.currencyCode !== money.currencyCode.toUpperCase(), "not_a_currency", "conversionValue.currencyCode");
    const decimal = /^\d+(?:\.\d+)?$/.test(money.amount);
    note(!decimal, "not_a_decimal", "conversionValue.amount");
    note(decimal && known && tooFine(money.amount, money.currencyCode), "finer_than_the_currency", "conversionValue.amount");
  }

  /** @type {Set<string>} */
  const seen = new Set();
  userIds.forEach(({ idType, idValue }, index) => {
    const where = `user.userIds[${index}]`;
    note(seen.has(`${idType} ${idValue}`), "identifier_twice", where);
    seen.add(`${idType} ${idValue}`);
    switch (idType) {
      case "SHA256_EMAIL": case "SHA256_IP_ADDRESS":
        note(!isDigest(idValue), "not_a_lower_case_sha256", where);
        break;
      case "PLAINTEXT_IP_ADDRESS":
        note(!isIPv4(idValue), "not_an_ipv4_address", where);
        note(isIPv4(idValue) && isPrivateAddress(idValue), "private_ip_address", where);
        break;
      case "GOOGLE_AID":
        note(!isDeviceId(idValue), "not_a_device_id", where);
        break;
      case "ORACLE_MOAT_ID":
        note(true, "identifier_type_has_ended", where);
        break;
      default:
        note(!isText(idValue), "empty_identifier", where);
        // Thirty-two hex digits may be a bare UUID.
        note(idValue.length > 32 && looksHashed(idValue), "hashed_but_wanted_plain", where);
    }
  });

  if (userInfo) {
    for (const [key, value] of Object.entries(userInfo)) {
      const where = `user.userInfo.${key}`;
      if (key.startsWith("hashed")) note(!isDigest(value), "not_a_lower_case_sha256", where);
      else if (key === "countryCode") note(!isCountry(value), "not_a_country", where);
      else {
        note(!isText(value), "empty_text", where);
        note(looksHashed(value), "hashed_but_wanted_plain", where);
      }
    }
    note(userInfo.firstName !== undefined && userInfo.hashedFirstName !== undefined, "name_plain_and_hashed", "user.userInfo.hashedFirstName");
    note(userInfo.lastName !== undefined && userInfo.hashedLastName !== undefined, "name_plain_and_hashed", "user.userInfo.hashedLastName");
  }
  if (externalIds) {
    note(externalIds.length === 0, "empty_list", "user.externalIds");
    note(externalIds.length > 1, "only_the_first_is_used", "user.externalIds");
    externalIds.forEach((id, index) => {
      note(!isText(id), "empty_identifier", `user.externalIds[${index}]`);
      note(looksHashed(id), "hashed_but_wanted_plain", `user.externalIds[${index}]`);
    });
  }
  note(lead !== undefined && !isText(lead), "empty_identifier", "user.lead");
  return found;
}

/**
 * @param {number} status
 * @param {Record<string, unknown>} more
 * @param {string} reason
 * @returns {import("../types.mjs").Answer}
 */
function refused(status, more, reason) {
  const gateway = "code" in more && (status === 400 || status === 426);
  return {
    status, body: { status, ...more }, verdict: "rejected", reason,
    ...(gateway ? { headers: { "x-restli-gateway-error": "true" } } : {}),
  };
}

/**
 * @param {{index: number, faults: Fault[]}[]} bad
 * @param {boolean} batch
 */
function unprocessable(bad, batch) {
  const message = bad
    .map(({ index, faults }) => (batch ? `Index: ${index}, ` : "") + faults.map((one) => `ERROR :: ${one.at} :: ${one.text}`).join("\n"))
    .join("\n");
  const reason = bad.flatMap(({ index, faults }) => faults.map((one) => `elements[${index}]${one.at}: ${one.rule}`)).slice(0, 5).join("; ");
  return refused(422, { message: `${message}\n` }, reason);
}

/**
 * A refusal that names records by their place.
 * @param {string} message
 * @param {number[]} indices
 */
function byIndex(message, indices) {
  const reason = `elements: ${message}, indices ${indices.slice(0, 5).join(", ")}`;
  return refused(400, { message: `${message}, indices [${indices.join(", ")}] (0-indexed).` }, reason);
}

/**
 * @param {import("../types.mjs").TwinRequest} request
 * @param {import("../types.mjs").PlatformState} state
 * @returns {import("../types.mjs").Answer | null}
 */
function unauthorised(request, state) {
  const header = request.headers.authorization ?? "";
  const token = /^Bearer (\S+)$/i.exec(header)?.[1];
  /** @param {number} serviceErrorCode @param {string} code @param {string} message @param {string} reason */
  const no = (serviceErrorCode, code, message, reason) => refused(401, { serviceErrorCode, code, message }, `authorization: ${reason}`);
  if (header === "") return no(65604, "EMPTY_ACCESS_TOKEN", "Empty oauth2 access token", "is missing");
  const ends = token === undefined ? undefined : token === credentials.linkedin.token ? Infinity : state.memory.get(`token ${token}`);
  if (typeof ends !== "number") return no(65600, "INVALID_ACCESS_TOKEN", "Invalid access token", "unknown token");
  if (state.revoked) {
    const answer = no(65601, "REVOKED_ACCESS_TOKEN", "The token used in the request has been revoked by the user", "revoked by script");
    return { ...answer, scripted: "revoke_token" };
  }
  if (request.now >= ends) return no(65602, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired", "expired token");
  return null;
}

/**
 * A new access token for a refresh token. The refresh token's own year does not begin again. A revoked access token
 * does not close this door: the fault `revoke_token` is for what calls the API.
 * @param {import("../types.mjs").TwinRequest} request
 * @param {import("../types.mjs").PlatformState} state
 * @returns {import("../types.mjs").Answer}
 */
function token(request, state) {
  /** @param {number} status @param {string} error @param {string} why @param {string} reason @returns {import("../types.mjs").Answer} */
  const no = (status, error, why, reason) => ({ status, body: { error, error_description: why }, verdict: "rejected", reason });
  if (request.method !== "POST") return no(405, "invalid_request", "Method not allowed", "method: is not POST");
  if (request.path !== "/oauth/v2/accessToken") return no(404, "not_found", "Not found", "path: is not /oauth/v2/accessToken");
  const type = mediaType(request.headers);
  const form = new URLSearchParams(type === "application/x-www-form-urlencoded" ? request.body.toString("utf8") : "");
  const wanted = credentials.linkedin;
  for (const key of ["grant_type", "refresh_token", "client_id", "client_secret"]) {
    if (!form.get(key) || form.getAll(key).length > 1) {
      return no(400, "invalid_request", `A required parameter "${key}" is missing`, `${key}: is missing from the form or there twice`);
    }
  }
  if (form.get("grant_type") !== "refresh_token") {
    return no(400, "unsupported_grant_type", "Unsupported grant type", "grant_type: is not refresh_token");
  }
  if (form.get("client_id") !== wanted.clientId || form.get("client_secret") !== wanted.clientSecret) {
    return no(401, "invalid_client", "Client authentication failed", "client_id, client_secret: unknown");
  }
  if (form.get("refresh_token") !== wanted.refreshToken) {
    const why = "Unable to retrieve access token: the provided refresh token is invalid, expired or revoked";
    return no(400, "invalid_request", why, "refresh_token: unknown");
  }
  const unknown = [...form.keys()].find((key) => !["grant_type", "refresh_token", "client_id", "client_secret"].includes(key));
  const issued = `AQtwin-${randomBytes(24).toString("base64url")}`;
  return {
    status: 200,
    body: {
      access_token: issued, expires_in: TOKEN_SECONDS, refresh_token: wanted.refreshToken, refresh_token_expires_in: REFRESH_SECONDS,
      scope: "r_ads,rw_conversions",
    },
    verdict: "accepted",
    violations: [
      ...(request.query.size > 0 ? [{ kind: "unexpected_query", where: "url" }] : []),
      ...(unknown === undefined ? [] : [{ kind: "unknown_parameter", where: "form" }]),
    ],
    commit: () => state.memory.set(`token ${issued}`, request.now + TOKEN_SECONDS * 1000),
  };
}

/**
 * @param {import("../types.mjs").TwinRequest} request
 * @param {import("../types.mjs").PlatformState} state
 * @returns {import("../types.mjs").Answer}
 */
function stream(request, state) {
  if (request.path !== "/rest/conversionEvents") {
    return refused(404, { code: "RESOURCE_NOT_FOUND", message: "No virtual resource found" }, "path: is not /rest/conversionEvents");
  }
  const stopped = unauthorised(request, state);
  if (stopped) return stopped;

  const version = request.headers["linkedin-version"] ?? "";
  if (version === "") {
    const message = "A version must be present. Please specify a version by adding the LinkedIn-Version header.";
    return refused(400, { code: "VERSION_MISSING", message }, "linkedin-version: is missing");
  }
  const ends = VERSIONS.get(version);
  const check = SCHEMAS.get(version);
  if (ends === undefined || check === undefined || (ends !== null && request.now >= Date.parse(ends))) {
    const shown = /^\d{6}$/.test(version) ? `${version}01` : version;
    const message = `Requested version ${shown} is not active`;
    return refused(426, { code: "NONEXISTENT_VERSION", message }, "linkedin-version: has ended or never was");
  }
  if (request.method !== "POST") return refused(405, { message: "Method not allowed" }, "method: is not POST");

  const method = (request.headers["x-restli-method"] ?? "CREATE").toUpperCase();
  if (method !== "CREATE" && method !== "BATCH_CREATE") {
    return refused(400, { message: "Invalid X-RestLi-Method" }, "x-restli-method: is neither CREATE nor BATCH_CREATE");
  }
  const batch = method === "BATCH_CREATE";

  const type = mediaType(request.headers);
  if (type !== "application/json") return refused(415, { message: "Unsupported Media Type" }, "content-type: is not application/json");
  const json = readObject(request.body);
  const unreadable = { message: "Cannot parse request entity" };
  if (!json.ok) return refused(400, unreadable, `body: ${json.why}`);
  if (batch && (!Array.isArray(json.value.elements) || Object.keys(json.value).length > 1)) {
    return refused(400, unreadable, "body: is not {elements: […]}");
  }
  const elements = batch ? /** @type {unknown[]} */ (json.value.elements) : [json.value];
  if (elements.length === 0 || elements.length > MAX_BATCH) {
    return refused(400, { message: `Batch size should be between 1 and ${MAX_BATCH}` }, `elements: does not hold 1 to ${MAX_BATCH} records`);
  }

  const bad = elements.flatMap((element, index) => {
    /** @type {Fault[]} */
    const faults = [];
    check(element, "", faults);
    return faults.length > 0 ? [{ index, faults }] : [];
  });
  if (bad.length > 0) return unprocessable(bad, batch);
  const conversions = /** @type {Conversion[]} */ (elements);

  /** @param {(event: Conversion) => boolean} wrong */
  const where = (wrong) => conversions.flatMap((event, index) => (wrong(event) ? [index] : []));
  const nobody = where(({ user: { userIds, userInfo, lead, externalIds = [] } }) => !userInfo && !lead && userIds.length + externalIds.length === 0);
  if (nobody.length > 0) return byIndex("User should have at least one identifier", nobody);
  const untimely = where(({ conversionHappenedAt: at }) => at > request.now || at < request.now - 90 * DAY_MS);
  if (untimely.length > 0) return byIndex("Conversion time should be within 90 days and not exceed current time", untimely);
  if (where((event) => ruleOf(event) === NO_SUCH_RULE).length > 0) {
    return { status: 403, body: { message: "No ad accounts found", status: 403 }, verdict: "rejected", reason: "conversion: no such rule" };
  }
  const foreign = where((event) => ruleOf(event) === RULE_OF_THE_TAG);
  if (foreign.length > 0) return byIndex("Conversion's method should be CONVERSIONS_API", foreign);
  const deleted = where((event) => ruleOf(event) === DELETED_RULE);
  if (deleted.length > 0) return byIndex("Conversion is marked as deleted, its enabled should be true", deleted);

  const condemned = where((event) => state.rejectIds.has(String(event.eventId)));
  if (condemned.length > 0) {
    const faults = [{ at: "/eventId", rule: "refused by script", text: "is not valid" }];
    return { ...unprocessable(condemned.map((index) => ({ index, faults })), batch), scripted: "reject_event_id" };
  }

  const context = { version };
  const protocol = request.headers["x-restli-protocol-version"];
  return {
    ...(batch ? { status: 200, body: { elements: conversions.map(() => ({ status: 201 })) } } : { status: 201 }),
    verdict: "accepted",
    violations: [
      // Documented as mandatory, not enforced.
      ...(protocol === "2.0.0" ? [] : [{ kind: "restli_protocol_version_missing", where: "x-restli-protocol-version" }]),
      ...(request.query.size > 0 ? [{ kind: "unexpected_query", where: "url" }] : []),
      ...conversions.flatMap((event, index) => findings(event, `elements[${index}]`)),
    ],
    // No key: `eventId` is documented to tell the API's event from the Insight Tag's, not two of the API's.
    events: conversions.map((event) => ({ name: ruleOf(event), id: event.eventId, event, context })),
  };
}

/** @type {import("../types.mjs").Platform} */
export const linkedin = {
  name: "linkedin",
  hosts: ["api.linkedin.com", "www.linkedin.com"],

  handle(request, state) {
    return request.host === "www.linkedin.com" ? token(request, state) : stream(request, state);
  },

  errorBody(status) {
    if (status === 401) return { status, serviceErrorCode: 65600, code: "INVALID_ACCESS_TOKEN", message: "Invalid access token" };
    if (status === 403) return { message: "No ad accounts found", status };
    if (status === 426) return { status, code: "NONEXISTENT_VERSION", message: "Requested version is not active" };
    if (status === 429) {
      return { status, code: "TOO_MANY_REQUESTS", message: "Resource level throttle limit for calls to this resource is reached." };
    }
    if (status >= 400 && status < 500) return { message: "Bad Request", status };
    return { message: "Internal Server Error", status };
  },
};
