"""Compare staging with a slow reader in plain Python, on drops damaged by Hypothesis.

Each Hypothesis test tries the same 60 drops every time. With `HYPOTHESIS_PROFILE=nightly`, it tries
2,000 random drops.
"""

import csv
import gzip
import io
import os
import re
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bank_warehouse.raw_drop.encoding import NAMES
from python_checks.testing import oddities
from python_checks.testing.paths import SEEDS
from python_checks.testing.plain_reader import MONEY, Reading, read_plainly
from python_checks.testing.staging import Cell, Staged, Staging
from python_checks.testing.workbooks import write_ods, write_xlsx

pytestmark = pytest.mark.examples

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
PROFILE = settings(
    max_examples=2000 if NIGHTLY else 60,
    derandomize=not NIGHTLY,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
ROWS = 20
NAMES_IN = {
    **{encoding: names for encoding, names in oddities.NAMED.values() if encoding != "utf-8"},
    "iso8859-2": ["Łukasz Wałęsa", "Jiří Dvořák", "Růžena Němcová", "Błażej Żak"],
    "cp1254": ["Işıl Şahin", "Oğuz Çağlayan", "Gülşah Yıldız", "Tuğçe Aydın"],
    "cp850": ["José Muñoz", "Hélène Garçon", "Jürgen Groß", "Åsa Öberg"],
    "koi8-r": ["Иван Петров", "Пётр Чехов", "Анна Ахматова", "Ольга Ёлкина"],
    "cp1253": ["Γιώργος Παπαδόπουλος", "Ελένη Νικολάου", "Δημήτρης Ιωάννου"],
    "big5": ["王小明", "陳怡君", "林志玲", "張家豪", "黃淑芬", "李雅婷", "劉德華", "吳建國"],
    "euc_kr": ["김민준", "이서연", "박지훈", "최수빈", "정하은", "강도윤", "조예린", "윤서준"],
    "euc_jp": ["山田 太郎", "佐藤 花子", "鈴木 一郎", "高橋 さくら", "田中 ケンジ", "渡辺 美咲"],
}
"""Encodings without a byte-order mark, and names that can be written in each."""
KEYS = ("customer_key", "client_key")

CELLS = st.one_of(
    st.sampled_from(
        [
            *("", " ", "  ", "\t", "\u00a0", "-", "- ", "$-", " $-   ", "--", "0", "0.00", "-0.00"),
            *("1", "+3", "-3", "3.0", "3.", "3.5", "007", "1e3", "1E+06", "1_000", "2147483648"),
            *("12.34", " 12.34 ", "+12.34", "-12.34", "$12.34", "-$12.34", "$-12.34", "$ 12.34"),
            *("€12.34", "£1,200.00", "1,200", "1,20.00", "12,34", "1.200,00", "(1,200.00)"),
            *(
                "($1,200.00)",
                "(12.34",
                "(-12.34)",
                "12.345",
                "12.340",
                "12.3",
                "12.",
                ".5",
                "1.2.34",
            ),
            *("1.2.34", "9999999999999999.99", "10000000000000000.00", "9" * 20, "nan", "inf"),
            *("01-02-2010", "1-2-2010", "13-02-2010", "02-13-2010", "31-02-2010", "29-02-2020"),
            *("01-01-2022", "31-12-2021", "2010-02-01", "01/02/2010", "01-02-10", " 01-02-2010 "),
            *("01-02-2010 00:00:00", "01-02-2010T00:00", "01-02-2010 10:00:00", "05-05-2010"),
            *("Retail", "RETAIL", "Male", "mid", " Gold ", "JADE", "4", "5", "22", "23", "121"),
            *("=cmd|' /C calc'!A0", "'; drop table clients; --", 'say "so"', "a,b", "a;b", "a\nb"),
            *(
                "258.000",
                "0,500",
                "012,345",
                "12,50 €",
                "USD 12.50",
                "$-12.50",
                "1'200.50",
                "1 200,50",
            ),
            *(
                "#N/A",
                "None",
                "NaN",
                "\u200b",
                "\u3000x\u200b",
                "1.234,5",
                "1,234,567",
                "(5)",
                "-  ",
            ),
            *("20100201", "2010/2/1", "1.2.2010", "13/02/2010", "999999999999.99", "1e12", "12,"),
            *("Client ID", "Name", "Né", "NULL", "null", "{{ x }}", "\\", "..", "../../etc/passwd"),
        ]
    ),
    st.text(alphabet='0123456789.,-+()$ "aeE;|', max_size=8),
)

# A date whose parts are valid, ambiguous or wrong, to test how their order is read.
DATES = st.builds(
    "{0}{3}{1}{3}{2}".format,
    st.sampled_from(["1", "01", "5", "12", "13", "28", "31", "00", "32", "001"]),
    st.sampled_from(["1", "01", "5", "12", "13", "02", "00", "001"]),
    st.sampled_from(
        ["2010", "2021", "2022", "10", "1", "201", "0010", "02010", "1900", "1901", "9999", "20O9"]
    ),
    st.sampled_from(["-", "-", "-", "/", ".", " ", "--"]),
)
DATE_COLUMN = 4
ANY_CELL = st.tuples(st.just("cell"), st.integers(0, ROWS - 1), st.integers(0, 24), CELLS)
DATE_CELL = st.tuples(st.just("cell"), st.integers(0, ROWS - 1), st.just(DATE_COLUMN), DATES)
CELL_DAMAGE = st.one_of(ANY_CELL, ANY_CELL, DATE_CELL)
ROW_DAMAGE = st.tuples(
    st.sampled_from(["cut", "widen", "twice", "header", "blank", "open quote", "drop"]),
    st.integers(0, ROWS - 1),
    st.integers(0, 24),
    st.just(""),
)
DAMAGE = st.lists(st.one_of(CELL_DAMAGE, CELL_DAMAGE, CELL_DAMAGE, ROW_DAMAGE), max_size=6)
HEADER_DAMAGE = st.sampled_from(
    [*["none"] * 6, "snake", "camel", "capitals", "reverse", "twice", "misspelt", "missing", "more"]
)
FILE_DAMAGE = st.fixed_dictionaries(
    {
        "separator": st.sampled_from([",", ",", ";", "\t", "|"]),
        "line_end": st.sampled_from(["\n", "\n", "\r\n"]),
        "encoding": st.one_of(
            st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
            st.sampled_from(["utf-16-le", "utf-16-be", "utf-32", *NAMES_IN]),
        ),
        "is_declared": st.booleans(),
        "quote_all": st.booleans(),
        "packed": st.sampled_from(["", "", "gzip", "zip"]),
        "alone": st.sampled_from([False, False, True]),
        "exchanged": st.sampled_from([*["none"] * 6, "one", "all", "converted"]),
        "cut_off": st.sampled_from([0, 0, 0, 0, 5, 60, 300]),
        "rate": st.sampled_from([1.0, 1.0, 1.0, 0.2]),
    }
)


@pytest.fixture(scope="module")
def staging() -> Iterator[Staging]:
    staging = Staging()
    yield staging
    staging.connection.close()


def damaged(
    damage: list[tuple[str, int, int, str]], header_damage: str, whole: dict[str, object]
) -> bytes:
    """Return the bytes of a damaged file that contains the first rows of the sample."""
    header, rows = oddities.seed_rows()
    rows = rows[:ROWS]
    names = NAMES_IN.get(str(whole["encoding"]), [])
    for client, name in zip(rows, names, strict=False):
        client[1] = name
    if whole["exchanged"] == "converted":  # by a spreadsheet in another locale
        for day, cells in enumerate(rows, start=3):
            month, year = day % 12 + 1, cells[4][6:]
            cells[4] = f"{year}-{day:02}-{month:02}" if day <= 12 else f"{day}/{month}/{year}"
    elif whole["exchanged"] != "none":
        for cells in rows if whole["exchanged"] == "all" else rows[3:4]:
            cells[4] = f"{cells[4][3:5]}-{cells[4][:2]}{cells[4][5:]}"
    raw_lines: dict[int, str] = {}
    edges: dict[tuple[int, int], str] = {}
    for kind, row, column, content in damage:
        cell = content.encode(str(whole["encoding"]), "ignore").decode(str(whole["encoding"]))
        if kind == "cell" and len(rows[row]) > column:
            rows[row] = [*rows[row][:column], cell, *rows[row][column + 1 :]]
        elif kind == "cut":
            rows[row] = rows[row][: column + 1]
        elif kind == "widen":
            rows[row] = [*rows[row], "", "more" if column % 2 else " "]
        elif kind == "twice":
            rows[row] = list(rows[(row + 1) % ROWS])
        elif kind == "header":
            rows[row] = list(header)
        elif kind == "blank":
            rows[row] = [" "] * (column + 1)
        elif kind == "open quote" and column < 8:
            raw_lines[row] = '"' if column % 2 else 'x"y'
        elif kind == "open quote":  # at the edge of a cell, unescaped
            edges[row, 1 if column < 18 else 7] = "begin" if column % 2 else "end"
    dropped = {row for kind, row, _, _ in damage if kind == "drop"}
    header = {
        "snake": [name.lower().replace(" ", "_") for name in header],
        "camel": [name.replace(" ", "") for name in header],
        "capitals": [f" {name.upper()} " for name in header],
        "twice": [*header[:-2], "age", header[-1]],
        "misspelt": [name.replace("Loans", "Lones") for name in header],
        "more": [*header, "Remarks"],
    }.get(header_damage, header)
    order = range(len(header))[:: -1 if header_damage == "reverse" else 1]
    if header_damage == "missing":
        order = range(len(header) - 3)
    if header_damage in ("reverse", "missing"):
        header = [header[at] for at in order]
        rows = [[row[at] for at in order if at < len(row)] for row in rows]
    lines = oddities.text_of(
        [], header, separator=str(whole["separator"]), quoting=1 if whole["quote_all"] else 0
    )
    for number, row_cells in enumerate(rows):
        if number not in dropped:
            line = oddities.text_of(
                [],
                row_cells,
                separator=str(whole["separator"]),
                quoting=1 if whole["quote_all"] else 0,
            )
            for at, cell in enumerate(row_cells):
                if (number, at) in edges and cell and line.count(cell) == 1:
                    marked = f'"{cell}' if edges[number, at] == "begin" else f'{cell}"'
                    line = line.replace(cell, marked)
            lines += raw_lines.get(number, "") + line
    cut_off = int(str(whole["cut_off"]))
    text = lines[: len(lines) - cut_off] if cut_off else lines
    data = text.replace("\n", str(whole["line_end"])).encode(str(whole["encoding"]))
    if whole["packed"] == "zip":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("clients.csv", data)
        return packed.getvalue()
    return gzip.compress(data) if whole["packed"] else data


def agree(staged: Staged, plain: Reading) -> None:
    """Fail if the two readers disagree about a drop."""
    if plain.refusal is not None:
        assert staged.refusal is not None
        assert plain.refusal in staged.refusal
        return
    assert staged.refusal is None
    assert staged.differences is not None
    assert not any(staged.differences.values()), "rows or money do not tie out"
    assert staged.delivered == plain.rows == len(plain.accepted) + len(plain.quarantined)
    assert accepted_of(staged) == Counter(comparable(row) for row in plain.accepted)
    ours = {(row.row, row.reasons, row.money) for row in plain.quarantined}
    theirs = {
        (
            row["source_row"],
            frozenset(reason_of(reason) for reason in str(row["reject_reasons"]).split("; ")),
            tuple(row[name] for name in MONEY),
        )
        for row in staged.quarantined
    }
    assert theirs == ours
    assert len(staged.quarantined) == len(plain.quarantined)
    for name in MONEY:
        total = sum(Decimal(str(row[name])) for row in staged.accepted)
        assert total == sum(Decimal(str(row[name])) for row in plain.accepted), name


def accepted_of(staged: Staged) -> Counter[object]:
    return Counter(
        comparable({name: cell for name, cell in row.items() if name not in KEYS})
        for row in staged.accepted
    )


def comparable(row: dict[str, Cell]) -> tuple[tuple[str, Cell], ...]:
    return tuple(sorted(row.items()))


def reason_of(reason: str) -> str:
    """Return the column that a reason names, or the whole reason if it is about a line."""
    first = reason.split(" ")[0]
    return reason if first in ("too", "broken", "repeated") else first


@PROFILE
@given(damage=DAMAGE, header_damage=HEADER_DAMAGE, whole=FILE_DAMAGE)
def test_plain_reader_agrees(
    staging: Staging,
    damage: list[tuple[str, int, int, str]],
    header_damage: str,
    whole: dict[str, object],
) -> None:
    encoding = str(whole["encoding"])
    rate = float(str(whole["rate"]))
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as environment:
        file = Path(folder) / ("Banking.zip" if whole["packed"] == "zip" else "Banking.csv")
        oddities.put(file.parent, damaged(damage, header_damage, whole), file.name)
        if encoding in NAMES_IN and whole["is_declared"]:
            environment.setenv("BANK_RAW_ENCODING", encoding)
        staged = staging.read(file if whole["alone"] else file.parent, max_quarantine_rate=rate)
        if encoding in NAMES_IN and not whole["is_declared"]:
            if staged.refusal and "the bytes do not say which encoding it is" in staged.refusal:
                return
            encoding = encoding_read(staging.messages, encoding)
        lookups = None if whole["alone"] else SEEDS
        agree(staged, read_plainly(file, lookups, rate, encoding))


def encoding_read(messages: Sequence[str], written: str) -> str:
    """Return the encoding that a warning names, or `written` if there is no such warning.

    If only a few cells decide, two encodings may both give plausible names. Staging may then choose
    the wrong one, but it warns.
    """
    message = " ".join(messages)
    named = [code for code, name in NAMES.items() if f"not UTF-8: read as {name}, so" in message]
    return named[0] if named else written


PLAIN_FILE: dict[str, object] = {
    **{"separator": ",", "line_end": "\n", "encoding": "utf-8", "quote_all": False},
    **{"packed": "", "exchanged": "none", "cut_off": 0},
}
NUMBER = re.compile(r"(0|[1-9][0-9]{0,9})([.][0-9]{2})?")


@PROFILE
@given(
    damage=DAMAGE,
    header_damage=HEADER_DAMAGE,
    kind=st.sampled_from(["xlsx", "ods", "parquet"]),
    is_alone=st.booleans(),
)
@example(damage=[("header", 0, 0, "")], header_damage="none", kind="parquet", is_alone=False)
@example(damage=[], header_damage="twice", kind="parquet", is_alone=False)
def test_plain_reader_agrees_on_typed_files(
    staging: Staging,
    damage: list[tuple[str, int, int, str]],
    header_damage: str,
    kind: str,
    is_alone: bool,
) -> None:
    shaped = [one for one in damage if one[0] != "open quote"]
    text = damaged(shaped, header_damage, PLAIN_FILE).decode()
    header, *rows = csv.reader(io.StringIO(text))
    cells = [
        [float(cell) if NUMBER.fullmatch(cell) else cell for cell in row] for row in [header, *rows]
    ]
    with tempfile.TemporaryDirectory() as folder:
        drop = Path(folder)
        oddities.lookups(drop)
        file = drop / f"Banking.{kind}"
        if kind == "xlsx":
            write_xlsx(file, {"Data": cells})
        elif kind == "ods":
            write_ods(file, {"Data": cells})
        else:
            whole = [[*row, *[""] * len(header)][: len(header)] for row in rows]
            columns = zip(*whole, strict=True) if whole else [[] for _ in header]
            arrays = [pyarrow.array(column, pyarrow.string()) for column in columns]
            pyarrow.parquet.write_table(pyarrow.Table.from_arrays(arrays, header), file)
        plain = read_plainly(file, None if is_alone else SEEDS, 1.0)
        agree(staging.read(file if is_alone else drop, max_quarantine_rate=1.0), plain)


def test_undamaged_rows_are_accepted_by_both(staging: Staging, tmp_path: Path) -> None:
    oddities.put(tmp_path, oddities.text_of(oddities.seed_rows()[1][:ROWS]))
    plain = read_plainly(tmp_path / "banking-clients.csv", SEEDS, 0.0)
    assert len(plain.accepted) == ROWS
    agree(staging.read(tmp_path, max_quarantine_rate=0.0), plain)
