"""Compare the marts of the comparison set in two folders: money to the cent, ratios to 1e-9.

Each contender computes keys with its own hash, so customers are matched by client id, name and
joining date.

    python -m benchmarks.scale.equality EXPECTED FOUND

The exit code is 1 if the marts differ.
"""

import sys
from pathlib import Path

import click
import duckdb

from bank_warehouse.sql import quote_identifier, quote_literal
from benchmarks.scale.comparison import MARTS, ComparedMart

NATURAL_KEY = ("client_id", "client_name", "joined_date")
HALF_A_CENT = 0.005
RELATIVE = 1e-9
ABSOLUTE = 1e-12


def differences(expected: Path, found: Path) -> list[str]:
    """Return the differences between the marts of two folders, in words.

    Args:
        expected: A folder of Parquet files with the expected columns and types.
        found: The other folder.
    """
    told: list[str] = []
    with duckdb.connect() as connection:
        for side, folder in (("expected", expected), ("found", found)):
            connection.execute(f"create schema {side}")
            for mart in MARTS:
                _load(connection, side, folder, mart)
        for mart in MARTS:
            told.extend(_compare(connection, mart))
    return told


def _load(
    connection: duckdb.DuckDBPyConnection, side: str, folder: Path, mart: ComparedMart
) -> None:
    """Create the table of a mart with the natural keys of customers instead of hashes."""
    source = f"read_parquet({quote_literal(str(folder / f'{mart.name}.parquet'))})"
    if mart.key != ("customer_key",):
        query = f"from {source}"
    elif mart.name == "clients":
        # Each client key belongs to one client id, so the id can be compared instead of the key.
        query = (
            "select *, min(client_id) over (partition by client_key) as client_of_key "
            f"from {source}"
        )
    else:
        names = [row[0] for row in connection.execute(f"describe from {source}").fetchall()]
        kept = ", ".join(
            f"marts.{quote_identifier(name)}"
            for name in names
            if name not in ("customer_key", "client_key", *NATURAL_KEY)
        )
        key = ", ".join(f"clients.{name}" for name in NATURAL_KEY)
        client = ", marts.client_key = clients.client_key as is_key_of_client"
        query = (
            f"select {key}, {kept}{client if 'client_key' in names else ''} from {source} as marts "
            f"left join {side}.clients on marts.customer_key = clients.customer_key"
        )
    connection.execute(f"create table {side}.{mart.name} as {query}")


def _compare(connection: duckdb.DuckDBPyConnection, mart: ComparedMart) -> list[str]:
    types = {
        side: {
            str(name): str(data_type)
            for name, data_type, *_ in connection.execute(f"describe {side}.{mart.name}").fetchall()
        }
        for side in ("expected", "found")
    }
    if set(types["expected"]) != set(types["found"]):
        unshared = ", ".join(sorted(set(types["expected"]) ^ set(types["found"])))
        return [f"{mart.name}: columns in only one of the two: {unshared}"]
    key = NATURAL_KEY if mart.key == ("customer_key",) else mart.key
    columns = [
        name for name in types["expected"] if name not in (*key, "customer_key", "client_key")
    ]
    matched = " and ".join(
        f"expected.{name} = cast(found.{name} as {types['expected'][name]})" for name in key
    )
    differing = ", ".join(
        f"count(*) filter (where {_differs(name, types['expected'][name])})" for name in columns
    )
    joined = f"expected.{mart.name} as expected full join found.{mart.name} as found on {matched}"
    counts = connection.execute(
        f"select count(*) filter (where expected.{key[0]} is null or found.{key[0]} is null), "
        f"{differing} from {joined}"
    ).fetchone()
    rows = connection.execute(
        f"select (select count(*) from expected.{mart.name}), "
        f"(select count(*) from found.{mart.name})"
    ).fetchone()
    if counts is None or rows is None:
        message = "the query that counts differences returned no row"
        raise RuntimeError(message)
    told = [] if rows[0] == rows[1] else [f"{mart.name}: {rows[0]} rows expected, {rows[1]} found"]
    if counts[0]:
        told.append(f"{mart.name}: {counts[0]} rows are in only one of the two")
    for name, count in zip(columns, counts[1:], strict=True):
        if count and not counts[0]:
            pair = connection.execute(
                f"select expected.{name}, found.{name} from {joined} "
                f"where {_differs(name, types['expected'][name])} limit 1"
            ).fetchone()
            told.append(f"{mart.name}.{name}: {count} rows differ, such as {pair}")
    return told


def _differs(name: str, data_type: str) -> str:
    """Return the SQL condition under which a column differs."""
    left, right = f"expected.{name}", f"cast(found.{name} as {data_type})"
    unlike = f"(({left} is null) <> (found.{name} is null)"
    if data_type.startswith("DECIMAL"):
        return f"{unlike} or abs({left} - cast(found.{name} as double)) >= {HALF_A_CENT})"
    if data_type == "DOUBLE":
        return f"{unlike} or abs({left} - {right}) > {RELATIVE} * abs({left}) + {ABSOLUTE})"
    return f"{left} is distinct from {right}"


@click.command()
@click.argument("expected", type=click.Path(path_type=Path))
@click.argument("found", type=click.Path(path_type=Path))
def main(expected: Path, found: Path) -> None:
    """Print the differences between the marts of two folders."""
    told = differences(expected, found)
    for each in told:
        click.echo(each)
    sys.exit(1 if told else 0)


if __name__ == "__main__":
    main()
