// `edgetally deploy` with a stand-in for wrangler, which keeps what it was asked, and a gateway that answers by version.

import assert from "node:assert/strict";
import {spawn} from "node:child_process";
import {readFileSync, rmSync} from "node:fs";
import {createServer} from "node:http";
import {join} from "node:path";
import {after, test} from "node:test";
import {command, environment, run, temporary, waitFor} from "./support.mjs";
import {NEW, OLD, calls, known, prepare, split} from "./wrangler.mjs";

const project = temporary({after});
await prepare(project);

/**
 * How the gateway answers; with an override, as the new version does. `gate`: the verdicts, look by look, the last one for good.
 * @type {{old: number, new: number, overrides: boolean, named: boolean, gate: string[]}}
 */
const USUAL = {old: 200, new: 200, overrides: true, named: true, gate: ["pass"]};
let answers = USUAL;
/** @type {string[]} */
const asked = [];
/** @type {string[]} what of the traffic the gate saw */
const splits = [];
const TOKEN = "admin-token-0123456789";

/** @param {string} address */
function compared(address) {
  const {searchParams: asking} = new URL(address, "http://gateway");
  splits.push(split(project));
  const verdict = answers.gate.length > 1 ? answers.gate.shift() : answers.gate[0];
  if (verdict === "unknown") return {status: 400, body: {error: {code: "label_unknown", path: "", message: "nothing has the label `after`"}}};
  const findings = verdict === "fail" ? [{severity: "fail", test: "T7", event: "purchase", text: "purchase is gone: none came.", also: [], destination: "", since: null}] : [];
  const question = {source: asking.get("source"), before: asking.get("before"), after: asking.get("after"), looks: asking.get("looks"), until: 1};
  return {status: 200, body: {verdict, reason: verdict === "fail" ? "purchase is gone: none came." : `it is ${verdict}`, question, findings, sight: [], before: null, after: null}};
}
const server = createServer((request, response) => {
  const override = String(request.headers["cloudflare-workers-version-overrides"] ?? "");
  const {versions = []} = JSON.parse(readFileSync(join(project, "state.json"), "utf8"));
  const whole = versions.some((/** @type {any} */ one) => one.version_id === NEW && one.percentage === 100);
  const isNew = (answers.overrides && override.includes(NEW)) || whole;
  asked.push(`${request.url} ${override}`);
  if (request.url?.startsWith("/v1/releases/compare")) {
    const {status, body} = request.headers.authorization === `Bearer ${TOKEN}` ? compared(request.url) : {status: 401, body: {}};
    response.writeHead(status, {"content-type": "application/json"}).end(JSON.stringify(body));
    return;
  }
  if (request.url === "/v1/ledger") {
    response.end("{}");
    return;
  }
  const status = isNew ? answers.new : answers.old;
  const version = answers.named ? (isNew ? "abc" : "old-1") : undefined;
  response.writeHead(status, {"content-type": "application/json"}).end(JSON.stringify({status: status === 200 ? "ok" : "unhealthy", release: "0.1.0", version, settings: []}));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
after(() => {
  server.close();
  server.closeAllConnections();
});
const url = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;

/**
 * @param {Record<string, unknown>} state
 * @param {string[]} [args]
 * @param {Partial<typeof USUAL>} [how]
 * @param {Record<string, string>} [env]
 */
async function deploy(state, args = [], how = {}, env = {}) {
  known(project, {target: url, ...state});
  asked.length = splits.length = 0;
  answers = {...USUAL, ...how};
  const ran = await run(project, ["deploy", "--tag", "abc", "--wait", "0.01", ...args], {env});
  return {...ran, calls: calls(project), asked: [...asked], splits: [...splits]};
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

test("a version that another one answers for gets no traffic; one that says no name is taken, and told", async () => {
  const other = await deploy(RUNNING, ["--url", url], {overrides: false});
  assert.equal(other.code, 1);
  assert.match(other.stderr, /version old-1 answers where abc was asked: the override was not applied/);
  assert.equal(other.calls.at(-1), `versions deploy ${OLD}@100% --yes`);
  const unnamed = await deploy(RUNNING, ["--url", url], {named: false});
  assert.equal(unnamed.code, 0, unnamed.stderr);
  assert.match(unnamed.stdout, /which version answered it does not say/);
});

const CANARY = ["--url", "", "--canary", "10", "--gate", "2s", "--every", "20ms"];
CANARY[1] = url;
const ADMIN = {EDGETALLY_ADMIN_TOKEN: TOKEN};

test("a share of the traffic, the gate, and then all of it", async () => {
  const [summary, output] = [join(project, "summary.md"), join(project, "output.txt")];
  const {code, calls: asks, asked: seen, splits: during, stdout, stderr} = await deploy(RUNNING, [...CANARY, "--min-events", "50"], {gate: ["unknown", "inconclusive", "pass"]}, {...ADMIN, GITHUB_STEP_SUMMARY: summary, GITHUB_OUTPUT: output});
  assert.equal(code, 0, stderr);
  assert.equal(readFileSync(output, "utf8"), `version=${NEW}\nbefore=${OLD}\n`);
  assert.match(readFileSync(summary, "utf8"), /"verdict":"pass"/, "the gateway's table, here a stand-in's");
  assert.deepEqual(asks, [
    "deployments status --json",
    "versions upload --tag abc",
    `versions deploy ${NEW}@0% ${OLD}@100% --yes`,
    `versions deploy ${NEW}@10% ${OLD}@90% --yes`,
    `versions deploy ${NEW}@100% --yes`,
    "triggers deploy",
  ]);
  // Three looks and the table for the summary.
  assert.deepEqual(during, Array.from({length: 4}, () => "new 10, old 90"));
  const looked = seen.filter((one) => one.startsWith("/v1/releases"));
  assert.match(looked[0] ?? "", /source=shop&by=worker&before=old-1&after=abc&min_events=50&looks=hourly/);
  assert.match(stdout, /pass: abc counts as old-1 does/);
  assert.match(stdout, new RegExp(`back: npx wrangler versions deploy ${OLD}@100% --yes`));
  for (const file of [summary, output]) rmSync(file);
});

test("where the gate fails, or nobody can tell, all traffic goes back, and exit 1; unless that counts as a pass", async () => {
  for (const [gate, args, said] of /** @type {[string[], string[], RegExp][]} */ ([[["inconclusive", "fail"], [], /the gate failed\nshop: fail: purchase is gone/], [["unknown"], [], /nobody can tell/]])) {
    const {code, calls: asks, stderr} = await deploy(RUNNING, [...CANARY, ...args], {gate}, ADMIN);
    assert.equal(code, 1);
    assert.match(stderr, said);
    assert.match(stderr, /has all traffic again/);
    assert.equal(asks.at(-1), `versions deploy ${OLD}@100% --yes`);
    assert.ok(!asks.includes(`versions deploy ${NEW}@100% --yes`));
  }
  const {code, calls: asks, stderr} = await deploy(RUNNING, [...CANARY, "--on-inconclusive", "pass"], {gate: ["inconclusive"]}, ADMIN);
  assert.equal(code, 0, stderr);
  assert.ok(asks.includes(`versions deploy ${NEW}@100% --yes`));
});

test("a deploy that is stopped in the middle leaves no version with a share", async () => {
  known(project, {target: url, ...RUNNING});
  answers = {...USUAL, gate: ["inconclusive"]};
  splits.length = 0;
  const child = spawn(command(project), ["deploy", "--tag", "abc", "--url", url, "--canary", "10", "--gate", "1h", "--every", "20ms"], {cwd: project, env: environment(ADMIN), stdio: "ignore"});
  const ended = new Promise((resolve) => child.on("close", resolve));
  await waitFor("a look at the gate", async () => splits.length > 0);
  child.kill("SIGTERM");
  assert.equal(await ended, 1);
  assert.equal(split(project), "old 100");
});

test("what the gate lacks is told before anything is uploaded", async () => {
  const gate = ["--gate", "1s"];
  for (const [args, how, env, said] of /** @type {[string[], Partial<typeof USUAL>, Record<string, string>, RegExp][]} */ ([
    [["--canary", "10"], {}, ADMIN, /for how long/],
    [["--canary", "60", ...gate], {}, ADMIN, /from 1 to 50/],
    [["--canary", "10", ...gate], {}, {}, /EDGETALLY_ADMIN_TOKEN/],
    [["--canary", "10", "--gate", "soon"], {}, ADMIN, /is no time/],
    [["--canary", "10", "--tag", "old-1", ...gate], {}, ADMIN, /another --tag/],
  ])) {
    const {code, calls: asks, stderr} = await deploy(RUNNING, ["--url", url, ...args], how, env);
    assert.equal(code, 2, stderr);
    assert.match(stderr, said);
    assert.ok(!asks.some((call) => call.startsWith("versions")), stderr);
  }
});
