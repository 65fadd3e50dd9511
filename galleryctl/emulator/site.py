"""The emulated site, used by all handlers: store, switches, clock and outbox."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from galleryctl.emulator.credentials import Credentials
from galleryctl.emulator.faults.settings import EmulatorSettings
from galleryctl.emulator.store import SiteStore

Clock = Callable[[], float]  # epoch seconds


@dataclass(slots=True)
class EmulatedSite:
    """One emulated Wix site: the mutable state that all handlers share."""

    store: SiteStore
    credentials: Credentials
    clock: Clock
    base_url: str
    settings: EmulatorSettings = field(default_factory=EmulatorSettings)
    outbox: list[dict[str, Any]] = field(default_factory=list)  # events of the current request

    def transaction(self) -> AbstractContextManager[None]:
        """Begin a transaction that the undo log keeps long enough for stale reads."""
        return self.store.transaction(max(1, self.settings.stale_writes))

    def timestamp(self) -> str:
        """Return the time in the API's format: UTC with milliseconds."""
        return _format_timestamp(datetime.fromtimestamp(self.clock(), UTC))

    def timestamp_after(self, previous: object) -> str:
        """Return the time, but at least a millisecond after `previous`; an invalid `previous` does not count.

        At 12:00:00.000: "…T11:59:00.000Z" → "…T12:00:00.000Z", "…T12:00:00.000Z" → "…T12:00:00.001Z".
        """
        now = datetime.fromtimestamp(self.clock(), UTC)
        try:
            time = datetime.fromisoformat(str(previous))
            time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
            return _format_timestamp(max(now, time + timedelta(milliseconds=1)))
        except (ValueError, OverflowError):
            return _format_timestamp(now)

    def timestamp_ms(self) -> float:
        """Return whole epoch milliseconds."""
        return float(int(self.clock() * 1000))

    def media_url(self, file_id: str) -> str:
        """Return the URL of a file's bytes."""
        return f"{self.base_url}/media/{file_id}"


def _format_timestamp(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
