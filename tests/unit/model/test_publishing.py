"""A window of time: from inclusive, until exclusive, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.model.publishing import PublishWindow, format_instant

START, END = datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "is_published", "next_change"),
    [
        (START - timedelta(seconds=1), False, START),
        (START, True, END),
        (END - timedelta(seconds=1), True, END),
        (END, False, None),
    ],
)
def test_a_window(now: datetime, is_published: bool, next_change: datetime | None) -> None:
    window = PublishWindow(start=START, end=END)
    assert (window.contains(now), window.next_change(now)) == (is_published, next_change)


@given(st.datetimes(timezones=st.just(UTC)))
def test_without_limits_always(now: datetime) -> None:
    assert PublishWindow().contains(now)
    assert PublishWindow(end=now).contains(now) != PublishWindow(start=now).contains(now)


def test_times_are_shown_in_utc() -> None:
    assert format_instant(START) == "2026-12-01"
    assert format_instant(datetime(2026, 12, 24, 18, tzinfo=timezone(timedelta(hours=1)))) == "2026-12-24T17:00:00Z"
