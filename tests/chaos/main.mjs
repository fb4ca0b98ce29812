// A bad day, and its report:
//
//   make chaos SECONDS=120 [SEED=…] [DEDUP=kv|exact]
//
// Says with --log what breaks when. Ends with 1 where anything is lost, unexplained or out of balance.

import {parseArgs} from "node:util";
import {chaos} from "./run.mjs";

const {values} = parseArgs({
  options: {seconds: {type: "string", default: "120"}, seed: {type: "string"}, dedup: {type: "string", default: "kv"}, log: {type: "boolean"}},
});
const seconds = Number(values.seconds);
const seed = Number(values.seed || Date.now() % 1_000_000);
const {dedup} = values;
if (!(seconds > 0) || !Number.isInteger(seed)) throw new Error("SECONDS is a number above 0, SEED a whole one");
if (dedup !== "kv" && dedup !== "exact") throw new Error("DEDUP is kv or exact");

const print = (/** @type {string} */ text) => process.stdout.write(`${text}\n`);
const n = (/** @type {number} */ value) => value.toLocaleString("en-US");
const row = (/** @type {string} */ name, /** @type {number | string} */ value, note = "") =>
  print(`  ${name.padEnd(44)}${(typeof value === "number" ? n(value) : value).padStart(9)}  ${note}`.trimEnd());

print(`A bad day of ${seconds} s, seed ${seed}, dedup ${dedup}`);
const day = await chaos({seconds, seed, dedup, ...(values.log && {log: print})}).catch((error) => {
  print(`seed ${seed}: ${error instanceof Error ? error.stack : error}`);
  process.exit(1);
});

print("What came");
row("events, each in up to three copies", day.events);
row("copies answered for", day.sent.accepted, `in ${n(day.sent.requests)} requests`);
row("requests without an answer, sent again", day.sent.unanswered, `${n(day.sent.doubtful)} copies`);
print("What broke");
row("the runtime, killed", day.kills);
row("the queue's process, killed", day.queueKills);
for (const [kind, name] of [["ledger", "the ledger was away"], ["deaf", "the ledger's replies were lost"], ["claims", "the store was away"], ["object", "the object that claims was away"], ["queue_away", "the queue was away"], ["queue_deaf", "the queue's replies were lost"]]) {
  const spells = day.spells.filter((one) => one.kind === kind);
  const lasted = spells.reduce((sum, {from, to}) => sum + to - from, 0) / 1000;
  if (spells.length > 0) row(String(name), spells.length, `times, ${lasted.toFixed(1)} s`);
}
for (const [name, times, struck] of day.struck.sort()) row(`a platform: ${name}`, times, `times, ${n(struck)} requests`);
row("messages the queue handed over", day.queue.handed, `of ${n(day.queue.sent)}; ${n(day.queue.interrupted)} interrupted, ${n(day.queue.returned)} returned, ${n(day.queue.twice)} twice on purpose`);
print("What became of it");
row("to be delivered, events by platforms", day.expected);
row("delivered", day.delivered);
row("refused by a platform, and kept", day.lettered);
row("lost", day.lost);
const all = (/** @type {Record<string, number>} */ sums) => Object.values(sums).reduce((sum, one) => sum + one, 0);
const why = (/** @type {Record<string, number>} */ sums) => Object.entries(sums).map(([cause, times]) => `${cause} ${n(times)}`).join(", ");
row("repeats that a platform recognised", all(day.recognised), why(day.recognised));
row("counted twice by a platform", all(day.counted), why(day.counted));
row("in the books as perhaps twice", day.maybe);
row("remainder of the books", day.remainder);
row("drained in", `${day.drainedIn.toFixed(1)} s`);
for (const one of day.broken.slice(0, 20)) print(`  BROKEN  ${one}`);
if (day.broken.length > 0) print(`${day.broken.length} broken; the same plan again: make chaos SECONDS=${seconds} SEED=${seed}${dedup === "kv" ? "" : ` DEDUP=${dedup}`}`);
process.exitCode = day.broken.length > 0 ? 1 : 0;
