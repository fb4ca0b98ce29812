/**
 * Google Ads conversions: the Data Manager API takes events (`POST datamanager.googleapis.com/v1/events:ingest`) and tells later what
 * became of them (`GET …/v1/requestStatus:retrieve`); the Google Ads API takes their adjustments
 * (`POST googleads.googleapis.com/v25/customers/{id}:uploadConversionAdjustments`); the token endpoint is `google-oauth.mjs`.
 *
 * Ingestion fails fast: one event without a required field refuses the request. What passes is processed later, event by event, and
 * only counts per reason come back. The twin decides at ingest and keeps the reason with the event (`notes`); an event without notes
 * is a conversion. Adjustments fail row by row inside an HTTP 200.
 *
 * A gclid scripts the processing: `INVALID…` is no click; `FRESH…` is too recent for six hours after its first arrival; a request with
 * a `SLOW…` one is still being processed at its first two polls.
 *
 * Rules from developers.google.com/data-manager/api (devguides on events, errors and diagnostics; REST reference),
 * developers.google.com/google-ads/api/docs (conversions, partial failures) and the protos in googleapis/googleapis, read 2026-11.
 */

import { randomBytes, randomInt } from "node:crypto";
import {
  EMPTY_DIGEST, bearerToken, duplicateKeys, findPlain, isAddress, isCurrency, isObject, isPrivateAddress, looksHashed, mediaType,
  readJson,
} from "../checks.mjs";
import { ADS_SCOPE, DATA_MANAGER_SCOPE, token } from "../google-oauth.mjs";
import { decode, instant, list, message, oneOf, snake } from "../proto-json.mjs";
import { search } from "../quality/google_ads.mjs";
import { count } from "../quality/tally.mjs";

/** @typedef {import("../types.mjs").Answer} Answer */
/** @typedef {import("../types.mjs").ArrivedEvent} ArrivedEvent */
/** @typedef {import("../types.mjs").Finding} Finding */
/** @typedef {import("../types.mjs").TwinRequest} TwinRequest */
/** @typedef {import("../types.mjs").PlatformState} PlatformState */

const DATA_MANAGER = "datamanager.googleapis.com";
const GOOGLE_ADS = "googleads.googleapis.com";
const OAUTH = "oauth2.googleapis.com";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** How long an ingested request is being processed. Really half an hour and more; none here, so that tests need no waiting. */
const PROCESSING_MS = 0;
const SLOW_POLLS = 2;

/** Version → the first day on which it is gone. Google announces months; the twin waits for their end. */
const VERSIONS = new Map([
  ["v25", "2027-09-01"],
  ["v24", "2027-06-01"],
  ["v23", "2027-03-01"],
  ["v22", "2026-10-07"],
]);
const OLDEST_NAMED = 22;

// --- Messages of the Data Manager API ----------------------------------------------------------------------------------------------

const V1 = "google.ads.datamanager.v1";
const TEXT = "string";
const TEXTS = list(TEXT);

const CONSENT_STATUS = oneOf(`${V1}.ConsentStatus`, "CONSENT_STATUS_UNSPECIFIED", "CONSENT_GRANTED", "CONSENT_DENIED");
const CONSENT = message({ adUserData: CONSENT_STATUS, adPersonalization: CONSENT_STATUS });
const ACCOUNT = message({
  accountType: oneOf(
    `${V1}.ProductAccount.AccountType`, "ACCOUNT_TYPE_UNSPECIFIED", "GOOGLE_ADS", "DISPLAY_VIDEO_PARTNER", "DISPLAY_VIDEO_ADVERTISER", "DATA_PARTNER",
    "GOOGLE_ANALYTICS_PROPERTY", "GOOGLE_AD_MANAGER_AUDIENCE_LINK", "FLOODLIGHT_CONFIG",
  ),
  accountId: TEXT,
  product: oneOf(`${V1}.Product`, "PRODUCT_UNSPECIFIED", "GOOGLE_ADS", "DISPLAY_VIDEO_PARTNER", "DISPLAY_VIDEO_ADVERTISER", "DATA_PARTNER"),
});
const DEVICE = message({
  userAgent: TEXT, ipAddress: TEXT, category: TEXT, languageCode: TEXT, screenHeight: "int32", screenWidth: "int32", operatingSystem: TEXT,
  operatingSystemVersion: TEXT, model: TEXT, brand: TEXT, browser: TEXT, browserVersion: TEXT,
});
const USER = message({
  userIdentifiers: list(message({
    emailAddress: TEXT,
    phoneNumber: TEXT,
    address: message({
      givenName: TEXT, familyName: TEXT, regionCode: TEXT, postalCode: TEXT, addressLine: TEXT, city: TEXT, administrativeArea: TEXT,
    }),
  }, "identifier")),
});
const VARIABLES = list(message({ variable: TEXT, value: TEXT, destinationReferences: TEXTS }));
const PARAMETERS = list(message({ parameterName: TEXT, value: TEXT }));
const EVENT = message({
  destinationReferences: TEXTS,
  transactionId: TEXT,
  eventTimestamp: "timestamp",
  lastUpdatedTimestamp: "timestamp",
  userData: USER,
  thirdPartyUserData: USER,
  consent: CONSENT,
  adIdentifiers: message({
    sessionAttributes: TEXT, gclid: TEXT, gbraid: TEXT, wbraid: TEXT, landingPageDeviceInfo: DEVICE, dclid: TEXT, impressionId: TEXT,
    matchId: TEXT, mobileDeviceId: TEXT,
    encryptedUserIds: list(message({ encryptedId: TEXT, entityId: TEXT, entityType: TEXT, source: TEXT })),
  }),
  currency: TEXT,
  conversionValue: "double",
  conversionCount: "double",
  eventSource: oneOf(`${V1}.EventSource`, "EVENT_SOURCE_UNSPECIFIED", "WEB", "APP", "IN_STORE", "PHONE", "OTHER", "MESSAGE"),
  eventDeviceInfo: DEVICE,
  cartData: message({
    merchantId: TEXT, merchantFeedLabel: TEXT, merchantFeedLanguageCode: TEXT, transactionDiscount: "double", couponCodes: TEXTS,
    items: list(message({
      merchantProductId: TEXT, quantity: "int64", unitPrice: "double", itemId: TEXT, conversionValue: "double", customVariables: VARIABLES,
      additionalItemParameters: PARAMETERS, merchantId: TEXT, merchantFeedLabel: TEXT, merchantFeedLanguageCode: TEXT,
    })),
  }),
  customVariables: VARIABLES,
  experimentalFields: list(message({ field: TEXT, value: TEXT })),
  userProperties: message({
    customerType: oneOf(`${V1}.CustomerType`, "CUSTOMER_TYPE_UNSPECIFIED", "NEW", "RETURNING", "REENGAGED"),
    customerValueBucket: oneOf(`${V1}.CustomerValueBucket`, "CUSTOMER_VALUE_BUCKET_UNSPECIFIED", "LOW", "MEDIUM", "HIGH"),
    additionalUserProperties: list(message({ propertyName: TEXT, value: TEXT })),
  }),
  eventName: TEXT,
  clientId: TEXT,
  userId: TEXT,
  appInstanceId: TEXT,
  additionalEventParameters: PARAMETERS,
  eventLocation: message({
    storeId: TEXT, city: TEXT, subdivisionCode: TEXT, regionCode: TEXT, subcontinentCode: TEXT, continentCode: TEXT,
  }),
});
/** @type {Record<string, import("../proto-json.mjs").Type>} */
const WRAPPED_KEY = { keyType: oneOf(`${V1}.KeyType`, "KEY_TYPE_UNSPECIFIED", "XCHACHA20_POLY1305"), kekUri: TEXT, encryptedDek: TEXT };
const INGEST = message({
  destinations: list(message({
    reference: TEXT, operatingAccount: ACCOUNT, loginAccount: ACCOUNT, linkedAccount: ACCOUNT, productDestinationId: TEXT,
  })),
  events: list(EVENT),
  consent: CONSENT,
  validateOnly: "bool",
  encoding: oneOf(`${V1}.Encoding`, "ENCODING_UNSPECIFIED", "HEX", "BASE64"),
  encryptionInfo: message({
    gcpWrappedKeyInfo: message({ ...WRAPPED_KEY, wipProvider: TEXT }),
    awsWrappedKeyInfo: message({ ...WRAPPED_KEY, roleArn: TEXT }),
    coordinatorKeyInfo: message({ keyId: TEXT }),
  }),
});

