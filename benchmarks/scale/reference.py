"""Reference seeds, limits and reasons that the pandas and Polars versions share.

Everything here is small, whatever the number of customers: lists of labels, lookups from delivered
values to their meanings, and the reasons for every combination of scores or rules. Money is in
whole cents unless stated otherwise. The module needs no installed packages, because the benchmark's
environment has few.
"""

import argparse
import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from python_checks.expectations.columns import MONEY

PROJECT = Path(__file__).resolve().parents[2]
SEEDS = PROJECT / "seeds" / "reference"
LOOKUP_FILES = {
    "br_id": "banking-relationships",
    "gender_id": "gender",
    "ia_id": "investment-advisors",
}
CODES = {
    "fee_structure": "fee_structure",
    "loyalty_classification": "loyalty_classification",
    "br_id": "banking_relationship",
    "gender_id": "gender",
    "ia_id": "investment_advisor",
}
"""Each delivered column of codes, and the column with the resolved names."""

DATE_FORMAT = "%d-%m-%Y"
EXCHANGED_FORMAT = "%m-%d-%Y"
WHOLE = ("age", "amount_of_credit_cards", "properties_owned", "risk_weighting")
REQUIRED_TEXTS = ("client_id", "client_name", "nationality", "occupation")
DIMENSIONS = (
    "loyalty_classification", "occupation_family", "nationality", "gender", "age_band",
    "income_band", "tenure_band", "fee_structure", "banking_relationship", "investment_advisor",
    "amount_of_credit_cards", "properties_owned", "risk_weighting", "segment",
)  # fmt: skip
PAIR = ("loyalty_classification", "occupation_family")
PROFILE_MEASURES = (
    "estimated_income", "total_loans", "total_deposits", "core_deposits", "fee_income",
    "net_position",
)  # fmt: skip
CONCENTRATION_MEASURES = (
    "estimated_income", "superannuation_savings", "total_loans", "total_deposits",
    "core_deposits", "fee_income", "credit_card_balance", "bank_loans", "business_lending",
    "bank_deposits", "saving_accounts", "checking_accounts", "foreign_currency_account",
)  # fmt: skip
HEATMAP_DIMENSIONS = (
    "amount_of_credit_cards", "loyalty_classification", "income_band", "occupation_family",
)  # fmt: skip
CLIENT_COLUMNS = (
    "customer_key", "client_key", "client_id", "client_name", "banking_contact", "location_id",
    "gender", "age", "nationality", "occupation", "joined_date", "banking_relationship",
    "investment_advisor", "loyalty_classification", "fee_structure", *MONEY,
    "amount_of_credit_cards", "properties_owned", "risk_weighting",
)  # fmt: skip
DIM_COLUMNS = (
    "customer_key", "client_key", "as_of_date", "gender", "age", "age_band", "nationality",
    "occupation", "occupation_title", "occupation_grade", "occupation_family", "joined_date",
    "joined_year", "tenure_days", "tenure_band", "banking_relationship", "investment_advisor",
    "loyalty_classification", "fee_structure", "income_band", "amount_of_credit_cards",
    "properties_owned", "risk_weighting", "is_joined_before_birth", "is_joined_as_minor",
    "has_shared_client_id", "has_corrected_occupation", "has_unknown_occupation",
)  # fmt: skip
POSITION_COLUMNS = (
    "customer_key", "client_key", "as_of_date", "estimated_income", "superannuation_savings",
    "credit_card_balance", "bank_loans", "business_lending", "total_loans", "bank_deposits",
    "saving_accounts", "checking_accounts", "foreign_currency_account", "total_deposits",
    "core_deposits", "fee_rate", "fee_income", "net_position", "loan_to_deposit_ratio",
    "debt_to_income_ratio", "liquidity_cover", "is_overleveraged",
)  # fmt: skip
SEGMENT_COLUMNS = (
    "customer_key", "as_of_date", "deposit_score", "lending_score", "tenure_score", "segment",
    "segment_reasons",
)  # fmt: skip
RISK_COLUMNS = (
    "customer_key", "as_of_date", "risk_weighting", "exposure", "loan_to_deposit_ratio",
    "debt_to_income_ratio", "liquidity_cover", "probability_of_default", "is_overleveraged",
    "has_no_deposits", "watch_list_severity", "rules_met", "watch_list_level",
    "is_on_watch_list", "watch_list_reasons",
)  # fmt: skip
RANGES = (
    ("age", 0, 120, "is not between 0 and 120"),
    ("risk_weighting", 1, 5, "is not between 1 and 5"),
    ("amount_of_credit_cards", 0, 2**31, "is negative"),
    ("properties_owned", 0, 2**31, "is negative"),
)
"""Columns of whole numbers, their lowest and highest values, and the reason for other values."""

