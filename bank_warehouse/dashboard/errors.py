"""The errors of the dashboard."""

import click


class DashboardError(click.ClickException):
    """The dashboard cannot show something; the message gives the reason and the remedy."""
