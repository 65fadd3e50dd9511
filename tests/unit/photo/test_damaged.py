"""Files that are damaged, truncated, hostile or huge."""

from __future__ import annotations

import io
import struct
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galleryctl.photo.facts import NO_FACTS, PhotoFacts
from galleryctl.photo.read import read_photo, read_xmp_sidecar
from tests.support import photo_files as made
from tests.support.photo_files import DESCRIPTION, ORIGINAL, USER_COMMENT, XP_TITLE, Exif

PACKET = made.xmp(title="Harbour", tags=("boat",), xmp__Rating="4", xmp__CreateDate="2024-05-01")
EXIF = Exif(
    tags={
        DESCRIPTION: "Low tide",
        ORIGINAL: "2024:05:01 10:00:00",
        USER_COMMENT: b"UNICODE\0" + "Лодка".encode("utf-16-be"),
        XP_TITLE: "Hafen".encode("utf-16-le"),
    },
    gps={1: "N", 2: b"\1\0\0\0\1\0\0\0" * 3},
    big_endian=True,
)
IPTC = made.iptc((5, b"Harbour"), (120, b"Low tide"), (25, b"boat"), (55, b"20240501"))
ALL = frozenset(("title", "description", "tags", "alt_text", "captured", "rating", "labels"))


def read(data: bytes) -> PhotoFacts:
    return read_photo(io.BytesIO(data))


@pytest.mark.parametrize(
    ("packet", "problem"),
    [
        ("", "XMP: blank"),
        (" " * 64, "XMP: blank"),
        ("\0" * 64, "XMP: blank"),
        ("sample xmp string", "XMP: not XML"),
        (PACKET[:300], "XMP: truncated"),
        ("<x:xmpmeta>", "XMP: truncated"),
        (PACKET.replace("</dc:title>", ""), "XMP: not valid XML: mismatched tag"),
        (PACKET.replace("Harbour", "Har\x01bour"), "XMP: not valid XML: not well-formed"),
        (PACKET.replace("Harbour", "&harbour;"), "XMP: not valid XML: undefined entity"),
        ("<x/>", "XMP: no rdf:RDF"),
        (PACKET.replace("<dc:title>", "<dc:title>" + "<a>" * 200), "XMP: not valid XML: more than 100 levels"),
    ],
)
def test_a_packet_that_cannot_be_read_is_a_problem(packet: str, problem: str) -> None:
    facts = read(made.jpeg(xmp=packet))
    assert facts.problems[0].startswith(problem)
    assert facts.unknown == ALL
    assert read_xmp_sidecar(io.BytesIO(packet.encode())).problems == facts.problems


def test_an_empty_packet_says_nothing() -> None:
    empty = '<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
    bare = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF>'
    for packet in (empty, bare):
        assert read_xmp_sidecar(io.BytesIO(packet.encode())) == NO_FACTS


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
    "before a packet": "<!DOCTYPE x>" + PACKET,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_xmp_with_a_doctype_is_refused(kind: str) -> None:
    for packet in (HOSTILE[kind].encode(), HOSTILE[kind].encode("utf-16")):
        (problem,) = read_xmp_sidecar(io.BytesIO(packet[:4_000_000])).problems
        assert "a DOCTYPE is not allowed" in problem


def test_the_sources_are_read_on_their_own() -> None:
    broken = read(made.jpeg(xmp="sample xmp string", iptc=made.iptc((5, b"Harbour")), exif=EXIF))
    assert (broken.captions.title, broken.captions.description) == ("Harbour", "Low tide")
    assert broken.unknown >= {"title", "description", "tags", "alt_text", "rating"}
    assert "captured" not in broken.unknown  # the date of EXIF comes first
    no_iptc = read(made.jpeg(xmp=PACKET, iptc=b"\x1c\x02\x05\x7f\xffHarb", exif=EXIF))
    assert no_iptc.problems == ("IPTC: the datasets are truncated",)
    assert (no_iptc.captions.title, no_iptc.captions.description) == ("Harbour", "Low tide")
    assert no_iptc.unknown == {"description"}  # IPTC may have another one than EXIF


