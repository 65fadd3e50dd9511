"""The limits of JSON text are checked without parsing it, and agree with what a parser would find."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.model.fields import Json
from galleryctl.model.json_document import MAX_DEPTH
from galleryctl.model.json_limits import (
    MAX_STRUCTURAL_CHARACTERS,
    JsonLimitError,
    check_json_limits,
    json_weight,
)

tricky_texts = st.text(alphabet='"\\{}[],:a\u00e9\n')
values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.integers() | tricky_texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(tricky_texts, inner, max_size=4),
)


def depth(value: Json) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(values, st.integers(MAX_DEPTH - 6, MAX_DEPTH + 2), st.booleans())
def test_nesting_is_measured_as_a_parser_would(value: Json, wraps: int, ascii_only: bool) -> None:
    wrapped: Json = value
    for number in range(wraps):
        wrapped = [wrapped] if number % 2 else {'"]}': wrapped}
    text = json.dumps(wrapped, ensure_ascii=ascii_only).encode()
    if depth(wrapped) > MAX_DEPTH:
        with pytest.raises(JsonLimitError, match="nested more than 64 levels"):
            check_json_limits(text)
    else:
        check_json_limits(text)


@pytest.mark.parametrize("text", [b"[" * 10**6, b'["]",' * 10**5, b'{"a":' * 10**5, b"[" * 65 + b"]" * 65])
def test_deep_text_is_rejected_also_if_it_is_not_json(text: bytes) -> None:
    with pytest.raises(JsonLimitError, match=r"nested|more than 500,000"):
        check_json_limits(text)


def test_too_many_values_are_rejected() -> None:
    check_json_limits(b"[" + b"0," * (MAX_STRUCTURAL_CHARACTERS - 2) + b"0]")
    with pytest.raises(JsonLimitError, match="500,000 brackets, commas and colons"):
        check_json_limits(b"[" + b"0," * (MAX_STRUCTURAL_CHARACTERS - 1) + b"0]")


def test_many_quotes_are_no_problem() -> None:
    check_json_limits(b"[" * 64 + b'"' * 2_000_001)


def test_the_weight_counts_text_and_values() -> None:
    assert json_weight(b'{"a": [1, 2]}', {"a": [1, 2]}) == 13 + 64 * 6


@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_wide_character_makes_its_string_heavy(ascii_only: bool) -> None:
    value: Json = ["a" * 10_000 + "\U0001f600", "b" * 10_000]
    weight = json_weight(json.dumps(value, ensure_ascii=ascii_only).encode(), value)
    assert 4 * 10_000 + 10_000 < weight < 4 * 10_000 + 10_500
