// The dashboard in a real browser: who gets in, and what is on the page, whatever is in the ledger and whoever looks at it.

import assert from "node:assert/strict";
import {createSign, generateKeyPairSync} from "node:crypto";
import {createServer} from "node:http";
import {test} from "node:test";
import {month, tell} from "../support/ledger-month.mjs";
import {ADMIN, GRANTED, SECRETS, VISITOR_IP, purchase, waitFor} from "../support/shop.mjs";
import {NOW, faults, fits, number, openGateway, openTab, rows, setClock, signIn, tile} from "./dashboard.mjs";

const HOUR = 3_600_000;
const FORM = "application/x-www-form-urlencoded";

test("whoever shows the token is in for eight hours, and nobody else", async (t) => {
  const shop = await openGateway(t);
  const {page, context, wrong} = await openTab(t);
  const asked = "/dashboard?event=add_to_cart&days=30";
  const first = await page.goto(new URL(asked, shop.worker.url).href);
  assert.equal(first?.status(), 401);
  await page.getByLabel("Admin token").fill("not-the-token-0123");
  await page.getByRole("button", {name: "Sign in"}).click();
  await page.getByRole("alert").getByText("not the admin token").waitFor();
  assert.equal((await context.cookies()).length, 0);

  await page.getByLabel("Admin token").fill(ADMIN);
  await page.keyboard.press("Enter");
  await page.getByRole("button", {name: "Sign out"}).waitFor();
  // The view that was asked for, and no token in its address.
  assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, asked);
  const [cookie] = await context.cookies();
  assert.ok(cookie);
  const {name, httpOnly, secure, sameSite, path, expires} = cookie;
  assert.deepEqual({name, httpOnly, secure, sameSite, path}, {name: "__Host-edgetally", httpOnly: true, secure: true, sameSite: "Strict", path: "/"});
  assert.ok(Math.abs(expires - Date.now() / 1000 - 28_800) < 120);
  assert.ok(!cookie.value.includes(ADMIN));

  await page.getByRole("button", {name: "Sign out"}).click();
  await page.getByLabel("Admin token").waitFor();
  assert.equal((await context.cookies()).length, 0);
  // Eight hours later the same cookie is worth nothing.
  await context.addCookies([cookie]);
  await page.goto(new URL("/dashboard", shop.worker.url).href);
  await page.getByRole("button", {name: "Sign out"}).waitFor();
  await setClock(shop, NOW + 9 * HOUR);
  await page.reload();
  await page.getByLabel("Admin token").waitFor();
  assert.deepEqual(wrong, []);
  assert.ok(!shop.worker.logs.some(({message}) => message.includes(ADMIN)));
});

