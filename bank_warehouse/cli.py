"""The command line of the project. Each command is defined in a module of its own."""

import importlib
import io
import signal
import sys

import click
from click.exceptions import NoSuchCommand

from bank_warehouse.hints import PATHS, runnable
from bank_warehouse.interrupts import ENDING, end_cleanly, ending_cleanly, saying
from bank_warehouse.private import keep_private, no_longer_private
from bank_warehouse.whole_files import NotWrittenError

COMMANDS = {
    "accept": (
        "bank_warehouse.accept",
        "Accept the built drop: compare later drops with it.",
    ),
    "build": ("bank_warehouse.build", "Build the warehouse from the sample or from your files."),
    "check": (
        "python_checks.expectations.command",
        "Check the warehouse with Great Expectations.",
    ),
    "dashboard": ("bank_warehouse.dashboard.command", "Show the current release in a browser."),
    "findings": ("bank_warehouse.findings.command", "Write a page of findings with figures."),
    "generate": ("bank_warehouse.generator.command", "Write invented raw files of any size."),
    "inspect": (
        "bank_warehouse.raw_drop.inspect",
        "Show how your files would be read.",
    ),
    "powerbi": ("bank_warehouse.powerbi.command", "Write the Power BI project."),
    "publish": ("bank_warehouse.publish.command", "Publish the checked marts as a release."),
    "quarantine": ("bank_warehouse.quarantine", "Write the quarantined rows to a CSV file."),
    "releases": ("bank_warehouse.publish.command_releases", "List the releases."),
    "rollback": ("bank_warehouse.publish.command_rollback", "Make an earlier release current."),
    "summary": ("bank_warehouse.summary", "Summarise what is built and what to run next."),
    "worklist": ("bank_warehouse.worklist", "Write the customers of an action to a file."),
}
"""Module and short help of each command, so that `bank --help` imports none of the modules."""

PRIVATE = frozenset(
    {"accept", "build", "check", "inspect", "publish", "quarantine", "summary", "worklist"}
)
"""Commands that read clients' names. Only the owner can read the files that they create, even
temporary ones."""


class LazyCommands(click.Group):
    """A group that imports a command's module only when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the command names in alphabetical order."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the click command `cmd_name`, or None."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; if there is no such command, suggest similar ones."""
        try:
            return super().resolve_command(ctx, args)
        except NoSuchCommand as unknown:
            raise NoSuchCommand(
                unknown.command_name, possibilities=self.list_commands(ctx), ctx=ctx
            ) from None

    def invoke(self, ctx: click.Context) -> object:
        """Run the command. If it fails, the commands in the message get the paths given here."""
        try:
            with ending_cleanly(), saying("Interrupted."):
                return super().invoke(ctx)
        except NotWrittenError as problem:
            raise click.ClickException(problem.message) from problem
        except click.ClickException as error:
            # click declares the message final, but a new error would lose its class and exit code.
            error.message = runnable(error.message, ctx.meta.get(PATHS, {}))  # type: ignore[misc]
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with their short help, without cutting it off."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])


@click.group(
    cls=LazyCommands,
    invoke_without_command=True,
    context_settings={"max_content_width": 100, "help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="bank-warehouse", message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """Build, check, publish and show a warehouse of bank customers.

    Start with `bank build`, which builds the shipped sample, or `bank build FOLDER` for your own
    files. `bank COMMAND --help` shows the options of a command.

    The exit code is 0 if all went well, 1 if something failed or was refused, and 2 if the command
    could not start: an option or setting is not valid, or there is no warehouse or release that can
    be read. It is 130 if Ctrl+C ended the command, 143 if `kill` did.
    """
    # On Windows, text in a pipe has a code page. A character that the code page lacks must not end
    # a command.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    if context.invoked_subcommand in PRIVATE:
        keep_private()
        context.call_on_close(no_longer_private)
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def program() -> None:
    """Run the program `bank`.

    When it exits, temporary files that hold names are removed, and no signal interrupts this.
    """
    end_cleanly()
    try:
        main(prog_name="bank")
    finally:
        for each in ENDING:
            signal.signal(each, signal.SIG_IGN)
