"""Every setting has a default and a meaning, and invalid values are refused early."""

import re
import time
from pathlib import Path

import pytest
import yaml

from bank_warehouse import settings
from bank_warehouse.engine import memory_limit
from bank_warehouse.settings import (
    ENVIRONMENT,
    SETTINGS_PAGE,
    VARIABLES,
    SettingError,
    read_variables,
    require_settings,
    unknown_settings,
)
from python_checks.testing.paths import PROJECT

NAMES = {setting.name for setting in ENVIRONMENT}
NOT_SETTINGS = {"BANK_"}
"""Names in the project's files that look like settings but are not."""


def refusal(variables: dict[str, object], **environment: str) -> str:
    """Return why these settings are refused, or an empty string if they are valid."""
    try:
        require_settings(PROJECT, variables, environment)
    except SettingError as refused:
        return str(refused)
    return ""


def test_page_lists_every_setting_with_its_meaning_and_default() -> None:
    page = (PROJECT / SETTINGS_PAGE).read_text("utf-8")
    rows = re.findall(r"^\| (var )?`(\w+)` \| (.+) \| (.+) \|$", page, re.M)
    listed = {name: (bool(var), meaning, default) for var, name, meaning, default in rows}
    known = {
        setting.name: (setting in VARIABLES, setting.meaning, setting.default)
        for setting in (*ENVIRONMENT, *VARIABLES)
        if setting.document == SETTINGS_PAGE
    }
    assert listed == known


def test_environment_settings_are_in_the_document_they_name() -> None:
    for setting in ENVIRONMENT:
        assert setting.name in (PROJECT / setting.document).read_text("utf-8"), setting.name


def test_variables_match_dbt_project() -> None:
    declared = yaml.safe_load((PROJECT / "dbt_project.yml").read_text("utf-8"))["vars"]
    # A dictionary holds the variables of another dbt package.
    assert {setting.name: setting.default.split(":")[0].strip("`") for setting in VARIABLES} == {
        name: str(value) for name, value in declared.items() if not isinstance(value, dict)
    }


def test_every_variable_that_the_project_reads_is_known() -> None:
    files = [PROJECT / name for name in ("profiles.yml", "dbt_project.yml")]
    for folder in ("bank_warehouse", "macros", "models", "tests", "python_checks/expectations"):
        files += [
            path for path in (PROJECT / folder).rglob("*") if path.suffix in (".py", ".sql", ".yml")
        ]
    read = {
        name for path in files for name in re.findall(r"\bBANK_[A-Z_]*", path.read_text("utf-8"))
    }
    assert read - NOT_SETTINGS <= NAMES


REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "unknown": (
        {"as_of_dat": "2021-12-31"},
        "as_of_dat: no such variable. Did you mean as_of_date?",
    ),
    "unlike any name": ({"zzz": 1}, "zzz: no such variable. The names are as_of_date, "),
    "day first": ({"as_of_date": "31-12-2021"}, "'31-12-2021' is not a date. Write 2021-12-31."),
    "both orders": ({"as_of_date": "01/02/2021"}, "Write 2021-01-02 or 2021-02-01."),
    "no such day": ({"as_of_date": "2021-02-30"}, "Write year, month and day"),
    "a number": ({"as_of_date": 20211231}, "'20211231' is not a date"),
    "a timestamp": (read_variables("{as_of_date: 2021-12-31 10:00:00}"), "is not a date"),
    "the year 21": ({"as_of_date": "0021-12-31"}, "is not between 1900 and 2200"),
    "no format": ({"raw_date_format": []}, "[] is not a date format. Write one such as %d-%m-%Y"),
    "nothing": ({"raw_date_format": None}, "None is not a date format"),
    "unknown letter": ({"raw_date_format": "%Q"}, "'%Q' is not a date format"),
    "no year": ({"raw_date_format": ["%d-%m-%Y", "%d-%m"]}, "'%d-%m' has no year (%Y)"),
    "letters": ({"raw_date_format": "dd/mm/yyyy"}, "no year (%Y). Write %d/%m/%Y."),
    "quote": ({"raw_date_format": "%d'%m'%Y"}, "is not a date format"),
    "not text": ({"raw_date_format": [20]}, "20 is not a date format"),
    "a rate above 1": ({"max_quarantine_rate": 1.5}, "1.5 is not a number from 0 to 1"),
    "rate as a percentage": ({"max_quarantine_rate": "5 %"}, "'5 %' is not a number from 0 to 1"),
    "not a number": ({"max_quarantine_rate": float("nan")}, "nan is not a number"),
    "a negative rate": ({"false_discovery_rate": -0.1}, "-0.1 is not a number from 0 to 1"),
    "a fraction": (
        {"exact_ranks_limit": 2.5},
        "2.5 is not a whole number from 0 to 1,000,000,000,000",
    ),
    "true": ({"inference_seed": True}, "True is not a whole number"),
    "a negative number": (
        {"inference_seed": -1},
        "-1 is not a whole number from 0 to 2,147,483,647",
    ),
    "zero": ({"published_schema_version": 0}, "0 is not a whole number from 1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_invalid_variable_is_refused(name: str) -> None:
    variables, problem = REFUSED[name]
    message = refusal(variables)
    assert problem in message
    assert message.startswith(next(iter(variables)))


@pytest.mark.parametrize(
    "variables",
    [
        {},
        read_variables("{as_of_date: 2022-01-31, max_quarantine_rate: 0}"),
        {"raw_date_format": ["%d-%m-%Y", "%Y-%m-%d", "%d %b %y", "%Y-%j"]},
        {"false_discovery_rate": "0.1", "exact_ranks_limit": 0, "inference_seed": 7},
    ],
)
def test_valid_settings_pass(variables: dict[str, object]) -> None:
    assert refusal(variables) == ""


def test_invalid_environment_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.pdf").write_text("Dear")
    (tmp_path / "letter.pdf").write_text("Dear")
    for environment, problem in (
        ({"BANK_RAW_DIR": str(tmp_path / "absent")}, "absent: no such folder or file"),
        ({"BANK_RAW_DIR": str(tmp_path / "empty")}, "empty: the folder is empty"),
        ({"BANK_RAW_DIR": str(tmp_path / "letters")}, "no file of a known kind (.csv,"),
        ({"BANK_RAW_DIR": str(tmp_path / "letter.pdf")}, "no file of a known kind"),
        ({"BANK_WAREHOUSE": str(tmp_path)}, "is a folder. Name a file in it"),
        ({"BANK_HISTORY": str(tmp_path)}, "is a folder. Name a file in it"),
        ({"BANK_RAW_MAPPING": str(tmp_path)}, "is a folder. Name the mapping file"),
        ({"BANK_PUBLISH_DIR": str(tmp_path / "letter.pdf")}, "is a file. Name a folder"),
        ({"BANK_MEMORY_LIMIT": "lots"}, "BANK_MEMORY_LIMIT: 'lots' is not an amount of memory"),
        ({"BANK_MEMORY_LIMIT": "0GB"}, "is not an amount of memory"),
        ({"BANK_THREADS": "two"}, "BANK_THREADS: 'two' is not a number of threads"),
    ):
        assert problem in refusal({}, **environment)
    assert refusal({}, BANK_THREADS="2", BANK_MEMORY_LIMIT="6 GiB", BANK_RAW_DIR=" ") == ""


def test_all_problems_are_in_one_message() -> None:
    message = refusal({"as_of_dat": 1, "inference_seed": -1}, BANK_THREADS="x", BANK_HISTORY="/")
    assert [line.partition(":")[0] for line in message.splitlines()] == [
        "as_of_dat",
        "inference_seed",
        "BANK_THREADS",
        "BANK_HISTORY",
    ]


def test_value_in_dbt_project_is_checked_too(tmp_path: Path) -> None:
    text = (PROJECT / "dbt_project.yml").read_text("utf-8")
    (tmp_path / "dbt_project.yml").write_text(text.replace("2021-12-31", "31.12.2021"), "utf-8")
    with pytest.raises(SettingError, match=r"^as_of_date \(dbt_project.yml\): .* Write 2021-12-31"):
        require_settings(tmp_path, {}, {})
    require_settings(tmp_path, {"as_of_date": "2021-12-31"}, {})


def test_misspelt_environment_variable_gets_the_nearest_name() -> None:
    assert unknown_settings({"BANK_WAREHOSE": "x", "BANK_THREADS": "2", "HOME": "y"}) == [
        "BANK_WAREHOSE: no such setting; it is ignored. Did you mean BANK_WAREHOUSE?"
    ]


@pytest.mark.parametrize("text", ["as_of_date", "[1]", "{a: ", "3"])
def test_variables_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(
        SettingError, match=r"^--vars: .* Write a mapping, such as '\{as_of_date: 2022-12-31\}'"
    ):
        read_variables(text)


def test_engine_checks_its_settings_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANK_MEMORY_LIMIT", "much")
    with pytest.raises(SettingError, match="BANK_MEMORY_LIMIT: 'much'"):
        memory_limit()


def test_checks_are_quick_and_paths_are_known() -> None:
    started = time.perf_counter()
    for _ in range(10):
        require_settings(PROJECT, {}, {})
    assert time.perf_counter() - started < 2
    assert settings.PATHS == (
        "BANK_RAW_DIR",
        "BANK_WAREHOUSE",
        "BANK_TEMP_DIRECTORY",
        "BANK_HISTORY",
        "BANK_PUBLISH_DIR",
        "BANK_RAW_MAPPING",
    )
