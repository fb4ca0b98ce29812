import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { sign } from "./platforms/webhook.mjs";
import { DEFAULTS, startTwin } from "./server.mjs";

const NOW = Date.UTC(2026, 10, 24, 12);
/** @type {Awaited<ReturnType<typeof startTwin>>} */
let twin;
before(async () => {
  twin = await startTwin({ now: () => NOW, webhookHosts: ["other.example"] });
});
after(() => twin.close());
beforeEach(() => twin.reset());

const BODY = { type: "conversion.batch", events: [{ event: "purchase", event_id: "ord-1", value: 9.5 }] };

/** @param {any} body @param {{id?: string, at?: number | string, secret?: string, host?: string, tamper?: boolean, prefix?: string}} [how] */
async function post(body, { id = "msg_1", at = NOW / 1000, secret = DEFAULTS.webhookSecret, host = "hooks.example", tamper = false, prefix = "" } = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(`${twin.url}/${host}/any/path`, {
    method: "POST", body: tamper ? `${text} ` : text,
    headers: { "content-type": "application/json", "webhook-id": id, "webhook-timestamp": String(at), "webhook-signature": prefix + sign(secret, id, String(at), text) },
  });
  return response.status;
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
  assert.equal((await fetch(`${twin.url}/hooks.example/x`, { method: "POST", body: "{}" })).status, 401, "unsigned");
  assert.deepEqual(twin.stats().violations.map((one) => one.kind).sort(), ["plain_email", "plain_phone"]);
  assert.equal(twin.stats().unrouted, 1);
});

test("a repeated delivery counts as duplicates; the id must not carry another body", async () => {
  await post(BODY);
  await post(BODY);
  await post({ events: [{ event: "lead", event_id: "l-1" }, ...BODY.events] });
  const { webhook } = twin.stats().platforms;
  assert.deepEqual([webhook?.unique, webhook?.duplicates], [2, 2]);
  assert.equal(webhook?.violations[0]?.kind, "webhook_id_reused_for_another_body");
});
