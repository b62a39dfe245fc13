"""Publish and roll back, in an order that shows readers a whole release or none of it.

0. The gate checks the warehouse, before the folder of the releases is touched. If an earlier
    publisher lost the answer to its commit, the commit is looked up and the files are updated to
    match.
1. The release is compared with what readers have: it must come from the same bank and keep the
    contract.
2. All files are written to a draft folder on disk.
3. All rows are sent to PostgreSQL, in a transaction that stays open.
4. The draft gets its number, PostgreSQL commits, and `current` switches. This takes a few
    milliseconds, and each of the three steps is atomic. A note of the commit is kept beside the
    releases until all three are done (:mod:`bank_warehouse.publish.pending`).

A publisher that is killed before step 4 leaves at most a draft, which the next one removes. If it
is killed during step 4, a complete release may exist without being current, or PostgreSQL may be
one release ahead of the files. The next publisher updates the files to match PostgreSQL.
"""

import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from bank_warehouse.interrupts import saying
from bank_warehouse.publish import files, gate, pending, releases
from bank_warehouse.publish.contracts import breaking_changes
from bank_warehouse.publish.errors import (
    ContractError,
    NoReleaseError,
    PublishError,
    UnknownCommitError,
)
from bank_warehouse.publish.lock import publisher_lock
from bank_warehouse.publish.pending import Commit, Outcome
from bank_warehouse.publish.postgres import PostgresTarget, open_target
from bank_warehouse.publish.releases import SAMPLE, Release
from bank_warehouse.sql import quote_literal
from bank_warehouse.summary import open_warehouse

DEFAULT_WAIT = 60.0

NOTHING = "Interrupted: nothing was published."
OTHER_FOLDER = "another folder with --publish-dir"
OTHER_DATABASE = "another database with BANK_POSTGRES_DSN"
KEYS_AT_ONCE = 50_000
SEE_RELEASES = "Interrupted. `bank releases` shows which release readers have."

Progress = Callable[[str], None]
Keys = Generator[list[int], None, None]


def publish(
    warehouse: Path,
    publish_dir: Path,
    dsn: str | None,
    *,
    with_restricted: bool = False,
    replace_bank: bool = False,
    wait: float = DEFAULT_WAIT,
    progress: Progress = lambda _: None,
) -> Release:
    """Publish all marts of a warehouse to all targets, or publish nothing.

    Args:
        warehouse: The DuckDB file.
        publish_dir: Folder of the releases.
        dsn: PostgreSQL database to publish to as well; None or empty for none.
        with_restricted: Whether to publish personal data.
        replace_bank: Whether the shipped sample, or another bank, may replace a bank's release.
        wait: Seconds to wait for readers of PostgreSQL that are in a transaction.
        progress: Called with a line for each step.

    Returns:
        The release, which is now current.

    Raises:
        SummaryError: The warehouse cannot be opened.
        UnknownCommitError: It is unknown whether PostgreSQL holds the release; its folder is kept.
        PublishError: Nothing was published, the files could not be switched to the release, or
            PostgreSQL could not be compared with it; the message says which, and what to do.
    """
    with _opened(warehouse) as connection, _target(dsn) as target, saying(SEE_RELEASES):
        with saying(NOTHING):
            progress(f"Checking that {warehouse} passed the build and the expectations ...")
            passed = gate.require_checked(connection, warehouse)
            if not publish_dir.is_dir():
                # Check before the lock creates the folder: a refused release must not leave one.
                _require_fit(connection, passed, publish_dir, target, replace_bank)
        with publisher_lock(publish_dir):
            return _publish(
                connection,
                passed,
                publish_dir,
                target,
                with_restricted,
                replace_bank,
                wait,
                progress,
            )


