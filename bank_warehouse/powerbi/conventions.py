"""Settings that Power BI needs but dbt's artifacts do not contain.

Most of them are checked: building the model fails if a column named here does not exist.
"""

from bank_warehouse.powerbi.artifacts import Column, Mart
from bank_warehouse.publish import files

RELEASE = Mart(
    name=files.RELEASE.name,
    schema=files.RELEASE.schema,
    description=files.RELEASE.description,
    columns={
        column.name: Column(column.name, column.type.lower(), column.description)
        for column in files.RELEASE_COLUMNS
        if column.name in ("release", "as_of_date", "published_at", "schema_version", "source")
    },
)
"""The only table of a release that dbt does not build. The publisher writes it."""

DATE_TABLE = "dim_dates"
DATE_COLUMN = "date_day"
CUSTOMERS = "dim_customers"

MERGED = {
    "fct_customer_segments": ("segment", "segment_reasons", "behavioural_cluster"),
    "fct_customer_risk": ("watch_list_level", "is_on_watch_list", "watch_list_reasons"),
}
"""Customer attributes in fact tables that Power Query joins to the customers on load.

Both tables have one row per customer, so the join adds no rows. With these attributes among the
customers, every fact can be split by them, and no filter has to run from a fact to a dimension.
"""

INLINED_SEEDS = ("dimensions", "stress_scenarios")
"""Small reference seeds that marts refer to. The model contains their rows."""

ORDERED_VALUES = (
    ("dim_customers", "loyalty_classification"),
    ("dim_customers", "fee_structure"),
    ("dim_customers", "income_band"),
    ("dim_products", "product_family"),
    ("fct_segment_differences", "verdict"),
    ("fct_fairness_monitor", "verdict"),
    ("fct_risk_drivers", "fit"),
    ("fct_risk_drivers", "direction"),
    ("fct_stress_results", "measure"),
    ("fct_stress_sensitivity", "measure"),
    ("fct_stress_sensitivity", "direction"),
)
"""Columns that sort in the order of their `accepted_values` in the test `rows_are_sound`."""

SAME_ORDER = {
    ("fct_product_pairs", "other_product"): ("products", "product"),
    ("fct_segment_migrations", "from_segment"): ("fct_customer_segments", "segment"),
    ("fct_segment_migrations", "to_segment"): ("fct_customer_segments", "segment"),
    ("fct_risk_migrations", "from_watch_list_level"): ("fct_customer_risk", "watch_list_level"),
    ("fct_risk_migrations", "to_watch_list_level"): ("fct_customer_risk", "watch_list_level"),
}
"""Columns that sort in the order of another column, which has the same values."""

VALUE_COLUMNS = (
    ("fct_segment_profiles", "value"),
    ("fct_product_penetration", "value"),
    ("fct_fairness_monitor", "value"),
    ("fct_risk_heatmap", "row_value"),
    ("fct_risk_heatmap", "column_value"),
)
"""Columns that hold values of several dimensions. Those of each dimension keep their order."""

CODE_COLUMNS = (
    ("fct_customer_risk", "watch_list_level"),
    ("fct_customer_recommendations", "kind"),
    ("fct_risk_drivers", "direction"),
    ("fct_segment_differences", "verdict"),
    ("fct_fairness_monitor", "verdict"),
    ("fct_stress_sensitivity", "direction"),
    ("fct_source_profile", "drift_verdict"),
    ("fct_segment_migrations", "from_segment"),
    ("fct_segment_migrations", "to_segment"),
    ("fct_risk_migrations", "from_risk_weighting"),
    ("fct_risk_migrations", "to_risk_weighting"),
    ("fct_risk_migrations", "from_watch_list_level"),
    ("fct_risk_migrations", "to_watch_list_level"),
    ("fct_risk_migrations", "risk_weighting_change"),
    ("fct_risk_migrations", "watch_list_change"),
    ("fct_cluster_centroids", "structure"),
    ("fct_segment_differences", "measure"),
    ("fct_balance_concentration", "measure"),
    ("fct_cluster_centroids", "measure"),
    ("fct_stress_results", "measure"),
    ("fct_stress_sensitivity", "measure"),
    ("fct_stress_sensitivity", "assumption"),
    ("fct_fairness_monitor", "action"),
    ("fct_risk_drivers", "driver"),
    ("fct_product_pairs", "other_product"),
    ("fct_control_totals", "column_name"),
    ("fct_source_profile", "column_name"),
)
"""Columns of codes. For each, the model adds a column with readable labels.

The labels come from the seeds in NAMED_BY or from `bank_warehouse/answers/labels.py`. A code
without a label is shown unchanged in tables with a customer key, and otherwise capitalized and
without underscores.
"""

NAMED_BY = {
    ("fct_product_pairs", "other_product"): ("products", "product", "product_name"),
    ("fct_fairness_monitor", "action"): ("recommendation_rules", "action", "action_name"),
}
"""Columns of codes whose names are in a seed: the seed, its code column and its name column."""

REASONS = {
    ("fct_customer_risk", "watch_list_reasons"): "watch_list_rules",
    ("fct_customer_recommendations", "reasons"): "recommendation_rules",
}
"""Columns of reasons that contain codes, and the seed with the rules that they come from.

For each, the model adds a column in which the reasons contain no codes.
"""

