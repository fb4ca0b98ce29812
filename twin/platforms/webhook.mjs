/**
 * A receiver of signed batches, by the Standard Webhooks specification (read 2026-11): headers `webhook-id`,
 * `webhook-timestamp`, `webhook-signature`; HMAC-SHA256 over `id.timestamp.body`; five minutes of tolerance;
 * the id is the idempotency key.
 *
 * The body is any JSON object with a list `events`, each with `event` and `event_id`. A receiver outside the
 * gateway has no business with plain identifiers: a body that carries one is refused.
 */

import { createHmac, timingSafeEqual } from "node:crypto";
import { duplicateKeys, isObject, isText, plainIdentifiers, readJson, sha256 } from "../checks.mjs";

const TOLERANCE_SECONDS = 300;

/**
 * @param {number} status
 * @param {string} code
 * @param {string} reason
 * @returns {import("../types.mjs").Answer}
 */
function refused(status, code, reason) {
  return { status, body: { error: code, message: reason }, verdict: "rejected", reason };
}

/**
 * The signature header's value for these bytes; tests and other senders may use it.
 * @param {string} secret
 * @param {string} id
 * @param {string} timestamp
 * @param {Uint8Array | string} body
 */
export function sign(secret, id, timestamp, body) {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64")}`;
}

/**
 * @param {string} offered Space-separated `v1,…`; other versions are passed over.
 * @param {string} right
 */
function matches(offered, right) {
  const wanted = Buffer.from(right);
  return offered.split(" ").some((one) => {
    const given = Buffer.from(one);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  });
}

/** @type {import("../types.mjs").Platform} */
export const webhook = {
  name: "webhook",
  hosts: ["hooks.example"],

  handle(request, state) {
    if (request.method !== "POST") return refused(405, "method_not_allowed", "method: is not POST");
    const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature } = request.headers;
    if (!id || !timestamp || !signature) return refused(401, "signature_missing", "headers: webhook-id, -timestamp or -signature is missing");
    if (!/^\d+$/.test(timestamp)) return refused(401, "timestamp_invalid", "webhook-timestamp: is not unix seconds");
    if (!matches(signature, sign(state.settings.webhookSecret, id, timestamp, request.body))) {
      return refused(401, "signature_invalid", "webhook-signature: none matches");
    }
    if (Math.abs(request.now / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) {
      return refused(401, "timestamp_stale", "webhook-timestamp: is more than five minutes away");
    }
    if (state.revoked) return { ...refused(401, "signature_invalid", "secret: revoked by script"), scripted: "revoke_token" };

    const json = readJson(request.body);
    if (!json.ok) return refused(400, "malformed_json", `body: ${json.why}`);
    if (!isObject(json.value) || !Array.isArray(json.value.events)) return refused(400, "events_missing", "body: is not an object with a list events");
    if (duplicateKeys(json.text).length > 0) return refused(400, "duplicate_key", "body: has a key twice in one object");
    const { events: list, ...context } = json.value;
    if (list.length === 0) return refused(400, "events_missing", "events: is empty");
    /** @type {import("../types.mjs").ArrivedEvent[]} */
    const events = [];
    for (const [index, event] of list.entries()) {
      if (!isObject(event) || !isText(event.event) || !isText(event.event_id)) {
        return refused(400, "event_invalid", `events[${index}]: lacks event or event_id`);
      }
      const key = JSON.stringify([request.host, event.event, event.event_id, event.test === true]);
      events.push({ name: event.event, id: event.event_id, key, event, context: { ...context, webhook_id: id } });
    }
    const plain = plainIdentifiers(json.value)[0];
    if (plain) return refused(400, "plain_identifier", `${plain.where}: ${plain.kind}`);

    const seen = `${request.host} ${id}`;
    const digest = sha256(request.body.toString("base64"));
    const before = state.memory.get(seen);
    if (before !== undefined) {
      // Already processed. The events are counted again, as duplicates, so that both sides' sums agree.
      const same = before === digest;
      return {
        status: 200, body: { received: 0, duplicate: true }, verdict: "accepted", events,
        violations: same ? [] : [{ kind: "webhook_id_reused_for_another_body", where: "webhook-id" }],
      };
    }
    const condemned = events.find((event) => state.rejectIds.has(String(event.id)));
    if (condemned) return { ...refused(422, "event_rejected", "events: refused by script"), scripted: "reject_event_id" };
    return {
      status: 200, body: { received: events.length }, verdict: "accepted", events,
      commit: () => state.memory.set(seen, digest),
    };
  },

  errorBody(status) {
    return { error: status === 429 ? "too_many_requests" : "unavailable" };
  },
};
