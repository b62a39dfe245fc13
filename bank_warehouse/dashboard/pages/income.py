"""Income and deposits: what customers earn, hold and pay."""

from dataclasses import replace

from bank_warehouse.dashboard.blocks import Cell, Column, Page, Table
from bank_warehouse.dashboard.pages.context import Context
from bank_warehouse.dashboard.pages.risk import lorenz
from bank_warehouse.dashboard.views import text_of

TILES = (
    "mean_estimated_income",
    "total_deposits",
    "core_deposits",
    "core_deposit_share",
    "fee_income",
    "fee_yield",
    "superannuation_savings",
)
DEPOSITS = ("bank_deposits", "checking_accounts", "saving_accounts", "foreign_currency_account")
BY_INCOME = (
    "customers",
    "mean_estimated_income",
    "mean_total_deposits",
    "mean_core_deposits",
    "mean_total_loans",
    "liquidity_cover",
)
SHOWN = (
    "mean_total_deposits",
    "mean_core_deposits",
    "mean_estimated_income",
    "total_deposits",
    "core_deposits",
    "estimated_income",
    "customers",
)


def make(context: Context) -> Page:
    """Return the page."""
    chosen, menu = context.choose_metric("mean_total_deposits", SHOWN)
    return Page(
        "income",
        "Income and deposits",
        "What customers earn, what they keep at the bank and what they pay for it.",
        (
            context.tiles("glance", TILES),
            _deposits(context),
            context.bars(
                "fees", "Fee income by fee structure", "fee_structure", "fee_income", width="third"
            ),
            context.bars(
                "tenure",
                "Mean deposits by tenure",
                "tenure_band",
                "mean_total_deposits",
                width="third",
            ),
            _income(context),
            context.heat(
                "income-relationship",
                "Banking relationships by income band",
                "banking_relationship",
                "income_band",
                chosen,
                note=context.snapshot.metric(chosen).label + " in each cell.",
                choices=(menu,),
            ),
            context.bars(
                "occupations",
                "Mean income by occupation family",
                "occupation_family",
                "mean_estimated_income",
                width="half tall",
            ),
            context.whole(
                "concentration",
                "How concentrated deposits are",
                lambda: lorenz(context, ("total_deposits", "core_deposits"), "concentration"),
            ),
        ),
    )


def _deposits(context: Context) -> Table:
    values = context.ask((*DEPOSITS, "total_deposits"))[0]
    total = values[-1]
    rows = []
    for name, value in zip(DEPOSITS, values[:-1], strict=True):
        metric = context.snapshot.metric(name)
        share = float(value) / float(total) if total else 0.0
        rows.append(
            (
                Cell(metric.label, metric.label),
                replace(Cell.of(value, metric), share=share),
                Cell(f"{share:.1%}", share),
            )
        )
    return Table(
        name="deposits",
        title="What deposits are made of",
        width="third",
        note="Whether bank deposits contain the other accounts cannot be settled from the data: "
        "core deposits leave them out.",
        columns=(
            Column("Account", "", False),
            Column("Balance", context.snapshot.metric("total_deposits").description),
            Column("Share of total deposits"),
        ),
        rows=tuple(rows) if total else (),
    )


def _income(context: Context) -> Table:
    metrics = [context.snapshot.metric(name) for name in BY_INCOME]
    rows = tuple(
        (
            Cell(
                text_of(row[0]), text_of(row[0]), href=context.cell_address(("income_band", row[0]))
            ),
            *(Cell.of(value, metric) for value, metric in zip(row[1:], metrics, strict=True)),
        )
        for row in context.ask(BY_INCOME, ["income_band"])
    )
    return Table(
        name="income-bands",
        title="Income bands side by side",
        width="full",
        mark=context.mark("income_band", "mean_total_deposits"),
        columns=(
            Column("Income band", context.snapshot.dimension("income_band").description, False),
            *(context.column(name) for name in BY_INCOME),
        ),
        rows=rows,
    )
