"""The stored values, counted one by one."""

from __future__ import annotations

from math import inf, nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.plan.ordering.floats import FloatFormat


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_an_ordinal_names_one_double(value: float) -> None:
    ordinal = FloatFormat.FLOAT64.ordinal(value)
    assert FloatFormat.FLOAT64.value_at(ordinal) == value
    if value != FloatFormat.FLOAT64.largest:
        assert FloatFormat.FLOAT64.value_at(ordinal + 1) == nextafter(value, inf)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_an_ordinal_names_one_32_bit_float(value: float) -> None:
    assert FloatFormat.FLOAT32.value_at(FloatFormat.FLOAT32.ordinal(value)) == value
    assert FloatFormat.FLOAT32.nearest(value) == value


@pytest.mark.parametrize(
    ("live", "store"),
    [
        ([], FloatFormat.FLOAT32),
        ([1.0, 2.5, -3.0], FloatFormat.FLOAT32),
        ([1_700_000_000_000.5], FloatFormat.FLOAT64),
        ([1_700_000_001.0], FloatFormat.FLOAT64),
        ([0.1, 0.3], FloatFormat.FLOAT32),
        ([1e300], FloatFormat.FLOAT64),
        ([16777216.0, 16777217.0], FloatFormat.FLOAT64),
    ],
    ids=["empty", "exact", "millis", "epoch", "in few digits", "too large", "told apart"],
)
def test_the_store_is_told_from_the_values(live: list[float], store: FloatFormat) -> None:
    assert FloatFormat.detect(live) is store


def test_spacing_is_the_distance_to_the_next_value() -> None:
    assert FloatFormat.FLOAT64.spacing(1.0) == 2**-52
    assert FloatFormat.FLOAT32.spacing(1.0) == 2**-23
    assert FloatFormat.FLOAT32.spacing(FloatFormat.FLOAT32.largest) == 2.0**104
