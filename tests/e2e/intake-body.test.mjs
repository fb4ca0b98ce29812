// What a request may hold: every fault has a code, a place and a status, and none of them stops the worker.

import assert from "node:assert/strict";
import http from "node:http";
import {after, before, test} from "node:test";
import {SECRETS, openShop, pageView, purchase, small} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */
/** @typedef {import("../support/shop.mjs").Reply} Reply */

const KIB = 1024;

/** @type {Shop} */
let shop;
before(async () => {
  shop = await openShop();
});
after(() => shop.close());

/**
 * A refusal of the whole request.
 * @param {Reply} reply
 * @param {number} status
 * @param {string} code
 */
function refused(reply, status, code) {
  assert.equal(reply.status, status, reply.text);
  assert.equal(reply.body.error.code, code, reply.text);
}

/**
 * A refusal of the only event.
 * @param {Reply} reply
 * @param {string} code
 * @param {string} [path]
 */
function rejected(reply, code, path) {
  assert.equal(reply.status, 422, reply.text);
  const {results, ...counts} = reply.body;
  assert.deepEqual(counts, {accepted: 0, duplicates: 0, rejected: 1, blocked: 0});
  assert.equal(results[0].code, code, reply.text);
  assert.equal(results[0].path, path, reply.text);
  return results[0];
}

/**
 * An event of so many bytes, as JSON.
 * @param {string} id
 * @param {number} bytes
 */
function sized(id, bytes) {
  const head = JSON.stringify(small(id, {properties: {filler: ""}}));
  return head.replace('"filler":""', `"filler":"${"x".repeat(bytes - head.length)}"`);
}

/**
 * Sends a body without announcing its length, and does not end it unless told so: an answer that comes all the same was
 * given while the body was still streaming.
 * @param {string} text
 * @param {{end?: boolean, piece?: number}} [options]
 * @returns {Promise<{status: number, body: any}>}
 */
function stream(text, {end = false, piece = 16 * KIB} = {}) {
  return new Promise((resolve, reject) => {
    const headers = {"content-type": "application/json", authorization: `Bearer ${SECRETS.BULK_SECRET}`, "transfer-encoding": "chunked"};
    const request = http.request(new URL("/v1/events", shop.worker.url), {method: "POST", headers, agent: false});
    request.on("response", async (response) => {
      let answer = "";
      for await (const part of response.setEncoding("utf8")) answer += part;
      request.destroy();
      resolve({status: response.statusCode ?? 0, body: JSON.parse(answer)});
    });
    request.on("error", reject);
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += piece) request.write(bytes.subarray(at, at + piece));
    if (end) request.end();
  });
}

test("malformed JSON is told by line and column", async () => {
  for (const [text, place] of [
    ["{bad", "line 1, column 2"],
    ['{"event": "purchase",\n "event_id": oops}', "line 2, column 14"],
    ['[{"event": "page_view"}', "line 1, column 23"],
    ["", "line 1, column 0"],
    ['{"event": "page_view", "event_id": "a"} trailing', "line 1, column 41"],
  ]) {
    const reply = await shop.server(text);
    refused(reply, 400, "malformed_json");
    assert.ok(reply.body.error.message.includes(place), reply.text);
  }
});

