// `edgetally deploy`: nothing gets traffic that has not answered.

import {execFileSync} from "node:child_process";
import {appendFileSync} from "node:fs";
import {setTimeout as sleep} from "node:timers/promises";
import {merged} from "../dev.mjs";
import {FINE, FOUND_WANTING, Exit, UNREACHABLE, usage, wanting} from "../exits.mjs";
import {Gateway} from "../gateway.mjs";
import {harmless, milliseconds, summarise, tell as tellLook, together, verdicts} from "../releases.mjs";
import {readConfig} from "../runtime.mjs";
import {bold, clock, dim, green, print, red} from "../terminal.mjs";
import {givingAll, labelOf, traffic, typed} from "../versions.mjs";
import {wrangler} from "../wrangler.mjs";
import {build} from "./build.mjs";
import {judge, tell} from "./check.mjs";

export {words as usage};
const words = "[flags]";
export const help = `
Checks the settings, builds the page's script, uploads a version without traffic, asks that version whether
it is healthy, and only then gives it all traffic; with --canary first a share, and the gate decides. What does
not answer well gets none, and what answered before stays. The first time, and with --whole, everything goes at once ("wrangler deploy"): Cloudflare takes
new Durable Object classes in no other way, and an earlier version cannot be gone back to across them.

Before the first one:
  npx wrangler login
  npx wrangler kv namespace create edgetally-claims     its id goes into wrangler.toml
  npx wrangler queues create edgetally-events           and edgetally-slow, and edgetally-dead
  npx wrangler secret put NAME                          for each that "edgetally check" names

  --url URL       where the gateway answers (EDGETALLY_URL; else the routes of wrangler.toml)
  --tag TEXT      of the version (the git commit)
  --message TEXT
  --whole         at once, as for a migration
  --wait SECONDS  how long a version may take to answer well (20)
  --canary N      first N percent of the traffic, until the gate has said that both versions count the same
  --gate TIME     how long the gate may take: 30m (see "edgetally gate"); where it fails, all traffic goes back
  --every TIME    between two looks of the gate (60s)
  --source NAME   whose events the gate looks at; repeat it for several (all of wrangler.toml)
  --min-events N  of the new version, before the gate says anything (200)
  --on-inconclusive WORD   when nobody can tell in that time: fail, the traffic goes back; or pass (fail)
  --dry-run       check, build and wrangler's own dry run, and no upload
  --json          the steps as JSON, one per line

A deploy sets the variables to those of wrangler.toml: what was set in the dashboard and does not stand
there is gone. Secrets stay. With EDGETALLY_ADMIN_TOKEN the smoke test looks at the ledger too.
Ends with 1 where something was found wanting, 3 where the gateway cannot be reached.`;

export const flags = /** @type {const} */ ({
  url: {type: "string"},
  tag: {type: "string"},
  message: {type: "string"},
  whole: {type: "boolean"},
  wait: {type: "string"},
  "dry-run": {type: "boolean"},
  canary: {type: "string"},
  gate: {type: "string"},
  every: {type: "string"},
  source: {type: "string", multiple: true},
  "min-events": {type: "string"},
  "on-inconclusive": {type: "string"},
});

/**
 * @typedef {object} Canary a share of the traffic, and the gate behind it
 * @property {number} percent
 * @property {number} wait in milliseconds
 * @property {number} every in milliseconds
 * @property {"pass" | "fail"} undecided what it counts as when nobody can tell
 * @property {string[]} sources
 * @property {Gateway} gateway
 * @property {string} label of the version that has the traffic
 * @property {string | undefined} least events before anything is said
 */

const CANARY_PERCENT = 10;
/** @type {NodeJS.Signals[]} */
const SIGNALS = ["SIGINT", "SIGTERM"];

/** A new deployment is known everywhere after some seconds; until then it is asked again. */
const WAIT_SECONDS = 20;
const TRIES = 10;