MONEY_COLUMNS = frozenset((*MONEY, *CONCENTRATION_MEASURES, "net_position", "exposure"))
"""All columns of customers that hold money."""

FIRST_ROW = 2
"""Row number of the first record of a file; the header is row 1."""

NO_RULE = "No rule of the watch list applies"


def canonical(header: str) -> str:
    """Return the warehouse's column name for the header of a generated file."""
    known = {"BRId": "br_id", "GenderId": "gender_id", "IAId": "ia_id", "Name": "client_name"}
    return known.get(header) or header.lower().replace(" ", "_")


def clients_file(drop: Path) -> Path:
    """Return the clients file of a generated drop."""
    return next(drop.glob("banking-clients.*"))


def seed(name: str) -> list[dict[str, str]]:
    """Return the rows of a reference seed."""
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def as_of_date() -> date:
    """Return the date at which ages and tenures are measured, from dbt_project.yml."""
    told = (PROJECT / "dbt_project.yml").read_text(encoding="utf-8")
    found = re.search(r'^ *as_of_date: "(.+)"', told, re.MULTILINE)
    if found is None:
        message = "dbt_project.yml has no as_of_date"
        raise ValueError(message)
    return date.fromisoformat(found[1])


def cents(amount: str) -> int:
    """Return an amount as whole cents."""
    return int(Decimal(amount) * 100)


def amount(in_cents: int) -> str:
    """Return cents as text with two decimals, as DuckDB writes a decimal."""
    return str(Decimal(in_cents).scaleb(-2))


@dataclass(frozen=True)
class Bands:
    """Bands that include their lower limit and exclude their upper limit.

    Attributes:
        labels: Labels of the bands, from the lowest.
        limits: The limits between the bands, one fewer than there are bands.
        rows: The rows of the seed, in the same order.
    """

    labels: list[str]
    limits: list[int]
    rows: list[dict[str, str]]


def bands(name: str, label: str, scale: int = 1) -> Bands:
    """Return the bands of a seed, which lists them from the lowest without gaps.

    Args:
        name: The seed.
        label: The column that has the labels.
        scale: 100 if the limits are money.
    """
    rows = seed(name)
    limits = [int(Decimal(row["lower_limit"]) * scale) for row in rows[1:]]
    return Bands([row[label] for row in rows], limits, rows)


def code_lookups(lookups: Mapping[str, Iterable[tuple[str, str]]]) -> dict[str, dict[str, str]]:
    """Return the meaning of each lower-case code, for each delivered column of codes.

    Args:
        lookups: Pairs of id and name from the lookup files, by delivered column.
    """
    found = {
        column: {name.lower(): name for name in (row[column] for row in seed(source))}
        for column, source in (
            ("fee_structure", "fee_rates"),
            ("loyalty_classification", "loyalty_tiers"),
        )
    }
    for column, pairs in lookups.items():
        found[column] = {
            code.lower(): name for identifier, name in pairs for code in (identifier, name)
        }
    return found


@dataclass(frozen=True)
class Occupation:
    """The meaning of a delivered occupation.

    Attributes:
        occupation: Its correct name.
        title: Its name without the grade.
        grade: Its grade; None if there is none.
        family: Its family of occupations.
        is_corrected: Whether its delivered name was wrong.
    """

    occupation: str
    title: str
    grade: str | None
    family: str
    is_corrected: bool


