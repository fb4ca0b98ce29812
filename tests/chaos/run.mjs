// A bad day: a flood of events, while the runtime is killed, platforms fail, and store, ledger and queue go away. Afterwards
// everything is healed, and law.mjs says whether anything is lost.

import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {setTimeout as sleep} from "node:timers/promises";
import {PLATFORMS} from "../../npm/src/platforms.mjs";
import {startTwin} from "../../twin/server.mjs";
import {openBroker} from "../support/queue.mjs";
import {SECRETS, openShop, waitFor} from "../support/shop.mjs";
import {arrivals, judge} from "./law.mjs";
import {KINDS, MARKS, chances, disturbances} from "./plan.mjs";
import {Notes, sender} from "./senders.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */
/** @typedef {import("../support/shop.mjs").Json} Json */
/** @typedef {import("./plan.mjs").Disturbance} Disturbance */
/** @typedef {import("./senders.mjs").Door} Door */

const SENDERS = 4;
/** How long what was left may take, in seconds. Far more than it needs. */
const PATIENCE_SECONDS = 45;
/** A request has three seconds: less than a platform's that never answers, more than a busy machine's. */
const DELIVERY = {timeout_ms: 3000, max_attempts: 100};

/**
 * @typedef {object} Options
 * @property {number} seconds of the flood
 * @property {number} seed
 * @property {"kv" | "exact"} [dedup]
 * @property {(line: string) => void} [log]
 */

/** The machine that is broken, and its restarts. */
class Machine {
  kills = 0;
  queueKills = 0;
  /** @type {number[]} */
  killed = [];
  /** @type {{kind: string, from: number, to: number}[]} */
  spells = [];
  /** @type {Record<string, boolean>} of the worker's bindings */
  faults = {};
  /** @type {Map<string, {name: string, struck: () => number}[]>} */
  scripted = new Map();
  /** @type {Promise<Shop>} */
  shop;

  /**
   * @param {string} folder
   * @param {Awaited<ReturnType<typeof startTwin>>} twin
   * @param {Awaited<ReturnType<typeof openBroker>>} broker
   * @param {"kv" | "exact"} dedup
   */
  constructor(folder, twin, broker, dedup) {
    this.folder = folder;
    this.twin = twin;
    this.broker = broker;
    this.dedup = dedup;
    this.shop = this.start();
  }

  async start() {
    const shop = await openShop({
      twin: this.twin,
      wrap: "./external.js",
      persist: this.folder,
      destinations: "all",
      delivery: DELIVERY,
      secrets: {...SECRETS, BROKER: this.broker.url},
      exact: this.dedup === "exact",
    });
    await shop.faults(this.faults);
    await this.broker.ask({worker: shop.worker.url.origin});
    return shop;
  }

  async kill() {
    const dying = await this.shop;
    if (dying.worker.pid === undefined) throw new Error("whose process is it?");
    const gone = (async () => {
      await this.broker.ask({worker: ""});
      process.kill(/** @type {number} */ (dying.worker.pid), "SIGKILL");
      this.killed.push(Date.now());
      this.kills += 1;
      await dying.worker.dispose().catch(() => {});
    })();
    this.shop = gone.then(() => this.start());
    await this.shop;
  }

  /** @param {Record<string, boolean>} change */
  async break(change) {
    Object.assign(this.faults, change);
    // A worker that is just being killed is told when it is there again.
    await (await this.shop).faults(this.faults).catch(() => {});
  }

  /** @param {string} kind @param {number} seconds @param {(on: boolean) => Promise<unknown>} set */
  async spell(kind, seconds, set) {
    const spell = {kind, from: Date.now(), to: Infinity};
    this.spells.push(spell);
    await set(true);
    await sleep(seconds * 1000);
    await set(false);
    spell.to = Date.now();
  }

  /** @param {Disturbance} what @param {readonly string[]} recent ids on their way */
  async suffer(what, recent) {
    switch (what.kind) {
      case "kill":
        return this.kill();
      case "queue_kill":
        await this.broker.kill();
        this.queueKills += 1;
        return;
      case "queue_away":
      case "queue_deaf": {
        const name = what.kind.slice("queue_".length);
        return this.spell(what.kind, what.seconds, (on) => this.broker.ask({faults: on ? {[name]: true} : {}}));
      }
      case "platform": {
        const {fault, name, seconds} = what;
        const lasting = fault.kind === "revoke_token";
        const [made] = this.twin.faults({...fault, ...(fault.kind === "reject_event_id" && {event_id: recent.at(-1) ?? "none"}), ...(lasting && {seconds: undefined})});
        const list = this.scripted.get(name) ?? [];
        this.scripted.set(name, [...list, {name, struck: () => made?.struck ?? 0}]);
        if (!lasting) return;
        await sleep(seconds * 1000);
        this.twin.faults({kind: "restore", platform: fault.platform});
        return;
      }
      default:
        return this.spell(what.kind, what.seconds, (on) => this.break({[what.kind]: on}));
    }
  }
}

