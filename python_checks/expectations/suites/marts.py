"""The promises of the marts: customers, amounts, bands, reasons and totals.

The limits on distributions hold for any plausible bank with private customers. They detect a column
that was swapped, scaled or emptied.
"""

import duckdb

from python_checks.expectations import references
from python_checks.expectations.columns import ENOUGH_FOR_DISTRIBUTIONS, MONEY, PRODUCT_BALANCES
from python_checks.expectations.declare import (
    Check,
    Mean,
    Nothing,
    Promise,
    Share,
    Table,
    at_least,
    band_case,
    between,
    in_band,
    in_set,
    literal,
    mapped,
    median_between,
    not_null,
    same_values,
    share_between,
    unique,
)
from python_checks.expectations.suites.aggregates import AGGREGATE_RELATIONS, aggregate_tables
from python_checks.expectations.suites.history import REQUIRED as HISTORY_RELATIONS
from python_checks.expectations.suites.history import history_tables
from python_checks.expectations.suites.inference import REQUIRED as INFERENCE_RELATIONS
from python_checks.expectations.suites.inference import inference_tables
from python_checks.expectations.suites.personal import no_personal_columns, no_personal_values
from python_checks.expectations.suites.recommendations import REQUIRED as RECOMMENDATION_RELATIONS
from python_checks.expectations.suites.recommendations import recommendation_tables

CUSTOMERS = "marts.dim_customers"
POSITIONS = "marts.fct_customer_positions"
SEGMENTS = "marts.fct_customer_segments"
RISK = "marts.fct_customer_risk"
HOLDINGS = "marts.fct_product_holdings"
GAPS = "marts.fct_product_gaps"
IDENTITIES = "restricted.dim_customer_identities"
CLIENTS = "staging.stg_bank__clients"
THRESHOLDS = "intermediate.int_score_thresholds"

REQUIRED = (
    CUSTOMERS,
    POSITIONS,
    SEGMENTS,
    RISK,
    HOLDINGS,
    GAPS,
    IDENTITIES,
    CLIENTS,
    THRESHOLDS,
    *AGGREGATE_RELATIONS,
    *HISTORY_RELATIONS,
    *INFERENCE_RELATIONS,
    *RECOMMENDATION_RELATIONS,
    "marts.dim_banking_relationships",
    "marts.dim_dates",
    "marts.dim_investment_advisors",
    "marts.dim_products",
    "reference.age_bands",
    "reference.default_probabilities",
    "reference.dimensions",
    "reference.fee_rates",
    "reference.income_bands",
    "reference.loyalty_tiers",
    "reference.occupations",
    "reference.products",
    "reference.segment_rules",
    "reference.stress_scenarios",
    "reference.tenure_bands",
    "reference.watch_list_levels",
    "reference.watch_list_rules",
)

PASSED_ON = (
    "client_key",
    "gender",
    "age",
    "nationality",
    "joined_date",
    "banking_relationship",
    "investment_advisor",
    "loyalty_classification",
    "fee_structure",
    "amount_of_credit_cards",
    "properties_owned",
    "risk_weighting",
)
ENUMERATED = ("loyalty_classification", "fee_structure")
"""Columns that are enumerations in staging and text in the marts, so their hashes differ."""


def tables(connection: duckdb.DuckDBPyConnection) -> list[Table]:
    """Return the marts and their promises."""
    is_large = references.row_count(connection, CUSTOMERS) >= ENOUGH_FOR_DISTRIBUTIONS
    return [
        Table(CUSTOMERS, ("customer_key",), _customers(connection, is_large=is_large)),
        Table(POSITIONS, ("customer_key",), _positions(connection, is_large=is_large)),
        Table(SEGMENTS, ("customer_key",), _segments(connection, is_large=is_large)),
        Table(RISK, ("customer_key",), _risk(connection, is_large=is_large)),
        Table(HOLDINGS, ("customer_key", "product"), _holdings()),
        Table(GAPS, ("customer_key", "product"), _gaps()),
        Table(IDENTITIES, ("customer_key",), _identities()),
        *_small_dimensions(connection),
        *aggregate_tables(connection),
        *inference_tables(is_large=is_large),
        *recommendation_tables(connection, is_large=is_large),
        *history_tables(),
    ]


