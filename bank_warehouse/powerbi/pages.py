"""The pages of the report, declared. Fields are named as in the warehouse, measures by label."""

from bank_warehouse.powerbi.model import reading_name
from bank_warehouse.powerbi.page_parts import (
    Field,
    Only,
    Page,
    Place,
    Visual,
    column,
    in_words,
    measure,
)

_MARGIN = 24
_GAP = 16
_WIDTH = 1280
_TOP = 168
"""Where the visuals begin, under the heading and the slicers."""

CUSTOMERS = "dim_customers"
LOYALTY = column(CUSTOMERS, "loyalty_classification")
OCCUPATION = column(CUSTOMERS, "occupation_family")
INCOME = column(CUSTOMERS, "income_band")
RISK = column(CUSTOMERS, "risk_weighting")
CARDS = column(CUSTOMERS, "amount_of_credit_cards")
SEGMENT = column(CUSTOMERS, "segment")
WATCH_LIST = column(CUSTOMERS, "watch_list_level")
CUSTOMER = column(CUSTOMERS, "customer_code", "Customer")
PRODUCT = column("dim_products", "product_name")


def across(parts: int, number: int, y: int, height: int, span: int = 1) -> Place:
    """Return the place of part `number` (from 0) of a row cut into equal parts."""
    inner = _WIDTH - 2 * _MARGIN - (parts - 1) * _GAP
    width = inner // parts
    x = _MARGIN + number * (width + _GAP)
    return Place(x, y, span * width + (span - 1) * _GAP, height)


def reading(mart: str, name: str, header: str = "") -> Field:
    """Return the measure that reads a column of a table of results."""
    return measure(reading_name(mart, name), header)


def heading(title: str, purpose: str) -> Visual:
    """Return the heading of a page."""
    return Visual(
        key="heading",
        kind="textbox",
        place=Place(_MARGIN, 12, _WIDTH - 2 * _MARGIN, 76),
        title=title,
        alt=f"Heading: {title}. {purpose}",
        text=(title, purpose),
        is_heading=True,
    )


def slicer(key: str, title: str, field: Field, place: Place, chosen: str = "") -> Visual:
    """Return a list to choose from; what is chosen holds on every page that has the slicer."""
    return Visual(
        key=key,
        kind="slicer",
        place=place,
        title=title,
        alt=f"Choose {title.lower()}; every visual of the page follows.",
        roles={"Values": (field,)},
        chosen=chosen,
        sync=key,
    )


def customer_slicers() -> tuple[Visual, ...]:
    """Return the four slicers that pages about customers share."""
    fields = (
        ("relationship", "Banking relationship", _RELATIONSHIP),
        ("gender", "Gender", column(CUSTOMERS, "gender")),
        ("advisor", "Investment advisor", _ADVISOR),
        ("joined", "Joining year", column(CUSTOMERS, "joined_year")),
    )
    return tuple(
        slicer(key, title, field, across(4, number, 92, 64))
        for number, (key, title, field) in enumerate(fields)
    )


_RELATIONSHIP = column("dim_banking_relationships", "banking_relationship")
_ADVISOR = column("dim_investment_advisors", "investment_advisor")


def cards(key: str, title: str, place: Place, *measures: Field) -> Visual:
    """Return a row of figures."""
    return Visual(
        key=key,
        kind="cardVisual",
        place=place,
        title=title,
        alt=f"{title}: {', '.join(each.header or each.name for each in measures)}.",
        roles={"Data": measures},
    )


def heat_map(
    key: str, title: str, place: Place, rows: Field, columns: Field, value: str = "Customers"
) -> Visual:
    """Return a matrix whose cells are the darker the higher the value."""
    return Visual(
        key=key,
        kind="pivotTable",
        place=place,
        title=title,
        alt=f"Matrix: {title}. The darker a cell, the higher {value.lower()}; the number is in "
        "the cell.",
        roles={"Rows": (rows,), "Columns": (columns,), "Values": (measure(value),)},
        heat=value,
        has_tooltip=True,
    )