def _publish(
    connection: duckdb.DuckDBPyConnection,
    passed: gate.Passed,
    publish_dir: Path,
    target: PostgresTarget | None,
    with_restricted: bool,
    replace_bank: bool,
    wait: float,
    progress: Progress,
) -> Release:
    """Publish what passed the gate, holding the lock of the folder."""
    _remove_drafts(publish_dir, progress)
    settle(publish_dir, target, progress)
    with saying(NOTHING):
        _require_fit(connection, passed, publish_dir, target, replace_bank)
        current = releases.current_number(publish_dir)
        # The number is higher than all that readers may know.
        number = 1 + max(
            current or 0,
            *releases.release_numbers(publish_dir),
            target.highest_number() if target else 0,
        )
    progress(f"Writing release {number} ...")
    draft = releases.new_draft(publish_dir)
    commit = None
    try:
        with saying(NOTHING):
            release = files.write_release(
                connection,
                passed,
                draft,
                number,
                with_restricted=with_restricted,
                progress=progress,
            )
            releases.sync_draft(draft)
            if target:
                progress(f"Writing release {number} to {target.where} ...")
                with _scratch(publish_dir) as scratch:
                    commit = target.prepare(release, scratch, wait, progress, is_new=True)
                pending.note(publish_dir, replace(commit, before=current))
        folder = releases.number_draft(draft, publish_dir, number, for_all=not with_restricted)
        release = Release(folder.resolve(), release.manifest)
        if target and commit:
            _commit(target, commit, publish_dir)
    except OSError as problem:
        raise PublishError(
            f"The files of the release cannot be written to {publish_dir}: "
            f"{problem.strerror or problem}.",
            "Correct this, or set BANK_PUBLISH_DIR to another folder. Nothing was published.",
        ) from problem
    finally:
        if target:
            target.give_up()
        if draft.exists():
            shutil.rmtree(draft)
    _make_current(release, publish_dir, target, progress)
    return release


def roll_back(
    publish_dir: Path,
    number: int,
    dsn: str | None,
    *,
    wait: float = DEFAULT_WAIT,
    progress: Progress = lambda _: None,
) -> Release:
    """Make a release current again, in the files and in PostgreSQL.

    Args:
        publish_dir: Folder of the releases.
        number: The release.
        dsn: As for :func:`publish`.
        wait: As for :func:`publish`.
        progress: Called with a line for each step.

    Returns:
        The release.

    Raises:
        NoReleaseError: There is no release with this number.
        UnknownCommitError: It is unknown whether PostgreSQL holds it.
        PublishError: The release is damaged, or cannot be made current in the files or in
            PostgreSQL.
    """
    if not publish_dir.is_dir():
        raise releases.no_release(publish_dir)
    with publisher_lock(publish_dir), _target(dsn) as target, saying(SEE_RELEASES):
        _remove_drafts(publish_dir, progress)
        settle(publish_dir, target, progress)
        release = releases.read_release(publish_dir, number)
        files.require_whole(release, progress)
        left, current = _current_if_whole(publish_dir), releases.current_number(publish_dir)
        if left:
            for change in breaking_changes(
                files.all_contracts(left.manifest), files.all_contracts(release.manifest)
            ):
                progress(f"Tell the readers of release {left.number}: {change}.")
        if target:
            progress(f"Writing release {number} to {target.where} ...")
            try:
                with _scratch(publish_dir) as scratch:
                    commit = target.prepare(release, scratch, wait, progress, is_new=False)
                pending.note(publish_dir, replace(commit, before=current))
                _commit(target, commit, publish_dir)
            finally:
                target.give_up()
        _make_current(release, publish_dir, target, progress)
    return release


def settle(publish_dir: Path, target: PostgresTarget | None, progress: Progress) -> None:
    """Update the files after a commit whose answer was lost, if there is one.

    The caller must hold the lock of the folder. Without a database, the note stays.

    Raises:
        UnknownCommitError: The database cannot be asked for the outcome, or is not the noted one.
        PublishError: The note cannot be read, or `current` cannot be replaced.
    """
    commit = pending.settle(publish_dir, target.outcome_of if target else None, progress)
    if commit and target:
        raise UnknownCommitError(
            pending.doubt(commit, publish_dir),
            "Set BANK_POSTGRES_DSN to that database and try again. If it is gone for good, delete "
            f"{publish_dir / pending.PENDING}.",
        )
    if commit:
        progress(pending.doubt(commit, publish_dir))


