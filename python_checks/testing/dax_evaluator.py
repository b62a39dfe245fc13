"""Compute DAX measures on the tables of a warehouse, from the text of their definitions.

This module is independent of the code that writes the measures. It reads measures, relationships
and queries from the TMDL files, and parses the DAX text with pbi-parsers. Filters follow active
relationships from the one side to the many side, as in Power BI. Only the functions below are
supported, and they work as in Microsoft's DAX reference. Anything else is an error.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
from pbi_parsers import dax
from pbi_parsers.dax import exprs, utils
from scipy import stats

from bank_warehouse.powerbi import tmdl_reader
from bank_warehouse.powerbi.tmdl_reader import Node, split_column, unquote

Column = tuple[str, str]
"""The name of a table in the model, and the name of one of its columns."""

Context = Mapping[Column, frozenset[object]]
"""A filter context: each filtered column and its remaining values."""

AGGREGATES = {
    "SUM": "sum({})",
    "MIN": "min({})",
    "MAX": "max({})",
    "AVERAGE": "avg({})",
    "MEDIAN": "median({})",
    "COUNTA": "nullif(count({}), 0)",
    "DISTINCTCOUNTNOBLANK": "nullif(count(distinct {}), 0)",
}


@dataclass(frozen=True)
class Evaluator:
    """Computes the measures of a model on the tables of a warehouse.

    Attributes:
        connection: a connection to a built warehouse.
        relations: for each table of the model, the SQL that selects its rows.
        sources: for each column of the model, its name in those rows.
        parents: the active relationships of each table. Each has the table's own column, the other
            table, and the other table's column.
        measures: the DAX of each measure, by name.
        roles: for each role, the DAX filter of each table.
        marts: for each table of the model, the marts that it reads.
        sorts: for each column of the model that is sorted by another column, the other column.
        scope: columns by which the visual groups, for ISINSCOPE.
    """

    connection: duckdb.DuckDBPyConnection
    relations: Mapping[str, str]
    sources: Mapping[Column, str]
    parents: Mapping[str, list[tuple[str, str, str]]]
    measures: Mapping[str, str]
    roles: Mapping[str, Mapping[str, str]]
    marts: Mapping[str, list[str]]
    sorts: Mapping[Column, Column]
    scope: frozenset[Column] = frozenset()

    def value(
        self, measure: str, context: Context | None = None, scope: Iterable[Column] = ()
    ) -> Any:
        """Return the value of a measure in a filter context; None for blank.

        Args:
            measure: name of the measure.
            context: the filter context.
            scope: columns by which the visual groups.
        """
        here = replace(self, scope=frozenset(scope)) if scope else self
        return here._value(parsed(self.measures[measure]), dict(context or {}), {})

    def grouped(self, column: Column, value: object, context: Context) -> Context:
        """Return the filter context of a mark in a visual that groups by a column.

        If the column has a sort column, both are filtered, as in Power BI.
        """
        added: dict[Column, frozenset[object]] = {column: frozenset({value})}
        sorter = self.sorts.get(column)
        if sorter is not None:
            own, other = self.sources[column], self.sources[sorter]
            rows = self.connection.execute(
                f'select distinct "{other}" from ({self.relations[column[0]]})'
                f" where {_among(own, frozenset({value}))}"
            ).fetchall()
            added[sorter] = frozenset(row[0] for row in rows)
        return {
            **context,
            **{each: context.get(each, values) & values for each, values in added.items()},
        }

    def values(self, column: Column, context: Context) -> list[Any]:
        """Return the values of a column that remain in a filter context."""
        source = self.sources[column]
        rows = self.connection.execute(
            f'select distinct "{source}" from ({self.rows(column[0], context)})'
        ).fetchall()
        return sorted((row[0] for row in rows), key=lambda value: (value is None, value))

    def reached_by(self, table: str) -> frozenset[str]:
        """Return the tables whose filters reach `table`, including `table` itself."""
        found = {table}
        for _, parent, _ in self.parents.get(table, []):
            found |= self.reached_by(parent)
        return frozenset(found)

    def tables_of(self, measure: str) -> frozenset[str]:
        """Return the tables that a measure reads, directly or through other measures."""
        return frozenset(_tables(parsed(self.measures[measure]), self.measures))

    def role_context(self, role: str, user: str, access: Sequence[Mapping[str, str]]) -> Context:
        """Return the filter context of a user in a role.

        Args:
            role: name of the role.
            user: the name under which the user signs in.
            access: rows of the access table, with the column names of the model.
        """
        context: dict[Column, frozenset[object]] = {}
        for table, text in self.roles[role].items():
            tree = parsed(text)
            if isinstance(tree, exprs.FunctionExpression) and tree.function_name() == "FALSE":
                first = next(column for name, column in self.sources if name == table)
                context[table, first] = frozenset()
            elif isinstance(tree, exprs.InExpression):
                listed, condition = tree.array.args
                ((_, shown),) = [_column(each) for each in listed.args]
                (_, asked) = _column(condition.left)
                assert condition.right.function_name() == "USERPRINCIPALNAME"
                context[_column(tree.value)] = frozenset(
                    row[shown] for row in access if row[asked] == user
                )
        return context

    # ---------- rows

    def rows(self, table: str, context: Context) -> str:
        """Return SQL that selects the rows of a table that remain in a filter context."""
        return f"select * from ({self.relations[table]}) where {self._condition(table, context)}"

    def _condition(self, table: str, context: Context) -> str:
        conditions = ["true"]
        for (owner, column), values in context.items():
            if owner == table:
                conditions.append(_among(self.sources[owner, column], values))
        for own, parent, key in self.parents.get(table, []):
            if any(owner in self.reached_by(parent) for owner, _ in context):
                inner = self._condition(parent, context)
                source = self.sources[parent, key]
                conditions.append(
                    f'"{self.sources[table, own]}" in '
                    f'(select "{source}" from ({self.relations[parent]}) where {inner})'
                )
        return " and ".join(conditions)

    def _ask(self, text: str) -> Any:
        row = self.connection.execute(text).fetchone()
        assert row is not None
        return row[0]

    # ---------- expressions

    def _value(self, tree: Any, context: Context, names: Mapping[str, Any]) -> Any:
        match tree:
            case exprs.LiteralNumberExpression():
                return float(tree.value.text)
            case exprs.LiteralStringExpression():
                return tree.value.text.strip('"')
            case exprs.ParenthesesExpression():
                return self._value(tree.inner_statement, context, names)
            case exprs.MeasureExpression():
                text = self.measures[utils.get_inner_text(tree.name)]
                return self._value(parsed(text), context, {})
            case exprs.IdentifierExpression():
                return names[tree.name.text]
            case exprs.ReturnExpression():
                inner = dict(names)
                for statement in tree.variable_statements:
                    inner[statement.var_name.text] = self._value(
                        statement.statement, context, inner
                    )
                return self._value(tree.ret, context, inner)
            case exprs.ConcatenationExpression():
                return _text(self._value(tree.left, context, names)) + _text(
                    self._value(tree.right, context, names)
                )
            case exprs.ComparisonExpression():
                return _compare(
                    tree.operator.text,
                    self._value(tree.left, context, names),
                    self._value(tree.right, context, names),
                )
            case exprs.ExponentExpression():
                base = self._value(tree.base, context, names)
                return float(base or 0) ** float(self._value(tree.power, context, names))
            case exprs.AddSubUnaryExpression():
                number = self._value(tree.number, context, names)
                return -number if tree.operator.text == "-" and number is not None else number
            case exprs.ColumnExpression():
                return names[str(_column(tree))]
            case exprs.AddSubExpression() | exprs.DivMulExpression():
                left = self._value(tree.left, context, names)
                right = self._value(tree.right, context, names)
                return _arithmetic(tree.operator.text, left, right)
            case exprs.LogicalExpression():
                left = self._value(tree.left, context, names)
                right = self._value(tree.right, context, names)
                return (left and right) if tree.operator.text == "&&" else (left or right)
            case exprs.FunctionExpression():
                return self._call(tree.function_name().upper(), tree.args, context, names)
        raise NotImplementedError(type(tree).__name__)

    def _call(
        self, function: str, arguments: list[Any], context: Context, names: Mapping[str, Any]
    ) -> Any:
        def of(number: int) -> Any:
            return self._value(arguments[number], context, names)

        lazy: dict[str, Callable[[], Any]] = {
            "TRUE": lambda: True,
            "BLANK": lambda: None,
            "IF": lambda: of(1) if of(0) else of(2) if len(arguments) > 2 else None,
            "ISBLANK": lambda: of(0) is None,
            "ABS": lambda: abs(float(of(0) or 0)),
            "SQRT": lambda: float(of(0) or 0) ** 0.5,
            "CONVERT": lambda: of(0),
            "FORMAT": lambda: formatted(of(0), of(1)),
            "CHISQ.DIST.RT": lambda: float(stats.chi2.sf(float(of(0)), float(of(1)))),
            "ISINSCOPE": lambda: _column(arguments[0]) in self.scope,
            "COALESCE": lambda: next(
                (
                    value
                    for value in (of(number) for number in range(len(arguments)))
                    if value is not None
                ),
                None,
            ),
            "DIVIDE": lambda: _divide(of(0), of(1)),
            "CALCULATE": lambda: self._value(
                arguments[0], self._narrowed(arguments[1:], context, names), names
            ),
            "SWITCH": lambda: next(
                (
                    of(number + 1)
                    for number in range(1, len(arguments) - 1, 2)
                    if of(number) == of(0)
                ),
                of(len(arguments) - 1) if len(arguments) % 2 == 0 else None,
            ),
        }
        is_scalar = function in ("MIN", "MAX") and len(arguments) > 1
        if is_scalar:
            return (min if function == "MIN" else max)(float(of(0) or 0), float(of(1) or 0))
        if function in lazy:
            return lazy[function]()
        if function in AGGREGATES:
            table, column = _column(arguments[0])
            text = AGGREGATES[function].format(f'"{self.sources[table, column]}"')
            return self._ask(f"select {text} from ({self.rows(table, context)})")
        if function in ("COUNTROWS", "ISEMPTY") and _is_list(arguments[0]):
            count = len(self._rows_of(arguments[0], context, names))
            return count == 0 if function == "ISEMPTY" else (count or None)
        if function in ("SUMX", "MAXX", "MINX") and _is_list(arguments[0]):
            found = [
                self._value(arguments[1], inner, {**names, **here})
                for inner, here in self._rows_of(arguments[0], context, names)
            ]
            kept = [value for value in found if value is not None]
            if not kept:
                return None
            if function == "SUMX":
                return sum(float(value) for value in kept)
            return max(kept) if function == "MAXX" else min(kept)
        if function in ("COUNTROWS", "ISEMPTY"):
            count = self._ask(f"select count(*) from ({self.rows(_table(arguments[0]), context)})")
            return count == 0 if function == "ISEMPTY" else (count or None)
        if function == "SUMX":
            table = _table(arguments[0])
            return self._ask(
                f"select sum({self._row_sql(arguments[1], names)}) "
                f"from ({self.rows(table, context)})"
            )
        if function == "SELECTEDVALUE":
            table, column = _column(arguments[0])
            source = self.sources[table, column]
            values = self.connection.execute(
                f'select distinct "{source}" from ({self.rows(table, context)}) limit 2'
            ).fetchall()
            default = of(1) if len(arguments) > 1 else None
            return values[0][0] if len(values) == 1 else default
        raise NotImplementedError(function)

    def _rows_of(
        self, tree: Any, context: Context, names: Mapping[str, Any]
    ) -> list[tuple[Context, dict[str, Any]]]:
        """Return the filter context and the column value of each row of VALUES or TOPN."""
        if tree.function_name() == "VALUES":
            column = _column(tree.args[0])
            return [
                ({**context, column: frozenset({value})}, {str(column): value})
                for value in self.values(column, context)
            ]
        assert tree.function_name() == "TOPN"
        count, inner, by, *direction = tree.args
        down = not direction or direction[0].name.text == "DESC"
        rows = self._rows_of(inner, context, names)
        ranked = [(self._value(by, here, {**names, **row}) or 0, here, row) for here, row in rows]
        ranked.sort(key=lambda each: float(each[0]), reverse=down)
        number = int(self._value(count, context, names))
        if len(ranked) > number:  # ties with the last row are kept
            last = ranked[number - 1][0]
            ranked = [each for each in ranked if each[0] >= last if down] or [
                each for each in ranked if each[0] <= last
            ]
        return [(here, row) for _, here, row in ranked]

    def _row_sql(self, tree: Any, names: Mapping[str, Any]) -> str:
        """Return SQL for an expression on the columns of a row."""

        def inner(part: Any) -> str:
            return self._row_sql(part, names)

        match tree:
            case exprs.ColumnExpression():
                return f'"{self.sources[_column(tree)]}"'
            case exprs.LiteralNumberExpression():
                return str(tree.value.text)
            case exprs.LiteralStringExpression():
                return _constant(str(tree.value.text))
            case exprs.IdentifierExpression():
                return repr(float(names[tree.name.text] or 0))  # blank is 0
            case exprs.ParenthesesExpression():
                return f"({inner(tree.inner_statement)})"
            case exprs.AddSubExpression() | exprs.DivMulExpression():
                return f"({inner(tree.left)} {tree.operator.text} {inner(tree.right)})"
            case exprs.ComparisonExpression():
                return f"({inner(tree.left)} {tree.operator.text} {inner(tree.right)})"
            case exprs.LogicalExpression():
                sign = "and" if tree.operator.text == "&&" else "or"
                return f"({inner(tree.left)} {sign} {inner(tree.right)})"
            case exprs.ExponentExpression():
                return f"pow({inner(tree.base)}, {inner(tree.power)})"
            case exprs.FunctionExpression():
                parts = [inner(each) for each in tree.args[: _SHOWN.get(tree.function_name(), 9)]]
                return str(_ROW_FUNCTIONS[tree.function_name()].format(*parts))
        raise NotImplementedError(type(tree).__name__)

    def _narrowed(
        self, conditions: list[Any], context: Context, names: Mapping[str, Any]
    ) -> Context:
        """Return the filter context inside CALCULATE.

        Conditions replace filters, KEEPFILTERS narrows them, and REMOVEFILTERS removes them.
        """
        changed = dict(context)
        for condition in conditions:
            keeps, tree = False, condition
            if isinstance(condition, exprs.FunctionExpression):
                if condition.function_name() == "REMOVEFILTERS":
                    gone = {_column(each) for each in condition.args} or set(changed)
                    changed = {each: kept for each, kept in changed.items() if each not in gone}
                    continue
                assert condition.function_name() == "KEEPFILTERS"
                keeps, (tree,) = True, condition.args
            assert tree.operator.text == "="
            column = _column(tree.left)
            values = frozenset({self._value(tree.right, context, names)})
            changed[column] = changed.get(column, values) & values if keeps else values
        return changed


def load(files: Mapping[str, str], connection: duckdb.DuckDBPyConnection) -> Evaluator:
    """Return an evaluator of the model in the files of a Power BI project."""
    tables: dict[str, Node] = {}
    relationships: list[Node] = []
    roles: dict[str, dict[str, str]] = {}
    for path, text in files.items():
        if path.endswith(".tmdl"):
            for node in tmdl_reader.read(text):
                if node.kind == "table":
                    tables[node.name] = node
                elif node.kind == "relationship":
                    relationships.append(node)
                elif node.kind == "role":
                    roles[node.name] = {each.name: each.text for each in node.of("tablePermission")}
    parents: dict[str, list[tuple[str, str, str]]] = {}
    for each in relationships:
        if each.properties.get("isActive") != "false":
            child, own = split_column(each.properties["fromColumn"])
            parent, key = split_column(each.properties["toColumn"])
            parents.setdefault(child, []).append((own, parent, key))
    return Evaluator(
        connection=connection,
        relations=_loaded(tables, connection),
        sources={
            (name, column.name): unquote(column.properties["sourceColumn"])
            for name, node in tables.items()
            for column in node.of("column")
            if "sourceColumn" in column.properties
        },
        parents=parents,
        measures={
            measure.name: measure.text for node in tables.values() for measure in node.of("measure")
        },
        roles=roles,
        marts={
            name: re.findall(r"\b(?:marts|quality)\.(\w+)", _relation(node))
            for name, node in tables.items()
        },
        sorts={
            (name, column.name): (name, unquote(column.properties["sortByColumn"]))
            for name, node in tables.items()
            for column in node.of("column")
            if "sortByColumn" in column.properties
        },
    )


def _loaded(tables: Mapping[str, Node], connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Load each table of the model once, as a refresh in Power BI does; return SQL to read each.

    A table whose mart is missing is not loaded, and measures that read it fail. For example, only
    a published release has the mart `release`.
    """
    relations = {name: _relation(node) for name, node in tables.items()}
    for number, (name, text) in enumerate(relations.items()):
        with suppress(duckdb.CatalogException):
            connection.execute(f"create or replace temp table loaded_{number} as {text}")
            relations[name] = f"select * from loaded_{number}"
    return relations


