// A stand-in for wrangler: what is asked of it stands in calls.txt; state.json says what it knows.

import assert from "node:assert/strict";
import {mkdirSync, readFileSync, symlinkSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {pathToFileURL} from "node:url";
import {OWN, ROOT, edit, install, run} from "./support.mjs";

export const [OLD, NEW] = /** @type {const} */ (["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"]);

const WRANGLER = `
import {appendFileSync, readFileSync, writeFileSync} from "node:fs";
const args = process.argv.slice(2);
appendFileSync("calls.txt", args.join(" ") + "\\n");
if (args.join(" ").includes(process.env.EDGETALLY_ADMIN_TOKEN ?? "\\n")) throw new Error("a token among the arguments");
const state = JSON.parse(readFileSync("state.json", "utf8"));
const told = (entry) => appendFileSync(process.env.WRANGLER_OUTPUT_FILE_PATH, JSON.stringify(entry) + "\\n");
const command = args.slice(0, 2).join(" ");
if (command === "deployments status") {
  if (state.denied) { console.error("Authentication error [code: 10000]"); process.exit(1); }
  if (!state.versions) { console.error("This Worker does not exist on your account. [code: 10007]"); process.exit(1); }
  console.log(JSON.stringify({id: "d", versions: state.versions}));
} else if (command === "versions list") {
  console.log(JSON.stringify(state.listed ?? []));
} else if (command === "versions upload") {
  if (state.migration) { console.error("Version upload failed: migrations cannot be uploaded"); process.exit(1); }
  told({type: "wrangler-session", version: 1});
  told({type: "version-upload", version: 1, version_id: "${NEW}"});
} else if (command === "versions deploy") {
  if (state.stuck) { console.error("Deploying failed. [code: 10013]"); process.exit(1); }
  writeFileSync("state.json", JSON.stringify({...state, versions: args.filter((one) => one.includes("@")).map((one) => ({version_id: one.split("@")[0], percentage: parseInt(one.split("@")[1])}))}));
} else if (args[0] === "deploy" && !args.includes("--dry-run")) {
  writeFileSync("state.json", JSON.stringify({...state, versions: [{version_id: "${NEW}", percentage: 100}]}));
  told({type: "deploy", version: 1, version_id: "${NEW}", targets: [state.target]});
}
`;

/**
 * A project with the tarball and the stand-in, ready to be deployed.
 * @param {string} project
 */
export async function prepare(project) {
  install(project, {wrangler: false});
  mkdirSync(join(project, "node_modules/wrangler/node_modules"), {recursive: true});
  // What comes with wrangler.
  symlinkSync(join(ROOT, "node_modules/esbuild"), join(project, "node_modules/wrangler/node_modules/esbuild"));
  writeFileSync(join(project, "node_modules/wrangler/package.json"), '{"name": "wrangler", "version": "4.86.0", "main": "index.mjs", "bin": {"wrangler": "bin.mjs"}}');
  writeFileSync(join(project, "node_modules/wrangler/index.mjs"), `export {unstable_readConfig} from ${JSON.stringify(pathToFileURL(join(ROOT, "node_modules/wrangler/wrangler-dist/cli.js")).href)};`);
  writeFileSync(join(project, "node_modules/wrangler/bin.mjs"), WRANGLER);
  assert.equal((await run(project, ["init", ...OWN])).code, 0);
  edit(project, "wrangler.toml", (text) => text.replace(/"0{32}"/, '"0123456789abcdef0123456789abcdef"'));
}

/**
 * What wrangler knows from here on, and nothing asked of it yet.
 * @param {string} project
 * @param {Record<string, unknown>} state
 */
export function known(project, state) {
  writeFileSync(join(project, "state.json"), JSON.stringify(state));
  writeFileSync(join(project, "calls.txt"), "");
}

/** @param {string} project */
export const calls = (project) => readFileSync(join(project, "calls.txt"), "utf8").trim().split("\n");

/**
 * What has traffic now, by the first digit of its id.
 * @param {string} project
 */
export function split(project) {
  /** @type {{version_id: string, percentage: number}[]} */
  const versions = JSON.parse(readFileSync(join(project, "state.json"), "utf8")).versions ?? [];
  return versions.map(({version_id, percentage}) => `${version_id === NEW ? "new" : "old"} ${percentage}`).join(", ");
}
