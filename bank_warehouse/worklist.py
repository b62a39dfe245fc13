"""The command ``worklist``: write the customers of an action to a file for those who carry it out.

The command reads the current release. Names and client ids are included only if the release holds
them and the user asks for them. With an access file, the list has only the customers that the given
user may see. Only the user who runs the command can read the list, and no text in it runs as a
formula in a spreadsheet. Every list is recorded beside the releases.
"""

import csv
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import click
import duckdb
import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from bank_warehouse import options
from bank_warehouse.answers import labels
from bank_warehouse.dashboard.access import EVERYONE, Role, read_users, unknown_names
from bank_warehouse.numbers import count, day, listed
from bank_warehouse.private import this_user
from bank_warehouse.project import CannotStartError, find_project
from bank_warehouse.publish import Release, current_release
from bank_warehouse.publish.errors import PublishError
from bank_warehouse.publish.records import now
from bank_warehouse.publish.releases import (
    DATABASE,
    SAMPLE,
    checksum_of,
    read_release,
    release_numbers,
    require_file,
)
from bank_warehouse.quarantine import harmless
from bank_warehouse.sql import quote_literal
from bank_warehouse.whole_files import Draft, appended, draft_of

SEED = Path("seeds", "reference", "recommendation_rules.csv")
RECORD = "worklists.jsonl"
"""File beside the releases that records every list, as one line of JSON each."""

ROWS_AT_ONCE = 1_000
ROWS_OF_A_SHEET = 1_048_576
LETTERS_OF_A_CELL = 32_767
HEAD = 2
"""Rows of a sheet above the customers: the description of the list and the column names."""

CONTACTS = {"client_id": "Client id", "client_name": "Name"}
COLUMNS = {
    "customer_code": "Customer",
    **CONTACTS,
    "action_name": "Action",
    "wording": "What to do",
    "owner": "Owner",
    "reasons": "Why",
    "facts": "This customer",
    "money_measure": "Balances involved: which",
    "money_concerned": "Balances involved",
    "gap_to_close": "Gap to close",
    "total_loans": "Total loans",
    "total_deposits": "Total deposits",
    "estimated_income": "Estimated income",
    "risk_weighting": "Risk weighting (1 low, 5 high)",
    "watch_list_level": "Watch list",
    "watch_list_reasons": "Watch-list rules met",
    "segment": "Segment",
    "loyalty_classification": "Loyalty class",
    "banking_relationship": "Banking relationship",
    "investment_advisor": "Investment advisor",
}
SENTENCES = ("What to do", "Why", "This customer", "Watch-list rules met")
WIDE, NARROW = 44, 18
"""Column widths of a sheet, in characters."""
ABOUT = ("As of", "Release", "Data")
"""Last columns, with the same values in every row, so that a copied row keeps them."""

_FACTS = ("fact", "second_fact", "third_fact")

_QUERY = """
select
    customers.customer_code, {contacts}
    actions.action_name, actions.wording, actions.owner, actions.reasons,
    {facts}
    actions.money_measure, actions.money_concerned, actions.gap_to_close,
    positions.total_loans, positions.total_deposits, positions.estimated_income,
    risk.risk_weighting, risk.watch_list_level, risk.watch_list_reasons,
    segments.segment, customers.loyalty_classification,
    customers.banking_relationship, customers.investment_advisor
from marts.fct_customer_recommendations as actions
inner join marts.dim_customers as customers using (customer_key)
inner join marts.fct_customer_positions as positions using (customer_key)
inner join marts.fct_customer_risk as risk using (customer_key)
inner join marts.fct_customer_segments as segments using (customer_key)
{identities}
where actions.action in ({actions}) and {seen}
order by
    actions.priority, actions.gap_to_close desc nulls last, actions.money_concerned desc,
    customers.customer_code
"""

Row = tuple[object, ...]


