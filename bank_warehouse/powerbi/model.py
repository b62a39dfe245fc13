"""Builds the semantic model from dbt's artifacts and the conventions."""

import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from bank_warehouse.answers import labels as readers
from bank_warehouse.powerbi import conventions, dax, power_query, story
from bank_warehouse.powerbi import source as sources
from bank_warehouse.powerbi.artifacts import Artifacts, Column, Mart
from bank_warehouse.powerbi.definitions import (
    Hierarchy,
    Measure,
    Model,
    ModelColumn,
    ModelTable,
    Relationship,
    Role,
    in_words,
    of_words,
)
from bank_warehouse.powerbi.errors import PowerBIError
from bank_warehouse.powerbi.exposures import fields_of
from bank_warehouse.powerbi.model_text import REFERENCE, code_of
from bank_warehouse.powerbi.names import for_people, reading_name, table_for_people
from bank_warehouse.powerbi.page_parts import Page
from bank_warehouse.powerbi.power_query import Reading, Words
from bank_warehouse.powerbi.source import Source

MEASURES = "Key figures"
"""Table that holds every measure. The engine reserves the name `Measures`."""
ACCESS = "Access"
"""Table that lists what each user may see."""

_CUSTOMER_KEY = "customer_key"
_NUMBERS = ("int64", "decimal", "double")
_MONEY = "#,0.00"
_SHARES = ("share", "penetration", "probability", "change_in", "relative", "rate", "accuracy")
_DIGITS = tuple(str(digit) for digit in range(10))


def build(artifacts: Artifacts, pages: Iterable[Page], source: Source | None = None) -> Model:
    """Return the semantic model.

    Args:
        artifacts: the dbt artifacts of a built warehouse.
        pages: the report's pages. Hidden columns that neither the pages nor the model use are
            dropped.
        source: where Power BI reads the tables from; by default a folder of releases.

    Raises:
        PowerBIError: the artifacts lack something that a convention needs, a contract has an
            unknown type, two orders contradict each other, a metric cannot be written, or two names
            clash.
    """
    source = source or Source()
    _check_conventions(artifacts)
    readings = _readings_of_marts(artifacts)
    labels = _labels(artifacts)
    tables = [_mart_table(artifacts, reading, labels) for reading in readings.values()]
    tables += [_seed_table(artifacts, name) for name in conventions.INLINED_SEEDS]
    relationships = _relationships(artifacts, {table.origin: table for table in tables})
    tables = _mark_keys(_hide_foreign_keys(tables, relationships), relationships)
    by_origin = {table.origin: table for table in tables}
    measures = _measures(artifacts, by_origin, relationships)
    tables += [_access_table(source), _measure_table(measures)]
    built = Model(
        tables={table.name: table for table in sorted(tables, key=lambda each: each.name)},
        relationships=relationships,
        roles=_roles(by_origin, relationships),
        expressions=sources.expressions(source),
        mode=source.mode,
    )
    extended = story.extend(built, artifacts)
    return story.with_bins(_without_unused(extended, readings, pages))


def column_name(table: ModelTable, column: str) -> str:
    """Return the DAX name of a table's column, given its name in the warehouse."""
    return f"{table_name(table)}[{table.column_of(column).name}]"


def table_name(table: ModelTable) -> str:
    """Return the DAX name of a table."""
    return "'" + table.name.replace("'", "''") + "'"


# ---------- tables


def _check_conventions(artifacts: Artifacts) -> None:
    """Raise PowerBIError if a convention names a column that does not exist."""
    named: list[tuple[str, str]] = [
        (conventions.DATE_TABLE, conventions.DATE_COLUMN),
        *conventions.ORDERED_VALUES,
        *conventions.VALUE_COLUMNS,
        *conventions.CODE_COLUMNS,
        *conventions.NAMED_BY,
        *conventions.HIDDEN,
        *conventions.ROLES.values(),
    ]
    for (table, column), order in conventions.SORTED_BY.items():
        named += [(table, column), (table, order)]
    for group in (conventions.MERGED, conventions.READINGS):
        named += [(mart, column) for mart, columns in group.items() for column in columns]
    there = {name: mart.columns.keys() for name, mart in artifacts.marts.items()}
    there |= {name: seed.columns.keys() for name, seed in artifacts.seeds.items()}
    for table, column in named:
        if column not in there.get(table, ()):
            raise PowerBIError(
                f"bank_warehouse/powerbi/conventions.py names {table}.{column}, which the "
                "artifacts do not have: remove it there or build the warehouse again."
            )


