"""The errors of the dashboard."""

import click


class DashboardError(click.ClickException):
    """The dashboard cannot start, or cannot show something; the message says why."""
