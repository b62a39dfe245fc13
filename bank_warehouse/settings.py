"""The settings of the project, with their allowed values and defaults.

A setting is an environment variable `BANK_...` or a dbt variable. ``bank build`` checks them
before it starts dbt, and dbt checks them before it parses (bank_warehouse.dbt_settings).
docs/settings.md and other documents list the settings; a test compares them with this module.

Slow imports are delayed, so that a refusal is fast.
"""

import difflib
import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

PREFIX = "BANK_"
SETTINGS_PAGE = "docs/settings.md"
EARLIEST_YEAR, LATEST_YEAR = 1900, 2200
MOST_CUSTOMERS = 10**12

_DAY_FIRST = re.compile(r"(\d{1,2})[-./](\d{1,2})[-./](\d{4})")
_PARTS_OF_A_DATE = {"day (%d)": "dej", "month (%m)": "mbBj", "year (%Y)": "yY"}
_LETTERS_OF_A_DATE = {"yyyy": "%Y", "yy": "%y", "mm": "%m", "dd": "%d"}

Check = Callable[[Any], str | None]
"""Returns what is wrong with a value, and the remedy; None if the value is valid."""


class SettingError(ValueError):
    """Settings are invalid; the message names each and its remedy."""


@dataclass(frozen=True)
class Setting:
    """A setting.

    Attributes:
        name: name of the environment variable or dbt variable.
        meaning: Markdown text for the document.
        default: Markdown text for the document.
        check: checks a value.
        document: the file that lists it, relative to the project.
    """

    name: str
    meaning: str
    default: str
    check: Check
    document: str = SETTINGS_PAGE


# ------------------------------------------------------------------------------- checks of a value


def _anything(_value: Any) -> str | None:
    return None


def _file(text: str) -> str | None:
    if Path(text).is_dir():
        return f"{text!r} is a folder. Name a file in it, such as {Path(text) / 'bank.duckdb'}."
    try:
        with Path(text).open("rb") as file:
            start = file.read(12)
    except OSError:
        return None
    if start and start[8:] != b"DUCK":
        return f"{text!r} is not a DuckDB file, and a build would overwrite it. Name another file."
    return None


def _mapping(text: str) -> str | None:
    return f"{text!r} is a folder. Name the mapping file." if Path(text).is_dir() else None


def _folder(text: str) -> str | None:
    return f"{text!r} is a file. Name a folder." if Path(text).is_file() else None


def _drop(text: str) -> str | None:
    from bank_warehouse.raw_drop import DropError
    from bank_warehouse.raw_drop.files import require_drop

    try:
        require_drop(Path(text))
    except DropError as refused:
        return str(refused)
    return None


def _encoding(text: str) -> str | None:
    from bank_warehouse.raw_drop.encoding import check_encoding

    return check_encoding(text)


def _memory(text: str) -> str | None:
    try:
        enough = bytes_of(text) > 0
    except ValueError:
        enough = False
    return (
        None if enough else (f"{text!r} is not an amount of memory. Use one such as 6GB or 500MB.")
    )


def _threads(text: str) -> str | None:
    if text.isdecimal() and int(text) > 0:
        return None
    return f"{text!r} is not a number of threads. Use one such as 2, or unset the variable."


def _date(value: Any) -> str | None:
    text = str(value)
    is_written = isinstance(value, str | date) and re.fullmatch(r"\d{4}-\d\d-\d\d", text)
    try:
        day = date.fromisoformat(text) if is_written else None
    except ValueError:
        day = None
    if day is None:
        return f"{text!r} is not a date. Write {_meant_date(text)}."
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        return (
            f"{text} is not between {EARLIEST_YEAR} and {LATEST_YEAR}. Write the date of the data."
        )
    return None


