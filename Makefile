# The commands that people and CI run. README.md shows how to build without make.

PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
# Compile the libraries when they are installed. If PYTHONDONTWRITEBYTECODE is set, as in many
# containers, dbt would otherwise compile them at every start, which takes two seconds.
export UV_COMPILE_BYTECODE := 1
# Each of these empty files shows that the packages of one lock file are installed.
UV_INSTALLED := .venv/.installed-uv
INSTALLED := .venv/.installed
DEV_INSTALLED := .venv/.installed-dev
SPARK_INSTALLED := .venv/.installed-spark
BENCH_INSTALLED := .venv-bench/.installed
ADAPTERS_INSTALLED := .venv-adapters/.installed
LOCK := --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-header --no-annotate

# Number of processes that run tests and lint SQL. Each needs a core and 4 GB of memory.
TEST_WORKERS ?= 2

# Options of python -m benchmarks.scale for make bench. With these defaults, it takes less than 15
# minutes.
SIZES ?= 2000000
BENCH_OPTIONS ?= --formats csv --only limit,set-dbt,pandas,polars,run,build

.DEFAULT_GOAL := help
.PHONY: help install install-dev install-spark install-bench install-adapters build spark check publish dashboard pictures drawings quick test tests nightly lint findings notebook powerbi docs site bench lock clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: $(INSTALLED)  ## create the virtual environment for building, checking and publishing

install-dev: $(DEV_INSTALLED)  ## add the packages for the tests, the linters and the notebook

install-spark: $(SPARK_INSTALLED)  ## add Spark and a Java runtime

install-bench: $(BENCH_INSTALLED)  ## create the benchmark's environment, with pandas and Polars

install-adapters: $(ADAPTERS_INSTALLED)  ## create the environment in which tests compile the project for Databricks and Fabric

$(UV_INSTALLED): requirements-uv.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed: make PYTHON=python3.11 ...')"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-uv.txt
	touch $@

# An editable install puts the command `bank` and the plugin for dbt on the path.
$(INSTALLED): $(UV_INSTALLED) requirements.txt pyproject.toml
	$(UV) pip install --python .venv --require-hashes --requirement requirements.txt
	$(UV) pip install --quiet --python .venv --no-deps --no-build-isolation --editable .
	touch $@

$(DEV_INSTALLED): $(INSTALLED) requirements-dev.txt
	$(UV) pip install --python .venv --require-hashes --requirement requirements-dev.txt
	touch $@

$(SPARK_INSTALLED): $(INSTALLED) requirements-spark.txt
	$(UV) pip install --python .venv --require-hashes --requirement requirements-spark.txt
	touch $@

build: install  ## build the warehouse from the seeds or from BANK_RAW_DIR, and print a summary
	$(BIN)/bank build

spark: install-spark  ## build the same warehouse with Spark on this machine
	$(BIN)/dbt build --target spark

dashboard: install  ## show the current release in a browser; publish one first if there is none
	@if [ ! -e "$${BANK_PUBLISH_DIR:-published}/current" ]; then $(MAKE) publish; fi
	$(BIN)/bank dashboard

pictures: install-dev  ## update the dashboard's pictures in docs/images
	BANK_DASHBOARD_PICTURES=docs/images $(BIN)/python -m pytest python_checks/tests/browser/test_dashboard_browser.py

drawings: install-dev  ## draw the pages of the Power BI report into docs/images, with the values of the current release
	$(BIN)/python -m python_checks.project.powerbi_pictures docs/images

quick: install-dev  ## check what changed since the last commit, in about a minute
	$(BIN)/python -m python_checks.quick

test: install-dev install-spark $(BENCH_INSTALLED) $(ADAPTERS_INSTALLED)  ## run the linters, and all tests except the nightly ones
	$(MAKE) --no-print-directory --jobs 2 lint tests

# The target test runs this and lint at the same time: neither keeps both cores busy.
tests: install-dev install-spark $(BENCH_INSTALLED) $(ADAPTERS_INSTALLED)
	$(BIN)/python -m pytest --numprocesses $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder

