// The demo's shop in a real browser, as a person clicks through it: each order leaves twice, from the page and from the shop's
// server, and what became of both is in the ledger, at the stand-in platforms, and in the words of the live view.

import assert from "node:assert/strict";
import {createHash} from "node:crypto";
import {after, before, describe, test} from "node:test";
import {Edge} from "../../demo/play.mjs";
import {DESTINATIONS, OBJECTS, QUEUE, SECRETS, STOREFRONT, settings} from "../../demo/settings.mjs";
import {prepareStorefront} from "../../demo/storefront/start.mjs";
import {startWorker} from "../../npm/src/runtime.mjs";
import {startTwin} from "../../twin/server.mjs";
import {waitFor} from "../support/shop.mjs";
import {browser} from "./harness.mjs";

/** Headless browsers call themselves so, and platforms want no machines. */
const PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36";

/** @type {Awaited<ReturnType<typeof startTwin>>} */
let twin;
/** @type {Awaited<ReturnType<typeof prepareStorefront>>} */
let shop;
/** @type {Awaited<ReturnType<typeof startWorker>>} */
let worker;
/** @type {Edge} */
let edge;

before(async () => {
  twin = await startTwin({port: 0});
  shop = await prepareStorefront({twin, later: 1500});
  worker = await startWorker({settings: settings(twin.url, shop.url), queue: QUEUE, objects: OBJECTS, ...shop.gateway, secrets: {...SECRETS, ...shop.gateway.secrets}});
  edge = new Edge(worker.url);
  shop.open(worker.url, edge.ask.bind(edge));
});

after(async () => {
  edge?.close();
  await worker?.dispose();
  await shop?.close();
  await twin?.close();
});

