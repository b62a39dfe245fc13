"""Files that hold names: on POSIX only the owner can read them, whatever the umask.

On Windows, files inherit the access list of their folder, and nothing is changed.
"""

import getpass
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_mask_before: int | None = None


def keep_private() -> None:
    """Make all new files of this process and its children readable only by their owner.

    DuckDB and dbt also create files beside the warehouse and in their temporary folders, so setting
    the mode of one file is not enough.
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


def this_user() -> str:
    """Return the name of the user.

    If the user has no name, as in some containers, return the user id, or `unknown` on Windows.
    """
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        if sys.platform != "win32":
            return str(os.getuid())
        return "unknown"


def refused(path: Path) -> tuple[str, str]:
    """Return what is wrong if this user may not read a file or folder, and the remedy."""
    return (
        f"{path} cannot be read by this user, {this_user()}: permission denied.",
        f"Ask {owner_of(path) or 'its owner'} for permission to read it.",
    )


def owner_of(path: Path) -> str | None:
    """Return the owner of a file, or of the nearest parent folder whose owner can be read.

    None on Windows, or if no owner can be read.
    """
    if sys.platform != "win32":
        for place in (path, *path.absolute().parents):
            with suppress(KeyError, OSError):
                return place.owner()
    return None


@contextmanager
def readable(error: Callable[[str], Exception]) -> Iterator[None]:
    """Turn a permission error into `error`, whose message names the file and whom to ask."""
    try:
        yield
    except PermissionError as problem:
        raise error("\n".join(refused(Path(problem.filename)))) from problem


def take_from_others(*paths: Path) -> None:
    """Remove the permissions of everyone else on files and folders of this user."""
    if sys.platform != "win32":
        for path in paths:
            state = path.stat()
            if state.st_mode & 0o077 and state.st_uid == os.geteuid():
                path.chmod(state.st_mode & 0o700)


def open_to_others(place: Path) -> None:
    """Give others the permissions that the umask allows, on a file or a folder and its contents.

    The umask is the one from before :func:`keep_private`.
    """
    if sys.platform != "win32":
        mask = _mask_before
        if mask is None:
            mask = os.umask(0o077)
            os.umask(mask)
        for path in (place, *place.rglob("*")):
            path.chmod((0o777 if path.is_dir() else 0o666) & ~mask)
