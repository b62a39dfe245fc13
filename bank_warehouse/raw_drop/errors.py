"""The one error of a raw drop that cannot be read."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class DropError(Exception):
    """A raw drop is refused. The message names the file, the row where there is one, the remedy."""


class Problems:
    """All that is wrong with a drop, gathered so that one message can say it.

    Whatever is wrong with the clients comes first: the lookups only name what they hold.
    """

    def __init__(self) -> None:
        """Begin with nothing wrong."""
        self._found: list[tuple[int, str]] = []

    def add(self, rank: int, message: str) -> None:
        """Note a problem; those of the smallest rank come first, each once."""
        if (rank, message) not in self._found:
            self._found.append((rank, message))

    @contextmanager
    def noting(self, rank: int) -> Iterator[None]:
        """Note a refusal, each line of it a problem, and go on with what follows."""
        try:
            yield
        except DropError as refused:
            for message in str(refused).splitlines():
                self.add(rank, message)

    def has(self, rank: int) -> bool:
        """Return whether a problem of this rank was found."""
        return any(found == rank for found, _ in self._found)

    @property
    def messages(self) -> tuple[str, ...]:
        """The problems found so far, the worst first."""
        return tuple(message for _, message in sorted(self._found, key=lambda found: found[0]))

    def refuse(self, where: str) -> None:
        """Refuse the drop if anything is wrong with it.

        Args:
            where: the drop, as the user named it.

        Raises:
            DropError: the one problem, or all of them, a line each.
        """
        if self.messages:
            raise DropError(joined(where, self.messages))


def joined(where: str, messages: Iterable[str]) -> str:
    """Return problems as one message: one alone as it is, several numbered."""
    listed = list(messages)
    if len(listed) == 1:
        return listed[0]
    lines = (f"  {number}. {message}" for number, message in enumerate(listed, start=1))
    return f"{where}: {len(listed)} things are wrong with this drop.\n" + "\n".join(lines)


def shown(name: str) -> str:
    """Return a name as it can be printed: a byte that is not UTF-8 by its hexadecimal digits."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name).decode("utf-8", "backslashreplace")
    return name


def refuse_unprintable(name: str) -> None:
    """Refuse a name that is not UTF-8: no engine and no record can hold it.

    Raises:
        DropError: it is not.
    """
    if shown(name) != name:
        raise DropError(
            f"{shown(name)}: the name is not UTF-8. Rename the file or folder, in plain letters."
        )
