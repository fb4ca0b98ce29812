#!/usr/bin/env bash
# Builds crates/tool as a module for Node into dist/tool: the core's own code, for machines without Rust.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/versions.sh
source scripts/versions.sh

wasm_bindgen=$(tool_bin wasm-bindgen-cli "$WASM_BINDGEN_VERSION" wasm-bindgen)
wasm_opt=$PWD/node_modules/.bin/wasm-opt
for tool in "$wasm_bindgen" "$wasm_opt"; do
    [ -x "$tool" ] || { echo "build: ${tool##*/} is missing: run 'make setup' first" >&2; exit 1; }
done

target=wasm32-unknown-unknown
"${CARGO:-cargo}" build --release --locked --config "$(without_places)" --target "$target" -p edgetally-tool
rm -rf dist/tool
"$wasm_bindgen" --target experimental-nodejs-module --no-typescript --out-dir dist/tool --out-name core \
    "${CARGO_TARGET_DIR:-target}/$target/release/edgetally_tool.wasm"
"$wasm_opt" -Oz --low-memory-unused -o dist/tool/core_bg.wasm dist/tool/core_bg.wasm
node scripts/strip-names.mjs dist/tool/core_bg.wasm
cp crates/tool/index.mjs dist/tool/
