"""Items from files: order, captions, sidecars."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from galleryctl.manifest.captions import Captions, clean_caption, read_captions
from galleryctl.manifest.files.glob import natural_sort_key
from galleryctl.manifest.xmp import MAX_XMP_BYTES

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


def iptc(*entries: tuple[int, bytes]) -> bytes:
    """Return an APP13 segment with IPTC records 2:NUMBER."""
    records = b"".join(
        b"\x1c\x02" + bytes([number]) + struct.pack(">H", len(value)) + value for number, value in entries
    )
    block = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records + b"\0" * (len(records) % 2)
    body = b"Photoshop 3.0\0" + block
    return b"\xff\xed" + struct.pack(">H", len(body) + 2) + body


def with_iptc(scratch: ScratchWorkspace, path: str, *entries: tuple[int, bytes], **options: Any) -> None:
    file = scratch.picture(path, **options)
    data = file.read_bytes()
    file.write_bytes(data[:2] + iptc(*entries) + data[2:])


def captions(scratch: ScratchWorkspace, path: str) -> Captions:
    with (scratch.root / path).open("rb") as picture:
        return read_captions(picture)


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
    assert captions(scratch, "p.jpg").captured.startswith("2026:05:01 10:00:00")


@pytest.mark.parametrize(
    "comment",
    [b"ASCII\0\0\0Hello", b"UNICODE\0" + "Hello".encode("utf-16-le"), b"\0" * 8 + b"Hello\0\0", "Hello"],
)
def test_the_user_comment_is_a_description_too(scratch: ScratchWorkspace, comment: object) -> None:
    scratch.picture("p.jpg", exif=exif(comment=comment))
    assert captions(scratch, "p.jpg").description == "Hello"


def test_xmp_before_iptc_before_exif(scratch: ScratchWorkspace) -> None:
    options = {"exif": exif(description="from exif", xp_title="from exif".encode("utf-16-le"))}
    with_iptc(
        scratch,
        "p.jpg",
        (5, b"from iptc"),
        (120, "from ïptc".encode("cp1252")),
        (25, b"k1"),
        (25, b"k2"),
        **options,
    )
    found = captions(scratch, "p.jpg")
    assert (found.title, found.description, found.tags) == ("from iptc", "from ïptc", ("k1", "k2"))
    options["xmp"] = XMP.format(title="from xmp").encode()  # type: ignore[assignment]  # another kind of option
    with_iptc(scratch, "p.jpg", (5, b"from iptc"), (120, b"from iptc"), **options)
    found = captions(scratch, "p.jpg")
    assert (found.title, found.description, found.tags) == ("from xmp", "from iptc", ("x", "xé"))


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
    scratch.write("p.xmp", "<x")
    found = scratch.item_problems("  - from: p.jpg\n")
    assert found[0].startswith("galleries/g.yaml:3:11: p.xmp cannot be read: the XMP is not valid XML")
    assert found[1:] == [
        "p.yaml:1:1: unknown key 'titel'; did you mean 'title'?",
        "p.yaml:2:10: quality 1 is below 30",
    ]
    scratch.write("p.jpg.yaml", "title: x\n")
    assert "galleries/g.yaml:3:11: p.jpg has two sidecars, p.jpg.yaml and p.yaml; keep one" in scratch.problems()


def test_an_xmp_file_without_end_is_read_in_part(scratch: ScratchWorkspace) -> None:
    scratch.picture("p.jpg")
    scratch.write("p.xmp", b"<x>" + b" " * 4_000_000 + b"</x>")
    assert scratch.item_problems("  - from: p.jpg\n") == [
        "galleries/g.yaml:3:11: p.xmp cannot be read: the XMP has more than 4,000,000 bytes"
    ]


TENFOLD = [f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9)]
HOSTILE = {
    "plain": "<!DOCTYPE x><x/>",
    "external DTD": '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
    "internal entity": '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
    "external entity": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>',
    "unparsed entity": '<!DOCTYPE x [<!NOTATION n SYSTEM "n"><!ENTITY a SYSTEM "file:///etc/passwd" NDATA n>]><x/>',
    "parameter entity": '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1:9/">%a;]><x/>',
    "billion laughs": f'<!DOCTYPE x [<!ENTITY e0 "laugh">{"".join(TENFOLD)}]><x>&e9;</x>',
    "quadratic blow-up": f'<!DOCTYPE x [<!ENTITY a "{"a" * 100_000}">]><x>{"&a;" * 1_000_000}</x>',
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_xmp_with_a_doctype_is_refused(scratch: ScratchWorkspace, kind: str) -> None:
    scratch.picture("p.jpg")
    for packet in (HOSTILE[kind].encode(), HOSTILE[kind].encode("utf-16")):
        scratch.write("p.xmp", packet[:MAX_XMP_BYTES])
        assert scratch.item_problems("  - from: p.jpg\n") == [
            "galleries/g.yaml:3:11: p.xmp cannot be read: the XMP is not valid XML: a DOCTYPE is not allowed: x"
        ]


def test_xmp_with_a_doctype_inside_a_picture_is_refused(scratch: ScratchWorkspace) -> None:
    scratch.picture("p.jpg", xmp=HOSTILE["external entity"].encode())
    (message,) = scratch.item_problems("  - from: p.jpg\n")
    assert "the captions of p.jpg cannot be read (the XMP is not valid XML: a DOCTYPE is not allowed: x" in message


def bomb(width: int, height: int) -> bytes:
    """Return a PNG of a few hundred bytes whose header declares this many pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    text = b"XML:com.adobe.xmp\0\0\0\0\0" + XMP.format(title="A bomb").encode()
    pixels = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"iTXt", text), chunk(b"IDAT", pixels), chunk(b"IEND", b""))
    )


