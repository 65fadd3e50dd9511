"""The stored values, counted one by one."""

from __future__ import annotations

from math import inf, nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.plan.floats import Store


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_an_ordinal_names_one_double(value: float) -> None:
    ordinal = Store.DOUBLE.ordinal(value)
    assert Store.DOUBLE.value_at(ordinal) == value
    if value != Store.DOUBLE.largest:
        assert Store.DOUBLE.value_at(ordinal + 1) == nextafter(value, inf)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_an_ordinal_names_one_32_bit_float(value: float) -> None:
    assert Store.FLOAT.value_at(Store.FLOAT.ordinal(value)) == value
    assert Store.FLOAT.snap(value) == value


@pytest.mark.parametrize(
    ("live", "store"),
    [
        ([], Store.FLOAT),
        ([1.0, 2.5, -3.0], Store.FLOAT),
        ([1_700_000_000_000.5], Store.DOUBLE),
        ([1_700_000_001.0], Store.DOUBLE),
        ([0.1, 0.3], Store.FLOAT),
        ([1e300], Store.DOUBLE),
        ([16777216.0, 16777217.0], Store.DOUBLE),
    ],
    ids=["empty", "exact", "millis", "epoch", "in few digits", "too large", "told apart"],
)
def test_the_store_is_told_from_the_values(live: list[float], store: Store) -> None:
    assert Store.of(live) is store


def test_spacing_is_the_distance_to_the_next_value() -> None:
    assert Store.DOUBLE.spacing(1.0) == 2**-52
    assert Store.FLOAT.spacing(1.0) == 2**-23
    assert Store.FLOAT.spacing(Store.FLOAT.largest) == 2.0**104
