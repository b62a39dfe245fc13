"""Files are written completely or not at all, and lines are appended to log files safely."""

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bank_warehouse import whole_files
from bank_warehouse.publish.errors import BusyError
from bank_warehouse.publish.lock import publisher_lock
from bank_warehouse.raw_drop import temp_files
from bank_warehouse.whole_files import NotWrittenError, appended, draft_of, written_whole
from python_checks.testing.publishing import running_holder

on_posix = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has access lists instead of modes"
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write_and_raise(path: Path, ending: type[BaseException]) -> None:
    path.write_text("half", "utf-8")
    raise ending


@pytest.mark.parametrize("ending", [ValueError, KeyboardInterrupt, OSError])
def test_failure_does_not_change_the_file(tmp_path: Path, ending: type[BaseException]) -> None:
    target = tmp_path / "list.csv"
    target.write_text("old", "utf-8")
    with pytest.raises(ending), written_whole(target) as draft:
        write_and_raise(draft, ending)
    assert target.read_text("utf-8") == "old"
    assert names(tmp_path) == ["list.csv"]


@on_posix
def test_private_file_is_private_from_the_start(tmp_path: Path) -> None:
    target = tmp_path / "list.csv"
    target.write_text("old", "utf-8")
    target.chmod(0o644)
    with written_whole(target, is_private=True) as draft:
        assert mode(draft) == 0o600
        draft.write_text("new", "utf-8")
    assert (mode(target), target.read_text("utf-8")) == (0o600, "new")
    with written_whole(tmp_path / "open.csv"):
        pass
    mask = os.umask(0o022)
    os.umask(mask)
    assert mode(tmp_path / "open.csv") == 0o666 & ~mask


def test_only_one_of_two_drafts_creates_a_new_file(tmp_path: Path) -> None:
    target = tmp_path / "list.csv"
    with draft_of(target, is_new=True) as first, draft_of(target, is_new=True) as second:
        first.path.write_text("first", "utf-8")
        second.path.write_text("second", "utf-8")
        second.place()
        with pytest.raises(NotWrittenError, match="exists") as raised:
            first.place()
    assert raised.value.message == (
        f"{target} already exists.\nName another file, or add --force to replace it."
    )
    assert target.read_text("utf-8") == "second"
    assert names(tmp_path) == ["list.csv"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows users often cannot create links")
def test_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "list.csv", tmp_path / "link.csv"
    link.symlink_to(target)
    with written_whole(link, is_new=True) as draft:
        draft.write_text("new", "utf-8")
    assert link.readlink() == target
    assert target.read_text("utf-8") == "new"
    with pytest.raises(NotWrittenError), written_whole(link, is_new=True):
        pass
    link.unlink()
    link.symlink_to(tmp_path / "gone" / "list.csv")
    with pytest.raises(NotWrittenError) as raised, written_whole(link):
        pass
    assert f"there is no folder {tmp_path / 'gone'}." in raised.value.message
    link.unlink()
    link.symlink_to(link)
    with pytest.raises(NotWrittenError, match="exists"), written_whole(link, is_new=True):
        pass


@on_posix
@pytest.mark.parametrize("rights", [0o600, 0o640, 0o444, 0o664])
def test_mode_of_the_replaced_file_is_kept(tmp_path: Path, rights: int) -> None:
    target = tmp_path / "page.html"
    target.write_text("old", "utf-8")
    target.chmod(rights)
    with written_whole(target) as draft:
        assert mode(draft) == 0o600
        draft.write_text("new", "utf-8")
    assert (mode(target), target.read_text("utf-8")) == (rights, "new")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no device files or pipes")
@pytest.mark.parametrize("kind", ["pipe", "link", "/dev/null", "/dev/stdout"])
@pytest.mark.parametrize("is_private", [True, False])
def test_device_or_pipe_is_refused(tmp_path: Path, kind: str, is_private: bool) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "link").symlink_to(pipe)
    target = tmp_path / kind
    code = (
        "import sys\nfrom pathlib import Path\nfrom bank_warehouse.whole_files import *\n"
        f"try:\n with written_whole(Path({str(target)!r}), is_private={is_private}): pass\n"
        "except NotWrittenError as problem: print(problem.message)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    expected = f"{target} cannot be written: it is a device or a pipe, not a file.\n"
    assert ended.stdout.startswith(expected)
    assert pipe.is_fifo()
    assert names(tmp_path) == ["link", "pipe"]


def test_error_about_a_different_file_is_not_changed(tmp_path: Path) -> None:
    target, other = tmp_path / "list.csv", tmp_path / "no such file"
    log = tmp_path / "lists.jsonl"
    log.write_bytes(b"one\n")
    with pytest.raises(FileNotFoundError) as raised, written_whole(target):
        other.read_bytes()
    assert (type(raised.value), raised.value.filename) == (FileNotFoundError, str(other))
    with pytest.raises(FileNotFoundError) as raised, appended(log, b"two\n"):
        other.read_bytes()
    assert (type(raised.value), raised.value.filename) == (FileNotFoundError, str(other))
    assert log.read_bytes() == b"one\n"


def no_room(file: Path | None) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), file and str(file))


