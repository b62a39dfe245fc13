"""The input of a Python model as pandas, on every engine."""

from collections.abc import Sequence
from typing import Any

import pandas as pd


def as_pandas(relation: Any, order_by: Sequence[str]) -> pd.DataFrame:
    """Return the rows of a relation in an order that does not depend on the engine.

    Args:
        relation: Result of `dbt.ref`: a DuckDB relation, a Spark data frame, or a
            :class:`.spark.model_tables.SqlTable`.
        order_by: Columns that are unique in combination.

    Returns:
        The same columns; decimals become float64.
    """
    frame = _from_spark(relation) if hasattr(relation, "toArrow") else relation.df()
    return frame.sort_values(list(order_by), kind="stable", ignore_index=True)


def _from_spark(relation: Any) -> pd.DataFrame:
    columns = [
        relation[name].cast("double") if data_type.startswith("decimal") else relation[name]
        for name, data_type in relation.dtypes
    ]
    frame: pd.DataFrame = relation.select(columns).toArrow().to_pandas(date_as_object=False)
    return frame
