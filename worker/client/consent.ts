// What the visitor decided: the sources of a page merged, the strictest answer to each signal. Only here is consent read.

import type {Report, Signals} from "./types.ts";

/** By source; "site" is the page's own word, `edgetally("consent", …)`. */
export const reports: Record<string, Report> = {};

/** What holds now. `judge` brings it up to date. */
export let signals: Signals = {};
export let decided = false;
/** Whether a source is in the page that still waits for the visitor. */
export let waiting = false;

/** Of each signal the stricter; a string is its source's own. */
export function merge(into: Record<string, any>, from: Record<string, any>, onlyRefusals?: boolean) {
  for (const name in from) {
    const value = from[name];
    if (value != null && into[name] != "denied" && into[name] !== true && (!onlyRefusals || value == "denied")) into[name] = value;
  }
}

export function judge() {
  const sources = Object.values(reports);
  decided = sources.length > 0;
  waiting = false;
  signals = {};
  for (const source of sources) {
    if (!source.decided) {
      decided = false;
      waiting = true;
    }
    // What a banner has as its default is nobody's yes. Its no is kept to.
    merge(signals, source.signals, !source.decided);
  }
  if ((navigator as any).globalPrivacyControl) signals.gpc = true;
}

/** Of a TC string in force, the byte of purposes 1 to 8, the first in its highest bit. */
function purposes() {
  const text = signals.tcf;
  if (!text || signals.gdpr_applies === false) return;
  try {
    return atob(text.slice(24, 28).replace(/-/g, "+").replace(/_/g, "/")).charCodeAt(1);
  } catch {
    return 0;
  }
}

/** Whether the decision closes advertising (and with it identifiers), or analytics. What is unknown the server judges. */
export const refused = (analytics?: boolean) =>
  purposes() === 0 || (analytics ? signals.analytics_storage == "denied" : signals.ad_storage == "denied" || signals.ad_user_data == "denied");

/** Whether something is covered: storage on the device, or the pixels. Purpose 1 is storage, 7 measurement. */
export function covered(word: "ad_storage" | "ad_user_data" | "analytics_storage", page: {required: boolean}) {
  const bits = purposes();
  return (
    signals[word] != "denied" &&
    (bits == null ? !!signals[word] || (!page.required && !signals.gpp && !signals.gpc) : (bits & (word == "ad_user_data" ? 2 : 128)) > 0)
  );
}