def test_no_pixels_are_read(scratch: ScratchWorkspace) -> None:
    scratch.write("p.png", bomb(12_000, 12_000))
    (item,) = scratch.items("  - from: p.png\n")
    assert item.fields["title"] == "A bomb"  # whoever looks at the pixels finds that they end too early


def test_what_is_larger_than_any_picture_is_a_problem(scratch: ScratchWorkspace) -> None:
    scratch.write("p.png", bomb(100_000, 100_000))
    (message,) = scratch.item_problems("  - from: p.png\n")
    assert "the captions of p.png cannot be read (the image is too large); use captions: false" in message


def test_formats_that_no_gallery_shows_are_not_opened(scratch: ScratchWorkspace) -> None:
    scratch.picture("a.tif", format="TIFF", exif=exif(description=b"x"))
    assert captions(scratch, "a.tif") == Captions()


def test_captions_can_be_left_alone_or_asked_for(scratch: ScratchWorkspace) -> None:
    scratch.picture("p.jpg", xmp=XMP.format(title="inside").encode())
    without, asked, plain = scratch.items(
        "  - {from: p.jpg, captions: false}\n  - {key: b, image: p.jpg, captions: true, tags: [t]}\n  - {key: c, image: p.jpg}\n"
    )
    assert without.fields == {}
    assert asked.fields == {"title": "inside", "tags": ("t",)}
    assert plain.fields == {}


def test_items_by_the_time_of_capture(scratch: ScratchWorkspace) -> None:
    for name, captured in (
        ("c", "2026:01:01 00:00:02"),
        ("a10", ""),
        ("b", "2026:01:01 00:00:01"),
        ("a9", ""),
        ("d", "2026:01:01 00:00:01"),
    ):
        scratch.picture(f"{name}.jpg", exif=exif(captured))
    items = scratch.items("  - {from: '*.jpg', order: captured}\n")
    assert [item.address.item for item in items] == ["b", "d", "c", "a9", "a10"]


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


def test_broken_metadata_is_a_problem_or_nothing(scratch: ScratchWorkspace) -> None:
    scratch.picture("p.jpg", xmp=b"<broken")
    (message,) = scratch.item_problems("  - from: p.jpg\n")
    assert message.startswith("galleries/g.yaml:3:11: the captions of p.jpg cannot be read (the XMP is not valid XML")
    scratch.write("p.jpg", b"\xff\xd8\xff\xe0 and then nothing")
    assert len(scratch.item_problems("  - from: p.jpg\n")) <= 1


def test_texts_are_cleaned() -> None:
    assert clean_caption(" a\0\r\nb\x07\u200d \t") == "a\nb\u200d"


def test_a_broken_avif_is_a_problem(scratch: ScratchWorkspace) -> None:
    picture = scratch.picture("p.avif").read_bytes()
    scratch.write("p.avif", picture.replace(b"pitm", b"xxxx"))
    (found,) = scratch.item_problems("  - {from: p.avif}\n")
    assert "the captions of p.avif cannot be read (Failed to decode image" in found
