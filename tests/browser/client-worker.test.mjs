// The client in front of the real worker: what a page says arrives at the platforms, and meets what the shop's server says.

import assert from "node:assert/strict";
import {test} from "node:test";
import {openShop as openGateway, SECRETS} from "../support/shop.mjs";
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