def _customers(connection: duckdb.DuckDBPyConnection, *, is_large: bool) -> tuple[Check, ...]:
    occupations = references.values(connection, "reference.occupations", "occupation")
    families = {*references.values(connection, "reference.occupations", "occupation_family")}
    known = ", ".join(literal(occupation) for occupation in occupations)
    checks: list[Check] = [
        unique(CUSTOMERS, "customer_key"),
        same_values(
            CUSTOMERS,
            CLIENTS,
            "customer_key",
            [
                (name, f"cast({name} as varchar)") if name in ENUMERATED else name
                for name in PASSED_ON
            ],
        ),
        *not_null(*PASSED_ON, "as_of_date", "occupation", "occupation_title"),
        between("age", 0, 120),
        between("risk_weighting", 1, 5),
        at_least("tenure_days", 0),
        at_least("amount_of_credit_cards", 0),
        at_least("properties_owned", 0),
        in_band(
            "age_band",
            "age",
            references.bands(connection, "reference.age_bands", "age_band"),
            "reference.age_bands",
        ),
        in_band(
            "tenure_band",
            "tenure_days",
            references.bands(connection, "reference.tenure_bands", "tenure_band"),
            "reference.tenure_bands",
        ),
        *(
            in_set(column, references.values(connection, source, column), source)
            for column, source in (
                ("income_band", "reference.income_bands"),
                ("fee_structure", "reference.fee_rates"),
                ("loyalty_classification", "reference.loyalty_tiers"),
                ("gender", "staging.stg_bank__genders"),
                ("banking_relationship", "marts.dim_banking_relationships"),
                ("investment_advisor", "marts.dim_investment_advisors"),
            )
        ),
        in_set(
            "occupation_family",
            sorted(str(family) for family in families | {"Other"}),
            "reference.occupations, or Other",
        ),
        Promise(
            "an occupation is in reference.occupations, or is flagged as unknown and has the "
            "family Other",
            f"has_unknown_occupation = (occupation not in ({known})) "
            "and (not has_unknown_occupation or occupation_family = 'Other')",
            ("occupation_family", "has_unknown_occupation"),
        ),
        Promise(
            "tenure_days is the number of days from joining to the as-of date, and joined_year is "
            "the year of joining",
            "tenure_days = as_of_date - joined_date and joined_year = year(joined_date)",
            ("as_of_date", "joined_date", "joined_year", "tenure_days"),
        ),
        Promise(
            "nobody joined after the as-of date, or more than 120 calendar years before it",
            "joined_date <= as_of_date and year(as_of_date) - year(joined_date) <= 120",
            ("as_of_date", "joined_date"),
        ),
        Promise(
            "the joining flags match age and tenure",
            "is_joined_before_birth = (tenure_days > age * 365.25) "
            "and is_joined_as_minor = (tenure_days > (age - 18) * 365.25)",
            ("age", "tenure_days", "is_joined_before_birth", "is_joined_as_minor"),
        ),
        Nothing(
            "a client id is flagged as shared if and only if several customers have it",
            "select totals.flagged as customers_flagged, shared.customers as customers_sharing "
            f"from (select count(*) filter (where has_shared_client_id) as flagged "
            f"from {CUSTOMERS}) as totals cross join (select coalesce(sum(customers), 0) as "
            f"customers from (select count(*) as customers from {CUSTOMERS} group by client_key "
            "having count(*) > 1) as ids) as shared where totals.flagged <> shared.customers",
            "has_shared_client_id",
        ),
        Nothing(
            "all customers have the as-of date that dim_dates marks",
            "select lowest, highest, marked from "
            f"(select min(as_of_date) as lowest, max(as_of_date) as highest from {CUSTOMERS}) "
            "as dates cross join (select max(date_day) filter (where is_as_of_date) as marked, "
            "count(*) filter (where is_as_of_date) as marks from marts.dim_dates) as days "
            "where lowest <> highest or highest is distinct from marked or marks <> 1",
            "as_of_date",
        ),
        Nothing(
            "every joining date is in marts.dim_dates",
            f"select customer_key, joined_date from {CUSTOMERS} "
            "where joined_date not in (select date_day from marts.dim_dates)",
            "joined_date",
        ),
        no_personal_columns(),
        no_personal_values(connection),
    ]
    if is_large:
        checks += [
            Mean("age", 20, 75),
            *median_between("age", 20, 75),
            Mean("risk_weighting", 1, 4),
            Mean("tenure_days", 365, 14_600),
            Nothing(
                "no gender covers nearly all customers",
                f"select gender, count(*) as customers from {CUSTOMERS} group by gender "
                f"having count(*) > 0.98 * (select count(*) from {CUSTOMERS})",
                "gender",
            ),
            share_between(
                "an occupation is known", "not has_unknown_occupation", "occupation", 0.5, 1
            ),
            share_between(
                "joining before birth is rare",
                "is_joined_before_birth",
                "is_joined_before_birth",
                0,
                0.15,
            ),
            *(
                share_between(
                    f"{column} {value} does not cover nearly all customers",
                    f"{column} = {literal(value)}",
                    column,
                    0,
                    0.95,
                )
                for column, source in (
                    ("fee_structure", "reference.fee_rates"),
                    ("loyalty_classification", "reference.loyalty_tiers"),
                    ("income_band", "reference.income_bands"),
                )
                for value in references.values(connection, source, column)
            ),
        ]
    return tuple(checks)


