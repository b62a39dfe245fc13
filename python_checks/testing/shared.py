"""What the processes of one test run share: made by the first that asks, read by all."""

from collections.abc import Callable
from pathlib import Path

from filelock import FileLock


def locked(path: Path) -> FileLock:
    """Return a lock that lets one process at a time do what it does about `path`."""
    return FileLock(path.with_name(f"{path.name}.lock"))


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """Return `folder`, made by the first process that asks for it.

    Args:
        folder: Below what all processes share.
        make: Fills the empty folder that it is given. Where it fails, the next process tries.
    """
    done = folder.with_name(f"{folder.name}.done")
    with locked(folder):
        if not done.exists():
            folder.mkdir(parents=True)
            make(folder)
            done.touch()
    return folder
