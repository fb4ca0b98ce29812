// The report: what edgetally's ledger says became of every event, and whether the platforms say the same.

import {count, intake} from "./play.mjs";
import {tell} from "../npm/src/releases.mjs";
import {ASSUMPTIONS, lost} from "./race.mjs";
import {FORGED} from "./oddities.mjs";
import {DESTINATIONS} from "./settings.mjs";
import {WIDTH, bold, counted, cut, dim, duration, green, heading, json, number, print, quantile, red, wrap} from "../npm/src/terminal.mjs";

/** @typedef {Awaited<ReturnType<typeof import("../twin/server.mjs").startTwin>>} Twin */

/**
 * @typedef {object} Outage
 * @property {string} destination
 * @property {number} from Unix milliseconds
 * @property {number} until
 * @property {number} waiting the most events that waited for it at once
 * @property {number} drained when none waited any more, or 0
 */

/** @typedef {Map<string, Map<string, {verdict: string, code?: string}>>} May what a kind of visitor allows, by destination */

/** @typedef {Map<string, number>} Judged how many events a platform that judges later had to judge, by destination */

/**
 * @typedef {object} Run
 * @property {import("./play.mjs").Ledger} book
 * @property {import("./play.mjs").Tally} tally
 * @property {Twin} twin
 * @property {any[]} letters the dead letters
 * @property {Judged} judged
 * @property {Map<string, number>} waits what still waits for another attempt, by `destination:code`
 * @property {number} personal events that were sent with personal data in free text, as far as the sender knows
 * @property {{id: string, order: string, event: any}[]} showcase purchases worth showing, the best first
 * @property {Outage} [outage]
 * @property {{gaps: number[], seed: number}} [race] the times between page and server copies of one event, in milliseconds
 * @property {{kinds: Map<string, string>, may: May}} [visitors] the kind of visitor of an event, and what each kind allows
 * @property {import("./gates.mjs").Judged[]} [releases] what the gate says of the day's releases
 * @property {import("../npm/src/ndjson.mjs").Told} [file]
 */

/** The states in the order of the table. What waits is what is offered again and what the platform still judges. */
const STATES = ["delivered", "duplicate", "blocked", "skipped", "rejected", "dead", "waiting"];

/** Reasons that do not say everything themselves. @type {Record<string, string>} */
const REASONS = {
  ad_user_data_denied: "said no to sharing data for ads",
  ad_storage_denied: "said no to advertising cookies",
  analytics_storage_denied: "said no to analytics",
  ad_user_data_missing: "never asked: that is a no",
  analytics_storage_missing: "never asked: that is a no",
  tcf_unreadable: "a TC string that cannot be read",
  tcf_policy: "a TC string of an old policy",
  us_privacy_malformed: "an opt-out string nobody can read",
  client_id_missing: "no browser id",
  identifiers_missing: "nothing to match anyone by",
  page_url_missing: "no page address",
  user_agent_missing: "no browser name",
  search_term_missing: "a search without its term",
  transaction_id_missing: "a refund of no known order",
  refund_remaining_value_missing: "a part, and what remains?",
  offline_event_set_missing: "no page, no set for that",
  limited_use_unsupported: "opted out, no field",
  limited_use_state_unknown: "opted out, state unknown",
  reply_lost: "no reply in time, and no id to ask by",
  timeout: "no reply in time",
  100: "Meta's code: invalid parameter",
};

/** The room for a destination's name. */
const ROOM = Math.min(17, Math.max(...DESTINATIONS.map(({title}) => title.length)) + 1);

/** @param {string} title */
function named(title) {
  return cut(title, ROOM - 1).padEnd(ROOM);
}

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

/** @param {import("../npm/src/ndjson.mjs").Told} file */
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

/**
 * Destinations in as few words as it takes.
 * @param {readonly string[]} names
 */
function titles(names) {
  const some = (/** @type {boolean} */ wanted) => DESTINATIONS.filter(({name}) => names.includes(name) === wanted).map(({title}) => title);
  const others = some(false);
  if (others.length === 0) return "all";
  return others.length <= 3 && others.length < names.length ? `all but ${others.join(", ")}` : some(true).join(", ");
}

/** A refund whose order Google Ads does not have, yet or ever: offered again each hour, so no run of the demo ends it. */
const HOURLY = "google_ads:CONVERSION_NOT_FOUND";