// --- Messages of the Google Ads API ------------------------------------------------------------------------------------------------

/** @param {string} version */
const adjustments = (version) => message({
  customerId: TEXT,
  partialFailure: "bool",
  validateOnly: "bool",
  jobId: "int32",
  conversionAdjustments: list(message({
    conversionAction: TEXT,
    adjustmentType: oneOf(
      `google.ads.googleads.${version}.enums.ConversionAdjustmentTypeEnum.ConversionAdjustmentType`,
      "UNSPECIFIED", "UNKNOWN", "RETRACTION", "RESTATEMENT", "ENHANCEMENT",
    ),
    orderId: TEXT,
    gclidDateTimePair: message({ gclid: TEXT, conversionDateTime: TEXT }),
    adjustmentDateTime: TEXT,
    restatementValue: message({ adjustedValue: "double", currencyCode: TEXT }),
    userIdentifiers: list(message({
      hashedEmail: TEXT,
      hashedPhoneNumber: TEXT,
      mobileId: TEXT,
      thirdPartyUserId: TEXT,
      addressInfo: message({
        hashedFirstName: TEXT, hashedLastName: TEXT, hashedStreetAddress: TEXT, city: TEXT, state: TEXT, countryCode: TEXT, postalCode: TEXT,
      }),
    })),
    userAgent: TEXT,
  })),
});

// --- Answers -----------------------------------------------------------------------------------------------------------------------

/** @type {Record<number, string>} */
const STATUS = {
  400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ABORTED", 429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED", 500: "INTERNAL", 501: "UNIMPLEMENTED", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
};

/**
 * @param {number} status
 * @param {string} text
 * @param {object[]} [details]
 */
function rpcError(status, text, details = []) {
  return { error: { code: status, message: text, status: STATUS[status] ?? "UNKNOWN", ...(details.length > 0 ? { details } : {}) } };
}

/**
 * @param {number} status
 * @param {string} text
 * @param {string} reason For the log.
 * @param {object[]} [details]
 * @param {Record<string, string>} [headers]
 * @returns {Answer}
 */
function refused(status, text, reason, details = [], headers = {}) {
  return { status, headers, body: rpcError(status, text, details), verdict: "rejected", reason };
}

/** @param {string} reason @param {string} domain @param {Record<string, string>} metadata */
function errorInfo(reason, domain, metadata) {
  return { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain, metadata };
}

