// Shopify's web pixels run in a sandbox: no `document`, no tags of the shop's pages, consent and cookies by Shopify's own interface. The id of
// a purchase is the order's, which the shop's webhook carries too.

import {kept, readClicks} from "./context.ts";
import {MOST_EVENTS, MOST_KEEPALIVE} from "./limits.ts";
import type {Json} from "./page.ts";
import type {Signals, Word} from "./types.ts";

/** What Shopify hands a pixel; `customerPrivacy` is `api.customerPrivacy` in a custom pixel. */
export interface Sandbox {
  analytics: {subscribe(name: string, run: (event: Json) => unknown): unknown};
  browser: {
    cookie: {get(name: string): Promise<string>};
    localStorage: {getItem(key: string): Promise<string | null>; setItem(key: string, value: string): Promise<unknown>; removeItem(key: string): Promise<unknown>};
    sendBeacon(url: string, body?: string): Promise<boolean>;
  };
  init: {customerPrivacy?: Json};
  customerPrivacy?: {subscribe(name: string, run: (event: Json) => unknown): unknown};
}

const RECORD = "edgetally";
const COOKIES = ["_fbp", "_fbc", "_ga", "_gcl_aw", "_gcl_gb", "_gcl_au", "ttclid", "_ttp", "_epik", "_scid", "_scclid", "_rdt_uuid", "_rdt_cid", "li_fat_id", "_twclid", "_uetmsclkid", "_uetvid"];
const WAITS = [2e3, 1e4, 6e4];

/** The last part of `gid://shopify/Order/118842`. */
const id = (gid: unknown) => String(gid ?? "").split("/").pop() || undefined;

const item = (variant: Json | undefined, quantity?: number) => ({
  item_id: variant?.sku || id(variant?.id),
  item_name: variant?.product?.title || variant?.title,
  price: variant?.price?.amount,
  quantity,
  item_brand: variant?.product?.vendor,
  item_category: variant?.product?.type,
});

const amount = (money: Json | undefined) => (money?.amount == null ? {} : {value: money.amount, currency: money.currencyCode});
const checkout = ({checkout: of}: Json) => ({
  ...amount({currencyCode: of.currencyCode, ...of.totalPrice}),
  items: of.lineItems?.map(({variant, quantity}: Json) => item(variant, quantity)),
});

/** Shopify's events, as ours. */
const EVENTS: Record<string, (data: Json) => Json> = {
  page_viewed: () => ({event: "page_view"}),
  product_viewed: ({productVariant: of}) => ({event: "view_item", ...amount(of.price), items: [item(of, 1)]}),
  collection_viewed: ({collection: of}) => ({event: "view_item_list", items: of.productVariants?.map((variant: Json) => item(variant)), properties: {item_list_id: id(of.id)}}),
  search_submitted: ({searchResult: of}) => ({event: "search", properties: {search_term: of.query}}),
  product_added_to_cart: ({cartLine: of}) => ({event: "add_to_cart", ...amount(of.cost?.totalAmount), items: [item(of.merchandise, of.quantity)]}),
  checkout_started: (data) => ({event: "begin_checkout", ...checkout(data)}),
  payment_info_submitted: (data) => ({event: "add_payment_info", ...checkout(data)}),
  checkout_completed: (data) => {
    const order = id(data.checkout.order?.id) || data.checkout.token;
    return {event: "purchase", event_id: order, transaction_id: order, user: {email: data.checkout.email, phone: data.checkout.phone}, ...checkout(data)};
  },
};

/** What Shopify's answers mean. For advertising, a yes to marketing and to the sale of data. */
function consented(privacy: Json = {}): Required<Pick<Signals, "ad_storage" | "ad_user_data" | "ad_personalization" | "analytics_storage">> {
  const word = (yes: unknown): Word => (yes ? "granted" : "denied");
  const ads = word(privacy.marketingAllowed && privacy.saleOfDataAllowed);
  return {ad_storage: ads, ad_user_data: ads, ad_personalization: ads, analytics_storage: word(privacy.analyticsProcessingAllowed)};
}

export default function start({analytics, browser, init, customerPrivacy}: Sandbox, {key, url}: {key: string; url: string}) {
  const address = new URL(`v1/events?key=${key}`, url).href;
  let consent = consented(init.customerPrivacy);
  let held: Json[] = [];
  const quietly = (run: Promise<unknown>) => run.catch(() => {});

  async function send(body: string, attempt = 0) {
    let status = 0;
    try {
      status = (await fetch(address, {method: "POST", body, keepalive: body.length <= MOST_KEEPALIVE})).status;
    } catch {}
    if (!/^(0|408|425|429|5..)$/.test(String(status))) return;
    const wait = WAITS[attempt];
    if (wait) setTimeout(send, wait, body, attempt + 1);
    else quietly(browser.sendBeacon(address, body));
  }

  async function flush() {
    const [ads, statistics] = [consent.ad_storage == "granted", consent.analytics_storage == "granted"];
    if (!ads && !statistics) return;
    const events = held;
    held = [];
    const cookies: Json = {};
    if (ads) {
      const stored = JSON.parse(String((await quietly(browser.localStorage.getItem(RECORD))) || "{}"));
      kept.clicks = {...stored, ...kept.clicks};
    }
    for (const name of COOKIES) {
      const value = (name == "_ga" ? statistics : ads) && (await quietly(browser.cookie.get(name)));
      if (value) cookies[name] = value;
    }
    for (const event of events) {
      if (ads) readClicks(event.context.page_url ?? "");
      event.context.cookies = cookies;
      event.context.click_ids = ads ? Object.fromEntries(Object.entries(kept.clicks).map(([name, [value]]) => [name, value])) : {};
      event.consent = consent;
      send(JSON.stringify({events: [event]}));
    }
    if (ads) quietly(browser.localStorage.setItem(RECORD, JSON.stringify(kept.clicks)));
  }

  for (const name in EVENTS) {
    analytics.subscribe(name, (told) => {
      try {
        const page = told.context?.document;
        const context = {page_url: page?.location?.href, page_title: page?.title, referrer: page?.referrer || undefined};
        held.push({event_id: told.id, ...EVENTS[name]!(told.data), context});
        if (held.length > MOST_EVENTS) held.splice(Math.max(0, held.findIndex(({event}) => event != "purchase")), 1);
        flush();
      } catch {}
    });
  }
  customerPrivacy?.subscribe("visitorConsentCollected", (told) => {
    consent = consented(told.customerPrivacy);
    if (consent.ad_storage == "denied") {
      kept.clicks = {};
      quietly(browser.localStorage.removeItem(RECORD));
      if (consent.analytics_storage == "denied") held = [];
    }
    flush();
  });
}
