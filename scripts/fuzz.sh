#!/usr/bin/env bash
# Fuzzes every target of fuzz/ in turn, or only builds them, or runs each over its seeds.
#
#   scripts/fuzz.sh seeds
#   scripts/fuzz.sh build
#   scripts/fuzz.sh run SECONDS
#   scripts/fuzz.sh runs NUMBER [PREFIX]
#
# The last one counts runs instead of seconds, of the targets whose names begin with PREFIX.
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
    run | runs)
        targets=$(cargo fuzz list | grep "^${3:-}" || true)
        [ -n "$targets" ] || { echo "fuzz/ has no targets ${3:-}" >&2; exit 1; }
        limit=-max_total_time=${2:-30}
        [ "${1:-run}" = run ] || limit=-runs=${2:-1000000}
        cargo fuzz build
        for target in $targets; do
            printf '\n== fuzz %s %s\n' "$target" "$limit"
            corpus=("fuzz/corpus/$target")
            mkdir -p "${corpus[0]}"
            [ ! -d "fuzz/seeds/$target" ] || corpus+=("fuzz/seeds/$target")
            cargo fuzz run "$target" "${corpus[@]}" -- \
                "$limit" -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1
        done
        ;;
    *) echo "usage: scripts/fuzz.sh seeds | build | run SECONDS | runs NUMBER [PREFIX]" >&2; exit 2 ;;
esac
