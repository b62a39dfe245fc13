"""Reading raw drops: what is odd is read right, refused, or set aside, and nothing is lost."""

import csv
import json
import re
import sys
import tempfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bank_warehouse.dbt_plugin import Plugin, raw_plan_json
from bank_warehouse.raw_drop import DropError, plan_table
from bank_warehouse.raw_drop.careful import Shape, read_records
from bank_warehouse.raw_drop.files import natural_key
from bank_warehouse.raw_drop.plan import changed_files
from bank_warehouse.raw_drop.schema import CLIENTS, TABLES, normalise
from python_checks.testing import oddities
from python_checks.testing.oddities import NOT_ON_WINDOWS, ODDITIES, Oddity
from python_checks.testing.paths import ORIGINAL, SEEDS
from python_checks.testing.plain_reader import records_of

NAMES = [column.name for column in CLIENTS.columns]
Row = tuple[str | None, ...]


def read(drop: Path, table: str = "clients", date_format: str = "%d-%m-%Y") -> list[Row]:
    """Return the rows of a drop in the order of the table made from the plan."""
    plan = plan_table(drop, table, date_format)
    with duckdb.connect() as connection:
        connection.execute(f"create table read as {plan.sql}")
        names = [str(row[0]) for row in connection.execute("describe read").fetchall()]
        types = {str(row[1]) for row in connection.execute("describe read").fetchall()}
        expected = [column.name for column in TABLES[table].columns]
        assert names == [*expected, "source_file", "structural_fault", "raw_line"]
        assert types == {"VARCHAR"}
        return connection.execute("from read order by rowid").fetchall()


def seed() -> list[Row]:
    return [tuple(row) for row in oddities.seed_rows()[1]]


def test_at_least_forty_oddities_have_names_of_their_own() -> None:
    assert len({oddity.name for oddity in ODDITIES}) == len(ODDITIES) >= 40
    assert all(oddity.what for oddity in ODDITIES)


@pytest.mark.parametrize("oddity", ODDITIES, ids=lambda oddity: oddity.name)
def test_oddity(oddity: Oddity, tmp_path: Path) -> None:
    if sys.platform == "win32" and oddity.name in NOT_ON_WINDOWS:
        pytest.skip(NOT_ON_WINDOWS[oddity.name])
    drop = tmp_path / "drop"
    drop.mkdir()
    oddity.make(drop)
    if oddity.decided_by == "reader" and oddity.outcome == "refused":
        with pytest.raises(DropError, match=re.escape(oddity.says)) as refused:
            plan_table(drop, "clients")
        assert "\n" not in str(refused.value)
        assert str(refused.value).rstrip().endswith((".", "/"))
        return

    warnings = plan_table(drop, "clients").warnings
    assert oddity.warns in " ".join(warnings)
    rows = read(drop, "clients", oddity.date_formats[0])
    assert len(rows) == oddity.rows
    aside = [row for row in rows if row[-2] is not None]
    kept = [row[: len(NAMES)] for row in rows if row[-2] is None]
    assert all(row[-1] for row in aside)
    assert all(row[-1] is None for row in rows if row[-2] is None)
    if oddity.decided_by == "staging":
        assert not aside
        return

    assert len(aside) == oddity.rows_aside
    assert {row[-2] for row in aside} <= {oddity.says}
    unharmed = iter(seed())
    assert all(row in unharmed for row in kept), "rows changed or out of order"
    if oddity.outcome == "read":
        assert kept == seed()
        assert not warnings or oddity.warns


def test_no_text_of_a_row_set_aside_is_lost(tmp_path: Path) -> None:
    for name in ("short_rows", "long_row", "lost_line_end", "very_long_row", "quote_never_closed"):
        drop = tmp_path / name
        drop.mkdir()
        next(oddity for oddity in ODDITIES if oddity.name == name).make(drop)
        lines = (drop / "banking-clients.csv").read_text().splitlines()
        aside = [row[-1] for row in read(drop) if row[-2] is not None]
        assert aside
        assert all(text in lines for text in aside), name


def test_damaged_bytes_stay_visible(tmp_path: Path) -> None:
    oddities.put(tmp_path, oddities.edit_line(3, lambda line: line.replace(",", "\0,", 1)))
    (text,) = [row[-1] for row in read(tmp_path) if row[-2]]
    assert text is not None
    assert "\\x00," in text


