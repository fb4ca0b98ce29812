// The function that a page calls, and when what it said is sent.

import {covered, decided, judge, refused, reports, signals, waiting} from "./consent.ts";
import {identify, readClicks, readCookies} from "./context.ts";
import {givenId, uuid} from "./ids.ts";
import {adopt, box, drop, drops, forget, kept, oldest, permit, save, type Json} from "./outbox.ts";
import {resume, send, sent, to} from "./transport.ts";
import type {Adapter, Edgetally, Page, Status} from "./types.ts";

/** Events held in memory. */
const MOST = 500;

type Settings = Omit<Page, "pixels" | "source"> & Partial<Page>;

/** A call as the stub keeps it, with the id that it gave, when, and where. */
type Call = [name: string, fields?: any, id?: string, tick?: number, address?: string];

interface Held {
  event: Json;
  tick: number;
  /** An id that was given, so that it may come again. */
  given: string;
}

const warn = (text: string) => console.warn("edgetally: " + text);

export default function start(page: Settings, adapters: Record<string, Adapter>, version: string, pixels?: (required: boolean, event?: any) => boolean): Edgetally {
  const script = (document.currentScript || {dataset: {}}) as HTMLScriptElement;
  const name = script.dataset.name || "edgetally";
  const mark = "__" + name;
  const earlier = window[name] || {};
  const running: Edgetally | undefined = window[mark];
  let held: Record<string, Held> = {};
  let common: Json = {};
  let ready = false;
  /** Silence has lasted for as long as it is waited for. */
  let silent: unknown;
  /** The visitor has looked at the page. Pages are opened in the background, and fetched ahead. */
  let seen: unknown;
  let due: unknown;
  let asked: unknown;
  let auto: unknown;
  let previous = document.referrer;
  let current = location.href;
  let last: unknown[] = [];

  const soon = () => {
    if (!due) due = Promise.resolve().then(() => flush((due = 0)));
  };

  function hold(cause: string) {
    drop(cause, Object.keys(held).length);
    held = {};
  }

  function flush(leaving?: unknown) {
    if (!ready || !seen) return;
    judge();
    const ads = refused("ad_storage") || refused("ad_user_data");
    const analytics = refused("analytics_storage");
    const adsStored = covered("ad_storage", page.required);
    const analyticsStored = covered("analytics_storage", page.required);
    if (decided && (ads || analytics)) forget(page.key, ads, analytics, !adsStored && !analyticsStored);
    if (decided ? ads && analytics : page.required || (waiting && !silent && !leaving) || (ads && analytics)) {
      if (decided) hold("denied");
      else if (leaving && silent) hold("undecided");
      return;
    }
    const first = permit(page.key, adsStored, analyticsStored);
    for (const key in held) {
      const {event, tick, given} = held[key]!;
      const who = identify(kept, !ads, !analytics, adsStored, analyticsStored);
      const context = event.context;
      event.context = {...who, ...context, cookies: {...who.cookies, ...context.cookies}, click_ids: {...who.click_ids, ...context.click_ids}};
      if (given) {
        if (kept.known.includes(key)) {
          drop("repeated", 1);
          continue;
        }
        kept.known = kept.known.concat(key).slice(-50);
      }
      box[key] = {event, tick, at: Date.now() - performance.now() + tick, tab: ""};
      if (pixels) pixels(page.required, event);
    }
    held = {};
    const {cookies} = kept;
    const there = readCookies();
    to.cookies = () => !asked && (asked = page.cookies && (adsStored || analyticsStored) && Object.keys(cookies).some((cookie) => cookies[cookie] != there[cookie]));
    save();
    if (first) adopt(send);
    send(leaving);
    if (pixels && pixels(page.required)) setTimeout(flush, 1e3);
  }

  function init(settings: Partial<Page>) {
    if (ready || !settings.key) return;
    Object.assign(page, settings);
    page.url = (page.url || new URL(script.src || location.href).origin).replace(/\/$/, "");
    to.url = `${page.url}/v1/events?key=${page.key}`;
    ready = true;
    for (const source in adapters) {
      adapters[source]!((state) => {
        if (state) reports[source] = state;
        else delete reports[source];
        soon();
      }, page);
    }
    setTimeout(() => flush((silent = 1)), page.hold_ms);
    for (const type of ["visibilitychange", "prerenderingchange", "online", "pageshow", "pagehide"]) addEventListener(type, look, true);
    addEventListener("securitypolicyviolation", ({blockedURI, effectiveDirective}) => {
      if (!sent.csp && blockedURI.startsWith(page.url!)) {
        sent.csp = effectiveDirective;
        warn(`the page's policy blocks ${page.url}: add it to ${effectiveDirective}`);
      }
    });
    look();
  }

  /** The page has come, gone or come back. */
  function look(event: any = {}) {
    if (event.type == "pagehide" || document.visibilityState == "hidden") return flush(true);
    // Nothing has happened in a page that was fetched ahead.
    if (event.type == "prerenderingchange") for (const key in held) held[key]!.tick = performance.now();
    if (!(document as any).prerendering) seen = 1;
    if (event.persisted) {
      asked = 0;
      if (auto) take("page_view");
    }
    resume();
    soon();
  }

  /** A page view now, at each other address of the page, and when it comes back. */
  function watch() {
    const view = () => {
      const path = location.pathname + location.search;
      if (auto != path) {
        auto = path;
        take("page_view");
      }
    };
    for (const method of ["pushState", "replaceState"] as const) {
      const own = history[method];
      history[method] = function (...given) {
        own.apply(this, given);
        view();
      };
    }
    addEventListener("popstate", view);
    view();
  }

  function take(event: string, fields: Json = {}, id?: string, tick = performance.now(), address = location.href) {
    if (event == "init") return init(fields);
    if (event == "consent") {
      reports.site = {decided: true, signals: {...(reports.site || {}).signals, ...fields}};
      return soon();
    }
    const all: Json = {...common, ...fields, user: {...common.user, ...fields.user}, properties: {...common.properties, ...fields.properties}};
    if (event == "set") return void (common = all);
    if (event == "auto") return watch();

    const given = givenId(event, fields);
    const text = JSON.stringify(all);
    // The second click of a double click is the first.
    const click = window.event as UIEvent;
    if (click && click.detail > 1 && event + text == last[0]) return last[1];
    last = [event + text, (id = id || given || uuid())];
    readClicks(address, kept);
    if (address != current) {
      previous = current;
      current = address;
    }
    const key = event + " " + id;
    if (held[key]) return drop("repeated", 1), id;
    const copy = JSON.parse(text);
    held[key] = {
      event: {...copy, event, event_id: id, context: {page_url: address, page_title: document.title, referrer: previous, ...copy.context}},
      tick,
      given,
    };
    const keys = Object.keys(held);
    if (keys[MOST]) {
      delete held[oldest(keys)];
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
      return uuid();
    }
  }) as unknown as Edgetally;
  api.status = (): Status => {
    judge();
    return {
      version,
      ready,
      consent: {decided, signals, sources: reports, ignored: Object.values(reports).reduce((sum, {ignored}) => sum + (ignored || 0), 0)},
      waiting: Object.keys(held).length,
      outbox: Object.keys(box).length,
      sent: sent.events,
      refused: sent.refused,
      dropped: drops,
      csp: sent.csp,
    };
  };
  window[name] = running || (window[mark] = api);
  if (!running) {
    init(page);
    setTimeout(() => ready || warn(`${Object.keys(held).length} calls wait for edgetally("init", {key})`), 3e4);
  }
  for (const call of (earlier.q || []).splice(0)) window[name](...call);
  return window[name];
}
