// The worker hashes four texts at once with vector instructions; native code, which the other tests of the core run,
// does not. So its digests are held against another implementation here, at every length around the block's edge.

import assert from "node:assert/strict";
import {createHash} from "node:crypto";
import {after, before, test} from "node:test";
import {openShop, purchase} from "../support/shop.mjs";

/** @typedef {import("../support/shop.mjs").Shop} Shop */
/** @type {Shop} */
let shop;
before(async () => {
  shop = await openShop({});
});
after(() => shop.close());

const sha256 = (/** @type {string} */ text) => createHash("sha256").update(text).digest("hex");

test("digests of the edge are those of everybody, at every length", async () => {
  const lengths = [1, 2, 3, 4, 7, 8, 31, 32, 33, 53, 54, 55, 56, 57, 63, 64, 65, 111, 112, 119, 120, 128];
  const text = (/** @type {number} */ length) =>
    Array.from({length}, (_, i) => "abcdefghijklmnopqrstuvwxyz0123456789-é"[(i * 7 + length) % 38]).join("");
  const events = lengths.map((length) =>
    purchase(`digest-${length}`, {
      user: {external_id: text(length), email: `${text(length % 50 + 1).replaceAll(/[-é]/g, "x")}@mail.example`, first_name: `N${length % 10}é`, country: "DE"},
    }),
  );
  assert.equal((await shop.server(events)).body.accepted, events.length);
  await shop.settle();
  for (const length of lengths) {
    const {events: found} = shop.twin.received({platform: "meta", event_id: `digest-${length}`});
    const {user_data: user} = /** @type {any} */ (found[0]?.event);
    assert.deepEqual(user.external_id, [sha256(text(length))], `external_id of ${length}`);
    assert.deepEqual(user.em, [sha256(`${text(length % 50 + 1).replaceAll(/[-é]/g, "x")}@mail.example`)]);
    assert.deepEqual(user.country, [sha256("de")]);
  }
});

test("composed and decomposed letters have one digest: the runtime's tables are ours", async () => {
  // Latin, Vietnamese, Greek, Hangul, Devanagari with a nukta, and a hyphen between a letter and its accent.
  const names = ["Zoe\u0308", "Thu\u031b\u0301", "\u03b1\u0301\u03bb\u03c6\u03b1", "\u1112\u1161\u11ab", "\u0915\u093c\u0915", "Jose-\u0301"];
  const events = names.map((name, n) => purchase(`nfc-${n}`, {user: {email: "zoe@mail.example", first_name: name, last_name: name.normalize("NFC")}}));
  assert.equal((await shop.server(events)).body.accepted, events.length);
  await shop.settle();
  for (const [n, name] of names.entries()) {
    const {user_data: user} = /** @type {any} */ (shop.twin.received({platform: "meta", event_id: `nfc-${n}`}).events[0]?.event);
    const plain = name.replaceAll("-", "").normalize("NFC").toLowerCase();
    assert.deepEqual([user.fn, user.ln], [[sha256(plain)], [sha256(name.normalize("NFC").replaceAll("-", "").normalize("NFC").toLowerCase())]], `name ${n}`);
  }
});
