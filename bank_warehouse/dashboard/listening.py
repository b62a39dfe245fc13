"""The server of the dashboard: its connections, their limits and their timeouts.

Waitress reads complete requests in one thread before it passes them to the threads that create
pages. So a connection that is idle, or sends its request byte by byte, uses a socket but no thread.
This module adds what Waitress lacks: a request must be complete within a time limit, and if there
are no free connections, those that have been idle longest are closed.
"""

import contextlib
import logging
import select
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher
from waitress.wasyncore import close_all

THREADS = 16
"""Number of threads that create pages. Each has its own cursor and may wait for a snapshot."""

CONNECTIONS = 2_000 if hasattr(select, "poll") else 400
"""Maximum number of open connections. Windows cannot check more than 512 sockets at a time."""

SPARE_FILES = 100
"""Number of files that the process may open besides its connections."""

IDLE_SECONDS = 120
"""Seconds after which an idle connection is closed."""

REQUEST_SECONDS = 20
"""Seconds in which a request must arrive, from its first byte to its last."""

LARGEST_HEAD = 32 * 1024
"""Maximum size in bytes of a request's first line and headers; a sign-in proxy adds kilobytes."""

LARGEST_BODY = 100_000
"""Maximum size in bytes of a request's body, which holds an address and two numbers."""

LOOK_SECONDS = 1


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that knows when its request began."""

    began: float | None = None

    def received(self, data: bytes) -> bool:
        """Read bytes of a request, and record when the first of them arrived."""
        taken = bool(super().received(data))
        if self.request is None:
            self.began = None
        elif self.began is None:
            self.began = time.monotonic()
        return taken


class Server(TcpWSGIServer):  # type: ignore[misc]
    """A server that closes slow connections and, at the limit of connections, idle ones."""

    channel_class = Channel

    def maintenance(self, now: float) -> None:
        """Close slow connections and, at the limit, idle ones. Waitress calls this every second."""
        super().maintenance(now)
        latest = time.monotonic() - REQUEST_SECONDS
        idle = []
        for channel in self.active_channels.values():
            if channel.began is not None and channel.began < latest:
                channel.will_close = True
            elif not channel.requests and not channel.total_outbufs_len:
                idle.append(channel)
        if len(self._map) >= self.adj.connection_limit:
            idle.sort(key=lambda channel: channel.last_activity)
            for channel in idle[: max(1, len(idle) // 10)]:
                channel.will_close = True


class Listening:
    """A server at an address. `serve_forever` runs it until another thread calls `shutdown`."""

    def __init__(self, application: Callable[..., Any], host: str, port: int) -> None:
        """Bind the address.

        Args:
            application: a WSGI application.
            host: address to listen on.
            port: 0 for any free port; the attribute `port` then has its number.

        Raises:
            OSError: The address is in use or not this machine's, or this user may not use it.
        """
        # Waitress would warn about waiting requests and about too many connections; both are normal
        # here.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        found = socket.create_server((host, port), family=family)
        self._map: dict[int, Any] = {}
        self._ended = threading.Event()
        self._server = Server(
            application,
            map=self._map,
            _sock=found,
            dispatcher=ThreadedTaskDispatcher(),
            adj=Adjustments(
                sockets=[found],
                threads=THREADS,
                connection_limit=min(CONNECTIONS, _files() - SPARE_FILES),
                backlog=CONNECTIONS,
                channel_timeout=IDLE_SECONDS,
                cleanup_interval=LOOK_SECONDS,
                max_request_header_size=LARGEST_HEAD,
                max_request_body_size=LARGEST_BODY,
                asyncore_use_poll=hasattr(select, "poll"),
                ident=None,
            ),
            bind_socket=False,
            sockinfo=(found.family, found.type, found.proto, found.getsockname()),
        )
        self._server.task_dispatcher.set_thread_count(THREADS)
        self.port = int(found.getsockname()[1])

    def serve_forever(self) -> None:
        """Answer requests until :meth:`shutdown` or Ctrl+C."""
        try:
            self._server.asyncore.loop(
                timeout=LOOK_SECONDS, map=self._map, use_poll=self._server.adj.asyncore_use_poll
            )
        finally:
            self._ended.set()

    def shutdown(self) -> None:
        """Stop `serve_forever`, and wait until it ends."""
        self._server.trigger.pull_trigger(lambda: close_all(self._map))
        self._ended.wait()

    def server_close(self) -> None:
        """Release the address and close all connections."""
        close_all(self._map)
        self._server.task_dispatcher.shutdown()


def _files() -> int:
    """Raise the limit of open files to what is needed, if possible; return what is allowed."""
    wanted = CONNECTIONS + SPARE_FILES
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            wanted = min(wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    return wanted
