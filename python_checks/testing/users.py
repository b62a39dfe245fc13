"""Run part of a test as a user without rights, for files that must be unreadable."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

NOBODY = 65534


@contextmanager
def without_rights() -> Iterator[None]:
    """Run as a user to whom file modes apply: root can read even files of mode 0."""
    if sys.platform != "win32":
        if os.geteuid() == 0:
            os.seteuid(NOBODY)
            try:
                yield
            finally:
                os.seteuid(0)
            return
    yield
