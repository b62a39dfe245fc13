"""The report: tables on the terminal and in a page of the docs, and a plot."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.scale.contenders import CONTENDERS, LIMIT, RUN, SCRIPT, SET_SCRIPT
from benchmarks.scale.figures import (
    Cell,
    Figures,
    Results,
    expensive_models,
    growths,
    ratio,
    summarise,
)
from benchmarks.scale.measure import GIB
from benchmarks.scale.targets import targets

BEGIN = "<!-- begin: written by benchmarks.scale -->"
END = "<!-- end: written by benchmarks.scale -->"
TITLES = {contender.name: contender.title for contender in CONTENDERS}
SET_MARK = "comparison set"
PLOT = "scale.svg"
HEADER = [
    "contender", "seconds", "range", "times the limit", "times the script", "customers/s",
    "CPU seconds", "peak memory", "disk at end", "peak disk", "load",
]  # fmt: skip

Table = list[list[str]]
"""Rows of cells; the first row is the header."""


def text(results: Results) -> str:
    """Return the report as text for a terminal."""
    parts = []
    for title, table, notes in _sections(results):
        parts.extend([title, *_aligned(table), *notes, ""])
    return "\n".join(parts).rstrip()


def markdown(results: Results, plot: str | None) -> str:
    """Return the report as Markdown.

    Args:
        results: The measurements.
        plot: Path of the plot relative to the page; None for no plot.
    """
    parts = [f"![Seconds by customers]({plot})", ""] if plot else []
    for title, table, notes in _sections(results):
        parts.extend([f"**{title}**", "", *_pipes(table), ""])
        parts.extend(f"- {note}" for note in notes)
        parts.extend([""] if notes else [])
    return "\n".join(parts).rstrip() + "\n"


def write_page(results: Results, page: Path) -> None:
    """Write the report between the markers of a page, and the plot to `images/` beside it.

    Raises:
        ValueError: The page lacks a marker.
    """
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        message = f"{page} lacks the line {END if begin else BEGIN}, where the report is written"
        raise ValueError(message)
    images = page.parent / "images"
    images.mkdir(exist_ok=True)
    plot(results, images / PLOT)
    told = markdown(results, f"images/{PLOT}")
    page.write_text(f"{before}{BEGIN}\n\n{told}\n{END}{after}", encoding="utf-8")


def plot(results: Results, path: Path) -> None:
    """Draw seconds against customers as SVG, on logarithmic axes, with a panel per format."""
    import matplotlib as mpl

    # Make the bytes depend only on the figures.
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "scale"
    from matplotlib.figure import Figure

    figures = summarise(results.runs)
    formats = sorted({cell[1] for cell in figures})
    drawing = Figure(figsize=(6.4 * len(formats), 6.4), layout="constrained")
    panels = drawing.subplots(1, len(formats), sharey=True, squeeze=False)[0]
    for file_format, panel in zip(formats, panels, strict=True):
        for number, name in enumerate(TITLES):
            points = [
                (cell.customers, cell.seconds)
                for cell in figures.values()
                if (cell.file_format, cell.contender) == (file_format, name) and cell.seconds
            ]
            if points:
                style = "--" if TITLES[name].startswith(SET_MARK) else "-"
                panel.plot(
                    *zip(*points, strict=True), f"o{style}", color=f"C{number}", label=TITLES[name]
                )
        panel.set(xscale="log", yscale="log", title=file_format, xlabel="customers")
        panel.grid(visible=True, alpha=0.3)
    panels[0].set_ylabel("seconds")
    handles = {
        label: handle
        for panel in panels
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)
    }
    drawing.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=len(formats))
    drawing.savefig(path, format="svg", metadata={"Date": None})


def _sections(results: Results) -> Iterable[tuple[str, Table, list[str]]]:
    """Yield the title, table and notes of each part of the report."""
    figures = summarise(results.runs)
    expensive = {name: expensive_models(results.runs, name) for name in (RUN, SET_SCRIPT)}
    for customers, file_format in sorted({cell[:2] for cell in figures}):
        members = [
            (cell, figures[cell])
            for name in TITLES
            if (cell := (customers, file_format, name)) in figures
        ]
        raw_bytes = next(
            run.raw_bytes
            for run in results.runs
            if (run.customers, run.file_format) == (customers, file_format)
        )
        yield (
            f"{customers:,} customers, {file_format}, {_bytes(raw_bytes)}",
            [HEADER, *(_row(figures, cell, found) for cell, found in members)],
            [f"{TITLES[cell[2]]}: no result: {found.failure}" for cell, found in members
             if found.failure],
        )  # fmt: skip
        for name, found in expensive.items():
            if ranked := found.get((customers, file_format)):
                yield (
                    f"Slowest models of {TITLES[name]}, {customers:,} customers, {file_format}",
                    [
                        ["model", "seconds", "share of all"],
                        *(
                            [each.name, f"{each.seconds:,.2f}", f"{each.share:.0%}"]
                            for each in ranked
                        ),
                    ],
                    [],
                )
    yield from _closing(results, figures)


def _closing(
    results: Results, figures: dict[Cell, Figures]
) -> Iterable[tuple[str, Table, list[str]]]:
    """Yield the parts on growth, targets and method."""
    growth = growths(figures)
    if growth:
        yield (
            "Growth: the time grows with the number of customers to the power of this exponent",
            [
                ["contender", "format", "exponent", "fitted on"],
                *(
                    [TITLES[name], file_format, f"{fitted.exponent:.3f}",
                     ", ".join(f"{size:,}" for size in fitted.sizes)]
                    for (file_format, name), fitted in sorted(growth.items())
                ),
            ],
            [],
        )  # fmt: skip
    if asked := targets(figures, growth):
        verdicts = {True: "met", False: "not met", None: "not measured"}
        yield (
            "Targets at 10,000,000 customers from CSV",
            [
                ["figure", "at most", "measured", ""],
                *(
                    [one.what, f"{one.most:g}", "" if one.value is None else f"{one.value:.2f}",
                     verdicts[one.is_met]]
                    for one in asked
                ),
            ],
            [],
        )  # fmt: skip
    dates = sorted(run.started_at for run in results.runs)
    loads = [run.load for run in results.runs]
    yield (
        "How and where it was measured",
        [
            ["", ""],
            *([topic, told] for topic, told in results.method.items()),
            ["when", f"{dates[0]} to {dates[-1]}"],
            ["load", f"Load of the machine before a run: {min(loads)} to {max(loads)}."],
            ["revision", ", ".join(sorted({run.revision for run in results.runs if run.revision}))],
            *([topic, str(told)] for topic, told in results.machine.items()),
        ],
        [],
    )


def _row(figures: dict[Cell, Figures], cell: Cell, found: Figures) -> list[str]:
    title = TITLES[cell[2]]
    if found.seconds is None:
        return [title, "no result", *[""] * (len(HEADER) - 2)]
    base = SET_SCRIPT if title.startswith(SET_MARK) else SCRIPT
    return [
        title,
        f"{found.seconds:,.1f}",
        f"{found.least_seconds:,.1f} to {found.most_seconds:,.1f}" if found.repeats > 1 else "once",
        _times(ratio(figures, cell, LIMIT)),
        _times(ratio(figures, cell, base)),
        f"{found.rows_per_second:,.0f}",
        f"{found.cpu_seconds:,.1f}",
        _bytes(found.peak_memory),
        _bytes(found.disk),
        _bytes(found.peak_disk),
        f"{found.load:.1f}",
    ]


def _times(number: float | None) -> str:
    return "" if number is None else f"{number:.2f}"


def _bytes(number: int) -> str:
    return f"{number / GIB:.2f} GiB" if number >= GIB / 10 else f"{number / 1024**2:.1f} MiB"


def _aligned(table: Table) -> list[str]:
    """Return the rows with padded columns, right-aligned except for the first column and prose."""
    widths = [max(len(row[place]) for row in table) for place in range(len(table[0]))]
    is_prose = len(widths) == 2
    return [
        "  ".join(
            cell.ljust(width) if place == 0 or is_prose else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]


def _pipes(table: Table) -> list[str]:
    """Return the rows as a Markdown table."""

    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cells)} |"

    return [line(table[0]), line(["---"] * len(table[0])), *(line(row) for row in table[1:])]
