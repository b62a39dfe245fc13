"""The figures of the page, as SVG files that depend only on the warehouse.

The title of a figure states what it shows; most titles are answers from `bank_warehouse.answers`.
The notebook shows the same figures and a few more.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axis import Axis
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from bank_warehouse.answers import labels
from bank_warehouse.answers.sentences import difference, strongest
from bank_warehouse.findings.tables import Frame, Tables
from bank_warehouse.numbers import amount, count, listed, share
from bank_warehouse.whole_files import written_whole

INK = "#1f3b57"
ACCENT = "#c8553d"
QUIET = "#9fb3c8"
PALE = "#f1f4f7"
STONE = "#d3d7db"
GREY = "#5b6b7b"
SHADES = LinearSegmentedColormap.from_list("ink", ["#cbd9e8", INK])

WIDTH = 9.0
FITTING = 84
"""Number of letters of a title that fit into the width; a longer title is written smaller."""
MILLION = 1e6
MOST_BARS = 20

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
    """Draw in the style of the page, and restore Matplotlib's settings afterwards."""
    with mpl.rc_context(STYLE):
        yield


def titled(name: str, tables: Tables, height: float, note: str = "") -> Figure:
    """Return an empty figure with a title and a note, which says if the data are invented."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    title = TITLES[name](tables)
    size = STYLE["figure.titlesize"] * min(1, FITTING / len(title))
    figure.suptitle(title, x=0.01, ha="left", fontsize=size)
    notes = [note, labels.INVENTED.partition(".")[0] + "."] if tables.is_sample else [note]
    said = "\n".join(each for each in notes if each)
    if said:
        figure.supxlabel(said, x=0.01, ha="left", fontsize=8, color=GREY)
    return figure


def actions(tables: Tables) -> Figure:
    """Gap and number of customers of the actions with a gap to close: at most the 20 largest."""
    frame = tables.metrics(["gap_to_close", "recommendations"], ["action_name"])
    frame = frame.assign(gap=frame["gap_to_close"].astype(float) / MILLION)
    frame = frame[frame["gap"] > 0].sort_values(["gap", "action_name"], ascending=[True, False])
    note = f"{labels.GAP.partition('.')[0]}."
    if len(frame) > MOST_BARS:
        note += f" Only the {MOST_BARS} largest of {len(frame)} gaps are shown."
    frame = frame.tail(MOST_BARS)
    figure = titled("actions", tables, 1.7 + 0.32 * len(frame), note)
    axes = figure.add_subplot()
    bars = axes.barh(frame["action_name"], frame["gap"], color=INK)
    for number, bar in enumerate(bars, start=1):
        bar.set_color(ACCENT if number == len(frame) else INK)
    axes.bar_label(
        bars,
        [
            f"{amount(gap * MILLION)}, {count(number, 'customer')}"
            for gap, number in zip(frame["gap"], frame["recommendations"], strict=True)
        ],
        padding=5,
        color=GREY,
    )
    axes.margins(x=0.3)
    axes.set(xlabel="Gap to close, millions")
    return figure


def differences(tables: Tables) -> Figure:
    """Sizes of the real differences in amounts; a sign in each pale cell says why it has none."""
    found = tables.sql(
        """
        select dimension, measure, effect_size, verdict
        from marts.fct_segment_differences
        where method = 'Kruskal-Wallis' or verdict = 'by definition'
        """
    )
    found["size"] = found["effect_size"].where(found["verdict"].map(labels.is_real))
    tested = found[found["verdict"] != labels.BUILT_IN]
    rows, columns = (_by_size(tables, tested, by) for by in ("dimension", "measure"))
    shape = (len(rows), len(columns))
    sizes, texts = np.full(shape, np.nan), np.full(shape, "?", dtype=object)
    row: Any
    for row in found.itertuples(index=False):
        if row.dimension in rows and row.measure in columns:
            place = rows.index(row.dimension), columns.index(row.measure)
            sizes[place] = row.size
            texts[place] = (
                f"{row.size:.2f}" if labels.is_real(row.verdict) else SIGNS.get(row.verdict, "?")
            )
    figure = titled(
        "differences",
        tables,
        2.4 + 0.34 * len(rows),
        "Numbers: size of a real difference (epsilon squared); from 0.01 small, 0.06 medium, 0.14 "
        "large.\n"
        "Dot: could be chance.  =: built in, one is computed from the other.  ?: too few customers "
        "or not tested.",
    )
    axes = figure.add_subplot()
    axes.set_facecolor(PALE)
    largest = float(np.nanmax(sizes, initial=0))
    sns.heatmap(
        sizes,
        cmap=SHADES,
        vmin=0,
        vmax=largest or 1,
        linewidths=0.5,
        linecolor="white",
        cbar_kws={"label": "Size of the difference"},
        xticklabels=[tables.label(name) for name in columns],
        yticklabels=[tables.label(name) for name in rows],
        ax=axes,
    )
    for (down, across), text in np.ndenumerate(texts):
        size = sizes[down, across]
        color = GREY if np.isnan(size) else "white" if size > largest / 2 else "black"
        axes.text(
            across + 0.5, down + 0.5, text, ha="center", va="center", color=color, fontsize=7.5
        )
    axes.tick_params(length=0)
    axes.set_xticks(axes.get_xticks())
    axes.set_xticklabels(axes.get_xticklabels(), rotation=40, ha="right")
    return figure


SIGNS = {labels.CHANCE: "·", labels.BUILT_IN: "="}


def _by_size(tables: Tables, tested: Frame, by: str) -> list[str]:
    """Return the values of a column, sorted by their largest real difference, then by label."""
    largest = tested.groupby(by)["size"].max().fillna(0)
    return sorted(largest.index, key=lambda name: (-largest[name], tables.label(name)))


def risk(tables: Tables) -> Figure:
    """Risk weighting by income band; median loans and the watch list by risk weighting."""
    incomes = tables.metrics(["mean_risk_weighting", "mean_estimated_income"], ["income_band"])
    incomes = incomes.sort_values("mean_estimated_income")
    classes = tables.metrics(["median_total_loans", "watch_list_share"], ["risk_weighting"])
    by_rule = tables.classes_listed_by_rule()
    figure = titled(
        "risk",
        tables,
        3.8,
        f"All customers with risk weighting {listed(by_rule, 'or')} are on the watch list, because "
        "its rules use the risk weighting.\nSo the jump in the watch-list share is built in."
        if by_rule
        else "",
    )
    by_class = "Risk weighting (1 low, 5 high)"
    for axes, frame, name, unit, written, below in zip(
        figure.subplots(1, 3),
        (incomes, classes, classes),
        ("mean_risk_weighting", "median_total_loans", "watch_list_share"),
        (1, 1e3, 0.01),
        ("{:.1f}", "{:,.0f}", "{:.0f}%"),
        ("Income band", by_class, by_class),
        strict=True,
    ):
        heights = frame[name].astype(float) / unit
        bars = axes.bar(frame.iloc[:, 0].astype(str), heights, color=INK)
        axes.bar_label(bars, fmt=written, fontsize=9, color=GREY)
        suffix = {1: "", 1e3: ", thousands", 0.01: ", %"}[unit]
        axes.yaxis.set_major_formatter("{x:,g}")
        axes.set(title=f"{tables.label(name)}{suffix}", xlabel=below)
    return figure


def drivers(tables: Tables) -> Figure:
    """Odds ratios of the drivers of the risk weighting, the strongest on top, with intervals."""
    found = strongest(tables)[::-1]
    figure = titled(
        "drivers",
        tables,
        1.8 + 0.34 * len(found),
        "How the odds of a higher risk weighting change among otherwise similar customers: for one "
        "standard deviation more, or for a group\ncompared with the largest one. Lines: 95% "
        "intervals. What could be chance is left out.",
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
    _plain_log(axes.xaxis, "{x:g}")
    axes.set(xlabel="Odds ratio (below 1: lower risk weighting, above 1: higher)")
    return figure


def _driver(tables: Tables, row: Any) -> str:
    name = tables.label(row["driver"])
    return name if row["reference_level"] is None else f"{name}: {row['level']}"


def segments(tables: Tables) -> Figure:
    """Mean loans and deposits of each segment, as bubbles sized by its number of customers."""
    frame = tables.metrics(["customers", "mean_total_loans", "mean_total_deposits"], ["segment"])
    figure = titled("segments", tables, 4.8, "The larger a bubble, the more customers.")
    axes = figure.add_subplot()
    loans, deposits = (
        frame[name].astype(float) / MILLION for name in ("mean_total_loans", "mean_total_deposits")
    )
    customers = frame["customers"].astype(float)
    sizes = 2_400 * customers / max(customers.max(), 1)
    axes.scatter(loans, deposits, s=sizes, color=INK, alpha=0.55, linewidth=0)
    for place, (name, number) in enumerate(zip(frame["segment"], frame["customers"], strict=True)):
        near = np.hypot(loans - loans[place], deposits - deposits[place]) < NEAR * loans.max()
        is_above = bool((near & (deposits < deposits[place])).any())
        is_above |= deposits[place] < LOW * deposits.max()
        away = 4 + sizes[place] ** 0.5 / 2
        axes.annotate(
            f"{name}, {number:,}",
            (loans[place], deposits[place]),
            xytext=(0, away if is_above else -away),
            ha="center",
            va="bottom" if is_above else "top",
            textcoords="offset points",
        )
    axes.margins(0.2)
    if min(loans.min(), deposits.min()) >= 0:
        axes.set(xlim=(0, None), ylim=(0, None))
    end = min(axes.get_xlim()[1], axes.get_ylim()[1])
    axes.plot([0, end], [0, end], color=QUIET, linewidth=1, zorder=0, label="Loans = deposits")
    axes.legend(frameon=False, loc="upper left")
    axes.set(xlabel="Mean loans, millions", ylabel="Mean deposits, millions")
    return figure


NEAR = 0.12
"""A bubble has its name above it if a lower one is closer than this share of the largest loans."""
LOW = 0.2
"""Bubbles below this share of the largest mean deposits have their names above them."""


def concentration(tables: Tables) -> Figure:
    """Lorenz curves of loans, deposits and fees, with the share of the top tenth."""
    figure = titled(
        "concentration",
        tables,
        4.8,
        "The further a curve is below the straight line, the more a few customers hold.",
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
    """Assumed losses and deposits of each scenario, compared with the baseline."""
    names = ["stressed_expected_loss", "stressed_total_deposits"]
    frame = tables.metrics(names, ["scenario"])
    frame = frame.sort_values(["stressed_expected_loss", "scenario"], kind="stable")
    figure = titled(
        "stress", tables, 3.4, "Scenarios are assumptions, not forecasts. Line: baseline."
    )
    panels = figure.subplots(1, len(names), sharey=True)
    places = [labels.name(str(name)) for name in frame["scenario"]]
    for axes, name in zip(panels, names, strict=True):
        values = frame[name].astype(float)
        unit, word = (1e9, "billions") if values.abs().max() >= 1e9 else (MILLION, "millions")
        base = values[frame["scenario"] == "baseline"] / unit
        bars = axes.barh(places, values / unit, color=INK, height=0.6)
        if len(base):
            axes.axvline(float(base.iloc[0]), color=ACCENT, linewidth=1)
        back = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
        axes.bar_label(bars, [amount(each) for each in values], padding=5, color=GREY, bbox=back)
        axes.margins(x=0.35)
        axes.set(title=tables.label(name), xlabel=word.capitalize())
    return figure


def products(tables: Tables) -> Figure:
    """Correlations between the balances of each pair of products; the diagonal is grey."""
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
    axes.set_facecolor(STONE)
    sns.heatmap(
        known,
        annot=True,
        fmt=".2f",
        cmap=sns.light_palette(INK, as_cmap=True),
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
            place + 0.5, place + 0.5, "itself", ha="center", va="center", color=GREY, fontsize=9
        )
    axes.set_xticks(axes.get_xticks(), order, rotation=30, ha="right")
    axes.tick_params(length=0)
    return figure


def _plain_log(axis: Axis, written: str | Callable[[float, float], str]) -> None:
    """Label a logarithmic axis with plain numbers: 1, 2, 5, 10."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(written)
    axis.set_minor_locator(NullLocator())