def bars(
    key: str,
    title: str,
    place: Place,
    category: Field,
    *values: Field,
    kind: str = "clusteredBarChart",
    sorted_by_value: bool = False,
) -> Visual:
    """Return bars, one for each value of the category."""
    named = " and ".join((each.header or each.name).lower() for each in values)
    return Visual(
        key=key,
        kind=kind,
        place=place,
        title=title,
        alt=f"Bars: {title}. Shows {named}.",
        roles={"Category": (category,), "Y": values},
        has_tooltip=category.table == CUSTOMERS,
        sort=values[0] if sorted_by_value else None,
    )


def table(
    key: str,
    title: str,
    place: Place,
    *fields: Field,
    only: tuple[Only, ...] = (),
    sort: Field | None = None,
) -> Visual:
    """Return a plain table."""
    named = ", ".join((each.header or each.name.replace("_", " ")).lower() for each in fields)
    return Visual(
        key=key,
        kind="tableEx",
        place=place,
        title=title,
        alt=f"Table: {title}. Columns: {named}.",
        roles={"Values": fields},
        only=only,
        sort=sort,
    )


OVERVIEW = Page(
    key="overview",
    title="Overview",
    purpose="Who the customers are, what they owe and hold, and how concentrated it is.",
    visuals=(
        heading(
            "Overview",
            "Who the customers are, what they owe and hold, and how concentrated it is. "
            "A client id is not a customer: both are counted.",
        ),
        *customer_slicers(),
        cards(
            "size",
            "Customers and money",
            across(1, 0, _TOP, 116),
            measure("Customers"),
            measure("Client ids"),
            measure("Total loans"),
            measure("Total deposits"),
            measure("Fee income"),
            measure("Loan-to-deposit ratio"),
        ),
        bars(
            "by_loyalty",
            "Loans and deposits by loyalty class",
            across(3, 0, 300, 280),
            LOYALTY,
            measure("Total loans"),
            measure("Total deposits"),
            kind="clusteredColumnChart",
        ),
        bars(
            "by_occupation",
            "Customers by occupation family",
            across(3, 1, 300, 280),
            OCCUPATION,
            measure("Customers"),
            sorted_by_value=True,
        ),
        bars(
            "by_year",
            "Customers by joining year",
            across(3, 2, 300, 280),
            column(CUSTOMERS, "joined_year"),
            measure("Customers"),
            kind="clusteredColumnChart",
        ),
        cards(
            "concentration",
            "Concentration, all customers",
            across(3, 0, 596, 108, span=2),
            measure("Top tenth of total deposits", "Deposits of the top tenth"),
            measure("Gini of total deposits", "Gini of deposits"),
            measure("Top tenth of total loans", "Loans of the top tenth"),
            measure("Gini of total loans", "Gini of loans"),
        ),
        cards(
            "release",
            "Where the numbers come from",
            across(3, 2, 596, 108),
            measure("As of"),
            measure("Release read", "Release"),
            measure("Data"),
        ),
    ),
)

SEGMENTATION = Page(
    key="segmentation",
    title="Segmentation",
    purpose="How loyalty, occupation and segments set customers apart, and where that is chance.",
    visuals=(
        heading(
            "Segmentation",
            "How loyalty, occupation and segments set customers apart. Hover over a bar or cell "
            "to see whether the difference is more than chance.",
        ),
        *customer_slicers(),
        heat_map(
            "loyalty_by_occupation",
            "Customers by occupation family and loyalty class",
            across(2, 0, _TOP, 300),
            OCCUPATION,
            LOYALTY,
        ),
        bars(
            "segments",
            "Customers by segment",
            across(4, 2, _TOP, 300),
            SEGMENT,
            measure("Customers"),
        ),
        bars(
            "segment_money",
            "Mean loans and deposits by segment",
            across(4, 3, _TOP, 300),
            SEGMENT,
            measure("Mean loans"),
            measure("Mean deposits"),
        ),
        slicer(
            "profile_dimension",
            "Profiles by",
            column("dimensions", "dimension_name"),
            across(4, 0, 484, 220),
            chosen="Loyalty classification",
        ),
        table(
            "profiles",
            "Profiles of all customers: means with 95 % intervals",
            across(4, 1, 484, 220, span=3),
            column("fct_segment_profiles", "value", "Value"),
            reading("fct_segment_profiles", "customers", "Customers"),
            reading("fct_segment_profiles", "share_of_customers", "Share"),
            reading("fct_segment_profiles", "mean_total_loans", "Mean loans"),
            reading("fct_segment_profiles", "mean_total_loans_lower", "from"),
            reading("fct_segment_profiles", "mean_total_loans_upper", "to"),
            reading("fct_segment_profiles", "mean_total_deposits", "Mean deposits"),
            reading("fct_segment_profiles", "mean_total_deposits_lower", "from "),
            reading("fct_segment_profiles", "mean_total_deposits_upper", "to "),
            reading("fct_segment_profiles", "mean_risk_weighting", "Mean risk"),
        ),
    ),
)

