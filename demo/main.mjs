// The demo: the built worker on the real runtime, stand-ins in place of the platforms, and a shop's day.
//
//   make demo                        plays a day of 2,400 events with an outage in the middle, and reports
//   make demo KEEP=1                 leaves everything running afterwards, with commands to copy and a shop to click through
//   make demo EVENTS=path.ndjson     sends your own events instead, one JSON object per line; `-` reads standard input
//
// DEMO_EVENTS, DEMO_OUTAGE (seconds) and DEMO_SEED change the day. Nothing leaves this machine.

import {setTimeout as sleep} from "node:timers/promises";
import {startWorker} from "../npm/src/runtime.mjs";
import {startTwin} from "../twin/server.mjs";
import {free} from "../npm/src/dev.mjs";
import {check, howFar, send} from "../npm/src/ndjson.mjs";
import {gates} from "./gates.mjs";
import {Edge, Tally, count, intake, ledger, play, settle} from "./play.mjs";
import {report} from "./report.mjs";
import {gaps} from "./race.mjs";
import {ADMIN_TOKEN, DESTINATIONS, OBJECTS, PORTS, QUEUE, SECRETS, SENDERS, settings} from "./settings.mjs";
import {planDay} from "./shop.mjs";
import {prepareStorefront} from "./storefront/start.mjs";
import {KINDS} from "./visitors.mjs";
import {Progress, bold, clock, counted, dim, duration, green, number, print, red, size, wrap} from "../npm/src/terminal.mjs";

/** @param {string} name @param {number} fallback */
function setting(name, fallback) {
  const text = process.env[name];
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`${name}=${text}: is not a number`);
  return value;
}

/** @param {Edge} edge */
async function healthy(edge) {
  const health = await edge.health();
  if (health?.status !== "ok") throw new Error(`edgetally is not healthy: ${JSON.stringify(health)}`);
}

/** The platform that will be out of order. */
const TROUBLED = "meta";

/**
 * How many events the platforms have; what one of them still has to judge, it has.
 * @param {import("./play.mjs").Ledger} book
 * @param {(name: string) => boolean} [wanted]
 */
function arrived(book, wanted = () => true) {
  const names = DESTINATIONS.map(({name}) => name).filter(wanted);
  return number(names.reduce((sum, name) => sum + count(book, name, "delivered") + count(book, name, "processing"), 0));
}

/** @typedef {() => Promise<void>} Cron runs the worker's cron trigger, which asks the platforms that judge later */

/**
 * Waits until everything is settled, and asks those that judge later until they have judged.
 * @param {Edge} edge
 * @param {number} expected events
 * @param {Cron} cron
 * @param {{stopped: () => boolean, look: (book: import("./play.mjs").Ledger) => void}} options
 */
async function judgement(edge, expected, cron, {stopped, look}) {
  /** @type {import("./report.mjs").Judged} */
  const judged = new Map();
  const book = await settle(edge, expected, {
    seconds: 20,
    stopped,
    look(now) {
      for (const {name} of DESTINATIONS) {
        const open = count(now, name, "processing");
        if (open > (judged.get(name) ?? 0)) judged.set(name, open);
      }
      look(now);
    },
    ask: cron,
  });
  /** @type {Map<string, number>} */
  const waits = new Map();
  if (DESTINATIONS.some(({name}) => count(book, name, "retrying") > 0)) {
    const {events} = await edge.ask("/v1/recent?limit=500");
    for (const {what} of events) {
      for (const [name, state] of Object.entries(what)) {
        if (state.startsWith("retrying:")) waits.set(`${name}:${state.slice(9)}`, (waits.get(`${name}:${state.slice(9)}`) ?? 0) + 1);
      }
    }
  }
  return {book, judged, waits};
}

/**
 * What each kind of visitor allows, as edgetally explains it.
 * @param {Edge} edge
 * @param {number} start
 */
async function allowed(edge, start) {
  /** @type {import("./report.mjs").May} */
  const may = new Map();
  for (const [source, country] of /** @type {const} */ ([["shop", "DE"], ["outlet", "US"]])) {
    for (const {name, consent, gpc = false} of KINDS[source]) {
      const {destinations} = await edge.ask("/v1/consent/explain", {source, country, consent: {...consent(start), gpc}});
      may.set(name, new Map(destinations.map((/** @type {any} */ row) => [row.destination, row])));
    }
  }
  return may;
}