def _labels(artifacts: Artifacts) -> dict[tuple[str, str], str]:
    """Return the labels that the semantic manifest gives to columns, by mart and column."""
    return {
        (model.relation, dimension.column): dimension.label
        for model in artifacts.layer.models.values()
        for dimension in model.dimensions.values()
        if dimension.kind != "entity"
    }


def _orders(artifacts: Artifacts) -> dict[tuple[str, str], list[str]]:
    """Return the values, in order, of the columns that have a special order.

    A column that refers to a seed has the order of the seed's rows.
    """
    orders = {place: artifacts.accepted_values[place] for place in conventions.ORDERED_VALUES}
    for each in artifacts.references:
        if each.parent in artifacts.seeds and each.parent not in conventions.INLINED_SEEDS:
            rows = artifacts.seeds[each.parent].rows
            orders[each.child, each.child_column] = [row[each.parent_column] for row in rows]
    for place, (owner, column) in conventions.SAME_ORDER.items():
        seed = artifacts.seeds.get(owner)
        orders[place] = [row[column] for row in seed.rows] if seed else orders[owner, column]
    return orders


def _value_order(orders: Mapping[tuple[str, str], list[str]]) -> list[str]:
    """Return the values of all ordered customer dimensions, in one order that is valid for each.

    Raises:
        PowerBIError: two dimensions order the same two values differently.
    """
    owners = (conventions.CUSTOMERS, *conventions.MERGED)
    lists = [values for (mart, _), values in sorted(orders.items()) if mart in owners]
    merged: list[str] = []
    for values in lists:
        merged += [value for value in values if value not in merged]
    for values in lists:
        places = [merged.index(value) for value in values]
        if places != sorted(places):
            raise PowerBIError(f"The order of {values} contradicts that of another dimension.")
    return [*merged, *_DIGITS]


def _readings_of_marts(artifacts: Artifacts) -> dict[str, Reading]:
    """Return how each mart is read, by the name of the mart."""
    orders = _orders(artifacts)
    marts = [*artifacts.marts.values(), conventions.RELEASE]
    return {mart.name: _reading(artifacts, mart, orders) for mart in marts}


def _reading(
    artifacts: Artifacts, mart: Mart, orders: Mapping[tuple[str, str], list[str]]
) -> Reading:
    merged = conventions.MERGED if mart.name == conventions.CUSTOMERS else {}
    owned = [(mart.name, name) for name in mart.columns]
    owned += [(other, name) for other, names in merged.items() for name in names]
    positions: dict[str, tuple[str, list[str]]] = {}
    for place in owned:
        if place in orders:
            positions[f"{place[1]}_order"] = (place[1], orders[place])
        elif place in conventions.VALUE_COLUMNS:
            positions[f"{place[1]}_order"] = (place[1], _value_order(orders))
    return Reading(
        mart=mart,
        joined=tuple(
            (artifacts.marts[other], _shared_key(artifacts, other), names)
            for other, names in merged.items()
        ),
        positions=positions,
        words={
            in_words(place[1]): Words(
                place[1],
                _words(artifacts, place, orders),
                is_closed=_CUSTOMER_KEY in mart.columns,
            )
            for place in owned
            if place in conventions.CODE_COLUMNS
        }
        | {
            in_words(place[1]): _reasons(artifacts, place)
            for place in owned
            if place in conventions.REASONS
        },
    )


def _reasons(artifacts: Artifacts, place: tuple[str, str]) -> Words:
    """Return how the rules in a column of reasons are put into words.

    A customer's watch-list reasons list every rule that the customer meets, so only the conditions,
    which contain codes, are removed. A recommendation follows one rule, so that rule in words
    replaces the whole text.
    """
    rules = artifacts.seeds[conventions.REASONS[place]].rows
    if "action" not in artifacts.seeds[conventions.REASONS[place]].columns:
        written = {
            f" ({row['fact']} {row['comparison']} {Decimal(row['limit_value']):.2f})": ""
            for row in rules
        }
        return Words(place[1], written, is_part=True)
    named = {}
    for row in rules:
        conditions = ", ".join(
            f"{row[f'{nth}fact']} {row[f'{nth}comparison']} {row[f'{nth}limit_value']}"
            for nth in ("", "second_", "third_")
            if row[f"{nth}fact"]
        )
        named[row["action"]] = readers.reasons(f"{row['reason']} ({conditions})")
    return Words("action", named, is_closed=True, otherwise=place[1])


