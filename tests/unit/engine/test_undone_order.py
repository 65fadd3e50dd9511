"""The order of entries when the moves of a run are undone, or its deleted items are back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.engine.undoing.order import same_order, undone_order

KEYS = st.lists(st.sampled_from("abcdefgh"), unique=True)


@pytest.mark.parametrize(
    ("now", "before", "back", "undo_moves", "result"),
    [
        ("caxd", "abcd", "b", True, "abcxd"),
        ("caxd", "abcd", "b", False, "cabxd"),
        ("cad", "abcd", "b", False, "cabd"),
        ("bcd", "abcd", "a", False, "abcd"),
        ("", "abcd", "bd", False, "bd"),
        ("dcba", "abcd", "", True, "abcd"),
        ("xdcba", "abcd", "", True, "xabcd"),
        ("cxabd", "abcd", "", True, "xabcd"),
        ("abc", "", "", True, "abc"),
    ],
)
def test_examples(now: str, before: str, back: str, undo_moves: bool, result: str) -> None:
    assert "".join(undone_order(now, before, back, undo_moves=undo_moves)) == result


@given(now=KEYS, before=KEYS, back=KEYS, undo_moves=st.booleans())
def test_each_entry_is_there_once_and_in_one_of_the_orders(
    now: list[str], before: list[str], back: list[str], undo_moves: bool
) -> None:
    back = [key for key in back if key not in now]
    result = undone_order(now, before, back, undo_moves=undo_moves)
    assert sorted(result) == sorted([*now, *back])
    assert same_order(result, before if undo_moves else now)
