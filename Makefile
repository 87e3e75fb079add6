# ringfence: `make help` lists the targets. SITE= picks the site, ARGS= adds flags.
SHELL := /bin/bash
SITE ?= inventory/lab
ARGS ?=
# More of them than four starve one another on two cores. Files are begun in their order, which has the long ones first.
WORKERS ?= 4
# Most of the fault matrix is waiting.
FAULT_WORKERS ?= 4
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
RINGFENCE := $(BIN)/ringfence
PYTEST := $(BIN)/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help setup system system-tests demo test test-slow test-faults lint bench plan-filters deploy-filters rollback-filters \
  audit-filters verify-filters lab-up lab-down lab-status lab-drill lock clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | column -t -s "$$(printf '\t')"

setup: system-tests $(VENV)/.installed ## install what is needed: Debian packages for the lab (as root), a virtual environment

system:
	@bash lab/install.sh

system-tests:
	@bash lab/install.sh tests

$(VENV)/.installed: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

# What the lab needs, without what only tests do.
$(VENV)/.lab: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[lab]'
	@touch $@

demo: system $(VENV)/.lab ## watch a hijack succeed, the filters go out, the same hijack fail, drift mended, all rolled back
	@PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m lab demo $(ARGS)

test: setup ## run all tests but the long sweeps
	@$(PYTEST) --benchmark-skip -m "not slow" -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

test-slow: setup ## run the long sweeps: 50 changes on each fabric, each platform in every role
	@$(PYTEST) --benchmark-skip -m slow $(ARGS)

test-faults: setup ## play every fault at every step on every platform, and kill deploys; FAULTS_MATRIX=FILE keeps the matrix
	@FAULTS=all $(PYTEST) tests/faults -n $(FAULT_WORKERS) --dist worksteal $(ARGS)

lint: $(VENV)/.installed ## check style, types and layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/codespell

$(VENV)/.bench: $(VENV)/.installed
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[dev,bench]'
	@touch $@

bench: $(VENV)/.bench ## measure, beside what people would use instead
	@$(PYTEST) tests/bench --benchmark-only --benchmark-columns=min,median,max,rounds --benchmark-sort=name $(ARGS)

plan-filters: $(VENV)/.lab ## show what a deploy would change, and write it to plan.json
	@$(RINGFENCE) plan --site $(SITE) --out plan.json $(ARGS)

deploy-filters: $(VENV)/.lab ## plan, ask (ARGS=--yes does not), deploy and verify; PLAN=plan.json carries a reviewed plan out
	@$(RINGFENCE) deploy $(PLAN) --site $(SITE) $(ARGS)

rollback-filters: $(VENV)/.lab ## undo the last deploy, or RUN=...
	@$(RINGFENCE) rollback $(RUN) --site $(SITE) $(ARGS)

audit-filters: $(VENV)/.lab ## show what has drifted; changes nothing
	@$(RINGFENCE) audit --site $(SITE) $(ARGS)

verify-filters: $(VENV)/.lab ## prove that no session lets more through than the pools allow
	@$(RINGFENCE) verify --site $(SITE) $(ARGS)

lab-up: system $(VENV)/.lab ## start the virtual network
	@$(BIN)/python -m lab up $(ARGS)

lab-down: $(VENV)/.lab ## stop it, without a trace
	@$(BIN)/python -m lab down $(ARGS)

lab-status: $(VENV)/.lab ## say whether it runs
	@$(BIN)/python -m lab status $(ARGS)

lab-drill: $(VENV)/.lab ## run the attacks and print the scoreboard
	@$(BIN)/python -m lab drill $(ARGS)

lock: ## write constraints.txt anew, from the newest versions that pyproject.toml allows
	@rm -rf .lock-venv && $(PYTHON) -m venv .lock-venv
	@.lock-venv/bin/python -m pip install -qq --disable-pip-version-check -e '.[dev,bench]'
	@.lock-venv/bin/python -m pip freeze --exclude-editable > constraints.txt
	@rm -rf .lock-venv

clean: ## remove what builds and tests leave behind
	@rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks .import_linter_cache
