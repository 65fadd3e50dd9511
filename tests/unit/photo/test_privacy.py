"""Copies of photos and videos without location and owner: nothing of them is left, all else is as it was."""

from __future__ import annotations

import base64
import hashlib
import io
import struct

import pytest

from galleryctl.model.privacy import PrivateKind
from galleryctl.photo.metadata.iptc import photoshop_resources
from galleryctl.photo.privacy.search import private_kind
from galleryctl.photo.privacy.strip import PrivateContent, find_private
from galleryctl.photo.read import read_photo
from galleryctl.photo.source import MalformedError
from galleryctl.photo.splice import read_spliced, spliced_size
from tests.support import photo_files as made
from tests.support.photo_files import DESCRIPTION, ORIENTATION, ORIGINAL, Exif

ALL = frozenset(PrivateKind)
GPS = frozenset((PrivateKind.LOCATION, PrivateKind.UNKNOWN))
OWNER = frozenset((PrivateKind.OWNER, PrivateKind.UNKNOWN))
ARTIST, COPYRIGHT, MAKER_NOTE, SERIAL, OWNER_NAME = 0x013B, 0x8298, 0x927C, 0xA431, 0xA430
LATITUDE = struct.pack("<6I", 46, 1, 1, 1, 123_456_789, 10_000_000)
SECRETS = (
    LATITUDE[16:],
    b"Zermatt",
    b"GPSLat",
    b"SN-0815",
    b"Erika Muster",
    b"note of the maker",
    b"+46.0207+007.7491",
)
EXIF = Exif(
    tags={
        DESCRIPTION: "Low tide at the harbour",
        ORIENTATION: 6,
        ORIGINAL: "2024:05:01 10:00:00",
        ARTIST: "Jane Doe, photographer",
        COPYRIGHT: "(c) Jane Doe 2024",
    },
    gps={1: "N", 2: LATITUDE},
)
IPTC = made.iptc((5, b"Harbour"), (80, b"Jane Doe"), (90, b"Zermatt"), (101, b"Zermatt CH"), (110, b"Doe Photo"))
PACKET = made.xmp(
    "<photoshop:City>Zermatt</photoshop:City>"
    '<Iptc4xmpExt:LocationCreated rdf:parseType="Resource"><Iptc4xmpExt:City>Zermatt</Iptc4xmpExt:City>'
    "</Iptc4xmpExt:LocationCreated><dc:rights>Jane Doe 2024</dc:rights>",
    title="Harbour",
    tags=("boat",),
    xmp__Rating="4",
    exif__GPSLatitude="46,1.2344N",
    photoshop__Credit="Doe Photo",
)


def search(data: bytes, wanted: frozenset[PrivateKind] = ALL) -> PrivateContent:
    return find_private(io.BytesIO(data), wanted)


def copy_of(data: bytes, wanted: frozenset[PrivateKind] = ALL) -> bytes:
    """Return the copy without private data; searched with only the kinds that were found, the file gives the same."""
    found = search(data, wanted)
    assert search(data, found.kinds).splices == found.splices
    copy = b"".join(read_spliced(io.BytesIO(data), found.splices))
    assert len(copy) == spliced_size(len(data), found.splices)
    assert search(copy, wanted) == PrivateContent(splices=(), kinds=frozenset(), has_place=False)
    return copy


def exif_of_camera() -> bytes:
    """Return an EXIF block whose second directory has a maker note, a serial number and the name of an owner."""
    inner = {ORIGINAL: "2024:05:01 10:00:00", SERIAL: "SN-0815", OWNER_NAME: "Erika Muster"}
    body = made.exif_directory({**inner, MAKER_NOTE: b"note of the maker"}, 8, "<")
    outer = made.exif_directory({0x8769: 8, DESCRIPTION: "Low tide at the harbour"}, 8 + len(body), "<")
    return b"II*\0" + struct.pack("<I", 8 + len(body)) + body + outer


