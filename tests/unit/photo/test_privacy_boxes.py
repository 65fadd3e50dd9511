"""Private data in videos: in empty space, in user data of the media, in covers, and in values by their names."""

from __future__ import annotations

import struct

import pytest

from galleryctl.photo.source import MalformedError
from tests.support import photo_files as made
from tests.unit.photo.test_privacy import EXIF, PACKET, SECRETS, copy_of, search

XMP = PACKET.encode()
PLACE = made.box(b"udta", made.box(b"\xa9xyz", b"\0\x12\x15\xc7+46.0207+007.7491/"))
HANDLER = made.box(b"hdlr", b"\0" * 8, b"mdir", b"\0" * 13)
COVER = made.box(b"covr", made.box(b"data", struct.pack(">II", 13, 0), made.jpeg(exif=EXIF)))
SECRET_KEYS = ("acme.serial", "acme.camera.owner", "acme.position")
MOVIES = {
    "text in empty space": made.quicktime() + made.box(b"free", XMP),
    "late in empty space": made.quicktime() + made.box(b"skip", b" " * 70_000, XMP),
    "empty space in user data": made.quicktime(made.box(b"udta", made.box(b"free", b"\1", XMP))),
    "a thumbnail in user data": made.quicktime(made.box(b"udta", made.box(b"thmb", made.jpeg(exif=EXIF)))),
    "user data of the media": made.quicktime(
        made.box(b"trak", made.box(b"mdia", made.box(b"hdlr", b"\0" * 8, b"vide", b"\0" * 13), PLACE))
    ),
    "ID3": made.quicktime(made.box(b"meta", b"\0" * 4, HANDLER, made.box(b"ID32", XMP))),
    "a cover": made.quicktime(made.box(b"udta", made.box(b"meta", b"\0" * 4, HANDLER, made.box(b"ilst", COVER)))),
    "keys": made.quicktime(made.apple_keys(**dict.fromkeys(SECRET_KEYS, "SN-0815"))),
}


@pytest.mark.parametrize("data", MOVIES.values(), ids=MOVIES)
def test_nothing_private_is_left(data: bytes) -> None:
    copy = copy_of(data)
    assert [secret for secret in SECRETS if secret in copy] == []
    assert len(copy) == len(data)


def test_a_cover_stays_without_its_metadata() -> None:
    copy = copy_of(MOVIES["a cover"])
    assert b"covr" in copy
    assert b"Low tide at the harbour" in copy


def test_positions_between_the_frames_are_refused() -> None:
    with pytest.raises(MalformedError, match="between its frames"):
        search(made.quicktime(made.box(b"gps ", struct.pack(">IIII", 0x101, 1, 24, 64))))
