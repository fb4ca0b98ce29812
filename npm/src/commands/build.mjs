// `edgetally build`: the page's script into the folder that the gateway serves it from.

import {resolve} from "node:path";
import {writeAssets} from "../assets.mjs";
import {configuration, pages} from "../core.mjs";
import {FINE, usage, wanting} from "../exits.mjs";
import {readConfig} from "../runtime.mjs";
import {bold, dim, number, print} from "../terminal.mjs";

export {words as usage};
const words = "";
export const help = `
Composes the script that pages load, for each source with a key: with the consent sources and the pixels
that its settings name, and nothing else. Written to the folder of [assets] in wrangler.toml, as
/edgetally.js (looked at again after five minutes) and /edgetally.HASH.js (kept for a year); with several
such sources as /edgetally.SOURCE.js. wrangler calls it before it uploads.

  --json   what was written, with its sizes by part`;

export const flags = {};

/** @param {string} project */
export async function build(project) {
  const config = await readConfig(project);
  const folder = config.assets?.directory;
  if (folder === undefined) throw wanting('wrangler.toml has no folder to put it into: [assets] directory = "assets"');
  return writeAssets(resolve(project, folder), await pages(configuration(project)), project);
}

/** @param {Record<string, any>} flags @param {string[]} given */
export async function run(flags, given) {
  if (given.length > 0) throw usage(`"${given[0]}" is one word too many`);
  const written = await build(flags.project);
  if (flags.json) {
    print(JSON.stringify(written));
    return FINE;
  }
  if (written.length === 0) print("No source has a key, so there is no page's script.");
  for (const {source, path, immutable, bytes, gzipped} of written) {
    print(`${bold(path)}  ${number(gzipped)} bytes gzipped, ${number(bytes)} as it is  ${dim(`source ${source}`)}`);
    print(dim(`  ${immutable}`));
  }
  return FINE;
}