FILES = {
    "JPEG, EXIF": made.jpeg(exif=EXIF),
    "JPEG, big-endian": made.jpeg(exif=Exif(tags=EXIF.tags, gps=EXIF.gps, big_endian=True)),
    "JPEG, IPTC": made.jpeg(iptc=IPTC),
    "JPEG, XMP": made.jpeg(xmp=PACKET),
    "JPEG, XMP in UTF-16": made.jpeg(xmp=PACKET.encode("utf-16-be")),
    "JPEG, XMP in UTF-32": made.jpeg(xmp=PACKET.encode("utf-32-le")),
    "JPEG, all": made.jpeg(exif=EXIF, iptc=IPTC, xmp=PACKET),
    "PNG, eXIf": made.png(made.chunk(b"eXIf", EXIF.block)),
    "PNG, XMP": made.png(behind=[made.text_chunk("XML:com.adobe.xmp", PACKET.encode(), international=True)]),
    "PNG, compressed XMP": made.png(
        made.text_chunk("XML:com.adobe.xmp", PACKET.encode(), international=True, compressed=True)
    ),
    "PNG, raw EXIF": made.png(made.raw_profile("exif", b"Exif\0\0" + EXIF.block)),
    "PNG, raw IPTC": made.png(made.raw_profile("iptc", made.photoshop(IPTC))),
    "PNG, raw IPTC of exiftool": made.png(
        made.text_chunk("Raw profile type iptc", f"\nIPTC profile\n{len(IPTC):8}\n{IPTC.hex()}\n".encode())
    ),
    "PNG, raw XMP": made.png(made.raw_profile("xmp", PACKET.encode())),
    "PNG, text of another program": made.png(made.text_chunk("exif:GPSLatitude", b"Zermatt")),
    "GIF": made.gif(PACKET),
    "WebP": made.webp(exif=EXIF, xmp=PACKET),
    "HEIC": made.heif(exif=EXIF, xmp=PACKET),
    "HEIC, in meta": made.heif(exif=EXIF, xmp=PACKET, in_meta=True),
    "AVIF": made.heif(exif=EXIF, xmp=PACKET, brand=b"avif"),
    "MOV, keys": made.quicktime(made.apple_keys(creationdate="2024-05-01", location__ISO6709="+46.0207+007.7491/")),
    "MP4, user data": made.quicktime(
        made.box(
            b"udta",
            made.box(b"\xa9xyz", b"\0\x12\x15\xc7+46.0207+007.7491/"),
            made.box(b"loci", b"\0" * 6 + b"Zermatt"),
        ),
        brand=b"isom",
    ),
    "MP4, XMP": made.quicktime(made.box(b"udta", made.box(b"XMP_", PACKET.encode()))),
}


@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
def test_nothing_of_the_location_is_left(data: bytes) -> None:
    before = read_photo(io.BytesIO(data))
    found = search(data, GPS)
    assert (set(found.kinds), found.has_place) == ({PrivateKind.LOCATION}, True)
    copy = copy_of(data, GPS)
    packed = copy.replace(b"\0", b"")  # also in UTF-16 and UTF-32
    assert [secret for secret in SECRETS if secret in copy or secret in packed] == []
    after = read_photo(io.BytesIO(copy))
    assert not after.has_location
    assert (after.captions, after.captured, after.rating) == (before.captions, before.captured, before.rating)
    assert (after.displayed_size, after.rotation, after.problems) == (before.displayed_size, before.rotation, ())


@pytest.mark.parametrize("data", [data for name, data in FILES.items() if "PNG" not in name])
def test_everything_keeps_its_place(data: bytes) -> None:
    assert len(copy_of(data)) == len(data)


