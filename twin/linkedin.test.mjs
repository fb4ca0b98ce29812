import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "./checks.mjs";
import { credentials } from "./credentials.mjs";
import { NOW, changed, exchange, testTwin } from "./harness.mjs";

const DAY = 86_400_000;
const PATH = "/api.linkedin.com/rest/conversionEvents";
const TOKEN_PATH = "/www.linkedin.com/oauth/v2/accessToken";
const { token, clientId, clientSecret, refreshToken } = credentials.linkedin;
const HEADERS = {
  "authorization": `Bearer ${token}`, "linkedin-version": "202609", "x-restli-protocol-version": "2.0.0", "x-restli-method": "BATCH_CREATE",
};
const { twin, clock, post, book, kinds, noted } = await testTwin({ platform: "linkedin", path: PATH, headers: HEADERS });

/** @returns {any} */
function purchase() {
  return {
    conversion: "urn:lla:llaPartnerConversion:104012",
    conversionHappenedAt: NOW - 60_000,
    conversionValue: { currencyCode: "USD", amount: "129.90" },
    eventId: "ord-100045-purchase",
    user: {
      userIds: [
        { idType: "SHA256_EMAIL", idValue: sha256("jane.doe@example.com") },
        { idType: "LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID", idValue: "k2m9qa-7rt4x-p3vw8z-c6bn1d" },
        { idType: "PLAINTEXT_IP_ADDRESS", idValue: "203.0.113.24" },
        { idType: "GOOGLE_AID", idValue: "38400000-8cf0-11bd-b23e-10b96e40000d" },
      ],
      userInfo: { firstName: "Jane", lastName: "Doe", companyName: "Example GmbH", title: "Buyer", countryCode: "US" },
      externalIds: ["cust-84213"],
    },
  };
}

/** @param {any[]} elements */
const batch = (...elements) => post({ elements });
/** @param {any} element */
const single = (element) => post(element, PATH, { "x-restli-method": "" });

test("a documented event passes without a violation", async () => {
  const { status, body } = await batch(purchase(), { ...purchase(), eventId: "b" });
  assert.equal(status, 200);
  assert.deepEqual(body, { elements: [{ status: 201 }, { status: 201 }] });
  assert.deepEqual(book().violations, []);
  assert.equal(book().unique, 2);
  assert.deepEqual(book().by_event["104012"], { received: 2, unique: 2, duplicates: 0, dropped: 0 });
  const [arrived] = twin.received({ event_id: "ord-100045-purchase" }).events;
  assert.deepEqual(arrived?.event, purchase());
  assert.deepEqual(arrived?.context, { version: "202609" });
});

test("a single event: 201 and an empty body", async () => {
  const { status, text } = await single(purchase());
  assert.deepEqual([status, text], [201, ""]);
  assert.equal(book().unique, 1);
});

