// The calculators give the same bits natively and in WebAssembly.
import {execFileSync} from "node:child_process";
import {readFileSync} from "node:fs";

const cargo = ["--quiet", "--locked", "-p", "edgetally-bits"];
/** @type {import("node:child_process").ExecFileSyncOptionsWithStringEncoding} */
const options = {stdio: ["ignore", "pipe", "inherit"], encoding: "utf8"};
const native = execFileSync("cargo", ["run", ...cargo], options).trim().split("\n");
execFileSync("cargo", ["build", "--target", "wasm32-unknown-unknown", ...cargo], options);
const wasm = readFileSync("target/wasm32-unknown-unknown/debug/edgetally-bits.wasm");
// The checker knows the worker's WebAssembly, which has no compiler; Node's has.
const {instance} = await /** @type {any} */ (globalThis).WebAssembly.instantiate(wasm, {});
/** @type {(place: number) => bigint} */
const at = instance.exports.fingerprint_at;

let different = 0;
native.forEach((line, place) => {
  const [hash, name] = line.split(" ");
  const there = BigInt.asUintN(64, at(place)).toString(16).padStart(16, "0");
  if (there !== hash) {
    different += 1;
    console.error(`${name}: ${hash} natively, ${there} in WebAssembly`);
  }
});
if (at(native.length) !== 0n || native.length < 20) throw new Error("the two do not list the same calculators");
if (different > 0) process.exit(1);
console.log(`${native.length} calculators: the same bits natively and in WebAssembly`);