def test_author_and_rights_stay() -> None:
    copy = copy_of(made.jpeg(exif=EXIF, iptc=IPTC, xmp=PACKET))
    texts = (b"Jane Doe, photographer", b"(c) Jane Doe 2024", b"Doe Photo", b"<dc:rights>Jane Doe 2024</dc:rights>")
    assert [text for text in texts if text not in copy] == []
    assert b"\x1c\x02\x50\0\x08Jane Doe" in copy
    assert b"\x1c\x02\x6e\0\x09Doe Photo" in copy


def test_owner_means_serial_numbers_the_name_in_the_camera_and_maker_notes() -> None:
    packet = made.xmp('<aux:SerialNumber xmlns:aux="x">SN-0815</aux:SerialNumber>', exif__GPSLatitude="46,1N")
    data = made.jpeg(exif=exif_of_camera(), xmp=packet)
    copy = copy_of(data, OWNER)
    assert [secret for secret in (b"SN-0815", b"Erika Muster", b"note of the maker") if secret in copy] == []
    assert b'GPSLatitude="46,1N"' in copy
    assert read_photo(io.BytesIO(copy)).captions.description == "Low tide at the harbour"
    with_serial = copy_of(data, GPS)
    assert b"SN-0815" in with_serial
    assert b"note of the maker" not in with_serial


def test_a_file_without_private_data_stays_as_it_is() -> None:
    exif = Exif(tags=EXIF.tags)
    packet = made.xmp("<dc:rights>Jane Doe</dc:rights>", title="Harbour", photoshop__City="", photoshop__Credit="Doe")
    for data in (
        made.jpeg(exif=exif, iptc=made.iptc((5, b"Harbour"), (80, b"Jane")), xmp=packet),
        made.png(made.chunk(b"eXIf", exif.block), made.text_chunk("Comment", b"hello")),
        made.webp(exif=exif, xmp=packet),
        made.heif(exif=exif, xmp=packet),
        made.gif(packet),
        made.quicktime(made.apple_keys(creationdate="2024-05-01"), made.box(b"udta", made.box(b"\xa9nam", b"x" * 9))),
    ):
        assert search(data) == PrivateContent(splices=(), kinds=frozenset(), has_place=False)


def test_offsets_of_other_types_are_followed() -> None:
    """Some programs write the offset of the GPS directory as a signed number."""
    block = EXIF.block.replace(struct.pack("<HH", 0x8825, 4), struct.pack("<HH", 0x8825, 9))
    found = search(made.jpeg(exif=block))
    assert (set(found.kinds), found.has_place) == ({PrivateKind.LOCATION}, True)
    assert LATITUDE[16:] not in copy_of(made.jpeg(exif=block))


def test_an_empty_gps_directory_is_removed_and_is_not_a_place() -> None:
    found = search(made.jpeg(exif=Exif(tags=EXIF.tags, gps={0: b"\2\3\0\0", 2: b"\0" * 24})))
    assert (set(found.kinds), found.has_place) == ({PrivateKind.LOCATION}, False)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("drone-dji:GpsLongtitude", PrivateKind.LOCATION),
        ("Iptc4xmpCore:CountryCode", PrivateKind.LOCATION),
        ("com.apple.quicktime.location.ISO6709", PrivateKind.LOCATION),
        ("dc:coverage", PrivateKind.LOCATION),
        ("exifEX:LensSerialNumber", PrivateKind.OWNER),
        ("aux:OwnerName", PrivateKind.OWNER),
        ("plus:CopyrightOwnerName", None),
        ("xmpRights:Owner", None),
        ("Iptc4xmpCore:CiAdrCity", None),
        ("photoshop:Credit", None),
        ("dc:creator", None),
        ("tiff:Artist", None),
    ],
)
def test_properties_are_private_by_their_names(name: str, kind: PrivateKind | None) -> None:
    assert private_kind(name) is kind


