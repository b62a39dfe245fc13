"""The errors of the dashboard."""

import click


class DashboardError(click.ClickException):
    """The dashboard cannot start or show something; the message says why."""
