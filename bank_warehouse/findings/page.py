"""The page of findings: sections of words with places for answers.

It claims nothing that the answers do not decide: a sentence that depends on a result is chosen by
that result.
"""

import textwrap
from collections.abc import Callable, Sequence

import pandas as pd

from bank_warehouse.findings import words
from bank_warehouse.findings.answers import Answers
from bank_warehouse.metrics import format_value

WIDTH = 100

TESTS = """
select distinct
    family, method, verdict,
    least(dimension, measure) as one, greatest(dimension, measure) as other
from marts.fct_segment_differences where method <> 'Not tested'
"""
"""Each test once: two dimensions are listed in both orders."""

NEARLY_ALL = 0.95
"""From this penetration on, holding a product or not tells hardly anything."""


def write_page(answers: Answers) -> str:
    """Return the page as Markdown."""
    sections: tuple[Callable[[Answers], str], ...] = (
        _title,
        _summary,
        _differences,
        _customers,
        _products,
        _risk,
        _money,
        _limits,
    )
    return "\n".join(section(answers) for section in sections)


def _title(answers: Answers) -> str:
    files = answers.sql(
        "select distinct source_file from staging.base_bank__clients order by source_file"
    )["source_file"]
    invented = all(str(file).startswith("seeds/") for file in files)
    as_of = answers.one("select max(as_of_date) as day from marts.fct_customer_positions")["day"]
    origin = (
        words.INVENTED if invented else words.DELIVERED.format(files=", ".join(map(str, files)))
    )
    return _wrap(words.TITLE.format(origin=origin, as_of_date=f"{as_of:%Y-%m-%d}"))


def _summary(answers: Answers) -> str:
    names = ["customers", "client_ids", "total_loans", "total_deposits", "core_deposits"]
    names += ["loan_to_deposit_ratio", "overleveraged_share"]
    counted = answers.one(
        f"""
        select count(*) filter (where verdict like 'more than chance%') as real_tests,
            count(*) as tests
        from ({TESTS})
        """
    )
    outside = answers.sql(
        """
        select distinct least(dimension, measure) as one, greatest(dimension, measure) as other
        from marts.fct_segment_differences
        where family = 'categories' and verdict like 'more than chance%'
        order by one, other
        """
    )
    pairs = [
        f"{answers.label(one).lower()} with {answers.label(other).lower()}"
        for one, other in outside.itertuples(index=False, name=None)
    ]
    return _wrap(
        words.SUMMARY.format(
            **answers.totals(*names),
            **{name: format_value(value, "#,0") for name, value in counted.items()},
            outside_money=words.OUTSIDE_SOME.format(pairs=_listed(pairs))
            if pairs
            else words.OUTSIDE_NONE,
            risk_sentence=_risk_sentence(answers),
            product_sentence=_product_sentence(answers),
            cluster_sentence=_cluster_sentence(answers),
        )
    )


def _differences(answers: Answers) -> str:
    families = answers.sql(
        f"""
        select family, count(*) as tests,
            count(*) filter (where verdict like 'more than chance%') as more_than_chance,
            count(*) filter (where verdict = 'no more than chance') as no_more_than_chance,
            count(*) filter (where verdict = 'too few customers') as too_few_customers
        from ({TESTS}) group by family order by family
        """
    )
    formats = dict.fromkeys([str(name) for name in families.columns[1:]], "#,0")
    return _wrap(words.DIFFERENCES.format(family_table=answers.table(families, formats)))


def _customers(answers: Answers) -> str:
    names = ["customers", "mean_total_loans", "mean_total_deposits", "loan_to_deposit_ratio"]
    names += ["overleveraged_share", "mean_risk_weighting", "mean_tenure"]
    tables = {
        name: answers.table(
            answers.metrics(names, [name]).sort_values(
                ["customers", name], ascending=[False, True], kind="stable"
            )
        )
        for name in ("loyalty_classification", "segment")
    }
    text = words.LOYALTY.format(
        loyalty_table=tables["loyalty_classification"],
        segment_table=tables["segment"],
        loyalty_sentence=_verdict(answers, "loyalty_classification"),
    )
    return _wrap(text)


