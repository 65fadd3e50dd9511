"""Waiting for the lock of a state, on a virtual clock: for how long, and what is reported."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from obstore.store import MemoryStore

from galleryctl.model.errors import LockedError, StateError
from galleryctl.session.locking import LockWait, hold_lock
from galleryctl.state.backend import LockInfo
from galleryctl.state.bucket import Bucket
from galleryctl.state.lease import HeldLease, LeaseClock, LeaseTerms
from galleryctl.state.object_backend import ObjectStateBackend
from galleryctl.state.object_lock import ObjectLock
from tests.support.clock import elapsed, run_virtual
from tests.support.processes import TIMEOUT

if TYPE_CHECKING:
    from obstore import UpdateVersion

KEY = "state.json.lock"
OTHER = LockInfo(run="run-1", who="anna@elsewhere", pid=1, since="2026-11-24T09:00:00+00:00", operation="apply")
MINE = LockInfo(run="run-2", who="ben@here", pid=1, since="2026-11-24T09:05:00+00:00", operation="apply")


@pytest.fixture
def bucket() -> Bucket:
    return Bucket(MemoryStore(), "memory://bucket")


def wait(bucket: Bucket, lock_timeout: float | None) -> tuple[LockInfo | None, float, list[tuple[float, float]]]:
    """Hold the lock; return whose it was, the wait, and when which rest of the wait was reported."""
    backend = ObjectStateBackend(bucket, "state.json")
    backend.state_lock = ObjectLock(bucket, KEY, clock=LeaseClock(elapsed=lambda: 0.0, monotonic=elapsed))
    reports: list[tuple[float, float]] = []

    def report(waiting: LockWait) -> None:
        assert waiting.holder == OTHER
        reports.append((elapsed(), waiting.seconds_left))

    async def hold() -> tuple[LockInfo | None, float]:
        try:
            async with hold_lock(backend, MINE, lock_timeout, report) as former:
                assert backend.lock_holder() == MINE
                return former, elapsed()
        except LockedError:
            return None, -elapsed()

    former, seconds = run_virtual(hold())
    return former, seconds, reports


def test_a_free_lock_is_acquired_at_once(bucket: Bucket) -> None:
    assert wait(bucket, None) == (None, 0.0, [])


def test_a_lock_in_a_bucket_is_waited_for_until_it_can_be_taken_over(bucket: Bucket) -> None:
    bucket.put(KEY, HeldLease(holder=OTHER).encode(), None)
    former, seconds, reports = wait(bucket, None)
    assert (former, seconds) == (OTHER, 75.0)
    assert reports == [(3.0, 117.0), (33.0, 87.0), (63.0, 57.0)]


@pytest.mark.parametrize(("seconds", "reports"), [(0.0, []), (2.0, []), (40.0, [(3.0, 37.0), (33.0, 7.0)])])
def test_a_wait_ends_with_the_timeout(bucket: Bucket, seconds: float, reports: list[tuple[float, float]]) -> None:
    bucket.put(KEY, HeldLease(holder=OTHER).encode(), None)
    assert wait(bucket, seconds) == (None, -seconds, reports)


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
