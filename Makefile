# What each target does: `make help`.
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PEOPLE ?= 1000000
# Extra arguments of pytest: make test ARGS="-k filters"
ARGS ?=
# The first Python that is new enough; name another with PYTHON=….
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

.DEFAULT_GOAL := help
.PHONY: help setup run test quick coverage tools e2e check format bench lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

setup: $(READY)  ## .venv with everything installed
	@:

$(READY): pyproject.toml constraints.txt
	@PYTHON="$(PYTHON)" sh tools/setup.sh $(VENV) $@

run: setup  ## Coterie with demo people on http://127.0.0.1:8000
	@$(BIN)/coterie demo --once
	@exec $(BIN)/coterie serve

test: tools  ## every test, on SQLite and on PostgreSQL, with a real browser
	@unset DJANGO_SETTINGS_MODULE; $(BIN)/python -m tools.test $(ARGS)

quick: setup  ## the tests of one place in seconds: make quick ARGS=tests/people
	@unset DJANGO_SETTINGS_MODULE; $(BIN)/python -m pytest $(ARGS)

coverage: tools  ## every test, and which branches they reach; details in htmlcov/
	@unset DJANGO_SETTINGS_MODULE; $(BIN)/python -m tools.test --coverage $(ARGS)

# What tests use that pip does not install.
tools: setup
	@$(BIN)/python -m tools.chromium
	@$(BIN)/python -m tools.office
	@$(BIN)/python -m tools.node

e2e: setup  ## only the browser tests; a failure leaves a picture in test-results/
	@$(BIN)/python -m tools.chromium
	@unset DJANGO_SETTINGS_MODULE; $(BIN)/python -m pytest tests/browser $(ARGS)

# mypy and Django load the settings, which make a data folder: not the operator's.
check: export COTERIE_DATA := $(VENV)/check
check: export DATABASE_URL :=
check: setup  ## format, lint, types, import directions, migrations
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m django makemigrations --check --dry-run --settings coterie.settings

format: setup  ## put the code in its standard form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: setup  ## the benchmarks, with PEOPLE=1000000; writes docs/benchmarks.md
	@$(BIN)/python -m bench --people $(PEOPLE)

# Every file of each release, for all platforms; no index is named, so pip asks the one the machine is set up with.
lock: $(VENV)/lock/bin/uv  ## constraints.txt from pyproject.toml; UP=--upgrade takes newer releases
	@$< pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --quiet $(UP) \
		--no-config --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		--output-file constraints.txt > /dev/null
	@! grep -nE '://|^-' constraints.txt

$(VENV)/lock/bin/uv:
	@$(PYTHON) -m venv $(VENV)/lock
	@$(VENV)/lock/bin/python -m pip --disable-pip-version-check install -qq uv

clean:  ## remove what these targets made, but not the data folder
	rm -rf $(VENV) test-results htmlcov .coverage* build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
