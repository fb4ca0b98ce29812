// `edgetally dev`: the deployment on this machine, until Ctrl-C.

import {mkdir, rm, writeFile} from "node:fs/promises";
import {dirname, join, resolve} from "node:path";
import {setTimeout as sleep} from "node:timers/promises";
import {snippet} from "../assets.mjs";
import {startDev} from "../dev.mjs";
import {FINE, usage, wanting} from "../exits.mjs";
import {DEV_FILE, runningDev} from "../gateway.mjs";
import {readConfig} from "../runtime.mjs";
import {bold, dim, print, red, yellow} from "../terminal.mjs";
import {build} from "./build.mjs";

export {words as usage};
const words = "";
export const help = `
Runs the gateway of this folder's wrangler.toml on the real runtime, with stand-ins for the platforms that
refuse what the platforms refuse, and secrets made up for them. Nothing leaves this machine. A page shows
events as they come: their copies, what became of them at each destination, and what was sent there.

  --origin ORIGIN  of pages on this machine that may send too: http://localhost:3000; repeat it for several
  --port N         of the gateway (8787, or any when that is taken)
  --page-port N    of the page (8788, or any)
  --keep FOLDER    keeps what was seen and counted there; a temporary folder when absent
  --json           one line of JSON when all is running, then what the gateway logs, one line each

While it runs, send, tail, why and doctor in this folder talk to it. Ends with 0 on Ctrl-C; with 1 where
the settings are at fault.`;

export const flags = /** @type {const} */ ({origin: {type: "string", multiple: true}, port: {type: "string"}, "page-port": {type: "string"}, keep: {type: "string"}});

/** @param {string | undefined} text @param {string} flag */
function port(text, flag) {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0 || number > 65_535) throw usage(`${flag} ${text}: is no port`);
  return number;
}

/** @param {Awaited<ReturnType<typeof startDev>>} dev @param {string[]} scripts */
async function invite({gateway, live, places, keys, token, snippet: curl}, scripts) {
  print(bold("edgetally runs here; nothing leaves this machine"));
  print(`  page        ${live.url}   events as they come`);
  print(`  gateway     ${gateway.url.origin}`);
  print(`  dashboard   ${gateway.url.origin}/dashboard   ${dim(`sign in with ${token}`)}`);
  print(`  platforms   ${places.map(({title}) => title).join(", ")}   ${dim("stand-ins")}`);
  for (const path of scripts) print(`  script      ${new URL(path, gateway.url)}   ${dim("for pages")}`);
  for (const [name, {key, origin}] of Object.entries(keys)) print(`  key         ${key}   ${dim(`pages of ${origin}, source ${name}`)}`);
  print();
  print("Send a purchase, here or in a second terminal of this folder:");
  print("  npx edgetally send purchase --id mine-1 --value 129.90 --currency EUR --email elena@mail.example --granted \\\n    --set context.page_url=https://shop.example/thanks --set context.client_id=1380133182.1764792191");
  if (curl) print(`\n${curl}`);
  for (const path of scripts) print(`\nOr two lines in a page of yours, then edgetally("purchase", {...}); where no consent manager speaks for the visitor, edgetally("consent", {ad_storage: "granted", …}) too (--origin lets pages on this machine send):\n\n${await snippet(new URL(path, gateway.url))}`);
  print();
  print(dim("Ctrl-C ends it."));
}

/** @param {Record<string, any>} flags @param {string[]} given */
export async function run(flags, given) {
  if (given.length > 0) throw usage(`"${given[0]}" is one word too many`);
  const project = resolve(flags.project);
  const other = runningDev(project);
  if (other) throw wanting(`it runs in this folder already: ${other.page} (process ${other.pid})`);
  for (const one of flags.origin ?? []) if (!URL.canParse(one) || new URL(one).origin !== one) throw usage(`--origin ${one}: has to be like http://localhost:3000`);
  const config = await readConfig(project);
  // As a deploy does: pages load what the settings say now.
  const scripts = config.assets?.directory === undefined ? [] : await build(project);
  const dev = await startDev({
    project,
    origins: flags.origin,
    port: port(flags.port, "--port"),
    page: port(flags["page-port"], "--page-port"),
    ...(flags.keep && {persist: resolve(flags.keep)}),
    log({level, message}) {
      if (flags.json) print(JSON.stringify({level, message}));
      else if (level === "error" || level === "warn") print(`${level === "error" ? red(level) : yellow(level)} ${message}`);
    },
  });
  let stopped = false;
  /** @type {() => void} */
  let wake = () => {};
  const interrupted = /** @type {Promise<void>} */ (new Promise((done) => (wake = done)));
  // The runtime's library ends the process on a signal, before anything is tidied up; from here on that is ours.
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
    process.removeAllListeners(signal).on(signal, () => {
      stopped = true;
      wake();
    });
  }
  const file = join(project, DEV_FILE);
  try {
    const {body} = await dev.gateway.fetch("/v1/health");
    if (body?.status !== "ok") {
      const faults = (body?.settings ?? []).map((/** @type {any} */ fault) => `\n  ${typeof fault === "string" ? fault : `${fault.path}: ${fault.rule ?? fault.message}`}`);
      throw wanting(`the gateway is not healthy:${faults.join("") || ` ${JSON.stringify(body)}`}\n  edgetally check says more`);
    }
    const written = {url: dev.gateway.url.origin, page: dev.live.url, token: dev.token, pid: process.pid, secrets: dev.sourceSecrets, keys: dev.keys};
    await mkdir(dirname(file), {recursive: true});
    await writeFile(file, JSON.stringify(written), {mode: 0o600});
    if (flags.json) print(JSON.stringify(written));
    else await invite(dev, scripts.map(({path}) => path));
    while (!stopped) {
      await dev.cron();
      await Promise.race([interrupted, sleep(1000)]);
    }
    return FINE;
  } finally {
    await rm(file, {force: true});
    await dev.close();
  }
}
