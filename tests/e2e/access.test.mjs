// Cloudflare Access in front of the dashboard: tokens with genuine signatures, and keys that a stand-in for the team's address
// serves, changes and withholds.

import assert from "node:assert/strict";
import {createHmac, createSign, generateKeyPairSync} from "node:crypto";
import {createServer} from "node:http";
import {test} from "node:test";
import {ADMIN, openShop} from "../support/shop.mjs";

const AUDIENCE = "32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228";
const ISSUER = "https://shop-team.cloudflareaccess.com";
const CERTS = "/shop-team.cloudflareaccess.com/cdn-cgi/access/certs";
const EMAIL = "nobody.in.particular@shop.example";
const FORM = "application/x-www-form-urlencoded";
const MINUTE = 60_000;

/** @typedef {ReturnType<typeof makeKey>} Key */
/** @typedef {Record<string, unknown>} Json */

/** @param {string} kid */
function makeKey(kid) {
  const {privateKey, publicKey} = generateKeyPairSync("rsa", {modulusLength: 2048});
  return {kid, privateKey, jwk: {kid, alg: "RS256", use: "sig", ...publicKey.export({format: "jwk"})}};
}

const OLD = makeKey("key-old");
const NEW = makeKey("key-new");

/** @param {unknown} value */
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/**
 * A token as Access has it, by the real clock; the gateway's may be ahead.
 * @param {Key} key
 * @param {{head?: Json, claims?: Json, now?: number}} [options]
 */
function token(key, {head = {}, claims = {}, now = Date.now()} = {}) {
  const seconds = Math.floor(now / 1000);
  const signed = `${part({alg: "RS256", kid: key.kid, typ: "JWT", ...head})}.${part({aud: [AUDIENCE], email: EMAIL, exp: seconds + 600, iat: seconds, nbf: seconds, iss: ISSUER, type: "app", sub: "7335d417", country: "DE", ...claims})}`;
  return `${signed}.${createSign("RSA-SHA256").update(signed).sign(key.privateKey).toString("base64url")}`;
}

/**
 * A gateway behind Access, and the team's address.
 * @param {import("node:test").TestContext} t
 * @param {Json} [access]
 * @param {Record<string, string>} [secrets]
 */
