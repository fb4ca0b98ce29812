// How events leave: fetch while the page is seen, a beacon when it is left. Only a readable answer takes an event out of the outbox.

import {merge, signals} from "./consent.ts";
import {box, drop, save, sending, type Own} from "./outbox.ts";

/** The share of the page's 64 KiB for requests that outlive it; its other scripts eat from it too. */
const MOST = 15360;

export const sent = {events: 0, refused: [] as number[], csp: undefined as string | undefined};
/** Set by the core: the address, and whether the answer may set cookies (asked once for each request). */
export const to = {url: "", cookies: (): unknown => false};

/** What the visitor's clock is behind the gateway's, once an answer has said so. */
let behind: number | undefined;
let failures = 0;
let pause = 0;

const clock = () => performance.now();

/** The event as it leaves. A time only where it waited: the visitor's clock may be wrong by days, the gateway's is not. */
function write(own: Own) {
  const age = own.tick == null ? Date.now() - own.at : clock() - own.tick;
  const event = {...own.event, consent: merge({...signals}, own.event.consent || {})} as any;
  own.timed = !event.event_time && age > (behind == null ? 3e5 : 5e3);
  if (own.timed) event.event_time = Math.round(Date.now() + (behind || 0) - age);
  return JSON.stringify(event);
}

/** Batches up to the limit; but at the page's end a purchase waits for nobody. */
function batches(list: Own[], leaving: unknown, go: (batch: Own[], body: string) => unknown) {
  let batch: Own[] = [];
  let texts: string[] = [];
  let size = 0;
  const all: unknown[] = [];
  const flush = () => {
    if (batch[0]) all.push(go(batch, `{"events":[${texts}]}`));
    batch = [];
    texts = [];
    size = 0;
  };
  for (const own of list) {
    const text = write(own);
    const alone = !leaving && own.event.event == "purchase";
    // Three bytes for whatever is not ASCII.
    const bytes = text.replace(/[^\x00-\x7f]/g, "...").length;
    if (alone || size + bytes > MOST) flush();
    batch.push(own);
    texts.push(text);
    size += bytes;
    if (alone) flush();
  }
  flush();
  return Promise.all(all);
}

async function fly(batch: Own[], body: string) {
  const url = to.url + (to.cookies() ? "&cookies=1" : "");
  const go = (keepalive: boolean) => {
    for (const own of batch) own.way = keepalive ? 2 : 1;
    return fetch(url, {method: "POST", body, keepalive, credentials: "include"});
  };
  const known = behind != null;
  let answer: Response | undefined;
  let status = 0;
  try {
    // Refused at once: the page's share is used up, perhaps by others.
    answer = await (body.length > MOST ? go(false) : go(true).catch(() => go(false)));
    status = answer.status;
    behind = Date.parse(answer.headers.get("date")!) - Date.now() || behind;
  } catch {}
  for (const own of batch) own.way = 0;
  if (status && status < 500 && status != 408 && status != 425 && status != 429) {
    failures = pause = 0;
    // Times that were told by a clock that now turns out to be wrong are told again.
    if (!known && Math.abs(behind!) > 3e5 && batch.some(({timed}) => timed)) return send();
    for (const key in box) if (batch.includes(box[key]!)) delete box[key];
    if (status < 400) sent.events += batch.length;
    else {
      sent.refused.push(status);
      drop("refused", batch.length);
    }
    save();
  } else {
    const wait = (answer && +answer.headers.get("retry-after")! * 1e3) || Math.min(3e5, 1e3 * 2 ** failures++) * (1 - Math.random() / 2);
    pause = clock() + wait;
    setTimeout(send, wait + 9);
  }
}

export function send(leaving?: unknown) {
  if (sent.csp) return;
  if (leaving === true) {
    const left = Object.values(box).filter(({way}) => !(way! > 1)).reverse();
    const first = ({event}: Own) => +(event.event == "purchase");
    batches(left.sort((a, b) => first(b) - first(a)), true, (batch, body) => {
      if (navigator.sendBeacon(to.url, body)) for (const own of batch) own.way = 3;
    });
  } else if (navigator.onLine && clock() >= pause) {
    sending((waiting) => batches(waiting, false, fly));
  }
}

/** The page is back: whatever the browser was given at its end may be lost. */
export function resume() {
  pause = 0;
  for (const key in box) if (box[key]!.way == 3) box[key]!.way = 0;
}
