"""Reads the fields of a box one after the other."""

from __future__ import annotations

from galleryctl.photo.source import ByteSource, MalformedError, Part


class FieldReader:
    """The fields of a box that begins with its version and flags. Raises MalformedError at its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self.version, self.flags = self.number(1), self.number(3)

    @classmethod
    def of(cls, source: ByteSource, box: Part, limit: int) -> FieldReader:
        """Return a reader of a box with at most `limit` bytes."""
        return cls(source.content(box, limit))

    def number(self, size: int) -> int:
        """Return a big-endian number of `size` bytes, 0 for a size of 0."""
        return int.from_bytes(self.take(size))

    def take(self, size: int) -> bytes:
        """Return the next bytes."""
        end = self._at + size
        if end > len(self._data):
            raise MalformedError("a box is truncated")
        data, self._at = self._data[self._at : end], end
        return data

    def item_id(self) -> int:
        """Return an item's id, which has 16 bits in version 0 and 32 bits later."""
        return self.number(4 if self.version else 2)

    def rest(self) -> bytes:
        """Return all bytes that are left."""
        return self.take(len(self._data) - self._at)