async function behind(t, access = {}, secrets = undefined) {
  const team = {keys: [OLD.jwk], status: 200, asked: 0, body: ""};
  const server = createServer((request, response) => {
    team.asked += request.url === CERTS ? 1 : 1000;
    response.writeHead(team.status, {"content-type": "application/json", location: "/elsewhere"});
    response.end(team.body || JSON.stringify({keys: team.keys, public_cert: {kid: "none", cert: ""}}));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  t.after(() => server.close());
  const {port} = /** @type {import("node:net").AddressInfo} */ (server.address());
  const shop = await openShop({
    wrap: "./ledger.js",
    ...(secrets && {secrets}),
    settings: (settings) => ({...settings, twin: `http://127.0.0.1:${port}`, access: {team: "shop-team", audience: AUDIENCE, ...access}}),
  });
  t.after(() => shop.stop());
  const open = (/** @type {string | undefined} */ shown, path = "/dashboard", /** @type {RequestInit} */ init = {}) =>
    shop.fetch(path, {redirect: "manual", ...init, headers: {...(shown !== undefined && {"cf-access-jwt-assertion": shown}), ...init.headers}});
  const clock = (/** @type {number} */ ahead) => shop.fetch("/_test/break", {method: "POST", body: JSON.stringify({clock: ahead})});
  return {shop, team, open, clock};
}

test("whom Access lets through is in, without the admin token and without a cookie", async (t) => {
  const {shop, team, open} = await behind(t);
  const page = await open(token(OLD), "/dashboard?days=30");
  assert.equal(page.status, 200);
  assert.match(page.text, /Nothing has arrived yet/);
  assert.equal(page.headers.get("set-cookie"), null);
  for (const path of ["/dashboard/event?event_id=a", "/dashboard/dead-letters"]) assert.equal((await open(token(OLD), path)).status, 200, path);
  // A service token, which a policy let in.
  assert.equal((await open(token(OLD, {claims: {email: undefined, nbf: undefined, sub: "", common_name: "e367826f.access"}}))).status, 200);
  assert.equal(team.asked, 1, "the keys are kept");
  // The admin token opens it as before, and is asked for of whoever shows nothing.
  const asked = await open(undefined);
  assert.equal(asked.status, 401);
  assert.match(asked.text, /Admin token/);
  const signedIn = await open(undefined, "/dashboard/login", {method: "POST", headers: {"content-type": FORM, "sec-fetch-site": "same-origin"}, body: new URLSearchParams({token: ADMIN}).toString()});
  assert.equal(signedIn.status, 303);
  // Nobody's name is on the page or in a log.
  assert.ok(!page.text.includes(EMAIL));
  assert.ok(!shop.worker.logs.some(({message}) => message.includes(EMAIL) || message.includes("eyJ")));
});

test("a token that is wrong in anything lets nobody in, and nothing is fetched for one that is wrong without a key", async (t) => {
  const {team, open} = await behind(t);
  const hmac = (/** @type {string} */ secret) => {
    const signed = `${part({alg: "HS256", kid: OLD.kid})}.${token(OLD).split(".")[1]}`;
    return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
  };
  const [head = "", claims = "", signature = ""] = token(OLD).split(".");
  const now = Math.floor(Date.now() / 1000);
  for (const [what, shown, says] of /** @type {[string, string, RegExp][]} */ ([
    ["no signature", `${part({alg: "none", kid: OLD.kid})}.${claims}.`, /of the kind/],
    ["the public key as a secret", hmac(String(OLD.jwk.n)), /of the kind/],
    ["two parts", `${head}.${claims}`, /of the kind/],
    ["four parts", `${head}.${claims}.${signature}.${signature}`, /of the kind/],
    ["two tokens", `${token(OLD)}, ${token(OLD)}`, /of the kind/],
    ["too long", token(OLD, {claims: {groups: "g".repeat(20_000)}}), /of the kind/],
    ["a session of the team", token(OLD, {claims: {type: "org"}}), /of the kind/],
    ["another team", token(OLD, {claims: {iss: "https://other.cloudflareaccess.com"}}), /of another team/],
    ["another application", token(OLD, {claims: {aud: [AUDIENCE.replace("3", "4")]}}), /for another application/],
    ["over", token(OLD, {claims: {exp: now - 60}}), /has ended/],
    ["to come", token(OLD, {claims: {nbf: now + 120}}), /not valid yet/],
  ])) {
    const page = await open(shown);
    assert.equal(page.status, 403, what);
    assert.match(page.text, says, what);
    assert.ok(!page.text.includes(EMAIL), what);
  }
  assert.equal(team.asked, 0);
  for (const [what, shown] of /** @type {[string, string][]} */ ([
    ["a key that there is not", token(NEW)],
    ["another's key under that name", token({...NEW, kid: OLD.kid})],
    ["other claims under the signature", `${head}.${part({aud: [AUDIENCE], exp: now + 9e6, iat: now, iss: ISSUER, type: "app"})}.${signature}`],
    ["another head", `${part({alg: "RS256", kid: OLD.kid})}.${claims}.${signature}`],
    ["a changed signature", `${head}.${claims}.${signature.replace(/^.{8}/, "AAAAAAAA")}`],
  ])) {
    const page = await open(shown);
    assert.equal(page.status, 403, what);
    assert.match(page.text, /not signed with a key of your team/, what);
  }
  assert.equal((await open(token(OLD))).status, 200);
  // In the cookie alone it is not looked at.
  assert.equal((await open(undefined, "/dashboard", {headers: {cookie: `CF_Authorization=${token(OLD)}`}})).status, 401);
});

test("keys may change, and nobody makes the gateway ask for them again and again", async (t) => {
  const {team, open, clock} = await behind(t);
  assert.equal((await open(token(OLD))).status, 200);
  // Access has another key, and names the one before as well.
  team.keys = [NEW.jwk, OLD.jwk];
  assert.equal((await open(token(NEW))).status, 200);
  assert.equal((await open(token(OLD))).status, 200);
  assert.equal(team.asked, 2);
  for (let n = 0; n < 20; n += 1) assert.equal((await open(token({...NEW, kid: `made-up-${n}`}))).status, 403);
  assert.equal(team.asked, 5);
  assert.equal((await open(token(NEW))).status, 200);
  // An hour later they are asked for again, and the old one is gone.
  team.keys = [NEW.jwk];
  await clock(61 * MINUTE);
  const later = {now: Date.now() + 61 * MINUTE};
  assert.equal((await open(token(NEW, later))).status, 200);
  assert.equal(team.asked, 6);
  assert.equal((await open(token(OLD, later))).status, 403);
});

test("where the keys cannot be fetched nobody is let in by Access, and the page says so", async (t) => {
  const {team, open, clock} = await behind(t);
  for (const [status, body] of /** @type {[number, string][]} */ ([[500, ""], [302, ""], [200, "<html>"], [200, '{"keys": []}']])) {
    Object.assign(team, {status, body});
    const page = await open(token(OLD));
    assert.equal(page.status, 503, `${status} ${body}`);
    assert.match(page.text, /keys of Cloudflare Access cannot be fetched/);
    // The admin token has nothing to do with that.
    assert.match(page.text, /Admin token/);
  }
  assert.equal(team.asked, 4);
  Object.assign(team, {status: 200, body: ""});
  assert.equal((await open(token(OLD))).status, 200);
  // Away again: those that are there are good for a day.
  team.status = 500;
  for (const [hours, status] of /** @type {const} */ ([[23, 200], [25, 503]])) {
    await clock(hours * 60 * MINUTE);
    assert.equal((await open(token(OLD, {now: Date.now() + hours * 60 * MINUTE}))).status, status, `after ${hours} hours`);
  }
});

test("with access.only nothing else opens the dashboard", async (t) => {
  const {open} = await behind(t, {only: true});
  const form = {method: "POST", headers: {"content-type": FORM, "sec-fetch-site": "same-origin"}, body: new URLSearchParams({token: ADMIN}).toString()};
  for (const [path, init] of /** @type {[string, RequestInit][]} */ ([["/dashboard", {}], ["/dashboard/login", {}], ["/dashboard/login", form], ["/dashboard/dead-letters", {}], ["/dashboard/replay", {...form, body: "do=all&of=meta"}]])) {
    const page = await open(undefined, path, init);
    assert.equal(page.status, 403, path);
    assert.match(page.text, /did not come through Cloudflare Access/, path);
    assert.doesNotMatch(page.text, /<form|<input/, path);
    assert.equal(page.headers.get("set-cookie"), null, path);
  }
  // A session that somebody has had since before.
  const {open: before} = await behind(t);
  const cookie = (await before(undefined, "/dashboard/login", form)).headers.get("set-cookie")?.split(";")[0] ?? "";
  assert.equal((await before(undefined, "/dashboard", {headers: {cookie}})).status, 200);
  assert.equal((await open(undefined, "/dashboard", {headers: {cookie}})).status, 403);
  assert.equal((await open(token(OLD))).status, 200);
  assert.match((await open(token(OLD), "/dashboard/login")).text, /cdn-cgi\/access\/logout/);
  // It needs no admin token.
  const {EDGETALLY_ADMIN_TOKEN: _, ...secrets} = (await import("../support/shop.mjs")).SECRETS;
  const {open: bare} = await behind(t, {only: true}, /** @type {Record<string, string>} */ (secrets));
  assert.equal((await bare(token(OLD))).status, 200);
});

test("forms are taken from the dashboard's own pages only, and Access opens nothing but the dashboard", async (t) => {
  const {open} = await behind(t);
  for (const [headers, status] of /** @type {[Record<string, string>, number][]} */ ([
    [{"sec-fetch-site": "same-origin", "content-type": FORM}, 303],
    [{"sec-fetch-site": "same-site", "content-type": FORM}, 401],
    [{"sec-fetch-site": "cross-site", "content-type": FORM}, 401],
    [{"content-type": FORM}, 401],
    [{"sec-fetch-site": "same-origin", "content-type": "text/plain"}, 401],
  ])) {
    assert.equal((await open(token(OLD), "/dashboard/replay", {method: "POST", headers, body: "do=replay"})).status, status, JSON.stringify(headers));
  }
  for (const path of ["/v1/ledger", "/v1/quality", "/v1/metrics", "/v1/dead-letters", "/v1/recent"]) assert.equal((await open(token(OLD), path)).status, 401, path);
});

test("without access in the settings a token of Access is worth nothing", async (t) => {
  const shop = await openShop();
  t.after(() => shop.stop());
  const page = await shop.fetch("/dashboard", {headers: {"cf-access-jwt-assertion": token(OLD)}});
  assert.equal(page.status, 401);
  assert.match(page.text, /Admin token/);
});