test("whom Cloudflare Access does not let in is told why, and whom it does how to leave", async (t) => {
  const TAG = "32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228";
  const {privateKey, publicKey} = generateKeyPairSync("rsa", {modulusLength: 2048});
  const team = createServer((_, response) => void response.end(JSON.stringify({keys: [{kid: "k1", ...publicKey.export({format: "jwk"})}]})));
  await new Promise((done) => team.listen(0, "127.0.0.1", () => done(undefined)));
  t.after(() => team.close());
  const {port} = /** @type {import("node:net").AddressInfo} */ (team.address());
  const shop = await openGateway(t, {settings: (settings) => ({...settings, twin: `http://127.0.0.1:${port}`, access: {team: "shop", audience: TAG, only: true}})});
  const part = (/** @type {unknown} */ value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(NOW / 1000);
  const signed = `${part({alg: "RS256", kid: "k1"})}.${part({aud: [TAG], email: "nobody@shop.example", exp: now + 900, iat: now, iss: "https://shop.cloudflareaccess.com", type: "app"})}`;
  const token = `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey).toString("base64url")}`;
  for (const options of /** @type {import("playwright-core").BrowserContextOptions[]} */ ([{}, {colorScheme: "dark", viewport: {width: 320, height: 640}}])) {
    const outside = await openTab(t, options);
    const answer = await outside.page.goto(new URL("/dashboard", shop.worker.url).href);
    assert.equal(answer?.status(), 403);
    await outside.page.getByRole("heading", {name: "Cloudflare Access has not let you in"}).waitFor();
    assert.deepEqual(await faults(outside.page), []);
    await fits(outside.page);

    const {page, context, wrong} = await openTab(t, {...options, extraHTTPHeaders: {"cf-access-jwt-assertion": token}});
    await page.goto(new URL("/dashboard?days=30", shop.worker.url).href);
    await page.getByRole("heading", {name: "Nothing has arrived yet"}).waitFor();
    assert.equal((await context.cookies()).length, 0);
    await page.getByRole("button", {name: "Sign out"}).click();
    const leave = page.getByRole("link", {name: "Sign out of Cloudflare Access"});
    assert.equal(await leave.getAttribute("href"), "/cdn-cgi/access/logout");
    assert.deepEqual(await faults(page), []);
    await fits(page);
    assert.ok(!(await page.content()).includes("nobody@shop.example"));
    assert.deepEqual([...outside.wrong, ...wrong], []);
  }
});

test("five tries a minute, counted by a binding where there is one", async (t) => {
  for (const [limits, says] of /** @type {const} */ ([[undefined, "isolate"], [{SIGN_IN_LIMIT: {simple: {limit: 5, period: 60}}}, "binding"]])) {
    const shop = await openGateway(t, limits && {ratelimits: limits});
    const from = (/** @type {string} */ address, /** @type {string} */ token) =>
      shop.fetch("/dashboard/login", {
        method: "POST",
        redirect: "manual",
        headers: {"content-type": FORM, "sec-fetch-site": "same-origin", "cf-connecting-ip": address},
        body: new URLSearchParams({token}).toString(),
      });
    for (let n = 0; n < 5; n += 1) assert.equal((await from(VISITOR_IP, `wrong-${n}`)).status, 401, says);
    const sixth = await from(VISITOR_IP, ADMIN);
    assert.equal(sixth.status, 429, says);
    assert.match(sixth.text, /Too many tries/);
    assert.equal((await from("198.51.100.9", ADMIN)).status, 303, says);
    assert.equal((await shop.fetch("/v1/health")).body.sign_in_limit, says);
  }
});

test("a form of another site does nothing", async (t) => {
  const shop = await openGateway(t);
  const {page, context} = await openTab(t);
  await signIn(shop, page);
  const gateway = shop.worker.url.origin;
  // Of another site, though the browser has a session here.
  const evil = createServer((request, response) => {
    const to = new URL(request.url ?? "/", "http://x").searchParams.get("to") ?? "";
    response.setHeader("content-type", "text/html").end(`<form method="post" action="${gateway}${to}"><input name="do" value="dismiss"><input name="id" value="x"><input name="token" value="${ADMIN}"></form><a href="${gateway}/dashboard?days=30">look</a>`);
  });
  await new Promise((done) => evil.listen(0, "127.0.0.1", () => done(undefined)));
  t.after(() => evil.close());
  const {port} = /** @type {import("node:net").AddressInfo} */ (evil.address());
  for (const [to, status] of /** @type {const} */ ([["/dashboard/replay", 401], ["/dashboard/login", 403]])) {
    await page.goto(`http://evil.localhost:${port}/?to=${to}`);
    const [answer] = await Promise.all([page.waitForResponse(gateway + to), page.waitForURL(gateway + to), page.evaluate(() => document.forms[0]?.submit())]);
    assert.equal(answer.status(), status, to);
  }
  await page.goto(`http://evil.localhost:${port}/?to=/dashboard/logout`);
  await page.evaluate(() => document.forms[0]?.submit());
  // By way of a page that goes on by itself: only here is the browser at rest.
  await page.getByRole("button", {name: "Sign out"}).waitFor();
  assert.equal((await context.cookies(gateway)).length, 1, "still signed in");
  // A link is another thing: it opens the page for whoever has signed in.
  await page.goto(`http://evil.localhost:${port}/`);
  await page.getByRole("link", {name: "look"}).click();
  await page.getByRole("button", {name: "Sign out"}).waitFor();

  const cookie = (await context.cookies(gateway)).map(({name, value}) => `${name}=${value}`).join("; ");
  for (const [headers, status] of /** @type {[Record<string, string>, number][]} */ ([
    [{"sec-fetch-site": "same-origin", "content-type": FORM}, 303],
    [{"sec-fetch-site": "same-site", "content-type": FORM}, 401],
    [{"content-type": FORM}, 401],
    [{"sec-fetch-site": "same-origin", "content-type": "text/plain"}, 401],
  ])) {
    const reply = await shop.fetch("/dashboard/replay", {method: "POST", redirect: "manual", headers: {cookie, ...headers}, body: "do=replay"});
    assert.equal(reply.status, status, JSON.stringify(headers));
  }
});

test("every answer keeps to itself", async (t) => {
  const shop = await openGateway(t);
  const page = await shop.fetch("/dashboard/login");
  assert.equal(page.status, 200);
  assert.equal(page.headers.get("content-security-policy"), "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
  assert.equal(page.headers.get("cache-control"), "no-store");
  assert.equal(page.headers.get("x-content-type-options"), "nosniff");
  assert.equal(page.headers.get("referrer-policy"), "no-referrer");
  const files = [...page.text.matchAll(/(?:href|src)="(\/dashboard\/assets\/[^"]+)"/g)].map(([, path]) => path ?? "");
  assert.equal(files.length, 2);
  for (const path of files) {
    const file = await shop.fetch(path);
    assert.equal(file.status, 200);
    assert.equal(file.headers.get("cache-control"), "public, max-age=31536000, immutable");
  }
  assert.equal((await shop.fetch("/dashboard/assets/page.css")).status, 404);
});

test("an empty page says what to do, and one event is enough for the whole of it", async (t) => {
  const shop = await openGateway(t, {clock: false});
  const {page, wrong} = await openTab(t);
  await signIn(shop, page);
  await page.getByRole("heading", {name: "Nothing has arrived yet"}).waitFor();
  await page.getByText("npx edgetally send purchase").waitFor();
  assert.deepEqual(await faults(page), []);

  await shop.server([purchase("ord-1", {consent: GRANTED, release: "web-1"})]);
  await shop.settle();
  await page.reload();
  assert.equal(await tile(page, "arrived"), "1");
  assert.equal(await tile(page, "taken"), "100.0 %");
  await page.getByRole("heading", {name: "Nothing needs you"}).waitFor();
  await page.getByRole("link", {name: "ord-1"}).click();
  await page.getByRole("heading", {name: "Its copies"}).waitFor();
  await page.getByText("delivered").first().waitFor();
  await page.getByRole("cell", {name: "send", exact: true}).first().waitFor();
  assert.deepEqual(await faults(page), []);
  await page.getByLabel("Event id").fill("ord-2");
  await page.keyboard.press("Enter");
  await page.getByText("Nothing is known of").waitFor();
  assert.deepEqual(wrong, []);
});

test("its numbers are those of the ledger's routes, and of the tables behind the pictures", async (t) => {
  const shop = await openGateway(t);
  await tell(shop, month({now: NOW}));
  const {page, wrong} = await openTab(t);
  await signIn(shop, page);
  for (const days of [1, 7, 30]) {
    await page.goto(new URL(`/dashboard?days=${days}`, shop.worker.url).href);
    const [quality = "", ledger = ""] = await page.locator("footer code").allInnerTexts();
    const report = await shop.admin(quality);
    const book = await shop.admin(ledger);
    const sums = Object.fromEntries(["delivered", "rejected", "dead"].map((state) => [state, book.balances.reduce((/** @type {number} */ sum, /** @type {any} */ row) => sum + row[state], 0)]));
    const lost = sums["rejected"] + sums["dead"];
    assert.ok(lost > 0);
    assert.equal(number(await tile(page, "refused")), lost);
    assert.equal(await tile(page, "taken"), `${((sums["delivered"] / (sums["delivered"] + lost)) * 100).toFixed(1)} %`);
    const today = await shop.admin(`/v1/quality?by=source,event&since=${Math.floor(NOW / HOUR / 24) * 24 * 3600}`);
    const purchases = today.rows.find((/** @type {any} */ row) => row.event === "purchase");
    assert.equal(number(await tile(page, "arrived")), purchases.intake.volume);

    const law = await rows(page, ".law");
    for (const [name, , , accepted, ...states] of law) {
      const of = book.balances.find((/** @type {any} */ row) => row.destination === name);
      if (!of) continue;
      const {delivered, processing, retrying, duplicate, blocked, skipped, rejected, dead, remainder} = of;
      assert.deepEqual([accepted, ...states].map((text) => number(text ?? "")), [of.accepted, delivered, processing, retrying, duplicate, blocked, skipped, rejected, dead, remainder], name);
    }
    const keys = await rows(page, ".keys");
    const [row] = report.rows;
    const percent = (/** @type {number | null} */ share) => (share === null ? "–" : `${(share * 100).toFixed(1)} %`);
    const {click_id, email, phone, external_id, browser_id, ip_and_user_agent, name_and_place} = row.intake.keys.share;
    assert.deepEqual(keys[0]?.slice(1, -1), [click_id, email, phone, external_id, browser_id, ip_and_user_agent, name_and_place].map(percent));
    const meta = row.destinations.find((/** @type {any} */ at) => at.destination === "meta");
    assert.equal(keys.find(([name]) => name === "Sent to meta")?.at(-1), meta.estimate.toFixed(1));
    // A key over time is what the report says of its columns; of 30 days these are the days.
    if (days === 30) {
      await page.goto(new URL(`/dashboard?days=30&key=browser_id&to=ga4`, shop.worker.url).href);
      const byDay = await shop.admin(`${quality.replace("by=destination", "by=day,destination")}&event=purchase`);
      const columns = await rows(page, "#keys figure");
      assert.equal(columns.length, 30);
      assert.deepEqual(
        columns.map((cells) => cells.slice(1)),
        byDay.rows.map((/** @type {any} */ day) => [day.intake, day.destinations.find((/** @type {any} */ at) => at.destination === "ga4")].map((at) => percent(at.keys.share.browser_id))),
      );
      const decided = await rows(page, "#consent figure");
      const granted = byDay.rows.map((/** @type {any} */ day) => Object.entries(day.intake.consent).reduce((sum, [code, n]) => sum + (code.startsWith("granted") ? Number(n) : 0), 0));
      assert.deepEqual(decided.map(([, n]) => number(n ?? "")), granted);
      await page.goto(new URL(`/dashboard?days=30`, shop.worker.url).href);
    }
    // What a picture shows stands in its table.
    const hours = await rows(page, "#released figure");
    const volume = hours.flatMap((cells) => cells.slice(1)).reduce((sum, text) => sum + number(text), 0);
    assert.equal(volume, row.intake.volume, `${days} days`);
  }
  assert.deepEqual(wrong, []);
});

test("what broke, since when, and what to do is said at the top", async (t) => {
  const shop = await openGateway(t, {settings: ({sources: {shop: own}, ...settings}) => ({...settings, sources: {shop: own}})});
  await tell(shop, month({now: NOW}));
  const {page} = await openTab(t);
  await signIn(shop, page);
  const said = await page.locator(".headline").innerText();
  assert.match(said, /Since web-43, purchase: E-mail given went from 8\d\.\d % to 0\.0 %/);
  assert.match(said, /Since web-43, add_to_cart: share of all events went from/);
  assert.match(said, /tiktok refused or never took/);
  assert.doesNotMatch(said, /page_view|view_item|begin_checkout/);
  await page.getByText("Take the site back to web-42, or mend web-43").waitFor();
  await page.getByRole("link", {name: /purchase: E-mail given/}).click();
  assert.equal(new URL(page.url()).hash, "#released");
  // What is chance and what is not, the gate says.
  await page.getByRole("link", {name: "ask it"}).click();
  await page.getByText("The gate fails it:").waitFor();
  const gate = await shop.admin("/v1/releases/compare?source=shop&before=web-42&after=web-43");
  assert.equal(gate.verdict, "fail");
  assert.ok((await page.locator(".gate").innerText()).includes(gate.reason));
  assert.deepEqual(await page.locator(".gate li").allInnerTexts(), gate.findings.map((/** @type {any} */ finding) => finding.text));
  // A view is its address.
  await page.getByLabel("Time", {exact: true}).selectOption("30");
  await page.waitForURL(/days=30/);
  assert.equal(await tile(page, "released"), "web-43");
});

/** A gateway that asks Meta what it says about quality. @type {import("../support/shop.mjs").Options} */
const reporting = {
  secrets: {...SECRETS, META_QUALITY: "EAAB-quality"},
  settings: (settings) => {
    settings.destinations.meta.quality_token = "META_QUALITY";
    return settings;
  },
};

/** Has it that Meta said something an hour ago. @param {import("../support/shop.mjs").Shop} shop */
async function report(shop) {
  const [until, day] = [NOW - HOUR, 24 * HOUR];
  const of = (/** @type {string} */ event, /** @type {number} */ days, /** @type {unknown[]} */ figures) => ({destination: "meta", event, since: until - days * day, until, observed_at: until, figures});
  const reported = [
    of("", 1, [["counted", "server", 48_210], ["counted", "browser", 51_877]]),
    of("purchase", 2, [["match_quality", "", 7.4], ["coverage", "email", 47.5], ["coverage", "external_id", 62.8], ["coverage", "ip_address", 100]]),
    of("purchase", 7, [["event_coverage", "", 68], ["event_coverage_goal", "", 75], ["dedup_server", "event_id", 100], ["freshness", "", "real_time"]]),
  ];
  const body = JSON.stringify({reported, visits: [{destination: "meta", at: until, next: until + HOUR, fault: "190/463"}]});
  assert.equal((await shop.fetch("/_test/ask/keep-reported", {method: "POST", body})).status, 200);
}

test("what a platform reports stands beside what was counted, over the span that it covers", async (t) => {
  const shop = await openGateway(t, reporting);
  await tell(shop, month({now: NOW, days: 9}));
  const {page, wrong} = await openTab(t);
  await signIn(shop, page);
  assert.equal(await page.getByText("Reported by Meta").count(), 0, "nothing was said yet");
  await report(shop);
  await page.reload();
  await page.getByRole("heading", {name: "Reported by Meta meta"}).waitFor();
  await page.getByText("Report unavailable: when it was last asked, Meta answered 190/463").waitFor();
  const table = await rows(page, "table.reported");
  assert.deepEqual(table.map(([what, , said]) => [what, said]), [
    ["Events counted, from server all events", "48,210"], ["Events counted, from browser all events", "51,877"],
    ["Match quality purchase", "7.4"], ["Events with email purchase", "47.5 %"], ["Events with external_id purchase", "62.8 %"],
    ["Events with ip_address purchase", "100.0 %"], ["The page’s events that came from the server too purchase", "68.0 %"],
    ["The platform’s goal for that purchase", "75.0 %"], ["The server’s events with event_id purchase", "100.0 %"], ["Events come in purchase", "real time"],
  ]);
  // Its place is where its span is: two of seven days, up to an hour ago.
  const picture = page.getByRole("img", {name: /Events with email: 47.5 % reported by Meta/});
  const [whole, band] = await picture.evaluate((svg) => [svg.getBoundingClientRect(), /** @type {Element} */ (svg.querySelector(".told")).getBoundingClientRect()]);
  assert.ok(whole && band);
  assert.ok(Math.abs(band.width / whole.width - 48 / 168) < 0.01, `${band.width} of ${whole.width}`);
  assert.ok(Math.abs((whole.right - band.right) / whole.width - 1 / 168) < 0.01);
  assert.ok(Math.abs(band.height / whole.height - 0.475) < 0.02);
  // It is no news: the top of the page says nothing of it, and neither does what waits for a person.
  assert.doesNotMatch(await page.locator(".headline").innerText(), /190|report/i);
  assert.doesNotMatch(await page.locator("#ends").innerText(), /190/);
  assert.deepEqual(wrong, []);
});

test("late results change what was summed up before", async (t) => {
  const shop = await openGateway(t);
  await tell(shop, month({now: NOW, days: 10}));
  const {page} = await openTab(t);
  await signIn(shop, page);
  const before = number(await tile(page, "refused"));
  const hour = Math.floor(NOW / HOUR) * HOUR - 4 * 24 * HOUR;
  const place = {h: hour, s: "shop", v: "web-41", e: "purchase", d: "tiktok"};
  await tell(shop, [[{...place, o: "accepted"}, 7], [{...place, o: "dead", c: "timeout"}, 7]]);
  await page.reload();
  assert.equal(number(await tile(page, "refused")), before + 7);
});

test("axe finds nothing, whoever looks at it", async (t) => {
  const shop = await openGateway(t, reporting);
  await report(shop);
  await tell(shop, month({now: NOW, days: 9}), [{id: "x#1#tiktok", at: NOW - HOUR, source: "shop", destination: "tiktok", event: "purchase", event_id: "ord-7", state: "rejected", code: "40002", parcel: "{}"}]);
  /** @type {[string, import("playwright-core").BrowserContextOptions][]} */
  const viewers = [
    ["light", {}],
    ["dark", {colorScheme: "dark"}],
    ["a small telephone", {viewport: {width: 320, height: 640}}],
    // 1440 pixels at 200 %.
    ["zoomed", {viewport: {width: 720, height: 450}, deviceScaleFactor: 2}],
    ["forced colours", {forcedColors: "active", colorScheme: "dark"}],
    ["reduced motion", {reducedMotion: "reduce"}],
  ];
  // Once for all: more than five in a minute are too many.
  const first = await openTab(t);
  await signIn(shop, first.page);
  const cookies = await first.context.cookies();
  for (const [who, options] of viewers) {
    const {page, context, wrong} = await openTab(t, options);
    await context.addCookies(cookies);
    for (const path of ["/dashboard", "/dashboard/dead-letters", "/dashboard/event?event_id=ord-7", "/dashboard/login", "/dashboard/live", "/dashboard/live?outcome=lost"]) {
      await page.goto(new URL(path, shop.worker.url).href);
      await page.evaluate(() => document.querySelectorAll("details").forEach((table) => (table.open = true)));
      assert.deepEqual(await faults(page), [], `${who}: ${path}`);
      await fits(page);
    }
    if (options.reducedMotion) {
      assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).scrollBehavior), "auto");
    }
    assert.deepEqual(wrong, [], who);
  }
});

