"""Why a drop is refused after its rows have been validated, and the warnings about it."""

from typing import Any

import pytest

from bank_warehouse import drop_verdict


def facts(*files: dict[str, Any], **others: Any) -> dict[str, Any]:
    """Return the facts of a drop. Each file is sound, except for the given values."""
    sound = {
        "file": "clients.csv",
        "rows": 40,
        "quarantined": 0,
        "other_header": None,
        "contradicting": 0,
        "total": 5.0,
        "largest": 2.0,
        "largest_row": 7,
    }
    return {
        "files": [sound | file for file in files],
        "reasons": [],
        "near_duplicates": {"rows": 0, "people": 0},
    } | others


def refused(*files: dict[str, Any], rate: float = 0.01, **others: Any) -> list[str]:
    return list(drop_verdict.refusals(facts(*files, **others), rate))


def test_sound_drop_is_not_refused() -> None:
    assert refused({}, {}) == []
    assert list(drop_verdict.warnings(facts({}), "report")) == []


def test_drop_without_rows_is_refused() -> None:
    assert refused() == [
        "The client file holds no rows. Deliver it again, or name another folder in BANK_RAW_DIR."
    ]


def test_files_with_a_contradicting_cell_are_named() -> None:
    found = facts({"file": "a.csv"}, {"file": "b.csv", "contradicting": 2})
    assert drop_verdict.contradicting_files(found) == ["b.csv"]


def test_each_concatenated_file_is_named_with_its_row() -> None:
    second = {"file": "january/banking-clients-2.csv.gz", "other_header": 12}
    problems = refused(second, {"other_header": 4}, {})
    assert [problem.split(":")[0] for problem in problems] == [
        "january/banking-clients-2.csv.gz, row 12",
        "clients.csv, row 4",
    ]
    # The drop may already have a banking-clients-1.csv, so `-2` stays in the new names.
    assert [problem.split("into two, ")[1] for problem in problems] == [
        "named banking-clients-2-1 and banking-clients-2-2.",
        "named clients-1 and clients-2.",
    ]


def test_reasons_of_too_many_quarantined_rows_are_counted() -> None:
    reasons = [
        {"reason": "age is empty", "rows": 1200, "first": "a.csv, row 9"},
        {"reason": "duplicate", "rows": 1, "first": "b.csv, row 3"},
        {"reason": "ambiguous", "rows": 1, "first": "b.csv, row 4"},
    ]
    files = [{"rows": 2000, "quarantined": 1200}, {"rows": 1000, "quarantined": 2}]
    (problem,) = refused(*files, rate=0.25, reasons=reasons)
    assert problem.splitlines() == [
        "1,202 of 3,000 client rows are quarantined, more than the share of 0.25 that "
        "max_quarantine_rate allows:",
        "  1,200 rows: age is empty (first: a.csv, row 9)",
        "  1 row: duplicate of another row (b.csv, row 3)",
        "  1 row: joined_bank could be day-first or month-first, and the file has both "
        "(b.csv, row 4)",
        "Correct the file, or set raw_date_format or as_of_date where the reasons say so, or raise "
        "max_quarantine_rate if this loss is acceptable.",
    ]


def test_drop_without_a_sound_row_is_refused_at_any_rate() -> None:
    reasons = [{"reason": "age is empty", "rows": 40, "first": "clients.csv, row 2"}]
    (problem,) = refused({"quarantined": 40}, rate=1.0, reasons=reasons)
    assert problem.startswith("40 of 40 client rows are quarantined, and no customer is left:\n")
    assert problem.endswith("where the reasons say so.")


@pytest.mark.parametrize(("total", "is_refused"), [(9.99e15, False), (1e16, True)])
def test_refusal_of_too_large_totals_names_the_largest_amount(
    total: float, is_refused: bool
) -> None:
    small = {"total": 0.0, "largest": None, "largest_row": None}
    large = {"file": "b.csv", "total": total, "largest": total / 2, "largest_row": 31}
    assert refused(small, large) == is_refused * [
        "The amounts of the drop add up to 10,000 trillion, but totals of 10,000 trillion or more "
        "do not fit. The largest amounts are in b.csv, row 31. Correct them, and export the file "
        "again."
    ]


def test_all_faults_are_named() -> None:
    reasons = [{"reason": "age is empty", "rows": 9, "first": "clients.csv, row 2"}]
    problems = refused({"other_header": 4, "quarantined": 9, "total": 2e16}, reasons=reasons)
    assert [problem.split()[0] for problem in problems] == ["clients.csv,", "9", "The"]


@pytest.mark.parametrize(
    ("people", "setting", "says"),
    [
        (1, "report", ("3 rows are 1 person written", "Each counts as a separate customer")),
        (2, "quarantine", ("3 rows are 2 people written", "They are treated as duplicates")),
    ],
)
def test_near_duplicates_are_counted(people: int, setting: str, says: tuple[str, str]) -> None:
    found = facts({}, near_duplicates={"rows": 3, "people": people})
    (warning,) = drop_verdict.warnings(found, setting)
    assert warning.startswith(says[0])
    assert says[1] in warning
