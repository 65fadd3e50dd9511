"""The part of the manifests that is in effect at a time: without the items that are not published then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from galleryctl.model.address import Address
from galleryctl.model.desired import Desired, DesiredItem
from galleryctl.model.publishing import format_instant
from galleryctl.plan.changes import Notice

_HORIZON = timedelta(days=30)
"""The time before and after the plan of which it notes what comes and goes."""
_MAX_KEYS = 5
"""The number of keys in a notice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedNow:
    """The resources that the manifests declare at the time `made_at`, in UTC; "" if no item has a time."""

    desired: Desired
    made_at: str
    notices: tuple[Notice, ...]


def published_at(desired: Desired, now: datetime) -> PublishedNow:
    """Return what the manifests declare at `now`: an item outside of its time counts as not named."""
    if not any(item.publish for gallery in desired.galleries for item in gallery.items):
        return PublishedNow(desired=desired, made_at="", notices=())
    galleries = tuple(
        replace(gallery, items=tuple(i for i in gallery.items if i.publish is None or i.publish.contains(now)))
        for gallery in desired.galleries
    )
    return PublishedNow(
        desired=replace(desired, galleries=galleries),
        made_at=now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        notices=tuple(_notices(desired, now)),
    )


def _notices(desired: Desired, now: datetime) -> Iterator[Notice]:
    """Yield a notice for each time within 30 days at which items of a gallery come or go."""
    for gallery in desired.galleries:
        keys: dict[tuple[datetime, str], list[str]] = defaultdict(list)
        for item in gallery.items:
            for event in _events(item, now):
                keys[event].append(item.address.item or "")
        for (time, what), names in sorted(keys.items()):
            more = f" and {len(names) - _MAX_KEYS:,} more" if len(names) > _MAX_KEYS else ""
            message = f"{what} {format_instant(time)}: {', '.join(names[:_MAX_KEYS])}{more}"
            yield Notice(address=Address(gallery.address.gallery), message=message)


def _events(item: DesiredItem, now: datetime) -> Iterator[tuple[datetime, str]]:
    window = item.publish
    if window is None:
        return
    if window.start and now < window.start <= now + _HORIZON:
        yield window.start, "published from"
    if window.end and now < window.end <= now + _HORIZON:
        yield window.end, "published only until"
    if window.end and now - _HORIZON <= window.end <= now:
        yield window.end, "no longer published since"
