// Whether a release may go out: one version everywhere, its changes written down, and the package names the repository that it is
// released from, without which a registry refuses the provenance at the very last step.
//
//   node scripts/release-check.mjs          what can be known before there is a tag
//   node scripts/release-check.mjs v0.2.0   all of it
//
// Of the environment, GITHUB_REPOSITORY (owner/name) stands for the remote, and REPOSITORY_PRIVATE says whether it is private.

import {execFileSync} from "node:child_process";
import {readFileSync} from "node:fs";
import {join} from "node:path";
import {fileURLToPath} from "node:url";
import {parseArgs} from "node:util";

const {values, positionals} = parseArgs({options: {root: {type: "string"}}, allowPositionals: true});
const root = values.root ?? fileURLToPath(new URL("..", import.meta.url));
const [tag] = positionals;
/** @type {string[]} */
const wrong = [];

/** @param {string} name */
const read = (name) => readFileSync(join(root, name), "utf8").replaceAll("\r\n", "\n");
/** @param {string} name @param {RegExp} pattern */
const find = (name, pattern) => {
  const found = pattern.exec(read(name))?.[1];
  if (found === undefined) wrong.push(`${name}: has no ${pattern.source}`);
  return found;
};

/** Of an address of a repository, host, owner and name. @param {string} address */
const plain = (address) => address.trim().replace(/^git\+/, "").replace(/^(?:[a-z+]+:\/\/)?(?:[^@/]+@)?/, "").replace(/^([^/:]+):(?!\d+\/)/, "$1/").replace(/(?:\.git)?\/?$/, "").toLowerCase();

const version = find("Cargo.toml", /^\[workspace\.package\][^[]*?^version = "([^"]+)"/m);
/** @type {[string, string | undefined][]} */
const versions = [
  ["npm/package.json", JSON.parse(read("npm/package.json")).version],
  ...[...read("Cargo.toml").matchAll(/^(edgetally-\w+) = \{[^}\n]*version = "=([^"]+)"/gm)].map(([, name, its]) => /** @type {[string, string]} */ ([`Cargo.toml, ${name}`, String(its)])),
  ["Cargo.lock, edgetally-core", find("Cargo.lock", /^name = "edgetally-core"\nversion = "([^"]+)"/m)],
];
for (const [place, its] of versions) if (its !== version) wrong.push(`${place} has version ${its}, Cargo.toml has ${version}`);
// The wheel takes the version of its crate, which takes the workspace's.
if (!/^dynamic = \[[^\]]*"version"/m.test(read("python/pyproject.toml"))) wrong.push("python/pyproject.toml: the version has to come from the crate (dynamic)");
if (!/^version\.workspace = true$/m.test(read("python/Cargo.toml"))) wrong.push("python/Cargo.toml: the version has to be the workspace's");

const heading = /^## (.+)$/m.exec(read("CHANGELOG.md"))?.[1] ?? "";
if (tag !== undefined) {
  if (tag !== `v${version}`) wrong.push(`the tag is ${tag}, the version ${version}`);
  if (heading.split(/[\s(]/)[0] !== version) wrong.push(`CHANGELOG.md begins with "${heading}": a release's changes stand under "## ${version}"`);
}

/** Where it is released from. */
function remote() {
  if (process.env.GITHUB_REPOSITORY) return `${process.env.GITHUB_SERVER_URL ?? "https://github.com"}/${process.env.GITHUB_REPOSITORY}`;
  try {
    return execFileSync("git", ["config", "--get", "remote.origin.url"], {cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"]});
  } catch {
    return undefined;
  }
}

const url = JSON.parse(read("npm/package.json")).repository?.url;
if (typeof url !== "string" || url === "") wrong.push("npm/package.json has no repository.url");
const own = typeof url === "string" ? plain(url) : undefined;
for (const [place, address] of [["Cargo.toml", find("Cargo.toml", /^repository = "([^"]+)"/m)], ["python/pyproject.toml", find("python/pyproject.toml", /^repository = "([^"]+)"/m)]]) {
  if (own && address && plain(address) !== own) wrong.push(`${place} names the repository ${address}, npm/package.json ${url}`);
}
const from = remote();
if (from !== undefined && own !== undefined && plain(from) !== own) wrong.push(`npm/package.json names the repository ${url}; this one is ${from.trim()}`);
if (from === undefined && tag !== undefined) wrong.push("there is no remote `origin` to compare repository.url with");
if (process.env.REPOSITORY_PRIVATE === "true") wrong.push("the repository is private: a registry takes no provenance from one");

for (const line of wrong) console.error(`release: ${line}`);
if (wrong.length === 0) console.log(`release: ${version}${tag ? `, tag ${tag}` : ""}: versions, changes and repository agree`);
process.exit(wrong.length === 0 ? 0 : 1);
