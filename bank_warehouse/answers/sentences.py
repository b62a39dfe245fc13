"""Answers to a manager's questions about the data, as sentences.

Each answer is a sentence in round numbers, a short title for a chart, the statistics that support
both, and where to find more. An answer is left out if the data does not support it. A link, such as
that between risk and income, is stated only if a statistical test confirms it. "No difference" is
stated only if the test rules out a difference that matters.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from bank_warehouse.answers import labels
from bank_warehouse.answers.source import NotShownError, Source
from bank_warehouse.metrics import MetricsError
from bank_warehouse.numbers import amount, count, day, listed, share, times

MAX_ANSWERS = 5
"""Maximum number of answers at the top of a page."""

ACT = "act"
ACT_ON_WATCH_LIST = "act_on_watch_list"
BALANCES = ("total_loans", "total_deposits")
NEGLIGIBLE = 0.01
"""Epsilon squared below which a difference is negligible, as in the seed `effect_sizes`."""
NEARLY_ALL = 0.95
"""At this penetration or more, holding a product barely distinguishes customers."""
FEWEST_FOR_TENTHS = 10
"""Minimum number of customers for a meaningful top tenth."""
ONE_SIDED_95 = 1.645
"""The 95% quantile of the normal distribution."""

TARGETED_BY = (
    "loyalty_classification",
    "occupation_family",
    "fee_structure",
    "banking_relationship",
    "investment_advisor",
    "properties_owned",
)
"""Facts by which a campaign could select customers, most likely first."""

PROTECTED = "nationality, gender or age"


@dataclass(frozen=True)
class Answer:
    """The answer to one question.

    Attributes:
        name: name of the question, such as `risk-by-income`.
        sentence: the answer, in round numbers.
        title: the answer as the title of a chart.
        support: what a reader must know to interpret the answer.
        page: name of the dashboard page that shows more.
        marts: where the numbers come from.
        verdict: `real` or `chance` if a test decided, else empty.
        statistics: figures of the test, for readers who want them; empty if there was no test.
    """

    name: str
    sentence: str
    title: str
    support: str
    page: str
    marts: tuple[str, ...]
    verdict: str = ""
    statistics: str = ""

    @property
    def full_support(self) -> str:
        """The support, followed by the statistics."""
        return f"{self.support} {self.statistics}".strip()


@dataclass(frozen=True)
class Answers:
    """All answers, by the name of the question.

    Attributes:
        by_name: the answers; a question that the data cannot answer is missing.
    """

    by_name: Mapping[str, Answer]

    @property
    def first(self) -> tuple[Answer, ...]:
        """The answers at the top of a page, at most five, in the order shown."""
        return tuple(self.by_name[name] for name in OPENING if name in self.by_name)[:MAX_ANSWERS]

    def title(self, name: str, otherwise: str) -> str:
        """Return the title of a chart: its answer, or a neutral title if there is none."""
        return self.by_name[name].title if name in self.by_name else otherwise


def answers(source: Source) -> Answers:
    """Return the answers that the data of a source gives."""
    found = {}
    for make in QUESTIONS:
        try:
            answer = make(source)
        except (NotShownError, MetricsError):
            # Some roles do not see every mart, and an older release may lack some.
            continue
        if answer is not None:
            found[answer.name] = answer
    return Answers(found)


# ---------- what to do


def decisions(source: Source) -> Answer | None:
    """The number of customers at the highest level of the watch list."""
    by_level = {row[0]: row[1:] for row in source.ask(
        ("customers", *BALANCES), ("watch_list_level",)
    )}  # fmt: skip
    customers = sum(row[0] for row in by_level.values())
    if not customers:
        return None
    number, loans, deposits = by_level.get(ACT, (0, 0, 0))
    change = _change_of_decisions(source, number)
    if not number:
        title = "No customer needs a decision now"
        sentence = f"{title}: nobody is at the highest level of the watch list{change}."
    else:
        title = f"{count(number, 'customer needs', 'customers need')} a decision now"
        sentence = (
            f"{title}: {amount(loans)} in loans against {amount(deposits)} in deposits{change}."
        )
    all_loans = sum(row[1] for row in by_level.values())
    part = f" and {share(loans / all_loans)} of loans" if number and all_loans > 0 else ""
    return Answer(
        name="decisions",
        sentence=sentence,
        title=title,
        support=f"Watch-list level Act now: {share(number / customers)} of customers{part}."
        + (_task(source, ACT_ON_WATCH_LIST) if number else ""),
        page="recommendations",
        marts=("fct_customer_risk", "fct_customer_positions"),
    )


def _task(source: Source, action: str) -> str:
    """Return an action's task and owner, preceded by a space; empty if the action is not shown."""
    try:
        found = [row for row in source.rows("actions", "action") if row["action"] == action]
    except NotShownError:
        return ""
    if not found:
        return ""
    wording = str(found[0]["wording"])
    return f" Task for {found[0]['owner']}: {wording[:1].lower()}{wording[1:]}."


