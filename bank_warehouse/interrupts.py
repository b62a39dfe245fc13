"""Ctrl+C: the same line and exit code for every command."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

INTERRUPTED = 130


class Interrupted(click.ClickException):
    """The user has interrupted the command; the message describes the result."""

    exit_code = INTERRUPTED

    def show(self, file: object = None) -> None:  # noqa: ARG002
        """Print only the message, because an interrupt is not an error."""
        click.echo(self.format_message(), err=True)


def is_interrupt(problem: BaseException) -> bool:
    """Return whether Ctrl+C caused an exception; engines raise their own."""
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt):
            return True
        cause = cause.__cause__
    return False


@contextmanager
def saying(message: str) -> Iterator[None]:
    """Use this message if Ctrl+C interrupts the block.

    Raises:
        Interrupted: With the message, unless the block raises a more exact one.
    """
    try:
        yield
    except BaseException as problem:
        if is_interrupt(problem):
            raise Interrupted(message) from None
        raise
