"""The CI and repository files agree with the project, and the summary of a change is complete."""

import json
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

from python_checks.project import changes
from python_checks.project.changes import Changes
from python_checks.testing.paths import PROJECT

WORKFLOWS = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE))


def jobs(name: str) -> dict[str, Any]:
    """Return the jobs of a workflow."""
    content = yaml.safe_load((PROJECT / ".github" / "workflows" / name).read_text("utf-8"))
    found: dict[str, Any] = content["jobs"]
    return found


def commands(job: dict[str, Any]) -> str:
    """Return the commands of a job, repeated for each value of its matrix."""
    text = "\n".join(step.get("run", "") for step in job["steps"])
    matrix = job.get("strategy", {}).get("matrix", {})
    for name, values in matrix.items():
        field = f"${{{{ matrix.{name} }}}}"
        text = "\n".join(text.replace(field, str(value)) for value in values)
    return text


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_name_only_what_exists_and_have_time_limits(path: PurePosixPath) -> None:
    for job in jobs(path.name).values():
        text = commands(job)
        for targets in re.findall(r"\bmake ((?:[a-z-]+ ?)+)", text):
            assert set(targets.split()) <= TARGETS
        for file in re.findall(r"[.]ci/[a-z-]+|(?:python_checks|benchmarks)/[\w/.]+", text):
            assert (PROJECT / file).exists() or file.endswith("/publish"), file
        for module in re.findall(r"-m (python_checks[.\w]+)", text):
            assert (PROJECT / (module.replace(".", "/") + ".py")).is_file(), module
        for step in job["steps"]:
            if str(step.get("uses", "")).startswith("./"):
                assert (PROJECT / step["uses"] / "action.yml").is_file()
        assert job["timeout-minutes"] <= 240


def test_every_layer_of_tests_has_a_job() -> None:
    run = "\n".join(commands(job) for job in jobs("ci.yml").values())
    layers = [
        path.name for path in (PROJECT / "python_checks" / "tests").iterdir() if path.is_dir()
    ]
    layers = [name for name in layers if not name.startswith((".", "_"))]
    assert len(layers) >= 6
    for folder in [*(f"python_checks/tests/{name}" for name in layers), "benchmarks/tests"]:
        assert re.search(rf"pytest .*{folder}$", run, re.MULTILINE), folder


def test_windows_installation_matches_contributing() -> None:
    document = (PROJECT / "CONTRIBUTING.md").read_text("utf-8").replace("\\", "/")
    install = jobs("ci.yml")["windows"]["steps"][2]["run"].splitlines()
    assert len(install) == 4
    for line in install[1:]:
        assert line in document


def test_each_codeowner_pattern_matches_a_file() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=PROJECT, capture_output=True, encoding="utf-8", check=True
    )
    files = listed.stdout.splitlines()
    for line in (PROJECT / ".github" / "CODEOWNERS").read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        pattern, *owners = line.split()
        assert owners
        assert all(re.fullmatch(r"@your-organisation/[a-z-]+", owner) for owner in owners)
        assert any(_is_owned(file, pattern) for file in files), pattern


def _is_owned(file: str, pattern: str) -> bool:
    """Return whether a CODEOWNERS pattern matches a file."""
    if pattern.endswith("/"):
        return file.startswith(pattern[1:])
    if pattern.startswith("/"):
        return fnmatch(file, pattern[1:])
    return fnmatch(file.split("/")[-1], pattern)


def test_dev_container_runs_make_targets_and_forwards_the_dashboard_port() -> None:
    container = json.loads((PROJECT / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
    made = container["onCreateCommand"].removeprefix("make ").split()
    assert "install" in made
    assert set(made) <= TARGETS
    from bank_warehouse.dashboard.command import command

    (port,) = [option.default for option in command.params if option.name == "port"]
    assert port in container["forwardPorts"]
    assert {int(name) for name in container["portsAttributes"]} == set(container["forwardPorts"])


def test_compose_contains_no_password_and_publishes_ports_only_locally() -> None:
    text = (PROJECT / "compose.yaml").read_text("utf-8")
    server = yaml.safe_load(text)["services"]["postgres"]
    # If the variable is unset or empty, `:?` ends the command with the message that follows.
    assert re.fullmatch(r"\$\{POSTGRES_PASSWORD:\?.+\}", server["environment"]["POSTGRES_PASSWORD"])
    assert all(port.startswith("127.0.0.1:") for port in server["ports"])
    document = (PROJECT / "docs" / "publishing.md").read_text("utf-8")
    assert "export POSTGRES_PASSWORD=..." in document


@pytest.mark.skipif(
    sys.platform == "win32" or not shutil.which("make"), reason="needs make and a POSIX shell"
)
def test_clean_keeps_only_histories_and_accepted_profiles(tmp_path: Path) -> None:
    shutil.copyfile(PROJECT / "Makefile", tmp_path / "Makefile")
    kept = {"bank_history.duckdb", "bank_history_sample.duckdb", "bank_history.duckdb.wal"}
    kept |= {"bank.accepted_profile.parquet", "years.duckdb", "one/bank_history.duckdb"}
    made = {"bank.duckdb", "bank.build_record.json", "bank.duckdb.tmp/1.tmp", "spark/part.parquet"}
    for name in kept | made:
        file = tmp_path / "warehouse" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    subprocess.run(["make", "clean"], cwd=tmp_path, check=True, capture_output=True)
    folder = tmp_path / "warehouse"
    left = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    assert left == kept


def test_summary_names_changed_models_and_failed_tests() -> None:
    assert "No model or seed differs" in changes.summary(Changes([], []))
    text = changes.summary(
        Changes(["fct_a", "fct_b"], ["fct_c"], {"fct_a.one": "pass", "fct_b.two": "fail"}, "why\n")
    )
    assert "Changed: `fct_a`, `fct_b`" in text
    assert "Downstream: `fct_c`" in text
    assert "1 of 2 pass." in text
    assert "- failed: `fct_b.two`" in text
    assert "fct_a.one" not in text
    assert text.endswith("```\nwhy\n```\n")
    assert "There are none." in changes.summary(Changes(["fct_a"], []))


def test_an_unknown_revision_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert changes.main("no-such-revision") == 2
    assert "no-such-revision" in capsys.readouterr().err
