"""Removes a box from a file without moving the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from galleryctl.photo.privacy.search import zeros
from galleryctl.photo.source import MalformedError, Part
from galleryctl.photo.splice import Splice

MOVIE_XMP = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC")
_UUID_BYTES = 16
_MAX_BLANKED = 200_000_000
_CHUNK = 1_048_576


def blank_box(box: Part) -> Iterator[Splice]:
    """Yield the splices that make a box empty space: its type becomes `free`, its content zeros. Raises MalformedError.

    A box of extended size keeps that size, in the eight bytes behind its type.
    """
    start = box.content_start - (_UUID_BYTES if len(box.kind) == _UUID_BYTES else 0)
    if box.content_end - start > _MAX_BLANKED:
        raise MalformedError(f"unknown data of {box.content_end - start:,} bytes are in the file")
    yield Splice(box.start + 4, box.start + 8, b"free")
    yield zeros(start, box.content_end)


def has_content(file: BinaryIO, start: int, end: int) -> bool:
    """Return True if not all bytes of a span are zero. Raises MalformedError if it is too large."""
    if end - start > _MAX_BLANKED:
        raise MalformedError(f"unknown data of {end - start:,} bytes are in the file")
    file.seek(start)
    while start < end and (chunk := file.read(min(_CHUNK, end - start))):
        if chunk.strip(b"\0"):
            return True
        start += len(chunk)
    return False
