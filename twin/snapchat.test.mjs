import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "./checks.mjs";
import { credentials } from "./credentials.mjs";
import { NOW, changed, testTwin } from "./harness.mjs";

const DAY = 86_400_000;
const PIXEL = "1ec32188-754e-4be2-8e55-c949a984a39f";
const TOKEN = `?access_token=${credentials.snapchat.token}`;
const PATH = `/tr.snapchat.com/v3/${PIXEL}/events`;
const { twin, clock, post, book, kinds } = await testTwin({ platform: "snapchat", path: PATH + TOKEN });

/** @returns {any} */
function purchase() {
  return {
    event_name: "PURCHASE", event_time: NOW - 60_000, event_id: "ord-118842", action_source: "WEB", integration: "edgetally",
    event_source_url: "https://shop.example/thanks", data_processing_options: ["LMU"],
    user_data: {
      em: [sha256("elena.brandt@shop.example")], ph: [sha256("4915123456789")], fn: sha256("elena"), ln: sha256("brandt"), ct: sha256("berlin"),
      zp: sha256("10115"), country: sha256("de"), ge: sha256("f"), external_id: sha256("cust-10482"), client_ip_address: "2001:db8:4a1f::7c",
      client_user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:143.0)", sc_click_id: "8f6e2a1c-7b3d-4c55-9e10-2D4F6A8B0C1E",
      sc_cookie1: "3b241101-e2bb-4255-8caf-4136c566a962",
    },
    custom_data: {
      currency: "EUR", value: 129.9, order_id: "118842", num_items: 3, content_type: "product", content_ids: ["SKU-1", "SKU-2"],
      contents: [{ id: "SKU-1", quantity: 2, item_price: 14.95, brand: "Acme" }, { id: "SKU-2", quantity: 1, item_price: 100 }],
    },
  };
}

test("a documented event passes without a violation", async () => {
  const { status, body } = await post({ data: [purchase()] });
  assert.equal(status, 200);
  assert.deepEqual(body, { status: "VALID", reason: "Events have been processed successfully." });
  assert.deepEqual(book().violations, []);
  assert.equal(book().unique, 1);
  const received = twin.received({ event_id: "ord-118842" }).events[0];
  assert.equal(received?.event_name, "PURCHASE");
  assert.deepEqual(received?.context, { asset_id: PIXEL });
  const [request] = twin.requests({ platform: "snapchat" }).requests;
  assert.ok(!request?.path.includes(credentials.snapchat.token), "the log hides the token");
});

/** @type {[string, (e: any) => void][]} */
const REFUSED = [
  ["no name", (e) => delete e.event_name],
  ["a name of other platforms", (e) => (e.event_name = "ADD_TO_CART")],
  ["a name in lower case", (e) => (e.event_name = "purchase")],
  ["an invented custom name", (e) => (e.event_name = "CUSTOM_EVENT_6")],
  ["no time", (e) => delete e.event_time],
  ["a time as text", (e) => (e.event_time = String(e.event_time))],
  ["a fractional time", (e) => (e.event_time += 0.5)],
  ["a time in microseconds", (e) => (e.event_time *= 1000)],
  ["a time beyond the clocks' difference", (e) => (e.event_time = NOW + 300_001)],
  ["a web event over 7 days old", (e) => (e.event_time = NOW - 7 * DAY - 1)],
  ["an app event over 7 days old", (e) => { toApp(e); e.event_time = NOW - 7 * DAY - 1; }],
  ["a shop event over 37 days old", (e) => { e.action_source = "OFFLINE"; e.event_time = NOW - 37 * DAY - 1; }],
  ["no action source", (e) => delete e.action_source],
  ["an unknown action source", (e) => (e.action_source = "web")],
  ["a web event without address", (e) => delete e.event_source_url],
  ["an address without scheme", (e) => (e.event_source_url = "shop.example/x")],
  ["no user data", (e) => delete e.user_data],
  ["a plain value", (e) => (e.user_data.fn = "elena")],
  ["a plain value in a list", (e) => e.user_data.em.push("x")],
  ["an MD5", (e) => (e.user_data.ln = "d41d8cd98f00b204e9800998ecf8427e")],
  ["a number for a digest", (e) => (e.user_data.zp = 10115)],
  ["a plain customer id", (e) => (e.user_data.external_id = "cust-10482")],
  ["a hashed IP address", (e) => (e.user_data.client_ip_address = sha256("203.0.113.7"))],
  ["no identifier", (e) => (e.user_data = { fn: sha256("elena"), external_id: sha256("x") })],
  ["an IP address alone", (e) => (e.user_data = { client_ip_address: "203.0.113.7" })],
  ["a user agent alone", (e) => (e.user_data = { client_user_agent: "UA", sc_click_id: "x" })],
  ["an empty list as the only identifier", (e) => (e.user_data = { em: [] })],
  ["a purchase without custom data", (e) => delete e.custom_data],
  ["a purchase without value", (e) => delete e.custom_data.value],
  ["a purchase of words", (e) => (e.custom_data.value = "12,90 EUR")],
  ["a purchase without currency", (e) => delete e.custom_data.currency],
  ["a purchase in an unsupported currency", (e) => (e.custom_data.currency = "UYU")],
  ["an app event without app data", (e) => { toApp(e); delete e.app_data; }],
  ["an app event with 15 infos", (e) => { toApp(e); e.app_data.extinfo.pop(); }],
];

