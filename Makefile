# The two commands are `make build` and `make test`; everything else strings together commands that
# a user can run by hand once `. .venv/bin/activate` has been done.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

.PHONY: help setup build publish docs hub report site test-site bench bench-table test test-python lint format lock clean

help:
	@echo "make build                 build the warehouse from a synthetic hub of 20,000 models"
	@echo "make build SOURCE=path     build it from real records (JSON Lines, hub-stats parquet, or a folder)"
	@echo "make report                write build/report: its figures and tables as pages that open from disk"
	@echo "make site                  write build/site: the same as pages to search and click, from the published marts (needs npm)"
	@echo "make publish               copy the marts to build/published/current for BI: DuckDB, parquet, manifest"
	@echo "make docs                  write target/static_index.html: every model and column, and what feeds what"
	@echo "make test                  run every check and test"
	@echo "make hub MODELS=1860411    write a synthetic hub of so many models to build/hub-MODELS.jsonl.zst (or HUB=path)"
	@echo "make bench SIZES=...       measure the pipeline at these numbers of models, and rewrite the tables"
	@echo "make format | lock | clean"

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "phylohub needs Python 3.11 or newer; say which with make PYTHON=python3.11")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(STAMP)
	@mkdir -p build

build: setup
ifdef SOURCE
	phylohub ingest dump "$(SOURCE)" $(if $(SNAPSHOT),--snapshot "$(SNAPSHOT)")
else
	phylohub ingest synthetic
endif
	dbt --log-level warn build
	phylohub compact
	phylohub summary

MODELS ?= 1860411
HUB ?= build/hub-$(MODELS).jsonl.zst

hub: setup
	phylohub hub "$(HUB)" --models $(MODELS)

# A size or a part at a time: make bench SIZES=20000000 PARTS="floor stages" (docs/performance.md tells the parts).
SIZES ?= 20000 200000 2000000

bench: setup
	python -m benchmarks.run --sizes $(SIZES) $(if $(PARTS),--parts $(PARTS))
	$(MAKE) bench-table

bench-table: setup
	python -m benchmarks.report

# Where the published marts lie, and the most models that get a page (docs/site.md).
PUBLISHED ?= build/published/current
SITE_MODELS ?= 200000
SITE := site
export SEND_ANONYMOUS_USAGE_STATS := no

$(SITE)/node_modules/.package-lock.json: $(SITE)/package.json $(SITE)/package-lock.json $(SITE)/patch.js
	npm --prefix $(SITE) install --prefer-offline --no-audit --no-fund
	npm --prefix $(SITE) run postinstall
	@touch $@

site: $(SITE)/node_modules/.package-lock.json
	@test -e "$(PUBLISHED)/parquet/models.parquet" || { echo "no published marts in $(PUBLISHED): make publish first, or say where with PUBLISHED=" >&2; exit 1; }
	rm -rf $(SITE)/build $(SITE)/.evidence/template/static/data
	EVIDENCE_VAR__parquet="$(abspath $(PUBLISHED))/parquet" EVIDENCE_VAR__models=$(SITE_MODELS) npm --prefix $(SITE) run sources
	npm --prefix $(SITE) run build
	mkdir -p build && rm -rf build/site && mv $(SITE)/build build/site
	@echo "look at it: python3 -m http.server --bind 127.0.0.1 -d build/site"

# Clicks through build/site; needs Chromium (CHROMIUM names another one than /usr/bin/chromium).
test-site:
	npm --prefix $(SITE) test

report: setup
	phylohub report

publish: setup
	phylohub publish

# Reads types from the build file, so it comes after a build.
docs: setup
	@test -e "$${PHYLOHUB_DATABASE:-build/phylohub.duckdb}" || { echo "There is no warehouse yet. Run make build first." >&2; exit 1; }
	dbt --log-level warn docs generate --static
	@echo "documentation: target/static_index.html, one file that opens from disk"

test: lint test-python

test-python: setup $(VENV)/duckdb1/installed
	python -m pytest

# DuckDB 1, beside DuckDB 2 and out of its way: BI tools bring it, so a test reads the published copy with it.
$(VENV)/duckdb1/installed: tests/duckdb1.lock $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --upgrade --target $(@D) -r $<
	@touch $@

lint: setup
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	sqlfluff lint --disable-progress-bar models analyses tests

format: setup
	ruff check --fix .
	ruff format .
	sqlfluff fix --disable-progress-bar models analyses tests

# Needs uv on the path; the lock file carries hashes and no addresses.
lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-strip-extras --no-emit-index-url --no-header --upgrade --output-file requirements.lock

clean:
	rm -rf build target logs $(VENV)
