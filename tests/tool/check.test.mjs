// The repository's own settings, and what a command has to know of a deployment.

import assert from "node:assert/strict";
import {spawnSync} from "node:child_process";
import {cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {test} from "node:test";
import {fileURLToPath, pathToFileURL} from "node:url";
import {compose} from "../../worker/client/compose.mjs";
import {answered, NOW, tool} from "./tool.mjs";

const root = new URL("../../", import.meta.url);
const toml = readFileSync(new URL("wrangler.toml", root), "utf8");

test("the repository's own settings are sound, and their secrets are named", () => {
  const checked = answered(tool.check(toml, NOW));
  assert.deepEqual([checked.errors, checked.warnings], [[], []]);
  assert.deepEqual(checked.secrets.map(({name}) => name).sort(), [
    "EDGETALLY_ADMIN_TOKEN", "EDGETALLY_KEY", "GA4_API_SECRET", "HOOK_SECRET", "META_ACCESS_TOKEN", "SHOP_SECRET",
  ]);
  assert.deepEqual(checked.secrets.find(({name}) => name === "META_ACCESS_TOKEN")?.for, ["destination meta, used by shop"]);
  assert.deepEqual(checked.secrets.filter(({optional}) => optional).map(({name}) => name), ["EDGETALLY_ADMIN_TOKEN"]);
});

test("a fault is told with its path, a secret in clear is refused, and neither is repeated", () => {
  const text = toml.replace("1234567890123456", "12a4").replace("[vars.EDGETALLY]", '[vars]\nMETA_ACCESS_TOKEN = "EAABhunter2"\n[vars.EDGETALLY]');
  const checked = answered(tool.check(text, NOW));
  assert.deepEqual(checked.errors.map(({path}) => path), ["destinations.meta.dataset_id", undefined]);
  assert.match(checked.errors[1]?.message ?? "", /^\[vars\] holds META_ACCESS_TOKEN in clear/);
  assert.ok(!/12a4|hunter2/.test(JSON.stringify(checked)));
});

test("make check ends with 1 where something is wrong", () => {
  const folder = mkdtempSync(join(tmpdir(), "my shop (1) ümlaut "));
  try {
    const file = join(folder, "wrangler.toml");
    const command = fileURLToPath(new URL("npm/bin/edgetally.mjs", root));
    const check = () => spawnSync(process.execPath, [command, "check", "-C", folder], {encoding: "utf8"});
    assert.notEqual(check().status, 0);
    writeFileSync(file, toml);
    assert.match(check().stdout, /^\s*source shop sends to meta, ga4, hook$/m);
    assert.equal(check().status, 0);
    writeFileSync(file, toml.replace("dataset_id", "dataset"));
    const {stdout, stderr} = check();
    assert.match(stdout + stderr, /destinations\.meta\.dataset: unknown field `dataset`/);
    assert.equal(check().status, 1);
  } finally {
    rmSync(folder, {recursive: true});
  }
});

test("the tool runs from any folder", async () => {
  const folder = mkdtempSync(join(tmpdir(), "my shop (1) ümlaut "));
  try {
    cpSync(new URL("dist/tool/", root), folder, {recursive: true});
    const moved = await import(pathToFileURL(join(folder, "index.mjs")).href);
    assert.deepEqual(moved.check(toml, NOW), tool.check(toml, NOW));
  } finally {
    rmSync(folder, {recursive: true});
  }
});

test("what a page's script is made of, and who sends where", () => {
  assert.deepEqual(tool.page(toml), [{
    source: "shop", key: "pk_shop_0123456789abcdef", required: true, by_region: false, consent: ["consent_mode", "tcf", "gpp"], pixels: [],
    categories: {}, hold_ms: 4000, cookies: true, page_views: false, maps: {},
  }]);
  const [shop] = answered(tool.sources(toml));
  assert.deepEqual([shop?.page, shop?.server, shop?.secret], [true, true, "SHOP_SECRET"]);
  assert.deepEqual(shop?.destinations.map(({platform}) => platform), ["meta", "ga4", "webhook"]);
});

test("the script of a source whose consent goes by region asks for the region, and no other's does", async () => {
  const asks = async (/** @type {string} */ text) => {
    const [page] = answered(tool.page(text));
    return (await compose(page ?? {})).code.includes("region?");
  };
  const of = (/** @type {string} */ word) => toml.replace('consent = "required"', `consent = "${word}"`);
  assert.deepEqual([await asks(toml), await asks(of("implied")), await asks(of("by_region"))], [false, false, true]);
});
