"""The setting `privacy`: what is uploaded says neither where a photo was made nor whose camera it was."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from galleryctl.emulator import create_emulator
from galleryctl.photo.read import read_photo
from tests.support import photo_files as made
from tests.support.cli_harness import CliHarness

LATITUDE = struct.pack("<6I", 46, 1, 1, 1, 123_456_789, 10_000_000)
PLACE = made.xmp("<photoshop:City>Zermatt</photoshop:City>", exif__GPSLatitude="46,1.2344N")
STRIP = "privacy: {gps: strip, owner: strip}\n"


def located_photo(shade: int) -> bytes:
    """Return a JPEG with pixels, with a location in EXIF, XMP and IPTC."""
    picture = io.BytesIO()
    Image.effect_noise((64, 48), shade + 20).save(picture, "JPEG")
    exif = made.Exif(tags={0x013B: "Jane Doe"}, gps={1: "N", 2: LATITUDE}).block
    segments = (
        made.segment(0xE1, b"Exif\0\0" + exif),
        made.segment(0xE1, made.XMP_HEADER + PLACE.encode()),
        made.segment(0xED, b"Photoshop 3.0\0" + made.photoshop(made.iptc((90, b"Zermatt")))),
    )
    return picture.getvalue()[:2] + b"".join(segments) + picture.getvalue()[2:]


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.tobytes()


def set_privacy(studio: CliHarness, setting: str) -> None:
    studio.write("galleryctl.yaml", f"galleryctl: 1\nbackend: {{type: local}}\ngalleries: galleries/*.yaml\n{setting}")


def received(studio: CliHarness) -> list[bytes]:
    """Return the files that the emulator holds."""
    emulator = create_emulator(studio.root / ".galleryctl/emulator/main")
    try:
        store = emulator.pipeline.site.store
        return [data for file in studio.files() if (data := store.get_blob(file["id"]))]
    finally:
        emulator.close()


@pytest.fixture
def holiday(studio: CliHarness) -> CliHarness:
    """A gallery of three photos with a location, and one without."""
    for number in range(3):
        path = studio.root / f"photos/located{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(located_photo(number))
    studio.write_photo("photos/plain.jpg", 7)
    studio.write_gallery(["from: photos"])
    return studio


def test_the_site_receives_no_location_and_the_same_pixels(holiday: CliHarness) -> None:
    set_privacy(holiday, STRIP)
    holiday.apply()
    got = received(holiday)
    assert len(got) == 4
    for data in got:
        assert [secret for secret in (LATITUDE[16:], b"Zermatt", b"GPSLat") if secret in data] == []
        assert not read_photo(io.BytesIO(data)).has_location
    originals = [path.read_bytes() for path in (holiday.root / "photos").iterdir()]
    assert sorted(map(pixels, got)) == sorted(map(pixels, originals))
    assert sum(b"Jane Doe" in data for data in got) == 3
    holiday.assert_no_changes()


def test_without_the_setting_validate_counts_the_files_once(holiday: CliHarness) -> None:
    holiday.write_gallery(["image: photos/located0.jpg"], name="again")
    ran = holiday.run("validate")
    assert ran.code == 0
    text = " ".join(ran.out.split())
    assert text.count("say where they were made") == 1
    assert "3 files say where they were made, such as photos/located0.jpg" in text
    assert "privacy: {gps: strip} in galleryctl.yaml" in text
    for setting in ("privacy: {gps: keep}\n", STRIP):
        set_privacy(holiday, setting)
        assert "where they were made" not in holiday.run("validate").out


def test_switching_strip_on_uploads_the_affected_files_again_and_names_the_old_ones(holiday: CliHarness) -> None:
    holiday.apply()
    before = {file["id"]: file["displayName"] for file in holiday.files()}
    plain = [id_ for id_, name in before.items() if name == "plain.jpg"]
    set_privacy(holiday, STRIP)
    ran = holiday.apply("-vv")
    assert "Applied: 3 updated" in ran.out
    text = " ".join(ran.out.split())
    assert "files that are uploaded again because of privacy: 3; their former copies stay in the Media Manager" in text
    assert "media gc" in text
    for id_ in before.keys() - set(plain):
        assert f"(wix:{id_})" in text
    assert len(holiday.files()) == 7
    assert plain[0] not in text
    holiday.assert_no_changes()
    gone = holiday.run("media", "gc", "--auto-approve")
    assert gone.code == 0, gone.out + gone.err
    assert {file["id"] for file in holiday.files()} & before.keys() == set(plain)


def test_a_gallery_overrides_the_workspace_part_by_part(holiday: CliHarness) -> None:
    set_privacy(holiday, STRIP)
    head = "bind: {create: true}\nname: Weddings\nprivacy: {gps: keep}\n"
    holiday.write_gallery(["from: photos"], head=head)
    holiday.apply()
    assert sum(LATITUDE[16:] in data for data in received(holiday)) == 3


def test_refuse_holds_the_items_of_photos_with_a_location(holiday: CliHarness) -> None:
    set_privacy(holiday, "privacy: {gps: refuse}\n")
    validated = holiday.run("validate")
    assert validated.code == 1
    why = "photos/located0.jpg says where it was made, which privacy.gps: refuse does not allow"
    assert why in " ".join(validated.err.split())
    assert "plain.jpg" not in validated.err
    ran = holiday.run("apply", "--auto-approve")
    assert (ran.code, "3 held" in ran.out) == (3, True)
    assert [file["displayName"] for file in holiday.files()] == ["plain.jpg"]


def test_a_file_that_cannot_be_stripped_is_held_and_named(holiday: CliHarness) -> None:
    set_privacy(holiday, STRIP)
    damaged = made.jpeg(exif=b"II*\0\x08\0\0\0\xff\xff")
    (holiday.root / "photos/damaged.jpg").write_bytes(damaged)
    validated = holiday.run("validate")
    assert validated.code == 1
    text = " ".join(validated.err.split())
    assert "private data cannot be removed from photos/damaged.jpg: a directory of the EXIF data is truncated" in text
    assert "privacy: {gps: keep, owner: keep} in the manifest" in text
    ran = holiday.run("apply", "--auto-approve")
    assert (ran.code, "1 held" in ran.out, len(holiday.files())) == (3, True, 4)


def test_a_saved_plan_uploads_the_copy_and_no_other(holiday: CliHarness) -> None:
    set_privacy(holiday, STRIP)
    assert holiday.run("plan", "--out", "plan.json").code == 0
    assert '"without"' in (holiday.root / "plan.json").read_text()
    set_privacy(holiday, "privacy: {gps: keep}\n")
    ran = holiday.run("apply", "plan.json")
    assert ran.code == 0, ran.out + ran.err
    assert [LATITUDE[16:] in data for data in received(holiday)] == [False] * 4


def test_undo_finds_the_file_of_a_copy(holiday: CliHarness) -> None:
    set_privacy(holiday, STRIP)
    holiday.apply()
    holiday.write_gallery(["image: photos/plain.jpg"])
    holiday.apply("--max-delete-percent", "100")
    ran = holiday.run("undo", "2")
    manifest = (holiday.root / "galleries/weddings.yaml").read_text()
    assert "photos/located0.jpg" in manifest, ran.out + ran.err


@pytest.mark.parametrize("part", ["gps: hide", "owner: refuse", "gsp: strip"])
def test_a_mistake_in_the_setting_is_an_error(holiday: CliHarness, part: str) -> None:
    set_privacy(holiday, f"privacy: {{{part}}}\n")
    assert holiday.run("validate").code == 1


def strip_segments(data: bytes) -> bytes:
    """Return the JPEG as a program writes it that removes all metadata."""
    kept, at = data[:2], 2
    while data[at + 1] in (0xE1, 0xED):
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return kept + data[at:]


@pytest.mark.parametrize("setting", ["", "privacy: {gps: keep}\n"])
def test_a_photo_is_uploaded_again_once_its_location_is_removed_from_the_file(
    holiday: CliHarness, setting: str
) -> None:
    set_privacy(holiday, setting)
    holiday.apply()
    assert sum(LATITUDE[16:] in data for data in received(holiday)) == 3
    for number in range(3):
        path = holiday.root / f"photos/located{number}.jpg"
        path.write_bytes(strip_segments(path.read_bytes()))
    ran = holiday.apply()
    assert "3 updated" in ran.out
    holiday.assert_no_changes()
    assert holiday.run("media", "gc", "--auto-approve").code == 0
    assert [data for data in received(holiday) if LATITUDE[16:] in data] == []


def test_switching_strip_on_replaces_locations_that_no_header_shows(studio: CliHarness) -> None:
    """A location in the thumbnail's directory is found by the search for private data, and not by the reader."""
    exif = made.Exif(tags={0x010F: "Maker"}, gps={1: "N", 2: LATITUDE}).block
    plain = located_photo(1)
    hidden = strip_segments(plain)
    trailer = hidden + strip_segments(plain)[:2] + made.segment(0xE1, b"Exif\0\0" + exif) + strip_segments(plain)[2:]
    (studio.root / "photos").mkdir(exist_ok=True)
    (studio.root / "photos/hidden.jpg").write_bytes(trailer)
    assert not read_photo(io.BytesIO(trailer)).has_location
    studio.write_gallery(["from: photos"])
    studio.apply()
    assert [LATITUDE[16:] in data for data in received(studio)] == [True]
    set_privacy(studio, STRIP)
    assert "1 updated" in studio.apply().out
    assert studio.run("media", "gc", "--auto-approve").code == 0
    assert [LATITUDE[16:] in data for data in received(studio)] == [False]
    studio.assert_no_changes()
