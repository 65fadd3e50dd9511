"""A message that names two paths says how they differ if nobody can see it."""

from __future__ import annotations

import pytest

from galleryctl.manifest.lookalikes import describe_difference, name_both


@pytest.mark.parametrize(
    ("first", "second", "difference"),
    [
        ("a.jpg", "b.jpg", ""),
        ("a.jpg", "a.jpg", ""),
        ("a.jpg", "A.JPG", "the case of letters"),
        ("é.jpg", "e\u0301.jpg", "their Unicode form, NFC and NFD"),
        ("a.jpg", "\u0430.jpg", "U+0061 LATIN SMALL LETTER A and U+0430 CYRILLIC SMALL LETTER A"),
        ("a b.jpg", "a\u00a0b.jpg", "U+0020 SPACE and U+00A0 NO-BREAK SPACE"),
        ("ab.jpg", "a\u200bb.jpg", "U+0062 LATIN SMALL LETTER B and U+200B ZERO WIDTH SPACE"),
        ("a.jpg", "a.jpg ", "the end of the name and U+0020 SPACE"),
    ],
)
def test_the_difference(first: str, second: str, difference: str) -> None:
    assert describe_difference(first, second) == difference
    assert name_both(first, second) == f"{first} and {second}" + (
        f", which differ only in {difference}" if difference else ""
    )
