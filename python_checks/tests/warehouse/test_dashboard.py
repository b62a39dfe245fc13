"""The dashboard without a browser: its numbers, addresses, roles, files and responses."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from bank_warehouse.answers import answers
from bank_warehouse.cli import main
from bank_warehouse.dashboard import cube_files, cubes, hints
from bank_warehouse.dashboard.access import (
    EVERYONE,
    Access,
    RefusedError,
    Role,
    read_users,
    unknown_names,
)
from bank_warehouse.dashboard.downloads import INVENTED, csv_of, origin_of
from bank_warehouse.dashboard.drawings import Axis, Plot, Shape, drawing, flow, round_ticks
from bank_warehouse.dashboard.errors import DashboardError
from bank_warehouse.dashboard.export import export, write_export
from bank_warehouse.dashboard.numbers import axis_text, short, shorten
from bank_warehouse.dashboard.page_model import (
    Answers,
    Block,
    Cell,
    Chart,
    Column,
    Heat,
    Mark,
    Page,
    Table,
    Tiles,
)
from bank_warehouse.dashboard.pages import PAGES, Context, make_page
from bank_warehouse.dashboard.pages.context import ORDERED, SHARE_OF_ROW, combined
from bank_warehouse.dashboard.server import create_app
from bank_warehouse.dashboard.snapshots import (
    HiddenError,
    PreparingError,
    Snapshot,
    Snapshots,
    open_snapshot,
)
from bank_warehouse.dashboard.views import UNKNOWN, View, read_view
from bank_warehouse.metrics import MetricsError, compile_query, load_metrics
from bank_warehouse.net import is_loopback
from bank_warehouse.publish import NoReleaseError, Release, current_release
from bank_warehouse.publish.manifest import signed
from bank_warehouse.publish.releases import DATABASE, METRICS

RETAIL = Role(banking_relationships=frozenset({"Retail"}))
HEADER = "X-Signed-In"


@pytest.fixture(scope="module")
def release(published: Path) -> Release:
    return current_release(published)


@pytest.fixture(scope="module")
def snapshot(release: Release) -> Snapshot:
    return open_snapshot(release, EVERYONE)


@pytest.fixture(scope="module")
def retail(release: Release) -> Snapshot:
    return open_snapshot(release, RETAIL)


@pytest.fixture(scope="module")
def marts(release: Release) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(release.path / DATABASE), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def client(published: Path) -> Iterator[FlaskClient]:
    snapshots = Snapshots(published, patience=120)
    yield create_app(snapshots, Access()).server.test_client()
    snapshots.close()


def view_of(snapshot: Snapshot, page: str, search: str) -> View:
    shown = (*snapshot.layer.metrics, SHARE_OF_ROW.name)
    return read_view(page, search, snapshot.values, shown)


def page_of(snapshot: Snapshot, page: str, search: str = "") -> Page:
    return make_page(Context(snapshot, view_of(snapshot, page, search)))


def block_of(snapshot: Snapshot, page: str, name: str, search: str = "") -> Any:
    return next(each for each in page_of(snapshot, page, search).blocks if each.name == name)


def csv_on(snapshot: Snapshot, page: str, block: Block, search: str = "") -> bytes:
    return csv_of(block, origin_of(snapshot, view_of(snapshot, page, search), block))


def ask_page(client: FlaskClient, path: str, search: str = "", **headers: str) -> dict[str, Any]:
    """Send a request as a browser does; return the status and the content of the page."""
    body = {
        "output": "..app.children...shown.data..",
        "outputs": [{"id": "app", "property": "children"}, {"id": "shown", "property": "data"}],
        "inputs": [
            {"id": "url", "property": "pathname", "value": path},
            {"id": "url", "property": "search", "value": search},
            {"id": "news", "property": "data"},
        ],
        "changedPropIds": ["url.search"],
        "state": [],
    }
    answer = client.post("/_dash-update-component", json=body, headers=headers)
    if answer.status_code != 200:
        return {"status": answer.status_code, "text": answer.text}
    shown = json.loads(answer.text)["response"]
    return {
        "status": 200,
        "text": json.dumps(shown["app"]["children"]),
        "release": shown["shown"]["data"],
    }


# ---------- the numbers match the metric layer


def same(found: Any, wanted: Any) -> bool:
    if found is None or wanted is None:
        return found is wanted
    if isinstance(wanted, Decimal):
        return Decimal(found) == wanted
    return float(found) == pytest.approx(float(wanted), rel=1e-12)


def compare(
    snapshot: Snapshot,
    marts: duckdb.DuckDBPyConnection,
    metrics: Sequence[str],
    by: Sequence[str],
    filters: dict[str, Sequence[object]],
    cube: str | None = None,
) -> None:
    query = compile_query(snapshot.layer, metrics, by, filters)
    wanted = {
        row[: len(by)]: row[len(by) :]
        for row in marts.execute(query.sql, query.parameters).fetchall()
    }
    found = {row[: len(by)]: row[len(by) :] for row in snapshot.ask(metrics, by, filters, cube)}
    assert found.keys() == wanted.keys()
    for group, values in wanted.items():
        for name, value, other in zip(metrics, values, found[group], strict=True):
            assert same(other, value), (name, group, other, value)


FILTERED: tuple[dict[str, Sequence[object]], ...] = (
    {},
    {"loyalty_classification": ["Gold", "Jade"], "risk_weighting": [1, 5]},
    {"occupation_family": ["Legal"], "joined_year": [2019, 2020, 2021]},
    {"banking_relationship": ["Retail"], "income_band": ["High", "Low"]},
)


@pytest.mark.parametrize("filters", FILTERED, ids=str)
def test_cube_metrics_equal_the_metric_layer(
    filters: dict[str, Sequence[object]], snapshot: Snapshot, marts: duckdb.DuckDBPyConnection
) -> None:
    asked = {"all": list(snapshot.cubes["all"].layer.metrics)}
    assert len(asked["all"]) > 50
    compare(snapshot, marts, asked["all"], [], filters)
    for pair in combinations(cubes.FILTERS, 2):
        compare(snapshot, marts, ["customers", "loan_to_deposit_ratio"], pair, filters)
    for name in cubes.SHOWN_BY:
        metrics = list(snapshot.cubes[f"by_{name}"].layer.metrics)
        compare(snapshot, marts, metrics, [name], filters)
        compare(snapshot, marts, ["act_share"], [name, "risk_weighting"], filters)
    for name, by in (("products", "product"), ("actions", "action")):
        compare(snapshot, marts, list(snapshot.cubes[name].layer.metrics), [by], filters, name)
    compare(snapshot, marts, ["recommended_customers"], [], filters, "advised")


def test_cubes_hold_no_customer_ids_and_cannot_be_changed(snapshot: Snapshot) -> None:
    for name, cube in snapshot.cubes.items():
        for table, missing in (
            (f"cube_{name}", set()),
            (f"cube_{name}_of_all_years", {"joined_year"}),
        ):
            columns = {
                row[0] for row in snapshot.connection.execute(f"describe cubes.{table}").fetchall()
            }
            assert not {one for one in columns if one.endswith("_key") or "client" in one} - {
                "customers_sharing_a_client_id"
            }
            assert set(cube.dimensions) - columns == missing
    held = snapshot.connection.execute(
        "select table_schema, table_name from information_schema.tables where table_schema not in "
        "('cubes', 'small')"
    ).fetchall()
    assert sorted(held) == [("facts", "codes"), ("facts", "whole")]
    databases = snapshot.connection.execute(
        "select count(*) from duckdb_databases() where not internal"
    ).fetchall()
    assert databases == [(1,)]
    for refused in ("attach 'elsewhere.duckdb'", "drop table cubes.cube_all", "set threads = 2"):
        with pytest.raises(duckdb.Error):
            snapshot.connection.execute(refused)


def test_queries_use_the_smallest_sufficient_table(snapshot: Snapshot) -> None:
    for name, cube in snapshot.cubes.items():
        small, large = (
            snapshot.connection.execute(f"select count(*) from cubes.{table}").fetchone()
            for table in (f"cube_{name}_of_all_years", f"cube_{name}")
        )
        assert small
        assert large == (cube.rows,)
        assert small < large
        assert list(cube.layer_for(["risk_weighting"]).models) == [f"cube_{name}_of_all_years"]
        assert list(cube.layer_for(["joined_year"]).models) == [f"cube_{name}"]


# ---------- cube files


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_kept_cubes_are_reused(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "kept"
    first = open_snapshot(release, EVERYONE, folder)
    (file,) = folder.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600
    assert "Retail" not in file.name
    open_snapshot(release, RETAIL, folder)
    assert len(names(folder)) == 2

    def fail(*_: object) -> None:
        message = "the cubes were created again"
        raise AssertionError(message)

    monkeypatch.setattr(cube_files, "_make_elsewhere", fail)
    again = open_snapshot(release, EVERYONE, folder)
    assert again.ask(["customers", "total_loans"]) == first.ask(["customers", "total_loans"])
    assert again.whole == first.whole
    assert again.codes == first.codes


def test_cubes_of_an_older_release_are_replaced(published: Path, tmp_path: Path) -> None:
    folder, releases = tmp_path / "kept", tmp_path / "releases"
    files = []
    for number in (1, 2):
        copy_release(published, releases, number)
        open_snapshot(current_release(releases), EVERYONE, folder)
        files.append(names(folder))
    assert [len(each) for each in files] == [1, 1]
    assert files[0] != files[1]


def test_only_old_drafts_are_removed(release: Release, tmp_path: Path) -> None:
    old, new = tmp_path / ".draft-old", tmp_path / ".draft-new"
    for draft in (old, new):
        draft.mkdir()
        (draft / "between.duckdb").write_bytes(b"customers")
    two_days_ago = time.time() - 2 * cube_files.A_DAY
    os.utime(old, (two_days_ago, two_days_ago))
    open_snapshot(release, EVERYONE, tmp_path)
    assert not old.exists()
    assert new.exists()


def test_cubes_folder_that_cannot_be_written_is_refused(release: Release, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    with pytest.raises(DashboardError, match="--cubes-dir"):
        open_snapshot(release, EVERYONE, file)


def test_cube_process_ends_with_its_parent(release: Release, tmp_path: Path) -> None:
    """Intermediate files contain customers, so none may remain.

    The process reads from a pipe, which closes when the parent ends. Here, the pipe is closed at
    once.
    """
    folder = tmp_path / "draft"
    folder.mkdir()
    task = {
        "release": str(release.path),
        "sees_all": True,
        "banking_relationships": [],
        "investment_advisors": [],
    }
    (folder / cube_files.TASK).write_text(json.dumps(task), encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", cube_files.PROGRAM, str(folder / "cubes.duckdb")],
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 1
    assert not folder.exists()


def test_pages_and_downloads_work_without_customers(snapshot: Snapshot) -> None:
    searches = "?loyalty_classification=Platinum&risk_weighting=5&occupation_family=Legal"
    searches += "&joined_year=1995&income_band=Low"
    view = view_of(snapshot, "overview", searches)
    assert snapshot.ask(["customers", "total_loans"], (), view.filters) == [(0, None)]
    assert block_of(snapshot, "risk", "loyalty-risk", searches).rows == ()
    for name in PAGES:
        page = page_of(snapshot, name, searches)
        for block in (*page.blocks, *page.detail):
            csv_on(snapshot, name, block, searches)


def test_query_without_a_cube_is_refused(snapshot: Snapshot) -> None:
    with pytest.raises(MetricsError, match="nationality, segment together"):
        snapshot.ask(["customers"], ["segment", "nationality"])
    with pytest.raises(MetricsError, match="median_total_loans"):
        snapshot.ask(["median_total_loans"], ["segment"])


def test_page_numbers_equal_the_metric_layer(
    client: FlaskClient, snapshot: Snapshot, marts: duckdb.DuckDBPyConnection
) -> None:
    query = compile_query(snapshot.layer, ["total_loans"], (), {"risk_weighting": [3]})
    (value,) = marts.execute(query.sql, query.parameters).fetchone() or (None,)
    text = ask_page(client, "/", "?risk_weighting=3")["text"]
    assert f"{value:,.2f}" in text
    assert short(value, snapshot.metric("total_loans")) in text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0.00"),
        (999, "999"),
        (1_000, "1.00 k"),
        (12_345, "12.3 k"),
        (999_499, "999 k"),
        (999_999, "1.00 m"),
        (4_377_833_615.78, "4.38 bn"),
        (-699_113_594, "-699 m"),
        (999_999_999_999_999, "1000 tn"),
    ],
)
def test_long_numbers_are_shortened(number: float, text: str) -> None:
    assert shorten(number) == text


def test_axis_numbers_are_formatted_as_in_tables(snapshot: Snapshot) -> None:
    money, share = snapshot.metric("mean_total_loans"), snapshot.metric("act_share")
    assert [axis_text(each, money) for each in (0, 500_000, 1_000_000, 2_500_000)] == [
        "0",
        "500 k",
        "1 m",
        "2.5 m",
    ]
    assert [axis_text(each, share) for each in (0.1, 0.125)] == ["10%", "12.5%"]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 2_631_000, [0, 1e6, 2e6]),
        (-3, 7, [-2, 0, 2, 4, 6]),
        (5, 5, [5]),
    ],
)
def test_ticks_are_round(low: float, high: float, ticks: list[float]) -> None:
    assert round_ticks(low, high) == ticks


@pytest.mark.parametrize("dimension", ["loyalty_classification", "risk_weighting", "gender"])
@pytest.mark.parametrize("metric", ["mean_total_loans", "mean_risk_weighting"])
def test_marks_show_the_test_results(
    dimension: str, metric: str, snapshot: Snapshot, marts: duckdb.DuckDBPyConnection
) -> None:
    measure = {"mean_total_loans": "total_loans", "mean_risk_weighting": "risk_weighting"}[metric]
    found = marts.execute(
        "select verdict from marts.fct_segment_differences where dimension = ? and measure = ?",
        [dimension, measure],
    ).fetchone()
    verdict = found[0] if found else "not tested"
    context = Context(snapshot, View("segmentation", {"income_band": ("Low",)}))
    mark = context.mark(dimension, metric)
    assert mark
    kinds = {"no more than": "chance", "more than cha": "real"}
    assert mark.verdict == next(
        (kind for text, kind in kinds.items() if verdict.startswith(text)), "untested"
    )
    if mark.verdict != "untested":
        assert "Tested on all customers." in mark.text


def test_differences_that_are_not_significant_are_pale() -> None:
    marks = (
        Mark("real", "Real difference", ""),
        Mark("chance", "Could be chance", ""),
        Mark("untested", "Not tested", ""),
        Mark("untested", "Built in", ""),
    )
    assert [mark.is_pale for mark in marks] == [False, True, True, False]


def test_marks_of_several_comparisons_are_combined() -> None:
    real = Mark("real", "Real difference", "R.")
    chance = Mark("chance", "Could be chance", "C.")
    untested = Mark("untested", "Not tested", "U.")
    both = combined([("By risk", real), ("By loyalty", chance)])
    assert both == Mark(
        "real",
        "By risk: real difference",
        "By risk: real difference. By loyalty: could be chance.",
    )
    verdicts = {
        (): None,
        (chance, chance): "Could be chance",
        (real, real, real): "Real difference",
        (real, chance, real): "Real difference: 2 of 3",
        (chance, untested): "0: could be chance",
        (untested, untested): "Not tested",
    }
    for marks, short_text in verdicts.items():
        found = combined([(str(place), mark) for place, mark in enumerate(marks)])
        assert (found.short if found else None) == short_text


# ---------- what the pages say


def test_pandas_is_imported_before_the_first_request() -> None:
    """If a request imported pandas, a concurrent request could see a partial import and fail."""
    code = "import sys, bank_warehouse.dashboard.server; print('pandas' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "True\n"


def test_the_overview_opens_with_the_answers(snapshot: Snapshot) -> None:
    first = page_of(snapshot, "overview").blocks[0]
    assert isinstance(first, Answers)
    assert 3 <= len(first.answers) <= 5
    found = answers(snapshot)
    assert [each.text for each in first.answers] == [each.sentence for each in found.first]
    # With filters, the filtered figures come first, because the answers are for all customers.
    filtered = page_of(snapshot, "overview", "?risk_weighting=3").blocks
    assert filtered[-1] == first
    assert filtered[0].name == "glance"
    for each, source in zip(first.answers, found.first, strict=True):
        assert each.support == source.support
        assert each.statistics == source.statistics
        assert each.href in ("", View(source.page).address())


def test_titles_state_findings_only_without_filters(snapshot: Snapshot) -> None:
    title = answers(snapshot).by_name["risk-by-income"].title
    assert block_of(snapshot, "risk", "income-risk").title == title
    filtered = block_of(snapshot, "risk", "income-risk", "?loyalty_classification=Gold")
    assert filtered.title == "Income and risk"


Tables = dict[tuple[str, str], list[Mapping[str, Any]]]


def real_drivers(rows: Sequence[Any], differences: dict[str, str]) -> set[tuple[str, str]]:
    """Return the driver and level of each real difference."""
    return {
        (row["driver"], row["level"])
        for row in rows
        if row["direction"] in ("raises", "lowers")
        and (row["reference_level"] is None or differences[row["driver"]].startswith("more than"))
    }


def test_drivers_are_sorted_by_size_and_muted_unless_real(
    snapshot: Snapshot, marts: duckdb.DuckDBPyConnection
) -> None:
    rows = marts.execute(
        "select * from marts.fct_risk_drivers where fit = 'business facts' and coefficient is not "
        "null order by abs(coefficient) desc"
    ).to_arrow_table().to_pylist()  # fmt: skip
    differences = dict(
        marts.execute(
            "select dimension, verdict from marts.fct_segment_differences where measure = "
            "'risk_weighting'"
        ).fetchall()
    )
    chart = block_of(snapshot, "risk", "drivers")
    assert isinstance(chart, Chart)
    assert chart.plot
    sizes = [abs(float(str(row[2].value))) for row in chart.table.rows]
    assert (
        sizes
        == sorted(sizes, reverse=True)
        == [pytest.approx(abs(row["coefficient"])) for row in rows]
    )
    assert chart.table.rows[0][0].text == "Bank deposits"
    real = real_drivers(rows, differences)
    assert len(real) < len(rows)
    dots = [shape for shape in chart.plot.shapes if shape.kind == "dot"]
    assert [shape.tone for shape in dots] == [
        "first" if (row["driver"], row["level"]) in real else "muted" for row in rows[: len(dots)]
    ]
    assert sum(shape.tone == "first" for shape in dots) == len(real)


def test_no_real_driver_is_left_out(snapshot: Snapshot) -> None:
    row = next(row for row in snapshot.rows("fct_risk_drivers") if row["driver"] == "bank_deposits")
    many = [dict(row, driver=f"amount_{place}", coefficient=place + 1.0) for place in range(40)]
    weak = [dict(row, driver=f"weak_{place}", coefficient=0.01 * place, direction="no clear "
                 "direction") for place in range(40)]  # fmt: skip
    rows: list[Mapping[str, Any]] = [*weak, *many]
    orders = ("all", "driver, level", "fit, driver, level")
    tables: Tables = {("fct_risk_drivers", order): rows for order in orders}
    chart = block_of(replace(snapshot, _tables=tables), "risk", "drivers")
    names = [text for _, text in chart.plot.y.ticks]
    assert names == [f"Amount {place}" for place in range(39, -1, -1)]
    assert "40 weaker facts" in chart.note
    assert len(chart.table.rows) == 80


def test_no_real_difference_in_treatment_is_left_out(snapshot: Snapshot) -> None:
    rows = [dict(row) for row in snapshot.rows("fct_fairness_monitor")]
    shape = next(row for row in rows if row["is_large_enough"])
    fair = [dict(shape, ratio_to_best=0.1, is_flagged=True, value=f"chance {place}",
                 verdict="under the limit, no more than chance")
            for place in range(30)]  # fmt: skip
    unfair = [dict(shape, ratio_to_best=0.7, is_flagged=True, value=f"real {place}",
                   verdict="under the limit, more than chance")
              for place in range(20)]  # fmt: skip
    order = ("fct_fairness_monitor", "ratio_to_best nulls last, action, dimension, value")
    tables: Tables = {order: [*fair, *unfair]}
    table = block_of(replace(snapshot, _tables=tables), "recommendations", "fairness")
    assert [row[2].text for row in table.rows] == [f"real {place}" for place in range(20)]
    assert {row[-1].tone for row in table.rows} == {"bad"}


@pytest.mark.parametrize("page", PAGES)
def test_bars_are_sorted_by_length(page: str, snapshot: Snapshot) -> None:
    ordered = {snapshot.dimension(name).label for name in ORDERED}
    found = 0
    for block in page_of(snapshot, page).blocks:
        if not isinstance(block, Table) or not any(
            cell.share is not None for cell in block.rows[0]
        ):
            continue
        found += 1
        place = next(at for at, cell in enumerate(block.rows[0]) if cell.share is not None)
        sizes = [row[place].share or 0.0 for row in block.rows if row[place].share is not None]
        if block.columns[0].label.partition(" (")[0] in ordered or block.name == "matters":
            continue
        assert sizes == sorted(sizes, reverse=True), block.name
        assert max(sizes) in (0, 1) or block.name == "deposits"
    assert found or page == "quality"


def test_rows_are_sorted_by_the_metric(snapshot: Snapshot) -> None:
    """Dimensions with their own order, such as bands, are skipped."""
    for dimension in (*cubes.FILTERS, *cubes.SHOWN_BY):
        if dimension in ORDERED:
            continue
        table = block_of(snapshot, "segmentation", "compare", f"?by={dimension}")
        wanted = sorted(snapshot.ask(["mean_total_loans"], [dimension]), key=lambda row: -row[1])
        assert [row[0].value for row in table.rows] == [row[0] for row in wanted]


def test_cells_are_shares_of_their_row_and_pale_if_not_significant(
    snapshot: Snapshot,
) -> None:
    for name, rows in (("income-risk", "income_band"), ("loyalty-risk", "loyalty_classification")):
        heat = block_of(snapshot, "risk", name)
        assert isinstance(heat, Heat)
        assert heat.choices[0].chosen == "Share of customers in row"
        assert heat.top == "Risk weighting (1 low – 5 high)"
        counts = {row[:2]: row[2] for row in snapshot.ask(["customers"], [rows, "risk_weighting"])}
        risks: dict[Any, Any] = dict(snapshot.ask(["mean_risk_weighting"], [rows]))
        for (side, cells), value in zip(heat.rows, snapshot.values(rows), strict=True):
            whole = sum(number for (row, _), number in counts.items() if row == value)
            shares = [float(str(cell.value)) for cell in cells[:-1]]
            assert side == value
            assert shares == [
                pytest.approx(counts[(value, risk)] / whole) for risk in (1, 2, 3, 4, 5)
            ]
            assert sum(shares) == pytest.approx(1)
            assert cells[-1].value == risks[value]
        tones = {cell.tone for _, cells in heat.rows for cell in cells[:-1]}
        assert heat.mark
        assert tones == ({"pale"} if heat.mark.verdict == "chance" else {""})
    labels = [label for label, *_ in block_of(snapshot, "risk", "income-risk").choices[0].options]
    assert "Mean credit card balance" in labels
    labels = [
        label
        for label, *_ in block_of(snapshot, "segmentation", "loyalty-occupation").choices[0].options
    ]
    assert {"Mean credit card balance", "Mean risk weighting"} <= set(labels)


def test_hints_explain_what_numbers_mean(snapshot: Snapshot) -> None:
    """Hints do not repeat the technical descriptions or the labels."""
    assert set(hints.METRICS) <= set(snapshot.layer.metrics)
    for name in hints.METRICS:
        metric = snapshot.metric(name)
        assert hints.METRICS[name] not in ("", metric.description)
        assert hints.METRICS[name].lower() != metric.label.lower()
    for name in hints.DIMENSIONS:
        assert hints.DIMENSIONS[name] != snapshot.dimension(name).description
    shown = {
        (one.label, one.definition)
        for page in PAGES
        for block in page_of(snapshot, page, "?cell=segment:Savers").blocks
        for one in (
            block.tiles if isinstance(block, Tiles)
            else block.columns if isinstance(block, Table)
            else block.more if isinstance(block, Heat)
            else ()
        )
    }  # fmt: skip
    labels = {metric.label for metric in snapshot.layer.metrics.values()}
    assert {label for label, hint in shown if label in labels and not hint} == set()
    for label, hint in shown:
        for word in ("seed", "`", "null", "HyperLogLog", "divided by", "mart", "_"):
            assert word not in hint, (label, word)


def test_charts_have_labels_and_figures(snapshot: Snapshot) -> None:
    drawn = 0
    for page in PAGES:
        for block in page_of(snapshot, page).blocks:
            if isinstance(block, Chart) and block.plot:
                drawn += 1
                for axis in (block.plot.x, block.plot.y):
                    assert axis.label or axis.has_names, block.name
                    assert axis.ticks
                    for at, _ in axis.ticks:
                        assert 0 <= axis.place(at) <= 100
                assert block.summary
                assert block.table.rows, block.name
            if isinstance(block, Tiles | Heat | Table):
                assert block.title
    assert drawn >= 8


def test_income_density_matches_the_marts(
    snapshot: Snapshot, retail: Snapshot, marts: duckdb.DuckDBPyConnection
) -> None:
    for shown, only in ((snapshot, "true"), (retail, "banking_relationship = 'Retail'")):
        rows = shown.rows(cubes.DENSITY, "all")
        people = (
            "select estimated_income as income, total_deposits as deposits from "
            "marts.fct_customer_positions inner join marts.dim_customers using (customer_key) "
            f"where {only}"
        )
        total = marts.execute(f"select count(*), sum(deposits) from ({people})").fetchone()
        assert total == (
            sum(row["customers"] for row in rows),
            sum(row["total_deposits"] for row in rows),
        )
        for row in rows[:: max(len(rows) // 25, 1)]:
            ends = [
                f"{name} >= {row[f'{name}_from']}"
                + (f" and {name} < {row[f'{name}_to']}" if row[f"{name}_to"] is not None else "")
                for name in ("income", "deposits")
            ]
            counted = marts.execute(
                f"select count(*) from ({people}) where {' and '.join(ends)}"
            ).fetchone()
            assert counted == (row["customers"],)


def test_actions_with_the_largest_gaps_are_shown(
    snapshot: Snapshot, marts: duckdb.DuckDBPyConnection
) -> None:
    wanted = marts.execute(
        "select action_name, sum(gap_to_close) as gap, count(*) from "
        "marts.fct_customer_recommendations group by action_name having gap > 0 order by gap desc"
    ).fetchall()
    table = block_of(snapshot, "overview", "actions")
    assert [(row[0].text, row[1].value, row[2].value) for row in table.rows] == wanted[
        : len(table.rows)
    ]
    assert len(table.rows) == min(len(wanted), 6)
    both = [
        row[0].text
        for kind in ("risk", "targeting")
        for row in block_of(snapshot, "recommendations", f"money-{kind}").rows
    ]
    assert sorted(both) == sorted(name for name, *_ in wanted)


def test_recommendations_show_the_worklist_commands(
    snapshot: Snapshot, marts: duckdb.DuckDBPyConnection
) -> None:
    due = marts.execute("select distinct action from marts.fct_customer_recommendations").fetchall()
    table = block_of(snapshot, "recommendations", "actions")
    commands = {row[-2].text for row in table.rows}
    assert commands == {f"bank worklist --action {action} --out {action}.xlsx" for (action,) in due}
    text = csv_on(snapshot, "recommendations", table).decode()
    assert "_at_least" not in text
    for fact in ("watch_list_severity", "tenure_days", "loyalty_order", "deposit_score"):
        assert fact not in text
    assert all(row[3].text == "-" or row[3].value for row in table.rows)


MOVES = (
    ("Savers", "Borrowers", 30),
    ("Savers", "Savers", 400),
    ("joined", "Savers", 12),
    ("Borrowers", "left", 7),
    ("Borrowers", "Borrowers", 300),
)


def with_moves(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with invented moves since an earlier date."""
    dates = {"from_date": date(2021, 11, 30), "to_date": date(2021, 12, 31)}
    money = {f"{end}_total_{name}": Decimal(1_000_000) for end in ("from", "to")
             for name in ("loans", "deposits")}  # fmt: skip
    segments = [
        dates | money | {"from_segment": source, "to_segment": target, "customers": number}
        for source, target, number in MOVES
    ]
    risks = [
        dates | {"from_watch_list_level": "act", "to_watch_list_level": "none", "customers": 5,
                 "risk_weighting_change": "unchanged"},
        dates | {"from_watch_list_level": "watch", "to_watch_list_level": "watch",
                 "customers": 1_000, "risk_weighting_change": "worse"},
    ]  # fmt: skip
    tables: Tables = {
        ("fct_segment_migrations", "all"): list(segments),
        ("fct_risk_migrations", "all"): list(risks),
    }
    return replace(snapshot, _tables=tables)


