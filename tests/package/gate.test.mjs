// `edgetally gate` with a gateway that gives its verdicts look by look, and a stand-in for wrangler.

import assert from "node:assert/strict";
import {readFileSync, writeFileSync} from "node:fs";
import {createServer} from "node:http";
import {join} from "node:path";
import {after, test} from "node:test";
import {run, temporary} from "./support.mjs";
import {NEW, OLD, calls, known, prepare, split} from "./wrangler.mjs";

const project = temporary({after});
await prepare(project);

const TOKEN = "admin-token-0123456789";
const FAILED = {
  verdict: "fail",
  reason: "purchase: email in 0 % of 240, 71 % before (−75 to −67 points). And 1 more.",
  more_events: 0,
  concurrent: true,
  after: {label: "web-2", since: 1795978800000, until: 1795982400000, hours: 1, events: 480},
  before: {label: "web-1", since: 1795978800000, until: 1795982400000, hours: 1, events: 500},
  findings: [
    {severity: "fail", test: "T7", what: "email", event: "purchase", destination: "", also: ["meta", "ga4"], before: 0.71, after: 0, since: 1795978800000, text: "purchase: email in 0 % of 240, 71 % before (−75 to −67 points)."},
    {severity: "note", test: "T7", what: "volume", event: "sign_up", destination: "", also: [], before: 3, after: 4, since: null, text: "sign_up rose.\n::error::owned ##[error]\u001b[2J"},
  ],
  sight: [{event: "purchase", watched: true, smallest_drop: 0.312}, {event: "sign_up", watched: false, smallest_drop: null}],
};