def customers(tables: Tables) -> Frame:
    """Return at most 3,000 customers for box and density plots, always the same random sample.

    The customer key is a hash, so the lowest keys are a random sample.
    """
    return tables.sql(
        """
        select customers.loyalty_classification, customers.risk_weighting,
            positions.estimated_income::double as estimated_income,
            positions.total_loans::double as total_loans,
            positions.total_deposits::double as total_deposits
        from marts.dim_customers as customers
        inner join marts.fct_customer_positions as positions using (customer_key)
        order by customers.customer_key
        limit 3000
        """
    )


def boxes(
    tables: Tables, name: str, by: str, measures: Sequence[str], order: Sequence[object]
) -> Figure:
    """Amounts by group as box plots: boxes show the middle half, whiskers the middle nine tenths.

    Args:
        tables: the warehouse with the customers.
        name: key of the title in TITLES.
        by: column to group by.
        measures: amounts, each in its own panel.
        order: order of the groups.
    """
    drawn = customers(tables)
    shown = {measure: drawn[drawn[measure] > 0] for measure in measures}
    without = sum(len(drawn) - len(frame) for frame in shown.values())
    figure = titled(
        name,
        tables,
        4.4,
        "Boxes: the middle half of the customers. Lines: nine tenths of them; a twentieth on "
        "either side is not drawn."
        + (f" {without:,} amounts of zero or less are left out." if without else ""),
    )
    for axes, (measure, frame) in zip(
        figure.subplots(1, len(measures)), shown.items(), strict=True
    ):
        sns.boxplot(
            frame, x=by, y=measure, order=order, color=QUIET, whis=(5, 95), showfliers=False,
            width=0.6, ax=axes,
        )  # fmt: skip
        axes.set(yscale="log", title=tables.label(measure), xlabel=tables.label(by), ylabel="")
        _plain_log(axes.yaxis, lambda value, _: amount(value))
    return figure


