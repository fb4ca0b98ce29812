// The size of the worker against its budget, and what each part of it takes: so that the next feature knows its price.
//
//   node scripts/size.mjs              parts
//   node scripts/size.mjs --functions  and the forty largest functions
//
// A function is counted where its own code was written; what was inlined into it counts with it. Compressed sizes of parts
// are of each by itself, scaled to what they are together.

import {existsSync, readFileSync} from "node:fs";
import {gzipSync} from "node:zlib";
import {bodies, sections} from "./wasm.mjs";

const BUDGET = 1_000_000;
const build = new URL("../worker/build/", import.meta.url);
const wasm = readFileSync(new URL("index_bg.wasm", build));
const glue = readFileSync(new URL("index.js", build));
/** @param {Buffer} bytes */
const gzip = (bytes) => gzipSync(bytes, {level: 9}).length;

/** Whose code is what, by the crate that the function's path begins with. @type {[RegExp, string][]} */
const CRATES = [
  [/^(serde|serde_core|serde_json|itoa|ryu|zmij|memchr)$/, "JSON"],
  [/^(sha1|sha2|hmac|digest|block_buffer|crypto_common|subtle|cmov)$/, "hashing"],
  [/^(icu\w*|unicode\w*|edgetally_nfc|utf8\w*)$/, "Unicode"],
  [/^(time|http|url|form_urlencoded|percent_encoding|base64|libm|bytes|chrono)$/, "time, addresses, base64"],
  [/^(worker\w*|wasm_bindgen\w*|js_sys|web_sys|futures\w*|serde_wasm_bindgen|wasm_streams|matchit|console_error\w*|tokio\w*)$/, "glue: the worker crate, wasm-bindgen"],
  [/^(core|alloc|std|dlmalloc|compiler_builtins|hashbrown|memcpy|memmove|memset|memcmp|bcmp)$/, "Rust's library"],
];

/** @param {string} name of a function, as the compiler writes it */
function part(name) {
  // `<T as Trait>::method` belongs to T, and a library's function over one of our types to that type.
  const own = /\bedgetally_(core|worker)(?:\[\w+\])?::(?:r#)?(\w+)/.exec(name);
  // Each decoder of consent strings has a price of its own.
  const decoder = /\bedgetally_core(?:\[\w+\])?::consent::([a-z_]+)::/.exec(name)?.[1];
  if (own && decoder) return `core: consent, ${decoder}`;
  if (own) return own[1] === "core" ? `core: ${own[2]}` : "worker";
  if (/\bedgetally_nfc\b/.test(name)) return "Unicode";
  // What becomes a promise is an entry point of ours, inlined into what makes it one.
  if (name.startsWith("js_sys::futures::future_to_promise")) return "worker";
  const crate = /[a-z_][a-z0-9_]*(?=(?:\[\w+\])?::)/.exec(name)?.[0] ?? name.replace(/^_+/, "");
  // Methods of the primitive types have no crate in front.
  if (/^<(str|\[|char|[iuf]\d|&str|bool|\(\))/.test(name)) return "Rust's library";
  return CRATES.find(([of]) => of.test(crate))?.[1] ?? (name.startsWith("__") ? "glue: the worker crate, wasm-bindgen" : "other");
}

/** @type {Map<string, Buffer[]>} */
const parts = new Map();
/** @param {string} name @param {Buffer} bytes */
const add = (name, bytes) => parts.set(name, [...(parts.get(name) ?? []), bytes]);

const code = bodies(wasm);
const names = existsSync(new URL("functions.txt", build)) ? readFileSync(new URL("functions.txt", build), "utf8").split("\n") : [];
code.forEach((body, index) => add(names.length === code.length ? part(names[index] ?? "") : "code", body));
for (const {id, start, end} of sections(wasm)) {
  if (id === 11) add("data: texts and tables", wasm.subarray(start, end));
  else if (id !== 10) add("types, imports, indices", wasm.subarray(start, end));
}

const measured = [...parts].map(([name, pieces]) => {
  const bytes = Buffer.concat(pieces);
  return {name, raw: bytes.length, alone: gzip(bytes)};
});
const scale = gzip(wasm) / measured.reduce((sum, {alone}) => sum + alone, 0);

/** @param {string} name @param {number} raw @param {number} compressed */
const line = (name, raw, compressed) =>
  console.log(`${name.padEnd(40)}${String(raw).padStart(9)} bytes${String(Math.round(compressed)).padStart(9)} gzipped`);
for (const {name, raw, alone} of measured.sort((a, b) => b.raw - a.raw)) line(`  ${name}`, raw, alone * scale);
if (process.argv.includes("--functions")) {
  const largest = code.map((body, index) => ({name: names[index] ?? "", raw: body.length})).sort((a, b) => b.raw - a.raw);
  for (const {name, raw} of largest.slice(0, 40)) console.log(`  ${String(raw).padStart(8)} ${name.replace(/::h[0-9a-f]{16}$/, "").slice(0, 150)}`);
}
line("index_bg.wasm", wasm.length, gzip(wasm));
line("index.js", glue.length, gzip(glue));
const total = gzip(wasm) + gzip(glue);
const verdict = `${"together".padEnd(55)}${String(total).padStart(9)} of ${BUDGET}`;
if (total > BUDGET) {
  console.error(`${verdict}: over the budget`);
  process.exit(1);
}
console.log(verdict);