def test_figures_show_the_change_since_the_previous_date(snapshot: Snapshot) -> None:
    shown = with_moves(snapshot)
    tiles = {tile.label: tile.aside for tile in block_of(shown, "overview", "glance").tiles}
    before = sum(number for source, _, number in MOVES if source != "joined")
    assert tiles["Customers"] == f"+{3_000 - before:,} since 30 November 2021"
    act = snapshot.ask(["act_customers"])[0][0]
    label = snapshot.metric("act_customers").label
    assert tiles[label] == f"+{act - 5:,} since 30 November 2021"
    filtered = block_of(shown, "overview", "glance", "?risk_weighting=3")
    assert not any(tile.aside for tile in filtered.tiles)
    assert not any(tile.aside for tile in block_of(snapshot, "overview", "glance").tiles)


def test_flow_widths_are_numbers_of_customers(snapshot: Snapshot) -> None:
    assert not [
        block for block in page_of(snapshot, "segmentation").blocks if block.name == "moves"
    ]
    chart = block_of(with_moves(snapshot), "segmentation", "moves")
    bands = [shape for shape in chart.plot.shapes if shape.kind == "area"]
    assert len(bands) == len(MOVES)
    for band in bands:
        number = float(band.tip.rpartition(": ")[2].removesuffix(" customers").replace(",", ""))
        half = len(band.points) // 2
        for (_, top), (_, low) in zip(
            band.points[:half], reversed(band.points[half:]), strict=True
        ):
            assert top - low == pytest.approx(number)
    moved = {(row[0].text, row[1].text, row[2].value) for row in chart.table.rows}
    assert moved == {
        ("Savers", "Borrowers", 30),
        ("Joined", "Savers", 12),
        ("Borrowers", "Left", 7),
    }
    assert "49 customers changed segment, joined or left" in chart.summary