def _positions(connection: duckdb.DuckDBPyConnection, *, is_large: bool) -> tuple[Check, ...]:
    incomes = references.bands(connection, "reference.income_bands", "income_band")
    checks: list[Check] = [
        same_values(POSITIONS, CLIENTS, "customer_key", ("client_key", *MONEY)),
        same_values(
            CUSTOMERS,
            POSITIONS,
            "customer_key",
            ["as_of_date", ("income_band", band_case("estimated_income", incomes))],
        ),
        *not_null(
            "as_of_date",
            *MONEY,
            "total_loans",
            "total_deposits",
            "core_deposits",
            "fee_rate",
            "fee_income",
            "net_position",
            "is_overleveraged",
        ),
        Promise(
            "total_loans is the sum of bank_loans, business_lending and credit_card_balance",
            "total_loans = bank_loans + business_lending + credit_card_balance",
            ("total_loans", "bank_loans", "business_lending", "credit_card_balance"),
        ),
        Promise(
            "core_deposits is the sum of saving, checking and foreign currency accounts",
            "core_deposits = saving_accounts + checking_accounts + foreign_currency_account",
            ("core_deposits", "saving_accounts", "checking_accounts", "foreign_currency_account"),
        ),
        Promise(
            "total_deposits is bank_deposits and core_deposits together",
            "total_deposits = bank_deposits + core_deposits",
            ("total_deposits", "bank_deposits", "core_deposits"),
        ),
        Promise(
            "net_position is total_deposits less total_loans",
            "net_position = total_deposits - total_loans",
            ("net_position", "total_deposits", "total_loans"),
        ),
        Promise(
            "is_overleveraged is true if and only if total_loans is above total_deposits",
            "is_overleveraged = (total_loans > total_deposits)",
            ("is_overleveraged", "total_loans", "total_deposits"),
        ),
        Promise(
            "fee_income is total_loans times fee_rate, to the cent",
            "abs(fee_income - total_loans * fee_rate) <= 0.005",
            ("fee_income", "total_loans", "fee_rate"),
        ),
        *(
            _ratio(ratio, numerator, divisor)
            for ratio, numerator, divisor in (
                ("loan_to_deposit_ratio", "total_loans", "total_deposits"),
                ("debt_to_income_ratio", "total_loans", "estimated_income"),
                ("liquidity_cover", "total_deposits", "total_loans"),
            )
        ),
        in_set(
            "fee_rate",
            references.values(connection, "reference.fee_rates", "fee_rate"),
            "reference.fee_rates",
        ),
        same_values(
            POSITIONS,
            CUSTOMERS,
            "customer_key",
            [
                (
                    "fee_rate",
                    _typed_case(
                        "fee_structure",
                        references.pairs(
                            connection, "reference.fee_rates", "fee_structure", "fee_rate"
                        ),
                        "decimal(5, 4)",
                    ),
                )
            ],
        ),
    ]
    if is_large:
        checks += [
            Mean("estimated_income", 1_000, 10_000_000),
            *median_between("estimated_income", 1_000, 10_000_000),
            Mean("total_deposits", 100, 1_000_000_000),
            Mean("total_loans", 100, 1_000_000_000),
            Mean("credit_card_balance", 0, 1_000_000),
            *(
                share_between(f"a negative {column} is rare", f"{column} < 0", column, 0, 0.05)
                for column in MONEY
            ),
            *(
                share_between(f"{column} is not always 0", f"{column} <> 0", column, 0.01, 1)
                for column in MONEY
            ),
            share_between(
                "some but not all customers are overleveraged",
                "is_overleveraged",
                "is_overleveraged",
                0.001,
                0.999,
            ),
        ]
    return tuple(checks)


