"""The sources of answers: a built warehouse, or a dashboard snapshot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import duckdb

from bank_warehouse.metrics import SemanticLayer, compile_query
from bank_warehouse.sql import quote_identifier

Row = tuple[Any, ...]
Filters = Mapping[str, Sequence[object]]

ACTION_TEXTS = "action, action_name, kind, priority, owner, wording, product, reasons"
"""Columns of fct_customer_recommendations that depend on the action alone."""


class NotShownError(Exception):
    """A mart is missing, or the reader's role may not see it; the message gives the reason."""


class Source(Protocol):
    """A source of answers: a built warehouse, or a dashboard snapshot."""

    def ask(
        self,
        metrics: Sequence[str],
        by: Sequence[str] = (),
        filters: Filters | None = None,
        cube: str | None = None,
    ) -> list[Row]:
        """Return rows, each with the values of the dimensions first, then the metrics.

        Args:
            metrics: names of metrics.
            by: names of dimensions.
            filters: the allowed values of each dimension.
            cube: name of a dashboard cube; None for the one that has the dimensions. A warehouse
                ignores it.
        """

    def rows(self, mart: str, order: str = "all") -> Sequence[Mapping[str, Any]]:
        """Return the rows of a small mart, each as a mapping from column name to value.

        Args:
            mart: name of the mart; `actions` stands for the distinct actions in
                fct_customer_recommendations.
            order: the columns to sort by, as in SQL's `order by`.

        Raises:
            NotShownError: The mart is missing or not shown.
        """


@dataclass(frozen=True)
class Warehouse:
    """A built warehouse with the definitions of its numbers.

    Attributes:
        connection: a connection to the warehouse or to the database of a release.
        layer: the definitions of the metrics.
    """

    connection: duckdb.DuckDBPyConnection
    layer: SemanticLayer

    def ask(
        self,
        metrics: Sequence[str],
        by: Sequence[str] = (),
        filters: Filters | None = None,
        cube: str | None = None,  # noqa: ARG002
    ) -> list[Row]:
        """Return the values of metrics; see :class:`Source`."""
        query = compile_query(self.layer, metrics, by, filters)
        return self.connection.execute(query.sql, query.parameters).fetchall()

    def rows(self, mart: str, order: str = "all") -> list[dict[str, Any]]:
        """Return the rows of a mart; see :class:`Source`."""
        relation = f"marts.{quote_identifier(mart)}"
        if mart == "actions":
            relation = f"(select distinct {ACTION_TEXTS} from marts.fct_customer_recommendations)"
        try:
            found = self.connection.execute(f"from {relation} order by {order}")
        except (duckdb.CatalogException, duckdb.BinderException) as absent:
            message = f"There is no {mart}."
            raise NotShownError(message) from absent
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
