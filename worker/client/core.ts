// The function that a page calls, and when what it said is sent.

import {decided, judge, noAds, noAnalytics, reports, signals, waiting} from "./consent.ts";
import {identify, kept, readClicks} from "./context.ts";
import {givenId, uuid} from "./ids.ts";
import {MOST_EVENTS} from "./limits.ts";
import {adopt, box, checkClaim, drop, dropOldest, drops, purchase, save, settle, unclaim, waits} from "./outbox.ts";
import {page, type Json, type Settings} from "./page.ts";
import {ask} from "./region.ts";
import {resume, send, sent} from "./transport.ts";
import type {Adapter, Edgetally, Status} from "./types.ts";

/** A call as the stub keeps it, with the id that it gave, when, and where. */
type Call = [name: string, fields?: any, id?: string, at?: number, address?: string];

/** `fan` calls pixels, and is there only where a source has any. */
export default function start(settings: Settings, adapters: Record<string, Adapter>, fan?: (fresh: Json[], again: () => void) => void): Edgetally {
  const earlier: Edgetally | undefined = window[NAME];
  // A stub has a queue; what has none is this script, which ran before.
  if (earlier && !earlier.q) return earlier;
  let common: Json = {};
  /** Silence has lasted for as long as it is waited for. */
  let silent: unknown;
  /** The visitor has looked at the page. Pages are opened in the background, and fetched ahead. */
  let seen: unknown;
  let due: unknown;
  let viewed: unknown;
  /** The address before, and the address. */
  let trail = [document.referrer, location.href];
  let last: unknown[] = [];

  const soon = () => {
    if (!due) {
      queueMicrotask(() => {
        due = 0;
        flush();
      });
    }
    due = 1;
  };

  function flush(leaving?: unknown) {
    if (!seen) return;
    judge();
    const no = noAds && noAnalytics;
    const hold = no || (REQUIRED ?? page.required) || (waiting && !silent && !leaving);
    const first = (decided || !hold) && settle();
    if (decided ? no : hold) {
      if (REGION && !no && box[0]) ask();
      if (decided || (leaving && silent)) drop(decided ? "denied" : "undecided", box.splice(0).length);
      return;
    }
    const who = identify();
    const fresh: Json[] = [];
    for (const own of box.splice(0)) {
      const {event} = own;
      if (own.way == null) {
        if (purchase(own)) {
          if (kept.known[event.event_id]) {
            drop("repeated");
            continue;
          }
          kept.known[event.event_id] = 1;
        }
        own.way = 0;
        event.context = {...who, ...event.context};
        if (PIXELS) fresh.push(event);
      }
      box.push(own);
    }
    if (PIXELS) fan!(fresh, flush);
    if (first) adopt();
    save();
    send(leaving);
  }

  function init(given: Partial<Settings>) {
    if (page.flush) return;
    Object.assign(page, given);
    if (!page.key) return;
    page.url = (page.url || new URL(".", (document.currentScript as any)?.src || location.origin).href).replace(/\/*$/, "/v1/events?key=" + page.key);
    page.flush = flush;
    for (const source in adapters) {
      adapters[source]!((state) => {
        reports[source] = state;
        soon();
      }, page);
    }
    setTimeout(() => {
      silent = 1;
      flush();
    }, BAKED ? HOLD_MS : page.hold_ms);
    for (const type of ["visibilitychange", "prerenderingchange", "online", "pageshow", "pagehide"]) addEventListener(type, look, true);
    addEventListener("securitypolicyviolation", (event) => {
      if (!sent.csp && event.blockedURI.startsWith(REGION ? page.url!.split("events?")[0]! : page.url!)) console.warn("edgetally blocked: " + (sent.csp = event.effectiveDirective));
    });
    look();
  }

  /** The page has come, gone or come back. */
  function look({type, persisted}: Json = {}) {
    if (type == "pagehide") unclaim();
    else if (!document.hidden) {
      checkClaim();
      seen = seen || !(document as any).prerendering;
      if (persisted && viewed) take("page_view");
      resume();
      return soon();
    }
    flush(1);
  }

  function take(event: string, fields: Json = {}, id?: string, at = Date.now(), address = location.href) {
    if (event == "init") return init(fields);
    if (event == "consent") {
      reports.site = {decided: true, signals: {...reports.site?.signals, ...fields}};
      return soon();
    }
    const all: Json = {...common, ...fields, user: {...common.user, ...fields.user}};
    if (event == "set") return void (common = all);

    id = id || givenId(event, fields);
    // The second click of a double click is the first.
    if (!id && (window.event as any)?.detail > 1 && event == last[0]) return last[1];
    last = [event, (id = id || uuid())];
    viewed = viewed || event == "page_view";
    readClicks(address);
    if (address != trail[1]) trail = [trail[1]!, address];
    const copy = JSON.parse(JSON.stringify(all));
    box.push({event: {...copy, event, event_id: id, context: {page_url: address, page_title: document.title, referrer: trail[0], ...copy.context}}, at});
    // Where they can be sent, they are, and then nothing waits.
    const full = () => box.filter(waits)[MOST_EVENTS];
    if (full()) flush();
    if (full()) {
      dropOldest(box);
      drop("full");
    }
    soon();
    return id;
  }

  const api = ((...call: Call) => {
    try {
      return take(...call);
    } catch {
      drop("unreadable");
      return uuid();
    }
  }) as unknown as Edgetally;
  api.status = (): Status => {
    judge();
    return {
      version: VERSION,
      ready: !!page.flush,
      consent: {decided, signals, sources: reports},
      waiting: box.filter(waits).length,
      outbox: box.length,
      dropped: drops,
      ...sent,
    };
  };
  window[NAME] = api;
  init(settings);
  for (const call of earlier?.q || []) api(...(call as [any]));
  return api;
}
