# gridmap: everything a newcomer or a machine needs is one of these. Each may be run again at any time.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup setup-test demo test lint bench exact docs wheel

SERVE ?= 1
PORT ?= 8000
PYTEST ?=
QUICK ?=
BIN := .venv/bin
# where set-up puts a Chromium that it had to unpack
export PATH := $(CURDIR)/.setup/bin:$(PATH)

help: ## say what there is
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | while IFS="|" read -r name what; do printf "%-14s %s\n" "$$name" "$$what"; done

setup: ## PostgreSQL + PostGIS, .venv and browser assets, as the lock files have them
	@scripts/setup.sh

setup-test:
	@scripts/setup.sh --test

demo: setup ## the invented city: an owner, maps in out/, and http://127.0.0.1:$PORT (SERVE=0: without serving)
	@$(BIN)/gridmap demo run --port $(PORT) $(if $(filter 0 no false,$(SERVE)),--no-serve)

test: setup-test lint ## every check and every test (PYTEST='-k locate' for some)
	@$(BIN)/pytest -n 2 --dist loadfile $(PYTEST)

lint: setup ## style, types and floors
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || { echo 'lint: run .venv/bin/ruff format'; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python scripts/check_docs.py

bench: setup ## beside its peers, into docs/benchmarks.md: 25 minutes (QUICK=1: two)
	@$(BIN)/uv pip install --quiet --no-deps --require-hashes -r benchmarks/requirements.lock
	@set -e; for file in $(wildcard benchmarks/bench_*.py); do echo "== $$file"; QUICK=$(QUICK) $(BIN)/python "$$file"; done
	@$(BIN)/python benchmarks/report.py

exact: setup ## ten million answers of the index against exact arithmetic, a minute or two
	@$(BIN)/python benchmarks/exact.py

docs: setup ## check that every link between documents leads somewhere
	@$(BIN)/python scripts/check_docs.py

wheel: setup ## the wheel, with all it serves inside, into dist/
	@$(BIN)/uv build --quiet --wheel --no-build-isolation --out-dir dist
	@$(BIN)/python scripts/check_wheel.py dist
