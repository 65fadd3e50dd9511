"""A copy of a file in which some spans of bytes are replaced, without the whole file in memory."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

_CHUNK_BYTES = 1_048_576


class Splice(NamedTuple):
    """The bytes from `start` to `end` of a file, and what stands in their place."""

    start: int
    end: int
    replacement: bytes = b""


def spliced_size(size: int, splices: Sequence[Splice]) -> int:
    """Return the size of the copy of a file of `size` bytes."""
    return size + sum(len(splice.replacement) - (splice.end - splice.start) for splice in splices)


def read_spliced(file: BinaryIO, splices: Sequence[Splice]) -> Iterator[bytes]:
    """Yield the copy in chunks. Splices are in ascending order and do not overlap. Raises OSError.

    >>> import io
    >>> b"".join(read_spliced(io.BytesIO(b"abcdef"), [Splice(1, 3, b"-"), Splice(6, 6, b"!")]))
    b'a-def!'
    """
    at = 0
    for splice in splices:
        yield from _read(file, at, splice.start)
        if splice.replacement:
            yield splice.replacement
        at = splice.end
    yield from _read(file, at, None)


def _read(file: BinaryIO, start: int, end: int | None) -> Iterator[bytes]:
    """Yield the bytes of a span; fewer if the file ends before."""
    file.seek(start)
    while end is None or start < end:
        chunk = file.read(_CHUNK_BYTES if end is None else min(_CHUNK_BYTES, end - start))
        if not chunk:
            return
        start += len(chunk)
        yield chunk


class _Piece(NamedTuple):
    """A span of the copy: `size` bytes of the file from `start` on, or of a replacement."""

    replacement: bytes | None
    start: int
    size: int


class _SplicedFile(io.RawIOBase):
    """The copy as a file that can be read from any place. The file itself must not be read in between."""

    def __init__(self, file: BinaryIO, splices: Sequence[Splice]) -> None:
        self._file, self._at = file, 0
        self._pieces: list[_Piece] = []
        at = 0
        for splice in splices:
            self._pieces.append(_Piece(None, at, splice.start - at))
            self._pieces.append(_Piece(splice.replacement, 0, len(splice.replacement)))
            at = splice.end
        self._pieces.append(_Piece(None, at, max(file.seek(0, io.SEEK_END) - at, 0)))
        self._starts = [0]
        for piece in self._pieces:
            self._starts.append(self._starts[-1] + piece.size)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._starts[-1]}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # the base class takes any buffer
        if self._at >= self._starts[-1]:
            return 0
        number = bisect_right(self._starts, self._at) - 1
        piece, offset = self._pieces[number], self._at - self._starts[number]
        size = min(piece.size - offset, len(buffer))
        if piece.replacement is not None:
            data = piece.replacement[offset : offset + size]
        else:
            self._file.seek(piece.start + offset)
            data = self._file.read(size)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def open_spliced(file: BinaryIO, splices: Sequence[Splice]) -> BinaryIO:
    """Return the copy as a file that can be read from any place; `read_spliced` is faster from start to end."""
    return io.BufferedReader(_SplicedFile(file, splices), _CHUNK_BYTES // 16)


def open_span(file: BinaryIO, start: int, end: int) -> BinaryIO:
    """Return the bytes from `start` to `end` as a file of their own."""
    size = file.seek(0, io.SEEK_END)
    return open_spliced(file, (Splice(0, start), Splice(min(end, size), size)))
