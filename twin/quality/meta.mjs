/**
 * What Meta says about the quality of what it got: `GET /{version}/dataset_quality` (Dataset Quality API) and
 * `GET /{version}/{dataset}/stats` (Graph reference, ads pixel), read 2026-11.
 *
 * Only the server's events are known here, so whatever Meta finds by holding the pixel's against them is missing, as it is
 * at Meta where there is too little data. The score is made up: Meta publishes no formula.
 */

import { isObject } from "../checks.mjs";
import { count, counted, percent, summed } from "./tally.mjs";

/** @typedef {import("../types.mjs").TwinRequest} TwinRequest */
/** @typedef {import("../types.mjs").PlatformState} PlatformState */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** @typedef {{[name: string]: Fields | true}} Fields */

/** Whatever there is. @type {Fields} */
const ALL = { "": true };

const PERCENTAGE = { percentage: true, description: true };
/** The fields of an event that can be asked for. The page's own table has `dedup_key_feedback`, which is refused. */
const WEB = /** @type {Fields} */ ({
  event_name: true,
  event_match_quality: {
    composite_score: true,
    match_key_feedback: { identifier: true, coverage: PERCENTAGE, potential_aly_acr_increase: PERCENTAGE },
    diagnostics: { name: true, description: true, solution: true, percentage: true, affected_event_count: true, total_event_count: true },
  },
  event_coverage: { percentage: true, goal_percentage: true, description: true, potential_aly_acr_increase: PERCENTAGE },
  dedupe_key_feedback: {
    dedupe_key: true, browser_events_with_dedupe_key: PERCENTAGE, server_events_with_dedupe_key: PERCENTAGE,
    overall_browser_coverage_from_dedupe_key: PERCENTAGE,
  },
  data_freshness: { upload_frequency: true, description: true },
  acr: PERCENTAGE,
  event_potential_aly_acr_increase: PERCENTAGE,
});

/** What Meta calls the keys of `user_data`, as far as its answers are known. @type {Record<string, string>} */
const IDENTIFIERS = {
  em: "email", ph: "phone", external_id: "external_id", fbc: "fbc", fbp: "fbp", client_ip_address: "ip_address",
  client_user_agent: "user_agent",
};

/** Whatever makes #100. */
export class FieldError extends Error {}

/**
 * `web{event_name,acr{percentage}}` as a tree; `known` is what there is.
 * @param {string} text
 * @param {Fields} known
 * @returns {Fields}
 */
function parse(text, known) {
  let at = 0;
  /** @param {Fields} there @param {boolean} inner @returns {Fields} */
  const list = (there, inner) => {
    /** @type {Fields} */
    const found = {};
    for (;;) {
      const name = /^[a-z_]+/.exec(text.slice(at))?.[0];
      if (!name) throw new FieldError("(#2500) Syntax error in the fields");
      at += name.length;
      const within = there[name];
      if (within === undefined) throw new FieldError(`(#100) Tried accessing nonexisting field (${name})`);
      if (text[at] === "{") {
        if (within === true) throw new FieldError(`(#100) Subfields are not supported by ${name}`);
        at += 1;
        found[name] = list(within, true);
      } else found[name] = within === true ? true : ALL;
      if (text[at] === "," ) at += 1;
      else if (inner && text[at] === "}") {
        at += 1;
        return found;
      } else if (!inner && at === text.length) return found;
      else throw new FieldError("(#2500) Syntax error in the fields");
    }
  };
  return list(known, false);
}

/**
 * Of a value what was asked for.
 * @param {unknown} value
 * @param {Fields | true} asked
 * @returns {unknown}
 */
function project(value, asked) {
  if (asked === true || asked === ALL) return value;
  if (Array.isArray(value)) return value.map((one) => project(one, asked));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => name in asked).map(([name, one]) => [name, project(one, asked[name] ?? true)]));
}

