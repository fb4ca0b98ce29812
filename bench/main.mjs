// What edgetally costs, as ratios within one run on one machine. Figures are medians; nothing here is asserted.
//
//   node bench/main.mjs            all of it, about three minutes
//   ROUNDS=3 node bench/main.mjs   quicker and noisier

import {execFileSync, fork} from "node:child_process";
import {createHash} from "node:crypto";
import {once} from "node:events";
import {readFileSync} from "node:fs";
import {cpus} from "node:os";
import {performance} from "node:perf_hooks";
import {fileURLToPath} from "node:url";
import {gzipSync} from "node:zlib";
import {cold, MARKS} from "./cold.mjs";
import {eventByEvent, parseAndHash, simpleWithoutBindings, smallest, withBindings, withoutBindings} from "./references.mjs";
import {built, cpu, script, start, versions} from "./runtime.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const rounds = Number(process.env.ROUNDS ?? 9);

/** @param {number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
/** @param {string} name @param {string} value @param {string} [note] */
const line = (name, value, note = "") => console.log(`  ${name.padEnd(48)}${value.padStart(10)}  ${note}`.trimEnd());
/** @param {number} ratio @param {number} goal */
const against = (ratio, goal) => `goal <= ${goal}: ${ratio <= goal ? "met" : "not met"}`;

const {model} = cpus()[0] ?? {model: "unknown"};
const {workerd, node} = versions();
const shani = readFileSync("/proc/cpuinfo", "utf8").includes("sha_ni");
console.log(`${model.trim()}, ${cpus().length} cores${shani ? ", SHA instructions" : ""}; workerd ${workerd}, node ${node}\n`);

