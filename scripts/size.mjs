// The size of the worker, raw and compressed, against the budget. A start-up has one second to compile it.

import {readFileSync} from "node:fs";
import {gzipSync} from "node:zlib";

const budget = 440_000;
const build = new URL("../worker/build/", import.meta.url);

/** @param {string} name */
const measure = (name) => {
  const bytes = readFileSync(new URL(name, build));
  return {name, raw: bytes.length, gzip: gzipSync(bytes, {level: 9}).length};
};

const files = ["index_bg.wasm", "index.js"].map(measure);
for (const {name, raw, gzip} of files) {
  console.log(`${name.padEnd(16)}${String(raw).padStart(9)} bytes${String(gzip).padStart(9)} gzipped`);
}
const total = files.reduce((sum, {gzip}) => sum + gzip, 0);
const line = `${"together".padEnd(16)}${"".padStart(15)}${String(total).padStart(9)} of ${budget}`;
if (total > budget) {
  console.error(`${line}: over the budget`);
  process.exit(1);
}
console.log(line);