/** @param {object[]} fieldViolations */
function badRequest(fieldViolations) {
  return { "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations };
}

/** @returns {Answer} What Google's front end says where no API is. */
function nowhere() {
  return {
    status: 404, verdict: "rejected", reason: "path: is no method of this API",
    body: "<!DOCTYPE html><html lang=en><title>Error 404 (Not Found)!!1</title><p><b>404.</b> <ins>That’s an error.</ins></html>",
  };
}

/**
 * The JSON body as the message, or the refusal of the front end, which names every place at once.
 * @param {TwinRequest} request
 * @param {import("../proto-json.mjs").MessageType} type
 */
function bodyOf(request, type) {
  const bad = (/** @type {string} */ rule) => refused(400, `Invalid JSON payload received. ${rule}`, `body: ${rule}`);
  const media = mediaType(request.headers);
  if (media !== "application/json") return { refusal: bad("The content type is not application/json.") };
  const json = readJson(request.body);
  if (!json.ok) return { refusal: bad("Unexpected token.") };
  if (duplicateKeys(json.text).length > 0) return { refusal: bad("Duplicate field.") };
  const decoded = decode(json.value, type);
  if (decoded.problems.length > 0) {
    const text = decoded.problems.map((one) => one.message).join("\n");
    const [first] = decoded.problems;
    const named = decoded.problems.map(({ path, message: description }) => ({ ...(path === "" ? {} : { field: path }), description }));
    return { refusal: refused(400, text, `${first?.path || "body"}: ${first?.rule}`, [badRequest(named)]) };
  }
  return { raw: /** @type {Record<string, any>} */ (json.value), value: decoded.value, findings: decoded.findings };
}

/**
 * Null when the bearer token opens this method.
 * @param {TwinRequest} request
 * @param {PlatformState} state
 * @param {string} scope
 * @param {string} method
 * @returns {Answer | null}
 */
function unauthorized(request, state, scope, method) {
  const meta = { service: request.host, method };
  const realm = 'Bearer realm="https://accounts.google.com/"';
  const expected = "Expected OAuth 2 access token, login cookie or other valid authentication credential. "
    + "See https://developers.google.com/identity/sign-in/web/devconsole-project.";
  const given = bearerToken(request.headers);
  if (given === undefined) {
    return refused(
      401, `Request is missing required authentication credential. ${expected}`, "authorization: is missing or no bearer token",
      [errorInfo("CREDENTIALS_MISSING", "googleapis.com", meta)], { "www-authenticate": realm },
    );
  }
  const known = /** @type {import("../google-oauth.mjs").Token | undefined} */ (state.memory.get(`token ${given}`));
  const expired = known !== undefined && request.now >= known.expires;
  if (known === undefined || expired || state.revoked) {
    const why = known === undefined ? "is unknown" : expired ? "has expired" : "revoked by script";
    const answer = refused(
      401, `Request had invalid authentication credentials. ${expected}`, `authorization: ${why}`,
      [errorInfo(expired ? "ACCESS_TOKEN_EXPIRED" : "ACCESS_TOKEN_TYPE_UNSUPPORTED", "googleapis.com", meta)],
      { "www-authenticate": `${realm}, error="invalid_token"` },
    );
    return known !== undefined && !expired ? { ...answer, scripted: "revoke_token" } : answer;
  }
  if (!known.scopes.includes(scope)) {
    return refused(
      403, "Request had insufficient authentication scopes.", "authorization: lacks the scope",
      [errorInfo("ACCESS_TOKEN_SCOPE_INSUFFICIENT", "googleapis.com", meta)],
      { "www-authenticate": `${realm}, error="insufficient_scope", scope="${scope}"` },
    );
  }
  return null;
}

/**
 * @param {TwinRequest} request
 * @param {string[]} known
 * @returns {Answer | null}
 */
function strangeQuery(request, known) {
  for (const key of request.query.keys()) {
    if (known.includes(key)) continue;
    const why = `Cannot bind query parameter. Field '${key}' could not be found in request message.`;
    return refused(400, `Invalid JSON payload received. Unknown name "${key}": ${why}`, "query: has a parameter that the method lacks");
  }
  return null;
}

// --- Data Manager: what an event must be ---------------------------------------------------------------------------------------------

/** Member states of the EEA, the United Kingdom, Switzerland: no address matching for users there. */
const NO_ADDRESS_MATCHING = new Set(
  "AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split(" "),
);
const REGIONS = new Intl.DisplayNames("en", { type: "region", fallback: "none" });
/** Codes that `Intl` knows and ISO 3166 does not assign. */
const NO_REGION = new Set(["EU", "EZ", "QO", "UK", "UN", "XA", "XB", "ZZ"]);

const OTHER_PRODUCTS = ["dclid", "impressionId", "matchId", "mobileDeviceId", "encryptedUserIds"];
const ANALYTICS_ONLY = ["eventName", "clientId", "userId", "appInstanceId", "additionalEventParameters", "eventLocation"];

/** The checks of one request. `must` and `required` refuse it, `should` warns the sender, `find` tells the twin's owner. */
class Review {
  /** @type {{field: string, description: string, reason: string}[]} */
  violations = [];
  /** @type {{field: string, description: string, reason: string}[]} */
  warnings = [];
  /** @type {Finding[]} */
  findings = [];

  /** @param {boolean} holds @param {string} field @param {string} reason @param {string} description */
  must(holds, field, reason, description) {
    if (!holds) this.violations.push({ field, description, reason });
    return holds;
  }

  /** @param {unknown} value @param {string} field */
  required(value, field) {
    const there = value !== undefined && value !== "" && !(Array.isArray(value) && value.length === 0);
    return this.must(there, field, "REQUIRED_FIELD_MISSING", "Required field is missing.");
  }

  /** @param {boolean} holds @param {string} field @param {string} reason @param {string} description */
  should(holds, field, reason, description) {
    if (!holds) this.warnings.push({ field, description, reason: `WARNING_REASON_${reason}` });
  }

  /** @param {boolean} bad @param {string} kind @param {string} where */
  find(bad, kind, where) {
    if (bad) this.findings.push({ kind, where });
  }
}

/**
 * @param {Review} review
 * @param {any} account
 * @param {string} at
 */
function checkAccount(review, account, at) {
  const type = account.accountType ?? account.product;
  review.find(account.product !== undefined, "deprecated_product", `${at}.product`);
  const typed = review.required(type === "ACCOUNT_TYPE_UNSPECIFIED" || type === "PRODUCT_UNSPECIFIED" ? undefined : type, `${at}.account_type`);
  if (typed) review.must(type === "GOOGLE_ADS", `${at}.account_type`, "INVALID_DESTINATION", "The twin has Google Ads accounts only.");
  if (review.required(account.accountId, `${at}.account_id`)) {
    review.must(/^\d+$/.test(account.accountId), `${at}.account_id`, "INVALID_NUMBER_FORMAT", "Invalid number format.");
  }
}

/**
 * @param {Review} review
 * @param {any[]} destinations
 */
function checkDestinations(review, destinations) {
  review.must(destinations.length <= 10, "destinations", "TOO_MANY_DESTINATIONS", "Maximum number of destinations allowed per request is 10.");
  /** @type {Set<string>} */
  const references = new Set();
  destinations.forEach((destination, index) => {
    const at = `destinations.destinations[${index}]`;
    if (destinations.length > 1 && review.required(destination.reference, `${at}.reference`)) {
      const twice = references.has(destination.reference);
      review.must(!twice, `${at}.reference`, "DUPLICATE_DESTINATION_REFERENCE", "Two destinations have the same reference.");
    }
    if (destination.reference) references.add(destination.reference);
    review.required(destination.operatingAccount, `${at}.operating_account`);
    for (const key of ["operatingAccount", "loginAccount", "linkedAccount"]) {
      if (destination[key]) checkAccount(review, destination[key], `${at}.${snake(key)}`);
    }
    if (review.required(destination.productDestinationId, `${at}.product_destination_id`)) {
      const id = destination.productDestinationId;
      review.must(/^\d+$/.test(id), `${at}.product_destination_id`, "INVALID_CONVERSION_ACTION_ID", "Conversion action ID is not valid.");
    }
  });
  return references;
}

/**
 * @param {Review} review
 * @param {string} value
 * @param {string} at
 * @param {string | undefined} encoding
 */
function checkDigest(review, value, at, encoding) {
  let digest = value.toLowerCase();
  if (encoding === "HEX") {
    if (!review.must(/^(?:[0-9a-f]{2})+$/i.test(value), at, "INVALID_HEX_ENCODING", "The HEX encoded value is malformed.")) return;
    review.find(value !== digest, "digest_in_upper_case", at);
  } else if (encoding === "BASE64") {
    const sound = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value);
    if (!review.must(sound, at, "INVALID_BASE64_ENCODING", "The base64 encoded value is malformed.")) return;
    digest = Buffer.from(value, "base64").toString("hex");
  } else return;
  review.must(digest.length === 64, at, "INVALID_SHA256_FORMAT", "The SHA256 encoded value is malformed.");
  review.find(digest === EMPTY_DIGEST, "digest_of_nothing", at);
}

/**
 * @param {Review} review
 * @param {any} address
 * @param {string} at
 * @param {string | undefined} encoding
 */
function checkAddress(review, address, at, encoding) {
  for (const [key, name] of [["givenName", "given_name"], ["familyName", "family_name"]]) {
    const value = address[String(key)];
    if (review.required(value, `${at}.${name}`)) checkDigest(review, value, `${at}.${name}`, encoding);
  }
  const { regionCode: region, postalCode: postal } = address;
  if (review.required(region, `${at}.region_code`)) {
    const known = /^[A-Z]{2}$/.test(region) && !NO_REGION.has(region) && REGIONS.of(region) !== undefined;
    review.must(known, `${at}.region_code`, "INVALID_REGION_CODE", "Region code is not valid.");
  }
  if (review.required(postal, `${at}.postal_code`)) {
    const rule = region === "US" ? /^\d{5}(?:-?\d{4})?$/ : /^[\p{L}\p{N}](?:[\p{L}\p{N} -]{0,10}[\p{L}\p{N}])?$/u;
    review.must(rule.test(postal), `${at}.postal_code`, "INVALID_POSTAL_CODE", "Postal code is not valid.");
  }
  const { addressLine, city, administrativeArea } = address;
  review.find((addressLine ?? city ?? administrativeArea) !== undefined, "address_field_for_analytics_only", at);
}

/**
 * @param {Review} review
 * @param {any} user
 * @param {string} at
 * @param {string | undefined} encoding
 */
