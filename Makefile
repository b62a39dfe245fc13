# Everything a person or CI runs. Without make, README.md gives the same steps.

PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
# Compiled once here: if PYTHONDONTWRITEBYTECODE is set, as in many containers, every start of dbt
# would compile its libraries again, two seconds each time.
export UV_COMPILE_BYTECODE := 1
# Each stamp shows that one lock is installed.
UV_INSTALLED := .venv/.installed-uv
INSTALLED := .venv/.installed
DEV_INSTALLED := .venv/.installed-dev
SPARK_INSTALLED := .venv/.installed-spark
BENCH_INSTALLED := .venv-bench/.installed
ADAPTERS_INSTALLED := .venv-adapters/.installed
LOCK := --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-header --no-annotate

# Number of processes for files of tests and of SQL; each needs a core and 4 GB.
TEST_WORKERS ?= 2

# Sizes, and further options of python -m benchmarks.scale, for make bench. The defaults measure
# everything that a change needs, in under 15 minutes.
SIZES ?= 2000000
BENCH_OPTIONS ?= --formats csv --only limit,set-dbt,pandas,polars,run,build

.DEFAULT_GOAL := help
.PHONY: help install install-dev install-spark install-bench install-adapters build spark check publish dashboard pictures drawings quick test tests nightly lint findings notebook powerbi docs site bench lock clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: $(INSTALLED)  ## make the virtual environment with what a build, a check and a publish need

install-dev: $(DEV_INSTALLED)  ## add what the tests, the linters and the notebook need

install-spark: $(SPARK_INSTALLED)  ## add Spark, with its own Java

install-bench: $(BENCH_INSTALLED)  ## make the environment of pandas and Polars that the benchmark uses

install-adapters: $(ADAPTERS_INSTALLED)  ## make the environment in which tests compile for Databricks and Fabric

$(UV_INSTALLED): requirements-uv.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed: make PYTHON=python3.11 ...')"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-uv.txt
	touch $@

# The project itself comes last and editable: its commands and dbt's plugins are then on the path.
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

build: install  ## build the warehouse from the seeds, or from BANK_RAW_DIR, and sum it up
	$(BIN)/bank build

spark: install-spark  ## build the same warehouse on Spark, on this machine
	$(BIN)/dbt build --target spark

dashboard: install  ## show the current release in a browser; publish first where there is none
	@if [ ! -e "$${BANK_PUBLISH_DIR:-published}/current" ]; then $(MAKE) publish; fi
	$(BIN)/bank dashboard

pictures: install-dev  ## make the pictures in docs/images again
	BANK_DASHBOARD_PICTURES=docs/images $(BIN)/python -m pytest python_checks/tests/browser/test_dashboard_browser.py

drawings: install-dev  ## draw the pages of the Power BI report in docs/images, with the values of the current release
	$(BIN)/python -m python_checks.project.powerbi_pictures docs/images

quick: install-dev  ## check what changed since the last commit, in about a minute
	$(BIN)/python -m python_checks.quick

test: install-dev install-spark $(BENCH_INSTALLED) $(ADAPTERS_INSTALLED)  ## the linters, and all tests but the nightly ones
	$(MAKE) --no-print-directory --jobs 2 lint tests

# Without lint, which runs beside: it leaves a core idle for much of its time, and so do these.
tests: install-dev install-spark $(BENCH_INSTALLED) $(ADAPTERS_INSTALLED)
	$(BIN)/python -m pytest --numprocesses $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder

nightly: install-dev install-spark  ## many more damaged drops, publishers killed a hundred times, all on Spark
	HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -m "examples or nightly"

check: install  ## Great Expectations on the built warehouse
	$(BIN)/bank check

publish: install  ## build, check, and publish all marts: files, and PostgreSQL if BANK_POSTGRES_DSN is set
	$(BIN)/bank build
	$(BIN)/bank check
	$(BIN)/bank publish

lint: install-dev install-spark  ## ruff, mypy, yamllint, the schemas of CI's files, and sqlfluff
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

notebook: install-dev  ## run the notebook on the built warehouse and keep its outputs
	$(BIN)/python -m python_checks.project.notebook

powerbi: install  ## write the Power BI project from the built warehouse
	$(BIN)/bank powerbi

docs: install  ## dbt's documentation site of the built warehouse, served on this machine
	$(BIN)/dbt docs generate
	$(BIN)/dbt docs serve --host 127.0.0.1

# Only the sample, whatever data this machine is set to.
site: export BANK_WAREHOUSE = site/build/bank.duckdb
site: export BANK_PUBLISH_DIR = site/build/published
site: export BANK_HISTORY =
site: export BANK_RAW_DIR =
site: export BANK_POSTGRES_DSN =
site: install  ## the sample built and published as web pages in site/: catalog, dashboard, findings
	rm -rf site
	$(MAKE) publish
	$(BIN)/dbt docs generate --static
	$(BIN)/bank dashboard --export site/dashboard.html
	install -m 644 target/static_index.html site/catalog.html
	cp -r reports .github/pages/index.md site
	rm -rf site/build

bench: install-dev $(BENCH_INSTALLED)  ## time the warehouse at SIZES, against the limit, pandas and Polars
	$(BIN)/python -m benchmarks.scale --customers "$(SIZES)" $(BENCH_OPTIONS)

$(BENCH_INSTALLED): $(UV_INSTALLED) requirements-bench.txt
	$(UV) venv --quiet --allow-existing --python $(BIN)/python .venv-bench
	$(UV) pip install --python .venv-bench --require-hashes --requirement requirements-bench.txt
	touch $@

$(ADAPTERS_INSTALLED): $(UV_INSTALLED) requirements-adapters.txt
	$(UV) venv --quiet --allow-existing --python $(BIN)/python .venv-adapters
	$(UV) pip install --python .venv-adapters --require-hashes --requirement requirements-adapters.txt
	touch $@

lock: $(UV_INSTALLED)  ## make the requirements*.txt again from pyproject.toml
	$(UV) pip compile $(LOCK) pyproject.toml --output-file requirements.txt
	$(UV) pip compile $(LOCK) --extra dev --constraint requirements.txt pyproject.toml \
		--output-file requirements-dev.txt
	$(UV) pip compile $(LOCK) --extra spark --constraint requirements-dev.txt pyproject.toml \
		--output-file requirements-spark.txt
	$(UV) pip compile $(LOCK) --group bench --output-file requirements-bench.txt
	$(UV) pip compile $(LOCK) --group adapters --output-file requirements-adapters.txt
	$(UV) pip compile $(LOCK) --group uv --output-file requirements-uv.txt

clean:  ## remove what builds make; the virtual environment, releases and the history stay
	rm -rf target logs warehouse/spark
	if [ -d warehouse ]; then find warehouse -maxdepth 1 -name 'bank*' ! -name '*_history*.duckdb*' ! -name '*.accepted_profile.parquet' -exec rm -rf {} +; fi
