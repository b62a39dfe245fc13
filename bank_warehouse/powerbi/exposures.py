"""Writes one dbt exposure per page, so that the lineage runs from raw files to pages."""

import textwrap
from collections.abc import Iterable, Iterator

from bank_warehouse.powerbi.definitions import Model, ModelTable
from bank_warehouse.powerbi.page_parts import Field, Page

PATH = "models/semantic/_semantic__exposures.yml"
_HEAD = """version: 2

# Written by `bank powerbi` from the pages of the report: do not edit.
exposures:
"""


def marts_of(page: Page, model: Model) -> list[str]:
    """Return the marts, without `release`, whose columns a page uses directly or in measures."""
    found: set[str] = set()
    for field in fields_of(page):
        if field.is_measure:
            for table in tables_in(model.measure(field.name).expression, model):
                found |= set(table.reads)
        else:
            found |= set(model.by_origin(field.table).reads)
    return sorted(found - {"release"})


def fields_of(page: Page) -> Iterator[Field]:
    """Yield every field that a page uses in its visuals, filters and drill-through."""
    for visual in page.visuals:
        for fields in visual.roles.values():
            yield from fields
        yield from (only.field for only in visual.only)
        if visual.top is not None:
            yield from (visual.top.field, visual.top.by)
        if visual.finding:
            yield Field("", visual.finding)
        if visual.parameter:
            yield from (Field("", name) for name in visual.heat)
    if page.drill is not None:
        yield page.drill


def tables_in(expression: str, model: Model) -> list[ModelTable]:
    """Return the tables that a DAX expression reads, directly or through measures."""
    tables = {
        table.name: table for table in model.tables.values() if f"'{table.name}'" in expression
    }
    for table in model.tables.values():
        for measure in table.measures:
            # Columns are always written with their table, and measures never are.
            if any(
                f"{before}[{measure.name}]" in f" {expression}" for before in (" ", "(", "-", "\n")
            ):
                tables |= {each.name: each for each in tables_in(measure.expression, model)}
    return list(tables.values())


def write(model: Model, pages: Iterable[Page]) -> str:
    """Return the text of the YAML file."""
    return _HEAD + "\n".join(_exposure(page, model) for page in pages)


def _exposure(page: Page, model: Model) -> str:
    lines = [
        f"  - name: power_bi_{page.key}",
        f"    label: {_quoted(f'Power BI, {page.title}')}",
        "    type: dashboard",
        "    maturity: medium",
        "    description: >",
        textwrap.indent(textwrap.fill(page.purpose, 94), " " * 6),
        "    owner:",
        "      name: Customer analytics",
        "    depends_on:",
        *(f"      - ref('{mart}')" for mart in marts_of(page, model)),
        "",
    ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