@dataclass(frozen=True)
class Request:
    """The customers and columns that a work list should have.

    Attributes:
        actions: codes or names of actions; empty for all actions of the owner.
        owner: owner of the actions; None for any.
        role: which customers may be listed.
        user: name of the user in the access file; None without such a file.
        has_contacts: whether to write names and client ids.
    """

    actions: Sequence[str]
    owner: str | None = None
    role: Role = EVERYONE
    user: str | None = None
    has_contacts: bool = False


class WorklistError(click.ClickException):
    """No list was written; the message says why and what to do."""


def command_for(action: str) -> str:
    """Return the command line that writes the work list for an action."""
    return f"bank worklist --action {action} --out {action}.xlsx"


def write_worklist(
    publish_dir: Path,
    request: Request,
    target: Path,
    *,
    is_new: bool = False,
    warn: Callable[[str], None] = lambda _: None,
) -> int:
    """Write a list from the current release, and a record of the list: both, or neither.

    Args:
        publish_dir: folder of the releases; gets the record.
        request: the customers and columns to list.
        target: the file, `.xlsx` or `.csv`. Only this user can read it.
        is_new: whether to refuse to replace an existing file.
        warn: called with each warning for the user.

    Returns:
        The number of rows.

    Raises:
        PublishError: There is no release, it is damaged, or this user may not read it.
        WorklistError: There is no such action or owner, an action belongs to another owner, no
            customer of any release matches the user's rows in the access file, names are requested
            but the release has none, the release cannot be read, or a sheet cannot hold all rows.
        NotWrittenError: The list or the record cannot be written, or the list exists already.
    """
    release = current_release(publish_dir)
    if request.has_contacts and not release.manifest["includes_restricted"]:
        message = (
            f"Release {release.number} holds no names or client ids: it was published without "
            "them.\nLeave out --restricted and look names up by the customer's code, or give "
            "--publish-dir with a folder whose release was published with --with-restricted."
        )
        raise WorklistError(message)
    database = require_file(release, release.manifest["database"])
    try:
        with (
            draft_of(target, is_private=True, is_new=is_new) as draft,
            # Spilled data contains names too, so it goes to the folder of the list.
            tempfile.TemporaryDirectory(prefix=".bank-worklist-", dir=draft.path.parent) as spill,
            duckdb.connect(
                str(database), read_only=True, config={"temp_directory": spill}
            ) as connection,
        ):
            codes = _codes(connection, request)
            _require_known(connection, publish_dir, request, warn)
            number = _write(connection, release, request, codes, draft.path, target.suffix, spill)
            record = publish_dir / RECORD
            with appended(record, _record(release, request, codes, number, draft)) as is_cut:
                draft.place()
    except duckdb.Error as problem:
        message = (
            f"Release {release.number} cannot be read: {str(problem).splitlines()[0]}\n"
            "Run `bank build`, `bank check` and `bank publish` for a new release."
        )
        raise WorklistError(message) from problem
    if is_cut:
        warn(
            f"The last line of {record} was incomplete: a process was killed while writing "
            "it. The line is kept, and the new one begins below it."
        )
    return number


def _require_known(
    connection: duckdb.DuckDBPyConnection,
    publish_dir: Path,
    request: Request,
    warn: Callable[[str], None],
) -> None:
    """Warn about banking relationships and advisors in the access file that no customer has.

    Raises:
        WorklistError: No customer of any readable release matches the user's rows in the access
            file.
    """
    role = request.role
    unknown = [] if role.sees_all else unknown_names(connection, role)
    if unknown and len(unknown) == _names(role) and not _had_customers(publish_dir, role):
        remedy = f"Correct the rows of {request.user} in the access file: they match no customer."
        raise WorklistError("\n".join([*unknown, remedy]))
    for sentence in unknown:
        warn(f"{sentence} It is in a row of {request.user} in the access file: correct it there.")


def _names(role: Role) -> int:
    return len(role.banking_relationships) + len(role.investment_advisors)


def _had_customers(publish_dir: Path, role: Role) -> bool:
    """Return whether any readable release has a customer that the role may see."""
    for number in reversed(release_numbers(publish_dir)):
        with suppress(PublishError, duckdb.Error):
            database = read_release(publish_dir, number).path / DATABASE
            with duckdb.connect(str(database), read_only=True) as connection:
                if len(unknown_names(connection, role)) < _names(role):
                    return True
    return False


