"""What the report adds to the model: findings, field parameters, sliders and bins.

A finding is a text measure that is the title of a visual. It is computed from the selected rows, so
the title changes with the slicers that reach the visual. A field parameter lets a reader choose the
measure of a heat map; a slider sets an assumption of a stress scenario. Both are calculated tables
in the form that Power BI Desktop writes
(https://learn.microsoft.com/power-bi/create-reports/power-bi-field-parameters,
https://learn.microsoft.com/power-bi/transform-model/desktop-what-if).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bank_warehouse.answers import labels
from bank_warehouse.powerbi.artifacts import Artifacts
from bank_warehouse.powerbi.dax import quote_text
from bank_warehouse.powerbi.definitions import Measure, Model, ModelColumn, ModelTable
from bank_warehouse.powerbi.errors import PowerBIError
from bank_warehouse.powerbi.names import for_people, reading_name

CUSTOMERS = "dim_customers"
POSITIONS = "fct_customer_positions"

FINDINGS = "Findings"
HEAT_MAPS = "Heat maps"
WHAT_IF = "What-if"
MIGRATIONS = "Migrations"

ADJUSTED_P = "Adjusted p (risk drivers)"
"""Measure that formats a p-value and never rounds it to 0.000."""

LINKED_ODDS = "Odds ratio of linked facts"
LINKED_P = "Adjusted p of linked facts"
"""Measures that are blank for a level of a category that makes no real difference as a whole."""

_IS_LINKED = "Linked fact"

FEWEST = 30
"""With fewer customers than this, a finding says that there are too few to state a link."""

SIGNIFICANCE = 0.01
"""A finding states a link with the risk weighting only if its p-value is below this."""

ACROSS = ("risk_weighting", "loyalty_classification")
"""Columns that heat maps can show across the top, and along which a row's shares add up to 1."""

EXPLAINING = {
    "income_band": "income band",
    "amount_of_credit_cards": "number of cards",
    "loyalty_classification": "loyalty class",
}
"""Customer columns tested for a link with the risk weighting, and their names in sentences."""

INCOME_STEP = 50_000
INCOME_STEPS = 8
"""Bins of income: this many bins of INCOME_STEP each, and one for all higher incomes."""


@dataclass(frozen=True)
class FieldParameter:
    """A choice of measures.

    The table and its main column have the parameter's name.

    Attributes:
        name: display name.
        origin: name by which pages refer to its table.
        entries: for each choice, the label that a reader sees, and the measure.
    """

    name: str
    origin: str
    entries: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Slider:
    """A number that a reader chooses; the measure `Chosen ...` returns the choice.

    `name` is the name of its table and column, and `label` is what readers see.
    """

    name: str
    label: str
    origin: str
    low: float
    high: float
    step: float
    default: float
    format_string: str
    description: str

    @property
    def chosen(self) -> str:
        """Name of the measure that returns the chosen value."""
        return f"Chosen {self.name[:1].lower()}{self.name[1:]}"


SHARE_OF_ROW = "Share of customers in row"

HEAT_MAP = FieldParameter(
    "Heat map shows",
    "choice_heat_map",
    (
        ("Customers", "Customers"),
        ("Share of row", SHARE_OF_ROW),
        ("Mean risk weighting", "Mean risk weighting"),
        ("Total loans", "Exposure"),
        ("Card balance", "Credit card balance"),
    ),
)
PARAMETERS = (HEAT_MAP,)

SLIDERS = (
    Slider(
        "Default multiplier",
        "Multiply default rates by",
        "choice_defaults",
        0.5,
        4.0,
        0.25,
        1.0,
        "0.00",
        "Factor for every probability of default. A probability never exceeds 1.",
    ),
    Slider(
        "Loss multiplier",
        "Multiply losses on default by",
        "choice_losses",
        0.5,
        2.0,
        0.05,
        1.0,
        "0.00",
        "Factor for every loss given default. A loss never exceeds the whole balance.",
    ),
    Slider(
        "Deposit outflow",
        "Share of deposits withdrawn",
        "choice_outflow",
        0.0,
        0.5,
        0.05,
        0.0,
        "0%",
        "Share of the deposits that leaves the bank.",
    ),
)


def share_across(column: str) -> str:
    """Return the name of the measure for a cell's share of its row, with `column` across."""
    return f"{SHARE_OF_ROW}, {for_people(column).lower()} across"


def explained_by(column: str) -> str:
    """Return the name of the measure that shows how far a column explains the risk weighting."""
    return f"Risk weighting explained by {EXPLAINING[column]}"