CREDIT_AND_RISK = Page(
    key="credit_and_risk",
    title="Credit and risk",
    purpose="Where the risk lies, who is on the watch list, and what stress would cost.",
    height=1200,
    visuals=(
        heading(
            "Credit and risk",
            "Where the risk lies, who is on the watch list, what moves the risk weighting. Losses "
            "and stress are declared assumptions times balances, no forecast.",
        ),
        *customer_slicers(),
        heat_map(
            "cards_by_risk",
            "Customers by credit cards and risk weighting",
            across(3, 0, _TOP, 250),
            CARDS,
            RISK,
        ),
        heat_map(
            "loyalty_by_risk",
            "Customers by loyalty class and risk weighting",
            across(3, 1, _TOP, 250),
            LOYALTY,
            RISK,
        ),
        heat_map(
            "income_by_risk",
            "Customers by income band and risk weighting",
            across(3, 2, _TOP, 250),
            INCOME,
            RISK,
        ),
        bars(
            "watch_list",
            "Customers by watch-list level",
            across(3, 0, 434, 300),
            WATCH_LIST,
            measure("Customers"),
            kind="clusteredColumnChart",
        ),
        table(
            "watched",
            "Customers to act on, with the reasons",
            across(3, 1, 434, 300, span=2),
            CUSTOMER,
            WATCH_LIST,
            column(CUSTOMERS, "watch_list_reasons", "Reasons"),
            measure("Total loans"),
            measure("Total deposits"),
            only=(Only(WATCH_LIST, ("act",)),),
            sort=measure("Total loans"),
        ),
        table(
            "drivers",
            "What moves the risk weighting of all customers, business facts only",
            across(2, 0, 750, 200),
            in_words("fct_risk_drivers", "driver", "Driver"),
            column("fct_risk_drivers", "level", "Level"),
            column("fct_risk_drivers", "direction", "Direction"),
            reading("fct_risk_drivers", "odds_ratio", "Odds ratio"),
            reading("fct_risk_drivers", "adjusted_p_value", "Adjusted p"),
            reading("fct_risk_drivers", "share_of_explained_variation", "Share explained"),
            only=(Only(column("fct_risk_drivers", "fit"), ("business facts",)),),
        ),
        Visual(
            key="losses",
            kind="pivotTable",
            place=across(2, 1, 750, 200),
            title="All customers: expected loss of a year by product and risk weighting (assumed)",
            alt="Matrix: expected loss of a year of all customers, products down, risk weighting "
            "across. The darker a cell, the higher the loss.",
            roles={
                "Rows": (PRODUCT,),
                "Columns": (column("fct_expected_losses", "risk_weighting"),),
                "Values": (measure("Expected loss"),),
            },
            heat="Expected loss",
        ),
        Visual(
            key="stress",
            kind="pivotTable",
            place=across(2, 0, 966, 210),
            title="All customers under stress: value by scenario (declared assumptions)",
            alt="Matrix: measures of all customers under stress, scenarios down, measures across.",
            roles={
                "Rows": (column("stress_scenarios", "scenario_name"),),
                "Values": (
                    measure("Expected loss under stress"),
                    measure("Deposits under stress"),
                    measure("Net position under stress"),
                    measure("Income under stress"),
                ),
            },
        ),
        Visual(
            key="sensitivity",
            kind="pivotTable",
            place=across(2, 1, 966, 210),
            title="All customers, baseline: change of the expected loss if an assumption is off",
            alt="Matrix: relative change of the expected loss of all customers in the baseline, "
            "assumptions down, larger or smaller across.",
            roles={
                "Rows": (in_words("fct_stress_sensitivity", "assumption", "Assumption"),),
                "Columns": (column("fct_stress_sensitivity", "direction"),),
                "Values": (reading("fct_stress_sensitivity", "relative_change", "Change"),),
            },
            only=(
                Only(column("stress_scenarios", "scenario"), ("baseline",)),
                Only(column("fct_stress_sensitivity", "measure"), ("expected_loss",)),
                Only(column("fct_stress_sensitivity", "item"), ("all",)),
            ),
        ),
    ),
)

