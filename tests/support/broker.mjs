// A queue in a process of its own, as Cloudflare's is: it survives the worker, and hands over again what was not settled.
// The emulator's queue lives inside the process that a kill takes away, with all that it holds. This one writes down what it
// takes before it says so, and reads that again when it was killed itself. `openBroker` (queue.mjs) starts it.
//
//   POST /send?queue=NAME  [{body, delay}]    durable when answered
//
// It hands batches to POST {worker}/_queue, which answers {settled: [{id, ack} | {id, delay}]}. Its parent sends it:
//
//   {worker: "http://…"}        where the worker is; "": nowhere
//   {faults: {away, deaf}}      away: it takes nothing; deaf: it takes everything and its answers are lost
//   {told: true}                asks for the ids of events, by what happened to the messages that hold them
//
// and is answered each time with how much waits.

import {appendFileSync, existsSync, readFileSync} from "node:fs";
import {createServer} from "node:http";

/**
 * @typedef {object} Consumer Of a queue, as wrangler.toml has it.
 * @property {number} most messages of a batch
 * @property {number} waitMs for a full one
 * @property {number} retries before the message goes to `dead`
 * @property {number} again seconds, where a message that was not settled names no delay itself
 * @property {string} [dead] another queue
 *
 * @typedef {object} Orders
 * @property {number} port 0: any free one
 * @property {string} journal the file that it writes to
 * @property {Record<string, Consumer>} consumers by queue
 * @property {number} lanes batches of one queue that are under way at the same time
 * @property {number} longest seconds that a delay is cut to, so that tests need not wait
 * @property {number} twice share of messages that are handed over a second time although they were settled
 * @property {number} seed of which ones
 * @property {string} marks what ids of events look like in a message
 *
 * @typedef {{id: string, queue: string, due: number, timestamp: number, attempts: number, body: string}} Message
 * @typedef {{ready: Message[], later: number, flying: number, lanes: number, since: number}} Queue
 * @typedef {Record<"twice" | "interrupted" | "returned", [id: string, at: number][]>} Told
 */

/** @type {Orders} */
const orders = JSON.parse(process.argv[2] ?? "{}");
const marks = new RegExp(orders.marks, "g");
let worker = "";
/** @type {{away?: boolean, deaf?: boolean}} */
let faults = {};
let number = 0;
let chance = orders.seed;
/** @type {Map<string, Queue>} */
const queues = new Map();
const sums = {sent: 0, batches: 0, handed: 0, interrupted: 0, twice: 0, returned: 0, dead: 0, refused: 0};
/** @type {Told} */
const told = {twice: [], interrupted: [], returned: []};

/** Of what was handed over a second time, or may have to be. @param {keyof Told} what @param {Message[]} messages */
function note(what, messages) {
  sums[what] += messages.length;
  for (const {body} of messages) for (const id of new Set(body.match(marks))) told[what].push([id, Date.now()]);
}

/** @param {object[]} lines */
const write = (lines) => appendFileSync(orders.journal, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));

/** Between 0 and 1, the same in each run with this seed. */
function random() {
  chance = (Math.imul(chance, 1664525) + 1013904223) >>> 0;
  return chance / 2 ** 32;
}

/** @param {string} name */
function queueOf(name) {
  const queue = queues.get(name) ?? {ready: [], later: 0, flying: 0, lanes: 0, since: 0};
  queues.set(name, queue);
  return queue;
}

/** @param {Message} message */
function put(message) {
  const queue = queueOf(message.queue);
  const wait = message.due - Date.now();
  if (wait > 0) {
    queue.later += 1;
    setTimeout(() => {
      queue.later -= 1;
      put(message);
    }, wait);
    return;
  }
  if (queue.ready.length === 0) queue.since = Date.now();
  queue.ready.push(message);
}

/** @param {number} seconds */
const after = (seconds) => Date.now() + Math.min(seconds, orders.longest) * 1000;

