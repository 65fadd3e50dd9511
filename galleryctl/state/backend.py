"""The interface of a state backend: read, write, versions, and a lock that records its holder."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from galleryctl.model import json_document as doc
from galleryctl.model.command import command_line
from galleryctl.model.errors import StateError
from galleryctl.state.history import MAX_RUNS, record_name, run_numbers
from galleryctl.state.journal_file import JournalStore
from galleryctl.state.serialize import deserialize_state, serialize_state
from galleryctl.state.state_file import CorruptStateError, State
from galleryctl.state.versions import DAMAGED, NamedContents, Version, VersionArchive

_RUN_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
"""A run's id. Messages print it in a command that users copy, so it has no other characters."""
_MAX_PID = 2**31 - 1
"""The largest C int."""
_MAX_TICKS = 2**53
"""More clock ticks than a machine runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockInfo:
    """The holder of a lock: `user@host`, process id, start (ISO 8601, UTC), run id and operation.

    `boot`, `namespace` and `started` identify the process: see `ProcessIdentity`.
    """

    run: str
    who: str
    pid: int
    since: str
    operation: str
    boot: str = ""
    namespace: str = ""
    started: int = 0

    def __str__(self) -> str:
        return f"{self.who} since {self.since}, run {self.run} ({self.operation}, pid {self.pid})"

    def encode(self) -> bytes:
        """Return the content of a held lock; `decode_lock` is the inverse."""
        return json.dumps(asdict(self)).encode() + b"\n"


def decode_lock(content: bytes) -> LockInfo | None:
    """Return the holder of a lock, None if it is free. Raise ValueError for content that is not a galleryctl lock."""
    return doc.optional(read_lock_info)(doc.parse_json(content))


_read_text = doc.matching(re.compile(r".{0,1000}", re.DOTALL), "a string of at most 1000 characters")
read_lock_info = doc.record(
    LockInfo,
    {"boot": _read_text, "namespace": _read_text, "started": doc.integer_from(0, _MAX_TICKS)},
    run=doc.matching(_RUN_ID, "1 to 64 letters, digits or hyphens"),
    who=_read_text,
    pid=doc.integer_from(1, _MAX_PID),
    since=_read_text,
    operation=_read_text,
)
"""Reads the JSON object of a lock's holder."""


def check_unlock(run_id: str, holder: LockInfo | None, *, held: bool, running: bool, where: object) -> None:
    """Raise StateError if `run_id` does not hold the lock at `where`, or if its process is still running."""
    if holder is None or holder.run != run_id:
        raise StateError(
            f"run {run_id} does not hold the lock",
            where=where,
            why=("it is held" + (f" by {holder}" if holder else "")) if held else "it is free",
            do="if that run has ended: " + command_line("state", "unlock", holder.run) if held and holder else "",
        )
    if running:
        do = f"stop that process (kill {holder.pid}); this releases its lock"
        raise StateError(f"run {run_id} is still running", where=where, why=f"the lock is held by {holder}", do=do)


def lost_lock_error(
    where: object, why: str, what: str = "this run's lock was force-unlocked; it writes no state"
) -> StateError:
    """Return the error of a run that must not write because it no longer holds the lock."""
    return StateError(what, where=where, why=why, do="run the same command again when no other run is active")


class StateLock(Protocol):
    """The lock of a state. Every method raises StateError when it cannot be reached."""

    default_wait: float
    """Seconds that a run waits for the lock unless the user says otherwise."""

    def hold(self, owner: LockInfo) -> AbstractContextManager[LockInfo | None]:
        """Hold the lock for the length of a `with`. Raise LockedError if another run holds it.

        The value is the ended run whose lock was taken over, None if the lock was free. To wait for a lock, try again
        with the same object: it remembers since when it has seen the holder.
        """
        ...

    def is_fresh(self) -> bool:
        """Return True if a write may be sent without a question to the storage, or if this object holds no lock."""
        ...

    def ensure_fresh(self) -> None:
        """Raise StateError if this object acquired the lock and may have lost it since."""

    def check_held(self) -> None:
        """Ask the storage, and raise StateError if this object acquired the lock and lost it since."""

    def holder(self) -> LockInfo | None:
        """Return the current holder of the lock, None if it is free."""
        ...

    def force_unlock(self, run_id: str) -> None:
        """Force-unlock that run. Raise StateError if another run holds the lock, or its process is still running."""


