import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { beforeEach, test } from "node:test";
import { sha256 } from "./checks.mjs";
import { credentials } from "./credentials.mjs";
import { NOW, exchange, testTwin } from "./harness.mjs";
import { conversions } from "./platforms/google_ads.mjs";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const INGEST = "/datamanager.googleapis.com/v1/events:ingest";
const STATUS = "/datamanager.googleapis.com/v1/requestStatus:retrieve";
const ADJUST = "/googleads.googleapis.com/v25/customers/1234567890:uploadConversionAdjustments";
const TOKEN = "/oauth2.googleapis.com/token";
const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const DATA_MANAGER = "https://www.googleapis.com/auth/datamanager";
const ADWORDS = "https://www.googleapis.com/auth/adwords";
const { google_ads: known } = credentials;
const digest = sha256("elenabrandt@gmail.com");
const BASE64 = Buffer.from(digest, "hex").toString("base64");

const { twin, clock, book, kinds } = await testTwin({ platform: "google_ads" });
let token = "";
beforeEach(async () => {
  token = (await refresh()).body.access_token;
});

/** @param {string} method @param {string} path @param {unknown} body @param {Record<string, string>} headers */
const call = (method, path, body, headers) => exchange(twin.url + path, method, headers, body);
/** @param {Record<string, string>} form */
const post = (form) => call("POST", TOKEN, String(new URLSearchParams(form)), { "content-type": "application/x-www-form-urlencoded" });
/** @param {Record<string, string>} [change] */
const refresh = (change) => post({
  grant_type: "refresh_token", client_id: known.clientId, client_secret: known.clientSecret, refresh_token: known.refreshToken, ...change,
});
/** @param {any} body @param {string} [path] @param {Record<string, string>} [headers] */
const send = (body, path = INGEST, headers = {}) => call("POST", path, body, {
  authorization: `Bearer ${token}`, "content-type": "application/json", ...headers,
});
/** @param {string} id @param {string} [more] */
const poll = (id, more = "") => call("GET", `${STATUS}?requestId=${id}${more}`, undefined, { authorization: `Bearer ${token}` });

/** @returns {any} */
function event() {
  return {
    destinationReferences: ["purchase"], transactionId: "118842", eventTimestamp: "2026-11-20T14:03:07Z", eventSource: "WEB", conversionValue: 129.9,
    currency: "EUR", adIdentifiers: { gclid: "EAIaIQobChMI0exampleGCLIDxyz" },
    userData: {
      userIdentifiers: [
        { emailAddress: digest }, { phoneNumber: sha256("+4915123456789") },
        { address: { givenName: sha256("elena"), familyName: sha256("brandt"), regionCode: "DE", postalCode: "10117" } },
      ],
    },
    consent: { adUserData: "CONSENT_GRANTED", adPersonalization: "CONSENT_DENIED" },
    userProperties: { customerType: "RETURNING" },
    cartData: {
      merchantId: "5550001", merchantFeedLabel: "DE", merchantFeedLanguageCode: "de", transactionDiscount: 5, couponCodes: ["AUTUMN"],
      items: [{ merchantProductId: "SKU-44", quantity: "1", unitPrice: 99.9 }, { merchantProductId: "SKU-91", quantity: 2, unitPrice: 15 }],
    },
  };
}
/** @param {any[]} events @returns {any} */
const batch = (...events) => ({
  destinations: [{
    reference: "purchase", operatingAccount: { accountType: "GOOGLE_ADS", accountId: "1234567890" },
    loginAccount: { accountType: "GOOGLE_ADS", accountId: "9876543210" }, productDestinationId: "987654321",
  }],
  encoding: "HEX", consent: { adUserData: "CONSENT_GRANTED", adPersonalization: "CONSENT_GRANTED" }, validateOnly: false, events,
});
/** @param {string} id @param {any} [more] */
const order = (id, more = {}) => ({ ...event(), transactionId: id, ...more });

test("the documented request passes without a violation and is done at the first poll", async () => {
  const { status, body } = await send(batch(event()));
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(body), ["requestId"]);
  const { body: done } = await poll(body.requestId);
  assert.deepEqual(done, {
    requestStatusPerDestination: [{ destination: batch().destinations[0], requestStatus: "SUCCESS", eventsIngestionStatus: { recordCount: "1" } }],
  });
  assert.deepEqual(kinds(), []);
  const [one] = twin.received({ platform: "google_ads" }).events;
  assert.deepEqual([one?.event_name, one?.event_id, one?.context.request_id, one?.event.currency], ["987654321", "118842", body.requestId, "EUR"]);
  assert.deepEqual(
    conversions(twin.received({ platform: "google_ads" }).events),
    [{ action: "987654321", transactionId: "118842", value: 129.9, currency: "EUR" }],
  );
});

