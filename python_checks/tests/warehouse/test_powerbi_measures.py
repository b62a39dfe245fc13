"""Every metric has the same value in the Power BI model as in the metric layer."""

import math
import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bank_warehouse.metrics import (
    MetricsError,
    SemanticLayer,
    compile_query,
    dimensions_of,
    load_metrics,
)
from bank_warehouse.powerbi import model_text, project, report_checks, report_files
from python_checks.testing import dax_evaluator
from python_checks.testing.dax_evaluator import Column, Evaluator
from python_checks.testing.paths import PROJECT

Choice = dict[str, tuple[Column, tuple[object, ...]]]
"""For each filtered dimension of the metric layer, the model's column and the selected values."""

CUSTOMERS = "Customers"
CONTEXTS: dict[str, Choice] = {
    "everything": {},
    "one loyalty class": {"loyalty_classification": ((CUSTOMERS, "Loyalty class"), ("Gold",))},
    "an income band and two risk weightings": {
        "income_band": ((CUSTOMERS, "Income band"), ("High",)),
        "risk_weighting": ((CUSTOMERS, "Risk weighting"), (2, 3)),
    },
    "two families of occupations": {
        "occupation_family": ((CUSTOMERS, "Occupation family"), ("Engineering", "Sales"))
    },
    "a banking relationship": {
        "banking_relationship": (
            ("Banking relationships", "Banking relationship"),
            ("Private Bank",),
        )
    },
    "gender and joining years": {
        "gender": ((CUSTOMERS, "Gender"), ("Female",)),
        "joined_year": ((CUSTOMERS, "Joining year"), (2014, 2015, 2016)),
    },
    "a segment": {"segment": ((CUSTOMERS, "Segment"), ("Savers",))},
    "two watch-list levels": {
        "watch_list_level": ((CUSTOMERS, "Watch-list level"), ("review", "act"))
    },
    "age and tenure": {
        "age_band": ((CUSTOMERS, "Age band"), ("35-44", "45-54")),
        "tenure_band": ((CUSTOMERS, "Tenure band"), ("10-20 y",)),
    },
    "a product": {"product_name": (("Products", "Product"), ("Business lending",))},
    "a product and two fee structures": {
        "product_name": (("Products", "Product"), ("Bank loan",)),
        "fee_structure": ((CUSTOMERS, "Fee structure"), ("High", "Mid")),
    },
    "two cards and a shared client id": {
        "amount_of_credit_cards": ((CUSTOMERS, "Number of credit cards"), (2,)),
        "has_shared_client_id": ((CUSTOMERS, "Shares a client id"), (True,)),
    },
}


@pytest.fixture(scope="module")
def layer(built_target: Path) -> SemanticLayer:
    return load_metrics(built_target / "semantic_manifest.json")


@pytest.fixture(scope="module")
def evaluator(built_warehouse: Path) -> Iterator[Evaluator]:
    with duckdb.connect(str(built_warehouse), read_only=True) as connection:
        yield dax_evaluator.load(project.read(PROJECT / "powerbi"), connection)


def asked(
    evaluator: Evaluator, layer: SemanticLayer, names: list[str], choice: Choice
) -> list[Any]:
    """Return the values of metrics in the metric layer."""
    filters = {dimension: list(values) for dimension, (_, values) in choice.items()}
    query = compile_query(layer, names, filters=filters)
    row = evaluator.connection.execute(query.sql, query.parameters).fetchone()
    assert row is not None
    return list(row)


def agree(one: Any, other: Any, name: str) -> bool:
    """Return whether two values are equal. Blank equals 0; a median may differ by half a cent."""
    if not one or not other:
        return not one and not other
    close = 0.005 if name.startswith("median_") else 0.0
    return math.isclose(float(one), float(other), rel_tol=1e-9, abs_tol=close)


def test_every_metric_is_a_measure_with_description_and_format(
    layer: SemanticLayer, evaluator: Evaluator
) -> None:
    path = PROJECT / "powerbi/Bank.SemanticModel/definition/tables/Key figures.tmdl"
    text = path.read_text("utf-8")
    assert len(layer.metrics) > 60
    for metric in layer.metrics.values():
        assert metric.label in evaluator.measures, metric.name
        quoted = f"'{metric.label}'" if not re.fullmatch(r"[\w-]+", metric.label) else metric.label
        found = re.search(
            rf"\t/// ([^\n]*)\n\tmeasure {re.escape(quoted)} =[^/]*?formatString: ([^\n]*)\n"
            rf"(\t\tisHidden\n)?\t\tdisplayFolder: ([^\n]*)\n",
            text,
        )
        assert found is not None, metric.label
        assert found[1].startswith(" ".join(metric.description.split())), metric.label
        assert found[2] == metric.format, metric.label
        assert bool(found[3]) is metric.label.startswith("Sum of "), metric.label
        assert found[4] == metric.display_folder, metric.label


