// `edgetally doctor`: whether a gateway works, in plain words.

import {existsSync} from "node:fs";
import {join} from "node:path";
import {setTimeout as sleep} from "node:timers/promises";
import {merged} from "../dev.mjs";
import {Exit, FINE, FOUND_WANTING, usage} from "../exits.mjs";
import {GATEWAY_FLAGS, GATEWAY_HELP, Gateway} from "../gateway.mjs";
import {inWords} from "../reasons.mjs";
import {readConfig} from "../runtime.mjs";
import {bold, dim, green, print, red, wrap, yellow} from "../terminal.mjs";

export {words as usage};
const words = "[flags]";
export const help = `
Asks a gateway what it is to be asked: is it healthy, has it its store, queues and ledger, do the ledger's
books balance, does the cron trigger run, and does a test event reach each destination. ${GATEWAY_HELP.split("\n")[0]}
${GATEWAY_HELP.split("\n")[1]}

  --source NAME   which source the test event comes from; its secret is in EDGETALLY_SOURCE_SECRET
  --no-event      without the test event
  --wait SECONDS  for what becomes of it (45)
  --json          {checks: [{name, state, words}]}

The test event goes to the platforms' test modes, and is checked and encoded only where there is none. Meta
counts test events all the same: https://github.com/edgetally/edgetally/blob/main/docs/destinations/meta.md.
Ends with 1 where something is wrong, 3 where the gateway cannot be reached.`;

export const flags = /** @type {const} */ ({...GATEWAY_FLAGS, source: {type: "string"}, "no-event": {type: "boolean"}, wait: {type: "string"}});

/** @typedef {{name: string, state: "fine" | "warning" | "wrong" | "unknown", words: string}} Check */

const BINDINGS = {CLAIMS: "the store of event ids (KV)", EVENTS: "the queue of events", SLOW: "the queue of slow destinations", LEDGER: "the ledger (Durable Object)"};

/** Hours after which a verdict that still waits is one that nobody asks for. */
const PATIENCE = "two hours";

/** @param {Gateway} gateway @returns {Promise<Check[]>} */
async function health(gateway) {
  const {status, body} = await gateway.fetch("/v1/health");
  if (body?.status === undefined) return [{name: "health", state: "wrong", words: `${gateway.url.origin}/v1/health answers ${status} and nothing that edgetally says: is it edgetally?`}];
  /** @type {Check[]} */
  const checks = [
    body.status === "ok"
      ? {name: "health", state: "fine", words: `edgetally ${body.release} is healthy.`}
      : {name: "health", state: "wrong", words: `The gateway says ${body.status}, so it takes no events (senders keep theirs and come back).`},
  ];
  for (const fault of body.settings ?? []) checks.push({name: "settings", state: "wrong", words: typeof fault === "string" ? fault : `${fault.path}: ${fault.rule ?? fault.message ?? "at fault"}`});
  for (const [binding, what] of Object.entries(BINDINGS)) {
    if (body.bindings?.[binding] === false) checks.push({name: "bindings", state: "wrong", words: `${binding}, ${what}, is missing: see wrangler.toml.`});
  }
  if (Object.keys(BINDINGS).every((binding) => body.bindings?.[binding])) checks.push({name: "bindings", state: "fine", words: "Store, both queues and the ledger are there."});
  for (const [name, until] of Object.entries(body.paused_here ?? {})) {
    checks.push({name, state: "warning", words: `Paused for now (${typeof until === "string" ? until : JSON.stringify(until)}): the platform is away, or refuses the credential.`});
  }
  for (const line of body.warnings ?? []) checks.push({name: "attention", state: "warning", words: String(line)});
  for (const {platform, api_version: version, ends, days_left: days} of body.versions ?? []) {
    if (days !== null && days <= 60) checks.push({name: platform, state: days <= 0 ? "wrong" : "warning", words: `Version ${version} ${days <= 0 ? "has ended" : "ends"} on ${ends}: update edgetally.`});
  }
  return checks;
}