def test_a_preview_loses_the_metadata_of_its_own() -> None:
    preview = made.jpeg(exif=EXIF, size=(16, 12))
    inner = made.exif_directory({0x0201: 0, 0x0202: len(preview)}, 8, "<")
    first = 8 + len(inner)
    block = (
        b"II*\0"
        + struct.pack("<I", 8)
        + inner.replace(struct.pack("<HHII", 0x0201, 4, 1, 0), struct.pack("<HHII", 0x0201, 4, 1, first))
        + preview
    )
    copy = copy_of(made.jpeg(exif=block))
    assert LATITUDE[16:] not in copy
    assert b"Low tide at the harbour" in copy


def test_pictures_behind_the_picture_keep_their_places() -> None:
    gain_map, film = made.jpeg(exif=EXIF, size=(24, 16)), FILES["MOV, keys"]
    first = made.jpeg(exif=EXIF)
    data = first + b"\0" * 5 + gain_map + film + b"SEFH of a phone, Zermatt"
    copy = copy_of(data)
    assert [secret for secret in SECRETS if secret in copy] == []
    assert len(copy) == len(first) + 5 + len(gain_map) + len(film)
    for part in (gain_map, film):
        assert copy[data.index(part) :].startswith(part[:12])
    assert copy.startswith(copy_of(first))


def test_unknown_segments_are_set_to_zero() -> None:
    known = (
        made.segment(0xE0, b"JFIF\0\1\1"),
        made.segment(0xE2, b"ICC_PROFILE\0\1\1profile"),
        made.segment(0xEE, b"Adobe\0d"),
    )
    unknown = (made.segment(0xE6, b"GoPro\0Zermatt"), made.segment(0xEB, b"JP\0\1\0\0\0\1\0\0\0\x20jumbZermatt"))
    copy = copy_of(made.jpeg(*known, *unknown), GPS)
    assert b"Zermatt" not in copy
    assert b"".join(known) in copy


def test_extended_xmp_keeps_its_digest_in_step() -> None:
    extended = made.xmp("<exif:GPSLatitude>46,1.2344N</exif:GPSLatitude><dc:source>a</dc:source>").encode()
    digest = hashlib.md5(extended).hexdigest().upper()  # noqa: S324 - the digest of the format
    main = made.xmp(title="Harbour").replace(
        "rdf:about", f'xmlns:xmpNote="n" xmpNote:HasExtendedXMP="{digest}" rdf:about'
    )
    half = len(extended) // 2
    parts = [
        made.segment(
            0xE1,
            b"http://ns.adobe.com/xmp/extension/\0" + digest.encode() + struct.pack(">II", len(extended), at) + piece,
        )
        for at, piece in ((0, extended[:half]), (half, extended[half:]))
    ]
    data = made.jpeg(*parts, xmp=main)
    copy = copy_of(data)
    blank = b" " * len(b"<exif:GPSLatitude>46,1.2344N</exif:GPSLatitude>")
    new = extended.replace(b"<exif:GPSLatitude>46,1.2344N</exif:GPSLatitude>", blank)
    assert copy.count(hashlib.md5(new).hexdigest().upper().encode()) == 3  # noqa: S324
    assert digest.encode() not in copy


def test_the_digest_of_the_iptc_block_is_corrected() -> None:
    digest = b"8BIM\x04\x25\0\0" + struct.pack(">I", 16) + hashlib.md5(IPTC).digest()  # noqa: S324
    body = made.photoshop(IPTC) + digest
    copy = copy_of(made.jpeg(made.segment(0xED, b"Photoshop 3.0\0" + body)))
    at = copy.index(b"8BIM")
    block = copy[at : at + len(body)]
    contents = [block[part.content_start : part.content_end] for part in photoshop_resources(block)]
    assert contents[1] == hashlib.md5(contents[0]).digest()  # noqa: S324


