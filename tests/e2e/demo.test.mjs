// The demo as a stranger runs it: quickly, with a file, with a wrong path, and stopped by Ctrl-C.

import assert from "node:assert/strict";
import {spawn} from "node:child_process";
import {mkdtemp, rm, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {test} from "node:test";
import {fileURLToPath} from "node:url";
import {PLATFORMS} from "../../npm/src/platforms.mjs";

const main = fileURLToPath(new URL("../../demo/main.mjs", import.meta.url));
const example = fileURLToPath(new URL("../../demo/events.example.ndjson", import.meta.url));

/**
 * Runs the demo to its end.
 * @param {Record<string, string>} env
 * @param {(output: string, child: import("node:child_process").ChildProcess) => void} [seen]
 * @param {string} [input]
 * @returns {Promise<{code: number | null, output: string, errors: string}>}
 */
function demo(env, seen, input = "") {
  return new Promise((resolve, reject) => {
    const inherited = {...process.env};
    for (const name of ["EVENTS", "KEEP", "DEMO_EVENTS", "DEMO_OUTAGE", "DEMO_SEED"]) delete inherited[name];
    const child = spawn(process.execPath, [main], {env: {...inherited, ...env}, stdio: ["pipe", "pipe", "pipe"]});
    let [output, errors] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output += text;
      seen?.(output, child);
    });
    child.stderr.setEncoding("utf8").on("data", (text) => (errors += text));
    child.on("error", reject);
    child.on("close", (code) => resolve({code, output, errors}));
    child.stdin.end(input);
  });
}

/**
 * The numbers of a line of the report.
 * @param {string} output
 * @param {string} label
 */
function line(output, label) {
  const found = output.split("\n").find((text) => text.trim().startsWith(`${label} `) && /[\d·]/.test(text));
  assert.ok(found, `there is a line "${label}" in\n${output}`);
  return (found.trim().slice(label.length).match(/^(?:\s+(?:[\d,]+|·)(?=\s|$))+/)?.[0] ?? "").trim().split(/\s+/).map((cell) => (cell === "·" ? 0 : Number(cell.replaceAll(",", ""))));
}

/**
 * The table of what became of the events: a state's numbers, by destination.
 * @param {string} output
 * @returns {Record<string, Record<string, number>>}
 */
function table(output) {
  const lines = output.slice(output.indexOf("WHAT BECAME OF IT")).split("\n");
  const states = lines.find((text) => text.includes("remainder") && text.includes("duplicate"))?.trim().split(/ +/) ?? [];
  return Object.fromEntries(PLATFORMS.map(({name, title}) => {
    const cells = lines.find((text) => text.startsWith(`  ${title} `) && /[\d·]$/.test(text))?.slice(title.length + 2).trim().split(/ +/);
    assert.equal(cells?.length, states.length, `${title} has a line in\n${output}`);
    return [name, Object.fromEntries(states.map((state, at) => [state, Number((cells?.[at] ?? "").replace("·", "0").replaceAll(",", ""))]))];
  }));
}

test("a short shop day ends by itself and its books agree", {timeout: 60_000}, async () => {
  const {code, output, errors} = await demo({DEMO_EVENTS: "200", DEMO_OUTAGE: "2"});
  assert.equal(code, 0, output + errors);
  assert.match(output, /All books agree/);
  assert.doesNotMatch(output, /DIFFERS|The worker logged/);
  const became = table(output);
  for (const [name, {accepted, remainder, waiting, ...states}] of Object.entries(became)) {
    assert.equal(Object.values(states).reduce((sum, n) => sum + n, 0), accepted, name);
    assert.deepEqual([remainder, waiting], [0, 0], name);
    for (const state of ["delivered", "duplicate", "blocked"]) assert.ok((states[state] ?? 0) > 0, `${name}: ${state}`);
    assert.equal(states.rejected, name === "meta" ? 1 : 0, `${name}: Meta alone refuses an event for good`);
  }
  assert.ok(Object.values(became).some(({skipped}) => skipped), output);
  // What visitors allow, by kind: lists in which only Google and Meta are, and a flag that not every platform has.
  const may = output.slice(output.indexOf("WHO MAY GET WHAT"), output.indexOf("ODDLY WRITTEN"));
  assert.match(may, /agreed to everything( +\d+){11}\n/);
  assert.match(may, /TCF: all, Meta in the list( +\d+){3}( +·){7} +\d+\n/);
  assert.match(may, /agreed, browser signals GPC( +~\d+){2} +·( +~\d+){4}( +·){3} +~\d+\n/);
  assert.match(may, /refused everything( +·){11}\n/);
  assert.match(may, /US: never asked( +\d+){6}\n/);
  assert.match(may, /ad_user_data_denied +\d+ {2}.*refused everything/);
  assert.match(output, /Google Ads judges later: until the cron trigger asked/);
  assert.equal(output.match(/delivered [\d,]+ .*agrees/g)?.length, PLATFORMS.length);
  assert.match(output, /Meta answered HTTP 503 for 2\.0 s/);
  // The race between copies: none twice, where the unkindest reading of Workers KV has most of them twice.
  const race = output.slice(output.indexOf("TWO COPIES, SECONDS APART"));
  const pairs = Number(/^ +([\d,]+) events came from a page/m.exec(race)?.[1]);
  assert.ok(pairs > 5, race);
  assert.deepEqual(line(race, "one object, as it was"), [0]);
  const kv = [...race.matchAll(/^ {2}KV, where .*? (\d+) {2}(\d+) %$/gm)].map(([, n]) => Number(n));
  assert.equal(kv.length, 4, race);
  assert.deepEqual(kv, [...kv].sort((a, b) => a - b));
  assert.ok((kv[3] ?? 0) > pairs * 0.9, race);
  assert.match(output, /delivered \d+(?:\.\d)? m?s later, each of them once/);
  for (const code of ["currency_missing", "unknown_key", "event_too_large", "signature_replayed", "origin_not_allowed"]) assert.match(output, new RegExp(code));
  // Nothing of a terminal where there is none, and no line that wraps.
  assert.ok(!output.includes("\u001b"));
  for (const text of output.split("\n")) assert.ok([...text].length <= 96, text);
});

