/**
 * Scripted faults: what a platform does on a bad day, on demand and reproducibly.
 *
 * A fault holds until its count (`times`) or its time (`seconds`, `until`) runs out; with neither, until it is
 * cleared. `after` lets that many matching requests through first.
 */

import { isObject } from "./checks.mjs";

/**
 * @typedef {'timeout' | 'status' | 'reset' | 'slow_body' | 'error_in_200' | 'reject_event_id' | 'revoke_token' | 'latency'} Kind
 *
 * @typedef {object} Fault
 * @property {number} id
 * @property {string} platform A platform's name, or `*`.
 * @property {string | null} host Only requests to this host.
 * @property {Kind} kind
 * @property {number | null} times How many more requests it strikes.
 * @property {number | null} until Unix milliseconds.
 * @property {number} after How many more requests it lets through first.
 * @property {number} struck How many it has struck.
 * @property {boolean} record The request is processed although the reply is lost or wrong.
 * @property {number} ms timeout, latency: how long. slow_body: between two pieces.
 * @property {number} status
 * @property {unknown} body
 * @property {Record<string, string>} headers
 * @property {'error' | 'truncated' | 'html'} variant error_in_200
 * @property {string | null} event_id reject_event_id
 */

/** @type {readonly Kind[]} */
export const KINDS = ["timeout", "status", "reset", "slow_body", "error_in_200", "reject_event_id", "revoke_token", "latency"];

const KEYS = new Set([
  "platform", "host", "kind", "times", "until", "seconds", "after", "record", "ms", "status", "body", "headers",
  "retry_after", "variant", "event_id",
]);

/** A fault script that cannot be understood. */
export class FaultError extends Error {}

/**
 * @param {Record<string, unknown>} spec
 * @param {string} key
 * @param {number} lowest
 * @returns {number | null}
 */
function whole(spec, key, lowest) {
  const value = spec[key];
  if (value === undefined || value === null) return null;
  if (typeof value !== "number" || !Number.isFinite(value) || value < lowest) {
    throw new FaultError(`${key} is not a number of at least ${lowest}`);
  }
  return value;
}

/** The faults in force, in the order they were scripted. */
export class Faults {
  /** @type {Fault[]} */
  #list = [];
  #next = 1;
  /** @type {ReadonlySet<string>} */
  #platforms;

  /** @param {Iterable<string>} platforms */
  constructor(platforms) {
    this.#platforms = new Set(platforms);
  }

  /**
   * Adds one fault or a list of them, all or none; `{"kind": "restore"}` ends the platform's `revoke_token`.
   * @param {unknown} script
   * @param {number} now
   * @returns {Fault[]}
   */
  add(script, now) {
    const specs = Array.isArray(script) ? script : [script];
    /** @type {(() => Fault | null)[]} */
    const steps = specs.map((spec) => this.#step(spec, now));
    return steps.map((step) => step()).filter((fault) => fault !== null);
  }

  /**
   * @param {unknown} spec
   * @param {number} now
   * @returns {() => Fault | null}
   */
  #step(spec, now) {
    if (!isObject(spec)) throw new FaultError("a fault is a JSON object");
    for (const key of Object.keys(spec)) {
      if (!KEYS.has(key)) throw new FaultError(`unknown key ${key}`);
    }
    const platform = spec.platform ?? "*";
    if (typeof platform !== "string" || (platform !== "*" && !this.#platforms.has(platform))) {
      throw new FaultError("platform is not one of the twin's, nor *");
    }
    if (spec.kind === "restore") {
      return () => {
        this.#list = this.#list.filter((f) => f.kind !== "revoke_token" || (platform !== "*" && f.platform !== platform));
        return null;
      };
    }
    const kind = KINDS.find((known) => known === spec.kind);
    if (!kind) throw new FaultError(`kind is not one of ${KINDS.join(", ")}, restore`);
    const seconds = whole(spec, "seconds", 0);
    /** @type {number | null} */
    let until = seconds === null ? null : now + seconds * 1000;
    if (spec.until !== undefined && spec.until !== null) {
      until = typeof spec.until === "number" ? spec.until : Date.parse(String(spec.until));
      if (!Number.isFinite(until)) throw new FaultError("until is neither unix milliseconds nor an ISO 8601 time");
    }
    if (kind === "reject_event_id" && (typeof spec.event_id !== "string" || spec.event_id === "")) {
      throw new FaultError("reject_event_id needs an event_id");
    }
    const variant = spec.variant ?? "error";
    if (variant !== "error" && variant !== "truncated" && variant !== "html") {
      throw new FaultError("variant is not one of error, truncated, html");
    }
    const status = whole(spec, "status", 200) ?? (kind === "status" ? 503 : 200);
    if (!Number.isInteger(status) || status > 599) throw new FaultError("status is not between 200 and 599");
    /** @type {Record<string, string>} */
    const headers = {};
    if (spec.headers !== undefined) {
      if (!isObject(spec.headers)) throw new FaultError("headers is not an object");
      for (const [name, value] of Object.entries(spec.headers)) headers[name.toLowerCase()] = String(value);
    }
    if (spec.retry_after !== undefined) headers["retry-after"] = String(spec.retry_after);
    const fault = {
      id: this.#next,
      platform,
      host: typeof spec.host === "string" ? spec.host : null,
      kind,
      times: whole(spec, "times", 1),
      until,
      after: whole(spec, "after", 0) ?? 0,
      struck: 0,
      record: spec.record === true,
      ms: whole(spec, "ms", 0) ?? { timeout: 60_000, latency: 1_000, slow_body: 250 }[String(kind)] ?? 0,
      status,
      body: spec.body,
      headers,
      variant: /** @type {Fault['variant']} */ (variant),
      event_id: typeof spec.event_id === "string" ? spec.event_id : null,
    };
    this.#next += 1;
    return () => {
      this.#list.push(fault);
      return fault;
    };
  }

  /**
   * The faults that meet this request. Counting down happens in `strike`, because a `reject_event_id` only
   * strikes when its event is in the request.
   * @param {string} platform
   * @param {string} host
   * @param {number} now
   */
  meet(platform, host, now) {
    this.#expire(now);
    /** @type {Fault | null} */
    let reply = null;
    /** @type {Fault[]} */
    const delays = [];
    /** @type {Fault | null} */
    let revoked = null;
    /** @type {Fault[]} */
    const rejects = [];
    for (const fault of this.#list) {
      if ((fault.platform !== "*" && fault.platform !== platform) || (fault.host !== null && fault.host !== host)) continue;
      if (fault.kind === "reject_event_id") {
        rejects.push(fault);
        continue;
      }
      if (fault.after > 0) {
        fault.after -= 1;
        continue;
      }
      if (fault.kind === "latency") delays.push(fault);
      else if (fault.kind === "revoke_token") revoked ??= fault;
      else reply ??= fault;
    }
    return { reply, delays, revoked, rejects };
  }

  /** @param {Fault} fault */
  strike(fault) {
    fault.struck += 1;
    if (fault.times === null) return;
    fault.times -= 1;
    if (fault.times <= 0) this.#list = this.#list.filter((other) => other !== fault);
  }

  /**
   * @param {number} now
   * @returns {Fault[]}
   */
  list(now) {
    this.#expire(now);
    return [...this.#list];
  }

  /** @param {string | null} [platform] Only this platform's; else all. */
  clear(platform) {
    this.#list = platform ? this.#list.filter((fault) => fault.platform !== platform) : [];
  }

  /** @param {number} now */
  #expire(now) {
    this.#list = this.#list.filter((fault) => fault.until === null || now < fault.until);
  }
}