def _change_of_decisions(source: Source, number: int) -> str:
    """Return a clause that compares with the previous date; empty if there is none."""
    try:
        moved = _since(source, "fct_risk_migrations")
    except NotShownError:
        return ""
    if not moved:
        return ""
    before = sum(row["customers"] for row in moved if row["from_watch_list_level"] == ACT)
    if before == number:
        how = "as many customers as" if number else "as"
    else:
        word = "more" if number > before else "fewer"
        how = f"{count(abs(number - before), f'{word} customer')} than"
    return f", {how} on {day(moved[0]['from_date'])}"


def actions(source: Source) -> Answer | None:
    """Which action is furthest from its target."""
    names = {row["action"]: row["action_name"] for row in source.rows("actions", "action")}
    due = [
        (gap, number, concerned, names[action])
        for action, number, concerned, gap in source.ask(
            ("recommendations", "money_concerned", "gap_to_close"), ("action",), cube="actions"
        )
        if action in names and gap
    ]
    if not due:
        return None
    gap, number, concerned, name = max(due, key=lambda row: (row[0], row[3]))
    return Answer(
        name="actions",
        sentence=(
            f"“{name}” is the action furthest from its target: {amount(gap)} across "
            f"{count(number, 'customer')}."
        ),
        title=f"Furthest from target: {name}, {amount(gap)}",
        support=f"{labels.GAP} Balances involved: {amount(concerned)}.",
        page="recommendations",
        marts=("fct_customer_recommendations",),
    )


# ---------- what differs


def risk_by_income(source: Source) -> Answer | None:
    """Whether the risk weighting rises with income."""
    return _by_income(
        source,
        name="risk-by-income",
        metric="mean_risk_weighting",
        measure="risk_weighting",
        subject="The risk weighting",
        verb=("rises", "falls", "differs"),
        what="its mean (1 low, 5 high)",
        written=lambda mean: f"{float(mean):.1f}",
        page="risk",
    )


def deposits_by_income(source: Source) -> Answer | None:
    """Whether deposits rise with income."""
    return _by_income(
        source,
        name="deposits-by-income",
        metric="mean_total_deposits",
        measure="total_deposits",
        subject="Deposits",
        verb=("rise", "fall", "differ"),
        what="mean deposits",
        written=amount,
        page="income",
    )


def _by_income(
    source: Source,
    *,
    name: str,
    metric: str,
    measure: str,
    subject: str,
    verb: tuple[str, str, str],
    what: str,
    written: Callable[[Any], str],
    page: str,
) -> Answer | None:
    tested = difference(source, "income_band", measure)
    if tested is None or tested["adjusted_p_value"] is None:
        return None
    bands = [
        (income, mean, band)
        for band, income, mean, customers in source.ask(
            ("mean_estimated_income", metric, "customers"), ("income_band",)
        )
        if band is not None and income is not None and mean is not None and customers
    ]
    # Sorted by income, because a bank may rename its bands.
    bands.sort()
    if len(bands) < 2:
        return None
    marts = ("fct_segment_differences", "dim_customers", "fct_customer_positions")
    if not labels.is_real(tested["verdict"]):
        if not _is_none(tested):
            return None
        said = f"{subject} {'is' if verb[0].endswith('s') else 'are'} not linked to income"
        return Answer(
            name, f"{said}.", _headline(said), _negligible(tested), page, marts, "chance",
            _statistics(tested),
        )  # fmt: skip
    means = [mean for _, mean, _ in bands]
    steps = [later - earlier for earlier, later in pairwise(means)]
    if all(step > 0 for step in steps):
        said = f"{subject} {verb[0]} with income"
    elif all(step < 0 for step in steps):
        said = f"{subject} {verb[1]} as income rises"
    else:
        said = f"{subject} {verb[2]} by income, without a steady rise or fall"
    shown = [f"{written(mean)} in the {str(band).lower()} band" for _, mean, band in bands]
    return Answer(
        name=name,
        sentence=f"{said}: {what} {'are' if what.endswith('s') else 'is'} {listed(shown)}.",
        title=_headline(said),
        support=_decided(tested),
        page=page,
        marts=marts,
        verdict="real",
        statistics=_statistics(tested),
    )


