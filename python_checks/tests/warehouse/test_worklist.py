"""Work lists: whom they list, who may have them, and that opening one runs nothing."""

import csv
import hashlib
import json
import shutil
import stat
import sys
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result
from python_calamine import CalamineWorkbook

from bank_warehouse.answers import labels
from bank_warehouse.cli import main
from bank_warehouse.publish import current_release
from bank_warehouse.publish.flow import publish
from bank_warehouse.publish.releases import DATABASE
from bank_warehouse.worklist import RECORD, command_for
from python_checks.testing.publishing import change_checked, copy_checked

FORMULAS = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1:A9)", "\t=1+1", "\r=1+1", "＝1+1"]


def ask(publish_dir: Path, *options: str, **environment: str) -> Result:
    return CliRunner().invoke(
        main, ["worklist", "--publish-dir", str(publish_dir), *options], env=environment
    )


@pytest.fixture
def releases(published: Path, tmp_path: Path) -> Path:
    """The releases of the sample, in a folder that a test may write to."""
    folder = tmp_path / "published"
    shutil.copytree(published, folder, symlinks=True)
    return folder


@pytest.fixture(scope="module")
def with_names(built_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Releases with names, some of which a spreadsheet would run."""
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


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def read_sheet(path: Path) -> tuple[str, list[dict[str, Any]]]:
    """Return what stands above the list, and its rows by the names of the columns."""
    first, heads, *rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    return str(first[0]), [dict(zip(map(str, heads), row, strict=True)) for row in rows]


def due(publish_dir: Path, condition: str) -> list[tuple[Any, ...]]:
    """Return code, balance and gap of the customers of a release, as SQL finds them."""
    database = current_release(publish_dir).path / DATABASE
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(
            "select customer_code, money_concerned, gap_to_close "
            "from marts.fct_customer_recommendations inner join marts.dim_customers "
            f"using (customer_key) where {condition} order by all"
        ).fetchall()


# ---------- whom it lists


def test_customers_of_an_action_with_reasons_and_amounts(releases: Path, tmp_path: Path) -> None:
    out = tmp_path / "list.csv"
    said = ask(releases, "--action", "deepen_saving_account", "--out", str(out))
    assert said.exit_code == 0, said.output
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


def test_sheet_holds_the_same_as_the_csv(releases: Path, tmp_path: Path) -> None:
    for name in ("list.csv", "list.xlsx"):
        said = ask(releases, "--owner", "credit risk", "--out", str(tmp_path / name))
        assert said.exit_code == 0, said.output
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


def test_names_of_actions_are_taken_too(releases: Path, tmp_path: Path) -> None:
    out = tmp_path / "list.csv"
    said = ask(releases, "--action", "Act on the watch list", "--owner", "Credit risk",
               "--out", str(out))  # fmt: skip
    assert said.exit_code == 0, said.output
    assert len(read_csv(out)) == 63
    assert {row["Watch list"] for row in read_csv(out)} == {"Act now"}


def test_command_of_the_dashboard_runs(
    releases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BANK_PUBLISH_DIR", str(releases))
    command = command_for("act_on_watch_list").split()
    assert command[0] == "bank"
    said = CliRunner().invoke(main, command[1:])
    assert said.exit_code == 0, said.output
    assert len(read_sheet(tmp_path / command[-1])[1]) == 63


# ---------- who may have it


def test_names_are_only_there_when_asked_for(with_names: Path, tmp_path: Path) -> None:
    plain, contacts = tmp_path / "plain.csv", tmp_path / "contacts.csv"
    chosen = ("--action", "act_on_watch_list", "--out")
    assert ask(with_names, *chosen, str(plain)).exit_code == 0
    assert "Name" not in read_csv(plain)[0]
    said = ask(with_names, *chosen, str(contacts), "--restricted")
    assert said.exit_code == 0
    assert "with personal data" in said.output
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
    said = ask(releases, "--action", "retain", "--out", str(out), "--restricted")
    assert said.exit_code == 1
    assert "holds no names and client ids" in said.output
    assert "--with-restricted" in said.output
    assert not out.exists()
    assert not (releases / RECORD).exists()


def test_user_gets_the_customers_of_the_access_file(releases: Path, tmp_path: Path) -> None:
    access = tmp_path / "access.csv"
    access.write_text(
        "user_name,banking_relationship,investment_advisor\n"
        "Ada@bank.example,Retail,\nada@bank.example,,Nobody's Advisor\n",
        "utf-8",
    )
    chosen = ("--owner", "Credit risk", "--access-file", str(access), "--out")
    out = tmp_path / "ada.csv"
    said = ask(releases, *chosen, str(out), "--user", "ada@bank.example")
    assert said.exit_code == 0, said.output
    rows = read_csv(out)
    assert {row["Banking relationship"] for row in rows} == {"Retail"}
    wanted = due(releases, "owner = 'Credit risk' and banking_relationship = 'Retail'")
    assert len(rows) == len(wanted) > 0
    refused = ask(releases, *chosen, str(tmp_path / "eve.csv"), "--user", "eve@bank.example")
    assert refused.exit_code == 1
    assert "gives eve@bank.example no customers" in refused.output
    # Where the dashboard has users, a list is somebody's too.
    unnamed = ask(
        releases, "--owner", "Credit risk", "--out", str(tmp_path / "all.csv"),
        BANK_DASHBOARD_ACCESS_FILE=str(access),
    )  # fmt: skip
    assert unnamed.exit_code == 2
    assert "--user NAME" in unnamed.output
    assert not (tmp_path / "all.csv").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has access lists")
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_file_is_its_owners_alone(releases: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"list.{ending}"
    assert ask(releases, "--action", "retain", "--out", str(out)).exit_code == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert stat.S_IMODE((releases / RECORD).stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == [out.name, "published"]


# ---------- safe to open


def test_formulas_are_texts(with_names: Path, tmp_path: Path) -> None:
    chosen = ("--action", "act_on_watch_list", "--restricted", "--out")
    for name in ("list.csv", "list.xlsx"):
        assert ask(with_names, *chosen, str(tmp_path / name)).exit_code == 0
    texts = [row["Name"] for row in read_csv(tmp_path / "list.csv")]
    # Behind a tab or a line break too: a spreadsheet may take what follows for a cell.
    safe = {"'" + (f"{text[0]}'{text[1:]}" if text[0] in "\t\r" else text) for text in FORMULAS}
    assert safe <= set(texts)
    assert not any(text.startswith(tuple("=+-@\t\r＝")) for text in texts)
    what, rows = read_sheet(tmp_path / "list.xlsx")
    assert "Personal data" in what
    # A sheet says of each cell what it is: these are texts, as they were delivered.
    assert {text.replace("\r", "\n") for text in FORMULAS} <= {
        str(row["Name"]).replace("\r", "\n") for row in rows
    }
    with zipfile.ZipFile(tmp_path / "list.xlsx") as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet


# ---------- the record


def test_every_list_is_noted(releases: Path, tmp_path: Path) -> None:
    for name in ("one.csv", "two.xlsx"):
        said = ask(releases, "--action", "retain", "--out", str(tmp_path / name))
        assert said.exit_code == 0
        assert RECORD in said.output
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


def test_no_list_without_its_record(releases: Path, tmp_path: Path) -> None:
    (releases / RECORD).mkdir()
    out = tmp_path / "list.csv"
    said = ask(releases, "--action", "retain", "--out", str(out))
    assert said.exit_code == 1
    assert f"{releases / RECORD} cannot be written" in said.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["published"]


# ---------- what cannot be meant


@pytest.mark.parametrize(
    ("options", "status", "complaint"),
    [
        (("--action", "deepen_savings"), 1, "\n  deepen_saving_account: Grow savings balance, "),
        (("--owner", "Nobody"), 1, "Owners: Credit risk, "),
        (("--action", "retain", "--owner", "Pricing"), 1, "Relationship manager does"),
        ((), 2, "--action NAME"),
    ],
)
def test_errors_name_what_there_is(
    releases: Path, tmp_path: Path, options: tuple[str, ...], status: int, complaint: str
) -> None:
    out = tmp_path / "list.csv"
    said = ask(releases, *options, "--out", str(out))
    assert said.exit_code == status
    assert complaint in said.output
    assert not out.exists()


def test_other_files_are_left_alone(releases: Path, tmp_path: Path) -> None:
    out = tmp_path / "list.csv"
    out.write_text("my notes", "utf-8")
    said = ask(releases, "--action", "retain", "--out", str(out))
    assert said.exit_code == 1
    assert "--force" in said.output
    assert out.read_text("utf-8") == "my notes"
    assert ask(releases, "--action", "retain", "--out", str(out), "--force").exit_code == 0
    assert out.read_bytes().startswith(b"\xef\xbb\xbfCustomer,")
    wrong = ask(releases, "--action", "retain", "--out", str(tmp_path / "list.pdf"))
    assert wrong.exit_code == 2
    assert "has to end in .xlsx or .csv" in wrong.output


def test_damaged_release_is_refused(releases: Path, tmp_path: Path) -> None:
    database = current_release(releases).path / DATABASE
    with database.open("ab") as file:
        file.write(b"x")
    said = ask(releases, "--action", "retain", "--out", str(tmp_path / "list.csv"))
    assert said.exit_code == 1
    assert "differs from the file published" in said.output
    empty = tmp_path / "empty"
    empty.mkdir()
    nothing = ask(empty, "--action", "retain", "--out", str(tmp_path / "list.csv"))
    assert nothing.exit_code == 2
    assert "There is no release" in nothing.output
