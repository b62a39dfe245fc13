"""Commands in messages, written so that they can be run as printed.

After a command with `--warehouse`, "Run `bank check`" would check a different warehouse. So each
command in a message gets those paths of the running command that are not defaults.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from bank_warehouse.project import find_project, publish_folder, quoted, warehouse_path

PATHS = "bank_warehouse.paths"
"""Key in a click context for the paths of the running command, by option name."""

TAKEN_BY = {
    "warehouse": {"accept", "build", "check", "findings", "publish", "quarantine", "summary"},
    "publish_dir": {"dashboard", "publish", "releases", "rollback", "summary", "worklist"},
    "raw_dir": {"build", "summary"},
    "mapping": {"build", "inspect"},
    "project_dir": {"build", "powerbi"},
}
"""For each option, the commands that have it."""

_COMMAND = re.compile(r"`bank ([a-z]+[^`]*)`")

Paths = Mapping[str, Path | None]


def command_line(command: str, paths: Paths) -> str:
    """Return a command with the options it needs.

    Args:
        command: its name and arguments, such as `rollback 7`.
        paths: paths of the running command, by option name. Those that `command` accepts and that
            are not defaults are added. `build` without an argument gets the drop, or FOLDER if
            the warehouse was built from a drop whose path is not known.
    """
    name, *arguments = command.split()
    defaults = {
        "warehouse": warehouse_path(),
        "publish_dir": publish_folder(),
        "raw_dir": _path_in("BANK_RAW_DIR"),
        "mapping": _path_in("BANK_RAW_MAPPING"),
        "project_dir": find_project(),
    }
    named = {
        option: path
        for option, path in paths.items()
        if path is not None and name in TAKEN_BY[option] and not _is_same(path, defaults[option])
    }
    words = ["bank", command]
    if name == "build":
        drop = named.pop("raw_dir", None)
        if not arguments and drop:
            words.append(quoted(drop))
        elif not arguments and not defaults["raw_dir"] and _holds_a_drop(paths.get("warehouse")):
            words.append("FOLDER")
    words += [f"--{option.replace('_', '-')} {quoted(path)}" for option, path in named.items()]
    return " ".join(words)


def runnable(message: str, paths: Paths) -> str:
    """Return a message in which each command, such as `bank check`, can be run as printed."""
    return _COMMAND.sub(lambda found: f"`{command_line(found[1], paths)}`", message)


def _path_in(setting: str) -> Path | None:
    named = os.environ.get(setting, "").strip()
    return Path(named) if named else None


def _is_same(path: Path, default: Path | None) -> bool:
    return default is not None and path.absolute() == default.absolute()


def _holds_a_drop(warehouse: Path | None) -> bool:
    """Return whether the last build of a warehouse read a drop, not the sample."""
    from bank_warehouse.publish.records import build_record_path, read_record

    record = read_record(build_record_path(warehouse)) if warehouse else None
    return record is not None and record["source"] != "sample"
