#!/usr/bin/env bash
# Pins every python/requirements-*.in with hashes, for every platform and Python that the wheel supports.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/versions.sh
source scripts/versions.sh
locker=$(mktemp -d)
trap 'rm -rf "$locker"' EXIT
python3 -m venv "$locker"
"$locker/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION"
for wanted in python/requirements-*.in; do
    "$locker/bin/uv" pip compile --quiet --upgrade --universal --python-version "$MIN_PYTHON" --generate-hashes \
        --no-emit-index-url --no-header --output-file "${wanted%.in}.txt" "$wanted"
done
