"""Data quality: whether everything delivered was counted, and what looks odd."""

from bank_warehouse.answers import labels
from bank_warehouse.dashboard.drawings import Axis, Plot, Shape, round_ticks
from bank_warehouse.dashboard.page_model import Block, Cell, Chart, Column, Page, Table, Tile, Tiles
from bank_warehouse.dashboard.pages.context import Context, result
from bank_warehouse.numbers import count, listed

FLAGS = (
    "customers_sharing_a_client_id",
    "customers_joined_before_birth",
    "customers_joined_as_minors",
)

NAMED_YEARS = 4
"""Maximum number of years that a title names; more gaps only mean that there are few customers."""


def make(context: Context) -> Page:
    """Return the page."""
    return Page(
        "quality",
        "Data quality",
        "What was delivered, what looks odd in it, and what was checked.",
        (
            _flags(context),
            _joiners(context),
            context.whole("totals", "Delivered and counted", lambda: _totals(context)),
            _release(context),
            context.whole("profile", "The source, column by column", lambda: _profile(context)),
            _definitions(context),
        ),
    )


def _flags(context: Context) -> Tiles:
    values = dict(zip(("customers", *FLAGS), context.ask(("customers", *FLAGS))[0], strict=True))
    tiles = [context.tile("customers", values)]
    if "client_ids" in context.snapshot.whole:
        tiles.append(
            context.tile("client_ids", context.snapshot.whole, "of all customers, unfiltered")
        )
    customers = values["customers"]
    tiles += [
        context.tile(
            name, values, f"{values[name] / customers:.1%} of these customers" if customers else ""
        )
        for name in FLAGS
    ]
    return Tiles(name="flags", title="Customers, and records to check", tiles=tuple(tiles))


def _joiners(context: Context) -> Chart:
    """Return current customers by joining year."""
    metric = context.snapshot.metric("customers")
    found = [row for row in context.ask(["customers"], ["joined_year"]) if row[0] is not None]
    counts: dict[int, int] = dict(found)
    years = range(min(counts), max(counts) + 1) if counts else range(0)
    gaps = [str(year) for year in years if year not in counts]
    plot = None
    if counts:
        most = max(counts.values()) * 1.05
        plot = Plot(
            Axis(
                "Joining year",
                years[0] - 0.6,
                years[-1] + 0.6,
                tuple((float(year), str(year)) for year in years if year % 5 == 0),
            ),
            Axis(
                "Customers", 0.0, most, tuple((at, f"{at:,.0f}") for at in round_ticks(0.0, most))
            ),
            tuple(
                Shape(
                    "box",
                    ((year - 0.38, 0.0), (year + 0.38, float(number))),
                    tip=f"{year}: {count(number, 'customer')}",
                    href=context.cell_address(("joined_year", year)),
                )
                for year, number in counts.items()
            ),
            height=14.0,
        )
    nobody = (
        f"None of these customers joined in {listed(gaps, 'or')}"
        if 0 < len(gaps) <= NAMED_YEARS
        else ""
    )
    return Chart(
        name="joiners",
        title=nobody or "Customers by joining year",
        note="Current customers only: those who have left are not in the data, so this is not how "
        "many joined in a year.",
        width="full",
        plot=plot,
        summary=f"Customers by joining year, {years[0]} to {years[-1]}. {nobody}".strip()
        if counts
        else "No customers match these filters.",
        table=Table(
            name="joiners",
            title="Customers by joining year",
            columns=(Column("Joining year", "", False), context.column("customers")),
            rows=tuple(
                (
                    Cell(str(year), year, href=context.cell_address(("joined_year", year))),
                    Cell.of(count, metric),
                )
                for year, count in counts.items()
            ),
        ),
    )


