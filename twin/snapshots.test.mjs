// Every request that the core's golden snapshots record, put to the twin: two readings of the same pages, without a
// worker in between. What one of them misreads, the other refuses.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { credentials } from "./credentials.mjs";
import { exchange, testTwin } from "./harness.mjs";
import { DEFAULTS } from "./server.mjs";

const FOLDER = new URL("../crates/core/tests/it/snapshots/", import.meta.url);
/** The instant of the snapshots. */
const NOW = Date.UTC(2026, 10, 22, 10, 15, 31);

/** The core's fixtures have secrets of their own; here they become those that the twin accepts. */
const SECRETS = Object.entries({
  META_ACCESS_TOKEN: DEFAULTS.metaToken,
  LINKEDIN_ACCESS_TOKEN: credentials.linkedin.token,
  MICROSOFT_ACCESS_TOKEN: credentials.microsoft.token,
  PINTEREST_ACCESS_TOKEN: credentials.pinterest.token,
  REDDIT_ACCESS_TOKEN: credentials.reddit.token,
  SNAPCHAT_ACCESS_TOKEN: credentials.snapchat.token,
  TIKTOK_ACCESS_TOKEN: credentials.tiktok.token,
  X_PIXEL_TOKEN: credentials.x.pixelToken,
  GOOGLE_ADS_CLIENT_SECRET: credentials.google_ads.clientSecret,
  GOOGLE_ADS_REFRESH_TOKEN: encodeURIComponent(credentials.google_ads.refreshToken),
}).map(([name, secret]) => /** @type {const} */ ([`FIXTURE_${name}_0123456789abcdef`, secret]));

/**
 * The requests of a snapshot.
 * @param {string} text
 */
function requests(text) {
  for (const [fixture, secret] of SECRETS) text = text.replaceAll(fixture, secret);
  text = text.replaceAll("410-edgetally.apps.googleusercontent.example", credentials.google_ads.clientId);
  const body = text.slice(text.indexOf("\n---\n", 4) + 5);
  return body.split(/^(?=(?:POST|GET) https:)/m).slice(1).map((block) => {
    const [head = "", ...rest] = block.split("\n\n");
    const [line = "", ...headers] = head.split("\n");
    const [method = "", url = ""] = line.split(" ");
    return {
      method, url: new URL(url), body: rest.join("\n\n").trim(),
      headers: Object.fromEntries(headers.map((header) => header.split(/: (.*)/s).slice(0, 2))),
    };
  });
}

const { twin } = await testTwin({ now: NOW });

const files = readdirSync(FOLDER).filter((name) => /^[a-z0-9_]+__.+\.snap$/.test(name) && !/^(?:answer|replies)__/.test(name));

test("there are snapshots of every platform", () => {
  const platforms = new Set(files.map((name) => name.split("__")[0]));
  assert.equal(platforms.size, 11, [...platforms].join(", "));
});

for (const name of files) {
  const platform = name.split("__")[0] ?? "";
  // A webhook's signature is of its secret and its minute.
  if (platform === "webhook") continue;
  test(name, async () => {
    let token = "";
    for (const { method, url, body, headers } of requests(readFileSync(new URL(name, FOLDER), "utf8"))) {
      const all = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, String(value).replace("FIXTURE_ACCESS_TOKEN", token)]));
      const address = `${twin.url}/${url.host}${url.pathname}${url.search}`;
      const answer = await exchange(address, method, all, method === "POST" ? body : undefined);
      assert.ok(answer.status < 300, `${url.pathname}: ${answer.status} ${answer.text}`);
      token = answer.body?.access_token ?? token;
    }
    const stats = twin.stats();
    const book = stats.platforms[platform];
    assert.deepEqual([stats.violations, stats.unrouted, book?.rejected_requests, twin.dropped?.({ platform })?.total ?? 0], [[], 0, 0, 0]);
  });
}
