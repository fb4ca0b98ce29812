// Where an event happened: click ids with their lifetimes, the cookies that a platform reads, the ids of both generations of
// Google Analytics' cookies, and those that are made up where there are none.

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
const COOKIES = /(?:^|; )(_fb[cp]|_ga|_ga_\w+|_gcl_(?:aw|gb|au)|_?t(?:tcl|wcl)id|_ttp|_epik|_scc?l?id|_rdt_(?:uuid|cid)|li_fat_id|_uet(?:msclk|v)id)=([^;]*)/g;

/** Click ids by parameter, each with when it was seen; and cookies of ours, as they are to be. */
export interface Kept {
  clicks: Record<string, [id: string, at: number]>;
  cookies: Record<string, string>;
}

/** Takes the click ids of an address: names in any case, values as they are, whole or not at all. And forgets those that no longer count. */
export function readClicks(address: string, {clicks}: Kept) {
  for (const name in CLICKS) {
    const found = RegExp(`[?&]${name}=([^&#]{1,1500})(?![^&#])`, "i").exec(address);
    if (found && (clicks[name] || [])[0] != found[1]) clicks[name] = [found[1]!, Date.now()];
    if (clicks[name] && Date.now() - clicks[name]![1] > CLICKS[name]! * 864e5) delete clicks[name];
  }
}

/** The cookies of the page that a platform reads. Where there are to be none, none. */
export function readCookies() {
  const found: Record<string, string> = {};
  try {
    document.cookie.replace(COOKIES, (_, name, value) => (found[name] = value));
  } catch {}
  return found;
}

/**
 * What is said of the browser with each event, as far as nothing is against it. What is made up is kept, so that every request of a visit
 * says the same, and only where consent covers it.
 */
export function identify({clicks, cookies: made}: Kept, ads: boolean, analytics: boolean, adsStored: unknown, analyticsStored: unknown) {
  const all = readCookies();
  const cookies: Record<string, string> = {};
  const click_ids: Record<string, string> = {};
  const number = Math.floor(Math.random() * 2147483647);
  let session_id;
  for (const name in made) if (all[name]) made[name] = all[name]!;
  if (ads) {
    for (const name in clicks) click_ids[name] = clicks[name]![0];
    // Meta's rule: the cookie stays as it is, its appendix too, until another click comes.
    const click = clicks.fbclid;
    if (click && (all._fbc || "").split(".")[3] != click[0]) made._fbc = `fb.1.${click[1]}.${click[0]}`;
  }
  if (adsStored && !all._fbp) made._fbp = made._fbp || `fb.1.${Date.now()}.${number}`;
  if (analyticsStored && !all._ga) made._ga = made._ga || `GA1.1.${number}.${Math.floor(Date.now() / 1e3)}`;
  Object.assign(all, made);
  for (const name in all) {
    const google = /^_ga/.test(name);
    if (google ? analytics : ads) cookies[name] = all[name]!;
    const session = google && analytics && /^GS.\.[^.]+\.(?:.*(?:\$|%24)s|s?)(\d+)/.exec(all[name]!);
    if (session) session_id = session[1];
  }
  return {cookies, click_ids, client_id: cookies._ga && cookies._ga.split(".").slice(2).join("."), session_id};
}
