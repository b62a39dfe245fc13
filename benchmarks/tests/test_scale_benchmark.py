"""The scale benchmark: its figures and limits, and the equality of the marts."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest
from click.testing import CliRunner

from bank_warehouse.cli import main as bank_warehouse
from benchmarks.scale import report
from benchmarks.scale.command import main, rounds
from benchmarks.scale.comparison import MARTS
from benchmarks.scale.contenders import (
    BENCH_PYTHON,
    BUILD,
    CONTENDERS,
    LIMIT,
    PANDAS,
    POLARS,
    RUN,
    SCRIPT,
    SET_DBT,
    SET_SCRIPT,
    SPARK,
    Ground,
)
from benchmarks.scale.equality import differences
from benchmarks.scale.figures import (
    Results,
    Run,
    fit_growth,
    growths,
    most_expensive,
    ratio,
    summarise,
)
from benchmarks.scale.measure import GIB, Limits, Measured, run_measured, size_of
from benchmarks.scale.targets import targets
from python_checks.testing.needs import needs
from python_checks.testing.paths import PROJECT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the benchmark is for POSIX")

CUSTOMERS = 3_000
DAMAGED = 2_999
"""Number of customers in the damaged pack."""

PLENTY = Limits(seconds=60, memory=64 * GIB, memory_left=0, disk_left=0)


def run_of(contender: str, seconds: float, customers: int = 1_000_000, **others: object) -> Run:
    made = Run(
        customers=customers,
        file_format="csv",
        contender=contender,
        repeat=1,
        place=1,
        started_at="2026-11-25T09:00:00+00:00",
        load=0.5,
        raw_bytes=200 * customers,
        revision="abc1234",
        seconds=seconds,
        cpu_seconds=seconds,
        peak_memory=GIB,
        peak_disk=GIB,
        disk=GIB,
    )
    return replace(made, **others)  # type: ignore[arg-type]


def results_of(runs: Sequence[Run]) -> Results:
    return Results({"processors": 2}, {"figures": "Median."}, list(runs))


# ---------------------------------------------------------------------------- figures


@pytest.mark.parametrize("exponent", [0.8, 1.0, 1.05, 2.0])
def test_exponent_of_a_power_law_is_found(exponent: float) -> None:
    sizes = (1_000_000, 10_000_000, 100_000_000)
    growth = fit_growth({size: 3.0e-6 * size**exponent for size in sizes})
    assert growth is not None
    assert growth.exponent == pytest.approx(exponent, abs=1e-12)
    assert growth.sizes == list(sizes)


def test_exponent_ignores_small_sizes_if_there_are_two_large_ones() -> None:
    points = {3_000: 20.0, 100_000: 21.0, 1_000_000: 30.0, 10_000_000: 300.0}
    growth = fit_growth(points)
    assert growth is not None
    assert growth.sizes == [1_000_000, 10_000_000]
    assert growth.exponent == pytest.approx(1)
    del points[10_000_000]
    growth = fit_growth(points)
    assert growth is not None
    assert growth.sizes == [3_000, 100_000, 1_000_000]
    assert growth.exponent < 0.1
    assert fit_growth({1_000_000: 30.0}) is None


def test_exponent_is_fitted_to_all_sizes() -> None:
    # In base-ten logarithms, the sizes rise by 0, 1 and 2 and the seconds by 0, 1 and 1, so the
    # slope is 1/2.
    growth = fit_growth({10**6: 1.0, 10**7: 10.0, 10**8: 10.0})
    assert growth is not None
    assert growth.exponent == pytest.approx(0.5)


def test_ratios_use_medians_and_are_none_if_a_figure_is_missing() -> None:
    runs = [
        *(run_of(LIMIT, seconds) for seconds in (1.0, 2.0, 9.0)),
        *(run_of(RUN, seconds) for seconds in (6.0, 8.0, 100.0)),
        run_of(BUILD, 3.0),
        run_of(BUILD, 1.0, failure="takes more than the memory limit"),
    ]
    figures = summarise(runs)
    run = figures[1_000_000, "csv", RUN]
    assert (run.seconds, run.least_seconds, run.most_seconds) == (8.0, 6.0, 100.0)
    assert run.rows_per_second == pytest.approx(125_000)
    assert ratio(figures, (1_000_000, "csv", RUN), LIMIT) == pytest.approx(4)
    assert ratio(figures, (1_000_000, "csv", BUILD), LIMIT) is None
    assert ratio(figures, (1_000_000, "csv", RUN), SCRIPT) is None
    assert figures[1_000_000, "csv", BUILD].seconds is None
    assert ("csv", BUILD) not in growths(figures)


def test_slowest_models_come_first_with_their_share() -> None:
    models = {f"model_{number}": float(number) for number in range(1, 9)}
    found = most_expensive(models)
    assert [each.name for each in found] == [f"model_{number}" for number in (8, 7, 6, 5, 4)]
    assert found[0].share == pytest.approx(8 / 36)


def test_targets_apply_only_at_ten_million_customers() -> None:
    seconds = {LIMIT: 10, SCRIPT: 30, RUN: 33, BUILD: 70, SET_DBT: 20, PANDAS: 101, POLARS: 19}
    small = summarise(run_of(name, each) for name, each in seconds.items())
    assert targets(small, {}) == []
    runs = [
        *(run_of(name, each / 10) for name, each in seconds.items()),
        *(run_of(name, each, 10_000_000) for name, each in seconds.items()),
    ]
    figures = summarise(runs)
    is_met = {target.what: target.is_met for target in targets(figures, growths(figures))}
    assert is_met == {
        "dbt run, times the limit": True,
        "dbt run, times the plain script": True,
        "dbt build with all tests, times the limit": False,
        "peak memory of dbt run, GB": True,
        "peak memory of dbt build, GB": True,
        "time of dbt run as a multiple of pandas, same marts": True,
        "memory of dbt run as a multiple of pandas, same marts": False,
        "time of dbt run as a multiple of Polars, same marts": False,
        "growth exponent of dbt run, csv": True,
        "growth exponent of dbt build, csv": True,
        "growth exponent of dbt run, parquet": None,
        "growth exponent of dbt build, parquet": None,
    }


def test_order_rotates_by_one_contender() -> None:
    three = CONTENDERS[:3]
    order = [(repeat, place, each.name) for repeat, place, each in rounds(three, 4)]
    assert order[:6] == [
        (1, 1, LIMIT), (1, 2, SCRIPT), (1, 3, RUN), (2, 1, SCRIPT), (2, 2, RUN), (2, 3, LIMIT),
    ]  # fmt: skip
    assert order[9:] == [(4, 1, LIMIT), (4, 2, SCRIPT), (4, 3, RUN)]


# ---------------------------------------------------------------------------- report


def test_report_has_ratios_and_names_missing_runs() -> None:
    results = results_of(
        [
            run_of(LIMIT, 2.0),
            run_of(RUN, 5.0, models={"int_heavy": 3.0, "int_light": 1.0}),
            run_of(SPARK, 0.0, failure="profiles.yml has no target spark"),
        ]
    )
    told = report.text(results)
    (row,) = [line for line in told.splitlines() if line.startswith("dbt run ")]
    assert row.split()[2:5] == ["5.0", "once", "2.50"]
    assert "dbt on Spark local, seeds included: no result: profiles.yml has no target spark" in told
    assert "int_heavy" in told
    assert "75%" in told


def test_report_is_written_between_the_markers_of_a_page(tmp_path: Path) -> None:
    page = tmp_path / "scaling.md"
    page.write_text(f"Before\n\n{report.BEGIN}\nold\n{report.END}\n\nAfter\n", encoding="utf-8")
    results = results_of([run_of(LIMIT, 2.0), run_of(LIMIT, 21.0, 10_000_000)])
    report.write_page(results, page)
    once = page.read_text(encoding="utf-8")
    assert once.startswith("Before\n")
    assert once.endswith("After\n")
    assert "old" not in once
    assert "| 21.0 |" in once
    drawn = (tmp_path / "images" / "scale.svg").read_bytes()
    report.write_page(results, page)
    assert page.read_text(encoding="utf-8") == once
    assert (tmp_path / "images" / "scale.svg").read_bytes() == drawn
    page.write_text("no markers\n", encoding="utf-8")
    with pytest.raises(ValueError, match="lacks the line"):
        report.write_page(results, page)


def test_scaling_page_has_the_markers() -> None:
    page = (PROJECT / "docs" / "scaling.md").read_text(encoding="utf-8")
    assert page.index(report.BEGIN) < page.index(report.END)


def test_stored_results_are_read_back_and_cells_can_be_left_out(tmp_path: Path) -> None:
    results = results_of([run_of(LIMIT, 2.0), run_of(RUN, 5.0, models={"int_heavy": 3.0})])
    results.write(tmp_path / "scale.json")
    read = Results.read(tmp_path / "scale.json")
    assert read == results
    assert [run.contender for run in read.without([(1_000_000, "csv", RUN)]).runs] == [LIMIT]


# ---------------------------------------------------------------------------- measuring


def measured(tmp_path: Path, code: str, limits: Limits = PLENTY) -> Measured:
    folder = tmp_path / "data"
    folder.mkdir()
    return run_measured(
        [sys.executable, "-c", code],
        os.environ,
        folder,
        folder,
        limits,
        tmp_path / "output.txt",
    )


def test_memory_of_children_and_size_of_files_are_measured(tmp_path: Path) -> None:
    child = "held = bytearray(300_000_000); import time; time.sleep(1.5)"
    code = (
        "import subprocess, sys, pathlib\n"
        "pathlib.Path('made.bin').write_bytes(b'x' * 1_000_000)\n"
        f"children = [subprocess.Popen([sys.executable, '-c', {child!r}]) for _ in range(2)]\n"
        "[child.wait() for child in children]\n"
    )
    found = measured(tmp_path, code)
    assert found.failure is None
    assert found.seconds > 1.5
    assert 600_000_000 < found.peak_memory < 900_000_000
    assert found.disk == 1_000_000


def test_processor_time_of_a_child_that_nobody_waits_for_is_measured(tmp_path: Path) -> None:
    child = "import time\nwhile time.process_time() < 1.5: pass\ntime.sleep(1)\n"
    code = (
        "import os, subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}])\n"
        "os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)\n"
        "os._exit(0)\n"
    )
    found = measured(tmp_path, code)
    assert found.failure is None
    assert 1.5 <= found.cpu_seconds < 3


def test_folder_removed_during_measurement_counts_as_empty(tmp_path: Path) -> None:
    (tmp_path / "kept.bin").write_bytes(b"x" * 1_000)
    unfinished = tmp_path / "unfinished"
    ended = threading.Event()

    def come_and_go() -> None:
        while not ended.is_set():
            folder = unfinished / "a" / "b"
            folder.mkdir(parents=True)
            (folder / "part.bin").write_bytes(b"")
            shutil.rmtree(unfinished)

    beside = threading.Thread(target=come_and_go)
    beside.start()
    try:
        sizes = {size_of(tmp_path) for _ in range(1_000)}
    finally:
        ended.set()
        beside.join()
    assert sizes == {1_000}


def test_memory_of_this_process_does_not_count(tmp_path: Path) -> None:
    held = bytearray(500_000_000)
    found = measured(tmp_path, "import time; time.sleep(0.5)")
    assert len(held) == 500_000_000
    assert 0 < found.peak_memory < 100_000_000


@pytest.mark.parametrize(
    ("code", "limits", "reason"),
    [
        (
            "import time; time.sleep(60)",
            replace(PLENTY, seconds=0.5),
            "takes longer than the time limit of 0 s",
        ),
        (
            "import time; held = bytearray(500_000_000); time.sleep(60)",
            replace(PLENTY, memory=GIB // 4),
            "takes more than the memory limit of 0.2 GiB",
        ),
        (
            "import time; time.sleep(60)",
            replace(PLENTY, memory_left=1 << 60),
            "leaves less than 1073741824.0 GiB of memory free",
        ),
        (
            "import time; time.sleep(60)",
            replace(PLENTY, disk_left=1 << 60),
            "leaves less than 1073741824.0 GiB of disk free",
        ),
        ("raise SystemExit('no such column: age')", PLENTY, "failed with status 1: no such column"),
        (
            "import os; os.kill(os.getpid(), 9)",
            PLENTY,
            "was killed by the system, most likely because memory ran out",
        ),
        ("import os; os.kill(os.getpid(), 15)", PLENTY, "was ended by signal 15 (SIGTERM)"),
    ],
)
def test_run_that_fails_or_exceeds_a_limit_has_the_reason(
    code: str, limits: Limits, reason: str, tmp_path: Path
) -> None:
    found = measured(tmp_path, code, limits)
    assert str(found.failure).startswith(reason)
    assert found.seconds < 20


def test_failed_build_reports_dbt_error(tmp_path: Path) -> None:
    lines = [
        "09:00:01  1 of 2 FAIL 1 unique_dim_customers_customer_key ..... [FAIL 1 in 0.1s]",
        "09:00:02  Completed with 1 error, 0 partial successes, and 0 warnings:",
        "09:00:02  Failure in test unique_dim_customers_customer_key (models/core.yml)",
        "09:00:02    Got 1 result, configured to fail if != 0",
        "09:00:02    compiled code at target/compiled/unique.sql",
        "09:00:02  Done. PASS=1 WARN=0 ERROR=1 SKIP=0 NO-OP=0 TOTAL=2",
    ]
    found = measured(tmp_path, f"print({chr(10).join(lines)!r}); raise SystemExit(1)")
    assert str(found.failure).startswith(
        "failed with status 1: 09:00:02  Failure in test unique_dim_customers_customer_key "
        "(models/core.yml) / 09:00:02    Got 1 result"
    )


def test_failed_script_reports_its_exception(tmp_path: Path) -> None:
    found = measured(tmp_path, "raise ValueError('no such column: age')")
    assert found.failure == "failed with status 1: ValueError: no such column: age"


def test_children_of_a_run_are_ended_with_it(tmp_path: Path) -> None:
    code = (
        "import subprocess, pathlib\n"
        "child = subprocess.Popen(['sleep', '60'])\n"
        "pathlib.Path('child.txt').write_text(str(child.pid))\n"
        "child.wait()\n"
    )
    found = measured(tmp_path, code, replace(PLENTY, seconds=1.5))
    assert found.failure
    assert_ends(int((tmp_path / "data" / "child.txt").read_text(encoding="utf-8")))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_while_it_starts_is_ended(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: Any, **options: Any) -> "subprocess.Popen[bytes]":
        started.append(popen(*arguments, **options))
        signal.raise_signal(number)
        return started[-1]

    popen = subprocess.Popen
    before = signal.signal(number, signal.default_int_handler)
    try:
        monkeypatch.setattr(subprocess, "Popen", start)
        with pytest.raises(KeyboardInterrupt):
            measured(tmp_path, "import time; time.sleep(60)")
    finally:
        signal.signal(number, before)
    assert started[0].returncode == -signal.SIGKILL


def assert_ends(process: int) -> None:
    """Assert that a process has ended, even if nobody has waited for it yet."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if psutil.Process(process).status() == psutil.STATUS_ZOMBIE:
                return
        except psutil.NoSuchProcess:
            return
        time.sleep(0.05)
    pytest.fail(f"process {process} still runs")


