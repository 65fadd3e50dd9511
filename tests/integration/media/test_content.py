"""Captions that a program writes into files: the items are updated, and nothing is uploaded again."""

from __future__ import annotations

import hashlib
import json

import pytest

from galleryctl.model.last_applied import value_digest
from tests.support import photo_files as made
from tests.support.cli_harness import CliHarness, CommandResult

FOLDER = "{from: photos}"


def write_jpeg(studio: CliHarness, name: str, title: str, *, width: int = 48) -> None:
    """Write a photo that is recognised by its width."""
    (studio.root / "photos").mkdir(exist_ok=True)
    (studio.root / "photos" / name).write_bytes(made.jpeg(xmp=made.xmp(title=title), size=(width, 32)))


def requests_of(ran: CommandResult, method: str) -> int:
    return sum(request.startswith(f"{method} ") for request in ran.requests)


def assert_only_updates(studio: CliHarness, ran: CommandResult, count: int, files: int) -> None:
    """Check that a run sent `count` updates of items and nothing else, and that the site has as many files as before."""
    assert [requests_of(ran, method) for method in ("PATCH", "POST", "PUT", "DELETE")] == [count, 0, 0, 0]
    assert len(studio.files()) == files
    studio.assert_no_changes()


def as_former_release(studio: CliHarness, version: int) -> None:
    """Rewrite the state as a former release would have written it: it knows the hashes of whole files only."""
    path = studio.root / ".galleryctl/state.json"
    text = path.read_text(encoding="utf-8")
    media: dict[str, str] = studio.state()["media"]
    whole = {file: name for name, file in media.items() if name.startswith("sha256:")}
    for name, file in media.items():
        if name.startswith("content:"):
            text = text.replace(value_digest(name), value_digest(whole[file]))
    state = json.loads(text)
    state["media"] = {name: file for file, name in whole.items()}
    if version == 1:
        del state["released"], state["approvals"]
        for gallery in state["galleries"].values():
            items = {key: {"id": item["id"], "protect": False} for key, item in gallery["items"].items()}
            gallery.update({"items": items, "protect": gallery.get("protect", False)})
            for member in gallery.keys() - {"id", "items", "protect"}:
                del gallery[member]
    path.write_text(json.dumps({**state, "version": version}), encoding="utf-8")


def test_captions_written_into_a_hundred_photos(studio: CliHarness) -> None:
    for number in range(100):
        write_jpeg(studio, f"{number:03}.jpg", f"Photo {number}", width=100 + number)
    studio.write_gallery([FOLDER])
    studio.apply()
    for number in range(100):
        write_jpeg(studio, f"{number:03}.jpg", f"A longer title of photo {number}", width=100 + number)
    ran = studio.apply("-vv")
    assert_only_updates(studio, ran, 100, 100)
    assert studio.titles() == [f"A longer title of photo {number}" for number in range(100)]


@pytest.mark.parametrize("version", [1, 2])
def test_a_state_of_a_former_release(studio: CliHarness, version: int) -> None:
    for number in range(3):
        write_jpeg(studio, f"{number}.jpg", f"Photo {number}", width=100 + number)
    studio.write_gallery([FOLDER])
    studio.apply()
    as_former_release(studio, version)
    studio.assert_no_changes()
    assert_only_updates(studio, studio.apply("-vv"), 0, 3)
    for number in range(3):  # now state knows the content as well
        write_jpeg(studio, f"{number}.jpg", f"Title {number}", width=100 + number)
    assert_only_updates(studio, studio.apply("-vv"), 3, 3)


@pytest.mark.parametrize("version", [1, 2])
def test_the_first_run_of_this_release_may_have_changes(studio: CliHarness, version: int) -> None:
    for number in range(3):
        write_jpeg(studio, f"{number}.jpg", f"Photo {number}", width=100 + number)
    studio.write_gallery([FOLDER])
    studio.apply()
    as_former_release(studio, version)
    studio.write_gallery(["{image: photos/1.jpg, title: Other}", FOLDER])
    assert len([line for line in studio.run("plan").out.splitlines() if "title" in line]) == 1
    studio.apply()
    for number in (0, 2):
        write_jpeg(studio, f"{number}.jpg", f"Title {number}", width=100 + number)
    assert_only_updates(studio, studio.apply("-vv"), 2, 3)


def test_a_photo_that_is_known_by_the_hash_of_the_whole_file_is_not_uploaded_for_a_new_item(studio: CliHarness) -> None:
    write_jpeg(studio, "a.jpg", "A")
    studio.write_gallery(["{image: photos/a.jpg, captions: true}"])
    studio.apply()
    as_former_release(studio, 2)
    studio.write_gallery(["{image: photos/a.jpg, captions: true}", "{key: b, image: photos/a.jpg, title: B}"])
    studio.apply()
    assert len(studio.files()) == 1
    assert studio.titles() == ["A", "B"]


