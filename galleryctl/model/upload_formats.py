"""The formats of uploaded files: the extensions that go with each type, and what is known of the vendor's limits.

The vendor's developer documentation refers to a support page, "Wix Media: Supported Media File Types and File Sizes"
(https://support.wix.com/en/article/wix-media-supported-media-file-types-and-file-sizes), which could not be read. The
limits are those of a third-party guide (`LIMITS_SOURCE`), which says nothing of videos. So a file beyond them causes a
warning, not an error.

docs/reference/upload-formats.md shows this table; a test compares them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from posixpath import basename, splitext

from galleryctl.model.media import LocalFile

LIMITS_SOURCE = "https://www.picovert.com/en/blog/image-size-for-wix"
"""Read on 2026-11-28: "Max upload size: 25 MB per image; Supported formats: JPG, PNG, GIF, WebP, BMP, TIFF"."""
MAX_IMAGE_BYTES = 25_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadFormat:
    """A format of files. `extensions` belong to its type; the first replaces those of other types.

    `is_listed` is True if the source lists the format, None if it says nothing of such files; `max_bytes` is None if no
    limit is known.
    """

    name: str
    mime_type: str
    extensions: tuple[str, ...]
    is_listed: bool | None = None
    max_bytes: int | None = None


def _image(name: str, mime_type: str, *extensions: str, is_listed: bool) -> UploadFormat:
    return UploadFormat(
        name=name, mime_type=mime_type, extensions=extensions, is_listed=is_listed, max_bytes=MAX_IMAGE_BYTES
    )


def _video(name: str, mime_type: str, *extensions: str) -> UploadFormat:
    return UploadFormat(name=name, mime_type=mime_type, extensions=extensions)


UPLOAD_FORMATS = (
    _image("JPEG", "image/jpeg", "jpg", "jpeg", is_listed=True),
    _image("PNG", "image/png", "png", is_listed=True),
    _image("GIF", "image/gif", "gif", is_listed=True),
    _image("WebP", "image/webp", "webp", is_listed=True),
    _image("TIFF", "image/tiff", "tif", "tiff", is_listed=True),
    _image("HEIC", "image/heic", "heic", is_listed=False),
    _image("AVIF", "image/avif", "avif", is_listed=False),
    _video("MP4", "video/mp4", "mp4"),
    _video("QuickTime", "video/quicktime", "mov"),
    _video("WebM", "video/webm", "webm"),
    _video("Matroska", "video/x-matroska", "mkv"),
    _video("AVI", "video/x-msvideo", "avi"),
    _video("MPEG", "video/mpeg", "mpg", "mpeg"),
    _video("Windows Media", "video/x-ms-wmv", "wmv"),
    _video("Flash Video", "video/x-flv", "flv"),
    _video("Ogg", "video/ogg", "ogv"),
)
"""All types that files of a workspace are recognised as, and TIFF."""
_BY_MIME_TYPE = {format_.mime_type: format_ for format_ in UPLOAD_FORMATS}
_OTHER_SPELLINGS = frozenset((
    "hif", "heif", "heics", "heifs", "avifs", "jpe", "jfif", "jfi", "pjpeg", "insp", "apng", "m4v", "mp4v", "qt", "3gp", "3g2",
    "mk3d", "divx", "mpe", "m1v", "m2v", "ogg", "ogx", "asf", "f4v", "insv",
))  # fmt: skip
"""Other extensions of such files, which the vendor may take for another type or not know."""
_MEDIA_EXTENSIONS = _OTHER_SPELLINGS.union(*(format_.extensions for format_ in UPLOAD_FORMATS))


def upload_name(path: str, mime_type: str) -> str:
    """Return the file name to send: the vendor rejects a name whose extension is not one of the type.

    >>> upload_name("photos/IMG_1.HIF", "image/heic"), upload_name("a.JPG", "image/jpeg"), upload_name("b", "image/png")
    ('IMG_1.heic', 'a.JPG', 'b.png')
    """
    name = basename(path)
    format_ = _BY_MIME_TYPE.get(mime_type)
    stem, dotted = splitext(name)
    extension = dotted[1:].lower()
    if format_ is None or extension in format_.extensions:
        return name
    return f"{stem if extension in _MEDIA_EXTENSIONS else name}.{format_.extensions[0]}"


def limit_warnings(files: Iterable[LocalFile]) -> Iterator[tuple[LocalFile, str]]:
    """Yield files beyond the known limits, with a warning: each one that is too large, the first of each other format."""
    unlisted: defaultdict[str, list[LocalFile]] = defaultdict(list)
    for file in {file.path: file for file in files}.values():
        format_ = _BY_MIME_TYPE.get(file.mime_type)
        if format_ is None:
            continue
        if format_.max_bytes is not None and file.size > format_.max_bytes:
            size, limit = f"{file.size / 1e6:,.1f} MB", f"{format_.max_bytes // 1_000_000} MB"
            yield file, f"{file.path} has {size}: Wix may reject images of more than {limit}, which is not confirmed"
        if format_.is_listed is False:
            unlisted[format_.name].append(file)
    for name, others in unlisted.items():
        more = f" and {len(others) - 1:,} more" if len(others) > 1 else ""
        yield others[0], f"{others[0].path}{more}: Wix may reject {name}, which is not confirmed"
