"""Run the notebook from start to end.

`python -m python_checks.project.notebook` keeps the outputs.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

PROJECT = Path(__file__).resolve().parents[2]
NOTEBOOK = PROJECT / "notebooks" / "customer_behavior.ipynb"
SECONDS_A_CELL = 120


def run_notebook(path: Path, environment: Mapping[str, str]) -> Any:
    """Return the notebook with the outputs of running all of its cells; the file stays as it is.

    Args:
        path: the notebook; it runs in its folder.
        environment: variables for its process beside those of this one.

    Raises:
        CellExecutionError: A cell fails.
    """
    # mypy: nbformat is typed in parts.
    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(
        notebook,
        timeout=SECONDS_A_CELL,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute(env={**os.environ, **environment})
    # Whichever Python ran it, the file stays the same.
    notebook.metadata.pop("language_info", None)
    return notebook


def main() -> int:
    """Run the notebook on the built warehouse and write its outputs into it."""
    try:
        notebook = run_notebook(NOTEBOOK, {})
    except CellExecutionError as error:
        print(f"{error}\nIs there a warehouse? Run `bank build` first.", file=sys.stderr)
        return 1
    nbformat.write(notebook, NOTEBOOK)  # type: ignore[no-untyped-call]
    print(f"Wrote the outputs of {NOTEBOOK.relative_to(PROJECT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