/** @param {Message} message @param {Consumer} consumer @param {number} delay */
function again(message, consumer, delay) {
  const next = {...message, attempts: message.attempts + 1, due: after(delay)};
  if (message.attempts <= consumer.retries) return put(next);
  sums.dead += 1;
  if (consumer.dead === undefined) return write([{done: message.id}]);
  const moved = {...next, queue: consumer.dead, attempts: 1, due: 0};
  write([{put: moved}]);
  put(moved);
}

/** @param {string} name @param {Queue} queue @param {Consumer} consumer */
async function hand(name, queue, consumer) {
  const messages = queue.ready.splice(0, consumer.most);
  queue.flying += messages.length;
  queue.lanes += 1;
  sums.batches += 1;
  sums.handed += messages.length;
  /** @type {Map<string, {ack?: boolean, delay: number}>} */
  const settled = new Map();
  try {
    const reply = await fetch(`${worker}/_queue`, {method: "POST", body: JSON.stringify({queue: name, messages})});
    const answer = /** @type {{settled: {id: string, ack?: boolean, delay: number}[]}} */ (await reply.json());
    for (const one of answer.settled) settled.set(one.id, one);
  } catch {
    // The worker went away in the middle: everything comes again.
    note("interrupted", messages);
  }
  const wasAnswered = settled.size > 0;
  for (const message of messages) {
    const how = settled.get(message.id);
    if (!how?.ack) {
      if (wasAnswered) note("returned", [message]);
      again(message, consumer, how?.delay ?? consumer.again);
    } else if (random() < orders.twice) {
      // What Cloudflare does now and then: at least once is not once.
      note("twice", [message]);
      again(message, consumer, random() * orders.longest);
    } else {
      write([{done: message.id}]);
    }
  }
  queue.flying -= messages.length;
  queue.lanes -= 1;
}

// What was taken and not done with before this process was killed.
/** @type {Map<string, Message>} */
const left = new Map();
if (existsSync(orders.journal)) {
  for (const line of readFileSync(orders.journal, "utf8").split("\n")) {
    if (line === "") continue;
    const {put: message, done} = JSON.parse(line);
    if (message) left.set(message.id, message);
    else left.delete(done);
    number += 1;
  }
  note("interrupted", [...left.values()]);
  for (const message of left.values()) put({...message, attempts: message.attempts + 1});
}

setInterval(() => {
  for (const [name, consumer] of Object.entries(orders.consumers)) {
    const queue = queueOf(name);
    const due = queue.ready.length >= consumer.most || Date.now() - queue.since >= consumer.waitMs;
    if (worker && queue.lanes < orders.lanes && queue.ready.length > 0 && due) void hand(name, queue, consumer);
  }
}, 25);

const server = createServer((request, response) => {
  /** @type {Buffer[]} */
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    if (faults.away) {
      sums.refused += 1;
      response.writeHead(503).end();
      return;
    }
    const queue = new URL(request.url ?? "", "http://localhost").searchParams.get("queue") ?? "";
    /** @type {Message[]} */
    const messages = JSON.parse(Buffer.concat(pieces).toString()).map((/** @type {{body: string, delay: number}} */ {body, delay}) => {
      number += 1;
      return {id: `m${number}`, queue, due: delay ? after(delay) : 0, timestamp: Date.now(), attempts: 1, body};
    });
    write(messages.map((message) => ({put: message})));
    sums.sent += messages.length;
    messages.forEach(put);
    if (faults.deaf) {
      sums.refused += 1;
      response.destroy();
    } else {
      response.end("{}");
    }
  });
});
server.keepAliveTimeout = 120_000;
server.listen(orders.port, "127.0.0.1", () => {
  const address = server.address();
  process.send?.({port: typeof address === "object" ? address?.port : 0});
});
process.on("message", (/** @type {{worker?: string, faults?: typeof faults, told?: boolean}} */ message) => {
  if (message.worker !== undefined) worker = message.worker;
  if (message.faults !== undefined) faults = message.faults;
  let waiting = 0;
  for (const {ready, later, flying} of queues.values()) waiting += ready.length + later + flying;
  process.send?.({waiting, ...sums, ...(message.told && {told})});
});
process.on("disconnect", () => process.exit(0));
