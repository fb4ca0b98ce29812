# shellcheck shell=bash
# The tools that Cargo installs, each at one exact version. Node tools are pinned in
# package-lock.json, Python tools in python/requirements-test.txt, libraries in Cargo.lock.

# The oldest Rust that the `worker` crate compiles with.
MIN_RUST=1.91
MIN_NODE=20.3
MIN_PYTHON=3.10

# worker-build refuses a CLI whose version differs from the wasm-bindgen in Cargo.lock;
# scripts/setup.sh says so before a build does.
WASM_BINDGEN_VERSION=0.2.130
# Same minor version as the `worker` crate.
WORKER_BUILD_VERSION=0.8.7
CARGO_DENY_VERSION=0.20.2
CARGO_FUZZ_VERSION=0.13.2
# Only resolves the pins of the Python tools.
UV_VERSION=0.13.9

# Outside the tree, so that a fresh clone does not compile the tools again.
EDGETALLY_CACHE=${EDGETALLY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/edgetally}

# tool_bin CRATE VERSION BINARY: where that tool is, or will be.
tool_bin() { printf '%s/tools/%s-%s/bin/%s' "$EDGETALLY_CACHE" "$1" "$2" "$3"; }

# Flags for cargo, without which a panic names its place by where this machine keeps its crates: longer, and different on each.
# As settings, since a variable of flags comes apart at the blanks of a folder's name.
without_places() {
    printf -- "target.wasm32-unknown-unknown.rustflags=['--remap-path-prefix=%s=', '--remap-path-prefix=%s=']" \
        "${CARGO_HOME:-$HOME/.cargo}/registry/src" "$PWD"
}
