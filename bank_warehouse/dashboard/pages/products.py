"""Product holdings: who has what, how much of it, and less than their peers."""

from dataclasses import replace

from bank_warehouse.dashboard.blocks import Cell, Choice, Column, Heat, Mark, Page, Table
from bank_warehouse.dashboard.cubes import FILTERS
from bank_warehouse.dashboard.pages.context import Context, combined
from bank_warehouse.dashboard.views import text_of

HELD = ("penetration", "holdings", "product_balance", "mean_balance_of_holders")
MEASURES = {
    "credit_card": "credit_card_balance",
    "bank_loan": "bank_loans",
    "business_lending": "business_lending",
    "bank_deposit": "bank_deposits",
    "saving_account": "saving_accounts",
    "checking_account": "checking_accounts",
    "foreign_currency_account": "foreign_currency_account",
}
"""Product to the measure of its balance that fct_segment_differences has tested."""

GAPS = ("share_below_peer_median", "holdings_below_peer_median", "gap_below_peer_median")


def make(context: Context) -> Page:
    """Return the page."""
    return Page(
        "products",
        "Product holdings",
        "Nearly everyone holds every product, so it is the depth of a holding that tells.",
        (
            _held(context),
            _gaps(context),
            _by_dimension(context),
            context.whole("pairs", "Products held deeply together", lambda: _pairs(context)),
        ),
    )


def _names(context: Context) -> dict[str, str]:
    found = context.snapshot.rows("dim_products", "product_order")
    return {row["product"]: row["product_name"] for row in found}


def _table(context: Context, metrics: tuple[str, ...]) -> tuple[tuple[Cell, ...], ...]:
    names = _names(context)
    # Both tables are one question: it is asked once.
    asked = HELD + GAPS
    found = {row[0]: row[1:] for row in context.ask(asked, ["product"], "products")}
    defined = [(context.snapshot.metric(name), asked.index(name)) for name in metrics]
    (first, place), others = defined[0], defined[1:]
    return tuple(
        (
            Cell(name, name),
            replace(Cell.of(found[product][place], first), share=float(found[product][place] or 0)),
            *(Cell.of(found[product][other], metric) for metric, other in others),
        )
        for product, name in names.items()
        if product in found
    )


def _held(context: Context) -> Table:
    return Table(
        name="held",
        title="Who holds what",
        columns=(Column("Product", "", False), *(context.column(name) for name in HELD)),
        rows=_table(context, HELD),
    )


def _gaps(context: Context) -> Table:
    return Table(
        name="gaps",
        title="Less than their peers",
        note="Peers have the same income band and risk weighting. Half of them are below the "
        "median by definition: compare products, and groups of customers by the filters.",
        columns=(Column("Product", "", False), *(context.column(name) for name in GAPS)),
        rows=_table(context, GAPS),
    )


def _by_dimension(context: Context) -> Heat:
    """Return mean balances of holders by product and one of the filters."""
    dimensions = [name for name in FILTERS if name != "joined_year"]
    dimension = context.view.by if context.view.by in dimensions else "risk_weighting"
    names = _names(context)
    metric = context.snapshot.metric("mean_balance_of_holders")
    found = {
        (row[0], row[1]): row[2]
        for row in context.ask([metric.name], ["product", dimension], "products")
    }
    heads = context.snapshot.values(dimension)
    lines = []
    for product, name in names.items():
        values = [found.get((product, head)) for head in heads]
        most = max((float(value) for value in values if value is not None), default=0.0)
        lines.append(
            (
                name,
                tuple(
                    replace(Cell.of(value, metric), share=float(value) / most if most else 0.0)
                    if value is not None
                    else Cell("", None)
                    for value in values
                ),
            )
        )
    options = tuple(
        (context.label(name), replace(context.view, by=name, dropped=()).address(),
         name == dimension)
        for name in dimensions
    )  # fmt: skip
    return Heat(
        name="depth",
        title=f"Mean balance of holders by {context.label(dimension).lower()}",
        note="Each row is tinted for itself, from nothing to its highest mean.",
        corner=f"Product by {context.label(dimension).lower()}",
        columns=tuple(text_of(head) for head in heads),
        rows=tuple(lines),
        choices=(Choice("By", options),),
        mark=_mark(context, dimension, names),
        width="full",
    )


def _mark(context: Context, dimension: str, names: dict[str, str]) -> Mark | None:
    """Return whether balances differ by a dimension by more than chance, product by product."""
    found = [
        (name, context.mark(dimension, MEASURES[product]))
        for product, name in names.items()
        if product in MEASURES
    ]
    return combined([(name, mark) for name, mark in found if mark is not None])


def _pairs(context: Context) -> Heat:
    names = _names(context)
    found = {
        (row["product"], row["other_product"]): row
        for row in context.snapshot.rows("fct_product_pairs", "product, other_product")
    }
    lines = []
    for product, name in names.items():
        cells = []
        for other in names:
            row = found.get((product, other))
            lift = row["depth_lift"] if row else None
            cells.append(
                Cell(
                    f"{lift:.2f}",
                    lift,
                    f"{row['deep_holders_of_both']:,} customers have much of both",
                    share=min(max(lift - 1, 0.0), 1.0),
                )
                if row and lift is not None
                else Cell("", None)
            )
        lines.append((name, tuple(cells)))
    return Heat(
        name="pairs",
        title="Products held deeply together",
        note="How many times as often as by chance a customer has much (the upper half) of both.",
        is_whole=True,
        corner="Product by product",
        columns=tuple(names.values()),
        rows=tuple(lines),
        width="full",
    )
