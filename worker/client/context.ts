// Where an event happened: click ids with their lifetimes, the cookies that a platform reads, and those that are made up where there are
// none. The ids of Google Analytics are not read out here: each stream has a session of its own, and the gateway knows which it is about.

import {adsStored, analyticsStored, noAds, noAnalytics} from "./consent.ts";
import {page, type Json} from "./page.ts";

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
/** Cookies of the platforms. The server knows which of them are of use. */
const NAMES = /(^|; )(_(fb[cp]|ga|gcl|t[tw]|epik|sc|rdt|uet)\w*|t[tw]clid|li_fat_id)=([^;]*)/g;

/** What one page tells the next. */
export const kept = {
  /** Click ids by parameter, each with when it was seen. */
  clicks: {} as Record<string, [id: string, at: number]>,
  /** Cookies of ours, as they are to be. */
  cookies: {} as Record<string, string>,
  /** Ids of purchases that were sent. */
  known: {} as Record<string, 1>,
} as {clicks: Record<string, [id: string, at: number]>; cookies: Record<string, string>; known: Record<string, 1>; [part: string]: Json};

/** Takes the click ids of an address: names in any case, values as they are, whole or not at all. And forgets those that no longer count. */
export function readClicks(address: string) {
  const {clicks} = kept;
  for (const name in CLICKS) {
    const found = RegExp(`[?&]${name}=([^&#]{1,1500})(?![^&#])`, "i").exec(address);
    if (found && clicks[name]?.[0] != found[1]) {
      clicks[name] = [found[1]!, Date.now()];
      page.once = null;
    }
    if (clicks[name] && Date.now() - clicks[name]![1] > CLICKS[name]! * 864e5) delete clicks[name];
  }
}

/** Whether what the visitor says is against a cookie. Of all of them only `_ga` and `_ga_…` have an `a` in the third place. */
export const refused = (cookie: string) => (cookie[2] == "a" ? noAnalytics : noAds);

/** The platforms' cookies that there are. */
export function readCookies() {
  const cookies: Record<string, string> = {};
  try {
    document.cookie.replace(NAMES, ((_: unknown, __: unknown, name: string, ___: unknown, value: string) => (cookies[name] = value)) as any);
  } catch {}
  return cookies;
}

/**
 * What is said of the browser with each event, as far as nothing is against it. What is made up is kept, so that every request of a visit
 * says the same, and only where consent covers it. Where the browser has other cookies than it is to have, or may have one of a new click, one answer
 * is asked to set them.
 */
export function identify() {
  const {clicks, cookies: made} = kept;
  const cookies = readCookies();
  const click_ids: Record<string, string> = {};
  const number = (Math.random() * 2e9) | 0;
  const make = (name: string, value: string) => (made[name] = cookies[name] || made[name] || value);
  if (!noAds) {
    for (const name in clicks) click_ids[name] = clicks[name]![0];
    // Meta's rule: the cookie stays as it is, its appendix too, until another click comes.
    const click = clicks.fbclid;
    if (click) made._fbc = cookies._fbc?.split(".")[3] == click[0] ? cookies._fbc : `fb.1.${click[1]}.${click[0]}`;
  }
  if (adsStored) make("_fbp", `fb.1.${Date.now()}.${number}`);
  if (analyticsStored) make("_ga", `GA1.1.${number}.${(Date.now() / 1e3) | 0}`);
  for (const name in made) {
    if (made[name] != cookies[name] || (adsStored && page.once === null)) {
      if (BAKED ? COOKIES : page.cookies) page.once = page.once ?? "&cookies=1";
      cookies[name] = made[name]!;
    }
  }
  for (const name in cookies) if (refused(name)) delete cookies[name];
  return {cookies, click_ids};
}
