// What editors are told about wrangler.toml, as the package has it, against what the gateway's own check says: every key of one is a
// key of the other, nothing that the check takes is marked, and what is wrong is marked where it stands.

import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {readFileSync, readdirSync} from "node:fs";
import {join} from "node:path";
import {test} from "node:test";
import {Ajv} from "ajv";
import {parse} from "smol-toml";
import {OBJECTS, settings as demo} from "../../demo/settings.mjs";
import {check} from "../../npm/src/core.mjs";
import {NAMES, PLATFORMS} from "../../npm/src/platforms.mjs";
import {wranglerToml} from "../../npm/src/template.mjs";
import {ROOT, TARBALL} from "./support.mjs";

/** @type {any} */
const schema = JSON.parse(execFileSync("tar", ["xzOf", TARBALL, "package/schema.json"], {encoding: "utf8"}));
// All that draft 07 does not define is an error; so is a reference that leads nowhere.
const ajv = new Ajv({strict: true, strictTypes: false, strictRequired: false, allErrors: true});
ajv.addSchema(schema, "wrangler");

/**
 * What an editor marks, and where.
 * @param {string} part of the schema, as a reference names it
 * @param {unknown} value
 * @returns {string[]}
 */
function marks(part, value) {
  const judge = ajv.getSchema(`wrangler${part}`);
  assert.ok(judge, part);
  if (judge(value)) return [];
  // That no branch held is said beside what did not hold in it.
  const said = (judge.errors ?? []).filter(({keyword}) => keyword !== "if").map(({instancePath, params, message}) => `${instancePath} ${message} ${Object.values(params).join()}`);
  return [...new Set(said)];
}

/** @param {any} settings what [vars.EDGETALLY] holds, all of it */
const marked = (settings) => marks("#", {vars: {EDGETALLY: settings}});
/** @param {any} settings of which the rest is in another variable */
const markedInPart = (settings) => marks("#", {vars: {EDGETALLY: settings, EDGETALLY_REST: {}}});

const {settings, source, ...others} = schema.definitions;
const destinations = Object.fromEntries(PLATFORMS.map(({name, settings: own, test: more}) => [name, {...own, ...more}]));
const shop = {key: "pk_shop_0123456789abcdef", origins: ["https://shop.example"], secret: "SHOP_SECRET", destinations: ["meta"]};
const good = {environment: "development", sources: {shop: {...shop, consent: "by_region"}}, destinations};

/** What exact claims need beside the settings. */
const CLAIMS = {
  durable_objects: {bindings: Object.entries(OBJECTS).map(([name, class_name]) => ({name, class_name}))},
  migrations: [{tag: "v2", new_sqlite_classes: Object.values(OBJECTS)}],
};

/** A line of TOML for what a fragment in the documents is about. @param {any} block */
function placed(block) {
  if (block.vars) return block.vars.EDGETALLY;
  if (block.sources || block.destinations) return block;
  if (block.categories) return {sources: {shop: {client: block}}};
  return undefined;
}