def extend(model: Model, artifacts: Artifacts) -> Model:
    """Return the model with the tables, columns and measures of the report.

    Raises:
        PowerBIError: the model or a seed lacks something that these use.
    """
    try:
        writer = _Writer(model, artifacts)
        added = writer.measures()
    except KeyError as error:
        raise PowerBIError(f"bank_warehouse/powerbi/story.py: {error.args[0]}.") from error
    tables = dict(model.tables)
    customers = model.by_origin(CUSTOMERS)
    tables[customers.name] = replace(customers, columns=(*customers.columns, *_BIN_COLUMNS))
    for table in (*map(_parameter_table, PARAMETERS), *map(_slider_table, SLIDERS)):
        tables[table.name] = table
    ((name, figures),) = [(name, table) for name, table in tables.items() if table.measures]
    measures = sorted((*figures.measures, *added), key=lambda each: (each.folder, each.name))
    tables[name] = replace(figures, measures=tuple(measures))
    return replace(model, tables=dict(sorted(tables.items())))


# ---------- tables


def _parameter_table(parameter: FieldParameter) -> ModelTable:
    name = parameter.name
    fields, order = f"{name} fields", f"{name} order"
    rows = ",\n".join(
        f"    ({quote_text(label)}, NAMEOF('Key figures'[{measure}]), {number})"
        for number, (label, measure) in enumerate(parameter.entries)
    )
    return ModelTable(
        name=name,
        origin=parameter.origin,
        description="One row per measure that a reader can choose; visuals show the one chosen.",
        query=f"{{\n{rows}\n}}",
        columns=(
            ModelColumn(
                name,
                "[Value1]",
                "string",
                "What a reader chooses.",
                sort_by=order,
                group_by=fields,
            ),
            ModelColumn(
                fields,
                "[Value2]",
                "string",
                "The measure that is shown.",
                is_hidden=True,
                sort_by=order,
                parameter='{"version": 3, "kind": 2}',
            ),
            ModelColumn(
                order,
                "[Value3]",
                "int64",
                "Position in the list.",
                format_string="0",
                is_hidden=True,
            ),
        ),
        is_calculated=True,
    )


def _slider_table(slider: Slider) -> ModelTable:
    return ModelTable(
        name=slider.name,
        origin=slider.origin,
        description=f"One row per value that a reader can choose. {slider.description}",
        query=f"GENERATESERIES({slider.low}, {slider.high}, {slider.step})",
        columns=(
            ModelColumn(
                slider.name,
                "[Value]",
                "double",
                slider.description,
                format_string=slider.format_string,
                parameter='{"version": 0}',
            ),
        ),
        is_calculated=True,
    )


def income_bins() -> list[tuple[float | None, str]]:
    """Return the upper limit and the name of each income bin; the last bin has no limit (None)."""
    step = INCOME_STEP // 1000
    bins: list[tuple[float | None, str]] = [
        (number * INCOME_STEP, f"{(number - 1) * step}-{number * step} k")
        for number in range(1, INCOME_STEPS + 1)
    ]
    return [*bins, (None, f"{INCOME_STEPS * step} k or more")]


_BIN_COLUMNS = (
    ModelColumn(
        "Income bin",
        "income_bin",
        "string",
        f"Estimated income in steps of {INCOME_STEP:,}.",
        folder="Money and risk",
        sort_by="Income bin order",
    ),
    ModelColumn(
        "Income bin order",
        "income_bin_order",
        "int64",
        "Position of the income bin in the sort order.",
        format_string="0",
        is_hidden=True,
    ),
)


