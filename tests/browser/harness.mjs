// A shop in a real browser: pages, the composed client, and a gateway that writes down what arrives. What a test says of requests
// it says of what the gateway saw.
//
//   const shop = await openShop(t, {page: {pixels: ["meta"]}});
//   const page = await shop.visit("/thanks");
//   await page.evaluate(() => edgetally("purchase", {transaction_id: "118842", value: 1, currency: "EUR"}));
//   const [event] = await shop.arrived(1);

import assert from "node:assert/strict";
import {existsSync} from "node:fs";
import {createServer, request as further} from "node:http";
import {after} from "node:test";
import {chromium} from "playwright-core";
import {compose, stub} from "../../worker/client/compose.mjs";

/** @typedef {Record<string, any>} Json */
/** @typedef {import("playwright-core").Page & {evaluate: (run: any, given?: any) => Promise<any>}} Tab */

export const KEY = "pk_shop_0123456789abcdef";
export const GRANTED = {ad_storage: "granted", analytics_storage: "granted", ad_user_data: "granted", ad_personalization: "granted"};
export const DENIED = {ad_storage: "denied", analytics_storage: "denied", ad_user_data: "denied", ad_personalization: "denied"};
export const ORDER = {transaction_id: "118842", value: 129.9, currency: "EUR"};

const executablePath = process.env["CHROMIUM_PATH"] || "/usr/bin/chromium";
if (!existsSync(executablePath)) throw new Error(`${executablePath} is missing: install Debian's package chromium, or name a Chromium with CHROMIUM_PATH`);

/**
 * Names end in `.localhost`, which is this machine and counts as secure, or in `.example`, which is made this machine and does not. There are no
 * others, as where a vendor's CDN is blocked; not by routes of Playwright, which answers preflights itself where it has one.
 */
const options = {
  executablePath,
  args: ["--no-sandbox", "--host-resolver-rules=MAP *.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1"],
  // Playwright turns the back/forward cache off.
  ignoreDefaultArgs: ["--disable-back-forward-cache"],
};
/** @type {Promise<import("playwright-core").Browser> | undefined} */
let started;
export const browser = () => (started ??= chromium.launch(options));
after(async () => (await started)?.close());

/**
 * @typedef {object} Arrival one request, as the gateway saw it
 * @property {string} method
 * @property {URLSearchParams} query
 * @property {import("node:http").IncomingHttpHeaders} headers
 * @property {Json[]} events
 * @property {number} at
 */

/**
 * @typedef {object} Options
 * @property {Json} [page] settings of the source, for compose
 * @property {string} [head] in every page, in front of the client
 * @property {"script" | "none"} [client] whether pages have the script's tag
 * @property {string} [host] `shop.localhost` unless told otherwise
 * @property {Record<string, string>} [headers] of every page
 * @property {boolean} [granted] whether every page says that everything is granted, which it does unless told otherwise
 */

/**
 * @param {import("node:test").TestContext} t
 * @param {Options} [given]
 */
