// What states and codes mean, in the sentences of docs/not-arriving.md, which is written from the core's own tables.

import {readFileSync} from "node:fs";
import {join} from "node:path";
import {IN_REPOSITORY, PACKAGE, ROOT} from "./places.mjs";

/** @type {Record<string, string>} */
const STATES = {
  delivered: "The platform has it.",
  duplicate: "Another copy of this event went there; this one was not sent, so it counts once.",
  processing: "The platform has it and judges later.",
  retrying: "Not there yet; it is sent again.",
  blocked: "Consent does not permit it.",
  skipped: "The destination has no use for it.",
  rejected: "The platform refused it. It is kept as a dead letter.",
  dead: "Given up. It is kept as a dead letter and can be replayed.",
  queued: "Taken, and on its way.",
  accepted: "Taken, and on its way.",
  received: "Taken, and on its way.",
};

/** The copy that came too late. @type {Record<string, string>} */
const LATE = {
  page: "It came from a page.",
  server: "It came from a server.",
  page_differs: "It came from a page, with another value, currency or order.",
  server_differs: "It came from a server, with another value, currency or order.",
};

/** @type {Map<string, string> | undefined} */
let codes;

/** Sentences by code; Markdown's links are reduced to their texts. */
function sentences() {
  if (codes) return codes;
  const file = IN_REPOSITORY ? join(ROOT, "docs", "not-arriving.md") : join(PACKAGE, "docs", "not-arriving.md");
  const rows = readFileSync(file, "utf8").split("<!-- codes -->")[1] ?? "";
  codes = new Map();
  for (const [, code = "", sentence = ""] of rows.matchAll(/^\| `([^`]+)` \| (.*) \|$/gm)) codes.set(code, sentence.replace(/\[([^\]]+)\]\([^)]*\)/g, "$1"));
  return codes;
}

/**
 * A state as the gateway writes it, `blocked:ad_user_data_denied`, in words.
 * @param {string} state
 */
export function inWords(state) {
  const colon = state.indexOf(":");
  const [word, code] = colon < 0 ? [state, ""] : [state.slice(0, colon), state.slice(colon + 1)];
  const known = STATES[word] ?? "";
  if (code === "") return known;
  if (word === "duplicate") return `${known} ${LATE[code] ?? ""}`.trim();
  const sentence = sentences().get(code);
  if (sentence) return word === "blocked" || word === "skipped" ? sentence : `${known} ${sentence}`.trim();
  return `${known} The platform's own code: ${code}.`.trim();
}