def _relation(table: Node) -> str:
    """Return SQL for the rows of a table: a mart, joined marts, a list or a calculated table."""
    (partition,) = table.of("partition")
    text = partition.properties["source"]
    if "NAMEOF(" in text or "GENERATESERIES(" in text:
        return _calculated(text)
    reads = re.findall(r'ReadTable\(\s*"(\w+)",\s*"(\w+)"\s*\)', text)
    if not reads:
        return _listed(text)
    (schema, name), *others = reads
    keys = re.findall(r'Table\.NestedJoin\(\s*\w+,\s*\{"(\w+)"\}', text)
    taken = re.findall(
        r'Table\.ExpandTableColumn\(\s*\w+,\s*"joined",\s*\{([^}]*)\}', text, flags=re.DOTALL
    )
    assert len(others) == len(keys) == len(taken)
    selected, joined = ["base.*"], ""
    for number, ((schema_of, other), key, columns) in enumerate(
        zip(others, keys, taken, strict=True)
    ):
        selected += [f"other_{number}.{column}" for column in re.findall(r'"(\w+)"', columns)]
        joined += (
            f" left join {schema_of}.{other} as other_{number} on base.{key} = other_{number}.{key}"
        )
    loaded = f"select {', '.join(selected)} from {schema}.{name} as base{joined}"
    added = [f"{_case(chain)} as {made}" for made, chain in _CHAIN.findall(text)]
    added += [f"{_spelled_out(code)} as {made}" for made, code in _WORDS.findall(text)]
    added += [f"{_replaced(code)} as {made}" for made, code in _REPLACED.findall(text)]
    return f"select *, {', '.join(added)} from ({loaded})" if added else loaded