def _ratio(ratio: str, numerator: str, divisor: str) -> Check:
    quotient = f"cast({numerator} as double) / nullif(cast({divisor} as double), 0)"
    return Promise(
        f"{ratio} is {numerator} / {divisor}, or null if {divisor} is not above 0",
        f"({divisor} <= 0) = ({ratio} is null) "
        f"and ({divisor} <= 0 or abs({ratio} - {quotient}) <= 1e-9 * abs({quotient}))",
        (ratio, numerator, divisor),
    )


def _typed_case(by: str, pairs: list[tuple[object, object]], data_type: str) -> str:
    whens = " ".join(f"when {literal(key)} then {literal(value)}" for key, value in pairs)
    return f"cast(case {by} {whens} end as {data_type})"


def _segments(connection: duckdb.DuckDBPyConnection, *, is_large: bool) -> tuple[Check, ...]:
    scores = ("deposit_score", "lending_score", "tenure_score")
    rules = references.rows(
        connection,
        "reference.segment_rules",
        "segment",
        "description",
        *(f"{end}_{score}" for score in scores for end in ("minimum", "maximum")),
        order_by="priority, segment",
    )
    assigned = " ".join(
        "when "
        + " and ".join(
            f"{score} between {rule[2 + 2 * position]} and {rule[3 + 2 * position]}"
            for position, score in enumerate(scores)
        )
        + f" then {literal(rule[0])}"
        for rule in rules
    )
    described = " ".join(f"when {literal(rule[0])} then {literal(rule[1])}" for rule in rules)
    checks: list[Check] = [
        same_values(
            SEGMENTS,
            POSITIONS,
            "customer_key",
            [
                "as_of_date",
                ("deposit_score", _score(connection, "total_deposits")),
                ("lending_score", _score(connection, "total_loans")),
            ],
        ),
        same_values(
            SEGMENTS,
            CUSTOMERS,
            "customer_key",
            [
                (
                    "tenure_score",
                    _typed_case(
                        "tenure_band",
                        references.pairs(
                            connection, "reference.tenure_bands", "tenure_band", "tenure_score"
                        ),
                        "integer",
                    ),
                )
            ],
        ),
        *not_null("as_of_date", "segment", "segment_reasons"),
        *(between(score, 1, 5) for score in scores),
        in_set("segment", [rule[0] for rule in rules], "reference.segment_rules"),
        Promise(
            "the segment is that of the first matching rule of reference.segment_rules",
            f"segment = case {assigned} end",
            ("segment", *scores),
        ),
        Promise(
            "the reasons name the rule of the segment and the three scores",
            f"starts_with(segment_reasons, case segment {described} end || ': ') and "
            + " and ".join(
                f"contains(segment_reasons, '{score.replace('_', ' ')} ' || {score} || ' of 5') "
                for score in ("lending_score", "tenure_score")
            )
            + "and contains(segment_reasons, 'Deposit score ' || deposit_score || ' of 5')",
            ("segment", "segment_reasons"),
        ),
    ]
    if is_large:
        checks += [
            Share(
                f"segment {rule[0]} does not cover nearly all customers",
                f"segment = {literal(rule[0])}",
                "segment",
                0,
                0.95,
            )
            for rule in rules
        ]
        checks += [
            Mean("deposit_score", 1.5, 4.5),
            Mean("lending_score", 1.5, 4.5),
        ]
    return tuple(checks)


def _score(connection: duckdb.DuckDBPyConnection, measure: str) -> str:
    """Return the SQL for the score of a measure, by the thresholds of this build."""
    limits = connection.execute(
        f"select score, inclusive_upper_limit from {THRESHOLDS} where measure = ? order by score",
        [measure],
    ).fetchall()
    # A customer gets the first score whose limit is not exceeded, even if limits are equal.
    whens = " ".join(
        f"when {measure} <= {upper} then {score}" for score, upper in limits if upper is not None
    )
    return f"cast(case {whens} when {measure} is not null then 5 end as integer)"