def _words(
    artifacts: Artifacts, place: tuple[str, str], orders: Mapping[tuple[str, str], list[str]]
) -> dict[str, str]:
    """Return the labels of a column's codes; a code that is already readable may have no label."""
    if place in conventions.NAMED_BY:
        owner, code, name = conventions.NAMED_BY[place]
        return {row[code]: row[name] for row in artifacts.seeds[owner].rows}
    column = re.sub("^(from|to)_", "", place[1])
    codes = [*orders.get(place, artifacts.accepted_values.get(place, []))]
    codes += [code for code in readers.VALUES.get(column, {}) if code not in codes]
    if not codes and (column in readers.VALUES or column == "column_name"):
        return {code: name for code, name in readers.NAMES.items() if "_" in code}
    words = {code: readers.value(column, code) for code in codes}
    return {code: readers.name(code) if "_" in word else word for code, word in words.items()}


def _mart_table(
    artifacts: Artifacts, reading: Reading, labels: Mapping[tuple[str, str], str]
) -> ModelTable:
    mart, positions = reading.mart, reading.positions
    origins = [(mart.name, column) for column in mart.columns.values()]
    origins += [
        (other.name, other.columns[name]) for other, _, names in reading.joined for name in names
    ]
    columns = []
    said = {labels.get((owner, column.name)) for owner, column in origins}
    for owner, column in origins:
        name = labels.get((owner, column.name), for_people(column.name))
        if (owner, column.name) not in labels and name in said:
            name += " code"
        columns.append(_column(artifacts, mart, owner, column, name, positions))
    columns += [
        ModelColumn(
            name=for_people(name),
            source=name,
            data_type="int64",
            description=f"Position of the {for_people(column).lower()} in the sort order.",
            format_string="0",
            is_hidden=True,
        )
        for name, (column, _) in positions.items()
    ]
    named = {column.source: column for column in columns}
    columns += [
        ModelColumn(
            name=f"{named[of_words(name)].name} in words",
            source=name,
            data_type="string",
            description=f"{named[of_words(name)].description} Shown as a label.",
            is_hidden=of_words(name) in conventions.MERGED.get(mart.name, ()),
            sort_by=f"{of_words(name)}_order" if f"{of_words(name)}_order" in positions else "",
        )
        for name in reading.words
    ]
    _refuse_clashes(mart.name, [column.name for column in columns])
    table = ModelTable(
        name=table_for_people(mart.name),
        origin=mart.name,
        description=mart.description,
        query="",
        columns=_with_sort_names(columns),
        is_date_table=mart.name == conventions.DATE_TABLE,
        reads=(mart.name, *(other.name for other, _, _ in reading.joined)),
        group=_group(mart),
    )
    return _with_hierarchies(table)


def _group(mart: Mart) -> str:
    if mart.name.startswith("dim_"):
        return "Dimensions"
    return "Facts of customers" if _CUSTOMER_KEY in mart.columns else "Results"


def _shared_key(artifacts: Artifacts, mart: str) -> str:
    for each in artifacts.references:
        if each.child == mart and each.parent == conventions.CUSTOMERS:
            return each.child_column
    raise PowerBIError(
        f"{mart} has no relationships test to {conventions.CUSTOMERS}, so its key is not known: "
        "add the test and build again."
    )


def _column(
    artifacts: Artifacts,
    mart: Mart,
    owner: str,
    column: Column,
    name: str,
    positions: Container[str],
) -> ModelColumn:
    data_type = power_query.model_type(column.data_type)
    sort_source = conventions.SORTED_BY.get((owner, column.name), "")
    if f"{column.name}_order" in positions:
        sort_source = f"{column.name}_order"
    is_fact = _CUSTOMER_KEY in mart.columns and mart.name != conventions.CUSTOMERS
    is_of_customers = column.name in artifacts.marts[conventions.CUSTOMERS].columns
    is_merged_away = owner == mart.name and column.name in conventions.MERGED.get(owner, ())
    hidden = (
        column.name.endswith("_key")
        or column.name.endswith("_order")
        or (column.name == "as_of_date" and mart.name != conventions.CUSTOMERS)
        or (is_fact and (data_type in _NUMBERS or is_of_customers))
        or is_merged_away
        or (owner, column.name)
        in (*conventions.CODE_COLUMNS, *conventions.REASONS, *conventions.HIDDEN)
    )
    folders = conventions.FOLDERS.get(mart.name, {})
    return ModelColumn(
        name=name,
        source=column.name,
        data_type=data_type,
        description=column.description,
        format_string=_format(column, data_type),
        is_hidden=hidden,
        folder=next((folder for folder, names in folders.items() if column.name in names), ""),
        sort_by=sort_source,
    )


