"""The command line of the project. Each command lives in the module that does its job."""

import importlib

import click

COMMANDS = {
    "accept": "bank_warehouse.accept",
    "build": "bank_warehouse.build",
    "check": "python_checks.expectations.command",
    "dashboard": "bank_warehouse.dashboard.command",
    "findings": "bank_warehouse.findings.command",
    "generate": "bank_warehouse.generator.command",
    "inspect": "bank_warehouse.raw_drop.inspect",
    "powerbi": "bank_warehouse.powerbi.command",
    "publish": "bank_warehouse.publish.command",
    "quarantine": "bank_warehouse.quarantine",
    "releases": "bank_warehouse.publish.command_releases",
    "rollback": "bank_warehouse.publish.command_rollback",
    "spark-cluster": "bank_warehouse.spark.command",
    "summary": "bank_warehouse.summary",
}


class LazyCommands(click.Group):
    """A group that imports a command's module only when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the command names in alphabetical order."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the click command `cmd_name`, or None where there is no such command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name]).command
        return command


@click.group(cls=LazyCommands)
def main() -> None:
    """Bank customer warehouse: generate data, look at a build, accept, publish and show it."""
