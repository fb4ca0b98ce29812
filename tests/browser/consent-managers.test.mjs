// The adapters of the consent managers with categories, each against a fake of what its manager is documented to do, traps included.
import assert from "node:assert/strict";
import {test} from "node:test";
import {openBanner} from "./consent-page.mjs";

const UNDECIDED = "undecided";
const UNANSWERED = "undecided, analytics denied, ads denied";
const GRANTED = "decided, analytics granted, ads granted";
const DENIED = "decided, analytics denied, ads denied";
const ANALYTICS = "decided, analytics granted, ads denied";

test("any: a manager that loads late is found, for ten seconds", async (t) => {
  const page = await openBanner(t, "cookiebot");
  await page.start();
  await page.wait(9_000);
  assert.equal(await page.now(), "nothing");
  await page.run((fake) => fake.load());
  await page.wait(200);
  assert.equal(await page.now(), UNDECIDED);
  await page.wait(60_000);
  assert.equal(await page.now(), UNDECIDED);
  await page.run((fake) => fake.submit(true, true));
  assert.equal(await page.now(), GRANTED, "its events are heard after that too");
});

test("any: one that does not come is not in the page, and heard all the same when it does", async (t) => {
  const page = await openBanner(t, "cookiebot");
  await page.start();
  await page.wait(20_000);
  assert.equal(await page.now(), "nothing");
  await page.run((fake) => {
    fake.load();
    fake.stored(false, false);
  });
  assert.equal(await page.now(), DENIED);
});

test("any: a name of the settings stands in the place of the defaults, and several for one signal have all to be accepted", async (t) => {
  const page = await openBanner(t, "cookiebot", {categories: {statistics: "analytics", marketing: "ads", preferences: "ads"}});
  await page.run((fake) => fake.load());
  await page.start();
  await page.run((fake, window) => {
    fake.submit(true, true);
    window.Cookiebot.consent.preferences = false;
    fake.stored(true, true);
    window.Cookiebot.consent.preferences = false;
  });
  await page.wait(200);
  assert.equal(await page.now(), ANALYTICS);
});

test("any: a name that nobody knows is a no", async (t) => {
  const page = await openBanner(t, "cookiebot", {categories: {statistics: "analytics", marketng: "ads"}});
  await page.run((fake) => {
    fake.load();
    fake.stored(true, true);
  });
  await page.start();
  assert.equal(await page.now(), ANALYTICS);
});

test("Cookiebot: `false` all over is no refusal before there is an answer", async (t) => {
  for (const required of [true, false]) {
    const page = await openBanner(t, "cookiebot", {required});
    await page.run((fake) => fake.load());
    await page.start();
    assert.equal(await page.now(), UNDECIDED);
    await page.run((fake) => fake.submit(true, false));
    assert.equal(await page.now(), ANALYTICS);
    await page.run((fake) => fake.submit(false, false));
    assert.equal(await page.now(), DENIED);
  }
});

test("Cookiebot: a returning visitor's answer raises ConsentReady alone", async (t) => {
  const page = await openBanner(t, "cookiebot");
  await page.run((fake) => fake.load());
  await page.start();
  await page.run((fake) => fake.stored(true, true));
  assert.equal(await page.now(), GRANTED);
});

test("Cookiebot: a consent that is implied is none where one is required", async (t) => {
  for (const [required, means] of /** @type {const} */ ([[true, UNDECIDED], [false, GRANTED]])) {
    const page = await openBanner(t, "cookiebot", {required});
    await page.run((fake) => {
      fake.load();
      fake.stored(true, true, "implied");
    });
    await page.start();
    assert.equal(await page.now(), means);
  }
});

test("OneTrust: the groups are defaults until the banner is closed", async (t) => {
  const page = await openBanner(t, "onetrust");
  await page.start();
  await page.run((fake) => fake.load(["C0001", "C0002", "C0004"]));
  assert.equal(await page.now(), UNDECIDED);
  await page.run((fake) => fake.save(["C0001", "C0002"]));
  assert.equal(await page.now(), ANALYTICS);
  await page.run((fake) => fake.save(["C0001"]));
  assert.equal(await page.now(), DENIED);
});