/** @param {Gateway} gateway @param {string} project @returns {Promise<Check[]>} */
async function books(gateway, project) {
  if (!gateway.token) return [{name: "ledger", state: "unknown", words: "Not asked: set EDGETALLY_ADMIN_TOKEN."}];
  const book = await gateway.ask("/v1/ledger");
  const sum = (/** @type {string} */ key) => book.balances.reduce((/** @type {number} */ all, /** @type {any} */ one) => all + (one[key] ?? 0), 0);
  const remainder = sum("remainder");
  /** @type {Check[]} */
  const checks = [
    remainder === 0
      ? {name: "ledger", state: "fine", words: `The books balance: ${sum("accepted")} copies accounted for, remainder 0.`}
      : {name: "ledger", state: "warning", words: `The remainder is ${remainder}. That passes within a minute while events are on their way; if it stays, something was lost.`},
  ];
  if (book.reports_waiting > 0) checks.push({name: "ledger", state: "warning", words: `${book.reports_waiting} reports wait for others that they build upon.`});
  const stuck = [...new Set(book.balances.filter((/** @type {any} */ one) => one.retrying > 0).map((/** @type {any} */ one) => `${one.destination} ${one.retrying}`))];
  if (stuck.length > 0) checks.push({name: "queue", state: "warning", words: `Events are being tried again: ${stuck.join(", ")}. "edgetally tail" shows why.`});
  const judged = book.balances.filter((/** @type {any} */ one) => one.processing > 0).map((/** @type {any} */ one) => `${one.destination} ${one.processing}`);
  const crons = await scheduled(project);
  if (crons === false) checks.push({name: "cron", state: "wrong", words: "wrangler.toml has no [triggers] crons, so nobody asks the platforms that judge later."});
  else if (judged.length > 0) checks.push({name: "cron", state: "unknown", words: `A verdict is waited for: ${judged.join(", ")}. If that does not go down within ${PATIENCE}, the cron trigger does not run.`});
  else checks.push({name: "cron", state: crons ? "fine" : "unknown", words: crons ? "The trigger is in wrangler.toml, and no verdict waits." : "No verdict waits. Whether the trigger runs is seen on the worker's page in the dashboard."});
  return checks;
}

/** Whether wrangler.toml has a cron trigger; undefined without a file. @param {string} project */
async function scheduled(project) {
  if (!existsSync(join(project, "wrangler.toml"))) return undefined;
  const config = /** @type {any} */ (await readConfig(project));
  return (config.triggers?.crons ?? []).length > 0;
}

/**
 * A purchase that every platform could take.
 * @param {string} id
 * @param {string} origin
 */
const testEvent = (id, origin) => ({
  event: "purchase",
  event_id: id,
  value: 1,
  currency: "EUR",
  items: [{item_id: "test", item_name: "Test of edgetally doctor", price: 1, quantity: 1}],
  user: {external_id: id, email: "doctor@edgetally.example", phone: "+49 1512 3456789", first_name: "Test", last_name: "Event", city: "Berlin", postal_code: "10115", country: "DE"},
  context: {page_url: `${origin}/thanks`, user_agent: "Mozilla/5.0 (X11; Linux x86_64) edgetally-doctor", ip: "203.0.113.24", client_id: "1380133182.1764792191", session_id: String(Math.floor(Date.now() / 1000)), click_ids: {gclid: "EdgetallyDoctorTest", li_fat_id: "00000000-0000-4000-8000-000000000000", msclkid: "0123456789abcdef0123456789abcdef"}},
  consent: {ad_storage: "granted", analytics_storage: "granted", ad_user_data: "granted", ad_personalization: "granted"},
  test: true,
});

/** The origin of a source's pages, where wrangler.toml is here. @param {Record<string, any>} flags */
async function origin(flags) {
  if (!existsSync(join(flags.project, "wrangler.toml"))) return "https://shop.example";
  const {sources} = merged(/** @type {any} */ (await readConfig(flags.project)).vars ?? {});
  const source = sources[flags.source ?? Object.keys(sources)[0] ?? ""];
  return source?.origins?.[0] ?? "https://shop.example";
}

/** @param {string} name @param {string} state @returns {Check} */
function verdict(name, state) {
  const [word = "", code] = state.split(":");
  if (code === "dry_run") return {name, state: "fine", words: "Checked and encoded. The platform has no test mode, so nothing was sent."};
  if (word === "delivered") return {name, state: "fine", words: `The platform took it in its test mode.${code ? ` It remarked: ${code}.` : ""}`};
  if (word === "processing") return {name, state: "fine", words: "The platform has it and judges later."};
  if (word === "retrying") return {name, state: "wrong", words: `Not taken yet, and tried again: ${inWords(state)}`};
  if (word === "skipped" || word === "blocked") return {name, state: "warning", words: `${state}. ${inWords(state)}`};
  return {name, state: "wrong", words: `${state}. ${inWords(state)}`};
}

