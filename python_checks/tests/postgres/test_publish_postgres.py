"""Releases in PostgreSQL have the right types, keys and rights, and do not disturb readers."""

import json
import re
import threading
import time
import traceback
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bank_warehouse.cli import main
from bank_warehouse.powerbi import model_text, project
from bank_warehouse.publish import current_release
from bank_warehouse.publish.contracts import Contract
from bank_warehouse.publish.errors import (
    BusyError,
    ContractError,
    PostgresError,
    PublishError,
    ReadersInTheWayError,
    UnknownCommitError,
    UnreachableError,
)
from bank_warehouse.publish.files import published_marts
from bank_warehouse.publish.flow import publish, roll_back
from bank_warehouse.publish.pending import PENDING, Commit, Outcome
from bank_warehouse.publish.postgres import PostgresTarget, open_target, server
from bank_warehouse.publish.postgres.tables import postgres_type
from bank_warehouse.publish.records import build_record_path
from bank_warehouse.publish.releases import current_number, release_numbers
from python_checks.testing.cut_proxy import MOMENTS, Moment, cut_proxy, releases_in
from python_checks.testing.needs import needs
from python_checks.testing.paths import PROJECT
from python_checks.testing.postgres_server import temporary_postgres
from python_checks.testing.publishing import (
    change_checked,
    copy_checked,
    edit_record,
    second_warehouse,
)


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with temporary_postgres() as uri:
        yield uri


@pytest.fixture
def database(postgres: str) -> str:
    """The DSN of a new, empty database."""
    return new_database(postgres)


def new_database(postgres: str) -> str:
    name = f"bank_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    return str(make_conninfo(postgres, dbname=name))