def test_a_row_is_known_by_its_place_behind_the_first_of_its_file(tmp_path: Path) -> None:
    rows = seed()
    for number in (10, 9, 1):
        part = rows[number * 100 : number * 100 + 100]
        oddities.put(tmp_path, oddities.text_of(part), f"clients-{number}.csv")  # type: ignore[arg-type]
    with duckdb.connect() as connection:
        connection.execute(f"create table read as {plan_table(tmp_path, 'clients').sql}")
        found = connection.execute(
            "select source_file, client_id, rowid - min(rowid) over (partition by source_file) "
            "from read order by rowid"
        ).fetchall()
    expected = [
        (f"clients-{number}.csv", rows[number * 100 + place][0], place)
        for number in (1, 9, 10)
        for place in range(100)
    ]
    assert found == expected


def test_order_holds_over_many_blocks_and_threads(tmp_path: Path) -> None:
    header, rows = oddities.seed_rows()
    place = header.index("Client ID")
    lines = [
        ",".join([*row[:place], f"N{{}}-{i}", *row[place + 1 :]]) for i, row in enumerate(rows)
    ]
    for part in (1, 2):
        with (tmp_path / f"clients-{part}.csv").open("w") as file:
            file.write(",".join(header) + "\r\n")
            for copy in range(30):
                file.writelines(line.format(f"{part}-{copy:02d}") + "\r\n" for line in lines)
    with duckdb.connect() as connection:
        connection.execute(f"create table read as {plan_table(tmp_path, 'clients').sql}")
        found = connection.execute("select client_id from read order by rowid").fetchall()
    assert [row[0] for row in found] == [
        f"N{part}-{copy:02d}-{i}"
        for part in (1, 2)
        for copy in range(30)
        for i in range(len(lines))
    ]


@pytest.mark.parametrize("table", TABLES)
def test_shipped_seeds_are_read_as_they_are(table: str, tmp_path: Path) -> None:
    oddities.put(tmp_path, oddities.seed_text(), "raw_clients.csv")
    with (SEEDS / f"raw_{table}.csv").open(encoding="utf-8", newline="") as file:
        expected = [tuple(row) for row in csv.reader(file)][1:]
    assert [row[:-3] for row in read(tmp_path, table)] == expected


def test_optional_table_may_be_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    branches = replace(TABLES["genders"], name="branches", stems=("branches",))
    monkeypatch.setitem(TABLES, "branches", branches)
    with pytest.raises(DropError, match="no file for branches"):
        plan_table(tmp_path, "branches")

    monkeypatch.setitem(TABLES, "branches", replace(branches, required=False))
    assert read(tmp_path, "branches") == []
    assert plan_table(tmp_path, "branches").warnings == (
        "branches: optional, and not in the drop: read as no rows.",
    )
    (tmp_path / "branches.csv").write_text("GenderId,Gender\n1,Harbour\n", "utf-8")
    assert [row[:2] for row in read(tmp_path, "branches")] == [("1", "Harbour")]
    assert plan_table(tmp_path, "branches").warnings == ()


@pytest.mark.skipif(not ORIGINAL.is_dir(), reason="the original pack is not here")
def test_original_pack_is_read_to_the_cent() -> None:
    sums = {
        "estimated_income": "513915102.79",
        "superannuation_savings": "76594799.02",
        "credit_card_balance": "9528620.83",
        "bank_loans": "1774158466.46",
        "bank_deposits": "2014680581.77",
        "checking_accounts": "963278847.38",
        "saving_accounts": "698725060.45",
        "foreign_currency_account": "89650589.98",
        "business_lending": "2600279425.22",
    }
    rows = read(ORIGINAL)
    assert len(rows) == 3000
    assert len({row[0] for row in rows}) == 2940
    assert {row[-2] for row in rows} == {None}
    for name, total in sums.items():
        cells = [row[NAMES.index(name)] for row in rows]
        assert sum(Decimal(cell or "") for cell in cells) == Decimal(total), name
    lookups = {"banking_relationships": 4, "genders": 2, "investment_advisors": 22}
    assert {table: len(read(ORIGINAL, table)) for table in lookups} == lookups


def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    oddities.put(tmp_path, oddities.seed_text())
    plan = plan_table(tmp_path, "clients")
    assert changed_files(plan) == ()
    with (tmp_path / "banking-clients.csv").open("r+b") as file:
        file.truncate(1000)
    assert changed_files(plan) == ("banking-clients.csv",)


def test_parquet_times_and_odd_numbers_keep_what_they_say(tmp_path: Path) -> None:
    oddities.lookups(tmp_path)
    oddities.write_parquet(
        tmp_path,
        """select * replace (
            timestamp '2019-05-06 10:30:00' as "Joined Bank",
            1.005::double as "Bank Loans",
            'nan'::double as "Bank Deposits",
            2.5::double as "Age",
            1200.1::double as "Business Lending"
        ) from seed limit 1""",
    )
    (row,) = read(tmp_path)
    found = dict(zip(NAMES, row, strict=False))
    assert found["joined_bank"] == "2019-05-06 10:30:00"
    assert found["bank_loans"] == "1.005"
    assert found["bank_deposits"] == "nan"
    assert found["age"] == "2.5"
    assert found["business_lending"] == "1200.10"