def test_drawings_escape_text() -> None:
    plot = Plot(
        Axis("<x>", 0, 10, ((5.0, "5 & more"),)),
        Axis("y", 0, 4, ((1.0, "1"),)),
        (
            Shape("box", ((0, 0), (5, 2)), tip='"<b>"', href="/risk?a=1&b=2"),
            Shape("dot", ((10, 4),), size=3),
            Shape("text", ((5, 2),), text="<i>"),
            Shape("line", ((0, 0), (10, 4)), "reference"),
        ),
    )
    text = drawing(plot)
    assert '<rect class="first tip" data-tip="&quot;&lt;b&gt;&quot;" ' in text
    assert 'data-nav="/risk?a=1&amp;b=2" x="0%" y="50%" width="50%" height="50%"' in text
    assert '<circle class="first" cx="100%" cy="0%" r="3rem">' in text
    assert 'points="0,100 100,0"' in text
    assert "&lt;i&gt;" in text
    assert "<b>" not in text
    assert "&lt;x&gt;" in text
    static = drawing(plot, is_static=True)
    assert "<title>&quot;&lt;b&gt;&quot;</title>" in static
    assert "data-" not in static


def test_flow_boxes_add_up_on_both_sides() -> None:
    plot = flow([("a", "b", 3.0), ("a", "a", 1.0), ("b", "b", 2.0)], ["a", "b"], "then", "now")
    boxes = [shape for shape in plot.shapes if shape.kind == "box"]
    heights = [round(top - bottom, 6) for (_, bottom), (_, top) in (box.points for box in boxes)]
    assert heights == [4, 2, 1, 5]


