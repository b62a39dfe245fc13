"""The page of findings: templates filled with answers.

The results decide which sentences are shown. The main statements come from
`bank_warehouse.answers`, the others from `templates`.
"""

import textwrap
from collections.abc import Callable, Mapping

import pandas as pd

from bank_warehouse.answers import labels
from bank_warehouse.answers.sentences import MOVING, STRONG, strongest
from bank_warehouse.findings import templates
from bank_warehouse.findings.figures import TITLES
from bank_warehouse.findings.tables import Frame, Tables
from bank_warehouse.metrics import format_value
from bank_warehouse.numbers import day, listed

WIDTH = 100

TESTS = """
select distinct
    family, method, verdict,
    least(dimension, measure) as one, greatest(dimension, measure) as other
from marts.fct_segment_differences where method <> 'Not tested'
"""
"""Selects each test once, although the mart lists a pair of dimensions in both orders."""

ASSIGNED = ("banking_relationship", "investment_advisor")
"""Columns whose values follow the order of rows in the data that the sample is modelled on."""


GROUPS: Mapping[str, str] = {
    "loyalty_classification": "loyalty classes",
    "fee_structure": "fee structures",
    "banking_relationship": "banking relationships",
    "occupation_family": "occupations",
}
"""The names of the categories among the drivers, in the plural."""


def write_page(tables: Tables) -> str:
    """Return the page as Markdown."""
    sections: tuple[Callable[[Tables], str], ...] = (
        _title,
        _summary,
        _actions,
        _risk,
        _customers,
        _products,
        _money,
        _differences,
        _limits,
        lambda _: templates.ORIGIN,
    )
    return "\n".join(_wrap(section(tables)) for section in sections)


def _title(tables: Tables) -> str:
    as_of = tables.one("select max(as_of_date) as day from marts.fct_customer_positions")["day"]
    origin = (
        f"> **{labels.INVENTED}**"
        if tables.is_sample
        else templates.DELIVERED.format(files=", ".join(tables.files))
    )
    return templates.TITLE.format(
        origin=origin, as_of_date=day(as_of), **tables.totals("customers")
    )


def _summary(tables: Tables) -> str:
    first = tables.said.first
    lines = [f"- **{each.sentence}** ({each.support.rstrip('.')}.)" for each in first]
    return templates.SUMMARY.format(answers="\n".join(lines) or templates.NOTHING)


def _said(tables: Tables, name: str) -> str:
    """Return an answer with its support and statistics; empty if there is no answer."""
    found = tables.said.by_name.get(name)
    return f"{found.sentence} ({found.full_support.rstrip('.')}.)" if found else ""


def _actions(tables: Tables) -> str:
    names = ["recommended_customers", "money_concerned", "gap_to_close"]
    due = tables.metrics(names, ["action_name", "owner"])
    urgent = tables.sql(
        """
        select action_name from marts.fct_customer_recommendations
        group by action_name order by min(priority), action_name
        """
    )["action_name"]
    place = {name: number for number, name in enumerate(urgent)}
    due = due.sort_values("action_name", key=lambda names: names.map(place), kind="stable")
    # An action without a target amount has no gap; 0.00 would mean that the gap is closed.
    due["gap_to_close"] = due["gap_to_close"].where(due["gap_to_close"] > 0, None)
    watched = tables.metrics(
        ["customers", "mean_risk_weighting", "total_loans", "loan_to_deposit_ratio"],
        ["watch_list_level"],
    )
    return templates.ACTIONS.format(
        action_sentence=_said(tables, "actions"),
        action_table=tables.table(due),
        actions_title=TITLES["actions"](tables),
        watch_table=tables.table(
            watched.sort_values(["customers", "watch_list_level"], kind="stable")
        ),
    )


def _differences(tables: Tables) -> str:
    families = tables.sql(
        f"""
        select family, count(*) as tests,
            count(*) filter (where verdict like 'more than chance%') as real_differences,
            count(*) filter (where verdict = 'no more than chance') as could_be_chance,
            count(*) filter (where verdict = 'too few customers') as too_few_customers
        from ({TESTS}) group by family order by family
        """
    )
    formats = dict.fromkeys([str(name) for name in families.columns[1:]], "#,0")
    outside = tables.sql(
        """
        select distinct least(dimension, measure) as one, greatest(dimension, measure) as other
        from marts.fct_segment_differences
        where family = 'categories' and verdict like 'more than chance%'
        order by one, other
        """
    )
    links = {
        pair: " with ".join(tables.label(name).lower() for name in pair)
        for pair in outside.itertuples(index=False, name=None)
    }
    assigned = ASSIGNED in links and tables.is_sample
    return templates.DIFFERENCES.format(
        family_table=tables.table(families, formats),
        outside_money=_outside_money(links, assigned=assigned),
        differences_title=TITLES["differences"](tables),
    )


