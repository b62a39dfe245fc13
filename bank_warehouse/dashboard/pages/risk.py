"""Credit and risk: where the exposure is, and what is linked to a higher risk weighting."""

from collections.abc import Mapping, Sequence
from functools import partial
from math import log
from typing import Any

from bank_warehouse.answers import labels
from bank_warehouse.answers.sentences import strongest
from bank_warehouse.dashboard import hints
from bank_warehouse.dashboard.drawings import DOT, Axis, Plot, Shape, intervals, round_ticks
from bank_warehouse.dashboard.numbers import axis_text, exact
from bank_warehouse.dashboard.page_model import Cell, Chart, Column, Page, Table
from bank_warehouse.dashboard.pages.context import IN_CELLS, Context, result
from bank_warehouse.numbers import share

TILES = (
    "act_customers",
    "watch_list_customers",
    "total_loans",
    "mean_risk_weighting",
    "overleveraged_share",
    "debt_to_income_ratio",
)
SHOWN = tuple(name for name in IN_CELLS if name != "mean_risk_weighting")
"""Metrics for heat maps by risk weighting: all but the mean risk weighting itself."""

PAIRS = (
    ("income-risk", "risk-by-income", "Income and risk", "income_band"),
    ("loyalty-risk", "", "Loyalty class and risk", "loyalty_classification"),
    ("cards-risk", "", "Credit cards and risk", "amount_of_credit_cards"),
)
FIT = "business facts"
ROOM = 15
"""Number of drivers drawn; more if a real one would be left out."""
ODDS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
BASELINE = "baseline"


def make(context: Context) -> Page:
    """Return the page."""
    chosen, menu = context.choose_metric(SHOWN[0], SHOWN)
    heats = tuple(
        context.heat(
            name,
            context.title(answer, title),
            dimension,
            "risk_weighting",
            chosen,
            choices=(menu,),
        )
        for name, answer, title, dimension in PAIRS
    )
    return Page(
        "risk",
        "Credit and risk",
        context.lead(
            "losses",
            "Who needs a decision, where the loans at risk are, and what is linked to the risk "
            "weighting.",
        ),
        (
            context.tiles("glance", TILES),
            heats[0],
            context.bars(
                "watch-list",
                "Loans by watch-list level",
                "watch_list_level",
                "total_loans",
                mark=None,
                note="Set by this report's rules: more, or more serious, warnings raise the level.",
            ),
            *heats[1:],
            _drivers(context),
            context.whole("losses", "Assumed losses", lambda: _losses(context)),
            *(
                context.whole(name, title, partial(_stress, context, name, title, measure))
                for name, title, measure in (
                    ("stress", "Losses under stress", "expected_loss"),
                    ("stress-deposits", "Deposits under stress", "total_deposits"),
                )
            ),
            context.whole(
                "concentration",
                "How concentrated balances are",
                lambda: _lorenz(context, ("total_deposits", "total_loans"), "concentration"),
            ),
        ),
    )  # fmt: skip


def _drivers(context: Context) -> Chart:
    """Return the drivers of the risk weighting, the strongest first."""
    mart = "fct_risk_drivers"
    real = strongest(context.snapshot)
    found = sorted(
        (
            row
            for row in context.snapshot.rows(mart)
            if row["fit"] == FIT and row["odds_ratio"] is not None
        ),
        key=lambda row: -abs(row["coefficient"]),
    )
    # The weakest drivers may be left out, but never a real one.
    last = max((place for place, row in enumerate(found) if row in real), default=-1)
    drawn = found[: max(ROOM, last + 1)]
    head = found[0] if found else {}
    explained = head.get("explained_variation")
    more = f" Together, all facts explain {explained:.0%} of its variation." if explained else ""
    if len(found) > len(drawn):
        more += f" The table adds {len(found) - len(drawn)} weaker facts, which could be chance."
    return Chart(
        name="drivers",
        title=context.title("drivers", "What is linked to a higher risk weighting"),
        note="How the odds of a higher risk weighting change among otherwise similar customers: "
        "for one standard deviation more, or for a group compared with the largest one. Pale: "
        "could be chance. Read bank deposits together with checking and savings balances: they "
        "can move together, so one line alone can mislead. The risk weighting is the bank's own "
        "class: this shows how it is assigned, not who defaults." + more,
        is_whole=True,
        width="half tall",
        plot=_odds(drawn, real) if drawn else None,
        summary="What is linked to the risk weighting, the strongest first: "
        + "; ".join(
            f"{_driver(row)}: {labels.value('direction', row['direction']).lower()}"
            for row in drawn[:4]
        )
        + ".",
        table=Table(
            name="drivers",
            title="Drivers of the risk weighting",
            is_whole=True,
            columns=(
                result("driver", "Driver", is_number=False),
                result("odds_ratio", "Odds ratio"),
                result("coefficient", "Coefficient"),
                result("coefficient_lower", "95% from"),
                result("coefficient_upper", "95% to"),
                result("direction", "Direction", is_number=False),
            ),
            rows=tuple(
                (
                    Cell.said(_driver(row)),
                    *(
                        Cell(f"{row[column]:.3f}", row[column])
                        for column in (
                            "odds_ratio",
                            "coefficient",
                            "coefficient_lower",
                            "coefficient_upper",
                        )
                    ),
                    Cell.said(
                        labels.value("direction", row["direction"])
                        if row in real
                        else "Could be chance",
                        tone="" if row in real else "soft",
                    ),
                )
                for row in found
            ),
            empty="This release has no drivers.",
        ),
    )


