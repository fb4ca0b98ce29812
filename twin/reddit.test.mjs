import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "./checks.mjs";
import { credentials } from "./credentials.mjs";
import { NOW, changed, testTwin } from "./harness.mjs";

const HOUR = 3_600_000;
const PATH = "/ads-api.reddit.com/api/v3/pixels/a2_twinpixel/conversion_events";
const { twin, clock, post, book, kinds } = await testTwin({
  platform: "reddit", path: PATH,
  headers: { authorization: `Bearer ${credentials.reddit.token}`, "user-agent": "edgetally/0.1 (by a2_twinpixel)" },
});

/** @returns {any} */
function purchase() {
  return {
    event_at: NOW - 60_000, action_source: "WEBSITE", event_source_url: "https://shop.example/thanks", click_id: "3184742045291813272-KeepCase",
    type: { tracking_type: "PURCHASE" },
    user: {
      email: sha256("elenabrandt@shop.example"), phone_number: sha256("+4915123456789"), external_id: sha256("Cust-10482"),
      ip_address: "2001:db8:4a1f::7c", user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:143.0)", uuid: "6f1f2d9a-5c1b-4f0e-9a39-0d2b6f6c7e11",
      screen_dimensions: { width: 1920, height: 1080 }, data_processing_options: { modes: ["LDU"], country: "US", region: "CA" },
    },
    metadata: {
      conversion_id: "ord-118842", currency: "EUR", value: 129.9, item_count: 3,
      products: [
        { id: "SKU-1", name: "Wool socks", category: "Socks", quantity: 2, item_price: 14.95 },
        { id: "SKU-2", quantity: 1, item_price: 100 },
      ],
    },
  };
}

/** @param {any[]} events */
const batch = (...events) => ({ data: { partner: "edgetally", partner_version: "0.1.0", events } });

test("a documented event passes without a violation", async () => {
  const { status, body } = await post(batch(purchase()));
  assert.equal(status, 200);
  assert.deepEqual(body, { data: { message: "Successfully processed 1 conversion events." } });
  assert.deepEqual(book().violations, []);
  assert.equal(book().unique, 1);
  const received = twin.received({ event_id: "ord-118842" }).events[0];
  assert.equal(received?.event_name, "PURCHASE");
  assert.deepEqual(received?.context, { pixel_id: "a2_twinpixel", partner: "edgetally", partner_version: "0.1.0" });
});

/** @type {[string, string, (e: any) => void][]} */
const INVALID = [
  ["no time", "event_at", (e) => delete e.event_at],
  ["a time in seconds", "event_at", (e) => (e.event_at = Math.floor(e.event_at / 1000))],
  ["a time in microseconds", "event_at", (e) => (e.event_at *= 1000)],
  ["a time 168 hours ago", "event_at", (e) => (e.event_at = NOW - 168 * HOUR)],
  ["a time over 5 minutes ahead", "event_at", (e) => (e.event_at = NOW + 300_001)],
  ["no action source", "action_source", (e) => delete e.action_source],
  ["an action source in lower case", "action_source", (e) => (e.action_source = "website")],
  ["no type", "type.tracking_type", (e) => delete e.type],
  ["a type of version 2", "type.tracking_type", (e) => (e.type.tracking_type = "Purchase")],
  ["a custom event without name", "type.custom_event_name", (e) => (e.type.tracking_type = "CUSTOM")],
  ["a custom name of 65 characters", "type.custom_event_name", (e) => (e.type = { tracking_type: "CUSTOM", custom_event_name: "x".repeat(65) })],
  ["no signal", "user", (e) => { delete e.click_id; delete e.user; }],
  ["no signal but a screen", "user", (e) => { delete e.click_id; e.user = { screen_dimensions: { width: 1, height: 1 } }; }],
  ["a uuid that is none", "user.UUID", (e) => (e.user.uuid = "1700000000.abcd-uuid")],
];
for (const [what, field, change] of INVALID) {
  test(`refused: ${what}`, async () => {
    const bad = changed(purchase(), change);
    const { status, body } = await post(batch(purchase(), bad));
    assert.equal(status, 400);
    assert.equal(body.error.code, 400);
    assert.equal(body.error.message, "There were 1 invalid conversion events. None were processed.");
    assert.deepEqual(body.error.invalid_events.map((/** @type {any} */ one) => one.event), [bad]);
    assert.deepEqual(body.error.fields.map((/** @type {any} */ one) => one.field), [`$.data.events[1].${field}`]);
    assert.equal(book().received, 0, "one bad event refuses the batch");
    assert.equal(book().rejected_requests, 1);
  });
}

