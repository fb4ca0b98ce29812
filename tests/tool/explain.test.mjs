// What `explain` says is what the worker does: every golden event at every destination, against the recorded requests.

import assert from "node:assert/strict";
import {readFileSync, readdirSync} from "node:fs";
import {test} from "node:test";
import {answered, FIXTURES, NOW, tool} from "./tool.mjs";

const SNAPSHOTS = new URL("../it/snapshots/", FIXTURES);
const platforms = readdirSync(new URL("destinations/", FIXTURES));
const events = readdirSync(new URL("events/", FIXTURES)).map((name) => name.replace(/\.json$/, ""));

/** @param {string} path */
const json = (path) => JSON.parse(readFileSync(new URL(path, FIXTURES), "utf8"));

/** The event as it stands in the file: an amount's own spelling would not survive being read. @param {string} name */
function rawEvent(name) {
  const text = readFileSync(new URL(`events/${name}.json`, FIXTURES), "utf8");
  const start = text.indexOf('\n  "event": {');
  return text.slice(start + '\n  "event": '.length, text.lastIndexOf("}")).trim();
}

/**
 * Without white space between the tokens, every token as it stands.
 * @param {string} text
 */
const compact = (text) => text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, (_, string) => string ?? "");

/**
 * The verdict and the requests of a snapshot, with names in the place of what no settings hold.
 * @param {string} platform @param {string} event
 */
function recorded(platform, event) {
  const text = readFileSync(new URL(`${platform}__${event}.snap`, SNAPSHOTS), "utf8");
  const body = text.slice(text.indexOf("\n---\n", 4) + 5)
    .replace(/FIXTURE_([A-Z_0-9]+)_0123456789abcdef/g, "<$1>")
    .replaceAll("FIXTURE_ACCESS_TOKEN", "<ACCESS_TOKEN>")
    .replace(/^(webhook-signature: v1,).*$/m, "$1<SIGNATURE>");
  const [verdict = "", ...blocks] = body.split(/^(?=(?:POST|GET) https:)/m);
  const requests = blocks.map((block) => {
    const [head = "", ...rest] = block.split("\n\n");
    const [line = "", ...headers] = head.split("\n");
    return {line, headers: headers.sort(), body: compact(rest.join("\n\n"))};
  });
  return {verdict: verdict.trim().replace("received", "queued"), requests};
}

/** @param {string} platform @param {string} event */
function explained(platform, event) {
  const golden = json(`events/${event}.json`);
  const shop = {
    key: "pk_shop_0123456789abcdef", origins: ["https://shop.example"], secret: "SHOP_SECRET", destinations: [platform],
    ...golden.source,
  };
  const settings = {sources: {shop}, destinations: {[platform]: json(`destinations/${platform}/settings.json`)}};
  const sender = {as: /** @type {"page" | "server"} */ (golden.visit ? "page" : "server"), ...golden.visit, now_ms: NOW};
  const {destinations: [there]} = answered(tool.explain(settings, rawEvent(event), sender));
  assert.ok(there);
  const requests = there.requests.map(({method, url, headers, body}) => ({
    line: `${method} ${url}`,
    headers: Object.entries(headers).map(([name, value]) => `${name}: ${value}`).sort(),
    body: compact(body),
  }));
  return {verdict: there.code ? `${there.verdict}:${there.code}` : there.verdict, requests, words: there.words};
}

for (const platform of platforms) {
  test(`${platform}: the verdict and the very requests of every golden event`, () => {
    let requests = 0;
    for (const event of events) {
      const {words, ...ours} = explained(platform, event);
      assert.deepEqual(ours, recorded(platform, event), `${platform} ${event}`);
      assert.ok(words, `${platform} ${event}: ${ours.verdict} has no words`);
      requests += ours.requests.length;
    }
    assert.ok(requests > 4, `${requests}`);
  });
}

const TOML = `
[vars.EDGETALLY.sources.shop]
key = "pk_shop_0123456789abcdef"
origins = ["https://shop.example"]
secret = "SHOP_SECRET"
destinations = ["x", "google_ads", "hook"]
[vars.EDGETALLY.destinations.x]
pixel_id = "q4x7k"
tags = {purchase = "tw-q4x7k-q4x9m"}
oauth = true
[vars.EDGETALLY.destinations.google_ads]
customer_id = "1234567890"
conversion_actions = {purchase = "987654321"}
[vars.EDGETALLY.destinations.hook]
platform = "webhook"
url = "https://hooks.example/in"
`;
const ORDER = {
  event: "purchase", transaction_id: "118842", value: 12, currency: "EUR", user: {email: "jo@shop.example", phone: "1.65E+10"},
  context: {user_agent: "Browser", page_url: "https://shop.example/thanks"}, consent: {ad_user_data: "granted"},
};

