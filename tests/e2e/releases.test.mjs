// The release gate at its route: two labels side by side in the same hours, counted by the worker itself.

import assert from "node:assert/strict";
import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {test} from "node:test";
import {startTwin} from "../../twin/server.mjs";
import {ADMIN, openShop, small} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Json} Json */
/** @typedef {import("../support/shop.mjs").Shop} Shop */

/** A stand-in that is slow on a busy machine lost no reply. */
const PATIENT = {delivery: {timeout_ms: 10_000}};

/** How often an event comes among sixteen of a visit. @type {[string, number][]} */
const VISIT = [["page_view", 8], ["view_item", 4], ["add_to_cart", 3], ["purchase", 1]];

/**
 * Visits of a release: what each event is, and what the release does to it.
 * @param {string} label
 * @param {number} visits
 * @param {(event: Json) => Json[]} [change]
 */
function visits(label, visits, change = (event) => [event]) {
  return Array.from({length: visits}, (_, visit) =>
    VISIT.flatMap(([event, times]) =>
      Array.from({length: times}, (_, time) => {
        const user = {email: `visitor-${label}-${visit}@mail.example`, external_id: `v-${visit}`};
        const priced = event === "purchase" ? {value: 90 + (visit % 20), currency: "EUR", items: [{item_id: "SKU-1", price: 10, quantity: 1}]} : {};
        return change(small(`${label}-${visit}-${event}-${time}`, {event, release: label, user, ...priced}));
      }).flat(),
    ),
  ).flat();
}

/**
 * Sends several releases' events side by side, as a split of the traffic has them.
 * @param {Shop} shop
 * @param {Json[][]} releases
 */
async function send(shop, ...releases) {
  for (let at = 0; releases.some((events) => at < events.length); at += 150) {
    const reply = await shop.bulk(releases.flatMap((events) => events.slice(at, at + 150)));
    assert.equal(reply.body?.rejected, 0, reply.text);
  }
  await shop.settle();
}

/**
 * @param {Shop} shop
 * @param {string} query
 * @param {Record<string, string>} [headers]
 */
const compared = (shop, query, headers = {}) => shop.fetch(`/v1/releases/compare?source=bulk&${query}`, {headers: {authorization: `Bearer ${ADMIN}`, ...headers}});

const withoutEmail = (/** @type {Json} */ event) => [{...event, user: {external_id: event.user.external_id}}];
const cartTwice = (/** @type {Json} */ event) => (event.event === "add_to_cart" ? [event, {...event, event_id: `${event.event_id}-again`}] : [event]);

test("of two releases side by side, the one that lost the e-mail fails, and it says exactly that", async () => {
  const shop = await openShop(PATIENT);
  try {
    await send(shop, visits("web-1", 60), visits("web-2", 60, withoutEmail), visits("web-3", 60));
    const bad = (await compared(shop, "before=web-1&after=web-2&looks=hourly")).body;
    assert.equal(bad.verdict, "fail", JSON.stringify(bad));
    assert.equal(bad.concurrent, true);
    assert.deepEqual([bad.before.label, bad.after.label, bad.after.events], ["web-1", "web-2", 60 * 16]);
    const failed = bad.findings.filter((/** @type {Json} */ finding) => finding.severity === "fail");
    assert.deepEqual([...new Set(failed.map((/** @type {Json} */ finding) => finding.what))], ["email"]);
    assert.deepEqual(failed.map((/** @type {Json} */ finding) => finding.event).sort(), VISIT.map(([event]) => event).sort());
    for (const finding of failed) assert.deepEqual([finding.before, finding.after, finding.change.estimate, finding.since !== null], [1, 0, -1, true], JSON.stringify(finding));
    assert.match(bad.reason, /email in 0 % of \d+, 100 % before/);

    // Without weeks behind it the gate assumes more noise than there is, so in an hour it sees large drops only, and says so.
    const quiet = (await compared(shop, "before=web-1&after=web-3&watch=page_view,view_item&see=0.95")).body;
    assert.equal(quiet.verdict, "pass", quiet.reason);
    const seen = quiet.sight.filter((/** @type {Json} */ sight) => sight.watched).map((/** @type {Json} */ sight) => sight.smallest_drop);
    assert.ok(seen.length === 2 && seen.every((/** @type {number} */ drop) => drop > 0.2 && drop <= 0.95), JSON.stringify(seen));
    // Purchases are too few for that: it says how many it takes.
    const early = (await compared(shop, "before=web-1&after=web-3&watch=purchase&see=0.2")).body;
    assert.equal(early.verdict, "inconclusive", early.reason);
    assert.ok(early.more_events > 0);
    const few = (await compared(shop, "before=web-1&after=web-3&min_events=5000")).body;
    assert.deepEqual([few.verdict, few.more_events], ["inconclusive", 5000 - 60 * 16]);
    await shop.close();
  } catch (error) {
    await shop.stop();
    throw error;
  }
});

