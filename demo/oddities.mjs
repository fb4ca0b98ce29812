// What senders write in practice, one sample of each kind: placeholders, empty lists, half an emoji, cookies in the wrong
// field, an address that is none. All of it invented. The event counts, and the answer says what could not be used.

const DAY_MS = 86_400_000;

/**
 * @typedef {Record<string, any>} Json
 * @typedef {object} Oddity
 * @property {string} about what is odd, in few words
 * @property {(good: Json, start: number) => string} body what is sent, of a good event
 */

/** @param {(good: Json, start: number) => unknown} change @returns {Oddity["body"]} */
const json = (change) => (good, start) => JSON.stringify(change(good, start));

/** @type {readonly Oddity[]} */
export const ODDITIES = [
  {about: "templates nobody filled in", body: json((e) => ({...e, release: "{{version}}", context: {...e.context, client_id: "undefined", click_ids: {gclid: "{gclid}", fbclid: "null"}}}))},
  {about: "the event id `undefined`", body: json((e) => ({...e, event_id: "undefined"}))},
  {about: "PHP's [] for empty maps, \"\"", body: json((e) => ({...e, properties: [], event_time: "", action_source: "", context: {...e.context, cookies: []}}))},
  {about: "half an emoji in the title", body: (e) => JSON.stringify({...e, context: {...e.context, page_title: "Thank you HALF"}}).replace("HALF", "\\ud83d")},
  {about: "a title of 3,000 characters", body: json((e) => ({...e, context: {...e.context, page_title: "Thank you ".repeat(300)}}))},
  {about: "two addresses in `ip`", body: json((e) => ({...e, context: {...e.context, ip: "203.0.113.24, 10.0.0.1"}}))},
  {about: "a whole fbc as fbclid", body: json((e, start) => ({...e, context: {...e.context, click_ids: {fbclid: `fb.1.${start - DAY_MS}.IwAR1a-b_c0XyZ`}}}))},
  {about: "a GA cookie for an id", body: json((e) => ({...e, context: {...e.context, client_id: "GA1.1.1380133182.1764792191", session_id: "GS2.1.s1795182060$o5$g1$t1795182100$j60$l0$h0"}}))},
  {about: "a click of 200 days ago", body: json((e, start) => ({...e, context: {...e.context, page_url: "https://shop.example/", click_ids: {}, cookies: {_gcl_aw: `GCL.${Math.floor((start - 200 * DAY_MS) / 1000)}.Cj0KCQold`}}}))},
  {about: "quantities 2.0 and 0, a voucher", body: (e) => JSON.stringify({...e, items: [{item_id: "A", price: 60, quantity: "TWO"}, {item_id: "B", price: 10, quantity: 0}, {item_id: "VOUCHER", price: -10, quantity: 1}]}).replace('"TWO"', "2.0")},
  {about: "items as a text", body: json((e) => ({...e, items: "SKU-44"}))},
  {about: "an item's own colour", body: json((e) => ({...e, items: [{item_id: "SKU-44", price: 129.9, color: "red"}]}))},
  {about: "country EL, region EL-A", body: json((e) => ({...e, user: {...e.user, country: "EL", region: "EL-A"}}))},
  {about: "a placeholder as page address", body: json((e) => ({...e, context: {...e.context, page_url: "https://<your-domain.com>"}}))},
  {about: "a search for 2026", body: json((e) => ({...e, event: "search", value: undefined, currency: undefined, transaction_id: undefined, properties: {search_term: 2026}}))},
  {about: "a time as PHP writes it", body: json((e, start) => ({...e, event_time: new Date(start - 3_600_000).toISOString().replace(/\.\d+Z/, "+0000")}))},
  {about: "blanks around the id", body: json((e) => ({...e, event_id: `  ${e.event_id} `}))},
  {about: "an address encoded twice", body: json((e) => ({...e, context: {...e.context, page_url: "https://shop.example/u/nora.feldt%2540mail.example/thanks", page_title: "Thanks nora.feldt&#64;mail.example"}}))},
  {about: "a mail program's address", body: json((e) => ({...e, user: {...e.user, email: "Nora Feldt <nora.feldt@mail.example>"}}))},
  {about: "a phone with an extension", body: json((e) => ({...e, user: {...e.user, phone: "0151 23456789 ext. 12"}}))},
  {about: "a digest in a plain field", body: json((e) => ({...e, user: {...e.user, email: "BFC57BB373FD241048A2877FCDE4DE8C8D05A68EADB3DB918DC4B85F31EB7AB7"}}))},
  {about: "consent beside the events", body: json((e) => ({consent: {ad_user_data: "denied"}, events: [e]}))},
  {about: "a misspelt key beside them", body: json((e) => ({tset: true, events: [e]}))},
  {about: "one member twice", body: (e) => JSON.stringify({...e, value2: 0}).replace('"value2":0', '"value":1')},
];

/** What a stranger with the page's key sends of an order to come, and what the shop's server sends of it then. */
export const FORGED = {id: "ord-forged", value: 1};

/** A good event that is spoilt. @param {string} id @param {Json} who @param {number} start */
export function good(id, who, start) {
  return {
    event: "purchase", event_id: id, transaction_id: id, value: 129.9, currency: "EUR",
    items: [{item_id: "SKU-44", item_name: "Desk lamp", price: 129.9, quantity: 1}],
    user: {...who.user, first_name: "Nora", last_name: "Feldt", email: "nora.feldt@mail.example"},
    context: {...who.context, click_ids: {gclid: "Cj0KCQjwsample_BwE"}},
    consent: {ad_storage: "granted", analytics_storage: "granted", ad_user_data: "granted", ad_personalization: "granted"},
    event_time: new Date(start).toISOString(),
  };
}
