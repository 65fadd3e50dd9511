"""The stored values, counted one by one."""

from __future__ import annotations

from math import inf, nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.model.fields import float32
from galleryctl.model.last_applied import SortOrderFormat
from galleryctl.plan.ordering.floats import (
    FLOAT32,
    FLOAT64,
    FLOAT_FORMATS,
    SIX_DIGITS,
    WHOLE,
    FloatFormat,
    detect_format,
    stored_format,
)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_an_ordinal_names_one_double(value: float) -> None:
    ordinal = FLOAT64.ordinal(value)
    assert FLOAT64.value_at(ordinal) == value
    if value != FLOAT64.largest:
        assert FLOAT64.value_at(ordinal + 1) == nextafter(value, inf)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_an_ordinal_names_one_32_bit_float(value: float) -> None:
    assert FLOAT32.value_at(FLOAT32.ordinal(value)) == value
    assert FLOAT32.nearest(value) == value


@pytest.mark.parametrize(
    ("live", "store"),
    [
        ([], FLOAT32),
        ([1.0, 2.5, -3.0], FLOAT32),
        ([1_700_000_000_000.5], FLOAT64),
        ([1_700_000_001.0], FLOAT64),
        ([0.1, 0.3], FLOAT32),
        ([1e300], FLOAT64),
        ([16777216.0, 16777217.0], FLOAT64),
    ],
    ids=["empty", "exact", "millis", "epoch", "in few digits", "too large", "told apart"],
)
def test_the_store_is_told_from_the_values(live: list[float], store: FloatFormat) -> None:
    assert detect_format(live) is store


@given(st.floats(min_value=-1e300, max_value=1e300))
def test_an_ordinal_names_one_decimal_of_six_digits(value: float) -> None:
    digits = SIX_DIGITS
    nearest = digits.nearest(value)
    if abs(value) > 1e-280:
        assert nearest == float(f"{value:.6g}")
    assert digits.nearest(nearest) == nearest
    assert digits.value_at(digits.ordinal(value)) == nearest
    assert digits.value_at(digits.ordinal(value) + 1) > nearest


def test_the_next_decimal_of_six_digits() -> None:
    digits = SIX_DIGITS
    assert digits.value_at(digits.ordinal(1.0) + 1) == 1.00001
    assert digits.value_at(digits.ordinal(999999.0) + 1) == 1000000.0
    assert digits.spacing(1000000.0) == 10.0
    assert digits.value_at(digits.ordinal(-1.0) - 1) == -1.00001
    assert digits.ordinal(0.0) == 0


@given(st.integers(-(2**53), 2**53))
def test_an_ordinal_names_one_whole_number(value: int) -> None:
    assert WHOLE.ordinal(float(value)) == value
    assert WHOLE.value_at(value) == value


@pytest.mark.parametrize(
    ("live", "recorded", "expected"),
    [
        ([1.0, 2.0], SortOrderFormat.WHOLE, WHOLE),
        ([1.0, 2.5], SortOrderFormat.WHOLE, FLOAT32),
        ([1.0, 2.34567], SortOrderFormat.SIX_DIGITS, SIX_DIGITS),
        ([1.2345678901234], SortOrderFormat.SIX_DIGITS, FLOAT64),
        ([1.0], SortOrderFormat.DOUBLE, FLOAT64),
    ],
)
def test_a_recorded_format_counts_unless_the_site_shows_another(
    live: list[float], recorded: SortOrderFormat, expected: FloatFormat
) -> None:
    assert detect_format(live, recorded) is expected


@pytest.mark.parametrize(
    ("sent", "stored", "expected"),
    [
        (1.3, 1.3, SortOrderFormat.DOUBLE),
        (1.3, float32(1.3), SortOrderFormat.FLOAT32),
        (1.2345678, 1.23457, SortOrderFormat.SIX_DIGITS),
        (2048.5, 2048.0, SortOrderFormat.WHOLE),
        (2048.5, 2049.0, SortOrderFormat.WHOLE),
        (2048.5, 2050.0, None),
        (2048.5, 2048.25, None),
        (1.5, None, None),
    ],
)
def test_the_format_is_seen_from_what_became_of_a_value(
    sent: float, stored: float | None, expected: SortOrderFormat | None
) -> None:
    assert stored_format(sent, stored) is expected


@given(st.floats(min_value=-1e30, max_value=1e30), st.sampled_from(FLOAT_FORMATS))
def test_every_rounding_is_accepted(sent: float, stored: FloatFormat) -> None:
    assert abs(sent) > 2**53 or stored_format(sent, stored.nearest(sent)) is not None


def test_spacing_is_the_distance_to_the_next_value() -> None:
    assert FLOAT64.spacing(1.0) == 2**-52
    assert FLOAT32.spacing(1.0) == 2**-23
    assert FLOAT32.spacing(FLOAT32.largest) == 2.0**104
