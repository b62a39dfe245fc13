"""The files of the cubes.

A separate process creates each file, so the server never holds customer records. The process
reads the customer marts and writes one DuckDB file. The file holds the cubes of a role, and copies
of the small marts that the role may see. The server opens it read-only. The files are in a
temporary folder, or in a permanent one, where the dashboard finds them when it is started again. A
file's name is derived from the role, the release, DuckDB's version and the code of this package, so
the dashboard never uses a file of another role, release or version.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

import click
import duckdb

import bank_warehouse
from bank_warehouse.dashboard import cubes
from bank_warehouse.dashboard.access import Role, unknown_names
from bank_warehouse.dashboard.errors import DashboardError
from bank_warehouse.metrics import MetricsError, load_metrics
from bank_warehouse.publish import Release
from bank_warehouse.publish.releases import DATABASE, MANIFEST, METRICS, require_file
from bank_warehouse.sql import quote_identifier, quote_literal

OPEN_MARTS = (
    ("marts", "release"),
    ("marts", "dim_products"),
    ("marts", "fct_segment_differences"),
    ("marts", "fct_risk_drivers"),
)
"""The release, products and statistical tests: every role may read them, as in Power BI."""

CLOSED_MARTS = (
    ("marts", "fct_balance_concentration"),
    ("marts", "fct_cluster_centroids"),
    ("marts", "fct_expected_losses"),
    ("marts", "fct_fairness_monitor"),
    ("marts", "fct_product_pairs"),
    ("marts", "fct_risk_migrations"),
    ("marts", "fct_segment_migrations"),
    ("marts", "fct_segment_profiles"),
    ("marts", "fct_stress_results"),
    ("marts", "fct_stress_sensitivity"),
    ("quality", "fct_control_totals"),
    ("quality", "fct_source_profile"),
)
"""Marts with figures of all customers, only for roles that see all customers."""

MEMORY = "4GB"
"""Memory limit of the process that creates a file; data beyond this limit goes to disk."""

ENDING = ".duckdb"
DRAFT = ".draft-"
TASK = "task.json"
PROGRAM = "bank_warehouse.dashboard.cube_files"
A_DAY = 86_400.0
"""Seconds after which a draft counts as left behind by a killed process."""


_running: set[subprocess.Popen[str]] = set()
_is_ending = threading.Event()


class UnreadableError(Exception):
    """The release cannot be pre-aggregated; the message says why."""


def cube_file(release: Release, role: Role, folder: Path) -> Path:
    """Return the file of a role's cubes.

    If it is not in the folder, create it and delete the files of this role for other releases and
    versions.

    Args:
        release: the release.
        role: the role whose customers are included.
        folder: the folder of the files; created if necessary, for this user only.

    Raises:
        DamagedReleaseError: The database of the release is missing, or differs from the published
            one.
        UnreadableReleaseError: This user may not read the database.
        UnreadableError: The release cannot be pre-aggregated.
        DashboardError: The folder cannot be written to.
    """
    path = folder / _name(release, role)
    if path.is_file():
        return path
    require_file(release, release.manifest["database"])
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _clear(folder)
        with tempfile.TemporaryDirectory(prefix=DRAFT, dir=folder) as drafts:
            draft = Path(drafts) / path.name
            _make_elsewhere(release, role, draft)
            draft.chmod(0o600)
            draft.replace(path)
    except OSError as problem:
        message = (
            f"The cubes of release {release.number} cannot be written to {folder}: "
            f"{problem.strerror or problem}. Use --cubes-dir to name a folder that you can "
            "write to."
        )
        raise DashboardError(message) from problem
    for other in folder.glob(f"{_whose(role)}-*{ENDING}"):
        if other != path:
            # Windows cannot remove a file that another process is reading.
            with contextlib.suppress(OSError):
                other.unlink()
    return path


def _clear(folder: Path) -> None:
    """Delete the drafts of killed processes, because they may contain customer records."""
    for draft in folder.glob(f"{DRAFT}*"):
        if time.time() - draft.stat().st_mtime > A_DAY:
            shutil.rmtree(draft, ignore_errors=True)


def _whose(role: Role) -> str:
    """Return the prefix of a role's file names, a hash that does not reveal the role."""
    parts = json.dumps(
        [role.sees_all, sorted(role.banking_relationships), sorted(role.investment_advisors)]
    )
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def _name(release: Release, role: Role) -> str:
    """Return the name of a file, derived from the role, the release and the program."""
    files = (release.path / MANIFEST, release.path / METRICS)
    parts = [duckdb.__version__.encode(), str(release.path.resolve()).encode(), _program()]
    parts += [file.read_bytes() if file.is_file() else b"" for file in files]
    digests = b"".join(hashlib.sha256(part).digest() for part in parts)
    return f"{_whose(role)}-{hashlib.sha256(digests).hexdigest()[:32]}{ENDING}"