/** @param {Run} run */
function why({book: {reasons, balances}, waits}) {
  print();
  print(`  ${"why".padEnd(41)}${"events".padStart(6)}  ${dim("at")}`);
  for (const state of ["blocked", "skipped", "rejected", "dead"]) {
    /** @type {Map<string, {n: number, names: Set<string>}>} */
    const codes = new Map();
    for (const reason of reasons) {
      if (reason.state !== state || reason.n <= 0) continue;
      const seen = codes.get(reason.code) ?? {n: 0, names: new Set()};
      seen.n += reason.n;
      seen.names.add(reason.destination);
      codes.set(reason.code, seen);
    }
    let label = state;
    for (const [code, {n, names}] of [...codes].sort(([, a], [, b]) => b.n - a.n)) {
      const remark = REASONS[code] ? `: ${REASONS[code]}` : "";
      print(`  ${label.padEnd(10)}${code.padEnd(31)}${number(n).padStart(6)}  ${dim(wrap(`${titles([...names])}${remark}`, 51).trimStart())}`);
      label = "";
    }
  }
  const again = balances.filter(({retries = 0}) => retries > 0);
  const further = again.reduce((sum, {retries = 0}) => sum + retries, 0);
  if (further > 0) print(`  ${"offered again".padEnd(41)}${number(further).padStart(6)}  ${dim(titles(again.map(({destination}) => destination)))}`);
  for (const [key, n] of waits) {
    const [name = "", code = ""] = key.split(":");
    print(`  ${"waiting".padEnd(10)}${code.padEnd(31)}${number(n).padStart(6)}  ${dim(wrap(`${titles([name])}${key === HOURLY ? ": it does not have the order, and is asked again in an hour" : ""}`, 51).trimStart())}`);
  }
}

