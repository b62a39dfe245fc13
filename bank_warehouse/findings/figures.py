"""The figures of the page, as SVG that is the same for the same warehouse.

Each is titled by what it shows, in the words of `bank_warehouse.answers`, and names its units. The
notebook shows the same ones.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from bank_warehouse.answers import labels
from bank_warehouse.answers.numbers import amount, share
from bank_warehouse.answers.sentences import strongest
from bank_warehouse.findings.tables import Tables

INK = "#1f3b57"
ACCENT = "#c8553d"
QUIET = "#9fb3c8"
PALE = "#eef2f6"
GREY = "#5b6b7b"
SHADES = sns.light_palette(INK, as_cmap=True)

WIDTH = 9.0
MILLION = 1e6
MOST_BARS = 12

STYLE: dict[Any, Any] = {
    "svg.hashsalt": "bank-warehouse",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "figure.titlesize": 13,
    "figure.titleweight": "bold",
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the style of the page, and leave Matplotlib's own settings as they were."""
    with mpl.rc_context(STYLE):
        yield


def titled(name: str, tables: Tables, height: float, note: str = "") -> Figure:
    """Return an empty figure with its title, a note below, and what the sample has to say."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    figure.suptitle(TITLES[name](tables), x=0.01, ha="left")
    notes = [note, labels.INVENTED.partition(".")[0] + "."] if tables.is_sample else [note]
    said = "\n".join(each for each in notes if each)
    if said:
        figure.supxlabel(said, x=0.01, ha="left", fontsize=8, color=GREY)
    return figure


def actions(tables: Tables) -> Figure:
    """Gap to close and customers of each action that closes one."""
    frame = tables.metrics(["gap_to_close", "recommendations"], ["action_name"])
    frame = frame.assign(gap=frame["gap_to_close"].astype(float) / MILLION)
    frame = frame[frame["gap"] > 0].sort_values(["gap", "action_name"], ascending=[True, False])
    frame = frame.tail(MOST_BARS)
    figure = titled("actions", tables, 1.7 + 0.32 * len(frame))
    axes = figure.add_subplot()
    bars = axes.barh(frame["action_name"], frame["gap"], color=INK)
    for number, bar in enumerate(bars, start=1):
        bar.set_color(ACCENT if number == len(frame) else INK)
    axes.bar_label(
        bars,
        [
            f" {amount(gap * MILLION)}, {number:,} customers"
            for gap, number in zip(frame["gap"], frame["recommendations"], strict=True)
        ],
        color=GREY,
    )
    axes.margins(x=0.25)
    axes.set(xlabel="Gap to close, millions")
    return figure


def differences(tables: Tables) -> Figure:
    """Sizes of all tested differences; pale where it could be chance."""
    found = tables.sql(
        """
        select dimension, measure, effect_size, verdict
        from marts.fct_segment_differences
        where method = 'Kruskal-Wallis' or verdict = 'by definition'
        """
    )
    tested = found[found["verdict"] != labels.BUILT_IN]
    rows = sorted(set(tested["dimension"]), key=tables.label)
    columns = sorted(set(tested["measure"]), key=tables.label)
    by_pair = {
        (row.dimension, row.measure): row for row in found.itertuples(index=False)
    }  # fmt: skip
    sizes = np.full((len(rows), len(columns)), np.nan)
    texts = np.full(sizes.shape, "", dtype=object)
    for down, dimension in enumerate(rows):
        for across, measure in enumerate(columns):
            row: Any = by_pair.get((dimension, measure))
            verdict = labels.BUILT_IN if row is None else str(row.verdict)
            if labels.is_real(verdict):
                sizes[down, across] = row.effect_size
                texts[down, across] = f"{row.effect_size:.2f}"
            else:
                texts[down, across] = _WHY_PALE.get(verdict, "few")
    note = (
        "Epsilon squared: the share of the ranks' variation that the groups account for; 0.01 is "
        "small, 0.06 medium, 0.14 large.\nPale: could be chance. “built in”: one is computed from "
        "the other, not tested."
    )
    figure = titled("differences", tables, 2.2 + 0.33 * len(rows), note)
    axes = figure.add_subplot()
    axes.set_facecolor(PALE)
    sns.heatmap(
        sizes,
        annot=texts,
        fmt="",
        annot_kws={"fontsize": 7},
        cmap=SHADES,
        vmin=0,
        linewidths=0.5,
        linecolor="white",
        cbar_kws={"label": "Size of the difference (epsilon squared)"},
        xticklabels=[tables.label(name) for name in columns],
        yticklabels=[tables.label(name) for name in rows],
        ax=axes,
    )
    for (down, across), size in np.ndenumerate(sizes):
        if np.isnan(size):
            # seaborn writes nothing where there is no number.
            axes.text(
                across + 0.5, down + 0.5, str(texts[down, across]), ha="center", va="center",
                fontsize=6, color=GREY,
            )  # fmt: skip
    axes.tick_params(length=0)
    axes.set_xticks(axes.get_xticks(), axes.get_xticklabels(), rotation=40, ha="right")
    return figure


_WHY_PALE = {labels.CHANCE: "·", labels.BUILT_IN: "built in"}


def risk(tables: Tables) -> Figure:
    """Median income and loans, and the share on the watch list, by risk weighting."""
    names = ["median_estimated_income", "median_total_loans", "watch_list_share"]
    frame = tables.metrics(names, ["risk_weighting"])
    figure = titled(
        "risk",
        tables,
        3.4,
        "From the class whose bar is 100% on, being in it is itself a rule of the watch list."
        if (frame["watch_list_share"] == 1).any()
        else "",
    )
    panels = figure.subplots(1, len(names))
    for axes, name, unit in zip(panels, names, (1e3, 1e3, 0.01), strict=True):
        heights = frame[name].astype(float) / unit
        bars = axes.bar(frame["risk_weighting"].astype(str), heights, color=INK, width=0.7)
        axes.bar_label(bars, fmt="{:,.0f}" if unit > 1 else "{:.0f}%", fontsize=8, color=GREY)
        axes.set(
            title=f"{tables.label(name)}, {'thousands' if unit > 1 else '%'}",
            xlabel="Risk weighting (1 low, 5 high)",
        )
    return figure


def drivers(tables: Tables) -> Figure:
    """Odds ratios of what goes with the risk weighting, the strongest on top, with intervals."""
    found = strongest(tables)[::-1]
    figure = titled(
        "drivers",
        tables,
        1.8 + 0.34 * len(found),
        "Odds of a higher risk weighting for one standard deviation more (of a category: against "
        "its reference), all others equal, with 95% intervals.\nWhat could be chance is left out.",
    )
    axes = figure.add_subplot()
    middle, lower, upper = (
        np.exp([float(row[name]) for row in found])
        for name in ("coefficient", "coefficient_lower", "coefficient_upper")
    )
    for place, row in enumerate(found):
        color = ACCENT if row["coefficient"] > 0 else INK
        axes.plot([lower[place], upper[place]], [place, place], color=color, linewidth=2)
        axes.plot(middle[place], place, "o", color=color)
        axes.annotate(
            f"{middle[place]:.2f}", (middle[place], place), xytext=(0, 5), ha="center",
            textcoords="offset points", fontsize=8, color=GREY,
        )  # fmt: skip
    axes.set_yticks(range(len(found)), [_driver(tables, row) for row in found])
    axes.set_ylim(-0.6, len(found) - 0.2)
    axes.axvline(1, color=QUIET, linewidth=1)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set(xlabel="Odds ratio (below 1 lowers the risk weighting, above 1 raises it)")
    return figure


def _driver(tables: Tables, row: Any) -> str:
    name = tables.label(row["driver"])
    return name if row["reference_level"] is None else f"{name}: {row['level']}"


def segments(tables: Tables) -> Figure:
    """Mean loans and deposits of each segment, as bubbles of its customers."""
    frame = tables.metrics(["customers", "mean_total_loans", "mean_total_deposits"], ["segment"])
    figure = titled("segments", tables, 4.8, "The larger a bubble, the more customers.")
    axes = figure.add_subplot()
    loans, deposits = (
        frame[name].astype(float) / MILLION for name in ("mean_total_loans", "mean_total_deposits")
    )
    customers = frame["customers"].astype(float)
    sizes = 2_400 * customers / max(customers.max(), 1)
    axes.scatter(loans, deposits, s=sizes, color=INK, alpha=0.55, linewidth=0)
    for across, up, size, name, number in zip(
        loans, deposits, sizes, frame["segment"], frame["customers"], strict=True
    ):
        axes.annotate(
            f"{name}, {number:,}", (across, up), xytext=(0, -4 - size**0.5 / 2), ha="center",
            va="top", textcoords="offset points", fontsize=9,
        )  # fmt: skip
    end = max(*axes.get_xlim(), *axes.get_ylim())
    axes.plot([0, end], [0, end], color=QUIET, linewidth=1, zorder=0)
    axes.annotate(
        "loans = deposits", (end * 0.93, end * 0.93), xytext=(-4, 0), ha="right",
        textcoords="offset points", fontsize=8, color=GREY,
    )  # fmt: skip
    axes.margins(0.15)
    axes.set(xlabel="Mean loans, millions", ylabel="Mean deposits, millions")
    return figure


def concentration(tables: Tables) -> Figure:
    """Lorenz curves of loans, deposits and fees, the top tenth named."""
    figure = titled(
        "concentration",
        tables,
        4.8,
        "The further a curve hangs below the straight line, the fewer customers hold most.",
    )
    axes = figure.add_subplot()
    axes.plot([0, 100], [0, 100], color=QUIET, linewidth=1, label="If all were equal")
    styles = {"total_loans": "-", "total_deposits": "--", "fee_income": ":"}
    for measure, line in styles.items():
        curve = tables.sql(
            "select percentile, cumulative_share, top_decile_share"
            " from marts.fct_balance_concentration where measure = ? order by percentile",
            measure,
        )
        if len(curve) == 0 or curve["cumulative_share"].isna().any():
            continue
        top = curve["top_decile_share"][0]
        axes.plot(
            [0, *curve["percentile"]],
            [0, *(curve["cumulative_share"].astype(float) * 100)],
            line,
            color=INK,
            label=f"{tables.label(measure)}: top tenth {share(top)}",
        )
    axes.axvspan(90, 100, color=ACCENT, alpha=0.12, linewidth=0)
    axes.annotate("top tenth", (95, 2), ha="center", fontsize=9, color=ACCENT)
    axes.legend(frameon=False, loc="upper left")
    axes.set(
        xlabel="Customers from the lowest amount to the highest, %",
        ylabel="Their share of the whole amount, %",
        xlim=(0, 100),
    )
    return figure


def stress(tables: Tables) -> Figure:
    """Expected losses and deposits of each scenario against today."""
    names = ["stressed_expected_loss", "stressed_total_deposits"]
    frame = tables.metrics(names, ["scenario"])
    frame = frame.sort_values(["stressed_expected_loss", "scenario"], kind="stable")
    figure = titled(
        "stress", tables, 3.4, "Scenarios are declared assumptions, no forecasts. Line: baseline."
    )
    panels = figure.subplots(1, len(names), sharey=True)
    places = [labels.name(str(name)) for name in frame["scenario"]]
    for axes, name in zip(panels, names, strict=True):
        values = frame[name].astype(float) / MILLION
        base = values[frame["scenario"] == "baseline"]
        bars = axes.barh(places, values, color=INK, height=0.6)
        axes.bar_label(bars, [f" {amount(each * MILLION)}" for each in values], color=GREY)
        if len(base):
            axes.axvline(float(base.iloc[0]), color=ACCENT, linewidth=1)
        axes.margins(x=0.3)
        axes.set(title=tables.label(name), xlabel="Millions")
    return figure


def products(tables: Tables) -> Figure:
    """Correlation of the balances of each two products; each with itself is left grey."""
    frame = tables.sql(
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
        index="product", columns="other_product", values="balance_correlation", dropna=False
    ).reindex(index=order, columns=order)
    known = matrix.to_numpy(float, copy=True)
    np.fill_diagonal(known, np.nan)
    figure = titled(
        "products",
        tables,
        4.6,
        "Correlation of balances, from 0 (unrelated) to 1 (they rise together). Grey: a product "
        "with itself.",
    )
    axes = figure.add_subplot()
    axes.set_facecolor(QUIET)
    sns.heatmap(
        known,
        annot=True,
        fmt=".2f",
        cmap=SHADES,
        vmin=0,
        vmax=1,
        linewidths=0.5,
        cbar_kws={"label": "Correlation"},
        xticklabels=order,
        yticklabels=order,
        ax=axes,
    )
    for place in range(len(order)):
        axes.text(
            place + 0.5, place + 0.5, "itself", ha="center", va="center", color="white", fontsize=9
        )
    axes.set_xticks(axes.get_xticks(), order, rotation=30, ha="right")
    axes.tick_params(length=0)
    return figure


def _strongest_pair(tables: Tables) -> str:
    found = tables.sql(
        """
        select lower(one.product_name) as one, lower(other.product_name) as other
        from marts.fct_product_pairs as pairs
        inner join marts.dim_products as one on pairs.product = one.product
        inner join marts.dim_products as other on pairs.other_product = other.product
        where one.product_order < other.product_order and pairs.balance_correlation >= 0.5
        order by pairs.balance_correlation desc, one.product_order, other.product_order
        limit 1
        """
    ).to_dict("records")
    if not found:
        return "No two balances move together closely"
    one, other = found[0]["one"], found[0]["other"]
    return f"{labels.sentence(one)} and {other} balances rise together"


def _real_differences(tables: Tables) -> str:
    counted = tables.one(
        """
        select count(*) as tests, count(*) filter (where verdict like 'more than chance%') as real
        from marts.fct_segment_differences where method = 'Kruskal-Wallis'
        """
    )
    if not counted["tests"]:
        return "No difference could be tested"
    return f"{counted['real']:,} of {counted['tests']:,} differences in amounts are real"


def _of_answer(name: str, otherwise: str) -> Callable[[Tables], str]:
    return lambda tables: tables.said.title(name, otherwise)


TITLES: dict[str, Callable[[Tables], str]] = {
    "actions": _of_answer("actions", "Gap to close by action"),
    "risk": _of_answer("risk-by-income", "Income, loans and watch list by risk weighting"),
    "drivers": _of_answer("drivers", "What goes with a higher risk weighting"),
    "segments": _of_answer("segments", "Loans and deposits by segment"),
    "products": _strongest_pair,
    "concentration": _of_answer("concentration", "How unevenly balances are spread"),
    "stress": _of_answer("stress", "Expected losses and deposits under stress"),
    "differences": _real_differences,
}
"""What a figure shows, by its name: a finding, or what it is of where the data show none."""

FIGURES: dict[str, Callable[[Tables], Figure]] = {
    "actions": actions,
    "risk": risk,
    "drivers": drivers,
    "segments": segments,
    "products": products,
    "concentration": concentration,
    "stress": stress,
    "differences": differences,
}
"""Name of the file without its ending, and what draws it."""


def draw(tables: Tables, folder: Path, names: Sequence[str] = tuple(FIGURES)) -> list[Path]:
    """Write figures into a folder, which is made where it is absent, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    with house_style():
        for name in names:
            figure = FIGURES[name](tables)
            FigureCanvasSVG(figure)
            path = folder / f"{name}.svg"
            figure.savefig(path, metadata={"Date": None, "Creator": None})
            # Matplotlib ends lines with spaces, which the code host's checks do not like.
            text = path.read_text(encoding="utf-8")
            lines = [line.rstrip() for line in text.splitlines()]
            path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
            paths.append(path)
    return paths
