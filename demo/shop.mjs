// The shop day: who comes, what they do, what their pages and the shop's servers send, and what goes wrong on the way.
// Invented throughout, and the same every time: chance comes from a seed. Only the clock is real.

import {createHmac} from "node:crypto";
import {FORGED, ODDITIES, good} from "./oddities.mjs";
import {SENDERS} from "./settings.mjs";
import {ALL, KINDS} from "./visitors.mjs";

/**
 * One HTTP request of the day.
 * @typedef {object} Step
 * @property {number} at milliseconds after the start
 * @property {"page" | "server" | "signed" | "door"} kind `door`: one that is to be turned away as a whole
 * @property {string} source
 * @property {Record<string, string>} headers
 * @property {string} body
 * @property {string} [query]
 * @property {number} events how many events it holds
 * @property {string} [odd] what is odd about the event in it
 */

/**
 * @typedef {object} Day
 * @property {Step[]} steps in the order of their times
 * @property {Step[]} evening what billing sends when the shop has closed: refunds of the day's orders
 * @property {number} events how many events they hold, those of requests that will be turned away aside
 * @property {string} refused the event id that Meta will refuse for good
 * @property {{id: string, order: string, event: any}[]} showcase purchases that show much, the best first
 * @property {Map<string, string>} kinds whose page an event is of, by its id: the kind of visitor
 * @property {number} personal how many events carry an e-mail address or telephone number in free text
 */

/** @typedef {Record<string, unknown> & {event: string, event_id: string, user?: any}} Event */

/**
 * @typedef {object} Visitor
 * @property {"shop" | "outlet"} source
 * @property {Record<string, string>} user
 * @property {Record<string, string>} headers
 * @property {Record<string, unknown>} context
 * @property {string} kind what people call somebody with such a consent
 * @property {Record<string, unknown> | undefined} consent
 * @property {boolean} gpc whether the browser says that nothing may be sold or shared
 */

const DAY_MS = 86_400_000;

/**
 * The releases that the shop's pages are of, side by side: the one that was there before, and two that a third of the visitors
 * get each. `quiet` changes nothing that anybody could see; `faulty`, the latest, loses the e-mail address and tells of each basket twice.
 */
export const RELEASES = {base: "web-2026.11.3", quiet: "web-2026.11.4", faulty: "web-2026.11.5"};
const SPLIT = [RELEASES.base, RELEASES.faulty, RELEASES.quiet];

export const GOODS = [
  {item_id: "SKU-44", item_name: "Desk lamp", price: 99.9, item_brand: "Lumo", item_category: "Lighting"},
  {item_id: "SKU-12", item_name: "Oak stool", price: 149, item_brand: "Holt", item_category: "Furniture"},
  {item_id: "SKU-07", item_name: "Linen throw", price: 59.5, item_brand: "Weft", item_category: "Textiles"},
  {item_id: "SKU-31", item_name: "Wall clock", price: 44.95, item_brand: "Tick", item_category: "Decoration"},
  {item_id: "SKU-58", item_name: "Bread board", price: 29, item_brand: "Holt", item_category: "Kitchen"},
  {item_id: "SKU-63", item_name: "Glass carafe", price: 34.5, item_brand: "Clara", item_category: "Kitchen"},
  {item_id: "SKU-71", item_name: "Book end", price: 19.9, item_brand: "Tick", item_category: "Decoration"},
  {item_id: "SKU-80", item_name: "Reading chair", price: 489, item_brand: "Holt", item_category: "Furniture"},
];
const FIRST = ["Elena", "Jonas", "Mira", "Anton", "Zoë", "Björn", "Anna-Lena", "Clara", "Émile", "Greta", "Jean-Luc", "Tomás", "Ida", "Karel"];
const LAST = ["Brandt", "Lindqvist", "Okafor", "Müller", "Novák", "Sørensen", "García", "Falk", "Weiß", "Duarte"];
const TOWNS = [
  {city: "Berlin", postal_code: "10117"},
  {city: "Köln", postal_code: "50667"},
  {city: "München", postal_code: "80331"},
  {city: "Frankfurt am Main", postal_code: "60311"},
];
const TERMS = ["desk lamp", "oak", "wall clock", "gift under 50", "reading chair"];
const BROWSERS = [
  "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1",
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36",
];

