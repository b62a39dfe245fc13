"""Questions to a built warehouse: metrics by their definitions, statistics from their marts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd

from bank_warehouse.metrics import SemanticLayer, compile_query, format_value

Frame = pd.DataFrame


@dataclass(frozen=True)
class Answers:
    """A built warehouse with the definitions of its numbers.

    Attributes:
        connection: the warehouse, open for reading.
        layer: the metrics.
    """

    connection: duckdb.DuckDBPyConnection
    layer: SemanticLayer

    def metrics(
        self,
        names: Sequence[str],
        group_by: Sequence[str] = (),
        filters: Mapping[str, Sequence[object]] | None = None,
    ) -> Frame:
        """Return metrics by dimensions: a column for each, a row for each combination."""
        query = compile_query(self.layer, names, group_by, filters)
        return self.connection.execute(query.sql, query.parameters).df()

    def totals(self, *names: str) -> dict[str, str]:
        """Return metrics over all customers, written as their formats say, by name."""
        query = compile_query(self.layer, names)
        row = self.connection.execute(query.sql, query.parameters).fetchone() or ()
        return {
            name: format_value(value, self.layer.metric(name).format)
            for name, value in zip(names, row, strict=True)
        }

    def sql(self, query: str, *parameters: object) -> Frame:
        """Return the rows of a query on the marts."""
        return self.connection.execute(query, parameters).df()

    def one(self, query: str, *parameters: object) -> dict[str, Any]:
        """Return the only row of a query by column name."""
        rows = self.sql(query, *parameters).to_dict("records")
        if len(rows) != 1:
            message = f"{len(rows)} rows where one was expected: {query}"
            raise ValueError(message)
        return {str(name): value for name, value in rows[0].items()}

    def label(self, name: str) -> str:
        """Return a metric's or dimension's name for people; of others, the name without lines."""
        if name in self.layer.metrics:
            return self.layer.metric(name).label
        for model in self.layer.models.values():
            if name in model.dimensions:
                return model.dimensions[name].label
        return name.replace("_", " ").capitalize()

    def table(self, frame: Frame, formats: Mapping[str, str] | None = None) -> str:
        """Return rows as a Markdown table, labels as its head, numbers in their formats.

        Args:
            frame: the rows; columns named after metrics have these' formats.
            formats: formats of other columns, as format_value takes them.
        """
        known = dict(formats or {})
        known |= {
            str(name): self.layer.metrics[str(name)].format
            for name in frame.columns
            if str(name) in self.layer.metrics
        }
        names = [str(name) for name in frame.columns]
        lines = [
            "| " + " | ".join(self.label(name) for name in names) + " |",
            "| " + " | ".join("---:" if name in known else "---" for name in names) + " |",
        ]
        for row in frame.itertuples(index=False, name=None):
            cells = [_cell(value, known.get(name)) for name, value in zip(names, row, strict=True)]
            lines.append("| " + " | ".join(cells) + " |")
        return "\n".join(lines)


def _cell(value: Any, number_format: str | None) -> str:
    missing = value is None or value != value  # not a number is not itself
    if number_format is not None:
        return format_value(None if missing else value, number_format)
    return "" if missing else str(value).replace("|", "\\|")
