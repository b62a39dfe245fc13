"""Raw drops for Spark: read by the project's reader, and passed on as Parquet files.

Spark's CSV reader does not handle damaged files: it drops what does not fit, takes the first of two
headers, and guesses at quotes. Instead, the machine that runs dbt reads each file in one pass, with
bounded memory and the same plan as DuckDB, and writes a Parquet file of text for Spark. Both
engines then accept, quarantine and refuse the same rows. The cost is a second copy of the drop,
which one machine writes to a folder that the servers of the cluster can reach.
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
        raw_dir: the folder or file of the drop.
        settings: JSON of the dbt variables; see :class:`.raw_drop.Settings`.
        folder: folder for the copies; an older copy of the same table is replaced.

    Returns:
        `sql`, a Spark query with every column as text; `files` and `warnings` as in DuckDB's plan;
        `rows`.

    Raises:
        DropError: the drop cannot be read or copied.
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
        raise DropError(*message.split("\n")) from problem
    path = str(copy).replace("`", "``")
    return {
        "sql": f"select * from parquet.`{path}`",
        "files": describe(plan),
        "warnings": list(plan.warnings),
        "rows": rows,
    }