test("every example of the repository is as the schema has it", async () => {
  const answers = {site: ["https://shop.example"], country: "DE", source: "shop", ids: new Map()};
  /** @type {[string, any][]} */
  const whole = [
    ["wrangler.toml", parse(readFileSync(join(ROOT, "wrangler.toml"), "utf8"))],
    ...(/** @type {const} */ (["required", "implied", "by_region"])).map((consent) => /** @type {[string, any]} */ ([`init, ${consent}`, parse(wranglerToml({...answers, destinations: NAMES, consent}))])),
    ["the demo's", {...CLAIMS, vars: {EDGETALLY: demo("http://127.0.0.1:8799", "http://127.0.0.1:8790")}}],
    ["every platform's", {vars: {EDGETALLY: good}}],
  ];
  for (const {name, platform} of PLATFORMS) {
    const own = JSON.parse(readFileSync(join(ROOT, "crates/core/tests/fixtures/destinations", platform, "settings.json"), "utf8"));
    for (const [called, table] of [[name, own], ["second", {platform, ...own}]]) {
      whole.push([`${platform}'s fixture as ${called}`, {vars: {EDGETALLY: {sources: {shop: {...shop, destinations: [called]}}, destinations: {[called]: {platform, ...table}}}}}]);
    }
  }
  for (const [name, value] of whole) {
    assert.deepEqual(marks("#", value), [], name);
    // Else it would be no example.
    const {errors} = await check(JSON.stringify(value));
    assert.deepEqual(errors.filter(({message}) => !/is not set|there is no secret/.test(message)), [], name);
  }

  let blocks = 0;
  for (const file of readdirSync(join(ROOT, "docs"), {recursive: true, encoding: "utf8"}).filter((name) => name.endsWith(".md"))) {
    const text = readFileSync(join(ROOT, "docs", file), "utf8").replaceAll("\r\n", "\n");
    for (const [, block = ""] of text.matchAll(/^```toml\n(.*?)^```/gms)) {
      const example = placed(parse(block));
      if (example === undefined) continue;
      assert.deepEqual(markedInPart(example), [], `${file}:\n${block}`);
      blocks++;
    }
  }
  assert.ok(blocks >= 6, `${blocks} blocks of settings in the documents`);
  // What wrangler.toml only suggests.
  const suggested = readFileSync(join(ROOT, "wrangler.toml"), "utf8").replace(/^# (\[\[ratelimits|\[\[r2_buckets|\[\[durable_objects|\[\[migrations|\[vars\.|\w+ = )/gm, "$1");
  assert.deepEqual(Object.keys(/** @type {any} */ (parse(suggested)).vars.EDGETALLY.destinations).sort(), ["ga4", "google_ads", "hook", "linkedin", "meta", "tiktok"]);
  assert.deepEqual(marks("#", parse(suggested)), []);
});

test("what is wrong is marked where it stands, and nothing else is", () => {
  /** @type {[string[], any, RegExp][]} */
  const wrong = [
    [["sources", "shop", "orgins"], [], /orgins/],
    [["sources", "shop", "consent"], "maybe", /required,implied,by_region/],
    [["sources", "shop", "markets"], ["Germany"], /pattern/],
    [["sources", "shop", "origins"], ["https://shop.example/"], /pattern/],
    [["sources", "shop", "key"], "short", /pattern/],
    [["sources", "shop", "client"], {categories: {C0002: "marketing"}}, /analytics,ads/],
    [["sources", "Shop"], shop, /pattern/],
    [["dedup_window_days"], "7", /integer/],
    [["dedup_window_days"], 91, /<= 90/],
    [["delivery"], {retry_base_seconds: 0}, />= 1/],
    [["destinations", "meta", "pixel_id"], "1", /pixel_id/],
    [["destinations", "meta", "dataset_id"], undefined, /dataset_id/],
    [["destinations", "meta", "purposes"], [], /fewer than 1/],
    [["destinations", "ga4", "measurement_id"], "UA-12345-1", /pattern/],
    [["destinations", "linkedin", "conversions"], {}, /fewer than 1/],
    [["destinations", "linkedin", "conversions"], {Purchase: "1"}, /Purchase|pattern/],
    [["destinations", "google_ads", "customer_id"], "123-456-7890", /pattern/],
    [["destinations", "hook", "platform"], "webhok", /meta|webhook/],
    [["destinations", "hook", "url"], 1, /string/],
    [["destinations", "second"], {dataset_id: "1"}, /platform/],
    [["destinations", "meta", "access_token"], "EAAB-the-token-itself", /pattern/],
  ];
  for (const [path, value, rule] of wrong) {
    const bad = structuredClone(good);
    /** @type {any} */
    let place = bad;
    for (const key of path.slice(0, -1)) place = place[key];
    if (value === undefined) delete place[String(path.at(-1))];
    else place[String(path.at(-1))] = value;
    const found = marked(bad);
    // A key that should not be there, or should, is marked at its table.
    const table = `/vars/EDGETALLY/${path.slice(0, -1).join("/")}`.replace(/\/$/, "");
    assert.ok(found.length > 0, path.join("."));
    assert.ok(found.some((mark) => rule.test(mark)), `${path.join(".")}: ${found.join("; ")}`);
    for (const mark of found) assert.ok(mark.startsWith(table), `${path.join(".")}: ${mark}`);
  }
  // Both are said of the whole table, since each could be without the other.
  assert.match(marked({...good, sources: {shop: {destinations: ["meta"]}}}).join(), /sources\/shop .*(key|secret)/);
  assert.match(marked({...good, sources: {shop: {key: shop.key, destinations: ["meta"]}}}).join(), /sources\/shop .*origins/);
  assert.deepEqual(marks("#", {vars: {EDGETALLY: []}}).length, 1);
});

test("settings may be spread over several variables, and secrets are none", () => {
  const rest = {EDGETALLY_2: {destinations: {meta: {events: {refund: "Refund"}}}}, EDGETALLY_SHOPS: {sources: {shop: {client: {hold_ms: 1}}}}};
  assert.deepEqual(marks("#", {vars: {...rest, EDGETALLY: good}}), []);
  assert.deepEqual(marks("#", {vars: {EDGETALLY: {destinations: {meta: {content_type: "product"}, second: {url: "https://hooks.example/"}}}, EDGETALLY_2: '{"destinations": {}}'}}), [], "a text that is JSON");
  assert.match(marks("#", {vars: {...rest, EDGETALLY_2: {destinations: {meta: {evnts: {}}}}}}).join(), /EDGETALLY_2\/destinations\/meta .*evnts/);
  assert.match(marks("#", {vars: {EDGETALLY: {destinations: {meta: {}}}, EDGETALLY_KEY: "0123456789abcdef0123456789abcdef", OTHER: 1}}).join(), /dataset_id/, "a secret is no other part");
});

test("editors find the keys of a table without having to judge conditions", () => {
  // As Even Better TOML does it: properties, additionalProperties, patternProperties, anyOf, allOf and oneOf; patterns by an engine without
  // look-ahead.
  /** @param {any} rule @param {string[]} path @returns {any[]} */
  const along = (rule, path) => {
    if (rule === null || typeof rule !== "object") return [];
    if (rule.$ref) return along(schema.definitions[rule.$ref.split("/").at(-1)], path);
    const branches = ["anyOf", "allOf", "oneOf"].flatMap((word) => rule[word] ?? []).flatMap((one) => along(one, path));
    const [key = "", ...rest] = path;
    if (path.length === 0) return [...branches, ...(rule.allOf ? [] : [rule])];
    const patterns = Object.entries(rule.patternProperties ?? {}).filter(([pattern]) => !pattern.includes("(?") && new RegExp(pattern).test(key));
    return [...branches, ...[rule.properties?.[key], rule.additionalProperties, ...patterns.map(([, one]) => one)].flatMap((one) => along(one, rest))];
  };
  const keys = (/** @type {string} */ path) => [...new Set(along(schema, path.split(".")).flatMap(({properties = {}}) => Object.keys(properties)))];
  assert.ok(keys("vars.EDGETALLY").includes("receipt_days"));
  assert.ok(keys("vars.EDGETALLY_2.sources.shop").includes("origins"));
  assert.ok(keys("vars.EDGETALLY.sources.shop.client").includes("hold_ms"));
  for (const platform of NAMES.filter((name) => Object.hasOwn(others, name))) assert.deepEqual(keys(`vars.EDGETALLY.destinations.${platform}`).sort(), Object.keys(others[platform].properties).sort());
  assert.deepEqual(keys("vars.EDGETALLY.destinations.hook"), ["platform"]);
});

/** @param {any} value @returns {Promise<string[]>} what the gateway does not know */
async function unknown(value) {
  const {errors} = await check(JSON.stringify({EDGETALLY: value}));
  return errors.map(({message}) => message).filter((message) => UNKNOWN.test(message));
}
const UNKNOWN = /unknown|no such|is not a (key|setting)|not known/i;

/** Tables within the settings, with what each of them needs. @type {Record<string, Record<string, unknown>>} */
const PARTS = {
  delivery: {},
  limits: {},
  access: {team: "example", audience: "0123456789abcdef0123456789abcdef"},
  alerts: {webhook: "ALERTS_WEBHOOK", format: "signed"},
};

/** Each table of the settings: what the schema says of it, and settings in which it holds a value under a key. @type {{name: string, rule: any, within: (table: any) => any}[]} */
const TABLES = [
  {name: "", rule: {properties: Object.fromEntries(Object.entries(settings.properties).filter(([key]) => !["sources", "destinations"].includes(key)))}, within: (table) => ({...good, ...table})},
  ...Object.entries(PARTS).map(([name, own]) => ({name, rule: settings.properties[name], within: (/** @type {any} */ table) => ({...good, [name]: {...own, ...table}})})),
  {name: "sources.shop", rule: source, within: (table) => ({...good, sources: {shop: {...good.sources.shop, ...table}}})},
  {name: "sources.shop.client", rule: source.properties.client, within: (table) => ({...good, sources: {shop: {...good.sources.shop, client: table}}})},
  {name: "sources.shop.sdk", rule: source.properties.sdk, within: (table) => ({...good, sources: {shop: {...good.sources.shop, sdk: table}}})},
  {
    name: "sources.shop.measurement_protocol",
    rule: source.properties.measurement_protocol,
    within: (table) => ({...good, sources: {shop: {...good.sources.shop, measurement_protocol: {measurement_id: "G-9ABCDE1234", api_secret: "SHOP_COLLECT_SECRET", ...table}}}}),
  },
  ...PLATFORMS.map(({platform, settings: own}) => ({
    name: `destinations.${platform}`,
    rule: others[platform],
    within: (/** @type {any} */ table) => ({sources: {shop: {...shop, destinations: [platform]}}, destinations: {[platform]: {...own, ...table}}}),
  })),
];

test("the schema has every key that the gateway knows", async () => {
  for (const {name, rule, within} of TABLES) {
    const [message = ""] = await unknown(within({zzz: 1}));
    const keys = [...(message.split("expected one of")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, key]) => String(key));
    assert.ok(keys.length > 0, `no keys in: ${message}`);
    // It is known so that it can be told what became of it; and the others are tables that are looked at by themselves.
    for (const key of keys.filter((one) => !["cookie_prefix", "sources", "destinations"].includes(one))) assert.ok(Object.hasOwn(rule.properties, key), `${name}: the schema has no ${key}`);
  }
});

