"""Photos whose captions cannot be read: a new item goes without them, a live item keeps its texts."""

from __future__ import annotations

import json
from typing import Any

from tests.support import photo_files as made
from tests.support.cli_harness import CliHarness

PACKET = made.xmp(
    "<Iptc4xmpCore:AltTextAccessibility><rdf:Alt><rdf:li>A boat</rdf:li></rdf:Alt></Iptc4xmpCore:AltTextAccessibility>",
    title="Harbour",
    description="Low tide",
    tags=("boat", "sea"),
)


def write(studio: CliHarness, name: str, data: bytes | str) -> None:
    path = studio.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def texts(item: dict[str, Any]) -> tuple[str, str, list[str], str]:
    info = item["image"]["imageInfo"]
    tags = (item.get("tags") or {}).get("values") or []
    return item.get("title") or "", item.get("description") or "", sorted(tags), info.get("altText") or ""


HARBOUR = ("Harbour", "Low tide", ["boat", "sea"], "A boat")


def test_a_live_item_keeps_its_texts_and_they_stay_ours(studio: CliHarness) -> None:
    write(studio, "photos/a.jpg", made.jpeg())
    write(studio, "photos/a.xmp", PACKET)
    studio.write_gallery(["{from: photos/*.jpg}"])
    studio.apply()
    assert texts(studio.items()[0]) == HARBOUR
    before = studio.state()["galleries"]
    for damaged in ("", PACKET[:300], "sample xmp string", "\0" * 600):
        write(studio, "photos/a.xmp", damaged)
        planned = studio.run("plan", "--detailed-exitcode")
        assert planned.code == 0, planned.out
        shown = " ".join(planned.out.split())
        assert "the captions of photos/a.jpg cannot be read completely (photos/a.xmp: XMP: " in shown
        assert "an item on the site keeps its title, description, tags, alt_text" in shown
        studio.apply()
        assert texts(studio.items()[0]) == HARBOUR
        assert studio.state()["galleries"] == before
    write(studio, "photos/a.xmp", PACKET.replace("Harbour", "Quay"))
    studio.apply()
    assert texts(studio.items()[0])[0] == "Quay"
    write(studio, "photos/a.xmp", made.xmp())  # read again, the texts were ours all the time: they are cleared
    assert "(cleared)" in studio.run("plan").out
    studio.apply()
    assert texts(studio.items()[0]) == ("", "", [], "")


def test_an_edit_of_a_person_is_kept_as_well(studio: CliHarness) -> None:
    write(studio, "photos/a.jpg", made.jpeg(xmp=PACKET))
    studio.write_gallery(["{from: photos/*.jpg}"])
    studio.apply()
    (item,) = studio.items()
    (gallery,) = studio.galleries()
    studio.edit({"gallery": gallery["id"], "item": item["id"], "set": {"title": "By hand"}})
    write(studio, "photos/a.xmp", "half a pack")
    studio.assert_no_changes()
    assert studio.run("drift").code == 0
    (studio.root / "photos/a.xmp").unlink()  # the photo itself is read again
    studio.write_gallery(["{from: photos/*.jpg, captions: file}"])
    assert studio.run("drift").code == 2


def test_other_fields_of_the_item_are_still_updated(studio: CliHarness) -> None:
    write(studio, "photos/a.jpg", made.jpeg(xmp=PACKET))
    studio.write_gallery(["{from: photos/*.jpg, quality: 60}"])
    studio.apply()
    write(studio, "photos/a.xmp", "half a pack")
    studio.write_gallery(["{from: photos/*.jpg, quality: 70, title: Of all}"])
    planned = studio.run("plan").out
    assert "quality" in planned
    assert "Of all" not in planned
    studio.apply()
    assert texts(studio.items()[0]) == HARBOUR
    studio.assert_no_changes()


def test_a_new_item_is_published_with_what_can_be_read(studio: CliHarness) -> None:
    write(studio, "photos/a.jpg", made.jpeg(xmp="sample xmp string", iptc=made.iptc((5, b"Harbour"))))
    write(studio, "photos/b.jpg", made.jpeg(xmp=PACKET[:300]))
    studio.write_gallery(["{from: photos/*.jpg}"])
    checked = studio.run("validate")
    assert checked.code == 0, checked.out
    assert checked.out.count("cannot be read completely") == 2
    found = json.loads(studio.run("validate", "--format", "json").out)
    assert [warning["line"] for warning in found["warnings"]] == [5, 5]
    studio.apply()
    assert [texts(item)[0] for item in studio.items()] == ["Harbour", ""]
    studio.assert_no_changes()


def test_a_half_synced_folder_of_sidecars_clears_nothing(studio: CliHarness) -> None:
    for number in range(12):
        write(studio, f"photos/{number}.jpg", made.jpeg(size=(100 + number, 50)))
        write(studio, f"photos/{number}.xmp", PACKET)
    studio.write_gallery(["{from: photos/*.jpg}"])
    studio.apply()
    for number in range(12):
        cut = (PACKET[:200], "", PACKET[: PACKET.index("</x:xmpmeta>") - 40])[number % 3]
        write(studio, f"photos/{number}.xmp", cut)
    studio.apply()
    assert [texts(item) for item in studio.items()] == [HARBOUR] * 12
    for number in range(8):  # not there yet
        (studio.root / f"photos/{number}.xmp").unlink()
    studio.assert_no_changes()
    studio.apply()
    assert [texts(item) for item in studio.items()] == [HARBOUR] * 12


def test_a_folder_of_heic_is_applied_in_the_order_of_capture(studio: CliHarness) -> None:
    for name, day in (("b", 1), ("a", 2)):
        exif = made.Exif(tags={made.ORIGINAL: f"2024:05:0{day} 10:00:00"})
        packet = made.xmp(title=name.upper(), tags=("boat",))
        turned = made.box(b"irot", b"\1")
        write(studio, f"photos/{name}.heic", made.heif(turned, exif=exif, xmp=packet, size=(4030 + day, 3024)))
    studio.write_gallery(["{from: photos/*.heic, order: captured}"])
    studio.apply()
    assert studio.titles() == ["B", "A"]
    picture = studio.items()[0]["image"]["imageInfo"]
    assert (picture.get("width"), picture.get("height")) in ((3024, 4031), (None, None))
    assert [file["media"]["image"]["image"]["width"] for file in studio.files()] == [3024, 3024]
    studio.assert_no_changes()
