// What the client makes of consent: asserted at the server that receives its requests.
import assert from "node:assert/strict";
import {test} from "node:test";
import {openClient} from "./consent-page.mjs";
import {DENIED, GRANTED, KEY} from "./harness.mjs";

/** @param {any[][]} requests */
const names = (requests) => requests.map((events) => events.map(({event}) => event));

test("consent late: nothing leaves before it, then what was called before it does, at the time when it happened", async (t) => {
  const page = await openClient(t, ["onetrust"]);
  await page.start();
  const id = await page.run((_, {edgetally}) => edgetally("purchase", {transaction_id: " 118842 ", value: 129.9, currency: "EUR"}));
  assert.equal(id, "118842");
  await page.wait(2_000);
  await page.run((fake) => fake.half());
  await page.wait(2_000);
  await page.run((fake) => fake.load(["C0001", "C0002", "C0004"]));
  await page.wait(600_000);
  assert.deepEqual(await page.requests(), []);
  assert.deepEqual(await page.stored(), [], "what is held is in memory");
  await page.run((fake) => fake.save(["C0001", "C0002", "C0004"]));
  await page.wait(1_000);
  const requests = await page.requests();
  assert.deepEqual(names(requests), [["purchase"]]);
  const event = requests[0]?.[0];
  assert.equal(event.event_id, "118842");
  assert.deepEqual(event.consent, GRANTED);
  assert.ok(Math.abs(event.event_time - page.began) < 5_000, "ten minutes ago");
  assert.deepEqual(page.errors, []);
});

test("denied: what was held is dropped, and nothing of ours is in the browser", async (t) => {
  const page = await openClient(t, ["cookiebot"], {path: "/?gclid=TeSt123"});
  await page.run((fake) => fake.load());
  await page.start();
  await page.run((_, {edgetally}) => edgetally("add_to_cart"));
  await page.run((fake) => fake.submit(false, false));
  await page.run((_, {edgetally}) => edgetally("purchase", {transaction_id: "1", value: 1, currency: "EUR"}));
  await page.wait(60_000);
  assert.deepEqual(await page.requests(), []);
  assert.deepEqual(await page.stored(), []);
  const status = await page.status();
  assert.equal(status.waiting + status.outbox, 0);
  assert.equal(status.dropped["denied"], 2);
  await page.run((fake) => fake.submit(true, true));
  await page.wait(60_000);
  assert.deepEqual(await page.requests(), [], "a later yes is none for what was called under the no");
});

test("denied in part: the event goes with both answers, for the server to judge", async (t) => {
  const page = await openClient(t, ["cookieyes"]);
  await page.run((fake) => fake.load());
  await page.start();
  await page.run((_, {edgetally}) => edgetally("add_to_cart"));
  await page.run((fake) => fake.save(true, false));
  await page.wait(1_000);
  const requests = await page.requests();
  assert.deepEqual(names(requests), [["add_to_cart"]]);
  assert.deepEqual(requests[0]?.[0].consent, {...DENIED, analytics_storage: "granted"});
});

test("withdrawn in the queue: what waits for the gateway is not sent any more, by this page or the next", async (t) => {
  const page = await openClient(t, ["onetrust"]);
  page.answer(503);
  await page.run((fake) => fake.load(["C0001", "C0002", "C0004"], true));
  await page.start();
  await page.run((_, {edgetally}) => edgetally("purchase", {transaction_id: "7", value: 1, currency: "EUR"}));
  await page.wait(500);
  const tries = (await page.requests()).length;
  assert.ok(tries >= 1);
  assert.equal((await page.status()).outbox, 1);
  assert.notDeepEqual(await page.stored(), []);
  await page.run((fake) => fake.save(["C0001"]));
  page.answer(202);
  await page.wait(600_000);
  assert.equal((await page.requests()).length, tries);
  assert.equal((await page.status()).outbox, 0);
  assert.deepEqual(await page.stored(), []);
  await page.visit("/");
  await page.run((fake) => fake.load(["C0001", "C0002", "C0004"], true));
  await page.start();
  await page.wait(60_000);
  assert.equal((await page.requests()).length, tries);
});