@pytest.mark.parametrize("context", list(CONTEXTS))
def test_measures_equal_the_metric_layer(
    context: str, layer: SemanticLayer, evaluator: Evaluator
) -> None:
    choice = CONTEXTS[context]
    chosen = {column: frozenset(values) for column, values in choice.values()}
    tables = {table for table, _ in chosen}
    reached = [
        metric
        for metric in layer.metrics.values()
        if all(tables <= evaluator.reached_by(table) for table in evaluator.tables_of(metric.label))
    ]
    answers = asked(evaluator, layer, [metric.name for metric in reached], choice)
    wrong = []
    for metric, expected in zip(reached, answers, strict=True):
        value = evaluator.value(metric.label, chosen)
        if not agree(value, expected, metric.name):
            wrong.append(f"{metric.label}: {value}, but {expected} in the metric layer")
    assert wrong == []
    assert len(reached) >= (len(layer.metrics) if not choice else 7)
    assert any(answers)


def places(evaluator: Evaluator) -> dict[tuple[str, str], Column]:
    """Return the model column for each mart column; the customers table takes precedence."""
    found: dict[tuple[str, str], Column] = {}
    order = sorted(evaluator.sources.items(), key=lambda each: each[0][0] != CUSTOMERS)
    for (table, column), source in order:
        for mart in evaluator.marts[table]:
            found.setdefault((mart, source), (table, column))
    return found


def contexts_of(
    evaluator: Evaluator, layer: SemanticLayer, names: list[str], wanted: int
) -> list[Choice]:
    """Return up to `wanted` filters that reach all these metrics, from each dimension in turn."""
    tables = {table for name in names for table in evaluator.tables_of(layer.metric(name).label)}
    located = places(evaluator)
    by_dimension: list[list[Choice]] = []
    for dimension in dimensions_of(layer, names):
        place = located.get((layer.models[dimension.model].relation, dimension.column))
        is_reached = place and all(place[0] in evaluator.reached_by(each) for each in tables)
        if place is None or not is_reached or dimension.kind == "time":
            continue
        source = evaluator.sources[place]
        rows = evaluator.connection.execute(
            f'select distinct "{source}" from ({evaluator.relations[place[0]]}) '
            f'where "{source}" is not null order by 1 limit 8'
        ).fetchall()
        values = [value for (value,) in rows]
        chosen = [
            values[start : start + size] for size in (1, 2, 3) for start in range(len(values))
        ]
        by_dimension.append([{dimension.name: (place, tuple(each))} for each in chosen])
    in_turn = [choice for each in zip_longest(*by_dimension) for choice in each if choice]
    return in_turn[:wanted]


def test_measures_equal_the_metric_layer_in_ten_contexts(
    layer: SemanticLayer, evaluator: Evaluator
) -> None:
    families: dict[frozenset[str], list[str]] = {}
    for metric in layer.metrics.values():
        families.setdefault(evaluator.tables_of(metric.label), []).append(metric.name)
    wrong, filled = [], 0
    for names in families.values():
        contexts = contexts_of(evaluator, layer, names, 10)
        assert len(contexts) == 10, names
        for choice in contexts:
            chosen = {column: frozenset(values) for column, values in choice.values()}
            for name, expected in zip(names, asked(evaluator, layer, names, choice), strict=True):
                value = evaluator.value(layer.metric(name).label, chosen)
                filled += value is not None
                if not agree(value, expected, name):
                    wrong.append(f"{name} where {choice}: {value}, not {expected}")
    assert wrong == []
    assert filled > 8 * len(layer.metrics)


def test_whole_numbers_in_visuals_are_exact(evaluator: Evaluator) -> None:
    model = model_text.read(project.read(PROJECT / "powerbi"))
    shown = [
        (table, column)
        for table, column in sorted(model.shown)
        if model.columns[table][column].properties["dataType"] == "int64"
    ]
    assert (CUSTOMERS, "Risk weighting") in shown
    for table, column in shown:
        row = evaluator.connection.execute(
            f'select max(abs("{evaluator.sources[table, column]}"::hugeint)) '
            f"from ({evaluator.relations[table]})"
        ).fetchone()
        assert row is not None
        assert row[0] < 2**53, (table, column)
    codes = evaluator.connection.execute(
        "select count(*), count(distinct customer_code) from marts.dim_customers"
    ).fetchone()
    assert codes is not None
    assert codes[0] == codes[1]


@pytest.mark.parametrize(
    ("label", "has_total"),
    [
        ("Assumed loss under stress", False),
        ("Mean total loans (segment profiles)", False),
        ("Total loans", True),
        ("Median deposits", True),
    ],
)
def test_measures_have_a_total_only_if_it_is_meaningful(label: str, has_total: bool) -> None:
    assert model_text.read(project.read(PROJECT / "powerbi")).has_total(label) is has_total