def _risk(connection: duckdb.DuckDBPyConnection, *, is_large: bool) -> tuple[Check, ...]:
    levels = references.rows(
        connection,
        "reference.watch_list_levels",
        "watch_list_level",
        "minimum_severity",
        "maximum_severity",
    )
    level = " ".join(
        f"when watch_list_severity >= {lowest}"
        + (f" and watch_list_severity <= {highest}" if highest is not None else "")
        + f" then {literal(name)}"
        for name, lowest, highest in levels
    )
    checks: list[Check] = [
        same_values(
            RISK,
            POSITIONS,
            "customer_key",
            [
                "as_of_date",
                ("exposure", "total_loans"),
                "loan_to_deposit_ratio",
                "debt_to_income_ratio",
                "liquidity_cover",
                "is_overleveraged",
                ("has_no_deposits", "total_deposits = 0"),
            ],
        ),
        same_values(RISK, CUSTOMERS, "customer_key", ["risk_weighting"]),
        *not_null(
            "as_of_date",
            "exposure",
            "probability_of_default",
            "watch_list_severity",
            "rules_met",
            "watch_list_level",
            "watch_list_reasons",
        ),
        between("risk_weighting", 1, 5),
        between("probability_of_default", 0, 1),
        mapped(
            "probability_of_default",
            "risk_weighting",
            references.pairs(
                connection,
                "reference.default_probabilities",
                "risk_weighting",
                "probability_of_default",
            ),
            "reference.default_probabilities",
        ),
        Promise(
            "the watch-list level matches the severity",
            f"watch_list_level = case {level} end",
            ("watch_list_severity", "watch_list_level"),
        ),
        Promise(
            "a customer is on the watch list if and only if a rule is met",
            "is_on_watch_list = (rules_met > 0) and is_on_watch_list = (watch_list_level <> 'none')"
            " and (rules_met = 0) = (watch_list_severity = 0)",
            ("rules_met", "watch_list_severity", "watch_list_level", "is_on_watch_list"),
        ),
        Promise(
            "the reasons say that no rule applies if and only if no rule is met",
            "watch_list_reasons <> '' and (rules_met = 0) = "
            "(watch_list_reasons = 'No rule of the watch list applies')",
            ("rules_met", "watch_list_reasons"),
        ),
        _rules_met(connection),
    ]
    if is_large:
        checks += [
            Mean("probability_of_default", 0.0001, 0.5),
            Mean("risk_weighting", 1, 4),
            share_between(
                "a customer is on the watch list", "is_on_watch_list", "is_on_watch_list", 0, 0.98
            ),
        ]
    return tuple(checks)


def _rules_met(connection: duckdb.DuckDBPyConnection) -> Check:
    """The totals of rules met and of severities match a recount from the rules in the seed."""
    symbols = {"above": ">", "at least": ">=", "below": "<", "at most": "<="}
    rules = references.rows(
        connection, "reference.watch_list_rules", "fact", "comparison", "limit_value", "severity"
    )
    sums = {"customers": ("0", "0"), "positions": ("0", "0")}
    for fact, comparison, limit, severity in rules:
        table = "customers" if fact == "risk_weighting" else "positions"
        met = f"count(*) filter (where {fact} {symbols[str(comparison)]} {limit})"
        rules_met, severities = sums[table]
        sums[table] = (f"{rules_met} + {met}", f"{severities} + {severity} * {met}")
    return Nothing(
        "rules met and severities match reference.watch_list_rules",
        "select listed.rules_met as rules_here, customers.rules_met + positions.rules_met as "
        "rules_there, listed.severity as severity_here, customers.severity + positions.severity "
        f"as severity_there from (select sum(rules_met) as rules_met, sum(watch_list_severity) "
        f"as severity from {RISK}) as listed cross join (select {sums['customers'][0]} as "
        f"rules_met, {sums['customers'][1]} as severity from {CUSTOMERS}) as customers "
        f"cross join (select {sums['positions'][0]} as rules_met, {sums['positions'][1]} as "
        f"severity from {POSITIONS}) as positions where rules_here <> rules_there "
        "or severity_here <> severity_there",
        "rules_met, watch_list_severity",
    )


def _by_product(mart: str) -> Check:
    """Every customer occurs once for each product, with the balance in `POSITIONS`."""
    totals = ", ".join(
        f"sum(hash(customer_key, {column})) as {product}"
        for product, column in PRODUCT_BALANCES.items()
    )
    there = ", ".join(PRODUCT_BALANCES)
    expected = " union all ".join(
        f"select '{product}' as product, customer_key, {column} as balance from {POSITIONS}"
        for product, column in PRODUCT_BALANCES.items()
    )
    return Nothing(
        f"has every customer of {POSITIONS} once for every product, with the same balance",
        f"with here as (select product, count(*) as row_count, sum(hash(customer_key, balance)) "
        f"as fingerprint from {mart} group by product), "
        f"positions as (select count(*) as customers, {totals} from {POSITIONS}), "
        f"there as (unpivot positions on {there} into name product value fingerprint) "
        "select coalesce(here.product, there.product) as product, here.row_count as rows_here, "
        "there.customers as rows_there from here full join there on here.product = there.product "
        "where here.row_count is distinct from there.customers "
        "or here.fingerprint is distinct from there.fingerprint",
        "customer_key, product, balance",
        f"with there as ({expected}), here as (select customer_key, product, balance, count(*) "
        f"over (partition by customer_key, product) as occurrences from {mart}) "
        "select coalesce(here.customer_key, there.customer_key) as customer_key, "
        "coalesce(here.product, there.product) as product, here.balance as balance_here, "
        "there.balance as balance_there, here.occurrences from here full join there "
        "on here.customer_key = there.customer_key and here.product = there.product "
        "where here.balance is distinct from there.balance or here.occurrences > 1",
    )