test("a second change of mind in one visit: what comes after it is not sent, and what was kept is gone", async (t) => {
  const page = await openClient(t, ["onetrust"], {path: "/?gclid=TeSt123&fbclid=IwAR0"});
  await page.run((fake) => fake.load(["C0001"]));
  await page.start();
  await page.run((fake) => fake.save(["C0001", "C0002", "C0004"]));
  await page.run((_, {edgetally}) => edgetally("purchase", {transaction_id: "7", value: 1, currency: "EUR"}));
  await page.wait(1_000);
  const first = await page.requests();
  assert.deepEqual(names(first), [["purchase"]]);
  assert.equal(first[0]?.[0].context.click_ids.gclid, "TeSt123");
  assert.notDeepEqual(await page.stored(), []);
  await page.run((fake) => fake.save(["C0001"]));
  await page.run((_, {edgetally}) => edgetally("add_to_cart"));
  await page.wait(60_000);
  assert.deepEqual(names(await page.requests()), [["purchase"]], "nothing more, not even word of it");
  assert.deepEqual(await page.stored(), []);
  await page.run((fake) => fake.save(["C0001", "C0002", "C0004"]));
  await page.run((_, {edgetally}) => edgetally("view_item"));
  await page.wait(60_000);
  assert.deepEqual(names(await page.requests()), [["purchase"], ["view_item"]]);
});

test("five updates in a tick are one request, five with a word more each too, with the last state", async (t) => {
  const page = await openClient(t, ["consent_mode"]);
  await page.run((fake) => fake.snippet());
  await page.start();
  await page.run((_, {edgetally, gtag}) => {
    gtag("consent", "default", {ad_storage: "denied", analytics_storage: "denied"});
    edgetally("page_view");
    for (let i = 0; i < 5; i++) gtag("consent", "update", {analytics_storage: "granted"});
  });
  await page.wait(5_000);
  assert.deepEqual(names(await page.requests()), [["page_view"]]);
  await page.run((_, {edgetally, gtag}) => {
    edgetally("add_to_cart");
    for (const signal of ["analytics_storage", "ad_storage", "ad_user_data", "ad_personalization"]) gtag("consent", "update", {[signal]: "granted"});
    gtag("consent", "update", {ad_personalization: "denied"});
  });
  await page.wait(5_000);
  const requests = await page.requests();
  assert.deepEqual(names(requests), [["page_view"], ["add_to_cart"]]);
  assert.deepEqual(requests[1]?.[0].consent, {...GRANTED, ad_personalization: "denied"});
});

test("one category after the other, each with an event of its own, is one request", async (t) => {
  const page = await openClient(t, ["complianz"]);
  await page.run((fake) => fake.load());
  await page.start();
  await page.run((_, {edgetally}) => edgetally("page_view"));
  await page.run((fake) => fake.save(true, true));
  await page.wait(5_000);
  const requests = await page.requests();
  assert.deepEqual(names(requests), [["page_view"]]);
  assert.deepEqual(requests[0]?.[0].consent, GRANTED);
});

test("not known yet is no refusal: nothing stored is touched, and a click id of the address is there when the yes comes", async (t) => {
  const page = await openClient(t, ["onetrust"], {path: "/?gclid=New1"});
  await page.run((_, {localStorage, document}, key) => {
    localStorage[`edgetally.1.${key}`] = '{"clicks":{},"cookies":{},"known":["purchase 1"]}';
    document.cookie = "_fbc=fb.1.1700000000000.Old;path=/";
  }, KEY);
  const before = await page.stored();
  await page.start();
  await page.run((_, {edgetally}) => edgetally("view_item"));
  await page.wait(2_000);
  await page.run((fake) => fake.load(["C0001"]));
  await page.wait(60_000);
  assert.deepEqual(await page.stored(), before);
  await page.run((fake) => fake.save(["C0001", "C0002", "C0004"]));
  await page.wait(1_000);
  const [events] = await page.requests();
  assert.equal(events?.[0].context.click_ids.gclid, "New1");
  assert.equal(events?.[0].context.cookies._fbc, "fb.1.1700000000000.Old");
});

