.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv

help:  ## what there is to do
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: .venv/.dev  ## the environment, in .venv, with everything the tests need

# uv installs in seconds; where it cannot run, plain pip takes the same pinned files.
.venv/.tool: requirements/uv.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt \
		|| echo "uv is not available here: plain pip will be used"
	@touch $@

define install
	$(UV) pip install --quiet --system-certs --python $(BIN)/python --require-hashes -r $(1) \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
endef

.venv/.runtime: .venv/.tool requirements/runtime.txt pyproject.toml
	$(call install,requirements/runtime.txt)
	@touch $@

.venv/.dev: .venv/.tool requirements/dev.txt pyproject.toml
	$(call install,requirements/dev.txt)
	@touch $@ .venv/.runtime

demo: .venv/.runtime  ## a demo district on http://localhost:8000 (PORT=8000)
	$(BIN)/portal demo --port $(or $(PORT),8000)

test: setup  ## all tests, on SQLite and PostgreSQL
	$(BIN)/python -m pytest

test-long: setup  ## the same with the full figures: minutes to hours
	$(BIN)/python -m pytest --long

check: setup  ## format, lint, types, imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

audit: setup  ## known vulnerabilities of what is pinned; asks the package index
	$(BIN)/pip-audit --disable-pip --require-hashes -r requirements/runtime.txt

format: setup  ## put the code in order
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup  ## speed, each figure beside a bare floor
	$(BIN)/python -m tests.bench

lock: .venv/.tool  ## pin the dependencies anew
	echo 'uv' | $(UV) pip compile --quiet --system-certs --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links $(UPGRADE) -o requirements/uv.txt -
	$(UV) pip compile --quiet --system-certs --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links $(UPGRADE) pyproject.toml --group build -o requirements/runtime.txt
	$(UV) pip compile --quiet --system-certs --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links $(UPGRADE) pyproject.toml --group dev -o requirements/dev.txt

.PHONY: help setup demo test test-long check audit format bench lock