/** A visitor of the shop, with the live view beside. */
async function visit() {
  const context = await (await browser()).newContext({viewport: {width: 1440, height: 900}, userAgent: PERSON});
  const page = await context.newPage();
  /** What the page tells the gateway. @type {string[]} */
  const sent = [];
  /** @type {string[]} */
  const errors = [];
  page.on("request", (request) => {
    if (request.url().startsWith(`${worker.url.origin}/v1/events`)) sent.push(request.postData() ?? "");
  });
  // The live view asks once a second, and bears a gateway that is busy.
  page.on("console", (message) => message.type() === "error" && !message.location().url.startsWith(shop.live.url) && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(shop.url);
  const [front, live] = [page.frameLocator("#shop"), page.frameLocator("#live")];
  await front.getByRole("heading", {name: "Things for the house"}).waitFor();
  return {
    context, front, live, sent, errors,
    /** @param {string} name */
    answer: (name) => front.getByRole("button", {name}).click(),
    /** Buys one, and gives the order's number. @param {RegExp} goods */
    async buy(goods) {
      await front.getByRole("link", {name: "Goods", exact: true}).click();
      await front.getByRole("link", {name: goods}).click();
      await front.getByRole("button", {name: "Add to cart"}).click();
      await front.getByRole("link", {name: "To the checkout"}).click();
      assert.equal(await front.getByLabel("E-mail").inputValue(), "Elena.Brandt@mail.example");
      await front.getByLabel("Telephone").fill("0151 23456789");
      await front.getByRole("button", {name: "Place the order"}).click();
      await front.getByRole("heading", {name: "Thank you"}).waitFor();
      return front.locator("main strong").innerText();
    },
    /** What the live view shows of an event. @param {string} id */
    row: (id) => live.locator("#events > li").filter({has: live.locator(".id").getByText(id, {exact: true})}),
  };
}

/**
 * What became of an event's copies at each destination, once so many were worked off and nothing is on its way.
 * @param {string} id
 * @param {number} copies
 */
async function story(id, copies) {
  return waitFor(`${copies} copies of ${id}`, async () => {
    const entry = /** @type {{scheduled: (event: {cron: string}) => Promise<unknown>}} */ (/** @type {unknown} */ (await worker.mf.getWorker()));
    await entry.scheduled({cron: "*/10 * * * *"});
    const {events} = await edge.ask(`/v1/recent?event_id=${id}`);
    // Which of the two copies came later, and so is the duplicate, is chance.
    const final = (/** @type {string} */ name) => events.map((/** @type {any} */ {what}) => what[name]?.replace(/^duplicate:(page|server)$/, "duplicate")).filter((/** @type {string} */ state) => state && !/^(processing|retrying)/.test(state)).sort();
    /** @type {Record<string, string[]>} */
    const states = Object.fromEntries(DESTINATIONS.map(({name}) => [name, final(name)]));
    return Object.values(states).every(({length}) => length === copies) ? states : undefined;
  });
}

/** How many times each platform got an event. @param {string} id */
const arrivals = (id) => Object.fromEntries(DESTINATIONS.map(({name, platform}) => [name, twin.received({platform, event_id: id}).total]));

/** The same for every destination. @template T @param {T} value @returns {Record<string, T>} */
const everywhere = (value) => Object.fromEntries(DESTINATIONS.map(({name}) => [name, value]));

/** How the visitor's no is told, as the gateway tells it. @param {string} ads @param {string} analytics */
const closed = (ads, analytics) => ({...everywhere([`blocked:${ads}`]), ga4: [`blocked:${analytics}`]});

describe("the shop to click through", {timeout: 180_000}, () => {
  test("accepted: page and server tell of the order, and every platform has it once; then refused: nobody hears of it", async () => {
    const visitor = await visit();
    await visitor.answer("Accept all");
    const first = await visitor.buy(/Desk lamp/);
    assert.deepEqual(await story(first, 2), everywhere(["delivered", "duplicate"]));
    assert.deepEqual(arrivals(first), everywhere(1));
    const [order] = twin.received({platform: "webhook", event_id: first}).events;
    assert.equal(order?.event.transaction_id, first);
    const [meta] = twin.received({platform: "meta", event_id: first}).events;
    const digest = createHash("sha256").update("elena.brandt@mail.example").digest("hex");
    assert.deepEqual([meta?.event.user_data.em, meta?.event.event_source_url], [[digest], `${shop.url}/shop/thanks`]);
    assert.match(meta?.event.user_data.fbc, /^fb\.1\.\d{13}\.IwExampleExampleExample$/, "the click that brought the visitor");
    const row = visitor.row(first);
    await row.getByText("page + server, counted once").waitFor();
    await waitFor("Google Ads' verdict in the live view", async () => (await row.locator(".chip.good").count()) === DESTINATIONS.length);

    // The same visitor thinks again.
    await visitor.front.getByRole("button", {name: "Cookie settings"}).click();
    await visitor.answer("Refuse");
    const before = visitor.sent.length;
    const second = await visitor.buy(/Wall clock/);
    await visitor.front.getByText("You refused, so this page tells nobody.").waitFor();
    assert.deepEqual(await story(second, 1), closed("ad_user_data_denied", "analytics_storage_denied"));
    assert.deepEqual(arrivals(second), everywhere(0));
    assert.deepEqual(visitor.sent.slice(before), [], "the page tells nothing");
    const refused = visitor.row(second);
    await refused.getByText("server · consent says no everywhere").waitFor();
    await refused.locator("summary").first().click();
    await refused.getByText("nothing was sent").first().waitFor();
    const words = await refused.locator(".more table").last().locator("tbody tr").allInnerTexts();
    assert.equal(words.length, DESTINATIONS.length);
    for (const text of words) assert.match(text, text.includes("GA4") ? /The visitor said no to analytics\./ : /The visitor said no to their data being sent for advertising\./);
    for (const text of words) assert.match(text, /nothing was sent/);

    const book = await edge.ask("/v1/ledger?source=storefront&event=purchase");
    for (const {destination, accepted, delivered, duplicate, blocked} of book.balances) {
      assert.deepEqual({destination, accepted, delivered, duplicate, blocked}, {destination, accepted: 3, delivered: 1, duplicate: 1, blocked: 1});
    }
    assert.equal(book.balances.length, DESTINATIONS.length);
    assert.equal(book.remainder, 0);
    assert.deepEqual(twin.stats().violations, []);
    assert.deepEqual(visitor.errors, []);
    await visitor.context.close();
  });

  test("a page that is left sends its copy again under the same id: the live view says so, and that it counts once, or that nothing does", async () => {
    const visitor = await visit();
    const {origin} = new URL(shop.url);
    for (const [id, times, consent] of /** @type {const} */ ([["left-1", 4, "granted"], ["left-2", 2, "denied"], ["left-3", 1, "granted"]])) {
      const copy = {event: "page_view", event_id: id, context: {page_url: `${origin}/shop/`, client_id: "1380133182.1764792191"}, consent: Object.fromEntries(["ad_storage", "ad_user_data", "ad_personalization", "analytics_storage"].map((name) => [name, consent]))};
      for (let time = 0; time < times; time++) {
        const reply = await fetch(new URL(`/v1/events?key=${STOREFRONT.key}`, worker.url), {method: "POST", headers: {origin, "content-type": "text/plain", "user-agent": PERSON}, body: JSON.stringify(copy)});
        assert.equal(reply.status, 202);
      }
    }
    const row = visitor.row("left-1");
    await row.getByText("page (sent again 3×), counted once", {exact: true}).waitFor();
    await row.locator("summary").first().click();
    assert.deepEqual(await row.locator(".more table").first().locator("tbody tr td:nth-child(2)").allInnerTexts(), ["page", "page, again", "page, again", "page, again"]);
    await row.getByText("so it is recognised and not counted again.").waitFor();
    await visitor.row("left-2").getByText("page (sent again) · consent says no everywhere").waitFor();
    assert.doesNotMatch(await visitor.row("left-2").innerText(), /counted\sonce/, "it counts nowhere");
    const single = visitor.row("left-3");
    await single.getByText(/ · page$/).waitFor();
    await single.locator("summary").first().click();
    assert.doesNotMatch(await single.innerText(), /again/);
    await visitor.context.close();
  });

  test("statistics alone: the order is counted, and no platform that advertises hears of it", async () => {
    const visitor = await visit();
    await visitor.answer("Choose");
    await visitor.front.getByLabel("Statistics").check();
    await visitor.answer("Save my choice");
    const id = await visitor.buy(/Oak stool/);
    const blocked = ["blocked:ad_user_data_denied", "blocked:ad_user_data_denied"];
    assert.deepEqual(await story(id, 2), {...everywhere(blocked), ga4: ["delivered", "duplicate"]});
    assert.deepEqual(arrivals(id), {...everywhere(0), ga4: 1});
    await visitor.row(id).getByText(`consent says no at ${DESTINATIONS.length - 1} of ${DESTINATIONS.length}`).waitFor();
    assert.deepEqual(visitor.errors, []);
    await visitor.context.close();
  });

  test("no answer: the page waits and the server's copy is blocked; a yes on the thank-you page lets the page's copy go", async () => {
    const visitor = await visit();
    const id = await visitor.buy(/Glass carafe/);
    await visitor.front.getByText("You have not answered the banner.").waitFor();
    assert.deepEqual(await story(id, 1), closed("ad_user_data_missing", "analytics_storage_missing"));
    assert.deepEqual(visitor.sent, [], "the page tells nothing");
    await visitor.answer("Accept all");
    const states = await story(id, 2);
    assert.deepEqual([states.meta, states.ga4], [["blocked:ad_user_data_missing", "delivered"], ["blocked:analytics_storage_missing", "delivered"]]);
    assert.deepEqual(arrivals(id), everywhere(1));
    await visitor.row(id).getByText("page + server, counted once").waitFor();
    assert.deepEqual(visitor.errors, []);
    await visitor.context.close();
  });

  test("a new visitor is one: nothing of the last is left in the browser", async () => {
    const visitor = await visit();
    await visitor.answer("Accept all");
    await visitor.buy(/Bread board/);
    await visitor.context.pages()[0]?.getByRole("button", {name: "New visitor"}).click();
    await visitor.front.getByRole("button", {name: "Accept all"}).waitFor();
    const left = (await visitor.context.cookies()).filter(({name, value}) => value && !/^demo_(order|session)$/.test(name)).map(({name}) => name);
    assert.deepEqual(left, []);
    const stored = await visitor.front.locator("body").evaluate("Object.keys(localStorage)");
    assert.deepEqual(stored, []);
    await visitor.context.close();
  });

  test("what is no order is told, and strangers are turned away", async () => {
    const post = (/** @type {string} */ path, /** @type {Record<string, string>} */ fields, /** @type {Record<string, string>} */ headers = {}) =>
      fetch(`${shop.url}${path}`, {method: "POST", redirect: "manual", body: new URLSearchParams(fields), headers: {origin: shop.url, cookie: "demo_cart=SKU-44:1", ...headers}});
    const refused = await post("/shop/order", {email: "<b>nobody", phone: "12"});
    const text = await refused.text();
    assert.equal(refused.status, 422);
    assert.match(text, /That is no e-mail address\./);
    assert.match(text, /That is no telephone number\./);
    assert.ok(!text.includes("<b>nobody"), "what was typed is no markup");
    assert.equal((await post("/shop/order", {email: "a@mail.example"}, {origin: "https://copycat.example"})).status, 403);
    assert.equal((await post("/shop/cart", {item_id: "SKU-44", quantity: "-1"})).status, 400);
    assert.equal((await post("/shop/order", {email: "a@mail.example"}, {cookie: "demo_cart=SKU-1:4"})).headers.get("location"), "/shop/cart");
    // Somebody else's thank-you page is nobody's.
    assert.equal((await fetch(`${shop.url}/shop/thanks`, {redirect: "manual"})).headers.get("location"), "/shop/");
  });

  test("every page fits the smallest telephone and the widest screen", async () => {
    for (const width of [320, 768, 1440]) {
      const context = await (await browser()).newContext({viewport: {width, height: 700}});
      const page = await context.newPage();
      await context.addCookies([{name: "demo_cart", value: "SKU-44:9.SKU-12:9", url: shop.url}]);
      for (const path of ["/", "/shop/", "/shop/SKU-44", "/shop/cart", "/shop/checkout", "/shop/nothing"]) {
        await page.goto(`${shop.url}${path}`);
        assert.equal(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0, `${path} at ${width}: nothing sticks out`);
        assert.equal(await page.evaluate('[...document.querySelectorAll("input:not([type=hidden])")].filter((input) => !input.labels.length).length'), 0, `${path}: every field has its label`);
      }
      await context.close();
    }
  });
});
