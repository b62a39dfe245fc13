"""Write files completely or not at all, even if the command is interrupted.

A file is written as a hidden draft in its folder, and gets its final name in one step. Ctrl+C and
the signals that end a process raise exceptions (:mod:`bank_warehouse.interrupts`), so the draft is
removed. Only `kill -9` or a power failure leaves the draft behind.

A device or a pipe is refused, because output to it cannot be undone.
"""

import errno
import os
import secrets
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from bank_warehouse.file_lock import lock_if_free
from bank_warehouse.interrupts import undisturbed
from bank_warehouse.private import take_from_others

PATIENCE = 10.0
"""Seconds to wait for another process that appends to the same record."""
PAUSE = 0.02

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class NotWrittenError(OSError):
    """A file cannot be written and has not changed.

    Attributes:
        message: which file, what is wrong, and what to do.
    """

    def __init__(self, path: Path, problem: OSError, remedy: str = "") -> None:
        """Make the message.

        Args:
            path: the file.
            problem: the operating system's error.
            remedy: what to do; empty for the usual remedy.
        """
        super().__init__(problem.errno, problem.strerror or str(problem), str(path))
        wrong = f"{path} cannot be written: {self.strerror}."
        if self.errno == errno.EEXIST:
            wrong = f"{path} already exists."
            remedy = remedy or "Name another file, or add --force to replace it."
        elif self.errno in (errno.ENOENT, errno.ENOTDIR) and not path.parent.is_dir():
            wrong = f"{path} cannot be written: there is no folder {path.parent}."
            remedy = remedy or "Make the folder, or name a file in another folder."
        elif self.errno in NO_ROOM:
            remedy = remedy or "Make room on the disk, or name a file on another disk."
        remedy = remedy or "Name a file that this user may write, and that no program has open."
        self.message = f"{wrong}\n{remedy}"


@dataclass(frozen=True)
class Draft:
    """A file that is being written.

    Attributes:
        path: the draft, which exists and is empty at first.
        target: the final path.
        is_new: whether the target must not exist yet.
        mode: the final mode; None to keep the mode of the draft.
    """

    path: Path
    target: Path
    is_new: bool
    mode: int | None = None

    def place(self) -> None:
        """Flush the draft, which must be complete and closed, and rename it to its target.

        Raises:
            NotWrittenError: The target cannot be replaced, or exists although it must be new.
        """
        with _naming(self.target), undisturbed():
            sync_file(self.path)
            if self.mode is not None and sys.platform != "win32":
                self.path.chmod(self.mode)
            if self.is_new:
                # Only one of several processes can create the file.
                self.target.touch(0o600, exist_ok=False)
            try:
                self.path.replace(self.target)
            except OSError:
                if self.is_new:
                    self.target.unlink()
                raise


@contextmanager
def draft_of(path: Path, *, is_private: bool = False, is_new: bool = False) -> Iterator[Draft]:
    """Yield the draft of a file, and remove it at the end unless it was placed.

    Args:
        path: the file. If it is a link, the link's target is written.
        is_private: whether only this user may read the file. If not, the new file gets the mode of
            the file that it replaces.
        is_new: whether to refuse to replace an existing file.

    Raises:
        NotWrittenError: The file cannot be written, or exists although it must be new.
        OSError: The block raised an error that is not about this file.
    """
    with _naming(path):
        if path.exists() and not path.is_file() and not path.is_dir():
            raise OSError(errno.EINVAL, "it is a device or a pipe, not a file")
        target = Path(os.path.realpath(path)) if path.is_symlink() else path
    with _naming(target):
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
        if is_new and mode is not None:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with _naming(target):
            is_open = not is_private and mode is None
            draft.touch(0o666 if is_open else 0o600, exist_ok=False)
        yield Draft(draft, target, is_new, None if is_private else mode)
    except OSError as problem:
        if not isinstance(problem, NotWrittenError) and _is_about(problem, draft):
            raise NotWrittenError(target, problem) from problem
        raise
    finally:
        draft.unlink(missing_ok=True)


def _is_about(problem: OSError, draft: Path) -> bool:
    """Return whether an error is about a draft, or about a full disk in its folder."""
    has_room = problem.errno not in NO_ROOM
    if not isinstance(problem.filename, str | bytes | os.PathLike):
        return not has_room
    place = Path(os.fsdecode(problem.filename))
    return place == draft or (not has_room and draft.parent in place.parents)


@contextmanager
def written_whole(path: Path, *, is_private: bool = False, is_new: bool = False) -> Iterator[Path]:
    """Yield the path of a draft, which gets its final name at the end if there was no error.

    The arguments and errors are those of :func:`draft_of`.
    """
    with draft_of(path, is_private=is_private, is_new=is_new) as draft:
        yield draft.path
        draft.place()


@contextmanager
def appended(path: Path, line: bytes) -> Iterator[bool]:
    """Append a line to a private record; remove the line again if the block fails.

    Processes that append to the same record wait for each other. Signals wait until the block has
    ended.

    Args:
        path: the record, which is created if it does not exist.
        line: the line, with its line end.

    Yields:
        Whether the record's last line had no line end, because a process was killed. If so, a line
        end is added before the new line.

    Raises:
        NotWrittenError: The record cannot be written.
    """
    remedy = "Give this user the right to write this record, and check that its disk has space."
    with undisturbed(), ExitStack() as opened:
        with _naming(path, remedy):
            flags = os.O_CREAT | os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)
            handle = os.open(path, flags, 0o600)
            file = opened.enter_context(FileIO(handle, "r+"))
            take_from_others(path)
            _lock(handle, path)
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - 1))
            is_cut = file.read() not in (b"", b"\n")
        try:
            with _naming(path, remedy):
                _write_all(file, b"\n" + line if is_cut else line)
                os.fsync(handle)
            yield is_cut
        except BaseException:
            file.truncate(end)
            raise


def _write_all(file: FileIO, content: bytes) -> None:
    while content:
        content = content[file.write(content) :]


def sync_file(path: Path) -> None:
    """Flush a file to the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _lock(handle: int, path: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not lock_if_free(handle):
        if time.monotonic() > until:
            problem = OSError(errno.EAGAIN, "another process is writing to it")
            raise NotWrittenError(path, problem, "Wait until it has ended and try again.")
        time.sleep(PAUSE)


@contextmanager
def _naming(path: Path, remedy: str = "") -> Iterator[None]:
    """Turn errors into a :class:`NotWrittenError` about `path`, the target and not its draft."""
    try:
        yield
    except NotWrittenError:
        raise
    except OSError as problem:
        raise NotWrittenError(path, problem, remedy) from problem
