"""The part of the manifests that is in effect at a time, and notices of what comes and goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from galleryctl.model.address import Address
from galleryctl.model.desired import Bind, Desired, DesiredGallery, DesiredItem
from galleryctl.model.media import Kind
from galleryctl.model.position import SourcePosition
from galleryctl.model.publishing import PublishWindow
from galleryctl.plan.published import PublishedNow, published_at

NOW = datetime(2026, 12, 10, 12, 30, tzinfo=UTC)
AT = SourcePosition("g.yaml", 1, 1)


def at(days: float) -> datetime:
    return NOW + timedelta(days=days)


def published(**windows: PublishWindow | None) -> PublishedNow:
    items = tuple(
        DesiredItem(address=Address("g", key), kind=Kind.TEXT, media=None, fields={}, at=AT, publish=window)
        for key, window in windows.items()
    )
    gallery = DesiredGallery(address=Address("g"), bind=Bind(create=True), fields={}, items=items, at=AT)
    return published_at(Desired(galleries=(gallery,)), NOW)


def keys(found: PublishedNow) -> list[str | None]:
    return [item.address.item for item in found.desired.galleries[0].items]


def test_items_outside_of_their_time_are_not_named() -> None:
    found = published(
        always=None,
        now=PublishWindow(start=at(-1), end=at(1)),
        later=PublishWindow(start=at(1)),
        over=PublishWindow(end=NOW),
    )
    assert keys(found) == ["always", "now"]
    assert found.made_at == "2026-12-10T12:30:00Z"
    assert [str(notice.message) for notice in found.notices] == [
        "no longer published since 2026-12-10T12:30:00Z: over",
        "published from 2026-12-11T12:30:00Z: later",
        "published only until 2026-12-11T12:30:00Z: now",
    ]


def test_without_times_nothing_depends_on_the_clock() -> None:
    found = published(a=None)
    assert (found.made_at, found.notices) == ("", ())


def test_only_thirty_days_are_noted_and_many_items_are_counted() -> None:
    windows: dict[str, PublishWindow | None] = {f"k{n}": PublishWindow(start=at(30)) for n in range(7)}
    found = published(far=PublishWindow(start=at(30.01), end=at(90)), past=PublishWindow(end=at(-31)), **windows)
    assert [notice.message for notice in found.notices] == [
        "published from 2027-01-09T12:30:00Z: k0, k1, k2, k3, k4 and 2 more"
    ]
