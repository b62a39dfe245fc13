"""Staging reads every odd drop, quarantines some of its rows or refuses it, and loses nothing.

Each oddity goes through the project's own SQL and macros, rendered by `staging.Staging`. Some
oddities of each outcome also go through `dbt build`, to prove that dbt renders the same SQL.
"""

import hashlib
import random
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import pytest
import yaml

from bank_warehouse.raw_drop.schema import CLIENTS
from python_checks.testing import oddities
from python_checks.testing.dbt import run_dbt
from python_checks.testing.oddities import NOT_ON_WINDOWS, ODDITIES, SEED_COUNT, Oddity
from python_checks.testing.staging import MODELS, MONEY, Cell, Staged, Staging, seed_drop

BY_NAME = {oddity.name: oddity for oddity in ODDITIES}
Row = Mapping[str, Cell]
Edit = Callable[[int, dict[str, Cell]], dict[str, Cell]]

SEED_ROWS = oddities.seed_rows()[1]
CODES = {column.name: place for place, column in enumerate(CLIENTS.columns)}


def names_of(names: list[str]) -> Edit:
    """Return the edit that replaces the client names from row `FIRST_NAMED` on."""
    known = dict(enumerate(names, start=oddities.FIRST_NAMED))
    return lambda number, _: {"client_name": known[number]} if number in known else {}


# For some oddities, the cells in which a correctly read drop differs from the seeds.
EDITS: dict[str, Edit] = {
    "clients_alone": lambda number, _: {
        name: f"{noun} {SEED_ROWS[number - 1][CODES[code]]}"
        for name, noun, code in (
            ("banking_relationship", "Relationship", "br_id"),
            ("gender", "Gender", "gender_id"),
            ("investment_advisor", "Advisor", "ia_id"),
        )
    },
    **{name: names_of(names) for name, (_, names) in oddities.NAMED.items()},
    **dict.fromkeys(
        ("ids_that_look_like_numbers", "parquet_with_whole_ids_as_doubles"),
        lambda number, _: {"client_id": SEED_ROWS[number - 1][0].removeprefix("IND")},
    ),
    "rows_inside_a_cell": lambda number, _: (
        {"occupation": "\n".join(oddities.seed_text().split("\n")[1:3])} if number == 6 else {}
    ),
    "quotes_and_separators_in_cells": lambda _, row: {
        "client_name": f'{row["client_name"]}, "Jo"; Jr.'
    },
    "line_breaks_in_cells": lambda number, row: (
        {"client_name": str(row["client_name"]).replace(" ", "\n")} if number in (7, 8) else {}
    ),
    "optional_columns_missing": lambda *_: {"location_id": None, "banking_contact": None},
    "formula_cells": lambda number, row: (
        {"client_name": f"=cmd|' /C calc'!A0 {row['client_name']}"} if number == 3 else {}
    ),
    "sql_in_cells": lambda number, row: (
        {"client_name": f"{row['client_name']}'; drop table clients; --"} if number == 3 else {}
    ),
    "money_in_brackets": lambda number, _: (
        {"bank_loans": Decimal("-1200.00")} if number == 1 else {}
    ),
    "typed_dates_under_a_declared_format": lambda number, _: (
        {"joined_date": date(1915, 5, 6)} if number == 1 else {}
    ),
    "money_of_two_readings_declared": lambda *_: {"bank_loans": Decimal("258000.00")},
    "money_as_text_that_proves_its_mark": lambda number, _: (
        {"bank_loans": Decimal("258.00" if number == 1 else "1234.56")} if number <= 2 else {}
    ),
    "money_with_three_digits_in_few_cells": lambda number, _: (
        {"bank_loans": Decimal("258.00")} if number < 20 else {}
    ),
    "money_in_accounting_notation": lambda number, _: (
        {"business_lending": Decimal("-1200.00")} if number == 1 else {}
    ),
    **dict.fromkeys(
        ("people_written_in_two_ways", "people_written_in_two_ways_as_duplicates"),
        lambda number, _: {"client_name": "José Lowe"} if number == 4 else {},
    ),
    "surname_null": lambda number, _: {"client_name": "Null"} if number == 5 else {},
    "ids_shared": lambda number, _: (
        {"client_id": oddities.seed_rows()[1][6][0]} if number == 6 else {}
    ),
}

