"""Symbolic links in a clone: nothing is written through one that points outside the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from galleryctl.session.open import lock_owner
from galleryctl.state.file_backend import FileStateBackend

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
        (".galleryctl/state.json.history", "."),
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


@pytest.mark.parametrize(
    "target", ["../.git/refs/heads/evil", "../.github/workflows", "../galleries/b.yaml", "../notes"]
)
@pytest.mark.parametrize(
    "link",
    ["journal-main.jsonl", "state.json.lock", "state.json.versions", "state.json.history", "emulator", "emulator/main"],
)
def test_the_files_of_galleryctl_stay_in_their_folder(studio: CliHarness, link: str, target: str) -> None:
    studio.write_gallery(ITEMS)
    path = studio.root / ".galleryctl" / link
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target if "/" not in link else f"../{target}")
    ran = studio.run("apply", "--auto-approve")
    assert (ran.code, ran.out) == (1, "")
    assert f".galleryctl/{link} points outside its folder" in ran.err
    assert not path.exists()


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


@pytest.fixture
def linked_state(studio: CliHarness) -> Path:
    """Return the state file of a workspace whose `state` is a link to it."""
    studio.write_gallery(ITEMS)
    studio.write("galleryctl.yaml", INSIDE)
    for folder in ("kept", "data"):
        (studio.root / folder).mkdir()
    (studio.root / "kept/state.json").symlink_to("../data/real.json")
    return studio.root / "data/real.json"


def test_a_state_behind_a_link_is_written_through_the_link(studio: CliHarness, linked_state: Path) -> None:
    studio.apply()
    studio.write_gallery(("{key: words, text: <p>More</p>}",))
    studio.apply()
    assert (studio.root / "kept/state.json").is_symlink()
    assert linked_state.is_file()
    assert linked_state.with_name("real.json.versions").is_dir()
    assert [path.name for path in (studio.root / "kept").iterdir()] == ["state.json"]
    studio.assert_no_changes()


def test_two_names_of_one_state_have_one_lock(studio: CliHarness, linked_state: Path) -> None:
    with FileStateBackend(linked_state).lock(lock_owner("apply")):
        ran = studio.run("apply", "--auto-approve")
    assert ran.code == 1
    assert "the state is locked by" in ran.err


@pytest.mark.parametrize("suffix", [".lock", ".versions", ".history"])
def test_what_is_beside_the_target_of_a_state_stays_in_the_workspace(
    studio: CliHarness, linked_state: Path, outside: Path, suffix: str
) -> None:
    linked_state.with_name(f"real.json{suffix}").symlink_to(outside)
    ran = studio.run("apply", "--auto-approve")
    assert ran.code == 1
    assert f"real.json{suffix} points outside the workspace" in ran.err


def test_a_manifest_behind_a_link_has_the_key_of_its_name_and_is_written_through_the_link(studio: CliHarness) -> None:
    (studio.root / "shared").mkdir()
    (studio.root / "galleries").mkdir(exist_ok=True)
    text = "bind: {name: Weddings, create: true}\nname: Weddings\nitems:\n  - {key: words, text: <p>Thanks</p>}\n"
    studio.write("shared/one.yaml", text)
    (studio.root / "galleries/weddings.yaml").symlink_to("../shared/one.yaml")
    studio.apply()
    edit = {"gallery": studio.galleries()[0]["id"], "item": studio.items()[0]["id"], "set": {"title": "New"}}
    studio.edit(edit)
    ran = studio.run("import", "weddings")
    assert ran.code == 0, ran.err
    assert (studio.root / "galleries/weddings.yaml").is_symlink()
    assert "New" in (studio.root / "shared/one.yaml").read_text()


def test_two_names_of_one_manifest_are_one_manifest(studio: CliHarness) -> None:
    studio.write_gallery(ITEMS)
    (studio.root / "galleries/another.yaml").symlink_to("weddings.yaml")
    studio.apply()
    assert [gallery["name"] for gallery in studio.galleries()] == ["Weddings"]
    assert "1 gallery" in studio.run("validate").out


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
