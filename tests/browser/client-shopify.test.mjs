// The build for Shopify's web pixels, in a web worker: no document, no tags, consent and cookies by Shopify's interface.

import assert from "node:assert/strict";
import {readFile} from "node:fs/promises";
import {test} from "node:test";
import {compose, stub} from "../../worker/client/compose.mjs";
import {GRANTED, KEY, openShop} from "./harness.mjs";

/** What Shopify has in its sandbox, as its documentation describes it. */
const SANDBOX = `
  const listeners = {};
  const store = {};
  var analytics = {subscribe: (name, run) => { listeners[name] = run; }};
  var browser = {
    cookie: {get: async (name) => ({_fbp: "fb.1.1794870011223.1098115397", _ga: "GA1.1.1.2"})[name] || ""},
    localStorage: {getItem: async (key) => store[key] ?? null, setItem: async (key, value) => { store[key] = value; }, removeItem: async (key) => { delete store[key]; }},
    sendBeacon: async () => true,
  };
  var privacy;
  var api = {customerPrivacy: {subscribe: (name, run) => { privacy = run; }}};
  onmessage = ({data: {name, ...event}}) => (name === "privacy" ? privacy({customerPrivacy: event}) : listeners[name]?.(event));
`;
const ALL = {analyticsProcessingAllowed: true, marketingAllowed: true, saleOfDataAllowed: true, preferencesProcessingAllowed: true};
const NONE = {analyticsProcessingAllowed: false, marketingAllowed: false, saleOfDataAllowed: false, preferencesProcessingAllowed: false};

/** @param {import("node:test").TestContext} t @param {Record<string, boolean>} privacy */
async function openPixel(t, privacy) {
  const shop = await openShop(t, {client: "none"});
  const {code} = await compose({key: KEY, url: shop.gateway}, {format: "shopify"});
  assert.doesNotMatch(code, /\bdocument\.(cookie|title|referrer)|\bfbq\b|\bwindow\b/);
  const page = await shop.visit();
  await page.evaluate((/** @type {string} */ text) => {
    window["pixel"] = new Worker(URL.createObjectURL(new Blob([text], {type: "text/javascript"})));
  }, `${SANDBOX} var init = {customerPrivacy: ${JSON.stringify(privacy)}}; ${code}`);
  const context = (/** @type {string} */ path) => ({document: {location: {href: `https://shop.example${path}`}, title: "Shop", referrer: ""}});
  return {
    shop,
    /** @param {string} name @param {any} event @param {string} [path] */
    tell: (name, event, path = "/") => page.evaluate((/** @type {any} */ given) => window["pixel"].postMessage(given), {name, context: context(path), ...event}),
  };
}

const variant = {id: "gid://shopify/ProductVariant/1", sku: "SKU-44", title: "White", price: {amount: 99.9, currencyCode: "EUR"}, product: {title: "Desk lamp", vendor: "Lumo", type: "Lighting"}};
const checkout = {
  token: "t0k3n", currencyCode: "EUR", totalPrice: {amount: 129.9, currencyCode: "EUR"}, email: "elena@example.com", phone: null,
  order: {id: "gid://shopify/Order/118842"}, lineItems: [{quantity: 1, variant}],
};

test("the stub of the documents is the one that is tested", async () => {
  assert.ok(stub().length > 100);
  for (const page of ["docs/client.md", "README.md"]) {
    assert.ok((await readFile(new URL(`../../${page}`, import.meta.url), "utf8")).includes(`<script>${stub()}</script>`), page);
  }
});

test("an order has the id that the shop's webhook carries; click ids of the landing page come along", async (t) => {
  const {shop, tell} = await openPixel(t, ALL);
  await tell("page_viewed", {id: "sh-1", data: {}}, "/?gclid=Cj0KCQ");
  await shop.arrived(1);
  await tell("product_added_to_cart", {id: "sh-2", data: {cartLine: {merchandise: variant, quantity: 2, cost: {totalAmount: {amount: 199.8, currencyCode: "EUR"}}}}});
  await tell("checkout_completed", {id: "sh-3", data: {checkout}}, "/thank-you");
  const events = await shop.arrived(3);
  const [view, cart, order] = ["page_view", "add_to_cart", "purchase"].map((name) => events.find((event) => event.event === name));
  assert.equal(view.event_id, "sh-1");
  assert.deepEqual([cart.value, cart.currency, cart.items[0].item_id, cart.items[0].quantity], [199.8, "EUR", "SKU-44", 2]);
  assert.deepEqual([order.event_id, order.transaction_id, order.value, order.currency], ["118842", "118842", 129.9, "EUR"]);
  assert.deepEqual(order.user, {email: "elena@example.com", phone: null});
  assert.deepEqual(order.consent, GRANTED);
  assert.deepEqual(order.context.click_ids, {gclid: "Cj0KCQ"});
  assert.deepEqual(order.context.cookies, {_fbp: "fb.1.1794870011223.1098115397", _ga: "GA1.1.1.2"});
});

test("nothing before consent, what was held after it, and advertising only with a yes to the sale of data", async (t) => {
  const {shop, tell} = await openPixel(t, NONE);
  await tell("page_viewed", {id: "sh-1", data: {}}, "/?gclid=Cj0KCQ");
  await shop.quiet();
  assert.equal(shop.arrivals.length, 0);
  await tell("privacy", {...ALL, saleOfDataAllowed: false});
  const [event] = await shop.arrived(1);
  assert.equal(event.consent.ad_user_data, "denied");
  assert.equal(event.consent.analytics_storage, "granted");
  assert.deepEqual([event.context.click_ids, event.context.cookies], [{}, {_ga: "GA1.1.1.2"}]);
  await tell("privacy", NONE);
  await tell("search_submitted", {id: "sh-2", data: {searchResult: {query: "lamp"}}});
  await shop.quiet();
  await shop.arrived(1);
});

test("an answer of 503 is asked again", async (t) => {
  const {shop, tell} = await openPixel(t, ALL);
  shop.state.answers.push(503);
  await tell("checkout_completed", {id: "sh-3", data: {checkout}});
  await shop.arrived(2);
});
