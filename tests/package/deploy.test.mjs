// `edgetally deploy` with a stand-in for wrangler, which keeps what it was asked, and a gateway that answers by version.

import assert from "node:assert/strict";
import {mkdirSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {createServer} from "node:http";
import {join} from "node:path";
import {pathToFileURL} from "node:url";
import {after, test} from "node:test";
import {OWN, ROOT, edit, install, run, temporary} from "./support.mjs";

const [OLD, NEW] = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"];

/** What is asked of wrangler stands in calls.txt; state.json says what it knows. */
const WRANGLER = `
import {appendFileSync, existsSync, readFileSync, writeFileSync} from "node:fs";
const args = process.argv.slice(2);
appendFileSync("calls.txt", args.join(" ") + "\\n");
const state = JSON.parse(readFileSync("state.json", "utf8"));
const told = (entry) => appendFileSync(process.env.WRANGLER_OUTPUT_FILE_PATH, JSON.stringify(entry) + "\\n");
const command = args.slice(0, 2).join(" ");
if (command === "deployments status") {
  if (state.denied) { console.error("Authentication error [code: 10000]"); process.exit(1); }
  if (!state.versions) { console.error("This Worker does not exist on your account. [code: 10007]"); process.exit(1); }
  console.log(JSON.stringify({id: "d", versions: state.versions}));
} else if (command === "versions upload") {
  if (state.migration) { console.error("Version upload failed: migrations cannot be uploaded"); process.exit(1); }
  told({type: "wrangler-session", version: 1});
  told({type: "version-upload", version: 1, version_id: "${NEW}"});
} else if (command === "versions deploy") {
  writeFileSync("state.json", JSON.stringify({...state, versions: args.filter((one) => one.includes("@")).map((one) => ({version_id: one.split("@")[0], percentage: parseInt(one.split("@")[1])}))}));
} else if (args[0] === "deploy" && !args.includes("--dry-run")) {
  told({type: "deploy", version: 1, version_id: "${NEW}", targets: [state.target]});
}
`;

const project = temporary({after});
install(project, {wrangler: false});
mkdirSync(join(project, "node_modules/wrangler"));
writeFileSync(join(project, "node_modules/wrangler/package.json"), '{"name": "wrangler", "version": "4.86.0", "main": "index.mjs", "bin": {"wrangler": "bin.mjs"}}');
writeFileSync(join(project, "node_modules/wrangler/index.mjs"), `export {unstable_readConfig} from ${JSON.stringify(pathToFileURL(join(ROOT, "node_modules/wrangler/wrangler-dist/cli.js")).href)};`);
writeFileSync(join(project, "node_modules/wrangler/bin.mjs"), WRANGLER);
assert.equal((await run(project, ["init", ...OWN])).code, 0);
edit(project, "wrangler.toml", (text) => text.replace(/"0{32}"/, '"0123456789abcdef0123456789abcdef"'));

/** How the gateway answers; with an override, as the new version does. */
let answers = {old: 200, new: 200};
/** @type {string[]} */
const asked = [];
const server = createServer((request, response) => {
  const override = String(request.headers["cloudflare-workers-version-overrides"] ?? "");
  const {versions = []} = JSON.parse(readFileSync(join(project, "state.json"), "utf8"));
  const whole = versions.some((/** @type {any} */ one) => one.version_id === NEW && one.percentage === 100);
  const isNew = override.includes(NEW) || whole;
  asked.push(`${request.url} ${override}`);
  const status = isNew ? answers.new : answers.old;
  response.writeHead(status, {"content-type": "application/json"}).end(JSON.stringify({status: status === 200 ? "ok" : "unhealthy", release: "0.1.0", settings: []}));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
after(() => {
  server.close();
  server.closeAllConnections();
});
const url = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;

/** @param {Record<string, unknown>} state @param {string[]} [args] @param {{new: number}} [how] */
async function deploy(state, args = [], how = {new: 200}) {
  writeFileSync(join(project, "state.json"), JSON.stringify({target: url, ...state}));
  rmSync(join(project, "calls.txt"), {force: true});
  writeFileSync(join(project, "calls.txt"), "");
  asked.length = 0;
  answers = {old: 200, ...how};
  const ran = await run(project, ["deploy", "--tag", "abc", "--wait", "0.01", ...args]);
  return {...ran, calls: readFileSync(join(project, "calls.txt"), "utf8").trim().split("\n"), asked: [...asked]};
}

const RUNNING = {versions: [{version_id: OLD, percentage: 100}]};

test("upload, smoke test of the version without traffic, then all traffic", async () => {
  const {code, calls, asked: seen, stderr} = await deploy(RUNNING, ["--url", url, "--message", "for once"]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(calls, [
    "deployments status --json",
    "versions upload --tag abc --message for once",
    `versions deploy ${NEW}@0% ${OLD}@100% --yes`,
    `versions deploy ${NEW}@100% --yes`,
    "triggers deploy",
  ]);
  assert.deepEqual(seen, [`/v1/health edgetally="${NEW}"`, "/v1/health "]);
});

test("a version that does not answer well gets no traffic, and exit 1", async () => {
  const {code, calls, stderr} = await deploy(RUNNING, ["--url", url], {new: 503});
  assert.equal(code, 1);
  assert.equal(calls.at(-1), `versions deploy ${OLD}@100% --yes`);
  assert.ok(!calls.includes(`versions deploy ${NEW}@100% --yes`));
  assert.match(stderr, /got no traffic/);
});

test("the first deploy is whole, and so is one that is asked for; its own address is smoke-tested", async () => {
  for (const [state, args] of /** @type {[Record<string, unknown>, string[]][]} */ ([[{}, []], [RUNNING, ["--whole"]]])) {
    const {code, calls, asked: seen, stderr} = await deploy(state, args);
    assert.equal(code, 0, stderr);
    assert.deepEqual(calls, ["deployments status --json", "deploy --tag abc"]);
    assert.deepEqual(seen, ["/v1/health "]);
  }
});

test("a migration is told with what deploys it; what cannot be told is no first deploy", async () => {
  const migration = await deploy({...RUNNING, migration: true}, ["--url", url]);
  assert.equal(migration.code, 1);
  assert.match(migration.stderr, /--whole/);
  const denied = await deploy({denied: true}, ["--url", url]);
  assert.equal(denied.code, 1);
  assert.deepEqual(denied.calls, ["deployments status --json"]);
  const split = await deploy({versions: [{version_id: OLD, percentage: 90}, {version_id: NEW, percentage: 10}]}, ["--url", url]);
  assert.equal(split.code, 1);
  assert.match(split.stderr, /share the traffic/);
});

test("without an address nothing is uploaded; a dry run uploads nothing; an address where nobody is, exit 3", async () => {
  const nowhere = await deploy(RUNNING);
  assert.equal(nowhere.code, 2);
  assert.ok(!nowhere.calls.some((call) => call.startsWith("versions")));
  const dry = await deploy(RUNNING, ["--dry-run"]);
  assert.equal(dry.code, 0, dry.stderr);
  assert.deepEqual(dry.calls, ["deploy --dry-run"]);
  const gone = await deploy(RUNNING, ["--url", "http://127.0.0.1:9"]);
  assert.equal(gone.code, 3);
  assert.equal(gone.calls.at(-1), `versions deploy ${OLD}@100% --yes`);
});