test("OneTrust: no banner is shown, and its global is half an object for a second", async (t) => {
  for (const [required, means] of /** @type {const} */ ([[true, UNDECIDED], [false, GRANTED]])) {
    const page = await openBanner(t, "onetrust", {required});
    await page.run((fake) => fake.half());
    await page.start();
    assert.equal(await page.now(), UNDECIDED, "it is in the page: something will come");
    await page.wait(1_000);
    await page.run((fake) => fake.load(["C0001", "C0002", "C0004"]));
    assert.equal(await page.now(), means);
    await page.wait(60_000);
    assert.equal(await page.now(), means);
    assert.deepEqual(page.errors, []);
  }
});

test("OneTrust: where the region's rule lets nothing run, its banner asks: that is no refusal, and no permission", async (t) => {
  const page = await openBanner(t, "onetrust", {required: false});
  await page.run((fake) => fake.load(["C0001"]));
  await page.start();
  assert.equal(await page.now(), UNANSWERED);
  await page.run((fake) => fake.save(["C0001", "C0002", "C0004"]));
  assert.equal(await page.now(), GRANTED);
});

test("OneTrust: with groups of the site's own, in any case; part of a name is not the name", async (t) => {
  const page = await openBanner(t, "onetrust", {categories: {c0002: "analytics", ADS1: "ads"}});
  await page.run((fake) => fake.load(["C0001", "C0002", "ADS12"], true));
  await page.start();
  assert.equal(await page.now(), ANALYTICS);
  await page.run((fake) => fake.save(["C0002", "ads1"]));
  assert.equal(await page.now(), GRANTED);
});

test("OneTrust: CookiePro has the groups under their older name alone", async (t) => {
  const page = await openBanner(t, "onetrust");
  await page.run((fake, window) => {
    fake.load(["C0001", "C0002"], true);
    delete window.OnetrustActiveGroups;
  });
  await page.start();
  assert.equal(await page.now(), ANALYTICS);
});

const CATEGORIES = {categories: /** @type {const} */ ({statistics: "analytics", marketing: "ads"})};

test("Usercentrics 3: what is implied is no answer where one is required", async (t) => {
  for (const [required, means] of /** @type {const} */ ([[true, UNDECIDED], [false, GRANTED]])) {
    const page = await openBanner(t, "usercentrics", {...CATEGORIES, required});
    await page.run((fake) => fake.v3({analytics: "ALL_ACCEPTED", marketing: "ALL_ACCEPTED"}));
    await page.start();
    await page.wait(200);
    assert.equal(await page.now(), means);
  }
});

test("Usercentrics 3: the events carry no state; a category in part is a no", async (t) => {
  const page = await openBanner(t, "usercentrics", CATEGORIES);
  await page.start();
  await page.run((fake) => fake.v3());
  assert.equal(await page.now(), UNDECIDED);
  await page.run((fake) => fake.show());
  assert.equal(await page.now(), UNDECIDED);
  await page.run((fake) => fake.save("ALL_ACCEPTED", "SOME_ACCEPTED"));
  assert.equal(await page.now(), ANALYTICS);
  await page.run((fake) => fake.save("ALL_ACCEPTED", "ALL_ACCEPTED"));
  assert.equal(await page.now(), GRANTED);
  await page.run((fake) => fake.save("ALL_DENIED", "ALL_DENIED"));
  assert.equal(await page.now(), DENIED);
  assert.equal((await page.reports()).length, 4);
});

test("Usercentrics 3: an answer of an earlier visit comes with UC_UI_INITIALIZED alone", async (t) => {
  const page = await openBanner(t, "usercentrics", CATEGORIES);
  await page.run((fake) => fake.v3({analytics: "ALL_ACCEPTED", marketing: "ALL_DENIED", type: "EXPLICIT", initialized: false}));
  await page.start();
  assert.equal(await page.now(), UNDECIDED);
  await page.run((fake) => fake.initialize());
  assert.equal(await page.now(), ANALYTICS);
});

