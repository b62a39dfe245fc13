"""Overview: how many customers, how much money, how risky."""

from bank_warehouse.dashboard.blocks import Cell, Chart, Column, Page, Series, Table
from bank_warehouse.dashboard.pages.context import Context

TILES = (
    "customers",
    "total_loans",
    "total_deposits",
    "core_deposits",
    "fee_income",
    "loan_to_deposit_ratio",
    "overleveraged_share",
    "watch_list_share",
)


def make(context: Context) -> Page:
    """Return the page."""
    return Page(
        "overview",
        "Overview",
        "Who the customers are, what they owe and hold, and how risky that is.",
        (
            context.tiles("glance", TILES),
            joiners(context),
            context.bars("segments", "Segments", "segment", mark=None),
            context.bars("loyalty", "Loyalty classes", "loyalty_classification", width="third"),
            context.bars("income", "Income bands", "income_band", width="third"),
            context.bars("watch-list", "Watch list", "watch_list_level", width="third"),
            context.bars("risk", "Risk weightings", "risk_weighting", width="third"),
            context.bars(
                "relationships", "Banking relationships", "banking_relationship", width="third"
            ),
            context.bars("fees", "Fee structures", "fee_structure", width="third"),
        ),
    )


def joiners(context: Context) -> Chart:
    """Return customers by the year they joined in."""
    metric = context.snapshot.metric("customers")
    found = [row for row in context.ask(["customers"], ["joined_year"]) if row[0] is not None]
    counts: dict[int, int] = dict(found)
    years = range(min(counts), max(counts) + 1) if counts else range(0)
    addresses = {year: context.cell_address(("joined_year", year)) for year in counts}
    best = max(counts, key=lambda year: counts[year], default=None)
    gaps = [year for year in years if year not in counts]
    told = (
        f"Customers by joining year, {years[0]} to {years[-1]}; most joined in {best}: "
        f"{counts[best]:,}."
        if best is not None
        else "No customer meets these filters."
    )
    missing = f" Nobody joined in {', '.join(map(str, gaps))}." if gaps else ""
    rows = tuple(
        (Cell(str(year), year, href=addresses[year]), Cell.of(counts[year], metric))
        for year in counts
    )
    return Chart(
        name="joiners",
        title="Customers by joining year",
        note="Of the customers there are today: who left is not in the data.",
        kind="columns",
        series=(
            Series(
                "Customers",
                tuple(years),
                tuple(counts.get(year, 0) for year in years),
                hrefs=tuple(addresses.get(year, "") for year in years),
            ),
        ),
        x_label="Joining year",
        y_label="Customers",
        summary=told + missing,
        table=Table(
            name="joiners",
            title="Customers by joining year",
            columns=(
                Column("Joining year", "", False),
                context.column("customers"),
            ),
            rows=rows,
        ),
    )