_CHAIN = re.compile(
    r'Table\.AddColumn\(\s*\w+,\s*"(\w+)",\s*each (if \[.*?),\s*(?:type text|Int64\.Type)\s*\)',
    flags=re.DOTALL,
)


_WORDS = re.compile(
    r'Table\.AddColumn\(\s*\w+,\s*"(\w+)",\s*each Text\.Upper\(Text\.Start\(\[(\w+)\], 1\)\)'
)


_REPLACED = re.compile(
    r'Table\.AddColumn\(\s*\w+,\s*"(\w+)",\s*each (Text\.Replace\(.*?),\s*type text\s*\)',
    flags=re.DOTALL,
)


_SPELLED = (
    r"Text\.Upper\(Text\.Start\(\[\w+\], 1\)\) & "
    r'Text\.Replace\(Text\.Middle\(\[\w+\], 1\), "_", " "\)'
)
"""Matches M that writes a code in words, with a capital letter and without underscores."""


def _case(chain: str) -> str:
    """Return SQL for a chain of comparisons in M."""
    value = r'"(?:[^"]|"")*"|[\d.]+'
    branches = re.findall(rf"if \[(\w+)\] (=|<) ({value}) then ({value})", chain)
    (last,) = re.findall(rf"else ({value}|\[\w+\]|{_SPELLED})\s*$", chain)
    written = " ".join(
        f'when "{column}" {sign} {_constant(limit)} then {_constant(result)}'
        for column, sign, limit, result in branches
    )
    column = re.search(r"\[(\w+)\]", last) if not last.startswith('"') else None
    if column is not None:
        last = _spelled_out(column[1]) if last.startswith("Text.") else f'"{column[1]}"'
    return f"case {written} else {_constant(last)} end"


