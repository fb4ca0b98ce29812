import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "./checks.mjs";
import { credentials } from "./credentials.mjs";
import { NOW, changed, testTwin } from "./harness.mjs";
import { sign } from "./platforms/x.mjs";

const DAY = 86_400_000;
const ROUTE = "/12/measurement/conversions/o8z6j";
const PATH = `/ads-api.x.com${ROUTE}`;
const { twin, clock, post, book, kinds, noted } = await testTwin({
  platform: "x", path: PATH, headers: { "x-pixel-token": credentials.x.pixelToken },
});

const iso = (/** @type {number} */ ms) => new Date(ms).toISOString();

/** @returns {any} */
function purchase() {
  return {
    conversion_time: iso(NOW - 60_250),
    event_id: "tw-q4x7k-q4x9m",
    conversion_id: "ord-100045-purchase",
    identifiers: [
      { twclid: "2a7kq9m4xw0p3b8r5c1v6tz0ds" },
      { hashed_email: sha256("jane.doe@example.com") },
      { hashed_phone_number: sha256("+14155552671") },
      { ip_address: "203.0.113.24", user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:143.0)" },
    ],
    value: "129.90",
    price_currency: "USD",
    number_items: 3,
    contents: [
      { content_id: "SKU-1", content_name: "Wool socks", content_type: "Socks", content_price: 14.95, num_items: 2 },
      { content_id: "SKU-2", content_name: "Rain jacket", content_price: 100, num_items: 1 },
    ],
  };
}

/** @param {any[]} conversions */
const batch = (...conversions) => post({ conversions });

test("a documented event passes without a violation", async () => {
  const { status, body } = await batch(purchase(), { ...purchase(), conversion_id: "b" });
  assert.equal(status, 200);
  assert.equal(body.data.conversions_processed, 2);
  assert.match(body.data.debug_id, /^[0-9a-f-]{36}$/);
  assert.ok(body.request.params.account_id);
  assert.deepEqual(book().violations, []);
  assert.equal(book().unique, 2);
  const [arrived] = twin.received({ event_id: "ord-100045-purchase" }).events;
  assert.deepEqual([arrived?.event, arrived?.event_name, arrived?.context], [purchase(), "tw-q4x7k-q4x9m", { pixel_id: "o8z6j" }]);
});

