// The size of the browser client by part, gzipped: of the default, and of everything at once.

import {ADAPTERS, PIXELS, compose, gzipped} from "../worker/client/compose.mjs";

const BUDGET = 4_000;
const GOAL = 4_096;

/** @param {string} name @param {number} raw @param {number} size */
const line = (name, raw, size) => console.log(`${name.padEnd(40)}${String(raw).padStart(9)} bytes${String(size).padStart(9)} gzipped`);

/** @param {string} about @param {string[]} consent @param {string[]} pixels @param {boolean} [by_region] */
async function measured(about, consent, pixels, by_region = false) {
  const page = {source: "shop", key: "pk_shop_0123456789abcdef", required: true, by_region, consent, pixels, categories: {}, hold_ms: 4000, cookies: true, maps: {}};
  const {code, parts} = await compose(page, {measure: true, version: "0.2.0"});
  for (const {name, raw, gzipped: size} of parts) line(`  ${name}`, raw, size);
  line(about, code.length, gzipped(code));
  return gzipped(code);
}

const standards = ["consent_mode", "tcf", "gpp"].filter((name) => ADAPTERS.includes(name));
const standard = await measured("as it comes", standards, []);
await measured("with consent by region", standards, [], true);
const all = await measured("with every adapter and pixel", ADAPTERS, PIXELS);
if (all > GOAL) console.log(`everything at once is ${all - GOAL} bytes over ${GOAL}; no source uses it`);
if (standard > BUDGET) {
  console.error(`the browser client: ${standard} of ${BUDGET}: over the budget`);
  process.exit(1);
}
console.log(`${"the browser client".padEnd(55)}${String(standard).padStart(9)} of ${BUDGET}`);
