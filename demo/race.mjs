// The race between two copies of an event, as Workers KV would have run it: the day's own gaps, on a clock that is turned by hand.
// What KV is assumed to do is what docs/dedup.md assumes (`make dedup-rates` has the gateway's own code in it, and intervals).

import {dice} from "./shop.mjs";

/** Locations of the network, those that share a regional tier, and how many pairs come in by one location for sure. */
const LOCATIONS = 8;
const OF_REGION = 2;
const TOGETHER = 0.5;
/** From a copy's arrival until it asks the store, until the store is told, and until the central store has it; in milliseconds. */
const ASKS_MS = 50;
const TELLS_MS = 150;
const WRITE_MS = 300;
/** For how long a location keeps what it read, misses too. */
const TTL_MS = 60_000;

/**
 * @typedef {object} Assumption
 * @property {string} name
 * @property {"location" | "region" | "world"} misses how far a miss that was read stands in the way of others
 * @property {boolean} own whether a location sees at once what was written there
 * @property {number} lag at most so many milliseconds until another location sees a write
 */

/** From the kindest to the unkindest. @type {Assumption[]} */
export const ASSUMPTIONS = [
  {name: "a miss is cached only where it was read", misses: "location", own: true, lag: 0},
  {name: "a miss is shared by a region", misses: "region", own: true, lag: 0},
  {name: "other locations see a write after 0 to 60 s", misses: "location", own: true, lag: 60_000},
  {name: "nobody sees a write for 60 s", misses: "world", own: false, lag: 0},
];

/**
 * The times between the first two copies of an event that came from a page and from a server.
 * @param {readonly {at: number, kind: string, source: string, body: string}[]} steps in the order of time
 * @returns {number[]} milliseconds
 */
export function gaps(steps) {
  /** @type {Map<string, {at: number, kind: string} | null>} null: its second copy has come */
  const first = new Map();
  const found = [];
  for (const {at, kind, source, body} of steps) {
    if (kind === "door") continue;
    /** @type {any} */
    let events;
    try {
      events = JSON.parse(body);
    } catch {
      continue;
    }
    for (const {event, event_id: id} of [events].flat()) {
      if (typeof event !== "string" || typeof id !== "string") continue;
      const key = JSON.stringify([source, event, id]);
      const before = first.get(key);
      if (before === undefined) first.set(key, {at, kind});
      else if (before !== null && before.kind !== kind) {
        found.push(at - before.at);
        first.set(key, null);
      }
    }
  }
  return found;
}

/** Workers KV, as far as one key goes: a central store, and caches in front of it that keep hits and misses alike. */
class Store {
  #assumed;
  #roll;
  /** @type {{location: number, seen: number[]} | undefined} */
  #written;
  /** By cache: until when, and whether there was something. @type {Map<string, {until: number, found: boolean}>} */
  #caches = new Map();

  /** @param {Assumption} assumed @param {() => number} roll */
  constructor(assumed, roll) {
    this.#assumed = assumed;
    this.#roll = roll;
  }

  /** @param {number} location */
  #tiers(location) {
    const {misses} = this.#assumed;
    return [`at ${location}`, ...(misses === "region" ? [`near ${Math.floor(location / OF_REGION)}`] : misses === "world" ? ["anywhere"] : [])];
  }

  /** @param {number} at @param {number} location */
  ask(at, location) {
    const there = (this.#written?.seen[location] ?? Infinity) <= at;
    if (there && this.#assumed.own && this.#written?.location === location) return true;
    const tiers = this.#tiers(location);
    const cached = tiers.map((tier) => this.#caches.get(tier)).find((kept) => kept !== undefined && at < kept.until);
    const kept = cached ?? {until: at + TTL_MS, found: there};
    for (const tier of tiers) this.#caches.set(tier, kept);
    return kept.found;
  }

  /** @param {number} at @param {number} location */
  tell(at, location) {
    const seen = Array.from({length: LOCATIONS}, (_, other) => at + WRITE_MS + (other === location ? 0 : this.#roll() * this.#assumed.lag));
    this.#written = {location, seen};
  }
}

/**
 * How many of the pairs go out twice where the claims lie in Workers KV: the mean of some rounds, each with other locations.
 * @param {readonly number[]} between milliseconds
 * @param {Assumption} assumed
 * @param {number} seed
 */
export function lost(between, assumed, seed, rounds = 50) {
  const roll = dice(seed);
  let twice = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const gap of between) {
      const place = () => Math.floor(roll() * LOCATIONS);
      const one = place();
      const other = roll() < TOGETHER ? one : place();
      const store = new Store(assumed, roll);
      store.ask(ASKS_MS, one);
      // What the second copy asks before the first has told changes nothing for it but what its caches keep.
      if (gap + ASKS_MS >= TELLS_MS) store.tell(TELLS_MS, one);
      if (!store.ask(gap + ASKS_MS, other)) twice += 1;
    }
  }
  return twice / rounds;
}