/** @param {Run} run */
function became(run) {
  const {book, twin, judged} = run;
  if (book.balances.length === 0) {
    print();
    print("  There was no well-formed event, so nothing went anywhere.");
    return;
  }
  heading("WHAT BECAME OF IT, BY DESTINATION");
  print(wrap("From edgetally's ledger. Every well-formed event is in exactly one column of each line, so the remainder is 0: nothing lost, nothing invented."));
  const columns = ["accepted", ...STATES, "remainder"];
  /** @param {string} label @param {(string | number)[]} cells */
  const line = (label, cells) => {
    const text = cells.map((cell, at) => (cell === 0 && columns[at] !== "remainder" ? "·" : typeof cell === "number" ? number(cell) : cell).padStart((columns[at]?.length ?? 0) + 1));
    return `  ${named(label)}${text.join("")}`;
  };
  /** @param {string} name @param {string} state */
  const cell = (name, state) => (state === "waiting" ? count(book, name, "retrying") + count(book, name, "processing") : count(book, name, state));
  print(line("", columns));
  for (const {name, title} of DESTINATIONS) print(line(title, columns.map((state) => cell(name, state))));
  print(bold(line("all", columns.map((state) => DESTINATIONS.reduce((sum, {name}) => sum + cell(name, state), 0)))));
  why(run);
  for (const [name, events] of judged) {
    const title = DESTINATIONS.find((one) => one.name === name)?.title ?? name;
    print(wrap(`${title} judges later: until the cron trigger asked for the verdict, "processing" was the state of ${counted(events, "event")}. The demo ran the trigger at the end, since its verdicts are due after a second, a deployment's after half an hour.`));
  }
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
function compare({book, tally, twin, personal, waits}) {
  /** @type {string[]} */
  const problems = [];
  const stats = twin.stats();
  heading("DOES EVERYBODY AGREE?");
  print(wrap("The stand-in platforms share no code with edgetally and keep their own count."));
  print(`  ${"".padEnd(ROOM)}${"edgetally says".padEnd(24)}${"the platform says"}`);
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
    // The shop's own copy of an order that a page had reported with another value: the platform has both under one id.
    const conflicts = count(book, name, "conflict");
    const right = unique >= delivered - conflicts && unique <= delivered + unsure && duplicates <= count(book, name, "retries") + conflicts && dropped === 0;
    const more = [
      duplicates === 0 ? "none twice" : duplicates <= conflicts ? `${number(duplicates)} forged` : `${number(duplicates)} again after a lost reply`,
      ...(unsure > 0 ? [`${number(unsure)} unsure`] : []),
      ...(dropped > 0 ? [`${number(dropped)} unusable`] : []),
    ];
    const problem = `${title}: delivered ${delivered}, but the platform received ${unique}, and ${duplicates} twice, ${dropped} unusable`;
    print(`  ${named(title)}${`delivered ${number(delivered)}`.padEnd(24)}${`received ${number(unique)}, ${more.join(", ")}`.padEnd(40)} ${verdict(right, problem)}`);
  }
  const received = intake(book, "received");
  const right = received === tally.events && intake(book, "malformed") === tally.told.rejected;
  print(`  ${"Senders".padEnd(ROOM)}${`received ${number(received)}`.padEnd(24)}${`were answered for ${number(tally.events)}`.padEnd(40)} ${verdict(right, `the ledger received ${received} events, the senders were answered for ${tally.events}`)}`);
  const {received: fromPages, accepted, duplicates, blocked, rejected} = tally.told;
  print(dim(`  ${"".padEnd(ROOM + 24)}pages: ${number(fromPages)} received, whatever was known of them`));
  print(dim(`  ${"".padEnd(ROOM + 24)}servers: ${number(accepted)} accepted, ${counted(duplicates, "copy", "copies")}`));
  print(dim(`  ${"".padEnd(ROOM + 24)}both: ${number(blocked)} blocked, ${number(rejected)} malformed`));
  print();
  const violations = stats.violations.length;
  const kinds = [...new Set(stats.violations.map(({platform, kind}) => `${platform} ${kind}`))].join(", ");
  const leaks = stats.violations.filter(({kind}) => kind.startsWith("plain_")).length;
  const sent = Math.max(personal, tally.cleaned);
  print(wrap(`Plain e-mail addresses or telephone numbers that reached a platform: ${number(leaks)}${sent > 0 ? ` (${counted(sent, "event")} came with one in a title or page address)` : ""}. Anything else that platforms forbid, such as a wrong hash or data without consent: ${number(violations - leaks)}.`));
  if (violations > 0) problems.push(`the platforms saw ${counted(violations, "violation")}: ${kinds}`);
  if (stats.unrouted > 0) problems.push(`${counted(stats.unrouted, "request")} went to no platform`);
  if (book.remainder !== 0) problems.push(`the remainder is ${book.remainder}`);
  const waiting = DESTINATIONS.reduce((sum, {name}) => sum + count(book, name, "retrying") + count(book, name, "processing"), 0) - (waits.get(HOURLY) ?? 0);
  if (waiting > 0) problems.push(`${counted(waiting, "event")} still ${waiting === 1 ? "waits" : "wait"}`);
  if (tally.unanswered > 0) problems.push(`${counted(tally.unanswered, "request")} got no answer`);
  return problems;
}

/**
 * What the visitors' own answers and strings allow: how many events of each kind of visitor each destination may have.
 * @param {Run} run
 * @param {string[]} problems
 */
