"""What all pages are made with: a snapshot, the view of it that is asked for, and common blocks."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bank_warehouse.dashboard.blocks import (
    Block,
    Cell,
    Choice,
    Column,
    Heat,
    Mark,
    Note,
    Table,
    Tile,
    Tiles,
)
from bank_warehouse.dashboard.cubes import FILTERS, SHOWN_BY
from bank_warehouse.dashboard.snapshots import HiddenError, Snapshot
from bank_warehouse.dashboard.views import View, text_of

CHANCE = "no more than chance"
REAL = "more than chance"

TESTED = {
    "mean_estimated_income": "estimated_income",
    "mean_total_loans": "total_loans",
    "mean_total_deposits": "total_deposits",
    "mean_core_deposits": "core_deposits",
    "mean_fee_income": "fee_income",
    "mean_net_position": "net_position",
    "mean_risk_weighting": "risk_weighting",
    "loan_to_deposit_ratio": "loan_to_deposit_ratio",
    "debt_to_income_ratio": "debt_to_income_ratio",
    "liquidity_cover": "liquidity_cover",
    "mean_credit_cards": "amount_of_credit_cards",
}
"""Metric to the measure that fct_segment_differences has tested between the groups."""

COMPARED = (
    "customers",
    "mean_total_loans",
    "mean_total_deposits",
    "mean_estimated_income",
    "mean_fee_income",
    "mean_risk_weighting",
    "loan_to_deposit_ratio",
    "overleveraged_share",
    "watch_list_share",
    "total_loans",
    "total_deposits",
    "fee_income",
)
"""Metrics that a reader can choose from."""


@dataclass(frozen=True)
class Context:
    """What a page is made with.

    Attributes:
        snapshot: where its figures come from.
        view: filters and choices.
    """

    snapshot: Snapshot
    view: View

    def ask(
        self, metrics: Sequence[str], by: Sequence[str] = (), cube: str | None = None
    ) -> list[tuple[Any, ...]]:
        """Return metrics by dimensions under the filters of the view."""
        return self.snapshot.ask(metrics, by, self.view.filters, cube)

    def label(self, dimension: str) -> str:
        """Return the name of a dimension for people."""
        return self.snapshot.dimension(dimension).label

    def tile(self, name: str, values: Mapping[str, Any], aside: str = "") -> Tile:
        """Return a metric as a number with its name and definition."""
        metric = self.snapshot.metric(name)
        return Tile(
            label=metric.label,
            definition=metric.description,
            cell=Cell.of(values[name], metric),
            aside=aside,
        )

    def tiles(self, name: str, metrics: Sequence[str], title: str = "At a glance") -> Tiles:
        """Return metrics in total under the filters."""
        values = dict(zip(metrics, self.ask(metrics)[0], strict=True))
        return Tiles(
            name=name, title=title, tiles=tuple(self.tile(each, values) for each in metrics)
        )

    def column(self, name: str) -> Column:
        """Return the head of a metric's column."""
        metric = self.snapshot.metric(name)
        return Column(metric.label, metric.description)

    def mart_column(self, mart: str, name: str, label: str, *, is_number: bool = True) -> Column:
        """Return the head of a mart's column, with dbt's description of it."""
        return Column(label, self.snapshot.descriptions.get((mart, name), ""), is_number)

    def cell_address(self, *cell: tuple[str, object]) -> str:
        """Return the address of this page with the details of a cell."""
        return self.view.with_cell(*cell).address()

    def mark(self, dimension: str, measure: str | None) -> Mark | None:
        """Return whether groups of a dimension differ in a measure by more than chance.

        Args:
            dimension: that the customers are grouped by.
            measure: a metric, or a dimension that is spread over the groups; null for none.
        """
        if measure is None:
            return None
        tested = TESTED.get(measure, measure)
        row = self.snapshot.difference(dimension, tested)
        if row is not None:
            return self._mark(row)
        if measure in TESTED or measure in (*FILTERS, *SHOWN_BY):
            return Mark(
                "untested",
                "Not tested",
                "Not tested: whether this differs by more than chance is open.",
            )
        return None

    def mark_of_pair(self, rows: str, columns: str, metric: str) -> Mark | None:
        """Return whether a metric differs by two dimensions, each for itself, by more than chance.

        For the number of customers: whether the dimensions go together.
        """
        if metric == "customers":
            return self.mark(rows, columns)
        marks = [(name, self.mark(name, metric)) for name in (rows, columns)]
        return combined(
            [(f"By {self.label(name).lower()}", mark) for name, mark in marks if mark is not None]
        )

    def _mark(self, row: Mapping[str, Any]) -> Mark:
        verdict = str(row["verdict"])
        scope = " Tested on all customers." if self.view.filters else ""
        if verdict.startswith(CHANCE):
            return Mark(
                "chance",
                "No more than chance",
                f"Groups drawn at random would differ as much.{_figures(row)}{scope}",
            )
        if verdict.startswith(REAL):
            size = verdict.partition(", ")[2]
            effect = f"; the difference is {size}" if size else ""
            return Mark(
                "real",
                "More than chance",
                f"It would hardly come about by chance{effect}.{_figures(row)}{scope}",
            )
        if verdict == "by definition":
            return Mark("untested", "By definition", "One is made from the other.")
        return Mark("untested", "Not tested", f"{verdict[:1].upper()}{verdict[1:]}.")

    def bars(
        self,
        name: str,
        title: str,
        dimension: str,
        metric: str = "customers",
        **options: Any,
    ) -> Table:
        """Return a metric by a dimension, each value with its bar and what lies behind it."""
        defined = self.snapshot.metric(metric)
        metrics = [metric] if metric == "customers" else [metric, "customers"]
        found = self.ask(metrics, [dimension])
        longest = max((abs(float(row[1] or 0)) for row in found), default=0)
        whole = sum(row[-1] for row in found)
        rows = []
        for row in found:
            value, number = row[0], row[1]
            share = abs(float(number or 0)) / longest if longest else 0.0
            behind = self.cell_address((dimension, value))
            rows.append(
                (
                    Cell(text_of(value), text_of(value), href=behind),
                    replace(Cell.of(number, defined), share=share),
                    Cell(_percent(row[-1] / whole) if whole else "-", row[-1] / whole)
                    if metric == "customers"
                    else Cell.of(row[-1], self.snapshot.metric("customers")),
                )
            )
        last = (
            Column("Share", "Share of the customers shown.")
            if metric == "customers"
            else self.column("customers")
        )
        head = Column(self.label(dimension), self.snapshot.dimension(dimension).description, False)
        return Table(
            name=name,
            title=title,
            columns=(head, self.column(metric), last),
            rows=tuple(rows),
            mark=options.pop("mark", self.mark(dimension, metric)),
            **options,
        )

    def heat(
        self, name: str, title: str, rows: str, columns: str, metric: str, **options: Any
    ) -> Heat:
        """Return a metric by two dimensions."""
        defined = self.snapshot.metric(metric)
        found = {(row, column): value for row, column, value in self.ask([metric], [rows, columns])}
        heads = list(dict.fromkeys(each for each in self.snapshot.values(columns)))
        sides = list(dict.fromkeys(each for each in self.snapshot.values(rows)))
        known = [float(value) for value in found.values() if value is not None]
        low, high = (min(known), max(known)) if known else (0.0, 0.0)
        if defined.unit in ("customers", "money"):
            low = min(low, 0.0)

        def tint(value: Any) -> float | None:
            if value is None:
                return None
            return (float(value) - low) / (high - low) if high > low else 0.5

        lines = []
        for side in sides:
            cells = []
            for head in heads:
                if (side, head) not in found:
                    cells.append(Cell("", None))
                    continue
                value = found[(side, head)]
                behind = self.cell_address((rows, side), (columns, head))
                cells.append(replace(Cell.of(value, defined, behind), share=tint(value)))
            lines.append((text_of(side), tuple(cells)))
        return Heat(
            name=name,
            title=title,
            corner=f"{self.label(rows)} by {self.label(columns).lower()}",
            columns=tuple(text_of(head) for head in heads),
            rows=tuple(lines),
            mark=options.pop("mark", self.mark_of_pair(rows, columns, metric)),
            **options,
        )

    def choose_metric(self, default: str, names: Sequence[str] = COMPARED) -> tuple[str, Choice]:
        """Return the metric that the reader has chosen, and the menu to choose another."""
        asked = self.view.show
        chosen = asked if asked is not None and asked in names else default
        options = tuple(
            (
                self.snapshot.metric(name).label,
                replace(self.view, show=name, dropped=()).address(),
                name == chosen,
            )
            for name in names
        )
        return chosen, Choice("Show", options)

    def choose_dimension(self, default: str) -> tuple[str, Choice]:
        """Return the dimension that the reader compares by, and the menu to choose another."""
        names = [name for name in (*FILTERS, *SHOWN_BY) if name != "joined_year"]
        asked = self.view.by
        chosen = asked if asked is not None and asked in names else default
        options = tuple(
            (
                self.label(name),
                replace(self.view, by=name, cell=(), dropped=()).address(),
                name == chosen,
            )
            for name in names
        )
        return chosen, Choice("Compare by", options)

    def whole(self, name: str, title: str, make: Callable[[], Block]) -> Block:
        """Return a block of marts of results, or why this role does not see it."""
        try:
            return make()
        except HiddenError as hidden:
            return Note(name=name, title=title, text=str(hidden), is_whole=True)


