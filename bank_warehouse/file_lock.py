"""An exclusive lock on an open file, also on Windows.

The operating system releases it when the process ends, even if it is killed.
"""

import sys

if sys.platform == "win32":
    import msvcrt
    import os

    _HELD_AT = 2**31 - 2
    """Offset of the locked byte. A locked byte cannot be read, so it comes after any text."""

    def _lock(handle: int) -> None:
        place = os.lseek(handle, 0, os.SEEK_CUR)
        os.lseek(handle, _HELD_AT, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(handle, place, os.SEEK_SET)
else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def lock_if_free(handle: int, *, without_locks: bool = True) -> bool:
    """Lock an open file, unless another process has locked it.

    Args:
        handle: the file.
        without_locks: what to return if the file cannot be locked, as on some network shares.

    Returns:
        True if this process now holds the lock, False if another one does, and `without_locks` if
        the file cannot be locked.
    """
    try:
        _lock(handle)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return without_locks
    return True
