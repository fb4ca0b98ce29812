// The tarball as somebody installs it: into a folder of their own, without a network, with the repository's wrangler as theirs.

import assert from "node:assert/strict";
import {execFileSync, spawn} from "node:child_process";
import {mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {fileURLToPath} from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const VERSION = JSON.parse(readFileSync(join(ROOT, "npm/package.json"), "utf8")).version;
export const TARBALL = join(ROOT, "dist", `edgetally-${VERSION}.tgz`);

/** What a shell must never take apart, and a tool must never encode. */
export const AWKWARD = "my shop (1)/ümlaut";

/**
 * @param {{after: (done: () => void) => void}} context a test, or `{after}` for as long as the file
 * @param {string} [name]
 */
export function temporary(context, name = ".") {
  const base = mkdtempSync(join(tmpdir(), "edgetally-package-"));
  context.after(() => rmSync(base, {recursive: true, force: true, maxRetries: 5}));
  const folder = join(base, name);
  mkdirSync(folder, {recursive: true});
  return folder;
}

/**
 * Installs the tarball.
 * @param {string} folder
 * @param {{wrangler?: string | false}} [options] another wrangler than the repository's, or none
 */
export function install(folder, {wrangler = join(ROOT, "node_modules/wrangler")} = {}) {
  execFileSync("npm", ["install", "--offline", "--no-audit", "--no-fund", "--ignore-scripts", "--no-save", "--loglevel=error", TARBALL], {
    cwd: folder,
    env: {...process.env, npm_config_cache: join(folder, "..", ".npm-cache"), npm_config_update_notifier: "false"},
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (wrangler) symlinkSync(wrangler, join(folder, "node_modules/wrangler"));
}

/** @param {string} folder */
export const command = (folder) => join(folder, "node_modules/.bin/edgetally");

/** An environment without what the tests' own would answer. @param {Record<string, string | undefined>} [more] */
export function environment(more = {}) {
  /** @type {Record<string, string | undefined>} */
  const all = {...process.env, NO_COLOR: "1"};
  for (const name of ["CI", "FORCE_COLOR", "EDGETALLY_URL", "EDGETALLY_ADMIN_TOKEN", "EDGETALLY_SOURCE_SECRET", "NODE_TEST_CONTEXT"]) delete all[name];
  return {...all, ...more};
}

/**
 * Runs the installed command to its end.
 * @param {string} folder
 * @param {string[]} args
 * @param {{env?: Record<string, string | undefined>, input?: string, cwd?: string}} [options]
 * @returns {Promise<{code: number | null, stdout: string, stderr: string}>}
 */
export function run(folder, args, {env, input = "", cwd = folder} = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command(folder), args, {cwd, env: environment(env), stdio: ["pipe", "pipe", "pipe"]});
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
    child.on("error", reject);
    child.on("close", (code) => resolve({code, stdout, stderr}));
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/**
 * Starts `edgetally dev` and answers when it says that it runs.
 * @param {{after: (done: () => Promise<void>) => void}} context
 * @param {string} folder
 * @returns {Promise<import("../../npm/src/gateway.mjs").Dev & {stop: () => Promise<number | null>}>}
 */
export async function dev(context, folder) {
  const child = spawn(command(folder), ["dev", "--json", "--port", "0", "--page-port", "0"], {cwd: folder, env: environment(), stdio: ["ignore", "pipe", "pipe"]});
  let [stdout, stderr] = ["", ""];
  const closed = new Promise((resolve) => child.on("close", resolve));
  const stop = async () => {
    if (child.exitCode === null) child.kill("SIGINT");
    return /** @type {Promise<number | null>} */ (closed);
  };
  context.after(async () => {
    await stop();
  });
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  const line = await new Promise((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
      if (stdout.includes("\n")) resolve(stdout.split("\n")[0]);
    });
    child.on("close", (code) => reject(new Error(`dev ended with ${code}: ${stdout}${stderr}`)));
  });
  return {...JSON.parse(line), stop};
}

/**
 * @template T
 * @param {string} what
 * @param {() => Promise<T | undefined | false>} condition
 * @returns {Promise<T>}
 */
export async function waitFor(what, condition) {
  const end = Date.now() + 30_000;
  for (;;) {
    const found = await condition();
    if (found) return found;
    assert.ok(Date.now() < end, `waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Settings with ids of their own, so that nothing stands there that an example has. */
export const OWN = ["--site", "https://shop.example", "--country", "DE", "--consent", "required", "--destinations", "meta,ga4,hook",
  "--set", "meta.dataset_id=1111222233334444", "--set", "ga4.measurement_id=G-0WN1D00000", "--set", "hook.url=https://in.own.example/edgetally"];

/** @param {string} folder @param {string} name @param {(text: string) => string} change */
export function edit(folder, name, change) {
  const file = join(folder, name);
  const before = readFileSync(file, "utf8");
  const after = change(before);
  assert.notEqual(after, before, `nothing to change in ${name}`);
  writeFileSync(file, after);
}
