// The report: what edgetally's ledger says became of every event, and whether the platforms say the same.

import {count, intake} from "./play.mjs";
import {DESTINATIONS} from "./settings.mjs";
import {WIDTH, bold, counted, cut, dim, duration, green, heading, json, number, print, quantile, red, wrap} from "./terminal.mjs";

/** @typedef {Awaited<ReturnType<typeof import("../tests/twin/server.mjs").startTwin>>} Twin */

/**
 * @typedef {object} Outage
 * @property {string} destination
 * @property {number} from Unix milliseconds
 * @property {number} until
 * @property {number} waiting the most events that waited for it at once
 * @property {number} drained when none waited any more, or 0
 */

/**
 * @typedef {object} Run
 * @property {import("./play.mjs").Ledger} book
 * @property {import("./play.mjs").Tally} tally
 * @property {Twin} twin
 * @property {any[]} letters the dead letters
 * @property {number} personal events that were sent with personal data in free text, as far as the sender knows
 * @property {{id: string, order: string, event: any}[]} showcase purchases worth showing, the best first
 * @property {Outage} [outage]
 * @property {import("./file.mjs").Told} [file]
 */

const STATES = [
  ["delivered", "the platform has it"],
  ["duplicate", "a copy of one it has: held back"],
  ["blocked", "the visitor did not allow it"],
  ["skipped", "the platform has no use for it"],
  ["rejected", "refused for good; dead letter"],
  ["dead", "given up after the last attempt"],
  ["retrying", "still waiting"],
];

/** @type {Record<string, string>} */
const REASONS = {
  ad_user_data_denied: "said no to sharing data for ads",
  ad_storage_denied: "said no to advertising cookies",
  analytics_storage_denied: "said no to analytics",
  ad_user_data_missing: "never asked about ads: that is a no",
  analytics_storage_missing: "never asked: that is a no",
  consent_string_unread: "only a string we cannot read: a no",
  us_privacy_malformed: "an opt-out string nobody can read",
  too_old: "older than the platform takes",
  event_not_mapped: "the platform has no such event",
  client_id_missing: "no browser id, which GA4 needs",
  identifiers_missing: "nothing it could match anyone by",
  page_url_missing: "no page address, which Meta needs",
  user_agent_missing: "no browser name, which Meta needs",
  search_term_missing: "a search without its term",
  transaction_id_missing: "a refund of no known order",
  limited_data_use_state_unknown: "opted out, and no state known",
  reply_lost: "no reply in time, and no id to ask by",
  timeout: "no reply in time",
  100: "Meta's code: invalid parameter",
};

/**
 * Cells right-aligned behind a label, with a remark.
 * @param {string} label
 * @param {(string | number)[]} cells
 * @param {string} [remark]
 */
function row(label, cells, remark = "") {
  const text = cells.map((cell) => (typeof cell === "number" ? (cell === 0 ? "·" : number(cell)) : cell).padStart(8)).join("");
  return `  ${label.padEnd(30)}${text}${remark && `   ${dim(remark)}`}`.trimEnd();
}

/** @param {Run} run */
function cameIn({book, tally, file}) {
  heading("WHAT CAME IN");
  const sources = Object.keys(book.intake);
  print(row("from", [...sources, "all"]));
  for (const [state, remark] of [["received", "events of known senders"], ["accepted", "well-formed: see below"], ["malformed", "refused, and told why"]]) {
    if (state) print(row(state, [...sources.map((source) => book.intake[source]?.[state] ?? 0), intake(book, state)], remark));
  }
  const malformed = new Map();
  for (const {state, code, n} of book.reasons) if (state === "malformed") malformed.set(code, (malformed.get(code) ?? 0) + n);
  for (const [code, n] of [...malformed].sort((a, b) => b[1] - a[1])) {
    const {path, message} = tally.examples.get(code) ?? {};
    print(`    ${code.padEnd(22)}${number(n).padStart(4)}   ${dim(cut(`${path ? `${path}: ` : ""}${message ?? ""}`, WIDTH - 33))}`);
  }
  const example = tally.examples.get("unknown_key") ?? [...tally.examples.values()][0];
  if (example) {
    print("  One of those results, as its sender read it:");
    print(json(example, 4));
  }
  if (file) told(file);
  if (tally.door.size > 0) {
    print();
    print("  Turned away before a single event was read (whole requests, told to the sender):");
    for (const [code, {count: times, message}] of [...tally.door].sort()) {
      print(`    ${code.padEnd(28)}${number(times).padStart(3)}   ${dim(cut(message, WIDTH - 38))}`);
    }
  }
}

