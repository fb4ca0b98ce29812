// The shop's own copy of each order: what a shop system's webhook is. Signed as Standard Webhooks says, under the order's number
// as the page's copy, and with what the visitor answered, since silence is a no.

import {randomUUID} from "node:crypto";
import {setTimeout as sleep} from "node:timers/promises";
import {signed} from "../shop.mjs";
import {worth} from "./pages.mjs";

/**
 * @typedef {object} Order
 * @property {string} id
 * @property {import("./pages.mjs").Line[]} lines
 * @property {{email: string, phone?: string}} user
 * @property {number} at Unix milliseconds
 * @property {import("./page/consent.js").Words | undefined} consent what the visitor has answered, if anything
 * @property {Record<string, unknown>} context the browser, as the order's request showed it
 */

/**
 * The event.
 * @param {Order} order
 */
export function copy({id, lines, user, at, consent, context}) {
  return {event: "purchase", transaction_id: id, event_time: new Date(at).toISOString(), ...worth(lines), user, context, ...(consent && {consent}), release: "shop-server"};
}

/**
 * Sends it until it is taken; a signature is good once, so each attempt signs anew.
 * @param {Order} order
 * @param {{gateway: string, secret: string}} to
 */
export async function send(order, {gateway, secret}) {
  const body = JSON.stringify(copy(order));
  for (let attempt = 1; attempt <= 6; attempt += 1) {
    const headers = {"content-type": "application/json", ...signed(secret, randomUUID(), Math.floor(Date.now() / 1000), body)};
    const status = await fetch(`${gateway}/v1/events`, {method: "POST", headers, body}).then((answer) => answer.status, () => 0);
    if (status !== 0 && status < 500 && status !== 429) return;
    await sleep(500 * attempt);
  }
}