const IDS = ".user_data.user_identifiers";
const ADDRESS = `${IDS}[2].address`;
const ACCOUNTS = "^destinations.destinations[0]";
/** @param {number} length */
const people = (length) => Array.from({ length }, (_, i) => ({ emailAddress: sha256(`${i}`) }));
/** @param {any} e */
const ids = (e) => e.userData.userIdentifiers;
/** @param {any} e */
const address = (e) => ids(e)[2].address;
/** @type {[string, (e: any, b: any) => void, string, string][]} What, how, the field named (under the event unless it begins with ^), the reason. */
const REFUSED = [
  ["no time", (e) => delete e.eventTimestamp, ".event_timestamp", "REQUIRED_FIELD_MISSING"],
  ["a future time", (e) => (e.eventTimestamp = "2026-11-24T12:00:01Z"), ".event_timestamp", "EVENT_TIME_INVALID"],
  ["no source", (e) => delete e.eventSource, ".event_source", "REQUIRED_FIELD_MISSING"],
  ["an unspecified source", (e) => (e.eventSource = "EVENT_SOURCE_UNSPECIFIED"), ".event_source", "REQUIRED_FIELD_MISSING"],
  ["a transaction id of 65 characters", (e) => (e.transactionId = "x".repeat(65)), ".transaction_id", "FIELD_VALUE_TOO_LONG"],
  ["nobody", (e) => { delete e.userData; delete e.adIdentifiers; }, "", "NO_IDENTIFIERS_PROVIDED"],
  [
    "a user agent alone", (e) => { delete e.userData; delete e.adIdentifiers; e.eventDeviceInfo = { userAgent: "UA" }; }, "",
    "NO_IDENTIFIERS_PROVIDED",
  ],
  ["user data without identifiers", (e) => (e.userData.userIdentifiers = []), IDS, "REQUIRED_FIELD_MISSING"],
  ["an identifier that is none", (e) => (ids(e)[1] = {}), `${IDS}[1]`, "REQUIRED_FIELD_MISSING"],
  ["eleven identifiers", (e) => (e.userData.userIdentifiers = people(11)), IDS, "TOO_MANY_USER_IDENTIFIERS"],
  ["a plain value", (e) => (ids(e)[1] = { phoneNumber: "4915123456789x" }), `${IDS}[1]`, "INVALID_HEX_ENCODING"],
  ["an MD5", (e) => (ids(e)[0].emailAddress = "d41d8cd98f00b204e9800998ecf8427e"), `${IDS}[0]`, "INVALID_SHA256_FORMAT"],
  ["base64 sent as HEX", (e) => (ids(e)[0].emailAddress = BASE64), `${IDS}[0]`, "INVALID_HEX_ENCODING"],
  ["no given name", (e) => delete address(e).givenName, `${ADDRESS}.given_name`, "REQUIRED_FIELD_MISSING"],
  ["no family name", (e) => delete address(e).familyName, `${ADDRESS}.family_name`, "REQUIRED_FIELD_MISSING"],
  ["no region", (e) => delete address(e).regionCode, `${ADDRESS}.region_code`, "REQUIRED_FIELD_MISSING"],
  ["no postal code", (e) => (address(e).postalCode = ""), `${ADDRESS}.postal_code`, "REQUIRED_FIELD_MISSING"],
  ["a plain name", (e) => (address(e).givenName = "elena"), `${ADDRESS}.given_name`, "INVALID_HEX_ENCODING"],
  ["a region in lower case", (e) => (address(e).regionCode = "de"), `${ADDRESS}.region_code`, "INVALID_REGION_CODE"],
  ["a region of three letters", (e) => (address(e).regionCode = "DEU"), `${ADDRESS}.region_code`, "INVALID_REGION_CODE"],
  ["a region that is none", (e) => (address(e).regionCode = "UK"), `${ADDRESS}.region_code`, "INVALID_REGION_CODE"],
  ["a hashed region", (e) => (address(e).regionCode = sha256("de")), `${ADDRESS}.region_code`, "INVALID_REGION_CODE"],
  ["a hashed postal code", (e) => (address(e).postalCode = sha256("10117")), `${ADDRESS}.postal_code`, "INVALID_POSTAL_CODE"],
  [
    "a US postal code of 4 digits", (e) => Object.assign(address(e), { regionCode: "US", postalCode: "1011" }),
    `${ADDRESS}.postal_code`, "INVALID_POSTAL_CODE",
  ],
  ["an IP address that is none", (e) => (e.eventDeviceInfo = { ipAddress: "203.0.113" }), ".event_device_info.ip_address", "INVALID_FORMAT"],
  [
    "a hashed IP address", (e) => (e.adIdentifiers.landingPageDeviceInfo = { ipAddress: sha256("203.0.113.7") }),
    ".ad_identifiers.landing_page_device_info.ip_address", "INVALID_FORMAT",
  ],
  ["a currency in lower case", (e) => (e.currency = "eur"), ".currency", "INVALID_CURRENCY_CODE"],
  ["a currency that is none", (e) => (e.currency = "QQQ"), ".currency", "INVALID_CURRENCY_CODE"],
  ["a reference to no destination", (e) => (e.destinationReferences = ["lead"]), ".destination_references[0]", "INVALID_DESTINATION"],
  [
    "a reference where no destination has one",
    (_, b) => { b.events[0].destinationReferences = []; delete b.destinations[0].reference; }, ".destination_references[0]",
    "INVALID_DESTINATION",
  ],
  ["a custom variable without name", (e) => (e.customVariables = [{ value: "x" }]), ".custom_variables[0].variable", "REQUIRED_FIELD_MISSING"],
  ["no encoding", (_, b) => delete b.encoding, "^encoding", "REQUIRED_FIELD_MISSING"],
  ["an unspecified encoding", (_, b) => (b.encoding = "ENCODING_UNSPECIFIED"), "^encoding", "REQUIRED_FIELD_MISSING"],
  ["no destinations", (_, b) => delete b.destinations, "^destinations", "REQUIRED_FIELD_MISSING"],
  ["no account", (_, b) => delete b.destinations[0].operatingAccount, `${ACCOUNTS}.operating_account`, "REQUIRED_FIELD_MISSING"],
  [
    "an account with dashes", (_, b) => (b.destinations[0].operatingAccount.accountId = "123-456-7890"),
    `${ACCOUNTS}.operating_account.account_id`, "INVALID_NUMBER_FORMAT",
  ],
  [
    "an account without type", (_, b) => delete b.destinations[0].loginAccount.accountType,
    `${ACCOUNTS}.login_account.account_type`, "REQUIRED_FIELD_MISSING",
  ],
  [
    "an Analytics property", (_, b) => (b.destinations[0].operatingAccount.accountType = "GOOGLE_ANALYTICS_PROPERTY"),
    `${ACCOUNTS}.operating_account.account_type`, "INVALID_DESTINATION",
  ],
  ["no conversion action", (_, b) => delete b.destinations[0].productDestinationId, `${ACCOUNTS}.product_destination_id`, "REQUIRED_FIELD_MISSING"],
  [
    "a resource name", (_, b) => (b.destinations[0].productDestinationId = "customers/1/conversionActions/2"),
    `${ACCOUNTS}.product_destination_id`, "INVALID_CONVERSION_ACTION_ID",
  ],
  [
    "two destinations of one reference", (_, b) => b.destinations.push(b.destinations[0]),
    "^destinations.destinations[1].reference", "DUPLICATE_DESTINATION_REFERENCE",
  ],
  [
    "a second destination without reference", (_, b) => b.destinations.push({ ...b.destinations[0], reference: undefined }),
    "^destinations.destinations[1].reference", "REQUIRED_FIELD_MISSING",
  ],
  ["eleven destinations", (_, b) => {
    for (let i = 1; i < 11; i += 1) b.destinations.push({ ...b.destinations[0], reference: `${i}` });
  }, "^destinations", "TOO_MANY_DESTINATIONS"],
  ["no events", (_, b) => (b.events = []), "^events", "REQUIRED_FIELD_MISSING"],
  ["2,001 events", (_, b) => (b.events = Array.from({ length: 2001 }, (__, i) => order(`${i}`))), "^events", "TOO_MANY_EVENTS"],
];
for (const [what, change, field, reason] of REFUSED) {
  test(`refused, all of it: ${what}`, async () => {
    const bad = event();
    const body = batch(order("good"), bad);
    change(bad, body);
    const answer = await send(body);
    assert.equal(answer.status, 400);
    const { error } = answer.body;
    assert.deepEqual([error.code, error.status, error.message], [400, "INVALID_ARGUMENT", "There was a problem with the request."]);
    const [info, id, request] = error.details;
    assert.deepEqual([info.reason, info.domain, info.metadata.requestId], ["INVALID_ARGUMENT", "datamanager.googleapis.com", id.requestId]);
    const where = field.startsWith("^") ? field.slice(1) : `events.events[1]${field}`;
    assert.deepEqual(request.fieldViolations.map((/** @type {any} */ one) => [one.field, one.reason]), [[where, reason]]);
    assert.deepEqual([book().received, book().rejected_requests], [0, 1]);
  });
}