/**
 * A shop day with an outage in the middle.
 * @param {Edge} edge
 * @param {Awaited<ReturnType<typeof startWorker>>} worker
 * @param {import("./report.mjs").Twin} twin
 * @param {Cron} cron
 * @param {() => boolean} stopped
 * @returns {Promise<import("./report.mjs").Run>}
 */
async function shopDay(edge, worker, twin, cron, stopped) {
  const away = setting("DEMO_OUTAGE", 10) * 1000;
  const calm = Math.max(2500, away * 0.8);
  const tally = new Tally();
  const start = Date.now() + 200;
  const seed = setting("DEMO_SEED", 20261124);
  const day = planDay({seed, events: setting("DEMO_EVENTS", 2400), start, length: calm * 2 + away});
  print(wrap(`A shop day: ${counted(day.events, "event")} from a shop's pages and server, an outlet's pages, and a billing system that signs. Second copies, mistakes, missing consent and late events included; in the middle Meta is out of order for ${duration(away)}.`));
  print();
  twin.faults({platform: TROUBLED, kind: "reject_event_id", event_id: day.refused});

  const progress = new Progress();
  /** @type {import("./report.mjs").Outage} */
  const outage = {destination: TROUBLED, from: start + calm, until: start + calm + away, waiting: 0, drained: 0};
  let playing = true;
  const look = (/** @type {import("./play.mjs").Ledger} */ book) => {
    const waiting = count(book, TROUBLED, "retrying");
    outage.waiting = Math.max(outage.waiting, waiting);
    if (Date.now() > outage.until && waiting === 0 && outage.drained === 0) {
      outage.drained = Date.now();
      progress.say(`  ${clock(Date.now() - start)}  ${green("nothing waits for Meta any more")}`);
    }
    progress.update(`  ${clock(Date.now() - start)}  sent ${number(tally.events).padStart(5)} of ${number(day.events)}   to Meta ${arrived(book, (name) => name === TROUBLED).padStart(5)}   to the ${DESTINATIONS.length - 1} others ${arrived(book, (name) => name !== TROUBLED).padStart(6)}${waiting > 0 ? `   waiting ${number(waiting)}` : ""}`);
  };
  const script = (async () => {
    await sleep(Math.max(0, outage.from - Date.now()));
    if (stopped()) return;
    outage.from = Date.now();
    outage.until = outage.from + away;
    if (away > 0) twin.faults({platform: TROUBLED, kind: "status", status: 503, until: outage.until});
    progress.say(`  ${clock(outage.from - start)}  ${red("Meta is out of order: it answers HTTP 503")}`);
    await sleep(away);
    if (!stopped()) progress.say(`  ${clock(Date.now() - start)}  ${green("Meta answers again")}`);
  })();
  const watch = (async () => {
    while (playing && !stopped()) {
      await sleep(400);
      look(await ledger(edge));
    }
  })();
  await Promise.all([play(edge, day.steps, tally, {start, stopped}).finally(() => (playing = false)), script, watch]);
  await settle(edge, tally.events, {seconds: 20, stopped, look});
  // A refund adjusts a conversion, so it comes when the platforms have that.
  if (!stopped()) progress.say(`  ${clock(Date.now() - start)}  the shop has closed: ${counted(day.evening.reduce((sum, {events}) => sum + events, 0), "refund")}; then the platforms that judge later are asked`);
  await play(edge, day.evening, tally, {start, stopped});
  const {book, judged, waits} = await judgement(edge, tally.events, cron, {stopped, look});
  progress.end();
  const {dead_letters: letters} = await edge.ask("/v1/dead-letters?limit=100");
  const may = await allowed(edge, start);
  const releases = stopped() ? undefined : await gates(edge, worker, seed);
  return {book, tally, twin, letters, judged, waits, personal: day.personal, showcase: day.showcase, outage, race: {gaps: gaps(day.steps), seed}, visitors: {kinds: day.kinds, may}, ...(releases && {releases})};
}

/**
 * Events of a file, or of standard input.
 * @param {string} path
 * @param {Edge} edge
 * @param {import("./report.mjs").Twin} twin
 * @param {Cron} cron
 * @param {() => boolean} stopped
 * @returns {Promise<import("./report.mjs").Run>}
 */
