// `edgetally gate`: whether a release changed what arrives, with a number that a pipeline goes by.

import {FOUND_WANTING, UNREACHABLE, USAGE, usage} from "../exits.mjs";
import {GATEWAY_FLAGS, GATEWAY_HELP, Gateway} from "../gateway.mjs";
import {harmless, milliseconds, sources, summarise, tell, together, verdicts} from "../releases.mjs";
import {bold, clock, counted, dim, print, red} from "../terminal.mjs";
import {givingAll, idOf, traffic, typed} from "../versions.mjs";
import {wrangler} from "../wrangler.mjs";

/** What its numbers mean. They differ from those of the other words, since a pipeline has to tell "not yet" from "no". */
const ENDS = /** @type {const} */ ({pass: 0, fail: 1, inconclusive: 2});
export const exits = {[FOUND_WANTING]: 3, [USAGE]: 3, [UNREACHABLE]: 4};

export {words as usage};
const words = "--before A --after B [flags]";
export const help = `
Compares what came with two releases of a site, or with two versions of the gateway: how often each event
came, with which fields and match keys, what was refused, what consent allowed. What is compared, and how, is
in docs/gate.md; the gateway computes it from its ledger (GET /v1/releases/compare).

  --after LABEL      the release that is judged
  --before LABEL     the one that it is held against (the one that had most of the traffic before)
  --source NAME      of which sender; repeat it for several (the only one)
  --by WORD          release: the site's, as the sender names it; worker: the gateway's own version, by its
                     tag or the first 8 characters of its id (release)
  --wait TIME        how long to wait while nothing can be told: 30m, 2h (0)
  --every TIME       between two looks (60s)
  --looks WORD       hourly: each look counts, by a rule that allows for many; once: a single look when the
                     wait is over, which sees more with as many events (hourly with --wait, else once)
  --min-events N     of the judged release, before anything is said (200)
  --watch LIST       events that have to be seen well enough for a pass (those that come once an hour)
  --set NAME=NUMBER  a threshold: alpha, q, volume, coverage, duplicates, rejects, see
  --on-inconclusive WORD   pass: ends with 0; fail: with 1 (else with 2)
  --rollback         on failure, gives all traffic of the gateway back to the version before
  --rollback-to VERSION    to this one, by its tag or id (--before, with --by worker)
  --json             the verdict and all that was found, as one JSON document

${GATEWAY_HELP}

Where GITHUB_STEP_SUMMARY is set, a table is written there. Asked again, it says the same again.
Ends with 0: pass, 1: fail, 2: nobody can tell yet, 3: asked in a way that cannot be done (an unknown label or
token, too), 4: the gateway cannot be reached. The other words have other numbers.`;

export const flags = /** @type {const} */ ({
  ...GATEWAY_FLAGS,
  before: {type: "string"},
  after: {type: "string"},
  source: {type: "string", multiple: true},
  by: {type: "string"},
  wait: {type: "string"},
  every: {type: "string"},
  looks: {type: "string"},
  "min-events": {type: "string"},
  watch: {type: "string"},
  set: {type: "string", multiple: true},
  "on-inconclusive": {type: "string"},
  rollback: {type: "boolean"},
  "rollback-to": {type: "string"},
});

const EVERY_MS = 60_000;

/**
 * One of the words that a flag takes.
 * @template {string} T
 * @param {Record<string, any>} flags
 * @param {string} name
 * @param {readonly T[]} known
 * @param {T} otherwise
 * @returns {T}
 */
function choice(flags, name, known, otherwise) {
  const given = flags[name] ?? otherwise;
  if (!known.includes(given)) throw usage(`--${name} ${given}: is ${known.join(" or ")}`);
  return given;
}

/** What is asked of each source. @param {Record<string, any>} flags @param {string[]} named */
function questions(flags, named) {
  /** @type {Record<string, string>} */
  const common = {by: choice(flags, "by", /** @type {const} */ (["release", "worker"]), "release"), after: flags.after};
  if (flags.before !== undefined) common.before = flags.before;
  if (flags["min-events"] !== undefined) common.min_events = flags["min-events"];
  if (flags.watch !== undefined) common.watch = flags.watch;
  for (const text of flags.set ?? []) {
    const [, name, value] = /^([a-z]+)=([\d.]+)$/.exec(text) ?? [];
    if (name === undefined || value === undefined) throw usage(`--set ${text}: has to be NAME=NUMBER, such as volume=0.2`);
    common[name] = value;
  }
  return named.map((source) => ({source, ...common}));
}

