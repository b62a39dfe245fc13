"""Where the model reads its tables from, as parameters and functions of Power Query.

A project reads one kind of source only. A query with two of them asks the gateway for both, and
Power Query's firewall refuses one that reads a source of its own and another query besides
(https://learn.microsoft.com/power-query/data-privacy-firewall): so a function here takes values,
names parameters, and refers to no query.
"""

from dataclasses import dataclass

from bank_warehouse.powerbi.definitions import Expression
from bank_warehouse.powerbi.power_query import quote

KINDS = ("parquet", "postgres")
MODES = ("import", "directQuery")

PARAMETER_GROUP = "Parameters"
FUNCTION_GROUP = "Functions"


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

    @property
    def place(self) -> str:
        """What is read, in words."""
        if self.kind == "postgres":
            return f"PostgreSQL {self.host}/{self.database}"
        return f"release {self.release} in {self.folder}"


@dataclass(frozen=True)
class Parameter:
    """A parameter of Power Query that holds a value of the source.

    Attributes:
        name: of the parameter.
        kind: of the source that it is for; empty for both.
        description: what its value is.
    """

    name: str
    kind: str
    description: str


PARAMETERS = {
    "folder": Parameter(
        "PublishFolder", "parquet", "Folder of the releases, without a backslash at its end."
    ),
    "release": Parameter("ReleaseNumber", "parquet", "Number of the release to read, or current."),
    "host": Parameter("PostgresServer", "postgres", "Server and port of PostgreSQL."),
    "database": Parameter(
        "PostgresDatabase", "postgres", "Database that releases are published to."
    ),
    "access": Parameter(
        "AccessFile",
        "",
        "CSV file that says which user sees which relationship or advisor: columns user_name, "
        "banking_relationship, investment_advisor.",
    ),
}
"""By the attribute of the source."""

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
    written = {
        each.name: Expression(
            f"{quote(getattr(source, field))} meta [IsParameterQuery = true, "
            'Type = "Text", IsParameterQueryRequired = true]',
            each.description,
            PARAMETER_GROUP,
            "Text",
        )
        for field, each in PARAMETERS.items()
        if (source.access if field == "access" else each.kind == source.kind)
    }
    written["ReadTable"] = Expression(
        _READ_PARQUET if source.kind == "parquet" else _READ_POSTGRES,
        "Reads a table of the release.",
        FUNCTION_GROUP,
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
