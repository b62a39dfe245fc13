"""A commit in PostgreSQL whose answer may be lost: noted before it, settled after it.

Between the commit of a release in PostgreSQL and the switch of `current` a publisher can be killed,
or lose the connection with the answer to COMMIT on its way. What it was about to commit is in a
file beside the releases until both are done. The next command that
publishes, rolls back or lists releases asks PostgreSQL, and makes the files agree with it.
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
    """What became of a commit."""

    COMMITTED = "committed"
    ROLLED_BACK = "rolled back"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Commit:
    """A transaction that puts a release in place in PostgreSQL.

    Attributes:
        release: Number of the release.
        is_new: Whether it is being published, not rolled back to: its folder goes where the
            commit has not happened.
        database: Which database, in a way that outlives a change of its address.
        where: The same in words.
        transaction: Number of the transaction.
        position: Its row in the database's list of releases.
        before: The release that is current in the files before it; None for none.
    """

    release: int
    is_new: bool
    database: str
    where: str
    transaction: int
    position: int
    before: int | None = None


def note(publish_dir: Path, commit: Commit) -> None:
    """Write down a commit that is about to happen.

    Raises:
        OSError: It cannot be written.
    """
    write_json(publish_dir / PENDING, asdict(commit))
    releases.sync_folder(publish_dir)


def noted(publish_dir: Path) -> Commit | None:
    """Return the commit that is not settled, None where there is none.

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
            "See with `select release from marts.release` which release PostgreSQL holds, delete "
            "the file, and run `bank rollback NUMBER` with that number.",
        ) from problem


def forget(publish_dir: Path) -> None:
    """Remove the note: the commit is settled."""
    (publish_dir / PENDING).unlink(missing_ok=True)


def doubt(commit: Commit, publish_dir: Path) -> str:
    """Return what is known while it is unknown whether a commit happened, and where to look."""
    return (
        f"It is unknown whether {commit.where} holds release {commit.release}: the connection was "
        "lost before it answered COMMIT. `select release from marts.release` there shows it. "
        f"The folder {publish_dir / str(commit.release)} is kept; readers of the files have the "
        "release that they had."
    )


def settle(
    publish_dir: Path, outcome_of: Callable[[Commit], Outcome] | None, progress: Progress
) -> Commit | None:
    """Make the files agree with what PostgreSQL has done of a noted commit.

    To be called by who holds the lock of the folder.

    Args:
        publish_dir: Folder of the releases.
        outcome_of: Asks the database; None where none is named.
        progress: Called with what was found.

    Returns:
        The commit where it stays unknown, else None.

    Raises:
        PublishError: The note cannot be read, or `current` not be replaced.
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
        said = f"{commit.where} has committed release {commit.release}, whose answer was lost"
        if not folder.is_dir():
            progress(f"{said}. Its folder is gone: publish again.")
        elif current not in (commit.before, commit.release):
            progress(f"{said}. The files have gone on to release {current}: publish again.")
        else:
            releases.switch_current(publish_dir, commit.release)
            progress(f"{said}: it is current in {publish_dir} too now.")
    else:
        if commit.is_new and folder.is_dir() and current != commit.release:
            # Under a draft's name first: a folder that is half removed is no release.
            draft = publish_dir / f"{releases.DRAFT_PREFIX}{os.getpid()}-{commit.release}"
            shutil.rmtree(folder.replace(draft))
        progress(f"{commit.where} has not committed release {commit.release}: nothing came of it.")
    forget(publish_dir)
    return None
