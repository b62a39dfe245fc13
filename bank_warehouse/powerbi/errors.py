"""The error of this package."""


class PowerBIError(Exception):
    """What was asked cannot be written; the message names the place and the remedy."""