def _meant_date(text: str) -> str:
    """Return the ISO date that `text` means, both dates if it is ambiguous, or else an example."""
    found = _DAY_FIRST.fullmatch(text.strip())
    if found:
        day, month = int(found[1]), int(found[2])
        try:
            orders = {date(int(found[3]), month, day), date(int(found[3]), day, month)}
        except ValueError:
            day, month = (day, month) if month <= 12 else (month, day)
            try:
                orders = {date(int(found[3]), month, day)}
            except ValueError:
                orders = set()
        if orders:
            return " or ".join(str(order) for order in sorted(orders))
    return "year, month and day, such as 2021-12-31"


def _one_of(*allowed: str) -> Check:
    def check(value: Any) -> str | None:
        return None if value in allowed else f"{value!r} is not one of {', '.join(allowed)}."

    return check


def _date_formats(value: Any) -> str | None:
    if value in ("auto", ["auto"]):
        return None
    formats = [value] if isinstance(value, str) else value
    if not isinstance(formats, list) or not formats:
        return f"{value!r} is not a date format. Write one such as %d-%m-%Y, or a list of them."
    return next(filter(None, map(_date_format, formats)), None)


def _date_format(text: Any) -> str | None:
    import duckdb

    from bank_warehouse.sql import quote_literal

    if not isinstance(text, str) or "'" in text:
        return f"{text!r} is not a date format. Write one such as %d-%m-%Y."
    try:
        with duckdb.connect() as connection:
            # With a bound parameter, DuckDB would import pandas, which takes a second.
            connection.execute(f"select strftime(date '2001-02-03', {quote_literal(text)})")
    except duckdb.Error as problem:
        return (
            f"{text!r} is not a date format ({str(problem).splitlines()[0]}). Write one such as "
            "%d-%m-%Y."
        )
    letters = set(re.findall(r"%-?(.)", text.replace("%%", "")))
    lacking = [part for part, known in _PARTS_OF_A_DATE.items() if not letters & set(known)]
    if lacking:
        return f"{text!r} has no {', no '.join(lacking)}. Write {_meant_format(text)}."
    return None


def _meant_format(text: str) -> str:
    """Return the format that text such as DD/MM/YYYY means, or an example."""
    meant = text.lower()
    for letters, code in _LETTERS_OF_A_DATE.items():
        meant = meant.replace(letters, code)
    is_whole = sorted(re.findall("%(.)", meant.lower())) == ["d", "m", "y"]
    return meant if is_whole and "%" not in text else "one such as %d-%m-%Y"


def _number(lowest: float, highest: float, *, is_whole: bool = False) -> Check:
    kind = "whole number" if is_whole else "number"

    def check(value: Any) -> str | None:
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            number = math.nan
        if lowest <= number <= highest and not (is_whole and number % 1):
            return None
        return f"{value!r} is not a {kind} from {lowest:,} to {highest:,}."

    return check


_UNITS: dict[str, int] = {
    "": 1,
    **{f"{letter}b": 1000**power for power, letter in enumerate("kmgt", 1)},
    **{f"{letter}ib": 1024**power for power, letter in enumerate("kmgt", 1)},
}


def bytes_of(amount: str) -> float:
    """Return an amount such as `6GB` or `5.5 GiB` in bytes.

    Raises:
        ValueError: `amount` is not an amount of memory.
    """
    found = re.fullmatch(r"(\d+(?:[.]\d+)?)\s*([a-z]*)", amount.strip().lower())
    if found is None or found[2] not in _UNITS:
        raise ValueError(amount)
    return float(found[1]) * _UNITS[found[2]]


# ----------------------------------------------------------------------------------- all settings

_DROPS = "docs/raw-drops.md"
_SPARK = "docs/spark.md"
_CLUSTER = "docs/spark-cluster.md"
_DASHBOARD = "docs/dashboard.md"

