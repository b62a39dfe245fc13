"""Segmentation: how groups of customers differ, and whether the difference is real."""

from dataclasses import replace
from math import sqrt

from bank_warehouse.answers import labels
from bank_warehouse.dashboard.drawings import DOT, Axis, Plot, Shape, flow, intervals, round_ticks
from bank_warehouse.dashboard.numbers import axis_text, exact
from bank_warehouse.dashboard.page_model import (
    Block,
    Cell,
    Chart,
    Choice,
    Column,
    Note,
    Page,
    Table,
)
from bank_warehouse.dashboard.pages.context import IN_CELLS, ORDERED, TESTED, Context, result
from bank_warehouse.dashboard.snapshots import HiddenError
from bank_warehouse.dashboard.views import text_of
from bank_warehouse.metrics import Metric
from bank_warehouse.numbers import day

IN_TABLE = (
    "customers",
    "mean_total_loans",
    "mean_total_deposits",
    "mean_fee_income",
    "mean_tenure",
    "loan_to_deposit_ratio",
    "overleveraged_share",
    "watch_list_share",
)
LARGEST = 2.1
"""Radius of the largest segment's bubble, relative to the page's text size."""


def money_axis(label: str, most: float, metric: Metric) -> Axis:
    """Return an axis for amounts, starting at 0."""
    high = most or 1.0
    ticks = tuple((at, axis_text(at, metric)) for at in round_ticks(0.0, high))
    return Axis(label, 0.0, high, ticks)


def make(context: Context) -> Page:
    """Return the page."""
    chosen, menu = context.choose_metric("mean_total_loans")
    in_cells, cell_menu = context.choose_metric(IN_CELLS[0], IN_CELLS)
    dimension, dimensions = context.choose_dimension("loyalty_classification")
    return Page(
        "segmentation",
        "Segmentation",
        context.lead(
            "segments",
            "How groups of customers differ, and which of these differences to act on.",
        ),
        (
            bubbles(context),
            _compared(context, dimension, chosen, (dimensions, menu)),
            context.whole(
                "intervals",
                "How certain are the means?",
                lambda: _intervals(context, dimension, chosen),
            ),
            *_moves(context),
            _segments(context),
            _differences(context, dimension),
            context.whole("clusters", "Groups by balances alone", lambda: _clusters(context)),
            context.heat(
                "loyalty-occupation",
                "Occupation families by loyalty class",
                "occupation_family",
                "loyalty_classification",
                in_cells,
                choices=(cell_menu,),
                width="full",
            ),
        ),
    )


def bubbles(context: Context, height: float = 22.0) -> Chart:
    """Return segments as bubbles by their mean deposits and loans."""
    names = ("customers", "mean_total_deposits", "mean_total_loans", "loan_to_deposit_ratio")
    # The table of segments uses the same query, so its result is cached.
    places = [IN_TABLE.index(name) + 1 for name in names]
    answers = [(row[0], *(row[at] for at in places)) for row in context.ask(IN_TABLE, ["segment"])]
    found = sorted((row for row in answers if row[2] is not None), key=lambda row: -row[1])
    number, deposits, loans, ratio = (context.snapshot.metric(name) for name in names)
    plot = None
    if found:
        widest = max(float(row[2]) for row in found) * 1.18
        highest = max(float(row[3]) for row in found) * 1.18
        even = min(widest, highest)
        shapes = [
            Shape("line", ((0.0, 0.0), (even, even)), "reference"),
            Shape("text", ((even * 0.6, even * 0.565),), "muted start", text="loans = deposits"),
        ]
        most = found[0][1]
        for segment, customers, held, owed, cover in found:
            at = ((float(held), float(owed)),)
            tip = (
                f"{segment}: {customers:,} customers, mean deposits {exact(held, deposits)}, mean "
                f"loans {exact(owed, loans)}, {exact(cover, ratio)} in loans for each 1.00 in "
                "deposits"
            )
            behind = context.cell_address(("segment", segment))
            size = max(LARGEST * sqrt(customers / most), DOT)
            shapes.append(Shape("dot", at, "first bubble", size, tip=tip, href=behind))
        shapes += _labels(
            [(float(row[2]), float(row[3]), text_of(row[0])) for row in found], widest, highest
        )
        plot = Plot(
            money_axis("Mean deposits of a customer", widest, deposits),
            money_axis("Mean loans of a customer", highest, loans),
            tuple(shapes),
            height=height,
        )
    largest = text_of(found[0][0]) if found else ""
    return Chart(
        name="segments-map",
        title=context.title("segments", "Segments by loans and deposits"),
        note="The larger the circle, the more customers; above the line they owe more than they "
        "hold.",
        width="half tall",
        plot=plot,
        summary=f"Segments by mean deposits and mean loans; the largest is {largest}. The table "
        "has the figures.",
        table=Table(
            name="segments-map",
            title="Segments by loans and deposits",
            columns=(
                context.head("segment"),
                *(context.column(name) for name in names),
            ),
            rows=tuple(
                (
                    context.value_cell("segment", row[0]),
                    *(
                        Cell.of(value, metric)
                        for value, metric in zip(
                            row[1:], (number, deposits, loans, ratio), strict=True
                        )
                    ),
                )
                for row in found
            ),
        ),
    )