def _headline(said: str) -> str:
    """Return the start of a sentence as a title, without a leading article."""
    return labels.sentence(said.removeprefix("The "))


def no_difference(source: Source) -> Answer | None:
    """Which facts about customers make no difference to their balances.

    With few customers, a test may miss a difference. So the largest difference compatible with the
    data must also be negligible: see :func:`_is_none`.
    """
    without = []
    for dimension in TARGETED_BY:
        rows = [difference(source, dimension, measure) for measure in BALANCES]
        negligible = [row for row in rows if row is not None and _is_none(row)]
        if len(negligible) == len(BALANCES):
            without.append((dimension, negligible))
    if not without:
        return None
    first, tested = without[0]
    others = [_short(dimension) for dimension, _ in without[1:]]
    title = f"{_short(first).capitalize()} makes no difference to balances"
    nor = f", and neither {'does' if len(others) == 1 else 'do'} {listed(others, 'or')}" \
        if others else ""  # fmt: skip
    them = "them" if others else "it"
    return Answer(
        name="no-difference",
        sentence=f"{title}{nor}: do not use {them} to look for larger balances.",
        title=title,
        support=_negligible(tested[0]) + _policy(source, [dimension for dimension, _ in without]),
        page="segmentation",
        marts=("fct_segment_differences",),
        verdict="chance",
        statistics=" ".join(
            f"{labels.name(measure)}: {_statistics(row)}"
            for measure, row in zip(BALANCES, tested, strict=True)
        ),
    )


IN_RULES = {"loyalty_order": "loyalty_classification", "fee_rate": "fee_structure"}
"""Facts in action rules, and the dimensions that hold them under a different name."""


def _policy(source: Source, dimensions: Sequence[str]) -> str:
    """Return a sentence on the actions that use these dimensions anyway, preceded by a space."""
    try:
        rows = source.rows("actions", "priority, action")
    except NotShownError:
        return ""
    users: list[str] = []
    used: list[str] = []
    for row in rows:
        there = [
            dimension
            for fact, dimension in {**IN_RULES, **{name: name for name in dimensions}}.items()
            if dimension in dimensions and re.search(rf"\b{fact}\b", str(row["reasons"]))
        ]
        if there:
            users.append(f"“{row['action_name']}”")
            used += [_short(dimension) for dimension in there]
    if not users:
        return ""
    return (
        f" {'Rules' if len(users) > 1 else 'The rule'} for {listed(users)} still "
        f"{'use' if len(users) > 1 else 'uses'} {listed(list(dict.fromkeys(used)), 'or')}: that is "
        "policy, not a result of these tests."
    )


def segments(source: Source) -> Answer | None:
    """Which segment has the largest balances, and what share of customers it has."""
    rows = [
        row
        for row in source.ask(("customers", *BALANCES), ("segment",))
        if row[0] is not None and row[1]
    ]
    if any(None in row for row in rows):
        return None
    customers, loans, deposits = (sum(row[place] for row in rows) for place in (1, 2, 3))
    if len(rows) < 2 or loans <= 0 or deposits <= 0 or any(min(row[2:]) < 0 for row in rows):
        return None
    largest = max(rows, key=lambda row: (row[2] + row[3], str(row[0])))
    part, of_loans, of_deposits = (
        share(number / whole)
        for number, whole in zip(largest[1:], (customers, loans, deposits), strict=True)
    )
    return Answer(
        name="segments",
        sentence=(
            f"{largest[0]} holds the most: {part} of customers with {of_deposits} of deposits and "
            f"{of_loans} of loans."
        ),
        title=f"{largest[0]}: {part} of customers, {of_deposits} of deposits, {of_loans} of loans",
        support=(
            "Segments are assigned by rules on deposits, loans and time with the bank, so they are "
            "bound to differ in these."
        ),
        page="segmentation",
        marts=("fct_customer_segments", "fct_customer_positions"),
    )


