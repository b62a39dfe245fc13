"""Run the suites with Great Expectations against a warehouse, and build the Data Docs."""

import os
import shutil
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bank_warehouse.publish.fingerprints import Fingerprint, fingerprints_query
from python_checks.expectations.declare import Table
from python_checks.expectations.warehouse import UnreadableWarehouseError, settings

# Great Expectations reads this when it is first imported.
os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)

from python_checks.expectations import compile as compiling
from python_checks.expectations import duckdb_dialect
from python_checks.expectations.offline import make_offline

SITE = "local_site"
INTERRUPTED = "Query interrupted"
"""DuckDB's message after Ctrl+C, which Great Expectations treats as a failed check."""


@dataclass(frozen=True)
class Failure:
    """One broken expectation, in words. `rows` is the number of rows counted, or None."""

    suite: str
    table: str
    column: str
    words: str
    rows: int | None
    examples: tuple[str, ...]


@dataclass(frozen=True)
class TableResult:
    """The results of one table."""

    suite: str
    table: str
    checked: int
    failures: tuple[Failure, ...]


def context_for(docs: Path | None) -> Any:
    """Return a context without analytics that keeps all but the Data Docs in memory."""
    sites = (
        {
            SITE: {
                "class_name": "SiteBuilder",
                "show_how_to_buttons": False,
                "site_name": "Checks of the bank warehouse",
                "store_backend": {
                    "class_name": "TupleFilesystemStoreBackend",
                    "base_directory": str(docs.resolve()),
                },
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            }
        }
        if docs
        else {}
    )
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        data_docs_sites=sites,
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    context = gx.get_context(mode="ephemeral", project_config=config)
    context.enable_analytics(False)
    return context


def run(
    path: Path,
    suites: dict[str, list[Table]],
    docs: Path | None,
    progress: Callable[[str], None] = lambda _: None,
    marts: Mapping[str, Fingerprint] | None = None,
) -> list[TableResult]:
    """Check the tables of all given suites in the warehouse `path`, read-only.

    Args:
        path: The DuckDB file.
        suites: The declared tables, by suite name.
        docs: Folder for the Data Docs site, which is replaced. If None, no site is built.
        progress: Called with a line for each table.
        marts: The fingerprints that the checked marts must have, by `schema.table`.

    Returns:
        A result for each table, in the order of the suites.

    Raises:
        UnreadableWarehouseError: The fingerprint of a mart has changed, so the warehouse was
            modified.
    """
    warnings.filterwarnings("ignore", module="great_expectations")
    duckdb_dialect.register()
    context = context_for(docs)
    source = context.data_sources.add_sql(
        name="warehouse",
        connection_string=f"{duckdb_dialect.URL_SCHEME}:///{path.resolve()}",
        kwargs={"connect_args": {"read_only": True, "config": settings(path)}},
    )
    results = []
    try:
        with _unchanging(source, path, marts or {}):
            for suite_name, tables in suites.items():
                for table in tables:
                    result = _validate(context, source, suite_name, table)
                    progress(
                        f"{suite_name:8} {table.relation:45} {result.checked:3} checked, "
                        f"{len(result.failures)} failed"
                    )
                    results.append(result)
    finally:
        source.get_execution_engine().close()
    if docs:
        if docs.exists():
            shutil.rmtree(docs)
        context.build_data_docs(site_names=[SITE])
        make_offline(docs, results)
    return results


@contextmanager
def _unchanging(source: Any, path: Path, marts: Mapping[str, Fingerprint]) -> Iterator[None]:
    """Keep the warehouse open, so that nobody can write to it. Refuse it if a mart has changed."""
    with source.get_execution_engine().engine.connect() as connection:
        if marts:
            rows = connection.exec_driver_sql(fingerprints_query(sorted(marts))).fetchall()
            found = {row[0]: Fingerprint(*row[1:]) for row in rows}
            changed = sorted(name for name, seen in marts.items() if found.get(name) != seen)
            if changed:
                raise UnreadableWarehouseError(
                    f"{', '.join(changed)} changed in {path} after the checks began. Wait until "
                    "any running build has ended, and run the checks again."
                )
        yield


def _validate(context: Any, source: Any, suite_name: str, table: Table) -> TableResult:
    name = f"{suite_name}.{table.relation}"
    schema, table_name = table.relation.split(".")
    batch = source.add_table_asset(
        name=name, schema_name=schema, table_name=table_name
    ).add_batch_definition_whole_table("whole_table")
    suite = context.suites.add(compiling.suite(name, table))
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(name=name, data=batch, suite=suite)
    )
    validated = definition.run(result_format="BASIC")
    failures = tuple(_failures(suite_name, table.relation, validated.results))
    return TableResult(suite_name, table.relation, len(validated.results), failures)


def _failures(suite: str, table: str, results: Iterable[Any]) -> Iterable[Failure]:
    for result in results:
        if result.success:
            continue
        kwargs = result.expectation_config.kwargs
        details = result.result or {}
        observed = details.get("observed_value")
        words = kwargs.get("words") or _core_words(result.expectation_config.type, kwargs)
        examples = [str(example) for example in details.get("examples") or []]
        error = _error(result.exception_info)
        if error and INTERRUPTED in error:
            raise KeyboardInterrupt
        if error:
            examples.append(f"the check could not be run: {error}")
        elif "words" not in kwargs:
            examples.append(f"observed {observed}")
        yield Failure(
            suite,
            table,
            kwargs.get("column") or "(rows)",
            words,
            observed if isinstance(observed, int) else None,
            tuple(examples),
        )


def _core_words(kind: str, kwargs: dict[str, Any]) -> str:
    lowest, highest = kwargs.get("min_value"), kwargs.get("max_value")
    limits = f"{lowest} or more" if highest is None else f"from {lowest} to {highest}"
    return f"{kind.removeprefix('expect_').removesuffix('_between').replace('_', ' ')} {limits}"


def _error(exception_info: dict[str, Any] | None) -> str | None:
    """Return the start of an exception's message, or None if there is no exception."""
    if not exception_info:
        return None
    for info in (exception_info, *exception_info.values()):
        if isinstance(info, dict) and info.get("raised_exception"):
            return str(info.get("exception_message")).strip().splitlines()[0][:300]
    return None
