"""The Great Expectations suites pass on the built warehouse and report damage to it."""

import dataclasses
import re
import shutil
from pathlib import Path

import duckdb
import pytest

from bank_warehouse.masking import masked_key, shown_row
from python_checks.expectations import runner, warehouse
from python_checks.expectations.runner import Failure
from python_checks.expectations.suites import SUITES
from python_checks.testing.command import bank
from python_checks.testing.dbt import Completed
from python_checks.testing.publishing import running_holder

FIRST_KEYS = "(select customer_key from {table} order by customer_key limit {count})"


@dataclasses.dataclass(frozen=True)
class Sabotage:
    """Damage to a built warehouse, and the failure that must be reported."""

    name: str
    statements: tuple[str, ...]
    table: str
    column: str
    rows: int
    example: str


def first_keys(table: str, count: int) -> str:
    return FIRST_KEYS.format(table=table, count=count)


MEASURED = "intermediate.int_customers_segmented"
SEGMENTS = "marts.fct_customer_segments"
RISK = "marts.fct_customer_risk"
POSITIONS = "marts.fct_customer_positions"
RECOMMENDATIONS = "marts.fct_customer_recommendations"
# The mart is a view, so these statements replace it with a table whose rows can be changed.
AS_A_TABLE = (
    f"create table intermediate.recommended as from {RECOMMENDATIONS}",
    f"drop view {RECOMMENDATIONS}",
    f"create table {RECOMMENDATIONS} as from intermediate.recommended",
)
A_NAME = "(select client_name from restricted.dim_customer_identities order by all limit 1)"

