"""The names and the limits of uploaded files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from galleryctl.emulator.media.types import upload_violations
from galleryctl.manifest.files.filetypes import detect_mime_type
from galleryctl.model.media import Kind, LocalFile
from galleryctl.model.upload_formats import LIMITS_SOURCE, UPLOAD_FORMATS, UploadFormat, limit_warnings, upload_name

EBML = b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x1f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\x82"
HEADS = {
    "image/jpeg": b"\xff\xd8\xff\xe0",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/gif": b"GIF89a",
    "image/webp": b"RIFF\0\0\0\0WEBPVP8 ",
    "image/heic": b"\0\0\0\x18ftypheic",
    "image/avif": b"\0\0\0\x18ftypavif",
    "video/mp4": b"\0\0\0\x18ftypM4V ",
    "video/quicktime": b"\0\0\0\x18ftypqt  ",
    "video/webm": EBML + b"\x84webm",
    "video/x-matroska": EBML + b"\x88matroska",
    "video/x-msvideo": b"RIFF\0\0\0\0AVI LIST",
    "video/mpeg": b"\0\0\x01\xba",
    "video/x-ms-wmv": b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
    "video/x-flv": b"FLV\x01",
    "video/ogg": b"OggS",
}
NAMES = (
    "a.jpg", "a.JPEG", "a.jfif", "a.png", "a.gif", "a.webp", "a.heic", "a.HIF", "a.avif", "a.tif", "a.mp4", "a.m4v", "a.mov",
    "a.QT", "a.webm", "a.mkv", "a.avi", "a.mpg", "a.wmv", "a.flv", "a.ogv", "a.3gp", "a", "a.", "v1.5", "Dr. No", ".jpg", "日本.jpg",
)  # fmt: skip


def by_type(mime_type: str) -> UploadFormat:
    return next(each for each in UPLOAD_FORMATS if each.mime_type == mime_type)


def local(path: str, mime_type: str, size: int = 1) -> LocalFile:
    return LocalFile(path=path, sha256="0", size=size, mime_type=mime_type)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mime_type", HEADS)
def test_the_name_that_is_sent_belongs_to_the_type_of_the_content(name: str, mime_type: str) -> None:
    kind = Kind.IMAGE if mime_type.startswith("image/") else Kind.VIDEO
    detected = detect_mime_type(HEADS[mime_type], kind)
    assert detected == mime_type
    sent = upload_name(f"photos/{name}", mime_type)
    assert sent.rpartition(".")[2].lower() in by_type(mime_type).extensions
    assert upload_violations(mime_type, sent, 1) == []


def test_only_a_wrong_extension_is_replaced() -> None:
    assert upload_name("a/IMG.JPG", "image/jpeg") == "IMG.JPG"
    assert upload_name("a/scan.jpeg", "image/jpeg") == "scan.jpeg"
    assert upload_name("a/scan.TIF", "image/tiff") == "scan.TIF"
    assert upload_name("a/shot.jpg", "image/png") == "shot.png"
    assert upload_name("a/DSC1.HIF", "image/heic") == "DSC1.heic"
    assert upload_name("a/film.mp4", "video/quicktime") == "film.mov"
    assert upload_name("a/film.m4v", "video/mp4") == "film.mp4"
    assert upload_name("a/v1.5", "image/png") == "v1.5.png"


def test_files_within_the_limits_cause_no_warning() -> None:
    files = [
        local("a.jpg", "image/jpeg", 25_000_000),
        local("b.mp4", "video/mp4", 10**10),
        local("c.tif", "image/tiff"),
    ]
    assert list(limit_warnings(files)) == []


def test_each_image_that_is_too_large_is_named_and_an_unlisted_format_once() -> None:
    files = [
        local("a.jpg", "image/jpeg", 25_000_001),
        local("b.heic", "image/heic"),
        local("c.heic", "image/heic", 30_000_000),
        local("c.heic", "image/heic", 30_000_000),
    ]
    assert [(file.path, warning) for file, warning in limit_warnings(files)] == [
        ("a.jpg", "a.jpg has 25.0 MB: Wix may reject images of more than 25 MB, which is not confirmed"),
        ("c.heic", "c.heic has 30.0 MB: Wix may reject images of more than 25 MB, which is not confirmed"),
        ("b.heic", "b.heic and 1 more: Wix may reject HEIC, which is not confirmed"),
    ]


def test_the_documentation_has_the_table() -> None:
    page = Path(__file__).parents[3] / "docs/reference/uploads.md"
    text = page.read_text(encoding="utf-8")
    listed = {True: "yes", False: "no", None: "not known"}
    rows = [
        f"| {each.name} | `{each.mime_type}` | {', '.join(f'`.{name}`' for name in each.extensions)} "
        f"| {listed[each.is_listed]} | {f'{each.max_bytes // 1_000_000} MB' if each.max_bytes else 'not known'} |"
        for each in UPLOAD_FORMATS
    ]
    assert re.findall(r"^\| \w.*`\w+/.*", text, re.MULTILINE) == rows
    assert LIMITS_SOURCE in text
