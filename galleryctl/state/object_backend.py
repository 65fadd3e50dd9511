"""State in an object store: written only as the version after the one that was read, locked by an object."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from galleryctl.model.errors import StateError
from galleryctl.state.backend import LockInfo
from galleryctl.state.bucket import Bucket
from galleryctl.state.encryption import NO_ENCRYPTION, Encryption
from galleryctl.state.journal_encrypted import EncryptedJournal
from galleryctl.state.journal_file import JournalStore
from galleryctl.state.object_journal import ObjectJournal
from galleryctl.state.object_lock import ObjectLock
from galleryctl.state.serialize import deserialize_state, read_replaced_state, serialize_state
from galleryctl.state.state_file import State
from galleryctl.state.versions import Version, VersionArchive, missing_version_error

if TYPE_CHECKING:
    from obstore import UpdateVersion


class ObjectStateBackend:
    """A StateBackend on `key` of a bucket; beside it lie `KEY.versions/`, `KEY.lock` and `KEY.journal`."""

    def __init__(
        self, bucket: Bucket, key: str, *, max_versions: int = 10, encryption: Encryption = NO_ENCRYPTION
    ) -> None:
        self._bucket = bucket
        self._key = key
        self._encryption = encryption
        self._versions = VersionArchive(
            _ObjectVersionStore(bucket, f"{key}.versions"), limit=max_versions, encryption=encryption
        )
        self._lock = ObjectLock(bucket, f"{key}.lock")
        self._was_read = False
        self._tag: UpdateVersion | None = None

    @property
    def location(self) -> str:
        """The object's URL."""
        return f"{self._bucket.location}/{self._key}"

    def read(self) -> State | None:
        """The state, None when there is no object. Raises StateError when it is no state, saying how to get one back."""
        found = self._bucket.get(self._key)
        self._was_read, self._tag = True, found.tag if found else None
        return None if found is None else deserialize_state(found.content, self._encryption, where=self.location)

    def write(self, state: State) -> None:
        """Write the object if it is as this backend last read or wrote it. Raises StateError when another run wrote it."""
        self._lock.check_held()
        found = self._bucket.get(self._key)
        if self._was_read and self._tag != (found.tag if found else None):
            raise self._conflict_error()
        if found is not None:
            former = read_replaced_state(found.content, state, self._encryption, where=self.location)
            self._versions.archive(found.content, former)
        tag = self._bucket.put(self._key, serialize_state(state, self._encryption), found.tag if found else None)
        if tag is None:
            raise self._conflict_error()
        self._was_read, self._tag = True, tag

    def versions(self) -> tuple[Version, ...]:
        """The former versions that are kept, the newest first."""
        return self._versions.newest_first()

    def read_version(self, serial: int) -> State:
        """The newest former version with that serial. Raises StateError when it is not kept or cannot be read."""
        return self._versions.read(serial)

    def journal(self, local: Path) -> JournalStore:  # noqa: ARG002 - this machine may be gone when it is needed
        """An object beside the state."""
        return EncryptedJournal(ObjectJournal(self._bucket, f"{self._key}.journal"), self._encryption)

    def lock(self, owner: LockInfo, wait_seconds: float) -> AbstractContextManager[None]:
        """Hold the lock for the length of a `with`. Raises LockedError when it is taken for longer than the wait."""
        return self._lock.hold(owner, wait_seconds)

    def lock_holder(self) -> LockInfo | None:
        """Who holds the lock now, None when nobody does."""
        return self._lock.holder()

    def force_unlock(self, run_id: str) -> None:
        """Break the lock of that run. Raises StateError when another run holds it, or its process lives on this machine."""
        self._lock.force_unlock(run_id)

    def _conflict_error(self) -> StateError:
        return StateError(
            "another run wrote the state meanwhile",
            where=self.location,
            why="it is not as this run had read it; it was left as it is",
            do="run the same command again",
        )


class _ObjectVersionStore:
    """A Shelf below a key."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket = bucket
        self._key = key

    def names(self) -> Iterable[str]:
        names = (key.removeprefix(f"{self._key}/") for key in self._bucket.list(self._key))
        return [name for name in names if "/" not in name]  # folders in it are somebody else's

    def get(self, name: str) -> bytes:
        found = self._bucket.get(f"{self._key}/{name}")
        if found is None:
            raise missing_version_error(self.location(name))
        return found.content

    def put(self, name: str, content: bytes) -> None:
        found = self._bucket.get(f"{self._key}/{name}")
        if self._bucket.put(f"{self._key}/{name}", content, found.tag if found else None) is None:
            raise StateError(
                "another run keeps versions of the state",
                where=self.location(name),
                do="run the same command again, once no other run is under way",
            )

    def remove(self, names: Iterable[str]) -> None:
        self._bucket.delete(f"{self._key}/{name}" for name in names)

    def location(self, name: str) -> str:
        return f"{self._bucket.location}/{self._key}/{name}"