def _driver(row: Mapping[str, Any]) -> str:
    name = labels.name(row["driver"])
    return name if row["reference_level"] is None else f"{name}: {row['level']}"


def _odds(drawn: Sequence[Mapping[str, Any]], real: Sequence[Mapping[str, Any]]) -> Plot:
    low = min(row["coefficient_lower"] for row in drawn)
    high = max(row["coefficient_upper"] for row in drawn)
    return intervals(
        [_driver(row) for row in drawn],
        [row["coefficient"] for row in drawn],
        [(row["coefficient_lower"], row["coefficient_upper"]) for row in drawn],
        Axis(
            "Odds ratio (below 1: lower risk weighting, above 1: higher)",
            min(low, 0.0),
            max(high, 0.0),
            tuple((log(odds), f"{odds:g}") for odds in ODDS if low <= log(odds) <= high),
        ),
        tones=["first" if row in real else "muted" for row in drawn],
        tips=[
            f"{_driver(row)}: odds ratio {row['odds_ratio']:.2f}"
            + ("" if row in real else "; could be chance")
            for row in drawn
        ],
        reference=0.0,
    )


def _losses(context: Context) -> Table:
    """Return the shares of loans and assumed losses by risk weighting."""
    lent: dict[int, Any] = {}
    lost: dict[int, Any] = {}
    for row in context.snapshot.rows("fct_expected_losses", "risk_weighting, product"):
        place = row["risk_weighting"]
        lent[place] = lent.get(place, 0) + row["exposure"]
        lost[place] = lost.get(place, 0) + row["expected_loss"]
    loans, losses = sum(lent.values()), sum(lost.values())
    loss = context.snapshot.metric("expected_loss")

    def part(number: Any, whole: Any) -> Cell:
        found = float(number / whole) if whole else 0.0
        return Cell(f"{found:.1%}", found, share=found)

    return Table(
        name="losses",
        title=context.title("losses", "Assumed losses by risk weighting"),
        note=context.support("losses")
        or "Assumed losses per year: balances times assumed default and loss rates. The data "
        "contain no defaults.",
        is_whole=True,
        columns=(
            Column(context.axis("risk_weighting"), hints.DIMENSIONS["risk_weighting"], False),
            Column("Share of loans"),
            Column("Share of assumed losses"),
            context.column("expected_loss"),
        ),
        rows=tuple(
            (
                Cell(str(place), place),
                part(lent[place], loans),
                part(lost[place], losses),
                Cell.of(lost[place], loss),
            )
            for place in sorted(lent)
        ),
        empty="There are no loans.",
    )


def _stress(context: Context, name: str, title: str, measure: str) -> Chart:
    """Return a measure by scenario, with its range if one assumption is too low or too high."""
    found = [
        row for row in context.snapshot.rows("fct_stress_results") if row["measure"] == measure
    ]
    # The baseline comes first, then the scenarios from worst to best. The worst loss is the highest
    # one; the worst value of any other measure is the lowest.
    worst = -1 if measure == "expected_loss" else 1
    found = sorted(
        found, key=lambda row: (row["scenario"] != BASELINE, worst * row["stressed_value"])
    )
    shifted: dict[str, list[Any]] = {}
    errors = set()
    for row in context.snapshot.rows("fct_stress_sensitivity"):
        if row["measure"] == measure:
            shifted.setdefault(row["scenario"], []).append(row["shifted_value"])
            errors.add(abs(row["relative_error"]))
    money = context.snapshot.metric("expected_loss")
    ends = [
        (
            float(min([row["stressed_value"], *shifted.get(row["scenario"], [])])),
            float(max([row["stressed_value"], *shifted.get(row["scenario"], [])])),
        )
        for row in found
    ]
    off = " or ".join(f"{error:.0%}" for error in sorted(errors))
    shifts = " result if one assumption is higher or lower."
    high = max((end for _, end in ends), default=1.0)
    base = next((float(row["stressed_value"]) for row in found if row["scenario"] == BASELINE), 0.0)
    names = [labels.name(row["scenario"]) for row in found]
    return Chart(
        name=name,
        title=context.title("stress", title)
        if name == "stress"
        else _outflow(context, found, title),
        note="Scenarios are assumptions, not forecasts. Thin lines: the range of each "
        f"scenario if one assumption is {off} higher or lower. Dashed line: the baseline."
        if off
        else "Scenarios are assumptions, not forecasts. Dashed line: the baseline.",
        is_whole=True,
        plot=intervals(
            names,
            [float(row["stressed_value"]) for row in found],
            ends,
            Axis(
                f"{labels.name(measure)} (in the currency of the bank's data)",
                0.0,
                high * 1.03,
                tuple((at, axis_text(at, money)) for at in round_ticks(0.0, high)),
            ),
            tones=["second" if row["scenario"] == BASELINE else "first" for row in found],
            tips=[
                f"{label}: {exact(row['stressed_value'], money)}"
                for label, row in zip(names, found, strict=True)
            ],
            is_barred=True,
            reference=base,
        )
        if found
        else None,
        summary="; ".join(
            f"{label} {exact(row['stressed_value'], money)}"
            for label, row in zip(names, found, strict=True)
        )
        + ".",
        table=Table(
            name=name,
            title=title,
            is_whole=True,
            columns=(
                Column("Scenario", "", False),
                Column(labels.name(measure)),
                Column("Against the baseline"),
                Column("Lowest", f"The lowest{shifts}"),
                Column("Highest", f"The highest{shifts}"),
            ),
            rows=tuple(
                (
                    Cell.said(label),
                    Cell.of(row["stressed_value"], money),
                    Cell(
                        f"{row['relative_change']:+.0%}" if row["relative_change"] else "0%",
                        row["relative_change"],
                    )
                    if row["relative_change"] is not None
                    else Cell.said(None),
                    Cell.of(low, money),
                    Cell.of(top, money),
                )
                for label, row, (low, top) in zip(names, found, ends, strict=True)
            ),
            empty="This release has no scenarios.",
        ),
    )