/**
 * Remembers events that were taken.
 * @param {PlatformState} state
 * @param {string} dataset
 * @param {number} now
 * @param {readonly Record<string, unknown>[]} events
 * @param {unknown} partner The partner agent: `name_major_minor`.
 */
export function remember(state, dataset, now, events, partner) {
  const agent = String(partner ?? "").toLowerCase().replace(/(_\d+)+$/, "");
  count(state.memory, `meta ${dataset}`, now, events.map((event) => {
    const user = isObject(event.user_data) ? event.user_data : {};
    const keys = Object.keys(user).flatMap((key) => IDENTIFIERS[key] ?? []);
    if (event.event_id !== undefined) keys.push("event_id");
    if (now / 1000 - Number(event.event_time) < 3600) keys.push("fresh");
    return { of: [agent, String(event.event_name)], keys };
  }));
}

/**
 * @param {TwinRequest} request
 * @param {PlatformState} state
 */
export function quality(request, state) {
  const dataset = request.query.get("dataset_id") ?? "";
  if (!/^\d+$/.test(dataset)) throw new FieldError("(#100) The parameter dataset_id is required");
  const { web, ...others } = parse(request.query.get("fields") ?? "web", { web: WEB });
  if (Object.keys(others).length > 0) throw new FieldError("(#100) Tried accessing nonexisting field");
  const agent = request.query.get("agent_name");
  const since = counted(state.memory, `meta ${dataset}`, request.now - 2 * DAY);
  const events = summed(since.filter(({ of }) => agent === null || of[0] === agent), 1);
  const rows = [...events].map(([name, { n, keys }]) => {
    const named = Object.values(IDENTIFIERS).filter((key) => keys[key] !== undefined);
    const score = named.reduce((sum, key) => sum + ((keys[key] ?? 0) / n) * (key === "email" || key === "fbc" ? 2.5 : 1), 0);
    return {
      event_name: name,
      event_match_quality: {
        composite_score: Math.round(Math.min(score, 10) * 10) / 10,
        match_key_feedback: named.map((identifier) => ({ identifier, coverage: { percentage: percent(keys[identifier], n) } })),
      },
      dedupe_key_feedback: ["event_id", "external_id", "fbp"].map((dedupe_key) => (
        { dedupe_key, server_events_with_dedupe_key: { percentage: percent(keys[dedupe_key], n) } }
      )),
      data_freshness: { upload_frequency: keys.fresh === n ? "real_time" : "daily" },
    };
  });
  return { web: project(rows, web ?? true) };
}

const AGGREGATIONS = new Set(["event", "event_source", "event_total_counts", "event_processing_results", "match_keys", "had_pii", "host", "device_os"]);

/**
 * @param {TwinRequest} request
 * @param {PlatformState} state
 * @param {string} dataset
 */
export function stats(request, state, dataset) {
  const aggregation = request.query.get("aggregation") ?? "event";
  if (!AGGREGATIONS.has(aggregation)) throw new FieldError("(#100) aggregation is not one of those that there are");
  const start = Number(request.query.get("start_time") ?? request.now / 1000 - 7 * 86_400) * 1000;
  if (!Number.isFinite(start)) throw new FieldError("(#100) start_time is no time");
  const sums = counted(state.memory, `meta ${dataset}`, Math.max(start, request.now - 7 * DAY));
  /** @type {Map<number, Map<string, number>>} */
  const hours = new Map();
  for (const { at, of, n } of sums) {
    const values = hours.get(at) ?? new Map();
    const value = aggregation === "event_source" ? "SERVER" : String(of[1]);
    hours.set(at, values.set(value, (values.get(value) ?? 0) + n));
  }
  return {
    data: [...hours].map(([at, values]) => ({
      start_time: new Date(at).toISOString().replace(".000Z", "+0000"), aggregation, data: [...values].map(([value, n]) => ({ value, count: n })),
    })),
  };
}