function whoMayGetWhat({tally, visitors}, problems) {
  if (!visitors) return;
  heading("WHO MAY GET WHAT");
  print(wrap("Visitors by what they answered, or were asked by: how many of their events each destination may have; ~ with limits, · none, blank where the shop does not have the destination. As the senders were told, and as /v1/consent/explain says beforehand."));
  const width = 6;
  const short = (/** @type {string} */ title) => title.slice(0, width - 2);
  print(`  ${"".padEnd(28)}${DESTINATIONS.map(({title}) => short(title).padStart(width)).join("")}`);
  /** @type {Map<string, Map<string, {sent: number, kept: Map<string, number>}>>} */
  const seen = new Map();
  for (const [id, kind] of visitors.kinds) {
    const row = seen.get(kind) ?? new Map();
    for (const [name, told] of Object.entries(tally.decided.get(id) ?? {})) {
      const at = row.get(name) ?? {sent: 0, kept: new Map()};
      const [state, code = ""] = told.split(":");
      if (state === "blocked" || code === "limited_use_unsupported") at.kept.set(code, (at.kept.get(code) ?? 0) + 1);
      else at.sent += 1;
      row.set(name, at);
    }
    seen.set(kind, row);
  }
  /** @type {Map<string, {n: number, kinds: Set<string>}>} */
  const causes = new Map();
  for (const [kind, may] of visitors.may) {
    const row = seen.get(kind);
    if (!row) continue;
    const cells = DESTINATIONS.map(({name, title}) => {
      const [at, verdict] = [row.get(name), may.get(name)];
      if (!at || !verdict) return "";
      for (const [code, n] of at.kept) {
        const cause = causes.get(code) ?? {n: 0, kinds: new Set()};
        cause.n += n;
        cause.kinds.add(kind);
        causes.set(code, cause);
      }
      // An event that the platform has no use for is skipped before anybody asks for a flag.
      const wrong = verdict.verdict === "block" ? at.sent > 0 && verdict.code !== "limited_use_unsupported" : at.kept.size > 0;
      if (wrong) problems.push(`${kind}: ${title} was to get it by the explanation (${verdict.verdict}), and the senders were told otherwise`);
      if (verdict.verdict === "block") return "·";
      return `${verdict.verdict === "send_limited" ? "~" : ""}${number(at.sent)}`;
    });
    print(`  ${cut(kind, 27).padEnd(28)}${cells.map((cell) => cell.padStart(width)).join("")}`.trimEnd());
  }
  print();
  print(`  ${"not sent, by cause".padEnd(31)}${"events".padStart(6)}  ${dim("of visitors")}`);
  for (const [code, {n, kinds}] of [...causes].sort(([, a], [, b]) => b.n - a.n)) {
    print(`  ${code.padEnd(31)}${number(n).padStart(6)}  ${dim(wrap([...kinds].join(", "), 41).trimStart())}`);
  }
}

/** @param {Run} run @param {string[]} problems */
function outage({book, twin, outage: fault}, problems) {
  if (!fault) return;
  heading("THE OUTAGE");
  const target = DESTINATIONS.find(({name}) => name === fault.destination);
  const title = target?.title ?? fault.destination;
  const others = DESTINATIONS.filter(({name}) => name !== fault.destination).map((other) => {
    const {events} = twin.received({platform: other.platform, limit: 1_000_000});
    return {title: other.title, n: events.filter(({at}) => Date.parse(at) >= fault.from && Date.parse(at) < fault.until).length};
  });
  // The forged order and the shop's own have one id, and nothing to do with the outage.
  const twice = Math.max(0, (twin.stats().platforms[target?.platform ?? ""]?.duplicates ?? 0) - count(book, fault.destination, "conflict"));
  const line = (/** @type {string} */ label, /** @type {string} */ text) => print(`  ${label.padEnd(22)}${wrap(text, 24).trimStart()}`);
  line("what happened", `${title} answered HTTP 503 for ${duration(fault.until - fault.from)}`);
  line("nobody else waited", `meanwhile the ${others.length} others took ${counted(others.reduce((sum, {n}) => sum + n, 0), "event")}: ${others.map(({title: other, n}) => `${other} ${number(n)}`).join(", ")}`);
  line("waiting at most", `${counted(fault.waiting, "event")}, in the queue, for ${title} alone`);
  line("further attempts", `${number(count(book, fault.destination, "retries"))}; a breaker spared Meta the others`);
  if (fault.drained > 0) line("after it was back", `the last one was delivered ${duration(fault.drained - fault.until)} later, ${twice === 0 ? "each of them once" : red(`${twice} twice`)}`);
  else problems.push("the events that waited for the outage to end were not all delivered");
}

