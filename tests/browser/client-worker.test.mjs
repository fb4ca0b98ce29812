// The client in front of the real worker: what a page says arrives at the platforms, and meets what the shop's server says.

import assert from "node:assert/strict";
import {test} from "node:test";
import {openShop as openGateway, SECRETS} from "../support/shop.mjs";
import {DESTINATIONS} from "../../npm/src/platforms.mjs";
import {ORDER, openShop} from "./harness.mjs";

test("page and server tell of one order: one purchase at each platform, with the browser's ids; a reload changes nothing", async (t) => {
  const shop = await openShop(t);
  const gateway = await openGateway({settings: (settings) => ({...settings, sources: {...settings["sources"], shop: {...settings["sources"].shop, origins: [shop.origin]}}})});
  t.after(() => gateway.stop());
  shop.state.forward = gateway.worker.url;
  const page = await shop.visit("/thanks?fbclid=IwAR1a");
  await page.evaluate((/** @type {any} */ order) => {
    window.edgetally("set", {user: {email: "elena.brandt@example.com"}});
    window.edgetally("page_view");
    window.edgetally("purchase", order);
  }, ORDER);
  const events = await shop.arrived(2);
  await shop.settled(page);
  assert.equal((await page.evaluate(() => window.edgetally.status())).sent, 2, "the gateway took them");
  const copy = await gateway.fetch("/v1/events", {
    method: "POST",
    headers: {authorization: `Bearer ${SECRETS["SHOP_SECRET"]}`},
    body: JSON.stringify({event: "purchase", ...ORDER, consent: events[0].consent}),
  });
  assert.equal(copy.body.results[0].status, "duplicate", copy.text);
  for (const platform of ["meta", "ga4", "webhook"]) await gateway.one(platform, "118842");
  const recent = JSON.stringify(await gateway.admin("/v1/recent"));
  assert.ok(recent.includes("118842"), recent.slice(0, 500));
  await page.reload();
  await shop.quiet();
  await shop.arrived(2);
});

test("Google Analytics gets client and session out of the cookies of both generations, of the stream that it is about", async (t) => {
  for (const [cookie, session] of /** @type {const} */ ([
    ["GS1.1.1760000000.5.1.1760000100.0.0.0", "1760000000"],
    ["GS2.1.o5$g1$t1760000100$s1760000002$j60", "1760000002"],
  ])) {
    const shop = await openShop(t);
    const gateway = await openGateway({settings: (settings) => ({...settings, sources: {...settings["sources"], shop: {...settings["sources"].shop, origins: [shop.origin]}}})});
    t.after(() => gateway.stop());
    shop.state.forward = gateway.worker.url;
    const stream = /** @type {any} */ (DESTINATIONS["ga4"]).measurement_id.replace("G-", "_ga_");
    const cookies = {_ga: "GA1.1.1380133182.1764792191", [stream]: cookie, _ga_OTHER: "GS2.1.s1111111111$o1"};
    await shop.context.addCookies(Object.entries(cookies).map(([name, value]) => ({name, value, domain: ".shop.localhost", path: "/"})));
    const page = await shop.visit();
    await page.evaluate((/** @type {any} */ order) => void window.edgetally("purchase", order), ORDER);
    await shop.arrived(1);
    const arrived = JSON.stringify(await gateway.one("ga4", "118842"));
    assert.ok(arrived.includes("1380133182.1764792191") && arrived.includes(session), arrived);
  }
});
