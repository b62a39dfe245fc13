"""The vocabulary of suites, independent of Great Expectations and of any connection.

A suite is a list of `Table`s, each with checks. A `Promise` must be true in every row of a table. A
`Share` or a `Mean` limits a distribution. A `Nothing` is a query that must find nothing, such as a
comparison of tables.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bank_warehouse.sql import quote_identifier, quote_literal


@dataclass(frozen=True)
class Promise:
    """A SQL condition that every row must meet. Examples of other rows show their `columns`."""

    words: str
    condition: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Share:
    """The share of rows that meet a condition must be between two limits, from 0 to 1."""

    words: str
    condition: str
    column: str
    lowest: float
    highest: float


@dataclass(frozen=True)
class Mean:
    """The mean of a column must be between two limits, in the unit of the column."""

    column: str
    lowest: float
    highest: float


@dataclass(frozen=True)
class Nothing:
    """A query that finds rows only if something is wrong.

    `explanation` is a slower query for the individual rows, run only if `query` finds something.
    """

    words: str
    query: str
    column: str
    explanation: str = ""


Check = Promise | Share | Mean | Nothing


@dataclass(frozen=True)
class Table:
    """A table or view and its checks.

    Attributes:
        relation: `schema.table`.
        keys: the columns that identify a row in an example.
        checks: what must be true of the table.
        may_be_empty: whether the table may have no rows.
    """

    relation: str
    keys: tuple[str, ...]
    checks: tuple[Check, ...] = field(default_factory=tuple)
    may_be_empty: bool = False


def quoted_relation(relation: str) -> str:
    """Return `schema.table` with both names quoted."""
    return ".".join(quote_identifier(name) for name in relation.split("."))


def examples_query(table: Table, check: Promise) -> str:
    """Return the query for the rows of `table` that break the promise."""
    columns = list(dict.fromkeys((*table.keys, *check.columns)))
    listed = ", ".join(
        column if column == "rowid" else quote_identifier(column) for column in columns
    )
    return (
        f"select {listed} from {quoted_relation(table.relation)} "
        f"where not coalesce(({check.condition}), false)"
    )


# ---------------------------------------------------------------- one column


def not_null(*columns: str) -> list[Check]:
    """None of the columns contains a null."""
    return [
        Promise(f"{column} is never null", f"{quote_identifier(column)} is not null", (column,))
        for column in columns
    ]


def between(column: str, lowest: float, highest: float, *, or_null: bool = False) -> Check:
    """Every value is between `lowest` and `highest`, inclusive."""
    condition = f"{quote_identifier(column)} between {lowest} and {highest}"
    words = f"{column} is between {lowest:,} and {highest:,}"
    if or_null:
        condition, words = f"{column} is null or {condition}", f"{words}, or null"
    return Promise(words, condition, (column,))


def at_least(column: str, lowest: float) -> Check:
    """Every value is `lowest` or more."""
    return Promise(
        f"{column} is {lowest:,} or more", f"{quote_identifier(column)} >= {lowest}", (column,)
    )


def in_set(column: str, values: Iterable[object], source: str) -> Check:
    """Every value is one of `values`. `source` says in words where they come from."""
    listed = ", ".join(
        quote_literal(value) if isinstance(value, str) else str(value) for value in values
    )
    return Promise(
        f"{column} is one of the values in {source}",
        f"{quote_identifier(column)} in ({listed or 'null'})",
        (column,),
    )


def mapped(column: str, by: str, pairs: Iterable[tuple[object, object]], source: str) -> Check:
    """`column` has the value that the table `source` gives for the value of `by`."""
    whens = " ".join(f"when {literal(key)} then {literal(value)}" for key, value in pairs)
    return Promise(
        f"{column} is the value in {source} for {by}",
        f"{column} = case {by} {whens} end",
        (by, column),
    )


def in_band(
    band: str, value: str, limits: Iterable[tuple[object, object, object]], source: str
) -> Check:
    """The column `band` names the band of `source` that contains the value of `value`."""
    return Promise(
        f"{band} is the band of {source} that contains {value}",
        f"{band} = {band_case(value, limits)}",
        (value, band),
    )


def band_case(value: str, limits: Iterable[tuple[object, object, object]]) -> str:
    """Return the SQL for the label of the band that contains `value`.

    A band includes its lower limit, but not its upper one. A null is no limit.
    """
    whens = []
    for label, lower, upper in limits:
        parts = [f"{value} >= {lower}"] if lower is not None else []
        parts += [f"{value} < {upper}"] if upper is not None else []
        whens.append(f"when {' and '.join(parts) or 'true'} then {literal(label)}")
    return f"case {' '.join(whens)} end"


def literal(value: object) -> str:
    """Return a string or a number as a SQL literal."""
    return quote_literal(value) if isinstance(value, str) else str(value)


# ---------------------------------------------------------------- distributions


def median_between(column: str, lowest: float, highest: float) -> list[Check]:
    """The median is between the limits. Two shares check this without a sort."""
    return [
        Share(
            f"the median of {column} is {lowest:,} or more: at most half of the rows are below",
            f"{column} < {lowest}",
            column,
            0,
            0.5,
        ),
        Share(
            f"the median of {column} is {highest:,} or less: at most half of the rows are above",
            f"{column} > {highest}",
            column,
            0,
            0.5,
        ),
    ]


def share_between(words: str, condition: str, column: str, lowest: float, highest: float) -> Check:
    """The share of rows that meet `condition` is between the limits."""
    return Share(
        f"{words}: in {lowest:.1%} to {highest:.1%} of the rows", condition, column, lowest, highest
    )


# ---------------------------------------------------------------- several rows, several tables


def unique(relation: str, *columns: str) -> Check:
    """No two rows have the same values in all of the columns."""
    listed = ", ".join(quote_identifier(column) for column in columns)
    return Nothing(
        f"{' and '.join(columns)} {'is unique' if len(columns) == 1 else 'are unique together'}",
        f"select {listed}, count(*) as occurrences from {quoted_relation(relation)} "
        f"group by {listed} having count(*) > 1",
        ", ".join(columns),
    )


def written_differences(columns: Sequence[str], here: str, there: str) -> str:
    """Return the SQL for a string that names the columns in which two rows differ.

    Numbers, dates and flags are shown with both values. A text column is only named, because the
    wrong text may be a person's name.
    """
    if not columns:
        return "''"
    parts = ", ".join(
        f"case when {here}.{column} is distinct from {there}.{column} then '{column}' || "
        f"case when 'VARCHAR' in (typeof({here}.{column}), typeof({there}.{column})) then '' else "
        f"' ' || coalesce(cast({here}.{column} as varchar), 'null') || ' here, ' || "
        f"coalesce(cast({there}.{column} as varchar), 'null') || ' there' end end"
        for column in columns
    )
    return f"concat_ws('; ', {parts})"


def same_values(left: str, right: str, key: str, columns: Sequence[str | tuple[str, str]]) -> Check:
    """Two tables have the same keys, with the same values in the columns.

    The query hashes the key and the values of each row to 64 bits, and compares the number of rows
    and the sum of the hashes. This takes one scan of each table and no join. Tables with different
    rows have equal sums with a probability of about 2^-64.

    An item of `columns` may be a pair: the column's name in the left table, and an expression for
    the right one. The types must be the same, because equal numbers of different types may have
    different hashes.
    """
    pairs = [(column, column) if isinstance(column, str) else column for column in columns]

    def totals(relation: str, expressions: Iterable[str]) -> str:
        hashed = ", ".join((key, *expressions))
        return (
            f"select count(*) as row_count, sum(hash({hashed})) as fingerprint "
            f"from {quoted_relation(relation)}"
        )

    query = (
        f"with left_side as ({totals(left, (name for name, _ in pairs))}), "
        f"right_side as ({totals(right, (expression for _, expression in pairs))}) "
        "select left_side.row_count as rows_here, right_side.row_count as rows_there "
        "from left_side cross join right_side "
        "where left_side.row_count <> right_side.row_count "
        "or left_side.fingerprint is distinct from right_side.fingerprint"
    )
    left_columns = ", ".join((key, *(name for name, _ in pairs)))
    right_columns = ", ".join((key, *(f"{expression} as {name}" for name, expression in pairs)))
    differences = written_differences([name for name, _ in pairs], "left_side", "right_side")
    explanation = (
        f"with left_side as (select {left_columns}, count(*) over (partition by {key}) as "
        f"occurrences from {quoted_relation(left)}), "
        f"right_side as (select {right_columns} from {quoted_relation(right)}), "
        f"compared as (select coalesce(left_side.{key}, right_side.{key}) as {key}, "
        f"case when left_side.{key} is null then 'missing here' "
        f"when right_side.{key} is null then 'missing there' "
        "when left_side.occurrences > 1 then 'several times here' "
        f"else {differences} end as difference "
        f"from left_side full join right_side on left_side.{key} = right_side.{key}) "
        "select * from compared where difference <> ''"
    )
    named = ", ".join(name for name, _ in pairs)
    return Nothing(
        f"has the customers of {right}" + (f", with the same {named}" if named else ""),
        query,
        f"{key}, {named}" if named else key,
        explanation,
    )
