"""`from` a folder: what becomes an item, what is skipped, and what a note says of the rest."""

from __future__ import annotations

import pytest

from tests.support.cli_harness import CliHarness

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 40
MOV = b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + b"\0" * 40


def write_bytes(studio: CliHarness, name: str, content: bytes) -> None:
    path = studio.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def keys(studio: CliHarness) -> list[str]:
    """Return the keys of the items in a plan of creates."""
    text = studio.run("plan").out
    return [line.split()[1] for line in text.splitlines() if line.startswith("    + ") and "the gallery" not in line]


def test_a_folder_gives_all_pictures_and_videos_in_it(studio: CliHarness) -> None:
    studio.write_photo("photos/alps/a.JPG", 1)
    studio.write_photo("photos/alps/day2/b.jpeg", 2)
    write_bytes(studio, "photos/alps/c.Mov", MOV)
    studio.write_gallery(["{from: photos/alps}"])
    assert keys(studio) == ["a", "c", "b"]
    studio.apply()
    studio.assert_no_changes()


def test_other_files_are_skipped_and_counted(studio: CliHarness) -> None:
    studio.write_photo("photos/a.jpg", 1)
    studio.write_photo("photos/@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg", 2)
    for name in (
        ".DS_Store",
        "._a.jpg",
        "Thumbs.db",
        "desktop.ini",
        "a.AAE",
        "a.json",
        "a.jpg.xmp",
        "b.XMP",
        "x.CR3",
        "notes.txt",
    ):
        studio.write(f"photos/{name}", "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>" if "xmp" in name.lower() else "x")
    studio.write_gallery(["{from: photos}"])
    note = "photos: skipped 2 hidden files, 3 system files, 3 sidecars, 1 RAW photo, 1 other file (notes.txt)"
    validated = studio.run("validate")
    assert validated.code == 0
    assert note in validated.out
    assert keys(studio) == ["a"]
    assert note in " ".join(studio.run("plan").out.split())


def test_a_heic_comes_before_its_jpeg_and_its_live_photo(studio: CliHarness) -> None:
    write_bytes(studio, "photos/IMG_1.HEIC", HEIC)
    studio.write_photo("photos/IMG_1.jpg", 1)
    write_bytes(studio, "photos/IMG_1.MOV", MOV)
    studio.write_photo("photos/IMG_2.jpg", 2)
    write_bytes(studio, "photos/IMG_2.MOV", MOV)
    write_bytes(studio, "photos/film.MOV", MOV + b"x")
    studio.write_gallery(["{from: 'photos/*'}"])
    assert keys(studio) == ["film", "IMG_1", "IMG_2"]
    assert "2 videos of Live Photos, 1 JPEG beside a HEIC of its name" in studio.run("validate").out


def test_an_excluded_heic_leaves_its_place_to_the_jpeg(studio: CliHarness) -> None:
    write_bytes(studio, "photos/IMG_1.HEIC", HEIC)
    studio.write_photo("photos/IMG_1.jpg", 1)
    write_bytes(studio, "photos/IMG_1.MOV", MOV)
    studio.write_gallery(["{from: photos, except: '*.heic'}"])
    studio.apply()
    assert [file["displayName"] for file in studio.files()] == ["IMG_1.jpg"]


def test_the_videos_of_live_photos_can_be_asked_for(studio: CliHarness) -> None:
    studio.write_photo("photos/IMG_1.jpg", 1)
    write_bytes(studio, "photos/IMG_1.MOV", MOV)
    studio.write_gallery(["{from: photos/*.mov}"])
    assert keys(studio) == ["IMG_1"]


def test_the_case_of_an_extension_makes_no_difference(studio: CliHarness) -> None:
    studio.write_photo("photos/a.JPG", 1)
    studio.write_photo("photos/b.jpg", 2)
    studio.write_gallery(["{from: photos/*.jpg}"])
    assert keys(studio) == ["a", "b"]
    studio.write_gallery(["{from: photos/*.JPG}"])
    assert keys(studio) == ["a", "b"]


