// The adapters of Consent Mode, TCF and GPP, each against what its consent managers do. Another name for each test: what somebody got wrong.
import assert from "node:assert/strict";
import {test} from "node:test";
import {openBanner} from "./consent-page.mjs";

const UNDECIDED = "undecided";
const GRANTED = "decided, analytics granted, ads granted";

test("Consent Mode: an update decides, also one from before us", async (t) => {
  const page = await openBanner(t, "consent_mode");
  await page.run((fake, window) => {
    fake.snippet();
    window.gtag("consent", "default", {ad_storage: "denied", ad_user_data: "denied", ad_personalization: "denied", analytics_storage: "denied", wait_for_update: 500});
    window.gtag("consent", "update", {ad_storage: "granted", ad_user_data: "granted", ad_personalization: "granted", analytics_storage: "granted"});
  });
  await page.start();
  assert.equal(await page.now(), GRANTED);
  assert.equal((await page.reports()).length, 1);
});

test("Consent Mode: a default is no decision, not even where it is a yes", async (t) => {
  for (const required of [true, false]) {
    const page = await openBanner(t, "consent_mode", {required});
    await page.run((fake, window) => {
      fake.snippet();
      window.gtag("consent", "default", {ad_storage: "granted", ad_user_data: "granted", ad_personalization: "granted", analytics_storage: "granted"});
    });
    await page.start();
    assert.equal(await page.now(), UNDECIDED);
  }
});

test("Consent Mode: the no of a default is told as such, unless it is another region's, and stands where an update is silent", async (t) => {
  const page = await openBanner(t, "consent_mode");
  await page.run((fake, window) => {
    fake.snippet();
    window.gtag("consent", "default", {ad_storage: "denied", ad_user_data: "denied", ad_personalization: "denied"});
    window.gtag("consent", "default", {analytics_storage: "denied", region: ["DE"]});
  });
  await page.start();
  assert.equal(await page.now(), "undecided, ads denied");
  await page.run((_, window) => window.gtag("consent", "update", {ad_storage: "granted", ad_user_data: "granted", ad_personalization: "granted"}));
  assert.equal(await page.now(), "decided, ads granted");
  await page.run((_, window) => window.gtag("consent", "default", {analytics_storage: "denied", ad_storage: "denied"}));
  assert.equal(await page.now(), "decided, analytics denied, ads granted", "a default that comes late takes nothing back");
});

test("Consent Mode: the last update counts, signal by signal, through the tag manager's own push", async (t) => {
  const page = await openBanner(t, "consent_mode");
  await page.run((fake) => fake.snippet());
  await page.start();
  assert.equal(await page.now(), "nothing", "a dataLayer without a command is no source of consent");
  await page.run((fake, window) => {
    fake.load();
    window.gtag("event", "page_view");
    window.gtag("consent", "update", {analytics_storage: "granted", functionality_storage: "granted"});
  });
  assert.equal(await page.now(), "decided, analytics granted");
  await page.run((_, window) => window.gtag("consent", "update", {ad_storage: "granted", ad_user_data: "granted", ad_personalization: "denied"}));
  assert.deepEqual((await page.reports()).at(-1).signals, {
    analytics_storage: "granted",
    ad_storage: "granted",
    ad_user_data: "granted",
    ad_personalization: "denied",
  });
  await page.run((_, window) => window.gtag("consent", "update", {analytics_storage: "denied", ad_storage: "Granted ", ad_user_data: false, ad_personalization: "denied"}));
  assert.deepEqual((await page.reports()).at(-1).signals, {
    analytics_storage: "denied",
    ad_storage: "denied",
    ad_user_data: "granted",
    ad_personalization: "denied",
  });
  assert.equal(await page.run((_, window) => window.dataLayer.length), 4, "everything has arrived in the dataLayer");
});

