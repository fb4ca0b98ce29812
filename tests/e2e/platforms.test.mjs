// All destinations at once, on the real runtime: each gets the same order as it wants it, by every way of signing in,
// and what one of them does on a bad day is read as it means it.

import assert from "node:assert/strict";
import {describe, test} from "node:test";
import {PLATFORMS} from "../../npm/src/platforms.mjs";
import {SECRETS, openShop, pageView, purchase, waitFor} from "../support/shop.mjs";
import {credentials} from "../../twin/credentials.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */
/** @typedef {import("../support/shop.mjs").Json} Json */

/** Clicks on everybody's ads, and the cookies they leave. */
const CLICKS = {
  click_ids: {
    fbclid: "IwAR0Everywhere", gclid: "Cj0KEverywhere", ttclid: "E.C.P.everywhere", epik: "dj0yEverywhere", ScCid: "8f6e2a1c-7b3d-4c55-9e10-2d4f6a8b0c1e",
    rdt_cid: "t2_everywhere", li_fat_id: "k2m9qa-everywhere", twclid: "2a7kEverywhere", msclkid: "f2a1b3c4-d5e6-47f8-9a0b-1c2d3e4f5a6b",
  },
};

/**
 * An order of a visitor who clicked everywhere.
 * @param {string} id
 * @param {Json} [more]
 */
function order(id, more = {}) {
  const whole = purchase(id, more);
  return {...whole, context: {...whole.context, ...CLICKS, ...more.context}};
}

/** The platforms without a test mode. */
const DRY = PLATFORMS.filter(({testMode}) => !testMode).map(({name}) => name);

/** @param {Json[]} events */
const ids = (events) => events.map((event) => event.event_id).sort();

/**
 * @param {string} name
 * @param {(shop: Shop) => Promise<{lossy?: string[], unsettled?: boolean} | void>} body `unsettled`: something waits for hours
 * @param {import("../support/shop.mjs").Options} [options]
 */
function everywhere(name, body, options = {}) {
  test(name, async () => {
    const shop = await openShop({destinations: "all", ...options});
    try {
      const {unsettled, ...exceptions} = (await body(shop)) ?? {};
      if (unsettled) await shop.check();
      else await shop.close(exceptions);
    } finally {
      await shop.stop().catch(() => {});
    }
  });
}

/** How a platform says that the event of this id is no good is the twin's business; whose batch is lost by it, ours. */
const ATOMIC_OR_NOT = PLATFORMS.map(({platform}) => platform).filter((platform) => platform !== "ga4");

