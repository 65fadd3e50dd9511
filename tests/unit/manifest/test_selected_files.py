"""Files that entries select, in workspaces whose site does not matter."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from galleryctl.manifest.load import held_problems
from galleryctl.model.media import HeldFile, Kind, LocalFile

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.manifest.conftest import ScratchWorkspace

MOV = b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + b"\0" * 40


def paths(scratch: ScratchWorkspace, entries: str) -> list[str]:
    """Return the paths of the items' files, in order."""
    return [item.media.path if isinstance(item.media, LocalFile) else "held" for item in scratch.items(entries)]


def test_a_folder_may_have_the_characters_of_patterns(scratch: ScratchWorkspace) -> None:
    scratch.picture("photos [2026]/a.jpg")
    scratch.picture("photos [2026]/b[1].jpg", color="blue")
    assert paths(scratch, "  - from: photos [2026]\n") == ["photos [2026]/a.jpg", "photos [2026]/b[1].jpg"]
    assert paths(scratch, "  - from: photos [2026]/b[1].jpg\n") == ["photos [2026]/b[1].jpg"]


def test_a_picture_without_an_extension_is_found_by_its_content(scratch: ScratchWorkspace) -> None:
    scratch.picture("photos/kiss", format="JPEG")
    scratch.write("photos/README", "text")
    assert paths(scratch, "  - from: photos\n") == ["photos/kiss"]


def test_a_file_without_an_extension_that_cannot_be_read_holds_its_item(scratch: ScratchWorkspace) -> None:
    scratch.picture("photos/a.jpg")
    (scratch.root / "photos/kiss").symlink_to("gone")
    (scratch.root / "photos/notes.txt").symlink_to("gone")
    a, kiss = scratch.items("  - from: photos\n")
    assert (a.held, kiss.held is not None) == (None, True)


def test_a_file_that_may_not_be_read_holds_its_item(scratch: ScratchWorkspace, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch.picture("photos/a.jpg")
    scratch.picture("photos/b.jpg", color="blue")
    scratch.write("galleries/g.yaml", "bind: {create: true}\nitems: [{from: photos}]\n")
    opens = os.open

    def shut(name: str | Path, flags: int) -> int:
        if str(name).endswith("b.jpg"):
            raise PermissionError(13, "Permission denied")
        return opens(name, flags)

    monkeypatch.setattr(os, "open", shut)
    (gallery,) = scratch.load().galleries
    assert [str(item.address) for item in gallery.items] == ["g/a", "g/b"]
    assert [str(problem) for problem in held_problems([gallery])] == [
        "galleries/g.yaml:2:16: photos/b.jpg cannot be read: permission denied"
    ]


def test_kinds(scratch: ScratchWorkspace) -> None:
    scratch.picture("photos/a.jpg")
    scratch.write("photos/b.MOV", MOV)
    assert [item.kind for item in scratch.items("  - from: photos\n")] == [Kind.IMAGE, Kind.VIDEO]


def test_linked_folders_are_counted(scratch: ScratchWorkspace) -> None:
    scratch.picture("photos/a.jpg")
    scratch.picture("more/b.jpg", color="blue")
    (scratch.root / "photos/linked").symlink_to("../more")
    assert paths(scratch, "  - from: photos\n") == ["photos/a.jpg"]
    (note,) = scratch.load().notes
    assert str(note) == "galleries/g.yaml:3:11: photos: skipped 1 linked folder (linked)"


def test_a_held_item_keeps_key_protection_and_place_in_the_manifest(scratch: ScratchWorkspace) -> None:
    scratch.picture("photos/a.jpg")
    scratch.write("photos/b.jpg", "")
    scratch.write("photos/b.jpg.yaml", "key: words\nprotect: true\n")
    scratch.picture("photos/c.jpg", color="blue")
    found = scratch.items("  - from: photos\n")
    assert [item.address.item for item in found] == ["a", "words", "c"]
    assert (found[1].protect, found[1].media, found[1].fields) == (True, None, {})
    assert isinstance(found[1].held, HeldFile)


def test_a_value_from_the_environment_is_not_shown(scratch: ScratchWorkspace) -> None:
    scratch.picture("hidden/a.jpg")
    scratch.write("hidden/b.jpg", "")
    scratch.write("hidden/notes.txt", "x")
    scratch.write("galleries/g.yaml", "bind: {create: true}\nitems: [{from: '${GALLERYCTL_VAR_X}/*'}]\n")
    desired = scratch.load({"GALLERYCTL_VAR_X": "hidden"})
    assert "hidden" not in str([*desired.notes, *held_problems(desired.galleries)])


def test_the_file_of_an_excluded_heic_is_a_jpeg(scratch: ScratchWorkspace) -> None:
    scratch.write("photos/1.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 40)
    scratch.picture("photos/1.jpg")
    assert paths(scratch, "  - from: photos\n") == ["photos/1.heic"]
    assert paths(scratch, "  - {from: photos, except: 1.heic}\n") == ["photos/1.jpg"]


def test_exceptions_that_exclude_nothing_are_a_warning(scratch: ScratchWorkspace) -> None:
    scratch.picture("photos/a.jpg")
    scratch.write("photos/a.nef", "raw")
    scratch.items("  - {from: photos, except: ['*.NEF', b.jpg]}\n")
    assert [note.message for note in scratch.load().notes] == ["photos: skipped 1 RAW photo"]
    assert [warning.message for warning in scratch.load().warnings] == [
        "except b.jpg excludes nothing; a path is relative to the workspace",
    ]


@pytest.mark.parametrize(
    ("lines", "advice"),
    [
        (
            "photos/a.jpg\n        photos/b.jpg",
            "if these are several paths, write a list: [photos/a.jpg, photos/b.jpg]",
        ),
        ("photos/a.jpg, photos/b.jpg", "if these are several paths, write a list: [photos/a.jpg, photos/b.jpg]"),
        ("-photos/a.jpg\n        -photos/b.jpg", "add a space after each dash"),
    ],
)
def test_a_list_without_dashes_is_reported_as_one(scratch: ScratchWorkspace, lines: str, advice: str) -> None:
    for name in ("a", "b", "c"):
        scratch.picture(f"photos/{name}.jpg")
    (problem,) = scratch.item_problems(f"  - from:\n        {lines}\n")
    assert problem.endswith(f"; {advice}")
    scratch.items(f"  - from: photos\n    except:\n        {lines}\n")
    assert [warning.message.rpartition("nothing; ")[2] for warning in scratch.load().warnings] == [advice]


@pytest.mark.parametrize("pattern", [".photos", ".photos/*.jpg"])
def test_hidden_files_are_not_searched(scratch: ScratchWorkspace, pattern: str) -> None:
    scratch.picture(".photos/a.jpg")
    scratch.picture("photos/.a.jpg")
    (problem,) = scratch.item_problems(f"  - from: {pattern}\n")
    assert problem.endswith(f"{pattern} is hidden, and hidden files and folders are not searched")


def test_sidecars_that_are_read_are_not_skipped(scratch: ScratchWorkspace) -> None:
    scratch.picture("photos/a.jpg")
    for name in ("a.xmp", "a.jpg.yaml"):
        scratch.write(f"photos/{name}", "title: A\n" if name.endswith("yaml") else "")
    scratch.items("  - from: photos\n")
    assert [note.message for note in scratch.load().notes] == []
    for name in ("b.xmp", "a.AAE"):
        scratch.write(f"photos/{name}", "")
    assert [note.message for note in scratch.load().notes] == ["photos: skipped 2 sidecars"]
