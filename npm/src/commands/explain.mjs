// `edgetally explain`: what would become of an event, without sending it.

import {readFile} from "node:fs/promises";
import {configuration, explain} from "../core.mjs";
import {FINE, FOUND_WANTING, usage} from "../exits.mjs";
import {standardInput} from "../input.mjs";
import {bold, broken, dim, print, red, wrap} from "../terminal.mjs";
import {coloured} from "./send.mjs";

export {words as usage};
const words = "EVENT.json | -";
export const help = `
What the gateway would answer to an event, what would become of it at each destination and why, and the
exact requests. Offline: nothing is sent. By the gateway's own code and this folder's wrangler.toml;
secrets stand as <NAME>.

  --source NAME            where the settings have several
  --as page|server         who sends (a page where the source has a key)
  --country CC --region RR where the visitor is, as a page's request shows it
  --gpc                    the browser signals Global Privacy Control
  --user-agent TEXT        the browser
  --requests               the requests too, with their headers and bodies
  --json                   everything

Ends with 1 where the event would be refused.`;

export const flags = /** @type {const} */ ({
  source: {type: "string"},
  as: {type: "string"},
  country: {type: "string"},
  region: {type: "string"},
  gpc: {type: "boolean"},
  "user-agent": {type: "string"},
  requests: {type: "boolean"},
});

/** @param {import("../../../crates/tool/index.mjs").Sent} request */
function request({method, url, headers, body}) {
  print(`    ${bold(method)} ${url}`);
  for (const [name, value] of Object.entries(headers)) print(dim(`    ${name}: ${value}`));
  if (body !== "") print(/^[{[]/.test(body) ? broken(body, 4) : `    ${body}`);
}

/** @param {Record<string, any>} flags @param {string[]} given */
export async function run(flags, given) {
  if (given.length > 1) throw usage("one file with one event, or a list of them");
  const [file] = given;
  if (flags.as !== undefined && !["page", "server"].includes(flags.as)) throw usage(`--as ${flags.as}: page or server`);
  const event = file === undefined || file === "-"
    ? await standardInput("an event")
    : await readFile(file, "utf8").catch((error) => {
        throw usage(error.code === "ENOENT" ? `${file}: there is no such file` : `${file}: ${error.message}`);
      });
  const {source, as, country, region, gpc, "user-agent": userAgent} = flags;
  const sender = Object.fromEntries(Object.entries({source, as, country, region, gpc, user_agent: userAgent}).filter(([, value]) => value !== undefined));
  const told = await explain(configuration(flags.project), event, sender);
  const refused = told.status >= 400 || told.events.length === 0 || told.events.some(({status}) => status === "rejected");
  if (flags.json) {
    print(JSON.stringify(told));
    return refused ? FOUND_WANTING : FINE;
  }
  if (told.result?.error) print(`${red("refused")}  ${told.result.error.code}: ${told.result.error.message}`);
  for (const {event_id: id, status, code, path, message, removed, changed} of told.events) {
    print(`${bold(status === "rejected" ? red(status) : status)}  ${id ?? ""}${code ? `  ${code}` : ""}`);
    if (message) print(wrap(`${path ? `${path}: ` : ""}${message}`));
    for (const one of removed) print(wrap(`left out: ${one.path} (${one.code}). ${one.words}`));
    for (const one of changed) print(wrap(`changed: ${one.path} (${one.code}). ${one.words}`));
  }
  const width = Math.max(0, ...told.destinations.map(({destination}) => destination.length)) + 2;
  for (const {destination, verdict, code, words: sentence = "", requests} of told.destinations) {
    if (verdict === undefined) continue;
    print(`  ${destination.padEnd(width)}${coloured(code ? `${verdict}:${code}` : verdict)}`);
    if (code || verdict === "mixed") print(wrap(sentence, width + 2));
    if (flags.requests) requests.forEach(request);
  }
  if (!flags.requests && told.destinations.some(({requests}) => requests.length > 0)) print(dim("\n--requests shows what each would get"));
  return refused ? FOUND_WANTING : FINE;
}
