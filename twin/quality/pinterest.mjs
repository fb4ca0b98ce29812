/**
 * What Pinterest says about the quality of what it got: `GET /v5/ad_accounts/{ad account}/conversion_eqs` (API description 5.23.0,
 * "Get event quality score", read 2026-11). When it is good, and when fair, is made up: Pinterest publishes no thresholds.
 */

import { isObject, isText } from "../checks.mjs";
import { count, counted, percent, summed } from "./tally.mjs";

/** @typedef {import("../types.mjs").TwinRequest} TwinRequest */
/** @typedef {import("../types.mjs").PlatformState} PlatformState */

const DAY = 86_400_000;
const SPANS = new Map([["1d", DAY], ["14d", 14 * DAY]]);
/** @type {Record<string, readonly string[]>} */
const CHOICES = { lookback_period: [...SPANS.keys()], source_platform: ["WEB", "MOBILE"], ingestion_source: ["CONVERSIONS_API", "TAG", "MMP"] };

/** Components, and where in an event they are. @type {[component: string, of: "event" | "user_data" | "custom_data", key: string][]} */
const COMPONENTS = [
  ["hashed_email", "user_data", "em"], ["hashed_maid", "user_data", "hashed_maids"], ["advertiser_external_id", "user_data", "external_id"],
  ["click_id_epik", "user_data", "click_id"], ["ip_address", "user_data", "client_ip_address"], ["user_agent", "user_data", "client_user_agent"],
  ["external_event_id", "event", "event_id"], ["order_id", "custom_data", "order_id"], ["order_value", "custom_data", "value"],
  ["product_id", "custom_data", "content_ids"], ["source_url", "event", "event_source_url"],
];

/**
 * Remembers events that were taken.
 * @param {PlatformState} state
 * @param {string} account
 * @param {number} now
 * @param {readonly Record<string, unknown>[]} events
 */
export function remember(state, account, now, events) {
  const web = events.filter((event) => event.action_source === "web");
  count(state.memory, `pinterest ${account}`, now, web.map((event) => {
    const there = COMPONENTS.filter(([, of, key]) => {
      const within = of === "event" ? event : isObject(event[of]) ? event[of] : {};
      const value = within[key];
      return isText(value) || (Array.isArray(value) && value.length > 0);
    });
    return { of: [String(event.event_name).toLowerCase()], keys: there.map(([component]) => component) };
  }));
}

/**
 * The body, or the parameter that is wrong.
 * @param {TwinRequest} request
 * @param {PlatformState} state
 * @param {string} account
 * @returns {{body: unknown} | {wrong: string}}
 */
export function quality(request, state, account) {
  for (const [name, value] of request.query) {
    if (!CHOICES[name]?.includes(value)) return { wrong: name };
  }
  const lookback = request.query.get("lookback_period") ?? "";
  const span = SPANS.get(lookback);
  if (span === undefined) return { wrong: "lookback_period" };
  const asked = (/** @type {string} */ name, /** @type {string} */ value) => (request.query.get(name) ?? value) === value;
  // All that comes by this interface, of the web.
  const sums = asked("source_platform", "WEB") && asked("ingestion_source", "CONVERSIONS_API")
    ? summed(counted(state.memory, `pinterest ${account}`, request.now - span), 0) : new Map();
  if (sums.size === 0) return { body: [] };
  /** @type {Record<string, Record<string, object>>} */
  const components = {};
  let weakest = 100;
  for (const [component] of COMPONENTS) {
    for (const [event, { n, keys }] of sums) {
      const coverage = percent(keys[component], n);
      const both = component === "external_event_id" ? { overlap: 0 } : {};
      const issues = coverage < 50 ? [{ id: 1, name: `${component}_coverage`, reason: "too few events have it" }] : [];
      components[component] = { ...components[component], [event]: { coverage, ...both, issues } };
      if (component === "hashed_email") weakest = Math.min(weakest, coverage);
    }
  }
  return {
    body: [{
      overall_status: weakest >= 80 ? "GOOD" : weakest >= 40 ? "FAIR" : "NEEDS_IMPROVEMENT",
      quality_components: components, ingestion_source: "CONVERSIONS_API", source_platform: "WEB", lookback_period: lookback,
    }],
  };
}