test("Usercentrics 3: of two answers the one to the later question counts, though it comes first", async (t) => {
  const page = await openBanner(t, "usercentrics", CATEGORIES);
  await page.run((fake) => fake.v3({analytics: "ALL_ACCEPTED", marketing: "ALL_ACCEPTED", type: "EXPLICIT", hold: true}));
  await page.start();
  await page.run((fake) => fake.save("ALL_DENIED", "ALL_DENIED"));
  await page.run((fake) => fake.release());
  assert.equal(await page.now(), DENIED);
  assert.ok(!(await page.reports()).some(({signals}) => signals.ad_storage === "granted"));
});

test("Usercentrics 2: explicit by its history; a category is accepted only with all of its services, and one without any is not", async (t) => {
  const page = await openBanner(t, "usercentrics", CATEGORIES);
  await page.run((fake) =>
    fake.v2([fake.service("Google Analytics", "statistics", true), fake.service("Meta Pixel", "marketing", true), fake.service("TikTok", "marketing", true)]),
  );
  await page.start();
  assert.equal(await page.now(), UNDECIDED, "only implicit so far");
  await page.run((fake) =>
    fake.saveV2([
      fake.service("Google Analytics", "statistics", true, "explicit"),
      fake.service("Meta Pixel", "marketing", true, "explicit"),
      fake.service("TikTok", "marketing", false, "explicit"),
    ]),
  );
  assert.equal(await page.now(), ANALYTICS);
  await page.run((fake) => fake.saveV2([fake.service("Google Analytics", "statistics", true, "explicit")]));
  assert.equal(await page.now(), ANALYTICS, "no service, no yes");
});

test("Usercentrics 2: not initialized yet", async (t) => {
  const page = await openBanner(t, "usercentrics", CATEGORIES);
  await page.run((fake) => fake.v2([fake.service("Google Analytics", "statistics", true, "explicit")], false));
  await page.start();
  assert.equal(await page.now(), UNDECIDED);
  assert.deepEqual(page.errors, []);
});

const PURPOSES = {categories: /** @type {const} */ ({audience: "analytics", ads: "ads", personal: "ads"})};

test("Didomi: what is enabled counts once it is ready and nothing is partial; all purposes of a signal have to be", async (t) => {
  const page = await openBanner(t, "didomi", PURPOSES);
  await page.start();
  await page.run((fake) => fake.load({audience: true, ads: true, personal: true}, {ready: false, answered: true}));
  await page.wait(200);
  assert.equal(await page.now(), UNDECIDED);
  await page.run((fake) => fake.ready());
  assert.equal(await page.now(), GRANTED);
  await page.run((fake) => fake.save({audience: true, ads: true, personal: false}));
  assert.equal(await page.now(), ANALYTICS);
  await page.run((fake) => fake.save({audience: true, ads: true}));
  assert.equal(await page.now(), ANALYTICS, "an unknown purpose is a no");
});

test("Didomi: before an answer, and where none is asked for, what is enabled is a default", async (t) => {
  for (const [options, required, means] of /** @type {[object, boolean, string][]} */ ([
    [{}, true, UNDECIDED],
    [{old: true}, true, UNDECIDED],
    [{old: true, answered: true}, true, GRANTED],
    [{asks: false}, true, UNDECIDED],
    [{asks: false}, false, GRANTED],
  ])) {
    const page = await openBanner(t, "didomi", {...PURPOSES, required});
    await page.run((fake, _, given) => fake.load({audience: true, ads: true, personal: true}, given), options);
    await page.start();
    assert.equal(await page.now(), means);
  }
});

test("Didomi: heard however late it comes", async (t) => {
  const page = await openBanner(t, "didomi", PURPOSES);
  await page.start();
  await page.wait(20_000);
  await page.run((fake) => fake.load({audience: true, ads: false, personal: false}, {answered: true}));
  assert.equal(await page.now(), ANALYTICS);
});

test("CookieYes: the banner's first state is not the visitor's", async (t) => {
  for (const [law, required, means] of /** @type {[string, boolean, string][]} */ ([
    ["gdpr", true, UNDECIDED],
    ["ccpa", true, UNDECIDED],
    ["ccpa", false, GRANTED],
    ["gdpr", false, UNANSWERED],
  ])) {
    const page = await openBanner(t, "cookieyes", {required});
    await page.start();
    await page.run((fake, _, given) => fake.load({law: given, analytics: given === "ccpa", advertisement: given === "ccpa"}), law);
    assert.equal(await page.now(), means, `${law}, ${required}`);
  }
});

