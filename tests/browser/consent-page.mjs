// A page with consent managers in it (fakes of cmps/), and either one adapter, whose reports are recorded, or the whole client, whose requests are.
// Time is the test's, so that nothing waits.
import {fileURLToPath} from "node:url";
import {build} from "esbuild";
import {openShop, stored} from "./harness.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
/** @type {Record<string, Promise<string>>} */
const bundles = {};

/** @param {string} contents */
const bundle = (contents) =>
  (bundles[contents] ??= build({
    stdin: {contents, resolveDir: here, loader: "js"},
    bundle: true,
    format: "iife",
    target: "es2018",
    define: {REGION: "false"},
    write: false,
  }).then(({outputFiles}) => /** @type {{text: string}} */ (outputFiles[0]).text));

/** A report in short: undecided, nothing at all, or the words that are granted and denied. @param {any} state */
function short(state) {
  if (!state) return "nothing";
  const {ad_storage, analytics_storage, ad_user_data, ad_personalization, ...rest} = state.signals;
  const ads = ad_storage === ad_user_data && ad_storage === ad_personalization ? ad_storage : "mixed";
  const words = [analytics_storage && `analytics ${analytics_storage}`, ads && `ads ${ads}`, ...Object.entries(rest).map(([key, value]) => `${key} ${value}`)];
  return [state.decided ? "decided" : "undecided", ...words.filter(Boolean)].join(", ");
}

/**
 * @param {import("node:test").TestContext} t
 * @param {string[]} fakes
 * @param {Partial<import("../../worker/client/types.ts").Page>} settings
 * @param {string} path
 */
async function open(t, fakes, settings, path) {
  const at = await openShop(t, {client: "none", granted: false, page: settings});
  const page = await at.context.newPage();
  /** @type {string[]} */
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  const scripts = await Promise.all(fakes.map((name) => bundle(`import "./cmps/${name}.js"; (window.fakes = window.fakes || {})["${name}"] = window.fake;`)));
  /** Another page of the visit, with the fakes in it. @param {string} path */
  const visit = async (path) => {
    await page.goto(at.origin + path);
    for (const script of scripts) await page.evaluate(script);
  };
  const now = Date.now();
  await page.clock.install({time: now});
  await visit(path);
  await page.clock.pauseAt(now + 60_000);
  at.state.ahead = 60_000;
  return {
    at,
    page,
    errors,
    began: now + 60_000,
    visit,
    /** Runs in the page: `fake` is the consent manager, with several the last one of them. @param {(fake: any, window: any, given: any) => unknown} act @param {unknown} [given] */
    run: (act, given) => page.evaluate(`(${act})(window.fake, window, ${JSON.stringify(given)})`),
    /** Time passes, for the gateway too. @param {number} milliseconds */
    wait: (milliseconds) => {
      at.state.ahead += milliseconds;
      return page.clock.runFor(milliseconds);
    },
  };
}

/**
 * An adapter by itself.
 * @param {import("node:test").TestContext} t
 * @param {string} name the adapter, and the fake
 */
export async function openBanner(t, name, {required = true, categories = {}} = {}) {
  const adapter = await bundle(`
    import adapter from "../../worker/client/consent/${name}.ts";
    window.reports = [];
    adapter((state) => window.reports.push(JSON.parse(JSON.stringify(state))), ${JSON.stringify({required, categories})});
  `);
  const opened = await open(t, [name], {}, "/");
  /** @returns {Promise<any[]>} */
  const reports = () => opened.page.evaluate("window.reports");
  return {
    ...opened,
    start: () => opened.page.evaluate(adapter),
    reports,
    /** The latest report in short. */
    now: async () => short((await reports()).at(-1)),
  };
}

/**
 * The whole client.
 * @param {import("node:test").TestContext} t
 * @param {string[]} consent adapters, and fakes
 * @param {Partial<import("../../worker/client/types.ts").Page> & {path?: string}} [settings]
 */
export async function openClient(t, consent, {path = "/", ...settings} = {}) {
  const opened = await open(t, consent, {consent, ...settings}, path);
  const {at, page} = opened;
  /** The events of each request so far. @returns {any[][]} */
  const received = () => at.arrivals.map(({events}) => events);
  return {
    ...opened,
    start: () => page.evaluate(at.scripts["/edgetally.js"] ?? ""),
    /** How the gateway answers from now on. @param {number} status */
    answer: (status) => at.state.answers.splice(0, 1_000, ...(status === 202 ? [] : Array(1_000).fill(status))),
    received,
    /** The same, once everything has come that the client has begun: it asks for a lock, then sends, and so do we, behind it. */
    requests: async () => {
      await page.evaluate(`(async () => {
        for (let i = 0; i < 3; i++) {
          await navigator.locks.request("edgetally.test", () => {});
          await (await fetch("/")).text();
        }
      })()`);
      return received();
    },
    /** @returns {Promise<import("../../worker/client/types.ts").Status>} */
    status: () => page.evaluate("edgetally.status()"),
    /** What there is in the browser: names of cookies, and of what is in storage. @returns {Promise<string[]>} */
    stored: async () => {
      const {cookie, local, session} = await stored(page);
      return [...Object.keys({...local, ...session}), ...cookie.split("; ").map((/** @type {string} */ one) => one.split("=")[0] ?? "")].filter(Boolean);
    },
  };
}
