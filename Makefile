# Everything a person or CI runs. Without make, README.md gives the same steps.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
SPARK_INSTALLED := .venv/.installed-spark
BENCH_INSTALLED := .venv-bench/.installed
LOCK := --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-header --no-annotate

# The files of tests and of SQL are shared out among as many processes: each wants a core and 4 GB.
TEST_WORKERS ?= 2

# What make bench takes: sizes, and further options of python -m benchmarks.scale.
SIZES ?= 3000 1000000
BENCH_OPTIONS ?=

.DEFAULT_GOAL := help
.PHONY: help install install-spark build spark check publish dashboard pictures test nightly lint findings notebook powerbi docs bench lock clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: $(INSTALLED)  ## make the virtual environment with the locked dependencies

$(INSTALLED): requirements.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed: make PYTHON=python3.11 ...')"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.txt
	touch $(INSTALLED)

install-spark: $(SPARK_INSTALLED)  ## add Spark, with a Java of its own, to the virtual environment

# Where dbt is started as a program, only the .pth file tells Python where this project is.
$(SPARK_INSTALLED): $(INSTALLED) requirements-spark.txt
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-spark.txt
	$(BIN)/python -c "import pathlib, sysconfig; pathlib.Path(sysconfig.get_path('purelib'), 'bank_warehouse.pth').write_text(str(pathlib.Path.cwd()))"
	touch $(SPARK_INSTALLED)

build: install  ## build the warehouse from the seeds, or from BANK_RAW_DIR, and sum it up
	$(BIN)/dbt build
	@$(BIN)/python -m bank_warehouse summary

spark: install-spark  ## build the same warehouse on Spark, on this machine
	$(BIN)/dbt build --target spark

dashboard: install  ## show the current release in a browser; publish first where there is none
	@if [ ! -e "$${BANK_PUBLISH_DIR:-published}/current" ]; then $(MAKE) publish; fi
	$(BIN)/python -m bank_warehouse dashboard

pictures: install  ## make the pictures in docs/images again
	BANK_DASHBOARD_PICTURES=docs/images $(BIN)/python -m pytest python_checks/tests/test_dashboard_browser.py

test: install-spark $(BENCH_INSTALLED) lint  ## everything CI checks
	$(BIN)/python -m pytest --numprocesses $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder

nightly: install  ## ten times as many damaged drops, and publishers killed a hundred times
	HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -m "examples or nightly"

check: install  ## Great Expectations on the built warehouse
	$(BIN)/python -m python_checks

publish: install  ## build, check, and publish all marts: files, and PostgreSQL if BANK_POSTGRES_DSN is set
	$(BIN)/dbt build
	$(BIN)/python -m python_checks
	$(BIN)/python -m bank_warehouse publish

lint: install  ## ruff, mypy, yamllint and sqlfluff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/yamllint --strict .
	$(BIN)/sqlfluff lint --disable-progress-bar --processes $(TEST_WORKERS) models analyses tests/singular

findings: install  ## write reports/findings.md from the built warehouse
	$(BIN)/python -m bank_warehouse findings

notebook: install  ## run the notebook on the built warehouse and keep its outputs
	$(BIN)/python -m python_checks.notebook

powerbi: install  ## write the Power BI project from the built warehouse
	$(BIN)/dbt docs generate
	$(BIN)/python -m bank_warehouse powerbi

docs: install  ## dbt's documentation site of the built warehouse, served on this machine
	$(BIN)/dbt docs generate
	$(BIN)/dbt docs serve --host 127.0.0.1

bench: install $(BENCH_INSTALLED)  ## time the warehouse at SIZES, against the limit, pandas and Polars
	$(BIN)/python -m benchmarks.scale --customers "$(SIZES)" $(BENCH_OPTIONS)

$(BENCH_INSTALLED): requirements-bench.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --require-hashes --requirement requirements-bench.txt
	touch $(BENCH_INSTALLED)

lock: install  ## make the requirements*.txt again from pyproject.toml
	$(PYTHON) -m venv .venv/lock
	.venv/lock/bin/python -m pip install --quiet uv
	.venv/lock/bin/uv pip compile $(LOCK) --extra dev pyproject.toml --output-file requirements.txt
	.venv/lock/bin/uv pip compile $(LOCK) --extra spark --constraint requirements.txt pyproject.toml \
		--output-file requirements-spark.txt
	.venv/lock/bin/uv pip compile $(LOCK) --group bench --output-file requirements-bench.txt

clean:  ## remove what builds make; the virtual environment, releases and the history stay
	rm -rf target logs
	if [ -d warehouse ]; then find warehouse -mindepth 1 ! -name '*_history.duckdb*' -delete; fi