def test_parquet_dates_are_written_in_the_declared_format(tmp_path: Path) -> None:
    oddities.lookups(tmp_path)
    oddities.write_parquet(
        tmp_path,
        "select * replace (timestamptz '2019-05-06 00:00:00+00' as \"Joined Bank\") from seed",
    )
    assert {row[NAMES.index("joined_bank")] for row in read(tmp_path)} == {"06-05-2019"}
    declared = read(tmp_path, date_format="%Y/%m/%d")
    assert {row[NAMES.index("joined_bank")] for row in declared} == {"2019/05/06"}


def test_own_header_goes_before_an_alias(tmp_path: Path) -> None:
    header, rows = oddities.seed_rows()
    named = [[*row, "Retail"] for row in rows]
    oddities.put(tmp_path, oddities.text_of(named, [*header, "Banking Relationship"]))
    assert [row[: len(NAMES)] for row in read(tmp_path)] == seed()


def test_plugin_answers_in_json_and_never_raises(tmp_path: Path) -> None:
    oddities.put(tmp_path, oddities.seed_text())
    with duckdb.connect() as connection:
        Plugin.configure_connection(SimpleNamespace(_opened=None, creds=None), connection)  # type: ignore[arg-type]

        def ask(table: str, folder: str) -> dict[str, object]:
            answer = connection.cursor().execute(
                "select bank_raw_plan(?, ?, '%d-%m-%Y')", [table, folder]
            )
            plan: dict[str, object] = json.loads((answer.fetchone() or ("",))[0])
            return plan

        plan = ask("clients", str(tmp_path))
        assert plan["error"] is None
        assert connection.execute(f"select count(*) from ({plan['sql']})").fetchone() == (
            oddities.SEED_COUNT,
        )
        changes = "select bank_raw_changed(?)"
        assert connection.execute(changes, [str(tmp_path)]).fetchone() == ("",)
        (tmp_path / "banking-clients.csv").write_text("shorter")
        answer = str(connection.execute(changes, [str(tmp_path)]).fetchone())
        assert "banking-clients.csv: changed while it was read" in answer
        assert "no such folder" in str(ask("clients", str(tmp_path / "absent"))["error"])
        assert "no such raw table" in str(ask("accounts", str(tmp_path))["error"])
    assert "cannot be planned" in json.loads(raw_plan_json("clients", "a\0b", ""))["error"]