test("signatures and fetched tokens are told from what is sent, and no secret is made up in what is shown", () => {
  const told = answered(tool.explain(TOML, ORDER, {as: "server", now_ms: NOW}));
  const [x, google, hook] = told.destinations;
  assert.match(x?.requests[0]?.headers["authorization"] ?? "",
    /^OAuth oauth_consumer_key="<X_CONSUMER_KEY>", oauth_nonce="[a-z0-9]+", oauth_signature_method="HMAC-SHA1", oauth_timestamp="1795342531", oauth_token="<X_ACCESS_TOKEN>", oauth_version="1.0", oauth_signature="<SIGNATURE>"$/);
  assert.deepEqual(google?.requests.map((request) => request.for), ["access_token", "events"]);
  assert.equal(google?.requests[0]?.body, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=<ASSERTION>");
  assert.equal(google?.requests[1]?.headers["authorization"], "Bearer <ACCESS_TOKEN>");
  assert.equal(hook?.requests[0]?.headers["webhook-signature"], "v1,<SIGNATURE>");
  assert.ok(!/edgetallysecret|madeup/.test(JSON.stringify(told)));
});

test("what is left out is told in words, and a page's answer stays discreet while the tool is not", () => {
  const server = answered(tool.explain(TOML, ORDER, {as: "server", now_ms: NOW}));
  assert.equal(server.status, 202);
  assert.deepEqual(server.events[0]?.removed.map(({path, code}) => [path, code]), [["user.phone", "phone_invalid"]]);
  assert.match(server.events[0]?.removed[0]?.words ?? "", /telephone number/);

  const page = answered(tool.explain(TOML, [ORDER, ORDER, {...ORDER, event: "search", event_id: "s1"}], {as: "page", now_ms: NOW}));
  assert.deepEqual(page.result.results.map((/** @type {any} */ line) => line.destinations.hook), ["received", "received", "received"]);
  const hook = page.destinations.find(({destination}) => destination === "hook");
  assert.deepEqual(hook?.events.map(({verdict}) => verdict), ["queued", "duplicate", "queued"]);
  assert.equal(hook?.verdict, "mixed");
  assert.equal(hook?.requests.length, 1);
  assert.equal(JSON.parse(hook?.requests[0]?.body ?? "").events.length, 2);
});

test("the sender's country, and Global Privacy Control, count as at the edge", () => {
  const settings = TOML.replace('secret = "SHOP_SECRET"', 'secret = "SHOP_SECRET"\nconsent = "by_region"');
  const {consent, ...silent} = ORDER;
  /** @param {object} sender */
  const verdict = (sender) => answered(tool.explain(settings, silent, {as: "page", now_ms: NOW, ...sender})).destinations[2];
  assert.equal(verdict({country: "DE"})?.code, "ad_user_data_missing");
  assert.equal(verdict({country: "US"})?.verdict, "queued");
  assert.match(verdict({country: "US", region: "CA", gpc: true})?.requests[0]?.body ?? "", /"limited":true/);
});

test("consent is explained as the admin's route does", () => {
  const question = {country: "US", consent: {us_privacy: "1YYN"}};
  const told = answered(tool.explainConsent("", question, NOW));
  assert.equal(told.signals[0].says[0], "The visitor was given notice; the visitor has opted out of sale.");
  const ours = answered(tool.explainConsent(TOML, {...question, source: "shop"}, NOW));
  assert.deepEqual(ours.destinations.map((/** @type {any} */ one) => one.destination), ["x", "google_ads", "hook"]);
});

test("a signed order is taken for right, since its secret is not here; an unsigned one is refused as at the edge", () => {
  const settings = TOML.replace('secret = "SHOP_SECRET"', 'secret = "SHOP_SECRET"\nevent_token = "SHOP_EVENT_TOKEN"');
  const unsigned = answered(tool.explain(settings, ORDER, {as: "page", now_ms: NOW}));
  assert.deepEqual([unsigned.status, unsigned.events[0]?.code, unsigned.signature_assumed], [422, "event_token_missing", false]);
  const signed = answered(tool.explain(settings, {...ORDER, event_token: "0".repeat(64)}, {as: "page", now_ms: NOW}));
  assert.deepEqual([signed.status, signed.destinations[2]?.verdict, signed.signature_assumed], [202, "queued", true]);
});
