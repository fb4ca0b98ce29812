#!/usr/bin/env bash
# Fuzzes every target of fuzz/ in turn, or only builds them, or runs each over its seeds.
#
#   scripts/fuzz.sh seeds
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

# Without instrumentation, so with the compiler as it is and nothing to install: that every target still fits the core, and
# takes its seeds.
seeds() {
    command -v "${CXX:-c++}" >/dev/null || { echo 'fuzz: libFuzzer needs a C++ compiler' >&2; exit 1; }
    cargo build --quiet --locked --manifest-path fuzz/Cargo.toml
    local source target
    for source in fuzz/fuzz_targets/*.rs; do
        target=$(basename "$source" .rs)
        printf 'fuzz %s: %s seeds\n' "$target" "$(find "fuzz/seeds/$target" -type f | wc -l)"
        "fuzz/target/debug/$target" -timeout=10 "fuzz/seeds/$target"/* 2>fuzz/target/seeds.log ||
            { cat fuzz/target/seeds.log >&2; exit 1; }
    done
}
if [ "${1:-}" = seeds ]; then
    seeds
    exit
fi

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
    *) echo "usage: scripts/fuzz.sh seeds | build | run SECONDS" >&2; exit 2 ;;
esac