def _verdict(answers: Answers, dimension: str) -> str:
    """Return what may be read into the differences between the values of a dimension."""
    real = answers.sql(
        """
        select measure from marts.fct_segment_differences
        where dimension = ? and verdict like 'more than chance%'
        order by effect_size desc, measure
        """,
        dimension,
    )["measure"]
    label = answers.label(dimension).lower()
    if len(real) == 0:
        return words.CHANCE.format(dimension=label)
    measures = _listed([answers.label(str(name)).lower() for name in real])
    return words.REAL.format(dimension=label, measures=measures)


def _cluster_sentence(answers: Answers) -> str:
    quality = answers.one(
        "select distinct number_of_clusters, silhouette, stability, structure"
        " from marts.fct_cluster_centroids"
    )
    return words.CLUSTER.format(
        number_of_clusters=quality["number_of_clusters"],
        silhouette=format_value(quality["silhouette"], "0.00"),
        stability=format_value(quality["stability"], "0.00"),
        structure=quality["structure"],
    )


def _products(answers: Answers) -> str:
    names = ["holders", "penetration", "product_balance", "mean_balance_of_holders"]
    held = answers.metrics(names, ["product_order", "product_name"])
    gaps = answers.metrics(["gap_below_peer_median"], ["product_order", "product_name"])
    frame = held.merge(gaps, on=["product_order", "product_name"]).drop(columns="product_order")
    pair = answers.one(
        """
        select lower(one.product_name) as product, lower(other.product_name) as other_product,
            pairs.balance_correlation
        from marts.fct_product_pairs as pairs
        inner join marts.dim_products as one on pairs.product = one.product
        inner join marts.dim_products as other on pairs.other_product = other.product
        where one.product_order < other.product_order
        order by pairs.balance_correlation desc nulls last, one.product_order
        limit 1
        """
    )
    pair["balance_correlation"] = format_value(pair["balance_correlation"], "0.00")
    return _wrap(
        words.PRODUCTS.format(
            product_table=answers.table(frame),
            product_sentence=_product_sentence(answers),
            **pair,
        )
    )


def _product_sentence(answers: Answers) -> str:
    values = answers.totals("penetration", "products_per_customer")
    share = answers.metrics(["penetration"])["penetration"][0]
    how = "hardly at all" if share > NEARLY_ALL else "as well"
    return words.HOLDS_ALL.format(**values, how=how)


def _risk_sentence(answers: Answers) -> str:
    tested = answers.sql(
        """
        select measure, effect_size, verdict like 'more than chance%' as is_real
        from marts.fct_segment_differences
        where dimension = 'risk_weighting' and method = 'Kruskal-Wallis'
        order by effect_size desc, measure
        """
    )
    real = tested[tested["is_real"]]
    if len(real) == 0:
        return words.RISK_CHANCE
    return words.RISK_REAL.format(
        real=len(real),
        tested=len(tested),
        first=answers.label(str(real["measure"].iloc[0])).lower(),
        last=answers.label(str(real["measure"].iloc[-1])).lower(),
        highest=format_value(float(real["effect_size"].iloc[0]), "0.00"),
        lowest=format_value(float(real["effect_size"].iloc[-1]), "0.00"),
    )


