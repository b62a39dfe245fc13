"""The folders of the releases, and the atomic switch from one current release to another.

`<publish folder>/<number>/` is a release. `<publish folder>/current` identifies the current one: a
link to its folder, or a text file with its number if links are not possible (Windows). Either is
replaced atomically, so a reader always finds either the old or the new release.
"""

import hashlib
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from bank_warehouse.private import open_to_others, take_from_others
from bank_warehouse.publish.errors import (
    DamagedReleaseError,
    NoReleaseError,
    PublishError,
    UnreadableReleaseError,
)
from bank_warehouse.publish.manifest import ManifestError, require_manifest
from bank_warehouse.whole_files import sync_file

CURRENT = "current"
MANIFEST = "manifest.json"
DATABASE = "bank_marts.duckdb"
METRICS = "metrics.json"
DRAFT_PREFIX = ".draft-"
SAMPLE = "sample"
"""The `source` in the manifest of a release of the shipped sample."""

REMEDY = (
    "Restore the folder from a copy. Without a copy, make another release current with `bank "
    "rollback NUMBER` (`bank releases` lists them), or move the folder away and publish again."
)
"""The remedy if the files of a release differ from those that were published."""

_TRIES = 100
_PAUSE = 0.02
"""Seconds between tries on Windows, which cannot replace a file while it is open."""

_Given = TypeVar("_Given")


@dataclass(frozen=True)
class Release:
    """A complete release. Its files never change.

    Attributes:
        path: Its folder by number, not through `current`, so that a reader never mixes two
            releases.
        manifest: The content of `manifest.json`, described in docs/publishing.md.
    """

    path: Path
    manifest: dict[str, Any]

    @property
    def number(self) -> int:
        """The number of the release."""
        return int(self.manifest["release"])


def current_release(publish_dir: Path | str) -> Release:
    """Return the current release.

    Args:
        publish_dir: The folder of all releases.

    Raises:
        NoReleaseError: There is no release, or the folder of the current one is missing.
        DamagedReleaseError: `current`, or the manifest of its release, is not valid.
        UnreadableReleaseError: This user may not read it.
    """
    publish_dir = Path(publish_dir)
    number = current_number(publish_dir)
    if number is None:
        raise no_release(publish_dir)
    return read_release(publish_dir, number)


def no_release(publish_dir: Path) -> NoReleaseError:
    """Return the error for a folder without any release."""
    return NoReleaseError(
        f"There is no release in {publish_dir}.",
        "Run `bank publish`, or name the folder of the releases with --publish-dir.",
    )


def current_number(publish_dir: Path) -> int | None:
    """Return the number of the current release, or None.

    Raises:
        DamagedReleaseError: `current` is neither a link to a release nor a number.
        UnreadableReleaseError: This user may not read it.
    """
    pointer = publish_dir / CURRENT
    text = ""
    for _ in range(_TRIES):
        # Retry, because a link may replace a file, or a file a link, between the two checks.
        try:
            text = pointer.readlink().name
            break
        except FileNotFoundError:
            return None
        except (OSError, NotImplementedError):
            pass
        try:
            text = pointer.read_text("utf-8").strip()
            break
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            break
        except PermissionError as problem:
            if sys.platform != "win32":
                raise UnreadableReleaseError(pointer) from problem
            time.sleep(_PAUSE)
        except OSError:
            time.sleep(_PAUSE)
    if not re.fullmatch(r"[0-9]+", text):
        raise _no_pointer(pointer)
    return int(text)


def _no_pointer(pointer: Path) -> DamagedReleaseError:
    return DamagedReleaseError(
        f"{pointer} is neither a link to a release nor a file with its number.",
        "Move it away and run `bank rollback NUMBER` with the release that readers should have.",
    )


def read_release(publish_dir: Path, number: int) -> Release:
    """Return the release with this number.

    Raises:
        NoReleaseError: There is no release with this number.
        DamagedReleaseError: Its manifest cannot be read, is invalid, belongs to another release, or
            was edited.
        UnreadableReleaseError: This user may not read it.
    """
    folder = publish_dir / str(number)
    if not folder.is_dir():
        there = ", ".join(str(each) for each in release_numbers(publish_dir))
        if not there:
            raise no_release(publish_dir)
        raise NoReleaseError(
            f"There is no release {number} in {publish_dir}; the releases are: {there}.",
            "Run `bank releases` to see what each of them holds.",
        )
    file = folder / MANIFEST
    try:
        state = file.stat()
        text = _manifest_text(file, number, (state.st_mtime_ns, state.st_size, state.st_ino))
    except PermissionError as problem:
        raise UnreadableReleaseError(file) from problem
    except (OSError, ValueError, ManifestError) as problem:
        fault = problem if isinstance(problem, ManifestError) else "cannot be read."
        raise DamagedReleaseError(f"{file} {fault}", REMEDY) from problem
    return Release(folder.resolve(), json.loads(text))


@lru_cache(maxsize=64)
def _manifest_text(file: Path, number: int, state: tuple[int, int, int]) -> str:  # noqa: ARG001
    """Read and check a manifest. The result is cached until the file changes."""
    text = file.read_text("utf-8")
    require_manifest(json.loads(text), number)
    return text


