// What waits for the gateway's answer. In memory, and where consent covers storage, in localStorage too, so that a tab that dies
// loses nothing: the next page sends it. Tabs share the one record: each writes its own entries, and takes over those of a tab
// that is gone.

import {expire, type Kept} from "./context.ts";
import {uuid} from "./ids.ts";

const VERSION = 1;
const MOST = 50;
const MOST_CHARACTERS = 65536;
const DAY = 864e5;

export interface Entry {
  event: {event: string; event_id: string; [key: string]: any};
  /** When it happened, by the visitor's clock. */
  at: number;
  /** The tab that sends it. */
  tab: string;
}

/** An entry of this page. */
export interface Own extends Entry {
  /** When it happened by a clock that nobody sets; absent where another page took it. */
  tick?: number;
  /** 0 waits, 1 on its way, 2 on its way and outlives the page, 3 given to the browser at the page's end, which proves nothing. */
  way: number;
  /** It was told a time of which nobody knows whether it is right. */
  timed?: boolean;
  stored?: boolean;
}

interface Stored extends Kept {
  v: number;
  entries: Entry[];
  orders: string[];
}

const tab = uuid();
let name = "";
/** Whether consent covers storage, and that of click ids. */
let allowed = false;
let clicksToo = false;

export const kept: Kept & {orders: string[]} = {clicks: {}, cookies: {}, orders: []};
export const box: Own[] = [];
export const drops: Record<string, number> = {};
export const drop = (cause: string, n: number) => {
  if (n) drops[cause] = (drops[cause] || 0) + n;
};

/** Removes the oldest entry, of purchases last. */
export function dropOldest(list: {event: {event: string}}[]) {
  list.splice(Math.max(0, list.findIndex(({event}) => event.event != "purchase")), 1);
}

function load() {
  try {
    const stored: Stored = JSON.parse(localStorage.getItem(name)!);
    if (stored.v == VERSION) {
      stored.entries = stored.entries.filter(({at}) => Math.abs(Date.now() - at) < DAY);
      return stored;
    }
  } catch {}
  return;
}

const same = (list: Entry[], {event}: Entry, of?: string) => list.some((one) => one.event.event_id == event.event_id && (!of || one.tab == of));

/** Writes this page's part of the record, if it may be written. */
export function save() {
  if (!allowed) return;
  const stored = load();
  const others = stored ? stored.entries.filter((entry) => entry.tab != tab && !same(box, entry)) : [];
  const entries: Entry[] = others.concat(box.map(({event, at}) => ({event, at, tab})));
  const write = () => JSON.stringify({...kept, v: VERSION, entries, clicks: clicksToo ? kept.clicks : {}});
  while (entries.length > MOST || (entries[0] && write().length > MOST_CHARACTERS)) dropOldest(entries);
  try {
    localStorage.setItem(name, write());
    for (const own of box) own.stored = same(entries, own);
  } catch {}
}

/** What may be stored from now on. At the first yes, what an earlier page left is read. */
export function permit(key: string, ads: boolean, analytics: boolean) {
  const first = !allowed;
  name = "edgetally." + key;
  allowed = ads || analytics;
  clicksToo = ads;
  if (!allowed || !first) return;
  const stored = load();
  if (stored) {
    expire(stored.clicks);
    kept.clicks = {...stored.clicks, ...kept.clicks};
    kept.cookies = {...stored.cookies, ...kept.cookies};
    kept.orders = stored.orders.concat(kept.orders).slice(-MOST);
  }
  return true;
}

/** The visitor does not want it: what was stored goes, and the cookies that were set on our word. Where nothing was, nothing is touched. */
export function forget(key: string, ads: boolean, analytics: boolean, all: boolean) {
  name = "edgetally." + key;
  const stored = load();
  const cookies = {...(stored && stored.cookies), ...kept.cookies};
  for (const cookie in cookies) {
    if (cookie == "_ga" ? !analytics : !ads) continue;
    delete kept.cookies[cookie];
    const labels = location.hostname.split(".");
    for (let at = labels.length; at >= 0; at--) {
      document.cookie = `${cookie}=;path=/;max-age=0` + (labels[at] ? ";domain=" + labels.slice(at).join(".") : "");
    }
  }
  if (ads) kept.clicks = {};
  if (ads && analytics) {
    drop("denied", box.length);
    box.length = 0;
  }
  if (all) {
    kept.orders = [];
    allowed = false;
    try {
      localStorage.removeItem(name);
    } catch {}
  }
}

/** Runs while this tab alone is sending ("exclusive", or not at all), or tells the others that it sends ("shared"). */
export function lock(mode: "shared" | "exclusive", run: (granted: unknown) => unknown) {
  const {locks} = navigator;
  if (locks && allowed) locks.request(name, {mode, ifAvailable: mode == "exclusive"}, run as LockGrantedCallback<unknown>).catch(() => {});
  else run(locks);
}

/** Whether no other tab has taken an entry over and sent it. */
export function owned(own: Own) {
  const stored = allowed && own.stored && load();
  if (!stored || same(stored.entries, own, tab)) return true;
  box.splice(box.indexOf(own), 1);
  return false;
}

/** Takes over what tabs left that are gone. Without locks nobody knows who is gone: then only what is half a minute old. */
export const adopt = (then: () => void) =>
  lock("exclusive", (granted) => {
    const stored = granted !== null && allowed && load();
    if (!stored) return;
    for (const entry of stored.entries) {
      if (entry.tab != tab && !same(box, entry) && (granted || Date.now() - entry.at > 3e4)) box.push({...entry, way: 0});
    }
    save();
    then();
  });
