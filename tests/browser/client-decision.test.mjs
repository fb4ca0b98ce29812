// What the client does with a decision: the page's own word stands for any source of consent.

import assert from "node:assert/strict";
import {test} from "node:test";
import {DENIED, GRANTED, ORDER, openShop, stored} from "./harness.mjs";

/** @typedef {import("./harness.mjs").Tab} Tab */

/** @param {Tab} page @param {any} signals */
const say = (page, signals) => page.evaluate((/** @type {any} */ given) => void window.edgetally("consent", given), signals);
/** @param {Tab} page @param {string} event @param {any} [fields] */
const send = (page, event, fields = {}) => page.evaluate((/** @type {any} */ [name, given]) => void window.edgetally(name, given), [event, fields]);
/** @param {Tab} page @returns {Promise<any>} */
const status = (page) => page.evaluate(() => window.edgetally.status());

test("undecided: held in memory alone, then sent as it was; several answers of one moment are one", async (t) => {
  const shop = await openShop(t, {granted: false});
  const page = await shop.visit("/?gclid=Cj0KCQ");
  const before = await stored(page);
  await send(page, "page_view");
  await send(page, "purchase", ORDER);
  await shop.quiet();
  assert.equal(shop.arrivals.length, 0);
  assert.deepEqual(await stored(page), before);
  assert.equal((await status(page)).waiting, 2);
  await page.evaluate((/** @type {any} */ granted) => {
    for (const [word, value] of Object.entries(granted)) window.edgetally("consent", {...granted, [word]: "denied"}), window.edgetally("consent", {[word]: value});
    for (let n = 0; n < 5; n++) window.edgetally("consent", granted);
  }, GRANTED);
  const events = await shop.arrived(2);
  assert.equal(shop.arrivals.length, 2, "a purchase, and the rest");
  assert.deepEqual(events[0].consent, GRANTED);
  assert.equal(events[0].context.click_ids.gclid, "Cj0KCQ");
});

test("denied from the start: nothing is sent, and nothing that a page can store is touched", async (t) => {
  const shop = await openShop(t, {granted: false, page: {pixels: ["meta"]}, head: "<script>document.cookie = 'cart=7'; localStorage.theme = 'dark'; var calls = []; var fbq = (...call) => calls.push(call);</script>"});
  const page = await shop.visit("/?gclid=Cj0KCQ&fbclid=IwAR1a");
  const before = await stored(page);
  await say(page, DENIED);
  await send(page, "page_view");
  await send(page, "purchase", ORDER);
  await page.goto(`${shop.origin}/next?ttclid=EC`);
  await say(page, DENIED);
  await send(page, "page_view");
  await shop.quiet();
  assert.equal(shop.arrivals.length, 0);
  assert.deepEqual(await stored(page), before);
  assert.deepEqual(await page.evaluate(async () => [await indexedDB.databases(), window["calls"]]), [[], []]);
  assert.deepEqual((await status(page)).dropped, {denied: 1});
});

test("withdrawn: outbox, click ids and the cookies that we had set go at once, others stay; what comes later is not sent", async (t) => {
  const shop = await openShop(t, {granted: false});
  await shop.context.addCookies([{name: "cart", value: "7", domain: "shop.localhost", path: "/"}]);
  const page = await shop.visit("/?gclid=Cj0KCQ&fbclid=IwAR1a");
  await say(page, GRANTED);
  await send(page, "page_view");
  const [{context}] = await shop.arrived(1);
  await shop.settled(page);
  await shop.context.addCookies(Object.entries(context.cookies).map(([name, value]) => ({name, value: /** @type {string} */ (value), domain: ".shop.localhost", path: "/"})));
  await page.reload();
  await say(page, GRANTED);
  await shop.context.setOffline(true);
  await send(page, "generate_lead");
  await page.waitForFunction(() => JSON.stringify(localStorage).includes("generate_lead"));
  await say(page, DENIED);
  await page.waitForFunction(() => localStorage.length === 0);
  await shop.context.setOffline(false);
  await send(page, "add_to_cart");
  await shop.quiet();
  await shop.arrived(1);
  assert.deepEqual(await stored(page), {cookie: "cart=7", local: {}, session: {}});
  assert.equal((await status(page)).outbox, 0);
  await say(page, GRANTED);
  await send(page, "search");
  const events = await shop.arrived(2);
  assert.equal(events[1].event, "search", "what was refused is not made up for");
});