def occupations() -> dict[str, Occupation]:
    """Return the meaning of each known delivered occupation."""
    known = {
        row["occupation"]: Occupation(
            row["occupation"],
            row["occupation_title"],
            row["occupation_grade"] or None,
            row["occupation_family"],
            is_corrected=False,
        )
        for row in seed("occupations")
    }
    corrected = {}
    for row in seed("occupation_corrections"):
        right = known[row["occupation"]]
        corrected[row["raw_occupation"]] = Occupation(
            right.occupation, right.title, right.grade, right.family, is_corrected=True
        )
    return known | corrected


def _tier(noun: str, limits: Sequence[int], score: int) -> str:
    """Return the limits of a score in words."""
    if score == 1:
        return f"{noun} up to {amount(limits[0])}"
    above = f"{noun} above {amount(limits[score - 2])}"
    return above if score > len(limits) else f"{above} and up to {amount(limits[score - 1])}"


def segments(
    deposit_limits: Sequence[int], lending_limits: Sequence[int], tenures: Bands
) -> list[tuple[str, str]]:
    """Return the segment and the reasons for each combination of scores.

    Args:
        deposit_limits: The four quintiles of total deposits, in cents.
        lending_limits: The four quintiles of total loans, in cents.
        tenures: The tenure bands; their positions are the scores.

    Returns:
        125 pairs. The pair for deposit score d, lending score l and tenure score t is at position
        25 (d - 1) + 5 (l - 1) + t - 1.
    """
    rules = sorted(seed("segment_rules"), key=lambda row: (int(row["priority"]), row["segment"]))

    def fits(rule: Mapping[str, str], scores: Mapping[str, int]) -> bool:
        return all(
            int(rule[f"minimum_{kind}_score"]) <= score <= int(rule[f"maximum_{kind}_score"])
            for kind, score in scores.items()
        )

    found = []
    for deposit in range(1, 6):
        for lending in range(1, 6):
            for tenure, band in enumerate(tenures.labels, start=1):
                scores = {"deposit": deposit, "lending": lending, "tenure": tenure}
                rule = next(rule for rule in rules if fits(rule, scores))
                deposits = _tier("deposits", deposit_limits, deposit)
                loans = _tier("loans", lending_limits, lending)
                found.append(
                    (
                        rule["segment"],
                        f"{rule['description']}: "
                        f"Deposit score {deposit} of 5 ({deposits}), "
                        f"lending score {lending} of 5 ({loans}), "
                        f"tenure score {tenure} of 5 ({band})",
                    )
                )
    return found


@dataclass(frozen=True)
class WatchRule:
    """A rule of the watch list.

    Attributes:
        code: Its code.
        fact: The column that it tests.
        comparison: "above", "at least", "below" or "at most".
        limit: The value that the fact is compared with; money in units, not cents.
        severity: Its weight.
        reason: Its reason in words, followed by its condition.
    """

    code: str
    fact: str
    comparison: str
    limit: float
    severity: int
    reason: str


@dataclass(frozen=True)
class WatchList:
    """The result for each combination of rules, a number whose bit i is set if rule i is met.

    Attributes:
        rules: The rules, in the order of their bits.
        severity: Total severity by combination.
        met: Number of rules by combination.
        level: Level by combination.
        reasons: Reasons in words by combination.
    """

    rules: list[WatchRule]
    severity: list[int]
    met: list[int]
    level: list[str]
    reasons: list[str]


def watch_list() -> WatchList:
    """Return the rules of the watch list, and the result of each combination of rules."""
    rules = [
        WatchRule(
            row["rule_code"],
            row["fact"],
            row["comparison"],
            float(row["limit_value"]),
            int(row["severity"]),
            f"{row['reason']} ({row['fact']} {row['comparison']} "
            f"{Decimal(row['limit_value']):.2f})",
        )
        for row in seed("watch_list_rules")
    ]
    levels = seed("watch_list_levels")
    told = WatchList(rules, [], [], [], [])
    for combination in range(2 ** len(rules)):
        met = [rule for bit, rule in enumerate(rules) if combination >> bit & 1]
        severity = sum(rule.severity for rule in met)
        told.severity.append(severity)
        told.met.append(len(met))
        told.level.append(
            next(
                row["watch_list_level"]
                for row in levels
                if int(row["minimum_severity"]) <= severity <= int(row["maximum_severity"] or 9999)
            )
        )
        met.sort(key=lambda rule: (-rule.severity, rule.code))
        told.reasons.append("; ".join(rule.reason for rule in met) or NO_RULE)
    return told


