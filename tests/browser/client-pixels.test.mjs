// The pixels of the page: each platform's call with our id under its own name; before, after, and without the platform's tag.

import assert from "node:assert/strict";
import {test} from "node:test";
import {GRANTED, openShop} from "./harness.mjs";

const ALL = ["meta", "ga4", "google_ads", "tiktok", "pinterest", "snapchat", "reddit", "linkedin", "x", "microsoft"];
const maps = {linkedin: {purchase: "104012"}, x: {purchase: "tw-abcd-efgh"}, google_ads: {purchase: "AW-123/label"}};
/** Stubs as the platforms' snippets leave them: what was called is kept. */
const STUBS = `<script>
  var calls = {};
  var stub = (name) => { calls[name] = []; return window[name] = function () { calls[name].push(Array.prototype.slice.call(arguments)); }; };
  var stubs = () => {
    for (const name of ["fbq", "pintrk", "snaptr", "rdt", "twq", "lintrk", "gtag"]) stub(name);
    calls.ttq = [];
    window.ttq = [];
    window.ttq.track = (...call) => calls.ttq.push(call);
    window.uetq = calls.uetq = [];
  };
</script>`;
const ORDER = {
  transaction_id: "118842",
  value: 129.9,
  currency: "EUR",
  items: [{item_id: "SKU-44", item_name: "Desk lamp", price: 99.9, quantity: 1, item_brand: "Lumo", item_category: "Lighting"}, {item_id: 45, price: 15, quantity: 2}],
};

/** @param {import("./harness.mjs").Tab} page @param {any} order */
const buy = (page, order = ORDER) => page.evaluate((/** @type {any} */ given) => void window.edgetally("purchase", given), order);
/** @param {import("./harness.mjs").Tab} page @returns {Promise<Record<string, any[][]>>} */
const calls = (page) => page.evaluate(() => JSON.parse(JSON.stringify({...window["calls"], uetq: [[...window["calls"].uetq]]})));

test("a purchase: every tag is called once, with the id where its platform looks for it", async (t) => {
  const shop = await openShop(t, {page: {pixels: ALL, maps}, head: `${STUBS}<script>stubs()</script>`});
  const page = await shop.visit("/thanks");
  await buy(page);
  const [event] = await shop.arrived(1);
  const id = event.event_id;
  const said = await calls(page);
  const contents = [{id: "SKU-44", quantity: 1, item_price: 99.9}, {id: "45", quantity: 2, item_price: 15}];
  assert.deepEqual(said["fbq"], [["track", "Purchase", {value: 129.9, currency: "EUR", content_ids: ["SKU-44", "45"], contents, content_type: "product", num_items: 3}, {eventID: id}]]);
  assert.equal(said["ttq"]?.length, 1);
  assert.deepEqual([said["ttq"]?.[0]?.[0], said["ttq"]?.[0]?.[2]], ["Purchase", {event_id: id}]);
  assert.deepEqual(said["pintrk"]?.map(([, name, data]) => [name, data.event_id, data.order_id, data.order_quantity]), [["checkout", id, "118842", 3]]);
  assert.deepEqual(said["snaptr"]?.map(([, name, data]) => [name, data.client_dedup_id, data.transaction_id, data.price]), [["PURCHASE", id, "118842", 129.9]]);
  assert.deepEqual(said["rdt"]?.map(([, name, data]) => [name, data.conversionId, data.transactionId, data.itemCount]), [["Purchase", id, "118842", 3]]);
  assert.deepEqual(said["twq"]?.map(([verb, name, data]) => [verb, name, data.conversion_id]), [["event", "tw-abcd-efgh", id]]);
  assert.deepEqual(said["lintrk"], [["track", {conversion_id: 104012, event_id: id}]]);
  assert.deepEqual(said["uetq"]?.map(([verb, name, data]) => [verb, name, data.event_id, data.revenue_value]), [["event", "purchase", id, 129.9]]);
  assert.deepEqual(said["gtag"]?.map(([, name, data]) => [name, data.transaction_id, data.send_to]), [["purchase", "118842", undefined], ["conversion", "118842", "AW-123/label"]]);
});