test("it is read and used by keyboard", async (t) => {
  const shop = await openGateway(t);
  await tell(shop, month({now: NOW, days: 9}));
  const {page} = await openTab(t);
  await signIn(shop, page);
  await page.goto(new URL("/dashboard", shop.worker.url).href);
  /** @type {string[]} */
  const order = [];
  for (let n = 0; n < 15; n += 1) {
    await page.keyboard.press("Tab");
    order.push(await page.evaluate(() => {
      const at = /** @type {HTMLElement} */ (document.activeElement);
      const {outlineStyle, outlineWidth} = getComputedStyle(at);
      const name = at.getAttribute("aria-label") ?? /** @type {any} */ (at).labels?.[0]?.textContent ?? at.textContent;
      return outlineStyle === "none" || outlineWidth === "0px" ? `${name} cannot be seen` : String(name).trim();
    }));
  }
  assert.deepEqual(order.slice(0, 5), ["To the content", "edgetally", "Overview", "Dead letters", "One event"]);
  assert.deepEqual(order.slice(5, 7), ["Live", "Sign out"]);
  assert.ok(order.includes("Source") && order.includes("Time") && order.includes("Show"), order.join(", "));
  assert.ok(!order.some((name) => name.endsWith("cannot be seen")), order.join(", "));

  for (const figure of ["#arrived", "#released"]) {
    const plot = page.locator(`${figure} .plot`);
    await plot.focus();
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowLeft");
    const cells = (await rows(page, `${figure} figure`)).at(-2) ?? [];
    const said = await page.locator(`${figure} .readout`).innerText();
    for (const cell of cells) assert.ok(said.includes(cell), `${said}: ${cell}`);
    await page.keyboard.press("Escape");
    assert.equal(await page.locator(`${figure} .readout`).innerText(), "");
    await plot.hover({position: {x: 2, y: 80}});
    assert.ok((await page.locator(`${figure} .readout`).innerText()).startsWith((await rows(page, `${figure} figure`))[0]?.[0] ?? "?"));
  }
});

