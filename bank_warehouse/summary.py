"""The command ``summary``: the results of a build in a few lines."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import duckdb

from bank_warehouse import numbers, options
from bank_warehouse.answers import Warehouse, answers, labels
from bank_warehouse.engine import engine_settings, is_duckdb_file, is_held
from bank_warehouse.hints import command_line
from bank_warehouse.metrics import MetricsError
from bank_warehouse.metrics.definitions import read_metrics
from bank_warehouse.private import readable
from bank_warehouse.project import CannotStartError, in_project, publish_folder, quoted
from bank_warehouse.publish.errors import PublishError
from bank_warehouse.publish.records import (
    ALL_SUITES,
    build_record_path,
    checks_record_path,
    is_built_empty,
    read_record,
)
from bank_warehouse.publish.releases import current_release
from bank_warehouse.settings import SettingError

SEED_FOLDER = "seeds/"
WIDTH = 22
LINE = 100
MOST_REASONS = 10
MOST_FILES = 3
MOST_NAMES = 3

NEEDED = (
    ("staging", "base_bank__clients"),
    ("marts", "fct_customer_positions"),
    ("marts", "fct_customer_segments"),
    ("marts", "fct_customer_risk"),
    ("quality", "fct_quarantined_clients"),
    ("quality", "fct_control_totals"),
)
"""Schema and name of tables. A build that lacks one of them was not completed."""


class SummaryError(CannotStartError):
    """The warehouse cannot be summarised; the message says why and what to do."""


class IncompleteError(SummaryError):
    """The last build did not complete the warehouse."""


@dataclass(frozen=True)
class Summary:
    """The figures of a build.

    Attributes:
        as_of_date: Date at which ages and tenures are measured.
        source_files: Files of the client rows, relative to the project or the raw folder.
        rows_delivered: Rows in these files.
        customers: Customers in the marts.
        client_ids: Distinct client ids; fewer than customers if some are shared.
        total_loans: Total loans, in the currency of the file.
        total_deposits: Total deposits, including bank deposits.
        core_deposits: Total deposits without bank deposits.
        segments: Name and number of customers of each segment, largest first.
        watch_list: Level and number of customers, most severe first, without the level 'none'.
        rows_quarantined: Quarantined rows.
        reasons: Reason and number of rows, most frequent first; a row may have several.
        date_formats: The formats in which joining dates were read, over all files.
        currency: Currency of the amounts; empty if no amount or header names one.
        undecided: Number of dates, and number of amounts, that fit two readings and were decided
            by a variable.
        near_duplicates: Rows of one person, written in different ways.
    """

    as_of_date: date
    source_files: tuple[str, ...]
    rows_delivered: int
    customers: int
    client_ids: int
    total_loans: Decimal
    total_deposits: Decimal
    core_deposits: Decimal
    segments: tuple[tuple[str, int], ...]
    watch_list: tuple[tuple[str, int], ...]
    rows_quarantined: int
    reasons: tuple[tuple[str, int], ...]
    date_formats: tuple[str, ...] = ()
    currency: str = ""
    undecided: tuple[int, int] = (0, 0)
    near_duplicates: int = 0


def read_summary(warehouse: Path) -> Summary:
    """Read the figures of the build from the DuckDB file `warehouse`, read-only.

    Raises:
        SummaryError: As in :func:`open_warehouse`; or the build was not completed, ran with
            --empty, is from another version of the project or has no customers.
    """
    with open_warehouse(warehouse) as connection:
        if is_built_empty(warehouse):
            message = (
                f"The last build of {warehouse} ran with --empty, so its tables have no rows.\n"
                "Run `bank build`."
            )
            raise SummaryError(message)
        _require_complete(connection, warehouse)
        try:
            return _read(connection)
        except duckdb.Error as error:
            message = (
                f"{warehouse} was built by another version of the project: {error}\n"
                "Run `bank build` again."
            )
            raise SummaryError(message) from error


@readable(SummaryError)
def open_warehouse(warehouse: Path) -> duckdb.DuckDBPyConnection:
    """Open the file read-only.

    Raises:
        SummaryError: There is no such file, another program has it open, it is not a readable
            DuckDB file, this user may not read it, or a setting of DuckDB is invalid.
    """
    if not warehouse.is_file():
        message = (
            f"There is no warehouse at {warehouse}.\n"
            "Run `bank build` first, or name another file with --warehouse."
        )
        raise SummaryError(message)
    try:
        settings = engine_settings(warehouse)
    except SettingError as refused:
        raise SummaryError(str(refused)) from None
    try:
        return duckdb.connect(str(warehouse), read_only=True, config=settings)
    except duckdb.Error as error:
        if is_held(error):
            message = (
                f"Another program has {warehouse} open: {error}\n"
                "Wait for the build to end, or close that program, and try again."
            )
        elif not is_duckdb_file(warehouse):
            message = f"{warehouse} is not a warehouse.\nName another file with --warehouse."
        else:
            message = (
                f"{warehouse} cannot be read as a warehouse: {error}\n"
                "Delete the file and run `bank build`, or name another file with --warehouse."
            )
        raise SummaryError(message) from error


def _require_complete(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    """Stop if a table is missing, or if the tables are from different builds.

    Raises:
        SummaryError: The message names the missing tables, the numbers that differ, or what DuckDB
            could not read.
    """
    there = {
        (str(schema), str(name))
        for schema, name in connection.execute(
            "select table_schema, table_name from information_schema.tables"
        ).fetchall()
    }
    missing = [f"{schema}.{name}" for schema, name in NEEDED if (schema, name) not in there]
    if missing:
        message = (
            f"The build of {warehouse} was not completed; missing: {', '.join(missing)}.\n"
            "Run `bank build` and fix the first error it prints."
        )
        raise IncompleteError(message)
    # Marts from an earlier build would not agree with the rows that were read last.
    try:
        counted = connection.execute(
            """
            select
                (select count(*) from staging.base_bank__clients),
                (select count(*) from marts.fct_customer_positions),
                (select count(*) from quality.fct_quarantined_clients)
            """
        ).fetchone()
    except duckdb.Error as error:
        message = (
            f"The build of {warehouse} was not completed: {error}\n"
            "Run `bank build` and fix the first error it prints."
        )
        raise IncompleteError(message) from error
    delivered, customers, quarantined = counted or (0, 0, 0)
    if delivered != customers + quarantined:
        message = (
            f"The build of {warehouse} was not completed: of {delivered:,} rows delivered, "
            f"{customers:,} are customers and {quarantined:,} are in quarantine.\n"
            "Run `bank build` and fix the first error it prints."
        )
        raise IncompleteError(message)


def _read(connection: duckdb.DuckDBPyConnection) -> Summary:
    """Read the figures from a complete warehouse."""
    totals = connection.execute(
        """
        select
            max(as_of_date), count(*), count(distinct client_key), coalesce(sum(total_loans), 0),
            coalesce(sum(total_deposits), 0), coalesce(sum(core_deposits), 0)
        from marts.fct_customer_positions
        """
    ).fetchone()
    if totals is None or totals[0] is None:
        message = "The marts hold no customers. Look at quality.fct_quarantined_clients."
        raise SummaryError(message)
    as_of_date, customers, client_ids, total_loans, total_deposits, core_deposits = totals
    sources = connection.execute(
        """
        select source_file, count(*) from staging.base_bank__clients
        group by source_file order by source_file
        """
    ).fetchall()
    segments = _counts(
        connection,
        """
        select segment, count(*) as customers from marts.fct_customer_segments
        group by segment order by customers desc, segment
        """,
    )
    watch_list = _counts(
        connection,
        """
        select watch_list_level, count(*) from marts.fct_customer_risk
        where is_on_watch_list
        group by watch_list_level order by max(watch_list_severity) desc
        """,
    )
    # Some reasons name a date or a row. This part is left out, so that all reasons of the same kind
    # share a line.
    reasons = _counts(
        connection,
        """
        select
            case
                when reason like 'repeats row %' then 'repeats another row'
                when reason like 'joined_bank is % or the same date with day and month exchanged%'
                    then 'joined_bank may have day and month exchanged'
                else regexp_replace(reason, '^one of [0-9]+ (rows .* different values).*$', '\\1')
            end as reason,
            count(*) as row_count
        from (
            select unnest(string_split(reject_reasons, '; ')) as reason
            from quality.fct_quarantined_clients
        ) as reasons
        group by all order by row_count desc, reason
        """,
    )
    quarantined = connection.execute(
        "select count(*) from quality.fct_quarantined_clients"
    ).fetchone()
    formats, currency, dates, amounts, near_duplicates = connection.execute(
        """
        select
            list(distinct date_formats order by date_formats),
            coalesce(max(currency), ''),
            cast(sum(dates_undecided) as bigint),
            cast(sum(amounts_undecided) as bigint),
            (
                select cast(coalesce(sum(rows_of_key), 0) as bigint)
                from staging.base_bank__client_duplicates
                where person_key is not null
            )
        from staging.base_bank__client_files
        """
    ).fetchall()[0]
    return Summary(
        as_of_date=as_of_date,
        source_files=tuple(str(name) for name, _ in sources),
        rows_delivered=sum(int(rows) for _, rows in sources),
        customers=customers,
        client_ids=client_ids,
        total_loans=total_loans,
        total_deposits=total_deposits,
        core_deposits=core_deposits,
        segments=segments,
        watch_list=watch_list,
        rows_quarantined=quarantined[0] if quarantined else 0,
        reasons=reasons,
        date_formats=tuple(formats),
        currency=currency,
        undecided=(dates, amounts),
        near_duplicates=near_duplicates,
    )


def _counts(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[tuple[str, int], ...]:
    """Return the rows of a query that selects text and a number."""
    return tuple((str(text), int(count)) for text, count in connection.execute(query).fetchall())


def summary_text(
    warehouse: Path, raw_dir: str, publish_dir: Path | None = None, project: Path | None = None
) -> str:
    """Return the summary of the warehouse as text, with the status of its last build.

    Args:
        warehouse: The DuckDB file.
        raw_dir: The folder or file that BANK_RAW_DIR names; empty if it is not set.
        publish_dir: Folder of the releases; by default the project's.
        project: Folder of the dbt project; by default the one that is found.

    Raises:
        SummaryError: As in :func:`read_summary`; if the last build failed or was partial, the
            message says so.
    """
    record = read_record(build_record_path(warehouse))
    try:
        summary = read_summary(warehouse)
    except IncompleteError as problem:
        if record is None or _is_whole(record):
            raise
        message = f"{problem.message}\nThe last build {_ending(record)}."
        if not record["is_ended"]:
            # The build was interrupted, so there is no error to fix.
            found = problem.message.rpartition("\n")[0]
            message = f"{found}\nThe last build {_ending(record)}. Run `bank build` again."
        elif not record["failed"]:
            message = (
                f"Only part of {warehouse} is built, so there is nothing to summarise yet. The "
                f"last build {_ending(record)}.\n"
                "Run `bank build` to build everything."
            )
        raise SummaryError(message) from problem
    steps = next_steps(warehouse, raw_dir, publish_dir or publish_folder(), project)
    said = in_short(warehouse, record)
    return format_summary(summary, warehouse, raw_dir, record, steps, said, project)


def in_short(warehouse: Path, record: Mapping[str, Any] | None) -> list[str]:
    """Return the main answers, computed with the metric definitions that the build recorded."""
    if not record or not record.get("metrics"):
        return []
    try:
        with open_warehouse(warehouse) as connection:
            found = answers(Warehouse(connection, read_metrics(record["metrics"])))
    except (MetricsError, KeyError):
        # The definitions are from another version of the project. The figures can still be read.
        return []
    return [answer.sentence for answer in found.first]


def next_steps(
    warehouse: Path, raw_dir: str, publish_dir: Path, project: Path | None = None
) -> list[tuple[str, str]]:
    """Return the commands to run or files to open next, each with its purpose.

    They depend on the records beside the warehouse and on the current release.
    """
    paths = {
        "warehouse": warehouse,
        "raw_dir": Path(raw_dir) if raw_dir else None,
        "publish_dir": publish_dir,
    }
    build = read_record(build_record_path(warehouse))
    checks = read_record(checks_record_path(warehouse))
    if build and not _is_whole(build):
        purpose = "build everything"
        if not build["is_ended"]:
            purpose = "build it again: the last build was not completed"
        elif build["failed"]:
            purpose = "complete the build: fix the first error"
        first = (command_line("build", paths), purpose)
    elif (
        not (build and checks)
        or checks["fingerprints"] != build["fingerprints"]
        or not set(ALL_SUITES) <= set(checks["suites"])
    ):
        first = (command_line("check", paths), "check the marts with Great Expectations")
    elif not checks["passed"]:
        first = (
            command_line("check", paths),
            "show which expectations fail; fix the data or the models, and build again",
        )
    elif _published_build(publish_dir) != build["dbt_invocation_id"]:
        first = (command_line("publish", paths), "publish the checked marts")
    else:
        return [
            (command_line("dashboard", paths), "show the release in a browser"),
            (
                quoted(in_project(project, "powerbi", "Bank.pbip")),
                "show it in Power BI Desktop: docs/power-bi.md",
            ),
        ]
    return [first]


def _published_build(publish_dir: Path) -> str | None:
    """Return the build of the current release, or None."""
    try:
        return str(current_release(publish_dir).manifest["dbt_invocation_id"])
    except PublishError:
        return None


def format_summary(
    summary: Summary,
    warehouse: Path,
    raw_dir: str,
    record: Mapping[str, Any] | None = None,
    steps: Sequence[tuple[str, str]] = (),
    said: Sequence[str] = (),
    project: Path | None = None,
) -> str:
    """Return the summary as text.

    Args:
        summary: The figures.
        warehouse: The file of the warehouse.
        raw_dir: The folder or file that BANK_RAW_DIR names; empty if it is not set.
        record: The record of the last build, or None.
        steps: Commands to run next, with their purposes.
        said: The main answers, one sentence each.
        project: Folder of the dbt project; by default the one that is found.
    """
    watched = [(labels.value("watch_list_level", level), n) for level, n in summary.watch_list]
    lines = [
        _line("Warehouse", str(warehouse)),
        *([_line("Last build", _ending(record))] if record else []),
        _line("Raw data", _origin(summary.source_files, raw_dir, warehouse)),
        _line("As of", summary.as_of_date.isoformat()),
        _line("Dates read as", "; ".join(summary.date_formats)),
        *([_line("Currency", summary.currency)] if summary.currency else []),
        *_doubts(summary),
        _line("Customers", f"{summary.customers:,} with {summary.client_ids:,} client ids"),
        _line("Total loans", f"{summary.total_loans:,.2f}"),
        _line("Total deposits", f"{summary.total_deposits:,.2f}"),
        _line("Core deposits", f"{summary.core_deposits:,.2f}, without bank deposits"),
        _line("Segments", _listed(summary.segments)),
        _line("Watch list", _listed(watched) or "nobody"),
        _line("In quarantine", f"{summary.rows_quarantined:,} of {summary.rows_delivered:,} rows"),
    ]
    lines += [f"  {rows:>8,}  {reason}" for reason, rows in summary.reasons[:MOST_REASONS]]
    left_out = len(summary.reasons) - MOST_REASONS
    if left_out > 0:
        lines.append(
            f"  {numbers.count(left_out, 'more reason')}: see quality.fct_quarantined_clients"
        )
    if said:
        lines += ["", "In short:"]
        lines += [
            textwrap.fill(text, LINE, initial_indent="  - ", subsequent_indent="    ")
            for text in said
        ]
    correct = command_line("quarantine --out quarantine.csv", {"warehouse": warehouse})
    folder = in_project(project)
    lines += ["", "Next:"]
    for command_or_file, purpose in (
        *steps,
        *([(correct, "write the quarantined rows to a file")] if summary.rows_quarantined else []),
        (
            "dbt docs generate, then dbt docs serve",
            "show every table and column with its description"
            + ("" if folder == Path() else f" (in the folder {folder})"),
        ),
        ("bank --help", "list the other commands"),
    ):
        lines += [f"  {command_or_file}", f"{'':<{WIDTH}}{purpose}"]
    return "\n".join(lines)


def _is_whole(record: Mapping[str, Any]) -> bool:
    """Return whether a build was complete and passed."""
    return record["is_ended"] and not record["failed"] and not record["not_run"]


def _ending(record: Mapping[str, Any]) -> str:
    """Return the status and time of a build, in words."""
    moment = str(record["built_at"]).replace("T", " ").replace("Z", " UTC")
    if not record["is_ended"]:
        return (
            f"started at {moment} (`dbt {record['command']}`) and has not ended: tables may "
            "come from two builds"
        )
    if record["failed"]:
        not_run = len(record["not_run"])
        left_out = f"; {numbers.count(not_run, 'step')} did not run" if not_run else ""
        return (
            f"failed at {moment} (`dbt {record['command']}`): {_named(record['failed'])}{left_out}"
        )
    if record["not_run"]:
        return (
            f"was partial, at {moment} (`dbt {record['command']}`): it left out "
            f"{_named(record['not_run'])}"
        )
    return f"passed at {moment}, {record['nodes']:,} steps"


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _doubts(summary: Summary) -> list[str]:
    """Return what to clarify before trusting the figures."""
    dates, amounts = summary.undecided
    said = []
    if dates or amounts:
        said.append(
            f"{dates:,} dates and {amounts:,} amounts could be read in two ways: "
            "raw_date_format or raw_decimal_mark decided"
        )
    if summary.near_duplicates:
        said.append(
            f"{summary.near_duplicates:,} rows have a client id and name that differ from another "
            "row's only in spaces, case or how accents are composed"
        )
    return [_line("Ask about", text) for text in said]


def _line(label: str, text: str) -> str:
    return f"{label:<{WIDTH}}{text}"


def _listed(counts: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts)


def _origin(source_files: Sequence[str], raw_dir: str, warehouse: Path) -> str:
    """Return the origin of the client rows, in words."""
    if all(file.startswith(SEED_FOLDER) for file in source_files):
        command = command_line("build FOLDER", {"warehouse": warehouse})
        return f"the shipped seeds, an invented bank; `{command}` reads your own files"
    if raw_dir and [*source_files] == [Path(raw_dir).name]:
        return raw_dir
    named = ", ".join(source_files[:MOST_FILES])
    if len(source_files) > MOST_FILES:
        named += f" and {numbers.count(len(source_files) - MOST_FILES, 'more file')}"
    return f"{named} in {raw_dir}" if raw_dir else f"{named}, from your own files"


@click.command("summary")
@options.warehouse
@options.raw_dir
@options.publish_dir
def command(warehouse: Path, raw_dir: Path | None, publish_dir: Path) -> None:
    """Summarise the warehouse: how the build ended, customers, money, quarantine.

    The last lines show what to run next. --raw-dir names the drop that the warehouse was built
    from; its files are not read.
    """
    click.echo(summary_text(warehouse, str(raw_dir or ""), publish_dir))
