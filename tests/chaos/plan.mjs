// What happens on a bad day, by a seed: who sends what, and what breaks when. The same seed gives the same plan; how the
// processes interleave is up to the machine.

import {GRANTED, pageView, purchase, small} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Json} Json */

/**
 * Numbers between 0 and 1 (mulberry32).
 * @param {number} seed
 */
export function chances(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    /** @param {number} low @param {number} high */
    between: (low, high) => low + next() * (high - low),
    /** @param {number} low @param {number} high both of them possible */
    whole: (low, high) => low + Math.floor(next() * (high - low + 1)),
    /** @template T @param {readonly T[]} list @returns {T} */
    pick: (list) => /** @type {T} */ (list[Math.floor(next() * list.length)]),
  };
}

/** @typedef {ReturnType<typeof chances>} Chances */

/** What ids of events look like, wherever they stand. */
export const MARKS = "c-[a-z]+-\\d+-\\d+";

const DENIED = Object.fromEntries(Object.keys(GRANTED).map((name) => [name, "denied"]));

/**
 * Kinds of events, each with what its visitor allows. What a calm day makes of a kind is what a bad one has to.
 * @type {Record<string, (id: string) => Json>}
 */
export const KINDS = {
  order: (id) => purchase(id),
  view: (id) => pageView(id),
  ads: (id) => purchase(id, {consent: {...GRANTED, analytics_storage: "denied"}}),
  analytics: (id) => pageView(id, {consent: {...DENIED, analytics_storage: "granted"}}),
  refused: (id) => purchase(id, {consent: DENIED}),
  opted: (id) => purchase(id, {consent: {...GRANTED, gpc: true}}),
  refund: (id) => {
    const {items: _items, value: _value, currency: _currency, ...rest} = purchase(id);
    return {...rest, event: "refund", transaction_id: id};
  },
  trial: (id) => purchase(id, {test: true}),
  small: (id) => small(id),
};

/** What is no event, with the status of its answer. @type {readonly {body: unknown, status: number}[]} */
export const BAD = [
  {body: "{", status: 400},
  {body: {event: "purchase", event_id: "undefined", value: 1, currency: "EUR", consent: GRANTED}, status: 422},
  {body: purchase("c-bad-0-0", {value: "a lot"}), status: 422},
  {body: purchase("c-bad-0-0", {consent: {ad_storage: "perhaps"}}), status: 422},
];

/**
 * @typedef {{kind: "kill" | "queue_kill"}} Kill
 * @typedef {{kind: "ledger" | "deaf" | "claims" | "object" | "queue_away" | "queue_deaf", seconds: number}} Spell
 * @typedef {{kind: "platform", fault: Json, seconds: number, name: string}} PlatformFault
 * @typedef {{at: number} & (Kill | Spell | PlatformFault)} Disturbance `at`: seconds from the beginning
 */

/**
 * One fault at the platforms. A request has three seconds.
 * @param {Chances} chance
 * @param {readonly string[]} platforms
 * @returns {PlatformFault}
 */
function platformFault(chance, platforms) {
  const seconds = chance.between(0.5, 3);
  const times = chance.whole(1, 3);
  /** @type {readonly [string, Json][]} */
  const choices = [
    ["status 500", {kind: "status", status: 500, seconds}],
    ["status 429, Retry-After", {kind: "status", status: 429, retry_after: chance.whole(1, 2), times}],
    ["no answer in time", {kind: "timeout", ms: 3_500, times}],
    ["connection reset", {kind: "reset", seconds}],
    ["taken, reply lost", {kind: "reset", record: true, times}],
    ["taken, status 500", {kind: "status", status: 500, record: true, times}],
    ["taken, no answer in time", {kind: "timeout", ms: 3_500, record: true, times: 1}],
    ["slow", {kind: "latency", ms: chance.whole(200, 1_500), times: 3 * times}],
    ["slow body", {kind: "slow_body", ms: chance.whole(10, 60), times}],
    ["half an answer", {kind: "error_in_200", variant: "truncated", times}],
    ["token revoked", {kind: "revoke_token", seconds}],
    // Which event, whoever runs it says: one that is on its way.
    ["batch half accepted", {kind: "reject_event_id", times: 2}],
  ];
  const [name, fault] = chance.pick(choices);
  // Google Ads would wait for an order that it refused before it takes the refund. GA4 says 2xx to everything, also to whom it
  // does not know, and a webhook's 2xx is its word: nobody can see that they took nothing.
  /** @type {Record<string, string[]>} */
  const unable = {reject_event_id: ["google_ads", "ga4"], error_in_200: ["ga4", "webhook"], slow_body: ["ga4", "webhook"], revoke_token: ["ga4"]};
  const able = platforms.filter((platform) => !unable[String(fault.kind)]?.includes(platform));
  return {kind: "platform", name, seconds, fault: {...fault, platform: chance.pick(able)}};
}

/**
 * Everything that breaks within so many seconds, in order: a kill every eight seconds or so, never fewer than two.
 * @param {number} seed
 * @param {number} seconds
 * @param {readonly string[]} platforms
 * @param {boolean} exact whether an object claims
 * @returns {Disturbance[]}
 */
export function disturbances(seed, seconds, platforms, exact) {
  const chance = chances(seed);
  /** @type {Disturbance[]} */
  const all = [];
  const kills = Math.max(2, Math.round(seconds / 8));
  for (let n = 0; n < kills; n += 1) all.push({at: ((n + chance.between(0.15, 0.95)) * seconds) / kills, kind: "kill"});
  all.push({at: chance.between(0.3, 0.8) * seconds, kind: "queue_kill"});
  /** @type {readonly Spell["kind"][]} */
  const away = ["ledger", "deaf", "claims", "queue_away", "queue_deaf", ...(exact ? /** @type {const} */ (["object"]) : [])];
  for (let at = chance.between(0, 1); at < seconds; at += chance.between(0.2, 0.9)) {
    if (chance.next() < 0.25) all.push({at, kind: chance.pick(away), seconds: chance.between(0.3, 2)});
    else all.push({at, ...platformFault(chance, platforms)});
  }
  return all.sort((a, b) => a.at - b.at);
}
