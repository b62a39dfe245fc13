"""End a command cleanly on Ctrl+C, or on another signal that ends a process."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import click

INTERRUPTED = 130

Handler = Callable[[int, FrameType | None], object] | int | None

if sys.platform == "win32":
    ENDING = (signal.SIGINT, signal.SIGTERM)
else:
    ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that Ctrl+C, `kill`, a service manager or a closing terminal sends to end a process."""


class Terminated(KeyboardInterrupt):
    """One of the signals in :data:`ENDING` arrived; its number is the argument."""


class Interrupted(click.ClickException):
    """The command was interrupted; the message describes the result."""

    def __init__(self, message: str, cause: KeyboardInterrupt) -> None:
        """Derive the exit code from the interrupt."""
        super().__init__(message)
        # click declares the exit code as an attribute of the class.
        self.exit_code = exit_code(cause)  # type: ignore[misc]

    def show(self, file: object = None) -> None:  # noqa: ARG002
        """Print only the message, because an interrupt is not an error."""
        click.echo(self.format_message(), err=True)


def exit_code(cause: KeyboardInterrupt) -> int:
    """Return the exit code of an interrupted command: 128 plus the number of the signal."""
    return 128 + cause.args[0] if isinstance(cause, Terminated) else INTERRUPTED


def interrupt_behind(problem: BaseException) -> KeyboardInterrupt | None:
    """Return the exception if it is an interrupt, else the interrupt that caused it, or None.

    Engines turn an interrupt into an exception of their own.
    """
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt):
            return cause
        cause = cause.__cause__
    return None


@contextmanager
def saying(message: str) -> Iterator[None]:
    """Use this message if an interrupt ends the block.

    Raises:
        Interrupted: With this message, unless the block raises a more specific `Interrupted`.
    """
    try:
        yield
    except BaseException as problem:
        cause = interrupt_behind(problem)
        if cause is not None:
            raise Interrupted(message, cause) from None
        raise


def end_cleanly() -> dict[signal.Signals, Handler]:
    """Make the signals that end this process raise :class:`Terminated`, so that it can clean up.

    Signals that the process already ignores or handles are not changed. Only the first signal
    raises. The second is ignored, because it would interrupt the clean-up. The third ends the
    process at once, in case the clean-up hangs or something has caught the exception.

    Returns:
        The signals that are handled from now on, and their previous handlers; empty outside the
        main thread, where signals cannot be handled.
    """
    if threading.current_thread() is not threading.main_thread():
        return {}
    usual = (signal.SIG_DFL, signal.default_int_handler)
    arrived = 0

    def end(number: int, _: FrameType | None) -> None:
        nonlocal arrived
        arrived += 1
        if arrived == 1:
            raise Terminated(number)
        if arrived == 3:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    # After the first signal, the handler stays: processes that the clean-up starts would inherit
    # SIG_IGN, but not a handler.
    return {each: signal.signal(each, end) for each in ENDING if signal.getsignal(each) in usual}


@contextmanager
def ending_cleanly() -> Iterator[None]:
    """Apply :func:`end_cleanly` to the block."""
    before = end_cleanly()
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Hold back Ctrl+C and other signals that end a process until the block is finished."""
    if threading.current_thread() is not threading.main_thread():
        # Signals only reach the main thread.
        yield
        return
    held: list[int] = []
    before = {each: signal.signal(each, lambda number, _: held.append(number)) for each in ENDING}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler or signal.SIG_DFL)
        for number in held:
            signal.raise_signal(number)
