// `edgetally why`: what the gateway knows of one event, in words.

import {FINE, FOUND_WANTING, usage} from "../exits.mjs";
import {GATEWAY_FLAGS, GATEWAY_HELP, Gateway} from "../gateway.mjs";
import {inWords} from "../reasons.mjs";
import {bold, counted, dim, print, wrap} from "../terminal.mjs";
import {coloured} from "./send.mjs";

export {words as usage};
const words = "EVENT_ID";
export const help = `
What the gateway knows of one event: its latest copies and what became of them at each destination, what
consent decided and by which signals, and dead letters. ${GATEWAY_HELP.split("\n")[0]}
${GATEWAY_HELP.split("\n")[1]}

  --source NAME   where ids are the same in several
  --json          what was found, as the gateway says it

Ends with 1 where nothing is known of it.`;

export const flags = /** @type {const} */ ({...GATEWAY_FLAGS, source: {type: "string"}});

/** Pages of dead letters that are looked through. */
const MOST_PAGES = 20;

/** @param {Gateway} gateway @param {string} id */
async function letters(gateway, id) {
  const found = [];
  let cursor = "";
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await gateway.ask(`/v1/dead-letters?limit=500${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    found.push(...answer.dead_letters.filter((/** @type {any} */ letter) => letter.event_id === id));
    if (!answer.more) return {found, all: true};
    cursor = answer.cursor;
  }
  return {found, all: false};
}

/**
 * States with who is in them.
 * @param {Record<string, string>} what
 */
export function byState(what) {
  /** @type {Map<string, string[]>} */
  const states = new Map();
  for (const [name, state] of Object.entries(what)) states.set(state, [...(states.get(state) ?? []), name]);
  return states;
}

/** @param {Record<string, string>} what */
function destinations(what) {
  for (const [state, names] of byState(what)) {
    print(`    ${coloured(state)}  ${names.join(", ")}`);
    print(wrap(inWords(state), 6));
  }
}

/** @param {any} entry a receipt */
function decided({receipt, source}) {
  const {at, regime, signals = [], destinations: places = {}} = receipt;
  print(`  ${at}  source ${source}, regime ${regime}; signals: ${signals.length > 0 ? signals.join(", ") : "none"}`);
  /** @type {Map<string, string[]>} */
  const verdicts = new Map();
  for (const [name, {verdict, code, limited, personalised}] of Object.entries(/** @type {Record<string, any>} */ (places))) {
    const limits = verdict === "send" ? [limited && "limited use", personalised === false && "not for personalisation"].filter(Boolean) : [];
    const text = `${verdict}${code ? `:${code}` : ""}${limits.length > 0 ? ` (${limits.join(", ")})` : ""}`;
    verdicts.set(text, [...(verdicts.get(text) ?? []), name]);
  }
  for (const [text, names] of verdicts) print(wrap(`${text}  ${names.join(", ")}`, 4));
}

/** @param {Record<string, any>} flags @param {string[]} given */
export async function run(flags, given) {
  const [id] = given;
  if (id === undefined || given.length > 1) throw usage("one event's id (edgetally why --help)");
  const gateway = Gateway.of(/** @type {any} */ (flags));
  const of = (/** @type {any} */ one) => flags.source === undefined || one.source === flags.source;
  const [{events}, {receipts}, {found, all}] = await Promise.all([
    gateway.ask(`/v1/recent?limit=500&event_id=${encodeURIComponent(id)}`),
    gateway.ask(`/v1/receipts/${encodeURIComponent(id)}`),
    letters(gateway, id),
  ]);
  const [copies, decisions, dead] = [events.filter(of), receipts.filter(of), found.filter(of)];
  const known = copies.length + decisions.length + dead.length > 0;
  if (flags.json) {
    print(JSON.stringify({event_id: id, copies, receipts: decisions, dead_letters: dead}));
    return known ? FINE : FOUND_WANTING;
  }
  if (!known) {
    print(`Nothing is known of ${id}.`);
    print(wrap("Either it never came (a page's script blocked, another id: an order's may be in transaction_id), or its sender was refused: the answer says why; or it is still in the queue, which takes some seconds; or it is older than the latest 2,000 copies and receipts are off."));
    return FOUND_WANTING;
  }
  if (copies.length > 0) {
    print(bold(`${copies[0].event} ${id}${decisions.length > 0 ? `: ${counted(decisions.length, "copy", "copies")}` : ""}`));
    for (const {at, source, what} of copies.reverse()) {
      print(`  ${at}  source ${source}`);
      destinations(what);
    }
  } else {
    print(dim(`${id} is not among the latest copies; what is kept longer:`));
  }
  if (decisions.length > 0) {
    print();
    print(bold("What consent decided"));
    decisions.forEach(decided);
  }
  if (dead.length > 0) {
    print();
    print(bold("Dead letters"));
    for (const {destination, state, code, at} of dead) print(wrap(`${destination}: ${state}:${code} since ${typeof at === "number" ? new Date(at).toISOString() : at}. ${inWords(`${state}:${code}`)}`));
    print(wrap('Mend it, then offer them again: POST /v1/dead-letters/replay {"destination": "…"}.'));
  }
  if (!all) print(dim("There are more dead letters than were looked through."));
  return FINE;
}
