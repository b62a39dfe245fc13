"""The dashboard works in Chromium, with mouse or keyboard, on a phone and in the dark theme.

To save pictures of the pages, set BANK_DASHBOARD_PICTURES to a folder.
"""

import csv
import os
import shutil
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pypdfium2  # type: ignore[import-untyped]
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from bank_warehouse.dashboard import hints
from bank_warehouse.dashboard.access import EVERYONE, Access, Role
from bank_warehouse.dashboard.export import write_export
from bank_warehouse.dashboard.listening import Listening
from bank_warehouse.dashboard.numbers import exact, short
from bank_warehouse.dashboard.pages import PAGES
from bank_warehouse.dashboard.server import create_app
from bank_warehouse.dashboard.snapshots import Snapshot, Snapshots, open_snapshot
from bank_warehouse.publish import Release, current_release
from python_checks.testing.needs import needs, require
from python_checks.tests.warehouse.test_dashboard import MOVES, copy_release, with_moves

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
AXE = Path(os.environ.get("AXE_CORE", "")) if os.environ.get("AXE_CORE") else None
PICTURES = os.environ.get("BANK_DASHBOARD_PICTURES")
WIDE = ViewportSize(width=1400, height=900)
PHONE = ViewportSize(width=390, height=844)
WALL = ViewportSize(width=3840, height=2160)
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)

pytestmark = needs(CHROMIUM, "Chromium", "apt-get install chromium")


