import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sha256 } from "./checks.mjs";
import { credentials } from "./credentials.mjs";
import { NOW, exchange, testTwin } from "./harness.mjs";

const SECONDS = NOW / 1000;
const HOUR = 3_600_000;
const { twin, clock } = await testTwin({});

/** @param {string} path @param {string} [token] @param {unknown} [body] */
const ask = (path, token, body) =>
  exchange(twin.url + path, body === undefined ? "GET" : "POST", { ...(token ? { authorization: `Bearer ${token}` } : {}), "content-type": body === undefined ? "" : "application/json" }, body);

describe("Meta", () => {
  const HOST = "/graph.facebook.com/v26.0";
  const DATASET = "1234567890123456";
  const { token, qualityToken } = credentials.meta;
  const event = (/** @type {string} */ id, /** @type {object} */ user, /** @type {object} */ more = {}) => ({
    event_name: "Lead", event_time: SECONDS - 60, event_id: id, action_source: "other", user_data: { external_id: [sha256("c")], ...user }, ...more,
  });
  const send = (/** @type {object[]} */ data, /** @type {object} */ more = {}) => ask(`${HOST}/${DATASET}/events`, "", { access_token: token, partner_agent: "edgetally_0_1", data, ...more });
  const quality = (/** @type {string} */ query, /** @type {string} */ given = qualityToken) => ask(`${HOST}/dataset_quality?${query}`, given);

  test("coverage is that of the events that came, by the agent that sent them", async () => {
    await send([event("a", { em: [sha256("x")] }), event("b", {}), event("c", {}, { event_time: SECONDS - 2 * 3600 })]);
    await send([event("d", { em: [sha256("y")] })], { partner_agent: "other_2_0" });
    await send([event("t", { em: [sha256("y")] })], { test_event_code: "TEST1" });
    const rows = async (/** @type {string} */ more) => (await quality(`dataset_id=${DATASET}${more}`)).body.web;
    const [own, ...others] = await rows("&agent_name=edgetally");
    assert.deepEqual(others, []);
    const keys = own.event_match_quality.match_key_feedback;
    assert.deepEqual(keys, [{ identifier: "email", coverage: { percentage: 33.3 } }, { identifier: "external_id", coverage: { percentage: 100 } }]);
    assert.equal(own.data_freshness.upload_frequency, "daily");
    assert.equal(own.event_coverage, undefined, "the pixel's events are not known");
    assert.equal((await rows(""))[0].event_match_quality.match_key_feedback[0].coverage.percentage, 50);
    // Only what is asked for; and two days later nothing.
    const some = await rows("&fields=web{event_name,event_match_quality{composite_score}}");
    assert.deepEqual(Object.keys(some[0]).sort(), ["event_match_quality", "event_name"]);
    assert.deepEqual(Object.keys(some[0].event_match_quality), ["composite_score"]);
    clock.now = NOW + 50 * HOUR;
    assert.deepEqual(await rows(""), []);
  });

  test("counts are by hour and sender, of seven days", async () => {
    await send([event("a", {}), event("b", {})]);
    const stats = async (/** @type {string} */ query) => ask(`${HOST}/${DATASET}/stats?${query}`, qualityToken);
    const { body } = await stats(`aggregation=event_source&start_time=${SECONDS - 3600}`);
    assert.deepEqual(body.data, [{ start_time: "2026-11-24T12:00:00+0000", aggregation: "event_source", data: [{ value: "SERVER", count: 2 }] }]);
    assert.equal((await stats("aggregation=event")).body.data[0].data[0].value, "Lead");
    assert.equal((await stats("aggregation=weather")).body.error.code, 100);
    clock.now = NOW + 8 * 24 * HOUR;
    assert.deepEqual((await stats("aggregation=event_source")).body.data, []);
  });

  test("what is asked wrongly, or by nobody, is refused", async () => {
    const of = `dataset_id=${DATASET}&fields=`;
    for (const [query, given, code] of /** @type {[string, string, number][]} */ ([
      [`${of}web{event_name,dedup_key_feedback}`, qualityToken, 100],
      [`${of}web{event_name{x}}`, qualityToken, 100],
      [`${of}web{event_name`, qualityToken, 100],
      [`${of}app{event_name}`, qualityToken, 100],
      ["fields=web", qualityToken, 100],
      [`${of}web`, token, 200],
      [`${of}web`, "EAAB-unknown", 190],
      [`${of}web`, "", 190],
    ])) {
      assert.equal((await quality(query, given)).body.error.code, code, query);
    }
    // It reads, and does not send.
    assert.equal((await send([event("a", {})], { access_token: qualityToken })).body.error.code, 190);
  });
});

