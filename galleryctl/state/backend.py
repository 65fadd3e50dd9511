"""The interface of a state backend: read, write, versions, and a lock that records its holder."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from galleryctl.model import json_document as doc
from galleryctl.model.errors import StateError
from galleryctl.state.journal_file import JournalStore
from galleryctl.state.state_file import State
from galleryctl.state.versions import Version, VersionArchive

_RUN_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
"""A run's id. Messages print it in a command that users copy, so it has no other characters."""
_MAX_PID = 2**31 - 1
"""The largest C int."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockInfo:
    """The holder of a lock: `user@host`, process id, start (ISO 8601, UTC), run id and operation."""

    run: str
    who: str
    pid: int
    since: str
    operation: str

    def __str__(self) -> str:
        return f"{self.who} since {self.since}, run {self.run} ({self.operation}, pid {self.pid})"

    def encode(self) -> bytes:
        """Return the content of a held lock; `decode_lock` is the inverse."""
        return json.dumps(asdict(self)).encode() + b"\n"


def decode_lock(content: bytes) -> LockInfo | None:
    """Return the holder of a lock, None if it is free. Raise ValueError for content that is not a galleryctl lock."""
    return _read_lock(doc.parse_json(content))


_read_text = doc.matching(re.compile(r".{0,1000}", re.DOTALL), "a string of at most 1000 characters")
_read_lock = doc.optional(
    doc.record(
        LockInfo,
        run=doc.matching(_RUN_ID, "1 to 64 letters, digits or hyphens"),
        who=_read_text,
        pid=doc.integer_from(1, _MAX_PID),
        since=_read_text,
        operation=_read_text,
    )
)


def check_unlock(run_id: str, holder: LockInfo | None, *, held: bool, running: bool, where: object) -> None:
    """Raise StateError if `run_id` does not hold the lock at `where`, or if its process is still running."""
    if holder is None or holder.run != run_id:
        raise StateError(
            f"run {run_id} does not hold the lock",
            where=where,
            why=("it is held" + (f" by {holder}" if holder else "")) if held else "it is free",
            do=f"if that run has ended: galleryctl state unlock {holder.run}" if held and holder else "",
        )
    if running:
        do = f"stop that process (kill {holder.pid}); this releases its lock"
        raise StateError(f"run {run_id} is still running", where=where, why=f"the lock is held by {holder}", do=do)


def lost_lock_error(
    where: object, why: str, what: str = "this run's lock was force-unlocked; it writes no state"
) -> StateError:
    """Return the error of a run that must not write because it no longer holds the lock."""
    return StateError(what, where=where, why=why, do="run the same command again when no other run is active")


class _StateLock(Protocol):
    def hold(self, owner: LockInfo, wait_seconds: float) -> AbstractContextManager[None]: ...
    def holder(self) -> LockInfo | None: ...
    def force_unlock(self, run_id: str) -> None: ...


class StateBackend(ABC):
    """Storage of one state. Every method raises StateError when the storage cannot be reached or read."""

    def __init__(self, versions: VersionArchive, lock: _StateLock) -> None:
        self._versions = versions
        self._lock = lock

    @property
    @abstractmethod
    def location(self) -> str:
        """The path or URL of the state."""

    @abstractmethod
    def read(self) -> State | None:
        """Return the state, None if none was ever written."""

    @abstractmethod
    def write(self, state: State) -> None:
        """Replace the stored state. The caller holds the lock. Raise StateError if another run wrote it since."""

    @abstractmethod
    def journal(self, local: Path) -> JournalStore:
        """Return the storage of a run's journal: the file `local`, or an object beside a state in an object store."""

    def versions(self) -> tuple[Version, ...]:
        """Return the stored previous versions, newest first."""
        return self._versions.newest_first()

    def read_version(self, serial: int) -> State:
        """Return the newest previous version with that serial. Raise StateError if it is missing or unreadable."""
        return self._versions.read(serial)

    def lock(self, owner: LockInfo, wait_seconds: float) -> AbstractContextManager[None]:
        """Hold the lock for the length of a `with`. Raise LockedError if it is taken for longer than the wait."""
        return self._lock.hold(owner, wait_seconds)

    def lock_holder(self) -> LockInfo | None:
        """Return the current holder of the lock, None if it is free."""
        return self._lock.holder()

    def force_unlock(self, run_id: str) -> None:
        """Force-unlock that run. Raise StateError if another run holds the lock, or its process is still running."""
        self._lock.force_unlock(run_id)