def _totals(context: Context) -> Table:
    mart = "fct_control_totals"
    found = context.snapshot.rows(mart, "column_name <> 'row_count', column_name")
    return Table(
        name="totals",
        title="Everything delivered is counted"
        if found and not any(row["difference"] or row["in_quarantine"] for row in found)
        else "Delivered and counted",
        note="Every row and amount delivered is either counted on these pages or quarantined, to "
        "the cent.",
        is_whole=True,
        columns=(
            result("column_name", "Column", is_number=False),
            result("delivered", "Delivered"),
            result("in_marts", "Counted"),
            result("in_quarantine", "Quarantined"),
            result("difference", "Difference"),
        ),
        rows=tuple(
            (
                Cell.said(
                    "Rows" if row["column_name"] == "row_count" else labels.name(row["column_name"])
                ),
                *(
                    Cell(
                        f"{row[name]:,.0f}" if row["column_name"] == "row_count"
                        else f"{row[name]:,.2f}",
                        row[name],
                        tone="bad" if name == "difference" and row[name] else "",
                    )
                    for name in ("delivered", "in_marts", "in_quarantine", "difference")
                ),
            )
            for row in found
        ),
        width="full",
    )  # fmt: skip


def _release(context: Context) -> Tiles:
    manifest = context.snapshot.release.manifest

    def tile(label: str, value: object, definition: str, aside: str = "") -> Tile:
        return Tile(label=label, definition=definition, cell=Cell.said(value), aside=aside)

    commit = (manifest.get("git_commit") or "none")[:12]
    dirty = " with local changes" if manifest.get("git_is_dirty") else ""
    return Tiles(
        name="release",
        title="What was checked",
        tiles=(
            tile("Release", context.snapshot.release.number, "It never changes: quote its number."),
            tile("As of", manifest["as_of_date"], "All figures are as of this date."),
            tile(
                "Published",
                moment(manifest["published_at"]),
                "What was delivered or corrected later is not in it.",
            ),
            tile(
                "Build steps and tests passed",
                manifest["checks"]["dbt_nodes"],
                "If one fails, nothing is published.",
                "all of them",
            ),
            tile(
                "Independent checks passed",
                manifest["checks"]["expectations"],
                "A second set of checks on the tables. If one fails, nothing is published.",
                "all of them",
            ),
            tile("Program version", commit + dirty, "The version to use if you repeat the build."),
        ),
    )


def moment(text: str) -> str:
    """Return a time from the manifest, such as `2026-01-31T17:05:00Z`, to the minute."""
    return f"{text[:10]} {text[11:16]} UTC"


def _profile(context: Context) -> Block:
    mart = "fct_source_profile"
    found = context.snapshot.rows(mart, "column_name")

    def number(value: object) -> Cell:
        if value is None:
            return Cell.said(None)
        return Cell(f"{float(str(value)):,.2f}", value)

    return Table(
        name="profile",
        title="The source, column by column",
        is_whole=True,
        is_folded=True,
        columns=(
            result("column_name", "Column", is_number=False),
            result("null_count", "Missing"),
            result("approximate_distinct_values", "Distinct values (approximate)"),
            result("mean", "Mean"),
            result("median", "Median"),
            result("drift_verdict", "Compared with the last delivery", is_number=False),
        ),
        rows=tuple(
            (
                Cell.said(labels.name(row["column_name"])),
                Cell.said(row["null_count"]),
                Cell.said(row["approximate_distinct_values"]),
                number(row["mean"]),
                number(row["median"]),
                Cell.said(labels.sentence(row["drift_verdict"])),
            )
            for row in found
        ),
        width="full",
    )


def _definitions(context: Context) -> Table:
    metrics = sorted(
        context.snapshot.layer.metrics.values(), key=lambda one: (one.display_folder, one.label)
    )
    return Table(
        name="definitions",
        title="What the numbers mean",
        note="The same definitions as in the Power BI model.",
        is_whole=True,
        is_folded=True,
        columns=(
            Column("Number", "", False),
            Column("Kind", "", False),
            Column("Definition", "", False),
        ),
        rows=tuple(
            (
                Cell.said(metric.label),
                Cell.said(metric.display_folder),
                Cell.said(metric.description),
            )
            for metric in metrics
        ),
        width="full",
    )
