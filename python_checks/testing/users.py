"""Run part of a test without the rights of root, for files that must be unreadable."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def without_rights() -> Iterator[None]:
    """Run as a user to whom file modes apply, because root can read even files of mode 0."""
    if sys.platform != "win32":
        if os.geteuid() == 0:
            os.seteuid(NOBODY)
            try:
                yield
            finally:
                os.seteuid(0)
            return
    yield


@contextmanager
def open_copy(folder: Path) -> Iterator[Path]:
    """Yield a copy of a folder in a place that other users can reach, unlike pytest's folders."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        copy = Path(place) / folder.name
        shutil.copytree(folder, copy, symlinks=True)
        yield copy
