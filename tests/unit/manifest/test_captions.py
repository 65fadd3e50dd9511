"""Items from files: order, captions, sidecars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from galleryctl.manifest.files.glob import natural_sort_key
from tests.support import photo_files as made
from tests.support.photo_files import ORIGINAL, Exif

if TYPE_CHECKING:
    from tests.unit.manifest.conftest import ScratchWorkspace

XMP = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/">
<rdf:Description rdf:about="">
<dc:title><rdf:Alt><rdf:li xml:lang="de">Titel</rdf:li><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:subject><rdf:Bag><rdf:li>x</rdf:li><rdf:li> xé </rdf:li><rdf:li/></rdf:Bag></dc:subject>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def exif(captured: str = "", **tags: Any) -> Image.Exif:
    made = Image.Exif()
    numbers = {"description": 0x010E, "xp_title": 0x9C9B, "xp_keywords": 0x9C9E}
    for name, value in tags.items():
        if name == "comment":
            made.get_ifd(0x8769)[0x9286] = value
        else:
            made[numbers[name]] = value
    if captured:
        made.get_ifd(0x8769)[0x9003] = captured
    return made


def test_exif_captions(scratch: ScratchWorkspace) -> None:
    tags = exif(
        "2026:05:01 10:00:00",
        description=" Grüße \0".encode(),
        xp_title="Títle\0".encode("utf-16-le"),
        xp_keywords="b;a; ".encode("utf-16-le"),
    )
    scratch.picture("p.jpg", exif=tags)
    (item,) = scratch.items("  - from: '*.jpg'\n")
    assert item.fields == {"title": "Títle", "description": "Grüße", "tags": ("a", "b")}


def test_sidecars_go_before_what_is_in_the_file(scratch: ScratchWorkspace) -> None:
    scratch.picture("photos/p.jpg", xmp=XMP.format(title="inside").encode())
    scratch.write("photos/p.xmp", XMP.format(title="beside"))
    entry = "  - {from: 'photos/*', tags: [t], quality: 70, title: of the pattern}\n"
    (item,) = scratch.items(entry, head="defaults: {tags: [d], description: of the defaults}\n")
    assert item.fields == {
        "title": "beside",
        "tags": ("t", "x", "xé"),
        "quality": 70,
        "description": "of the defaults",
    }
    scratch.write(
        "photos/p.jpg.yaml",
        "key: k\ntitle: by hand\ntags: [only]\nprotect: true\nfocal_point: {x: 0, y: 1}\nignore: [quality]\n",
    )
    (item,) = scratch.items(entry)
    assert (item.address.item, item.protect) == ("k", True)
    assert item.fields == {"title": "by hand", "tags": ("only",), "focal_point": {"x": 0, "y": 1}}
    assert str(item.field_positions["title"]) == "photos/p.jpg.yaml:2:8"


def test_problems_of_sidecars_stand_in_them(scratch: ScratchWorkspace) -> None:
    scratch.picture("p.jpg")
    scratch.write("p.yaml", "titel: x\nquality: 1\n")
    assert scratch.item_problems("  - from: p.jpg\n") == [
        "p.yaml:1:1: unknown key 'titel'; did you mean 'title'?",
        "p.yaml:2:10: quality 1 is below 30",
    ]
    scratch.write("p.jpg.yaml", "title: x\n")
    assert "galleries/g.yaml:3:11: p.jpg has two sidecars, p.jpg.yaml and p.yaml; keep one" in scratch.problems()


def unread(path: str, problem: str, names: str = "title, description, tags, alt_text") -> str:
    """Return the warning about a photo whose captions cannot be read."""
    return (
        f"galleries/g.yaml:3:11: the captions of {path} cannot be read completely ({problem}): "
        f"an item on the site keeps its {names}"
    )


def test_captions_that_cannot_be_read_are_a_warning(scratch: ScratchWorkspace) -> None:
    scratch.write("p.jpg", made.jpeg(xmp="sample xmp string", iptc=made.iptc((5, b"Harbour"))))
    (item,) = scratch.items("  - from: p.jpg\n")
    assert item.fields == {"title": "Harbour"}
    assert item.unknown == {"title", "description", "tags", "alt_text"}
    assert scratch.item_warnings("  - from: p.jpg\n") == [unread("p.jpg", "XMP: not XML")]


@pytest.mark.parametrize(
    ("packet", "problem"),
    [
        (b"", "p.xmp: XMP: blank"),
        (b"<x", "p.xmp: XMP: not valid XML: unclosed token: line 1, column 0"),
        (b"<x>" + b" " * 4_000_000 + b"</x>", "p.xmp: XMP: more than 4,000,000 bytes"),
    ],
)
def test_a_sidecar_that_cannot_be_read_is_a_warning(scratch: ScratchWorkspace, packet: bytes, problem: str) -> None:
    scratch.write("p.jpg", made.jpeg())
    scratch.write("p.xmp", packet)
    assert scratch.item_warnings("  - from: p.jpg\n") == [unread("p.jpg", problem)]


def test_what_the_manifest_or_a_yaml_sidecar_says_is_known(scratch: ScratchWorkspace) -> None:
    scratch.write("p.jpg", made.jpeg(xmp="sample xmp string"))
    scratch.write("q.jpg", made.jpeg(xmp="sample xmp string"))
    scratch.write("q.yaml", "tags: [a]\n")
    own, other = scratch.items(
        "  - {image: p.jpg, captions: true, title: Mine, description: null}\n"
        "  - {from: q.jpg, title: Of all, description: Of all}\n"
    )
    assert own.unknown == {"tags", "alt_text"}
    assert other.unknown == {"title", "description", "alt_text"}
    assert other.fields == {"title": "Of all", "description": "Of all", "tags": ("a",)}
    assert scratch.item_warnings("  - {from: p.jpg, captions: false}\n") == []


def test_no_pixels_are_read(scratch: ScratchWorkspace) -> None:
    packet = made.text_chunk("XML:com.adobe.xmp", XMP.format(title="A bomb").encode(), international=True)
    scratch.write("p.png", made.png(packet, size=(100_000, 100_000)))
    scratch.write("q.jpg", made.jpeg(xmp=XMP.format(title="Huge"), size=(16_320, 12_240)))
    items = scratch.items("  - from: ['*.png', '*.jpg']\n")
    assert [item.fields["title"] for item in items] == ["A bomb", "Huge"]
    assert scratch.item_warnings("  - from: ['*.png', '*.jpg']\n") == []


def test_captions_of_heic_and_the_alternative_text(scratch: ScratchWorkspace) -> None:
    text = "<Iptc4xmpCore:AltTextAccessibility><rdf:Alt><rdf:li>A boat</rdf:li></rdf:Alt></Iptc4xmpCore:AltTextAccessibility>"
    scratch.write("a.heic", made.heif(xmp=made.xmp(text, title="Harbour", tags=("boat",))))
    scratch.write("b.avif", made.heif(xmp=made.xmp(title="Quay"), brand=b"avif"))
    scratch.write("c.mov", made.quicktime(made.box(b"udta", made.box(b"XMP_", made.xmp(text, title="Film").encode()))))
    photo, other, film = scratch.items("  - from: ['a.heic', 'b.avif', 'c.mov']\n")
    assert photo.fields == {"title": "Harbour", "tags": ("boat",), "alt_text": "A boat"}
    assert (other.fields, film.fields) == ({"title": "Quay"}, {"title": "Film"})


def test_captions_can_be_left_alone_or_asked_for(scratch: ScratchWorkspace) -> None:
    for name in ("p.jpg", "q.jpg"):
        scratch.picture(name, xmp=XMP.format(title="inside").encode())
    without, asked, plain = scratch.items(
        "  - {from: q.jpg, captions: false}\n  - {key: b, image: p.jpg, captions: true, tags: [t]}\n  - {key: c, image: p.jpg}\n"
    )
    assert without.fields == {}
    assert asked.fields == {"title": "inside", "tags": ("t",)}
    assert plain.fields == {}


def dated(scratch: ScratchWorkspace, **times: str) -> None:
    """Write photos, each with a time such as `2026:01:01 00:00:02`, a blank and an offset; none for ""."""
    for name, text in times.items():
        day, clock, offset = f"{text}  ".split(" ")[:3]
        tags = {ORIGINAL: f"{day} {clock}", 0x9011: offset} if text else {}
        scratch.write(f"{name}.jpg", made.jpeg(exif=Exif(tags=tags)))


def keys(scratch: ScratchWorkspace, order: str, pattern: str = "'*.jpg'") -> list[str | None]:
    return [item.address.item for item in scratch.items(f"  - {{from: {pattern}, order: {order}}}\n")]


def test_items_by_the_time_of_capture(scratch: ScratchWorkspace) -> None:
    first = "2026:01:01 00:00:01"
    dated(scratch, c="2026:01:01 00:00:02", a10="", b=first, a9="", d=first)
    assert keys(scratch, "captured") == ["b", "d", "c", "a9", "a10"]
    assert keys(scratch, "-captured") == ["c", "b", "d", "a9", "a10"]
    assert keys(scratch, "name") == ["a9", "a10", "b", "c", "d"]
    assert keys(scratch, "-name") == ["d", "c", "b", "a10", "a9"]
    assert scratch.item_warnings("  - {from: '*.jpg', order: captured}\n") == [
        "galleries/g.yaml:3:12: files without a capture time come last: a9.jpg, a10.jpg"
    ]


def test_times_of_several_zones_are_compared_if_all_are_known(scratch: ScratchWorkspace) -> None:
    dated(scratch, berlin="2024:05:01 09:00:00 +02:00", tokyo="2024:05:01 10:00:00 +09:00")
    assert keys(scratch, "captured") == ["tokyo", "berlin"]
    dated(scratch, unknown="2024:05:01 09:30:00")
    assert keys(scratch, "captured") == ["berlin", "unknown", "tokyo"]


def test_dates_of_sidecars_scans_and_videos(scratch: ScratchWorkspace) -> None:
    dated(scratch, a="2020:01:01 00:00:00", b="2021:01:01 00:00:00")
    scratch.write("b.xmp", made.xmp(exif__DateTimeOriginal="2010-01-01T00:00:00"))
    scratch.write("scan.jpg", made.jpeg(xmp=made.xmp(photoshop__DateCreated="2002-07-13T15:58:28")))
    scratch.write("film.mov", made.quicktime(made.apple_keys(creationdate="2015-01-01T00:00:00+0100")))
    scratch.write("phone.heic", made.heif(exif=Exif(tags={ORIGINAL: "2016:01:01 00:00:00"})))
    found = keys(scratch, "captured", "['*.jpg', '*.mov', '*.heic']")
    assert found == ["scan", "b", "film", "phone", "a"]


def test_several_patterns_give_each_file_once_and_nothing_hidden(scratch: ScratchWorkspace) -> None:
    for path in ("a/1.jpg", "a/b/2.png", "a/.hidden.jpg", "a/._1.jpg"):
        scratch.picture(path, format="png")
    scratch.write("a/v.mp4", b"\0\0\0\x18ftypmp42")
    items = scratch.items("  - {from: ['a/*.jpg', 'a/**/*', 'a/*'], quality: 50}\n")
    assert [(item.address.item, item.kind) for item in items] == [
        ("1", "image"),
        ("2", "image"),
        ("v", "video"),
    ]
    assert items[2].fields == {}


def test_names_in_natural_order() -> None:
    names = ["img10", "IMG2", "img2", "a1b10", "a1b9", "a01", "É"]
    assert sorted(names, key=natural_sort_key) == ["a01", "a1b9", "a1b10", "IMG2", "img2", "img10", "É"]


def test_a_truncated_photo_is_a_warning(scratch: ScratchWorkspace) -> None:
    scratch.write("p.jpg", b"\xff\xd8\xff\xe0 and then nothing")
    (warning,) = scratch.item_warnings("  - from: p.jpg\n")
    assert "the captions of p.jpg cannot be read completely (truncated: " in warning
    assert len(scratch.items("  - from: p.jpg\n")) == 1


def test_the_value_of_a_variable_is_not_shown(scratch: ScratchWorkspace) -> None:
    scratch.write("secret/p.jpg", made.jpeg(xmp="sample xmp string"))
    entry = "  - {image: '${GALLERYCTL_VAR_FILE}', key: k, captions: true}\n"
    (warning,) = scratch.item_warnings(entry, {"GALLERYCTL_VAR_FILE": "secret/p.jpg"})
    assert "the captions of the file that the value from the environment names cannot be read completely:" in warning
    assert "secret" not in warning


@pytest.mark.parametrize(
    ("entry", "left_out"),
    [
        ("image: photos/p.jpg", "title, description"),
        ("{image: photos/p.jpg, title: Cake}", "description"),
        ("{image: photos/p.jpg, captions: true}", ""),
        ("{image: photos/p.jpg, captions: false}", ""),
        ("image: photos/plain.jpg", ""),
        ("image: photos/noted.jpg", "a YAML sidecar"),
        ("image: other.jpg", ""),
    ],
)
def test_an_entry_that_leaves_out_captions_is_noted(scratch: ScratchWorkspace, entry: str, left_out: str) -> None:
    tags = exif(description=b"Theirs", xp_title="Kiss\0".encode("utf-16-le"))
    scratch.picture("photos/p.jpg", exif=tags)
    scratch.picture("other.jpg", exif=tags)
    scratch.picture("photos/plain.jpg")
    scratch.picture("photos/noted.jpg")
    scratch.write("photos/noted.yaml", "title: Noted\n")
    scratch.items(f"  - {entry}\n  - from: photos\n")
    notes = [note.message for note in scratch.load().notes if "leaves out" in note.message]
    path = entry.strip("{}").split(",")[0].removeprefix("image: ")
    advice = "write captions: true, or false to keep it so"
    assert notes == ([f"this entry leaves out what {path} has: {left_out}; {advice}"] if left_out else [])
