"""Find words in the project's text files that the glossary replaces.

The last table of `docs/glossary.md` lists these words and phrases, with what to write instead.
`python -m python_checks.project.wording` prints each use.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from python_checks.testing.paths import PROJECT

GLOSSARY = "docs/glossary.md"
HEADING = "| instead of | write |"
TEXTS = frozenset({".csv", ".md", ".py", ".sql", ".toml", ".yml"})
_GAP = r"(?:\s|_|\n\s*(?:#:?|--|>|\*)\s)+"
"""The gap between two words: blanks, an underscore, or a line break in a comment."""


@dataclass(frozen=True, order=True)
class Place:
    """One use of a replaced word.

    Attributes:
        file: path relative to the project, with slashes.
        line: number of the line in which the phrase begins.
        phrase: the replaced phrase, as in the glossary.
        write: what to write instead.
    """

    file: str
    line: int
    phrase: str
    write: str


def replaced(glossary: str) -> dict[str, str]:
    """Return the replacement of each phrase that a glossary replaces.

    Args:
        glossary: text of the page, with the table below `HEADING`.
    """
    _, _, table = glossary.partition(HEADING + "\n")
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[1:] if line]
    return {phrase: write for phrases, write in rows for phrase in phrases.split(", ")}


def places(file: str, text: str, words: Mapping[str, str]) -> Iterator[Place]:
    """Yield each use of a replaced phrase in some text, even across lines or in a name.

    Args:
        file: the path to report.
        text: the text to search.
        words: the replacement of each phrase, from `replaced`.
    """
    for phrase, write in words.items():
        words_of = _GAP.join(map(re.escape, phrase.split()))
        pattern = rf"(?<![^\W_]){words_of}(?![^\W_])"
        for found in re.finditer(pattern, text, re.IGNORECASE):
            line = text.count("\n", 0, found.start()) + 1
            yield Place(file, line, phrase, write)


def texts(project: Path = PROJECT) -> Iterator[str]:
    """Yield the tracked files that are searched, as paths relative to the project."""
    listed = subprocess.run(
        ["git", "ls-files"],  # noqa: S607
        cwd=project,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    for file in listed.stdout.splitlines():
        if Path(file).suffix in TEXTS and file != GLOSSARY:
            yield file


def check(project: Path = PROJECT) -> list[Place]:
    """Return every use of a replaced phrase in the project."""
    words = replaced((project / GLOSSARY).read_text("utf-8"))
    return sorted(
        place
        for file in texts(project)
        for place in places(file, (project / file).read_text("utf-8"), words)
    )


if __name__ == "__main__":
    found = check()
    for place in found:
        print(f"{place.file}:{place.line}: {place.phrase!r}, write: {place.write}")
    sys.exit(bool(found))
