"""Work lists have the right customers, are private, and are safe to open in a spreadsheet."""

import csv
import hashlib
import json
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result
from python_calamine import CalamineWorkbook

from bank_warehouse import worklist
from bank_warehouse.answers import labels
from bank_warehouse.cli import main
from bank_warehouse.private import owner_of
from bank_warehouse.publish import current_release
from bank_warehouse.publish.flow import publish
from bank_warehouse.publish.releases import DATABASE
from bank_warehouse.worklist import RECORD, command_for
from python_checks.testing.publishing import change_checked, copy_checked
from python_checks.testing.users import open_copy, without_rights

FORMULAS = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1:A9)", "\t=1+1", "\r=1+1", "＝1+1"]


def ask(publish_dir: Path, *options: str, **environment: str) -> Result:
    return CliRunner().invoke(
        main, ["worklist", "--publish-dir", str(publish_dir), *options], env=environment
    )


def access_file(folder: Path, *rows: str) -> Path:
    """Write an access file with these rows."""
    path = folder / "access.csv"
    heads = "user_name,banking_relationship,investment_advisor"
    path.write_text("".join(f"{line}\n" for line in (heads, *rows)), "utf-8")
    return path


@pytest.fixture
def releases(published: Path, tmp_path: Path) -> Path:
    """A release of the sample, in a folder that a test may write to."""
    folder = tmp_path / "published"
    shutil.copytree(published, folder, symlinks=True)
    return folder