def _make_current(
    release: Release, publish_dir: Path, target: PostgresTarget | None, progress: Progress
) -> None:
    """Make a release current in the files. If PostgreSQL is a target, it has already committed."""
    releases.switch_current(publish_dir, release.number)
    if target:
        pending.forget(publish_dir)
    progress(f"Release {release.number} is current in {publish_dir}.")
    if target:
        target.verify(release, progress)
        target.tidy(release, progress)


def _commit(target: PostgresTarget, commit: Commit, publish_dir: Path) -> None:
    """Commit the noted release; if PostgreSQL refuses, undo everything.

    Raises:
        PostgresError: PostgreSQL has not committed.
        UnknownCommitError: PostgreSQL cannot be asked; the note and the folder are kept.
    """
    try:
        outcome = target.commit(commit)
    except PublishError:
        pending.settle(publish_dir, lambda _: Outcome.ROLLED_BACK, lambda _: None)
        raise
    if outcome is Outcome.UNKNOWN:
        raise UnknownCommitError(
            pending.doubt(commit, publish_dir),
            "Run `bank releases` when the server can be reached again: it asks PostgreSQL and "
            "updates the files to match. The next `bank publish` does the same.",
        )


@contextmanager
def _opened(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse; nobody can write to it while it is open."""
    with open_warehouse(warehouse) as connection:
        try:
            yield connection
        except duckdb.Error as problem:
            raise PublishError(
                f"The marts of {warehouse} cannot be read: {str(problem).splitlines()[0]}",
                "Run `bank build`, `bank check` and `bank publish`.",
            ) from problem


@contextmanager
def _target(dsn: str | None) -> Iterator[PostgresTarget | None]:
    if not dsn:
        yield None
        return
    with open_target(dsn) as target:
        yield target


@contextmanager
def _scratch(publish_dir: Path) -> Iterator[Path]:
    """Create an empty folder on the same disk as the releases, and remove it at the end."""
    folder = publish_dir / f"{releases.DRAFT_PREFIX}rows"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _remove_drafts(publish_dir: Path, progress: Progress) -> None:
    if releases.remove_drafts(publish_dir):
        progress("Removed the drafts of an interrupted publisher.")


def _current(publish_dir: Path) -> Release | None:
    number = releases.current_number(publish_dir)
    try:
        return None if number is None else releases.read_release(publish_dir, number)
    except NoReleaseError:
        # The folder was moved away, so nobody reads the release.
        return None


def _readers_had(publish_dir: Path) -> tuple[Release, str] | None:
    """Return the release that readers have, and a description for messages.

    It is the current release or, if that is missing, the newest one. None if there is no release.
    """
    current = _current(publish_dir)
    if current:
        return current, "the current release"
    left = releases.release_numbers(publish_dir)
    return (
        (releases.read_release(publish_dir, left[-1]), "the newest release left") if left else None
    )


def _current_if_whole(publish_dir: Path) -> Release | None:
    """Return the current release; None if it is missing or damaged, which a rollback repairs."""
    try:
        return _current(publish_dir)
    except PublishError:
        return None


def _require_fit(
    connection: duckdb.DuckDBPyConnection,
    passed: gate.Passed,
    publish_dir: Path,
    target: PostgresTarget | None,
    replace_bank: bool,
) -> None:
    """Refuse a release of another bank than readers have, and one that breaks their contract.

    Raises:
        PublishError: The message states what readers have and what to do.
    """
    in_files = _readers_had(publish_dir) if publish_dir.is_dir() else None
    in_postgres = target.manifest() if target else None
    readers: list[tuple[dict[str, Any], Callable[[], Keys], str, str]] = []
    if in_files:
        before, where = in_files
        elsewhere = f"{OTHER_FOLDER} and {OTHER_DATABASE}" if target else OTHER_FOLDER
        readers.append((before.manifest, lambda: _keys_in(before, connection), where, elsewhere))
    if target and in_postgres and not (in_files and in_files[0].manifest == in_postgres):
        readers.append((in_postgres, target.customer_keys, target.where, OTHER_DATABASE))
    for manifest, keys, where, elsewhere in readers:
        if not replace_bank:
            _require_no_sample_over_a_bank(manifest, passed, where, elsewhere)
            # An older manifest without a source counts as a bank's.
            if SAMPLE not in (passed.build["source"], manifest.get("source")):
                _require_same_bank(connection, keys(), manifest, where, elsewhere)
        _require_compatible(manifest, passed, where)


def _require_no_sample_over_a_bank(
    before: dict[str, Any], passed: gate.Passed, where: str, elsewhere: str
) -> None:
    """Refuse to replace a bank's release with the invented sample.

    Raises:
        PublishError: The warehouse holds the sample, and readers have a bank's release.
    """
    if passed.build["source"] == SAMPLE and before.get("source") != SAMPLE:
        raise PublishError(
            f"This warehouse was built from the shipped sample, an invented bank; {where} "
            f"(release {before['release']}, as of {before['as_of_date']}) was not.",
            "Run `bank build FOLDER` with your files, check and publish again; or publish the "
            f"sample to {elsewhere}. `--replace-bank` publishes the sample anyway. Nothing was "
            "published.",
        )


def _keys_in(release: Release, connection: duckdb.DuckDBPyConnection) -> Keys:
    """Yield the keys of all customers of a release in batches.

    Raises:
        DamagedReleaseError: Their file differs from the one that was published.
    """
    entry = next(mart for mart in release.manifest["marts"] if mart["name"] == "dim_customers")
    file = quote_literal(releases.require_file(release, entry).as_posix())
    with connection.cursor() as cursor:
        cursor.execute(f"select customer_key from read_parquet({file})")
        while rows := cursor.fetchmany(KEYS_AT_ONCE):
            yield [key for (key,) in rows]


def _require_same_bank(
    connection: duckdb.DuckDBPyConnection,
    keys: Keys,
    before: dict[str, Any],
    where: str,
    elsewhere: str,
) -> None:
    """Refuse to replace a bank's release with another bank's.

    Customers are looked up in batches; for the same bank, the first batch usually has matches.

    Args:
        connection: The open warehouse.
        keys: Keys of the customers that readers have.
        before: The manifest of their release.
        where: Where they have it.
        elsewhere: Where else to publish the warehouse.

    Raises:
        PublishError: No customer of that release is in the warehouse.
    """
    looked_at = 0
    with closing(keys):
        for part in keys:
            looked_at += len(part)
            found = connection.execute(
                "select count(*) from marts.dim_customers where customer_key in (select unnest(?))",
                [part],
            ).fetchone()
            if found != (0,):
                return
    if looked_at:
        raise PublishError(
            f"None of the {looked_at:,} customers of {where} (release {before['release']}, as of "
            f"{before['as_of_date']}) is in this warehouse, so the warehouse belongs to another "
            "bank.",
            f"Publish the warehouse to {elsewhere}. `--replace-bank` publishes it here anyway. "
            "Nothing was published.",
        )


def _require_compatible(before: dict[str, Any], passed: gate.Passed, where: str) -> None:
    """Refuse a release that breaks the contract of the current one.

    Raises:
        ContractError: The schema version is invalid, is lower than before, or is the same although
            there are breaking changes, which the message lists.
    """
    old, new = before["schema_version"], passed.build["schema_version"]
    if not isinstance(new, int) or isinstance(new, bool) or new < 1:
        raise ContractError(
            f"published_schema_version is {new!r}.",
            "Set it to a whole number of at least 1 in dbt_project.yml, and build again.",
        )
    if new < old:
        raise ContractError(
            f"published_schema_version is {new}, but {where} already has {old}.",
            f"Set it to {old} or more in dbt_project.yml and build again, or roll back to a "
            "release of that version.",
        )
    changes = breaking_changes(files.all_contracts(before), (*passed.contracts, files.RELEASE))
    if changes and new == old:
        listed = "\n".join(f"  {change}" for change in changes)
        raise ContractError(
            f"Readers of {where} (release {before['release']}, schema version {old}) depend on "
            "what this release would change:\n"
            f"{listed}",
            f"Undo these changes; or tell the readers, set published_schema_version to {old + 1} "
            "in dbt_project.yml, and run `bank build`, `bank check` and `bank publish`.",
        )