export async function openShop(t, given = {}) {
  const host = given.host ?? "shop.localhost";
  /** @type {Arrival[]} */
  const arrivals = [];
  /** Questions about the visitor's region. @type {Arrival[]} */
  const questions = [];
  /** @type {Record<string, string>} */
  const scripts = {};
  const state = {
    /** What the next requests are answered: a status, "hang" or "reset". Empty: 202. @type {(number | "hang" | "reset")[]} */
    answers: [],
    /** Headers beside. @type {Record<string, string>} */
    headers: {},
    /** What the gateway's clock is ahead of this machine's. */
    ahead: 0,
    /** Requests of other scripts hang until this is called. @type {(() => void)[]} */
    hanging: [],
    /** Of pages by path; all others have the default. @type {Record<string, string>} */
    pages: {},
    /** Headers of pages; GATEWAY in them is its origin. @type {Record<string, string>} */
    policy: {...given.headers},
    /** What a page is told of its visitor's region: a word, or what the request comes to. @type {"required" | "implied" | number | "hang" | "reset"} */
    region: "required",
    /** Where the gateway passes on what it got, if anywhere; what is answered there is the answer. @type {URL | undefined} */
    forward: undefined,
  };

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://x");
    let body = "";
    for await (const chunk of request) body += chunk;
    if (url.pathname in scripts) return void response.setHeader("content-type", "text/javascript").setHeader("access-control-allow-origin", "*").end(scripts[url.pathname]);
    if (url.pathname === "/v1/region") {
      questions.push({method: request.method ?? "", query: url.searchParams, headers: request.headers, events: [], at: Date.now()});
      if (state.forward) return passOn(request, body, state.forward, response);
      response.setHeader("access-control-allow-origin", request.headers.origin ?? "*");
      if (state.region === "hang") return void state.hanging.push(() => response.end(JSON.stringify({consent: "implied"})));
      if (state.region === "reset") return void request.socket.destroy();
      const status = typeof state.region === "number" ? state.region : 200;
      return void response.writeHead(status, {"content-type": "application/json"}).end(JSON.stringify({consent: typeof state.region === "number" ? "implied" : state.region}));
    }
    if (url.pathname !== "/v1/events") {
      if (url.pathname === "/other") return void state.hanging.push(() => response.end());
      for (const [name, value] of Object.entries(state.policy)) response.setHeader(name, value.replace("GATEWAY", gateway));
      response.setHeader("content-type", "text/html; charset=utf-8").end(state.pages[url.pathname] ?? html());
      return;
    }
    response.setHeader("access-control-allow-origin", request.headers.origin ?? "*");
    response.setHeader("access-control-allow-credentials", "true");
    response.setHeader("access-control-expose-headers", "retry-after, date");
    response.setHeader("date", new Date(Date.now() + state.ahead).toUTCString());
    for (const [name, value] of Object.entries(state.headers)) response.setHeader(name, value);
    const events = body ? JSON.parse(body).events : [];
    const answer = state.answers.shift() ?? 202;
    arrivals.push({method: request.method ?? "", query: url.searchParams, headers: request.headers, events, at: Date.now()});
    if (answer === "hang") return void state.hanging.push(() => response.end());
    if (answer === "reset") return void request.socket.destroy();
    if (state.forward) return passOn(request, body, state.forward, response);
    response.writeHead(answer, {"content-type": "application/json"}).end("{}");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  const {port} = /** @type {import("node:net").AddressInfo} */ (server.address());
  const origin = `http://${host}:${port}`;
  const gateway = `http://events.${host}:${port}`;

  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const context = await (await browser()).newContext();
  t.after(() => context.close());

  const settings = {key: KEY, url: gateway, required: true, consent: [], pixels: [], hold_ms: 4000, ...given.page};
  scripts["/edgetally.js"] = (await compose(settings, {version: "0.2.0"})).code;
  const tag = given.client === "none" ? "" : `<script async src="${gateway}/edgetally.js"></script>`;
  const consent = given.granted === false ? "" : `<script>edgetally("consent", ${JSON.stringify(GRANTED)})</script>`;
  const html = (more = "") =>
    `<!doctype html><title>A shop</title>${given.head ?? ""}<script>${stub()}</script>${consent}${tag}<body>${more}</body>`;

  /** @returns {any[]} */
  const events = () => arrivals.flatMap((arrival) => arrival.events);
  return {
    state,
    stub: stub(),
    context,
    origin,
    gateway,
    arrivals,
    questions,
    events,
    html,
    scripts,
    /** Opens a page in a tab of its own, and waits until the client is there. @param {string} [path] @returns {Promise<Tab>} */
    async visit(path = "/") {
      const page = await context.newPage();
      await page.goto(origin + path);
      if (given.client !== "none") await page.waitForFunction(() => /** @type {any} */ (window).edgetally.status().version);
      return /** @type {Tab} */ (page);
    },
    /** Waits until so many events have arrived, and looks whether more do. @param {number} n @returns {Promise<any[]>} */
    async arrived(n) {
      for (const end = Date.now() + 10_000; events().length < n && Date.now() < end; ) await new Promise((done) => setTimeout(done, 20));
      await new Promise((done) => setTimeout(done, 60));
      assert.equal(events().length, n, JSON.stringify(events().map((event) => [event["event"], event["event_id"]])));
      return events();
    },
    /** Time for what is not to happen. */
    quiet: () => new Promise((done) => setTimeout(done, 150)),
    /** Waits until nothing waits in the page any more. @param {Tab} page */
    settled: (page) => page.waitForFunction(() => {
      const status = /** @type {any} */ (window).edgetally.status();
      return status.outbox === 0 && status.waiting === 0;
    }),
  };
}

/**
 * Passes a request on as it came, its host too, and gives the browser the answer as it is.
 * @param {import("node:http").IncomingMessage} request
 * @param {string} body
 * @param {URL} to
 * @param {import("node:http").ServerResponse} response
 */
function passOn({method, url, headers}, body, {hostname, port}, response) {
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  const asked = further({hostname, port, method, path: url, headers}, (reply) => {
    response.writeHead(reply.statusCode ?? 0, reply.headers);
    reply.pipe(response);
  });
  asked.on("error", () => response.destroy());
  asked.end(body);
}

/** Everything that a page may have stored. @param {Tab} page */
export const stored = (page) =>
  page.evaluate(() => ({cookie: document.cookie, local: {...localStorage}, session: {...sessionStorage}}));