test("CookieYes: accepted, and withdrawn; the event may come before the state", async (t) => {
  const page = await openBanner(t, "cookieyes");
  await page.run((fake) => fake.load());
  await page.start();
  await page.run((fake) => fake.save(true, true));
  assert.equal(await page.now(), GRANTED);
  await page.run((fake) => fake.save(true, false, true));
  await page.wait(100);
  assert.equal(await page.now(), ANALYTICS);
});

test("CookieYes: a stored answer from before us", async (t) => {
  const page = await openBanner(t, "cookieyes");
  await page.run((fake) => fake.load({analytics: true, advertisement: true, answered: true}));
  await page.start();
  assert.equal(await page.now(), GRANTED);
});

test("Complianz: fires its categories before anybody has chosen, and counts silence as a yes where the law is opt-out", async (t) => {
  for (const [law, required, means] of /** @type {[string, boolean, string][]} */ ([
    ["optin", true, UNDECIDED],
    ["optout", true, UNDECIDED],
    ["optin", false, UNANSWERED],
    ["optout", false, GRANTED],
  ])) {
    const page = await openBanner(t, "complianz", {required});
    await page.start();
    await page.run((fake, _, given) => fake.load(given), law);
    assert.equal(await page.now(), means, `${law}, ${required}`);
  }
});

test("Complianz: until the region's law is known nothing is", async (t) => {
  const page = await openBanner(t, "complianz", {required: false});
  await page.run((fake) => fake.load("optout", false));
  await page.start();
  assert.equal(await page.now(), UNDECIDED);
  await page.run((fake) => fake.resolve());
  await page.wait(200);
  assert.equal(await page.now(), GRANTED);
});

test("Complianz: decided when the banner is gone, withdrawn, and read again on the next page, with the site's own prefix", async (t) => {
  const page = await openBanner(t, "complianz");
  await page.run((fake) => fake.load());
  await page.start();
  await page.run((fake) => fake.save(true, true));
  assert.equal(await page.now(), GRANTED);
  assert.equal((await page.reports()).length, 2, "one report for all the events of one answer");
  await page.visit("/");
  await page.run((fake) => fake.load());
  await page.start();
  assert.equal(await page.now(), GRANTED);
  await page.run((fake) => fake.deny());
  assert.equal(await page.now(), DENIED);
});

test("Complianz: where the law is opt-out an answer is one all the same", async (t) => {
  const page = await openBanner(t, "complianz");
  await page.run((fake) => fake.load("optout"));
  await page.start();
  await page.run((fake) => fake.save(true, false));
  assert.equal(await page.now(), ANALYTICS);
});

test("Complianz: a banner that is closed without a choice is no yes, whatever the law", async (t) => {
  for (const [law, means] of [["optin", DENIED], ["optout", UNDECIDED]]) {
    const page = await openBanner(t, "complianz");
    await page.run((fake, _, given) => fake.load(given), law);
    await page.start();
    await page.run((fake) => fake.close());
    assert.equal(await page.now(), means);
  }
});

const SERVICES = {categories: /** @type {const} */ ({matomo: "analytics", meta: "ads", tiktok: "ads"})};

test("Klaro: switches that are being moved are no decision, neither before the first nor after it", async (t) => {
  const page = await openBanner(t, "klaro", SERVICES);
  await page.run((fake) => fake.load({matomo: true, meta: true, tiktok: true}));
  await page.start();
  assert.equal(await page.now(), UNDECIDED, "defaults may be on");
  await page.run((fake) => fake.toggle("meta", false));
  assert.equal(await page.now(), UNDECIDED);
  await page.run((fake) => fake.save());
  assert.equal(await page.now(), ANALYTICS);
  await page.run((fake) => fake.toggle("meta", true));
  await page.wait(300);
  assert.equal(await page.now(), ANALYTICS);
  await page.run((fake) => fake.save());
  assert.equal(await page.now(), GRANTED);
  assert.equal(await page.run((fake) => fake.watchers), 1);
});