// ---- the core, native ----
execFileSync("cargo", ["bench", "--quiet", "--locked", "-p", "edgetally-core", "--bench", "pipeline", "--no-run"], {cwd: root, stdio: "ignore"});
const core = JSON.parse(
  execFileSync("cargo", ["bench", "--quiet", "--locked", "-p", "edgetally-core", "--bench", "pipeline"], {cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"]}).trim().split("\n").at(-1) ?? "{}",
);
const micro = (/** @type {number} */ ns) => `${(ns / 1000).toFixed(2)} us`;
const path = core.read + core.encode;
console.log(`The core, native: one purchase of ${core.bytes} bytes, every identifier, three items`);
line("parse, decide, prepare, encode for Meta", micro(path), `goal <= 5 us: ${path <= 5000 ? "met" : "not met"}`);
line("  of which parse", micro(core.parse));
line("  of which normalise and hash", micro(core.identifiers), `${core.hashes} digests`);
line("  of which SHA-256 alone", micro(core.sha256), `${((100 * core.sha256) / path).toFixed(0)} % of the path`);
line("  of which encode", micro(core.encode));
const message = core.pack + core.open;
line("queue message: pack, and open again", micro(message), `goal <= 2.5 us: ${message <= 2500 ? "met" : "not met"}`);
line("against serde_json::Value and one SHA-256", `${(path / core.plain).toFixed(2)} x`, micro(core.plain));

// The same identifiers and the same reading and writing of JSON in Node.
const text = readFileSync(new URL("purchase.json", import.meta.url), "utf8").trim();
const inNode = [];
for (let batch = 0; batch < 200; batch++) {
  const begun = performance.now();
  for (let i = 0; i < 50; i++) {
    const event = JSON.parse(text);
    for (const key of Object.keys(event.user)) {
      event.user[key] = createHash("sha256").update(String(event.user[key]).trim().toLowerCase()).digest("hex");
    }
    if (JSON.stringify(event).length < 100) throw new Error("nothing was written");
  }
  inNode.push(((performance.now() - begun) * 1e6) / 50);
}
line("against Node: JSON.parse, hash, JSON.stringify", `${(path / median(inNode)).toFixed(2)} x`, micro(median(inNode)));

// ---- the worker ----
const entry = (/** @type {string} */ contents) => [.../** @type {any[]} */ (script(contents)), ...built()];
/** @type {Record<string, import("./runtime.mjs").Candidate>} */
const candidates = {
  ours: await start(built(), {ledger: true}),
  left: await start(/** @type {any} */ (entry(withoutBindings)), {ledger: true}),
  a: await start(script(parseAndHash)),
  b: await start(script(eventByEvent)),
  c: await start(script(withBindings)),
};
const child = fork(fileURLToPath(new URL("load.mjs", import.meta.url)));

/**
 * CPU microseconds of the runtime's process per event.
 * @param {string} name @param {string} path @param {number} events @param {number} requests
 */
async function load(name, path, events, requests) {
  const candidate = candidates[name];
  if (!candidate) throw new Error(name);
  const before = cpu(candidate.pid);
  child.send({url: new URL(path, candidate.url).href, events, requests});
  const [message] = await once(child, "message");
  if (message.error) throw new Error(message.error);
  // What was left for after the answer belongs to the request too.
  await new Promise((resolve) => setTimeout(resolve, 60));
  return (cpu(candidate.pid) - before) / 1e3 / requests / Math.max(events, 1);
}

/** @type {[string, string, string, number, number][]} */
const cells = [
  ["floor", "ours", "/none", 0, 500],
  ...["ours", "left", "a", "b", "c"].flatMap((name) => {
    const path = name === "ours" || name === "left" ? "/v1/events" : "/";
    const busy = name !== "left" && name !== "a";
    return /** @type {[string, string, string, number, number][]} */ ([
      [`${name} 1`, name, path, 1, busy ? 150 : 500],
      [`${name} 100`, name, path, 100, busy ? 4 : 20],
    ]);
  }),
];
/** @type {Record<string, number[]>} */
const seen = {};
for (let round = -2; round < rounds; round++) {
  for (const [cell, name, path, events, requests] of cells) {
    const cost = await load(name, path, events, requests);
    // The first rounds are the compiler's.
    if (round >= 0) (seen[cell] ??= []).push(cost);
  }
}
child.disconnect();
for (const candidate of Object.values(candidates)) await candidate.dispose();

const us = (/** @type {string} */ cell) => median(seen[cell] ?? []);
/** Pair by pair within a round, so that a slow minute weighs on both. @param {string} x @param {string} y */
const ratio = (x, y) => median((seen[x] ?? []).map((value, i) => value / (seen[y]?.[i] ?? NaN)));
console.log("\nThe worker: CPU of the workerd process per event, source with Meta and GA4");
line("an address that is not there", `${us("floor").toFixed(0)} us`);
console.log("  A: JavaScript, JSON.parse and one WebCrypto digest per event");
for (const [n, goal] of /** @type {[string, number][]} */ ([["1", 2.0], ["100", 2.5]])) {
  line(`ours without KV and queue, ${n} per request`, `${us(`left ${n}`).toFixed(1)} us`, `A ${us(`a ${n}`).toFixed(1)} us`);
  const r = ratio(`left ${n}`, `a ${n}`);
  line("  against A", `${r.toFixed(2)} x`, against(r, goal));
}
console.log("  B: A, and for each event a KV read, a KV write and a queue message; C: the same in as few calls as ours");
for (const [n, goal] of /** @type {[string, number][]} */ ([["1", 1.1], ["100", 1.0]])) {
  line(`ours, ${n} per request`, `${us(`ours ${n}`).toFixed(1)} us`, `B ${us(`b ${n}`).toFixed(1)} us, C ${us(`c ${n}`).toFixed(1)} us`);
  for (const other of ["b", "c"]) {
    const r = ratio(`ours ${n}`, `${other} ${n}`);
    line(`  against ${other.toUpperCase()}`, `${r.toFixed(2)} x`, against(r, goal));
  }
}

// ---- size and start ----
const wasm = readFileSync(new URL("../worker/build/index_bg.wasm", import.meta.url));
const glue = readFileSync(new URL("../worker/build/index.js", import.meta.url));
const gzip = gzipSync(wasm, {level: 9}).length + gzipSync(glue, {level: 9}).length;
console.log("\nSize and start");
line("wasm and glue, gzipped", `${Math.round(gzip / 1000)} kB`, against(gzip, 860_000));
const bare = /** @type {Record<string, {modules: any, path: string}>} */ ({
  smallest: {modules: script(smallest), path: "/"},
  c: {modules: script(simpleWithoutBindings), path: "/"},
  ours: {modules: entry(withoutBindings), path: "/v1/events"},
});
const fresh = await cold(bare, rounds);
/** @param {string} name */
const of = (name) => fresh[name] ?? {starts: [], first: [], cpu: []};
const ready = median(of("ours").starts.map((value, i) => value - (of("smallest").starts[i] ?? NaN)));
line("start to the first answer, over the smallest worker", `${ready.toFixed(0)} ms`, `${against(ready, 60)}; the platform allows 1,000 ms`);
const first = median(of("ours").first.map((value, i) => value - (of("smallest").first[i] ?? NaN)));
line("start to the first accepted purchase, over it", `${first.toFixed(0)} ms`, against(first, 45));
console.log("  CPU of a fresh process up to its n-th single purchase, without KV and queue");
for (const [index, goal] of [65, 150, 450].entries()) {
  const at = (/** @type {string} */ name) => median(of(name).cpu[index] ?? []);
  line(`  ${MARKS[index]}`, `${at("ours").toFixed(0)} ms`, `${against(at("ours"), goal)}; the smallest worker ${at("smallest").toFixed(0)} ms, C ${at("c").toFixed(0)} ms`);
}
process.exit(0);
