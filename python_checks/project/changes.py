"""Show the effects of a change: models that differ from another revision, and their unit tests.

`python -m python_checks.project.changes main` prints Markdown for a pull request: the models that
differ from the branch `main`, the models that read them, and the results of the changed models'
unit tests. dbt compares the two manifests
(https://docs.getdbt.com/reference/node-selection/state-selection).
"""

import io
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from python_checks.testing.dbt import run_dbt
from python_checks.testing.paths import PROJECT

MODIFIED = "state:modified"
WITHOUT_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")


@dataclass(frozen=True)
class Changes:
    """The differences from the base, by name.

    Attributes:
        modified: models and seeds whose SQL, configuration, macros or data differ.
        downstream: models that read the modified ones, directly or through other models.
        unit_tests: the status of each unit test of the modified models, such as `pass`, by name.
        failure: the end of dbt's output if a build or a test failed, else empty.
    """

    modified: Sequence[str]
    downstream: Sequence[str]
    unit_tests: dict[str, str] = field(default_factory=dict)
    failure: str = ""


class DbtError(Exception):
    """dbt cannot read one of the two versions; the message is dbt's output."""


def extract(revision: str, project: Path, folder: Path) -> None:
    """Write the files of a git revision of the project into a folder.

    Raises:
        subprocess.CalledProcessError: there is no such revision.
    """
    archive = subprocess.run(  # noqa: S603
        ["git", "archive", "--format=tar", revision],  # noqa: S607
        cwd=project,
        capture_output=True,
        check=True,
    )
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")


def compare(base: Path, project: Path, folder: Path) -> Changes:
    """Compare two versions of the project, and run the unit tests of the changed models.

    Args:
        base: the version to compare with.
        project: the version to examine.
        folder: a folder for dbt's output.

    Raises:
        DbtError: one of the two versions cannot be parsed.
    """
    parsed = _dbt(folder / "base", base, "parse")
    if parsed.returncode:
        raise DbtError(parsed.stdout)
    state = ("--state", str(folder / "base" / "target"))
    here = folder / "here"
    modified = _names(here, project, MODIFIED, *state)
    reached = _names(here, project, f"{MODIFIED}+", *state)
    changes = Changes(modified, [name for name in reached if name not in modified])
    tests_of_modified = ("--select", f"{MODIFIED},test_type:unit", *state)
    listed = _dbt(here, project, "--quiet", "ls", *tests_of_modified)
    if not modified or not listed.stdout.strip():
        return changes
    # Fixtures take their types from tables, so the changed models and all their parents are built.
    for command in (
        ("build", "--select", f"+{MODIFIED}", *state, *WITHOUT_TESTS),
        ("test", *tests_of_modified),
    ):
        run = _dbt(here, project, *command)
        if run.returncode:
            break
    results = json.loads((here / "target" / "run_results.json").read_text("utf-8"))["results"]
    tests = {
        result["unique_id"].split(".", 2)[-1]: result["status"]
        for result in results
        if result["unique_id"].startswith("unit_test.")
    }
    failure = run.stdout[-4000:] if run.returncode else ""
    return Changes(changes.modified, changes.downstream, tests, failure)


def _dbt(folder: Path, project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run dbt on the sample, with its history file in `folder`."""
    return run_dbt(folder, *arguments, project=project, BANK_HISTORY="")


def _names(folder: Path, project: Path, selection: str, *state: str) -> list[str]:
    listed = _dbt(
        folder,
        project,
        *("--quiet", "ls", "--select", selection, *state, "--output", "name"),
        *("--resource-type", "model", "--resource-type", "seed"),
    )
    if listed.returncode:
        raise DbtError(listed.stdout)
    return sorted(listed.stdout.split())


def summary(changes: Changes) -> str:
    """Return the changes in Markdown."""
    if not changes.modified:
        return "### Models\n\nNo model or seed differs from the base.\n"
    lines = ["### Models", "", f"Changed: {_listed(changes.modified)}", ""]
    if changes.downstream:
        lines += [f"Downstream: {_listed(changes.downstream)}", ""]
    passed = sum(status == "pass" for status in changes.unit_tests.values())
    lines += ["### Unit tests of the changed models", ""]
    if changes.unit_tests:
        lines.append(f"{passed} of {len(changes.unit_tests)} pass.")
    elif not changes.failure:
        lines.append("There are none.")
    failed = [name for name, status in changes.unit_tests.items() if status != "pass"]
    lines += ["", *(f"- failed: `{name}`" for name in failed)]
    if changes.failure:
        lines += ["", "```", changes.failure.strip(), "```"]
    return "\n".join(lines).rstrip() + "\n"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def main(revision: str) -> int:
    """Print what differs from a revision.

    Returns:
        0 if all unit tests pass, 1 if one of them fails or a model cannot be built, and 2 if the
        two versions cannot be compared.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        try:
            extract(revision, PROJECT, folder / "project")
            changes = compare(folder / "project", PROJECT, folder)
        except subprocess.CalledProcessError as problem:
            print(f"git cannot read {revision}: {problem.stderr.decode()}", file=sys.stderr)
            return 2
        except DbtError as problem:
            print(f"dbt cannot compare with {revision}:\n{problem}", file=sys.stderr)
            return 2
    print(summary(changes), end="")
    return 1 if changes.failure else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print("Usage: python -m python_checks.project.changes REVISION", file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1]))
