"""The commands that the README, CONTRIBUTING.md and the documents show."""

import re
from dataclasses import dataclass
from functools import cache

from python_checks.testing.paths import PROJECT

LANGUAGES = {"sh", "powershell", "text", "csv", "yaml", "sql", "mermaid", "python", "json"}
"""The languages that code blocks may have.

Tests execute the blocks of `sh`, unless a comment says why not.
"""

_BLOCK = re.compile(
    r"(?:<!-- not executed: (?P<reason>[^\n]+?) -->\n\s*)?"
    r"^ *```(?P<language>\w*)\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A block of code in a page.

    Attributes:
        page: The path of the page, relative to the project.
        line: The line of the page at which the block begins.
        language: The language that the fence names.
        text: The lines of the block.
        reason: The comment that says why no test executes the block; empty if there is none.
    """

    page: str
    line: int
    language: str
    text: str
    reason: str

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands of the block, one per line."""
        return tuple(line.strip() for line in self.text.splitlines() if line.strip())


def pages() -> list[str]:
    """Return the paths of the pages that may contain commands, relative to the project."""
    found = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *(PROJECT / "docs").rglob("*.md")]
    return sorted(page.relative_to(PROJECT).as_posix() for page in found)


@cache
def blocks(page: str) -> tuple[Block, ...]:
    """Return the code blocks of a page, in order."""
    text = (PROJECT / page).read_text("utf-8")
    return tuple(
        Block(
            page,
            text.count("\n", 0, match.start("language")) + 1,
            match["language"],
            match["text"],
            match["reason"] or "",
        )
        for match in _BLOCK.finditer(text)
    )


def executed(page: str) -> tuple[str, ...]:
    """Return the commands on a page that a test executes, in order."""
    return tuple(
        command
        for block in blocks(page)
        if block.language == "sh" and not block.reason
        for command in block.commands
    )


def inline_commands(page: str) -> list[str]:
    """Return the `bank`, `dbt` and `make` commands on a page, outside its code blocks."""
    text = _BLOCK.sub("", (PROJECT / page).read_text("utf-8"))
    return re.findall(r"`((?:bank|make|dbt) [a-z][^`]*)`", " ".join(text.split()))
