import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "./checks.mjs";
import { NOW, testTwin } from "./harness.mjs";

const MICROS = NOW * 1000;
const HOUR = 3_600_000_000;
const QUERY = "?measurement_id=G-9ABCDE1234&api_secret=s3cr3t";
const { twin, post, book, kinds } = await testTwin({ platform: "ga4", path: `/region1.google-analytics.com/mp/collect${QUERY}` });

/** @returns {any} */
function hit() {
  return {
    client_id: "1380133182.1764792191", user_id: "cust-10482", timestamp_micros: MICROS - 60_000_000,
    consent: { ad_user_data: "GRANTED", ad_personalization: "DENIED" }, ip_override: "2001:db8:4a1f::7c", user_agent: "Mozilla/5.0 (X11)",
    user_data: {
      sha256_email_address: [sha256("a")], sha256_phone_number: sha256("b"),
      address: [{ sha256_first_name: sha256("c"), sha256_last_name: sha256("d"), sha256_street: sha256("e"), city: "bad homburg", region: "be", postal_code: "10117", country: "DE" }],
    },
    user_properties: { customer_tier: { value: "gold" } },
    events: [{
      name: "purchase",
      params: {
        session_id: "1795182060", engagement_time_msec: 1, page_location: "https://shop.example/thanks", transaction_id: "118842",
        currency: "EUR", value: 129.9, tax: 20.74, shipping: 4.9, coupon: "AUTUMN",
        items: [{ item_id: "SKU-44", item_name: "Desk lamp", price: 99.9, quantity: 1 }, { item_name: "Bulb", price: 15, quantity: 2, index: 1 }],
      },
    }],
  };
}

/** @param {any} body */
async function debug(body) {
  const answer = await post(body, "/www.google-analytics.com/debug/mp/collect?measurement_id=whatever");
  assert.equal(answer.status, 200);
  return /** @type {any[]} */ (answer.body.validationMessages);
}

test("the documented hit is counted, answered 204 and empty, and valid on debug", async () => {
  const { status, text } = await post(hit());
  assert.deepEqual([status, text], [204, ""]);
  assert.equal(book().unique, 1);
  assert.deepEqual(book().violations, []);
  assert.deepEqual(await debug({ ...hit(), validation_behavior: "ENFORCE_RECOMMENDATIONS" }), []);
  assert.equal(book().received, 1, "debug stores nothing");
  assert.equal(book().validated_requests, 1);
});

/** What debug tells of, if anything, and no page says is dropped. @type {[string, string | null, (b: any, p: any) => void][]} */
const COUNTED = [
  ["a client id that is a UUID", null, (b) => (b.client_id = "0b8f5a0e-6e1c-4f7e-9a51-0a7f9d7a1f10")],
  ["a client id of AMP", null, (b) => (b.client_id = "amp-h0cvUgGtQdtbBqjzYvdjpw")],
  ["no items", "VALUE_REQUIRED", (_, p) => delete p.items],
  ["empty items", "VALUE_REQUIRED", (_, p) => (p.items = [])],
];
for (const [what, code, change] of COUNTED) {
  test(`counted: ${what}`, async () => {
    const body = hit();
    change(body, body.events[0].params);
    const before = book().received;
    assert.equal((await post(body)).status, 204);
    assert.equal(book().received, before + 1);
    assert.deepEqual((await debug(body)).map((message) => message.validationCode), code ? [code] : []);
  });
}

