"""Quoting of names and texts that come from outside and end up in SQL."""


def quote_identifier(name: str) -> str:
    """Return `name` as a quoted SQL identifier, embedded quotes doubled."""
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """Return `text` as a SQL string literal, embedded quotes doubled."""
    return "'" + text.replace("'", "''") + "'"