describe("every destination", {concurrency: 3}, () => {
  everywhere("an order reaches all of them, and none of them complains", async (shop) => {
    const reply = await shop.server(order("all-1"));
    const verdicts = reply.body.results[0].destinations;
    for (const {name} of PLATFORMS) assert.equal(verdicts[name], "queued", name);
    for (const {platform} of PLATFORMS) await shop.one(platform, platform === "ga4" ? "all-1" : "all-1");
    // A page's own event, with what the browser brings along.
    await shop.page(pageView("all-2", {context: {page_url: "https://shop.example/?ttclid=E.C.P.page&twclid=2bPage&li_fat_id=fat-page&rdt_cid=t2_page", client_id: "9.9"}}));
    await shop.settle();
    const stats = shop.twin.stats();
    assert.deepEqual(stats.violations, []);
    assert.equal(stats.unrouted, 0);
    for (const {platform} of PLATFORMS) assert.equal(stats.platforms[platform]?.rejected_requests, 0, platform);
  });

  everywhere("one bad event of twenty costs itself only, at each platform", async (shop) => {
    const events = Array.from({length: 20}, (_, n) => order(`bad-${String(n).padStart(2, "0")}`));
    shop.twin.faults(ATOMIC_OR_NOT.map((platform, n) => ({platform, kind: "reject_event_id", event_id: `bad-${String(n + 1).padStart(2, "0")}`})));
    await shop.server(events);
    await shop.settle();
    for (const [n, platform] of ATOMIC_OR_NOT.entries()) {
      const bad = `bad-${String(n + 1).padStart(2, "0")}`;
      assert.deepEqual(shop.arrived(platform), ids(events).filter((id) => id !== bad), platform);
    }
    assert.deepEqual(shop.arrived("ga4"), ids(events));
    const letters = await shop.deadLetters();
    assert.equal(letters.length, ATOMIC_OR_NOT.length);
    for (const letter of letters) assert.equal(letter.state, "rejected");
  });

  everywhere("an error in a 200, half an answer and a web page are no delivery anywhere", async (shop) => {
    for (const {platform} of PLATFORMS) {
      if (platform === "ga4") continue;
      // The token endpoints are hosts of their own; what they answer is another test's.
      const host = {google_ads: "datamanager.googleapis.com", linkedin: "api.linkedin.com"}[platform];
      for (const variant of platform === "webhook" ? [] : ["error", "truncated", "html"]) {
        shop.twin.faults({platform, kind: "error_in_200", variant, times: 1, ...(host && {host})});
      }
    }
    await shop.server(order("liars"));
    await shop.settle();
    for (const {platform} of PLATFORMS) {
      const letters = (await shop.deadLetters()).filter((letter) => letter.destination === platform);
      assert.deepEqual([...shop.arrived(platform), ...letters.map((letter) => letter.event_id)], ["liars"], platform);
    }
  });

  everywhere("a revoked credential pauses its destination, and nothing is lost", async (shop) => {
    const paused = PLATFORMS.filter(({platform}) => platform !== "ga4" && platform !== "webhook");
    shop.twin.faults(paused.map(({platform}) => ({platform, kind: "revoke_token"})));
    await shop.server([order("revoked-1"), order("revoked-2")]);
    await waitFor("every pause", async () => {
      const {paused_here: gates} = (await shop.fetch("/v1/health")).body;
      return paused.every(({name}) => gates[name] !== undefined);
    });
    for (const {platform} of paused) assert.equal(shop.twin.stats().platforms[platform]?.received, 0, platform);
    shop.twin.faults(paused.map(({platform}) => ({platform, kind: "restore"})));
    await shop.settle();
    for (const {platform} of paused) assert.deepEqual(shop.arrived(platform), ["revoked-1", "revoked-2"], platform);
    for (const {name} of paused) assert.equal((await shop.row(name)).retries, 0, name);
  });

  everywhere("a token that ended early is renewed once, within the same delivery", async (shop) => {
    await shop.server(order("fresh-1"));
    for (const platform of ["google_ads", "linkedin"]) await shop.one(platform, "fresh-1");
    const tokens = () =>
      ["google_ads", "linkedin"].map((platform) => shop.twin.requests({platform}).requests.filter(({path}) => /token|accessToken/i.test(path)).length);
    assert.deepEqual(tokens(), [1, 1], "one token for all of them, kept");
    await shop.server(order("fresh-2"));
    for (const platform of ["google_ads", "linkedin"]) await shop.one(platform, "fresh-2");
    assert.deepEqual(tokens(), [1, 1], "the token is used again");
    shop.twin.faults([
      {platform: "google_ads", kind: "revoke_token", host: "datamanager.googleapis.com", times: 1},
      {platform: "linkedin", kind: "revoke_token", host: "api.linkedin.com", times: 1},
    ]);
    await shop.server(order("fresh-3"));
    for (const platform of ["google_ads", "linkedin"]) await shop.one(platform, "fresh-3");
    assert.deepEqual(tokens(), [2, 2], "one fresh token");
    await shop.settle();
    for (const name of ["google_ads", "linkedin"]) assert.equal((await shop.row(name)).retries, 0, name);
    assert.deepEqual((await shop.fetch("/v1/health")).body.paused_here, {});
  });

  everywhere(
    "the other ways of signing in: a refresh token, a static token, a pixel token",
    async (shop) => {
      await shop.server(order("signed-in"));
      for (const platform of ["google_ads", "linkedin", "x"]) await shop.one(platform, "signed-in");
    },
    {
      secrets: {
        ...SECRETS,
        GOOGLE_ADS_CLIENT_SECRET: credentials.google_ads.clientSecret,
        GOOGLE_ADS_REFRESH_TOKEN: credentials.google_ads.refreshToken,
        LINKEDIN_ACCESS_TOKEN: credentials.linkedin.token,
        X_PIXEL_TOKEN: credentials.x.pixelToken,
      },
      settings(settings) {
        settings.destinations.google_ads.client_id = credentials.google_ads.clientId;
        delete settings.destinations.linkedin.client_id;
        delete settings.destinations.x.oauth;
        return settings;
      },
    },
  );

  everywhere("an order of eight days ago goes to those that still take it", async (shop) => {
    const {body} = await shop.server(order("old-1", {event_time: new Date(Date.now() - 8 * 86_400_000).toISOString()}));
    const verdicts = body.results[0].destinations;
    const taken = PLATFORMS.filter(({name}) => verdicts[name] === "queued").map(({name}) => name);
    assert.deepEqual(taken, ["google_ads", "linkedin", "hook"]);
    for (const {name} of PLATFORMS) if (!taken.includes(name)) assert.equal(verdicts[name], "skipped:too_old", name);
    await shop.settle();
    for (const {name, platform} of PLATFORMS) assert.deepEqual(shop.arrived(platform), taken.includes(name) ? ["old-1"] : [], platform);
  });

  everywhere("a limit whose end is told in a header of the platform's own: nothing is sent before", async (shop) => {
    const end = Math.ceil(Date.now() / 1000) + 3;
    shop.twin.faults({platform: "x", kind: "status", status: 429, headers: {"x-rate-limit-reset": String(end)}, times: 1});
    await shop.server(order("limit-1"));
    await waitFor("the 429", () => shop.twin.stats().platforms.x?.faulted === 1);
    await shop.server(order("limit-2"));
    await shop.settle();
    assert.deepEqual(shop.arrived("x"), ["limit-1", "limit-2"]);
    const times = shop.twin.requests({platform: "x"}).requests.map(({at}) => Date.parse(at)).sort((a, b) => a - b);
    assert.ok((times[1] ?? 0) >= end * 1000, `${times.map((time) => time - end * 1000)} ms around the end`);
  }, {destinations: ["x"]});

  everywhere("a key that signs nothing pauses Google Ads, and says so", async (shop) => {
    await shop.server(order("unsigned"));
    const code = await waitFor("the pause", async () => (await shop.fetch("/v1/health")).body.paused_here.google_ads?.code);
    assert.equal(code, "key_unusable");
    await waitFor("the ledger to know", async () => (await shop.row("google_ads")).retrying === 1);
    return {unsettled: true};
  }, {
    destinations: ["google_ads"],
    secrets: {
      ...SECRETS,
      GOOGLE_ADS_SERVICE_ACCOUNT: JSON.stringify({...credentials.google_ads.serviceAccount, private_key: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}),
    },
  });

  everywhere("a test event: to the test mode where there is one, dry elsewhere, and the answer says which", async (shop) => {
    const {body} = await shop.server(order("try-1", {test: true}));
    const verdicts = body.results[0].destinations;
    for (const name of DRY) assert.equal(verdicts[name], "skipped:dry_run", name);
    const tried = PLATFORMS.filter(({testMode}) => testMode);
    for (const {name} of tried) assert.equal(verdicts[name], "queued", name);
    await shop.settle();
    const {platforms} = shop.twin.stats();
    // Meta's and GA4's test events are not counted as validations, and a webhook is told in the body.
    for (const {platform} of tried.filter((one) => !["meta", "ga4", "webhook"].includes(one.platform))) {
      assert.deepEqual([platforms[platform]?.received, platforms[platform]?.validated_requests], [0, 1], platform);
    }
    for (const platform of DRY) assert.equal(platforms[platform]?.requests, 0, platform);
    return {lossy: PLATFORMS.map(({platform}) => platform)};
  }, {
    settings(settings) {
      for (const {name, test} of PLATFORMS) Object.assign(settings.destinations[name], test);
      return settings;
    },
  });
});

