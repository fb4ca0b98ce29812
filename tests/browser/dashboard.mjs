// The dashboard as somebody has it open: a gateway with a ledger that can be told anything, and a browser that has signed in.

import assert from "node:assert/strict";
import {readFile} from "node:fs/promises";
import {createRequire} from "node:module";
import {ADMIN, openShop} from "../support/shop.mjs";
import {browser} from "./harness.mjs";

/** @typedef {import("./harness.mjs").Tab} Tab */
/** @typedef {Awaited<ReturnType<typeof openShop>>} Shop */

/** Tuesday, 24 November 2026, 14:20: the gateway's clock in these tests, and the browser's. */
export const NOW = Date.UTC(2026, 10, 24, 14, 20);

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * A gateway whose clock stands at NOW when it begins, or goes on as it is.
 * @param {import("node:test").TestContext} t
 * @param {import("../support/shop.mjs").Options & {clock?: boolean}} [options]
 */
export async function openGateway(t, options = {}) {
  const shop = await openShop({wrap: "./ledger.js", delivery: {timeout_ms: 10_000}, ...options});
  t.after(() => shop.stop());
  if (options.clock !== false) await setClock(shop, NOW);
  return shop;
}

/** @param {Shop} shop @param {number} now */
export async function setClock(shop, now) {
  await shop.fetch("/_test/break", {method: "POST", body: JSON.stringify({clock: now - Date.now()})});
}

/**
 * A tab of a browser of its own that writes down everything that must not happen.
 * @param {import("node:test").TestContext} t
 * @param {import("playwright-core").BrowserContextOptions} [options]
 */
export async function openTab(t, options = {}) {
  const context = await (await browser()).newContext({locale: "en-GB", timezoneId: "UTC", viewport: {width: 1440, height: 900}, ...options});
  t.after(() => context.close());
  /** @type {string[]} */
  const wrong = [];
  const page = /** @type {Tab} */ (await context.newPage());
  page.on("dialog", (dialog) => {
    wrong.push(`dialog: ${dialog.message()}`);
    dialog.dismiss().catch(() => {});
  });
  page.on("pageerror", (error) => wrong.push(String(error)));
  // A page that is refused is told so by its status, which Chromium writes down as an error.
  page.on("console", (message) => message.type() === "error" && !/status of 4\d\d/.test(message.text()) && wrong.push(message.text()));
  return {context, page, wrong};
}

/**
 * Signs in, and opens a page.
 * @param {Shop} shop
 * @param {Tab} page
 * @param {string} [path]
 */
export async function signIn(shop, page, path = "/dashboard") {
  await page.goto(new URL(path, shop.worker.url).href);
  await page.getByLabel("Admin token").fill(ADMIN);
  await page.getByRole("button", {name: "Sign in"}).click();
  await page.getByRole("button", {name: "Sign out"}).waitFor();
}

/** What axe has to say. @param {Tab} page @returns {Promise<string[]>} */
export async function faults(page) {
  await page.evaluate(axe);
  const {violations} = await page.evaluate(() => /** @type {any} */ (window).axe.run(document, {resultTypes: ["violations"]}));
  return violations.flatMap((/** @type {any} */ rule) => rule.nodes.map((/** @type {any} */ node) => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary}`));
}

/** What stands in a tile. @param {Tab} page @param {string} name */
export const tile = (page, name) => page.locator(`[data-tile="${name}"]`).innerText();

/** A number as the page writes it. @param {string} text */
export const number = (text) => Number(text.replaceAll(",", "").replace("−", "-"));

/** The rows of the table behind a picture, or of any other. @param {Tab} page @param {string} selector @returns {Promise<string[][]>} */
export const rows = (page, selector) =>
  page.locator(`${selector} tbody tr`).evaluateAll((/** @type {HTMLTableRowElement[]} */ all) => all.map((row) => [...row.cells].map((cell) => cell.textContent?.trim() ?? "")));

/** That nothing goes beyond the right edge of the screen. @param {Tab} page */
export async function fits(page) {
  const [wide, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= screen, `the page is ${wide} wide on a screen of ${screen}`);
}
