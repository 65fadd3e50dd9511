"""The digest of what a photo shows: captions do not change it, all else does."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Sequence
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from galleryctl.photo.content.digest import photo_digest
from tests.support import photo_files as made
from tests.support.photo_files import DESCRIPTION, ORIENTATION, USER_COMMENT, Exif

COLOR_SPACE = 0xA001
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="<&\0", exclude_categories=["Cc"]), max_size=40)
TEXTS = st.tuples(TEXT, TEXT, TEXT)
Texts = tuple[str, str, str]


def with_captions(format_: str, texts: Texts) -> bytes:
    """Return a file of that format with the captions in each place that it has for them."""
    title, description, comment = texts
    packet = made.xmp(title=title, description=description)
    block = Exif(tags={DESCRIPTION: description, USER_COMMENT: comment.encode()})
    match format_:
        case "jpeg":
            caption = made.iptc((120, description.encode()[:2000]))
            return made.jpeg(made.segment(0xFE, comment.encode()), exif=block, xmp=packet, iptc=caption)
        case "png":
            texts_ = (made.text_chunk("Title", title.encode(), international=True), made.chunk(b"eXIf", block.block))
            return made.png(*texts_, behind=[made.text_chunk("XML:com.adobe.xmp", packet.encode(), international=True)])
        case "gif":
            return made.gif(packet)
        case "webp":
            return made.webp(exif=block, xmp=packet)
        case "heif":
            return made.heif(exif=block, xmp=packet)
        case _:
            return made.quicktime(made.box(b"udta", made.box(b"XMP_", packet.encode())), made.apple_keys(title=title))


@pytest.mark.parametrize("format_", ["jpeg", "png", "gif", "webp", "heif", "quicktime"])
@given(texts=TEXTS)
@settings(deadline=None, max_examples=30)
def test_captions_do_not_count(format_: str, texts: Texts) -> None:
    digest = photo_digest(with_captions(format_, texts))
    assert digest
    assert digest == photo_digest(with_captions(format_, ("", "", "")))


@pytest.mark.parametrize(
    ("bare", "captioned"),
    [
        (made.jpeg(), with_captions("jpeg", ("a", "b", "c"))),
        (made.png(), with_captions("png", ("a", "b", "c"))),
        (made.gif(), made.gif(made.xmp(title="a"))),
        (made.webp(), made.webp(exif=Exif(), xmp=made.xmp(title="a"))),
        (made.heif(), made.heif(exif=Exif(), xmp=made.xmp(title="a"), in_meta=True)),
        (made.quicktime(), with_captions("quicktime", ("a", "b", "c"))),
        (made.quicktime(seconds=5), made.quicktime(seconds=9)),
    ],
)
def test_a_file_without_captions_shows_the_same(bare: bytes, captioned: bytes) -> None:
    assert photo_digest(bare) == photo_digest(captioned)


@cache
def encoded(format_: str) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((40, 30), 60).convert("RGB").save(out, format_)
    return out.getvalue()


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
@given(data=st.data())
@settings(deadline=None, max_examples=40)
def test_every_byte_of_the_pixels_counts(format_: str, data: st.DataObject) -> None:
    photo = encoded(format_)
    at = data.draw(st.integers(len(photo) // 2, len(photo) - 4))
    changed = bytearray(photo)
    changed[at] ^= data.draw(st.integers(1, 255))
    assert photo_digest(bytes(changed)) != photo_digest(photo)


def png_with(kind: bytes, content: bytes) -> bytes:
    return made.png(made.chunk(kind, content))


def rotated(turns: int) -> bytes:
    return made.heif(made.box(b"irot", bytes((turns,))))


COUNTS: Sequence[tuple[str, bytes, bytes]] = [
    ("Orientation of a JPEG", made.jpeg(), made.jpeg(exif=Exif(tags={ORIENTATION: 6}))),
    ("Orientation of a PNG", made.png(), png_with(b"eXIf", Exif(tags={ORIENTATION: 6}).block)),
    ("Orientation of a WebP", made.webp(exif=Exif()), made.webp(exif=Exif(tags={ORIENTATION: 6}))),
    ("Orientation of a HEIC", made.heif(exif=Exif()), made.heif(exif=Exif(tags={ORIENTATION: 6}))),
    ("ICC", made.jpeg(), made.jpeg(made.segment(0xE2, b"ICC_PROFILE\0\1\1abc"))),
    ("JFIF", made.jpeg(), made.jpeg(made.segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"))),
    ("Adobe", made.jpeg(), made.jpeg(made.segment(0xEE, b"Adobe\0\x64\0\0\0\0\0"))),
    ("gain map", made.jpeg(xmp=made.xmp()), made.jpeg(xmp='<x hdrgm:Version="1.0"/>')),
    ("gain map of ISO 21496", made.jpeg(), made.jpeg(made.segment(0xE2, b"urn:iso:std:iso:ts:21496:-1\0abc"))),
    ("what follows the pixels", made.jpeg(), made.jpeg() + made.jpeg()),
    ("gAMA", made.png(), png_with(b"gAMA", struct.pack(">I", 45455))),
    ("cHRM", png_with(b"cHRM", bytes(32)), png_with(b"cHRM", bytes(31) + b"\1")),
    ("iCCP", made.png(), png_with(b"iCCP", b"a\0\0abc")),
    ("palette", made.png(), png_with(b"PLTE", bytes(3))),
    ("loops of a GIF", made.gif(), made.gif().replace(b",", b"!\xff\x0bNETSCAPE2.0\3\1\0\0\0,", 1)),
    ("irot", rotated(0), rotated(1)),
    ("imir", made.heif(made.box(b"imir", b"\0")), made.heif(made.box(b"imir", b"\1"))),
    ("colr", made.heif(), made.heif(made.box(b"colr", b"nclx"))),
    ("ispe", made.heif(), made.heif(size=(65, 48))),
    ("rotation of a video", made.quicktime(), made.quicktime(turned=True)),
]


@pytest.mark.parametrize(("before", "after"), [case[1:] for case in COUNTS], ids=[case[0] for case in COUNTS])
def test_what_is_shown_counts(before: bytes, after: bytes) -> None:
    assert photo_digest(before)
    assert photo_digest(after)
    assert photo_digest(before) != photo_digest(after)


def with_color_space(value: int) -> bytes:
    entry = struct.pack("<HHIHH", COLOR_SPACE, made.SHORT, 1, value, 0)
    outer = struct.pack("<HHHII", 1, 0x8769, made.LONG, 1, 26) + bytes(4)
    return made.jpeg(exif=b"II*\0\x08\0\0\0" + outer + struct.pack("<H", 1) + entry + bytes(4))


def test_the_colour_space_counts_and_uncalibrated_is_as_none() -> None:
    """Programs that add EXIF add an uncalibrated colour space."""
    digests = [photo_digest(with_color_space(value)) for value in (1, 2, 0xFFFF)]
    assert len({"", *digests}) == 4
    assert digests[2] == photo_digest(made.jpeg())


def test_segments_of_applications_may_be_moved_and_padded() -> None:
    adobe, icc = made.segment(0xEE, b"Adobe\0\x64\0\0\0\0\0"), made.segment(0xE2, b"ICC_PROFILE\0\1\1abc")
    first, second = made.jpeg(adobe, icc), made.jpeg(icc, b"\xff\xff" + adobe)
    assert photo_digest(first) == photo_digest(second)


def multi_picture(comment: bytes, *, gap: int = 0, behind: bool = False) -> bytes:
    """Return a JPEG with a second picture; the table in it has its offset from the table, as programs correct it."""
    second = made.jpeg(size=(8, 8))

    def written(offset: int) -> bytes:
        table = struct.pack("<IIIHH", 0x030000, 999, 0, 0, 0) + struct.pack("<IIIHH", 0, len(second), offset, 0, 0)
        entry = struct.pack("<HHII", 0xB002, made.UNDEFINED, len(table), 26)
        mpf = made.segment(0xE2, b"MPF\0II*\0\x08\0\0\0" + struct.pack("<H", 1) + entry + bytes(4) + table)
        note = made.segment(0xFE, comment)
        return made.jpeg(mpf, note) if behind else made.jpeg(note, mpf)

    first = written(0)
    place = len(first) + gap - first.index(b"MPF\0") - 4
    return written(place) + bytes(gap) + second


@pytest.mark.parametrize("behind", [False, True])
def test_the_table_of_pictures_counts_by_distances_from_the_pixels(behind: bool) -> None:
    digest = photo_digest(multi_picture(b"a"))
    assert photo_digest(multi_picture(b"a longer comment", behind=behind)) == digest
    assert photo_digest(multi_picture(b"a", gap=2)) != digest


def film(text: str, *, tables_first: bool, frames: bytes = b"frames") -> bytes:
    """Return a video whose table has the place of the frames in the file."""
    head = made.box(b"ftyp", b"qt  ", bytes(4), b"qt  ")

    def tables(place: int) -> bytes:
        places = made.box(b"stco", struct.pack(">III", 0, 1, place))
        track = made.box(b"trak", made.box(b"mdia", made.box(b"minf", made.box(b"stbl", places))))
        return made.box(b"moov", track, made.box(b"udta", made.box(b"\xa9nam", text.encode())))

    data = made.box(b"mdat", frames)
    if tables_first:
        return head + tables(len(head) + len(tables(0)) + 8) + data
    return head + data + tables(len(head) + 8)


def test_the_frames_of_a_video_may_be_moved() -> None:
    digest = photo_digest(film("a", tables_first=True))
    assert digest
    assert photo_digest(film("a longer title", tables_first=True)) == digest
    assert photo_digest(film("a", tables_first=False)) == digest
    assert photo_digest(film("a", tables_first=True, frames=b"Frames")) != digest


@pytest.mark.parametrize(
    "damaged",
    [
        b"no photo",
        made.jpeg()[:12],
        made.jpeg(exif=b"II*\0\xff\xff\xff\0"),
        made.png()[:60],
        made.gif()[:-1],
        made.webp()[:30],
        made.heif()[:-40],
        made.quicktime()[:-40],
        encoded("TIFF"),
    ],
)
def test_a_file_that_cannot_be_read_has_no_such_digest(damaged: bytes) -> None:
    assert photo_digest(damaged) == ""


def test_a_file_that_is_open_has_the_same_digest() -> None:
    assert photo_digest(io.BytesIO(made.jpeg())) == photo_digest(made.jpeg())


def jpeg_with_trailer(trailer: Callable[[int], bytes]) -> bytes:
    return made.jpeg() + trailer(len(made.jpeg()))


@pytest.mark.parametrize(
    "trailer",
    [
        lambda _: b"captions" + struct.pack(">I", 8) + b"cbipcbbl",
        lambda _: b"captions" + struct.pack(">HI", 1, 18) + b"\xa1\xb2\xc3\xd4",
        lambda start: b"AXS!captions" + b"AXS!" + struct.pack(">II", start, 0),
    ],
)
def test_captions_that_press_programs_append(trailer: Callable[[int], bytes]) -> None:
    assert photo_digest(jpeg_with_trailer(trailer)) == photo_digest(made.jpeg())


@pytest.mark.parametrize(
    "footer",
    [
        lambda _: struct.pack(">I", 24) + b"cbipcbbl",
        lambda _: b"\0\1" + struct.pack(">I", 34) + b"\xa1\xb2\xc3\xd4",
        lambda start: b"AXS!" + struct.pack(">II", start, 0),
    ],
    ids=["Photo Mechanic", "FotoStation", "AFCP"],
)
def test_a_false_footer_cuts_no_pixels_away(footer: Callable[[int], bytes]) -> None:
    def picture(pixels: bytes) -> bytes:
        scan = b"AXS!" + b"\xff\0\xff\xd0" + made.segment(0xC4, b"\xff\xd9" + pixels) + pixels
        start = len(made.jpeg()) - 3
        return made.jpeg()[:-2] + scan + b"\xff\xd9" + footer(start + 1)

    assert photo_digest(picture(b"first pixels")) != photo_digest(picture(b"other pixels"))
