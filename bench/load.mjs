// Sends requests, as a process of its own: `process.send({url, events, requests, lanes})`, answered when all are answered.

import {readFileSync} from "node:fs";
import {Agent, request} from "node:http";
import {bearer} from "./runtime.mjs";

let agent = new Agent();
const now = `${new Date(Date.now() - 60_000).toISOString().slice(0, 19)}Z`;
const text = readFileSync(new URL("purchase.json", import.meta.url), "utf8").trim();
const dated = text.replace(/"event_time":"[^"]*"/, `"event_time":"${now}"`);
let number = 0;
/** No two events have the same id, nor the same order. */
const event = () => dated.replace("ord-118842-7f3a", `ord-${process.pid}-${++number}`).replace('"118842"', `"${process.pid}-${number}"`);

/**
 * @param {string} url
 * @param {string | undefined} body
 * @returns {Promise<{status: number, text: string}>}
 */
function once(url, body) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      authorization: `Bearer ${bearer}`,
      "user-agent": "shop-server/4.2",
      "x-forwarded-proto": "https",
      "accept-encoding": "gzip",
    };
    const asked = request(url, {agent, method: body === undefined ? "GET" : "POST", headers}, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve({status: response.statusCode ?? 0, text}));
      response.on("error", reject);
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

process.on("message", async (/** @type {{url: string, events: number, requests: number, lanes?: number}} */ order) => {
  const {url, events, requests, lanes = 4} = order;
  // New connections for each order: the runtime closes those that were idle while the others had their turn.
  agent = new Agent({keepAlive: true, maxSockets: lanes});
  let left = requests;
  let answer = {status: 0, text: ""};
  const lane = async () => {
    while (left-- > 0) {
      const body = events === 0 ? undefined : events === 1 ? event() : `[${Array.from({length: events}, event)}]`;
      answer = await once(url, body);
      const good = events === 0 ? answer.status === 404 : answer.status === 202 && answer.text.includes(`"accepted":${events}`);
      if (!good) throw new Error(`${url} answered ${answer.status}: ${answer.text.slice(0, 300)}`);
    }
  };
  try {
    await Promise.all(Array.from({length: lanes}, lane));
    process.send?.({last: answer.text.slice(0, 1000)});
  } catch (error) {
    process.send?.({error: String(error)});
  } finally {
    agent.destroy();
  }
});
