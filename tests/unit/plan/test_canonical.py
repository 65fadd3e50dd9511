"""One text for one value."""

from __future__ import annotations

import pytest

from galleryctl.plan.file.canonical import canonical_json, digest


def test_names_are_sorted_and_whole_numbers_have_one_form() -> None:
    assert canonical_json({"b": (1.0, 2.5, -0.0), "a": {"y": None, "x": True}}) == (
        '{"a":{"x":true,"y":null},"b":[1,2.5,0]}'
    )
    assert digest({"a": 1}) == digest({"a": 1.0})
    assert digest({"a": 1}) != digest({"a": True})
    assert digest({"a": "1"}) != digest({"a": 1})


def test_half_a_surrogate_pair_has_a_digest_too() -> None:
    assert digest("\ud83d") != digest("?")


def test_what_json_does_not_have_is_an_error() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(float("nan"))
