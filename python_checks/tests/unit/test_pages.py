"""Code blocks have a known language, and the commands named in sentences exist."""

import re
import shlex

import click
import pytest

from bank_warehouse.cli import main
from python_checks.testing.pages import LANGUAGES, blocks, inline_commands, pages
from python_checks.testing.paths import PROJECT


@pytest.mark.parametrize("page", pages())
def test_code_blocks_have_a_known_language_and_only_shell_may_be_skipped(page: str) -> None:
    for block in blocks(page):
        where = f"{block.page}, line {block.line}"
        assert block.language in LANGUAGES, where
        assert not block.reason or block.language == "sh", where


@pytest.mark.parametrize("page", pages())
def test_commands_named_in_sentences_exist(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text("utf-8"), re.M))
    for command in inline_commands(page):
        program, *words = shlex.split(command)
        if program == "make":
            assert {word for word in words if "=" not in word} <= targets, command
        else:
            require_options(main if program == "bank" else dbt(), words, command)


def dbt() -> click.Command:
    from dbt.cli.main import cli

    return cli


def require_options(program: click.Command, words: list[str], command: str) -> None:
    """Fail if a command has a subcommand or an option that its program does not have."""
    chosen = program
    while isinstance(chosen, click.Group) and words and not words[0].startswith("-"):
        name, *words = words
        found = chosen.get_command(click.Context(chosen), name)
        assert found is not None, command
        chosen = found
    known = {option for each in (program, chosen) for given in each.params for option in given.opts}
    own = words[: words.index("--")] if "--" in words else words
    for word in own:
        if word.startswith("--"):
            assert word.partition("=")[0] in known | {"--help"}, command
