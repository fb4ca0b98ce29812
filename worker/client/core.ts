// The function that a page calls, and when what it said is sent.

import {covered, decided, judge, refused, reports, signals, waiting} from "./consent.ts";
import {identify, readClicks, readCookies} from "./context.ts";
import {givenId, uuid} from "./ids.ts";
import {adopt, box, drop, dropOldest, drops, forget, kept, permit, save} from "./outbox.ts";
import {resume, send, sent, to} from "./transport.ts";
import type {Adapter, Edgetally, Fields, Page, Pixel, Status} from "./types.ts";

/** Calls held in memory, and calls of one pixel. */
const MOST_HELD = 500;

type Settings = Omit<Page, "consent" | "pixels"> & Partial<Page>;

/** A call as the stub keeps it, with what it was given. */
type Call = [name: string, fields?: any, id?: string, tick?: number, address?: string];
interface Held {
  event: {event: string; event_id: string; [key: string]: any};
  tick: number;
}

const clock = () => performance.now();
const warn = (text: string) => console.warn("edgetally: " + text);

export default function start(baked: Partial<Page>, adapters: Record<string, Adapter>, pixels: Record<string, Pixel>, version: string): Edgetally {
  const script = document.currentScript as HTMLScriptElement | null;
  const name = (script && script.dataset.name) || "edgetally";
  const earlier = window[name] as Edgetally | undefined;
  const running = window[Symbol.for(name) as any] as Edgetally | undefined;
  const calls: Call[] = (earlier && (earlier.q as Call[])) || [];
  if (running) {
    window[name] = running;
    for (const call of calls.splice(0)) (running as any)(...call);
    return running;
  }

  const page: Settings = {key: "", required: true, categories: {}, hold_ms: 4000, cookies: true, maps: {}};
  const held: Held[] = [];
  const known: Record<string, 1> = {};
  /** What each pixel was not there for. */
  const late: [pixel: Pixel, word: "ad_user_data" | "analytics_storage", map: any, event: Parameters<Pixel>[0]][] = [];
  let common: Fields = {};
  let ready = false;
  /** Silence has lasted for as long as it is waited for. */
  let silent = false;
  /** The visitor has looked at the page. Pages are opened in the background, and fetched ahead. */
  let seen = false;
  let due = false;
  let asked = false;
  let store = {ads: false, analytics: false};
  let previous = document.referrer;
  let current = location.href;
  let last = ["", ""];
  let looks = 0;
  const ahead = (document as any).prerendering;

  const soon = () => {
    if (!due) {
      due = true;
      Promise.resolve().then(() => {
        due = false;
        flush();
      });
    }
  };

  function flush(leaving?: boolean) {
    if (!ready || !seen) return;
    judge();
    const [ads, analytics] = [refused(), refused(true)];
    store = {ads: covered("ad_storage", page), analytics: covered("analytics_storage", page)};
    const none = ads && analytics;
    if (decided && (ads || analytics)) forget(page.key, ads, analytics, !store.ads && !store.analytics);
    if (decided ? none : none || page.required || (waiting && !silent && !leaving)) {
      if (decided || (leaving && silent)) {
        drop(decided ? "denied" : "undecided", held.splice(0).length);
        late.length = 0;
      }
      return;
    }
    const first = permit(page.key, store.ads, store.analytics);
    for (const {event, tick} of held.splice(0)) {
      const who = identify(kept, !ads, !analytics, store);
      const {context = {}} = event;
      event.context = {...who, ...context, cookies: {...who.cookies, ...context.cookies}, click_ids: {...who.click_ids, ...context.click_ids}};
      if (event.event == "purchase") {
        if (kept.orders.includes(event.event_id)) {
          drop("repeated", 1);
          continue;
        }
        kept.orders = kept.orders.concat(event.event_id).slice(-50);
      }
      box.push({event, tick, at: Date.now() - (clock() - tick), tab: "", way: 0});
      if (box.length > MOST_HELD) dropOldest(box);
      for (const pixel in pixels) {
        late.push([pixels[pixel]!, pixel == "ga4" ? "analytics_storage" : "ad_user_data", page.maps[pixel], {name: event.event, id: event.event_id, fields: event as Fields}]);
      }
    }
    save();
    if (first) adopt(send);
    send(leaving);
    fire();
  }

  /** Calls the pixels that are there, of which consent holds; the others are waited for. */
  function fire() {
    for (const call of late.splice(0)) {
      const [pixel, word, map, event] = call;
      let taken = false;
      if (covered(word, page) && (word != "ad_user_data" || store.ads)) {
        try {
          taken = pixel(event, map);
        } catch {
          taken = true;
        }
      } else if (refused(word != "ad_user_data")) taken = true;
      if (!taken && late.length < MOST_HELD) late.push(call);
    }
    if (late.length && looks++ < 60) setTimeout(flush, 1e3);
  }

  function init(settings: Partial<Page>) {
    if (ready || !settings.key) return;
    Object.assign(page, settings);
    page.url = (page.url || (script && script.src ? new URL(script.src).origin : location.origin)).replace(/\/$/, "");
    ready = true;
    to.page = page;
    to.cookies = () => {
      const there = readCookies();
      return !asked && (asked = page.cookies && (store.ads || store.analytics) && Object.keys(kept.cookies).some((cookie) => kept.cookies[cookie] != there[cookie]));
    };
    for (const source in adapters) {
      if (page.consent && !page.consent.includes(source)) continue;
      adapters[source]!((state) => {
        if (state) reports[source] = state;
        else delete reports[source];
        soon();
      }, page);
    }
    setTimeout(() => {
      silent = true;
      flush();
    }, page.hold_ms);
    addEventListener("visibilitychange", look);
    addEventListener("pagehide", () => flush(true));
    addEventListener("prerenderingchange", look);
    addEventListener("online", look);
    addEventListener("pageshow", (event) => {
      if (event.persisted) {
        asked = false;
        look();
      }
    });
    addEventListener("securitypolicyviolation", ({blockedURI, effectiveDirective}) => {
      if (!sent.csp && blockedURI.startsWith(page.url!) && effectiveDirective == "connect-src") {
        sent.csp = effectiveDirective;
        warn(`the page's Content-Security-Policy keeps events from being sent: add ${page.url} to connect-src`);
      }
    });
    look();
  }

  /** The page has come, gone or come back. */
  function look() {
    if (document.visibilityState == "hidden") return flush(true);
    if (!seen && !(document as any).prerendering) {
      seen = true;
      // Nothing has happened in a page that was fetched ahead.
      if (ahead) for (const call of held) call.tick = clock();
    }
    resume();
    soon();
  }

  /** A page view now, at each other address of the page, and when it comes back. */
  function auto() {
    const path = () => location.pathname + location.search;
    let there: string;
    const view = () => {
      if (there != path()) {
        there = path();
        api("page_view");
      }
    };
    view();
    addEventListener("pageshow", (event) => {
      if (event.persisted) api("page_view");
    });
    if (window.navigation) return window.navigation.addEventListener("currententrychange", view);
    addEventListener("popstate", view);
    for (const method of ["pushState", "replaceState"] as const) {
      const own = history[method];
      history[method] = function (...given) {
        own.apply(this, given);
        view();
      };
    }
  }

  function take(event: string, fields: any = {}, id?: string, tick?: number, address?: string) {
    if (event == "init") return init(fields);
    if (event == "consent") {
      reports.site = {decided: true, signals: {...(reports.site && reports.site.signals), ...fields}};
      return soon();
    }
    const both = {...common, ...fields};
    for (const part of ["user", "properties"] as const) if (both[part]) both[part] = {...common[part], ...fields[part]};
    if (event == "set") return void (common = both);
    if (event == "auto") return auto();

    const given = givenId(event, fields);
    const text = JSON.stringify([event, both]);
    // The second click of a double click is the first.
    const click = window.event as UIEvent | undefined;
    if (!given && click && click.detail > 1 && text == last[0]) return last[1];
    id = id || given || uuid();
    last = [text, id];
    if (given) {
      const key = event + " " + id;
      if (known[key]) return drop("repeated", 1), id;
      known[key] = 1;
    }
    address = address || location.href;
    readClicks(address, kept);
    if (address != current) {
      previous = current;
      current = address;
    }
    const copy = JSON.parse(text)[1];
    const {context} = copy;
    held.push({
      event: {...copy, event, event_id: id, context: {page_url: address, page_title: document.title, referrer: previous, ...context}},
      tick: tick || clock(),
    });
    if (held.length > MOST_HELD) {
      dropOldest(held);
      drop("full", 1);
    }
    soon();
    return id;
  }

  const api = ((...call: Call) => {
    try {
      return take(...call);
    } catch {
      drop("unreadable", 1);
      return call[2] || givenId(call[0], call[1] || {}) || uuid();
    }
  }) as unknown as Edgetally;
  api.status = (): Status => {
    judge();
    return {
      version,
      ready,
      consent: {decided, signals, sources: {...reports}, ignored: Object.values(reports).reduce((sum, {ignored = 0}) => sum + ignored, 0)},
      waiting: held.length,
      outbox: box.length,
      sent: sent.events,
      refused: sent.refused,
      dropped: drops,
      csp: sent.csp,
    };
  };
  window[name] = (window as any)[Symbol.for(name)] = api;
  if (baked.key) init(baked);
  for (const call of calls.splice(0)) api(...(call as [any, any]));
  setTimeout(() => ready || warn(`${held.length} calls wait for edgetally("init", {key: …})`), 3e4);
  return api;
}
