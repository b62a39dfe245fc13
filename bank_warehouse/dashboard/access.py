"""Who sees which customers: the rows of the Power BI roles, for users that a proxy has signed in.

Without a header's name there are no users: whoever reaches the address sees all aggregates, and the
address is this machine's own. With one, a reverse proxy that has signed the user in names them in
that header, and a CSV file says what they see::

    user_name,banking_relationship,investment_advisor
    ada@bank.example,Retail,
    ada@bank.example,,Nicholas Ward
    board@bank.example,*,

One row for each value; rows of a user add up. ``*`` is all customers. A user without a row sees
nothing. A request that does not come from the proxy's address is refused, since anyone can write a
header.
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
"""How many names a message lists."""
LOCAL_PROXIES = frozenset({"127.0.0.1", "::1"})


@dataclass(frozen=True)
class Role:
    """What a user sees: customers of any of these, or all.

    Attributes:
        banking_relationships: names.
        investment_advisors: names.
        sees_all: whether nothing is held back.
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
    """Return a sentence for each name of a role that no customer of a release has.

    Args:
        connection: to the release.
        role: whose names are looked up.
        customers: the mart of the customers, as SQL names it.
    """
    said = []
    for column, names in (
        ("banking_relationship", role.banking_relationships),
        ("investment_advisor", role.investment_advisors),
    ):
        found = connection.execute(
            f"select distinct {column} from {customers} where {column} is not null order by all"
        ).fetchall()
        known = [str(name) for (name,) in found]
        words = column.replace("_", " ")
        said += [
            f"No customer of the release has the {words} {name!r}; there are: {_some(known, name)}."
            for name in sorted(names.difference(known))
        ]
    return said


def _some(known: Sequence[str], name: str) -> str:
    """Return names that are there, of many those that are most like the one that is not."""
    if len(known) <= MOST_NAMES:
        return ", ".join(known) or "none"
    by_letters = {each.casefold(): each for each in known}
    alike = get_close_matches(name.casefold(), by_letters, MOST_NAMES, cutoff=0)
    return f"{', '.join(by_letters[each] for each in alike)} and {len(known) - len(alike):,} more"


class RefusedError(Exception):
    """This request is answered with nothing; the message says why."""


@dataclass
class Access:
    """The users of a file, read again when the file changes.

    Attributes:
        header: name of the header with the user's name; null where there are no users.
        file: the CSV file; null where there are no users.
        proxies: addresses that may name users.
    """

    header: str | None = None
    file: Path | None = None
    proxies: frozenset[str] = LOCAL_PROXIES
    _read: tuple[tuple[int, int], dict[str, Role]] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def role_of(self, headers: Mapping[str, str], address: str | None) -> Role:
        """Return what the sender of a request sees.

        Args:
            headers: of the request, names in any case.
            address: where the request comes from.

        Raises:
            RefusedError: It does not come from the proxy, names no user or one without a row.
            DashboardError: The file cannot be read.
        """
        if self.header is None:
            return EVERYONE
        if address not in self.proxies:
            message = "Only the proxy that signs users in may ask."
            raise RefusedError(message)
        named = {name.casefold(): text for name, text in headers.items()}
        user = named.get(self.header.casefold(), "").strip()
        role = self.users().get(user.casefold()) if user else None
        if role is None:
            message = "This dashboard shows you nothing: nobody has given your name any customers."
            raise RefusedError(message)
        return role

    def users(self) -> dict[str, Role]:
        """Return the role of each user, by name in lower case.

        Raises:
            DashboardError: There is no file, or it cannot be read.
        """
        if self.file is None:
            message = "Users need a file that says what they see: name it with --access-file."
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
        DashboardError: It has other columns, or a row without a name or a value.
        OSError: It cannot be opened.
    """
    found: dict[str, tuple[set[str], set[str]]] = {}
    with file.open(encoding="utf-8-sig", newline="") as opened:
        try:
            lines = list(csv.reader(opened, strict=True))
        except (csv.Error, UnicodeDecodeError) as problem:
            message = f"{file} is no CSV file in UTF-8: {problem}."
            raise DashboardError(message) from problem
    if not lines or tuple(name.strip() for name in lines[0]) != COLUMNS:
        message = f"{file} has to begin with the columns {', '.join(COLUMNS)}."
        raise DashboardError(message)
    for number, line in enumerate(lines[1:], start=2):
        cells = [cell.strip() for cell in line]
        if not any(cells):
            continue
        if len(cells) != len(COLUMNS) or not cells[0] or not any(cells[1:]):
            message = (
                f"{file}, line {number}: a user and a banking relationship or an investment "
                f"advisor are needed, in {len(COLUMNS)} columns."
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