def _outside_money(links: Mapping[tuple[str, ...], str], *, assigned: bool) -> str:
    """Return which links outside the comparisons of amounts with amounts passed the test."""
    if not links:
        return templates.OUTSIDE_NONE
    is_one = len(links) == 1
    link = "this link" if is_one else f"the link of {links[ASSIGNED]}" if assigned else ""
    return (templates.OUTSIDE_ONE if is_one else templates.OUTSIDE_SOME).format(
        number=f"{len(links):,}",
        pairs=listed(list(links.values())),
        sample=templates.ASSIGNED.format(link=link) if assigned else "",
    )


def _customers(tables: Tables) -> str:
    names = ["customers", "mean_total_loans", "mean_total_deposits", "loan_to_deposit_ratio"]
    names += ["overleveraged_share", "mean_risk_weighting", "mean_tenure"]
    shown = {
        name: tables.table(
            tables.metrics(names, [name]).sort_values(
                ["customers", name], ascending=[False, True], kind="stable"
            )
        )
        for name in ("loyalty_classification", "segment")
    }
    return templates.CUSTOMERS.format(
        segment_sentence=_said(tables, "segments"),
        segments_title=TITLES["segments"](tables),
        segment_table=shown["segment"],
        cluster_sentence=_cluster_sentence(tables),
        loyalty_sentence=_verdict(tables, "loyalty_classification"),
        loyalty_table=shown["loyalty_classification"],
    )


def _verdict(tables: Tables, dimension: str) -> str:
    """Return how to interpret the differences between the values of a dimension."""
    real = tables.sql(
        """
        select measure from marts.fct_segment_differences
        where dimension = ? and verdict like 'more than chance%'
        order by effect_size desc, measure
        """,
        dimension,
    )["measure"]
    label = tables.label(dimension).lower()
    if len(real) == 0:
        return templates.CHANCE.format(dimension=label)
    measures = listed([tables.label(str(name)).lower() for name in real])
    return templates.REAL.format(dimension=label, measures=measures)


def _cluster_sentence(tables: Tables) -> str:
    found = tables.sql("select distinct structure from marts.fct_cluster_centroids").to_dict(
        "records"
    )
    if not found:
        return ""
    return templates.CLUSTER.format(structure=labels.value("structure", found[0]["structure"]))


def _products(tables: Tables) -> str:
    names = ["holders", "penetration", "product_balance", "mean_balance_of_holders"]
    held = tables.metrics(names, ["product_order", "product_name"])
    gaps = tables.metrics(["gap_below_peer_median"], ["product_order", "product_name"])
    frame = held.merge(gaps, on=["product_order", "product_name"]).drop(columns="product_order")
    return templates.PRODUCTS.format(
        product_sentence=_said(tables, "products"),
        product_table=tables.table(frame),
        products_title=TITLES["products"](tables),
    )


def _risk(tables: Tables) -> str:
    names = ["customers", "mean_estimated_income", "mean_total_loans", "loan_to_deposit_ratio"]
    names += ["debt_to_income_ratio", "watch_list_share"]
    by_risk = tables.metrics([*names, "expected_loss", "expected_loss_rate"], ["risk_weighting"])
    by_rule = tables.classes_listed_by_rule()
    found = strongest(tables)
    drivers = pd.DataFrame(
        [
            (tables.label(row["driver"]), row["level"], row["odds_ratio"], row["direction"])
            for row in found
        ],
        columns=["driver", "level", "odds_ratio", "direction"],
    )
    return templates.RISK.format(
        risk_sentence=_said(tables, "risk-by-income"),
        risk_title=TITLES["risk"](tables),
        risk_table=tables.table(by_risk),
        jump_sentence=templates.JUMP.format(classes=listed(by_rule, "or")) if by_rule else "",
        driver_sentence=_said(tables, "drivers"),
        drivers_title=TITLES["drivers"](tables),
        driver_table=tables.table(drivers, {"odds_ratio": "0.00"}) if len(drivers) else "",
        collinear_sentence=_collinear_sentence(tables, {row["driver"] for row in found}),
        level_sentence=_level_sentence(tables, {row["driver"] for row in found}),
        protected_sentence=_protected_sentence(tables),
        fit_sentence=_fit_sentence(tables),
    )


