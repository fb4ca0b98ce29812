import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "./checks.mjs";
import { NOW, changed, testTwin } from "./harness.mjs";

const SECONDS = NOW / 1000;
const DAY = 86_400;
const PATH = "/graph.facebook.com/v26.0/1234567890123456/events";
const { twin, clock, post, book, noted } = await testTwin({ platform: "meta", path: PATH });

/** @returns {any} */
function purchase() {
  return {
    event_name: "Purchase", event_time: SECONDS - 60, event_id: "ord-118842", action_source: "website", opt_out: false,
    event_source_url: "https://shop.example/thanks", referrer_url: "https://shop.example/checkout", data_processing_options: [],
    user_data: {
      em: [sha256("elena.brandt+shop@gmail.com")], ph: sha256("4915123456789"), ge: sha256("f"), db: sha256("19910307"), country: [sha256("de")],
      external_id: [sha256("cust-10482")], client_ip_address: "2001:db8:4a1f::7c", client_user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:143.0)",
      fbc: `fb.1.${NOW - 90_000}.IwAR0AbCdEf`, fbp: `fb.1.${NOW - 900_000}.1098115397`,
    },
    custom_data: {
      currency: "EUR", value: 129.9, order_id: "118842", content_type: "product", content_ids: ["SKU-44"], num_items: 1, coupon: "AUTUMN",
      contents: [{ id: "SKU-44", quantity: 1, item_price: 129.9 }],
    },
  };
}

/** @param {any[]} data */
const batch = (...data) => ({ access_token: "EAAB-twin-token", partner_agent: "edgetally-0.1", data });

test("a documented event passes without a violation", async () => {
  const { status, body } = await post(batch(purchase()));
  assert.equal(status, 200);
  assert.equal(body.events_received, 1);
  assert.deepEqual(body.messages, []);
  assert.ok(body.fbtrace_id);
  const meta = book();
  assert.deepEqual(meta.violations, []);
  assert.equal(meta.unique, 1);
  assert.equal(twin.received({ event_id: "ord-118842" }).events[0]?.event.event_id, "ord-118842");
});