@dataclass(frozen=True)
class _Rule:
    action: str
    action_name: str
    owner: str
    priority: int


def _rules(connection: duckdb.DuckDBPyConnection) -> list[_Rule]:
    """Return the actions in a release, and those in the project's seed that no customer needs."""
    columns = ", ".join(_Rule.__annotations__)
    found = connection.sql(f"select distinct {columns} from marts.fct_customer_recommendations")
    rules = [_Rule(*row) for row in found.fetchall()]
    seed = (find_project() or Path()) / SEED
    if seed.is_file():
        due = {rule.action for rule in rules}
        # The seed only adds actions to those in the release, so it is ignored if it cannot be read.
        with suppress(duckdb.Error):
            declared = connection.sql(f"select {columns} from read_csv({quote_literal(str(seed))})")
            declared_rules = [_Rule(*row) for row in declared.fetchall()]
            rules += [rule for rule in declared_rules if rule.action not in due]
    return sorted(rules, key=lambda rule: (rule.priority, rule.action))


def _codes(connection: duckdb.DuckDBPyConnection, request: Request) -> list[str]:
    """Return the codes of the requested actions, including those that no customer needs.

    Raises:
        WorklistError: There is no such action or owner, or an action belongs to another owner; the
            message lists the existing ones, or names the owner.
    """
    rules = _rules(connection)
    owners = list(dict.fromkeys(rule.owner for rule in rules))
    if request.owner is not None and request.owner.casefold() not in map(str.casefold, owners):
        message = f"No action belongs to {request.owner!r}. Owners: {listed(owners) or 'none'}."
        raise WorklistError(message)
    by_name = {rule.action_name.casefold(): rule.action for rule in rules}
    by_name |= {rule.action.casefold(): rule.action for rule in rules}
    for asked in request.actions:
        if asked.casefold() not in by_name:
            known = "".join(
                f"\n  {rule.action}: {rule.action_name}, {rule.owner}" for rule in rules
            )
            message = f"There is no action {asked!r}. Actions:{known or ' none'}"
            raise WorklistError(message)
    wanted = {by_name[asked.casefold()] for asked in request.actions}
    found = [
        rule.action
        for rule in rules
        if (not wanted or rule.action in wanted)
        and (request.owner is None or rule.owner.casefold() == request.owner.casefold())
    ]
    left_out = wanted.difference(found)
    if left_out:
        others = [
            f"{rule.action_name!r} belongs to {rule.owner}, not to {request.owner}."
            for rule in rules
            if rule.action in left_out
        ]
        message = "\n".join([*others, "Leave out --owner, or name only actions of that owner."])
        raise WorklistError(message)
    return found


def _rows(
    connection: duckdb.DuckDBPyConnection, request: Request, codes: Sequence[str]
) -> Iterator[Row]:
    """Yield the customers with labels instead of codes, without the columns of :data:`ABOUT`."""
    role = request.role
    seen = " or ".join(
        f"customers.{column} in ({_listed(names)})"
        for column, names in (
            ("banking_relationship", role.banking_relationships),
            ("investment_advisor", role.investment_advisors),
        )
        if names
    )
    with_contacts = request.has_contacts
    found = connection.execute(
        _QUERY.format(
            contacts="".join(f"identities.{name}, " for name in CONTACTS) if with_contacts else "",
            facts=" ".join(f"actions.{fact}, actions.{fact}_value," for fact in _FACTS),
            identities="inner join restricted.dim_customer_identities as identities "
            "using (customer_key)"
            if with_contacts
            else "",
            actions=_listed(codes),
            seen="true" if role.sees_all else f"({seen or 'false'})",
        )
    )
    names = [column[0] for column in found.description or ()]
    columns = _columns(request)
    while rows := found.fetchmany(ROWS_AT_ONCE):
        for row in rows:
            yield tuple(_in_words(dict(zip(names, row, strict=True)), columns))


