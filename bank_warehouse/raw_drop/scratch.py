"""A temporary folder for files that had to be rewritten before DuckDB can read them.

One folder a process, removed when the process ends. A process that was killed leaves its folder
behind; the next one removes it, which it may as soon as the lock on it is free.
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
    """Return the path of a new file in the scratch folder, which is not created yet."""
    return _folder(os.getpid()) / f"{next(_numbers):04d}{suffix}"


def is_own(path: Path) -> bool:
    """Return whether a file is in a scratch folder that only this user can write to."""
    folder = path.parent
    if folder.parent != Path(tempfile.gettempdir()) or not folder.name.startswith(_PREFIX):
        return False
    try:
        states = folder.lstat(), path.lstat()
    except OSError:
        return False
    is_plain = stat.S_ISDIR(states[0].st_mode) and stat.S_ISREG(states[1].st_mode)
    if sys.platform != "win32":  # there the temporary folder is the user's own
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
    if os.getpid() == process:  # a forked child must not take its parent's files away
        os.close(handle)  # Windows removes no open file
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left_behind() -> None:
    for folder in Path(tempfile.gettempdir()).glob(_PREFIX + "*"):
        with contextlib.suppress(OSError):
            # A folder that is just being made may not hold its lock yet.
            if time.time() - folder.stat().st_mtime < _SETTLE_SECONDS:
                continue
            handle = os.open(folder / _LOCK, os.O_RDWR)
            try:
                is_left = lock_if_free(handle)
            finally:
                os.close(handle)
            if is_left:
                shutil.rmtree(folder, ignore_errors=True)
