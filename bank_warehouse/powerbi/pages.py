"""Declares the pages of the report. Columns are given by warehouse name, measures by label."""

from dataclasses import dataclass

from bank_warehouse.powerbi import story
from bank_warehouse.powerbi.names import reading_name
from bank_warehouse.powerbi.page_parts import (
    ALL_CUSTOMERS,
    Bookmark,
    Field,
    Link,
    Only,
    Page,
    Place,
    Top,
    Visual,
    column,
    in_words,
    measure,
)

_MARGIN = 16
_GAP = 8
_WIDTH = 1280
_HEADING = 44
_FIGURES = 108
_TOP = 184
_BOTTOM = 714
"""Top edges of a page's heading and slicers, key figures and visuals; bottom edge of the last."""

CUSTOMERS = "dim_customers"
LOYALTY = column(CUSTOMERS, "loyalty_classification")
OCCUPATION = column(CUSTOMERS, "occupation_family")
INCOME = column(CUSTOMERS, "income_band")
RISK = column(CUSTOMERS, "risk_weighting")
CARDS = column(CUSTOMERS, "amount_of_credit_cards")
SEGMENT = column(CUSTOMERS, "segment")
AGE = column(CUSTOMERS, "age_band")
TENURE = column(CUSTOMERS, "tenure_band")
YEAR = column(CUSTOMERS, "joined_year")
WATCH_LIST = in_words(CUSTOMERS, "watch_list_level", "Watch-list level")
CUSTOMER = column(CUSTOMERS, "customer_code", "Customer")
PRODUCT = column("dim_products", "product_name")
_RELATIONSHIP = column("dim_banking_relationships", "banking_relationship")
_ADVISOR = column("dim_investment_advisors", "investment_advisor")


# ---------- places


def row(top: int, height: int, *weights: float) -> list[Place]:
    """Return the places in a row, whose width is divided in proportion to the weights."""
    inner = _WIDTH - 2 * _MARGIN - (len(weights) - 1) * _GAP
    places, left = [], _MARGIN
    for number, weight in enumerate(weights):
        width = round(inner * weight / sum(weights))
        if number == len(weights) - 1:
            width = _WIDTH - _MARGIN - left
        places.append(Place(left, top, width, height))
        left += width + _GAP
    return places


def stacked(place: Place, *heights: int) -> list[Place]:
    """Divide a place into places from top to bottom; the last one takes the remaining height."""
    places, top = [], place.y
    for height in (*heights, place.y + place.height - _GAP * len(heights) - place.y - sum(heights)):
        places.append(Place(place.x, top, place.width, height))
        top += height + _GAP
    return places


# ---------- parts


def reading(mart: str, name: str, header: str = "") -> Field:
    """Return the measure that reads a column of a result table."""
    return measure(reading_name(mart, name), header)


def heading(title: str, purpose: str, place: Place) -> Visual:
    """Return the heading of a page."""
    return Visual(
        key="heading",
        kind="textbox",
        place=place,
        title=title,
        alt=f"Heading: {title}. {purpose}",
        text=(title, purpose),
        is_heading=True,
    )


def button(key: str, place: Place, link: Link, alt: str, *, on_phone: bool = False) -> Visual:
    """Return a button."""
    return Visual(
        key=key,
        kind="actionButton",
        place=place,
        title=link.text,
        alt=alt,
        link=link,
        on_phone=on_phone,
    )


def slicer(
    key: str,
    title: str,
    field: Field,
    place: Place,
    chosen: str = "",
    *,
    sync: bool = False,
    on_phone: bool = True,
    alt: str = "",
) -> Visual:
    """Return a slicer. With `sync`, its selection applies on all pages that have it."""
    return Visual(
        key=key,
        kind="slicer",
        place=place,
        title=title,
        alt=alt or f"Choose {title[:1].lower()}{title[1:]}.",
        roles={"Values": (field,)},
        chosen=chosen,
        sync=key if sync else "",
        on_phone=on_phone,
    )


def figures(*measures: Field, place: Place | None = None, title: str = "Key figures") -> Visual:
    """Return the key figures of a page as a row of cards."""
    return cards("figures", title, place or row(_FIGURES, 70, 1)[0], *measures)


def cards(key: str, title: str, place: Place, *measures: Field, is_whole: bool = False) -> Visual:
    """Return a visual with a card for each measure."""
    return Visual(
        key=key,
        kind="cardVisual",
        place=place,
        title=title,
        alt=f"{title}: {', '.join(each.header or each.name for each in measures)}.",
        roles={"Data": measures},
        is_whole=is_whole,
    )


def top_of_page(
    key: str, title: str, purpose: str, *, has_slicers: bool = True, is_first: bool = False
) -> tuple[Visual, ...]:
    """Return the start of a page: navigation, heading and slicers."""
    parts: list[Visual] = []
    left = _MARGIN
    if not is_first:
        parts.append(
            button(
                "back",
                Place(left, 8, 64, 32),
                Link("Back", "Back"),
                "Back to the previous page.",
            )
        )
        left += 64 + _GAP
    reset = 128 if has_slicers else 0
    right = _WIDTH - _MARGIN - (reset + _GAP if reset else 0)
    parts.append(
        Visual(
            key="pages",
            kind="pageNavigator",
            place=Place(left, 8, right - left, 32),
            title="Pages",
            alt="Links to the pages of the report.",
            on_phone=False,
        )
    )
    if reset:
        parts.append(
            button(
                "reset",
                Place(_WIDTH - _MARGIN - reset, 8, reset, 32),
                Link("Bookmark", "Reset filters", f"reset_{key}"),
                "Resets every slicer on this page.",
                on_phone=True,
            )
        )
    width = 556 if has_slicers else _WIDTH - 2 * _MARGIN
    parts.append(heading(title, purpose, Place(_MARGIN, _HEADING, width, 60)))
    if has_slicers:
        fields = (
            ("relationship", "Banking relationship", _RELATIONSHIP),
            ("gender", "Gender", column(CUSTOMERS, "gender")),
            ("advisor", "Investment advisor", _ADVISOR),
            ("joined", "Joining year", YEAR),
        )
        for number, (name, label, field) in enumerate(fields):
            place = Place(_MARGIN + width + _GAP + number * 173, _HEADING, 165, 60)
            parts.append(slicer(name, label, field, place, sync=True))
    return tuple(parts)