/** @type {[string, (e: any, b: any) => void, string, string][]} What, how, the field named, a part of the message. */
const UNREADABLE = [
  ["a field of the other API, on top", (_, b) => (b.partialFailure = true), "", 'Unknown name "partialFailure": Cannot find field.'],
  ["a gclid on the event", (e) => (e.gclid = "x"), "events[0]", "Unknown name \"gclid\" at 'events[0]': Cannot find field."],
  ["currencyCode", (e) => (e.currencyCode = "EUR"), "events[0]", "Unknown name \"currencyCode\" at 'events[0]'"],
  ["hashedEmail", (e) => (ids(e)[0] = { hashedEmail: digest }), "events[0].user_data.user_identifiers[0]", 'Unknown name "hashedEmail"'],
  ["an unknown field of an item", (e) => (e.cartData.items[1].price = 1), "events[0].cart_data.items[1]", 'Unknown name "price"'],
  [
    "GRANTED", (e) => (e.consent.adUserData = "GRANTED"), "events[0].consent.ad_user_data",
    "Invalid value at 'events[0].consent.ad_user_data' (type.googleapis.com/google.ads.datamanager.v1.ConsentStatus), \"GRANTED\"",
  ],
  ["a source in lower case", (e) => (e.eventSource = "web"), "events[0].event_source", "EventSource"],
  ["an encoding in lower case", (_, b) => (b.encoding = "hex"), "encoding", "Encoding"],
  [
    "two kinds in one identifier", (e) => (ids(e)[0].phoneNumber = digest), "events[0].user_data.user_identifiers[0]",
    "oneof field 'identifier' is already set. Cannot set 'phoneNumber'",
  ],
  ["unix seconds", (e) => (e.eventTimestamp = NOW / 1000), "events[0].event_timestamp", "google.protobuf.Timestamp"],
  ["unix seconds as text", (e) => (e.eventTimestamp = String(NOW / 1000)), "events[0].event_timestamp", "google.protobuf.Timestamp"],
  ["a time without zone", (e) => (e.eventTimestamp = "2026-11-20T14:03:07"), "events[0].event_timestamp", "google.protobuf.Timestamp"],
  ["a time with a space", (e) => (e.eventTimestamp = "2026-11-20 14:03:07+01:00"), "events[0].event_timestamp", "google.protobuf.Timestamp"],
  ["a day that is none", (e) => (e.eventTimestamp = "2026-02-30T14:03:07Z"), "events[0].event_timestamp", "google.protobuf.Timestamp"],
  ["a value that is no number", (e) => (e.conversionValue = "12,50"), "events[0].conversion_value", "TYPE_DOUBLE"],
  ["a numeric transaction id", (e) => (e.transactionId = 118842), "events[0].transaction_id", "TYPE_STRING"],
  [
    "a numeric account", (_, b) => (b.destinations[0].operatingAccount.accountId = 1234567890),
    "destinations[0].operating_account.account_id", "TYPE_STRING",
  ],
  ["a fraction of an item", (e) => (e.cartData.items[0].quantity = 1.5), "events[0].cart_data.items[0].quantity", "TYPE_INT64"],
  ["validateOnly as text", (_, b) => (b.validateOnly = "true"), "validate_only", "TYPE_BOOL"],
  [
    "identifiers that are no list", (e) => (e.userData.userIdentifiers = { emailAddress: digest }),
    "events[0].user_data.user_identifiers", "must start list",
  ],
  ["a null in a list", (e) => (ids(e)[0] = null), "events[0].user_data.user_identifiers[0]", "TYPE_MESSAGE"],
];
for (const [what, change, field, text] of UNREADABLE) {
  test(`unreadable: ${what}`, async () => {
    const bad = event();
    const body = batch(bad, order("good"));
    change(bad, body);
    const { status, body: { error } } = await send(body);
    assert.equal(status, 400);
    assert.equal(error.status, "INVALID_ARGUMENT");
    assert.ok(error.message.includes(text), error.message);
    assert.deepEqual(error.details[0].fieldViolations.map((/** @type {any} */ one) => one.field ?? ""), [field]);
    assert.equal(book().received, 0);
  });
}

test("several problems are named at once", async () => {
  const { body: { error } } = await send(batch(order("a", { eventSource: undefined }), order("b"), order("c", { eventTimestamp: undefined })));
  assert.deepEqual(
    error.details[2].fieldViolations.map((/** @type {any} */ one) => one.field),
    ["events.events[0].event_source", "events.events[2].event_timestamp"],
  );
  const { body: twice } = await send(batch(order("a", { value: 1 }), order("b", { gclid: "x" })));
  assert.equal(twice.error.message.split("\n").length, 2);
});

/** @type {[string, (e: any, b: any) => void][]} */
const TAKEN = [
  ["a click alone", (e) => { delete e.userData; delete e.consent; delete e.userProperties; }],
  ["hashed data alone", (e) => delete e.adIdentifiers],
  ["wbraid without a cart", (e) => { e.adIdentifiers = { wbraid: "CjgKCQjw" }; delete e.cartData; }],
  ["gclid and gbraid of one click", (e) => { e.adIdentifiers.gbraid = "0AAAAA"; delete e.cartData; }],
  ["session attributes alone", (e) => { delete e.userData; e.adIdentifiers = { sessionAttributes: "opaque" }; }],
  [
    "a device's address outside Europe",
    (e) => { delete e.userData; e.adIdentifiers = {}; e.adIdentifiers.landingPageDeviceInfo = { ipAddress: "2001:db8::7", userAgent: "UA" }; },
  ],
  ["no value", (e) => { delete e.conversionValue; delete e.currency; }],
  ["a value of 0", (e) => (e.conversionValue = 0)],
  ["a transaction id of 64 characters", (e) => (e.transactionId = "x".repeat(64))],
  ["a time of this moment, with offset and fraction", (e) => (e.eventTimestamp = "2026-11-24T13:00:00.000000+01:00")],
  ["no references", (e) => delete e.destinationReferences],
  [
    "no login account and no reference",
    (e, b) => { delete e.destinationReferences; delete b.destinations[0].loginAccount; delete b.destinations[0].reference; },
  ],
  ["ten identifiers", (e) => (e.userData.userIdentifiers = people(10))],
  ["base64", (e, b) => { b.encoding = "BASE64"; e.userData.userIdentifiers = [{ emailAddress: BASE64 }]; }],
  ["a US postal code with extension", (e) => Object.assign(address(e), { regionCode: "US", postalCode: "10117-1234" })],
  ["a Portuguese postal code", (e) => Object.assign(address(e), { regionCode: "PT", postalCode: "1229-076" })],
  [
    "item ids and experimental fields",
    (e) => { e.cartData.items[0].itemId = "SKU-44"; e.experimentalFields = [{ field: "gad_campaignid", value: "1" }]; },
  ],
  ["2,000 events", (_, b) => (b.events = Array.from({ length: 2000 }, (__, i) => order(`${i}`)))],
];
for (const [what, change] of TAKEN) {
  test(`taken: ${what}`, async () => {
    const one = event();
    const body = batch(one);
    change(one, body);
    const answer = await send(body);
    assert.equal(answer.status, 200, answer.text);
    const { body: done } = await poll(answer.body.requestId);
    assert.equal(done.requestStatusPerDestination[0].requestStatus, "SUCCESS");
    assert.deepEqual(kinds(), []);
    assert.equal(book().unique, body.events.length);
  });
}

