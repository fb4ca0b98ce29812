import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "./checks.mjs";
import { credentials } from "./credentials.mjs";
import { NOW, changed, testTwin } from "./harness.mjs";

const SECONDS = NOW / 1000;
const DAY = 86_400;
const PATH = "/capi.uet.microsoft.com/v1/97001234/events";
const { twin, post, book, kinds, noted } = await testTwin({
  platform: "microsoft", path: PATH, headers: { authorization: `Bearer ${credentials.microsoft.token}` },
});

/** @returns {any} */
function purchase() {
  return {
    eventType: "custom", eventName: "purchase", eventId: "ord-100045-purchase", eventTime: SECONDS - 60,
    eventSourceUrl: "https://shop.example.com/checkout/thanks?order=100045", referrerUrl: "https://shop.example.com/checkout",
    pageTitle: "Thank you", pageLoadId: "0f8fad5b-d9cb-469f-a165-70867728950e", adStorageConsent: "G",
    userData: {
      em: sha256("janedoe@example.com"), ph: sha256("+14155552671"), externalId: sha256("cust-84213"),
      anonymousId: "7c9e6679-7425-40de-944b-e07fc1f90ae7", msclkid: "f2a1b3c4-d5e6-47f8-9a0b-1c2d3e4f5a6b",
      clientIpAddress: "203.0.113.24", clientUserAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0)",
    },
    customData: {
      eventCategory: "ecommerce", value: 129.9, currency: "USD", transactionId: "100045", pageType: "purchase", ecommTotalValue: 129.9,
      itemIds: ["SKU-1", "SKU-2"],
      items: [{ id: "SKU-1", name: "Wool socks", price: 14.95, quantity: 2 }, { id: "SKU-2", name: "Rain jacket", price: 100, quantity: 1 }],
    },
  };
}

/** @returns {any} */
function pageLoad() {
  const { eventName: _, customData: __, ...event } = purchase();
  return { ...event, eventType: "pageLoad", eventId: "load-1" };
}

/** @param {any[]} data */
const batch = (...data) => post({ dataProvider: "edgetally", continueOnValidationError: true, data });
/** @param {any[]} data */
const atomic = (...data) => post({ dataProvider: "edgetally", data });

test("a documented event passes without a violation", async () => {
  const { status, body } = await batch(purchase(), pageLoad());
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(body), ["eventsReceived", "traceId"]);
  assert.equal(body.eventsReceived, 2);
  assert.deepEqual(book().violations, []);
  assert.deepEqual(Object.keys(book().by_event ?? {}), ["purchase", "pageLoad"]);
  const [arrived] = twin.received({ event_id: "ord-100045-purchase" }).events;
  assert.deepEqual(arrived?.event, purchase());
  assert.deepEqual(arrived?.context, { tag_id: "97001234", dataProvider: "edgetally", continueOnValidationError: true });
});