# These oddities also go through dbt: some with each outcome, and every refusal by staging.
THROUGH_DBT = (
    "utf16_with_mark",
    "unknown_separator",
    "short_rows",
    "codes_by_name",
    "same_client_other_values",
    "dates_of_both_orders",
    "dates_rewritten_by_a_spreadsheet",
    "dates_of_each_file_in_its_own_format",
    "money_rounded_half_up",
    *(o.name for o in ODDITIES if o.outcome == "refused" and o.decided_by == "staging"),
)


@pytest.fixture(scope="module")
def staging() -> Iterator[Staging]:
    staging = Staging()
    yield staging
    staging.connection.close()


@pytest.fixture(scope="module")
def seed_values(staging: Staging, tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """The values that staging reads from the seeds, in the order of the seeds' rows."""
    drop = seed_drop(tmp_path_factory.mktemp("seeds"))
    staged = staging.read(drop)
    assert staged.refusal is None
    assert not staged.quarantined
    header, rows = oddities.seed_rows()
    places = {
        (row[header.index("Client ID")], row[header.index("Name")]): number
        for number, row in enumerate(rows)
    }
    ordered: list[Row] = [{}] * SEED_COUNT
    for row in staged.accepted:
        ordered[places[str(row["client_id"]), str(row["client_name"])]] = row
    assert all(ordered), "a client of the seeds is missing"
    return ordered


def fingerprint(row: Row) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, repr(cell)) for name, cell in row.items()))


def with_keys(row: dict[str, Cell]) -> dict[str, Cell]:
    """Return a row with its keys recomputed from their definition."""

    def key(*texts: Cell) -> int:
        joined = "|".join(str(text) for text in texts)
        return int(hashlib.md5(joined.encode(), usedforsecurity=False).hexdigest()[:15], 16)

    return row | {
        "customer_key": key(row["client_id"], row["client_name"], row["joined_date"]),
        "client_key": key(row["client_id"]),
    }


def expected_values(oddity: Oddity, seed_values: list[Row]) -> Counter[object]:
    edit = EDITS.get(oddity.name)
    if edit is None:
        return Counter(fingerprint(row) for row in seed_values)
    return Counter(
        fingerprint(with_keys({**row, **edit(number, dict(row))}))
        for number, row in enumerate(seed_values, start=1)
    )


def settings(oddity: Oddity) -> dict[str, object]:
    return {
        "raw_date_format": list(oddity.date_formats),
        "max_quarantine_rate": oddity.max_quarantine_rate,
    } | oddity.variables


def make(oddity: Oddity, drop: Path) -> Path:
    drop.mkdir()
    oddity.make(drop)
    return drop


def assert_as_declared(oddity: Oddity, staged: Staged, seed_values: list[Row]) -> None:
    if oddity.outcome == "refused":
        assert staged.refusal is not None
        assert oddity.says in staged.refusal
        assert "Traceback" not in staged.refusal
        return
    assert staged.refusal is None
    assert staged.differences is not None
    assert not any(staged.differences.values()), "rows or money do not tie out"
    assert staged.delivered == oddity.rows
    assert len(staged.quarantined) == oddity.rows_quarantined
    assert len(staged.accepted) == oddity.rows - oddity.rows_quarantined
    for row in staged.quarantined:
        assert oddity.says in str(row["reject_reasons"])
        assert row["raw_text"]
        assert 2 <= int(str(row["source_row"])) <= oddity.rows + 1
    accepted = Counter(fingerprint(row) for row in staged.accepted)
    if oddity.outcome == "read" and oddity.rows > SEED_COUNT:
        assert accepted > expected_values(oddity, seed_values)
    elif oddity.outcome == "read":
        assert accepted == expected_values(oddity, seed_values)
    elif oddity.name != "dates_of_both_orders":  # the dates differ from the seeds
        assert accepted <= expected_values(oddity, seed_values)


@pytest.mark.parametrize("oddity", ODDITIES, ids=lambda oddity: oddity.name)
def test_odd_drop(oddity: Oddity, staging: Staging, seed_values: list[Row], tmp_path: Path) -> None:
    if sys.platform == "win32" and oddity.name in NOT_ON_WINDOWS:
        pytest.skip(NOT_ON_WINDOWS[oddity.name])
    staged = staging.read(make(oddity, tmp_path / "drop"), **settings(oddity))
    assert_as_declared(oddity, staged, seed_values)
    assert oddity.warns in " ".join(staging.messages)


