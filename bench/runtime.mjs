// One workerd for each candidate, so that its CPU can be told apart. The socket leads straight to the worker, and
// nothing consumes the queue: what is counted is what taking a request in costs.

import {mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {execFileSync, spawn} from "node:child_process";
import {once} from "node:events";
import {createRequire} from "node:module";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {createInterface} from "node:readline";
import {fileURLToPath} from "node:url";
import {Log, LogLevel, Miniflare} from "miniflare";

const build = new URL("../worker/build/", import.meta.url);

/** The two files of a build. */
export const built = (folder = build) => [
  {type: /** @type {const} */ ("ESModule"), path: "index.js", contents: readFileSync(new URL("index.js", folder), "utf8")},
  {
    type: /** @type {const} */ ("CompiledWasm"),
    path: "index_bg.wasm",
    contents: new Uint8Array(readFileSync(new URL("index_bg.wasm", folder))),
  },
];

/** @param {string} contents */
export const script = (contents) => [{type: /** @type {const} */ ("ESModule"), path: "entry.js", contents}];

const settings = {
  environment: "production",
  sources: {shop: {secret: "SHOP_SECRET", default_country: "DE", destinations: ["meta", "ga4"]}},
  destinations: {meta: {dataset_id: "1234567890123456"}, ga4: {measurement_id: "G-9ABCDE1234", eu: true}},
};
export const bearer = "bench-secret-0123456789";

const secrets = {
  EDGETALLY_KEY: "0123456789abcdef0123456789abcdef",
  EDGETALLY_ADMIN_TOKEN: "admin-token-0123456789",
  SHOP_SECRET: bearer,
  META_ACCESS_TOKEN: "EAAB-bench-token",
  GA4_API_SECRET: "s3cr3t",
};
const compatibility = {
  date: "2026-04-24",
  flags: ["queue_consumer_no_wait_for_wait_until", "global_fetch_strictly_public"],
};

/**
 * @typedef {object} Candidate
 * @property {URL} url
 * @property {number} pid
 * @property {() => Promise<void>} dispose
 */

/**
 * @param {ReturnType<typeof built> | ReturnType<typeof script>} modules the first is the entry point
 * @param {{ledger?: boolean}} [options]
 * @returns {Promise<Candidate>}
 */
export async function start(modules, {ledger = false} = {}) {
  const before = new Set(children());
  const mf = new Miniflare({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    log: new Log(LogLevel.ERROR),
    logRequests: false,
    telemetry: {enabled: false},
    name: "bench",
    unsafeDirectSockets: [{host: "127.0.0.1", port: 0}],
    modules: /** @type {any} */ (modules),
    compatibilityDate: compatibility.date,
    compatibilityFlags: compatibility.flags,
    bindings: {EDGETALLY: settings, ...secrets},
    kvNamespaces: ["CLAIMS"],
    queueProducers: {EVENTS: {queueName: "edgetally-events"}},
    ...(ledger && {durableObjects: {LEDGER: {className: "Ledger", useSQLite: true}}}),
    outboundService: {network: {allow: ["local"]}},
  });
  await mf.ready;
  const url = await mf.unsafeGetDirectURL();
  const pid = children().find((child) => !before.has(child));
  if (pid === undefined) throw new Error("the runtime's process was not found");
  return {url, pid, dispose: () => mf.dispose()};
}

/**
 * The runtime by itself, with nothing beside the worker: no stores, no queue, no tool around it.
 * @param {ReturnType<typeof built> | ReturnType<typeof script>} modules the first is the entry point
 * @param {string[]} options
 * @returns {Promise<Candidate>}
 */
export async function startBare(modules, options = []) {
  const folder = mkdtempSync(join(tmpdir(), "edgetally-bench-"));
  for (const {path, contents} of modules) writeFileSync(join(folder, path), contents);
  const named = modules.map(({type, path}) => `(name = "${path}", ${type === "ESModule" ? "esModule" : "wasm"} = embed "${path}")`);
  const bindings = [
    `(name = "EDGETALLY", json = ${JSON.stringify(JSON.stringify(settings))})`,
    ...Object.entries(secrets).map(([name, text]) => `(name = "${name}", text = "${text}")`),
  ];
  writeFileSync(
    join(folder, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [${named.join(", ")}],
  compatibilityDate = "${compatibility.date}",
  compatibilityFlags = ${JSON.stringify(compatibility.flags)},
  bindings = [${bindings.join(", ")}],
);
`,
  );
  const runtime = spawn(binary, ["serve", "config.capnp", "--control-fd=3", ...options], {cwd: folder, stdio: ["ignore", "ignore", "inherit", "pipe"]});
  const control = /** @type {import("node:stream").Readable} */ (runtime.stdio[3]);
  let port = 0;
  for await (const line of createInterface(control)) {
    const told = JSON.parse(line);
    port = told.event === "listen" ? told.port : 0;
    if (port) break;
  }
  const {pid} = runtime;
  if (pid === undefined || !port) throw new Error("the runtime did not start");
  const dispose = async () => {
    runtime.kill();
    await once(runtime, "exit");
    rmSync(folder, {recursive: true});
  };
  return {url: new URL(`http://127.0.0.1:${port}`), pid, dispose};
}

/** @type {string} */
const binary = createRequire(import.meta.url)("workerd").default;

/** The runtimes that this process started. */
function children() {
  return execFileSync("ps", ["-A", "-o", "pid=,ppid=,comm="], {encoding: "utf8"})
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent, command]) => Number(parent) === process.pid && command?.includes("workerd"))
    .map(([pid]) => Number(pid));
}

/**
 * The CPU that a process has used so far, in nanoseconds: the kernel keeps it for each thread.
 * @param {number} pid
 */
export function cpu(pid) {
  let sum = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    sum += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
  }
  return sum;
}

export const versions = () => ({
  workerd: JSON.parse(readFileSync(fileURLToPath(import.meta.resolve("workerd/package.json")), "utf8")).version,
  node: process.versions.node,
});
