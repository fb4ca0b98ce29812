// Starts the queue that is a process of its own (broker.mjs), with the batches and retries of wrangler.toml. The worker is
// started with the module external.js in front, and the binding BROKER.

import {fork} from "node:child_process";
import {join} from "node:path";
import {fileURLToPath} from "node:url";
import {ROOT} from "../../npm/src/places.mjs";
import {readConfig} from "../../npm/src/runtime.mjs";

/** @typedef {import("./shop.mjs").Json} Json */

/** How long a batch waits to be full, and the longest delay, in tests; everything else is as deployed. */
const WAIT_MS = 100;
const LONGEST_SECONDS = 1;

/**
 * @param {object} options
 * @param {string} options.folder that keeps what it holds
 * @param {number} [options.lanes] batches of a queue at the same time; 1 unless told otherwise
 * @param {number} [options.twice] share of settled messages that come again; none unless told otherwise
 * @param {number} [options.seed]
 * @param {string} [options.marks] a pattern of the ids of events
 */
export async function openBroker({folder, lanes = 1, twice = 0, seed = 1, marks = "(?!)"}) {
  const {queues} = await readConfig(ROOT);
  const consumers = Object.fromEntries(
    (queues.consumers ?? []).map((one) => [
      one.queue,
      {
        most: one.max_batch_size ?? 10,
        waitMs: WAIT_MS,
        retries: one.max_retries ?? 3,
        again: one.retry_delay ?? 0,
        ...(one.dead_letter_queue && {dead: one.dead_letter_queue}),
      },
    ]),
  );
  const journal = join(folder, "queue.ndjson");
  let port = 0;
  let worker = "";
  const start = async () => {
    const orders = {port, journal, consumers, lanes, longest: LONGEST_SECONDS, twice, seed, marks};
    const child = fork(fileURLToPath(new URL("./broker.mjs", import.meta.url)), [JSON.stringify(orders)]);
    ({port} = await new Promise((resolve) => child.once("message", (reply) => resolve(/** @type {Json} */ (reply)))));
    return child;
  };
  let child = await start();
  /** Its answers come in order, so one question at a time. @type {Promise<unknown>} */
  let turn = Promise.resolve();
  /** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
  const inTurn = (work) => {
    const done = turn.then(work);
    turn = done.catch(() => {});
    return done;
  };
  /** @param {Json} message @returns {Promise<Json>} */
  const put = (message) =>
    new Promise((resolve) => {
      child.once("message", (reply) => resolve(/** @type {Json} */ (reply)));
      child.send(message);
    });
  /** What those that were killed had counted. @type {Json} */
  const before = {sums: {}, told: {twice: [], interrupted: [], returned: []}};
  /** @param {Json} reply @returns {Json} */
  const whole = ({waiting, told, ...sums}) => ({
    waiting,
    ...Object.fromEntries(Object.entries(sums).map(([name, n]) => [name, n + (before.sums[name] ?? 0)])),
    ...(told && {told: Object.fromEntries(Object.entries(told).map(([name, list]) => [name, [...before.told[name], ...list]]))}),
  });
  return {
    url: `http://127.0.0.1:${port}`,
    /** @param {Json} message @returns {Promise<Json>} */
    ask: (message) =>
      inTurn(async () => {
        if (message.worker !== undefined) worker = message.worker;
        return whole(await put(message));
      }),
    /** Kills it, and starts another one over what it had written down. */
    kill: () =>
      inTurn(async () => {
        const {waiting: _waiting, told, ...sums} = whole(await put({told: true}));
        Object.assign(before, {sums, told});
        const gone = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGKILL");
        await gone;
        child = await start();
        await put({worker});
      }),
    close: () => child.disconnect(),
  };
}