test("a value of the wrong type is told by its path, and not repeated", async () => {
  /** @type {[Record<string, unknown>, string, string][]} */
  const rows = [
    [{value: "129.90"}, "value_invalid", "value"],
    [{event_id: 7.5}, "wrong_type", "event_id"],
    [{currency: 978}, "wrong_type", "currency"],
    [{consent: {ad_storage: true}}, "wrong_type", "consent.ad_storage"],
    [{consent: {ad_storage: "yes"}}, "invalid_choice", "consent.ad_storage"],
    [{test: "yes"}, "wrong_type", "test"],
    [{event_time: "yesterday"}, "event_time_invalid", "event_time"],
    [{event_time: Date.now() + 600_000}, "event_time_in_future", "event_time"],
    [{event: "Page View"}, "event_name_invalid", "event"],
    [{event: undefined}, "event_missing", "event"],
    [{currency: "EURO"}, "currency_invalid", "currency"],
    [{event_id: ""}, "event_id_missing", "event_id"],
    [{event_id: "undefined"}, "event_id_placeholder", "event_id"],
    [{event_id: "elena.brandt@gmail.com"}, "event_id_invalid", "event_id"],
    [{value: -1}, "value_out_of_range", "value"],
  ];
  for (const [more, code, path] of rows) {
    const reply = await shop.server(purchase("wrong-type", more));
    rejected(reply, code, path);
    assert.ok(!reply.text.includes("gmail"), reply.text);
  }
  for (const text of ["7", '"text"', "null", "true"]) {
    const reply = await shop.server(text);
    assert.ok([400, 422].includes(reply.status), `${text}: ${reply.status} ${reply.text}`);
    assert.ok(/wrong_type|event_missing/.test(reply.text), `${text}: ${reply.text}`);
  }
  for (const text of ['{"events": 7}', '{"events": {"event": "page_view"}}']) {
    const reply = await shop.server(text);
    assert.equal(reply.status, 422, reply.text);
    assert.deepEqual([reply.body.error.code, reply.body.error.path], ["wrong_type", "events"]);
  }
});

test("what decorates an event is left out where it cannot be used, and told without its value", async () => {
  /** @type {[Record<string, unknown>, string, string][]} */
  const rows = [
    [{user: "elena.brandt@gmail.com"}, "wrong_type", "user"],
    [{user: {email: ["elena.brandt@gmail.com"]}}, "wrong_type", "user.email"],
    [{user: {email_sha256: "not-a-digest"}}, "invalid_digest", "user.email_sha256"],
    [{context: {cookies: {_fbp: true}}}, "wrong_type", "context.cookies._fbp"],
    [{context: {client_id: "undefined"}}, "placeholder", "context.client_id"],
    [{items: {a: 1}}, "wrong_type", "items"],
    [{properties: [1]}, "wrong_type", "properties"],
  ];
  for (const [index, [more, code, path]] of rows.entries()) {
    const reply = await shop.server(small(`decoration-${index}`, {consent: {}, ...more}));
    assert.equal(reply.status, 202, reply.text);
    assert.deepEqual(reply.body.results[0].removed, [{path, code}]);
    assert.ok(!reply.text.includes("gmail"), reply.text);
  }
});

test("an unknown key is an error with the nearest known key", async () => {
  const top = rejected(await shop.server(purchase("k1", {curency: "EUR"})), "unknown_key", "curency");
  assert.match(top.message, /`currency`/);
  const camel = rejected(await shop.server(purchase("k2", {eventTime: 1})), "unknown_key", "eventTime");
  assert.match(camel.message, /`event_time`/);
  const nested = rejected(await shop.server(purchase("k3", {user: {emial: "elena.brandt@gmail.com"}})), "unknown_key", "user.emial");
  assert.match(nested.message, /`email`/);
  const item = await shop.server(small("k4", {consent: {}, items: [{}, {item_nam: "a"}]}));
  assert.deepEqual(item.body.results[0].changed, [{path: "items[1].item_nam", code: "item_property"}]);
  const batch = await shop.server({events: [small("k7")], tset: true});
  assert.deepEqual([batch.status, batch.body.error.code, batch.body.error.path], [422, "unknown_key", "tset"]);
  const far = rejected(await shop.server(purchase("k5", {zzzzzz: 1})), "unknown_key", "zzzzzz");
  assert.match(far.message, /properties/);
  const address = await shop.server(purchase("k6", {"elena.brandt@gmail.com": 1}));
  rejected(address, "unknown_key", "(unnamed)");
  assert.ok(!address.text.includes("gmail"));
});

test("an event needs an id; a purchase may be known by its order", async () => {
  rejected(await shop.server(pageView("x", {event_id: undefined})), "event_id_missing", "event_id");
  rejected(await shop.server(purchase("x", {event_id: undefined})), "event_id_missing", "event_id");
  rejected(await shop.server(pageView("x", {event_id: undefined, transaction_id: "1188"})), "event_id_missing", "event_id");
  const reply = await shop.server(purchase("x", {event_id: undefined, transaction_id: "118842"}));
  assert.equal(reply.body.results[0].event_id, "118842");
});

