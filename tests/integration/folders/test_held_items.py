"""A file that cannot be used holds its item: it is not changed, not deleted and not created; all others are."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cli_harness import CliHarness

LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


def dangle(path: Path) -> None:
    path.symlink_to("gone.jpg")


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def annex_link(path: Path) -> None:
    path.symlink_to("../.git/annex/objects/Xf/8k/SHA256E-s3--9f.jpg/SHA256E-s3--9f.jpg")


def evict(path: Path) -> None:
    path.with_name(f".{path.name}.icloud").touch()


BAD: list[tuple[Callable[[Path], object], str]] = [
    (dangle, "is a link to gone.jpg, which does not exist"),
    (loop, "cannot be read"),
    (pipe, "is a named pipe, not a file"),
    (evict, "is not on this machine, only its placeholder ."),
    (lambda path: path.touch(), "is empty"),
    (lambda path: path.write_text("hello"), "is not a supported image"),
    (lambda path: path.write_text(LFS), "is a Git LFS pointer, not the file itself; fetch it: git lfs pull --include="),
    (annex_link, "is a git-annex link, and its content is not here; fetch it: git annex get photos/"),
    (
        lambda path: path.write_text("/annex/objects/SHA256E-s3--9f.jpg\n"),
        "is a git-annex pointer, not the file itself; fetch it: git annex get photos/",
    ),
]


@pytest.fixture
def published(studio: CliHarness) -> CliHarness:
    """Three photos of a folder on the site."""
    for number, name in enumerate("abc"):
        studio.write_photo(f"photos/{name}.jpg", number)
    studio.write_gallery(["{from: photos, tags: [one]}"])
    studio.apply()
    return studio


@pytest.mark.parametrize(("spoil", "why"), BAD)
@pytest.mark.parametrize("entry", ["from: photos", "from: photos/*.jpg"])
def test_its_item_stays_as_it_is(published: CliHarness, spoil: Callable[[Path], object], why: str, entry: str) -> None:
    before = {item["id"]: item for item in published.items()}
    for name in ("b.jpg", "new.jpg"):
        (published.root / "photos" / name).unlink(missing_ok=True)
        spoil(published.root / "photos" / name)
    published.write_photo("photos/d.jpg", 9)
    (published.root / "photos/c.jpg").unlink()
    published.write_gallery([f"{{{entry}, tags: [two]}}"])
    validated = published.run("validate")
    assert validated.code == 1
    assert f"galleries/weddings.yaml:5:12: photos/b.jpg {why}" in validated.err
    assert f"photos/new.jpg {why}" in validated.err
    ran = published.run("apply", "--auto-approve")
    assert ran.code == 3
    assert "Applied: 1 created, 1 updated, 1 deleted; 2 held" in ran.out
    text = " ".join(ran.out.split())
    assert "weddings/b held, left as it is" in text
    assert f"photos/b.jpg {why}" in text
    unchanged = [item for item in published.items() if item == before.get(item["id"])]
    assert (len(published.items()), len(unchanged)) == (3, 1)
    again = published.run("apply", "--auto-approve")
    assert (again.code, "Applied: no changes; 2 held" in again.out) == (3, True)


def test_the_item_continues_when_its_file_is_back(published: CliHarness) -> None:
    ids = [item["id"] for item in published.items()]
    content = (published.root / "photos/b.jpg").read_bytes()
    (published.root / "photos/b.jpg").unlink()
    dangle(published.root / "photos/b.jpg")
    assert published.run("apply", "--auto-approve").code == 3
    (published.root / "photos/b.jpg").unlink()
    (published.root / "photos/b.jpg").write_bytes(content)
    published.assert_no_changes()
    assert [item["id"] for item in published.items()] == ids


def test_a_folder_of_many_photos_with_ten_bad_ones(studio: CliHarness) -> None:
    for number in range(40):
        studio.write_photo(f"photos/{number}.jpg", number)
    for number in range(40, 50):
        (studio.root / f"photos/{number}.jpg").write_text("no picture")
    studio.write_gallery(["{from: photos}"])
    ran = studio.run("apply", "--auto-approve", "-v")
    assert ran.code == 3
    assert "Applied: 41 created; 10 held" in ran.out
    assert ran.out.count("held, left as it is") == 10
    assert len(studio.items()) == 40
    report = json.loads(studio.run("apply", "--auto-approve", "--format", "json").out)
    assert report["exit_code"] == 3
    assert {(each["action"], each["status"]) for each in report["outcomes"]} == {("hold", "held")}


def test_a_saved_plan_names_what_it_holds(published: CliHarness) -> None:
    (published.root / "photos/b.jpg").write_text(LFS)
    published.write_photo("photos/d.jpg", 9)
    planned = published.run("plan", "--out", "plan.json", "--format", "json")
    assert planned.code == 0
    assert [each["address"] for each in json.loads(planned.out)["held"]] == ["weddings/b"]
    ran = published.run("apply", "plan.json")
    assert (ran.code, "weddings/b  held" in ran.out) == (3, True)
    assert "except 1 held item" in published.run("plan").out
    assert "except 1 held item" in published.run("drift").out


@pytest.mark.parametrize("format_", ["markdown", "html", "github"])
def test_every_format_names_them(published: CliHarness, format_: str) -> None:
    (published.root / "photos/b.jpg").write_text(LFS)
    for command in ("plan", "apply"):
        ran = published.run(command, *(["--auto-approve"] if command == "apply" else []), "--format", format_)
        assert "Git LFS pointer" in ran.out
        assert "weddings/b" in ran.out


def test_an_explicit_entry_is_held_as_well(studio: CliHarness) -> None:
    studio.write_photo("a.jpg", 1)
    dangle(studio.root / "b.jpg")
    studio.write_gallery(["{image: b.jpg}", "{image: a.jpg}"])
    ran = studio.run("apply", "--auto-approve")
    assert (ran.code, len(studio.items())) == (3, 1)
    assert "galleries/weddings.yaml:5:13: b.jpg is a link to gone.jpg" in studio.run("validate").err


def test_a_file_that_an_entry_names_and_that_is_missing_is_a_mistake(studio: CliHarness) -> None:
    studio.write_gallery(["{image: b.jpg}"])
    assert studio.run("apply", "--auto-approve").code == 1


def test_unmanaged_items_are_not_deleted_while_one_may_be_held(published: CliHarness) -> None:
    (published.root / ".galleryctl/state.json").unlink()
    (published.root / "photos/b.jpg").write_text(LFS)
    head = "bind: {name: Weddings}\nunmanaged: delete\n"
    published.write_gallery(["{from: photos, tags: [one]}"], head=head)
    ran = published.run("apply", "--auto-approve")
    assert ran.code == 3
    assert len(published.items()) == 3
    assert "deletes nothing while weddings/b is held" in " ".join(ran.out.split())


def test_a_held_item_keeps_its_place(published: CliHarness) -> None:
    ids = [item["id"] for item in published.items()]
    (published.root / "photos/b.jpg").write_text(LFS)
    published.write_gallery(["{from: photos, tags: [one], order: -name}"])
    published.run("apply", "--auto-approve")
    assert [item["id"] for item in published.items() if item["id"] != ids[1]] == [ids[2], ids[0]]
    assert "weddings/b" not in published.run("plan").out.split("Held")[0]


def test_a_missing_item_is_not_created_while_its_file_is_held(published: CliHarness) -> None:
    published.edit({"gallery": {"name": "Weddings"}, "item": {"id": published.items()[1]["id"]}, "delete": True})
    (published.root / "photos/b.jpg").write_text(LFS)
    ran = published.run("apply", "--auto-approve")
    assert (ran.code, len(published.items())) == (3, 2)


def test_destroy_deletes_them(published: CliHarness) -> None:
    (published.root / "photos/b.jpg").write_text(LFS)
    published.write_gallery(["{from: photos, tags: [one]}"], head="bind: {name: Weddings}\nprotect: false\n")
    published.run("apply", "--auto-approve")
    assert published.run("destroy", "--auto-approve").code == 0
    assert published.galleries() == []


def test_pointers_of_renamed_photos_keep_their_items(published: CliHarness) -> None:
    """A clone without Git LFS, or without the contents of git-annex, in which two photos have new names."""
    before = {item["id"] for item in published.items()}
    for old, new in (("a", "x"), ("b", "y")):
        path = published.root / f"photos/{old}.jpg"
        digest, size = hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size
        path.unlink()
        if old == "a":
            lfs = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {size}\n"
            (published.root / f"photos/{new}.jpg").write_text(lfs)
        else:
            key = f"SHA256E-s{size}--{digest}.jpg"
            (published.root / f"photos/{new}.jpg").symlink_to(f"../.git/annex/objects/Xf/8k/{key}/{key}")
    ran = published.run("apply", "--auto-approve")
    assert ran.code == 3
    assert "weddings/x: moved from weddings/a" in ran.out
    assert "weddings/y: moved from weddings/b" in ran.out
    assert {item["id"] for item in published.items()} == before


def test_pointers_are_recognized_after_the_state_is_lost(published: CliHarness) -> None:
    before = {item["id"] for item in published.items()}
    path = published.root / "photos/a.jpg"
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    path.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 9\n")
    (published.root / ".galleryctl/state.json").unlink()
    assert published.run("apply", "--auto-approve").code == 3
    path.write_bytes(content)
    published.apply()
    published.assert_no_changes()
    assert {item["id"] for item in published.items()} == before


@pytest.mark.parametrize("entry", ["from: photos", "image: photos/a.jpg, captions: true"])
@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda path: path.write_text(LFS), "is a Git LFS pointer, not the file itself; fetch it: git lfs pull"),
        (annex_link, "is a git-annex link, and its content is not here; fetch it: git annex get photos/"),
        (evict, "is not on this machine, only its placeholder ."),
    ],
)
def test_a_yaml_sidecar_that_is_not_here_holds_its_item_alone(
    studio: CliHarness, spoil: Callable[[Path], object], why: str, entry: str
) -> None:
    studio.write_photo("photos/a.jpg", 1)
    studio.write_photo("photos/b.jpg", 2)
    sidecar = studio.root / "photos/a.jpg.yaml"
    studio.write("photos/a.jpg.yaml", "key: kiss\ntitle: The kiss\ndescription: Theirs\n")
    others = ["{from: photos/b.jpg}"] if entry != "from: photos" else []
    studio.write_gallery([f"{{{entry}}}", *others])
    studio.apply()
    before = {item["id"]: item for item in studio.items()}
    sidecar.unlink()
    spoil(sidecar)
    studio.write_photo("photos/b.jpg", 3)
    validated = studio.run("validate")
    assert validated.code == 1
    assert f"photos/a.jpg.yaml {why}" in validated.err
    assert studio.run("apply", "--auto-approve").code == 3
    kept = next(item for item in studio.items() if item["title"])
    assert kept == before[kept["id"]]
    assert kept["title"] == "The kiss"
    assert len(studio.items()) == 2
    sidecar.unlink(missing_ok=True)
    studio.write("photos/a.jpg.yaml", "key: kiss\ntitle: The kiss\ndescription: Theirs\n")
    studio.apply()
    studio.assert_no_changes()
    assert next(item["id"] for item in studio.items() if item["title"]) == kept["id"]


def test_an_xmp_sidecar_that_is_a_pointer_names_the_command_that_fetches_it(studio: CliHarness) -> None:
    studio.write_photo("photos/a.jpg", 1)
    studio.write("photos/a.xmp", LFS)
    studio.write_gallery(["{from: photos}"])
    assert "fetch it: git lfs pull --include=photos/a.xmp" in studio.run("validate").out