def _format(column: Column, data_type: str) -> str:
    if data_type == "dateTime":
        return "yyyy-mm-dd" if column.data_type == "date" else "yyyy-mm-dd hh:nn"
    if data_type == "int64":
        return "0"
    if data_type == "decimal":
        return "0.00%" if column.name.endswith("_rate") else _MONEY
    if data_type == "double":
        if column.name.endswith("p_value"):
            return "0.00E+00"
        return "0.0%" if any(word in column.name for word in _SHARES) else "#,0.000"
    return ""


def _with_sort_names(columns: list[ModelColumn]) -> tuple[ModelColumn, ...]:
    """Return the columns, with sort columns given by display name instead of source name."""
    names = {column.source: column.name for column in columns}
    return tuple(
        replace(column, sort_by=names[column.sort_by]) if column.sort_by else column
        for column in columns
    )


def _with_hierarchies(table: ModelTable) -> ModelTable:
    hierarchies = []
    for name, levels in conventions.HIERARCHIES.get(table.origin, ()):
        try:
            columns = tuple(table.column_of(level).name for level in levels)
        except KeyError as error:
            raise PowerBIError(f"Hierarchy {name}: {error.args[0]}.") from error
        hierarchies.append(Hierarchy(f"{name} levels", columns))
    return replace(table, hierarchies=tuple(hierarchies))


def _seed_table(artifacts: Artifacts, name: str) -> ModelTable:
    seed = artifacts.seeds[name]
    columns = []
    for column in seed.columns.values():
        data_type = power_query.model_type(column.data_type)
        columns.append(
            ModelColumn(
                name=for_people(column.name),
                source=column.name,
                data_type=data_type,
                description=column.description,
                format_string=_format(column, data_type),
                is_hidden=column.name.endswith("_order")
                or (name, column.name) in conventions.HIDDEN,
                sort_by=conventions.SORTED_BY.get((name, column.name), ""),
            )
        )
    _refuse_clashes(name, [column.name for column in columns])
    return ModelTable(
        name=for_people(name),
        origin=name,
        description=seed.description,
        query=power_query.write_seed(seed),
        columns=_with_sort_names(columns),
        group="Lists",
    )


def _access_table(source: Source) -> ModelTable:
    texts = {
        "user_name": "Name that a user signs in with, as USERPRINCIPALNAME gives it.",
        "banking_relationship": "Banking relationship that the user may see; empty for none.",
        "investment_advisor": "Investment advisor whose customers the user may see; empty for "
        "none.",
    }
    return ModelTable(
        name=ACCESS,
        origin="",
        description="One row per user and value that the user may see; the roles look users up "
        "here. Empty unless the project was written with --access-file.",
        query=sources.access_query(source),
        columns=tuple(
            ModelColumn(for_people(name), name, "string", text, is_hidden=True)
            for name, text in texts.items()
        ),
        is_hidden=True,
        group="Lists",
    )


def _refuse_clashes(table: str, names: Iterable[str]) -> None:
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise PowerBIError(
            f"{table}: several columns or measures would be named {', '.join(twice)}."
        )


# ---------- relationships


def _relationships(
    artifacts: Artifacts, by_origin: Mapping[str, ModelTable]
) -> tuple[Relationship, ...]:
    """Return a single-direction relationship for each pair of tables with a relationships test.

    If there are several tests between two tables, only one becomes the relationship, preferably one
    whose columns have the same name. Power BI would make a second relationship inactive, and no
    measure would activate it.
    """
    found: dict[tuple[str, str], Relationship] = {}
    tests = [
        each
        for each in artifacts.references
        if each.parent in by_origin and each.child in by_origin
    ]
    for each in sorted(
        tests, key=lambda test: (test.child, test.parent, test.child_column != test.parent_column)
    ):
        child, parent = by_origin[each.child], by_origin[each.parent]
        found.setdefault(
            (each.child, each.parent),
            Relationship(
                from_table=child.name,
                from_column=child.column_of(each.child_column).name,
                to_table=parent.name,
                to_column=parent.column_of(each.parent_column).name,
            ),
        )
    return tuple(found.values())


