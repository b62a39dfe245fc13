"""A note of each commit in PostgreSQL, in case the answer is lost.

Between the commit of a release in PostgreSQL and the switch of `current`, a publisher can be
killed, or lose the connection before the answer to COMMIT arrives. So a file beside the releases
describes the commit until both are done. The next command that publishes, rolls back or lists
releases asks PostgreSQL for the outcome, and updates the files to match.
"""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

from bank_warehouse.publish import releases
from bank_warehouse.publish.errors import PublishError
from bank_warehouse.publish.records import write_json

PENDING = ".pending-commit.json"

Progress = Callable[[str], None]


class Outcome(Enum):
    """The outcome of a commit."""

    COMMITTED = "committed"
    ROLLED_BACK = "rolled back"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Commit:
    """A transaction that makes a release current in PostgreSQL.

    Attributes:
        release: Number of the release.
        is_new: Whether it is being published, not rolled back to. If the commit fails, the folder
            of a new release is removed.
        database: An identifier of the database, independent of its address if possible.
        where: The database, in words.
        transaction: The transaction ID.
        position: The number of its row in the database's list of releases.
        before: The release that was current in the files until then, or None.
    """

    release: int
    is_new: bool
    database: str
    where: str
    transaction: int
    position: int
    before: int | None = None


def note(publish_dir: Path, commit: Commit) -> None:
    """Write a note of a commit that is about to happen.

    Raises:
        OSError: The note cannot be written.
    """
    write_json(publish_dir / PENDING, asdict(commit))
    releases.sync_folder(publish_dir)


def noted(publish_dir: Path) -> Commit | None:
    """Return the commit that is not settled, or None.

    Raises:
        PublishError: The note cannot be read.
    """
    path = publish_dir / PENDING
    try:
        return Commit(**json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as problem:
        raise PublishError(
            f"{path}, the note of a commit in PostgreSQL, cannot be read.",
            "Run `select release from marts.release` in PostgreSQL to see its release, delete "
            "the file, and run `bank rollback NUMBER` with that number.",
        ) from problem


def forget(publish_dir: Path) -> None:
    """Remove the note: the commit is settled."""
    (publish_dir / PENDING).unlink(missing_ok=True)


def doubt(commit: Commit, publish_dir: Path) -> str:
    """Return the message for a commit whose outcome is unknown, with where to look."""
    return (
        f"It is unknown whether {commit.where} holds release {commit.release}: the connection "
        "was lost before it answered COMMIT. `select release from marts.release` there shows "
        f"which release it holds. The folder {publish_dir / str(commit.release)} is kept, and "
        "readers of the files keep their release."
    )


def settle(
    publish_dir: Path, outcome_of: Callable[[Commit], Outcome] | None, progress: Progress
) -> Commit | None:
    """Update the files to match the outcome of a noted commit in PostgreSQL.

    The caller must hold the lock of the folder.

    Args:
        publish_dir: Folder of the releases.
        outcome_of: Function that asks the database for the outcome; None if there is no database.
        progress: Called with a line that states the result.

    Returns:
        The commit if its outcome is still unknown, else None.

    Raises:
        PublishError: The note cannot be read, or `current` cannot be replaced.
    """
    commit = noted(publish_dir)
    if commit is None:
        return None
    outcome = outcome_of(commit) if outcome_of else Outcome.UNKNOWN
    folder = publish_dir / str(commit.release)
    if outcome is Outcome.UNKNOWN:
        return commit
    current = releases.current_number(publish_dir)
    if outcome is Outcome.COMMITTED:
        said = f"{commit.where} has committed release {commit.release}; the answer was lost"
        if not folder.is_dir():
            progress(f"{said}. The folder of the release is gone: publish again.")
        elif current not in (commit.before, commit.release):
            progress(f"{said}. The files already have release {current}: publish again.")
        else:
            releases.switch_current(publish_dir, commit.release)
            progress(f"{said}. The release is now current in {publish_dir} too.")
    else:
        if commit.is_new and folder.is_dir() and current != commit.release:
            # Renamed to a draft first, so that a half-removed folder does not count as a release.
            draft = publish_dir / f"{releases.DRAFT_PREFIX}{os.getpid()}-{commit.release}"
            shutil.rmtree(folder.replace(draft))
        progress(
            f"{commit.where} has not committed release {commit.release}. Readers keep the release "
            "that they have."
        )
    forget(publish_dir)
    return None
