"""The fit of the risk drivers matches statsmodels, and a planted driver is found."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import approx_fprime
from statsmodels.miscmodels.ordinal_model import OrderedModel
from threadpoolctl import threadpool_limits

from bank_warehouse.inference import drivers
from bank_warehouse.inference.scaling import fit_scale
from python_checks.testing.model_runner import load_clients, read_nodes, run_models, warehouse

CUSTOMERS = 2_000


def simulated(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(rows, 3))
    latent = matrix @ [1.0, -0.5, 0.0] + random.logistic(size=rows)
    return matrix, np.digitize(latent, [-1.0, 0.5, 2.0]) + 1


@pytest.fixture(scope="module")
def sample(built_warehouse: Path) -> pd.DataFrame:
    with duckdb.connect(str(built_warehouse), read_only=True) as connection:
        return connection.execute("select * from intermediate.int_customers_sampled").df()


@pytest.fixture(scope="module")
def nodes(built_target: Path) -> Mapping[str, Any]:
    return read_nodes(built_target)


def test_fit_equals_statsmodels() -> None:
    matrix, outcome = simulated(600, 1)
    ours = drivers.fit_proportional_odds(matrix, list(outcome))
    with threadpool_limits(1):
        codes = pd.Series(pd.Categorical(outcome, ordered=True))
        model = OrderedModel(codes, matrix, distr="logit")
        theirs = model.fit(method="bfgs", gtol=1e-8, maxiter=500, disp=False)
    assert ours is not None
    np.testing.assert_allclose(ours.coefficients, theirs.params[:3], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours.errors, theirs.bse[:3], rtol=1e-4)
    thresholds = model.transform_threshold_params(theirs.params)[1:-1]
    np.testing.assert_allclose(ours.thresholds, thresholds, rtol=1e-4, atol=1e-5)


def test_derivatives_match_the_log_likelihood() -> None:
    matrix, outcome = simulated(200, 2)
    codes = pd.Series(pd.Categorical(outcome, ordered=True))
    model = drivers.ProportionalOdds(codes, matrix, distr="logit")
    at = np.array([0.4, -0.2, 0.1, -0.8, 0.2, 0.4])
    numeric = approx_fprime(at, model.loglike, 1e-6)
    np.testing.assert_allclose(model.score(at), numeric, rtol=1e-4, atol=1e-3)


def test_shares_add_up_to_the_explained_variation() -> None:
    matrix = np.random.default_rng(3).normal(size=(500, 4)) @ np.triu(np.ones((4, 4)))
    coefficients = np.array([1.0, -0.5, 0.2, 0.0])
    shares = drivers.explained_shares(matrix, coefficients)
    variance = (matrix @ coefficients).var()
    assert shares.sum() == pytest.approx(variance / (variance + np.pi**2 / 3))
    assert shares[3] == 0


def test_perfectly_separated_classes_give_no_significant_fit() -> None:
    values = np.linspace(-1, 1, 80)
    fit = drivers.fit_proportional_odds(values[:, None], list(np.where(values > 0, 2, 1)))
    assert fit is None or abs(fit.coefficients[0] / fit.errors[0]) < 3


def test_risk_drivers_mart_equals_a_fit_of_the_sample(
    sample: pd.DataFrame, built_warehouse: Path
) -> None:
    with duckdb.connect(str(built_warehouse), read_only=True) as connection:
        mart = connection.execute("select * from marts.fct_risk_drivers").df()
    fitted = drivers.fit_drivers(sample.sample(frac=1, random_state=1)).to_pandas()
    keys = ["fit", "driver", "level"]
    both = mart.merge(fitted, on=keys, validate="1:1", suffixes=("", "_again"))
    assert len(both) == len(mart) == len(fitted)
    np.testing.assert_array_equal(both["coefficient"], both["coefficient_again"])
    assert set(mart.loc[mart["is_protected"], "driver"]) == {"age", "gender", "nationality"}
    business = mart[~mart["is_protected"]]
    income = business[business["driver"] == "estimated_income"].iloc[0]
    assert income["direction"] == "raises"
    assert income["held_out_accuracy"] > income["majority_accuracy"] + 0.1
    train = sample[~sample["is_held_out"]]
    majority = train["risk_weighting"].mode()[0]
    held_out = sample[sample["is_held_out"]]
    accuracy = (held_out["risk_weighting"] == majority).mean()
    assert income["majority_accuracy"] == pytest.approx(accuracy)


def test_a_planted_driver_is_found(nodes: Mapping[str, Any]) -> None:
    directions = {}
    for plant in (None, "driver"):
        with warehouse() as connection:
            load_clients(connection, CUSTOMERS, 6, plant)
            run_models(connection, nodes, ["fct_risk_drivers"])
            row = connection.execute(
                "select direction from marts.fct_risk_drivers where driver = 'properties_owned'"
            ).fetchone()
        assert row is not None
        directions[plant] = row[0]
    assert directions == {None: "no clear direction", "driver": "raises"}


@pytest.mark.parametrize("customers", [0, 3, 60])
def test_too_few_customers_give_rows_without_figures(sample: pd.DataFrame, customers: int) -> None:
    rows = drivers.fit_drivers(sample.head(customers)).to_pandas()
    business = rows[~rows["is_protected"]]
    assert set(drivers.BALANCES) <= set(business["driver"])
    assert business["coefficient"].isna().all()
    assert business["held_out_accuracy"].isna().all()


def test_redundant_columns_are_left_out(sample: pd.DataFrame) -> None:
    changed = sample.assign(bank_loans=7.0, checking_accounts=sample["saving_accounts"])
    rows = drivers.fit_drivers(changed).to_pandas().set_index("driver")["coefficient"]
    assert np.isnan(rows["bank_loans"])
    assert np.isnan(rows["checking_accounts"])
    assert np.isfinite(rows["saving_accounts"])


def test_a_column_that_hardly_varies_is_left_out(sample: pd.DataFrame) -> None:
    """Among the fitted customers, the column varies by far less than 1e-8 of its size."""
    tenures = np.where(sample["is_held_out"], 9e9, 7.0 + 1e-12 * np.arange(len(sample)))
    rows = drivers.fit_drivers(sample.assign(tenure_days=tenures)).to_pandas()
    coefficients = rows.set_index("driver")["coefficient"]
    assert np.isnan(coefficients["tenure_days"])
    assert np.isfinite(coefficients["saving_accounts"])


def test_one_risk_weighting_for_everyone_gives_no_fit(sample: pd.DataFrame) -> None:
    assert drivers.fit_drivers(sample.assign(risk_weighting=2)).to_pandas()["p_value"].isna().all()


def test_scale_accepts_zeros_and_negative_amounts() -> None:
    amounts = np.array([-40.0, 0.0, 10.0, 20.0, 30.0])
    scale = fit_scale(amounts)
    assert scale is not None
    assert scale.unit == 25.0
    scaled = scale.scaled(amounts)
    assert scaled.mean() == pytest.approx(0)
    assert scaled.std() == pytest.approx(1)
    assert (np.diff(scaled) > 0).all()
    assert fit_scale(np.full(5, 3.0)) is None
    assert fit_scale(np.array([])) is None
