"""A run whose lock in a bucket was taken over, at any of its requests, writes nothing more and ends with its report."""

from __future__ import annotations

import itertools

import pytest
from obstore.store import MemoryStore

from galleryctl.engine.apply.run import ApplyResult
from galleryctl.model.outcome import OutcomeStatus
from galleryctl.state.backend import LockInfo
from galleryctl.state.bucket import Bucket
from galleryctl.state.lease import LeaseClock, LeaseTerms
from galleryctl.state.object_backend import ObjectStateBackend
from galleryctl.state.object_lock import ObjectLock
from galleryctl.wix.transport import Attempt
from tests.support.engine_harness import EngineHarness, make_desired, text_item

SUCCESSOR = LockInfo(run="run-2", who="ben@elsewhere", pid=1, since="2026-11-24T09:00:00+00:00", operation="apply")
BEFORE = make_desired(*map(text_item, "abc"))
AFTER = make_desired(text_item("a", title="new"), text_item("b", title="newer"), *map(text_item, "defg"))
"""Two updates, four creates, one delete."""


@pytest.fixture
def bucket(world: EngineHarness) -> Bucket:
    """Return the bucket with the world's state; nobody renews leases, except for writes."""
    made = Bucket(MemoryStore(), "memory://bucket")

    def open_state() -> ObjectStateBackend:
        backend = ObjectStateBackend(made, "state.json")
        backend.state_lock = new_lock(made, world)
        return backend

    world.state_backend = open_state
    return made


def new_lock(bucket: Bucket, world: EngineHarness) -> ObjectLock:
    clock = LeaseClock(elapsed=world.clock.time, monotonic=world.clock.time)
    return ObjectLock(bucket, "state.json.lock", clock=clock, terms=LeaseTerms(renewal=10_000.0))


def take_over(bucket: Bucket, world: EngineHarness) -> dict[str, object]:
    """Take over the lock as a run on another machine, and return what is stored then, but for the lock."""
    lock = new_lock(bucket, world)
    with pytest.raises(Exception, match="locked by"):
        lock.acquire(SUCCESSOR)
    world.clock.now += 75
    assert lock.acquire(SUCCESSOR)[1] is not None
    return stored(bucket)


def stored(bucket: Bucket) -> dict[str, object]:
    return {key: bucket.get(key) for key in bucket.list("") if key != "state.json.lock"}


def apply_and_lose_the_lock(world: EngineHarness, bucket: Bucket, count: int) -> tuple[ApplyResult | None, bool]:
    """Apply, and lose the lock before the write number `count` is sent; return the result, and True if it was lost."""
    writes = itertools.count(1)
    lost: dict[str, object] = {}
    late: list[str] = []

    def watch(attempt: Attempt) -> None:
        if attempt.phase != "before" or attempt.call.startswith("GET"):
            return
        if lost:
            late.append(attempt.call)
        elif next(writes) == count:
            lost.update(take_over(bucket, world))

    world.on_attempt = watch
    result = world.apply(AFTER)
    world.on_attempt = lambda _attempt: None
    assert late == []
    if lost:
        assert stored(bucket) == lost
    return result, bool(lost)


@pytest.mark.parametrize("count", range(1, 9))
@pytest.mark.parametrize("workers", [1, 4])
def test_a_run_that_lost_its_lock_writes_nothing_more_and_reports(
    world: EngineHarness, bucket: Bucket, count: int, workers: int
) -> None:
    world.workers = workers
    world.apply(BEFORE)
    result, lost = apply_and_lose_the_lock(world, bucket, count)
    assert result is not None
    assert lost is (count < 8)
    if not lost:
        assert result.report.exit_code == 0
        return
    assert result.report.has_written
    assert result.exit_code == 3  # also if all was sent, and only the state could not be saved
    assert "this run lost its lock; it writes nothing more" in str(result.errors[0])
    assert "run run-2" in str(result.errors[0])
    undone = [one for one in result.report.outcomes if one.status is not OutcomeStatus.DONE]
    # Steps that start together share a write of the journal: the first reports the cause.
    assert all("lost its lock" in one.reason or "to the journal failed" in one.reason for one in undone)


def test_the_next_run_completes_what_a_run_without_a_lock_left(world: EngineHarness, bucket: Bucket) -> None:
    for count in range(1, 8):
        world.apply(BEFORE)
        apply_and_lose_the_lock(world, bucket, count)
        bucket_lock = new_lock(bucket, world)
        bucket_lock.force_unlock(SUCCESSOR.run)
        assert world.apply(AFTER).report.exit_code == 0
        assert sorted(world.titles()) == ["d", "e", "f", "g", "new", "newer"]
        assert world.plan(AFTER).is_empty


@pytest.mark.parametrize(("method", "path"), [("POST", "/items$"), ("PATCH", "/items/"), ("POST", "/items/delete$")])
def test_a_lock_that_is_lost_after_a_lost_response_leaves_the_write_in_doubt(
    world: EngineHarness, bucket: Bucket, method: str, path: str
) -> None:
    world.workers = 1
    world.apply(BEFORE)
    world.faults(script=[{"fault": "drop_after", "method": method, "path": path}])
    lost: dict[str, object] = {}
    late: list[str] = []

    def watch(attempt: Attempt) -> None:
        if lost and attempt.phase == "before" and not attempt.call.startswith("GET"):
            late.append(attempt.call)
        if not lost and attempt.phase == "after" and attempt.status is None:
            lost.update(take_over(bucket, world))

    world.on_attempt = watch
    result = world.apply(AFTER)
    world.on_attempt = lambda _attempt: None
    assert (late, result.report.exit_code, result.report.has_written) == ([], 3, True)
    assert stored(bucket) == lost
    new_lock(bucket, world).force_unlock(SUCCESSOR.run)
    assert world.apply(AFTER).report.exit_code == 0
    assert sorted(world.titles()) == ["d", "e", "f", "g", "new", "newer"]
