"""Capture times."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import pytest

from galleryctl.photo.facts import CaptureTime
from galleryctl.photo.metadata.dates import parse_date, parse_iptc_date, quicktime_date
from galleryctl.photo.read import read_photo, read_xmp_sidecar
from tests.support import photo_files as made
from tests.support.photo_files import DIGITIZED, FRACTION_ORIGINAL, OFFSET_ORIGINAL, ORIGINAL, Exif

SECONDS_TO_2024 = 3_786_912_000


def at(*parts: int, hours: float | None = None) -> CaptureTime:
    offset = None if hours is None else timedelta(hours=hours)
    return CaptureTime(local=local(*parts), offset=offset)


def local(year: int, month: int, day: int, *time: int) -> datetime:
    return datetime(year, month, day, *time)  # type: ignore[arg-type]  # noqa: DTZ001 - hour, minute, …; of no zone


def captured(data: bytes) -> CaptureTime | None:
    return read_photo(io.BytesIO(data)).captured


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024:05:01 10:00:00", at(2024, 5, 1, 10)),
        ("2024:05:01 10:00:00.25+09:00", at(2024, 5, 1, 10, 0, 0, 250_000, hours=9)),
        ("2024-05-01T10:00:00Z", at(2024, 5, 1, 10, hours=0)),
        ("2024-05-01T10:00:00 -03:30", at(2024, 5, 1, 10, hours=-3.5)),
        ("2024-05-01T10:00:00+0200", at(2024, 5, 1, 10, hours=2)),
        ("2024-05-01T10:00", at(2024, 5, 1, 10)),
        ("2024-05-01", at(2024, 5, 1)),
        ("2024-05", at(2024, 5, 1)),
        ("2024", at(2024, 1, 1)),
        ("2024:00:00 00:00:00", at(2024, 1, 1)),
        ("2024: 5: 1  9: 5: 3", at(2024, 5, 1, 9, 5, 3)),
        ("2024/05/01 10:00:00", at(2024, 5, 1, 10)),
        ("2024:05:01 10:00:60", at(2024, 5, 1, 10, 0, 59)),
        ("2024:05:01 10:00:00.1234567899", at(2024, 5, 1, 10, 0, 0, 123_456)),
        ("2024:05:01 10:00:00+99:00", at(2024, 5, 1, 10)),
        ("0000:00:00 00:00:00", None),
        ("    :  :     :  :  ", None),
        ("2024:13:01 10:00:00", None),
        ("2024:02:30 10:00:00", None),
        ("2024:05:01 24:00:00", None),
        ("yesterday", None),
        ("", None),
        ("9999:12:31 23:59:59", None),
    ],
)
def test_dates_are_parsed(text: str, time: CaptureTime | None) -> None:
    assert parse_date(text) == time


def test_dates_of_iptc_and_quicktime() -> None:
    assert parse_iptc_date("20240501", "100000+0900") == at(2024, 5, 1, 10, hours=9)
    assert parse_iptc_date("2024-05-01", "10:00:00") == at(2024, 5, 1, 10)
    assert parse_iptc_date("20020000", "") == at(2002, 1, 1)
    assert parse_iptc_date("", "100000") is None
    assert quicktime_date(SECONDS_TO_2024) == at(2024, 1, 1, hours=0)
    assert quicktime_date(1_714_557_600) == at(2024, 5, 1, 10, hours=0)  # since 1970
    assert quicktime_date(0) is None
    assert quicktime_date(2**64 - 1) is None


def test_exif_has_fractions_and_an_offset_beside_the_time() -> None:
    tags = {ORIGINAL: "2024:05:01 10:00:00", FRACTION_ORIGINAL: "25", OFFSET_ORIGINAL: "+09:00"}
    found = captured(made.jpeg(exif=Exif(tags=tags)))
    assert found == at(2024, 5, 1, 10, 0, 0, 250_000, hours=9)
    assert found is not None
    assert found.utc == local(2024, 5, 1, 1, 0, 0, 250_000)
    assert captured(made.jpeg(exif=Exif(tags={ORIGINAL: "2024:05:01 10:00:00", 0x9010: "+02:00"}))) == at(
        2024, 5, 1, 10, hours=2
    )


def test_the_order_of_sources() -> None:
    original = made.jpeg(
        exif=Exif(tags={ORIGINAL: "2001:01:01 00:00:00", DIGITIZED: "2002:01:01 00:00:00"}),
        xmp=made.xmp(photoshop__DateCreated="2003-01-01"),
        iptc=made.iptc((55, b"20040101")),
    )
    assert captured(original) == at(2001, 1, 1)
    digitized = Exif(tags={ORIGINAL: "0000:00:00 00:00:00", DIGITIZED: "2002:01:01 00:00:00"})
    scan = made.xmp(
        photoshop__DateCreated="2003-01-01", xmp__CreateDate="2007-01-01", exif__DateTimeOriginal="2008-01-01"
    )
    assert captured(made.jpeg(exif=digitized, xmp=scan)) == at(2003, 1, 1)
    assert captured(made.jpeg(exif=digitized, xmp=made.xmp(exif__DateTimeOriginal="2008-01-01"))) == at(2008, 1, 1)
    assert captured(made.jpeg(exif=digitized, iptc=made.iptc((55, b"20040101"), (60, b"120000")))) == at(2004, 1, 1, 12)
    assert captured(made.jpeg(exif=digitized, xmp=made.xmp(xmp__CreateDate="2007-01-01"))) == at(2002, 1, 1)
    assert captured(made.jpeg(xmp=made.xmp(xmp__CreateDate="2007-01-01"))) == at(2007, 1, 1)
    assert captured(made.jpeg()) is None


def test_a_sidecar_has_a_date_of_its_own() -> None:
    sidecar = read_xmp_sidecar(io.BytesIO(made.xmp(exif__DateTimeOriginal="2010-01-01T00:00:00").encode()))
    photo = read_photo(io.BytesIO(made.jpeg(exif=Exif(tags={ORIGINAL: "2024:05:01 10:00:00"}))))
    assert sidecar.with_fallback(photo).captured == at(2010, 1, 1)


def test_dates_of_videos_and_heic() -> None:
    assert captured(made.quicktime(seconds=SECONDS_TO_2024)) == at(2024, 1, 1, hours=0)
    apple = made.apple_keys(make="Apple", creationdate="2024-05-01T10:00:00+0900")
    assert captured(made.quicktime(apple, seconds=SECONDS_TO_2024)) == at(2024, 5, 1, 10, hours=9)
    day = made.box(b"udta", made.box(b"\xa9day", b"\0\x14\0\0", b"2024-05-01T10:00:00Z"))
    assert captured(made.quicktime(day, brand=b"mp42")) == at(2024, 5, 1, 10, hours=0)
    assert captured(made.heif(exif=Exif(tags={ORIGINAL: "2024:05:01 10:00:00"}))) == at(2024, 5, 1, 10)
    burst = made.heif() + made.quicktime(seconds=SECONDS_TO_2024).partition(b"frames")[2]
    assert captured(burst) == at(2024, 1, 1, hours=0)


def test_dates_of_a_png() -> None:
    exif = made.chunk(b"eXIf", Exif(tags={ORIGINAL: "2024:05:01 10:00:00"}).block)
    assert captured(made.png(behind=[exif])) == at(2024, 5, 1, 10)
    for text, time in (
        ("Wed, 1 May 2024 10:00:00 GMT", at(2024, 5, 1, 10, hours=0)),
        ("Mi 1 May 2024 10:00:00 +0200", at(2024, 5, 1, 10, hours=2)),
        ("2024-05-01T10:00:00", at(2024, 5, 1, 10)),
        ("1 Foo 2024 10:00", None),
        ("99 May 2024 10:00", None),
    ):
        assert captured(made.png(made.text_chunk("Creation Time", text.encode()))) == time
