#!/usr/bin/env bash
# Builds the worker with worker-build into worker/build. Never downloads: each tool that worker-build
# would fetch by itself is named by its variable (the versions are in scripts/versions.sh and package.json).
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/versions.sh
source scripts/versions.sh

WASM_BINDGEN_BIN=$(tool_bin wasm-bindgen-cli "$WASM_BINDGEN_VERSION" wasm-bindgen)
WASM_OPT_BIN=$PWD/node_modules/.bin/wasm-opt
ESBUILD_BIN=$PWD/node_modules/.bin/esbuild
worker_build=$(tool_bin worker-build "$WORKER_BUILD_VERSION" worker-build)
for tool in "$WASM_BINDGEN_BIN" "$WASM_OPT_BIN" "$ESBUILD_BIN" "$worker_build"; do
    [ -x "$tool" ] || { echo "build: ${tool##*/} is missing: run 'make setup' first" >&2; exit 1; }
done
export WASM_BINDGEN_BIN WASM_OPT_BIN ESBUILD_BIN

places=$(without_places)
(cd worker && "$worker_build" --release "$@" -- --locked --config "$places")
node scripts/strip-names.mjs worker/build/index_bg.wasm worker/build/functions.txt
# wrangler wants the folder of [assets] to be there before it builds; `make deploy` fills it.
mkdir -p dist/assets
