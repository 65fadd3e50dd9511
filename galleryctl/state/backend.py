"""What a place must offer to keep state in: read, write, and a lock that says who holds it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from galleryctl.state.document import State
from galleryctl.state.journal_file import JournalPlace
from galleryctl.state.versions import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class LockInfo:
    """Who holds a lock: `user@host`, the process, since when (ISO 8601, UTC), in which run, doing what."""

    run: str
    who: str
    pid: int
    since: str
    operation: str

    def __str__(self) -> str:
        """As the one who waits reads it."""
        return f"{self.who} since {self.since}, run {self.run} ({self.operation}, pid {self.pid})"


class StateBackend(Protocol):
    """Where state lives. Every method raises StateError when the place cannot be reached or read."""

    @property
    def location(self) -> str:
        """The place, as people write it."""

    def read(self) -> State | None:
        """The state, None when none was ever written."""

    def write(self, state: State) -> None:
        """Make `state` what is read from now on. The caller holds the lock; an older serial is refused."""

    def versions(self) -> tuple[Version, ...]:
        """The former versions that are kept, the newest first."""

    def read_version(self, serial: int) -> State:
        """The newest former version with that serial. Raises StateError when it is not kept or cannot be read."""

    def journal(self, local: Path) -> JournalPlace:
        """Where the journal of a run on this state lies: the file `local`, or beside a state that is elsewhere."""

    def lock(self, owner: LockInfo, wait_seconds: float) -> AbstractContextManager[None]:
        """Hold the lock for the length of a `with`. Raises LockedError when it is taken for longer than the wait."""

    def lock_info(self) -> LockInfo | None:
        """Who holds the lock now, None when nobody does."""

    def unlock(self, run_id: str) -> None:
        """Break the lock of that run. Raises StateError when another run holds it, or its process still lives."""
