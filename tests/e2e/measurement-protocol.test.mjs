// A server that sends to GA4 today, and has got another host's name: plain `fetch`, as the protocol's own examples have it.

import assert from "node:assert/strict";
import {after, before, describe, test} from "node:test";
import {SECRETS, openShop, purchase} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */
/** @typedef {Record<string, any>} Json */

const STREAM = "G-9ABCDE1234";
const SECRET = "ijvTm6PVR8qJHn2zqQhAWQ";

/** @type {Shop} */
let shop;
before(async () => {
  shop = await openShop({
    secrets: {...SECRETS, SHOP_COLLECT_SECRET: SECRET},
    settings: (settings) => {
      settings.sources.shop.measurement_protocol = {measurement_id: STREAM, api_secret: "SHOP_COLLECT_SECRET"};
      return settings;
    },
  });
});
after(() => shop.close());

const GRANTED = {ad_storage: "GRANTED", analytics_storage: "GRANTED", ad_user_data: "GRANTED", ad_personalization: "GRANTED"};

/**
 * @param {Json[]} events
 * @param {Json} [beside]
 * @param {string} [path]
 * @param {string} [secret]
 */
async function collect(events, beside = {}, path = "/mp/collect", secret = SECRET) {
  const payload = {client_id: "1380133182.1764792191", consent: GRANTED, ...beside, events};
  const reply = await shop.fetch(`${path}?measurement_id=${STREAM}&api_secret=${secret}`, {method: "POST", body: JSON.stringify(payload)});
  if (!path.includes("debug")) {
    if (reply.status === 204) shop.tally.accepted += events.length;
    for (const {status} of reply.body?.results ?? []) shop.tally[status === "rejected" ? "malformed" : "accepted"] += 1;
  }
  return reply;
}

/**
 * @param {string} order
 * @param {Json} [more]
 */
const order = (order, more = {}) => ({
  name: "purchase",
  params: {
    transaction_id: order,
    value: 129.9,
    currency: "EUR",
    session_id: "1795182060",
    engagement_time_msec: 1,
    page_location: "https://shop.example/thanks",
    items: [{item_id: "SKU-44", item_name: "Desk lamp", price: 129.9, quantity: 1}],
    ...more,
  },
});

describe("an existing sender of GA4", () => {
  const browser = {user_agent: "Mozilla/5.0 (X11; Linux x86_64) ExampleBrowser/1.0", ip_override: "198.51.100.7"};

  test("a purchase goes to every destination, and there is nothing to tell", async () => {
    for (const [path, id] of /** @type {[string, string][]} */ ([["/mp/collect", "mp-order-1"], ["/v1/mp/collect", "mp-order-2"]])) {
      const reply = await collect([order(id)], browser, path);
      assert.deepEqual([reply.status, reply.text], [204, ""]);
      const received = await shop.one("meta", id);
      assert.ok(received);
      await shop.one("ga4", id);
    }
  });

  test("the page's own copy of an order is met, whichever comes first", async () => {
    const page = await shop.page(purchase("mp-order-3", {transaction_id: "mp-order-3"}));
    assert.equal(page.status, 202, page.text);
    const second = await collect([order("mp-order-3")], browser);
    assert.deepEqual([second.status, second.body.results[0].status], [200, "duplicate"], second.text);

    assert.equal((await collect([order("mp-order-4")], browser)).status, 204);
    const late = await shop.page(purchase("mp-order-4", {transaction_id: "mp-order-4"}));
    assert.equal(late.status, 202, late.text);
    await shop.one("meta", "mp-order-3");
    await shop.one("meta", "mp-order-4");
  });

  test("an event with a time is sent again as itself", async () => {
    const timed = {...browser, timestamp_micros: (Date.now() - 1000) * 1000};
    const lead = {name: "generate_lead", params: {lead_source: "form", page_location: "https://shop.example/contact"}};
    const [first, second] = [await collect([lead], timed), await collect([lead], timed)];
    const [one, two] = [first.body.results[0], second.body.results[0]];
    assert.deepEqual([first.status, one.status, two.status], [200, "accepted", "duplicate"], second.text);
    assert.equal(one.event_id, two.event_id);
    assert.deepEqual(one.changed, [{path: "params.event_id", code: "id_derived"}]);
    await shop.one("meta", one.event_id);
  });

  test("what Google would say nothing about is said", async () => {
    const wrong = await collect([order("mp-never")], {}, "/mp/collect", "another-secret-of-22-ch");
    assert.deepEqual([wrong.status, wrong.body.error.code], [401, "secret_unknown"]);
    const one = await collect([{...order("x"), params: {...order("x").params, transaction_id: ""}}]);
    assert.deepEqual([one.status, one.body.results[0].code], [422, "event_id_missing"], one.text);
    const some = await collect([order("mp-order-5"), {name: "Sign Up", params: {}}], browser);
    assert.deepEqual([some.status, some.body.accepted, some.body.rejected], [200, 1, 1], some.text);
    await shop.one("meta", "mp-order-5");
    const blocked = await collect([order("mp-order-6")], {...browser, consent: {ad_user_data: "DENIED"}});
    assert.deepEqual([blocked.status, blocked.body.blocked], [200, 1], blocked.text);
  });

  test("the debug route looks and keeps nothing", async () => {
    const sound = await collect([order("mp-order-7")], browser, "/debug/mp/collect");
    assert.equal(sound.status, 200, sound.text);
    assert.deepEqual(sound.body.validationMessages, []);
    const faulty = await collect([{name: "purchase", params: {value: 5}}], browser, "/debug/mp/collect");
    assert.deepEqual(
      faulty.body.validationMessages.map((/** @type {Json} */ {fieldPath, validationCode}) => [fieldPath, validationCode]),
      [["events[0].params.transaction_id", "VALUE_REQUIRED"]],
    );
    // Had it been kept, this would be its duplicate.
    assert.equal((await collect([order("mp-order-7")], browser)).status, 204);
    await shop.one("meta", "mp-order-7");
  });
});