def test_files_that_no_pattern_matches_are_listed_once_for_all_galleries(studio: CliHarness) -> None:
    for number, name in enumerate(("a-1.jpg", "b-1.jpg", "c-1.png", "d-1.webp")):
        studio.write_photo(f"photos/{name}", number)
    studio.write_gallery(["{from: photos/a-*.jpg}"], name="first", head="bind: {name: First, create: true}\n")
    studio.write_gallery(
        ["{from: photos/b-*.jpg, except: photos/b-2.jpg}", "{image: photos/c-1.png}"], name="second",
        head="bind: {name: Second, create: true}\n",
    )  # fmt: skip
    validated = studio.run("validate")
    assert "galleries/first.yaml:4:12  no pattern matches 1 file in photos: d-1.webp" in " ".join(
        validated.out.split()
    ).replace(" no", "  no")
    assert "except photos/b-2.jpg excludes nothing" in validated.out


def test_an_empty_or_missing_folder_is_a_problem(studio: CliHarness) -> None:
    studio.write("photos/notes.txt", "x")
    studio.write_photo("fotos/a.jpg", 1)
    studio.write_gallery(["{from: photos}"])
    assert "photos matches no pictures or videos, only 1 other file (notes.txt)" in studio.run("validate").err
    studio.write_gallery(["{from: photo/alps}"])
    ran = studio.run("validate")
    assert (ran.code, "photo/alps does not exist" in ran.err) == (1, True)


@pytest.mark.parametrize(
    ("exception", "left"),
    [
        ("photos/a.jpg", ["b", "draft-c", "d"]),
        ("photos/drafts", ["a", "b"]),
        ("drafts", ["a", "b"]),
        ("draft-*", ["a", "b", "d"]),
        ("[photos/**/d.*, a.jpg]", ["b", "draft-c"]),
        ("photos/drafts/", ["a", "b"]),
        ("'*.JPG'", []),
    ],
)
def test_except(studio: CliHarness, exception: str, left: list[str]) -> None:
    for number, name in enumerate(("a", "b", "drafts/draft-c", "drafts/d")):
        studio.write_photo(f"photos/{name}.jpg", number)
    studio.write_gallery([f"{{from: photos, except: {exception}}}"])
    assert sorted(keys(studio)) == sorted(left)
    assert f"{4 - len(left)} excluded by except" in studio.run("validate").out


def test_an_entry_of_its_own_pins_a_file(studio: CliHarness) -> None:
    for number, name in enumerate("abc"):
        studio.write_photo(f"photos/{name}.jpg", number)
    studio.write_gallery(["{from: photos}"])
    studio.apply()
    before = [item["id"] for item in studio.items()]
    studio.write_gallery(["{image: photos/c.jpg, title: First}", "{from: photos}"])
    studio.apply()
    after = studio.items()
    assert [item["id"] for item in after] == [before[2], before[0], before[1]]
    assert after[0]["title"] == "First"
    assert len(studio.files()) == 3
    studio.assert_no_changes()


def test_expand_knows_folders_exceptions_and_pins(studio: CliHarness) -> None:
    for number, name in enumerate(("a", "b", "c", "x/IMG_1", "y/IMG_1")):
        studio.write_photo(f"photos/{name}.jpg", number)
    studio.write_gallery(
        [
            "{image: photos/c.jpg}",
            "{from: photos, except: b.jpg, order: -name, publish: {from: '2020-01-01'}, tags: [t]}",
        ]
    )
    studio.apply()
    expanded = studio.run("expand", "weddings")
    assert expanded.code == 0, expanded.err
    text = (studio.root / "galleries/weddings.yaml").read_text(encoding="utf-8")
    assert "from: photos," not in text
    assert "{key: y-IMG_1, image: photos/y/IMG_1.jpg, captions: true" in text
    assert "publish: {from: '2020-01-01'}" in text.replace('"', "'")
    studio.assert_no_changes()


def test_manifests_may_end_in_yml(studio: CliHarness) -> None:
    studio.write("galleries/more.yml", "bind: {name: More, create: true}\nitems: [{key: a, text: <p>a</p>}]\n")
    studio.apply()
    assert [gallery["name"] for gallery in studio.galleries()] == ["More"]


def test_a_file_that_two_entries_find_is_a_problem(studio: CliHarness) -> None:
    studio.write_photo("photos/a.jpg", 1)
    studio.write_gallery(["{from: photos}", "{from: 'photos/*.jpg', tags: [x]}"])
    ran = studio.run("validate")
    assert (
        "photos/a.jpg is also found by the entry at galleries/weddings.yaml:5:5; exclude it from one of them" in ran.err
    )