test("every invalid event is listed", async () => {
  const old = { ...purchase(), event_at: NOW - 200 * HOUR };
  const { body } = await post(batch(old, purchase(), { ...old, event_at: 1 }));
  assert.equal(body.error.message, "There were 2 invalid conversion events. None were processed.");
  assert.equal(body.error.invalid_events[0].error_message, "event_at timestamp must be less than 168h0m0s old");
  assert.deepEqual(body.error.invalid_events[1].event.event_at, 1);
});

/** @type {[string, (e: any) => void, number][]} */
const UNDECODABLE = [
  ["an unknown event field", (e) => (e.test_id = "t"), 400],
  ["the click id in the user", (e) => (e.user.click_id = "x"), 400],
  ["a field of version 2", (e) => (e.metadata.value_decimal = 1), 400],
  ["an unknown product field", (e) => (e.metadata.products[0].price = 1), 400],
  ["a name that every object has", (e) => (e.metadata.constructor = "x"), 400],
  ["an ISO time", (e) => (e.event_at = "2026-11-24T12:00:00Z"), 403],
  ["a fractional time", (e) => (e.event_at += 0.5), 403],
  ["a value as text", (e) => (e.metadata.value = "129.90"), 403],
  ["a count as text", (e) => (e.metadata.item_count = "3"), 403],
  ["a numeric conversion id", (e) => (e.metadata.conversion_id = 7), 403],
  ["an email list", (e) => (e.user.email = [e.user.email]), 403],
  ["modes as text", (e) => (e.user.data_processing_options.modes = "LDU"), 403],
  ["products as an object", (e) => (e.metadata.products = {}), 403],
];
for (const [what, change, wanted] of UNDECODABLE) {
  test(`refused as a whole: ${what}`, async () => {
    const bad = changed(purchase(), change);
    const { status, body } = await post(batch(purchase(), bad));
    assert.equal(status, wanted);
    if (wanted === 403) assert.match(body.error.explanation, /^JSON error unexpected type \w+ on field data events /);
    else assert.match(body.error.message, /^JSON error "unknown field" on field "\w+"$/);
    assert.equal(body.error.invalid_events, undefined);
    assert.equal(book().received, 0);
  });
}

/** @type {[string, (e: any) => void][]} */
const TAKEN = [
  ["a little less than 168 hours old", (e) => (e.event_at = NOW - 168 * HOUR + 1)],
  ["5 minutes ahead", (e) => (e.event_at = NOW + 300_000)],
  ["a custom name of 64 characters", (e) => (e.type = { tracking_type: "CUSTOM", custom_event_name: "é".repeat(64) })],
  ["the whole cookie as uuid", (e) => (e.user.uuid = `${NOW}.${e.user.uuid}`)],
  ["an email alone", (e) => { delete e.click_id; e.user = { email: sha256("x@y.example") }; }],
  ["a region with its country", (e) => (e.user.data_processing_options.region = "US-CA")],
  ["a page visit with id and products only", (e) => {
    e.type.tracking_type = "PAGE_VISIT";
    e.metadata = { conversion_id: "v-1", products: e.metadata.products };
  }],
  ["a lead with value", (e) => { e.type.tracking_type = "LEAD"; delete e.metadata.item_count; }],
  ["a shop event without address", (e) => { e.action_source = "PHYSICAL_STORE"; delete e.event_source_url; }],
  ["a value of 0", (e) => (e.metadata.value = 0)],
  ["hashed device ids", (e) => {
    Object.assign(e.user, { idfa: sha256("EA7583CD-A667-48BC-B806-42ECB2B48606"), aaid: sha256("cdda802e-fb9c-47ad-9866-0794d394c912") });
  }],
];
for (const [what, change] of TAKEN) {
  test(`taken: ${what}`, async () => {
    const event = changed(purchase(), change);
    assert.equal((await post(batch(event))).status, 200);
    assert.deepEqual(kinds(), []);
  });
}

