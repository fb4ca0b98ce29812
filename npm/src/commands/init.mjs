// `edgetally init`: a folder that can be run and deployed.

import {existsSync} from "node:fs";
import {mkdir, readFile, writeFile} from "node:fs/promises";
import {dirname, join, resolve} from "node:path";
import {createInterface} from "node:readline/promises";
import {FINE, usage, wanting} from "../exits.mjs";
import {PLATFORMS} from "../platforms.mjs";
import {ASKED, GITIGNORE, WRANGLER, packageJson, workflow, wranglerToml} from "../template.mjs";
import {bold, dim, print} from "../terminal.mjs";
import {VERSION} from "../version.mjs";

const CONSENT = ["required", "implied", "by_region"];
const NAMES = PLATFORMS.map(({name}) => name);

export {words as usage};
const words = "[FOLDER]";
export const help = `
Writes wrangler.toml, package.json, .github/workflows/deploy.yml and .gitignore into FOLDER (this one
when absent). Nothing that is there is overwritten. Asks on a terminal; elsewhere, or with CI set, the
flags have to say it, or --yes takes the defaults.

  --site ORIGIN        https://shop.example: where your pages are; repeat it for several
  --country CC         two letters, completes telephone numbers without a country; or none
  --destinations LIST  ${NAMES.join(",")}
  --consent WORD       required: silence is a no; implied: silence is a yes; by_region: as the law there has it
  --set PATH=ID        an id at a platform: --set meta.dataset_id=123456 --set x.tags.purchase=tw-…
  --source NAME        what the shop is called in the settings and the ledger (shop)
  --yes, -y            defaults for what is not given: https://shop.example, no country, meta and ga4, required
  --json               the files that were written, as JSON

Ends with 0: written; 1: wrangler.toml is there already; 2: flags are missing, nothing written.`;

export const flags = /** @type {const} */ ({
  site: {type: "string", multiple: true},
  country: {type: "string"},
  destinations: {type: "string", multiple: true},
  consent: {type: "string"},
  set: {type: "string", multiple: true},
  source: {type: "string"},
  yes: {type: "boolean", short: "y"},
});

/** @param {string} text */
function origin(text) {
  let url;
  try {
    url = new URL(text.includes("://") ? text : `https://${text}`);
  } catch {
    throw usage(`--site ${text}: is no address, such as https://shop.example`);
  }
  if (!["https:", "http:"].includes(url.protocol) || url.hostname === "") throw usage(`--site ${text}: is no address of the web`);
  return url.origin;
}

/** @param {string} text */
function country(text) {
  if (/^(none|)$/i.test(text)) return undefined;
  if (!/^[a-z]{2}$/i.test(text)) throw usage(`--country ${text}: has to be two letters, such as DE, or none`);
  return text.toUpperCase();
}

/** @param {string} text */
function list(text) {
  const names = text.split(/[\s,]+/).filter(Boolean).map((name) => (name === "webhook" ? "hook" : name));
  const unknown = names.find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw usage(`--destinations ${unknown}: is not known; there are ${NAMES.join(", ")}`);
  return [...new Set(names)];
}

/** @param {string} text */
function consent(text) {
  if (!CONSENT.includes(text)) throw usage(`--consent ${text}: has to be ${CONSENT.join(", ")}`);
  return /** @type {"required" | "implied" | "by_region"} */ (text);
}

/** @param {string} text */
function source(text) {
  if (!/^[a-z][a-z0-9_-]{0,30}$/.test(text)) throw usage(`--source ${text}: small letters, digits, - and _, a letter first`);
  return text;
}

/** @param {string[]} given @param {string[]} destinations */
function identifiers(given, destinations) {
  const ids = new Map();
  for (const text of given) {
    const [, path = "", id = ""] = /^([a-z0-9_.]+)=(.+)$/.exec(text) ?? [];
    const [name = "", key = ""] = path.split(".");
    if (id === "" || !ASKED[name]?.includes(key)) throw usage(`--set ${text}: has to be PATH=ID, such as meta.dataset_id=123456`);
    if (!destinations.includes(name)) throw usage(`--set ${text}: ${name} is not among the destinations`);
    ids.set(path, id);
  }
  return ids;
}

/** What is asked for, with what is taken when nothing is answered. */
const QUESTIONS = /** @type {const} */ ([
  {flag: "site", question: "Where are your pages? (an origin; several with blanks between)", otherwise: "https://shop.example"},
  {flag: "country", question: "Which country are telephone numbers of, where none stands there? (DE, US, … or none)", otherwise: "none"},
  {flag: "destinations", question: `Where shall events go? (${NAMES.join(", ")})`, otherwise: "meta, ga4"},
  {flag: "consent", question: "What does silence mean? (required: a no; implied: a yes; by_region: as the law there has it)", otherwise: "required"},
]);

/**
 * Asks for what the flags leave open.
 * @param {Record<string, any>} flags
 * @returns {Promise<Record<string, any>>}
 */