test("of the day's releases the gate finds the faulty one, says what is wrong with it and nothing else, and passes the quiet one", {timeout: 240_000}, async () => {
  const {code, output, errors} = await demo({DEMO_EVENTS: "2400", DEMO_OUTAGE: "1"});
  assert.equal(code, 0, output + errors);
  const text = output.slice(output.indexOf("DID A RELEASE CHANGE ANYTHING?"), output.indexOf("WHERE THE TIME WENT"));
  const [, quiet = "", faulty = ""] = text.split(/^(?=\S+ \w+ {2}shop: )/m);
  assert.match(faulty, /^✗ fail  shop: web-2026\.11\.3 → web-2026\.11\.5/);
  const failed = faulty.split("\n").filter((line) => line.startsWith("  fail"));
  assert.deepEqual(failed.map((line) => line.slice(0, 22)).sort(), ["  fail  add_to_cart ro", "  fail  purchase: emai"], text);
  assert.match(faulty, /email in 0 % of \d+, 100 % before[\s\S]*Since \d{4}-\d\d-\d\d/);
  assert.match(quiet, /^✓ pass  shop: web-2026\.11\.3 → web-2026\.11\.4/);
  assert.doesNotMatch(quiet, /^ {2}fail/m);
});

test("a file of events: every line is accounted for", {timeout: 60_000}, async () => {
  const {code, output, errors} = await demo({EVENTS: example});
  assert.equal(code, 0, output + errors);
  assert.match(output, /line 10 +malformed_json/);
  assert.match(output, /line 5 +value_invalid/);
  assert.match(output, /line 8 +unknown_key/);
  assert.deepEqual(line(output, "received"), [9, 9]);
  const became = table(output);
  assert.deepEqual([became.meta?.delivered, became.ga4?.delivered, became.google_ads?.delivered, became.hook?.delivered], [3, 5, 1, 4]);
  assert.match(output, /All books agree/);
});

test("standard input, an empty file, long and broken lines", {timeout: 60_000}, async () => {
  const long = `{"event": "page_view", "event_id": "long", "properties": {"note": "${"x".repeat(600_000)}"}}`;
  const {code, output} = await demo({EVENTS: "-"}, undefined, `${long}\n[1]\n{"event": "page_view", "event_id": "last"}`);
  assert.equal(code, 0, output);
  assert.match(output, /line 1 +event_too_large/);
  assert.match(output, /line 2 +wrong_type/);
  assert.match(output, /3 lines; 2 events sent/);
  const folder = await mkdtemp(join(tmpdir(), "edgetally-demo-"));
  try {
    const empty = join(folder, "empty.ndjson");
    await writeFile(empty, "");
    assert.equal((await demo({EVENTS: empty})).code, 0);
    const missing = await demo({EVENTS: join(folder, "missing.ndjson")});
    assert.equal(missing.code, 2);
    assert.match(missing.errors, /missing\.ndjson: there is no such file/);
  } finally {
    await rm(folder, {recursive: true});
  }
});

test("KEEP=1 goes on until Ctrl-C, with a shop and a live view that has nothing of the day", {timeout: 60_000}, async () => {
  /** @param {string} text */
  const look = async (text) => {
    const [, shop = "", live = ""] = /a shop +(\S+)[\s\S]*?events +(\S+)/.exec(text) ?? [];
    const page = await (await fetch(`${shop}/shop/`)).text();
    const script = await fetch(/async src="([^"]+)"/.exec(page)?.[1] ?? "");
    const data = /** @type {any} */ (await (await fetch(`${live}/data`)).json());
    return {stage: (await fetch(shop)).status, script: script.status, status: data.status, events: data.events.length};
  };
  /** @type {ReturnType<typeof look> | undefined} */
  let looked;
  const {code, output} = await demo({EVENTS: example, KEEP: "1"}, (text, child) => {
    if (looked || !text.includes("Ctrl-C stops it")) return;
    looked = look(text).finally(() => child.kill("SIGINT"));
  });
  assert.equal(code, 0, output);
  assert.deepEqual(await looked, {stage: 200, script: 200, status: "ok", events: 0});
  assert.match(output, /curl -s http:\/\/127\.0\.0\.1:\d+\/v1\/events/);
  assert.match(output, /stopped\n$/);
});
