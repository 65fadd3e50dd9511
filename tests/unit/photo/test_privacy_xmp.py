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
