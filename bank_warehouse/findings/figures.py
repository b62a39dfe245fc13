"""The figures of the page, as SVG that is the same for the same warehouse."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from bank_warehouse.findings.answers import Answers

INK = "#1f3b57"
ACCENT = "#c8553d"
QUIET = "#9fb3c8"

STYLE: dict[Any, Any] = {
    "svg.hashsalt": "bank-warehouse",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the style of the page, and leave Matplotlib's own settings as they were."""
    with mpl.rc_context(STYLE):
        yield


def differences(answers: Answers) -> Figure:
    """Effect sizes of all tested differences; those that are no more than chance are left blank."""
    frame = answers.sql(
        """
        select dimension, measure, effect_size, verdict like 'more than chance%' as is_real
        from marts.fct_segment_differences
        where method = 'Kruskal-Wallis'
        order by dimension, measure
        """
    )
    frame = frame.assign(
        dimension=[answers.label(name) for name in frame["dimension"]],
        measure=[answers.label(name) for name in frame["measure"]],
    )
    shape = {"index": "dimension", "columns": "measure"}
    sizes = frame.pivot_table(values="effect_size", **shape)  # type: ignore[arg-type]
    real = frame.assign(is_real=frame["is_real"].astype(float))
    shown = real.pivot_table(values="is_real", **shape).eq(1)  # type: ignore[arg-type]
    figure = Figure(figsize=(8.6, 4.6), layout="constrained")
    axes = figure.add_subplot()
    sns.heatmap(
        sizes,
        mask=~shown,
        cmap=sns.light_palette(INK, as_cmap=True),
        vmin=0,
        linewidths=0.5,
        linecolor="#e6ebf0",
        cbar_kws={"label": "Epsilon squared"},
        ax=axes,
    )
    axes.set(xlabel="", ylabel="", title="Differences that are more than chance, by their size")
    axes.tick_params(length=0)
    return figure


def risk(answers: Answers) -> Figure:
    """Median income and loans, and the share on the watch list, by risk weighting."""
    names = ["median_estimated_income", "median_total_loans", "watch_list_share"]
    frame = answers.metrics(names, ["risk_weighting"])
    figure = Figure(figsize=(8.6, 2.6), layout="constrained")
    panels = figure.subplots(1, len(names))
    for axes, name, unit in zip(panels, names, (1e3, 1e3, 0.01), strict=True):
        heights = frame[name].astype(float) / unit
        axes.bar(frame["risk_weighting"].astype(str), heights, color=INK, width=0.7)
        suffix = "thousands" if unit > 1 else "per cent"
        axes.set(title=answers.label(name), xlabel="Risk weighting", ylabel=suffix)
    return figure


def drivers(answers: Answers) -> Figure:
    """Odds ratios of the business facts that move the risk weighting, with their intervals."""
    frame = answers.sql(
        """
        select driver, coefficient, coefficient_lower, coefficient_upper
        from marts.fct_risk_drivers
        where fit = 'business facts' and reference_level is null and coefficient is not null
        order by coefficient, driver
        """
    )
    figure = Figure(figsize=(8.6, 3.4), layout="constrained")
    axes = figure.add_subplot()
    middle = np.exp(frame["coefficient"].to_numpy(float))
    lower = np.exp(frame["coefficient_lower"].to_numpy(float))
    upper = np.exp(frame["coefficient_upper"].to_numpy(float))
    labels = [answers.label(name) for name in frame["driver"]]
    axes.errorbar(
        middle, range(len(labels)), xerr=[middle - lower, upper - middle], fmt="o", color=INK
    )
    axes.set_yticks(range(len(labels)), labels)
    axes.axvline(1, color=ACCENT, linewidth=1)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set(
        title="Odds of a higher risk weighting for one standard deviation more, all else equal",
        xlabel="Odds ratio with its interval",
    )
    return figure


def concentration(answers: Answers) -> Figure:
    """Lorenz curves of loans, deposits and fees."""
    figure = Figure(figsize=(4.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 100], [0, 100], color=QUIET, linewidth=1)
    styles = {"total_loans": "-", "total_deposits": "--", "fee_income": ":"}
    for measure, line in styles.items():
        curve = answers.sql(
            "select percentile, cumulative_share from marts.fct_balance_concentration"
            " where measure = ? order by percentile",
            measure,
        )
        shares = [0, *(curve["cumulative_share"].astype(float) * 100)]
        axes.plot([0, *curve["percentile"]], shares, line, color=INK, label=answers.label(measure))
    axes.legend(frameon=False)
    axes.set(
        title="How unevenly money is spread",
        xlabel="Customers from the lowest, per cent",
        ylabel="Their share, per cent",
    )
    return figure


def products(answers: Answers) -> Figure:
    """Correlation of the balances of each two products."""
    frame = answers.sql(
        """
        select one.product_name as product, other.product_name as other_product,
            pairs.balance_correlation
        from marts.fct_product_pairs as pairs
        inner join marts.dim_products as one on pairs.product = one.product
        inner join marts.dim_products as other on pairs.other_product = other.product
        order by one.product_order, other.product_order
        """
    )
    order = list(dict.fromkeys(frame["product"]))
    matrix = frame.pivot_table(
        index="product", columns="other_product", values="balance_correlation"
    ).reindex(index=order, columns=order)
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.add_subplot()
    sns.heatmap(
        matrix,
        annot=True,
        fmt=".2f",
        cmap=sns.light_palette(INK, as_cmap=True),
        vmin=0,
        vmax=1,
        cbar=False,
        linewidths=0.5,
        ax=axes,
    )
    axes.set(xlabel="", ylabel="", title="Correlation of balances")
    axes.tick_params(length=0)
    return figure


FIGURES: dict[str, Callable[[Answers], Figure]] = {
    "differences": differences,
    "products": products,
    "risk": risk,
    "drivers": drivers,
    "concentration": concentration,
}
"""Name of the file without its ending, and what draws it."""


def draw(answers: Answers, folder: Path) -> list[Path]:
    """Write all figures into a folder, which is made where it is absent, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    with house_style():
        for name, make in FIGURES.items():
            figure = make(answers)
            FigureCanvasSVG(figure)
            path = folder / f"{name}.svg"
            figure.savefig(path, metadata={"Date": None, "Creator": None})
            # Matplotlib ends lines with spaces, which the code host's checks do not like.
            text = path.read_text(encoding="utf-8")
            lines = [line.rstrip() for line in text.splitlines()]
            path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
            paths.append(path)
    return paths
