"""Charts as HTML with SVG, the same in a browser, in a file and on paper.

Positions are percentages of a chart's area, and text is HTML in the page's text size. So a chart
fits a phone, a large screen and a sheet of paper without being drawn again. Colours come from the
style sheet.
"""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bank_warehouse.numbers import count

TICKS = 5
DOT = 0.36
"""Radius of an ordinary dot, relative to the page's text size."""
STEPS = (1, 2, 2.5, 5, 10)
Point = tuple[float, float]
Tick = tuple[float, str]


@dataclass(frozen=True)
class Axis:
    """An axis of a chart.

    Attributes:
        label: the measure with its unit; empty if the names are enough.
        low: value at the start.
        high: value at the end.
        ticks: positions and their labels.
        has_names: whether the ticks are names, which get more space and no grid lines.
    """

    label: str
    low: float
    high: float
    ticks: tuple[Tick, ...] = ()
    has_names: bool = False

    def place(self, value: float) -> float:
        """Return the position of a value, as a percentage of the axis."""
        return 100 * (value - self.low) / (self.high - self.low) if self.high > self.low else 50.0


@dataclass(frozen=True)
class Shape:
    """A shape in a chart.

    Attributes:
        kind: `box` (between two corners), `dot`, `line` (through all points), `area` (within them)
            or `text` (at a point).
        points: in the units of the axes.
        tone: CSS class that gives the colour.
        size: radius of a dot, relative to the page's text size.
        text: the text of a text shape.
        tip: text shown when the mouse is over it.
        href: address that a click opens.
    """

    kind: Literal["box", "dot", "line", "area", "text"]
    points: tuple[Point, ...]
    tone: str = "first"
    size: float = 0.0
    text: str = ""
    tip: str = ""
    href: str = ""


@dataclass(frozen=True)
class Plot:
    """A chart.

    Attributes:
        x: the axis along the bottom.
        y: the axis at the side, from the bottom up.
        shapes: what is drawn, from back to front.
        height: height of its area, relative to the page's text size.
        legend: tones and their meanings, if there are several.
    """

    x: Axis
    y: Axis
    shapes: tuple[Shape, ...]
    height: float = 18.0
    legend: tuple[tuple[str, str], ...] = ()


def round_ticks(low: float, high: float, count: int = TICKS) -> list[float]:
    """Return about `count` round numbers between `low` and `high`."""
    if high <= low:
        return [low]
    rough = (high - low) / count
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * each for each in STEPS if size * each >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(place * step, 12) for place in range(first, last + 1)]


def drawing(plot: Plot, *, is_static: bool = False) -> str:
    """Return a chart as HTML.

    Args:
        plot: the chart.
        is_static: whether it is for an exported file, with the browser's own tooltips and no links.
    """
    across, up = plot.x, plot.y
    lines = [
        f'<line class="grid" x1="{_n(across.place(at))}%" x2="{_n(across.place(at))}%" y1="0" '
        'y2="100%"/>'
        for at, _ in across.ticks
        if not across.has_names
    ] + [
        f'<line class="grid" y1="{_n(100 - up.place(at))}%" y2="{_n(100 - up.place(at))}%" x1="0" '
        'x2="100%"/>'
        for at, _ in up.ticks
        if not up.has_names
    ]
    shapes = "".join(_shape(each, plot, is_static) for each in plot.shapes if each.kind != "text")
    texts = "".join(_text(each, plot) for each in plot.shapes if each.kind == "text")
    longest = max((len(text) for _, text in up.ticks), default=0)
    room = min(max(0.56 * longest, 1.5), 13.0 if up.has_names else 6.0)
    legend = "".join(
        f'<li><i class="{tone}"></i>{html.escape(text)}</li>' for tone, text in plot.legend
    )
    return "".join(
        (
            f'<ul class="legend">{legend}</ul>' if legend else "",
            f'<p class="axis">{html.escape(up.label)}</p>' if up.label else "",
            f'<div class="plot" style="--room: {room:.1f}rem; --tall: {plot.height:g}rem">',
            f'<div class="up{" names" if up.has_names else ""}">',
            *(
                f'<span style="bottom: {_n(up.place(at))}%">{html.escape(text)}</span>'
                for at, text in up.ticks
            ),
            f'</div><div class="area"><svg aria-hidden="true">{"".join(lines)}{shapes}</svg>',
            f'{texts}</div><div class="across{" names" if across.has_names else ""}">',
            *(
                f'<span style="left: {_n(across.place(at))}%">{html.escape(text)}</span>'
                for at, text in across.ticks
            ),
            "</div></div>",
            f'<p class="axis below">{html.escape(across.label)}</p>' if across.label else "",
        )
    )