# ---------- addresses


def test_address_restores_its_view(snapshot: Snapshot) -> None:
    view = View(
        "risk",
        {"loyalty_classification": ("Silver", "Gold"), "joined_year": (2020,)},
        by="segment",
        show="total_loans",
        cell=(("risk_weighting", 3), ("amount_of_credit_cards", 2)),
    )
    assert view_of(snapshot, "risk", view.search()) == view
    assert view.toggled("joined_year", 2020).filters == {
        "loyalty_classification": ("Silver", "Gold")
    }
    assert View("overview").address() == "/"


@pytest.mark.parametrize(
    "search",
    [
        "?risk_weighting=6",
        "?risk_weighting=1%20or%201%3D1",
        "?loyalty_classification=Gold'%3B%20drop%20table%20cubes.cube_all%3B--",
        "?customer_key=1",
        "?by=customer_key",
        "?show=client_ids%20from%20x",
        "?cell=client_key:1",
        "?cell=segment:Savers&cell=gender:Male",
        "?" + "x=" + "y" * 10_000,
        "?%FF%FE=%00",
    ],
)
def test_invalid_parts_of_an_address_are_dropped(
    search: str, snapshot: Snapshot, client: FlaskClient
) -> None:
    view = view_of(snapshot, "overview", search)
    assert view.dropped
    assert not view.filters
    shown = ask_page(client, "/", search)
    assert "Parts of the address that were ignored" in shown["text"]
    assert "3,000 of 3,000 customers" in shown["text"]


