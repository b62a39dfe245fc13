"""One definition of each number: the metrics of the semantic layer, and SQL for them.

The definitions are in models/semantic and reach Python through target/semantic_manifest.json, which
dbt writes when it parses the project. Whatever shows a metric takes its name, label, format and
definition from here::

    layer = load_metrics(Path("target/semantic_manifest.json"))
    query = compile_query(
        layer, ["total_loans", "loan_to_deposit_ratio"], group_by=["segment"],
        filters={"income_band": ["High"]},
    )
    rows = connection.execute(query.sql, query.parameters).fetchall()
    format_value(rows[0][1], layer.metric("total_loans").format)
"""

from bank_warehouse.metrics.definitions import (
    Dimension,
    Filter,
    Measure,
    Metric,
    MetricsError,
    SemanticLayer,
    SemanticModel,
    load_metrics,
)
from bank_warehouse.metrics.formats import format_value
from bank_warehouse.metrics.queries import Query, compile_query, dimensions_of

__all__ = [
    "Dimension",
    "Filter",
    "Measure",
    "Metric",
    "MetricsError",
    "Query",
    "SemanticLayer",
    "SemanticModel",
    "compile_query",
    "dimensions_of",
    "format_value",
    "load_metrics",
]
