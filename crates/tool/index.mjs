// The core for Node: objects in, objects out. Faults come back as `{error: {code, message, path?, faults?}}`; nothing is thrown,
// whatever is handed in.

// @ts-ignore It is built: scripts/build-tool.sh puts the two beside each other.
import * as core from "./core.js";

/** @typedef {{code: string, message: string, path?: string, faults?: {path: string, message: string}[]}} Fault */
/** @typedef {{error: Fault}} Refused */
/** @typedef {{message: string, path?: string}} Wrong */
/** @typedef {{name: string, for: string[], optional: boolean}} Need */
/** @typedef {{said: string[], warnings: string[], errors: Wrong[], secrets: Need[]}} Checked */
/** @typedef {{for: "events" | "access_token", method: string, url: string, headers: Record<string, string>, body: string}} Sent */
/** @typedef {{verdict: string, code?: string, words: string}} Verdict */
/** @typedef {{path: string, code: string, words: string}} Remark */
/** @typedef {{index: number, event_id?: string, status: string, code?: string, path?: string, message?: string, removed: Remark[], changed: Remark[]}} Taken */
/** @typedef {Partial<Verdict> & {destination: string, platform: string, events: ({index: number, event_id: string} & Verdict)[], requests: Sent[]}} Reached */
/** @typedef {{status: number, signature_assumed: boolean, result: any, events: Taken[], destinations: Reached[]}} Explained */
/** @typedef {{source?: string, as?: "page" | "server", country?: string, region?: string, gpc?: boolean, ip?: string, user_agent?: string, referer?: string, cookies?: string, now_ms: number}} Sender */
/** @typedef {{kind: string, value: string | number, country?: string, show?: boolean}} Identifier */
/** @typedef {{destination: string, dialect: string, form: "sha256" | "clear", digest?: string, text?: string, code?: string, words?: string}} Row */
/** @typedef {{source: string, key: string, required: boolean, by_region: boolean, consent: string[], pixels: string[], categories: Record<string, "analytics" | "ads">, hold_ms: number, cookies: boolean, page_views: boolean, maps: Record<string, Record<string, string>>}} Page */
/** @typedef {{destination: string, platform: string, test: "platform" | "dry_run"}} Wired */
/** @typedef {{source: string, page: boolean, server: boolean, key: string | null, origins: string[], secret: string | null, test: boolean, destinations: Wired[]}} Source */

/**
 * Text as it is, anything else as JSON.
 * @param {unknown} value
 */
function text(value) {
  if (typeof value === "string") return value;
  const json = JSON.stringify(value);
  if (json === undefined) throw new TypeError("no text");
  return json;
}

/**
 * @param {(...values: any[]) => string} ask
 * @param {() => unknown[]} values
 * @returns {any}
 */
function call(ask, values) {
  let given;
  try {
    given = values();
  } catch {
    return {error: {code: "request_invalid", message: "an argument is neither a text nor JSON"}};
  }
  try {
    return JSON.parse(ask(...given));
  } catch {
    // Nothing of the failure: what was handed in may be in it.
    return {error: {code: "tool_failed", message: "the tool itself failed; please report it, with what you asked"}};
  }
}

/**
 * What is wrong with a `wrangler.toml`, and which secrets it needs.
 * @param {string} configuration the text of `wrangler.toml`
 * @param {number} now milliseconds since 1970
 * @returns {Checked | Refused}
 */
export const check = (configuration, now) => call(core.check, () => [text(configuration), Number(now)]);

/**
 * What becomes of an event, or of a list of them, and the requests that it leads to. Secrets stand there by their names.
 * @param {string | object} configuration `wrangler.toml`, or settings as JSON
 * @param {string | object} event as to `POST /v1/events`
 * @param {Sender} sender who sends, from where, when
 * @returns {Explained | Refused}
 */
export const explain = (configuration, event, sender) =>
  call(core.explain, () => [text(configuration), text(event), text(sender)]);

/**
 * What was said about consent, in words, as `POST /v1/consent/explain` tells it.
 * @param {string | object} configuration; without one (`""`), for every platform as it is without further settings
 * @param {string | object} question `{source?, country?, consent}`
 * @param {number} now milliseconds since 1970
 * @returns {any}
 */
export const explainConsent = (configuration, question, now) =>
  call(core.explain_consent, () => [text(configuration), text(question), Number(now)]);

/**
 * Identifiers as every platform wants them; the normalised text only with `show`.
 * @param {string | Identifier | Identifier[]} question
 * @returns {Row[] | Row[][] | Refused}
 */
export const hash = (question) => call(core.hash, () => [text(question)]);

/**
 * For each source that has pages, what their script is made of.
 * @param {string | object} configuration `wrangler.toml`, or settings as JSON
 * @returns {Page[] | Refused}
 */
export const page = (configuration) => call(core.page, () => [text(configuration)]);

/**
 * The sources, who sends for them, and their destinations.
 * @param {string | object} configuration `wrangler.toml`, or settings as JSON
 * @returns {Source[] | Refused}
 */
export const sources = (configuration) => call(core.sources, () => [text(configuration)]);
