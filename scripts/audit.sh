#!/usr/bin/env bash
# Judges the dependencies by deny.toml. The checks are arguments; "advisories" reads the RustSec list
# from its own host, so it is asked for by name where that host can be reached.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/versions.sh
source scripts/versions.sh
scripts/setup.sh deny
"$(tool_bin cargo-deny "$CARGO_DENY_VERSION" cargo-deny)" --workspace --all-features --locked check "$@"