def test_a_lost_state_is_found_again_by_the_label_of_the_content(studio: CliHarness) -> None:
    write_jpeg(studio, "a.jpg", "A")
    studio.write_gallery([FOLDER])
    studio.apply()
    write_jpeg(studio, "a.jpg", "Another title")
    (studio.root / ".galleryctl/state.json").unlink()
    ran = studio.apply("-vv")
    assert requests_of(ran, "PATCH") == 1
    assert len(studio.files()) == 1
    assert studio.titles() == ["Another title"]
    studio.assert_no_changes()


def test_what_is_shown_counts(studio: CliHarness) -> None:
    """Another orientation is another photo."""
    write_jpeg(studio, "a.jpg", "A")
    studio.write_gallery([FOLDER])
    studio.apply()
    turned = made.jpeg(exif=made.Exif(tags={made.ORIENTATION: 6}), xmp=made.xmp(title="A"))
    (studio.root / "photos/a.jpg").write_bytes(turned)
    studio.apply()
    assert len(studio.files()) == 2
    studio.assert_no_changes()


def test_one_photo_with_two_captions_is_two_items_and_one_upload(studio: CliHarness) -> None:
    write_jpeg(studio, "a.jpg", "Morning")
    write_jpeg(studio, "b.jpg", "Evening")
    studio.write_gallery([FOLDER])
    studio.apply()
    assert studio.titles() == ["Morning", "Evening"]
    assert len(studio.files()) == 1
    write_jpeg(studio, "b.jpg", "Night")
    assert_only_updates(studio, studio.apply("-vv"), 1, 1)
    assert studio.titles() == ["Morning", "Night"]


def test_two_uploads_of_one_photo_by_a_former_release_stay_as_they_are(studio: CliHarness) -> None:
    """It uploaded a photo with two captions twice; each item keeps its file."""
    write_jpeg(studio, "a.jpg", "Morning", width=50)
    write_jpeg(studio, "b.jpg", "Evening", width=60)
    studio.write_gallery([FOLDER])
    studio.apply()
    as_former_release(studio, 2)
    path = studio.root / ".galleryctl/state.json"
    old = path.read_text(encoding="utf-8")
    before = studio.state()["media"]
    write_jpeg(studio, "b.jpg", "Evening", width=50)
    digests = {name: _digest_of(studio, name) for name in ("a.jpg", "b.jpg")}
    shown = {file["displayName"]: file["id"] for file in studio.files()}
    for name, digest in digests.items():
        (former,) = [source for source, file in before.items() if file == shown[name]]
        old = old.replace(value_digest(former), value_digest(f"sha256:{digest}")).replace(former, f"sha256:{digest}")
    path.write_text(old, encoding="utf-8")
    studio.assert_no_changes()
    assert_only_updates(studio, studio.apply("-vv"), 0, 2)
    write_jpeg(studio, "b.jpg", "Night", width=50)
    assert_only_updates(studio, studio.apply("-vv"), 1, 2)


def _digest_of(studio: CliHarness, name: str) -> str:
    return hashlib.sha256((studio.root / "photos" / name).read_bytes()).hexdigest()


def test_a_saved_plan_is_stale_if_captions_of_its_file_changed(studio: CliHarness) -> None:
    write_jpeg(studio, "a.jpg", "A")
    studio.write_gallery([FOLDER])
    studio.run("plan", "--out", "p.plan")
    write_jpeg(studio, "a.jpg", "Another title")
    ran = studio.run("apply", "p.plan")
    assert ran.code == 1
    assert "the file photos/a.jpg changed since the plan was made" in ran.out + ran.err
    assert studio.files() == []


def test_a_file_whose_captions_changed_is_in_use(studio: CliHarness) -> None:
    """The manifest references the content that no gallery shows any more."""
    write_jpeg(studio, "a.jpg", "A")
    studio.write_gallery([FOLDER, "{key: words, text: '<p>Hi</p>'}"])
    studio.apply()
    item = next(item for item in studio.items() if item["type"] == "IMAGE")
    studio.edit({"gallery": {"name": "Weddings"}, "item": {"id": item["id"]}, "delete": True})
    write_jpeg(studio, "a.jpg", "Another title")
    assert "No unused files" in studio.run("media", "gc", "--auto-approve").out


def test_undo_finds_the_file_of_a_photo_whose_captions_changed(studio: CliHarness) -> None:
    write_jpeg(studio, "a.jpg", "A")
    studio.write_gallery(["{key: k, image: photos/a.jpg}", "{key: words, text: '<p>Hi</p>'}"])
    studio.apply()
    write_jpeg(studio, "b.jpg", "B", width=60)
    studio.write_gallery(["{key: k, image: photos/b.jpg}", "{key: words, text: '<p>Hi</p>'}"])
    studio.apply()
    write_jpeg(studio, "a.jpg", "Another title")
    ran = studio.run("undo", "2")
    assert ran.code == 0, ran.out + ran.err
    assert "image: photos/a.jpg" in (studio.root / "galleries/weddings.yaml").read_text(encoding="utf-8")
    studio.apply()
    assert len(studio.files()) == 2
