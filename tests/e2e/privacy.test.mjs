// What may be seen where: consent decides before anything is prepared, and no plain identifier outlives its request.

import assert from "node:assert/strict";
import {createHash} from "node:crypto";
import {readdir, readFile, mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {after, before, describe, test} from "node:test";
import {PLATFORMS} from "../../npm/src/platforms.mjs";
import {SURFACES, TABLE, printed} from "../support/privacy.mjs";
import {GRANTED, VISITOR_IP, openShop, pageView, purchase, waitFor} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */

const sha256 = (/** @type {string} */ text) => createHash("sha256").update(text).digest("hex");

describe("consent", () => {
  /** @type {Shop} */
  let shop;
  before(async () => {
    shop = await openShop({cf: {country: "US", regionCode: "CA"}});
  });
  after(() => shop.close());

  test("what is denied or was never asked is blocked with its reason, and no platform hears of it", async () => {
    /** @type {[string, Record<string, unknown>, string, string][]} */
    const rows = [
      ["denied-1", {...GRANTED, ad_user_data: "denied", analytics_storage: "denied"}, "ad_user_data_denied", "analytics_storage_denied"],
      ["denied-2", {...GRANTED, ad_storage: "denied", analytics_storage: "denied"}, "ad_storage_denied", "analytics_storage_denied"],
      ["denied-3", {}, "ad_user_data_missing", "analytics_storage_missing"],
      ["denied-4", {tcf: "CPXxRfA"}, "tcf_unreadable", "tcf_unreadable"],
      ["denied-5", {...GRANTED, us_privacy: "YYYYY"}, "us_privacy_malformed", "us_privacy_malformed"],
    ];
    const requests = shop.twin.requests().total;
    for (const [id, consent, ads, analytics] of rows) {
      const reply = await shop.server(purchase(id, {consent}));
      assert.deepEqual([reply.status, reply.body.blocked], [202, 1], reply.text);
      assert.deepEqual(reply.body.results[0], {
        index: 0,
        event_id: id,
        status: "blocked",
        destinations: {meta: `blocked:${ads}`, ga4: `blocked:${analytics}`, hook: `blocked:${ads}`},
      });
    }
    await shop.settle();
    assert.equal(shop.twin.requests().total, requests, "requests to the platforms");
    const {reasons} = await shop.ledger("?destination=meta");
    const blocked = reasons.filter((/** @type {any} */ one) => one.state === "blocked").map((/** @type {any} */ one) => [one.code, one.n]);
    assert.deepEqual(Object.fromEntries(blocked), {
      ad_user_data_denied: 1, ad_storage_denied: 1, ad_user_data_missing: 1, tcf_unreadable: 1, us_privacy_malformed: 1,
    });
  });

  test("analytics alone carries nobody's identifiers", async () => {
    const context = {...purchase("").context, page_url: "https://shop.example/?fbclid=AbCd&utm_source=news", cookies: {_fbp: `fb.1.${Date.now()}.123`}};
    const reply = await shop.server(purchase("analytics-1", {context, consent: {...GRANTED, ad_user_data: "denied"}}));
    assert.deepEqual(reply.body.results[0].destinations, {
      meta: "blocked:ad_user_data_denied", ga4: "queued", hook: "blocked:ad_user_data_denied",
    });
    const {event, context: around} = await shop.one("ga4", "analytics-1");
    assert.equal(around.user_data, undefined);
    assert.deepEqual(around.consent, {ad_user_data: "DENIED", ad_personalization: "GRANTED"});
    assert.equal(event.params.page_location, "https://shop.example/?utm_source=news");
    assert.equal(shop.twin.received({platform: "meta", event_id: "analytics-1"}).total, 0);
  });

  test("Sec-GPC limits what Meta may do", async () => {
    await shop.page(purchase("gpc-1"), {"sec-gpc": "1"});
    await shop.page(purchase("gpc-0"), {"sec-gpc": "0"});
    const limited = (await shop.one("meta", "gpc-1")).event;
    assert.deepEqual(
      [limited.data_processing_options, limited.data_processing_options_country, limited.data_processing_options_state, limited.opt_out],
      [["LDU"], 1, 1000, true],
    );
    const free = (await shop.one("meta", "gpc-0")).event;
    assert.equal(free.data_processing_options?.length ?? 0, 0);
    assert.notEqual(free.opt_out, true);
    assert.equal((await shop.one("ga4", "gpc-1")).context.consent.ad_personalization, "DENIED");
    assert.deepEqual((await shop.one("webhook", "gpc-1")).event.consent, {identifiers: true, personalised: false, limited: true});
  });

  test("a server's event is not limited by the server's own browser headers", async () => {
    await shop.server(purchase("gpc-server"), {"sec-gpc": "1"});
    const {event} = await shop.one("meta", "gpc-server");
    assert.equal(event.data_processing_options?.length ?? 0, 0);
  });
});

describe("what the request says", () => {
  /** @type {Shop} */
  let shop;
  before(async () => {
    shop = await openShop();
  });
  after(() => shop.close());
  const minute = Date.now() - 60_000;
  const cookies = `_fbp=fb.1.${minute}.1098115397; _ga=GA1.1.1380133182.1764792191; _ga_9ABCDE1234=GS2.1.s1760000000$o5$g1$t1760000100$j0$l0$h0; session=secret-of-the-shop`;

  test("a page's cookies, address and browser are its visitor's", async () => {
    const event = purchase("page-1", {context: {page_url: "https://shop.example/thanks?fbclid=AbCdEf"}});
    assert.equal((await shop.page(event, {cookie: cookies})).status, 202);
    const {user_data: user, event_source_url: url} = (await shop.one("meta", "page-1")).event;
    assert.equal(user.client_ip_address, VISITOR_IP);
    assert.equal(user.client_user_agent, "PageBrowser/1.0");
    assert.equal(user.fbp, `fb.1.${minute}.1098115397`);
    assert.match(user.fbc, /^fb\.1\.\d{13}\.AbCdEf$/);
    assert.equal(url, "https://shop.example/thanks?fbclid=AbCdEf");
    const {context, event: ga4} = await shop.one("ga4", "page-1");
    assert.equal(context.client_id, "1380133182.1764792191");
    assert.equal(String(ga4.params.session_id), "1760000000");
    assert.equal(context.ip_override, VISITOR_IP);
    assert.ok(!JSON.stringify(shop.twin.received({event_id: "page-1"})).includes("secret-of-the-shop"));
  });

  test("a page's address stands in for one that the event lacks", async () => {
    const event = purchase("referer-1", {context: {client_id: "1.2"}});
    await shop.page(event, {referer: "https://shop.example/cart?email=elena%40gmail.com&utm_source=news"});
    assert.equal((await shop.one("meta", "referer-1")).event.event_source_url, "https://shop.example/cart?utm_source=news");
  });

  test("what a server sent is the visitor's, and nothing of its own request is", async () => {
    const context = {
      ...purchase("").context,
      cookies: {_fbp: `fb.1.${minute}.2222222222`},
    };
    const headers = {cookie: cookies, "user-agent": "ShopServer/9.9", referer: "https://backend.example/", "cf-connecting-ip": "192.0.2.200"};
    assert.equal((await shop.server(purchase("server-1", {context}), headers)).status, 202);
    const {user_data: user, event_source_url: url} = (await shop.one("meta", "server-1")).event;
    assert.equal(user.client_ip_address, "198.51.100.7");
    assert.equal(user.client_user_agent, context.user_agent);
    assert.equal(user.fbp, `fb.1.${minute}.2222222222`);
    assert.equal(url, "https://shop.example/thanks");
    assert.equal((await shop.one("ga4", "server-1")).context.client_id, "1380133182.1764792191");
    const all = JSON.stringify(shop.twin.received({event_id: "server-1"}));
    for (const own of ["192.0.2.200", "ShopServer", "backend.example", "1098115397"]) assert.ok(!all.includes(own), own);
    // Without any, there is none.
    await shop.server(purchase("server-2", {context: {...context, ip: undefined}}), headers);
    assert.equal((await shop.one("meta", "server-2")).event.user_data.client_ip_address, undefined);
  });

  test("cookies that a page sends in the event come before those of its request", async () => {
    const event = purchase("cookie-1", {context: {page_url: "https://shop.example/", cookies: {_fbp: `fb.1.${minute}.3333333333`}}});
    await shop.page(event, {cookie: cookies});
    const {event: meta} = await shop.one("meta", "cookie-1");
    assert.equal(meta.user_data.fbp, `fb.1.${minute}.3333333333`);
    assert.equal((await shop.one("ga4", "cookie-1")).context.client_id, "1380133182.1764792191");
  });
});

test("no plain identifier outlives its request", async () => {
  const persist = await mkdtemp(join(tmpdir(), "edgetally-test-"));
  const shop = await openShop({persist, faulty: true});
  /** Every spelling of a plain identifier that could turn up. */
  const plain = [
    "elena", "brandt", "gmail", "01512", "1512", "15123456789", "3456789", "1988-03-14", "19880314", "torstrasse", "potsdam", "cust-10482",
  ];
  try {
    shop.twin.faults([
      {platform: "meta", kind: "reject_event_id", event_id: "privacy-1"},
      {platform: "webhook", kind: "status", status: 503, times: 1},
    ]);
    // Identifiers where they belong, and in every place where sites put them by mistake.
    const stray = {
      context: {
        ...purchase("").context,
        page_url: "https://shop.example/u/Elena.Brandt@Gmail.com?email=elena.brandt%40gmail.com&phone=015123456789",
        referrer: "https://shop.example/?q=elena.brandt@gmail.com",
        page_title: "Thanks, elena.brandt@gmail.com",
        cookies: {_ga: "elena.brandt@gmail.com", mail: "elena.brandt@gmail.com"},
      },
      properties: {note: "call 01512 3456789", mail: "elena.brandt@gmail.com", "elena.brandt@gmail.com": 1},
      items: [{item_id: "SKU-44", item_name: "Card for elena.brandt@gmail.com", price: 129.9}],
    };
    const reply = await shop.server([purchase("privacy-1", stray), pageView("privacy-2", {...stray, items: undefined})]);
    assert.equal(reply.body.accepted, 2, reply.text);
    assert.ok(reply.body.results[0].removed.length >= 4, reply.text);
    await shop.server(purchase("privacy-3", {user: {emial: "elena.brandt@gmail.com"}}));
    await shop.server(purchase("privacy-4", {currency: "elena.brandt@gmail.com"}));
    await shop.server('{"event": "purchase", "user": {"email": "elena.brandt@gmail.com}');
    await shop.server(purchase("elena.brandt@gmail.com"));
    await shop.page(purchase("privacy-5"), {origin: "https://elena.brandt.example"});
    await shop.settle();
    await waitFor("the dead letter", async () => (await shop.deadLetters()).length === 1);

    const claims = await waitFor("two claims", async () => {
      const found = Object.entries(await shop.claims());
      return found.length === 2 ? found : undefined;
    });
    for (const [name, value] of claims) {
      assert.match(name, /^[0-9a-f]{32}$/);
      // Fingerprints and the names of destinations.
      assert.match(value ?? "", /^2[ps][0-9a-f]{16}:[a-z0-9_,]+$/);
    }
    const {sent} = await shop.sent();
    assert.ok(sent.length >= 3, `${sent.length} messages`);
    const places = {
      queue: sent.join("\n"),
      recent: JSON.stringify(await shop.admin("/v1/recent?limit=500")),
      "dead letters": JSON.stringify(await shop.deadLetters()),
      ledger: JSON.stringify(await shop.ledger("?hours=1")),
      logs: JSON.stringify(shop.worker.logs),
    };
    // GA4 takes the city in clear, so it travels under its code; no other place may show it.
    for (const [place, text] of Object.entries(places)) {
      for (const word of plain) {
        if (place === "queue" && word === "potsdam") continue;
        assert.ok(!text.toLowerCase().includes(word), `${word} in ${place}: ${around(text, word)}`);
      }
      assert.equal(/[\w.+-]+(?:@|%40)[\w-]+\.[a-z]{2,}/i.exec(text)?.[0], undefined, place);
    }
    assert.deepEqual(shop.twin.stats().violations, []);
    // The hash is there, so the absence of the address means something.
    const {user_data: user} = (await shop.one("meta", "privacy-2")).event;
    assert.deepEqual(user.em, [sha256("elena.brandt+shop@gmail.com")]);
    await shop.close();

    // What the object and the store wrote to disk.
    for (const file of await readdir(persist, {recursive: true, withFileTypes: true})) {
      if (!file.isFile()) continue;
      const bytes = (await readFile(join(file.parentPath ?? file.path, file.name))).toString("latin1").toLowerCase();
      for (const word of plain.filter((word) => word !== "potsdam" && word !== "1512")) {
        assert.ok(!bytes.includes(word), `${word} in ${file.name}`);
      }
    }
  } finally {
    await shop.stop().catch(() => {});
    await rm(persist, {recursive: true, force: true});
  }
});

/** Ways of writing a text so that it can be read all the same. */
const ENCODINGS = /** @type {Record<string, (text: string) => string>} */ ({
  plain: (text) => text,
  percent: (text) => encodeURIComponent(text).replaceAll(".", "%2E"),
  "percent three times": (text) => encodeURIComponent(encodeURIComponent(encodeURIComponent(text))).replaceAll(".", "%25252E"),
  "%u": (text) => text.replace(/[^A-Za-z0-9]/g, (c) => `%u${c.charCodeAt(0).toString(16).padStart(4, "0")}`),
  base64: (text) => Buffer.from(text).toString("base64"),
  "base64url of percent": (text) => Buffer.from(encodeURIComponent(`id=${text}`)).toString("base64url"),
  entities: (text) => text.replace(/[^A-Za-z0-9]/g, (c) => `&#${c.charCodeAt(0)};`),
  "named entities, escaped": (text) => text.replaceAll("@", "&amp;commat;").replaceAll(".", "&amp;period;"),
  "\\u": (text) => text.replace(/[^A-Za-z0-9]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`),
  "\\x": (text) => text.replace(/[^A-Za-z0-9]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`),
  "full width": (text) => text.replace(/[!-~]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0)),
  "zero width": (text) => [...text].join("\u200b"),
  "small signs": (text) => text.replaceAll("@", "\ufe6b").replaceAll(".", "\u3002"),
});

