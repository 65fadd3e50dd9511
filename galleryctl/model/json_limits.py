"""Limits of JSON text from a server, checked before it is parsed: parsed values can take twenty times its memory."""

from __future__ import annotations

from itertools import accumulate

from galleryctl.model.json_document import MAX_DEPTH

MAX_STRUCTURAL_CHARACTERS = 500_000
"""The most of `{ } [ ] , :` in one response, also within strings; a page of 100 items has about 6,000."""
_STRUCTURAL = b"{}[],:"
_BYTES_PER_STRUCTURAL = 64
"""The memory of the smallest values, for each structural character: `{}` takes 64 bytes, `{"a": 1}` 230."""
_NOT_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))
_LEVEL_CHANGES = bytes.maketrans(b"{[}]", b"\x01\x01\xff\xff")
"""Brackets as signed bytes: 1 for those that open, -1 for those that close."""


class JsonLimitError(ValueError):
    """JSON text exceeds a limit; the message is a predicate such as "is not valid JSON"."""


def json_weight(text: bytes) -> int:
    """Return about the bytes that the values in the text take once it is parsed, and seldom less than that."""
    return len(text) + _BYTES_PER_STRUCTURAL * _structural_characters(text)


def check_json_limits(text: bytes) -> None:
    """Raise JsonLimitError if the text would take too much memory or stack to parse; it need not be valid JSON."""
    if _structural_characters(text) > MAX_STRUCTURAL_CHARACTERS:
        raise JsonLimitError(f"has JSON with more than {MAX_STRUCTURAL_CHARACTERS:,} brackets, commas and colons")
    if _depth(text) > MAX_DEPTH:
        raise JsonLimitError(f"has JSON that is nested more than {MAX_DEPTH} levels deep")


def _structural_characters(text: bytes) -> int:
    return sum(text.count(character) for character in _STRUCTURAL)


def _depth(text: bytes) -> int:
    r"""Return the levels of nesting; brackets in strings do not count.

    Without escapes, every second part between quotes is a string:

        {"a]": ["\"["]}   → {"a]": ["["]}   → {  : [  ]}   → 2
    """
    if text.count(b"{") + text.count(b"[") <= MAX_DEPTH:
        return 0
    if b"\\" in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    if text.count(b'"') > 2 * MAX_STRUCTURAL_CHARACTERS + 2:
        raise JsonLimitError("is not valid JSON")  # each string has a structural character beside it
    brackets = b"".join(text.split(b'"')[::2]).translate(_LEVEL_CHANGES, _NOT_BRACKETS)
    return max(accumulate(memoryview(brackets).cast("b")), default=0)
