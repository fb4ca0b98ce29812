#!/usr/bin/env bash
# Whether two compilations of the commit come to the same npm package: `make package` here, and in a clone of its own whose
# folder, time zone and umask are others. For PROVENANCE.md says that they do. Minutes, and 4 GB while it runs.
set -euo pipefail
cd "$(dirname "$0")/.."

die() { printf 'reproducible: %s\n' "$*" >&2; exit 1; }

[ -z "$(git status --porcelain)" ] || die "there are changes that are in no commit"
commit=$(git rev-parse HEAD)
tarball=dist/edgetally-$(node -p 'require("./npm/package.json").version').tgz
digest() { node -e 'console.log(require("node:crypto").createHash("sha256").update(require("node:fs").readFileSync(process.argv[1])).digest("hex"))' "$1"; }

place=$(mktemp -d "${TMPDIR:-/tmp}/edgetally.XXXXXX")
trap 'rm -rf "$place"' EXIT
[ "$(df -Pk "$place" | awk 'NR == 2 {print $4}')" -gt 6000000 ] || die "less than 6 GB are free in $place"
# A blank, since folders have some.
clone="$place/an other"
git clone --quiet --no-hardlinks --no-checkout . "$clone"
git -C "$clone" checkout --quiet --detach "$commit"

"${MAKE:-make}" package
# What was compiled before must not be found again: neither here nor in a cache.
env -u CARGO_TARGET_DIR -u CARGO_BUILD_TARGET_DIR -u RUSTC_WRAPPER -u CARGO_BUILD_RUSTC_WRAPPER -u MAKEFLAGS -u MAKELEVEL \
    TZ=Pacific/Kiritimati bash -c 'umask 077 && cd "$1" && "${MAKE:-make}" package' - "$clone"

ours=$(digest "$tarball")
theirs=$(digest "$clone/$tarball")
printf '%s  here\n%s  in a clone, compiled anew\n' "$ours" "$theirs"
if [ "$ours" != "$theirs" ]; then
    mkdir "$place/ours" "$place/theirs"
    tar xzf "$tarball" -C "$place/ours"
    tar xzf "$clone/$tarball" -C "$place/theirs"
    (cd "$place" && diff -rq ours theirs) || true
    die "the two differ"
fi
