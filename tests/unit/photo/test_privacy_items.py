"""Private data in HEIC and AVIF: in items of every description, and beside them."""

from __future__ import annotations

import struct
from typing import NamedTuple

import pytest

from galleryctl.photo.source import MalformedError
from tests.support import photo_files as made
from tests.unit.photo.test_privacy import EXIF, LATITUDE, PACKET, SECRETS, copy_of, search

PIXELS = b"pixels of the picture"
RDF = b"application/rdf+xml"
JPEG = made.jpeg(exif=EXIF)
USER_DATA = made.box(b"udta", made.box(b"\xa9xyz", b"\0\x12\x15\xc7+46.0207+007.7491/"))
KEYS = made.apple_keys(location__ISO6709="+46.0207+007.7491/")


class Item(NamedTuple):
    type: bytes
    data: bytes
    content_type: bytes = b""
    version: int = 2

    def entry(self, ident: int) -> bytes:
        """Return the box that describes the item: before version 2, only its content type says what it is."""
        strings = b"\0" + (self.content_type + b"\0" if self.content_type else b"")
        type_ = self.type if self.version >= 2 else b""
        return made.box(b"infe", struct.pack(">BBHHH", self.version, 0, 0, ident, 0), type_, strings)


def heif(*items: Item, within: bytes = b"", behind: bytes = b"") -> bytes:
    """Return a HEIC with a picture and these items, with boxes within the box `meta` and behind its data."""
    every = (Item(b"hvc1", PIXELS), *items)
    entries = b"".join(item.entry(ident) for ident, item in enumerate(every, 1))
    ftyp = made.box(b"ftyp", b"heic\0\0\0\0mif1heic")
    ispe = made.box(b"ispe", b"\0" * 4, struct.pack(">II", 64, 48))
    iprp = made.box(b"iprp", made.box(b"ipco", ispe), made.box(b"ipma", struct.pack(">IIHBB", 0, 1, 1, 1, 1)))

    def meta(start: int) -> bytes:
        table = struct.pack(">IBBH", 0, 0x44, 0, len(every))
        for ident, item in enumerate(every, 1):
            table += struct.pack(">HHHII", ident, 0, 1, start, len(item.data))
            start += len(item.data)
        head = made.box(b"hdlr", b"\0" * 8, b"pict", b"\0" * 13) + made.box(b"pitm", struct.pack(">IH", 0, 1))
        iinf = made.box(b"iinf", struct.pack(">IH", 0, len(every)), entries)
        return made.box(b"meta", b"\0" * 4, head, iinf, made.box(b"iloc", table), iprp, within)

    data = b"".join(item.data for item in every)
    return ftyp + meta(len(ftyp) + len(meta(0)) + 8) + made.box(b"mdat", data) + behind


FILES = {
    "an item of the first version": heif(Item(b"mime", PACKET.encode(), RDF, version=0)),
    "a text of the first version": heif(Item(b"mime", b"Zermatt", b"text/plain", version=1)),
    "keys beside items": heif(within=KEYS[KEYS.index(b"keys") - 4 :]),
    "user data beside items": heif(within=USER_DATA),
    "an unknown box beside items": heif(within=made.box(b"abcd", b"Zermatt")),
    "a picture with metadata": heif(Item(b"jpeg", JPEG)),
    "a picture with metadata, by its content type": heif(Item(b"mime", JPEG, b"image/jpeg")),
    "data of no item": heif(behind=made.box(b"mdat", PACKET.encode())),
    "data of no item in meta": heif(within=made.box(b"idat", PACKET.encode())),
}


@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
def test_nothing_private_is_left_and_the_picture_stays(data: bytes) -> None:
    copy = copy_of(data)
    assert [secret for secret in SECRETS if secret in copy] == []
    assert copy.index(PIXELS) == data.index(PIXELS)
    assert len(copy) == len(data)


def test_a_picture_within_keeps_its_pixels() -> None:
    data = heif(Item(b"jpeg", JPEG))
    copy = copy_of(data)
    assert JPEG[JPEG.index(b"\xff\xc0") :] in copy
    assert b"Low tide at the harbour" in copy


@pytest.mark.parametrize(
    "item",
    [
        Item(b"abcd", b"data of a maker"),
        Item(b"mime", b"a picture", b"image/webp"),
        Item(b"jpeg", b"\xff\xd8\xff\xe1\0\x40Exif\0\0" + LATITUDE),
        Item(b"mime", b"x\x9c compressed < XMP", RDF),
    ],
    ids=["type", "content type", "damaged picture", "compressed"],
)
def test_items_that_may_hold_anything_are_refused(item: Item) -> None:
    with pytest.raises(MalformedError):
        search(heif(item))


def test_known_pictures_stay() -> None:
    items = [Item(kind, b"a picture") for kind in (b"av01", b"grid", b"tmap", b"iovl")]
    assert search(heif(*items, Item(b"jpeg", made.jpeg()))).splices == ()