# ---------- how much


def funding(source: Source) -> Answer | None:
    """Whether loans or deposits are larger."""
    loans, deposits, part, customers, *kinds = source.ask(
        (*BALANCES, "overleveraged_share", "customers", "bank_deposits", "core_deposits")
    )[0]
    if not customers or loans is None or deposits is None or min(loans, deposits) <= 0:
        return None
    owed, held = amount(loans), amount(deposits)
    if owed == held:
        title = f"Loans and deposits are about equal, at {owed}"
        said = title
    else:
        title = "Loans exceed deposits" if loans > deposits else "Deposits exceed loans"
        both = [f"{owed} in loans", f"{held} in deposits"]
        said = f"{title}: {' against '.join(both if loans > deposits else both[::-1])}"
    return Answer(
        name="funding",
        sentence=f"{said}; {share(part)} of customers owe the bank more than they hold here.",
        title=title if owed == held else f"{title} by {amount(abs(loans - deposits))}",
        support=f"Loan-to-deposit ratio {loans / deposits:.2f}, bank deposits included."
        + _if_counted_twice(loans, deposits, kinds),
        page="income",
        marts=("fct_customer_positions",),
    )


def _if_counted_twice(loans: Any, deposits: Any, kinds: Sequence[Any]) -> str:
    """Return how much smaller deposits would be if bank deposits contained the other accounts.

    Args:
        loans: total loans.
        deposits: total deposits.
        kinds: bank deposits, and all other deposits.

    Returns:
        Sentences preceded by a space; empty if it is impossible or would make no difference.
    """
    only, others = kinds
    if None in kinds or not 0 < others <= only or amount(only) == amount(deposits):
        return ""
    return (
        " It is not known whether bank deposits already include checking, savings and foreign "
        f"currency accounts. If they do, total deposits are only {amount(only)} and loans are "
        f"{times(loans / only)} deposits."
    )


def concentration(source: Source) -> Answer | None:
    """How much the top tenth of customers hold and owe."""
    customers = source.ask(("customers",))[0][0]
    found = {row["measure"]: row for row in source.rows("fct_balance_concentration")}
    if customers < FEWEST_FOR_TENTHS or not set(BALANCES) <= set(found):
        return None
    tops = {name: found[name]["top_decile_share"] for name in BALANCES}
    if any(top is None or not 0.1 <= top <= 1 for top in tops.values()):
        # With negative balances, shares are missing or meaningless.
        return None
    deposits, loans = share(tops["total_deposits"]), share(tops["total_loans"])
    return Answer(
        name="concentration",
        sentence=(
            f"The top tenth of customers by deposits holds {deposits} of all deposits; the top "
            f"tenth by loans accounts for {loans} of all loans."
        ),
        title=f"Top tenth by deposits: {deposits} of deposits; top tenth by loans: {loans} of "
        "loans",
        support="Gini coefficient, 0 if all customers have the same amount and near 1 if one "
        "has everything: "
        + listed([f"{found[name]['gini']:.2f} for {_short(name)}" for name in BALANCES])
        + ".",
        page="risk",
        marts=("fct_balance_concentration",),
    )


def products(source: Source) -> Answer | None:
    """Whether products are held by nearly everyone."""
    held, possible = source.ask(("holdings", "possible_holdings"), cube="products")[0]
    customers = source.ask(("customers",))[0][0]
    if not possible or not customers:
        return None
    part = held / possible
    each = _plain(held / customers)
    of = _plain(possible / customers)
    if part < NEARLY_ALL:
        title = f"Customers hold {each} of {of} products on average"
        sentence = f"{title}: there is room to sell each customer more products."
    else:
        title = "Nearly every customer holds nearly every product"
        sentence = f"{title}: they differ in how much they hold."
    return Answer(
        name="products",
        sentence=sentence,
        title=title,
        support=f"Customers hold {share(part)} of the products that they could hold.",
        page="products",
        marts=("fct_product_holdings",),
    )


