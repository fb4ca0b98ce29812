// Takes the names of functions out of the built wasm: nobody reads them in production, and they are a tenth of its
// size. Custom sections only; everything that runs stays as it is, byte for byte. With a second file the names go into
// that, one line for each function, so that `make size` can say what each part takes.
//
//   node scripts/strip-names.mjs WASM [NAMES]

import {readFileSync, writeFileSync} from "node:fs";
import {functionNames, sections} from "./wasm.mjs";

const [file = "", names] = process.argv.slice(2);
const wasm = readFileSync(file);

const kept = [wasm.subarray(0, 8)];
for (const {start, end, custom} of sections(wasm)) {
  if (custom !== "name" && custom !== "producers") kept.push(wasm.subarray(start, end));
}
if (names) writeFileSync(names, functionNames(wasm).join("\n"));
writeFileSync(file, Buffer.concat(kept));
