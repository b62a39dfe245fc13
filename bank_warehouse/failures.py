"""Messages about a failed build: the rows that failed a test, the likely cause and the remedy."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from bank_warehouse.engine import HISTORY
from bank_warehouse.masking import shown_value
from bank_warehouse.sql import quote_identifier, quote_literal

# Names that dbt's generic tests give the tested column in their results.
_NAMES_OF_ONE_COLUMN = frozenset({"unique_field", "from_field", "value_field"})


def explain_failure(
    failed: Iterable[Sequence[str]], warehouse: str, database: str, changed_files: str
) -> str:
    """Return the likely cause and the remedy, if the engine's message lacks them.

    Args:
        failed: database, schema, name and message of each node that failed.
        warehouse: the warehouse file, or the name of the target.
        database: the database of the warehouse.
        changed_files: a message about files of the drop that changed while they were read.

    Returns:
        The message; empty if there is nothing to add.
    """
    for in_database, schema, name, message in failed:
        if "No space left on device" in message or "File too large" in message:
            is_history = in_database != database
            what = "the history" if is_history else f"the warehouse {warehouse}"
            setting = (
                "BANK_HISTORY" if is_history else "BANK_WAREHOUSE (on Spark, BANK_SPARK_WAREHOUSE)"
            )
            return (
                f"{what[0].upper()}{what[1:]} could not be written: the disk is full, or limits "
                f"the size of files. Free some space there, or set {setting} to another disk, then "
                "build again. The published releases have not changed."
            )
        if "LOCATION_ALREADY_EXISTS" in message:
            return (
                f"{schema}.{name} could not be written: an interrupted build left some of its "
                "files. Remove the folder that the message above names, then build again."
            )
        if name == "fct_customer_history" and "out of sync" in message:
            return (
                "fct_customer_history has different columns from the existing history, which a "
                "build never replaces. Give the table in the history file the new columns, as "
                'described in docs/history.md under "When its columns change", or restore the '
                "old columns of the model. The history was not changed."
            )
        if name == "base_bank__clients" and changed_files and changed_files not in message:
            return changed_files
    return ""


def failed_test_message(
    test: Mapping[str, Any],
    columns: Sequence[str],
    rows: Sequence[Sequence[Mapping[str, Any] | None]],
    project: str,
    databases: tuple[str, str | None] | None,
) -> str:
    """Return a message about a failed test: its first rows, masked, and what to do.

    Args:
        test: `name`, `path`, `column_name`, `description`, `remedy`, `sql` and `compiled_path`.
            `column_name`, `description`, `remedy` and `compiled_path` may be None or empty.
        columns: the names of the columns.
        rows: the first rows that the test found. Each value is None, or has a `text` (the value in
            printed form) and `is_text` (whether its column holds text).
        project: folder of the dbt project.
        databases: the DuckDB files of the warehouse and of the history; None on another engine.
    """
    lines = [f"{test['name']} failed ({test['path']}). First rows:"]
    known = _reference_texts(project)
    for row in rows:
        for index, (column, cell) in enumerate(zip(columns, row, strict=True)):
            about = test["column_name"] if column in _NAMES_OF_ONE_COLUMN else column
            text = None if cell is None else str(cell["text"])
            texts = known
            # Numbers, dates, and strings that occur in the test's SQL identify nobody.
            if cell and text and (not cell["is_text"] or quote_literal(text) in test["sql"]):
                texts = known | {text}
            shown = shown_value(about or column, text, texts)
            lines.append(f"{'    ' if index else '  - '}{column}: {shown}")
    for label, text in {
        "What it promises": test["description"],
        "What to do": test["remedy"],
        "Its SQL": test["compiled_path"],
        "All rows": _command(test, *databases) if databases else "",
    }.items():
        if text:
            lines.append(f"{label}: {text.strip()}")
    return "\n".join(lines)


def _command(test: Mapping[str, Any], warehouse: str, history: str | None) -> str:
    """Return the shell command that runs a test's SQL; empty if there is no DuckDB file."""
    if not warehouse or warehouse == ":memory:":
        return ""
    attached = ""
    if f"{quote_identifier(HISTORY)}." in test["sql"]:
        attached = f' -cmd "attach {quote_literal(str(history))} as {HISTORY} (read_only)"'
    return f'duckdb -readonly "{warehouse}"{attached} -f "{test["compiled_path"]}"'


@cache
def _reference_texts(project: str) -> frozenset[str]:
    """Return the values in the reference seeds, none of which names a person."""
    texts: set[str] = set()
    for path in (Path(project) / "seeds" / "reference").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            texts.update(cell for row in list(csv.reader(file))[1:] for cell in row)
    return frozenset(texts)
