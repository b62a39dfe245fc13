"""The tables that Python models read and write, in a Spark session or with SQL.

Over Thrift, only SQL is available. The models of this project read samples and counts and return
small tables, so little data is transferred.
"""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa

from bank_warehouse.spark.connections import Cursor

# PyHive's names for the types of Thrift results, and Arrow types that give the same pandas types as
# a session does; decimals become float64.
_TYPES = {
    "BOOLEAN_TYPE": pa.bool_(),
    "TINYINT_TYPE": pa.int8(),
    "SMALLINT_TYPE": pa.int16(),
    "INT_TYPE": pa.int32(),
    "BIGINT_TYPE": pa.int64(),
    "FLOAT_TYPE": pa.float32(),
    "DOUBLE_TYPE": pa.float64(),
    "DECIMAL_TYPE": pa.float64(),
    "STRING_TYPE": pa.string(),
    "DATE_TYPE": pa.date32(),
    "TIMESTAMP_TYPE": pa.timestamp("us"),
}
# Types whose values PyHive returns in another form, and the functions that convert them.
_CONVERTED: dict[str, Callable[[Any], Any]] = {
    "DATE_TYPE": date.fromisoformat,
    "DECIMAL_TYPE": float,
}


class SessionTables:
    """Tables of the Spark session of this process."""

    def __init__(self) -> None:
        """Find the session."""
        from pyspark.sql import SparkSession

        self.session = SparkSession.builder.getOrCreate()

    def table(self, name: str) -> Any:
        """Return a table as Spark's data frame."""
        return self.session.table(name)

    def save(self, data: pa.Table, name: str, file_format: str) -> None:
        """Replace a table."""
        frame = self.session.createDataFrame(data)
        frame.write.mode("overwrite").format(file_format).saveAsTable(name)


class SqlTables:
    """Tables that are read and written with SQL statements."""

    def __init__(self, cursor: Cursor) -> None:
        """Use this cursor for all statements."""
        self._cursor = cursor

    def table(self, name: str) -> "SqlTable":
        """Return a table, whose rows are read on demand."""
        return SqlTable(self._cursor, name)

    def save(self, data: pa.Table, name: str, file_format: str) -> None:
        """Replace a table: drop it, and create it with one statement that contains all rows."""
        self._cursor.execute(f"drop table if exists {name}")
        self._cursor.execute(f"create table {name} using {file_format} as {rows_query(data)}")


class SqlTable:
    """A table or view of the warehouse."""

    def __init__(self, cursor: Cursor, name: str) -> None:
        """Store the cursor and the SQL name of the table."""
        self._cursor = cursor
        self._name = name

    def df(self) -> pd.DataFrame:
        """Return all rows of the table.

        Returns:
            The rows, with the types that Arrow gives pandas; decimals are float64.
        """
        self._cursor.execute(f"select * from {self._name}")
        described = list(self._cursor.description)
        rows = self._cursor.fetchall() or []
        columns = {}
        for position, (name, type_name, *_) in enumerate(described):
            converted = _CONVERTED.get(type_name, lambda cell: cell)
            cells = [None if row[position] is None else converted(row[position]) for row in rows]
            columns[name] = pa.array(cells, _TYPES[type_name])
        frame: pd.DataFrame = pa.table(columns).to_pandas(date_as_object=False)
        return frame


def rows_query(data: pa.Table) -> str:
    """Return a query for the rows of an Arrow table, with its column names and types.

    The query contains the rows as one JSON string. NaN and null are preserved.

    Args:
        data: A table without nested columns, whose types Spark also has.
    """
    from pyspark.sql.pandas.types import from_arrow_schema

    names = data.column_names
    types = [each.dataType.simpleString() for each in from_arrow_schema(data.schema)]
    structure = ", ".join(f"`{name}`: {kind}" for name, kind in zip(names, types, strict=True))
    text = json.dumps(data.to_pylist(), default=str, ensure_ascii=False)
    literal = "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return (
        f"select inline(from_json({literal}, 'array<struct<{structure}>>', "
        "map('mode', 'FAILFAST')))"
    )
