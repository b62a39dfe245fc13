"""The project's own expectations, evaluated by DuckDB in as few scans as possible.

Great Expectations runs one query for all aggregate metrics of a table. But its map expectations run
further queries for unexpected values even if there are none, and its query expectation runs each
query twice. Here, every promise about rows is one aggregate. So one scan of a table computes all of
its promises and the aggregates of the core expectations. Rows are fetched only if a promise is
broken, and then at most five.
"""

from typing import Any, ClassVar

import sqlalchemy as sa
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.execution_engine.sqlalchemy_execution_engine import (
    SqlAlchemyExecutionEngine,
)
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_partial, metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.render.components import (
    LegacyDiagnosticRendererType,
    LegacyRendererType,
    RenderedStringTemplateContent,
)
from great_expectations.render.renderer.renderer import renderer

from bank_warehouse.masking import shown_row
from bank_warehouse.sql import quote_identifier

EXAMPLES = 5
OBSERVED_VALUE = LegacyDiagnosticRendererType.OBSERVED_VALUE


def broken_rows_sql(promise: str) -> str:
    """Return the aggregate that counts the rows of a table that break `promise`.

    A promise that is null for a row counts as broken.
    """
    return f"count(*) filter (where not coalesce(({promise}), false))"


def matching_rows_sql(condition: str) -> str:
    """Return the aggregate that counts the rows of a table that meet `condition`."""
    return f"count(*) filter (where {condition})"


def _statement(query: str) -> Any:
    """Return `query` as a statement in which a colon does not begin a parameter."""
    return sa.text(query.replace(":", r"\:"))


class RowsBreakingPromise(TableMetricProvider):
    """Number of rows that break a promise, computed in one query with other aggregates."""

    metric_name = "table.rows_breaking_promise"
    value_keys = ("promise",)

    @metric_partial(
        engine=SqlAlchemyExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN,
        domain_type=MetricDomainTypes.TABLE,
    )
    def _sqlalchemy(
        cls,  # noqa: N805
        execution_engine: Any,  # noqa: ARG002
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],  # noqa: ARG002
        runtime_configuration: dict[str, Any],  # noqa: ARG002
    ) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        aggregate = broken_rows_sql(metric_value_kwargs["promise"])
        return sa.literal_column(aggregate), metric_domain_kwargs, {}


class FoundRows(TableMetricProvider):
    """Number of rows that a query finds, and a few of them, masked. The query runs once."""

    metric_name = "table.found_rows"
    value_keys = ("query",)

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(
        cls,  # noqa: N805
        execution_engine: Any,
        metric_domain_kwargs: dict[str, Any],  # noqa: ARG002
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],  # noqa: ARG002
        runtime_configuration: dict[str, Any],  # noqa: ARG002
    ) -> dict[str, Any]:
        return found_rows(execution_engine, metric_value_kwargs["query"])


def found_rows(execution_engine: Any, query: str) -> dict[str, Any]:
    """Return the `count` of the rows that `query` finds, and masked `examples` of them."""
    counted = (
        "select *, count(*) over () as count_of_found_rows "
        f"from ({query}) as found limit {EXAMPLES}"
    )
    result = execution_engine.execute_query(_statement(counted))
    columns = list(result.keys())[:-1]
    rows = result.fetchall()
    if not rows:
        return {"count": 0, "examples": []}
    texts = known_texts(execution_engine)
    return {
        "count": int(rows[0][-1]),
        "examples": [shown_row(columns, row[:-1], texts) for row in rows],
    }


def known_texts(execution_engine: Any) -> frozenset[str]:
    """Return the strings that may be printed, because they are not personal data.

    They are the text in the reference seeds, the genders, the banking relationships and all names
    of columns.
    """
    columns = execution_engine.execute_query(
        _statement(
            "select table_schema, table_name, column_name from information_schema.columns "
            "where table_schema = 'reference' and data_type = 'VARCHAR' "
            "or (table_schema, table_name, column_name) in "
            "(('staging', 'stg_bank__genders', 'gender'), "
            "('staging', 'stg_bank__banking_relationships', 'banking_relationship'))"
        )
    ).fetchall()
    selects = [
        f"select {quote_identifier(column)} as content "
        f"from {quote_identifier(schema)}.{quote_identifier(table)}"
        for schema, table, column in columns
    ]
    selects.append("select column_name from information_schema.columns")
    found = execution_engine.execute_query(_statement(" union ".join(selects))).fetchall()
    return frozenset(str(row[0]) for row in found if row[0] is not None)