/** @type {[string, (e: any) => void][]} */
const SILENT = [
  ["empty_value", (e) => (e.user.phone_number = null)],
  ["empty_value", (e) => (e.user.phone_number = "")],
  ["empty_value", (e) => (e.metadata.products = [])],
  ["identifier_not_hashed", (e) => (e.user.external_id = "Cust-10482")],
  ["identifier_not_hashed", (e) => (e.user.aaid = "cdda802e-fb9c-47ad-9866-0794d394c912")],
  ["identifier_not_hashed", (e) => (e.user.email = "d41d8cd98f00b204e9800998ecf8427e")],
  ["digest_not_in_lower_case", (e) => (e.user.email = e.user.email.toUpperCase())],
  ["digest_of_nothing", (e) => (e.user.email = sha256(""))],
  ["hashed_but_sent_raw", (e) => (e.user.ip_address = sha256("203.0.113.7"))],
  ["hashed_but_sent_raw", (e) => (e.user.user_agent = sha256("x"))],
  ["hashed_but_sent_raw", (e) => (e.click_id = sha256("x"))],
  ["private_ip_address", (e) => (e.user.ip_address = "172.20.0.7")],
  ["malformed_ip_address", (e) => (e.user.ip_address = "203.0.113")],
  ["no_signal_in_user", (e) => (e.user = { screen_dimensions: { width: 1, height: 1 } })],
  ["no_signal_in_user", (e) => delete e.user],
  ["malformed_screen_dimensions", (e) => (e.user.screen_dimensions.width = 0)],
  ["unknown_data_processing_mode", (e) => (e.user.data_processing_options.modes = ["LMU"])],
  ["malformed_country", (e) => (e.user.data_processing_options.country = "us")],
  ["malformed_region", (e) => (e.user.data_processing_options.region = "California")],
  ["event_source_url_without_website", (e) => (e.action_source = "APP")],
  ["malformed_event_source_url", (e) => (e.event_source_url = "shop.example/x")],
  ["custom_event_name_on_standard_event", (e) => (e.type.custom_event_name = "Subscribe")],
  ["conversion_id_missing", (e) => delete e.metadata.conversion_id],
  ["value_without_currency", (e) => delete e.metadata.currency],
  ["unknown_currency", (e) => (e.metadata.currency = "QQQ")],
  ["currency_not_in_upper_case", (e) => (e.metadata.currency = "eur")],
  ["negative_number", (e) => (e.metadata.value = -1)],
  ["negative_number", (e) => (e.metadata.products[0].item_price = -1)],
  ["item_count_is_not_the_sum", (e) => (e.metadata.item_count = 2)],
  ["quantity_below_one", (e) => { e.metadata.products[0].quantity = 0; }],
  ["product_without_id", (e) => delete e.metadata.products[0].id],
  ["field_not_supported_by_type", (e) => (e.type.tracking_type = "SIGN_UP")],
  ["plain_email", (e) => (e.event_source_url = "https://shop.example/?mail=elena%40shop.example")],
];
for (const [kind, change] of SILENT) {
  test(`taken, but a violation: ${kind} (${change})`, async () => {
    const event = changed(purchase(), change);
    assert.equal((await post(batch(event))).status, 200);
    assert.deepEqual(kinds(), [kind]);
  });
}

