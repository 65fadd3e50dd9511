"""PNG: chunks, those behind the pixels included, and the raw profiles of ImageMagick in text chunks."""

from __future__ import annotations

import re
import zlib
from binascii import unhexlify
from collections.abc import Iterator

from galleryctl.photo.facts import PhotoFacts
from galleryctl.photo.metadata.block import MAX_BLOCK_BYTES, Block, BlockKind
from galleryctl.photo.source import ByteSource, MalformedError, Part

_SIGNATURE_BYTES = 8
_XMP = b"XML:com.adobe.xmp"
_RAW_PROFILE = b"Raw profile type "
_PROFILES = frozenset(_RAW_PROFILE + name for name in (b"exif", b"APP1", b"xmp", b"iptc", b"8bim"))
_PROFILE = re.compile(rb"\s*\w+(?: profile)?\s+[0-9]+\s+([0-9a-fA-F\s]*)\s*\Z")
_TEXTS = frozenset((b"Title", b"Description", b"Creation Time"))
_TEXT_CHUNKS = frozenset((b"tEXt", b"zTXt", b"iTXt"))
_MAX_TEXTS = 50
"""Texts with metadata; each may be large once it is decompressed."""
_EXIF_PREFIX, _XMP_PREFIX = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"


def png_chunks(source: ByteSource) -> Iterator[Part]:
    """Yield the chunks; the kind of each is its type. Raises MalformedError."""
    at = _SIGNATURE_BYTES
    while at < source.size:
        header = source.read(at, 8)
        start = at + 8
        end = start + int.from_bytes(header[:4])
        yield Part(header[4:], at, start, end, end + 4)
        if header[4:] == b"IEND":
            return
        at = end + 4
    raise MalformedError("truncated: the last chunk is missing")


def read_png(source: ByteSource) -> Iterator[PhotoFacts | Block]:
    """Yield the size and the metadata blocks. Raises MalformedError."""
    texts = 0
    for part in png_chunks(source):
        if part.kind == b"IHDR":
            header = source.read(part.content_start, 8)
            yield PhotoFacts(width=int.from_bytes(header[:4]), height=int.from_bytes(header[4:]))
        elif part.kind == b"eXIf":
            yield Block(BlockKind.EXIF, source.content(part, MAX_BLOCK_BYTES))
        elif part.kind in _TEXT_CHUNKS and (keyword := _wanted_keyword(source, part)):
            texts += 1
            if texts > _MAX_TEXTS:
                raise MalformedError(f"there are more than {_MAX_TEXTS} texts")
            try:
                yield from _text_blocks(source, part, keyword)
            except MalformedError as error:
                yield PhotoFacts(problems=(str(error),))


def _wanted_keyword(source: ByteSource, part: Part) -> bytes:
    """Return the keyword of a text chunk, b"" if it holds no metadata."""
    keyword = source.read_up_to(part.content_start, 80).partition(b"\0")[0]
    return keyword if keyword == _XMP or keyword in _TEXTS or keyword in _PROFILES else b""


def _text_blocks(source: ByteSource, part: Part, keyword: bytes) -> Iterator[Block]:
    text = png_text(part.kind, source.content(part, MAX_BLOCK_BYTES)[len(keyword) + 1 :])
    if keyword == _XMP:
        yield Block(BlockKind.XMP, text)
    elif keyword in _PROFILES:
        yield from _profile_block(keyword.removeprefix(_RAW_PROFILE), text)
    else:
        encoding = "utf-8" if part.kind == b"iTXt" else "latin-1"
        yield Block(BlockKind.TEXT, keyword + b"\0" + text.decode(encoding, "replace").encode())


def png_text(kind: bytes, data: bytes) -> bytes:
    """Return what is behind the keyword of a text chunk, decompressed. Raises MalformedError."""
    if kind == b"tEXt":
        return data
    if kind == b"zTXt":
        return _decompress(data[1:])
    compressed, rest = data[:1] == b"\1", data[2:]
    text = rest.partition(b"\0")[2].partition(b"\0")[2]  # behind the language and the translated keyword
    return _decompress(text) if compressed else text


def _decompress(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(data, MAX_BLOCK_BYTES)
    except zlib.error as error:
        raise MalformedError("a compressed text is damaged") from error
    if inflater.unconsumed_tail:
        raise MalformedError(f"a text has more than {MAX_BLOCK_BYTES:,} bytes")
    if not inflater.eof:
        raise MalformedError("a compressed text is truncated")
    return text


def png_profile(text: bytes) -> bytes:
    """Return the content of a raw profile: its name, its size and its bytes in hexadecimal. Raises MalformedError."""
    found = _PROFILE.match(text)
    digits = b"".join(found[1].split()) if found else b""
    if len(digits) % 2 or not digits:
        raise MalformedError("a raw profile is damaged")
    return unhexlify(digits)


def _profile_block(name: bytes, text: bytes) -> Iterator[Block]:
    data = png_profile(text)
    if name in (b"exif", b"APP1"):
        is_xmp = data.startswith(_XMP_PREFIX)
        kind = BlockKind.XMP if is_xmp else BlockKind.EXIF
        yield Block(kind, data[len(_XMP_PREFIX) :] if is_xmp else data.removeprefix(_EXIF_PREFIX))
    elif name == b"xmp":
        yield Block(BlockKind.XMP, data)
    else:
        yield Block(BlockKind.PHOTOSHOP if data.startswith(b"8BIM") else BlockKind.IPTC, data)