@pytest.mark.parametrize("place", [None, "list.csv", "spilled/part"])
def test_full_disk_is_reported_for_the_target(tmp_path: Path, place: str | None) -> None:
    target = tmp_path / "list.csv"
    with pytest.raises(NotWrittenError, match="No space") as raised, written_whole(target):
        no_room(tmp_path / place if place else None)
    assert raised.value.filename == str(target)


def test_missing_folder_is_named(tmp_path: Path) -> None:
    target = tmp_path / "no such folder" / "list.csv"
    with pytest.raises(NotWrittenError) as raised, written_whole(target):
        pass
    assert raised.value.message == (
        f"{target} cannot be written: there is no folder {target.parent}.\n"
        "Make the folder, or name a file in another folder."
    )


# ---------- log files


@on_posix
def test_existing_log_file_becomes_private(tmp_path: Path) -> None:
    log = tmp_path / "lists.jsonl"
    log.write_bytes(b"one\n")
    log.chmod(0o644)
    with appended(log, b"two\n") as was_incomplete:
        assert not was_incomplete
    assert mode(log) == 0o600
    assert log.read_bytes() == b"one\ntwo\n"
    with appended(tmp_path / "new.jsonl", b"one\n"):
        pass
    assert mode(tmp_path / "new.jsonl") == 0o600


def test_line_is_removed_if_the_with_block_fails(tmp_path: Path) -> None:
    log = tmp_path / "lists.jsonl"
    for content in (b"one\n", b'{"half', b""):
        log.write_bytes(content)
        with pytest.raises(KeyboardInterrupt), appended(log, b"two\n"):
            write_and_raise(tmp_path / "list.csv", KeyboardInterrupt)
        assert log.read_bytes() == content


def test_incomplete_line_gets_a_line_end(tmp_path: Path) -> None:
    log = tmp_path / "lists.jsonl"
    log.write_bytes(b'one\n{"half')
    with appended(log, b"two\n") as was_incomplete:
        assert was_incomplete
    assert log.read_bytes() == b'one\n{"half\ntwo\n'


def test_only_one_process_appends_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "lists.jsonl"
    monkeypatch.setattr(whole_files, "PATIENCE", 0.1)
    code = (
        "from pathlib import Path\nfrom bank_warehouse.whole_files import appended\n"
        "with appended(Path(sys.argv[1]), b'one\\n'):\n    wait()\n"
    )
    with running_holder(code, log):
        with (
            pytest.raises(NotWrittenError, match="another process"),
            appended(log, b"two\n"),
        ):
            pass
        monkeypatch.undo()
    with appended(log, b"two\n"):
        pass
    assert log.read_bytes() == b"one\ntwo\n"


def failing_lock(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fail(*_: int) -> None:
        raise OSError(number, os.strerror(number))

    module, name = ("msvcrt", "locking") if sys.platform == "win32" else ("fcntl", "flock")
    monkeypatch.setattr(f"{module}.{name}", fail)


@pytest.mark.parametrize("number", [errno.ENOTSUP, errno.ENOLCK, errno.EINVAL])
def test_log_file_is_written_on_a_file_system_without_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(whole_files, "PATIENCE", 0.1)
    failing_lock(monkeypatch, number)
    with appended(tmp_path / "lists.jsonl", b"one\n"):
        pass
    with publisher_lock(tmp_path):
        pass
    # Without locks, nobody can know whether a process still uses the files in this folder.
    left = tmp_path / "bank_raw_drop_1"
    left.mkdir()
    (left / ".lock").touch()
    monkeypatch.setattr(temp_files, "_SETTLE_SECONDS", -1)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    temp_files._remove_left_behind()
    assert left.is_dir()


@pytest.mark.parametrize("number", [errno.EWOULDBLOCK, errno.EACCES])
def test_lock_held_by_another_process_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(whole_files, "PATIENCE", 0.1)
    failing_lock(monkeypatch, number)
    with (
        pytest.raises(NotWrittenError, match="another process"),
        appended(tmp_path / "lists.jsonl", b"one\n"),
    ):
        pass
    with pytest.raises(BusyError), publisher_lock(tmp_path):
        pass


FULL = """
import resource, sys
from pathlib import Path
from bank_warehouse.whole_files import NotWrittenError, appended
resource.setrlimit(resource.RLIMIT_FSIZE, (30, 30))
try:
    with appended(Path(sys.argv[1]), 20 * b"x"):
        sys.exit("written")
except NotWrittenError as problem:
    print(problem.message)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot limit the size of files")
def test_full_disk_does_not_change_the_log_file(tmp_path: Path) -> None:
    log = tmp_path / "lists.jsonl"
    log.write_bytes(b"12345678901234567890\n")
    ended = subprocess.run(
        [sys.executable, "-c", FULL, str(log)], capture_output=True, text=True, check=True
    )
    assert ended.stdout.startswith(f"{log} cannot be written: ")
    assert log.read_bytes() == b"12345678901234567890\n"
