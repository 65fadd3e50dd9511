"""The package's language: one public name for one thing, docstrings and messages in standard English."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from galleryctl.cli.main import galleryctl

PACKAGE = Path(__file__).parents[2] / "galleryctl"
MODULES = {path.relative_to(PACKAGE.parent).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}

SHARED_NAMES = {
    "command": "the entry point of each command module, looked up by name",
}
"""Public names that several modules define, with the reason. Remove entries; add none."""


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def public_names(module: ast.Module) -> Iterator[str]:
    """The public names that a module defines at its top level; imports are not definitions."""
    for node in module.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names = [name]
            case ast.Assign(targets=targets):
                names = [target.id for target in targets if isinstance(target, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                names = [name]
            case _:
                names = []
        yield from (name for name in names if not name.startswith("_"))


def docstrings(module: ast.Module) -> Iterator[tuple[int, str]]:
    """The docstrings of a module, with their lines, those below attributes included."""
    for node in ast.walk(module):
        body = getattr(node, "body", None)  # a list of statements, or the expression of a lambda or conditional
        for statement in body if isinstance(body, list) else ():
            match statement:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield statement.lineno, text


def strings(module: ast.Module) -> Iterator[tuple[int, str]]:
    """The string literals of a module that are not docstrings, f-strings in one piece."""
    skipped = {line for line, _ in docstrings(module)}
    for node in ast.walk(module):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.lineno not in skipped:
            yield node.lineno, node.value


def test_no_two_modules_define_one_public_name() -> None:
    homes: defaultdict[str, set[str]] = defaultdict(set)
    for name, path in MODULES.items():
        for public in public_names(tree(path)):
            homes[public].add(name)
    shared = {name: sorted(modules) for name, modules in homes.items() if len(modules) > 1}
    unexpected = {name: modules for name, modules in shared.items() if name not in SHARED_NAMES}
    assert unexpected == {}
    assert [name for name in SHARED_NAMES if name not in shared] == [], "remove these from SHARED_NAMES"


@pytest.mark.parametrize("name", MODULES)
def test_docstrings_do_not_open_with_a_question_word(name: str) -> None:
    opening = re.compile(r"(What|Whether)\b")
    assert [line for line, text in docstrings(tree(MODULES[name])) if opening.match(text)] == []


@pytest.mark.parametrize("name", MODULES)
def test_messages_use_standard_english(name: str) -> None:
    odd = re.compile(r"\b(is|are|was|were) no (?!longer\b|more\b)|\b(anew|whoever|mends|lets go)\b", re.IGNORECASE)
    assert [(line, text) for line, text in strings(tree(MODULES[name])) if odd.search(text)] == []


def groups(path: tuple[str, ...], command: click.Command) -> Iterator[tuple[str, ...]]:
    """Yield the arguments that lead to each group of commands, from the top."""
    if isinstance(command, click.Group):
        yield path
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from groups((*path, name), child)


@pytest.mark.parametrize("path", [*groups((), galleryctl)], ids=" ".join)
def test_no_help_summary_is_truncated_at_80_columns(path: tuple[str, ...]) -> None:
    ran = CliRunner().invoke(galleryctl, [*path, "--help"], terminal_width=80)
    summaries = ran.output.partition("Commands:")[2].splitlines()
    assert len(summaries) > 1
    assert [line for line in summaries if line.endswith("...")] == []