def density(tables: Tables) -> Figure:
    """Income and loans of customers as a density plot, with median loans by income tenth."""
    drawn = customers(tables)
    known = drawn[(drawn["total_loans"] > 0) & (drawn["estimated_income"] > 0)]
    ends = known["total_loans"].quantile([0.005, 0.995])
    inside = known[known["total_loans"].between(*ends)]
    figure = titled(
        "density",
        tables,
        5.2,
        "Line: median loans of each tenth of customers, by income. "
        f"{len(drawn) - len(inside):,} of {len(drawn):,} customers are not drawn: those with the\n"
        "lowest or highest loans, and those with loans or income of zero or less.",
    )
    axes = figure.add_subplot()
    cells = axes.hexbin(
        inside["estimated_income"], inside["total_loans"], xscale="log", yscale="log",
        gridsize=(24, 12), mincnt=1, cmap=SHADES, linewidths=0.2,
    )  # fmt: skip
    tenths = pd.qcut(known["estimated_income"], 10, duplicates="drop")
    trend = known.groupby(tenths, observed=True)[["estimated_income", "total_loans"]].median()
    axes.plot(trend["estimated_income"], trend["total_loans"], "o-", color=ACCENT, markersize=4)
    figure.colorbar(cells, label="Customers in a cell", format="{x:.0f}")
    axes.set(xlabel="Estimated income a year", ylabel="Total loans")
    for axis in (axes.xaxis, axes.yaxis):
        _plain_log(axis, lambda value, _: amount(value))
    return figure


