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
/** What it covers of storage on the device. */
export let adsStored: unknown;
export let analyticsStored: unknown;

/**
 * Of a TC string, whose characters are six bits each, the character 25 ends with the purposes 1 to 4, the next one begins with 5: the third bit of
 * the one is purpose 1, storage, and that of the other purpose 7, measurement.
 */
export const purpose = (tcf: string, character: number) => /[I-PY-fo-v4-9-]/.test(tcf.charAt(character));

/** Of each signal the stricter; a string is its source's own. */
export function merge(into: Json, from: Json) {
  for (const name in from) {
    const value = from[name];
    if (value != null && into[name] != "denied" && into[name] !== true) into[name] = value;
  }
  return into;
}

export function judge() {
  const all = Object.values(reports);
  waiting = all.some((report) => !report.decided);
  decided = !waiting && !!all[0];
  signals = {};
  for (const report of all) merge(signals, report.signals);
  if ((navigator as any).globalPrivacyControl) signals.gpc = true;
  const tcf = signals.gdpr_applies !== false && signals.tcf;
  // Whatever is not the word for yes: pages may say anything.
  const no = (word?: string) => word && word != "granted";
  const closed = tcf && !purpose(tcf, 25);
  const open = tcf || !((REQUIRED ?? page.required) || signals.gpp || signals.gpc);
  noAds = closed || no(signals.ad_storage) || no(signals.ad_user_data);
  noAnalytics = closed || no(signals.analytics_storage);
  adsStored = !noAds && (signals.ad_storage || open);
  analyticsStored = !noAnalytics && (signals.analytics_storage || open);
}
