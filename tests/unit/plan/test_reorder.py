"""Sort orders for a list: as few new ones as possible, none that is live, and room made where it has run out."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from math import nextafter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galleryctl.model.desired import ItemOrder
from galleryctl.model.fields import float32
from galleryctl.model.last_applied import SortOrderFormat
from galleryctl.plan.ordering.floats import FLOAT32, FLOAT64
from galleryctl.plan.ordering.gaps import UsedOrders
from galleryctl.plan.ordering.reorder import OrderSource, assign_sort_orders, longest_run

DOWN = ItemOrder.DESCENDING
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
NARROW = st.floats(width=32, allow_nan=False, allow_infinity=False)
CROWDED = st.integers(0, 12).map(lambda i: FLOAT64.value_at(FLOAT64.ordinal(1e9 / 7) + i))
CROWDED_NARROW = st.integers(0, 12).map(lambda i: FLOAT32.value_at(FLOAT32.ordinal(1e9) + i))


def applied(current: Sequence[float | None], new: Mapping[int, float]) -> list[float]:
    values = [new.get(i, value) for i, value in enumerate(current)]
    assert all(value is not None for value in values)
    return [value for value in values if value is not None]


def ascending(values: Sequence[float]) -> bool:
    return all(before < after for before, after in pairwise(values))


def longest(values: Sequence[float]) -> int:
    """The length of a longest increasing run, by trying every choice."""
    sizes = range(len(values), 0, -1)
    return next((size for size in sizes if any(map(ascending, combinations(values, size)))), 0)


@given(st.lists(FLOATS, max_size=9))
def test_a_longest_run_is_one(values: list[float]) -> None:
    run = [values[i] for i in longest_run(values)]
    assert ascending(run)
    assert len(run) == longest(values)


@settings(deadline=None)
@given(
    st.lists(FLOATS | CROWDED, unique=True, min_size=1, max_size=12),
    st.lists(FLOATS | CROWDED, max_size=4),
    st.sets(st.integers(0, 14), max_size=4),
    st.sampled_from(ItemOrder),
)
def test_the_list_stands_in_order_and_no_new_value_is_live(
    values: list[float], others: list[float], new_at: set[int], item_order: ItemOrder
) -> None:
    current: list[float | None] = list(values)
    for at in sorted(new_at):
        current.insert(at, None)
    live = [*values, *(other for other in others if other not in values)]
    new = assign_sort_orders(current, live, item_order)
    sequence = applied(current, new)
    assert ascending(sequence if item_order is ItemOrder.ASCENDING else sequence[::-1])
    assert not set(new.values()) & set(live)


@given(st.lists(NARROW | CROWDED_NARROW, unique=True, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_where_all_are_32_bit_floats_the_new_ones_are_and_none_falls_together(
    values: list[float], chance: random.Random
) -> None:
    values = chance.sample(values, len(values))
    new = assign_sort_orders([None, *values, None], values)
    assert all(float32(value) == value for value in new.values())
    assert ascending(applied([None, *values, None], new))
    assert not set(new.values()) & set(values)


@given(st.lists(st.integers(-50, 50).map(float), unique=True, min_size=1, max_size=9))
def test_only_what_stands_outside_a_longest_run_moves(values: list[float]) -> None:
    assert len(assign_sort_orders(values, values)) == len(values) - longest(values)


@given(st.permutations(range(8)), st.sets(st.integers(0, 7)))
def test_among_the_longest_runs_the_one_with_the_most_preferred_items(values: list[int], preferred: set[int]) -> None:
    run = longest_run(list(map(float, values)), preferred)
    size = longest(values)
    runs = [each for each in combinations(range(8), size) if ascending([values[i] for i in each])]
    assert tuple(run) in runs
    assert len(preferred & {*run}) == max(len(preferred.intersection(each)) for each in runs)


@pytest.mark.parametrize("item_order", ItemOrder)
@pytest.mark.parametrize(
    ("wanted", "moved"),
    [
        ("abcdef acdfeb", {"b", "f"}),  # e is the fifth before and after
        ("cba abc", {"a", "c"}),
        ("abcdexf acdfeb", {"b", "f", "x"}),
        ("bcda abcd", {"a"}),
    ],
)
def test_an_item_whose_place_stays_is_not_moved(wanted: str, moved: set[str], item_order: ItemOrder) -> None:
    desired, live = wanted.split()
    sign = 1 if item_order is ItemOrder.ASCENDING else -1
    orders = {key: sign * float(place) for place, key in enumerate(live, 1)}
    new = assign_sort_orders([orders.get(key) for key in desired], orders.values(), item_order)
    assert {desired[index] for index in new} == moved


@settings(deadline=None)
@given(
    st.lists(st.none() | CROWDED | st.integers(-5, 5).map(float), max_size=9),
    st.lists(CROWDED, max_size=2),
    st.sets(st.integers(0, 8)),
    st.sampled_from(ItemOrder),
)
def test_targets_that_were_put_in_order_are_not_moved_again(
    current: list[float | None], others: list[float], targets: set[int], item_order: ItemOrder
) -> None:
    """Also if two items have the same value, which the other one alone has afterwards."""
    targets &= set(range(len(current)))
    live = [*current, *others]
    while not targets.issuperset(new := assign_sort_orders(current, live, item_order, targets)):
        targets |= new.keys()
    after = [new.get(i, value) for i, value in enumerate(current)]
    ordered = [value for i in sorted(targets) if (value := after[i]) is not None]
    assert len(ordered) == len(targets)
    assert ascending(ordered if item_order is ItemOrder.ASCENDING else ordered[::-1])
    assert not set(new.values()) & set(live)
    assert not assign_sort_orders(after, [*after, *others], item_order, targets)


@pytest.mark.parametrize("item_order", ItemOrder)
def test_one_item_moved_in_a_thousand_is_one_new_value(item_order: ItemOrder) -> None:
    values = [float(1_700_000_000 + i) for i in range(1000)]
    shown = values if item_order is ItemOrder.ASCENDING else values[::-1]
    moved = [shown[700], *shown[:700], *shown[701:]]
    new = assign_sort_orders(moved, values, item_order)
    assert list(new) == [0]
    middle = [*shown[:300], shown[700], *shown[300:700], *shown[701:]]
    assert list(assign_sort_orders(middle, values, item_order)) == [300]


def test_a_new_item_is_in_the_middle_half_of_its_gap() -> None:
    (between,) = assign_sort_orders([1.0, None, 2.0], [1.0, 2.0]).values()
    assert 1.25 <= between <= 1.75
    assert between != 1.5
    (last,) = assign_sort_orders([1.0, 2.0, None], [1.0, 2.0]).values()
    assert 2.75 <= last <= 3.25
    (first,) = assign_sort_orders([None, 1.0, 2.0], [1.0, 2.0]).values()
    assert -0.25 <= first <= 0.25


def test_in_an_empty_gallery_they_are_in_order() -> None:
    up, down = (assign_sort_orders([None, None, None], [None], order) for order in ItemOrder)
    assert up[0] < up[1] < up[2]
    assert down[0] > down[1] > down[2]


@pytest.mark.parametrize("item_order", ItemOrder)
def test_a_create_in_doubt_keeps_its_sort_order_where_that_fits(item_order: ItemOrder) -> None:
    shown = [1.0, None, 2.0] if item_order is ItemOrder.ASCENDING else [2.0, None, 1.0]
    sent = [shown[0], 1.37, *shown[1:]]
    new = assign_sort_orders(sent, [1.0, 2.0], item_order, source=OrderSource(reserved=(1.37,)))
    assert list(new) == [2]
    values = applied(sent, new)
    assert ascending(values if item_order is ItemOrder.ASCENDING else values[::-1])


def test_the_sort_order_of_a_create_in_doubt_is_given_to_no_other_item() -> None:
    source = OrderSource(reserved=(2.0,), recorded=SortOrderFormat.WHOLE)
    assert assign_sort_orders([1.0, None, 4.0], [1.0, 4.0], source=source) == {1: 3.0}
    assert 2.0 not in assign_sort_orders([None, None, None], [], source=source).values()


def test_a_value_that_two_items_have_is_replaced_on_both() -> None:
    new = assign_sort_orders([1.0, 1.0, 2.0], [1.0, 1.0, 2.0])
    assert list(new) == [0, 1]
    assert ascending(applied([1.0, 1.0, 2.0], new))


@pytest.mark.parametrize(
    ("low", "high", "insertions"), [(1.0, 2.0, 11), (1e9 / 3, 1e9 / 3 + 1, 11), (0.1, 0.1 + 1e-9, 11)]
)
@pytest.mark.parametrize("item_order", ItemOrder)
def test_inserting_at_one_gap_goes_on_after_it_has_run_out(
    low: float, high: float, insertions: int, item_order: ItemOrder
) -> None:
    values = [low, high] if item_order is ItemOrder.ASCENDING else [high, low]
    renumbered = 0
    for insertion in range(120):
        current: list[float | None] = [values[0], None, *values[1:]]
        new = assign_sort_orders(current, values, item_order)
        assert not set(new.values()) & set(values)
        values = applied(current, new)
        assert ascending(values if item_order is ItemOrder.ASCENDING else values[::-1])
        if insertion < insertions - 1:  # each leaves a quarter of the gap at least
            assert list(new) == [1]
        renumbered += len(new) - 1
    # A window grows with what has been inserted; each one makes room for many more.
    assert 0 < renumbered < 120 * 8


@settings(deadline=None, max_examples=150)
@given(st.lists(st.integers(0, 24), unique=True, min_size=2, max_size=9), st.data())
def test_where_a_gap_has_run_out_the_smallest_window_is_renumbered(ordinals: list[int], data: st.DataObject) -> None:
    start = FLOAT64.ordinal(1e9 / 7)
    values = [FLOAT64.value_at(start + ordinal) for ordinal in sorted(ordinals)]
    taken = UsedOrders.from_values(values)
    at = data.draw(st.integers(0, len(values)))
    count = data.draw(st.integers(1, 4))
    current: list[float | None] = [*values[:at], *[None] * count, *values[at:]]
    given_up = len(assign_sort_orders(current, values)) - count

    def fits(left: int, right: int) -> bool:
        low = values[at - left - 1] if at - left > 0 else None
        high = values[at + right] if at + right < len(values) else None
        return taken.count_free(low, high) >= count + left + right

    windows = [(i, j) for i in range(at + 1) for j in range(len(values) - at + 1) if fits(i, j)]
    assert given_up == min(left + right for left, right in windows)


def test_a_reversal_keeps_one_and_repeats_none() -> None:
    values = [float(i) for i in range(500)]
    new = assign_sort_orders(values[::-1], values)
    assert len(new) == 499
    assert not set(new.values()) & set(values)
    assert ascending(applied(values[::-1], new))


def test_beyond_the_largest_double_the_rest_makes_room() -> None:
    largest = FLOAT64.largest
    values = [nextafter(largest, 0), largest]
    new = assign_sort_orders([*values, None], values)
    assert ascending(applied([*values, None], new))
