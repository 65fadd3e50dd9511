"""What a place must offer to keep state in: read, write, and a lock that says who holds it."""

from __future__ import annotations

import json
import re
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from galleryctl.state.journal_file import JournalStore
from galleryctl.state.state_file import State
from galleryctl.state.versions import Version

_RUN_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
"""A run's id: it is told as part of a command to be copied."""
_MAX_TEXT_LENGTH = 1000
"""Characters of anything else that is told of a run."""
_MAX_PID = 2**31 - 1
"""What a C int holds."""


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

    def encode(self) -> bytes:
        """As a lock holds it; `decode_lock` is the inverse."""
        return json.dumps(asdict(self)).encode() + b"\n"


def decode_lock(content: bytes) -> LockInfo | None:
    """Who signed, None when the lock is free. Raises ValueError for anything else: whoever wrote it may be nobody we know."""
    try:
        document: Any = json.loads(content)
        if document is None:
            return None
        info = LockInfo(**document)
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    texts = [document[name] for name in ("who", "since", "operation")]
    if not all(isinstance(text, str) and len(text) <= _MAX_TEXT_LENGTH for text in texts):
        raise ValueError("it does not say who holds it")
    if not (isinstance(document["run"], str) and _RUN_ID.fullmatch(info.run)):
        raise ValueError("it does not say which run holds it")
    if type(document["pid"]) is not int or not 0 < info.pid <= _MAX_PID:
        raise ValueError("it does not say which process holds it")
    return info


class StateBackend(Protocol):
    """Where state lives. Every method raises StateError when the place cannot be reached or read."""

    @property
    def location(self) -> str:
        """The place, as people write it."""
        ...

    def read(self) -> State | None:
        """The state, None when none was ever written."""
        ...

    def write(self, state: State) -> None:
        """Make `state` what is read from now on. The caller holds the lock; an older serial is refused."""

    def versions(self) -> tuple[Version, ...]:
        """The former versions that are kept, the newest first."""
        ...

    def read_version(self, serial: int) -> State:
        """The newest former version with that serial. Raises StateError when it is not kept or cannot be read."""
        ...

    def journal(self, local: Path) -> JournalStore:
        """Where the journal of a run on this state lies: the file `local`, or beside a state that is elsewhere."""
        ...

    def lock(self, owner: LockInfo, wait_seconds: float) -> AbstractContextManager[None]:
        """Hold the lock for the length of a `with`. Raises LockedError when it is taken for longer than the wait."""
        ...

    def lock_holder(self) -> LockInfo | None:
        """Who holds the lock now, None when nobody does."""
        ...

    def force_unlock(self, run_id: str) -> None:
        """Break the lock of that run. Raises StateError when another run holds it, or its process still lives."""