/** @param {any} event */
function toApp(event) {
  event.action_source = "MOBILE_APP";
  event.app_data = { app_id: "com.shop.example", advertiser_tracking_enabled: 1, extinfo: ["a2", ...Array(15).fill("x")] };
}

for (const [what, change] of REFUSED) {
  test(`refused: ${what}`, async () => {
    const bad = changed(purchase(), change);
    const good = { ...purchase(), event_id: "good" };
    const { status, body } = await post({ data: [good, bad, good] });
    assert.equal(status, 400);
    assert.equal(body.status, "INVALID");
    assert.equal(body.event, 1);
    assert.equal(typeof body.reason, "string");
    assert.deepEqual(body.errors.codes, []);
    assert.equal(body.errors.error_msgs.length, 1);
    assert.equal(book().received, 0, "nothing of the batch is stored");
    assert.equal(book().rejected_requests, 1);
  });
}

/** @type {[string, (e: any) => void][]} */
const TAKEN = [
  ["a time in seconds", (e) => (e.event_time = NOW / 1000 - 60)],
  ["now", (e) => (e.event_time = NOW)],
  ["exactly 7 days old", (e) => (e.event_time = NOW - 7 * DAY)],
  ["a shop event of 37 days without address", (e) => { e.action_source = "OFFLINE"; e.event_time = NOW - 37 * DAY; delete e.event_source_url; }],
  ["the other spelling of a web event", (e) => (e.action_source = "website")],
  ["an app event", toApp],
  ["an email alone", (e) => (e.user_data = { em: sha256("x@y.example") })],
  ["a phone alone", (e) => (e.user_data = { ph: sha256("4915123456789") })],
  ["a mobile id alone", (e) => (e.user_data = { madid: "38400000-8cf0-11bd-b23e-10b96e40000d" })],
  ["IP address and user agent alone", (e) => (e.user_data = { client_ip_address: "203.0.113.7", client_user_agent: "UA" })],
  ["names as lists", (e) => (e.user_data.fn = [sha256("elena")])],
  ["texts joined by commas", (e) => Object.assign(e.custom_data, { content_ids: "SKU-1,SKU-2", brands: "Acme" })],
  ["a value of 0", (e) => (e.custom_data.value = 0)],
  ["no custom data", (e) => { e.event_name = "PAGE_VIEW"; delete e.custom_data; }],
  ["options with place", (e) => {
    Object.assign(e, { data_processing_options: ["LDU"], data_processing_options_country: 1, data_processing_options_state: 1000 });
  }],
  ["no options", (e) => (e.data_processing_options = [])],
];
for (const [what, change] of TAKEN) {
  test(`taken: ${what}`, async () => {
    const event = changed(purchase(), change);
    assert.equal((await post({ data: [event] })).status, 200);
    assert.deepEqual(kinds(), []);
    assert.equal(book().unique, 1);
  });
}