def checksum_of(path: Path) -> dict[str, Any]:
    """Return the size and SHA-256 of a file, as in a manifest."""
    with path.open("rb") as file:
        return {
            "bytes": path.stat().st_size,
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
        }


def require_file(release: Release, entry: Mapping[str, Any]) -> Path:
    """Return the path of a file of a release, after checking that it has not changed.

    Args:
        release: The release.
        entry: The file's entry in the manifest.

    Raises:
        DamagedReleaseError: The file is missing or has changed.
        UnreadableReleaseError: This user may not read it.
    """
    path = release.path / str(entry["file"])
    try:
        is_whole = path.is_file() and checksum_of(path)["sha256"] == entry["sha256"]
    except PermissionError as problem:
        raise UnreadableReleaseError(path) from problem
    if not is_whole:
        raise DamagedReleaseError(
            f"{path} is missing, or differs from the file published as release {release.number}.",
            REMEDY,
        )
    return path


def release_numbers(publish_dir: Path) -> list[int]:
    """Return the numbers of all releases in the folder, in order."""
    if not publish_dir.is_dir():
        return []
    return sorted(
        int(entry.name)
        for entry in publish_dir.iterdir()
        if re.fullmatch(r"[1-9][0-9]*", entry.name) and entry.is_dir()
    )


def release_around(path: Path) -> Path | None:
    """Return the folder of the release that contains a path, or None."""
    real = Path(os.path.realpath(path))
    for folder in (real, *real.parents):
        if re.fullmatch(r"[1-9][0-9]*", folder.name) and _holds_release(folder):
            return folder
    return None


def _holds_release(folder: Path) -> bool:
    """Return whether a folder holds a release, not just dbt's `manifest.json`."""
    if os.access(folder / DATABASE, os.F_OK):
        return True
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and manifest.get("release") == int(folder.name)


def switch_current(publish_dir: Path, number: int, *, links: bool | None = None) -> None:
    """Make a release current atomically.

    Args:
        publish_dir: The folder of all releases.
        number: The release; its folder must exist.
        links: Whether to make a link. By default, links are used except on Windows, which cannot
            replace them atomically.

    Raises:
        PublishError: `current` is a folder, or cannot be replaced.
    """
    pointer = publish_dir / CURRENT
    if pointer.is_dir() and not pointer.is_symlink():
        raise PublishError(
            f"{pointer} is a folder, but must be a link or file made by publishing.",
            "Move it away and publish again.",
        )
    draft = publish_dir / f"{DRAFT_PREFIX}{CURRENT}-{os.getpid()}"
    draft.unlink(missing_ok=True)
    use_links = sys.platform != "win32" if links is None else links
    try:
        if not (use_links and _linked(draft, str(number))):
            with draft.open("w", encoding="utf-8", newline="\n") as file:
                file.write(f"{number}\n")
                file.flush()
                os.fsync(file.fileno())
            open_to_others(draft)
        _patiently(lambda: draft.replace(pointer))
    except OSError as problem:
        draft.unlink(missing_ok=True)
        raise PublishError(
            f"{pointer} cannot be replaced: {problem.strerror or problem}. Readers of the files "
            "still have the previous release.",
            "Check that this user may write there and that no program has the file open, then "
            f"run `bank rollback {number}` to make release {number} current.",
        ) from problem
    sync_folder(publish_dir)


def _linked(draft: Path, target: str) -> bool:
    try:
        draft.symlink_to(target, target_is_directory=True)
    except (OSError, NotImplementedError):
        return False
    return True


def _patiently(act: Callable[[], _Given]) -> _Given:
    """Retry an action for up to two seconds, because Windows may refuse it for a moment."""
    for _ in range(_TRIES):
        try:
            return act()
        except PermissionError:
            time.sleep(_PAUSE)
    return act()


def new_draft(publish_dir: Path) -> Path:
    """Create an empty folder for a new release, on the same disk as the releases."""
    draft = publish_dir / f"{DRAFT_PREFIX}{os.getpid()}"
    # Readable by this user only, because it may hold names.
    draft.mkdir(mode=0o700)
    return draft


def remove_drafts(publish_dir: Path) -> int:
    """Remove the drafts of killed publishers; return their number.

    The caller must hold the lock of the folder, so that no draft is in use.
    """
    left = [entry for entry in publish_dir.iterdir() if entry.name.startswith(DRAFT_PREFIX)]
    for entry in left:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    return len(left)


def sync_draft(draft: Path) -> None:
    """Flush all files of a draft to the disk."""
    for entry in draft.rglob("*"):
        if entry.is_dir():
            sync_folder(entry)
        else:
            sync_file(entry)
    sync_folder(draft)


def number_draft(draft: Path, publish_dir: Path, number: int, *, for_all: bool) -> Path:
    """Rename a complete draft to its number, atomically; return its folder.

    Args:
        draft: The folder.
        publish_dir: The folder of all releases.
        number: The release.
        for_all: Whether others may read it, as far as the umask allows, or only this user.
    """
    target = publish_dir / str(number)
    if for_all:
        open_to_others(draft)
    else:
        take_from_others(*draft.rglob("*"))
    _patiently(lambda: draft.rename(target))
    sync_folder(publish_dir)
    return target


def sync_folder(path: Path) -> None:
    """Flush a folder's entries to the disk, if possible (not on Windows)."""
    if sys.platform == "win32":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
