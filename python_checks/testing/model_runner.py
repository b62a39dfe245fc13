"""Run models of the project on other data without a build, for tests and benchmarks.

dbt compiles the project once. The compiled SQL and the Python models can then run any number of
times in an in-memory DuckDB.
"""

import csv
import importlib.util
import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from bank_warehouse.generator.clients import draw_columns, make_plan, record_batch
from bank_warehouse.sql import quote_identifier, quote_literal
from python_checks.testing.dbt import run_dbt
from python_checks.testing.paths import PROJECT

DATABASE = "bank"
CLIENTS = "stg_bank__clients"

_CLIENTS_SQL = """
    select
        cast('0x' || left(md5("client number" || "first name" || surname), 15) as bigint)
            as customer_key,
        "client number" as client_key,
        "Joined Bank" as joined_date,
        cast("GenderId" as varchar) as gender,
        "Age" as age,
        cast("Nationality" as varchar) as nationality,
        cast("Occupation" as varchar) as occupation,
        cast("BRId" as varchar) as banking_relationship,
        cast("IAId" as varchar) as investment_advisor,
        cast("Loyalty Classification" as varchar) as loyalty_classification,
        cast("Fee Structure" as varchar) as fee_structure,
        "Amount of Credit Cards" as amount_of_credit_cards,
        "Properties Owned" as properties_owned,
        "Risk Weighting" as risk_weighting,
        "Estimated Income" as estimated_income,
        "Superannuation Savings" as superannuation_savings,
        "Credit Card Balance" as credit_card_balance,
        "Bank Loans" as bank_loans,
        "Bank Deposits" as bank_deposits,
        "Checking Accounts" as checking_accounts,
        "Saving Accounts" as saving_accounts,
        "Foreign Currency Account" as foreign_currency_account,
        "Business Lending" as business_lending
    from made
"""


@dataclass(frozen=True)
class Relation:
    """What `dbt.ref` returns in a Python model."""

    connection: duckdb.DuckDBPyConnection
    name: str

    def df(self) -> Any:
        """Return the table as a pandas data frame."""
        return self.connection.execute(f"select * from {self.name}").df()


@dataclass(frozen=True)
class Dbt:
    """The argument `dbt` of a Python model."""

    connection: duckdb.DuckDBPyConnection
    names: Mapping[str, str]

    def ref(self, name: str) -> Relation:
        """Return the relation of the model or seed `name`."""
        return Relation(self.connection, self.names[name])


def compile_project(folder: Path) -> Mapping[str, Any]:
    """Compile the project with dbt, and return its models and seeds, by name.

    Args:
        folder: An empty folder for dbt's output.

    Raises:
        RuntimeError: dbt fails. The message contains dbt's output.
    """
    ran = run_dbt(folder, "compile", "--quiet")
    if ran.returncode:
        message = f"dbt compile failed:\n{ran.stdout}{ran.stderr}"
        raise RuntimeError(message)
    return read_nodes(folder / "target")


def read_nodes(target: Path) -> Mapping[str, Any]:
    """Return the models and seeds of a compiled project from its target folder, by name."""
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    return {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed")
    }


@contextmanager
def warehouse(threads: int = 1) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty warehouse in memory."""
    with duckdb.connect(config={"threads": threads}) as connection:
        connection.execute(f"attach ':memory:' as {DATABASE}")
        connection.execute(f"use {DATABASE}")
        connection.execute("set nested_loop_join_threshold = 1000")
        yield connection


def load_clients(
    connection: duckdb.DuckDBPyConnection,
    customers: int,
    seed: int,
    plant: str | None = None,
    *,
    is_reversed: bool = False,
) -> None:
    """Create the table `stg_bank__clients` from generated clients.

    Args:
        connection: From `warehouse`.
        customers: The number of clients.
        seed: The seed of the generator.
        plant: The name of an effect to plant in the data; None to plant none.
        is_reversed: Whether to reverse the order of the rows.
    """
    plan = make_plan(customers, seed, plant)
    batch = record_batch(plan, draw_columns(plan, 0, customers))
    if is_reversed:
        batch = batch.take(pa.array(range(customers - 1, -1, -1)))
    connection.register("made", pa.Table.from_batches([batch]))
    connection.execute("create schema if not exists staging")
    connection.execute(f"create or replace table staging.{CLIENTS} as {_CLIENTS_SQL}")
    connection.unregister("made")


def run_models(
    connection: duckdb.DuckDBPyConnection,
    nodes: Mapping[str, Any],
    names: Collection[str],
    given: Collection[str] = (CLIENTS,),
) -> None:
    """Run models, and before them the models and seeds that they need, except those in `given`.

    Args:
        connection: From `warehouse`. The relations in `given` are in this warehouse.
        nodes: From `compile_project`.
        names: The models to run.
        given: Relations that exist already.
    """
    relations = {name: node["relation_name"] for name, node in nodes.items()}
    by_id = {node["unique_id"]: name for name, node in nodes.items()}
    done = set(given)

    def run(name: str) -> None:
        if name in done:
            return
        done.add(name)
        node = nodes[name]
        for parent in node.get("depends_on", {}).get("nodes", []):
            run(by_id[parent])
        connection.execute(f"create schema if not exists {node['schema']}")
        if node["resource_type"] == "seed":
            load_seed(connection, node)
        elif node["language"] == "python":
            run_python_model(connection, PROJECT / node["original_file_path"], name, relations)
        else:
            kind = "view" if node["config"]["materialized"] == "view" else "table"
            connection.execute(
                f"create or replace {kind} {relations[name]} as {node['compiled_code']}"
            )

    for name in names:
        run(name)


def load_seed(
    connection: duckdb.DuckDBPyConnection, node: Mapping[str, Any], path: Path | None = None
) -> None:
    """Create the table of a seed, with its configured types.

    Args:
        connection: From `warehouse`.
        node: The seed, from `compile_project`.
        path: A CSV file to use instead of the seed's own file.
    """
    path = path or PROJECT / node["original_file_path"]
    with path.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    types = node["config"]["column_types"]
    columns = ", ".join(
        f"cast({quote_identifier(column)} as {types[column]}) as {quote_identifier(column)}"
        for column in header
    )
    source = f"read_csv({quote_literal(str(path))}, header = true, all_varchar = true)"
    connection.execute(
        f"create or replace table {node['relation_name']} as select {columns} from {source}"
    )


def make_python_model(
    connection: duckdb.DuckDBPyConnection, path: Path, relations: Mapping[str, str]
) -> Any:
    """Run a Python model and return its data frame.

    Args:
        connection: A connection to a warehouse with the relations that the model reads.
        path: The file of the model.
        relations: The qualified name of each model and seed, by its short name.

    Raises:
        RuntimeError: The name of the file does not end in `.py`.
    """
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        message = f"{path} cannot be read as Python."
        raise RuntimeError(message)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.model(Dbt(connection, relations), None)


def run_python_model(
    connection: duckdb.DuckDBPyConnection, path: Path, name: str, relations: Mapping[str, str]
) -> None:
    """Create the table of a Python model.

    Args:
        connection: A connection to a warehouse with the relations that the model reads.
        path: The file of the model.
        name: The name of the model.
        relations: The qualified name of each model and seed, by its short name.
    """
    connection.register("made", make_python_model(connection, path, relations))
    connection.execute(f"create or replace table {relations[name]} as from made")
    connection.unregister("made")
