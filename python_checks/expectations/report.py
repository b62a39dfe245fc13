"""The summary that is printed after a run: a short table, and what failed."""

from collections.abc import Sequence

from bank_warehouse import numbers
from python_checks.expectations.runner import Failure, TableResult

SHOWN_EXAMPLES = 3


def summary(results: Sequence[TableResult]) -> str:
    """Return a line for each suite, and the table, column, rows and examples of each failure."""
    lines = [f"{'suite':10}{'tables':>8}{'checked':>9}{'passed':>8}{'failed':>8}"]
    for suite in dict.fromkeys(result.suite for result in results):
        of_suite = [result for result in results if result.suite == suite]
        checked = sum(result.checked for result in of_suite)
        failed = sum(len(result.failures) for result in of_suite)
        lines.append(f"{suite:10}{len(of_suite):>8}{checked:>9}{checked - failed:>8}{failed:>8}")
    failures = [failure for result in results for failure in result.failures]
    if failures:
        lines += ["", f"{numbers.count(len(failures), 'expectation')} failed:"]
        for failure in failures:
            lines += _failure_lines(failure)
    return "\n".join(lines)


def _failure_lines(failure: Failure) -> list[str]:
    rows = "" if failure.rows is None else f" — {numbers.count(failure.rows, 'row')}"
    return [
        "",
        f"{failure.table}, {failure.column}{rows}",
        f"  expected: {failure.words}",
        *(f"  example:  {example}" for example in failure.examples[:SHOWN_EXAMPLES]),
    ]