def test_actions_without_a_target_have_no_gap(evaluator: Evaluator) -> None:
    column = ("Customer recommendations", "Recommended action")
    rows = evaluator.connection.execute(
        "select action_name, sum(gap_to_close) from marts.fct_customer_recommendations group by 1"
    ).fetchall()
    assert {gap is None for _, gap in rows} == {True, False}
    for name, gap in rows:
        found = evaluator.value("Gap to close", {column: frozenset({name})})
        assert found == gap, name


def test_amounts_of_different_actions_are_not_added_up() -> None:
    """A customer with two actions counts twice, and the targets of actions differ."""
    amounts = {"Balances involved", "Gap to close"}
    shown = [
        visual
        for page in report_files.pages(project.read(PROJECT / "powerbi")).values()
        for visual in page.visuals.values()
        if amounts & {name for _, name in visual.fields("Measure")}
    ]
    assert len(shown) >= 3
    for visual in shown:
        assert visual.kind == "tableEx", visual.title
        objects = visual.visual["objects"]
        assert report_files.property_of(objects, "total", "totals") is False, visual.title


def test_filter_reach_matches_the_evaluator(evaluator: Evaluator) -> None:
    model = model_text.read(project.read(PROJECT / "powerbi"))
    whole = {"Balance concentration", "Expected losses", "Stress results", "Segment profiles"}
    for label in evaluator.measures:
        tables = evaluator.tables_of(label)
        if len(tables) == 1 and tables <= whole | evaluator.reached_by("Customer risk"):
            (table,) = tables
            is_reached = CUSTOMERS in evaluator.reached_by(table)
            assert bool(report_checks.unreached({table}, model)) is (table in whole), label
            assert is_reached is (table not in whole), label


def test_metric_layer_refuses_a_filter_that_does_not_reach_a_metric(
    layer: SemanticLayer, evaluator: Evaluator
) -> None:
    """In Power BI, the measure ignores such a filter."""
    choice = CONTEXTS["one loyalty class"]
    left_out = {
        metric.name
        for metric in layer.metrics.values()
        if not all(
            CUSTOMERS in evaluator.reached_by(table) for table in evaluator.tables_of(metric.label)
        )
    }
    assert {"expected_loss", "gini_of_total_loans", "stressed_total_deposits"} <= left_out
    for name in left_out:
        with pytest.raises(MetricsError):
            asked(evaluator, layer, [name], choice)


def test_ratios_are_ratios_of_sums(layer: SemanticLayer, evaluator: Evaluator) -> None:
    chosen = {(CUSTOMERS, "Income band"): frozenset({"Low"})}
    ratio = evaluator.value("Loan-to-deposit ratio", chosen)
    sums = [evaluator.value(name, chosen) for name in ("Total loans", "Total deposits")]
    assert ratio == pytest.approx(float(sums[0]) / float(sums[1]))
    row = evaluator.connection.execute(
        "select avg(loan_to_deposit_ratio) from marts.fct_customer_positions"
        " inner join marts.dim_customers using (customer_key) where income_band = 'Low'"
    ).fetchone()
    assert row is not None
    assert ratio != pytest.approx(row[0], rel=0.01)
    for metric in layer.metrics.values():
        if metric.kind == "ratio":
            assert evaluator.measures[metric.label].startswith("DIVIDE("), metric.name


def test_wrong_measure_is_detected(layer: SemanticLayer, evaluator: Evaluator) -> None:
    """The comparison detects a count of all rows, a missing filter and a wrong denominator."""
    for label, name, text in (
        ("Client ids", "client_ids", "COUNTROWS('Customers')"),
        ("Customers to act on now", "act_customers", "COUNTROWS('Customer risk')"),
        ("Mean loans", "mean_total_loans", "DIVIDE([Total loans], [Client ids])"),
    ):
        measures = {**evaluator.measures, label: text}
        changed = Evaluator(**{**evaluator.__dict__, "measures": measures})
        (expected,) = asked(evaluator, layer, [name], {})
        assert agree(evaluator.value(label), expected, name)
        assert not agree(changed.value(label), expected, name), label


def test_every_expression_parses(evaluator: Evaluator) -> None:
    texts = [*evaluator.measures.values()]
    texts += [text for role in evaluator.roles.values() for text in role.values()]
    assert len(texts) > 100
    for text in texts:
        assert dax_evaluator.parsed(text) is not None, text
    for broken in ("DIVIDE([Total loans], )[", "SUM('Customers'[Age]", "CALCULATE("):
        with pytest.raises((AssertionError, ValueError)):
            dax_evaluator.parsed(broken)


# ---------- who sees what


