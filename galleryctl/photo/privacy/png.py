"""PNG files without private data: chunks that change are written again, with their checksums."""

from __future__ import annotations

import re
import zlib
from binascii import hexlify
from collections.abc import Iterator
from typing import BinaryIO

from galleryctl.model.privacy import PrivateKind
from galleryctl.photo.containers.png import png_chunks, png_profile, png_text
from galleryctl.photo.metadata.block import MAX_BLOCK_BYTES
from galleryctl.photo.privacy.exif import strip_exif
from galleryctl.photo.privacy.iptc import strip_iptc, strip_photoshop
from galleryctl.photo.privacy.search import PrivateSearch
from galleryctl.photo.privacy.xmp import strip_xmp
from galleryctl.photo.source import ByteSource, MalformedError, Part
from galleryctl.photo.splice import Splice

_TEXTS = frozenset((b"tEXt", b"zTXt", b"iTXt"))
_XMP = b"XML:com.adobe.xmp"
_PROFILE = b"Raw profile type "
_COLOR_PROFILES = frozenset(_PROFILE + name for name in (b"icc", b"icm"))
_EXIF_PREFIX, _XMP_PREFIX = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
_SHOWN = frozenset(
    (
        *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV"),
        *(b"cLLI", b"mDCv", b"cLLi", b"bKGD", b"hIST", b"pHYs", b"sPLT", b"tIME", b"acTL", b"fcTL", b"fdAT", b"oFFs"),
        *(
            b"sCAL",
            b"pCAL",
            b"sTER",
            b"gIFg",
            b"vpAg",
            b"CgBI",
            b"iDOT",
        ),
    )
)
"""Chunks that say how the pixels are shown; all others are private."""
_CRITICAL = frozenset(range(0x41, 0x5B))
"""The first letters of chunks without which a picture cannot be shown."""
_XMP_NAMES = (b"xmp", b"xml")
_HEX_LINE = re.compile(rb".{1,72}", re.DOTALL)
_MAX_KEYWORD = 80


def png_splices(file: BinaryIO, search: PrivateSearch) -> Iterator[Splice]:
    """Yield the splices that remove private data. Raises MalformedError."""
    source = ByteSource(file)
    end = 0
    for part in png_chunks(source):
        end = part.end
        if part.kind == b"eXIf":
            old = source.content(part, MAX_BLOCK_BYTES)
            prefix = _EXIF_PREFIX if old.startswith(_EXIF_PREFIX) else b""
            yield from _rewritten(part, old, prefix + strip_exif(old[len(prefix) :], search))
        elif part.kind in _TEXTS:
            yield from _text_splices(source, part, search)
        elif part.kind not in _SHOWN and search.covers(PrivateKind.UNKNOWN):
            if part.kind[0] in _CRITICAL:
                raise MalformedError("a part that the picture needs has an unknown type")
            yield Splice(part.start, part.end)
    if end < source.size and _has_content(file, end) and search.covers(PrivateKind.UNKNOWN):
        yield Splice(end, source.size)


def _has_content(file: BinaryIO, start: int) -> bool:
    file.seek(start)
    return any(chunk.strip(b"\0\r\n ") for chunk in iter(lambda: file.read(1_048_576), b""))


def _text_splices(source: ByteSource, part: Part, search: PrivateSearch) -> Iterator[Splice]:
    """Yield the splice for a text chunk. A private text of another program is removed with its keyword."""
    keyword = source.read_up_to(part.content_start, _MAX_KEYWORD).partition(b"\0")[0]
    if _has_unknown_form(part.kind, source.read_up_to(part.content_start + len(keyword) + 1, 2)):
        if search.covers(PrivateKind.UNKNOWN):
            yield Splice(part.start, part.end)
    elif keyword == _XMP or (keyword.startswith(_PROFILE) and keyword not in _COLOR_PROFILES):
        data = source.content(part, MAX_BLOCK_BYTES)
        old = png_text(part.kind, data[len(keyword) + 1 :])
        new = strip_xmp(old, search) if keyword == _XMP else _strip_profile(keyword, old, search)
        if new is None:
            yield Splice(part.start, part.end)
        elif new != old:
            # Uncompressed: XMP in iTXt as its specification asks for, profiles in tEXt, which every reader knows.
            kind, middle = (b"iTXt", b"\0\0\0\0\0") if keyword == _XMP else (b"tEXt", b"\0")
            yield Splice(part.start, part.end, _chunk(kind, keyword + middle + new))
    elif search.covers_name(keyword.decode("latin-1")) or (
        keyword.lower() in _XMP_NAMES and search.covers(PrivateKind.UNKNOWN)
    ):
        yield Splice(part.start, part.end)


def _has_unknown_form(kind: bytes, fields: bytes) -> bool:
    """Return True if a text is compressed in a way that is not known, by the bytes behind its keyword."""
    if kind == b"zTXt":
        return fields[:1] != b"\0"
    return kind == b"iTXt" and fields[:1] != b"\0" and fields != b"\1\0"


def _strip_profile(keyword: bytes, text: bytes, search: PrivateSearch) -> bytes | None:
    """Return the text of a raw profile without private data; None if it is to be removed. Raises MalformedError."""
    name = keyword.removeprefix(_PROFILE)
    if name not in (b"exif", b"APP1", b"xmp", b"iptc", b"8bim"):
        return None if search.covers(PrivateKind.UNKNOWN) else text
    old = png_profile(text)
    if old.startswith(_XMP_PREFIX):
        new = _XMP_PREFIX + strip_xmp(old[len(_XMP_PREFIX) :], search)
    elif name in (b"exif", b"APP1"):
        prefix = _EXIF_PREFIX if old.startswith(_EXIF_PREFIX) else b""
        new = prefix + strip_exif(old[len(prefix) :], search)
    elif name == b"xmp":
        new = strip_xmp(old, search)
    else:
        new = strip_photoshop(old, search) if old.startswith(b"8BIM") else strip_iptc(old, search)
    if new == old:
        return text
    return b"\n%s\n%8d\n%s\n" % (name, len(new), b"\n".join(_HEX_LINE.findall(hexlify(new))))


def _rewritten(part: Part, old: bytes, new: bytes) -> Iterator[Splice]:
    if new != old:
        yield Splice(part.start, part.end, _chunk(part.kind, new))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4) + kind + content + zlib.crc32(kind + content).to_bytes(4)
