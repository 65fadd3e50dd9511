from __future__ import annotations

import json

import jsonschema
import pytest

from galleryctl.manifest.schema import load_schema
from tests.support.cli_harness import CliHarness, CommandResult, Doc

TWO = [
    "{image: photos/first-dance.jpg, title: First dance, tags: [dance]}",
    "{image: photos/rings.jpg, title: Rings, quality: 90, focal_point: {x: 0.5, y: 0.25}}",
    "{key: words, text: '<p>Thank you</p>', title: Words}",
]


def document(ran: CommandResult) -> list[Doc]:
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    jsonschema.validate(found, load_schema("media"))
    files: list[Doc] = found["files"]
    return files


@pytest.fixture
def cleared(wedding: CliHarness) -> CliHarness:
    """The weddings after an apply, then without the cake, whose photo is unused."""
    wedding.apply()
    wedding.write_gallery(TWO)
    wedding.apply()
    assert len(wedding.files()) == 3
    return wedding


def names(studio: CliHarness) -> list[str]:
    return sorted(file["displayName"] for file in studio.files())


def test_uploads_are_listed_with_those_who_need_them(cleared: CliHarness) -> None:
    ran = cleared.run("media", "list")
    assert ran.code == 0
    assert "3 uploaded files" in ran.out
    files = {f["name"]: f for f in document(cleared.run("media", "list", "--format", "json"))}
    gallery = cleared.galleries()[0]["id"]
    assert [files["rings.jpg"][name] for name in ("shown_in", "wanted", "known")] == [[gallery], True, True]
    assert [files["cake.jpg"][name] for name in ("shown_in", "wanted", "known")] == [[], False, True]


def test_what_nothing_shows_or_wants_goes_to_the_trash_bin(cleared: CliHarness) -> None:
    ran = cleared.run("media", "gc", "--auto-approve", "-vv")
    assert ran.code == 0
    assert "cake.jpg" in ran.out
    assert "rings.jpg" not in ran.out
    assert "Moved 1 file to the trash bin." in ran.out
    assert [r for r in ran.requests if "delete" in r] == ["POST /site-media/v1/bulk/files/delete"]
    assert names(cleared) == ["first-dance.jpg", "rings.jpg"]
    deleted = cleared.call_api("GET", "/site-media/v1/trash-bin/files")["files"]
    assert [file["displayName"] for file in deleted] == ["cake.jpg"]
    assert len(set(cleared.state()["media"].values())) == 2
    cleared.assert_no_changes()
    assert "No unused files. All uploaded files are in use." in cleared.run("media", "gc", "--auto-approve").out


def test_permanent_deletes_for_good(cleared: CliHarness) -> None:
    ran = cleared.run("media", "gc", "--auto-approve", "--permanent", "--format", "json")
    assert [(file["name"], file["deleted"]) for file in document(ran)] == [("cake.jpg", True)]
    assert cleared.call_api("GET", "/site-media/v1/trash-bin/files")["files"] == []


def test_what_was_deleted_is_uploaded_again_when_it_is_wanted(cleared: CliHarness) -> None:
    cleared.run("media", "gc", "--auto-approve")
    cleared.write_gallery([*TWO, "{image: photos/cake.jpg, title: Cake}"])
    cleared.apply()
    assert names(cleared) == ["cake.jpg", "first-dance.jpg", "rings.jpg"]
    cleared.assert_no_changes()


def test_a_manifest_that_wants_it_keeps_a_file_that_nothing_shows_yet(cleared: CliHarness) -> None:
    cleared.write_gallery([*TWO, "{image: photos/cake.jpg, title: Cake}"])
    assert "No unused files. All uploaded files are in use." in cleared.run("media", "gc", "--auto-approve").out
    assert len(cleared.files()) == 3


@pytest.mark.parametrize(
    "item",
    [
        {"type": "AUDIO", "audio": {"cover": "wix:image://v1/ID/cake.jpg#originWidth=1&originHeight=1"}},
        {
            "type": "TEXT",
            "text": {"html": "<img src='https://static.wixstatic.com/media/QUOTED/v1/fill/a.jpg'>"},
        },
        {
            "type": "VIDEO",
            "video": {
                "type": "VIMEO",
                "videoInfo": {"url": "https://vimeo.com/1", "posters": [{"id": "ID"}]},
            },
        },
        {"type": "TEXT", "text": {"html": ""}, "secondaryMedia": {"image": {"imageInfo": {"id": "ID"}}}},
    ],
)
def test_whatever_an_unmanaged_gallery_shows_stays(cleared: CliHarness, item: Doc) -> None:
    (cake,) = [file["id"] for file in cleared.files() if file["displayName"] == "cake.jpg"]
    text = json.dumps(item).replace("QUOTED", cake.replace("~", "%7E")).replace("ID", cake)
    made = cleared.edit({"set": {"name": "By hand", "sortOrder": 9}})
    cleared.edit({"gallery": made[0]["gallery"]["id"], "item": None, "set": json.loads(text)})
    assert "No unused files. All uploaded files are in use." in cleared.run("media", "gc", "--auto-approve").out
    assert len(cleared.files()) == 3


def test_files_of_other_people_are_neither_listed_nor_deleted(cleared: CliHarness) -> None:
    (cake,) = [file["id"] for file in cleared.files() if file["displayName"] == "cake.jpg"]
    patch = {"file": {"id": cake, "labels": ["galleryctl"]}}
    cleared.call_api("PATCH", "/site-media/v1/files/update-file-descriptor", patch)
    assert "cake.jpg" not in cleared.run("media", "list").out
    cleared.run("media", "gc", "--auto-approve")
    assert len(cleared.files()) == 3


def test_without_state_the_labels_tell_what_is_ours(cleared: CliHarness) -> None:
    (cleared.root / ".galleryctl/state.json").unlink()
    assert cleared.run("media", "gc", "--auto-approve").code == 0
    assert names(cleared) == ["first-dance.jpg", "rings.jpg"]


def test_somebody_must_agree(cleared: CliHarness) -> None:
    ran = cleared.run("media", "gc")
    assert ran.code == 1
    assert "standard input is not a terminal" in ran.err
    assert len(cleared.files()) == 3


def test_manifests_with_problems_end_it(cleared: CliHarness) -> None:
    cleared.write("galleries/broken.yaml", "gallery: broken\nitems: 7\n")
    ran = cleared.run("media", "gc", "--auto-approve")
    assert (ran.code, ran.out) == (1, "")
    assert "galleries/broken.yaml" in ran.err
    assert len(cleared.files()) == 3


def test_a_format_without_a_meaning_is_refused(cleared: CliHarness) -> None:
    ran = cleared.run("media", "list", "--format", "markdown")
    assert ran.code == 1
    assert "--format markdown is not supported here" in ran.out + ran.err