const REQUIRED = "field is required but not found and has no default value";
const UNKNOWN = "unrecognized field found but not allowed";
const PREFIX = "Invalid Urn format. Invalid prefix.";
/** @type {[string, (e: any) => void, string, string][]} */
const UNPROCESSABLE = [
  ["no conversion", (e) => delete e.conversion, "/conversion", REQUIRED],
  ["a bare rule id", (e) => (e.conversion = "104012"), "/conversion", PREFIX],
  ["another URN", (e) => (e.conversion = "urn:li:conversion:104012"), "/conversion", PREFIX],
  ["a rule id that is no number", (e) => (e.conversion = "urn:lla:llaPartnerConversion:abc"), "/conversion", "Invalid Urn format. Invalid key."],
  ["no rule id", (e) => (e.conversion = "urn:lla:llaPartnerConversion:"), "/conversion", "Invalid Urn format. Invalid key."],
  ["a numeric conversion", (e) => (e.conversion = 104012), "/conversion", "104012 cannot be coerced to String"],
  ["no time", (e) => delete e.conversionHappenedAt, "/conversionHappenedAt", REQUIRED],
  ["a time as text", (e) => (e.conversionHappenedAt = "x"), "/conversionHappenedAt", '"x" cannot be coerced to Long'],
  ["a fractional time", (e) => (e.conversionHappenedAt += 0.5), "/conversionHappenedAt", `${NOW - 60_000 + 0.5} cannot be coerced to Long`],
  ["an amount as number", (e) => (e.conversionValue.amount = 129.9), "/conversionValue/amount", "129.9 cannot be coerced to String"],
  ["no amount", (e) => delete e.conversionValue.amount, "/conversionValue/amount", REQUIRED],
  ["no currency", (e) => delete e.conversionValue.currencyCode, "/conversionValue/currencyCode", REQUIRED],
  ["a null value", (e) => (e.conversionValue = null), "/conversionValue", "is not a record"],
  ["a numeric event id", (e) => (e.eventId = 7), "/eventId", "7 cannot be coerced to String"],
  ["a null event id", (e) => (e.eventId = null), "/eventId", "null cannot be coerced to String"],
  ["no user", (e) => delete e.user, "/user", REQUIRED],
  ["no userIds", (e) => delete e.user.userIds, "/user/userIds", REQUIRED],
  ["userIds as a map", (e) => (e.user.userIds = {}), "/user/userIds", "is not an array"],
  ["an unknown id type", (e) => (e.user.userIds[0].idType = "AXCIOM_ID"), "/user/userIds/0/idType", '"AXCIOM_ID" is not an enum symbol'],
  ["an ended id type", (e) => (e.user.userIds[0].idType = "ORACLE_MOAT_ID"), "/user/userIds/0/idType", '"ORACLE_MOAT_ID" is not an enum symbol'],
  ["no id value", (e) => delete e.user.userIds[1].idValue, "/user/userIds/1/idValue", REQUIRED],
  ["an unknown key", (e) => (e.event = "x"), "/event", UNKNOWN],
  ["an unknown user key", (e) => (e.user.email = "x"), "/user/email", UNKNOWN],
  ["an unknown key of an id", (e) => (e.user.userIds[0].type = "x"), "/user/userIds/0/type", UNKNOWN],
  ["an unknown user info", (e) => (e.user.userInfo.city = "x"), "/user/userInfo/city", UNKNOWN],
  ["an unknown value key", (e) => (e.conversionValue.value = "1"), "/conversionValue/value", UNKNOWN],
  ["a last name alone", (e) => delete e.user.userInfo.firstName, "/user/userInfo/firstName", REQUIRED],
  ["a first name alone", (e) => delete e.user.userInfo.lastName, "/user/userInfo/lastName", REQUIRED],
  ["a country alone", (e) => (e.user.userInfo = { countryCode: "US", lastName: "Doe" }), "/user/userInfo/firstName", REQUIRED],
  ["externalIds as text", (e) => (e.user.externalIds = "cust"), "/user/externalIds", "is not an array"],
  ["a numeric external id", (e) => (e.user.externalIds = [7]), "/user/externalIds/0", "7 cannot be coerced to String"],
  ["a bare lead id", (e) => (e.user.lead = "123"), "/user/lead", PREFIX],
];
for (const [what, change, path, text] of UNPROCESSABLE) {
  test(`422: ${what}`, async () => {
    const bad = changed(purchase(), change);
    const { status, body } = await batch({ ...purchase(), eventId: "good" }, bad);
    assert.equal(status, 422);
    assert.deepEqual(body, { message: `Index: 1, ERROR :: ${path} :: ${text}\n`, status: 422 });
    assert.deepEqual((await single(bad)).body, { message: `ERROR :: ${path} :: ${text}\n`, status: 422 });
    assert.deepEqual([book().received, book().rejected_requests], [0, 2], "one bad record refuses the batch");
  });
}

test("422: all errors of all records, each record by its index; the log has no values", async () => {
  const one = purchase();
  one.conversionValue.amount = 4.25;
  delete one.user.userInfo.lastName;
  const two = purchase();
  two.phone = "x";
  const { body } = await batch(one, purchase(), two);
  assert.equal(body.message, [
    "Index: 0, ERROR :: /conversionValue/amount :: 4.25 cannot be coerced to String", `ERROR :: /user/userInfo/lastName :: ${REQUIRED}`,
    `Index: 2, ERROR :: /phone :: ${UNKNOWN}`, "",
  ].join("\n"));
  const reason = twin.requests().requests[0]?.reason ?? "";
  assert.ok(!reason.includes("4.25"), reason);
  assert.match(reason, /elements\[0\]\/conversionValue\/amount: cannot be coerced/);
});

