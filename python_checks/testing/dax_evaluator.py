"""Computes DAX measures from the tables of a warehouse, by reading the text of the definitions.

An independent reading: it knows nothing of how the measures were written. Measures,
relationships and queries come from the TMDL files; the DAX text is parsed by pbi-parsers; filters
run along active relationships from the one to the many, as in Power BI. Only the functions below
are known, and each of them as Microsoft's DAX reference describes it; anything else is an error.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
from pbi_parsers import dax
from pbi_parsers.dax import exprs, utils

from bank_warehouse.powerbi import tmdl_reader
from bank_warehouse.powerbi.tmdl_reader import Node, split_column, unquote

Column = tuple[str, str]
"""Table and column by their names in the model."""

Context = Mapping[Column, frozenset[object]]
"""What is chosen: for each filtered column the values that are left."""

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
    """Measures of a model over a warehouse.

    Attributes:
        connection: open on a built warehouse.
        relations: for each table of the model the SQL that gives its rows.
        sources: for each column of the model its name in those rows.
        parents: for each table its active relationships: own column, other table, its column.
        measures: DAX by name.
        roles: for each role the DAX of each table that it filters.
    """

    connection: duckdb.DuckDBPyConnection
    relations: Mapping[str, str]
    sources: Mapping[Column, str]
    parents: Mapping[str, list[tuple[str, str, str]]]
    measures: Mapping[str, str]
    roles: Mapping[str, Mapping[str, str]]

    def value(self, measure: str, context: Context | None = None) -> Any:
        """Return the value of a measure where `context` is chosen, None for blank."""
        return self._value(parsed(self.measures[measure]), dict(context or {}), {})

    def reached_by(self, table: str) -> frozenset[str]:
        """Return the tables whose filters reach `table`, itself included."""
        found = {table}
        for _, parent, _ in self.parents.get(table, []):
            found |= self.reached_by(parent)
        return frozenset(found)

    def tables_of(self, measure: str) -> frozenset[str]:
        """Return the tables that a measure reads, those of its measures included."""
        return frozenset(_tables(parsed(self.measures[measure]), self.measures))

    def role_context(self, role: str, user: str, access: Sequence[Mapping[str, str]]) -> Context:
        """Return what a user in a role sees, as a context.

        Args:
            role: name of the role.
            user: name the user signs in with.
            access: rows of the table of access, by the names of its columns in the model.
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
        """Return the SQL of the rows of a table that a context leaves."""
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
            "IF": lambda: of(1) if of(0) else of(2),
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
                None,
            ),
        }
        if function in lazy:
            return lazy[function]()
        if function in AGGREGATES:
            table, column = _column(arguments[0])
            text = AGGREGATES[function].format(f'"{self.sources[table, column]}"')
            return self._ask(f"select {text} from ({self.rows(table, context)})")
        if function in ("COUNTROWS", "ISEMPTY"):
            count = self._ask(f"select count(*) from ({self.rows(_table(arguments[0]), context)})")
            return count == 0 if function == "ISEMPTY" else (count or None)
        if function == "SUMX":
            table = _table(arguments[0])
            inner = arguments[1]
            assert inner.function_name() == "INT"
            source = self.sources[_column(inner.args[0])]
            return self._ask(
                f'select sum(case when "{source}" then 1 else 0 end) '
                f"from ({self.rows(table, context)})"
            )
        if function in ("SELECTEDVALUE", "HASONEVALUE"):
            table, column = _column(arguments[0])
            source = self.sources[table, column]
            values = self.connection.execute(
                f'select distinct "{source}" from ({self.rows(table, context)}) limit 2'
            ).fetchall()
            if function == "HASONEVALUE":
                return len(values) == 1
            return values[0][0] if len(values) == 1 else None
        if function == "ISFILTERED":
            return _column(arguments[0]) in context
        if function == "LOOKUPVALUE":
            (table, shown), (_, searched) = (_column(each) for each in arguments[:2])
            chosen = {(table, searched): frozenset({of(2)})}
            rows = self.connection.execute(
                f'select "{self.sources[table, shown]}" from ({self.rows(table, chosen)})'
            ).fetchall()
            return rows[0][0] if rows else None
        raise NotImplementedError(function)

    def _narrowed(
        self, conditions: list[Any], context: Context, names: Mapping[str, Any]
    ) -> Context:
        """Return the context of CALCULATE: conditions replace it, within KEEPFILTERS narrow it."""
        changed = dict(context)
        for condition in conditions:
            keeps, tree = False, condition
            if isinstance(condition, exprs.FunctionExpression):
                if condition.function_name() == "REMOVEFILTERS" and not condition.args:
                    changed = {}
                    continue
                assert condition.function_name() == "KEEPFILTERS"
                keeps, (tree,) = True, condition.args
            assert tree.operator.text == "="
            column = _column(tree.left)
            values = frozenset({self._value(tree.right, context, names)})
            changed[column] = changed.get(column, values) & values if keeps else values
        return changed


def load(files: Mapping[str, str], connection: duckdb.DuckDBPyConnection) -> Evaluator:
    """Return the evaluator of the model in the files of a project."""
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
        relations={name: _relation(node) for name, node in tables.items()},
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
    )


def _relation(table: Node) -> str:
    """Return the SQL of what the M of a table loads: a mart, marts joined, or a list."""
    (partition,) = table.of("partition")
    text = partition.properties["source"]
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
    for added, code in re.findall(
        r'Table\.AddColumn\(\s*\w+, "(\w+)",\s*each Text\.Upper\(Text\.Start\(\[(\w+)\]', text
    ):
        words = f"upper(base.{code}[1]) || replace(base.{code}[2:], '_', ' ')"
        selected.append(f"{words} as {added}")
    for number, ((schema_of, other), key, columns) in enumerate(
        zip(others, keys, taken, strict=True)
    ):
        selected += [f"other_{number}.{column}" for column in re.findall(r'"(\w+)"', columns)]
        joined += (
            f" left join {schema_of}.{other} as other_{number} on base.{key} = other_{number}.{key}"
        )
    return f"select {', '.join(selected)} from {schema}.{name} as base{joined}"


def _listed(text: str) -> str:
    """Return the SQL of the rows of `#table(type table [...], {...})`."""
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
        AssertionError: or ValueError, where it is none.
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
