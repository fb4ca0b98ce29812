// A page with consent managers in it (fakes of cmps/), and either one adapter, whose reports are recorded, or the whole client, whose requests are.
// Time is the test's, so that nothing waits.
import {after, before} from "node:test";
import {randomUUID} from "node:crypto";
import {createServer} from "node:http";
import {fileURLToPath} from "node:url";
import {build} from "esbuild";
import {chromium} from "playwright-core";
import {compose} from "../../worker/client/compose.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("node:http").Server} */
let server;
let origin = "";
/** What came for a key, and with which status it is answered. @type {Record<string, {requests: any[], status: number}>} */
const keys = {};
/** @type {Record<string, Promise<string>>} */
const bundles = {};

before(async () => {
  server = createServer(async (request, response) => {
    const key = new URL(request.url ?? "", "http://localhost").searchParams.get("key");
    if (!key) return void response.setHeader("content-type", "text/html").end("<!doctype html><title>page</title><body>");
    let body = "";
    for await (const part of request) body += part;
    const at = (keys[key] ??= {requests: [], status: 202});
    at.requests.push(JSON.parse(body));
    // The page's time is the test's own: no date tells it otherwise.
    response.sendDate = false;
    response.writeHead(at.status, {"content-type": "application/json"}).end("{}");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  origin = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}/`;
  browser = await chromium.launch({executablePath: process.env["CHROMIUM"] || "/usr/bin/chromium", args: ["--no-sandbox"]});
});

after(async () => {
  await browser?.close();
  server?.close();
});

/** @param {string} contents */
const bundle = (contents) =>
  (bundles[contents] ??= build({
    stdin: {contents, resolveDir: here, loader: "js"},
    bundle: true,
    format: "iife",
    target: "es2018",
    write: false,
  }).then(({outputFiles}) => /** @type {{text: string}} */ (outputFiles[0]).text));

/** A report in short: undecided, gone, or the words that are granted and denied. @param {any} state */
function short(state) {
  if (!state) return state === undefined ? "nothing" : "gone";
  const {ad_storage, analytics_storage, ad_user_data, ad_personalization, ...rest} = state.signals;
  const ads = ad_storage === ad_user_data && ad_storage === ad_personalization ? ad_storage : "mixed";
  const words = [analytics_storage && `analytics ${analytics_storage}`, ads && `ads ${ads}`, ...Object.entries(rest).map(([key, value]) => `${key} ${value}`)];
  return [state.decided ? "decided" : "undecided", ...words.filter(Boolean)].join(", ");
}

/**
 * A tab with fakes in it. `start` is what each page of it runs when it is told to.
 * @param {import("node:test").TestContext} t
 * @param {string[]} fakes
 * @param {string} start
 * @param {string} path
 */
async function tab(t, fakes, start, path) {
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  /** @type {string[]} */
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  const scripts = await Promise.all(fakes.map((name) => bundle(`import "./cmps/${name}.js"; (window.fakes = window.fakes || {})["${name}"] = window.fake;`)));
  /** Another page of the visit, with the fakes in it. */
  const open = async (path = "") => {
    await page.goto(origin + path);
    for (const script of scripts) await page.evaluate(script);
  };
  await page.clock.install({time: new Date("2026-11-30T10:00:00Z")});
  await open(path);
  await page.clock.pauseAt(new Date("2026-11-30T10:01:00Z"));
  return {
    page,
    context,
    errors,
    open,
    start: () => page.evaluate(start),
    /** Runs in the page: `fake` is the consent manager, with several the last one of them. @param {(fake: any, window: any, given: any) => unknown} act @param {unknown} [given] */
    run: (act, given) => page.evaluate(`(${act})(window.fake, window, ${JSON.stringify(given)})`),
    /** @param {number} milliseconds */
    wait: (milliseconds) => page.clock.runFor(milliseconds),
  };
}

/**
 * An adapter by itself.
 * @param {import("node:test").TestContext} t
 * @param {string} name the adapter, and the fake
 */
export async function visit(t, name, {required = true, categories = {}} = {}) {
  const adapter = await bundle(`
    import adapter from "../../worker/client/consent/${name}.ts";
    window.reports = [];
    adapter((state) => window.reports.push(state === undefined ? null : JSON.parse(JSON.stringify(state))), ${JSON.stringify({required, categories})});
  `);
  const {page, ...rest} = await tab(t, [name], adapter, "");
  /** @returns {Promise<any[]>} */
  const reports = () => page.evaluate("window.reports");
  return {...rest, reports, now: async () => short((await reports()).at(-1))};
}

/**
 * The whole client.
 * @param {import("node:test").TestContext} t
 * @param {string[]} consent adapters, and fakes
 * @param {Partial<import("../../worker/client/types.ts").Page> & {path?: string}} [settings]
 */
export async function shop(t, consent, {path = "", ...settings} = {}) {
  const key = `pk_${randomUUID()}`;
  const at = (keys[key] = {requests: [], status: 202});
  const {code} = await compose({key, url: origin, required: true, consent, ...settings});
  const {page, ...rest} = await tab(t, consent, code, path);
  return {
    ...rest,
    page,
    key,
    /** How the gateway answers from now on. @param {number} status */
    answer: (status) => (at.status = status),
    /** The requests that have come so far; each is a list of events. @returns {Promise<any[][]>} */
    requests: async () => {
      // Whatever the client has begun: it asks for a lock, then sends, and so do we, behind it.
      await page.evaluate(`(async () => {
        for (let i = 0; i < 3; i++) {
          await navigator.locks.request("edgetally.test", () => {});
          await (await fetch("/")).text();
        }
      })()`);
      return at.requests.map(({events}) => events);
    },
    /** The same once the page has been left, so that nobody can be asked. @returns {any[][]} */
    received: () => at.requests.map(({events}) => events),
    /** @returns {Promise<import("../../worker/client/types.ts").Status>} */
    status: () => page.evaluate("edgetally.status()"),
    /** What of ours there is in the browser. @returns {Promise<string[]>} */
    stored: async () => [
      .../** @type {string[]} */ (await page.evaluate("Object.keys(localStorage).filter((name) => name.includes('edgetally'))")),
      ...(await rest.context.cookies()).map(({name}) => name),
    ],
  };
}