function checkUser(review, user, at, encoding) {
  const where = `${at}.user_identifiers`;
  if (!review.required(user.userIdentifiers, where)) return;
  const { length } = user.userIdentifiers;
  review.must(length <= 10, where, "TOO_MANY_USER_IDENTIFIERS", "Maximum number of user identifiers allowed per event is 10.");
  const seen = new Set();
  user.userIdentifiers.forEach((/** @type {any} */ one, /** @type {number} */ index) => {
    const spot = `${where}[${index}]`;
    review.required(one.emailAddress ?? one.phoneNumber ?? one.address, spot);
    // The place of a malformed digest is the identifier itself, as in the documented example.
    for (const digest of [one.emailAddress, one.phoneNumber]) if (digest) checkDigest(review, digest, spot, encoding);
    if (one.address) checkAddress(review, one.address, `${spot}.address`, encoding);
    const text = JSON.stringify(one);
    review.find(seen.has(text), "identifier_twice", spot);
    seen.add(text);
  });
}

/**
 * @param {Review} review
 * @param {any} device
 * @param {string} at
 */
function checkDevice(review, device, at) {
  const { ipAddress: ip, userAgent: agent } = device;
  if (ip !== undefined && review.must(isAddress(ip), `${at}.ip_address`, "INVALID_FORMAT", "Format is invalid.")) {
    review.find(isPrivateAddress(ip), "private_ip_address", `${at}.ip_address`);
  }
  review.find(looksHashed(agent), "hashed_user_agent", `${at}.user_agent`);
}

/**
 * @param {Review} review
 * @param {any} event
 * @param {string} at
 */
function checkCart(review, event, at) {
  const cart = event.cartData;
  const { merchantId: merchant, merchantFeedLanguageCode: language } = cart;
  const { gbraid, wbraid } = event.adIdentifiers ?? {};
  const supported = !gbraid && !wbraid;
  review.should(supported, at, "CART_DATA_NOT_SUPPORTED_WITH_GBRAID_OR_WBRAID", "Not supported with gbraid or wbraid.");
  review.find(!supported, "cart_data_with_braid", at);
  review.should(/^\d+$/.test(merchant ?? "0"), `${at}.merchant_id`, "INVALID_MERCHANT_ID", "Merchant ID is not valid.");
  review.find(!/^[a-z]{2}$/.test(language ?? "en"), "not_a_language_code", `${at}.merchant_feed_language_code`);
  review.find(cart.transactionDiscount < 0, "negative_amount", `${at}.transaction_discount`);
  let sum = 0;
  (cart.items ?? []).forEach((/** @type {any} */ item, /** @type {number} */ index) => {
    const spot = `${at}.items[${index}]`;
    review.should(Boolean(item.merchantProductId), spot, "CART_DATA_ITEM_MERCHANT_PRODUCT_ID_MISSING", "The merchant_product_id is missing.");
    review.should(item.unitPrice !== undefined, spot, "CART_DATA_ITEM_UNIT_PRICE_MISSING", "The unit_price is missing.");
    review.find(item.unitPrice < 0, "negative_amount", `${spot}.unit_price`);
    review.find(item.quantity <= 0, "quantity_not_positive", `${spot}.quantity`);
    review.find(item.additionalItemParameters !== undefined, "field_for_analytics_only", spot);
    sum += (item.unitPrice ?? 0) * (item.quantity ?? 1);
  });
  review.find(sum > 0 && event.conversionValue > 10_000 * sum, "value_in_micros", `${at}.items`);
}

/**
 * @param {Review} review
 * @param {any} event
 * @param {number} index
 * @param {{request: any, references: Set<string>, now: number}} about
 */
function checkEvent(review, event, index, { request, references, now }) {
  const at = `events.events[${index}]`;
  if (review.required(event.eventTimestamp, `${at}.event_timestamp`)) {
    review.must(event.eventTimestamp <= now, `${at}.event_timestamp`, "EVENT_TIME_INVALID", "The event time lies in the future.");
  }
  review.required(event.eventSource === "EVENT_SOURCE_UNSPECIFIED" ? undefined : event.eventSource, `${at}.event_source`);

  const id = event.transactionId;
  review.must([...(id ?? "")].length <= 64, `${at}.transaction_id`, "FIELD_VALUE_TOO_LONG", "The field value is too long.");
  review.find(!id, "no_transaction_id", `${at}.transaction_id`);

  const refer = (/** @type {string[]} */ refs, /** @type {string} */ where) => {
    refs.forEach((ref, nth) => {
      const there = references.has(ref) || request.destinations === undefined;
      review.must(there, `${where}[${nth}]`, "INVALID_DESTINATION", "The reference is none of the request's destinations.");
    });
    review.find(new Set(refs).size < refs.length, "destination_twice", where);
  };
  refer(event.destinationReferences ?? [], `${at}.destination_references`);
  (event.customVariables ?? []).forEach((/** @type {any} */ one, /** @type {number} */ nth) => {
    refer(one.destinationReferences ?? [], `${at}.custom_variables[${nth}].destination_references`);
    review.required(one.variable, `${at}.custom_variables[${nth}].variable`);
    review.required(one.value, `${at}.custom_variables[${nth}].value`);
  });
  (event.experimentalFields ?? []).forEach((/** @type {any} */ one, /** @type {number} */ nth) => {
    review.required(one.field, `${at}.experimental_fields[${nth}].field`);
    review.required(one.value, `${at}.experimental_fields[${nth}].value`);
  });

  const ads = event.adIdentifiers ?? {};
  const landing = ads.landingPageDeviceInfo ?? {};
  const device = event.eventDeviceInfo ?? {};
  const anyone = ads.gclid || ads.gbraid || ads.wbraid || ads.sessionAttributes || event.userData || landing.ipAddress || device.ipAddress;
  review.must(Boolean(anyone), at, "NO_IDENTIFIERS_PROVIDED", "Events data contains no user identifiers or ad identifiers.");
  for (const key of ["gclid", "gbraid", "wbraid"]) {
    review.find(looksHashed(ads[key]), "hashed_click_id", `${at}.ad_identifiers.${key}`);
    review.find(/\s|^GCL\./.test(ads[key] ?? ""), "not_a_click_id", `${at}.ad_identifiers.${key}`);
  }
  review.find(Boolean(ads.gbraid && ads.wbraid), "gbraid_and_wbraid", `${at}.ad_identifiers`);
  for (const key of OTHER_PRODUCTS) review.find(ads[key] !== undefined, "identifier_of_another_product", `${at}.ad_identifiers`);
  checkDevice(review, landing, `${at}.ad_identifiers.landing_page_device_info`);
  checkDevice(review, device, `${at}.event_device_info`);

  if (event.userData) {
    checkUser(review, event.userData, `${at}.user_data`, request.encoding);
    review.find(consentOf(event, request) === "CONSENT_DENIED", "user_data_without_consent", `${at}.user_data`);
  }
  const regions = /** @type {any[]} */ (event.userData?.userIdentifiers ?? []).map((one) => one.address?.regionCode);
  const located = Boolean(landing.ipAddress ?? device.ipAddress);
  review.find(located && regions.some((code) => NO_ADDRESS_MATCHING.has(code)), "ip_address_of_eea_user", at);
  review.find(event.thirdPartyUserData !== undefined, "identifier_of_another_product", `${at}.third_party_user_data`);

  const { conversionValue: value, currency } = event;
  review.find(value < 0, "negative_amount", `${at}.conversion_value`);
  review.find(value !== undefined && !currency, "value_without_currency", `${at}.currency`);
  if (currency) {
    const sound = currency === currency.toUpperCase() && isCurrency(currency);
    review.must(sound, `${at}.currency`, "INVALID_CURRENCY_CODE", "The currency code is not supported.");
  }
  review.find(event.conversionCount <= 0, "conversion_count_not_positive", `${at}.conversion_count`);
  if (event.cartData) checkCart(review, event, `${at}.cart_data`);

  for (const key of ANALYTICS_ONLY) review.find(event[key] !== undefined, "field_for_analytics_only", at);
  review.find(event.userProperties?.additionalUserProperties !== undefined, "field_for_analytics_only", `${at}.user_properties`);
}

