// What is said of the browser with an event: click ids, cookies, the ids of Google Analytics and of Meta, and what is made up.

import assert from "node:assert/strict";
import {test} from "node:test";
import {DENIED, GRANTED, openShop} from "./harness.mjs";

const DAY = 86_400_000;
const FBC = /^fb\.1\.\d{13}\.(.+)$/;

/** @param {Record<string, string>} cookies @param {string} host */
const jar = (cookies, host = "shop.localhost") => Object.entries(cookies).map(([name, value]) => ({name, value, domain: `.${host}`, path: "/"}));

test("click ids: in any case, as they are, whole or not at all; the next page knows them", async (t) => {
  const shop = await openShop(t);
  const page = await shop.visit(`/?SCCID=aB-c&gclid=Cj0KCQ&ttclid=${"E".repeat(1000)}&epik=${"x".repeat(1501)}&utm_medium=cpc`);
  await page.evaluate(() => void window.edgetally("page_view"));
  const known = {ScCid: "aB-c", gclid: "Cj0KCQ", ttclid: "E".repeat(1000)};
  assert.deepEqual((await shop.arrived(1))[0].context.click_ids, known);
  await page.goto(`${shop.origin}/next?gclid=EAIaIQ`);
  await page.evaluate(() => void window.edgetally("page_view"));
  assert.deepEqual((await shop.arrived(2))[1].context.click_ids, {...known, gclid: "EAIaIQ"});
});

test("click ids have their platform's lifetime", async (t) => {
  const shop = await openShop(t);
  const page = await shop.visit("/?gclid=Cj0KCQ&ttclid=EC&epik=dj0");
  await page.evaluate(() => void window.edgetally("page_view"));
  await shop.arrived(1);
  await shop.settled(page);
  for (const [days, names] of /** @type {const} */ ([[29, "epik gclid ttclid"], [31, "epik gclid"], [91, "epik"], [366, ""]])) {
    const later = await shop.visit("/later");
    await later.evaluate((/** @type {number} */ by) => {
      const now = Date.now;
      Date.now = () => now() + by;
    }, days * DAY);
    await later.evaluate(() => void window.edgetally("search"));
    await shop.settled(later);
    assert.deepEqual(Object.keys(shop.events().at(-1).context.click_ids).sort().join(" "), names, `${days} days`);
    await later.close();
    // As it was: what has expired is forgotten.
    const again = await shop.visit("/?gclid=Cj0KCQ&ttclid=EC&epik=dj0");
    await again.evaluate(() => void window.edgetally("search"));
    await shop.settled(again);
    await again.close();
  }
});

test("the platforms' cookies, whole, and no others; the gateway reads Google Analytics' ids out of them", async (t) => {
  const shop = await openShop(t);
  const ours = {_ga: "GA1.1.1380133182.1764792191", _ga_ABC123: "GS2.1.s1760000001$o5$g1$t1760000100$j60$l0$h0", _gcl_aw: "GCL.1795300111.Cj0KCQ", _ttp: "abc", ttclid: "EC", _scid: "s", _rdt_uuid: "1.u", li_fat_id: "l", _twclid: "t", _uetvid: "v", _epik: "e"};
  await shop.context.addCookies(jar({...ours, unrelated: "secret", _token: "secret", cart_fbp: "secret"}));
  const page = await shop.visit();
  await page.evaluate(() => void window.edgetally("page_view"));
  const {_fbp, ...rest} = (await shop.arrived(1))[0].context.cookies;
  assert.deepEqual(rest, ours);
  assert.doesNotMatch(JSON.stringify(shop.events()), /secret/);
});

test("Meta's cookie: kept whole with its appendix while the click is the same, anew with another, and not made without one", async (t) => {
  const shop = await openShop(t);
  const fbc = "fb.1.1795182060000.IwAR1a.AQYBAQEA";
  await shop.context.addCookies(jar({_fbc: fbc, _fbp: "fb.1.1794870011223.1098115397.Bg"}));
  const page = await shop.visit("/?fbclid=IwAR1a");
  await page.evaluate(() => void window.edgetally("page_view"));
  await page.goto(`${shop.origin}/?fbclid=IwAR2b`);
  await page.evaluate(() => {
    window.edgetally("page_view");
    setTimeout(() => window.edgetally("search"), 20);
  });
  const [same, other, later] = (await shop.arrived(3)).map((event) => event.context.cookies);
  assert.equal(same._fbc, fbc);
  assert.equal(same._fbp, "fb.1.1794870011223.1098115397.Bg");
  assert.equal(FBC.exec(other._fbc)?.[1], "IwAR2b");
  assert.equal(later._fbc, other._fbc, "of the moment of the click");
  const plain = await openShop(t);
  await (await plain.visit()).evaluate(() => void window.edgetally("page_view"));
  assert.equal((await plain.arrived(1))[0].context.cookies._fbc, undefined);
});

