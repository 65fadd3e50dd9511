"""The reference has every command, option, field and switch, the map every folder; the glossary is sorted."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from galleryctl.cli.main import COMMANDS, galleryctl
from galleryctl.emulator.faults.injection import FAULT_KINDS
from galleryctl.emulator.faults.settings import EmulatorSettings
from galleryctl.plan.changes import Action

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
AVOIDED = (
    r"\b(?:told|meant|anew|whoever|mends|(?:un)?seal(?:ed|s)?|reseals?|former versions?|brok(?:en|e) off|"
    r"break the lock|lets? go|strangers?|(?<!there )(?:is|are) no (?!longer)\w+)\b"
)
"""Words for which the glossary has a term, or standard English a plainer word."""
CONTEXT = click.Context(galleryctl)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def command(name: str) -> click.Command:
    found = galleryctl.get_command(CONTEXT, name)
    assert found is not None, name
    return found


def with_subcommands(name: str, found: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, found
    if isinstance(found, click.Group):
        for sub in found.commands.values():
            yield from with_subcommands(f"{name} {sub.name}", sub)


def options(found: click.Command) -> set[str]:
    return {name for parameter in found.params for name in (*parameter.opts, *parameter.secondary_opts)}


SHARED = {name for name in options(galleryctl) if name.startswith("-")} | {"--help", "-h"}
EVERY = [pair for name in COMMANDS for pair in with_subcommands(name, command(name))]


def test_the_cli_reference_has_a_heading_for_each_command_in_order() -> None:
    headings = re.findall(r"^## `galleryctl ([a-z]+)`$", read("docs/reference/cli.md"), re.MULTILINE)
    assert headings == list(COMMANDS)


def test_the_readme_has_a_row_for_each_command_in_order() -> None:
    assert re.findall(r"^\| `([a-z]+)[^`]*` \|", read("README.md"), re.MULTILINE) == list(COMMANDS)


@pytest.mark.parametrize(("name", "found"), EVERY, ids=[name for name, _ in EVERY])
def test_the_cli_reference_names_each_option_of_a_command(name: str, found: click.Command) -> None:
    page = read("docs/reference/cli.md")
    section = page.split(f"## `galleryctl {name.split(maxsplit=1)[0]}`")[1].split("\n## ")[0]
    assert name in section
    for option in sorted(options(found) - SHARED):
        if option.startswith("-"):
            assert f"`{option}" in section, option


def test_the_shared_options_are_documented() -> None:
    section = read("docs/reference/cli.md").split("\n## ")[1]
    for option in SHARED:
        assert f"`{option}" in section, option


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_that_a_page_mentions_exist_with_those_options(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    code = re.findall(r"`(galleryctl [^`\n]+)`|^(?:\$ |.*run: )(galleryctl [^#\n|>]+)", text, re.MULTILINE)
    for mention in ("".join(pair) for pair in code):
        words = [word for word in shlex.split(mention.replace("…", "").replace("'", "")) if word != "\\"]
        check_mention(words, f"{page.name}: {mention}")


def check_mention(words: list[str], where: str) -> None:
    arguments = iter(words[1:])
    name = ""
    for word in arguments:
        if word in ("-C", "--site", "--format"):
            next(arguments, None)
        elif not word.startswith("-"):
            name = word
            break
    if not name or name in ("COMMAND", "emulator."):
        return
    assert name in COMMANDS, where
    known = SHARED.union(*(options(found) for _, found in with_subcommands(name, command(name))))
    for word in words[words.index(name) + 1 :]:
        if re.match(r"--?[a-z]", word):
            assert word.partition("=")[0] in known, f"{where}: {word}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    for link, anchor in re.findall(r"\]\((?![a-z]+:)([^)#\s]*)#?([^)]*)\)", page.read_text(encoding="utf-8")):
        target = page.parent / link if link else page
        assert target.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in anchors(target), f"{page.name}: {link}#{anchor}"


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as a repository host makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def prose(page: Path) -> str:
    """Return the text of a page without its code."""
    return re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_uses_the_terms_of_the_glossary(page: Path) -> None:
    found = re.findall(AVOIDED, prose(page), re.IGNORECASE)
    assert found == [], page.name


@pytest.mark.parametrize("path", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda path: path.name)
def test_the_templates_and_workflows_are_valid_yaml(path: Path) -> None:
    assert isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict)


def test_the_glossary_is_sorted_and_defines_each_term_once() -> None:
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", read("docs/explanation/glossary.md"), re.MULTILINE)
    terms = [term for term, _ in rows if term not in ("term", "---")]
    assert len(terms) > 60
    assert terms == sorted(set(terms), key=str.casefold)


def properties(schema: Any) -> Iterator[str]:
    """Every property name that a schema defines, at any depth."""
    if isinstance(schema, dict):
        found = schema.get("properties")
        if isinstance(found, dict):
            yield from found
        for value in schema.values():
            yield from properties(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from properties(value)


@pytest.mark.parametrize(
    ("schema", "page"), [("workspace", "workspace"), ("gallery", "manifest"), ("plan", "plan-format")]
)
def test_the_reference_names_every_property_of_the_schemas(schema: str, page: str) -> None:
    text = read(f"docs/reference/{page}.md")
    for name in set(properties(json.loads(read(f"schemas/{schema}.schema.json")))):
        assert re.search(rf"\b{re.escape(name)}\b", text), name


def test_the_plan_format_names_every_action() -> None:
    text = read("docs/reference/plan-format.md")
    assert all(f"`{action}`" in text for action in Action if action is not Action.NO_OP)


def test_the_emulators_page_has_every_switch_with_its_default_and_every_fault() -> None:
    text = read("docs/reference/emulator.md")
    for switch in fields(EmulatorSettings):
        default = "[]" if switch.default == () else str(switch.default).lower()
        assert re.search(rf"^\| `{switch.name}` \| `{re.escape(default)}`", text, re.MULTILINE), switch.name
    assert all(f"`{kind}`" in text for kind in FAULT_KINDS)


def test_the_contributors_guide_has_every_package() -> None:
    text = read("CONTRIBUTING.md")
    packages = {f"galleryctl/{path.parent.name}/" for path in (ROOT / "galleryctl").glob("*/__init__.py")}
    assert set(re.findall(r"^\| `(galleryctl/[a-z]+/)` \|", text, re.MULTILINE)) == packages
    found = (path.parent.relative_to(ROOT).as_posix() for path in (ROOT / "galleryctl").glob("*/*/__init__.py"))
    named = set(re.findall(r"^\| `(galleryctl/[a-z]+/[a-z]+/)` \|", text, re.MULTILINE))
    assert named == {f"{name}/" for name in found}
    folders = set(re.findall(r"^\| `([a-z]+/)` \|", text, re.MULTILINE))
    assert folders == {"actions/", "schemas/", "templates/", "examples/", "tests/", "benchmarks/", "docs/"}
    assert all((ROOT / folder).is_dir() for folder in folders)
