// Receipts as anybody can check them: with SHA-256 and sorted keys, and without a line of the gateway's code.

import assert from "node:assert/strict";
import {createHash} from "node:crypto";
import {ADMIN} from "./shop.mjs";

/** @typedef {import("./shop.mjs").Shop} Shop */
/** @typedef {import("./shop.mjs").Json} Json */

const headers = {authorization: `Bearer ${ADMIN}`};

/**
 * JSON with sorted keys and no spaces.
 * @param {any} value
 * @returns {string}
 */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`;
}

/** @param {string} text */
const lines = (text) => text.split("\n").filter(Boolean).map((line) => JSON.parse(line));

/**
 * How far the chains are.
 * @param {Shop} shop
 * @param {string} [query]
 * @returns {Promise<Json[]>}
 */
export async function heads(shop, query = "") {
  const reply = await shop.fetch(`/v1/receipt-heads${query}`, {headers});
  assert.equal(reply.status, 200, reply.text);
  assert.equal(reply.headers.get("content-type"), "application/x-ndjson");
  return lines(reply.text);
}

/**
 * The export of a chain, page by page, as one text.
 * @param {Shop} shop
 * @param {string} source
 * @param {string} day
 * @param {number} [limit]
 */
export async function exported(shop, source, day, limit) {
  let text = "";
  for (let after = ""; ; ) {
    const reply = await shop.fetch(`/v1/receipts?source=${source}&day=${day}${limit ? `&limit=${limit}` : ""}${after}`, {headers});
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.headers.get("content-type"), "application/x-ndjson");
    text += reply.text;
    const last = lines(reply.text).at(-1);
    if (last === undefined || "count" in last) return text;
    after = `&after=${last.seq}`;
  }
}

/**
 * All receipts of a source, every digest and every link checked.
 * @param {Shop} shop
 * @param {string} source
 * @param {number} [limit] lines of a page
 * @returns {Promise<Json[]>}
 */
export async function receipts(shop, source, limit) {
  /** @type {Json[]} */
  const all = [];
  let before = "0".repeat(64);
  for (const head of await heads(shop, `?source=${source}`)) {
    const chain = lines(await exported(shop, source, head.day, limit));
    assert.deepEqual(chain.pop(), head);
    assert.equal(chain.length, head.count);
    for (const [seq, {hash, ...line}] of chain.entries()) {
      assert.deepEqual([line.day, line.source, line.seq, line.prev], [head.day, source, seq, before]);
      assert.equal(createHash("sha256").update(canonical(line)).digest("hex"), hash);
      before = hash;
      all.push(line.receipt);
    }
    assert.equal(before, head.head);
  }
  return all;
}
