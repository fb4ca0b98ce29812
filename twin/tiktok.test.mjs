import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "./checks.mjs";
import { credentials } from "./credentials.mjs";
import { NOW, changed, testTwin } from "./harness.mjs";
import { tiktok } from "./platforms/tiktok.mjs";

const SECONDS = NOW / 1000;
const DAY = 86_400;
const PATH = "/business-api.tiktok.com/open_api/v1.3/event/track/";
const PIXEL = "C4A1B2C3D4E5F6G7H8I9";
const { twin, clock, post, book, kinds, noted } = await testTwin({
  platform: "tiktok", path: PATH, headers: { "access-token": credentials.tiktok.token },
});

/** @returns {any} */
function purchase() {
  return {
    event: "Purchase", event_time: SECONDS - 60, event_id: "ord-118842", limited_data_use: false,
    user: {
      email: sha256("elena.brandt+shop@gmail.com"), phone: [sha256("+4915123456789")], external_id: sha256("Cust-10482"),
      first_name: sha256("elena"), last_name: sha256("brandt"), zip_code: sha256("10115"), city: "berlin", state: "be", country: "de",
      ttclid: "E.C.P.v3ExampleKeepsCase", ttp: "2aBcD3eFgH4iJkL5mNoP6qRsT7u", ip: "2001:db8:4a1f::7c",
      user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:143.0)", locale: "de-DE",
    },
    page: { url: "https://shop.example/thanks?order=118842", referrer: "https://shop.example/checkout" },
    properties: {
      currency: "EUR", value: 129.9, content_type: "product", content_ids: ["SKU-44"], num_items: 2, order_id: "118842",
      contents: [{ content_id: "SKU-44", content_name: "Wool socks", content_category: "Socks", brand: "Acme", price: 64.95, quantity: 2 }],
    },
  };
}

/** @param {any[]} data @returns {any} */
const batch = (...data) => ({ event_source: "web", event_source_id: PIXEL, partner_name: "edgetally", data });

test("a documented event passes without a violation", async () => {
  const { status, body } = await post(batch(purchase()));
  assert.equal(status, 200);
  assert.match(body.request_id, /^20261124120000[0-9A-F]{20}$/);
  assert.deepEqual({ ...body, request_id: "" }, { code: 0, message: "OK", request_id: "", data: {} });
  assert.deepEqual(twin.stats().violations, []);
  assert.equal(book().unique, 1);
  const [event] = twin.received({ event_id: "ord-118842" }).events;
  assert.equal(event?.event_name, "Purchase");
  assert.deepEqual(event?.context, { event_source: "web", event_source_id: PIXEL, partner_name: "edgetally" });
  assert.deepEqual(event?.notes, []);
});

/** @type {[string, (e: any) => void, string][]} */
const REFUSED = [
  ["no name", (e) => delete e.event, "event: Missing data for required field"],
  ["a numeric name", (e) => (e.event = 7), "event: Not a valid string"],
  ["no time", (e) => delete e.event_time, "event_time: Missing data for required field"],
  ["a null time", (e) => (e.event_time = null), "event_time: Missing data for required field"],
  ["an ISO time", (e) => (e.event_time = "2026-11-24T12:00:00Z"), "event_time: Not a valid integer"],
  ["a fractional time", (e) => (e.event_time += 0.5), "event_time: Not a valid integer"],
  ["a numeric event id", (e) => (e.event_id = 118842), "event_id: Not a valid string"],
  ["no page", (e) => delete e.page, "page: Missing data for required field"],
  ["no page address", (e) => delete e.page.url, "page.url: Missing data for required field"],
  ["a page that is a text", (e) => (e.page = "https://shop.example/"), "page: Not a valid mapping type"],
  ["limited_data_use as text", (e) => (e.limited_data_use = "true"), "limited_data_use: Not a valid boolean"],
  ["a list of users", (e) => (e.user = [e.user]), "user: Not a valid mapping type"],
  ["a list of external ids", (e) => (e.user.external_id = [e.user.external_id]), "user.external_id: Not a valid string"],
  ["a number in the email list", (e) => (e.user.email = [7]), "user.email.0: Not a valid string"],
  ["a list of click ids", (e) => (e.user.ttclid = ["x"]), "user.ttclid: Not a valid string"],
  ["properties as a list", (e) => (e.properties = []), "properties: Not a valid mapping type"],
  ["a value that is no number", (e) => (e.properties.value = "129,90 €"), "properties.value: Not a valid number"],
  ["a boolean quantity", (e) => (e.properties.contents[0].quantity = true), "properties.contents.0.quantity: Not a valid number"],
  ["contents as an object", (e) => (e.properties.contents = { content_id: "x" }), "properties.contents: Not a valid list"],
  ["a numeric content id", (e) => (e.properties.contents[0].content_id = 44), "properties.contents.0.content_id: Not a valid string"],
  ["numeric content ids", (e) => (e.properties.content_ids = [44]), "properties.content_ids.0: Not a valid string"],
];
for (const [what, change, message] of REFUSED) {
  test(`refused inside a 200, batch and all: ${what}`, async () => {
    const bad = changed(purchase(), change);
    const { status, body } = await post(batch({ ...purchase(), event_id: "good" }, bad));
    assert.equal(status, 200);
    assert.equal(body.code, 40002);
    assert.equal(body.message, `Batch.1.${message}`);
    const stats = book();
    assert.deepEqual([stats.received, stats.rejected_requests], [0, 1]);
  });
}