/** @type {[string, (e: any) => void, number?][]} */
const REFUSED = [
  ["no name", (e) => delete e.event_name],
  ["a name of 51 characters", (e) => (e.event_name = "x".repeat(51))],
  ["no time", (e) => delete e.event_time],
  ["a fractional time", (e) => (e.event_time += 0.5)],
  ["a time as text", (e) => (e.event_time = String(e.event_time))],
  ["a time in milliseconds", (e) => (e.event_time *= 1000)],
  ["a future time", (e) => (e.event_time = SECONDS + 1)],
  ["a time over 7 days ago", (e) => (e.event_time = SECONDS - 7 * DAY - 1), 2804003],
  ["a shop event over 62 days ago", (e) => { e.action_source = "physical_store"; e.event_time = SECONDS - 62 * DAY - 1; }, 2804003],
  ["no action source", (e) => delete e.action_source],
  ["an unknown action source", (e) => (e.action_source = "web")],
  ["a website without address", (e) => delete e.event_source_url],
  ["an address without scheme", (e) => (e.event_source_url = "shop.example/x")],
  ["a website without user agent", (e) => delete e.user_data.client_user_agent],
  ["no user data", (e) => delete e.user_data],
  ["an empty event id", (e) => (e.event_id = "")],
  ["a numeric event id", (e) => (e.event_id = 7)],
  ["an unknown event key", (e) => (e.eventId = "x")],
  ["an unknown user key", (e) => (e.user_data.email = sha256("x"))],
  ["opt_out as text", (e) => (e.opt_out = "false")],
  ["an empty hash list", (e) => (e.user_data.em = []), 2804016],
  ["a null hash", (e) => (e.user_data.ct = null), 2804016],
  ["an empty hash", (e) => (e.user_data.ct = ""), 2804016],
  ["a null inside the list", (e) => (e.user_data.em = [null]), 2804016],
  ["an upper-case hash", (e) => (e.user_data.em = sha256("x").toUpperCase()), 2804016],
  ["an MD5", (e) => (e.user_data.em = "d41d8cd98f00b204e9800998ecf8427e"), 2804016],
  ["a plain value", (e) => (e.user_data.fn = "elena"), 2804016],
  ["a plain value in the list", (e) => e.user_data.em.push("x"), 2804016],
  ["the hash of nothing", (e) => (e.user_data.em = sha256("")), 2804016],
  ["an empty external id list", (e) => (e.user_data.external_id = []), 2804016],
  ["a hashed address", (e) => (e.user_data.client_ip_address = sha256("203.0.113.7"))],
  ["a hashed user agent", (e) => (e.user_data.client_user_agent = sha256("x"))],
  ["a hashed fbp", (e) => (e.user_data.fbp = sha256("x"))],
  ["an address with a space", (e) => (e.user_data.client_ip_address = " 203.0.113.7")],
  ["fbc in seconds", (e) => (e.user_data.fbc = `fb.1.${SECONDS}.abc`)],
  ["fbc in microseconds", (e) => (e.user_data.fbc = `fb.1.${NOW * 1000}.abc`)],
  ["fbc without payload", (e) => (e.user_data.fbc = `fb.1.${NOW}.`)],
  ["fbc with other than the click id's alphabet", (e) => (e.user_data.fbc = `fb.1.${NOW}.IwAR%26x`)],
  ["fbp with letters", (e) => (e.user_data.fbp = `fb.1.${NOW}.abc`)],
  ["fbc of six parts", (e) => (e.user_data.fbc = `fb.1.${NOW}.a.AQ.b`)],
  ["fbp without fb", (e) => (e.user_data.fbp = `1.${NOW}.123`)],
  ["a null fbp", (e) => (e.user_data.fbp = null)],
  ["madid on a website", (e) => (e.user_data.madid = "x")],
  ["a page id on a website", (e) => (e.user_data.page_id = "1")],
  ["a lead id that is no integer", (e) => (e.user_data.lead_id = "l1")],
  ["too little to match (ct, country, ua)", (e) => (e.user_data = { ct: sha256("berlin"), country: sha256("de"), client_user_agent: "UA" })],
  ["too little to match (db, ua)", (e) => (e.user_data = { db: sha256("19910307"), client_user_agent: "UA" })],
  ["too little to match (fn, ge)", (e) => { e.action_source = "other"; e.user_data = { fn: sha256("elena"), ge: sha256("f") }; }],
  ["too little to match (ln, ge)", (e) => { e.action_source = "other"; e.user_data = { ln: sha256("brandt"), ge: sha256("f") }; }],
  ["a purchase without custom data", (e) => delete e.custom_data, 2804009],
  ["a purchase without value", (e) => delete e.custom_data.value, 2804009],
  ["a purchase without currency", (e) => delete e.custom_data.currency, 2804010],
  ["a value as text", (e) => (e.custom_data.value = "129.90")],
  ["a negative value", (e) => (e.custom_data.value = -1)],
  ["an invented currency", (e) => (e.custom_data.currency = "EURO")],
  ["three letters that are no currency", (e) => (e.custom_data.currency = "QQQ")],
  ["content without id", (e) => delete e.custom_data.contents[0].id],
  ["content without quantity", (e) => delete e.custom_data.contents[0].quantity],
  ["a null item price", (e) => (e.custom_data.contents[0].item_price = null)],
  ["a misspelt content key", (e) => (e.custom_data.contents[0].price = 1)],
  ["an unknown content type", (e) => (e.custom_data.content_type = "products")],
  ["numeric content ids", (e) => (e.custom_data.content_ids = [44])],
  ["fractional num_items", (e) => (e.custom_data.num_items = 1.5)],
  ["an app event without app data", (e) => (e.action_source = "app")],
  ["messaging without channel", (e) => (e.action_source = "business_messaging")],
  ["unknown processing options", (e) => (e.data_processing_options = ["ldu"]), 2804030],
  ["a country without LDU", (e) => (e.data_processing_options_country = 1), 2804030],
  ["LDU country without state", (e) => { e.data_processing_options = ["LDU"]; e.data_processing_options_country = 1; }, 2804030],
  ["an unlisted LDU state", (e) => Object.assign(e, { data_processing_options: ["LDU"], data_processing_options_country: 1, data_processing_options_state: 1014 }), 2804030],
  ["an LDU country of 2", (e) => Object.assign(e, { data_processing_options: ["LDU"], data_processing_options_country: 2, data_processing_options_state: 0 }), 2804030],
  ["LDU without IP and state", (e) => { e.data_processing_options = ["LDU"]; delete e.user_data.client_ip_address; }, 2804030],
  ["unknown original event data", (e) => (e.original_event_data = { id: "x" })],
];
for (const [what, change, subcode] of REFUSED) {
  test(`refused: ${what}`, async () => {
    const good = { ...purchase(), event_id: "good" };
    const bad = changed(purchase(), change);
    const { status, body } = await post(batch(good, bad));
    assert.equal(status, 400);
    assert.equal(body.error.code, 100);
    assert.equal(body.error.error_subcode, subcode);
    assert.equal(body.error.is_transient, false);
    for (const key of ["message", "type", "error_user_title", "error_user_msg", "fbtrace_id"]) assert.equal(typeof body.error[key], "string");
    const meta = book();
    assert.equal(meta.received, 0, "one bad event refuses the batch");
    assert.equal(meta.rejected_requests, 1);
  });
}

