"""State in an object store: every write is conditional on the object that was read; an object is the lock."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from galleryctl.model.errors import StateError
from galleryctl.state.backend import StateBackend
from galleryctl.state.bucket import Bucket, StoredObject
from galleryctl.state.journal_file import JournalStore
from galleryctl.state.object_journal import ObjectJournal
from galleryctl.state.object_lock import ObjectLock
from galleryctl.state.versions import missing_content_error

if TYPE_CHECKING:
    from obstore import UpdateVersion


class ObjectStateBackend(StateBackend):
    """A StateBackend on `key` of a bucket.

    `KEY.versions/`, `KEY.history/`, `KEY.lock` and `KEY.journal` are beside it.
    """

    def __init__(self, bucket: Bucket, key: str, *, max_versions: int = 10) -> None:
        versions = _Objects(bucket, f"{key}.versions", "previous versions of the state")
        history = _Objects(bucket, f"{key}.history", "records of earlier runs")
        lock = ObjectLock(bucket, f"{key}.lock")
        super().__init__(f"{bucket.location}/{key}", lock, versions, max_versions, history)
        self._bucket = bucket
        self._key = key
        self._was_loaded = False
        self._loaded: StoredObject | None = None

    def load(self, *, for_update: bool = False) -> bytes | None:
        """Return the content of the object, None if there is none."""
        found = self._bucket.get(self._key)
        if for_update and self._was_loaded and _tag(self._loaded) != _tag(found):
            raise self._conflict_error()
        self._was_loaded, self._loaded = True, found
        return found.content if found else None

    def replace(self, content: bytes, archive_as: str | None) -> None:
        """Write the object after storing its content as a version. Raise StateError if it changed since the load."""
        if self._loaded is not None and archive_as is not None:
            self.version_store.put(archive_as, self._loaded.content)
        tag = self._bucket.put(self._key, content, _tag(self._loaded))
        if tag is None:
            raise self._conflict_error()
        self._loaded = StoredObject(content=content, tag=tag)

    def journal(self, local: Path) -> JournalStore:  # noqa: ARG002 - this machine may be gone when it is needed
        """Return the journal in an object beside the state."""
        return ObjectJournal(self._bucket, f"{self._key}.journal", check_lock=self.state_lock.ensure_fresh)

    def _conflict_error(self) -> StateError:
        why = "it changed after this run read it, and was not overwritten"
        return StateError(
            "another run wrote the state in the meantime", where=self.location, why=why, do="run the same command again"
        )


def _tag(found: StoredObject | None) -> UpdateVersion | None:
    return found.tag if found else None


class _Objects:
    """NamedContents below a key; `what` they are is for messages."""

    def __init__(self, bucket: Bucket, key: str, what: str) -> None:
        self._bucket = bucket
        self._key = key
        self._what = what

    def names(self) -> Iterable[str]:
        names = (key.removeprefix(f"{self._key}/") for key in self._bucket.list(self._key))
        return [name for name in names if "/" not in name]  # galleryctl creates no folders here

    def get(self, name: str) -> bytes:
        found = self._bucket.get(f"{self._key}/{name}")
        if found is None:
            raise missing_content_error(self.location(name))
        return found.content

    def put(self, name: str, content: bytes) -> None:
        found = self._bucket.get(f"{self._key}/{name}")
        if self._bucket.put(f"{self._key}/{name}", content, found.tag if found else None) is None:
            raise StateError(
                f"another run is writing the {self._what}",
                where=self.location(name),
                do="run the same command again when no other run is active",
            )

    def remove(self, names: Iterable[str]) -> None:
        self._bucket.delete(f"{self._key}/{name}" for name in names)

    def location(self, name: str) -> str:
        return f"{self._bucket.location}/{self._key}/{name}"