# ---------------------------------------------------------------------------- the command


@pytest.fixture
def sleeper(tmp_path: Path) -> Path:
    """An interpreter that prints package versions, but sleeps instead of building marts."""
    path = tmp_path / "sleeper"
    path.write_text(
        '#!/bin/sh\nif [ "$1" = -c ]; then echo \'{"pandas": "0"}\'; exit; fi\nexec sleep 60\n',
        encoding="utf-8",
    )
    path.chmod(0o755)
    return path


def test_contender_over_a_limit_is_reported_and_the_next_runs(
    sleeper: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = [
        *("--customers", "300", "--formats", "csv", "--only", f"{PANDAS},{POLARS}"),
        *("--repeats", "2", "--time-limit", "1", "--bench-python", str(sleeper)),
        *("--out", str(out), "--work", str(tmp_path / "work")),
    ]
    said = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert said.exit_code == 0, said.output
    for title in (report.TITLES[PANDAS], report.TITLES[POLARS]):
        assert f"{title}: no result: takes longer than the time limit of 1 s" in said.output
    told = json.loads((out / "scale.json").read_text(encoding="utf-8"))
    # Each runs once, because a failed contender is not repeated.
    assert [run["contender"] for run in told["runs"]] == [PANDAS, POLARS]
    assert all(figure["seconds"] is None for figure in told["figures"])
    assert (out / "scale.svg").exists()
    assert list((tmp_path / "work").iterdir()) == []


def test_reported_failure_names_no_local_folder(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text(
        '#!/bin/sh\nif [ "$1" = -c ]; then echo "{}"; exit; fi\necho "Error in $6"; exit 1\n',
        encoding="utf-8",
    )
    broken.chmod(0o755)
    arguments = [
        *("--customers", "300", "--formats", "csv", "--only", PANDAS),
        *("--bench-python", str(broken), "--out", str(tmp_path / "out")),
        *("--work", str(tmp_path / "work")),
    ]
    said = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert said.exit_code == 0, said.output
    told = json.loads((tmp_path / "out" / "scale.json").read_text(encoding="utf-8"))
    (run,) = told["runs"]
    assert run["failure"] == "failed with status 1: Error in .../data/marts"


def test_missing_packages_are_named(tmp_path: Path) -> None:
    ground = Ground(
        tmp_path / "run",
        tmp_path / "prepared",
        tmp_path / "drop",
        bench_python=tmp_path / "absent",
        spark_python=Path("/bin/false"),
    )
    hindrances = {each.name: each.hindrance(ground) for each in CONTENDERS}
    assert hindrances[PANDAS] == hindrances[POLARS]
    assert "make install-bench" in (hindrances[PANDAS] or "")
    assert any(
        text in (hindrances[SPARK] or "") for text in ("has no target spark", "is not installed")
    )
    assert not any(hindrances[name] for name in (LIMIT, SCRIPT, RUN, BUILD, SET_SCRIPT, SET_DBT))


def test_stopped_benchmark_leaves_no_processes_or_files(sleeper: Path, tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "benchmarks.scale", "--customers", "300", "--formats", "csv"),
        *("--only", PANDAS, "--bench-python", str(sleeper)),
        *("--out", str(tmp_path / "out"), "--work", str(tmp_path / "work")),
    ]
    with subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        while f"{PANDAS}, 1 of 3 ..." not in (line := process.stderr.readline()):
            assert line, "ended before a contender was started"
        deadline = time.monotonic() + 30
        while not (children := psutil.Process(process.pid).children(recursive=True)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
    assert process.returncode != 0
    for child in children:
        assert_ends(child.pid)
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--customers", "many"], "--customers: invalid literal"),
        (["--customers", "0"], "a size must be 1 or more"),
        (["--only", "excel"], "no such contender: excel; the contenders are limit, script"),
        (["--formats", "xlsx"], "no such format: xlsx"),
        ([], "contains no runs: give sizes with --customers"),
    ],
)
def test_wrong_options_are_refused_with_the_reason(
    arguments: list[str], said: str, sleeper: Path, tmp_path: Path
) -> None:
    options = ["--out", str(tmp_path / "out"), "--bench-python", str(sleeper)]
    refused = CliRunner().invoke(main, [*arguments, *options])
    assert refused.exit_code != 0
    assert said in refused.output


