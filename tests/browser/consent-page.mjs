// A blank page with one adapter and one fake in it: what does the adapter report? Time is the test's, so that nothing waits.
import {after, before} from "node:test";
import {createServer} from "node:http";
import {fileURLToPath} from "node:url";
import {build} from "esbuild";
import {chromium} from "playwright-core";

const here = fileURLToPath(new URL(".", import.meta.url));
const client = fileURLToPath(new URL("../../worker/client/", import.meta.url));

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("node:http").Server} */
let server;
let origin = "";
/** @type {Record<string, Promise<string>>} */
const bundles = {};

before(async () => {
  server = createServer((_, response) => response.setHeader("content-type", "text/html").end("<!doctype html><title>blank</title><body>"));
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
 * @param {import("node:test").TestContext} t
 * @param {string} name the adapter, and the fake in cmps/
 */
export async function visit(t, name, {required = true, categories = {}} = {}) {
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  /** @type {string[]} */
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  const fake = await bundle(`import "./cmps/${name}.js"`);
  const start = await bundle(`
    import adapter from "${client}consent/${name}.ts";
    window.reports = [];
    window.start = (options) => adapter((state) => window.reports.push(state === undefined ? null : JSON.parse(JSON.stringify(state))), options);
  `);

  /** Runs in the page: `fake` is the consent manager. @param {(fake: any, window: any, given: any) => unknown} act @param {unknown} [given] */
  const run = (act, given) => page.evaluate(`(${act})(window.fake, window, ${JSON.stringify(given)})`);
  const open = async (path = "") => {
    await page.goto(origin + path);
    await page.evaluate(fake);
    await page.evaluate(start);
  };
  await page.clock.install({time: new Date("2026-11-30T10:00:00Z")});
  await open();
  await page.clock.pauseAt(new Date("2026-11-30T10:01:00Z"));
  return {
    run,
    errors,
    start: () => page.evaluate(`window.start(${JSON.stringify({required, categories})})`),
    /** The next page of the same visit. */
    open,
    /** @param {number} milliseconds */
    wait: (milliseconds) => page.clock.runFor(milliseconds),
    /** @returns {Promise<any[]>} */
    reports: () => page.evaluate("window.reports"),
    /** The latest report in short. */
    now: async () => short(/** @type {any[]} */ (await page.evaluate("window.reports")).at(-1)),
  };
}
