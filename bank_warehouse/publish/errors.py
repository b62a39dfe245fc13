"""The errors of publishing. Each message states the problem, then the remedy."""

from pathlib import Path

import click

from bank_warehouse.private import refused
from bank_warehouse.project import CannotStartError


class PublishError(click.ClickException):
    """Publishing or reading a release failed; the message says why and what to do.

    Attributes:
        problem: What is wrong, with the name of the mart, file or server.
        remedy: What to do.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        """Create the error; its message is the problem, followed by the remedy."""
        super().__init__(f"{problem}\n{remedy}")
        self.problem = problem
        self.remedy = remedy


class GateError(PublishError):
    """The tables have not passed a complete build and all checks, or have changed since then."""


class ContractError(PublishError):
    """The release would break the contract that readers of the current one rely on."""


class BusyError(PublishError):
    """Another publisher is running."""


class NoReleaseError(PublishError):
    """There is no release, or not the requested one."""

    exit_code = CannotStartError.exit_code


class DamagedReleaseError(PublishError):
    """A file of a release is missing or differs from the published one, or `current` is invalid."""


class UnreadableReleaseError(PublishError):
    """This user may not read a release."""

    exit_code = CannotStartError.exit_code

    def __init__(self, path: Path) -> None:
        """Create the error for the file or folder that cannot be read."""
        problem, remedy = refused(path)
        readers = "Only its publisher can read a release with personal data."
        super().__init__(problem, f"{remedy} {readers}")


class PostgresError(PublishError):
    """Publishing to PostgreSQL failed; its tables have not changed unless the message says so."""


class ReadersInTheWayError(PostgresError):
    """Readers' transactions that use a mart did not end in time."""


class UnreachableError(PostgresError):
    """No connection to PostgreSQL can be opened."""


class UnknownCommitError(PostgresError):
    """The answer to COMMIT was lost, and PostgreSQL cannot be asked whether it has the release."""
