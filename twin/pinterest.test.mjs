import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "./checks.mjs";
import { credentials } from "./credentials.mjs";
import { NOW, changed, testTwin } from "./harness.mjs";
import { pinterest } from "./platforms/pinterest.mjs";

const SECONDS = NOW / 1000;
const DAY = 86_400;
const PATH = "/api.pinterest.com/v5/ad_accounts/549765432101/events";
const { twin, clock, post, book, kinds, noted } = await testTwin({
  platform: "pinterest", path: PATH, headers: { authorization: `Bearer ${credentials.pinterest.token}` },
});

/** @returns {any} */
function checkout() {
  return {
    event_name: "checkout", action_source: "web", event_time: SECONDS - 60, event_id: "ord-118842", opt_out: false, language: "de",
    event_source_url: "https://shop.example/thanks?epik=dj0yJnU9ZXhhbXBsZQ",
    user_data: {
      em: [sha256("elena.brandt+shop@gmail.com")], ph: [sha256("4915123456789")], fn: [sha256("elena")], ln: [sha256("brandt")],
      ct: [sha256("berlin")], st: [sha256("be")], zp: [sha256("10115")], country: [sha256("de")], ge: [sha256("f")], db: [sha256("19910307")],
      external_id: [sha256("Cust-10482")], click_id: "dj0yJnU9ZXhhbXBsZS1lcGlrLXZhbHVl", client_ip_address: "2001:db8:4a1f::7c",
      client_user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:143.0)",
    },
    custom_data: {
      currency: "EUR", value: "129.90", order_id: "118842", num_items: 2, content_ids: ["SKU-44"],
      contents: [{ id: "SKU-44", item_name: "Wool socks", item_category: "Socks", item_brand: "Acme", item_price: "64.95", quantity: 2 }],
    },
  };
}

/** @param {any[]} data @returns {any} */
const batch = (...data) => ({ data });

test("a documented event passes without a violation", async () => {
  const { status, headers, body } = await post(batch(checkout()));
  assert.equal(status, 200);
  assert.equal(headers.get("x-ratelimit-limit"), "120000;w=60");
  const events = [{ status: "processed", error_message: "", warning_message: "" }];
  assert.deepEqual(body, { num_events_received: 1, num_events_processed: 1, events });
  assert.deepEqual(twin.stats().violations, []);
  assert.equal(book().unique, 1);
  const [event] = twin.received({ event_id: "ord-118842" }).events;
  assert.equal(event?.event_name, "checkout");
  assert.deepEqual(event?.context, { ad_account_id: "549765432101" });
});

