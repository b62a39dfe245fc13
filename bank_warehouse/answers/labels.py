"""The labels that readers see for the columns, codes, verdicts and rules in the marts.

Pages, reports and work lists show these labels instead of the published names and values, which
never change. Labels of metrics and dimensions are in `models/semantic`; names of actions and
products are in the seeds.
"""

import re
from collections.abc import Mapping

REAL = "more than chance"
CHANCE = "no more than chance"
BUILT_IN = "by definition"

NAMES: Mapping[str, str] = {
    "amount_of_credit_cards": "Number of credit cards",
    "debt_to_income_ratio": "Debt-to-income ratio",
    "expected_loss": "Assumed loss",
    "family": "Comparisons",
    "joined_date": "Joining date",
    "loan_to_deposit_ratio": "Loan-to-deposit ratio",
    "loyalty_classification": "Loyalty class",
    "fee_income": "Estimated fee income",
    "liquidity_cover": "Deposits to loans ratio",
    "net_position": "Deposits less loans",
    "properties_owned": "Number of properties owned",
    "saving_account": "Savings account",
    "saving_accounts": "Savings accounts",
    "superannuation_savings": "Retirement savings (superannuation)",
    "money_concerned": "Balances involved",
    "owner": "Owner",
    "top_decile_share": "Top tenth holds",
    "stressed_value": "Under stress",
    "tenure_days": "Time with the bank",
    "act": "Act now",
}
"""Labels of columns and codes. The label of any other is its name with spaces, capitalised."""

VALUES: Mapping[str, Mapping[str, str]] = {
    "watch_list_level": {
        "act": "Act now",
        "review": "Review",
        "watch": "Monitor",
        "none": "Not listed",
    },
    "direction": {
        "raises": "Higher risk weighting",
        "lowers": "Lower risk weighting",
        "no clear direction": "Could be chance",
        "not known: too few customers or no variation": "Not known: too few customers or all alike",
    },
    "structure": {
        "a continuum: the clusters cut it into parts, they are not kinds of customers": (
            "Balances do not divide customers into natural groups"
        ),
        "distinct clusters": "Balances divide customers into distinct groups",
        "unstable: another sample would give other clusters": (
            "Balances show no stable groups: another sample would give other groups"
        ),
    },
    "family": {
        "money by money": "Amounts by income band, risk weighting and the like",
        "categories": "All other comparisons, such as amounts by loyalty class",
    },
    "kind": {"targeting": "Offers and fees", "risk": "Risk"},
    "scenario": {},
    "measure": {},
    "dimension": {},
    "driver": {},
}
"""The labels of codes, by column.

In these columns, a lower-case code that is not listed gets the label that :func:`name` gives it.
Values of all other columns except `verdict` are shown unchanged.
"""

GAP = (
    "Gap to close: how far these customers' balances, or their yearly fees, are from the rule's "
    "target. Use the gap to compare similar actions, not as a forecast."
)
"""The explanation of the gap to close."""

INVENTED = (
    "The data are invented: the shipped sample, a synthetic look-alike of a bank's customers made "
    "by the project's generator. Nothing here is about real people or a real bank."
)
"""The notice on every page, file and picture of the shipped sample."""

_VERDICTS: Mapping[str, str] = {
    CHANCE: "Could be chance",
    REAL: "Real difference",
    BUILT_IN: "Built in: one is computed from the other",
    "too few customers": "Too few customers to say",
    "under the limit, more than chance": "Below the fairness limit: real difference",
    "under the limit, no more than chance": "Below the fairness limit: could be chance",
    "within the limit": "Within the fairness limit",
    "within the limit, different by more than chance": "Within the fairness limit: real difference",
}

_CONDITION = re.compile(r"(?P<fact>\w+) (?P<how>at least|at most|above|below) (?P<limit>[-\d.]+)")
_RULE = re.compile(r"^(?P<reason>.*?) ?\((?P<conditions>[^()]*)\)$", re.DOTALL)


def name(column: str) -> str:
    """Return the label of a column or code: `bank_loans` becomes `Bank loans`."""
    return NAMES.get(column) or column.replace("_", " ").capitalize()


def value(column: str, found: object) -> str:
    """Return the label of a column's value."""
    text = str(found)
    if column == "verdict":
        return verdict(text)
    if column in VALUES:
        return VALUES[column].get(text) or (name(text) if text.islower() else text)
    return text


def verdict(text: str) -> str:
    """Return the label of a verdict: `more than chance, large` becomes `Real difference, large`."""
    if text in _VERDICTS:
        return _VERDICTS[text]
    if is_real(text):
        return f"Real difference{text.removeprefix(REAL)}"
    return text[:1].upper() + text[1:]


def is_real(text: object) -> bool:
    """Return whether a verdict of fct_segment_differences means a real difference."""
    return str(text).startswith(REAL)


def reasons(text: str) -> str:
    """Return why an action is due, from the column `reasons` in fct_customer_recommendations.

    The limits come from this text, so the label is right even if a bank has changed them in the
    seed. `Deposits ... (deposit_score at least 5, tenure_days at least 3650)` becomes
    `Deposits are in the top fifth; customer for 10 years or more`. Text in another form is
    returned unchanged.
    """
    found = _RULE.match(text)
    conditions = (
        [_CONDITION.fullmatch(part) for part in found["conditions"].split(", ")] if found else []
    )
    if not conditions or None in conditions:
        return text
    parts: list[str] = []
    fact = ""
    for each in filter(None, conditions):
        text = condition(each["fact"], each["how"], float(each["limit"]))
        if each["fact"] == fact and " is " in text and " is " in parts[-1]:
            parts[-1] = _range(fact, parts[-1], text.partition(" is ")[2])
        else:
            parts.append(text)
        fact = each["fact"]
    return sentence("; ".join(parts))