SABOTAGES = [
    Sabotage(
        "customers missing from a mart",
        (f"delete from {SEGMENTS} where customer_key in {first_keys(SEGMENTS, 7)}",),
        SEGMENTS,
        "customer_key",
        7,
        "missing here",
    ),
    Sabotage(
        "two balances of each of two customers swapped, totals unchanged",
        (
            f"update {MEASURED} set saving_accounts = checking_accounts, checking_accounts = "
            "saving_accounts where customer_key in (select customer_key from "
            f"{MEASURED} where saving_accounts <> checking_accounts order by 1 limit 2)",
        ),
        POSITIONS,
        "saving_accounts",
        2,
        "saving_accounts",
    ),
    Sabotage(
        "the bank loans of two customers swapped, sums unchanged",
        (
            f"create temp table moved as select customer_key, bank_loans, row_number() over "
            f"(order by bank_loans) as position from {MEASURED} where bank_loans > 0 "
            "order by bank_loans limit 2",
            f"update {MEASURED} as customers set bank_loans = other.bank_loans, total_loans = "
            "customers.total_loans - customers.bank_loans + other.bank_loans "
            "from moved as one, moved as other where customers.customer_key = one.customer_key "
            "and one.position + other.position = 3",
        ),
        POSITIONS,
        "bank_loans",
        2,
        "bank_loans",
    ),
    Sabotage(
        "a band that disagrees with its value",
        (
            f"update {MEASURED} set age_band = '65+' where customer_key in (select customer_key "
            f"from {MEASURED} where age = 30 order by 1 limit 3)",
        ),
        "marts.dim_customers",
        "age_band",
        3,
        "age_band = 65+",
    ),
    Sabotage(
        "customers without a segment",
        (
            f"alter table {SEGMENTS} alter segment drop not null",
            f"update {SEGMENTS} set segment = null where customer_key in {first_keys(SEGMENTS, 3)}",
        ),
        SEGMENTS,
        "segment",
        3,
        "segment = null",
    ),
    Sabotage(
        "a key that occurs twice",
        (f"insert into {RISK} select * from {RISK} order by customer_key limit 2",),
        RISK,
        "customer_key",
        4,
        "several times here",
    ),
    Sabotage(
        "a cent more in a total",
        (
            "update marts.fct_segment_profiles set total_loans = total_loans + 0.01 "
            "where dimension = 'gender' and value = 'Male'",
        ),
        "marts.fct_segment_profiles",
        "total_loans",
        1,
        "total_loans",
    ),
    Sabotage(
        "a cent less in a total of one customer",
        (
            f"update {MEASURED} set total_deposits = total_deposits - 0.01 "
            f"where customer_key in {first_keys(MEASURED, 1)}",
        ),
        POSITIONS,
        "total_deposits",
        1,
        "total_deposits = ",
    ),
    Sabotage(
        "a ratio with a zero denominator",
        (
            f"update {MEASURED} set total_deposits = 0, loan_to_deposit_ratio = 0 "
            f"where customer_key in {first_keys(MEASURED, 2)}",
        ),
        POSITIONS,
        "loan_to_deposit_ratio",
        2,
        "loan_to_deposit_ratio = 0.0",
    ),
    Sabotage(
        "a negative probability",
        (
            "update marts.fct_expected_losses set probability_of_default = -0.05 "
            "where risk_weighting = 2 and product = 'bank_loan'",
        ),
        "marts.fct_expected_losses",
        "probability_of_default",
        1,
        "probability_of_default = -0.05",
    ),
    Sabotage(
        "a verdict 'more than chance' that the p-value contradicts",
        (
            "update marts.fct_segment_differences set verdict = 'more than chance, small' "
            "where dimension = 'nationality' and measure = 'bank_loans'",
        ),
        "marts.fct_segment_differences",
        "verdict",
        1,
        "measure = bank_loans",
    ),
    Sabotage(
        "a driver whose direction is reversed",
        (
            "update marts.fct_risk_drivers set direction = 'lowers' "
            "where driver = 'estimated_income' and coefficient > 0",
        ),
        "marts.fct_risk_drivers",
        "coefficient, direction",
        1,
        "driver = estimated_income",
    ),
    Sabotage(
        "a customer moved to another cluster, customer counts of both clusters unchanged",
        (
            "update marts.fct_customer_segments set behavioural_cluster = "
            "case behavioural_cluster when 1 then 2 else 1 end where customer_key in "
            + first_keys(SEGMENTS, 1),
        ),
        "marts.fct_cluster_centroids",
        "customers",
        2,
        "customers_there = ",
    ),
    Sabotage(
        "an action for a customer who does not meet its rule",
        (
            *AS_A_TABLE,
            f"update {RECOMMENDATIONS} set action = 'onboard', fact = 'tenure_days', "
            "fact_value = 365, second_fact = null, second_fact_value = null, third_fact = null, "
            "third_fact_value = null, product = null, reasons = 'tenure_days' where action = "
            f"'refinance' and customer_key in (select customer_key from {RECOMMENDATIONS} "
            "where action = 'refinance' order by 1 limit 3)",
        ),
        RECOMMENDATIONS,
        "action",
        3,
        "fact_value = 365.0",
    ),
    Sabotage(
        "a loan offered to a customer whose lending limit is under review",
        (
            *AS_A_TABLE,
            f"insert into {RECOMMENDATIONS} select * replace ('deepen_bank_loan' as action) "
            f"from {RECOMMENDATIONS} where action = 'review_lending_limit' "
            "order by customer_key limit 2",
        ),
        RECOMMENDATIONS,
        "customer_key, action",
        2,
        "conflict_group = ",
    ),
    Sabotage(
        "a group of the fairness monitor with one chosen customer too few",
        (
            "update marts.fct_fairness_monitor set chosen = chosen - 1 "
            "where action = 'onboard' and dimension = 'gender' and value = 'Male'",
        ),
        "marts.fct_fairness_monitor",
        "customers, chosen",
        1,
        "chosen_there = ",
    ),
    Sabotage(
        "a sensitivity a cent larger than the sum of its items",
        (
            "update marts.fct_stress_sensitivity set shifted_value = shifted_value + 0.01, "
            "change_in_value = change_in_value + 0.01 where scenario = 'baseline' "
            "and assumption = 'loss_given_default' and item = 'all' and direction = 'larger'",
        ),
        "marts.fct_stress_sensitivity",
        "change_in_value",
        1,
        "amount_of_items = ",
    ),
    Sabotage(
        "a flag without its reason",
        (
            f"update {RISK} set watch_list_reasons = 'No rule of the watch list applies' where "
            f"customer_key in (select customer_key from {RISK} where rules_met > 0 "
            "order by 1 limit 5)",
        ),
        RISK,
        "watch_list_reasons",
        5,
        "rules_met = ",
    ),
    Sabotage(
        "an advisor who does not exist",
        (
            f"update {MEASURED} set investment_advisor = 'Nobody Known' "
            f"where customer_key in {first_keys(MEASURED, 4)}",
        ),
        "marts.dim_customers",
        "investment_advisor",
        4,
        "customer_key = ",
    ),
    Sabotage(
        "a client's name in a text column of a mart",
        (
            f"update {RISK} set watch_list_reasons = 'Loans of ' || {A_NAME} || ' are high' "
            f"where customer_key in (select customer_key from {RISK} where rules_met > 0 "
            "order by 1 limit 1)",
        ),
        "marts.dim_customers",
        "any text",
        1,
        "mart_column = watch_list_reasons",
    ),
    Sabotage(
        "a column of names in a mart",
        (
            f"alter table {SEGMENTS} add column client_name varchar",
            f"update {SEGMENTS} set client_name = {A_NAME}",
        ),
        "marts.dim_customers",
        "any",
        1,
        "column_name = client_name",
    ),
    Sabotage(
        "a difference in the control totals",
        (
            "update quality.fct_control_totals set in_marts = in_marts - 0.01, difference = 0.01 "
            "where column_name = 'bank_loans'",
        ),
        "quality.fct_control_totals",
        "difference",
        1,
        "difference = 0.01",
    ),
    Sabotage(
        "a delivered row that is neither accepted nor quarantined",
        (
            "insert into staging.base_bank__clients (source_file, is_valid, reject_reasons, "
            "raw_text) values ('seeds/raw/raw_clients.csv', false, 'lost', '{}')",
        ),
        "staging.base_bank__clients",
        "row count",
        1,
        "rows_delivered = 3001",
    ),
]


