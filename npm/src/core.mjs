// The gateway's own code as WebAssembly: what it judges here is what it judges in the worker. Texts in, values out; the clock is
// read here, since the core has none.

import {existsSync, readFileSync} from "node:fs";
import {createRequire} from "node:module";
import {join} from "node:path";
import {wanting} from "./exits.mjs";
import {IN_REPOSITORY, Missing, TOOL} from "./places.mjs";

/**
 * @typedef {object} Checked
 * @property {string[]} said
 * @property {string[]} warnings
 * @property {{message: string, path?: string}[]} errors
 * @property {{name: string, for: string[], optional: boolean}[]} secrets
 *
 * @typedef {{destination: string, dialect: string, form: "sha256" | "clear", digest?: string, text?: string, code?: string, words?: string}} Spelling
 */

/** @type {any} */
let tool;

/** The module, loaded when it is first needed. */
function core() {
  if (tool) return tool;
  const file = join(TOOL, "edgetally_tool.js");
  if (!existsSync(file)) throw new Missing(IN_REPOSITORY ? `${file} is missing: run "make tool" first` : `${file} is missing: install edgetally anew`);
  tool = createRequire(import.meta.url)(file);
  return tool;
}

/** @param {string} text @returns {any} */
function read(text) {
  const answer = JSON.parse(text);
  if (answer?.error) {
    const {code, message, path, faults = []} = answer.error;
    const lines = faults.map((/** @type {any} */ fault) => `\n  ${fault.path}: ${fault.rule ?? fault.message ?? ""}`);
    throw wanting(`${code}: ${path ? `${path} ` : ""}${message}${lines.length > 1 ? lines.join("") : ""}`);
  }
  return answer;
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
 * @returns {Checked}
 */
export const check = (text) => read(core().check(text, Date.now()));

/**
 * What a page's script of each source is made of.
 * @param {string} text
 * @returns {any[]}
 */
export const pages = (text) => read(core().page(text));

/**
 * An identifier in every dialect.
 * @param {{kind: string, value: string, country?: string, show?: boolean}} question
 * @returns {Spelling[]}
 */
export const hash = (question) => read(core().hash(JSON.stringify(question)));

/**
 * What would become of an event.
 * @param {string} text
 * @param {string} event
 * @param {Record<string, unknown>} sender
 * @returns {any}
 */
export const explain = (text, event, sender) => read(core().explain(text, event, JSON.stringify({now_ms: Date.now(), ...sender})));