/** @param {import("./file.mjs").Told} file */
function told(file) {
  if (file.faulty > 0) {
    print();
    print(`  ${counted(file.faulty, "line")} could not be taken:`);
    for (const {line, code, text} of file.faults) {
      print(`    line ${String(line).padEnd(8)}${code.padEnd(22)}${dim(cut(text, WIDTH - 39))}`);
    }
    if (file.faulty > file.faults.length) print(`    ${dim(`and ${number(file.faulty - file.faults.length)} more`)}`);
  }
}

/** @param {Run} run */
function became({book, twin}) {
  if (book.balances.length === 0) {
    print();
    print("  There was no well-formed event, so nothing went anywhere.");
    return;
  }
  heading("WHAT BECAME OF IT, BY DESTINATION");
  print(wrap("From edgetally's ledger. Every well-formed event is in exactly one line of each column:"));
  print(row("", DESTINATIONS.map(({title}) => title)));
  /** @param {string} state */
  const cells = (state) => DESTINATIONS.map(({name}) => count(book, name, state));
  print(bold(row("accepted", cells("accepted"))) + `   ${dim("for this destination")}`);
  for (const [state, remark] of STATES) {
    if (!state || !remark) continue;
    print(row(`  ${state}`, cells(state), remark));
    const codes = new Set(book.reasons.filter((reason) => reason.state === state).map(({code}) => code));
    const lines = [...codes].map((code) => {
      const each = DESTINATIONS.map(({name}) =>
        book.reasons.reduce((sum, reason) => sum + (reason.state === state && reason.code === code && reason.destination === name ? reason.n : 0), 0));
      return {code, each, all: each.reduce((sum, n) => sum + n, 0)};
    });
    for (const {code, each} of lines.filter(({all}) => all > 0).sort((a, b) => b.all - a.all)) print(dim(row(`    ${code}`, each)) + `   ${dim(REASONS[code] ?? "")}`);
  }
  const remainders = DESTINATIONS.map(({name}) => count(book, name, "remainder"));
  print(bold(row("remainder", remainders.map(String))) + `   ${dim("0: nothing lost, nothing invented")}`);
  print(dim(row("(further attempts)", cells("retries"))) + `   ${dim("while a platform was away")}`);
  const meta = twin.received({platform: "meta", limit: 1_000_000}).events;
  const limited = meta.filter(({event}) => event.data_processing_options?.[0] === "LDU").length;
  const impersonal = meta.filter(({event}) => event.opt_out === true).length;
  if (impersonal > 0) {
    print(wrap(`Of what Meta received, ${number(impersonal)} may not be used for personalised advertising (the visitor did not agree to that)${limited > 0 ? `, ${number(limited)} of them by an opt-out such as the browser's Global Privacy Control` : ""}.`));
  }
}

/**
 * Compares the books.
 * @param {Run} run
 * @returns {string[]} what does not agree
 */
function compare({book, tally, twin, personal}) {
  /** @type {string[]} */
  const problems = [];
  const stats = twin.stats();
  heading("DOES EVERYBODY AGREE?");
  print(wrap("The stand-in platforms share no code with edgetally and keep their own count."));
  print(`  ${"".padEnd(10)}${"edgetally says".padEnd(24)}${"the platform says"}`);
  /** @param {boolean} right @param {string} problem */
  const verdict = (right, problem) => {
    if (!right) problems.push(problem);
    return right ? green("agrees") : red("DIFFERS");
  };
  for (const {name, platform, title} of DESTINATIONS) {
    const delivered = count(book, name, "delivered");
    const theirs = stats.platforms[platform];
    const {unique = 0, duplicates = 0, dropped = 0} = theirs ?? {};
    // Where a reply did not come in time nobody can know; what was sent again then, the platform has to recognise.
    const unsure = book.reasons.reduce((sum, {destination, state, code, n}) => sum + (destination === name && (state === "rejected" || state === "dead") && ["reply_lost", "timeout", "connection_failed"].includes(code) ? n : 0), 0);
    const right = unique >= delivered && unique <= delivered + unsure && duplicates <= count(book, name, "retries") && dropped === 0;
    const more = [
      duplicates > 0 ? `${number(duplicates)} again after a lost reply` : "none twice",
      ...(unsure > 0 ? [`${number(unsure)} unsure`] : []),
      ...(dropped > 0 ? [`${number(dropped)} unusable`] : []),
    ];
    const problem = `${title}: delivered ${delivered}, but the platform received ${unique}, and ${duplicates} twice, ${dropped} unusable`;
    print(`  ${title.padEnd(10)}${`delivered ${number(delivered)}`.padEnd(24)}${`received ${number(unique)}, ${more.join(", ")}`.padEnd(40)} ${verdict(right, problem)}`);
  }
  const received = intake(book, "received");
  const right = received === tally.events && intake(book, "malformed") === tally.told.rejected;
  print(`  ${"Senders".padEnd(10)}${`received ${number(received)}`.padEnd(24)}${`were answered for ${number(tally.events)}`.padEnd(40)} ${verdict(right, `the ledger received ${received} events, the senders were answered for ${tally.events}`)}`);
  const {accepted, duplicates, blocked, rejected} = tally.told;
  print(dim(`  ${"".padEnd(34)}(${number(accepted)} accepted, ${counted(duplicates, "copy", "copies")}, ${number(blocked)} blocked, ${number(rejected)} malformed)`));
  print();
  const violations = stats.violations.length;
  const kinds = [...new Set(stats.violations.map(({platform, kind}) => `${platform} ${kind}`))].join(", ");
  const leaks = stats.violations.filter(({kind}) => kind.startsWith("plain_")).length;
  const sent = Math.max(personal, tally.cleaned);
  print(wrap(`Plain e-mail addresses or telephone numbers that reached a platform: ${number(leaks)}${sent > 0 ? ` (${counted(sent, "event")} came with one in a title or page address)` : ""}. Anything else that platforms forbid, such as a wrong hash or data without consent: ${number(violations - leaks)}.`));
  if (violations > 0) problems.push(`the platforms saw ${counted(violations, "violation")}: ${kinds}`);
  if (stats.unrouted > 0) problems.push(`${counted(stats.unrouted, "request")} went to no platform`);
  if (book.remainder !== 0) problems.push(`the remainder is ${book.remainder}`);
  const waiting = DESTINATIONS.reduce((sum, {name}) => sum + count(book, name, "retrying"), 0);
  if (waiting > 0) problems.push(`${counted(waiting, "event")} still wait`);
  if (tally.unanswered > 0) problems.push(`${counted(tally.unanswered, "request")} got no answer`);
  return problems;
}

/** @param {Run} run @param {string[]} problems */
function outage({book, twin, outage: fault}, problems) {
  if (!fault) return;
  heading("THE OUTAGE");
  const target = DESTINATIONS.find(({name}) => name === fault.destination);
  const title = target?.title ?? fault.destination;
  const others = DESTINATIONS.filter(({name}) => name !== fault.destination).map((other) => {
    const {events} = twin.received({platform: other.platform, limit: 1_000_000});
    const meanwhile = events.filter(({at}) => Date.parse(at) >= fault.from && Date.parse(at) < fault.until).length;
    return `${other.title} took ${number(meanwhile)}`;
  });
  const twice = twin.stats().platforms[target?.platform ?? ""]?.duplicates ?? 0;
  const line = (/** @type {string} */ label, /** @type {string} */ text) => print(`  ${label.padEnd(22)}${text}`);
  line("what happened", `${title} answered HTTP 503 for ${duration(fault.until - fault.from)}`);
  line("nobody else waited", `meanwhile ${others.join(", ")}`);
  line("waiting at most", `${counted(fault.waiting, "event")}, in the queue, for ${title} alone`);
  line("further attempts", `${number(count(book, fault.destination, "retries"))}; a breaker spared Meta the others`);
  if (fault.drained > 0) line("after it was back", `the last one was delivered ${duration(fault.drained - fault.until)} later, ${twice === 0 ? "each of them once" : red(`${twice} twice`)}`);
  else problems.push("the events that waited for the outage to end were not all delivered");
}

/** @param {Run} run */
function times({tally, twin, outage: fault}) {
  heading("WHERE THE TIME WENT");
  print(`  ${"".padEnd(44)}${"p50".padStart(9)}${"p99".padStart(9)}`);
  /** @param {string} label @param {number[]} values @param {string} remark */
  const line = (label, values, remark) => {
    if (values.length === 0) return;
    values.sort((a, b) => a - b);
    print(`  ${label.padEnd(44)}${duration(quantile(values, 0.5)).padStart(9)}${duration(quantile(values, 0.99)).padStart(9)}   ${dim(remark)}`);
  };
  for (const [kind, label] of [["page", "answer to a page (one event)"], ["server", "answer to a server (a batch)"], ["signed", "answer to a signed webhook"]]) {
    const values = tally.latency.get(kind ?? "") ?? [];
    line(label ?? "", values, counted(values.length, "request"));
  }
  /** @type {{label: string, values: number[]}[]} */
  const groups = [];
  for (const [platform, title] of [["webhook", "Webhook"], ["meta", "Meta"]]) {
    /** @type {number[]} */
    const calm = [];
    /** @type {number[]} */
    const stormy = [];
    for (const {event_id: id, at} of twin.received({platform: platform ?? "", limit: 1_000_000}).events) {
      const accepted = tally.acceptedAt.get(String(id));
      if (accepted === undefined) continue;
      const waited = fault !== undefined && platform === fault.destination && accepted >= fault.from - 1000 && accepted < Math.max(fault.until, fault.drained);
      (waited ? stormy : calm).push(Math.max(0, Date.parse(at) - accepted));
    }
    groups.push({label: `from that answer to ${title}`, values: calm}, {label: "  … while it was away or catching up", values: stormy});
  }
  for (const {label, values} of groups) line(label, values, counted(values.length, "event"));
  print(wrap("(senders, edgetally and platforms share this machine; the queue waits up to one second to fill a batch, so that requests to platforms are few)"));
  const stats = twin.stats().platforms;
  const requests = DESTINATIONS.map(({platform, title}) => {
    const {accepted_requests: n = 0, received = 0} = stats[platform] ?? {};
    return `${title} ${number(received)} in ${number(n)}`;
  });
  print(`  events in requests: ${requests.join(", ")}`);
  print(dim("  (GA4's protocol takes one visitor and one time per request)"));
}

/** @param {any} body @returns {any[]} the events of a platform's request */
function eventsOf(body) {
  return body?.data ?? body?.events ?? [];
}

/** @param {any} event @returns {string} what the sender and each platform know it by */
function idOf(event) {
  return String(event?.event_id ?? event?.params?.transaction_id ?? "");
}

/** @param {any} event */
function isPurchase(event) {
  return /^purchase$/i.test(event?.event_name ?? event?.name ?? event?.event ?? "");
}

/** @param {Run} run */
function examples({twin, showcase}) {
  const seen = DESTINATIONS.map(({platform, title}) => {
    const all = twin.requests({platform, limit: 1000}).requests.reverse();
    return {title, platform, requests: all.filter(({status, fault}) => status !== null && status < 300 && !fault)};
  });
  if (seen.every(({requests}) => requests.length === 0)) return;
  heading("THREE REQUESTS, AS THE PLATFORMS SAW THEM");
  // Best is one purchase that all three have: then one can compare.
  const same = showcase.find(({id, order}) => seen.every(({requests}) => requests.some(({body}) => eventsOf(body).some((event) => isPurchase(event) && [id, order].includes(idOf(event))))));
  print(wrap(`${same ? "One purchase, three times. Each identifier was spelled as that platform wants it and then hashed, so the same telephone number has another hash at Meta than at GA4." : "Identifiers were spelled as each platform wants it and then hashed."} (Recorded by the stand-ins, which shorten hashes and addresses and leave secrets out.)`));
  if (same) {
    print();
    print(`  ${bold("The shop's page")}  sent ${dim("(invented, like everything here)")}`);
    print(json({event: same.event.event, event_id: same.event.event_id, user: same.event.user}));
  }
  for (const {title, platform, requests} of seen) {
    /** @param {any} event */
    const wanted = (event) => same !== undefined && isPurchase(event) && [same.id, same.order].includes(idOf(event));
    const found = requests.find(({body}) => eventsOf(body).some(wanted)) ?? requests.find(({body}) => eventsOf(body).some(isPurchase)) ?? requests[0];
    if (!found) continue;
    const body = /** @type {any} */ (found.body);
    const events = eventsOf(body);
    const event = events.find(wanted) ?? events.find(isPurchase) ?? events[0];
    const rest = events.length - 1;
    print();
    print(`  ${bold(title)}  answered ${found.status}`);
    print(dim(cut(`  ${found.path}`, WIDTH)));
    const id = found.headers["webhook-id"];
    if (platform === "webhook" && id) print(dim(`  webhook-id: ${id}   webhook-signature: ${found.headers["webhook-signature"]}`));
    print(json({...body, [body?.data ? "data" : "events"]: [event, ...(rest > 0 ? [`… and ${counted(rest, "event")} more`] : [])]}));
  }
}

/** @param {Run} run */
function letters({letters: found}) {
  if (found.length === 0) return;
  heading("DEAD LETTERS");
  print(wrap("What a platform refused for good, kept with its prepared payload; one call replays it."));
  for (const {destination, event, event_id: id, state, code} of found.slice(0, 5)) print(`  ${destination.padEnd(6)}${event.padEnd(18)}${id.padEnd(24)}${state} with code ${code}`);
  if (found.length > 5) print(dim(`  and ${number(found.length - 5)} more`));
}

/**
 * Prints the report.
 * @param {Run} run
 * @returns {string[]} what is wrong; nothing when all is well
 */
export function report(run) {
  cameIn(run);
  became(run);
  letters(run);
  /** @type {string[]} */
  const problems = [];
  outage(run, problems);
  if (run.tally.events > 0) times(run);
  examples(run);
  problems.push(...compare(run));
  return problems;
}