def _columns(request: Request) -> list[str]:
    return [name for name in COLUMNS if request.has_contacts or name not in CONTACTS]


def _in_words(row: Mapping[str, Any], columns: Iterable[str]) -> Iterator[object]:
    for name in columns:
        if name == "facts":
            # Two conditions of a rule can concern one fact, which is said once.
            facts = dict.fromkeys(
                labels.fact(row[fact], row[f"{fact}_value"])
                for fact in _FACTS
                if row[fact] is not None
            )
            yield labels.sentence("; ".join(facts))
        elif name == "reasons":
            yield labels.reasons(row[name])
        elif name == "watch_list_reasons":
            yield labels.rules_met(row[name])
        elif name == "money_measure":
            yield labels.name(row[name])
        elif isinstance(row[name], str):
            yield labels.value(name, row[name])
        else:
            yield row[name]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(quote_literal(name) for name in sorted(names))


def _write(
    connection: duckdb.DuckDBPyConnection,
    release: Release,
    request: Request,
    codes: Sequence[str],
    path: Path,
    suffix: str,
    spill: str,
) -> int:
    """Write the list to a file; return the number of its rows."""
    as_of = date.fromisoformat(release.manifest["as_of_date"])
    is_sample = release.manifest["source"] == SAMPLE
    about: Row = (as_of, release.number, "Invented sample" if is_sample else "The bank's own")
    heads = [COLUMNS[name] for name in _columns(request)] + [*ABOUT]
    rows = (row + about for row in _rows(connection, request, codes))
    if suffix.lower() == ".csv":
        return _write_csv(path, heads, rows)
    what = f"Work list of release {release.number}, as of {day(as_of)}."
    if request.has_contacts:
        what += " Personal data: for those who do the work, and nobody else."
    if is_sample:
        what += f" {labels.INVENTED}"
    return _write_sheet(path, what, heads, rows, spill)


def _write_csv(path: Path, heads: Sequence[str], rows: Iterable[Row]) -> int:
    number = 0
    with path.open("w", encoding="utf-8-sig", newline="") as text:
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(heads)
        for row in rows:
            writer.writerow([harmless(cell) for cell in row])
            number += 1
    return number


def _write_sheet(
    path: Path, what: str, heads: Sequence[str], rows: Iterable[Row], spill: str
) -> int:
    """Write a sheet. Text stays text and never becomes a formula, a link or a number."""
    number = 0
    # The file is built in memory: on a full disk, the library would write the end of the file again
    # while it handles the first error.
    content = BytesIO()
    book = xlsxwriter.Workbook(content, {"constant_memory": True, "tmpdir": spill})
    sheet = book.add_worksheet("Work list")
    try:
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        top = book.add_format({"valign": "top"})
        wrapped = book.add_format({"valign": "top", "text_wrap": True})
        money = book.add_format({"valign": "top", "num_format": "#,##0.00"})
        days = book.add_format({"valign": "top", "num_format": "yyyy-mm-dd"})
        sheet.freeze_panes(HEAD, 1)
        sheet.write_string(0, 0, what)
        for place, head in enumerate(heads):
            sheet.set_column(place, place, WIDE if head in SENTENCES else NARROW)
            sheet.write_string(1, place, head, bold)
        for row in rows:
            line = number + HEAD
            if line >= ROWS_OF_A_SHEET:
                message = (
                    f"A sheet holds at most {ROWS_OF_A_SHEET - HEAD:,} rows; the list has more.\n"
                    "Name a file that ends in .csv, or fewer actions."
                )
                raise WorklistError(message)
            for place, cell in enumerate(row):
                if cell is None:
                    continue
                if isinstance(cell, date):
                    sheet.write_datetime(line, place, cell, days)
                elif isinstance(cell, int | float | Decimal):
                    is_money = isinstance(cell, Decimal)
                    sheet.write_number(line, place, float(cell), money if is_money else top)
                else:
                    text = str(cell)
                    if len(text) > LETTERS_OF_A_CELL:
                        text = text[: LETTERS_OF_A_CELL - 1] + "…"
                    sheet.write_string(line, place, text, wrapped)
            number += 1
        sheet.autofilter(1, 0, number + 1, len(heads) - 1)
        book.close()
    except FileCreateError as problem:
        raise problem.args[0] from None
    finally:
        # Windows cannot remove an open file.
        with suppress(OSError):
            sheet.row_data_fh.close()
    path.write_bytes(content.getbuffer())
    return number