INCOME_AND_DEPOSITS = Page(
    key="income_and_deposits",
    title="Income and deposits",
    purpose="Whether income goes with deposits, and how unequally deposits are held.",
    visuals=(
        heading(
            "Income and deposits",
            "Whether income goes with deposits, and how unequally they are held. A point is a "
            "customer: use the right mouse button to drill through to it.",
        ),
        *customer_slicers(),
        Visual(
            key="scatter",
            kind="scatterChart",
            place=across(2, 0, _TOP, 320),
            title="Income and deposits, one point per customer",
            alt="Scatter of customers: estimated income across, total deposits up. Many points "
            "are thinned out by Power BI.",
            roles={
                "Category": (CUSTOMER,),
                "X": (measure("Estimated income"),),
                "Y": (measure("Total deposits"),),
            },
        ),
        Visual(
            key="lorenz",
            kind="lineChart",
            place=across(2, 1, _TOP, 320),
            title="Concentration of all customers: share of the money of the lowest per cent",
            alt="Line for each measure, all customers: share of the money that customers up to a "
            "percentile have. The further below the diagonal, the more concentrated.",
            roles={
                "Category": (column("fct_balance_concentration", "percentile"),),
                "Series": (in_words("fct_balance_concentration", "measure"),),
                "Y": (reading("fct_balance_concentration", "cumulative_share", "Share"),),
            },
            only=(
                Only(
                    column("fct_balance_concentration", "measure"),
                    ("total_deposits", "total_loans", "estimated_income"),
                ),
            ),
        ),
        bars(
            "by_income",
            "Mean and median deposits by income band",
            across(3, 0, 504, 200),
            INCOME,
            measure("Mean deposits"),
            measure("Median deposits"),
            kind="clusteredColumnChart",
        ),
        bars(
            "by_age",
            "Mean deposits by age band",
            across(3, 1, 504, 200),
            column(CUSTOMERS, "age_band"),
            measure("Mean deposits"),
            kind="clusteredColumnChart",
        ),
        bars(
            "by_tenure",
            "Mean deposits by tenure",
            across(3, 2, 504, 200),
            column(CUSTOMERS, "tenure_band"),
            measure("Mean deposits"),
            kind="clusteredColumnChart",
        ),
    ),
)

PRODUCT_HOLDINGS = Page(
    key="product_holdings",
    title="Product holdings",
    purpose="Which products customers hold, how deeply, together with what, and where gaps are.",
    height=1000,
    visuals=(
        heading(
            "Product holdings",
            "Which products customers hold, how deeply, together with what. Nearly everyone holds "
            "everything: what counts is depth against peers.",
        ),
        *customer_slicers(),
        bars(
            "penetration",
            "Share of customers who hold the product",
            across(3, 0, _TOP, 250),
            PRODUCT,
            measure("Penetration"),
        ),
        bars(
            "depth",
            "Mean balance of those who hold it",
            across(3, 1, _TOP, 250),
            PRODUCT,
            measure("Mean balance of holders"),
        ),
        bars(
            "gaps",
            "What would bring everyone up to the median of the peers",
            across(3, 2, _TOP, 250),
            PRODUCT,
            measure("Gap to the peers"),
        ),
        heat_map(
            "by_occupation",
            "Mean balance of holders by occupation family and product",
            across(2, 0, 434, 290),
            OCCUPATION,
            PRODUCT,
            "Mean balance of holders",
        ),
        heat_map(
            "by_risk",
            "Mean balance of holders by risk weighting and product",
            across(2, 1, 434, 290),
            RISK,
            PRODUCT,
            "Mean balance of holders",
        ),
        Visual(
            key="pairs",
            kind="pivotTable",
            place=across(2, 0, 740, 240),
            title="Pairs: how balances of two products move together (all customers)",
            alt="Matrix of products by products: correlation of their balances over all customers, "
            "from -1 to 1. The darker a cell, the higher.",
            roles={
                "Rows": (PRODUCT,),
                "Columns": (in_words("fct_product_pairs", "other_product", "With"),),
                "Values": (reading("fct_product_pairs", "balance_correlation"),),
            },
            heat=reading_name("fct_product_pairs", "balance_correlation"),
        ),
        heat_map(
            "below_peers",
            "Share of products below the peers by loyalty class and product",
            across(2, 1, 740, 240),
            LOYALTY,
            PRODUCT,
            "Share below the peers",
        ),
    ),
)