def losses(source: Source) -> Answer | None:
    """How much of the assumed losses comes from the two highest risk weightings."""
    by_class: dict[int, float] = {}
    lent: dict[int, float] = {}
    rates: dict[int, float] = {}
    for row in source.rows("fct_expected_losses"):
        place = row["risk_weighting"]
        by_class[place] = by_class.get(place, 0.0) + float(row["expected_loss"] or 0)
        lent[place] = lent.get(place, 0.0) + float(row["exposure"] or 0)
        rates[place] = float(row["probability_of_default"])
    whole, lending = sum(by_class.values()), sum(lent.values())
    highest = sorted(by_class)[-2:]
    if len(by_class) < 3 or whole <= 0 or lending <= 0:
        return None
    of_losses = sum(by_class[place] for place in highest) / whole
    of_loans = sum(lent[place] for place in highest) / lending
    names = [str(place) for place in highest]
    is_built_in = all(rates[later] > rates[earlier] for earlier, later in pairwise(sorted(rates)))
    return Answer(
        name="losses",
        sentence=(
            f"Customers with risk weighting {listed(names, 'or')} account for {share(of_loans)} "
            f"of loans and {share(of_losses)} of assumed losses."
        ),
        title=f"Risk weightings {listed(names)}: {share(of_loans)} of loans, {share(of_losses)} of "
        "assumed losses",
        support=(
            f"Assumed losses of {amount(whole)} a year, {whole / lending:.1%} of loans: assumed "
            "default and loss rates times balances. No loss was measured."
            + (
                " The assumed default rates rise with the risk weighting, so the share of "
                "losses is partly built in."
                if is_built_in
                else ""
            )
        ),
        page="risk",
        marts=("fct_expected_losses",),
    )


def stress(source: Source) -> Answer | None:
    """Which scenario costs most."""
    found = {
        row["scenario"]: float(row["stressed_value"] or 0)
        for row in source.rows("fct_stress_results")
        if row["measure"] == "expected_loss"
    }
    base = found.pop("baseline", 0.0)
    if base <= 0 or not found:
        return None
    worst = max(found, key=lambda scenario: (found[scenario], scenario))
    if found[worst] <= base:
        return None
    name = labels.name(worst)
    return Answer(
        name="stress",
        sentence=(
            f"{name} is the costliest scenario: assumed losses of {amount(found[worst])} a year, "
            f"{times(found[worst] / base)} those of the baseline."
        ),
        title=f"{name} costs most: {times(found[worst] / base)} the baseline's assumed losses",
        support="Scenarios are assumptions, not forecasts.",
        page="risk",
        marts=("fct_stress_results",),
    )


# ---------- what goes with risk, and what moved


def drivers(source: Source) -> Answer | None:
    """Which facts are linked to the risk weighting, and whether protected attributes are."""
    rows = source.rows("fct_risk_drivers", "fit, driver, level")
    facts = strongest(source)
    if not facts:
        return None
    protected = [row for row in rows if row["is_protected"] and row["coefficient"] is not None]
    moving = sorted({row["driver"] for row in protected if row["direction"] in MOVING})
    # Each category is represented by the level with the strongest link.
    shown = [
        row
        for place, row in enumerate(facts)
        if row["driver"] not in {earlier["driver"] for earlier in facts[:place]}
    ][:3]
    raising, lowering, grouped = _by_direction(shown)
    title = "All else equal, the risk weighting " + ", ".join(
        f"{verb} {listed(names)}"
        for verb, names in (
            ("rises with", raising), ("falls with", lowering), ("differs by", grouped)
        )
        if names
    )  # fmt: skip
    linked = "; ".join(
        f"{start} {listed(names)}"
        for start, names in (
            ("a higher risk weighting goes with higher", raising),
            ("a lower one goes with higher"
             if raising else "a lower risk weighting goes with higher", lowering),
            ("the risk weighting differs by", grouped),
        )
        if names
    )  # fmt: skip
    tail = ""
    if protected:
        tail = (
            f"; in a separate model, {listed([_short(name) for name in moving])} "
            f"{'is' if len(moving) == 1 else 'are'} linked to the risk weighting too"
            if moving
            else f"; there is no sign that {PROTECTED} is linked to the risk weighting"
        )
    return Answer(
        name="drivers",
        sentence=f"Among otherwise similar customers, {linked}{tail}.",
        title=title,
        support="The risk weighting is the bank's own class, from 1 (low) to 5 (high)."
        + _together(source, {row["driver"] for row in facts}),
        page="risk",
        marts=("fct_risk_drivers",),
        verdict="real",
        statistics=_odds(shown),
    )


