"""Bounded random access to the bytes of a file."""

from __future__ import annotations

import io
from typing import BinaryIO, NamedTuple

_HEAD_BYTES = 32_768
"""Read at once: the metadata of most photos is in it."""
_MIN_READ = 256
_MAX_READS = 200_000
"""A PNG of 800 MB has 100,000 chunks; a hostile file of 1 GB could have a thousand times as many."""
_MAX_BYTES = 128_000_000
"""Limit of all reads of a file. The largest metadata seen in real files has 8 MB, most of it previews."""


class MalformedError(Exception):
    """Metadata that cannot be read; the message says what is wrong with it."""


class Part(NamedTuple):
    """A segment, chunk, block or box of a file: the bytes from `start` to `end`, with its content in between.

    What is outside the content is its header and, in some formats, a checksum or padding behind it.
    """

    kind: bytes
    start: int
    content_start: int
    content_end: int
    end: int


class ByteSource:
    """The bytes of a file. Reading too much or too often raises MalformedError, reading a broken disk OSError."""

    def __init__(self, content: BinaryIO | bytes) -> None:
        self._reads_left, self._bytes_left = _MAX_READS, _MAX_BYTES
        self._window, self._window_start = b"", 0
        if isinstance(content, bytes):
            self._file: BinaryIO = io.BytesIO()
            self._window, self.size = content, len(content)
        else:
            self._file = content
            self.size = content.seek(0, io.SEEK_END)
            self._fill(0, min(self.size, _HEAD_BYTES))

    def read(self, start: int, size: int) -> bytes:
        """Return `size` bytes at `start`. Raises MalformedError if the file ends before."""
        data = self.read_up_to(start, size)
        if len(data) < size:
            raise MalformedError(f"truncated: {size - len(data):,} of the {size:,} bytes at {start:,} are missing")
        return data

    def read_up_to(self, start: int, size: int) -> bytes:
        """Return `size` bytes at `start`, or fewer at the end of the file."""
        if start < 0 or size <= 0 or start >= self.size:
            return b""
        size = min(size, self.size - start)
        self._reads_left -= 1
        self._bytes_left -= size
        if self._reads_left < 0 or self._bytes_left < 0:
            raise MalformedError("the file has too many parts to search all of them for metadata")
        at = start - self._window_start
        if at < 0 or at + size > len(self._window):
            self._fill(start, max(size, _MIN_READ))
            at = 0
        return self._window[at : at + size]

    def content(self, part: Part, limit: int) -> bytes:
        """Return the content of a part. Raises MalformedError if it has more than `limit` bytes or is incomplete."""
        size = part.content_end - part.content_start
        if size > limit:
            raise MalformedError(f"the metadata has {size:,} bytes, more than {limit:,}")
        return self.read(part.content_start, size)

    def _fill(self, start: int, size: int) -> None:
        self._bytes_left -= size
        self._file.seek(start)
        self._window, self._window_start = self._file.read(size), start