test("Consent Mode: only what Google obeys counts; a yes in another form is counted as ignored, a no is kept to", async (t) => {
  const page = await openBanner(t, "consent_mode");
  await page.run((fake, window) => {
    fake.snippet();
    const all = {ad_storage: "granted", ad_user_data: "granted", ad_personalization: "granted", analytics_storage: "granted"};
    window.dataLayer.push(["consent", "update", all]);
    window.dataLayer.push({event: "consent", ...all});
    window.gtag("consent", all);
    window.gtag("consent", "updated", all);
    window.dataLayer.push({event: "cookie_consent_update"}, "consent", null, undefined, 7);
  });
  await page.start();
  assert.equal(await page.now(), UNDECIDED);
  assert.equal((await page.reports()).at(-1).ignored, 4);
  await page.run((_, window) => window.dataLayer.push(["consent", "update", {ad_storage: "denied", analytics_storage: "granted"}]));
  const last = (await page.reports()).at(-1);
  assert.deepEqual(last, {decided: true, signals: {ad_storage: "denied"}, ignored: 5});
  assert.deepEqual(page.errors, []);
});

test("Consent Mode: a dataLayer that comes late, or is put in the place of another, is read", async (t) => {
  const page = await openBanner(t, "consent_mode");
  await page.start();
  await page.wait(1_000);
  assert.equal(await page.run((_, window) => typeof window.dataLayer), "undefined", "nothing of the page's is made up");
  await page.run((fake, window) => {
    fake.snippet();
    window.gtag("consent", "update", {analytics_storage: "granted"});
  });
  await page.wait(200);
  assert.equal(await page.now(), "decided, analytics granted");
  await page.run((_, window) => {
    window.dataLayer = [];
    window.gtag("consent", "update", {analytics_storage: "denied"});
  });
  await page.wait(200);
  assert.equal(await page.now(), "decided, analytics denied");
  await page.run((_, window) => window.gtag("consent", "update", {analytics_storage: "granted"}));
  assert.equal(await page.now(), "decided, analytics granted");
});

test("Consent Mode: without a command it is no source, however long the page stays", async (t) => {
  const page = await openBanner(t, "consent_mode");
  await page.run((fake, window) => {
    fake.snippet();
    window.gtag("js", 1);
    window.dataLayer.push({event: "consented"}, {consent: "update"});
  });
  await page.start();
  await page.wait(20_000);
  assert.equal(await page.now(), "nothing");
});

test("TCF: a state from before us comes with registering, and nothing waits for another event", async (t) => {
  const page = await openBanner(t, "tcf");
  await page.run((fake) => fake.load({eventStatus: "tcloaded", tcString: "CQtDjkA", addtlConsent: "2~89~dv."}));
  await page.start();
  assert.equal(await page.now(), "decided, tcf CQtDjkA, additional_consent 2~89~dv., gdpr_applies true");
});

test("TCF: an open banner is no decision, nor does reopening it take one back", async (t) => {
  const page = await openBanner(t, "tcf");
  await page.run((fake) => fake.load({eventStatus: "cmpuishown", tcString: "COpen"}));
  await page.start();
  assert.equal(await page.now(), UNDECIDED);
  await page.run((fake) => fake.raise({eventStatus: "useractioncomplete", tcString: "CYes"}));
  assert.equal(await page.now(), "decided, tcf CYes, gdpr_applies true");
  await page.run((fake) => fake.raise({eventStatus: "cmpuishown", tcString: "CMoving"}));
  assert.equal(await page.now(), "decided, tcf CYes, gdpr_applies true");
  await page.run((fake) => fake.raise({eventStatus: "useractioncomplete", tcString: "CNo"}));
  assert.equal(await page.now(), "decided, tcf CNo, gdpr_applies true");
});

test("TCF: null, failure and an empty string throw nothing and decide nothing; two good answers are one report", async (t) => {
  const page = await openBanner(t, "tcf");
  await page.run((fake) => fake.load());
  await page.start();
  await page.run((fake) => {
    fake.answer(null, false);
    fake.answer(null, true);
    fake.answer({eventStatus: "tcloaded", tcString: "CFailed", gdprApplies: true}, false);
    fake.answer({eventStatus: "tcloaded", tcString: "", gdprApplies: true}, true);
    fake.answer({eventStatus: "tcloaded", gdprApplies: undefined}, true);
  });
  assert.equal(await page.now(), UNDECIDED);
  assert.equal((await page.reports()).length, 1);
  await page.run((fake) => {
    fake.answer({eventStatus: "tcloaded", tcString: "CGood", gdprApplies: true, listenerId: 1}, true);
    fake.answer({eventStatus: "tcloaded", tcString: "CGood", gdprApplies: true, listenerId: 1}, true);
  });
  assert.equal(await page.now(), "decided, tcf CGood, gdpr_applies true");
  assert.equal((await page.reports()).length, 2);
  assert.deepEqual(page.errors, []);
});

