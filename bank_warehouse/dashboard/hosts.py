"""The names by which a browser may ask for the dashboard."""

import re
from collections.abc import Iterable

from bank_warehouse.dashboard.errors import DashboardError

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
ANY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104

_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?([.][a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*[.]?")
_IPV6 = re.compile(r"[0-9a-f:.]*:[0-9a-f:.]*(%[a-z0-9]+)?")


def host_of(header: str) -> str:
    """Return the name or address in a `Host` header, in lower case, without port and last dot.

    Empty where there is none.
    """
    text = header.strip().lower()
    name = text[1:].partition("]")[0] if text.startswith("[") else text.partition(":")[0]
    return name.removesuffix(".")


def host_names(listening_at: str, declared: Iterable[str]) -> frozenset[str]:
    """Return the names to answer to: this machine's own, the address listened at, those declared.

    Raises:
        DashboardError: What is declared is no name, but for instance an address of a page.
    """
    names = set(LOCAL_NAMES)
    for text in (*declared, *({listening_at} - ANY_ADDRESS)):
        name = text.strip().lower().strip("[]")
        if not (_NAME.fullmatch(name) or _IPV6.fullmatch(name)):
            message = (
                f"{text!r} is no name of a host. Give the name alone, as in bank.example: no "
                "http://, port or path."
            )
            raise DashboardError(message)
        names.add(name.removesuffix("."))
    return frozenset(names)
