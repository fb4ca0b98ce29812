// A queue in a process of its own, as Cloudflare's is: it survives the worker, and hands over again what was not settled.
// The emulator's queue lives inside the process that a kill takes away, with all that it holds.
//
//   POST /send?queue=NAME  [{body, delay}]    durable when answered
//
// It hands batches to POST {worker}/_queue, which answers {settled: [{id, ack} | {id, delay}]}. Its parent tells it where
// the worker is ({worker}), and is told after each message how much waits.

import {createServer} from "node:http";

const MOST_MESSAGES = 50;
const LONGEST_WAIT_MS = 100;
const AGAIN_SECONDS = 1;

/**
 * @typedef {{id: string, timestamp: number, attempts: number, body: string}} Message
 * @typedef {{ready: Message[], later: number, flying: number, since: number}} Queue
 */

let worker = "";
let number = 0;
/** @type {Map<string, Queue>} */
const queues = new Map();

/** @param {string} name */
function queueOf(name) {
  const queue = queues.get(name) ?? {ready: [], later: 0, flying: 0, since: 0};
  queues.set(name, queue);
  return queue;
}

/**
 * @param {Queue} queue
 * @param {Message} message
 * @param {number} delay
 */
function put(queue, message, delay) {
  if (delay > 0) {
    queue.later += 1;
    setTimeout(() => {
      queue.later -= 1;
      put(queue, message, 0);
    }, delay * 1000);
    return;
  }
  if (queue.ready.length === 0) queue.since = Date.now();
  queue.ready.push(message);
}

/**
 * @param {string} name
 * @param {Queue} queue
 */
async function hand(name, queue) {
  const messages = queue.ready.splice(0, MOST_MESSAGES);
  queue.flying = messages.length;
  /** @type {Map<string, number>} the delays of what has to come again */
  const again = new Map(messages.map(({id}) => [id, AGAIN_SECONDS]));
  try {
    const reply = await fetch(`${worker}/_queue`, {method: "POST", body: JSON.stringify({queue: name, messages})});
    const {settled} = /** @type {{settled: {id: string, ack?: boolean, delay: number}[]}} */ (await reply.json());
    for (const {id, ack, delay} of settled) {
      if (ack) again.delete(id);
      else again.set(id, Math.min(delay, AGAIN_SECONDS));
    }
  } catch {
    // The worker went away in the middle: everything comes again.
  }
  for (const message of messages) {
    const delay = again.get(message.id);
    if (delay !== undefined) put(queue, {...message, attempts: message.attempts + 1}, delay);
  }
  queue.flying = 0;
}

setInterval(() => {
  for (const [name, queue] of queues) {
    const due = queue.ready.length >= MOST_MESSAGES || Date.now() - queue.since >= LONGEST_WAIT_MS;
    if (worker && queue.flying === 0 && queue.ready.length > 0 && due) void hand(name, queue);
  }
}, 25);

const server = createServer((request, response) => {
  /** @type {Buffer[]} */
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    const name = new URL(request.url ?? "", "http://localhost").searchParams.get("queue") ?? "";
    for (const {body, delay} of JSON.parse(Buffer.concat(pieces).toString())) {
      number += 1;
      put(queueOf(name), {id: `m${number}`, timestamp: Date.now(), attempts: 1, body}, Math.min(delay, AGAIN_SECONDS));
    }
    response.end("{}");
  });
});
server.keepAliveTimeout = 120_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.({port: typeof address === "object" ? address?.port : 0});
});
process.on("message", (/** @type {{worker?: string}} */ message) => {
  if (message.worker !== undefined) worker = message.worker;
  let waiting = 0;
  for (const {ready, later, flying} of queues.values()) waiting += ready.length + later + flying;
  process.send?.({waiting});
});
process.on("disconnect", () => process.exit(0));