def _outflow(context: Context, found: Sequence[Mapping[str, Any]], otherwise: str) -> str:
    """Return a title about the scenario in which deposits fall most."""
    falls = [row for row in found if (row["relative_change"] or 0) < 0]
    if context.view.filters or not falls:
        return otherwise
    worst = min(falls, key=lambda row: (row["relative_change"], row["scenario"]))
    return (
        f"{labels.name(worst['scenario'])} assumes the largest outflow: "
        f"{share(-worst['relative_change'])} of deposits"
    )


def _lorenz(context: Context, measures: tuple[str, ...], name: str) -> Chart:
    """Return the Lorenz curves of measures, with the share of the top tenth."""
    mart = "fct_balance_concentration"
    rows = context.snapshot.rows(mart, "measure, percentile")
    curves = {
        measure: points
        for measure in measures
        if (points := [row for row in rows if row["measure"] == measure])
    }
    tones = ("first", "second")
    shapes = [Shape("line", ((0.0, 0.0), (100.0, 1.0)), "reference")]
    figures = []
    for tone, (measure, points) in zip(tones, curves.items(), strict=False):
        line = [(0.0, 0.0), *((row["percentile"], row["cumulative_share"]) for row in points)]
        top = points[0]["top_decile_share"]
        label = labels.name(measure)
        shapes.append(Shape("line", tuple(line), tone))
        tip = f"{label}: the top tenth of customers has {top:.0%}"
        shapes.append(Shape("dot", ((90.0, 1 - top),), tone, DOT, tip=tip))
        figures.append({**points[0], "label": label})
    for place, row in enumerate(figures):
        at = ((98.0, 0.13 - 0.09 * place),)
        text = f"Top tenth: {row['top_decile_share']:.0%} of {row['label'].lower()}"
        shapes.append(Shape("text", at, f"right {tones[place]}", text=text))
    shares = tuple((part / 4, f"{part / 4:.0%}") for part in range(5))
    parts = tuple((float(part), f"{part}%") for part in (0, 25, 50, 75, 90))
    return Chart(
        name=name,
        title=context.title("concentration", "How concentrated balances are"),
        note="The further a curve is below the straight line, the more a few customers hold.",
        is_whole=True,
        plot=Plot(
            Axis("Customers, from the lowest amount to the highest", 0.0, 100.0, parts),
            Axis("Their share of the amount", 0.0, 1.0, shares),
            tuple(shapes),
            height=19.0,
            legend=(
                *((tone, row["label"]) for tone, row in zip(tones, figures, strict=False)),
                ("reference", "If all were equal"),
            ),
        )
        if figures
        else None,
        summary=" ".join(
            f"The top tenth of customers has {row['top_decile_share']:.0%} of "
            f"{row['label'].lower()}; Gini {row['gini']:.2f}."
            for row in figures
        ),
        table=Table(
            name=name,
            title="Concentration",
            is_whole=True,
            columns=(
                result("measure", "Measure", is_number=False),
                result("top_decile_share", "Top tenth holds"),
                result("gini", "Gini"),
                result("herfindahl_index", "Herfindahl index"),
            ),
            rows=tuple(
                (
                    Cell.said(row["label"]),
                    Cell(f"{row['top_decile_share']:.1%}", row["top_decile_share"]),
                    Cell(f"{row['gini']:.3f}", row["gini"]),
                    Cell(f"{row['herfindahl_index']:.6f}", row["herfindahl_index"]),
                )
                for row in figures
            ),
        ),
    )