def _replaced(nested: str) -> str:
    """Return SQL for nested calls of `Text.Replace` on a column."""
    column: str
    (column,) = re.findall(r"\[(\w+)\]", nested)
    text = '"(?:[^"]|"")*"'
    for part, label in re.findall(rf"({text}), ({text})\)", nested):
        column = f"replace({column}, {_constant(part)}, {_constant(label)})"
    return column


def _spelled_out(code: str) -> str:
    """Return SQL that writes a code in words, with a capital letter and without underscores."""
    return f"upper(left({code}, 1)) || replace(substr({code}, 2), '_', ' ')"


def _constant(text: str) -> str:
    """Return a constant of M or DAX as SQL."""
    if not text.startswith('"'):
        return text
    return "'" + text[1:-1].replace('""', '"').replace("'", "''") + "'"


def _calculated(text: str) -> str:
    """Return SQL for the rows of a field parameter (measures) or a slider (numbers)."""
    series = re.search(r"GENERATESERIES\(([\d.]+), ([\d.]+), ([\d.]+)\)", text)
    if series is not None:
        low, high, step = (float(each) for each in series.groups())
        steps = round((high - low) / step)
        return f'select {low} + {step} * range as "[Value]" from range({steps + 1})'
    rows = re.findall(r'\("([^"]*)", NAMEOF\((.*?)\), (\d+)\)', text)
    written = ", ".join(
        "('" + label + "', '" + name.replace("'", "''") + f"', {number})"
        for label, name, number in rows
    )
    return f'select * from (values {written}) as listed("[Value1]", "[Value2]", "[Value3]")'