/** `strict`: debug finds it only with ENFORCE_RECOMMENDATIONS. @type {[string, string, (b: any, p: any) => void, boolean?][]} */
const WRONG = [
  ["no client id", "VALUE_REQUIRED", (b) => delete b.client_id],
  ["an unknown key", "VALUE_INVALID", (b) => (b.clientId = "1.2")],
  ["a long user id", "VALUE_INVALID", (b) => (b.user_id = "x".repeat(257))],
  ["no events", "VALUE_REQUIRED", (b) => { delete b.events; delete b.user_data; }],
  ["26 events", "EXCEEDED_MAX_ENTITIES", (b) => (b.events = Array(26).fill(b.events[0]))],
  ["milliseconds", "VALUE_OUT_OF_BOUNDS", (b) => (b.timestamp_micros = NOW)],
  ["nanoseconds", "VALUE_OUT_OF_BOUNDS", (b) => (b.timestamp_micros = MICROS * 1000)],
  ["event time in milliseconds", "VALUE_OUT_OF_BOUNDS", (_, p) => (p.timestamp_micros = NOW)],
  ["a lower-case consent", "VALUE_INVALID", (b) => (b.consent.ad_user_data = "granted")],
  ["an unknown consent", "VALUE_INVALID", (b) => (b.consent.analytics_storage = "GRANTED")],
  ["a broken IP", "VALUE_INVALID", (b) => (b.ip_override = "300.1.1.1")],
  ["a wrong region id", "VALUE_INVALID", (b) => (b.user_location = { region_id: "California" })],
  ["an unknown device field", "VALUE_INVALID", (b) => (b.device = { os: "Linux" })],
  ["26 user properties", "EXCEEDED_MAX_ENTITIES", (b) => (b.user_properties = Object.fromEntries(Array.from({ length: 26 }, (_, i) => [`p${i}`, { value: 1 }])))],
  ["a reserved user property", "NAME_RESERVED", (b) => (b.user_properties.user_id = { value: "x" })],
  ["a reserved property prefix", "NAME_RESERVED", (b) => (b.user_properties.ga_x = { value: "x" })],
  ["a long property name", "NAME_INVALID", (b) => (b.user_properties["x".repeat(25)] = { value: "x" })],
  ["a property without value", "VALUE_REQUIRED", (b) => (b.user_properties.tier = {})],
  ["a long property value", "VALUE_OUT_OF_BOUNDS", (b) => (b.user_properties.tier = { value: "x".repeat(37) }), true],
  ["4 e-mails", "EXCEEDED_MAX_ENTITIES", (b) => (b.user_data.sha256_email_address = Array(4).fill(sha256("a")))],
  ["4 phones", "EXCEEDED_MAX_ENTITIES", (b) => (b.user_data.sha256_phone_number = Array(4).fill(sha256("a")))],
  ["3 addresses", "EXCEEDED_MAX_ENTITIES", (b) => (b.user_data.address = Array(3).fill(b.user_data.address[0]))],
  ["an e-mail that is no digest", "VALUE_INVALID", (b) => (b.user_data.sha256_email_address = "x")],
  ["the digest of nothing", "VALUE_INVALID", (b) => (b.user_data.sha256_email_address = sha256(""))],
  ["a hashed city", "VALUE_INVALID", (b) => (b.user_data.address[0].city = sha256("berlin"))],
  ["an upper-case city", "VALUE_INVALID", (b) => (b.user_data.address[0].city = "Berlin")],
  ["a three-letter country", "VALUE_INVALID", (b) => (b.user_data.address[0].country = "DEU")],
  ["a dotted postcode", "VALUE_INVALID", (b) => (b.user_data.address[0].postal_code = "101.17")],
  ["an unknown address field", "VALUE_INVALID", (b) => (b.user_data.address[0].street = "x")],
  ["an event id key", "VALUE_INVALID", (b) => (b.events[0].event_id = "x")],
  ["no event name", "VALUE_REQUIRED", (b) => delete b.events[0].name],
  ["a reserved event", "NAME_RESERVED", (b) => (b.events[0].name = "session_start")],
  ["an app-only event", "NAME_RESERVED", (b) => (b.events[0].name = "screen_view")],
  ["an event name with a dash", "NAME_INVALID", (b) => (b.events[0].name = "add-to-cart")],
  ["a long event name", "NAME_INVALID", (b) => (b.events[0].name = "x".repeat(41))],
  ["26 params", "EXCEEDED_MAX_ENTITIES", (_, p) => { for (let i = 0; i < 26; i += 1) p[`p${i}`] = 1; }],
  ["a reserved param", "NAME_RESERVED", (_, p) => (p.firebase_conversion = 1)],
  ["a reserved param prefix", "NAME_RESERVED", (_, p) => (p._x = 1)],
  ["gtag. prefix", "NAME_RESERVED", (_, p) => (p["gtag.x"] = 1)],
  ["a long param name", "NAME_INVALID", (_, p) => (p["x".repeat(41)] = 1)],
  ["a null param", "VALUE_INVALID", (_, p) => (p.note = null), true],
  ["an array param", "VALUE_INVALID", (_, p) => (p.note = [1]), true],
  ["an object param", "VALUE_INVALID", (_, p) => (p.note = {}), true],
  ["a long param", "VALUE_OUT_OF_BOUNDS", (_, p) => (p.note = "x".repeat(101)), true],
  ["a long page title", "VALUE_OUT_OF_BOUNDS", (_, p) => (p.page_title = "x".repeat(301)), true],
  ["a long page referrer", "VALUE_OUT_OF_BOUNDS", (_, p) => (p.page_referrer = "x".repeat(421)), true],
  ["a long page location", "VALUE_OUT_OF_BOUNDS", (_, p) => (p.page_location = "x".repeat(1001)), true],
  ["a value as text", "VALUE_INVALID", (_, p) => (p.value = "129.90"), true],
  ["a session id with letters", "VALUE_INVALID", (_, p) => (p.session_id = "s1795")],
  ["an engagement of 0", "VALUE_INVALID", (_, p) => (p.engagement_time_msec = 0)],
  ["no transaction id", "VALUE_REQUIRED", (_, p) => delete p.transaction_id],
  ["an empty transaction id", "VALUE_REQUIRED", (_, p) => (p.transaction_id = "")],
  ["items that are no list", "VALUE_INVALID", (_, p) => (p.items = { item_id: "x" })],
  ["201 items", "EXCEEDED_MAX_ENTITIES", (_, p) => (p.items = Array(201).fill({ item_id: "x" }))],
  ["an item without id and name", "VALUE_REQUIRED", (_, p) => (p.items[0] = { price: 1 })],
  ["11 custom item params", "EXCEEDED_MAX_ENTITIES", (_, p) => { for (let i = 0; i < 11; i += 1) p.items[0][`c${i}`] = 1; }],
  ["a null price", "VALUE_INVALID", (_, p) => (p.items[0].price = null), true],
  ["value without currency", "VALUE_REQUIRED", (_, p) => delete p.currency],
  ["an invented currency", "VALUE_INVALID", (_, p) => (p.currency = "EURO")],
  ["a search without term", "VALUE_REQUIRED", (b) => (b.events[0].name = "search")],
];
for (const [what, code, change, strict] of WRONG) {
  test(`dropped in silence: ${what}`, async () => {
    const body = hit();
    change(body, body.events[0].params);
    const { status, text } = await post(body);
    assert.deepEqual([status, text], [204, ""]);
    assert.equal(book().received, 0);
    assert.ok(book().dropped >= 1);
    const { messages } = twin.dropped().events[0] ?? { messages: [] };
    assert.ok(messages.some((/** @type {any} */ message) => message.validationCode === code), JSON.stringify(messages));
    const relaxed = (await debug(body)).some((message) => message.validationCode === code);
    assert.equal(relaxed, !strict, "debug, relaxed");
    const enforced = await debug({ ...body, validation_behavior: "ENFORCE_RECOMMENDATIONS" });
    assert.ok(enforced.some((message) => message.validationCode === code), "debug, enforced");
  });
}