const UNTIMELY = "Conversion time should be within 90 days and not exceed current time";
/** @type {[string, (e: any) => void, string][]} */
const BY_INDEX = [
  ["a future time", (e) => (e.conversionHappenedAt = NOW + 1), UNTIMELY],
  ["a time over 90 days ago", (e) => (e.conversionHappenedAt = NOW - 90 * DAY - 1), UNTIMELY],
  ["a time in seconds", (e) => (e.conversionHappenedAt = NOW / 1000), UNTIMELY],
  ["nobody", (e) => (e.user = { userIds: [] }), "User should have at least one identifier"],
  ["nobody in an empty list", (e) => (e.user = { userIds: [], externalIds: [] }), "User should have at least one identifier"],
  ["the Insight Tag's rule", (e) => (e.conversion = "urn:lla:llaPartnerConversion:999998"), "Conversion's method should be CONVERSIONS_API"],
  ["a deleted rule", (e) => (e.conversion = "urn:lla:llaPartnerConversion:999997"), "Conversion is marked as deleted, its enabled should be true"],
];
for (const [what, change, message] of BY_INDEX) {
  test(`400 by index: ${what}`, async () => {
    const bad = changed(purchase(), change);
    const { status, body } = await batch(bad, purchase(), bad);
    assert.equal(status, 400);
    assert.deepEqual(body, { status: 400, message: `${message}, indices [0, 2] (0-indexed).` });
    assert.equal((await single(bad)).body.message, `${message}, indices [0] (0-indexed).`);
    assert.equal(book().received, 0);
  });
}

test("an unknown rule answers 403 as if a permission were missing", async () => {
  const { status, body } = await batch(purchase(), { ...purchase(), conversion: "urn:lla:llaPartnerConversion:999999" });
  assert.deepEqual([status, body], [403, { message: "No ad accounts found", status: 403 }]);
});

/** @type {[string, (e: any) => void][]} */
const TAKEN = [
  ["exactly 90 days old", (e) => (e.conversionHappenedAt = NOW - 90 * DAY)],
  ["now", (e) => (e.conversionHappenedAt = NOW)],
  ["no value, no event id", (e) => { delete e.conversionValue; delete e.eventId; }],
  ["li_fat_id alone", (e) => (e.user = { userIds: [e.user.userIds[1]] })],
  ["names alone", (e) => (e.user = { userIds: [], userInfo: { firstName: "Jane", lastName: "Doe" } })],
  ["hashed names", (e) => (e.user = { userIds: [], userInfo: { hashedFirstName: sha256("jane"), hashedLastName: sha256("doe") } })],
  ["one name plain, one hashed", (e) => (e.user = { userIds: [], userInfo: { firstName: "Jane", hashedLastName: sha256("doe") } })],
  ["an external id alone", (e) => (e.user = { userIds: [], externalIds: ["cust-1"] })],
  ["a lead alone", (e) => (e.user = { userIds: [], lead: "urn:li:leadGenFormResponse:8f1c-2" })],
  ["a hashed address", (e) => (e.user.userIds[2] = { idType: "SHA256_IP_ADDRESS", idValue: sha256("203.0.113.24") })],
  ["yen without decimals", (e) => (e.conversionValue = { currencyCode: "JPY", amount: "5000" })],
];
for (const [what, change] of TAKEN) {
  test(`taken: ${what}`, async () => {
    const event = changed(purchase(), change);
    assert.equal((await batch(event)).status, 200);
    assert.deepEqual(twin.stats().violations, []);
  });
}

