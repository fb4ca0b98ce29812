// The shop and the live view beside it, around a gateway that somebody else starts: the gateway's settings need the shop's origin,
// and the shop needs the gateway's address.

import {readFileSync} from "node:fs";
import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {writeAssets} from "../../npm/src/assets.mjs";
import {pages} from "../../npm/src/core.mjs";
import {startLive} from "../../npm/src/live/live.mjs";
import {ROOT} from "../../npm/src/places.mjs";
import {stub} from "../../worker/client/compose.mjs";
import {DESTINATIONS, STOREFRONT, settings} from "../settings.mjs";
import {startStorefront} from "./server.mjs";

/**
 * The script of the shop's pages, made of the settings as a deployment's is.
 * @param {string} folder
 * @param {string} origin
 */
async function script(folder, origin) {
  const written = await writeAssets(folder, await pages(JSON.stringify({vars: {EDGETALLY: settings("http://127.0.0.1:1", origin)}})), ROOT);
  return written.find(({source}) => source === "storefront")?.path;
}

/**
 * @typedef {object} Options
 * @property {import("../../npm/src/live/live.mjs").Options["twin"]} twin
 * @property {number} [port] of the shop
 * @property {number} [livePort] of the live view
 * @property {number} [later] milliseconds after an order until the shop's server tells of it
 * @property {number} [number] the last order's before the first one
 */

/**
 * Starts both; neither has anything to show before `open`.
 * @param {Options} options
 */
export async function prepareStorefront({twin, port = 0, livePort = 0, later, number}) {
  /** @type {(() => Promise<unknown>)[]} */
  const closing = [];
  const close = async () => {
    for (const one of closing.reverse().splice(0)) await one();
  };
  try {
    const storefront = await startStorefront({secret: STOREFRONT.secret, port, later, number});
    closing.push(() => storefront.close());
    /** @type {((path: string) => Promise<any>) | undefined} */
    let ask;
    const about = {gateway: ""};
    const live = await startLive({
      ask: (path) => (ask ? ask(path) : Promise.reject(new Error("still starting"))),
      twin,
      places: DESTINATIONS.map(({name, platform, title}) => ({name, platform, title})),
      about,
      port: livePort,
    });
    closing.push(() => live.close());
    const assets = await mkdtemp(join(tmpdir(), "edgetally-assets-"));
    closing.push(() => rm(assets, {recursive: true, force: true}));
    const path = await script(assets, storefront.url);
    return {
      /** The origin that the gateway's settings have to list. */
      url: storefront.url,
      live,
      /** What the gateway is started with. */
      gateway: {wrap: readFileSync(new URL("../../npm/src/live/notes.js", import.meta.url), "utf8"), assets, secrets: {LIVE: live.url, STOREFRONT_SECRET: STOREFRONT.secret}},
      /**
       * The gateway runs: from now on people may come.
       * @param {URL} gateway
       * @param {(path: string) => Promise<any>} asks an admin route
       */
      open(gateway, asks) {
        ask = asks;
        about.gateway = gateway.origin;
        live.clear();
        storefront.open({gateway: gateway.origin, live: live.url, script: `${gateway.origin}${path}`, stub: stub()});
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
