// The pictures of docs/dashboard.md: the dashboard over an invented shop's month, whose last release breaks something.
//
//   make picture-dashboard
//
// The real worker and a real browser; only the clock is set.

import {writeFile} from "node:fs/promises";
import {fileURLToPath} from "node:url";
import {chromium} from "playwright-core";
import {month, tell} from "../tests/support/ledger-month.mjs";
import {ADMIN, openShop} from "../tests/support/shop.mjs";

/** Each is loaded with its page. */
const MOST_BYTES = 220_000;
const NOW = Date.UTC(2026, 10, 24, 14, 20);

const shop = await openShop({
  wrap: "./ledger.js",
  destinations: ["meta", "ga4", "google_ads", "tiktok"],
  // The other sender of the tests has no part in this.
  settings: ({sources: {shop: own}, destinations: {hook: _hook, ...destinations}, ...settings}) => ({...settings, sources: {shop: own}, destinations}),
});
const browser = await chromium.launch({executablePath: process.env["CHROMIUM_PATH"] || "/usr/bin/chromium", args: ["--no-sandbox"]});
try {
  await shop.fetch("/_test/break", {method: "POST", body: JSON.stringify({clock: NOW - Date.now()})});
  const letters = Array.from({length: 7}, (_, at) => ({
    id: `a1-${at}#tiktok`, at: NOW - at * 1_700_000, source: "shop", destination: "tiktok", event: "purchase", event_id: `ord-${118_840 - at * 3}`, state: "rejected", code: "40002", parcel: "{}",
  }));
  await tell(shop, month({now: NOW}), letters);
  const became = {meta: "delivered", ga4: "delivered", google_ads: "processing", tiktok: "delivered"};
  for (let at = 8; at >= 0; at -= 1) {
    const what = JSON.stringify(at % 4 === 1 ? {meta: "blocked:ad_user_data_denied", ga4: "delivered", google_ads: "blocked:ad_user_data_denied", tiktok: "blocked:ad_user_data_denied"} : at === 6 ? {...became, tiktok: "rejected:40002"} : became);
    await shop.fetch("/_test/sql", {method: "POST", body: JSON.stringify({query: "INSERT INTO notes (at, source, event, event_id, what, visitor) VALUES (?, 'shop', ?, ?, ?, '')", parameters: [NOW - at * 41_000, "purchase", `ord-${118_842 - at}`, what]})});
  }
  for (const [name, colorScheme, width, height, whole] of /** @type {const} */ ([
    ["dashboard", "light", 1280, 1180, false],
    ["dashboard-dark", "dark", 1280, 1180, false],
    ["dashboard-phone", "light", 390, 844, false],
  ])) {
    const context = await browser.newContext({viewport: {width, height}, colorScheme, locale: "en-GB", timezoneId: "UTC"});
    const page = await context.newPage();
    await page.goto(new URL("/dashboard", shop.worker.url).href);
    await page.getByLabel("Admin token").fill(ADMIN);
    await page.keyboard.press("Enter");
    await page.getByRole("button", {name: "Sign out"}).waitFor();
    const picture = await page.screenshot({fullPage: whole});
    if (picture.length > MOST_BYTES) throw new Error(`docs/${name}.png would have ${picture.length} bytes, and may have ${MOST_BYTES}`);
    await writeFile(fileURLToPath(new URL(`../docs/${name}.png`, import.meta.url)), picture);
    console.log(`docs/${name}.png: ${picture.length} bytes`);
    await context.close();
  }
} finally {
  await browser.close();
  await shop.stop();
}