def _loans_by_income(tables: Tables) -> str:
    tested = difference(tables, "income_band", "total_loans")
    drawn = customers(tables)
    rank = drawn["estimated_income"].corr(drawn["total_loans"], method="spearman")
    if tested is None or not labels.is_real(tested["verdict"]) or not rank > 0:
        return "Income and loans"
    how = next(word for limit, word in HOW_CLOSE if rank >= limit)
    return f"Loans rise with income, {how} (rank correlation {rank:.2f})"


HOW_CLOSE = ((0.7, "closely"), (0.3, "loosely"), (0, "barely"))
"""Words for rank correlations, each with the lowest correlation that it describes."""


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
        return "No two balances go closely together"
    one, other = found[0]["one"], found[0]["other"]
    return f"{labels.sentence(one)} and {other} balances go together"


def _real_differences(tables: Tables) -> str:
    found = tables.sql(
        """
        select dimension, bool_or(verdict like 'more than chance%') as is_real
        from marts.fct_segment_differences where method = 'Kruskal-Wallis'
        group by dimension order by max(effect_size) desc, dimension
        """
    )
    if len(found) == 0:
        return "No difference could be tested"
    real = [tables.label(name).lower() for name in found.loc[found["is_real"], "dimension"]]
    if not real:
        return "Real differences in amounts: none"
    if len(real) > MOST_NAMED:
        return f"Real differences in amounts: by {len(real)} of {len(found)} facts"
    return f"Real differences in amounts: only by {listed(real)}"


MOST_NAMED = 4


def _of_answer(name: str, otherwise: str) -> Callable[[Tables], str]:
    return lambda tables: tables.said.title(name, otherwise)


TITLES: dict[str, Callable[[Tables], str]] = {
    "actions": _of_answer("actions", "Gap to close by action"),
    "risk": lambda tables: (
        f"{tables.said.title('risk-by-income', 'Risk weighting by income')}; loans and watch list "
        "by risk weighting"
    ),
    "income-and-loans": lambda _: "Income and loans by risk weighting",
    "drivers": _of_answer("drivers", "What is linked to a higher risk weighting"),
    "segments": _of_answer("segments", "Loans and deposits by segment"),
    "products": _strongest_pair,
    "concentration": _of_answer("concentration", "How unevenly balances are spread"),
    "stress": _of_answer("stress", "Assumed losses and deposits under stress"),
    "differences": _real_differences,
    "density": _loans_by_income,
    "loyalty": _of_answer("no-difference", "Balances by loyalty class"),
}
"""The title of each figure: its answer, or a neutral title if there is no answer."""

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
"""The function that draws each figure, by file name without extension."""


def draw(tables: Tables, folder: Path, names: Sequence[str] = tuple(FIGURES)) -> list[Path]:
    """Write figures to a folder, which is created if necessary, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    with house_style():
        for name in names:
            figure = FIGURES[name](tables)
            FigureCanvasSVG(figure)
            path = folder / f"{name}.svg"
            with written_whole(path) as draft:
                figure.savefig(draft, format="svg", metadata={"Date": None, "Creator": None})
                # Matplotlib ends some lines with spaces, which fail the repository's checks.
                lines = [line.rstrip() for line in draft.read_text("utf-8").splitlines()]
                draft.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
            paths.append(path)
    return paths