test("times are the viewer's, and without a script the page says the same in UTC", async (t) => {
  const shop = await openGateway(t);
  await tell(shop, month({now: NOW, days: 9}));
  const berlin = await openTab(t, {timezoneId: "Europe/Berlin"});
  await signIn(shop, berlin.page);
  await berlin.page.waitForURL(/zone=1/);
  assert.match(await berlin.page.locator("footer time").innerText(), /15:2\d/);
  assert.match(await berlin.page.locator("footer").innerText(), /midnight, UTC\+1/);
  const [first] = await rows(berlin.page, "#arrived figure");
  assert.equal(first?.[0], "00:00");

  const bare = await openTab(t, {javaScriptEnabled: false});
  await signIn(shop, bare.page);
  assert.match(await bare.page.locator("footer time").innerText(), /2026-11-24 14:2\d UTC/);
  assert.equal(await tile(bare.page, "released"), "web-43");
  await bare.page.getByLabel("Time", {exact: true}).selectOption("30");
  await bare.page.getByRole("button", {name: "Show"}).click();
  await bare.page.waitForURL(/days=30/);
  assert.deepEqual([...berlin.wrong, ...bare.wrong], []);
});

test("what comes is shown to whoever follows it, and to nobody else by itself", async (t) => {
  const shop = await openGateway(t, {clock: false});
  await shop.server([purchase("ord-1", {consent: GRANTED}), purchase("ord-2", {consent: {...GRANTED, ad_user_data: "denied"}})]);
  await waitFor("both", async () => (await shop.row("ga4")).delivered === 2);
  const {page, wrong} = await openTab(t);
  await page.addInitScript(() => {
    /** @type {any} */ (window).violated = [];
    document.addEventListener("securitypolicyviolation", (event) => /** @type {any} */ (window).violated.push(event.violatedDirective));
  });
  await signIn(shop, page, "/dashboard/live");
  const ids = async () => (await rows(page, ".latest")).map((cells) => cells[2]);
  assert.deepEqual([...new Set(await ids())].toSorted(), ["ord-1", "ord-2"]);
  // Which ones stands in the address.
  await page.getByLabel("What became of it").selectOption("held");
  await page.waitForURL(/outcome=held/);
  assert.deepEqual(await ids(), ["ord-2"]);
  assert.deepEqual(await faults(page), []);
  await page.getByLabel("Destination").selectOption("ga4");
  await page.waitForURL(/destination=ga4/);
  assert.deepEqual(await ids(), []);
  await page.getByText("None of these is among the latest 2,000").waitFor();
  assert.deepEqual(await faults(page), []);

  await page.goto(new URL("/dashboard/live?event=purchase", shop.worker.url).href);
  const before = (await ids()).length;
  await shop.server([purchase("ord-3", {consent: GRANTED}), {...purchase("lead-1", {consent: GRANTED}), event: "generate_lead"}]);
  await waitFor("the third", async () => (await shop.row("ga4")).delivered === 4);
  assert.equal((await ids()).length, before, "nothing moves by itself");
  // Somebody in a row stays there.
  const link = page.getByRole("link", {name: "ord-1"}).first();
  await page.getByRole("button", {name: "Follow"}).click();
  await link.focus();
  await page.getByRole("status").getByText(/new cop(y|ies)\.$/).waitFor();
  assert.equal((await ids())[0], "ord-3");
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "ord-1");
  assert.match(await page.locator(".latest tr.new time").first().innerText(), /^\w{3}/, "on the viewer's clock");
  assert.deepEqual(await faults(page), []);
  // Nobody is told of nothing, and what is stopped is stopped.
  await page.getByRole("button", {name: "Stop following"}).click();
  await page.getByRole("button", {name: "Follow", exact: true}).click();
  await page.context().clearCookies();
  await page.getByRole("status").getByText("reload to sign in again").waitFor();
  await page.getByRole("button", {name: "Follow", exact: true}).waitFor();
  assert.deepEqual(await page.evaluate(() => /** @type {any} */ (window).violated), []);
  assert.deepEqual(wrong, []);

  // Without a script there is a link.
  const bare = await openTab(t, {javaScriptEnabled: false});
  await signIn(shop, bare.page, "/dashboard/live?event=purchase");
  assert.equal(await bare.page.getByRole("button", {name: "Follow"}).count(), 0);
  await bare.page.getByRole("link", {name: "Reload"}).click();
  assert.equal((await rows(bare.page, ".latest")).length, before + 1);
  assert.equal((await shop.fetch("/dashboard/live")).status, 401);
});