test("Klaro: its element is not Klaro; a stored decision; consent that is reset", async (t) => {
  const page = await openBanner(t, "klaro", SERVICES);
  await page.run((fake) => fake.element());
  await page.start();
  assert.equal(await page.now(), UNDECIDED);
  await page.run((fake) => fake.load({matomo: true, meta: true, tiktok: true}, true));
  await page.wait(200);
  assert.equal(await page.now(), GRANTED);
  await page.run((fake) => fake.reset());
  assert.equal(await page.now(), UNDECIDED);
  assert.deepEqual(page.errors, []);
});

test("Shopify: the API is asked for once, and `''` is no answer", async (t) => {
  const page = await openBanner(t, "shopify");
  await page.run((fake) => fake.storefront());
  await page.start();
  await page.wait(2_000);
  assert.equal(await page.run((fake) => fake.loads), 1);
  assert.equal(await page.now(), UNDECIDED);
  await page.run((fake) => fake.arrive());
  assert.equal(await page.now(), UNDECIDED);
  await page.run((fake) => fake.save({analytics: "yes", marketing: "yes"}));
  assert.equal(await page.now(), GRANTED);
});

test("Shopify: advertising takes sale as well, and both questions have to be answered", async (t) => {
  const page = await openBanner(t, "shopify");
  await page.run((fake) => fake.storefront());
  await page.start();
  await page.run((fake) => fake.arrive());
  await page.run((fake) => fake.save({marketing: "yes"}));
  assert.equal(await page.now(), UNDECIDED);
  await page.run((fake) => fake.save({analytics: "yes", sale_of_data: "no"}));
  assert.equal(await page.now(), ANALYTICS);
});

test("Shopify: where the region asks for nothing, what it allows is a default", async (t) => {
  for (const [region, required, means] of /** @type {[string, boolean, string][]} */ ([
    ["US", true, UNDECIDED],
    ["US", false, GRANTED],
    ["EU", false, UNANSWERED],
  ])) {
    const page = await openBanner(t, "shopify", {required});
    await page.run((fake, _, given) => fake.storefront(given), region);
    await page.start();
    await page.run((fake) => fake.arrive());
    assert.equal(await page.now(), means, `${region}, ${required}`);
  }
});

test("WP Consent API: it says yes to everything while no banner has named its law", async (t) => {
  for (const required of [true, false]) {
    const page = await openBanner(t, "wordpress", {required});
    await page.run((fake) => fake.load());
    await page.start();
    assert.equal(await page.run((_, window) => window.wp_has_consent("marketing")), true);
    assert.equal(await page.now(), UNDECIDED);
    await page.run((fake) => fake.banner("optin"));
    assert.equal(await page.now(), required ? UNDECIDED : UNANSWERED);
  }
  const page = await openBanner(t, "wordpress");
  await page.run((fake) => {
    fake.load();
    fake.set("statistics", "allow");
    fake.set("marketing", "allow");
  });
  await page.start();
  assert.equal(await page.now(), UNDECIDED, "cookies of a banner that is not there any more");
});

test("WP Consent API: silence is a yes only where the law is opt-out and none is required", async (t) => {
  for (const [required, means] of /** @type {const} */ ([[true, UNDECIDED], [false, GRANTED]])) {
    const page = await openBanner(t, "wordpress", {required});
    await page.run((fake) => {
      fake.load();
      fake.banner("optout");
    });
    await page.start();
    assert.equal(await page.run((_, window) => window.wp_has_consent("marketing")), true);
    assert.equal(await page.now(), means);
    await page.run((fake) => {
      fake.set("statistics", "allow");
      fake.set("marketing", "deny");
    });
    assert.equal(await page.now(), ANALYTICS);
  }
  const page = await openBanner(t, "wordpress");
  await page.run((fake) => {
    fake.load();
    fake.banner("optout");
    fake.set("statistics", "allow");
  });
  await page.start();
  assert.equal(await page.now(), UNDECIDED, "an answer to one question is none to the other");
});