/** @type {[string, (e: any) => void][]} */
const TAKEN = [
  ["exactly 7 days old", (e) => (e.event_time = SECONDS - 7 * DAY)],
  ["now", (e) => (e.event_time = SECONDS)],
  ["a shop event of 62 days ago", (e) => { e.action_source = "physical_store"; e.event_time = SECONDS - 62 * DAY; }],
  ["a custom name of 50 characters", (e) => (e.event_name = "x".repeat(50))],
  ["a non-web event without address and agent", (e) => { e.action_source = "phone_call"; delete e.event_source_url; delete e.user_data.client_user_agent; }],
  ["fn and ln alone", (e) => { e.action_source = "other"; e.user_data = { fn: sha256("elena"), ln: sha256("brandt") }; }],
  ["address and agent alone", (e) => (e.user_data = { client_ip_address: "203.0.113.7", client_user_agent: "UA" })],
  ["fbc with an appendix", (e) => (e.user_data.fbc += ".AQ")],
  ["a hash with an appendix", (e) => (e.user_data.em[0] += ".AQIDBAUG")],
  ["LDU with an IP", (e) => Object.assign(e, { data_processing_options: ["LDU"], data_processing_options_country: 0, data_processing_options_state: 0 })],
  ["LDU without an IP but with a state", (e) => { Object.assign(e, { data_processing_options: ["LDU"], data_processing_options_country: 1, data_processing_options_state: 1013 }); delete e.user_data.client_ip_address; }],
  ["a value of 0", (e) => (e.custom_data.value = 0)],
  ["no event id", (e) => delete e.event_id],
];
for (const [what, change] of TAKEN) {
  test(`taken: ${what}`, async () => {
    const event = changed(purchase(), change);
    assert.equal((await post(batch(event))).status, 200);
  });
}

