"""Actions: what to do, for how many customers, why, and whether it is fair."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from bank_warehouse.answers import labels
from bank_warehouse.dashboard.page_model import Block, Cell, Column, Page, Table, Tiles
from bank_warehouse.dashboard.pages.context import Context, result
from bank_warehouse.worklist import command_for

METRICS = ("recommendations", "money_concerned", "gap_to_close")
KINDS = (
    ("risk", "Risk actions: gap to close"),
    ("targeting", f"{labels.value('kind', 'targeting')}: gap to close"),
)
LIMIT = 12


def make(context: Context) -> Page:
    """Return the page."""
    return Page(
        "recommendations",
        "Actions",
        context.lead(
            "actions",
            "What is due, for how many customers, and who takes the action.",
        ),
        (
            context.whole("glance", "At a glance", lambda: _glance(context)),
            *(
                context.whole(f"money-{kind}", title, partial(_money, context, kind, title))
                for kind, title in KINDS
            ),
            context.whole("actions", "Actions due", lambda: _actions(context)),
            context.whole("fairness", "Are groups treated alike?", lambda: _fairness(context)),
        ),
    )


def _glance(context: Context) -> Tiles:
    due = context.ask(["recommendations"], cube="actions")[0][0]
    advised = context.ask(["recommended_customers"], cube="advised")[0][0]
    customers, act = context.ask(["customers", "act_customers"])[0]
    return Tiles(
        name="glance",
        title=context.title("decisions", "At a glance"),
        note=context.support("decisions"),
        tiles=(
            context.tile("act_customers", {"act_customers": act}),
            context.tile(
                "recommended_customers",
                {"recommended_customers": advised},
                aside=f"{advised / customers:.1%} of these customers" if customers else "",
            ),
            context.tile("recommendations", {"recommendations": due}),
        ),
    )


def _due(context: Context) -> list[tuple[Mapping[str, Any], Sequence[Any]]]:
    """Return the descriptions and numbers of the actions that are due, by priority."""
    found = {row[0]: row[1:] for row in context.ask(METRICS, ["action"], "actions")}
    texts = {row["action"]: row for row in context.snapshot.rows("actions", "priority, action")}
    return [(text, found[action]) for action, text in texts.items() if action in found]


def _money(context: Context, kind: str, title: str) -> Table:
    """Return the gaps of all actions of one kind, the largest first."""
    number, _, gap = (context.snapshot.metric(name) for name in METRICS)
    found = sorted(
        ((text, values) for text, values in _due(context) if text["kind"] == kind and values[2]),
        key=lambda each: -each[1][2],
    )
    most = float(found[0][1][2]) if found else 1.0
    return Table(
        name=f"money-{kind}",
        title=title,
        note=labels.GAP if kind == KINDS[0][0] else "",
        columns=(
            Column("Action", "", False),
            context.column("gap_to_close"),
            context.column("recommendations", "Customers"),
        ),
        rows=tuple(
            (
                Cell.said(text["action_name"]),
                replace(Cell.of(values[2], gap), share=float(values[2]) / most),
                Cell.of(values[0], number),
            )
            for text, values in found
        ),
        empty="No action of this kind closes a gap for these customers.",
    )


def _actions(context: Context) -> Table:
    metrics = [context.snapshot.metric(name) for name in METRICS]
    return Table(
        name="actions",
        title="Actions due, the most urgent first",
        note="Actions follow this report's rules, not a model. The data have no outcomes, so the "
        "rules cannot be tested. The command in the column Work list writes the customers of an "
        "action to a workbook.",
        is_cards=True,
        columns=(
            result("action_name", "Action", is_number=False),
            context.column("recommendations", "Customers"),
            *(context.column(name) for name in METRICS[1:]),
            result("owner", "Owner", is_number=False),
            Column(
                "Work list",
                "Writes the customers of the action to a workbook, with amounts and reasons. "
                "Customer names are restricted: ask your data team.",
                False,
            ),
            result("reasons", "Why", is_number=False),
        ),
        rows=tuple(
            (
                replace(Cell.said(text["action_name"]), more=text["wording"]),
                Cell.of(values[0], metrics[0]),
                Cell.of(values[1], metrics[1]),
                Cell.of(values[2], metrics[2]) if values[2] else Cell.said(None),
                Cell.said(text["owner"]),
                Cell.said(command_for(text["action"]), tone="code"),
                Cell.said(labels.reasons(text["reasons"])),
            )
            for text, values in _due(context)
        ),
        width="full",
    )


def _fairness(context: Context) -> Block:
    mart = "fct_fairness_monitor"
    names = {row["action"]: row["action_name"] for row in context.snapshot.rows("actions")}
    found = context.snapshot.rows(mart, "ratio_to_best nulls last, action, dimension, value")
    judged = [row for row in found if row["is_large_enough"]]
    flagged = [row for row in judged if row["is_flagged"]]
    real = [row for row in flagged if not _is_chance(row)]
    shown = real + [row for row in judged if row not in real][: max(LIMIT - len(real), 0)]
    return Table(
        name="fairness",
        title="No group is clearly treated worse than the fairness limit allows"
        if judged and not real
        else "Are groups treated alike?",
        note="For each action, the rate of each group by age, gender or nationality is compared "
             f"with that of the best-treated group. Of {len(judged):,} comparisons, "
             f"{len(flagged):,} have a ratio below the limit; {len(real):,} of these are real "
             "differences. The table lists the real ones first, then those furthest from equal.",
        is_whole=True,
        is_folded=not real,
        is_cards=True,
        columns=(
            result("action", "Action", is_number=False),
            result("dimension", "Attribute", is_number=False),
            result("value", "Group", is_number=False),
            result("customers", "Customers"),
            result("selection_rate", "Rate of the group"),
            result("best_treated_rate", "Rate of the best-treated group"),
            result("ratio_to_best", "Ratio"),
            result("verdict", "Verdict", is_number=False),
        ),
        rows=tuple(
            (
                Cell.said(names.get(row["action"], labels.name(row["action"]))),
                Cell.said(labels.name(row["dimension"])),
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
                Cell.said(labels.verdict(row["verdict"]), tone="bad" if row in real else "soft"),
            )
            for row in shown
        ),
        empty="All groups are too small for a conclusion.",
        width="full",
    )  # fmt: skip


def _is_chance(row: Mapping[str, Any]) -> bool:
    return labels.CHANCE in row["verdict"]