@pytest.fixture(scope="module")
def warehouse(built_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_checked(built_warehouse, tmp_path_factory.mktemp("checked"))


@pytest.fixture(scope="module")
def other_warehouse(warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return second_warehouse(warehouse, tmp_path_factory.mktemp("other"))


@pytest.fixture(scope="module")
def published(
    postgres: str, warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path]:
    """A database and a folder with one release that has personal data. Tests only read them."""
    dsn, folder = new_database(postgres), tmp_path_factory.mktemp("published")
    publish(warehouse, folder, dsn, with_restricted=True)
    return dsn, folder


def one(dsn: str, query: str) -> Any:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query).fetchone()
    return row[0] if row and len(row) == 1 else row


def login(dsn: str, role: str) -> str:
    """Return the DSN of a new user who is a member of a role."""
    user = f"user_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(dsn) as connection:
        connection.execute(f"create role {user} login in role {role}")
    return str(make_conninfo(dsn, user=user))


def test_tables_have_the_types_keys_and_comments_of_the_contract(
    published: tuple[str, Path],
) -> None:
    dsn, folder = published
    marts = published_marts(current_release(folder).manifest)
    with psycopg.connect(dsn) as connection:
        for contract, _ in marts:
            columns = connection.execute(
                "select attname, format_type(atttypid, atttypmod), not attnotnull, "
                "col_description(attrelid, attnum) from pg_attribute "
                "where attrelid = %s::regclass and attnum > 0 order by attnum",
                (contract.relation,),
            ).fetchall()
            assert columns == [
                (
                    column.name,
                    postgres_type(contract, column),
                    column.is_nullable,
                    column.description,
                )
                for column in contract.columns
            ]
            key = connection.execute(
                "select pg_get_constraintdef(oid) from pg_constraint "
                "where conrelid = %s::regclass and contype = 'p'",
                (contract.relation,),
            ).fetchall()
            assert key == [(f"PRIMARY KEY ({', '.join(contract.grain)})",)]
            described = connection.execute(
                "select obj_description(%s::regclass)", (contract.relation,)
            ).fetchone()
            assert described == (contract.description,)
        described_types = connection.execute(
            "select attname::text, format_type(atttypid, atttypmod) from pg_attribute "
            "where attrelid = 'marts.fct_customer_positions'::regclass and attnum > 0"
        ).fetchall()
        types = {row[0]: row[1] for row in described_types}
        indexes = {
            name
            for (name,) in connection.execute(
                "select indexname::text from pg_indexes where schemaname = 'marts'"
            )
        }
    assert types["total_loans"] == "numeric(18,2)"
    assert types["fee_rate"] == "numeric(5,4)"
    assert types["customer_key"] == "bigint"
    assert types["as_of_date"] == "date"
    assert types["is_overleveraged"] == "boolean"
    assert {"fct_product_holdings_product_index", "dim_customers_joined_date_index"} <= indexes
    assert "fct_customer_positions_customer_key_index" not in indexes


def test_rows_equal_those_of_the_files(published: tuple[str, Path]) -> None:
    dsn, folder = published
    release = current_release(folder)
    compared = 0
    with psycopg.connect(dsn) as connection:
        for contract, entry in published_marts(release.manifest):
            order = ", ".join(
                f'"{name}" collate "C"' if is_text else f'"{name}"'
                for name, is_text in (
                    (name, _type_of(contract, name) == "VARCHAR") for name in contract.grain
                )
            )
            there = connection.execute(
                f"select * from {contract.relation} order by {order}"
            ).fetchall()
            plain = ", ".join(f'"{name}"' for name in contract.grain)
            here = duckdb.sql(f"from '{release.path / entry['file']}' order by {plain}").fetchall()
            assert there == here
            compared += len(here)
    assert compared > 60_000


def _type_of(contract: Contract, name: str) -> str:
    return next(column.type for column in contract.columns if column.name == name)


def test_reader_roles_read_only_what_they_may(published: tuple[str, Path]) -> None:
    dsn, _ = published
    reader, restricted = login(dsn, "bank_reader"), login(dsn, "bank_restricted_reader")
    for user in (reader, restricted):
        assert one(user, "select count(*) from marts.dim_customers") == 3000
        assert one(user, "select count(*) from quality.fct_control_totals") == 10
        assert one(user, "select release from marts.release") == 1
    names = "select count(client_name) from restricted.dim_customer_identities"
    assert one(restricted, names) == 3000
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        one(reader, names)
    for user in (reader, restricted):
        for statement in (
            "delete from marts.dim_customers",
            "create table marts.mine (a integer)",
            "select count(*) from publishing.releases",
            "drop table marts.release",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                one(user, statement)


def test_login_from_the_power_bi_guide_reads_the_model_but_no_personal_data(
    published: tuple[str, Path],
) -> None:
    """The statements come from the guide, and the queries come from the model."""
    dsn, _ = published
    guide = (PROJECT / "docs/power-bi.md").read_text("utf-8")
    (statements,) = re.findall(r"```sql\n(.*?)```", guide, flags=re.DOTALL)
    with psycopg.connect(dsn) as connection:
        connection.execute(statements.replace("...", secret := uuid.uuid4().hex))
    reader = str(make_conninfo(dsn, user="power_bi", password=secret))
    model = model_text.read(project.read(PROJECT / "powerbi"))
    asked = {
        (schema, name): re.findall(r'"(\w+)"', columns)
        for table in model.tables
        for schema, name, columns in re.findall(
            r'ReadTable\("(\w+)", "(\w+)"\)[^{]*\{([^}]*)\}', model.query(table)
        )
    }
    assert len(asked) > 25
    with psycopg.connect(reader) as connection:
        for (schema, name), columns in asked.items():
            row = connection.execute(
                sql.SQL("select {} from {} limit 1").format(
                    sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(schema, name)
                )
            ).fetchone()
            assert row is not None or "migrations" in name, name
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from restricted.dim_customer_identities")


def test_grants_on_restricted_tables_are_revoked_by_the_next_publish(
    warehouse: Path, database: str, tmp_path: Path
) -> None:
    publish(warehouse, tmp_path, database, with_restricted=True)
    with psycopg.connect(database) as connection:
        connection.execute("grant usage on schema restricted to public, bank_reader")
        connection.execute("grant all on all tables in schema restricted to public, bank_reader")
    publish(warehouse, tmp_path, database, with_restricted=True)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        one(
            login(database, "bank_reader"),
            "select count(*) from restricted.dim_customer_identities",
        )


def test_restricted_tables_are_removed_without_the_flag(
    warehouse: Path, database: str, tmp_path: Path
) -> None:
    publish(warehouse, tmp_path, database, with_restricted=True)
    publish(warehouse, tmp_path, database)
    assert one(database, "select to_regclass('restricted.dim_customer_identities') is null")
    assert one(database, "select release, includes_restricted from marts.release") == (2, False)
    roll_back(tmp_path, 1, database)
    assert one(database, "select count(*) from restricted.dim_customer_identities") == 3000
    assert one(database, "select release from marts.release") == 1
    history = one(
        database, "select string_agg(release::text, ' ' order by position) from publishing.releases"
    )
    assert history == "1 2 1"


def test_a_snapshot_taken_before_the_commit_sees_the_old_release(
    warehouse: Path, other_warehouse: Path, database: str, tmp_path: Path
) -> None:
    publish(warehouse, tmp_path, database)
    with psycopg.connect(database) as reader:
        reader.execute("set transaction isolation level repeatable read")
        reader.execute("select 1")
        publish(other_warehouse, tmp_path, database)
        assert reader.execute("select release from marts.release").fetchone() == (1,)
        for contract, entry in published_marts(
            json.loads((tmp_path / "1" / "manifest.json").read_text("utf-8"))
        ):
            found = reader.execute(f"select count(*) from {contract.relation}").fetchone()
            assert found == (entry["row_count"],)
    assert one(database, "select release from marts.release") == 2


def test_publisher_waits_for_an_open_transaction(
    warehouse: Path, other_warehouse: Path, database: str, tmp_path: Path
) -> None:
    publish(warehouse, tmp_path, database)
    lines: list[str] = []
    with psycopg.connect(database, application_name="report") as reader:
        before = reader.execute("select release from marts.release").fetchone()
        with pytest.raises(ReadersInTheWayError, match=r"pid \d+ \(.*, report, in a transaction"):
            publish(other_warehouse, tmp_path, database, wait=1)
        assert release_numbers(tmp_path) == [1]
        publisher = threading.Thread(
            target=publish,
            args=(other_warehouse, tmp_path, database),
            kwargs={"wait": 60, "progress": lines.append},
        )
        publisher.start()
        for _ in range(20):
            # Until this transaction ends, the reader sees one release, without errors or delays.
            began = time.monotonic()
            assert reader.execute("select count(*) from marts.dim_customers").fetchone() == (3000,)
            assert reader.execute("select release from marts.release").fetchone() == before
            assert time.monotonic() - began < 10
            time.sleep(0.2)
        reader.commit()
        publisher.join(timeout=120)
        assert reader.execute("select release from marts.release").fetchone() == (2,)
    assert current_number(tmp_path) == 2


def test_a_changed_contract_changes_the_tables_and_older_snapshots_see_their_rows(
    built_warehouse: Path, database: str, tmp_path: Path
) -> None:
    warehouse = copy_checked(built_warehouse, tmp_path / "w")
    folder = tmp_path / "published"
    publish(warehouse, folder, database)

    def edit(contracts: dict[str, dict[str, Any]]) -> None:
        products = contracts["dim_products"]
        for column in products["columns"]:
            if column["name"] == "product_order":
                column["type"] = "BIGINT"
            column["is_nullable"] = column["name"] not in ("product", "product_name")
        products["columns"].append(
            {"name": "note", "type": "VARCHAR", "is_nullable": True, "description": "A note."}
        )
        products["grain"] = ["product", "product_order"]
        pairs = contracts["fct_product_pairs"]
        pairs["columns"] = [each for each in pairs["columns"] if each["name"] != "lift"]
        del contracts["fct_stress_results"]

    change_checked(
        warehouse,
        "alter table marts.dim_products alter column product_order type bigint",
        "alter table marts.dim_products add column note varchar",
        "update marts.dim_products set note = 'a \"quoted\", ''text''\nof \\N lines'",
        "alter table marts.fct_product_pairs drop column lift",
        "drop table marts.fct_stress_results",
        edit=edit,
    )
    with pytest.raises(ContractError):
        publish(warehouse, tmp_path / "elsewhere", database)
    change_checked(warehouse, version=2)
    with psycopg.connect(database) as reader:
        reader.execute("set transaction isolation level repeatable read")
        reader.execute("select 1")
        publish(warehouse, folder, database)
        assert reader.execute("select count(*) from marts.dim_products").fetchone() == (7,)
        assert reader.execute("select release from marts.release").fetchone() == (1,)
    noted = "select count(*) from marts.dim_products where note like '%\\N lines'"
    assert one(database, noted) == 7
    typed = "select pg_typeof(product_order)::text from marts.dim_products limit 1"
    assert one(database, typed) == "bigint"
    assert one(database, "select to_regclass('marts.fct_stress_results') is null")
    assert "product_order" in one(
        database,
        "select pg_get_constraintdef(oid) from pg_constraint "
        "where conrelid = 'marts.dim_products'::regclass and contype = 'p'",
    )
    # Roll back to the original tables.
    roll_back(folder, 1, database)
    assert one(database, "select count(lift) from marts.fct_product_pairs") > 0
    assert one(database, "select count(*) from marts.fct_stress_results") == 20


def test_tables_that_no_release_created_are_not_changed(
    warehouse: Path, database: str, tmp_path: Path
) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.budget (a integer)")
    with pytest.raises(PostgresError, match=r"contains marts\.budget, which no release created"):
        publish(warehouse, tmp_path, database)
    assert one(database, "select count(*) from marts.budget") == 0
    assert current_number(tmp_path) is None


def test_unreachable_server_publishes_nothing_and_hides_the_password(
    warehouse: Path, tmp_path: Path
) -> None:
    with pytest.raises(PostgresError, match="cannot be reached") as refused:
        publish(warehouse, tmp_path, "postgresql://bank:s3cret@127.0.0.1:9/none")
    assert "s3cret" not in str(refused.value)
    assert "127.0.0.1:9/none" in str(refused.value)
    with pytest.raises(PostgresError, match="cannot be read as a connection string") as unread:
        publish(warehouse, tmp_path, "postgresql://bank:s3cret@[::/x")
    assert "s3cret" not in str(unread.value)
    assert release_numbers(tmp_path) == []


def test_user_without_rights_is_refused_with_a_remedy(
    warehouse: Path, database: str, tmp_path: Path
) -> None:
    user = f"user_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(database) as connection:
        connection.execute(f"create role {user} login")
    with pytest.raises(PostgresError, match="that may create schemas in this database"):
        publish(warehouse, tmp_path, make_conninfo(database, user=user))
    with psycopg.connect(database) as connection:
        name = conninfo_to_dict(database)["dbname"]
        connection.execute(f"grant create on database {name} to {user}")
    # If the roles exist, a user who may create schemas needs no further rights.
    with psycopg.connect(database) as connection:
        for statement in server_roles():
            connection.execute(statement)
    publish(warehouse, tmp_path, make_conninfo(database, user=user))
    assert one(login(database, "bank_reader"), "select release from marts.release") == 1


def server_roles() -> list[str]:
    """Return the statements that create both roles unless they exist already."""
    return [
        "do $$ begin create role bank_reader nologin; exception when duplicate_object then end $$",
        "do $$ begin create role bank_restricted_reader nologin; "
        "exception when duplicate_object then end $$",
        "grant bank_reader to bank_restricted_reader",
    ]


def test_second_publisher_to_a_database_is_refused(
    warehouse: Path, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "BUSY_SECONDS", 0.5)
    with server.connected(database) as first:
        server.lock_out_other_publishers(first, "here")
        with pytest.raises(BusyError, match="Another publisher is running on PostgreSQL"):
            publish(warehouse, tmp_path, database)
    assert current_number(tmp_path) is None
    assert publish(warehouse, tmp_path, database).number == 1


def test_failed_commit_changes_nothing(
    warehouse: Path,
    other_warehouse: Path,
    database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish(warehouse, tmp_path, database)
    prepare = PostgresTarget.prepare

    def prepare_and_lose(self: PostgresTarget, *arguments: Any, is_new: bool) -> Commit:
        commit = prepare(self, *arguments, is_new=is_new)
        self._connection.close()
        return commit

    monkeypatch.setattr(PostgresTarget, "prepare", prepare_and_lose)
    with pytest.raises(PostgresError, match="has not committed"):
        publish(other_warehouse, tmp_path, database)
    assert release_numbers(tmp_path) == [1]
    assert current_number(tmp_path) == 1
    assert one(database, "select release from marts.release") == 1


# ---------- COMMIT without an answer


def files_and_postgres(folder: Path, dsn: str) -> tuple[int | None, list[int], list[int]]:
    """Return the current release of the files, all their releases, and all those in PostgreSQL."""
    return current_number(folder), release_numbers(folder), releases_in(dsn)


@pytest.mark.parametrize("moment", MOMENTS)
def test_unanswered_commit_is_settled_later(
    moment: Moment, warehouse: Path, other_warehouse: Path, database: str, tmp_path: Path
) -> None:
    publish(warehouse, tmp_path, database)
    with cut_proxy(database) as proxy:
        proxy.cut_at = moment
        with pytest.raises(UnknownCommitError) as unknown:
            publish(other_warehouse, tmp_path, proxy.dsn)
        assert proxy.cuts == [moment]
        for part in (
            "It is unknown whether",
            "holds release 2",
            "marts.release",
            "bank releases",
        ):
            assert part in str(unknown.value)
        assert "Nothing was published" not in str(unknown.value)
        assert current_number(tmp_path) == 1
        assert release_numbers(tmp_path) == [1, 2]
        # The server cannot be reached yet, so nothing is changed.
        with pytest.raises(UnreachableError):
            publish(warehouse, tmp_path, proxy.dsn)
        assert release_numbers(tmp_path) == [1, 2]
        proxy.is_refusing = False
        lines: list[str] = []
        assert publish(warehouse, tmp_path, proxy.dsn, progress=lines.append).number == (
            2 if moment == "before" else 3
        )
    settled = "\n".join(lines)
    if moment == "before":
        assert "has not committed release 2" in settled
        assert files_and_postgres(tmp_path, database) == (2, [1, 2], [1, 2])
    else:
        assert "has committed release 2; the answer was lost" in settled
        assert files_and_postgres(tmp_path, database) == (3, [1, 2, 3], [1, 2, 3])
    assert not (tmp_path / PENDING).exists()


@pytest.mark.parametrize("moment", MOMENTS)
def test_reachable_server_settles_a_commit_at_once(
    moment: Moment, warehouse: Path, database: str, tmp_path: Path
) -> None:
    with cut_proxy(database) as proxy:
        proxy.cut_at, proxy.refuse_after_cut = moment, False
        if moment == "before":
            with pytest.raises(
                PostgresError, match=r"(?s)has not committed.*Nothing was published"
            ):
                publish(warehouse, tmp_path, proxy.dsn)
            assert files_and_postgres(tmp_path, database) == (None, [], [])
        else:
            assert publish(warehouse, tmp_path, proxy.dsn).number == 1
            assert files_and_postgres(tmp_path, database) == (1, [1], [1])
        assert proxy.cuts == [moment]
    assert not (tmp_path / PENDING).exists()


def test_releases_command_settles_an_unanswered_commit(
    warehouse: Path, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANK_PUBLISH_DIR", str(tmp_path))
    with cut_proxy(database) as proxy:
        proxy.cut_at = "after"
        with pytest.raises(UnknownCommitError):
            publish(warehouse, tmp_path, proxy.dsn)
        monkeypatch.setenv("BANK_POSTGRES_DSN", proxy.dsn)
        unreachable = CliRunner().invoke(main, ["releases"])
        assert "It is unknown whether" in unreachable.output
        assert current_number(tmp_path) is None
    # Another database has no record of the commit, so nothing is settled.
    other = f"{database} dbname=postgres"
    monkeypatch.setenv("BANK_POSTGRES_DSN", other)
    refused = CliRunner().invoke(main, ["releases"])
    assert "It is unknown whether" in refused.output
    with pytest.raises(UnknownCommitError, match="Set BANK_POSTGRES_DSN to that database"):
        publish(warehouse, tmp_path, other)
    assert release_numbers(tmp_path) == [1]
    # This is the same database under another address.
    monkeypatch.setenv("BANK_POSTGRES_DSN", database)
    listed = CliRunner().invoke(main, ["releases"]).output
    assert "has committed release 1; the answer was lost" in listed
    assert listed.splitlines()[-1].endswith("files, PostgreSQL")
    assert not (tmp_path / PENDING).exists()


@pytest.mark.parametrize("moment", MOMENTS)
def test_unanswered_rollback_keeps_every_release(
    moment: Moment, warehouse: Path, other_warehouse: Path, database: str, tmp_path: Path
) -> None:
    publish(warehouse, tmp_path, database)
    publish(other_warehouse, tmp_path, database)
    with cut_proxy(database) as proxy:
        proxy.cut_at = moment
        with pytest.raises(UnknownCommitError, match="holds release 1"):
            roll_back(tmp_path, 1, proxy.dsn)
    assert files_and_postgres(tmp_path, database)[:2] == (2, [1, 2])
    roll_back(tmp_path, 2, database)
    given = [1, 2, 2] if moment == "before" else [1, 2, 1, 2]
    assert files_and_postgres(tmp_path, database) == (2, [1, 2], given)


def test_newer_files_are_not_rolled_back(
    warehouse: Path, other_warehouse: Path, database: str, tmp_path: Path
) -> None:
    lines: list[str] = []
    with cut_proxy(database) as proxy:
        proxy.cut_at = "after"
        with pytest.raises(UnknownCommitError):
            publish(warehouse, tmp_path, proxy.dsn)
    assert publish(other_warehouse, tmp_path, None, progress=lines.append).number == 2
    assert any("It is unknown whether" in line for line in lines)
    publish(warehouse, tmp_path, database, progress=lines.append)
    assert any("The files already have release 2" in line for line in lines), lines
    assert files_and_postgres(tmp_path, database) == (3, [1, 2, 3], [1, 3])


def test_hanging_transaction_is_ended_before_the_outcome_is_read(
    warehouse: Path, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server has not noticed that its client is gone, so the outcome is still open."""
    prepared: list[Commit] = []
    prepare = PostgresTarget.prepare

    def keep(self: PostgresTarget, *arguments: Any, is_new: bool) -> Commit:
        prepared.append(prepare(self, *arguments, is_new=is_new))
        with open_target(database) as other:
            assert other.outcome_of(prepared[0]) is Outcome.ROLLED_BACK
        return prepared[0]

    monkeypatch.setattr(PostgresTarget, "prepare", keep)
    with pytest.raises(PostgresError, match="has not committed"):
        publish(warehouse, tmp_path, database)
    assert files_and_postgres(tmp_path, database) == (None, [], [])


def test_losing_the_server_after_the_commit_is_not_a_failed_publish(
    warehouse: Path, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cut_proxy(database) as proxy:
        commit = PostgresTarget.commit

        def commit_and_lose(self: PostgresTarget, what: Commit) -> Outcome:
            outcome = commit(self, what)
            proxy.is_refusing = True
            return outcome

        monkeypatch.setattr(PostgresTarget, "commit", commit_and_lose)
        with pytest.raises(PostgresError, match="Release 1 is published") as lost:
            publish(warehouse, tmp_path, proxy.dsn)
    assert "Nothing was published" not in str(lost.value)
    assert files_and_postgres(tmp_path, database) == (1, [1], [1])


def test_edited_manifest_in_the_database_is_refused(
    warehouse: Path, database: str, tmp_path: Path
) -> None:
    publish(warehouse, tmp_path, database)
    edits = (
        "jsonb_set(manifest, '{as_of_date}', '\"2020-01-01\"')",
        '\'{"release": 1, "format": 1}\'::jsonb',
    )
    for edit in edits:
        with psycopg.connect(database) as connection:
            connection.execute(f"update publishing.releases set manifest = {edit}")
        with pytest.raises(PostgresError, match=r"(?s)manifest of release 1 .*publish again"):
            publish(warehouse, tmp_path, database)
    assert release_numbers(tmp_path) == [1]


# ---------- secrets


SECRET = "Zq7xW"  # noqa: S105


@pytest.mark.parametrize(
    "form",
    [
        "postgresql://bank:{}@127.0.0.1:9/none",
        "postgresql://bank:{}@127.0.0.1:port/none",
        "postgresql://bank:{}",
        "postgresql://bank:{}/none",
        "postgresql://127.0.0.1:9/none?password={}",
        "host=127.0.0.1 port=9 user=bank password={} dbname=none",
        "host=127.0.0.1 port=9 user=bank password='{}' dbname=none",
        "host=127.0.0.1 port=9 user=bank password={}",
        "bank:{}@127.0.0.1:9/none",
        "{}",
    ],
)
def test_no_part_of_a_password_is_shown(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANK_PUBLISH_DIR", str(tmp_path))
    for character in ("", *"@#/%?:&= '\\;[]+", "\n", "\u00e4"):
        dsn = form.format(f"{SECRET}{character}{SECRET[::-1]}" if character else SECRET)
        monkeypatch.setenv("BANK_POSTGRES_DSN", dsn)
        ended = CliRunner().invoke(main, ["releases"])
        assert ended.exit_code == 0
        with pytest.raises(PostgresError) as refused, open_target(dsn):
            pass
        trace = "".join(traceback.format_exception(refused.value)).splitlines()
        shown = ended.output + "\n".join(line for line in trace if not line.startswith("    "))
        assert "BANK_POSTGRES_DSN" in shown
        assert SECRET not in shown, dsn
        assert SECRET[::-1] not in shown, dsn


def test_a_password_that_the_server_refuses_is_not_shown(database: str) -> None:
    dsn = str(make_conninfo(database, user=SECRET, password=SECRET))
    with pytest.raises(PostgresError, match="see the server's log") as refused, open_target(dsn):
        pass
    assert SECRET not in str(refused.value)


# ---------- other publishes, and the types that clients see


def test_rows_lost_to_a_trigger_are_detected_before_commit(
    warehouse: Path, database: str, tmp_path: Path
) -> None:
    publish(warehouse, tmp_path, database)
    with psycopg.connect(database) as connection:
        connection.execute(
            "create function swallow() returns trigger language plpgsql as "
            "'begin if new.product_order = 7 then return null; end if; return new; end'"
        )
        connection.execute(
            "create trigger swallow before insert on marts.dim_products "
            "for each row execute function swallow()"
        )
    with pytest.raises(PostgresError, match=r"marts\.dim_products has 6 rows instead of 7"):
        publish(warehouse, tmp_path, database)
    assert one(database, "select count(*) from marts.dim_products") == 7
    assert release_numbers(tmp_path) == [1]


def test_different_bank_is_not_published_over_a_bank_in_postgres(
    warehouse: Path, database: str, tmp_path: Path
) -> None:
    bank = copy_checked(warehouse, tmp_path / "bank")
    edit_record(build_record_path(bank), source="drop")
    other = copy_checked(bank, tmp_path / "other")
    change_checked(
        other, "update intermediate.int_customers_segmented set customer_key = customer_key + 1"
    )
    publish(bank, tmp_path / "published", database)
    message = (
        r"(?s)None of the 3,000 customers of PostgreSQL .*\(release 1, .*"
        r"to another database with BANK_POSTGRES_DSN\..*--replace-bank"
    )
    with pytest.raises(PublishError, match=message):
        publish(other, tmp_path / "new", database)
    assert not (tmp_path / "new").exists()
    with pytest.raises(PublishError, match=r"(?s)invented bank.* another database with BANK_POSTG"):
        publish(warehouse, tmp_path / "new", database)
    assert one(database, "select count(*) from publishing.releases") == 1
    # The same bank may be published from a new folder; another bank needs replace_bank.
    assert publish(bank, tmp_path / "new", database).number == 2
    assert publish(other, tmp_path / "others", None).number == 1
    with pytest.raises(PublishError, match="None of the 3,000 customers of PostgreSQL"):
        publish(other, tmp_path / "others", database)
    assert publish(other, tmp_path / "others", database, replace_bank=True).number == 3


def test_release_numbers_continue_from_the_database(
    warehouse: Path, database: str, tmp_path: Path
) -> None:
    publish(warehouse, tmp_path / "a", database)
    assert publish(warehouse, tmp_path / "b", database).number == 2


def test_the_commands_publish_to_the_database_that_the_environment_names(
    warehouse: Path, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANK_WAREHOUSE", str(warehouse))
    monkeypatch.setenv("BANK_PUBLISH_DIR", str(tmp_path))
    monkeypatch.setenv("BANK_POSTGRES_DSN", database)
    published = CliRunner().invoke(main, ["publish"])
    assert published.exit_code == 0, published.output
    assert "rows and sums of all marts agree after the commit" in published.output
    listed = CliRunner().invoke(main, ["releases"]).output
    assert listed.splitlines()[1].endswith("files, PostgreSQL")
    back = CliRunner().invoke(main, ["rollback", "1"])
    assert "Readers have release 1" in back.output


def odbc_driver() -> str | None:
    """Return the name of the Unicode ODBC driver for PostgreSQL; None if there is none."""
    try:
        import pyodbc
    except ImportError:  # pyodbc's wheel needs the system's libodbc
        return None
    return next(
        (
            name
            for name in pyodbc.drivers()
            if "unicode" in name.lower() and "postgres" in name.lower()
        ),
        None,
    )


@needs(odbc_driver(), "PostgreSQL's ODBC driver", "apt-get install odbc-postgresql unixodbc")
def test_odbc_types_match_the_contract(published: tuple[str, Path]) -> None:
    import pyodbc

    dsn, folder = published
    parts = conninfo_to_dict(login(dsn, "bank_restricted_reader"))
    connection = pyodbc.connect(
        f"Driver={{{odbc_driver()}}};Servername={parts['host']};"
        f"Port={parts.get('port') or 5432};Database={parts['dbname']};Uid={parts['user']};"
        "BoolsAsChar=0",
        readonly=True,
    )
    expected: dict[str, tuple[str, int | None, int | None]] = {
        "BIGINT": ("int", 19, 0),
        "INTEGER": ("int", 10, 0),
        "BOOLEAN": ("bool", None, None),
        "DATE": ("date", None, None),
        "DOUBLE": ("float", None, None),
        "TIMESTAMP": ("datetime", None, None),
        "VARCHAR": ("str", None, None),
    }
    release = current_release(folder)
    seen = set()
    cursor = connection.cursor()
    for contract, entry in published_marts(release.manifest):
        cursor.execute(f"select * from {contract.relation}")
        described = {column[0]: column for column in cursor.description}
        rows = cursor.fetchall()
        assert len(rows) == entry["row_count"]
        for position, column in enumerate(contract.columns):
            _, python_type, _, _, precision, scale, _ = described[column.name]
            if column.type.startswith("DECIMAL"):
                digits = column.type.removeprefix("DECIMAL(").rstrip(")").split(",")
                wanted: tuple[str, int | None, int | None] = (
                    "Decimal",
                    int(digits[0]),
                    int(digits[1]),
                )
            else:
                wanted = expected[column.type]
            assert python_type.__name__ == wanted[0], (contract.relation, column)
            if wanted[1] is not None:
                assert (precision, scale) == wanted[1:], (contract.relation, column)
            values = {type(row[position]).__name__ for row in rows} - {"NoneType"}
            assert values <= {wanted[0]}, (contract.relation, column)
            seen.add(column.type)
        texts = [index for index, column in enumerate(contract.columns) if column.type == "VARCHAR"]
        characters = sum(len(row[index] or "") for row in rows for index in texts)
        assert characters == sum(
            int(entry["totals"][contract.columns[index].name]) for index in texts
        )
    connection.close()
    assert {"DECIMAL(18,2)", "DATE", "BIGINT", "BOOLEAN", "VARCHAR", "DOUBLE"} <= seen


def test_libpq_types_match_the_contract(published: tuple[str, Path]) -> None:
    dsn, folder = published
    expected = {
        "BIGINT": 20,
        "INTEGER": 23,
        "BOOLEAN": 16,
        "DATE": 1082,
        "DOUBLE": 701,
        "TIMESTAMP": 1114,
        "VARCHAR": 1043,
    }
    with psycopg.connect(dsn) as connection:
        for contract, _ in published_marts(current_release(folder).manifest):
            cursor = connection.execute(f"select * from {contract.relation} limit 0")
            assert cursor.description is not None
            for column, described in zip(contract.columns, cursor.description, strict=True):
                if column.type.startswith("DECIMAL("):
                    digits = column.type.removeprefix("DECIMAL(").rstrip(")").split(",")
                    assert described.type_code == 1700
                    assert (described.precision, described.scale) == tuple(map(int, digits))
                else:
                    assert described.type_code == expected[column.type]