test("no banner where none is needed: the groups decide; where an opt-in is needed: held, then dropped", async (t) => {
  for (const required of [false, true]) {
    const page = await openClient(t, ["onetrust"], {required});
    await page.run((fake) => fake.half());
    await page.start();
    await page.run((_, {edgetally}) => edgetally("page_view"));
    await page.wait(1_000);
    assert.deepEqual(await page.requests(), []);
    await page.run((fake) => fake.load(["C0001", "C0002", "C0004"]));
    await page.wait(1_000);
    assert.deepEqual(names(await page.requests()), required ? [] : [["page_view"]]);
    await page.wait(60_000);
    await page.page.goto("about:blank");
    assert.equal(page.received().length, required ? 0 : 1);
    assert.deepEqual(page.errors, []);
  }
});

test("a banner of an opt-in rule that nobody has answered holds events also where the source needs none", async (t) => {
  const page = await openClient(t, ["shopify"], {required: false});
  await page.run((fake) => fake.storefront("EU"));
  await page.start();
  await page.run((fake) => fake.arrive());
  await page.run((_, {edgetally}) => edgetally("page_view"));
  await page.wait(60_000);
  assert.deepEqual(await page.requests(), []);
  await page.run((fake) => fake.save({analytics: "yes", marketing: "yes"}));
  await page.wait(1_000);
  assert.deepEqual(names(await page.requests()), [["page_view"]]);
});

test("an answer that could not be kept: the next page goes by what can be read, and clears what was left", async (t) => {
  const page = await openClient(t, ["wordpress"]);
  page.answer(503);
  const load = async () => {
    await page.run((fake) => {
      fake.load();
      fake.banner("optin");
    });
    await page.start();
  };
  await page.run((_, {document}) => {
    document.cookie = "wp_consent_statistics=deny;path=/";
    document.cookie = "wp_consent_marketing=deny;path=/";
  });
  await page.run((_, {document}) => (document.cookie = "wp_consent_marketing=allow" + "x".repeat(5_000) + ";path=/"));
  // The site says of itself what its banner has announced and failed to store.
  await page.page.evaluate("delete window.wp_has_consent");
  await page.start();
  await page.run((_, {edgetally}, given) => edgetally("consent", given), GRANTED);
  await page.run((_, {edgetally}) => edgetally("purchase", {transaction_id: "9", value: 1, currency: "EUR"}));
  await page.wait(500);
  assert.equal((await page.status()).outbox, 1);
  const sent = (await page.requests()).length;
  assert.notDeepEqual((await page.stored()).filter((name) => name.startsWith("edgetally")), []);
  page.answer(202);
  await page.visit("/");
  // The tab's last try at leaving may have come through by now: what counts is that nothing comes after it.
  const left = (await page.requests()).length;
  assert.ok(left >= sent);
  await load();
  await page.wait(60_000);
  assert.equal((await page.requests()).length, left);
  assert.deepEqual((await page.stored()).filter((name) => name.startsWith("edgetally")), []);
  assert.ok((await page.at.context.cookies()).every(({name, value}) => name.length + value.length < 1_024));
});

test("TCF: null, failure and then twice the same good answer are one request, with the strings as they are", async (t) => {
  const page = await openClient(t, ["tcf"]);
  await page.run((fake) => fake.load());
  await page.start();
  await page.run((_, {edgetally}) => edgetally("page_view"));
  await page.run((fake) => {
    fake.answer(null, false);
    fake.answer(null, true);
  });
  await page.wait(10_000);
  assert.deepEqual(await page.requests(), []);
  await page.run((fake) => {
    const good = {eventStatus: "useractioncomplete", gdprApplies: true, tcString: "CQtDjkAQtDjkAAHABBENBVFsAP_gAEPgAAAAIzNV", addtlConsent: "2~89~dv."};
    fake.answer(good, true);
    fake.answer(good, true);
  });
  await page.wait(10_000);
  const requests = await page.requests();
  assert.deepEqual(names(requests), [["page_view"]]);
  assert.deepEqual(requests[0]?.[0].consent, {tcf: "CQtDjkAQtDjkAAHABBENBVFsAP_gAEPgAAAAIzNV", additional_consent: "2~89~dv.", gdpr_applies: true});
  assert.deepEqual(page.errors, []);
});