/** Where sites put things: each takes the text into an event. */
const FIELDS = /** @type {Record<string, (event: any, text: string) => void>} */ ({
  "page_url's path": (event, text) => (event.context.page_url = `https://shop.example/u/${encodeURIComponent(text)}/thanks?utm_source=news`),
  "page_url's utm_term": (event, text) => (event.context.page_url = `https://shop.example/thanks?utm_term=${encodeURIComponent(text)}&utm_source=news`),
  "referrer's gclid": (event, text) => (event.context.referrer = `https://shop.example/thanks?gclid=${encodeURIComponent(text)}`),
  page_title: (event, text) => (event.context.page_title = `Thanks ${text}!`),
  user_agent: (event, text) => (event.context.user_agent = `Browser/1.0 (${text})`),
  client_id: (event, text) => (event.context.client_id = text),
  session_id: (event, text) => (event.context.session_id = text.slice(0, 60)),
  cookies: (event, text) => (event.context.cookies = {_ga: text, _fbp: `fb.1.${Date.now()}.${encodeURIComponent(text)}`, li_fat_id: text}),
  "click ids": (event, text) => (event.context.click_ids = {gclid: encodeURIComponent(text), ttclid: text}),
  "a property": (event, text) => (event.properties = {note: `call ${text} back`, search_term: text}),
  "a property's name": (event, text) => (event.properties = {[text]: true}),
  "an item": (event, text) => (event.items = [{item_id: text, item_name: `Card for ${text}`, coupon: text, price: 1}]),
  release: (event, text) => (event.release = text.slice(0, 60)),
  transaction_id: (event, text) => (event.transaction_id = text.slice(0, 120)),
  event_id: (event, text) => (event.event_id = text.slice(0, 120)),
});

