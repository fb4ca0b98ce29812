// The ledger at any size, with every statement failing, and with a database of an earlier release.

import assert from "node:assert/strict";
import {readFile} from "node:fs/promises";
import {after, before, describe, test} from "node:test";
import {receipts} from "../support/receipts.mjs";
import {openShop, purchase, waitFor} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */
/** @typedef {import("../support/shop.mjs").Json} Json */

const HOUR = 3_600_000;
const TODAY = Math.floor(Date.now() / 86_400_000) * 86_400_000;

/**
 * @param {Shop} shop
 * @param {string} query
 * @param {unknown[]} [parameters]
 * @returns {Promise<Json[]>}
 */
async function sql(shop, query, parameters = []) {
  const reply = await shop.fetch("/_test/sql", {method: "POST", body: JSON.stringify({query, parameters})});
  assert.equal(reply.status, 200, reply.text);
  return reply.body;
}

/**
 * @param {Shop} shop
 * @param {string} path
 * @param {unknown} body
 */
const ask = (shop, path, body) => shop.fetch(`/_test/ask${path}`, {method: "POST", body: JSON.stringify(body)});

/**
 * @param {Shop} shop
 * @param {Json} faults
 */
const broken = (shop, faults) => shop.fetch("/_test/break", {method: "POST", body: JSON.stringify(faults)});

/**
 * A line and its number, as reports have them.
 * @param {string} state
 * @param {number} n
 * @param {Json} [more]
 */
const line = (state, n, more = {}) => [{h: TODAY, s: "shop", e: "purchase", d: "hook", o: state, ...more}, n];

/**
 * @param {Shop} shop
 * @param {Json[]} reports
 */
async function report(shop, reports) {
  const reply = await ask(shop, "/report", reports);
  assert.equal(reply.status, 200, reply.text);
}

/** @param {Json} page */
const sum = (page) => page.lines.reduce((/** @type {number} */ all, /** @type {Json} */ one) => all + one.n, 0);

