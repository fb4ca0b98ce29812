// Every request that the core's golden snapshots record, put to the twin: two readings of the same pages, without a
// worker in between. What one of them misreads, the other refuses.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { credentials } from "./credentials.mjs";
import { exchange, testTwin } from "./harness.mjs";

const PLATFORMS = new URL("../crates/core/tests/fixtures/destinations/", import.meta.url);
const FOLDER = new URL("../crates/core/tests/it/snapshots/", import.meta.url);
/** The instant of the snapshots. */
const NOW = Date.UTC(2026, 10, 22, 10, 15, 31);

/** The core's fixtures have secrets of their own; here they become those that the twin accepts, as the platforms' fixtures name them. */
const SECRETS = readdirSync(PLATFORMS).flatMap((platform) => {
  /** @type {Record<string, unknown>} */
  const accepted = credentials[/** @type {keyof typeof credentials} */ (platform)];
  const { secrets } = JSON.parse(readFileSync(new URL(`${platform}/platform.json`, PLATFORMS), "utf8")).demo;
  return Object.entries(secrets).map(([name, key]) => {
    // Some stand in forms.
    return /** @type {const} */ ([`FIXTURE_${name}_0123456789abcdef`, encodeURIComponent(String(accepted[String(key)]))]);
  });
});

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

/** @param {string} name */
const platformOf = (name) => name.split("__")[0] ?? "";
const platforms = readdirSync(PLATFORMS);
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".snap") && platforms.includes(platformOf(name)));

test("there are snapshots of every platform", () => {
  const seen = new Set(files.map(platformOf));
  assert.deepEqual([...seen].sort(), [...platforms].sort());
});

for (const name of files) {
  const platform = platformOf(name);
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
