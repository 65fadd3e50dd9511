"""State in an object store: every write is conditional on the object that was read; an object is the lock."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from galleryctl.model.errors import StateError
from galleryctl.state.backend import StateBackend
from galleryctl.state.bucket import Bucket
from galleryctl.state.encryption import NO_ENCRYPTION, Encryption
from galleryctl.state.journal_encrypted import EncryptedJournal
from galleryctl.state.journal_file import JournalStore
from galleryctl.state.object_journal import ObjectJournal
from galleryctl.state.object_lock import ObjectLock
from galleryctl.state.serialize import deserialize_state, read_replaced_state, serialize_state
from galleryctl.state.state_file import State
from galleryctl.state.versions import VersionArchive, missing_version_error

if TYPE_CHECKING:
    from obstore import UpdateVersion


class ObjectStateBackend(StateBackend):
    """A StateBackend on `key` of a bucket, with `KEY.versions/`, `KEY.lock` and `KEY.journal` beside it."""

    def __init__(
        self, bucket: Bucket, key: str, *, max_versions: int = 10, encryption: Encryption = NO_ENCRYPTION
    ) -> None:
        store = _ObjectVersionStore(bucket, f"{key}.versions")
        self._object_lock = ObjectLock(bucket, f"{key}.lock")
        super().__init__(VersionArchive(store, limit=max_versions, encryption=encryption), self._object_lock)
        self._bucket = bucket
        self._key = key
        self._encryption = encryption
        self._was_read = False
        self._tag: UpdateVersion | None = None

    @property
    def location(self) -> str:
        """The object's URL."""
        return f"{self._bucket.location}/{self._key}"

    def read(self) -> State | None:
        """Return the state, None if there is no object. Raise StateError with repair advice if it is not a state."""
        found = self._bucket.get(self._key)
        self._was_read, self._tag = True, found.tag if found else None
        return None if found is None else deserialize_state(found.content, self._encryption, where=self.location)

    def write(self, state: State) -> None:
        """Write the object. Raise StateError if it changed since this backend last read or wrote it."""
        self._object_lock.check_held()
        found = self._bucket.get(self._key)
        if self._was_read and self._tag != (found.tag if found else None):
            raise self._conflict_error()
        if found is not None:
            previous = read_replaced_state(found.content, state, self._encryption, where=self.location)
            self._versions.archive(found.content, previous)
        tag = self._bucket.put(self._key, serialize_state(state, self._encryption), found.tag if found else None)
        if tag is None:
            raise self._conflict_error()
        self._was_read, self._tag = True, tag

    def journal(self, local: Path) -> JournalStore:  # noqa: ARG002 - this machine may be gone when it is needed
        """Return the journal in an object beside the state."""
        return EncryptedJournal(ObjectJournal(self._bucket, f"{self._key}.journal"), self._encryption)

    def _conflict_error(self) -> StateError:
        why = "it changed after this run read it; nothing was written"
        return StateError(
            "another run wrote the state in the meantime", where=self.location, why=why, do="run the same command again"
        )


class _ObjectVersionStore:
    """A VersionStore below a key."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket = bucket
        self._key = key

    def names(self) -> Iterable[str]:
        names = (key.removeprefix(f"{self._key}/") for key in self._bucket.list(self._key))
        return [name for name in names if "/" not in name]  # galleryctl creates no folders here

    def get(self, name: str) -> bytes:
        found = self._bucket.get(f"{self._key}/{name}")
        if found is None:
            raise missing_version_error(self.location(name))
        return found.content

    def put(self, name: str, content: bytes) -> None:
        found = self._bucket.get(f"{self._key}/{name}")
        if self._bucket.put(f"{self._key}/{name}", content, found.tag if found else None) is None:
            raise StateError(
                "another run is writing versions of the state",
                where=self.location(name),
                do="run the same command again when no other run is active",
            )

    def remove(self, names: Iterable[str]) -> None:
        self._bucket.delete(f"{self._key}/{name}" for name in names)

    def location(self, name: str) -> str:
        return f"{self._bucket.location}/{self._key}/{name}"