def copy_of(built: Path, folder: Path) -> Path:
    return Path(shutil.copy(built, folder / built.name))


def sabotaged(built: Path, folder: Path, statements: tuple[str, ...]) -> Path:
    path = copy_of(built, folder)
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)
    return path


def check(path: Path, docs: Path | None = None) -> list[Failure]:
    with warehouse.connect(path) as connection:
        tables = {name: declare(connection) for name, declare in SUITES.items()}
    results = runner.run(path, tables, docs)
    assert all(result.checked > 0 for result in results)
    return [failure for result in results for failure in result.failures]


def command_line(*arguments: str, **environment: str) -> Completed:
    return bank("check", *arguments, **environment)


def personal_data(path: Path) -> set[str]:
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.execute(
            "select client_name from restricted.dim_customer_identities union "
            "select client_id from restricted.dim_customer_identities union "
            "select banking_contact from restricted.dim_customer_identities"
        ).fetchall()
    return {str(row[0]) for row in rows if row[0]}


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda sabotage: sabotage.name)
def test_sabotage_is_reported_with_column_rows_and_examples(
    sabotage: Sabotage, built_warehouse: Path, tmp_path: Path
) -> None:
    failures = check(sabotaged(built_warehouse, tmp_path, sabotage.statements))
    named = [
        failure
        for failure in failures
        if failure.table == sabotage.table
        and sabotage.column in failure.column
        and failure.rows == sabotage.rows
        and any(sabotage.example in example for example in failure.examples)
    ]
    assert named, failures
    printed = "\n".join("\n".join((failure.words, *failure.examples)) for failure in failures)
    assert not [text for text in personal_data(built_warehouse) if text in printed]