test("a new visitor: parallel requests and later pages say the same, and one answer of a page is asked to set cookies", async (t) => {
  const shop = await openShop(t);
  const page = await shop.visit("/?fbclid=IwAR1a");
  await page.evaluate((/** @type {any} */ order) => {
    window.edgetally("page_view");
    window.edgetally("purchase", order);
    setTimeout(() => window.edgetally("view_item"), 30);
  }, {transaction_id: "1", value: 1, currency: "EUR"});
  const events = await shop.arrived(3);
  assert.equal(new Set(events.map(({context}) => JSON.stringify(context.cookies))).size, 1);
  const {cookies} = events[0].context;
  assert.match(cookies._fbp, /^fb\.1\.\d{13}\.\d+$/);
  assert.match(cookies._ga, /^GA1\.1\.\d+\.\d{10}$/);
  assert.deepEqual(shop.arrivals.map(({query}) => query.get("cookies")).sort(), ["1", null, null]);
  await shop.settled(page);
  // The gateway is asked again while the cookies are not there, and not when they are.
  await page.goto(`${shop.origin}/next`);
  await page.evaluate(() => void window.edgetally("page_view"));
  await shop.arrived(4);
  assert.deepEqual(shop.events()[3].context.cookies, cookies);
  assert.equal(shop.arrivals[3]?.query.get("cookies"), "1");
  await shop.settled(page);
  await shop.context.addCookies(jar(cookies));
  await page.goto(`${shop.origin}/third`);
  await page.evaluate(() => void window.edgetally("page_view"));
  await shop.arrived(5);
  assert.equal(shop.arrivals[4]?.query.get("cookies"), null);
});

test("a withdrawal takes back what the answer has set, the click ids' cookies too; where nothing was set, nothing is touched", async (t) => {
  // As the gateway sets them where it is asked, and what is not ours.
  const set = jar({_gcl_aw: "GCL.1795300111.Cj0KCQ", ttclid: "EC", _fbc: "fb.1.1795300111000.Iw", cart: "1"});
  const shop = await openShop(t);
  await shop.context.addCookies(set);
  const page = await shop.visit("/?gclid=Cj0KCQ");
  await page.evaluate(() => void window.edgetally("page_view"));
  await shop.arrived(1);
  await page.evaluate((/** @type {any} */ consent) => void window.edgetally("consent", consent), DENIED);
  await page.waitForFunction("!/_gcl_aw/.test(document.cookie)");
  assert.equal(await page.evaluate("document.cookie"), "cart=1");

  const other = await openShop(t, {granted: false});
  await other.context.addCookies(set);
  const denied = await other.visit("/?gclid=Cj0KCQ");
  const before = await denied.evaluate("document.cookie");
  await denied.evaluate((/** @type {any} */ consent) => {
    window.edgetally("consent", consent);
    window.edgetally("page_view");
  }, DENIED);
  await denied.waitForFunction("edgetally.status().dropped.denied == 1");
  assert.equal(await denied.evaluate("document.cookie"), before);
});

test("cookies are not asked for where the source does not want them", async (t) => {
  const shop = await openShop(t, {page: {cookies: false}});
  await (await shop.visit()).evaluate(() => void window.edgetally("page_view"));
  await shop.arrived(1);
  assert.equal(shop.arrivals[0]?.query.get("cookies"), null);
});

test("analytics alone: neither click ids nor cookies of advertising are sent or made", async (t) => {
  const shop = await openShop(t, {granted: false});
  await shop.context.addCookies(jar({_fbp: "fb.1.1794870011223.1098115397", _gcl_aw: "GCL.1795300111.Cj0KCQ", _ga: "GA1.1.1.2"}));
  const page = await shop.visit("/?gclid=Cj0KCQ&fbclid=IwAR1a");
  await page.evaluate((/** @type {any} */ consent) => {
    window.edgetally("consent", consent);
    window.edgetally("page_view");
  }, {...GRANTED, ad_storage: "denied", ad_user_data: "denied", ad_personalization: "denied"});
  const [{context}] = await shop.arrived(1);
  assert.deepEqual(context.cookies, {_ga: "GA1.1.1.2"});
  assert.deepEqual(context.click_ids, {});
});

test("what the page itself says of the visitor comes along: `set`, and fields of the event before it", async (t) => {
  const shop = await openShop(t);
  const page = await shop.visit();
  await page.evaluate(() => {
    window.edgetally("set", {user: {external_id: "cust-10482", email: "elena@example.com"}, release: "web-2026.11.3"});
    window.edgetally("search", {user: {email: "e.brandt@example.com"}, context: {client_id: "own-id"}});
  });
  const [event] = await shop.arrived(1);
  assert.deepEqual(event.user, {external_id: "cust-10482", email: "e.brandt@example.com"});
  assert.equal(event.release, "web-2026.11.3");
  assert.equal(event.context.client_id, "own-id");
});