ACTIONS = "fct_customer_recommendations"
ACTION = column(ACTIONS, "action_name", "Action")
FAIRNESS = "fct_fairness_monitor"

RECOMMENDATIONS = Page(
    key="recommendations",
    title="Recommendations",
    purpose="What to do for whom, why, and whether protected groups are treated alike.",
    height=1080,
    visuals=(
        heading(
            "Recommendations",
            "What to do for whom, and why. Rules are the project's own; gender, age and "
            "nationality are never used in them, and the monitor below looks at just those.",
        ),
        *customer_slicers(),
        cards(
            "size",
            "Actions that are due",
            across(3, 0, _TOP, 116, span=2),
            measure("Recommendations"),
            measure("Customers with an action"),
            measure("Share with an action"),
        ),
        slicer(
            "kind",
            "Kind of action",
            column(ACTIONS, "kind"),
            across(3, 2, _TOP, 116),
        ),
        bars(
            "by_action",
            "Customers by action",
            across(3, 0, 300, 330),
            ACTION,
            measure("Customers with an action"),
        ),
        table(
            "reasons",
            "Actions with their reasons",
            across(3, 1, 300, 330, span=2),
            ACTION,
            column(ACTIONS, "owner", "Owner"),
            column(ACTIONS, "reasons", "Reasons"),
            column(ACTIONS, "wording", "What to do"),
            measure("Customers with an action", "Customers"),
            measure("Money concerned"),
            measure("Gap to close"),
        ),
        table(
            "by_customer",
            "Customers with their actions: drill through for everything about one",
            across(2, 0, 646, 410),
            CUSTOMER,
            ACTION,
            measure("Money concerned"),
            measure("Gap to close"),
            sort=measure("Money concerned"),
        ),
        table(
            "fairness",
            "Fairness monitor of all customers: is a protected group chosen less often?",
            across(2, 1, 646, 410),
            in_words(FAIRNESS, "action", "Action"),
            column("dimensions", "dimension_name", "Group by"),
            column(FAIRNESS, "value", "Group"),
            reading(FAIRNESS, "selection_rate", "Rate"),
            reading(FAIRNESS, "selection_rate_lower", "from"),
            reading(FAIRNESS, "selection_rate_upper", "to"),
            reading(FAIRNESS, "ratio_to_best", "To the best treated"),
            column(FAIRNESS, "verdict", "Verdict"),
        ),
    ),
)

