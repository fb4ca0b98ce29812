#!/usr/bin/env bash
# Installs what the build and the tests need and the machine lacks; does nothing, quickly, when all is there.
#
#   scripts/setup.sh            the base: Rust target, wasm-bindgen, worker-build, Node packages
#   scripts/setup.sh python     the Python tools in .venv (python-bench, python-engines, python-oracle: in environments of their own)
#   scripts/setup.sh browser-bench   what the browser client is measured against, in bench/browser
#   scripts/setup.sh deny fuzz  only these
#
# Everything comes pinned from the three package registries; what must already be here is
# Rust (rustup), Node and Python. Two runs at once wait for each other.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/versions.sh
source scripts/versions.sh

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# at_least HAVE WANT: compares dotted versions.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# need COMMAND MINIMUM HINT: stops with one sentence when the machine lacks it.
need() {
    local have
    command -v "$1" >/dev/null || die "$1 is not installed: $3"
    have=$("$1" --version 2>&1 | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1)
    at_least "$have" "$2" || die "$1 is $have, at least $2 is needed: $3"
}

# Runs a function while holding the lock of the folder; mkdir is the one atomic step every platform has.
with_lock() {
    local lock="$1/.lock" waited=0
    shift
    mkdir -p "$(dirname "$lock")"
    until mkdir "$lock" 2>/dev/null; do
        local owner
        owner=$(cat "$lock/pid" 2>/dev/null || true)
        # A killed run leaves its lock; the process being gone is the proof.
        if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
            rm -rf "$lock"
            continue
        fi
        [ "$waited" -ne 0 ] || say "waiting for another setup${owner:+ (process $owner)}"
        waited=$((waited + 1))
        [ "$waited" -lt 1800 ] || die "another setup holds $lock for half an hour; remove it if nothing runs"
        sleep 1
    done
    echo $$ >"$lock/pid"
    # shellcheck disable=SC2064  # the path of now is the one to remove
    trap "rm -rf '$lock'" EXIT
    "$@"
    rm -rf "$lock"
    trap - EXIT
}

# The tools of one `cargo install` call share their compiled dependencies here; removed afterwards.
shared_target="$EDGETALLY_CACHE/tools/.target"

install_tool() { # CRATE VERSION BINARY [FLAGS..]
    local crate=$1 version=$2 binary=$3 root
    shift 3
    root="$EDGETALLY_CACHE/tools/$crate-$version"
    [ ! -x "$root/bin/$binary" ] || return 0
    say "compiling $crate $version (once per machine)"
    local common=(--quiet --debug --version "$version" --root "$root" --bin "$binary" "$@" "$crate")
    # The lock file inside a published crate can name a version that a registry mirror does not hold
    # yet; then the same tool version is resolved afresh instead of not at all.
    CARGO_TARGET_DIR="$shared_target" cargo install --locked "${common[@]}" ||
        { say "the lock file of $crate cannot be met here; resolving its dependencies again"
          CARGO_TARGET_DIR="$shared_target" cargo install "${common[@]}"; }
}

install_tools() {
    while [ "$#" -gt 0 ]; do
        case $1 in
            base)
                install_tool wasm-bindgen-cli "$WASM_BINDGEN_VERSION" wasm-bindgen
                install_tool worker-build "$WORKER_BUILD_VERSION" worker-build
                ;;
            deny) install_tool cargo-deny "$CARGO_DENY_VERSION" cargo-deny --no-default-features ;;
            fuzz) install_tool cargo-fuzz "$CARGO_FUZZ_VERSION" cargo-fuzz ;;
        esac
        shift
    done
    rm -rf "$shared_target"
}

base_tools_present() {
    [ -x "$(tool_bin wasm-bindgen-cli "$WASM_BINDGEN_VERSION" wasm-bindgen)" ] &&
        [ -x "$(tool_bin worker-build "$WORKER_BUILD_VERSION" worker-build)" ]
}