/** @type {[string, (e: any) => void, string, RegExp?][]} */
const REFUSED = [
  ["no time", (e) => delete e.conversion_time, "conversion_time", /^Expected Time in yyyy-MM-ddTHH:mm:ss\.SSSZ, got /],
  ["a time without Z", (e) => (e.conversion_time = e.conversion_time.slice(0, -1)), "conversion_time"],
  ["a time without milliseconds", (e) => (e.conversion_time = "2026-11-24T11:00:00Z"), "conversion_time"],
  ["a time with an offset", (e) => (e.conversion_time = "2026-11-24T11:00:00.000+00:00"), "conversion_time"],
  ["a time in milliseconds", (e) => (e.conversion_time = NOW), "conversion_time"],
  ["a day that is none", (e) => (e.conversion_time = "2026-02-30T11:00:00.000Z"), "conversion_time"],
  ["no event id", (e) => delete e.event_id, "event_id"],
  ["an event id that is no tag", (e) => (e.event_id = "Purchase"), "event_id", /^event_id \(Purchase\) is not a single event tag \(SET\)$/],
  ["the pixel as event id", (e) => (e.event_id = "o8z6j"), "event_id", /is not a single event tag/],
  ["no identifiers", (e) => delete e.identifiers, "identifiers"],
  ["an empty list of identifiers", (e) => (e.identifiers = []), "identifiers", /^At least one user identifier must be provided$/],
  ["an empty identifier", (e) => (e.identifiers = [{}]), "identifiers", /^At least one/],
  ["identifiers as a map", (e) => (e.identifiers = { twclid: "x" }), "identifiers"],
  ["unknown identifiers alone", (e) => (e.identifiers = [{ external_id: "x" }]), "identifiers", /^At least one/],
  ["an address alone", (e) => (e.identifiers = [{ ip_address: "203.0.113.24" }]), "identifiers", /^At least one/],
  ["an agent alone", (e) => (e.identifiers = [{ user_agent: "UA" }]), "identifiers", /^At least one/],
  ["a plain value", (e) => (e.identifiers[1].hashed_email = "jane"), "hashed_email", /^hashed_email \(jane\) is not a valid SHA-256 hash$/],
  ["an MD5", (e) => (e.identifiers[2].hashed_phone_number = "d41d8cd98f00b204e9800998ecf8427e"), "hashed_phone_number", /is not a valid SHA-256 hash$/],
  ["a numeric twclid", (e) => (e.identifiers[0].twclid = 7), "twclid"],
  ["a value of letters", (e) => (e.value = "12,50"), "value"],
  ["a value as object", (e) => (e.value = {}), "value"],
  ["a value with exponent", (e) => (e.value = "1e3"), "value"],
  ["a numeric conversion id", (e) => (e.conversion_id = 7), "conversion_id"],
  ["no items", (e) => (e.number_items = 0), "number_items"],
  ["fractional items", (e) => (e.number_items = 1.5), "number_items"],
  ["items as text", (e) => (e.number_items = "3"), "number_items"],
  ["contents as map", (e) => (e.contents = {}), "contents"],
  ["a price as text", (e) => (e.contents[0].content_price = "14.95"), "content_price"],
  ["content items of 0", (e) => (e.contents[0].num_items = 0), "num_items"],
  ["a numeric content id", (e) => (e.contents[0].content_id = 44), "content_id"],
];
for (const [what, change, parameter, message] of REFUSED) {
  test(`refused: ${what}`, async () => {
    const bad = changed(purchase(), change);
    const { status, body } = await batch({ ...purchase(), conversion_id: "good" }, bad);
    assert.equal(status, 400);
    assert.equal(body.errors.length, 1);
    const [error] = body.errors;
    assert.deepEqual([error.code, error.parameter], ["INVALID_PARAMETER", parameter]);
    if (message) assert.match(error.message, message);
    assert.doesNotMatch(JSON.stringify(error), /conversions\[|index/i, "no index is given");
    assert.deepEqual([book().received, book().rejected_requests], [0, 1], "one bad event refuses the request");
    assert.match(twin.requests().requests[0]?.reason ?? "", /^conversions\[1\]\./);
  });
}

/** @type {[string, (e: any) => void][]} */
const TAKEN = [
  ["the short tag id", (e) => (e.event_id = "q4x9m")],
  ["twclid alone", (e) => (e.identifiers = [{ twclid: "x" }])],
  ["email alone", (e) => e.identifiers.splice(0, 4, { hashed_email: sha256("a") })],
  ["address and agent alone", (e) => e.identifiers.splice(0, 3)],
  ["the least", (e) => { for (const key of ["value", "price_currency", "number_items", "contents", "conversion_id"]) delete e[key]; }],
  ["a search", (e) => (e.search_string = "socks")],
  ["yen with decimals", (e) => Object.assign(e, { value: "5000.00", price_currency: "JPY" })],
  ["dinars with three", (e) => Object.assign(e, { value: "12.345", price_currency: "KWD" })],
  ["exactly 90 days old", (e) => (e.conversion_time = iso(NOW - 90 * DAY))],
];
for (const [what, change] of TAKEN) {
  test(`taken: ${what}`, async () => {
    const event = changed(purchase(), change);
    assert.equal((await batch(event)).status, 200);
    assert.deepEqual(twin.stats().violations, []);
  });
}

test("what X takes, or may take, but no sender should do is noted", async () => {
  /** @type {[string, (e: any) => void][]} */
  const rows = [
    ["unknown_field", (e) => (e.user = {})],
    ["unknown_field", (e) => (e.contents[0].price = 1)],
    ["unknown_field", (e) => e.identifiers.push({ external_id: "x" })],
    ["time_in_the_future", (e) => (e.conversion_time = iso(NOW + 1))],
    ["older_than_any_attribution_window", (e) => (e.conversion_time = iso(NOW - 90 * DAY - 1))],
    ["several_identifiers_in_one_object", (e) => Object.assign(e.identifiers[1], e.identifiers.shift())],
    ["identifier_twice", (e) => e.identifiers.push({ twclid: "y" })],
    ["empty_identifier", (e) => e.identifiers.push({})],
    ["digest_not_lower_case", (e) => (e.identifiers[1].hashed_email = sha256("a").toUpperCase())],
    ["digest_of_nothing", (e) => (e.identifiers[1].hashed_email = sha256(""))],
    ["hashed_but_wanted_plain", (e) => (e.identifiers[0].twclid = sha256("x"))],
    ["hashed_but_wanted_plain", (e) => (e.identifiers[3].user_agent = sha256("x"))],
    ["not_an_ipv4_address", (e) => (e.identifiers[3].ip_address = "2001:db8::7")],
    ["private_ip_address", (e) => (e.identifiers[3].ip_address = "10.0.0.7")],
    ["address_and_agent_apart", (e) => delete e.identifiers[3].user_agent],
    ["value_is_not_a_text_with_decimals", (e) => (e.value = 129.9)],
    ["value_is_not_a_text_with_decimals", (e) => (e.value = "129")],
    ["value_is_not_a_text_with_decimals", (e) => (e.value = "129.905")],
    ["negative_value", (e) => (e.value = "-1.00")],
    ["negative_value", (e) => (e.contents[0].content_price = -1)],
    ["value_without_currency", (e) => delete e.price_currency],
    ["not_a_currency", (e) => (e.price_currency = "QQQ")],
    ["not_a_currency", (e) => (e.price_currency = "usd")],
    ["empty_text", (e) => (e.conversion_id = "")],
    ["empty_list", (e) => (e.contents = [])],
    ["empty_object", (e) => e.contents.push({})],
    ["null", (e) => (e.description = null)],
    ["null", (e) => (e.contents[0].content_name = null)],
    ["null", (e) => (e.identifiers[0].hashed_email = null)],
    ["plain_email", (e) => (e.description = "for jane.doe@example.com")],
  ];
  await noted(rows, purchase, async (event, what) => assert.equal((await batch(event)).status, 200, what));
  twin.reset();
  await post({ conversions: [purchase()], test: true }, `${PATH}?a=1`, { authorization: "OAuth x" });
  assert.deepEqual(kinds(), ["two_credentials", "unexpected_query", "unknown_field"]);
});

test("route, pixel, tag, token, content type, size and shape are checked", async () => {
  const good = { conversions: [purchase()] };
  /** @type {[string, Promise<any>, number, string][]} */
  const rows = [
    ["version", post(good, PATH.replace("/12/", "/11/")), 404, "ROUTE_NOT_FOUND"],
    ["path", post(good, `${PATH}/x`), 404, "ROUTE_NOT_FOUND"],
    ["pixel", post(good, PATH.replace("o8z6j", "O8")), 404, "NOT_FOUND"],
    ["another's pixel", post(good, PATH.replace("o8z6j", "zzzzz")), 404, "NOT_FOUND"],
    ["another's tag", batch({ ...purchase(), event_id: "tw-q4x7k-zzzzz" }), 404, "NOT_FOUND"],
    ["no token", post(good, PATH, { "x-pixel-token": "" }), 401, "UNAUTHORIZED_ACCESS"],
    ["wrong token", post(good, PATH, { "x-pixel-token": "x" }), 401, "UNAUTHORIZED_ACCESS"],
    ["bearer", post(good, PATH, { "x-pixel-token": "", "authorization": `Bearer ${credentials.x.pixelToken}` }), 401, "UNAUTHORIZED_ACCESS"],
    ["text", post(good, PATH, { "content-type": "text/plain" }), 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["bad JSON", post("{"), 400, "INVALID"],
    ["twice", post('{"conversions":[],"conversions":[]}'), 400, "INVALID"],
    ["empty", batch(), 400, "INVALID_PARAMETER"],
    ["501", batch(...Array.from({ length: 501 }, purchase)), 400, "INVALID_PARAMETER"],
  ];
  for (const [what, answer, status, code] of rows) {
    const { status: got, body } = await answer;
    assert.deepEqual([got, body.errors?.[0].code], [status, code], what);
  }
  assert.equal((await batch(...Array.from({ length: 501 }, purchase))).body.errors[0].message, "Conversion count limit is 500");
  assert.equal(book().received, 0);
  assert.equal((await batch(...Array.from({ length: 500 }, purchase))).body.data.conversions_processed, 500);
});

test("the published signatures come out", () => {
  const [consumer, secret] = ["kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw", "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"];
  /** @type {[string, string][]} */
  const oauth = [
    ["oauth_consumer_key", "xvz1evFS4wEEPTGEFPHBog"], ["oauth_nonce", "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"],
    ["oauth_signature_method", "HMAC-SHA1"], ["oauth_timestamp", "1318622958"],
    ["oauth_token", "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"], ["oauth_version", "1.0"],
  ];
  /** @type {[string, string][]} */
  const status = [["include_entities", "true"], ["status", "Hello Ladies + Gentlemen, a signed OAuth request!"]];
  /** @type {[string, [string, string][], string][]} */
  const rows = [
    ["https://api.x.com/1.1/statuses/update.json", [...oauth, ...status], "Ls93hJiZbQ3akF3HF3x1Bz8/zU4="],
    ["https://api.twitter.com/1.1/statuses/update.json", [...oauth, ...status], "hCtSmYh+iHYCEqBWrE7C7hYmtUk="],
    ["https://ads-api.x.com/12/measurement/conversions/o8z6j", oauth, "7iaI+laGCTHGiawtSB+Dd+WRYfc="],
  ];
  for (const [address, parameters, right] of rows) assert.equal(sign("POST", address, parameters, consumer, secret), right);
});

let nonces = 0;
/**
 * @param {Record<string, string | undefined>} [change] Parameters changed before signing; undefined leaves one out.
 * @param {{address?: string, secret?: string, after?: (header: string) => string}} [more]
 */
function oauthHeader(change = {}, { address = `https://ads-api.x.com${ROUTE}`, secret = credentials.x.tokenSecret, after = (header) => header } = {}) {
  const parameters = /** @type {[string, string][]} */ (Object.entries({
    oauth_consumer_key: credentials.x.consumerKey, oauth_nonce: `nonce${(nonces += 1)}`, oauth_signature_method: "HMAC-SHA1",
    oauth_timestamp: String(Math.floor(clock.now / 1000)), oauth_token: credentials.x.token, oauth_version: "1.0", ...change,
  }).filter(([, value]) => value !== undefined));
  const all = [...parameters, ["oauth_signature", sign("POST", address, parameters, credentials.x.consumerSecret, secret)]];
  return after(`OAuth ${all.map(([key, value]) => `${key}="${encodeURIComponent(String(value))}"`).join(", ")}`);
}
/** @param {string} authorization @param {any} [body] @param {string} [path] */
const signed = (authorization, body = { conversions: [purchase()] }, path = PATH) => post(body, path, { "x-pixel-token": "", authorization });

test("OAuth 1.0a: signed for the platform's address, fresh, once", async () => {
  assert.equal((await signed(oauthHeader())).status, 200);
  assert.equal((await signed(oauthHeader({ oauth_timestamp: String(NOW / 1000 - 300) }))).status, 200);
  assert.deepEqual(twin.stats().violations, []);

  /** @type {[string, string][]} */
  const rows = [
    ["the twin's address", oauthHeader({}, { address: `${twin.url}${PATH}` })],
    ["the old host", oauthHeader({}, { address: `https://ads-api.twitter.com${ROUTE}` })],
    ["http", oauthHeader({}, { address: `http://ads-api.x.com${ROUTE}` })],
    ["another secret", oauthHeader({}, { secret: "x" })],
    ["another key", oauthHeader({ oauth_consumer_key: "x" })],
    ["another token", oauthHeader({ oauth_token: "x" })],
    ["another method", oauthHeader({ oauth_signature_method: "HMAC-SHA256" })],
    ["another version", oauthHeader({ oauth_version: "2.0" })],
    ["no nonce", oauthHeader({ oauth_nonce: undefined })],
    ["too old", oauthHeader({ oauth_timestamp: String(NOW / 1000 - 301) })],
    ["too new", oauthHeader({ oauth_timestamp: String(NOW / 1000 + 301) })],
    ["milliseconds", oauthHeader({ oauth_timestamp: String(NOW) })],
    ["changed afterwards", oauthHeader({}, { after: (header) => header.replace("oauth_nonce=\"", "oauth_nonce=\"x") })],
    ["twice", oauthHeader({}, { after: (header) => `${header}, oauth_version="1.0"` })],
    ["no list", "OAuth x"],
  ];
  for (const [what, header] of rows) {
    const { status, body } = await signed(header);
    assert.deepEqual([status, body.errors[0].code], [401, "UNAUTHORIZED_ACCESS"], what);
  }

  const once = oauthHeader();
  assert.equal((await signed(once, { conversions: [] })).status, 400);
  assert.equal((await signed(once)).status, 401, "a nonce is spent by a refused body too");
  const at = String(NOW / 1000);
  assert.equal((await signed(oauthHeader({ oauth_nonce: "same", oauth_timestamp: at }))).status, 200);
  assert.equal((await signed(oauthHeader({ oauth_nonce: "same", oauth_timestamp: at }))).status, 401);
  assert.equal((await signed(oauthHeader({ oauth_nonce: "same", oauth_timestamp: String(NOW / 1000 + 1) }))).status, 200);

  assert.equal((await signed(oauthHeader({ oauth_body_hash: "x" }))).status, 200);
  assert.equal((await signed(oauthHeader({ oauth_version: undefined }))).status, 200);
  const loose = oauthHeader({ oauth_nonce: "a/b" }, { after: (header) => header.replace("%2F", "/") });
  assert.equal((await signed(loose)).status, 200);
  assert.equal(kinds()[0], "body_hash_of_a_json_body");
  assert.ok(kinds().includes("oauth_version_missing") && kinds().includes("not_percent_encoded"));
});

test("OAuth 1.0a: the query is signed, the body is not", async () => {
  const plain = oauthHeader();
  assert.equal((await signed(plain, undefined, `${PATH}?a=1`)).status, 401);
  /** @type {[string, string][]} */
  const parameters = [
    ["oauth_consumer_key", credentials.x.consumerKey], ["oauth_nonce", "q1"], ["oauth_signature_method", "HMAC-SHA1"],
    ["oauth_timestamp", String(NOW / 1000)], ["oauth_token", credentials.x.token], ["oauth_version", "1.0"],
  ];
  const signature = sign("POST", `https://ads-api.x.com${ROUTE}`, [...parameters, ["a", "1 +"]], credentials.x.consumerSecret, credentials.x.tokenSecret);
  const all = [...parameters, ["oauth_signature", signature]];
  const header = `OAuth ${all.map(([key, value]) => `${key}="${encodeURIComponent(String(value))}"`).join(",")}`;
  assert.equal((await signed(header, undefined, `${PATH}?a=1%20%2B`)).status, 200);
});

test("the same tag and conversion id count once within 48 hours", async () => {
  await batch(purchase(), { ...purchase(), event_id: "q4x9m" }, { ...purchase(), event_id: "tw-q4x7k-other" });
  assert.deepEqual([book().received, book().unique, book().duplicates], [3, 2, 1]);
  clock.now = NOW + 2 * DAY;
  await batch(purchase());
  assert.deepEqual([book().received, book().unique, book().duplicates], [4, 3, 1]);
});

test("faults: revoked credentials, a condemned event, the platform's own errors", async () => {
  twin.faults({ platform: "x", kind: "revoke_token", times: 2 });
  assert.equal((await batch(purchase())).body.errors[0].code, "UNAUTHORIZED_ACCESS");
  assert.equal((await signed(oauthHeader())).status, 401);
  twin.faults({ platform: "x", kind: "reject_event_id", event_id: "bad" });
  const { status, body } = await batch(purchase(), { ...purchase(), conversion_id: "bad" });
  assert.deepEqual([status, body.errors[0].code], [400, "INVALID_PARAMETER"]);
  assert.doesNotMatch(JSON.stringify(body), /1|bad/, "no index, no id");
  assert.equal((await batch(purchase())).status, 200);
  assert.deepEqual([book().faulted, book().received], [3, 1]);
  twin.clearFaults();
  /** @type {[number, string][]} */
  const own = [[429, "TOO_MANY_REQUESTS"], [403, "UNAUTHORIZED_CLIENT_APPLICATION"], [500, "INTERNAL_ERROR"], [503, "SERVICE_UNAVAILABLE"]];
  for (const [code, name] of own) {
    twin.faults({ platform: "x", kind: "status", status: code, times: 1 });
    const answer = await batch(purchase());
    assert.deepEqual([answer.status, answer.body.errors[0].code], [code, name]);
  }
});
