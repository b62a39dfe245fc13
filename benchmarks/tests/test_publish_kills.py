"""Publishers are killed and connections cut at random moments: a few each time, many nightly."""

import os
from pathlib import Path

import pytest

from bank_warehouse.publish import pending
from bank_warehouse.publish.flow import publish
from bank_warehouse.publish.postgres import PostgresTarget
from benchmarks import commit_cuts
from benchmarks.publisher_kills import (
    Outcome,
    read_current_files,
    report,
    run_kills,
    second_warehouse,
)
from python_checks.testing.publishing import copy_checked

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")


def require_complete_releases(outcome: Outcome, kinds: int) -> None:
    assert outcome.seen.wrong == [], report(outcome)
    assert outcome.leftovers == 0
    assert len(outcome.seen.reads) == kinds
    assert all(count > 0 for count in outcome.seen.reads.values())
    assert sum(outcome.stages.values()) > 0
    assert outcome.releases >= 4


def test_readers_of_files_see_whole_releases_when_publishers_are_killed(
    built_warehouse: Path, tmp_path: Path
) -> None:
    warehouse = copy_checked(built_warehouse, tmp_path)
    require_complete_releases(run_kills(warehouse, 6, with_postgres=False, seed=5), 2)


def test_readers_of_postgres_see_whole_releases_when_publishers_are_killed(
    built_warehouse: Path, tmp_path: Path
) -> None:
    warehouse = copy_checked(built_warehouse, tmp_path)
    require_complete_releases(run_kills(warehouse, 5, with_postgres=True, seed=6), 4)


def test_no_report_contradicts_postgres_when_connections_are_cut(
    built_warehouse: Path, tmp_path: Path
) -> None:
    warehouse = copy_checked(built_warehouse, tmp_path)
    found = commit_cuts.run_cuts(warehouse, 2, seed=3)
    assert found.contradictions == [], commit_cuts.report(found)
    assert sum(found.reports.values()) == 6
    assert {moment for moment, _, _ in found.reports} == {"before", "during", "after"}


def test_benchmark_detects_a_false_report(
    built_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here, the publisher treats a lost answer as a refusal, as earlier versions did."""
    monkeypatch.setattr(PostgresTarget, "outcome_of", lambda *_: pending.Outcome.ROLLED_BACK)
    warehouse = copy_checked(built_warehouse, tmp_path)
    found = commit_cuts.run_cuts(warehouse, 1, seed=3)
    assert any(line.startswith("after COMMIT") for line in found.contradictions)


@pytest.mark.nightly
@pytest.mark.parametrize("with_postgres", [False, True])
def test_readers_see_whole_releases_during_a_hundred_kills(
    with_postgres: bool, built_warehouse: Path, tmp_path: Path
) -> None:
    warehouse = copy_checked(built_warehouse, tmp_path)
    outcome = run_kills(warehouse, 100, with_postgres=with_postgres, seed=1)
    require_complete_releases(outcome, 4 if with_postgres else 2)


@pytest.mark.nightly
def test_no_report_contradicts_postgres_in_a_hundred_and_fifty_cuts(
    built_warehouse: Path, tmp_path: Path
) -> None:
    found = commit_cuts.run_cuts(copy_checked(built_warehouse, tmp_path), 50, seed=1)
    assert found.contradictions == [], commit_cuts.report(found)


def test_readers_detect_a_mixed_release(built_warehouse: Path, tmp_path: Path) -> None:
    warehouse = copy_checked(built_warehouse, tmp_path / "one")
    (tmp_path / "two").mkdir()
    published = tmp_path / "published"
    publish(warehouse, published, None)
    publish(second_warehouse(warehouse, tmp_path / "two"), published, None)
    assert read_current_files(published) == 2
    mixed = Path("marts") / "fct_risk_drivers.parquet"
    (published / "2" / mixed).write_bytes((published / "1" / mixed).read_bytes())
    with pytest.raises(AssertionError, match=r"marts\.fct_risk_drivers of release 2"):
        read_current_files(published)