@cache
def _program() -> bytes:
    """Return the digest of all modules of this package."""
    digest = hashlib.sha256()
    for module in sorted(Path(bank_warehouse.__file__).parent.rglob("*.py")):
        digest.update(hashlib.sha256(module.read_bytes()).digest())
    return digest.digest()


def _make_elsewhere(release: Release, role: Role, draft: Path) -> None:
    """Create a file in another process, which ends when this one does."""
    package = Path(__file__).parents[2]
    paths = [str(package), *filter(None, [os.environ.get("PYTHONPATH")])]
    task = {
        "release": str(release.path.resolve()),
        "sees_all": role.sees_all,
        "banking_relationships": sorted(role.banking_relationships),
        "investment_advisors": sorted(role.investment_advisors),
    }
    draft.with_name(TASK).write_text(json.dumps(task), encoding="utf-8", newline="\n")
    theirs, ours = os.pipe()
    try:
        # The other process ends when our end of the pipe closes.
        with subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", "-m", PROGRAM, str(draft.resolve())],
            stdin=theirs,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf-8"},
            encoding="utf-8",
        ) as process:
            _running.add(process)
            if _is_ending.is_set():
                process.kill()
            try:
                printed, _ = process.communicate()
            except BaseException:
                process.kill()
                raise
            finally:
                _running.discard(process)
    finally:
        os.close(theirs)
        os.close(ours)
    if process.returncode:
        ended = f"the process that creates the cubes ended with status {process.returncode}"
        raise UnreadableError(printed.strip() or ended)


def start() -> None:
    """Allow this process to create files again after :func:`stop`."""
    _is_ending.clear()


def stop() -> None:
    """Stop the processes that create files, and any that are started later."""
    _is_ending.set()
    for process in tuple(_running):
        process.kill()


def make(release: Path, role: Role, draft: Path) -> None:
    """Pre-aggregate a release for a role into a file.

    Args:
        release: folder of the release.
        role: the role whose customers are included.
        draft: the file; intermediate files are written beside it and deleted.

    Raises:
        UnreadableError: The release cannot be pre-aggregated.
    """
    scratch = draft.with_name("between.duckdb")
    try:
        layer = load_metrics(release / METRICS)
        with duckdb.connect(str(draft)) as connection:
            connection.execute(f"set memory_limit = {quote_literal(MEMORY)}")
            connection.execute(f"set temp_directory = {quote_literal(str(draft.parent / 'spill'))}")
            cubes.build(connection, release / DATABASE, layer, role, scratch)
            _copy_small(connection, release / DATABASE, role)
    except (duckdb.Error, MetricsError, StopIteration, KeyError) as problem:
        first = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise UnreadableError(first) from problem
    finally:
        scratch.unlink(missing_ok=True)


def _copy_small(connection: duckdb.DuckDBPyConnection, database: Path, role: Role) -> None:
    """Copy the small marts that the role may see, and the description of each action."""
    connection.execute(f"attach {quote_literal(str(database))} as release (read_only)")
    for warning in unknown_names(connection, role, "release.marts.dim_customers"):
        click.echo(f"The access file contains an unknown name. {warning}", err=True)
    there = set(
        connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'release'"
        ).fetchall()
    )
    for schema, name in (*OPEN_MARTS, *(CLOSED_MARTS if role.sees_all else ())):
        if (schema, name) in there:
            relation = f"{quote_identifier(schema)}.{quote_identifier(name)}"
            connection.execute(
                f"create table {cubes.SMALL}.{quote_identifier(name)} as from release.{relation}"
            )
    if ("marts", "fct_customer_recommendations") in there:
        # An action has the same name, wording and reasons for all its customers.
        connection.execute(
            f"create table {cubes.SMALL}.actions as select distinct action, action_name, kind, "
            "priority, owner, wording, product, reasons "
            "from release.marts.fct_customer_recommendations"
        )
    connection.execute("detach release")


def _end_with_parent(folder: Path) -> None:
    """End this process, and remove its files, when the process that started it has ended."""

    def wait() -> None:
        sys.stdin.read()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def main(draft: Path) -> int:
    """Create the file that the task file beside it describes; print the error, if any.

    Returns:
        The exit status.
    """
    _end_with_parent(draft.parent)
    task: dict[str, Any] = json.loads(draft.with_name(TASK).read_text(encoding="utf-8"))
    role = Role(
        frozenset(task["banking_relationships"]),
        frozenset(task["investment_advisors"]),
        task["sees_all"],
    )
    try:
        make(Path(task["release"]), role, draft)
    except UnreadableError as problem:
        click.echo(str(problem))
        return 1
    except KeyboardInterrupt:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