def _hide_foreign_keys(
    tables: list[ModelTable], relationships: Iterable[Relationship]
) -> list[ModelTable]:
    """Hide the columns that only refer to another table; report authors use that table instead.

    Date columns stay visible, because their names say what happened on the date.
    """
    sources = {
        (table.name, column.name): column.source for table in tables for column in table.columns
    }
    keys = {
        (each.from_table, each.from_column)
        for each in relationships
        if sources[each.from_table, each.from_column] == sources[each.to_table, each.to_column]
    }
    return [
        replace(
            table,
            columns=tuple(
                replace(column, is_hidden=True) if (table.name, column.name) in keys else column
                for column in table.columns
            ),
        )
        for table in tables
    ]


def _mark_keys(tables: list[ModelTable], relationships: Iterable[Relationship]) -> list[ModelTable]:
    """Mark the columns on the one side of relationships as keys."""
    keys = {(each.to_table, each.to_column) for each in relationships}
    return [
        replace(
            table,
            columns=tuple(
                replace(column, is_key=(table.name, column.name) in keys)
                for column in table.columns
            ),
        )
        for table in tables
    ]


def _columns_in(text: str) -> set[tuple[str, str]]:
    """Return the table and name of each column that a DAX expression reads."""
    return {
        (each["table"].replace("''", "'"), each["column"].replace("]]", "]"))
        for each in REFERENCE.finditer(code_of(text))
        if each["column"]
    }


def _without_unused(model: Model, readings: Mapping[str, Reading], pages: Iterable[Page]) -> Model:
    """Return the model with only the columns that authors, the model or a visual need.

    Numeric columns of facts and results that a measure reads are hidden, because authors use the
    measure.
    """
    read = set()
    for table in model.tables.values():
        for measure in table.measures:
            read |= _columns_in(measure.expression)
    used = read | {end for link in model.relationships for end in _ends(link)}
    for role in model.roles:
        for text in role.filters.values():
            used |= _columns_in(text)
    fields = {
        (field.table, in_words(field.name) if field.in_words else field.name)
        for page in pages
        for field in fields_of(page)
    }
    tables = {}
    for name, table in model.tables.items():
        if table.origin in readings:
            is_result = not table.origin.startswith("dim_")
            columns = [
                replace(column, is_hidden=True)
                if is_result and (name, column.name) in read and column.data_type in _NUMBERS
                else column
                for column in table.columns
            ]
            levels = {level for hierarchy in table.hierarchies for level in hierarchy.levels}
            kept = {
                column.name
                for column in columns
                if not column.is_hidden
                or column.name in levels
                or (name, column.name) in used
                or (table.origin, column.source) in fields
            }
            kept |= {column.sort_by for column in columns if column.name in kept}
            columns = [column for column in columns if column.name in kept]
            query = power_query.read_mart(
                readings[table.origin], {column.source for column in columns}
            )
            table = replace(table, columns=tuple(columns), query=query)
        tables[name] = table
    return replace(model, tables=tables)


