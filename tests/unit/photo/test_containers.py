"""Formats, sizes, rotations, and the parts of containers."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable

import pytest
from PIL import Image, ImageOps

from galleryctl.photo.containers.gif import gif_blocks
from galleryctl.photo.containers.isobmff import boxes, child_boxes
from galleryctl.photo.containers.jpeg import jpeg_segments
from galleryctl.photo.containers.png import png_chunks
from galleryctl.photo.containers.tiff import Tiff
from galleryctl.photo.containers.webp import webp_chunks
from galleryctl.photo.facts import PhotoFacts, PhotoFormat
from galleryctl.photo.formats import detect_photo_format
from galleryctl.photo.metadata.iptc import iptc_datasets, photoshop_resources
from galleryctl.photo.read import read_photo
from galleryctl.photo.source import ByteSource, Part
from tests.support import photo_files as made
from tests.support.photo_files import ORIENTATION, Exif


def read(data: bytes) -> PhotoFacts:
    return read_photo(io.BytesIO(data))


def encoded(format_: str, size: tuple[int, int], **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size).save(out, format_, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("PNG", {}),
        ("GIF", {}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"exif": b"II*\0\x08\0\0\0\0\0\0\0\0\0"}),
        ("AVIF", {}),
        ("TIFF", {}),
    ],
)
def test_sizes_of_encoded_files(name: str, options: dict[str, object]) -> None:
    facts = read(encoded(name, (71, 33), **options))
    assert (facts.width, facts.height, facts.problems) == (71, 33, ())
    assert facts.format is PhotoFormat[name]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_of_exif(orientation: int) -> None:
    """The rotation and the mirroring do what Pillow does to the pixels."""
    picture = Image.frombytes("L", (3, 2), bytes(range(6)))
    facts = read(made.jpeg(exif=Exif(tags={ORIENTATION: orientation}), size=(3, 2)))
    mine = ImageOps.mirror(picture) if facts.mirrored else picture
    mine = mine.rotate(-facts.rotation, expand=True)
    theirs = picture.copy()
    theirs.getexif()[ORIENTATION] = orientation
    assert ImageOps.exif_transpose(theirs).tobytes() == mine.tobytes()
    assert facts.displayed_size == mine.size


def test_the_rotation_of_heic_counts_and_not_that_of_its_exif() -> None:
    def turned(*properties: bytes) -> tuple[tuple[int, int], int, bool]:
        facts = read(made.heif(*properties, exif=Exif(tags={ORIENTATION: 6}), size=(640, 480)))
        assert facts.problems == ()
        return facts.displayed_size, facts.rotation, facts.mirrored

    def irot(quarters: int) -> bytes:
        return made.box(b"irot", bytes((quarters,)))

    def imir(mode: int) -> bytes:
        return made.box(b"imir", bytes((mode,)))

    assert turned() == ((640, 480), 0, False)
    assert turned(irot(1)) == ((480, 640), 270, False)  # anticlockwise
    assert turned(irot(2)) == ((640, 480), 180, False)
    assert turned(irot(3)) == ((480, 640), 90, False)
    assert turned(imir(1)) == ((640, 480), 0, True)
    assert turned(imir(0)) == ((640, 480), 180, True)
    assert turned(irot(3), imir(1)) == ((480, 640), 270, True)


def test_the_size_of_a_heic_is_that_of_the_picture_not_of_a_tile_or_thumbnail() -> None:
    facts = read(made.heif(size=(4032, 3024)))
    assert (facts.format, facts.width, facts.height) == (PhotoFormat.HEIC, 4032, 3024)
    assert read(made.heif(brand=b"avif", size=(9, 7))).format is PhotoFormat.AVIF


def test_sizes_of_videos() -> None:
    facts = read(made.quicktime(size=(1920, 1080), turned=True))
    assert (facts.format, facts.displayed_size, facts.rotation) == (PhotoFormat.QUICKTIME, (1080, 1920), 90)
    assert read(made.quicktime(brand=b"mp42")).format is PhotoFormat.MP4


def test_two_hundred_megapixels_are_not_decoded() -> None:
    facts = read(made.jpeg(size=(16_320, 12_240)))
    assert (facts.width, facts.height, facts.problems) == (16_320, 12_240, ())
    assert read(made.png(size=(2**31 - 1, 2**31 - 1))).width == 2**31 - 1


@pytest.mark.parametrize(
    ("head", "format_"),
    [
        (made.box(b"ftyp", b"heix", b"\0\0\0\0", b"mif1"), PhotoFormat.HEIC),
        (made.box(b"ftyp", b"mif1", b"\0\0\0\0", b"mif1", b"heic"), PhotoFormat.HEIC),
        (made.box(b"ftyp", b"mif1", b"\0\0\0\0", b"mif1", b"avif"), PhotoFormat.AVIF),
        (made.box(b"ftyp", b"msf1", b"\0\0\0\0", b"avis"), PhotoFormat.AVIF),
        (made.box(b"ftyp", b"avis", b"\0\0\0\0"), PhotoFormat.AVIF),
        (made.box(b"ftyp", b"qt  ", b"\0\0\0\0"), PhotoFormat.QUICKTIME),
        (made.box(b"ftyp", b"isom", b"\0\0\0\0"), PhotoFormat.MP4),
        (made.box(b"ftyp", b"crx ", b"\0\0\0\1"), None),
        (made.box(b"moov"), PhotoFormat.QUICKTIME),
        (b"BM", None),
        (b"", None),
        (b"\0\0\0\x14ftyp", PhotoFormat.MP4),
    ],
)
def test_formats(head: bytes, format_: PhotoFormat | None) -> None:
    assert detect_photo_format(head) is format_


EXIF = Exif(tags={ORIENTATION: 6})
PACKET = made.xmp(title="Harbour")


@pytest.mark.parametrize(
    ("data", "parts", "start"),
    [
        (made.jpeg(exif=EXIF, xmp=PACKET, iptc=made.iptc((5, b"x"))), jpeg_segments, 2),
        (made.png(made.chunk(b"eXIf", EXIF.block)), png_chunks, 8),
        (made.gif(PACKET), gif_blocks, 13),
        (made.webp(exif=EXIF, xmp=PACKET), webp_chunks, 12),
        (made.heif(exif=EXIF, xmp=PACKET), lambda source: boxes(source, 0, source.size), 0),
        (made.quicktime(), lambda source: boxes(source, 0, source.size), 0),
    ],
)
def test_parts_cover_a_file_without_gaps(
    data: bytes, parts: Callable[[ByteSource], Iterable[Part]], start: int
) -> None:
    """A writer can copy, drop or replace each part by its range."""
    at = start
    for part in parts(ByteSource(io.BytesIO(data))):
        assert part.start == at
        assert part.start <= part.content_start <= part.content_end <= part.end <= len(data)
        at = part.end
    behind = {"\xff\xd8": 3, "\x89P": 0, "GI": 1, "RI": 0}  # the pixels of the JPEG, the last byte of the GIF
    assert len(data) - at == behind.get(data[:2].decode("latin-1"), 0)


def test_the_content_of_parts() -> None:
    data = made.jpeg(exif=EXIF, iptc=made.iptc((5, b"Harbour"), (25, b"boat")))
    exif, photoshop = list(jpeg_segments(ByteSource(data)))[:2]
    assert data[exif.content_start : exif.content_end] == b"Exif\0\0" + EXIF.block
    block = data[photoshop.content_start : photoshop.content_end].removeprefix(b"Photoshop 3.0\0")
    (resource,) = photoshop_resources(block)
    iptc = block[resource.content_start : resource.content_end]
    assert (resource.kind, iptc) == (b"\x04\x04", made.iptc((5, b"Harbour"), (25, b"boat")))
    datasets = {part.kind: iptc[part.content_start : part.content_end] for part in iptc_datasets(iptc)}
    assert datasets == {b"\2\5": b"Harbour", b"\2\x19": b"boat"}
    tiff = Tiff(ByteSource(EXIF.block))
    (entry,) = tiff.directory(tiff.first_directory)
    assert (entry.tag, EXIF.block[entry.start : entry.start + 4]) == (ORIENTATION, b"\6\0\0\0")


def test_boxes_of_all_sizes() -> None:
    large = (1).to_bytes(4) + b"free" + (20).to_bytes(8) + b"data"
    rest = (0).to_bytes(4) + b"mdat" + b"frames"
    own = made.box(b"uuid", bytes(range(16)), b"x")
    data = large + own + made.box(b"moov", made.box(b"mvhd")) + rest
    source = ByteSource(data)
    found = list(boxes(source, 0, source.size))
    assert [(box.kind, data[box.content_start : box.content_end]) for box in found] == [
        (b"free", b"data"),
        (bytes(range(16)), b"x"),
        (b"moov", made.box(b"mvhd")),
        (b"mdat", b"frames"),
    ]
    assert [box.kind for box in child_boxes(source, found[2])] == [b"mvhd"]


def test_fill_bytes_and_garbage_between_segments() -> None:
    data = made.jpeg(xmp=PACKET)
    noisy = data[:2] + made.segment(0xE0, b"JFIF") + b"garbage\xff\0" + b"\xff" * 5 + data[2:]
    facts = read(noisy)
    assert (facts.captions.title, facts.width, facts.problems) == ("Harbour", 48, ())
