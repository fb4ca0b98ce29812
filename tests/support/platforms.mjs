// Every destination as the demo and the tests set it up: what the settings call it, what the twin calls it, what people
// call it, and the secrets that the twin accepts. A new platform is one entry.

import {credentials} from "../../twin/credentials.mjs";
import {DEFAULTS} from "../../twin/server.mjs";

/** The standard events that a shop has use for; platforms that know events by numbers get one for each. */
const EVENTS = ["page_view", "view_item", "search", "add_to_cart", "begin_checkout", "purchase", "generate_lead", "sign_up"];

/**
 * @param {(n: number) => string} id
 * @returns {Record<string, string>}
 */
const numbered = (id) => Object.fromEntries(EVENTS.map((event, n) => [event, id(n + 1)]));

/**
 * @typedef {object} Platform
 * @property {string} name in the settings
 * @property {string} platform at the twin
 * @property {string} title for people
 * @property {Record<string, unknown>} settings
 * @property {Record<string, string>} secrets
 */

/** @type {readonly Platform[]} */
export const PLATFORMS = [
  {
    name: "meta",
    platform: "meta",
    title: "Meta",
    settings: {dataset_id: "1234567890123456"},
    secrets: {META_ACCESS_TOKEN: DEFAULTS.metaToken},
  },
  {
    name: "ga4",
    platform: "ga4",
    title: "GA4",
    settings: {measurement_id: "G-9ABCDE1234", eu: true},
    secrets: {GA4_API_SECRET: "ga4-secret-for-tests"},
  },
  {
    name: "google_ads",
    platform: "google_ads",
    title: "Google Ads",
    settings: {customer_id: "1234567890", conversion_actions: numbered((n) => `98765432${n}`), refunds: true, status_seconds: 1},
    secrets: {GOOGLE_ADS_SERVICE_ACCOUNT: JSON.stringify(credentials.google_ads.serviceAccount)},
  },
  {
    name: "tiktok",
    platform: "tiktok",
    title: "TikTok",
    settings: {pixel_code: "C4A1B2C3D4E5F6G7H8I9"},
    secrets: {TIKTOK_ACCESS_TOKEN: credentials.tiktok.token},
  },
  {
    name: "pinterest",
    platform: "pinterest",
    title: "Pinterest",
    settings: {ad_account_id: "549755885175"},
    secrets: {PINTEREST_ACCESS_TOKEN: credentials.pinterest.token},
  },
  {
    name: "snapchat",
    platform: "snapchat",
    title: "Snapchat",
    settings: {pixel_id: "0f0f0f0f-1a2b-4c3d-8e4f-5a6b7c8d9e0f"},
    secrets: {SNAPCHAT_ACCESS_TOKEN: credentials.snapchat.token},
  },
  {
    name: "reddit",
    platform: "reddit",
    title: "Reddit",
    settings: {pixel_id: "a2_exampl3"},
    secrets: {REDDIT_ACCESS_TOKEN: credentials.reddit.token},
  },
  {
    name: "linkedin",
    platform: "linkedin",
    title: "LinkedIn",
    settings: {client_id: credentials.linkedin.clientId, conversions: numbered((n) => `10401${n}`)},
    secrets: {
      LINKEDIN_CLIENT_SECRET: credentials.linkedin.clientSecret,
      LINKEDIN_REFRESH_TOKEN: credentials.linkedin.refreshToken,
    },
  },
  {
    name: "x",
    platform: "x",
    title: "X",
    settings: {pixel_id: "o8z6j", tags: numbered((n) => `tw-o8z6j-q4x9${n}`), oauth: true},
    secrets: {
      X_CONSUMER_KEY: credentials.x.consumerKey,
      X_CONSUMER_SECRET: credentials.x.consumerSecret,
      X_ACCESS_TOKEN: credentials.x.token,
      X_ACCESS_TOKEN_SECRET: credentials.x.tokenSecret,
    },
  },
  {
    name: "microsoft",
    platform: "microsoft",
    title: "Microsoft",
    settings: {tag_id: "97001234", page_views: true},
    secrets: {MICROSOFT_ACCESS_TOKEN: credentials.microsoft.token},
  },
  {
    name: "hook",
    platform: "webhook",
    title: "Webhook",
    settings: {platform: "webhook", url: "https://hooks.example/edgetally"},
    secrets: {HOOK_SECRET: DEFAULTS.webhookSecret},
  },
];

/** The names in the settings. */
export const NAMES = PLATFORMS.map(({name}) => name);

/** The destinations of the settings. */
export const DESTINATIONS = Object.fromEntries(PLATFORMS.map(({name, settings}) => [name, settings]));

/** The secrets of all of them, by name. */
export const PLATFORM_SECRETS = Object.assign({}, ...PLATFORMS.map(({secrets}) => secrets));
