"""Show the log of a running dbt build: progress, warnings and the first failure."""

import json
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from bank_warehouse.numbers import count

SECONDS_BETWEEN_LINES = 10.0
MOST_LINES = 25
MOST_NAMES = 5

_RESULTS = frozenset(
    {"LogModelResult", "LogTestResult", "LogSeedResult", "LogSnapshotResult", "LogNodeNoOpResult",
     "LogNodeResult", "SkippingDetails", "LogSkipBecauseError", "LogFunctionResult"}
)  # fmt: skip
_MESSAGES = frozenset({"JinjaLogInfo", "JinjaLogWarning"})
_NO_MATCH = re.compile("The selection criterion '(.*)' does not match any enabled nodes")
_HEADING = re.compile(r"\w[\w ]* Error in \w+ [^\n]*\n|\w[\w ]* Error\n")
_TRACE = re.compile(r"^\s*(> (in|called by) |compiled code at )")


@dataclass
class Failure:
    """A step that failed.

    Attributes:
        kind: what dbt calls this kind of step, such as model, test or operation.
        name: dbt's name for the step.
        path: the step's file in the project.
        message: dbt's message.
        query: the file with the step's compiled SQL.
    """

    kind: str
    name: str
    path: str
    message: str = ""
    query: str = ""


class BuildLog:
    """Reads dbt's log, one JSON event per line, and shows the progress on stderr."""

    def __init__(self, project: Path, environment: Mapping[str, str]) -> None:
        """Prepare to show a build of `project`; `environment` holds dbt's environment variables."""
        self._project = project
        self._environment = environment
        self._total = 0
        self._done = 0
        self._models = 0
        self._warnings = 0
        self._failed: list[str] = []
        self._skipped = 0
        self._failures: list[Failure] = []
        self._stopped_by = ""
        self._other: list[str] = []
        self._is_terminal = sys.stderr.isatty()
        self._last = time.monotonic()
        self._show("Reading the project ...")

    def read(self, line: str) -> None:
        """Read a line of dbt's output."""
        try:
            event = json.loads(line)
            name, data = event["info"]["name"], event["data"]
        except (ValueError, KeyError, TypeError):
            if line.strip():
                self._other.append(line.rstrip())
            return
        message = click.unstyle(event["info"]["msg"])
        if name in _MESSAGES:
            self._say(message.strip())
        elif name == "ConcurrencyLine":
            self._total = data["node_count"]
        elif name in _RESULTS:
            self._finish(data, event["info"]["level"])
        elif name == "LogHookEndLine" and event["info"]["level"] == "error":
            self._failed.append(data["node_info"]["node_name"])
        elif name == "RunResultFailure":
            self._failures.append(Failure(data["resource_type"], data["node_name"], data["path"]))
        elif name in ("RunResultError", "RunResultErrorNoMessage") and self._failures:
            self._failures[-1].message = self._failures[-1].message or data.get("msg") or message
        elif name == "SQLCompiledPath" and self._failures:
            self._failures[-1].query = data["path"]
        elif name == "MainEncounteredError":
            self._stopped_by = click.unstyle(data["exc"])

    def end(self) -> None:
        """End the line of progress."""
        if self._is_terminal:
            click.echo("\r\x1b[K", nl=False, err=True)

    def failure(self) -> str:
        """Return the first failure, the names of the others, and what to do."""
        if self._stopped_by or not self._failures:
            stopped_by = _NO_MATCH.sub(
                r"Nothing in the project matches --select \1. `dbt ls` lists all names.",
                _plain(self._stopped_by),
            )
            said = stopped_by or "\n".join(self._other[-MOST_LINES:])
            return f"The build could not start:\n{_indented(said)}\n{self._where_more_is()}"
        # The message of explain_failure comes last, and is more helpful than the engine's.
        explained = [failure for failure in self._failures if failure.kind == "operation"]
        first = self._failures[0]
        lines = [f"The build failed at {first.kind} {first.name} ({first.path}):"]
        lines.append(_indented(_plain((explained or [first])[-1].message)))
        if first.kind == "test" and not explained:
            lines += self._of_test(first)
        others = [each.name for each in self._failures[1:] if each.kind != "operation"]
        if others:
            named = ", ".join(others[:MOST_NAMES])
            more = f" and {len(others) - MOST_NAMES} more" if len(others) > MOST_NAMES else ""
            lines.append(f"Also failed: {named}{more}.")
        if self._skipped:
            lines.append(f"Skipped because of this: {count(self._skipped, 'step')}.")
        lines.append(self._where_more_is())
        return "\n".join(lines)

    def _of_test(self, failure: Failure) -> list[str]:
        """Return what a failed test promises, where its query is, and what to do."""
        lines = []
        promise = self._description(failure.name)
        if promise:
            lines.append(_indented(f"It promises: {promise}"))
        if failure.query:
            lines.append(_indented(f"Its query: {failure.query}"))
        return [*lines, "Correct the files or the model, and build again."]

    def _description(self, test: str) -> str:
        target = self._project / self._environment.get("DBT_TARGET_PATH", "target")
        try:
            nodes = json.loads((target / "manifest.json").read_text("utf-8"))["nodes"].values()
        except (OSError, ValueError, KeyError, TypeError):
            return ""
        found = (node["description"] for node in nodes if node["name"] == test)
        return " ".join(next(found, "").split())

    def _where_more_is(self) -> str:
        logs = self._project / self._environment.get("DBT_LOG_PATH", "logs")
        return f"For more, see {logs / 'dbt.log'}, or build with --verbose."

    def _finish(self, data: Mapping[str, Any], level: str) -> None:
        info = data.get("node_info", {})
        status = str(info.get("node_status") or data.get("status", "")).lower()
        self._done += 1
        # If models are selected, dbt's first count leaves out unit tests.
        self._total = data.get("total") or data.get("num_models") or self._total
        if info.get("resource_type") == "model" and status == "success":
            self._models += 1
        if status == "skipped":
            self._skipped += info.get("resource_type") != "exposure"  # exposures do not run
        elif level == "error":
            self._failed.append(str(info.get("node_name")))
        elif level == "warn":
            self._warnings += 1
        self._show(
            f"{self._done} of {self._total} steps, {count(self._models, 'model')} built, "
            f"{count(self._warnings, 'warning')}, {count(len(self._failed), 'failure')}",
            is_last=self._done >= self._total,
        )

    def _show(self, text: str, *, is_last: bool = False) -> None:
        """Show the progress: in place on a terminal, else a line at most every ten seconds."""
        if self._is_terminal:
            click.echo(f"\r\x1b[K{text}", nl=False, err=True)
        elif is_last or not self._done or time.monotonic() - self._last >= SECONDS_BETWEEN_LINES:
            self._last = time.monotonic()
            click.echo(text, err=True)

    def _say(self, text: str) -> None:
        """Print a message above the line of progress."""
        if text:
            self.end()
            click.echo(text, err=True)


def _plain(message: str) -> str:
    """Return a dbt message without its heading and macro trace, cut to `MOST_LINES` lines."""
    kept = [line for line in message.strip().splitlines() if not _TRACE.match(line)]
    text = _HEADING.sub("", "\n".join(kept) + "\n", count=1).strip()
    lines = [line.strip() for line in text.splitlines()]
    shown = lines[:MOST_LINES]
    return "\n".join([*shown, "..."] if len(lines) > MOST_LINES else shown)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