nightly: install-dev install-spark  ## test many more damaged drops, kill publishers a hundred times, run all dbt tests on Spark
	HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -m "examples or nightly"

check: install  ## check the built warehouse with Great Expectations
	$(BIN)/bank check

publish: install  ## build, check and publish all marts: to files, and to PostgreSQL if BANK_POSTGRES_DSN is set
	$(BIN)/bank build
	$(BIN)/bank check
	$(BIN)/bank publish

lint: install-dev install-spark  ## run ruff, mypy, yamllint and sqlfluff, and validate the configuration of CI
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/yamllint --strict .
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions .github/actions/*/action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml
	$(BIN)/sqlfluff lint --disable-progress-bar --processes $(TEST_WORKERS) models analyses tests/singular

findings: install  ## write reports/findings.md from the built warehouse
	$(BIN)/bank findings

notebook: install-dev  ## run the notebook on the built warehouse, and save its outputs
	$(BIN)/python -m python_checks.project.notebook

powerbi: install  ## write the Power BI project from the built warehouse
	$(BIN)/bank powerbi

docs: install  ## generate dbt's documentation of the built warehouse, and serve it on this machine
	$(BIN)/dbt docs generate
	$(BIN)/dbt docs serve --host 127.0.0.1

# Build only the sample, even if these variables are set.
site: export BANK_WAREHOUSE = site/build/bank.duckdb
site: export BANK_PUBLISH_DIR = site/build/published
site: export BANK_HISTORY =
site: export BANK_RAW_DIR =
site: export BANK_POSTGRES_DSN =
site: install  ## build the sample, and write its catalog, dashboard and findings as web pages to site/
	rm -rf site
	$(MAKE) publish
	$(BIN)/dbt docs generate --static
	$(BIN)/bank dashboard --export site/dashboard.html
	install -m 644 target/static_index.html site/catalog.html
	cp -r reports .github/pages/index.md site
	rm -rf site/build

bench: install-dev $(BENCH_INSTALLED)  ## time builds with SIZES customers, and compare with the limit, pandas and Polars
	$(BIN)/python -m benchmarks.scale --customers "$(SIZES)" $(BENCH_OPTIONS)

$(BENCH_INSTALLED): $(UV_INSTALLED) requirements-bench.txt
	$(UV) venv --quiet --allow-existing --python $(BIN)/python .venv-bench
	$(UV) pip install --python .venv-bench --require-hashes --requirement requirements-bench.txt
	touch $@

$(ADAPTERS_INSTALLED): $(UV_INSTALLED) requirements-adapters.txt
	$(UV) venv --quiet --allow-existing --python $(BIN)/python .venv-adapters
	$(UV) pip install --python .venv-adapters --require-hashes --requirement requirements-adapters.txt
	touch $@

lock: $(UV_INSTALLED)  ## write requirements*.txt from pyproject.toml
	$(UV) pip compile $(LOCK) pyproject.toml --output-file requirements.txt
	$(UV) pip compile $(LOCK) --extra dev --constraint requirements.txt pyproject.toml \
		--output-file requirements-dev.txt
	$(UV) pip compile $(LOCK) --extra spark --constraint requirements-dev.txt pyproject.toml \
		--output-file requirements-spark.txt
	$(UV) pip compile $(LOCK) --group bench --output-file requirements-bench.txt
	$(UV) pip compile $(LOCK) --group adapters --output-file requirements-adapters.txt
	$(UV) pip compile $(LOCK) --group uv --output-file requirements-uv.txt

clean:  ## remove the files of builds, but keep the virtual environment, the releases and the history
	rm -rf target logs warehouse/spark
	if [ -d warehouse ]; then find warehouse -maxdepth 1 -name 'bank*' ! -name '*_history*.duckdb*' ! -name '*.accepted_profile.parquet' -exec rm -rf {} +; fi