def _ends(link: Relationship) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return the table and column at each end of a relationship: from, then to."""
    return (link.from_table, link.from_column), (link.to_table, link.to_column)


def filtered_by(table: str, relationships: Iterable[Relationship]) -> frozenset[str]:
    """Return the tables whose filters reach `table` through relationships, and `table` itself."""
    links = list(relationships)
    reached, open_ends = {table}, [table]
    while open_ends:
        here = open_ends.pop()
        for each in links:
            if each.from_table == here and each.to_table not in reached:
                reached.add(each.to_table)
                open_ends.append(each.to_table)
    return frozenset(reached)


# ---------- measures


def _measures(
    artifacts: Artifacts,
    by_origin: Mapping[str, ModelTable],
    relationships: tuple[Relationship, ...],
) -> tuple[Measure, ...]:
    def place(mart: str, column: str) -> tuple[str, str]:
        """Return the DAX names of a table and column; merged columns are in the customers table."""
        is_merged = column in conventions.MERGED.get(mart, ())
        table = by_origin[conventions.CUSTOMERS if is_merged else mart]
        return table_name(table), column_name(table, column)

    measures = []
    for metric in artifacts.layer.metrics.values():
        marts = sorted(dax.base_marts(metric, artifacts.layer))
        missing = [mart for mart in marts if mart not in by_origin]
        if missing:
            raise PowerBIError(f"Metric {metric.name} reads {missing[0]}, which is in no release.")
        said = " ".join(metric.description.split())
        split = _split_by([by_origin[mart].name for mart in marts], relationships)
        measures.append(
            Measure(
                name=metric.label,
                expression=dax.expression(metric, artifacts.layer, place),
                description=f"{said} {split}",
                format_string=metric.format,
                folder=metric.display_folder,
                is_hidden=metric.label.startswith(conventions.HELPER),
            )
        )
    measures += _readings(artifacts, by_origin)
    measures += _about_the_release(by_origin)
    _refuse_clashes(MEASURES, [measure.name for measure in measures])
    return tuple(sorted(measures, key=lambda each: (each.folder, each.name)))


def _split_by(tables: list[str], relationships: tuple[Relationship, ...]) -> str:
    """List the tables that a measure can be split by: those whose filters reach all its inputs."""
    shared = frozenset.intersection(*(filtered_by(table, relationships) for table in tables))
    return f"Split by: {', '.join(sorted(shared)) or 'nothing'}."


def _readings(artifacts: Artifacts, by_origin: Mapping[str, ModelTable]) -> list[Measure]:
    readings = []
    for mart, columns in conventions.READINGS.items():
        table = by_origin[mart]
        for name in columns:
            column = table.column_of(name)
            readings.append(
                Measure(
                    name=reading_name(mart, name),
                    expression=f"SELECTEDVALUE({column_name(table, name)})",
                    description=f"{artifacts.marts[mart].columns[name].description} Blank if "
                    f"no row of {table.name} is chosen, or the chosen rows have different values.",
                    format_string="#,0" if column.data_type == "int64" else column.format_string,
                    folder=f"Results\\{table.name}",
                )
            )
    return readings


def _about_the_release(by_origin: Mapping[str, ModelTable]) -> list[Measure]:
    customers, release = by_origin[conventions.CUSTOMERS], by_origin[conventions.RELEASE.name]
    return [
        Measure(
            name="Release read",
            expression=f"MAX({column_name(release, 'release')})",
            description="Number of the release that the tables were read from.",
            format_string="0",
            folder="Release",
        ),
        Measure(
            name="As of",
            expression=f"MAX({column_name(customers, 'as_of_date')})",
            description="As-of date of the release, at which everything is measured.",
            format_string="yyyy-mm-dd",
            folder="Release",
        ),
        Measure(
            name="Data",
            expression=f'IF(MAX({column_name(release, "source")}) = "sample", '
            '"Invented: the shipped sample", "Files of the bank")',
            description="Whether the release holds a bank's files or the shipped sample, an "
            "invented bank.",
            format_string="",
            folder="Release",
        ),
    ]


def _measure_table(measures: tuple[Measure, ...]) -> ModelTable:
    return ModelTable(
        name=MEASURES,
        origin="",
        description="Holds every measure, and no rows.",
        query="let\n    Source = #table(type table [placeholder = text], {})\nin\n    Source",
        columns=(
            ModelColumn("Placeholder", "placeholder", "string", "Always empty.", is_hidden=True),
        ),
        measures=measures,
        group="Lists",
    )


# ---------- roles


def _roles(
    by_origin: Mapping[str, ModelTable], relationships: tuple[Relationship, ...]
) -> tuple[Role, ...]:
    """Return the roles: one sees all rows, the others only those that their filters allow.

    A table that the filter does not reach is closed to the role unless it is declared open.
    """
    roles = []
    for name, (origin, source) in conventions.ROLES.items():
        secured = by_origin[origin]
        allowed = f"'{ACCESS}'[{for_people(source)}]"
        user = f"'{ACCESS}'[{for_people('user_name')}] = USERPRINCIPALNAME()"
        filters = {
            secured.name: f"{column_name(secured, source)} IN "
            f"CALCULATETABLE(VALUES({allowed}), {user})",
            ACCESS: user,
        }
        for table in by_origin.values():
            reached = secured.name in filtered_by(table.name, relationships)
            if not reached and table.origin not in conventions.OPEN_TO_ROLES:
                filters[table.name] = "FALSE()"
        roles.append(
            Role(
                name,
                f"Sees the customers of the {for_people(source).lower()}s that AccessFile lists "
                "for the user who signs in, and no sums over other users' customers.",
                dict(sorted(filters.items())),
            )
        )
    everything = Role(
        conventions.ROLE_WITHOUT_FILTERS,
        "Sees every row: for viewers who may see all customers, since a viewer in no role sees an "
        "error.",
        {},
    )
    return (*roles, everything)