/**
 * Back to the version before: what a person types, whether it was done, and if not, why not. It changes no verdict.
 * @param {Record<string, any>} flags
 * @param {string} label
 */
async function back(flags, label) {
  let command = typed(label, undefined);
  try {
    const id = await idOf(flags.project, label);
    command = typed(label, id);
    if (!flags.rollback) return {command, done: false};
    if (id === undefined) return {command, done: false, error: `wrangler lists no version ${harmless(label)}`};
    const shares = await traffic(flags.project);
    if (shares?.length === 1 && shares[0]?.id === id) return {command, done: true};
    const ran = await wrangler(flags.project, givingAll(id));
    if (ran.code === 0) return {command, done: true};
    return {command, done: false, error: `wrangler versions deploy ended with ${ran.code}\n${ran.output.trim()}`};
  } catch (error) {
    return {command, done: false, ...(flags.rollback && {error: /** @type {Error} */ (error).message})};
  }
}

/** @param {Record<string, any>} flags @param {string[]} given */
export async function run(flags, given) {
  if (given.length > 0) throw usage(`"${given[0]}" is one word too many`);
  if (flags.after === undefined) throw usage("--after: which release is judged?");
  const wait = milliseconds("wait", flags.wait ?? "0");
  const every = Math.max(1, milliseconds("every", flags.every ?? `${EVERY_MS}ms`));
  const looks = choice(flags, "looks", /** @type {const} */ (["once", "hourly"]), wait > 0 ? "hourly" : "once");
  const undecided = choice(flags, "on-inconclusive", /** @type {const} */ (["inconclusive", "pass", "fail"]), "inconclusive");
  const byWorker = choice(flags, "by", /** @type {const} */ (["release", "worker"]), "release") === "worker";
  if (flags.rollback && !byWorker && flags["rollback-to"] === undefined) throw usage("--rollback gives back traffic of the gateway; a site's release goes back where the site is deployed. With --by release, --rollback-to says to which version of the gateway");
  const gateway = Gateway.of(/** @type {any} */ (flags));
  if (!gateway.token) throw usage("the admin token is asked for: set EDGETALLY_ADMIN_TOKEN");
  const asked = questions(flags, await sources(gateway, flags.source));
  let told = "";
  let times = 0;
  const answers = await verdicts(gateway, asked, {
    wait,
    every,
    looks,
    looked(all, left) {
      times += 1;
      const open = all.filter(({verdict}) => verdict === "inconclusive");
      const said = open.map(({source, reason}) => `${source}: ${reason}`).join(" ");
      if (flags.json || together(all) !== "inconclusive" || left === 0 || said === told) return;
      told = said;
      print(dim(`… ${harmless(said)} ${clock(left)} left`));
    },
  });
  const verdict = together(answers);
  const ending = verdict === "inconclusive" ? undecided : verdict;
  await summarise(gateway, answers, asked);
  const misspelt = answers.filter(({unknown}) => unknown);
  if (verdict === "inconclusive" && misspelt.length === answers.length) throw usage(misspelt.map(({source, reason}) => `${harmless(source)}: ${reason}`).join("\n"));
  const label = flags["rollback-to"] ?? (byWorker ? (answers.find((one) => one.comparison?.before)?.comparison.before.label ?? flags.before) : undefined);
  if (!flags.json) answers.forEach((one) => tell(one, asked.find(({source}) => source === one.source) ?? {}));
  const rollback = ending === "fail" && label ? await back(flags, label) : undefined;
  if (flags.json) print(JSON.stringify({verdict, exit: ENDS[ending], looks: times, sources: answers.map(({source, verdict: own, reason, comparison}) => ({source, verdict: own, reason, comparison})), ...(rollback && {rollback})}));
  else conclude(verdict, ending, times, rollback, byWorker);
  if (rollback?.error) process.stderr.write(`${red("the traffic was not given back:")} ${rollback.error}\n`);
  return ENDS[ending];
}

/**
 * @param {import("../releases.mjs").Verdict} verdict
 * @param {import("../releases.mjs").Verdict} ending
 * @param {number} times
 * @param {{command: string, done: boolean, error?: string} | undefined} rollback
 * @param {boolean} byWorker
 */
function conclude(verdict, ending, times, rollback, byWorker) {
  if (ending !== verdict) print(dim(`Nobody can tell after ${counted(times, "look")}, which counts as ${ending} here.`));
  if (rollback?.done) print(bold(`All traffic went back: ${rollback.command}`));
  else if (rollback) print(`back: ${rollback.command}`);
  else if (ending === "fail" && !byWorker) print("A site's release goes back where the site is deployed.");
}
