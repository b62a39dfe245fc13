"""Data quality: was everything delivered counted, and what to make of it."""

from bank_warehouse.dashboard.blocks import Block, Cell, Column, Page, Table, Tile, Tiles
from bank_warehouse.dashboard.pages.context import Context, people

FLAGS = (
    "customers_sharing_a_client_id",
    "customers_joined_before_birth",
    "customers_joined_as_minors",
)


def make(context: Context) -> Page:
    """Return the page."""
    return Page(
        "quality",
        "Data quality",
        "Whether all that was delivered is counted, what looks odd, and what was checked.",
        (
            _flags(context),
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
    return Tiles(name="flags", title="What looks odd", tiles=tuple(tiles))


def _totals(context: Context) -> Table:
    mart = "fct_control_totals"
    found = context.snapshot.rows(mart, "column_name <> 'row_count', column_name")
    return Table(
        name="totals",
        title="Delivered and counted",
        note="What was delivered is in the marts or quarantined, to the cent.",
        is_whole=True,
        columns=(
            context.mart_column(mart, "column_name", "Column", is_number=False),
            context.mart_column(mart, "delivered", "Delivered"),
            context.mart_column(mart, "in_marts", "Counted"),
            context.mart_column(mart, "in_quarantine", "Set aside"),
            context.mart_column(mart, "difference", "Difference"),
        ),
        rows=tuple(
            (
                Cell.said(people(row["column_name"])),
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

    def tile(label: str, value: object, definition: str) -> Tile:
        return Tile(label=label, definition=definition, cell=Cell.said(value))

    commit = (manifest.get("git_commit") or "none")[:12]
    dirty = " and changes" if manifest.get("git_is_dirty") else ""
    return Tiles(
        name="release",
        title="What was checked",
        tiles=(
            tile("Release", context.snapshot.release.number, "Number of the release shown."),
            tile("As of", manifest["as_of_date"], "Date at which ages and tenures are measured."),
            tile("Published", moment(manifest["published_at"]), "When the release was published."),
            tile(
                "Tests passed",
                manifest["checks"]["dbt_nodes"],
                "Steps of the build that passed, tests among them.",
            ),
            tile(
                "Expectations met",
                manifest["checks"]["expectations"],
                "Expectations of the second check that were met.",
            ),
            tile("Built from", commit + dirty, "Commit of the project that was built."),
        ),
    )


def moment(text: str) -> str:
    """Return a moment of the manifest for people: `2026-01-31T17:05:00Z` to the minute."""
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
            context.mart_column(mart, "column_name", "Column", is_number=False),
            context.mart_column(mart, "null_count", "Missing"),
            context.mart_column(mart, "approximate_distinct_values", "Distinct, about"),
            context.mart_column(mart, "mean", "Mean"),
            context.mart_column(mart, "median", "Median"),
            context.mart_column(mart, "drift_verdict", "Against the last drop", is_number=False),
        ),
        rows=tuple(
            (
                Cell.said(people(row["column_name"])),
                Cell.said(row["null_count"]),
                Cell.said(row["approximate_distinct_values"]),
                number(row["mean"]),
                number(row["median"]),
                Cell.said(row["drift_verdict"]),
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
