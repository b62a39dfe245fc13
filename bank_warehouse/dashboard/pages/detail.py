"""The details of the chosen cell: its numbers beside those of all customers shown."""

from bank_warehouse.dashboard.cubes import FILTERS
from bank_warehouse.dashboard.page_model import Block, Cell, Column, Table
from bank_warehouse.dashboard.pages.context import Context

METRICS = (
    "customers",
    "total_loans",
    "total_deposits",
    "core_deposits",
    "net_position",
    "fee_income",
    "mean_estimated_income",
    "mean_total_loans",
    "mean_total_deposits",
    "loan_to_deposit_ratio",
    "overleveraged_share",
    "mean_risk_weighting",
    "watch_list_customers",
    "act_customers",
    "mean_tenure",
)
BROKEN_DOWN = ("customers", "total_loans", "total_deposits", "watch_list_share")


def detail(context: Context) -> tuple[Block, ...]:
    """Return the blocks of the cell; none if no cell is chosen."""
    cell = dict(context.view.cell)
    if not cell:
        return ()
    filters = {**context.view.filters, **{name: (value,) for name, value in cell.items()}}
    said = ", ".join(
        f"{context.label(name).lower()} {context.value(name, each)}" for name, each in cell.items()
    )
    of_all = context.ask(METRICS)[0]
    of_cell = context.snapshot.ask(METRICS, (), filters)[0]
    metrics = [context.snapshot.metric(name) for name in METRICS]
    numbers = Table(
        name="detail",
        title=f"Details: {said}",
        note="The filters of the page apply. These are totals, never individual customers.",
        columns=(
            Column("Measure", "", False),
            Column("This cell", ""),
            Column("All shown", "All customers that match the filters."),
        ),
        rows=tuple(
            (Cell(metric.label, metric.label), Cell.of(one, metric), Cell.of(other, metric))
            for metric, one, other in zip(metrics, of_cell, of_all, strict=True)
        ),
    )
    by = "segment" if set(cell) <= {*FILTERS, "segment"} and "segment" not in cell else next(
        name for name in ("risk_weighting", "loyalty_classification", "income_band")
        if name not in cell
    )  # fmt: skip
    broken = [context.snapshot.metric(name) for name in BROKEN_DOWN]
    parts = Table(
        name="detail-parts",
        title=f"The same cell by {context.label(by).lower()}",
        columns=(
            context.head(by),
            *(context.column(name) for name in BROKEN_DOWN),
        ),
        rows=tuple(
            (
                Cell.said(context.value(by, row[0])),
                *(Cell.of(value, metric) for value, metric in zip(row[1:], broken, strict=True)),
            )
            for row in context.snapshot.ask(BROKEN_DOWN, [by], filters)
        ),
    )
    return (numbers, parts)
