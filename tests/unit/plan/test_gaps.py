"""New values in a gap: as many as asked for, ascending, inside, and none that is taken."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from galleryctl.model.fields import float32
from galleryctl.model.last_applied import SortOrderFormat
from galleryctl.plan.ordering.floats import detect_format
from galleryctl.plan.ordering.gaps import UsedOrders

FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(FLOATS, unique=True, min_size=1, max_size=8), st.data(), st.integers(0, 9))
def test_values_are_free_and_inside(live: list[float], data: st.DataObject, count: int) -> None:
    taken = UsedOrders.from_values(live)
    ends = [None, *sorted(live), None]
    left = data.draw(st.integers(0, len(ends) - 2))
    right = data.draw(st.integers(left + 1, len(ends) - 1))
    low, high = ends[left], ends[right]
    assume(taken.count_free(low, high) >= count)
    values = taken.allocate(low, high, count)
    assert len(values) == count
    assert values == sorted(set(values))
    assert not set(values) & set(live)
    assert all((low is None or low < value) and (high is None or value < high) for value in values)


def test_free_counts_what_is_not_taken() -> None:
    taken = UsedOrders.from_values([1.0, 1.0 + 2**-22, 0.1 + 1e-12])
    assert taken.count_free(1.0, 1.0 + 2**-50) == 3
    assert taken.count_free(0.5, 0.5) == 0
    assert UsedOrders.from_values([1.0, 1.0 + 2**-23, 1.0 + 2**-22]).count_free(1.0, 1.0 + 2**-22) == 0


def test_appended_values_keep_the_distance_of_the_gallery() -> None:
    used = UsedOrders.from_values([10.0, 20.0, 30.0])
    after, before = used.allocate(30.0, None, 2), used.allocate(None, 10.0, 2)
    assert 37.5 <= after[0] <= 42.5
    assert 47.5 <= after[1] <= 52.5
    assert -12.5 <= before[0] <= -7.5
    assert -2.5 <= before[1] <= 2.5


def test_a_second_item_leaves_room_for_others_in_any_format() -> None:
    (value,) = UsedOrders.from_values([1.0]).allocate(1.0, None, 1)
    assert 1 + 0.75 * 2048 <= value <= 1 + 1.25 * 2048


def test_values_go_around_those_in_use() -> None:
    first, second = UsedOrders.from_values([1.0, 2.0, 3.0]).allocate(1.0, 3.0, 2)
    assert 1.25 <= first <= 1.75
    assert 2.25 <= second <= 2.75


@given(st.text(max_size=3), st.sampled_from(SortOrderFormat), st.integers(1, 4))
def test_values_are_in_the_middle_half_of_their_share_and_stored_exactly(
    seed: str, recorded: SortOrderFormat, count: int
) -> None:
    used = UsedOrders.from_values([4000.0, 12000.0], recorded=recorded, seed=seed)
    values = used.allocate(4000.0, 12000.0, count)
    share = 8000 / count
    for number, value in enumerate(values):
        start = 4000 + share * number
        assert start + share / 4 - 1 <= value <= start + 3 * share / 4 + 1
        assert detect_format((), recorded).nearest(value) == value
        assert value != 8000.0  # the mean, which the editor uses
        assert recorded is SortOrderFormat.WHOLE or not value.is_integer()


@given(st.text(max_size=3), st.integers(1, 40))
def test_in_an_empty_gallery_values_are_exact_in_every_format_but_whole_numbers(seed: str, count: int) -> None:
    values = UsedOrders.from_values((), seed=seed).allocate(None, None, count)
    assert values == sorted(set(values))
    assert len(values) == count
    for value in values:
        assert value > 2048
        assert not value.is_integer()
        assert float32(value) == value == float(f"{value:.6g}")
    assert all(after - before >= 1024 for before, after in pairwise(values))


def test_whole_numbers_are_used_where_the_site_stores_nothing_else() -> None:
    used = UsedOrders.from_values((), recorded=SortOrderFormat.WHOLE)
    assert all(value.is_integer() for value in used.allocate(None, None, 5))
    used = UsedOrders.from_values([1.0, 4.0], recorded=SortOrderFormat.WHOLE)
    assert used.allocate(1.0, 4.0, 2) == [2.0, 3.0]


def test_ten_thousand_first_items_are_32_bit_floats_with_room_between_them() -> None:
    values = UsedOrders.from_values(()).allocate(None, None, 10_000)
    assert all(float32(value) == value for value in values)
    assert all(after - before >= 400 for before, after in pairwise(values))


def test_the_same_arguments_give_the_same_values_and_another_seed_others() -> None:
    live = [1.0, 2.0]
    first, again, other = (
        UsedOrders.from_values(live, seed=seed).allocate(1.0, 2.0, 3) for seed in ("a 1", "a 1", "a 2")
    )
    assert first == again
    assert not set(first) & set(other)


@pytest.mark.parametrize(
    ("low", "high", "recorded", "bits"),
    [
        (16.0, 17.0, SortOrderFormat.DOUBLE, 47),
        (16.0, 17.0, SortOrderFormat.FLOAT32, 18),
        (16.0, 17.0, SortOrderFormat.SIX_DIGITS, 12),
        (1.7e9, 1.7e9 + 1, SortOrderFormat.DOUBLE, 21),
        (1.7e12, 1.7e12 + 1, SortOrderFormat.DOUBLE, 11),
        (1.7e12, 1.7e12 + 1000, SortOrderFormat.WHOLE, 9),
    ],
)
def test_the_number_of_values_to_choose_from(low: float, high: float, recorded: SortOrderFormat, bits: int) -> None:
    """That is the middle half: as many as the floats between the neighbours, less one bit."""
    used = UsedOrders.from_values([low, high], recorded=recorded)
    assert used.count_free(low, high).bit_length() - 1 in (bits, bits + 1)


def test_free_values_are_counted_around_a_value_in_use() -> None:
    used = UsedOrders.from_values([1.0, 2.0, 5.0], recorded=SortOrderFormat.WHOLE)
    assert used.count_free_around(2.0) == 2
    assert used.count_free_around(3.0) == 2
    assert used.count_free_around(7.0) > 1_000_000


def test_the_values_of_creates_in_doubt_are_not_given_to_others() -> None:
    used = UsedOrders.from_values([1.0, 4.0], reserved=[2.0], recorded=SortOrderFormat.WHOLE)
    assert used.count_free(1.0, 4.0) == 1
    assert used.allocate(1.0, 4.0, 1) == [3.0]