test("a purchase needs a value, and a value its currency", async () => {
  rejected(await shop.server(purchase("v1", {value: undefined})), "value_missing", "value");
  rejected(await shop.server(purchase("v2", {value: null})), "value_missing", "value");
  rejected(await shop.server(purchase("v3", {currency: undefined})), "currency_missing", "currency");
  rejected(await shop.server(pageView("v4", {value: 3})), "currency_missing", "currency");
  assert.equal((await shop.server(purchase("v5", {value: 0}))).status, 202);
});

test("numbers that are none, and numbers that are too many", async () => {
  const text = JSON.stringify(purchase("nan"));
  for (const literal of ["NaN", "Infinity", "-Infinity", "+1", "0x10", "1.", ".5", "01"]) {
    refused(await shop.server(text.replace("129.9", literal)), 400, "malformed_json");
  }
  rejected(await shop.server(text.replace("129.9", "1e400")), "value_out_of_range", "value");
  rejected(await shop.server(text.replace("129.9", "1e13")), "value_out_of_range", "value");
});

test("a body has to be UTF-8", async () => {
  const bytes = new TextEncoder().encode(JSON.stringify(purchase("utf8", {release: "XX"})));
  const at = new TextDecoder("latin1").decode(bytes).indexOf("XX");
  bytes.set([0xc3, 0x28], at);
  const reply = await shop.server(bytes);
  refused(reply, 400, "invalid_utf8");
  assert.ok(reply.body.error.message.includes(String(at)), reply.text);
  // A byte order mark is no fault of the event's.
  assert.equal((await shop.server(`\u{feff}${JSON.stringify(small("bom", {consent: {}}))}`)).status, 202);
});

test("an event may have 64 KiB and not a byte more", async () => {
  const exact = sized("64-kib", 64 * KIB);
  assert.equal(Buffer.byteLength(exact), 64 * KIB);
  assert.equal((await shop.bulk(exact)).body?.accepted, 1);
  refused(await shop.bulk(sized("64-kib-1", 64 * KIB + 1)), 413, "event_too_large");

  const batch = `[${sized("large-1", 64 * KIB)},${sized("large-2", 64 * KIB + 1)},${JSON.stringify(small("large-3"))}]`;
  const reply = await shop.bulk(batch);
  assert.equal(reply.status, 202, reply.text);
  assert.deepEqual(
    reply.body.results.map((/** @type {any} */ one) => [one.index, one.status, one.code]),
    [[0, "accepted", undefined], [1, "rejected", "event_too_large"], [2, "accepted", undefined]],
  );
  await shop.arrival("webhook", 3);
});

test("a body may have 512 KiB, announced or not, and the worker lives on", async () => {
  const event = sized("padding", 60 * KIB);
  const nine = `[${Array.from({length: 9}, (_, i) => event.replace("padding", `pad-${i}-x`)).join(",")}]`;
  assert.ok(Buffer.byteLength(nine) > 512 * KIB);
  refused(await shop.bulk(nine), 413, "body_too_large");

  const limit = `[${JSON.stringify(small("after-413"))}${" ".repeat(512 * KIB)}`.slice(0, 512 * KIB - 1) + "]";
  assert.equal(Buffer.byteLength(limit), 512 * KIB);
  const over = `${limit} `;
  // Six at once, in pieces small and large, and none of them comes to an end.
  const answers = await Promise.all([1, 16, 16, 64, 256, 512].map((piece) => stream(over, {piece: piece * KIB})));
  for (const {status, body} of answers) assert.deepEqual([status, body.error?.code], [413, "body_too_large"]);
  const ended = await stream(over, {end: true});
  assert.deepEqual([ended.status, ended.body.error?.code], [413, "body_too_large"]);

  assert.equal((await shop.bulk(limit)).body?.accepted, 1);
  const exact = await stream(limit, {end: true});
  assert.deepEqual([exact.status, exact.body.duplicates], [202, 1]);
  shop.tally.accepted += 1;
  assert.equal((await shop.fetch("/v1/health")).status, 200);
});

