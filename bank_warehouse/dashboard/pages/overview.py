"""Overview: the main answers, and the figures behind them."""

from dataclasses import replace
from datetime import date
from typing import Any

from bank_warehouse.dashboard.numbers import short
from bank_warehouse.dashboard.page_model import Answer, Answers, Cell, Column, Page, Table, Tiles
from bank_warehouse.dashboard.pages.context import SHARE_OF_ROW, Context
from bank_warehouse.dashboard.pages.recommendations import METRICS
from bank_warehouse.dashboard.pages.segmentation import bubbles
from bank_warehouse.dashboard.snapshots import HiddenError
from bank_warehouse.dashboard.views import View
from bank_warehouse.numbers import day

TILES = (
    "customers",
    "total_loans",
    "total_deposits",
    "fee_income",
    "loan_to_deposit_ratio",
    "overleveraged_share",
    "watch_list_customers",
    "act_customers",
)
TOP = 6


def make(context: Context) -> Page:
    """Return the page. Answers about all customers come first, or last if filters are set."""
    said = _answers(context)
    return Page(
        "overview",
        "Overview",
        "What to know first, and the figures behind it.",
        (
            *(() if context.view.filters else said),
            _glance(context),
            bubbles(context, height=24.0),
            context.heat(
                "risk-by-income",
                context.title("risk-by-income", "Risk weighting by income"),
                "income_band",
                "risk_weighting",
                SHARE_OF_ROW.name,
                note="How the customers of each income band are spread over the risk weightings.",
            ),
            context.whole(
                "actions", "Actions furthest from their target", lambda: _actions(context)
            ),
            *(said if context.view.filters else ()),
        ),
    )


def _answers(context: Context) -> tuple[Answers, ...]:
    first = context.snapshot.answers.first
    if not first:
        return ()
    return (
        Answers(
            name="answers",
            title="In short",
            is_whole=True,
            answers=tuple(
                Answer(
                    one.sentence,
                    one.support,
                    one.statistics,
                    "Look closer" if one.page != "overview" else "",
                    View(one.page).address() if one.page != "overview" else "",
                )
                for one in first
            ),
        ),
    )


def _glance(context: Context) -> Tiles:
    values = dict(zip(TILES, context.ask(TILES)[0], strict=True))
    since, before = _before(context)
    tiles = []
    for name in TILES:
        aside = ""
        if name in before and since is not None:
            change = values[name] - before[name]
            metric = context.snapshot.metric(name)
            sign = "+" if change > 0 else ""
            aside = (
                f"{sign}{short(change, metric)} since {day(since)}"
                if change
                else (f"unchanged since {day(since)}")
            )
        tiles.append(context.tile(name, values, aside))
    return Tiles(name="glance", title="At a glance", tiles=tuple(tiles))


def _before(context: Context) -> tuple[date | None, dict[str, Any]]:
    """Return the previous date and its figures; None and no figures if they cannot be shown."""
    if context.view.filters:
        return None, {}
    try:
        segments = context.migrations("fct_segment_migrations")
        risks = context.migrations("fct_risk_migrations")
    except HiddenError:
        return None, {}
    there = [row for row in segments if row["from_segment"] != "joined"]
    if not there:
        return None, {}
    listed = [row for row in risks if row["from_watch_list_level"] not in ("joined", "none")]
    return there[0]["from_date"], {
        "customers": sum(row["customers"] for row in there),
        "total_loans": sum(row["from_total_loans"] for row in there),
        "total_deposits": sum(row["from_total_deposits"] for row in there),
        "watch_list_customers": sum(row["customers"] for row in listed),
        "act_customers": sum(
            row["customers"] for row in listed if row["from_watch_list_level"] == "act"
        ),
    }


def _actions(context: Context) -> Table:
    """Return the actions furthest from their target."""
    texts = {row["action"]: row for row in context.snapshot.rows("actions")}
    due = context.ask(METRICS, ["action"], "actions")
    gaps = sorted((row for row in due if row[3]), key=lambda row: -row[3])
    found = gaps[:TOP]
    most = float(found[0][3]) if found else 1.0
    number, _, gap = (context.snapshot.metric(name) for name in METRICS)
    return Table(
        name="actions",
        title=context.title("actions", "Actions furthest from their target"),
        note=f"The {len(found)} largest of {len(gaps)} gaps. The page Actions shows all "
        f"{len(due)} actions due.",
        columns=(
            Column("Action", "", False),
            context.column("gap_to_close"),
            context.column("recommendations", "Customers"),
        ),
        rows=tuple(
            (
                Cell.said(
                    texts[action]["action_name"],
                    replace(context.view, page="recommendations", cell=()).address(),
                ),
                replace(Cell.of(value, gap), share=float(value) / most),
                Cell.of(customers, number),
            )
            for action, customers, _, value in found
        ),
        empty="No action closes a gap for these customers.",
    )
