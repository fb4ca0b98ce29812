// The function that a page calls, and when what it said is sent.

import {adsStored, analyticsStored, decided, judge, noAds, noAnalytics, reports, signals, waiting} from "./consent.ts";
import {identify, readClicks} from "./context.ts";
import {givenId, uuid} from "./ids.ts";
import {MOST, adopt, box, drop, dropOldest, drops, kept, save, settle, type Own} from "./outbox.ts";
import {clock, page, type Json, type Settings} from "./page.ts";
import {resume, send, sent} from "./transport.ts";
import type {Adapter, Edgetally, Status} from "./types.ts";

/** A call as the stub keeps it, with the id that it gave, when, and where. */
type Call = [name: string, fields?: any, id?: string, at?: number, address?: string];

/** `fan` and `views` are there only in scripts that need them. */
export default function start(
  settings: Settings,
  adapters: Record<string, Adapter>,
  version: string,
  fan?: (event?: Json) => boolean,
  views?: (view: () => void) => void,
): Edgetally {
  const script = document.currentScript as HTMLScriptElement | null;
  const name = settings.name || "edgetally";
  const mark = "__" + name;
  const earlier = window[name] || {};
  const running: Edgetally | undefined = window[mark];
  const held: Own[] = [];
  let common: Json = {};
  let ready = false;
  /** Silence has lasted for as long as it is waited for. */
  let silent: unknown;
  /** The visitor has looked at the page. Pages are opened in the background, and fetched ahead. */
  let seen: unknown;
  let due: unknown;
  let asked: unknown;
  let viewed: unknown;
  let previous = document.referrer;
  let current = location.href;
  let last: unknown[] = [];

  const soon = () => {
    if (!due) queueMicrotask(() => flush((due = 0)));
    due = 1;
  };

  function flush(leaving?: unknown) {
    if (!ready || !seen) return;
    judge();
    const no = noAds && noAnalytics;
    const hold = no || page.required || (waiting && !silent && !leaving);
    const first = (decided || !hold) && settle();
    if (decided ? no : hold) {
      if (decided || (leaving && silent)) drop(decided ? "denied" : "undecided", held.splice(0).length);
      return;
    }
    const [who, changed] = identify(kept);
    for (const call of held.splice(0)) {
      const {event, key} = call;
      if (key && kept.known[key]) drop("repeated");
      else {
        if (key) kept.known[key] = 1;
        event.context = {...who, ...event.context};
        box.push(call);
        if (fan) fan(event);
      }
    }
    if (changed && !asked && page.cookies && (adsStored || analyticsStored)) {
      asked = 1;
      page.once = "&cookies=1";
    }
    save();
    if (first) adopt(send);
    send(leaving);
    if (fan && fan()) setTimeout(flush, 1e3);
  }

  function init(given: Partial<Settings>) {
    if (ready) return;
    Object.assign(page, given);
    if (!page.key) return;
    page.url = new URL("v1/events?key=" + page.key, page.url || (script && script.src) || location.origin).href;
    ready = true;
    for (const source in adapters) {
      adapters[source]!((state) => {
        if (state) reports[source] = state;
        else delete reports[source];
        soon();
      }, page);
    }
    setTimeout(() => flush((silent = 1) && 0), page.hold_ms);
    for (const type of ["visibilitychange", "prerenderingchange", "online", "pageshow", "pagehide"]) addEventListener(type, look, true);
    addEventListener("securitypolicyviolation", ({blockedURI, effectiveDirective}) => {
      if (!sent.csp && blockedURI.startsWith(page.url!)) {
        sent.csp = effectiveDirective;
        console.warn("edgetally: blocked by " + effectiveDirective);
      }
    });
    look();
  }

  /** The page has come, gone or come back. */
  function look({type, persisted}: Json = {}) {
    if (type == "pagehide" || document.visibilityState == "hidden") return flush(1);
    seen = seen || !(document as any).prerendering;
    if (persisted) {
      asked = 0;
      if (viewed) take("page_view");
    }
    resume();
    soon();
  }

  function take(event: string, fields: Json = {}, id?: string, at = clock(), address = location.href) {
    if (event == "init") return init(fields);
    if (event == "consent") {
      reports.site = {decided: true, signals: {...(reports.site || {}).signals, ...fields}};
      return soon();
    }
    const all: Json = {...common, ...fields, user: {...common.user, ...fields.user}};
    if (event == "set") return void (common = all);

    const given = givenId(event, fields);
    const text = JSON.stringify(all);
    // The second click of a double click is the first.
    const click = window.event as UIEvent;
    if (click && click.detail > 1 && event == last[0]) return last[1];
    last = [event, (id = id || given || uuid())];
    viewed = viewed || event == "page_view";
    readClicks(address, kept);
    if (address != current) {
      previous = current;
      current = address;
    }
    const copy = JSON.parse(text);
    held.push({event: {...copy, event, event_id: id, context: {page_url: address, page_title: document.title, referrer: previous, ...copy.context}}, at, key: given && event + " " + id});
    if (held.length > MOST) {
      dropOldest(held);
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
      version,
      ready,
      consent: {decided, signals, sources: reports},
      waiting: held.length,
      outbox: box.length,
      dropped: drops,
      ...sent,
    };
  };
  window[name] = running || (window[mark] = api);
  if (!running) {
    init(settings);
    if (views) views(() => take("page_view"));
  }
  for (const call of (earlier.q || []).splice(0)) window[name](...call);
  return window[name];
}
