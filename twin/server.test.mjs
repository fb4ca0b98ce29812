import assert from "node:assert/strict";
import { once } from "node:events";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { duplicateKeys, findPlain, sha256 } from "./checks.mjs";
import { NOW, testTwin } from "./harness.mjs";
import { startTwin } from "./server.mjs";

const META = "/graph.facebook.com/v26.0/1/events";
const GA4 = "/www.google-analytics.com/mp/collect?measurement_id=G-1&api_secret=s3cr3t";
const { twin, clock, book } = await testTwin({ platform: "meta" });

/** @param {string} id */
const lead = (id) => ({
  event_name: "Lead", event_time: NOW / 1000, event_id: id, action_source: "website", event_source_url: "https://shop.example/",
  user_data: { em: sha256(id), client_ip_address: "203.0.113.77", client_user_agent: "Mozilla/5.0 (X11; Linux x86_64)" },
});
/** @param {string[]} ids */
const batch = (...ids) => ({ access_token: "EAAB-twin-token", data: ids.map(lead) });
/** @param {unknown} body @param {string} [path] @param {number} [patience] */
const post = (body, path = META, patience = 5_000) => fetch(twin.url + path, {
  method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal: AbortSignal.timeout(patience),
});
/** @param {string} path @param {string} [method] @param {unknown} [body] @returns {Promise<any>} */
const control = async (path, method = "GET", body) => (await fetch(`${twin.url}/_twin/${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body) })).json();
const counts = () => [book().received, book().faulted, book().accepted_requests];

test("status: a count, headers, the platform's own body, and after", async () => {
  await control("faults", "POST", { platform: "meta", kind: "status", status: 429, retry_after: 7, times: 2, after: 1 });
  assert.equal((await post(batch("a"))).status, 200);
  const limited = await post(batch("b"));
  assert.equal(limited.status, 429);
  assert.equal(limited.headers.get("retry-after"), "7");
  assert.equal(/** @type {any} */ (await limited.json()).error.code, 4);
  assert.equal((await post(batch("b"))).status, 429);
  assert.equal((await post(batch("b"))).status, 200);
  assert.deepEqual(counts(), [2, 2, 2]);
});

test("status: until a time, by platform, cleared by DELETE", async () => {
  await control("faults", "POST", [{ platform: "meta", kind: "status", status: 500, seconds: 60, body: { odd: 1 } }, { platform: "ga4", kind: "status", status: 503 }]);
  const down = await post(batch("a"));
  assert.deepEqual([down.status, await down.json()], [500, { odd: 1 }]);
  assert.equal((await post({}, GA4)).status, 503);
  clock.now += 60_000;
  assert.equal((await post(batch("a"))).status, 200);
  await control("faults?platform=ga4", "DELETE");
  assert.equal((await post({}, GA4)).status, 204);
  assert.deepEqual((await control("faults")).faults, []);
});

test("timeout: never answers; record: processed but the reply is lost", async () => {
  twin.faults({ platform: "meta", kind: "timeout", times: 1 });
  await assert.rejects(post(batch("a"), META, 100), { name: "TimeoutError" });
  assert.deepEqual(counts(), [0, 1, 0]);
  twin.faults({ platform: "meta", kind: "reset", times: 1, record: true });
  await assert.rejects(post(batch("a")));
  assert.deepEqual(counts(), [1, 2, 0]);
  assert.equal((await post(batch("a"))).status, 200);
  assert.equal(book().duplicates, 1);
});

test("timeout: the socket closes after ms", async () => {
  twin.faults({ platform: "meta", kind: "timeout", ms: 30, times: 1 });
  await assert.rejects(post(batch("a")), TypeError);
});

test("slow_body: counted only for a client that reads to the end", async () => {
  twin.faults({ platform: "meta", kind: "slow_body", ms: 5, times: 1 });
  const answer = await post(batch("a"));
  assert.equal(/** @type {any} */ (await answer.json()).events_received, 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(counts(), [1, 1, 0]);
  twin.faults({ platform: "meta", kind: "slow_body", ms: 100, times: 1 });
  await assert.rejects(async () => (await post(batch("b"), META, 150)).text(), { name: "TimeoutError" });
  await new Promise((resolve) => setTimeout(resolve, 120));
  assert.deepEqual(counts(), [1, 2, 0]);
});

test("error_in_200: error object, truncated JSON, HTML", async () => {
  twin.faults(["error", "truncated", "html"].map((variant) => ({ platform: "meta", kind: "error_in_200", variant, times: 1 })));
  const [error, truncated, html] = [await post(batch("a")), await post(batch("a")), await post(batch("a"))];
  assert.deepEqual([error.status, truncated.status, html.status], [200, 200, 200]);
  assert.equal(/** @type {any} */ (await error.json()).error.is_transient, true);
  await assert.rejects(truncated.json(), SyntaxError);
  assert.match(await html.text(), /^<!DOCTYPE/);
  assert.deepEqual(counts(), [0, 3, 0]);
});

test("reject_event_id: as long as the batch holds the event", async () => {
  twin.faults({ platform: "meta", kind: "reject_event_id", event_id: "bad" });
  const refused = await post(batch("a", "bad"));
  assert.equal(refused.status, 400);
  assert.equal(/** @type {any} */ (await refused.json()).error.code, 100);
  assert.equal((await post(batch("a"))).status, 200);
  assert.equal((await post(batch("bad"))).status, 400);
  assert.deepEqual(counts(), [1, 2, 1]);
});

test("revoke_token: until restore", async () => {
  twin.faults({ platform: "meta", kind: "revoke_token" });
  const revoked = await post(batch("a"));
  const { error } = /** @type {any} */ (await revoked.json());
  assert.deepEqual([revoked.status, error.code, error.error_subcode], [400, 190, 463]);
  await control("faults", "POST", { platform: "meta", kind: "restore" });
  assert.equal((await post(batch("a"))).status, 200);
});

test("latency: slower, but processed", async () => {
  twin.faults({ platform: "meta", kind: "latency", ms: 80, times: 1 });
  const started = performance.now();
  assert.equal((await post(batch("a"))).status, 200);
  assert.ok(performance.now() - started >= 75);
  assert.deepEqual(counts(), [1, 0, 1]);
});

test("a fault script that cannot be understood is refused as a whole", async () => {
  for (const bad of [{ kind: "boom" }, { kind: "status", platform: "nope" }, { kind: "status", time: 1 }, { kind: "reject_event_id" }, { kind: "status", status: 99 }, 7]) {
    assert.ok((await control("faults", "POST", [{ kind: "reset" }, bad])).error);
  }
  assert.deepEqual((await control("faults")).faults, []);
});

test("the request log hides tokens, digests, addresses and plain identifiers", async () => {
  await post({ ...batch("a"), note: "elena@shop.example" }, `${META}?access_token=EAAB-twin-token`);
  await post({ client_id: "x" }, GA4);
  const { requests } = await control("requests?limit=5");
  const text = JSON.stringify(requests);
  for (const secret of ["EAAB-twin-token", "s3cr3t", sha256("a"), "203.0.113.77", "Linux x86_64", "elena@"]) assert.ok(!text.includes(secret), secret);
  assert.ok(text.includes(`${sha256("a").slice(0, 8)}…`));
  assert.deepEqual([requests[0].status, requests[1].status, requests[1].method], [400, 204, "POST"]);
  assert.equal(typeof requests[0].latency_ms, "number");
  assert.ok(!JSON.stringify(await control("stats")).includes("elena@"));
});

test("received filters and limits; reset forgets", async () => {
  await post(batch("a", "b", "c"));
  const some = await control("received?platform=meta&limit=2");
  assert.deepEqual([some.total, some.events.map((/** @type {any} */ e) => e.event_id)], [3, ["b", "c"]]);
  assert.equal((await control("received?event_id=a")).events[0].context.dataset_id, "1");
  assert.equal((await control("received?platform=ga4")).total, 0);
  await control("reset", "POST");
  assert.deepEqual(counts(), [0, 0, 0]);
  assert.equal((await post(batch("a"))).status, 200);
});

test("plain identifiers are found plain, percent-encoded and in base64, and nothing else is", () => {
  const b64 = Buffer.from("elena.brandt@shop.example").toString("base64url");
  for (const plain of ["a elena@shop.example b", "e=elena%40shop.example", "e=elena%2540shop.example", `x.${b64}`, "+4915123456789", "tel:%2B49 1512 3456789"]) {
    assert.ok(findPlain(plain), plain);
  }
  for (const fine of [sha256("x"), "2026-11-24T12:00:00+01:00", "fb.1.1795182060000.IwAR0AbC", "Mozilla/5.0 (X11; rv:143.0)", "@handle", "2 + 2", "ord-2026-118842"]) {
    assert.equal(findPlain(fine), null, fine);
  }
  assert.deepEqual(duplicateKeys('{"a":{"b":1,"c":"b"},"b":[{"b":1},{"b":"\\"a\\":"}],"a":2}'), ["a"]);
});

test("100,000 events are held, and close does not wait", async () => {
  const big = await startTwin({ now: () => NOW });
  for (let round = 0; round < 100; round += 1) {
    const body = JSON.stringify(batch(...Array.from({ length: 1000 }, (_, i) => `${round}-${i}`)));
    const response = await fetch(big.url + META, { method: "POST", headers: { "content-type": "application/json" }, body });
    assert.equal(response.status, 200);
    await response.arrayBuffer();
  }
  assert.equal(big.stats().platforms.meta?.unique, 100_000);
  assert.equal(big.received({ event_id: "99-999" }).total, 1);
  big.faults({ kind: "timeout" });
  const hanging = fetch(big.url + META, { method: "POST", body: "{}" }).catch(() => "cut");
  await new Promise((resolve) => setTimeout(resolve, 50));
  const started = performance.now();
  await big.close();
  assert.ok(performance.now() - started < 500);
  assert.equal(await hanging, "cut");
});

test("the command line starts, answers and stops", async () => {
  const child = spawn(process.execPath, [new URL("main.mjs", import.meta.url).pathname, "--port", "0", "--webhook-host", "more.example"], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(child.stdout, "data");
  const url = /http:\S+/.exec(String(line))?.[0];
  const { hosts } = /** @type {any} */ (await (await fetch(`${url}/_twin/`)).json());
  assert.equal(hosts["more.example"], "webhook");
  child.kill("SIGTERM");
  const [code] = await once(child, "exit");
  assert.equal(code, 0);
});