def test_filters_can_select_missing_values() -> None:
    view = read_view("overview", f"?income_band={quote(UNKNOWN)}", lambda _: ("Low", None), ())
    assert view.filters == {"income_band": (None,)}
    assert read_view("overview", view.search(), lambda _: ("Low", None), ()) == view


# ---------- roles


def test_role_counts_only_its_customers(retail: Snapshot, marts: duckdb.DuckDBPyConnection) -> None:
    count = "select count(*) from marts.dim_customers where banking_relationship = 'Retail'"
    assert retail.ask(["customers"]) == marts.execute(count).fetchall()
    assert retail.values("banking_relationship") == ("Retail",)
    due = (
        "select count(*) from marts.fct_customer_recommendations inner join marts.dim_customers "
        "using (customer_key) where banking_relationship = 'Retail'"
    )
    assert retail.ask(["recommendations"], (), {}, "actions") == marts.execute(due).fetchall()
    held = (
        "select sum(balance) from marts.fct_product_holdings inner join marts.dim_customers "
        "using (customer_key) where banking_relationship = 'Retail'"
    )
    assert retail.ask(["product_balance"], (), {}, "products") == marts.execute(held).fetchall()


def test_role_sees_customers_of_its_relationships_or_advisors(
    release: Release, marts: duckdb.DuckDBPyConnection
) -> None:
    advisor = marts.execute("select min(investment_advisor) from marts.dim_customers").fetchone()
    assert advisor
    role = Role(frozenset({"Retail"}), frozenset({advisor[0]}))
    found = open_snapshot(release, role).ask(["customers"])
    wanted = marts.execute(
        "select count(*) from marts.dim_customers where banking_relationship = 'Retail' or "
        "investment_advisor = ?",
        [advisor[0]],
    ).fetchall()
    assert found == wanted