async function ownEvents(path, edge, twin, cron, stopped) {
  const whole = await check(path);
  const tally = new Tally();
  const progress = new Progress();
  const started = Date.now();
  print(wrap(`Sending ${path === "-" ? "standard input" : path}${whole === null ? "" : ` (${size(whole)})`} as the shop's server, up to 100 events per request. A visitor that nobody asked for consent counts as a no.`));
  print();
  const headers = {"content-type": "application/json", authorization: `Bearer ${SENDERS.shop.secret}`};
  const note = (/** @type {import("./play.mjs").Answered | null} */ answer) => {
    if (answer) tally.note("server", answer);
    else tally.unanswered += 1;
  };
  const file = await send(path, (body) => edge.post({headers, body}), note, {
    size: whole,
    stopped,
    progress: (at) => progress.update(howFar(at, (Date.now() - started) / 1000)),
  });
  const sent = Date.now();
  progress.end();
  const {book, judged, waits} = await judgement(edge, tally.events, cron, {
    stopped,
    look: (now) => progress.update(`  ${number(intake(now, "received"))} of ${number(tally.events)} worked off   to ${DESTINATIONS.length} destinations ${arrived(now)}`),
  });
  progress.end();
  const rate = tally.events / Math.max(0.001, (sent - started) / 1000);
  const skipped = file.empty > 0 ? `, ${number(file.empty)} of them empty` : "";
  print(`  ${counted(file.lines, "line")}${skipped}; ${counted(tally.events, "event")} sent in ${duration(sent - started)}${tally.events > 0 ? ` (${number(Math.round(rate))} per second)` : ""}`);
  const {dead_letters: letters} = await edge.ask("/v1/dead-letters?limit=100");
  return {book, tally, twin, letters, judged, waits, personal: 0, showcase: [], file};
}

/**
 * The report, and whether everything adds up.
 * @param {import("./report.mjs").Run} run
 * @param {number} ms it took, in all
 * @param {readonly import("../npm/src/runtime.mjs").LogLine[]} logs
 */
function conclude(run, ms, logs) {
  const problems = report(run);
  print();
  if (problems.length === 0) {
    print(green(bold(`All books agree. ${counted(intake(run.book, "received"), "event")} in, remainder 0.`)) + dim(`  ${(ms / 1000).toFixed(0)} s in all`));
  } else {
    print(red(bold("It does not all add up:")));
    for (const problem of problems) print(`  ${red(problem)}`);
  }
  const complaints = logs.filter(({level}) => level === "error" || level === "warn");
  if (complaints.length > 0) {
    print();
    print(`The worker logged ${counted(complaints.length, "complaint")}, the first: ${complaints[0]?.message}`);
  }
  return problems.length === 0;
}

/**
 * What to do with it while it runs.
 * @param {URL} url
 * @param {string} twin
 * @param {Awaited<ReturnType<typeof prepareStorefront>>} shop
 */
function invitation(url, twin, shop) {
  const events = new URL("/v1/events", url);
  print();
  print(bold("IT IS STILL RUNNING"));
  print(`  a shop      ${shop.url}   ${dim("click through it, and see both copies of your order meet")}`);
  print(`  events      ${shop.live.url}   ${dim("as they come; the same view stands beside the shop")}`);
  print(`  edgetally   ${url.origin}/v1/health`);
  print(`  platforms   ${twin}/_twin/stats   ${dim("also /_twin/received, /_twin/requests")}`);
  print(`  settings    demo/settings.mjs; sources ${Object.keys(settings(twin, shop.url).sources).join(", ")}; destinations:`);
  print(wrap(DESTINATIONS.map(({name}) => name).join(", "), 14));
  print();
  print("  Send a purchase (a second time, it is a duplicate):");
  print(`
curl -s ${events} \\
  -H 'Authorization: Bearer ${SENDERS.shop.secret}' -H 'Content-Type: application/json' \\
  -d '{"event": "purchase", "event_id": "mine-1", "value": 129.90, "currency": "EUR",
       "items": [{"item_id": "SKU-44", "item_name": "Desk lamp", "price": 129.90, "quantity": 1}],
       "user": {"email": "Elena.Brandt@mail.example", "phone": "0151 23456789"},
       "context": {"page_url": "https://shop.example/thanks", "user_agent": "Mozilla/5.0", "client_id": "1380133182.1764792191"},
       "consent": {"ad_user_data": "granted", "analytics_storage": "granted"}}'`);
  print();
  print("  See what became of it, and of everything else:");
  print(`
curl -s -H 'Authorization: Bearer ${ADMIN_TOKEN}' '${url.origin}/v1/recent?event_id=mine-1'
curl -s -H 'Authorization: Bearer ${ADMIN_TOKEN}' ${url.origin}/v1/ledger
curl -s '${twin}/_twin/received?platform=meta&event_id=mine-1'`);
  print();
  print("  Meta has been mended since: offer it the dead letter again:");
  print(`
curl -s -H 'Authorization: Bearer ${ADMIN_TOKEN}' ${url.origin}/v1/dead-letters
curl -s -H 'Authorization: Bearer ${ADMIN_TOKEN}' ${url.origin}/v1/dead-letters/replay -d '{"destination": "meta"}'`);
  print();
  print(dim("  Ctrl-C stops it and removes its state."));
}

