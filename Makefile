# The words that people and CI share. `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

CARGO := cargo
NODE_BIN := node_modules/.bin
VENV := .venv/bin

# Read before anything is spelled out below: what these words take from the command line.
SECONDS ?= 30
KILLS ?= 20
SEED ?=
DEDUP ?= kv
AUDIT ?= licenses bans sources
TAG ?=
DEPLOY ?=

# wrangler neither reports, nor asks, nor looks for updates.
export WRANGLER_SEND_METRICS := false
export WRANGLER_SEND_ERROR_REPORTS := false
export WRANGLER_HIDE_BANNER := true
export WRANGLER_NO_SKILLS_UPDATE_PROMPTS := true
export WRANGLER_LOG_PATH := .wrangler/logs
export CLOUDFLARE_CF_FETCH_ENABLED := false

WORKER := worker/build/index.js
WORKER_SOURCES := Cargo.toml Cargo.lock scripts/versions.sh scripts/build-worker.sh package-lock.json \
	$(shell find crates/core/src crates/core/Cargo.toml worker -path worker/build -prune -o -path worker/client -prune -o -type f -print 2>/dev/null)

TOOL := dist/tool/core_bg.wasm
TOOL_SOURCES := Cargo.toml Cargo.lock scripts/versions.sh scripts/build-tool.sh package-lock.json \
	$(shell find crates/core/src crates/core/Cargo.toml crates/tool -type f -print 2>/dev/null)

# In this order: what is quick to fail comes first.
STEPS := fmt-check lint test-core test-consent test-fuzz test-bits test-twin test-tool build size test-worker test-browser test-package test-python test-readme

# run-node-tests FOLDER: every *.test.mjs below it, and none is a failure.
define run-node-tests
files=$$(find $(1) -name '*.test.mjs' | sort); \
[ -n "$$files" ] || { echo 'no *.test.mjs in $(1)' >&2; exit 1; }; \
node --test --test-reporter=spec $$files
endef

.PHONY: help
help: ## list these words
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: setup setup-base setup-python
setup: ## install what the machine lacks, pinned (the other words do it by themselves)
	@scripts/setup.sh base python
setup-base:
	@scripts/setup.sh base
setup-python:
	@scripts/setup.sh python

.PHONY: demo
demo: setup-base ## a shop day through the real worker and stand-in platforms, on this machine only; KEEP=1: and a shop to click through
	@$(MAKE) build $(if $(filter-out 0,$(KEEP)),tool)
	@node demo/main.mjs

.PHONY: test
test: setup ## everything below that checks, with the seconds of each step
	@MAKE='$(MAKE)' scripts/steps.sh $(STEPS)

.PHONY: build
build: setup-base ## the worker: worker/build/index.js and its wasm
	@$(MAKE) -s $(WORKER)

$(WORKER): $(WORKER_SOURCES)
	scripts/build-worker.sh
	@touch $@

.PHONY: tool
tool: setup-base ## the core for Node, without Rust on the machine that runs it: dist/tool
	@$(MAKE) -s $(TOOL)

$(TOOL): $(TOOL_SOURCES)
	scripts/build-tool.sh
	@touch $@

.PHONY: check
check: tool ## the settings in wrangler.toml, as the worker will judge them
	@node npm/bin/edgetally.mjs check

.PHONY: fmt
fmt: setup-python ## write the house format
	$(CARGO) fmt --all
	@[ ! -f fuzz/Cargo.toml ] || $(CARGO) fmt --manifest-path fuzz/Cargo.toml
	$(VENV)/ruff format python

.PHONY: fmt-check
fmt-check: setup-python
	$(CARGO) fmt --all --check
	@[ ! -f fuzz/Cargo.toml ] || $(CARGO) fmt --manifest-path fuzz/Cargo.toml --check
	$(VENV)/ruff format --quiet --check python

.PHONY: lint
lint: setup ## clippy, rustdoc, tsc, ruff; a warning is a failure
	$(NODE_BIN)/tsc -p tsconfig.json
	$(NODE_BIN)/tsc -p worker/client
	$(NODE_BIN)/tsc -p tests/browser
	$(VENV)/ruff check --quiet python
	$(CARGO) clippy --locked -p edgetally-core -p edgetally-bits -p edgetally-tool --all-targets -- -D warnings
	$(CARGO) clippy --locked -p edgetally-python -- -D warnings
	$(CARGO) clippy --locked -p edgetally-worker --target wasm32-unknown-unknown -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked -p edgetally-core --no-deps

.PHONY: test-core
test-core: ## the core: units, goldens, vectors, properties, doc examples
	$(CARGO) test --locked -p edgetally-core

