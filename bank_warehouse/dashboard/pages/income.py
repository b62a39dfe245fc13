"""Income and deposits: what customers earn, hold and pay."""

from dataclasses import replace

from bank_warehouse.answers import labels
from bank_warehouse.dashboard.cubes import DENSITY
from bank_warehouse.dashboard.drawings import Axis, Plot, Shape, round_ticks
from bank_warehouse.dashboard.numbers import axis_text
from bank_warehouse.dashboard.page_model import Block, Cell, Chart, Column, Page, Table
from bank_warehouse.dashboard.pages.context import Context, result
from bank_warehouse.numbers import count, listed

TILES = (
    "total_loans",
    "total_deposits",
    "core_deposits",
    "core_deposit_share",
    "mean_estimated_income",
    "fee_income",
    "fee_yield",
)
DEPOSITS = ("bank_deposits", "checking_accounts", "saving_accounts", "foreign_currency_account")
BY_INCOME = (
    "mean_total_deposits",
    "customers",
    "mean_estimated_income",
    "mean_total_loans",
)
FEWEST = 30
"""Minimum number of customers in an income bin for which the mean is drawn."""
STEPS = 9
PROTECTED = ("nationality", "gender", "age_band")
"""Dimensions that must not be used for targeting, so the note does not name them."""


def make(context: Context) -> Page:
    """Return the page."""
    return Page(
        "income",
        "Income and deposits",
        context.lead(
            "deposits-by-income",
            "What customers earn, what they keep at the bank, and what deposits are linked to.",
        ),
        (
            context.tiles("glance", TILES, context.title("funding", "At a glance")),
            _density(context),
            _matters(context),
            _income(context),
            _deposits(context),
            context.bars(
                "fees",
                "Estimated fee income by fee structure",
                "fee_structure",
                "fee_income",
                note="The fee structure sets the fee rate on loans.",
            ),
        ),
    )


def _density(context: Context) -> Chart:
    """Return the number of customers by income and deposits, and the mean deposits by income."""
    found = context.snapshot.rows(DENSITY, "income_from, deposits_from")
    income = context.snapshot.metric("mean_estimated_income")
    deposits = context.snapshot.metric("mean_total_deposits")
    inside = [row for row in found if row["income_to"] and row["deposits_to"]]
    outside = sum(row["customers"] for row in found) - sum(row["customers"] for row in inside)
    trend = []
    for start in sorted({row["income_from"] for row in found if row["income_to"]}):
        rows = [row for row in found if row["income_from"] == start]
        customers = sum(row["customers"] for row in rows)
        mean = float(sum(row["total_deposits"] for row in rows)) / customers
        trend.append((float(start), float(rows[0]["income_to"]), customers, mean))
    plot = None
    if inside:
        most = max(row["customers"] for row in inside)
        wide, tall = (max(float(row[f"{name}_to"]) for row in inside)
                      for name in ("income", "deposits"))  # fmt: skip
        incomes, amounts = (
            {end: axis_text(end, metric)
             for end in {row[f"{name}_{side}"] for row in inside for side in ("from", "to")}}
            for name, metric in (("income", income), ("deposits", deposits))
        )  # fmt: skip
        shapes = [
            Shape(
                "box",
                (
                    (float(row["income_from"]), float(row["deposits_from"])),
                    (float(row["income_to"]), float(row["deposits_to"])),
                ),
                f"heat-{max(round((row['customers'] / most) ** 0.5 * STEPS), 1)} cell",
                tip=f"{row['customers']:,} customers with an income of "
                f"{incomes[row['income_from']]} to {incomes[row['income_to']]} and deposits of "
                f"{amounts[row['deposits_from']]} to {amounts[row['deposits_to']]}",
            )
            for row in inside
        ]
        line = tuple(
            ((start + end) / 2, mean)
            for start, end, customers, mean in trend
            if customers >= FEWEST and mean <= tall
        )
        shapes.append(Shape("line", line, "second thick"))
        across, up = (
            Axis(label, 0.0, end, tuple((at, axis_text(at, metric))
                                        for at in round_ticks(0.0, end)))
            for label, end, metric in (
                ("Yearly income", wide, income),
                ("Deposits", tall, deposits),
            )
        )  # fmt: skip
        plot = Plot(
            across,
            up,
            tuple(shapes),
            height=20.0,
            legend=(
                ("heat-2", "few customers"),
                ("heat-9", f"many (up to {most:,})"),
                ("second", "mean deposits"),
            ),
        )
    return Chart(
        name="density",
        title=context.title("deposits-by-income", "Deposits by income"),
        note="The darker a square, the more customers have that income and those deposits."
        + (
            f" {count(outside, 'customer is', 'customers are')} off the chart; customers with an "
            "income in range still count in the means."
            if outside
            else ""
        ),
        is_whole=True,
        width="half tall",
        mark=context.mark("income_band", "mean_total_deposits"),
        plot=plot,
        summary="Customers by income and deposits, with the mean deposits of each income. The "
        "table has the figures.",
        table=Table(
            name="density",
            title="Mean deposits by income",
            is_whole=True,
            columns=(
                Column("Income from", "", False),
                Column("to"),
                context.column("customers"),
                context.column("mean_total_deposits"),
            ),
            rows=tuple(
                (
                    Cell(f"{start:,.0f}", start),
                    Cell(f"{end:,.0f}", end),
                    Cell.said(customers),
                    Cell.of(mean, deposits),
                )
                for start, end, customers, mean in trend
            ),
        ),
    )


