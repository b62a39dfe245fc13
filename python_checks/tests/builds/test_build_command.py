"""`bank build` and `dbt build` as a user runs them: results, summaries, errors and signals."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from bank_warehouse.build import selection
from bank_warehouse.publish.records import build_record_path, read_record
from bank_warehouse.summary import open_warehouse
from python_checks.testing import oddities
from python_checks.testing.dbt import run_dbt
from python_checks.testing.paths import PROJECT

CLIENTS = 80
CLIENT_FILE = "banking-clients.csv"
PART = "+stg_bank__clients"


def variables(folder: Path) -> dict[str, str]:
    """Return the environment for a command that runs in `folder`."""
    unset = ("BANK_RAW_DIR", "BANK_WAREHOUSE", "BANK_HISTORY", "DBT_PROJECT_DIR")
    kept = {name: text for name, text in os.environ.items() if name not in unset}
    # All these tests share a target folder, so dbt parses only what has changed.
    target = folder.parent / "target_of_bank_build"
    return kept | {"DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(folder / "logs")}


def bank(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bank_warehouse", *arguments],
        cwd=folder,
        env=variables(folder) | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated drop."""
    folder = tmp_path_factory.mktemp("drops")
    made = bank(folder, "generate", "--customers", str(CLIENTS), "--seed", "1", "--out", "drop")
    assert made.returncode == 0, made.stderr
    return folder / "drop"


def spoilt(drop: Path, folder: Path, rows: int) -> Path:
    """Return a copy of a drop in which the age of the first `rows` clients is not a number."""
    folder.mkdir()
    for file in drop.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    with (drop / CLIENT_FILE).open(encoding="utf-8", newline="") as whole:
        header, *clients = csv.reader(whole)
    for client in clients[:rows]:
        client[header.index("Age")] = "old"
    with (folder / CLIENT_FILE).open("w", encoding="utf-8", newline="") as changed:
        csv.writer(changed, lineterminator="\n").writerows([header, *clients])
    return folder


def test_partial_build_has_no_summary(drop: Path, tmp_path: Path) -> None:
    arguments = ("--warehouse", "bank.duckdb", "--select", PART, "--as-of", "2022-01-31")
    formats = ("--date-format", "%Y-%m-%d", "--date-format", "%d-%m-%Y")
    (drop / "notes.doc").write_text("from the bank", "utf-8")
    built = bank(tmp_path, "build", str(drop), *arguments, *formats)
    assert built.returncode == 0, built.stderr
    assert "Raw drop: notes.doc: ignored: " in built.stderr
    *_, last = built.stderr.splitlines()
    assert last.partition(" of ")[0] == last.partition(" of ")[2].partition(" ")[0]
    assert "The models that you selected are in bank.duckdb." in built.stdout
    assert f"`bank build {drop} --warehouse bank.duckdb` builds the others." in built.stdout
    with open_warehouse(tmp_path / "bank.duckdb") as connection:
        assert connection.sql("select count(*) from staging.stg_bank__clients").fetchone() == (
            CLIENTS,
        )
    record = read_record(build_record_path(tmp_path / "bank.duckdb"))
    assert record is not None
    assert (record["as_of_date"], record["source"]) == ("2022-01-31", "drop")
    summed = bank(tmp_path, "summary", "--warehouse", "bank.duckdb")
    assert summed.returncode == 2
    assert "Only part of bank.duckdb is built" in summed.stderr
    assert "it left out " in summed.stderr
    assert "Run `bank build FOLDER --warehouse bank.duckdb`" in summed.stderr


