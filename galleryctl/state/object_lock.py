"""A lock in an object store: an object that records the holder, written only if it is still what was read.

It outlives its holder: a killed run leaves it behind, and `state unlock` frees it. The object is never deleted, because
a delete cannot be conditional: a free lock is an object that contains null.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from galleryctl.model.errors import LockedError, StateError
from galleryctl.state.backend import LockInfo, check_unlock, decode_lock, lost_lock_error
from galleryctl.state.bucket import Bucket, StoredObject
from galleryctl.state.process import is_alive, is_local

if TYPE_CHECKING:
    from obstore import UpdateVersion

_POLL_SECONDS = 0.5
"""Seconds between two attempts to acquire a lock that is taken."""
_FREE = b"null\n"


class ObjectLock:
    """The lock at `key`."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket = bucket
        self._key = key
        self._location = f"{bucket.location}/{key}"
        self._held_lock: tuple[LockInfo, UpdateVersion] | None = None

    @contextmanager
    def hold(self, owner: LockInfo, wait_seconds: float) -> Iterator[None]:
        """Hold the lock for the length of a `with`. Raise LockedError if it is taken for longer than `wait_seconds`."""
        self._held_lock = (owner, self._acquire(owner, wait_seconds))
        try:
            yield
        except BaseException:
            with suppress(StateError):  # report the first error; the next run reports a lock left behind
                self._release()
            raise
        self._release()

    def check_held(self) -> None:
        """Raise StateError if this object acquired the lock and it was force-unlocked since."""
        if self._held_lock is not None and (holder := self.holder()) != self._held_lock[0]:
            raise lost_lock_error(self._location, f"the lock is held by {holder}" if holder else "the lock is free")

    def holder(self) -> LockInfo | None:
        """Return the current holder, None if the lock is free."""
        return self._parse_holder(self._bucket.get(self._key))

    def force_unlock(self, run_id: str) -> None:
        """Force-unlock that run. Raise StateError if it does not hold the lock, or its process runs on this machine."""
        found = self._bucket.get(self._key)
        info = self._parse_holder(found)
        running = info is not None and is_local(info) and is_alive(info)
        check_unlock(run_id, info, held=info is not None, running=running, where=self._location)
        if found is None or self._bucket.put(self._key, _FREE, found.tag) is None:
            raise StateError(
                "the lock's holder changed in the meantime",
                where=self._location,
                do="run the same command again to see the current holder",
            )

    def _acquire(self, owner: LockInfo, seconds: float) -> UpdateVersion:
        """Return the tag of the lock once `owner` is recorded as its holder."""
        end = time.monotonic() + seconds
        while True:
            found = self._bucket.get(self._key)
            holder = self._parse_holder(found)
            if holder is None:
                tag = self._bucket.put(self._key, owner.encode(), found.tag if found else None)
                if tag is not None:
                    return tag
                holder = self.holder()
            left = end - time.monotonic()
            if left <= 0 and holder is not None:
                raise self._locked_error(holder)
            time.sleep(min(_POLL_SECONDS, max(left, 0)))

    def _release(self) -> None:
        if self._held_lock is None:
            return
        _, tag = self._held_lock
        self._held_lock = None
        self._bucket.put(self._key, _FREE, tag)  # has no effect after a force-unlock: another run may hold it

    def _locked_error(self, info: LockInfo) -> LockedError:
        what, unlock = f"the state is locked by {info}", f"galleryctl state unlock {info.run}"
        if is_local(info) and not is_alive(info):
            why = "that process ended without releasing the lock"
            return LockedError(what, where=self._location, why=why, do=f"force-unlock: {unlock}")
        do = f"wait with --lock-timeout SECONDS, or, if that run has ended, force-unlock: {unlock}"
        return LockedError(what, where=self._location, do=do)

    def _parse_holder(self, found: StoredObject | None) -> LockInfo | None:
        if found is None:
            return None
        try:
            return decode_lock(found.content)
        except ValueError as error:
            raise StateError(
                "this is not a galleryctl lock",
                where=self._location,
                why=str(error),
                do="delete that object when no run is active",
            ) from error