/** @type {[string, (e: any, b: any) => void][]} */
const NOTED = [
  ["no_transaction_id", (e) => delete e.transactionId],
  ["value_without_currency", (e) => delete e.currency],
  ["negative_amount", (e) => (e.conversionValue = -1)],
  ["value_in_micros", (e) => (e.conversionValue = 129_900_000)],
  ["number_as_text", (e) => (e.conversionValue = "129.9")],
  ["null_field", (e) => (e.lastUpdatedTimestamp = null)],
  ["snake_case_field", (e) => { e.transaction_id = e.transactionId; delete e.transactionId; }],
  ["enum_as_number", (e) => (e.eventSource = 1)],
  ["empty_list", (e) => (e.customVariables = [])],
  ["empty_text", (e) => (e.adIdentifiers.gbraid = "")],
  ["empty_object", (e) => (e.userProperties = {})],
  ["space_around_text", (e) => (e.transactionId = " 118842")],
  ["digest_in_upper_case", (e) => (e.userData.userIdentifiers = [{ emailAddress: digest.toUpperCase() }])],
  ["digest_of_nothing", (e) => (ids(e)[0].emailAddress = sha256(""))],
  ["identifier_twice", (e) => ids(e).push({ emailAddress: digest })],
  ["hashed_click_id", (e) => (e.adIdentifiers.gclid = sha256("x"))],
  ["not_a_click_id", (e) => (e.adIdentifiers.gclid = "GCL.1795182060.EAIaIQ")],
  ["gbraid_and_wbraid", (e) => { e.adIdentifiers = { gbraid: "a", wbraid: "b" }; delete e.cartData; }],
  ["cart_data_with_braid", (e) => (e.adIdentifiers = { gbraid: "a" })],
  ["private_ip_address", (e) => { ids(e).pop(); e.eventDeviceInfo = { ipAddress: "10.0.0.7" }; }],
  ["ip_address_of_eea_user", (e) => (e.eventDeviceInfo = { ipAddress: "203.0.113.7" })],
  ["hashed_user_agent", (e) => (e.eventDeviceInfo = { userAgent: sha256("UA") })],
  ["quantity_not_positive", (e) => (e.cartData.items[0].quantity = "0")],
  ["not_a_language_code", (e) => (e.cartData.merchantFeedLanguageCode = "DEU")],
  ["user_data_without_consent", (e) => (e.consent.adUserData = "CONSENT_DENIED")],
  ["field_for_analytics_only", (e) => (e.eventName = "purchase")],
  ["address_field_for_analytics_only", (e) => (address(e).city = "berlin")],
  ["identifier_of_another_product", (e) => (e.adIdentifiers.dclid = "x")],
  ["deprecated_product", (_, b) => (b.destinations[0].operatingAccount.product = "GOOGLE_ADS")],
  ["plain_email", (e) => (e.customVariables = [{ variable: "v", value: "elena@shop.example" }])],
];
for (const [kind, change] of NOTED) {
  test(`taken but noted: ${kind}`, async () => {
    const one = event();
    const body = batch(one);
    change(one, body);
    const answer = await send(body);
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(kinds(), [kind]);
  });
}

test("warnings: a cart beside a braid, items without id and price, a merchant that is none", async () => {
  const one = event();
  one.adIdentifiers = { gbraid: "0AAAAA" };
  one.cartData = { merchantId: "shop", items: [{ quantity: 1 }] };
  const { status, body } = await send(batch(order("good"), one));
  assert.equal(status, 200);
  assert.ok(body.requestId);
  assert.deepEqual(body.fieldWarnings.map((/** @type {any} */ w) => [w.field, w.reason]), [
    ["events.events[1].cart_data", "WARNING_REASON_CART_DATA_NOT_SUPPORTED_WITH_GBRAID_OR_WBRAID"],
    ["events.events[1].cart_data.merchant_id", "WARNING_REASON_INVALID_MERCHANT_ID"],
    ["events.events[1].cart_data.items[0]", "WARNING_REASON_CART_DATA_ITEM_MERCHANT_PRODUCT_ID_MISSING"],
    ["events.events[1].cart_data.items[0]", "WARNING_REASON_CART_DATA_ITEM_UNIT_PRICE_MISSING"],
  ]);
  assert.equal(book().received, 2);
});

test("validateOnly: checked, not counted, no id", async () => {
  const { status, body } = await send({ ...batch(event()), validateOnly: true });
  assert.deepEqual([status, body], [200, {}]);
  assert.equal((await send({ ...batch(order("a", { eventSource: undefined })), validateOnly: true })).status, 400);
  assert.deepEqual([book().received, book().validated_requests, book().rejected_requests], [0, 1, 1]);
  assert.equal((await poll("t-0000000000000000")).status, 404);
});

test("method, path, query, content type and body", async () => {
  const good = batch(event());
  /** @type {[string, Promise<any>, number][]} */
  const rows = [
    ["path", send(good, "/datamanager.googleapis.com/v1/events"), 404],
    ["version", send(good, INGEST.replace("v1", "v2")), 404],
    ["GET", call("GET", INGEST, undefined, { authorization: `Bearer ${token}` }), 404],
    ["POST for the status", send({}, `${STATUS}?requestId=x`), 404],
    ["GET /token", call("GET", TOKEN, undefined, {}), 404],
    ["query", send(good, `${INGEST}?validateOnly=true`), 400],
    ["text", send(good, INGEST, { "content-type": "text/plain" }), 400],
    ["no JSON", send("{"), 400],
    ["a list", send("[]"), 400],
    ["a key twice", send('{"events":[],"events":[]}'), 400],
    ["no id", poll(""), 400],
    ["an unknown id", poll("t-1"), 404],
    ["more in the query", poll("t-1", "&view=FULL"), 400],
  ];
  for (const [what, answer, status] of rows) assert.equal((await answer).status, status, what);
  assert.equal((await poll("t-1")).body.error.status, "NOT_FOUND");
  assert.equal(book().received, 0);
  await send(good, INGEST, { "developer-token": "x" });
  assert.deepEqual(kinds(), ["header_of_the_google_ads_api"]);
});

