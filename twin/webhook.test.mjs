import assert from "node:assert/strict";
import { test } from "node:test";
import { NOW, exchange, testTwin } from "./harness.mjs";
import { sign } from "./platforms/webhook.mjs";
import { credentials } from "./credentials.mjs";

const { twin, book, kinds } = await testTwin({ platform: "webhook", webhookHosts: ["other.example"] });

const BODY = { type: "conversion.batch", events: [{ event: "purchase", event_id: "ord-1", value: 9.5 }] };

/** @param {any} body @param {{id?: string, at?: number | string, secret?: string, host?: string, tamper?: boolean, prefix?: string}} [how] */
async function post(body, { id = "msg_1", at = NOW / 1000, secret = credentials.webhook.secret, host = "hooks.example", tamper = false, prefix = "" } = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const { status } = await exchange(`${twin.url}/${host}/any/path`, "POST", {
    "content-type": "application/json", "webhook-id": id, "webhook-timestamp": String(at),
    "webhook-signature": prefix + sign(secret, id, String(at), text),
  }, tamper ? `${text} ` : text);
  return status;
}

test("the specification's published signature is reproduced", () => {
  const signature = sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", '{"test": 2432232314}');
  assert.equal(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
});

test("signatures, clocks and bodies are checked", async () => {
  const event = BODY.events[0];
  /** @type {[string, Promise<number>, number][]} */
  const rows = [
    ["good", post(BODY), 200],
    ["another listed host, signature among others", post(BODY, { host: "other.example", prefix: "v1a,xx v1,AAAA " }), 200],
    ["five minutes late", post(BODY, { id: "b", at: NOW / 1000 - 300 }), 200],
    ["later", post(BODY, { id: "c", at: NOW / 1000 - 301 }), 401],
    ["too early", post(BODY, { id: "c", at: NOW / 1000 + 301 }), 401],
    ["milliseconds", post(BODY, { id: "c", at: NOW }), 401],
    ["another secret", post(BODY, { id: "d", secret: "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }), 401],
    ["tampered", post(BODY, { id: "e", tamper: true }), 401],
    ["not JSON", post("{", { id: "f" }), 400],
    ["no events", post({ events: {} }, { id: "g" }), 400],
    ["no event id", post({ events: [{ event: "x" }] }, { id: "h" }), 400],
    ["an e-mail", post({ events: [{ ...event, note: "elena@shop.example" }] }, { id: "i" }), 400],
    ["a phone", post({ events: [{ ...event, note: "+4915123456789" }] }, { id: "j" }), 400],
    ["unknown host", post(BODY, { host: "nowhere.example" }), 404],
  ];
  for (const [what, status, wanted] of rows) assert.equal(await status, wanted, what);
  assert.equal((await exchange(`${twin.url}/hooks.example/x`, "POST", {}, "{}")).status, 401, "unsigned");
  assert.deepEqual(kinds().sort(), ["plain_email", "plain_phone"]);
  assert.equal(twin.stats().unrouted, 1);
});

test("a repeated delivery counts as duplicates; the id must not carry another body", async () => {
  await post(BODY);
  await post(BODY);
  await post({ events: [{ event: "lead", event_id: "l-1" }, ...BODY.events] });
  assert.deepEqual([book().unique, book().duplicates], [2, 2]);
  assert.equal(book().violations[0]?.kind, "webhook_id_reused_for_another_body");
});