@pytest.mark.parametrize("page", PAGES)
def test_role_sees_no_sums_over_other_customers(
    page: str, retail: Snapshot, snapshot: Snapshot
) -> None:
    closed = {
        block.name
        for block in page_of(retail, page).blocks
        if "your role may not see" in csv_on(retail, page, block).decode()
    }
    wanted = {
        "overview": set(),
        "segmentation": {"moves", "intervals", "clusters"},
        "risk": {"losses", "stress", "stress-deposits", "concentration"},
        "income": set(),
        "products": {"pairs"},
        "recommendations": {"fairness"},
        "quality": {"totals", "profile"},
    }
    assert closed == wanted[page]
    with pytest.raises(HiddenError):
        retail.rows("fct_segment_profiles")
    assert snapshot.rows("fct_segment_profiles")


def test_a_role_without_customers_sees_nothing(release: Release) -> None:
    nobody = open_snapshot(release, Role(frozenset({"No such relationship"})))
    for page in PAGES:
        for block in page_of(nobody, page).blocks:
            csv_on(nobody, page, block)
    assert nobody.ask(["customers"]) == [(0,)]


@pytest.fixture
def users(tmp_path: Path) -> Path:
    file = tmp_path / "access.csv"
    file.write_text(
        "user_name,banking_relationship,investment_advisor\n"
        "ada@bank.example,Retail,\nAda@bank.example,Commercial,\nboard@bank.example,*,\n",
        encoding="utf-8",
    )
    return file


def test_users_are_identified_by_the_proxy_header(users: Path) -> None:
    access = Access(HEADER, users)
    role = access.role_of({HEADER: " ADA@bank.example "}, "127.0.0.1")
    assert role == Role(frozenset({"Retail", "Commercial"}))
    assert role.described == "Customers of Commercial, Retail"
    assert access.role_of({HEADER: "board@bank.example"}, "::1") == EVERYONE
    for headers, address in (
        ({}, "127.0.0.1"),
        ({HEADER: ""}, "127.0.0.1"),
        ({HEADER: "eve@bank.example"}, "127.0.0.1"),
        ({HEADER: "board@bank.example"}, "192.0.2.7"),
        ({HEADER: "board@bank.example"}, None),
    ):
        with pytest.raises(RefusedError):
            access.role_of(headers, address)
    assert Access().role_of({HEADER: "eve@bank.example"}, "192.0.2.7") == EVERYONE
    users.write_text(users.read_text("utf-8") + "eve@bank.example,Retail,\n", encoding="utf-8")
    assert access.role_of({HEADER: "eve@bank.example"}, "127.0.0.1") == RETAIL


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name,relationship\n", "begin with the columns"),
        ("", "begin with the columns"),
        ("user_name,banking_relationship,investment_advisor\nada,,\n", "line 2"),
        ("user_name,banking_relationship,investment_advisor\n,Retail,\n", "line 2"),
        ('user_name,banking_relationship,investment_advisor\n"ada,Retail\n', "not a CSV file"),
    ],
)
def test_invalid_access_file_is_reported(text: str, problem: str, tmp_path: Path) -> None:
    file = tmp_path / "access.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DashboardError, match=problem) as raised:
        read_users(file)
    assert "access.csv" in str(raised.value)


def test_unknown_user_gets_nothing(published: Path, users: Path) -> None:
    snapshots = Snapshots(published, patience=120)
    client = create_app(snapshots, Access(HEADER, users)).server.test_client()
    for path in (
        "/",
        "/risk",
        "/csv/overview/glance.csv",
        "/_dash-layout",
        "/assets/dashboard.css",
    ):
        for headers in ({}, {HEADER: "eve@bank.example"}):
            answer = client.get(path, headers=headers)
            assert answer.status_code == 403
            assert "3,000" not in answer.text
    assert ask_page(client, "/")["status"] == 403
    known = ask_page(client, "/", **{HEADER: "ada@bank.example"})
    assert known["status"] == 200
    assert "Customers of Commercial, Retail" in known["text"]
    assert "Private Bank" not in known["text"]
    dropped = ask_page(
        client, "/", "?banking_relationship=Private+Bank", **{HEADER: "ada@bank.example"}
    )
    assert "Parts of the address that were ignored" in dropped["text"]
    users.unlink()
    assert ask_page(client, "/", **{HEADER: "ada@bank.example"})["status"] == 503
    snapshots.close()


# ---------- responses


@pytest.mark.parametrize("page", PAGES)
def test_every_block_can_be_downloaded(page: str, client: FlaskClient, snapshot: Snapshot) -> None:
    search = "?risk_weighting=3&cell=segment:Savers"
    made = page_of(snapshot, page, search)
    names = [block.name for block in (*made.blocks, *made.detail)]
    assert len(names) == len(set(names))
    for block in (*made.blocks, *made.detail):
        answer = client.get(f"/csv/{page}/{block.name}.csv{search}")
        assert answer.status_code == 200
        assert answer.mimetype == "text/csv"
        assert answer.data == csv_on(snapshot, page, block, search)
        assert answer.data.startswith(b"\xef\xbb\xbf")


def test_downloads_have_unrounded_numbers(client: FlaskClient, snapshot: Snapshot) -> None:
    text = client.get("/csv/overview/glance.csv").data.decode("utf-8-sig")
    rows = {row[0]: row[1] for row in csv.reader(io.StringIO(text))}
    assert rows["Total loans"] == str(snapshot.ask(["total_loans"])[0][0])
    assert rows["Customers"] == "3000"


