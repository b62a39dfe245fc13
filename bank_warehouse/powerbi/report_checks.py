"""Checks a written report: its answers, its story and its layout.

The checks read only the files. The relationships show what a slicer filters, a measure's DAX shows
what it reads, and a visual's axis shows what its tooltip must answer.
"""

import re
from collections.abc import Iterator, Mapping

from bank_warehouse.powerbi import report_files, theme
from bank_warehouse.powerbi.model_text import ModelText
from bank_warehouse.powerbi.page_parts import ALL_CUSTOMERS, CHARTS, PHONE_WIDTH
from bank_warehouse.powerbi.report_files import SCHEMAS, Files, Page, Visual
from bank_warehouse.powerbi.tmdl_reader import Node

CUSTOMERS = "Customers"
"""The table that the customer slicers filter."""

WITHOUT_CUSTOMERS = frozenset({"Release", "Access"})
"""Tables without customer data."""

DIFFERENCES = "Segment differences"
"""The table with the tests that tooltips show."""

WANTED_MEASURES = (
    "Credit card balance",
    "Mean credit card balance",
    "Credit cards per customer",
    "Mean risk weighting",
    "Share on the watch list",
    "Exposure",
)
"""Measures that the bank asked for by name."""

WANTED_TREES = ("Total loans", "Mean risk weighting")
WANTED_QUESTIONS = 4
FIGURES = 5
"""Minimum number of key figures on a page."""


def findings(files: Files, model: ModelText) -> Iterator[str]:
    """Yield every mistake found, as `where: what is wrong`."""
    pages = report_files.pages(files)
    for page in pages.values():
        where = f"page {page.title}"
        yield from _shape(where, page)
        if page.kind != "Tooltip":
            yield from _reach(where, page, model)
            yield from _phone(where, page)
        for visual in page.visuals.values():
            named = f"{where}, {visual.title or visual.name}"
            yield from _tooltip(named, visual, pages, model)
            yield from _title(named, visual, model)
            yield from _choice(named, visual, page, model)
    yield from _navigation(pages, files)
    yield from _bookmarks(pages, files)
    yield from _story(pages, model)
    yield from _parameters(pages, model)
    yield from _versions(files)


# ---------- what reaches a visual


def unreached(tables: set[str], model: ModelText) -> set[str]:
    """Return the tables that a filter on customers does not reach.

    A dimension that filters a reached table, such as products, counts as reached.
    """
    reached = {table for table in model.tables if CUSTOMERS in model.filtered_by(table)}
    lists = {parent for table in reached for parent in model.filtered_by(table)}
    return tables - reached - lists - WITHOUT_CUSTOMERS


def tables_shown(visual: Visual, model: ModelText) -> set[str]:
    """Return the tables that a visual's measures read, or those of its columns if it has none."""
    names = [name for _, name in visual.fields("Measure")]
    tables = {table for name in names for table in model.tables_in(name)}
    if not names:
        tables = {table for table, _ in visual.fields("Column")}
    return tables


def _reach(where: str, page: Page, model: ModelText) -> Iterator[str]:
    """Yield a finding for text or style that is wrong about whether slicers reach a visual."""
    is_chosen = any(
        visual.kind == "slicer" and not unreached({table}, model) and table not in WITHOUT_CUSTOMERS
        for visual in page.visuals.values()
        for table, _ in visual.fields("Column")
    )
    for visual in page.visuals.values():
        if visual.kind == "slicer" or not visual.projections():
            continue
        named = f"{where}, {visual.title or visual.name}"
        is_whole = bool(unreached(tables_shown(visual, model), model))
        says = [ALL_CUSTOMERS in text.lower() for text in (visual.title, visual.alt)]
        looks = report_files.property_of(visual.dress, "background", "color") == theme.WHOLE
        if is_whole and not all(says):
            yield f"{named}: no slicer reaches it, but its text does not say '{ALL_CUSTOMERS}'"
        if is_whole and not looks:
            yield f"{named}: no slicer reaches it, but it is not styled as showing all customers"
        claims = any(says) or ALL_CUSTOMERS in visual.fixed_title.lower()
        if is_chosen and not is_whole and claims:
            yield f"{named}: says '{ALL_CUSTOMERS}', but the page's slicers filter it"
        if looks and not all(says):
            yield f"{named}: is styled as showing all customers, but does not say so"


