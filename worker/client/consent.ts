// What the visitor decided: the sources of a page merged, the strictest answer to each signal. Only here is consent read.

import type {Report, Signals} from "./types.ts";

/** By source; "site" is the page's own word, `edgetally("consent", …)`. */
export const reports: Record<string, Report> = {};

/** What holds now; `judge` brings it up to date. */
export let signals: Signals;
/** Whether there is a source, and every one of them has the visitor's answer. */
export let decided: boolean;
/** Whether a source is in the page that waits for it. */
export let waiting: boolean;
/** Of a TC string in force, the byte of purposes 1 to 8, the first in its highest bit. */
let purposes: number | undefined;

/** Of each signal the stricter; a string is its source's own. */
export function merge(into: Record<string, any>, from: Record<string, any>, refusals?: boolean) {
  for (const name in from) {
    const value = from[name];
    if (value != null && into[name] != "denied" && into[name] !== true && (!refusals || value == "denied")) into[name] = value;
  }
  return into;
}

export function judge() {
  waiting = false;
  signals = {};
  purposes = undefined;
  for (const source in reports) {
    const report = reports[source]!;
    waiting = waiting || !report.decided;
    // What a banner has as its default is nobody's yes. Its no is kept to.
    merge(signals, report.signals, !report.decided);
    decided = true;
  }
  decided = !!Object.keys(reports)[0] && !waiting;
  if ((navigator as any).globalPrivacyControl) signals.gpc = true;
  if (signals.tcf && signals.gdpr_applies !== false) {
    try {
      purposes = atob(signals.tcf.slice(24, 28).replace(/-/g, "+").replace(/_/g, "/")).charCodeAt(1);
    } catch {
      purposes = 0;
    }
  }
}

type Word = "ad_storage" | "ad_user_data" | "analytics_storage";

/** Whether the decision closes something. What is unknown the server judges. */
export const refused = (word: Word) => purposes === 0 || signals[word] == "denied";

/** Whether it opens something in the page: storage, or a pixel. Purpose 1 is storage, 7 measurement. */
export const covered = (word: Word, required: boolean) =>
  !refused(word) && (purposes == null ? signals[word] || (!required && !signals.gpp && !signals.gpc) : purposes & (word == "ad_user_data" ? 2 : 128));