def _range(fact: str, first: str, second: str) -> str:
    """Join two limits of one fact: `score is 2 or more` and `3 or less` give `score is 2 or 3`."""
    start, high = first.removesuffix(" or more"), second.removesuffix(" or less")
    if start == first or high == second:
        return f"{first} and {second}"
    said, _, low = start.rpartition(" is ")
    if low == high:
        return start
    are_next = fact in _WHOLE and low.isdigit() and high == str(int(low) + 1)
    return f"{said} is {low} {'or' if are_next else 'to'} {high}"


def rules_met(text: str) -> str:
    """Return the watch-list rules that a customer meets, from `watch_list_reasons`."""
    first, *others = map(reasons, text.split("; "))
    return "; ".join([first, *(other[:1].lower() + other[1:] for other in others)])


def sentence(text: str) -> str:
    """Return text with its first letter capitalised."""
    return text[:1].upper() + text[1:]


def fact(column: str, found: float) -> str:
    """Return a fact about a customer in words: `loans are 23.1 times a year's income`."""
    return condition(column, "is", found)


def condition(fact: str, how: str, limit: float) -> str:
    """Return a rule's condition in words: `watch-list score is 4 or more`.

    Args:
        fact: the column with the fact.
        how: `at least`, `at most`, `above`, `below`, or `is`.
        limit: the limit, or the value itself if `how` is `is`.
    """
    if fact in _FIFTHS_OF and limit in range(1, 6):
        return f"{_FIFTHS_OF[fact]} are {_fifths(how, int(limit))}"
    if fact == "tenure_days":
        years = limit / DAYS_A_YEAR
        if how == "is" or years == int(years):
            return f"customer for {_bound(how, round(years, 1), ' year', ' years')}"
    if fact == "loyalty_order" and limit in range(1, len(LOYALTY) + 1):
        place = int(limit)
        classes = {
            "is": LOYALTY[place - 1 : place],
            "at most": LOYALTY[:place],
            "at least": LOYALTY[place - 1 :],
            "below": LOYALTY[: place - 1],
            "above": LOYALTY[place:],
        }[how]
        if classes == LOYALTY:
            return "in any loyalty class"
        return f"loyalty class is {' or '.join(classes) or 'none'}"
    if fact == "watch_list_severity":
        if (how, limit) in (("is", 0), ("at most", 0), ("below", 1)):
            return "not on the watch list"
        if (how, limit) in (("above", 0), ("at least", 1)):
            return "on the watch list"
    if fact in _FACTORS:
        return _FACTORS[fact].format(_bound(how, _rounded(how, limit), " times"))
    if fact in _SHARES:
        return _SHARES[fact].format(_bound(how, _rounded(how, limit * 100), "%"))
    if fact.endswith(OF_PEERS):
        share = _bound(how, _rounded(how, limit * 100), "%")
        return (
            f"{name(fact.removesuffix(OF_PEERS)).lower()} balance is {share} of the peers' median"
        )
    verb = "are" if fact.endswith("s") else "is"
    said = _FACT_NAMES.get(fact) or name(fact).lower()
    return f"{said} {verb} {_bound(how, _rounded(how, limit))}"


def _fifths(how: str, place: int) -> str:
    """Return which fifths of the customers meet a limit: `in the top fifth`."""
    first, last = {
        "is": (place, place),
        "at least": (place, 5),
        "above": (place + 1, 5),
        "at most": (1, place),
        "below": (1, place - 1),
    }[how]
    number = last - first + 1
    if number < 1:
        return "in none of the fifths"
    if number == 5:
        return "in any fifth"
    end = "top" if last == 5 else "bottom" if first == 1 else ""
    if not end:
        return f"between the {(place - 1) * 20}th and {place * 20}th percentile"
    return f"in the {end} fifth" if number == 1 else f"in the {end} {_COUNTS[number]} fifths"


def _bound(how: str, limit: float, unit: str = "", units: str = "") -> str:
    number = f"{limit:,.15g}" + (units if units and limit != 1 else unit)
    return {
        "is": number,
        "at least": f"{number} or more",
        "at most": f"{number} or less",
        "above": f"more than {number}",
        "below": f"less than {number}",
    }[how]


def _rounded(how: str, number: float) -> float:
    """Round a customer's value below 100 to three digits; else only remove floating-point error."""
    return float(f"{number:.3g}") if how == "is" and abs(number) < 100 else round(number, 10)


DAYS_A_YEAR = 365
LOYALTY = ("Jade", "Silver", "Gold", "Platinum")
"""The loyalty classes, lowest first, as in the seed `loyalty_tiers`."""
OF_PEERS = "_to_peer_median"
_COUNTS = ("", "one", "two", "three", "four")
_FIFTHS_OF: Mapping[str, str] = {"deposit_score": "deposits", "lending_score": "loans"}
_FACTORS: Mapping[str, str] = {
    "debt_to_income_ratio": "loans are {} a year's income",
    "loan_to_deposit_ratio": "loans are {} deposits",
}
_SHARES: Mapping[str, str] = {
    "liquidity_cover": "deposits cover {} of loans",
    "largest_loan_share": "one product makes up {} of loans",
    "largest_deposit_share": "one product makes up {} of deposits",
    "fee_rate": "fee rate is {}",
}
_WHOLE = ("watch_list_severity", "risk_weighting", "amount_of_credit_cards", "properties_owned")
"""Facts that are whole numbers."""
_FACT_NAMES: Mapping[str, str] = {
    "watch_list_severity": "watch-list score",
    "credit_card_balance": "card balance",
}
