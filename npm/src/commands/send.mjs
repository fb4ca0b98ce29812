// `edgetally send`: one event from flags, or a file of them.

import {usage, wanting, FINE, FOUND_WANTING} from "../exits.mjs";
import {GATEWAY_FLAGS, GATEWAY_HELP, Gateway} from "../gateway.mjs";
import {check, howFar, send} from "../ndjson.mjs";
import {inWords} from "../reasons.mjs";
import {Progress, bold, counted, dim, green, number, print, red, wrap, yellow} from "../terminal.mjs";

export {words as usage};
const words = "EVENT [flags] | --file PATH";
export const help = `
Sends events as a server does. ${GATEWAY_HELP.replace("\n", " ").replace("\n", "\n")}
The source's secret is in EDGETALLY_SOURCE_SECRET, or that of "edgetally dev" (--source NAME where there
are several).

  EVENT                purchase, page_view, … or a name of your own
  --id ID              event_id; of a purchase, the order
  --value 129.90 --currency EUR
  --email, --phone, --external-id
  --granted, --denied  all four consent words; neither: none is sent
  --set PATH=VALUE     any other field: --set context.page_url=https://shop.example/thanks --set items='[…]'
  --test               to the platforms' test modes

  --file PATH          one JSON event per line; - reads standard input. Read no faster than it is answered

Ends with 1 where an event was refused.`;

export const flags = /** @type {const} */ ({
  ...GATEWAY_FLAGS,
  source: {type: "string"},
  file: {type: "string"},
  id: {type: "string"},
  value: {type: "string"},
  currency: {type: "string"},
  email: {type: "string"},
  phone: {type: "string"},
  "external-id": {type: "string"},
  granted: {type: "boolean"},
  denied: {type: "boolean"},
  test: {type: "boolean"},
  set: {type: "string", multiple: true},
});

const CONSENT = ["ad_storage", "analytics_storage", "ad_user_data", "ad_personalization"];

/**
 * A value as JSON where it is, else as a text. What looks like a number and would not come out as it went in, such as a client
 * id, stays a text.
 * @param {string} text
 */
function valueOf(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "number" && String(value) !== text ? text : value;
  } catch {
    return text;
  }
}

/**
 * @param {Record<string, any>} event
 * @param {string} assignment
 */
function set(event, assignment) {
  const [, path = "", text = ""] = /^([a-z0-9_.]+)=([^]*)$/i.exec(assignment) ?? [];
  const keys = path.split(".");
  if (path === "" || keys.some((key) => key === "" || key === "__proto__")) throw usage(`--set ${assignment}: has to be PATH=VALUE, such as context.page_url=https://shop.example/`);
  let place = event;
  for (const key of keys.slice(0, -1)) {
    if (typeof place[key] !== "object" || place[key] === null) place[key] = {};
    place = place[key];
  }
  place[keys.at(-1) ?? ""] = valueOf(text);
}

/**
 * The event that the flags describe.
 * @param {Record<string, any>} flags
 * @param {string} name
 */
export function eventOf(flags, name) {
  if (flags.granted && flags.denied) throw usage("--granted and --denied contradict each other");
  /** @type {Record<string, any>} */
  const event = {event: name};
  if (flags.id !== undefined) event.event_id = flags.id;
  else if (name !== "purchase") event.event_id = crypto.randomUUID();
  if (flags.value !== undefined) {
    const value = Number(flags.value);
    if (flags.value.trim() === "" || !Number.isFinite(value)) throw usage(`--value ${flags.value}: is no number`);
    event.value = value;
  }
  if (flags.currency !== undefined) event.currency = flags.currency;
  const user = {email: flags.email, phone: flags.phone, external_id: flags["external-id"]};
  const given = Object.entries(user).filter(([, value]) => value !== undefined);
  if (given.length > 0) event.user = Object.fromEntries(given);
  if (flags.granted || flags.denied) event.consent = Object.fromEntries(CONSENT.map((key) => [key, flags.granted ? "granted" : "denied"]));
  if (flags.test) event.test = true;
  for (const assignment of flags.set ?? []) set(event, assignment);
  return event;
}

