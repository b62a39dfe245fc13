"""The errors of the Spark cluster: what is wrong, then what to do."""

import click


class ClusterError(click.ClickException):
    """The cluster cannot start, stop or answer; the message says why and what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        """Make the message of both."""
        super().__init__(f"{problem}\n{remedy}")
        self.problem = problem
        self.remedy = remedy
