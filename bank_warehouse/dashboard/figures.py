"""Charts as Plotly figures for a browser and as SVG for a file.

Colours are chosen to be told apart on light and on dark ground; the style sheet colours text and
lines of the grid by the theme, so no figure has to be made twice.
"""

import io
import math
import re
from typing import Any

from bank_warehouse.dashboard.blocks import Chart, Series
from bank_warehouse.dashboard.numbers import exact, short
from bank_warehouse.metrics import Metric

COLOURS = ("#1f8a92", "#c8641b", "#7b8794")
MUTED = COLOURS[-1]
REFERENCE = "All the same"
"""Name of the series that others are compared with."""

HEIGHTS = {"columns": 17.5, "lines": 21.0}
"""Heights of charts, in the size of the page's text, so that a wall has larger ones."""

POINT_HEIGHT = 1.9
TWO_LINES_HEIGHT = 2.4
FRAME_HEIGHT = 4.2
TEXT = 13
"""Size of text in charts, which the script makes larger where the page's text is."""

TICKS = 5
PARTS = ": "
"""Between the parts of a name, which take a line each."""
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def figure(chart: Chart) -> dict[str, Any]:
    """Return a chart as a Plotly figure, which is a dictionary of data and layout."""
    axis = {
        "fixedrange": True,
        "automargin": True,
        "zeroline": False,
        "ticklabelstandoff": 6,
        "exponentformat": "B",
    }
    title = {"text": chart.x_label, "standoff": 8, "font": {"size": TEXT}}
    across: dict[str, Any] = axis | {"title": title, "tickangle": 0}
    up: dict[str, Any] = axis | {"rangemode": "tozero", "nticks": 5}
    if chart.y_is_share:
        up |= {"tickformat": ".0%", "range": [0, 1.02]}
        across |= {"range": [0, 100]}
    if chart.kind == "columns":
        across |= {"showgrid": False, "dtick": 5, "tick0": 1995}
        up |= {"separatethousands": True}
    if chart.kind == "points":
        across |= {"zeroline": True, "nticks": TICKS}
        if chart.x_metric is not None:
            places = _ticks(chart)
            texts = [tick_text(place, chart.x_metric) for place in places]
            across |= {"tickmode": "array", "tickvals": places, "ticktext": texts}
        up = axis | {"autorange": "reversed", "showgrid": False}
    return {
        "data": [_trace(chart, one, place) for place, one in enumerate(chart.series)],
        "layout": {
            "margin": {"l": 8, "r": 24, "t": 8, "b": 8},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": FONT, "size": TEXT},
            "xaxis": across,
            "yaxis": up,
            "bargap": 0.25,
            "dragmode": False,
            "showlegend": chart.kind == "lines",
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "hoverlabel": {"bgcolor": "#16202c", "font": {"color": "#ffffff"}},
            "hovermode": "closest",
        },
    }


def height(chart: Chart) -> float:
    """Return the height of a chart in the size of the page's text (rem)."""
    if chart.kind == "points":
        names = max((one.y for one in chart.series), key=len, default=())
        each = TWO_LINES_HEIGHT if any(PARTS in str(name) for name in names) else POINT_HEIGHT
        return FRAME_HEIGHT + each * max(len(names), 1)
    return HEIGHTS[chart.kind]


def tick_text(value: float, metric: Metric) -> str:
    """Return a number at an axis: as in tables, without zeros that say nothing."""
    text = re.sub(r"(\.\d*?)0+(?=\D|$)", r"\1", short(value, metric))
    return re.sub(r"\.(?=\D|$)", "", text)


def _ticks(chart: Chart) -> list[float]:
    """Return some five round places between the ends of all intervals."""
    ends = [float(str(x)) for one in chart.series for x in (*one.x, *one.low, *one.high)]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    if high <= low:
        return [low]
    rough = (high - low) / TICKS
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * each for each in (1, 2, 2.5, 5, 10) if size * each >= rough)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(place * step, 12) for place in range(first, last + 1)]


