"""The semantic model as plain data, before it is written as text."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ModelColumn:
    """A column of the model.

    Attributes:
        name: display name.
        source: name in the loaded table.
        data_type: TMDL type: string, int64, decimal, double, boolean or dateTime.
        description: what the value means.
        format_string: display format; empty for text and booleans.
        is_hidden: hidden from report authors.
        is_key: each value occurs in only one row.
        folder: display folder; empty for none.
        sort_by: name of the column to sort by; empty to sort by its own values.
        group_by: name of a column that a visual with this one also groups by; empty for none.
        parameter: Power BI's JSON for the column of a field parameter or slider; else empty.
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
    """A drill-down hierarchy: its name and its columns, from the broadest."""

    name: str
    levels: tuple[str, ...]


@dataclass(frozen=True)
class Measure:
    """A measure: display name, DAX, description, format and display folder.

    Measures that only other measures and titles use are hidden.
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
        name: display name.
        origin: mart or seed that it loads; empty if the model adds the table.
        description: its description, which begins with the grain.
        query: M code that returns its rows; DAX if it is calculated.
        columns: its columns, in order.
        hierarchies: hierarchies of its columns.
        measures: the measures that it holds.
        is_hidden: hidden from report authors.
        is_date_table: marked as the date table.
        reads: marts that its rows come from.
        is_calculated: its rows are computed by DAX.
        group: its group in the list of queries; empty for none.
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
        """Return the column that holds labels for the codes in the column `source`.

        Raises:
            KeyError: there is none.
        """
        return self.column_of(in_words(source))


def in_words(source: str) -> str:
    """Return the name of the column that holds labels for the codes in the column `source`."""
    return f"{source}_in_words"


def of_words(source: str) -> str:
    """Return the name of the column whose codes have their labels in the column `source`."""
    return source.removesuffix("_in_words")


@dataclass(frozen=True)
class Expression:
    """A parameter or function of Power Query.

    Attributes:
        text: its M code.
        description: what it is for.
        group: its group in the list of queries.
        result: type of its value: Text or Function.
    """

    text: str
    description: str
    group: str
    result: str


@dataclass(frozen=True)
class Relationship:
    """Each row of `from_table` belongs to one row of `to_table`, which filters it."""

    from_table: str
    from_column: str
    to_table: str
    to_column: str


@dataclass(frozen=True)
class Role:
    """A row-level security role.

    Attributes:
        name: display name.
        description: what its users see.
        filters: for each filtered table, the DAX condition that visible rows meet.
    """

    name: str
    description: str
    filters: dict[str, str]


@dataclass(frozen=True)
class Model:
    """The whole semantic model.

    Attributes:
        tables: by name.
        relationships: all are active and filter from the one side to the many side.
        roles: row-level security roles.
        expressions: parameters and functions of Power Query, by name.
        mode: storage mode chosen for the release's tables: import or directQuery.
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