def _odds(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the odds ratios of drivers; the first is explained as a comparison of customers."""
    first, *others = rows
    more = (
        f"higher in {_short(first['driver'])} by one standard deviation"
        if first["reference_level"] is None
        else f"with {_short(first['driver'])} {first['level']} rather than "
        f"{first['reference_level']}"
    )
    return (
        f"Of two customers alike in all else, the one {more} has {first['odds_ratio']:.2f} times "
        "the odds of a higher risk weighting"
        + ("; in the same way, " if others else "")
        + listed([f"{row['odds_ratio']:.2f} times for {_compared(row)}" for row in others])
        + "."
    )


def _compared(row: Mapping[str, Any]) -> str:
    """Return the name of a driver; of a group, with the group it is compared with."""
    name = _short(row["driver"])
    if row["reference_level"] is None:
        return name
    return f"{name} {row['level']} rather than {row['reference_level']}"


def _by_direction(rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[str], list[str]]:
    """Return the names of the drivers by the direction of their link, and those that are groups."""
    names: dict[str, list[str]] = {"raises": [], "lowers": [], "groups": []}
    for row in rows:
        way = row["direction"] if row["reference_level"] is None else "groups"
        names[way].append(_short(row["driver"]))
    return names["raises"], names["lowers"], names["groups"]


ACCOUNTS: Mapping[str, str] = {
    "checking_account": "checking_accounts",
    "saving_account": "saving_accounts",
}
"""Products whose balances may go together with bank deposits, and their columns."""
STRONG = 0.5
"""Two balances with at least this correlation go together."""


def _together(source: Source, drivers: set[str]) -> str:
    """Return how to read drivers whose balances go together; empty if they do not."""
    try:
        rows = source.rows("fct_product_pairs", "product, other_product")
    except NotShownError:
        return ""
    found = {
        row["other_product"]: row["balance_correlation"] or 0.0
        for row in rows
        if row["product"] == "bank_deposit" and row["other_product"] in ACCOUNTS
    }
    if not {"bank_deposits", *ACCOUNTS.values()} <= drivers or set(found) != set(ACCOUNTS):
        return ""
    if min(found.values()) < STRONG:
        return ""
    return (
        " Read bank deposits, checking and savings balances together: customers with a large "
        "balance in one usually have large balances in all."
    )


MOVING = ("raises", "lowers")


def strongest(source: Source) -> list[Mapping[str, Any]]:
    """Return the drivers whose link to the risk weighting is more than chance, strongest first.

    A level of a category counts only if the category as a whole makes a difference, because among
    many levels, one may be far from the others by chance.
    """
    found = []
    for row in source.rows("fct_risk_drivers", "driver, level"):
        if row["fit"] != "business facts" or row["direction"] not in MOVING:
            continue
        if row["reference_level"] is not None:
            whole = difference(source, row["driver"], "risk_weighting")
            if whole is None or not labels.is_real(whole["verdict"]):
                continue
        found.append(row)
    return sorted(found, key=lambda row: -abs(row["coefficient"]))


def moved(source: Source) -> Answer | None:
    """The number of customers whose risk weighting changed since the previous date."""
    rows = _since(source, "fct_risk_migrations")
    if not rows:
        return None
    changed = {
        change: sum(row["customers"] for row in rows if row["risk_weighting_change"] == change)
        for change in ("worse", "better", "unchanged", "joined", "left")
    }
    worse, better = changed["worse"], changed["better"]
    since = day(rows[0]["from_date"])
    if worse or better:
        title = f"Since {since}: {worse:,} to a higher risk weighting, {better:,} to a lower one"
        sentence = (
            f"Since {since}, {count(worse, 'customer')} moved to a higher risk weighting and "
            f"{better:,} to a lower one."
        )
    else:
        title = f"No risk weighting has changed since {since}"
        sentence = f"{title}."
    return Answer(
        name="moved",
        sentence=sentence,
        title=title,
        support=(
            f"{changed['unchanged']:,} kept their risk weighting, {changed['joined']:,} joined, "
            f"{changed['left']:,} left."
        ),
        page="risk",
        marts=("fct_risk_migrations",),
    )


def segment_moves(source: Source) -> Answer | None:
    """The number of customers who changed segment since the previous date."""
    rows = _since(source, "fct_segment_migrations")
    stayed = [
        row for row in rows if row["from_segment"] != "joined" and row["to_segment"] != "left"
    ]
    whole = sum(row["customers"] for row in stayed)
    if not whole:
        return None
    number = sum(row["customers"] for row in stayed if row["from_segment"] != row["to_segment"])
    since = day(rows[0]["from_date"])
    title = f"{count(number, 'customer has', 'customers have')} changed segment since {since}"
    return Answer(
        name="segment-moves",
        sentence=f"{title}, {share(number / whole)} of those in the data on both dates.",
        title=title,
        support=f"{whole:,} customers are in the data on both dates.",
        page="segmentation",
        marts=("fct_segment_migrations",),
    )


QUESTIONS: Sequence[Callable[[Source], Answer | None]] = (
    decisions,
    moved,
    risk_by_income,
    actions,
    no_difference,
    funding,
    concentration,
    segments,
    segment_moves,
    deposits_by_income,
    products,
    drivers,
    losses,
    stress,
)

OPENING = (
    "decisions",
    "moved",
    "risk-by-income",
    "actions",
    "no-difference",
    "funding",
    "concentration",
)
"""Answers for the top of a page, by priority. Those that are missing make room for later ones."""


# ---------- tests


def difference(source: Source, dimension: str, measure: str) -> Mapping[str, Any] | None:
    """Return the test of two columns, in either order; None if they were not tested."""
    found: Mapping[str, Any] | None = None
    for row in source.rows("fct_segment_differences"):
        if (row["dimension"], row["measure"]) == (dimension, measure):
            return row
        if (row["dimension"], row["measure"]) == (measure, dimension):
            found = row
    return found


def _is_none(row: Mapping[str, Any]) -> bool:
    """Return whether a test shows that a difference, if there is one, is negligible.

    The square root of a chi-square statistic with k degrees of freedom is about normal: its mean is
    the square root of (noncentrality + k - 1/2), and its variance is 1. Epsilon squared is the
    noncentrality divided by the number of customers, n. So if the statistic is H, epsilon squared
    is, with 95% confidence, below ((square root of H + 1.645)² - k + 1/2) / n. The bound is never
    taken as less than 1.645² / n, even if H is below its expectation.
    """
    if row["verdict"] != labels.CHANCE or row["method"] != "Kruskal-Wallis":
        return False
    if row["statistic"] is None or not row["customers"]:
        return False
    highest = (math.sqrt(max(row["statistic"], 0.0)) + ONE_SIDED_95) ** 2
    noncentrality = max(highest - row["degrees_of_freedom"] + 0.5, ONE_SIDED_95**2)
    return bool(noncentrality / row["customers"] < NEGLIGIBLE)


def _decided(row: Mapping[str, Any]) -> str:
    """Return the verdict of a test and the number of customers."""
    return f"{labels.verdict(str(row['verdict']))}{_tested(row)}."


def _negligible(row: Mapping[str, Any]) -> str:
    """Return the verdict of a test for which :func:`_is_none` is true."""
    return f"Any difference is negligible{_tested(row)}."


def _tested(row: Mapping[str, Any]) -> str:
    customers = row["customers"]
    return f"; tested on {count(customers, 'customer')}" if customers is not None else ""


def _statistics(row: Mapping[str, Any]) -> str:
    """Return the figures of a test in short form."""
    p = row["adjusted_p_value"]
    parts = [str(row["method"])]
    if p is not None:
        parts.append("adjusted p < 0.001" if p < 0.001 else f"adjusted p = {p:.3f}")
    if row["effect_size"] is not None:
        parts.append(f"{str(row['effect_size_name']).lower()} {row['effect_size']:.2f}")
    return "; ".join(parts) + "."


def _since(source: Source, mart: str) -> list[Mapping[str, Any]]:
    """Return the migrations to the as-of date of the data; none if there is no earlier date."""
    tests = source.rows("fct_segment_differences")
    today: date | None = max((row["as_of_date"] for row in tests), default=None)
    return [row for row in source.rows(mart, "all") if row["to_date"] == today]


def _short(column: str) -> str:
    """Return the name of a fact for use inside a sentence."""
    return {
        "loyalty_classification": "loyalty class",
        "occupation_family": "occupation",
        "estimated_income": "income",
        "age_band": "age",
        "properties_owned": "number of properties",
        "superannuation_savings": "retirement savings",
        "checking_accounts": "checking balances",
        "saving_accounts": "savings balances",
        "foreign_currency_account": "foreign currency balances",
    }.get(column) or labels.name(column).lower()


def _plain(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