# same_stamp STAMP FILE..: whether the stamp holds the fingerprint of these files.
fingerprint() { cat "$@" | cksum; }
same_stamp() { local stamp=$1; shift; [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint "$@")" ]; }

install_node_packages() {
    same_stamp node_modules/.edgetally-stamp package-lock.json .npmrc && return 0
    say "installing the Node packages of package-lock.json"
    npm ci --loglevel=error
    fingerprint package-lock.json .npmrc >node_modules/.edgetally-stamp
}

install_bench_packages() {
    say "installing the Node packages of bench/browser/package-lock.json"
    (cd bench/browser && npm ci --loglevel=error)
    fingerprint bench/browser/package-lock.json bench/browser/.npmrc >bench/browser/node_modules/.edgetally-stamp
}

# venv_of NAME: the environment of python/requirements-NAME.txt. The tests' is the one that people use.
venv_of() { [ "$1" = test ] && printf '.venv' || printf '.venv-%s' "$1"; }

install_python_tools() { # test | bench | engines | oracle
    local venv wanted
    venv=$(venv_of "$1") wanted="python/requirements-$1.txt"
    same_stamp "$venv/.edgetally-stamp" "$wanted" && return 0
    # Nothing is compiled here; pyspark is Python and Java archives, and published as source only.
    say "installing the Python packages of $wanted in $venv"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --require-hashes --only-binary :all: --no-binary pyspark --requirement "$wanted"
    fingerprint "$wanted" >"$venv/.edgetally-stamp"
}

setup_base() {
    need rustc "$MIN_RUST" 'https://rustup.rs, then "rustup update stable"'
    need node "$MIN_NODE" 'https://nodejs.org, version 20 or newer'
    local locked libdir
    [ -f Cargo.lock ] || die 'Cargo.lock is missing: it is part of the repository'
    locked=$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p;}' Cargo.lock)
    [ "$locked" = "$WASM_BINDGEN_VERSION" ] ||
        die "Cargo.lock has wasm-bindgen ${locked:-nowhere}, scripts/versions.sh has $WASM_BINDGEN_VERSION: make them equal"
    libdir=$(rustc --print target-libdir --target wasm32-unknown-unknown)
    if [ ! -d "$libdir" ]; then
        command -v rustup >/dev/null || die 'the Rust target wasm32-unknown-unknown is missing, and there is no rustup to add it'
        say 'adding the Rust target wasm32-unknown-unknown'
        rustup target add wasm32-unknown-unknown
    fi
    base_tools_present || with_lock "$EDGETALLY_CACHE/tools" install_tools base
    same_stamp node_modules/.edgetally-stamp package-lock.json .npmrc || with_lock .edgetally install_node_packages
}

setup_python() { # test | bench | engines | oracle
    need python3 "$MIN_PYTHON" 'https://www.python.org, version 3.10 or newer'
    same_stamp "$(venv_of "$1")/.edgetally-stamp" "python/requirements-$1.txt" ||
        with_lock .edgetally install_python_tools "$1"
}

setup_browser_bench() {
    same_stamp bench/browser/node_modules/.edgetally-stamp bench/browser/package-lock.json bench/browser/.npmrc ||
        with_lock .edgetally install_bench_packages
}

# Debian's Chromium, for the browser tests. Nothing of Playwright's is downloaded.
setup_browser() {
    local browser=${CHROMIUM_PATH:-/usr/bin/chromium}
    [ ! -x "$browser" ] || return 0
    if [ -n "${CHROMIUM_PATH:-}" ] || [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        die "$browser is missing: install Debian's package chromium, or set CHROMIUM_PATH to a Chromium"
    fi
    say "installing Debian's package chromium"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >/dev/null
}

setup_tool() { # NAME CRATE VERSION BINARY
    [ -x "$(tool_bin "$2" "$3" "$4")" ] || with_lock "$EDGETALLY_CACHE/tools" install_tools "$1"
}

[ "$#" -gt 0 ] || set -- base
for part in "$@"; do
    case $part in
        base) setup_base ;;
        python) setup_python test ;;
        python-bench) setup_python bench ;;
        python-engines) setup_python engines ;;
        python-oracle) setup_python oracle ;;
        browser) setup_browser ;;
        browser-bench) setup_browser_bench ;;
        deny) setup_tool deny cargo-deny "$CARGO_DENY_VERSION" cargo-deny ;;
        fuzz) setup_tool fuzz cargo-fuzz "$CARGO_FUZZ_VERSION" cargo-fuzz ;;
        *) die "unknown part '$part': base, python, python-bench, python-engines, python-oracle, browser, browser-bench, deny or fuzz" ;;
    esac
done
