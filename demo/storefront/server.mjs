// A small shop to click through, on this machine only: `make demo KEEP=1` serves it, and the live view stands beside it. An order
// leaves twice, from the thank-you page and from here.

import {randomBytes, randomUUID} from "node:crypto";
import {readFileSync} from "node:fs";
import {createServer} from "node:http";
import {good} from "./goods.mjs";
import {send} from "./orders.mjs";
import {COOKIE, words} from "./page/consent.js";
import {SOMEBODY, cart, checkout, notice, product, shelf, stage, thanks} from "./pages.mjs";

const file = (/** @type {string} */ name) => readFileSync(new URL(`page/${name}`, import.meta.url));
const SCRIPT = "text/javascript; charset=utf-8";
const STYLE = "text/css; charset=utf-8";

/** @type {Record<string, [Buffer, string]>} */
const FILES = {
  "/stage.css": [file("stage.css"), STYLE],
  "/stage.js": [file("stage.js"), SCRIPT],
  "/shop/shop.css": [file("shop.css"), STYLE],
  "/shop/shop.js": [file("shop.js"), SCRIPT],
  "/shop/consent.js": [file("consent.js"), SCRIPT],
};

/** By which advert the visitor comes; invented. */
const ADVERT = "/shop/?gclid=EAIaIQobChMIexampleexample_BwE&fbclid=IwExampleExampleExample&utm_source=example&utm_medium=cpc";

/** Cookies of platforms, which the shop's server hands on as they are; what may leave, edgetally decides. */
const HANDED_ON = /^(_fb[cp]|_ga|_ga_\w+|_gcl_(aw|gb|au)|_ttp|_scid|_rdt_uuid|_uetvid)$/;

/** How long after the order the server's copy leaves: shop systems take a while. */
const LATER_MS = 2500;
const MOST_BODY = 10_000;
const MOST_ORDERS = 1000;

/**
 * @typedef {import("node:http").IncomingMessage} Request
 * @typedef {import("node:http").ServerResponse} Response
 *
 * @typedef {object} Open
 * @property {string} gateway where edgetally is
 * @property {string} live where the page that shows events is
 * @property {string} script where the client is
 * @property {string} stub the snippet's first line
 */