test("TCF: where the law does not apply there need be no string", async (t) => {
  const page = await openBanner(t, "tcf");
  await page.run((fake) => fake.load({eventStatus: "tcloaded", gdprApplies: false}));
  await page.start();
  assert.equal(await page.now(), "decided, gdpr_applies false");
});

test("TCF: the stub comes late, and the API in its place later still", async (t) => {
  const page = await openBanner(t, "tcf");
  await page.start();
  await page.wait(3_000);
  assert.equal(await page.now(), "nothing");
  await page.run((fake) => fake.stub());
  await page.wait(200);
  assert.equal(await page.now(), UNDECIDED);
  await page.wait(2_000);
  assert.equal(await page.run((fake) => fake.queue.length), 1, "one registration, however often it is looked at");
  await page.run((fake) => fake.load({eventStatus: "tcloaded", tcString: "CLate"}));
  assert.equal(await page.now(), "decided, tcf CLate, gdpr_applies true");
});

test("TCF: an API that forgets what its stub was asked is asked again", async (t) => {
  const page = await openBanner(t, "tcf");
  await page.run((fake) => fake.stub());
  await page.start();
  await page.run((fake) => {
    fake.queue.length = 0;
    fake.load({eventStatus: "tcloaded", tcString: "CAgain"});
  });
  await page.wait(200);
  assert.equal(await page.now(), "decided, tcf CAgain, gdpr_applies true");
  assert.equal(await page.run((fake) => fake.listeners), 1);
});

test("GPP: whoever registers late is told so in the answer to registering, and by no event", async (t) => {
  const page = await openBanner(t, "gpp");
  await page.run((fake) => fake.load({status: "ready"}));
  await page.start();
  const string = await page.run((fake) => fake.string());
  assert.equal(await page.now(), `decided, gpp ${string}, gpp_sid 7`);
});

test("GPP: nothing is decided until the signal is ready, and a reopened banner takes nothing back", async (t) => {
  const page = await openBanner(t, "gpp");
  await page.run((fake) => fake.load());
  await page.start();
  assert.equal(await page.now(), UNDECIDED);
  await page.run((fake) => fake.save(2));
  const stays = await page.run((fake) => fake.string());
  assert.equal(await page.now(), `decided, gpp ${stays}, gpp_sid 7`);
  await page.run((fake) => fake.open());
  assert.equal(await page.now(), `decided, gpp ${stays}, gpp_sid 7`);
  await page.run((fake) => fake.save(1));
  const out = await page.run((fake) => fake.string());
  assert.notEqual(out, stays);
  assert.equal(await page.now(), `decided, gpp ${out}, gpp_sid 7`);
});

test("GPP: sections are passed on as they are, none as none", async (t) => {
  for (const [sections, sid] of /** @type {[number[], string][]} */ ([[[-1], ", gpp_sid -1"], [[7, 8], ", gpp_sid 7,8"], [[], ""]])) {
    const page = await openBanner(t, "gpp");
    await page.run((fake, _, given) => fake.load({status: "ready", sections: given}), sections);
    await page.start();
    const string = await page.run((fake) => fake.string());
    assert.equal(await page.now(), `decided, gpp ${string}${sid}`);
  }
});

test("GPP: null and half answers throw nothing and decide nothing", async (t) => {
  const page = await openBanner(t, "gpp");
  await page.run((_, window) => {
    window.__gpp = (/** @type {string} */ _command, /** @type {Function} */ callback) => (window.callback = callback);
  });
  await page.start();
  await page.run((_, {setTimeout, callback}) => {
    setTimeout(callback, 1, null, false);
    setTimeout(callback, 2);
    setTimeout(callback, 3, {eventName: "signalStatus", data: "ready"}, true);
    setTimeout(callback, 4, {eventName: "listenerRegistered", pingData: {}}, true);
  });
  await page.wait(1_000);
  assert.equal(await page.now(), UNDECIDED);
  assert.deepEqual(page.errors, []);
});
