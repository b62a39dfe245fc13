"""The semantic model as plain data, before it is written as text."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ModelColumn:
    """A column of the model.

    Attributes:
        name: for people.
        source: name in the loaded table.
        data_type: of TMDL: string, int64, decimal, double, boolean, dateTime.
        description: what the value means.
        format_string: how it is shown; empty for texts and booleans.
        is_hidden: not shown to authors of reports.
        is_key: one row for each value.
        folder: display folder; empty for none.
        sort_by: name of the column that gives the order; empty for its own.
        group_by: name of the column that visuals group by with it; empty for none.
        parameter: what Power BI keeps of a parameter that a reader chooses, as JSON.
    """

    name: str
    source: str
    data_type: str
    description: str
    format_string: str = ""
    is_hidden: bool = False
    is_key: bool = False
    folder: str = ""
    sort_by: str = ""
    group_by: str = ""
    parameter: str = ""


@dataclass(frozen=True)
class Hierarchy:
    """A way to drill down: name and the names of its columns, from the widest."""

    name: str
    levels: tuple[str, ...]


@dataclass(frozen=True)
class Measure:
    """A measure: name for people, DAX, description, format and display folder.

    Hidden is what only other measures and titles use: authors need not choose it.
    """

    name: str
    expression: str
    description: str
    format_string: str
    folder: str
    is_hidden: bool = False


@dataclass(frozen=True)
class ModelTable:
    """A table of the model.

    Attributes:
        name: for people.
        origin: mart or seed it holds; empty for what the model adds.
        description: begins with the grain.
        query: M that gives its rows, or DAX where it is calculated.
        columns: in order.
        hierarchies: on its columns.
        measures: that it carries.
        is_hidden: not shown to authors of reports.
        is_date_table: marked as the table of dates.
        reads: marts that its rows come from.
        is_calculated: its rows are computed by DAX.
        group: where its query is in the list of queries.
    """

    name: str
    origin: str
    description: str
    query: str
    columns: tuple[ModelColumn, ...]
    hierarchies: tuple[Hierarchy, ...] = ()
    measures: tuple[Measure, ...] = ()
    is_hidden: bool = False
    is_date_table: bool = False
    reads: tuple[str, ...] = ()
    is_calculated: bool = False
    group: str = ""

    def column_of(self, source: str) -> ModelColumn:
        """Return the column that holds `source`.

        Raises:
            KeyError: there is none.
        """
        for column in self.columns:
            if column.source == source:
                return column
        raise KeyError(f"{self.name} has no column {source}")

    def words_of(self, source: str) -> ModelColumn:
        """Return the column that says in words what the code `source` stands for.

        Raises:
            KeyError: there is none.
        """
        return self.column_of(in_words(source))


def in_words(source: str) -> str:
    """Return the name of the column that says in words what the code `source` stands for."""
    return f"{source}_in_words"


@dataclass(frozen=True)
class Expression:
    """A parameter or function of Power Query.

    Attributes:
        text: M.
        description: what it is for.
        group: where it is in the list of queries.
        result: kind of its value: Text or Function.
    """

    text: str
    description: str
    group: str
    result: str


@dataclass(frozen=True)
class Relationship:
    """Rows of `from_table` belong to one row of `to_table`, which filters them."""

    from_table: str
    from_column: str
    to_table: str
    to_column: str


@dataclass(frozen=True)
class Role:
    """A role of row-level security: for each table the DAX that a row must meet."""

    name: str
    description: str
    filters: dict[str, str]


@dataclass(frozen=True)
class Model:
    """The whole semantic model.

    Attributes:
        tables: by name.
        relationships: all active; a filter runs from the one to the many.
        roles: of row-level security.
        expressions: parameters and functions of Power Query, by name.
        mode: how tables of the release are stored: import or directQuery.
    """

    tables: dict[str, ModelTable]
    relationships: tuple[Relationship, ...]
    roles: tuple[Role, ...]
    expressions: dict[str, Expression] = field(default_factory=dict)
    mode: str = "import"

    def by_origin(self, origin: str) -> ModelTable:
        """Return the table of a mart or seed.

        Raises:
            KeyError: there is none.
        """
        for table in self.tables.values():
            if table.origin == origin:
                return table
        raise KeyError(f"no table of the model holds {origin}")

    def measure(self, name: str) -> Measure:
        """Return a measure by its name.

        Raises:
            KeyError: there is none.
        """
        for table in self.tables.values():
            for measure in table.measures:
                if measure.name == name:
                    return measure
        raise KeyError(f"no measure {name}")
