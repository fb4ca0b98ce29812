// What the documents say is true: every `make` word exists, every relative link leads somewhere, and the Python
// of README.md runs and prints what the text block behind it shows, and its curl lines are answered as it says. Run by
// `make test-readme`.

import {execFileSync, spawn, spawnSync} from "node:child_process";
import {once} from "node:events";
import {existsSync, readFileSync} from "node:fs";
import {dirname, join, relative} from "node:path";
import {setTimeout as sleep} from "node:timers/promises";
import {fileURLToPath} from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
/** @type {string[]} */
const failures = [];
let checks = 0;

/** @param {boolean} holds @param {string} sentence */
function check(holds, sentence) {
  checks += 1;
  if (!holds) failures.push(sentence);
}

/**
 * The fenced blocks of a document, and the prose without them.
 * @param {string} text
 */
function split(text) {
  /** @type {{language: string, code: string, line: number}[]} */
  const blocks = [];
  const prose = text.replace(/^```([a-z]*)[^\n]*\n([\s\S]*?)^```$/gm, (_, language, code, offset) => {
    blocks.push({language, code, line: text.slice(0, offset).split("\n").length});
    return "";
  });
  return {blocks, prose};
}

const words = new Set(
  [...readFileSync(join(root, "Makefile"), "utf8").matchAll(/^([a-z][a-z-]*):/gm)].map(([, word]) => word),
);
const documents = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "*.md"], {cwd: root, encoding: "utf8"})
  .split("\n")
  .filter((name) => name && existsSync(join(root, name)));

for (const name of documents) {
  const {blocks, prose} = split(readFileSync(join(root, name), "utf8"));
  const shell = blocks.filter(({language}) => ["sh", "bash", "console"].includes(language));
  const inline = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? "");
  for (const code of [...inline, ...shell.map((block) => block.code)]) {
    for (const [, word] of code.matchAll(/^(?:\$ )?make ([a-z][a-z-]*)/gm)) {
      check(words.has(word), `${name}: there is no "make ${word}"`);
    }
  }
  for (const [, target = ""] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:|^#/.test(target)) continue;
    const file = join(root, dirname(name), target.replace(/#.*$/, ""));
    check(existsSync(file), `${name}: the link to ${target} leads nowhere (${relative(root, file)})`);
  }
}

const {blocks} = split(readFileSync(join(root, "README.md"), "utf8"));
blocks.forEach((block, index) => {
  if (block.language !== "python") return;
  const run = spawnSync(join(root, ".venv/bin/python"), ["-W", "error", "-c", block.code], {encoding: "utf8"});
  check(run.status === 0, `README.md:${block.line}: the Python ends with ${run.status}\n${run.stderr}`);
  const next = blocks[index + 1];
  if (next?.language === "text" && run.status === 0) {
    check(
      run.stdout.trim() === next.code.trim(),
      `README.md:${next.line}: the Python above prints something else:\n${run.stdout}`,
    );
  }
});

// Every error code that a sender may meet is explained.
const events = readFileSync(join(root, "docs/events.md"), "utf8");
for (const [, code = ""] of readFileSync(join(root, "crates/core/src/base/error.rs"), "utf8").matchAll(/^ {4}\w+ "([a-z_0-9]+)" \d+/gm)) {
  check(events.includes(`\`${code}\``), `docs/events.md does not explain ${code}`);
}

// The curl lines of the README, in their order, against the demo that it says to leave running; a JSON block behind one
// is the answer, in which "…" stands for anything. An answer that tells of a delivery may take a moment.
const ports = {8787: "", 8799: ""};
const demo = spawn(process.execPath, ["demo/main.mjs"], {
  cwd: root,
  env: {...process.env, KEEP: "1", DEMO_EVENTS: "60", DEMO_OUTAGE: "1", NO_COLOR: "1"},
  stdio: ["ignore", "pipe", "inherit"],
});
let printed = "";
demo.stdout.setEncoding("utf8").on("data", (text) => (printed += text));
const deadline = Date.now() + 90_000;
while (!/Ctrl-C/.test(printed) && demo.exitCode === null && Date.now() < deadline) await sleep(100);
ports[8787] = /edgetally +(http:\S+)/.exec(printed)?.[1] ?? "";
ports[8799] = /platforms +(http:\S+)/.exec(printed)?.[1] ?? "";
check(ports[8787] !== "" && ports[8799] !== "", `the demo does not stay: ${printed.slice(-500)}`);
for (const [index, block] of blocks.entries()) {
  if (block.language !== "sh" || !block.code.startsWith("curl ")) continue;
  const command = block.code
    .replaceAll("http://127.0.0.1:8787", ports[8787])
    .replaceAll("http://127.0.0.1:8799", ports[8799]);
  const next = blocks[index + 1];
  const wanted = next?.language === "json" ? next.code.trim().split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")) : undefined;
  let answer = "";
  for (let attempt = 0; attempt < 60; attempt++) {
    answer = spawnSync("bash", ["-c", command], {encoding: "utf8"}).stdout.trim();
    if (wanted ? new RegExp(`^${wanted.join("[\\s\\S]*?")}$`).test(answer) : answer.startsWith("{")) break;
    // Sent twice it would be a duplicate; only questions are asked again.
    if (command.includes(" -d ")) break;
    await sleep(250);
  }
  check(
    wanted ? new RegExp(`^${wanted.join("[\\s\\S]*?")}$`).test(answer) : answer.startsWith("{"),
    `README.md:${block.line}: curl is answered otherwise:\n${answer}`,
  );
}
demo.kill("SIGTERM");
await Promise.race([once(demo, "exit"), sleep(10_000)]);

for (const failure of failures) console.error(failure);
console.log(`${checks - failures.length} passed, ${failures.length} failed`);
process.exit(failures.length === 0 ? 0 : 1);
