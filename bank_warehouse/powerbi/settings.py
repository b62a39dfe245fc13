"""Where the project reads from: the options, or else the settings in the project folder.

An unusable setting in the folder is an error unless an option replaces it. Error messages never
repeat a value, because someone may have typed a password in the wrong place.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from pathlib import Path, PureWindowsPath

from bank_warehouse.powerbi import tmdl_reader
from bank_warehouse.powerbi.errors import PowerBIError, naming_files, read_text
from bank_warehouse.powerbi.power_query import unquote
from bank_warehouse.powerbi.project import MODEL_FOLDER, NAME
from bank_warehouse.powerbi.source import PARAMETERS, Source

OPTIONS = {**{name: f"--{name}" for name in (*PARAMETERS, "mode")}, "access": "--access-file"}
"""The option that sets each attribute of the source."""

Kept = tuple[str | None, str]
"""A setting in the folder and its place; or None and the problem, if it cannot be read."""

_UNPRINTED = r"\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_IN_NAME = rf'<>:"|?*{_UNPRINTED}'
_PATH = re.compile(
    rf"(?:[A-Za-z]:[\\/]|/|\\\\[^\\/\s{_IN_NAME}]+[\\/][^\\/\s{_IN_NAME}])[^{_IN_NAME}]*"
)
_LABEL = r"(?!-)[\w-]{1,63}(?<!-)"
_HOST = re.compile(
    rf"(?:\[(?P<six>.*)\]|(?P<name>{_LABEL}(?:\.{_LABEL})*\.?))(?::(?P<port>[0-9]+))?"
)
_DATABASE = re.compile(rf"[^:;=@{_UNPRINTED}]{{1,63}}")
_DIRECT = re.compile(r"(?im)^\s*mode\s*:\s*directQuery\s*$")


def chosen(folder: Path, given: Mapping[str, str]) -> Source:
    """Return the source: the given options, or else the settings in the project folder.

    Args:
        folder: the project folder, which need not exist yet.
        given: the values of the options, by the attribute of the source.

    Raises:
        PowerBIError: an option is for the other kind of source, or a value is missing or cannot
            be used.
    """
    path = folder / MODEL_FOLDER / "definition" / "expressions.tmdl"
    with naming_files(folder, "give this user the right to read it."):
        is_there = (folder / MODEL_FOLDER).is_dir() or (folder / f"{NAME}.pbip").is_file()
        kept = _kept(path) if is_there else {}
    kinds = {PARAMETERS[name].kind for name in kept.keys() & PARAMETERS.keys()} - {""}
    kind = given.get("kind", min(kinds, default="parquet"))
    if is_there and "kind" not in given and len(kinds) != 1:
        raise PowerBIError(
            f"{path} has parameters of {'both sources' if kinds else 'no source'} "
            f"({', '.join(each.name for each in PARAMETERS.values() if each.kind)}), so the "
            "source is not known. Name it again, such as --source parquet --folder "
            "C:\\bank-warehouse\\published."
        )
    if kind not in kinds:
        kept.pop("mode", None)
    values = {}
    missing = []
    for name, option in OPTIONS.items():
        only_for = PARAMETERS[name].kind if name in PARAMETERS else ""
        if only_for not in ("", kind):
            if name in given:
                raise PowerBIError(
                    f"{option} is for --source {only_for}; the project reads {kind}."
                )
        elif name in given:
            values[name] = _usable(name, given[name], option)
        elif name in kept:
            values[name] = _usable(name, *kept[name])
        elif is_there and only_for and (name != "release" or kind in kinds):
            missing.append(name)
    if missing:
        raise PowerBIError(
            f"{path} has no {' and no '.join(PARAMETERS[name].name for name in missing)}, which "
            f"--source {kind} needs: give {' and '.join(OPTIONS[name] for name in missing)}, such "
            f"as {' '.join(f'{OPTIONS[name]} {getattr(Source(), name)}' for name in missing)}."
        )
    if values.get("mode") == "directQuery" and kind != "postgres":
        where = "--mode" if "mode" in given else kept["mode"][1]
        raise PowerBIError(
            f"{where} is directQuery, which needs a database: give --source postgres too, or "
            "--mode import."
        )
    return Source(kind=kind, **values)


def _kept(path: Path) -> dict[str, Kept]:
    """Return a project's settings by attribute; `path` is the file with its parameters."""
    remedy = "save it as UTF-8, or restore it from git."
    names = {each.name: name for name, each in PARAMETERS.items()}
    kept: dict[str, Kept] = {}
    for node in tmdl_reader.read(read_text(path, remedy) if path.exists() else ""):
        if node.kind.lower() == "expression" and node.name in names:
            value, place = unquote(node.text), f"{path}, line {node.line}: {node.name}"
            if names[node.name] in kept:
                value, place = None, f"{place} occurs a second time"
            elif value is None:
                place += " is not a single quoted string"
            kept[names[node.name]] = value, place
    folder = path.parent / "tables"
    for table in sorted(folder.iterdir()) if folder.is_dir() else ():
        text = read_text(table, remedy) if table.suffix == ".tmdl" else ""
        direct = _DIRECT.search(text)
        if direct:
            line = text.count("\n", 0, direct.end()) + 1
            kept["mode"] = "directQuery", f"{table}, line {line}: mode"
        if table.stem == "Access" and "File.Contents" in text:
            kept.setdefault("access", (None, f"{table} reads a file, and {path} has no AccessFile"))
    return kept