test("a key is followed over time, and which one stands in the address", async (t) => {
  const shop = await openGateway(t);
  await tell(shop, month({now: NOW}));
  const {page, wrong} = await openTab(t);
  await signIn(shop, page);
  // The one that the last release has lost.
  const key = page.getByRole("navigation", {name: "Match key"});
  assert.equal(await key.locator("[aria-current]").innerText(), "E-mail");
  await key.getByRole("link", {name: "Browser id"}).click();
  await page.waitForURL(/key=browser_id/);
  assert.equal(new URL(page.url()).hash, "#coverage");
  await page.getByRole("navigation", {name: "Destination"}).getByRole("link", {name: "tiktok"}).click();
  await page.waitForURL(/key=browser_id&to=tiktok/);
  assert.match(await page.locator("#keys figcaption").innerText(), /Sent to tiktok, after consent/);
  // It stays when something else is chosen.
  await page.getByLabel("Time", {exact: true}).selectOption("30");
  await page.waitForURL(/days=30/);
  assert.match(page.url(), /key=browser_id&to=tiktok/);
  const plot = page.locator("#keys .plot");
  await plot.focus();
  await page.keyboard.press("End");
  const cells = (await rows(page, "#keys figure")).at(-1) ?? [];
  const said = await page.locator("#keys .readout").innerText();
  for (const cell of cells) assert.ok(said.includes(cell), `${said}: ${cell}`);
  assert.deepEqual(await faults(page), []);
  assert.deepEqual(wrong, []);
});