# As many rows as the seconds of a test allow; CONTRIBUTING.md has the figures of a long run.
CONSENT_ROWS ?= 3000
.PHONY: test-consent
test-consent: setup-base ## consent strings at random, as the IAB's own libraries write and read them: make test-consent CONSENT_ROWS=100000
	@mkdir -p target
	@node scripts/consent-oracle.mjs $(CONSENT_ROWS) > target/consent-rows.json
	@EDGETALLY_CONSENT_ROWS=$(CURDIR)/target/consent-rows.json $(CARGO) test --quiet --locked -p edgetally-core --test it -- --ignored --nocapture the_reference_libraries

.PHONY: test-fuzz
test-fuzz: ## the fuzz targets: built, and run over their seeds
	@scripts/fuzz.sh seeds

.PHONY: test-tool
test-tool: tool ## the core for Node: checks, digests and requests as the worker has them
	$(CARGO) test --quiet --locked -p edgetally-tool
	@$(call run-node-tests,tests/tool)

.PHONY: test-twin
test-twin: setup-base ## the stand-in platforms against what the platforms document
	@$(call run-node-tests,twin)

.PHONY: test-worker
test-worker: build tool ## end to end on the real runtime
	$(CARGO) test --quiet --locked -p edgetally-worker --lib
	@$(call run-node-tests,tests/e2e)

.PHONY: test-browser
test-browser: build tool ## in Chromium: the browser client, and the demo's shop (about two minutes)
	@scripts/setup.sh browser
	@$(call run-node-tests,tests/browser)

.PHONY: package
package: build tool ## the npm package: dist/edgetally-VERSION.tgz, the same bytes wherever it is made
	@node scripts/pack.mjs

.PHONY: test-package
test-package: package ## the tarball, installed into empty folders, and its command
	@$(call run-node-tests,tests/package)

.PHONY: reproducible
reproducible: ## the commit compiled twice, here and in a clone: the same npm package (minutes)
	@MAKE='$(MAKE)' scripts/reproducible.sh

.PHONY: test-kills
test-kills: build ## the runtime killed in the middle of a flood: make test-kills KILLS=20 (minutes)
	@KILLS=$(KILLS) node --test --test-reporter=spec tests/e2e/kills.test.mjs

# As long as the others with SECONDS would be too short for it.
.PHONY: chaos
chaos: build ## a bad day: kills and faults everywhere in a flood, then the law: make chaos SECONDS=120 [SEED=7]
	@node tests/chaos/main.mjs --seconds $(if $(filter file,$(origin SECONDS)),120,$(SECONDS)) --dedup $(DEDUP) $(if $(SEED),--seed $(SEED))

.PHONY: test-bits
test-bits: setup-base ## the calculators: the same bits natively and in WebAssembly
	@node scripts/test-bits.mjs

