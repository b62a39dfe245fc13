"""Run the notebook from start to finish.

`python -m python_checks.project.notebook` also saves the outputs.
"""

import base64
import io
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image

PROJECT = Path(__file__).resolve().parents[2]
NOTEBOOK = PROJECT / "notebooks" / "customer_behavior.ipynb"
SECONDS_A_CELL = 120
COLOURS = 128


def run_notebook(path: Path, environment: Mapping[str, str]) -> Any:
    """Run a notebook, and return it with the outputs of all its cells. The file does not change.

    Args:
        path: the notebook. It runs in the folder that it is in.
        environment: additional variables for the process that runs it.

    Raises:
        CellExecutionError: A cell fails.
    """
    # nbformat is only partly typed.
    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(
        notebook,
        timeout=SECONDS_A_CELL,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute(env={**os.environ, **environment})
    # The saved file must not depend on the Python version that ran the notebook.
    notebook.metadata.pop("language_info", None)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            picture = output.get("data", {}).get("image/png")
            if picture:
                output["data"]["image/png"] = smaller(picture)
    return notebook


def smaller(picture: str) -> str:
    """Return a PNG, in base64, with at most `COLOURS` colours. It is about a third as large."""
    drawn = Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB")
    kept = io.BytesIO()
    drawn.quantize(COLOURS).save(kept, "PNG", optimize=True)
    return base64.b64encode(kept.getvalue()).decode()


def main() -> int:
    """Run the notebook on the built warehouse, and save it with its outputs."""
    try:
        notebook = run_notebook(NOTEBOOK, {})
    except CellExecutionError as error:
        print(f"{error}\nIf there is no warehouse, run `bank build` first.", file=sys.stderr)
        return 1
    nbformat.write(notebook, NOTEBOOK)  # type: ignore[no-untyped-call]
    print(f"Wrote the outputs of {NOTEBOOK.relative_to(PROJECT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
