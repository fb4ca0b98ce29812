// What a shop pays whose isolates live for minutes: how long a fresh process takes to its first accepted purchase, and
// how much CPU it has used by its first, hundredth and thousandth, one purchase per request.
//
//   node bench/cold.mjs [FOLDER ...]   the build, or several builds against each other

import {fork} from "node:child_process";
import {once} from "node:events";
import {performance} from "node:perf_hooks";
import {fileURLToPath, pathToFileURL} from "node:url";
import {simpleWithoutBindings, smallest, withoutBindings} from "./references.mjs";
import {built, cpu, script, startBare} from "./runtime.mjs";

/** The purchases at which the CPU is read. */
export const MARKS = [1, 100, 1000];

/**
 * @typedef {object} Cold
 * @property {number[]} starts milliseconds from nothing to the first answer, of an address that is not there
 * @property {number[]} first milliseconds from nothing to the first accepted purchase
 * @property {number[][]} cpu for each of the marks, milliseconds
 */

/**
 * @param {Record<string, {modules: any, path: string}>} candidates
 * @param {number} rounds
 * @returns {Promise<Record<string, Cold>>}
 */
export async function cold(candidates, rounds) {
  const child = fork(fileURLToPath(new URL("load.mjs", import.meta.url)));
  /** @type {Record<string, Cold>} */
  const seen = {};
  for (const name of Object.keys(candidates)) seen[name] = {starts: [], first: [], cpu: MARKS.map(() => [])};
  for (let round = 0; round < rounds; round++) {
    for (const [name, {modules, path}] of Object.entries(candidates)) {
      const begun = performance.now();
      const fresh = await startBare(modules);
      // Those that read every body are given one.
      await fetch(new URL("/none", fresh.url), path === "/" ? {method: "POST", body: "[]"} : {}).then((reply) => reply.text());
      seen[name]?.starts.push(performance.now() - begun);
      let sent = 0;
      for (const [index, mark] of MARKS.entries()) {
        // One after the other: a small shop's visitors do not come at once.
        child.send({url: new URL(path, fresh.url).href, events: 1, requests: mark - sent, lanes: 1});
        const [message] = await once(child, "message");
        if (message.error) throw new Error(message.error);
        if (sent === 0) seen[name]?.first.push(performance.now() - begun);
        sent = mark;
        await new Promise((resolve) => setTimeout(resolve, 60));
        seen[name]?.cpu[index]?.push(cpu(fresh.pid) / 1e6);
      }
      await fresh.dispose();
    }
  }
  child.disconnect();
  return seen;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  /** @param {number[]} values */
  const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
  /** @type {Record<string, {modules: any, path: string}>} */
  const candidates = {
    smallest: {modules: script(smallest), path: "/"},
    c: {modules: script(simpleWithoutBindings), path: "/"},
  };
  const folders = process.argv.slice(2);
  const ours = (/** @type {URL} */ folder) => ({modules: [...script(withoutBindings), .../** @type {any[]} */ (built(folder))], path: "/v1/events"});
  if (folders.length === 0) candidates.ours = ours(new URL("../worker/build/", import.meta.url));
  for (const folder of folders) candidates[folder] = ours(pathToFileURL(`${folder}/`));
  const seen = await cold(candidates, Number(process.env.ROUNDS ?? 7));
  const base = seen.smallest;
  for (const [name, {starts, first, cpu}] of Object.entries(seen)) {
    const at = MARKS.map((mark, index) => `${mark}: ${median(cpu[index] ?? []).toFixed(0)} ms`);
    /** @param {number[]} ours @param {number[] | undefined} theirs */
    const over = (ours, theirs) => median(ours.map((value, i) => value - (theirs?.[i] ?? NaN))).toFixed(0);
    console.log(`${name.padEnd(20)} over the smallest: answer ${over(starts, base?.starts)} ms, purchase ${over(first, base?.first)} ms; CPU ${at.join(", ")}`);
  }
  process.exit(0);
}
