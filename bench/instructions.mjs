// How many instructions one event costs on its way through the core, counted by callgrind: the same on any day and on a
// busy machine. Held against the committed figure; more than five per cent up is a failure, more than five down asks
// for the figure to be brought up to date. Without valgrind it says so and passes.
//
//   node bench/instructions.mjs [--write]

import {execFileSync, spawnSync} from "node:child_process";
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {fileURLToPath} from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const file = new URL("instructions.json", import.meta.url);
const EVENTS = 200;
const TOLERANCE = 0.05;

if (spawnSync("valgrind", ["--version"]).status !== 0) {
  console.log("instructions: valgrind is not installed, so nothing was counted");
  process.exit(0);
}
const built = execFileSync(
  "cargo",
  ["bench", "--quiet", "--locked", "-p", "edgetally-core", "--bench", "pipeline", "--no-run", "--message-format=json"],
  {cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 28},
);
const binary = built
  .split("\n")
  .filter((line) => line.startsWith("{"))
  .map((line) => JSON.parse(line))
  .find((message) => message.executable && message.target?.name === "pipeline")?.executable;
if (!binary) throw new Error("the bench was not built");

const folder = mkdtempSync(join(tmpdir(), "edgetally-count-"));
/** @param {number} events */
function count(events) {
  const out = join(folder, `out.${events}`);
  const run = spawnSync("valgrind", ["--tool=callgrind", `--callgrind-out-file=${out}`, binary, "count", String(events)], {encoding: "utf8"});
  if (run.status !== 0) throw new Error(run.stderr.slice(-500));
  return Number(/^(?:summary|totals): (\d+)/m.exec(readFileSync(out, "utf8"))?.[1]);
}
const each = Math.round((count(2 * EVENTS) - count(EVENTS)) / EVENTS);
rmSync(folder, {recursive: true});

if (process.argv.includes("--write")) {
  writeFileSync(file, `${JSON.stringify({instructions_per_event: each}, undefined, 2)}\n`);
  console.log(`instructions: ${each} per event, written down`);
  process.exit(0);
}
const {instructions_per_event: known} = JSON.parse(readFileSync(file, "utf8"));
const change = each / known - 1;
console.log(`instructions: ${each} per event, ${(100 * change).toFixed(1)} % against ${known}`);
if (change < -TOLERANCE) console.log("instructions: that is fewer; write the new figure down with --write");
if (change > TOLERANCE) {
  console.error(`instructions: more than ${100 * TOLERANCE} % up`);
  process.exit(1);
}
