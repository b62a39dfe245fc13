"""An exclusive lock on an open file, also on Windows.

The operating system releases it when the process ends, even if it is killed.
"""

import sys

if sys.platform == "win32":
    import msvcrt
    import os

    _HELD_AT = 2**31 - 2
    """Offset of the locked byte. A locked byte cannot be read, so it comes after any text."""

    def lock_if_free(handle: int) -> bool:
        """Lock an open file and return True, or return False if another process holds the lock."""
        place = os.lseek(handle, 0, os.SEEK_CUR)
        os.lseek(handle, _HELD_AT, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(handle, place, os.SEEK_SET)
        return True
else:
    import fcntl

    def lock_if_free(handle: int) -> bool:
        """Lock an open file and return True, or return False if another process holds the lock."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