@pytest.fixture(scope="module")
def folder(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of releases that a test may add to."""
    releases = tmp_path_factory.mktemp("releases")
    copy_release(published, releases, 1)
    return releases


@pytest.fixture(scope="module")
def snapshots(folder: Path) -> Iterator[Snapshots]:
    snapshots = Snapshots(folder, patience=120)
    yield snapshots
    snapshots.close()


@pytest.fixture(scope="module")
def snapshot(snapshots: Snapshots) -> Snapshot:
    return snapshots.current(EVERYONE)


@pytest.fixture(scope="module")
def address(snapshots: Snapshots, snapshot: Snapshot) -> Iterator[str]:  # noqa: ARG001
    server = Listening(create_app(snapshots, Access()).server, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


class Watched:
    """A page whose requests and console messages are recorded."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        """Open an empty page."""
        self.address = address
        self.faults: list[str] = []
        self.requests: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", lambda request: self.faults.append(f"failed {request.url}"))

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"{message.type}: {message.text}")

    def go(self, path: str) -> Page:
        """Open a path and wait until its page is shown."""
        self.page.goto(self.address + path)
        self.wait_until_settled()
        return self.page

    def wait_until_settled(self) -> None:
        """Wait until the requested page is shown."""
        self.page.wait_for_function(
            """() => {
                const main = document.getElementById('main');
                return main && main.dataset.said && !document.documentElement.dataset.busy;
            }"""
        )

    def assert_no_faults(self) -> None:
        """Assert that there were no errors and no requests to other machines."""
        assert self.faults == []
        hosts = {urlsplit(url).hostname for url in self.requests if not url.startswith("data:")}
        assert hosts <= {"127.0.0.1"}


@pytest.fixture
def watched(browser: Browser, address: str) -> Iterator[Watched]:
    context = browser.new_context(viewport=WIDE, color_scheme="light", reduced_motion="reduce")
    watched = Watched(context, address)
    yield watched
    context.close()


def picture(page: Page, name: str, *, whole: bool = False) -> None:
    """Save a picture of a page, if pictures are requested."""
    if PICTURES:
        page.mouse.move(0, 0)
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=whole)


def tile(page: Page, label: str) -> Any:
    """Return the value of the tile with this label."""
    return page.locator(".tile", has=page.get_by_text(label, exact=True)).locator("dd").first


def accessibility_faults(page: Page) -> list[str]:
    """Return the serious and critical faults that axe-core finds on a page."""
    assert AXE is not None
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{fault['id']} ({fault['impact']}): {node['html'][:150]}"
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


def outside(page: Page) -> list[str]:
    """Return the text that overflows its block, and the blocks that overflow the page."""
    found: list[str] = page.evaluate(
        """() => {
            const out = [];
            const wide = document.documentElement.clientWidth;
            for (const block of document.querySelectorAll('.block')) {
                const frame = block.getBoundingClientRect();
                if (frame.left < -1 || frame.right > wide + 1) out.push(block.id);
                const texts = '.plot span, .axis, .legend, .answers li, .tile, h2, .note, '
                    + '.cards td';
                for (const one of block.querySelectorAll(texts)) {
                    const place = one.getBoundingClientRect();
                    const fits = place.left >= frame.left - 1 && place.right <= frame.right + 1;
                    if (place.width && !fits)
                        out.push(block.id + ': ' + one.textContent);
                }
            }
            return out;
        }"""
    )
    return found


# ---------- each page


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [390, 599, 1440, 2560])
def test_each_page_fits_each_screen(name: str, width: int, browser: Browser, address: str) -> None:
    context = browser.new_context(
        viewport=ViewportSize(width=width, height=900), color_scheme="light"
    )
    watched = Watched(context, address)
    page = watched.go(f"/{name}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert outside(page) == []
    for table in page.locator(".scroll:has(.cards)").all():
        assert table.evaluate("one => one.scrollWidth - one.clientWidth") <= 1
    if name in ("overview", "risk"):  # on other pages, heat maps may scroll sideways
        for table in page.locator(".scroll:has(.heat)").all():
            assert table.evaluate("one => one.scrollWidth - one.clientWidth") <= 1
    expect(page.locator(".invented")).to_contain_text("Invented data")
    watched.assert_no_faults()
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_each_page_prints_fully_and_in_colour(name: str, watched: Watched, tmp_path: Path) -> None:
    """Colours are printed even with Chromium's defaults, which omit backgrounds."""
    page = watched.go(f"/{name}?risk_weighting=3&loyalty_classification=Gold")
    file = tmp_path / "page.pdf"
    page.pdf(path=file)
    document = pypdfium2.PdfDocument(file)
    sheets = [sheet.get_textpage().get_text_bounded() for sheet in document]
    assert "Loyalty class: Gold; Risk weighting: 3" in " ".join(sheets[0].split())
    for text in ("2021-12-31", "Release 1"):
        assert text in " ".join(sheets[0].split())
    for sheet in sheets:
        assert "Invented data" in sheet
    coloured = 0
    for sheet in document:
        pixels = sheet.render(scale=1).to_numpy().astype(int)
        blue, green, red = (pixels[..., place] for place in range(3))
        # Bars and cells have more green and blue than red.
        coloured += int(((green - red > 40) & (blue - red > 30)).sum())
    document.close()
    wanted = page.evaluate(
        """() => [...document.querySelectorAll('.bar, .tint, .area rect, .area circle')]
            .filter((one) => !one.closest('details:not([open])')).length"""
    )
    assert wanted == 0 or coloured > 20 * wanted, (wanted, coloured)
    assert wanted > 5
    page.emulate_media(media="print")
    page.set_viewport_size(ViewportSize(width=740, height=1000))
    assert outside(page) == []
    # No column is so narrow that a sentence becomes a column of words. When it prints, Chromium
    # applies the style rules for 794 pixels, the width of A4 including the margins.
    page.set_viewport_size(ViewportSize(width=794, height=1000))
    page.evaluate("document.body.style.width = '718px'")
    assert (
        page.evaluate(
            """() => [...document.querySelectorAll('.block tbody tr')]
            .filter((row) => row.offsetHeight > 120).map((row) => row.innerText)"""
        )
        == []
    )
    watched.assert_no_faults()


@pytest.mark.parametrize("name", PAGES)
def test_each_page_is_correct_and_accessible(
    name: str, watched: Watched, snapshot: Snapshot
) -> None:
    """Numbers match the metric layer, and the page fits a phone.

    If axe-core is available, it finds no serious fault.
    """
    page = watched.go(f"/{name}?risk_weighting=3&loyalty_classification=Gold")
    filters = {"risk_weighting": (3,), "loyalty_classification": ("Gold",)}
    expect(page.locator("h1")).to_have_text(PAGES[name][0])
    expect(page).to_have_title(f"{PAGES[name][0]} · Bank customers")
    for text in ("As of", "2021-12-31", "Release"):
        expect(page.locator(".facts")).to_contain_text(text)
    (count,) = snapshot.ask(["customers"], (), filters)[0]
    expect(page.locator(".count")).to_have_text(f"{count:,} of 3,000 customers")
    labels = {metric.label: metric for metric in snapshot.layer.metrics.values()}
    seen = 0
    for shown in page.locator("#block-glance .tile").all():
        metric = labels[(shown.locator("dt").text_content() or "").removesuffix("?")]
        cube = {"Recommendations": "actions"}.get(metric.display_folder)
        if metric.name == "recommended_customers":
            cube = "advised"
        (value,) = snapshot.ask([metric.name], (), filters, cube)[0]
        number = shown.locator("dd > *, dd").first
        assert (number.text_content() or "").startswith(short(value, metric))
        brief = shown.locator(".short")
        if brief.count():
            assert brief.get_attribute("title") == exact(value, metric)
        seen += 1
    assert seen >= 3 or name in ("segmentation", "products", "quality")
    for cell in page.locator("table.heat td a").all()[:8]:
        assert "cell=" in (cell.get_attribute("href") or "")
    if AXE is not None:
        assert accessibility_faults(page) == []
        page.emulate_media(color_scheme="dark")
        assert accessibility_faults(page) == []
    page.set_viewport_size(PHONE)
    page.wait_for_function(f"() => document.documentElement.scrollWidth <= {PHONE['width']}")
    watched.assert_no_faults()


def test_heat_map_cells_equal_the_metric_layer(watched: Watched, snapshot: Snapshot) -> None:
    page = watched.go("/risk?show=total_loans&income_band=High")
    metric = snapshot.metric("total_loans")
    for block, dimension in (
        ("cards-risk", "amount_of_credit_cards"),
        ("loyalty-risk", "loyalty_classification"),
        ("income-risk", "income_band"),
    ):
        filters = {"income_band": ("High",)}
        wanted = {
            (str(row), str(column)): value
            for row, column, value in snapshot.ask(
                ["total_loans"], [dimension, "risk_weighting"], filters
            )
        }
        table = page.locator(f"#block-{block} table")
        assert "1 low – 5 high" in (table.locator(".top-label").text_content() or "")
        heads = table.locator("thead tr").nth(1).locator("th").all_text_contents()
        risks: dict[Any, Any] = dict(snapshot.ask(["mean_risk_weighting"], [dimension], filters))
        found = 0
        for line in table.locator("tbody tr").all():
            side = line.locator("th").text_content() or ""
            *cells, last = line.locator("td").all()
            by_side = {str(value): risk for value, risk in risks.items()}
            mean = snapshot.metric("mean_risk_weighting")
            if side in by_side:
                assert last.text_content() == short(by_side[side], mean)
            for head, cell in zip(heads, cells, strict=True):
                text = cell.text_content()
                assert text == (
                    short(wanted[(side, head)], metric) if (side, head) in wanted else ""
                )
                found += bool(text)
        assert found == len(wanted)
    watched.assert_no_faults()


def test_axe_core_is_available() -> None:
    require(AXE, "axe-core", "npm pack axe-core, then set AXE_CORE to its axe.min.js")
    assert AXE is not None
    assert AXE.is_file()


# ---------- what a reader does


def test_filters_are_kept_in_the_address(watched: Watched, snapshot: Snapshot) -> None:
    page = watched.go("/")
    page.locator("#filter-loyalty_classification summary").click()
    page.get_by_role("button", name="Gold", exact=True).click()
    page.wait_for_url("**/?loyalty_classification=Gold")
    watched.wait_until_settled()
    page.get_by_role("button", name="Jade", exact=True).click()
    page.wait_for_url("**/?loyalty_classification=Gold&loyalty_classification=Jade")
    watched.wait_until_settled()
    filters = {"loyalty_classification": ("Gold", "Jade")}
    (count,) = snapshot.ask(["customers"], (), filters)[0]
    expect(page.locator(".count")).to_have_text(f"{count:,} of 3,000 customers")
    expect(page.get_by_role("button", name="Gold", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Credit and risk").click()
    page.wait_for_url("**/risk?loyalty_classification=Jade&loyalty_classification=Gold")
    watched.wait_until_settled()
    expect(page.locator("h1")).to_have_text("Credit and risk")
    expect(page.locator(".count")).to_have_text(f"{count:,} of 3,000 customers")
    expect(page.locator("#block-losses")).to_contain_text("All customers, unfiltered")

    link = page.url
    other = watched.page.context.new_page()
    other.goto(link)
    expect(other.locator(".count")).to_have_text(f"{count:,} of 3,000 customers")
    other.close()

    page.go_back()
    watched.wait_until_settled()
    expect(page.locator("h1")).to_have_text("Overview")
    page.get_by_role("link", name="Clear the filters").click()
    expect(page.locator(".count")).to_have_text("3,000 of 3,000 customers")
    page.locator("#filter-joined_year summary").click()
    page.get_by_role("button", name="2020", exact=True).click()
    page.wait_for_url("**/?joined_year=2020")
    watched.wait_until_settled()
    watched.assert_no_faults()


def test_a_click_on_a_cell_shows_its_details(
    watched: Watched, snapshot: Snapshot, tmp_path: Path
) -> None:
    page = watched.go("/risk")
    picture(page, "dashboard-risk")
    row = page.locator("#block-cards-risk tbody tr", has=page.locator("th", has_text="2"))
    row.locator("td a").nth(2).click()
    drawer = page.get_by_role("complementary", name="Details")
    expect(drawer).to_be_visible()
    watched.wait_until_settled()
    assert "cell=amount_of_credit_cards%3A2&cell=risk_weighting%3A3" in page.url
    filters = {"amount_of_credit_cards": (2,), "risk_weighting": (3,)}
    metric = snapshot.metric("total_loans")
    (value,) = snapshot.ask(["total_loans"], (), filters)[0]
    line = drawer.locator("tr", has=page.get_by_role("rowheader", name=metric.label, exact=True))
    expect(line.locator("td").first).to_have_text(short(value, metric))
    expect(line.locator("td .short").first).to_have_attribute("title", exact(value, metric))
    for text in ("As of", "Release"):
        covered = page.locator(".facts > span", has_text=text).evaluate(
            """one => {
                const place = one.getBoundingClientRect();
                return document.elementFromPoint(place.x + 2, place.y + 2).closest('.top') === null;
            }"""
        )
        assert not covered, text
    picture(page, "dashboard-cell")
    if AXE is not None:
        assert accessibility_faults(page) == []
    with page.expect_download() as waiting:
        drawer.get_by_role("link", name="Download as CSV: Details:").click()
    saved = tmp_path / "detail.csv"
    waiting.value.save_as(saved)
    with saved.open(encoding="utf-8-sig", newline="") as file:
        rows = {line[0]: line[1] for line in csv.reader(file)}
    assert Decimal(rows[metric.label]) == value
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    assert "cell=" not in page.url
    watched.assert_no_faults()


def test_bar_and_bubble_open_their_details(watched: Watched) -> None:
    page = watched.go("/quality")
    page.locator("#block-joiners rect").nth(10).click()
    expect(page.locator(".drawer h2").first).to_contain_text("joining year")
    watched.go("/segmentation")
    bubble = page.locator("#block-segments-map circle").first
    bubble.hover()
    expect(page.locator("#tip")).to_contain_text("mean deposits")
    bubble.click()
    expect(page.locator(".drawer h2").first).to_contain_text("segment")
    watched.wait_until_settled()
    watched.assert_no_faults()


def test_moves_between_two_dates_are_shown(browser: Browser, folder: Path) -> None:
    def opened(release: Release, role: Role) -> Snapshot:
        return with_moves(open_snapshot(release, role))

    snapshots = Snapshots(folder, patience=120, opened=opened)
    server = Listening(create_app(snapshots, Access()).server, "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = browser.new_context(viewport=WIDE, color_scheme="light", reduced_motion="reduce")
    watched = Watched(context, f"http://127.0.0.1:{server.port}")
    page = watched.go("/segmentation")
    bands = page.locator("#block-moves polygon")
    expect(bands).to_have_count(len(MOVES))
    # The mouse would hover over the centre of the bounding box, which is outside a curved band. So
    # the event is dispatched directly.
    page.locator("#block-moves polygon.moved").first.dispatch_event("mouseover")
    expect(page.locator("#tip")).to_contain_text("customers")
    expect(page.locator("#block-moves h2")).to_contain_text("since 30 November 2021")
    assert outside(page) == []
    page.set_viewport_size(PHONE)
    assert outside(page) == []
    watched.go("/")
    expect(page.locator("#block-glance")).to_contain_text("since 30 November 2021")
    watched.assert_no_faults()
    context.close()
    server.shutdown()
    server.server_close()
    snapshots.close()


def test_menus_change_the_comparison(watched: Watched) -> None:
    page = watched.go("/segmentation")
    compared = page.locator("#block-compare")
    expect(compared.locator(".mark")).to_contain_text("Could be chance")
    compared.locator("summary", has_text="Compare by").click()
    compared.get_by_role("link", name="Segment", exact=True).click()
    page.wait_for_url("**by=segment")
    watched.wait_until_settled()
    expect(compared.locator(".mark")).to_contain_text("Built in")
    expect(compared.locator("td.pale")).to_have_count(0)
    compared.locator("summary", has_text="Compare by").click()
    compared.get_by_role("link", name="Investment advisor").click()
    page.wait_for_url("**by=investment_advisor")
    watched.wait_until_settled()
    expect(compared.locator("tbody tr")).to_have_count(22)
    mark = compared.locator(".mark")
    expect(mark).to_contain_text("Could be chance")
    expect(compared.locator("td.pale").first).to_be_visible()
    mark.hover()
    expect(page.locator("#tip")).to_contain_text("drawn at random could differ as much")
    compared.locator("summary", has_text="Show").click()
    compared.get_by_role("link", name="Mean income").click()
    page.wait_for_url("**by=investment_advisor&show=mean_estimated_income")
    watched.wait_until_settled()
    expect(compared.locator("h2")).to_have_text("Mean income by investment advisor")
    watched.assert_no_faults()


def test_hints_are_shown_on_hover_and_focus(watched: Watched) -> None:
    page = watched.go("/")
    text = hints.METRICS["total_loans"]
    button = page.get_by_role("button", name=f"Total loans: {text}")
    button.hover()
    expect(page.locator("#tip")).to_have_text(text)
    page.mouse.move(0, 0)
    expect(page.locator("#tip")).to_be_hidden()
    button.focus()
    expect(page.locator("#tip")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#tip")).to_be_hidden()


def test_pages_work_by_keyboard_alone(watched: Watched) -> None:
    page = watched.go("/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.locator("#filter-risk_weighting summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    first = page.locator("#filter-risk_weighting button").first
    expect(first).to_be_focused()
    page.keyboard.press("Space")
    page.wait_for_url("**/?risk_weighting=1")
    watched.wait_until_settled()
    expect(first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#filter-risk_weighting summary")).to_be_focused()
    cell = page.locator("#block-risk-by-income tbody td a").first
    cell.focus()
    page.keyboard.press("Enter")
    drawer = page.locator("#detail")
    expect(drawer).to_be_focused()
    page.keyboard.press("Tab")
    expect(drawer.locator(".close")).to_be_focused()
    page.keyboard.press("Enter")
    expect(drawer).to_have_count(0)
    expect(page.locator("#block-risk-by-income tbody td a").first).to_be_focused()
    expect(page.locator("#said")).to_contain_text("of 3,000 customers")
    watched.assert_no_faults()


def test_theme_is_remembered(watched: Watched) -> None:
    page = watched.go("/segmentation")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.get_by_role("button", name="Theme: switch between light and dark").click()
    dark = page.evaluate(background)
    assert dark != light
    text = page.locator("#block-intervals .names span").first
    assert text.evaluate("one => getComputedStyle(one).color") == "rgb(233, 239, 245)"
    picture(page, "dashboard-dark")
    page.reload()
    watched.wait_until_settled()
    assert page.evaluate(background) == dark
    page.get_by_role("button", name="Theme: switch between light and dark").click()
    assert page.evaluate(background) == light
    watched.assert_no_faults()


def test_pages_work_on_a_phone(browser: Browser, address: str) -> None:
    context = browser.new_context(
        viewport=PHONE, has_touch=True, is_mobile=True, color_scheme="light", device_scale_factor=1
    )
    watched = Watched(context, address)
    page = watched.go("/?risk_weighting=3")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    picture(page, "dashboard-phone")
    page.locator("#filter-loyalty_classification summary").tap()
    page.get_by_role("button", name="Gold", exact=True).tap()
    page.wait_for_url("**risk_weighting=3")
    watched.wait_until_settled()
    page.locator("#filter-loyalty_classification summary").tap()
    page.locator("#block-risk-by-income tbody td a").first.tap()
    expect(page.locator("#detail")).to_be_in_viewport()
    page = watched.go("/quality")
    expect(page.locator(".pages [aria-current]")).to_be_in_viewport(ratio=1)
    page = watched.go("/risk")
    assert outside(page) == []
    watched.assert_no_faults()
    context.close()


def test_overview_fills_a_large_screen(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport=WALL, color_scheme="dark")
    watched = Watched(context, address)
    page = watched.go("/")
    assert float(page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")) >= 22
    blocks = page.locator(".blocks").bounding_box()
    assert blocks
    assert blocks["width"] > WALL["width"] * 0.9
    tick = page.locator(".plot .across span").first
    assert 18 <= float(tick.evaluate("one => parseFloat(getComputedStyle(one).fontSize)")) < 24
    watched.assert_no_faults()
    context.close()


def test_pictured_pages_open_without_faults(watched: Watched) -> None:
    for name in ("overview", "income"):
        page = watched.go("/" if name == "overview" else f"/{name}")
        expect(page.locator(".block").first).to_be_visible()
        picture(page, f"dashboard-{name}")
    watched.assert_no_faults()


# ---------- empty pages, new releases, the export


def test_pages_say_so_if_no_customer_matches_the_filters(watched: Watched) -> None:
    search = "loyalty_classification=Platinum&risk_weighting=5&occupation_family=Legal"
    search += "&joined_year=1995&income_band=Low"
    for name in PAGES:
        page = watched.go(f"/{name}?{search}")
        expect(page.locator(".count")).to_have_text("0 of 3,000 customers")
    watched.go(f"/?{search}")
    expect(page.locator("#block-segments-map")).to_contain_text("No customers match these filters.")
    watched.go(f"/risk?{search}")
    expect(page.locator("#block-loyalty-risk")).to_contain_text("No customers match these filters.")
    watched.assert_no_faults()


def test_an_open_page_shows_a_new_release(
    watched: Watched, published: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bank_warehouse.dashboard.layout.LOOK_AGAIN", 300)
    snapshots = Snapshots(folder, patience=120)
    server = Listening(create_app(snapshots, Access()).server, "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    watched.address = f"http://127.0.0.1:{server.port}"
    page = watched.go("/income?risk_weighting=2")
    expect(page.locator(".facts")).to_contain_text("Release 1")
    copy_release(published, folder, 2)
    expect(page.locator(".facts")).to_contain_text("Release 2")
    expect(page.locator("h1")).to_have_text("Income and deposits")
    assert page.url.endswith("/income?risk_weighting=2")
    watched.assert_no_faults()
    (folder / "current").write_text("1\n", encoding="utf-8")
    server.shutdown()
    server.server_close()
    snapshots.close()


def test_page_before_the_first_release_names_the_first_command(
    browser: Browser, published: Path, tmp_path: Path
) -> None:
    snapshots = Snapshots(tmp_path, patience=120)
    server = Listening(create_app(snapshots, Access()).server, "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = browser.new_context(viewport=WIDE, color_scheme="light")
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.port}/")
    expect(page.get_by_role("heading", name="Nothing is published yet")).to_be_visible()
    expect(page.locator("code").first).to_have_text("bank build")
    assert current_release(published).number
    context.close()
    server.shutdown()
    server.server_close()
    snapshots.close()


def test_the_export_opens_without_a_network(
    browser: Browser, published: Path, tmp_path: Path
) -> None:
    target = tmp_path / "pages.html"
    write_export(published, target)
    context = browser.new_context(viewport=WIDE, color_scheme="light", offline=True)
    watched = Watched(context, "")
    page = watched.page
    page.goto(target.as_uri())
    expect(page.get_by_role("heading", level=1)).to_have_count(len(PAGES))
    assert page.locator(".plot svg").first.bounding_box()
    expect(page.locator(".invented")).to_be_visible()
    assert watched.requests == [target.as_uri()]
    assert watched.faults == []
    if AXE is not None:
        # axe-core is a script, and the export's policy forbids scripts. So the policy is bypassed.
        scriptable = browser.new_context(viewport=WIDE, bypass_csp=True)
        other = scriptable.new_page()
        other.goto(target.as_uri())
        assert accessibility_faults(other) == []
        scriptable.close()
    context.close()