# ---------------------------------------------------------------------------- the same marts


DAMAGE = (
    ("Age", "old"),
    ("Age", "131"),
    ("Age", ""),
    ("Age", "3.5"),
    ("Estimated Income", "much"),
    ("Bank Loans", "75.123"),
    ("Bank Deposits", ""),
    ("Risk Weighting", "7"),
    ("Joined Bank", "31-02-2001"),
    ("Joined Bank", "02-25-2001"),
    ("Joined Bank", ""),
    ("Joined Bank", "01-01-2022"),
    ("Nationality", " "),
    ("Name", ""),
    ("Fee Structure", "Free"),
    ("GenderId", "9"),
    ("BRId", ""),
    ("Properties Owned", "-1"),
    ("Client ID", ""),
    ("Occupation", ""),
    ("Loyalty Classification", "Tin"),
)
"""Cells that cause a record to be quarantined. One date has day and month exchanged, so all records
whose dates are valid in both orders are quarantined too."""


def damage(file: Path) -> None:
    """Make some records of a clients file invalid, and write others in unusual spellings."""
    with file.open(encoding="utf-8", newline="") as opened:
        header, *rows = csv.reader(opened)
    place = {name: number for number, name in enumerate(header)}
    for row, (column, cell) in zip(rows[::10], DAMAGE, strict=False):
        row[place[column]] = cell
    rows[5][place["Saving Accounts"]] = "much"
    rows[5][place["Age"]] = "-2"
    for row in rows[1000:1004]:
        row[place["Joined Bank"]] = "25-03-2001"
    # An identical copy is quarantined. If two records contradict each other, both are.
    rows.append(list(rows[1000]))
    rows.append(list(rows[1001]))
    rows[-1][place["Bank Loans"]] = "1.00"
    # These are accepted: other spellings of codes, blanks, an unknown occupation, empty accounts.
    rows[1002][place["Fee Structure"]] = " low "
    rows[1002][place["GenderId"]] = "female"
    rows[1003][place["Occupation"]] = "Lion Tamer"
    rows[1003][place["Name"]] = f" {rows[9][place['Name']]} "
    for column in (
        *("Bank Deposits", "Checking Accounts", "Saving Accounts", "Foreign Currency Account"),
    ):
        rows[1003][place[column]] = "0"
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened, lineterminator="\n").writerows([header, *rows])


