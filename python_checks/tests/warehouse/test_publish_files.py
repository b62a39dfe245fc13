"""Releases as files are complete, switch atomically, stay readable and protect personal data."""

import ast
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet
import pytest
from click.testing import CliRunner

from bank_warehouse.cli import main
from bank_warehouse.private import take_from_others
from bank_warehouse.publish import (
    NoReleaseError,
    Release,
    current_release,
    files,
    records,
    releases,
)
from bank_warehouse.publish.command_releases import listing
from bank_warehouse.publish.errors import BusyError, DamagedReleaseError, PublishError
from bank_warehouse.publish.fingerprints import source_of
from bank_warehouse.publish.flow import publish, roll_back
from bank_warehouse.publish.lock import LOCK, publisher_lock
from bank_warehouse.publish.releases import current_number, switch_current
from python_checks.testing.publishing import (
    change,
    change_checked,
    copy_checked,
    edit_record,
    marts_to_publish,
    record_as_passed,
    running_holder,
    second_warehouse,
)
from python_checks.testing.users import open_copy, without_rights

ARROW_TYPES = {
    "BIGINT": "int64",
    "INTEGER": "int32",
    "BOOLEAN": "bool",
    "DATE": "date32[day]",
    "DOUBLE": "double",
    "TIMESTAMP": "timestamp[us]",
    "VARCHAR": "string",
}


