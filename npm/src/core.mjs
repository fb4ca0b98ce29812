// The gateway's own code as WebAssembly: what it judges here is what it judges in the worker. Texts in, values out; the clock is
// read here, since the core has none.

import {existsSync, readFileSync} from "node:fs";
import {join} from "node:path";
import {pathToFileURL} from "node:url";
import {wanting} from "./exits.mjs";
import {IN_REPOSITORY, Missing, TOOL} from "./places.mjs";

/** @typedef {typeof import("../../crates/tool/index.mjs")} Tool */
/** @typedef {import("../../crates/tool/index.mjs").Checked} Checked */
/** @typedef {import("../../crates/tool/index.mjs").Explained} Explained */
/** @typedef {import("../../crates/tool/index.mjs").Row} Row */

/** The module, loaded when it is first needed. @returns {Promise<Tool>} */
async function core() {
  const file = join(TOOL, "index.mjs");
  if (!existsSync(file)) throw new Missing(IN_REPOSITORY ? `${file} is missing: run "make tool" first` : `${file} is missing: install edgetally anew`);
  return import(pathToFileURL(file).href);
}

/**
 * An answer that is no refusal.
 * @template T
 * @param {T | import("../../crates/tool/index.mjs").Refused} answer
 * @returns {T}
 */
function answered(answer) {
  if (typeof answer !== "object" || answer === null || !("error" in answer)) return /** @type {T} */ (answer);
  const {code, message, path, faults = []} = answer.error;
  const lines = faults.length > 1 ? faults.map((fault) => `\n  ${fault.path}: ${fault.message}`).join("") : "";
  throw wanting(`${code}: ${path ? `${path} ` : ""}${message}${lines}`);
}

/**
 * The text of wrangler.toml.
 * @param {string} project
 */
export function configuration(project) {
  const file = join(project, "wrangler.toml");
  if (!existsSync(file)) throw wanting(`there is no wrangler.toml in ${project}: "edgetally init" writes one`);
  return readFileSync(file, "utf8");
}

/**
 * What is wrong with a configuration, and which secrets it needs.
 * @param {string} text
 * @returns {Promise<Checked>}
 */
export const check = async (text) => answered((await core()).check(text, Date.now()));

/**
 * What a page's script of each source is made of.
 * @param {string} text
 * @returns {Promise<any[]>}
 */
export async function pages(text) {
  const {page} = /** @type {any} */ (await core());
  if (!page) throw new Missing("this build of the core does not know pages' scripts");
  return answered(page(text));
}

/**
 * An identifier in every dialect.
 * @param {import("../../crates/tool/index.mjs").Identifier} question
 * @returns {Promise<Row[]>}
 */
export const hash = async (question) => answered(/** @type {Row[]} */ ((await core()).hash(question)));

/**
 * What would become of an event.
 * @param {string} text
 * @param {string} event
 * @param {Omit<import("../../crates/tool/index.mjs").Sender, "now_ms">} sender
 * @returns {Promise<Explained>}
 */
export const explain = async (text, event, sender) => answered((await core()).explain(text, event, {now_ms: Date.now(), ...sender}));
