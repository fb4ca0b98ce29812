// A deployment's own settings, run on this machine: the real runtime, stand-ins in place of the platforms, secrets made up for
// them, and the page that shows what happens.

import {randomBytes} from "node:crypto";
import {readFileSync} from "node:fs";
import {createServer} from "node:net";
import {join} from "node:path";
import {pathToFileURL} from "node:url";
import {Gateway} from "./gateway.mjs";
import {startLive} from "./live/live.mjs";
import {TWIN} from "./places.mjs";
import {PLATFORMS} from "./platforms.mjs";
import {readConfig, startWorker} from "./runtime.mjs";

/** The ports that are taken when nobody has them; else any free ones. */
export const PORTS = {gateway: 8787, page: 8788, twin: 8799};

/**
 * The port when nobody has it, else 0 for any.
 * @param {number} port
 * @returns {Promise<number>}
 */
export function free(port) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(0));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(port)));
  });
}

/** @typedef {Record<string, any>} Table */

/**
 * The settings in a variable; those that come from the dashboard are a text.
 * @param {string} name
 * @param {unknown} value
 * @returns {Table | undefined} of its own
 */
function tableOf(name, value) {
  if (!name.startsWith("EDGETALLY")) return undefined;
  if (typeof value === "object" && value !== null) return structuredClone(value);
  if (typeof value !== "string" || !value.trimStart().startsWith("{")) return undefined;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

/**
 * The tables of all variables that hold settings, as one.
 * @param {Record<string, unknown>} vars
 * @returns {{sources: Record<string, Table>, destinations: Record<string, Table>}}
 */
export function merged(vars) {
  /** @type {{sources: Record<string, Table>, destinations: Record<string, Table>}} */
  const all = {sources: {}, destinations: {}};
  for (const [name, value] of Object.entries(vars)) {
    const table = tableOf(name, value);
    for (const key of /** @type {const} */ (["sources", "destinations"])) {
      for (const [one, settings] of Object.entries(table?.[key] ?? {})) all[key][one] = {...all[key][one], ...settings};
    }
  }
  return all;
}

/**
 * What the stand-ins accept, under the names that the settings give the secrets of a destination.
 * @param {string} name
 * @param {Table} table
 * @returns {Record<string, string>}
 */
function secretsOf(name, table) {
  const known = PLATFORMS.find(({platform}) => platform === (table.platform ?? name));
  if (!known) return {};
  if (known.platform === "webhook") {
    const [value = ""] = Object.values(known.secrets);
    return {[table.secret ?? `${name.toUpperCase().replaceAll("-", "_")}_SECRET`]: value};
  }
  return Object.fromEntries(
    Object.entries(known.secrets).map(([usual, value]) => [table[usual.slice(known.platform.length + 1).toLowerCase()] ?? usual, value]),
  );
}

/**
 * The variables as they are, but for development, and the platforms' stand-ins.
 * @param {Record<string, unknown>} vars
 * @param {string} twin
 * @param {string[]} [origins] of pages on this machine, beside those of the settings
 */
export function developing(vars, twin, origins = []) {
  const {sources, destinations} = merged(vars);
  const changed = {...vars};
  for (const [name, value] of Object.entries(vars)) {
    const table = tableOf(name, value);
    if (!table) continue;
    changed[name] = table;
    for (const source of Object.values(table.sources ?? {})) if (source.origins) source.origins = [...new Set([...source.origins, ...origins])];
    delete table.environment;
    delete table.twin;
    // What happens on this machine is nobody's alarm.
    delete table.alerts;
    for (const [place, settings] of Object.entries(table.destinations ?? {})) {
      const known = PLATFORMS.find(({platform}) => platform === (settings.platform ?? place));
      // What test events need is another one every day, and stands in few settings; the stand-ins take any.
      table.destinations[place] = {...known?.test, ...settings};
      // The stand-in judges at once; nobody wants to wait half an hour for that.
      if (known?.platform === "google_ads") table.destinations[place].status_seconds = 1;
    }
  }
  changed.EDGETALLY = {.../** @type {Table} */ (changed.EDGETALLY ?? {}), environment: "development", twin};
  /** @type {Record<string, string>} */
  const sourceSecrets = {};
  /** @type {Record<string, string>} */
  const secrets = {EDGETALLY_KEY: randomBytes(16).toString("hex"), EDGETALLY_ADMIN_TOKEN: `dev-${randomBytes(12).toString("hex")}`};
  for (const [name, {secret, event_token: token, measurement_protocol: collect}] of Object.entries(sources)) {
    if (secret) sourceSecrets[name] = secrets[secret] ??= `dev-${name}-${randomBytes(12).toString("hex")}`;
    if (token) secrets[token] ??= randomBytes(24).toString("hex");
    if (collect?.api_secret) secrets[collect.api_secret] ??= randomBytes(16).toString("hex");
  }
  for (const [name, table] of Object.entries(destinations)) Object.assign(secrets, secretsOf(name, table));
  const keys = Object.fromEntries(
    Object.entries(sources)
      .filter(([, {key, origins}]) => key && origins?.[0])
      .map(([name, {key, origins}]) => [name, {key, origin: origins[0]}]),
  );
  const places = Object.entries(destinations).map(([name, table]) => {
    const platform = String(table.platform ?? name);
    const known = PLATFORMS.find((one) => one.platform === platform);
    return {name, platform, title: known?.name === name || known?.platform === name ? known.title : name, order: PLATFORMS.indexOf(/** @type {any} */ (known))};
  });
  const hooks = Object.values(destinations).flatMap(({url}) => (typeof url === "string" && URL.canParse(url) ? [new URL(url).host] : []));
  return {vars: changed, secrets, sourceSecrets, keys, hooks, places: places.sort((a, b) => a.order - b.order)};
}

/** A purchase to try things with. */
export const EXAMPLE = {
  event: "purchase",
  transaction_id: "mine-1",
  value: 129.9,
  currency: "EUR",
  items: [{item_id: "SKU-44", item_name: "Desk lamp", price: 129.9, quantity: 1}],
  user: {email: "elena@mail.example", phone: "+49 1512 3456789"},
  context: {page_url: "https://shop.example/thanks", user_agent: "Mozilla/5.0", client_id: "1380133182.1764792191"},
  consent: {ad_storage: "granted", ad_user_data: "granted", ad_personalization: "granted", analytics_storage: "granted"},
};

/**
 * @typedef {object} Options
 * @property {string} project
 * @property {string[]} [origins] of pages on this machine that may send, beside those of the settings
 * @property {number} [port] of the gateway
 * @property {number} [page] of the page
 * @property {string} [persist]
 * @property {(line: import("./runtime.mjs").LogLine) => void} [log]
 */

/**
 * Starts everything.
 * @param {Options} options
 */
export async function startDev({project, origins, port, page, persist, log}) {
  const config = await readConfig(project);
  const {startTwin} = await import(pathToFileURL(join(TWIN, "server.mjs")).href);
  // The hosts of webhooks have to be known before the settings name the twin's address, and the address before the gateway starts.
  const twin = await startTwin({port: await free(PORTS.twin), webhookHosts: developing(config.vars, "").hooks});
  const {vars, secrets, sourceSecrets, keys, places} = developing(config.vars, twin.url, origins);
  const closing = [() => twin.close()];
  const close = async () => {
    for (const one of closing.reverse().splice(0)) await one();
  };
  try {
    /** @type {Gateway | undefined} */
    let gateway;
    const about = {gateway: "", snippet: ""};
    const live = await startLive({
      ask: (path) => (gateway ? gateway.ask(path) : Promise.reject(new Error("still starting"))),
      twin,
      places,
      about,
      port: page ?? (await free(PORTS.page)),
    });
    closing.push(() => live.close());
    const wrap = readFileSync(new URL("live/notes.js", import.meta.url), "utf8");
    const worker = await startWorker({
      project, vars, wrap, secrets: {...secrets, LIVE: live.url}, port: port ?? (await free(PORTS.gateway)),
      ...(persist && {persist}), ...(log && {log}),
      queue: {maxBatchTimeout: 1},
    });
    closing.push(() => worker.dispose());
    const token = secrets.EDGETALLY_ADMIN_TOKEN ?? "";
    gateway = new Gateway(worker.url, token);
    about.gateway = worker.url.origin;
    const [secret] = Object.values(sourceSecrets);
    about.snippet = secret === undefined ? "" : curl(worker.url, secret);
    const cron = async () => {
      // In a deployment the runtime does that every ten minutes; locally nobody does.
      const entry = /** @type {{scheduled: (event: {cron: string}) => Promise<unknown>}} */ (/** @type {unknown} */ (await worker.mf.getWorker()));
      await entry.scheduled({cron: "*/10 * * * *"});
    };
    return {gateway, live, twin, worker, places, token, keys, sourceSecrets, snippet: about.snippet, cron, close};
  } catch (error) {
    await close();
    throw error;
  }
}

/** @param {URL} url @param {string} secret */
function curl(url, secret) {
  return `curl -s ${new URL("/v1/events", url)} \\
  -H 'Authorization: Bearer ${secret}' -H 'Content-Type: application/json' \\
  -d '${JSON.stringify(EXAMPLE)}'`;
}
