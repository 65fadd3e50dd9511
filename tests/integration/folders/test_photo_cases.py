"""Photos as cameras, phones and editors write them: one folder of many kinds, each with its captions and its place.

The pictures are made anew; each stands for a class of real files.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support import photo_files as made
from tests.support.cli_harness import CliHarness
from tests.support.photo_files import DESCRIPTION, ORIGINAL, USER_COMMENT, XP_TITLE, Exif

HARBOUR = made.xmp(title="Harbour", description="Low tide", tags=("boat", "sea"))
HARBOUR_TEXTS = {"title": "Harbour", "description": "Low tide", "tags": ["boat", "sea"]}
CUT_END = HARBOUR[: HARBOUR.index('<?xpacket end="w"?>')] + " " * 40 + "<?xpack"
PLACED = (
    '<xmpMM:Pantry><rdf:Bag><rdf:li rdf:parseType="Resource"><dc:title><rdf:Alt><rdf:li xml:lang="x-default">Logo'
    "</rdf:li></rdf:Alt></dc:title></rdf:li></rdf:Bag></xmpMM:Pantry>"
)
SAMSUNG = (
    b"ASCII\0\0\0\n\0\0\0JKJK\0\0\xff\x80\0\0\x80\xff\x01\x22\0\x0d\x80\x80\x0e\xff\xfd" + b"\x22\x01\x02\x80" * 99
)
IPTC_OF_A_PNG = made.iptc((5, b"Hafen"), (120, "Größe".encode()), (25, b"boat"))


def described(text: str | bytes, **exif: Any) -> bytes:
    return made.jpeg(exif=Exif(tags={DESCRIPTION: text}, **exif))


def commented(comment: bytes, *, big_endian: bool = False) -> bytes:
    return made.jpeg(exif=Exif(tags={USER_COMMENT: comment}, big_endian=big_endian))


def taken(time: str, offset: str = "") -> bytes:
    tags: dict[int, str | bytes | int] = {ORIGINAL: time}
    if offset:
        tags[made.OFFSET_ORIGINAL] = offset
    return made.jpeg(exif=Exif(tags=tags))


CASES: Mapping[str, tuple[bytes, Mapping[str, object]]] = {
    "camera-default-1.jpg": (described("OLYMPUS DIGITAL CAMERA"), {}),
    "camera-default-2.jpg": (described("SONY DSC"), {}),
    "camera-default-3.jpg": (described("DCF 1.0"), {}),
    "camera-default-4.jpg": (described("MINOLTA DIGITAL CAMERA"), {}),
    "camera-default-5.jpg": (
        made.jpeg(xmp=made.xmp(title="Harbour", description="OLYMPUS DIGITAL CAMERA")),
        {"title": "Harbour"},
    ),
    "screenshot.png": (
        made.png(made.chunk(b"eXIf", Exif(tags={USER_COMMENT: b"ASCII\0\0\0Screenshot"}).block)),
        {},
    ),
    "samsung-binary-comment.jpg": (commented(SAMSUNG), {}),
    "comment-unicode-big-endian.jpg": (
        commented(b"UNICODE\0" + "Лодка".encode("utf-16-be"), big_endian=True),
        {"description": "Лодка"},
    ),
    "comment-ascii-utf8.jpg": (commented(b"ASCII\0\0\0" + "Müller".encode()), {"description": "Müller"}),
    "comment-ascii-spaces.jpg": (commented(b"ASCII   Low tide"), {"description": "Low tide"}),
    "comment-jis.jpg": (
        commented(b"JIS\0\0\0\0\0" + "港の朝".encode("iso2022_jp")),
        {"description": "港の朝"},
    ),
    "description-after-nul.jpg": (described(b"Low tide\0GARBAGE\0"), {"description": "Low tide"}),
    "description-cp1252.jpg": (described("Größe \u2013 “x”".encode("cp1252")), {"description": "Größe \u2013 “x”"}),
    "xptitle-after-nul.jpg": (
        made.jpeg(exif=Exif(tags={XP_TITLE: "Hafen\0GARBAGE\0".encode("utf-16-le")})),
        {"title": "Hafen"},
    ),
    "sidecar-utf16.jpg": (made.jpeg(), HARBOUR_TEXTS),
    "xmp-utf16be.jpg": (made.jpeg(xmp=HARBOUR.encode("utf-16-be")), HARBOUR_TEXTS),
    "xmp-blank.jpg": (made.jpeg(xmp=" " * 2_000), {}),
    "xmp-cut-end.jpg": (made.jpeg(xmp=CUT_END), HARBOUR_TEXTS),
    "xmp-is-no-xml.jpg": (
        made.jpeg(xmp="sample xmp string", iptc=made.iptc((5, b"Harbour"))),
        {"title": "Harbour"},
    ),
    "xmp-rest-behind.jpg": (made.jpeg(xmp=HARBOUR + "</rdf:Description></rdf:RDF></x:xmpmeta>"), HARBOUR_TEXTS),
    "xmp-placed-image.jpg": (
        made.jpeg(xmp=made.xmp(PLACED, title="Harbour", tags=("boat",))),
        {"title": "Harbour", "tags": ["boat"]},
    ),
    "png-exif-behind.png": (
        made.png(behind=[made.chunk(b"eXIf", Exif(tags={DESCRIPTION: "Low tide"}).block)]),
        {"description": "Low tide"},
    ),
    "png-xmp-behind.png": (
        made.png(behind=[made.text_chunk("XML:com.adobe.xmp", HARBOUR.encode(), international=True)]),
        HARBOUR_TEXTS,
    ),
    "png-raw-iptc.png": (
        made.png(made.raw_profile("iptc", made.photoshop(IPTC_OF_A_PNG))),
        {"title": "Hafen", "description": "Größe", "tags": ["boat"]},
    ),
    "png-raw-xmp.png": (made.png(made.raw_profile("xmp", HARBOUR.encode())), HARBOUR_TEXTS),
    "gif-xmp.gif": (made.gif(made.xmp(title="Harbour", tags=("boat",))), {"title": "Harbour", "tags": ["boat"]}),
    "iphone.heic": (
        made.heif(exif=Exif(tags={ORIGINAL: "2024:05:01 10:00:00"}), xmp=made.xmp(title="Harbour", tags=("boat",))),
        {"title": "Harbour", "tags": ["boat"]},
    ),
    "200-megapixels.jpg": (made.jpeg(size=(16_320, 12_240), xmp=HARBOUR), HARBOUR_TEXTS),
    "sony.HIF": (made.heif(xmp=HARBOUR), HARBOUR_TEXTS),
    "png-named.jpg": (made.png(behind=[made.text_chunk("Title", b"Harbour")]), {"title": "Harbour"}),
}


def write(studio: CliHarness, name: str, data: bytes) -> None:
    path = studio.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.fixture
def cases(studio: CliHarness) -> CliHarness:
    for name, (data, _) in CASES.items():
        write(studio, f"photos/{name}", data)
    write(studio, "photos/sidecar-utf16.xmp", b"\xff\xfe" + HARBOUR.encode("utf-16-le"))
    return studio


def test_each_photo_has_its_captions(cases: CliHarness) -> None:
    cases.write_gallery(["{from: photos}"])
    checked = cases.run("validate")
    assert checked.code == 0, checked.err
    assert checked.out.count("cannot be read completely") == 2  # blank, and not XML
    changes = json.loads(cases.run("plan", "--format", "json").out)["changes"]
    found = {
        change["media"]["path"].removeprefix("photos/"): {
            name: value
            for name, value in change["write"].items()
            if name in ("title", "description", "tags", "alt_text")
        }
        for change in changes
        if change["media"]
    }
    assert found == {name: dict(texts) for name, (_, texts) in CASES.items()}


def test_they_are_applied_as_they_are(cases: CliHarness) -> None:
    for name in ("png-named.jpg", "sony.HIF"):  # the names of the uploads do not fit their types
        (cases.root / "photos" / name).unlink()
    cases.write_gallery(["{from: photos}"])
    cases.apply()
    assert len(cases.items()) == len(CASES) - 2
    cases.assert_no_changes()


def test_dates_decide_the_order(studio: CliHarness) -> None:
    write(studio, "zones/b-berlin.jpg", taken("2024:05:01 09:00:00", "+02:00"))
    write(studio, "zones/a-tokyo.jpg", taken("2024:05:01 10:00:00", "+09:00"))
    date = "<photoshop:DateCreated>2002-07-13T15:58:28</photoshop:DateCreated>"
    write(studio, "dates/scan.jpg", made.jpeg(xmp=made.xmp(date)))
    write(studio, "dates/sidecar.jpg", taken("2024:05:01 10:00:00"))
    write(studio, "dates/sidecar.xmp", made.xmp(date.replace("2002", "2001")).encode())
    behind = made.chunk(b"eXIf", Exif(tags={ORIGINAL: "2003:05:01 10:00:00"}).block)
    write(studio, "dates/behind.png", made.png(behind=[behind]))
    studio.write_gallery(["{from: zones, order: captured}", "{from: dates, order: captured}"])
    changes = json.loads(studio.run("plan", "--format", "json").out)["changes"]
    keys = [change["address"].partition("/")[2] for change in changes]
    assert keys[1:] == ["a-tokyo", "b-berlin", "sidecar", "scan", "behind"]


def test_a_folder_of_heic_is_applied_on_the_local_backend(studio: CliHarness) -> None:
    for number in range(3):
        exif = Exif(tags={ORIGINAL: f"2024:05:0{3 - number} 10:00:00"})
        write(studio, f"photos/IMG_{number}.HEIC", made.heif(exif=exif, xmp=made.xmp(title=f"No. {number}")))
    studio.write_gallery(["{from: photos, order: captured}"])
    studio.apply()
    assert studio.titles() == ["No. 2", "No. 1", "No. 0"]
    studio.assert_no_changes()


def _listen(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the path of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)


BAD: Mapping[str, tuple[Callable[[Path], object], str]] = {
    "link": (lambda path: path.symlink_to("gone.jpg"), "is a link to gone.jpg, which does not exist"),
    "loop": (lambda path: path.symlink_to(path.name), "cannot be read"),
    "pipe": (os.mkfifo, "is a named pipe, not a file"),
    "socket": (_listen, "is a socket, not a file"),
    "empty": (lambda path: path.touch(), "is empty"),
    "page": (lambda path: path.write_text("<!DOCTYPE html><title>404</title>"), "is not a supported image"),
    "lfs": (
        lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"),
        "is a Git LFS pointer",
    ),
    "annex": (lambda path: path.write_text("/annex/objects/SHA256E-s3--9f.jpg\n"), "is a git-annex pointer"),
    "icloud": (lambda path: path.with_name(f".{path.name}.icloud").touch(), "is not on this machine"),
    "nextcloud": (lambda path: path.with_name(f"{path.name}.nextcloud").touch(), "is not on this machine"),
}


def test_ten_bad_files_of_400_cost_ten_items(studio: CliHarness) -> None:
    for number in range(390):
        write(studio, f"photos/{number}.jpg", made.jpeg(size=(1 + number, 32)))
    for name, (spoil, _) in BAD.items():
        spoil(studio.root / "photos" / f"bad-{name}.jpg")
    studio.write_gallery(["{from: photos/*.jpg}"])
    checked = studio.run("validate")
    assert checked.code == 1
    ran = studio.run("apply", "--auto-approve")
    assert ran.code == 3
    shown = " ".join(ran.out.split())
    for name, (_, why) in BAD.items():
        assert f"photos/bad-{name}.jpg {why}" in shown
        assert f"photos/bad-{name}.jpg {why}" in checked.err
    assert "10 held" in shown
    assert len(studio.items()) == 390
    again = studio.run("plan")
    assert "0 to create, 0 to update, 0 to replace, 0 to delete" in again.out or "No changes" in again.out
