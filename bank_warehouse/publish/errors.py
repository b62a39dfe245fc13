"""The errors of publishing: what is wrong, then what to do."""

from pathlib import Path

import click

from bank_warehouse.private import refused
from bank_warehouse.project import CannotStartError


class PublishError(click.ClickException):
    """Nothing was published, or nothing can be read; the message says why and what to do.

    Attributes:
        problem: What is wrong, naming the mart, file or server.
        remedy: What to do.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        """Make the message of both."""
        super().__init__(f"{problem}\n{remedy}")
        self.problem = problem
        self.remedy = remedy


class GateError(PublishError):
    """The warehouse is not what the last whole build and the last checks have passed."""


class ContractError(PublishError):
    """The release would break the contract that readers of the current one rely on."""


class BusyError(PublishError):
    """Another publisher is at work."""


class NoReleaseError(PublishError):
    """There is no release, or not the one that is asked for."""

    exit_code = CannotStartError.exit_code


class DamagedReleaseError(PublishError):
    """The files of a release are not those that were published."""


class UnreadableReleaseError(PublishError):
    """This user may not read a release."""

    exit_code = CannotStartError.exit_code

    def __init__(self, path: Path) -> None:
        """Make the message for the file or folder that cannot be read."""
        problem, remedy = refused(path)
        readers = "A release with personal data is for its publisher alone; one without is not."
        super().__init__(problem, f"{remedy} {readers}")


class PostgresError(PublishError):
    """PostgreSQL cannot be published to; its tables are as they were."""


class ReadersInTheWayError(PostgresError):
    """Transactions that have read a mart did not end in the time given."""


class UnreachableError(PostgresError):
    """No connection to PostgreSQL can be opened."""


class UnknownCommitError(PostgresError):
    """The answer to COMMIT was lost, and PostgreSQL cannot be asked: it may hold the release."""
