"""Draw the pages of the Power BI report from their files, with the values of a release.

`python -m python_checks.project.powerbi_pictures FOLDER` writes one picture for each page to
FOLDER, one for all tooltip pages, and one for the phone layouts of the first pages. The pictures
are drawings, not screenshots of Power BI. Positions, titles, fields, filters and colours come from
the report's files. Measures come from the model, and the tests' DAX evaluator computes them. Text
and rows that do not fit are reported as problems.
"""

import argparse
import io
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import matplotlib as mpl

mpl.use("Agg")

from matplotlib import font_manager
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.textpath import TextPath
from PIL import Image

from bank_warehouse.powerbi import project, report_files, theme, tmdl_reader
from bank_warehouse.powerbi.model_text import references
from bank_warehouse.powerbi.page_parts import PHONE_WIDTH
from bank_warehouse.powerbi.pages import PAGES
from bank_warehouse.powerbi.report_files import Page, Visual
from python_checks.testing import dax_evaluator
from python_checks.testing.dax_evaluator import Column, Evaluator
from python_checks.testing.paths import PROJECT

DOTS = 100


def _fonts() -> list[str]:
    """Return a list with one font: of those installed, the most similar to Power BI's."""
    for path in font_manager.findSystemFonts():
        if re.search(r"(segoeui|LiberationSans-|arial)", path, flags=re.IGNORECASE):
            font_manager.fontManager.addfont(path)
    there = {font.name for font in font_manager.fontManager.ttflist}
    wanted = ("Segoe UI", "Liberation Sans", "Arial", "DejaVu Sans")
    return [next(name for name in wanted if name in there)]


FONTS = _fonts()
POINT = 4 / 3
"""Pixels per point on a screen."""
CELL = 9 * POINT
ROW = 18
TITLE = theme.TITLE_SIZE * POINT
SMALL = 9 * POINT
PADDING = 6
MOST_POINTS = 3_000
LEAST_SLOT = 19.5
"""Minimum height of a bar in Power BI, in pixels. With less space, the chart scrolls."""

Box = tuple[float, float, float, float]
"""Left, top, width and height."""


@dataclass(frozen=True)
class Problem:
    """A problem in a picture, such as text that does not fit."""

    page: str
    visual: str
    problem: str


@dataclass
class Data:
    """Computes the values of visuals from the model's files and a release."""

    evaluator: Evaluator
    formats: Mapping[str, str]

    def context(self, visual: Visual, page: Page, given: Mapping[Column, frozenset[object]]) -> Any:
        """Return the filter context of a visual: slicers, the visual's filters and `given`."""
        context: dict[Column, frozenset[object]] = dict(given)
        chosen = [
            properties["properties"]["filter"]["filter"]
            for slicer in page.of("slicer")
            for properties in slicer.visual.get("objects", {}).get("general", [])
            if "filter" in properties["properties"]
        ]
        chosen += [each["filter"] for each in visual.filters if each.get("type") != "TopN"]
        for each in chosen:
            for table, name, is_not, values in report_files.filter_values(each):
                column = (table, name)
                kept = frozenset(values)
                if is_not:
                    kept = frozenset(self.evaluator.values(column, context)) - kept
                context[column] = context.get(column, kept) & kept
        return context

    def text(self, measure: str, value: Any, thousands: bool = False) -> str:
        """Return a value in the model's format, or in thousands. Blank is an empty string."""
        if value is None:
            return ""
        if thousands:
            return dax_evaluator.formatted(float(value) / 1000, "#,0") + " k"
        return dax_evaluator.formatted(value, self.formats.get(measure, ""))

    def groups(self, columns: Sequence[Column], context: Any, measures: Sequence[str]) -> list[Any]:
        """Return the combinations of the columns' values that occur, in sort order.

        They are read from a table that filters on all of these columns reach. It is a table of the
        columns, or one that the measures read.

        Raises:
            ValueError: There is no such table.
        """
        evaluator = self.evaluator
        if not columns:
            return [()]
        tables = {table for table, _ in columns}
        wanted = sorted({each for name in measures for each in evaluator.tables_of(name)} | tables)
        base = next(
            (
                table
                for table in sorted(wanted, key=lambda each: len(evaluator.reached_by(each)))
                if tables <= evaluator.reached_by(table)
            ),
            None,
        )
        if base is None:
            raise ValueError(f"no table is joined to all of {sorted(tables)}")
        joined, aliases = self._joined(base, context)
        shown = [f'{aliases[table]}."{evaluator.sources[table, name]}"' for table, name in columns]
        sorters = [evaluator.sorts.get(column, column) for column in columns]
        order = [f'{aliases[table]}."{evaluator.sources[table, name]}"' for table, name in sorters]
        rows = evaluator.connection.execute(
            f"select distinct {', '.join([*shown, *order])} from {joined}"
        ).fetchall()
        count = len(columns)
        rows.sort(key=lambda row: tuple((value is None, value) for value in row[count:]))
        return [row[:count] for row in rows]

    def _joined(self, base: str, context: Any) -> tuple[str, dict[str, str]]:
        evaluator = self.evaluator
        aliases = {base: "t0"}
        text = f"({evaluator.rows(base, context)}) as t0"
        open_ends = [base]
        while open_ends:
            child = open_ends.pop()
            for own, parent, key in evaluator.parents.get(child, []):
                if parent in aliases:
                    continue
                aliases[parent] = f"t{len(aliases)}"
                left, right = evaluator.sources[child, own], evaluator.sources[parent, key]
                text += (
                    f" left join ({evaluator.relations[parent]}) as {aliases[parent]}"
                    f' on {aliases[child]}."{left}" = {aliases[parent]}."{right}"'
                )
                open_ends.append(parent)
        return text, aliases

    def within(self, columns: Sequence[Column], row: Sequence[Any], context: Any) -> Any:
        """Return the filter context of one row or data point."""
        for column, value in zip(columns, row, strict=True):
            context = self.evaluator.grouped(column, value, context)
        return context

    def measure(
        self, name: str, columns: Sequence[Column], row: Sequence[Any], context: Any
    ) -> Any:
        """Return the value of a measure in one row or data point."""
        return self.evaluator.value(name, self.within(columns, row, context), columns)

    def sums(self, name: str, column: Column, context: Any) -> dict[Any, float] | None:
        """Return the total of the column that a measure sums, for each value of `column`.

        The result is None if the measure has no SUM, or if `column` does not filter the sum.
        """
        found = re.search(r"SUM\('([^']+)'\[([^\]]+)\]\)", self.evaluator.measures[name])
        if found is None or column[0] not in self.evaluator.reached_by(found[1]):
            return None
        joined, aliases = self._joined(found[1], context)
        source = self.evaluator.sources[column]
        summed = self.evaluator.sources[found[1], found[2]]
        rows = self.evaluator.connection.execute(
            f'select {aliases[column[0]]}."{source}", sum(t0."{summed}") from {joined} group by all'
        ).fetchall()
        return {value: float(total) for value, total in rows if total is not None}


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of text in pixels."""
    if not text.strip():
        return 0.0
    key = (text, size, bold)
    if key not in _WIDTHS:
        font = FontProperties(family=FONTS, weight="bold" if bold else "normal")
        path = TextPath((0, 0), text.replace("$", r"\$"), size=size, prop=font)
        _WIDTHS[key] = 1.02 * float(path.get_extents().width)  # screens round letter widths up
    return _WIDTHS[key]


_WIDTHS: dict[tuple[str, float, bool], float] = {}


def wrapped(text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
    """Return the lines of text that is wrapped to a width."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size, bold=bold) <= width:
            lines[-1] = longer
        elif lines:
            lines.append(word)
        else:
            lines = [word]
    return lines


