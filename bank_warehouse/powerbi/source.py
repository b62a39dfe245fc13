"""Where the model reads its tables from, as parameters and functions of Power Query.

A project reads one kind of source only. A query with two of them asks the gateway for both, and
Power Query's firewall refuses one that reads a source of its own and another query besides
(https://learn.microsoft.com/power-query/data-privacy-firewall): so a function here takes values,
names parameters, and refers to no query.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bank_warehouse.powerbi.definitions import Expression
from bank_warehouse.powerbi.errors import PowerBIError
from bank_warehouse.powerbi.power_query import quote

KINDS = ("parquet", "postgres")
MODES = ("import", "directQuery")
ONLY_FOR = {
    "folder": "parquet",
    "release": "parquet",
    "host": "postgres",
    "database": "postgres",
}
"""The kind of source that a value of it is for."""

PARAMETERS = "Parameters"
FUNCTIONS = "Functions"

_ABSOLUTE = re.compile(r"[A-Za-z]:[\\/]|\\\\|/")
_HOST = re.compile(r"[\w.-]+(:\d+)?")
_PARAMETER = re.compile(r'(?m)^expression (\w+) = "((?:[^"]|"")*)" meta ')


@dataclass(frozen=True)
class Source:
    """Where the tables of the release are read from.

    Attributes:
        kind: parquet or postgres.
        folder: of the releases, for parquet.
        release: its number, or `current`, for parquet.
        host: server and port, for postgres.
        database: for postgres.
        access: CSV file of who sees what; empty for none.
        mode: how tables are stored: import, or directQuery for postgres.
    """

    kind: str = "parquet"
    folder: str = "C:\\bank-warehouse\\published"
    release: str = "current"
    host: str = "localhost:5432"
    database: str = "bank"
    access: str = ""
    mode: str = "import"

    def __post_init__(self) -> None:
        """Refuse what Power BI could not read.

        Raises:
            PowerBIError: a value is not of its kind; the message says what would be.
        """
        for name, path in (("--folder", self.folder), ("--access-file", self.access)):
            if path and not _ABSOLUTE.match(path):
                raise PowerBIError(
                    f"{name} is {path!r}: write the whole path as the machine with Power BI sees "
                    "it, such as C:\\bank-warehouse\\published or \\\\server\\share\\published."
                )
        if not re.fullmatch(r"current|[1-9][0-9]*", self.release):
            raise PowerBIError(f"--release is {self.release!r}: write `current` or a number.")
        if not _HOST.fullmatch(self.host):
            raise PowerBIError(
                f"--host is {self.host!r}: write the server and, after a colon, its port, such as "
                "db.bank.example:5432. User and password are asked for by Power BI."
            )
        if self.mode == "directQuery" and self.kind != "postgres":
            raise PowerBIError("--mode directQuery asks a database: give --source postgres too.")

    @property
    def place(self) -> str:
        """What is read, in words."""
        if self.kind == "postgres":
            return f"PostgreSQL {self.host}/{self.database}"
        return f"release {self.release} in {self.folder}"


def read(files: Mapping[str, str]) -> Source | None:
    """Return the source that a project written earlier has, None where there is no project."""
    text = "".join(text for path, text in files.items() if path.endswith("expressions.tmdl"))
    given = {name: value.replace('""', '"') for name, value in _PARAMETER.findall(text)}
    if not given:
        return None
    is_direct = any("\tmode: directQuery\n" in text for text in files.values())
    return Source(
        kind="parquet" if "PublishFolder" in given else "postgres",
        mode="directQuery" if is_direct else "import",
        **{
            field: given[name]
            for name, (field, _) in {**_PARQUET, **_POSTGRES, **_ACCESS}.items()
            if name in given
        },
    )


_PARQUET = {
    "PublishFolder": ("folder", "Folder of the releases, without a backslash at its end."),
    "ReleaseNumber": ("release", "Number of the release to read, or current."),
}
_POSTGRES = {
    "PostgresServer": ("host", "Server and port of PostgreSQL."),
    "PostgresDatabase": ("database", "Database that releases are published to."),
}
_ACCESS = {
    "AccessFile": (
        "access",
        "CSV file that says which user sees which relationship or advisor: columns user_name, "
        "banking_relationship, investment_advisor.",
    )
}

_READ_PARQUET = """(schema as text, name as text) as table =>
    let
        // One source whose path stays the same: a gateway can be given credentials for it.
        Releases = Folder.Contents(PublishFolder),
        Pointer = Releases{[Name = ReleaseNumber]}[Content],
        // Where links do not exist, `current` is a file that holds the number of the release.
        Number =
            if Pointer is binary then
                Text.Trim(Text.FromBinary(Pointer, TextEncoding.Utf8))
            else
                ReleaseNumber,
        Files = Releases{[Name = Number]}[Content]
    in
        Parquet.Document(Files{[Name = schema]}[Content]{[Name = name & ".parquet"]}[Content])"""

_READ_POSTGRES = """(schema as text, name as text) as table =>
    PostgreSQL.Database(PostgresServer, PostgresDatabase){[Schema = schema, Item = name]}[Data]"""


def expressions(source: Source) -> dict[str, Expression]:
    """Return the parameters and functions of the model, by name."""
    parameters = _PARQUET if source.kind == "parquet" else _POSTGRES
    parameters = {**parameters, **(_ACCESS if source.access else {})}
    written = {
        name: Expression(
            f"{quote(getattr(source, field))} meta [IsParameterQuery = true, "
            'Type = "Text", IsParameterQueryRequired = true]',
            description,
            PARAMETERS,
            "Text",
        )
        for name, (field, description) in parameters.items()
    }
    written["ReadTable"] = Expression(
        _READ_PARQUET if source.kind == "parquet" else _READ_POSTGRES,
        "Reads a table of the release.",
        FUNCTIONS,
        "Function",
    )
    return written


def access_query(source: Source) -> str:
    """Return the M of the list that the roles look users up in; empty where no file is named."""
    columns = ("user_name", "banking_relationship", "investment_advisor")
    if not source.access:
        fields = ", ".join(f"{each} = text" for each in columns)
        return f"let\n    Nobody = #table(type table [{fields}], {{}})\nin\n    Nobody"
    typed = ",\n            ".join(f'{{"{each}", type text}}' for each in columns)
    return f"""let
    Lines = Csv.Document(
        File.Contents(AccessFile), [Delimiter = ",", Encoding = TextEncoding.Utf8]
    ),
    Listed = Table.PromoteHeaders(Lines, [PromoteAllScalars = true]),
    Typed = Table.TransformColumnTypes(
        Listed, {{
            {typed}
        }}
    )
in
    Typed"""