def combined(marks: Sequence[tuple[str, Mark]]) -> Mark | None:
    """Return one mark for several comparisons, each with what it is of; null for none."""
    if not marks:
        return None
    real = [name for name, mark in marks if mark.verdict == "real"]
    chance = [name for name, mark in marks if mark.verdict == "chance"]
    text = " ".join(f"{name}: {mark.short.lower()}." for name, mark in marks)
    if len(chance) == len(marks):
        return Mark("chance", "No more than chance", text)
    if len(real) == len(marks):
        return Mark("real", "More than chance", text)
    if real and len(marks) == 2:
        return Mark("real", f"{real[0]}: more than chance", text)
    if real:
        return Mark("real", f"More than chance: {len(real)} of {len(marks)}", text)
    if chance:
        return Mark("chance", f"{chance[0]}: no more than chance", text)
    return Mark("untested", marks[0][1].short, text)


def _figures(row: Mapping[str, Any]) -> str:
    if row["adjusted_p_value"] is None:
        return ""
    p = row["adjusted_p_value"]
    written = "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
    effect = ""
    if row["effect_size"] is not None:
        effect = f", {row['effect_size_name']} {row['effect_size']:.2f}"
    return f" {row['method']}, adjusted {written}{effect}."


def _percent(share: float) -> str:
    return f"{share * 100:.1f}%"


def words(text: str) -> str:
    """Return a text with the names of columns in it written for people."""
    return re.sub(r"(?<=\w)_(?=\w)", " ", text)


def people(name: str) -> str:
    """Return the name of a column for people: `bank_loans` becomes `Bank loans`."""
    return name.replace("_", " ").capitalize()