ACCESS = [
    {"User name": "ada@bank", "Banking relationship": "Retail", "Investment advisor": ""},
    {"User name": "ada@bank", "Banking relationship": "Commercial", "Investment advisor": ""},
]


def customers_of(evaluator: Evaluator, column: str, *values: str) -> int:
    row = evaluator.connection.execute(
        f"select count(*) from marts.dim_customers where {column} in"
        f" ({', '.join('?' for _ in values)})",
        list(values),
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_role_shows_customers_of_its_relationships(
    evaluator: Evaluator,
) -> None:
    seen = evaluator.role_context("By banking relationship", "ada@bank", ACCESS)
    expected = customers_of(evaluator, "banking_relationship", "Retail", "Commercial")
    assert 0 < expected < evaluator.value("Customers")
    assert evaluator.value("Customers", seen) == expected
    for table in ("Customer positions", "Customer risk", "Customer segments"):
        count = evaluator.connection.execute(
            f"select count(*) from ({evaluator.rows(table, seen)})"
        ).fetchone()
        assert count == (expected,), table


def test_role_shows_customers_of_an_advisor(evaluator: Evaluator) -> None:
    row = evaluator.connection.execute(
        "select investment_advisor from marts.dim_investment_advisors limit 1"
    ).fetchone()
    assert row is not None
    access = [{"User name": "bo@bank", "Banking relationship": "", "Investment advisor": row[0]}]
    seen = evaluator.role_context("By investment advisor", "bo@bank", access)
    assert evaluator.value("Customers", seen) == customers_of(
        evaluator, "investment_advisor", row[0]
    )


def test_role_without_filters_shows_everything(evaluator: Evaluator) -> None:
    """If a model has roles, a viewer without one sees an error, so this role is needed."""
    assert evaluator.roles["Everything"] == {}


@pytest.mark.parametrize(
    ("table", "code", "wanted"),
    [
        (
            CUSTOMERS,
            "Watch-list level",
            {"none": "Not listed", "watch": "Monitor", "review": "Review", "act": "Act now"},
        ),
        ("Customer recommendations", "kind", {"targeting": "Offers and fees", "risk": "Risk"}),
        (
            "Risk drivers",
            "direction",
            {
                "raises": "Higher risk weighting",
                "lowers": "Lower risk weighting",
                "no clear direction": "Could be chance",
            },
        ),
        (
            "Segment differences",
            "verdict",
            {
                "no more than chance": "Could be chance",
                "more than chance, large": "Real difference, large",
                "by definition": "Built in: one is computed from the other",
            },
        ),
        (
            "Risk drivers",
            "driver",
            {
                "saving_accounts": "Savings accounts",
                "superannuation_savings": "Retirement savings (superannuation)",
                "amount_of_credit_cards": "Number of credit cards",
                "bank_loans": "Bank loans",
            },
        ),
        ("Source profile", "column_name", {"saving_accounts": "Savings accounts"}),
        (
            "Stress sensitivity",
            "assumption",
            {"probability_of_default": "Probability of default"},
        ),
        ("Fairness monitor", "action", {"deepen_saving_account": "Grow savings balance"}),
    ],
)
def test_readers_see_labels_instead_of_codes(
    table: str, code: str, wanted: dict[str, str], evaluator: Evaluator
) -> None:
    code = evaluator.sources.get((table, code), code)
    found = dict(
        evaluator.connection.execute(
            f"select distinct {code}, {code}_in_words from ({evaluator.relations[table]})"
        ).fetchall()
    )
    assert {each: found[each] for each in wanted} == wanted
    assert len(set(found.values())) == len(found)


def test_no_label_is_a_code(evaluator: Evaluator) -> None:
    columns = [column for column, source in evaluator.sources.items() if "_in_words" in source]
    assert len(columns) > 20
    filled = 0
    for column in columns:
        for text in evaluator.values(column, {}):
            if text is not None:
                filled += 1
                assert text[:1].isupper() or text[:1].isdigit(), (column, text)
                assert "_" not in text, (column, text)
    assert filled > 100


def test_products_have_the_same_names_in_rows_and_columns(evaluator: Evaluator) -> None:
    down = evaluator.values(("Products", "Product"), {})
    assert evaluator.values(("Product pairs", "Other product in words"), {}) == down


@pytest.mark.parametrize("role", ["By banking relationship", "By investment advisor"])
def test_unlisted_user_sees_nothing(role: str, evaluator: Evaluator) -> None:
    seen = evaluator.role_context(role, "eve@elsewhere", ACCESS)
    for measure in ("Customers", "Total loans", "Assumed loss", "Gini of total loans"):
        assert evaluator.value(measure, seen) is None, measure
    for measure in ("Product balance", "Deposits under stress", "Delivered (control totals)"):
        assert evaluator.value(measure, seen) is None, measure