/** @type {[string, (e: any) => void][]} */
const TAKEN = [
  ["email as a list, phone as a text", (e) => { e.user.email = [e.user.email]; e.user.phone = e.user.phone[0]; }],
  ["a custom name", (e) => (e.event = "Donate")],
  ["either spelling of the page view", (e) => (e.event = "Pageview")],
  ["the other spelling of the page view", (e) => (e.event = "PageView")],
  ["a click id alone", (e) => (e.user = { ttclid: e.user.ttclid })],
  ["address and agent alone", (e) => (e.user = { ip: e.user.ip, user_agent: e.user.user_agent })],
  ["no properties", (e) => delete e.properties],
  ["exactly 7 days old", (e) => (e.event_time = SECONDS - 7 * DAY)],
  ["now", (e) => (e.event_time = SECONDS)],
  ["a value of 0", (e) => (e.properties.value = 0)],
  ["yen", (e) => Object.assign(e.properties, { currency: "JPY", value: 5000 })],
  ["a page address in capitals", (e) => (e.page.url = "HTTPS://shop.example/")],
  ["limited data use", (e) => (e.limited_data_use = true)],
];
for (const [what, change] of TAKEN) {
  test(`taken: ${what}`, async () => {
    const event = changed(purchase(), change);
    assert.equal((await post(batch(event))).body.code, 0);
    assert.deepEqual(kinds(), []);
    assert.equal(book().unique, 1);
  });
}

test("other sources bring their own fields", async () => {
  const { page, ...bare } = purchase();
  const app = { ...bare, app: { app_id: "1" }, ad: { callback: "x" }, user: { gaid: "cdda802e-fb9c-47ad-9866-0794d394c912" } };
  const lead = { event: "Lead", event_time: SECONDS - 30 * DAY, event_id: "lead-7", lead: { lead_id: "7", lead_event_source: "crm" } };
  assert.equal((await post({ ...batch(app), event_source: "app" })).body.code, 0);
  assert.equal((await post({ ...batch(lead), event_source: "crm" })).body.code, 0);
  assert.equal((await post({ ...batch({ ...bare, page }), event_source: "offline" })).body.code, 0);
  assert.deepEqual(kinds(), []);
});

test("path, method, token, envelope and size", async () => {
  const good = batch(purchase());
  const many = (/** @type {number} */ n) => batch(...Array.from({ length: n }, (_, i) => ({ ...purchase(), event_id: `e-${i}` })));
  /** @type {[string, Promise<{status: number, body: any}>, number, number][]} */
  const rows = [
    ["no slash", post(good, PATH.slice(0, -1)), 404, 40002],
    ["the product's version", post(good, PATH.replace("v1.3", "v2.0")), 404, 40002],
    ["the old API", post(good, PATH.replace("event/track", "pixel/track")), 404, 40002],
    ["GET", post(good, PATH, {}, "GET"), 405, 40002],
    ["no token", post(good, PATH, { "access-token": "" }), 401, 40104],
    ["a wrong token", post(good, PATH, { "access-token": "x" }), 401, 40105],
    ["a scheme word", post(good, PATH, { "access-token": `Bearer ${credentials.tiktok.token}` }), 401, 40105],
    ["text", post(good, PATH, { "content-type": "text/plain" }), 200, 40002],
    ["bad JSON", post("{"), 200, 40002],
    ["a list", post([good]), 200, 40002],
    ["a key twice", post(`{"event_source":"web","event_source":"web","event_source_id":"${PIXEL}","data":[]}`), 200, 40002],
    ["no source", post({ ...good, event_source: undefined }), 200, 40002],
    ["an unknown source", post({ ...good, event_source: "website" }), 200, 40002],
    ["no data source", post({ ...good, event_source_id: undefined }), 200, 40002],
    ["a numeric data source", post({ ...good, event_source_id: 7 }), 200, 40002],
    ["somebody else's data source", post({ ...good, event_source_id: "not-a-pixel" }), 200, 40001],
    ["a numeric test code", post({ ...good, test_event_code: 1 }), 200, 40002],
    ["no data", post({ ...good, data: undefined }), 200, 40002],
    ["one event without a list", post({ ...good, data: purchase() }), 200, 40002],
    ["an event that is a text", post(batch("x")), 200, 40002],
    ["0 events", post(batch()), 200, 40002],
    ["1001 events", post(many(1001)), 200, 40002],
    ["1000 events", post(many(1000)), 200, 0],
  ];
  for (const [what, answer, status, code] of rows) {
    const { status: gotStatus, body } = await answer;
    assert.deepEqual([gotStatus, body.code], [status, code], what);
    assert.deepEqual(Object.keys(body), ["code", "message", "request_id", "data"], what);
  }
  assert.equal(book().received, 1000);
});