def heat_map(
    key: str,
    title: str,
    place: Place,
    rows: Field,
    columns: Field,
    value: str = "",
    *,
    finding: str = "",
    tooltip: str = "",
    on_phone: bool = False,
) -> Visual:
    """Return a matrix whose cells are darker for higher values.

    Without `value`, the reader chooses the measure.
    """
    chosen = tuple(name for _, name in story.HEAT_MAP.entries)
    shown = value.lower() or f"the measure chosen in the slicer {story.HEAT_MAP.name}"
    return Visual(
        key=key,
        kind="pivotTable",
        place=place,
        title=title,
        alt=f"Matrix: {title}. The darker a cell, the higher {shown}; the number is in the cell.",
        roles={"Rows": (rows,), "Columns": (columns,), "Values": (measure(value or chosen[0]),)},
        heat=(value,) if value else chosen,
        parameter="" if value else story.HEAT_MAP.name,
        in_thousands=True,
        finding=finding,
        tooltip=tooltip,
        on_phone=on_phone,
    )


def heat_map_choice(place: Place, *, on_phone: bool = True) -> Visual:
    """Return the slicer that chooses what the heat maps of a page show."""
    name = story.HEAT_MAP.name
    field = column(story.HEAT_MAP.origin, "[Value1]")
    first = story.HEAT_MAP.entries[0][0]
    return slicer("heat_map_shows", name, field, place, first, sync=True, on_phone=on_phone)


def bars(
    key: str,
    title: str,
    place: Place,
    category: Field,
    *values: Field,
    kind: str = "clusteredBarChart",
    sorted_by_value: bool = False,
    finding: str = "",
    tooltip: str = "",
    on_phone: bool = True,
    is_tall: bool = False,
) -> Visual:
    """Return a chart with bars for each value of the category."""
    named = " and ".join((each.header or each.name).lower() for each in values)
    return Visual(
        key=key,
        kind=kind,
        place=place,
        title=title,
        alt=f"Bars: {title}. Shows {named}.",
        roles={"Category": (category,), "Y": values},
        finding=finding,
        tooltip=tooltip,
        sort=values[0] if sorted_by_value else None,
        on_phone=on_phone,
        is_tall=is_tall,
    )


def table(
    key: str,
    title: str,
    place: Place,
    *fields: Field,
    only: tuple[Only, ...] = (),
    top: Top | None = None,
    sort: Field | None = None,
    finding: str = "",
    is_whole: bool = False,
    is_list: bool = False,
    without_totals: bool = False,
    in_thousands: bool = True,
    widths: tuple[int, ...] = (),
) -> Visual:
    """Return a table. The phone layout leaves it out, because a phone is too narrow."""
    named = ", ".join((each.header or each.name.replace("_", " ")).lower() for each in fields)
    return Visual(
        key=key,
        kind="tableEx",
        place=place,
        title=title,
        alt=f"Table: {title}. Columns: {named}.",
        roles={"Values": fields},
        only=only,
        top=top,
        sort=sort,
        finding=finding,
        is_whole=is_whole,
        is_list=is_list,
        without_totals=without_totals,
        in_thousands=in_thousands,
        widths=widths,
        on_phone=False,
    )


# ---------- tooltips

DIFFERENCES = "fct_segment_differences"


@dataclass(frozen=True)
class Tip:
    """A tooltip page: figures for the item under the pointer, and whether differences are real.

    The tests are rows of a table that no slicer filters, so slicers cannot change the answer.
    Groups that were not tested are left out.

    Attributes:
        key: unique name.
        axis: display name of the visual's axis.
        dimension: code of the tested dimension.
        tested: codes of the measures tested by that dimension.
        numbers: every measure that the visual shows.
    """

    key: str
    axis: str
    dimension: str
    tested: tuple[str, ...]
    numbers: tuple[Field, ...]


_TESTED = ("risk_weighting", "total_loans", "total_deposits", "estimated_income")


def _cell(across: str) -> tuple[Field, ...]:
    """Return the measures that a heat map with a measure slicer can show."""
    return tuple(
        measure(story.share_across(across), label)
        if name == story.SHARE_OF_ROW
        else measure(name, label.removesuffix(" weighting"))
        for label, name in story.HEAT_MAP.entries
    )


TIPS = (
    Tip(
        "loyalty",
        "loyalty class",
        "loyalty_classification",
        _TESTED,
        (measure("Total loans"), measure("Total deposits")),
    ),
    Tip("occupation", "occupation family", "occupation_family", _TESTED, (measure("Customers"),)),
    Tip(
        "segment",
        "segment",
        "segment",
        _TESTED,
        (measure("Customers"), measure("Mean loans"), measure("Mean deposits")),
    ),
    Tip(
        "income",
        "income band",
        "income_band",
        _TESTED,
        (measure("Mean deposits"), measure("Median deposits")),
    ),
    Tip("age", "age band", "age_band", _TESTED, (measure("Mean deposits"),)),
    Tip("tenure", "tenure", "tenure_band", _TESTED, (measure("Mean deposits"),)),
    Tip(
        "occupation_by_loyalty",
        "occupation family and loyalty class",
        "occupation_family",
        ("loyalty_classification",),
        _cell("loyalty_classification"),
    ),
    Tip(
        "cards_by_risk",
        "number of credit cards and risk weighting",
        "amount_of_credit_cards",
        ("risk_weighting",),
        _cell("risk_weighting"),
    ),
    Tip(
        "income_by_risk",
        "income band and risk weighting",
        "income_band",
        ("risk_weighting",),
        _cell("risk_weighting"),
    ),
    Tip(
        "loyalty_by_risk",
        "loyalty class and risk weighting",
        "loyalty_classification",
        ("risk_weighting",),
        _cell("risk_weighting"),
    ),
)