test("Consent Mode in forms that Google ignores: no yes is taken from them, and status() counts them", async (t) => {
  const page = await openClient(t, ["consent_mode"]);
  await page.run((fake, window, all) => {
    fake.snippet();
    window.dataLayer.push(["consent", "update", all], {event: "consent"});
    window.gtag("consent", all);
  }, GRANTED);
  await page.start();
  await page.run((_, {edgetally}) => edgetally("page_view"));
  await page.wait(60_000);
  assert.deepEqual(await page.requests(), []);
  assert.equal((await page.status()).consent.sources["consent_mode"]?.ignored, 3);
  await page.run((_, {gtag}, all) => gtag("consent", "update", all), GRANTED);
  await page.wait(1_000);
  assert.deepEqual(names(await page.requests()), [["page_view"]]);
});

test("of several sources the strictest word counts, and one that waits makes all wait", async (t) => {
  const page = await openClient(t, ["consent_mode", "gpp", "klaro"], {categories: {matomo: "analytics", meta: "ads"}});
  await page.run((_, {fakes}) => {
    fakes.consent_mode.snippet();
    fakes.gpp.load({status: "ready"});
    fakes.klaro.load({matomo: true, meta: true});
  });
  await page.start();
  await page.run((_, {edgetally, gtag}, all) => {
    edgetally("page_view");
    gtag("consent", "update", {...all, ad_personalization: "denied"});
  }, GRANTED);
  await page.wait(60_000);
  assert.deepEqual(await page.requests(), [], "Klaro's banner is open");
  const string = await page.run((_, {fakes}) => {
    fakes.klaro.toggle("matomo", false);
    fakes.klaro.save();
    return fakes.gpp.string();
  });
  await page.wait(1_000);
  const requests = await page.requests();
  assert.deepEqual(names(requests), [["page_view"]]);
  assert.deepEqual(requests[0]?.[0].consent, {...GRANTED, ad_personalization: "denied", analytics_storage: "denied", gpp: string, gpp_sid: [7]});
});

for (const [name, accept] of /** @type {[string, (fake: any, window: any) => void][]} */ ([
  ["cookiebot", (fake) => fake.submit(true, true)],
  ["usercentrics", (fake) => fake.save("ALL_ACCEPTED", "ALL_ACCEPTED")],
  ["didomi", (fake) => fake.save({statistics: true, marketing: true})],
  ["complianz", (fake) => fake.save(true, true)],
  ["borlabs", (fake) => fake.save(["google-analytics", "hotjar", "meta-pixel"])],
  ["real_cookie_banner", (fake) => fake.save({statistics: true, marketing: true})],
])) {
  test(`${name}: with the whole client, from the open banner to the request`, async (t) => {
    const page = await openClient(t, [name], {categories: {statistics: "analytics", marketing: "ads"}});
    await page.run((fake, _, given) => {
      if (given === "usercentrics") fake.v3();
      else if (given === "real_cookie_banner" || given === "didomi") fake.load({statistics: false, marketing: false});
      else fake.load();
      if (given === "borlabs") fake.start();
    }, name);
    await page.start();
    await page.run((_, {edgetally}) => edgetally("page_view"));
    await page.wait(20_000);
    assert.deepEqual(await page.requests(), []);
    await page.run(accept);
    await page.wait(1_000);
    const requests = await page.requests();
    assert.deepEqual(names(requests), [["page_view"]]);
    assert.deepEqual(requests[0]?.[0].consent, GRANTED);
  });
}
