// Everything that the demo is set to, in one place. The secrets open nothing: they are the stand-in platforms' own.

import {NAMES, PLATFORMS, PLATFORM_SECRETS, DESTINATIONS as WANTED} from "../npm/src/platforms.mjs";

/** The ports that `KEEP=1` asks for; any free ones when they are taken. */
export const PORTS = {worker: 8787, live: 8788, storefront: 8790, twin: 8799};

/** The destinations as the settings name them, what the twin calls them, and how the report names them. */
export const DESTINATIONS = PLATFORMS;

/** What the senders of the shop day show for themselves. */
export const SENDERS = {
  shop: {key: "pk_shop_0123456789abcdef", origin: "https://shop.example", secret: "shop-secret-of-the-demo-01"},
  outlet: {key: "pk_outlet_0123456789abcdef", origin: "https://outlet.example"},
  billing: {secret: "whsec_ZGVtby1iaWxsaW5nLXNlY3JldC0wMDAwMDAwMDE="},
};

/** The shop to click through: its pages have the key, and its server signs what it sends. */
export const STOREFRONT = {key: "pk_storefront_0123456789abcdef", secret: "whsec_ZGVtby1zdG9yZWZyb250LXNlY3JldC0wMDAwMDE="};

export const ADMIN_TOKEN = "admin-token-of-the-demo-01";

/** The secret bindings: what `wrangler secret put` stores in a deployment. */
export const SECRETS = {
  EDGETALLY_KEY: "0123456789abcdef0123456789abcdef",
  EDGETALLY_ADMIN_TOKEN: ADMIN_TOKEN,
  SHOP_SECRET: SENDERS.shop.secret,
  BILLING_SECRET: SENDERS.billing.secret,
  ...PLATFORM_SECRETS,
};

/** Where the outlet advertises. */
const OUTLET = ["meta", "ga4", "google_ads", "tiktok", "pinterest", "snapchat"];

/**
 * Billing knows no pages. TikTok would want an event set of its own for that; LinkedIn and X take what has a rule or a tag
 * there, and neither a renewal nor a refund has one.
 */
const PAGES_ONLY = ["tiktok", "linkedin", "x"];

/**
 * The variable EDGETALLY, as wrangler.toml has it for a deployment.
 * @param {string} twin where the stand-in platforms listen; development only, this machine only
 * @param {string} [storefront] the origin of the shop to click through, where it is served
 */
export function settings(twin, storefront) {
  return {
    environment: "development",
    twin,
    dedup: "exact",
    // A deployment waits longer (10 s doubling to an hour); the demo has to end within a minute.
    delivery: {retry_base_seconds: 1, retry_max_seconds: 4, pause_seconds: 2},
    sources: {
      shop: {
        key: SENDERS.shop.key,
        origins: [SENDERS.shop.origin],
        secret: "SHOP_SECRET",
        consent: "required",
        default_country: "DE",
        destinations: NAMES,
      },
      outlet: {
        key: SENDERS.outlet.key,
        origins: [SENDERS.outlet.origin],
        consent: "implied",
        default_country: "US",
        destinations: OUTLET,
      },
      billing: {secret: "BILLING_SECRET", default_country: "DE", destinations: NAMES.filter((name) => !PAGES_ONLY.includes(name))},
      ...(storefront && {
        storefront: {
          key: STOREFRONT.key,
          origins: [storefront],
          secret: "STOREFRONT_SECRET",
          consent: "required",
          default_country: "DE",
          destinations: NAMES,
          // Its banner speaks Google Consent Mode, and nothing else.
          client: {consent: ["consent_mode"]},
        },
      }),
    },
    destinations: structuredClone(WANTED),
  };
}

/** What keeps the claims, which wrangler.toml has as a comment. */
export const OBJECTS = {CLAIMS_OBJECT: "Claims"};

/** The queue hands over after a second, or when 50 messages have gathered. */
export const QUEUE = {maxBatchSize: 50, maxBatchTimeout: 1};
