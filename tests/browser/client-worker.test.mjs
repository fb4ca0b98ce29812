// The client in front of the real worker: what a page says arrives at the platforms, and meets what the shop's server says.

import assert from "node:assert/strict";
import {test} from "node:test";
import {openShop as openGateway, SECRETS, waitFor} from "../support/shop.mjs";
import {DESTINATIONS} from "../../npm/src/platforms.mjs";
import {GRANTED, ORDER, openShop} from "./harness.mjs";

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
  await waitFor("the order in /v1/recent", async () => JSON.stringify(await gateway.admin("/v1/recent")).includes("118842"));
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

test("a visitor who comes back with another click gets its cookies from the worker's answer, and who brings none is not asked about again", async (t) => {
  const shop = await openShop(t);
  const gateway = await openGateway({
    destinations: ["meta", "ga4", "google_ads", "tiktok", "microsoft"],
    settings: (settings) => ({...settings, sources: {...settings["sources"], shop: {...settings["sources"].shop, origins: [shop.origin]}}}),
  });
  t.after(() => gateway.stop());
  shop.state.forward = gateway.worker.url;
  const cookies = async () => Object.fromEntries((await shop.context.cookies(shop.origin)).map(({name, value, expires}) => [name, {value, days: Math.round((expires - Date.now() / 1000) / 86_400)}]));
  const asks = () => shop.arrivals.map(({query}) => query.get("cookies"));
  /** @param {string} path @param {number} n events by then */
  const view = async (path, n) => {
    const page = await shop.visit(path);
    await page.evaluate(() => void window.edgetally("page_view"));
    await shop.arrived(n);
    await shop.settled(page);
    return page;
  };

  await view("/?gclid=Cj0First", 1);
  const first = await cookies();
  assert.match(first["_gcl_aw"]?.value ?? "", /^GCL\.\d+\.Cj0First$/);
  assert.equal(first["_gcl_aw"]?.days, 90);
  assert.ok(first["_fbp"] && first["_ga"], "and those that were made up");
  await view("/next", 2);
  assert.deepEqual(asks(), ["1", null], "nothing is new");

  const msclkid = "0123456789abcdef0123456789abcdef";
  const page = await view(`/?gclid=Cj0Second&ttclid=E.C.P.second&msclkid=${msclkid}`, 3);
  const second = await cookies();
  assert.match(second["_gcl_aw"]?.value ?? "", /^GCL\.\d+\.Cj0Second$/);
  assert.deepEqual([second["ttclid"]?.value, second["_uetmsclkid"]?.value], ["E.C.P.second", `_uet${msclkid}`]);
  assert.deepEqual([second["_fbp"]?.value, second["_ga"]?.value], [first["_fbp"]?.value, first["_ga"]?.value], "the same visitor");
  await page.evaluate(() => void window.edgetally("search"));
  await shop.arrived(4);
  assert.deepEqual(asks(), ["1", null, "1", null], "once");

  // A shop that changes its address without a load.
  await page.evaluate(() => {
    history.pushState(null, "", "/sale?gclid=Cj0Third");
    window.edgetally("page_view");
  });
  await shop.arrived(5);
  await shop.settled(page);
  assert.match((await cookies())["_gcl_aw"]?.value ?? "", /^GCL\.\d+\.Cj0Third$/);

  // Whoever allows analytics alone has no click of advertising kept.
  await page.goto(`${shop.origin}/?gclid=Cj0Fourth`);
  await page.evaluate((/** @type {any} */ consent) => {
    window.edgetally("consent", consent);
    window.edgetally("page_view");
  }, {...GRANTED, ad_storage: "denied", ad_user_data: "denied", ad_personalization: "denied"});
  await shop.arrived(6);
  assert.equal(asks()[5], null);
  assert.equal((await cookies())["_gcl_aw"], undefined);
});
