"""XMP loses private values in all the forms in which XML, RDF and encodings can say them."""

from __future__ import annotations

import base64

import pytest

from tests.support import photo_files as made
from tests.unit.photo.test_privacy import EXIF, copy_of


def described(body: str) -> str:
    """Return a packet with these properties, and rights that stay."""
    spaces = "".join(
        f'xmlns:{prefix}="http://example.com/{prefix}/" '
        for prefix in ("exif", "photoshop", "aux", "dwc", "georss", "dct", "GCamera", "drone")
    )
    packet = made.xmp("<dc:rights>Jane Doe</dc:rights>", title="Harbour")
    return packet.replace("</rdf:RDF>", f'<rdf:Description rdf:about="" {spaces}>{body}</rdf:Description></rdf:RDF>')


@pytest.mark.parametrize(
    "body",
    [
        '<exif:GPSLatitude rdf:resource="SECRET"/>',
        '<photoshop:City rdf:value="SECRET" />',
        '<aux:SerialNumber><rdf:Description rdf:value="SECRET"/></aux:SerialNumber>',
        "<exif:GPSAltitude><![CDATA[SECRET]]></exif:GPSAltitude>",
        "<aux:SerialNumber><![CDATA[SECRET]]></aux:SerialNumber>",
        '<rdf:Description xmlns:rdf="http://ns.adobe.com/exif/1.0/" rdf:GPSLatitude="SECRET"/>',
    ],
)
def test_values_are_removed_in_every_form(body: str) -> None:
    copy = copy_of(made.jpeg(xmp=described(body)))
    assert b"SECRET" not in copy
    assert b"<dc:rights>Jane Doe</dc:rights>" in copy


@pytest.mark.parametrize("form", ["<![CDATA[{}]]>", "<!-- a preview -->{}", "<![CDATA[]]>\n{}"])
def test_a_picture_in_an_element_is_found_in_every_form(form: str) -> None:
    picture = base64.b64encode(made.jpeg(exif=EXIF)).decode()
    plain = base64.b64encode(made.jpeg()).decode()
    copy = copy_of(
        made.jpeg(xmp=described("".join(f"<GCamera:I>{form.format(p)}</GCamera:I>" for p in (picture, plain))))
    )
    assert picture.encode() not in copy
    assert plain.encode() in copy


PRIVATE = described('<exif:GPSLatitude>SECRET</exif:GPSLatitude><aux:SerialNumber rdf:value="SECRET"/>')
HEAD, BODY = PRIVATE.split("<x:", 1)
ENCODED = {
    "NUL before": b"\0" + PRIVATE.encode(),
    "UTF-8 BOM and NUL before": b"\xef\xbb\xbf\0" + PRIVATE.encode(),
    "UTF-16 LE": PRIVATE.encode("utf-16-le"),
    "UTF-16 LE, a character like < before": "\u3c20\u203c".encode("utf-16-le") + PRIVATE.encode("utf-16-le"),
    "UTF-16 LE, a byte before": b"<" + PRIVATE.encode("utf-16-le"),
    "UTF-16 LE, < in other characters": PRIVATE.replace("Harbour", "\u3c00\u4e3c\u3c3c").encode("utf-16-le"),
    "UTF-16 BE, < in other characters": PRIVATE.replace("Harbour", "\u3c00\u4e3c\u3c3c").encode("utf-16-be"),
    "UTF-16 BE, junk before": b"<<\0" + PRIVATE.encode("utf-16-be"),
    "UTF-32 LE, junk before": b"<\0<" + PRIVATE.encode("utf-32-le"),
    "UTF-32 BE": PRIVATE.encode("utf-32-be"),
    "a wrapper in UTF-8, a body in UTF-16": HEAD.encode() + ("<x:" + BODY).encode("utf-16-le"),
}
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")


@pytest.mark.parametrize("packet", ENCODED.values(), ids=ENCODED)
def test_values_are_removed_in_every_encoding(packet: bytes) -> None:
    copy = copy_of(made.webp(xmp=packet))
    assert [encoding for encoding in ENCODINGS if "SECRET".encode(encoding) in copy] == []
    assert [encoding for encoding in ENCODINGS if "Jane Doe</dc:rights>".encode(encoding) in copy] != []


@pytest.mark.parametrize("packet", [b"latitude 46.0207", BODY.encode("cp037")])
def test_xmp_in_an_unknown_format_is_removed(packet: bytes) -> None:
    assert packet not in copy_of(made.webp(xmp=packet))


@pytest.mark.parametrize("packet", [b"\0\0\0", b" \n "])
def test_blank_xmp_stays(packet: bytes) -> None:
    assert copy_of(made.webp(xmp=packet)) == made.webp(xmp=packet)


@pytest.mark.parametrize(
    "name",
    [
        *("dwc:country", "dwc:verbatimCoordinates", "dwc:locality", "dwc:stateProvince", "dwc:county"),
        *("dwc:municipality", "dwc:decimalLatitude", "dwc:higherGeography", "dwc:waterBody", "dwc:locationID"),
        *("aux:LensSerial", "drone:SerialNo", "drone:ProductSN", "georss:point", "dct:spatial"),
        *("GCamera:HdrPlusMakernote", "GCamera:hdrp_makernote", "GCamera:shot_log_data", "photoshop:State"),
    ],
)
def test_private_properties_are_found_by_their_names(name: str) -> None:
    for packet in (
        described(f"<{name}>SECRET</{name}>"),
        described("").replace("xmlns:exif", f'{name}="SECRET" xmlns:exif'),
    ):
        assert b"SECRET" not in copy_of(made.jpeg(xmp=packet))


@pytest.mark.parametrize(
    "name", ["dwc:recordedBy", "dwc:verbatimEventDate", "dwc:scientificName", "drone:serialization", "aux:Lens"]
)
def test_other_properties_stay(name: str) -> None:
    data = made.jpeg(xmp=described(f"<{name}>Jane Doe</{name}>"))
    assert copy_of(data) == data
