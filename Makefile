# Needs python3 (3.10 to 3.13, with venv), make and git. Everything else goes into .venv.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The resolver that the locks were made with.
UV_VERSION := 0.13.8
# Most tests wait for pipes, sockets and child processes, so there are more workers than cores.
WORKERS ?= 6

# The first that runs, fits airbyte-cdk and can make a venv. A name on the PATH proves none of these.
PYTHON ?= $(shell for candidate in python3.11 python3.12 python3.13 python3.10 python3; do \
	$$candidate -c 'import ensurepip, sys, venv; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' \
	2>/dev/null && echo $$candidate && break; done)

# With it set, a state that is never flushed would still arrive, and tests would not see it missing.
unexport PYTHONUNBUFFERED

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

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

.PHONY: test
test: $(READY) ## Run the unit and integration tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

.PHONY: test-long
test-long: $(READY) ## Run the tests that take minutes
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m long

.PHONY: check
check: $(READY) ## Check format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

.PHONY: format
format: $(READY) ## Format the code and sort its imports
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

.PHONY: bench
bench: $(READY) ## Measure throughput against a local Dust
	$(BIN)/python -m benchmarks

.PHONY: lock
lock: .lock-venv/.ready ## Resolve requirements*.txt anew, for all supported Pythons
	@.lock-venv/bin/uv pip compile $(LOCKING) --output-file requirements.txt requirements.in
	@.lock-venv/bin/uv pip compile $(LOCKING) --output-file requirements-dev.txt requirements-dev.in

LOCKING := --quiet --no-config --upgrade --universal --python-version 3.10 --generate-hashes \
	--no-annotate --no-emit-index-url --custom-compile-command "make lock"

.lock-venv/.ready: Makefile
	@$(PYTHON) -m venv .lock-venv
	@.lock-venv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

.PHONY: clean
clean: ## Remove .venv and everything else that was made here
	rm -rf $(VENV) .lock-venv build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