const DIGITS = "0123456789";
const HEX = "0123456789abcdef";
const LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz";
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/**
 * Ads that bring visitors, by weight: the parameter that the platform hangs onto the landing page, the form of its value,
 * and the cookies in which the platform's tag keeps it. `outlet`: the outlet advertises there too.
 *
 * @typedef {(length: number, alphabet: string) => string} Draw
 * @typedef {object} Ad
 * @property {number} weight
 * @property {string} parameter
 * @property {boolean} outlet
 * @property {(draw: Draw) => string} click
 * @property {(click: string, since: number) => Record<string, string>} cookies
 */
/** @type {readonly Ad[]} */
const ADS = [
  {weight: 26, parameter: "gclid", outlet: true, click: (draw) => `EAIaIQobChMI${draw(34, BASE64)}_BwE`, cookies: (click, since) => ({_gcl_aw: `GCL.${since}.${click}`})},
  {weight: 22, parameter: "fbclid", outlet: true, click: (draw) => `IwZXh0bgNhZW0CMTEAAR${draw(42, BASE64)}`, cookies: () => ({})},
  {weight: 10, parameter: "ttclid", outlet: true, click: (draw) => `E.C.P.${draw(96, BASE64)}`, cookies: (click) => ({ttclid: click})},
  {weight: 6, parameter: "epik", outlet: true, click: (draw) => `dj0yJnU9${draw(56, BASE64)}`, cookies: (click) => ({_epik: click})},
  {weight: 6, parameter: "ScCid", outlet: true, click: uuid, cookies: (click) => ({_scclid: click})},
  {weight: 5, parameter: "rdt_cid", outlet: false, click: (draw) => `5${draw(18, DIGITS)}`, cookies: (click) => ({_rdt_cid: click})},
  {weight: 4, parameter: "li_fat_id", outlet: false, click: uuid, cookies: (click) => ({li_fat_id: click})},
  {weight: 4, parameter: "twclid", outlet: false, click: (draw) => `2${draw(24, LETTERS)}`, cookies: (click) => ({_twclid: encodeURIComponent(JSON.stringify({twclid: click}))})},
  {weight: 7, parameter: "msclkid", outlet: false, click: (draw) => draw(32, HEX), cookies: (click) => ({_uetmsclkid: `_uet${click}`})},
];

/** @param {Draw} draw */
function uuid(draw) {
  return `${draw(8, HEX)}-${draw(4, HEX)}-4${draw(3, HEX)}-${draw(1, "89ab")}${draw(3, HEX)}-${draw(12, HEX)}`;
}

/** What senders get wrong, as changes to a good event. */
const MISTAKES = /** @type {((event: Record<string, any>, start: number) => unknown)[]} */ ([
  (event) => ({...event, value: "129,90"}),
  (event) => ({...event, user: {emial: event.user?.email}}),
  (event) => ({...event, currency: undefined}),
  (event) => ({...event, event: "page_view", event_id: undefined}),
  (event) => ({...event, event: "Purchase completed!"}),
  (event) => ({...event, currency: "Euro"}),
  (event, start) => ({...event, event_time: new Date(start + 7 * DAY_MS).toISOString()}),
  (event) => ({...event, value: undefined}),
  (event) => ({...event, consent: {...ALL, ad_storage: "yes"}}),
  (event) => ({...event, event_id: ""}),
  (event) => ({...event, value: -5}),
  (event) => ({...event, properties: {note: "x".repeat(66_000)}}),
]);

/**
 * Numbers from 0 up to 1 that look like chance (mulberry32).
 * @param {number} seed
 */
export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * Signs a body as Standard Webhooks does.
 * @param {string} secret
 * @param {string} id
 * @param {number} seconds
 * @param {string} body
 */
export function signed(secret, id, seconds, body) {
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const mac = createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64");
  return {"webhook-id": id, "webhook-timestamp": String(seconds), "webhook-signature": `v1,${mac}`};
}

/** What the faulty release makes of an event. @param {Event} event @returns {Event} */
function withoutEmail(event) {
  if (!event.user) return event;
  const {email: _, ...user} = event.user;
  return {...event, user};
}

/**
 * Plans a day of about `events` events, copies included.
 * @param {{seed?: number, events: number, start: number, length: number}} options `start`: Unix milliseconds of the
 *   first request; `length`: milliseconds to the last
 * @returns {Day}
 */
