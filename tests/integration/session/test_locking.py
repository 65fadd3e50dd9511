"""Waiting for the lock of a state, on a virtual clock: for how long, and what is printed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from obstore.store import MemoryStore

from galleryctl.model.errors import LockedError, StateError
from galleryctl.session.locking import hold_lock
from galleryctl.state.backend import LockInfo
from galleryctl.state.bucket import Bucket
from galleryctl.state.lease import HeldLease, LeaseClock, LeaseTerms
from galleryctl.state.object_backend import ObjectStateBackend
from galleryctl.state.object_lock import ObjectLock
from tests.support.clock import elapsed, run_virtual
from tests.support.processes import TIMEOUT
from tests.support.wait_lines import PrintedWaits

if TYPE_CHECKING:
    from obstore import UpdateVersion

KEY = "state.json.lock"
OTHER = LockInfo(run="run-1", who="anna@elsewhere", pid=1, since="2026-11-24T09:00:00+00:00", operation="apply")
MINE = LockInfo(run="run-2", who="ben@here", pid=1, since="2026-11-24T09:05:00+00:00", operation="apply")


@pytest.fixture
def bucket() -> Bucket:
    return Bucket(MemoryStore(), "memory://bucket")


def wait(bucket: Bucket, lock_timeout: float | None) -> tuple[LockInfo | None, float, PrintedWaits]:
    """Hold the lock; return whose it was, the wait, and what was printed."""
    backend = ObjectStateBackend(bucket, "state.json")
    backend.state_lock = ObjectLock(bucket, KEY, clock=LeaseClock(elapsed=lambda: 0.0, monotonic=elapsed))
    printed = PrintedWaits()

    async def hold() -> tuple[LockInfo | None, float]:
        try:
            async with printed.printing(), hold_lock(backend, MINE, lock_timeout, printed.waits) as former:
                assert backend.lock_holder() == MINE
                assert printed.current == []
                return former, elapsed()
        except LockedError:
            return None, -elapsed()

    former, seconds = run_virtual(hold())
    return former, seconds, printed


def test_a_free_lock_is_acquired_at_once(bucket: Bucket) -> None:
    former, seconds, printed = wait(bucket, None)
    assert (former, seconds, printed.observed) == (None, 0.0, [])


def test_a_lock_in_a_bucket_is_waited_for_until_it_can_be_taken_over(bucket: Bucket) -> None:
    bucket.put(KEY, HeldLease(holder=OTHER).encode(), None)
    former, seconds, printed = wait(bucket, None)
    assert (former, seconds) == (OTHER, 75.0)
    line = f"Waiting for the state lock, held by {OTHER}, until 00:02:00 at most."
    assert printed.lines == [(3.0, line), (33.0, line), (63.0, line)]


@pytest.mark.parametrize(("seconds", "times"), [(0.0, []), (2.0, []), (40.0, [3.0, 33.0])])
def test_a_wait_ends_with_the_timeout(bucket: Bucket, seconds: float, times: list[float]) -> None:
    bucket.put(KEY, HeldLease(holder=OTHER).encode(), None)
    former, waited, printed = wait(bucket, seconds)
    assert (former, -waited) == (None, seconds)
    assert [time for time, _ in printed.lines] == times
    assert all("until 00:00:40 at most" in line for _, line in printed.lines)


class CountingBucket(Bucket):
    """A bucket whose third write fails; the fifth one sets `reached`."""

    def __init__(self) -> None:
        super().__init__(MemoryStore(), "memory://bucket")
        self.reached = threading.Event()
        self.count = 0

    def put(self, key: str, content: bytes, expected_tag: UpdateVersion | None) -> UpdateVersion | None:
        self.count += 1
        if self.count == 3:
            raise StateError("the store cannot be reached")
        if self.count == 5:
            self.reached.set()
        return super().put(key, content, expected_tag)


def test_a_held_lock_is_renewed_in_the_background_also_after_a_failure() -> None:
    counting = CountingBucket()
    lock = ObjectLock(counting, KEY, terms=LeaseTerms(renewal=0.001))
    with lock.hold(MINE):
        assert counting.reached.wait(TIMEOUT)
        assert lock.holder() == MINE
    assert lock.holder() is None
