"""Another user of the machine: for tests of what this one may not read."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

NOBODY = 65534


@contextmanager
def without_rights() -> Iterator[None]:
    """Be a user for whom the modes of files hold: root may read whatever has the mode 0."""
    if sys.platform != "win32":
        if os.geteuid() == 0:
            os.seteuid(NOBODY)
            try:
                yield
            finally:
                os.seteuid(0)
            return
    yield
