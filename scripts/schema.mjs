// The settings' JSON schema for editors, npm/schema.json, from the tables of docs/settings.md and docs/destinations/*.md: one list of
// keys, which the documents have anyway.
//
//   node scripts/schema.mjs          compares
//   EDGETALLY_UPDATE=1 …             writes it anew
//
// In wrangler.toml, for an editor that reads it: #:schema ./node_modules/edgetally/schema.json

import {readFileSync, readdirSync, writeFileSync} from "node:fs";

/** @typedef {{type?: string, description?: string, default?: unknown, enum?: string[], properties?: Record<string, any>, additionalProperties?: any, items?: any, [key: string]: any}} Schema */

const docs = new URL("../docs/", import.meta.url);
/** @param {string} name */
const read = (name) => readFileSync(new URL(name, docs), "utf8");

/** What the tables show by an example or not at all. @type {Record<string, Schema>} */
const KINDS = {
  origins: {type: "array", items: {type: "string"}},
  page_events: {type: "array", items: {type: "string"}},
  markets: {type: "array", items: {type: "string", pattern: "^[A-Z]{2}$"}},
  legal_basis: {type: "array", items: {type: "string"}},
  consent_sources: {type: "array", items: {type: "string"}},
  pixels: {type: "array", items: {type: "string"}},
  purposes: {type: "array", items: {type: "integer", minimum: 1, maximum: 11}},
  categories: {type: "object", additionalProperties: {enum: ["analytics", "ads"]}},
  events: {type: "object", additionalProperties: {type: ["string", "boolean"]}},
  tags: {type: "object", additionalProperties: {type: "string"}},
  conversions: {type: "object", additionalProperties: {type: "string"}},
  send_to: {type: "object", additionalProperties: {type: "string"}},
  conversion_actions: {type: "object", additionalProperties: {type: "string"}},
  vendor: {type: "integer"},
  provider: {type: "integer"},
};

/** @param {string} text */
const prose = (text) => text.replace(/\[([^\]]+)\]\([^)]*\)/g, "$1").replaceAll("`", "").trim();

/**
 * The schema of one key.
 * @param {string} path
 * @param {string} fallback
 * @param {string} text
 * @returns {Schema}
 */
function schemaOf(path, fallback, text) {
  const name = path.split(".").at(-1) ?? "";
  const description = prose(text);
  const said = {...(description && description !== "see below" && {description})};
  const bare = fallback.replaceAll("`", "").trim();
  if (path === "sources.NAME.destinations") return {type: "array", items: {type: "string"}, ...said};
  if (name === "consent" && bare.startsWith("[")) return {...KINDS.consent_sources, ...said};
  if (Object.hasOwn(KINDS, name)) return {...KINDS[name], ...said};
  if (/^\d+$/.test(bare) && !/year and month/.test(text)) return {type: "integer", default: Number(bare), ...said};
  if (/^(true|false)$/.test(bare)) return {type: "boolean", default: bare === "true", ...said};
  if (bare.startsWith("[")) return {type: "array", items: {type: "string"}, ...said};
  const others = [...(text.split(":")[0] ?? "").matchAll(/\bor `(\w+)`/g)].map(([, word]) => String(word));
  if (text.startsWith("or `") && /^\w+$/.test(bare)) return {enum: [bare, ...others], default: bare, ...said};
  return {type: "string", ...(/^[a-zA-Z0-9_]+$/.test(bare) && bare !== "none" && bare !== "all" && {default: bare}), ...said};
}

/**
 * The rows of the first table with such a heading: paths of keys, default, text.
 * @param {string} document
 * @param {RegExp} heading
 * @returns {[string[], string, string][]}
 */
function rows(document, heading) {
  const start = document.search(heading);
  if (start < 0) throw new Error(`no table with ${heading.source}`);
  const table = /(?:^\|.*\n)+/m.exec(document.slice(start))?.[0] ?? "";
  return table.trim().split("\n").slice(2).map((line) => {
    const [keys = "", fallback = "", text = ""] = line.split("|").slice(1).map((cell) => cell.trim());
    /** @type {string[]} */
    const paths = [];
    for (const [, key = ""] of keys.matchAll(/`([^`]+)`/g)) {
      // `.origins` and `retry_max_seconds` stand for neighbours of what is before them.
      const before = paths[0]?.split(".").slice(0, -1) ?? [];
      paths.push(paths.length === 0 || key.includes("NAME") ? key : [...before, key.replace(/^\./, "")].join("."));
    }
    return [paths, fallback, text];
  });
}

/** @param {Schema} schema @param {string[]} path @param {Schema} leaf */
function put(schema, path, leaf) {
  const [name = "", ...rest] = path;
  schema.type = "object";
  /** @type {Schema} */
  let next;
  if (name === "NAME") next = schema.additionalProperties ||= {};
  else {
    schema.additionalProperties ??= false;
    schema.properties ??= {};
    next = schema.properties[name] ??= {};
  }
  if (rest.length === 0) Object.assign(next, {...leaf, ...next});
  else put(next, rest, leaf);
}

/** @type {Schema} */
const settings = {};
for (const [paths, fallback, text] of rows(read("settings.md"), /^\| key \| default \| \|$/m)) {
  // A column may have one default for each key of a row.
  const defaults = fallback.split(",").length === paths.length ? fallback.split(",") : paths.map(() => fallback);
  paths.forEach((path, at) => put(settings, path.split("."), schemaOf(path, defaults[at] ?? "", text)));
}

const common = settings.properties?.destinations?.additionalProperties?.properties ?? {};
/** @type {Record<string, Schema>} */
const platforms = {};
for (const file of readdirSync(new URL("destinations/", docs)).sort()) {
  /** @type {Schema} */
  const own = {type: "object", properties: {...common}, additionalProperties: false};
  for (const [paths, fallback, text] of rows(read(`destinations/${file}`), /^\| setting \| default \| \|$/m)) {
    const defaults = fallback.split(",").length === paths.length ? fallback.split(",") : paths.map(() => fallback);
    paths.forEach((path, at) => put(own, path.split("."), schemaOf(path, defaults[at] ?? "", text)));
  }
  const name = file.replace(/\.md$/, "");
  own.properties = {...own.properties, platform: {const: name}};
  platforms[name] = own;
}
const names = Object.keys(platforms);
if (settings.properties) {
  settings.properties.destinations = {
    type: "object",
    properties: Object.fromEntries(names.map((name) => [name, {$ref: `#/$defs/${name}`}])),
    additionalProperties: {
      type: "object",
      required: ["platform"],
      properties: {platform: {enum: names}},
      allOf: names.map((name) => ({if: {properties: {platform: {const: name}}}, then: {$ref: `#/$defs/${name}`}})),
    },
  };
}

const schema = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "wrangler.toml of an edgetally gateway",
  type: "object",
  properties: {vars: {type: "object", patternProperties: {"^EDGETALLY(?!_KEY$|_ADMIN_TOKEN$)": {$ref: "#/$defs/settings"}}}},
  $defs: {settings, ...platforms},
};
const text = `${JSON.stringify(schema, null, 1)}\n`;
const file = new URL("../npm/schema.json", import.meta.url);
if (process.env.EDGETALLY_UPDATE) writeFileSync(file, text);
else if (readFileSync(file, "utf8").replaceAll("\r\n", "\n") !== text) {
  console.error("npm/schema.json is not what the documents say: EDGETALLY_UPDATE=1 node scripts/schema.mjs");
  process.exit(1);
}
