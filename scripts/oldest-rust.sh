#!/usr/bin/env bash
# The oldest Rust that Cargo.toml names can still compile the core and the worker. Asks rustup for that toolchain.
set -euo pipefail
cd "$(dirname "$0")/.."
oldest=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
[ -n "$oldest" ] || { echo 'Cargo.toml names no rust-version' >&2; exit 1; }
rustup toolchain install "$oldest" --profile minimal --target wasm32-unknown-unknown
cargo "+$oldest" check --locked -p edgetally-core --all-targets
cargo "+$oldest" check --locked -p edgetally-worker --target wasm32-unknown-unknown
