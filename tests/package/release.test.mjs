// What stops a release before anything is published, and what says what is in one.

import assert from "node:assert/strict";
import {execFileSync, spawnSync} from "node:child_process";
import {cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {test} from "node:test";
import {ROOT, VERSION, edit, temporary} from "./support.mjs";

const READ = ["Cargo.toml", "Cargo.lock", "CHANGELOG.md", "npm/package.json", "python/pyproject.toml", "python/Cargo.toml"];
const REMOTE = "https://github.com/edgetally/edgetally.git";

/** A tree as it is on the day of a release. @param {import("node:test").TestContext} context @param {string} [remote] */
function release(context, remote = REMOTE) {
  const folder = temporary(context);
  for (const name of READ) {
    mkdirSync(join(folder, name, ".."), {recursive: true});
    cpSync(join(ROOT, name), join(folder, name));
  }
  writeFileSync(join(folder, "CHANGELOG.md"), `# Changes\n\n## ${VERSION} (2026-12-01)\n\nAll of it.\n`);
  execFileSync("git", ["init", "--quiet"], {cwd: folder});
  if (remote) execFileSync("git", ["remote", "add", "origin", remote], {cwd: folder});
  return folder;
}

/** @param {string} folder @param {string[]} [args] @param {Record<string, string>} [env] */
function check(folder, args = [`v${VERSION}`], env = {}) {
  const all = {...process.env, ...env};
  if (!env.GITHUB_REPOSITORY) delete all.GITHUB_REPOSITORY;
  const {status, stderr} = spawnSync(process.execPath, [join(ROOT, "scripts/release-check.mjs"), "--root", folder, ...args], {encoding: "utf8", env: all});
  return {status, stderr};
}

test("the tree as it is agrees with itself", () => {
  // Wherever it was cloned from.
  assert.deepEqual(check(ROOT, [], {GITHUB_REPOSITORY: "edgetally/edgetally"}), {status: 0, stderr: ""});
});

test("a release whose versions, changes and repository agree may go out, however the remote is spelled", (context) => {
  for (const remote of [REMOTE, "git@github.com:edgetally/edgetally.git", "ssh://git@github.com/edgetally/edgetally", "https://user@github.com/Edgetally/edgetally/"]) {
    assert.deepEqual(check(release(context, remote)), {status: 0, stderr: ""}, remote);
  }
  assert.equal(check(release(context, ""), undefined, {GITHUB_REPOSITORY: "edgetally/edgetally"}).status, 0);
});

test("each disagreement stops it, and is named", (context) => {
  /** @type {[RegExp, (folder: string) => void][]} */
  const cases = [
    [/npm\/package\.json has version 9\.9\.9/, (folder) => edit(folder, "npm/package.json", (text) => text.replace(`"${VERSION}"`, '"9.9.9"'))],
    [/the tag is v0\.1\.0, the version 9\.9\.9/, (folder) => edit(folder, "Cargo.toml", (text) => text.replace(`version = "${VERSION}"`, 'version = "9.9.9"'))],
    [/Cargo\.toml, edgetally-core has version 9\.9\.9/, (folder) => edit(folder, "Cargo.toml", (text) => text.replace(`version = "=${VERSION}"`, 'version = "=9.9.9"'))],
    [/CHANGELOG\.md begins with "Unreleased"/, (folder) => edit(folder, "CHANGELOG.md", (text) => text.replace(`## ${VERSION} (2026-12-01)`, "## Unreleased"))],
    [/has no repository\.url/, (folder) => edit(folder, "npm/package.json", (text) => text.replace(/"repository": \{[^}]*\},\n/, ""))],
    [/names the repository git\+https:\/\/github\.com\/fork\/edgetally/, (folder) => edit(folder, "npm/package.json", (text) => text.replace("github.com/edgetally/", "github.com/fork/"))],
    [/python\/pyproject\.toml names the repository/, (folder) => edit(folder, "python/pyproject.toml", (text) => text.replace("github.com/edgetally/", "github.com/other/"))],
    [/the version has to come from the crate/, (folder) => edit(folder, "python/pyproject.toml", (text) => text.replace('dynamic = ["version"]', `version = "${VERSION}"`))],
  ];
  for (const [said, change] of cases) {
    const folder = release(context);
    change(folder);
    const {status, stderr} = check(folder);
    assert.equal(status, 1, String(said));
    assert.match(stderr, said);
  }
  assert.match(check(release(context), ["v9.9.9"]).stderr, /the tag is v9\.9\.9/);
  assert.match(check(release(context, "https://github.com/fork/edgetally.git")).stderr, /this one is https:\/\/github\.com\/fork/);
  assert.match(check(release(context), undefined, {GITHUB_REPOSITORY: "fork/edgetally"}).stderr, /this one is https:\/\/github\.com\/fork/);
  assert.match(check(release(context, "")).stderr, /no remote/);
  assert.match(check(release(context), undefined, {REPOSITORY_PRIVATE: "true"}).stderr, /private/);
});

test("whatever publishes needs the check first", () => {
  for (const name of readdirSync(join(ROOT, ".github/workflows"))) {
    const text = readFileSync(join(ROOT, ".github/workflows", name), "utf8");
    if (!/npm publish|gh-action-pypi-publish/.test(text)) continue;
    const jobs = new Map([...text.slice(text.indexOf("\njobs:")).matchAll(/^ {2}([a-z-]+):\n([\s\S]*?)(?=^ {2}[a-z-]+:\n|(?![\s\S]))/gm)].map(([, job, body]) => [String(job), String(body)]));
    const needs = (/** @type {string} */ job) => (/needs: \[([^\]]*)\]/.exec(jobs.get(job) ?? "")?.[1] ?? "").split(",").map((one) => one.trim()).filter(Boolean);
    const reached = new Set(["publish"]);
    for (const job of reached) for (const one of needs(job)) reached.add(one);
    assert.ok([...reached].some((job) => /make release-check/.test(jobs.get(job) ?? "")), `${name}: publish does not wait for release-check`);
  }
});

test("the list of parts names what is compiled in, with licence and digest, and is the same each time", () => {
  const write = () => execFileSync(process.execPath, [join(ROOT, "scripts/sbom.mjs")], {encoding: "utf8", maxBuffer: 1 << 26});
  const text = write();
  assert.equal(write(), text);
  const {components, dependencies} = JSON.parse(text);
  const names = components.map((/** @type {any} */ {name}) => name);
  for (const name of ["edgetally-worker", "edgetally-tool", "edgetally-python", "edgetally-core", "sha2", "worker", "serde_json", "pyo3"]) assert.ok(names.includes(name), name);
  for (const name of ["proptest", "insta"]) assert.ok(!names.includes(name), `${name} is only for tests`);
  for (const {name, licenses, hashes} of components) {
    assert.ok(licenses, `${name} has no licence`);
    if (!name.startsWith("edgetally")) assert.match(hashes[0].content, /^[0-9a-f]{64}$/);
  }
  const known = new Set(["edgetally", ...components.map((/** @type {any} */ one) => one["bom-ref"])]);
  for (const {ref, dependsOn} of dependencies) for (const one of [ref, ...dependsOn]) assert.ok(known.has(one), one);
});