def test_downloads_are_safe_to_open_in_a_spreadsheet(snapshot: Snapshot) -> None:
    table = Table(
        name="t",
        title="T",
        columns=(Column("=1+1"), Column("n")),
        rows=((Cell.said("=HYPERLINK(1)"), Cell.said(-5)), (Cell.said(" +a"), Cell.said(None))),
    )
    found = list(csv.reader(io.StringIO(csv_on(snapshot, "risk", table).decode("utf-8-sig"))))
    assert [row[:2] for row in found] == [["'=1+1", "n"], ["'=HYPERLINK(1)", "-5"], ["' +a", ""]]


def test_downloads_state_their_origin(client: FlaskClient) -> None:
    search = "?loyalty_classification=Gold&risk_weighting=3&risk_weighting=5"
    answer = client.get(f"/csv/risk/watch-list.csv{search}")
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="risk_watch-list_2021-12-31_release-1_invented_'
        'loyalty-class-gold-risk-weighting-3-5.csv"'
    )
    heads, *rows = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert heads[-4:] == ["Customers counted", "As of", "Release", "Source"]
    filters = "Loyalty class: Gold; Risk weighting: 3, 5"
    assert {tuple(row[-4:]) for row in rows} == {(filters, "2021-12-31", "1", INVENTED)}
    # The losses are always those of all customers, so their file does not mention the filters.
    whole = client.get(f"/csv/risk/losses.csv{search}")
    assert "_invented_all-customers.csv" in whole.headers["Content-Disposition"]
    assert "Gold" not in whole.text
    assert client.get("/csv/risk/watch-list.csv").text.count("all customers") == len(rows)


def test_download_names_are_short_enough(client: FlaskClient, snapshot: Snapshot) -> None:
    search = "?" + "&".join(f"joined_year={year}" for year in snapshot.values("joined_year"))
    answer = client.get(f"/csv/overview/glance.csv{search}")
    name = answer.headers["Content-Disposition"].partition('filename="')[2].rstrip('"')
    assert len(name) <= 160
    assert name.endswith(".csv")
    assert re.fullmatch(r"[a-z0-9_.-]+", name)


def test_downloads_name_the_role(retail: Snapshot) -> None:
    block = block_of(retail, "overview", "glance")
    assert "Customers of Retail" in csv_on(retail, "overview", block).decode()


@pytest.mark.parametrize(
    "path", ["/csv/nowhere/glance.csv", "/csv/overview/nothing.csv", "/csv/overview/detail.csv"]
)
def test_unknown_downloads_are_not_found(path: str, client: FlaskClient) -> None:
    assert client.get(path).status_code == 404


def test_responses_have_a_strict_content_policy(client: FlaskClient) -> None:
    for path in ("/", "/csv/overview/glance.csv", "/assets/dashboard.js", "/nowhere"):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "'unsafe-eval'" not in policy
        assert not re.search(r"script-src[^;]*unsafe", policy)
        assert "http" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
    assert client.get("/").headers["Cache-Control"] == "no-store"


def test_the_page_loads_nothing_from_another_server(client: FlaskClient) -> None:
    page = client.get("/").text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert addresses
    assert all(each.startswith("/") and not each.startswith("//") for each in addresses)
    for asset in Path(cubes.__file__).parent.joinpath("assets").iterdir():
        assert not re.search(r"https?://|url\(", asset.read_text("utf-8"))


def test_other_methods_and_large_bodies_are_refused(client: FlaskClient) -> None:
    assert client.post("/csv/overview/glance.csv").status_code == 405
    assert client.delete("/").status_code == 405
    large = client.post("/_dash-update-component", data=b"x" * 200_000)
    assert large.status_code in (413, 415)


def test_unknown_page_is_reported(client: FlaskClient) -> None:
    assert "There is no page with this name" in ask_page(client, "/nowhere")["text"]


# ---------- releases


def test_dashboard_without_a_release_shows_the_publish_command(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path)
    with pytest.raises(NoReleaseError):
        snapshots.current(EVERYONE)
    client = create_app(snapshots, Access()).server.test_client()
    text = ask_page(client, "/")["text"]
    assert "Nothing is published yet" in text
    assert f"bank publish --publish-dir {tmp_path}" in text
    assert client.get("/csv/overview/glance.csv").status_code == 503
    snapshots.close()


def copy_release(published: Path, folder: Path, number: int) -> None:
    """Copy the current release to a folder, with this number, and make the copy current there."""
    source = current_release(published).path
    target = folder / str(number)
    target.mkdir(parents=True)
    for name in (DATABASE, METRICS):
        (target / name).hardlink_to(source / name)
    manifest = json.loads((source / "manifest.json").read_text("utf-8")) | {"release": number}
    (target / "manifest.json").write_text(json.dumps(signed(manifest)), encoding="utf-8")
    (folder / "current").write_text(f"{number}\n", encoding="utf-8")


def test_a_new_release_is_shown_when_it_is_ready_and_not_before(
    published: Path, tmp_path: Path
) -> None:
    copy_release(published, tmp_path, 1)
    go_on = threading.Event()

    def opened(release: Release, role: Role) -> Snapshot:
        if release.number == 2:
            assert go_on.wait(60)
        return open_snapshot(release, role)

    snapshots = Snapshots(tmp_path, patience=120, opened=opened)
    assert snapshots.current(EVERYONE).release.number == 1
    copy_release(published, tmp_path, 2)
    assert snapshots.current(EVERYONE).release.number == 1
    go_on.set()
    until = time.monotonic() + 60
    while snapshots.current(EVERYONE).release.number == 1:
        assert time.monotonic() < until
        time.sleep(0.02)
    assert snapshots.current(EVERYONE).release.number == 2
    (tmp_path / "current").write_text("1\n", encoding="utf-8")
    until = time.monotonic() + 60
    while snapshots.current(EVERYONE).release.number == 2:
        assert time.monotonic() < until
        time.sleep(0.02)
    snapshots.close()


def test_first_reader_is_asked_to_wait(published: Path, tmp_path: Path) -> None:
    copy_release(published, tmp_path, 1)
    go_on = threading.Event()

    def opened(release: Release, role: Role) -> Snapshot:
        assert go_on.wait(60)
        return open_snapshot(release, role)

    snapshots = Snapshots(tmp_path, patience=0.01, opened=opened)
    snapshots.prepare(EVERYONE)
    with pytest.raises(PreparingError):
        snapshots.current(EVERYONE)
    client = create_app(snapshots, Access()).server.test_client()
    assert "is being prepared" in ask_page(client, "/")["text"]
    go_on.set()
    snapshots.close()
    assert snapshots.current(EVERYONE).release.number == 1


