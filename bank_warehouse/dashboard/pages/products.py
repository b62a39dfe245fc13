"""Product holdings: how much customers hold of each product, and how far below their peers."""

from dataclasses import replace
from typing import Any

from bank_warehouse.dashboard.cubes import FILTERS
from bank_warehouse.dashboard.page_model import Cell, Choice, Column, Heat, Mark, Page, Table
from bank_warehouse.dashboard.pages.context import Context, combined

HELD = ("product_balance", "mean_balance_of_holders", "holdings")
GAP = "gap_below_peer_median"
ASKED = (*HELD, GAP)
MEASURES = {
    "credit_card": "credit_card_balance",
    "bank_loan": "bank_loans",
    "business_lending": "business_lending",
    "bank_deposit": "bank_deposits",
    "saving_account": "saving_accounts",
    "checking_account": "checking_accounts",
    "foreign_currency_account": "foreign_currency_account",
}
"""The measure in fct_segment_differences with the balance of each product."""


def make(context: Context) -> Page:
    """Return the page."""
    held, possible = context.ask(["holdings", "possible_holdings"], cube="products")[0]
    part = held / possible if held and possible else 0.0
    return Page(
        "products",
        "Product holdings",
        context.lead(
            "products",
            f"These customers hold {part:.1%} of all products that they could hold.",
        ),
        (
            _held(context),
            _gaps(context),
            _by_dimension(context),
            context.whole("pairs", "High balances together", lambda: _pairs(context)),
        ),
    )


def _names(context: Context) -> dict[str, str]:
    found = context.snapshot.rows("dim_products", "product_order")
    return {row["product"]: row["product_name"] for row in found}


def _by_product(context: Context, first: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the names of products with their metrics, the largest value of `first` at the top."""
    # Both tables use the same query, so its result is cached.
    found = {row[0]: row[1:] for row in context.ask(ASKED, ["product"], "products")}
    rows = [
        (name, dict(zip(ASKED, found[product], strict=True)))
        for product, name in _names(context).items()
        if product in found
    ]
    return sorted(rows, key=lambda row: -float(row[1][first] or 0))


def _held(context: Context) -> Table:
    rows = _by_product(context, HELD[0])
    most = float(rows[0][1][HELD[0]] or 0) if rows else 0.0
    metrics = [context.snapshot.metric(name) for name in HELD]
    return Table(
        name="held",
        title="Balances by product",
        columns=(
            Column("Product", "", False),
            *(context.column(name) for name in HELD[:-1]),
            context.column(HELD[-1], "Holders"),
        ),
        rows=tuple(
            (
                Cell.said(name),
                replace(
                    Cell.of(values[HELD[0]], metrics[0]),
                    share=float(values[HELD[0]] or 0) / most if most else 0.0,
                ),
                *(Cell.of(values[metric.name], metric) for metric in metrics[1:]),
            )
            for name, values in rows
        ),
    )


def _gaps(context: Context) -> Table:
    rows = _by_product(context, GAP)
    most = float(rows[0][1][GAP] or 0) if rows else 0.0
    gap = context.snapshot.metric(GAP)
    return Table(
        name="gaps",
        title="How far customers are below their peers",
        note="Peers are customers of the same income band and risk weighting. The amount is what "
        "all customers below their peers' median would need to reach it. About half are always "
        "below it, so compare products and do not read the amount as a forecast.",
        columns=(
            Column("Product", "", False),
            context.column(GAP),
            Column("As a share of balance", "The amount as a share of the product's balance."),
        ),
        rows=tuple(
            (
                Cell.said(name),
                replace(
                    Cell.of(values[GAP], gap),
                    share=float(values[GAP] or 0) / most if most else 0.0,
                ),
                Cell(f"{part:.0%}", part)
                if (part := float(values[GAP] or 0) / float(values[HELD[0]] or 1))
                and values[HELD[0]]
                else Cell.said(None),
            )
            for name, values in rows
        ),
    )


def _by_dimension(context: Context) -> Heat:
    """Return the mean balances of holders by product and by a chosen dimension."""
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
        mark = context.mark(dimension, MEASURES.get(product))
        tone = "pale" if mark is not None and mark.is_pale else ""
        lines.append(
            (
                name,
                tuple(
                    replace(
                        Cell.of(value, metric),
                        share=float(value) / most if most else 0.0,
                        tone=tone,
                    )
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
        note="Each row has its own colour scale, from 0 to its highest mean. Pale rows could be "
        "chance.",
        side="Product",
        top=context.axis(dimension),
        columns=tuple(context.value(dimension, head) for head in heads),
        rows=tuple(lines),
        legend=("Mean balance", "0", "highest in the row"),
        choices=(Choice("By", options),),
        mark=_mark(context, dimension, names),
        width="full",
    )


def _mark(context: Context, dimension: str, names: dict[str, str]) -> Mark | None:
    """Return one mark for all products: whether their balances really differ by a dimension."""
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
            if product == other:
                cells.append(Cell("same", None))
            elif row is None or lift is None:
                cells.append(Cell("", None))
            else:
                deep = f"{row['deep_holders_of_both']:,} customers"
                both = f"{deep} are above their peers' median in both"
                share = min(max(lift - 1, 0.0), 1.0)
                cells.append(Cell(f"× {lift:.2f}", lift, both, share=share))
        lines.append((name, tuple(cells)))
    return Heat(
        name="pairs",
        title="Which high balances occur together?",
        note="How often customers are above their peers' median in both products, as a multiple of "
        "chance (× 1 = as often as by chance). Peers have the same income band and risk "
        "weighting.",
        is_whole=True,
        side="Product",
        top="Other product",
        columns=tuple(names.values()),
        rows=tuple(lines),
        legend=("Times as often", "× 1 (chance)", "× 2 or more"),
        width="full",
    )
