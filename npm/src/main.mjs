// The command `edgetally`: finds the word, reads its flags, and turns what goes wrong into one sentence and a number.

import {parseArgs} from "node:util";
import {Exit, FINE, FOUND_WANTING, USAGE} from "./exits.mjs";
import {Missing} from "./places.mjs";
import {bold, print, red} from "./terminal.mjs";
import {VERSION} from "./version.mjs";

/**
 * @typedef {import("node:util").ParseArgsConfig["options"]} Flags
 *
 * @typedef {object} Command a module of commands/
 * @property {string} usage what stands behind the word
 * @property {string} help the sentences and flags of its help
 * @property {NonNullable<Flags>} flags
 * @property {(flags: Record<string, any>, words: string[]) => Promise<number>} run answers the exit code
 * @property {Record<number, number>} [exits] the numbers that this word ends with in place of the usual ones
 */

/** The words in the order of a deployment's life. @type {Record<string, string>} */
export const COMMANDS = {
  init: "a new gateway in this folder: settings, package, workflow",
  dev: "the real runtime here, stand-in platforms, and a page that shows events as they come",
  check: "the settings as the gateway will judge them, the secrets that they need, versions that end",
  build: "the page's script, with the consent sources and pixels that the settings name",
  deploy: "check, build, upload, smoke test, a share of the traffic, then all of it",
  gate: "whether a release changed what arrives, for a pipeline to go on or back",
  doctor: "whether a gateway works: health, queues, ledger, and a test event to every destination",
  send: "one event from flags, or a file with one JSON event per line",
  tail: "what becomes of events, as it happens",
  why: "what the gateway knows of one event",
  explain: "what would become of an event, and the exact requests; offline",
  hash: "identifiers in every platform's spelling; nothing is stored",
};

/** Flags that every command has. */
const COMMON = /** @type {const} */ ({json: {type: "boolean"}, help: {type: "boolean", short: "h"}, project: {type: "string", short: "C"}});

function overview() {
  print("edgetally counts every conversion once: events in at one address, out to every ad platform.");
  print();
  print(bold("edgetally COMMAND [flags]"));
  for (const [word, summary] of Object.entries(COMMANDS)) print(`  ${word.padEnd(9)}${summary}`);
  print();
  print("Every command has --help, --json (one JSON document, or one per line, and nothing else), and");
  print("--project FOLDER (-C) for another folder than this one. Ends with 0: fine, 1: something was");
  print("found wanting, 2: asked in a way that cannot be done, 3: the gateway cannot be reached. gate has");
  print("numbers of its own: 1: fail, 2: inconclusive, 3: asked wrongly, 4: cannot be reached.");
}

/** @param {string} word @param {Command} command */
function helpOf(word, command) {
  print(bold(`edgetally ${word} ${command.usage}`.trimEnd()));
  print();
  print(command.help.trim());
}

/** @param {string} word @param {string[]} rest */
async function run(word, rest) {
  if (!Object.hasOwn(COMMANDS, word)) {
    const near = Object.keys(COMMANDS).find((known) => known.startsWith(word) || word.startsWith(known));
    throw new Exit(USAGE, `there is no command "${word}"${near ? `; did you mean "${near}"?` : ""} (edgetally --help lists them)`);
  }
  const command = /** @type {Command} */ (await import(`./commands/${word}.mjs`));
  try {
    return await obey(word, command, rest);
  } catch (error) {
    if (!(error instanceof Exit) && !(error instanceof Missing)) throw error;
    const code = codeOf(error);
    throw new Exit(command.exits?.[code] ?? code, error.message);
  }
}

/** @param {Exit | Missing} error */
const codeOf = (error) => (error instanceof Exit ? error.code : FOUND_WANTING);

/** @param {string} word @param {Command} command @param {string[]} rest */
async function obey(word, command, rest) {
  let parsed;
  try {
    parsed = parseArgs({args: rest, options: {...COMMON, ...command.flags}, allowPositionals: true, strict: true});
  } catch (error) {
    throw new Exit(USAGE, `${error instanceof Error ? error.message.split(". To specify")[0] : error} (edgetally ${word} --help)`);
  }
  if (parsed.values.help) {
    helpOf(word, command);
    return FINE;
  }
  return command.run({project: process.cwd(), ...parsed.values}, parsed.positionals);
}

/**
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
export async function main(args) {
  // A reader that went away, such as `head`, is no reason for a stack trace.
  process.stdout.on("error", (error) => process.exit(/** @type {NodeJS.ErrnoException} */ (error).code === "EPIPE" ? FINE : FOUND_WANTING));
  const [word, ...rest] = args;
  try {
    if (word === "--version" || word === "-v") {
      print(VERSION);
      return FINE;
    }
    if (word === undefined || word === "--help" || word === "-h" || word === "help") {
      overview();
      return word === undefined ? USAGE : FINE;
    }
    return await run(word, rest);
  } catch (error) {
    if (!(error instanceof Exit) && !(error instanceof Missing)) throw error;
    const code = codeOf(error);
    if (rest.includes("--json")) print(JSON.stringify({error: error.message, exit: code}));
    else process.stderr.write(`${red("edgetally:")} ${error.message}\n`);
    return code;
  }
}
