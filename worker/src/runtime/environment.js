// What the worker was deployed with, the clock and chance.

/** The variables whose names begin with EDGETALLY, as one JSON object. Bindings, which are objects of other classes, are none. */
export function settings(env) {
  const plain = (value) => typeof value !== "object" || value === null || [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(value));
  return JSON.stringify(Object.fromEntries(Object.entries(env).filter(([name, value]) => name.startsWith("EDGETALLY") && plain(value))));
}

/** A secret or variable by name. */
export function secret(env, name) {
  const value = env[name];
  return typeof value === "string" ? value : undefined;
}

/** The version that runs: its tag, which the deployment gave it, or else the beginning of its id; empty where there is no such binding. */
export function version(env) {
  const {tag, id} = env.CF_VERSION_METADATA ?? {};
  return tag || id?.slice(0, 8) || "";
}

/** Which bindings are there, of names separated by commas. */
export function bindings(env, names) {
  return names.split(",").map((name) => (env[name] ? "1" : "0")).join("");
}

/** Whether a sender has used up what a rate limiting binding allows. */
export async function limited(env, binding, key) {
  const {success} = await env[binding].limit({key});
  return !success;
}

/** Waits so many milliseconds. */
export function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export function random() {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 20);
}

/** 32 random bytes, as digits. */
export function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function now() {
  return Date.now();
}