def _listed(text: str) -> str:
    """Return SQL for the rows of `#table(type table [...], {...})`."""
    found = re.search(r"type table \[(.*?)\],\s*\{(.*)\}\s*\)", text, flags=re.DOTALL)
    assert found is not None
    names = [each.split("=")[0].strip() for each in found[1].split(",")]
    rows = [
        re.findall(r'"(?:[^"]|"")*"|[^,\s]+', row) for row in re.findall(r"\{([^{}]*)\}", found[2])
    ]
    written = [
        "("
        + ", ".join(
            "'" + value[1:-1].replace("'", "''") + "'" if value.startswith('"') else value
            for value in row
        )
        + ")"
        for row in rows
    ]
    if not written:
        return f"select {', '.join(f'null as {name}' for name in names)} where false"
    return f"select * from (values {', '.join(written)}) as listed({', '.join(names)})"


def parsed(text: str) -> Any:
    """Return the syntax tree of a DAX expression.

    Raises:
        AssertionError: the text is not a DAX expression.
        ValueError: likewise; the parser raises one or the other.
    """
    if text not in _CACHE:
        _CACHE[text] = dax.to_ast(text)
    return _CACHE[text]


_CACHE: dict[str, Any] = {}


def _column(tree: Any) -> Column:
    assert isinstance(tree, exprs.ColumnExpression)
    return utils.get_inner_text(tree.table), utils.get_inner_text(tree.column)