@dataclass
class Picture:
    """A page that is being drawn."""

    axes: Axes
    page: Page
    data: Data
    pages: Mapping[str, Page]
    given: Mapping[Column, frozenset[object]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    shift: tuple[float, float] = (0, 0)

    # ---------- text and boxes

    def write(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = CELL,
        colour: str = theme.INK,
        bold: bool = False,
        across: str = "left",
    ) -> None:
        """Write text with its top at `y`."""
        self.axes.text(
            x + self.shift[0],
            y + self.shift[1],
            text.replace("$", r"\$"),
            fontsize=size * 72 / DOTS,
            color=colour,
            ha=across,
            va="top",
            family=FONTS,
            weight="bold" if bold else "normal",
            clip_on=True,
        )

    def fill(self, box: Box, colour: str, edge: str = "none") -> None:
        """Fill a box."""
        x, y, width, height = box
        self.axes.add_patch(
            Rectangle(
                (x + self.shift[0], y + self.shift[1]),
                width,
                height,
                facecolor=colour,
                edgecolor=edge,
                linewidth=0.8,
            )
        )

    def tell(self, visual: Visual, problem: str) -> None:
        """Record a problem of a visual."""
        self.problems.append(Problem(self.page.title, visual.title, problem))

    def fitted(
        self,
        visual: Visual,
        text: str,
        size: float,
        width: float,
        what: str = "",
        bold: bool = False,
    ) -> str:
        """Return text, shortened to fit a width.

        If `what` is given, shortening is recorded as a problem, and `what` says which text it is.
        """
        if width_of(text, size, bold=bold) <= width:
            return text
        if what:
            self.tell(visual, f"{what} {text!r} is cut off")
        while text and width_of(text + "…", size, bold=bold) > width:
            text = text[:-1]
        return text + "…"

    # ---------- visuals

    def draw(self) -> None:
        """Draw every visual of the page."""
        width, height = self.page.content["width"], self.page.content["height"]
        self.fill((0, 0, width, height), theme.PAGE)
        for visual in sorted(
            self.page.visuals.values(), key=lambda each: each.content["position"]["z"]
        ):
            self.visual(visual, visual.box)

    def visual(self, visual: Visual, box: Box) -> None:
        """Draw one visual into a box."""
        match visual.kind:
            case "textbox":
                self.text_box(visual, box)
            case "pageNavigator":
                self.navigator(visual, box)
            case "actionButton":
                self.button(visual, box)
            case _:
                inner = self.frame(visual, box)
                context = self.data.context(visual, self.page, self.given)
                drawers = {
                    "slicer": self.slicer,
                    "cardVisual": self.cards,
                    "clusteredBarChart": self.bars,
                    "clusteredColumnChart": self.columns,
                    "lineChart": self.lines,
                    "scatterChart": self.scatter,
                    "pivotTable": self.matrix,
                    "tableEx": self.table,
                    "decompositionTreeVisual": self.tree,
                }
                drawers[visual.kind](visual, inner, context)

    def frame(self, visual: Visual, box: Box) -> Box:
        """Draw the background, the border and the title, and return the box for the content."""
        x, y, width, height = box
        ground = report_files.property_of(visual.dress, "background", "color") or theme.PAPER
        edge = report_files.property_of(visual.dress, "border", "color") or theme.LINE
        self.axes.add_patch(
            FancyBboxPatch(
                (x + self.shift[0], y + self.shift[1]),
                width,
                height,
                boxstyle="round,pad=0,rounding_size=4",
                facecolor=ground,
                edgecolor=edge,
                linewidth=0.8,
            )
        )
        inner = width - 2 * PADDING
        top = y + PADDING
        title = visual.fixed_title
        if visual.finding:
            context = self.data.context(visual, self.page, self.given)
            title = str(self.data.evaluator.value(visual.finding, context) or "")
            if not title:
                self.tell(visual, f"{visual.finding} is blank, so there is no title")
        small = visual.kind in ("slicer",)
        size = SMALL if small else TITLE
        lines = wrapped(title, size, inner, bold=True)
        if len(lines) > 2:
            self.tell(visual, f"the title {title!r} takes {len(lines)} lines, more than 2")
        for line in lines[:2]:
            self.write(x + PADDING, top, line, size=size, bold=True)
            top += size * 1.2
        if visual.finding:
            for line in wrapped(visual.title, SMALL, inner)[:2]:
                self.write(x + PADDING, top, line, size=SMALL, colour=theme.MUTED)
                top += SMALL * 1.2
        top += 4
        if top > y + height - 12:
            self.tell(visual, "the title leaves no room for the content")
        return x + PADDING, top, inner, y + height - PADDING - top

    def text_box(self, visual: Visual, box: Box) -> None:
        """Draw the paragraphs of a text box."""
        x, y, width, height = box
        top = y + 2
        paragraphs = visual.visual["objects"]["general"][0]["properties"]["paragraphs"]
        for paragraph in paragraphs:
            (run,) = paragraph["textRuns"]
            style = run["textStyle"]
            size = float(style["fontSize"].removesuffix("pt")) * POINT
            bold = style.get("fontWeight") == "bold"
            for line in wrapped(run["value"], size, width - 8, bold=bold):
                self.write(x + 2, top, line, size=size, colour=style["color"], bold=bold)
                top += size * 1.22
        if top > y + height + 2:
            self.tell(visual, "the text is too long for its box")

    def navigator(self, visual: Visual, box: Box) -> None:
        """Draw a tab for each page."""
        x, y, width, height = box
        shown = [page for page in self.pages.values() if not page.kind]
        gap = 4
        each = (width - gap * (len(shown) - 1)) / len(shown)
        for number, page in enumerate(shown):
            left = x + number * (each + gap)
            is_here = page.name == self.page.name
            ground = theme.ACCENT if is_here else theme.PAPER
            self.fill((left, y, each, height), ground, theme.LINE)
            size = 9 * POINT
            lines = wrapped(page.title, size, each - 6)
            if len(lines) > 2:
                self.tell(visual, f"the tab {page.title!r} takes {len(lines)} lines, more than 2")
            top = y + height / 2 - len(lines) * size * 0.56
            for line in lines:
                text = self.fitted(visual, line, size, each - 2, "the tab")
                colour = theme.PAPER if is_here else theme.INK
                self.write(left + each / 2, top, text, size=size, across="center", colour=colour)
                top += size * 1.1

    def button(self, visual: Visual, box: Box) -> None:
        """Draw a button with its text."""
        x, y, width, height = box
        self.fill(box, theme.PAPER, theme.ACCENT)
        text = next(
            report_files.value_of(each["properties"]["text"]["expr"]["Literal"]["Value"])
            for each in visual.visual["objects"]["text"]
            if "text" in each["properties"]
        )
        size = 10 * POINT
        text = self.fitted(visual, text, size, width - 8, "the button", bold=True)
        self.write(
            x + width / 2,
            y + height / 2 - size * 0.55,
            text,
            size=size,
            bold=True,
            colour=theme.ACCENT,
            across="center",
        )

    def slicer(self, visual: Visual, box: Box, _: Any) -> None:
        """Draw a slicer with its selection."""
        x, y, width, _height = box
        chosen = "All"
        for each in visual.visual.get("objects", {}).get("general", []):
            for *_, values in report_files.filter_values(each["properties"]["filter"]["filter"]):
                chosen = str(values[0])
        self.fill((x, y, width, 24), theme.PAPER, theme.LINE)
        self.write(x + 6, y + 6, self.fitted(visual, chosen, CELL, width - 28, "the choice"))
        self.write(x + width - 16, y + 6, "v", size=SMALL, colour=theme.MUTED)

    def cards(self, visual: Visual, box: Box, context: Any) -> None:
        """Draw cards, with each number above its name."""
        x, y, width, height = box
        measures: list[dict[str, Any]] = visual.projections("Data")
        across = int(
            report_files.property_of(visual.visual["objects"], "layout", "columnCount")
            or len(measures)
        )
        deep = -(-len(measures) // across)
        each, high = width / across, height / deep
        size = theme.CALLOUT_SIZE * POINT
        if high < size + SMALL * 1.2:
            self.tell(visual, f"a card is only {high:.0f} pixels high")
        for number, projection in enumerate(measures):
            name = projection["nativeQueryRef"]
            value = self.data.evaluator.value(name, context)
            text = self.card_text(name, value)
            left = x + (number % across) * each
            top = y + (number // across) * high + max(0, (high - size * 1.2 - SMALL * 1.2) / 2)
            shown = size
            while width_of(text, shown) > each - 8 and shown > SMALL:
                shown -= 1
            if shown < size:
                self.tell(visual, f"the value {text!r} of {name} only fits in smaller type")
            self.write(left + 4, top, text, size=shown)
            label = projection.get("displayName", name)
            label = self.fitted(visual, label, SMALL, each - 6, "the label")
            self.write(left + 4, top + size * 1.2, label, size=SMALL, colour=theme.MUTED)

    def card_text(self, name: str, value: Any) -> str:
        """Return a value as a card shows it.

        Numbers of 10,000 or more get a unit, except percentages and numbers in the format `0`.
        """
        if value is None:
            return "--"
        pattern = self.data.formats.get(name, "")
        if isinstance(value, str) or "%" in pattern or pattern in ("0", "", "yyyy-mm-dd"):
            return self.data.text(name, value)
        number = abs(float(value))
        for limit, unit in ((1e9, "bn"), (1e6, "M"), (1e4, "K")):
            if number >= limit:
                scale = 1e3 if unit == "K" else limit
                return dax_evaluator.formatted(float(value) / scale, "#,0.0") + unit
        return self.data.text(name, value)

    def marks(self, visual: Visual, context: Any) -> tuple[list[str], list[tuple[str, list[Any]]]]:
        """Return the categories of a chart, and the label and values of each measure."""
        (column,) = visual.fields("Column", "Category")
        projections = visual.projections("Y")
        names_ = [projection["nativeQueryRef"] for projection in projections]
        rows = self.data.groups([column], context, names_)
        values = {
            name: [self.data.measure(name, [column], row, context) for row in rows]
            for name in names_
        }
        kept = [
            place
            for place in range(len(rows))
            if any(values[name][place] is not None for name in names_)
        ]
        if visual.visual["query"].get("sortDefinition"):
            kept.sort(key=lambda place: -float(values[names_[0]][place] or 0))
        series = [
            (projection.get("displayName", name), [values[name][place] for place in kept])
            for projection, name in zip(projections, names_, strict=True)
        ]
        return [_words(rows[place][0]) for place in kept], series

    def legend(self, box: Box, labels: Sequence[str]) -> Box:
        """Draw a legend if there are several series, and return the remaining box."""
        x, y, width, height = box
        if len(labels) < 2:
            return box
        left = x
        for number, label in enumerate(labels):
            self.fill((left, y + 3, 8, 8), theme.DATA[number])
            self.write(left + 12, y, label, size=SMALL)
            left += 24 + width_of(label, SMALL)
        return x, y + 18, width, height - 18

    def bars(self, visual: Visual, box: Box, context: Any) -> None:
        """Draw horizontal bars."""
        categories, series = self.marks(visual, context)
        if not categories:
            self.write(box[0], box[1], "(no rows)", colour=theme.MUTED)
            return
        x, y, width, height = self.legend(box, [label for label, _ in series])
        labels = min(
            max(width_of(each, SMALL) for each in categories) + 8,
            0.5 * width,
        )
        slot = height / len(categories)
        if slot < LEAST_SLOT:
            self.tell(visual, f"{len(categories)} bars, but only {slot:.0f} pixels for each")
        top = max(float(value or 0) for _, values in series for value in values) or 1
        room = width - labels - 52
        thick = slot * 0.72 / len(series)
        for place, category in enumerate(categories):
            middle = y + (place + 0.5) * slot
            text = self.fitted(visual, category, SMALL, labels - 4, "the category")
            self.write(x, middle - SMALL * 0.55, text, size=SMALL)
            for number, (_, values) in enumerate(series):
                value = float(values[place] or 0)
                down = middle - slot * 0.36 + number * thick
                long = max(0.0, room * value / top)
                self.fill((x + labels, down, long, thick * 0.9), theme.DATA[number])
                if self.has_labels(visual) and slot * 0.9 / len(series) >= SMALL * 0.9:
                    shown = self.label_text(visual, number, value)
                    self.write(
                        x + labels + long + 3, down + thick / 2 - SMALL * 0.55, shown, size=SMALL
                    )
                elif self.has_labels(visual):
                    self.tell(visual, f"there is no room for the label of {category!r}")

    def has_labels(self, visual: Visual) -> bool:
        """Return whether the chart has data labels."""
        return bool(report_files.property_of(visual.visual.get("objects", {}), "labels", "show"))

    def label_text(self, visual: Visual, number: int, value: float) -> str:
        """Return a number as its data label shows it."""
        name = visual.projections("Y")[number]["nativeQueryRef"]
        pattern = self.data.formats.get(name, "")
        return dax_evaluator.formatted(value, pattern) if "%" in pattern else _short(value)

    def columns(self, visual: Visual, box: Box, context: Any) -> None:
        """Draw vertical columns."""
        categories, series = self.marks(visual, context)
        x, y, width, height = self.legend(box, [label for label, _ in series])
        slot = width / max(1, len(categories))
        is_turned = any(width_of(each, SMALL) > slot - 2 for each in categories)
        step = 1
        if is_turned and all(each.isdigit() for each in categories):
            while any(width_of(each, SMALL) > slot * step - 4 for each in categories):
                step += 1
        lines = 1
        if is_turned and step == 1:
            lines = max(len(wrapped(each, SMALL, slot - 2)) for each in categories)
        floor = y + height - SMALL * 1.15 * lines - 4
        room = floor - y - SMALL * 1.3
        if room < 40:
            self.tell(visual, f"the plot is only {room:.0f} pixels high")
        top = max((float(value or 0) for _, values in series for value in values), default=1) or 1
        wide = slot * 0.8 / max(1, len(series))
        is_narrow = False
        for place, category in enumerate(categories):
            for number, (_, values) in enumerate(series):
                value = float(values[place] or 0)
                high = room * value / top
                left = x + place * slot + slot * 0.1 + number * wide
                self.fill((left, floor - high, wide * 0.92, high), theme.DATA[number])
                shown = self.label_text(visual, number, value)
                if self.has_labels(visual) and width_of(shown, SMALL) <= min(wide + 8, slot + 3):
                    self.write(
                        left + wide / 2,
                        floor - high - SMALL * 1.15,
                        shown,
                        size=SMALL,
                        across="center",
                    )
                elif self.has_labels(visual):
                    is_narrow = True
            if place % step:
                continue
            for line_number, line in enumerate(
                [category] if step > 1 else wrapped(category, SMALL, slot - 2)
            ):
                room_for = slot * step
                text = self.fitted(visual, line, SMALL, room_for, "the category")
                self.write(
                    x + (place + 0.5) * slot,
                    floor + 3 + line_number * SMALL * 1.15,
                    text,
                    size=SMALL,
                    across="center",
                )
        if is_narrow and visual.dress.get("visualTooltip"):
            self.tell(visual, "the columns are too narrow for their labels")

    def lines(self, visual: Visual, box: Box, context: Any) -> None:
        """Draw a line for each series."""
        (column,) = visual.fields("Column", "Category")
        (by,) = visual.fields("Column", "Series")
        (measure,) = [name for _, name in visual.fields("Measure", "Y")]
        series = [row[0] for row in self.data.groups([by], context, [measure])]
        x, y, width, height = self.legend(box, [_words(each) for each in series])
        floor, room = y + height - 16, height - 22
        for number, each in enumerate(series):
            inner = self.data.within([by], [each], context)
            rows = [row[0] for row in self.data.groups([column], inner, [measure])]
            points = [
                (float(row), float(self.data.measure(measure, [column], [row], inner) or 0))
                for row in rows[:: max(1, len(rows) // 25)]
            ]
            far = max(float(row) for row in rows)
            self.axes.plot(
                [x + 26 + self.shift[0] + (width - 32) * at / far for at, _ in points],
                [floor + self.shift[1] - room * value for _, value in points],
                color=theme.DATA[number],
                linewidth=1.6,
            )
        for share in (0, 0.5, 1):
            self.write(x, floor - room * share - 6, f"{share:.0%}", size=SMALL)
        self.write(x + 26, floor + 3, "0", size=SMALL)
        self.write(x + width, floor + 3, "100", size=SMALL, across="right")

    def scatter(self, visual: Visual, box: Box, context: Any) -> None:
        """Draw at most `MOST_POINTS` categories as points, and the trend line if it is shown."""
        (column,) = visual.fields("Column", "Category")
        (across,) = [name for _, name in visual.fields("Measure", "X")]
        (up,) = [name for _, name in visual.fields("Measure", "Y")]
        wide = self.data.sums(across, column, context) or {}
        high = self.data.sums(up, column, context) or {}
        points = [(wide[key], high[key]) for key in wide if key in high][:MOST_POINTS]
        x, y, width, height = box
        left, floor = x + 44, y + height - 30
        room, tall = width - 52, height - 36
        right, top = max(at for at, _ in points), max(value for _, value in points)
        dx, dy = self.shift
        self.axes.scatter(
            [left + dx + room * at / right for at, _ in points],
            [floor + dy - tall * value / top for _, value in points],
            s=3,
            color=theme.ACCENT,
            alpha=0.45,
            linewidths=0,
        )
        if report_files.property_of(visual.visual["objects"], "trend", "show"):
            count = len(points)
            mean_x = sum(at for at, _ in points) / count
            mean_y = sum(value for _, value in points) / count
            slope = sum((at - mean_x) * (value - mean_y) for at, value in points) / sum(
                (at - mean_x) ** 2 for at, _ in points
            )
            ends = [(at, mean_y + slope * (at - mean_x)) for at in (0, right)]
            self.axes.plot(
                [left + dx + room * at / right for at, _ in ends],
                [floor + dy - tall * value / top for _, value in ends],
                color=theme.INK,
                linewidth=1.6,
                linestyle="--",
            )
        for share in (0, 0.5, 1):
            self.write(
                left - 4, floor - tall * share - 6, _short(top * share), size=SMALL, across="right"
            )
            sides: dict[float, str] = {0: "left", 1: "right"}
            at = left + room * share
            text = _short(right * share)
            self.write(at, floor + 2, text, size=SMALL, across=sides.get(share, "center"))
        self.write(
            left + room / 2, floor + 15, across, size=SMALL, across="center", colour=theme.MUTED
        )
        self.write(left + 6, y - 2, f"{up} (up)", size=SMALL, colour=theme.MUTED)

    # ---------- tables

    def units(self, visual: Visual) -> set[str]:
        """Return the query names of the columns that a table shows in thousands."""
        return {
            str(each["selector"]["metadata"])
            for each in visual.visual.get("objects", {}).get("columnFormatting", [])
            if report_files.property_of({"it": [each]}, "it", "labelDisplayUnits") == 1000
        }

    def matrix(self, visual: Visual, box: Box, context: Any) -> None:
        """Draw a matrix, with coloured cells if the files define colours."""
        x, y, width, height = box
        (down,) = visual.fields("Column", "Rows")
        projections = visual.projections("Values")
        measures = [projection["nativeQueryRef"] for projection in projections]
        across = visual.fields("Column", "Columns")
        thousands = self.units(visual)
        rows = [row[0] for row in self.data.groups([down], context, measures)]
        heads: list[tuple[str, Any, str]]
        if across:
            found = self.data.groups(across, context, measures)
            heads = [(_words(row[0]), row[0], measures[0]) for row in found]
        else:
            heads = [
                (projection.get("displayName", name), None, name)
                for projection, name in zip(projections, measures, strict=True)
            ]
        cells: dict[tuple[int, int], Any] = {}
        for r, value in enumerate(rows):
            for c, (_, other, name) in enumerate(heads):
                columns, chosen = [down, *across], [value, *([other] if across else [])]
                cells[r, c] = self.data.measure(name, columns, chosen, context)
        kept = [
            r for r in range(len(rows)) if any(cells[r, c] is not None for c in range(len(heads)))
        ]
        if not kept:
            self.write(x, y, "(no rows)", colour=theme.MUTED)
            return
        first = min(max(width_of(_words(rows[r]), CELL) for r in kept) + 10, 0.4 * width)
        each = (width - first) / len(heads)
        lines = max(len(wrapped(head, CELL, each - 6, bold=True)) for head, *_ in heads)
        top = y + 2
        for c, (head, *_) in enumerate(heads):
            for number, line in enumerate(wrapped(head, CELL, each - 6, bold=True)):
                text = self.fitted(visual, line, CELL, each - 4, "the heading", bold=True)
                self.write(
                    x + first + (c + 1) * each - 4,
                    top + number * CELL * 1.15,
                    text,
                    bold=True,
                    across="right",
                )
        top += lines * CELL * 1.15 + 6
        fits = int((y + height - top) // ROW)
        if len(kept) > fits:
            self.tell(visual, f"there are {len(kept)} rows, but room for only {fits}")
        numbers = [float(value) for value in cells.values() if value is not None]
        low, high = min(numbers), max(numbers)
        heated = bool(visual.visual.get("objects", {}).get("values"))
        for place, r in enumerate(kept[:fits]):
            middle = top + place * ROW
            label = self.fitted(visual, _words(rows[r]), CELL, first - 6, "the row")
            self.write(x, middle + 3, label)
            for c, (_, _, name) in enumerate(heads):
                value = cells[r, c]
                if value is None:
                    continue
                left = x + first + c * each
                if heated:
                    share = (float(value) - low) / (high - low) if high > low else 0.5
                    self.fill((left, middle, each, ROW), _between(share))
                query = f"Key figures.{name}"
                text = self.data.text(name, value, query in thousands)
                text = self.fitted(visual, text, CELL, each - 4, "the number")
                self.write(left + each - 4, middle + 3, text, across="right")

    def table(self, visual: Visual, box: Box, context: Any) -> None:
        """Draw a plain table."""
        x, y, width, height = box
        projections = visual.projections("Values")
        columns = visual.fields("Column", "Values")
        measures = [name for _, name in visual.fields("Measure", "Values")]
        thousands = self.units(visual)
        rows = self.data.groups(columns, context, measures)
        rows = self.highest(visual, columns, rows, context)
        fits = int((height - 24) // ROW)
        is_list = len(rows) > fits
        made: list[tuple[Any, dict[str, Any]]] = []
        for row in rows:
            values = {name: self.data.measure(name, columns, row, context) for name in measures}
            if not measures or any(value is not None for value in values.values()):
                made.append((row, values))
            if len(made) > 2 * fits and visual.title in SCROLLS:
                break
        if visual.visual["query"].get("sortDefinition"):
            key = visual.visual["query"]["sortDefinition"]["sort"][0]["field"]
            name = next(name for _, _, name in references(key))
            made.sort(key=lambda each: -float(each[1].get(name) or 0))
        grid: list[list[str]] = []
        for row, values in made:
            texts = []
            plain = iter(row)
            for projection in projections:
                name = projection["nativeQueryRef"]
                if "Measure" in projection["field"]:
                    query = projection["queryRef"]
                    texts.append(self.data.text(name, values[name], query in thousands))
                else:
                    texts.append(_words(next(plain)))
            grid.append(texts)
        heads = [
            str(projection.get("displayName", projection["nativeQueryRef"]))
            for projection in projections
        ]
        is_number = ["Measure" in projection["field"] for projection in projections]
        shown = grid[: max(fits, 0)]
        widths = self.fixed(visual) or self.shared(heads, shown, is_number, width)
        if sum(widths) > width + 1:
            self.tell(visual, f"the columns need {sum(widths):.0f} pixels and have {width:.0f}")
        lefts = [x + sum(widths[:place]) for place in range(len(widths))]
        lines = [
            wrapped(head, CELL, wide - 6, bold=True)
            for head, wide in zip(heads, widths, strict=True)
        ]
        for left, wide, parts, right in zip(lefts, widths, lines, is_number, strict=True):
            for number, part in enumerate(parts[:2]):
                text = self.fitted(visual, part, CELL, wide - 4, "the heading", bold=True)
                at = left + wide - 4 if right else left
                self.write(
                    at,
                    y + number * CELL * 1.1,
                    text,
                    bold=True,
                    across="right" if right else "left",
                )
        top = y + max(len(parts[:2]) for parts in lines) * CELL * 1.15 + 5
        scrolls = visual.title in SCROLLS
        for texts in shown:
            deep = 1
            for text, wide, right in zip(texts, widths, is_number, strict=True):
                if not right:
                    deep = max(deep, len(wrapped(text, CELL, wide - 6)))
            if top + deep * CELL * 1.2 + 4 > y + height + 2:
                is_list = True
                break
            for left, text, wide, right in zip(lefts, texts, widths, is_number, strict=True):
                if right:
                    text = self.fitted(visual, text, CELL, wide - 3, "the number")
                    self.write(left + wide - 4, top, text, across="right")
                    continue
                for number, part in enumerate(wrapped(text, CELL, wide - 6)):
                    part = self.fitted(visual, part, CELL, wide - 2, "the word")
                    self.write(left, top + number * CELL * 1.2, part)
            top += deep * CELL * 1.2 + 4
            self.fill((x, top - 2, width, 0.6), "#D5DAE1")
        if is_list and not scrolls:
            self.tell(visual, f"not all of the {len(grid)} rows fit")
        if not grid:
            self.write(x, top, "(no rows)", colour=theme.MUTED)

    def highest(
        self, visual: Visual, columns: Sequence[Column], rows: list[Any], context: Any
    ) -> list[Any]:
        """Return the rows that top-n filters keep, and only the highest of a long sorted list."""
        for each in visual.filters:
            if each.get("type") != "TopN":
                continue
            query = each["filter"]["From"][0]["Expression"]["Subquery"]["Query"]
            (ranked,) = [name for _, _, name in references(query["OrderBy"][0]["Expression"])]
            ((_, table, name),) = references(each["field"])
            sums = self.data.sums(ranked, (table, name), context) or {}
            best = sorted(sums, key=lambda key: -sums[key])[: int(query["Top"])]
            place = list(columns).index((table, name))
            rows = [row for row in rows if row[place] in best]
        sort = visual.visual["query"].get("sortDefinition", {}).get("sort", [])
        if len(rows) > 200 and sort:
            ((_, _, measure),) = references(sort[0]["field"])
            sums = self.data.sums(measure, columns[0], context) or {}
            rows = sorted(rows, key=lambda row: -sums.get(row[0], 0))[:60]
        return rows

    def fixed(self, visual: Visual) -> list[float]:
        """Return the column widths that the files define; an empty list if there are none."""
        given = visual.visual.get("objects", {}).get("columnWidth", [])
        widths = {
            each["selector"]["metadata"]: report_files.property_of({"it": [each]}, "it", "value")
            for each in given
        }
        return [widths[each["queryRef"]] for each in visual.projections("Values")] if given else []

    def shared(
        self,
        heads: Sequence[str],
        grid: Sequence[Sequence[str]],
        is_number: Sequence[bool],
        width: float,
    ) -> list[float]:
        """Return column widths that share the width of the table.

        If space is short, only columns of text are narrowed.
        """
        needs = []
        for place, head in enumerate(heads):
            words = max((width_of(word, CELL, bold=True) for word in head.split()), default=0)
            texts = [row[place] for row in grid]
            widest = max((width_of(text, CELL) for text in texts), default=0)
            needs.append(max(words, widest) + 12)
        spare = width - sum(needs)
        texts_ = [place for place, right in enumerate(is_number) if not right]
        if spare >= 0:
            return [need + spare / len(needs) for need in needs]
        fixed = sum(need for place, need in enumerate(needs) if place not in texts_)
        wanted = sum(needs[place] for place in texts_) or 1
        return [
            max(40.0, needs[place] * (width - fixed) / wanted) if place in texts_ else needs[place]
            for place in range(len(needs))
        ]

    def tree(self, visual: Visual, box: Box, context: Any) -> None:
        """Draw the root of a decomposition tree and its first split."""
        x, y, width, height = box
        (measure,) = [name for _, name in visual.fields("Measure", "Analyze")]
        columns = visual.fields("Column", "ExplainBy")
        by = columns[1]
        rows = [row[0] for row in self.data.groups([by], context, [measure])]
        values = [self.data.measure(measure, [by], [row], context) for row in rows]
        total = self.data.evaluator.value(measure, context)
        middle = y + height * 0.42
        self.fill((x, middle, 150, 10), theme.ACCENT)
        self.write(x, middle - 18, measure, bold=True)
        self.write(x, middle + 14, self.card_text(measure, total))
        left = x + 240
        self.write(left, y, f"{by[1]}  (first split, chosen with +)", bold=True)
        slot = min(64, (height - 60) / max(1, len(rows)))
        most = max(float(value or 0) for value in values) or 1
        for place, (row, value) in enumerate(zip(rows, values, strict=True)):
            down = y + 24 + place * slot
            self.fill((left, down + 16, 150, 8), "#D5DAE1")
            self.fill((left, down + 16, 150 * float(value or 0) / most, 8), theme.ACCENT)
            self.write(left, down, f"{_words(row)}: {self.card_text(measure, value)}")
            self.axes.plot(
                [x + 150, left - 4], [middle + 5, down + 20], color=theme.LINE, linewidth=0.7
            )
        words = "Explain by: " + ", ".join(name for _, name in columns)
        lines = wrapped(words, SMALL, width)
        for number, line in enumerate(lines):
            self.write(
                x,
                y + height - (len(lines) - number) * SMALL * 1.2,
                line,
                size=SMALL,
                colour=theme.MUTED,
            )


SCROLLS = {visual.title for page in PAGES for visual in page.visuals if visual.is_list}
"""Titles of the lists, which may have any length. Only these visuals may scroll."""


def _short(value: float) -> str:
    for limit, unit in ((1e9, "bn"), (1e6, "M"), (1e3, "K")):
        if abs(value) >= limit:
            return (
                dax_evaluator.formatted(value / limit, "0.0" if abs(value) < 10 * limit else "0")
                + unit
            )
    return dax_evaluator.formatted(value, "0" if value == int(value) else "0.00")


def _words(value: Any) -> str:
    if value is None:
        return "(blank)"
    return str(value)[:10] if hasattr(value, "isoformat") else str(value)


def _between(share: float) -> str:
    """Return a colour between the ends of a heat map's scale."""
    ends = (theme.HEAT_LOW, theme.HEAT_HIGH)
    low, high = ([int(each[at : at + 2], 16) for at in (1, 3, 5)] for each in ends)
    return "#" + "".join(
        f"{round(a + (b - a) * share):02X}" for a, b in zip(low, high, strict=True)
    )


def _canvas(width: float, height: float) -> Axes:
    figure = plt.figure(figsize=(width / DOTS, height / DOTS), dpi=DOTS)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.axis("off")
    return axes


def save(axes: Axes, path: Path) -> None:
    """Write a picture with few colours, so that its file is small."""
    figure = axes.get_figure(root=True)
    if figure is None:
        raise ValueError("the drawing has no figure")
    raw = io.BytesIO()
    figure.savefig(raw, format="png", dpi=DOTS)
    plt.close("all")
    raw.seek(0)
    picture = Image.open(raw).convert("RGB").quantize(96, dither=Image.Dither.NONE)
    picture.save(path, optimize=True)


def load(folder: Path, connection: duckdb.DuckDBPyConnection) -> tuple[Data, dict[str, Page]]:
    """Return the values and the pages of the Power BI project in a folder."""
    files = project.read(folder)
    formats = {
        measure.name: measure.properties.get("formatString", "")
        for path, text in files.items()
        if path.endswith(".tmdl")
        for node in tmdl_reader.read(text)
        for measure in node.of("measure")
    }
    return Data(dax_evaluator.load(files, connection), formats), report_files.pages(files)


def pictures(
    data: Data, pages: Mapping[str, Page], wanted: str = ""
) -> Iterator[tuple[str, Axes, list[Problem]]]:
    """Yield the name, drawing and problems of each picture whose name contains `wanted`."""
    chosen = {
        name: page
        for name, page in pages.items()
        if page.kind != "Tooltip" and wanted in _file(page.title)
    }
    yield from pages_drawn(data, chosen, pages)
    if wanted in "tooltips":
        yield _tooltips(data, pages)
    if wanted in "phone":
        yield _phone(data, pages)


def pages_drawn(
    data: Data, chosen: Mapping[str, Page], pages: Mapping[str, Page]
) -> Iterator[tuple[str, Axes, list[Problem]]]:
    """Yield the name, drawing and problems of each chosen page of a report."""
    for page in chosen.values():
        given: dict[Column, frozenset[object]] = {}
        if page.kind == "Drillthrough":
            column, customer = _example(data)
            given[column] = frozenset({customer})
        axes = _canvas(page.content["width"], page.content["height"])
        picture = Picture(axes, page, data, pages, given)
        picture.draw()
        yield f"power-bi-{_file(page.title)}", axes, picture.problems


def _example(data: Data) -> tuple[Column, Any]:
    """Return the code of the customer with the most actions, after the column that holds it.

    The drillthrough page of customer details shows this customer.
    """
    ((customer,),) = data.evaluator.connection.execute(
        "select customer_code from marts.dim_customers inner join"
        " marts.fct_customer_recommendations using (customer_key)"
        " group by customer_code order by count(*) desc, customer_code limit 1"
    ).fetchall()
    return ("Customers", "Customer code"), customer


def _tooltips(data: Data, pages: Mapping[str, Page]) -> tuple[str, Axes, list[Problem]]:
    """Draw every tooltip page for the middle data point of the first visual that uses the page."""
    tips = [page for page in pages.values() if page.kind == "Tooltip"]
    high = max(page.content["height"] for page in tips) + 16
    across = 4
    axes = _canvas(across * 376 + 16, -(-len(tips) // across) * high + 16)
    problems: list[Problem] = []
    for number, tip in enumerate(tips):
        owner, visual = next(
            (page, visual)
            for page in pages.values()
            for visual in page.visuals.values()
            if report_files.property_of(visual.dress, "visualTooltip", "section") == tip.name
        )
        columns = visual.fields("Column", "Category", "Rows", "Columns")
        measures = [name for _, name in visual.fields("Measure")]
        context = data.context(visual, owner, {})
        for column in columns:
            rows = data.groups([column], context, measures)
            context = data.within([column], rows[len(rows) // 2], context)
        shift = (16 + number % across * 376, 16 + number // across * high)
        picture = Picture(axes, tip, data, pages, context, shift=shift)
        picture.draw()
        problems += picture.problems
    return "power-bi-tooltips", axes, problems


def _phone(data: Data, pages: Mapping[str, Page]) -> tuple[str, Axes, list[Problem]]:
    """Draw the phone layouts of the first four pages with many visuals, side by side."""
    shown = [page for page in pages.values() if not page.kind and _has_many(page)][:4]
    gap, width = 16, PHONE_WIDTH

    def bottom(page: Page) -> float:
        return max(
            float(visual.mobile["position"]["y"] + visual.mobile["position"]["height"])
            for visual in page.visuals.values()
            if visual.mobile
        )

    tall = max(bottom(page) for page in shown) + 2 * gap
    axes = _canvas(len(shown) * (width + gap) + gap, tall)
    problems: list[Problem] = []
    for number, page in enumerate(shown):
        picture = Picture(axes, page, data, pages, shift=(gap + number * (width + gap), gap))
        picture.fill((0, 0, width, bottom(page) + 8), theme.PAGE, theme.LINE)
        for visual in page.visuals.values():
            if visual.mobile:
                place = visual.mobile["position"]
                wanted = visual.mobile.get("objects")
                if wanted:
                    visual.visual["objects"] = {**visual.visual["objects"], **wanted}
                picture.visual(visual, (place["x"], place["y"], place["width"], place["height"]))
        problems += picture.problems
    return "power-bi-phone", axes, problems


def _has_many(page: Page) -> bool:
    """Return whether a page has enough visuals in its phone layout to be worth drawing."""
    return sum(bool(visual.mobile) for visual in page.visuals.values()) > 8


def _file(title: str) -> str:
    return title.lower().replace(" ", "-")


def connect(release: Path) -> duckdb.DuckDBPyConnection:
    """Open the tables of a release, or of a built warehouse, read-only."""
    if release.is_file():
        return duckdb.connect(str(release), read_only=True)
    connection = duckdb.connect()
    for path in sorted(release.glob("*/*.parquet")):
        schema = path.parent.name
        connection.execute(f"create schema if not exists {schema}")
        connection.execute(
            f"create view {schema}.{path.stem} as select * from read_parquet('{path.as_posix()}')"
        )
    return connection


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the committed report with the values of a release.

    Returns:
        1 if there is no release or the pictures have problems, else 0.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path, help="folder for the pictures")
    parser.add_argument(
        "--release",
        type=Path,
        default=PROJECT / "published" / "current",
        help="folder of a release, or file of a built warehouse (default: published/current)",
    )
    parser.add_argument("--only", default="", help="draw only pictures whose names contain this")
    parser.add_argument("--project", type=Path, default=PROJECT / "powerbi", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if not chosen.release.exists():
        print(f"{chosen.release} is missing: run `make publish` first.", file=sys.stderr)
        return 1
    chosen.folder.mkdir(parents=True, exist_ok=True)
    count = 0
    with connect(chosen.release) as connection:
        for name, axes, problems in pictures(*load(chosen.project, connection), chosen.only):
            save(axes, chosen.folder / f"{name}.png")
            for each in problems:
                print(f"{each.page}, {each.visual}: {each.problem}", file=sys.stderr)
                count += 1
            print(chosen.folder / f"{name}.png")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