/** @type {[string, (e: any) => void][]} */
const SILENT = [
  ["unknown_field", (e) => (e.eventId = "x")],
  ["unknown_field", (e) => (e.user_data.email = sha256("x"))],
  ["unknown_field", (e) => (e.custom_data.price = 1)],
  ["unknown_field", (e) => (e.custom_data.contents[0].price = 1)],
  ["event_id_missing", (e) => delete e.event_id],
  ["event_id_not_a_text", (e) => (e.event_id = 7)],
  ["event_time_in_the_future", (e) => (e.event_time = NOW + 1000)],
  ["empty_value", (e) => (e.user_data.em = [])],
  ["empty_value", (e) => (e.user_data.ct = null)],
  ["empty_value", (e) => (e.custom_data.search_string = "")],
  ["empty_value", (e) => { e.event_name = "PAGE_VIEW"; e.custom_data = {}; }],
  ["digest_not_in_lower_case", (e) => (e.user_data.em = sha256("x").toUpperCase())],
  ["digest_of_nothing", (e) => (e.user_data.em = sha256(""))],
  ["digest_of_no_country", (e) => (e.user_data.country = sha256("germany"))],
  ["digest_of_no_gender", (e) => (e.user_data.ge = sha256("female"))],
  ["same_value_twice", (e) => e.user_data.em.push(e.user_data.em[0])],
  ["format_of_db_is_not_documented", (e) => (e.user_data.db = sha256("19910307"))],
  ["hashed_but_sent_raw", (e) => (e.user_data.sc_cookie1 = sha256("x"))],
  ["hashed_but_sent_raw", (e) => (e.user_data.madid = sha256("x"))],
  ["hashed_but_sent_raw", (e) => (e.user_data.client_user_agent = sha256("x"))],
  ["malformed_madid", (e) => (e.user_data.madid = "none")],
  ["madid_not_in_lower_case", (e) => (e.user_data.madid = "EA7583CD-A667-48BC-B806-42ECB2B48606")],
  ["private_ip_address", (e) => (e.user_data.client_ip_address = "10.0.0.7")],
  ["private_ip_address", (e) => (e.user_data.client_ip_address = "::ffff:192.168.1.7")],
  ["malformed_ip_address", (e) => (e.user_data.client_ip_address = "203.0.113.7, 203.0.113.9")],
  ["wrong_type", (e) => (e.user_data.sc_click_id = 7)],
  ["number_as_text", (e) => (e.custom_data.value = "129.90")],
  ["number_as_text", (e) => (e.custom_data.contents[0].item_price = "14.95")],
  ["negative_number", (e) => (e.custom_data.value = -1)],
  ["wrong_type", (e) => (e.custom_data.num_items = 1.5)],
  ["wrong_type", (e) => (e.custom_data.content_ids = [44])],
  ["unknown_content_type", (e) => (e.custom_data.content_type = "products")],
  ["content_without_id", (e) => delete e.custom_data.contents[0].id],
  ["currency_not_in_upper_case", (e) => (e.custom_data.currency = "eur")],
  ["unsupported_currency", (e) => { e.event_name = "ADD_CART"; e.custom_data.currency = "UYU"; }],
  ["value_without_currency", (e) => { e.event_name = "ADD_CART"; delete e.custom_data.currency; }],
  ["app_data_on_no_app_event", (e) => (e.app_data = { app_id: "x" })],
  ["unknown_data_processing_options", (e) => (e.data_processing_options = ["lmu"])],
  ["unknown_data_processing_state", (e) => (e.data_processing_options_state = 1001)],
  ["processing_place_without_options", (e) => { delete e.data_processing_options; e.data_processing_options_country = 1; }],
  ["plain_email", (e) => (e.event_source_url = "https://shop.example/?mail=elena%40shop.example")],
];
for (const [kind, change] of SILENT) {
  test(`taken, but a violation: ${kind} (${change})`, async () => {
    const event = changed(purchase(), change);
    assert.equal((await post({ data: [event] })).status, 200);
    assert.deepEqual(kinds(), [kind]);
  });
}