describe("Pinterest", () => {
  const ACCOUNT = "/api.pinterest.com/v5/ad_accounts/549755885175";
  const { token, qualityToken } = credentials.pinterest;
  const event = (/** @type {string} */ id, /** @type {object} */ user) => ({
    event_name: "checkout", action_source: "web", event_time: SECONDS - 60, event_id: id, event_source_url: "https://shop.example/thanks",
    user_data: { client_ip_address: "203.0.113.7", client_user_agent: "Mozilla/5.0", ...user }, custom_data: { currency: "EUR", value: "12.50" },
  });
  const eqs = (/** @type {string} */ query, /** @type {string} */ given = qualityToken) => ask(`${ACCOUNT}/conversion_eqs?${query}`, given);

  test("coverage is that of the events that came", async () => {
    assert.deepEqual((await eqs("lookback_period=1d")).body, []);
    await ask(`${ACCOUNT}/events`, token, { data: [event("a", { em: [sha256("x")] }), event("b", {})] });
    await ask(`${ACCOUNT}/events?test=true`, token, { data: [event("t", {})] });
    const { body } = await eqs("lookback_period=1d&source_platform=WEB&ingestion_source=CONVERSIONS_API");
    assert.equal(body.length, 1);
    const { overall_status: status, quality_components: of } = body[0];
    assert.equal(status, "FAIR");
    assert.equal(of.hashed_email.checkout.coverage, 50);
    assert.deepEqual([of.external_event_id.checkout.coverage, of.order_value.checkout.coverage, of.order_id.checkout.coverage], [100, 100, 0]);
    assert.deepEqual((await eqs("lookback_period=1d&ingestion_source=TAG")).body, []);
    clock.now = NOW + 26 * HOUR;
    assert.deepEqual((await eqs("lookback_period=1d")).body, []);
    assert.equal((await eqs("lookback_period=14d")).body.length, 1);
  });

  test("what is asked wrongly, or by nobody, is refused", async () => {
    for (const [query, given, status] of /** @type {[string, string, number][]} */ ([
      ["", qualityToken, 400],
      ["lookback_period=2d", qualityToken, 400],
      ["lookback_period=1d&colour=red", qualityToken, 400],
      ["lookback_period=1d", token, 403],
      ["lookback_period=1d", "pina_unknown", 401],
    ])) {
      assert.equal((await eqs(query, given)).status, status, query);
    }
    assert.equal((await ask(`${ACCOUNT}/events`, qualityToken, { data: [event("a", {})] })).status, 401);
  });
});

describe("Google Ads", () => {
  const ADS = "/googleads.googleapis.com/v25/customers/1234567890/googleAds:search";
  const token = async () => {
    const { clientId, clientSecret, refreshToken } = credentials.google_ads;
    const form = new URLSearchParams({ grant_type: "refresh_token", client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken });
    const reply = await exchange(`${twin.url}/oauth2.googleapis.com/token`, "POST", { "content-type": "application/x-www-form-urlencoded" }, form.toString());
    return reply.body.access_token;
  };
  const of = (/** @type {string} */ resource, /** @type {string[]} */ ...fields) => ({ query: `SELECT ${fields.map((field) => `${resource}.${field}`).join(", ")} FROM ${resource}` });
  const CLIENT = "offline_conversion_upload_client_summary";
  const ACTION = "offline_conversion_upload_conversion_action_summary";

  test("the numbers are those of the conversions that were uploaded", async () => {
    const bearer = await token();
    const query = of(CLIENT, "client", "status", "total_event_count", "success_rate", "last_upload_date_time");
    assert.equal((await ask(ADS, bearer, query)).body.results, undefined);
    const sent = (/** @type {string} */ id) => ({
      eventTimestamp: new Date(NOW - 60_000).toISOString(), transactionId: id, eventSource: "WEB", conversionValue: 1, currency: "EUR",
      userData: { userIdentifiers: [{ emailAddress: sha256("jo@mail.example") }] },
    });
    const destinations = [{ operatingAccount: { accountType: "GOOGLE_ADS", accountId: "1234567890" }, productDestinationId: "987654321" }];
    const body = { destinations, encoding: "HEX", consent: { adUserData: "CONSENT_GRANTED", adPersonalization: "CONSENT_GRANTED" }, events: [sent("a"), sent("b"), sent("b")] };
    assert.equal((await ask("/datamanager.googleapis.com/v1/events:ingest", bearer, body)).status, 200);
    const [row] = (await ask(ADS, bearer, query)).body.results;
    assert.deepEqual(row.offlineConversionUploadClientSummary, {
      client: "GOOGLE_ADS_API", status: "GOOD", totalEventCount: "3", successRate: 2 / 3, lastUploadDateTime: "2026-11-24 12:00:00",
    });
    const actions = (await ask(ADS, bearer, of(ACTION, "conversion_action_id", "successful_event_count"))).body.results;
    assert.deepEqual(actions, [{ offlineConversionUploadConversionActionSummary: { conversionActionId: "987654321", successfulEventCount: "2" } }]);
  });

  test("what is asked wrongly, or by nobody, is refused", async () => {
    const bearer = await token();
    for (const [body, given, status, word] of /** @type {[unknown, string, number, string][]} */ ([
      [of(CLIENT, "beauty"), bearer, 400, "UNRECOGNIZED_FIELD"],
      [of("campaign", "id"), bearer, 400, "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE"],
      [{}, bearer, 400, "REQUIRED_FIELD_MISSING"],
      [of(CLIENT, "status"), "ya29.unknown", 401, "UNAUTHENTICATED"],
    ])) {
      const reply = await ask(ADS, given, body);
      assert.equal(reply.status, status, word);
      assert.ok(reply.text.includes(word), reply.text);
    }
  });
});
