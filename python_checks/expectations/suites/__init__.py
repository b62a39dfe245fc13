"""The suites, one for each layer. The modules that `SUITES` does not name are parts of `marts`."""

from collections.abc import Callable

import duckdb

from python_checks.expectations.declare import Table
from python_checks.expectations.suites import marts, quality, raw, staging

SUITES: dict[str, Callable[[duckdb.DuckDBPyConnection], list[Table]]] = {
    "raw": raw.tables,
    "staging": staging.tables,
    "marts": marts.tables,
    "quality": quality.tables,
}

# The tables that must exist before each suite can be declared.
REQUIRED: dict[str, tuple[str, ...]] = {
    "raw": raw.REQUIRED,
    "staging": staging.REQUIRED,
    "marts": marts.REQUIRED,
    "quality": quality.REQUIRED,
}
