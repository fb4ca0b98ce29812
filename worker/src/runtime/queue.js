// The queues.

const TEXT = {contentType: "text"};
// What the queue takes in one call, less its own bookkeeping.
const MOST_MESSAGES = 100;
const MOST_BYTES = 250_000;

/** Makes one message durable. */
export async function send(env, queue, text, delaySeconds) {
  await env[queue].send(text, delaySeconds ? {contentType: "text", delaySeconds} : TEXT);
}

// After so many refusals one after the other, the queue is taken to be away.
const MOST_REFUSALS = 3;

/**
 * Makes messages durable, each with its delay, in as few calls as the queue allows. Neighbours of one part go together, in
 * one call: the queue takes all of them or none, or the part would be worked off again beside what it left.
 * Gives the number of calls, a colon, and "1" or "0" for each message.
 */
export async function sendMany(env, queue, texts, delays, parts) {
  const taken = new Array(texts.length).fill("0");
  let calls = 0;
  let refusals = 0;
  const give = async (group) => {
    const all = group.flat();
    if (refusals >= MOST_REFUSALS || all.length === 0) return;
    calls += 1;
    try {
      if (all.length === 1) {
        await send(env, queue, texts[all[0]], delays[all[0]]);
      } else {
        await env[queue].sendBatch(all.map((n) => ({body: texts[n], contentType: "text", delaySeconds: delays[n]})));
      }
      for (const n of all) taken[n] = "1";
      refusals = 0;
    } catch {
      refusals += 1;
      // One that the queue does not take must not hold the others back.
      if (group.length > 1) for (const part of group) await give([part]);
    }
  };
  let group = [];
  let [messages, bytes] = [0, 0];
  for (let n = 0; n < texts.length; ) {
    const part = [];
    let size = 0;
    for (const of = parts[n]; n < texts.length && parts[n] === of; n++) {
      const more = sizeOf(texts[n]);
      // Too much for one call in any case.
      if (part.length > 0 && (part.length === MOST_MESSAGES || size + more > MOST_BYTES)) break;
      part.push(n);
      size += more;
    }
    if (messages + part.length > MOST_MESSAGES || bytes + size > MOST_BYTES) {
      await give(group);
      group = [];
      [messages, bytes] = [0, 0];
    }
    group.push(part);
    messages += part.length;
    bytes += size;
  }
  await give(group);
  return `${calls}:${taken.join("")}`;
}

function sizeOf(text) {
  // Characters beyond ASCII have up to three bytes a code unit. Encoding is what a few large ones cost, not many small.
  return text.length > 1000 ? new TextEncoder().encode(text).byteLength : text.length * 3;
}

/** The name of a batch's queue, then id and body of each message. */
export function texts(batch) {
  // One by one: a body that is no text must not cost the others theirs.
  return [batch.queue, ...batch.messages.flatMap(({id, body}) => [id, typeof body === "string" ? body : ""])];
}

/**
 * Takes the messages that are done with (1) off the queue; the others come again after `seconds`, which double with every
 * ten times that they were handed over: a hundred times are nine hours.
 */
export function settle(batch, done, seconds) {
  const again = ({attempts = 1}) => ({delaySeconds: seconds * 2 ** Math.min(6, Math.floor(attempts / 10))});
  batch.messages.forEach((message, n) => (done[n] ? message.ack() : message.retry(again(message))));
}

/** How often the queue has handed over each message of a batch, this time included. */
export function deliveries(batch) {
  return Uint32Array.from(batch.messages, (message) => message.attempts ?? 1);
}

/** Makes messages durable, of which it is given the bytes that each has, in as few calls as the queue allows, one call after the other. Gives how many are durable. */
export async function sendAll(env, texts, sizes) {
  let sent = 0;
  let group = [];
  let bytes = 0;
  const flush = async () => {
    try {
      await env.EVENTS.sendBatch(group);
    } catch {
      return false;
    }
    sent += group.length;
    group = [];
    bytes = 0;
    return true;
  };
  for (const [n, text] of texts.entries()) {
    const size = sizes[n];
    if (group.length > 0 && (group.length === MOST_MESSAGES || bytes + size > MOST_BYTES)) {
      if (!(await flush())) return sent;
    }
    group.push({body: text, contentType: "text"});
    bytes += size;
  }
  if (group.length > 0) await flush();
  return sent;
}