@pytest.fixture(scope="module")
def warehouse(built_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_checked(built_warehouse, tmp_path_factory.mktemp("checked"))


@pytest.fixture(scope="module")
def other_warehouse(warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return second_warehouse(warehouse, tmp_path_factory.mktemp("other"))


@pytest.fixture(scope="module")
def two_releases(
    warehouse: Path, other_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder that tests must not change: release 1 has personal data, release 2 has none."""
    published = tmp_path_factory.mktemp("published")
    publish(warehouse, published, None, with_restricted=True)
    publish(other_warehouse, published, None)
    return published


@pytest.fixture
def copied(two_releases: Path, tmp_path: Path) -> Path:
    """A copy of `two_releases` that a test may change."""
    published = tmp_path / "published"
    for file in two_releases.rglob("*"):
        if file.is_file() and "current" not in file.parts and not file.name.startswith("."):
            copy = published / file.relative_to(two_releases)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    switch_current(published, 2)
    return published


def test_the_sample_is_not_published_over_a_bank(warehouse: Path, tmp_path: Path) -> None:
    bank = copy_checked(warehouse, tmp_path / "bank")
    edit_record(records.build_record_path(bank), source="drop")
    published = tmp_path / "published"

    assert publish(warehouse, published, None).manifest["source"] == "sample"
    assert publish(bank, published, None).manifest["source"] == "drop"
    with pytest.raises(PublishError, match=r"(?s)invented bank.*release 2.*--replace-bank"):
        publish(warehouse, published, None)
    assert current_number(published) == 2
    rows = [line.split() for line in listing(published, None)[1:]]
    assert [row[3:6] for row in rows] == [
        ["sample", "3,000", "4,477,833,615.78"],
        ["drop", "3,000", "4,477,833,615.78"],
    ]

    manifest = published / "2" / "manifest.json"
    older = json.loads(manifest.read_text("utf-8"))
    del older["source"], older["checksum"]
    manifest.write_text(json.dumps(older | {"format": 1}), "utf-8")
    with pytest.raises(PublishError, match="invented bank"):
        publish(warehouse, published, None)

    assert publish(warehouse, published, None, replace_bank=True).number == 3


def test_different_bank_is_not_published_over_a_bank(warehouse: Path, tmp_path: Path) -> None:
    bank = copy_checked(warehouse, tmp_path / "bank")
    edit_record(records.build_record_path(bank), source="drop")
    other = copy_checked(bank, tmp_path / "other")
    change_checked(
        other, "update intermediate.int_customers_segmented set customer_key = customer_key + 1"
    )
    published = tmp_path / "published"
    publish(bank, published, None)
    with pytest.raises(PublishError, match=r"None of the 3,000 customers of the current release"):
        publish(other, published, None)
    assert current_number(published) == 1
    # Customers join and leave, so one common customer is enough.
    change(
        other,
        "update intermediate.int_customers_segmented set customer_key = customer_key - 1 "
        "where customer_key = (select min(customer_key) from intermediate.int_customers_segmented)",
    )
    record_as_passed(other, other)
    assert publish(other, published, None).number == 2
    change_checked(
        other, "update intermediate.int_customers_segmented set customer_key = customer_key + 2"
    )
    assert publish(other, published, None, replace_bank=True).number == 3


@pytest.fixture
def bank_release(warehouse: Path, tmp_path: Path) -> Path:
    """A folder that a test may change: release 1 is the sample, release 2 (current) is a bank."""
    bank = copy_checked(warehouse, tmp_path / "bank")
    edit_record(records.build_record_path(bank), source="drop")
    published = tmp_path / "published"
    publish(warehouse, published, None)
    publish(bank, published, None)
    return published


@pytest.fixture
def other_bank(warehouse: Path, tmp_path: Path) -> Path:
    """A warehouse of a bank that shares no customer with the sample."""
    other = copy_checked(warehouse, tmp_path / "other bank")
    edit_record(records.build_record_path(other), source="drop")
    change_checked(
        other, "update intermediate.int_customers_segmented set customer_key = customer_key + 1"
    )
    return other


def test_release_number_and_guards_survive_a_missing_folder(
    bank_release: Path, warehouse: Path, other_bank: Path, tmp_path: Path
) -> None:
    bank = tmp_path / "bank" / warehouse.name
    publish(bank, bank_release, None)
    (bank_release / "3").rename(tmp_path / "away")
    with pytest.raises(PublishError, match=r"invented bank; the newest release left \(release 2,"):
        publish(warehouse, bank_release, None)
    with pytest.raises(PublishError, match="None of the 3,000 customers of the newest release"):
        publish(other_bank, bank_release, None)
    # Without the file `current`, the guards still work.
    (bank_release / "current").rename(tmp_path / "current")
    with pytest.raises(PublishError, match="None of the 3,000 customers of the newest release"):
        publish(other_bank, bank_release, None)
    (tmp_path / "current").rename(bank_release / "current")
    assert publish(bank, bank_release, None).number == 4
    assert current_number(bank_release) == 4


def test_customers_are_read_from_the_published_file(bank_release: Path, other_bank: Path) -> None:
    customers = bank_release / "2" / "marts" / "dim_customers.parquet"
    content = customers.read_bytes()
    customers.write_bytes((bank_release / "2" / "marts" / "dim_dates.parquet").read_bytes())
    for _ in ("changed", "missing"):
        with pytest.raises(DamagedReleaseError, match=r"dim_customers\.parquet is missing, or"):
            publish(other_bank, bank_release, None)
        customers.unlink(missing_ok=True)
    customers.write_bytes(content)
    edit(bank_release / "2", make_older)
    with pytest.raises(PublishError, match="None of the 3,000 customers of the current release"):
        publish(other_bank, bank_release, None)


def test_refused_publish_creates_no_folder(warehouse: Path, tmp_path: Path) -> None:
    failed = copy_checked(warehouse, tmp_path / "failed")
    edit_record(records.build_record_path(failed), failed=["assert_x"])
    with pytest.raises(PublishError, match="did not pass: assert_x"):
        publish(failed, tmp_path / "published", None)
    assert not (tmp_path / "published").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has access lists instead of modes")
def test_release_of_another_user_is_listed_as_not_readable(published: Path) -> None:
    with open_copy(published) as folder:
        shutil.copytree(folder / "1", folder / "2")
        (folder / "2").chmod(0)
        with without_rights():
            _, first, second = listing(folder, None)
        (folder / "2").chmod(0o700)
    assert first.endswith("files")
    assert "not readable: " in second
    assert "cannot be read by this user, " in second


INTERRUPTED = """
import os, signal, sys
import duckdb
from bank_warehouse.cli import main
from bank_warehouse.publish import files, releases
# A background job of a shell ignores SIGINT, so restore the default.
signal.signal(signal.SIGINT, signal.default_int_handler)
number = int(sys.argv.pop(1))
def interrupt(*_, **__):
    os.kill(os.getpid(), number)
    duckdb.execute("select sum(hash(range)::double) from range(3000000000)")
setattr({"files": files, "releases": releases}[sys.argv[1]], sys.argv[2], interrupt)
main(sys.argv[3:], prog_name="bank")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without a signal")
@pytest.mark.parametrize(
    ("number", "place", "message"),
    [
        (signal.SIGINT, ("files", "_write_parquet"), "Interrupted: nothing was published.\n"),
        (signal.SIGTERM, ("files", "_write_parquet"), "Interrupted: nothing was published.\n"),
        (
            signal.SIGINT,
            ("releases", "switch_current"),
            "Interrupted. `bank releases --publish-dir {}` shows which release readers have.\n",
        ),
    ],
)
def test_interrupted_publish_prints_one_line_and_switches_nothing(
    number: signal.Signals, place: tuple[str, str], message: str, warehouse: Path, tmp_path: Path
) -> None:
    published = tmp_path / "published"
    options = ["--warehouse", str(warehouse), "--publish-dir", str(published)]
    environment = {name: text for name, text in os.environ.items() if not name.startswith("BANK_")}
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(int(number)), *place, "publish", *options],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert ended.returncode == 128 + number
    assert ended.stderr == message.format(published)
    assert current_number(published) is None
    assert not list(published.glob(".draft*"))


def test_a_release_has_every_mart_once_in_parquet_and_in_duckdb(
    two_releases: Path, built_target: Path
) -> None:
    for number, with_restricted in ((1, True), (2, False)):
        release = releases.read_release(two_releases, number)
        marts = files.published_marts(release.manifest)
        assert sorted(contract.relation for contract, _ in marts) == marts_to_publish(
            built_target, with_restricted=with_restricted
        )
        written = sorted(str(path.relative_to(release.path)) for path in release.path.rglob("*.*"))
        assert written == sorted(
            [
                *(entry["file"] for _, entry in marts),
                *("bank_marts.duckdb", "manifest.json", "metrics.json"),
            ]
        )
        with duckdb.connect(str(release.path / "bank_marts.duckdb"), read_only=True) as database:
            there = database.execute(
                "select schema_name || '.' || table_name from duckdb_tables() order by all"
            ).fetchall()
            assert [name for (name,) in there] == sorted(contract.relation for contract, _ in marts)
            for contract, entry in marts:
                differing = database.execute(
                    f"(from {contract.relation} except all "
                    f"from '{release.path / entry['file']}') union all "
                    f"(from '{release.path / entry['file']}' except all from {contract.relation})"
                ).fetchall()
                assert differing == []
                described = database.execute(
                    f"select comment from duckdb_tables() where table_name = '{contract.name}'"
                ).fetchone()
                assert described == (contract.description,)


def test_file_types_match_the_contract(two_releases: Path) -> None:
    release = releases.read_release(two_releases, 1)
    seen = set()
    for contract, entry in files.published_marts(release.manifest):
        schema = pyarrow.parquet.read_schema(release.path / entry["file"])
        assert schema.metadata[b"release"] == b"1"
        for column in contract.columns:
            expected = ARROW_TYPES.get(column.type)
            if expected is None:
                expected = column.type.replace("DECIMAL(", "decimal128(").replace(",", ", ")
            assert str(schema.field(column.name).type) == expected
            seen.add(column.type)
    assert {"DECIMAL(18,2)", "DATE", "BIGINT", "BOOLEAN", "VARCHAR", "DOUBLE"} <= seen


def test_manifest_describes_the_release(two_releases: Path, warehouse: Path) -> None:
    release = releases.read_release(two_releases, 1)
    manifest = release.manifest
    assert manifest["as_of_date"] == "2021-12-31"
    assert manifest["includes_restricted"] is True
    assert manifest["schema_version"] == 1
    assert len(manifest["dbt_invocation_id"]) == 36
    commit = subprocess.run(
        ["git", "cat-file", "-t", manifest["git_commit"]],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert commit.stdout.strip() == "commit"
    assert manifest["checks"]["dbt_nodes"] > 250
    by_name = {entry["name"]: entry for entry in manifest["marts"]}
    for entry in (*by_name.values(), manifest["database"]):
        if entry["file"]:
            content = (release.path / entry["file"]).read_bytes()
            assert entry["bytes"] == len(content)
            assert entry["sha256"] == hashlib.sha256(content).hexdigest()
    assert by_name["fct_quarantined_clients"]["file"] is None
    assert "never published" in by_name["fct_quarantined_clients"]["left_out_because"]
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        row = connection.execute(
            "select count(*), sum(total_loans), count(*) filter (is_overleveraged), "
            "sum(length(cast(as_of_date as varchar))), sum(loan_to_deposit_ratio) "
            "from marts.fct_customer_positions"
        ).fetchone()
        delivered = connection.execute(
            "select delivered from quality.fct_control_totals where column_name = 'bank_loans'"
        ).fetchone()
    assert row is not None
    positions = by_name["fct_customer_positions"]
    assert positions["row_count"] == row[0]
    assert Decimal(positions["totals"]["total_loans"]) == row[1]
    assert int(positions["totals"]["is_overleveraged"]) == row[2]
    assert int(positions["totals"]["as_of_date"]) == row[0] * 18992 * 86400
    assert float(positions["totals"]["loan_to_deposit_ratio"]) == pytest.approx(row[4])
    assert positions["grain"] == ["customer_key"]
    control = {each["column_name"]: each for each in manifest["control_totals"]}
    assert delivered == (Decimal(control["bank_loans"]["delivered"]),)


def test_release_table_has_one_row(two_releases: Path) -> None:
    release = current_release(two_releases)
    rows = duckdb.sql(f"from '{release.path / 'marts' / 'release.parquet'}'").fetchall()
    manifest = release.manifest
    assert len(rows) == 1
    assert rows[0][0] == release.number == 2
    assert str(rows[0][1]) == manifest["as_of_date"]
    assert rows[0][2].isoformat() + "Z" == manifest["published_at"]
    assert rows[0][3:5] == (1, False)


def test_without_the_flag_no_file_contains_a_name_or_client_id(
    two_releases: Path, other_warehouse: Path
) -> None:
    release = releases.read_release(two_releases, 2)
    assert not (release.path / "restricted").exists()
    with duckdb.connect(str(other_warehouse), read_only=True) as connection:
        personal = {
            text
            for row in connection.execute(
                "select client_id, client_name from restricted.dim_customer_identities "
                "where client_name not in "
                "(select investment_advisor from marts.dim_investment_advisors)"
            ).fetchall()
            for text in row
        }
    assert len(personal) > 4000
    with duckdb.connect(str(release.path / "bank_marts.duckdb"), read_only=True) as database:
        texts = {
            value
            for table, column in database.execute(
                "select schema_name || '.' || table_name, column_name from duckdb_columns() "
                "where data_type = 'VARCHAR' and not internal"
            ).fetchall()
            for (value,) in database.execute(f'select distinct "{column}" from {table}').fetchall()
        }
    assert not texts & personal
    written = json.dumps(release.manifest)
    assert not [name for name in personal if name in written]


def test_with_the_flag_names_are_published_but_not_the_quarantine(two_releases: Path) -> None:
    release = releases.read_release(two_releases, 1)
    file = release.path / "restricted" / "dim_customer_identities.parquet"
    assert duckdb.sql(f"select count(client_name) from '{file}'").fetchone() == (3000,)
    assert not list(release.path.rglob("fct_quarantined_clients*"))


@pytest.mark.parametrize("links", [True, False])
def test_current_switches_with_links_and_without(links: bool, copied: Path) -> None:
    switch_current(copied, 1, links=links)
    pointer = copied / "current"
    assert pointer.is_symlink() == links
    if not links:
        assert pointer.read_text("utf-8") == "1\n"
    assert current_release(copied).path == (copied / "1").resolve()
    # Switch from each kind of pointer to the other.
    switch_current(copied, 2, links=not links)
    assert pointer.is_symlink() != links
    assert current_release(copied).number == 2
    assert not list(copied.glob(".draft*"))


def test_text_file_is_used_if_links_are_refused(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(1314, "A required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    roll_back(copied, 1, None)
    assert (copied / "current").is_file()
    assert not (copied / "current").is_symlink()
    assert current_release(copied).number == 1


def test_briefly_held_file_is_retried(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace, tries = Path.replace, []

    def refuse_twice(self: Path, target: Path) -> Path:
        tries.append(self)
        if len(tries) < 3:
            raise PermissionError(13, "used by another process")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse_twice)
    switch_current(copied, 1, links=False)
    assert len(tries) == 3
    assert current_release(copied).number == 1


@pytest.mark.parametrize("links", [True, False])
def test_a_reader_that_polls_always_finds_a_release(links: bool, copied: Path) -> None:
    stop, seen, wrong = threading.Event(), set[int](), list[str]()

    def poll() -> None:
        while not stop.is_set():
            try:
                seen.add(current_release(copied).number)
            except Exception as problem:
                wrong.append(repr(problem))

    reader = threading.Thread(target=poll)
    reader.start()
    until = time.monotonic() + 60
    for turn in count():
        # On a busy machine, continue until the reader has seen both releases.
        if turn >= 600 and (len(seen) == 2 or time.monotonic() > until):
            break
        switch_current(copied, 1 + turn % 2, links=links if turn % 3 else not links)
    stop.set()
    reader.join()
    assert wrong == []
    assert seen == {1, 2}


def test_open_old_release_stays_readable(copied: Path, warehouse: Path, two_releases: Path) -> None:
    old = current_release(copied)
    file = old.path / "bank_marts.duckdb"
    with duckdb.connect(str(file), read_only=True) as reader:
        before = reader.execute("select count(*) from marts.fct_product_gaps").fetchone()
        new = publish(warehouse, copied, None)
        assert new.number == 3
        assert reader.execute("select count(*) from marts.fct_product_gaps").fetchone() == before
        assert reader.execute("select release from marts.release").fetchone() == (2,)
    assert current_release(copied).number == 3
    same = two_releases / "2" / "bank_marts.duckdb"
    assert file.read_bytes() == same.read_bytes()


def test_rollback_accepts_any_release_including_a_newer_one(copied: Path) -> None:
    lines: list[str] = []
    assert roll_back(copied, 1, None, progress=lines.append).number == 1
    assert current_number(copied) == 1
    assert "31 files match their checksums" in lines[0]
    roll_back(copied, 2, None)
    assert current_number(copied) == 2
    with pytest.raises(NoReleaseError, match=r"There is no release 9 in .* the releases are: 1, 2"):
        roll_back(copied, 9, None)


def spoil_a_row(release: Path) -> None:
    file = release / "marts" / "dim_products.parquet"
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_a_row,
        lambda release: (release / "marts" / "dim_dates.parquet").unlink(),
        lambda release: (release / "bank_marts.duckdb").write_bytes(b""),
        lambda release: (release / "manifest.json").write_text("{"),
    ],
)
def test_rollback_to_a_damaged_release_is_refused(spoil: Any, copied: Path) -> None:
    spoil(copied / "1")
    with pytest.raises(DamagedReleaseError, match="make another release current with"):
        roll_back(copied, 1, None)
    assert current_number(copied) == 2


def edit(release: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the manifest of a release but not its checksum."""
    manifest = release / "manifest.json"
    content = json.loads(manifest.read_text("utf-8"))
    change(content)
    manifest.write_text(json.dumps(content), "utf-8")


def make_older(manifest: dict[str, Any]) -> None:
    """Turn a manifest into one of the older format, which has no checksum."""
    for key in ("checksum", "source", "reading", "metrics"):
        manifest.pop(key, None)
    manifest["format"] = 1


def miscount(manifest: dict[str, Any]) -> None:
    held = [entry for entry in manifest["marts"] if entry["file"]]
    held[3]["row_count"] += 1


def miscount_unsigned(manifest: dict[str, Any]) -> None:
    make_older(manifest)
    miscount(manifest)


MANIFESTS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "only two keys left": (
        lambda one: [one.pop(key) for key in {*one} - {"release", "format"}],
        "'as_of_date' is a required property|does not match the schema",
    ),
    "a row count": (miscount, "was edited after it was published"),
    "another date": (lambda one: one.update(as_of_date="2020-01-01"), "was edited"),
    "another source": (lambda one: one.update(source="drop"), "was edited"),
    "an additional key": (lambda one: one.update(note="ours"), "was edited"),
    "another release": (lambda one: one.update(release=7), "belongs to release 7"),
    "a later format": (lambda one: one.update(format=3), "has format 3; .* update the project"),
    "no checksum": (lambda one: one.pop("checksum"), "'checksum' is a required property"),
    "text instead of a number": (lambda one: one.update(schema_version="1"), "schema_version: '1'"),
    "a path outside the release": (
        lambda one: one["database"].update(file="../2/bank_marts.duckdb"),
        "database.file",
    ),
    "text instead of a date": (lambda one: one.update(as_of_date="soon"), "as_of_date: 'soon'"),
}


@pytest.mark.parametrize("kind", MANIFESTS)
def test_edited_manifest_is_reported_by_every_command(
    kind: str, warehouse: Path, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, message = MANIFESTS[kind]
    edit(copied / "2", change)
    monkeypatch.setenv("BANK_PUBLISH_DIR", str(copied))
    monkeypatch.setenv("BANK_WAREHOUSE", str(warehouse))
    monkeypatch.delenv("BANK_POSTGRES_DSN", raising=False)
    export = ["dashboard", "--export", str(copied / "pages.html")]
    for command in (["rollback", "2"], ["publish"], export, ["releases"]):
        ended = CliRunner().invoke(main, command)
        assert isinstance(ended.exception, SystemExit | None), command
        assert ended.exit_code == (0 if command == ["releases"] else 1)
        assert re.search(message, ended.output), (command, ended.output)
        assert str(copied / "2" / "manifest.json") in ended.output
        if command != ["releases"]:
            assert "bank rollback" in ended.output
    assert current_number(copied) == 2
    assert releases.release_numbers(copied) == [1, 2]
    # Both remedies work: rolling back and publishing again.
    roll_back(copied, 1, None)
    (copied / "2").rename(copied / "away")
    assert publish(warehouse, copied, None).number == 2


def test_row_counts_of_a_manifest_without_a_checksum_are_checked(copied: Path) -> None:
    edit(copied / "1", miscount_unsigned)
    with pytest.raises(DamagedReleaseError, match=r"but its file has a different number"):
        roll_back(copied, 1, None)


@pytest.mark.parametrize("total", ["4477833615.79", "a lot"])
def test_totals_of_a_manifest_without_a_checksum_are_checked(total: str, copied: Path) -> None:
    def raise_total(manifest: dict[str, Any]) -> None:
        make_older(manifest)
        marts = {entry["name"]: entry for entry in manifest["marts"]}
        assert marts["fct_customer_positions"]["totals"]["total_loans"] == "4477833615.78"
        marts["fct_customer_positions"]["totals"]["total_loans"] = total

    edit(copied / "1", raise_total)
    message = f"positions, in which total_loans sums to 4477833615.78 instead of {total}"
    with pytest.raises(DamagedReleaseError, match=message):
        roll_back(copied, 1, None)


def test_edited_metric_definitions_are_found(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = copied / "2" / "metrics.json"
    text = file.read_text("utf-8")
    assert '"sum"' in text
    file.write_text(text.replace('"sum"', '"max"', 1), "utf-8")
    with pytest.raises(DamagedReleaseError, match=r"metrics\.json is missing, or differs"):
        roll_back(copied, 2, None)
    monkeypatch.setenv("BANK_PUBLISH_DIR", str(copied))
    target = copied / "pages.html"
    ended = CliRunner().invoke(main, ["dashboard", "--export", str(target)])
    assert ended.exit_code == 1
    assert "metrics.json is missing, or differs from the file" in ended.output
    assert not target.exists()


def test_releases_without_a_manifest_checksum_are_read(warehouse: Path, copied: Path) -> None:
    for number in (1, 2):
        edit(copied / str(number), make_older)
    assert [line.split()[3] for line in listing(copied, None)[1:]] == ["unknown", "unknown"]
    assert current_release(copied).number == 2
    roll_back(copied, 1, None)
    assert publish(warehouse, copied, None, replace_bank=True).number == 3


def test_checksum_ignores_the_layout_of_the_json(copied: Path) -> None:
    path = copied / "1" / "manifest.json"
    content = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(dict(sorted(content.items())), indent=7), "utf-8")
    manifest = releases.read_release(copied, 1).manifest
    assert manifest == content
    # Changing a returned manifest does not affect other readers.
    manifest["marts"].clear()
    assert releases.read_release(copied, 1).manifest == content


# ---------- private files


WRITE_ALL = """
import os, sys
from pathlib import Path
os.umask(0)
from dbt.adapters.duckdb.credentials import Attachment
from bank_warehouse.dbt_plugin import HISTORY, attach_history, open_warehouse
folder = Path(sys.argv[1])
with open_warehouse(str(folder / "new" / "bank.duckdb"), {}) as connection:
    history = folder / "new" / "bank_history.duckdb"
    attach_history(connection, Attachment(path=str(history), alias=HISTORY))
    connection.execute("create table names as select 'Ada' as name")
    connection.execute("create table history.names as select 'Ada' as name")
    connection.execute(f"copy names to '{folder / 'new' / 'names.csv'}'")
    modes = {path.name: path.stat().st_mode & 0o777 for path in (folder / "new").iterdir()}
    print(modes, (folder / "new").stat().st_mode & 0o777, sep="\\n")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has access lists instead of modes")
def test_warehouse_and_history_are_private_with_any_umask(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WRITE_ALL, str(tmp_path)], capture_output=True, text=True, check=True
    )
    files, folder = ran.stdout.splitlines()
    modes = ast.literal_eval(files)
    assert {"bank.duckdb", "bank.duckdb.wal", "bank_history.duckdb", "names.csv"} <= set(modes)
    assert set(modes.values()) == {0o600}
    assert int(folder) == 0o700


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has access lists instead of modes")
def test_readable_warehouse_becomes_private(tmp_path: Path) -> None:
    file = tmp_path / "bank.duckdb"
    duckdb.connect(str(file)).close()
    file.chmod(0o644)
    take_from_others(file)
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has access lists instead of modes")
def test_build_files_are_private(build_folder: Path) -> None:
    private = [*build_folder.glob("bank*"), build_folder / "target" / "manifest.json"]
    assert len(private) >= 4
    assert {path.stat().st_mode & 0o077 for path in private} == {0}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has access lists instead of modes")
def test_only_a_release_with_names_is_private(warehouse: Path, tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        folder = tmp_path / "published"
        # The command creates private files, then makes those of the release readable.
        environment = {"BANK_WAREHOUSE": str(warehouse), "BANK_PUBLISH_DIR": str(folder)}
        ended = CliRunner().invoke(main, ["publish"], env=environment | {"BANK_POSTGRES_DSN": ""})
        assert ended.exit_code == 0, ended.output
        publish(warehouse, folder, None, with_restricted=True)
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(mask)
    for number, of_folders, of_files in ((1, 0o755, 0o644), (2, 0o700, 0o600)):
        for path in (folder / str(number), *(folder / str(number)).rglob("*")):
            wanted = of_folders if path.is_dir() else of_files
            assert path.stat().st_mode & 0o777 == wanted
        assert (folder / str(number) / "marts").is_dir()
    assert folder.stat().st_mode & 0o777 == 0o755
    records_of = [records.build_record_path(warehouse), records.checks_record_path(warehouse)]
    for path in records_of:
        records.write_json(path, json.loads(path.read_text("utf-8")), is_private=True)
        assert path.stat().st_mode & 0o777 == 0o600


def test_folder_without_a_release_is_reported(tmp_path: Path) -> None:
    with pytest.raises(NoReleaseError, match="bank publish"):
        current_release(tmp_path)
    (tmp_path / "current").write_text("seven\n")
    with pytest.raises(DamagedReleaseError, match="neither a link to a release"):
        current_release(tmp_path)
    (tmp_path / "current").unlink()
    (tmp_path / "current").mkdir()
    with pytest.raises(PublishError, match="is a folder"):
        switch_current(tmp_path, 1)


def test_draft_of_a_killed_publisher_is_removed(warehouse: Path, tmp_path: Path) -> None:
    published = tmp_path / "published"
    (published / ".draft-4711" / "marts").mkdir(parents=True)
    (published / ".draft-4711" / "marts" / "dim_dates.parquet").write_bytes(b"half")
    (published / ".draft-current-4711").write_text("7\n", "utf-8")
    (published / ".draft-rows").mkdir()
    lines: list[str] = []
    publish(warehouse, published, None, progress=lines.append)
    assert "Removed the drafts of an interrupted publisher." in lines
    assert sorted(entry.name for entry in published.iterdir()) == [LOCK, "1", "current"]


def test_second_publisher_is_refused_while_the_first_runs(warehouse: Path, tmp_path: Path) -> None:
    held = (
        "from pathlib import Path\n"
        "from bank_warehouse.publish.lock import publisher_lock\n"
        "with publisher_lock(Path(sys.argv[1])):\n"
        "    wait()\n"
    )
    with running_holder(held, tmp_path) as holder:
        with pytest.raises(BusyError, match=f"Another publisher .* process {holder.pid} on "):
            publish(warehouse, tmp_path, None)
        holder.kill()
        holder.wait()
        # A lock is released when its publisher ends, even if it was killed.
        with publisher_lock(tmp_path):
            assert str(os.getpid()) in (tmp_path / LOCK).read_text("utf-8")


def test_failed_publish_leaves_nothing_behind(
    warehouse: Path, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(releases, "sync_draft", full)
    with pytest.raises(PublishError, match="No space left on device"):
        publish(warehouse, copied, None)
    assert current_number(copied) == 2
    assert releases.release_numbers(copied) == [1, 2]
    assert not list(copied.glob(".draft*"))


def test_files_whose_rows_differ_from_the_marts_are_not_published(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = source_of
    monkeypatch.setattr(files, "source_of", lambda relation: f"(from {whole(relation)} offset 1)")
    with pytest.raises(PublishError, match="dim_banking_relationships: the rows of the written"):
        publish(warehouse, tmp_path, None)
    assert releases.release_numbers(tmp_path) == []


def test_unwritable_folder_is_reported(warehouse: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PublishError, match="set BANK_PUBLISH_DIR to another folder"):
        publish(warehouse, tmp_path / "file", None)


def test_the_commands_list_and_publish(
    warehouse: Path, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANK_WAREHOUSE", str(warehouse))
    monkeypatch.setenv("BANK_PUBLISH_DIR", str(copied))
    monkeypatch.delenv("BANK_POSTGRES_DSN", raising=False)
    published = CliRunner().invoke(main, ["publish", "--with-restricted"])
    assert published.exit_code == 0, published.output
    assert "Release 3, as of 2021-12-31: 29 tables" in published.output
    assert "The release holds personal data" in published.output
    assert "without quality.fct_quarantined_clients" in published.output
    (copied / "1" / "manifest.json").write_text("")
    listed = CliRunner().invoke(main, ["releases"]).output.splitlines()
    assert "damaged" in listed[1]
    personal = listed[0].index("personal data")
    assert listed[2][personal:].startswith("no ")
    assert listed[3][personal:].startswith("yes ")
    assert listed[3].endswith("files")
    monkeypatch.setenv("BANK_PUBLISH_DIR", str(copied / "none"))
    assert "There is no release" in CliRunner().invoke(main, ["releases"]).output


def test_open_release_stays_the_same_after_a_switch(copied: Path) -> None:
    release = current_release(str(copied))
    assert isinstance(release, Release)
    assert release.path.name == "2"
    began = time.monotonic()
    switch_current(copied, 1)
    assert time.monotonic() - began < 5
    assert json.loads((release.path / "manifest.json").read_text("utf-8"))["release"] == 2
