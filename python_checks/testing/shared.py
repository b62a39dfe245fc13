"""Folders shared by the processes of a test run, created by the first process that needs them."""

from collections.abc import Callable
from pathlib import Path

from filelock import FileLock


def locked(path: Path) -> FileLock:
    """Return a lock for `path` that only one process at a time can hold."""
    return FileLock(path.with_name(f"{path.name}.lock"))


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """Return `folder`, which the first process that calls this creates.

    Args:
        folder: A folder inside the folder that all processes share.
        make: Fills the folder, which is empty at first.
    """
    done = folder.with_name(f"{folder.name}.done")
    with locked(folder):
        if not done.exists():
            folder.mkdir(parents=True, exist_ok=True)
            make(folder)
            done.touch()
    return folder
