// The settings' schema says what the gateway's own check says: every key of one is a key of the other.

import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {join} from "node:path";
import {test} from "node:test";
import {check} from "../../npm/src/core.mjs";
import {PLATFORMS} from "../../npm/src/platforms.mjs";
import {ROOT} from "./support.mjs";

/** @type {any} */
const schema = JSON.parse(readFileSync(join(ROOT, "npm/schema.json"), "utf8"));

/**
 * As much of JSON Schema as the file uses; the first thing that does not hold.
 * @param {any} rule @param {any} value @param {string} at @returns {string | undefined}
 */
function fault(rule, value, at = "") {
  if (rule.$ref) return fault(schema.$defs[rule.$ref.split("/").at(-1)], value, at);
  if ("const" in rule && value !== rule.const) return `${at}: not ${rule.const}`;
  if (rule.enum && !rule.enum.includes(value)) return `${at}: none of ${rule.enum}`;
  const is = Array.isArray(value) ? "array" : typeof value;
  const types = [rule.type].flat().filter(Boolean).map((one) => (one === "integer" ? "number" : one));
  if (types.length > 0 && !types.includes(is)) return `${at}: a ${is}`;
  if (rule.pattern && !new RegExp(rule.pattern).test(value)) return `${at}: not like ${rule.pattern}`;
  if (is === "array") return value.map((/** @type {any} */ one, /** @type {number} */ index) => fault(rule.items ?? {}, one, `${at}[${index}]`)).find(Boolean);
  if (is !== "object") return undefined;
  for (const name of rule.required ?? []) if (!(name in value)) return `${at}.${name}: missing`;
  for (const {if: when, then} of rule.allOf ?? []) if (fault(when, value) === undefined) return fault(then, value, at);
  for (const [name, one] of Object.entries(value)) {
    const found = rule.properties?.[name] ?? rule.additionalProperties;
    const wrong = found === false ? `${at}.${name}: unknown` : fault(found ?? {}, one, `${at}.${name}`);
    if (wrong) return wrong;
  }
  return undefined;
}

const settings = (/** @type {any} */ value) => fault(schema.$defs.settings, value);
const destinations = Object.fromEntries(PLATFORMS.map(({name, settings: own, test: more}) => [name, {...own, ...more}]));

test("every platform's settings are as the schema has them; misspelt keys and other types are not", () => {
  const good = {environment: "production", sources: {shop: {key: "pk_shop_0123456789abcdef", origins: ["https://shop.example"], consent: "by_region", destinations: ["meta"]}}, destinations};
  assert.equal(settings(good), undefined);
  for (const [path, value] of /** @type {[string[], any][]} */ ([[["sources", "shop", "orgins"], []], [["sources", "shop", "consent"], "maybe"], [["destinations", "meta", "pixel_id"], "1"], [["destinations", "second"], {dataset_id: "1"}], [["dedup_window_days"], "7"], [["destinations", "hook", "platform"], "webhok"]])) {
    const bad = structuredClone(good);
    /** @type {any} */
    let place = bad;
    for (const key of path.slice(0, -1)) place = place[key];
    place[String(path.at(-1))] = value;
    assert.ok(settings(bad), path.join("."));
  }
});

/** A value of a type, or the default. @param {any} rule */
const sample = (rule) => rule.default ?? {string: "x", integer: 1, boolean: true, array: [], object: {}}[String([rule.type].flat()[0])] ?? rule.enum?.[0];

/** @param {any} value @returns {Promise<string[]>} what the gateway does not know */
async function unknown(value) {
  const {errors} = await check(JSON.stringify({EDGETALLY: value}));
  return errors.map(({message}) => message).filter((message) => UNKNOWN.test(message));
}
const UNKNOWN = /unknown|no such|is not a (key|setting)|not known/i;

test("the schema has every key that the gateway knows", async () => {
  const source = {secret: "SHOP_SECRET", destinations: ["meta"]};
  const named = async (/** @type {any} */ value) => {
    const [message = ""] = await unknown(value);
    const keys = [...(message.split("expected one of")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, key]) => String(key));
    assert.ok(keys.length > 0, `no keys in: ${message}`);
    return keys.sort();
  };
  const {properties} = schema.$defs.settings;
  assert.deepEqual(await named({sources: {shop: {...source, zzz: 1}}, destinations: {meta: {dataset_id: "1"}}}), Object.keys(properties.sources.additionalProperties.properties).sort());
  for (const {platform, settings: own} of PLATFORMS) {
    const keys = await named({sources: {shop: {...source, destinations: ["one"]}}, destinations: {one: {...own, platform, zzz: 1}}});
    // It is known so that it can be told what became of it.
    for (const key of keys.filter((one) => one !== "cookie_prefix")) assert.ok(Object.hasOwn(schema.$defs[platform].properties, key), `${platform}: the schema has no ${key}`);
  }
});

/** What a key needs beside it, or does without: there are two ways to sign in. @type {Record<string, Record<string, unknown>>} */
const BESIDE = {
  "google_ads client_secret": {client_id: "x"},
  "google_ads refresh_token": {client_id: "x"},
  "linkedin access_token": {client_id: undefined},
  "x pixel_token": {oauth: undefined},
};

test("the gateway knows every key that the schema has", async () => {
  const source = {secret: "SHOP_SECRET", destinations: ["meta"]};
  assert.notDeepEqual(await unknown({sources: {shop: {...source, destnations: []}}, destinations: {meta: {dataset_id: "1"}}}), [], "what the gateway says of an unknown key is not found");
  const {sources, destinations: _, ...top} = schema.$defs.settings.properties;
  for (const [name, rule] of Object.entries(top)) {
    const inner = rule.properties ? Object.fromEntries(Object.entries(rule.properties).map(([key, one]) => [key, sample(one)])) : sample(rule);
    assert.deepEqual(await unknown({[name]: inner, sources: {shop: source}, destinations: {meta: {dataset_id: "1"}}}), [], name);
  }
  for (const [name, rule] of Object.entries(sources.additionalProperties.properties)) {
    assert.deepEqual(await unknown({sources: {shop: {...source, [name]: sample(/** @type {any} */ (rule))}}, destinations: {meta: {dataset_id: "1"}}}), [], name);
  }
  for (const {platform, settings: own} of PLATFORMS) {
    for (const [name, rule] of Object.entries(schema.$defs[platform].properties)) {
      assert.deepEqual(await unknown({sources: {shop: {...source, destinations: ["one"]}}, destinations: {one: {...own, ...BESIDE[`${platform} ${name}`], platform, [name]: name === "platform" ? platform : sample(/** @type {any} */ (rule))}}}), [], `${platform} ${name}`);
    }
  }
});
