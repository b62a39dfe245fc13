"""A temporary folder for files that are made while a drop is read, such as unpacked tables.

Each process has its own folder, locks it, and removes it at the end. If a process is killed, a
later process finds the folder unlocked and removes it.
"""

import atexit
import contextlib
import itertools
import os
import shutil
import stat
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

from bank_warehouse.file_lock import lock_if_free

_PREFIX = "bank_raw_drop_"
_LOCK = ".lock"
_SETTLE_SECONDS = 60
_numbers = itertools.count(1)


def new_path(suffix: str) -> Path:
    """Return the path of a new file in the temporary folder, without creating the file."""
    return _folder(os.getpid()) / f"{next(_numbers):04d}{suffix}"


def is_own(path: Path) -> bool:
    """Return whether a file is in a temporary folder that only this user can write to."""
    folder = path.parent
    if folder.parent != Path(tempfile.gettempdir()) or not folder.name.startswith(_PREFIX):
        return False
    try:
        states = folder.lstat(), path.lstat()
    except OSError:
        return False
    is_plain = stat.S_ISDIR(states[0].st_mode) and stat.S_ISREG(states[1].st_mode)
    if sys.platform != "win32":  # on Windows the temporary folder belongs to the user
        is_plain &= all(
            state.st_uid == os.geteuid() and not state.st_mode & 0o022 for state in states
        )
    return is_plain


@cache
def _folder(process: int) -> Path:
    _remove_left_behind()
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{process}_"))
    handle = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    lock_if_free(handle)
    atexit.register(_remove, folder, handle, process)
    return folder


def _remove(folder: Path, handle: int, process: int) -> None:
    if os.getpid() == process:  # a forked child must not remove its parent's files
        os.close(handle)  # Windows cannot remove an open file
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left_behind() -> None:
    for folder in Path(tempfile.gettempdir()).glob(_PREFIX + "*"):
        with contextlib.suppress(OSError):
            # A new folder may not be locked yet.
            if time.time() - folder.stat().st_mtime < _SETTLE_SECONDS:
                continue
            handle = os.open(folder / _LOCK, os.O_RDWR)
            try:
                is_left = lock_if_free(handle, without_locks=False)
            finally:
                os.close(handle)
            if is_left:
                shutil.rmtree(folder, ignore_errors=True)