async function main() {
  const keep = !["", "0", undefined].includes(process.env.KEEP);
  const path = process.env.EVENTS ?? "";
  // Before anything is started: a wrong path is told at once.
  if (path) {
    await check(path).catch((error) => {
      throw new Error(`EVENTS=${error.message}`);
    });
  }

  let signals = 0;
  /** @type {() => void} */
  let wake = () => {};
  /** @type {Promise<void>} */
  const interrupted = new Promise((resolve) => (wake = resolve));
  const stop = () => {
    signals += 1;
    wake();
  };
  const stopped = () => signals > 0;

  const began = Date.now();
  const twin = await startTwin({port: keep ? await free(PORTS.twin) : 0});
  /** @type {Awaited<ReturnType<typeof startWorker>> | undefined} */
  let worker;
  /** @type {Edge | undefined} */
  let edge;
  /** @type {Awaited<ReturnType<typeof prepareStorefront>> | undefined} */
  let shop;
  try {
    if (keep) shop = await prepareStorefront({twin, port: await free(PORTS.storefront), livePort: await free(PORTS.live)});
    worker = await startWorker({
      settings: settings(twin.url, shop?.url), queue: QUEUE, objects: OBJECTS, port: keep ? await free(PORTS.worker) : 0,
      ...shop?.gateway, secrets: {...SECRETS, ...shop?.gateway.secrets},
    });
    // The runtime's library ends the process on a signal, before anything is tidied up; from here on that is ours.
    for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.removeAllListeners(signal).on(signal, stop);
    edge = new Edge(worker.url);
    await healthy(edge);
    print(bold("edgetally: conversion events in at one address, out to every platform, each counted once"));
    print(dim(`  edgetally   ${worker.url.origin}   the real runtime; claims, queue and ledger on disk`));
    print(dim(`  platforms   ${twin.url}   stand-ins for all ${DESTINATIONS.length}; nothing leaves this machine`));
    print();
    // In a deployment the runtime does that every ten minutes; locally nobody does.
    const {mf} = worker;
    const cron = async () => {
      const entry = /** @type {{scheduled: (event: {cron: string}) => Promise<unknown>}} */ (/** @type {unknown} */ (await mf.getWorker()));
      await entry.scheduled({cron: "*/10 * * * *"});
    };
    const run = path ? await ownEvents(path, edge, twin, cron, stopped) : await shopDay(edge, worker, twin, cron, stopped);
    if (stopped()) {
      print();
      print("stopped");
      return 130;
    }
    const right = conclude(run, Date.now() - began, worker.logs);
    if (shop) {
      twin.clearFaults();
      shop.open(worker.url, edge.ask.bind(edge));
      invitation(worker.url, twin.url, shop);
      while (!stopped()) {
        await cron();
        await Promise.race([interrupted, sleep(1000)]);
      }
      print();
      print("stopped");
    }
    return right ? 0 : 1;
  } finally {
    edge?.close();
    await worker?.dispose();
    await shop?.close();
    await twin.close();
  }
}

// A reader that went away, such as `head`, is no reason for a stack trace.
process.stdout.on("error", () => process.exit(0));

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 2;
}