test("WP Consent API: the cookies, with the site's own prefix; one category alone decides nothing; of two cookies the no counts", async (t) => {
  const page = await openBanner(t, "wordpress");
  await page.run((fake) => {
    fake.load("shop_consent");
    fake.banner("optin");
  });
  await page.start();
  await page.run((fake) => fake.set("statistics", "allow"));
  assert.equal(await page.now(), UNDECIDED);
  await page.run((fake) => fake.set("marketing", "allow"));
  assert.equal(await page.now(), GRANTED);
  await page.visit("/");
  await page.run((fake) => {
    fake.load("shop_consent");
    fake.banner("optin");
  });
  await page.start();
  assert.equal(await page.now(), GRANTED, "the next page reads the same");
  await page.run((fake) => fake.set("marketing", "deny", "/shop"));
  await page.visit("/shop/");
  await page.run((fake) => {
    fake.load("shop_consent");
    fake.banner("optin");
  });
  await page.start();
  assert.equal(await page.now(), ANALYTICS);
});

test("Borlabs: no answer without its cookie, none before it has started; a group only with all of its services", async (t) => {
  const page = await openBanner(t, "borlabs");
  await page.run((fake) => fake.load());
  await page.start();
  assert.equal(await page.now(), UNDECIDED);
  await page.run((fake) => fake.start());
  assert.equal(await page.now(), UNDECIDED);
  await page.run((fake) => fake.save(["google-analytics", "meta-pixel"]));
  assert.equal(await page.run((_, window) => window.BorlabsCookie.Consents.hasConsentForServiceGroup("statistics")), true);
  assert.equal(await page.now(), "decided, analytics denied, ads granted");
  await page.run((fake) => fake.save(["google-analytics", "hotjar"]));
  assert.equal(await page.now(), ANALYTICS);
  assert.deepEqual(page.errors, []);
});

test("Borlabs: a stored answer that is there before it can be asked for, and services by name", async (t) => {
  const page = await openBanner(t, "borlabs", {categories: {"google-analytics": "analytics", "meta-pixel": "ads"}});
  await page.run((fake, window) => {
    window.document.cookie = "borlabs-cookie=%7B%7D;path=/";
    fake.load();
  });
  await page.start();
  assert.equal(await page.now(), UNDECIDED);
  await page.run((fake) => fake.start(["google-analytics"]));
  assert.equal(await page.now(), ANALYTICS);
});

test("Real Cookie Banner: an opt-in that nobody has given is none, whatever event comes; an unknown service is a no", async (t) => {
  for (const required of [true, false]) {
    const page = await openBanner(t, "real_cookie_banner", {required, categories: {"google-analytics": "analytics", "facebook-pixel": "ads"}});
    await page.start();
    await page.run((fake) => fake.load({"google-analytics": true, "facebook-pixel": true}));
    assert.equal(await page.now(), UNDECIDED);
    await page.run((fake) => fake.save({"google-analytics": true, "facebook-pixel": false}));
    assert.equal(await page.now(), ANALYTICS);
  }
  const page = await openBanner(t, "real_cookie_banner", {categories: {"google-analytics": "analytics", "facebook-pixl": "ads"}});
  await page.run((fake) => fake.load({"google-analytics": true, "facebook-pixel": true}, true));
  await page.start();
  assert.equal(await page.now(), ANALYTICS);
});

test("CookieFirst: null is no answer; a stored one comes before us or with cf_init", async (t) => {
  const page = await openBanner(t, "cookiefirst", {categories: {performance: "analytics", functional: "analytics", advertising: "ads"}});
  await page.run((fake) => fake.load());
  await page.start();
  assert.equal(await page.now(), UNDECIDED);
  await page.run((fake) => fake.save(true, false));
  assert.equal(await page.now(), ANALYTICS);
  await page.run((fake, window) => {
    fake.save(true, true);
    window.CookieFirst.consent.functional = false;
  });
  await page.wait(100);
  assert.equal(await page.now(), "decided, analytics denied, ads granted", "both names stand for analytics");
  const next = await openBanner(t, "cookiefirst");
  await next.run((fake) => fake.load([true, true]));
  await next.start();
  assert.equal(await next.now(), GRANTED);
});

test("services and purposes of the site's own decide nothing until the settings name them", async (t) => {
  const page = await openBanner(t, "klaro");
  await page.run((fake) => fake.load({matomo: true}, true));
  await page.start();
  assert.equal(await page.now(), UNDECIDED);
});
