"""A built warehouse as data frames for figures and tables."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import duckdb
import pandas as pd

from bank_warehouse.answers import Answers, Warehouse, answers, labels
from bank_warehouse.answers.source import Filters
from bank_warehouse.metrics import format_value
from bank_warehouse.publish.releases import SAMPLE
from bank_warehouse.summary import SEED_FOLDER

Frame = pd.DataFrame
MILLION = 1_000_000


class Tables(Warehouse):
    """A built warehouse, or the database of a release, whose rows are read as data frames."""

    @cached_property
    def said(self) -> Answers:
        """The answers that the data gives."""
        return answers(self)

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The client files that were read; none for a release."""
        try:
            found = self.sql(
                "select distinct source_file from staging.base_bank__clients order by source_file"
            )
        except duckdb.CatalogException:
            return ()
        return tuple(map(str, found["source_file"]))

    @property
    def is_sample(self) -> bool:
        """Whether the customers are those of the shipped sample."""
        if not self.files:
            return bool(self.sql("select source from marts.release")["source"][0] == SAMPLE)
        return all(file.startswith(SEED_FOLDER) for file in self.files)

    def classes_listed_by_rule(self) -> list[str]:
        """Return the risk weightings that alone put a customer on the watch list.

        The list is empty if all or none of them do, because then there is no jump to explain, and
        for a release, which does not contain the rules.
        """
        try:
            found = self.sql(
                """
                select risk_weighting, risk_weighting >= (
                    select min(limit_value) from reference.watch_list_rules
                    where fact = 'risk_weighting' and comparison = 'at least'
                ) as is_listed
                from marts.dim_customers group by risk_weighting order by risk_weighting
                """
            )
        except duckdb.CatalogException:
            return []
        listed = found.loc[found["is_listed"].fillna(False).astype(bool), "risk_weighting"]
        return [str(each) for each in listed] if len(listed) < len(found) else []

    def metrics(
        self, names: Sequence[str], group_by: Sequence[str] = (), filters: Filters | None = None
    ) -> Frame:
        """Return metrics by dimensions, with one row for each combination."""
        columns = pd.Index([*group_by, *names])
        return pd.DataFrame(self.ask(names, group_by, filters), columns=columns)

    def totals(self, *names: str) -> dict[str, str]:
        """Return metrics over all customers, formatted, by name."""
        return {
            name: format_value(value, self.layer.metric(name).format)
            for name, value in zip(names, self.ask(names)[0], strict=True)
        }

    def sql(self, query: str, *parameters: object) -> Frame:
        """Return the rows of a query."""
        return self.connection.execute(query, parameters).df()

    def one(self, query: str, *parameters: object) -> dict[str, Any]:
        """Return the only row of a query, as a mapping from column name to value.

        Raises:
            ValueError: The query returns no row or several.
        """
        rows = self.sql(query, *parameters).to_dict("records")
        if len(rows) != 1:
            message = f"{len(rows)} rows where one was expected: {query}"
            raise ValueError(message)
        return {str(name): value for name, value in rows[0].items()}

    def label(self, name: str) -> str:
        """Return the label of a metric, a dimension or a column."""
        if name in self.layer.metrics:
            return self.layer.metric(name).label
        for model in self.layer.models.values():
            if name in model.dimensions:
                return model.dimensions[name].label
        return labels.name(name)

    def table(self, frame: Frame, formats: Mapping[str, str] | None = None) -> str:
        """Return rows as a Markdown table, with labels in its header and formatted numbers.

        Amounts are in whole units, or in millions if any amount in the column reaches ten million.

        Args:
            frame: the rows; a column named after a metric has that metric's format.
            formats: formats of other columns, as for format_value.
        """
        known = dict(formats or {})
        names = [str(name) for name in frame.columns]
        heads = {name: self.label(name) for name in names}
        for name, metric in self.layer.metrics.items():
            if name not in names:
                continue
            known[name] = metric.format
            if metric.unit == "money":
                amounts = frame[name].astype(float)
                is_large = bool(amounts.abs().max() >= 10 * MILLION)
                frame = frame.assign(**{name: amounts / MILLION if is_large else amounts})
                known[name] = "#,0.0" if is_large else "#,0"
                heads[name] += ", millions" if is_large else ""
        lines = [
            "| " + " | ".join(heads[name] for name in names) + " |",
            "| " + " | ".join("---:" if name in known else "---" for name in names) + " |",
        ]
        for row in frame.itertuples(index=False, name=None):
            cells = [
                _cell(value, name, known.get(name)) for name, value in zip(names, row, strict=True)
            ]
            lines.append("| " + " | ".join(cells) + " |")
        return "\n".join(lines)


def _cell(value: Any, name: str, number_format: str | None) -> str:
    missing = value is None or value != value  # NaN is not equal to itself
    if number_format is not None:
        return format_value(None if missing else value, number_format)
    return "" if missing else labels.value(name, value).replace("|", "\\|")