test("the same name and id count once within 48 hours, per data source; the old name is the new one", async () => {
  const one = purchase();
  await post(batch(one, one, { ...one, event: "Lead" }, { ...one, event: "CompletePayment" }));
  await post({ ...batch(one), event_source_id: "D4A1B2C3D4E5F6G7H8I9" });
  clock.now = NOW + 48 * 3_600_000 - 1;
  await post(batch(one));
  let stats = book();
  assert.deepEqual([stats.received, stats.unique, stats.duplicates], [6, 3, 3]);
  clock.now += 1;
  await post(batch(one));
  stats = book();
  assert.deepEqual([stats.received, stats.unique, stats.duplicates], [7, 4, 3]);
});

test("a test event is answered alike, checked alike, and not counted", async () => {
  const bad = purchase();
  bad.event_id = 7;
  assert.equal((await post({ ...batch(purchase()), test_event_code: "TEST12345" })).body.code, 0);
  assert.equal((await post({ ...batch(bad), test_event_code: "TEST12345" })).body.code, 40002);
  const stats = book();
  assert.deepEqual([stats.received, stats.validated_requests, stats.rejected_requests, stats.accepted_requests], [0, 1, 1, 0]);
});

test("scripted refusals speak as TikTok does", async () => {
  twin.faults({ platform: "tiktok", kind: "reject_event_id", event_id: "bad" });
  const both = batch(purchase(), { ...purchase(), event_id: "bad" });
  assert.match((await post(both)).body.message, /^Batch\.1\.event_id: /);
  assert.equal((await post(batch(purchase()))).body.code, 0);
  twin.clearFaults();
  twin.faults({ platform: "tiktok", kind: "revoke_token" });
  const { status, body } = await post(both);
  assert.deepEqual([status, body.code], [401, 40105]);
  twin.clearFaults();
  twin.faults({ platform: "tiktok", kind: "error_in_200", times: 1 });
  assert.deepEqual([(await post(both)).body.code, (await post(both)).body.code], [50000, 0]);
  const stats = book();
  assert.deepEqual([stats.received, stats.faulted], [3, 3]);
  /** @type {[number, number][]} */
  const codes = [[400, 40002], [401, 40105], [403, 40001], [429, 40100], [500, 50000], [503, 50000]];
  for (const [given, code] of codes) assert.equal(/** @type {any} */ (tiktok.errorBody(given)).code, code);
});