# ---------- tooltips


def _tooltip(
    where: str, visual: Visual, pages: Mapping[str, Page], model: ModelText
) -> Iterator[str]:
    section = report_files.property_of(visual.dress, "visualTooltip", "section")
    if not section or section not in pages:
        return
    page = pages[section]
    if visual.kind in CHARTS and not report_files.property_of(
        visual.visual.get("objects", {}), "labels", "show"
    ):
        yield f"{where}: it has a tooltip page but no data labels"
    there = {name for card in page.of("cardVisual") for _, name in card.fields("Measure")}
    for name in _measures(visual, model):
        if not any(other == name or other.startswith(f"{name}, ") for other in there):
            yield f"{where}: its tooltip page does not show {name}, which Power BI's own would"
    axis = [
        model.columns.get(table, {})[name].properties.get("sourceColumn", "")
        for table, name in visual.fields("Column", "Category", "Series", "Rows", "Columns")
        if name in model.columns.get(table, {})
    ]
    answers = 0
    for answer in page.visuals.values():
        tables = {table for table, _ in answer.fields("Column")}
        for name in (name for _, name in answer.fields("Measure")):
            tables |= model.tables_in(name) if answer.kind != "cardVisual" else set()
        if DIFFERENCES not in tables:
            continue
        answers += 1
        if model.filtered_by(DIFFERENCES) != {DIFFERENCES}:
            yield f"{where}: slicers change the answer in its tooltip"
        yield from _answer(where, answer, axis)
    if not answers:
        yield f"{where}: its tooltip page gives no answer"


def _answer(where: str, answer: Visual, axis: list[str]) -> Iterator[str]:
    """Yield a finding if a tooltip does not test the visual's axis, or shows untested groups."""
    kept: dict[str, list[object]] = {}
    left_out: dict[str, list[object]] = {}
    for each in answer.filters:
        for table, name, is_not, values in report_files.filter_values(each.get("filter", {})):
            if table == DIFFERENCES:
                (left_out if is_not else kept)[name] = values
    if len(kept.get("Dimension", [])) != 1 or kept["Dimension"][0] not in axis:
        yield f"{where}: its tooltip tests {kept.get('Dimension')}, but its axis is {axis}"
    others = [name for name in axis if name not in kept.get("Dimension", [])]
    if others and kept.get("Measure") != others:
        yield f"{where}: its tooltip compares {kept.get('Measure')}, not {others}"
    if "Not tested" not in left_out.get("Method", []):
        yield f"{where}: its tooltip gives an answer for groups that were not tested"


def _measures(visual: Visual, model: ModelText) -> list[str]:
    """Return the measures that a visual shows, including those that a reader can choose."""
    names = [name for _, name in visual.fields("Measure")]
    for table, _ in visual.parameters:
        names += [name for name in entries_of(table, model) if name not in names]
    return names


def entries_of(table: str, model: ModelText) -> list[str]:
    """Return the measures that a field parameter offers."""
    node = model.tables.get(table)
    text = (
        "".join(each.properties.get("source", "") for each in node.of("partition")) if node else ""
    )
    return re.findall(r"NAMEOF\('[^']*'\[([^\]]+)\]\)", text)


# ---------- numbers and words


def _title(where: str, visual: Visual, model: ModelText) -> Iterator[str]:
    if not visual.finding:
        return
    if visual.finding not in model.measures:
        yield f"{where}: its title measure {visual.finding} does not exist"
    elif not _is_text(model.measures[visual.finding][1]):
        yield f"{where}: its title is the number {visual.finding}, not a sentence"
    if not report_files.property_of(visual.dress, "subTitle", "text"):
        yield f"{where}: its title states a finding, but nothing says what the visual shows"


def _is_text(measure: Node) -> bool:
    return "formatString" not in measure.properties and '"' in measure.text


# ---------- field parameters and sliders


