"""Are there groups of customers with similar balances? k-means on a sample."""

import contextlib
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from threadpoolctl import threadpool_limits

from bank_warehouse.inference.libraries import KMeans, adjusted_rand_score, silhouette_score
from bank_warehouse.inference.scaling import Floats, Scale, fit_scale

# If polars is installed, scikit-learn uses its types. DuckDB imports polars in the thread of
# another model, and a partly imported polars has no types yet. Importing polars here waits until
# DuckDB's import has finished.
with contextlib.suppress(ImportError):
    importlib.import_module("polars")

BALANCES = (
    "credit_card_balance", "bank_loans", "business_lending", "bank_deposits",
    "saving_accounts", "checking_accounts", "foreign_currency_account",
)  # fmt: skip
NUMBERS_OF_CLUSTERS = range(2, 9)
STABLE = 0.8
"""A number of clusters counts as stable if its mean adjusted Rand index is at least this."""
DISTINCT = 0.5
"""Minimum silhouette of distinct clusters: Kaufman and Rousseeuw (1990), table 4."""
MOST_CUSTOMERS = 5_000
"""Maximum number of customers in a fit: the first in the order of their keys, which are hashes."""
_CUSTOMERS_PER_CLUSTER = 25
_CUSTOMERS_FOR_SILHOUETTE = 2_000
_HALVES = 8
_STARTS = 4

CLUSTERS = pa.schema(
    [
        ("behavioural_cluster", pa.int64()),
        ("measure", pa.string()),
        ("unit", pa.float64()),
        ("mean", pa.float64()),
        ("deviation", pa.float64()),
        ("centroid", pa.float64()),
        ("number_of_clusters", pa.int64()),
        ("silhouette", pa.float64()),
        ("stability", pa.float64()),
        ("structure", pa.string()),
        ("customers_fitted", pa.int64()),
    ]
)
"""The columns of `fit_clusters`."""


@dataclass(frozen=True)
class Clustering:
    """A clustering with a given number of clusters.

    Attributes:
        centroids: Shape (k, p).
        silhouette: Mean silhouette, -1 to 1.
        stability: Mean adjusted Rand index of refits on halves, about 0 to 1.
    """

    centroids: Floats
    silhouette: float
    stability: float


def cluster(points: Floats, number: int, seed: int) -> Clustering:
    """Fit k-means and measure how well separated and how stable its clusters are.

    k-means with k-means++ starts: Arthur and Vassilvitskii (2007), SODA, 1027-1035. Silhouette:
    Rousseeuw (1987), J. Computational and Applied Mathematics 20, 53-65. Stability: refits on
    random halves, compared on all points by the adjusted Rand index of Hubert and Arabie (1985),
    J. Classification 2, 193-218; as in Ben-Hur, Elisseeff, Guyon (2002), "A stability based
    method for discovering structure in clustered data", PSB 7, 6-17.

    Args:
        points: Shape (n, p), on comparable scales.
        number: k, at least 2, less than n / 2 and at most the number of different points.
        seed: Seed of the starts and the halves.

    Returns:
        The clustering, the same for the same points in the same order.
    """
    with threadpool_limits(1):  # parallel sums would have a random order
        fitted = KMeans(number, n_init=_STARTS, random_state=seed).fit(points)
        labels = fitted.labels_
        judged = slice(0, _CUSTOMERS_FOR_SILHOUETTE)
        is_apart = len(np.unique(labels[judged])) > 1
        silhouette = silhouette_score(points[judged], labels[judged]) if is_apart else 0.0
        random = np.random.default_rng(seed)
        agreements = []
        for _ in range(_HALVES):
            half = random.permutation(len(points))[: len(points) // 2]
            fewer = _at_most_different(points[half], number)
            refitted = KMeans(fewer, n_init=_STARTS, random_state=seed).fit(points[half])
            agreements.append(adjusted_rand_score(labels, refitted.predict(points)))
    return Clustering(fitted.cluster_centers_, float(silhouette), float(np.mean(agreements)))


def choose(clusterings: Sequence[Clustering]) -> Clustering:
    """Return the clustering to use: the stable one with the highest silhouette.

    If none is stable, return the most stable one. If several tie, return the first.
    """
    stable = [one for one in clusterings if one.stability >= STABLE]
    if stable:
        return max(stable, key=lambda one: one.silhouette)
    return max(clusterings, key=lambda one: one.stability)


def in_words(clustering: Clustering) -> str:
    """Return how distinct the clusters are, in words.

    The silhouette threshold is from Kaufman and Rousseeuw (1990), "Finding groups in data",
    p. 88: below 0.5, a structure is weak and possibly artificial.
    """
    if clustering.stability < STABLE:
        return "unstable: another sample would give other clusters"
    if clustering.silhouette < DISTINCT:
        return "a continuum: the clusters cut it into parts, they are not kinds of customers"
    return "distinct clusters"


def fit_clusters(sample: pd.DataFrame, seed: int = 1) -> pa.Table:
    """Fit clusters of customers by their seven balances.

    Args:
        sample: One row per customer: `customer_key`, a hash, and `BALANCES`. Any order.
        seed: Seed of the fits.

    Returns:
        `CLUSTERS`, one row per cluster and balance that varies; clusters are numbered from the
        smallest balances to the largest. Empty if the sample has fewer than 50 customers or no
        balance varies.
    """
    ordered = sample.sort_values("customer_key", kind="stable").head(MOST_CUSTOMERS)
    scales: dict[str, Scale] = {}
    for name in BALANCES:
        scale = fit_scale(ordered[name].to_numpy(dtype=np.float64))
        if scale is not None:
            scales[name] = scale
    rows: list[Mapping[str, Any]] = []
    most = len(ordered) // _CUSTOMERS_PER_CLUSTER
    points = scaled_points(ordered, scales) if scales else np.empty((0, 0))
    most = _at_most_different(points, most)
    numbers = [number for number in NUMBERS_OF_CLUSTERS if number <= most]
    if numbers:
        chosen = choose([cluster(points, number, seed) for number in numbers])
        by_size = chosen.centroids[np.argsort(chosen.centroids.sum(axis=1), kind="stable")]
        rows = [
            {
                "behavioural_cluster": place + 1,
                "measure": name,
                "unit": scale.unit,
                "mean": scale.mean,
                "deviation": scale.deviation,
                "centroid": float(centroid),
                "number_of_clusters": len(by_size),
                "silhouette": chosen.silhouette,
                "stability": chosen.stability,
                "structure": in_words(chosen),
                "customers_fitted": len(ordered),
            }
            for place, centroids in enumerate(by_size)
            for (name, scale), centroid in zip(scales.items(), centroids, strict=True)
        ]
    return pa.Table.from_pylist(rows, schema=CLUSTERS)


def _at_most_different(points: Floats, number: int) -> int:
    """Return `number`, or the number of different points if that is lower."""
    if len(np.unique(points[:200], axis=0)) >= number:
        return number
    return min(number, len(np.unique(points, axis=0)))


def scaled_points(sample: pd.DataFrame, scales: Mapping[str, Scale]) -> npt.NDArray[np.float64]:
    """Return the balances of `sample` on their scales, shape (customers, balances)."""
    return np.column_stack(
        [scale.scaled(sample[name].to_numpy(dtype=np.float64)) for name, scale in scales.items()]
    )
