"""The one error of a raw drop that cannot be read."""


class DropError(Exception):
    """A raw drop is refused. The message names the file, the row where there is one, the remedy."""
