"""The command ``accept``: make the built drop the one that later drops are compared with.

Run it when all checks have passed. It writes the profile of the drop to a Parquet file beside the
warehouse. From the next build on, quality.fct_source_profile shows the drift against this profile.
The file is kept if the warehouse is deleted and rebuilt.
"""

from datetime import date
from pathlib import Path

import click
import duckdb

from bank_warehouse import options
from bank_warehouse.sql import quote_literal
from bank_warehouse.summary import SummaryError, open_warehouse
from bank_warehouse.whole_files import written_whole

SUFFIX = ".accepted_profile.parquet"

COLUMNS = (
    "column_name",
    "as_of_date",
    "row_count",
    "null_count",
    "approximate_distinct_values",
    "lowest_value",
    "highest_value",
    "zero_count",
    "mean",
    "standard_deviation",
    "percentile_1",
    "quartile_1",
    "median",
    "quartile_3",
    "percentile_99",
)
"""The columns of quality.fct_source_profile that are kept: all except those about the drift. The
lowest and highest values are numbers or dates, never a client's text."""


def accepted_profile_path(warehouse: Path) -> Path:
    """Return the path of the accepted profile, beside the warehouse."""
    return warehouse.with_name(warehouse.name.removesuffix(".duckdb") + SUFFIX)


def accept(warehouse: Path) -> tuple[date, int]:
    """Write the profile of the built drop beside `warehouse`, replacing an earlier one.

    An interrupt never leaves a partial file.

    Returns:
        As-of date and number of rows of the accepted drop.

    Raises:
        click.ClickException: The warehouse cannot be read or holds no customers, its build was not
            completed, its control totals do not tie out, or DuckDB cannot write the file. The
            message says what to do.
        NotWrittenError: The file cannot be written.
    """
    target = accepted_profile_path(warehouse)
    with open_warehouse(warehouse) as connection:
        try:
            described = connection.execute(
                """
                select
                    max(profile.as_of_date),
                    max(profile.row_count),
                    (select sum(abs(difference)) from quality.fct_control_totals)
                from quality.fct_source_profile as profile
                """
            ).fetchone()
        except duckdb.Error as problem:
            message = (
                f"The build of {warehouse} was not completed: {problem}\n"
                "Run `bank build` and fix the first error it prints; then run `bank accept` again."
            )
            raise SummaryError(message) from problem
        if described is None or described[0] is None:
            message = f"{warehouse} holds no customers, so nothing was accepted.\nRun `bank build`."
            raise click.ClickException(message)
        if described[2] != 0:
            message = (
                f"The control totals of {warehouse} do not tie out, so nothing was accepted.\n"
                "Run `bank build` and fix the first error it prints."
            )
            raise click.ClickException(message)
        try:
            with written_whole(target, is_private=True) as draft:
                connection.execute(
                    f"copy (select {', '.join(COLUMNS)} from quality.fct_source_profile) "
                    f"to {quote_literal(draft.as_posix())} (format parquet, use_tmp_file false)"
                )
        except duckdb.Error as problem:
            said = str(problem).replace(draft.as_posix(), str(target))
            message = (
                f"{target} cannot be written: {said}\n"
                "Make room there, or give this user the right to write. Then run "
                "`bank accept` again."
            )
            raise click.ClickException(message) from problem
    return described[0], described[1]


@click.command("accept")
@options.warehouse
def command(warehouse: Path) -> None:
    """Accept the built drop: later builds compare their drop with it."""
    as_of_date, rows = accept(warehouse)
    click.echo(
        f"Accepted: {rows:,} rows as of {as_of_date}. From the next build on, "
        f"quality.fct_source_profile shows the drift against {accepted_profile_path(warehouse)}."
    )