/** @param {Machine} machine */
async function drained(machine) {
  const started = Date.now();
  const shop = await machine.shop;
  /** @type {Json} */
  let queue = {};
  /** @type {Json} */
  let ledger = {};
  try {
    await waitFor("the queue to be empty and the ledger to know", async () => {
      queue = await machine.broker.ask({});
      if (queue.waiting > 0) return false;
      ledger = await shop.ledger();
      return !ledger.reports_waiting && ledger.balances.every((/** @type {Json} */ row) => row.retrying === 0);
    }, PATIENCE_SECONDS);
  } catch (error) {
    const logged = shop.worker.logs.slice(-5).map(({message}) => message);
    const failed = `${error}; queue ${JSON.stringify(queue)}, ledger ${JSON.stringify(ledger)}, logged ${JSON.stringify(logged)}`;
    return {seconds: PATIENCE_SECONDS, failed};
  }
  return {seconds: (Date.now() - started) / 1000};
}

/**
 * What a calm day makes of each kind of event at each door: the platforms that get it.
 * @param {Machine} machine
 * @param {Notes} notes
 * @param {ReturnType<typeof sender>} quiet
 */
async function calmDay(machine, notes, quiet) {
  /** @type {(kind: string) => Door[]} */
  const doors = (kind) => (kind === "small" ? ["bulk"] : kind === "refund" ? ["server"] : ["server", "page"]);
  const copies = Object.keys(KINDS).flatMap((kind) => doors(kind).map((door) => /** @type {const} */ ([kind, door])));
  /** @type {Map<string, string>} */
  const sample = new Map();
  for (const [kind, door] of copies) {
    const event = quiet.event(kind);
    if (kind === "refund") event.transaction_id = sample.get("order server");
    sample.set(`${kind} ${door}`, event.event_id);
    await quiet.send(door, [event]);
  }
  const {failed} = await drained(machine);
  if (failed) throw new Error(failed);
  const {all} = arrivals(machine.twin, notes);
  const calm = new Map([...sample].map(([copy, id]) => [copy, new Set([...all].filter(([, rows]) => rows.has(id)).map(([platform]) => platform))]));
  const missing = PLATFORMS.filter(({platform}) => !calm.get("order server")?.has(platform)).map(({name}) => name);
  if (missing.length > 0) throw new Error(`not even on a calm day do orders reach ${missing}`);
  if (calm.get("refused server")?.size !== 0) throw new Error("who refused everything was sent");
  return calm;
}

/**
 * @param {Options} options
 */
export async function chaos({seconds, seed, dedup = "kv", log = () => {}}) {
  const folder = await mkdtemp(join(tmpdir(), "edgetally-chaos-"));
  const twin = await startTwin();
  const broker = await openBroker({folder, lanes: 2, twice: 0.02, seed, marks: MARKS});
  const machine = new Machine(folder, twin, broker, dedup);
  const notes = new Notes();
  try {
    const open = () => machine.shop;
    const health = await (await open()).fetch("/v1/health");
    if (health.status !== 200) throw new Error(`the worker cannot do that: ${health.text}`);
    const calm = await calmDay(machine, notes, sender(seed, 0, open, notes));
    log(`the calm day: ${[...calm].map(([copy, platforms]) => `${copy} ${platforms.size}`).join(", ")}`);

    const begun = Date.now();
    const over = () => Date.now() - begun >= seconds * 1000;
    const senders = Array.from({length: SENDERS}, (_, n) => sender(seed, n + 1, open, notes).run(over));
    const chance = chances(seed + 1);
    /** @type {Promise<void>[]} */
    const sufferings = [];
    for (const what of disturbances(seed, seconds, PLATFORMS.map(({platform}) => platform), dedup === "exact")) {
      await sleep(Math.max(0, begun + what.at * 1000 - Date.now()));
      const done = machine.suffer(what, notes.recent.slice(0, chance.whole(1, 40)));
      if (what.kind === "kill" || what.kind === "queue_kill") await done;
      else sufferings.push(done);
      log(`${new Date().toISOString().slice(14, 23)}: ${what.kind === "platform" ? `${what.fault.platform}: ${what.name}` : what.kind}`);
    }
    await Promise.all(sufferings);
    twin.clearFaults();
    await Promise.all(senders);
    const {seconds: drainedIn, failed} = await drained(machine);
    const queue = await broker.ask({told: true});
    const verdict = await judge(await machine.shop, {
      notes, calm, told: queue.told, spells: machine.spells, kills: machine.killed, exact: dedup === "exact",
    });
    if (failed) verdict.broken.unshift(failed.slice(0, 1000));
    const struck = [...machine.scripted].map(([name, list]) => /** @type {[string, number, number]} */ ([name, list.length, list.reduce((sum, one) => sum + one.struck(), 0)]));
    return {seed, seconds, dedup, ...verdict, sent: notes.sums, events: notes.stories.size, kills: machine.kills, queueKills: machine.queueKills, spells: machine.spells, struck, queue, drainedIn};
  } finally {
    await machine.shop.then((shop) => shop.stop()).catch(() => {});
    broker.close();
    await twin.close();
    await rm(folder, {recursive: true, force: true});
  }
}
