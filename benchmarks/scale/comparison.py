"""The comparison set: the marts that DuckDB, pandas and Polars all build from the same drop.

The set leaves out marts that do not suit pandas and Polars (statistical tests, clusters,
recommendations), and a view with seven rows per customer that is never stored. Each mart of the set
is built with all its rows and the same definitions; `MARTS` excludes a few columns. Every contender
reads the raw files, validates each row, and writes the same Parquet files.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.scale.project import Script


@dataclass(frozen=True)
class ComparedMart:
    """A mart of the comparison set.

    Attributes:
        name: Name of its Parquet file, without the ending.
        model: The model that its rows come from.
        key: The columns that identify its rows.
        columns: The included columns; "*" for all.
        joined: A model that is joined to `model`, and the columns of the join; None for no join.
    """

    name: str
    model: str
    key: tuple[str, ...]
    columns: str = "*"
    joined: tuple[str, tuple[str, ...]] | None = None

    @property
    def models(self) -> list[str]:
        """The models that the mart's query reads."""
        return [self.model, *([self.joined[0]] if self.joined else [])]

    def query(self, relations: Mapping[str, str]) -> str:
        """Return the query for the rows of the mart.

        Args:
            relations: The full quoted name of each model, keyed by its plain name.
        """
        query = f"select {self.columns} from {relations[self.model]}"
        if self.joined:
            model, columns = self.joined
            query += f" left join {relations[model]} using ({', '.join(columns)})"
        return query


MARTS = (
    ComparedMart("clients", "stg_bank__clients", ("customer_key",)),
    ComparedMart(
        "fct_quarantined_clients",
        "fct_quarantined_clients",
        ("source_file", "source_row"),
        # Excludes the delivered cells, because their JSON is the project's own format.
        "* exclude (raw_text)",
    ),
    ComparedMart(
        "dim_customers",
        "dim_customers",
        ("customer_key",),
        # Excludes the key as text, which depends on the project's own hash.
        "* exclude (customer_code)",
    ),
    ComparedMart("fct_customer_positions", "fct_customer_positions", ("customer_key",)),
    ComparedMart(
        "fct_customer_segments",
        "int_customers_segmented",
        ("customer_key",),
        # Excludes the behavioural clusters, which are fitted.
        "customer_key, as_of_date, deposit_score, lending_score, tenure_score, segment, "
        "segment_reasons",
        ("int_segment_reasons", ("deposit_score", "lending_score", "tenure_score")),
    ),
    ComparedMart("fct_segment_profiles", "fct_segment_profiles", ("dimension", "value")),
    ComparedMart(
        "fct_product_penetration",
        "fct_product_penetration",
        ("dimension", "value", "product"),
    ),
    ComparedMart(
        "fct_balance_concentration", "fct_balance_concentration", ("measure", "percentile")
    ),
    ComparedMart("fct_customer_risk", "fct_customer_risk", ("customer_key",)),
    ComparedMart(
        "fct_risk_heatmap", "fct_risk_heatmap", ("row_dimension", "row_value", "column_value")
    ),
)
"""The marts in the order in which they are written."""


def needed_models(script: "Script") -> set[str]:
    """Return the names of the models of the set and of all their parents."""
    parents = {step.name: step.parents for step in script.steps}
    needed: set[str] = set()
    waiting = [model for mart in MARTS for model in mart.models]
    while waiting:
        name = waiting.pop()
        if name in parents and name not in needed:
            needed.add(name)
            waiting.extend(parents[name])
    return needed


def dbt_selection() -> list[str]:
    """Return the dbt options that select the models of the set and their parents."""
    return ["--select", *sorted({f"+{model}" for mart in MARTS for model in mart.models})]
