"""dbt as its users run it: selections, --empty, show, retry, failing tests, moved files."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from bank_warehouse.engine import SCHEMAS
from bank_warehouse.masking import PERSONAL_COLUMNS
from bank_warehouse.publish import records
from python_checks.testing.dbt import run_dbt
from python_checks.testing.paths import PROJECT

PARTS = ("bank_warehouse", "macros", "models", "seeds", "tests")
FILES = ("dbt_project.yml", "profiles.yml", "selectors.yml")
FILES_OF_A_WAREHOUSE = (
    ".duckdb",
    "_history_sample.duckdb",
    records.BUILD_SUFFIX,
    records.CHECKS_SUFFIX,
)


def passes(folder: Path, *arguments: str, project: Path = PROJECT) -> str:
    """Run dbt in a folder, expect success, and return its output."""
    run = run_dbt(folder, *arguments, project=project)
    assert run.returncode == 0, run.stdout[-4000:]
    return run.stdout


def fails(folder: Path, *arguments: str, project: Path = PROJECT) -> str:
    """Run dbt in a folder, expect a failure, and return its output."""
    run = run_dbt(folder, *arguments, project=project)
    assert run.returncode != 0, run.stdout[-4000:]
    return run.stdout


def bank(warehouse: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `bank` on a warehouse. Releases are published to the folder `published` beside it."""
    return subprocess.run(
        [sys.executable, "-m", "bank_warehouse", *arguments],
        env=os.environ
        | {
            "BANK_WAREHOUSE": str(warehouse),
            "BANK_PUBLISH_DIR": str(warehouse.parent / "published"),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def refused(warehouse: Path, *arguments: str) -> str:
    """Run `bank`, expect a refusal, and return its message."""
    run = bank(warehouse, *arguments)
    assert run.returncode in (1, 2), run.stdout
    assert "Traceback" not in run.stderr
    return run.stderr


def remove_warehouse(folder: Path) -> None:
    """Remove the warehouse and the history, so that the next build is the first one."""
    for path in folder.glob("bank*"):
        path.unlink()


def copy_warehouse(built: Path, folder: Path, stem: str = "bank") -> Path:
    """Copy a warehouse with its history and records, and return the path of the copy."""
    folder.mkdir(parents=True, exist_ok=True)
    for suffix in FILES_OF_A_WAREHOUSE:
        file = built.with_name(built.stem + suffix)
        if file.exists():
            shutil.copyfile(file, folder / (stem + suffix))
    return folder / f"{stem}.duckdb"


def change(warehouse: Path, statement: str) -> None:
    """Run SQL in a warehouse without dbt."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(statement)


def counts(warehouse: Path) -> dict[str, int]:
    """Return the number of rows of every table and view of the warehouse."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        names = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables"
        ).fetchall()
        return {
            name: connection.execute(f"select count(*) from {name}").fetchall()[0][0]
            for (name,) in names
        }


def history(warehouse: Path) -> list[list[tuple[object, ...]]]:
    """Return all rows of the two history tables of a warehouse."""
    file = warehouse.with_name(f"{warehouse.stem}_history_sample.duckdb")
    with duckdb.connect(str(file), read_only=True) as connection:
        return [
            connection.execute(f"select * from {table} order by all").fetchall()
            for table in ("marts.fct_customer_history", "intermediate.int_customers_migrated")
        ]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one folder for many runs."""
    return tmp_path_factory.mktemp("workplace")


@pytest.fixture
def fresh(workplace: Path) -> Path:
    """Return a folder without a warehouse."""
    remove_warehouse(workplace)
    return workplace


@pytest.fixture
def used(workplace: Path, built_warehouse: Path) -> Path:
    """Return a folder with a copy of the built warehouse that a test may change."""
    remove_warehouse(workplace)
    copy_warehouse(built_warehouse, workplace)
    return workplace


@pytest.fixture(scope="module")
def project_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project in a folder with a space and an umlaut in its path."""
    folder = tmp_path_factory.mktemp("copy") / "Bank für Süd"
    for part in PARTS:
        shutil.copytree(PROJECT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in FILES:
        shutil.copyfile(PROJECT / file, folder / file)
    return folder


@pytest.fixture
def used_by_copy(project_copy: Path, built_warehouse: Path) -> Path:
    """Return a folder with a copy of the built warehouse, for runs of the copied project."""
    folder = project_copy.with_name("runs")
    folder.mkdir(exist_ok=True)
    remove_warehouse(folder)
    copy_warehouse(built_warehouse, folder)
    return folder


# Selections ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selection", "built"),
    [
        (("+fct_customer_risk",), "marts.fct_customer_risk"),
        (("+fct_segment_profiles",), "marts.fct_segment_profiles"),
        (("+stg_bank__clients",), "staging.stg_bank__clients"),
        (("+path:models/marts/recommendations",), "marts.fct_customer_recommendations"),
        (("resource_type:seed", "path:models/staging"), "staging.stg_bank__genders"),
    ],
)
def test_selection_builds_on_a_new_warehouse(
    fresh: Path, selection: tuple[str, ...], built: str
) -> None:
    output = passes(fresh, "build", "--select", *selection)
    assert built in counts(fresh / "bank.duckdb")
    assert " PASS unique_" in output or " PASS rows_are_sound" in output


def test_model_alone_builds_with_its_tests_on_a_built_warehouse(used: Path) -> None:
    output = passes(used, "build", "--select", "fct_customer_risk")
    assert "PASS fct_customer_risk::" in output
    assert "left out" in refused(used / "bank.duckdb", "publish")


def test_full_build_runs_every_data_test(built_warehouse: Path, workplace: Path) -> None:
    def listed(*options: str) -> set[str]:
        arguments = ("-q", "ls", "--resource-type", "test", *options)
        return set(passes(workplace, *arguments).split())

    assert listed() == listed("--indirect-selection", "eager")
    manifest = json.loads((built_warehouse.parent / "target" / "manifest.json").read_text("utf-8"))
    tests = {name for name, node in manifest["nodes"].items() if node["resource_type"] == "test"}
    assert len(listed()) == len(tests)
    record = records.read_record(records.build_record_path(built_warehouse))
    assert record is not None
    assert record["not_run"] == []


# --empty ------------------------------------------------------------------------------------------


def require_nothing_published(warehouse: Path) -> None:
    """Check that the commands refuse an emptied warehouse, and that nothing is published."""
    for arguments in (("publish",), ("check", "--no-docs"), ("summary",)):
        message = refused(warehouse, *arguments)
        assert "ran with --empty, so its tables have no rows" in message
        assert "bank build" in message
    assert not (warehouse.parent / "published" / "current").exists()


def test_empty_build_of_a_new_warehouse_has_no_rows(fresh: Path) -> None:
    passes(fresh, "build", "--empty")
    rows = counts(fresh / "bank.duckdb")
    assert rows["staging.base_bank__clients"] == rows["marts.dim_customers"] == 0
    assert history(fresh / "bank.duckdb") == [[], []]
    require_nothing_published(fresh / "bank.duckdb")


def test_empty_build_over_a_built_warehouse_keeps_the_history(used: Path) -> None:
    before = history(used / "bank.duckdb")
    assert before[0]
    passes(used, "build", "--empty")
    rows = counts(used / "bank.duckdb")
    assert rows["staging.base_bank__clients"] == rows["marts.fct_customer_risk"] == 0
    assert history(used / "bank.duckdb") == before
    require_nothing_published(used / "bank.duckdb")


def test_empty_build_of_a_drop_reads_no_rows(fresh: Path) -> None:
    run = run_dbt(
        fresh,
        *("build", "--empty", "--select", "+path:models/staging"),
        BANK_RAW_DIR=str(PROJECT / "seeds" / "raw"),
    )
    assert run.returncode == 0, run.stdout[-4000:]
    assert counts(fresh / "bank.duckdb")["staging.base_bank__clients"] == 0


# Other commands -----------------------------------------------------------------------------------


def test_show_prints_rows_of_a_model_and_of_a_query(used: Path) -> None:
    # The table has no order, so any rows may be shown.
    assert "dimension" in passes(used, "show", "--select", "fct_segment_profiles")
    query = "select count(*) as customers from {{ ref('dim_customers') }}"
    assert "3000" in passes(used, "show", "--inline", query).replace(",", "")


def test_compile_ls_and_freshness_succeed(used: Path) -> None:
    assert "staging" in passes(used, "compile", "--select", "stg_bank__clients")
    assert "bank_warehouse.marts.core.dim_customers" in passes(used, "ls", "--select", "marts")
    # No source declares freshness, because a drop is a folder of files.
    assert "Nothing to do" in passes(used, "source", "freshness")


def test_static_docs_are_one_file(used: Path) -> None:
    passes(used, "docs", "generate", "--static")
    page = (used / "target" / "static_index.html").read_text("utf-8")
    assert "assert_personal_data_stays_in_restricted" in page
    assert "fct_segment_profiles" in page


def test_clone_refuses_and_suggests_copying_the_file(used: Path, tmp_path: Path) -> None:
    passes(used, "compile", "--select", "dim_dates")
    state = shutil.copytree(used / "target", tmp_path / "state")
    remove_warehouse(used)
    output = fails(used, "clone", "--select", "dim_dates", "--state", str(state))
    assert "dbt clone cannot copy a DuckDB warehouse, which is one file. Copy the file" in output


def test_state_modified_selects_the_changed_model(
    project_copy: Path, used_by_copy: Path, tmp_path: Path
) -> None:
    passes(used_by_copy, "parse", project=project_copy)
    state = shutil.copytree(used_by_copy / "target", tmp_path / "state")
    arguments = ("-q", "ls", "--select", "state:modified", "--state", str(state))
    assert "bank_warehouse." not in passes(used_by_copy, *arguments, project=project_copy)
    model = project_copy / "models/marts/core/dim_dates.sql"
    before = model.read_text("utf-8")
    try:
        model.write_text(before + "\n-- Changed.\n", "utf-8")
        listed = passes(used_by_copy, *arguments, project=project_copy).split()
        assert "bank_warehouse.marts.core.dim_dates" in listed
        assert not any("fct_customer_risk" in name for name in listed)
        passes(used_by_copy, "build", *arguments[2:], project=project_copy)
    finally:
        model.write_text(before, "utf-8")


def test_retry_completes_a_failed_build(fresh: Path) -> None:
    early_date = "{as_of_date: '2015-01-01', max_quarantine_rate: 0}"
    output = fails(fresh, "build", "--select", "+stg_bank__clients", "--vars", early_date)
    assert "client rows are quarantined" in output
    # The retry validates the rows again and refuses them, because nothing has changed.
    assert "client rows are quarantined" in fails(fresh, "retry")
    passes(fresh, "retry", "--vars", "{as_of_date: '2015-01-01', max_quarantine_rate: 1}")
    assert 0 < counts(fresh / "bank.duckdb")["staging.stg_bank__clients"] < 3000
    assert "was not a complete build" in refused(fresh / "bank.duckdb", "publish")


# Failing tests ------------------------------------------------------------------------------------


def test_failing_test_prints_its_rows_without_personal_data(used: Path) -> None:
    warehouse = used / "bank.duckdb"
    change(warehouse, "update staging.base_bank__clients set gender = null where rowid = 7")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        personal = connection.execute(
            "select client_id, client_name, banking_contact from staging.base_bank__clients "
            "where rowid = 7"
        ).fetchall()[0]
    output = fails(used, "test", "--select", "stg_bank__clients")
    assert "gender: null" in output
    assert "client_name: (hidden)" in output
    assert "loyalty_classification: " in output
    for text in personal:
        assert text not in output


def test_compiled_test_runs_in_duckdb_as_printed(used: Path) -> None:
    change(
        used / "bank.duckdb",
        "update marts.fct_fairness_monitor set value = "
        "(select any_value(client_name) from restricted.dim_customer_identities) where rowid = 3",
    )
    output = fails(used, "test", "--select", "assert_personal_data_stays_in_restricted")
    assert "- mart: fct_fairness_monitor" in output
    assert "column_name: value" in output
    assert "What it promises: No published column" in output
    command = next(line for line in output.splitlines() if line.startswith("All rows: duckdb"))
    attach = command.split('-cmd "')[1].split('"')[0]
    file = command.split('-f "')[1].split('"')[0]
    with duckdb.connect(str(used / "bank.duckdb"), read_only=True) as connection:
        connection.execute(attach)
        rows = connection.execute(Path(file).read_text("utf-8")).fetchall()
    assert rows == [("fct_fairness_monitor", "value", "holds the name or id of a client")]


def test_new_mart_fails_with_a_remedy(project_copy: Path, used_by_copy: Path) -> None:
    model = project_copy / "models/marts/core/fct_ages.sql"
    described = project_copy / "models/marts/core/_ages.yml"
    try:
        model.write_text(
            "select age, count(*) as customers from {{ ref('int_customers_segmented') }} "
            "group by age",
            "utf-8",
        )
        described.write_text(
            "models:\n  - name: fct_ages\n    description: One row per age.\n    columns:\n"
            "      - {name: age, data_type: integer}\n"
            "      - {name: customers, data_type: bigint}\n",
            "utf-8",
        )
        selection = ("fct_ages", "assert_personal_data_stays_in_restricted")
        output = fails(used_by_copy, "build", "--select", *selection, project=project_copy)
    finally:
        model.unlink(missing_ok=True)
        described.unlink(missing_ok=True)
    assert "- mart: fct_ages" in output
    assert "breach: not in the lists of this test" in output
    assert "add the mart to the list `published` at the top of tests/singular/" in output


def test_macro_and_checks_hide_the_same_columns(used: Path) -> None:
    listed = passes(used, "-q", "compile", "--inline", "{{ personal_columns() | join(';') }}")
    assert set(listed.strip().split(";")) == PERSONAL_COLUMNS


# Files and folders --------------------------------------------------------------------------------


def test_renamed_and_moved_warehouse_works(built_warehouse: Path, tmp_path: Path) -> None:
    copy = copy_warehouse(built_warehouse, tmp_path / "elsewhere", "monday")
    assert counts(copy) == counts(built_warehouse)
    assert "3,000 with" in bank(copy, "summary").stdout
    checked = bank(copy, "check", "--no-docs")
    assert checked.returncode == 0, checked.stdout[-3000:] + checked.stderr
    published = bank(copy, "publish")
    assert published.returncode == 0, published.stderr
    # Another database can attach the renamed warehouse.
    with duckdb.connect() as connection:
        connection.execute(f"attach '{copy}' as other (read_only)")
        found = connection.execute("select count(*) from other.marts.dim_customers").fetchall()
    assert found == [(3000,)]


def test_renamed_warehouse_without_its_records_is_not_published(
    built_warehouse: Path, tmp_path: Path
) -> None:
    renamed = Path(shutil.copyfile(built_warehouse, tmp_path / "monday.duckdb"))
    assert bank(renamed, "summary").returncode == 0
    message = refused(renamed, "publish")
    assert "monday.build_record.json is missing" in message
    assert "If the file was renamed or copied, rename or copy its records with it" in message


def test_reserved_name_is_refused_for_a_warehouse(built_warehouse: Path, tmp_path: Path) -> None:
    assert {name.split(".")[0] for name in counts(built_warehouse)} == set(SCHEMAS)
    for name in ("marts", "history"):
        renamed = copy_warehouse(built_warehouse, tmp_path, name)
        for arguments in (("summary",), ("check", "--no-docs"), ("publish",)):
            assert f"a warehouse cannot be named {name}" in refused(renamed, *arguments)
        run = run_dbt(tmp_path, "seed", BANK_WAREHOUSE=str(renamed))
        assert run.returncode != 0
        assert f"a warehouse cannot be named {name}" in run.stdout


@pytest.mark.parametrize("is_in_environment", [False, True])
def test_build_started_outside_the_project_writes_inside_it(
    project_copy: Path, tmp_path: Path, is_in_environment: bool
) -> None:
    written = ("warehouse", "target", "logs")
    for name in written:
        shutil.rmtree(project_copy / name, ignore_errors=True)
    variables = {
        name: text for name, text in os.environ.items() if not name.startswith(("BANK_", "DBT_"))
    }
    if is_in_environment:
        variables["DBT_PROJECT_DIR"] = str(project_copy)
    folders = ("--project-dir", str(project_copy), "--profiles-dir", str(project_copy))
    run = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "build", *folders, "--select", "+stg_bank__clients"],
        cwd=tmp_path,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-4000:]
    assert list(tmp_path.iterdir()) == []
    assert all((project_copy / name).is_dir() for name in written)
    names = {path.name for path in (project_copy / "warehouse").iterdir()}
    assert {"bank.duckdb", "bank_history_sample.duckdb", "bank.build_record.json"} <= names