def test_spoilt_ids_after_the_first_5000_rows_are_quarantined(
    staging: Staging, tmp_path: Path
) -> None:
    spoilt = {
        5500: ("Client ID", "1.23457E+15"),
        5600: ("Client ID", "####"),
        5700: ("Client ID", '="IND1"'),
        5750: ("Client ID", "'IND1"),
        5800: ("Location ID", "2.1E+04"),
        5850: ("Client ID", "1,23457E+15"),
        5900: ("Client ID", "1,5E15"),
        5950: ("Location ID", "2,1E04"),
    }
    header = oddities.seed_rows()[0]

    def edit(at: int, row: list[str]) -> None:
        if at in spoilt:
            column, cell = spoilt[at]
            row[header.index(column)] = cell

    oddities.put(tmp_path, oddities.longer(6000, edit))
    staged = staging.read(tmp_path)
    assert staged.refusal is None
    assert {int(str(row["source_row"])): row["reject_reasons"] for row in staged.quarantined} == {
        at + 2: f"{column.lower().replace(' ', '_')} is no longer as the bank wrote it: a "
        "spreadsheet has changed it"
        for at, (column, _) in spoilt.items()
    }
    assert len(staged.accepted) == 6000 - len(spoilt)


def test_ambiguous_and_unreadable_dates_are_quarantined(staging: Staging, tmp_path: Path) -> None:
    oddity = BY_NAME["dates_of_both_orders"]
    staged = staging.read(make(oddity, tmp_path / "drop"), **settings(oddity))
    doubts = {row["source_row"]: str(row["reject_reasons"]) for row in staged.quarantined}
    assert list(doubts) == [2, 3, 4, 6]
    assert all("day and month exchanged" in doubts[row] for row in (2, 3, 4))
    assert doubts[6] == "joined_bank is not a date written as %d-%m-%Y"


def test_row_with_unknown_code_keeps_its_number(staging: Staging, tmp_path: Path) -> None:
    oddity = BY_NAME["unknown_code"]
    staged = staging.read(make(oddity, tmp_path / "drop"), **settings(oddity))
    assert [row["source_row"] for row in staged.quarantined] == [6]


def test_row_order_survives_many_blocks_and_threads(tmp_path: Path) -> None:
    header, rows = oddities.seed_rows()
    place = header.index("Client ID")
    ids = [f"N{number}" for number in range(150_000)]
    (clients,) = (path for path in seed_drop(tmp_path / "drop").iterdir() if "client" in path.stem)
    with clients.open("w", encoding="utf-8") as file:
        file.write(",".join(header) + "\n")
        for number, client_id in enumerate(ids):
            row = rows[number % len(rows)]
            file.write(",".join([*row[:place], client_id, *row[place + 1 :]]) + "\n")
    parallel = Staging()
    parallel.connection.execute("set threads = 4")
    assert parallel.read(tmp_path / "drop").refusal is None
    found = parallel.connection.execute(
        "select client_id from staging.base_bank__clients order by rowid"
    ).fetchall()
    assert [row[0] for row in found] == ids


def test_refusal_of_a_date_order_gives_counts_and_setting(staging: Staging, tmp_path: Path) -> None:
    oddity = BY_NAME["month_first_dates_declared_day_first"]
    drop = make(oddity, tmp_path / "drop")
    refusal = str(staging.read(drop, **settings(oddity)).refusal)
    dates = [row[4] for row in oddities.seed_rows()[1]]
    both = sum(int(date[:2]) <= 12 for date in dates)
    assert f"of {SEED_COUNT:,} joining dates {both:,} can be read as %d-%m-%Y" in refusal
    assert f"all {SEED_COUNT:,} can be read as %m-%d-%Y" in refusal
    assert 'Set raw_date_format to "%m-%d-%Y"' in refusal
    assert staging.read(drop, raw_date_format="%m-%d-%Y").refusal is None


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("bank_loans", "258,50", "a different decimal mark"),
        ("bank_loans", "$ 258.50", "a different currency"),
        ("joined_bank", "25/07/2015", "not a date written as"),
        ("joined_bank", "20150725", "not a date written as"),
    ],
)
def test_a_few_cells_unlike_the_first_5000_rows_are_quarantined(
    column: str, cell: str, reason: str, staging: Staging, tmp_path: Path
) -> None:
    def edit(at: int, row: list[str]) -> None:
        if at >= 5990:
            row[oddities.CLIENTS_PLACE[column]] = cell

    oddities.put(tmp_path, oddities.longer(6000, edit))
    staged = staging.read(tmp_path)
    assert staged.refusal is None
    assert [row["source_row"] for row in staged.quarantined] == [*range(5992, 6002)]
    assert all(reason in str(row["reject_reasons"]) for row in staged.quarantined)


