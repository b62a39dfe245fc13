"""Ctrl+C: one line and one exit code, whatever a command was doing."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

INTERRUPTED = 130


class Interrupted(click.ClickException):
    """The user has ended the command; the message says what came of it."""

    exit_code = INTERRUPTED

    def show(self, file: object = None) -> None:  # noqa: ARG002
        """Print the message alone: an interrupt is no error."""
        click.echo(self.format_message(), err=True)


def is_interrupt(problem: BaseException) -> bool:
    """Return whether Ctrl+C led to an exception: engines raise one of their own from it."""
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt):
            return True
        cause = cause.__cause__
    return False


@contextmanager
def saying(message: str) -> Iterator[None]:
    """Say this where Ctrl+C ends what is done inside.

    Raises:
        Interrupted: With the message, unless what is done inside says it more exactly.
    """
    try:
        yield
    except BaseException as problem:
        if is_interrupt(problem):
            raise Interrupted(message) from None
        raise
