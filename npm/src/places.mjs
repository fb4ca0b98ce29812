// Where the pieces lie: beside this folder in the package, all over the tree in the repository.

import {existsSync} from "node:fs";
import {createRequire} from "node:module";
import {dirname, join} from "node:path";
import {fileURLToPath, pathToFileURL} from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

/** The folder of the package: npm/ in the repository. */
export const PACKAGE = dirname(here);

/** Whether this is the repository, and not the package that was assembled from it. */
export const IN_REPOSITORY = existsSync(join(PACKAGE, "..", "crates", "core"));

/** @param {string} packed @param {string} tree */
const place = (packed, tree) => (IN_REPOSITORY ? join(PACKAGE, "..", tree) : join(PACKAGE, packed));

/** The built worker: index.js and index_bg.wasm. */
export const WORKER = place("worker", "worker/build");
/** The stand-in platforms. */
export const TWIN = place("twin", "twin");
/** The browser client and what composes it. */
export const CLIENT = place("client", "worker/client");
/** The core as a module for Node. */
export const TOOL = place("tool", "dist/tool");
/** One folder per platform, with what a destination's settings look like. */
export const DESTINATIONS = place("destinations", "crates/core/tests/fixtures/destinations");
/** The example's wrangler.toml in the repository, and the folder whose packages are used there. */
export const ROOT = IN_REPOSITORY ? dirname(PACKAGE) : PACKAGE;

/** A part that is not there, with what brings it. */
export class Missing extends Error {}

/**
 * The folder of a package that a project has: its own, else that of this package.
 * @param {string} name
 * @param {string} project
 * @returns {string | undefined}
 */
function found(name, project) {
  for (const from of [project, PACKAGE]) {
    try {
      return dirname(createRequire(join(from, "package.json")).resolve(`${name}/package.json`));
    } catch {
      // Not from there.
    }
  }
  return undefined;
}

/**
 * The folder of the project's wrangler.
 * @param {string} project
 */
export function wranglerFolder(project) {
  const folder = found("wrangler", project);
  if (folder === undefined) throw new Missing("wrangler is not installed here: npm install --save-dev wrangler");
  return folder;
}

/**
 * Imports wrangler, or a package that comes with it: one version of the runtime, the one that deploys.
 * @param {"wrangler" | "miniflare" | "esbuild"} name
 * @param {string} project
 * @returns {Promise<any>}
 */
export async function fromWrangler(name, project) {
  const wrangler = createRequire(join(wranglerFolder(project), "package.json"));
  return import(pathToFileURL(wrangler.resolve(name === "wrangler" ? "." : name)).href);
}