describe("the ledger under pressure", {concurrency: 3}, () => {
  test("a hundred thousand lines: the balances are right, and the lines come page by page", async () => {
    const shop = await openShop({wrap: "./ledger.js"});
    await shop.ledger();
    await sql(
      shop,
      `WITH RECURSIVE i(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM i WHERE i < 49999)
       INSERT INTO counts SELECT ?1 - 3600000 * (i % 240), 'shop', 'release-' || (i % 40), 'event_' || i, 'hook', o, c, '', 1
       FROM i, (SELECT 'accepted' AS o, '' AS c UNION SELECT 'rejected', 'code-' || 7)`,
      [TODAY],
    );
    const all = await shop.ledger();
    assert.equal(all.remainder, 0);
    const [row] = all.balances;
    assert.deepEqual([row.accepted, row.rejected], [50_000, 50_000]);
    assert.equal(all.lines, undefined);
    const since = `since=${TODAY - 11 * HOUR}`;
    let page = await shop.ledger(`?hours=1&source=shop&${since}`);
    assert.equal(page.more, true);
    assert.ok(JSON.stringify(page).length < 1_000_000);
    let [lines, total, pages] = [page.lines.length, sum(page), 1];
    let last = JSON.stringify(page.lines.at(-1));
    while (page.more) {
      page = await shop.ledger(`?hours=1&source=shop&${since}&limit=700&cursor=${page.cursor}`);
      assert.notEqual(JSON.stringify(page.lines[0]), last);
      last = JSON.stringify(page.lines.at(-1));
      [lines, total, pages] = [lines + page.lines.length, total + sum(page), pages + 1];
    }
    const [there] = await sql(shop, "SELECT count(*) AS n FROM counts WHERE hour >= ?", [TODAY - 11 * HOUR]);
    assert.deepEqual([lines, total, page.cursor], [there?.n, there?.n, undefined]);
    assert.ok(pages >= 5);
    const headers = {authorization: "Bearer admin-token-0123456789"};
    for (const cursor of ["", "zz", "5b", "7b7d", "5b6e756c6c5d"]) {
      assert.equal((await shop.fetch(`/v1/ledger?hours=1&cursor=${cursor}`, {headers})).status, 400, cursor);
    }
    await shop.stop();
  });

  test("thousands of reasons: the most frequent ones are told, and the sum of the others", async () => {
    const shop = await openShop({wrap: "./ledger.js"});
    const counts = Array.from({length: 3000}, (_, i) => line("rejected", 1 + (i === 1234 ? 9 : 0), {c: `code-${i}`}));
    await report(shop, [{id: "r1", counts: [...counts, line("accepted", 3009), line("blocked", 2, {c: "gpc", d: "meta"})]}]);
    const {reasons, remainder} = await shop.ledger("?destination=hook");
    assert.ok(reasons.length <= 502);
    assert.equal(reasons.reduce((/** @type {number} */ all, /** @type {Json} */ one) => all + one.n, 0), 3009);
    assert.equal(reasons.find((/** @type {Json} */ one) => one.code === "code-1234").n, 10);
    const other = reasons.find((/** @type {Json} */ one) => one.code === "other");
    assert.equal(other.codes, 2500);
    assert.equal(remainder, 0);
    // The few of one destination are not crowded out by the many of another.
    assert.equal((await shop.ledger()).reasons.find((/** @type {Json} */ one) => one.destination === "meta").n, 2);
    await shop.stop();
  });

  test("invented names and releases are counted together, and come down where they went up", async () => {
    const shop = await openShop({wrap: "./ledger.js"});
    /** @param {number} i */
    const named = (i) => ({e: `invented_${i}`, v: `release-${i}`, h: TODAY + (i % 20) * HOUR});
    const up = Array.from({length: 700}, (_, i) => [line("accepted", 1, named(i)), line("accepted", 1, {...named(i), d: ""}), line("retrying", 1, named(i))]);
    for (let i = 0; i < 700; i += 100) await report(shop, [{id: `up-${i}`, counts: up.slice(i, i + 100).flat()}]);
    await report(shop, [{id: "real", counts: [line("accepted", 5, {v: "web-1"}), line("delivered", 5, {v: "web-1"})]}]);
    let ledger = await shop.ledger();
    assert.deepEqual(ledger.folded.shop, {events: 600, releases: 650});
    // How many names that were, in whatever reports they came, and again; `web-1` came too late as well.
    await report(shop, [{id: "again", counts: [line("accepted", 0, named(699)), line("skipped", 0, named(650))]}]);
    const day = new Date(TODAY).toISOString().slice(0, 10);
    const folded = (/** @type {string} */ kind, /** @type {number} */ names) => ({source: "shop", day, kind, names, or_more: names >= 1000});
    assert.deepEqual(ledger.folded_names, [folded("event", 600), folded("release", 651)]);
    assert.deepEqual((await shop.ledger("?source=bulk")).folded_names, []);
    assert.deepEqual((await shop.ledger(`?until=${new Date(TODAY - 1).toISOString()}`)).folded_names, []);
    const health = (await shop.fetch("/v1/health")).body;
    assert.deepEqual(health.attention.names_folded, {shop: 1251});
    assert.ok(health.warnings.some((/** @type {string} */ one) => one.startsWith("shop: 1251 names of events, releases or versions")));
    // No more are remembered than that, however many come.
    const many = Array.from({length: 800}, (_, i) => line("accepted", 1, {e: `late_${i}`, v: "web-1"}));
    await report(shop, [{id: "late", counts: many}]);
    assert.deepEqual((await shop.ledger()).folded_names[0], folded("event", 1000));
    await report(shop, [{id: "late-down", counts: many.map(([one]) => [one, -1])}]);
    const rows = await sql(shop, "SELECT count(DISTINCT event) AS events, count(DISTINCT release) AS releases, count(*) AS n FROM counts");
    assert.deepEqual([rows[0]?.events, rows[0]?.releases], [102, 51]);
    // Another day has its own names.
    await report(shop, [{id: "tomorrow", counts: [line("accepted", 1, {h: TODAY + 24 * HOUR, e: "invented_699", v: "release-699"}), line("delivered", 1, {h: TODAY + 24 * HOUR, e: "invented_699", v: "release-699"})]}]);
    assert.equal((await shop.ledger("?event=invented_699&release=release-699")).balances[0].delivered, 1);
    // In another order, together with names that are new.
    const down = Array.from({length: 700}, (_, i) => [line("retrying", -1, named(i)), line("delivered", 1, named(i))]).reverse();
    for (let i = 0; i < 700; i += 140) await report(shop, [{id: `down-${i}`, counts: down.slice(i, i + 140).flat()}]);
    assert.deepEqual(await sql(shop, "SELECT * FROM counts WHERE n < 0 OR (n <> 0 AND state = 'retrying')"), []);
    ledger = await shop.ledger();
    assert.equal(ledger.remainder, 0);
    assert.equal(ledger.balances[0].delivered, 706);
    await shop.stop();
  });

  test("invented consent platforms are counted together", async () => {
    const shop = await openShop({wrap: "./ledger.js"});
    const wrote = (/** @type {number} */ id) => [
      line("consent_string", 1, {d: "", c: `cmp_${id}`}), line("consent_string", 1, {c: `cmp_${id}:tcf_vendor`}),
    ];
    await report(shop, [{id: "real", counts: wrote(300)}]);
    await report(shop, [{id: "forged", counts: Array.from({length: 60}, (_, id) => wrote(1000 + id)).flat()}]);
    await report(shop, [{id: "again", counts: wrote(300)}]);
    const {reasons} = await shop.ledger();
    const of = (/** @type {string} */ code) => reasons.find((/** @type {Json} */ one) => one.code === code)?.n;
    assert.deepEqual([of("cmp_300"), of("cmp_300:tcf_vendor"), of("cmp_other"), of("cmp_other:tcf_vendor")], [2, 2, 41, 41]);
    assert.equal(new Set(reasons.map((/** @type {Json} */ one) => one.code.split(":")[0])).size, 21);
    await shop.stop();
  });

  test("releases hold no control characters", async () => {
    const shop = await openShop({wrap: "./ledger.js"});
    await report(shop, [{id: "r1", counts: [line("accepted", 1, {v: "we\u0000b\n-\u001b1"}), line("delivered", 1, {v: "web-1"})]}]);
    assert.equal((await shop.ledger("?release=web-1")).balances[0].accepted, 1);
    await shop.stop();
  });

  test("whatever statement fails, a report is applied whole or not at all, and no other with it", async () => {
    const shop = await openShop({wrap: "./ledger.js"});
    await shop.ledger();
    /** @param {number} n */
    const reports = (n) => {
      const letter = {id: `l${n}`, at: TODAY, source: "shop", destination: "hook", event: "purchase", event_id: "1", state: "dead", code: "x", parcel: "{}"};
      const pending = (/** @type {string} */ id) => ({id, destination: "hook", receipt: id, source: "shop", taken: TODAY, due: TODAY, asked: 0, attempt: 0, parcels: []});
      const note = {at: TODAY, source: "shop", event: "purchase", event_id: `n${n}`, what: {hook: "dead:x"}};
      return [
        {
          id: `a${n}`,
          counts: [line("accepted", 2), line("dead", 1, {c: "x"}), line("processing", 1)],
          notes: [note],
          dead: [letter],
          quarantined: [{id: `q${n}`, at: TODAY, code: "x", body: "?"}],
          pending: [pending(`p${n}`), pending(`gone${n}`)],
        },
        {id: `b${n}`, counts: [line("accepted", 1), line("delivered", 1)], notes: [note], postponed: [{id: `p${n}`, due: 7, asked: 3}], settled: [`gone${n}`], revived: [`q${n}`]},
      ];
    };
    const state = async () => {
      const found = await Promise.all(
        [
          "SELECT state, sum(n) AS n FROM counts GROUP BY 1 ORDER BY 1",
          "SELECT count(*) AS n FROM dead",
          "SELECT count(*) AS n FROM quarantine",
          "SELECT count(*) AS n, sum(due = 7) AS due FROM pending",
          "SELECT count(*) AS n FROM notes",
          "SELECT count(*) AS n FROM seen",
        ].map((query) => sql(shop, query)),
      );
      return JSON.stringify(found);
    };
    await broken(shop, {});
    await report(shop, reports(0));
    const statements = (await shop.fetch("/_test/count")).body;
    assert.ok(statements >= 15 && statements < 40, `${statements} statements`);
    /** @type {string[]} */
    const whole = [await state()];
    // What it looks like after n such calls, each of which went through.
    for (let n = 1; n <= 2 * statements; n += 1) {
      await report(shop, reports(n));
      whole.push(await state());
    }
    for (const table of ["counts", "dead", "quarantine", "pending", "notes", "seen"]) await sql(shop, `DELETE FROM ${table}`);
    await report(shop, reports(0));
    let failures = 0;
    for (let at = 1; at <= statements; at += 1) {
      for (const times of [1, undefined]) {
        const n = 2 * at - (times ? 1 : 0);
        await broken(shop, {at, times});
        const first = await ask(shop, "/report", reports(n));
        await broken(shop, {});
        const {remainder} = await shop.ledger();
        assert.equal(remainder, 0, `statement ${at}`);
        if (first.status !== 200) {
          failures += 1;
          const {failed} = JSON.parse(first.text);
          const known = (await sql(shop, "SELECT id FROM seen")).map(({id}) => id);
          for (const {id} of reports(n)) assert.equal(known.includes(id), !failed.includes(id), `statement ${at}: ${id}`);
        }
        await report(shop, reports(n));
        assert.equal(await state(), whole[n], `statement ${at}`);
      }
    }
    assert.ok(failures >= statements - 2, `${failures}`);
    assert.ok(shop.worker.logs.some(({message}) => /report a\d+ was not applied: it failed at seen/.test(message)));
    await shop.stop();
  });

  test("a report that comes before the one that it builds upon waits for it", async () => {
    const shop = await openShop({wrap: "./ledger.js"});
    const child = {id: "e1/hook.1", counts: [line("retrying", -2), line("delivered", 2)]};
    const letters = {id: "e1!1", counts: [], dead: [{id: "e1#0#hook", at: TODAY, source: "shop", destination: "hook", event: "purchase", event_id: "1", state: "dead", code: "x", parcel: "{}"}]};
    await report(shop, [child, letters]);
    await report(shop, [child]);
    let ledger = await shop.ledger();
    assert.deepEqual([ledger.balances, ledger.reports_waiting], [[], 2]);
    assert.deepEqual(await shop.deadLetters(), []);
    await report(shop, [{id: "e1", counts: [line("accepted", 3), line("retrying", 2), line("dead", 1, {c: "x"})]}]);
    ledger = await shop.ledger();
    const [row] = ledger.balances;
    assert.deepEqual([row.delivered, row.retrying, row.dead, row.remainder, ledger.reports_waiting], [2, 0, 1, 0, undefined]);
    assert.equal((await shop.deadLetters()).length, 1);
    // What never comes is not waited for longer than a day.
    await report(shop, [{id: "orphan/hook.1", counts: [line("retrying", -1), line("delivered", 1)]}]);
    assert.equal((await shop.row("hook")).delivered, 2);
    await broken(shop, {clock: 25 * HOUR});
    await report(shop, [{id: "later", counts: []}]);
    assert.equal((await shop.row("hook")).delivered, 3);
    await shop.stop();
  });

  test("of two runs of an envelope one counts, and only what that one left", async () => {
    const shop = await openShop({wrap: "./ledger.js"});
    /** @param {string} id @param {string} run */
    const left = (id, run) => ({after: [id, run]});
    const states = async () => {
      const {delivered, retrying, dead, maybe_twice: twice, remainder} = await shop.row("hook");
      return {delivered, retrying, dead, twice, remainder};
    };
    // One run delivered one of two, the other none; the ledger hears of the second one first.
    await report(shop, [{id: "e1", run: "r2", counts: [line("accepted", 2), line("retrying", 2)]}]);
    await report(shop, [{id: "e1", run: "r1", counts: [line("accepted", 2), line("delivered", 1), line("retrying", 1)]}]);
    assert.deepEqual(await states(), {delivered: 0, retrying: 2, dead: 0, twice: undefined, remainder: 0});
    const other = {id: "e1/hook.1~a", ...left("e1", "r1"), run: "r3", counts: [line("retrying", -1), line("delivered", 1)], superseded: [line("maybe_twice", 1)]};
    const own = {id: "e1/hook.1~b", ...left("e1", "r2"), counts: [line("retrying", -2), line("delivered", 2)]};
    const asked = {turns: [["e1", null], [other.id, other.after], [own.id, own.after], ["e2/hook.1~c", ["e2", "r1"]]], since: 0};
    const turns = async () => {
      const {known, superseded} = JSON.parse((await ask(shop, "/gate", asked)).text);
      return {known, superseded};
    };
    assert.deepEqual(await turns(), {known: ["e1"], superseded: [other.id]});
    await report(shop, [other]);
    await report(shop, [other]);
    assert.deepEqual(await states(), {delivered: 0, retrying: 2, dead: 0, twice: 1, remainder: 0});
    // What the other run's own remainder came to counts as little.
    await report(shop, [{id: "e1/hook.2~d", ...left(other.id, "r3"), counts: [line("retrying", -1), line("dead", 1, {c: "x"})]}]);
    assert.deepEqual(await states(), {delivered: 0, retrying: 2, dead: 0, twice: 1, remainder: 0});
    await report(shop, [own]);
    assert.deepEqual(await states(), {delivered: 2, retrying: 0, dead: 0, twice: 1, remainder: 0});
    assert.deepEqual(await turns(), {known: ["e1", other.id, own.id], superseded: []});

    // What comes before the report that it builds upon waits for it, however long that takes, and then counts or does not.
    await report(shop, [{id: "e2/hook.1~c", ...left("e2", "r1"), counts: [line("retrying", -1), line("delivered", 1)]}, {id: "e2/hook.1~e", ...left("e2", "r9"), counts: [line("retrying", -1), line("delivered", 1)]}]);
    await broken(shop, {clock: 50 * HOUR});
    await report(shop, [{id: "later", counts: []}]);
    assert.equal((await shop.ledger()).reports_waiting, 2);
    await report(shop, [{id: "e2", run: "r1", counts: [line("accepted", 1), line("retrying", 1)]}]);
    assert.deepEqual(await states(), {delivered: 3, retrying: 0, dead: 0, twice: 1, remainder: 0});
    assert.equal((await shop.ledger()).reports_waiting, undefined);

    // What 0.1.0 applied did not say of which run it was, so whatever was left of it counts.
    await sql(shop, "INSERT INTO seen (id, at) VALUES ('old', ?)", [TODAY]);
    await report(shop, [{id: "fresh", counts: [line("accepted", 1), line("retrying", 1)]}, {id: "old/hook.1~f", ...left("old", "r1"), counts: [line("retrying", -1), line("delivered", 1)]}]);
    assert.deepEqual(await states(), {delivered: 4, retrying: 0, dead: 0, twice: 1, remainder: 0});
    await shop.stop();
  });

  test("the parts of a report are applied together or not at all", async () => {
    const shop = await openShop({wrap: "./ledger.js"});
    await shop.ledger();
    const parts = [
      {id: "e1", run: "r1", counts: [line("accepted", 1), line("dead", 1, {c: "x"})]},
      {id: "e1!1~r1", after: ["e1", "r1"], run: "r1", counts: [line("accepted", 2), line("dead", 2, {c: "x"})]},
      {id: "e1!2~r1", after: ["e1!1~r1", "r1"], counts: [line("accepted", 4), line("dead", 4, {c: "x"})]},
    ];
    await broken(shop, {});
    await report(shop, [{id: "e0", counts: []}]);
    const statements = (await shop.fetch("/_test/count")).body;
    for (let at = 1; at <= 60; at += 1) {
      await broken(shop, {at, times: 1});
      await ask(shop, "/report", parts.map((part) => JSON.parse(JSON.stringify(part).replaceAll("e1", `e${at}-1`))));
      await broken(shop, {});
      const [row] = await sql(shop, "SELECT coalesce(sum(n), 0) AS n FROM counts WHERE state = 'accepted'");
      const known = await sql(shop, `SELECT id FROM seen WHERE id LIKE 'e${at}-1%'`);
      assert.ok(known.length === 0 || known.length === 3, `statement ${at} of ${statements}: ${JSON.stringify(known)}`);
      assert.equal(row?.n % 7, 0, `statement ${at}`);
    }
    assert.equal((await shop.ledger()).remainder, 0);
    // Of another run of it nothing is applied.
    await report(shop, [{id: "e1-1", run: "r2", counts: [line("accepted", 1), line("delivered", 1)]}, {id: "e1-1!1~r2", after: ["e1-1", "r2"], counts: [line("accepted", 2), line("delivered", 2)]}]);
    assert.equal((await shop.row("hook")).delivered, 0);
    await shop.stop();
  });

  test("a verdict that is asked for twice is booked once, whichever receipts it is on", async () => {
    const shop = await openShop({wrap: "./ledger.js"});
    const pending = (/** @type {string} */ id) => ({id, destination: "hook", receipt: "r", source: "shop", taken: TODAY, due: TODAY, asked: 0, attempt: 0, parcels: []});
    await report(shop, [{id: "e1", counts: [line("accepted", 3), line("processing", 3)], pending: [pending("p1"), pending("p2")]}]);
    // One had asked about the second receipt when the first was not there yet; another asks about both.
    await report(shop, [{id: "status:p2", counts: [line("processing", -2), line("delivered", 2)], settled: ["p2"]}]);
    await report(shop, [{id: "status:p1,p2", run: "v1", counts: [line("processing", -3), line("retrying", 3)], settled: ["p1", "p2"]}]);
    // What that one left behind, in the belief that it counts.
    await report(shop, [{id: "p1=1/hook.1", after: ["status:p1,p2", "v1"], counts: [line("retrying", -3), line("rejected", 3)]}]);
    await report(shop, [{id: "status:p1", counts: [line("processing", -1), line("rejected", 1)], settled: ["p1"]}]);
    const {delivered, rejected, processing, retrying, remainder} = await shop.row("hook");
    assert.deepEqual({delivered, rejected, processing, retrying, remainder}, {delivered: 2, rejected: 1, processing: 0, retrying: 0, remainder: 0});
    await shop.stop();
  });

  test("what nobody can work off is told until a person has dealt with it", async () => {
    const shop = await openShop({wrap: "./ledger.js"});
    const health = async () => (await shop.fetch("/v1/health")).body;
    assert.deepEqual((await health()).attention, {});
    // Of a later release, and for a destination that the settings had.
    const parcel = (/** @type {string} */ id) => ({n: "purchase", i: id, t: TODAY, r: TODAY, to: [["gone", 1023]]});
    await shop.enqueue(JSON.stringify({v: 99, kind: "events", id: "future-1", source: "shop", parcels: []}));
    await shop.enqueue(JSON.stringify({v: 1, kind: "events", id: "gone-1", source: "shop", attempt: 0, parcels: [parcel("g1"), parcel("g2")]}));
    const ledger = await waitFor("the ledger", async () => {
      const ledger = await shop.ledger("?source=nobody");
      return ledger.quarantined && ledger.destination_removed ? ledger : undefined;
    });
    assert.deepEqual([ledger.quarantined, ledger.destination_removed], [1, {gone: 2}]);
    // The worker asks the ledger at most every ten seconds for it.
    await broken(shop, {clock: 60_000});
    let told = await health();
    assert.deepEqual([told.status, told.attention], ["ok", {quarantined: 1, destination_removed: {gone: 2}}]);
    assert.equal(told.warnings.filter((/** @type {string} */ one) => /quarantine|gone/.test(one)).length, 2);
    // A month later what was in them is gone, and that they were there is not.
    await sql(shop, "UPDATE dead SET at = 1");
    await sql(shop, "UPDATE quarantine SET at = 1");
    await shop.fetch("/_test/alarm", {method: "POST"});
    assert.deepEqual((await sql(shop, "SELECT parcel, event_id FROM dead UNION ALL SELECT body, '' FROM quarantine")), Array(3).fill({parcel: "", event_id: ""}));
    assert.deepEqual(await shop.admin("/v1/dead-letters/replay", {destination: "gone"}), {replayed: [], without_body: 2});
    const [message] = await shop.quarantined();
    const one = await shop.admin("/v1/dead-letters/dismiss", {destination: "gone", limit: 1});
    assert.deepEqual([one.dismissed.length, one.more], [1, true]);
    await shop.admin("/v1/dead-letters/dismiss", {destination: "gone"});
    assert.deepEqual(await shop.admin("/v1/dead-letters/dismiss", {ids: [message?.id, "nobody's"]}), {dismissed: [message?.id]});
    await broken(shop, {clock: 120_000});
    told = await health();
    assert.deepEqual([told.attention, (await shop.ledger()).quarantined], [{}, undefined]);
    assert.equal((await shop.row("gone")).dead, 2);
    await shop.stop();
  });

  test("one report that cannot be read sinks no other", async () => {
    const shop = await openShop({wrap: "./ledger.js"});
    const reply = await ask(shop, "/report", [{id: "bad", counts: "many"}, {id: "good", counts: [line("accepted", 1), line("delivered", 1)]}]);
    assert.deepEqual([reply.status, JSON.parse(reply.text)], [500, {failed: ["bad"]}]);
    assert.equal((await shop.row("hook")).delivered, 1);
    assert.equal((await ask(shop, "/report", "no list")).status, 500);
    await shop.stop();
  });

  test("a database of 0.1.0 opens: what waits comes down on its own line, and old reports still apply", async () => {
    const shop = await openShop({wrap: "./ledger.js"});
    const old = await readFile(new URL("../support/ledger-0.1.0.sql", import.meta.url), "utf8");
    for (const statement of old.split(";\n").filter((text) => text.trim())) await sql(shop, statement);
    const parcel = JSON.stringify({n: "invented_5", i: "order-5", t: TODAY, r: TODAY, v: "web-5", to: [["hook", 0]]});
    for (let i = 0; i < 300; i += 1) {
      const values = [TODAY, `web-${i % 90}`, `invented_${i}`];
      await sql(shop, "INSERT INTO counts VALUES (?1, 'shop', ?2, ?3, 'hook', 'accepted', '', 2), (?1, 'shop', ?2, ?3, 'hook', 'retrying', '', 1), (?1, 'shop', ?2, ?3, 'hook', 'dead', 'x', 1)", values);
    }
    await sql(shop, "INSERT INTO dead VALUES ('e5#0#hook', ?, 'shop', 'hook', 'invented_5', 'order-5', 'dead', 'x', ?)", [TODAY, parcel]);
    await sql(shop, "INSERT INTO dead VALUES ('e6#0#hook', ?, 'shop', 'hook', 'invented_6', 'order-6', 'dead', 'x', ?)", [TODAY, parcel.replaceAll("_5", "_6").replaceAll("web-5", "web-6")]);
    await sql(shop, "INSERT INTO pending VALUES ('p1', 'r1', 1, 0, ?, '{}')", [TODAY]);
    await sql(shop, "INSERT INTO seen VALUES ('known', ?)", [TODAY]);
    const [row] = (await shop.ledger()).balances;
    assert.deepEqual([row.accepted, row.retrying, row.dead, row.remainder], [600, 300, 300, 0]);
    const counts = Array.from({length: 300}, (_, i) => i)
      .flatMap((i) => [line("retrying", -1, {v: `web-${i % 90}`, e: `invented_${i}`}), line("delivered", 1, {v: `web-${i % 90}`, e: `invented_${i}`})]);
    await report(shop, [{id: "new", counts}, {id: "known", counts: [line("delivered", 99)]}]);
    // As 0.1.0 wrote a replay into the queue, while it had no ledger.
    const place = {v: "web-6", e: "invented_6"};
    await report(shop, [{id: "replay:e6#0#hook:1795182060000", counts: [line("dead", -1, {...place, c: "x"}), line("retrying", 1, place)], revived: ["e6#0#hook"]}]);
    assert.deepEqual((await shop.deadLetters()).map(({id}) => id), ["e5#0#hook"]);
    assert.deepEqual(await shop.admin("/v1/dead-letters/replay", {ids: ["e5#0#hook", "e6#0#hook"]}), {replayed: ["e5#0#hook"]});
    await shop.arrival("webhook", 1);
    assert.deepEqual(await sql(shop, "SELECT * FROM counts WHERE n < 0"), []);
    assert.equal((await shop.check()).folded.shop, undefined);
    // It had no receipts, and writes them from now on.
    await shop.bulk({event: "page_view", event_id: "first", consent: {ad_user_data: "granted"}});
    await waitFor("a receipt", async () => (await receipts(shop, "bulk")).length === 1);
    await shop.stop();
  });
});