def _labels(points: list[tuple[float, float, str]], widest: float, highest: float) -> list[Shape]:
    """Return names at points; a name that would overlap another is moved up."""
    placed: list[tuple[float, float]] = []
    shapes = []
    for x, y, name in sorted(points, key=lambda point: point[1]):
        while any(abs(x - x2) < 0.3 * widest and y - y2 < 0.11 * highest for x2, y2 in placed):
            y += 0.01 * highest
        placed.append((x, y))
        shapes.append(Shape("text", ((x, y),), "middle", text=name))
    return shapes


def _moves(context: Context) -> tuple[Block, ...]:
    """Return the moves between segments, if there is a previous date."""
    try:
        found = context.migrations("fct_segment_migrations")
    except HiddenError as hidden:
        return (Note(name="moves", title="Who moved", text=str(hidden), is_whole=True),)
    if not found:
        return ()
    order = [text_of(value) for value in context.snapshot.values("segment")]
    order = ["Joined", *order, "Left"]
    moves = [
        (_end(row["from_segment"]), _end(row["to_segment"]), row["customers"]) for row in found
    ]
    order += sorted({end for move in moves for end in move[:2]} - set(order))
    since, until = found[0]["from_date"], found[0]["to_date"]
    changed = sorted((row for row in moves if row[0] != row[1]), key=lambda row: -row[2])
    total = context.snapshot.metric("customers")
    return (
        Chart(
            name="moves",
            title=context.title("segment-moves", f"Who moved since {day(since)}"),
            note="The wider a band, the more customers.",
            is_whole=True,
            width="full",
            plot=flow(
                [(source, target, float(number)) for source, target, number in moves],
                order,
                day(since),
                day(until),
            ),
            summary=f"{sum(row[2] for row in changed):,} customers changed segment, joined or "
            f"left between {day(since)} and {day(until)}; the table has the figures.",
            table=Table(
                name="moves",
                title="Who moved",
                is_whole=True,
                columns=(
                    Column("From", "", False),
                    Column("To", "", False),
                    context.column("customers"),
                ),
                rows=tuple(
                    (Cell.said(source), Cell.said(target), Cell.of(number, total))
                    for source, target, number in changed
                ),
                empty="Nobody moved.",
            ),
        ),
    )


def _end(segment: str) -> str:
    return segment.capitalize() if segment in ("joined", "left") else segment


def _compared(context: Context, dimension: str, metric: str, choices: tuple[Choice, ...]) -> Table:
    label = context.snapshot.metric(metric).label
    return context.bars(
        "compare",
        f"{label} by {context.label(dimension).lower()}",
        dimension,
        metric,
        choices=choices,
        note="" if context.view.by else context.lead("no-difference", ""),
    )


def _intervals(context: Context, dimension: str, metric: str) -> Chart:
    """Return the means of a metric by group, over all customers, with confidence intervals.

    If the metric has no intervals, return mean loans instead.
    """
    measure = TESTED.get(metric, "")
    found = [
        row
        for row in context.snapshot.rows("fct_segment_profiles", "dimension, value")
        if row["dimension"] == dimension and row["mean_total_loans"] is not None
    ]
    if not found or f"mean_{measure}_lower" not in found[0]:
        measure = "total_loans"
        metric = "mean_total_loans"
    defined = context.snapshot.metric(metric)
    order = {
        text_of(value): place for place, value in enumerate(context.snapshot.values(dimension))
    }
    found.sort(key=lambda row: order.get(row["value"], len(order)))
    if dimension not in ORDERED:
        found.sort(key=lambda row: -(row[f"mean_{measure}"] or 0))
    columns = [f"mean_{measure}{end}" for end in ("", "_lower", "_upper")]
    mark = context.mark(dimension, metric)
    table = Table(
        name="intervals",
        title="Means with intervals",
        columns=(
            context.head(dimension),
            *(
                result(column, label)
                for column, label in zip(
                    columns, (defined.label, "95% from", "95% to"), strict=True
                )
            ),
        ),
        rows=tuple(
            (
                Cell(context.value(dimension, row["value"]), row["value"]),
                *(Cell.of(row[column], defined) for column in columns),
            )
            for row in found
        ),
        empty="This dimension has no profile in the release.",
        is_whole=True,
    )
    values = [float(row[columns[0]]) for row in found]
    ends = [
        (float(row[columns[1]] or row[columns[0]]), float(row[columns[2]] or row[columns[0]]))
        for row in found
    ]
    high = max((end for _, end in ends), default=1.0)
    low = min((end for end, _ in ends), default=0.0)
    tone = "muted" if mark is not None and mark.is_pale else "first"
    return Chart(
        name="intervals",
        title=f"How certain are the means? {defined.label} with 95% intervals",
        note="Where intervals overlap widely, the order of the groups says nothing.",
        mark=mark,
        is_whole=True,
        plot=intervals(
            [context.value(dimension, row["value"]) for row in found],
            values,
            ends,
            Axis(
                defined.label,
                min(low, 0.0),
                high * 1.03,
                tuple((at, axis_text(at, defined)) for at in round_ticks(min(low, 0.0), high)),
            ),
            tones=[tone] * len(found),
            tips=[
                f"{context.value(dimension, row['value'])}: {exact(value, defined)}, between "
                f"{exact(start, defined)} and {exact(end, defined)}"
                for row, value, (start, end) in zip(found, values, ends, strict=True)
            ],
            label=context.axis(dimension),
        )
        if found
        else None,
        summary=f"{defined.label} of {len(found)} groups with their 95% confidence intervals; "
        "the table below has the figures.",
        table=table,
    )


