// What the documents say is true: every `make` word exists, every relative link leads somewhere, and the Python
// of README.md runs and prints what the text block behind it shows. Run by `make test-readme`.

import {execFileSync, spawnSync} from "node:child_process";
import {existsSync, readFileSync} from "node:fs";
import {dirname, join, relative} from "node:path";
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

for (const failure of failures) console.error(failure);
console.log(`${checks - failures.length} passed, ${failures.length} failed`);
process.exit(failures.length === 0 ? 0 : 1);