def test_failing_drop_shows_the_first_error_and_a_remedy(drop: Path, tmp_path: Path) -> None:
    bad = spoilt(drop, tmp_path / "bad", rows=7)
    built = bank(tmp_path, "build", "bad", "--warehouse", "bank.duckdb", "--select", PART)
    assert built.returncode == 1
    message = built.stderr.partition("The build failed at ")[2].splitlines()
    assert message[0] == "model stg_bank__clients (models/staging/bank/stg_bank__clients.sql):"
    assert message[1].strip().startswith(f"7 of {CLIENTS} client rows are quarantined")
    assert (
        message[2].strip()
        == "7 rows: age is not a whole number (first: banking-clients.csv, row 2)"
    )
    assert "raise max_quarantine_rate if this loss is acceptable." in message[3]
    assert "On DuckDB, `bank quarantine --out FILE --warehouse bank.duckdb` writes" in message[4]
    assert message[-1].startswith(f"For more, see {tmp_path / 'logs' / 'dbt.log'}")
    assert len(message) < 10
    assert "macro" not in built.stderr
    assert built.stdout == ""
    summed = bank(tmp_path, "summary", "--warehouse", "bank.duckdb")
    assert summed.returncode == 2
    assert "The last build failed at 20" in summed.stderr
    assert "(`dbt build`): stg_bank__clients; " in summed.stderr
    assert bad.is_dir()


def test_mapping_may_be_named_on_the_command_line(drop: Path, tmp_path: Path) -> None:
    renamed = spoilt(drop, tmp_path / "renamed", rows=7)
    clients = renamed / CLIENT_FILE
    clients.write_text(clients.read_text("utf-8").replace("Age", "Alter", 1), "utf-8")
    (tmp_path / "names.yml").write_text(
        "clients: {columns: {Age: Alter}, values: {Age: {old: 40}}}"
    )
    arguments = ("--mapping", "names.yml", "--warehouse", "bank.duckdb", "--select", PART)
    built = bank(tmp_path, "build", "renamed", *arguments)
    assert built.returncode == 0, built.stderr
    assert "names.yml: translates headers and values." in built.stderr
    assert "`bank build renamed --mapping names.yml --warehouse bank.duckdb`" in built.stdout
    with open_warehouse(tmp_path / "bank.duckdb") as connection:
        query = "select count(*) filter (age = 40) >= 7 from staging.stg_bank__clients"
        assert connection.sql(query).fetchone() == (True,)
    without_drop = bank(tmp_path, "build", "--mapping", "names.yml")
    assert without_drop.returncode == 2
    assert "--mapping needs a drop" in without_drop.stderr