def test_only_what_a_damaged_source_may_say_is_unknown() -> None:
    block = EXIF.block.replace(b"\x01\x0e\0\2\0\0\0\x09", b"\x01\x0e\0\2\0\0\xff\xff")  # a description of 65,535 bytes
    facts = read(made.jpeg(exif=block, xmp=made.xmp(tags=("boat",))))
    assert facts.problems[0].startswith("EXIF: truncated")
    assert (facts.captions.title, facts.captions.tags) == ("Hafen", ("boat",))
    assert facts.unknown == {"rating"}  # what EXIF says first is there, and it cannot have an alternative text
    assert facts.captions.description == "Лодка"


def test_a_truncated_file_may_have_more_to_say() -> None:
    whole = made.jpeg(xmp=PACKET, exif=EXIF)
    cut = read(whole[: whole.index(b"<dc:title>")])
    assert (cut.captions.description, cut.captions.title) == ("Low tide", "Hafen")
    assert cut.unknown == ALL - {"captured"}
    assert read(whole) == read(whole + b"rest")
    png = made.png(behind=[made.text_chunk("XML:com.adobe.xmp", PACKET.encode(), international=True)])
    assert read(png[:-100]).unknown == ALL


def test_what_comes_from_a_sidecar_is_known() -> None:
    sidecar = read_xmp_sidecar(io.BytesIO(made.xmp(title="Harbour").encode()))
    photo = read(made.jpeg(xmp="sample xmp string"))
    assert sidecar.with_fallback(photo).unknown == ALL - {"title"}
    assert read_xmp_sidecar(io.BytesIO(b"")).with_fallback(read(made.jpeg(xmp=PACKET))).unknown == ALL


FILES = {
    "jpeg": made.jpeg(exif=EXIF, xmp=PACKET, iptc=IPTC),
    "png": made.png(
        made.raw_profile("iptc", made.photoshop(IPTC)),
        behind=[
            made.chunk(b"eXIf", EXIF.block),
            made.text_chunk("XML:com.adobe.xmp", PACKET.encode(), international=True, compressed=True),
        ],
    ),
    "gif": made.gif(PACKET),
    "webp": made.webp(exif=EXIF, xmp=PACKET),
    "heic": made.heif(made.box(b"irot", b"\1"), exif=EXIF, xmp=PACKET),
    "avif": made.heif(exif=EXIF, xmp=PACKET, brand=b"avif", in_meta=True),
    "mov": made.quicktime(made.apple_keys(creationdate="2024-05-01T10:00:00+0900"), seconds=3_786_912_000),
    "tiff": Exif(tags={0x0100: 5, 0x0101: 7}).block,
}


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.data())
def test_no_damage_raises(name: str, data: st.DataObject) -> None:
    """Cut the file anywhere, and overwrite some of its bytes."""
    damaged = bytearray(FILES[name])
    for _ in range(data.draw(st.integers(0, 6))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        value = data.draw(st.one_of(st.sampled_from(b"\0\x01\x7f\x80\xff"), st.integers(0, 255)))
        damaged[place] = value
    facts = read(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]))
    assert all(facts.problems)
    assert facts.rotation in (0, 90, 180, 270)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_photo_or_none(data: bytes) -> None:
    for head in (
        b"",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"RIFF\0\0\0\0WEBP",
        b"\0\0\0\x0cftypheic",
        b"II*\0",
    ):
        read(head + data)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_sidecar_or_none(data: bytes) -> None:
    for packet in (data, b"<x:xmpmeta>" + data, PACKET.encode()[:400] + data + PACKET.encode()[400:]):
        read_xmp_sidecar(io.BytesIO(packet))