class _Promise(BatchExpectation):
    """An expectation with a description, which the Data Docs show."""

    words: str
    column: str = ""

    runtime_keys: ClassVar[tuple[str, ...]] = ("result_format", "catch_exceptions")

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)
    def _prescriptive_renderer(
        cls,
        configuration: Any = None,
        result: Any = None,  # noqa: ARG003
        runtime_configuration: Any = None,  # noqa: ARG003
        **kwargs: Any,  # noqa: ARG003
    ) -> list[Any]:
        words = "" if configuration is None else configuration.kwargs.get("words", "")
        return [
            RenderedStringTemplateContent(
                content_block_type="string_template",
                string_template={"template": "$words", "params": {"words": words}},
            )
        ]

    @classmethod
    @renderer(renderer_type=OBSERVED_VALUE)
    def _diagnostic_observed_value_renderer(
        cls,
        configuration: Any = None,  # noqa: ARG003
        result: Any = None,
        runtime_configuration: Any = None,  # noqa: ARG003
        **kwargs: Any,  # noqa: ARG003
    ) -> str:
        details = {} if result is None else result.result
        count = details.get("observed_value")
        if count is None:
            return "--"
        examples = details.get("examples", [])
        return f"rows that break it: {count:,}" + "".join(f"; {example}" for example in examples)


class ExpectRowsToKeepPromise(_Promise):
    """Expect a condition to be true in every row of the table.

    Args:
        words: The description of the promise.
        promise: The promise as a SQL condition on one row; null counts as broken.
        column: The column of the promise, for messages.
        rows_query: A query for the rows that break the promise, which runs only if there are any.
    """

    promise: str
    rows_query: str

    metric_dependencies: ClassVar[tuple[str, ...]] = (
        "table.row_count",
        "table.rows_breaking_promise",
    )
    success_keys: ClassVar[tuple[str, ...]] = ("promise",)
    args_keys: ClassVar[tuple[str, ...]] = ("words", "promise", "column", "rows_query")

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        broken = int(metrics["table.rows_breaking_promise"])
        examples = found_rows(execution_engine, self.rows_query)["examples"] if broken else []
        return {
            "success": broken == 0,
            "result": {
                "observed_value": broken,
                "element_count": int(metrics["table.row_count"]),
                "examples": examples,
            },
        }


class ExpectQueryToFindNothing(_Promise):
    """Expect a query for faults to find no rows.

    Args:
        words: The description of the promise.
        query: The query for faults.
        column: The column of the promise, for messages.
        explanation: A query for the individual rows, which runs only if `query` finds something;
            empty if `query` itself returns them.
    """

    query: str
    explanation: str = ""

    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.found_rows",)
    success_keys: ClassVar[tuple[str, ...]] = ("query",)
    args_keys: ClassVar[tuple[str, ...]] = ("words", "query", "column", "explanation")

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        found = metrics["table.found_rows"]
        is_kept = found["count"] == 0
        if not is_kept and self.explanation:
            explained = found_rows(execution_engine, self.explanation)
            # If the explanation finds no row, the message shows what the query found.
            found = explained if explained["count"] else found
        return {
            "success": is_kept,
            "result": {
                "observed_value": found["count"],
                "examples": found["examples"],
            },
        }


class RowsWithCondition(TableMetricProvider):
    """Number of rows that meet a condition, computed in one query with other aggregates."""

    metric_name = "table.rows_with_condition"
    value_keys = ("condition",)

    @metric_partial(
        engine=SqlAlchemyExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN,
        domain_type=MetricDomainTypes.TABLE,
    )
    def _sqlalchemy(
        cls,  # noqa: N805
        execution_engine: Any,  # noqa: ARG002
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],  # noqa: ARG002
        runtime_configuration: dict[str, Any],  # noqa: ARG002
    ) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        aggregate = matching_rows_sql(metric_value_kwargs["condition"])
        return sa.literal_column(aggregate), metric_domain_kwargs, {}


class ExpectShareOfRowsToBeBetween(_Promise):
    """Expect the share of rows that meet a condition to be between two limits.

    Args:
        words: The description of the promise.
        condition: A SQL condition on one row; null counts as not met.
        lowest: Lowest share allowed, 0 to 1.
        highest: Highest share allowed, 0 to 1.
        column: The column of the promise, for messages.
    """

    condition: str
    lowest: float
    highest: float

    metric_dependencies: ClassVar[tuple[str, ...]] = (
        "table.row_count",
        "table.rows_with_condition",
    )
    success_keys: ClassVar[tuple[str, ...]] = ("condition", "lowest", "highest")
    args_keys: ClassVar[tuple[str, ...]] = ("words", "condition", "lowest", "highest", "column")

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002
        execution_engine: Any = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        rows = int(metrics["table.row_count"])
        matching = int(metrics["table.rows_with_condition"])
        share = matching / rows if rows else None
        # An empty table has no share. Another expectation checks whether it may be empty.
        is_kept = share is None or self.lowest <= share <= self.highest
        return {
            "success": is_kept,
            "result": {
                "observed_value": matching,
                "element_count": rows,
                "examples": []
                if share is None
                else [f"share = {share:.4f}, limits {self.lowest} to {self.highest}"],
            },
        }

    @classmethod
    @renderer(renderer_type=OBSERVED_VALUE)
    def _diagnostic_observed_value_renderer(
        cls,
        configuration: Any = None,  # noqa: ARG003
        result: Any = None,
        runtime_configuration: Any = None,  # noqa: ARG003
        **kwargs: Any,  # noqa: ARG003
    ) -> str:
        examples = [] if result is None else result.result.get("examples", [])
        return examples[0] if examples else "--"