test("what TikTok takes silently but no sender should do is noted", async () => {
  /** @type {[string, (e: any) => void][]} */
  const rows = [
    ["unknown_key", (e) => { e.user.phone_number = e.user.phone; delete e.user.phone; }],
    ["unknown_key", (e) => (e.timestamp = "2026-11-24T12:00:00Z")],
    ["unknown_key", (e) => (e.properties.coupon = "AUTUMN")],
    ["unknown_key", (e) => (e.properties.contents[0].item_price = 1)],
    ["unknown_key", (e) => (e.page.title = "Thanks")],
    ["null_value", (e) => (e.user.city = null)],
    ["null_value", (e) => (e.properties.value = null)],
    ["null_value", (e) => (e.limited_data_use = null)],
    ["event_id_missing", (e) => delete e.event_id],
    ["empty_text", (e) => (e.event_id = "")],
    ["empty_text", (e) => (e.user.ttp = "")],
    ["empty_text", (e) => (e.properties.order_id = " ")],
    ["empty_list", (e) => (e.user.email = [])],
    ["empty_list", (e) => (e.properties.contents = [])],
    ["empty_list", (e) => (e.properties.content_ids = [])],
    ["empty_object", (e) => (e.properties.contents = [{}])],
    ["no_identifier", (e) => delete e.user],
    ["no_identifier", (e) => (e.user = { ip: e.user.ip, country: "de" })],
    ["not_a_sha256", (e) => (e.user.email = e.user.email.toUpperCase())],
    ["not_a_sha256", (e) => (e.user.first_name = "elena")],
    ["not_a_sha256", (e) => (e.user.phone = ["d41d8cd98f00b204e9800998ecf8427e"])],
    ["digest_of_nothing", (e) => (e.user.zip_code = sha256(""))],
    ["hashed_but_wanted_in_clear", (e) => (e.user.ip = sha256("203.0.113.7"))],
    ["hashed_but_wanted_in_clear", (e) => (e.user.country = sha256("de"))],
    ["hashed_but_wanted_in_clear", (e) => (e.user.ttclid = sha256("x"))],
    ["not_an_ip_address", (e) => (e.user.ip = "203.0.113.7:443")],
    ["private_ip_address", (e) => (e.user.ip = "192.168.1.7")],
    ["not_a_locale", (e) => (e.user.locale = "de_DE")],
    ["not_a_country", (e) => (e.user.country = "DE")],
    ["not_a_country", (e) => (e.user.country = "uk")],
    ["not_normalised", (e) => (e.user.city = "san francisco")],
    ["not_normalised", (e) => (e.user.state = "CA")],
    ["not_verbatim", (e) => (e.user.ttclid = "E.C.P.v3%2Bx")],
    ["field_of_another_event_source", (e) => (e.user.idfa = "6D92078A-8246-4BA4-AE5B-76104861E7DC")],
    ["field_of_another_event_source", (e) => (e.app = { app_id: "1" })],
    ["field_of_another_event_source", (e) => (e.lead = { lead_id: "7" })],
    ["standard_event_name_misspelt", (e) => (e.event = "purchase")],
    ["standard_event_name_misspelt", (e) => (e.event = "add_to_cart")],
    ["reserved_event_name", (e) => (e.event = "Checkout")],
    ["renamed_event_name", (e) => (e.event = "SubmitForm")],
    ["event_name_about_to_end", (e) => (e.event = "PlaceAnOrder")],
    ["event_time_not_in_seconds", (e) => (e.event_time *= 1000)],
    ["event_time_in_the_future", (e) => (e.event_time = SECONDS + 1)],
    ["event_time_older_than_7_days", (e) => (e.event_time = SECONDS - 7 * DAY - 1)],
    ["event_time_older_than_7_days", (e) => (e.event_time = 0)],
    ["not_a_web_address", (e) => (e.page.url = "shop.example/x")],
    ["number_as_text", (e) => (e.properties.contents[0].price = "64.95")],
    ["negative_number", (e) => (e.properties.value = -1)],
    ["not_a_whole_number", (e) => (e.properties.num_items = 1.5)],
    ["quantity_of_0", (e) => (e.properties.contents[0].quantity = 0)],
    ["not_a_currency", (e) => (e.properties.currency = "eur")],
    ["not_a_currency", (e) => (e.properties.currency = "QQQ")],
    ["value_without_currency", (e) => delete e.properties.currency],
    ["more_decimals_than_the_currency_has", (e) => (e.properties.value = 0.1 + 0.2)],
    ["more_decimals_than_the_currency_has", (e) => Object.assign(e.properties, { currency: "JPY", value: 50.5 })],
    ["unknown_content_type", (e) => (e.properties.content_type = "products")],
    ["unknown_delivery_category", (e) => (e.properties.delivery_category = "drone")],
    ["plain_email", (e) => (e.page.url = "https://shop.example/?mail=elena%40shop.example")],
  ];
  await noted(rows, purchase, async (event, what) => assert.equal((await post(batch(event))).body.code, 0, what));
  twin.reset();
  assert.equal((await post({ ...batch(purchase()), pixel_code: PIXEL }, `${PATH}?debug=1`)).body.code, 0);
  assert.deepEqual(kinds().sort(), ["unknown_key", "unknown_query_parameter"]);
});

test("contents without an id bring a warning in the interface only", async () => {
  const event = purchase();
  delete event.properties.contents[0].content_id;
  await post(batch(event));
  assert.deepEqual(kinds(), []);
  assert.equal(twin.received().events[0]?.notes.length, 1);
});