class HugeFile(io.RawIOBase):
    """A file of 1 GB that repeats a piece behind its head, and counts what is read of it."""

    def __init__(self, head: bytes, piece: bytes) -> None:
        self.head, self.piece = head, piece
        self.at, self.bytes_read = 0, 0

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.at = 1_000_000_000 if whence == io.SEEK_END else offset
        return self.at

    def read(self, size: int = -1) -> bytes:
        self.bytes_read += size
        assert 0 <= size <= 5_000_000
        start = self.at
        self.at += size
        if start < len(self.head):
            head = self.head[start : start + size]
            return head + (self.piece * (size // len(self.piece) + 1))[: size - len(head)]
        shift = (start - len(self.head)) % len(self.piece)
        return (self.piece * (size // len(self.piece) + 2))[shift : shift + size]


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"\xff\xd8", b"\xff\xe0\0\2"),
        (b"\xff\xd8", b"\xff\xd0"),
        (b"\xff\xd8\xff", b"\xff"),
        (b"\xff\xd8", b"\xff\xe1\xff\xffhttp://ns.adobe.com/xap/1.0/\0" + b"<" * 65_506),
        (b"\xff\xd8", b"\xff\xed\xff\xffPhotoshop 3.0\0" + b"8BIM" * 16_380 + b"x"),
        (b"\x89PNG\r\n\x1a\n", b"\0\0\0\0tEXt\0\0\0\0"),
        (b"\x89PNG\r\n\x1a\n", b"\xff\xff\xff\xfftEXt"),
        (b"GIF89a\1\0\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2", b"\1x"),
        (b"GIF89a\1\0\1\0\0\0\0", b"!\xfe\0"),
        (b"RIFF\xff\xff\xff\xffWEBP", b"EXIF\0\0\0\0"),
        (b"\0\0\0\x0cftypheic", b"\0\0\0\x08free"),
        (b"\0\0\0\x0cftypheic\x3b\x9a\xc9\xf0meta\0\0\0\0", b"\0\0\0\x0ciinf\0\0\0\0"),
        (
            b"\0\0\0\x0cftypheic\x3b\x9a\xc9\xf0meta\0\0\0\0\x3b\x9a\xc9\xe0iinf\0\0\0\0\0\0",
            b"\0\0\0\x15infe\2" + b"\0" * 12,
        ),
        (b"\0\0\0\x0cftypheic\x3b\x9a\xc9\xf0meta\0\0\0\0\x3b\x9a\xc9\xe0iloc", b"\xff"),
        (b"\0\0\0\x0cftypqt  \x3b\x9a\xc9\xf0moov", b"\0\0\0\x08trak"),
        (b"\0\0\0\x0cftypqt  \x3b\x9a\xc9\xf0moov", b"\x3b\x9a\xc0\0trak\x3b\x9a\xc0\0tkhd"),
        (b"II*\0\x08\0\0\0", b"\xff"),
    ],
)
def test_a_hostile_file_of_a_gigabyte_costs_little(head: bytes, piece: bytes) -> None:
    file = HugeFile(head, piece)
    started = time.process_time()
    facts = read_photo(file)  # type: ignore[arg-type]  # reads and seeks like a file
    assert facts.problems
    assert file.bytes_read < 100_000_000
    assert time.process_time() - started < 10  # a bound for a machine under load; about 0.3 s


def test_a_compressed_text_that_grows_a_thousandfold() -> None:
    bomb = made.text_chunk("XML:com.adobe.xmp", b"\0" * 50_000_000, international=True, compressed=True)
    assert read(made.png(bomb)).problems == ("a text has more than 4,000,000 bytes",)


def test_many_compressed_texts() -> None:
    bomb = made.text_chunk("XML:com.adobe.xmp", b"\0" * 3_000_000, international=True, compressed=True)
    facts = read(made.png(bomb * 1000))
    assert facts.problems[-1] == "XMP: blank"
    assert "there are more than 50 texts" in facts.problems


def deep_directories() -> bytes:
    """Return an EXIF block whose directories refer to themselves."""
    return b"II*\0\x08\0\0\0" + struct.pack("<HHHIIHHII", 2, 0x8769, 4, 1, 8, 0x8825, 4, 1, 8) + b"\0" * 4


@pytest.mark.parametrize("build", [lambda: made.jpeg(exif=deep_directories()), lambda: made.jpeg(exif=b"II*\0\x08")])
def test_directories_that_lead_nowhere(build: Callable[[], bytes]) -> None:
    assert read(build()).captions.title == ""