test("advertising alone is withdrawn: its ids go, analytics go on", async (t) => {
  const shop = await openShop(t, {granted: false});
  const page = await shop.visit("/?gclid=Cj0KCQ");
  await say(page, GRANTED);
  await send(page, "page_view");
  const [first] = await shop.arrived(1);
  await shop.settled(page);
  await say(page, {ad_storage: "denied", ad_user_data: "denied", ad_personalization: "denied"});
  await page.goto(`${shop.origin}/next`);
  await say(page, {...DENIED, analytics_storage: "granted"});
  await send(page, "page_view");
  const [, second] = await shop.arrived(2);
  assert.deepEqual(second.context.click_ids, {});
  assert.deepEqual(second.context.cookies, {_ga: first.context.cookies._ga}, "the same browser");
  assert.doesNotMatch(JSON.stringify(await stored(page)), /Cj0KCQ|_fbp/);
});

test("undecided when the page is left: dropped where an opt-in is needed, once it was waited for; else sent for the gateway to judge", async (t) => {
  for (const required of [true, false]) {
    const shop = await openShop(t, {granted: false, page: {required, hold_ms: 50}});
    const page = await shop.visit();
    await send(page, "page_view");
    await page.waitForTimeout(100);
    if (required) {
      await page.evaluate(() => {
        Object.defineProperty(document, "visibilityState", {value: "hidden"});
        Object.defineProperty(document, "hidden", {value: true});
        document.dispatchEvent(new Event("visibilitychange"));
      });
      await shop.quiet();
      assert.equal(shop.arrivals.length, 0);
      assert.deepEqual((await status(page)).dropped, {undecided: 1});
    } else {
      const [event] = await shop.arrived(1);
      assert.deepEqual(event.consent, {});
    }
  }
});

test("Global Privacy Control is told, and no id for advertising is made up", async (t) => {
  const shop = await openShop(t, {granted: false, page: {required: false}, head: "<script>Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})</script>"});
  const page = await shop.visit();
  await send(page, "page_view");
  const [event] = await shop.arrived(1);
  assert.deepEqual(event.consent, {gpc: true});
  assert.deepEqual(event.context.cookies, {});
});

/** A TC string's beginning with these purposes consented. @param {number[]} purposes */
function tcf(purposes) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  let bits = "000010".padEnd(152, "0");
  for (let purpose = 1; purpose <= 24; purpose++) bits += purposes.includes(purpose) ? "1" : "0";
  return bits.padEnd(240, "0").replace(/.{6}/g, (six) => alphabet[Number.parseInt(six, 2)] ?? "");
}

test("a TC string alone: purpose 1 opens the storage, without it nothing is sent; where the law does not apply it says nothing", async (t) => {
  for (const [purposes, applies, sent, kept] of /** @type {[number[], boolean, boolean, boolean][]} */ ([
    [[1, 2, 3, 4, 7, 9, 10], true, true, true],
    [[1], true, true, true],
    [[2, 3, 4, 5, 6, 7, 8, 9, 10], true, false, false],
    [[], true, false, false],
    [[], false, true, false],
  ])) {
    const shop = await openShop(t, {granted: false});
    const page = await shop.visit();
    await say(page, {tcf: tcf(purposes), gdpr_applies: applies});
    await send(page, "page_view");
    await shop.quiet();
    const events = await shop.arrived(sent ? 1 : 0);
    if (sent) assert.equal(events[0].consent.tcf, tcf(purposes));
    assert.equal(Object.keys((await stored(page)).local).length > 0, kept, `purposes ${purposes}`);
  }
});

test("an event's own word does not open what the page's has closed", async (t) => {
  const shop = await openShop(t, {granted: false});
  const page = await shop.visit();
  await say(page, {...GRANTED, ad_personalization: "denied"});
  await send(page, "search", {consent: {ad_personalization: "granted", ad_user_data: "denied"}});
  const [event] = await shop.arrived(1);
  assert.deepEqual(event.consent, {...GRANTED, ad_personalization: "denied", ad_user_data: "denied"});
});