def _record(
    release: Release,
    request: Request,
    codes: Sequence[str],
    number: int,
    draft: Draft,
) -> bytes:
    content = {
        "written_at": now(),
        "written_by": this_user(),
        "release": release.number,
        "as_of_date": release.manifest["as_of_date"],
        "source": release.manifest["source"],
        "actions": [*codes],
        "owner": request.owner,
        "for_user": request.user,
        "has_contacts": request.has_contacts,
        "rows": number,
        "file": os.path.realpath(draft.target),
        **checksum_of(draft.path),
    }
    return (json.dumps(content, ensure_ascii=False) + "\n").encode()


def _role(user: str | None, access_file: Path | None) -> Role:
    """Return the role whose customers are listed.

    Raises:
        WorklistError: The access file has no row for the user.
        CannotStartError: The access file cannot be read.
        DashboardError: The access file is not valid.
        click.UsageError: Only one of `user` and `access_file` is given.
    """
    if access_file is None and user is None:
        return EVERYONE
    if access_file is None or user is None:
        message = (
            "Say whose customers to list: --user NAME, as in the access file."
            if access_file
            else "Name the file that says which customers the user may see: --access-file FILE.csv."
        )
        raise click.UsageError(message)
    try:
        role = read_users(access_file).get(user.strip().casefold())
    except OSError as problem:
        message = f"{access_file} cannot be read: {problem.strerror or problem}."
        raise CannotStartError(message) from problem
    if role is None:
        message = f"{access_file} gives {user} no customers: add a row, or name another user."
        raise WorklistError(message)
    return role


@click.command("worklist")
@click.option(
    "--action",
    "actions",
    multiple=True,
    help="Code or name of the action; may be given several times.",
)
@click.option("--owner", help="Owner of the actions. Without --action, all actions of this owner.")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    callback=options.outside_releases,
    help="File to write: .xlsx or .csv. Only you can read it.",
)
@click.option(
    "--restricted",
    is_flag=True,
    help="Add names and client ids, from a release that holds them.",
)
@click.option("--user", help="List only the customers that this user may see, by the access file.")
@click.option(
    "--access-file",
    envvar="BANK_DASHBOARD_ACCESS_FILE",
    show_envvar=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV file that defines what each user may see. Requires --user.",
)
@options.publish_dir
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
def command(
    actions: tuple[str, ...],
    owner: str | None,
    out: Path,
    restricted: bool,
    user: str | None,
    access_file: Path | None,
    publish_dir: Path,
    force: bool,
) -> None:
    """Write the customers of an action in the current release to a file.

    The list shows each customer's code, the reasons for the action and the relevant balances. Names
    and client ids are included only with --restricted. No cell runs as a formula in a spreadsheet.
    Each list is recorded in worklists.jsonl in the folder of the releases.
    """
    if not actions and owner is None:
        message = "Name the actions: --action NAME, or --owner NAME for all actions of an owner."
        raise click.UsageError(message)
    if out.suffix.lower() not in (".xlsx", ".csv"):
        message = f"{out} has to end in .xlsx or .csv."
        raise click.UsageError(message)
    request = Request(actions, owner, _role(user, access_file), user, restricted)
    number = write_worklist(
        publish_dir,
        request,
        out,
        is_new=not force,
        warn=lambda sentence: click.echo(f"Warning: {sentence}", err=True),
    )
    rows = f"Wrote {count(number, 'row')}{' with personal data' if restricted else ''} to {out}."
    if not number:
        whose = f"that {user} may see " if user else ""
        rows = f"No customer {whose}has these actions, so {out} has only the column names."
    click.echo(f"{rows} Noted in {publish_dir / RECORD}.")