class StateBackend(ABC):
    """Storage of one state at `location`, a path or URL. Every method raises StateError when it cannot be reached.

    `load`, `load_version`, `replace`, `load_record`, `store_record` and `journal` are the storage of bytes, which a layer
    around it may convert.
    """

    def __init__(
        self,
        location: str,
        lock: StateLock,
        version_store: NamedContents,
        max_versions: int,
        history_store: NamedContents,
    ) -> None:
        self.location = location
        self.state_lock = lock
        self.version_store = version_store
        self.max_versions = max_versions
        self.history_store = history_store
        self._archive = VersionArchive(version_store, limit=max_versions)

    @abstractmethod
    def load(self, *, for_update: bool = False) -> bytes | None:
        """Return the content of the state, None if none was ever written.

        With `for_update` this is the content that `replace` replaces. Raises StateError if it changed since the last
        load.
        """

    @abstractmethod
    def replace(self, content: bytes, archive_as: str | None) -> None:
        """Replace the content that was loaded for update; store it, as it is, as the version `archive_as`."""

    @abstractmethod
    def journal(self, local: Path) -> JournalStore:
        """Return the storage of a run's journal: the file `local`, or an object beside a state in an object store."""

    def load_version(self, name: str) -> bytes:
        """Return the content of a version. Raise StateError if it no longer exists."""
        return self.version_store.get(name)

    def read(self) -> State | None:
        """Return the state, None if none was ever written. Raise StateError with repair advice if it is not a state."""
        content = self.load()
        return None if content is None else deserialize_state(content, where=self.location)

    def write(self, state: State) -> None:
        """Replace the stored state, which becomes a previous version. The caller holds the lock.

        Raises StateError, and leaves the stored state intact, if another run wrote it since.
        """
        self.state_lock.check_held()
        archive_as, expired = None, list[str]()
        try:
            content = self.load(for_update=True)
            if content is not None:
                previous = deserialize_state(content, where=self.location)
                self._check_older(previous, state)
                archive_as, expired = self._archive.make_room(previous)
        except CorruptStateError:
            archive_as = DAMAGED
        self.version_store.remove(expired)
        self.replace(serialize_state(state), archive_as)

    def versions(self) -> tuple[Version, ...]:
        """Return the stored previous versions, newest first."""
        return self._archive.newest_first()

    def read_version(self, serial: int) -> State:
        """Return the previous version with that serial. Raise StateError if it is missing, ambiguous or unreadable."""
        return self._archive.read(serial, self.load_version)

    def read_versions(self) -> Iterator[tuple[Version, State | None]]:
        """Yield each previous version and its state, None if it cannot be read; newest first."""
        return self._archive.read_each(self.load_version)

    def run_numbers(self) -> list[int]:
        """Return the numbers of the runs in the history, newest first."""
        return run_numbers(self.history_store.names())

    def load_record(self, number: int) -> bytes:
        """Return the record of a run. Raise StateError if it no longer exists."""
        return self.history_store.get(record_name(number))

    def store_record(self, number: int, content: bytes) -> None:
        """Store the record of a run, or replace it. The caller holds the lock."""
        self.state_lock.ensure_fresh()
        self.history_store.put(record_name(number), content)

    def remove_record(self, number: int) -> None:
        """Remove the record of a run."""
        self.history_store.remove([record_name(number)])

    def remove_old_records(self) -> None:
        """Remove the records of all but the latest runs."""
        self.history_store.remove([record_name(number) for number in self.run_numbers()[MAX_RUNS:]])

    def lock(self, owner: LockInfo) -> AbstractContextManager[LockInfo | None]:
        """Hold the lock for the length of a `with`, as `StateLock.hold`. Raise LockedError if another run holds it."""
        return self.state_lock.hold(owner)

    def lock_holder(self) -> LockInfo | None:
        """Return the current holder of the lock, None if it is free."""
        return self.state_lock.holder()

    def force_unlock(self, run_id: str) -> None:
        """Force-unlock that run. Raise StateError if another run holds the lock, or its process is still running."""
        self.state_lock.force_unlock(run_id)

    def _check_older(self, previous: State, state: State) -> None:
        """Raise StateError if `previous` is not older: a run that was force-unlocked must not undo a later one."""
        if previous.lineage == state.lineage and previous.serial >= state.serial:
            raise StateError(
                "another run wrote the state in the meantime",
                where=self.location,
                why=f"its serial is {previous.serial}, this run would write {state.serial}",
                do="run the same command again",
            )