/** What the gateway answers, look by look, the last one for good: a verdict, an answer, or a status. @type {any[]} */
let answers = [];
/** @type {Record<string, string>[]} */
const asked = [];
/** @type {string[]} */
let ledger = ["shop"];
const server = createServer((request, response) => {
  const url = new URL(request.url ?? "", "http://gateway");
  const say = (/** @type {number} */ status, /** @type {unknown} */ body) => response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
  if (request.headers.authorization !== `Bearer ${TOKEN}`) return say(401, {error: {code: "admin_token_invalid", path: "", message: "no"}});
  if (url.pathname === "/v1/ledger") return say(200, {intake: Object.fromEntries(ledger.map((name) => [name, {}]))});
  if (url.pathname !== "/v1/releases/compare") return say(404, {error: {code: "not_found", path: "", message: "nothing here"}});
  const question = Object.fromEntries(url.searchParams);
  asked.push(question);
  if (question.format === "markdown") return say(200, `### ${question.source}: **told until ${question.until}**\n`);
  const answer = answers.length > 1 ? answers.shift() : answers[0];
  if (answer === "broken") return request.socket.destroy();
  if (typeof answer === "number") return say(answer, {error: {code: answer === 503 ? "ledger_unavailable" : "request_invalid", path: "", message: "volume is a number between 0 and 1"}});
  if (answer === "unknown") return say(400, {error: {code: "label_unknown", path: "", message: "nothing of the source has the label `after`"}});
  const body = typeof answer === "string" ? {verdict: answer, reason: `it is ${answer}`, findings: [], sight: [], before: null, after: null} : answer;
  return say(200, {...body, question: {source: question.source, before: question.before ?? null, after: question.after, looks: question.looks, until: 1795980000000}});
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
after(() => {
  server.close();
  server.closeAllConnections();
});
const url = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;

const VERSIONS = [
  {id: OLD, annotations: {"workers/tag": "v1"}, metadata: {created_on: "2026-11-28T10:00:00Z"}},
  {id: NEW, annotations: {"workers/tag": "v2"}, metadata: {created_on: "2026-11-30T10:00:00Z"}},
];
const SPLIT = {listed: VERSIONS, versions: [{version_id: NEW, percentage: 10}, {version_id: OLD, percentage: 90}]};

/**
 * @param {any[]} answered
 * @param {string[]} args
 * @param {Record<string, string | undefined>} [env]
 * @param {Record<string, unknown>} [state]
 */
async function gate(answered, args, env = {}, state = SPLIT) {
  known(project, state);
  answers = answered;
  asked.length = 0;
  const ran = await run(project, ["gate", "--url", url, ...args], {env: {EDGETALLY_ADMIN_TOKEN: TOKEN, ...env}});
  for (const text of [ran.stdout, ran.stderr]) assert.ok(!text.includes(TOKEN));
  return {...ran, calls: calls(project).filter(Boolean)};
}

const SITE = ["--before", "web-1", "--after", "web-2"];
const WORKER = ["--by", "worker", "--before", "v1", "--after", "v2"];
const WAIT = ["--wait", "5s", "--every", "10ms"];

test("each verdict has its number, and what nobody can tell has the one that was asked for", async () => {
  for (const [answer, args, code] of /** @type {[any, string[], number][]} */ ([
    ["pass", [], 0],
    [FAILED, [], 1],
    ["inconclusive", [], 2],
    ["inconclusive", ["--on-inconclusive", "pass"], 0],
    ["inconclusive", ["--on-inconclusive", "fail"], 1],
    ["unknown", [], 3],
    [400, [], 3],
    [503, [], 4],
    ["broken", [], 4],
  ])) {
    const ran = await gate([answer], [...SITE, ...args]);
    assert.equal(ran.code, code, `${JSON.stringify(answer)} ${args}: ${ran.stdout}${ran.stderr}`);
    assert.deepEqual(ran.calls, []);
  }
});

test("what cannot be asked ends with 3, a gateway that is away with 4", async () => {
  for (const [args, env, said] of /** @type {[string[], Record<string, string | undefined>, RegExp][]} */ ([
    [["--before", "a"], {}, /--after/],
    [[...SITE, "--colour", "red"], {}, /colour/],
    [[...SITE, "--by", "weather"], {}, /release or worker/],
    [[...SITE, "--wait", "long"], {}, /is no time/],
    [[...SITE, "--set", "volume"], {}, /NAME=NUMBER/],
    [[...SITE, "--rollback"], {}, /where the site is deployed/],
    [[...SITE], {EDGETALLY_ADMIN_TOKEN: undefined}, /EDGETALLY_ADMIN_TOKEN/],
    [[...SITE], {EDGETALLY_ADMIN_TOKEN: "another-token-0123456789"}, /does not know this admin token/],
  ])) {
    const ran = await gate(["pass"], args, env);
    assert.equal(ran.code, 3, `${args}: ${ran.stderr}`);
    assert.match(ran.stderr, said);
  }
  const gone = await gate(["pass"], [...SITE, "--url", "http://127.0.0.1:9", "--json"]);
  assert.equal(gone.code, 4);
  assert.equal(JSON.parse(gone.stdout).exit, 4);
});

test("it waits while nobody can tell, and ends with the first verdict; a gateway that is away for a moment is asked again", async () => {
  const passed = await gate(["unknown", "inconclusive", 503, "broken", "pass"], [...SITE, ...WAIT]);
  assert.equal(passed.code, 0, passed.stderr);
  assert.equal(asked.length, 5);
  assert.ok(asked.every(({looks}) => looks === "hourly"));
  assert.match(passed.stdout, /… shop: it is inconclusive 0:0\d left/);
  const failed = await gate(["inconclusive", FAILED, "pass"], [...SITE, ...WAIT]);
  assert.equal(failed.code, 1);
  assert.equal(asked.length, 2);
  const over = await gate(["inconclusive"], [...SITE, "--wait", "60ms", "--every", "10ms"]);
  assert.equal(over.code, 2);
  assert.ok(asked.length > 2);
  const away = await gate([503], [...SITE, ...WAIT]);
  assert.equal(away.code, 4);
  assert.equal(asked.length, 3);
});

test("once is one look, at the end of the wait", async () => {
  for (const args of [["--looks", "once", "--wait", "30ms", "--every", "1ms"], []]) {
    assert.equal((await gate(["inconclusive"], [...SITE, ...args])).code, 2);
    assert.deepEqual(asked.map(({looks}) => looks), ["once"]);
  }
});

test("the question is what the flags say; a source that is not named is the only one", async () => {
  await gate(["pass"], [...SITE, "--by", "worker", "--min-events", "50", "--watch", "purchase,lead", "--set", "volume=0.2", "--set", "see=0.5"]);
  assert.deepEqual(asked, [{source: "shop", by: "worker", before: "web-1", after: "web-2", min_events: "50", watch: "purchase,lead", volume: "0.2", see: "0.5", looks: "once"}]);
  ledger = ["shop", "outlet"];
  const two = await gate(["pass"], SITE);
  assert.equal(two.code, 3);
  assert.match(two.stderr, /--source shop, --source outlet/);
  // A failure anywhere fails; a pass is one of all.
  assert.equal((await gate(["pass", FAILED], [...SITE, "--source", "shop", "--source", "outlet"])).code, 1);
  assert.equal((await gate(["pass", "inconclusive"], [...SITE, "--source", "shop", "--source", "outlet"])).code, 2);
  assert.deepEqual(asked.map(({source}) => source), ["shop", "outlet"]);
  ledger = ["shop"];
});

test("it says in plain words which event, which field, how much, where and since when, and nothing that others could make up", async () => {
  const {stdout} = await gate([FAILED], SITE);
  const text = stdout.replace(/\s+/g, " ");
  assert.match(text, /✗ fail shop: web-1 → web-2/);
  assert.match(text, /purchase: email in 0 % of 240, 71 % before \(−75 to −67 points\)\. The same at meta, ga4\. Since 2026-11-29 \d\d:\d\d UTC\./);
  assert.match(text, /480 events in 1 h from .* with the same hours, 500 events/);
  assert.match(text, /smallest drop that could have been seen: purchase 31 %/);
  assert.match(text, /goes back where the site is deployed/);
  assert.ok(!stdout.includes("::error") && !stdout.includes("##[") && !stdout.includes("\u001b"));
  const told = JSON.parse((await gate([FAILED], [...SITE, "--json"])).stdout);
  assert.deepEqual([told.verdict, told.exit, told.looks, told.sources[0].comparison.findings.length], ["fail", 1, 1, 2]);
});

test("the job's summary gets the gateway's table, of the same moment, after what is there", async () => {
  const file = join(project, "summary.md");
  writeFileSync(file, "before\n\n");
  assert.equal((await gate(["inconclusive", FAILED], [...SITE, ...WAIT], {GITHUB_STEP_SUMMARY: file})).code, 1);
  assert.equal(readFileSync(file, "utf8"), "before\n\n### shop: **told until 1795980000000**\n\n");
  assert.equal(asked.at(-1)?.looks, "hourly");
  const nowhere = await gate(["pass"], SITE, {GITHUB_STEP_SUMMARY: join(project, "no/such/folder")});
  assert.equal(nowhere.code, 0);
  assert.match(nowhere.stderr, /summary was not written/);
});

test("the way back is told, and gone only where that was asked for; a second time changes nothing", async () => {
  const back = `npx wrangler versions deploy ${OLD}@100% --yes`;
  const told = await gate([FAILED], [...WORKER]);
  assert.equal(told.code, 1);
  // The label that the gateway compared with is the one that goes back.
  const of = {...FAILED, before: {...FAILED.before, label: "v1"}};
  const named = await gate([of], WORKER);
  assert.match(named.stdout, new RegExp(`back: ${back}`));
  assert.deepEqual(named.calls, ["versions list --json"]);
  assert.equal(split(project), "new 10, old 90");

  const done = await gate([of], [...WORKER, "--rollback", "--json"]);
  assert.equal(done.code, 1);
  assert.deepEqual(JSON.parse(done.stdout).rollback, {command: back, done: true});
  assert.deepEqual(done.calls, ["versions list --json", "deployments status --json", `versions deploy ${OLD}@100% --yes`]);
  assert.equal(split(project), "old 100");
  const again = await gate([of], [...WORKER, "--rollback"], {}, {listed: VERSIONS, versions: [{version_id: OLD, percentage: 100}]});
  assert.deepEqual(again.calls, ["versions list --json", "deployments status --json"]);
  assert.match(again.stdout, /All traffic went back/);

  assert.deepEqual((await gate(["pass"], [...WORKER, "--rollback"])).calls, []);
  assert.deepEqual((await gate(["inconclusive"], [...WORKER, "--rollback"])).calls, []);
  const counted = await gate(["inconclusive"], [...WORKER, "--rollback", "--on-inconclusive", "fail"]);
  assert.equal(counted.code, 1);
  assert.equal(split(project), "old 100");
  const site = await gate([FAILED], [...SITE, "--rollback", "--rollback-to", OLD]);
  assert.equal(site.code, 1);
  assert.equal(split(project), "old 100");
});

test("a way back that fails changes no verdict, and is told", async () => {
  const stuck = await gate(["inconclusive"], [...WORKER, "--rollback", "--on-inconclusive", "fail"], {}, {...SPLIT, stuck: true});
  assert.equal(stuck.code, 1);
  assert.match(stuck.stderr, /was not given back: wrangler versions deploy ended with 1/);
  const unlisted = await gate(["inconclusive"], [...WORKER, "--rollback", "--on-inconclusive", "fail"], {}, {...SPLIT, listed: []});
  assert.equal(unlisted.code, 1);
  assert.match(unlisted.stderr, /wrangler lists no version v1/);
  assert.match(unlisted.stdout, /back: npx wrangler versions deploy --version-tag v1@100% --yes/);
  // Of two versions with one tag, the one that has traffic.
  const twice = [{...VERSIONS[0], id: "33333333-3333-4333-8333-333333333333", metadata: {created_on: "2026-11-30T11:00:00Z"}}, ...VERSIONS];
  await gate(["inconclusive"], [...WORKER, "--rollback", "--on-inconclusive", "fail"], {}, {...SPLIT, listed: twice});
  assert.equal(split(project), "old 100");
});