HIDDEN = (
    ("fct_customer_recommendations", "action"),
    ("fct_customer_recommendations", "fact"),
    ("fct_customer_recommendations", "second_fact"),
    ("fct_customer_recommendations", "third_fact"),
    ("fct_customer_recommendations", "money_measure"),
    ("fct_customer_recommendations", "product"),
    ("fct_segment_differences", "dimension"),
    ("fct_risk_heatmap", "row_dimension"),
    ("fct_risk_heatmap", "column_dimension"),
    ("dim_products", "product"),
    ("dimensions", "dimension"),
    ("stress_scenarios", "scenario"),
    ("fct_stress_sensitivity", "item"),
)
"""Columns that readers do not need, because a name or the reasons say the same."""

SORTED_BY = {
    ("dim_products", "product_name"): "product_order",
    ("dim_banking_relationships", "banking_relationship"): "banking_relationship_order",
    ("dim_investment_advisors", "investment_advisor"): "investment_advisor_order",
    ("fct_customer_recommendations", "action_name"): "priority",
    ("dimensions", "dimension_name"): "dimension_order",
    ("stress_scenarios", "scenario_name"): "scenario_order",
}
"""Columns, and the column of the same table that each sorts by."""

HIERARCHIES = {
    "dim_customers": (
        ("Occupation", ("occupation_family", "occupation_title")),
        ("Tenure", ("tenure_band", "joined_year")),
        ("Income", ("income_band", "occupation_family")),
    ),
    "dim_products": (("Product", ("product_family", "product_name")),),
    "dim_dates": (("Calendar", ("year_number", "year_quarter", "year_month", "date_day")),),
}
"""Drill-down hierarchies: the name and the levels, from the broadest."""

FOLDERS = {
    "dim_customers": {
        "Demographics": ("gender", "age", "age_band", "nationality"),
        "Occupation": (
            "occupation",
            "occupation_title",
            "occupation_grade",
            "occupation_family",
        ),
        "With the bank": (
            "joined_date",
            "joined_year",
            "tenure_days",
            "tenure_band",
            "banking_relationship",
            "investment_advisor",
            "loyalty_classification",
            "fee_structure",
        ),
        "Money and risk": (
            "income_band",
            "amount_of_credit_cards",
            "properties_owned",
            "risk_weighting",
            "watch_list_level",
            "is_on_watch_list",
            "watch_list_reasons",
        ),
        "Segment": ("segment", "segment_reasons", "behavioural_cluster"),
        "Data quality": (
            "is_joined_before_birth",
            "is_joined_as_minor",
            "has_shared_client_id",
            "has_corrected_occupation",
            "has_unknown_occupation",
        ),
    },
}
"""Display folders of columns, by table."""

READINGS = {
    "fct_segment_profiles": (
        "customers",
        "share_of_customers",
        "mean_risk_weighting",
        "mean_total_loans",
        "mean_total_loans_lower",
        "mean_total_loans_upper",
        "mean_total_deposits",
        "mean_total_deposits_lower",
        "mean_total_deposits_upper",
        "median_total_deposits",
    ),
    "fct_product_pairs": ("lift", "depth_lift", "balance_correlation", "share_holding_both"),
    "fct_balance_concentration": ("cumulative_share", "gini", "top_decile_share"),
    "fct_stress_results": ("stressed_value", "change_in_value", "relative_change"),
    "fct_stress_sensitivity": ("change_in_value", "relative_change"),
    "fct_fairness_monitor": (
        "customers",
        "selection_rate",
        "selection_rate_lower",
        "selection_rate_upper",
        "ratio_to_best",
    ),
    "fct_risk_drivers": (
        "odds_ratio",
        "coefficient_lower",
        "coefficient_upper",
        "adjusted_p_value",
        "share_of_explained_variation",
    ),
    "fct_control_totals": ("delivered", "in_marts", "in_quarantine", "difference"),
    "fct_source_profile": (
        "row_count",
        "null_count",
        "mean",
        "largest_quantile_shift",
    ),
}
"""Columns of result tables. For each, a measure returns the value of the selected row.

A value such as a median or a test result belongs to one row, so the measure never adds values up.
It is blank if the selected rows have different values.
"""

HELPER = "Sum of "
"""Label prefix of metrics that are only used to compute means; their measures are hidden."""

ROLE_WITHOUT_FILTERS = "Everything"
"""Role for users who see every row. If a model has roles, a viewer without one gets an error."""

ROLES = {
    "By banking relationship": ("dim_banking_relationships", "banking_relationship"),
    "By investment advisor": ("dim_investment_advisors", "investment_advisor"),
}
"""Row-level security roles: the table and column that limit what a user sees."""

OPEN_TO_ROLES = frozenset(
    {
        "dim_dates",
        "dim_products",
        "dim_banking_relationships",
        "dim_investment_advisors",
        "dimensions",
        "stress_scenarios",
        "release",
        "fct_segment_differences",
        "fct_risk_drivers",
    }
)
"""Tables that a role sees in full if its filter does not reach them.

They hold lists and statistical tests, and no customer's figures. A role sees no rows of the other
tables that its filter does not reach, because these contain sums over other users' customers.
"""