/** @param {string} project */
function commit(project) {
  try {
    return execFileSync("git", ["rev-parse", "--short=12", "HEAD"], {cwd: project, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"]}).trim();
  } catch {
    return undefined;
  }
}

/**
 * Where it answers, as far as the flags, the environment or the routes say.
 * @param {Record<string, any>} flags
 * @param {any} config
 */
function address(flags, config) {
  const given = flags.url ?? process.env.EDGETALLY_URL;
  const routes = [config.route, ...(config.routes ?? [])].filter(Boolean);
  const [pattern] = routes.map((/** @type {any} */ route) => (typeof route === "string" ? route : route.pattern));
  const text = given || (pattern ? `https://${String(pattern).replace(/^https?:\/\//, "").replace(/\*.*$/, "")}` : undefined);
  if (text === undefined) return undefined;
  if (!URL.canParse(text)) throw usage(`--url ${text}: is no address, such as https://events.shop.example`);
  return new URL(text);
}

/**
 * For the steps of a workflow that come later: which version has the traffic, and which had it before.
 * @param {Record<string, string>} values
 */
function output(values) {
  const file = process.env.GITHUB_OUTPUT;
  if (file) appendFileSync(file, Object.entries(values).map(([name, value]) => `${name}=${value}\n`).join(""));
}

class Deploy {
  /** @param {Record<string, any>} flags */
  constructor(flags) {
    this.flags = flags;
    this.project = flags.project;
    this.wait = Number(flags.wait ?? WAIT_SECONDS);
    if (!Number.isFinite(this.wait) || this.wait < 0) throw usage(`--wait ${flags.wait}: is no number of seconds`);
  }

  /** @param {string} step @param {string} said @param {Record<string, unknown>} [more] */
  step(step, said, more = {}) {
    if (this.flags.json) print(JSON.stringify({step, said, ...more}));
    else print(`${green("✓")} ${bold(step)}  ${said}`);
  }

  /** @param {string[]} args @param {string} what */
  async wrangler(args, what) {
    const ran = await wrangler(this.project, args);
    if (ran.code !== 0) throw wanting(`${what}: wrangler ${args.slice(0, 2).join(" ")} ended with ${ran.code}\n${ran.output.trim()}`);
    return ran;
  }

  /** What has traffic now; undefined before the first deploy. */
  async current() {
    const [only, other] = (await traffic(this.project)) ?? [];
    if (other) throw wanting(`two versions share the traffic: give one of them all of it first (wrangler versions deploy ID@100%)`);
    return only?.id;
  }

  /**
   * Asks a version whether it is healthy, and whether it is the one that is meant: an override that nobody applies is answered
   * by the version that has the traffic.
   * @param {URL} url
   * @param {string | undefined} label of the version that is to answer
   * @param {string} [override] the header by which it is asked while others have the traffic
   */
  async smoke(url, label, override) {
    /** @type {Record<string, string>} */
    const headers = override ? {"Cloudflare-Workers-Version-Overrides": override} : {};
    let said = "";
    let reached = false;
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      if (attempt > 1) await sleep((this.wait * 1000) / TRIES);
      try {
        const reply = await fetch(new URL("/v1/health", url), {headers, signal: AbortSignal.timeout(10_000)});
        const health = /** @type {any} */ (await reply.json().catch(() => undefined));
        reached = true;
        if (reply.status !== 200 || health?.status !== "ok") {
          said = `/v1/health answers ${reply.status}${health?.settings?.length ? `: ${health.settings.map((/** @type {any} */ fault) => (typeof fault === "string" ? fault : fault.path)).join(", ")}` : ""}`;
          continue;
        }
        if (label && health.version && health.version !== label) {
          said = `version ${health.version} answers where ${label} was asked${override ? ": the override was not applied" : ""}`;
          continue;
        }
        const unsaid = health.version ? "" : "; which version answered it does not say (wrangler.toml has no [version_metadata])";
        const token = process.env.EDGETALLY_ADMIN_TOKEN;
        if (!token) return `edgetally ${health.release} is healthy at ${url.origin}${unsaid}`;
        const ledger = await fetch(new URL("/v1/ledger", url), {headers: {...headers, authorization: `Bearer ${token}`}, signal: AbortSignal.timeout(10_000)});
        if (ledger.status === 200) return `edgetally ${health.release} is healthy at ${url.origin}, and its ledger answers${unsaid}`;
        said = `/v1/ledger answers ${ledger.status}`;
      } catch (error) {
        said = `${url.origin} cannot be reached: ${/** @type {any} */ (error)?.cause?.code ?? /** @type {Error} */ (error).message}`;
      }
    }
    throw reached ? wanting(said) : new Exit(UNREACHABLE, said);
  }

  /** Everything at once. @param {string[]} labels @param {URL | undefined} url @param {string | undefined} tag */
  async whole(labels, url, tag) {
    const {entries} = await this.wrangler(["deploy", ...labels], "nothing was deployed");
    const deployed = entries.find(({type}) => type === "deploy");
    this.step("deploy", `version ${deployed?.version_id ?? "unknown"} has all traffic`, {version: deployed?.version_id});
    const target = (deployed?.targets ?? []).find((/** @type {string} */ one) => /^https?:/.test(one));
    const where = url ?? (target && new URL(target));
    if (!where) throw usage("deployed, and not smoke-tested: where does it answer? --url or EDGETALLY_URL");
    this.step("smoke test", await this.smoke(where, deployed?.version_id && labelOf(deployed.version_id, tag)));
  }

  /**
   * @param {string[]} labels
   * @param {URL} url
   * @param {string} before
   * @param {string} worker
   * @param {string | undefined} tag
   * @param {Canary | undefined} canary
   */
  async gradual(labels, url, before, worker, tag, canary) {
    const {entries} = await this.wrangler(["versions", "upload", ...labels], "nothing was uploaded; where it names a migration, --whole deploys it");
    const version = entries.find(({type}) => type === "version-upload")?.version_id;
    if (!version) throw wanting("wrangler uploaded a version and did not say its id");
    const label = labelOf(version, tag);
    this.step("upload", `version ${version}, without traffic`, {version});
    await this.wrangler(["versions", "deploy", `${version}@0%`, `${before}@100%`, "--yes"], "the version cannot be asked");
    try {
      this.step("smoke test", await this.smoke(url, label, `${worker}="${version}"`), {version});
    } catch (error) {
      await this.wrangler(givingAll(before), "the version cannot be taken out again");
      throw new Exit(/** @type {Exit} */ (error).code, `${/** @type {Error} */ (error).message}\nVersion ${version} got no traffic; ${before} has all of it, as before.`);
    }
    if (canary) await this.share(canary, version, before, label);
    await this.wrangler(givingAll(version), "the traffic stays where it was");
    await this.wrangler(["triggers", "deploy"], "the version has all traffic, and routes and cron are as before");
    this.step("deploy", `version ${version} has all traffic`, {version, before});
    try {
      this.step("smoke test", await this.smoke(url, label));
    } catch (error) {
      await this.wrangler(givingAll(before), `going back failed: wrangler versions deploy ${before}@100%`);
      throw new Exit(/** @type {Exit} */ (error).code, `${/** @type {Error} */ (error).message}\n${before} has all traffic again.`);
    }
    if (!this.flags.json) print(dim(`back: ${typed(label, before)}`));
    output({version, before});
  }

  /**
   * A share of the traffic, until the gate has said whether both versions count the same. Whatever goes wrong meanwhile, also
   * a signal, ends with the traffic where it was.
   * @param {Canary} canary
   * @param {string} version
   * @param {string} before
   * @param {string} label
   */
  async share(canary, version, before, label) {
    const {percent, gateway, wait, every, undecided, sources} = canary;
    const stopping = new AbortController();
    const stop = () => stopping.abort();
    // The runtime's library, which reads the settings, ends the process on a signal, before anything is tidied up.
    for (const signal of SIGNALS) process.removeAllListeners(signal).on(signal, stop);
    try {
      await this.wrangler(["versions", "deploy", `${version}@${percent}%`, `${before}@${100 - percent}%`, "--yes"], "the version got no traffic");
      this.step("canary", `version ${version} has ${percent} % of the traffic`, {version, before, percent});
      const asked = sources.map((source) => ({source, by: "worker", before: canary.label, after: label, ...(canary.least && {min_events: canary.least})}));
      const answers = await verdicts(gateway, asked, {wait, every, looks: "hourly", signal: stopping.signal});
      await summarise(gateway, answers, asked);
      const verdict = together(answers);
      if (!this.flags.json) answers.forEach((one) => tellLook(one, asked.find(({source}) => source === one.source) ?? {}));
      const reasons = answers.map(({source, verdict: own, reason}) => `${harmless(source)}: ${own}: ${harmless(reason)}`);
      const more = {verdict, sources: answers.map(({source, verdict: own, reason, comparison}) => ({source, verdict: own, reason, comparison}))};
      if (verdict === "fail" || (verdict === "inconclusive" && undecided === "fail")) {
        if (this.flags.json) this.step("gate", verdict, more);
        throw wanting(verdict === "fail" ? `the gate failed\n${reasons.join("\n")}` : `nobody can tell after ${clock(wait)} whether the version is good (--on-inconclusive pass goes on)\n${reasons.join("\n")}`);
      }
      this.step("gate", verdict === "pass" ? `pass: ${label} counts as ${canary.label || "the version before"} does` : "nobody can tell, which counts as pass here", more);
    } catch (error) {
      const said = stopping.signal.aborted ? "stopped" : /** @type {Error} */ (error).message;
      await this.wrangler(givingAll(before), `${said}\ngoing back failed: wrangler versions deploy ${before}@100%`);
      throw new Exit(error instanceof Exit ? error.code : FOUND_WANTING, `${said}\n${before} has all traffic again.`);
    } finally {
      for (const signal of SIGNALS) process.off(signal, stop);
    }
  }

  /**
   * What a share of the traffic takes; undefined where none was asked for. Everything that can be told before an upload is.
   * @param {any} config
   * @param {URL} url
   * @param {string | undefined} tag
   * @returns {Promise<Canary | undefined>}
   */
  async canary(config, url, tag) {
    const {canary, gate} = this.flags;
    if (canary === undefined && gate === undefined) return undefined;
    const percent = Number(canary ?? CANARY_PERCENT);
    if (!Number.isInteger(percent) || percent < 1 || percent > 50) throw usage(`--canary ${canary}: is a whole number of percents from 1 to 50`);
    if (gate === undefined) throw usage("--canary: for how long? --gate 30m");
    const undecided = this.flags["on-inconclusive"] ?? "fail";
    if (undecided !== "pass" && undecided !== "fail") throw usage(`--on-inconclusive ${undecided}: is pass or fail`);
    const [wait, every] = [milliseconds("gate", gate), milliseconds("every", this.flags.every ?? "60s")];
    const token = process.env.EDGETALLY_ADMIN_TOKEN;
    if (!token) throw usage("--canary asks the ledger: set EDGETALLY_ADMIN_TOKEN");
    if (config.version_metadata === undefined) throw usage("--canary tells versions apart by [version_metadata], which wrangler.toml does not have");
    const sources = this.flags.source ?? Object.keys(merged(config.vars ?? {}).sources);
    if (sources.length === 0) throw usage("--canary: which sources? --source NAME");
    const gateway = new Gateway(url, token);
    // One from before versions had names has none.
    const {body} = await gateway.fetch("/v1/health");
    const label = String(body?.version ?? "");
    if (tag && label === labelOf("", tag)) throw usage(`the version that has the traffic has the tag ${tag} too, so that nobody could tell them apart: another --tag`);
    return {percent, wait, every: Math.max(1, every), undecided, sources, gateway, label, least: this.flags["min-events"]};
  }
}

/** @param {Record<string, any>} flags @param {string[]} given */
export async function run(flags, given) {
  if (given.length > 0) throw usage(`"${given[0]}" is one word too many`);
  const deploy = new Deploy(flags);
  const checked = await judge(flags.project, {strict: true});
  if (checked.errors.length > 0) {
    if (flags.json) print(JSON.stringify({step: "check", ...checked}));
    else tell(checked, true);
    throw wanting(`${red("nothing was deployed")}: the settings are at fault`);
  }
  deploy.step("check", `wrangler.toml is in order${checked.warnings.length > 0 ? `; ${checked.warnings.join("; ")}` : ""}`, {warnings: checked.warnings});
  const config = await readConfig(flags.project);
  const url = address(flags, config);
  if (config.assets?.directory !== undefined) {
    const written = await build(flags.project);
    deploy.step("build", written.map(({path, gzipped}) => `${path}, ${gzipped} bytes gzipped`).join("; ") || "no source has a key", {written});
  }
  if (flags["dry-run"]) {
    await deploy.wrangler(["deploy", "--dry-run"], "the dry run failed");
    deploy.step("dry run", "wrangler would upload it; nothing was");
    return FINE;
  }
  const tag = flags.tag ?? commit(flags.project);
  const labels = [...(tag ? ["--tag", tag] : []), ...(flags.message ? ["--message", flags.message] : [])];
  const before = await deploy.current();
  if (before === undefined || flags.whole) {
    await deploy.whole(labels, url, tag);
    return FINE;
  }
  if (!url) throw usage("where does it answer? --url or EDGETALLY_URL: a version is asked before it gets traffic");
  const canary = await deploy.canary(config, url, tag);
  await deploy.gradual(labels, url, before, config.name ?? "edgetally", tag, canary);
  return FINE;
}