ENVIRONMENT = (
    Setting("BANK_RAW_DIR", "folder with the raw files, or one file", "the shipped seeds", _drop),
    Setting("BANK_RAW_ENCODING", "", "", _encoding, _DROPS),
    Setting("BANK_WAREHOUSE", "DuckDB file that a build writes", "`warehouse/bank.duckdb`", _file),
    Setting(
        "BANK_MEMORY_LIMIT",
        "memory that DuckDB may use; larger intermediate results go to disk",
        "`5GB`, or 80 % of the machine's memory if that is less",
        _memory,
    ),
    Setting(
        "BANK_TEMP_DIRECTORY",
        "folder for intermediate results that do not fit in memory",
        "a folder beside the warehouse",
        _folder,
    ),
    Setting("BANK_THREADS", "number of threads that DuckDB uses", "all cores", _threads),
    Setting(
        "BANK_HISTORY",
        "DuckDB file of the history, which keeps every date",
        "`bank_history.duckdb` beside the warehouse; for the sample, `bank_history_sample.duckdb`",
        _file,
    ),
    Setting("BANK_PUBLISH_DIR", "folder of the releases", "`published/`", _folder),
    Setting("BANK_RAW_MAPPING", "", "", _mapping, _DROPS),
    Setting(
        "BANK_POSTGRES_DSN", "PostgreSQL database that also gets each release", "unset", _anything
    ),
    *(
        Setting(name, "", "", _anything, document)
        for name, document in {
            "BANK_DASHBOARD_ACCESS_FILE": _DASHBOARD,
            "BANK_DASHBOARD_CUBES": _DASHBOARD,
            "BANK_DASHBOARD_HOST_NAMES": _DASHBOARD,
            "BANK_DASHBOARD_PICTURES": "Makefile",
            "BANK_DASHBOARD_USER_HEADER": _DASHBOARD,
            "BANK_RAW_UNPACKED_GIB": _DROPS,
            "BANK_SPARK_ADAPTIVE": _SPARK,
            "BANK_SPARK_DRIVER_HOST": _SPARK,
            "BANK_SPARK_HOST": _CLUSTER,
            # The project itself sets the next one, for the Java that it starts.
            "BANK_SPARK_JAVA": "bank_warehouse/spark/java.py",
            "BANK_SPARK_MASTER": _SPARK,
            "BANK_SPARK_MEMORY": _SPARK,
            "BANK_SPARK_PORT": _CLUSTER,
            "BANK_SPARK_RAW_COPIES": _SPARK,
            "BANK_SPARK_SHUFFLE_PARTITIONS": _SPARK,
            "BANK_SPARK_UI": _SPARK,
            "BANK_SPARK_USER": _CLUSTER,
            "BANK_SPARK_WAREHOUSE": _SPARK,
        }.items()
    ),
)
"""The environment variables."""

VARIABLES = (
    Setting(
        "as_of_date",
        "date at which ages and tenures are measured; never the current date",
        "`2021-12-31`",
        _date,
    ),
    Setting(
        "raw_date_format",
        "format of joining dates: `auto`, one format, or a list of formats to try in order",
        "`auto`: found from the dates of each file",
        _date_formats,
    ),
    Setting(
        "raw_decimal_mark",
        "decimal mark of amounts: `auto`, `.` or `,`",
        "`auto`: found from the amounts of each column",
        _one_of("auto", ".", ","),
    ),
    Setting(
        "raw_money_rounding",
        "for amounts with fractions of a cent: `none` quarantines or refuses them, "
        "`half_up` rounds them",
        "`none`",
        _one_of("none", "half_up"),
    ),
    Setting(
        "near_duplicates",
        "near duplicates (rows of one person, written in different ways): "
        "`report` counts them, `quarantine` treats them as duplicates",
        "`report`",
        _one_of("report", "quarantine"),
    ),
    Setting(
        "max_quarantine_rate",
        "the build stops if a larger share of the rows is quarantined",
        "`0.01`",
        _number(0, 1),
    ),
    Setting(
        "false_discovery_rate",
        "accepted share of false positives among the differences reported as more than chance",
        "`0.05`",
        _number(0, 1),
    ),
    Setting(
        "exact_ranks_limit",
        "ranks are exact up to this many customers; "
        "above it, values within 1.6 per cent share a rank",
        "`20000`",
        _number(0, MOST_CUSTOMERS, is_whole=True),
    ),
    Setting(
        "inference_seed",
        "random seed of the sample that models are fitted on",
        "`1`",
        _number(0, 2**31 - 1, is_whole=True),
    ),
    Setting(
        "published_schema_version",
        "version of the published marts' contract",
        "`1`",
        _number(1, 2**31 - 1, is_whole=True),
    ),
)
"""The dbt variables, as dbt_project.yml declares them."""

