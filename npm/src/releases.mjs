// What the gateway says of two releases, asked again until it can tell, and told in plain words.

import {appendFileSync} from "node:fs";
import {setTimeout as sleep} from "node:timers/promises";
import {Exit, UNREACHABLE, unreachable, usage} from "./exits.mjs";
import {bold, dim, green, print, red, wrap, yellow} from "./terminal.mjs";

/**
 * @typedef {import("./gateway.mjs").Gateway} Gateway
 * @typedef {"pass" | "fail" | "inconclusive"} Verdict
 *
 * @typedef {object} Look what one source's answer was
 * @property {string} source
 * @property {Verdict} verdict
 * @property {string} reason
 * @property {boolean} unknown whether nobody has the label yet
 * @property {any} [comparison] the gateway's answer
 *
 * @typedef {object} Waiting
 * @property {number} wait in milliseconds
 * @property {number} every in milliseconds
 * @property {"once" | "hourly"} looks
 * @property {AbortSignal} [signal] ends the waiting
 * @property {(looks: Look[], left: number) => void} [looked]
 */

const PATH = "/v1/releases/compare";
/** After so many looks in a row that nobody answered, nobody will. */
const MOST_UNANSWERED = 3;

/** @type {Record<string, number>} */
const UNITS = {ms: 1, s: 1000, m: 60_000, h: 3_600_000};

/**
 * A time such as 30m, 90s or 2h; a number alone is of seconds.
 * @param {string} flag
 * @param {string} text
 */
export function milliseconds(flag, text) {
  const [, number, unit = "s"] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  if (number === undefined) throw usage(`--${flag} ${text}: is no time, such as 30m, 90s or 2h`);
  return Number(number) * (UNITS[unit] ?? 1000);
}

/**
 * One answer. Nobody answering, or a ledger that is away, is an Exit that may pass; anything else that is no answer ends it.
 * @param {Gateway} gateway
 * @param {Record<string, string>} question
 * @returns {Promise<Look>}
 */
export async function look(gateway, question) {
  const source = question.source ?? "";
  const {status, body} = await gateway.admin(`${PATH}?${new URLSearchParams(question)}`);
  if (status === 200 && ["pass", "fail", "inconclusive"].includes(body?.verdict)) return {source, verdict: body.verdict, reason: body.reason, unknown: false, comparison: body};
  if (body?.error?.code === "label_unknown") return {source, verdict: "inconclusive", reason: body.error.message, unknown: true};
  throw refused(PATH, status, body);
}

/**
 * What an answer that is none means: asked wrongly, or nobody there who can answer now.
 * @param {string} path
 * @param {number} status
 * @param {any} body
 */
function refused(path, status, body) {
  if (status === 401) return usage("the gateway does not know this admin token (EDGETALLY_ADMIN_TOKEN)");
  if (status === 404) return usage(`the gateway has no ${path}: it is of an earlier release`);
  const said = `${path} answers ${status}${body?.error ? ` ${harmless(body.error.code)}: ${harmless(body.error.message)}` : ""}`;
  return status === 429 || status >= 500 ? unreachable(said) : usage(said);
}

/**
 * The sources that were named, or else the only one that the ledger knows.
 * @param {Gateway} gateway
 * @param {string[] | undefined} named
 */
export async function sources(gateway, named) {
  if (named?.length) return [...new Set(named)];
  const {status, body} = await gateway.admin("/v1/ledger");
  if (status !== 200) throw refused("/v1/ledger", status, body);
  const known = Object.keys(body?.intake ?? {});
  if (known.length === 1) return known;
  throw usage(known.length === 0 ? "the ledger has no events of any source yet" : `which source? --source ${known.map(harmless).join(", --source ")}`);
}

/**
 * The verdict on all sources: a failure anywhere fails, and only where each passes it is a pass.
 * @param {Look[]} looks
 * @returns {Verdict}
 */
export function together(looks) {
  if (looks.some(({verdict}) => verdict === "fail")) return "fail";
  return looks.length > 0 && looks.every(({verdict}) => verdict === "pass") ? "pass" : "inconclusive";
}

/**
 * Looks until there is a verdict, or the time is up. With "hourly" each look is believed, by a rule that allows for it; with
 * "once" there is one look, at the end.
 * @param {Gateway} gateway
 * @param {Record<string, string>[]} questions one for each source
 * @param {Waiting} waiting
 * @returns {Promise<Look[]>}
 */
