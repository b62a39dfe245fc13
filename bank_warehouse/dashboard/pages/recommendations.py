"""Recommendations: what to do for how many customers, why, and whether that is fair."""

from dataclasses import replace

from bank_warehouse.dashboard.blocks import Block, Cell, Page, Table, Tiles
from bank_warehouse.dashboard.pages.context import Context, people, words

METRICS = ("recommendations", "money_concerned", "gap_to_close")
LIMIT = 12


def make(context: Context) -> Page:
    """Return the page."""
    return Page(
        "recommendations",
        "Recommendations",
        "What the rules say is due, for how many customers, and whether groups are treated alike.",
        (
            context.whole("glance", "At a glance", lambda: _glance(context)),
            context.whole("actions", "Actions due", lambda: _actions(context)),
            context.whole("fairness", "Are groups treated alike?", lambda: _fairness(context)),
        ),
    )


def _glance(context: Context) -> Tiles:
    actions = dict(zip(METRICS, context.ask(METRICS, cube="actions")[0], strict=True))
    advised = context.ask(["recommended_customers"], cube="advised")[0][0]
    customers = context.ask(["customers"])[0][0]
    tile = context.tile(
        "recommended_customers",
        {"recommended_customers": advised},
        aside=f"{advised / customers:.1%} of these customers" if customers else "",
    )
    return Tiles(
        name="glance",
        title="At a glance",
        tiles=(tile, *(context.tile(name, actions) for name in METRICS)),
    )


def _actions(context: Context) -> Table:
    texts = {row["action"]: row for row in context.snapshot.rows("actions", "priority, action")}
    found = {row[0]: row[1:] for row in context.ask(METRICS, ["action"], "actions")}
    metrics = [context.snapshot.metric(name) for name in METRICS]
    most = max((values[0] for values in found.values()), default=0)
    mart = "fct_customer_recommendations"
    return Table(
        name="actions",
        title="Actions due",
        note="Rules of the project, not results of a model: the data have no outcomes that they "
        "could be judged by.",
        columns=(
            context.mart_column(mart, "action_name", "Action", is_number=False),
            *(context.column(name) for name in METRICS),
            context.mart_column(mart, "owner", "Who does it", is_number=False),
            context.mart_column(mart, "reasons", "Why", is_number=False),
        ),
        rows=tuple(
            (
                Cell(text["action_name"], text["action_name"], exact=text["wording"]),
                replace(
                    Cell.of(found[action][0], metrics[0]),
                    share=found[action][0] / most if most else 0.0,
                ),
                *(
                    Cell.of(value, metric)
                    for value, metric in zip(found[action][1:], metrics[1:], strict=True)
                ),
                Cell.said(text["owner"]),
                Cell(words(text["reasons"]), text["reasons"]),
            )
            for action, text in texts.items()
            if action in found
        ),
        width="full",
    )


def _fairness(context: Context) -> Block:
    mart = "fct_fairness_monitor"
    names = {row["action"]: row["action_name"] for row in context.snapshot.rows("actions")}
    found = context.snapshot.rows(mart, "ratio_to_best nulls last, action, dimension, value")
    judged = [row for row in found if row["is_large_enough"]]
    flagged = [row for row in judged if row["is_flagged"]]
    real = [row for row in flagged if "more than chance" in row["verdict"].replace("no more", "no")
            and "no more" not in row["verdict"]]  # fmt: skip
    return Table(
        name="fairness",
        title="Are groups treated alike?",
        note=f"Of {len(judged):,} comparisons of an action between groups by age, gender or "
        f"nationality, {len(flagged):,} fall under the limit of four fifths, {len(real):,} of "
        f"them by more than chance. The {min(LIMIT, len(judged))} furthest from equal:",
        is_whole=True,
        columns=(
            context.mart_column(mart, "action", "Action", is_number=False),
            context.mart_column(mart, "dimension", "Attribute", is_number=False),
            context.mart_column(mart, "value", "Group", is_number=False),
            context.mart_column(mart, "customers", "Customers"),
            context.mart_column(mart, "selection_rate", "Rate"),
            context.mart_column(mart, "best_treated_rate", "Best treated"),
            context.mart_column(mart, "ratio_to_best", "Ratio"),
            context.mart_column(mart, "verdict", "Verdict", is_number=False),
        ),
        rows=tuple(
            (
                Cell.said(names.get(row["action"], people(row["action"]))),
                Cell.said(people(row["dimension"])),
                Cell.said(row["value"]),
                Cell.said(row["customers"]),
                *(
                    Cell(f"{row[name]:.1%}", row[name]) if row[name] is not None
                    else Cell.said(None)
                    for name in ("selection_rate", "best_treated_rate")
                ),
                Cell(f"{row['ratio_to_best']:.2f}", row["ratio_to_best"])
                if row["ratio_to_best"] is not None
                else Cell.said(None),
                Cell.said(row["verdict"], tone="bad" if row in real else ""),
            )
            for row in judged[:LIMIT]
        ),
        empty="No group is large enough to judge.",
        width="full",
    )  # fmt: skip