/** @type {[string, (e: any) => void, RegExp][]} */
const REFUSED = [
  ["no name", (e) => delete e.event_name, /'event_name' is a required property/],
  ["no action source", (e) => delete e.action_source, /'action_source' is a required property/],
  ["no time", (e) => delete e.event_time, /'event_time' is a required property/],
  ["no event id", (e) => delete e.event_id, /'event_id' is a required property/],
  ["no user data", (e) => delete e.user_data, /'user_data' is a required property/],
  ["a numeric event id", (e) => (e.event_id = 118842), /not of type 'string'/],
  ["a null event id", (e) => (e.event_id = null), /not of type 'string'/],
  ["a time as text", (e) => (e.event_time = String(e.event_time)), /not of type 'integer'/],
  ["a fractional time", (e) => (e.event_time += 0.5), /not of type 'integer'/],
  ["opt_out as text", (e) => (e.opt_out = "false"), /not of type 'boolean'/],
  ["an unknown event key", (e) => (e.test_event_code = "x"), /Additional properties are not allowed \('test_event_code' was unexpected\)/],
  ["an unknown custom key", (e) => (e.custom_data.category_name = "x"), /Additional properties are not allowed \('category_name' was unexpected\)/],
  ["an unknown content key", (e) => (e.custom_data.contents[0].price = "1"), /Additional properties are not allowed \('price' was unexpected\)/],
  ["user data as a list", (e) => (e.user_data = []), /not of type 'object'/],
  ["a scalar em", (e) => (e.user_data.em = e.user_data.em[0]), /not of type 'array'/],
  ["a null in em", (e) => (e.user_data.em = [null]), /not of type 'string'/],
  ["a list of click ids", (e) => (e.user_data.click_id = ["x"]), /not of type 'string'/],
  ["no identifier", (e) => (e.user_data = { ph: e.user_data.ph, click_id: "x" }), /not valid under any of the given schemas/],
  ["an address without agent", (e) => (e.user_data = { client_ip_address: "203.0.113.7" }), /not valid under any of the given schemas/],
  ["a numeric value", (e) => (e.custom_data.value = 129.9), /not of type 'string'/],
  ["a numeric item price", (e) => (e.custom_data.contents[0].item_price = 64.95), /not of type 'string'/],
  ["a quantity as text", (e) => (e.custom_data.contents[0].quantity = "2"), /not of type 'integer'/],
  ["num_items as text", (e) => (e.custom_data.num_items = "2"), /not of type 'integer'/],
  ["numeric content ids", (e) => (e.custom_data.content_ids = [44]), /not of type 'string'/],
  ["contents as an object", (e) => (e.custom_data.contents = {}), /not of type 'array'/],
  ["a null inside contents", (e) => (e.custom_data.contents = [null]), /not of type 'object'/],
];
for (const [what, change, message] of REFUSED) {
  test(`the schema refuses the request: ${what}`, async () => {
    const bad = changed(checkout(), change);
    const { status, body } = await post(batch({ ...checkout(), event_id: "good" }, bad));
    assert.deepEqual([status, body.code], [400, 4196]);
    assert.match(body.message, /^Invalid request: /);
    assert.match(body.message, message);
    assert.doesNotMatch(body.message, /data\[/, "the answer names no event");
    const stats = book();
    assert.deepEqual([stats.received, stats.rejected_requests], [0, 1]);
  });
}

/** @type {[string, (e: any) => void, string][]} */
const FAILED = [
  ["a name with a space", (e) => (e.event_name = "check out"), "Invalid event_name"],
  ["a name of 101 characters", (e) => (e.event_name = "x".repeat(101)), "Invalid event_name"],
  ["an empty name", (e) => (e.event_name = ""), "Invalid event_name"],
  ["Meta's action source", (e) => (e.action_source = "website"), "Invalid action_source"],
  ["a value that is no number", (e) => (e.custom_data.value = "129,90"), "Invalid value"],
  ["an item price that is no number", (e) => (e.custom_data.contents[0].item_price = "free"), "Invalid item_price"],
];
for (const [what, change, message] of FAILED) {
  test(`fails alone, inside a 200: ${what}`, async () => {
    const bad = changed(checkout(), change);
    const { status, body } = await post(batch(bad, { ...checkout(), event_id: "good" }));
    assert.equal(status, 200);
    assert.deepEqual([body.num_events_received, body.num_events_processed], [2, 1]);
    assert.deepEqual(body.events[0], { status: "failed", error_message: message, warning_message: null });
    assert.equal(body.events[1].status, "processed");
    assert.deepEqual(twin.received().events.map((event) => event.event_id), ["good"]);
    assert.deepEqual(kinds(), []);
  });
}

/** @type {[string, (e: any) => void, string?][]} */
const TAKEN = [
  ["no click id", (e) => delete e.user_data.click_id, "click_id is missing"],
  ["neither id", (e) => (e.user_data = { em: e.user_data.em }), "external_id is missing. click_id is missing"],
  ["address and agent alone", (e) => (e.user_data = { client_ip_address: "203.0.113.7", client_user_agent: "Mozilla/5.0 (X11; Linux)" }),
    "external_id is missing. click_id is missing"],
  ["advertising ids alone", (e) => (e.user_data = { hashed_maids: [sha256("x")], external_id: [sha256("x")], click_id: "x" })],
  ["a custom name", (e) => (e.event_name = "wishlist-shared_2"), "event_name is not recognized and is labeled as Unknown"],
  ["a newer standard name", (e) => (e.event_name = "start_trial")],
  ["no custom data", (e) => delete e.custom_data],
  ["opt-out", (e) => (e.opt_out = true)],
  ["limited data processing", (e) => (e.custom_data.opt_out_type = "LDP")],
  ["yen", (e) => Object.assign(e.custom_data, { currency: "JPY", value: "5000" })],
  ["exactly 7 days old", (e) => (e.event_time = SECONDS - 7 * DAY)],
  ["an offline event of last month", (e) => { e.action_source = "offline"; e.event_time = SECONDS - 30 * DAY; }],
  ["an app event", (e) => Object.assign(e, { action_source: "app_ios", app_id: "1", os_version: "18.1", wifi: true, device_info: {} })],
  ["a returning customer", (e) => (e.user_data.customer_type = "returning")],
];
for (const [what, change, warning = ""] of TAKEN) {
  test(`taken: ${what}`, async () => {
    const event = changed(checkout(), change);
    const { body } = await post(batch(event));
    assert.deepEqual(body.events, [{ status: "processed", error_message: "", warning_message: warning }]);
    assert.deepEqual(kinds(), []);
    assert.equal(book().unique, 1);
  });
}

test("path, method, token, envelope and size", async () => {
  const good = batch(checkout());
  const many = (/** @type {number} */ n) => batch(...Array.from({ length: n }, (_, i) => ({ ...checkout(), event_id: `e-${i}` })));
  const id = "549765432101";
  /** @type {[string, Promise<{status: number, body: any}>, number, number?][]} */
  const rows = [
    ["version 4", post(good, PATH.replace("v5", "v4")), 404, 2],
    ["no events", post(good, PATH.replace("/events", "")), 404, 2],
    ["a tag for an account", post(good, PATH.replace(id, "tag-1")), 404, 2],
    ["19 digits", post(good, PATH.replace(id, "1".repeat(19))), 404, 2],
    ["GET", post(good, PATH, {}, "GET"), 405, 2],
    ["no token", post(good, PATH, { authorization: "" }), 401, 2],
    ["a wrong token", post(good, PATH, { authorization: "Bearer pina_x" }), 401, 2],
    ["no scheme", post(good, PATH, { authorization: credentials.pinterest.token }), 401, 2],
    ["text", post(good, PATH, { "content-type": "text/plain" }), 400, 4196],
    ["test=1", post(good, `${PATH}?test=1`), 400, 4196],
    ["bad JSON", post("{"), 400, 4196],
    ["a list", post([checkout()]), 400, 4196],
    ["a key twice", post(`{"data":[],"data":[]}`), 400, 4196],
    ["an unknown root key", post({ ...good, partner_name: "x" }), 400, 4196],
    ["no data", post({}), 400, 4196],
    ["one event without a list", post({ data: checkout() }), 400, 4196],
    ["an event that is a text", post(batch("x")), 400, 4196],
    ["0 events", post(batch()), 400, 4196],
    ["1001 events", post(many(1001)), 400, 4196],
    ["1000 events", post(many(1000)), 200],
  ];
  for (const [what, answer, status, code] of rows) {
    const { status: gotStatus, body } = await answer;
    assert.deepEqual([gotStatus, body.code], [status, code], what);
  }
  assert.equal(book().received, 1000);
});

test("the same name and id count once within 48 hours, per account; offline events count each time", async () => {
  const one = checkout();
  await post(batch(one, one, { ...one, event_name: "lead" }));
  await post(batch(one), PATH.replace("549765432101", "77"));
  await post(batch({ ...one, event_id: "till", action_source: "offline" }, { ...one, event_id: "till", action_source: "offline" }));
  clock.now = NOW + 48 * 3_600_000 - 1;
  await post(batch(one));
  let stats = book();
  assert.deepEqual([stats.received, stats.unique, stats.duplicates], [7, 5, 2]);
  assert.equal(twin.received().events.at(-1)?.notes.length, 1, "a web event of two days ago is taken as offline");
  clock.now += 1;
  await post(batch(one));
  stats = book();
  assert.deepEqual([stats.received, stats.unique, stats.duplicates], [8, 6, 2]);
});

test("test mode answers alike, looks at 20 events, and counts nothing", async () => {
  const bad = { ...checkout(), event_name: "no name" };
  const { body } = await post(batch(bad, checkout()), `${PATH}?test=true`);
  assert.deepEqual([body.num_events_received, body.num_events_processed, body.events.length], [2, 1, 2]);
  const long = (await post(batch(...Array.from({ length: 25 }, checkout)), `${PATH}?test=true`)).body;
  assert.deepEqual([long.num_events_received, long.num_events_processed, long.events.length], [25, 20, 20]);
  assert.equal((await post(batch({ ...checkout(), x: 1 }), `${PATH}?test=true`)).status, 400);
  let stats = book();
  assert.deepEqual([stats.received, stats.validated_requests, stats.rejected_requests], [0, 2, 1]);
  await post(batch(checkout()), `${PATH}?test=false`);
  stats = book();
  assert.deepEqual([stats.received, stats.accepted_requests], [1, 1]);
  assert.deepEqual(kinds(), []);
});

test("scripted refusals speak as Pinterest does", async () => {
  twin.faults({ platform: "pinterest", kind: "reject_event_id", event_id: "bad" });
  const { status, body } = await post(batch(checkout(), { ...checkout(), event_id: "bad" }));
  assert.equal(status, 200);
  assert.deepEqual(body.events.map((/** @type {any} */ event) => event.status), ["processed", "failed"]);
  let stats = book();
  assert.deepEqual([stats.received, stats.faulted, stats.accepted_requests], [1, 1, 0]);
  twin.clearFaults();
  twin.faults({ platform: "pinterest", kind: "revoke_token" });
  const revoked = await post(batch(checkout()));
  assert.deepEqual([revoked.status, revoked.body], [401, { code: 2, message: "Authentication failed." }]);
  twin.clearFaults();
  twin.faults({ platform: "pinterest", kind: "status", status: 429, times: 1 });
  assert.equal((await post(batch(checkout()))).body.code, 8);
  stats = book();
  assert.deepEqual([stats.received, stats.faulted], [1, 3]);
  /** @type {[number, number][]} */
  const codes = [[400, 4196], [401, 2], [403, 29], [404, 2], [429, 8], [503, 4197]];
  for (const [given, code] of codes) assert.equal(/** @type {any} */ (pinterest.errorBody(given)).code, code);
  assert.deepEqual(Object.keys(/** @type {any} */ (pinterest.errorBody(422))), ["code", "message", "details"]);
});

test("what Pinterest may take silently but no sender should do is noted", async () => {
  /** @type {[string, (e: any) => void][]} */
  const rows = [
    ["unknown_key", (e) => { e.user_data.email_address = e.user_data.em; }],
    ["null_value", (e) => (e.custom_data.value = null)],
    ["null_value", (e) => (e.event_source_url = null)],
    ["empty_text", (e) => (e.event_id = "")],
    ["empty_text", (e) => (e.custom_data.order_id = " ")],
    ["empty_list", (e) => (e.user_data.ph = [])],
    ["empty_list", (e) => (e.custom_data.contents = [])],
    ["empty_object", (e) => { e.custom_data.contents = [{}]; e.custom_data.num_items = 1; }],
    ["not_a_sha256", (e) => (e.user_data.em = [e.user_data.em[0].toUpperCase()])],
    ["not_a_sha256", (e) => e.user_data.fn.push("elena")],
    ["not_a_sha256", (e) => (e.user_data.zp = ["d41d8cd98f00b204e9800998ecf8427e"])],
    ["digest_of_nothing", (e) => (e.user_data.ct = [sha256("")])],
    ["digest_of_no_gender", (e) => (e.user_data.ge = ["0d248e82c62c9386878327d491c762a002152d42ab2c391a31c44d9f62675ddf"])],
    ["digest_of_no_country", (e) => (e.user_data.country = ["9b202ecbc6d45c6d8901d989a918878397a3eb9d00e8f48022fc051b19d21a1d"])],
    ["digest_of_no_date", (e) => (e.user_data.db = [sha256("1991-03-07")])],
    ["hashed_but_wanted_in_clear", (e) => (e.user_data.click_id = sha256("x"))],
    ["hashed_but_wanted_in_clear", (e) => (e.user_data.client_ip_address = sha256("203.0.113.7"))],
    ["not_an_ip_address", (e) => (e.user_data.client_ip_address = "203.0.113")],
    ["private_ip_address", (e) => (e.user_data.client_ip_address = "0.0.0.0")],
    ["user_agent_of_a_bot", (e) => (e.user_data.client_user_agent = "Mozilla/5.0 (compatible; ExampleBot/1.0)")],
    ["not_verbatim", (e) => (e.user_data.click_id = "dj0y%3D")],
    ["unknown_customer_type", (e) => (e.user_data.customer_type = "vip")],
    ["standard_event_name_misspelt", (e) => (e.event_name = "AddToCart")],
    ["event_time_not_in_seconds", (e) => (e.event_time *= 1000)],
    ["event_time_in_the_future", (e) => (e.event_time = SECONDS + 1)],
    ["event_time_older_than_7_days", (e) => (e.event_time = SECONDS - 7 * DAY - 1)],
    ["event_time_older_than_7_days", (e) => (e.event_time = 0)],
    ["not_a_web_address", (e) => (e.event_source_url = "shop.example/x")],
    ["partner_name_without_ss", (e) => (e.partner_name = "edgetally")],
    ["not_a_language", (e) => (e.language = "de-DE")],
    ["app_field_elsewhere", (e) => (e.app_id = "1")],
    ["not_a_plain_decimal", (e) => (e.custom_data.value = "1e3")],
    ["negative_number", (e) => (e.custom_data.value = "-1.00")],
    ["not_a_currency", (e) => (e.custom_data.currency = "eur")],
    ["not_a_currency", (e) => (e.custom_data.currency = "QQQ")],
    ["value_without_currency", (e) => delete e.custom_data.currency],
    ["more_decimals_than_the_currency_has", (e) => (e.custom_data.value = "129.900")],
    ["more_decimals_than_the_currency_has", (e) => Object.assign(e.custom_data, { currency: "JPY", value: "5000.00" })],
    ["quantity_below_1", (e) => { e.custom_data.contents[0].quantity = 0; e.custom_data.num_items = 0; }],
    ["num_items_is_not_the_sum_of_quantities", (e) => (e.custom_data.num_items = 1)],
    ["only_when_instructed", (e) => (e.custom_data.np = "ss-x")],
    ["unknown_opt_out_type", (e) => (e.custom_data.opt_out_type = "LDU")],
    ["ldp_without_state_and_country", (e) => { e.custom_data.opt_out_type = "LDP"; delete e.user_data.st; }],
    ["plain_email", (e) => (e.event_source_url = "https://shop.example/?mail=elena%40shop.example")],
  ];
  await noted(rows, checkout, async (event, what) => assert.equal((await post(batch(event))).body.num_events_processed, 1, what));
  twin.reset();
  const empty = checkout();
  empty.user_data = { em: [] };
  await post(batch(empty));
  assert.deepEqual(kinds(), ["empty_list", "no_identifier"]);
  twin.reset();
  await post(batch(checkout()), `${PATH}?is_test=true`);
  assert.deepEqual(kinds(), ["unknown_query_parameter"]);
  assert.equal(book().received, 1, "the rate page's name for the parameter tests nothing");
});

test("an account has room for 15 custom event names, whatever their case", async () => {
  const named = (/** @type {number} */ n) => batch(...Array.from({ length: n }, (_, i) => ({ ...checkout(), event_name: `own_${i}` })));
  await post(named(15));
  await post(batch({ ...checkout(), event_name: "OWN_3" }));
  assert.deepEqual(kinds(), []);
  await post(named(16));
  await post(named(16));
  assert.deepEqual(kinds(), ["more_than_15_custom_event_names"]);
});
