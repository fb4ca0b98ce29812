// How events leave the page: once each, whatever happens to page, line and gateway.

import assert from "node:assert/strict";
import {test} from "node:test";
import {GRANTED, KEY, ORDER, openShop, stored} from "./harness.mjs";
import {compose} from "../../worker/client/compose.mjs";

/** @typedef {import("./harness.mjs").Tab} Tab */

/** @param {Tab} page @param {string} event @param {Record<string, any>} [fields] @returns {Promise<string>} */
const send = (page, event, fields = {}) => page.evaluate((/** @type {any} */ [name, given]) => /** @type {any} */ (window).edgetally(name, given), [event, fields]);
/** @param {Tab} page @returns {Promise<any>} */
const status = (page) => page.evaluate(() => window.edgetally.status());
const ids = (/** @type {any[]} */ events) => events.map((event) => event.event_id);

test("a purchase: its id is that of the order, at once, and the request needs no preflight", async (t) => {
  const shop = await openShop(t);
  const page = await shop.visit("/thanks");
  assert.equal(await send(page, "purchase", {...ORDER, transaction_id: " 118842 "}), "118842");
  const [event] = await shop.arrived(1);
  const [request] = shop.arrivals;
  assert.deepEqual(shop.arrivals.map(({method}) => method), ["POST"]);
  assert.match(request?.headers["content-type"] ?? "", /^text\/plain/);
  assert.equal(request?.query.get("key"), KEY);
  assert.equal(event.event_id, "118842");
  assert.equal(event.event_time, undefined, "the gateway's clock is the better one");
  assert.deepEqual(event.consent, GRANTED);
  assert.equal(event.context.page_url, `${shop.origin}/thanks`);
  assert.equal(event.context.page_title, "A shop");
  await shop.settled(page);
  assert.equal((await status(page)).sent, 1);
});

