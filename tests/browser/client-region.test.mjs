// A source whose law is that of the visitor's region: what a page does while it does not know where its visitor is, and once the gateway has said.

import assert from "node:assert/strict";
import {test} from "node:test";
import {openShop as openGateway} from "../support/shop.mjs";
import {compose} from "../../worker/client/compose.mjs";
import {DENIED, GRANTED, KEY, ORDER, openShop, stored} from "./harness.mjs";

/** @typedef {import("./harness.mjs").Tab} Tab */
/** @typedef {Awaited<ReturnType<typeof openShop>>} Shop */

/** @param {Tab} page @param {string} event @param {any} [fields] */
const send = (page, event, fields = {}) => page.evaluate((/** @type {any} */ [name, given]) => void window.edgetally(name, given), [event, fields]);
/** @param {Tab} page @param {any} signals */
const say = (page, signals) => page.evaluate((/** @type {any} */ given) => void window.edgetally("consent", given), signals);
/** @param {Tab} page @returns {Promise<any>} */
const status = (page) => page.evaluate(() => window.edgetally.status());

/** The tab is switched away from. @param {Tab} page @param {boolean} [hidden] */
const hide = (page, hidden = true) =>
  page.evaluate((/** @type {boolean} */ now) => {
    Object.defineProperty(document, "hidden", {value: now, configurable: true});
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);

/** Waits until the page has asked. @param {Shop} shop @param {number} [n] */
async function asked(shop, n = 1) {
  for (const end = Date.now() + 10_000; shop.questions.length < n && Date.now() < end; ) await new Promise((done) => setTimeout(done, 20));
  assert.equal(shop.questions.length, n);
}

/**
 * A shop without a banner, of a source whose law is that of the region.
 * @param {import("node:test").TestContext} t
 * @param {import("./harness.mjs").Options} [more]
 */
const regional = (t, {page, ...more} = {}) => openShop(t, {granted: false, page: {by_region: true, hold_ms: 50, ...page}, ...more});

/**
 * The real worker behind it, reached from there.
 * @param {import("node:test").TestContext} t
 * @param {Shop} shop
 * @param {Record<string, string>} cf
 */
async function worker(t, shop, cf) {
  const gateway = await openGateway({
    cf,
    settings: (settings) => ({...settings, sources: {...settings["sources"], shop: {...settings["sources"].shop, consent: "by_region", origins: [shop.origin]}}}),
  });
  t.after(() => gateway.stop());
  shop.state.forward = gateway.worker.url;
  return gateway;
}

test("an American page without a banner, at the real worker: its events arrive, and it has asked once, of nobody and nothing", async (t) => {
  const shop = await regional(t);
  const gateway = await worker(t, shop, {country: "US", regionCode: "CA"});
  const page = await shop.visit("/thanks?order=118842");
  await send(page, "page_view");
  await send(page, "purchase", ORDER);
  const events = await shop.arrived(2);
  assert.deepEqual(events.map(({consent}) => consent), [{}, {}], "nobody has said anything");
  await shop.settled(page);
  assert.equal((await status(page)).sent, 2, "the gateway took them");
  for (const platform of ["meta", "webhook"]) await gateway.one(platform, "118842");
  gateway.tally.accepted += 2;
  const ledger = await gateway.settle();
  assert.deepEqual(ledger.intake.shop, {accepted: 2, received: 2}, "asking is no event");

  const [question] = shop.questions;
  assert.equal(shop.questions.length, 1);
  assert.equal(question?.method, "GET", "without a request for permission before it");
  assert.deepEqual([...(question?.query ?? [])], [["key", KEY]]);
  assert.deepEqual([question?.headers.cookie, question?.headers.referer, question?.headers.origin], [undefined, `${shop.origin}/`, shop.origin]);
});

test("the browser keeps the worker's answer: another page and another tab do not ask again", async (t) => {
  const shop = await regional(t);
  await worker(t, shop, {country: "US"});
  const page = await shop.visit();
  await send(page, "page_view");
  await shop.arrived(1);
  await shop.settled(page);
  await page.reload();
  await page.waitForFunction(() => window.edgetally.status().ready);
  await send(page, "page_view");
  await shop.arrived(2);
  await shop.settled(page);
  await send(await shop.visit("/other-tab"), "page_view");
  await shop.arrived(3);
  assert.equal(shop.questions.length, 1);
});

test("a German page, at the real worker: nothing leaves or is stored, and what was dropped is counted", async (t) => {
  const shop = await regional(t);
  const gateway = await worker(t, shop, {country: "DE", regionCode: "BE"});
  const page = await shop.visit("/?gclid=Cj0KCQ");
  const before = await stored(page);
  await send(page, "page_view");
  await send(page, "purchase", ORDER);
  await asked(shop);
  await page.waitForTimeout(100);
  assert.equal((await status(page)).waiting, 2);
  await hide(page);
  await shop.quiet();
  assert.deepEqual([(await status(page)).dropped, (await status(page)).waiting], [{undecided: 2}, 0]);
  await hide(page, false);
  await send(page, "search");
  await shop.quiet();
  await asked(shop);
  assert.equal(shop.arrivals.length, 0);
  assert.deepEqual(await stored(page), before);
  assert.deepEqual((await gateway.ledger()).intake, {});
  // An answer that is given counts here as anywhere.
  await say(page, GRANTED);
  assert.equal((await shop.arrived(1))[0].event, "search");
});

test("a page on the gateway's own host, which sends neither Origin nor Referer by itself, is answered by the real worker", async (t) => {
  const shop = await regional(t, {headers: {"referrer-policy": "no-referrer"}});
  await worker(t, shop, {country: "US"});
  shop.scripts["/edgetally.js"] = (await compose({key: KEY, url: shop.origin, by_region: true, consent: []}, {version: "0.2.0"})).code;
  const page = await shop.visit();
  await send(page, "page_view");
  await shop.arrived(1);
  assert.deepEqual([shop.questions[0]?.headers.origin, shop.questions[0]?.headers.referer], [undefined, `${shop.origin}/`]);
});

test("no answer is no permission: errors, a wrong one, none at all", async (t) => {
  for (const region of /** @type {const} */ ([403, 404, 429, 500, "hang", "reset", "required", "<html>"])) {
    const shop = await regional(t);
    // An error's body says `implied` here, which must not count.
    shop.state.region = /** @type {any} */ (region);
    if (region === "<html>") shop.state.pages["/v1/region"] = "<!doctype html>";
    const page = await shop.visit();
    await send(page, "purchase", ORDER);
    await asked(shop);
    await page.waitForTimeout(100);
    await send(page, "search");
    await hide(page);
    await shop.quiet();
    await asked(shop);
    assert.equal(shop.arrivals.length, 0, `${region}`);
    assert.deepEqual((await status(page)).dropped, {undecided: 2}, `${region}`);
    assert.deepEqual(await stored(page), {cookie: "", local: {}, session: {}}, `${region}`);
  }
});

test("offline: nothing leaves when the line is there again", async (t) => {
  const shop = await regional(t);
  shop.state.region = "implied";
  const page = await shop.visit();
  await shop.context.setOffline(true);
  await send(page, "page_view");
  await page.waitForTimeout(100);
  await shop.context.setOffline(false);
  await send(page, "search");
  await shop.quiet();
  assert.deepEqual([shop.arrivals.length, (await status(page)).waiting], [0, 2]);
});

test("a policy of the page that the gateway is not in: said once, and seen in the status", async (t) => {
  const shop = await regional(t, {headers: {"content-security-policy": "default-src 'self' 'unsafe-inline'; script-src GATEWAY 'unsafe-inline'"}});
  shop.state.region = "implied";
  /** @type {string[]} */
  const said = [];
  const page = await shop.visit();
  page.on("console", (message) => message.text().startsWith("edgetally") && said.push(message.text()));
  await send(page, "page_view");
  await page.waitForFunction(() => window.edgetally.status().csp);
  assert.deepEqual([said, (await status(page)).csp], [["edgetally blocked: connect-src"], "connect-src"]);
  assert.deepEqual([shop.questions.length, shop.arrivals.length], [0, 0]);
});

test("the answer comes late: what waited goes out; what was dropped meanwhile does not", async (t) => {
  const shop = await regional(t);
  shop.state.region = "hang";
  const page = await shop.visit();
  await send(page, "page_view");
  await asked(shop);
  await page.waitForTimeout(100);
  await hide(page);
  await shop.quiet();
  assert.deepEqual((await status(page)).dropped, {undecided: 1});
  await hide(page, false);
  await send(page, "purchase", ORDER);
  await shop.quiet();
  assert.equal(shop.arrivals.length, 0);
  for (const answer of shop.state.hanging) answer();
  assert.equal((await shop.arrived(1))[0].event, "purchase");
  await send(page, "search");
  await shop.arrived(2);
  await asked(shop);
});

test("nobody is asked where nothing waits, where a decision is there, and before the visitor has looked at the page", async (t) => {
  const shop = await regional(t);
  shop.state.region = "implied";
  const page = await shop.visit();
  await say(page, {analytics_storage: "granted"});
  await send(page, "page_view");
  await shop.arrived(1);
  const denied = await shop.visit();
  await say(denied, DENIED);
  await send(denied, "page_view");
  await shop.quiet();
  assert.deepEqual((await status(denied)).dropped, {denied: 1});
  shop.state.pages["/behind"] = shop.html().replace("<script>", "<script>Object.defineProperty(document, 'hidden', {value: true, configurable: true})</script><script>");
  const behind = await shop.visit("/behind");
  await send(behind, "page_view");
  await shop.quiet();
  assert.equal(shop.questions.length, 0);
  await hide(behind, false);
  await shop.arrived(2);
  await asked(shop);
});

/** A banner that speaks Google Consent Mode. */
const BANNER = "<script>window.dataLayer = []; function gtag() { dataLayer.push(arguments) } gtag('consent', 'default', {ad_storage: 'granted', analytics_storage: 'granted'})</script>";

test("a banner's word rules where the law is opt-out: its no, its yes, and while it waits", async (t) => {
  const shop = await regional(t, {page: {consent: ["consent_mode"], hold_ms: 600}, head: BANNER});
  shop.state.region = "implied";
  /** @param {any} answers */
  const answer = (answers) => `gtag("consent", "update", ${JSON.stringify(answers)})`;
  const no = await shop.visit();
  await send(no, "page_view");
  await asked(shop);
  await shop.quiet();
  assert.equal(shop.arrivals.length, 0, "it is asking, and is waited for");
  await no.evaluate(answer(DENIED));
  await no.waitForFunction(() => window.edgetally.status().dropped?.["denied"] === 1);
  assert.equal(shop.arrivals.length, 0);
  const yes = await shop.visit();
  await send(yes, "page_view");
  await yes.evaluate(answer(GRANTED));
  assert.deepEqual((await shop.arrived(1))[0].consent, GRANTED);
  const silent = await shop.visit();
  await send(silent, "page_view");
  assert.deepEqual((await shop.arrived(2))[1].consent, {}, "after that, the gateway judges");
});

test("a banner's word rules where an opt-in is needed: its yes is one, its silence is a no", async (t) => {
  const shop = await regional(t, {page: {consent: ["consent_mode"]}, head: BANNER});
  const page = await shop.visit();
  await send(page, "page_view");
  await asked(shop);
  await page.waitForTimeout(100);
  assert.equal(shop.arrivals.length, 0);
  await page.evaluate(`gtag("consent", "update", ${JSON.stringify(GRANTED)})`);
  await shop.arrived(1);
});

/** OneTrust without a banner, as where its rule for the region shows none. @param {string} groups */
const onetrust = (groups) => `<script>window.OnetrustActiveGroups = ",${groups},"; window.OneTrust = {IsAlertBoxClosed: () => false}</script>`;

test("a manager's own rules for the region count where the law is opt-out, before anything is sent; elsewhere they are no answer", async (t) => {
  for (const [region, groups, consent] of /** @type {const} */ ([
    ["implied", "C0001,C0002,C0004", GRANTED],
    ["implied", "C0001,C0002", {...DENIED, analytics_storage: "granted"}],
    ["implied", "C0001", undefined],
    ["required", "C0001,C0002,C0004", undefined],
  ])) {
    const shop = await regional(t, {page: {consent: ["onetrust"]}, head: onetrust(groups)});
    shop.state.region = "hang";
    const page = await shop.visit();
    await send(page, "page_view");
    await asked(shop);
    // Silence has lasted, and the manager's poll is a while away: it is read again because of the answer.
    await page.waitForTimeout(100);
    if (region === "implied") for (const answer of shop.state.hanging) answer();
    if (consent) assert.deepEqual((await shop.arrived(1))[0].consent, consent, groups);
    else await shop.quiet();
    assert.equal(shop.arrivals.length, consent ? 1 : 0, groups);
  }
});

test("Global Privacy Control goes along, and nothing is made up for such a visitor", async (t) => {
  const shop = await regional(t, {head: "<script>Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})</script>"});
  await worker(t, shop, {country: "US", regionCode: "CA"});
  const page = await shop.visit();
  await send(page, "page_view");
  const [event] = await shop.arrived(1);
  assert.deepEqual([event.consent, event.context.cookies], [{gpc: true}, {}]);
  assert.deepEqual((await stored(page)).local, {});
});

test("two tabs: one that knows nothing leaves alone what another has stored", async (t) => {
  const shop = await regional(t);
  shop.state.region = "implied";
  const one = await shop.visit();
  await send(one, "page_view");
  await shop.arrived(1);
  await shop.settled(one);
  const before = (await stored(one)).local;
  assert.ok(Object.keys(before).length > 0);
  shop.state.region = 500;
  const other = await shop.visit();
  await send(other, "page_view");
  await asked(shop, 2);
  await other.waitForTimeout(100);
  await hide(other);
  await shop.quiet();
  assert.deepEqual([(await status(other)).dropped, (await stored(one)).local], [{undecided: 1}, before]);
  await send(one, "search");
  await shop.arrived(2);
});

test("pixels are called once the gateway has said so", async (t) => {
  const shop = await regional(t, {page: {pixels: ["meta"]}, head: "<script>var calls = []; var fbq = (...call) => calls.push(call)</script>"});
  shop.state.region = "hang";
  const page = await shop.visit();
  await send(page, "purchase", ORDER);
  await asked(shop);
  await shop.quiet();
  assert.equal(await page.evaluate("calls.length"), 0);
  for (const answer of shop.state.hanging) answer();
  await shop.arrived(1);
  assert.equal(await page.evaluate("calls.length"), 1);
});

test("a script without settings learns of the region too, and a page that forgets to say `required` has to have a yes", async (t) => {
  const shop = await regional(t, {page: {key: undefined, url: undefined}});
  shop.state.region = "hang";
  const page = await shop.visit();
  await page.evaluate((/** @type {any} */ [key, url]) => void window.edgetally("init", {key, url, hold_ms: 50}), [KEY, shop.gateway]);
  await send(page, "page_view");
  await asked(shop);
  await shop.quiet();
  assert.equal(shop.arrivals.length, 0);
  for (const answer of shop.state.hanging) answer();
  await shop.arrived(1);
});

test("no other source's script is a byte longer for it, nor Shopify's", async () => {
  const page = {key: KEY, url: "https://events.shop.example", consent: ["consent_mode", "tcf", "gpp", "onetrust"], pixels: ["meta"], categories: {}};
  const plain = await compose({...page, required: true});
  assert.equal((await compose({...page, required: true, by_region: false})).code, plain.code);
  assert.doesNotMatch(plain.code, /region\?|looks/);
  const asking = await compose({...page, required: true, by_region: true});
  assert.match(asking.code, /region\?/);
  assert.equal((await compose({...page, required: false, by_region: true})).code, asking.code, "by region, an opt-in is needed until it is not");
  const pixel = /** @type {const} */ ({format: "shopify"});
  assert.equal((await compose({...page, by_region: true}, pixel)).code.length, (await compose(page, pixel)).code.length);
});