PATHS = tuple(
    setting.name for setting in ENVIRONMENT if setting.check in (_drop, _file, _folder, _mapping)
)
"""The environment variables that name a file or a folder."""

_DROP = "BANK_RAW_DIR"


# ------------------------------------------------------------------------- checks before a command


def read_variables(text: str) -> dict[str, Any]:
    """Return the variables in `--vars`.

    Args:
        text: YAML or JSON, such as `{as_of_date: 2022-12-31}`.

    Raises:
        SettingError: `text` is not a mapping of names to values.
    """
    import yaml

    try:
        read = yaml.safe_load(text) or {}
    except yaml.YAMLError:
        read = None
    if not isinstance(read, dict):
        raise SettingError(
            f"--vars: {text!r} cannot be read. Write a mapping, such as "
            "'{as_of_date: 2022-12-31}'."
        )
    return {str(name): value for name, value in read.items()}


def declared_variables(project: Path) -> dict[str, Any]:
    """Return the variables in dbt_project.yml; none if the file cannot be read."""
    import yaml

    try:
        content = yaml.safe_load((project / "dbt_project.yml").read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    variables = content.get("vars") if isinstance(content, dict) else None
    return dict(variables) if isinstance(variables, dict) else {}


def require_settings(
    project: Path,
    variables: Mapping[str, Any],
    environment: Mapping[str, str] = os.environ,
    *,
    reads_drop: bool = True,
) -> None:
    """Refuse invalid settings.

    Args:
        project: folder of the dbt project.
        variables: the variables in `--vars`.
        environment: environment variables.
        reads_drop: whether to check the raw files too, as far as that is fast.

    Raises:
        SettingError: the message lists all problems.
    """
    declared = declared_variables(project)
    checks = {setting.name: setting.check for setting in VARIABLES}
    problems = [
        f"{name}: no such variable{_nearest(name, declared)}"
        for name in variables
        if name not in declared and name not in checks
    ]
    for name, value in {**declared, **variables}.items():
        problem = checks.get(name, _anything)(value)
        if problem:
            where = "" if name in variables else " (dbt_project.yml)"
            problems.append(f"{name}{where}: {problem}")
    for setting in ENVIRONMENT:
        text = environment.get(setting.name, "").strip()
        if not text or (setting.name == _DROP and not reads_drop):
            continue
        problem = setting.check(text)
        if problem:
            # The message about a drop already begins with the path of the drop.
            problems.append(problem if setting.name == _DROP else f"{setting.name}: {problem}")
    if problems:
        raise SettingError("\n".join(problems))


def environment_setting(name: str) -> str:
    """Return the environment variable `name`, stripped; empty if it is not set.

    Raises:
        SettingError: its value is invalid.
    """
    text = os.environ.get(name, "").strip()
    checks = {setting.name: setting.check for setting in ENVIRONMENT}
    problem = checks[name](text) if text else None
    if problem:
        raise SettingError(f"{name}: {problem}")
    return text


def unknown_settings(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return a warning for each environment variable `BANK_...` that is not a setting."""
    known = [setting.name for setting in ENVIRONMENT]
    return [
        f"{name}: no such setting; it is ignored{_nearest(name, known)}"
        for name in sorted(environment)
        if name.startswith(PREFIX) and name not in known
    ]


def _nearest(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f". Did you mean {near[0]}?"
    return f". The names are {', '.join(names)}."