def _segments(context: Context) -> Table:
    found = sorted(context.ask(IN_TABLE, ["segment"]), key=lambda row: -row[1])
    metrics = [context.snapshot.metric(name) for name in IN_TABLE]
    most = max((row[1] for row in found), default=1)
    rows = [
        (
            context.value_cell("segment", row[0]),
            replace(Cell.of(row[1], metrics[0]), share=row[1] / most),
            *(Cell.of(value, metric) for value, metric in zip(row[2:], metrics[1:], strict=True)),
        )
        for row in found
    ]
    total = context.ask(IN_TABLE)[0]
    if rows:
        rows.append(
            (
                Cell("All", "All"),
                *(Cell.of(value, metric) for value, metric in zip(total, metrics, strict=True)),
            )
        )
    return Table(
        name="segments",
        title="Segments side by side",
        note="Segments are defined by deposits, loans and time with the bank, so differences in "
        "these are built in.",
        columns=(
            context.head("segment"),
            *(context.column(name) for name in IN_TABLE),
        ),
        rows=tuple(rows),
        width="full",
    )


def _differences(context: Context, dimension: str) -> Table:
    """Return the tests of all measures by a dimension, the largest real difference first."""
    mart = "fct_segment_differences"
    found = [
        row
        for row in context.snapshot.rows(mart, "dimension, measure")
        if row["dimension"] == dimension and row["statistic"] is not None
    ]
    found = sorted(
        found, key=lambda row: (not labels.is_real(row["verdict"]), -(row["effect_size"] or 0))
    )
    real = [row for row in found if labels.is_real(row["verdict"])]
    rows = []
    for row in found:
        is_real = labels.is_real(row["verdict"])
        p = row["adjusted_p_value"]
        rows.append(
            (
                Cell.said(labels.name(row["measure"])),
                Cell.said(labels.verdict(row["verdict"]), tone="good" if is_real else "soft"),
                Cell(f"{row['effect_size']:.3f}", row["effect_size"])
                if row["effect_size"] is not None
                else Cell.said(None),
                Cell("< 0.001" if p < 0.001 else f"{p:.3f}", p, f"{p:.3g}")
                if p is not None
                else Cell.said(None),
            )
        )
    return Table(
        name="differences",
        title=f"What differs by {context.label(dimension).lower()}: "
        + (
            f"{len(real)} of {len(found)} measures"
            if real
            else f"no real difference in {len(found)} measures tested"
        ),
        note="Tested on all customers; p-values are corrected for the number of tests. Act on real "
        "differences only.",
        is_whole=True,
        is_folded=not real,
        columns=(
            result("measure", "Measure", is_number=False),
            result("verdict", "Verdict", is_number=False),
            result("effect_size", "Effect"),
            result("adjusted_p_value", "Adjusted p"),
        ),
        rows=tuple(rows),
        empty="This release has no tests for this dimension.",
    )


def _clusters(context: Context) -> Table:
    mart = "fct_cluster_centroids"
    found = context.snapshot.rows(mart, "measure, behavioural_cluster")
    clusters = sorted({row["behavioural_cluster"] for row in found})
    measures = list(dict.fromkeys(row["measure"] for row in found))
    held = {(row["measure"], row["behavioural_cluster"]): row for row in found}
    money = context.snapshot.metric("mean_total_loans")
    sizes = {row["behavioural_cluster"]: row for row in found}
    structure = labels.value("structure", found[0]["structure"]) if found else ""
    return Table(
        name="clusters",
        title=structure or "Groups by balances alone",
        note="Groups that an algorithm finds from balances alone, with their typical balances. "
        "The segments above are easier to explain and to act on.",
        is_whole=True,
        is_folded=True,
        columns=(
            Column("Typical balance", "", False),
            *(result("typical_balance", f"Group {cluster}") for cluster in clusters),
        ),
        rows=(
            (
                Cell.said("Customers"),
                *(Cell.said(sizes[cluster]["customers"]) for cluster in clusters),
            ),
            *(
                (
                    Cell.said(labels.name(measure)),
                    *(
                        Cell.of(held[(measure, cluster)]["typical_balance"], money)
                        for cluster in clusters
                    ),
                )
                for measure in measures
            ),
        )
        if clusters
        else (),
        empty="There are too few customers for groups.",
    )
