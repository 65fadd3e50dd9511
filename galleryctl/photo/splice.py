"""A copy of a file in which some spans of bytes are replaced, without the whole file in memory."""

from __future__ import annotations

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
