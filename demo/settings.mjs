// Everything that the demo is set to, in one place. The secrets open nothing: they are the stand-in platforms' own.

/** The ports that `KEEP=1` asks for; any free ones when they are taken. */
export const PORTS = {worker: 8787, twin: 8799};

/** The destinations as the settings name them, what the twin calls them, and how the report names them. */
export const DESTINATIONS = [
  {name: "meta", platform: "meta", title: "Meta"},
  {name: "ga4", platform: "ga4", title: "GA4"},
  {name: "hook", platform: "webhook", title: "Webhook"},
];

/** What the senders of the shop day show for themselves. */
export const SENDERS = {
  shop: {key: "pk_shop_0123456789abcdef", origin: "https://shop.example", secret: "shop-secret-of-the-demo-01"},
  outlet: {key: "pk_outlet_0123456789abcdef", origin: "https://outlet.example"},
  billing: {secret: "whsec_ZGVtby1iaWxsaW5nLXNlY3JldC0wMDAwMDAwMDE="},
};

export const ADMIN_TOKEN = "admin-token-of-the-demo-01";

/** The secret bindings: what `wrangler secret put` stores in a deployment. */
export const SECRETS = {
  EDGETALLY_KEY: "0123456789abcdef0123456789abcdef",
  EDGETALLY_ADMIN_TOKEN: ADMIN_TOKEN,
  SHOP_SECRET: SENDERS.shop.secret,
  BILLING_SECRET: SENDERS.billing.secret,
  META_ACCESS_TOKEN: "EAAB-twin-token",
  GA4_API_SECRET: "secret-of-the-demo",
  HOOK_SECRET: "whsec_dHdpbi1ob29rLXNlY3JldC1mb3ItdGVzdHMtMDE=",
};

/**
 * The variable EDGETALLY, as wrangler.toml has it for a deployment.
 * @param {string} twin where the stand-in platforms listen; development only, this machine only
 */
export function settings(twin) {
  return {
    environment: "development",
    twin,
    // A deployment waits longer (10 s doubling to an hour); the demo has to end within a minute.
    delivery: {retry_base_seconds: 1, retry_max_seconds: 4, pause_seconds: 2},
    sources: {
      shop: {
        key: SENDERS.shop.key,
        origins: [SENDERS.shop.origin],
        secret: "SHOP_SECRET",
        consent: "required",
        default_country: "DE",
        destinations: ["meta", "ga4", "hook"],
      },
      outlet: {
        key: SENDERS.outlet.key,
        origins: [SENDERS.outlet.origin],
        consent: "implied",
        default_country: "US",
        destinations: ["meta", "ga4"],
      },
      billing: {secret: "BILLING_SECRET", default_country: "DE", destinations: ["meta", "ga4", "hook"]},
    },
    destinations: {
      meta: {dataset_id: "1234567890123456"},
      ga4: {measurement_id: "G-9ABCDE1234", eu: true},
      hook: {platform: "webhook", url: "https://hooks.example/edgetally"},
    },
  };
}

/** The queue hands over after a second, or when 50 messages have gathered. */
export const QUEUE = {maxBatchSize: 50, maxBatchTimeout: 1};