test("what is over is summed up once, and again when it changes, whoever changes it", async (t) => {
  const shop = await openGateway(t);
  await tell(shop, month({now: NOW, days: 12}));
  const {page, context} = await openTab(t);
  await signIn(shop, page);
  const cookie = (await context.cookies()).map(({name, value}) => `${name}=${value}`).join("; ");
  const renew = () => shop.fetch("/_test/renew", {method: "POST"});
  const sql = async (/** @type {string} */ query) => (await shop.fetch("/_test/sql", {method: "POST", body: JSON.stringify({query})})).body;
  // The same minute each time: what is usual by now changes with it.
  const open = async (/** @type {string} */ days = "30") => (await setClock(shop, NOW + 60_000), await shop.fetch(`/dashboard?days=${days}`, {headers: {cookie}})).text.replaceAll(/<footer>.*/g, "");
  const read = async () => Number((await shop.fetch("/_test/read")).text);
  /** The page and how many rows were read for it, after the object began anew. */
  const anew = async () => {
    await renew();
    await read();
    return {text: await open(), rows: await read()};
  };
  await sql("DELETE FROM day_sums");
  const first = await anew();
  const second = await anew();
  assert.equal(second.text, first.text);
  assert.ok(second.rows * 4 < first.rows, `${second.rows} of ${first.rows} rows`);
  const kept = async (where = "true") => (await sql(`SELECT count(*) AS n FROM day_sums WHERE ${where}`))[0].n;
  const all = await kept();
  const hour = Math.floor(NOW / HOUR) * HOUR - 4 * 24 * HOUR;
  const day = Math.floor(hour / 24 / HOUR);
  const ofDay = await kept(`day = ${day}`);
  assert.ok(ofDay > 0 && ofDay < all);
  // A line of an earlier release, which knows nothing of this: one more, one changed, one gone.
  for (const [change, refused] of [
    [`INSERT INTO counts (hour, source, release, event, destination, state, code, worker, n) VALUES (${hour}, 'shop', 'web-41', 'purchase', 'tiktok', 'dead', 'timeout', '', 7)`, 7],
    [`UPDATE counts SET n = 11 WHERE hour = ${hour} AND code = 'timeout'`, 11],
    [`DELETE FROM counts WHERE hour = ${hour} AND code = 'timeout'`, 0],
  ]) {
    await sql(String(change));
    assert.equal(await kept(`day = ${day}`), 0);
    assert.equal(await kept(), all - ofDay, "the other days stay");
    const {text} = await anew();
    assert.equal(text.includes("<code>timeout</code>"), refused !== 0);
    if (refused) assert.ok(text.includes(`<code>timeout</code> at tiktok ${refused}`), String(change));
    assert.equal(await kept(), all);
  }
  assert.equal((await anew()).text, first.text);
  // Today's lines, which change all the time, touch nothing.
  await tell(shop, [[{h: Math.floor(NOW / HOUR) * HOUR, s: "shop", v: "web-43", e: "purchase", o: "accepted", c: "page"}, 1]]);
  assert.equal(await kept(), all);
  // The viewer's days are others than those in UTC, and what is kept changes none of its numbers.
  for (const zone of [-5, 3]) {
    const asked = `30&zone=${zone}`;
    await renew();
    const once = await open(asked);
    await sql("DELETE FROM day_sums");
    await renew();
    assert.equal(await open(asked), once);
  }
});

