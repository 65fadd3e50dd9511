"""Private data in PNG: in chunks of every kind, of which only those that show the picture stay as they are."""

from __future__ import annotations

import pytest

from tests.support import photo_files as made
from tests.unit.photo.test_privacy import EXIF, PACKET, SECRETS, copy_of, search

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
