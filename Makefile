# Needs python3 (3.10 to 3.13, with venv), make and git. Everything else goes into .venv.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
FINDABILITY := .findability-venv
CLIENTS := .clients-venv
FAKER := .faker-venv
OPS := .ops-venv
# Programs that lock, check and release.
TOOLS := .tools-venv
PEERS := .bench-venv
# Most tests wait for pipes, sockets and child processes, so there are more workers than cores.
WORKERS ?= 6

# The first that runs, fits airbyte-cdk and can create a venv. A name on the PATH does not prove any of these.
PYTHON ?= $(shell for candidate in python3.11 python3.12 python3.13 python3.10 python3; do \
	$$candidate -c 'import ensurepip, sys, venv; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' \
	2>/dev/null && echo $$candidate && break; done)

# If it were set, a state that is never flushed would still arrive, and tests would not miss it.
unexport PYTHONUNBUFFERED

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: venv
venv: $(READY) ## Set up .venv (every other target does it when needed)

$(READY): requirements-dev.txt
	@test -n "$(PYTHON)" || { echo "No Python 3.10 to 3.13 with venv and ensurepip found." >&2; exit 1; }
	@echo "Installing locked packages into $(VENV) with $(PYTHON): once, a minute or two"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --requirement requirements-dev.txt
	@touch $@

.PHONY: demo
demo: $(READY) ## Sync recorded records of a real source into a local Dust and show the result
	@$(BIN)/python -m demo

.PHONY: demo-keep
demo-keep: $(READY) ## The same, and keep the local Dust running for a browser, until Ctrl-C
	@$(BIN)/python -m demo --keep

PORT ?= 8765

.PHONY: local-dust
local-dust: $(READY) ## Start the local Dust until Ctrl-C, and print the connector's settings for it (PORT=8765)
	@$(BIN)/python -m local_dust --port $(PORT) --config -

.PHONY: test
test: $(READY) ## Run the unit and integration tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

.PHONY: coverage
coverage: $(READY) ## Show which lines of the package the unit tests run
	$(BIN)/python -m coverage run --source destination_dust -m pytest -q unit_tests
	$(BIN)/python -m coverage report --skip-covered --show-missing

.PHONY: test-long
test-long: $(READY) ## Run the tests that take minutes
	FRESH_PROCESSES=1 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -rP -m long

SCHEMAS := integration_tests/dust_schemas/node_modules/.ready
RECORDING := .tmp/contract.jsonl
# The skipped tests take long and send nothing that these do not send.
RECORDED := local_dust/tests integration_tests/test_check.py integration_tests/documents integration_tests/tables
SKIPPED := $(addprefix --ignore=integration_tests/,documents/test_replacement_kills.py \
	documents/test_replacement_worlds.py tables/test_replacement.py tables/test_replacement_kills.py)

.PHONY: test-contract
test-contract: $(READY) $(SCHEMAS) ## Check the exchanges of tests against the schemas that Dust publishes
	@mkdir -p $(dir $(RECORDING)) && rm -f $(RECORDING)
	@cd integration_tests/dust_schemas && node --test --test-reporter=dot
	CONTRACT_LOG=$(abspath $(RECORDING)) $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal $(RECORDED) $(SKIPPED); \
		tests=$$?; node integration_tests/dust_schemas/check.js $(RECORDING) && exit $$tests

BROWSER := integration_tests/browser/node_modules/.ready

.PHONY: test-browser
test-browser: $(READY) $(BROWSER) ## Check the page of the local Dust and the form in headless Chromium
	@chromium="$$(integration_tests/browser/chromium.sh)" && cd integration_tests/browser && \
		CHROMIUM="$$chromium" PYTHON=$(abspath $(BIN)/python) npm test --silent

$(SCHEMAS) $(BROWSER): %/node_modules/.ready: %/package-lock.json
	@command -v node >/dev/null && command -v npm >/dev/null || \
		{ echo "Needs Node.js 20 or later, with npm: https://nodejs.org" >&2; exit 1; }
	@node -e 'process.exitCode = Number(parseInt(process.versions.node) < 20)' || \
		{ echo "Needs Node.js 20 or later; this is $$(node --version)." >&2; exit 1; }
	@echo "Installing locked packages into $*/node_modules"
	@cd $* && npm ci
	@touch $@

.PHONY: check
check: $(READY) check-github check-scripts ## Check format, lint, types, which folder imports which, workflows and scripts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

