"""Captions, rating, labels and location of photos."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from galleryctl.photo.facts import Captions, PhotoFacts
from galleryctl.photo.metadata.camera_defaults import is_camera_default
from galleryctl.photo.metadata.text import clean_caption
from galleryctl.photo.read import read_photo, read_xmp_sidecar
from tests.support import photo_files as made
from tests.support.photo_files import (
    DESCRIPTION,
    RATING,
    RATING_PERCENT,
    USER_COMMENT,
    XP_COMMENT,
    XP_KEYWORDS,
    XP_TITLE,
    Exif,
    Value,
)

HARBOUR = made.xmp(title="Harbour", description="Low tide", tags=("boat", "sea"))
HARBOUR_CAPTIONS = Captions(title="Harbour", description="Low tide", tags=("boat", "sea"))


def read(data: bytes) -> PhotoFacts:
    return read_photo(io.BytesIO(data))


def captions(data: bytes) -> Captions:
    """Return the captions of a file that can be read completely."""
    facts = read(data)
    assert facts.problems == ()
    return facts.captions


@pytest.mark.parametrize(
    "text",
    [
        "OLYMPUS DIGITAL CAMERA         ",
        "SONY DSC",
        "DCF 1.0",
        "MINOLTA DIGITAL CAMERA",
        "KONICA MINOLTA DIGITAL CAMERA",
        "SAMSUNG CAMERA PICTURES",
        "KODAK Digital Still Camera",
        "MOULTRIE DIGITAL GAME CAMERA",
        "<KENOX S1050  / Samsung S1050>",
        "DIGITAL CAMERA",
        "Screenshot",
        "Exif_JPEG_PICTURE",
        r"DCIM\100MEDIA\DJI_0012.JPG",
        "oplus_1048864",
        "Processed with VSCO with a6 preset",
    ],
)
def test_what_a_camera_writes_into_every_picture_is_no_caption(text: str) -> None:
    everywhere = made.jpeg(
        exif=Exif(tags={DESCRIPTION: text, XP_TITLE: text.encode("utf-16-le")}),
        iptc=made.iptc((5, text.encode()), (120, text.encode())),
        xmp=made.xmp(title="", description=text.replace("<", "&lt;")),
    )
    assert captions(everywhere) == Captions()


def test_a_description_that_a_person_wrote_counts_beside_a_default() -> None:
    default = Exif(tags={DESCRIPTION: "SONY DSC", USER_COMMENT: b"ASCII\0\0\0Low tide"})
    assert captions(made.jpeg(exif=default)).description == "Low tide"
    editor = made.jpeg(xmp=made.xmp(title="Harbour", description="OLYMPUS DIGITAL CAMERA"), exif=default)
    assert captions(editor) == Captions(title="Harbour", description="Low tide")


def test_words_of_people_are_no_defaults() -> None:
    for text in ("Untitled", "My digital camera", "Sony", "HDR", "Screenshot of the shop", "Created with love"):
        assert not is_camera_default(text)


@pytest.mark.parametrize(
    ("comment", "text"),
    [
        (b"ASCII\0\0\0Low tide", "Low tide"),
        (b"ASCII   Low tide", "Low tide"),
        (b"ASCII\0\0\0" + "Müller".encode(), "Müller"),
        (b"ASCII\0\0\0" + "Größe “x”…".encode("cp1252"), "Größe “x”…"),
        (b"ASCII\0\0\0Low tide\0\0\0\0", "Low tide"),
        (b"ASCII\0\0\0Low tide\0junk", "Low tide"),
        (b"ASCII\0\0\0" + b" " * 40, ""),
        (b"ASCII\0\0\0\n\0\0\0JKJK\0\0\xff\x80\0\0\x80\xff\x01", ""),
        (b"ASCII\0\0\0METADATA-START\0\0\xff\xfe\x01", ""),
        (b"ASCII\0\0\0\x01\x02\x03", ""),
        (b"ASCII\0\0\0", ""),
        (b"JIS\0\0\0\0\0" + "港の朝".encode("iso2022_jp"), "港の朝"),
        (b"JIS\0\0\0\0\0\x1b$B\xff\xff", ""),
        (b"\0" * 8 + b"Low tide\0", "Low tide"),
        (b"\0" * 8 + b"\x80\0\0\xff\x05", ""),
        (b"Low tide without a code", "Low tide without a code"),
        (b"UNICODE\0" + b"\xfe\xff" + "Лодка".encode("utf-16-be"), "Лодка"),
        (b"UNICODE\0" + b"\xff\xfe" + "Лодка".encode("utf-16-le"), "Лодка"),
        (b"UNICODE\0" + b"\xd8" * 6, ""),
    ],
)
@pytest.mark.parametrize("big_endian", [False, True])
def test_the_user_comment_is_a_description_if_it_is_clean_text(comment: bytes, text: str, *, big_endian: bool) -> None:
    exif = Exif(tags={USER_COMMENT: comment}, big_endian=big_endian)
    assert captions(made.jpeg(exif=exif)).description == text


@pytest.mark.parametrize("big_endian", [False, True])
def test_a_unicode_comment_is_in_the_byte_order_of_its_block(*, big_endian: bool) -> None:
    order = "utf-16-be" if big_endian else "utf-16-le"
    other = "utf-16-le" if big_endian else "utf-16-be"
    for text, encoding in (("Лодка 日本", order), ("Low tide", order), ("Low tide", other), ("Niño", other)):
        exif = Exif(tags={USER_COMMENT: b"UNICODE\0" + text.encode(encoding)}, big_endian=big_endian)
        assert captions(made.jpeg(exif=exif)).description == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"Low tide\0GARBAGE\0", "Low tide"),
        ("Größe “x”…".encode("cp1252"), "Größe “x”…"),
        ("Größe “x”…".encode() + b"\0", "Größe “x”…"),
        (b"\0Low tide", ""),
    ],
)
def test_an_exif_text_ends_at_its_nul(raw: bytes, text: str) -> None:
    assert captions(made.jpeg(exif=Exif(tags={DESCRIPTION: raw}))).description == text


def test_windows_fields_end_at_their_nul() -> None:
    tags = {
        XP_TITLE: "Hafen\0GARBAGE\0".encode("utf-16-le"),
        XP_COMMENT: "Ebbe\0".encode("utf-16-le"),
        XP_KEYWORDS: "boat; sea;boat;\0x".encode("utf-16-le"),
    }
    for exif in (Exif(tags=tags), Exif(tags=tags, big_endian=True)):
        assert captions(made.jpeg(exif=exif)) == Captions(title="Hafen", description="Ebbe", tags=("boat", "sea"))


def test_xmp_comes_before_iptc_and_iptc_before_exif() -> None:
    exif = Exif(tags={DESCRIPTION: "from EXIF", XP_TITLE: "from EXIF".encode("utf-16-le")})
    iptc = made.iptc((5, b"from IPTC"), (25, b"k1"), (25, "ï".encode("cp1252")), (120, "ï".encode()))
    assert captions(made.jpeg(exif=exif)) == Captions(title="from EXIF", description="from EXIF")
    assert captions(made.jpeg(exif=exif, iptc=iptc)) == Captions(title="from IPTC", description="ï", tags=("k1", "ï"))
    both = captions(made.jpeg(exif=exif, iptc=iptc, xmp=made.xmp(title="from XMP", tags=("x",))))
    assert both == Captions(title="from XMP", description="ï", tags=("x",))


def test_iptc_in_utf8_and_in_several_segments() -> None:
    words = [chr(ord("a") + index) * 30_000 for index in range(3)]
    keywords = [(25, word.encode()) for word in words]
    block = made.photoshop(made.iptc((5, "Größe".encode()), *keywords, utf8=True))
    parts = [made.segment(0xED, b"Photoshop 3.0\0" + block[at : at + 60_000]) for at in range(0, len(block), 60_000)]
    assert captions(made.jpeg(*parts)) == Captions(title="Größe", tags=tuple(words))


def test_a_long_text_of_iptc() -> None:
    text = b"x" * 40_000
    long = b"\x1c\x02\x78\x80\x04" + len(text).to_bytes(4) + text
    assert captions(made.jpeg(iptc=long + made.iptc((5, b"Harbour")))) == Captions(
        title="Harbour", description=text.decode()
    )


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_xmp_may_be_in_any_unicode_encoding(encoding: str) -> None:
    packet = made.xmp(title="Größe 日本", tags=("boat",)).replace("\ufeff", "")
    for data in (packet.encode(encoding), ("  \n" + packet).encode(encoding), packet.encode(encoding) + b"\0" * 9):
        assert captions(made.jpeg(xmp=data)) == Captions(title="Größe 日本", tags=("boat",))
        assert read_xmp_sidecar(io.BytesIO(data)).captions.title == "Größe 日本"


def test_what_counts_of_xmp_ends_with_its_element() -> None:
    longer = HARBOUR.replace("Harbour", "The rest of a longer packet")
    damaged = {
        "end mark cut": HARBOUR[:-2],
        "rest behind": HARBOUR + longer[-40:],
        "another packet behind": HARBOUR + longer,
        "bytes behind": HARBOUR + "\ufffd\x01\x02",
        "cut behind rdf:RDF": HARBOUR[: HARBOUR.index("</x:xmpmeta>") + 5],
        "padding before": " \n" * 100 + HARBOUR,
    }
    for name, packet in damaged.items():
        assert captions(made.jpeg(xmp=packet)) == HARBOUR_CAPTIONS, name
    assert captions(made.jpeg(xmp=HARBOUR.encode() + b"\xff\xfe\x80")) == HARBOUR_CAPTIONS


def test_xmp_in_latin1_is_read_as_windows_1252() -> None:
    packet = made.xmp(title="Aimé").replace("\ufeff", "").encode("latin-1")
    assert captions(made.jpeg(xmp=packet)).title == "Aimé"
    declared = b'<?xml version="1.0" encoding="ISO-8859-1"?>' + packet
    assert read_xmp_sidecar(io.BytesIO(declared)).captions.title == "Aimé"


def test_the_default_language_of_a_text() -> None:
    def title(*entries: tuple[str, str]) -> str:
        languages = "".join(f'<rdf:li xml:lang="{language}">{text}</rdf:li>' for language, text in entries)
        return captions(made.jpeg(xmp=made.xmp(f"<dc:title><rdf:Alt>{languages}</rdf:Alt></dc:title>"))).title

    assert title(("de", "Hafen"), ("x-default", "Harbour")) == "Harbour"
    assert title(("de", "Hafen"), ("x-default", " ")) == "Hafen"
    assert title(("de", "Hafen"), ("en", "Harbour")) == "Hafen"


@pytest.mark.parametrize(
    "properties",
    [
        "<dc:title>Harbour</dc:title><dc:subject>boat</dc:subject>",
        '<dc:title rdf:parseType="Literal">Harbour</dc:title><dc:subject><rdf:Seq><rdf:li>boat</rdf:li></rdf:Seq></dc:subject>',
    ],
)
def test_other_spellings_of_properties(properties: str) -> None:
    assert captions(made.jpeg(xmp=made.xmp(properties))) == Captions(title="Harbour", tags=("boat",))


def test_properties_as_attributes_and_in_several_descriptions() -> None:
    second = f'<rdf:Description xmlns:dc="{made.NAMESPACES["dc"]}" dc:description="Low tide"/></rdf:RDF>'
    packet = made.xmp(dc__title="Harbour").replace("</rdf:RDF>", second)
    assert captions(made.jpeg(xmp=packet)) == Captions(title="Harbour", description="Low tide")


def test_texts_of_placed_files_are_not_taken() -> None:
    placed = (
        '<xmpMM:Pantry><rdf:Bag><rdf:li rdf:parseType="Resource"><dc:title><rdf:Alt>'
        '<rdf:li xml:lang="x-default">logo.ai</rdf:li></rdf:Alt></dc:title>'
        "<dc:subject><rdf:Bag><rdf:li>logo</rdf:li></rdf:Bag></dc:subject></rdf:li></rdf:Bag></xmpMM:Pantry>"
        '<xmpMM:DerivedFrom><rdf:Description dc:title="parent.psd" xmp:Rating="5"/></xmpMM:DerivedFrom>'
    )
    facts = read(made.jpeg(xmp=made.xmp(placed), iptc=made.iptc((5, b"Harbour"), (25, b"boat"))))
    assert (facts.captions, facts.rating) == (Captions(title="Harbour", tags=("boat",)), None)


def test_the_alternative_text() -> None:
    def alternative(name: str, text: str) -> str:
        return f"<{name}><rdf:Alt><rdf:li xml:lang='x-default'>{text}</rdf:li></rdf:Alt></{name}>"

    short = alternative("Iptc4xmpCore:AltTextAccessibility", "A boat")
    long = alternative("Iptc4xmpCore:ExtDescrAccessibility", "A boat on the sand, its mast to the left")
    assert captions(made.jpeg(xmp=made.xmp(long + short))).alt_text == "A boat"
    assert captions(made.jpeg(xmp=made.xmp(long))).alt_text == "A boat on the sand, its mast to the left"


def test_extended_xmp_continues_the_packet() -> None:
    packet = made.xmp(description="Low tide", tags=("sea",)).encode()
    header = b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 32 + len(packet).to_bytes(4)
    pieces = [
        made.segment(0xE1, header + start.to_bytes(4) + packet[start : start + 500])
        for start in range(0, len(packet), 500)
    ]
    pieces.reverse()
    assert captions(made.jpeg(*pieces, xmp=made.xmp(title="Harbour"))) == Captions(
        title="Harbour", description="Low tide", tags=("sea",)
    )
    facts = read(made.jpeg(*pieces[1:], xmp=made.xmp(title="Harbour")))
    assert facts.problems == ("the extended XMP is incomplete",)


def test_captions_of_a_png_before_and_behind_its_pixels() -> None:
    block = made.chunk(b"eXIf", Exif(tags={DESCRIPTION: "Low tide"}).block)
    packet = made.text_chunk("XML:com.adobe.xmp", HARBOUR.encode(), international=True)
    packed = made.text_chunk("XML:com.adobe.xmp", HARBOUR.encode(), international=True, compressed=True)
    for part, found in (
        (block, Captions(description="Low tide")),
        (packet, HARBOUR_CAPTIONS),
        (packed, HARBOUR_CAPTIONS),
    ):
        assert captions(made.png(part)) == found
        assert captions(made.png(behind=[part])) == found


def test_raw_profiles_of_a_png() -> None:
    exif = b"Exif\0\0" + Exif(tags={DESCRIPTION: "Low tide"}).block
    iptc = made.iptc((5, b"Hafen"), (120, "Größe".encode()), (25, b"boat"))
    assert captions(made.png(made.raw_profile("exif", exif))).description == "Low tide"
    assert captions(made.png(made.raw_profile("APP1", exif))).description == "Low tide"
    assert captions(made.png(made.raw_profile("APP1", made.XMP_HEADER + HARBOUR.encode()))) == HARBOUR_CAPTIONS
    assert captions(made.png(made.raw_profile("xmp", HARBOUR.encode()))) == HARBOUR_CAPTIONS
    for block in (iptc, made.photoshop(iptc)):
        found = captions(made.png(made.raw_profile("iptc", block)))
        assert found == Captions(title="Hafen", description="Größe", tags=("boat",))


def test_texts_of_a_png_come_last() -> None:
    texts = [
        made.text_chunk("Title", "Häfen".encode("latin-1")),
        made.text_chunk("Description", "Ebbe 日本".encode(), international=True),
        made.text_chunk("Comment", b"Created with GIMP"),
        made.text_chunk("Software", b"x", compressed=True),
    ]
    assert captions(made.png(*texts)) == Captions(title="Häfen", description="Ebbe 日本")
    exif = made.chunk(b"eXIf", Exif(tags={DESCRIPTION: "Low tide"}).block)
    assert captions(made.png(*texts, behind=[exif])) == Captions(title="Häfen", description="Low tide")


def test_texts_of_a_png_may_have_four_million_bytes() -> None:
    packet = HARBOUR.replace("Low tide", "x" * (3_999_000 - len(HARBOUR)))
    for compressed in (False, True):
        part = made.text_chunk("XML:com.adobe.xmp", packet.encode(), international=True, compressed=compressed)
        assert captions(made.png(part)).title == "Harbour"
        larger = (packet + " " * 9_000).encode()
        facts = read(made.png(made.text_chunk("XML:com.adobe.xmp", larger, international=True, compressed=compressed)))
        assert "more than 4,000,000" in facts.problems[0]


@pytest.mark.parametrize(
    "build",
    [
        lambda: made.gif(HARBOUR),
        lambda: made.webp(xmp=HARBOUR),
        lambda: made.heif(xmp=HARBOUR),
        lambda: made.heif(xmp=HARBOUR, exif=Exif(tags={DESCRIPTION: "from EXIF"}), in_meta=True),
        lambda: made.heif(xmp=HARBOUR, brand=b"avif"),
        lambda: made.quicktime(made.box(b"udta", made.box(b"XMP_", HARBOUR.encode()))),
        lambda: (
            made.quicktime(brand=b"mp42")
            + made.box(b"uuid", bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC"), HARBOUR.encode())
        ),
    ],
)
def test_xmp_of_every_container(build: Callable[[], bytes]) -> None:
    assert captions(build()) == HARBOUR_CAPTIONS


@pytest.mark.parametrize("build", [made.jpeg, made.webp, made.heif])
def test_exif_of_every_container(build: Callable[..., bytes]) -> None:
    assert captions(build(exif=Exif(tags={DESCRIPTION: "Low tide"}))).description == "Low tide"


def test_rating_and_labels() -> None:
    def found(**attributes: str) -> tuple[float | None, tuple[str, ...]]:
        facts = read(made.jpeg(xmp=made.xmp(**attributes), exif=Exif(tags={RATING: 2})))
        return facts.rating, facts.labels

    assert found(xmp__Rating="4", xmp__Label="Green") == (4, ("Green",))
    assert found(xmp__Rating="-1") == (-1, ())
    assert found(xmp__Rating="3.5", digiKam__ColorLabel="4") == (3.5, ("Green",))
    assert found(xmp__Rating="9") == (2, ())
    numbers = "".join(f"<rdf:li>{number}</rdf:li>" for number in ("0", " 3 ", "x", "-1", "9" * 5000))
    labels = f"<darktable:colorlabels><rdf:Seq>{numbers}</rdf:Seq></darktable:colorlabels>"
    assert read(made.jpeg(xmp=made.xmp(labels))).labels == ("Red", "Blue")
    assert [read(made.jpeg(exif=Exif(tags={RATING_PERCENT: percent}))).rating for percent in (1, 25, 50, 75, 99)] == [
        1, 2, 3, 4, 5,
    ]  # fmt: skip
    assert read(made.jpeg()).rating is None


def test_location() -> None:
    coordinates: dict[int, Value] = {
        0x0001: "N",
        0x0002: (b"\x30\0\0\0\1\0\0\0" * 3),
        0x0003: "E",
        0x0004: (b"\x09\0\0\0\1\0\0\0" * 3),
    }
    shown = (
        '<Iptc4xmpExt:LocationShown><rdf:Bag><rdf:li Iptc4xmpExt:City="Kiel"/></rdf:Bag></Iptc4xmpExt:LocationShown>'
    )
    created = (
        '<Iptc4xmpExt:LocationCreated rdf:parseType="Resource"><Iptc4xmpExt:City>Kiel</Iptc4xmpExt:City>'
        "</Iptc4xmpExt:LocationCreated>"
    )
    located = {
        "GPS": made.jpeg(exif=Exif(gps=coordinates)),
        "XMP GPS": made.jpeg(xmp=made.xmp(exif__GPSLatitude="54,19.2N")),
        "XMP city": made.jpeg(xmp=made.xmp(photoshop__City="Kiel")),
        "XMP shown": made.jpeg(xmp=made.xmp(shown)),
        "XMP created": made.jpeg(xmp=made.xmp(created)),
        "IPTC": made.jpeg(iptc=made.iptc((90, b"Kiel"))),
        "HEIC": made.heif(exif=Exif(gps=coordinates)),
        "MOV": made.quicktime(made.apple_keys(location__ISO6709="+54.3+010.1/")),
        "MOV of 2005": made.quicktime(made.box(b"udta", made.box(b"\xa9xyz", b"\0\x0c\0\0+54.3+010.1/"))),
    }
    assert [name for name, data in located.items() if not read(data).has_location] == []
    nowhere = {
        "version only": made.jpeg(exif=Exif(gps={0: b"\2\3\0\0"})),
        "no fix": made.jpeg(exif=Exif(gps={0x0001: "", 0x0002: b"\0" * 24})),
        "blank": made.jpeg(xmp=made.xmp(photoshop__City=" "), iptc=made.iptc((90, b" "))),
    }
    assert [name for name, data in nowhere.items() if read(data).has_location] == []


def test_texts_are_cleaned() -> None:
    assert clean_caption(" a\0\r\nb\x07\u200d \t") == "a\nb\u200d"
    assert clean_caption("\ufeffa") == "a"