test("version, dataset, token and body shape are checked", async () => {
  const good = batch(purchase());
  /** @type {[string, Promise<any>, number, number?][]} */
  const rows = [
    ["ended", post(good, PATH.replace("v26.0", "v20.0")), 2635],
    ["long ended", post(good, PATH.replace("v26.0", "v12.0")), 2635],
    ["unversioned", post(good, PATH.replace("/v26.0", "")), 2500],
    ["unborn", post(good, PATH.replace("v26.0", "v99.0")), 2500],
    ["dataset", post(good, PATH.replace("1234567890123456", "abc")), 100, 33],
    ["edge", post(good, PATH.replace("events", "event")), 100, 33],
    ["no token", post({ data: good.data }), 190],
    ["wrong token", post({ ...good, access_token: "x" }), 190],
    ["bad JSON", post("{", `${PATH}?access_token=EAAB-twin-token`), 100],
    ["twice", post(`{"access_token":"EAAB-twin-token","data":[],"data":[]}`, `${PATH}?access_token=EAAB-twin-token`), 100],
    ["empty", post(batch()), 100],
    ["1001", post(batch(...Array.from({ length: 1001 }, purchase))), 100],
    ["unknown key", post({ ...good, test_event: "x" }), 100],
    ["partner agent", post({ ...good, partner_agent: "x".repeat(23) }), 100],
    ["partner agent without letters", post({ ...good, partner_agent: "0.1" }), 100],
    ["text", post(good, `${PATH}?access_token=EAAB-twin-token`, { "content-type": "text/plain" }), 100],
  ];
  for (const [what, answer, code, subcode] of rows) {
    const { status, body } = await answer;
    assert.equal(status, 400, what);
    assert.equal(body.error.code, code, what);
    assert.equal(body.error.error_subcode, subcode, what);
  }
  clock.now = Date.parse("2028-02-18T00:00:00Z");
  assert.equal((await post(good, PATH.replace("v26.0", "v24.0"))).body.error.code, 2635, "a version ends on its day");
});

test("token in query or header, and the form body, work", async () => {
  const { data } = batch(purchase());
  assert.equal((await post({ data }, `${PATH}?access_token=EAAB-twin-token`)).status, 200);
  assert.equal((await post({ data }, PATH, { authorization: "Bearer EAAB-twin-token" })).status, 200);
  const form = new URLSearchParams({ access_token: "EAAB-twin-token", data: JSON.stringify(data) });
  assert.equal((await post(String(form), PATH, { "content-type": "application/x-www-form-urlencoded" })).status, 200);
  assert.equal((await post(batch(...Array.from({ length: 1000 }, purchase)))).body.events_received, 1000);
});

test("the same name and id count once within 48 hours, per dataset", async () => {
  await post(batch(purchase(), purchase(), { ...purchase(), event_name: "Lead" }));
  await post(batch(purchase()), PATH.replace("1234567890123456", "77"));
  clock.now = NOW + 48 * 3_600_000 - 1;
  await post(batch(purchase()));
  let meta = book();
  assert.deepEqual([meta.received, meta.unique, meta.duplicates], [5, 3, 2]);
  clock.now = NOW + 48 * 3_600_000;
  await post(batch(purchase()));
  meta = book();
  assert.deepEqual([meta.received, meta.unique, meta.duplicates], [6, 4, 2]);
  assert.deepEqual(meta.by_event.Purchase, { received: 5, unique: 3, duplicates: 2, dropped: 0 });
});

test("what Meta takes silently but no sender should do is noted", async () => {
  /** @type {[string, (e: any) => void][]} */
  const rows = [
    ["standard_event_name_in_wrong_case", (e) => (e.event_name = "purchase")],
    ["external_id_not_hashed", (e) => (e.user_data.external_id = "cust-1")],
    ["digest_of_no_gender", (e) => (e.user_data.ge = sha256("female"))],
    ["digest_of_no_country", (e) => (e.user_data.country = sha256("germany"))],
    ["digest_of_no_date", (e) => (e.user_data.db = sha256("1991-03-07"))],
    ["private_ip_address", (e) => (e.user_data.client_ip_address = "10.0.0.7")],
    ["plain_email", (e) => (e.event_source_url = "https://shop.example/?mail=elena%40shop.example")],
    ["plain_email", (e) => (e.custom_data.note = Buffer.from("elena.brandt@shop.example").toString("base64"))],
    ["plain_phone", (e) => (e.custom_data.note = "call +49 1512 3456789")],
  ];
  await noted(rows, purchase, async (event, what) => assert.equal((await post(batch(event))).status, 200, what));
});
