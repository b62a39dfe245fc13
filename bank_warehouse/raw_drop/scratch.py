"""A temporary folder for files that had to be rewritten before DuckDB can read them.

One folder a process, removed when the process ends. A process that was killed leaves its folder
behind; the next one removes it, which it may as soon as the lock on it is free.
"""

import atexit
import contextlib
import itertools
import os
import shutil
import tempfile
import time
from functools import cache
from pathlib import Path

try:
    import fcntl
except ImportError:  # pragma: no cover  (Windows has no flock: folders of killed runs stay)
    fcntl = None  # type: ignore[assignment]

_PREFIX = "bank_raw_drop_"
_LOCK = ".lock"
_SETTLE_SECONDS = 60
_numbers = itertools.count(1)


def new_path(suffix: str) -> Path:
    """Return the path of a new file in the scratch folder, which is not created yet."""
    return _folder(os.getpid()) / f"{next(_numbers):04d}{suffix}"


@cache
def _folder(process: int) -> Path:
    _remove_left_behind()
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{process}_"))
    handle = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    if fcntl is not None:
        fcntl.flock(handle, fcntl.LOCK_EX)
    atexit.register(_remove, folder, process)
    return folder


def _remove(folder: Path, process: int) -> None:
    if os.getpid() == process:  # a forked child must not take its parent's files away
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left_behind() -> None:
    if fcntl is None:  # pragma: no cover
        return
    for folder in Path(tempfile.gettempdir()).glob(_PREFIX + "*"):
        with contextlib.suppress(OSError):
            # A folder that is just being made may not hold its lock yet.
            if time.time() - folder.stat().st_mtime < _SETTLE_SECONDS:
                continue
            handle = os.open(folder / _LOCK, os.O_RDWR)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(handle)
