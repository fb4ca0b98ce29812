// The shop, and the receiver of events behind a slow line. Everything is on this machine: *.localhost is here by definition.

import {createServer} from "node:http";
import {connect, createServer as createPlainServer} from "node:net";
import {gunzipSync} from "node:zlib";

/** Milliseconds of the line between browser and receiver, each way. */
export const LINE = 40;

/** What the receiver does with events of a client. "lost": it takes them, and its answer does not arrive. @typedef {"well" | "500" | "cut" | "lost"} Mode */

/** @typedef {{copies: number, ids: Set<string>, at: number}} Arrival by the id that the bench gave the event */

/** The events in a body of any of the clients: each has the bench's id among its properties, and its client's own id beside them.
 * @param {any} value @param {(bench: string, id: string) => void} found */
function walk(value, found) {
  if (typeof value !== "object" || value === null) return;
  const bench = value.properties?.bench ?? value.data?.bench;
  if (typeof bench === "string") found(bench, String(value.event_id ?? value.messageId ?? value.uuid ?? value.id));
  else for (const inner of Object.values(value)) walk(inner, found);
}

/** @param {Buffer} body @param {URL} url */
function read(body, url) {
  if (body[0] === 0x1f && body[1] === 0x8b) return gunzipSync(body).toString();
  const text = body.toString();
  if (!text.startsWith("data=")) return text;
  const data = new URLSearchParams(text).get("data") ?? "";
  return url.searchParams.get("compression") === "base64" ? Buffer.from(data, "base64").toString() : data;
}

/**
 * @param {(client: string) => string} page the shop's page with a client
 * @param {Map<string, string>} scripts by path
 */
export async function serve(page, scripts) {
  /** @type {Map<string, Map<string, Arrival>>} */
  const arrivals = new Map();
  /** @type {Map<string, Mode>} */
  const modes = new Map();
  /** Every request of a browser to the receiver. @type {{client: string, method: string, path: string, bytes: number}[]} */
  const requests = [];
  const of = (/** @type {string} */ client) => {
    const known = arrivals.get(client) ?? new Map();
    arrivals.set(client, known);
    return known;
  };

  const receiver = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://receiver.localhost");
    const client = url.pathname.split("/")[1] ?? "";
    const chunks = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return;
    }
    const body = Buffer.concat(chunks);
    const mode = modes.get(client) ?? "well";
    const script = scripts.get(url.pathname);
    if (script === undefined) requests.push({client, method: request.method ?? "", path: url.pathname, bytes: body.length});
    response.setHeader("access-control-allow-origin", request.headers.origin ?? "*");
    response.setHeader("access-control-allow-credentials", "true");
    response.setHeader("access-control-allow-headers", request.headers["access-control-request-headers"] ?? "*");
    response.setHeader("access-control-allow-methods", "GET, POST");
    // The longest that browsers heed, so that a client that has to ask does so once.
    response.setHeader("access-control-max-age", "7200");
    response.setHeader("access-control-expose-headers", "retry-after");
    if (script !== undefined) return void response.setHeader("content-type", "text/javascript").setHeader("cache-control", "max-age=31536000, immutable").end(script);
    if (mode === "cut") return void request.socket.destroy();
    if (mode === "500") return void response.writeHead(500).end();
    if (request.method !== "POST") return void response.writeHead(200).end();
    try {
      walk(JSON.parse(read(body, url)), (bench, id) => {
        const arrival = of(client).get(bench) ?? {copies: 0, ids: new Set(), at: Date.now()};
        arrival.copies += 1;
        arrival.ids.add(id);
        of(client).set(bench, arrival);
      });
    } catch {
      console.error(`a body of ${client} could not be read: ${body.toString().slice(0, 100)}`);
    }
    if (mode === "lost") return void request.socket.destroy();
    response.setHeader("content-type", "application/json");
    response.end('{"status":1,"success":true}');
  });
  const shop = createServer((request, response) => {
    const client = /^\/page\/(\w+)$/.exec(new URL(request.url ?? "/", "http://shop.localhost").pathname)?.[1];
    response.setHeader("content-type", "text/html");
    response.end(client === undefined ? "<!doctype html><title>Elsewhere</title>" : page(client));
  });
  receiver.keepAliveTimeout = 60_000;
  const receiverPort = await listen(receiver);

  // A line that takes its time, both ways.
  const line = createPlainServer((near) => {
    const far = connect(receiverPort, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      from?.on("data", (chunk) => setTimeout(() => to?.writable && to.write(chunk), LINE));
      from?.on("close", () => setTimeout(() => to?.end(), LINE));
      from?.on("error", () => {});
    }
  });
  const collector = `http://events.shop.localhost:${await listen(line)}`;
  const pages = `http://www.shop.localhost:${await listen(shop)}`;

  return {
    collector,
    pages,
    requests,
    of,
    mode: (/** @type {string} */ client, /** @type {Mode} */ mode) => void modes.set(client, mode),
    close: () => {
      for (const server of [receiver, shop]) {
        server.closeAllConnections();
        server.close();
      }
      line.close();
    },
  };
}

/** @param {import("node:net").Server} server @returns {Promise<number>} */
const listen = (server) => new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(/** @type {import("node:net").AddressInfo} */ (server.address()).port)));