.PHONY: format
format: $(READY) ## Format the code and sort its imports
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

.PHONY: bench
bench: $(READY) ## Measure CPU, speed and memory against a local Dust, beside floors and peers (BEFORE=folder of an earlier version)
	BEFORE=$(BEFORE) $(BIN)/python -m benchmarks

.PHONY: bench-peers
bench-peers: $(PEERS)/.ready ## Install what `make bench` can measure beside the connector: dlt and singer-sdk

.PHONY: bench-findability
bench-findability: $(READY) $(FINDABILITY)/.ready ## Measure how well documents are found, with a real embedding model
	@$(BIN)/python -m benchmarks.findability --python $(FINDABILITY)/bin/python --folder build/findability

.PHONY: test-clients
test-clients: $(READY) $(CLIENTS)/.ready $(FAKER)/.ready $(OPS)/.ready ## Let PyAirbyte and Airbyte's own tests judge the connector, offline
	$(BIN)/python -m pytest -n 2 --dist loadfile integration_tests/airbyte_tools

# Separate from .venv and from each other: an embedding model brings two gigabytes of packages that nothing else needs,
# and Airbyte's tools need other versions of packages, and Python 3.12 or earlier.
$(FINDABILITY)/.ready: benchmarks/findability/requirements.txt
$(CLIENTS)/.ready: integration_tests/airbyte_tools/pyairbyte.txt
$(FAKER)/.ready: integration_tests/airbyte_tools/source-faker.txt
$(OPS)/.ready: integration_tests/airbyte_tools/airbyte-ops.txt
$(TOOLS)/.ready: release/tools.txt
$(PEERS)/.ready: benchmarks/peers/requirements.txt
$(FINDABILITY)/.ready $(CLIENTS)/.ready $(FAKER)/.ready $(OPS)/.ready $(TOOLS)/.ready $(PEERS)/.ready: %/.ready:
	@test -n "$(PYTHON)" || { echo "No Python 3.10 to 3.13 with venv and ensurepip found." >&2; exit 1; }
	@echo "Installing $< into $*: once, some minutes"
	@$(PYTHON) -m venv $*
	@$*/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --requirement $<
	@touch $@

# Other programs that write to Dust, each with its own packages: integration_tests/hosts/<name>.in, locked in <name>.txt,
# and the tests test_<name>*.py beside them.
HOSTS := $(patsubst integration_tests/hosts/%.in,%,$(wildcard integration_tests/hosts/*.in))

.PHONY: test-hosts
test-hosts: $(HOSTS:%=test-host-%) ## Let bizon and others write to Dust, each in an environment of its own

.PHONY: $(HOSTS:%=test-host-%)
$(HOSTS:%=test-host-%): test-host-%: .hosts-venv/%/.ready
	.hosts-venv/$*/bin/python -m pytest -q -n 2 -W ignore integration_tests/hosts/test_$**.py

.PHONY: test-postgres
test-postgres: .hosts-venv/postgres/.ready .hosts-venv/tap-postgres/.ready ## Let a real PostgreSQL replicate to Dust, and a Singer tap read it
	.hosts-venv/postgres/bin/python -m pytest -q -n 2 -W ignore integration_tests/postgres

.PHONY: demo-postgres
demo-postgres: .hosts-venv/postgres/.ready ## Start a PostgreSQL and a local Dust, and keep a table of the one in the other
	@.hosts-venv/postgres/bin/python -m examples.postgres_replication.demo

define install-host
	@test -n "$(PYTHON)" || { echo "No Python 3.10 to 3.13 with venv and ensurepip found." >&2; exit 1; }
	@echo "Installing $< into .hosts-venv/$*: once, a minute or two"
	@$(PYTHON) -m venv .hosts-venv/$*
	@.hosts-venv/$*/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --requirement $<
	@touch $@
endef

.hosts-venv/%/.ready: integration_tests/hosts/%.txt
	$(install-host)

.hosts-venv/%/.ready: integration_tests/postgres/%.txt
	$(install-host)

.PHONY: clean
clean: ## Remove .venv and everything else that make created
	rm -rf $(VENV) $(FINDABILITY) $(CLIENTS) $(FAKER) $(OPS) .hosts-venv $(TOOLS) $(PEERS) .pythons build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .coverage .tmp integration_tests/dust_schemas/node_modules integration_tests/browser/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

include release/release.mk