@pytest.mark.parametrize(
    ("cells", "rate", "says"),
    [
        (("75.384,77", "1,50"), 1.0, "in all rows together most amounts have ','"),
        (("258,000", "258,5"), 1.0, "fit two readings"),
        (("12.345", "12.3456"), 0.01, "7,000 rows: bank_loans is not an amount to the cent"),
    ],
)
def test_many_amounts_unlike_the_first_5000_rows_are_refused(
    cells: tuple[str, str], rate: float, says: str, staging: Staging, tmp_path: Path
) -> None:
    def edit(at: int, row: list[str]) -> None:
        if at >= 5000:
            row[oddities.CLIENTS_PLACE["bank_loans"]] = cells[at % 2]

    oddities.put(tmp_path, oddities.longer(12_000, edit))
    assert says in str(staging.read(tmp_path, max_quarantine_rate=rate).refusal)


def test_rounding_total_is_the_sum_of_differences(staging: Staging, tmp_path: Path) -> None:
    rows = oddities.seed_rows()[1]
    drawn = random.Random(4)
    taken = dict.fromkeys(MONEY, Decimal(0))
    forms: tuple[Callable[[Decimal], str], ...] = (str, "{:,}".format, "$ {}".format)
    for row in rows[:500]:
        for column in MONEY:
            places = drawn.choice((0, 1, 2, 3, 4, 9, 18))
            amount = Decimal(drawn.randrange(10 ** (places + 6))).scaleb(-places)
            if drawn.random() < 0.1:
                amount = amount.quantize(Decimal("0.01"), ROUND_DOWN) + Decimal("0.005")
            sign = drawn.choice((1, 1, -1))
            cell = drawn.choice(forms)(amount)
            row[CODES[column]] = cell if sign == 1 else f"({cell})"
            taken[column] += sign * (amount - amount.quantize(Decimal("0.01"), ROUND_HALF_UP))
    oddities.put(tmp_path, oddities.text_of(rows))
    staged = staging.read(tmp_path, raw_money_rounding="half_up")
    assert (staged.refusal, staged.quarantined) == (None, ())
    assert all(taken.values())
    totals = {column: staging.one_of_clients(f"sum_rounded_off('{column}')") for column in MONEY}
    assert totals == taken


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("€ 12.50", "a different currency"),
        ("(12,50 EUR)", "a different currency"),
        ("£ -", "a different currency"),
        ("$$ select 1 $$", "not an amount to the cent"),
        ("costs $5", "not an amount to the cent"),
        ("12.50 CHF", "not an amount to the cent"),
    ],
)
def test_currency_is_the_reason_only_if_the_cell_is_an_amount(
    cell: str, reason: str, staging: Staging, tmp_path: Path
) -> None:
    def edit(at: int, row: list[str]) -> None:
        if at == 5500:
            row[oddities.CLIENTS_PLACE["bank_loans"]] = cell

    oddities.put(tmp_path, oddities.longer(6000, edit))
    (row,) = staging.read(tmp_path).quarantined
    assert reason in str(row["reject_reasons"])


def test_too_many_bad_rows_are_counted_by_reason_and_quarantined(
    staging: Staging, tmp_path: Path
) -> None:
    oddity = BY_NAME["too_many_bad_rows"]
    staged = staging.read(make(oddity, tmp_path / "drop"), **settings(oddity))
    assert "31 rows: occupation is empty" in str(staged.refusal)
    assert len(staged.quarantined) == 31
    assert staged.accepted == ()


@pytest.fixture(scope="module")
def dbt_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dbt")