test("processing: duplicates, clicks that are none or too fresh, old events, denied consent", async () => {
  /** @param {any[]} events */
  const outcome = async (...events) => {
    const { body } = await send(batch(...events));
    const [{ requestStatus, errorInfo, eventsIngestionStatus }] = (await poll(body.requestId)).body.requestStatusPerDestination;
    return [
      requestStatus, eventsIngestionStatus.recordCount,
      (errorInfo?.errorCounts ?? []).map((/** @type {any} */ one) => [one.recordCount, one.reason]),
    ];
  };
  const click = (/** @type {string} */ gclid) => ({ adIdentifiers: { gclid } });
  assert.deepEqual(await outcome(order("1"), order("2")), ["SUCCESS", "2", []]);
  assert.deepEqual(await outcome(order("2"), order("3"), order("3"), order("4", click("INVALID-x"))), [
    "PARTIAL_SUCCESS", "4", [["2", "PROCESSING_ERROR_REASON_DUPLICATE_TRANSACTION_ID"], ["1", "PROCESSING_ERROR_REASON_INVALID_GCLID"]],
  ]);
  assert.deepEqual(await outcome(order("5", click("FRESH-1"))), ["FAILED", "1", [["1", "PROCESSING_ERROR_REASON_TOO_RECENT_CLICK"]]]);
  clock.now += 6 * HOUR - 1;
  token = (await refresh()).body.access_token;
  assert.equal((await outcome(order("5", click("FRESH-1"))))[0], "FAILED");
  clock.now += 1;
  assert.equal((await outcome(order("5", click("FRESH-1"))))[0], "SUCCESS");
  assert.deepEqual((await outcome(order("5", click("FRESH-1"))))[2], [["1", "PROCESSING_ERROR_REASON_DUPLICATE_TRANSACTION_ID"]]);
  assert.deepEqual((await outcome(order("6", { eventTimestamp: "2026-08-26T17:59:59Z" })))[2], [["1", "PROCESSING_ERROR_REASON_EVENT_TOO_OLD"]]);
  assert.equal((await outcome(order("7", { eventTimestamp: "2026-08-26T18:00:00Z" })))[0], "SUCCESS");
  assert.deepEqual(
    (await outcome(order("8", { adIdentifiers: undefined, eventTimestamp: "2026-09-22T17:59:59Z" })))[2],
    [["1", "PROCESSING_ERROR_REASON_EVENT_TOO_OLD"]],
  );
  assert.deepEqual(
    (await outcome(order("9", { userData: undefined, consent: { adUserData: "CONSENT_DENIED" } })))[2],
    [["1", "PROCESSING_ERROR_REASON_DENIED_CONSENT"]],
  );
  const bare = { transactionId: undefined, ...click("EAIa-bare") };
  assert.equal((await outcome(order("", bare)))[0], "SUCCESS");
  assert.deepEqual((await outcome(order("", bare)))[2], [["1", "PROCESSING_ERROR_REASON_DUPLICATE_GCLID"]]);
  const all = twin.received({ platform: "google_ads" }).events;
  assert.deepEqual(conversions(all).map((one) => one.transactionId), ["1", "2", "3", "5", "7", null]);
  assert.deepEqual([book().received, book().unique], [16, 10], "all arrivals count; an id once");
  assert.deepEqual(kinds(), ["no_transaction_id", "no_transaction_id"]);
});

test("SLOW stays in processing for two polls", async () => {
  const { body } = await send(batch(order("1", { adIdentifiers: { gclid: "SLOW-1" } })));
  const states = [];
  for (let n = 0; n < 4; n += 1) states.push((await poll(body.requestId)).body.requestStatusPerDestination[0]);
  assert.deepEqual(states.map((one) => one.requestStatus), ["PROCESSING", "PROCESSING", "SUCCESS", "SUCCESS"]);
  assert.deepEqual(Object.keys(states[0]), ["destination", "requestStatus"]);
});

test("several destinations: each event goes where its references say, and each has a status", async () => {
  const body = batch(order("1", { destinationReferences: ["lead"] }), order("2", { destinationReferences: undefined }));
  body.destinations.push({ ...body.destinations[0], reference: "lead", productDestinationId: "555" });
  const { body: { requestId } } = await send(body);
  const done = (await poll(requestId)).body.requestStatusPerDestination;
  assert.deepEqual(
    done.map((/** @type {any} */ one) => [one.destination.reference, one.eventsIngestionStatus.recordCount]),
    [["purchase", "1"], ["lead", "2"]],
  );
  assert.deepEqual(Object.entries(book().by_event).map(([name, counts]) => [name, counts.unique]), [["555", 2], ["987654321", 1]]);
  assert.deepEqual(kinds(), []);
});

test("a refresh token is exchanged; what is wrong is named as OAuth names it", async () => {
  const { status, body } = await refresh();
  assert.equal(status, 200);
  assert.deepEqual({ ...body, access_token: "" }, { access_token: "", expires_in: 3599, scope: `${DATA_MANAGER} ${ADWORDS}`, token_type: "Bearer" });
  /** @type {[string, Promise<any>, number, string][]} */
  const rows = [
    ["token", refresh({ refresh_token: "1//other" }), 400, "invalid_grant"],
    ["no token", refresh({ refresh_token: "" }), 400, "invalid_request"],
    ["client", refresh({ client_id: "other" }), 401, "invalid_client"],
    ["no client", refresh({ client_id: "" }), 400, "invalid_request"],
    ["secret", refresh({ client_secret: "other" }), 401, "invalid_client"],
    ["grant", refresh({ grant_type: "password" }), 400, "unsupported_grant_type"],
    ["scope", refresh({ scope: "https://www.googleapis.com/auth/drive" }), 400, "invalid_scope"],
    ["JSON", send({ grant_type: "refresh_token" }, TOKEN), 400, "unsupported_grant_type"],
    [
      "twice",
      call("POST", TOKEN, "grant_type=refresh_token&grant_type=refresh_token", { "content-type": "application/x-www-form-urlencoded" }),
      400, "invalid_request",
    ],
  ];
  for (const [what, answer, code, error] of rows) {
    const got = await answer;
    assert.deepEqual([got.status, got.body.error], [code, error], what);
    assert.equal(typeof got.body.error_description, "string");
  }
  assert.deepEqual(kinds(), []);
});

