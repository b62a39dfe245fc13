"""Credit and risk: where the exposure lies and what moves the risk weighting."""

from bank_warehouse.dashboard.blocks import Cell, Chart, Column, Page, Series, Table
from bank_warehouse.dashboard.pages.context import Context, people

TILES = (
    "total_loans",
    "mean_risk_weighting",
    "watch_list_customers",
    "act_customers",
    "overleveraged_share",
    "debt_to_income_ratio",
)
SHOWN = (
    "customers",
    "total_loans",
    "mean_total_loans",
    "mean_total_deposits",
    "loan_to_deposit_ratio",
    "overleveraged_share",
    "watch_list_share",
)
PAIRS = (
    ("cards-risk", "Credit cards and risk", "amount_of_credit_cards"),
    ("loyalty-risk", "Loyalty and risk", "loyalty_classification"),
    ("income-risk", "Income and risk", "income_band"),
)
FIT = "business facts"


def make(context: Context) -> Page:
    """Return the page."""
    chosen, menu = context.choose_metric("customers", SHOWN)
    heats = tuple(
        context.heat(
            name,
            title,
            dimension,
            "risk_weighting",
            chosen,
            note=context.snapshot.metric(chosen).label + " in each cell.",
            hint="Choose one for more.",
            choices=(menu,),
            width="third",
        )
        for name, title, dimension in PAIRS
    )
    return Page(
        "risk",
        "Credit and risk",
        "Where the loans lie, which customers need a look, and what moves the risk weighting.",
        (
            context.tiles("glance", TILES),
            *heats,
            _drivers(context),
            context.whole(
                "concentration",
                "How concentrated loans are",
                lambda: lorenz(context, ("total_loans", "fee_income"), "concentration"),
            ),
            context.bars("watch-list", "Watch list", "watch_list_level", "total_loans", mark=None),
            context.whole("losses", "Expected losses", lambda: _losses(context)),
            context.whole("stress", "Under stress", lambda: _stress(context)),
        ),
    )


def _drivers(context: Context) -> Chart:
    mart = "fct_risk_drivers"
    found = [
        row
        for row in context.snapshot.rows(mart, "share_of_explained_variation desc nulls last")
        if row["fit"] == FIT and row["odds_ratio"] is not None
    ][:12]
    names = tuple(
        people(row["driver"]) + ("" if row["reference_level"] is None else f": {row['level']}")
        for row in found
    )
    head = found[0] if found else {}
    explained = head.get("explained_variation")
    told = f" Together they explain {explained:.0%} of its variation." if explained else ""
    return Chart(
        name="drivers",
        title="What goes with a higher risk weighting",
        note="Coefficients with 95 % intervals; right of 0 raises. What crosses 0 may be chance."
        + told,
        is_whole=True,
        kind="points",
        series=(
            Series(
                "Coefficient",
                tuple(row["coefficient"] for row in found),
                names,
                tuple(row["coefficient_lower"] for row in found),
                tuple(row["coefficient_upper"] for row in found),
            ),
        )
        if found
        else (),
        x_label="Coefficient",
        y_label="Driver",
        summary="The strongest drivers of the risk weighting: "
        + "; ".join(
            f"{name} {row['direction']}" for name, row in zip(names[:4], found, strict=False)
        )
        + ".",
        table=Table(
            name="drivers",
            title="Drivers of the risk weighting",
            is_whole=True,
            columns=(
                context.mart_column(mart, "driver", "Driver", is_number=False),
                context.mart_column(mart, "coefficient", "Coefficient"),
                context.mart_column(mart, "coefficient_lower", "from"),
                context.mart_column(mart, "coefficient_upper", "to"),
                context.mart_column(mart, "direction", "Direction", is_number=False),
            ),
            rows=tuple(
                (
                    Cell.said(name),
                    *(
                        Cell(f"{row[column]:.3f}", row[column])
                        for column in ("coefficient", "coefficient_lower", "coefficient_upper")
                    ),
                    Cell.said(row["direction"]),
                )
                for name, row in zip(names, found, strict=True)
            ),
            empty="This release has no drivers.",
        ),
    )