def _collinear_sentence(tables: Tables, drivers: set[str]) -> str:
    found = tables.sql(
        """
        select balance_correlation from marts.fct_product_pairs
        where product = 'bank_deposit' and other_product in ('checking_account', 'saving_account')
        order by other_product
        """
    )["balance_correlation"]
    if "bank_deposits" not in drivers or len(found) == 0 or not (found >= STRONG).all():
        return ""
    written = [format_value(float(each), "0.00") for each in found]
    return templates.COLLINEAR.format(correlations=listed(written))


def _level_sentence(tables: Tables, shown: set[str]) -> str:
    """Return a sentence on drivers that are left out although some of their levels stand out."""
    found = tables.sql(
        f"""
        select distinct driver from marts.fct_risk_drivers
        where fit = 'business facts' and direction in {MOVING} and reference_level is not null
        order by driver
        """
    )["driver"]
    left_out = [str(name) for name in found if name not in shown]
    if not left_out:
        return ""
    return templates.LEVELS.format(
        groups=listed([GROUPS.get(name, tables.label(name).lower()) for name in left_out]),
        drivers=listed([tables.label(name).lower() for name in left_out]),
    )


def _protected_sentence(tables: Tables) -> str:
    fitted = tables.sql(
        """
        select driver, direction from marts.fct_risk_drivers
        where is_protected and coefficient is not null order by driver
        """
    )
    if len(fitted) == 0:
        return ""
    moving = dict.fromkeys(fitted.loc[fitted["direction"].isin(MOVING), "driver"])
    if not moving:
        return templates.PROTECTED_NONE
    return templates.PROTECTED_SOME.format(drivers=listed(list(moving)))


def _fit_sentence(tables: Tables) -> str:
    fit = tables.sql(
        """
        select distinct customers_fitted, customers_held_out, held_out_accuracy, majority_accuracy
        from marts.fct_risk_drivers
        where fit = 'business facts' and held_out_accuracy is not null
        """
    ).to_dict("records")
    if not fit:
        return ""
    return templates.FIT.format(
        customers_fitted=format_value(fit[0]["customers_fitted"], "#,0"),
        customers_held_out=format_value(fit[0]["customers_held_out"], "#,0"),
        held_out_accuracy=format_value(fit[0]["held_out_accuracy"], "0.0%"),
        majority_accuracy=format_value(fit[0]["majority_accuracy"], "0.0%"),
    )


def _money(tables: Tables) -> str:
    measures = ("total_loans", "total_deposits", "fee_income")
    spread = pd.DataFrame(
        [
            {
                "amount": tables.label(measure),
                **{
                    kind: tables.totals(f"{kind}_of_{measure}")[f"{kind}_of_{measure}"]
                    for kind in ("top_decile_share", "gini")
                },
            }
            for measure in measures
        ]
    )
    return templates.MONEY.format(
        concentration_sentence=_said(tables, "concentration"),
        concentration_title=TITLES["concentration"](tables),
        concentration_table=tables.table(spread),
        loss_sentence=_said(tables, "losses"),
        stress_sentence=_said(tables, "stress"),
        stress_title=TITLES["stress"](tables),
        stress_table=tables.table(_scenarios(tables)),
    )


def _scenarios(tables: Tables) -> Frame:
    names = ["expected_loss", "total_deposits", "net_position", "estimated_income"]
    found = tables.metrics([f"stressed_{name}" for name in names], ["scenario"])
    return found.sort_values(["stressed_expected_loss", "scenario"], kind="stable")


def _limits(tables: Tables) -> str:
    names = ("customers_joined_before_birth", "customers_joined_as_minors")
    return templates.LIMITS.format(
        sample_sentence=templates.SAMPLE if tables.is_sample else "", **tables.totals(*names)
    )


def _wrap(text: str) -> str:
    """Wrap paragraphs and list items; leave headings, tables and images unchanged."""
    blocks = []
    for block in text.strip("\n").split("\n\n"):
        if not block.strip():
            continue
        if block.startswith(("#", "|", "!")):
            blocks.append(block)
        elif block.startswith("- "):
            items = [" ".join(item.split()) for item in f"\n{block}".split("\n- ")[1:]]
            blocks.append("\n".join(_fill(f"- {item}", "  ") for item in items))
        else:
            indent = "> " if block.startswith("> ") else ""
            blocks.append(_fill(" ".join(block.split()), indent))
    return "\n\n".join(blocks) + "\n"


def _fill(text: str, indent: str) -> str:
    return textwrap.fill(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