describe("letters of 58 kB", () => {
  /** @type {Shop} */
  let shop;
  before(async () => {
    shop = await openShop({wrap: "./ledger.js"});
  });
  after(() => shop.stop());

  test("five hundred of them are listed by their heads, and given out a few at a time", async () => {
    const text = "x".repeat(1000);
    const properties = Array.from({length: 57}, (_, i) => [`p${i}`, text]);
    const letters = Array.from({length: 500}, (_, i) => ({
      id: `e${i}#0#hook`, at: TODAY, source: "shop", destination: "hook", event: "contact", event_id: `big-${i}`, state: "dead", code: "x",
      parcel: JSON.stringify({n: "contact", i: `big-${i}`, t: Date.now(), r: TODAY, pr: properties, to: [["hook", 0]]}),
    }));
    for (let i = 0; i < 500; i += 10) {
      const counts = [line("accepted", 10, {e: "contact"}), line("dead", 10, {e: "contact", c: "x"})];
      const dead = letters.slice(i, i + 10);
      await report(shop, [{id: `head-${i}`, counts}, ...dead.map((letter, n) => ({id: `head-${i}!${n + 1}`, counts: [], dead: [letter]}))]);
    }
    const headers = {authorization: "Bearer admin-token-0123456789"};
    let page = await shop.fetch("/v1/dead-letters?limit=200", {headers});
    const found = [];
    for (;;) {
      assert.ok(page.text.length < 200_000, `${page.text.length} bytes`);
      found.push(...page.body.dead_letters);
      if (!page.body.more) break;
      page = await shop.fetch(`/v1/dead-letters?limit=200&cursor=${page.body.cursor}`, {headers});
    }
    assert.equal(new Set(found.map(({id}) => id)).size, 500);
    assert.equal(found.length, 500);
    assert.ok(found.every(({bytes}) => bytes > 57_000));

    const claimed = await ask(shop, "/claim", {destination: "hook", limit: 100});
    assert.ok(claimed.text.length < 1_200_000, `${claimed.text.length} bytes`);
    assert.ok(claimed.body.letters.length > 10 && claimed.body.more);
    await ask(shop, "/release", {ids: claimed.body.letters.map((/** @type {Json} */ one) => one.id)});
    const replayed = await shop.admin("/v1/dead-letters/replay", {destination: "hook", limit: 40});
    assert.deepEqual([replayed.replayed.length, replayed.more], [40, true]);
    await shop.arrival("webhook", 40);
    assert.equal((await shop.check()).remainder, 0);
  });

  test("questions about receipts are given out by bytes, and a receipt whole", async () => {
    /** @param {number} i */
    const pending = (i) => ({
      id: `p${String(i).padStart(3, "0")}`, destination: "gone", receipt: `r${String(Math.floor(i / 30)).padStart(2, "0")}`, source: "shop", taken: TODAY, due: 5, asked: 0, attempt: 0, parcels: ["x".repeat(50_000)],
    });
    for (let i = 0; i < 90; i += 15) {
      await report(shop, [{id: `pending-${i}`, counts: [], pending: Array.from({length: 15}, (_, n) => pending(i + n))}]);
    }
    for (const receipt of ["r00", "r01", "r02"]) {
      const due = await ask(shop, "/due", {now: 10, limit: 100});
      assert.deepEqual([due.body.length, new Set(due.body.map((/** @type {Json} */ one) => one.receipt))], [30, new Set([receipt])]);
    }
    assert.deepEqual((await ask(shop, "/due", {now: 10, limit: 100})).body, []);
  });
});

test("a page with five hundred invented names leaves few rows, and hides nothing", async () => {
  const shop = await openShop({wrap: "./ledger.js", destinations: "all"});
  await shop.server(purchase("real-1"));
  await shop.settle();
  const blocked = Array.from({length: 500}, (_, i) => ({event: `n${i}`, event_id: `${i}`, release: `r${i}`, consent: {}}));
  assert.equal((await shop.page(blocked)).status, 202);
  await shop.settle();
  const [rows] = await sql(shop, "SELECT count(*) AS n FROM counts");
  assert.ok(rows?.n < 3000, `${rows?.n} rows`);
  const {balances, folded, remainder} = await shop.ledger();
  assert.equal(remainder, 0);
  assert.deepEqual(folded.shop, {events: 400, releases: 450});
  for (const row of balances) assert.deepEqual([row.accepted, row.accepted - row.blocked], [501, 1], row.destination);
  await shop.stop();
});