/**
 * @param {any} event
 * @param {any} request
 * @returns {string | undefined}
 */
function consentOf(event, request) {
  return event.consent?.adUserData ?? request.consent?.adUserData;
}

// --- Data Manager: what becomes of an event ------------------------------------------------------------------------------------------

/**
 * @typedef {object} Conversion What the Google Ads API may later adjust.
 * @property {number} time
 * @property {number | undefined} value
 * @property {string | undefined} currency
 * @property {boolean} [retracted]
 * @property {number} [restated] The adjustment time of the last restatement.
 *
 * @typedef {object} Ingested
 * @property {number} ready
 * @property {number} polls How often it was asked for.
 * @property {boolean} slow
 * @property {{destination: unknown, total: number, errors: Record<string, number>}[]} outcomes
 */

/**
 * What makes two events the same conversion: the transaction id, or without one the click and the time.
 * @param {string} action
 * @param {{transactionId?: string, gclid?: string, time?: number}} event
 */
function conversionKey(action, { transactionId, gclid, time }) {
  if (transactionId) return JSON.stringify([action, transactionId]);
  return gclid ? JSON.stringify([action, null, gclid, time]) : undefined;
}

/**
 * @param {any} event
 * @param {any} request
 * @param {number} now
 * @param {PlatformState['memory']} memory
 */
function processingError(event, request, now, memory) {
  const gclid = event.adIdentifiers?.gclid ?? "";
  const braid = event.adIdentifiers?.gbraid ?? event.adIdentifiers?.wbraid;
  if (now - event.eventTimestamp > (gclid || braid ? 90 : 63) * DAY) return "EVENT_TOO_OLD";
  if (consentOf(event, request) === "CONSENT_DENIED") return "DENIED_CONSENT";
  if (gclid.startsWith("INVALID")) return "INVALID_GCLID";
  const first = memory.get(`gclid ${gclid}`) ?? now;
  if (gclid.startsWith("FRESH") && now - Number(first) < 6 * HOUR) return "TOO_RECENT_CLICK";
  return null;
}

/**
 * @param {TwinRequest} request
 * @param {PlatformState} state
 * @returns {Answer}
 */
function ingest(request, state) {
  const strange = strangeQuery(request, ["alt", "prettyPrint"]);
  if (strange) return strange;
  const read = bodyOf(request, INGEST);
  if (read.refusal) return read.refusal;
  const { raw, value: body } = read;

  const review = new Review();
  review.findings.push(...read.findings);
  for (const name of ["developer-token", "login-customer-id"]) {
    review.find(name in request.headers, "header_of_the_google_ads_api", `header ${name}`);
  }
  /** @type {any[]} */
  const destinations = body.destinations ?? [];
  /** @type {any[]} */
  const list = body.events ?? [];
  review.required(destinations, "destinations");
  const references = checkDestinations(review, destinations);
  review.required(list, "events");
  review.must(list.length <= 2000, "events", "TOO_MANY_EVENTS", "Maximum number of events allowed per request is 2,000.");
  if (list.some((event) => event.userData)) review.required(body.encoding === "ENCODING_UNSPECIFIED" ? undefined : body.encoding, "encoding");
  review.find(body.encryptionInfo !== undefined, "encryption_that_the_twin_cannot_open", "encryption_info");
  list.forEach((event, index) => checkEvent(review, event, index, { request: body, references, now: request.now }));

  /** @type {Pick<Answer, 'scripted'>} */
  let scripted = {};
  if (review.violations.length === 0) {
    list.forEach((event, index) => {
      if (!state.rejectIds.has(event.transactionId)) return;
      review.must(false, `events.events[${index}]`, "INVALID_EVENT", "This event is not valid.");
      scripted = { scripted: "reject_event_id" };
    });
  }
  const id = `t-${randomBytes(8).toString("hex")}`;
  const [first] = review.violations;
  if (first) {
    return {
      ...refused(400, "There was a problem with the request.", `${first.field}: ${first.reason}`, [
        errorInfo("INVALID_ARGUMENT", DATA_MANAGER, { requestId: id }),
        { "@type": "type.googleapis.com/google.rpc.RequestInfo", requestId: id },
        badRequest(review.violations),
      ]),
      violations: review.findings,
      ...scripted,
    };
  }
  const warnings = review.warnings.length > 0 ? { fieldWarnings: review.warnings } : {};
  if (body.validateOnly === true) return { status: 200, body: warnings, verdict: "validated", violations: review.findings };

  /** @type {Map<string, Conversion>} */
  const converted = new Map();
  /** @type {Set<string>} */
  const fresh = new Set();
  /** @type {ArrivedEvent[]} */
  const events = [];
  /** @type {Ingested['outcomes']} */
  const outcomes = [];
  /** @type {unknown[]} */
  const sent = raw.events;
  for (const destination of destinations) {
    const action = destination.productDestinationId;
    const context = {
      request_id: id, conversion_action: action, operating_account: destination.operatingAccount.accountId,
      login_account: destination.loginAccount?.accountId, encoding: body.encoding, consent: body.consent,
    };
    const outcome = { destination, total: 0, errors: /** @type {Record<string, number>} */ ({}) };
    list.forEach((event, index) => {
      if (event.destinationReferences?.length > 0 && !event.destinationReferences.includes(destination.reference)) return;
      const gclid = event.adIdentifiers?.gclid;
      const key = conversionKey(action, { transactionId: event.transactionId, gclid, time: event.eventTimestamp });
      let error = processingError(event, body, request.now, state.memory);
      if (!error && key !== undefined && (converted.has(key) || state.memory.has(`conversion ${key}`))) {
        error = event.transactionId ? "DUPLICATE_TRANSACTION_ID" : "DUPLICATE_GCLID";
      }
      const { eventTimestamp: time, conversionValue: value, currency } = event;
      if (!error && key !== undefined) converted.set(key, { time, value, currency });
      if (gclid?.startsWith("FRESH") && !state.memory.has(`gclid ${gclid}`)) fresh.add(gclid);
      outcome.total += 1;
      if (error) outcome.errors[error] = (outcome.errors[error] ?? 0) + 1;
      events.push({ name: action, id: event.transactionId || undefined, key, event: sent[index], context, notes: error ? [error] : [] });
    });
    outcomes.push(outcome);
  }
  const slow = list.some((event) => event.adIdentifiers?.gclid?.startsWith("SLOW"));
  return {
    status: 200, body: { requestId: id, ...warnings }, verdict: "accepted", events, violations: review.findings,
    commit: () => {
      for (const [key, conversion] of converted) state.memory.set(`conversion ${key}`, conversion);
      for (const gclid of fresh) state.memory.set(`gclid ${gclid}`, request.now);
      for (const one of events) {
        const account = /** @type {{operating_account?: string}} */ (one.context).operating_account;
        count(state.memory, `google_ads ${account}`, request.now, [{ of: [one.name], keys: one.notes?.length ? [] : ["taken"] }]);
      }
      state.memory.set(`request ${id}`, /** @type {Ingested} */ ({ ready: request.now + PROCESSING_MS, polls: 0, slow, outcomes }));
    },
  };
}

