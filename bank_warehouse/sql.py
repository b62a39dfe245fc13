"""Quote names and text from outside the project for use in SQL."""

from pathlib import Path


def quote_identifier(name: str) -> str:
    """Return `name` as a quoted SQL identifier, with embedded quotes doubled."""
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """Return `text` as a SQL string literal, with embedded quotes doubled."""
    return "'" + text.replace("'", "''") + "'"


def no_wildcards(path: Path) -> str:
    """Return `path` escaped for DuckDB, which reads `*`, `?` and `[` as wildcards."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in path.as_posix())