/** @param {Run} run @param {string[]} problems */
function race({book, twin, race: played}, problems) {
  if (!played || played.gaps.length === 0) return;
  heading("TWO COPIES, SECONDS APART");
  const {gaps} = played;
  const sorted = [...gaps].sort((a, b) => a - b);
  print(wrap(`${counted(gaps.length, "event")} came from a page and from the shop's server, ${duration(quantile(sorted, 0.5))} apart (median; nine in ten within ${duration(quantile(sorted, 0.9))}). The claims lie in an object that tells copies apart one after the other (dedup = "exact"). In Workers KV, which lags between places, the same copies would have raced; played on a clock turned by hand, with eight locations and no memory in front, docs/dedup.md:`));
  print(`  ${"".padEnd(54)}${"went out twice".padStart(10)}`);
  const stats = twin.stats();
  const twice = DESTINATIONS.map(({name, platform}) => Math.max(0, (stats.platforms[platform]?.duplicates ?? 0) - count(book, name, "retries") - count(book, name, "conflict")));
  const worst = Math.max(...twice);
  print(`  ${"one object, as it was".padEnd(56)}${number(worst).padStart(8)}`);
  for (const assumed of ASSUMPTIONS) {
    const n = lost(gaps, assumed, played.seed);
    print(`  ${`KV, where ${assumed.name}`.padEnd(56)}${number(Math.round(n)).padStart(8)}${dim(`  ${(100 * n / gaps.length).toFixed(0)} %`)}`);
  }
  if (worst > 0) problems.push(`${counted(worst, "event")} went to a platform twice and no lost reply or forged order explains it`);
}

/** @param {Run} run */
function releases({releases: judged}) {
  if (!judged) return;
  heading("DID A RELEASE CHANGE ANYTHING?");
  print(wrap("A third of the shop's visitors had the pages of a new release each. edgetally's gate holds both against the one that was there before, in the same hours; what is usual it takes from four weeks that the demo made up after that one's day. Asked with alpha 0.05 and see 0.7, for so short a day."));
  for (const {release, comparison} of judged) {
    print();
    if (!comparison) {
      print(`  ${release}: too short a day for anybody to have had it`);
      continue;
    }
    tell({source: "shop", verdict: comparison.verdict, reason: comparison.reason, unknown: false, comparison}, {after: release});
  }
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
  print(wrap(`Events in requests: ${requests.join(", ")} (GA4 takes one visitor and one time per request, Google Ads a few events of a kind, and is asked for verdicts).`));
}

/**
 * The platforms whose requests are shown, three dialects of one purchase: where in a body the events stand, and what one
 * calls a purchase and its id.
 * @type {Record<string, {list: (body: any) => any[] | undefined, put: (body: any, list: unknown[]) => unknown, id: (event: any) => unknown, purchase: (event: any) => boolean}>}
 */
const SHOWN = {
  meta: {
    list: (body) => body?.data,
    put: (body, data) => ({...body, data}),
    id: (event) => event.event_id,
    purchase: (event) => event.event_name === "Purchase",
  },
  google_ads: {
    list: (body) => body?.events,
    put: (body, events) => ({...body, events}),
    id: (event) => event.transactionId,
    // Its events have no names; only what was bought has an order's number.
    purchase: (event) => /^\d+$/.test(event.transactionId ?? ""),
  },
  reddit: {
    list: (body) => body?.data?.events,
    put: (body, events) => ({...body, data: {...body.data, events}}),
    id: (event) => event.metadata?.conversion_id,
    purchase: (event) => event.type?.tracking_type === "PURCHASE",
  },
};

/** @param {any} event @returns {string | undefined} the hash of its e-mail address, wherever it stands */
function email(event) {
  return /"(?:em|emailAddress|email)":\[?"([^"]+)"/.exec(JSON.stringify(event))?.[1];
}

