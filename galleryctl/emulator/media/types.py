"""File names, MIME types, media types and file ids of the Media Manager."""

from __future__ import annotations

import io
import mimetypes
import secrets
from typing import Any
from urllib.parse import unquote

from galleryctl.emulator.api.rejection import Violation
from galleryctl.photo.read import read_photo

MEDIA_TYPES = ("IMAGE", "VIDEO", "AUDIO", "DOCUMENT", "VECTOR", "ARCHIVE", "MODEL3D", "OTHER")
# The media type by the prefix of the MIME type.
_MEDIA_TYPE_PREFIXES = (
    ("image/svg", "VECTOR"),
    ("image/", "IMAGE"),
    ("video/", "VIDEO"),
    ("audio/", "AUDIO"),
    ("application/zip", "ARCHIVE"),
    ("application/pdf", "DOCUMENT"),
    ("text/", "DOCUMENT"),
    ("model/", "MODEL3D"),
)
_MIME_ALIASES = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png"}
_EXTENSIONS = {"image/jpeg": "jpg", "image/webp": "webp", "image/avif": "avif", "image/heic": "heic"}


def media_type_of(mime: str) -> str:
    """Return the media type of a MIME type, OTHER for unknown ones."""
    return next((kind for start, kind in _MEDIA_TYPE_PREFIXES if mime.startswith(start)), "OTHER")


def guess_mime_type(name: str) -> str | None:
    """Return the MIME type for the extension of a file name, or None."""
    path = unquote(name).split("?", maxsplit=1)[0].lower()
    mime = next((mime for mime, extension in _EXTENSIONS.items() if path.rpartition(".")[2] == extension), None)
    return mime or mimetypes.guess_type(path)[0]


def normalize_mime_type(mime: str) -> str:
    """Return a MIME type in lower case, without parameters, with aliases resolved."""
    base = mime.split(";", maxsplit=1)[0].strip().lower()
    return _MIME_ALIASES.get(base, base)


def new_file_id(site_id: str, mime: str) -> str:
    """Return an id like the vendor's: six hex digits of the site, 32 random ones, `~mv2` for images, an extension."""
    extension = _EXTENSIONS.get(mime) or (mimetypes.guess_extension(mime) or ".bin").lstrip(".")
    suffix = "~mv2." + extension if media_type_of(mime) == "IMAGE" else "." + extension
    if media_type_of(mime) == "VIDEO":
        suffix = ""  # ids of videos have no suffix
    return f"{site_id[:6]}_{secrets.token_hex(16)}{suffix}"


def bare_file_id(text: str) -> str:
    """Return the file id in a `wix:image://v1/<id>/<name>#…` string, or the string itself."""
    if not text.startswith("wix:"):
        return text
    return text.partition("://v1/")[2].partition("/")[0].partition("#")[0]


def image_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels as displayed; None if the bytes have no header of an image.

    Nothing is decoded: the header of a few bytes may announce any number of pixels.
    """
    facts = read_photo(io.BytesIO(data))
    is_image = facts.format is not None and facts.format.startswith("image/")
    return facts.displayed_size if is_image and facts.width and facts.height else None


def upload_violations(mime: str | None, name: str | None, size: Any) -> list[Violation]:
    """Return the violations of the MIME type, the name and the size of an upload."""
    violations = []
    guess = guess_mime_type(name) if name else None
    if mime and guess and normalize_mime_type(guess) != normalize_mime_type(mime):
        problem = f"{mime} does not match the file name {name}"
        violations.append(Violation("mimeType", problem, rule_name="MISMATCH_MIME_TYPE"))
    if mime and "/" not in mime:
        violations.append(Violation("mimeType", f"{mime} is not supported", rule_name="UNSUPPORTED_FILE_FORMAT"))
    if size is not None and not str(size).isdecimal():
        violations.append(Violation("sizeInBytes", "is not a whole number", "FORMAT"))
    elif size is not None and int(size) == 0:
        violations.append(Violation("sizeInBytes", "must be greater than 0", rule_name="ZERO_FILE_SIZE"))
    return violations
