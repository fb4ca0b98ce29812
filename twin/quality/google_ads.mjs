/**
 * What Google Ads says about the conversions that were uploaded: `POST /{version}/customers/{customer}/googleAds:search` over the two
 * resources of offline data diagnostics (Google Ads API, "Monitor offline data diagnostics", v25 fields, read 2026-11).
 *
 * Whether Google counts there what came by the Data Manager API is documented nowhere; here it does.
 */

import { counted, summed } from "./tally.mjs";

/** @typedef {import("../types.mjs").PlatformState} PlatformState */

const DAY = 86_400_000;
const COMMON = [
  "resource_name", "client", "status", "total_event_count", "successful_event_count", "pending_event_count", "last_upload_date_time", "daily_summaries",
  "job_summaries", "alerts",
];
/** @type {Record<string, readonly string[]>} */
const RESOURCES = {
  offline_conversion_upload_client_summary: [...COMMON, "success_rate", "pending_rate"],
  offline_conversion_upload_conversion_action_summary: [...COMMON, "conversion_action_id", "conversion_action_name"],
};

/** `a_word` as JSON has it. @param {string} name */
const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());

/**
 * The rows of a query, or what is wrong with it.
 * @param {PlatformState} state
 * @param {string} customer
 * @param {string} query
 * @param {number} now
 * @returns {{results: object[]} | {wrong: string}}
 */
export function search(state, customer, query, now) {
  const [, list = "", resource = ""] = /^\s*SELECT\s+(.+?)\s+FROM\s+([a-z_]+)\s*$/s.exec(query) ?? [];
  const known = RESOURCES[resource];
  if (!known) return { wrong: "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE" };
  const fields = list.split(/\s*,\s*/).map((field) => (field.startsWith(`${resource}.`) ? field.slice(resource.length + 1) : ""));
  if (!fields.every((field) => known.includes(field))) return { wrong: "UNRECOGNIZED_FIELD" };

  // "Generated from the most recent calendar day with upload stats."
  const all = counted(state.memory, `google_ads ${customer}`, now - 28 * DAY);
  const last = Math.max(...all.map(({ at }) => at));
  const day = Math.floor(last / DAY) * DAY;
  const today = all.filter(({ at }) => at >= day);
  const row = (/** @type {number} */ n, /** @type {number} */ taken, /** @type {object} */ more) => {
    const whole = {
      client: "GOOGLE_ADS_API", status: taken >= n * 0.9 ? "EXCELLENT" : taken >= n * 0.5 ? "GOOD" : "NEEDS_ATTENTION",
      totalEventCount: String(n), successfulEventCount: String(taken), pendingEventCount: "0", successRate: taken / n, pendingRate: 0,
      lastUploadDateTime: new Date(last).toISOString().slice(0, 19).replace("T", " "), ...more,
    };
    const asked = fields.map(camel);
    return { [camel(resource)]: Object.fromEntries(Object.entries(whole).filter(([name]) => asked.includes(name))) };
  };
  if (today.length === 0) return { results: [] };
  const actions = summed(today, 0);
  if (resource === "offline_conversion_upload_conversion_action_summary") {
    return { results: [...actions].map(([action, { n, keys }]) => row(n, keys.taken ?? 0, { conversionActionId: action, conversionActionName: `Action ${action}` })) };
  }
  const [n, taken] = [...actions.values()].reduce(([sum, good], one) => [sum + one.n, good + (one.keys.taken ?? 0)], [0, 0]);
  return { results: [row(n, taken, {})] };
}
