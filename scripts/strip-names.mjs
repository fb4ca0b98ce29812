// Takes the names of functions out of the built wasm: nobody reads them in production, and they are a tenth of its
// size. Custom sections only; everything that runs stays as it is, byte for byte.

import {readFileSync, writeFileSync} from "node:fs";

const file = new URL("../worker/build/index_bg.wasm", import.meta.url);
const wasm = readFileSync(file);

/** @param {number} at */
function leb(at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = wasm[at++] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return {value, at};
  }
}

const kept = [wasm.subarray(0, 8)];
for (let at = 8; at < wasm.length; ) {
  const {value: length, at: start} = leb(at + 1);
  const end = start + length;
  let name = "";
  if (wasm[at] === 0) {
    const size = leb(start);
    name = wasm.toString("utf8", size.at, size.at + size.value);
  }
  if (name !== "name" && name !== "producers") kept.push(wasm.subarray(at, end));
  at = end;
}
writeFileSync(file, Buffer.concat(kept));