def _usable(name: str, value: str | None, place: str) -> str:
    """Return a value in the form in which it is written.

    Raises:
        PowerBIError: the value does not suit this attribute of the source.
    """
    option = OPTIONS[name]
    expected, rule = _RULES[name]
    usable = None if value is None else rule(value)
    if usable is None:
        problem = place if value is None else f"{place} is not {expected}"
        remedy = f". Correct it there, or give {option}" if place != option else ""
        remedy += f": {expected}" if value is None else ""
        raise PowerBIError(f"{problem}{remedy}.")
    return usable


def _path(value: str) -> str | None:
    return value if _PATH.fullmatch(value) and value == value.strip() else None


def _folder(value: str) -> str | None:
    """Return a path without a trailing separator (a drive's root keeps it); None if unusable."""
    return _path(value.rstrip("\\/")) or _path(value)


def _file(value: str) -> str | None:
    """Return the path of a file, an empty string, which means no file, or None if unusable."""
    if not value:
        return ""
    is_folder = value.endswith(("\\", "/")) or not PureWindowsPath(value).name
    return None if is_folder else _path(value)


def _host(value: str) -> str | None:
    found = _HOST.fullmatch(value)
    if found is None or not 0 < int(found["port"] or 5432) < 65_536:
        return None
    try:
        if found["six"] is not None:
            ipaddress.IPv6Address(found["six"])
        elif re.fullmatch(r"[\d.]+", found["name"]):
            ipaddress.IPv4Address(found["name"])
    except ValueError:
        return None
    return value


def _database(value: str) -> str | None:
    return value if _DATABASE.fullmatch(value) and value == value.strip() else None


_SEEN = "as the machine with Power BI sees it, such as"
_HIDDEN = (
    ". Power BI asks for the user and the password itself. The value is not shown here, because it "
    "may contain them"
)
_RULES: dict[str, tuple[str, Callable[[str], str | None]]] = {
    "folder": (
        f"the full path of a folder {_SEEN} C:\\bank-warehouse\\published or "
        "\\\\server\\share\\published",
        _folder,
    ),
    "release": (
        "`current` or the number of a release, such as 7",
        lambda value: value if re.fullmatch("current|[1-9][0-9]*", value) else None,
    ),
    "host": (
        "a server, or a server, a colon and a port from 1 to 65535, such as "
        f"db.bank.example:5432 or [2001:db8::1]:5432{_HIDDEN}",
        _host,
    ),
    "database": (
        "the name of a database, such as bank, of at most 63 characters and none of : ; = @"
        + _HIDDEN,
        _database,
    ),
    "access": (
        f"the full path of a CSV file {_SEEN} \\\\server\\share\\access.csv, or empty for none",
        _file,
    ),
    "mode": ("import or directQuery", str),
}
"""What each value must be, and the function that normalizes it (None if it is unusable)."""
