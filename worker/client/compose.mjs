// Makes a source's script: the core, with the consent adapters and pixels that the source uses, and its settings baked in.
//
//   const {code, hash, parts} = await compose(page);
//
// The same input gives the same bytes. `page` is what `page` of crates/tool says of a source; without a key the script waits
// for edgetally("init", {key, url}).

import {createHash} from "node:crypto";
import {existsSync, readFileSync, readdirSync} from "node:fs";
import {dirname, join, relative} from "node:path";
import {fileURLToPath} from "node:url";
import {gzipSync} from "node:zlib";

const folder = dirname(fileURLToPath(import.meta.url));

/** @param {string} part @returns {string[]} the names of what there is in a folder of the client */
const names = (part) =>
  (existsSync(join(folder, part)) ? readdirSync(join(folder, part)) : [])
    .filter((name) => name.endsWith(".ts"))
    .map((name) => name.slice(0, -3))
    .sort();

/** Every consent adapter, and every pixel. */
export const ADAPTERS = names("consent");
export const PIXELS = names("pixels");

const DEFAULTS = {key: "", required: true, categories: {}, hold_ms: 4000, cookies: true};
/** Adapters that read signals, so that no names of categories concern them. */
const SIGNALS = ["consent_mode", "tcf", "gpp"];
/** Names within the client, and what they are in the script and in the browser's storage: the same in each. */
const SHORT = {at: "t", clicks: "c", known: "k", way: "w", once: "o", flush: "f"};

/**
 * @typedef {Partial<import("./types.ts").Page>} Page
 * @typedef {{name: string, raw: number, gzipped: number}} Part sizes; compressed is what the whole grows by the part
 *
 * @typedef {object} Options
 * @property {"iife" | "esm" | "shopify"} [format] a script; a module whose default export is the function; a Shopify pixel
 * @property {string} [version] what `status()` says
 * @property {boolean} [measure] whether parts are wanted, which takes a build of each
 * @property {typeof import("esbuild")} [esbuild] another one than node finds from here
 */

/** @param {string | Uint8Array} code */
export const gzipped = (code) => gzipSync(code, {level: 9}).length;

/**
 * The entry: imports of the parts by name, and the settings as the core reads them.
 * @param {Page} page
 * @param {Options} options
 */
function entry(page, {format = "iife"}) {
  const {source: _source, consent = [], pixels = [], maps = {}, page_views: views, by_region: regional, ...rest} = page;
  if (format === "shopify") {
    return `import start from "./shopify.ts"; start({analytics, browser, init, customerPrivacy: api.customerPrivacy}, ${JSON.stringify({key: page.key, url: page.url})});`;
  }
  const lines = ['import start from "./core.ts";'];
  /** @param {string} part @param {string[]} wanted */
  const table = (part, wanted) => {
    const known = names(part);
    for (const name of wanted) {
      if (!known.includes(name)) throw new Error(`there is no ${part}/${name}: ${known.join(", ")}`);
      lines.push(`import ${part}_${name} from "./${part}/${name}.ts";`);
    }
    return `{${wanted.map((name) => `${name}: ${part}_${name}`)}}`;
  };
  const adapters = table("consent", [...new Set(consent)]);
  const called = table("pixels", [...new Set(pixels)]);
  const used = Object.fromEntries(Object.entries(maps).filter(([name]) => pixels.includes(name)));
  const settings = {...DEFAULTS, ...rest, ...(regional && {required: true}), ...(Object.keys(used).length > 0 && {maps: used})};
  // Of what is baked in, nothing needs to be said that the code knows; the adapters of consent managers with categories want to hear of two.
  const known = ["required", "cookies", "hold_ms", ...(consent.every((name) => SIGNALS.includes(name)) ? ["categories"] : [])];
  const managers = consent.some((name) => !SIGNALS.includes(name));
  const said = Object.entries(settings).filter(([name, value]) => value !== undefined && name !== "name" && (!page.key || !known.includes(name) || ((managers || regional) && name === "required")));
  let fan = "";
  if (pixels.length > 0) {
    lines.push('import fan from "./pixels.ts";');
    fan = `, fan(${called})`;
  }
  let call = `start(${JSON.stringify(Object.fromEntries(said))}, ${adapters}${fan})`;
  if (!page.key) {
    lines.push('import remind from "./remind.ts";');
    call = `remind(${call})`;
  }
  if (views) {
    lines.push('import views from "./views.ts";');
    call = `views(${call})`;
  }
  return [...lines, format === "esm" ? `export default ${call};` : `${call};`].join("\n");
}