def _holdings() -> tuple[Check, ...]:
    return (
        _by_product(HOLDINGS),
        *not_null("as_of_date", "balance"),
        Promise(
            "a product is held if and only if its balance is not 0",
            "is_held = (balance <> 0)",
            ("balance", "is_held"),
        ),
        between("peer_decile", 1, 10),
        Promise(
            "the share of balances is 0 or null if the product is not held",
            "is_held or coalesce(share_of_balances, 0) = 0",
            ("balance", "is_held", "share_of_balances"),
        ),
    )


def _gaps() -> tuple[Check, ...]:
    return (
        _by_product(GAPS),
        *not_null("as_of_date", "balance", "peer_median_balance"),
        at_least("peers", 1),
        Promise(
            "the gap is the median of the peers less the customer's balance",
            "gap_to_peer_median = peer_median_balance - balance",
            ("balance", "peer_median_balance", "gap_to_peer_median"),
        ),
        Promise(
            "a balance is below the median if and only if the gap is above 0",
            "is_below_peer_median = (gap_to_peer_median > 0)",
            ("gap_to_peer_median", "is_below_peer_median"),
        ),
        Promise(
            "the depth is the balance divided by the peers' median, or null if the median is not "
            "above 0",
            "(peer_median_balance <= 0) = (balance_to_peer_median is null) and "
            "(peer_median_balance <= 0 or abs(balance_to_peer_median - cast(balance as double) "
            "/ peer_median_balance) <= 1e-9 * greatest(abs(balance_to_peer_median), 1))",
            ("balance", "peer_median_balance", "balance_to_peer_median"),
        ),
    )


def _identities() -> tuple[Check, ...]:
    return (
        same_values(IDENTITIES, CUSTOMERS, "customer_key", ["client_key", "as_of_date"]),
        *not_null("client_id", "client_name"),
    )


def _small_dimensions(connection: duckdb.DuckDBPyConnection) -> list[Table]:
    products = references.values(connection, "reference.products", "product")
    return [
        Table(
            "marts.dim_products",
            ("product",),
            (
                unique("marts.dim_products", "product"),
                *not_null("product", "product_name", "product_family", "is_core_deposit"),
                in_set("product", products, "reference.products"),
                Nothing(
                    "every product of reference.products is present",
                    "select product from reference.products "
                    "where product not in (select product from marts.dim_products)",
                    "product",
                ),
            ),
        ),
        Table(
            "marts.dim_dates",
            ("date_day",),
            (
                unique("marts.dim_dates", "date_day"),
                between("month_of_year", 1, 12),
                between("day_of_month", 1, 31),
                Promise(
                    "the year, quarter, month and day match the date",
                    "year_number = year(date_day) and quarter_of_year = quarter(date_day) "
                    "and month_of_year = month(date_day) and day_of_month = day(date_day)",
                    ("year_number", "quarter_of_year", "month_of_year", "day_of_month"),
                ),
                Nothing(
                    "no day is missing between the first and the last",
                    "select min(date_day) as first_day, max(date_day) as last_day, count(*) as "
                    "days from marts.dim_dates having max(date_day) - min(date_day) + 1 <> "
                    "count(*)",
                    "date_day",
                ),
            ),
        ),
        *(
            Table(
                f"marts.dim_{name}s",
                (name,),
                (
                    unique(f"marts.dim_{name}s", name),
                    *not_null(name, f"{name}_order"),
                    in_set(
                        name,
                        references.values(connection, f"staging.stg_bank__{name}s", name),
                        f"staging.stg_bank__{name}s",
                    ),
                ),
            )
            for name in ("banking_relationship", "investment_advisor")
        ),
    ]
