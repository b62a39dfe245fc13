"""Segmentation: how groups of customers differ, and whether that is more than chance."""

from dataclasses import replace

from bank_warehouse.dashboard.blocks import Cell, Chart, Choice, Column, Page, Series, Table
from bank_warehouse.dashboard.pages.context import REAL, TESTED, Context, people
from bank_warehouse.dashboard.views import text_of

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


def make(context: Context) -> Page:
    """Return the page."""
    chosen, menu = context.choose_metric("mean_total_loans")
    dimension, dimensions = context.choose_dimension("segment")
    return Page(
        "segmentation",
        "Segmentation",
        "How groups of customers differ, and which of these differences are more than chance.",
        (
            _compared(context, dimension, chosen, (dimensions, menu)),
            context.whole(
                "intervals",
                "How sure the means are",
                lambda: _intervals(context, dimension, chosen),
            ),
            _segments(context),
            context.heat(
                "loyalty-occupation",
                "Occupation families by loyalty class",
                "occupation_family",
                "loyalty_classification",
                chosen,
                note=context.snapshot.metric(chosen).label + " in each cell.",
                choices=(menu,),
                width="full",
            ),
            _differences(context, dimension),
            context.whole("clusters", "Behavioural clusters", lambda: _clusters(context)),
        ),
    )


def _compared(context: Context, dimension: str, metric: str, choices: tuple[Choice, ...]) -> Table:
    label = context.snapshot.metric(metric).label
    return context.bars(
        "compare",
        f"{label} by {context.label(dimension).lower()}",
        dimension,
        metric,
        choices=choices,
    )


def _intervals(context: Context, dimension: str, metric: str) -> Chart:
    """Return means of all customers with their intervals, from fct_segment_profiles."""
    measure = TESTED.get(metric, "")
    found = [
        row
        for row in context.snapshot.rows("fct_segment_profiles", "dimension, value")
        if row["dimension"] == dimension
    ]
    if not found or f"mean_{measure}_lower" not in found[0]:
        measure = "total_loans"
        metric = "mean_total_loans"
    defined = context.snapshot.metric(metric)
    order = {
        text_of(value): place for place, value in enumerate(context.snapshot.values(dimension))
    }
    found.sort(key=lambda row: order.get(row["value"], len(order)))
    columns = [f"mean_{measure}{end}" for end in ("", "_lower", "_upper")]
    table = Table(
        name="intervals",
        title="Means with intervals",
        columns=(
            Column(context.label(dimension), "", False),
            *(
                context.mart_column("fct_segment_profiles", column, label)
                for column, label in zip(columns, (defined.label, "from", "to"), strict=True)
            ),
        ),
        rows=tuple(
            (Cell.said(row["value"]), *(Cell.of(row[column], defined) for column in columns))
            for row in found
        ),
        empty="This dimension has no profile in the release.",
        is_whole=True,
    )
    return Chart(
        name="intervals",
        title=f"How sure: {defined.label.lower()} with 95 % intervals",
        note="Where intervals overlap widely, the order of the groups says nothing.",
        mark=context.mark(dimension, metric),
        is_whole=True,
        kind="points",
        series=(
            Series(
                defined.label,
                tuple(float(row[columns[0]]) for row in found),
                tuple(row["value"] for row in found),
                tuple(float(row[columns[1]] or row[columns[0]]) for row in found),
                tuple(float(row[columns[2]] or row[columns[0]]) for row in found),
            ),
        )
        if found
        else (),
        x_label=defined.label,
        x_metric=defined,
        y_label=context.label(dimension),
        summary=f"{defined.label} of {len(found)} groups with the interval that holds the true "
        "mean 95 times of 100; the table below has the figures.",
        table=table,
    )


def _segments(context: Context) -> Table:
    found = context.ask(IN_TABLE, ["segment"])
    metrics = [context.snapshot.metric(name) for name in IN_TABLE]
    rows = [
        (
            Cell(text_of(row[0]), text_of(row[0]), href=context.cell_address(("segment", row[0]))),
            *(Cell.of(value, metric) for value, metric in zip(row[1:], metrics, strict=True)),
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
    segment = context.snapshot.dimension("segment")
    return Table(
        name="segments",
        title="Segments side by side",
        note="Segments are cut from deposits, lending and tenure, so they differ in these by "
        "definition.",
        columns=(
            Column("Segment", segment.description, False),
            *(context.column(name) for name in IN_TABLE),
        ),
        rows=tuple(rows),
        width="full",
    )


def _differences(context: Context, dimension: str) -> Table:
    mart = "fct_segment_differences"
    found = [
        row
        for row in context.snapshot.rows(mart, "adjusted_p_value nulls last, dimension, measure")
        if row["dimension"] == dimension and row["statistic"] is not None
    ]
    rows = []
    for row in found:
        is_real = str(row["verdict"]).startswith(REAL)
        p = row["adjusted_p_value"]
        rows.append(
            (
                Cell.said(people(row["measure"])),
                Cell(f"{row['effect_size']:.3f}", row["effect_size"])
                if row["effect_size"] is not None
                else Cell.said(None),
                Cell("< 0.001" if p < 0.001 else f"{p:.3f}", p, f"{p:.3g}")
                if p is not None
                else Cell.said(None),
                Cell.said(row["verdict"], tone="good" if is_real else ""),
            )
        )
    return Table(
        name="differences",
        title=f"Does it differ by {context.label(dimension).lower()}?",
        note="Tests of all customers, corrected for their number.",
        is_whole=True,
        columns=(
            context.mart_column(mart, "measure", "Measure", is_number=False),
            context.mart_column(mart, "effect_size", "Effect"),
            context.mart_column(mart, "adjusted_p_value", "Adjusted p"),
            context.mart_column(mart, "verdict", "Verdict", is_number=False),
        ),
        rows=tuple(rows),
        empty="This release has no tests by this dimension.",
    )


def _clusters(context: Context) -> Table:
    mart = "fct_cluster_centroids"
    found = context.snapshot.rows(mart, "measure, behavioural_cluster")
    clusters = sorted({row["behavioural_cluster"] for row in found})
    measures = list(dict.fromkeys(row["measure"] for row in found))
    held = {(row["measure"], row["behavioural_cluster"]): row for row in found}
    money = context.snapshot.metric("mean_total_loans")
    sizes = {row["behavioural_cluster"]: row for row in found}
    structure = found[0]["structure"] if found else ""
    return Table(
        name="clusters",
        title="Behavioural clusters",
        note=f"{structure[:1].upper()}{structure[1:]}.",
        is_whole=True,
        columns=(
            Column("Typical balance", "", False),
            *(
                replace(
                    context.mart_column(mart, "typical_balance", f"Cluster {cluster}"),
                )
                for cluster in clusters
            ),
        ),
        rows=(
            (
                Cell.said("Customers"),
                *(Cell.said(sizes[cluster]["customers"]) for cluster in clusters),
            ),
            *(
                (
                    Cell.said(people(measure)),
                    *(
                        Cell.of(held[(measure, cluster)]["typical_balance"], money)
                        for cluster in clusters
                    ),
                )
                for measure in measures
            ),
        ),
    )