def _choice(where: str, visual: Visual, page: Page, model: ModelText) -> Iterator[str]:
    for table, name in visual.parameters:
        entries = entries_of(table, model)
        if not entries:
            yield f"{where}: {table} is not a field parameter"
            continue
        if not {measure for _, measure in visual.fields("Measure")} & set(entries):
            yield f"{where}: shows none of the measures of {table}"
        if not any((table, name) in slicer.fields("Column") for slicer in page.of("slicer")):
            yield f"{where}: its page has no slicer that chooses its measure"
        coloured = {
            str(each.get("selector", {}).get("metadata"))
            for each in visual.visual.get("objects", {}).get("values", [])
        }
        for entry in entries:
            if not any(metadata.endswith(f".{entry}") for metadata in coloured):
                yield f"{where}: its cells have no colour when {entry} is chosen"


def _parameters(pages: Mapping[str, Page], model: ModelText) -> Iterator[str]:
    used = {
        field
        for page in pages.values()
        for visual in page.of("slicer")
        for field in visual.fields("Column")
    }
    shown = {
        name
        for page in pages.values()
        for visual in page.visuals.values()
        for name in [*(name for _, name in visual.fields("Measure")), visual.finding]
    }
    read = {table for name in shown if name for table in model.tables_in(name)}
    for table in model.tables.values():
        sources = [each.properties.get("source", "") for each in table.of("partition")]
        is_slider = any("GENERATESERIES(" in text for text in sources)
        is_choice = any("NAMEOF(" in text for text in sources)
        if not is_slider and not is_choice:
            continue
        marked = [
            column
            for column in table.of("column")
            if any(each.name == "ParameterMetadata" for each in column.of("extendedProperty"))
        ]
        if len(marked) != 1:
            yield f"table {table.name}: Power BI does not recognize it as a parameter"
        if not any(name == table.name for name, _ in used):
            yield f"table {table.name}: no slicer uses it"
        if is_slider and table.name not in read:
            yield f"table {table.name}: no visual depends on it"
        for entry in entries_of(table.name, model):
            if entry not in model.measures:
                yield f"table {table.name}: the measure {entry} does not exist"


# ---------- the story


def _navigation(pages: Mapping[str, Page], files: Files) -> Iterator[str]:
    bookmarks = report_files.bookmarks(files)
    for number, page in enumerate(pages.values()):
        where = f"page {page.title}"
        if page.kind == "Tooltip":
            continue
        if not page.of("pageNavigator"):
            yield f"{where}: has no navigation to the other pages"
        links = [_link(each) for each in page.of("actionButton")]
        if number and ("Back", None) not in links:
            yield f"{where}: has no back button"
        targets = [str(target) for kind, target in links if kind == "Bookmark"]
        for target in targets:
            if target not in bookmarks:
                yield f"{where}: a button's bookmark does not exist"
        if not page.kind and not any(
            len(each.fields("Measure")) >= FIGURES for each in page.of("cardVisual")
        ):
            yield f"{where}: has fewer than {FIGURES} key figures"
        slicers = {each.name for each in page.of("slicer") if each.visual.get("syncGroup")}
        choices = {
            each.name
            for each in page.of("slicer")
            if any(name == table for table, name in each.fields("Column"))
        }
        slicers -= choices
        reset = {
            name
            for target in targets
            if bookmarks.get(target, {}).get("options", {}).get("suppressActiveSection")
            for name in bookmarks[target]["options"].get("targetVisualNames", [])
        }
        if slicers - reset:
            yield f"{where}: no button resets its slicers"


def _link(visual: Visual) -> tuple[str, str | None]:
    kind = report_files.property_of(visual.dress, "visualLink", "type")
    return str(kind), report_files.property_of(visual.dress, "visualLink", "bookmark")


