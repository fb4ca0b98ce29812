// A gateway as the commands talk to it: one of `edgetally dev` in this folder, or one that is deployed.

import {readFileSync} from "node:fs";
import {join} from "node:path";
import {setTimeout as sleep} from "node:timers/promises";
import {unreachable, usage, wanting} from "./exits.mjs";

/** Where `edgetally dev` says how it can be reached. */
export const DEV_FILE = join(".edgetally", "dev.json");

/** Flags of commands that talk to a gateway. */
export const GATEWAY_FLAGS = /** @type {const} */ ({url: {type: "string"}});

export const GATEWAY_HELP = `Which gateway: --url URL or EDGETALLY_URL, with its admin token in EDGETALLY_ADMIN_TOKEN; else the
one that "edgetally dev" runs in this folder.`;

/** How often a request is sent again that the gateway could not take. */
const ATTEMPTS = 6;
/** An answer that does not come within this is none. */
const TIMEOUT_MS = 20_000;

/**
 * @typedef {object} Dev what `edgetally dev` writes down
 * @property {string} url
 * @property {string} page the page that shows events
 * @property {string} token
 * @property {number} pid
 * @property {Record<string, string>} secrets of the sources that have one, by source
 * @property {Record<string, {key: string, origin: string}>} keys of the sources that have one, by source
 */

/**
 * @param {string} project
 * @returns {Dev | undefined} of a process that still runs
 */
export function runningDev(project) {
  try {
    const dev = /** @type {Dev} */ (JSON.parse(readFileSync(join(project, DEV_FILE), "utf8")));
    process.kill(dev.pid, 0);
    return dev;
  } catch {
    return undefined;
  }
}

/** How a connection ends that was there. */
const BROKEN_OFF = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);

/** @param {string} text @returns {any} */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export class Gateway {
  /**
   * @param {URL} url
   * @param {string | undefined} token
   * @param {Dev} [dev]
   */
  constructor(url, token, dev) {
    this.url = url;
    this.token = token;
    this.dev = dev;
  }

  /**
   * The gateway that the flags mean.
   * @param {{url?: string, project: string}} flags
   */
  static of(flags) {
    const dev = runningDev(flags.project);
    const given = flags.url ?? process.env.EDGETALLY_URL;
    if (given === undefined) {
      if (dev) return new Gateway(new URL(dev.url), dev.token, dev);
      throw usage(`which gateway? --url URL or EDGETALLY_URL; nothing runs in this folder ("edgetally dev" does)`);
    }
    let url;
    try {
      url = new URL(given);
    } catch {
      throw usage(`--url ${given}: is no address, such as https://events.shop.example`);
    }
    const own = dev && new URL(dev.url).origin === url.origin ? dev : undefined;
    return new Gateway(url, process.env.EDGETALLY_ADMIN_TOKEN ?? own?.token, own);
  }

  /**
   * One exchange. A connection that was kept open may be closed at the very moment that it is used again, so what got no
   * answer at all is asked once more; events bear ids, so a second copy does no harm.
   * @param {string} path
   * @param {RequestInit} [init]
   */
  async fetch(path, init = {}) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const reply = await fetch(new URL(path, this.url), {...init, signal: AbortSignal.timeout(TIMEOUT_MS)});
        const text = await reply.text();
        return {status: reply.status, text, body: parsed(text), retryAfter: Number(reply.headers.get("retry-after") ?? 1) || 1};
      } catch (error) {
        const cause = /** @type {any} */ (error)?.cause;
        if (attempt === 1 && BROKEN_OFF.has(cause?.code)) continue;
        throw unreachable(`${this.url.origin} cannot be reached: ${cause?.code ?? cause?.message ?? /** @type {Error} */ (error).message}`);
      }
    }
  }

  /**
   * An admin route's answer, whatever it is.
   * @param {string} path
   */
  admin(path) {
    if (!this.token) throw usage("the admin token is asked for: set EDGETALLY_ADMIN_TOKEN");
    return this.fetch(path, {headers: {authorization: `Bearer ${this.token}`}});
  }

  /**
   * An admin route's answer.
   * @param {string} path
   * @param {unknown} [question] to be posted
   * @returns {Promise<any>}
   */
  async ask(path, question) {
    if (!this.token) throw usage("the admin token is asked for: set EDGETALLY_ADMIN_TOKEN");
    const posted = question === undefined ? {} : {method: "POST", body: JSON.stringify(question)};
    const {status, body} = await this.fetch(path, {...posted, headers: {authorization: `Bearer ${this.token}`}});
    if (status === 401) throw wanting("the gateway does not know this admin token (EDGETALLY_ADMIN_TOKEN)");
    if (status !== 200 || body === undefined) throw wanting(`${path.split("?")[0]} answered ${status}${body?.error ? ` ${body.error.code}: ${body.error.message}` : ""}`);
    return body;
  }

  /**
   * Posts events as a server, again where the gateway asks for it.
   * @param {string} body
   * @param {string} secret
   */
  async post(body, secret) {
    for (let attempt = 1; ; attempt += 1) {
      const reply = await this.fetch("/v1/events", {method: "POST", body, headers: {"content-type": "application/json", authorization: `Bearer ${secret}`}});
      if (reply.status !== 503 || attempt === ATTEMPTS) return reply;
      await sleep(Math.min(reply.retryAfter, 5) * 1000);
    }
  }

  /**
   * The secret to send with: of the source that was named, else of the only one.
   * @param {{source?: string}} flags
   */
  secret(flags) {
    if (process.env.EDGETALLY_SOURCE_SECRET) return process.env.EDGETALLY_SOURCE_SECRET;
    const own = this.dev?.secrets ?? {};
    const names = Object.keys(own);
    if (flags.source !== undefined && own[flags.source] === undefined && this.dev) {
      throw usage(`--source ${flags.source}: ${names.length > 0 ? `sources with a secret are ${names.join(", ")}` : "no source has a secret"}`);
    }
    const name = flags.source ?? names[0];
    const secret = name === undefined ? undefined : own[name];
    if (secret === undefined) throw usage("the source's secret is asked for: set EDGETALLY_SOURCE_SECRET");
    return secret;
  }
}
