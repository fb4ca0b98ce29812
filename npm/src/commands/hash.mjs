// `edgetally hash`: identifiers in every platform's spelling.

import {hash} from "../core.mjs";
import {FINE, FOUND_WANTING, usage} from "../exits.mjs";
import {standardInput} from "../input.mjs";
import {bold, dim, print, yellow} from "../terminal.mjs";

export {words as usage};
const words = "KIND [VALUE …]";
export const help = `
An identifier as each platform wants it: normalised, and hashed where it is hashed there. Nothing is
stored or sent. Values are arguments, or lines of standard input: then none is in your shell's history.

  KIND            email phone first_name last_name date_of_birth gender street city region postal_code
                  country external_id
  --country CC    whose telephone numbers and postcodes are meant
  --show          the normalised text too, which is personal data
  --json          one JSON object per line: {value: its number, rows}

Ends with 1 where a value cannot be used anywhere.`;

export const flags = /** @type {const} */ ({country: {type: "string"}, show: {type: "boolean"}});

/** @param {Record<string, any>} flags @param {string[]} given */
export async function run(flags, given) {
  const [kind, ...values] = given;
  if (kind === undefined) throw usage("which kind of identifier? (edgetally hash --help)");
  const all = values.length > 0 ? values : (await standardInput("a value")).split(/\r?\n/).filter((line) => line !== "");
  if (all.length === 0) throw usage("a value is asked for");
  let unusable = 0;
  for (const [at, value] of all.entries()) {
    const rows = await hash({kind, value, ...(flags.country && {country: flags.country}), ...(flags.show && {show: true})});
    if (rows.every(({code}) => code !== undefined)) unusable += 1;
    if (flags.json) {
      print(JSON.stringify({value: at + 1, rows}));
      continue;
    }
    // Platforms that want the same have one line.
    /** @type {Map<string, string[]>} */
    const lines = new Map();
    for (const {destination, form, digest, text, code, words: sentence} of rows) {
      const said = code ? yellow(`${code}: ${sentence}`) : `${digest ?? (text === undefined ? dim("goes in clear") : "")}${text === undefined ? "" : `${digest ? "  " : ""}${text}${form === "clear" ? dim(" (in clear)") : ""}`}`;
      lines.set(said, [...(lines.get(said) ?? []), destination]);
    }
    if (all.length > 1) print(bold(`value ${at + 1}`));
    for (const [said, names] of lines) print(`${said}\n  ${[...new Set(names)].join(", ")}`);
  }
  return unusable === 0 ? FINE : FOUND_WANTING;
}
