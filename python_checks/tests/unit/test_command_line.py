"""`bank`: its help, options and refusals, and what it shows of dbt's log."""

import json
import pickle
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import duckdb
import pytest
from click.testing import CliRunner, Result

from bank_warehouse.build_log import BuildLog
from bank_warehouse.cli import COMMANDS, main
from bank_warehouse.hints import TAKEN_BY, command_line
from bank_warehouse.private import owner_of
from bank_warehouse.project import PROJECT as NAME
from bank_warehouse.project import find_project, warehouse_path
from bank_warehouse.publish.records import FORMAT, build_record_path, write_json
from bank_warehouse.raw_drop import Settings, drop, plan_table, temp_files
from python_checks.testing.paths import PROJECT, SEEDS
from python_checks.testing.users import without_rights

HEAVY = {"dbt", "duckdb", "great_expectations", "matplotlib", "numpy", "pandas", "pyarrow"}

SHARED = {f"--{name.replace('_', '-')}": commands for name, commands in TAKEN_BY.items()}
VARIABLES = {
    "--warehouse": "BANK_WAREHOUSE",
    "--publish-dir": "BANK_PUBLISH_DIR",
    "--raw-dir": "BANK_RAW_DIR",
    "--mapping": "BANK_RAW_MAPPING",
    "--project-dir": "DBT_PROJECT_DIR",
}


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, arguments, env=environment, prog_name="bank")


def command_of(name: str) -> click.Command:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    return command


