#!/usr/bin/env bash
# Runs make words one after another, stops at the first that fails, and says what each took.
set -uo pipefail
cd "$(dirname "$0")/.."

summary=()
result=0
started=$(date +%s)
for step in "$@"; do
    printf '\n== %s\n' "$step"
    begun=$(date +%s)
    "${MAKE:-make}" "$step" </dev/null
    result=$?
    verdict=ok
    [ "$result" -eq 0 ] || verdict=FAILED
    summary+=("$(printf '%-12s %5d s  %s' "$step" $(($(date +%s) - begun)) "$verdict")")
    [ "$result" -eq 0 ] || break
done

printf '\n== summary\n'
printf '%s\n' "${summary[@]}"
printf '%-12s %5d s\n' total $(($(date +%s) - started))
exit "$result"
