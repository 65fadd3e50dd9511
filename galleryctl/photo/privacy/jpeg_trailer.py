"""The data behind the end of a JPEG picture: further pictures, the video of a motion photo, data of unknown formats."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from galleryctl.model.privacy import PrivateKind
from galleryctl.photo.privacy.movie import movie_end, movie_splices
from galleryctl.photo.privacy.search import PrivateSearch, zeros
from galleryctl.photo.source import MalformedError
from galleryctl.photo.splice import Splice, open_span

_PICTURE = b"\xff\xd8\xff"
_PADDING = b"\0\xff\r\n "
_CHUNK = 1_048_576
_MAX_PARTS = 100

PictureStripper = Callable[[BinaryIO, PrivateSearch], tuple[list[Splice], int]]
"""Returns the splices of the picture with which a file begins, and the place behind it."""


def trailer_splices(
    file: BinaryIO, start: int, search: PrivateSearch, strip_picture: PictureStripper
) -> Iterator[Splice]:
    """Yield the splices for what is behind a picture. Raises MalformedError.

    Pictures and videos keep their places, because metadata refer to them by offsets. Other data are set to zero before
    them, and cut off at the end of the file.
    """
    size = file.seek(0, 2)
    at = start
    for _ in range(_MAX_PARTS):
        if at >= size:
            return
        gap_end = _padding_end(file, at, size)
        stripped = _strip_part(file, gap_end, size, search, strip_picture)
        if stripped is not None:
            splices, at = stripped
            yield from splices
            continue
        following = _find_picture(file, gap_end + 1, size)
        if gap_end < size and search.covers(PrivateKind.UNKNOWN):
            yield zeros(at, following) if following < size else Splice(at, size)
        at = following
    raise MalformedError(f"more than {_MAX_PARTS} pictures are behind the first one")


def _strip_part(
    file: BinaryIO, at: int, size: int, search: PrivateSearch, strip_picture: PictureStripper
) -> tuple[list[Splice], int] | None:
    """Return the splices of the picture or the video at a place, and the place behind it; None if there is neither."""
    file.seek(at)
    head = file.read(8)
    part = open_span(file, at, size)
    try:
        if head.startswith(_PICTURE):
            splices, end = strip_picture(part, search)
        elif head[4:] == b"ftyp":
            end = movie_end(part)
            splices = list(movie_splices(open_span(part, 0, end), search))
        else:
            return None
    except MalformedError:
        return None
    return [Splice(at + start, at + stop, new) for start, stop, new in splices], at + end


def _padding_end(file: BinaryIO, at: int, size: int) -> int:
    """Return the place behind padding; the first byte of a picture may look like it."""
    file.seek(at)
    while chunk := file.read(_CHUNK):
        rest = chunk.lstrip(_PADDING)
        if rest:
            end = at + len(chunk) - len(rest)
            if rest.startswith(_PICTURE[1:2]) and end > at:
                return end - 1
            file.seek(max(end - 3, 0))
            before = file.read(min(3, end))
            # The size of a box begins with zeros, which belong to it.
            file.seek(end)
            return _box_start(before, end, at, file.read(8))
        at += len(chunk)
    return size


def _box_start(before: bytes, end: int, at: int, head: bytes) -> int:
    zeros_before = len(before) - len(before.rstrip(b"\0"))
    for back in range(min(3, zeros_before, end - at) + 1):
        if head[4 - back : 8 - back] == b"ftyp":
            return end - back
    return end


def _find_picture(file: BinaryIO, at: int, size: int) -> int:
    """Return the place of the next picture, the size of the file if there is none."""
    file.seek(at)
    before = b""
    while chunk := file.read(_CHUNK):
        data = before + chunk
        found = data.find(_PICTURE)
        if found >= 0:
            return at - len(before) + found
        at += len(chunk)
        before = data[-2:]
    return size
