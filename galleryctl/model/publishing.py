"""The time in which an item is published, and what comes and goes soon.

publish: {from: "2026-12-01", until: "2027-01-07"}

on 2026-11-30       the manifest does not name the item
on 2026-12-01       it does
on 2027-01-06       it does
on 2027-01-07       it does not
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishWindow:
    """The time from `start` until before `end`, in UTC; None for no limit."""

    start: datetime | None = None
    end: datetime | None = None

    def contains(self, now: datetime) -> bool:
        """Return True if the item is published at `now`."""
        return (self.start is None or self.start <= now) and (self.end is None or now < self.end)

    def next_change(self, now: datetime) -> datetime | None:
        """Return the next time at which the item comes or goes; None if it never does again."""
        return min((time for time in (self.start, self.end) if time is not None and now < time), default=None)


def format_instant(time: datetime) -> str:
    """Return a time in UTC: the date alone if it is midnight, else with the time."""
    utc = time.astimezone(UTC)
    midnight = (utc.hour, utc.minute, utc.second, utc.microsecond) == (0, 0, 0, 0)
    return utc.strftime("%Y-%m-%d") if midnight else utc.isoformat(timespec="seconds").replace("+00:00", "Z")