test("what LinkedIn takes silently but no sender should do is noted", async () => {
  /** @param {string} idType @param {string} idValue @returns {(e: any) => void} */
  const id = (idType, idValue) => (e) => (e.user = { userIds: [{ idType, idValue }] });
  /** @type {[string, (e: any) => void][]} */
  const rows = [
    ["not_a_currency", (e) => (e.conversionValue.currencyCode = "QQQ")],
    ["not_a_currency", (e) => (e.conversionValue.currencyCode = "usd")],
    ["not_a_decimal", (e) => (e.conversionValue.amount = "1e3")],
    ["not_a_decimal", (e) => (e.conversionValue.amount = "-5.00")],
    ["finer_than_the_currency", (e) => (e.conversionValue.amount = "129.905")],
    ["finer_than_the_currency", (e) => (e.conversionValue = { currencyCode: "JPY", amount: "5000.50" })],
    ["empty_event_id", (e) => (e.eventId = "")],
    ["not_a_lower_case_sha256", id("SHA256_EMAIL", sha256("a").toUpperCase())],
    ["not_a_lower_case_sha256", id("SHA256_EMAIL", sha256(""))],
    ["not_a_lower_case_sha256", id("SHA256_EMAIL", "d41d8cd98f00b204e9800998ecf8427e")],
    ["not_a_lower_case_sha256", id("SHA256_IP_ADDRESS", "203.0.113.24")],
    ["not_an_ipv4_address", id("PLAINTEXT_IP_ADDRESS", "999.999.999.999")],
    ["not_an_ipv4_address", id("PLAINTEXT_IP_ADDRESS", "2001:db8::7")],
    ["private_ip_address", id("PLAINTEXT_IP_ADDRESS", "192.168.1.4")],
    ["private_ip_address", id("PLAINTEXT_IP_ADDRESS", "0.0.0.0")],
    ["not_a_device_id", id("GOOGLE_AID", "00000000-0000-0000-0000-000000000000")],
    ["not_a_device_id", id("GOOGLE_AID", sha256("x"))],
    ["hashed_but_wanted_plain", id("LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID", sha256("x"))],
    ["empty_identifier", id("LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID", " ")],
    ["identifier_twice", (e) => e.user.userIds.push(e.user.userIds[0])],
    ["hashed_but_wanted_plain", (e) => (e.user.userInfo.firstName = sha256("jane"))],
    ["empty_text", (e) => (e.user.userInfo.title = "")],
    ["not_a_lower_case_sha256", (e) => { delete e.user.userInfo.firstName; e.user.userInfo.hashedFirstName = "jane"; }],
    ["name_plain_and_hashed", (e) => (e.user.userInfo.hashedFirstName = sha256("jane"))],
    ["not_a_country", (e) => (e.user.userInfo.countryCode = "us")],
    ["not_a_country", (e) => (e.user.userInfo.countryCode = "USA")],
    ["not_a_country", (e) => (e.user.userInfo.countryCode = "QY")],
    ["empty_list", (e) => (e.user.externalIds = [])],
    ["only_the_first_is_used", (e) => e.user.externalIds.push("cust-2")],
    ["hashed_but_wanted_plain", (e) => (e.user.externalIds = [sha256("cust-1")])],
    ["empty_identifier", (e) => (e.user.externalIds = [""])],
  ];
  await noted(rows, purchase, async (event, what) => assert.equal((await batch(event)).status, 200, what));
  twin.reset();
  assert.equal((await batch(changed(purchase(), id("SHA256_EMAIL", "jane.doe@example.com")))).status, 200);
  assert.deepEqual(kinds(), ["plain_email", "not_a_lower_case_sha256"]);
  twin.reset();
  await post({ elements: [purchase()] }, `${PATH}?a=1`, { "x-restli-protocol-version": "" });
  assert.deepEqual(kinds(), ["restli_protocol_version_missing", "unexpected_query"]);
});

test("versions end on their day", async () => {
  const body = { elements: [purchase()] };
  /** @type {[string, number, string?][]} */
  const rows = [
    // 202604 does not know two of the identifiers yet.
    ["202609", 200], ["202605", 200], ["202604", 422], ["202511", 426, "20251101"], ["202512", 426, "20251201"], ["202610", 426, "20261001"],
    ["202401", 426, "20240101"], ["2026-09", 426, "2026-09"],
  ];
  for (const [version, status, shown] of rows) {
    const answer = await post(body, PATH, { "linkedin-version": version });
    assert.equal(answer.status, status, version);
    if (shown) assert.deepEqual(answer.body, { status: 426, code: "NONEXISTENT_VERSION", message: `Requested version ${shown} is not active` });
  }
  const hashed = { ...purchase(), user: { userIds: [], userInfo: { hashedFirstName: sha256("jane"), hashedLastName: sha256("doe") } } };
  assert.equal((await post({ elements: [hashed] }, PATH, { "linkedin-version": "202608" })).status, 422, "hashed names came with 202609");
  const missing = await post(body, PATH, { "linkedin-version": "" });
  assert.deepEqual([missing.status, missing.body.code], [400, "VERSION_MISSING"]);
  assert.ok(missing.headers.get("x-restli-gateway-error"));
  clock.now = Date.parse("2027-08-17T00:00:00Z");
  assert.equal((await post(body, PATH, { "linkedin-version": "202608" })).body.code, "NONEXISTENT_VERSION");
});

