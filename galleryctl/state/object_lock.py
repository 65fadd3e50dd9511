"""A lock in an object store: an object that says who holds it, and is written only as what it was read as.

It outlives its holder: a run that was killed leaves it, and `state unlock` breaks it on purpose. It is never deleted,
since a delete takes no condition: a free lock is an object that says null.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from galleryctl.model.errors import LockedError, StateError
from galleryctl.state.backend import LockInfo, decode_lock
from galleryctl.state.bucket import Bucket, StoredObject
from galleryctl.state.process import is_alive, is_local

if TYPE_CHECKING:
    from obstore import UpdateVersion

_POLL_SECONDS = 0.5
"""Seconds between two tries for a lock that is taken."""
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
        """Hold it for the length of a `with`. Raises LockedError when it is taken for longer than `wait_seconds`."""
        self._held_lock = (owner, self._acquire(owner, wait_seconds))
        try:
            yield
        except BaseException:
            with suppress(StateError):  # what went wrong is told; the next run is told of the lock
                self._release()
            raise
        self._release()

    def check_held(self) -> None:
        """Raise StateError when this holds the lock and it was broken meanwhile."""
        if self._held_lock is None:
            return
        holder = self._parse_holder(self._bucket.get(self._key))
        if holder != self._held_lock[0]:
            raise StateError(
                "the lock of this run was broken; it writes nothing more",
                where=self._location,
                why=f"it is held by {holder}" if holder else "it is free",
                do="run the same command again, once no other run is under way",
            )

    def holder(self) -> LockInfo | None:
        """Who holds it now, None when nobody does."""
        return self._parse_holder(self._bucket.get(self._key))

    def force_unlock(self, run_id: str) -> None:
        """Break the lock of that run. Raises StateError when it holds none, or when its process lives on this machine."""
        found = self._bucket.get(self._key)
        info = self._parse_holder(found)
        if found is None or info is None or info.run != run_id:
            raise StateError(
                f"run {run_id} does not hold the lock",
                where=self._location,
                why=f"it is held by {info}" if info else "it is free",
                do=f"if that run is over: galleryctl state unlock {info.run}"
                if info
                else "nothing is to be done: the next run takes it",
            )
        if is_local(info) and is_alive(info):
            raise StateError(
                f"run {run_id} is still at work",
                where=self._location,
                why=f"it is held by {info}",
                do=f"stop that process (kill {info.pid}); when it ends, it lets go of the lock",
            )
        if self._bucket.put(self._key, _FREE, found.tag) is None:
            raise StateError(
                "the lock changed hands meanwhile",
                where=self._location,
                do="look who holds it: run the same command again",
            )

    def _acquire(self, owner: LockInfo, seconds: float) -> UpdateVersion:
        """The tag of the lock, once it is signed by `owner`."""
        mine = owner.encode()
        end = time.monotonic() + seconds
        while True:
            found = self._bucket.get(self._key)
            holder = self._parse_holder(found)
            if holder is None:
                tag = self._bucket.put(self._key, mine, found.tag if found else None)
                if tag is not None:
                    return tag
                holder = self._parse_holder(self._bucket.get(self._key))
            left = end - time.monotonic()
            if left <= 0 and holder is not None:
                raise self._locked_error(holder)
            time.sleep(min(_POLL_SECONDS, max(left, 0)))

    def _release(self) -> None:
        if self._held_lock is None:
            return
        _, tag = self._held_lock
        self._held_lock = None
        self._bucket.put(self._key, _FREE, tag)  # refused when the lock was broken: then it is another's

    def _locked_error(self, info: LockInfo) -> LockedError:
        unlock = f"galleryctl state unlock {info.run}"
        if is_local(info) and not is_alive(info):
            return LockedError(
                f"the state is locked by {info}",
                where=self._location,
                why="that process is gone; it was killed before it could let go",
                do=f"break the lock: {unlock}",
            )
        return LockedError(
            f"the state is locked by {info}",
            where=self._location,
            do=f"wait with --lock-timeout SECONDS; or, if that run is over, break its lock: {unlock}",
        )

    def _parse_holder(self, found: StoredObject | None) -> LockInfo | None:
        """Who signed, None when the lock is free."""
        if found is None:
            return None
        try:
            return decode_lock(found.content)
        except ValueError as error:
            raise StateError(
                "this is no lock of galleryctl",
                where=self._location,
                why=str(error),
                do="delete that object, once no run is under way",
            ) from error
