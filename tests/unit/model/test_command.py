"""Commands in messages: data until they are printed, then complete and quoted for a shell."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import galleryctl
from galleryctl.cli.main import COMMANDS
from galleryctl.cli.options import CliSettings
from galleryctl.model.command import command_line, join_advice

ADVICE = "if that run has ended: " + command_line("state", "unlock", "4f2a") + "; see: " + command_line("fmt")
PACKAGE = Path(galleryctl.__file__).parent
TITLES = ("report/checkup.py", "report/html.py", "report/markdown.py")
"""Modules whose output has a command's name as its title."""


def test_as_text_it_is_a_plain_command() -> None:
    assert ADVICE == "if that run has ended: galleryctl state unlock 4f2a; see: galleryctl fmt"
    assert isinstance(ADVICE, str)


def test_the_options_of_the_run_are_added_to_each_command_that_has_them() -> None:
    settings = CliSettings(directory=Path("my site"), site="nord")
    assert settings.for_this_workspace(ADVICE) == (
        "if that run has ended: galleryctl -C 'my site' --site nord state unlock 4f2a; see: galleryctl -C 'my site' fmt"
    )


def test_without_options_and_in_other_texts_nothing_is_added() -> None:
    assert CliSettings().for_this_workspace(ADVICE) == ADVICE
    assert CliSettings(site="nord").for_this_workspace("galleryctl plan") == "galleryctl plan"


def test_joined_advice_keeps_its_commands() -> None:
    joined = join_advice("; ", [command_line("import", "a"), "nothing", command_line("import", "b")])
    assert joined == "galleryctl import a; nothing; galleryctl import b"
    assert CliSettings(site="x").for_this_workspace(joined) == (
        "galleryctl --site x import a; nothing; galleryctl --site x import b"
    )


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1), st.text())
def test_a_shell_reads_the_arguments_that_the_command_was_made_of(arguments: list[str], site: str) -> None:
    assert shlex.split(command_line(*arguments)) == ["galleryctl", *arguments]
    with_site = CliSettings(site=site).for_this_workspace(command_line("plan", *arguments))
    assert shlex.split(with_site) == ["galleryctl", "--site", site, "plan", *arguments]


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """The strings of a module that are not docstrings, with their lines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value


def test_messages_have_no_commands_of_another_kind() -> None:
    # in backquotes it is the name of a command, not one to copy; "a galleryctl plan file" is none
    pattern = re.compile(rf"(?<!`)(?<!\ba )galleryctl (?:{'|'.join(COMMANDS)})\b")
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: {text!r}: build it with command_line()"
        for path in sorted(PACKAGE.rglob("*.py"))
        if str(path.relative_to(PACKAGE)) not in TITLES
        for line, text in literals(path)
        if pattern.search(text)
    ]
    assert found == []
