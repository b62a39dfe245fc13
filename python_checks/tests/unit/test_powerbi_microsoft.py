"""Microsoft's own tools accept the Power BI project.

The tools are two npm packages for development and tests, not part of this project. The command
below installs them in FOLDER/node_modules. Set POWERBI_NODE_MODULES to that folder.

    npm i --no-save --prefix FOLDER @microsoft/powerbi-modeling-mcp @microsoft/powerquery-parser

Without the variable, the tests use the project's node_modules. They are skipped if a package is
missing.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bank_warehouse.powerbi import project, tmdl_reader
from python_checks.testing.paths import PROJECT

COMMITTED = PROJECT / "powerbi"
MODULES = Path(os.environ.get("POWERBI_NODE_MODULES", PROJECT / "node_modules"))

PARSE = """
const { TaskUtils, DefaultSettings } = require("@microsoft/powerquery-parser");
let input = "";
process.stdin.on("data", (part) => (input += part));
process.stdin.on("end", async () => {
  const found = {};
  for (const [name, text] of Object.entries(JSON.parse(input))) {
    const task = await TaskUtils.tryLexParse(DefaultSettings, text);
    found[name] = TaskUtils.isError(task) ? String(task.error.message) : "";
  }
  console.log(JSON.stringify(found));
});
"""


def package(name: str) -> Path:
    """Return the folder of an npm package, or skip the test."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    folder = MODULES / "@microsoft" / name
    if not folder.is_dir():
        pytest.skip(f"@microsoft/{name} is not in {MODULES.name}: see this module's docstring")
    return folder


# ---------- M


def parse_errors(texts: dict[str, str]) -> dict[str, str]:
    """Return the parser's error for each M expression, or an empty string if it is valid."""
    package("powerquery-parser")
    run = subprocess.run(
        ["node", "-e", PARSE],
        input=json.dumps(texts),
        env={**os.environ, "NODE_PATH": str(MODULES)},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, str] = json.loads(run.stdout)
    return found


def test_every_query_and_parameter_parses_as_m() -> None:
    texts = {}
    for path, text in project.read(COMMITTED).items():
        if path.endswith(".tmdl"):
            for node in tmdl_reader.read(text):
                if node.kind == "expression":
                    texts[f"expression {node.name}"] = node.text
                for partition in (each for each in node.of("partition") if each.text == "m"):
                    texts[f"table {node.name}"] = partition.properties["source"]
    assert len(texts) > 30
    assert all(texts.values())
    assert {name: wrong for name, wrong in parse_errors(texts).items() if wrong} == {}


def test_broken_m_is_detected() -> None:
    found = parse_errors({"cut off": "let a = 1 in", "whole": "let a = 1 in a"})
    assert found["cut off"]
    assert found["whole"] == ""


# ---------- the semantic model


class Loader:
    """Microsoft's loader for semantic models, used through its standard input and output.

    Each message is one line, as https://modelcontextprotocol.io/specification/2025-06-18 defines.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        """Initialize the connection to a running loader."""
        self.process = process
        self.sent = 0
        self.ask("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo=_CLIENT)
        self.tell({"jsonrpc": "2.0", "method": "notifications/initialized", "params": {}})

    def tell(self, message: dict[str, Any]) -> None:
        """Send a message."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a request and return its response."""
        self.sent += 1
        self.tell({"jsonrpc": "2.0", "id": self.sent, "method": method, "params": params})
        assert self.process.stdout is not None
        for line in self.process.stdout:
            answer: dict[str, Any] = json.loads(line)
            if answer.get("id") == self.sent and "result" in answer:
                result: dict[str, Any] = answer["result"]
                return result
        raise AssertionError("the loader has ended")

    def run(self, tool: str, operation: str, **arguments: str) -> dict[str, Any]:
        """Run an operation and return its response. `isError` says whether it failed."""
        return self.ask(
            "tools/call",
            name=tool,
            arguments={"request": {"operation": operation, **arguments}},
        )


_CLIENT = {"name": "tests", "version": "1"}


@pytest.fixture
def loader() -> Iterator[Loader]:
    folder = package("powerbi-modeling-mcp")
    process = subprocess.Popen(
        ["node", str(folder / "index.js"), "--start"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield Loader(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(30)
        finally:
            process.kill()


def test_model_survives_a_round_trip(loader: Loader, tmp_path: Path) -> None:
    model = COMMITTED / project.MODEL_FOLDER
    loaded = loader.run("connection_operations", "ConnectFolder", folderPath=str(model))
    assert not loaded["isError"], loaded
    exported = loader.run("database_operations", "ExportToTmdlFolder", tmdlFolderPath=str(tmp_path))
    assert not exported["isError"], exported
    assert project.read(tmp_path) == project.read(model / "definition")


def test_loader_refuses_a_model_with_a_missing_column(loader: Loader, tmp_path: Path) -> None:
    shutil.copytree(COMMITTED / project.MODEL_FOLDER, tmp_path / "model")
    path = tmp_path / "model/definition/relationships.tmdl"
    path.write_text(path.read_text("utf-8").replace("Dates.'Date day'", "Dates.Day"), "utf-8")
    loaded = loader.run(
        "connection_operations", "ConnectFolder", folderPath=str(tmp_path / "model")
    )
    assert loaded["isError"]
    assert "cannot be found" in loaded["content"][0]["text"]