test("path, token, method, content type and shape are checked", async () => {
  const good = { elements: [purchase()] };
  /** @type {[string, Promise<any>, number, (string | number)?][]} */
  const rows = [
    ["path", post(good, "/api.linkedin.com/rest/conversions"), 404, "RESOURCE_NOT_FOUND"],
    ["no token", post(good, PATH, { authorization: "" }), 401, "EMPTY_ACCESS_TOKEN"],
    ["wrong token", post(good, PATH, { authorization: "Bearer x" }), 401, 65600],
    ["no Bearer", post(good, PATH, { authorization: token }), 401, "INVALID_ACCESS_TOKEN"],
    ["text", post(good, PATH, { "content-type": "text/plain" }), 415],
    ["bad JSON", post("{"), 400],
    ["twice", post('{"elements":[],"elements":[]}'), 400],
    ["empty", post({ elements: [] }), 400],
    ["5001", post({ elements: Array.from({ length: 5001 }, purchase) }), 400],
    ["a record as a batch", post(purchase()), 400],
    ["unknown root key", post({ ...good, test: true }), 400],
    ["another method", post(good, PATH, { "x-restli-method": "BATCH_UPDATE" }), 400],
    ["a batch as a record", post(good, PATH, { "x-restli-method": "" }), 422],
  ];
  for (const [what, answer, status, code] of rows) {
    const { status: got, body } = await answer;
    assert.equal(got, status, what);
    assert.equal(body.status, status, what);
    if (code !== undefined) assert.ok(body.code === code || body.serviceErrorCode === code, what);
  }
  assert.equal(book().received, 0);
  assert.equal((await post({ elements: Array.from({ length: 5000 }, purchase) })).body.elements.length, 5000);
  assert.equal((await post(undefined, PATH, {}, "GET")).status, 405);
});

/** @param {Record<string, string>} form @param {string} [type] */
const ask = (form, type = "application/x-www-form-urlencoded") =>
  exchange(twin.url + TOKEN_PATH, "POST", { "content-type": type }, String(new URLSearchParams(form)));
const FORM = { grant_type: "refresh_token", refresh_token: refreshToken, client_id: clientId, client_secret: clientSecret };

test("a refreshed token is accepted beside the static one, for 60 days", async () => {
  const { status, body } = await ask(FORM);
  assert.equal(status, 200);
  assert.deepEqual([body.expires_in, body.refresh_token], [5_184_000, refreshToken]);
  const headers = { authorization: `Bearer ${body.access_token}` };
  assert.equal((await post({ elements: [purchase()] }, PATH, headers)).status, 200);
  assert.notEqual((await ask(FORM)).body.access_token, body.access_token);
  assert.deepEqual(twin.stats().violations, []);
  clock.now = NOW + 60 * DAY;
  const late = await post({ elements: [{ ...purchase(), conversionHappenedAt: clock.now }] }, PATH, headers);
  assert.deepEqual([late.status, late.body.serviceErrorCode], [401, 65602]);
  assert.ok(!JSON.stringify(twin.requests()).includes(clientSecret), "secrets stay out of the log");
  twin.reset();
  assert.equal((await post({ elements: [purchase()] }, PATH, headers)).body.code, "INVALID_ACCESS_TOKEN", "a reset forgets tokens");
});

test("the token endpoint refuses", async () => {
  /** @type {[string, Promise<any>, number, string][]} */
  const rows = [
    ["json", ask(FORM, "application/json"), 400, "invalid_request"],
    ["no refresh token", ask({ ...FORM, refresh_token: "" }), 400, "invalid_request"],
    ["wrong refresh token", ask({ ...FORM, refresh_token: "x" }), 400, "invalid_request"],
    ["wrong secret", ask({ ...FORM, client_secret: "x" }), 401, "invalid_client"],
    ["wrong grant", ask({ ...FORM, grant_type: "client_credentials" }), 400, "unsupported_grant_type"],
  ];
  for (const [what, answer, status, error] of rows) {
    const got = await answer;
    assert.deepEqual([got.status, got.body.error], [status, error], what);
  }
});

test("faults: revoked tokens, a condemned event, the platform's own errors", async () => {
  twin.faults({ platform: "linkedin", kind: "revoke_token", times: 2 });
  const { body: { access_token: issued } } = await ask(FORM);
  for (const one of [token, issued]) {
    const { status, body } = await post({ elements: [purchase()] }, PATH, { authorization: `Bearer ${one}` });
    assert.deepEqual([status, body.serviceErrorCode, body.code], [401, 65601, "REVOKED_ACCESS_TOKEN"]);
  }
  assert.equal((await batch(purchase())).status, 200);

  twin.faults({ platform: "linkedin", kind: "reject_event_id", event_id: "bad" });
  const { status, body } = await batch(purchase(), { ...purchase(), eventId: "bad" });
  assert.equal(status, 422);
  assert.match(body.message, /^Index: 1, ERROR :: \/eventId :: /);
  assert.equal((await batch(purchase())).status, 200);
  assert.deepEqual([book().faulted, book().received], [3, 2]);
  twin.clearFaults();

  twin.faults({ platform: "linkedin", kind: "status", status: 429, times: 1 });
  assert.equal((await batch(purchase())).body.status, 429);
});

test("two API events with one id count twice: nothing documented tells them apart", async () => {
  await batch(purchase());
  await batch(purchase());
  assert.deepEqual([book().received, book().unique, book().duplicates], [2, 2, 0]);
});