/** What somebody calls an event, a release, an id who means harm. */
const HARM = [
  `"><script>alert(1)</script>`,
  `<img src=x onerror=alert(1)>`,
  `<svg/onload=alert(1)>`,
  `' autofocus onfocus='alert(1)`,
  `" style="background:url(//evil.example)" x="`,
  `</title><script>alert(1)</script>`,
  `</table></details><iframe srcdoc="<script>parent.alert(1)</script>">`,
  `javascript:alert(1)`,
  `\u202e<b>\u0000{{7*7}}\${7*7}&lt;script&gt;`,
  `<base href="//evil.example/"><form action="//evil.example/">`,
];

test("whatever senders call things, it stays a text", async (t) => {
  const shop = await openGateway(t);
  const lines = HARM.flatMap((harm, at) => month({now: NOW - at * HOUR, days: 2, spell: (name) => `${harm}${name}`}));
  const dead = HARM.map((harm, at) => ({id: `${harm}#${at}`, at: NOW - at, source: harm, destination: at % 2 ? "meta" : harm, event: harm, event_id: harm, state: "rejected", code: harm, parcel: "{}"}));
  const odd = HARM.map((harm) => /** @type {[Record<string, unknown>, number][]} */ ([[{h: NOW - (NOW % HOUR), s: harm, e: harm, d: harm, o: "accepted"}, 1], [{h: NOW - (NOW % HOUR), s: harm, e: harm, d: harm, o: "rejected", c: harm}, 1]])).flat();
  await tell(shop, [...lines, ...odd], dead);
  for (const harm of HARM) {
    await shop.fetch("/_test/sql", {method: "POST", body: JSON.stringify({query: "INSERT INTO notes (at, source, event, event_id, what, visitor) VALUES (?, ?, ?, ?, ?, '')", parameters: [NOW, harm, harm, harm, JSON.stringify({[harm]: `rejected:${harm}`})]})});
  }
  const {page, wrong} = await openTab(t);
  await page.addInitScript(() => {
    /** @type {any} */ (window).violated = [];
    document.addEventListener("securitypolicyviolation", (event) => /** @type {any} */ (window).violated.push(event.violatedDirective));
  });
  await signIn(shop, page);
  for (const path of ["/dashboard?days=1", "/dashboard?days=7", "/dashboard/dead-letters", "/dashboard/live", ...HARM.flatMap((harm) => [`/dashboard/live?event=${encodeURIComponent(harm)}&source=${encodeURIComponent(harm)}&destination=${encodeURIComponent(harm)}`, `/dashboard?to=${encodeURIComponent(harm)}`, `/dashboard?event=${encodeURIComponent(harm)}&source=${encodeURIComponent(harm)}`, `/dashboard/event?event_id=${encodeURIComponent(harm)}`, `/dashboard/dead-letters?destination=${encodeURIComponent(harm)}&cursor=${encodeURIComponent(harm)}`])]) {
    const answer = await page.goto(new URL(path, shop.worker.url).href);
    assert.equal(answer?.status(), 200, path);
    const found = await page.evaluate(() => ({
      violated: /** @type {any} */ (window).violated,
      foreign: document.querySelectorAll("script:not([src^='/dashboard/assets/']), img, iframe, base, [onerror], [onload], [onfocus], [style], form:not([action^='/dashboard'])").length,
      scripts: document.scripts.length,
      links: [...document.links].filter((link) => !link.href.startsWith(location.origin) && !link.href.startsWith("https://github.com/")).length,
    }));
    assert.deepEqual(found, {violated: [], foreign: 0, scripts: 1, links: 0}, path);
  }
  assert.deepEqual(wrong, []);
});

