"""New values in a gap: as many as asked for, ascending, inside, and none that is taken."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

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


def test_appended_values_stand_in_the_gallery_s_own_distance() -> None:
    assert UsedOrders.from_values([10.0, 20.0, 30.0]).allocate(30.0, None, 2) == [40.0, 50.0]
    assert UsedOrders.from_values([10.0, 20.0, 30.0]).allocate(None, 10.0, 2) == [-10.0, 0.0]


def test_values_go_around_those_that_strangers_have() -> None:
    assert UsedOrders.from_values([1.0, 2.0, 3.0]).allocate(1.0, 3.0, 2) == [1.5, 2.5]