const NOBODY = "needs at least one of anonymousId, externalId, em, ph, msclkid, idfa, gaid";
/** @type {[string, (e: any) => void, string, string?][]} */
const INVALID = [
  ["no type", (e) => delete e.eventType, "eventType"],
  ["another type", (e) => (e.eventType = "Custom"), "eventType"],
  ["a custom event without name", (e) => delete e.eventName, "eventName"],
  ["a numeric name", (e) => (e.eventName = 7), "eventName"],
  ["no time", (e) => delete e.eventTime, "eventTime"],
  ["a time as text", (e) => (e.eventTime = String(e.eventTime)), "eventTime"],
  ["a fractional time", (e) => (e.eventTime += 0.5), "eventTime"],
  ["over 7 days old", (e) => (e.eventTime = SECONDS - 7 * DAY - 1), "eventTime", "eventTime is older than 7 days"],
  ["a numeric id", (e) => (e.eventId = 7), "eventId"],
  ["a page load without address", (e) => { e.eventType = "pageLoad"; delete e.eventName; delete e.eventSourceUrl; delete e.customData; }, "eventSourceUrl"],
  ["an unknown consent", (e) => (e.adStorageConsent = "granted"), "adStorageConsent"],
  ["no user data", (e) => delete e.userData, "userData"],
  ["nobody", (e) => (e.userData = {}), "userData", `userData ${NOBODY}`],
  ["address and agent alone", (e) => (e.userData = { clientIpAddress: "203.0.113.24", clientUserAgent: "UA" }), "userData", `userData ${NOBODY}`],
  ["a numeric external id", (e) => (e.userData.externalId = 7), "userData.externalId"],
  ["a list of emails", (e) => (e.userData.em = [sha256("x")]), "userData.em"],
  ["a value as text", (e) => (e.customData.value = "129.90"), "customData.value"],
  ["item ids that are numbers", (e) => (e.customData.itemIds = [44]), "customData.itemIds"],
  ["a price as text", (e) => (e.customData.items[0].price = "14.95"), "customData.items[0].price"],
  ["a quantity of 0", (e) => (e.customData.items[1].quantity = 0), "customData.items[1].quantity"],
  ["items as a map", (e) => (e.customData.items = {}), "customData.items"],
];
for (const [what, change, name, message] of INVALID) {
  test(`invalid: ${what}`, async () => {
    const bad = changed(purchase(), change);
    const good = { ...purchase(), eventId: "good" };
    const { status, body } = await batch(good, bad);
    assert.equal(status, 200);
    assert.equal(body.eventsReceived, 1);
    const { details } = body.error;
    assert.equal(details.length, 1);
    assert.deepEqual([details[0].index, details[0].propertyName, details[0].isWarning], [1, name, false]);
    if (message) assert.equal(details[0].errorMessage, message);
    assert.equal(twin.received().events[0]?.event_id, "good");
    assert.equal(book().received, 1, "only the bad event is left out");

    const refused = await atomic(good, bad);
    assert.equal(refused.status, 400);
    assert.deepEqual([refused.body.eventsReceived, refused.body.error.details[0].index], [0, 1]);
    assert.deepEqual([book().received, book().rejected_requests], [1, 1], "without the flag the request is refused");
  });
}

test("a click id that is no UUID is taken away, with a warning", async () => {
  for (const msclkid of ["abc", "f2a1b3c4d5e647f89a0b1c2d3e4f5a6b", "_uetf2a1b3c4-d5e6-47f8-9a0b-1c2d3e4f5a6b"]) {
    twin.reset();
    const event = purchase();
    event.userData.msclkid = msclkid;
    for (const send of [batch, atomic]) {
      const { status, body } = await send(event);
      assert.deepEqual([status, body.eventsReceived], [200, 1]);
      const [{ errorMessage, ...detail }, ...more] = body.error.details;
      assert.match(errorMessage, /removed/);
      assert.deepEqual([detail, more], [{ index: 0, propertyName: "userData.msclkid", attemptedValue: msclkid, isWarning: true }, []]);
    }
    assert.deepEqual(kinds(), ["not_a_lower_case_uuid", "not_a_lower_case_uuid"]);
    assert.ok(!twin.requests().requests[0]?.reason?.includes(msclkid));
  }
  const alone = purchase();
  alone.userData = { msclkid: "abc" };
  assert.deepEqual((await batch(alone)).body.error.details.map((/** @type {any} */ one) => one.isWarning), [true, false], "then nobody is left");
  assert.equal(book().rejected_requests, 1);
});

/** @type {[string, (e: any) => void][]} */
const TAKEN = [
  ["exactly 7 days old", (e) => (e.eventTime = SECONDS - 7 * DAY)],
  ["now", (e) => (e.eventTime = SECONDS)],
  ["the least", (e) => {
    for (const key of ["adStorageConsent", "pageLoadId", "pageTitle", "referrerUrl", "eventSourceUrl", "customData"]) delete e[key];
    e.eventName = "sign_up";
  }],
  ["an anonymous id alone", (e) => (e.userData = { anonymousId: "7c9e667974250de944be07fc1f90ae71" })],
  ["an IPv6 address", (e) => (e.userData.clientIpAddress = "2001:db8:4a1f::7c")],
  ["a device id", (e) => (e.userData = { gaid: "38400000-8cf0-11bd-b23e-10b96e40000d" })],
  ["a search", (e) => (e.customData = { searchTerm: "socks", pageType: "searchresults", eventLabel: "x", eventValue: 0 }) && (e.eventName = "search")],
  ["a hotel", (e) => (e.customData.hotelData = {
    totalPrice: 300, basePrice: 250, checkinDate: "2026-12-01", checkoutDate: "2026-12-03", lengthOfStay: 2, partnerHotelId: "h1",
    bookingHref: "https://hotel.example/1",
  })],
];
for (const [what, change] of TAKEN) {
  test(`taken: ${what}`, async () => {
    const event = changed(purchase(), change);
    const { body } = await batch(event);
    assert.deepEqual([body.eventsReceived, body.error], [1, undefined]);
    assert.deepEqual(twin.stats().violations, []);
  });
}

