"""The errors of the dashboard."""

import click


class DashboardError(click.ClickException):
    """The dashboard cannot show this; the message says why and what to do."""
