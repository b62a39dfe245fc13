"""Writes Power Query (M): where the rows of a table come from."""

import re
from collections.abc import Iterable, Mapping, Sequence

from bank_warehouse.powerbi.artifacts import Mart, Seed

_TYPES = {
    "varchar": ("string", "type text"),
    "text": ("string", "type text"),
    "date": ("dateTime", "type date"),
    "timestamp": ("dateTime", "type datetime"),
    "boolean": ("boolean", "type logical"),
    "double": ("double", "type number"),
    "integer": ("int64", "Int32.Type"),
    "bigint": ("int64", "Int64.Type"),
    "decimal": ("decimal", "Currency.Type"),
}
LAST = 99
"""Position of a value that is not in the list: after all that are."""

SOURCES = ("Parquet", "PostgreSQL")

EXPRESSIONS: dict[str, tuple[str, str]] = {
    "DataSource": (
        '"Parquet" meta [IsParameterQuery = true, Type = "Text", '
        'IsParameterQueryRequired = true, List = {"Parquet", "PostgreSQL"}, '
        'DefaultValue = "Parquet"]',
        "Where the tables are read from: Parquet (the files of a release) or PostgreSQL.",
    ),
    "PublishFolder": (
        '"C:\\bank-warehouse\\published" meta [IsParameterQuery = true, Type = "Text", '
        "IsParameterQueryRequired = true]",
        "Folder of the releases, without a backslash at its end; read where DataSource is Parquet.",
    ),
    "ReleaseNumber": (
        '"current" meta [IsParameterQuery = true, Type = "Text", IsParameterQueryRequired = true]',
        "Number of the release to read, or current; read where DataSource is Parquet.",
    ),
    "PostgresServer": (
        '"localhost:5432" meta [IsParameterQuery = true, Type = "Text", '
        "IsParameterQueryRequired = true]",
        "Server and port of PostgreSQL; read where DataSource is PostgreSQL.",
    ),
    "PostgresDatabase": (
        '"bank" meta [IsParameterQuery = true, Type = "Text", IsParameterQueryRequired = true]',
        "Database of PostgreSQL; read where DataSource is PostgreSQL.",
    ),
    "AccessFile": (
        '"" meta [IsParameterQuery = true, Type = "Text", IsParameterQueryRequired = false]',
        "CSV file that says which user sees which relationship or advisor (columns user_name, "
        "banking_relationship, investment_advisor); empty: in a role nobody sees anything.",
    ),
    "ReleaseFolder": (
        """let
    // One source with a path that stands still: a gateway can be given credentials for it.
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
    Files""",
        "Files of the release that is read, a folder for each schema.",
    ),
    "ReadTable": (
        """(schema as text, name as text) as table =>
    if DataSource = "PostgreSQL" then
        PostgreSQL.Database(PostgresServer, PostgresDatabase){[Schema = schema, Item = name]}[Data]
    else
        Parquet.Document(
            ReleaseFolder{[Name = schema]}[Content]{[Name = name & ".parquet"]}[Content]
        )""",
        "Reads a table of the release.",
    ),
}
"""Parameters and functions of the model: name, M, description."""

ACCESS = """let
    Nobody = #table(
        type table [user_name = text, banking_relationship = text, investment_advisor = text],
        {}
    ),
    Listed = Table.TransformColumnTypes(
        Table.PromoteHeaders(
            Csv.Document(
                File.Contents(AccessFile),
                [Delimiter = ",", Encoding = TextEncoding.Utf8]
            ),
            [PromoteAllScalars = true]
        ),
        {
            {"user_name", type text},
            {"banking_relationship", type text},
            {"investment_advisor", type text}
        }
    ),
    Result = if AccessFile = "" then Nobody else Listed
in
    Result"""
"""Who may see what: the list that the roles look users up in."""


def bare_type(data_type: str) -> str:
    """Return a type without its length: `decimal(18,2)` is `decimal`."""
    return re.sub(r"\(.*", "", data_type.strip().lower())


def model_type(data_type: str) -> str:
    """Return the TMDL type of a type of the contract.

    Raises:
        KeyError: the type is not known here.
    """
    return _TYPES[bare_type(data_type)][0]


