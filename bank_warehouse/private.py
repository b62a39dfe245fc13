"""Files that hold names: for their owner alone on POSIX, whatever the umask is.

Windows has access lists instead, which files inherit from their folder: nothing is done there.
"""

import os
import sys
from pathlib import Path


def keep_private() -> None:
    """Have this process, and those that it starts, make all files for their owner alone.

    DuckDB and dbt make files of their own, beside the warehouse and where they spill: no mode of
    one file would do.
    """
    if sys.platform != "win32":
        os.umask(0o077)


def take_from_others(*paths: Path) -> None:
    """Take all rights on files and folders that are this user's from everyone else."""
    if sys.platform != "win32":
        for path in paths:
            state = path.stat()
            if state.st_mode & 0o077 and state.st_uid == os.geteuid():
                path.chmod(state.st_mode & 0o700)


def open_to_others(folder: Path) -> None:
    """Give others the rights on a folder that the umask of this process leaves them."""
    if sys.platform != "win32":
        mask = os.umask(0)
        os.umask(mask)
        folder.chmod(0o777 & ~mask)
