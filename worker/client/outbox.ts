// What waits for the gateway's answer. In memory, and where consent covers storage, in localStorage too, so that a tab that dies
// loses nothing: the next page sends it. Tabs share the one record: each writes its own entries, and takes over those of a tab
// that is gone.

import type {Kept} from "./context.ts";
import {uuid} from "./ids.ts";

const VERSION = 1;
const MOST = 50;
const MOST_CHARACTERS = 65536;

export interface Json {
  [key: string]: any;
}

/** What is stored of an event. */
export interface Entry {
  event: Json;
  /** When it happened, by the visitor's clock. */
  at: number;
  /** The tab that sends it. */
  tab: string;
}

/** An entry of this page. */
export interface Own extends Entry {
  /** When it happened by a clock that nobody sets; absent where another page took it. */
  tick?: number;
  /** Nothing: it waits. 1: on its way. 2: on its way, and outlives the page. 3: given to the browser at the page's end, which proves nothing. */
  way?: number;
  /** It was told a time of which nobody knows whether it is right. */
  timed?: boolean;
  stored?: boolean;
}

interface Memory extends Kept {
  v: number;
  /** Ids that the page or the order gave, of events that were sent. */
  known: string[];
}

interface Stored extends Memory {
  entries: Record<string, Entry>;
}

const tab = uuid();
let name = "";
/** Whether consent covers storage, and that of click ids. */
let allowed: unknown;
let clicksToo: unknown;

export let kept: Memory = {v: VERSION, clicks: {}, cookies: {}, known: []};
/** By name and id of the event. */
export let box: Record<string, Own> = {};
export const drops: Record<string, number> = {};
export const drop = (cause: string, n: number) => n && (drops[cause] = (drops[cause] || 0) + n);

/** Of these keys, the oldest of no purchase, else the oldest. */
export const oldest = (keys: string[]) => keys.find((key) => !/^purchase /.test(key)) || keys[0]!;

function load(): Stored {
  let stored: Stored | undefined;
  try {
    stored = JSON.parse(localStorage.getItem(name)!);
  } catch {}
  if (!stored || stored.v != VERSION) stored = {...kept, entries: {}, clicks: {}, cookies: {}, known: []};
  for (const key in stored.entries) if (Math.abs(Date.now() - stored.entries[key]!.at) > 864e5) delete stored.entries[key];
  return stored;
}

/** Writes this page's part of the record, if it may be written. */
export function save() {
  if (!allowed) return;
  const {entries} = load();
  for (const key in entries) if (entries[key]!.tab == tab) delete entries[key];
  for (const key in box) entries[key] = {event: box[key]!.event, at: box[key]!.at, tab};
  let text;
  while ((text = JSON.stringify({...kept, entries, clicks: clicksToo ? kept.clicks : {}})).length > MOST_CHARACTERS || Object.keys(entries)[MOST]) {
    const key = oldest(Object.keys(entries));
    if (!key) return;
    delete entries[key];
  }
  try {
    localStorage.setItem(name, text);
    for (const key in box) box[key]!.stored = !!entries[key];
  } catch {}
}

/** What may be stored from now on. At the first yes, what an earlier page left is read. */
export function permit(key: string, ads: unknown, analytics: unknown) {
  const first = !allowed;
  name = "edgetally." + key;
  clicksToo = ads;
  allowed = ads || analytics;
  if (!allowed || !first) return;
  const {clicks, cookies, known} = load();
  kept = {v: VERSION, clicks: {...clicks, ...kept.clicks}, cookies: {...cookies, ...kept.cookies}, known: known.concat(kept.known)};
  return true;
}

/** The visitor does not want it: what was stored goes, and the cookies that were set on our word. Where nothing was, nothing is touched. */
export function forget(key: string, ads: boolean, analytics: boolean, all: boolean) {
  name = "edgetally." + key;
  for (const cookie in {...load().cookies, ...kept.cookies}) {
    if (cookie == "_ga" ? analytics : ads) {
      delete kept.cookies[cookie];
      const labels = location.hostname.split(".");
      do document.cookie = cookie + "=;path=/;max-age=0" + (labels[0] && ";domain=" + labels.join("."));
      while (labels.shift() != null);
    }
  }
  if (ads) kept.clicks = {};
  if (all) {
    if (ads && analytics) {
      drop("denied", Object.keys(box).length);
      box = {};
    }
    kept.known = [];
    allowed = false;
    try {
      localStorage.removeItem(name);
    } catch {}
  }
}

/** Runs while this tab alone is sending ("exclusive", or not at all), or tells the others that it sends ("shared"). */
function lock(mode: LockMode, run: (granted: unknown) => unknown) {
  const {locks} = navigator;
  if (locks && allowed) locks.request(name, {mode, ifAvailable: mode != "shared"}, run as LockGrantedCallback<unknown>).catch(() => {});
  else run(locks);
}

/** Gives what waits, but for what another tab has taken over. The tab counts as sending until `run` is through. */
export const sending = (run: (waiting: Own[]) => unknown) =>
  lock("shared", () => {
    const {entries} = load();
    const waiting = [];
    for (const key in box) {
      const own = box[key]!;
      if (own.way) continue;
      if (allowed && own.stored && (entries[key] || own).tab != tab) delete box[key];
      else waiting.push(own);
    }
    return run(waiting);
  });

/** Takes over what tabs left that are gone. Without locks nobody knows who is gone: then only what is half a minute old. */
export const adopt = (then: () => void) =>
  lock("exclusive", (granted) => {
    if (granted === null) return;
    const {entries} = load();
    for (const key in entries) {
      const {event, at} = entries[key]!;
      if (!box[key] && (granted || Date.now() - at > 3e4)) box[key] = {event, at, tab};
    }
    save();
    then();
  });
