#!/usr/bin/env bash
# Fuzzes every target of fuzz/ in turn, or only builds them.
#
#   scripts/fuzz.sh build
#   scripts/fuzz.sh run SECONDS
#
# cargo-fuzz asks for flags that only a nightly compiler takes; RUSTC_BOOTSTRAP lets the installed
# stable one take them, for these builds alone. The seeds in fuzz/seeds/TARGET are committed; what
# a run finds besides goes to fuzz/corpus, which is not.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/versions.sh
source scripts/versions.sh
scripts/setup.sh fuzz
PATH=$(dirname "$(tool_bin cargo-fuzz "$CARGO_FUZZ_VERSION" cargo-fuzz)"):$PATH
export RUSTC_BOOTSTRAP=1

case ${1:-run} in
    build) cargo fuzz build ;;
    run)
        targets=$(cargo fuzz list)
        [ -n "$targets" ] || { echo 'fuzz/ has no targets' >&2; exit 1; }
        cargo fuzz build
        for target in $targets; do
            printf '\n== fuzz %s for %s s\n' "$target" "${2:-30}"
            corpus=("fuzz/corpus/$target")
            mkdir -p "${corpus[0]}"
            [ ! -d "fuzz/seeds/$target" ] || corpus+=("fuzz/seeds/$target")
            cargo fuzz run "$target" "${corpus[@]}" -- \
                -max_total_time="${2:-30}" -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1
        done
        ;;
    *) echo "usage: scripts/fuzz.sh build | run SECONDS" >&2; exit 2 ;;
esac
