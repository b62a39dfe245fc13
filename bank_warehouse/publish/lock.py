"""One publisher at a time: a lock on the folder of the releases.

The lock is the operating system's: it ends with the process that holds it, also when that is
killed.
"""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bank_warehouse.publish.errors import BusyError, PublishError
from bank_warehouse.publish.records import now

LOCK = ".publishing.lock"
_HELD_AT = 4096
"""The byte that is locked on Windows, where a locked byte cannot be read: behind the text."""


@contextmanager
def publisher_lock(publish_dir: Path) -> Iterator[None]:
    """Hold the lock of the folder, which is made where there is none.

    Raises:
        BusyError: Another publisher holds it; the message says which.
        PublishError: The folder cannot be written.
    """
    path = publish_dir / LOCK
    try:
        publish_dir.mkdir(parents=True, exist_ok=True)
        # Kept for good: if it were removed, two publishers could lock two files of this name.
        file = path.open("a+", encoding="utf-8")
    except OSError as problem:
        raise PublishError(
            f"{publish_dir} cannot be written: {problem.strerror or problem}.",
            "Give this user the right to write there, or set BANK_PUBLISH_DIR to another folder.",
        ) from problem
    with file:
        if not _locked(file):
            file.seek(0)
            holder = file.read(200).strip() or "unknown"
            raise BusyError(
                f"Another publisher is at work in {publish_dir}: {holder}.",
                "Wait until it has ended and try again.",
            )
        file.seek(0)
        file.truncate()
        file.write(f"process {os.getpid()} on {socket.gethostname()}, since {now()}\n")
        file.flush()
        yield


if sys.platform == "win32":
    import msvcrt

    def _locked(file: IO[str]) -> bool:
        file.seek(_HELD_AT)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _locked(file: IO[str]) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