def test_careful_reader_goes_on_behind_an_open_quote(tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_bytes(b'a,b\n1,"x\ny"\n2,"open\n3,"ok, too"\r\n\r\n4,"a""b"\n5,c"d\n6,e')
    shape = Shape(separator=",", width=2, header=("a", "b"), repeated=(0, 1))
    records = list(read_records(path, "few.csv", 0, shape))
    assert [(record.cells, record.fault) for record in records] == [
        (("1", "x\ny"), None),
        ((), "broken quoting"),
        (("3", "ok, too"), None),
        (("4", 'a"b'), None),
        ((), "broken quoting"),
        (("6", "e"), None),
    ]
    assert [record.text for record in records if record.fault] == ['2,"open', '5,c"d']


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Client ID", "\ufeffclient_id"),
        ("Client ID", "CLIENT\u00a0 ID "),
        ("BRId", "br id"),
        ("IAId", "ＩＡＩＤ"),
    ],
)
def test_headers_are_compared_by_letters_and_digits(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


def test_names_are_sorted_as_people_count() -> None:
    names = ["part10", "part2", "Part1", "part2b"]
    assert sorted(names, key=natural_key) == ["Part1", "part2", "part2b", "part10"]


@pytest.mark.parametrize("name", ["Banking.csv", "export of march.csv"])
def test_one_file_is_a_drop_of_clients(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes((SEEDS / "raw_clients.csv").read_bytes())
    (tmp_path / "clients.csv").write_text("another drop", "utf-8")
    rows = read(file)
    assert [row[: len(NAMES)] for row in rows] == seed()
    assert {row[len(NAMES)] for row in rows} == {name}
    with pytest.raises(DropError, match="no file for genders"):
        plan_table(file, "genders")


def test_one_file_that_names_its_table_is_no_drop_of_clients(tmp_path: Path) -> None:
    file = tmp_path / "gender.csv"
    file.write_bytes((SEEDS / "raw_genders.csv").read_bytes())
    assert len(read(file, "genders")) == 2
    with pytest.raises(DropError, match="no file for clients"):
        plan_table(file, "clients")


@pytest.mark.parametrize(
    ("first", "second", "is_one"),
    [
        ('1,"A', 'B",x,y', True),  # a name broken over two lines
        ('"1', '2",A,x,y', True),
        ('1,A,x,"y', 'z, or not"', True),  # a remark in the last column
        ('1,A,x,"y, y', 'z, z, z, z, z"', True),
        ('1,"A,x,y', '2,B",x,y', False),  # two rows
        ('1,"A', '2,B",x,y', False),  # the first of them cut off
        ('1,"A,x,y,', '2,B",x,y,', False),
        ('"1,A,x,y', '2",B,x,y', False),
        ('1,"A,x,y', '2,B,x",y', False),  # not the width of the table if they were one
        ('1,A,x,"y', '2,B,x,y"', False),
        ('"1","A', '2,B","x","y"', True),  # all texts in quotes: a quote of a name is doubled
        ('1,"A', '2,B","x","y"', True),
        ('1,"A', '2,B","x, x",y', False),
    ],
)
def test_lines_in_quotes_are_one_record_only_where_they_cannot_be_rows(
    first: str, second: str, is_one: bool, tmp_path: Path
) -> None:
    path = tmp_path / "few.csv"
    path.write_text(f"id,name,a,b\n{first}\n{second}\n")
    shape = Shape(separator=",", width=4, header=("id", "name", "a", "b"), repeated=(1, 3))
    records = list(read_records(path, "few.csv", 0, shape))
    assert (len(records) == 1) == is_one
    assert all((record.fault is None) == is_one for record in records)
    plain = records_of([first, second, ""], ",", 4)
    assert plain == [list(record.cells) if is_one else record.fault for record in records]


def test_the_declared_encoding_is_obeyed_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def name_in(encoding: str, text: str = "Пров Донцов") -> str | None:
        oddities.put(tmp_path, oddities.named([text]).encode(encoding))
        return read(tmp_path)[2000][NAMES.index("name")]

    monkeypatch.setenv("BANK_RAW_ENCODING", "Windows-1251")
    assert name_in("cp1251") == "Пров Донцов"
    with pytest.raises(DropError, match="says cp1251, but the file is in UTF-8: 'Пров Донцов'"):
        name_in("utf-8")
    assert name_in("utf-8-sig") == name_in("utf-16") == "Пров Донцов"
    monkeypatch.setenv("BANK_RAW_ENCODING", "shift_jis")
    with pytest.raises(DropError, match=r"not valid CP932 .* in another encoding"):
        name_in("latin-1", "Zoë Núñez")
    monkeypatch.setenv("BANK_RAW_ENCODING", "utf-8")
    assert name_in("cp1251") is None
    monkeypatch.setenv("BANK_RAW_ENCODING", "latin-2000")
    with pytest.raises(DropError, match=r"'latin-2000' is no encoding that is read\. Use auto or"):
        name_in("utf-8")


@pytest.mark.parametrize("line_end", ["\n", "\r"])
def test_foreign_bytes_behind_other_trouble_are_found(line_end: str, tmp_path: Path) -> None:
    rows = oddities.seed_rows()[1]
    many = [list(row) for row in rows * 3]
    many[0][1] = "Ann\nLee"
    many[-1][1] = "Zoë Núñez"
    text = oddities.text_of(many).replace("\n", line_end)
    oddities.put(tmp_path, text.encode("cp1252"))
    found = read(tmp_path)
    assert found[-1][NAMES.index("name")] == "Zoë Núñez"
    assert len(found) == len(many)


@settings(max_examples=1000, deadline=None, derandomize=True, database=None)
@given(
    text=st.lists(st.sampled_from([",", "\n", '"', "a", " ", "1", ',"', '",']), max_size=28),
    width=st.integers(2, 4),
)
def test_careful_and_plain_reader_split_quotes_alike(text: list[str], width: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "few.csv"
        path.write_text("header\n" + "".join(text))
        shape = Shape(separator=",", width=width, header=("no",) * width, repeated=(0, 1))
        found = list(read_records(path, "few.csv", 0, shape))
    expected: list[list[str] | str] = []
    for cells in records_of("".join(text).split("\n"), ",", width):
        if isinstance(cells, str):
            expected.append(cells)
        elif len(cells) < width:
            expected.append("too few cells")
        else:
            is_longer = any(cell.strip() for cell in cells[width:])
            expected.append("too many cells" if is_longer else cells)
    assert [record.fault or list(record.cells) for record in found] == expected