def student_t() -> dict[int, float]:
    """Return the 97.5% quantile of Student's t by degrees of freedom, up to 1,000."""
    return {
        int(row["degrees_of_freedom"]): float(row["quantile_975"])
        for row in seed("student_t_quantiles")
    }


def fee_rates() -> dict[str, Decimal]:
    """Return the fee rate of each fee structure."""
    return {row["fee_structure"]: Decimal(row["fee_rate"]) for row in seed("fee_rates")}


def default_probabilities() -> dict[int, float]:
    """Return the probability of default by risk weighting."""
    return {
        int(row["risk_weighting"]): float(row["probability_of_default"])
        for row in seed("default_probabilities")
    }


def is_missing(value: object) -> bool:
    """Return whether a value is null, NaN or an empty string."""
    return value is None or value == "" or value != value


def reject_reasons(cells: Mapping[str, str], values: Mapping[str, Any]) -> list[str]:
    """Return why a quarantined record is quarantined, in the warehouse's order and words.

    Args:
        cells: The delivered cells, trimmed, by delivered column.
        values: The values as read, by column of the warehouse; null if a cell could not be read.
    """
    reasons = [
        f"{column.removeprefix('client_') if column == 'client_name' else column} is empty"
        for column in REQUIRED_TEXTS
        if is_missing(values[column])
    ]
    joined = values["joined_date"]
    if not cells["joined_bank"]:
        reasons.append("joined_bank is empty")
    elif is_missing(joined):
        reasons.append(f"joined_bank is not a date written as {DATE_FORMAT}")
    elif joined > as_of_date():
        reasons.append(f"joined_bank is after the as-of date {as_of_date()}")
    fault = {
        **dict.fromkeys(CODES, "is not a known code"),
        **dict.fromkeys(WHOLE, "is not a whole number"),
        **dict.fromkeys(MONEY, "is not an amount to the cent"),
    }
    for column, said in fault.items():
        if is_missing(values[CODES.get(column, column)]):
            reasons.append(f"{column} {said if cells[column] else 'is empty'}")
    reasons.extend(
        f"{column} {said}"
        for column, least, most, said in RANGES
        if not is_missing(values[column]) and not least <= values[column] <= most
    )
    return reasons


def repeat_reason(source_file: str, first: int, copies: int, *, is_identical: bool) -> str:
    """Return why a repeated record is quarantined.

    Args:
        source_file: Name of the file.
        first: Position of the first copy, from 0.
        copies: Number of copies.
        is_identical: Whether the copies are equal in all values.
    """
    row = f"row {first + FIRST_ROW} of {source_file}"
    if is_identical:
        return f"repeats {row}"
    return (
        f"one of {copies} rows with the same client id, name and joining date but different "
        f"values, first in {row}"
    )


def ambiguous_reason(joined: date, first_exchanged: int) -> str:
    """Return why a record with an ambiguous joining date is quarantined.

    Args:
        joined: The date as read in the file's usual order of day and month.
        first_exchanged: Position of the file's first date in the other order, from 0.
    """
    return (
        f"joined_bank is {joined:%Y-%m-%d} or the same date with day and month exchanged: the file "
        f"has dates in both orders, see row {first_exchanged + FIRST_ROW}"
    )


def run(make_marts: Callable[[Path, Path], None]) -> None:
    """Build the marts with the command-line options --drop and --marts.

    Args:
        make_marts: Function that builds the marts, called with the folders of the raw files and of
            the marts.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--drop", type=Path, required=True, help="Folder of the raw files.")
    parser.add_argument("--marts", type=Path, required=True, help="Folder for the Parquet files.")
    chosen = parser.parse_args()
    make_marts(chosen.drop, chosen.marts)