def _losses(context: Context) -> Table:
    mart = "fct_expected_losses"
    found = context.snapshot.rows(mart, "risk_weighting, product")
    money = context.snapshot.metric("expected_loss")
    products = list(dict.fromkeys(row["product"] for row in found))
    weightings = sorted({row["risk_weighting"] for row in found})
    held = {(row["risk_weighting"], row["product"]): row["expected_loss"] for row in found}
    named = {row["product"]: row["product_name"] for row in context.snapshot.rows("dim_products")}
    return Table(
        name="losses",
        title="Expected losses of a year",
        note="Declared assumptions times balances: the data hold no defaults.",
        is_whole=True,
        columns=(
            Column("Risk weighting", "", False),
            *(
                context.mart_column(mart, "expected_loss", named.get(product, product))
                for product in products
            ),
            Column("Together", money.description),
        ),
        rows=tuple(
            (
                Cell(str(weighting), weighting),
                *(Cell.of(held.get((weighting, product)), money) for product in products),
                Cell.of(
                    sum(held[(weighting, product)] for product in products
                        if (weighting, product) in held),
                    money,
                ),
            )
            for weighting in weightings
        ),
    )  # fmt: skip


def _stress(context: Context) -> Table:
    mart = "fct_stress_results"
    found = context.snapshot.rows(mart, "measure, stressed_value")
    money = context.snapshot.metric("expected_loss")
    measures = list(dict.fromkeys(row["measure"] for row in found))
    scenarios = sorted(
        {row["scenario"] for row in found}, key=lambda name: (name != "baseline", name)
    )
    held = {(row["scenario"], row["measure"]): row["stressed_value"] for row in found}
    return Table(
        name="stress",
        title="Under stress",
        note="Scenarios are declared assumptions, no forecasts.",
        is_whole=True,
        width="full",
        columns=(
            Column("Scenario", "", False),
            *(context.mart_column(mart, "stressed_value", people(measure)) for measure in measures),
        ),
        rows=tuple(
            (
                Cell.said(people(scenario)),
                *(Cell.of(held.get((scenario, measure)), money) for measure in measures),
            )
            for scenario in scenarios
        ),
    )


def lorenz(context: Context, measures: tuple[str, ...], name: str) -> Chart:
    """Return the curves of how measures are spread over customers."""
    mart = "fct_balance_concentration"
    found = [
        row
        for row in context.snapshot.rows(mart, "measure, percentile")
        if row["measure"] in measures
    ]
    series = []
    figures = []
    for measure in measures:
        points = [row for row in found if row["measure"] == measure]
        if not points:
            continue
        label = people(measure)
        series.append(
            Series(
                label,
                (0, *(row["percentile"] for row in points)),
                (0.0, *(row["cumulative_share"] for row in points)),
            )
        )
        figures.append({**points[0], "label": label})
    even = Series("All the same", (0, 100), (0.0, 1.0))
    return Chart(
        name=name,
        title="How concentrated it is",
        note="The further a curve hangs below the straight line, the fewer customers hold most.",
        is_whole=True,
        kind="lines",
        series=(*series, even),
        x_label="Per cent of customers, lowest amount first",
        y_label="Share of the amount",
        y_is_share=True,
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
                context.mart_column(mart, "measure", "Measure", is_number=False),
                context.mart_column(mart, "gini", "Gini"),
                context.mart_column(mart, "top_decile_share", "Top tenth has"),
                context.mart_column(mart, "herfindahl_index", "Herfindahl index"),
            ),
            rows=tuple(
                (
                    Cell.said(row["label"]),
                    Cell(f"{row['gini']:.3f}", row["gini"]),
                    Cell(f"{row['top_decile_share']:.1%}", row["top_decile_share"]),
                    Cell(f"{row['herfindahl_index']:.6f}", row["herfindahl_index"]),
                )
                for row in figures
            ),
        ),
    )