/** @param {Run} run */
function examples({twin, showcase}) {
  const seen = Object.entries(SHOWN).map(([platform, dialect]) => {
    const title = DESTINATIONS.find((one) => one.platform === platform)?.title ?? platform;
    const all = twin.requests({platform, limit: 10_000}).requests.reverse();
    return {title, dialect, requests: all.filter(({status, fault, body}) => status === 200 && !fault && dialect.list(body))};
  });
  if (seen.every(({requests}) => requests.length === 0)) return;
  heading("THREE REQUESTS, AS THE PLATFORMS SAW THEM");
  /** @param {typeof seen[0]} at @param {any} event @param {typeof showcase[0] | undefined} order */
  const isOf = ({dialect}, event, order) => order !== undefined && dialect.purchase(event) && [order.id, order.order].includes(String(dialect.id(event)));
  // Best is one purchase that all three have: then one can compare.
  const same = showcase.find((order) => seen.every((at) => at.requests.some(({body}) => at.dialect.list(body)?.some((event) => isOf(at, event, order)))));
  const addresses = new Set(seen.map((at) => at.requests.flatMap(({body}) => at.dialect.list(body) ?? []).find((event) => isOf(at, event, same))).map((event) => event && email(event)));
  const hashes = addresses.size > 1 ? ` Each identifier was spelled as that platform wants it and then hashed, so the one e-mail address has ${addresses.size === 2 ? "two" : "three"} hashes.` : "";
  print(wrap(`${same ? `One purchase, three times.${hashes}` : "Identifiers were spelled as each platform wants it and then hashed."} (Recorded by the stand-ins, which shorten hashes and addresses and leave secrets out.)`));
  if (same) {
    print();
    print(`  ${bold("The shop's page")}  sent ${dim("(invented, like everything here)")}`);
    print(json({event: same.event.event, event_id: same.event.event_id, user: same.event.user}));
  }
  for (const at of seen) {
    const {title, dialect, requests} = at;
    const wanted = (/** @type {any} */ event) => isOf(at, event, same);
    const found = [wanted, dialect.purchase, () => true]
      .map((right) => requests.map((request) => ({...request, event: dialect.list(request.body)?.find(right)})).find(({event}) => event))
      .find((one) => one);
    if (!found) continue;
    const rest = (dialect.list(found.body)?.length ?? 1) - 1;
    print();
    print(`  ${bold(title)}  answered ${found.status}  ${dim(cut(found.path, WIDTH - title.length - 18))}`);
    print(json(dialect.put(found.body, [found.event, ...(rest > 0 ? [`… and ${counted(rest, "event")} more`] : [])])));
  }
}

/** @param {Run} run */
function letters({letters: found}) {
  if (found.length === 0) return;
  heading("DEAD LETTERS");
  print(wrap("What a platform refused for good, kept with its prepared payload; one call replays it."));
  for (const {destination, event, event_id: id, state, code} of found.slice(0, 5)) print(`  ${destination.padEnd(12)}${event.padEnd(18)}${id.padEnd(24)}${state} with code ${code}`);
  if (found.length > 5) print(dim(`  and ${number(found.length - 5)} more`));
}

/** @param {Run} run @param {string[]} problems */
function oddities({tally, twin}, problems) {
  if (tally.odd.size === 0) return;
  heading("ODDLY WRITTEN, AND WHAT BECAME OF IT");
  print(wrap("One sample of each kind. What an event is (name, id, money, time, consent) is read strictly; what decorates it is left out (-) or used in another form (~) where it cannot be used as it is, and the answer says so."));
  print(`  ${"sent".padEnd(32)}${"platforms".padStart(9)}  ${dim("answered")}`);
  for (const [about, {result}] of tally.odd) {
    const id = String(result?.event_id ?? "");
    const at = id ? DESTINATIONS.filter(({platform}) => twin.received({platform, event_id: id}).total > 0).length : 0;
    const remarks = [
      ...(result?.code ? [result.code] : []),
      ...["removed", "changed"].flatMap((kind) => (result?.[kind] ?? []).map((/** @type {any} */ {path, code}) => `${kind === "removed" ? "-" : "~"}${String(path).split(".").pop()}: ${code}`)),
      ...new Set(Object.values(result?.destinations ?? {}).filter((/** @type {any} */ told) => /^(blocked|skipped)/.test(told) && !/not_mapped/.test(told)).map((told) => String(told).split(":")[1])),
    ];
    const rejected = result?.status === "rejected" || result?.status === undefined;
    const answer = `${result?.status ?? "refused"}${remarks.length > 0 ? ` ${remarks.join(", ")}` : ""}`;
    print(`  ${cut(about, 31).padEnd(32)}${(rejected ? "·" : number(at)).padStart(9)}  ${dim(wrap(answer, 45).trimStart())}`);
    if (!rejected && at === 0) problems.push(`${about}: ${result.status}, and no platform has it`);
  }
  const worth = twin.received({platform: "webhook", event_id: FORGED.id}).events.length;
  print(wrap(`The forged order and the shop's own differ, so both went out (${worth} copies at the webhook) and the ledger counts a conflict. Platforms keep the one they saw first: docs/security.md has what closes that.`));
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
  whoMayGetWhat(run, problems);
  oddities(run, problems);
  outage(run, problems);
  race(run, problems);
  releases(run);
  if (run.tally.events > 0) times(run);
  examples(run);
  problems.push(...compare(run));
  return problems;
}