/** What becomes of an event. `{}` is an event that all platforms get. */
const WAYS = /** @type {Record<string, (event: any) => void>} */ ({
  accept: () => {},
  reject: (event) => (event.currency = "EURO"),
  block: (event) => (event.consent = {}),
  "dead letter": (event) => (event.event_id = `lost-${event.event_id}`),
  test: (event) => (event.test = true),
});

test("what may be read where is what docs/privacy.md says, by every field, encoding and way", async () => {
  const persist = await mkdtemp(join(tmpdir(), "edgetally-test-"));
  const shop = await openShop({persist, faulty: true, destinations: "all"});
  /** What must be nowhere, with what it is; and what may be somewhere, by the table's rows. */
  const hidden = /** @type {Map<string, string>} */ (new Map());
  const visible = /** @type {Map<string, string>} */ (new Map([
    ["zqcityzq", "city"], ["198.51.100.77", "network address"], ["zqbrowserzq", "browser"], ["zqclickzq", "click id"],
    ["zqcookiezq", "cookie of a platform"], ["zqpagezq", "page address and title"], ["zqpropertyzq", "properties and items"],
    ["zqidzq", "event id"],
  ]));
  try {
    const events = [];
    let n = 0;
    for (const [way, turn] of Object.entries(WAYS)) {
      for (const [name, encode] of Object.entries(ENCODINGS)) {
        for (const [field, put] of Object.entries(FIELDS)) {
          // All fields the plain way; of each other way a third of the fields, another one for each encoding.
          n += 1;
          if (way !== "accept" && n % 3 !== 0) continue;
          const word = [...String(n).padStart(4, "0")].map((digit) => "bdfgkmnprt"[Number(digit)]).join("o");
          const digits = `15129${String(n).padStart(6, "0")}`.replace("00000", "27184");
          const kinds = [`zq${word}@mail.example`, `0${digits.slice(0, 4)}.${digits.slice(4, 7)}-${digits.slice(7)}`, `Zq${word} Vq${word}`];
          const text = /** @type {string} */ (kinds[n % 3]);
          const event = purchase(`zqidzq-${n}`, {
            user: {
              email: kinds[0], phone: `+49${digits}`, first_name: `Zq${word}`, last_name: `Vq${word}`, street: "Zqstreetzq 1",
              date_of_birth: "1971-02-03", external_id: "zqexternalzq", city: "zqcityzq", country: "DE",
            },
            context: {...purchase("").context, ip: "198.51.100.77", page_url: "https://shop.example/thanks"},
          });
          put(event, encode(text));
          turn(event);
          events.push(event);
          const about = `${text} in ${field}, ${name}, ${way}`;
          hidden.set(`zq${word}`, about).set(`vq${word}`, about).set(digits, about);
          const encoded = encode(text);
          if (encoded.length >= 8) hidden.set(encoded.toLowerCase(), about).set(encodeURIComponent(encoded).toLowerCase(), about);
        }
      }
    }
    for (const word of ["zqstreetzq", "1971-02-03", "19710203", "zqexternalzq"]) hidden.set(word, word);
    // One that shows what may be seen, on each way.
    for (const turn of Object.values(WAYS)) {
      const event = purchase(`zqidzq-${(n += 1)}`, {
        context: {
          ip: "198.51.100.77", user_agent: "zqbrowserzq", client_id: "1.2", page_url: "https://shop.example/zqpagezq",
          page_title: "zqpagezq", cookies: {_fbp: `fb.1.${Date.now()}.1098115397`, li_fat_id: "zqcookiezq"}, click_ids: {gclid: "zqclickzq"},
        },
        properties: {colour: "zqpropertyzq"},
        user: {email: "somebody@mail.example", city: "zqcityzq", country: "DE"},
      });
      turn(event);
      events.push(event);
    }
    shop.twin.faults(events.filter(({event_id: id}) => id.startsWith("lost-")).map(({event_id: id}) => ({platform: "meta", kind: "reject_event_id", event_id: id})));
    let answers = "";
    for (let at = 0; at < events.length; at += 50) answers += (await shop.server(events.slice(at, at + 50))).text;
    await shop.settle();
    const letters = JSON.stringify(await shop.deadLetters());
    assert.match(letters, /lost-zqidzq/, "a dead letter");
    await shop.admin("/v1/dead-letters/replay", {destination: "meta"});
    await shop.settle();
    const received = Object.fromEntries(PLATFORMS.map(({platform}) => [platform, JSON.stringify(shop.twin.received({platform, limit: 10_000}))]));
    const surfaces = /** @type {Record<string, string>} */ ({
      answer: answers,
      logs: JSON.stringify(shop.worker.logs),
      queue: (await shop.sent()).sent.join("\n"),
      claims: JSON.stringify(await shop.claims()),
      recent: JSON.stringify(await shop.admin("/v1/recent?limit=500")),
      "dead letters": letters + JSON.stringify(await shop.admin("/v1/dead-letters?limit=500")),
      ledger: JSON.stringify(await shop.ledger()),
      platforms: Object.values(received).join("\n"),
    });
    assert.deepEqual(Object.keys(surfaces), SURFACES);
    await shop.stop();
    for (const file of await readdir(persist, {recursive: true, withFileTypes: true})) {
      if (file.isFile()) surfaces.ledger += (await readFile(join(file.parentPath ?? file.path, file.name))).toString("utf8");
    }
    const faults = [];
    const seen = /** @type {Map<string, Set<string>>} */ (new Map());
    for (const [surface, text] of Object.entries(surfaces)) {
      const lower = text.toLowerCase();
      for (const [needle, about] of hidden) if (lower.includes(needle)) faults.push(`${about}: ${needle} in ${surface}: ${around(lower, needle)}`);
      for (const [needle, what] of visible) {
        if (lower.includes(needle)) seen.set(what, (seen.get(what) ?? new Set()).add(surface));
      }
    }
    assert.deepEqual(faults.slice(0, 20), [], `${faults.length} faults`);
    for (const what of new Set(visible.values())) {
      const row = TABLE.find((row) => row.what === what);
      assert.deepEqual([...(seen.get(what) ?? [])], row?.plain, what);
    }
    assert.ok((await readFile(new URL("../../docs/privacy.md", import.meta.url), "utf8")).includes(printed()), `docs/privacy.md has to print\n${printed()}`);
  } finally {
    await shop.stop().catch(() => {});
    await rm(persist, {recursive: true, force: true});
  }
});

/**
 * @param {string} text
 * @param {string} word
 */
function around(text, word) {
  const at = text.toLowerCase().indexOf(word);
  return text.slice(Math.max(0, at - 60), at + 60);
}
