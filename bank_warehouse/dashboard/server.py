"""The web server: maps addresses to pages, for the role of the user."""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast

# Import pandas before any thread starts. DuckDB would otherwise import it in the thread that reads
# the first release, and Plotly would fail in a thread that finds it half imported.
import pandas  # noqa: F401
from dash import Dash, Input, Output, State, no_update
from flask import Flask, Response, abort, request

from bank_warehouse.dashboard import layout
from bank_warehouse.dashboard.access import Access, RefusedError, Role
from bank_warehouse.dashboard.compression import compress
from bank_warehouse.dashboard.downloads import csv_of, origin_of
from bank_warehouse.dashboard.errors import DashboardError
from bank_warehouse.dashboard.hosts import LOCAL_NAMES, host_of
from bank_warehouse.dashboard.listening import LARGEST_BODY
from bank_warehouse.dashboard.pages import PAGES, Context, make_page
from bank_warehouse.dashboard.pages.context import SHARE_OF_ROW
from bank_warehouse.dashboard.security import protect
from bank_warehouse.dashboard.snapshots import PreparingError, Snapshot, Snapshots
from bank_warehouse.dashboard.views import View, read_view
from bank_warehouse.hints import runnable
from bank_warehouse.publish import NoReleaseError, PublishError

ASSETS = Path(__file__).parent / "assets"
LOG = logging.getLogger(__name__)


def create_app(
    snapshots: Snapshots, access: Access, host_names: Iterable[str] = LOCAL_NAMES
) -> Dash:
    """Return the dashboard; `create_app(...).server` is a WSGI application.

    Args:
        snapshots: snapshots of the releases.
        access: which user sees which customers.
        host_names: host names that it answers to, in lower case, without a port.
    """
    server = Flask(__name__)
    server.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app = Dash(
        __name__,
        server=cast("Any", server),
        assets_folder=str(ASSETS),
        serve_locally=True,
        title=layout.TITLE,
        update_title="",
        index_string=layout.INDEX,
        add_log_handler=False,
        enable_mcp=False,
        suppress_callback_exceptions=True,
    )
    app.layout = layout.frame()
    _refuse_other_names(server, frozenset(host_names))
    _refuse_strangers(server, access)
    _answer_downloads(server, snapshots, access)
    _answer_pages(app, snapshots, access)
    # The last handler added runs first: headers are set before a response is compressed.
    compress(server)
    protect(server, app.csp_hashes())
    return app


def _role(access: Access) -> Role:
    return access.role_of(dict(request.headers), request.remote_addr)


def _refuse_other_names(server: Flask, host_names: frozenset[str]) -> None:
    """Refuse requests for other host names, which guards against DNS rebinding.

    Another site can make its host name resolve to this machine. Its pages could then read the pages
    of the dashboard.
    """

    @server.before_request
    def refuse() -> Response | None:
        if host_of(request.environ.get("HTTP_HOST", "")) in host_names:
            return None
        text = (
            "The dashboard does not answer to this host name. Whoever runs it can allow it with "
            "--host-name.\n"
        )
        return Response(text, 421, mimetype="text/plain")


def _refuse_strangers(server: Flask, access: Access) -> None:
    """Refuse unknown users; they do not even get the empty page frame."""

    @server.before_request
    def refuse() -> Response | None:
        try:
            _role(access)
        except RefusedError as refused:
            return Response(f"{refused}\n", 403, mimetype="text/plain")
        except DashboardError as problem:
            LOG.error("%s", problem.message)
            return Response(
                "The access file cannot be used: see the log.\n", 503, mimetype="text/plain"
            )
        return None


def _answer_downloads(server: Flask, snapshots: Snapshots, access: Access) -> None:
    @server.get("/csv/<page>/<block>.csv")
    def download(page: str, block: str) -> Response:
        if page not in PAGES:
            abort(404)
        try:
            snapshot = snapshots.current(_role(access))
        except (PublishError, DashboardError, PreparingError):
            abort(503)
        view = _view(snapshot, page, request.query_string.decode("ascii", "replace"))
        made = make_page(Context(snapshot, view))
        found = next((each for each in (*made.blocks, *made.detail) if each.name == block), None)
        if found is None:
            abort(404)
        origin = origin_of(snapshot, view, found)
        return Response(
            csv_of(found, origin),
            mimetype="text/csv",
            headers={"Content-Disposition": f'attachment; filename="{origin.file_name}"'},
        )


def _answer_pages(app: Dash, snapshots: Snapshots, access: Access) -> None:
    @app.callback(
        Output("app", "children"),
        Output("shown", "data"),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("news", "data"),
    )
    def show(path: str | None, search: str | None, news: object) -> tuple[Any, Any]:  # noqa: ARG001
        return answered(
            lambda: _page(snapshots, access, path or "/", search or ""), snapshots.publish_dir
        )

    @app.callback(
        Output("news", "data"),
        Input("tick", "n_intervals"),
        State("shown", "data"),
        prevent_initial_call=True,
    )
    def look(times: object, shown: object) -> Any:  # noqa: ARG001
        try:
            number = snapshots.current(_role(access)).release.number
        except (PublishError, DashboardError, PreparingError):
            return no_update
        return no_update if number == shown else number


def _page(
    snapshots: Snapshots, access: Access, path: str, search: str
) -> tuple[list[Any], int | None]:
    snapshot = snapshots.current(_role(access))
    page = path.strip("/") or "overview"
    if page not in PAGES:
        text = "There is no page with this name.\nThe pages are: " + ", ".join(
            f"`/{name}`" for name in PAGES
        )
        return layout.state("No such page", text), snapshot.release.number
    return layout.shown(snapshot, _view(snapshot, page, search)), snapshot.release.number


def _view(snapshot: Snapshot, page: str, search: str) -> View:
    shown = (*snapshot.layer.metrics, SHARE_OF_ROW.name)
    return read_view(page, search, snapshot.values, shown)


def answered(
    make: Callable[[], tuple[list[Any], int | None]], publish_dir: Path
) -> tuple[list[Any], int | None]:
    """Return a page, or a page that says why there is none.

    Unexpected errors are logged but not shown, because they could contain data that the reader may
    not see.
    """
    try:
        return make()
    except NoReleaseError as problem:
        text = (
            f"{problem.problem}\n"
            "Run `bank build`, `bank check` and `bank publish`; this page then shows the "
            "release automatically.\n"
            "If the releases are in another folder, name it with `--publish-dir` or "
            "`BANK_PUBLISH_DIR`."
        )
        text = runnable(text, {"publish_dir": publish_dir})
        return layout.state("Nothing is published yet", text, kind="empty"), None
    except PreparingError as waiting:
        text = (
            f"Release {waiting} is being prepared. For millions of customers, this can take a few "
            "minutes."
        )
        return layout.state("Just a moment", text, kind="busy", again=True), None
    except (PublishError, DashboardError) as problem:
        LOG.error("%s", problem.message)
        return layout.state("This release cannot be shown", problem.message), None
    except Exception:
        LOG.exception("A page could not be made")
        text = (
            "An unexpected error occurred; the dashboard's log has the details.\n"
            "The data have not changed: try another page, or clear the filters."
        )
        return layout.state("This page cannot be shown", text), None