/**
 * @param {TwinRequest} request
 * @param {PlatformState} state
 * @returns {Answer}
 */
function retrieve(request, state) {
  const strange = strangeQuery(request, ["requestId", "request_id", "alt", "prettyPrint"]);
  if (strange) return strange;
  const id = request.query.get("requestId") ?? request.query.get("request_id") ?? "";
  if (id === "") {
    return refused(400, "There was a problem with the request.", "requestId: is missing", [
      errorInfo("INVALID_ARGUMENT", DATA_MANAGER, {}),
      badRequest([{ field: "request_id", description: "Required field is missing.", reason: "REQUIRED_FIELD_MISSING" }]),
    ]);
  }
  const known = /** @type {Ingested | undefined} */ (state.memory.get(`request ${id}`));
  if (!known) return refused(404, "Resource not found.", "requestId: is unknown", [errorInfo("NOT_FOUND", DATA_MANAGER, {})]);
  const processing = request.now < known.ready || (known.slow && known.polls < SLOW_POLLS);
  const statuses = known.outcomes.map(({ destination, total, errors }) => {
    if (processing) return { destination, requestStatus: "PROCESSING" };
    const failed = Object.values(errors).reduce((sum, count) => sum + count, 0);
    // ProtoJSON: no empty lists, and 64-bit numbers in quotes.
    const errorCounts = Object.entries(errors).map(([reason, count]) => {
      return { recordCount: String(count), reason: `PROCESSING_ERROR_REASON_${reason}` };
    });
    return {
      destination,
      requestStatus: failed === 0 ? "SUCCESS" : failed === total ? "FAILED" : "PARTIAL_SUCCESS",
      ...(failed === 0 ? {} : { errorInfo: { errorCounts } }),
      eventsIngestionStatus: { recordCount: String(total) },
    };
  });
  return {
    status: 200, body: { requestStatusPerDestination: statuses }, verdict: "accepted",
    violations: request.body.length > 0 ? [{ kind: "body_of_a_get", where: "body" }] : [],
    commit: () => state.memory.set(`request ${id}`, { ...known, polls: known.polls + 1 }),
  };
}

// --- Google Ads API: adjustments -----------------------------------------------------------------------------------------------------

/** @typedef {{code: Record<string, string>, text: string, at: {fieldName: string, index?: number}[]}} AdsError */

/** @param {string} version @param {AdsError[]} errors */
function failure(version, errors) {
  return {
    "@type": `type.googleapis.com/google.ads.googleads.${version}.errors.GoogleAdsFailure`,
    errors: errors.map(({ code, text, at }) => {
      return { errorCode: code, message: text, ...(at.length > 0 ? { location: { fieldPathElements: at } } : {}) };
    }),
    requestId: randomBytes(12).toString("base64url"),
  };
}

/**
 * @param {string} version
 * @param {Record<string, string>} code
 * @param {string} text
 * @param {string} where
 * @param {number} [status]
 */
function adsRefused(version, code, text, where, status = 400) {
  const said = status === 403 ? "The caller does not have permission" : "Request contains an invalid argument.";
  const [reason] = Object.values(code);
  return refused(status, said, `${where}: ${reason}`, [failure(version, [{ code, text, at: where.includes(" ") ? [] : [{ fieldName: where }] }])]);
}

const SPACED = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d$/;

/**
 * `yyyy-mm-dd hh:mm:ss+|-hh:mm`, as unix milliseconds.
 * @param {unknown} value
 */
function spacedInstant(value) {
  return typeof value === "string" && SPACED.test(value) ? instant(value.replace(" ", "T")) : null;
}

/** What is wrong with one row. */
class RowError extends Error {
  /** @param {Record<string, string>} code @param {string} text @param {string[]} [fields] */
  constructor(code, text, fields = []) {
    super(text);
    this.code = code;
    this.fields = fields;
  }
}
/** @param {string} reason @param {string} text @param {string[]} [fields] */
const upload = (reason, text, fields) => new RowError({ conversionAdjustmentUploadError: reason }, text, fields);
/** @param {'REQUIRED' | 'INVALID_VALUE' | 'VALUE_MUST_BE_UNSET'} reason @param {string[]} fields */
const field = (reason, ...fields) => new RowError({ fieldError: reason }, FIELD_ERRORS[reason], fields);
const FIELD_ERRORS = {
  REQUIRED: "The required field was not present.",
  INVALID_VALUE: "The field's value is invalid.",
  VALUE_MUST_BE_UNSET: "The field's value must be unset.",
};

/**
 * Throws what the platform says against the row, or returns the conversion as it stands after it.
 * @param {any} row
 * @param {number} now
 * @param {(key: string) => Conversion | undefined} find
 * @param {Finding[]} findings
 * @param {string} at
 * @returns {{key: string, action: string, conversion: Conversion}}
 */
