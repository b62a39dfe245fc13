"""The host names that the dashboard answers to."""

import re
from collections.abc import Iterable

from bank_warehouse.dashboard.errors import DashboardError

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
ANY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104

_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?([.][a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*[.]?")
_IPV6 = re.compile(r"[0-9a-f:.]*:[0-9a-f:.]*(%[a-z0-9]+)?")


def host_of(header: str) -> str:
    """Return the host of a `Host` header, in lower case, without its port or a trailing dot.

    Empty if there is no host.
    """
    text = header.strip().lower()
    name = text[1:].partition("]")[0] if text.startswith("[") else text.partition(":")[0]
    return name.removesuffix(".")


def host_names(listening_at: str, declared: Iterable[str]) -> frozenset[str]:
    """Return the names to answer to: local names, the listening address and the declared names.

    A listening address that means every address, such as 0.0.0.0, is left out.

    Raises:
        DashboardError: A name is not a host name but, for instance, a URL.
    """
    names = set(LOCAL_NAMES)
    for text in (*declared, *({listening_at} - ANY_ADDRESS)):
        name = text.strip().lower().strip("[]")
        if not (_NAME.fullmatch(name) or _IPV6.fullmatch(name)):
            message = (
                f"{text!r} is not a host name. Give only the name, such as bank.example, without "
                "http://, port or path."
            )
            raise DashboardError(message)
        names.add(name.removesuffix("."))
    return frozenset(names)
