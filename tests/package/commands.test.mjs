// The installed commands against a gateway that the installed `edgetally dev` runs, in a folder with an awkward name.

import assert from "node:assert/strict";
import {existsSync, readFileSync, writeFileSync} from "node:fs";
import {createServer} from "node:http";
import {join} from "node:path";
import {after, test} from "node:test";
import {AWKWARD, OWN, VERSION, dev, edit, environment, install, run, temporary, waitFor} from "./support.mjs";

const folder = temporary({after}, AWKWARD);
install(folder);
assert.equal((await run(folder, ["init", ...OWN])).code, 0);
const gateway = await dev({after}, folder);

/** @param {string} url @returns {Promise<any>} */
const json = async (url) => (await fetch(url)).json();

const VISIT = ["--set", "context.page_url=https://shop.example/thanks", "--set", "context.user_agent=Mozilla/5.0", "--set", "context.client_id=1380133182.1764792191"];
const BUYER = ["--value", "129.90", "--currency", "EUR", "--email", "elena@mail.example", "--granted", ...VISIT];

/** @param {string} id @param {RegExp} [wanted] */
const settled = (id, wanted = /delivered/) =>
  waitFor(`what became of ${id}`, async () => {
    const {stdout} = await run(folder, ["tail", "--once", "--json", "--id", id]);
    return wanted.test(stdout) && stdout;
  });

test("the packed worker answers in the real runtime, and takes an event", async () => {
  const health = await json(`${gateway.url}/v1/health`);
  assert.equal(health.status, "ok");
  assert.equal(health.release, VERSION);
  const reply = await fetch(`${gateway.url}/v1/events`, {
    method: "POST",
    headers: {authorization: `Bearer ${gateway.secrets.shop}`, "content-type": "application/json"},
    body: '{"event": "page_view", "event_id": "pv-1", "consent": {"ad_user_data": "granted"}}',
  });
  assert.equal(reply.status, 202);
});

test("both copies of a purchase meet, and the page tells it with what each platform got", async () => {
  const sent = await run(folder, ["send", "purchase", "--id", "ord-1", ...BUYER]);
  assert.equal(sent.code, 0, sent.stderr);
  assert.match(sent.stdout, /^accepted {2}ord-1/);
  const {key = "", origin = ""} = gateway.keys.shop ?? {};
  const copy = {event: "purchase", transaction_id: "ord-1", value: 129.9, currency: "EUR", user: {email: "elena@mail.example"}, context: {page_title: "{{title}}", client_id: "1380133182.1764792191", page_url: "https://shop.example/thanks"}, consent: {ad_user_data: "granted", analytics_storage: "granted", ad_storage: "granted", ad_personalization: "granted"}};
  const page = await fetch(`${gateway.url}/v1/events?key=${key}`, {method: "POST", headers: {origin, "content-type": "text/plain", "user-agent": "Mozilla/5.0"}, body: JSON.stringify(copy)});
  assert.equal(page.status, 202);
  const event = await waitFor("both copies in the page's data", async () => {
    const {events} = await json(`${gateway.page}/data`);
    const found = events.find((/** @type {any} */ {id}) => id === "ord-1");
    return found?.copies.length === 2 && found.states.meta?.state === "delivered" && found;
  });
  assert.deepEqual(event.copies.map((/** @type {any} */ {sender}) => sender).sort(), ["page", "server"]);
  assert.deepEqual(event.left.map((/** @type {any} */ {path, code}) => `${path} ${code}`), ["context.page_title placeholder"]);
  const got = await json(`${gateway.page}/received?id=ord-1`);
  const meta = got.find((/** @type {any} */ {name}) => name === "meta").requests;
  assert.equal(meta.length, 1, "Meta got it once");
  assert.equal(meta[0].event.event_id, "ord-1");
  assert.ok(!JSON.stringify(got).includes("elena@"));
});

