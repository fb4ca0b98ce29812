// The page's script of each source, as files: a short name that is looked at again after five minutes, and one with the hash of
// what is in it that is kept for a year.

import {mkdir, readdir, rm, writeFile} from "node:fs/promises";
import {existsSync} from "node:fs";
import {join} from "node:path";
import {pathToFileURL} from "node:url";
import {gzipSync} from "node:zlib";
import {CLIENT, Missing, fromWrangler} from "./places.mjs";
import {VERSION} from "./version.mjs";

/** Files of ours in the folder; whatever else lies there stays. */
const OURS = /^(edgetally(\.[A-Za-z0-9_-]+)*\.js|_headers)$/;

const SHORT = "public, max-age=300";
const IMMUTABLE = "public, max-age=31536000, immutable";

/**
 * @typedef {object} Written
 * @property {string} source
 * @property {string} path the short name
 * @property {string} immutable the name with the hash
 * @property {number} bytes
 * @property {number} gzipped
 * @property {{name: string, raw: number, gzipped: number}[]} parts of the client
 */

/**
 * Composes the script of each source that has a key, and writes all of it.
 * @param {string} folder
 * @param {any[]} pages as the core says what they are made of
 * @param {string} project
 * @returns {Promise<Written[]>}
 */
export async function writeAssets(folder, pages, project) {
  const file = join(CLIENT, "compose.mjs");
  if (!existsSync(file)) throw new Missing(`${file} is missing: install edgetally anew`);
  const [{compose}, esbuild] = await Promise.all([import(pathToFileURL(file).href), fromWrangler("esbuild", project)]);
  /** @type {Written[]} */
  const written = [];
  /** @type {[string, string][]} */
  const files = [];
  let headers = "";
  for (const page of pages) {
    const {code, hash, parts} = await compose(page, {esbuild, version: VERSION});
    const stem = pages.length === 1 ? "edgetally" : `edgetally.${page.source}`;
    const [short, immutable] = [`${stem}.js`, `${stem}.${hash}.js`];
    for (const [name, control] of [[short, SHORT], [immutable, IMMUTABLE]]) {
      files.push([String(name), code]);
      headers += `/${name}\n  Cache-Control: ${control}\n  Access-Control-Allow-Origin: *\n  Cross-Origin-Resource-Policy: cross-origin\n  X-Content-Type-Options: nosniff\n`;
    }
    written.push({source: page.source, path: `/${short}`, immutable: `/${immutable}`, bytes: Buffer.byteLength(code), gzipped: gzipSync(code, {level: 9}).length, parts});
  }
  await mkdir(folder, {recursive: true});
  for (const name of await readdir(folder)) if (OURS.test(name)) await rm(join(folder, name));
  for (const [name, text] of [...files, ["_headers", headers]]) await writeFile(join(folder, String(name)), String(text));
  return written;
}