def test_undecided_dates_and_near_duplicates_are_counted(tmp_path: Path) -> None:
    header, *clients = csv.reader(oddities.respelt().splitlines())
    place = header.index("Joined Bank")
    days = [client[place].split("-")[:2] for client in clients]
    for client in clients:
        client[place] = oddities.local_date(client[place])
    (tmp_path / "drop").mkdir()
    oddities.put(tmp_path / "drop", oddities.text_of(clients))
    formats = ("--date-format", "%d-%m-%Y", "--date-format", "%d/%m/%Y")
    built = bank(tmp_path, "build", "drop", "--warehouse", "bank.duckdb", *formats)
    assert built.returncode == 0, built.stderr
    undecided = sum(int(day) <= 12 and day != month for day, month in days)
    assert undecided > 1_000
    assert f"{undecided:,} dates and 0 amounts could be read in two ways: " in built.stdout
    assert "8 rows have a client id and name that differ from another row" in built.stdout
    record = read_record(build_record_path(tmp_path / "bank.duckdb"))
    assert record is not None
    assert record["near_duplicates"] == 8
    (clients_file,) = record["reading"]
    assert clients_file["dates_undecided"] == undecided


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without a signal")
def test_kill_ends_dbt_too_and_leaves_no_temporary_files(drop: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    arguments = ["build", str(drop), "--warehouse", str(tmp_path / "bank.duckdb")]
    with subprocess.Popen(
        [sys.executable, "-m", "bank_warehouse", *arguments],
        env=variables(tmp_path) | {"TMPDIR": str(temporary)},
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as build:  # fmt: skip
        assert build.stderr is not None
        message = ""
        while " of " not in message:
            message += build.stderr.read(1) or pytest.fail(message)
        assert any(temporary.iterdir())
        build.terminate()
        message += build.stderr.read()
    assert build.returncode == 143, message
    assert "Interrupted: the warehouse may hold models from this build" in message
    assert list(temporary.iterdir()) == []
    # dbt has ended, so the warehouse is not locked.
    with duckdb.connect(str(tmp_path / "bank.duckdb")):
        pass
    record = read_record(build_record_path(tmp_path / "bank.duckdb"))
    assert record is not None
    assert not record["is_ended"]


def test_verbose_shows_the_dbt_log(tmp_path: Path) -> None:
    arguments = ("--warehouse", "bank.duckdb", "--select", "age_bands", "--verbose")
    built = bank(tmp_path, "build", *arguments, "--", "--no-use-colors")
    assert built.returncode == 0, built.stdout + built.stderr
    assert " START seed file reference.age_bands " in built.stdout
    assert "Done. PASS=" in built.stdout
    assert "RuntimeWarning" not in built.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        (("--vars", "{as_of_dat: 1}"), {}, "as_of_dat: no such variable. Did you mean as_of_date?"),
        (("--vars", "{as_of_date: 31-12-2021}"), {}, "is not a date. Write 2021-12-31."),
        (("--vars", "{raw_date_format: []}"), {}, "raw_date_format: [] is not a date format"),
        ((), {"BANK_RAW_DIR": "/no/such/folder"}, "/no/such/folder: no such folder or file"),
        ((), {"BANK_THREADS": "two"}, "BANK_THREADS: 'two' is not a number of threads"),
    ],
)
def test_dbt_refuses_invalid_settings_before_it_parses(
    arguments: tuple[str, ...], environment: dict[str, str], message: str, tmp_path: Path
) -> None:
    variables = {"BANK_THREDS": "2"} | environment
    refused = run_dbt(tmp_path, "build", *arguments, project=PROJECT, **variables)
    assert refused.returncode == 2
    assert message in refused.stdout
    assert "BANK_THREDS: no such setting; it is ignored. Did you mean BANK_T" in (refused.stdout)
    assert "Traceback" not in refused.stdout + refused.stderr
    assert not (tmp_path / "target" / "manifest.json").exists()
    assert not (tmp_path / "bank.duckdb").exists()


@pytest.mark.parametrize("models", ["no_such_model", "age_bands tag:none"])
def test_selection_without_a_match_builds_nothing(models: str, tmp_path: Path) -> None:
    refused = run_dbt(tmp_path, "build", *selection(models))
    assert refused.returncode == 2
    missing = models.rpartition(" ")[2]
    assert f"The selection criterion '{missing}' does not match" in refused.stdout
    assert not build_record_path(tmp_path / "bank.duckdb").exists()


def test_settings_of_another_project_are_ignored(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text(
        "name: another\nversion: 1.0.0\nprofile: another\nvars: {as_of_dat: never}\n", "utf-8"
    )
    (tmp_path / "profiles.yml").write_text(
        "another: {target: x, outputs: {x: {type: duckdb, path: ':memory:'}}}\n", "utf-8"
    )
    parsed = run_dbt(tmp_path, "parse", project=tmp_path, BANK_THREADS="two")
    assert parsed.returncode == 0, parsed.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send SIGINT")
def test_signal_to_the_command_alone_ends_dbt_too(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, "build"],
        cwd=tmp_path,
        env=variables(tmp_path) | {"BANK_WAREHOUSE": "bank.duckdb"},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr
        assert process.stderr.readline() == "Reading the project ...\n"
        while not (tmp_path / "logs" / "dbt.log").exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, message = process.communicate()
    assert process.returncode == 130
    assert message.startswith("Interrupted: ")
    record = build_record_path(tmp_path / "bank.duckdb")
    assert not record.exists() or not json.loads(record.read_text("utf-8"))["is_ended"]


INTERRUPTIBLE = """
import runpy, signal
# A background job of a shell ignores SIGINT, so the default handler is restored.
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("bank_warehouse", run_name="__main__")
"""