test("a request may have 500 events", async () => {
  const events = Array.from({length: 501}, (_, i) => small(`many-${i}`));
  refused(await shop.bulk(events), 413, "too_many_events");
  refused(await shop.bulk({events}), 413, "too_many_events");
  const reply = await shop.bulk(events.slice(0, 500));
  assert.equal(reply.status, 202);
  assert.deepEqual([reply.body.accepted, reply.body.results.length], [500, 500]);
  assert.deepEqual(reply.body.results.map((/** @type {any} */ one) => one.event_id), events.slice(0, 500).map((one) => one.event_id));
});

test("depth is bounded, whatever the brackets", async () => {
  const nested = (/** @type {number} */ depth) => JSON.parse(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`);
  refused(await shop.server(pageView("deep", {properties: nested(8)})), 400, "too_deep");
  assert.equal((await shop.server(pageView("not-deep", {consent: {}, properties: nested(7)}))).status, 202);
  const bomb = 100_000;
  for (const text of [
    "[".repeat(bomb),
    `${"[".repeat(bomb)}${"]".repeat(bomb)}`,
    `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`,
    `{"event":"page_view","event_id":"bomb","properties":${"[".repeat(20_000)}${"]".repeat(20_000)}}`,
    `[{"event":"page_view","event_id":"bomb","user":${"[".repeat(20_000)}${"]".repeat(20_000)}}]`,
    `[${"[".repeat(20_000)}${"]".repeat(20_000)}]`,
  ]) {
    const reply = await shop.bulk(text);
    assert.ok([400, 413, 422].includes(reply.status), `${reply.status} ${reply.text}`);
    // A list where an object belongs is refused for that, before anybody counts its brackets.
    assert.match(reply.text, /too_deep|malformed_json|event_too_large|"wrong_type","path":"properties"/, text.slice(0, 60));
  }
  assert.equal((await shop.fetch("/v1/health")).status, 200);
});

test("an empty batch is no batch", async () => {
  refused(await shop.server("[]"), 400, "empty_batch");
  refused(await shop.server({events: []}), 400, "empty_batch");
});

test("one event, a list, and a list under `events` are all the same", async () => {
  assert.equal((await shop.bulk(small("form-1"))).body.accepted, 1);
  assert.equal((await shop.bulk([small("form-2"), small("form-3")])).body.accepted, 2);
  assert.equal((await shop.bulk({events: [small("form-4"), small("form-5")]})).body.accepted, 2);
  for (const id of ["form-1", "form-2", "form-3", "form-4", "form-5"]) await shop.one("webhook", id);
});

test("one bad event among a hundred costs that one", async () => {
  /** @type {Record<string, unknown>[]} */
  const events = Array.from({length: 100}, (_, i) => small(`hundred-${i}`));
  events[41] = {...small("hundred-41"), value: "free", currency: "EUR"};
  const reply = await shop.bulk(events);
  assert.equal(reply.status, 202, reply.text.slice(0, 300));
  assert.deepEqual([reply.body.accepted, reply.body.rejected], [99, 1]);
  for (const [index, result] of reply.body.results.entries()) {
    assert.equal(result.index, index);
    if (index === 41) {
      assert.deepEqual([result.status, result.code, result.path], ["rejected", "value_invalid", "value"]);
    } else {
      assert.deepEqual([result.status, result.event_id], ["accepted", `hundred-${index}`]);
    }
  }
  await waitForHundred();
  assert.equal(shop.twin.received({platform: "webhook", event_id: "hundred-41"}).total, 0);
});

async function waitForHundred() {
  for (let index = 0; index < 100; index += 1) {
    if (index !== 41) await shop.one("webhook", `hundred-${index}`);
  }
}

test("every event rejected is a 422, and counted as malformed", async () => {
  const before = shop.tally.malformed;
  const reply = await shop.post([{}, {event: "purchase"}], {authorization: `Bearer ${SECRETS.BULK_SECRET}`});
  assert.equal(reply.status, 422);
  assert.deepEqual(reply.body.results.map((/** @type {any} */ one) => one.code), ["event_missing", "event_id_missing"]);
  assert.equal(shop.tally.malformed, before + 2);
});
