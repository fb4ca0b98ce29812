// Pages and servers of a shop on a bad day. Whoever gets no answer sends the same again, as pages and servers do.

import {setTimeout as sleep} from "node:timers/promises";
import {BAD, KINDS, chances} from "./plan.mjs";

/** @typedef {import("../support/shop.mjs").Json} Json */
/** @typedef {import("../support/shop.mjs").Shop} Shop */
/** @typedef {"server" | "page" | "bulk"} Door */

/**
 * @typedef {object} Story What is known of an event from outside.
 * @property {string} kind of plan.mjs
 * @property {Set<string>} expected kind and door of every copy that was answered for, as "order server"
 * @property {Set<string>} tried the same of every copy that was sent
 * @property {number[]} answered when its copies were
 * @property {number} unanswered tries that got no answer, or the answer to come again
 */

const MOST_TRIES = 60;

/** What every sender writes down. */
export class Notes {
  /** @type {Map<string, Story>} */
  stories = new Map();
  /** GA4 is not told the ids of all events, but each visitor has one event. @type {Map<string, string>} */
  visitors = new Map();
  /** Events of requests that were answered, and of tries that were not. */
  sums = {requests: 0, accepted: 0, malformed: 0, unanswered: 0, doubtful: 0, doubtfulMalformed: 0, duplicates: 0};
  /** Answers that nobody should get. @type {string[]} */
  wrong = [];
  /** What is on its way for the first time: ids. @type {string[]} */
  recent = [];
}

/**
 * One sender of several: asks for the shop each time, since that may have died.
 * @param {number} seed
 * @param {number} lane
 * @param {() => Promise<Shop>} open the shop that is there
 * @param {Notes} notes
 */
export function sender(seed, lane, open, notes) {
  const chance = chances(seed * 1000 + lane);
  let number = 0;
  /** Copies that come later. @type {{due: number, door: Door, events: Json[]}[]} */
  const later = [];
  /** What may be refunded, once. @type {string[]} */
  const orders = [];

  /** @param {string} kind */
  function event(kind) {
    number += 1;
    const id = `c-${kind}-${lane}-${number}`;
    const made = /** @type {(id: string) => Json} */ (KINDS[kind])(id);
    notes.stories.set(id, {kind, expected: new Set(), tried: new Set(), answered: [], unanswered: 0});
    if (made.context) {
      const visitor = `${1000 + lane}.${number}`;
      notes.visitors.set(visitor, id);
      made.context = {...made.context, client_id: visitor};
    }
    notes.recent.push(id);
    if (notes.recent.length > 40) notes.recent.shift();
    return made;
  }

  /** @param {Json} one */
  const story = (one) => /** @type {Story} */ (notes.stories.get(one.event_id));

  /** @param {Door} door @param {Json[]} events */
  async function send(door, events) {
    for (const one of events) story(one).tried.add(`${story(one).kind} ${door}`);
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const shop = await open();
      const reply = await shop[door](events).catch(() => undefined);
      if (reply?.status === 202 || reply?.status === 200) {
        notes.sums.requests += 1;
        const {received = 0, accepted = 0, duplicates = 0, blocked = 0, rejected} = reply.body;
        notes.sums.accepted += received + accepted + duplicates + blocked;
        notes.sums.duplicates += duplicates;
        if (rejected > 0) notes.wrong.push(`${events.map((one) => one.event_id)} rejected: ${reply.text.slice(0, 300)}`);
        for (const one of events) {
          story(one).expected.add(`${story(one).kind} ${door}`);
          story(one).answered.push(Date.now());
        }
        return;
      }
      if (reply !== undefined && reply.status < 500) {
        notes.wrong.push(`${door} ${events.map((one) => one.event_id)}: ${reply.status} ${reply.text.slice(0, 200)}`);
        return;
      }
      notes.sums.unanswered += 1;
      notes.sums.doubtful += events.length;
      for (const one of events) story(one).unanswered += 1;
      await sleep(chance.between(100, 600));
    }
  }

  async function bad() {
    const {body, status} = chance.pick(BAD);
    const reply = await (await open()).server(body).catch(() => undefined);
    const malformed = status === 422 ? 1 : 0;
    if (reply?.status === status) notes.sums.malformed += malformed;
    else if (reply === undefined || reply.status >= 500) notes.sums.doubtfulMalformed += malformed;
    else notes.wrong.push(`${JSON.stringify(body).slice(0, 60)}: ${reply.status} instead of ${status}`);
  }

  /** An order by the shop's page and its server, the second copy up to three seconds after the first. */
  async function order() {
    const bought = event(chance.next() < 0.75 ? "order" : chance.pick(["ads", "refused", "opted"]));
    /** @type {Door[]} */
    const doors = chance.next() < 0.8 ? ["page", "server"] : ["server", "page"];
    if (chance.next() < 0.3) doors.splice(chance.whole(0, 1), 1);
    // A page that is loaded again, a server that is not sure.
    if (chance.next() < 0.15) doors.push(chance.pick(doors));
    const [first, ...others] = doors;
    for (const door of others) later.push({due: Date.now() + chance.between(0, 3000), door, events: [bought]});
    await send(first ?? "server", [bought]);
    // Google Ads takes a refund back for as long as it does not know the order; so it is one that it gets.
    if (story(bought).kind === "order") orders.push(bought.event_id);
  }

  async function step() {
    const dice = chance.next();
    if (dice < 0.5) return order();
    if (dice < 0.65) return send("server", Array.from({length: chance.whole(2, 12)}, () => event(chance.pick(["view", "view", "analytics", "order"]))));
    if (dice < 0.8) return send("page", [event("view")]);
    if (dice < 0.9) return send("bulk", Array.from({length: chance.whole(1, 25)}, () => event("small")));
    if (dice < 0.94) return send("server", [event("trial")]);
    const refunded = dice < 0.97 ? orders.shift() : undefined;
    if (refunded !== undefined) return send("server", [{...event("refund"), transaction_id: refunded}]);
    return bad();
  }

  return {
    send,
    event,
    /** @param {() => boolean} over */
    async run(over) {
      while (!over()) {
        const due = later.findIndex((one) => one.due <= Date.now());
        const [copy] = due < 0 ? [] : later.splice(due, 1);
        if (copy) await send(copy.door, copy.events);
        else await step();
        await sleep(chance.between(0, 60));
      }
      for (const {door, events} of later) await send(door, events);
    },
  };
}