test("letters that are chosen go out again", async (t) => {
  const shop = await openGateway(t, {clock: false});
  for (const event_id of ["ord-1", "ord-2", "ord-3"]) shop.twin.faults({platform: "meta", kind: "reject_event_id", event_id});
  await shop.server(["ord-1", "ord-2", "ord-3"].map((id) => purchase(id, {consent: GRANTED})));
  await waitFor("three letters", async () => (await shop.deadLetters()).length === 3);
  const {page, wrong} = await openTab(t);
  await signIn(shop, page);
  await page.getByRole("link", {name: "3 meta"}).click();
  assert.equal((await page.getByRole("row").count()) - 1, 3);
  shop.twin.clearFaults("meta");

  // Nothing chosen, nothing done.
  await page.getByRole("button", {name: "Replay the chosen"}).click();
  await page.getByRole("status").getByText("Nothing was chosen").waitFor();
  // Asked, and not meant.
  await page.getByRole("checkbox", {name: "purchase ord-1 at meta"}).check();
  await page.getByRole("button", {name: "Replay the chosen"}).click();
  assert.match(wrong.pop() ?? "", /Replay 1 of the letters\?/);
  assert.equal((await shop.deadLetters()).length, 3);

  page.removeAllListeners("dialog");
  page.on("dialog", (dialog) => void dialog.accept());
  await page.getByRole("button", {name: "Replay the chosen"}).click();
  await page.getByRole("status").getByText("1 letter is on the way again").waitFor();
  await waitFor("ord-1 at Meta", async () => (await shop.row("meta")).delivered === 1);
  await page.getByRole("checkbox", {name: "purchase ord-2 at meta"}).check();
  await page.getByRole("button", {name: "Dismiss the chosen"}).click();
  await page.getByRole("status").getByText("1 letter dismissed").waitFor();
  await page.getByRole("button", {name: "Replay all of meta"}).click();
  await page.getByRole("status").getByText("1 letter is on the way again").waitFor();
  await waitFor("ord-3 at Meta", async () => (await shop.row("meta")).delivered === 2);
  assert.deepEqual(wrong, []);
  assert.equal((await shop.row("meta")).remainder, 0);
});

test("a ledger that is away is said, and shows nothing wrong", async (t) => {
  const shop = await openGateway(t);
  const {page, wrong} = await openTab(t);
  await signIn(shop, page);
  await shop.fetch("/_test/break", {method: "POST", body: JSON.stringify({clock: NOW - Date.now(), lost: "/overview"})});
  await page.reload();
  await page.getByRole("heading", {name: "The ledger does not answer"}).waitFor();
  assert.deepEqual(await faults(page), []);
  assert.deepEqual(wrong, []);
});