CUSTOMER_DETAIL = Page(
    key="customer_detail",
    title="Customer detail",
    purpose="All that the warehouse says of one customer, with every reason.",
    kind="Drillthrough",
    drill=CUSTOMER,
    height=914,
    visuals=(
        heading(
            "Customer detail",
            "All that the warehouse says of one customer. Name and client id are not here: they "
            "are restricted and part of no release by default.",
        ),
        cards(
            "money",
            "Money and risk",
            across(1, 0, 100, 116),
            measure("Total loans"),
            measure("Total deposits"),
            measure("Net position"),
            measure("Estimated income"),
            measure("Fee income"),
            measure("Debt-to-income ratio"),
        ),
        table(
            "attributes",
            "Who it is and how the bank classes them",
            across(1, 0, 232, 110),
            CUSTOMER,
            column(CUSTOMERS, "joined_date"),
            column(CUSTOMERS, "tenure_band"),
            column(CUSTOMERS, "age_band"),
            OCCUPATION,
            _RELATIONSHIP,
            _ADVISOR,
            LOYALTY,
            column(CUSTOMERS, "fee_structure"),
            INCOME,
            RISK,
        ),
        table(
            "reasons",
            "Segment and watch list, with the reasons",
            across(1, 0, 358, 130),
            SEGMENT,
            column(CUSTOMERS, "segment_reasons"),
            WATCH_LIST,
            column(CUSTOMERS, "watch_list_reasons"),
        ),
        table(
            "actions",
            "Actions that are due, with the reasons",
            across(1, 0, 504, 150),
            ACTION,
            column(ACTIONS, "reasons", "Reasons"),
            column(ACTIONS, "wording", "What to do"),
            measure("Money concerned"),
        ),
        bars(
            "balances",
            "Balance by product",
            across(2, 0, 670, 220),
            PRODUCT,
            measure("Product balance"),
        ),
        bars(
            "gaps",
            "Gap to the median of the peers by product",
            across(2, 1, 670, 220),
            PRODUCT,
            measure("Gap to the peers"),
        ),
    ),
)

DATA_QUALITY = Page(
    key="data_quality",
    title="Data quality",
    purpose="Whether everything that was delivered is here, and what is odd about it.",
    visuals=(
        heading(
            "Data quality",
            "Whether everything that was delivered is in the marts or in quarantine, to the cent, "
            "and what is odd about it.",
        ),
        cards(
            "oddities",
            "Customers whose record is odd",
            across(1, 0, 100, 116),
            measure("Customers"),
            measure("Client ids"),
            measure("Customers sharing a client id"),
            measure("Joined before birth"),
            measure("Joined as minors"),
            measure("As of"),
        ),
        table(
            "totals",
            "Control totals: delivered = in the marts + in quarantine",
            across(2, 0, 232, 472),
            in_words("fct_control_totals", "column_name", "Column"),
            reading("fct_control_totals", "delivered", "Delivered"),
            reading("fct_control_totals", "in_marts", "In the marts"),
            reading("fct_control_totals", "in_quarantine", "In quarantine"),
            reading("fct_control_totals", "difference", "Difference"),
        ),
        table(
            "profile",
            "Profile of the source, and whether it has drifted since the last accepted drop",
            across(2, 1, 232, 472),
            in_words("fct_source_profile", "column_name", "Column"),
            reading("fct_source_profile", "row_count", "Rows"),
            reading("fct_source_profile", "null_count", "Empty"),
            reading("fct_source_profile", "mean", "Mean"),
            reading("fct_source_profile", "largest_quantile_shift", "Largest shift"),
            column("fct_source_profile", "drift_verdict", "Verdict"),
        ),
    ),
)

MORE_THAN_CHANCE = Page(
    key="more_than_chance",
    title="More than chance?",
    purpose="Says on hovering whether the difference shown is more than chance.",
    kind="Tooltip",
    width=480,
    height=320,
    visuals=(
        Visual(
            key="heading",
            kind="textbox",
            place=Place(8, 8, 464, 52),
            title="More than chance?",
            alt="Heading: is the difference more than chance? Tested over all customers.",
            text=("More than chance?", "Tested over all customers, many tests allowed for."),
            is_heading=True,
        ),
        cards("compared", "Compared by", Place(8, 68, 464, 76), measure("Compared by")),
        cards(
            "verdicts",
            "Is the difference more than chance?",
            Place(8, 152, 464, 160),
            measure("Verdict on risk weighting", "Risk weighting"),
            measure("Verdict on total loans", "Total loans"),
            measure("Verdict on total deposits", "Total deposits"),
            measure("Verdict on estimated income", "Estimated income"),
        ),
    ),
)

PAGES = (
    OVERVIEW,
    SEGMENTATION,
    CREDIT_AND_RISK,
    INCOME_AND_DEPOSITS,
    PRODUCT_HOLDINGS,
    RECOMMENDATIONS,
    CUSTOMER_DETAIL,
    DATA_QUALITY,
    MORE_THAN_CHANCE,
)
"""Every page, in the order of the tabs."""
