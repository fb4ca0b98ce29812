// A page's life: addresses that change without a load, pages that are put aside and taken out again, fetched ahead, opened behind.

import assert from "node:assert/strict";
import {test} from "node:test";
import {openShop} from "./harness.mjs";

const paths = (/** @type {any[]} */ events) => events.map((event) => [event.event, new URL(event.context.page_url).pathname + new URL(event.context.page_url).search]);

test("a shop of a single page: each event has the address and the referrer of its moment", async (t) => {
  const shop = await openShop(t);
  const page = await shop.visit("/first?utm_source=mail");
  await page.evaluate(() => {
    window.edgetally("page_view");
    history.pushState({}, "", "/second");
    window.edgetally("page_view");
    history.pushState({}, "", "/third");
    window.edgetally("search");
  });
  const events = await shop.arrived(3);
  assert.deepEqual(paths(events), [["page_view", "/first?utm_source=mail"], ["page_view", "/second"], ["search", "/third"]]);
  assert.deepEqual(events.map((event) => event.context.referrer.replace(shop.origin, "")), ["", "/first?utm_source=mail", "/second"]);
});

test("page views by themselves: one for each path and query, none for the same, for a fragment, or for what another script does to history", async (t) => {
  const shop = await openShop(t, {page: {page_views: true}, head: "<script>{const own = history.pushState; history.pushState = function (...given) { return own.apply(this, given); };}</script>"});
  const page = await shop.visit("/first");
  await shop.arrived(1);
  await page.evaluate(() => {
    history.replaceState({}, "", "/first");
    history.replaceState({framework: true}, "", "/first#top");
    history.pushState({}, "", "/second?page=1");
    location.hash = "below";
  });
  await shop.arrived(2);
  await page.evaluate(() => history.go(-2));
  const events = await shop.arrived(3);
  assert.deepEqual(paths(events).map(([, path]) => path), ["/first", "/second?page=1", "/first"]);
  assert.equal(new Set(events.map((event) => event.event_id)).size, 3);
});

test("the back/forward cache: a page that comes back is viewed again, where it had told of its view, and its listeners are there once", async (t) => {
  for (const viewed of [true, false]) {
    const shop = await openShop(t);
    const page = await shop.visit("/first");
    if (viewed) await page.evaluate(() => void window.edgetally("page_view"));
    await page.evaluate(() => {
      window.edgetally("search");
      addEventListener("pageshow", (event) => {
        window["restored"] = event.persisted;
      });
    });
    await shop.arrived(viewed ? 2 : 1);
    await shop.settled(page);
    shop.state.pages["/second"] = "<!doctype html><title>Elsewhere</title>";
    await page.goto(`${shop.origin}/second`);
    await page.evaluate(() => history.back());
    await page.waitForFunction(() => window["restored"]);
    const events = await shop.arrived(viewed ? 3 : 1);
    if (viewed) assert.deepEqual(paths(events)[2], ["page_view", "/first"]);
    await page.evaluate(() => void window.edgetally("add_to_cart"));
    await shop.arrived(viewed ? 4 : 2);
  }
});

test("the back/forward cache: what waited when the page was left is sent by whoever is there, once", async (t) => {
  const shop = await openShop(t, {head: "<script>Navigator.prototype.sendBeacon = () => false; addEventListener('pageshow', (event) => { window.restored = event.persisted; })</script>"});
  shop.state.answers.push(503);
  shop.state.headers["retry-after"] = "60";
  const page = await shop.visit("/first");
  await page.evaluate(() => void window.edgetally("generate_lead"));
  await shop.arrived(1);
  shop.state.headers = {};
  await page.goto(`${shop.origin}/second`);
  await shop.arrived(2);
  await page.evaluate(() => history.back());
  await page.waitForFunction(() => window["restored"]);
  await shop.quiet();
  await shop.arrived(2);
  assert.equal(await page.evaluate(() => window.edgetally.status().outbox), 0);
});

test("fetched ahead: nothing is sent before the visitor has come", async (t) => {
  const shop = await openShop(t, {head: "<script>document.prerendering = true; Object.defineProperty(document, 'prerendering', {configurable: true, writable: true, value: true})</script>"});
  const page = await shop.visit();
  await page.evaluate(() => void window.edgetally("page_view"));
  await shop.quiet();
  assert.equal(shop.arrivals.length, 0);
  await page.evaluate(() => {
    Object.defineProperty(document, "prerendering", {value: false});
    document.dispatchEvent(new Event("prerenderingchange"));
  });
  await shop.arrived(1);
});

test("opened behind another tab: nothing is sent before it was looked at, and from then on behind as well", async (t) => {
  const shop = await openShop(t, {head: "<script>window.visibility = 'hidden'; Object.defineProperty(document, 'visibilityState', {get: () => window.visibility}); Object.defineProperty(document, 'hidden', {get: () => window.visibility == 'hidden'})</script>"});
  const page = await shop.visit();
  const turn = (/** @type {string} */ to) => page.evaluate((/** @type {string} */ visibility) => {
    Object.assign(window, {visibility});
    document.dispatchEvent(new Event("visibilitychange"));
  }, to);
  await page.evaluate(() => void window.edgetally("page_view"));
  await shop.quiet();
  assert.equal(shop.arrivals.length, 0);
  await turn("visible");
  await shop.arrived(1);
  await turn("hidden");
  await page.evaluate(() => void window.edgetally("search"));
  await shop.arrived(2);
});