def _bookmarks(pages: Mapping[str, Page], files: Files) -> Iterator[str]:
    index = report_files.load(files, report_files.path_ending(files, "bookmarks/bookmarks.json"))
    listed = [
        name for item in index.get("items", []) for name in item.get("children", [item["name"]])
    ]
    found = report_files.bookmarks(files)
    for name in sorted(set(listed) ^ set(found)):
        yield f"bookmarks: {name} is listed without a file, or has a file but is not listed"
    for name, bookmark in found.items():
        where = f"bookmark {bookmark.get('displayName') or name}"
        state = bookmark.get("explorationState", {})
        section = state.get("activeSection")
        if section not in pages:
            yield f"{where}: opens a page that does not exist"
            continue
        visuals = pages[section].visuals
        targets = bookmark.get("options", {}).get("targetVisualNames", [])
        states = state.get("sections", {}).get(section, {}).get("visualContainers", {})
        for target in sorted({*targets, *states} - set(visuals)):
            yield f"{where}: changes {target}, which is on another page"
        if set(targets) != set(states):
            yield f"{where}: its list of changed visuals does not match its changes"
    questions = [
        each for each in found.values() if not each.get("options", {}).get("suppressActiveSection")
    ]
    linked = {_link(each)[1] for page in pages.values() for each in page.of("actionButton")}
    asked = [each for each in questions if each.get("name") in linked]
    if len(asked) < WANTED_QUESTIONS:
        yield (
            f"bookmarks: only {len(asked)} of the {WANTED_QUESTIONS} questions have a bookmark "
            "that a button opens"
        )


def _story(pages: Mapping[str, Page], model: ModelText) -> Iterator[str]:
    normal = [page for page in pages.values() if page.kind != "Tooltip"]
    visuals = [visual for page in normal for visual in page.visuals.values()]
    shown = {name for visual in visuals for name in _measures(visual, model)}
    for name in WANTED_MEASURES:
        if name not in shown:
            yield f"report: no visual shows {name}"
    trees = {
        name
        for visual in visuals
        if visual.kind == "decompositionTreeVisual"
        for _, name in visual.fields("Measure", "Analyze")
    }
    for name in WANTED_TREES:
        if name not in trees:
            yield f"report: no decomposition tree analyses {name}"
    scatters = [visual for visual in visuals if visual.kind == "scatterChart"]
    for visual in scatters:
        if not report_files.property_of(visual.visual.get("objects", {}), "trend", "show"):
            yield f"report: {visual.title}: the scatter chart has no trend line"
    for page in normal:
        if page.kind or page.of("decompositionTreeVisual"):
            continue
        if not any(visual.finding for visual in page.visuals.values()):
            yield f"page {page.title}: no title states a finding"
    moved = {table for table in model.tables if table.endswith("migrations")}
    for visual in visuals:
        tables = tables_shown(visual, model)
        if visual.kind == "pivotTable" and tables & moved:
            text = (
                model.measures[visual.finding][1].text if visual.finding in model.measures else ""
            )
            if not any(f"ISEMPTY('{table}')" in text for table in moved):
                yield f"{visual.title}: its title does not say that there is only one date"


# ---------- page shape, phone layout and versions


def _shape(where: str, page: Page) -> Iterator[str]:
    width, height = page.content.get("width", 0), page.content.get("height", 0)
    if page.kind != "Tooltip":
        if width * 9 != height * 16:
            yield f"{where}: is {width} by {height}, which is not 16:9"
        if page.content.get("displayOption") != "FitToPage":
            yield f"{where}: does not fit the window, so readers must scroll"
    titles = [visual.title for visual in page.visuals.values() if visual.title]
    for title in sorted({each for each in titles if titles.count(each) > 1}):
        yield f"{where}: has the title {title!r} twice"


def _phone(where: str, page: Page) -> Iterator[str]:
    boxes = {
        visual.title: report_files.box(visual.mobile.get("position", {}))
        for visual in page.visuals.values()
        if visual.mobile
    }
    charts = [visual for visual in page.visuals.values() if visual.projections()]
    if not any(visual.mobile for visual in charts):
        yield f"{where}: has no layout for a phone"
    for title, (left, _, right, _) in boxes.items():
        if left < 0 or right > PHONE_WIDTH:
            yield f"{where}, {title}: is wider than a phone"
    for one, other in report_files.overlapping(boxes):
        yield f"{where}: {one} and {other} overlap on a phone"


def _versions(files: Files) -> Iterator[str]:
    """Yield files that require a newer version of Desktop than their content needs."""
    allowed = {re.sub(r"/[\d.]+/", "/", address): address for address in SCHEMAS.values()}
    for path in files:
        if path.endswith((".json", ".pbir", ".pbism", ".pbip", ".platform")):
            address = str(report_files.load(files, path).get("$schema", ""))
            wanted = allowed.get(re.sub(r"/[\d.]+/", "/", address))
            if address and address != wanted:
                yield f"{path}: uses the schema {address}; {wanted} is enough"
