"""Symbolic links in a clone: nothing is written through one that points outside the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli_harness import CliHarness

ITEMS = ("{key: words, text: <p>Thanks</p>}",)
INSIDE = """\
galleryctl: 1
backend: {type: local}
galleries: galleries/*.yaml
state: {location: 'kept/state.json', versions: 3}
"""


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder outside, with a file without a line end, which looks like a truncated journal."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "precious").write_text("do not touch")
    return folder


@pytest.mark.parametrize(
    ("place", "target"),
    [
        (".galleryctl", "."),
        (".galleryctl/journal-main.jsonl", "precious"),
        (".galleryctl/state.json.lock", "new"),
        (".galleryctl/state.json.lock.json", "precious"),
        (".galleryctl/state.json.versions", "."),
        (".galleryctl/emulator/main/emulator.sqlite3", "new"),
        (".galleryctl/emulator/main/media", "."),
        (".galleryctl/events-main.sqlite3", "new"),
    ],
)
@pytest.mark.parametrize("command", [("apply", "--auto-approve"), ("state", "unlock"), ("validate",)], ids=" ".join)  # fmt: skip
def test_the_files_of_galleryctl_stay_in_the_workspace(
    studio: CliHarness, outside: Path, place: str, target: str, command: tuple[str, ...]
) -> None:
    studio.write_gallery(ITEMS)
    link = studio.root / place
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside / target)
    ran = studio.run(*command)
    assert (ran.code, ran.out) == (1, "")
    assert f"{place} points outside the workspace" in ran.err
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"precious": "do not touch"}


@pytest.mark.parametrize(("link", "target"), [("kept", "."), ("kept/state.json.versions", "."), ("kept/state.json.lock", "x")])  # fmt: skip
def test_so_is_a_state_elsewhere(studio: CliHarness, outside: Path, link: str, target: str) -> None:
    studio.write_gallery(ITEMS)
    studio.write("galleryctl.yaml", INSIDE)
    (studio.root / link).parent.mkdir(exist_ok=True)
    (studio.root / link).symlink_to(outside / target)
    ran = studio.run("apply", "--auto-approve")
    assert ran.code == 1
    assert f"{link} points outside the workspace" in ran.err
    assert [path.name for path in outside.iterdir()] == ["precious"]


def test_a_link_that_goes_in_a_circle_is_told(studio: CliHarness) -> None:
    studio.write_gallery(ITEMS)
    (studio.root / ".galleryctl").symlink_to(studio.root / ".galleryctl")
    assert ".galleryctl points outside the workspace" in studio.run("apply", "--auto-approve").err


def test_links_within_the_workspace_are_fine(studio: CliHarness) -> None:
    studio.write_gallery(ITEMS)
    (studio.root / "elsewhere").mkdir()
    (studio.root / ".galleryctl").symlink_to(studio.root / "elsewhere")
    assert studio.run("apply", "--auto-approve").code == 0
    assert (studio.root / "elsewhere" / "state.json").is_file()


def test_an_import_stays_in_the_workspace(studio: CliHarness, outside: Path) -> None:
    studio.write_gallery(ITEMS, head="name: Weddings\nbind: {create: true}\nprotect: false\n")
    assert studio.run("apply", "--auto-approve").code == 0
    assert studio.run("state", "rm", "weddings").code == 0
    (studio.root / "galleries" / "weddings.yaml").unlink()
    (studio.root / "galleries").rmdir()
    (studio.root / "galleries").symlink_to(outside)
    ran = studio.run("import", "--all")
    assert (ran.code, ran.out) == (1, "")
    assert "a symbolic link points outside the workspace" in ran.err
    assert [path.name for path in outside.iterdir()] == ["precious"]


def test_init_and_velo_write_through_no_link(studio: CliHarness, outside: Path) -> None:
    studio.write_gallery(ITEMS, head="name: Weddings\nbind: {create: true}\n")
    assert studio.run("apply", "--auto-approve").code == 0
    for folder, command in (("other/schemas", ("init", "other")), ("code/backend", ("velo", "weddings", "--out", "code"))):  # fmt: skip
        link = studio.root / folder
        link.parent.mkdir()
        link.symlink_to(outside)
        ran = studio.run(*command)
        assert ran.code == 1
        assert "a symbolic link points outside the workspace" in ran.err
    assert [path.name for path in outside.iterdir()] == ["precious"]


def test_a_plan_is_saved_through_no_link(studio: CliHarness, outside: Path) -> None:
    studio.write_gallery(ITEMS)
    (studio.root / "plan.json").symlink_to(outside / "precious")
    ran = studio.run("plan", "--out", "plan.json")
    assert (ran.code, ran.out) == (1, "")
    assert "plan.json: nothing was written: a symbolic link points outside the workspace" in ran.err
    assert (outside / "precious").read_text() == "do not touch"