def _trace(chart: Chart, series: Series, place: int) -> dict[str, Any]:
    colour = MUTED if series.name == REFERENCE else COLOURS[place % len(COLOURS)]
    trace: dict[str, Any] = {"x": list(series.x), "y": list(series.y), "name": series.name}
    if chart.kind == "columns":
        trace |= {
            "type": "bar",
            "marker": {"color": colour},
            "customdata": list(series.hrefs),
            "hovertemplate": "%{x}: %{y:,}<extra></extra>",
        }
    elif chart.kind == "lines":
        dash = "dot" if series.name == REFERENCE else "solid"
        trace |= {
            "type": "scatter",
            "mode": "lines",
            "line": {"color": colour, "width": 2.5, "dash": dash},
            "hovertemplate": "%{x} % of customers: %{y:.1%}<extra>%{fullData.name}</extra>",
        }
    else:
        metric = chart.x_metric
        trace |= {
            "type": "scatter",
            "mode": "markers",
            # A long name of two parts takes two lines, which leaves a phone room for the points.
            "y": [str(name).replace(PARTS, ":<br>", 1) for name in series.y],
            "text": [
                f"{float(str(x)):,.4g}" if metric is None else exact(float(str(x)), metric)
                for x in series.x
            ],
            "marker": {"color": colour, "size": 10},
            "hovertemplate": "%{y}: %{text}<extra></extra>",
        }
        if series.low:
            places = [float(str(x)) for x in series.x]
            trace["error_x"] = {
                "type": "data",
                "symmetric": False,
                "array": [high - x for x, high in zip(places, series.high, strict=True)],
                "arrayminus": [x - low for x, low in zip(places, series.low, strict=True)],
                "color": colour,
                "thickness": 2,
                "width": 0,
            }
    return trace


INK = "#010203"
GRID = "#040506"
"""Colours that the SVG is drawn with and that then give way to those of the page."""


def svg(chart: Chart, name: str) -> str:
    """Return a chart as an SVG element whose text and grid take the colours of the page.

    Args:
        chart: the chart.
        name: unique in the document: ids in the drawing begin with it.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    options: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": name,
        "font.size": 9,
        "axes.edgecolor": GRID,
        "grid.color": GRID,
    } | dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), INK)
    with mpl.rc_context(options):
        names = max((len(one.x) for one in chart.series), default=1)
        tall = {"columns": 2.6, "lines": 3.2, "points": 0.8 + 0.26 * names}[chart.kind]
        drawn = Figure(figsize=(6.4, tall), layout="constrained")
        axes = drawn.add_subplot()
        for place, series in enumerate(chart.series):
            _draw(axes, chart, series, place)
        axes.set_xlabel(chart.x_label)
        if chart.kind == "points":
            axes.invert_yaxis()
        if chart.kind == "lines":
            axes.legend(frameon=False, loc="upper left")
        if chart.y_is_share:
            axes.yaxis.set_major_formatter("{x:.0%}")
        elif chart.kind != "lines":
            metric = chart.x_metric
            if chart.kind == "columns":
                axes.yaxis.set_major_formatter("{x:,.0f}")
            elif metric is not None:
                axes.xaxis.set_major_formatter(lambda x, _: tick_text(x, metric))
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="x" if chart.kind == "points" else "y", linewidth=0.6)
        axes.set_axisbelow(True)
        written = io.StringIO()
        drawn.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    text = written.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(r"font: [^;\"]*?(\d+)px[^;\"]*", r"font-size: \1px", text)
    # Names in a drawing count for the whole page: each gets its chart's.
    text = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{name}-", text)
    text = text.replace(INK, "var(--ink)").replace(GRID, "var(--line)")
    return text.replace("<svg ", '<svg aria-hidden="true" ', 1).strip()


def _draw(axes: Any, chart: Chart, series: Series, place: int) -> None:
    colour = MUTED if series.name == REFERENCE else COLOURS[place % len(COLOURS)]
    if chart.kind == "columns":
        axes.bar(series.x, series.y, color=colour, width=0.75)
    elif chart.kind == "lines":
        style = ":" if series.name == REFERENCE else "-"
        axes.plot(series.x, series.y, style, color=colour, linewidth=2, label=series.name)
    else:
        names = [str(each) for each in series.y]
        places = range(len(names))
        axes.hlines(places, series.low, series.high, color=colour, linewidth=1.6)
        axes.plot(series.x, places, "o", color=colour)
        axes.set_yticks(list(places), names)