/** @param {Request} request */
function cookies(request) {
  const pairs = (request.headers.cookie ?? "").split("; ").map((pair) => /** @type {[string, string]} */ ([pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
  return new Map(pairs.filter(([name]) => name));
}

/**
 * What is in the cart, which is a cookie: `SKU-44:1.SKU-12:2`.
 * @param {string | undefined} text
 * @returns {import("./pages.mjs").Line[]}
 */
function contents(text = "") {
  return text.split(".").flatMap((part) => {
    const [id = "", count] = part.split(":");
    const [found, quantity] = [good(id), Number(count)];
    return found && Number.isInteger(quantity) && quantity > 0 ? [{good: found, quantity: Math.min(9, quantity)}] : [];
  });
}

/** @param {readonly import("./pages.mjs").Line[]} lines */
const kept = (lines) => `demo_cart=${lines.map(({good: {item_id: id}, quantity}) => `${id}:${quantity}`).join(".")}; Path=/; SameSite=Lax`;

/** @param {Request} request */
async function form(request) {
  let text = "";
  for await (const piece of request) {
    text += piece;
    if (text.length > MOST_BODY) throw new Error("too large");
  }
  return new URLSearchParams(text);
}

/** @param {URLSearchParams} given */
function buyer(given) {
  const [email = "", phone = ""] = ["email", "phone"].map((name) => given.get(name)?.trim() ?? "");
  /** @type {Record<string, string>} */
  const faults = {};
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) faults.email = "That is no e-mail address.";
  if (phone && (phone.match(/\d/g)?.length ?? 0) < 6) faults.phone = "That is no telephone number.";
  return {email, phone, faults};
}

class Shop {
  #open;
  #secret;
  #later;
  #number;
  /** By a secret of the buyer's: a thank-you page is nobody else's. @type {Map<string, import("./orders.mjs").Order>} */
  #orders = new Map();
  /** Copies that have yet to leave. @type {Set<NodeJS.Timeout>} */
  #timers = new Set();

  /** @param {Open} open @param {{secret: string, later?: number | undefined, number?: number | undefined}} options */
  constructor(open, {secret, later = LATER_MS, number = Math.floor(Date.now() / 10_000) % 1_000_000}) {
    this.#open = open;
    this.#secret = secret;
    this.#later = later;
    // A browser that was here yesterday remembers the numbers of its orders, so they go on.
    this.#number = number;
  }

  close() {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** @param {Request} request @param {Response} response @param {URL} url */
  async answer(request, response, url) {
    const {gateway, live, script, stub} = this.#open;
    const nonce = randomBytes(16).toString("base64");
    const has = cookies(request);
    const lines = contents(has.get("demo_cart"));
    const known = /^\d{10}$/.exec(has.get("demo_session") ?? "");
    const session = known ? known[0] : String(Math.floor(Date.now() / 1000));
    if (!known) response.setHeader("set-cookie", `demo_session=${session}; Path=/; SameSite=Lax`);
    const around = {nonce, stub, script, session, inCart: lines.reduce((sum, {quantity}) => sum + quantity, 0)};
    const page = (/** @type {string} */ text, status = 200) => {
      const policy = `default-src 'none'; script-src 'self' 'nonce-${nonce}'; style-src 'self'; img-src 'self' data:; connect-src ${gateway}; form-action 'self'; base-uri 'none'; frame-ancestors 'self'`;
      response.writeHead(status, {"content-type": "text/html; charset=utf-8", "cache-control": "no-store", "content-security-policy": policy}).end(text);
    };
    const go = (/** @type {string} */ to, /** @type {string[]} */ ...set) => response.writeHead(303, {location: to, ...(set.length > 0 && {"set-cookie": set})}).end();
    switch (`${request.method} ${url.pathname}`) {
      case "GET /": {
        const policy = `default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; frame-src 'self' ${live}; base-uri 'none'; frame-ancestors 'none'`;
        response.writeHead(200, {"content-type": "text/html; charset=utf-8", "cache-control": "no-store", "content-security-policy": policy}).end(stage({shop: ADVERT, live}));
        return;
      }
      case "GET /shop/":
        return page(shelf(around));
      case "GET /shop/cart":
        return page(cart(around, lines));
      case "POST /shop/cart": {
        const given = await form(request);
        const [one, quantity] = [good(given.get("item_id") ?? ""), Math.trunc(Number(given.get("quantity")))];
        if (!one || !(quantity > 0)) return page(notice(around, "That did not work", "Nothing was put into the cart."), 400);
        const before = lines.find(({good: {item_id: id}}) => id === one.item_id);
        if (before) before.quantity = Math.min(9, before.quantity + quantity);
        else lines.push({good: one, quantity: Math.min(9, quantity)});
        return go("/shop/cart", kept(lines));
      }
      case "POST /shop/cart/less": {
        const gone = (await form(request)).get("item_id");
        return go("/shop/cart", kept(lines.filter(({good: {item_id: id}}) => id !== gone)));
      }
      case "GET /shop/checkout":
        return lines.length === 0 ? go("/shop/cart") : page(checkout(around, lines, SOMEBODY));
      case "POST /shop/order": {
        const {email, phone, faults} = buyer(await form(request));
        if (lines.length === 0) return go("/shop/cart");
        if (Object.keys(faults).length > 0) return page(checkout(around, lines, {email, phone, faults}), 422);
        return go("/shop/thanks", `demo_order=${this.#order(request, has, session, lines, {email, ...(phone && {phone})})}; Path=/shop/; HttpOnly; SameSite=Lax`, kept([]));
      }
      case "GET /shop/thanks": {
        const order = this.#orders.get(has.get("demo_order") ?? "");
        return order ? page(thanks({...around, inCart: 0}, order)) : go("/shop/");
      }
      default: {
        const found = request.method === "GET" ? good(url.pathname.slice("/shop/".length)) : undefined;
        return found ? page(product(around, found)) : page(notice(around, "There is nothing here", "This shop is small."), 404);
      }
    }
  }

  /**
   * Takes an order, and tells edgetally of it later.
   * @param {Request} request
   * @param {Map<string, string>} has
   * @param {string} session
   * @param {import("./pages.mjs").Line[]} lines
   * @param {{email: string, phone?: string}} user
   */
  #order(request, has, session, lines, user) {
    const handed = Object.fromEntries([...has].filter(([name]) => HANDED_ON.test(name)));
    /** @type {import("./orders.mjs").Order} */
    const order = {
      id: String((this.#number += 1)).padStart(6, "0"),
      lines,
      user,
      at: Date.now(),
      consent: words(has.get(COOKIE)),
      context: {
        page_url: `http://${request.headers.host}/shop/thanks`,
        user_agent: request.headers["user-agent"],
        session_id: session,
        cookies: handed,
        ...(handed._ga && {client_id: handed._ga.split(".").slice(-2).join(".")}),
      },
    };
    const token = randomUUID();
    this.#orders.set(token, order);
    for (const oldest of this.#orders.keys()) {
      if (this.#orders.size <= MOST_ORDERS) break;
      this.#orders.delete(oldest);
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void send(order, {gateway: this.#open.gateway, secret: this.#secret});
    }, this.#later);
    this.#timers.add(timer);
    return token;
  }
}

/**
 * Listens, and answers once it is told where edgetally is: the gateway wants to know this origin beforehand.
 * @param {{secret: string, port?: number, later?: number | undefined, number?: number | undefined}} options
 */
export async function startStorefront({port = 0, ...options}) {
  /** @type {Shop | undefined} */
  let shop;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://shop.invalid");
    const {host, origin} = request.headers;
    // One name for it: cookies and the gateway's list of origins know 127.0.0.1.
    if (/^localhost(:\d+)?$/.test(host ?? "")) {
      response.writeHead(307, {location: `${address()}${url.pathname}${url.search}`}).end();
    } else if (host !== new URL(address()).host) {
      response.writeHead(403).end();
    } else if (request.method === "POST" && origin !== address()) {
      response.writeHead(403).end();
    } else if (FILES[url.pathname]) {
      const [bytes, type] = /** @type {[Buffer, string]} */ (FILES[url.pathname]);
      response.writeHead(200, {"content-type": type, "cache-control": "no-store"}).end(bytes);
    } else if (shop) {
      shop.answer(request, response, url).catch(() => (response.headersSent ? response.destroy() : response.writeHead(400).end()));
    } else {
      response.writeHead(503, {"retry-after": "1"}).end();
    }
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(undefined));
  });
  const address = () => `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;
  return {
    url: address(),
    /** @param {Open} open */
    open(open) {
      shop = new Shop(open, options);
    },
    /** @returns {Promise<void>} */
    close: () =>
      new Promise((resolve) => {
        shop?.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