def generate(drop: Path, customers: int, file_format: str) -> Path:
    generated = CliRunner().invoke(
        bank_warehouse,
        [
            *("generate", "--customers", str(customers), "--seed", "7"),
            *("--format", file_format, "--out", str(drop)),
        ],
    )
    assert generated.exit_code == 0, generated.output
    return drop


def run_frames(library: str, drop: Path, marts: Path) -> Path:
    """Build the comparison set of a drop with pandas or Polars, and return its folder."""
    ran = subprocess.run(
        [
            *(str(BENCH_PYTHON), "-m", f"benchmarks.scale.{library}_marts"),
            *("--drop", str(drop), "--marts", str(marts)),
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return marts


needs_bench_environment = needs(
    BENCH_PYTHON.exists(), "the benchmark's environment", "make install-bench"
)


@needs_bench_environment
def test_duckdb_pandas_and_polars_make_the_same_marts(tmp_path: Path) -> None:
    drops = tmp_path / "drops"
    generate(drops / f"{CUSTOMERS}-csv", CUSTOMERS, "csv")
    damage(generate(drops / f"{DAMAGED}-csv", DAMAGED, "csv") / "banking-clients.csv")
    arguments = [
        *("--customers", f"{CUSTOMERS},{DAMAGED}", "--formats", "csv", "--repeats", "1"),
        *("--only", f"{SET_SCRIPT},{PANDAS},{POLARS}", "--check"),
        *("--data", str(drops), "--out", str(tmp_path / "out"), "--work", str(tmp_path / "work")),
    ]
    said = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert said.exit_code == 0, said.output
    told = json.loads((tmp_path / "out" / "scale.json").read_text(encoding="utf-8"))
    failures = [(run["contender"], run["failure"]) for run in told["runs"] if run["failure"]]
    assert failures == []
    assert len(told["runs"]) == 6
    # Each expected reason occurs among the quarantined rows.
    marts = run_frames("pandas", drops / f"{DAMAGED}-csv", tmp_path / "damaged")
    reasons = duckdb.sql(
        f"select reject_reasons from '{marts / 'fct_quarantined_clients.parquet'}'"
    ).fetchall()
    texts = "; ".join(reason for (reason,) in reasons)
    for said_of_it in (
        "age is not a whole number", "age is not between 0 and 120", "age is empty",
        "estimated_income is not an amount", "bank_loans is not an amount",
        "bank_deposits is empty", "risk_weighting is not between 1 and 5",
        "joined_bank is not a date", "joined_bank is after the as-of date",
        "joined_bank is empty", "nationality is empty", "name is empty",
        "fee_structure is not a known code", "gender_id is not a known code", "br_id is empty",
        "properties_owned is negative", "client_id is empty", "occupation is empty",
        "loyalty_classification is not a known code", "saving_accounts is not an amount",
        "or the same date with day and month exchanged: the file has dates in both orders, see ",
        "repeats row 1002 of",
        "one of 2 rows with the same client id, name and joining date but different values",
    ):  # fmt: skip
        assert said_of_it in texts
    assert len(reasons) > 500


@needs_bench_environment
def test_parquet_and_csv_give_the_same_marts(tmp_path: Path) -> None:
    drops = {name: generate(tmp_path / name, CUSTOMERS, name) for name in ("csv", "parquet")}
    expected = run_frames("pandas", drops["csv"], tmp_path / "expected")
    for library in ("pandas", "polars"):
        found = run_frames(library, drops["parquet"], tmp_path / library)
        assert differences(expected, found) == []


def test_different_marts_are_detected(tmp_path: Path) -> None:
    sample = {
        "clients": "select 1 as customer_key, 2 as client_key, 'I1' as client_id, "
        "'Ann' as client_name, date '2001-02-03' as joined_date, 10.00::decimal(18, 2) as amount",
        "fct_risk_heatmap": "select 'a' as row_dimension, 'b' as row_value, '1' as column_value, "
        "0.5::double as share_of_row",
        "fct_quarantined_clients": "select 'f' as source_file, 2 as source_row, null as reason",
    }
    keyed = "select 1 as customer_key, 2 as client_key, 'x' as value"
    for side in ("one", "two"):
        (tmp_path / side).mkdir()
        for mart in MARTS:
            query = sample.get(mart.name)
            if query is None:
                listed = ", ".join(f"'k' as {name}" for name in mart.key)
                query = keyed if mart.key == ("customer_key",) else f"select {listed}, 1 as value"
            duckdb.sql(query).write_parquet(str(tmp_path / side / f"{mart.name}.parquet"))
    assert differences(tmp_path / "one", tmp_path / "two") == []
    for name, query, said in (
        ("clients", sample["clients"].replace("10.00", "10.01"), "clients.amount: 1 rows differ"),
        ("clients", sample["clients"].replace("'Ann'", "'Bob'"), "rows are in only one of the two"),
        (
            "fct_risk_heatmap",
            sample["fct_risk_heatmap"].replace("0.5", "0.500000001"),
            "fct_risk_heatmap.share_of_row: 1 rows differ",
        ),
        ("dim_customers", keyed.replace("'x'", "'y'"), "dim_customers.value: 1 rows differ"),
        ("dim_customers", keyed.replace("2 as", "3 as"), "is_key_of_client: 1 rows differ"),
        ("dim_customers", f"{keyed} where false", "dim_customers: 1 rows expected, 0 found"),
    ):
        path = tmp_path / "two" / f"{name}.parquet"
        before = path.read_bytes()
        duckdb.sql(query).write_parquet(str(path))
        assert any(said in each for each in differences(tmp_path / "one", tmp_path / "two")), said
        path.write_bytes(before)
