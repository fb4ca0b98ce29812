// `edgetally deploy`: nothing gets traffic that has not answered.

import {execFileSync} from "node:child_process";
import {setTimeout as sleep} from "node:timers/promises";
import {FINE, Exit, UNREACHABLE, usage, wanting} from "../exits.mjs";
import {readConfig} from "../runtime.mjs";
import {bold, dim, green, print, red} from "../terminal.mjs";
import {wrangler} from "../wrangler.mjs";
import {build} from "./build.mjs";
import {judge, tell} from "./check.mjs";

export {words as usage};
const words = "[flags]";
export const help = `
Checks the settings, builds the page's script, uploads a version without traffic, asks that version whether
it is healthy, and only then gives it all traffic. What does not answer well gets none, and what answered
before stays. The first time, and with --whole, everything goes at once ("wrangler deploy"): Cloudflare takes
new Durable Object classes in no other way, and an earlier version cannot be gone back to across them.

  --url URL       where the gateway answers (EDGETALLY_URL; else the routes of wrangler.toml)
  --tag TEXT      of the version (the git commit)
  --message TEXT
  --whole         at once, as for a migration
  --wait SECONDS  how long a version may take to answer well (20)
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
});

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
    const ran = await wrangler(this.project, ["deployments", "status", "--json"]);
    if (ran.code !== 0) {
      if (/10007|10090|does not exist|has no deployments/i.test(ran.output)) return undefined;
      throw wanting(`what is deployed cannot be told: wrangler deployments status ended with ${ran.code}\n${ran.output.trim()}`);
    }
    /** @type {{version_id: string, percentage: number}[]} */
    const versions = JSON.parse(ran.stdout.slice(ran.stdout.indexOf("{"))).versions ?? [];
    const [only, other] = versions.filter(({percentage}) => percentage > 0);
    if (other) throw wanting(`two versions share the traffic: give one of them all of it first (wrangler versions deploy ID@100%)`);
    return only?.version_id;
  }

  /**
   * Asks a version whether it is healthy; with an id, the one of that id.
   * @param {URL} url
   * @param {string} [version]
   * @param {string} [worker]
   */
  async smoke(url, version, worker) {
    /** @type {Record<string, string>} */
    const headers = version ? {"Cloudflare-Workers-Version-Overrides": `${worker}="${version}"`} : {};
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
        const token = process.env.EDGETALLY_ADMIN_TOKEN;
        if (!token) return `edgetally ${health.release} is healthy at ${url.origin}`;
        const ledger = await fetch(new URL("/v1/ledger", url), {headers: {...headers, authorization: `Bearer ${token}`}, signal: AbortSignal.timeout(10_000)});
        if (ledger.status === 200) return `edgetally ${health.release} is healthy at ${url.origin}, and its ledger answers`;
        said = `/v1/ledger answers ${ledger.status}`;
      } catch (error) {
        said = `${url.origin} cannot be reached: ${/** @type {any} */ (error)?.cause?.code ?? /** @type {Error} */ (error).message}`;
      }
    }
    throw reached ? wanting(said) : new Exit(UNREACHABLE, said);
  }

  /** Everything at once. @param {string[]} labels @param {URL | undefined} url */
  async whole(labels, url) {
    const {entries} = await this.wrangler(["deploy", ...labels], "nothing was deployed");
    const deployed = entries.find(({type}) => type === "deploy");
    this.step("deploy", `version ${deployed?.version_id ?? "unknown"} has all traffic`, {version: deployed?.version_id});
    const target = (deployed?.targets ?? []).find((/** @type {string} */ one) => /^https?:/.test(one));
    const where = url ?? (target && new URL(target));
    if (!where) throw usage("deployed, and not smoke-tested: where does it answer? --url or EDGETALLY_URL");
    this.step("smoke test", await this.smoke(where));
  }

  /** @param {string[]} labels @param {URL} url @param {string} before @param {string} worker */
  async gradual(labels, url, before, worker) {
    const {entries} = await this.wrangler(["versions", "upload", ...labels], "nothing was uploaded; where it names a migration, --whole deploys it");
    const version = entries.find(({type}) => type === "version-upload")?.version_id;
    if (!version) throw wanting("wrangler uploaded a version and did not say its id");
    this.step("upload", `version ${version}, without traffic`, {version});
    await this.wrangler(["versions", "deploy", `${version}@0%`, `${before}@100%`, "--yes"], "the version cannot be asked");
    try {
      this.step("smoke test", await this.smoke(url, version, worker), {version});
    } catch (error) {
      await this.wrangler(["versions", "deploy", `${before}@100%`, "--yes"], "the version cannot be taken out again");
      throw new Exit(/** @type {Exit} */ (error).code, `${/** @type {Error} */ (error).message}\nVersion ${version} got no traffic; ${before} has all of it, as before.`);
    }
    await this.wrangler(["versions", "deploy", `${version}@100%`, "--yes"], "the traffic stays where it was");
    await this.wrangler(["triggers", "deploy"], "the version has all traffic, and routes and cron are as before");
    this.step("deploy", `version ${version} has all traffic`, {version, before});
    try {
      this.step("smoke test", await this.smoke(url));
    } catch (error) {
      await this.wrangler(["versions", "deploy", `${before}@100%`, "--yes"], `going back failed: wrangler versions deploy ${before}@100%`);
      throw new Exit(/** @type {Exit} */ (error).code, `${/** @type {Error} */ (error).message}\n${before} has all traffic again.`);
    }
    if (!this.flags.json) print(dim(`back: npx wrangler versions deploy ${before}@100% --yes`));
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
    await deploy.whole(labels, url);
    return FINE;
  }
  if (!url) throw usage("where does it answer? --url or EDGETALLY_URL: a version is asked before it gets traffic");
  await deploy.gradual(labels, url, before, config.name ?? "edgetally");
  return FINE;
}