function adjust(row, now, find, findings, at) {
  const type = row.adjustmentType;
  if (type === undefined || type === "UNSPECIFIED") throw field("REQUIRED", "adjustment_type");
  if (type === "UNKNOWN") throw field("INVALID_VALUE", "adjustment_type");
  if (!row.conversionAction) throw field("REQUIRED", "conversion_action");
  const action = /^customers\/\d+\/conversionActions\/(\d+)$/.exec(row.conversionAction)?.[1];
  if (action === undefined) throw field("INVALID_VALUE", "conversion_action");
  if (type === "ENHANCEMENT") {
    throw upload("INVALID_CONVERSION_ACTION_TYPE", "The conversion action's type isn't supported for this adjustment.", ["conversion_action"]);
  }
  for (const [key, name] of [["userIdentifiers", "user_identifiers"], ["userAgent", "user_agent"]]) {
    if (row[String(key)] !== undefined) throw field("VALUE_MUST_BE_UNSET", String(name));
  }

  const pair = row.gclidDateTimePair;
  if (row.orderId && pair) {
    throw upload("GCLID_DATE_TIME_PAIR_AND_ORDER_ID_BOTH_SET", "Cannot set both gclid_date_time_pair and order_id.");
  }
  if (!row.orderId && !pair) throw field("REQUIRED", "order_id");
  if (row.orderId && findPlain(row.orderId)) {
    throw upload("ORDER_ID_CONTAINS_PII", "Order IDs must not contain personally-identifiable information (PII).", ["order_id"]);
  }
  const badTime = (/** @type {string[]} */ fields) => new RowError(
    { dateError: "INVALID_STRING_DATE_TIME_WITH_OFFSET" }, "The date time string must have the format yyyy-mm-dd hh:mm:ss+|-hh:mm.", fields,
  );
  if (!row.adjustmentDateTime) throw field("REQUIRED", "adjustment_date_time");
  const time = spacedInstant(row.adjustmentDateTime);
  if (time === null) throw badTime(["adjustment_date_time"]);
  if (pair && !pair.gclid) throw field("REQUIRED", "gclid_date_time_pair", "gclid");
  const conversionTime = pair ? spacedInstant(pair.conversionDateTime) : null;
  if (pair && conversionTime === null) throw badTime(["gclid_date_time_pair", "conversion_date_time"]);

  const restated = row.restatementValue;
  if (type === "RETRACTION" && restated !== undefined) throw field("VALUE_MUST_BE_UNSET", "restatement_value");
  if (type === "RESTATEMENT") {
    if (restated === undefined) throw field("REQUIRED", "restatement_value");
    if (restated.adjustedValue === undefined) throw field("REQUIRED", "restatement_value", "adjusted_value");
    const code = restated.currencyCode;
    if (code && !(code === code.toUpperCase() && isCurrency(code))) {
      throw new RowError({ currencyCodeError: "UNSUPPORTED" }, "The currency code is not supported.", ["restatement_value", "currency_code"]);
    }
  }

  const key = String(conversionKey(action, { transactionId: row.orderId, gclid: pair?.gclid, time: conversionTime ?? undefined }));
  const known = find(key);
  if (!known) {
    const by = pair ? "gclid_date_time_pair" : "order_id";
    throw upload("CONVERSION_NOT_FOUND", "The conversion for this conversion action and conversion identifier can't be found.", [by]);
  }
  if (now - known.time > 54 * DAY) throw upload("CONVERSION_EXPIRED", "The conversion occurred more than 54 days ago.");
  // The format has no fractions of a second.
  if (time < Math.floor(known.time / 1000) * 1000) {
    throw upload("ADJUSTMENT_PRECEDES_CONVERSION", "The adjustment_date_time lies before the associated conversion.", ["adjustment_date_time"]);
  }
  if (known.retracted) throw upload("CONVERSION_ALREADY_RETRACTED", "The conversion was already retracted.");
  if (time > now) findings.push({ kind: "adjustment_in_the_future", where: `${at}.adjustment_date_time` });
  if (type === "RETRACTION") return { key, action, conversion: { ...known, retracted: true } };

  if (known.restated === time) {
    throw upload("RESTATEMENT_ALREADY_EXISTS", "The conversion has a restatement of the same time.", ["adjustment_date_time"]);
  }
  if (known.restated !== undefined && known.restated > time) {
    throw upload("MORE_RECENT_RESTATEMENT_FOUND", "A more recent restatement has already been reported.", ["adjustment_date_time"]);
  }
  const { adjustedValue: value, currencyCode: currency } = restated;
  const where = `${at}.restatement_value`;
  if (!currency) findings.push({ kind: "value_without_currency", where });
  if (value < 0) findings.push({ kind: "negative_amount", where });
  // Refunds only lower a value; a higher one betrays a change sent for the remaining total, or micros.
  const same = !currency || currency === known.currency;
  if (same && known.value !== undefined && value > known.value) findings.push({ kind: "restated_above_the_conversion", where });
  return { key, action, conversion: { ...known, value, currency: currency ?? known.currency, restated: time } };
}

/**
 * @param {TwinRequest} request
 * @param {PlatformState} state
 * @param {string} version
 * @param {string} customer
 * @returns {Answer}
 */
function uploadAdjustments(request, state, version, customer) {
  const strange = strangeQuery(request, ["alt", "prettyPrint"]);
  if (strange) return strange;
  if (!/^\d{10}$/.test(customer)) return adsRefused(version, { requestError: "INVALID_CUSTOMER_ID" }, "Invalid customer ID.", "customer_id");
  const login = request.headers["login-customer-id"];
  if (login !== undefined && !/^\d{10}$/.test(login)) {
    const text = "The login-customer-id header could not be validated.";
    return adsRefused(version, { headerError: "INVALID_LOGIN_CUSTOMER_ID" }, text, "header login-customer-id");
  }
  const read = bodyOf(request, adjustments(version));
  if (read.refusal) return read.refusal;
  const { value: body, raw } = read;
  /** @type {Finding[]} */
  const findings = [...read.findings];
  if (body.customerId !== undefined) findings.push({ kind: "customer_id_in_the_body", where: "customer_id" });
  /** @type {any[]} */
  const rows = body.conversionAdjustments ?? [];
  if (body.partialFailure !== true) {
    const text = "This method requires partial_failure to be true.";
    return adsRefused(version, { partialFailureError: "PARTIAL_FAILURE_MODE_REQUIRED" }, text, "partial_failure");
  }
  if (rows.length === 0) {
    return adsRefused(version, { requestError: "REQUIRED_FIELD_MISSING" }, "Required field is missing.", "conversion_adjustments");
  }
  if (rows.length > 2000) {
    const text = "Try uploading fewer than 2001 adjustments in a single API request.";
    return adsRefused(version, { conversionAdjustmentUploadError: "TOO_MANY_ADJUSTMENTS_IN_REQUEST" }, text, "conversion_adjustments");
  }
  if (body.jobId !== undefined && body.jobId < 0) {
    return adsRefused(version, { conversionAdjustmentUploadError: "INVALID_JOB_ID" }, "The job id is out of range.", "job_id");
  }

  /** @type {Map<string, Conversion>} */
  const changed = new Map();
  const rowsSeen = new Set();
  /** @type {AdsError[]} */
  const errors = [];
  /** @type {ArrivedEvent[]} */
  const events = [];
  /** @type {object[]} */
  const results = [];
  /** @type {Pick<Answer, 'scripted'>} */
  let scripted = {};
  /** @type {unknown[]} */
  const sent = raw.conversionAdjustments ?? raw.conversion_adjustments;
  const context = { customer_id: customer, login_customer_id: login, version };
  rows.forEach((row, index) => {
    const at = `conversion_adjustments[${index}]`;
    try {
      const same = JSON.stringify([row.conversionAction, row.orderId, row.gclidDateTimePair, row.adjustmentType, row.adjustmentDateTime]);
      if (rowsSeen.has(same)) throw upload("DUPLICATE_ADJUSTMENT_IN_REQUEST", "The request has this adjustment twice.");
      rowsSeen.add(same);
      const find = (/** @type {string} */ key) => changed.get(key) ?? /** @type {Conversion | undefined} */ (state.memory.get(`conversion ${key}`));
      const { key, action, conversion } = adjust(row, request.now, find, findings, at);
      if (state.rejectIds.has(row.orderId)) {
        scripted = { scripted: "reject_event_id" };
        throw field("INVALID_VALUE", "order_id");
      }
      changed.set(key, conversion);
      results.push({
        ...(row.orderId ? { orderId: row.orderId } : { gclidDateTimePair: row.gclidDateTimePair }), conversionAction: row.conversionAction,
        adjustmentDateTime: row.adjustmentDateTime, adjustmentType: row.adjustmentType,
      });
      const scope = row.adjustmentType === "RETRACTION" ? ["RETRACTION", key] : ["RESTATEMENT", key, row.adjustmentDateTime];
      events.push({
        name: row.adjustmentType, id: row.orderId || undefined, key: JSON.stringify(scope), event: sent[index],
        context: { ...context, conversion_action: action },
      });
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      results.push({});
      const path = [{ fieldName: "conversion_adjustments", index }, ...error.fields.map((fieldName) => ({ fieldName }))];
      errors.push({ code: error.code, text: error.message, at: path });
    }
  });

  const [first] = errors;
  const [reason] = Object.values(first?.code ?? {});
  const several = errors.length > 1 ? "Multiple errors in ‘details’. First error: " : "";
  const partial = first
    ? {
      partialFailureError: {
        code: 3,
        message: `${several}${first.text}, at conversion_adjustments[${first.at[0]?.index}]`,
        details: [failure(version, errors)],
      },
    }
    : {};
  const logged = first ? { reason: `conversion_adjustments[${first.at[0]?.index}]: ${reason}` } : {};
  if (body.validateOnly === true) return { status: 200, body: partial, verdict: "validated", violations: findings, ...logged, ...scripted };
  return {
    status: 200,
    body: { ...partial, results, jobId: String(body.jobId ?? 2 ** 31 + randomInt(2 ** 40)) },
    verdict: events.length > 0 ? "accepted" : "rejected",
    ...logged, ...scripted, events, violations: findings,
    commit: () => {
      for (const [key, conversion] of changed) state.memory.set(`conversion ${key}`, conversion);
    },
  };
}

