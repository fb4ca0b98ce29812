// How events leave: fetch while the page is seen, a beacon when it is left. Only a readable answer takes an event out of the outbox.

import {merge, signals} from "./consent.ts";
import {MOST_KEEPALIVE} from "./limits.ts";
import {box, purchase, remove, type Own} from "./outbox.ts";
import {page, type Json} from "./page.ts";

export const sent = {sent: 0, refused: [] as number[], csp: undefined as string | undefined};
/** What the visitor's clock is behind the gateway's, once an answer has said so. */
let behind: number | undefined;
let failures = 0;
let pause = 0;

/** The event as it leaves. A time only where it waited: the visitor's clock may be wrong by days, the gateway's is not. */
function write({event, at}: Own) {
  const all: Json = {...event, consent: merge({...signals}, event.consent)};
  if (!all.event_time && Date.now() - at > (behind == null ? 3e5 : 5e3)) all.event_time = at + (behind || 0);
  return JSON.stringify(all);
}

/** In requests of limited length. */
function post(list: Own[], leaving?: unknown) {
  const body = `{"events":[${list.map(write)}]}`;
  if (list[1] && body.length > MOST_KEEPALIVE) {
    post(list.splice(0, list.length >> 1), leaving);
    post(list, leaving);
  } else if (list[0]) {
    if (!leaving) fly(list, body);
    else if (navigator.sendBeacon(page.url!, body)) for (const own of list) own.way = 3;
  }
}

async function fly(batch: Own[], body: string) {
  const go = (keepalive: boolean) => {
    for (const own of batch) own.way = 1 + +keepalive;
    return fetch(url, {method: "POST", body, keepalive, credentials: "include"});
  };
  const url = page.url + (page.once || "");
  let status = 0;
  let wait;
  page.once = page.once && "";
  try {
    // Refused at once: the page's share is used up, perhaps by others.
    const answer = await go(body.length <= MOST_KEEPALIVE).catch(() => go(false));
    status = answer.status;
    wait = +answer.headers.get("retry-after")! * 1e3;
    behind = Date.parse(answer.headers.get("date")!) - Date.now() || behind;
  } catch {}
  for (const own of batch) own.way = 0;
  if (/^(0|4(08|2[59])|5..)$/.test(status as any)) {
    // Requests of one moment fail together, which is one failure.
    if (Date.now() >= pause) {
      wait = wait || (1e3 << Math.min(8, failures++)) * (1 - Math.random() / 2);
      pause = Date.now() + wait;
      setTimeout(page.flush!, wait + 9);
    }
  } else {
    failures = pause = 0;
    if (status < 400) sent.sent += batch.length;
    else sent.refused.push(status);
    remove(batch);
  }
}

/** Purchases come first, each in a request of its own. */
export function send(leaving?: unknown) {
  if (sent.csp || (!leaving && Date.now() < pause)) return;
  // Whatever the browser was given at the page's end may be lost.
  const left = box.filter(({way = 0}) => (leaving ? way < 2 : !(way % 3)));
  for (const own of left) if (purchase(own)) post([own], leaving);
  post(left.filter((own) => !purchase(own)), leaving);
}

/** The line is there again, or the page is. */
export const resume = () => (pause = 0);
