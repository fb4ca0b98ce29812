// Where an event happened: click ids with their lifetimes, the cookies that a platform reads, the ids of both generations of
// Google Analytics' cookies, and those that we make up where there are none.

import {digits} from "./ids.ts";

/** Days that a click id counts, by parameter. */
const CLICKS: Record<string, number> = {
  fbclid: 90,
  gclid: 90,
  gbraid: 90,
  wbraid: 90,
  dclid: 90,
  msclkid: 90,
  twclid: 90,
  ttclid: 30,
  rdt_cid: 30,
  li_fat_id: 30,
  epik: 365,
  ScCid: 365,
};
const COOKIES = /^(_fb[cp]|_ga(_.+)?|_gcl_(aw|gb|au)|_?t(tcl|wcl)id|_ttp|_epik|_scc?l?id|_rdt_(uuid|cid)|li_fat_id|_uet(msclk|v)id)$/;
const DAY = 864e5;

/** Click ids by parameter, each with when it was seen; and cookies of ours, as they are to be. */
export interface Kept {
  clicks: Record<string, [id: string, at: number]>;
  cookies: Record<string, string>;
}

/** Click ids in the query of an address: the names in any case, the values as they are, whole or not at all. */
export function readClicks(address: string, kept: Kept) {
  let query;
  try {
    query = new URL(address).searchParams;
  } catch {
    return;
  }
  query.forEach((value, name) => {
    for (const known in CLICKS) {
      if (known.toLowerCase() == name.toLowerCase() && value && value.length <= 1500 && (kept.clicks[known] || [])[0] != value) {
        kept.clicks[known] = [value, Date.now()];
      }
    }
  });
}

/** Removes what is older than its platform counts it. */
export function expire(clicks: Kept["clicks"]) {
  for (const name in clicks) if (!(Date.now() - clicks[name]![1] < CLICKS[name]! * DAY)) delete clicks[name];
}

/** The cookies of the page that a platform reads. Where storage is disabled, none. */
export function readCookies() {
  const found: Record<string, string> = {};
  try {
    for (const pair of document.cookie.split("; ")) {
      const at = pair.indexOf("=");
      if (COOKIES.test(pair.slice(0, at))) found[pair.slice(0, at)] = pair.slice(at + 1);
    }
  } catch {}
  return found;
}

/**
 * What is said of the browser with each event, as far as consent covers it; `kept` gets what was made up, so that every request
 * of a visit says the same.
 */
export function identify(kept: Kept, ads: boolean, analytics: boolean, store: {ads: boolean; analytics: boolean}) {
  const all = readCookies();
  const cookies: Record<string, string> = {};
  const clicks: Record<string, string> = {};
  const made = kept.cookies;
  for (const name in made) if (all[name]) made[name] = all[name]!;
  if (ads) {
    for (const name in kept.clicks) clicks[name] = kept.clicks[name]![0];
    // Meta's rule: the cookie stays as it is, its appendix too, until another click comes.
    const click = kept.clicks.fbclid;
    if (click && (all._fbc || "").split(".")[3] != click[0]) made._fbc = `fb.1.${click[1]}.${click[0]}`;
    if (store.ads && !all._fbp) made._fbp = made._fbp || `fb.1.${Date.now()}.${digits()}`;
  }
  if (store.analytics && !all._ga) made._ga = made._ga || `GA1.1.${digits()}.${Math.floor(Date.now() / 1000)}`;
  Object.assign(all, made);
  let session;
  for (const name in all) {
    const google = name.startsWith("_ga");
    if (google ? !analytics : !ads) continue;
    cookies[name] = all[name]!;
    const found = google && /^GS(?:1\.[^.]+\.|2\.[^.]+\.(?:.*(?:\$|%24))?s)(\d+)/.exec(all[name]!);
    if (found) session = found[1];
  }
  return {
    cookies,
    click_ids: clicks,
    client_id: cookies._ga && cookies._ga.split(".").slice(2).join("."),
    session_id: session,
  };
}
