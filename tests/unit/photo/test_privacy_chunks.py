"""Private data in chunks, segments and values of unknown kinds: only what shows the picture stays as it is."""

from __future__ import annotations

import struct

import pytest

from galleryctl.photo.source import MalformedError
from tests.support import photo_files as made
from tests.unit.photo.test_privacy import EXIF, LATITUDE, PACKET, SECRETS, copy_of, search

XMP = PACKET.encode()
KEYWORD = b"XML:com.adobe.xmp\0"
PNG = {
    "EXIF under another name": made.png(made.chunk(b"exIf", EXIF.block)),
    "an unknown chunk": made.png(made.chunk(b"gpSd", XMP)),
    "an unknown compression": made.png(made.chunk(b"iTXt", KEYWORD + b"\2\0\0\0" + XMP)),
    "an unknown method": made.png(made.chunk(b"iTXt", KEYWORD + b"\1\7\0\0" + XMP)),
    "any text of an unknown compression": made.png(made.chunk(b"iTXt", b"Comment\0\2\0\0\0" + XMP)),
    "a text of an unknown method": made.png(made.chunk(b"zTXt", b"Comment\0\7" + XMP)),
    "XMP under another name": made.png(made.text_chunk("xmp", XMP)),
    "XMP under another name, compressed": made.png(made.text_chunk("XMP", XMP, compressed=True)),
}


@pytest.mark.parametrize("data", PNG.values(), ids=PNG)
def test_chunks_of_a_png_are_removed(data: bytes) -> None:
    copy = copy_of(data)
    assert [secret for secret in SECRETS if secret in copy] == []
    assert copy.endswith(made.png()[33:])


def test_chunks_that_show_the_picture_stay() -> None:
    kinds = (b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"pHYs", b"tRNS", b"PLTE", b"acTL", b"fcTL", b"fdAT", b"cICP")
    texts = (made.text_chunk("Copyright", b"Jane Doe"), made.text_chunk("Author", b"Jane Doe", international=True))
    assert search(made.png(*(made.chunk(kind, b"content") for kind in kinds), *texts)).splices == ()


def gif(label: bytes, data: bytes) -> bytes:
    extension = b"!\xff\x0b" + label + bytes((len(data),)) + data + b"\0"
    return made.gif()[:-1] + extension + b";"


def animated_webp(kind: bytes, data: bytes) -> bytes:
    inner = b"\0" * 16 + kind + struct.pack("<I", len(data)) + data
    body = made.webp()[8:] + b"ANMF" + struct.pack("<I", len(inner)) + inner + b"\0" * (len(inner) & 1)
    return b"RIFF" + struct.pack("<I", len(body)) + body


OTHERS = {
    "GIF, IPTC": gif(b"MGKIPTC0000", b"Zermatt"),
    "GIF, Photoshop": gif(b"MGK8BIM0000", b"Zermatt"),
    "GIF, unknown": gif(b"GPSDATA1234", b"Zermatt"),
    "WebP, in a frame": animated_webp(b"XMP ", XMP),
    "JPEG, thumbnail of JFXX": made.jpeg(made.segment(0xE0, b"JFXX\0\x10" + made.jpeg(exif=EXIF))),
    "JPEG, JP": made.jpeg(made.segment(0xEB, b"JP of Zermatt")),
    "JPEG, HDR_RI": made.jpeg(made.segment(0xEB, b"HDR_RI of Zermatt")),
    "JPEG, Ducky": made.jpeg(made.segment(0xEC, b"Ducky of Zermatt")),
    "JPEG, gain map": made.jpeg(made.segment(0xE2, b"urn:iso:std:iso:ts:21496:-1\0" + XMP)),
    "EXIF, an unknown tag": made.jpeg(exif=made.Exif(tags={0xC000: b"Zermatt in JSON", 0x9999: "Zermatt"})),
}


@pytest.mark.parametrize("data", OTHERS.values(), ids=OTHERS)
def test_unknown_parts_are_removed(data: bytes) -> None:
    assert [secret for secret in SECRETS if secret in copy_of(data)] == []


def exif(*rows: tuple[int, int, int, int]) -> bytes:
    table = b"".join(struct.pack("<HHII", *row) for row in rows)
    return b"II*\0" + struct.pack("<IH", 8, len(rows)) + table + b"\0" * 4 + LATITUDE


@pytest.mark.parametrize(
    "data",
    [
        made.jpeg(made.segment(0xE1, b"Exif\0\0junk" + EXIF.block), exif=made.Exif(tags={0x010E: "Harbour"})),
        made.jpeg(exif=exif((0x0201, 7, 4, 38), (0x0202, 4, 1, 24))),
        made.jpeg(exif=exif((0x8769, 7, 4, 38))),
    ],
    ids=["junk before EXIF", "type of a thumbnail", "type of a directory"],
)
def test_what_readers_may_find_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        search(data)


def test_parts_that_show_the_picture_stay() -> None:
    known = (made.segment(0xEC, b"Ducky\0\1\0\4\0\0\0\x3c\0\0"), made.segment(0xEE, b"Adobe\0d\0\0\0\0\1"))
    loop = gif(b"NETSCAPE2.0", b"\1\0\0")
    for data in (made.jpeg(*known), loop, animated_webp(b"VP8L", b"pixels")):
        assert search(data).splices == ()
