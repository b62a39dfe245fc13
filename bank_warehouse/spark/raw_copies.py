"""Raw drops for Spark: read by the reader of the project, handed over as Parquet files.

Spark's own reader of CSV knows no file that is damaged: it drops what does not fit, takes the first
of two headers, and guesses at quotes. So each file is read where dbt runs, in one pass and with
bounded memory, by the same plan that DuckDB follows, and written as a Parquet file of texts that
Spark reads. What is accepted, quarantined or refused is then the same on both engines. The price is
one more copy of the drop, and that one machine reads it: it has to lie where the servers of the
cluster see it too.
"""

from pathlib import Path
from typing import Any

import duckdb

from bank_warehouse.engine import engine_settings
from bank_warehouse.macro_calls import planned
from bank_warehouse.raw_drop import DropError
from bank_warehouse.raw_drop.plan import changed_files, changed_message, describe
from bank_warehouse.sql import quote_literal
from bank_warehouse.whole_files import written_whole


def copy_raw_table(table: str, raw_dir: str, settings: str, folder: Path) -> dict[str, Any]:
    """Read a raw table of a drop and write it as one Parquet file, in the order of its rows.

    Args:
        table: `clients`, `banking_relationships`, `genders` or `investment_advisors`.
        raw_dir: the folder of the drop.
        settings: JSON of what the dbt variables say, see :class:`.raw_drop.Settings`.
        folder: where the copies go; an older one of the same table is replaced.

    Returns:
        `sql`, a query of Spark with every column as text; `files` and `warnings` as the plan of
        DuckDB has them; `rows`.

    Raises:
        DropError: the drop cannot be read, or not copied.
    """
    plan = planned(table, raw_dir, settings)
    copy = folder.resolve() / f"{table}.parquet"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with written_whole(copy) as draft:
            with duckdb.connect(config=engine_settings()) as connection:
                [(rows,)] = connection.execute(
                    f"copy ({plan.sql}) to {quote_literal(str(draft))} "
                    "(format parquet, use_tmp_file false)"
                ).fetchall()
            message = changed_message(changed_files(plan), raw_dir)
            if message:
                raise DropError(message)
    except (OSError, duckdb.Error) as problem:
        message = f"{raw_dir}: {table} cannot be copied to {folder} for Spark: {problem}"
        raise DropError(message) from problem
    path = str(copy).replace("`", "``")
    return {
        "sql": f"select * from parquet.`{path}`",
        "files": describe(plan),
        "warnings": list(plan.warnings),
        "rows": rows,
    }
