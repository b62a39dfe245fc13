"""The commands in the README and the documents run as printed, page by page."""

import hashlib
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from bank_warehouse.publish.records import build_record_path, read_record
from python_checks.testing.oddities import workbook
from python_checks.testing.pages import executed, pages
from python_checks.testing.paths import PROJECT

README = "README.md"
SERVERS = ("dbt docs serve", "bank dashboard")
PATIENCE = 120

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the commands need a POSIX shell")


def new_project(folder: Path) -> Path:
    """Return a clone of the project in `folder`, with the environment that these tests run in."""
    clone = folder / "clone"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (PROJECT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, clone / name)
    (clone / ".venv").symlink_to(sys.prefix)
    (folder / "Downloads").mkdir()
    workbook(folder / "Downloads")
    return clone


def run(clone: Path, command: str) -> str:
    """Execute a command in a clone, as a user who has activated its environment.

    A server is stopped once it has printed its address.

    Returns:
        What the command printed.
    """
    unset = ("BANK_", "DBT_")
    environment = {name: text for name, text in os.environ.items() if not name.startswith(unset)}
    environment |= {
        "HOME": str(clone.parent),
        "PATH": f"{clone}/.venv/bin{os.pathsep}{os.environ['PATH']}",
        "BROWSER": "true",
        "PYTHONUNBUFFERED": "1",
    }
    process = subprocess.Popen(
        ["bash", "-c", f"exec {command}" if command.startswith(SERVERS) else command],
        cwd=clone,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if command.startswith(SERVERS) and "--export" not in command:
        output = until_it_listens(process)
        process.terminate()
        return output + process.communicate(timeout=PATIENCE)[0]
    output = process.communicate()[0]
    assert process.returncode == 0, f"{command}\n{output[-4000:]}"
    return output


def until_it_listens(process: subprocess.Popen[str]) -> str:
    """Return what a server prints, up to its address."""
    assert process.stdout is not None
    output, end = "", time.monotonic() + PATIENCE
    while "http://127.0.0.1:" not in output and "Serving docs at" not in output:
        assert time.monotonic() < end, output
        ready, _, _ = select.select([process.stdout], [], [], 1)
        if ready:
            line = process.stdout.readline()
            assert line, f"the server exited before it printed its address:\n{output}"
            output += line
    return output


@pytest.fixture(scope="module")
def readme(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A clone in which the commands of the README have run, and the output of each command."""
    clone = new_project(tmp_path_factory.mktemp("readme"))
    return clone, {command: run(clone, command) for command in executed(README)}


def test_readme_commands_lead_to_a_release(readme: tuple[Path, dict[str, str]]) -> None:
    clone, outputs = readme
    (first,) = (text for command, text in outputs.items() if command.startswith(".venv/bin/bank"))
    lines = first.splitlines()
    assert lines[0] == "Reading the project ..."
    last = [line for line in lines if " steps, " in line][-1]
    steps = last.partition(" of ")[0]
    assert last.startswith(f"{steps} of {steps} steps, ")
    assert last.endswith(" 0 warnings, 0 failures")
    assert lines[lines.index(last) + 1].split() == ["Warehouse", "warehouse/bank.duckdb"]
    assert lines[lines.index(last) + 2].startswith("Last build            passed at 20")
    assert "Customers             3,000 with 2,940 client ids" in lines
    assert lines[lines.index("Next:") + 1] == "  bank check"
    assert "START" not in first
    (mine,) = (text for command, text in outputs.items() if command.endswith("mine.duckdb"))
    assert "  bank check --warehouse warehouse/mine.duckdb" in mine.splitlines()
    record = read_record(build_record_path(clone / "warehouse" / "bank.duckdb"))
    assert record is not None
    assert (record["failed"], record["not_run"], record["source"]) == ([], [], "sample")
    assert (clone / "published" / "1" / "manifest.json").is_file()
    assert (clone / "warehouse" / "bank_history_sample.duckdb").is_file()
    own = read_record(build_record_path(clone / "warehouse" / "mine.duckdb"))
    assert own is not None
    assert (own["failed"], own["not_run"], own["source"]) == ([], [], "drop")
    delivered = clone.parent / "Downloads" / "Banking.xlsx"
    checksum = hashlib.sha256(delivered.read_bytes()).hexdigest()
    assert {(each["file"], each["sha256"]) for each in own["files"]} == {(delivered.name, checksum)}
    assert sum(each["rows"] for each in own["reading"]) == 3_000


@pytest.mark.parametrize("page", [page for page in pages() if page != README and executed(page)])
def test_commands_of_a_page_run_after_those_of_the_readme(
    page: str, readme: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    clone = shutil.copytree(readme[0], tmp_path / "clone", symlinks=True)
    for command in executed(page):
        run(clone, command)
    if page == "docs/history.md":
        with duckdb.connect(str(clone / "backup" / "bank_history.duckdb")) as kept:
            dates = kept.execute("select distinct as_of_date from marts.fct_customer_history")
            assert [str(day) for (day,) in dates.fetchall()] == ["2021-12-31"]
