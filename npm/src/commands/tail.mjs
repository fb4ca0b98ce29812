// `edgetally tail`: outcomes as they happen.

import {setTimeout as sleep} from "node:timers/promises";
import {FINE, usage} from "../exits.mjs";
import {GATEWAY_FLAGS, GATEWAY_HELP, Gateway} from "../gateway.mjs";
import {print} from "../terminal.mjs";
import {coloured} from "./send.mjs";
import {byState} from "./why.mjs";

export {words as usage};
const words = "[flags]";
export const help = `
Shows what becomes of events, as it happens, until Ctrl-C: a line for each copy, and another one when
something changes. ${GATEWAY_HELP.split("\n")[0]}
${GATEWAY_HELP.split("\n")[1]}

  --source NAME   only that source
  --id ID         only that event
  --once          what there is, and no more
  --json          one JSON object per line

Ends with 3 when the gateway cannot be reached.`;

export const flags = /** @type {const} */ ({...GATEWAY_FLAGS, source: {type: "string"}, id: {type: "string"}, once: {type: "boolean"}});

/** How many of the latest copies are compared. */
const LOOKED_AT = 500;

/** @param {any} one */
function line({at, source, event, event_id: id, what}) {
  const states = [...byState(what)].map(([state, names]) => `${coloured(state)} ${names.join(", ")}`);
  return [String(at).slice(11, 19), source, event, id, states.join("; ")].filter(Boolean).join("  ");
}

/** @param {Record<string, any>} flags @param {string[]} given */
export async function run(flags, given) {
  if (given.length > 0) throw usage(`"${given[0]}" is one word too many; --id ID for one event`);
  const gateway = Gateway.of(/** @type {any} */ (flags));
  const query = new URLSearchParams({limit: String(LOOKED_AT)});
  if (flags.source) query.set("source", flags.source);
  if (flags.id) query.set("event_id", flags.id);
  /** What has been shown, by copy: its time, event and place among copies of the same. @type {Map<string, string>} */
  let seen = new Map();
  for (;;) {
    const {events} = await gateway.ask(`/v1/recent?${query}`);
    /** @type {Map<string, string>} */
    const now = new Map();
    /** @type {Map<string, number>} */
    const alike = new Map();
    for (const one of events.reverse()) {
      const copy = `${one.source} ${one.event} ${one.event_id} ${one.at}`;
      const nth = (alike.get(copy) ?? 0) + 1;
      alike.set(copy, nth);
      const what = JSON.stringify(one.what);
      now.set(`${copy} ${nth}`, what);
      if (seen.get(`${copy} ${nth}`) !== what) print(flags.json ? JSON.stringify(one) : line(one));
    }
    seen = now;
    if (flags.once) return FINE;
    await sleep(1000);
  }
}