test("an id of the page's own, a number, and where there is none a UUID, also without TLS", async (t) => {
  const shop = await openShop(t, {host: "shop.example"});
  const page = await shop.visit();
  assert.equal(await page.evaluate(() => isSecureContext), false);
  assert.equal(await send(page, "generate_lead", {event_id: "lead-1"}), "lead-1");
  assert.equal(await send(page, "purchase", {...ORDER, transaction_id: 118843}), "118843");
  const random = await send(page, "add_to_cart");
  assert.match(random, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual(ids(await shop.arrived(3)).sort(), ["118843", "lead-1", random].sort());
});

test("events of one moment are one request, but a purchase is one of its own", async (t) => {
  const shop = await openShop(t);
  const page = await shop.visit();
  await page.evaluate((/** @type {any} */ order) => {
    for (let at = 0; at < 10; at++) window.edgetally("view_item", {properties: {at}});
    window.edgetally("purchase", order);
  }, ORDER);
  const events = await shop.arrived(11);
  assert.deepEqual(events.filter((event) => event.event === "view_item").map((event) => event.properties.at).sort((a, b) => a - b), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const purchases = shop.arrivals.filter((request) => request.events.some((event) => event.event === "purchase"));
  assert.deepEqual(purchases.map((request) => request.events.length), [1]);
});

test("offline, then online", async (t) => {
  const shop = await openShop(t);
  const page = await shop.visit();
  await shop.context.setOffline(true);
  const id = await send(page, "add_to_cart");
  await send(page, "purchase", ORDER);
  await shop.quiet();
  assert.equal(shop.arrivals.length, 0);
  assert.equal((await status(page)).outbox, 2);
  await shop.context.setOffline(false);
  assert.deepEqual(ids(await shop.arrived(2)).sort(), [id, "118842"].sort());
  await shop.settled(page);
});

test("an answer of 503 is asked again when it says so, one of 422 is not", async (t) => {
  const shop = await openShop(t);
  shop.state.answers.push(503, 202, 422);
  shop.state.headers["retry-after"] = "1";
  const page = await shop.visit();
  const id = await send(page, "add_to_cart");
  const events = await shop.arrived(2);
  assert.deepEqual(ids(events), [id, id]);
  const [first, second] = shop.arrivals;
  assert.ok((second?.at ?? 0) - (first?.at ?? 0) >= 990, "not before Retry-After");
  await shop.settled(page);
  await send(page, "search");
  await shop.arrived(3);
  await shop.settled(page);
  assert.deepEqual((await status(page)).refused, [422]);
});

/** Ends a tab's process without a word to the page. @param {import("playwright-core").BrowserContext} context @param {Tab} page */
async function kill(context, page) {
  const session = await context.newCDPSession(page);
  const crashed = page.waitForEvent("crash");
  session.send("Page.crash").catch(() => {});
  await crashed;
  await page.close();
}

test("a tab is killed while it sends: the next page sends it, once", async (t) => {
  const shop = await openShop(t);
  shop.state.answers.push("hang");
  const page = await shop.visit();
  await send(page, "purchase", ORDER);
  await shop.arrived(1);
  await kill(shop.context, page);
  const next = await shop.visit("/later");
  const events = await shop.arrived(2);
  assert.deepEqual(ids(events), ["118842", "118842"]);
  assert.match(events[1].context.page_url, /\/$/, "it happened where it happened");
  await shop.settled(next);
  await next.reload();
  await shop.quiet();
  await shop.arrived(2);
});

test("a tab is killed before anything could leave", async (t) => {
  const shop = await openShop(t);
  const page = await shop.visit();
  await shop.context.setOffline(true);
  const id = await send(page, "generate_lead");
  await kill(shop.context, page);
  await shop.context.setOffline(false);
  await shop.visit("/later");
  assert.deepEqual(ids(await shop.arrived(1)), [id]);
});

test("what waits when the page is left goes as a beacon, purchases first, and is told again, since a beacon proves nothing", async (t) => {
  const shop = await openShop(t);
  shop.state.answers.push(503, 503);
  shop.state.headers["retry-after"] = "60";
  const page = await shop.visit();
  const id = await send(page, "add_to_cart");
  await shop.arrived(1);
  await page.evaluate((/** @type {any} */ order) => window.edgetally("purchase", order), ORDER);
  await shop.quiet();
  assert.equal(shop.arrivals.length, 1, "Retry-After holds for all");
  await page.goto("about:blank");
  const events = await shop.arrived(3);
  assert.deepEqual(ids(events).slice(1), ["118842", id]);
  assert.equal(shop.arrivals.length, 2);
  shop.state.headers = {};
  shop.state.answers.length = 0;
  await shop.visit("/later");
  assert.deepEqual(ids(await shop.arrived(5)).slice(3).sort(), ["118842", id].sort());
});

test("a beacon that is refused", async (t) => {
  const shop = await openShop(t, {head: "<script>Navigator.prototype.sendBeacon = () => false</script>"});
  shop.state.answers.push(503);
  shop.state.headers["retry-after"] = "60";
  const page = await shop.visit();
  await send(page, "purchase", ORDER);
  await shop.arrived(1);
  await page.goto("about:blank");
  await shop.quiet();
  assert.equal(shop.arrivals.length, 1);
  await shop.visit("/later");
  assert.deepEqual(ids(await shop.arrived(2)), ["118842", "118842"]);
});

test("a strict policy: with a nonce the script runs, what is blocked is said once, and nothing is lost", async (t) => {
  const shop = await openShop(t, {client: "none", headers: {"content-security-policy": "script-src 'nonce-x' 'strict-dynamic'; connect-src 'self'"}});
  const page = await shop.context.newPage();
  /** @type {string[]} */
  const lines = [];
  page.on("console", (message) => lines.push(message.text()));
  shop.state.pages["/strict"] = `<!doctype html><script nonce="x">${shop.stub}</script><script nonce="x" async src="${shop.gateway}/edgetally.js"></script>`;
  await page.goto(`${shop.origin}/strict`);
  await page.waitForFunction(() => window.edgetally.status().version);
  await page.evaluate((/** @type {any} */ [granted, order]) => {
    window.edgetally("consent", granted);
    window.edgetally("purchase", order);
  }, [GRANTED, ORDER]);
  await page.waitForFunction(() => window.edgetally.status().csp);
  await page.evaluate(() => void window.edgetally("search"));
  await shop.quiet();
  assert.deepEqual(lines.filter((line) => line.startsWith("edgetally")), ["edgetally blocked by connect-src"]);
  assert.equal((await status(/** @type {Tab} */ (page))).csp, "connect-src");
  assert.equal(shop.arrivals.length, 0);
  // The next page has another policy.
  shop.state.pages["/loose"] = `<!doctype html><script nonce="x">${shop.stub}</script><script nonce="x" async src="${shop.gateway}/edgetally.js"></script><script nonce="x">edgetally("consent", ${JSON.stringify(GRANTED)})</script>`;
  shop.state.policy["content-security-policy"] = "script-src 'nonce-x'; connect-src GATEWAY";
  await page.goto(`${shop.origin}/loose`);
  assert.equal((await shop.arrived(2)).filter((event) => event.event === "purchase").length, 1);
});

test("storage is closed: in a frame without an origin, where cookies, localStorage and locks throw", async (t) => {
  const shop = await openShop(t, {client: "none"});
  shop.state.pages["/frame"] = `<!doctype html><script>${shop.stub}edgetally("consent", ${JSON.stringify(GRANTED)});edgetally("purchase", ${JSON.stringify(ORDER)})</script><script src="${shop.gateway}/edgetally.js"></script><script>edgetally("search")</script>`;
  shop.state.pages["/"] = '<!doctype html><iframe sandbox="allow-scripts" src="/frame"></iframe>';
  await shop.visit();
  const events = await shop.arrived(2);
  assert.deepEqual(events.map((event) => event.event).sort(), ["purchase", "search"]);
});

test("two tabs: each event once; one that lives keeps its own, of one that is gone another takes them over", async (t) => {
  const shop = await openShop(t);
  shop.state.headers["retry-after"] = "2";
  const [one, two] = [await shop.visit(), await shop.visit()];
  await send(one, "search");
  await send(two, "search");
  await shop.arrived(2);
  await shop.settled(one);
  shop.state.answers.push(503);
  const id = await send(one, "generate_lead");
  await shop.arrived(3);
  const three = await shop.visit();
  await shop.quiet();
  await shop.arrived(3);
  assert.equal((await status(three)).outbox, 0);
  await shop.arrived(4);
  assert.deepEqual(ids(shop.events()).slice(2), [id, id]);
  await shop.settled(one);
  shop.state.answers.push("hang");
  const last = await send(two, "generate_lead");
  await shop.arrived(5);
  await kill(shop.context, two);
  await Promise.all([one.reload(), three.reload()]);
  assert.deepEqual(ids(await shop.arrived(6)).slice(4), [last, last]);
});

test("five events of 30 KiB at once", async (t) => {
  const shop = await openShop(t);
  const page = await shop.visit();
  await page.evaluate(() => {
    for (let at = 0; at < 5; at++) window.edgetally("view_item", {properties: {at, text: "x".repeat(30 * 1024)}});
  });
  const events = await shop.arrived(5);
  assert.deepEqual(events.map((event) => event.properties.at).sort(), [0, 1, 2, 3, 4]);
  await shop.settled(page);
});

test("three instances, of which one holds nearly all that a page may have under way: thirty events once each", async (t) => {
  const shop = await openShop(t, {client: "none"});
  for (const name of ["one", "two", "three"]) {
    shop.scripts[`/${name}.js`] = (await compose({key: `pk_${name}`, url: shop.gateway, required: true, name}, {})).code;
  }
  const tags = ["one", "two", "three"].map((name) => `<script src="${shop.gateway}/${name}.js"></script>`);
  shop.state.pages["/"] = `<!doctype html>${tags.join("")}`;
  const page = await shop.visit();
  await page.evaluate((/** @type {any} */ [gateway, granted]) => {
    fetch(`${gateway}/other`, {method: "POST", body: "x".repeat(60_000), keepalive: true, mode: "no-cors"});
    for (const name of ["one", "two", "three"]) {
      window[name]("consent", granted);
      for (let at = 0; at < 10; at++) window[name]("view_item", {properties: {at, name, text: "x".repeat(1000)}});
    }
  }, [shop.gateway, GRANTED]);
  const events = await shop.arrived(30);
  assert.equal(new Set(ids(events)).size, 30);
  assert.equal(await page.evaluate(() => ["one", "two", "three"].reduce((sum, name) => sum + window[name].status().outbox, 0)), 0);
  for (const end of shop.state.hanging) end();
});

test("a clock that is wrong by a day, either way: no time is told where none is needed, and else the right one", async (t) => {
  for (const days of [1, -1]) {
    const shop = await openShop(t, {
      head: `<script>
        var shift = 0;
        {
          const [date, tick] = [Date.now, performance.now.bind(performance)];
          Date.now = () => date() + ${days * 86_400_000} + shift;
          performance.now = () => tick() + shift;
        }
      </script>`,
    });
    const page = await shop.visit();
    await send(page, "search");
    const [first] = await shop.arrived(1);
    assert.equal(first.event_time, undefined);
    await shop.settled(page);
    await shop.context.setOffline(true);
    const happened = Date.now();
    await send(page, "generate_lead");
    // An hour later.
    shop.state.ahead = 3_600_000;
    await page.evaluate(() => void (window["shift"] = 3_600_000));
    await shop.context.setOffline(false);
    const [, second] = await shop.arrived(2);
    assert.ok(Math.abs(second.event_time - happened) < 3000, `${second.event_time - happened} ms off`);
  }
});

test("calls before the script is there keep their order, id, place and moment", async (t) => {
  const shop = await openShop(t, {client: "none"});
  const page = await shop.visit("/first");
  const id = await page.evaluate(() => {
    const id = window.edgetally("add_to_cart");
    history.pushState({}, "", "/second");
    window.edgetally("purchase", {transaction_id: "118842", value: 1, currency: "EUR"});
    return id;
  });
  assert.equal((await status(page)).waiting, 3, "with the consent");
  await page.addScriptTag({url: `${shop.gateway}/edgetally.js`});
  const events = await shop.arrived(2);
  const byName = Object.fromEntries(events.map((event) => [event.event, event]));
  assert.equal(byName["add_to_cart"].event_id, id);
  assert.match(byName["add_to_cart"].context.page_url, /first$/);
  assert.match(byName["purchase"].context.page_url, /second$/);
  assert.equal(byName["purchase"].event_id, "118842");
});

test("a script without settings waits for init, and after half a minute says so once", async (t) => {
  const shop = await openShop(t, {client: "none"});
  shop.scripts["/bare.js"] = (await compose({}, {version: "0.2.0"})).code;
  const page = await shop.visit();
  /** @type {string[]} */
  const lines = [];
  page.on("console", (message) => lines.push(message.text()));
  await page.clock.install();
  await page.addScriptTag({url: `${shop.gateway}/bare.js`});
  await send(page, "search", {properties: {at: 1}});
  await send(page, "search", {properties: {at: 2}});
  await page.clock.runFor(40_000);
  assert.deepEqual(lines, ['edgetally: 2 events wait for edgetally("init", {key, url})']);
  const {ready, waiting} = await status(page);
  assert.deepEqual([ready, waiting], [false, 2]);
  await page.evaluate((/** @type {any} */ [key, url]) => window.edgetally("init", {key, url}), [KEY, shop.gateway]);
  assert.deepEqual((await shop.arrived(2)).map((event) => event.properties.at), [1, 2]);
});

test("the stub alone: the script is blocked, and nothing of the page breaks", async (t) => {
  const shop = await openShop(t, {client: "none"});
  const page = await shop.visit();
  const said = await page.evaluate(() => {
    const {edgetally} = window;
    return [
      edgetally("purchase", {transaction_id: 118842}),
      edgetally("lead", {event_id: " a "}),
      typeof edgetally("search"),
      edgetally.status().ready,
      edgetally.status().waiting,
      /** @type {any} */ (edgetally).anything,
    ];
  });
  assert.deepEqual(said, ["118842", "a", "string", false, 4, undefined]);
});

test("the script twice, and as a module: one request for each event, listeners once", async (t) => {
  const shop = await openShop(t);
  shop.scripts["/module.js"] = (await compose({key: KEY, url: shop.gateway, required: true}, {format: "esm"})).code;
  const page = await shop.visit();
  await page.addScriptTag({url: `${shop.gateway}/edgetally.js`});
  const same = await page.evaluate(`import("${shop.gateway}/module.js").then((module) => module.default === window.edgetally)`);
  assert.equal(same, true);
  await send(page, "search");
  await shop.arrived(1);
  assert.equal(shop.arrivals.length, 1);
});

test("a double click is one event; two clicks are two", async (t) => {
  const shop = await openShop(t);
  shop.state.pages["/"] = shop.html(`<button onclick="edgetally('add_to_cart')">Buy</button>`);
  const page = await shop.visit();
  await page.dblclick("button");
  await shop.arrived(1);
  await page.click("button");
  await page.click("button");
  await shop.arrived(3);
});

test("a thank-you page that is looked at again, in the same tab and in another, reports nothing again", async (t) => {
  const shop = await openShop(t);
  shop.state.pages["/thanks"] = shop.html(`<script>edgetally("purchase", ${JSON.stringify(ORDER)})</script>`);
  const page = await shop.visit("/thanks");
  await shop.arrived(1);
  await shop.settled(page);
  await page.evaluate((/** @type {any} */ order) => window.edgetally("purchase", order), ORDER);
  await page.reload();
  await page.waitForFunction(() => window.edgetally.status().dropped?.repeated);
  const other = await shop.visit("/thanks");
  await shop.quiet();
  assert.equal((await shop.arrived(1)).length, 1);
  assert.deepEqual((await status(other)).dropped, {repeated: 1});
  assert.equal(JSON.stringify(await stored(other)).includes("129.9"), false, "the order itself is kept nowhere");
});

test("what cannot be written is dropped, and counted; the page goes on", async (t) => {
  const shop = await openShop(t);
  const page = await shop.visit();
  const id = await page.evaluate(() => {
    /** @type {any} */
    const round = {};
    round.self = round;
    return window.edgetally("search", {properties: round});
  });
  assert.equal(typeof id, "string");
  assert.deepEqual((await status(page)).dropped, {unreadable: 1});
});

test("an object that the page changes later is sent as it was", async (t) => {
  const shop = await openShop(t);
  const page = await shop.visit();
  await page.evaluate(() => {
    const fields = {properties: {step: 1}};
    window.edgetally("search", fields);
    fields.properties.step = 2;
    window.edgetally("search", fields);
  });
  assert.deepEqual((await shop.arrived(2)).map((event) => event.properties.step), [1, 2]);
});

test("a hundred and twenty events of one moment, with three purchases: four requests and a few, and all arrive", async (t) => {
  const shop = await openShop(t);
  const page = await shop.visit();
  await page.evaluate(() => {
    for (let at = 0; at < 120; at++) window.edgetally(at % 40 ? "view_item" : "purchase", {event_id: `at-${at}`, value: 1, currency: "EUR"});
  });
  const events = await shop.arrived(120);
  assert.equal(new Set(ids(events)).size, 120);
  assert.ok(shop.arrivals.length <= 20, `${shop.arrivals.length} requests`);
  await shop.settled(page);
  assert.deepEqual((await status(page)).dropped, {});
});

test("an outage of two rounds is over after a few seconds, however many requests each had", async (t) => {
  const shop = await openShop(t);
  shop.state.answers.push(...Array(8).fill(500));
  const page = await shop.visit();
  const begun = Date.now();
  await page.evaluate(() => {
    for (let at = 0; at < 4; at++) window.edgetally("purchase", {event_id: `at-${at}`, value: 1, currency: "EUR"});
  });
  await shop.arrived(12);
  await shop.settled(page);
  assert.ok(Date.now() - begun < 5000);
});

test("the gateway may stand in a folder of the shop's own site", async (t) => {
  const shop = await openShop(t, {client: "none"});
  for (const url of ["collect", "collect/"]) {
    shop.scripts["/bare.js"] = (await compose({}, {})).code;
    const page = await shop.visit();
    await page.addScriptTag({url: `${shop.gateway}/bare.js`});
    const asked = page.waitForRequest(/v1\/events/);
    await page.evaluate((/** @type {any} */ [granted, key, at]) => {
      window.edgetally("consent", granted);
      window.edgetally("init", {key, url: at});
      window.edgetally("search");
    }, [GRANTED, KEY, `${shop.origin}/${url}`]);
    assert.equal(new URL((await asked).url()).pathname, "/collect/v1/events");
  }
});

test("the outbox has limits: fifty events, purchases last to go", async (t) => {
  const shop = await openShop(t);
  const page = await shop.visit();
  await shop.context.setOffline(true);
  await send(page, "purchase", ORDER);
  for (let at = 0; at < 60; at++) await send(page, "search", {properties: {at}});
  const {outbox, waiting, dropped} = await status(page);
  assert.deepEqual([outbox + waiting, dropped], [50, {full: 11}]);
  await shop.context.setOffline(false);
  const events = await shop.arrived(50);
  assert.ok(ids(events).includes("118842"));
});
