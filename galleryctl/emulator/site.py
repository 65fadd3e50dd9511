"""What every part of the emulator works on: the store, the switches, the clock and the outbox."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from galleryctl.emulator.credentials import Credentials
from galleryctl.emulator.faults.settings import EmulatorSettings
from galleryctl.emulator.store import SiteStore

Clock = Callable[[], float]  # epoch seconds


@dataclass(slots=True)
class EmulatedSite:
    """One emulated Wix site; the mutable heart that its parts share."""

    store: SiteStore
    credentials: Credentials
    clock: Clock
    base_url: str
    settings: EmulatorSettings = field(default_factory=EmulatorSettings)
    outbox: list[dict[str, Any]] = field(default_factory=list)  # events of the request under way

    def transaction(self) -> AbstractContextManager[None]:
        """A transaction that the undo log remembers long enough for stale reads."""
        return self.store.transaction(max(1, self.settings.stale_writes))

    def timestamp(self) -> str:
        """The time as the API writes it, in UTC with milliseconds."""
        return datetime.fromtimestamp(self.clock(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def timestamp_ms(self) -> float:
        """Epoch milliseconds, a whole number."""
        return float(int(self.clock() * 1000))

    def media_url(self, file_id: str) -> str:
        """Where the bytes of a file are served."""
        return f"{self.base_url}/media/{file_id}"