async function ask(flags) {
  const terminal = createInterface({input: process.stdin, output: process.stdout});
  // Ctrl-D is no answer to anything.
  const closed = new Promise((_, reject) => terminal.once("close", () => reject(usage("stopped; nothing was written"))));
  closed.catch(() => {});
  const answer = async (/** @type {string} */ question, /** @type {string} */ otherwise) =>
    (await Promise.race([terminal.question(`${bold(question)}\n  [${otherwise}] `), closed])).trim() || otherwise;
  /** @type {Record<string, string[]>} */
  const answers = {};
  const read = /** @type {const} */ ({site: origin, country, destinations: list, consent});
  try {
    for (const {flag, question, otherwise} of QUESTIONS) {
      while (flags[flag] === undefined && answers[flag] === undefined) {
        const text = await answer(question, otherwise);
        const parts = flag === "site" ? text.split(/[\s,]+/) : [text];
        try {
          for (const part of parts) read[flag](part);
          answers[flag] = parts;
        } catch (error) {
          print(`  ${/** @type {Error} */ (error).message}`);
        }
      }
    }
    const ids = [...(flags.set ?? [])];
    for (const name of list([...(flags.destinations ?? answers.destinations ?? [])].join(","))) {
      for (const key of ASKED[name] ?? []) {
        const platform = PLATFORMS.find((one) => one.name === name);
        if (!platform) continue;
        const {title, settings} = platform;
        const byEvent = typeof settings[key] === "object";
        const path = `${name}.${key}${byEvent ? ".purchase" : ""}`;
        if (ids.some((one) => one.startsWith(`${name}.${key}`))) continue;
        const example = byEvent ? /** @type {any} */ (settings[key]).purchase : settings[key];
        const id = await answer(`${title}: ${key}${byEvent ? " of purchases" : ""}? (Enter leaves the example, to be replaced later)`, String(example));
        if (id !== String(example)) ids.push(`${path}=${id}`);
      }
    }
    return {...flags, ...answers, set: ids};
  } finally {
    terminal.removeAllListeners("close");
    terminal.close();
  }
}

/**
 * @param {Record<string, any>} flags
 * @returns {Promise<Record<string, any>>}
 */
async function complete(flags) {
  const missing = QUESTIONS.filter(({flag}) => flags[flag] === undefined);
  if (missing.length === 0) return flags;
  if (flags.yes) return {...Object.fromEntries(missing.map(({flag, otherwise}) => [flag, ["site", "destinations"].includes(flag) ? [otherwise] : otherwise])), ...flags};
  const interactive = process.stdin.isTTY && process.stdout.isTTY && !process.env.CI && !flags.json;
  if (interactive) return ask(flags);
  throw usage(`not asked, since this is no terminal: ${missing.map(({flag}) => `--${flag}`).join(", ")} ${missing.length > 1 ? "are" : "is"} missing, or --yes; nothing was written`);
}

/**
 * What a package.json that was there already does not name.
 * @param {string} folder
 */
async function missing(folder) {
  /** @type {Record<string, Record<string, string> | undefined>} */
  let found = {};
  try {
    found = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  } catch {
    // What npm cannot read either, it will say itself.
  }
  const named = {...found.dependencies, ...found.devDependencies};
  return [named.edgetally ? "" : "edgetally", named.wrangler ? "" : `"wrangler@${WRANGLER}"`].filter(Boolean);
}

/** @param {Record<string, any>} flags @param {string[]} words */
export async function run(flags, words) {
  if (words.length > 1) throw usage("one folder, please; one with blanks in its name needs quotes");
  const folder = resolve(flags.project, words[0] ?? ".");
  for (const name of ["wrangler.toml", "wrangler.json", "wrangler.jsonc"]) {
    if (existsSync(join(folder, name))) throw wanting(`${join(folder, name)} is there already; nothing was written`);
  }
  const given = await complete(flags);
  const destinations = list([given.destinations].flat().join(","));
  if (destinations.length === 0) throw usage("--destinations: one at least");
  const answers = {
    site: [...new Set([given.site].flat().map(origin))],
    country: country([given.country].flat()[0] ?? ""),
    destinations,
    consent: consent([given.consent].flat()[0] ?? ""),
    source: source(given.source ?? "shop"),
    ids: identifiers(given.set ?? [], destinations),
  };
  /** @type {[string, string][]} */
  const files = [
    ["wrangler.toml", wranglerToml(answers)],
    ["package.json", packageJson(folder, VERSION)],
    [".github/workflows/deploy.yml", workflow()],
    [".gitignore", GITIGNORE],
  ];
  const written = [];
  const kept = [];
  for (const [name, text] of files) {
    const path = join(folder, name);
    await mkdir(dirname(path), {recursive: true});
    try {
      await writeFile(path, text, {flag: "wx"});
      written.push(name);
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
      kept.push(name);
    }
  }
  const lacking = await missing(folder);
  const install = lacking.length > 0 ? `npm install --save-dev ${lacking.join(" ")}` : "npm install";
  const next = [install, "npx edgetally dev", "npx edgetally deploy --help"];
  if (flags.json) {
    print(JSON.stringify({folder, written, kept, next}));
    return FINE;
  }
  for (const name of written) print(`  written  ${name}`);
  for (const name of kept) print(`  ${dim(`as it was  ${name}`)}`);
  print();
  print(bold("Next"));
  if (words[0] !== undefined) print(`  cd ${/[^\w./-]/.test(words[0]) ? `'${words[0].replaceAll("'", "'\\''")}'` : words[0]}`);
  for (const command of next) print(`  ${command}`);
  return FINE;
}
