"""Quote names and texts from outside for use in SQL."""


def quote_identifier(name: str) -> str:
    """Return `name` as a quoted SQL identifier, embedded quotes doubled."""
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """Return `text` as a SQL string literal, embedded quotes doubled."""
    return "'" + text.replace("'", "''") + "'"
