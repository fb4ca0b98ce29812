// Starts the built worker under workerd, with the bindings that wrangler.toml declares: what runs in the
// tests, the demo and `edgetally dev` is what is deployed. State lives on disk, the port is a real one.
//
//   const worker = await startWorker({settings, secrets});
//   await fetch(new URL("/v1/health", worker.url));
//   await worker.dispose();

import {execFileSync} from "node:child_process";
import {existsSync, readdirSync} from "node:fs";
import {mkdtemp, readFile, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join, resolve} from "node:path";
import {wanting} from "./exits.mjs";
import {IN_REPOSITORY, Missing, ROOT, WORKER, fromWrangler} from "./places.mjs";

/**
 * One line that the worker or the runtime logged.
 * @typedef {{timestamp: number, level: string, message: string}} LogLine
 */

/**
 * What is read of wrangler.toml; the published types of wrangler refer to modules that are not published.
 * @typedef {object} Config
 * @property {string} [name]
 * @property {string} compatibility_date
 * @property {string[]} compatibility_flags
 * @property {Record<string, unknown>} vars
 * @property {{binding: string}[]} kv_namespaces
 * @property {{producers?: {binding: string, queue: string}[], consumers?: Consumer[]}} queues
 * @property {{bindings: {name: string, class_name: string}[]}} durable_objects
 * @property {{name: string, simple: {limit: number, period: 10 | 60}}[]} [ratelimits]
 * @property {{binding: string}[]} [r2_buckets]
 * @property {{directory?: string}} [assets]
 * @property {{new_sqlite_classes?: string[]}[]} migrations
 */

/**
 * @typedef {object} Consumer
 * @property {string} queue
 * @property {number} [max_batch_size]
 * @property {number} [max_batch_timeout]
 * @property {number} [max_retries]
 * @property {number} [retry_delay]
 * @property {string} [dead_letter_queue]
 */

/**
 * Replaces values that wrangler.toml gives to the consumer of the events queue.
 * @typedef {object} QueueOptions
 * @property {number} [maxBatchSize] messages per batch, at most 100
 * @property {number} [maxBatchTimeout] seconds to wait for a full batch
 * @property {number} [maxRetries] redeliveries before the dead letter queue
 * @property {number} [retryDelay] seconds before a redelivery that names no delay itself
 */

/**
 * @typedef {object} Options
 * @property {string} [project] the folder of wrangler.toml, whose wrangler brings the runtime; the repository's when absent
 * @property {string} [config] another file than wrangler.toml in it
 * @property {Record<string, unknown>} [settings] the variable EDGETALLY; that of wrangler.toml when absent
 * @property {Record<string, unknown>} [vars] all variables, in place of those of wrangler.toml
 * @property {Record<string, string>} [secrets] secret bindings by name
 * @property {string} [persist] a folder that keeps the state between runs; a temporary one when absent
 * @property {number} [port] a free one when absent
 * @property {QueueOptions} [queue]
 * @property {string} [version] which version of the worker it is said to be; none when absent
 * @property {Record<string, {simple: {limit: number, period: 10 | 60}}>} [ratelimits] rate limiting bindings by name
 * @property {Record<string, string>} [objects] bindings of Durable Objects by name, each with its class, beside those of wrangler.toml
 * @property {string[]} [buckets] R2 bindings by name, in place of those of wrangler.toml
 * @property {Record<string, unknown>} [cf] replaces members of `request.cf`
 * @property {string} [assets] a folder of files that are served as they are; that of wrangler.toml when absent, none when empty
 * @property {string} [wrap] a module in front of the built one, which it imports as "./index.js": for breaking bindings
 * @property {(line: LogLine) => void} [log] called for each line, besides keeping it
 */

/**
 * @typedef {object} Worker
 * @property {URL} url where it listens, on 127.0.0.1
 * @property {import("miniflare").Miniflare} mf for looking into bindings: `mf.getKVNamespace("CLAIMS")`, `mf.getQueueProducer("EVENTS")`
 * @property {number | undefined} pid the process of the runtime, for measuring it
 * @property {LogLine[]} logs every line so far
 * @property {() => Promise<void>} dispose stops it, and removes the state unless `persist` was given
 */

// What a visitor in Berlin looks like; fixed, so that no run depends on where it runs or fetches it.
const berlin = {
  asn: 64496,
  asOrganization: "Example Carrier",
  city: "Berlin",
  colo: "TXL",
  continent: "EU",
  country: "DE",
  isEUCountry: "1",
  latitude: "52.52000",
  longitude: "13.40500",
  postalCode: "10115",
  region: "Land Berlin",
  regionCode: "BE",
  timezone: "Europe/Berlin",
};

/**
 * What wrangler.toml says, as wrangler reads it.
 * @param {string} project
 * @param {string} [file]
 * @returns {Promise<Config>}
 */
export async function readConfig(project, file = "wrangler.toml") {
  const {unstable_readConfig: read} = await fromWrangler("wrangler", project);
  try {
    return read({config: join(project, file)}, {hideWarnings: true});
  } catch (error) {
    // No more than the first line: the others repeat what stands in the file.
    throw wanting(`${file} cannot be read: ${String(/** @type {Error} */ (error).message).split("\n")[0]}`);
  }
}

