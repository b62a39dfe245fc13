"""Write a release as files: one Parquet file per mart, one DuckDB file, and the manifest."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from bank_warehouse.engine import engine_settings
from bank_warehouse.publish import contracts, totals
from bank_warehouse.publish.contracts import Column, Contract
from bank_warehouse.publish.errors import DamagedReleaseError, PublishError
from bank_warehouse.publish.fingerprints import Fingerprint, file_fingerprint, source_of
from bank_warehouse.publish.gate import Passed
from bank_warehouse.publish.manifest import FORMAT, signed
from bank_warehouse.publish.records import now, write_json
from bank_warehouse.publish.releases import (
    DATABASE,
    MANIFEST,
    METRICS,
    REMEDY,
    Release,
    checksum_of,
    require_file,
)
from bank_warehouse.sql import quote_identifier, quote_literal

NEVER = "never published: it holds personal data as delivered"
NOT_ASKED_FOR = "personal data, published only with --with-restricted"

RELEASE_COLUMNS = (
    Column("release", "BIGINT", False, "Number of the release; a higher one is newer."),
    Column("as_of_date", "DATE", False, "Date at which ages and tenures are measured."),
    Column("published_at", "TIMESTAMP", False, "When the release was published, UTC."),
    Column("schema_version", "INTEGER", False, "Version of the contract of the marts."),
    Column(
        "includes_restricted",
        "BOOLEAN",
        False,
        "Whether names and client ids are in schema restricted.",
    ),
    Column(
        "git_commit",
        "VARCHAR",
        True,
        "Commit of the project that built the marts; null outside a git checkout.",
    ),
    Column("dbt_invocation_id", "VARCHAR", False, "Id that dbt gave the build."),
    Column(
        "source",
        "VARCHAR",
        False,
        "`drop`: files of a bank. `sample`: the shipped sample, an invented bank.",
    ),
)
RELEASE = Contract(
    schema="marts",
    name="release",
    description="One row. The release, date and build of these marts.",
    columns=RELEASE_COLUMNS,
    grain=("release",),
    references=(),
    is_published=True,
)
"""The only mart that dbt does not build."""

Progress = Callable[[str], None]


def left_out_because(contract: Contract, with_restricted: bool) -> str | None:
    """Return why a release leaves out a mart; None if it includes it."""
    if not contract.is_published:
        return NEVER
    if contract.is_restricted and not with_restricted:
        return NOT_ASKED_FOR
    return None


def write_release(
    connection: duckdb.DuckDBPyConnection,
    passed: Passed,
    draft: Path,
    number: int,
    *,
    with_restricted: bool,
    progress: Progress,
) -> Release:
    """Write all files of a release into the empty folder `draft`.

    Args:
        connection: The open warehouse.
        passed: The warehouse that passed the gate.
        draft: The folder.
        number: Number of the release.
        with_restricted: Whether to publish personal data.
        progress: Called with a line for each step that may take a long time.

    Returns:
        The release in the draft.

    Raises:
        PublishError: DuckDB cannot write a file, or its rows differ from those that were checked.
        OSError: Another file cannot be written.
    """
    connection.execute("set preserve_insertion_order = false")
    # As in dbt's profile, this avoids sorting in views that join small tables of bands.
    connection.execute("set nested_loop_join_threshold = 1000")
    manifest = _head(passed, number, with_restricted)
    entries: list[dict[str, Any]] = []
    try:
        manifest["control_totals"] = _control_totals(connection)
        for contract in (*passed.contracts, RELEASE):
            reason = left_out_because(contract, with_restricted)
            if reason:
                entries.append(_left_out(contract, reason))
                continue
            is_release = contract is RELEASE
            source = _release_row(manifest) if is_release else source_of(contract.relation)
            file = f"{contract.schema}/{contract.name}.parquet"
            (draft / contract.schema).mkdir(exist_ok=True)
            _write_parquet(connection, contract, source, draft / file, number)
            seen = file_fingerprint(connection, (draft / file).as_posix())
            expected = passed.fingerprints.get(contract.relation, seen)
            if seen != expected:
                counts = f"{seen.rows:,} instead of {expected.rows:,}"
                raise PublishError(
                    f"{contract.relation}: the rows of the written file differ from those of the "
                    f"mart ({counts if seen.rows != expected.rows else 'the number is the same'}).",
                    "Publish again; if it happens again, check the disk.",
                )
            entries.append(_published(connection, contract, draft, file, seen))
            progress(f"  {contract.relation:42} {seen.rows:>12,} rows")
        entries.sort(key=lambda entry: (entry["schema"], entry["name"]))
        _write_database(draft, entries)
    except duckdb.Error as problem:
        raise PublishError(
            f"The files of the release cannot be written: {str(problem).splitlines()[0]}",
            "If the disk is full, free some space or set BANK_PUBLISH_DIR to a folder on "
            "another disk; otherwise build the warehouse again. Then publish again.",
        ) from problem
    progress(f"  {DATABASE:42} {(draft / DATABASE).stat().st_size:>12,} bytes")
    manifest["database"] = {"file": DATABASE, **checksum_of(draft / DATABASE)}
    write_json(draft / METRICS, passed.build.get("metrics") or {})
    manifest["metrics"] = {"file": METRICS, **checksum_of(draft / METRICS)}
    manifest = signed(manifest | {"marts": entries})
    write_json(draft / MANIFEST, manifest)
    return Release(draft, manifest)


def published_marts(manifest: Mapping[str, Any]) -> list[tuple[Contract, dict[str, Any]]]:
    """Return the contract and the manifest entry of each mart in the release."""
    return [
        (contracts.from_json(entry), entry)
        for entry in manifest["marts"]
        if entry["left_out_because"] is None
    ]


def all_contracts(manifest: Mapping[str, Any]) -> list[Contract]:
    """Return the contracts of all marts, including those that the release leaves out."""
    return [contracts.from_json(entry) for entry in manifest["marts"]]


def require_whole(release: Release, progress: Progress) -> None:
    """Compare the files of a release with its manifest.

    Raises:
        DamagedReleaseError: A file is missing or differs.
        UnreadableReleaseError: This user may not read a file.
    """
    listed = published_marts(release.manifest)
    others = [release.manifest[key] for key in ("database", "metrics") if key in release.manifest]
    for entry in others:
        require_file(release, entry)
    with duckdb.connect() as connection:
        for contract, entry in listed:
            # Manifests of format 1 have no checksum, so check counts and sums against the file.
            count, sums = _sums(connection, contract, require_file(release, entry))
            if count != entry["row_count"]:
                raise DamagedReleaseError(
                    f"{release.path / MANIFEST} lists {entry['row_count']:,} rows of "
                    f"{contract.relation}, but its file has a different number.",
                    REMEDY,
                )
            wrong = totals.differences(contract.columns, entry["totals"], sums)
            if wrong:
                raise DamagedReleaseError(
                    f"{release.path / MANIFEST} does not match the file of {contract.relation}, "
                    f"in which {wrong[0]}.",
                    REMEDY,
                )
    progress(f"Release {release.number}: {len(listed) + len(others)} files match their checksums.")


def _head(passed: Passed, number: int, with_restricted: bool) -> dict[str, Any]:
    build, checks = passed.build, passed.checks
    return {
        "format": FORMAT,
        "release": number,
        "published_at": now(),
        "built_at": build["built_at"],
        "checked_at": checks["checked_at"],
        "source": build["source"],
        "files_read": build["files"],
        "settings": build["settings"],
        "reading": build["reading"],
        "near_duplicates": build["near_duplicates"],
        "as_of_date": build["as_of_date"],
        "git_commit": build["git_commit"],
        "git_is_dirty": build["git_is_dirty"],
        "dbt_invocation_id": build["dbt_invocation_id"],
        "schema_version": build["schema_version"],
        "includes_restricted": with_restricted,
        "duckdb_version": duckdb.__version__,
        "checks": {"dbt_nodes": build["nodes"], "expectations": checks["expectations"]},
    }


def _control_totals(connection: duckdb.DuckDBPyConnection) -> list[dict[str, str]]:
    names = ("column_name", "delivered", "in_marts", "in_quarantine", "difference")
    rows = connection.execute(
        f"select {', '.join(names)} from quality.fct_control_totals order by column_name"
    ).fetchall()
    return [dict(zip(names, map(str, row), strict=True)) for row in rows]


def _release_row(manifest: Mapping[str, Any]) -> str:
    """Return the only row of `marts.release` as a subquery."""
    values: dict[str, object] = {
        **manifest,
        "as_of_date": date.fromisoformat(manifest["as_of_date"]),
        "published_at": datetime.fromisoformat(manifest["published_at"]).replace(tzinfo=None),
    }
    cells = ", ".join(
        f"cast({_literal(values[column.name])} as {column.type}) as {quote_identifier(column.name)}"
        for column in RELEASE_COLUMNS
    )
    return f"(select {cells})"


def _literal(value: object) -> str:
    return "null" if value is None else quote_literal(str(value))


def _write_parquet(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    source: str,
    path: Path,
    number: int,
) -> None:
    order = ", ".join(quote_identifier(column) for column in contract.grain)
    # Snappy makes larger files than zstd, but every Parquet reader supports it.
    connection.execute(
        f"copy (select * from {source} as mart order by {order}) "
        f"to {quote_literal(path.as_posix())} "
        f"(format parquet, compression snappy, kv_metadata {{release: '{number}'}})"
    )


def _left_out(contract: Contract, reason: str) -> dict[str, Any]:
    """Return the manifest entry of a mart that the release leaves out."""
    facts = ("file", "bytes", "sha256", "row_count", "fingerprint", "totals")
    return contracts.to_json(contract) | {"left_out_because": reason} | dict.fromkeys(facts)


def _published(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    draft: Path,
    file: str,
    seen: Fingerprint,
) -> dict[str, Any]:
    """Return the manifest entry of a mart whose file has been written."""
    _, sums = _sums(connection, contract, draft / file)
    return (
        contracts.to_json(contract)
        | {"left_out_because": None, "file": file}
        | checksum_of(draft / file)
        | {"row_count": seen.rows, "fingerprint": seen.hash, "totals": sums}
    )


def _sums(
    connection: duckdb.DuckDBPyConnection, contract: Contract, file: Path
) -> tuple[int, totals.Totals]:
    """Return the number of rows and the sum of each column of a Parquet file."""
    source = f"read_parquet({quote_literal(file.as_posix())})"
    row = connection.execute(totals.query(contract.columns, source)).fetchone() or ()
    return totals.read(contract.columns, row)


def _write_database(draft: Path, entries: Sequence[Mapping[str, Any]]) -> None:
    """Write the DuckDB file from the Parquet files, with comments, and close it."""
    path = draft / DATABASE
    with duckdb.connect(str(path), config=engine_settings(path)) as database:
        database.execute("begin")
        for contract, entry in published_marts({"marts": entries}):
            database.execute(f"create schema if not exists {quote_identifier(contract.schema)}")
            table = source_of(contract.relation)
            columns = ", ".join(
                f"{quote_identifier(column.name)} {column.type}"
                + ("" if column.is_nullable else " not null")
                for column in contract.columns
            )
            database.execute(f"create table {table} ({columns})")
            database.execute(
                f"insert into {table} from "
                f"read_parquet({quote_literal((draft / entry['file']).as_posix())})"
            )
            database.execute(f"comment on table {table} is {quote_literal(contract.description)}")
            for column in contract.columns:
                database.execute(
                    f"comment on column {table}.{quote_identifier(column.name)} "
                    f"is {quote_literal(column.description)}"
                )
        database.execute("commit")
        database.execute("checkpoint")
    leftover = draft / f"{DATABASE}.wal"
    if leftover.exists():
        raise PublishError(f"DuckDB did not merge {leftover} into the database.", "Publish again.")
