"""The error that this package raises, and its messages for files that cannot be used."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

DRAFTS = ".bank-powerbi-"
"""Prefix of the temporary folder that a project is written to before it is moved into place."""


class PowerBIError(click.ClickException):
    """The project cannot be written as asked; the message names the place and the remedy."""


@contextmanager
def naming_files(path: Path, remedy: str) -> Iterator[None]:
    """Turn an OSError in the block into an error that names the file.

    Args:
        path: the file or folder to name if the system's error names none.
        remedy: what to do about it, as the end of the message.

    Raises:
        PowerBIError: the block raised an OSError.
    """
    try:
        yield
    except OSError as problem:
        named = str(problem.filename or path).partition(f"{os.sep}{DRAFTS}")[0]
        message = f"{named} cannot be used ({problem.strerror or problem}): {remedy}"
        raise PowerBIError(message) from problem


def read_text(path: Path, remedy: str) -> str:
    r"""Return the text of a file, without a byte-order mark and with `\n` line endings.

    Raises:
        PowerBIError: the file is missing, cannot be read, or is not UTF-8.
    """
    with naming_files(path, f"give this user the right to read it, or {remedy}"):
        try:
            return path.read_text("utf-8-sig")
        except FileNotFoundError as problem:
            raise PowerBIError(f"{path} is missing: {remedy}") from problem
        except UnicodeDecodeError as problem:
            line = problem.object.count(b"\n", 0, problem.start) + 1
            raise PowerBIError(f"{path}, line {line}, is not UTF-8: {remedy}") from problem
