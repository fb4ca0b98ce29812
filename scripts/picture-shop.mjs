// The picture that README opens with, docs/shop.png: an order in the demo's shop, and what became of its two copies.
//
//   make picture-shop
//
// A real run in a real browser; only the clock's reading is set, and the order's number.

import {writeFile} from "node:fs/promises";
import {fileURLToPath} from "node:url";
import {chromium} from "playwright-core";
import {Edge} from "../demo/play.mjs";
import {DESTINATIONS, OBJECTS, PORTS, QUEUE, SECRETS, settings} from "../demo/settings.mjs";
import {prepareStorefront} from "../demo/storefront/start.mjs";
import {free} from "../npm/src/dev.mjs";
import {startWorker} from "../npm/src/runtime.mjs";
import {waitFor} from "../tests/support/shop.mjs";
import {startTwin} from "../twin/server.mjs";

/** README's pages load it every time. */
const MOST_BYTES = 200_000;
const target = fileURLToPath(new URL("../docs/shop.png", import.meta.url));

/** Headless browsers call themselves so, and platforms want no machines. */
const PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36";

/** Times of day, counted from a quarter past ten. */
const CLOCK = `
  const began = Date.now();
  const told = Date.prototype.toLocaleTimeString;
  Date.prototype.toLocaleTimeString = function (...given) {
    return told.apply(new Date(Date.UTC(2026, 10, 24, 9, 15, 2) + this.getTime() - began), given);
  };`;

const twin = await startTwin({port: 0});
const shop = await prepareStorefront({twin, port: await free(PORTS.storefront), livePort: await free(PORTS.live), later: 1500, number: 118_841});
const worker = await startWorker({settings: settings(twin.url, shop.url), queue: QUEUE, objects: OBJECTS, port: await free(PORTS.worker), ...shop.gateway, secrets: {...SECRETS, ...shop.gateway.secrets}});
const edge = new Edge(worker.url);
shop.open(worker.url, edge.ask.bind(edge));
const browser = await chromium.launch({executablePath: process.env["CHROMIUM_PATH"] || "/usr/bin/chromium", args: ["--no-sandbox"]});
try {
  const page = await browser.newPage({viewport: {width: 1360, height: 800}, colorScheme: "light", locale: "en-GB", timezoneId: "Europe/Berlin", userAgent: PERSON});
  await page.addInitScript(CLOCK);
  await page.goto(shop.url);
  const [front, live] = [page.frameLocator("#shop"), page.frameLocator("#live")];
  await front.getByRole("button", {name: "Accept all"}).click();
  for (const [role, name] of /** @type {const} */ ([["link", "Desk lamp"], ["button", "Add to cart"], ["link", "To the checkout"], ["button", "Place the order"]])) {
    await front.getByRole(role, {name}).click();
  }
  const order = live.locator("#events > li").filter({hasText: "118842"});
  await order.getByText("page + server, counted once").waitFor();
  await waitFor("Google Ads' verdict", async () => {
    const entry = /** @type {{scheduled: (event: {cron: string}) => Promise<unknown>}} */ (/** @type {unknown} */ (await worker.mf.getWorker()));
    await entry.scheduled({cron: "*/10 * * * *"});
    return (await order.locator("summary .chip.good").count()) === DESTINATIONS.length;
  });
  await order.locator("summary").first().click();
  await order.getByText("The platform has it.").first().waitFor();
  await page.mouse.move(0, 0);
  const picture = await page.screenshot();
  if (picture.length > MOST_BYTES) throw new Error(`docs/shop.png would have ${picture.length} bytes, and may have ${MOST_BYTES}`);
  await writeFile(target, picture);
  console.log(`docs/shop.png: ${picture.length} bytes`);
} finally {
  await browser.close();
  edge.close();
  await worker.dispose();
  await shop.close();
  await twin.close();
}