def tooltip_key(tip: Tip) -> str:
    """Return the key of a tooltip page."""
    return f"tooltip_{tip.key}"


def tooltip_page(tip: Tip) -> Page:
    """Return a tooltip page."""
    shown = 60 * -(-len(tip.numbers) // 3) + 8
    top = 8 + 28 + _GAP + shown + _GAP
    tests = 58 + 20 * len(tip.tested)
    return Page(
        key=tooltip_key(tip),
        title=f"Tooltip: {tip.axis}",
        purpose=f"Figures for the {tip.axis} under the pointer, and whether differences are real.",
        kind="Tooltip",
        width=360,
        height=top + tests + 8,
        visuals=(
            Visual(
                key="heading",
                kind="textbox",
                place=Place(8, 8, 344, 28),
                title=f"By {tip.axis}",
                alt=f"Heading: by {tip.axis}. Tests are over all customers.",
                text=(f"By {tip.axis}",),
                is_heading=True,
            ),
            cards("numbers", "This group", Place(8, 8 + 28 + _GAP, 344, shown), *tip.numbers),
            table(
                "tests",
                f"Is the difference real? ({ALL_CUSTOMERS})",
                Place(8, top, 344, tests),
                in_words(DIFFERENCES, "measure", "Difference in"),
                in_words(DIFFERENCES, "verdict", "Verdict"),
                only=(
                    Only(column(DIFFERENCES, "dimension"), (tip.dimension,)),
                    Only(column(DIFFERENCES, "measure"), tip.tested),
                    Only(column(DIFFERENCES, "method"), ("Not tested",), is_not=True),
                ),
                is_whole=True,
            ),
        ),
    )


# ---------- pages

QUESTIONS = (
    ("who", "Who are the customers?", "segmentation"),
    ("what", "What do they hold?", "product_holdings"),
    ("how", "How risky?", "credit_and_risk"),
    ("next", "What to do next?", "recommendations"),
)
"""The questions that the report answers: key, text, page with the answer."""

_CONTENT = _BOTTOM - _TOP
"""Height of the area below the key figures."""


def _overview() -> Page:
    questions = row(_TOP, 40, 1, 1, 1, 1)
    loyalty, occupations, years = row(_TOP + 48, 356, 4, 4, 5)
    concentration, release = row(_TOP + 412, _CONTENT - 412, 2, 1)
    return Page(
        key="overview",
        title="Overview",
        purpose="Who the customers are, what they owe and hold, and how concentrated balances are.",
        visuals=(
            *top_of_page(
                "overview",
                "Overview",
                "Begin with a question. A client id can belong to several customers, so both are "
                "counted. "
                "Yellow panels always show all customers.",
                is_first=True,
            ),
            figures(
                measure("Customers"),
                measure("Client ids"),
                measure("Total loans"),
                measure("Total deposits"),
                measure("Credit card balance", "Card balance"),
                measure("Estimated fee income"),
                measure("Loan-to-deposit ratio"),
                measure("Mean risk weighting", "Mean risk"),
                measure("Share on the watch list", "On the watch list"),
            ),
            *(
                button(
                    f"question_{key}",
                    place,
                    Link("Bookmark", words, f"question_{key}"),
                    f"Opens the page that answers: {words}",
                    on_phone=True,
                )
                for (key, words, _), place in zip(QUESTIONS, questions, strict=True)
            ),
            bars(
                "by_loyalty",
                "Loans and deposits by loyalty class",
                loyalty,
                LOYALTY,
                measure("Total loans"),
                measure("Total deposits"),
                kind="clusteredColumnChart",
                finding="Finding on loyalty",
                tooltip="tooltip_loyalty",
            ),
            bars(
                "by_occupation",
                "Customers by occupation family",
                occupations,
                OCCUPATION,
                measure("Customers"),
                sorted_by_value=True,
                finding="Finding on occupations",
                is_tall=True,
                tooltip="tooltip_occupation",
            ),
            bars(
                "by_year",
                "Customers by joining year (those who have left are not counted)",
                years,
                YEAR,
                measure("Customers"),
                kind="clusteredColumnChart",
                finding="Finding on joining years",
            ),
            Visual(
                key="concentration",
                kind="cardVisual",
                place=concentration,
                title=f"Concentration, {ALL_CUSTOMERS}",
                alt=f"Concentration, {ALL_CUSTOMERS}: share of the top tenth, and Gini "
                "coefficients: 0 if all have the same amount, 1 if one customer has everything.",
                roles={
                    "Data": (
                        measure("Top tenth of total deposits", "Deposits of the top tenth"),
                        measure("Gini of total deposits", "Gini of deposits"),
                        measure("Top tenth of total loans", "Loans of the top tenth"),
                        measure("Gini of total loans", "Gini of loans"),
                        measure("Gini of fee income", "Gini of fees"),
                    )
                },
                finding="Finding on concentration",
                is_whole=True,
            ),
            table(
                "release",
                "Where the numbers come from",
                release,
                measure("As of"),
                measure("Release read", "Release"),
                measure("Data"),
            ),
        ),
    )


def _segmentation() -> Page:
    upper, lower = 348, _CONTENT - 348 - _GAP
    by_loyalty, segments, money = row(_TOP, upper, 2, 1, 1.2)
    choices, profiles = row(_TOP + upper + _GAP, lower, 1, 5)
    shows, dimension = stacked(choices, (lower - _GAP) // 2)
    return Page(
        key="segmentation",
        title="Segmentation",
        purpose="How customers differ by loyalty, occupation and segment.",
        visuals=(
            *top_of_page(
                "segmentation",
                "Who are the customers?",
                "How they differ by loyalty, occupation and segment. Hover, or tap and hold, "
                "to see whether a difference is real or could be chance.",
            ),
            figures(
                measure("Customers"),
                measure("Mean age"),
                measure("Mean tenure (years)"),
                measure("Mean income"),
                measure("Mean deposits"),
                measure("Mean loans"),
                measure("Products per customer"),
                measure("Properties per customer"),
            ),
            heat_map(
                "loyalty_by_occupation",
                "The number chosen below, by occupation family and loyalty class",
                by_loyalty,
                OCCUPATION,
                LOYALTY,
                tooltip="tooltip_occupation_by_loyalty",
            ),
            bars(
                "segments",
                "Customers by segment",
                segments,
                SEGMENT,
                measure("Customers"),
                finding="Finding on segments",
                tooltip="tooltip_segment",
            ),
            bars(
                "segment_money",
                "Mean loans and deposits by segment",
                money,
                SEGMENT,
                measure("Mean loans"),
                measure("Mean deposits"),
                finding="Finding on segment balances",
                is_tall=True,
                tooltip="tooltip_segment",
            ),
            # The phone layout has neither the heat map nor the profiles.
            heat_map_choice(shows, on_phone=False),
            slicer(
                "profile_dimension",
                "Profiles by",
                column("dimensions", "dimension_name"),
                dimension,
                chosen="Loyalty class",
                on_phone=False,
            ),
            table(
                "profiles",
                f"Profiles with 95% intervals, {ALL_CUSTOMERS}",
                profiles,
                column("fct_segment_profiles", "value", "Group"),
                reading("fct_segment_profiles", "customers", "Customers"),
                reading("fct_segment_profiles", "share_of_customers", "Share"),
                reading("fct_segment_profiles", "mean_total_loans", "Mean loans"),
                reading("fct_segment_profiles", "mean_total_loans_lower", "from"),
                reading("fct_segment_profiles", "mean_total_loans_upper", "to"),
                reading("fct_segment_profiles", "mean_total_deposits", "Mean deposits"),
                reading("fct_segment_profiles", "mean_total_deposits_lower", "from "),
                reading("fct_segment_profiles", "mean_total_deposits_upper", "to "),
                reading("fct_segment_profiles", "mean_risk_weighting", "Mean risk"),
                is_whole=True,
                is_list=True,
            ),
        ),
    )


def _product_holdings() -> Page:
    upper, lower = 186, _CONTENT - 186 - _GAP
    penetration, depth, gaps = row(_TOP, upper, 1, 1, 1)
    occupations, right = row(_TOP + upper + _GAP, lower, 2.3, 1)
    peers, beside = stacked(right, 210)
    depth_of_holders = "Mean balance of holders"
    return Page(
        key="product_holdings",
        title="Product holdings",
        purpose="Which products customers hold, how much, and how far they are below their peers.",
        visuals=(
            *top_of_page(
                "product_holdings",
                "What do they hold?",
                "Compare balances with those of peers: customers of the same income band and risk "
                "weighting.",
            ),
            figures(
                measure("Customers"),
                measure("Products per customer"),
                measure("Total deposits"),
                measure("Total loans"),
                measure("Credit cards per customer", "Cards per customer"),
                measure("Mean credit card balance", "Mean card balance"),
                measure("Mean retirement savings (superannuation)", "Mean retirement savings"),
            ),
            bars(
                "penetration",
                "Share of customers who hold the product",
                penetration,
                PRODUCT,
                measure("Penetration"),
                finding="Finding on holdings",
            ),
            bars(
                "depth",
                "Mean balance of those who hold it",
                depth,
                PRODUCT,
                measure(depth_of_holders),
                finding="Finding on depth",
            ),
            bars(
                "gaps",
                "Amount needed to reach the peers' median",
                gaps,
                PRODUCT,
                measure("Amount below the peers"),
                finding="Finding on gaps",
            ),
            heat_map(
                "by_occupation",
                "Mean balance of holders by occupation family and product",
                occupations,
                OCCUPATION,
                PRODUCT,
                depth_of_holders,
            ),
            heat_map(
                "below_peers",
                "Share below the peers by product and loyalty class: about half is normal",
                peers,
                PRODUCT,
                LOYALTY,
                "Share below the peers",
            ),
            cards(
                "beside",
                "Outside the seven products",
                beside,
                measure("Credit cards", "Number of cards"),
                measure("Retirement savings (superannuation)", "Retirement savings"),
                measure("Properties owned"),
            ),
        ),
    )


def _income_and_deposits() -> Page:
    upper, lower = 288, _CONTENT - 288 - _GAP
    scatter, bins = row(_TOP, upper, 1, 1)
    lorenz, bands, ages, tenures = row(_TOP + upper + _GAP, lower, 1.3, 1, 1, 1)
    return Page(
        key="income_and_deposits",
        title="Income and deposits",
        purpose="Whether deposits are linked to income, and how unequally deposits are held.",
        visuals=(
            *top_of_page(
                "income_and_deposits",
                "Income and deposits",
                "Each point is a customer: right-click one, or tap and hold, to see the details.",
            ),
            figures(
                measure("Customers"),
                measure("Mean income"),
                measure("Median income"),
                measure("Mean deposits"),
                measure("Median deposits"),
                measure("Correlation of income and deposits", "Correlation with income"),
                measure("Core share of deposits"),
                measure("Debt-to-income ratio"),
            ),
            Visual(
                key="scatter",
                kind="scatterChart",
                place=scatter,
                title="Income and deposits, one point per customer, with the trend",
                alt="Scatter of customers: estimated income across, total deposits up, with a "
                "trend line. With many points, Power BI shows only a sample.",
                roles={
                    "Category": (CUSTOMER,),
                    "X": (measure("Estimated income"),),
                    "Y": (measure("Total deposits"),),
                },
                finding="Finding on income and deposits",
                has_trend=True,
            ),
            bars(
                "by_bin",
                "Mean and median deposits by yearly income (bands in thousands)",
                bins,
                column(CUSTOMERS, "income_bin"),
                measure("Mean deposits"),
                measure("Median deposits"),
                kind="clusteredColumnChart",
                on_phone=False,
            ),
            Visual(
                key="lorenz",
                kind="lineChart",
                place=lorenz,
                title=f"Share of the total held by the lowest x% of customers, {ALL_CUSTOMERS}",
                alt=f"Line for each measure, {ALL_CUSTOMERS}: share of the total held by "
                "customers up to each percentile. The further below the diagonal, the more "
                "concentrated.",
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
                is_whole=True,
            ),
            bars(
                "by_income",
                "Mean and median deposits by income band",
                bands,
                INCOME,
                measure("Mean deposits"),
                measure("Median deposits"),
                kind="clusteredColumnChart",
                finding="Finding on income bands",
                tooltip="tooltip_income",
            ),
            bars(
                "by_age",
                "Mean deposits by age band",
                ages,
                AGE,
                measure("Mean deposits"),
                kind="clusteredColumnChart",
                tooltip="tooltip_age",
            ),
            bars(
                "by_tenure",
                "Mean deposits by tenure",
                tenures,
                TENURE,
                measure("Mean deposits"),
                kind="clusteredColumnChart",
                tooltip="tooltip_tenure",
            ),
        ),
    )


def _credit_and_risk() -> Page:
    upper, lower = 172, _CONTENT - 172 - _GAP
    cards_map, income_map, loyalty_map = row(_TOP, upper, 1, 1, 1)
    left, watched, drivers = row(_TOP + upper + _GAP, lower, 1, 1.8, 2.25)
    shows, levels = stacked(left, 60)
    return Page(
        key="credit_and_risk",
        title="Credit and risk",
        purpose="Where the risk is, what is linked to it, and who is on the watch list.",
        visuals=(
            *top_of_page(
                "credit_and_risk",
                "How risky?",
                "What is linked to the risk weighting, and who is on the watch list. Choose below "
                "what the heat maps show.",
            ),
            figures(
                measure("Customers"),
                measure("Total loans"),
                measure("Mean credit card balance", "Mean card balance"),
                measure("Credit cards per customer", "Cards per customer"),
                measure("Mean risk weighting", "Mean risk"),
                measure("Share on the watch list", "On the watch list"),
                measure("Share of loans on the watch list", "Loans on the list"),
                measure("Share owing more than they hold", "Owing more than they hold"),
            ),
            heat_map(
                "cards_by_risk",
                "The number chosen below, by credit cards and risk weighting",
                cards_map,
                CARDS,
                RISK,
                finding="Finding on number of cards and risk",
                on_phone=True,
                tooltip="tooltip_cards_by_risk",
            ),
            heat_map(
                "income_by_risk",
                "The number chosen below, by income band and risk weighting",
                income_map,
                INCOME,
                RISK,
                finding="Finding on income band and risk",
                on_phone=True,
                tooltip="tooltip_income_by_risk",
            ),
            heat_map(
                "loyalty_by_risk",
                "The number chosen below, by loyalty class and risk weighting",
                loyalty_map,
                LOYALTY,
                RISK,
                finding="Finding on loyalty class and risk",
                on_phone=True,
                tooltip="tooltip_loyalty_by_risk",
            ),
            heat_map_choice(shows),
            bars(
                "watch_list",
                "Customers by watch-list level",
                levels,
                WATCH_LIST,
                measure("Customers"),
                kind="clusteredColumnChart",
                finding="Finding on the watch list",
            ),
            table(
                "watched",
                "The three largest borrowers at level Act now, with reasons",
                watched,
                CUSTOMER,
                in_words(CUSTOMERS, "watch_list_reasons", "Reasons"),
                measure("Total loans"),
                only=(Only(column(CUSTOMERS, "watch_list_level"), ("act",)),),
                top=Top(3, CUSTOMER, measure("Total loans")),
                sort=measure("Total loans"),
                widths=(130, 235, 62),
            ),
            table(
                "drivers",
                f"Business facts linked to the risk weighting, {ALL_CUSTOMERS}",
                drivers,
                in_words("fct_risk_drivers", "driver", "Driver"),
                column("fct_risk_drivers", "level", "Level"),
                in_words("fct_risk_drivers", "direction", "Direction"),
                measure(story.LINKED_ODDS, "Odds ratio"),
                measure(story.LINKED_P, "Adjusted p"),
                only=(
                    Only(column("fct_risk_drivers", "fit"), ("business facts",)),
                    Only(
                        column("fct_risk_drivers", "direction"),
                        ("no clear direction",),
                        is_not=True,
                    ),
                ),
                is_whole=True,
                widths=(130, 166, 124, 52, 65),
            ),
        ),
    )


def _stress() -> Page:
    upper, lower = 168, _CONTENT - 168 - _GAP
    losses, stress = row(_TOP, upper, 1, 1.3)
    chosen, scenarios, right = row(_TOP + upper + _GAP, lower, 1.2, 1.5, 1.5)
    *sliders, what_if = stacked(chosen, 60, 60, 60)
    sensitivity, rates = stacked(right, 150)
    return Page(
        key="stress",
        title="Stress",
        purpose="Losses from assumed defaults, with and without stress; not a forecast.",
        visuals=(
            *top_of_page(
                "stress",
                f"What would stress cost? ({ALL_CUSTOMERS})",
                "Balances times assumed rates, not a forecast. Slicers on other pages do not "
                "apply here. Choose your own assumptions below.",
                has_slicers=False,
            ),
            cards(
                "figures",
                f"Key figures, {ALL_CUSTOMERS}",
                row(_FIGURES, 70, 1)[0],
                measure("Lending exposure", "Total loans"),
                measure("Assumed loss", "Assumed losses"),
                measure("Assumed loss rate"),
                measure("Assumed defaults", "Customers assumed to default"),
                measure("Mean assumed default probability", "Mean default probability"),
                measure("Loan-to-deposit ratio"),
                measure("Deposits to loans ratio"),
                is_whole=True,
            ),
            Visual(
                key="losses",
                kind="pivotTable",
                place=losses,
                title=f"Assumed yearly losses by product and risk weighting, {ALL_CUSTOMERS}",
                alt=f"Matrix: assumed yearly losses, {ALL_CUSTOMERS}, products down, risk "
                "weighting across. The darker a cell, the higher the loss.",
                roles={
                    "Rows": (PRODUCT,),
                    "Columns": (column("fct_expected_losses", "risk_weighting"),),
                    "Values": (measure("Assumed loss", "Assumed losses"),),
                },
                heat=("Assumed loss",),
                finding="Finding on assumed losses",
                is_whole=True,
                in_thousands=True,
            ),
            Visual(
                key="stress",
                kind="pivotTable",
                place=stress,
                title=f"Results by scenario, {ALL_CUSTOMERS}",
                alt=f"Matrix: measures under stress, {ALL_CUSTOMERS}, scenarios down, measures "
                "across.",
                roles={
                    "Rows": (column("stress_scenarios", "scenario_name"),),
                    "Values": (
                        measure("Assumed loss under stress", "Assumed losses"),
                        measure("Deposits under stress", "Deposits"),
                        measure("Deposits less loans under stress", "Deposits less loans"),
                        measure("Customer income under stress", "Customers' income"),
                    ),
                },
                finding="Finding on stress",
                is_whole=True,
                in_thousands=True,
            ),
            *(
                slicer(
                    each.origin,
                    f"{each.label} (All: no change)",
                    column(each.origin, "[Value]"),
                    place,
                    alt=f"Choose the {each.name.lower()}. {each.description}",
                )
                for each, place in zip(story.SLIDERS, sliders, strict=True)
            ),
            Visual(
                key="what_if",
                kind="cardVisual",
                place=what_if,
                title=f"Under the assumptions that you choose, {ALL_CUSTOMERS}",
                alt=f"Assumed losses and their change, and remaining deposits, {ALL_CUSTOMERS}, "
                "under the assumptions chosen above.",
                roles={
                    "Data": (
                        measure("What-if assumed loss", "Assumed losses"),
                        measure("What-if change in loss", "Change in losses"),
                        measure("What-if deposits", "Remaining deposits"),
                    )
                },
                finding="Finding on the what-if",
                is_whole=True,
            ),
            Visual(
                key="scenarios",
                kind="clusteredColumnChart",
                place=scenarios,
                title=f"Assumed losses by scenario, {ALL_CUSTOMERS}",
                alt=f"Columns: assumed losses of each scenario, {ALL_CUSTOMERS}.",
                roles={
                    "Category": (column("stress_scenarios", "scenario_name"),),
                    "Y": (measure("Assumed loss under stress", "Assumed losses"),),
                },
                is_whole=True,
            ),
            Visual(
                key="sensitivity",
                kind="pivotTable",
                place=sensitivity,
                title="Baseline: change in losses if an assumption is a fifth smaller or larger, "
                f"{ALL_CUSTOMERS}",
                alt=f"Matrix, {ALL_CUSTOMERS}: relative change of the assumed losses in the "
                "baseline scenario, assumptions down, larger or smaller across.",
                roles={
                    "Rows": (in_words("fct_stress_sensitivity", "assumption", "Assumption"),),
                    "Columns": (in_words("fct_stress_sensitivity", "direction", "Direction"),),
                    "Values": (reading("fct_stress_sensitivity", "relative_change", "Change"),),
                },
                only=(
                    Only(column("stress_scenarios", "scenario"), ("baseline",)),
                    Only(column("fct_stress_sensitivity", "measure"), ("expected_loss",)),
                    Only(column("fct_stress_sensitivity", "item"), ("all",)),
                ),
                is_whole=True,
            ),
            Visual(
                key="rates",
                kind="clusteredBarChart",
                place=rates,
                title=f"Assumed loss rate by risk weighting, {ALL_CUSTOMERS}",
                alt=f"Bars: assumed loss per exposure, by risk weighting, {ALL_CUSTOMERS}.",
                roles={
                    "Category": (column("fct_expected_losses", "risk_weighting"),),
                    "Y": (measure("Assumed loss rate"),),
                },
                is_whole=True,
            ),
        ),
    )


ACTIONS = "fct_customer_recommendations"
ACTION = column(ACTIONS, "action_name", "Action")
FAIRNESS = "fct_fairness_monitor"


def _recommendations() -> Page:
    numbers, kind = row(_FIGURES, 70, 5, 1)
    left, right = row(_TOP, _CONTENT, 1, 1)
    actions, kinds = stacked(left, 435)
    customers, fairness = stacked(right, 228)
    return Page(
        key="recommendations",
        title="Actions",
        purpose="What to do for whom, why, and whether protected groups are treated alike.",
        visuals=(
            *top_of_page(
                "recommendations",
                "What to do next?",
                "Actions follow this report's rules, which never use gender, age or nationality. "
                "The monitor below compares groups by these attributes.",
            ),
            figures(
                measure("Customers"),
                measure("Customers with an action"),
                measure("Share with an action"),
                measure("Actions due"),
                measure("Customers to act on now"),
                place=numbers,
            ),
            slicer("kind", "Kind of action", in_words(ACTIONS, "kind"), kind),
            table(
                "what_to_do",
                "What to do, for how many, and the owner",
                actions,
                ACTION,
                column(ACTIONS, "owner", "Owner"),
                measure("Customers with an action", "Customers"),
                measure("Balances involved", "Balances"),
                measure("Gap to close"),
                finding="Finding on actions",
                without_totals=True,
            ),
            table(
                "by_customer",
                "Customers and their actions: drill through for details",
                customers,
                CUSTOMER,
                ACTION,
                measure("Balances involved"),
                sort=measure("Balances involved"),
                is_list=True,
                without_totals=True,
            ),
            bars(
                "by_kind",
                "Customers by kind of action",
                kinds,
                in_words(ACTIONS, "kind", "Kind of action"),
                measure("Customers with an action"),
            ),
            table(
                "fairness",
                f"Are protected groups treated alike? ({ALL_CUSTOMERS})",
                fairness,
                in_words(FAIRNESS, "action", "Action"),
                column("dimensions", "dimension_name", "Attribute"),
                column(FAIRNESS, "value", "Group"),
                reading(FAIRNESS, "selection_rate", "Rate"),
                reading(FAIRNESS, "ratio_to_best", "Ratio to best"),
                in_words(FAIRNESS, "verdict", "Verdict"),
                is_whole=True,
                is_list=True,
            ),
        ),
    )


def _migrations() -> Page:
    segments, risks = row(_TOP, _CONTENT, 1.25, 1)
    weights, changes = stacked(risks, 300)
    return Page(
        key="migrations",
        title="Migrations",
        purpose="Who moved between segments and risk weightings from one date to the next.",
        visuals=(
            *top_of_page(
                "migrations",
                f"What has changed since the previous date? ({ALL_CUSTOMERS})",
                "Each date of the history is compared with the previous one. If there is only one "
                "date, the titles say so and the tables are empty.",
                has_slicers=False,
            ),
            cards(
                "figures",
                f"Key figures, {ALL_CUSTOMERS}",
                row(_FIGURES, 70, 1)[0],
                measure("As of"),
                measure("Customers"),
                measure("Customers compared"),
                measure("Customers who changed segment", "Changed segment"),
                measure("Customers who became riskier", "Riskier"),
                measure("Customers who became less risky", "Less risky"),
                is_whole=True,
            ),
            Visual(
                key="segments",
                kind="pivotTable",
                place=segments,
                title=f"From segment (down) to segment (across), {ALL_CUSTOMERS}",
                alt=f"Matrix of {ALL_CUSTOMERS}: previous segment down, current segment across.",
                roles={
                    "Rows": (in_words("fct_segment_migrations", "from_segment", "From"),),
                    "Columns": (in_words("fct_segment_migrations", "to_segment", "To"),),
                    "Values": (measure("Customers by change of segment"),),
                },
                heat=("Customers by change of segment",),
                finding="Finding on segment migrations",
                is_whole=True,
            ),
            Visual(
                key="risks",
                kind="pivotTable",
                place=weights,
                title=f"From risk weighting (down) to risk weighting (across), {ALL_CUSTOMERS}",
                alt=f"Matrix of {ALL_CUSTOMERS}: previous risk weighting down, current risk "
                "weighting across.",
                roles={
                    "Rows": (in_words("fct_risk_migrations", "from_risk_weighting", "From"),),
                    "Columns": (in_words("fct_risk_migrations", "to_risk_weighting", "To"),),
                    "Values": (measure("Customers by change of risk"),),
                },
                heat=("Customers by change of risk",),
                finding="Finding on risk migrations",
                is_whole=True,
            ),
            Visual(
                key="changes",
                kind="clusteredBarChart",
                place=changes,
                title=f"Customers by change of watch-list level, {ALL_CUSTOMERS}",
                alt=f"Bars: customers by change of watch-list level, {ALL_CUSTOMERS}.",
                roles={
                    "Category": (in_words("fct_risk_migrations", "watch_list_change", "Change"),),
                    "Y": (measure("Customers by change of risk", "Customers"),),
                },
                is_whole=True,
            ),
        ),
    )


def _explore() -> Page:
    upper = 292
    loans, risk = row(_TOP, upper, 1, 1)
    pairs, risks = row(_TOP + upper + _GAP, _CONTENT - upper - _GAP, 1.5, 1)
    correlation = reading_name("fct_product_pairs", "balance_correlation")
    explaining = (
        _RELATIONSHIP,
        LOYALTY,
        OCCUPATION,
        INCOME,
        SEGMENT,
        AGE,
        TENURE,
        CARDS,
        _ADVISOR,
    )

    def tree(key: str, title: str, place: Place, analysed: Field) -> Visual:
        return Visual(
            key=key,
            kind="decompositionTreeVisual",
            place=place,
            title=title,
            alt=f"Decomposition tree: {title}. Select the plus next to a node to split it further.",
            roles={"Analyze": (analysed,), "ExplainBy": explaining},
        )

    return Page(
        key="explore",
        title="Explore",
        purpose="Loans and risk by any attribute, and pairs of products.",
        visuals=(
            *top_of_page(
                "explore",
                "Explore",
                "Select the plus next to a node to split it by an attribute, in any order. High "
                "and low means may be chance: the tooltips of other pages show the tests.",
            ),
            figures(
                measure("Customers"),
                measure("Total loans"),
                measure("Mean loans"),
                measure("Median loans"),
                measure("Mean risk weighting", "Mean risk"),
                measure("Share to act on now"),
                measure("Debt-to-income ratio"),
            ),
            tree("loans", "Loans by attribute", loans, measure("Total loans")),
            tree("risk", "Mean risk weighting by attribute", risk, measure("Mean risk weighting")),
            Visual(
                key="pairs",
                kind="pivotTable",
                place=pairs,
                title=f"How balances of two products move together, {ALL_CUSTOMERS}",
                alt=f"Matrix of products by products, {ALL_CUSTOMERS}: correlation of their "
                "balances, from -1 to 1. The darker a cell, the higher the correlation.",
                roles={
                    "Rows": (PRODUCT,),
                    "Columns": (in_words("fct_product_pairs", "other_product", "With"),),
                    "Values": (measure(correlation),),
                },
                heat=(correlation,),
                is_whole=True,
                on_phone=False,
            ),
            heat_map(
                "by_risk",
                "Mean balance of holders by product and risk weighting",
                risks,
                PRODUCT,
                RISK,
                "Mean balance of holders",
            ),
        ),
    )


def _customer_detail() -> Page:
    top = _FIGURES - 4
    return Page(
        key="customer_detail",
        title="Customer detail",
        purpose="One customer: money, classes, products and actions, with reasons.",
        kind="Drillthrough",
        drill=CUSTOMER,
        visuals=(
            *top_of_page(
                "customer_detail",
                "Customer detail",
                "What we know about this customer. Names and client ids are restricted, so this "
                "report never shows them.",
                has_slicers=False,
            ),
            cards(
                "money",
                "Money and risk",
                row(top, 72, 1)[0],
                measure("Total loans"),
                measure("Total deposits"),
                measure("Deposits less loans"),
                measure("Estimated income"),
                measure("Estimated fee income"),
                measure("Debt-to-income ratio"),
                measure("Credit cards"),
                measure("Credit card balance", "Card balance"),
            ),
            table(
                "attributes",
                "Profile",
                row(top + 80, 92, 1)[0],
                CUSTOMER,
                column(CUSTOMERS, "joined_date"),
                TENURE,
                AGE,
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
                row(top + 180, 104, 1)[0],
                SEGMENT,
                column(CUSTOMERS, "segment_reasons"),
                WATCH_LIST,
                in_words(CUSTOMERS, "watch_list_reasons", "Watch-list reasons"),
                widths=(120, 480, 80, 550),
            ),
            table(
                "actions",
                "Actions that are due, with the reasons",
                row(top + 292, 120, 1)[0],
                ACTION,
                in_words(ACTIONS, "reasons", "Reasons"),
                column(ACTIONS, "wording", "What to do"),
                measure("Balances involved", "Balances"),
                is_list=True,
                without_totals=True,
                in_thousands=False,
                widths=(200, 604, 340, 86),
            ),
            bars(
                "balances",
                "Balance by product",
                row(top + 420, _BOTTOM - top - 420, 1, 1)[0],
                PRODUCT,
                measure("Product balance"),
            ),
            bars(
                "gaps",
                "Amount below the peers by product",
                row(top + 420, _BOTTOM - top - 420, 1, 1)[1],
                PRODUCT,
                measure("Amount below the peers"),
            ),
        ),
    )


def _data_quality() -> Page:
    left, profile = row(_TOP, _CONTENT, 1, 1.15)
    totals, oddities = stacked(left, 282)
    return Page(
        key="data_quality",
        title="Data quality",
        purpose="Whether everything delivered is counted, and what looks odd.",
        visuals=(
            *top_of_page(
                "data_quality",
                f"Is everything counted, and what looks odd? ({ALL_CUSTOMERS})",
                "Whether everything delivered is counted or quarantined, to the cent, and what "
                "looks odd.",
                has_slicers=False,
            ),
            cards(
                "figures",
                "Customers, and records to check",
                row(_FIGURES, 70, 1)[0],
                measure("Customers"),
                measure("Client ids"),
                measure("Customers sharing a client id", "Sharing a client id"),
                measure("Joined before birth"),
                measure("Joined as minors"),
                measure("Customers without deposits", "Without deposits"),
                measure("As of"),
            ),
            table(
                "totals",
                f"Delivered = counted + quarantined, {ALL_CUSTOMERS}",
                totals,
                in_words("fct_control_totals", "column_name", "Column"),
                reading("fct_control_totals", "delivered", "Delivered"),
                reading("fct_control_totals", "in_marts", "Counted"),
                reading("fct_control_totals", "in_quarantine", "Quarantined"),
                reading("fct_control_totals", "difference", "Difference"),
                finding="Finding on control totals",
                is_whole=True,
                in_thousands=False,
            ),
            bars(
                "oddities",
                "Odd joining dates, by joining year",
                oddities,
                YEAR,
                measure("Joined as minors"),
                measure("Joined before birth"),
                kind="clusteredColumnChart",
            ),
            table(
                "profile",
                f"The data by column, compared with the last accepted delivery, {ALL_CUSTOMERS}",
                profile,
                in_words("fct_source_profile", "column_name", "Column"),
                reading("fct_source_profile", "row_count", "Rows"),
                reading("fct_source_profile", "null_count", "Empty"),
                reading("fct_source_profile", "mean", "Mean"),
                reading("fct_source_profile", "largest_quantile_shift", "Largest shift"),
                in_words("fct_source_profile", "drift_verdict", "Verdict"),
                is_whole=True,
            ),
        ),
    )


PAGES = (
    _overview(),
    _segmentation(),
    _product_holdings(),
    _income_and_deposits(),
    _credit_and_risk(),
    _stress(),
    _recommendations(),
    _migrations(),
    _explore(),
    _data_quality(),
    _customer_detail(),
    *(tooltip_page(tip) for tip in TIPS),
)
"""Every page, in the order of the tabs."""

BOOKMARKS = (
    *(Bookmark(f"question_{key}", words, page) for key, words, page in QUESTIONS),
    *(
        Bookmark(f"reset_{page.key}", f"Reset: {page.title}", page.key, stays=True)
        for page in PAGES
        if any(visual.key == "reset" for visual in page.visuals)
    ),
)
"""A bookmark for each question, and a reset for each page with slicers."""
