// How events leave: fetch while the page is seen, a beacon when it is left. Only a readable answer takes an event out of the outbox.

import {signals, merge} from "./consent.ts";
import {box, drop, lock, owned, save, type Own} from "./outbox.ts";

/** The share of the page's 64 KiB for requests that outlive it; its other scripts eat from it too. */
const MOST = 15360;

export const sent = {events: 0, refused: [] as number[], csp: undefined as string | undefined};
/** Set by core: where to send, and whether the answer may set cookies (asked once for each request). */
export const to = {page: {} as {url?: string; key: string}, cookies: () => false};

/** What the visitor's clock is behind the gateway's, once an answer has said so. */
let behind: number | undefined;
let failures = 0;
let pause = 0;

/** The event as it leaves. A time only where it waited: the visitor's clock may be wrong by days, the gateway's is not. */
function write(own: Own) {
  const age = Math.max(0, own.tick == null ? Date.now() - own.at : performance.now() - own.tick);
  const event = {...own.event};
  const consent = {...signals};
  if (event.consent) merge(consent, event.consent);
  event.consent = consent;
  if (!event.event_time && age > (behind == null ? 3e5 : 5e3)) {
    event.event_time = Math.round(Date.now() + (behind || 0) - age);
    own.timed = behind == null;
  }
  return JSON.stringify(event);
}

/** Batches up to the limit; a purchase waits for nobody. */
function batches(list: Own[], together: boolean) {
  const made: Own[][] = [];
  let size = MOST;
  for (const own of list) {
    const length = new Blob([JSON.stringify(own.event)]).size + 500;
    const alone = !together && own.event.event == "purchase";
    size += length;
    if (alone || size > MOST) {
      made.push([]);
      size = alone ? MOST : length;
    }
    made[made.length - 1]!.push(own);
  }
  return made;
}

const body = (batch: Own[]) => `{"events":[${batch.map(write)}]}`;
const address = () => `${to.page.url}/v1/events?key=${to.page.key}`;

async function fly(batch: Own[]) {
  batch = batch.filter(owned);
  if (!batch.length) return;
  const text = body(batch);
  const url = address() + (to.cookies() ? "&cookies=1" : "");
  const go = (keepalive: boolean) => {
    for (const own of batch) own.way = keepalive ? 2 : 1;
    return fetch(url, {method: "POST", body: text, keepalive, credentials: "include"});
  };
  let answer: Response | undefined;
  try {
    // Refused at once: the page's share is used up, perhaps by others.
    answer = await (text.length > MOST ? go(false) : go(true).catch(() => go(false)));
  } catch {}
  const status = answer ? answer.status : 0;
  const clock = answer && Date.parse(answer.headers.get("date")!);
  const late = batch.some((own) => own.timed);
  if (clock) behind = clock - Date.now();
  for (const own of batch) own.way = 0;
  if (status && status < 500 && status != 408 && status != 425 && status != 429) {
    failures = pause = 0;
    // Times that were told by a clock that now turns out to be wrong.
    if (late && Math.abs(behind || 0) > 3e5) return send();
    for (const own of batch) {
      const at = box.indexOf(own);
      if (at >= 0) box.splice(at, 1);
    }
    if (status < 400) sent.events += batch.length;
    else {
      sent.refused.push(status);
      drop("refused", batch.length);
    }
    save();
  } else {
    const wait = (answer && +answer.headers.get("retry-after")! * 1e3) || Math.min(3e5, 1e3 * 2 ** failures++) * (1 - Math.random() / 2);
    pause = performance.now() + wait;
    setTimeout(send, wait + 9);
  }
}

export function send(leaving?: boolean) {
  if (sent.csp) return;
  if (leaving) {
    const left = box.filter(({way}) => way < 2).reverse();
    left.sort((a, b) => +(b.event.event == "purchase") - +(a.event.event == "purchase"));
    for (const batch of batches(left, true)) {
      if (navigator.sendBeacon && navigator.sendBeacon(address(), body(batch))) for (const own of batch) own.way = 3;
    }
  } else if (navigator.onLine && performance.now() >= pause) {
    for (const batch of batches(box.filter(({way}) => !way), false)) {
      for (const own of batch) own.way = 1;
      lock("shared", () => fly(batch));
    }
  }
}

/** The page is back: whatever the browser was given at its end may be lost. */
export function resume() {
  pause = 0;
  for (const own of box) if (own.way == 3) own.way = 0;
}
