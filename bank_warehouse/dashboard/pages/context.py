"""The input of every page (a snapshot and the requested view), and blocks that pages share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bank_warehouse.answers import labels
from bank_warehouse.dashboard import hints
from bank_warehouse.dashboard.cubes import FILTERS, SHOWN_BY
from bank_warehouse.dashboard.numbers import short
from bank_warehouse.dashboard.page_model import (
    NOT_TESTED,
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
from bank_warehouse.dashboard.snapshots import HiddenError, Snapshot
from bank_warehouse.dashboard.views import View, text_of
from bank_warehouse.metrics import Metric

SHARE_OF_ROW = Metric(
    name="share_of_row",
    label="Share of customers in row",
    description="Share of a row's customers who are in this column.",
    kind="derived",
    format="0%",
    unit="share",
    display_folder="Customers",
)
"""The default metric of heat maps. It needs two dimensions, so it is not in the semantic layer."""

ORDERED = frozenset(
    {
        "loyalty_classification",
        "income_band",
        "risk_weighting",
        "joined_year",
        "tenure_band",
        "fee_structure",
        "amount_of_credit_cards",
        "watch_list_level",
        "age_band",
    }
)
"""Dimensions whose values have a natural order; other dimensions are sorted by the metric shown."""

DIRECTIONS = {
    "loyalty_classification": "Jade lowest – Platinum highest",
    "risk_weighting": "1 low – 5 high",
}
"""What the two ends of a dimension mean, if its values do not show it."""

UNITS = {
    "debt_to_income_ratio": "times a year's income",
    "mean_risk_weighting": "from 1 (low) to 5 (high)",
}
"""The unit of a number, if its name and format do not show it."""

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
    "mean_credit_card_balance": "credit_card_balance",
}
"""The measure that fct_segment_differences tests for each metric."""

COMPARED = (
    "customers",
    "mean_total_loans",
    "mean_total_deposits",
    "mean_estimated_income",
    "mean_fee_income",
    "mean_credit_card_balance",
    "mean_risk_weighting",
    "loan_to_deposit_ratio",
    "overleveraged_share",
    "watch_list_share",
    "total_loans",
    "total_deposits",
    "fee_income",
)
"""Metrics that a reader can choose."""

IN_CELLS = ("share_of_row", *COMPARED)
"""The same for heat maps, the default first."""


@dataclass(frozen=True)
class Context:
    """The input of a page.

    Attributes:
        snapshot: the source of its figures.
        view: filters and choices of the reader.
    """

    snapshot: Snapshot
    view: View

    def ask(
        self, metrics: Sequence[str], by: Sequence[str] = (), cube: str | None = None
    ) -> list[tuple[Any, ...]]:
        """Return metrics by dimensions, with the filters of the view."""
        return self.snapshot.ask(metrics, by, self.view.filters, cube)

    def label(self, dimension: str) -> str:
        """Return the label of a dimension."""
        return self.snapshot.dimension(dimension).label

    def axis(self, dimension: str) -> str:
        """Return the label of a dimension with the direction of its values."""
        direction = DIRECTIONS.get(dimension)
        return f"{self.label(dimension)} ({direction})" if direction else self.label(dimension)

    def value(self, dimension: str, value: object) -> str:
        """Return the label of a dimension's value."""
        return labels.value(dimension, text_of(value))

    def title(self, answer: str, otherwise: str) -> str:
        """Return an answer as the title of a chart.

        Args:
            answer: name of the answer.
            otherwise: the title if filters are set, because answers are for all customers, or if
                there is no answer.
        """
        return otherwise if self.view.filters else self.snapshot.answers.title(answer, otherwise)

    def lead(self, answer: str, otherwise: str) -> str:
        """Return an answer as the first sentence of a page; see :meth:`title`."""
        found = None if self.view.filters else self.snapshot.answers.by_name.get(answer)
        return found.sentence if found else otherwise

    def support(self, answer: str) -> str:
        """Return the support of an answer; see :meth:`title`."""
        found = None if self.view.filters else self.snapshot.answers.by_name.get(answer)
        return found.support if found else ""

    def metric(self, name: str) -> Metric:
        """Return the definition of a metric, or of the share within a row."""
        return SHARE_OF_ROW if name == SHARE_OF_ROW.name else self.snapshot.metric(name)

    def tile(self, name: str, values: Mapping[str, Any], aside: str = "") -> Tile:
        """Return a metric as a number with its name and definition."""
        metric = self.snapshot.metric(name)
        return Tile(
            label=metric.label,
            definition=hints.METRICS.get(name, ""),
            cell=Cell.of(values[name], metric),
            aside=aside or UNITS.get(name, ""),
        )

    def tiles(self, name: str, metrics: Sequence[str], title: str = "At a glance") -> Tiles:
        """Return the totals of metrics, with the filters applied."""
        values = dict(zip(metrics, self.ask(metrics)[0], strict=True))
        return Tiles(
            name=name, title=title, tiles=tuple(self.tile(each, values) for each in metrics)
        )

    def column(self, name: str, label: str = "") -> Column:
        """Return the head of a metric's column."""
        metric = self.snapshot.metric(name)
        return Column(label or metric.label, hints.METRICS.get(name, ""))

    def head(self, dimension: str) -> Column:
        """Return the head of a dimension's column."""
        return Column(self.label(dimension), hints.DIMENSIONS.get(dimension, ""), False)

    def migrations(self, mart: str) -> list[Mapping[str, Any]]:
        """Return the migrations since the previous date; none if there is no previous date.

        Raises:
            HiddenError: The role may not see them, or the release lacks them.
        """
        today = self.snapshot.release.manifest["as_of_date"]
        return [row for row in self.snapshot.rows(mart) if str(row["to_date"]) == today]

    def cell_address(self, *cell: tuple[str, object]) -> str:
        """Return the address of this page with the details of a cell."""
        return self.view.with_cell(*cell).address()

    def value_cell(self, dimension: str, value: object) -> Cell:
        """Return a value of a dimension, with the address of its details."""
        return Cell.said(self.value(dimension, value), self.cell_address((dimension, value)))

    def mark(self, dimension: str, measure: str | None) -> Mark | None:
        """Return whether the groups of a dimension really differ in a measure.

        Args:
            dimension: dimension that the customers are grouped by.
            measure: a metric, or a dimension whose distribution is compared; None for neither.

        Returns:
            The mark; None if there is no measure, or if it is never tested.
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
                NOT_TESTED,
                "Not tested: this difference could be chance.",
            )
        return None

    def mark_of_pair(self, rows: str, columns: str, metric: str) -> Mark | None:
        """Return whether a metric really differs by each of two dimensions; None if unknown.

        For the number and the share of customers, return whether the dimensions are associated.
        """
        if metric in ("customers", SHARE_OF_ROW.name):
            return self.mark(rows, columns)
        marks = [(name, self.mark(name, metric)) for name in (rows, columns)]
        return combined(
            [(f"By {self.label(name).lower()}", mark) for name, mark in marks if mark is not None]
        )

    def _mark(self, row: Mapping[str, Any]) -> Mark:
        verdict = str(row["verdict"])
        scope = " Tested on all customers." if self.view.filters else ""
        text = labels.verdict(verdict)
        if verdict == labels.CHANCE:
            why = "Groups drawn at random could differ as much: do not act on it."
            return Mark("chance", text, f"{why}{_figures(row)}{scope}")
        if labels.is_real(verdict):
            size = verdict.partition(", ")[2]
            effect = f"; it is {size}" if size else ""
            why = f"A difference this large is unlikely to be chance{effect}."
            return Mark("real", "Real difference", f"{why}{_figures(row)}{scope}")
        if verdict == labels.BUILT_IN:
            return Mark("untested", "Built in", "One is computed from the other.")
        return Mark("untested", NOT_TESTED, f"{text}.")

    def bars(
        self,
        name: str,
        title: str,
        dimension: str,
        metric: str = "customers",
        **options: Any,
    ) -> Table:
        """Return a metric by a dimension as bars with links to details.

        The longest bar comes first, unless the values have a natural order. Bars are pale if their
        differences could be chance.
        """
        defined = self.snapshot.metric(metric)
        metrics = [metric] if metric == "customers" else [metric, "customers"]
        found = self.ask(metrics, [dimension])
        if dimension not in ORDERED:
            found = sorted(found, key=lambda row: -float(row[1] or 0))
        longest = max((abs(float(row[1] or 0)) for row in found), default=0)
        whole = sum(row[-1] for row in found)
        mark = options.pop("mark", self.mark(dimension, metric))
        tone = "pale" if mark is not None and mark.is_pale else ""
        rows = []
        for row in found:
            value, number = row[0], row[1]
            share = abs(float(number or 0)) / longest if longest else 0.0
            rows.append(
                (
                    self.value_cell(dimension, value),
                    replace(Cell.of(number, defined), share=share, tone=tone),
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
        return Table(
            name=name,
            title=title,
            columns=(self.head(dimension), self.column(metric), last),
            rows=tuple(rows),
            mark=mark,
            **options,
        )

    def heat(
        self, name: str, title: str, rows: str, columns: str, metric: str, **options: Any
    ) -> Heat:
        """Return a metric by two dimensions as a heat map.

        Cells are pale if their differences could be chance. If the columns are risk weightings, a
        further column has the mean of each row.
        """
        defined = self.metric(metric)
        asked = "customers" if metric == SHARE_OF_ROW.name else metric
        risk = self.snapshot.metric("mean_risk_weighting")
        # The mean of a row is computed from its cells, so one query gives both.
        by_risk = columns == "risk_weighting"
        names = list(dict.fromkeys((asked, *(RISK_PARTS if by_risk else ()))))
        answers = self.ask(names, [rows, columns])
        found = {row[:2]: row[2] for row in answers}
        means = _mean_risks(answers, names) if by_risk else {}
        heads = self.snapshot.values(columns)
        there = {side for side, _ in found}
        sides = [side for side in self.snapshot.values(rows) if side in there]
        if metric == SHARE_OF_ROW.name:
            sums = {side: sum(found.get((side, head), 0) for head in heads) for side in sides}
            found = {key: value / sums[key[0]] for key, value in found.items()}
        known = [float(value) for value in found.values() if value is not None]
        low, high = (min(known), max(known)) if known else (0.0, 0.0)
        if defined.unit in ("customers", "money", "share"):
            low = min(low, 0.0)
        mark = options.pop("mark", self.mark_of_pair(rows, columns, metric))
        tone = "pale" if mark is not None and mark.is_pale else ""

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
                cell = Cell.of(value, defined, behind)
                cells.append(replace(cell, share=tint(value), tone=tone))
            if by_risk:
                cells.append(Cell.of(means.get(side), risk))
            lines.append((self.value(rows, side), tuple(cells)))
        return Heat(
            name=name,
            title=title,
            side=self.axis(rows),
            top=self.axis(columns),
            columns=tuple(self.value(columns, head) for head in heads),
            rows=tuple(lines),
            more=(self.column("mean_risk_weighting"),) if by_risk else (),
            legend=(defined.label, short(low, defined), short(high, defined)) if known
            else ("", "", ""),
            mark=mark,
            **options,
        )  # fmt: skip

    def choose_metric(self, default: str, names: Sequence[str] = COMPARED) -> tuple[str, Choice]:
        """Return the chosen metric, and the menu to choose another."""
        asked = self.view.show
        chosen = asked if asked is not None and asked in names else default
        options = tuple(
            (
                self.metric(name).label,
                replace(self.view, show=name, dropped=()).address(),
                name == chosen,
            )
            for name in names
        )
        return chosen, Choice("Show", options)

    def choose_dimension(self, default: str) -> tuple[str, Choice]:
        """Return the chosen dimension, and the menu to choose another."""
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
        """Return a block from result marts, or a note that says why it cannot be shown."""
        try:
            return make()
        except HiddenError as hidden:
            return Note(name=name, title=title, text=str(hidden), is_whole=True)


def combined(marks: Sequence[tuple[str, Mark]]) -> Mark | None:
    """Return one mark for several named comparisons; None if there are none."""
    if not marks:
        return None
    real = [name for name, mark in marks if mark.verdict == "real"]
    chance = [name for name, mark in marks if mark.verdict == "chance"]
    text = " ".join(f"{name}: {mark.short.lower()}." for name, mark in marks)
    if len(chance) == len(marks):
        return Mark("chance", "Could be chance", text)
    if len(real) == len(marks):
        return Mark("real", "Real difference", text)
    if real and len(marks) == 2:
        return Mark("real", f"{real[0]}: real difference", text)
    if real:
        return Mark("real", f"Real difference: {len(real)} of {len(marks)}", text)
    if chance:
        return Mark("chance", f"{chance[0]}: could be chance", text)
    return Mark("untested", marks[0][1].short, text)


RISK_PARTS = ("sum_of_risk_weightings", "customers")
"""The mean risk weighting is the first of these metrics divided by the second."""


def _mean_risks(answers: Sequence[tuple[Any, ...]], names: Sequence[str]) -> dict[object, float]:
    """Return the mean risk weighting for each value of the first dimension."""
    places = [names.index(name) + 2 for name in RISK_PARTS]
    sums: dict[object, list[int]] = {}
    for answer in answers:
        held = sums.setdefault(answer[0], [0, 0])
        for end, place in enumerate(places):
            held[end] += answer[place]
    return {value: risks / customers for value, (risks, customers) in sums.items() if customers}


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


def result(column: str, label: str, *, is_number: bool = True) -> Column:
    """Return the head of a column of a result table."""
    hint = hints.COLUMNS.get(column) or hints.METRICS.get(column, "")
    return Column(label, hint, is_number)