def _matters(context: Context) -> Block:
    """Return the dimensions by which deposits differ, and a sentence about the others."""
    mart = "fct_segment_differences"
    found = [
        row
        for row in context.snapshot.rows(mart, "dimension")
        if row["measure"] == "total_deposits" and row["effect_size"] is not None
    ]
    real = [row for row in found if labels.is_real(row["verdict"])]
    real = sorted(real, key=lambda row: -row["effect_size"])
    others = [labels.name(row["dimension"]).lower() for row in found
              if row not in real and "_and_" not in row["dimension"]
              and row["dimension"] not in PROTECTED]  # fmt: skip
    named = [labels.name(row["dimension"]).lower() for row in real]
    note = (
        f"Could be chance: {listed(others)}. Do not use them to look for larger deposits."
        if others
        else ""
    )
    return Table(
        name="matters",
        title=f"Deposits differ by {listed(named)}" if real else "Which groups differ in deposits",
        note=f"How much of the variation in deposits each grouping explains. {note}".strip(),
        is_whole=True,
        columns=(
            Column("Grouped by", "", False),
            Column(
                "Share of variation explained",
                "How much of the variation in the ranks of deposits the groups explain (epsilon "
                "squared). This does not show a cause.",
            ),
            result("verdict", "Verdict", is_number=False),
        ),
        rows=tuple(
            (
                Cell.said(labels.name(row["dimension"])),
                Cell(f"{row['effect_size']:.1%}", row["effect_size"], share=row["effect_size"]),
                Cell.said(labels.verdict(row["verdict"]), tone="good"),
            )
            for row in real
        ),
        empty="No tested grouping makes a real difference.",
    )


def _deposits(context: Context) -> Table:
    values = context.ask((*DEPOSITS, "total_deposits"))[0]
    total = values[-1]
    rows = []
    for name, value in sorted(
        zip(DEPOSITS, values[:-1], strict=True), key=lambda each: -float(each[1] or 0)
    ):
        metric = context.snapshot.metric(name)
        share = float(value) / float(total) if total else 0.0
        rows.append(
            (
                Cell.said(metric.label),
                replace(Cell.of(value, metric), share=share),
                Cell(f"{share:.1%}", share),
            )
        )
    return Table(
        name="deposits",
        title="Deposits by account type",
        note="The data do not show whether bank deposits already include the other accounts, so "
        "core deposits leave bank deposits out.",
        columns=(
            Column("Account", "", False),
            Column("Balance"),
            Column("Share of total deposits"),
        ),
        rows=tuple(rows) if total else (),
    )


def _income(context: Context) -> Table:
    metrics = [context.snapshot.metric(name) for name in BY_INCOME]
    found = context.ask(BY_INCOME, ["income_band"])
    most = max((float(row[1] or 0) for row in found), default=0.0)
    return Table(
        name="income-bands",
        title="Income bands side by side",
        mark=context.mark("income_band", "mean_total_deposits"),
        columns=(
            context.head("income_band"),
            *(context.column(name) for name in BY_INCOME),
        ),
        rows=tuple(
            (
                context.value_cell("income_band", row[0]),
                replace(
                    Cell.of(row[1], metrics[0]),
                    share=float(row[1] or 0) / most if most else 0.0,
                ),
                *(
                    Cell.of(value, metric)
                    for value, metric in zip(row[2:], metrics[1:], strict=True)
                ),
            )
            for row in found
        ),
    )