test("path, method, token and body shape are checked", async () => {
  const good = { data: [purchase()] };
  /** @type {[string, Promise<any>, number][]} */
  const rows = [
    ["version 2", post(good, `/tr.snapchat.com/v2/conversion${TOKEN}`), 404],
    ["no asset", post(good, `/tr.snapchat.com/v3//events${TOKEN}`), 404],
    ["edge", post(good, `/tr.snapchat.com/v3/${PIXEL}/event${TOKEN}`), 404],
    ["log of the validator", post(good, `${PATH}/validate/logs${TOKEN}`), 404],
    ["method", post(good, PATH + TOKEN, {}, "PUT"), 405],
    ["no token", post(good, PATH), 401],
    ["wrong token", post(good, `${PATH}?access_token=x`), 401],
    ["two tokens", post(good, `${PATH}${TOKEN}&access_token=x`), 401],
    ["token in the header alone", post(good, PATH, { authorization: `Bearer ${credentials.snapchat.token}` }), 401],
    ["a form", post(good, PATH + TOKEN, { "content-type": "application/x-www-form-urlencoded" }), 400],
    ["bad JSON", post("{"), 400],
    ["twice", post('{"data":[],"data":[]}'), 400],
    ["a list", post([purchase()]), 400],
    ["no data", post({}), 400],
    ["empty", post({ data: [] }), 400],
    ["2001", post({ data: Array(2001).fill({}) }), 400],
    ["no object", post({ data: [null] }), 400],
  ];
  for (const [what, answer, wanted] of rows) {
    const { status, body } = await answer;
    assert.equal(status, wanted, what);
    assert.equal(body.status, "INVALID", what);
  }
  assert.equal(book().received, 0);
  assert.deepEqual(kinds(), []);
  assert.equal((await post({ data: Array.from({ length: 2000 }, purchase) })).status, 200);
  await post({ data: [purchase()], test_event_code: "x" }, `${PATH}${TOKEN}&test=1`);
  assert.deepEqual(kinds(), ["unknown_field", "unknown_query_parameter"]);
});

test("the validator answers per event and stores nothing", async () => {
  const path = `${PATH}/validate${TOKEN}`;
  const fine = await post({ data: [purchase(), purchase()] }, path);
  assert.equal(fine.status, 200);
  assert.deepEqual([fine.body.status, fine.body.test_event, fine.body.event_logs.length], ["VALID", true, 2]);
  const { status, body } = await post({ data: [purchase(), { ...purchase(), event_name: "ADD_TO_CART" }] }, path);
  assert.equal(status, 400);
  assert.deepEqual([body.status, body.test_event], ["INVALID", true]);
  assert.deepEqual(body.event_logs.map((/** @type {any} */ one) => one.status), ["VALID", "INVALID"]);
  assert.equal((await post("{", path)).body.test_event, true);
  assert.deepEqual([book().received, book().validated_requests, book().rejected_requests], [0, 1, 2]);
  await post({ data: [{ ...purchase(), eventId: "x" }] }, path);
  assert.deepEqual(kinds(), ["unknown_field"], "a dry run is no excuse");
  await post({ data: [purchase()] });
  assert.equal(book().unique, 1, "nor does it count as a first arrival");
});

test("the same name and id count once within 48 hours, per asset; purchases also by order", async () => {
  const view = { ...purchase(), event_name: "VIEW_CONTENT" };
  await post({ data: [purchase(), purchase(), view, { ...view, event_name: "ADD_CART" }] });
  await post({ data: [purchase()] }, PATH.replace(PIXEL, "other") + TOKEN);
  assert.deepEqual([book().unique, book().duplicates], [4, 1]);
  await post({ data: [{ ...purchase(), event_id: "another-id" }] });
  assert.deepEqual([book().unique, book().duplicates], [4, 2], "the same order under another id");
  await post({ data: [{ ...view, event_id: "another-id" }] });
  assert.deepEqual([book().unique, book().duplicates], [5, 2], "an order holds for purchases only");
  clock.now = NOW + 2 * DAY - 1;
  await post({ data: [purchase()] });
  assert.deepEqual([book().unique, book().duplicates], [5, 3]);
  clock.now = NOW + 2 * DAY;
  await post({ data: [purchase()] });
  assert.deepEqual([book().unique, book().duplicates], [6, 3]);
});

test("scripted: a condemned event is named by its index; a revoked token answers 401", async () => {
  twin.faults({ platform: "snapchat", kind: "reject_event_id", event_id: "bad" });
  const bad = { ...purchase(), event_id: "bad" };
  const { status, body } = await post({ data: [purchase(), purchase(), bad] });
  assert.deepEqual([status, body.status, body.event], [400, "INVALID", 2]);
  assert.equal((await post({ data: [bad] }, `${PATH}/validate${TOKEN}`)).body.event_logs[0].status, "INVALID");
  assert.equal((await post({ data: [purchase()] })).status, 200);
  assert.deepEqual([book().faulted, book().received], [2, 1]);
  twin.clearFaults();
  twin.faults({ platform: "snapchat", kind: "revoke_token" });
  assert.equal((await post({ data: [purchase()] })).status, 401);
  assert.equal(book().faulted, 3);
  twin.clearFaults();
  twin.faults({ platform: "snapchat", kind: "status", status: 503 });
  const down = await post({ data: [purchase()] });
  assert.deepEqual([down.status, down.body.status], [503, "INVALID"]);
});
