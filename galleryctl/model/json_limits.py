"""Limits of JSON text from a server, checked before it is parsed: parsed values can take twenty times its memory."""

from __future__ import annotations

import sys
from itertools import accumulate

from galleryctl.model.fields import Json
from galleryctl.model.json_document import MAX_DEPTH

MAX_STRUCTURAL_CHARACTERS = 500_000
"""The most of `{ } [ ] , :` in one response, also within strings; a page of 100 items has about 6,000."""
_BYTES_PER_STRUCTURAL = 64
"""The memory of the smallest values, for each structural character: `{}` takes 64 bytes, `{"a": 1}` 230."""
_ALL_BYTES = bytes(range(256))
_NOT_STRUCTURAL = _ALL_BYTES.translate(None, b"{}[],:")
_NOT_MARKS = _ALL_BYTES.translate(None, b'{}[]"')
_LATIN_1 = bytes(range(0xC4))
"""The bytes of characters up to U+00FF in UTF-8."""
_LEVEL_CHANGES = bytes.maketrans(b"{[}]", b"\x01\x01\xff\xff")
"""Brackets as signed bytes: 1 for those that open, -1 for those that close."""


class JsonLimitError(ValueError):
    """JSON text exceeds a limit; the message is a predicate such as "has JSON that is nested too deeply"."""


def check_json_limits(text: bytes) -> None:
    """Raise JsonLimitError if the text would take too much memory or stack to parse; it need not be valid JSON."""
    if _structural_characters(text) > MAX_STRUCTURAL_CHARACTERS:
        raise JsonLimitError(f"has JSON with more than {MAX_STRUCTURAL_CHARACTERS:,} brackets, commas and colons")
    if _depth(text) > MAX_DEPTH:
        raise JsonLimitError(f"has JSON that is nested more than {MAX_DEPTH} levels deep")


def json_weight(text: bytes, value: Json) -> int:
    """Return about the bytes of memory that `value` takes, which was parsed from `text`, and seldom less than that.

    One character beyond Latin-1 doubles the memory of the string that it is in, or makes it fourfold.
    """
    is_narrow = b"\\u" not in text and (text.isascii() or not text.translate(None, _LATIN_1))
    strings = len(text) if is_narrow else _memory_of_strings(value)
    return strings + _BYTES_PER_STRUCTURAL * _structural_characters(text)


def _structural_characters(text: bytes) -> int:
    return len(text.translate(None, _NOT_STRUCTURAL))


def _depth(text: bytes) -> int:
    r"""Return the levels of nesting; brackets in strings do not count.

    Escapes go first, then all but brackets and quotes, then strings without brackets, then the other strings:

        {"a]": ["\"[", "b"]}   → {"a]": ["[", "b"]}   → {"]"["[""]}   → {"]"["["]}   → {[]}   → 2
    """
    if b"\\" in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = text.translate(None, _NOT_MARKS).replace(b'""', b"")
    if b'"' in marks:
        marks = b"".join(marks.split(b'"')[::2])
    return max(accumulate(memoryview(marks.translate(_LEVEL_CHANGES)).cast("b")), default=0)


def _memory_of_strings(value: Json) -> int:
    if isinstance(value, str):
        return sys.getsizeof(value)
    if isinstance(value, dict):
        return sum(map(sys.getsizeof, value)) + sum(map(_memory_of_strings, value.values()))
    return sum(map(_memory_of_strings, value)) if isinstance(value, list) else 0
