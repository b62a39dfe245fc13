"""Where the model reads its tables from, as parameters and functions of Power Query.

A project reads only one kind of source, because a gateway would need access to both. Power Query's
firewall also refuses a query that both reads a source and refers to another query
(https://learn.microsoft.com/power-query/data-privacy-firewall). The functions here therefore use
only values and parameters, and refer to no query.
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
        folder: folder of the releases, for parquet.
        release: number of the release, or `current`, for parquet.
        host: server and port, for postgres.
        database: name of the database, for postgres.
        access: CSV file that lists what each user may see; empty for none.
        mode: storage mode of the tables: import, or directQuery for postgres.
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
        """Description of the source for messages."""
        if self.kind == "postgres":
            return f"PostgreSQL {self.host}/{self.database}"
        return f"release {self.release} in {self.folder}"


@dataclass(frozen=True)
class Parameter:
    """A Power Query parameter that holds one setting of the source.

    Attributes:
        name: name of the parameter.
        kind: kind of source that uses it; empty for both.
        description: meaning of its value.
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
"""The parameter of each attribute of the source."""

_READ_PARQUET = """(schema as text, name as text) as table =>
    let
        // One source whose path stays the same, so that a gateway can have credentials for it.
        Releases = Folder.Contents(PublishFolder),
        Pointer = Releases{[Name = ReleaseNumber]}[Content],
        // Where links are not supported, `current` is a file that holds the number of the release.
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
    """Return the M code of the access list that the roles use, without rows if there is no file."""
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