@pytest.mark.parametrize("damage", ["database", "metrics", "manifest"])
def test_damaged_release_is_reported_with_the_remedy(
    damage: str, published: Path, tmp_path: Path
) -> None:
    copy_release(published, tmp_path, 1)
    name = {"database": DATABASE, "metrics": METRICS, "manifest": "manifest.json"}[damage]
    (tmp_path / "1" / name).unlink()
    (tmp_path / "1" / name).write_text("nothing", encoding="utf-8")
    snapshots = Snapshots(tmp_path, patience=120)
    client = create_app(snapshots, Access()).server.test_client()
    text = ask_page(client, "/")["text"]
    assert "This release cannot be shown" in text
    assert "publish" in text
    copy_release(published, tmp_path, 2)
    assert ask_page(client, "/")["release"] == 2
    snapshots.close()


@pytest.mark.parametrize("name", [DATABASE, METRICS])
def test_edited_figures_are_not_shown(name: str, published: Path, tmp_path: Path) -> None:
    copy_release(published, tmp_path, 1)
    file = tmp_path / "1" / name
    content = bytearray(file.read_bytes())
    file.unlink()  # a hard link: writing to it would change the original release
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    snapshots = Snapshots(tmp_path, patience=120)
    client = create_app(snapshots, Access()).server.test_client()
    text = ask_page(client, "/")["text"]
    assert "This release cannot be shown" in text
    assert f"{name} is missing, or differs from the file published as release 1" in text
    assert "bank rollback" in text
    snapshots.close()


def test_unexpected_error_is_logged_but_not_shown(
    published: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    snapshots = Snapshots(published, patience=120)
    client = create_app(snapshots, Access()).server.test_client()

    def fail(*_: object) -> None:
        message = "an internal secret"
        raise RuntimeError(message)

    monkeypatch.setattr("bank_warehouse.dashboard.layout.make_page", fail)
    text = ask_page(client, "/")["text"]
    assert "This page cannot be shown" in text
    assert "secret" not in text
    assert "an internal secret" in caplog.text
    snapshots.close()


def test_release_has_the_metric_definitions_of_the_build(
    release: Release, built_target: Path
) -> None:
    ours = load_metrics(release.path / METRICS)
    assert ours == load_metrics(built_target / "semantic_manifest.json")


# ---------- the export


def test_export_has_all_pages_and_no_external_content(
    snapshot: Snapshot, published: Path, tmp_path: Path
) -> None:
    target = tmp_path / "pages.html"
    size = write_export(published, target)
    text = target.read_text("utf-8")
    assert size == target.stat().st_size < 600_000
    for title, _ in PAGES.values():
        assert f">{title}</h1>" in text
    assert f"{snapshot.ask(['total_loans'])[0][0]:,.2f}" in text
    assert "<script" not in text
    assert "Choose one" not in text
    assert re.findall(r'(?:src|href)="(?!#)', text) == []
    elsewhere = set(re.findall(r"https?://[^\"' <]+", text))
    assert elsewhere <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    charts = [
        block for name in PAGES for block in page_of(snapshot, name).blocks
        if isinstance(block, Chart)
    ]  # fmt: skip
    assert len(charts) >= 8
    assert text.count('class="plot"') == len(charts)
    assert text.count(INVENTED) == 1
    assert export(snapshot) == text


def test_export_that_cannot_be_written_is_reported(published: Path, tmp_path: Path) -> None:
    target = tmp_path / "no such folder" / "pages.html"
    arguments = ["dashboard", "--publish-dir", str(published), "--export", str(target)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert f"there is no folder {target.parent}." in result.output
    assert list(tmp_path.iterdir()) == []


# ---------- the command


def test_the_command_writes_the_export(published: Path, tmp_path: Path) -> None:
    target = tmp_path / "pages.html"
    arguments = ["dashboard", "--publish-dir", str(published), "--export", str(target)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert "KiB" in result.output
    assert target.is_file()
    missing = CliRunner().invoke(
        main, ["dashboard", "--publish-dir", str(tmp_path), "--export", str(target)]
    )
    assert missing.exit_code == 2
    assert f"`bank publish --publish-dir {tmp_path}`" in missing.output
    absent = CliRunner().invoke(main, ["dashboard", "--publish-dir", str(tmp_path / "absent")])
    assert absent.exit_code == 2
    assert f"There is no release in {tmp_path / 'absent'}." in absent.output


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--user-header", HEADER], "--access-file"),
        (["--access-file", "{users}"], "--user-header"),
        (["--access-file", "nowhere.csv"], "does not exist"),
        (["--host-name", "http://bank.example"], "not a host name"),
        (["--host", "192.0.2.7", "--port", "8050"], "Cannot listen on 192.0.2.7"),
    ],
)
def test_unusable_options_are_refused(
    options: list[str], problem: str, users: Path, published: Path
) -> None:
    given = [each.replace("{users}", str(users)) for each in options]
    result = CliRunner().invoke(main, ["dashboard", "--publish-dir", str(published), *given])
    assert result.exit_code != 0
    assert problem in result.output


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without a signal")
def test_sigterm_ends_the_server_and_its_cube_process(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    command = ["-m", "bank_warehouse", "dashboard", "--port", "0", "--publish-dir", str(published)]
    with subprocess.Popen([sys.executable, "-u", *command], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert b"end with Ctrl+C" in server.stdout.readline()
        # Meanwhile, another process is creating the release's cubes.
        server.terminate()
        assert server.stdout.read() == b"Ended.\n"
    assert server.returncode == 0
    assert names(tmp_path) == []


def test_unknown_name_in_the_access_file_is_logged(
    release: Release, capfd: pytest.CaptureFixture[str]
) -> None:
    role = Role(frozenset({"Retail", "Retial"}))
    open_snapshot(release, role)
    assert (
        "The access file contains an unknown name. No customer of the release has the banking "
        "relationship 'Retial'; known names: Commercial, Institutional, Private Bank, Retail.\n"
    ) in capfd.readouterr().err
    open_snapshot(release, RETAIL)
    assert capfd.readouterr().err == ""


def test_known_names_are_suggested_by_similarity(release: Release) -> None:
    with duckdb.connect(str(release.path / DATABASE), read_only=True) as connection:
        (warning,) = unknown_names(connection, Role(frozenset(), frozenset({"pia dejesus"})))
    known = warning.partition("known names: ")[2]
    assert known.startswith("Pia Dejesus, ")
    assert re.fullmatch(r".* and \d+ more\.", known)


def test_loopback_addresses_are_recognised() -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    assert is_loopback("localhost")
    assert not is_loopback("0.0.0.0")  # noqa: S104
    assert not is_loopback("bank.example")


def test_opening_a_release_does_not_change_its_database(published: Path, tmp_path: Path) -> None:
    copy = tmp_path / "published"
    shutil.copytree(published, copy, symlinks=True)
    release = current_release(copy)
    before = (release.path / DATABASE).read_bytes()
    open_snapshot(release, EVERYONE)
    assert (release.path / DATABASE).read_bytes() == before
    assert not list(release.path.glob("*.wal"))
