"""Damaged and hostile files: a copy without private data is right, or it is refused; nothing crashes or hangs."""

from __future__ import annotations

import io
import random
import struct
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galleryctl.model.privacy import PrivateKind
from galleryctl.photo.privacy.strip import find_private
from galleryctl.photo.read import read_photo
from galleryctl.photo.source import MalformedError
from galleryctl.photo.splice import read_spliced
from tests.support import photo_files as made
from tests.unit.photo.test_privacy import EXIF, FILES, LATITUDE, PACKET

ALL = frozenset(PrivateKind)


def strip(data: bytes) -> bytes | None:
    """Return the copy without private data, None if it is refused."""
    try:
        found = find_private(io.BytesIO(data), ALL)
    except MalformedError:
        return None
    return b"".join(read_spliced(io.BytesIO(data), found.splices))


def exif(*directories: bytes, first: int = 8) -> bytes:
    """Return a JPEG with directories one behind the other in its EXIF block."""
    return made.jpeg(exif=b"II*\0" + struct.pack("<I", first) + b"".join(directories))


def directory(*rows: tuple[int, int, int, int], following: int = 0, count: int | None = None) -> bytes:
    """Return a directory of rows: tag, type, length and value or offset."""
    table = b"".join(struct.pack("<HHII", *row) for row in rows)
    return struct.pack("<H", len(rows) if count is None else count) + table + struct.pack("<I", following)


GPS = (0x8825, 4, 1, 100)
REFUSED = {
    "a directory follows itself": exif(directory(GPS, following=8)),
    "a directory is within itself": exif(directory(GPS, (0x8769, 4, 1, 8))),
    "more rows than bytes": exif(directory(GPS, count=900)),
    "more rows than a directory has": exif(directory(GPS, count=65_535) + bytes(50_000)),
    "a value in the place of the location": exif(
        directory((0x8825, 4, 1, 38), (0x010E, 2, 40, 38)), directory((2, 5, 3, 60)), bytes(60)
    ),
    "not a header": made.jpeg(exif=b"MM*\0\0\0\0\x08" + b"\0\1\x88\x25"),
    "entities": made.jpeg(xmp="<!DOCTYPE a [<!ENTITY GPSLatitude 'x'>]>" + PACKET),
    "truncated XMP": made.jpeg(xmp=PACKET[: PACKET.index("</rdf:RDF>")]),
    "a damaged raw profile": made.png(made.text_chunk("Raw profile type exif", b"\nexif\n 9\nzz\n")),
    "compressed XMP in an item": made.heif(xmp="x\x9c compressed"),
    "a box beyond the end": FILES["MOV, keys"][:-5],
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_stripped_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        find_private(io.BytesIO(data), ALL)


@pytest.mark.parametrize(
    "data",
    [
        made.jpeg(xmp="<a" * 30_000),
        made.jpeg(xmp="<a b='" * 10_000),
        made.jpeg(xmp="<!--" * 16_000),
        made.jpeg(xmp="<x:xmpmeta>" + "<exif:GPSLatitude>" * 3000),
        made.png(made.text_chunk("XML:com.adobe.xmp", b"<a b='" * 600_000, international=True)),
        made.png(made.text_chunk("XML:com.adobe.xmp", b"<a " + b"b " * 1_900_000, international=True)),
        made.jpeg() + b"\xff\xd8\xff" * 300_000,
        made.jpeg() + made.jpeg() * 90,
        made.jpeg(*[made.segment(0xE1, b"Exif\0\0more")] * 1000),
        made.jpeg()[:-2] + b"\xff\xd0\x00" * 1_000_000,
        made.quicktime(made.box(b"udta", b"\0\0\0\x08free" * 50_000)),
        made.quicktime(*[made.box(b"trak")] * 20_000),
    ],
    ids=range(12),
)
def test_hostile_files_take_no_long_time(data: bytes) -> None:
    start = time.process_time()
    strip(data)
    assert time.process_time() - start < 3


@pytest.mark.parametrize("name", FILES)
def test_every_truncation_is_stripped_or_refused(name: str) -> None:
    data = FILES[name]
    for size in range(8, len(data), 7):
        copy = strip(data[:size])
        assert copy is None or not read_photo(io.BytesIO(copy)).has_location


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.integers(0, 2**32), st.integers(1, 6))
def test_every_damage_is_stripped_or_refused(name: str, seed: int, count: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - damage that Hypothesis repeats
    data = bytearray(FILES[name])
    for _ in range(count):
        data[chance.randrange(len(data))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    copy = strip(bytes(data))
    if copy is not None:
        assert not read_photo(io.BytesIO(copy)).has_location
        assert find_private(io.BytesIO(copy), ALL).splices == ()


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.integers(0x100, 0xFFFF), st.one_of(st.binary(max_size=30), st.integers(0, 99)), max_size=8),
    st.booleans(),
)
def test_other_values_of_exif_stay(values: dict[int, bytes | int], big_endian: bool) -> None:
    plain = {tag: value for tag, value in values.items() if tag in PLAIN_TAGS}
    data = made.jpeg(exif=made.Exif(tags={**plain, **EXIF.tags}, gps={2: LATITUDE}, big_endian=big_endian))
    copy = strip(data)
    assert copy is not None
    assert LATITUDE[16:] not in copy
    assert [v for v in plain.values() if isinstance(v, bytes) and len(v) > 4 and v not in copy] == []


PLAIN_TAGS = frozenset(range(0x0121, 0x0140)) | frozenset(range(0x9C9B, 0x9CA0)) | frozenset(range(0xA001, 0xA005))
