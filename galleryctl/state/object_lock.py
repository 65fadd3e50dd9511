"""A lock in an object store: an object that records the holder, written only if it is still what was read.

It outlives a run that was killed, until another run takes it over: at once if the holder is known to have ended,
otherwise when its lease was not renewed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING

from galleryctl.model.command import command_line
from galleryctl.model.errors import LockedError, StateError
from galleryctl.model.waiting import WaitKind
from galleryctl.state.backend import LockInfo, check_unlock
from galleryctl.state.bucket import Bucket
from galleryctl.state.lease import FREE, HeldLease, Lease, LeaseClock, LeaseTerms, decode_lease
from galleryctl.state.process import HolderStatus, holder_status

if TYPE_CHECKING:
    from obstore import UpdateVersion


_RENEWAL = "the renewal of the state lock"


class ObjectLock:
    """The lock at `key`."""

    default_wait = 120.0
    """Longer than a lease and the wait for its takeover."""

    def __init__(
        self, bucket: Bucket, key: str, *, clock: LeaseClock | None = None, terms: LeaseTerms | None = None
    ) -> None:
        self._bucket = bucket
        self._key = key
        self._location = f"{bucket.location}/{key}"
        self._clock = clock or LeaseClock()
        self._terms = terms or LeaseTerms()
        self._lease: Lease | None = None
        self._seen: tuple[UpdateVersion, float] | None = None
        """The version of the lock that was last seen, and when it was first seen."""

    @contextmanager
    def hold(self, owner: LockInfo) -> Iterator[LockInfo | None]:
        """Hold the lock and renew it for the length of a `with`. Raise LockedError if another run holds it."""
        lease, former = self.acquire(owner)
        self._lease = lease
        released = threading.Event()
        renewing = threading.Thread(target=self._renew_until, args=(lease, released), daemon=True)
        renewing.start()
        try:
            yield former
        finally:
            released.set()
            self._lease = None
            # What the run did stays done, and a lock that is left behind expires.
            with suppress(StateError), self._observed("the lock of the state to be released"):
                lease.release()

    def acquire(self, owner: LockInfo) -> tuple[Lease, LockInfo | None]:
        """Return the lease of `owner`, which nobody renews yet, and the ended run whose lock was taken over.

        Raises LockedError if another run holds the lock.
        """
        found = self._bucket.get(self._key)
        seen_at = self._clock.monotonic()  # after the read: the version that it shows is at least as old
        held = decode_lease(found, self._location)
        if found is not None and held is not None and not self._may_take_over(held.holder, found.tag, seen_at):
            raise self._locked_error(held.holder)
        sent_at = self._clock.elapsed()
        tag = self._bucket.put(self._key, HeldLease(holder=owner).encode(), found.tag if found else None)
        if tag is None:
            holder = self.holder()
            raise self._locked_error(holder)
        self._seen = None
        silent = self._bucket.without_observer()  # it is renewed in the background, and whoever waits for that says so
        lease = Lease(silent, self._key, owner, tag, sent_at=sent_at, clock=self._clock, terms=self._terms)
        return lease, held.holder if held else None

    def is_fresh(self) -> bool:
        """Return True if the lease was renewed recently, or if this object holds none."""
        return self._lease is None or self._lease.is_fresh()

    def ensure_fresh(self) -> None:
        """Renew the lease unless it is fresh. Raise StateError if it is lost."""
        if self._lease is not None:
            with self._observed(_RENEWAL):
                self._lease.ensure_fresh()

    def check_held(self) -> None:
        """Renew the lease. Raise StateError if this object acquired the lock and lost it since."""
        if self._lease is not None:
            with self._observed(_RENEWAL):
                self._lease.renew()

    def holder(self) -> LockInfo | None:
        """Return the current holder, None if the lock is free."""
        held = decode_lease(self._bucket.get(self._key), self._location)
        return held.holder if held else None

    def force_unlock(self, run_id: str) -> None:
        """Force-unlock that run. Raise StateError if it does not hold the lock, or its process runs on this machine."""
        found = self._bucket.get(self._key)
        held = decode_lease(found, self._location)
        holder = held.holder if held else None
        running = holder is not None and holder_status(holder) is HolderStatus.RUNNING
        check_unlock(run_id, holder, held=holder is not None, running=running, where=self._location)
        if found is None or self._bucket.put(self._key, FREE, found.tag) is None:
            raise StateError(
                "the lock changed in the meantime",
                where=self._location,
                why="its holder renewed it, or another run took it",
                do="run the same command again to see the current holder",
            )

    def _observed(self, what: str) -> AbstractContextManager[object]:
        return self._bucket.observed(what, WaitKind.LOCK)

    def _may_take_over(self, holder: LockInfo, tag: UpdateVersion, now: float) -> bool:
        """Return True if the holder has ended, or has not renewed the lock for the whole time of a takeover."""
        if self._seen is None or self._seen[0] != tag:
            self._seen = (tag, now)
        return now - self._seen[1] >= self._terms.takeover or holder_status(holder) is HolderStatus.ENDED

    def _renew_until(self, lease: Lease, released: threading.Event) -> None:
        """Renew the lease until it is released or lost. A failure is reported by the next write that needs it."""
        while not released.wait(self._terms.renewal) and not lease.is_over:
            with suppress(StateError):
                lease.renew()

    def _locked_error(self, holder: LockInfo | None) -> LockedError:
        do = f"wait with --lock-timeout {self.default_wait:.0f}"
        if holder:
            do += ", or, if that run has ended, force-unlock: " + command_line("state", "unlock", holder.run)
        return LockedError(
            f"the state is locked by {holder or 'another run'}",
            where=self._location,
            why=f"if that run has ended, its lock is taken over {self._terms.takeover:.0f} seconds after its last sign",
            do=do,
        )
