"""What is linked to the risk weighting? A proportional-odds model on a sample of customers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from threadpoolctl import threadpool_limits

from bank_warehouse.inference.differences import benjamini_hochberg
from bank_warehouse.inference.libraries import OrderedModel, approx_fprime, stats
from bank_warehouse.inference.scaling import Floats, fit_scale

OUTCOME = "risk_weighting"
BALANCES = (
    "estimated_income", "superannuation_savings", "credit_card_balance", "bank_loans",
    "business_lending", "bank_deposits", "saving_accounts", "checking_accounts",
    "foreign_currency_account",
)  # fmt: skip
NUMBERS = ("tenure_days", "amount_of_credit_cards", "properties_owned")
CATEGORIES = (
    "loyalty_classification", "fee_structure", "banking_relationship", "occupation_family",
)  # fmt: skip
PROTECTED_NUMBERS = ("age",)
PROTECTED_CATEGORIES = ("gender", "nationality")

PER_DEVIATION = "one standard deviation more"
"""The `level` of a number or a balance."""
CONFIDENCE = 0.95
CUSTOMERS_PER_PARAMETER = 10
"""A fit needs at least this many customers for each parameter."""
SMALLEST_LEVEL = 5
"""A level with fewer fitted customers is merged with the reference level."""
_DEPENDENT = 1e-8
"""A column this close to a combination of earlier columns is left out."""
_SMALLEST_SLOPE = 1e-7

DRIVERS = pa.schema(
    [
        ("fit", pa.string()),
        ("driver", pa.string()),
        ("level", pa.string()),
        ("reference_level", pa.string()),
        ("is_protected", pa.bool_()),
        ("coefficient", pa.float64()),
        ("coefficient_lower", pa.float64()),
        ("coefficient_upper", pa.float64()),
        ("p_value", pa.float64()),
        ("adjusted_p_value", pa.float64()),
        ("share_of_explained_variation", pa.float64()),
        ("explained_variation", pa.float64()),
        ("held_out_accuracy", pa.float64()),
        ("majority_accuracy", pa.float64()),
        ("customers_fitted", pa.int64()),
        ("customers_held_out", pa.int64()),
    ]
)
"""The columns of `fit_drivers`."""


@dataclass(frozen=True)
class Column:
    """A column of the matrix of a fit.

    Attributes:
        driver: The column of the sample that it is derived from.
        level: The value of a category for which the column is 1; None for a number.
        reference: The level with which `level` is compared; None for a number.
        values: Shape (n,), one for each customer.
    """

    driver: str
    level: str | None
    reference: str | None
    values: Floats


class ProportionalOdds(OrderedModel):  # type: ignore[misc]
    """The ordered logit of statsmodels, with formulas for its first derivatives.

    statsmodels differentiates the log-likelihood numerically, which takes a minute for 20,000
    customers. The formulas find the same optimum in about a second.

    McCullagh (1980), "Regression models for ordinal data", JRSS B 42, 109-142: P(y <= j) =
    F(threshold_j - x beta), F the logistic distribution function.
    """

    def score(self, params: Floats) -> Floats:
        """Return the derivative of the log-likelihood, shape (p,), in statsmodels' parameters.

        These are beta, the first threshold, and the logarithms of the steps between thresholds.
        """
        slopes = self.exog.shape[1]
        steps = np.exp(params[slopes + 1 :])
        thresholds = np.concatenate([[-np.inf], self.transform_threshold_params(params)[1:-1]])
        thresholds = np.append(thresholds, np.inf)
        linear = self.exog @ params[:slopes]
        upper = stats.logistic.cdf(thresholds[self.endog + 1] - linear)
        lower = stats.logistic.cdf(thresholds[self.endog] - linear)
        chance = np.maximum(upper - lower, 1e-300)
        at_upper, at_lower = upper * (1 - upper) / chance, lower * (1 - lower) / chance
        levels = len(thresholds) - 1
        by_threshold = (
            np.bincount(self.endog, at_upper, levels)[:-1]
            - np.bincount(self.endog, at_lower, levels)[1:]
        )
        by_step = np.cumsum(by_threshold[::-1])[::-1]
        return np.concatenate([(at_lower - at_upper) @ self.exog, by_step[:1], by_step[1:] * steps])

    def hessian(self, params: Floats) -> Floats:
        """Return the second derivatives, shape (p, p): central differences of `score`."""
        matrix = approx_fprime(params, self.score, centered=True)
        symmetric: Floats = (matrix + matrix.T) / 2
        return symmetric


@dataclass(frozen=True)
class Fit:
    """A fitted model.

    Attributes:
        coefficients: Shape (p,): log odds of a higher outcome for each column.
        errors: Shape (p,): their standard errors.
        thresholds: Shape (levels - 1,): ascending.
    """

    coefficients: Floats
    errors: Floats
    thresholds: Floats


def fit_proportional_odds(matrix: Floats, outcome: Sequence[int]) -> Fit | None:
    """Fit a proportional-odds model with statsmodels.

    Args:
        matrix: Shape (n, p), p at least 1, without a constant.
        outcome: Shape (n,): ordered classes, at least two different.

    Returns:
        The fit; None if no optimum was found, for example because a column separates the classes.
    """
    codes = pd.Categorical(list(outcome), categories=sorted(set(outcome)), ordered=True)
    with threadpool_limits(1), np.errstate(all="ignore"):
        # No combination of the columns is constant; statsmodels would check this less precisely.
        model = ProportionalOdds(pd.Series(codes), matrix, distr="logit", hasconst=False)
        start = model.start_params
        result = model.fit(
            start_params=start, method="bfgs", gtol=_SMALLEST_SLOPE, maxiter=500,
            disp=False, skip_hessian=True,
        )  # fmt: skip
        information = -model.hessian(np.asarray(result.params))
        slope = np.abs(model.score(np.asarray(result.params))).max() / len(matrix)
    if not np.isfinite(information).all() or slope > 1e-4:
        return None
    if np.linalg.eigvalsh(information).min() <= 0:
        return None
    parameters = np.asarray(result.params, dtype=np.float64)
    slopes = matrix.shape[1]
    return Fit(
        coefficients=parameters[:slopes],
        errors=np.sqrt(np.diag(np.linalg.inv(information)))[:slopes],
        thresholds=np.asarray(model.transform_threshold_params(parameters)[1:-1]),
    )


def explained_shares(matrix: Floats, coefficients: Floats) -> Floats:
    """Return the share of the variation of the latent outcome that each column explains.

    The sum is the R squared of McKelvey and Zavoina (1975), Journal of Mathematical Sociology 4,
    103-120: v / (v + pi^2 / 3), where v is the variance of x beta. It is divided among the columns
    by the product measure of Pratt (1987), "Dividing the indivisible", Proc. 2nd Tampere
    Conference in Statistics, 245-260: beta_j cov(x_j, x beta). A share can be slightly negative.

    Args:
        matrix: Shape (n, p).
        coefficients: Shape (p,).

    Returns:
        Shape (p,).
    """
    linear = matrix @ coefficients
    centred = linear - linear.mean()
    with_linear = (matrix - matrix.mean(axis=0)).T @ centred / len(matrix)
    variance = float(centred @ centred) / len(matrix)
    shares: Floats = coefficients * with_linear / (variance + np.pi**2 / 3)
    return shares


def fit_drivers(sample: pd.DataFrame) -> pa.Table:
    """Fit the risk weighting on business facts, and separately on protected attributes.

    Args:
        sample: One row per customer of the sample: `customer_key`, `is_held_out`, the outcome,
            and the columns named in this module. Any order.

    Returns:
        `DRIVERS`, one row per driver and level, in the order of the columns in this module. If
        there are too few customers or there is no optimum, the figures are null.
    """
    ordered = sample.sort_values("customer_key", kind="stable", ignore_index=True)
    rows = _fit_rows(ordered, "business facts", BALANCES, NUMBERS, CATEGORIES)
    rows += _fit_rows(ordered, "protected attributes", (), PROTECTED_NUMBERS, PROTECTED_CATEGORIES)
    return pa.Table.from_pylist(rows, schema=DRIVERS)


def design(
    sample: pd.DataFrame,
    balances: Sequence[str],
    numbers: Sequence[str],
    categories: Sequence[str],
) -> list[Column]:
    """Return the columns of a fit: scaled balances, standardised numbers, levels as 0 and 1.

    The reference level of a category is its most frequent one (the first by name if several are).
    """
    columns: list[Column] = []
    for name in balances:
        amounts = sample[name].to_numpy(dtype=np.float64)
        scale = fit_scale(amounts)
        values = np.zeros(len(amounts)) if scale is None else scale.scaled(amounts)
        columns.append(Column(name, None, None, values))
    for name in numbers:
        amounts = sample[name].to_numpy(dtype=np.float64)
        deviation = amounts.std() if len(amounts) else 0.0
        values = (amounts - amounts.mean()) / deviation if deviation > 0 else np.zeros(len(amounts))
        columns.append(Column(name, None, None, values))
    for name in categories:
        counts = sample[name].value_counts()
        levels = sorted(counts.index, key=lambda level: (-counts[level], level))
        columns.extend(
            Column(name, str(level), str(levels[0]), (sample[name] == level).to_numpy(np.float64))
            for level in sorted(levels[1:])
        )
    return columns


def _fit_rows(
    sample: pd.DataFrame,
    fit_name: str,
    balances: Sequence[str],
    numbers: Sequence[str],
    categories: Sequence[str],
) -> list[Mapping[str, Any]]:
    """Return the rows of one fit, in the order of its columns."""
    columns = design(sample, balances, numbers, categories)
    is_held_out = sample["is_held_out"].to_numpy(dtype=bool)
    outcome = sample[OUTCOME].to_numpy(dtype=np.int64)
    everyone = (
        np.column_stack([column.values for column in columns])
        if columns
        else np.empty((len(sample), 0))
    )
    matrix, fitted_outcome = everyone[~is_held_out], outcome[~is_held_out]
    kept = _independent(columns, matrix)
    levels = np.unique(fitted_outcome)
    fit = None
    if kept and len(levels) > 1:
        parameters = len(kept) + len(levels) - 1
        if len(matrix) >= CUSTOMERS_PER_PARAMETER * parameters:
            fit = fit_proportional_odds(matrix[:, kept], list(fitted_outcome))
    figures: dict[int, dict[str, float]] = {}
    quality: dict[str, float] = {}
    if fit is not None:
        shares = explained_shares(matrix[:, kept], fit.coefficients)
        p_values = 2 * stats.norm.sf(np.abs(fit.coefficients / fit.errors))
        adjusted = benjamini_hochberg(p_values)
        reach = stats.norm.ppf(0.5 + CONFIDENCE / 2) * fit.errors
        for place, column in enumerate(kept):
            figures[column] = {
                "coefficient": float(fit.coefficients[place]),
                "coefficient_lower": float(fit.coefficients[place] - reach[place]),
                "coefficient_upper": float(fit.coefficients[place] + reach[place]),
                "p_value": float(p_values[place]),
                "adjusted_p_value": float(adjusted[place]),
                "share_of_explained_variation": float(shares[place]),
            }
        # Rounding may move the sum of the shares slightly outside the range 0 to 1.
        quality["explained_variation"] = min(max(float(shares.sum()), 0.0), 1.0)
        if is_held_out.any():
            guesses = _guesses(everyone[is_held_out][:, kept], fit, levels)
            majority = levels[np.argmax([(fitted_outcome == level).sum() for level in levels])]
            held_out = outcome[is_held_out]
            quality["held_out_accuracy"] = float(np.mean(guesses == held_out))
            quality["majority_accuracy"] = float(np.mean(majority == held_out))
    return [
        {
            "fit": fit_name,
            "driver": column.driver,
            "level": column.level or PER_DEVIATION,
            "reference_level": column.reference,
            "is_protected": column.driver in PROTECTED_NUMBERS + PROTECTED_CATEGORIES,
            "customers_fitted": len(matrix),
            "customers_held_out": int(is_held_out.sum()),
            **figures.get(place, {}),
            **quality,
        }
        for place, column in enumerate(columns)
    ]


def _independent(columns: Sequence[Column], matrix: Floats) -> list[int]:
    """Return the positions of the columns to fit.

    Each of them varies, is not a combination of earlier ones and, if it stands for a level, has at
    least `SMALLEST_LEVEL` customers.
    """
    varying = [
        place
        for place, column in enumerate(columns)
        if len(matrix)
        and matrix[:, place].std() > _DEPENDENT * np.abs(matrix[:, place]).max()
        and (column.level is None or matrix[:, place].sum() >= SMALLEST_LEVEL)
    ]
    if not varying:
        return []
    centred = matrix[:, varying] - matrix[:, varying].mean(axis=0)
    centred = centred / np.sqrt((centred**2).sum(axis=0))
    diagonal = np.abs(np.diag(np.linalg.qr(centred, mode="r")))
    return [place for place, size in zip(varying, diagonal, strict=False) if size > _DEPENDENT]


def _guesses(matrix: Floats, fit: Fit, levels: Floats) -> Floats:
    """Return the most likely level of each row of `matrix`, shape (n,)."""
    below = stats.logistic.cdf(fit.thresholds[None, :] - (matrix @ fit.coefficients)[:, None])
    edges = np.column_stack([np.zeros(len(matrix)), below, np.ones(len(matrix))])
    guesses: Floats = levels[np.argmax(np.diff(edges, axis=1), axis=1)]
    return guesses