.PHONY: test-python
test-python: wheel build ## the wheel as it is shipped: empty environment, types, stubs, tests, documents, notebooks, ledger
	$(VENV)/python scripts/test-wheel.py dist
	$(VENV)/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall dist/*.whl
	cd python && ../$(VENV)/mypy edgetally tests/typed.py
	cd python && ../$(VENV)/stubtest edgetally._edgetally --ignore-missing-stub --mypy-config-file pyproject.toml --allowlist stubtest-allowed.txt
	$(VENV)/python scripts/notebooks.py --check
	@# Its ledger reads a real gateway, so the worker is built.
	cd python && EDGETALLY_WORKER=required ../$(VENV)/pytest -q

.PHONY: test-oracle
test-oracle: wheel ## every function against an independent computation: docs/calculators/oracle.md (half an hour on two cores)
	@scripts/setup.sh python-oracle
	.venv-oracle/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall dist/*.whl
	.venv-oracle/bin/python scripts/oracle --write

.PHONY: test-engines
test-engines: wheel ## inside Spark, DuckDB and Polars (heavy; needs Java 17)
	@scripts/setup.sh python-engines
	.venv-engines/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall dist/*.whl
	@# From here, since Spark's workers look into the folder that they were started in first.
	.venv-engines/bin/pytest -q -c python/pyproject.toml python/tests/engines

.PHONY: notebooks
notebooks: ## docs/notebooks anew, executed
	$(VENV)/python scripts/notebooks.py

.PHONY: pictures
pictures: ## the pictures of docs/calculators, drawn from the examples of the pages
	$(VENV)/python scripts/pictures.py

.PHONY: picture-shop
picture-shop: build tool ## docs/shop.png, which README opens with
	@node scripts/picture-shop.mjs

.PHONY: picture-dashboard
picture-dashboard: build ## docs/dashboard.png and its like
	@node scripts/picture-dashboard.mjs

.PHONY: coverage
coverage: ## how often the intervals hold what they are to hold: docs/calculators/coverage.md (minutes)
	$(VENV)/python scripts/coverage.py

.PHONY: gate-rates
gate-rates: ## how often the release gate cries wolf, and what it sees: docs/quality.md (minutes)
	$(CARGO) run --locked --quiet --profile bench -p edgetally-core --example gate_rates -- --write

.PHONY: alert-rates
alert-rates: ## how often alerts cry wolf, and how soon they tell what is broken: docs/alerts.md (an hour for 100 worlds; WORLDS=30)
	$(CARGO) run --locked --quiet --profile bench -p edgetally-core --example alert_rates -- --write $(WORLDS)

.PHONY: dedup-rates
dedup-rates: ## how many copies pass twice while Workers KV lags, by what may be assumed of it: docs/dedup.md (minutes)
	$(CARGO) run --locked --quiet --profile bench -p edgetally-core --example dedup_rates -- --write

.PHONY: load-model
load-model: ## an hour at 100,000 events a second with a platform away for ten minutes: docs/reliability.md (minutes)
	EDGETALLY_UPDATE=1 $(CARGO) test --locked --quiet -p edgetally-core --test it -- --include-ignored --nocapture load::

.PHONY: test-readme
test-readme: setup build tool ## the README's words, links and Python lines
	@node scripts/test-readme.mjs

.PHONY: size
size: build ## the sizes of worker and browser client against their budgets, by part
	@node scripts/size.mjs
	@node scripts/size-client.mjs

.PHONY: bench
bench: build ## what the core, the worker and the calculators cost, as ratios within one run
	@node bench/main.mjs
	@node bench/instructions.mjs
	@$(MAKE) bench-python

.PHONY: cost
cost: build ## what a month costs at Cloudflare, by counted operations: make cost EVENTS=1000000 [PER_MESSAGE=10 DESTINATIONS=3 DUPLICATES=10 BATCH=50 DEDUP=kv]
	@node bench/cost/main.mjs --dedup $(DEDUP) $(if $(EVENTS),--events $(EVENTS)) $(if $(PER_MESSAGE),--per-message $(PER_MESSAGE)) \
		$(if $(DESTINATIONS),--destinations $(DESTINATIONS)) $(if $(DUPLICATES),--duplicates $(DUPLICATES)) $(if $(BATCH),--batch $(BATCH))

.PHONY: bench-python
bench-python: wheel ## the calculators against what people use today, as ratios within one run (minutes)
	@scripts/setup.sh python-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall dist/*.whl
	@for file in bench/python/*.py; do .venv-bench/bin/python "$$file" || echo "$$file ended with $$?"; done

.PHONY: bench-browser
bench-browser: setup-base ## the browser client against four others in Chromium: weight, cost, events lost (up to an hour)
	@scripts/setup.sh browser browser-bench
	@node bench/browser/main.mjs

.PHONY: bench-instructions
bench-instructions: ## instructions per event against the committed figure (needs valgrind)
	@node bench/instructions.mjs

.PHONY: fuzz
fuzz: ## each parser with random bytes: make fuzz SECONDS=30
	@scripts/fuzz.sh run $(SECONDS)

.PHONY: fuzz-consent
fuzz-consent: ## a million consent strings of each format
	@scripts/fuzz.sh runs 1000000 consent_

.PHONY: fuzz-build
fuzz-build:
	@scripts/fuzz.sh build

.PHONY: audit
audit: ## licences, sources and doubles of the dependencies; AUDIT=advisories asks the RustSec list too
	@scripts/audit.sh $(AUDIT)

.PHONY: wheel
wheel: setup-python ## the Python wheel, into dist/
	@rm -f dist/*.whl
	VIRTUAL_ENV="$$PWD/.venv" $(VENV)/maturin build --profile wheel --locked --quiet --manifest-path python/Cargo.toml --out dist

.PHONY: lock-python
lock-python: setup-python ## after a change of python/requirements-test.in
	@scripts/lock-python.sh

.PHONY: deploy
deploy: build tool ## to Cloudflare: check, upload, smoke test, then all traffic; EDGETALLY_URL is where it answers; DEPLOY="--canary 10 --gate 30m"
	@node npm/bin/edgetally.mjs deploy $(DEPLOY)

.PHONY: release-check
release-check: ## whether versions, CHANGELOG, repository and tag agree: make release-check TAG=v0.1.0
	@node scripts/release-check.mjs $(TAG)

.PHONY: clean
clean: ## remove what was built here (the tools in the cache stay)
	rm -rf target fuzz/target worker/build dist .wrangler .edgetally