def query_type(data_type: str) -> str:
    """Return the M type of a type of the contract.

    Raises:
        KeyError: the type is not known here.
    """
    return _TYPES[bare_type(data_type)][1]


def quote(text: str) -> str:
    """Return `text` as an M text."""
    return '"' + text.replace('"', '""') + '"'


def read_mart(
    mart: Mart,
    joined: Sequence[tuple[Mart, str, Sequence[str]]],
    positions: Mapping[str, tuple[str, Sequence[str]]],
) -> str:
    """Return the M that reads a mart.

    Args:
        mart: to read; columns that are not in its contract are left out.
        joined: marts with one row for each row of this one: the mart, the column that both have
            as key, the columns to take from it.
        positions: for each column to add: the column it looks at and that column's values in
            their order.
    """
    steps = [("Source", f"ReadTable({quote(mart.schema)}, {quote(mart.name)})")]
    chosen = _wrapped(quote(name) for name in mart.columns)
    steps.append(("Chosen", f"Table.SelectColumns(Source, {chosen})"))
    types = dict(_typed(mart, mart.columns))
    for other, key, columns in joined:
        step = "With" + "".join(word.capitalize() for word in other.name.split("_")[1:])
        right = f"ReadTable({quote(other.schema)}, {quote(other.name)})"
        wanted = ", ".join(quote(name) for name in (key, *columns))
        steps.append(
            (
                f"{step}Joined",
                f"Table.NestedJoin(\n        {steps[-1][0]}, {{{quote(key)}}},\n"
                f"        Table.SelectColumns({right}, {{{wanted}}}), {{{quote(key)}}},\n"
                f'        "joined", JoinKind.LeftOuter\n    )',
            )
        )
        taken = ", ".join(quote(name) for name in columns)
        steps.append(
            (step, f'Table.ExpandTableColumn({steps[-1][0]}, "joined", {{{taken}}}, {{{taken}}})')
        )
        types.update(_typed(other, columns))
    pairs = _wrapped(f"{{{quote(name)}, {text}}}" for name, text in types.items())
    steps.append(("Typed", f"Table.TransformColumnTypes({steps[-1][0]}, {pairs})"))
    for name, (column, values) in positions.items():
        step = "".join(word.capitalize() for word in name.split("_"))
        steps.append(
            (
                step,
                f"Table.AddColumn(\n        {steps[-1][0]}, {quote(name)},\n"
                f"        each {_position(column, values)},\n        Int64.Type\n    )",
            )
        )
    return _let(steps)


def _typed(mart: Mart, columns: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, query_type(mart.columns[name].data_type)) for name in columns]


def _position(column: str, values: Sequence[str]) -> str:
    # A chain of comparisons, and not a look-up in a list: PostgreSQL can compute it.
    chain = "\n            else ".join(
        f"if [{column}] = {quote(value)} then {number}" for number, value in enumerate(values, 1)
    )
    return f"{chain}\n            else {LAST}"


def _wrapped(items: Iterable[str]) -> str:
    """Return a list in M, an item a line."""
    return "{\n        " + ",\n        ".join(items) + "\n    }"


def write_seed(seed: Seed) -> str:
    """Return the M that holds the rows of a seed."""
    fields = ", ".join(
        f"{name} = {_primitive(column.data_type)}" for name, column in seed.columns.items()
    )
    rows = ",\n        ".join(
        "{"
        + ", ".join(_value(row[name], column.data_type) for name, column in seed.columns.items())
        + "}"
        for row in seed.rows
    )
    return _let([("Source", f"#table(type table [{fields}], {{\n        {rows}\n    }})")])


def _primitive(data_type: str) -> str:
    return query_type(data_type).removeprefix("type ")


def _value(text: str, data_type: str) -> str:
    if text == "":
        return "null"
    return text.lower() if model_type(data_type) != "string" else quote(text)


def _let(steps: Sequence[tuple[str, str]]) -> str:
    written = ",\n".join(f"    {name} = {text}" for name, text in steps)
    return f"let\n{written}\nin\n    {steps[-1][0]}"
