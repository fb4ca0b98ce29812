// Consent as people meet it: the examples of docs/banners.md against the real worker, and strings explained.

import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {after, before, describe, test} from "node:test";
import vm from "node:vm";
import {ADMIN, KEY, openShop} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */

/** @type {Shop} */
let shop;
before(async () => {
  shop = await openShop();
});
after(() => shop.close());

const page = readFileSync(new URL("../../docs/banners.md", import.meta.url), "utf8");
/** The examples of a section, by language. @param {string} title @param {string} language */
function example(title, language) {
  const section = page.split(/^## /m).find((text) => text.startsWith(title)) ?? (title === "" ? page : "");
  const block = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(section)?.[1];
  assert.ok(block, `there is an example in ${language} under "${title}"`);
  return block;
}

/** What everything was granted to vendor 755 and provider 89 looks like; of a banner that has asked today. */
const TC = tcString(Date.now());

/**
 * Everything granted to vendor 755, by a banner of consent platform 260 that showed it.
 * @param {number} now
 */
function tcString(now) {
  const day = Math.floor(now / 86_400_000) * 864_000;
  /** @param {[number, number][]} fields value and bits */
  const text = (fields) => {
    const bits = fields.map(([value, width]) => value.toString(2).padStart(width, "0")).join("");
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return (bits.match(/.{1,6}/g) ?? []).map((six) => alphabet[parseInt(six.padEnd(6, "0"), 2)]).join("");
  };
  /** Vendors as one range. @type {[number, number][]} */
  const vendors = [[755, 16], [1, 1], [1, 12], [0, 1], [755, 16]];
  const core = text([
    [2, 6], [day, 36], [day, 36], [260, 12], [1, 12], [1, 6], [4, 6], [13, 6], [178, 12], [5, 6], [1, 1], [0, 1], [0, 12],
    [0b111111111110000000000000, 24], [0, 24], [0, 1], [3, 6], [4, 6], ...vendors, [0, 16], [0, 1], [0, 12],
  ]);
  return `${core}.${text([[1, 3], ...vendors])}`;
}

/**
 * Runs an example as a page would, and gives what it sent and what it was answered.
 * @param {string} title
 * @param {Record<string, unknown>} window
 */
async function run(title, window = {}) {
  /** @type {Promise<import("../support/shop.mjs").Reply>[]} */
  const sent = [];
  /** @type {any} */
  let body;
  const context = vm.createContext({
    ...window,
    crypto: globalThis.crypto,
    /** @param {string} url @param {{headers: Record<string, string>, body: string, method: string}} options */
    fetch(url, {headers, body: text, method}) {
      assert.equal(headers["x-edgetally-key"], KEY);
      body = JSON.parse(text);
      assert.deepEqual([new URL(url).pathname, method], ["/v1/events", "POST"]);
      sent.push(shop.page(text, {...headers, referer: "https://shop.example/contact"}));
    },
  });
  vm.runInContext(example("", "js") + example(title, "js"), context);
  assert.equal(sent.length, 1, `${title}: one event`);
  const reply = await sent[0];
  assert.equal(reply?.status, 202, reply?.text);
  return {consent: body.consent, told: reply?.body.results[0].destinations};
}

describe("what docs/banners.md shows", () => {
  test("an IAB TCF banner: the answer is sent, the open banner is not", async () => {
    /** @type {unknown[]} */
    const removed = [];
    const {consent, told} = await run("An IAB TCF banner", {
      /** @param {string} command @param {number} version @param {(data: any, success: boolean) => void} callback @param {unknown} id */
      __tcfapi(command, version, callback, id) {
        assert.equal(version, 2);
        if (command === "removeEventListener") {
          removed.push(id);
          return;
        }
        const data = {tcString: TC, gdprApplies: true, addtlConsent: "2~89~dv.", listenerId: 7};
        callback({...data, eventStatus: "cmpuishown"}, true);
        callback({...data, eventStatus: "useractioncomplete"}, true);
      },
    });
    assert.deepEqual(removed, [7]);
    assert.deepEqual(consent, {tcf: TC, gdpr_applies: true, additional_consent: "2~89~dv."});
    assert.deepEqual([told.meta, told.hook, told.ga4], ["received", "received", "skipped:client_id_missing"]);
  });

  test("a GPP banner", async () => {
    const {consent, told} = await run("A GPP banner", {
      /** @param {string} command @param {(change: any, success: boolean) => void} callback */
      __gpp(command, callback) {
        if (command === "removeEventListener") return;
        const pingData = {gppString: "DBABTA~1YNN", applicableSections: [6]};
        callback({eventName: "signalStatus", data: "not ready", listenerId: 3, pingData}, true);
        callback({eventName: "signalStatus", data: "ready", listenerId: 3, pingData}, true);
      },
    });
    assert.deepEqual(consent, {gpp: "DBABTA~1YNN", gpp_sid: [6]});
    // The shop of the tests asks for a yes everywhere, and a banner of the United States gives none.
    assert.equal(told.meta, "blocked:ad_user_data_missing");
  });

  test("Consent Mode, categories, no banner", async () => {
    const mode = await run("A banner that only speaks Google Consent Mode", {gtag() {}});
    assert.equal(mode.consent.ad_personalization, "denied");
    assert.equal(mode.told.meta, "received");
    const own = await run("A banner with categories of its own");
    assert.deepEqual(own.consent, {ad_storage: "granted", ad_user_data: "granted", ad_personalization: "granted", analytics_storage: "denied"});
    assert.deepEqual([own.told.meta, own.told.ga4], ["received", "blocked:analytics_storage_denied"]);
    const none = await run("No banner");
    assert.equal(none.consent, undefined);
    assert.equal(none.told.meta, "blocked:ad_user_data_missing");
  });

  test("an order from a server", async () => {
    const reply = await shop.server(JSON.parse(example("Events from a server", "json")));
    assert.deepEqual([reply.body.results[0].status, reply.body.results[0].destinations.meta], ["accepted", "queued"]);
  });
});

describe("POST /v1/consent/explain", () => {
  /** @param {unknown} body @param {Record<string, string>} [headers] */
  const explain = (body, headers = {authorization: `Bearer ${ADMIN}`}) =>
    shop.fetch("/v1/consent/explain", {method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body)});

  test("says what strings mean and what follows for the source's destinations", async () => {
    const reply = await explain({source: "shop", country: "DE", consent: {tcf: TC, additional_consent: "2~~dv.89", gpc: true}});
    assert.equal(reply.status, 200, reply.text);
    const {says, signals, contradictions, destinations} = reply.body;
    assert.deepEqual(signals.map((/** @type {any} */ {signal}) => signal), ["tcf", "additional_consent", "gpc"]);
    assert.deepEqual(signals[0].fields.purposes_consent, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    assert.deepEqual(contradictions, undefined);
    const of = Object.fromEntries(destinations.map((/** @type {any} */ row) => [row.destination, row]));
    assert.deepEqual(Object.keys(of).sort(), ["ga4", "hook", "meta"]);
    assert.deepEqual([of.meta.verdict, of.meta.code], ["block", "ac_not_consented"]);
    assert.deepEqual([of.hook.verdict, of.hook.flags, of.hook.told_by], ["send_limited", ["limited_data_use", "no_personalisation"], ["consent.limited", "consent.personalised"]]);
    assert.match(says.join("\n"), /Measure advertising performance \(7\)/);
    assert.ok(!reply.text.includes(TC.slice(0, 12)), "no string is repeated");
  });

  test("without a source: every platform, under either law", async () => {
    const {body} = await explain({consent: {us_privacy: "1YYN"}});
    assert.equal(body.destinations.length, 22);
    assert.deepEqual(new Set(body.destinations.map((/** @type {any} */ {regime}) => regime)), new Set(["opt_in", "opt_out"]));
  });

  test("who may ask, and how much", async () => {
    assert.deepEqual([(await explain({}, {})).status, (await explain({}, {"x-edgetally-key": KEY})).status], [401, 401]);
    const refusals = await Promise.all([explain("{"), explain({consent: {tfc: ""}}), explain({source: "nobody"}), explain({consent: {tcf: "C".repeat(70_000)}})]);
    assert.deepEqual(refusals.map(({status, body}) => [status, body.error.code]), [
      [400, "malformed_json"], [422, "unknown_key"], [400, "request_invalid"], [413, "body_too_large"],
    ]);
    // The longest string that is read, in which nothing can be read.
    const long = await explain({consent: {tcf: "C".repeat(4096), gpp: `DBAB${"~".repeat(4000)}`}});
    assert.equal(long.status, 200);
  });
});