def test_a_picture_in_xmp_with_a_location_is_removed() -> None:
    picture = base64.b64encode(made.jpeg(exif=EXIF)).decode()
    plain = base64.b64encode(made.jpeg()).decode()
    copy = copy_of(
        made.jpeg(
            xmp=made.xmp(GImage__Data=picture, GDepth__Data=plain).replace(
                "xmlns:dc", 'xmlns:GImage="g" xmlns:GDepth="d" xmlns:dc'
            )
        )
    )
    assert picture.encode() not in copy
    assert plain.encode() in copy


def test_the_rest_of_an_older_packet_is_removed() -> None:
    copy = copy_of(
        made.jpeg(
            xmp=made.xmp(title="Harbour").replace(
                "<?xpacket end", 'exif:GPSLatitude="46,1N"/></x:xmpmeta><?xpacket end'
            )
        )
    )
    assert b"GPSLat" not in copy
    assert read_photo(io.BytesIO(copy)).captions.title == "Harbour"


def track(handler: bytes, entry: bytes, samples: bytes, at: int) -> bytes:
    """Return a track with one chunk of samples."""
    stsd = made.box(b"stsd", struct.pack(">II", 0, 1), made.box(entry, b"\0" * 8))
    stsz = made.box(b"stsz", struct.pack(">III", 0, len(samples), 1))
    stsc = made.box(b"stsc", struct.pack(">5I", 0, 1, 1, 1, 1))
    stco = made.box(b"stco", struct.pack(">III", 0, 1, at))
    stbl = made.box(b"stbl", stsd, stsz, stsc, stco)
    hdlr = made.box(b"hdlr", b"\0" * 8, handler, b"\0" * 13)
    return made.box(b"trak", made.box(b"mdia", hdlr, made.box(b"minf", stbl)))


@pytest.mark.parametrize(
    ("handler", "entry", "samples", "kind"),
    [
        (b"meta", b"gpmd", b"GPS5 of the ride", PrivateKind.LOCATION),
        (b"camm", b"camm", b"\5\0 of the ride", PrivateKind.LOCATION),
        (b"meta", b"mebx", b"a measurement", PrivateKind.UNKNOWN),
        (b"text", b"text", b"F/2.8, GPS (7.7491, 46.0207, 18)", PrivateKind.LOCATION),
    ],
)
def test_tracks_of_measurements_are_removed(handler: bytes, entry: bytes, samples: bytes, kind: PrivateKind) -> None:
    head = made.box(b"ftyp", b"isom\0\0\0\0isom")
    shown = b"pixels of the film"
    mdat = made.box(b"mdat", shown + samples)
    at = len(head) + 8
    film = track(b"vide", b"avc1", shown, at)
    data = head + mdat + made.box(b"moov", film, track(handler, entry, samples, at + len(shown)))
    assert search(data).kinds == {kind}
    copy = copy_of(data)
    assert (samples in copy, entry in copy) == (False, False)
    assert shown + bytes(len(samples)) in copy
    assert film in copy


def test_subtitles_without_a_place_stay() -> None:
    head = made.box(b"ftyp", b"isom\0\0\0\0isom")
    text = b"Once upon a time, 12.5 seconds later"
    data = head + made.box(b"mdat", text) + made.box(b"moov", track(b"text", b"text", text, len(head) + 8))
    assert search(data).splices == ()


def test_notes_of_cameras_in_videos_are_removed() -> None:
    note = made.box(b"udta", made.box(b"NCDT", b"note of the maker"), made.box(b"cprt", b"\0\0\0\0\x55\xc4Jane Doe"))
    copy = copy_of(made.quicktime(note, brand=b"isom"))
    assert b"note of the maker" not in copy
    assert b"Jane Doe" in copy


@pytest.mark.parametrize(
    "data",
    [b"\x1a\x45\xdf\xa3 of a WebM", b"RIFF\0\0\0\0AVI ", b"II*\0\x08\0\0\0\0\0", b"no picture"],
)
def test_a_file_of_another_format_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError, match="cannot be searched for private data"):
        search(data)