test("bad JSON, a missing secret, a bad stream and a large body vanish with 204", async () => {
  assert.equal((await post("{")).status, 204);
  assert.equal((await post(hit(), "/www.google-analytics.com/mp/collect?measurement_id=G-9ABCDE1234")).status, 204);
  assert.equal((await post(hit(), "/www.google-analytics.com/mp/collect?measurement_id=UA-1&api_secret=x")).status, 204);
  assert.equal((await post({ ...hit(), user_agent: "x".repeat(130_000) })).status, 204);
  assert.equal((await post(JSON.stringify(hit()).replace('"tax":', '"value":'))).status, 204);
  assert.deepEqual([book().received, book().dropped, book().rejected_requests], [0, 5, 5]);
});

test("one bad event is dropped alone; an old one is moved, or refused by ENFORCE on debug", async () => {
  const body = hit();
  body.events.push({ name: "error", params: { engagement_time_msec: 1 } });
  await post(body);
  assert.deepEqual([book().received, book().dropped], [1, 1]);
  const old = { ...hit(), timestamp_micros: MICROS - 72 * HOUR - 1 };
  await post(old);
  assert.match(twin.received().events[1]?.notes[0] ?? "", /moved to the limit/);
  assert.deepEqual(await debug(old), []);
  assert.equal((await debug({ ...old, validation_behavior: "ENFORCE_RECOMMENDATIONS" }))[0].validationCode, "VALUE_OUT_OF_BOUNDS");
});

test("purchases repeat per client, other events never", async () => {
  await post(hit());
  await post(hit());
  await post({ ...hit(), client_id: "GA1.1.1380133182.999" });
  const view = { ...hit(), events: [{ name: "page_view", params: { session_id: 1, engagement_time_msec: 1 } }] };
  await post(view);
  await post(view);
  assert.deepEqual([book().received, book().unique, book().duplicates], [5, 4, 1]);
});

test("mistakes that GA4 never reports are noted", async () => {
  /** @type {[string, (b: any, p: any) => void][]} */
  const rows = [
    ["enforce_recommendations_in_production", (b) => (b.validation_behavior = "ENFORCE_RECOMMENDATIONS")],
    ["engagement_time_missing", (_, p) => delete p.engagement_time_msec],
    ["debug_mode_not_true", (_, p) => (p.debug_mode = false)],
    ["user_data_without_consent", (b) => (b.consent.ad_user_data = "DENIED")],
    ["deprecated_field", (b) => (b.non_personalized_ads = true)],
    ["purchase_without_value", (_, p) => delete p.value],
    ["timestamp_in_the_future", (b) => (b.timestamp_micros = MICROS + HOUR)],
    ["plain_email", (_, p) => (p.page_location = "https://shop.example/?e=elena@shop.example")],
  ];
  for (const [kind, change] of rows) {
    twin.reset();
    const body = hit();
    change(body, body.events[0].params);
    await post(body);
    assert.deepEqual(kinds(), [kind]);
    assert.equal(book().received, 1, kind);
  }
});
