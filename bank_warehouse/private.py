"""Files that hold names: on POSIX only the owner can read them, whatever the umask.

On Windows, files inherit the access list of their folder, and nothing is changed.
"""

import os
import sys
from pathlib import Path

_mask_before: int | None = None


def keep_private() -> None:
    """Make all new files of this process and its children readable only by their owner.

    DuckDB and dbt create further files beside the warehouse and where they spill, so setting the
    mode of one file is not enough.
    """
    global _mask_before
    if sys.platform != "win32":
        mask = os.umask(0o077)
        if _mask_before is None:
            _mask_before = mask


def no_longer_private() -> None:
    """Restore the previous umask."""
    global _mask_before
    if _mask_before is not None:
        os.umask(_mask_before)
        _mask_before = None


def take_from_others(*paths: Path) -> None:
    """Remove the rights of everyone else on files and folders of this user."""
    if sys.platform != "win32":
        for path in paths:
            state = path.stat()
            if state.st_mode & 0o077 and state.st_uid == os.geteuid():
                path.chmod(state.st_mode & 0o700)


def open_to_others(place: Path) -> None:
    """Give others the rights that the umask allows, on a file or on a folder and its contents."""
    if sys.platform != "win32":
        mask = _mask_before
        if mask is None:
            mask = os.umask(0o077)
            os.umask(mask)
        for path in (place, *place.rglob("*")):
            path.chmod((0o777 if path.is_dir() else 0o666) & ~mask)