def _risk(answers: Answers) -> str:
    names = ["customers", "median_estimated_income", "mean_total_loans", "loan_to_deposit_ratio"]
    names += ["debt_to_income_ratio", "watch_list_share"]
    by_risk = answers.metrics([*names, "expected_loss", "expected_loss_rate"], ["risk_weighting"])
    fit = answers.one(
        """
        select distinct customers_fitted, customers_held_out, held_out_accuracy, majority_accuracy
        from marts.fct_risk_drivers where fit = 'business facts'
        """
    )
    drivers = answers.sql(
        """
        select driver, level, odds_ratio, exp(coefficient_lower) as lower_end,
            exp(coefficient_upper) as upper_end, direction
        from marts.fct_risk_drivers
        where fit = 'business facts' and direction in ('raises', 'lowers')
        order by abs(coefficient) desc, driver, level
        """
    )
    by_chance = answers.sql(
        """
        select dimension from marts.fct_segment_differences
        where measure = 'risk_weighting' and verdict = 'no more than chance'
        """
    )["dimension"]
    alone = sorted({str(name) for name in drivers["driver"]} & {str(name) for name in by_chance})
    drivers["driver"] = [answers.label(str(name)) for name in drivers["driver"]]
    protected = answers.sql(
        """
        select distinct driver from marts.fct_risk_drivers
        where is_protected and direction in ('raises', 'lowers') order by driver
        """
    )["driver"]
    watched = answers.metrics(
        ["customers", "mean_risk_weighting", "total_loans", "loan_to_deposit_ratio"],
        ["watch_list_level"],
    )
    text = words.RISK.format(
        risk_table=answers.table(by_risk),
        driver_sentence=words.DRIVERS.format(
            customers_fitted=format_value(fit["customers_fitted"], "#,0"),
            customers_held_out=format_value(fit["customers_held_out"], "#,0"),
            held_out_accuracy=format_value(fit["held_out_accuracy"], "0.0%"),
            majority_accuracy=format_value(fit["majority_accuracy"], "0.0%"),
        ),
        category_sentence=(
            words.CATEGORY.format(drivers=_listed([answers.label(one).lower() for one in alone]))
            if alone
            else ""
        ),
        driver_table=answers.table(
            drivers, dict.fromkeys(("odds_ratio", "lower_end", "upper_end"), "0.00")
        ),
        protected_sentence=(
            words.PROTECTED_SOME.format(drivers=_listed([str(name) for name in protected]))
            if len(protected)
            else words.PROTECTED_NONE
        ),
        watch_table=answers.table(
            watched.sort_values(["customers", "watch_list_level"], kind="stable")
        ),
    )
    return _wrap(text)


def _money(answers: Answers) -> str:
    spread = pd.DataFrame(
        [
            [answers.label(measure), *_spread(answers, measure)]
            for measure in ("total_loans", "total_deposits", "fee_income")
        ],
        columns=["amount", "gini", "top_decile_share", "herfindahl"],
    )
    scenarios = answers.metrics(
        [
            "stressed_expected_loss",
            "stressed_total_deposits",
            "stressed_net_position",
            "stressed_estimated_income",
        ],
        ["scenario"],
    )
    scenarios = scenarios.sort_values(["stressed_expected_loss", "scenario"], kind="stable")
    scenarios["scenario"] = [str(name).replace("_", " ") for name in scenarios["scenario"]]
    return _wrap(
        words.MONEY.format(
            concentration_table=answers.table(spread),
            stress_table=answers.table(scenarios),
            **answers.totals("expected_loss", "lending_exposure", "expected_loss_rate"),
        )
    )


def _limits(answers: Answers) -> str:
    return _wrap(
        words.LIMITS.format(
            **answers.totals("customers_joined_before_birth", "customers_joined_as_minors")
        )
    )


def _spread(answers: Answers, measure: str) -> list[str]:
    return [
        answers.totals(f"{name}_of_{measure}")[f"{name}_of_{measure}"]
        for name in ("gini", "top_decile_share", "herfindahl")
    ]


def _listed(texts: Sequence[str]) -> str:
    """Return texts as a list in words."""
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} and {texts[-1]}"


def _wrap(text: str) -> str:
    """Fill paragraphs and list items to the width; leave headings, tables and images alone."""
    blocks = []
    for block in text.strip("\n").split("\n\n"):
        if block.startswith(("#", "|", "!")):
            blocks.append(block)
        elif block.startswith("- "):
            items = [" ".join(item.split()) for item in f"\n{block}".split("\n- ")[1:]]
            blocks.append("\n".join(_fill(f"- {item}", "  ") for item in items))
        else:
            blocks.append(_fill(" ".join(block.split()), ""))
    return "\n\n".join(blocks) + "\n"


def _fill(text: str, indent: str) -> str:
    return textwrap.fill(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
