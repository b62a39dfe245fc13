"""Run the command `bank` in the test's own process."""

from click.testing import CliRunner

from bank_warehouse.cli import main
from python_checks.testing.dbt import Completed


def bank(*arguments: str, **environment: str) -> Completed:
    """Run `bank`, and return its exit code and what it printed.

    Args:
        arguments: the command with its options.
        environment: variables that differ from those of this process.

    Raises:
        Exception: any exception that the command does not handle.
    """
    ran = CliRunner().invoke(main, arguments, env=environment)
    if ran.exception is not None and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return Completed(arguments, ran.exit_code, ran.stdout, ran.stderr)
