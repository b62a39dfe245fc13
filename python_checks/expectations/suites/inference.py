"""The promises of the inference marts: statistics are in range, and verdicts follow from them.

Tests compare the statistics with scipy, statsmodels and scikit-learn. These checks hold for every
build, whatever its customers.
"""

from python_checks.expectations.declare import (
    Nothing,
    Promise,
    Table,
    at_least,
    between,
    not_null,
    unique,
)

DIFFERENCES = "marts.fct_segment_differences"
DRIVERS = "marts.fct_risk_drivers"
CENTROIDS = "marts.fct_cluster_centroids"
SEGMENTS = "marts.fct_customer_segments"
PROFILES = "marts.fct_segment_profiles"
REQUIRED = (DIFFERENCES, DRIVERS, CENTROIDS, SEGMENTS, PROFILES)


def inference_tables(*, is_large: bool) -> list[Table]:
    """Return the inference marts and their promises."""
    return [_differences(), _drivers(), _centroids(is_large=is_large)]


def _differences() -> Table:
    return Table(
        DIFFERENCES,
        ("dimension", "measure"),
        (
            unique(DIFFERENCES, "dimension", "measure"),
            *not_null("method", "verdict", "as_of_date"),
            between("p_value", 0, 1, or_null=True),
            between("adjusted_p_value", 0, 1, or_null=True),
            between("effect_size", 0, 1, or_null=True),
            Promise(
                "adjusting for many tests never makes a p-value smaller",
                "p_value is null or adjusted_p_value >= p_value",
                ("p_value", "adjusted_p_value"),
            ),
            Promise(
                "a verdict `more than chance` has a p-value and an effect size",
                "verdict not like 'more than chance%' "
                "or (adjusted_p_value is not null and effect_size is not null)",
                ("verdict", "adjusted_p_value", "effect_size"),
            ),
            Promise(
                "the statistic is never negative, and its degrees of freedom are 1 or more",
                "coalesce(statistic, 0) >= 0 and coalesce(degrees_of_freedom, 1) >= 1",
                ("statistic", "degrees_of_freedom"),
            ),
            Nothing(
                "no verdict `more than chance` has a larger adjusted p-value than a verdict "
                "`no more than chance`",
                "select one.dimension, one.measure, one.adjusted_p_value, one.verdict "
                f"from {DIFFERENCES} as one "
                f"cross join (select min(adjusted_p_value) as smallest from {DIFFERENCES} "
                "where verdict = 'no more than chance') as chance "
                "where one.verdict like 'more than chance%' "
                "and one.adjusted_p_value > chance.smallest",
                "verdict",
            ),
            Nothing(
                "every profiled dimension has a verdict on risk weighting or total loans",
                "select distinct profiles.dimension "
                f"from {PROFILES} as profiles left join {DIFFERENCES} as differences "
                "on profiles.dimension = differences.dimension "
                "and differences.measure in ('risk_weighting', 'total_loans') "
                "where profiles.dimension <> 'all' and differences.verdict is null",
                "dimension",
            ),
        ),
    )


def _drivers() -> Table:
    return Table(
        DRIVERS,
        ("fit", "driver", "level"),
        (
            unique(DRIVERS, "fit", "driver", "level"),
            *not_null("fit", "driver", "level", "direction", "is_protected"),
            between("p_value", 0, 1, or_null=True),
            between("adjusted_p_value", 0, 1, or_null=True),
            between("held_out_accuracy", 0, 1, or_null=True),
            between("majority_accuracy", 0, 1, or_null=True),
            Promise(
                "the interval encloses the coefficient",
                "coefficient is null "
                "or coefficient between coefficient_lower and coefficient_upper",
                ("coefficient_lower", "coefficient", "coefficient_upper"),
            ),
            Promise(
                "the odds ratio is the exponential of the coefficient",
                "coefficient is null "
                "or abs(odds_ratio - exp(coefficient)) <= 1e-9 * exp(coefficient)",
                ("coefficient", "odds_ratio"),
            ),
            Promise(
                "a driver's direction matches the sign of its coefficient",
                "(direction <> 'raises' or coefficient > 0) "
                "and (direction <> 'lowers' or coefficient < 0)",
                ("coefficient", "direction"),
            ),
            Promise(
                "protected attributes have a separate fit",
                "is_protected = (driver in ('age', 'gender', 'nationality')) "
                "and is_protected = (fit = 'protected attributes')",
                ("fit", "driver", "is_protected"),
            ),
        ),
    )


def _centroids(*, is_large: bool) -> Table:
    return Table(
        CENTROIDS,
        ("behavioural_cluster", "measure"),
        (
            unique(CENTROIDS, "behavioural_cluster", "measure"),
            *not_null("standardised_centroid", "typical_balance", "structure"),
            at_least("customers", 0),
            between("share_of_customers", 0, 1),
            between("silhouette", -1, 1),
            between("stability", -1, 1),
            Nothing(
                "the number of clusters is as declared, and each has every measure",
                "select max(number_of_clusters) as declared, "
                "count(distinct behavioural_cluster) as found, "
                f"count(distinct measure) as measures, count(*) as cells from {CENTROIDS} "
                "having declared <> found or cells <> found * measures",
                "behavioural_cluster",
            ),
            Nothing(
                "the customers of a cluster match fct_customer_segments",
                "select behavioural_cluster, here.customers as customers_here, "
                "coalesce(there.customers, 0) as customers_there "
                f"from (select distinct behavioural_cluster, customers from {CENTROIDS}) as here "
                "full join (select behavioural_cluster, count(*) as customers "
                f"from {SEGMENTS} where behavioural_cluster is not null "
                "group by behavioural_cluster) as there using (behavioural_cluster) "
                "where here.customers is distinct from coalesce(there.customers, 0)",
                "customers",
            ),
        ),
        may_be_empty=not is_large,
    )
