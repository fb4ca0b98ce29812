// Events one per line, from a file or `-` for standard input, as a server sends them: no faster than they are answered, and
// never more of them in memory than a few requests hold.

import {createReadStream} from "node:fs";
import {stat} from "node:fs/promises";
import {bar, number, size as bytesOf} from "./terminal.mjs";

/** At most this much is held of one line; edgetally takes events up to 64 KiB, so a longer line is none. */
const LONGEST_LINE = 256 * 1024;
const MOST_EVENTS = 100;
const MOST_BYTES = 400 * 1024;
/** Requests under way at once; the file is read no faster than they are answered. */
const MOST_REQUESTS = 4;
/** Lines that are told one by one; the rest are only counted. */
const MOST_TOLD = 20;

/**
 * A line that could not be accepted.
 * @typedef {{line: number, code: string, text: string}} Fault
 */

/**
 * @typedef {object} Progress
 * @property {number} lines read so far
 * @property {number} bytes read so far
 * @property {number | null} size of the whole, where it is known
 */

/**
 * What the file was.
 * @typedef {object} Told
 * @property {number} lines
 * @property {number} bytes
 * @property {number} empty
 * @property {Map<string, number>} unreadable lines that were not sent, by code
 * @property {Fault[]} faults the first of them, and the first that edgetally refused
 * @property {number} faulty how many there were in all
 */

/**
 * The lines of a stream, by number; null in place of one that is too long.
 * @param {AsyncIterable<Buffer>} stream
 * @param {(bytes: number) => void} seen
 * @returns {AsyncGenerator<[number, Buffer | null]>}
 */
export async function* lines(stream, seen) {
  /** @type {Buffer[]} */
  let pieces = [];
  let length = 0;
  let line = 1;
  const take = () => {
    const whole = length > LONGEST_LINE ? null : Buffer.concat(pieces, length);
    pieces = [];
    length = 0;
    return whole;
  };
  for await (const chunk of stream) {
    seen(chunk.length);
    for (let from = 0; from <= chunk.length;) {
      const end = chunk.indexOf(10, from);
      const piece = chunk.subarray(from, end < 0 ? chunk.length : end);
      length += piece.length;
      if (length <= LONGEST_LINE) pieces.push(piece);
      else pieces = [];
      if (end < 0) break;
      yield [line, take()];
      line += 1;
      from = end + 1;
    }
  }
  if (length > 0) yield [line, take()];
}

/**
 * Whether the file can be read, and its size where it has one.
 * @param {string} path
 * @returns {Promise<number | null>}
 */
export async function check(path) {
  if (path === "-") return null;
  const found = await stat(path).catch((error) => {
    throw new Error(error.code === "ENOENT" ? `${path}: there is no such file` : `${path}: ${error.message}`);
  });
  if (found.isDirectory()) throw new Error(`${path}: is a folder; a file with one JSON event per line is needed`);
  return found.isFile() ? found.size : null;
}

/**
 * How far a file is, on one line.
 * @param {Progress} at
 * @param {number} seconds since it began
 */
export function howFar({lines, bytes, size}, seconds) {
  const share = size ? `${bar(bytes / size)} ${String(Math.floor((bytes / size) * 100)).padStart(3)} %  ` : "";
  return `  ${share}${number(lines)} lines  ${bytesOf(bytes)}${seconds > 1 ? `  ${number(Math.round(lines / seconds))} lines/s` : ""}`;
}

/**
 * A request's answer, or null where none came however often it was sent.
 * @typedef {{status: number, body: any} | null} Answer
 */

/**
 * Sends every event of a file.
 * @template {Answer} A
 * @param {string} path
 * @param {(body: string) => Promise<A>} post a list of events
 * @param {(answer: A) => void} note called with each answer
 * @param {{size: number | null, stopped: () => boolean, progress: (at: Progress) => void}} options
 * @returns {Promise<Told>}
 */
export async function send(path, post, note, {size, stopped, progress}) {
  /** @type {Told} */
  const told = {lines: 0, bytes: 0, empty: 0, unreadable: new Map(), faults: [], faulty: 0};
  const stream = path === "-" ? process.stdin : createReadStream(path, {highWaterMark: 256 * 1024});
  const decoder = new TextDecoder("utf-8", {fatal: true});
  /** @type {Set<Promise<void>>} */
  const open = new Set();
  /** @type {{line: number, text: string}[]} */
  let batch = [];
  let weight = 0;
  /** What keeps everything from going on. @type {unknown} */
  let failed;

  /** @param {number} line @param {string} code @param {string} text */
  const fault = (line, code, text) => {
    told.faulty += 1;
    if (told.faults.length < MOST_TOLD) told.faults.push({line, code, text});
  };
  /** @param {number} line @param {string} code @param {string} text */
  const unreadable = (line, code, text) => {
    told.unreadable.set(code, (told.unreadable.get(code) ?? 0) + 1);
    fault(line, code, text);
  };

  const flush = async () => {
    if (batch.length === 0) return;
    const items = batch;
    batch = [];
    weight = 0;
    while (open.size >= MOST_REQUESTS) await Promise.race(open);
    const sent = post(`[${items.map(({text}) => text).join(",")}]`)
      .then((answer) => {
        note(answer);
        if (!answer) return;
        for (const {index, status, code, path: at, message} of answer.body?.results ?? []) {
          if (status === "rejected") fault(items[index]?.line ?? 0, code, `${at ? `${at}: ` : ""}${message ?? ""}`);
        }
        if (!answer.body?.results) fault(items[0]?.line ?? 0, answer.body?.error?.code ?? String(answer.status), "the whole request was refused");
      })
      .catch((error) => (failed ??= error))
      .finally(() => open.delete(sent));
    open.add(sent);
  };

  for await (const [line, bytes] of lines(/** @type {AsyncIterable<Buffer>} */ (stream), (length) => (told.bytes += length))) {
    if (stopped() || failed !== undefined) break;
    told.lines = line;
    if (line % 500 === 0) progress({lines: line, bytes: told.bytes, size});
    if (!bytes) {
      unreadable(line, "event_too_large", "the line is over 256 KiB; an event has at most 64 KiB");
      continue;
    }
    let text;
    try {
      text = decoder.decode(bytes).trim();
    } catch {
      unreadable(line, "invalid_utf8", "the line is not UTF-8");
      continue;
    }
    if (text === "") {
      told.empty += 1;
      continue;
    }
    try {
      JSON.parse(text);
    } catch {
      // Without the parser's own words: they repeat what they found.
      unreadable(line, "malformed_json", "the line is not JSON");
      continue;
    }
    if (batch.length >= MOST_EVENTS || weight + bytes.length + 1 > MOST_BYTES) await flush();
    batch.push({line, text});
    weight += bytes.length + 1;
  }
  await flush();
  while (open.size > 0) await Promise.race(open);
  if (failed !== undefined) throw failed;
  progress({lines: told.lines, bytes: told.bytes, size});
  told.faults.sort((a, b) => a.line - b.line);
  return told;
}