test("a doubled event is told as one, and as nothing else", async () => {
  const shop = await openShop(PATIENT);
  try {
    await send(shop, visits("web-1", 60), visits("web-2", 60, cartTwice));
    const {body} = await compared(shop, "before=web-1&after=web-2&looks=hourly");
    assert.equal(body.verdict, "fail", JSON.stringify(body));
    const failed = body.findings.filter((/** @type {Json} */ finding) => finding.severity === "fail");
    assert.deepEqual(failed.map((/** @type {Json} */ finding) => [finding.event, finding.what, finding.test]), [["add_to_cart", "volume", "T7"]]);
    assert.match(body.reason, /add_to_cart rose by \d+ %/);
    await shop.close();
  } catch (error) {
    await shop.stop();
    throw error;
  }
});

test("what is asked wrongly is refused with the rule, a label that nobody has with a code of its own", async () => {
  const shop = await openShop(PATIENT);
  try {
    await send(shop, visits("web-1", 2));
    for (const [query, code, path, said] of /** @type {[string, string, string, RegExp][]} */ ([
      ["", "request_invalid", "", /after is missing/],
      ["before=a&after=a", "request_invalid", "", /same label/],
      ["after=a&colour=red", "request_invalid", "", /parameters: source, before/],
      ["after=a&after=b", "request_invalid", "after", /twice/],
      ["after=a&volume=15", "request_invalid", "", /volume is a number between 0 and 1/],
      ["after=web-9&before=web-1", "label_unknown", "", /`after`/],
      ["after=web-1&before=web-9", "label_unknown", "", /`before`/],
    ])) {
      const {status, body} = await compared(shop, query);
      assert.deepEqual([status, body.error.code, body.error.path ?? ""], [400, code, path], query);
      assert.match(body.error.message, said);
      assert.ok(!body.error.message.includes("web-9"), "no text of whoever asks");
    }
    assert.equal((await shop.fetch("/v1/releases/compare?source=bulk&after=web-1")).status, 401);
    assert.equal((await compared(shop, "before=&after=web-1")).body.error.code, "label_unknown");
    await shop.close();
  } catch (error) {
    await shop.stop();
    throw error;
  }
});

test("the table is Markdown by its parameter or by Accept, and a release that is markup is none in it", async () => {
  const shop = await openShop(PATIENT);
  try {
    const label = "web|2 <b>`@all`</b>";
    await send(shop, visits("web-1", 40), visits(label, 40, withoutEmail));
    const query = `before=web-1&after=${encodeURIComponent(label)}`;
    for (const reply of [await compared(shop, `${query}&format=markdown`), await compared(shop, query, {accept: "text/markdown"})]) {
      assert.equal(reply.headers.get("content-type"), "text/markdown; charset=utf-8");
      assert.match(reply.text, /^### bulk: web-1 → web&#124;2 &lt;b&gt;&#96;&#64;all&#96;&lt;\/b&gt;: \*\*fail\*\*\n/);
      assert.match(reply.text, /\| fail \| purchase \| .* \| email \| 100 % \| 0 % \|/);
    }
    assert.equal((await compared(shop, `${query}&format=json`, {accept: "text/markdown"})).body.verdict, "fail");
    await shop.close();
  } catch (error) {
    await shop.stop();
    throw error;
  }
});

test("two versions of the gateway are compared as two releases are", async () => {
  const persist = await mkdtemp(join(tmpdir(), "edgetally-test-"));
  const twin = await startTwin();
  try {
    const first = await openShop({...PATIENT, persist, twin, version: "v1"});
    await send(first, visits("web-1", 60));
    await first.stop();
    const second = await openShop({...PATIENT, persist, twin, version: "v2"});
    second.tally.accepted = first.tally.accepted;
    await send(second, visits("web-1b", 60, withoutEmail).map((event) => ({...event, release: "web-1"})));
    const {body} = await compared(second, "by=worker&before=v1&after=v2");
    assert.equal(body.verdict, "fail", JSON.stringify(body));
    assert.deepEqual([body.before.label, body.after.label, body.question.by], ["v1", "v2", "worker"]);
    assert.match(body.reason, /email/);
    await second.close({crossed: true});
  } finally {
    await twin.close();
    await rm(persist, {recursive: true, force: true});
  }
});