/** @param {string} state */
export function coloured(state) {
  const word = state.split(":")[0] ?? "";
  if (["delivered", "queued", "accepted", "received"].includes(word)) return green(state);
  if (["rejected", "dead"].includes(word)) return red(state);
  return ["retrying", "processing"].includes(word) ? yellow(state) : dim(state);
}

/** @param {any} result of one event */
function tell(result) {
  const {status, event_id: id, code, path, message, destinations = {}, removed = [], changed = []} = result;
  print(`${status === "rejected" ? red(bold(status)) : bold(status)}  ${id ?? ""}${code ? `  ${code}` : ""}`);
  if (message) print(wrap(`${path ? `${path}: ` : ""}${message}`));
  const width = Math.max(0, ...Object.keys(destinations).map((name) => name.length)) + 2;
  for (const [name, state] of Object.entries(destinations)) {
    print(`  ${name.padEnd(width)}${coloured(state)}`);
    if (state.includes(":")) print(wrap(inWords(state), width + 2));
  }
  for (const one of removed) print(`  left out  ${one.path}: ${one.code}`);
  for (const one of changed) print(`  changed   ${one.path}: ${one.code}`);
}

/** @param {Gateway} gateway @param {string} secret @param {Record<string, any>} flags @param {string} name */
async function single(gateway, secret, flags, name) {
  const {status, body} = await gateway.post(JSON.stringify(eventOf(flags, name)), secret);
  const [result] = body?.results ?? [];
  if (flags.json) print(JSON.stringify(body ?? {status}));
  else if (result) tell(result);
  else if (!body?.error) throw wanting(`the gateway answered ${status}`);
  if (!result && !flags.json) throw wanting(`${body.error.code}: ${body.error.message}`);
  if (!flags.json && result && result.status !== "rejected") print(dim(`\nedgetally why ${result.event_id}   says what became of it`));
  return result && result.status !== "rejected" ? FINE : FOUND_WANTING;
}

/** @param {Gateway} gateway @param {string} secret @param {Record<string, any>} flags */
async function many(gateway, secret, flags) {
  const size = await check(flags.file).catch((error) => {
    throw usage(`--file ${error.message}`);
  });
  const counts = {received: 0, accepted: 0, duplicates: 0, rejected: 0, blocked: 0};
  const progress = new Progress();
  const began = Date.now();
  const told = await send(
    flags.file,
    (body) => gateway.post(body, secret),
    ({body}) => {
      counts.received += body?.results?.length ?? 0;
      for (const key of /** @type {const} */ (["accepted", "duplicates", "rejected", "blocked"])) counts[key] += body?.[key] ?? 0;
    },
    {size, stopped: () => false, progress: (at) => !flags.json && progress.update(howFar(at, (Date.now() - began) / 1000))},
  );
  progress.end();
  const unreadable = Object.fromEntries(told.unreadable);
  if (flags.json) {
    print(JSON.stringify({lines: told.lines, empty: told.empty, ...counts, unreadable, faults: told.faults}));
  } else {
    const parts = Object.entries(counts).filter(([key, n]) => key !== "received" && n > 0).map(([key, n]) => `${number(n)} ${key}`);
    print(`${counted(told.lines, "line")}, ${counted(counts.received, "event")} sent${parts.length > 0 ? `: ${parts.join(", ")}` : ""}`);
    for (const {line, code, text} of told.faults) print(`  line ${line}: ${red(code)} ${text}`);
    if (told.faulty > told.faults.length) print(`  and ${number(told.faulty - told.faults.length)} more`);
  }
  return told.faulty === 0 ? FINE : FOUND_WANTING;
}

/** @param {Record<string, any>} flags @param {string[]} given */
export async function run(flags, given) {
  if (flags.file === undefined && given.length !== 1) throw usage("one event's name, or --file PATH (edgetally send --help)");
  if (flags.file !== undefined && given.length > 0) throw usage("an event's name or --file, not both");
  const gateway = Gateway.of(/** @type {any} */ (flags));
  const secret = gateway.secret(flags);
  return flags.file === undefined ? single(gateway, secret, flags, given[0] ?? "") : many(gateway, secret, flags);
}
