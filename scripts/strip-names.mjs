// Takes the names of functions out of the built wasm: nobody reads them in production, and they are a tenth of its
// size. Custom sections only; everything that runs stays as it is, byte for byte. The names go into a file of their
// own, one line for each function, so that `make size` can say what each part takes.

import {readFileSync, writeFileSync} from "node:fs";
import {functionNames, sections} from "./wasm.mjs";

const build = new URL("../worker/build/", import.meta.url);
const file = new URL("index_bg.wasm", build);
const wasm = readFileSync(file);

const kept = [wasm.subarray(0, 8)];
for (const {start, end, custom} of sections(wasm)) {
  if (custom !== "name" && custom !== "producers") kept.push(wasm.subarray(start, end));
}
writeFileSync(new URL("functions.txt", build), functionNames(wasm).join("\n"));
writeFileSync(file, Buffer.concat(kept));