/** What a key needs beside it, or does without. @type {Record<string, Record<string, unknown>>} */
const BESIDE = {
  "sources.shop.event_token_required": {event_token: "EVENT_TOKEN"},
  "sources.shop.client.send_to": {pixels: ["google_ads"]},
  "destinations.google_ads.client_secret": {client_id: "x"},
  "destinations.google_ads.refresh_token": {client_id: "x"},
  "destinations.linkedin.access_token": {client_id: undefined},
  "destinations.x.pixel_token": {oauth: undefined},
};

/** All kinds of values, those of the examples among them. */
const VALUES = [
  null, true, false, -1, 0, 1, 2, 7, 12, 90, 100, 1000, 3600, 30_000, 65_536, 10_000_000, 4_294_967_295, 1.5,
  "", "x", "G-", "G-9ABCDE1234", "g-9abcde1234", "DE", "de", "shop.example", "https://shop.example", "https://shop.example/path", "http://localhost:8080", "http://127.0.0.1:8799", "https://hooks.example/edgetally", "2027-01-31", "22-06", "0123456789abcdef0123456789abcdef",
  "META_ACCESS_TOKEN", "pk_shop_0123456789abcdef", "v25", "25", "202609", "2026-09", "123-456-7890", "a2_abc123", "o8z6j", "tw-q4x7k-q4x9m", "C4A1B2C3D4E5F6G7H8I9", "5c6b2a1e-0000-4000-8000-1234567890ab", "purchase", "AW-123456789/AbC-D_efG",
  [], ["x"], ["meta"], ["DE", "US"], ["de"], ["purchase"], ["Purchase"], ["https://shop.example"], [1, 7], [12], [true],
  {}, {purchase: "1"}, {purchase: "104012"}, {purchase: "q4x9m"}, {purchase: "AW-123456789/AbC-D_efG"}, {purchase: false}, {purchase: true}, {purchase: 1}, {Purchase: "1"}, {C0002: "analytics", C0004: "ads"}, {C0002: "marketing"},
  ...[settings, source, source.properties.client, ...Object.keys(PARTS).map((name) => settings.properties[name]), ...PLATFORMS.map(({platform}) => others[platform])].flatMap(({properties}) => Object.values(properties).flatMap((/** @type {any} */ one) => [one.default, ...(one.enum ?? []), ...(one.items?.enum ?? []).map((/** @type {string} */ word) => [word])])),
  ...PLATFORMS.flatMap(({settings: own, test: more}) => Object.values({...own, ...more})),
].filter((value) => value !== undefined);

