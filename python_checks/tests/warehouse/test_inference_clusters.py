"""Clusters do not depend on random starts, numpy assigns the same, and a planted one is found."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

from bank_warehouse.inference import clusters
from bank_warehouse.inference.clusters import Clustering
from bank_warehouse.inference.scaling import Scale
from python_checks.testing.model_runner import load_clients, read_nodes, run_models, warehouse

CUSTOMERS = 2_000


@pytest.fixture(scope="module")
def nodes(built_target: Path) -> Mapping[str, Any]:
    return read_nodes(built_target)


@pytest.fixture(scope="module")
def sample(built_warehouse: Path) -> pd.DataFrame:
    with duckdb.connect(str(built_warehouse), read_only=True) as connection:
        return connection.execute("select * from intermediate.int_customers_sampled").df()


def blobs(centres: int, spread: float, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    middle = random.normal(size=(centres, 3)) * 10
    return middle[random.integers(0, centres, 600)] + random.normal(size=(600, 3)) * spread


def test_clustering_equals_a_fit_with_more_starts() -> None:
    points = blobs(3, 1.0, 1)
    ours = clusters.cluster(points, 3, seed=1)
    theirs = KMeans(3, n_init=10, random_state=9).fit(points)
    order = np.lexsort(ours.centroids.T)
    their_order = np.lexsort(theirs.cluster_centers_.T)
    np.testing.assert_allclose(
        ours.centroids[order], theirs.cluster_centers_[their_order], rtol=1e-6
    )
    assert ours.silhouette == pytest.approx(silhouette_score(points, theirs.labels_), rel=1e-9)
    assert ours.stability > 0.99


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("different", "most"), [(1, 0), (2, 2), (3, 3), (40, 8)])
def test_number_of_clusters_is_limited_by_distinct_balances(different: int, most: int) -> None:
    """A random half of the customers may have fewer distinct balances than the whole sample."""
    balances = np.where(np.arange(900) < 901 - different, 0, np.arange(900)) * 100.0
    sample = pd.DataFrame({"customer_key": range(900)} | dict.fromkeys(clusters.BALANCES, balances))
    found = clusters.fit_clusters(sample).to_pandas()
    assert len(found["number_of_clusters"].unique()) == min(most, 1)
    assert found["number_of_clusters"].max() <= most or most == 0


def test_best_stable_clustering_is_chosen() -> None:
    points = blobs(4, 1.0, 5)
    found = [clusters.cluster(points, number, seed=1) for number in range(2, 7)]
    assert len(clusters.choose(found).centroids) == 4
    centre = np.zeros((2, 1))
    unstable, stable = Clustering(centre, 0.9, 0.5), Clustering(centre, 0.4, 0.9)
    assert clusters.choose([unstable, stable]) is stable
    most_stable = Clustering(centre, 0.1, 0.7)
    assert clusters.choose([unstable, most_stable]) is most_stable
    as_good = Clustering(centre, 0.4, 0.95)
    assert clusters.choose([stable, as_good]) is stable


@pytest.mark.parametrize(
    ("silhouette", "stability", "start"),
    [
        (0.5, 0.8, "distinct"),
        (0.49, 0.8, "a continuum"),
        (0.9, 0.79, "unstable"),
    ],
)
def test_verdict_follows_silhouette_and_stability(
    silhouette: float, stability: float, start: str
) -> None:
    verdict = clusters.in_words(Clustering(np.zeros((2, 1)), silhouette, stability))
    assert verdict.startswith(start)


def test_clusters_assigned_in_sql_equal_numpy(built_warehouse: Path) -> None:
    with duckdb.connect(str(built_warehouse), read_only=True) as connection:
        fitted = connection.execute("select * from intermediate.int_clusters_fitted").df()
        scored = connection.execute(
            "select * from marts.fct_customer_segments "
            "inner join intermediate.int_customers_segmented using (customer_key)"
        ).df()
    first = fitted[fitted["behavioural_cluster"] == 1]
    scales = {
        str(row["measure"]): Scale(row["unit"], row["mean"], row["deviation"])
        for row in first.to_dict("records")
    }
    points = clusters.scaled_points(scored, scales)
    by_cluster = fitted.pivot(index="behavioural_cluster", columns="measure", values="centroid")
    centroids = by_cluster[list(scales)].to_numpy()
    distances = np.sqrt(((points[:, None, :] - centroids[None, :, :]) ** 2).sum(axis=2))
    nearest = np.sort(distances, axis=1)
    assert (scored["behavioural_cluster"] == distances.argmin(axis=1) + 1).all()
    np.testing.assert_allclose(scored["cluster_distance"], nearest[:, 0], rtol=1e-12)
    quality = 1 - nearest[:, 0] / nearest[:, 1]
    np.testing.assert_allclose(scored["cluster_quality"], quality, rtol=1e-9, atol=1e-12)


def test_the_order_of_the_sample_does_not_matter(sample: pd.DataFrame) -> None:
    first = clusters.fit_clusters(sample)
    assert first.num_rows > 0
    assert clusters.fit_clusters(sample.sample(frac=1, random_state=2)).equals(first)


def test_a_planted_cluster_is_found_and_called_distinct(nodes: Mapping[str, Any]) -> None:
    found = {}
    for plant in (None, "cluster"):
        with warehouse() as connection:
            load_clients(connection, CUSTOMERS, 7, plant)
            run_models(connection, nodes, ["fct_cluster_centroids"])
            found[plant] = connection.execute(
                "select distinct structure, number_of_clusters, share_of_customers "
                "from marts.fct_cluster_centroids order by share_of_customers"
            ).fetchall()
    assert {structure[:11] for structure, *_ in found[None]} == {"a continuum"}
    assert [row[:2] for row in found["cluster"]] == [("distinct clusters", 2)] * 2
    assert found["cluster"][0][2] == pytest.approx(0.4, abs=0.03)


def test_too_few_or_identical_customers_have_no_clusters(sample: pd.DataFrame) -> None:
    assert clusters.fit_clusters(sample.head(49)).num_rows == 0
    assert clusters.fit_clusters(sample.head(0)).num_rows == 0
    equal = sample.assign(**dict.fromkeys(clusters.BALANCES, 5.0))
    assert clusters.fit_clusters(equal).num_rows == 0
    assert clusters.fit_clusters(sample.head(50)).num_rows > 0


def test_a_constant_balance_is_left_out(sample: pd.DataFrame) -> None:
    fitted = clusters.fit_clusters(sample.assign(bank_loans=5.0)).to_pandas()
    assert set(fitted["measure"]) == set(clusters.BALANCES) - {"bank_loans"}