def _table(tree: Any) -> str:
    assert isinstance(tree, exprs.TableExpression)
    return str(utils.get_inner_text(tree.name))


def _tables(tree: Any, measures: Mapping[str, str]) -> set[str]:
    found: set[str] = set()
    if isinstance(tree, exprs.ColumnExpression):
        found.add(_column(tree)[0])
    elif isinstance(tree, exprs.TableExpression):
        found.add(_table(tree))
    elif isinstance(tree, exprs.MeasureExpression):
        found |= _tables(parsed(measures[utils.get_inner_text(tree.name)]), measures)
    for child in tree.children():
        found |= _tables(child, measures)
    return found


def _among(source: str, values: frozenset[object]) -> str:
    written = ", ".join(
        "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)
        for value in sorted(values - {None}, key=str)
    )
    conditions = [f'"{source}" in ({written})'] if written else []
    conditions += [f'"{source}" is null'] if None in values else []
    return f"({' or '.join(conditions)})" if conditions else "false"


def _divide(top: Any, bottom: Any) -> float | None:
    if top is None or not bottom:
        return None
    return float(top) / float(bottom)


def _arithmetic(sign: str, left: Any, right: Any) -> float | None:
    if left is None and right is None:
        return None
    one, other = float(left or 0), float(right or 0)
    return {"+": one + other, "-": one - other, "*": one * other}[sign]