/** @param {Gateway} gateway @param {Record<string, any>} flags @param {number} seconds @returns {Promise<Check[]>} */
async function event(gateway, flags, seconds) {
  let secret;
  try {
    secret = gateway.secret(flags);
  } catch (error) {
    return [{name: "test event", state: "unknown", words: `Not sent: ${/** @type {Error} */ (error).message}.`}];
  }
  const id = `doctor-${crypto.randomUUID()}`;
  const {status, body} = await gateway.post(JSON.stringify(testEvent(id, await origin(flags))), secret);
  const [result] = body?.results ?? [];
  if (!result || result.status === "rejected") {
    const {code = status, message = ""} = body?.error ?? result ?? {};
    return [{name: "test event", state: "wrong", words: `Not taken: ${code}. ${message}`}];
  }
  /** @type {Record<string, string>} */
  let states = result.destinations ?? {};
  const open = () => Object.entries(states).filter(([, state]) => ["queued", "received", "accepted"].includes(state.split(":")[0] ?? ""));
  if (!gateway.token) return [{name: "test event", state: "fine", words: `${id} was taken. What became of it is told with EDGETALLY_ADMIN_TOKEN.`}];
  const until = Date.now() + seconds * 1000;
  while (Date.now() < until && (open().length > 0 || Object.values(states).some((state) => state.startsWith("retrying")))) {
    await sleep(500);
    const {events} = await gateway.ask(`/v1/recent?limit=100&event_id=${encodeURIComponent(id)}`);
    for (const {what} of events.reverse()) states = {...states, ...what};
  }
  const waiting = open().map(([name]) => name);
  /** @type {Check[]} */
  const checks = waiting.length > 0 ? [{name: "queue", state: "wrong", words: `After ${seconds} s nothing became of the test event at ${waiting.join(", ")}: does the queue have its consumer (wrangler queues info edgetally-events)?`}] : [{name: "queue", state: "fine", words: "The queue handed the test event over."}];
  return [...checks, ...Object.entries(states).filter(([name]) => !waiting.includes(name)).map(([name, state]) => verdict(name, state))];
}

const MARKS = {fine: green("✓"), warning: yellow("!"), wrong: red("✕"), unknown: dim("?")};

/** @param {Record<string, any>} flags @param {string[]} given */
export async function run(flags, given) {
  if (given.length > 0) throw usage(`"${given[0]}" is one word too many; --url URL for a gateway elsewhere`);
  const seconds = Number(flags.wait ?? 45);
  if (!Number.isFinite(seconds) || seconds < 0) throw usage(`--wait ${flags.wait}: is no number of seconds`);
  const gateway = Gateway.of(/** @type {any} */ (flags));
  /** @type {Check[]} */
  const checks = [];
  const part = async (/** @type {string} */ name, /** @type {() => Promise<Check[]>} */ look) => {
    const found = await look().catch((error) => {
      if (error instanceof Exit && error.code !== FOUND_WANTING) throw error;
      return [/** @type {Check} */ ({name, state: "wrong", words: error.message})];
    });
    checks.push(...found);
    if (!flags.json) {
      for (const one of found) {
        const [first = "", ...rest] = wrap(one.words, 16).split("\n");
        print(`${MARKS[one.state]} ${bold(one.name.padEnd(13))} ${first.trimStart()}${rest.length > 0 ? `\n${rest.join("\n")}` : ""}`);
      }
    }
  };
  await part("health", () => health(gateway));
  await part("ledger", () => books(gateway, flags.project));
  if (!flags["no-event"] && checks.every(({name, state}) => name !== "health" || state === "fine")) await part("test event", () => event(gateway, flags, seconds));
  const wrong = checks.filter(({state}) => state === "wrong").length;
  if (flags.json) print(JSON.stringify({url: gateway.url.origin, checks}));
  else print(`\n${wrong === 0 ? green("Nothing is wrong.") : red(`${wrong} ${wrong === 1 ? "thing is" : "things are"} wrong.`)}`);
  return wrong === 0 ? FINE : FOUND_WANTING;
}
