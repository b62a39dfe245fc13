"""What Power BI needs and dbt's artifacts do not contain.

Every name here is checked against the artifacts when the model is built: a column that is gone
is an error that names it.
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
"""The one table of a release that the publisher writes, and not dbt."""

DATE_TABLE = "dim_dates"
DATE_COLUMN = "date_day"
CUSTOMERS = "dim_customers"

MERGED = {
    "fct_customer_segments": ("segment", "segment_reasons", "behavioural_cluster"),
    "fct_customer_risk": ("watch_list_level", "is_on_watch_list", "watch_list_reasons"),
}
"""Attributes of a customer that live in a table of facts: they join the customers at load.

One row per customer in both, so the customers gain columns and no rows; every fact can then be
split by them without a filter that runs from fact to dimension.
"""

INLINED_SEEDS = ("dimensions", "stress_scenarios")
"""Small reference lists that tables of the release point to: they are written into the model."""

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
"""Columns whose `accepted_values` in the test `rows_are_sound` are in their order."""

SAME_ORDER = {
    ("fct_product_pairs", "other_product"): ("products", "product"),
    ("fct_segment_migrations", "from_segment"): ("fct_customer_segments", "segment"),
    ("fct_segment_migrations", "to_segment"): ("fct_customer_segments", "segment"),
    ("fct_risk_migrations", "from_watch_list_level"): ("fct_customer_risk", "watch_list_level"),
    ("fct_risk_migrations", "to_watch_list_level"): ("fct_customer_risk", "watch_list_level"),
}
"""Columns that hold the values of another one, of a seed or a mart, and sort as it does."""

VALUE_COLUMNS = (
    ("fct_segment_profiles", "value"),
    ("fct_product_penetration", "value"),
    ("fct_fairness_monitor", "value"),
    ("fct_risk_heatmap", "row_value"),
    ("fct_risk_heatmap", "column_value"),
)
"""Columns that hold values of several dimensions: they sort as those dimensions do."""

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
"""Columns that hold codes: they get a column beside them for people.

The words are those of `bank_warehouse/answers/labels.py`; a code that it does not know is written
with a capital and without underscores.
"""

NAMED_BY = {
    ("fct_product_pairs", "other_product"): ("products", "product", "product_name"),
    ("fct_fairness_monitor", "action"): ("recommendation_rules", "action", "action_name"),
}
"""Columns of codes that a seed has names for: the seed, its code and its name."""

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
"""Columns of codes that no reader chooses by; a name or the reasons say the same."""

SORTED_BY = {
    ("dim_products", "product_name"): "product_order",
    ("dim_banking_relationships", "banking_relationship"): "banking_relationship_order",
    ("dim_investment_advisors", "investment_advisor"): "investment_advisor_order",
    ("fct_customer_recommendations", "action_name"): "priority",
    ("dimensions", "dimension_name"): "dimension_order",
    ("stress_scenarios", "scenario_name"): "scenario_order",
}
"""Columns with the column of the same table that gives their order."""

HIERARCHIES = {
    "dim_customers": (
        ("Occupation", ("occupation_family", "occupation_title")),
        ("Tenure", ("tenure_band", "joined_year")),
        ("Income", ("income_band", "occupation_family")),
    ),
    "dim_products": (("Product", ("product_family", "product_name")),),
    "dim_dates": (("Calendar", ("year_number", "year_quarter", "year_month", "date_day")),),
}
"""Ways to drill down: name and levels, from the widest."""

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
"""Columns of tables of results that measures read: the value of the one row in the context.

Such a figure was computed for its row (an interval, a median, a test); adding two of them up
means nothing, so the measure is blank where several rows are in the context.
"""

HELPER = "Sum of "
"""What the labels of metrics begin with that only means need: their measures are hidden."""

ROLE_WITHOUT_FILTERS = "Everything"
"""Role of those who see every row: in a model with roles, a viewer in none sees an error."""

ROLES = {
    "By banking relationship": ("dim_banking_relationships", "banking_relationship"),
    "By investment advisor": ("dim_investment_advisors", "investment_advisor"),
}
"""Roles of row-level security: the table and column whose rows a user may see."""

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
"""Tables that a role sees whole though its filter does not reach them.

Lists and tests of statistics without anyone's figures. Every other table that the filter does
not reach is closed: it holds sums over the customers of others.
"""