export function planDay({seed = 20261124, events: wanted, start, length}) {
  const roll = dice(seed);
  const chance = (/** @type {number} */ share) => roll() < share;
  const whole = (/** @type {number} */ from, /** @type {number} */ to) => from + Math.floor(roll() * (to - from + 1));
  /** @template T @param {readonly T[]} list @returns {T} */
  const one = (list) => /** @type {T} */ (list[Math.floor(roll() * list.length)]);
  /** @type {Step[]} */
  const steps = [];
  /** What the shop's servers have to send, with the time it happens at. @type {{at: number, event: unknown}[]} */
  const server = [];
  /** @type {{at: number, event: Event}[]} */
  const billing = [];
  /** @type {Event[]} */
  const refunds = [];
  /** @type {Map<string, string>} */
  const kinds = new Map();
  let events = 0;
  /** What the faulty release sends beside. */
  let again = 0;
  let personal = 0;
  let orders = 118_000;
  /** @type {string[]} */
  const candidates = [];
  /** @type {{score: number, id: string, order: string, event: any}[]} */
  const showcase = [];

  /** @type {Draw} */
  const draw = (length, alphabet) => Array.from({length}, () => alphabet[whole(0, alphabet.length - 1)]).join("");
  /** @param {boolean} outlet */
  const ad = (outlet) => {
    const shown = ADS.filter((one) => one.outlet || !outlet);
    let at = roll() * shown.reduce((sum, {weight}) => sum + weight, 0);
    return shown.find(({weight}) => (at -= weight) < 0) ?? /** @type {Ad} */ (shown[0]);
  };

  /** What a visitor has answered, or was asked by. @param {"shop" | "outlet"} source */
  const answer = (source) => {
    const kinds = KINDS[source];
    let at = roll() * kinds.reduce((sum, {weight}) => sum + weight, 0);
    const {name, consent, gpc = false} = kinds.find(({weight}) => (at -= weight) < 0) ?? /** @type {import("./visitors.mjs").Kind} */ (kinds[0]);
    return {kind: name, consent: consent(start), gpc};
  };

  /** @param {number} index @returns {Visitor} */
  const visitor = (index) => {
    const source = index % 5 === 4 ? "outlet" : "shop";
    const [first, last, town] = [one(FIRST), one(LAST), one(TOWNS)];
    const american = source === "outlet";
    const local = `${first}.${last}`.normalize("NFD").replace(/[^A-Za-z.-]/g, "");
    const host = chance(0.5) ? "Gmail.com" : "mail.example";
    const since = Math.floor(start / 1000) - whole(60, 90 * 86_400);
    const now = Math.floor(start / 1000);
    // Two of three come by an ad, and a few of those have come by another one before: its cookie is still there.
    const [came, before] = [chance(0.66) ? ad(american) : undefined, chance(0.12) ? ad(american) : undefined];
    const click = came?.click(draw) ?? "";
    const clicked = came ? `?${came.parameter}=${click}` : "";
    const browser = one(BROWSERS);
    const ip = american ? `198.51.100.${whole(1, 254)}` : `203.0.113.${whole(1, 254)}`;
    const ga = `${whole(1e8, 2e9)}.${since}`;
    const session = String(Math.floor(start / 1000) - whole(5, 600));
    // What the tags of a page that advertises everywhere leave behind.
    const tags = {
      _fbp: `fb.1.${since}000.${whole(1e8, 2e9)}`,
      ...(before && chance(0.5) ? before.cookies(before.click(draw), since) : {}),
      ...came?.cookies(click, now - whole(1, 60)),
      ...(chance(0.8) ? {_ttp: draw(27, LETTERS), _scid: uuid(draw)} : {}),
      ...(american ? {} : {_rdt_uuid: `${since}${draw(3, DIGITS)}.${uuid(draw)}`, _uetvid: draw(32, HEX)}),
    };
    const cookies = {_ga: `GA1.1.${ga}`, _ga_9ABCDE1234: `GS2.1.s${session}$o1$g1$t${session}$j60$l0$h0`, ...tags};
    const origin = SENDERS[source].origin;
    const {kind, consent, gpc} = answer(source);
    return {
      source,
      user: {
        // As people type it: capitals, spaces, tags, national numbers.
        email: chance(0.2) ? ` ${local}+${source}@${host}` : `${local}${index}@${host}`,
        phone: american ? `(212) 555-01${String(whole(0, 99)).padStart(2, "0")}` : `0151 ${whole(1000, 9999)}${whole(1000, 9999)}`,
        first_name: first,
        last_name: last,
        ...(american ? {city: "Springfield", region: "IL", postal_code: "62701", country: "US"} : {...town, country: "DE"}),
        external_id: `cust-${10_000 + index}`,
      },
      headers: {
        origin,
        referer: `${origin}/${clicked}`,
        "user-agent": browser,
        cookie: Object.entries(cookies).map(([name, value]) => `${name}=${value}`).join("; "),
        // On Cloudflare the edge itself says where a request came from.
        "cf-connecting-ip": ip,
        ...(gpc ? {"sec-gpc": "1"} : {}),
      },
      context: {ip, user_agent: browser, client_id: ga, session_id: session, page_url: `${origin}/${clicked}`, cookies: tags},
      kind,
      consent,
      gpc,
    };
  };

  /** @param {Visitor} who @param {number} at @param {Event} event */
  const fromPage = (who, at, event) => {
    const key = SENDERS[who.source].key;
    const beacon = chance(0.15);
    // A beacon cannot have headers of its own: its key stands in the address and its body is text.
    steps.push({
      at, kind: "page", source: who.source, events: 1, body: JSON.stringify(event),
      headers: {...who.headers, "content-type": beacon ? "text/plain" : "application/json", ...(beacon ? {} : {"x-edgetally-key": key})},
      ...(beacon ? {query: `?key=${key}`} : {}),
    });
    events += 1;
  };

  /** @param {number} at @param {unknown} event */
  const fromServer = (at, event) => {
    server.push({at, event});
    events += 1;
  };

  /** The same event as the shop's server knows it. @param {Visitor} who @param {Event} event @param {number} at */
  const serverCopy = (who, event, at) => ({
    ...event, user: who.user, context: who.context, consent: who.consent, event_time: new Date(start + at).toISOString(), release: "shop-api-7.2",
  });

  /** @param {number} index */
  const visit = (index) => {
    const who = visitor(index);
    const release = who.source === "shop" ? SPLIT[index % SPLIT.length] : RELEASES.base;
    let at = Math.floor(roll() * length * 0.94);
    let place = 0;
    /** @param {string} name @param {Record<string, unknown>} [more] @param {number} [copied] share with a server copy */
    const does = (name, more = {}, copied = 0) => {
      at = Math.min(length, at + whole(150, 1400));
      place += 1;
      /** @type {Event} */
      const event = {event: name, event_id: `v${index}-${place}`, ...more, release};
      if (who.consent) event.consent = who.consent;
      kinds.set(event.event_id, who.kind);
      const sent = release === RELEASES.faulty ? withoutEmail(event) : event;
      fromPage(who, at, sent);
      if (release === RELEASES.faulty && name === "add_to_cart") {
        // With an id of its own, so that nobody can take it for the other's copy.
        const second = {...sent, event_id: `${event.event_id}-again`};
        fromPage(who, at + 1, second);
        kinds.set(second.event_id, who.kind);
        again += 1;
      }
      // The page fires twice now and then: a double click, a script that is there twice.
      if (chance(0.13)) fromPage(who, at + (chance(0.5) ? 0 : whole(1, 900)), sent);
      if (who.source === "shop" && chance(copied)) {
        const when = Math.max(0, at + whole(-300, 1500));
        fromServer(when, serverCopy(who, event, when));
      }
      return event;
    };
    /** @type {Record<string, unknown>} */
    const landing = {};
    if (index % 23 === 7) {
      personal += 1;
      landing.context = {page_title: `Welcome back, ${who.user.email?.trim()}`, page_url: `${SENDERS[who.source].origin}/?email=${encodeURIComponent(who.user.email?.trim() ?? "")}`};
    }
    does("page_view", landing);
    if (chance(0.35)) does("search", {properties: {search_term: one(TERMS)}});
    const basket = Array.from({length: whole(1, 3)}, () => ({...one(GOODS), quantity: whole(1, 2)}));
    const worth = (/** @type {{price: number, quantity: number}[]} */ goods) =>
      Number(goods.reduce((sum, {price, quantity}) => sum + price * quantity, 0).toFixed(2));
    const priced = (/** @type {typeof basket} */ items) => ({value: worth(items), currency: who.source === "shop" ? "EUR" : "USD", items});
    for (const item of basket) does("view_item", priced([{...item, quantity: 1}]), 0.25);
    if (chance(0.04)) does("generate_lead", {value: 20, currency: "EUR", user: {email: who.user.email}}, 0.9);
    if (chance(0.55)) {
      for (const item of basket.slice(0, 2)) does("add_to_cart", priced([item]), 0.75);
      if (chance(0.65)) {
        does("begin_checkout", priced(basket), 0.8);
        if (chance(0.25)) does("sign_up", {user: {email: who.user.email}, properties: {method: "form"}}, 0.9);
        if (chance(0.75)) {
          orders += 1;
          const paid = priced(basket);
          const bought = does("purchase", {event_id: `ord-${orders}`, transaction_id: String(orders), ...paid, user: who.user}, 0.95);
          const open = who.source === "shop" && who.consent?.ad_user_data === "granted" && who.consent?.ad_storage === "granted" && !who.consent.tcf && !who.gpc;
          if (open && at > length * 0.75) candidates.push(bought.event_id);
          // One line of goods, an address that platforms spell differently, a click: little to read, much to see.
          else if (open && who.consent?.analytics_storage === "granted" && basket.length === 1 && release !== RELEASES.faulty) {
            const address = who.user.email ?? "";
            const score = (address.startsWith(" ") ? 1 : 0) + (address.endsWith("@Gmail.com") ? 2 : 0) + (address.includes("-") ? 2 : 0) + (/[?&](?:gclid|fbclid|rdt_cid)=/.test(String(who.context.page_url)) ? 1 : 0);
            showcase.push({score, id: bought.event_id, order: String(orders), event: bought});
          }
          if (chance(0.15)) {
            // Of several lines one comes back, and billing says what remains; else the order is undone as a whole.
            const back = basket.slice(0, 1);
            const rest = worth(basket.slice(1));
            refunds.push({
              event: "refund", event_id: `ref-${orders}`, transaction_id: String(orders), currency: paid.currency, action_source: "system_generated",
              ...(rest > 0 ? {...priced(back), properties: {remaining_value: rest}} : {value: paid.value, properties: {refund: "full"}}),
              user: {email: who.user.email ?? "", external_id: who.user.external_id},
              consent: {...(who.consent ?? ALL), ...(who.gpc ? {gpc: true} : {})},
              ...(chance(0.5) ? {context: {client_id: who.context.client_id}} : {}),
            });
            events += 1;
          }
        }
      }
    }
    // A subscription renews by itself, without a browser.
    if (index % 17 === 3) {
      billing.push({at, event: {
        event: "subscribe", event_id: `sub-${index}`, value: 9.9, currency: "EUR", action_source: "system_generated",
        user: {email: who.user.email ?? "", external_id: who.user.external_id}, consent: ALL, context: {client_id: who.context.client_id},
      }});
      events += 1;
    }
  };

  const late = Math.max(2, Math.round(wanted / 120));
  const wrong = Math.max(MISTAKES.length, Math.round(wanted / 60));
  let visits = 0;
  while (events - again < wanted - late * 2 - wrong) visit(visits++);

  // What a shop's server finds in a drawer: offline orders of last week, and of the week before.
  for (let index = 0; index < late * 2; index += 1) {
    const who = {...visitor(5 * index), source: /** @type {const} */ ("shop")};
    const days = index % 2 === 0 ? 4 : 9;
    orders += 1;
    const event = {event: "purchase", event_id: `old-${orders}`, transaction_id: String(orders), value: 79.5, currency: "EUR", items: [{...one(GOODS), quantity: 1}]};
    const at = Math.floor(roll() * length);
    fromServer(at, {...serverCopy({...who, consent: ALL}, event, at), event_time: new Date(start - days * DAY_MS).toISOString()});
  }
  for (let index = 0; index < wrong; index += 1) {
    const who = visitor(5 * index);
    const good = serverCopy(who, {event: "purchase", event_id: `bad-${index}`, transaction_id: `bad-${index}`, value: 129.9, currency: "EUR"}, 0);
    const mistake = MISTAKES[index % MISTAKES.length];
    if (mistake) fromServer(Math.floor(roll() * length), mistake(good, start));
  }

  // The server collects what happened within 400 ms, 25 events at most.
  server.sort((a, b) => a.at - b.at);
  for (let from = 0; from < server.length;) {
    const first = server[from]?.at ?? 0;
    let to = from + 1;
    while (to < server.length && to - from < 25 && (server[to]?.at ?? 0) < first + 400) to += 1;
    const list = server.slice(from, to).map(({event}) => event);
    steps.push({
      at: Math.min(length, first + 400), kind: "server", source: "shop", events: list.length, body: JSON.stringify(list),
      headers: {"content-type": "application/json", authorization: `Bearer ${SENDERS.shop.secret}`},
    });
    from = to;
  }
  billing.sort((a, b) => a.at - b.at);
  /** @param {number} at @param {string} id @param {unknown} body */
  const hook = (at, id, body) => {
    const text = JSON.stringify(body);
    const headers = {"content-type": "application/json", ...signed(SENDERS.billing.secret, id, Math.floor((start + at) / 1000), text)};
    return {at, kind: /** @type {const} */ ("signed"), source: "billing", headers, body: text};
  };
  for (let from = 0; from < billing.length; from += 3) {
    const list = billing.slice(from, from + 3);
    steps.push({...hook(list[list.length - 1]?.at ?? 0, `msg-${from}`, list.map(({event}) => event)), events: list.length});
  }
  /** @type {Step[]} */
  const evening = [];
  for (let from = 0; from < refunds.length; from += 3) {
    const list = refunds.slice(from, from + 3);
    evening.push({...hook(length, `msg-evening-${from}`, list), events: list.length});
  }

  // What is oddly written, each in a request of its own; and an order that a stranger reports before the shop does.
  const own = {"content-type": "application/json", authorization: `Bearer ${SENDERS.shop.secret}`};
  const regular = visitor(5);
  ODDITIES.forEach(({about, body}, index) => {
    const at = Math.floor((length * (index + 1)) / (ODDITIES.length + 1));
    steps.push({at, kind: "server", source: "shop", headers: own, events: 1, odd: about, body: body(good(`odd-${index}`, regular, start + at - 1000), start)});
    events += 1;
  });
  const real = good(FORGED.id, regular, start);
  const forger = {"content-type": "application/json", origin: SENDERS.shop.origin, "x-edgetally-key": SENDERS.shop.key, "user-agent": "curl", "cf-connecting-ip": "198.51.100.66"};
  const {client_id: seen} = regular.context;
  const forged = {...real, value: FORGED.value, items: [], user: {email: "stranger@mail.example"}, context: {page_url: "https://shop.example/", client_id: seen}};
  steps.push({at: Math.floor(length * 0.2), kind: "page", source: "shop", headers: forger, events: 1, odd: "a forged order (the page's key)", body: JSON.stringify(forged)});
  steps.push({at: Math.floor(length * 0.3), kind: "server", source: "shop", headers: own, events: 1, odd: "the shop's own copy of it", body: JSON.stringify(real)});
  events += 2;

  // Requests that are turned away as a whole.
  const json = {"content-type": "application/json"};
  const page = {...json, origin: SENDERS.shop.origin, "x-edgetally-key": SENDERS.shop.key};
  const shop = {...json, authorization: `Bearer ${SENDERS.shop.secret}`};
  const plain = JSON.stringify({event: "page_view", event_id: "door"});
  const replayed = steps.find((step) => step.kind === "signed");
  /** @type {[Record<string, string>, string][]} */
  const strangers = [
    [{...page, "x-edgetally-key": "pk_of_somebody_else"}, plain],
    [{...page, origin: "https://copycat.example"}, plain],
    [{...json, authorization: "Bearer wrong-secret-wrong-secret"}, plain],
    [{...json, ...signed(SENDERS.billing.secret, "msg-forged", Math.floor(start / 1000), "{}")}, plain],
    [{...json, ...signed(SENDERS.billing.secret, "msg-stale", Math.floor(start / 1000) - 3600, plain)}, plain],
    ...(replayed ? [/** @type {[Record<string, string>, string]} */ ([replayed.headers, replayed.body])] : []),
    [shop, '{"event": "purchase", "event_id": "ord-1", '],
    [shop, JSON.stringify({event: "page_view", event_id: "big", properties: {note: "x".repeat(70_000)}})],
    [shop, JSON.stringify(Array.from({length: 10}, (_, at) => ({event: "page_view", event_id: `huge-${at}`, properties: {note: "x".repeat(60_000)}})))],
    [{...shop, "content-type": "text/csv"}, "event,event_id\npage_view,1\n"],
    [json, plain],
  ];
  strangers.forEach(([headers, body], index) => {
    const at = Math.max((replayed?.at ?? 0) + 700, Math.floor((length * (index + 1)) / (strangers.length + 1)));
    steps.push({at: Math.min(length + 500, at), kind: "door", source: "", headers, body, events: 0});
  });

  steps.sort((a, b) => a.at - b.at);
  showcase.sort((a, b) => b.score - a.score);
  return {steps, evening, events, refused: candidates[0] ?? `ord-${orders}`, showcase, personal, kinds};
}