/**
 * @param {TwinRequest} request
 * @param {PlatformState} state
 * @returns {Answer}
 */
function searchAds(request, state) {
  const [, version = "", customer = ""] = /^\/(v\d+)\/customers\/(\d{10})\/googleAds:search$/.exec(request.path) ?? [];
  const ends = VERSIONS.get(version);
  if (request.method !== "POST" || ends === undefined) return nowhere();
  const closed = unauthorized(request, state, ADS_SCOPE, `google.ads.googleads.${version}.services.GoogleAdsService.Search`);
  if (closed) return closed;
  if (request.now >= Date.parse(ends)) {
    return adsRefused(version, { requestError: "UNSUPPORTED_VERSION" }, `Version ${version} is deprecated.`, "the version");
  }
  const json = readJson(request.body);
  const query = json.ok && isObject(json.value) ? json.value.query : undefined;
  if (typeof query !== "string") return adsRefused(version, { requestError: "REQUIRED_FIELD_MISSING" }, "Required field is missing.", "query");
  const found = search(state, customer, query, request.now);
  if ("wrong" in found) return adsRefused(version, { queryError: found.wrong }, "Error in query.", "query");
  // Without a row Google leaves the list out.
  const { results } = found;
  return { status: 200, body: results.length > 0 ? { results, fieldMask: "*" } : { fieldMask: "*" }, verdict: "accepted" };
}

/**
 * @param {TwinRequest} request
 * @param {PlatformState} state
 * @returns {Answer}
 */
function googleAds(request, state) {
  if (request.path.endsWith("/googleAds:search")) return searchAds(request, state);
  const [, version = "", number = "", customer = "", method = ""] = /^\/(v(\d+))\/customers\/([^/:]+):(\w+)$/.exec(request.path) ?? [];
  const ends = VERSIONS.get(version);
  const old = number !== "" && Number(number) < OLDEST_NAMED;
  const served = method === "uploadConversionAdjustments" || method === "uploadClickConversions";
  if (request.method !== "POST" || (ends === undefined && !old) || !served) return nowhere();
  const closed = unauthorized(request, state, ADS_SCOPE, `google.ads.googleads.${version}.services.${method}`);
  if (closed) return closed;
  if (ends === undefined || request.now >= Date.parse(ends)) {
    const text = `Version ${version} is deprecated. Requests to this version will be blocked.`;
    return adsRefused(version, { requestError: "UNSUPPORTED_VERSION" }, text, "the version");
  }
  if (method === "uploadClickConversions") {
    // Since 2026-06-15, for everyone who did not upload in the half-year before.
    const text = "The customer is not allowlisted for this feature. Use the Data Manager API.";
    return adsRefused(version, { notAllowlistedError: "CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE" }, text, "the customer", 403);
  }
  return uploadAdjustments(request, state, version, customer);
}

/**
 * @param {TwinRequest} request
 * @param {PlatformState} state
 * @returns {Answer}
 */
function dataManager(request, state) {
  const call = `${request.method} ${request.path}`;
  const name = call === "POST /v1/events:ingest" ? "IngestEvents" : call === "GET /v1/requestStatus:retrieve" ? "RetrieveRequestStatus" : null;
  if (name === null) return nowhere();
  const closed = unauthorized(request, state, DATA_MANAGER_SCOPE, `${V1}.IngestionService.${name}`);
  return closed ?? (name === "IngestEvents" ? ingest : retrieve)(request, state);
}

/**
 * The conversions that stand after all processing and adjustments, from `received({ platform: "google_ads" }).events`.
 * @param {import("../types.mjs").Received[]} received
 */
export function conversions(received) {
  /** @type {Map<string, {action: string, transactionId: string | null, value: number | undefined, currency: string | undefined}>} */
  const standing = new Map();
  received.forEach((one, index) => {
    const { event, event_id: id } = one;
    const pair = event.gclidDateTimePair;
    const action = String(one.context.conversion_action);
    const gclid = pair?.gclid ?? event.adIdentifiers?.gclid;
    const time = (pair ? spacedInstant(pair.conversionDateTime) : instant(event.eventTimestamp)) ?? undefined;
    const key = conversionKey(action, { transactionId: id ?? undefined, gclid, time }) ?? String(index);
    const before = standing.get(key);
    if (one.host === DATA_MANAGER) {
      const { conversionValue: value, currency } = event;
      if (one.notes.length === 0) standing.set(key, { action, transactionId: id, value, currency });
    } else if (one.event_name === "RETRACTION") standing.delete(key);
    else if (before) {
      const { adjustedValue: value, currencyCode: currency = before.currency } = event.restatementValue;
      standing.set(key, { ...before, value, currency });
    }
  });
  return [...standing.values()];
}

/** @type {import("../types.mjs").Platform} */
export const google_ads = {
  name: "google_ads",
  hosts: [DATA_MANAGER, OAUTH, GOOGLE_ADS],

  handle(request, state) {
    if (request.host === DATA_MANAGER) return dataManager(request, state);
    if (request.host === GOOGLE_ADS) return googleAds(request, state);
    return request.method === "POST" && request.path === "/token" ? token(request, state) : nowhere();
  },

  errorBody(status) {
    if (status === 429) {
      const metadata = { quota_limit: "IngestionWritesPerMinutePerProject", quota_limit_value: "300", service: DATA_MANAGER };
      const info = errorInfo("RATE_LIMIT_EXCEEDED", "googleapis.com", metadata);
      return rpcError(429, "Quota exceeded for quota metric 'Ingestion write requests'.", [info]);
    }
    /** @type {Record<number, string>} */
    const texts = {
      400: "There was a problem with the request.", 401: "Request had invalid authentication credentials.", 404: "Resource not found.",
      403: "The caller does not have permission", 503: "The service is currently unavailable.",
      504: "Deadline expired before operation could complete.",
    };
    return rpcError(status, texts[status] ?? "Internal error encountered.");
  },
};