test("token, path, method and body shape are checked", async () => {
  const good = batch(purchase());
  /** @type {[string, Promise<any>, number][]} */
  const rows = [
    ["no scheme word", post(good, PATH, { authorization: credentials.reddit.token }), 401],
    ["wrong token", post(good, PATH, { authorization: "Bearer x" }), 401],
    ["version 2", post(good, "/ads-api.reddit.com/api/v2.0/conversions/events/a2_twinpixel"), 404],
    ["no pixel", post(good, PATH.replace("a2_twinpixel", "")), 404],
    ["method", post(good, PATH, {}, "PUT"), 405],
    ["a form", post(good, PATH, { "content-type": "application/x-www-form-urlencoded" }), 400],
    ["bad JSON", post("{"), 400],
    ["twice", post('{"data":{},"data":{}}'), 400],
    ["the envelope of version 2", post({ events: [purchase()] }), 400],
    ["a list", post([purchase()]), 403],
    ["no events", post({ data: {} }), 400],
    ["empty", post(batch()), 400],
    ["a null", post(batch(null)), 400],
    ["1001", post(batch(...Array.from({ length: 1001 }, purchase))), 400],
  ];
  for (const [what, answer, wanted] of rows) {
    const { status, text } = await answer;
    assert.equal(status, wanted, what);
    if (wanted === 401) assert.equal(text, "Authorization Required", what);
    else assert.ok(JSON.parse(text).error, what);
  }
  assert.equal(book().received, 0);
  assert.equal((await post(batch(...Array.from({ length: 1000 }, purchase)))).body.data.message, "Successfully processed 1000 conversion events.");
  assert.deepEqual(kinds(), []);
  await post(good, `${PATH}?test_id=t`, { "user-agent": "node" });
  assert.deepEqual(kinds(), ["no_descriptive_user_agent", "unknown_query_parameter"]);
});

test("test mode: answered as usual, stored nowhere, one event at a time and ten in a second", async () => {
  const trial = { data: { ...batch(purchase()).data, test_id: "t2_test" } };
  const { status, body } = await post(trial);
  assert.equal(status, 200);
  assert.equal(body.data.message, "Successfully processed 1 conversion events.");
  assert.deepEqual([book().received, book().validated_requests], [0, 1]);
  for (let i = 1; i < 10; i += 1) assert.equal((await post(trial)).status, 200);
  assert.equal((await post(trial)).status, 429);
  clock.now += 1000;
  trial.data.events.push(purchase());
  assert.equal((await post(trial)).status, 200);
  assert.deepEqual(kinds(), ["batch_in_test_mode"]);
  trial.data.events = [{ ...purchase(), event_at: 1 }];
  assert.equal((await post(trial)).status, 400);
  await post(batch(purchase()));
  assert.equal(book().unique, 1);
});

test("the same type, custom name and conversion id count once within 2 days, per pixel", async () => {
  /** @param {string} name */
  const custom = (name) => ({ ...purchase(), type: { tracking_type: "CUSTOM", custom_event_name: name } });
  await post(batch(purchase(), purchase(), custom("Donate"), custom("donate"), custom("Donate")));
  await post(batch(purchase()), PATH.replace("a2_twinpixel", "a2_other"));
  assert.deepEqual([book().unique, book().duplicates], [4, 2]);
  clock.now = NOW + 48 * HOUR - 1;
  await post(batch(purchase()));
  assert.deepEqual([book().unique, book().duplicates], [4, 3]);
  clock.now = NOW + 48 * HOUR;
  await post(batch(purchase()));
  assert.deepEqual([book().unique, book().duplicates], [5, 3]);
});

test("scripted: condemned events come back as sent; a revoked token answers 401; other errors have Reddit's shape", async () => {
  twin.faults({ platform: "reddit", kind: "reject_event_id", event_id: "bad" });
  const bad = purchase();
  bad.metadata.conversion_id = "bad";
  const { status, body } = await post(batch(purchase(), bad));
  assert.equal(status, 400);
  assert.deepEqual(body.error.invalid_events, [{ error_message: "refused by script", event: bad }]);
  assert.equal((await post(batch(purchase()))).status, 200);
  assert.deepEqual([book().faulted, book().received], [1, 1]);
  twin.clearFaults();
  twin.faults({ platform: "reddit", kind: "revoke_token" });
  assert.equal((await post(batch(purchase()))).text, "Authorization Required");
  assert.equal(book().faulted, 2);
  twin.clearFaults();
  twin.faults({ platform: "reddit", kind: "status", status: 503, times: 1 });
  assert.equal((await post(batch(purchase()))).body.error.code, 503);
  twin.faults({ platform: "reddit", kind: "status", status: 401, times: 1 });
  assert.equal((await post(batch(purchase()))).text, "Authorization Required");
});