def with_bins(model: Model) -> Model:
    """Return the model with an income bin for each customer.

    The query reads the income from the positions, computes the bin and drops the income.
    """
    customers = model.by_origin(CUSTOMERS)
    head, _, last = customers.query.rpartition("\nin\n    ")
    names = {"income_bin": "type text", "income_bin_order": "Int64.Type"}
    bins = income_bins()
    chains = {
        "income_bin": [quote_text(label) for _, label in bins],
        "income_bin_order": [str(number) for number in range(1, len(bins) + 1)],
    }
    steps = [
        (
            "WithIncomeJoined",
            f'Table.NestedJoin(\n        {last}, {{"customer_key"}},\n'
            f'        Table.SelectColumns(ReadTable("marts", "{POSITIONS}"), '
            '{"customer_key", "estimated_income"}), {"customer_key"},\n'
            '        "joined", JoinKind.LeftOuter\n    )',
        ),
        (
            "WithIncome",
            'Table.ExpandTableColumn(WithIncomeJoined, "joined", {"estimated_income"}, '
            '{"estimated_income"})',
        ),
    ]
    for name, values in chains.items():
        chain = "\n            else ".join(
            f"if [estimated_income] < {limit} then {value}"
            for (limit, _), value in zip(bins[:-1], values[:-1], strict=True)
        )
        step = "".join(word.capitalize() for word in name.split("_"))
        steps.append(
            (
                step,
                f"Table.AddColumn(\n        {steps[-1][0]}, {quote_text(name)},\n"
                f"        each {chain}\n            else {values[-1]},\n"
                f"        {names[name]}\n    )",
            )
        )
    steps.append(("WithoutIncome", f'Table.RemoveColumns({steps[-1][0]}, {{"estimated_income"}})'))
    written = "".join(f",\n    {name} = {text}" for name, text in steps)
    binned = replace(
        customers,
        query=f"{head}{written}\nin\n    {steps[-1][0]}",
        reads=(*customers.reads, POSITIONS),
    )
    return replace(model, tables={**model.tables, customers.name: binned})


# ---------- measures