test("what Microsoft takes, or may take, but no sender should do is noted", async () => {
  /** @type {[string, (e: any) => void][]} */
  const rows = [
    ["unknown_field", (e) => (e.dataProvider = "x")],
    ["unknown_field", (e) => (e.userData.email = "x")],
    ["unknown_field", (e) => (e.customData.coupon = "x")],
    ["unknown_field", (e) => (e.customData.items[0].brand = "x")],
    ["unknown_field", (e) => (e.customData.hotelData = { checkInDate: "2026-12-01" })],
    ["null", (e) => (e.pageTitle = null)],
    ["null", (e) => (e.userData.ph = null)],
    ["null", (e) => (e.customData.searchTerm = null)],
    ["empty_text", (e) => (e.pageTitle = "")],
    ["event_id_missing", (e) => delete e.eventId],
    ["time_in_the_future", (e) => (e.eventTime = SECONDS + 1)],
    ["time_in_the_future", (e) => (e.eventTime *= 1000)],
    ["not_a_web_address", (e) => (e.eventSourceUrl = "shop.example.com")],
    ["not_a_uuid_4", (e) => (e.pageLoadId = "f2a1b3c4-d5e6-17f8-9a0b-1c2d3e4f5a6b")],
    ["not_a_lower_case_sha256", (e) => (e.userData.em = sha256("a").toUpperCase())],
    ["not_a_lower_case_sha256", (e) => (e.userData.em = sha256(""))],
    ["not_a_lower_case_sha256", (e) => (e.userData.ph = "14155552671")],
    ["external_id_not_hashed", (e) => (e.userData.externalId = "cust-84213")],
    ["not_a_lower_case_uuid", (e) => (e.userData.msclkid = e.userData.msclkid.toUpperCase())],
    ["not_a_device_id", (e) => (e.userData.idfa = "00000000-0000-0000-0000-000000000000")],
    ["hashed_but_wanted_plain", (e) => (e.userData.anonymousId = sha256("x"))],
    ["hashed_but_wanted_plain", (e) => (e.userData.clientUserAgent = sha256("x"))],
    ["not_an_ip_address", (e) => (e.userData.clientIpAddress = sha256("x"))],
    ["private_ip_address", (e) => (e.userData.clientIpAddress = "172.16.0.9")],
    ["not_a_currency", (e) => (e.customData.currency = "QQQ")],
    ["not_a_currency", (e) => (e.customData.currency = "usd")],
    ["value_without_currency", (e) => delete e.customData.currency],
    ["negative_value", (e) => (e.customData.value = -1)],
    ["not_a_page_type", (e) => (e.customData.pageType = "PURCHASE")],
    ["transaction_id_missing", (e) => delete e.customData.transactionId],
    ["empty_list", (e) => (e.customData.items = [])],
    ["empty_list", (e) => (e.customData.itemIds = [""])],
    ["empty_object", (e) => (e.customData.items = [{}])],
    ["page_load_with_a_name", (e) => { e.eventType = "pageLoad"; delete e.customData; e.eventName = "page_view"; }],
    ["page_load_with_revenue", (e) => { e.eventType = "pageLoad"; delete e.eventName; }],
    ["plain_email", (e) => (e.pageTitle = "Thanks jane.doe@example.com")],
  ];
  await noted(rows, purchase, async (event, what) => assert.equal((await batch(event)).body.eventsReceived, 1, what));
  twin.reset();
  await post({ data: [purchase()], test: true, dataProvider: "" }, `${PATH}?a=1`);
  assert.deepEqual(kinds(), ["unknown_field", "empty_text", "unexpected_query"]);
});

