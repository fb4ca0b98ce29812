// The release gate on the day's releases. A gate asks what is usual, and a gateway that was started a minute ago knows no yesterday:
// so the ledger is told of four weeks, invented after the day's own base release. They come when the day's books are closed.

import {RELEASES, dice} from "./shop.mjs";

/** @typedef {import("./play.mjs").Edge} Edge */
/** @typedef {Awaited<ReturnType<typeof import("../npm/src/runtime.mjs").startWorker>>} Worker */
/** @typedef {{release: string, comparison: any}} Judged what the gate says of a release; nothing where too few came for both to be there */

const DAY_MS = 86_400_000;
const WEEKS = 4;
const SOURCE = "shop";
/** What is drawn again of what intake counts. Sums of money are left out: they are no counts that chance could draw. */
const INTAKE = new Set(["accepted", "keys", "parts", "consent"]);
/** States at a destination, whose sum is what it accepted there; and whose strings they were. */
const STATES = new Set(["delivered", "duplicate", "blocked", "skipped"]);
const BESIDE = new Set(["consent_string"]);
/** So many counts are in one report. */
const MOST_COUNTS = 800;

/**
 * How often something comes that comes so often on average (D. Knuth's way; for large ones a normal deviate).
 * @param {number} mean
 * @param {() => number} roll
 */
function drawn(mean, roll) {
  if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * Math.sqrt(-2 * Math.log(1 - roll())) * Math.cos(2 * Math.PI * roll())));
  const end = Math.exp(-mean);
  let n = 0;
  for (let left = roll(); left > end; left *= roll()) n += 1;
  return n;
}

/** @typedef {{hour: string, event: string, destination: string, state: string, code: string, n: number}} Line */

/**
 * The lines of both sound releases together, as far as they are drawn again.
 * @param {Edge} edge
 * @returns {Promise<Line[]>}
 */
async function today(edge) {
  /** @type {Map<string, Line>} */
  const all = new Map();
  for (const release of [RELEASES.base, RELEASES.quiet]) {
    for (let cursor = "", more = true; more; ) {
      const answer = await edge.ask(`/v1/ledger?hours=1&source=${SOURCE}&release=${encodeURIComponent(release)}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      for (const {hour, event, destination, state, code, n} of answer.lines) {
        if (!BESIDE.has(state) && !(destination === "" ? INTAKE : STATES).has(state)) continue;
        const place = [hour, event, destination, state, code].join("\n");
        all.set(place, {hour, event, destination, state, code, n: n + (all.get(place)?.n ?? 0)});
      }
      ({cursor, more} = answer);
    }
  }
  return [...all].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, line]) => line);
}

/**
 * Tells the ledger, as the worker does, of the same hours of four weeks before: each day as the two sound releases were, with
 * chance of its own, and all of it of the base.
 * @param {Edge} edge
 * @param {Worker} worker
 * @param {number} seed
 */
async function tellPast(edge, worker, seed) {
  // What intake counts is the same every time; what became of it at a destination may differ by a copy that overtook another.
  const [atIntake, atDestinations] = [dice(seed), dice(seed + 1)];
  const lines = await today(edge);
  /** @type {[Record<string, unknown>, number][]} */
  const counts = [];
  for (let day = 1; day <= WEEKS * 7; day += 1) {
    /** @type {Map<string, number>} what each destination had of an event, by hour */
    const accepted = new Map();
    for (const {hour, event, destination, state, code, n} of lines) {
      const then = drawn(n / 2, destination === "" ? atIntake : atDestinations);
      if (then === 0) continue;
      const line = {h: Date.parse(hour) - day * DAY_MS, s: SOURCE, v: RELEASES.base, e: event};
      counts.push([{...line, ...(destination ? {d: destination} : {}), o: state, ...(code ? {c: code} : {})}, then]);
      if (!STATES.has(state)) continue;
      const place = JSON.stringify({...line, d: destination, o: "accepted"});
      accepted.set(place, (accepted.get(place) ?? 0) + then);
    }
    for (const [place, n] of accepted) counts.push([JSON.parse(place), n]);
  }
  /** @type {any} its published types are those of a worker */
  const ledgers = await worker.mf.getDurableObjectNamespace("LEDGER");
  const ledger = ledgers.get(ledgers.idFromName("ledger"));
  for (let from = 0; from < counts.length; from += MOST_COUNTS) {
    const reply = await ledger.fetch("https://ledger/report", {method: "POST", body: JSON.stringify([{id: `past-${from}`, counts: counts.slice(from, from + MOST_COUNTS)}])});
    if (!reply.ok) throw new Error(`the ledger was told of the past and answered ${reply.status}`);
  }
}

/**
 * What the gate says of the two releases beside the base.
 * @param {Edge} edge
 * @param {Worker} worker
 * @param {number} seed
 * @returns {Promise<Judged[]>}
 */
export async function gates(edge, worker, seed) {
  await tellPast(edge, worker, seed);
  const judged = [];
  for (const release of [RELEASES.quiet, RELEASES.faulty]) {
    // A small shop's half a minute shows large changes only, and those not to one in a hundred.
    const question = new URLSearchParams({source: SOURCE, before: RELEASES.base, after: release, watch: "page_view,view_item", see: "0.7", alpha: "0.05"});
    const comparison = await edge.ask(`/v1/releases/compare?${question}`).catch((error) => {
      if (!String(error.message).includes("label_unknown")) throw error;
    });
    judged.push({release, comparison});
  }
  return judged;
}
