"""A proxy in front of PostgreSQL that cuts a connection around COMMIT, as a bad network does."""

import contextlib
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

Moment = Literal["before", "during", "after"]
MOMENTS: tuple[Moment, ...] = ("before", "during", "after")
"""When to cut: before COMMIT arrives, while it is executed, or before its answer arrives."""

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
ANSWER = b"C\x00\x00\x00\x0bCOMMIT\x00"
PATIENCE = 30.0


@dataclass
class CutProxy:
    """A proxy between a publisher and its server.

    Attributes:
        dsn: The DSN for the publisher, through the proxy.
        target: Opens a connection to the server.
        cuts: Moments at which connections were cut.
        cut_at: When to cut the connection of the next publisher that commits rows; None for never.
        is_refusing: Whether new connections are refused.
        refuse_after_cut: Whether new connections are refused after a cut.
        stall: Seconds between forwarding a COMMIT and cutting the connection `during` it.
    """

    dsn: str
    target: Callable[[], socket.socket]
    cuts: list[Moment] = field(default_factory=list)
    cut_at: Moment | None = None
    is_refusing: bool = False
    refuse_after_cut: bool = True
    stall: float = 0.0

    def serve(self, client: socket.socket) -> None:
        """Forward bytes in both directions until one side ends, or a cut is due."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(client)
            if self.is_refusing:
                return
            server = stack.enter_context(self.target())
            has_written, swallow = False, False
            while True:
                readable, _, _ = select.select([client, server], [], [], PATIENCE)
                for end in readable:
                    data = end.recv(1 << 16)
                    if not data:
                        return
                    if end is client:
                        # Only the COMMIT after the rows (`copy ... from stdin`) matters.
                        has_written = has_written or b"from stdin" in data
                        if has_written and self.cut_at and COMMIT in data:
                            moment, self.cut_at = self.cut_at, None
                            self.cuts.append(moment)
                            self.is_refusing = self.refuse_after_cut
                            if moment == "before":
                                return
                            server.sendall(data)
                            if moment == "during":
                                select.select([], [], [], self.stall)
                                return
                            swallow = True
                            continue
                        server.sendall(data)
                    else:
                        if swallow and ANSWER in data:
                            return
                        client.sendall(data)


@contextmanager
def cut_proxy(dsn: str) -> Iterator[CutProxy]:
    """Run a proxy on a free port of this machine, in front of the database of `dsn`."""
    parts = conninfo_to_dict(dsn)

    def target() -> socket.socket:
        host, port = str(parts.get("host") or "127.0.0.1"), int(parts.get("port") or 5432)
        if host.startswith("/"):
            found = socket.socket(socket.AF_UNIX)
            found.connect(f"{host}/.s.PGSQL.{port}")
            return found
        return socket.create_connection((host, port))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        own = {"host": "127.0.0.1", "port": listening.getsockname()[1], "sslmode": "disable"}
        proxy = CutProxy(str(make_conninfo(dsn, **own, gssencmode="disable")), target)
        ended = threading.Event()

        def accept() -> None:
            while not ended.is_set():
                with contextlib.suppress(TimeoutError):
                    client, _ = listening.accept()
                    client.setblocking(True)
                    threading.Thread(target=proxy.serve, args=(client,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            ended.set()
            thread.join()


def releases_in(dsn: str) -> list[int]:
    """Return the releases recorded in PostgreSQL, in order; empty if none was published."""
    with psycopg.connect(dsn) as connection:
        there = connection.execute("select to_regclass('publishing.releases') is not null")
        if there.fetchone() != (True,):
            return []
        rows = connection.execute("select release from publishing.releases order by position")
        return [int(row[0]) for row in rows.fetchall()]