@pytest.fixture(scope="module")
def with_names(built_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release with names, some of which a spreadsheet would run as formulas."""
    folder = tmp_path_factory.mktemp("names")
    warehouse = copy_checked(built_warehouse, folder / "built")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        keys = [key for (key,) in connection.execute(
            "select customer_key from marts.fct_customer_recommendations "
            "where action = 'act_on_watch_list' order by customer_key limit ?", [len(FORMULAS)]
        ).fetchall()]  # fmt: skip
    texts = " ".join(
        f"when {key} then '{text.replace(chr(39), chr(39) * 2)}'"
        for key, text in zip(keys, FORMULAS, strict=True)
    )
    change_checked(
        warehouse,
        "create table staging.names as from restricted.dim_customer_identities",
        f"update staging.names set client_name = case customer_key {texts} else client_name end",
        "drop view restricted.dim_customer_identities",
        "create view restricted.dim_customer_identities as from staging.names",
    )
    publish(warehouse, folder / "published", None, with_restricted=True)
    return folder / "published"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def unwrapped(result: Result) -> str:
    return " ".join(result.output.split())


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def read_sheet(path: Path) -> tuple[str, list[dict[str, Any]]]:
    """Return the line above the table, and its rows by column name."""
    first, heads, *rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    return str(first[0]), [dict(zip(map(str, heads), row, strict=True)) for row in rows]


def due(publish_dir: Path, condition: str) -> list[tuple[Any, ...]]:
    """Return the customer code, amount and gap of each recommendation that meets a condition."""
    database = current_release(publish_dir).path / DATABASE
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(
            "select customer_code, money_concerned, gap_to_close "
            "from marts.fct_customer_recommendations inner join marts.dim_customers "
            f"using (customer_key) where {condition} order by all"
        ).fetchall()


# ---------- which customers are listed


def test_list_has_the_customers_of_an_action_with_reasons_and_amounts(
    releases: Path, tmp_path: Path
) -> None:
    out = tmp_path / "list.csv"
    result = ask(releases, "--action", "deepen_saving_account", "--out", str(out))
    assert result.exit_code == 0, result.output
    rows = read_csv(out)
    wanted = due(releases, "action = 'deepen_saving_account'")
    assert len(wanted) > 10
    listed = [(row["Customer"], row["Balances involved"], row["Gap to close"]) for row in rows]
    assert sorted(listed) == sorted((code, str(money), str(gap)) for code, money, gap in wanted)
    assert {row["Action"] for row in rows} == {"Grow savings balance"}
    assert {row["Why"] for row in rows} == {
        "Savings account balance is less than 50% of the peers' median; loans are less than 6 times"
        " a year's income; not on the watch list"
    }
    assert all(row["This customer"].startswith("Savings account balance is ") for row in rows)
    assert {row["Data"] for row in rows} == {"Invented sample"}
    assert {row["As of"] for row in rows} == {"2021-12-31"}
    gaps = [float(row["Gap to close"]) for row in rows]
    assert gaps == sorted(gaps, reverse=True)


def test_sheet_has_the_same_rows_as_the_csv(releases: Path, tmp_path: Path) -> None:
    for name in ("list.csv", "list.xlsx"):
        result = ask(releases, "--owner", "credit risk", "--out", str(tmp_path / name))
        assert result.exit_code == 0, result.output
    what, rows = read_sheet(tmp_path / "list.xlsx")
    assert what == f"Work list of release 1, as of 31 December 2021. {labels.INVENTED}"
    plain = read_csv(tmp_path / "list.csv")
    assert len(rows) == len(plain) == len(due(releases, "owner = 'Credit risk'"))
    for cells, texts in zip(rows, plain, strict=True):
        for head, text in texts.items():
            if head in ("Balances involved", "Gap to close", "Total loans", "Release"):
                assert (float(text) if text else "") == cells[head]
            elif head in ("Customer", "Why", "Watch-list rules met", "This customer"):
                assert text == cells[head]


def test_action_names_are_accepted(releases: Path, tmp_path: Path) -> None:
    out = tmp_path / "list.csv"
    result = ask(releases, "--action", "Act on the watch list", "--owner", "Credit risk",
               "--out", str(out))  # fmt: skip
    assert result.exit_code == 0, result.output
    assert len(read_csv(out)) == 63
    assert {row["Watch list"] for row in read_csv(out)} == {"Act now"}


def test_command_shown_on_the_dashboard_runs(
    releases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BANK_PUBLISH_DIR", str(releases))
    command = command_for("act_on_watch_list").split()
    assert command[0] == "bank"
    result = CliRunner().invoke(main, command[1:])
    assert result.exit_code == 0, result.output
    assert len(read_sheet(tmp_path / command[-1])[1]) == 63


@pytest.fixture(scope="module")
def after_leaving(
    published: Path, built_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Two releases. In the second, Treasury has no actions and all customers are Commercial."""
    folder = tmp_path_factory.mktemp("left")
    shutil.copytree(published, folder / "published", symlinks=True)
    warehouse = copy_checked(built_warehouse, folder / "built")
    left = {
        "fct_customer_recommendations": "* from staging.before where owner <> 'Treasury'",
        "dim_customers": "* replace ('Commercial' as banking_relationship) from staging.before",
    }
    for mart, selected in left.items():
        change_checked(
            warehouse,
            f"create or replace table staging.before as from marts.{mart}",
            f"create table staging.left_{mart} as select {selected}",
            f"drop view marts.{mart}",
            f"create view marts.{mart} as from staging.left_{mart}",
        )
    publish(warehouse, folder / "published", None)
    return folder / "published"


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize(
    "chosen", [("--owner", "treasury"), ("--action", "spread_deposits"),
               ("--action", "Diversify the deposits", "--owner", "Treasury")],
)  # fmt: skip
def test_list_of_an_owner_whose_last_customer_left_is_empty(
    after_leaving: Path, tmp_path: Path, chosen: tuple[str, ...], ending: str
) -> None:
    out = tmp_path / f"list.{ending}"
    result = ask(after_leaving, *chosen, "--out", str(out))
    assert result.exit_code == 0, result.output
    assert result.output == (
        f"No customer has these actions, so {out} has only the column names. Noted in "
        f"{after_leaving / RECORD}.\n"
    )
    heads = [head for name, head in worklist.COLUMNS.items() if name not in worklist.CONTACTS]
    if ending == "csv":
        with out.open(encoding="utf-8-sig", newline="") as file:
            assert list(csv.reader(file)) == [[*heads, *worklist.ABOUT]]
    else:
        sheet = CalamineWorkbook.from_path(str(out)).get_sheet_by_index(0).to_python()
        assert sheet[1:] == [[*heads, *worklist.ABOUT]]
    assert json.loads((after_leaving / RECORD).read_text("utf-8").splitlines()[-1])["rows"] == 0


def test_list_of_a_user_whose_last_customer_left_is_empty(
    after_leaving: Path, tmp_path: Path
) -> None:
    access = access_file(tmp_path, "ada@bank.example,Retail,")
    out = tmp_path / "ada.csv"
    result = ask(after_leaving, "--owner", "Credit risk", "--access-file", str(access),
               "--user", "ada@bank.example", "--out", str(out))  # fmt: skip
    assert result.exit_code == 0, result.output
    assert (
        "Warning: No customer of the release has the banking relationship 'Retail'" in result.stderr
    )
    assert f"No customer that ada@bank.example may see has these actions, so {out}" in result.stdout
    assert read_csv(out) == []


# ---------- access


def test_names_are_listed_only_with_the_option(with_names: Path, tmp_path: Path) -> None:
    plain, contacts = tmp_path / "plain.csv", tmp_path / "contacts.csv"
    chosen = ("--action", "act_on_watch_list", "--out")
    assert ask(with_names, *chosen, str(plain)).exit_code == 0
    assert "Name" not in read_csv(plain)[0]
    result = ask(with_names, *chosen, str(contacts), "--restricted")
    assert result.exit_code == 0
    assert "with personal data" in result.output
    database = current_release(with_names).path / DATABASE
    with duckdb.connect(str(database), read_only=True) as connection:
        wanted = dict(connection.execute(
            "select customer_code, client_id from restricted.dim_customer_identities"
        ).fetchall())  # fmt: skip
    rows = read_csv(contacts)
    assert [row["Client id"] for row in rows] == [wanted[row["Customer"]] for row in rows]
    named = {row["Name"] for row in rows}
    assert not named & set(plain.read_text("utf-8").split(","))


def test_release_without_names_refuses_them(releases: Path, tmp_path: Path) -> None:
    out = tmp_path / "list.csv"
    result = ask(releases, "--action", "retain", "--out", str(out), "--restricted")
    assert result.exit_code == 1
    assert "holds no names or client ids" in result.output
    assert "--with-restricted" in result.output
    assert not out.exists()
    assert not (releases / RECORD).exists()


def test_user_gets_only_allowed_customers(releases: Path, tmp_path: Path) -> None:
    access = access_file(tmp_path, "Ada@bank.example,Retail,", "ada@bank.example,,Nobody's Advisor")
    chosen = ("--owner", "Credit risk", "--access-file", str(access), "--out")
    out = tmp_path / "ada.csv"
    result = ask(releases, *chosen, str(out), "--user", "ada@bank.example")
    assert result.exit_code == 0, result.output
    unknown = 'No customer of the release has the investment advisor "Nobody\'s Advisor"'
    assert f"Warning: {unknown}; known names: " in result.stderr
    rows = read_csv(out)
    assert {row["Banking relationship"] for row in rows} == {"Retail"}
    wanted = due(releases, "owner = 'Credit risk' and banking_relationship = 'Retail'")
    assert len(rows) == len(wanted) > 0
    refused = ask(releases, *chosen, str(tmp_path / "eve.csv"), "--user", "eve@bank.example")
    assert refused.exit_code == 1
    assert "gives eve@bank.example no customers" in refused.output
    # If the dashboard has an access file, a work list needs a user too.
    unnamed = ask(
        releases, "--owner", "Credit risk", "--out", str(tmp_path / "all.csv"),
        BANK_DASHBOARD_ACCESS_FILE=str(access),
    )  # fmt: skip
    assert unnamed.exit_code == 2
    assert "--user NAME" in unnamed.output
    assert not (tmp_path / "all.csv").exists()


def test_user_without_matching_customers_is_refused(releases: Path, tmp_path: Path) -> None:
    access = access_file(tmp_path, "ada@bank.example,retail,")
    out = tmp_path / "ada.csv"
    result = ask(releases, "--owner", "Credit risk", "--access-file", str(access),
               "--user", "ada@bank.example", "--out", str(out))  # fmt: skip
    assert result.exit_code == 1
    assert (
        "No customer of the release has the banking relationship 'retail'; known names: "
        "Commercial, Institutional, Private Bank, Retail.\nCorrect the rows of ada@bank.example"
    ) in result.stderr
    assert not out.exists()
    assert not (releases / RECORD).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has access lists instead of modes")
def test_release_without_read_permission_is_reported(published: Path) -> None:
    with open_copy(published) as folder:
        for closed in (
            folder / "1" / "manifest.json", folder / "1" / DATABASE, folder / "1", folder
        ):  # fmt: skip
            before = closed.stat().st_mode
            closed.chmod(0)
            with without_rights():
                result = ask(folder, "--action", "retain", "--out", str(folder.parent / "list.csv"))
            closed.chmod(before)
            assert result.exit_code == 2, result.output
            assert "cannot be read by this user" in result.stderr
            assert f"Ask {owner_of(folder)} for permission to read it." in result.stderr
            assert "Restore" not in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has access lists instead of modes")
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_file_is_private(releases: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"list.{ending}"
    assert ask(releases, "--action", "retain", "--out", str(out)).exit_code == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert stat.S_IMODE((releases / RECORD).stat().st_mode) == 0o600
    assert names(tmp_path) == [out.name, "published"]


# ---------- safe to open


def test_formulas_are_written_as_text(with_names: Path, tmp_path: Path) -> None:
    chosen = ("--action", "act_on_watch_list", "--restricted", "--out")
    for name in ("list.csv", "list.xlsx"):
        assert ask(with_names, *chosen, str(tmp_path / name)).exit_code == 0
    texts = [row["Name"] for row in read_csv(tmp_path / "list.csv")]
    # A spreadsheet may split text at a tab or line break, so a formula may begin there too.
    safe = {"'" + (f"{text[0]}'{text[1:]}" if text[0] in "\t\r" else text) for text in FORMULAS}
    assert safe <= set(texts)
    assert not any(text.startswith(tuple("=+-@\t\r＝")) for text in texts)
    what, rows = read_sheet(tmp_path / "list.xlsx")
    assert "Personal data" in what
    # Cells of a sheet have a type. These are text, so the names need no apostrophe.
    assert {text.replace("\r", "\n") for text in FORMULAS} <= {
        str(row["Name"]).replace("\r", "\n") for row in rows
    }
    with zipfile.ZipFile(tmp_path / "list.xlsx") as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet


# ---------- the record


def test_every_list_is_recorded(releases: Path, tmp_path: Path) -> None:
    for name in ("one.csv", "two.xlsx"):
        result = ask(releases, "--action", "retain", "--out", str(tmp_path / name))
        assert result.exit_code == 0
        assert RECORD in result.output
    lines = [json.loads(line) for line in (releases / RECORD).read_text("utf-8").splitlines()]
    assert [line["file"] for line in lines] == [
        str(tmp_path / name) for name in ("one.csv", "two.xlsx")
    ]
    for line in lines:
        file = Path(line["file"])
        assert line["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert line["rows"] == len(due(releases, "action = 'retain'"))
        assert line["actions"] == ["retain"]
        assert (line["release"], line["source"], line["has_contacts"]) == (1, "sample", False)
        assert line["written_by"]
        assert line["written_at"].endswith("Z")


def test_list_that_cannot_be_recorded_is_not_written(releases: Path, tmp_path: Path) -> None:
    (releases / RECORD).mkdir()
    out = tmp_path / "list.csv"
    result = ask(releases, "--action", "retain", "--out", str(out))
    assert result.exit_code == 1
    assert f"{releases / RECORD} cannot be written" in result.output
    assert names(tmp_path) == ["published"]


def test_list_that_cannot_be_written_is_not_recorded(
    releases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (releases / RECORD).write_bytes(b'{"rows": 7}\n')
    out = tmp_path / "list.csv"
    write = worklist._write

    def another_is_faster(*arguments: Any) -> int:
        number = write(*arguments)
        out.write_text("the list of another process", "utf-8")
        return number

    monkeypatch.setattr(worklist, "_write", another_is_faster)
    result = ask(releases, "--action", "retain", "--out", str(out))
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {out} already exists.\n")
    assert out.read_text("utf-8") == "the list of another process"
    assert (releases / RECORD).read_bytes() == b'{"rows": 7}\n'
    assert names(tmp_path) == ["list.csv", "published"]


def test_incomplete_line_of_the_record_is_kept(releases: Path, tmp_path: Path) -> None:
    (releases / RECORD).write_bytes(b'{"rows": 7}\n{"written_at": "2026')
    result = ask(releases, "--action", "retain", "--out", str(tmp_path / "list.csv"))
    assert result.exit_code == 0
    assert f"Warning: The last line of {releases / RECORD} was incomplete" in result.stderr
    first, half, new = (releases / RECORD).read_text("utf-8").splitlines()
    assert (first, half) == ('{"rows": 7}', '{"written_at": "2026')
    assert json.loads(new)["actions"] == ["retain"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows users often cannot create links")
def test_record_names_the_target_of_a_link(releases: Path, tmp_path: Path) -> None:
    link, target = tmp_path / "link.csv", tmp_path / "list.csv"
    link.symlink_to(target)
    assert ask(releases, "--action", "retain", "--out", str(link)).exit_code == 0
    noted = json.loads((releases / RECORD).read_text("utf-8"))
    assert link.readlink() == target
    assert noted["file"] == str(target)
    assert noted["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()


# ---------- interruptions

ENDED = """
import os, resource, signal, sys
import xlsxwriter
from bank_warehouse import worklist
from bank_warehouse.cli import main
how = sys.argv[1]
# A signal that the parent process ignores stays ignored, so restore the default.
for each in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(each, signal.SIG_DFL)
def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
if how == "full from the start":
    limit(500)
elif how == "full for the record":
    limit(1_000_000)
elif how == "full at the end":
    close = xlsxwriter.Workbook.close
    xlsxwriter.Workbook.close = lambda book: (limit(500), close(book))
else:
    in_words = worklist._in_words
    def ending(row, columns):
        os.kill(os.getpid(), getattr(signal, how))
        return in_words(row, columns)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    worklist._in_words = ending
main(sys.argv[2:], prog_name="bank")
"""


def end(how: str, releases: Path, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Write a list in a process that is interrupted or cannot write a large file."""
    return subprocess.run(
        [sys.executable, "-c", ENDED, how, "worklist", "--publish-dir", str(releases),
         "--action", "retain", "--out", str(out), *options],
        capture_output=True,
        text=True,
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot limit the size of files")
def test_list_is_not_replaced_if_it_cannot_be_recorded(releases: Path, tmp_path: Path) -> None:
    out = tmp_path / "list.csv"
    out.write_text("yesterday's list", "utf-8")
    content = 100_000 * b'{"rows": 7}\n'
    (releases / RECORD).write_bytes(content)
    ended = end("full for the record", releases, out, "--force")
    assert ended.returncode == 1
    assert ended.stderr == (
        f"Error: {releases / RECORD} cannot be written: File too large.\nGive this user the right "
        "to write this record, and check that its disk has space.\n"
    )
    assert out.read_text("utf-8") == "yesterday's list"
    assert (releases / RECORD).read_bytes() == content
    assert names(tmp_path) == ["list.csv", "published"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lacks these signals and limits")
@pytest.mark.parametrize(
    ("how", "ending", "status"),
    [
        ("full from the start", "csv", 1),
        ("full from the start", "xlsx", 1),
        ("full at the end", "xlsx", 1),
        ("SIGTERM", "csv", 143),
        ("SIGTERM", "xlsx", 143),
        ("SIGHUP", "csv", 129),
        ("SIGINT", "xlsx", 130),
    ],
)
def test_interrupted_list_leaves_no_file(
    releases: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
    ending: str,
    status: int,
) -> None:
    out = tmp_path / f"list.{ending}"
    spilled = tmp_path / "tmp"
    spilled.mkdir()
    monkeypatch.setenv("TMPDIR", str(spilled))
    ended = end(how, releases, out)
    assert ended.returncode == status
    if status == 1:
        assert ended.stderr == (
            f"Error: {out} cannot be written: File too large.\n"
            "Make room on the disk, or name a file on another disk.\n"
        )
    else:
        assert ended.stderr == "Interrupted.\n"
    assert names(tmp_path) == ["published", "tmp"]
    assert names(spilled) == []
    assert not (releases / RECORD).exists()


# ---------- invalid requests


def test_list_in_a_release_or_a_missing_folder_is_refused(releases: Path, tmp_path: Path) -> None:
    before = names(releases / "1")
    for place in ("1/list.csv", "current/marts/list.csv"):
        result = ask(releases, "--action", "retain", "--out", str(releases / place))
        assert result.exit_code == 2
        assert f"is in the release {releases / '1'}, whose files never change" in unwrapped(result)
    assert names(releases / "1") == before
    missing = ask(releases, "--action", "retain", "--out", str(tmp_path / "no" / "list.csv"))
    assert missing.exit_code == 1
    assert f"there is no folder {tmp_path / 'no'}." in missing.stderr


@pytest.mark.parametrize(
    ("options", "status", "complaint"),
    [
        (("--action", "deepen_savings"), 1, "\n  deepen_saving_account: Grow savings balance, "),
        (("--owner", "Nobody"), 1, "Owners: Credit risk, "),
        (
            ("--action", "retain", "--owner", "Pricing"),
            1,
            "'Retain the customer' belongs to Relationship manager, not to Pricing.",
        ),
        (
            # Only one of the two actions belongs to the owner.
            ("--action", "retain", "--action", "act_on_watch_list", "--owner", "Credit risk"),
            1,
            "'Retain the customer' belongs to Relationship manager, not to Credit risk.",
        ),
        ((), 2, "--action NAME"),
    ],
)
def test_invalid_requests_are_refused_with_a_reason(
    releases: Path, tmp_path: Path, options: tuple[str, ...], status: int, complaint: str
) -> None:
    out = tmp_path / "list.csv"
    result = ask(releases, *options, "--out", str(out))
    assert result.exit_code == status
    assert complaint in result.output
    assert not out.exists()


def test_existing_file_is_replaced_only_with_force(releases: Path, tmp_path: Path) -> None:
    out = tmp_path / "list.csv"
    out.write_text("my notes", "utf-8")
    result = ask(releases, "--action", "retain", "--out", str(out))
    assert result.exit_code == 1
    assert "--force" in result.output
    assert out.read_text("utf-8") == "my notes"
    assert ask(releases, "--action", "retain", "--out", str(out), "--force").exit_code == 0
    assert out.read_bytes().startswith(b"\xef\xbb\xbfCustomer,")
    wrong = ask(releases, "--action", "retain", "--out", str(tmp_path / "list.pdf"))
    assert wrong.exit_code == 2
    assert "has to end in .xlsx or .csv" in wrong.output


def test_damaged_or_missing_release_is_refused(releases: Path, tmp_path: Path) -> None:
    database = current_release(releases).path / DATABASE
    with database.open("ab") as file:
        file.write(b"x")
    result = ask(releases, "--action", "retain", "--out", str(tmp_path / "list.csv"))
    assert result.exit_code == 1
    assert "differs from the file published" in result.output
    empty = tmp_path / "empty"
    empty.mkdir()
    nothing = ask(empty, "--action", "retain", "--out", str(tmp_path / "list.csv"))
    assert nothing.exit_code == 2
    assert "There is no release" in nothing.output