def test_built_warehouse_passes_and_its_docs_hold_no_personal_data(
    built_warehouse: Path, tmp_path: Path
) -> None:
    docs = tmp_path / "docs"
    # This is a copy, because the record of the checks is written beside the warehouse.
    path = copy_of(built_warehouse, tmp_path)
    result = command_line("--warehouse", str(path), "--docs", str(docs))
    assert result.returncode == 0, result.stdout + result.stderr
    for suite in SUITES:
        assert re.search(rf"^{suite} +\d+ +\d+ +\d+ +0$", result.stdout, re.MULTILINE)
    pages = "\n".join(page.read_text(encoding="utf-8") for page in docs.rglob("*.html"))
    assert (docs / "index.html").is_file()
    loaded = re.findall(r"<script.*|<link[^>]*https?:.*|src=.?https?:.*", pages)
    loaded += [sheet for sheet in docs.rglob("*.css") if "http" in sheet.read_text("utf-8")]
    assert not loaded, "Data Docs load something from the network"
    index = (docs / "index.html").read_text(encoding="utf-8")
    for suite in SUITES:
        assert f"<td>{suite}</td>" in index
    linked = re.findall(r'href="(validations/[^"]*\.html)"', index)
    assert len(linked) == index.count("<td>passed</td>")
    assert all((docs / page).is_file() for page in linked)
    assert "total_loans is the sum of bank_loans, business_lending" in pages
    found = set(re.findall(r"[\w']+", pages))
    personal = personal_data(built_warehouse)
    assert not [text for text in personal if text in found or (" " in text and text in pages)]


def test_failure_exits_with_1_and_prints_table_column_rows_and_examples(
    built_warehouse: Path, tmp_path: Path
) -> None:
    sabotage = next(one for one in SABOTAGES if one.name == "a negative probability")
    path = sabotaged(built_warehouse, tmp_path, sabotage.statements)
    docs = tmp_path / "docs"
    result = command_line("--suite", "marts", "--docs", str(docs), BANK_WAREHOUSE=str(path))
    assert result.returncode == 1
    assert "marts.fct_expected_losses, probability_of_default — 1 row\n" in result.stdout
    assert "probability_of_default = -0.05" in result.stdout
    assert "probability_of_default = -0.05" in "".join(
        page.read_text(encoding="utf-8") for page in docs.rglob("*.html")
    )


def test_missing_warehouse_exits_with_2_and_says_what_to_do(tmp_path: Path) -> None:
    result = command_line("--warehouse", str(tmp_path / "none.duckdb"))
    assert result.returncode == 2
    assert "none.duckdb" in result.stderr
    assert "bank build" in result.stderr


def test_file_that_is_not_a_database_exits_with_2(tmp_path: Path) -> None:
    path = tmp_path / "bank.duckdb"
    path.write_text("not a database")
    result = command_line("--warehouse", str(path))
    assert result.returncode == 2
    assert f"{path} is not a warehouse" in result.stderr
    assert "Traceback" not in result.stderr


def test_warehouse_without_tables_exits_with_2_and_names_them(tmp_path: Path) -> None:
    path = tmp_path / "bank.duckdb"
    duckdb.connect(str(path)).close()
    result = command_line("--warehouse", str(path))
    assert result.returncode == 2
    assert "marts.dim_customers" in result.stderr
    assert "bank build" in result.stderr


def test_locked_warehouse_exits_with_2_and_names_the_process(
    built_warehouse: Path, tmp_path: Path
) -> None:
    path = copy_of(built_warehouse, tmp_path)
    hold = "import duckdb\nconnection = duckdb.connect(sys.argv[1])\nwait()\n"
    with running_holder(hold, path) as holder:
        result = command_line("--warehouse", str(path))
    assert result.returncode == 2
    assert "Another process is writing" in result.stderr
    assert str(holder.pid) in result.stderr


def test_unknown_suite_exits_with_2() -> None:
    assert command_line("--suite", "nonsense").returncode == 2


def test_checks_change_nothing_in_the_warehouse(built_warehouse: Path, tmp_path: Path) -> None:
    path = copy_of(built_warehouse, tmp_path)
    before = path.read_bytes()
    assert check(path) == []
    assert path.read_bytes() == before


def test_examples_mask_keys_and_hide_unknown_text() -> None:
    row = shown_row(
        ["customer_key", "client_name", "segment", "note", "age"],
        [1234567890123456789, "Ann Example", "Savers", "of Ann Example", 30],
        frozenset({"Savers"}),
    )
    assert row == (
        "customer_key = 1234…6789, client_name = (hidden), segment = Savers, "
        "note = (text of 14 characters), age = 30"
    )
    assert masked_key(12345678) == "12345678"
