"""Correlated balances: a Gaussian copula with tabulated margins.

Rows are computed only with additions, products and table look-ups, which give the same bits on
every machine. The results of exp, log and matrix libraries may differ in the last bit.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from bank_warehouse.generator.randomness import Floats, Integers, Unsigned, stream_key, uniforms

_NORMAL = NormalDist()
_NORMAL_CELLS = 1 << 16
_LATENT_LIMIT = 6.0
_LATENT_CELLS = 12 * 512
_DECIMALS = 12


@dataclass(frozen=True)
class Copula:
    """Tables that are computed once for all rows.

    Attributes:
        factor: The lower triangular factor of the latent correlation matrix; the last row
            belongs to the risk weighting, the others to the balances in order.
        normal_table: The inverse normal distribution function at k / 65,536, k = 0 .. 65,536.
        value_tables: For each balance, its value at latent points -6 .. 6, in steps of 1/512.
        risk_limits: Latent points at which the risk weighting rises by one.
    """

    factor: tuple[tuple[float, ...], ...]
    normal_table: Floats
    value_tables: Mapping[str, Floats]
    risk_limits: tuple[float, ...]


def build_copula(
    quantiles: Mapping[str, Sequence[float]],
    probabilities: Sequence[float],
    spearman: Sequence[Sequence[float]],
    risk_counts: Sequence[int],
) -> Copula:
    """Return the tables for drawing balances and a risk weighting.

    Args:
        quantiles: For each of n balances, its quantiles at `probabilities`.
        probabilities: Ascending, from 0 to 1.
        spearman: Shape (n + 1, n + 1): rank correlations, the risk weighting last.
        risk_counts: How often each risk weighting occurs, from the lowest.

    Raises:
        ValueError: If the latent correlations are not positive definite.
    """
    total = sum(risk_counts)
    shares = [count / total for count in risk_counts]
    cumulated = [sum(risk_counts[: end + 1]) / total for end in range(len(risk_counts) - 1)]
    grid = [
        -_LATENT_LIMIT + 2 * _LATENT_LIMIT * k / _LATENT_CELLS for k in range(_LATENT_CELLS + 1)
    ]
    at = np.array([round(_NORMAL.cdf(point), _DECIMALS) for point in grid])
    return Copula(
        factor=cholesky(latent_correlations(spearman, shares)),
        normal_table=_inverse_normal_table(),
        value_tables={
            name: np.interp(at, np.array(probabilities), np.array(values))
            for name, values in quantiles.items()
        },
        risk_limits=tuple(round(_NORMAL.inv_cdf(share), _DECIMALS) for share in cumulated),
    )


def latent_correlations(
    spearman: Sequence[Sequence[float]], risk_shares: Sequence[float]
) -> list[list[float]]:
    """Return the normal correlations that give these rank correlations.

    For continuous margins rho = 2 sin(pi r / 6) (Pearson 1907; Kruskal (1958), "Ordinal
    measures of association", JASA 53). The last variable is cut into classes with shares p,
    whose mid-ranks keep a share of 1 - sum(p^3) of the variance of the ranks. So its rank
    correlations are first divided by the square root of that share.
    """
    last = len(spearman) - 1
    kept = math.sqrt(1 - sum(share**3 for share in risk_shares))
    return [
        [
            1.0
            if row == column
            else 2 * math.sin(math.pi / 6 * value / (kept if last in (row, column) else 1.0))
            for column, value in enumerate(values)
        ]
        for row, values in enumerate(spearman)
    ]


def cholesky(matrix: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    """Return the lower triangular factor L with L L' = `matrix`, rounded to 12 decimals.

    Raises:
        ValueError: If the matrix is not positive definite.
    """
    factor: list[list[float]] = []
    for row, values in enumerate(matrix):
        line: list[float] = []
        for column in range(row + 1):
            left = line if column == row else factor[column]
            rest = values[column] - sum(line[k] * left[k] for k in range(column))
            if column < row:
                line.append(round(rest / factor[column][column], _DECIMALS))
            elif rest <= 0:
                message = f"The correlation matrix is not positive definite (row {row + 1})."
                raise ValueError(message)
            else:
                line.append(round(math.sqrt(rest), _DECIMALS))
        factor.append(line)
    return tuple(tuple(line) for line in factor)


def draw(copula: Copula, seed: int, rows: Unsigned) -> tuple[dict[str, Floats], Integers]:
    """Return the balances and the risk weighting (1, 2, ...) of `rows`.

    Args:
        copula: From `build_copula`.
        seed: The seed of the pack.
        rows: Shape (n,): row numbers from 0.

    Returns:
        The balances by name, before zeros are inserted, and the risk weighting. Each array has
        shape (n,).
    """
    independent = [
        _look_up(
            copula.normal_table, uniforms(stream_key(seed, f"latent {k}"), rows) * _NORMAL_CELLS
        )
        for k in range(len(copula.factor))
    ]
    balances: dict[str, Floats] = {}
    for (name, table), weights in zip(copula.value_tables.items(), copula.factor, strict=False):
        place = (_combine(weights, independent) + _LATENT_LIMIT) * (
            _LATENT_CELLS / (2 * _LATENT_LIMIT)
        )
        balances[name] = _look_up(table, place)
    latent_risk = _combine(copula.factor[-1], independent)
    risk = np.ones(rows.shape, dtype=np.int64)
    for limit in copula.risk_limits:
        risk += latent_risk > limit
    return balances, risk


def _inverse_normal_table() -> Floats:
    """Return the inverse normal distribution function at 65,537 points; its ends are -5 and 5."""
    inner = [round(_NORMAL.inv_cdf(k / _NORMAL_CELLS), _DECIMALS) for k in range(1, _NORMAL_CELLS)]
    return np.array([-5.0, *inner, 5.0])


def _combine(weights: Sequence[float], parts: Sequence[Floats]) -> Floats:
    """Return the weighted sum of `parts`, in a fixed order; surplus parts are ignored."""
    total = parts[0] * weights[0]
    for weight, part in zip(weights[1:], parts[1:], strict=False):
        total += part * weight
    return total


def _look_up(table: Floats, places: Floats) -> Floats:
    """Return `table` at fractional `places`: linear interpolation, constant outside the table."""
    cells = np.clip(places, 0.0, len(table) - 1.0).astype(np.int64)
    np.minimum(cells, len(table) - 2, out=cells)
    share = np.clip(places - cells, 0.0, 1.0)
    low = table[cells]
    result: Floats = low + (table[cells + 1] - low) * share
    return result
