// What must hold after a bad day, whatever happened: nothing that was answered for is lost, nothing reaches whom it must not
// reach, the books are even, and whatever a platform has twice has a cause that docs/reliability.md names.

import {PLATFORMS} from "../../npm/src/platforms.mjs";
import {receipts} from "../support/receipts.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */
/** @typedef {import("../support/shop.mjs").Json} Json */
/** @typedef {import("./senders.mjs").Notes} Notes */
/** @typedef {import("./senders.mjs").Story} Story */
/** @typedef {Map<string, Set<string>>} Calm platforms by kind and door */

/** Why a platform may have an event twice. In this order: the first that holds is counted. */
export const CAUSES = /** @type {const} */ ([
  "reply_lost", "killed", "handed_twice", "not_settled", "queued_twice", "sent_again", "not_marked",
]);

/** How long after an answer its claim may still be on its way to the store, in milliseconds. */
const MARKING_MS = 2000;

/**
 * @typedef {object} Day
 * @property {Notes} notes
 * @property {Calm} calm
 * @property {{twice: [string, number][], interrupted: [string, number][], returned: [string, number][]}} told by the queue
 * @property {{kind: string, from: number, to: number}[]} spells
 * @property {number[]} kills
 * @property {boolean} exact
 */

/**
 * Which platform has which event, by the platform's own account.
 * @param {Shop["twin"]} twin
 * @param {Notes} notes
 */
export function arrivals(twin, notes) {
  /** @type {Map<string, Map<string, {at: number, fault: string | null, name: string, known: boolean}[]>>} */
  const all = new Map(PLATFORMS.map(({platform}) => [platform, new Map()]));
  let nameless = 0;
  for (const row of twin.received({limit: 500_000}).events) {
    const id = notes.visitors.get(String(row.context?.client_id)) ?? row.event_id ?? "";
    if (!notes.stories.has(id)) nameless += 1;
    const rows = all.get(row.platform);
    const list = rows?.get(id) ?? [];
    rows?.set(id, list);
    list.push({at: Date.parse(row.at), fault: row.fault, name: row.event_name, known: row.duplicate});
  }
  return {all, nameless};
}

/**
 * Why a platform may have got an event again, after the copies before.
 * @param {Day} day
 * @returns {(id: string, before: {at: number, fault: string | null}[], again: number) => typeof CAUSES[number] | undefined}
 */
function causes({notes, told, spells, kills, exact}) {
  const within = (/** @type {number} */ at, /** @type {readonly string[]} */ kinds, /** @type {number} */ slack) =>
    spells.some(({kind, from, to}) => kinds.includes(kind) && at >= from - slack && at <= to + slack);
  const times = (/** @type {[string, number][]} */ list) => {
    /** @type {Map<string, number[]>} */
    const all = new Map();
    for (const [id, at] of list) all.set(id, [...(all.get(id) ?? []), at]);
    return all;
  };
  const [twice, interrupted] = [times(told.twice), times(told.interrupted)];
  // A message comes back where the queue or the ledger did not take what was left of it, and nowhere else.
  const returned = times(told.returned.filter(([, at]) => within(at, ["ledger", "deaf", "queue_away", "queue_deaf", "object"], 4000)));
  return (id, before, again) => {
    const story = notes.stories.get(id);
    // Not only since the first time: two runs of a message each leave what they could not send, and both of it may be under
    // way before the ledger has the report of either.
    const meanwhile = (/** @type {Map<string, number[]>} */ all) => (all.get(id) ?? []).some((at) => at <= again);
    if (before.some(({fault}) => fault !== null)) return "reply_lost";
    if (meanwhile(interrupted)) return "killed";
    if (meanwhile(twice)) return "handed_twice";
    if (meanwhile(returned)) return "not_settled";
    // The queue had it and could not say so: whoever takes events in puts them on it once more.
    if (story?.answered.some((at) => within(at, ["queue_deaf"], 500))) return "queued_twice";
    if (story && story.unanswered > 0) return "sent_again";
    const unmarked = (story?.answered ?? []).some(
      (at) => within(at, ["claims"], MARKING_MS) || kills.some((kill) => at <= kill && kill - at <= MARKING_MS),
    );
    return unmarked && !exact ? "not_marked" : undefined;
  };
}

/**
 * @param {Shop} shop
 * @param {Day} day
 */
