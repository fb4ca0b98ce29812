// What the visitor decided: the sources of a page merged, the strictest answer to each signal. Only here is consent read.

import {page, type Json} from "./page.ts";
import type {Report, Signals} from "./types.ts";

/** By source; "site" is the page's own word, `edgetally("consent", …)`. */
export const reports: Record<string, Report> = {};

/** What holds now; `judge` brings it up to date. */
export let signals: Signals;
/** A source is in the page that waits for the visitor; there are sources, and none does. */
export let waiting: unknown;
export let decided: boolean;
/** What the decision closes. What is unknown the server judges. */
export let noAds: unknown;
export let noAnalytics: unknown;
/** What it opens in the page itself: storage for either purpose, and the pixels of advertising. */
export let adsStored: unknown;
export let analyticsStored: unknown;
export let adsCalled: unknown;

/** Of each signal the stricter; a string is its source's own. */
export function merge(into: Json, from: Json, refusals?: boolean) {
  for (const name in from) {
    const value = from[name];
    if (value != null && into[name] != "denied" && into[name] !== true && (!refusals || value == "denied")) into[name] = value;
  }
  return into;
}

export function judge() {
  const all = Object.values(reports);
  /** Of a TC string in force, the byte of purposes 1 to 8, the first in its highest bit. */
  let purposes: number | undefined;
  waiting = all.some((report) => !report.decided);
  decided = !waiting && !!all[0];
  signals = {};
  // What a banner has as its default is nobody's yes. Its no is kept to.
  for (const report of all) merge(signals, report.signals, !report.decided);
  if ((navigator as any).globalPrivacyControl) signals.gpc = true;
  if (signals.tcf && signals.gdpr_applies !== false) {
    purposes = 0;
    try {
      purposes = atob(signals.tcf.slice(24, 28).replace(/-/g, "+").replace(/_/g, "/")).charCodeAt(1);
    } catch {}
  }
  const refused = (word?: string) => purposes === 0 || word == "denied";
  // Purpose 1 is storage, 7 measurement.
  const covered = (word: string | undefined, purpose: number) =>
    !refused(word) && (purposes ? purposes & purpose : word || !(page.required || signals.gpp || signals.gpc));
  noAds = refused(signals.ad_storage) || refused(signals.ad_user_data);
  noAnalytics = refused(signals.analytics_storage);
  adsStored = covered(signals.ad_storage, 128);
  analyticsStored = covered(signals.analytics_storage, 128);
  adsCalled = adsStored && covered(signals.ad_user_data, 2);
}