test("the page is for this machine's own browser, and loads nothing from elsewhere", async () => {
  for (const path of ["/", "/live.css", "/live.js"]) {
    const reply = await fetch(`${gateway.page}${path}`);
    assert.equal(reply.status, 200, path);
    assert.match(reply.headers.get("content-security-policy") ?? "", /default-src 'none'/);
    assert.ok(!/(?:src|href|from|import)\s*[=(]?\s*["']https?:/.test(await reply.text()), path);
  }
  // A name elsewhere that leads here.
  const {port} = new URL(gateway.page);
  const answered = await new Promise((resolve, reject) => {
    import("node:http").then(({get}) => get({port, host: "127.0.0.1", path: "/data", headers: {host: "evil.example"}}, ({statusCode}) => resolve(statusCode)).on("error", reject));
  });
  assert.equal(answered, 403);
  // A page elsewhere that would tell it stories.
  const told = await fetch(`${gateway.page}/note`, {method: "POST", headers: {origin: "https://evil.example"}, body: "{}"});
  assert.equal(told.status, 403);
});

test("send: a file with one event per line, faults by their lines, exit 1", async () => {
  writeFileSync(join(folder, "events.ndjson"), [...Array.from({length: 250}, (_, at) => JSON.stringify({event: "page_view", event_id: `line-${at}`, consent: {ad_user_data: "granted"}})), "{broken", '{"event": "purchase"}', ""].join("\n"));
  const {code, stdout} = await run(folder, ["send", "--file", "events.ndjson", "--json"]);
  assert.equal(code, 1);
  const told = JSON.parse(stdout);
  assert.equal(told.received, 251);
  assert.equal(told.rejected, 1);
  assert.deepEqual(told.faults.map((/** @type {any} */ {line, code: why}) => [line, why]), [[251, "malformed_json"], [252, "event_id_missing"]]);
  const piped = await run(folder, ["send", "--file", "-"], {input: '{"event": "page_view", "event_id": "piped-1"}\n'});
  assert.equal(piped.code, 0, piped.stderr);
  assert.match(piped.stdout, /1 line, 1 event sent/);
});

test("send: what cannot be meant is exit 2, what the gateway refuses exit 1", async () => {
  for (const args of [["purchase", "--value", "12,5"], ["purchase", "--granted", "--denied"], ["purchase", "--set", "novalue"], [], ["a", "b"], ["--file", "nowhere.ndjson"], ["purchase", "--source", "other"]]) {
    const {code, stderr} = await run(folder, ["send", ...args]);
    assert.equal(code, 2, `${args.join(" ")}: ${stderr}`);
  }
  const refused = await run(folder, ["send", "purchase", "--id", "undefined", ...BUYER, "--json"]);
  assert.equal(refused.code, 1);
  assert.equal(JSON.parse(refused.stdout).results[0].code, "event_id_placeholder");
});

test("why: an event's story in words; nothing known is exit 1", async () => {
  await run(folder, ["send", "page_view", "--id", "pv-denied", "--denied", ...VISIT]);
  await settled("pv-denied", /blocked/);
  const told = await run(folder, ["why", "pv-denied"]);
  assert.equal(told.code, 0, told.stderr);
  assert.match(told.stdout, /blocked:ad_storage_denied|blocked:ad_user_data_denied/);
  assert.match(told.stdout, /That is their choice/);
  assert.match(told.stdout, /What consent decided/);
  const unknown = await run(folder, ["why", "never-sent"]);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stdout, /Nothing is known of never-sent/);
  const found = JSON.parse((await run(folder, ["why", "pv-denied", "--json"])).stdout);
  assert.equal(found.copies[0].event_id, "pv-denied");
});

test("doctor: every part in words, a test event through every destination", async () => {
  const {code, stdout, stderr} = await run(folder, ["doctor", "--json"]);
  assert.equal(code, 0, stdout + stderr);
  /** @type {{name: string, state: string, words: string}[]} */
  const checks = JSON.parse(stdout).checks;
  for (const name of ["health", "bindings", "ledger", "cron", "queue", "meta", "ga4", "hook"]) {
    assert.equal(checks.find((one) => one.name === name)?.state, "fine", `${name}: ${stdout}`);
  }
});

test("a gateway that is not there is exit 3, one that is something else exit 1", async (context) => {
  const other = createServer((_, response) => response.end("hello"));
  await new Promise((resolve) => other.listen(0, "127.0.0.1", () => resolve(undefined)));
  context.after(() => other.close());
  const {port} = /** @type {import("node:net").AddressInfo} */ (other.address());
  const env = {EDGETALLY_ADMIN_TOKEN: "x", EDGETALLY_SOURCE_SECRET: "y"};
  for (const args of [["doctor"], ["tail", "--once"], ["why", "x"], ["send", "page_view"]]) {
    const {code, stderr} = await run(folder, [...args, "--url", "http://127.0.0.1:9"], {env});
    assert.equal(code, 3, `${args.join(" ")}: ${stderr}`);
    assert.equal((await run(folder, [...args, "--url", `http://127.0.0.1:${port}`], {env})).code, 1, args.join(" "));
  }
  const wrong = await run(folder, ["tail", "--once", "--json", "--url", gateway.url], {env: {EDGETALLY_ADMIN_TOKEN: "wrong"}});
  assert.equal(wrong.code, 1);
  assert.match(JSON.parse(wrong.stdout).error, /does not know this admin token/);
});

test("check: a variable with a secret's name is refused, also an empty one", async (context) => {
  for (const value of ["", "EAAB-a-real-token-in-clear"]) {
    const project = temporary(context);
    assert.equal((await run(folder, ["init", ...OWN], {cwd: project})).code, 0);
    edit(project, "wrangler.toml", (text) => text.replace("[vars.EDGETALLY]\n", `[vars]\nMETA_ACCESS_TOKEN = "${value}"\n\n[vars.EDGETALLY]\n`));
    const {code, stdout} = await run(folder, ["check", "-C", project]);
    assert.equal(code, 1);
    assert.match(stdout, /wrong: .*META_ACCESS_TOKEN/);
    assert.ok(!stdout.includes("EAAB"));
    // The same by the deploy, before anything is uploaded.
    const deploy = await run(folder, ["deploy", "-C", project]);
    assert.equal(deploy.code, 1);
    assert.match(deploy.stderr, /nothing was deployed/);
  }
});

test("check: examples' ids are warnings, and faults to a deploy", async (context) => {
  const project = temporary(context);
  await run(folder, ["init", "--yes"], {cwd: project});
  const lenient = await run(folder, ["check", "--json", "-C", project]);
  assert.equal(lenient.code, 0);
  assert.ok(JSON.parse(lenient.stdout).warnings.some((/** @type {string} */ line) => line.startsWith("destinations.meta.dataset_id is still the example's")));
  assert.equal((await run(folder, ["check", "--strict", "-C", project])).code, 1);
  assert.equal((await run(folder, ["check"], {cwd: temporary(context)})).code, 1);
});

test("explain and hash work without a gateway and without a network", async () => {
  writeFileSync(join(folder, "event.json"), '{"event": "purchase", "transaction_id": "7", "value": 1.10, "currency": "EUR", "user": {"email": "elena@mail.example"}, "context": {"page_url": "https://shop.example/"}, "consent": {"ad_user_data": "granted"}}');
  const told = await run(folder, ["explain", "event.json", "--as", "server", "--requests"]);
  assert.equal(told.code, 0, told.stderr);
  assert.match(told.stdout, /blocked:analytics_storage_missing/);
  assert.match(told.stdout, /POST https:\/\/in\.own\.example\/edgetally/);
  assert.match(told.stdout, /"value": 1\.10/, "an amount keeps its spelling");
  assert.ok(!told.stdout.includes("elena@"));
  const refused = await run(folder, ["explain", "-", "--as", "server", "--json"], {input: '{"event": "purchase"}'});
  assert.equal(refused.code, 1);
  assert.equal(JSON.parse(refused.stdout).events[0].code, "event_id_missing");

  const hashed = await run(folder, ["hash", "email", "Elena.Brandt+shop@gmail.com"]);
  assert.match(hashed.stdout, /^40cb76afcc5c980865a27520641ad6415b799b8874019fc39fa7148fb3577776\n.*meta/m);
  assert.ok(!hashed.stdout.toLowerCase().includes("elena"));
  const lines = await run(folder, ["hash", "phone", "--json"], {input: "+49 1512 3456789\nno number\n"});
  assert.equal(lines.code, 1);
  assert.equal(lines.stdout.trim().split("\n").length, 2);
  assert.equal((await run(folder, ["hash", "shoe_size", "44"])).code, 1);
});

test("every command has help, knows its flags only, and colours nothing in a pipe", async () => {
  const {stdout} = await run(folder, ["--help"]);
  const words = [...stdout.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, word]) => String(word));
  assert.deepEqual(words, ["init", "dev", "check", "build", "deploy", "gate", "doctor", "send", "tail", "why", "explain", "hash"]);
  const docs = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");
  for (const word of words) {
    const help = await run(folder, [word, "--help"], {env: {NO_COLOR: undefined}});
    assert.equal(help.code, 0);
    assert.ok(help.stdout.startsWith(`edgetally ${word}`), help.stdout);
    assert.ok(!help.stdout.includes("\u001b"));
    assert.match((await run(folder, [word, "--help"], {env: {NO_COLOR: undefined, FORCE_COLOR: "1"}})).stdout, /\u001b\[1m/);
    const unknown = await run(folder, [word, "--no-such-flag"]);
    // A pipeline tells "asked wrongly" from "nobody can tell yet".
    assert.equal(unknown.code, word === "gate" ? 3 : 2, word);
    assert.match(unknown.stderr, /--no-such-flag/);
    assert.ok(docs.includes(`\`edgetally ${word}`), `docs/cli.md says nothing of ${word}`);
  }
  assert.equal((await run(folder, ["chek"])).code, 2);
  assert.equal((await run(folder, [])).code, 2);
  assert.equal((await run(folder, ["--version"])).stdout.trim(), VERSION);
});

test("dev: a second one is refused, Ctrl-C ends the first with 0 and tidies up", async () => {
  const second = await run(folder, ["dev"]);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /runs in this folder already/);
  assert.equal(await gateway.stop(), 0);
  assert.ok(!existsSync(join(folder, ".edgetally/dev.json")));
  const without = await run(folder, ["tail", "--once"], {env: environment()});
  assert.equal(without.code, 2);
  assert.match(without.stderr, /which gateway\?/);
});