export async function judge(shop, day) {
  const {notes, calm} = day;
  const {all, nameless} = arrivals(shop.twin, notes);
  /** @type {string[]} */
  const broken = [...notes.wrong];
  const ledger = await shop.ledger();
  const {dead_letters: letters, quarantined} = await shop.admin("/v1/dead-letters?limit=500");
  const platformOf = new Map(PLATFORMS.map(({name, platform}) => [name, platform]));
  const kept = new Set(letters.map((/** @type {Json} */ one) => `${platformOf.get(one.destination)} ${one.event_id}`));
  const of = (/** @type {Iterable<string>} */ copies) => new Set([...copies].flatMap((copy) => [...(calm.get(copy) ?? [])]));

  let [expected, delivered, lettered] = [0, 0, 0];
  /** @type {string[]} */
  const lost = [];
  for (const [id, story] of notes.stories) {
    for (const platform of of(story.expected)) {
      expected += 1;
      if (all.get(platform)?.has(id)) delivered += 1;
      else if (kept.has(`${platform} ${id}`)) lettered += 1;
      else lost.push(`${id} at ${platform}`);
    }
  }
  if (lost.length > 0) broken.push(`lost: ${lost.length}, the first ${lost.slice(0, 5).join(", ")}`);
  if (nameless > 0) broken.push(`${nameless} events at platforms that nobody sent`);

  /** @type {Record<string, number>} */
  const counted = {};
  /** @type {Record<string, number>} */
  const recognised = {};
  const cause = causes(day);
  for (const [platform, rows] of all) {
    for (const [id, list] of rows) {
      const story = notes.stories.get(id);
      if (story && !of(story.tried).has(platform)) broken.push(`${platform} got ${id}, which a calm day would not have sent it`);
      for (const name of new Set(list.map((row) => row.name))) {
        const same = list.filter((row) => row.name === name).sort((a, b) => a.at - b.at);
        for (const [n, row] of same.entries()) {
          if (n === 0) continue;
          const why = cause(id, same.slice(0, n), row.at) ?? "unexplained";
          const sums = row.known ? recognised : counted;
          sums[why] = (sums[why] ?? 0) + 1;
          if (why === "unexplained") broken.push(`${platform} has ${id} twice, and nothing explains it: ${same.map(({at}) => new Date(at).toISOString().slice(14, 23)).join(", ")}`);
        }
      }
    }
  }

  let [accepted, malformed] = [0, 0];
  for (const counts of /** @type {Json[]} */ (Object.values(ledger.intake))) {
    accepted += counts.accepted ?? 0;
    malformed += counts.malformed ?? 0;
  }
  const {sums} = notes;
  const between = (/** @type {string} */ what, /** @type {number} */ n, /** @type {number} */ low, /** @type {number} */ more) => {
    if (n < low || n > low + more) broken.push(`${what}: the ledger has ${n}, answered for were ${low}, and ${more} got no answer`);
  };
  between("accepted", accepted, sums.accepted, sums.doubtful);
  between("malformed", malformed, sums.malformed, sums.doubtfulMalformed);
  if (ledger.remainder !== 0) broken.push(`the remainder is ${ledger.remainder}: ${JSON.stringify(ledger.balances)}`);
  if (ledger.reports_waiting) broken.push(`${ledger.reports_waiting} reports wait for ever`);
  for (const row of ledger.balances) {
    if (Object.values(row).some((n) => typeof n === "number" && n < 0)) broken.push(`a negative line: ${JSON.stringify(row)}`);
  }
  for (const {name, platform} of PLATFORMS) {
    const taken = ledger.balances
      .filter((/** @type {Json} */ row) => row.destination === name)
      .reduce((/** @type {number} */ sum, /** @type {Json} */ row) => sum + row.delivered + row.processing, 0);
    const there = shop.twin.stats().platforms[platform]?.received ?? 0;
    if (taken > there) broken.push(`${name}: delivered ${taken} by the ledger, ${there} by the platform`);
  }
  if (letters.length >= 500) broken.push("more letters than can be looked through");
  if (quarantined.length > 0) broken.push(`${quarantined.length} messages in quarantine`);
  const {violations} = shop.twin.stats();
  if (violations.length > 0) broken.push(`violations: ${JSON.stringify(violations.slice(0, 3))}`);
  for (const [source, counts] of Object.entries(ledger.intake)) {
    const written = (await receipts(shop, source)).length;
    if (written !== (counts.accepted ?? 0)) broken.push(`${source}: ${written} receipts of ${counts.accepted} events`);
  }
  const maybe = ledger.balances.reduce((/** @type {number} */ sum, /** @type {Json} */ row) => sum + (row.maybe_twice ?? 0), 0);
  return {broken, expected, delivered, lettered, lost: lost.length, counted, recognised, accepted, malformed, maybe, remainder: ledger.remainder};
}