export async function verdicts(gateway, questions, {wait, every, looks, signal, looked}) {
  const end = Date.now() + wait;
  const pause = (/** @type {number} */ ms) => sleep(Math.max(0, ms), undefined, signal ? {signal} : {});
  if (looks === "once") await pause(wait);
  /** @type {Map<string, Look>} */
  const answers = new Map();
  for (let unanswered = 0; ; ) {
    try {
      for (const question of questions) {
        const source = question.source ?? "";
        if (answers.get(source)?.verdict !== "pass") answers.set(source, await look(gateway, {...question, looks}));
      }
      unanswered = 0;
    } catch (error) {
      unanswered += 1;
      if (!(error instanceof Exit) || error.code !== UNREACHABLE || unanswered >= MOST_UNANSWERED || Date.now() >= end) throw error;
    }
    const all = [...answers.values()];
    const left = end - Date.now();
    if (unanswered === 0) {
      looked?.(all, Math.max(0, left));
      if (together(all) !== "inconclusive" || left <= 0) return all;
    }
    await pause(Math.min(every, left));
  }
}

/**
 * What others named, so that it moves no cursor and is no word to whoever reads a job's log.
 * @param {unknown} text
 */
export function harmless(text) {
  return String(text)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu, " ")
    .replaceAll("::", ": :")
    .replaceAll("##[", "# #[");
}

/** @param {unknown} at an hour, as the gateway says it */
const hour = (at) => `${new Date(/** @type {any} */ (at)).toISOString().slice(0, 16).replace("T", " ")} UTC`;

/** @param {unknown} label */
const named = (label) => (label === "" ? "(no label)" : harmless(label));

const MARKS = {pass: green("✓ pass"), fail: red("✗ fail"), inconclusive: yellow("? inconclusive")};
/** So many findings of one weight are told; the summary of a job and --json have more. */
const MOST_FINDINGS = 12;

/** @param {any} finding */
function tellFinding({severity, text, destination, also, since}) {
  const places = [destination, ...(also ?? [])].filter(Boolean).map(harmless);
  const where = also?.length > 0 ? ` The same at ${places.slice(destination ? 1 : 0).join(", ")}.` : "";
  const when = since === null || since === undefined ? "" : ` Since ${hour(since)}.`;
  const word = severity === "fail" ? red("fail") : severity === "warn" ? yellow("warn") : dim("note");
  print(`  ${word}  ${wrap(`${harmless(text)}${where}${when}`, 8).trimStart()}`);
}

/**
 * An answer in plain words: which event, which field, how much, since when.
 * @param {Look} look
 * @param {Record<string, string>} question
 */
export function tell({source, verdict, reason, comparison}, question) {
  const before = comparison?.before?.label ?? question.before;
  print(`${MARKS[verdict]}  ${bold(`${harmless(source)}: ${before === undefined ? "" : `${named(before)} → `}${named(question.after)}`)}`);
  const findings = comparison?.findings ?? [];
  // The first finding of a failure is its reason.
  if (verdict !== "fail" || findings.length === 0) print(wrap(harmless(reason)));
  for (const severity of ["fail", "warn", "note"]) {
    const some = findings.filter((/** @type {any} */ finding) => finding.severity === severity);
    some.slice(0, MOST_FINDINGS).forEach(tellFinding);
    if (some.length > MOST_FINDINGS) print(dim(`        … and ${some.length - MOST_FINDINGS} more of that weight`));
  }
  if (comparison?.after && comparison?.before) {
    const span = (/** @type {any} */ window) => `${Math.round(window.events)} events in ${window.hours} h from ${hour(window.since)}`;
    print(dim(wrap(`compared  ${span(comparison.after)} with ${comparison.concurrent ? "the same hours" : "hours before"}, ${span(comparison.before)}`)));
  }
  const seen = (comparison?.sight ?? []).filter((/** @type {any} */ one) => one.watched);
  if (seen.length > 0) {
    const drops = seen.map((/** @type {any} */ one) => `${harmless(one.event)} ${one.smallest_drop === null ? "none" : `${Math.round(one.smallest_drop * 100)} %`}`);
    print(dim(wrap(`the smallest drop that could have been seen: ${drops.join(", ")}`)));
  }
}

/**
 * The gateway's table, put into the summary of a job where there is one. Where that fails, nothing else does.
 * @param {Gateway} gateway
 * @param {Look[]} looks
 * @param {Record<string, string>[]} questions
 */
export async function summarise(gateway, looks, questions) {
  const file = process.env.GITHUB_STEP_SUMMARY;
  if (!file) return;
  try {
    for (const one of looks) {
      const question = questions.find(({source}) => source === one.source) ?? {};
      let text = `### ${harmless(one.source).replace(/[^\w .-]/g, " ")}: **${one.verdict}**\n\n${one.unknown ? "Nothing came with that release or version yet." : ""}\n`;
      if (one.comparison) {
        const asked = new URLSearchParams({...question, looks: one.comparison.question.looks, until: String(one.comparison.question.until), format: "markdown"});
        const reply = await gateway.admin(`${PATH}?${asked}`);
        if (reply.status === 200) text = reply.text;
      }
      appendFileSync(file, `${text.trimEnd()}\n\n`);
    }
  } catch (error) {
    process.stderr.write(`the job's summary was not written: ${/** @type {Error} */ (error).message}\n`);
  }
}