/**
 * Starts the built worker and answers when it listens.
 * @param {Options} [options]
 * @returns {Promise<Worker>}
 */
export async function startWorker(options = {}) {
  const project = options.project ?? ROOT;
  const config = await readConfig(project, options.config);
  const {Log, LogLevel, Miniflare} = /** @type {typeof import("miniflare")} */ (await fromWrangler("miniflare", project));
  const folder = options.assets ?? (config.assets?.directory && resolve(project, config.assets.directory));
  // What serves files stands in front of the worker, and closes connections on which the worker answers before it has read all.
  // So it is there only where there are files.
  const assets = folder && existsSync(folder) && readdirSync(folder).length > 0 ? folder : undefined;
  const state = options.persist ?? (await mkdtemp(join(tmpdir(), "edgetally-state-")));
  /** @type {LogLine[]} */
  const logs = [];
  const before = new Set(runtimes());
  const mf = new Miniflare({
    host: "127.0.0.1",
    port: options.port ?? 0,
    defaultPersistRoot: state,
    cf: {...berlin, ...options.cf},
    log: new Log(LogLevel.ERROR),
    logRequests: false,
    telemetry: {enabled: false},
    handleStructuredLogs(/** @type {LogLine} */ line) {
      logs.push(line);
      options.log?.(line);
    },
    name: config.name ?? "edgetally",
    modules: await modules(options.wrap),
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags,
    bindings: {
      ...(options.vars ?? config.vars),
      ...(options.settings && {EDGETALLY: /** @type {any} */ (options.settings)}),
      ...options.secrets,
      ...(options.version && {CF_VERSION_METADATA: {id: options.version, tag: options.version}}),
    },
    ratelimits: options.ratelimits ?? Object.fromEntries((config.ratelimits ?? []).map(({name, simple}) => [name, {simple}])),
    // What is no file is asked of the worker.
    ...(assets && {assets: {directory: assets, routerConfig: {has_user_worker: true}}}),
    kvNamespaces: config.kv_namespaces.map(({binding}) => binding),
    r2Buckets: options.buckets ?? (config.r2_buckets ?? []).map(({binding}) => binding),
    queueProducers: Object.fromEntries(
      (config.queues.producers ?? []).map(({binding, queue}) => [binding, {queueName: queue}]),
    ),
    queueConsumers: Object.fromEntries(
      (config.queues.consumers ?? []).map((consumer) => [
        consumer.queue,
        {
          maxBatchSize: consumer.max_batch_size,
          maxBatchTimeout: consumer.max_batch_timeout,
          maxRetries: consumer.max_retries,
          retryDelay: consumer.retry_delay,
          deadLetterQueue: consumer.dead_letter_queue,
          // The consumers that have a dead letter queue are those of the events.
          ...(consumer.dead_letter_queue && options.queue),
        },
      ]),
    ),
    durableObjects: {
      ...Object.fromEntries(Object.entries(options.objects ?? {}).map(([name, className]) => [name, {className, useSQLite: true}])),
      ...Object.fromEntries(
        config.durable_objects.bindings.map(({name, class_name}) => [
          name,
          {
            className: class_name,
            useSQLite: config.migrations.some((step) => step.new_sqlite_classes?.includes(class_name)),
          },
        ]),
      ),
    },
    // Only this machine: a test with real-looking settings can never reach an ad platform.
    outboundService: {network: {allow: ["local"], tlsOptions: {trustBrowserCas: true}}},
  });
  const dispose = async () => {
    await mf.dispose();
    if (!options.persist) await rm(state, {recursive: true, force: true});
  };
  try {
    const url = await mf.ready;
    return {url, mf, pid: runtimes().find((pid) => !before.has(pid)), logs, dispose};
  } catch (error) {
    await dispose();
    throw error;
  }
}

/**
 * The two files that the build writes; the glue imports the other as "./index_bg.wasm". The first is the entry point.
 * @param {string} [wrap]
 */
async function modules(wrap) {
  const read = (/** @type {string} */ name) =>
    readFile(join(WORKER, name)).catch(() => {
      throw new Missing(IN_REPOSITORY ? `worker/build/${name} is missing: run "make build" first` : `${join(WORKER, name)} is missing: install edgetally anew`);
    });
  return [
    ...(wrap === undefined ? [] : [{type: /** @type {const} */ ("ESModule"), path: "wrap.js", contents: wrap}]),
    {type: /** @type {const} */ ("ESModule"), path: "index.js", contents: await read("index.js")},
    {type: /** @type {const} */ ("CompiledWasm"), path: "index_bg.wasm", contents: await read("index_bg.wasm")},
  ];
}

/** The runtimes that this process started. */
function runtimes() {
  try {
    return execFileSync("ps", ["-A", "-o", "pid=,ppid=,comm="], {encoding: "utf8"})
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(([, parent, command]) => Number(parent) === process.pid && command?.includes("workerd"))
      .map(([pid]) => Number(pid));
  } catch {
    return []; // a machine without ps: the pid stays unknown
  }
}
