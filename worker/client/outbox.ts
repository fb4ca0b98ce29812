// What waits for the gateway's answer. In memory, and where consent covers storage, in localStorage too, so that a tab that dies
// loses nothing: the next page sends it. Each tab has a record of its own, and takes over that of a tab that is gone.

import {adsStored, analyticsStored, decided, noAds} from "./consent.ts";
import {kept, readCookies, refused} from "./context.ts";
import {uuid} from "./ids.ts";
import {MOST_CHARACTERS, MOST_EVENTS} from "./limits.ts";
import {page, type Json} from "./page.ts";

/** An event that waits, as it is stored. */
export interface Entry {
  event: Json;
  /** When it happened, by the visitor's clock. */
  at: number;
}

export interface Own extends Entry {
  /** Nothing: it is new. 0: it waits. 1: on its way. 2: on its way, and outlives the page. 3: given to the browser at the page's end, which proves nothing. */
  way?: number;
}

const tab = uuid();
/** Consent covered storage at the last look. */
let allowed: unknown;
/** This tab has a lock of its record's name, by which others know that it lives (2: it gave it up); and what ends that. */
let claimed: unknown;
let release: (() => void) | undefined;

export let box: Own[] = [];
export const drops: Record<string, number> = {};
export const drop = (cause: string, n = 1) => n && (drops[cause] = (drops[cause] || 0) + n);

export const waits = (own: Own) => !own.way;
export const purchase = (own: {event: Json}) => own.event.event == "purchase";
/** Without the oldest one that is no purchase. */
export const dropOldest = (list: Own[]) => list.splice(list.findIndex((own) => waits(own) && !purchase(own)), 1);

/** The record of all tabs. A tab's own has its id behind it. The number is of the form: what has another is not read. */
let name: string;

function load(record = name) {
  try {
    return JSON.parse(localStorage[record]);
  } catch {}
}

/** Of all tabs, and of each. Where storage is closed, none. */
function records() {
  try {
    return Object.keys(localStorage).filter((record) => record.startsWith(name));
  } catch {
    return [];
  }
}

/** Writes what may be written. */
export function save() {
  if (!allowed) return;
  const list = [...box];
  let text;
  while ((text = JSON.stringify(list)).length > MOST_CHARACTERS || list[MOST_EVENTS]) dropOldest(list);
  claimed = claimed || lock(name + tab, false, () => new Promise<void>((done) => (release = done)));
  try {
    // Other tabs have sent others.
    Object.assign(kept.known, load()?.known);
    localStorage[name] = JSON.stringify(adsStored ? kept : {...kept, clicks: {}});
    if (list[0]) localStorage[name + tab] = text;
    else delete localStorage[name + tab];
  } catch {}
}

export function remove(batch: Own[]) {
  box = box.filter((own) => !batch.includes(own));
  save();
}

/**
 * Does in storage what the decision says. `true` at the first yes: what an earlier page left is there. At a no, what was stored goes, and the
 * cookies that were set on our word; where nothing was, nothing is touched.
 */
export function settle() {
  const first = !allowed;
  name = "edgetally.1." + page.key + ".";
  allowed = adsStored || analyticsStored;
  if (first) {
    const old = load();
    for (const part in kept) kept[part] = {...old?.[part], ...kept[part]};
  }
  if (decided) {
    // Those of click ids stand in no list of ours: the answer that was asked for has set them, where _fbp was.
    for (const cookie in {...kept.cookies, ...(kept.cookies._fbp && readCookies())}) {
      if (refused(cookie)) {
        delete kept.cookies[cookie];
        // Of this host, of each domain above it, and without one.
        location.hostname.replace(/^|\.|$/g, (dot, at, host) => (document.cookie = cookie + "=;path=/;max-age=0;domain=" + host.slice(at + dot.length)));
      }
    }
    if (noAds) kept.clicks = {};
    if (!allowed) {
      kept.known = {};
      for (const record of records()) delete localStorage[record];
    }
  }
  return first && allowed;
}

/** Old browsers and closed storage have no locks. */
async function lock(record: string, ifAvailable: boolean, run: (granted?: unknown) => unknown) {
  try {
    await navigator.locks.request(record, {ifAvailable}, run as LockGrantedCallback<unknown>);
  } catch {
    run();
  }
}

/** The page is put aside, perhaps for good. */
export function unclaim() {
  if (release) release();
  claimed = 2;
}

/** It is taken out again: was what it had to send taken over? */
export function checkClaim() {
  if (claimed != 2) return;
  claimed = 0;
  if (allowed && !load(name + tab)) box = box.filter((own) => own.way == null);
}

/** Takes over what tabs left that are gone. Without locks nobody knows who is gone: then only what is half a minute old. */
export function adopt() {
  for (const record of records()) {
    if (record == name) continue;
    lock(record, true, (granted) => {
      const list: Entry[] = granted !== null && load(record);
      if (list && (granted || Date.now() - list[0]!.at > 3e4)) {
        delete localStorage[record];
        for (const {event, at} of list) if (Date.now() - at < 864e5) box.push({event, at, way: 0});
        page.flush!();
      }
    });
  }
}
