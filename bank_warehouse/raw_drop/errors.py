"""The error for a raw drop that is refused, and the collection of its problems."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

# Hyphens and minus signs that look like `-`.
_LOOK_ALIKES = "\u2010\u2011\u2012\u2212\ufe63\uff0d"


def visible(text: str) -> str:
    """Return text in which line ends, invisible characters and look-alikes of `-` are escaped."""
    return "".join(
        letter
        if letter.isprintable() and letter not in _LOOK_ALIKES
        else letter.encode("unicode_escape").decode()
        for letter in text
    )


class DropError(Exception):
    """A raw drop is refused. The message names the file, the row if any, and the remedy.

    Attributes:
        args: the lines of the message. While problems are collected, each line is one problem.
    """

    def __init__(self, *lines: str) -> None:
        """Escape line ends and invisible characters, which cells and file names may contain."""
        super().__init__(*map(visible, lines))

    def __str__(self) -> str:
        """Return the lines as one string."""
        return "\n".join(self.args)


class Problems:
    """All problems of a drop, collected so that one message can list them.

    Problems with the clients come first, those with the lookups last, because lookups only give
    names to the clients' codes. While the mapping file has mistakes, only these are listed.
    """

    def __init__(self) -> None:
        """Start without problems."""
        self._found: list[tuple[int, str]] = []

    def add(self, rank: int, message: str) -> None:
        """Add a problem. The smallest rank comes first; duplicates are dropped."""
        if (rank, message) not in self._found:
            self._found.append((rank, message))

    @contextmanager
    def noting(self, rank: int) -> Iterator[None]:
        """Catch a refusal and add each of its lines as a problem."""
        try:
            yield
        except DropError as refused:
            for message in refused.args:
                self.add(rank, message)

    def has(self, rank: int) -> bool:
        """Return whether there is a problem of this rank."""
        return any(found == rank for found, _ in self._found)

    @property
    def messages(self) -> tuple[str, ...]:
        """The problems found so far, the most serious first."""
        return tuple(message for _, message in sorted(self._found, key=lambda found: found[0]))

    def refuse(self, where: str) -> None:
        """Refuse the drop if there are any problems.

        Args:
            where: the drop, as the user named it.

        Raises:
            DropError: there are problems; the message lists all of them.
        """
        listed = self.messages
        if len(listed) == 1:
            raise DropError(listed[0])
        if listed:
            raise DropError(
                f"{where}: {len(listed)} things are wrong with this drop.",
                *(f"  {number}. {message}" for number, message in enumerate(listed, start=1)),
            )


def shown(name: str) -> str:
    """Return a name in printable form: bytes that are not UTF-8 become hexadecimal escapes."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name).decode("utf-8", "backslashreplace")
    return name


def refuse_unprintable(name: str) -> None:
    """Refuse the name of a file or folder if it is not UTF-8.

    Raises:
        DropError: the name is not UTF-8.
    """
    if shown(name) != name:
        raise DropError(
            f"{shown(name)}: the name is not UTF-8. Rename the file or folder with plain letters."
        )
