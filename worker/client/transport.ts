// How events leave: fetch while the page is seen, a beacon when it is left. Only a readable answer takes an event out of the outbox.

import {merge, signals} from "./consent.ts";
import {box, drop, remove, sending, type Own} from "./outbox.ts";
import {clock, page, type Json} from "./page.ts";

/** The share of the page's 64 KiB for requests that outlive it, in characters; its other scripts eat from it too. */
const MOST = 15360;

export const sent = {sent: 0, refused: [] as number[], csp: undefined as string | undefined};
/** What the next request's address has behind it. */
export const once = {query: ""};

/** What the visitor's clock is behind the gateway's, once an answer has said so. */
let behind: number | undefined;
/** A time was told without knowing. */
let guessed: unknown;
let failures = 0;
let pause = 0;

const address = () => `${page.url}/v1/events?key=${page.key}`;
const purchase = ({event}: Own) => event.event == "purchase";

/** The event as it leaves. A time only where it waited: the visitor's clock may be wrong by days, the gateway's is not. */
function write({event, at}: Own) {
  const all: Json = {...event, consent: merge({...signals}, event.consent)};
  if (!all.event_time && clock() - at > (behind == null ? 3e5 : 5e3)) {
    all.event_time = Math.round(at + (behind || 0));
    guessed = behind == null;
  }
  return JSON.stringify(all);
}

/** Batches up to the limit; while there is time, a purchase is one of its own. */
function batches(list: Own[], leaving: unknown, go: (batch: Own[], body: string) => unknown) {
  const made: Own[][] = [];
  let size = MOST;
  for (const own of list) {
    const {length} = write(own);
    const alone = !leaving && purchase(own);
    size += length;
    if (alone || size > MOST) {
      made.push([]);
      size = alone ? MOST : length;
    }
    made[made.length - 1]!.push(own);
  }
  return Promise.all(made.map((batch) => go(batch, `{"events":[${batch.map(write)}]}`)));
}

async function fly(batch: Own[], body: string) {
  const url = address() + once.query;
  const mark = (way: number) => batch.forEach((own) => (own.way = way));
  const go = (keepalive: boolean) => {
    mark(keepalive ? 2 : 1);
    return fetch(url, {method: "POST", body, keepalive, credentials: "include"});
  };
  let status = 0;
  let wait;
  once.query = "";
  try {
    // Refused at once: the page's share is used up, perhaps by others.
    const answer = await (body.length > MOST ? go(false) : go(true).catch(() => go(false)));
    status = answer.status;
    wait = +answer.headers.get("retry-after")! * 1e3;
    behind = Date.parse(answer.headers.get("date")!) - clock() || behind;
  } catch {}
  mark(0);
  if (!status || status > 499 || /408|425|429/.test("" + status)) {
    wait = wait || Math.min(3e5, 1e3 * 2 ** failures++) * (1 - Math.random() / 2);
    pause = clock() + wait;
    setTimeout(send, wait + 9);
    return;
  }
  failures = pause = 0;
  // Times that were told by a clock that now turns out to be wrong are told again.
  if (guessed && Math.abs(behind!) > 3e5) return send((guessed = 0));
  if (status < 400) sent.sent += batch.length;
  else {
    sent.refused.push(status);
    drop("refused", batch.length);
  }
  remove(batch);
}

export function send(leaving?: unknown) {
  if (sent.csp) return;
  if (leaving) {
    const left = box.filter(({way}) => !(way! > 1)).reverse();
    batches(left.sort((a, b) => +purchase(b) - +purchase(a)), 1, (batch, body) => {
      if (navigator.sendBeacon(address(), body)) for (const own of batch) own.way = 3;
    });
  } else if (navigator.onLine && clock() >= pause) sending((waiting) => batches(waiting, 0, fly));
}

/** The page is back: whatever the browser was given at its end may be lost. */
export function resume() {
  pause = 0;
  for (const own of box) if (own.way == 3) own.way = 0;
}