const { privateKey: stranger } = generateKeyPairSync("rsa", { modulusLength: 2048 });
/** @param {any} [claims] @param {any} [header] @param {import("node:crypto").KeyLike} [key] */
function assertion(claims = {}, header = {}, key = known.serviceAccount.private_key) {
  const iat = Math.floor(clock.now / 1000);
  const parts = [
    { alg: "RS256", typ: "JWT", kid: known.serviceAccount.private_key_id, ...header },
    { iss: known.serviceAccount.client_email, scope: DATA_MANAGER, aud: "https://oauth2.googleapis.com/token", iat, exp: iat + 3600, ...claims },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${parts}.${sign("sha256", Buffer.from(parts), key).toString("base64url")}`;
}
/** @param {string} signed */
const grant = (signed) => post({ grant_type: JWT_BEARER, assertion: signed });

test("a service account's assertion is exchanged; its claims, clock and signature are checked", async () => {
  const now = NOW / 1000;
  const { status, body } = await grant(assertion());
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(body), ["access_token", "expires_in", "token_type"]);
  token = body.access_token;
  assert.equal((await send(batch(event()))).status, 200);
  assert.equal((await grant(assertion({ scope: `${DATA_MANAGER} ${ADWORDS}` }))).status, 200);
  assert.equal((await grant(assertion({ iat: now + 300, exp: now + 3900 }))).status, 200, "a clock five minutes ahead");
  assert.equal((await grant(assertion({ iat: now - 3600, exp: now }))).status, 200);
  assert.deepEqual(kinds(), [], "the issuer's name is no leak");
  /** @type {[string, string, string, RegExp][]} */
  const rows = [
    ["another key", assertion({}, {}, stranger), "invalid_grant", /Signature/],
    ["another key's id", assertion({}, { kid: "other" }), "invalid_grant", /Signature/],
    ["another algorithm", assertion({}, { alg: "RS512" }), "invalid_grant", /Signature/],
    ["a changed claim", assertion().replace(/\.[^.]+\./, `.${assertion({ exp: now + 60 }).split(".")[1]}.`), "invalid_grant", /Signature/],
    ["padding", assertion().replace(/\.(?=[^.]*$)/, "=."), "invalid_grant", /Bad Request/],
    ["two parts", assertion().split(".").slice(0, 2).join("."), "invalid_grant", /Bad Request/],
    ["nothing", "", "invalid_grant", /Bad Request/],
    ["issuer", assertion({ iss: "other@twin-project.iam.gserviceaccount.example" }), "invalid_grant", /account not found/],
    ["audience", assertion({ aud: "https://datamanager.googleapis.com/" }), "invalid_grant", /audience/],
    ["no scope", assertion({ scope: undefined }), "invalid_scope", /scope/],
    ["scope", assertion({ scope: "https://www.googleapis.com/auth/drive" }), "invalid_scope", /scope/],
    ["no iat", assertion({ iat: undefined }), "invalid_grant", /iat/],
    ["exp as text", assertion({ exp: String(now + 60) }), "invalid_grant", /exp/],
    ["over an hour", assertion({ exp: now + 3601 }), "invalid_grant", /short-lived/],
    ["milliseconds", assertion({ iat: NOW, exp: NOW + 3600 }), "invalid_grant", /short-lived/],
    ["a clock ahead", assertion({ iat: now + 301, exp: now + 3901 }), "invalid_grant", /iat and exp/],
    ["a clock behind", assertion({ iat: now - 7200, exp: now - 3600 }), "invalid_grant", /iat and exp/],
    ["a user", assertion({ sub: "someone" }), "unauthorized_client", /unauthorized/],
  ];
  for (const [what, signed, error, text] of rows) {
    const { status: code, body: { error: got, error_description: said } } = await grant(signed);
    assert.deepEqual([code, got], [error === "unauthorized_client" ? 401 : 400, error], what);
    assert.match(said, text, what);
  }
  twin.reset();
  await grant(assertion({ name: "x" }, { typ: undefined, kid: undefined }));
  assert.deepEqual(kinds(), ["jwt_without_typ", "jwt_without_kid", "unknown_jwt_claim"]);
  assert.ok(!JSON.stringify(twin.requests()).includes(Buffer.from('{"iss"').toString("base64url")), "the log hides the assertion");
});

test("an access token opens its scopes for an hour", async () => {
  /** @param {Promise<any>} answer */
  const said = async (answer) => {
    const { status, body: { error } } = await answer;
    return [status, error.status, error.details[0].reason];
  };
  const good = batch(event());
  assert.deepEqual(
    await said(call("POST", INGEST, JSON.stringify(good), { "content-type": "application/json" })),
    [401, "UNAUTHENTICATED", "CREDENTIALS_MISSING"],
  );
  assert.deepEqual(await said(send(good, INGEST, { authorization: "Bearer other" })), [401, "UNAUTHENTICATED", "ACCESS_TOKEN_TYPE_UNSUPPORTED"]);
  assert.deepEqual(
    await said(send(good, INGEST, { authorization: `Bearer ${known.refreshToken}` })),
    [401, "UNAUTHENTICATED", "ACCESS_TOKEN_TYPE_UNSUPPORTED"],
  );
  const { body: narrow } = await grant(assertion());
  const other = { authorization: `Bearer ${narrow.access_token}` };
  assert.deepEqual(await said(send({}, ADJUST, other)), [403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"]);
  const { body: ads } = await refresh({ scope: ADWORDS });
  const denied = await send(good, INGEST, { authorization: `Bearer ${ads.access_token}` });
  assert.equal(denied.status, 403);
  assert.match(denied.headers.get("www-authenticate") ?? "", /insufficient_scope/);
  clock.now += HOUR - 1;
  assert.equal((await send(good)).status, 200);
  clock.now += 1;
  assert.deepEqual(await said(send(good)), [401, "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED"]);
  assert.deepEqual(await said(poll("t-1")), [401, "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED"]);
  assert.deepEqual(await said(send({}, ADJUST)), [401, "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED"]);
  assert.equal(book().received, 1);
});

/** @param {any} [more] */
const retract = (more = {}) => ({
  conversionAction: "customers/1234567890/conversionActions/987654321", adjustmentType: "RETRACTION", orderId: "118842",
  adjustmentDateTime: "2026-11-22 09:16:00+01:00", ...more,
});
/** @param {any} [more] */
const restate = (more = {}) => retract({ adjustmentType: "RESTATEMENT", restatementValue: { adjustedValue: 99.9, currencyCode: "EUR" }, ...more });
/** @param {any[]} rows @returns {any} */
const upload = (...rows) => ({ partialFailure: true, validateOnly: false, conversionAdjustments: rows });

test("adjustments: restated, then retracted", async () => {
  await send(batch(event(), order("118799")));
  const first = await send(
    upload(restate(), retract({ orderId: "118799" })),
    ADJUST,
    { "login-customer-id": "9876543210", "developer-token": "ignored" },
  );
  assert.equal(first.status, 200);
  const { jobId, ...answer } = first.body;
  assert.match(jobId, /^\d+$/);
  assert.deepEqual(answer, {
    results: [
      {
        orderId: "118842", conversionAction: retract().conversionAction, adjustmentDateTime: "2026-11-22 09:16:00+01:00",
        adjustmentType: "RESTATEMENT",
      },
      {
        orderId: "118799", conversionAction: retract().conversionAction, adjustmentDateTime: "2026-11-22 09:16:00+01:00",
        adjustmentType: "RETRACTION",
      },
    ],
  });
  const all = () => conversions(twin.received({ platform: "google_ads" }).events).map((one) => [one.transactionId, one.value]);
  assert.deepEqual(all(), [["118842", 99.9]]);
  await send(upload(retract({ adjustmentDateTime: "2026-11-23 09:16:00+01:00" })), ADJUST);
  assert.deepEqual(all(), []);
  assert.deepEqual([book().by_event.RETRACTION?.unique, book().by_event.RESTATEMENT?.unique, book().duplicates], [2, 1, 0]);
  assert.equal(twin.received({ event_id: "118799" }).events[1]?.event.adjustmentType, "RETRACTION");
  assert.deepEqual(kinds(), []);
});

const UPLOAD = "conversionAdjustmentUploadError";
const CONVERSION_TIME = "2026-11-20 14:03:07+00:00";
/** @type {[string, any, Record<string, string>, string[]][]} What, the row, the code, the fields under the row. */
const ROWS = [
  ["an unknown order", retract({ orderId: "other" }), { [UPLOAD]: "CONVERSION_NOT_FOUND" }, ["order_id"]],
  ["another action", retract({ conversionAction: "customers/1234567890/conversionActions/5" }), { [UPLOAD]: "CONVERSION_NOT_FOUND" }, ["order_id"]],
  ["an order that failed", retract({ orderId: "failed" }), { [UPLOAD]: "CONVERSION_NOT_FOUND" }, ["order_id"]],
  [
    "a click that had an order id",
    retract({ orderId: undefined, gclidDateTimePair: { gclid: event().adIdentifiers.gclid, conversionDateTime: CONVERSION_TIME } }),
    { [UPLOAD]: "CONVERSION_NOT_FOUND" }, ["gclid_date_time_pair"],
  ],
  ["already retracted", retract({ orderId: "retracted" }), { [UPLOAD]: "CONVERSION_ALREADY_RETRACTED" }, []],
  ["a restatement of a retracted one", restate({ orderId: "retracted" }), { [UPLOAD]: "CONVERSION_ALREADY_RETRACTED" }, []],
  ["the same restatement again", restate({ orderId: "restated" }), { [UPLOAD]: "RESTATEMENT_ALREADY_EXISTS" }, ["adjustment_date_time"]],
  [
    "an earlier restatement", restate({ orderId: "restated", adjustmentDateTime: "2026-11-22 09:15:59+01:00" }),
    { [UPLOAD]: "MORE_RECENT_RESTATEMENT_FOUND" }, ["adjustment_date_time"],
  ],
  [
    "before the conversion", retract({ adjustmentDateTime: "2026-11-20 14:03:06+00:00" }),
    { [UPLOAD]: "ADJUSTMENT_PRECEDES_CONVERSION" }, ["adjustment_date_time"],
  ],
  ["over 54 days", retract({ orderId: "old" }), { [UPLOAD]: "CONVERSION_EXPIRED" }, []],
  [
    "order and click", retract({ gclidDateTimePair: { gclid: "x", conversionDateTime: CONVERSION_TIME } }),
    { [UPLOAD]: "GCLID_DATE_TIME_PAIR_AND_ORDER_ID_BOTH_SET" }, [],
  ],
  ["neither order nor click", retract({ orderId: undefined }), { fieldError: "REQUIRED" }, ["order_id"]],
  ["an order that is an address", retract({ orderId: "elena@shop.example" }), { [UPLOAD]: "ORDER_ID_CONTAINS_PII" }, ["order_id"]],
  [
    "a retraction with a value", retract({ restatementValue: { adjustedValue: 1, currencyCode: "EUR" } }),
    { fieldError: "VALUE_MUST_BE_UNSET" }, ["restatement_value"],
  ],
  ["a restatement without value", restate({ restatementValue: undefined }), { fieldError: "REQUIRED" }, ["restatement_value"]],
  [
    "a restatement with a currency alone", restate({ restatementValue: { currencyCode: "EUR" } }), { fieldError: "REQUIRED" },
    ["restatement_value", "adjusted_value"],
  ],
  [
    "a currency that is none", restate({ restatementValue: { adjustedValue: 1, currencyCode: "QQQ" } }),
    { currencyCodeError: "UNSUPPORTED" }, ["restatement_value", "currency_code"],
  ],
  ["no action", retract({ conversionAction: undefined }), { fieldError: "REQUIRED" }, ["conversion_action"]],
  ["a bare action id", retract({ conversionAction: "987654321" }), { fieldError: "INVALID_VALUE" }, ["conversion_action"]],
  ["no type", retract({ adjustmentType: undefined }), { fieldError: "REQUIRED" }, ["adjustment_type"]],
  ["no time", retract({ adjustmentDateTime: undefined }), { fieldError: "REQUIRED" }, ["adjustment_date_time"]],
  [
    "an RFC 3339 time", retract({ adjustmentDateTime: "2026-11-22T09:16:00+01:00" }),
    { dateError: "INVALID_STRING_DATE_TIME_WITH_OFFSET" }, ["adjustment_date_time"],
  ],
  [
    "a time without zone", retract({ adjustmentDateTime: "2026-11-22 09:16:00" }),
    { dateError: "INVALID_STRING_DATE_TIME_WITH_OFFSET" }, ["adjustment_date_time"],
  ],
  [
    "a time in Z", retract({ adjustmentDateTime: "2026-11-22 09:16:00Z" }), { dateError: "INVALID_STRING_DATE_TIME_WITH_OFFSET" },
    ["adjustment_date_time"],
  ],
  [
    "a day that is none", retract({ adjustmentDateTime: "2026-11-31 09:16:00+01:00" }),
    { dateError: "INVALID_STRING_DATE_TIME_WITH_OFFSET" }, ["adjustment_date_time"],
  ],
  [
    "an enhancement", retract({ adjustmentType: "ENHANCEMENT", userIdentifiers: [{ hashedEmail: digest }] }),
    { [UPLOAD]: "INVALID_CONVERSION_ACTION_TYPE" }, ["conversion_action"],
  ],
  [
    "a retraction with identifiers", retract({ userIdentifiers: [{ hashedEmail: digest }] }),
    { fieldError: "VALUE_MUST_BE_UNSET" }, ["user_identifiers"],
  ],
];
for (const [what, row, code, fields] of ROWS) {
  test(`a row refused inside 200: ${what}`, async () => {
    const old = order("old", { eventTimestamp: new Date(NOW - 54 * DAY - 1).toISOString() });
    await send(batch(event(), order("good"), order("retracted"), order("restated"), old, order("failed", { adIdentifiers: { gclid: "INVALID" } })));
    await send(upload(retract({ orderId: "retracted" }), restate({ orderId: "restated" })), ADJUST);
    const { status, body } = await send(upload(retract({ orderId: "good" }), row), ADJUST);
    assert.equal(status, 200);
    const { code: rpc, message, details: [failure] } = body.partialFailureError;
    assert.equal(rpc, 3);
    assert.match(message, /, at conversion_adjustments\[1\]$/);
    assert.equal(failure["@type"], "type.googleapis.com/google.ads.googleads.v25.errors.GoogleAdsFailure");
    assert.deepEqual(failure.errors.map((/** @type {any} */ one) => [one.errorCode, one.location.fieldPathElements]), [
      [code, [{ fieldName: "conversion_adjustments", index: 1 }, ...fields.map((fieldName) => ({ fieldName }))]],
    ]);
    assert.deepEqual([body.results[0].orderId, body.results[1]], ["good", {}]);
    assert.equal(book().by_event.RETRACTION?.received, 2, "the other row counts");
  });
}

test("adjustments: by click and time where no order id was sent; a row twice; the edge of 54 days", async () => {
  const gclid = "EAIa-bare";
  const edge = new Date(NOW - 54 * DAY).toISOString();
  await send(batch(order("", { transactionId: undefined, adIdentifiers: { gclid } }), order("edge", { eventTimestamp: edge })));
  const row = retract({ orderId: undefined, gclidDateTimePair: { gclid, conversionDateTime: "2026-11-20 15:03:07+01:00" } });
  const { body } = await send(upload(row, row, retract({ orderId: "edge" })), ADJUST);
  assert.deepEqual(
    body.partialFailureError.details[0].errors.map((/** @type {any} */ one) => one.errorCode),
    [{ [UPLOAD]: "DUPLICATE_ADJUSTMENT_IN_REQUEST" }],
  );
  assert.deepEqual([body.results[0].gclidDateTimePair.gclid, body.results[1], body.results[2].orderId], [gclid, {}, "edge"]);
  assert.deepEqual(conversions(twin.received({ platform: "google_ads" }).events), []);
});

test("adjustments: a dry run changes nothing; a request of failures only counts as refused", async () => {
  await send(batch(event()));
  const dry = await send({ ...upload(retract(), retract({ orderId: "other" })), validateOnly: true }, ADJUST);
  assert.deepEqual([dry.status, Object.keys(dry.body)], [200, ["partialFailureError"]]);
  assert.deepEqual((await send({ ...upload(retract()), validateOnly: true }, ADJUST)).body, {});
  const failed = await send(upload(retract({ orderId: "x" }), retract({ orderId: "y" })), ADJUST);
  assert.match(failed.body.partialFailureError.message, /^Multiple errors in ‘details’\. First error: /);
  assert.deepEqual([book().validated_requests, book().rejected_requests, book().received], [2, 1, 1]);
  assert.equal((await send({ ...upload(retract()), jobId: 7 }, ADJUST)).body.jobId, "7");
});

test("adjustments: what is taken but noted", async () => {
  /** @type {[string, any][]} */
  const rows = [
    ["value_without_currency", restate({ restatementValue: { adjustedValue: 1 } })],
    ["negative_amount", restate({ restatementValue: { adjustedValue: -1, currencyCode: "EUR" } })],
    ["restated_above_the_conversion", restate({ restatementValue: { adjustedValue: 129.91, currencyCode: "EUR" } })],
    ["adjustment_in_the_future", retract({ adjustmentDateTime: "2026-11-24 12:00:01+00:00" })],
  ];
  for (const [kind, row] of rows) {
    twin.reset();
    token = (await refresh()).body.access_token;
    await send(batch(event()));
    assert.equal((await send(upload(row), ADJUST)).body.partialFailureError, undefined, kind);
    assert.deepEqual(kinds(), [kind]);
  }
});

test("adjustments: request, customer, headers, versions", async () => {
  await send(batch(event()));
  const good = upload(retract());
  /** @type {[string, Promise<any>, number, string | undefined, string?][]} */
  const rows = [
    ["partialFailure false", send({ ...good, partialFailure: false }, ADJUST), 400, "partialFailureError", "PARTIAL_FAILURE_MODE_REQUIRED"],
    ["none", send(upload(), ADJUST), 400, "requestError", "REQUIRED_FIELD_MISSING"],
    [
      "2,001", send(upload(...Array.from({ length: 2001 }, () => retract())), ADJUST), 400, "conversionAdjustmentUploadError",
      "TOO_MANY_ADJUSTMENTS_IN_REQUEST",
    ],
    ["job", send({ ...good, jobId: -1 }, ADJUST), 400, "conversionAdjustmentUploadError", "INVALID_JOB_ID"],
    ["customer", send(good, ADJUST.replace("1234567890", "123-456-7890")), 400, "requestError", "INVALID_CUSTOMER_ID"],
    ["manager", send(good, ADJUST, { "login-customer-id": "987-654-3210" }), 400, "headerError", "INVALID_LOGIN_CUSTOMER_ID"],
    ["v22", send(good, ADJUST.replace("v25", "v22")), 400, "requestError", "UNSUPPORTED_VERSION"],
    ["v17", send(good, ADJUST.replace("v25", "v17")), 400, "requestError", "UNSUPPORTED_VERSION"],
    [
      "click uploads", send({}, ADJUST.replace("uploadConversionAdjustments", "uploadClickConversions")), 403,
      "notAllowlistedError", "CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE",
    ],
    ["unborn", send(good, ADJUST.replace("v25", "v99")), 404, undefined],
    ["unknown method", send(good, `${ADJUST}s`), 404, undefined],
    ["GET", call("GET", ADJUST, undefined, { authorization: `Bearer ${token}` }), 404, undefined],
  ];
  for (const [what, answer, status, family, code] of rows) {
    const got = await answer;
    assert.equal(got.status, status, what);
    if (family) assert.deepEqual(got.body.error.details[0].errors[0].errorCode, { [family]: code }, what);
  }
  for (const [what, body, text] of /** @type {const} */ ([
    ["a type that is none", upload(retract({ adjustmentType: "REFUND" })), "ConversionAdjustmentType"],
    ["an unknown field", upload(retract({ transactionId: "x" })), 'Unknown name "transactionId"'],
    ["a value as text", upload(restate({ restatementValue: { adjustedValue: "x" } })), "TYPE_DOUBLE"],
  ])) {
    const got = await send(body, ADJUST);
    assert.equal(got.status, 400, what);
    assert.ok(got.body.error.message.includes(text), what);
  }
  assert.equal(book().by_event.RETRACTION, undefined);
  assert.equal((await send(upload(restate()), ADJUST.replace("v25", "v24"))).status, 200);
  clock.now = Date.parse("2027-06-01T00:00:00Z");
  token = (await refresh()).body.access_token;
  assert.equal((await send(good, ADJUST.replace("v25", "v24"))).status, 400, "a version ends");
  assert.deepEqual(kinds(), []);
});

test("faults: one host of the three; a revoked credential; condemned ids", async () => {
  const good = batch(event());
  twin.faults({ platform: "google_ads", kind: "status", status: 503, host: "datamanager.googleapis.com", times: 1 });
  assert.equal((await refresh()).status, 200);
  const down = await send(good);
  assert.deepEqual([down.status, down.body.error.status], [503, "UNAVAILABLE"]);
  twin.faults({ platform: "google_ads", kind: "status", status: 429, retry_after: 9, host: "googleads.googleapis.com", times: 1 });
  assert.equal((await send(batch(order("1"), order("2")))).status, 200);
  const limited = await send(upload(retract()), ADJUST);
  assert.deepEqual([limited.status, limited.headers.get("retry-after"), limited.body.error.status], [429, "9", "RESOURCE_EXHAUSTED"]);

  twin.faults({ platform: "google_ads", kind: "revoke_token", host: "oauth2.googleapis.com", times: 2 });
  const dead = await refresh();
  assert.deepEqual([dead.status, dead.body], [400, { error: "invalid_grant", error_description: "Token has been expired or revoked." }]);
  assert.equal((await grant(assertion())).body.error, "invalid_grant");
  assert.equal((await refresh()).status, 200);
  twin.faults({ platform: "google_ads", kind: "revoke_token" });
  assert.equal((await send(good)).status, 401);
  assert.equal((await poll("t-1")).status, 401);
  assert.equal((await send(upload(retract()), ADJUST)).status, 401);
  assert.equal((await refresh()).status, 400);
  twin.faults({ platform: "google_ads", kind: "restore" });

  twin.faults({ platform: "google_ads", kind: "reject_event_id", event_id: "2" });
  const { status, body: { error } } = await send(batch(order("3"), order("2"), order("4")));
  assert.equal(status, 400);
  assert.deepEqual(
    error.details[2].fieldViolations.map((/** @type {any} */ one) => [one.field, one.reason]),
    [["events.events[1]", "INVALID_EVENT"]],
  );
  const rows = await send(upload(retract({ orderId: "1" }), retract({ orderId: "2" })), ADJUST);
  assert.deepEqual([rows.status, rows.body.results[0].orderId, rows.body.results[1]], [200, "1", {}]);
  assert.deepEqual([book().received, book().faulted, book().by_event.RETRACTION?.received], [3, 10, 1]);
  assert.deepEqual(kinds(), []);
});

test("a lost or slow answer leaves what it did: the repeat is a duplicate, the token that was read is good", async () => {
  twin.faults({ platform: "google_ads", kind: "reset", host: "datamanager.googleapis.com", times: 1, record: true });
  await assert.rejects(send(batch(event())));
  const { body } = await send(batch(event()));
  assert.deepEqual((await poll(body.requestId)).body.requestStatusPerDestination[0].errorInfo.errorCounts, [
    { recordCount: "1", reason: "PROCESSING_ERROR_REASON_DUPLICATE_TRANSACTION_ID" },
  ]);
  assert.deepEqual([book().received, book().unique, book().duplicates], [2, 1, 1]);
  for (const record of [false, true]) {
    twin.faults({ platform: "google_ads", kind: "slow_body", ms: 1, times: 1, record });
    token = (await refresh()).body.access_token;
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal((await send(batch(order(`slow ${record}`)))).status, 200);
  }
});
