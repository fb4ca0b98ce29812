// `make check`: what is wrong with wrangler.toml, as the worker will judge it, and the secrets that it needs.
//
//   node scripts/check.mjs wrangler.toml

import {readFileSync} from "node:fs";

/** @type {typeof import("../crates/tool/index.mjs")} */
const {check} = await import(new URL("../dist/tool/index.mjs", import.meta.url).href);

const path = process.argv[2] ?? "wrangler.toml";
let text;
try {
  text = readFileSync(path, "utf8");
} catch {
  console.error(`${path} cannot be read`);
  process.exit(1);
}
const checked = check(text, Date.now());
const {said, warnings, errors} = "error" in checked ? {said: [], warnings: [], errors: [checked.error]} : checked;
for (const line of said) console.log(line);
for (const line of warnings) console.error(`${path}: warning: ${line}`);
for (const {message} of errors) console.error(`${path}: ${message}`);
if (errors.length > 0) process.exit(1);
