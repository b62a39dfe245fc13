"""The dashboard's server, on a real socket: host names, limits, timeouts, compression."""

import contextlib
import gzip
import http.client
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bank_warehouse.dashboard import listening
from bank_warehouse.dashboard.access import Access
from bank_warehouse.dashboard.errors import DashboardError
from bank_warehouse.dashboard.hosts import host_names, host_of
from bank_warehouse.dashboard.listening import Listening
from bank_warehouse.dashboard.server import create_app
from bank_warehouse.dashboard.snapshots import Snapshots

Answer = tuple[int, dict[str, str], bytes]


@contextlib.contextmanager
def serving(application: Callable[..., Any]) -> Iterator[int]:
    """Serve an application on a free port of this machine."""
    server = Listening(application, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
    assert not thread.is_alive()


def hello(_: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a dashboard that has no release."""
    snapshots = Snapshots(tmp_path_factory.mktemp("none"))
    names = host_names("127.0.0.1", ["Bank.Example."])
    with serving(create_app(snapshots, Access(), names).server) as port:
        yield port
    snapshots.close()


def ask(port: int, path: str = "/", method: str = "GET", **headers: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    sent = {name.replace("_", "-"): text for name, text in headers.items()}
    connection.request(method, path, headers=sent)
    answer = connection.getresponse()
    found = {name.lower(): text for name, text in answer.getheaders()}
    body = answer.read()
    connection.close()
    return answer.status, found, body


# ---------- host names


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 421),
        ("evil.example:8050", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
        ("192.0.2.7", 421),
        ("", 421),
        ("localhost", 200),
        ("LOCALHOST:9999", 200),
        ("127.0.0.1:1", 200),
        ("[::1]:8050", 200),
        ("bank.example", 200),
        ("bank.example.:443", 200),
    ],
)
def test_only_declared_host_names_are_answered(host: str, status: int, dashboard: int) -> None:
    for path in ("/", "/_dash-layout", "/assets/dashboard.js", "/csv/overview/glance.csv"):
        found, _, body = ask(dashboard, path, Host=host)
        if status == 200 and path.startswith("/csv"):
            assert found == 503  # there is no release
        else:
            assert found == status
        assert (b"--host-name" in body) == (status == 421)
    posted, _, _ = ask(dashboard, "/_dash-update-component", "POST", Host=host)
    assert (posted == 421) == (status == 421)


def test_host_names_are_normalised_and_validated() -> None:
    assert host_of("Bank.Example:80") == "bank.example"
    assert host_of("[2001:DB8::1]:80") == "2001:db8::1"
    assert "192.0.2.7" in host_names("192.0.2.7", [])
    assert "0.0.0.0" not in host_names("0.0.0.0", [])  # noqa: S104
    for wrong in ("http://bank.example", "bank.example:80", "bank.example/", "*", "a b", ""):
        with pytest.raises(DashboardError, match="not a host name"):
            host_names("127.0.0.1", [wrong])


# ---------- size, compression and caching of responses


def test_a_first_visit_transfers_less_than_half_a_megabyte(dashboard: int) -> None:
    _, _, page = ask(dashboard, Accept_Encoding="gzip")
    text = gzip.decompress(page).decode()
    paths = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert len(paths) > 10
    sizes = {
        path: len(ask(dashboard, path, Accept_Encoding="gzip")[2])
        for path in [*paths, "/_dash-layout", "/_dash-dependencies"]
    }
    assert sum(sizes.values()) + len(page) < 500_000, sizes
    for path in paths:
        if "favicon" not in path:
            _, headers, _ = ask(dashboard, path, Accept_Encoding="gzip")
            assert headers["cache-control"] == "public, max-age=31536000, immutable", path


@pytest.mark.parametrize("path", ["/_dash-layout", "/assets/dashboard.js"])
def test_compressed_and_plain_responses_are_equal(path: str, dashboard: int) -> None:
    _, plain_headers, plain = ask(dashboard, path)
    assert "content-encoding" not in plain_headers
    _, headers, packed = ask(dashboard, path, Accept_Encoding="deflate, gzip;q=0.5")
    assert headers["content-encoding"] == "gzip"
    assert int(headers["content-length"]) == len(packed) < len(plain)
    assert gzip.decompress(packed) == plain
    for answer in (plain_headers, headers):
        assert "Accept-Encoding" in answer["vary"]
    for refused in ("identity", "gzip;q=0", "br"):
        assert "content-encoding" not in ask(dashboard, path, Accept_Encoding=refused)[1]


def test_changeable_responses_are_revalidated(dashboard: int) -> None:
    assert ask(dashboard)[1]["cache-control"] == "no-store"
    for path in ("/assets/dashboard.js", "/assets/dashboard.css"):
        for encoding in ("gzip", "identity"):
            _, headers, _ = ask(dashboard, path, Accept_Encoding=encoding)
            assert "no-cache" in headers["cache-control"]
            status, _, body = ask(
                dashboard, path, If_None_Match=headers["etag"], Accept_Encoding=encoding
            )
            assert (status, body) == (304, b"")


# ---------- limits


def half_sent(port: int, data: bytes = b"POST / HTTP/1.1\r\nHost: localhost\r\nX-A: ") -> Any:
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.sendall(data)
    return connection


def test_incomplete_requests_block_no_thread() -> None:
    with serving(hello) as port, contextlib.ExitStack() as stack:
        ask(port)
        before = threading.active_count()
        for _ in range(400):
            stack.enter_context(half_sent(port))
        began = time.monotonic()
        assert ask(port)[2] == b"hello"
        assert time.monotonic() - began < 5
        assert threading.active_count() == before


def test_slow_request_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "REQUEST_SECONDS", 1)
    with serving(hello) as port, half_sent(port) as slow, half_sent(port, b"") as idle:
        began = time.monotonic()
        with contextlib.suppress(OSError):
            # The request stays active, a byte at a time, but is never complete.
            while time.monotonic() - began < 20:
                slow.sendall(b"x")
                slow.settimeout(0.2)
                with contextlib.suppress(TimeoutError):
                    if slow.recv(1) == b"":
                        break
        assert 1 <= time.monotonic() - began < 15
        # An idle connection is kept for longer, and its request is answered.
        idle.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(100).startswith(b"HTTP/1.1 200")


def test_an_idle_connection_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "IDLE_SECONDS", 1)
    with serving(hello) as port, half_sent(port, b"") as idle:
        idle.settimeout(15)
        assert idle.recv(1) == b""


def test_requests_are_answered_at_the_connection_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "CONNECTIONS", 30)
    with serving(hello) as port, contextlib.ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(half_sent(port, b""))
        for _ in range(3):
            assert ask(port)[2] == b"hello"


def test_requests_that_are_too_large_are_refused() -> None:
    with serving(hello) as port:
        assert ask(port, X_Large="x" * listening.LARGEST_HEAD)[0] == 431
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.putrequest("POST", "/")
        connection.putheader("Content-Length", str(listening.LARGEST_BODY + 1))
        connection.endheaders()
        assert connection.getresponse().status == 413
        connection.close()
        assert ask(port)[2] == b"hello"


def test_server_header_is_not_sent(dashboard: int) -> None:
    assert "server" not in ask(dashboard)[1]


def test_occupied_address_is_an_error() -> None:
    with serving(hello) as port, pytest.raises(OSError, match=r".+"):
        Listening(hello, "127.0.0.1", port)