describe("Google Ads judges later", {concurrency: 3}, () => {
  /** @param {string} gclid */
  const clicked = (gclid) => ({context: {...purchase("").context, click_ids: {gclid}}});

  /**
   * @param {string} name
   * @param {(shop: Shop) => Promise<{lossy?: string[], unsettled?: boolean} | void>} body
   * @param {import("../support/shop.mjs").Options} [options]
   */
  const later = (name, body, options = {}) => everywhere(name, body, {destinations: ["google_ads"], ...options});

  /** @param {Shop} shop @param {number} n */
  const processing = (shop, n) => waitFor("the receipt to be kept", async () => (await shop.row("google_ads")).processing === n);

  /** Waits out the second before the first question, then asks. @param {Shop} shop */
  async function ask(shop) {
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await shop.cron();
  }

  later("what was taken in is processing until Google says so, and delivered then", async (shop) => {
    await shop.server([order("taken-1"), order("taken-2")]);
    await processing(shop, 2);
    assert.equal((await shop.row("google_ads")).delivered, 0);
    await shop.check();
    await ask(shop);
    const row = await shop.row("google_ads");
    assert.deepEqual([row.delivered, row.processing, row.rejected], [2, 0, 0]);
    await shop.cron();
    assert.equal((await shop.row("google_ads")).delivered, 2, "asked once");
  });

  later("what it refused then is rejected with Google's reason, and counted exactly", async (shop) => {
    await shop.server([order("good-1"), order("bad-1", clicked("INVALIDclick")), order("good-2")]);
    await processing(shop, 3);
    await ask(shop);
    const row = await shop.row("google_ads");
    assert.deepEqual([row.delivered, row.processing, row.rejected], [2, 0, 1]);
    const {reasons} = await shop.ledger("?destination=google_ads");
    assert.match(reasons.find((/** @type {Json} */ one) => one.state === "rejected")?.code, /INVALID_GCLID/i);
    // One that is alone in its request is known by name, and kept.
    await shop.server({...order("bad-2", clicked("INVALIDagain")), event: "generate_lead"});
    await processing(shop, 1);
    await ask(shop);
    const letters = await shop.deadLetters();
    assert.deepEqual(letters.map(({event_id, state}) => [event_id, state]), [["bad-2", "rejected"]]);
    return {lossy: ["google_ads"]};
  });

  later("a verdict that is not there yet is asked for again", async (shop) => {
    await shop.server(order("slow-1", clicked("SLOWclick")));
    await processing(shop, 1);
    await ask(shop);
    assert.equal((await shop.row("google_ads")).processing, 1);
    await shop.check();
    const asked = () => shop.twin.requests({platform: "google_ads"}).requests.filter(({path}) => path.includes("requestStatus")).length;
    assert.equal(asked(), 1);
    await shop.cron();
    assert.equal(asked(), 1, "not before its time");
    return {lossy: ["google_ads"]};
  });

  later("a click that is too fresh is offered again", async (shop) => {
    await shop.server(order("fresh", clicked("FRESHclick")));
    await processing(shop, 1);
    await ask(shop);
    const row = await shop.row("google_ads");
    assert.deepEqual([row.processing, row.retrying, row.retries, row.delivered, row.rejected], [0, 1, 1, 0, 0]);
    return {unsettled: true};
  });

  later("the ledger is away when a verdict comes: it is booked all the same, and not asked for twice", async (shop) => {
    await shop.server([order("kept-1"), order("kept-2", clicked("INVALIDkept"))]);
    await processing(shop, 2);
    await shop.faults({ledger_report: true});
    await ask(shop);
    assert.equal((await shop.row("google_ads")).processing, 2);
    await shop.faults({});
    await waitFor("the verdict by the queue", async () => (await shop.row("google_ads")).processing === 0);
    const row = await shop.row("google_ads");
    assert.deepEqual([row.delivered, row.rejected], [1, 1]);
    const asked = shop.twin.requests({platform: "google_ads"}).requests.filter(({path}) => path.includes("requestStatus")).length;
    assert.equal(asked, 1);
    return {lossy: ["google_ads"]};
  }, {faulty: true});

  later("a refund takes the conversion back through the Google Ads API", async (shop) => {
    await shop.server(order("order-7"));
    await processing(shop, 1);
    await ask(shop);
    const {items: _items, ...refund} = /** @type {Json} */ (order("refund-7", {event: "refund", transaction_id: "order-7", properties: {refund: "full"}}));
    await shop.server(refund);
    await waitFor("the retraction", () => shop.twin.received({platform: "google_ads"}).events.some((event) => event.event_name === "RETRACTION"));
    await waitFor("the ledger to know", async () => (await shop.row("google_ads")).delivered === 2);
  });
});