test("tag, token, content type, size and shape are checked", async () => {
  const good = { data: [purchase()] };
  /** @type {[string, Promise<any>, number, string][]} */
  const rows = [
    ["version", post(good, PATH.replace("/v1/", "/v2/")), 404, "NotFound"],
    ["tag", post(good, PATH.replace("97001234", "abc")), 404, "NotFound"],
    ["edge", post(good, `${PATH}/x`), 404, "NotFound"],
    ["another's tag", post(good, PATH.replace("97001234", "999999")), 403, "Forbidden"],
    ["wrong token", post(good, PATH, { authorization: "Bearer x" }), 401, "Unauthorized"],
    ["no Bearer", post(good, PATH, { authorization: credentials.microsoft.token }), 401, "Unauthorized"],
    ["text", post(good, PATH, { "content-type": "text/plain" }), 415, "UnsupportedMediaType"],
    ["bad JSON", post("{"), 400, "BadRequest"],
    ["twice", post('{"data":[],"data":[]}'), 400, "BadRequest"],
    ["no data", post({}), 400, "BadRequest"],
    ["empty", atomic(), 400, "BadRequest"],
    ["1001", batch(...Array.from({ length: 1001 }, purchase)), 400, "BadRequest"],
    ["the flag as text", post({ ...good, continueOnValidationError: "true" }), 400, "BadRequest"],
    ["a numeric provider", post({ ...good, dataProvider: 7 }), 400, "BadRequest"],
  ];
  for (const [what, answer, status, code] of rows) {
    const { status: got, body } = await answer;
    assert.deepEqual([got, body.error.code], [status, code], what);
    assert.equal(typeof body.traceId, "string", what);
  }
  assert.equal(book().received, 0);
  assert.equal((await batch(...Array.from({ length: 1000 }, purchase))).body.eventsReceived, 1000);
  assert.equal((await post(undefined, PATH, {}, "GET")).status, 405);
});

test("the same tag, name and id count once", async () => {
  await batch(purchase(), purchase(), { ...purchase(), eventName: "sign_up" });
  await post({ data: [purchase()] }, PATH.replace("97001234", "77"));
  assert.deepEqual([book().received, book().unique, book().duplicates], [4, 3, 1]);
});

test("an event whose consent is denied is taken and used for nothing", async () => {
  const { body } = await batch({ ...purchase(), adStorageConsent: "D" });
  assert.deepEqual([body.eventsReceived, body.error], [1, undefined]);
  assert.deepEqual([book().received, book().dropped, book().violation_count], [0, 1, 0]);
  assert.equal(twin.dropped().events[0]?.event_id, "ord-100045-purchase");
});

test("faults: a revoked token, a condemned event, the platform's own errors", async () => {
  twin.faults({ platform: "microsoft", kind: "revoke_token", times: 1 });
  assert.equal((await batch(purchase())).body.error.code, "Unauthorized");
  twin.faults({ platform: "microsoft", kind: "reject_event_id", event_id: "bad" });
  const bad = { ...purchase(), eventId: "bad" };
  const { status, body } = await batch(purchase(), bad);
  assert.deepEqual([status, body.eventsReceived, body.error.details[0].index, body.error.details[0].isWarning], [200, 1, 1, false]);
  assert.deepEqual([book().faulted, book().received], [2, 1], "the other event counts");
  assert.equal((await atomic(bad, purchase())).body.error.details[0].index, 0);
  assert.deepEqual([book().faulted, book().received], [3, 1]);
  twin.clearFaults();
  /** @type {[number, string][]} */
  const own = [[429, "TooManyRequests"], [403, "Forbidden"], [500, "InternalServerError"], [503, "ServiceUnavailable"]];
  for (const [code, name] of own) {
    twin.faults({ platform: "microsoft", kind: "status", status: code, times: 1 });
    const answer = await batch(purchase());
    assert.deepEqual([answer.status, answer.body.error.code], [code, name]);
  }
});
