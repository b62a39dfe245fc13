"""The server below the dashboard: connections, their limits, and how long one may take.

Waitress reads requests in one thread, whole, before any of the threads that make pages gets one. So
a connection that is idle, or that sends its request a byte at a time, costs a socket and no thread.
What Waitress does not know is added: a request has a time in which it has to be there, however
busily it drips in, and where connections run out the idlest ones are closed.
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
"""Pages that are made at once. Each has a cursor of its own, and may wait for a first snapshot."""

CONNECTIONS = 2_000 if hasattr(select, "poll") else 400
"""Open at once. Windows looks at no more than 512 sockets at a time."""

SPARE_FILES = 100
"""Files that the process opens beside its connections."""

IDLE_SECONDS = 120
"""After which a connection is closed that has asked nothing."""

REQUEST_SECONDS = 20
"""In which a request has to be there, from its first byte to its last."""

LARGEST_HEAD = 32 * 1024
"""Bytes of a request's first line and headers: proxies that sign users in add some kilobytes."""

LARGEST_BODY = 100_000
"""Bytes of a request's body: an address and two numbers."""

LOOK_SECONDS = 1


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that knows since when it has been sending its request."""

    began: float | None = None

    def received(self, data: bytes) -> bool:
        """Take bytes of a request; note when the first of them came."""
        taken = bool(super().received(data))
        if self.request is None:
            self.began = None
        elif self.began is None:
            self.began = time.monotonic()
        return taken


class Server(TcpWSGIServer):  # type: ignore[misc]
    """A server that also closes connections which send too slowly, or which it has no room for."""

    channel_class = Channel

    def maintenance(self, now: float) -> None:
        """Close what has had its time; called each second."""
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
    """A server at an address. `serve_forever` runs it until `shutdown`, from another thread."""

    def __init__(self, application: Callable[..., Any], host: str, port: int) -> None:
        """Take the address.

        Args:
            application: WSGI.
            host: Address to listen at.
            port: 0 for any that is free, which `port` then is.

        Raises:
            OSError: Another program listens there, or the address is not this machine's.
        """
        # Pages that wait for a thread are nothing to warn of; neither is a full house of strangers.
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
        """Answer requests until :meth:`shutdown`, or Ctrl+C."""
        try:
            self._server.asyncore.loop(
                timeout=LOOK_SECONDS, map=self._map, use_poll=self._server.adj.asyncore_use_poll
            )
        finally:
            self._ended.set()

    def shutdown(self) -> None:
        """Have `serve_forever` end, and wait for it."""
        self._server.trigger.pull_trigger(lambda: close_all(self._map))
        self._ended.wait()

    def server_close(self) -> None:
        """Let go of the address and of all connections."""
        close_all(self._map)
        self._server.task_dispatcher.shutdown()


def _files() -> int:
    """Return how many files this process may have open, after asking for enough."""
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
