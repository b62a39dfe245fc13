"""A lock on the folder of the releases, so that only one publisher runs at a time."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bank_warehouse.file_lock import lock_if_free
from bank_warehouse.private import open_to_others
from bank_warehouse.publish.errors import BusyError, PublishError
from bank_warehouse.publish.records import now

LOCK = ".publishing.lock"


@contextmanager
def publisher_lock(publish_dir: Path) -> Iterator[None]:
    """Hold the lock of the folder; create the folder if necessary.

    Raises:
        BusyError: Another publisher holds the lock; the message names it.
        PublishError: The folder cannot be written to.
    """
    path = publish_dir / LOCK
    try:
        if not publish_dir.is_dir():
            publish_dir.mkdir(parents=True, exist_ok=True)
            open_to_others(publish_dir)
        # The file is never removed: otherwise two publishers could each lock a file of this name.
        file = path.open("a+", encoding="utf-8", newline="\n")
    except OSError as problem:
        raise PublishError(
            f"{publish_dir} cannot be written to: {problem.strerror or problem}.",
            "Give this user the right to write there, or set BANK_PUBLISH_DIR to another folder.",
        ) from problem
    with file:
        if not lock_if_free(file.fileno()):
            file.seek(0)
            holder = file.read(200).strip() or "unknown"
            raise BusyError(
                f"Another publisher is running in {publish_dir}: {holder}.",
                "Wait until it has ended and try again.",
            )
        file.seek(0)
        file.truncate()
        file.write(f"process {os.getpid()} on {socket.gethostname()}, since {now()}\n")
        file.flush()
        yield