_ROW_FUNCTIONS = {
    "INT": "cast({} as integer)",
    "MIN": "least({}, {})",
    "ABS": "abs({})",
    "IF": "case when {} then {} else {} end",
    "CONVERT": "cast({} as double)",
}
_SHOWN = {"CONVERT": 1}
"""How many arguments of a function are expressions. In functions that are not listed, all are."""


def _is_list(tree: Any) -> bool:
    return isinstance(tree, exprs.FunctionExpression)


def _text(value: Any) -> str:
    """Return the text to which the operator & converts a value."""
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _compare(sign: str, left: Any, right: Any) -> bool:
    """Compare two values as DAX does: a blank equals 0 and the empty string."""
    if isinstance(left, str) or isinstance(right, str):
        left, right = left or "", right or ""
    else:
        left, right = float(left or 0), float(right or 0)
    answers: dict[str, bool] = {
        "=": left == right,
        "<>": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }
    return answers[sign]


def formatted(value: Any, pattern: str) -> str:
    """Return a value in one of the model's formats; a blank becomes an empty string."""
    if value is None or not pattern:
        return _text(value)
    if isinstance(value, date) or pattern.startswith("yyyy"):
        return str(value)[:10]
    number = Decimal(str(value))
    if ";" in pattern:
        positive, negative, zero = pattern.split(";")
        pattern = positive if number > 0 else negative if number < 0 else zero
        number = abs(number)
    sign = re.match(r"[+-]?", pattern)
    prefix = sign[0] if sign else ""
    pattern = pattern.removeprefix(prefix)
    if pattern.endswith("%"):
        number *= 100
    digits = len(pattern.rstrip("%").partition(".")[2])
    rounded = number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    written = f"{rounded:,}" if "," in pattern else f"{rounded}"
    return prefix + written + ("%" if pattern.endswith("%") else "")