test("other events: custom ones under their name, page views where they have an id, nothing where a platform has no such event", async (t) => {
  const shop = await openShop(t, {page: {pixels: ALL, maps}, head: `${STUBS}<script>stubs()</script>`});
  const page = await shop.visit();
  await page.evaluate(() => {
    for (const name of ["page_view", "view_item", "begin_checkout", "quiz_done"]) window.edgetally(name, {event_id: `${name}-1`});
  });
  await shop.arrived(4);
  const said = await calls(page);
  assert.deepEqual(said["fbq"]?.map(([verb, name, , {eventID}]) => [verb, name, eventID]), [
    ["track", "PageView", "page_view-1"], ["track", "ViewContent", "view_item-1"], ["track", "InitiateCheckout", "begin_checkout-1"], ["trackCustom", "quiz_done", "quiz_done-1"],
  ]);
  assert.deepEqual(said["ttq"]?.map(([name]) => name), ["Pageview", "ViewContent", "InitiateCheckout", "quiz_done"]);
  assert.deepEqual(said["pintrk"]?.map(([, name]) => name), ["pagevisit", "viewcontent", "initiatecheckout", "quiz_done"]);
  assert.deepEqual(said["snaptr"]?.map(([, name]) => name), ["PAGE_VIEW", "VIEW_CONTENT", "START_CHECKOUT"]);
  assert.deepEqual(said["rdt"]?.map(([, name, data]) => data.customEventName ?? name), ["PageVisit", "ViewContent", "BeginCheckout", "quiz_done"]);
  assert.deepEqual([said["twq"], said["lintrk"], said["gtag"]], [[], [], []]);
  assert.deepEqual(said["uetq"]?.map((call) => call.filter((one) => typeof one === "string" && one !== "event")), [["view_item", "begin_checkout", "quiz_done"]]);
});

test("a tag that comes late is called when it is there, once; one that never comes holds nothing up", async (t) => {
  const shop = await openShop(t, {page: {pixels: ["meta", "reddit"]}, head: STUBS});
  const page = await shop.visit();
  await buy(page);
  await shop.arrived(1);
  await page.evaluate(() => void window["stub"]("fbq"));
  await page.waitForFunction(() => window["calls"].fbq.length > 0);
  await page.evaluate(() => void window.edgetally("search"));
  await shop.arrived(2);
  assert.deepEqual((await page.evaluate(() => window["calls"].fbq)).map((/** @type {any} */ [, name]) => name), ["Purchase", "Search"]);
});

test("no tag is called while consent is open, nor of what it refuses, and none after a withdrawal", async (t) => {
  const shop = await openShop(t, {granted: false, page: {pixels: ["meta", "ga4"]}, head: `${STUBS}<script>stubs()</script>`});
  const page = await shop.visit();
  await buy(page);
  await shop.quiet();
  assert.deepEqual((await calls(page))["fbq"], []);
  await page.evaluate((/** @type {any} */ consent) => window.edgetally("consent", consent), {...GRANTED, ad_user_data: "denied"});
  await shop.arrived(1);
  let said = await calls(page);
  assert.deepEqual([said["fbq"]?.length, said["gtag"]?.length], [0, 1]);
  await page.evaluate((/** @type {any} */ consent) => window.edgetally("consent", consent), GRANTED);
  await page.evaluate(() => void window.edgetally("search"));
  await shop.arrived(2);
  said = await calls(page);
  assert.deepEqual(said["fbq"]?.map(([, name]) => name), ["Search"], "what was refused is not made up for");
  await page.evaluate(() => {
    window.edgetally("consent", {ad_storage: "denied", ad_user_data: "denied", analytics_storage: "denied"});
    window.edgetally("search");
  });
  await shop.quiet();
  assert.equal((await calls(page))["fbq"]?.length, 1);
});

test("without gtag, its command goes into the dataLayer as gtag would put it there", async (t) => {
  const shop = await openShop(t, {page: {pixels: ["ga4"]}, head: "<script>var dataLayer = []</script>"});
  const page = await shop.visit();
  await buy(page);
  await shop.arrived(1);
  const said = await page.evaluate(() => window["dataLayer"].map((/** @type {any} */ entry) => [Object.prototype.toString.call(entry), entry[0], entry[1], entry[2].transaction_id]));
  assert.deepEqual(said, [["[object Arguments]", "event", "purchase", "118842"]]);
});

test("a tag that throws does not keep the event", async (t) => {
  const shop = await openShop(t, {page: {pixels: ["meta"]}, head: "<script>var fbq = () => { throw new Error('theirs'); }</script>"});
  const page = await shop.visit();
  await buy(page);
  await shop.arrived(1);
});