@pytest.mark.parametrize("name", dict.fromkeys(THROUGH_DBT))
def test_odd_drop_has_the_same_outcome_in_dbt(
    name: str, staging: Staging, seed_values: list[Row], dbt_folder: Path
) -> None:
    oddity = BY_NAME[name]
    drop = dbt_folder / "drop"  # always the same path, so that dbt does not parse again
    if drop.exists():
        shutil.rmtree(drop)
    make(oddity, drop)
    (dbt_folder / "bank.duckdb").unlink(missing_ok=True)
    result = run_dbt(
        dbt_folder,
        *("build", "--select", "+stg_bank__clients", "+fct_quarantined_clients"),
        *("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"),
        *("--vars", yaml.safe_dump(settings(oddity), default_flow_style=True, width=10_000)),
        BANK_RAW_DIR=str(drop),
    )
    printed = " ".join(result.stdout.split())
    assert "Traceback" not in result.stdout + result.stderr
    assert (result.returncode != 0) == (oddity.outcome == "refused"), printed[-3000:]
    if oddity.outcome == "refused":
        assert " ".join(oddity.says.split()) in printed
        return
    compiled = dbt_folder / "target" / "compiled" / "bank_warehouse" / "models"
    found = {path.stem: path for path in compiled.rglob("*.sql") if path.stem in MODELS}
    assert set(found) == set(MODELS)
    # A file that has to be rewritten causes a warning. Each temporary copy has a different name.
    if not oddity.warns:
        for model, path in found.items():
            ours = staging.compile(model, drop, **settings(oddity))
            assert path.read_text(encoding="utf-8").strip() == ours.strip(), model
    staged = staging.read(drop, **settings(oddity))
    assert_as_declared(oddity, staged, seed_values)
    with duckdb.connect(str(dbt_folder / "bank.duckdb"), read_only=True) as connection:
        for relation, rows in (
            ("staging.stg_bank__clients", staged.accepted),
            ("quality.fct_quarantined_clients", staged.quarantined),
        ):
            found_rows = connection.execute(f"from {relation}")
            names = [str(column[0]) for column in found_rows.description or ()]
            by_dbt = Counter(
                fingerprint(dict(zip(names, row, strict=True))) for row in found_rows.fetchall()
            )
            assert by_dbt == Counter(fingerprint(row) for row in rows), relation


def test_drop_with_only_the_clients_file_builds_completely(tmp_path: Path) -> None:
    oddity = BY_NAME["clients_alone"]
    drop = make(oddity, tmp_path / "drop")
    run = run_dbt(
        *(tmp_path, "build", "--exclude-resource-type", "unit_test"), BANK_RAW_DIR=str(drop)
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr
    printed = " ".join(run.stdout.split())
    for name, header in (
        ("banking_relationships", "BRId,Banking Relationship"),
        ("genders", "GenderId,Gender"),
        ("investment_advisors", "IAId,Investment Advisor"),
    ):
        assert f"{name}: no file, so the codes of the clients serve as names" in printed
        assert f"put a file with the columns {header} next to the client file" in printed
    expected = Counter(f"Advisor {row[CODES['ia_id']]}" for row in SEED_ROWS)
    with duckdb.connect(str(tmp_path / "bank.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "select investment_advisor, count(*) from marts.dim_customers group by all"
        ).fetchall()
    assert Counter(dict(found)) == expected


def test_dbt_names_all_problems_of_a_drop_before_it_loads_seeds(tmp_path: Path) -> None:
    drop = make(BY_NAME["three_problems"], tmp_path / "drop")
    run = run_dbt(tmp_path, "build", BANK_RAW_DIR=str(drop))
    assert run.returncode != 0
    printed = run.stdout
    problems = [
        "3 things are wrong with this drop.",
        "1. banking-clients.csv, row 1: 1 required column missing",
        "2. genders: row 3 of raw_genders.csv: Gender is empty.",
        "row 3 of raw_investment_advisors.csv: too few cells ('2')",
    ]
    places = [printed.find(problem) for problem in problems]
    assert -1 not in places
    assert places == sorted(places)
    assert "Traceback" not in run.stdout + run.stderr
    with duckdb.connect(str(tmp_path / "bank.duckdb")) as connection:
        assert connection.execute("select table_name from duckdb_tables()").fetchall() == []


def test_documented_table_is_current() -> None:
    document = oddities.DOCUMENT.read_text(encoding="utf-8")
    assert document == oddities.with_table(document), (
        "run: python -m python_checks.testing.oddities"
    )
    assert len(ODDITIES) >= 120