@dataclass(frozen=True)
class _Writer:
    """Writes the DAX of the measures with the names of one model."""

    model: Model
    artifacts: Artifacts

    def table(self, mart: str) -> str:
        return "'" + self.model.by_origin(mart).name.replace("'", "''") + "'"

    def column(self, mart: str, source: str) -> str:
        return f"{self.table(mart)}[{self.model.by_origin(mart).column_of(source).name}]"

    def without(self, mart: str, source: str) -> str:
        """Return the DAX that removes the filters from a column and from its sort column.

        A visual that groups by a column with a sort column filters both.
        """
        column = self.model.by_origin(mart).column_of(source)
        names = [column.name, *([column.sort_by] if column.sort_by else [])]
        return f"REMOVEFILTERS({', '.join(f'{self.table(mart)}[{name}]' for name in names)})"

    def measures(self) -> list[Measure]:
        return [
            *self.heat_maps(),
            *self.explained(),
            *self.what_if(),
            *self.migrations(),
            *self.findings(),
        ]

    # ---------- numbers

    def heat_maps(self) -> list[Measure]:
        shares = [
            Measure(
                share_across(name),
                f"DIVIDE([Customers], CALCULATE([Customers], {self.without(CUSTOMERS, name)}))",
                f"Share of the customers in a row of a heat map who are in the cell, if the "
                f"{for_people(name).lower()} is across the top.",
                "0.0%",
                HEAT_MAPS,
                is_hidden=True,
            )
            for name in ACROSS
        ]
        branches = ",\n".join(
            f"    ISINSCOPE({self.column(CUSTOMERS, name)}), [{share_across(name)}]"
            for name in ACROSS
        )
        return [
            *shares,
            Measure(
                SHARE_OF_ROW,
                f"SWITCH(\n    TRUE(),\n{branches}\n)",
                "Share of the customers in a row of a heat map who are in the cell.",
                "0.0%",
                HEAT_MAPS,
            ),
        ]

    def explained(self) -> list[Measure]:
        """Return the measures of how columns are linked, such as eta squared."""
        risk = self.column(CUSTOMERS, "risk_weighting")
        found = []
        for name, called in EXPLAINING.items():
            column = self.column(CUSTOMERS, name)
            found += [
                Measure(
                    explained_by(name),
                    "VAR Overall = [Mean risk weighting]\n"
                    f"VAR Between = SUMX(VALUES({column}), "
                    "[Customers] * ([Mean risk weighting] - Overall) ^ 2)\n"
                    f"VAR Total = SUMX(VALUES({risk}), [Customers] * ({risk} - Overall) ^ 2)\n"
                    "RETURN\n    DIVIDE(Between, Total)",
                    "Share of the variation of the risk weighting among the chosen customers "
                    f"that the {called} explains (eta squared).",
                    "0.0%",
                    FINDINGS,
                ),
                Measure(
                    f"Chance of the risk by {called}",
                    f"VAR Groups = COUNTROWS(VALUES({column}))\n"
                    "RETURN\n    IF(\n        Groups < 2,\n        1,\n"
                    "        CHISQ.DIST.RT(([Customers] - 1) * "
                    f"[{explained_by(name)}], Groups - 1)\n    )",
                    f"Probability that the {called} explains as much of the risk weighting of the "
                    "chosen customers by chance alone (chi-square).",
                    "0.000",
                    FINDINGS,
                    is_hidden=True,
                ),
            ]
        return [*found, self.correlation(), self.adjusted_p(), *self.linked()]

    def adjusted_p(self) -> Measure:
        name = reading_name("fct_risk_drivers", "adjusted_p_value")
        return Measure(
            ADJUSTED_P,
            _chance(f"[{name}]"),
            "Adjusted p-value of a risk driver; a value below 0.001 is shown as < 0.001.",
            "",
            FINDINGS,
        )

    def linked(self) -> list[Measure]:
        """Return the measures that leave out levels that may stand out by chance.

        Among many levels of a category, one may be far from the others by chance, so a level counts
        only if the category as a whole makes a real difference.
        """
        tests = "fct_segment_differences"
        real = ", ".join(
            f"{quote_text(verdict)}, 1"
            for verdict in self.artifacts.accepted_values[tests, "verdict"]
            if labels.is_real(verdict)
        )
        odds, chance = (
            reading_name("fct_risk_drivers", name) for name in ("odds_ratio", "adjusted_p_value")
        )
        return [
            Measure(
                _IS_LINKED,
                f"VAR Fact = SELECTEDVALUE({self.column('fct_risk_drivers', 'driver')})\n"
                "VAR Reference = "
                f"SELECTEDVALUE({self.column('fct_risk_drivers', 'reference_level')})\n"
                "VAR Verdict = CALCULATE(\n"
                f"    SELECTEDVALUE({self.column(tests, 'verdict')}),\n"
                f"    {self.column(tests, 'dimension')} = Fact,\n"
                f'    {self.column(tests, "measure")} = "risk_weighting"\n)\n'
                f"RETURN\n    IF(ISBLANK(Reference), 1, SWITCH(Verdict, {real}))",
                "1 if the risk driver is an amount or a number, or a category that as a whole "
                "makes a real difference to the risk weighting; else blank.",
                "0",
                FINDINGS,
                is_hidden=True,
            ),
            Measure(
                LINKED_ODDS,
                f"IF(ISBLANK([{_IS_LINKED}]), BLANK(), [{odds}])",
                "Odds ratio of a risk driver; blank for a level of a category that as a whole "
                "makes no real difference to the risk weighting.",
                "#,0.000",
                FINDINGS,
            ),
            Measure(
                LINKED_P,
                _chance(f"IF(ISBLANK([{_IS_LINKED}]), BLANK(), [{chance}])"),
                "Adjusted p-value of a risk driver; blank for a level of a category that as a "
                "whole makes no real difference to the risk weighting.",
                "",
                FINDINGS,
            ),
        ]

    def correlation(self) -> Measure:
        table = self.table(POSITIONS)
        x = f"CONVERT({self.column(POSITIONS, 'estimated_income')}, DOUBLE)"
        y = f"CONVERT({self.column(POSITIONS, 'total_deposits')}, DOUBLE)"
        return Measure(
            "Correlation of income and deposits",
            f"VAR Count = COUNTROWS({table})\n"
            f"VAR MeanX = DIVIDE(SUMX({table}, {x}), Count)\n"
            f"VAR MeanY = DIVIDE(SUMX({table}, {y}), Count)\n"
            f"VAR Together = SUMX({table}, ({x} - MeanX) * ({y} - MeanY))\n"
            f"VAR SpreadX = SUMX({table}, ({x} - MeanX) ^ 2)\n"
            f"VAR SpreadY = SUMX({table}, ({y} - MeanY) ^ 2)\n"
            "RETURN\n    DIVIDE(Together, SQRT(SpreadX * SpreadY))",
            "Pearson's correlation of the estimated income and the deposits of the chosen "
            "customers, from -1 to 1.",
            "0.00",
            FINDINGS,
        )

    def what_if(self) -> list[Measure]:
        defaults, losses, outflow = SLIDERS
        table = self.table("fct_expected_losses")
        exposure, default, loss = (
            self.column("fct_expected_losses", name)
            for name in ("exposure", "probability_of_default", "loss_given_default")
        )
        chosen = [
            Measure(
                each.chosen,
                f"SELECTEDVALUE('{each.name}'[{each.name}], {each.default})",
                f"{each.description} The reader's choice, or {each.default} by default.",
                each.format_string,
                WHAT_IF,
            )
            for each in SLIDERS
        ]
        return [
            *chosen,
            Measure(
                "What-if assumed loss",
                f"VAR Defaults = [{defaults.chosen}]\nVAR Losses = [{losses.chosen}]\n"
                f"RETURN\n    SUMX(\n        {table},\n"
                f"        CONVERT({exposure}, DOUBLE) * MIN(1, {default} * Defaults)"
                f" * MIN(1, {loss} * Losses)\n    )",
                "Assumed yearly loss under the assumptions that the reader has chosen.",
                "#,0",
                WHAT_IF,
            ),
            Measure(
                "What-if change in loss",
                "DIVIDE([What-if assumed loss] - [Assumed loss], [Assumed loss])",
                "How much the assumed loss changes under the chosen assumptions.",
                "0.0%",
                WHAT_IF,
            ),
            Measure(
                "What-if deposits",
                f"[Total deposits] * (1 - [{outflow.chosen}])",
                "Deposits that remain under the chosen assumptions.",
                "#,0",
                WHAT_IF,
            ),
            Measure(
                "What-if loan-to-deposit ratio",
                "DIVIDE([Total loans], [What-if deposits])",
                "Loans divided by the deposits that remain under the chosen assumptions.",
                "0.00",
                WHAT_IF,
            ),
        ]

    def migrations(self) -> list[Measure]:
        segments, risks = "fct_segment_migrations", "fct_risk_migrations"
        compared = (
            f'{self.column(segments, "from_segment")} <> "joined"'
            f' && {self.column(segments, "to_segment")} <> "left"'
        )
        moved = (
            f"{self.column(segments, 'from_segment')} <> {self.column(segments, 'to_segment')}"
            f" && {compared}"
        )
        return [
            Measure(
                "Customers compared",
                f"SUMX({self.table(segments)}, "
                f"IF({compared}, {self.column(segments, 'customers')}, 0))",
                "Customers who are in the data at both of two consecutive dates.",
                "#,0",
                MIGRATIONS,
            ),
            Measure(
                "Customers who changed segment",
                f"SUMX({self.table(segments)}, "
                f"IF({moved}, {self.column(segments, 'customers')}, 0))",
                "Customers whose segment differs between two consecutive dates, "
                "without those who joined or left.",
                "#,0",
                MIGRATIONS,
            ),
            Measure(
                "Customers by change of segment",
                f"SUM({self.column(segments, 'customers')})",
                "Customers at two consecutive dates, by their segments at both, "
                "including those who joined or left.",
                "#,0",
                MIGRATIONS,
            ),
            Measure(
                "Customers by change of risk",
                f"SUM({self.column(risks, 'customers')})",
                "Customers at two consecutive dates, by their risk at both, "
                "including those who joined or left.",
                "#,0",
                MIGRATIONS,
            ),
            *(
                Measure(
                    f"Customers who became {name}",
                    f"CALCULATE(SUM({self.column(risks, 'customers')}), "
                    f"KEEPFILTERS({self.column(risks, 'risk_weighting_change')} = "
                    f"{quote_text(change)}))",
                    f"Customers whose risk weighting is {than} than at the previous date.",
                    "#,0",
                    MIGRATIONS,
                )
                for change, name, than in (
                    ("worse", "riskier", "higher"),
                    ("better", "less risky", "lower"),
                )
            ),
        ]

    # ---------- findings in words

    def findings(self) -> list[Measure]:
        return [
            Measure(name, text, f"Title in words: {what}", "", FINDINGS, is_hidden=True)
            for name, text, what in (
                *self.who(),
                *self.holdings(),
                *self.risk(),
                *self.next_steps(),
            )
        ]

    def most(self, mart: str, column: str, measure: str, order: str = "DESC") -> str:
        """Return the DAX of the column value with the highest measure (lowest with ASC)."""
        name = self.column(mart, column)
        return f"MAXX(TOPN(1, VALUES({name}), [{measure}], {order}), {name})"

    def highest(self, mart: str, column: str, measure: str) -> str:
        """Return the DAX of the highest value of a measure among the values of a column."""
        return f"MAXX(VALUES({self.column(mart, column)}), [{measure}])"

    def two_tops(
        self, column: tuple[str, str], measures: tuple[str, str], both: str, apart: tuple[str, str]
    ) -> str:
        """Return the DAX of a sentence on the values with the highest of each of two measures."""
        one, other = (self.most(*column, measure) for measure in measures)
        return (
            f"VAR First = {one}\nVAR Second = {other}\nRETURN\n    IF(\n"
            '        ISBLANK([Customers]),\n        "No customer is chosen",\n'
            f"        IF(\n            First = Second,\n            {both} & First,\n"
            f"            {apart[0]} & First & {apart[1]} & Second\n        )\n    )"
        )

    def shares_of_first(
        self, column: tuple[str, str], by: str, measures: Sequence[tuple[str, str]]
    ) -> str:
        """Return the DAX of a sentence on the shares of the column value with the highest `by`."""
        name = self.column(*column)
        said = '\n            & ", " & '.join(
            _share(f"CALCULATE([{measure}], {name} = First)", f"[{measure}]") + f' & " of {called}"'
            for measure, called in measures
        )
        return (
            f"VAR First = {self.most(*column, by)}\nRETURN\n    IF(\n"
            '        ISBLANK([Customers]),\n        "No customer is chosen",\n'
            f'        First & ": " & {said}\n    )'
        )

    def who(self) -> list[tuple[str, str, str]]:
        loyalty = (CUSTOMERS, "loyalty_classification")
        family = (CUSTOMERS, "occupation_family")
        segment = (CUSTOMERS, "segment")
        year = (CUSTOMERS, "joined_year")
        return [
            (
                "Finding on loyalty",
                self.shares_of_first(
                    loyalty,
                    "Total deposits",
                    (
                        ("Customers", "customers"),
                        ("Total deposits", "deposits"),
                        ("Total loans", "loans"),
                    ),
                ),
                "the loyalty class with the most deposits: its share of customers, and for "
                "comparison its share of deposits and loans.",
            ),
            (
                "Finding on occupations",
                _unless_empty(
                    self.most(*family, "Customers"),
                    '" is the largest occupation family: "',
                    _share(self.highest(*family, "Customers"), "[Customers]"),
                    '" of customers"',
                ),
                "the largest occupation family.",
            ),
            (
                "Finding on joining years",
                _unless_empty(
                    '"Today\'s customers joined most often in "',
                    self.most(*year, "Customers"),
                    '": "',
                    f'FORMAT({self.highest(*year, "Customers")}, "#,0")',
                ),
                "the most frequent joining year of the customers.",
            ),
            (
                "Finding on segments",
                _unless_empty(
                    self.most(*segment, "Customers"),
                    '" is the largest segment: "',
                    _share(self.highest(*segment, "Customers"), "[Customers]"),
                    '" of customers"',
                ),
                "the largest segment.",
            ),
            (
                "Finding on segment balances",
                self.two_tops(
                    segment,
                    ("Mean deposits", "Mean loans"),
                    '"Highest deposits and loans per customer: "',
                    ('"Highest per customer: deposits, "', '"; loans, "'),
                ),
                "which segments have the highest mean balances.",
            ),
        ]

    def holdings(self) -> list[tuple[str, str, str]]:
        product = ("dim_products", "product_name")
        order = self.column(CUSTOMERS, "income_band_order")
        return [
            (
                "Finding on holdings",
                _unless_empty(
                    'FORMAT([Products per customer], "0.0")',
                    '" products each; least held: "',
                    self.most(*product, "Penetration", "ASC"),
                    f'" (" & FORMAT(MINX(VALUES({self.column(*product)}), [Penetration]), "0.0%")',
                    '")"',
                ),
                "how many products customers hold, and which is held least.",
            ),
            (
                "Finding on depth",
                _unless_empty(
                    self.most(*product, "Mean balance of holders"),
                    '" has the highest mean balance: "',
                    _thousands(self.highest(*product, "Mean balance of holders")),
                ),
                "the product with the highest mean balance.",
            ),
            (
                "Finding on gaps",
                _unless_empty(
                    '"Largest shortfall: "',
                    self.most(*product, "Amount below the peers"),
                    '", "',
                    _millions(self.highest(*product, "Amount below the peers")),
                ),
                "the product in which customers are furthest below their peers.",
            ),
            (
                "Finding on income and deposits",
                "VAR Together = [Correlation of income and deposits]\n"
                f"RETURN\n    SWITCH(\n        TRUE(),\n        [Customers] < {FEWEST}, "
                f'"Fewer than {FEWEST} customers: too few for a trend",\n'
                '        ABS(Together) < 0.1, "Deposits are not linked to income"'
                ' & " (correlation " & FORMAT(Together, "0.00") & ")",\n'
                '        Together > 0, "Deposits rise with income"'
                ' & " (correlation " & FORMAT(Together, "0.00") & ")",\n'
                '        "Deposits fall with income"'
                ' & " (correlation " & FORMAT(Together, "0.00") & ")"\n    )',
                "whether deposits are linked to income.",
            ),
            (
                "Finding on income bands",
                f"VAR Lowest = MIN({order})\nVAR Highest = MAX({order})\nRETURN\n    "
                + _unless_empty(
                    '"Median deposits: "',
                    _thousands(f"CALCULATE([Median deposits], {order} = Lowest)"),
                    '" in the lowest band, "',
                    _thousands(f"CALCULATE([Median deposits], {order} = Highest)"),
                    '" in the highest"',
                ).replace("\n", "\n    "),
                "the median deposits of the lowest and the highest income band.",
            ),
            (
                "Finding on concentration",
                self.if_shown(
                    "fct_balance_concentration",
                    '"Top tenth by deposits holds " & FORMAT([Top tenth of total deposits], "0%")'
                    ' & "; top tenth by loans owes " & FORMAT([Top tenth of total loans], "0%")',
                ),
                "what shares the top tenth of all customers hold and owe.",
            ),
        ]

    def risk(self) -> list[tuple[str, str, str]]:
        small = self.smallest_effect()

        def is_linked(name: str) -> str:
            return (
                f"[{explained_by(name)}] >= {small} && "
                f"[Chance of the risk by {EXPLAINING[name]}] < {SIGNIFICANCE}"
            )

        few = f'[Customers] < {FEWEST}, "Fewer than {FEWEST} customers: too few to say"'
        scenario = ("stress_scenarios", "scenario_name")
        product = ("dim_products", "product_name")
        code = self.column("stress_scenarios", "scenario")
        defaults, losses, outflow = SLIDERS
        lost = _millions("[What-if assumed loss]")
        changed = (
            '"Assumed losses change by " & FORMAT([What-if change in loss], "+0%;-0%;0%")'
            f' & " to " & {lost}'
        )
        withdrawn = '", deposits fall by " & FORMAT(Outflow, "0%")'
        return [
            *(
                (
                    f"Finding on {called} and risk",
                    f"VAR IsLinked = {is_linked(name)}\n"
                    f"RETURN\n    SWITCH(\n        TRUE(),\n        {few},\n"
                    f'        IsLinked, "Risk weighting is linked to the {called}" & {of_it},\n'
                    f'        "Risk weighting is not linked to the {called}" & {of_it}\n    )',
                    f"whether the risk weighting of the chosen customers is linked to {called}.",
                )
                for name, called in EXPLAINING.items()
                for of_it in [
                    f'" (" & FORMAT([{explained_by(name)}], "0.0%") & " of its variation)"',
                ]
            ),
            (
                "Finding on the watch list",
                _unless_empty(
                    'FORMAT([Share on the watch list], "0.0%")',
                    '" on the watch list, with "',
                    'FORMAT([Share of loans on the watch list], "0.0%")',
                    '" of loans"',
                ),
                "how many customers are on the watch list, and how much they owe.",
            ),
            (
                "Finding on card balances",
                _unless_empty(
                    'FORMAT([Credit cards per customer], "0.0")',
                    '" cards and "',
                    'FORMAT([Mean credit card balance], "#,0")',
                    '" of card balance a customer"',
                ),
                "the mean number of cards and the mean card balance.",
            ),
            (
                "Finding on assumed losses",
                self.if_shown(
                    "fct_expected_losses",
                    self.most(*product, "Assumed loss")
                    + ' & ": " & '
                    + _millions(self.highest(*product, "Assumed loss"))
                    + ' & " of the assumed losses of " & '
                    + _millions("[Assumed loss]"),
                ),
                "the product with the highest assumed loss, over all customers.",
            ),
            (
                "Finding on stress",
                "VAR Baseline = CALCULATE([Assumed loss under stress], "
                f'{code} = "baseline")\n'
                f"VAR Worst = {self.highest(*scenario, 'Assumed loss under stress')}\nRETURN\n    "
                + self.if_shown(
                    "fct_stress_results",
                    self.most(*scenario, "Assumed loss under stress")
                    + ' & ": assumed losses are " & FORMAT(DIVIDE(Worst, Baseline), "0.0") & '
                    '" times the baseline"',
                ).replace("\n", "\n    "),
                "the scenario with the highest assumed loss, over all customers.",
            ),
            (
                "Finding on the what-if",
                f"VAR IsSame = ABS([{defaults.chosen}] - 1) < 0.001"
                f" && ABS([{losses.chosen}] - 1) < 0.001\n"
                f"VAR Outflow = [{outflow.chosen}]\nRETURN\n    "
                + self.if_shown(
                    "fct_expected_losses",
                    "SWITCH(\n        TRUE(),\n"
                    '        IsSame && Outflow < 0.001, "No change: assumed losses are "'
                    f" & {lost},\n"
                    f'        IsSame, "Assumed losses stay at " & {lost} & {withdrawn},\n'
                    f'        Outflow < 0.001, {changed} & ", deposits stay the same",\n'
                    f"        {changed} & {withdrawn}\n    )",
                ).replace("\n", "\n    "),
                "the assumed losses under the chosen assumptions, over all customers.",
            ),
        ]

    def next_steps(self) -> list[tuple[str, str, str]]:
        action = ("fct_customer_recommendations", "action_name")
        segments = self.table("fct_segment_migrations")
        # Control totals always have rows. If a viewer sees none, they and the migrations are closed
        # to the viewer's role.
        none = (
            f"    IF(\n        ISEMPTY({self.table('fct_control_totals')}),\n"
            f"        {_NOT_SHOWN},\n"
            '        "Only one date so far: nothing to compare yet"\n    )'
        )
        difference = self.column("fct_control_totals", "difference")
        return [
            (
                "Finding on actions",
                _unless_empty(
                    'FORMAT([Share with an action], "0%")',
                    '" of customers have an action due; most often: "',
                    self.most(*action, "Customers with an action"),
                ),
                "how many customers have an action due, and the most frequent action.",
            ),
            (
                "Finding on segment migrations",
                f"IF(\n    ISEMPTY({segments}),\n{none},\n"
                '    FORMAT([Customers who changed segment], "#,0") & " of " & '
                'FORMAT([Customers compared], "#,0") & " customers changed segment"\n)',
                "how many customers changed segment, or that there is only one date.",
            ),
            (
                "Finding on risk migrations",
                f"IF(\n    ISEMPTY({segments}),\n{none},\n"
                '    FORMAT([Customers who became riskier] + 0, "#,0") & " customers became '
                'riskier, " & FORMAT([Customers who became less risky] + 0, "#,0")'
                ' & " less risky"\n)',
                "how many customers got a new risk weighting, or that there is only one date.",
            ),
            (
                "Finding on control totals",
                f"VAR Off = SUMX({self.table('fct_control_totals')}, ABS({difference}))\n"
                "RETURN\n    SWITCH(\n        TRUE(),\n        "
                f"ISEMPTY({self.table('fct_control_totals')}), {_NOT_SHOWN},\n"
                '        Off = 0, "Everything delivered is counted or '
                'quarantined, to the cent",\n        FORMAT(Off, "#,0.00") & " lost or counted '
                'twice"\n    )',
                "whether everything delivered is counted or quarantined.",
            ),
        ]

    def if_shown(self, mart: str, text: str) -> str:
        """Return the DAX of `text`, or of a notice if the mart is closed to the viewer's role."""
        return f"IF(\n    ISEMPTY({self.table(mart)}),\n    {_NOT_SHOWN},\n    {text}\n)"

    def smallest_effect(self) -> float:
        """Return the smallest share of explained variation that is not negligible."""
        for row in self.artifacts.seeds["effect_sizes"].rows:
            if (row["method"], row["effect"]) == ("Kruskal-Wallis", "small"):
                return float(row["lower_limit"])
        raise KeyError("the seed effect_sizes has no row for a small effect with Kruskal-Wallis")


def _chance(value: str) -> str:
    """Return the DAX of a p-value as text, which is never rounded to 0.000."""
    return (
        f"VAR Chance = {value}\n"
        "RETURN\n    SWITCH(\n        TRUE(),\n        ISBLANK(Chance), BLANK(),\n"
        '        Chance < 0.001, "< 0.001",\n        FORMAT(Chance, "0.000")\n    )'
    )


_NOT_SHOWN = '"Not shown to your role"'


def _unless_empty(*parts: str) -> str:
    """Return the DAX that joins the parts, or says that no customer is chosen."""
    return _if_any("[Customers]", parts)


def _if_any(measure: str, parts: Sequence[str]) -> str:
    text = "\n        & ".join(parts)
    return f'IF(\n    ISBLANK({measure}),\n    "No customer is chosen",\n    {text}\n)'


def _share(part: str, whole: str) -> str:
    return f'FORMAT(DIVIDE({part}, {whole}), "0%")'


def _thousands(value: str) -> str:
    return f'FORMAT(DIVIDE({value}, 1000), "#,0") & " k"'


def _millions(value: str) -> str:
    return f'FORMAT(DIVIDE({value}, 1000000), "#,0.0") & " M"'
