"""The clients file is read once, and no model sorts all customers.

A sort of three thousand rows is not noticeable, but a sort of ten million takes minutes. These
tests build a warehouse of generated customers and run the compiled SQL of every model again with
DuckDB's profiler. The profiler lists the operators and the number of rows that each returned.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from bank_warehouse.cli import main
from python_checks.testing.dbt import run_dbt

CUSTOMERS = 25_000
"""More than exact_ranks_limit, so that the models rank buckets instead of customers."""

SORTING = frozenset(
    {
        "ORDER_BY",
        "TOP_N",
        "WINDOW",
        "STREAMING_WINDOW",
        "PIECEWISE_MERGE_JOIN",
        "IE_JOIN",
        "ASOF_JOIN",
    }
)
"""Operators that sort, rank or number their input."""

CONCENTRATION = "fct_balance_concentration"
"""The model that sorts the buckets of int_balance_buckets. A bucket contains the amounts with the
same number of digits and the same first four digits, so the number of buckets is limited."""

DISTRIBUTIONS = "int_distributions"
"""The model that counts amounts in buckets, each 1/64 wide on a logarithmic scale."""

MEDIANS = "int_dimension_medians"
"""The model that sorts the amounts in the few buckets that contain a median."""

AMOUNTS_OF_A_MEDIAN = 0.02
"""Largest share of the amounts that MEDIANS may sort."""

BUCKETS_OF_A_NUMBER_OF_DIGITS = 9_000
"""Largest number of buckets for amounts with the same number of digits. The first four
digits, from 1000 to 9999, identify a bucket."""

READING = ("READ_CSV", "READ_PARQUET", "PARQUET_SCAN")

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Operator:
    """An operator of an executed plan.

    Attributes:
        name: DuckDB's name for the operator, such as HASH_JOIN.
        rows_in: Number of rows of the operator's largest input, or 0 if there is no input.
        rows_out: Number of rows that the operator returned.
        details: The extra information in the profile, as JSON.
    """

    name: str
    rows_in: int
    rows_out: int
    details: str


@dataclass(frozen=True)
class Pack:
    """A built warehouse of generated customers.

    Attributes:
        warehouse: The DuckDB file.
        clients_file: The clients file from which the warehouse was built.
        models: The compiled SQL of each model, by model name.
    """

    warehouse: Path
    clients_file: Path
    models: dict[str, str]


def operators(node: Node) -> Iterator[Operator]:
    """Yield all operators of a profile, from the top down."""
    children: list[Node] = node.get("children", [])
    name = node.get("operator_name") or node.get("operator_type")
    if name:
        yield Operator(
            name=str(name).strip(),
            rows_in=max((int(one.get("operator_cardinality", 0)) for one in children), default=0),
            rows_out=int(node.get("operator_cardinality", 0)),
            details=json.dumps(node.get("extra_info", {})),
        )
    for child in children:
        yield from operators(child)


def profile(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Operator]:
    """Run a query and return its operators."""
    row = connection.execute(f"explain (analyze, format json) {sql}").fetchone()
    assert row is not None
    return list(operators(json.loads(row[1])))


def sorts(found: list[Operator]) -> list[Operator]:
    """Return the operators that sort or rank at least as many rows as there are customers."""
    return [one for one in found if one.name in SORTING and one.rows_in >= CUSTOMERS]


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """Generate customers, and build a warehouse from them without tests."""
    folder = tmp_path_factory.mktemp("one_pass")
    drop = folder / "drop"
    generated = CliRunner().invoke(
        main, ["generate", "--customers", str(CUSTOMERS), "--seed", "7", "--out", str(drop)]
    )
    assert generated.exit_code == 0, generated.output
    run = run_dbt(
        folder,
        "build",
        "--resource-type",
        "seed",
        "--resource-type",
        "model",
        BANK_RAW_DIR=str(drop),
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr
    manifest = json.loads((folder / "target" / "manifest.json").read_text(encoding="utf-8"))
    models = {
        node["name"]: (
            folder / "target" / "compiled" / node["package_name"] / node["original_file_path"]
        ).read_text(encoding="utf-8")
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["language"] == "sql"
    }
    clients = max(drop.glob("*.csv"), key=lambda file: file.stat().st_size)
    return Pack(folder / "bank.duckdb", clients, models)


@pytest.fixture(scope="module")
def profiles(pack: Pack) -> dict[str, list[Operator]]:
    """Return the operators of every model, by model name, with the join setting of profiles.yml."""
    with duckdb.connect(str(pack.warehouse), read_only=True) as connection:
        history = pack.warehouse.with_name("bank_history.duckdb")
        connection.execute(f"attach '{history}' as history (read_only)")
        connection.execute("set threads = 2")
        connection.execute("set nested_loop_join_threshold = 1000")
        return {name: profile(connection, sql) for name, sql in pack.models.items()}


def test_all_generated_customers_are_built(pack: Pack) -> None:
    with duckdb.connect(str(pack.warehouse), read_only=True) as connection:
        counted = connection.execute(
            "select (select count(*) from marts.fct_customer_positions),"
            " (select count(*) from quality.fct_quarantined_clients)"
        ).fetchone()
    assert counted is not None
    assert sum(counted) == CUSTOMERS
    assert counted[0] >= 0.99 * CUSTOMERS


def test_sort_of_all_customers_is_detected(pack: Pack) -> None:
    customers = "from marts.fct_customer_positions"
    with duckdb.connect(str(pack.warehouse), read_only=True) as connection:
        for guilty in (
            f"select * {customers} order by total_loans",
            f"select *, ntile(5) over (order by total_loans) as tier {customers}",
            f"select *, row_number() over () as number {customers}",
            f"select * {customers} order by total_loans desc limit 10",
        ):
            assert sorts(profile(connection, guilty)), guilty
        for innocent in (
            f"select fee_rate, sum(total_loans) as loans {customers} group by 1 order by 2",
            f"select quantile_disc(total_loans, [0.2, 0.4]) {customers}",
        ):
            found = profile(connection, innocent)
            assert not sorts(found), innocent
            assert max(one.rows_out for one in found) >= 0.99 * CUSTOMERS


def test_every_model_is_profiled(profiles: dict[str, list[Operator]]) -> None:
    assert len(profiles) >= 40
    assert all(profiles.values())
    # Models that score and rank customers are included, and their plans read all customers.
    for name in ("int_customers_segmented", "fct_product_holdings"):
        assert max(one.rows_out for one in profiles[name]) >= 0.99 * CUSTOMERS


def test_no_model_sorts_or_ranks_all_customers(profiles: dict[str, list[Operator]]) -> None:
    guilty = {
        name: [f"{one.name} of {one.rows_in:,} rows: {one.details[:300]}" for one in sorts(found)]
        for name, found in profiles.items()
        if sorts(found) and name not in (CONCENTRATION, MEDIANS)
    }
    assert not guilty, json.dumps(guilty, indent=2)


def test_number_of_sorted_balance_buckets_is_bounded(
    pack: Pack, profiles: dict[str, list[Operator]]
) -> None:
    with duckdb.connect(str(pack.warehouse), read_only=True) as connection:
        buckets = connection.execute("select count(*) from intermediate.int_balance_buckets")
        counted = buckets.fetchone()
        fullest = connection.execute(
            """
            select max(buckets) from (
                select count(*) as buckets from intermediate.int_balance_buckets
                group by measure, sign(bucket), abs(bucket) // 10000
            ) as by_number_of_digits
            """
        ).fetchone()
    assert counted is not None
    assert {one.rows_in for one in sorts(profiles[CONCENTRATION])} <= {counted[0]}
    assert fullest is not None
    assert 0 < fullest[0] <= BUCKETS_OF_A_NUMBER_OF_DIGITS


def test_number_of_distribution_buckets_is_bounded(pack: Pack) -> None:
    with duckdb.connect(str(pack.warehouse), read_only=True) as connection:
        fullest = connection.execute(
            f"""
            select max(buckets) from (
                select count(distinct bucket) as buckets from intermediate.{DISTRIBUTIONS}
                group by measure_number, sign(bucket), abs(bucket) // 64
            ) as by_power_of_e
            """
        ).fetchone()
    assert fullest is not None
    assert 0 < fullest[0] <= 64


def test_medians_sort_few_amounts(pack: Pack, profiles: dict[str, list[Operator]]) -> None:
    with duckdb.connect(str(pack.warehouse), read_only=True) as connection:
        counted = connection.execute(
            f"select count(distinct (measure, is_of_holders)) * count(distinct dimension) "
            f"from intermediate.{MEDIANS}"
        ).fetchone()
        buckets = connection.execute(
            f"select count(*) from intermediate.{DISTRIBUTIONS}"
        ).fetchone()
    assert counted is not None
    assert buckets is not None
    assert counted[0] == 13 * 15
    assert sorts(profiles[MEDIANS])
    for one in sorts(profiles[MEDIANS]):
        assert one.rows_in <= max(AMOUNTS_OF_A_MEDIAN * counted[0] * CUSTOMERS, buckets[0])


def test_the_clients_file_is_read_once(pack: Pack, profiles: dict[str, list[Operator]]) -> None:
    reads = {
        name: count
        for name, found in profiles.items()
        if (
            count := sum(
                one.name.startswith(READING)
                and (pack.clients_file.name in one.details or one.rows_out >= CUSTOMERS)
                for one in found
            )
        )
    }
    assert reads == {"base_bank__clients": 1}
    assert max(one.rows_out for one in profiles["base_bank__clients"]) >= CUSTOMERS
    # No other model names the file, not even in a branch that the plan left out.
    named = [name for name, sql in pack.models.items() if pack.clients_file.name in sql]
    assert named == ["base_bank__clients"]
