# `make build` and `make test` are the two main commands. The other targets run commands that also work by hand in the
# virtual environment: `. .venv/bin/activate`.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
DEV := $(VENV)/installed-dev
# uv, where it is on the path, installs the same files in a quarter of the CPU time. pip follows if it fails, since
# the two find their index in different settings.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
UV := $(if $(shell command -v uv),uv pip install --quiet --python $(BIN)/python,false)
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

.PHONY: help setup setup-dev build publish published docs hub report site test-site bench bench-table coverage test test-full test-python lint format lock clean

help:
	@echo "make build                 build the warehouse from a synthetic hub of 20,000 models"
	@echo "make build SOURCE=path     build it from real records: JSON Lines, hub-stats parquet, or a folder of them"
	@echo "make build SOURCE=hf://... build it from a dump on the Hub, or from one that phylohub ingest sources lists"
	@echo "make report                write the report to build/report: static HTML pages that open from disk"
	@echo "make publish               copy the marts for BI to build/published/current: DuckDB, parquet and a manifest"
	@echo "make site                  build the Evidence site in build/site from the published marts (needs npm)"
	@echo "make docs                  write target/static_index.html: all models, columns and lineage (needs a build)"
	@echo "make test                  run all linters and tests"
	@echo "make test-full             run these, and the tests that take longer"
	@echo "make lint                  run the linters only"
	@echo "make setup-dev             install the tools for developers, which make test does too"
	@echo "make format                format Python and SQL, and apply automatic fixes"
	@echo "make hub MODELS=1860411    write a synthetic hub of this many models to build/hub-MODELS.jsonl.zst, or to HUB=path"
	@echo "make bench SIZES=...       benchmark the pipeline at these numbers of models and update the results tables"
	@echo "make coverage              simulate the coverage of the intervals (minutes), also with the families of the warehouse"
	@echo "make test-site             test build/site in Chromium"
	@echo "make lock                  upgrade the lock files (needs uv)"
	@echo "make clean                 delete build, target, logs and the virtual environment"

# `make build` needs these packages only. `make test` and the other targets for developers add those of $(DEV).
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "phylohub needs Python 3.11 or later. Name it with: make PYTHON=python3.11")'
	$(PYTHON) -m venv --clear $(VENV)
	$(UV) --require-hashes -r $< || $(PIP) --require-hashes -r $<
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements-dev.lock $(STAMP)
	$(UV) --require-hashes -r $< || $(PIP) --require-hashes -r $<
	@touch $@

setup: $(STAMP)
	@mkdir -p build

setup-dev: setup $(DEV)

build: setup
ifdef SOURCE
	phylohub ingest dump "$(SOURCE)" $(if $(SNAPSHOT),--snapshot "$(SNAPSHOT)")
else
	phylohub ingest synthetic
endif
	phylohub build
	phylohub compact
	phylohub summary

MODELS ?= 1860411
HUB ?= build/hub-$(MODELS).jsonl.zst

hub: setup
	phylohub hub "$(HUB)" --models $(MODELS)

# Sizes and parts can be run one at a time: make bench SIZES=20000000 PARTS="floor stages" (docs/performance.md).
SIZES ?= 20000 200000 2000000

bench: setup-dev
	python -m benchmarks.run --sizes $(SIZES) $(if $(PARTS),--parts $(PARTS))
	$(MAKE) bench-table

bench-table: setup-dev
	python -m benchmarks.report

# If there is a warehouse, its families are a population too.
coverage: setup-dev
	python -m benchmarks.coverage $(if $(wildcard $(or $(PHYLOHUB_DATABASE),build/phylohub.duckdb)),--database "$(or $(PHYLOHUB_DATABASE),build/phylohub.duckdb)")
	python -m benchmarks.pair_coverage

# The folder of the published marts, and the maximum number of models that get a page (docs/site.md).
PUBLISHED ?= build/published/current
SITE_MODELS ?= 200000
SITE := site
export SEND_ANONYMOUS_USAGE_STATS := no

$(SITE)/node_modules/.package-lock.json: $(SITE)/package.json $(SITE)/package-lock.json $(SITE)/patch.js
	npm --prefix $(SITE) install --prefer-offline --no-audit --no-fund
	npm --prefix $(SITE) run postinstall
	@touch $@

published:
	@test -e "$(PUBLISHED)/parquet/models.parquet" || { echo "$(PUBLISHED) holds no published marts. Run: make publish (or name another folder with PUBLISHED=path)" >&2; exit 1; }

# The marts are checked first: npm installs for minutes.
site: published
	$(MAKE) $(SITE)/node_modules/.package-lock.json
	rm -rf $(SITE)/build $(SITE)/.evidence/template/static/data
	EVIDENCE_VAR__parquet="$(abspath $(PUBLISHED))/parquet" EVIDENCE_VAR__models=$(SITE_MODELS) npm --prefix $(SITE) run sources
	npm --prefix $(SITE) run build
	mkdir -p build && rm -rf build/site && mv $(SITE)/build build/site
	@echo "To view the site: python3 -m http.server --bind 127.0.0.1 -d build/site"

# Uses /usr/bin/chromium, or the browser that CHROMIUM names.
test-site:
	npm --prefix $(SITE) test

report: setup
	phylohub report

publish: setup
	phylohub publish

# dbt reads column types from the build file.
docs: setup
	@test -e "$${PHYLOHUB_DATABASE:-build/phylohub.duckdb}" || { echo "There is no warehouse yet. Run: make build" >&2; exit 1; }
	dbt --log-level warn docs generate --static
	@echo "Documentation: target/static_index.html (one file that opens from disk)"

test: lint test-python

test-python: setup-dev $(VENV)/duckdb1/installed
	python -m pytest

# Some tests are repeated on more records.
test-full: lint $(VENV)/duckdb1/installed
	python -m pytest -m "full or not full"

# BI tools bring DuckDB 1, so a test reads the published copy with it. A separate folder keeps it apart from DuckDB 2.
$(VENV)/duckdb1/installed: tests/duckdb1.lock $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --upgrade --target $(@D) -r $<
	@touch $@

# .pre-commit-config.yaml runs the same commands.
lint: setup-dev
	ruff check .
	ruff format --check .
	mypy
	lint-imports --no-logo
	sqlfluff lint --disable-progress-bar models analyses tests
	dbt --quiet parse --target-path target
	env COLUMNS=160 dbt-bouncer --show-all-failures

format: setup-dev
	ruff check --fix .
	ruff format .
	sqlfluff fix --disable-progress-bar models analyses tests

# The lock files have hashes but no addresses, so they work with any index.
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 \
	--generate-hashes --no-strip-extras --no-emit-index-url --no-header

lock:
	$(LOCK) --extra install --extra dev --upgrade --output-file requirements-dev.lock
	$(LOCK) --extra install --constraint requirements-dev.lock --output-file requirements.lock

clean:
	rm -rf build target logs $(VENV)
