// Every destination as examples, the demo and the tests set it up: what the settings call it, what the twin calls it, what
// people call it, and the secrets that the twin accepts. All of it comes from the platforms' files, `platform.json`.

import {readFileSync, readdirSync} from "node:fs";
import {join} from "node:path";
import {pathToFileURL} from "node:url";
import {DESTINATIONS as FOLDER, TWIN} from "./places.mjs";

const {credentials} = await import(pathToFileURL(join(TWIN, "credentials.mjs")).href);

/** What the twin accepts, by platform. @type {Record<string, Record<string, unknown>>} */
const ACCEPTED = credentials;

/**
 * @typedef {object} Platform
 * @property {string} name in the settings
 * @property {string} platform at the twin
 * @property {string} title for people
 * @property {boolean} testMode whether it has one
 * @property {Record<string, unknown>} settings
 * @property {Record<string, unknown>} test settings that test events need
 * @property {Record<string, string>} secrets for every way of signing in
 */

/**
 * @param {string} platform
 * @returns {Platform & {order: number}}
 */
function known(platform) {
  const {title, order, test_mode: testMode, demo} = JSON.parse(readFileSync(join(FOLDER, platform, "platform.json"), "utf8"));
  const {name, settings, test} = demo;
  const secrets = Object.entries(demo.secrets).map(([secret, key]) => {
    const value = ACCEPTED[platform]?.[String(key)];
    if (value === undefined) throw new Error(`the twin has no ${key} of ${platform}`);
    return [secret, typeof value === "string" ? value : JSON.stringify(value)];
  });
  return {name, platform, title, testMode, settings, test, secrets: Object.fromEntries(secrets), order};
}

/** In the order that people know them in. @type {readonly Platform[]} */
export const PLATFORMS = readdirSync(FOLDER)
  .map(known)
  .sort((a, b) => a.order - b.order);

/** The names in the settings. */
export const NAMES = PLATFORMS.map(({name}) => name);

/** The destinations of the settings. */
export const DESTINATIONS = Object.fromEntries(PLATFORMS.map(({name, settings}) => [name, settings]));

/** The secrets of all of them, by name. */
export const PLATFORM_SECRETS = Object.assign({}, ...PLATFORMS.map(({secrets}) => secrets));
