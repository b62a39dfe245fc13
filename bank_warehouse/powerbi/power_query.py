"""Writes Power Query (M): where the rows of a table come from."""

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bank_warehouse.powerbi.artifacts import Mart, Seed
from bank_warehouse.powerbi.errors import PowerBIError

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
"""Position of a value that is not in the list, after all others."""


def bare_type(data_type: str) -> str:
    """Return a type without its parameters: `decimal(18,2)` is `decimal`."""
    return re.sub(r"\(.*", "", data_type.strip().lower())


def model_type(data_type: str) -> str:
    """Return the TMDL type of a contract's type.

    Raises:
        PowerBIError: the type is unknown.
    """
    return _types(data_type)[0]


def query_type(data_type: str) -> str:
    """Return the M type of a contract's type.

    Raises:
        PowerBIError: the type is unknown.
    """
    return _types(data_type)[1]


def _types(data_type: str) -> tuple[str, str]:
    found = _TYPES.get(bare_type(data_type))
    if found is None:
        raise PowerBIError(
            f"A contract has the type {data_type}, which _TYPES in "
            "bank_warehouse/powerbi/power_query.py does not know: add it there."
        )
    return found


def quote(text: str) -> str:
    """Return `text` as an M text literal, with `#(` escaped."""
    return '"' + text.replace("#(", "#(#)(").replace('"', '""') + '"'


_LITERAL = re.compile(
    r"""\s*"(?P<text>(?:[^"]|"")*)"\s*(?:meta\s*\[(?:"(?:[^"]|"")*"|[^"\[\]])*\]\s*)?"""
)
_ESCAPE = re.compile(r'""|#\(([^)]*)(\)?)')
_NAMED = {"cr": "\r", "lf": "\n", "tab": "\t", "#": "#"}


def unquote(code: str) -> str | None:
    """Return the text of an M text literal, without `meta`; None for other code."""
    literal = _LITERAL.fullmatch(code)
    try:
        # Two escapes may form a surrogate pair.
        return literal and (
            _ESCAPE.sub(_unescaped, literal["text"])
            .encode("utf-16", "surrogatepass")
            .decode("utf-16")
        )
    except ValueError:
        return None


def _unescaped(found: re.Match[str]) -> str:
    if found[0] == '""':
        return '"'
    if not found[2]:
        raise ValueError(found[0])
    return "".join(_NAMED.get(part) or _character(part) for part in found[1].split(","))


def _character(part: str) -> str:
    if not re.fullmatch(r"(?:[0-9A-Fa-f]{4}){1,2}", part):
        raise ValueError(part)
    return chr(int(part, 16))


@dataclass(frozen=True)
class Words:
    """The labels of a column's codes.

    Attributes:
        code: the code column.
        named: label by code.
        is_closed: whether a code without a label is shown as it is. Otherwise it is spelled out,
            which PostgreSQL cannot compute.
        is_part: whether the codes are parts of longer text, in which their labels replace them.
        otherwise: the column to show for a code without a label, if `is_closed`; by default the
            code column.
    """

    code: str
    named: Mapping[str, str]
    is_closed: bool = False
    is_part: bool = False
    otherwise: str = ""


@dataclass(frozen=True)
class Reading:
    """How a table is read from marts.

    Attributes:
        mart: the mart to read.
        joined: other marts with the same grain, each with the shared key column and the columns to
            add.
        positions: the sort columns to add, each with the column that it sorts and that column's
            values in order.
        words: the label columns to add, each with the labels of a column's codes.
    """

    mart: Mart
    joined: tuple[tuple[Mart, str, tuple[str, ...]], ...] = ()
    positions: Mapping[str, tuple[str, Sequence[str]]] = field(default_factory=dict)
    words: Mapping[str, Words] = field(default_factory=dict)


def read_mart(reading: Reading, kept: Container[str]) -> str:
    """Return the M code that reads a table and keeps only the columns in `kept`."""
    mart = reading.mart
    positions = {name: each for name, each in reading.positions.items() if name in kept}
    words = {name: each for name, each in reading.words.items() if name in kept}
    looked_at = {column for column, _ in positions.values()}
    looked_at |= {name for each in words.values() for name in (each.code, each.otherwise)}
    chosen = [name for name in mart.columns if name in kept or name in looked_at]
    steps = [
        ("Source", f"ReadTable({quote(mart.schema)}, {quote(mart.name)})"),
        ("Chosen", f"Table.SelectColumns(Source, {_wrapped(map(quote, chosen))})"),
    ]
    types = dict(_typed(mart, chosen))
    for other, key, names in reading.joined:
        columns = [name for name in names if name in kept or name in looked_at]
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
        chosen += columns
    pairs = _wrapped(f"{{{quote(name)}, {text}}}" for name, text in types.items())
    steps.append(("Typed", f"Table.TransformColumnTypes({steps[-1][0]}, {pairs})"))
    added = {name: (_position(*each), "Int64.Type") for name, each in positions.items()}
    added |= {name: (_in_words(each), "type text") for name, each in words.items()}
    for name, (text, data_type) in added.items():
        step = "".join(word.capitalize() for word in name.split("_"))
        steps.append(
            (
                step,
                f"Table.AddColumn(\n        {steps[-1][0]}, {quote(name)},\n"
                f"        each {text},\n        {data_type}\n    )",
            )
        )
    passing = ", ".join(quote(name) for name in chosen if name not in kept)
    if passing:
        steps.append(("Kept", f"Table.RemoveColumns({steps[-1][0]}, {{{passing}}})"))
    return _let(steps)


def _typed(mart: Mart, columns: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, query_type(mart.columns[name].data_type)) for name in columns]


def _position(column: str, values: Sequence[str]) -> str:
    # PostgreSQL can compute a chain of comparisons, but not a look-up in a list.
    chain = "\n            else ".join(
        f"if [{column}] = {quote(value)} then {number}" for number, value in enumerate(values, 1)
    )
    return f"{chain}\n            else {LAST}"


def _in_words(words: Words) -> str:
    """Return the M code of a label: comparisons with a fallback, or replacements in longer text."""
    if words.is_part:
        replaced = "".join(
            f",\n            {quote(part)}, {quote(label)})" for part, label in words.named.items()
        )
        return f"{'Text.Replace(' * len(words.named)}[{words.code}]{replaced}"
    rest = f"[{words.otherwise or words.code}]" if words.is_closed else _spelled_out(words.code)
    chain = [
        f"if [{words.code}] = {quote(code)} then {quote(named)}"
        for code, named in words.named.items()
        if words.is_closed or named != code[:1].upper() + code[1:].replace("_", " ")
    ]
    return "\n            else ".join([*chain, rest])


def _spelled_out(code: str) -> str:
    """Return the M code that writes a snake-case code as capitalized words."""
    first, rest = f"Text.Upper(Text.Start([{code}], 1))", f"Text.Middle([{code}], 1)"
    return f'{first} & Text.Replace({rest}, "_", " ")'


def _wrapped(items: Iterable[str]) -> str:
    """Return an M list with one item per line."""
    return "{\n        " + ",\n        ".join(items) + "\n    }"


def write_seed(seed: Seed) -> str:
    """Return the M code with the rows of a seed."""
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
