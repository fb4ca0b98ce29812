// What a busy shop's month looks like in the ledger, told to it as the worker tells it: five weeks, three releases of the site, of
// which the last loses the e-mail address and doubles `add_to_cart`; a platform that refuses, one that is away, one that judges later.

/** @typedef {import("./shop.mjs").Shop} Shop */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const CURVE = [9, 6, 4, 3, 3, 5, 9, 15, 22, 28, 32, 34, 36, 35, 33, 33, 35, 38, 42, 46, 44, 36, 25, 15];
const SHARES = {page_view: 4000, view_item: 1600, add_to_cart: 330, begin_checkout: 170, purchase: 110};

/** The same numbers in every run. @param {number} seed */
function chance(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 1 | state) + 0x6d2b79f5) | 0;
    const mixed = Math.imul(state ^ (state >>> 7), 61 | state) ^ state;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * @typedef {object} Options
 * @property {number} now
 * @property {number} [days] how many
 * @property {readonly string[]} [destinations]
 * @property {(name: string) => string} [spell] how senders spell the names of events, releases and sources
 * @property {boolean} [broken] whether the last release breaks something
 * @property {number} [events] how many names of events there are beside the usual ones
 */

/**
 * Lines with their counts.
 * @param {Options} options
 * @returns {[Record<string, unknown>, number][]}
 */
export function month({now, days = 35, destinations = ["meta", "ga4", "google_ads", "tiktok"], spell = (name) => name, broken = true, events = 0}) {
  const end = Math.floor(now / HOUR) * HOUR;
  const release = end - 28 * HOUR;
  const random = chance(20_261_124);
  /** @type {[Record<string, unknown>, number][]} */
  const lines = [];
  const names = {...SHARES, ...Object.fromEntries(Array.from({length: events}, (_, at) => [`custom_${at}`, 60 + at]))};
  for (let hour = end - days * DAY; hour <= end; hour += HOUR) {
    const late = broken && hour >= release;
    const v = hour < release - 3 * DAY ? "web-41" : hour < release || !broken ? "web-42" : "web-43";
    // Days differ, whatever the shop does.
    const day = 0.85 + 0.3 * chance(Math.floor(hour / DAY))();
    const whole = hour === end ? (now - end) / HOUR : 1;
    for (const [event, share] of Object.entries(names)) {
      const noise = 0.85 + 0.3 * random();
      const curve = CURVE[new Date(hour).getUTCHours()] ?? 1;
      const n = Math.round((share * curve * noise * day * whole * (late && event === "add_to_cart" ? 2 : 1)) / 200);
      const place = {h: hour, s: spell("shop"), v: spell(v), e: event === "purchase" ? event : spell(event), w: "v7"};
      const add = (/** @type {string} */ o, /** @type {string} */ c, /** @type {number} */ count, /** @type {string | undefined} */ d = undefined) => {
        if (count > 0) lines.push([{...place, ...(d && {d}), o, ...(c && {c})}, Math.round(count)]);
      };
      const robots = Math.floor(n / 60);
      const tests = event === "purchase" && new Date(hour).getUTCHours() === 9 ? 1 : 0;
      const real = Math.max(0, n - robots - tests);
      add("accepted", "page", n - Math.floor(n / 4));
      add("accepted", "server", Math.floor(n / 4));
      add("apart", "bot", robots);
      if (n > tests) add("apart", "test", tests);
      add("malformed", "value_missing", event === "purchase" ? Math.floor(n / 20) : 0);
      const mail = event === "purchase" && !late ? Math.floor(real * 0.87) : 0;
      add("keys", "cebn", Math.floor(mail / 3));
      add("keys", "ebn", mail - Math.floor(mail / 3));
      add("keys", "cbn", Math.floor((real - mail) / 3));
      add("keys", "bn", real - mail - Math.floor((real - mail) / 3));
      add("parts", event === "purchase" ? "vcoitur" : "tur", real);
      const granted = Math.floor(real * 0.71);
      add("consent", "granted:granted", granted);
      add("consent", "denied:granted", Math.floor(real / 10));
      add("consent", "denied:denied", Math.floor(real / 8));
      add("consent", "unknown:unknown", real - granted - Math.floor(real / 10) - Math.floor(real / 8));
      for (const d of destinations) {
        const blocked = Math.floor(n / (d === "ga4" ? 8 : 4));
        const double = Math.floor(n / 9);
        const left = n - blocked - double;
        const mapped = d === "ga4" || d === "meta" || event === "purchase" || event === "add_to_cart";
        const skipped = mapped ? 0 : left;
        const refused = d === "tiktok" ? Math.floor((left - skipped) / 25) : 0;
        const recent = hour > end - 2 * HOUR;
        const waiting = d === "meta" && recent ? Math.floor(left / 30) : 0;
        const judged = d === "google_ads" && recent ? left - skipped : 0;
        const delivered = left - skipped - refused - waiting - judged;
        add("accepted", "", n, d);
        add("blocked", "ad_user_data_denied", Math.floor(blocked / 2), d);
        add("blocked", "ad_user_data_missing", blocked - Math.floor(blocked / 2), d);
        add("duplicate", "server", double, d);
        add("skipped", "event_not_mapped", skipped, d);
        add("rejected", "40002", refused, d);
        add("retrying", "http_503", waiting, d);
        add("processing", "", judged, d);
        add("delivered", "", delivered, d);
        const known = Math.min(delivered, Math.floor(mail * 0.7));
        add("keys", "ebn", known, d);
        add("keys", "bn", delivered - known, d);
        add("latency", "2", Math.floor(delivered * 0.8), d);
        add("latency", "5", delivered - Math.floor(delivered * 0.8), d);
      }
    }
  }
  return lines;
}

let told = 0;

/**
 * Tells the ledger, in reports as large as the worker's own. The shop's worker has to be wrapped in `ledger.js`.
 * @param {Shop} shop
 * @param {[Record<string, unknown>, number][]} lines
 * @param {Record<string, unknown>[]} [dead]
 */
export async function tell(shop, lines, dead = []) {
  const parts = [];
  for (let at = 0; at < lines.length; at += 4000) parts.push(lines.slice(at, at + 4000));
  if (parts.length === 0) parts.push([]);
  for (const [at, counts] of parts.entries()) {
    told += 1;
    const report = {id: `month-${told}`, counts, ...(at === 0 && {dead})};
    const reply = await shop.fetch("/_test/ask/report", {method: "POST", body: JSON.stringify([report])});
    if (reply.status !== 200) throw new Error(`the ledger answered ${reply.status}: ${reply.text}`);
  }
}
