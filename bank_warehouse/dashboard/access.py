"""Which user sees which customers, from the same access file that the Power BI roles use.

Without a header name, there are no users: anyone who reaches the dashboard sees all aggregates. By
default, it can be reached only from this machine. With a header name, a reverse proxy signs users
in and names them in this header, and a CSV file defines what they see::

    user_name,banking_relationship,investment_advisor
    ada@bank.example,Retail,
    ada@bank.example,,Nicholas Ward
    board@bank.example,*,

A user may have several rows, and sees the customers of all of them. ``*`` means all customers. A
user without a row sees nothing. Requests from any address other than the proxy's are refused,
because anyone can send the header.
"""

import csv
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import duckdb

from bank_warehouse.dashboard.errors import DashboardError

COLUMNS = ("user_name", "banking_relationship", "investment_advisor")
ALL = "*"
MOST_NAMES = 8
"""Maximum number of names that a message lists."""
LOCAL_PROXIES = frozenset({"127.0.0.1", "::1"})


@dataclass(frozen=True)
class Role:
    """The customers that a user may see: those of the listed relationships and advisors, or all.

    Attributes:
        banking_relationships: names of banking relationships.
        investment_advisors: names of investment advisors.
        sees_all: whether the user sees all customers.
    """

    banking_relationships: frozenset[str] = frozenset()
    investment_advisors: frozenset[str] = frozenset()
    sees_all: bool = False

    @property
    def described(self) -> str:
        """The role in words."""
        if self.sees_all:
            return "All customers"
        names = sorted(self.banking_relationships) + sorted(self.investment_advisors)
        return f"Customers of {', '.join(names)}"


EVERYONE = Role(sees_all=True)


def unknown_names(
    connection: duckdb.DuckDBPyConnection, role: Role, customers: str = "marts.dim_customers"
) -> list[str]:
    """Return a message for each name in a role that no customer of the release has.

    Args:
        connection: a connection to the release.
        role: the role with the names to look up.
        customers: SQL name of the mart of customers.
    """
    messages = []
    for column, names in (
        ("banking_relationship", role.banking_relationships),
        ("investment_advisor", role.investment_advisors),
    ):
        found = connection.execute(
            f"select distinct {column} from {customers} where {column} is not null order by all"
        ).fetchall()
        known = [str(name) for (name,) in found]
        words = column.replace("_", " ")
        messages += [
            f"No customer of the release has the {words} {name!r}; "
            f"known names: {_some(known, name)}."
            for name in sorted(names.difference(known))
        ]
    return messages


def _some(known: Sequence[str], name: str) -> str:
    """Return the known names; if there are many, the most similar to `name` and how many more."""
    if len(known) <= MOST_NAMES:
        return ", ".join(known) or "none"
    by_letters = {each.casefold(): each for each in known}
    alike = get_close_matches(name.casefold(), by_letters, MOST_NAMES, cutoff=0)
    return f"{', '.join(by_letters[each] for each in alike)} and {len(known) - len(alike):,} more"


class RefusedError(Exception):
    """The request is refused; the message says why."""


@dataclass
class Access:
    """The users listed in a file, which is read again whenever it changes.

    Attributes:
        header: name of the header with the user's name; None if there are no users.
        file: the CSV file; None if there are no users.
        proxies: addresses of the proxies whose header is trusted.
    """

    header: str | None = None
    file: Path | None = None
    proxies: frozenset[str] = LOCAL_PROXIES
    _read: tuple[tuple[int, int], dict[str, Role]] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def role_of(self, headers: Mapping[str, str], address: str | None) -> Role:
        """Return the role of the sender of a request.

        Args:
            headers: the headers of the request, with names in any case.
            address: the sender's address.

        Raises:
            RefusedError: The request does not come from the proxy, or does not name a known user.
            DashboardError: The access file cannot be read or is not valid.
        """
        if self.header is None:
            return EVERYONE
        if address not in self.proxies:
            message = "Only requests from the proxy that signs users in are answered."
            raise RefusedError(message)
        named = {name.casefold(): text for name, text in headers.items()}
        user = named.get(self.header.casefold(), "").strip()
        role = self.users().get(user.casefold()) if user else None
        if role is None:
            message = (
                "This dashboard has no customers for your user name. Ask whoever runs it "
                "for access."
            )
            raise RefusedError(message)
        return role

    def users(self) -> dict[str, Role]:
        """Return the role of each user, by name in lower case.

        Raises:
            DashboardError: The access file is not named, cannot be read or is not valid.
        """
        if self.file is None:
            message = "Use --access-file to name the file that defines what each user sees."
            raise DashboardError(message)
        with self._lock:
            try:
                state = self.file.stat()
                stamp = (state.st_mtime_ns, state.st_size)
                if self._read is None or self._read[0] != stamp:
                    self._read = (stamp, read_users(self.file))
            except OSError as problem:
                message = f"{self.file} cannot be read: {problem.strerror or problem}."
                raise DashboardError(message) from problem
            return self._read[1]


def read_users(file: Path) -> dict[str, Role]:
    """Read the file of users.

    Raises:
        DashboardError: The file is not CSV in UTF-8, or has wrong columns or an invalid row.
        OSError: The file cannot be opened.
    """
    found: dict[str, tuple[set[str], set[str]]] = {}
    with file.open(encoding="utf-8-sig", newline="") as opened:
        try:
            lines = list(csv.reader(opened, strict=True))
        except (csv.Error, UnicodeDecodeError) as problem:
            message = f"{file} is not a CSV file in UTF-8: {problem}."
            raise DashboardError(message) from problem
    if not lines or tuple(name.strip() for name in lines[0]) != COLUMNS:
        message = f"{file} must begin with the columns {', '.join(COLUMNS)}."
        raise DashboardError(message)
    for number, line in enumerate(lines[1:], start=2):
        cells = [cell.strip() for cell in line]
        if not any(cells):
            continue
        if len(cells) != len(COLUMNS) or not cells[0] or not any(cells[1:]):
            message = (
                f"{file}, line {number}: a row needs a user, and a banking relationship or an "
                f"investment advisor, in {len(COLUMNS)} columns."
            )
            raise DashboardError(message)
        relationships, advisors = found.setdefault(cells[0].casefold(), (set(), set()))
        relationships.update(filter(None, [cells[1]]))
        advisors.update(filter(None, [cells[2]]))
    return {
        user: EVERYONE
        if ALL in relationships | advisors
        else Role(frozenset(relationships), frozenset(advisors))
        for user, (relationships, advisors) in found.items()
    }