test("the gateway knows every key that the schema has; what it takes there is not marked, and of another kind is", async () => {
  const values = [...new Map(VALUES.map((value) => [JSON.stringify(value), value])).values()];
  let [taken, refused] = [0, 0];
  for (const {name, rule, within} of TABLES) {
    for (const [key, one] of Object.entries(rule.properties).filter(([word]) => !["platform", "client", "measurement_protocol", "sdk"].includes(word) && !(name === "" && Object.hasOwn(PARTS, word)))) {
      const path = `${name}.${key}`.replace(/^\./, "");
      const judge = ajv.compile({.../** @type {any} */ (one), definitions: schema.definitions});
      let takes = 0;
      for (const value of values) {
        const {errors} = await check(JSON.stringify({EDGETALLY: within({...BESIDE[path], [key]: value})}));
        const said = errors.filter((error) => error.path === path || error.path?.startsWith(`${path}.`) || error.path?.startsWith(`${path}[`)).map(({message}) => message.slice(message.indexOf(": ") + 2));
        assert.ok(!said.some((message) => UNKNOWN.test(message) && /field/.test(message)), `${path} is not known: ${said}`);
        // Of what a value goes with, a schema of one key says nothing.
        const isTaken = said.every((message) => /secret that is not set|is not set|there is no secret/.test(message));
        if (isTaken) {
          takes++;
          assert.ok(judge(value), `${path} = ${JSON.stringify(value)} is taken, and marked: ${ajv.errorsText(judge.errors)}`);
        } else if (said.some((message) => /^must be (a string|true or false|a list|a table|from|one of \w+,|`\w+`( or|$| \())/.test(message))) {
          refused++;
          assert.ok(!judge(value), `${path} = ${JSON.stringify(value)} is not marked: ${said}`);
        }
      }
      assert.ok(takes > 0, `${path}: none of the values is taken`);
      taken += takes;
    }
  }
  assert.ok(taken > 1000 && refused > 5000, `${taken} taken, ${refused} refused`);
});