/**
 * @param {Page} page
 * @param {Options} [options]
 * @returns {Promise<{code: string, hash: string, parts: Part[]}>}
 */
export async function compose(page, options = {}) {
  const esbuild = options.esbuild ?? (await import("esbuild"));
  /** @param {Page} of */
  const build = async (of) => {
    const result = await esbuild.build({
      stdin: {contents: entry(of, options), resolveDir: folder, sourcefile: "entry.ts", loader: "ts"},
      absWorkingDir: folder,
      bundle: true,
      write: false,
      metafile: true,
      minify: true,
      format: options.format === "esm" ? "esm" : "iife",
      target: "es2020",
      mangleProps: new RegExp(`^(${Object.keys(SHORT).join("|")})$`),
      mangleCache: SHORT,
      define: {
        NAME: JSON.stringify(of.name ?? "edgetally"),
        VERSION: JSON.stringify(options.version ?? "0"),
        BAKED: String(Boolean(of.key)),
        REQUIRED: of.key && !of.by_region ? String(of.required ?? DEFAULTS.required) : "null",
        REGION: String(Boolean(of.by_region)),
        PIXELS: String((of.pixels ?? []).length > 0),
        HOLD_MS: String(of.hold_ms ?? DEFAULTS.hold_ms),
        COOKIES: String(of.cookies ?? DEFAULTS.cookies),
      },
      charset: "utf8",
      legalComments: "none",
      logLevel: "silent",
      tsconfigRaw: {},
    });
    return {code: (result.outputFiles[0]?.text ?? "").trimEnd(), inputs: Object.values(result.metafile.outputs)[0]?.inputs ?? {}};
  };
  const {code, inputs} = await build(page);
  const hash = createHash("sha256").update(code).digest("hex").slice(0, 12);
  return {code, hash, parts: options.measure ? await parts(page, code, inputs, build) : []};
}

/**
 * What each file takes. Adapters and pixels: what the script is longer by; the files of the core: their share of the rest.
 * @param {Page} page
 * @param {string} code
 * @param {Record<string, {bytesInOutput: number}>} inputs
 * @param {(page: Page) => Promise<{code: string}>} build
 * @returns {Promise<Part[]>}
 */
async function parts(page, code, inputs, build) {
  const whole = gzipped(code);
  /** @type {Part[]} */
  const made = [];
  let others = 0;
  for (const kind of /** @type {const} */ (["consent", "pixels"])) {
    for (const name of page[kind] ?? []) {
      const without = await build({...page, [kind]: page[kind]?.filter((other) => other !== name)});
      const gain = whole - gzipped(without.code);
      others += gain;
      made.push({name: `${kind}/${name}`, raw: code.length - without.code.length, gzipped: gain});
    }
  }
  const core = Object.entries(inputs).filter(([name]) => !/^(consent|pixels)\//.test(relative(".", name)));
  const raw = core.reduce((sum, [, {bytesInOutput}]) => sum + bytesInOutput, 0);
  const shares = core.map(([name, {bytesInOutput}]) => ({name: relative(".", name), raw: bytesInOutput, gzipped: Math.round(((whole - others) * bytesInOutput) / raw)}));
  return [...shares.filter((part) => part.raw > 0), ...made];
}

/** The stub of the snippet, as the documents have it. */
export function stub() {
  const file = join(folder, "stub.ts");
  return existsSync(file) ? (/'(.*)';\s*$/.exec(readFileSync(file, "utf8"))?.[1] ?? "") : "";
}