def _n(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _shape(shape: Shape, plot: Plot, is_static: bool) -> str:
    tip = html.escape(shape.tip)
    more = f' class="{shape.tone}{" tip" if tip and not is_static else ""}"'
    if tip and not is_static:
        more += f' data-tip="{tip}"'
    if shape.href and not is_static:
        more += f' data-nav="{html.escape(shape.href)}"'
    inside = f"<title>{tip}</title>" if tip and is_static else ""
    placed = [(plot.x.place(x), 100 - plot.y.place(y)) for x, y in shape.points]
    if shape.kind == "dot":
        ((x, y),) = placed
        size = _n(shape.size)
        return f'<circle{more} cx="{_n(x)}%" cy="{_n(y)}%" r="{size}rem">{inside}</circle>'
    if shape.kind == "box":
        (left, bottom), (right, top) = placed
        left, right = min(left, right), max(left, right)
        return (
            f'<rect{more} x="{_n(left)}%" y="{_n(top)}%" width="{_n(right - left)}%" '
            f'height="{_n(bottom - top)}%">{inside}</rect>'
        )
    path = " ".join(f"{_n(x)},{_n(y)}" for x, y in placed)
    tag = "polyline" if shape.kind == "line" else "polygon"
    return (
        '<svg viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="100%">'
        f'<{tag}{more} points="{path}">{inside}</{tag}></svg>'
    )


def _text(shape: Shape, plot: Plot) -> str:
    ((x, y),) = shape.points
    return (
        f'<span class="said {shape.tone}" style="left: {_n(plot.x.place(x))}%; '
        f'bottom: {_n(plot.y.place(y))}%">{html.escape(shape.text)}</span>'
    )


def intervals(
    names: Sequence[str],
    values: Sequence[float],
    ends: Sequence[tuple[float, float]],
    axis: Axis,
    *,
    tones: Sequence[str] = (),
    tips: Sequence[str] = (),
    is_barred: bool = False,
    reference: float | None = None,
    label: str = "",
) -> Plot:
    """Return a chart of values with intervals: one row for each name, the first at the top.

    Args:
        names: names of the rows.
        values: positions of the dots, or ends of the bars.
        ends: ends of the intervals.
        axis: the axis along the bottom.
        tones: colour of each row; by default the first colour.
        tips: tooltip of each row.
        is_barred: whether to draw a bar from the start of the axis to each value.
        reference: a value for comparison, drawn as a vertical line.
        label: what the names mean.
    """
    count = len(names)
    shapes = []
    if reference is not None:
        line = ((reference, 0.0), (reference, float(count)))
        shapes.append(Shape("line", line, "reference"))
    for place, (value, (low, high)) in enumerate(zip(values, ends, strict=True)):
        at = count - place - 0.5
        tone = tones[place] if tones else "first"
        tip = tips[place] if tips else ""
        if is_barred:
            corners = ((axis.low, at - 0.3), (value, at + 0.3))
            shapes.append(Shape("box", corners, tone, tip=tip))
        whisker = "bar-whisker" if is_barred else f"{tone} whisker"
        shapes.append(Shape("line", ((low, at), (high, at)), whisker))
        if not is_barred:
            shapes.append(Shape("dot", ((value, at),), tone, DOT, tip=tip))
    side = Axis(
        label,
        0.0,
        float(count),
        tuple((count - place - 0.5, name) for place, name in enumerate(names)),
        has_names=True,
    )
    return Plot(axis, side, tuple(shapes), height=1.9 * count)


Flow = tuple[str, str, float]


def flow(flows: Sequence[Flow], order: Sequence[str], before: str, after: str) -> Plot:
    """Return a chart of flows, as bands between two columns.

    Args:
        flows: source, target and number of customers.
        order: order of the names, the first at the top.
        before: label of the left column.
        after: label of the right column.
    """
    ranks = {name: place for place, name in enumerate(order)}
    flows = sorted(flows, key=lambda each: (ranks[each[0]], ranks[each[1]]))
    whole = sum(number for *_, number in flows) or 1.0
    gap = whole * 0.03
    columns = []
    for end in (0, 1):
        sums: dict[str, float] = {}
        for each in flows:
            sums[str(each[end])] = sums.get(str(each[end]), 0.0) + each[2]
        names = sorted(sums, key=ranks.__getitem__)
        height = whole + gap * (len(names) - 1)
        tops: dict[str, float] = {}
        at = height
        for name in names:
            tops[name] = at
            at -= sums[name] + gap
        columns.append((sums, tops, height))
    tallest = max(height for *_, height in columns)
    (left_sums, left_tops, _), (right_sums, right_tops, _) = columns
    used: tuple[dict[str, float], dict[str, float]] = (dict(left_tops), dict(right_tops))
    starts = {}
    for each in flows:
        starts[each] = used[0][each[0]]
        used[0][each[0]] -= each[2]
    ends = {}
    for each in sorted(flows, key=lambda one: (ranks[one[1]], ranks[one[0]])):
        ends[each] = used[1][each[1]]
        used[1][each[1]] -= each[2]
    shapes = []
    for each in flows:
        source, target, number = each
        tone = "stayed" if source == target else "moved"
        shapes.append(
            Shape(
                "area",
                _band(starts[each], ends[each], number),
                tone,
                tip=f"{source} to {target}: {count(round(number), 'customer')}",
            )
        )
    for name, total in left_sums.items():
        corners = ((0.0, left_tops[name] - total), (2.0, left_tops[name]))
        shapes.append(
            Shape("box", corners, "first", tip=f"{name}: {count(round(total), 'customer')}")
        )
    for name, total in right_sums.items():
        corners = ((98.0, right_tops[name] - total), (100.0, right_tops[name]))
        shapes.append(
            Shape("box", corners, "first", tip=f"{name}: {count(round(total), 'customer')}")
        )
        middle = right_tops[name] - total / 2
        shapes.append(Shape("text", ((98.0, middle),), "left", text=f"{name} {total:,.0f}"))
    side = Axis(
        "",
        0.0,
        tallest,
        tuple(
            (left_tops[name] - total / 2, f"{name} {total:,.0f}")
            for name, total in left_sums.items()
        ),
        has_names=True,
    )
    return Plot(
        Axis("", 0.0, 100.0, ((0.0, before), (100.0, after)), has_names=True),
        side,
        tuple(shapes),
        height=24.0,
        legend=(("moved", "Moved"), ("stayed", "Stayed")),
    )


def _band(start: float, end: float, number: float) -> tuple[Point, ...]:
    """Return the outline of a band from the left column to the right one."""
    upper, lower = [], []
    for step in range(21):
        part = step / 20
        bent = part * part * (3 - 2 * part)
        x, top = 2 + 96 * part, start + (end - start) * bent
        upper.append((x, top))
        lower.append((x, top - number))
    return (*upper, *reversed(lower))
