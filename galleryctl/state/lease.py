"""A lease: a lock in an object store that its run renews, and that another run takes over when it is not renewed.

No clocks are compared. The run counts from before it sends a renewal, a waiting run from after it has seen it, which is
later; so if the run sends nothing `max_age` seconds after a renewal, and each attempt at a write ends within the
difference to `length`, all its writes have ended when another run takes over:

    owner     renews ............. last write begins ........ it has ended
    seconds   0                    30 (max_age)               60 (length)
    waiting       sees the renewal ........................................ takes over 75 s (takeover) later
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from galleryctl.model import json_document as doc
from galleryctl.model.errors import StateError
from galleryctl.state.backend import LockInfo, lost_lock_error, read_lock_info
from galleryctl.state.bucket import Bucket, StoredObject

if TYPE_CHECKING:
    from obstore import UpdateVersion

FREE = b"null\n"
"""The content of a free lock. It is never deleted, because a delete cannot be conditional."""
_MAX_RENEWALS = 3
"""Renewals in a row that are too old when their response arrives, after which a run gives up."""


def elapsed_seconds() -> float:
    """Return seconds by a clock that also counts while the machine is suspended.

    Linux has CLOCK_BOOTTIME for that; CLOCK_MONOTONIC does so on macOS (clock_gettime(3) of both).
    """
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseTerms:
    """The times of a lease, in seconds: see the module."""

    length: float = 60.0
    renewal: float = 15.0
    max_age: float = 30.0
    takeover: float = 75.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseClock:
    """The sources of time and exclusion, replaced by tests.

    The owner of a lease counts by `elapsed`, which suspension does not stop: what was sent before is late after it. A
    waiting run counts by `monotonic`, which may stop: that only lengthens the wait.
    """

    elapsed: Callable[[], float] = elapsed_seconds
    monotonic: Callable[[], float] = time.monotonic
    mutex: Callable[[], AbstractContextManager[object]] = threading.Lock


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLease:
    """The content of a held lock. `renewal` counts, so that no two contents are equal."""

    holder: LockInfo
    renewal: int = 0

    def encode(self) -> bytes:
        """Return the content of the object; `decode_lease` is the inverse."""
        return json.dumps({"holder": asdict(self.holder), "renewal": self.renewal}).encode() + b"\n"


_read_lease = doc.optional(doc.record(HeldLease, holder=read_lock_info, renewal=doc.integer))


def decode_lease(found: StoredObject | None, where: str) -> HeldLease | None:
    """Return the lease in an object, None if the lock is free. Raise StateError if it is not a lock."""
    try:
        return None if found is None else _read_lease(doc.parse_json(found.content))
    except ValueError as error:
        raise StateError(
            "this is not a galleryctl lock",
            where=where,
            why=str(error),
            do="delete that object when no run is active",
        ) from error


class Lease:
    """The lease of this run on the lock at `key`, which has `tag`. Threads may share it."""

    def __init__(
        self,
        bucket: Bucket,
        key: str,
        owner: LockInfo,
        tag: UpdateVersion,
        *,
        sent_at: float,
        clock: LeaseClock,
        terms: LeaseTerms,
    ) -> None:
        self._bucket, self._key, self._owner, self._tag = bucket, key, owner, tag
        self._clock, self._terms = clock, terms
        self._renewed_at = sent_at
        self._renewal = 0
        self._is_over = False
        self._mutex = clock.mutex()

    def is_fresh(self) -> bool:
        """Return True if the last renewal is recent enough for a write."""
        return not self._is_over and self._clock.elapsed() - self._renewed_at < self._terms.max_age

    def ensure_fresh(self) -> None:
        """Renew the lease unless it is fresh. Raise StateError if it is lost, or cannot be renewed in time."""
        with self._mutex:
            for _ in range(_MAX_RENEWALS):
                if self.is_fresh():
                    return
                self._renew()
            if not self.is_fresh():
                raise StateError(
                    "the lock cannot be renewed in time",
                    where=self._location,
                    why=f"each renewal took longer than {self._terms.max_age:.0f} seconds",
                    do="check the connection to the store, and run the same command again",
                )

    def renew(self) -> None:
        """Renew the lease. Raise StateError if it is lost, or the store cannot be reached."""
        with self._mutex:
            self._renew()

    def release(self) -> None:
        """Free the lock, unless it is lost. Raise StateError if the store cannot be reached."""
        with self._mutex:
            if not self._is_over:
                self._is_over = True
                self._bucket.put(self._key, FREE, self._tag)

    @property
    def is_over(self) -> bool:
        """Return True once the lease was released or lost."""
        return self._is_over

    @property
    def _location(self) -> str:
        return f"{self._bucket.location}/{self._key}"

    def _renew(self) -> None:
        if self._is_over:
            raise self._lost_error()
        if self._try_renew():
            return
        # The response to an earlier renewal may have been lost after it took effect. Its age is unknown: renew again.
        found = self._bucket.get(self._key)
        lease = decode_lease(found, self._location)
        if found is not None and lease is not None and lease.holder == self._owner:
            self._tag = found.tag
            if self._try_renew():
                return
        self._is_over = True
        raise self._lost_error()

    def _try_renew(self) -> bool:
        """Return True if the lease was renewed, False if the lock is not what this run last wrote."""
        self._renewal += 1
        sent_at = self._clock.elapsed()
        content = HeldLease(holder=self._owner, renewal=self._renewal).encode()
        tag = self._bucket.put(self._key, content, self._tag)
        if tag is not None:
            self._tag, self._renewed_at = tag, sent_at
        return tag is not None

    def _lost_error(self) -> StateError:
        lease = decode_lease(self._bucket.get(self._key), self._location)
        held = f"the lock is held by {lease.holder}" if lease else "the lock is free"
        why = f"{held}; this run did not renew its lease in time, or was force-unlocked"
        return lost_lock_error(self._location, why, "this run lost its lock; it writes nothing more")