def loaded_by(*arguments: str) -> tuple[int, set[str]]:
    """Return the exit code of `bank` and the heavy packages that it imported."""
    script = (
        "import sys\n"
        "from bank_warehouse.cli import main\n"
        "try:\n"
        "    main(sys.argv[1:], prog_name='bank')\n"
        "except SystemExit as end:\n"
        "    print()\n"
        "    print(end.code, *{name.partition('.')[0] for name in sys.modules})\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    code, *modules = ended.stdout.splitlines()[-1].split()
    return int(code), HEAVY & set(modules)


def test_help_describes_every_command_in_a_whole_sentence() -> None:
    for result in (run(), run("--help"), run("-h")):
        assert result.exit_code == 0
        listed = result.output.partition("Commands:\n")[2].splitlines()
        assert [line.split()[0] for line in listed] == sorted(COMMANDS)
        assert all(line.endswith(".") and not line.endswith("...") for line in listed)
        assert max(map(len, result.output.splitlines())) <= 80


def test_help_and_version_import_no_heavy_package() -> None:
    assert loaded_by("--help") == (0, set())
    assert loaded_by("--version") == (0, set())


def test_version_matches_the_package() -> None:
    assert run("--version").output == f"bank {version('bank-warehouse')}\n"


@pytest.mark.parametrize(
    ("typo", "meant"),
    [("pubish", "publish"), ("bild", "build"), ("quarantene", "quarantine"), ("sumary", "summary")],
)
def test_typo_gets_a_suggestion(typo: str, meant: str) -> None:
    result = run(typo)
    assert result.exit_code == 2
    assert f"No such command '{typo}'. Did you mean '{meant}'?" in result.output


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each_command_is_complete(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0, result.output
    assert f"Usage: bank {name}" in result.output
    assert command_of(name).help
    for option in command_of(name).params:
        if isinstance(option, click.Option):
            assert option.help or isinstance(option.type, click.Choice), option.name


@pytest.mark.parametrize("option", SHARED)
def test_shared_option_is_declared_once_and_shows_its_variable(option: str) -> None:
    having = {
        name: parameter
        for name in COMMANDS
        for parameter in command_of(name).params
        if isinstance(parameter, click.Option) and option in parameter.opts
    }
    assert set(having) == SHARED[option]
    assert len({parameter.help for parameter in having.values()}) == 1
    assert {parameter.envvar for parameter in having.values()} == {VARIABLES[option]}
    for name in having:
        assert VARIABLES[option] in run(name, "--help").output


def test_option_takes_precedence_over_its_variable(tmp_path: Path) -> None:
    named, other = str(tmp_path / "named.duckdb"), str(tmp_path / "other.duckdb")
    by_option = run("summary", "--warehouse", named, BANK_WAREHOUSE=other)
    assert f"There is no warehouse at {named}." in by_option.output
    by_variable = run("summary", BANK_WAREHOUSE=other)
    assert f"There is no warehouse at {other}." in by_variable.output


def test_project_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DBT_PROJECT_DIR", "BANK_WAREHOUSE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    assert find_project() == PROJECT
    assert warehouse_path() == PROJECT / "warehouse" / "bank.duckdb"
    clone = tmp_path / "clone"
    (clone / "models").mkdir(parents=True)
    (clone / "dbt_project.yml").write_text(f"name: {NAME}\n", "utf-8")
    monkeypatch.chdir(clone / "models")
    assert find_project() == clone
    assert find_project(PROJECT) == PROJECT
    assert find_project(tmp_path) is None


# ---------- a command in a message can be run as printed


@pytest.fixture
def usual(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder outside the project; no environment variable names a path."""
    for name in VARIABLES.values():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


COMMAND_LINES: dict[str, tuple[str, dict[str, Path | None], str]] = {
    "defaults": ("check", {"warehouse": PROJECT / "warehouse" / "bank.duckdb"}, "bank check"),
    "not known": ("build", {"warehouse": None, "raw_dir": None}, "bank build"),
    "warehouse": ("check", {"warehouse": Path("my.duckdb")}, "bank check --warehouse my.duckdb"),
    "space in a path": ("accept", {"warehouse": Path("a b")}, 'bank accept --warehouse "a b"'),
    "option of another command": ("releases", {"warehouse": Path("x")}, "bank releases"),
    "argument": ("rollback 7", {"publish_dir": Path("p")}, "bank rollback 7 --publish-dir p"),
    "drop": (
        "build",
        {"warehouse": Path("x.duckdb"), "raw_dir": Path("drop")},
        "bank build drop --warehouse x.duckdb",
    ),
    "named drop": ("build FOLDER", {"raw_dir": Path("drop")}, "bank build FOLDER"),
    "both": (
        "publish",
        {"warehouse": Path("x"), "publish_dir": Path("p"), "raw_dir": Path("drop")},
        "bank publish --warehouse x --publish-dir p",
    ),
    "project": ("build", {"project_dir": Path("c")}, "bank build --project-dir c"),
    "this project": ("build", {"project_dir": PROJECT}, "bank build"),
}


@pytest.mark.usefixtures("usual")
@pytest.mark.parametrize("name", COMMAND_LINES)
def test_command_in_message_gets_non_default_paths(name: str) -> None:
    command, paths, expected = COMMAND_LINES[name]
    assert command_line(command, paths) == expected


def test_suggested_build_names_a_folder_if_a_drop_was_built(usual: Path) -> None:
    for source, expected in (("drop", "bank build FOLDER"), ("sample", "bank build")):
        record = {"format": FORMAT, "source": source}
        write_json(build_record_path(usual / "mine.duckdb"), record)
        found = command_line("build", {"warehouse": Path("mine.duckdb")})
        assert found == f"{expected} --warehouse mine.duckdb"


@pytest.mark.parametrize("name", sorted(TAKEN_BY["warehouse"] - {"build"}))
def test_missing_warehouse_is_reported_with_the_build_command(name: str, usual: Path) -> None:
    arguments = ["--out", "new"] if name in ("quarantine", "findings") else []
    result = run(name, "--warehouse", "mine.duckdb", *arguments)
    assert result.exit_code == 2
    assert "There is no warehouse at mine.duckdb." in result.output
    assert "Run `bank build --warehouse mine.duckdb` first" in result.output
    assert list(usual.iterdir()) == []


@pytest.mark.parametrize("name", sorted(TAKEN_BY["warehouse"] - {"build"}))
def test_file_that_is_not_a_warehouse_is_refused(name: str, usual: Path) -> None:
    (usual / "README.md").write_text("A bank.\n" * 100, "utf-8")
    arguments = ["--out", "new"] if name in ("quarantine", "findings") else []
    result = run(name, "--warehouse", "README.md", *arguments)
    assert result.exit_code == 2
    assert "README.md is not a warehouse.\nName another file with --warehouse." in result.output
    assert "bank build" not in result.output


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has access lists instead of modes")
@pytest.mark.parametrize("name", sorted(TAKEN_BY["warehouse"] - {"build"}))
def test_warehouse_of_another_user_is_not_called_damaged(name: str, usual: Path) -> None:
    with duckdb.connect("mine.duckdb"):
        pass
    (usual / "mine.duckdb").chmod(0)
    command_of(name)
    arguments = ["--out", "new"] if name in ("quarantine", "findings") else []
    with without_rights():
        result = run(name, "--warehouse", "mine.duckdb", *arguments)
    assert result.exit_code == 2
    assert "mine.duckdb cannot be read by this user, " in result.output
    assert f"Ask {owner_of(usual)} for permission to read it." in result.output
    assert "bank build" not in result.output


OUTPUTS = [
    ("check", "--docs", ()),
    ("dashboard", "--cubes-dir", ()),
    ("dashboard", "--export", ()),
    ("findings", "--out", ()),
    ("generate", "--out", ("--customers", "1")),
    ("powerbi", "--out", ()),
    ("quarantine", "--out", ()),
    ("worklist", "--out", ()),
]


@pytest.mark.parametrize(("name", "option", "needed"), OUTPUTS)
def test_no_command_writes_into_a_release(
    name: str, option: str, needed: tuple[str, ...], usual: Path
) -> None:
    release = usual / "published" / "7"
    release.mkdir(parents=True)
    (release / "manifest.json").write_text(json.dumps({"release": 7}), "utf-8")
    result = run(name, option, str(release / "new" / "x.csv"), *needed)
    assert result.exit_code == 2
    assert f"is in the release {release}, whose files never change" in " ".join(
        result.output.split()
    )
    assert [entry.name for entry in release.iterdir()] == ["manifest.json"]


@pytest.mark.parametrize("name", COMMANDS)
def test_ctrl_c_prints_one_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise RuntimeError("Query interrupted") from KeyboardInterrupt()

    monkeypatch.setattr(command_of(name), "callback", interrupted)
    needed = {
        "rollback": ["1"],
        "inspect": ["x"],
        "quarantine": ["--out", "x"],
        "worklist": ["--out", "x"],
        "findings": ["--out", "x"],
        "generate": ["--out", "x", "--customers", "1"],
    }
    result = run(name, *needed.get(name, []))
    assert (result.exit_code, result.stderr) == (130, "Interrupted.\n")


@pytest.mark.parametrize("arguments", [("rollback", "7"), ("dashboard",)])
def test_missing_release_is_reported_with_the_publish_command(
    arguments: tuple[str, ...], usual: Path
) -> None:
    result = run(*arguments, "--publish-dir", "mine")
    assert result.exit_code == 2
    assert "Run `bank publish --publish-dir mine`" in result.output
    assert list(usual.iterdir()) == []


def test_command_in_message_omits_options_set_by_variables(usual: Path) -> None:
    result = run("summary", BANK_WAREHOUSE=str(usual / "mine.duckdb"))
    assert "Run `bank build` first" in result.output


# ---------- bank build refuses a drop or a setting before it starts anything


def test_build_refuses_an_unreadable_drop_before_dbt_starts(
    usual: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    monkeypatch.setattr("bank_warehouse.build._run_dbt", lambda *given, **_: started.append(given))
    (usual / "drop").mkdir()
    (usual / "drop" / "clients.csv").write_text("Name,Aege\nAda,31\n", "utf-8")
    result = run("build", "drop", "--warehouse", "new/bank.duckdb")
    assert result.exit_code == 2
    assert "clients.csv, row 1: " in result.output
    assert started == []
    assert [entry.name for entry in usual.iterdir()] == ["drop"]


def test_dbt_uses_the_plan_of_the_build(usual: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[str] = []

    def planned_anew(*_: object) -> None:
        raise AssertionError

    def dbt(_arguments: object, environment: dict[str, str], *_: object, **__: object) -> int:
        monkeypatch.setattr(drop, "_last", {})
        monkeypatch.setattr(drop, "survey_drop", planned_anew)
        monkeypatch.setenv(drop.PLAN_VARIABLE, environment[drop.PLAN_VARIABLE])
        settings = Settings(date_formats=("%d-%m-%Y",))
        plans.append(plan_table(Path(environment["BANK_RAW_DIR"]), "clients", settings).sql)
        with pytest.raises(AssertionError):
            plan_table(Path(environment["BANK_RAW_DIR"]), "clients")
        return 1

    monkeypatch.setattr("bank_warehouse.build._run_dbt", dbt)
    shutil.copytree(SEEDS, usual / "drop")
    result = run("build", "drop", "--date-format", "%d-%m-%Y")
    assert result.exit_code == 1, result.output
    assert len(plans) == 1


class Tripwire:
    """An object that fails the test if it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what unpickling calls."""
        return pytest.fail, ("a foreign plan was read",)


def test_foreign_or_damaged_plan_is_ignored(usual: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(SEEDS, usual / "drop")
    monkeypatch.setattr(drop, "_last", {})
    strange = usual / "strange.plan"
    strange.write_bytes(pickle.dumps(Tripwire()))
    monkeypatch.setenv(drop.PLAN_VARIABLE, str(strange))
    assert plan_table(usual / "drop", "clients").rows
    broken = temp_files.new_path(".plan")
    broken.write_bytes(b"not a pickle")
    assert temp_files.is_own(broken)
    monkeypatch.setattr(drop, "_last", {})
    monkeypatch.setenv(drop.PLAN_VARIABLE, str(broken))
    assert plan_table(usual / "drop", "clients").rows
    if sys.platform != "win32":
        broken.chmod(0o666)
        assert not temp_files.is_own(broken)


def test_inspect_of_a_missing_drop_does_not_suggest_the_seeds(usual: Path) -> None:
    result = run("inspect", str(usual / "absent"))
    assert result.exit_code == 2
    assert "absent: no such folder or file. Give the path" in result.output
    assert "seeds" not in result.output


REFUSALS: dict[str, tuple[list[str], str]] = {
    "variable": (["--vars", "{as_of_dat: 1}"], "as_of_dat: no such variable. Did you mean as_of_d"),
    "date": (
        ["--as-of", "31-12-2021"],
        "'31-12-2021' is not a date. Write 2021-12-31.",
    ),
    "format": (["--date-format", "%d-%m"], "raw_date_format: '%d-%m' has no year (%Y)."),
    "spreadsheet-style format": (["--date-format", "DD/MM/YYYY"], "Write %d/%m/%Y."),
    "drop": (["no such folder"], "no such folder: no such folder or file."),
    "drop named with --raw-dir": (["--raw-dir", "absent"], "absent: no such folder or file."),
    "project": (["--project-dir", "docs"], "name the clone with --project-dir"),
    "drop twice": (["a", "--raw-dir", "b"], "name the drop once"),
    "engine": (["--", "--target", "spark"], "run `dbt build --target ...`"),
    "variables twice": (["--", "--vars", "{}"], "put it before the --"),
    "option": (["--sellect", "x"], "Did you mean '--select'?"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_build_refuses_invalid_settings(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    arguments, message = REFUSALS[name]
    result = run("build", *arguments, BANK_RAW_DIR="")
    assert result.exit_code == 2, result.output
    assert message in " ".join(result.output.split())


def test_build_refuses_a_warehouse_in_memory() -> None:
    result = run("build", BANK_WAREHOUSE=":memory:")
    assert result.exit_code == 2
    assert "`bank build` needs a file; `dbt build` also accepts :memory:" in result.output


def test_build_warns_of_a_misspelt_variable() -> None:
    result = run("build", "--as-of", "never", BANK_WAREHOSE="x")
    assert "Warning: BANK_WAREHOSE: no such setting" in result.output
    assert "Did you mean BANK_WAREHOUSE?" in result.output


def test_refusal_imports_only_what_it_needs() -> None:
    assert loaded_by("build", "--as-of", "31-12-2021") == (2, set())
    assert loaded_by("build", "no such folder") == (2, {"duckdb", "numpy"})


# ---------- what is shown of dbt's log


def event(name: str, level: str = "info", msg: str = "", **data: object) -> str:
    return json.dumps({"info": {"name": name, "level": level, "msg": msg}, "data": data})


def step(kind: str, name: str, status: str) -> dict[str, Any]:
    return {"node_info": {"resource_type": kind, "node_name": name, "node_status": status}}


def failed(kind: str, name: str, message: str, log: BuildLog) -> None:
    log.read(
        event("RunResultFailure", "error", node_name=name, path=f"{name}.sql", resource_type=kind)
    )
    log.read(event("RunResultError", "error", msg=message))


@pytest.fixture
def log(tmp_path: Path) -> BuildLog:
    return BuildLog(tmp_path, {})


def test_progress_counts_steps_models_and_failures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = BuildLog(tmp_path, {})
    log.read(event("ConcurrencyLine", node_count=4))
    log.read(event("LogModelResult", **step("model", "dim_dates", "success")))
    log.read(event("JinjaLogInfo", msg="Raw drop: notes.txt: ignored."))
    log.read(event("LogTestResult", "error", **step("test", "unique_x", "fail")))
    log.read(event("LogTestResult", "warn", **step("test", "rare_x", "warn")))
    log.read(event("SkippingDetails", **step("model", "fct_x", "skipped")))
    assert capsys.readouterr().err.splitlines() == [
        "Reading the project ...",
        "Raw drop: notes.txt: ignored.",
        "4 of 4 steps, 1 model built, 1 warning, 1 failure",
    ]


def test_unit_tests_are_counted_as_steps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = BuildLog(tmp_path, {})
    log.read(event("ConcurrencyLine", node_count=1))
    log.read(event("LogTestResult", num_models=2, **step("unit_test", "reads_x", "pass")))
    log.read(event("LogModelResult", total=2, **step("model", "stg_x", "success")))
    assert capsys.readouterr().err.splitlines()[-1] == (
        "2 of 2 steps, 1 model built, 0 warnings, 0 failures"
    )


def test_first_failure_is_shown_without_macro_trace(log: BuildLog) -> None:
    log.read(event("SkippingDetails", **step("model", "fct_x", "skipped")))
    log.read(event("SkippingDetails", **step("exposure", "page_x", "skipped")))
    failed(
        "model",
        "stg_a",
        "Compilation Error in model stg_a (models/stg_a.sql)\n  a.csv: no header. Add one.\n  \n"
        "  > in macro raw_table (macros/raw.sql)\n  > called by model stg_a (models/stg_a.sql)",
        log,
    )
    failed("model", "stg_b", "Compilation Error in model stg_b (b.sql)\n  other", log)
    first, message, others, left_out, more = log.failure().splitlines()
    assert first == "The build failed at model stg_a (stg_a.sql):"
    assert message == "  a.csv: no header. Add one."
    assert others == "Also failed: stg_b."
    assert left_out == "Skipped because of this: 1 step."
    assert "dbt.log" in more


def test_explanation_replaces_the_engine_message(log: BuildLog) -> None:
    failed("model", "dim_a", "Runtime Error in model dim_a (a.sql)\n  No space left", log)
    failed("operation", "on-run-end-1", "Compilation Error in operation x (y)\n  Full disk.", log)
    assert log.failure().splitlines()[:2] == [
        "The build failed at model dim_a (dim_a.sql):",
        "  Full disk.",
    ]
    assert "Also failed" not in log.failure()


def test_reason_why_dbt_did_not_start_is_shown(log: BuildLog) -> None:
    log.read("Traceback (most recent call last):\n")
    log.read("ModuleNotFoundError: No module named 'dbt'\n")
    assert "ModuleNotFoundError: No module named 'dbt'" in log.failure()
    log.read(event("MainEncounteredError", exc="Compilation Error\n  Model 'x' not found"))
    assert log.failure().splitlines()[:2] == [
        "The build could not start:",
        "  Model 'x' not found",
    ]


def test_selection_without_a_match_is_explained(log: BuildLog) -> None:
    problem = "Compilation Error\n  The selection criterion 'x+' does not match any enabled nodes"
    log.read(event("MainEncounteredError", exc=problem))
    assert "Nothing in the project matches --select x+. `dbt ls` lists" in log.failure()


def test_failed_test_is_shown_with_its_purpose_and_its_query(log: BuildLog, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    nodes = {"test.x": {"name": "assert_x", "description": "No cent is\n  lost."}}
    (tmp_path / "target" / "manifest.json").write_text(json.dumps({"nodes": nodes}), "utf-8")
    failed("test", "assert_x", "Got 6 results, configured to fail if != 0", log)
    log.read(event("SQLCompiledPath", path="target/compiled/x.sql"))
    assert log.failure().splitlines()[:-1] == [
        "The build failed at test assert_x (assert_x.sql):",
        "  Got 6 results, configured to fail if != 0",
        "  It promises: No cent is lost.",
        "  Its query: target/compiled/x.sql",
        "Correct the files or the model, and build again.",
    ]
