/** What the tests of the twin share: a twin whose clock stands still, ways to talk to it, and what it makes of it. */

import assert from "node:assert/strict";
import { after, beforeEach } from "node:test";
import { startTwin } from "./server.mjs";

/** @typedef {import("./types.mjs").PlatformStats} PlatformStats */

/** When the tests take place, in Unix milliseconds. */
export const NOW = Date.UTC(2026, 10, 24, 12);

/**
 * The event, after the change.
 * @template T
 * @param {T} event
 * @param {(event: T) => void} change
 */
export function changed(event, change) {
  change(event);
  return event;
}

/**
 * One request and its answer. A text is sent as it is, nothing as nothing, all else as JSON; a header set to "" is left out.
 * @param {string} url
 * @param {string} method
 * @param {Record<string, string>} headers
 * @param {unknown} [body]
 */
export async function exchange(url, method, headers, body) {
  const response = await fetch(url, {
    method, headers: Object.entries(headers).filter(([, value]) => value !== ""),
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: /** @type {any} */ (/^[{[]/.test(text) ? JSON.parse(text) : null) };
}

/**
 * A twin for one file of tests, emptied before each of them, its clock at `now` until a test moves it.
 * @param {object} options
 * @param {string} [options.platform] Whose tests these are.
 * @param {string} [options.path] Where `post` goes: `/{platform host}/{platform path}`.
 * @param {Record<string, string>} [options.headers] What `post` sends besides the content type.
 * @param {number} [options.now]
 * @param {string[]} [options.webhookHosts]
 */
export async function testTwin({ platform = "", path: home = "", headers: usual = {}, now = NOW, webhookHosts = [] }) {
  const clock = { now };
  const twin = await startTwin({ now: () => clock.now, webhookHosts });
  after(() => twin.close());
  beforeEach(() => {
    clock.now = now;
    twin.reset();
  });

  /** @param {unknown} body @param {string} [path] @param {Record<string, string>} [headers] @param {string} [method] */
  const post = (body, path = home, headers = {}, method = "POST") =>
    exchange(twin.url + path, method, { "content-type": "application/json", ...usual, ...headers }, method === "GET" ? undefined : body);

  /** The platform's part of the statistics. @returns {PlatformStats} */
  const book = () => {
    const stats = twin.stats().platforms[platform];
    assert.ok(stats, `no platform ${platform}`);
    return stats;
  };

  /** The kinds of all violations so far. */
  const kinds = () => twin.stats().violations.map((one) => one.kind);

  /**
   * Each row's change to an event is noted as its kind and as nothing else. `take` sends the event and sees that it is taken.
   * @param {[kind: string, change: (event: any) => void][]} rows
   * @param {() => unknown} make
   * @param {(event: any, what: string) => Promise<void>} take
   */
  const noted = async (rows, make, take) => {
    for (const [kind, change] of rows) {
      twin.reset();
      const what = `${kind}: ${change}`;
      await take(changed(make(), change), what);
      assert.deepEqual(kinds(), [kind], what);
    }
  };

  return { twin, clock, post, book, kinds, noted };
}
