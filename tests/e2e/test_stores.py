"""State in each kind of object store: of two writers only one wins, and lost responses lose no data.

S3 is moto's, in this process; Google Cloud Storage is a fake; Azure is Azurite, a Node process.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from galleryctl.model.address import Address
from galleryctl.model.errors import LockedError, StateError
from galleryctl.session.open import lock_owner
from galleryctl.state.backend import LockInfo
from galleryctl.state.bucket import Bucket
from galleryctl.state.journal import Journal, read_journal
from galleryctl.state.journal_records import Intent, StepResult
from galleryctl.state.lease import HeldLease, LeaseClock, LeaseTerms
from galleryctl.state.object_backend import ObjectStateBackend
from galleryctl.state.object_journal import ObjectJournal
from galleryctl.state.object_lock import ObjectLock
from galleryctl.state.state_file import State
from tests.support import needs
from tests.support.object_store import FakeObjectStore

ITEM = Address.parse("weddings/film")
ELSEWHERE = LockInfo(run="run-1", who="anna@elsewhere", pid=1, since="2026-11-24T09:00:00+00:00", operation="apply")


@pytest.fixture
def state() -> State:
    return State(site_id="site-1", lineage="lineage-1", serial=7)


def test_what_is_written_is_read_and_former_versions_are_kept(bucket: Bucket, state: State) -> None:
    backend = ObjectStateBackend(bucket, "a/state.json", max_versions=2)
    assert backend.read() is None
    for _ in range(4):
        backend.write(state)
        state = state.next_version(state.bindings)
    assert ObjectStateBackend(bucket, "a/state.json").read() == replace(state, serial=10)
    assert [version.serial for version in backend.versions()] == [9, 8]
    assert backend.read_version(8).serial == 8


def test_of_two_writers_who_read_the_same_one_wins(bucket: Bucket, state: State) -> None:
    one, two = ObjectStateBackend(bucket, "state.json"), ObjectStateBackend(bucket, "state.json")
    assert (one.read(), two.read()) == (None, None)
    one.write(state)
    with pytest.raises(StateError, match="another run wrote the state in the meantime") as caught:
        two.write(replace(state, lineage="lineage-2"))
    assert caught.value.do
    assert two.read() == state


@pytest.mark.parametrize("absent", [True, False])
def test_of_writers_at_the_same_moment_exactly_one_wins(bucket: Bucket, absent: bool) -> None:
    before = None if absent else bucket.put("key", b"before", None)
    start = threading.Barrier(5)

    def write(number: int) -> tuple[bytes, object]:
        start.wait()
        return b"%d" % number, bucket.put("key", b"%d" % number, before)

    with ThreadPoolExecutor(5) as pool:
        won = [(content, tag) for content, tag in pool.map(write, range(5)) if tag is not None]
    found = bucket.get("key")
    assert found is not None
    assert won == [(found.content, found.tag)]


def test_many_writers_at_once_lose_no_version(bucket: Bucket, state: State) -> None:
    ObjectStateBackend(bucket, "state.json").write(state)
    won: list[int] = []

    def write(number: int) -> None:
        backend = ObjectStateBackend(bucket, "state.json", max_versions=100)
        done = 0
        while done < 3:
            before = backend.read()
            assert before is not None
            try:
                with backend.lock(replace(ELSEWHERE, run=f"{number}-{done}")):
                    before = backend.read()
                    assert before is not None
                    backend.write(before.next_version(before.bindings))
            except StateError:
                continue
            won.append(before.serial + 1)
            done += 1

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == list(range(8, 17))


def test_a_write_whose_response_was_lost_counts_as_written(
    bucket: Bucket, store: FakeObjectStore, state: State
) -> None:
    backend = ObjectStateBackend(bucket, "state.json")
    store.lost_responses += ["PUT /state.json", "PUT /state.json"]
    backend.write(state)
    backend.write(state.next_version(state.bindings))
    assert store.lost_responses == []
    assert backend.read() == state.next_version(state.bindings)


def test_a_lock_whose_answer_was_lost_is_held_by_its_run(bucket: Bucket, store: FakeObjectStore, state: State) -> None:
    backend = ObjectStateBackend(bucket, "state.json")
    store.lost_responses += ["PUT /state.json.lock"]
    with backend.lock(ELSEWHERE):
        assert store.lost_responses == []
        assert backend.lock_holder() == ELSEWHERE
        store.lost_responses += ["PUT /state.json.lock"]
    assert backend.lock_holder() is None


def test_a_taken_lock_is_told_with_its_owner_and_given_when_it_is_free(bucket: Bucket) -> None:
    backend, second = ObjectStateBackend(bucket, "state.json"), ObjectStateBackend(bucket, "state.json")
    held = backend.lock(ELSEWHERE)
    held.__enter__()
    with (
        pytest.raises(LockedError, match="locked by anna@elsewhere since") as caught,
        second.lock(lock_owner("plan")),
    ):
        pass
    assert "galleryctl state unlock run-1" in caught.value.do
    held.__exit__(None, None, None)
    me = lock_owner("apply")
    with second.lock(me) as former:
        assert former is None
        assert backend.lock_holder() == me


def put_lock(bucket: Bucket, owner: LockInfo) -> None:
    """Leave the lock of a run behind, as a kill does."""
    bucket.put("state.json.lock", HeldLease(holder=owner).encode(), None)


def test_the_lock_of_a_process_that_has_ended_is_taken_over_at_once(bucket: Bucket) -> None:
    needs.linux("/proc/self/stat")
    owner = lock_owner("apply")
    ended = replace(owner, run="run-9", started=owner.started - 1)  # this process has the id of one that has ended
    put_lock(bucket, ended)
    backend = ObjectStateBackend(bucket, "state.json")
    with backend.lock(owner) as former:
        assert former == ended
        assert backend.lock_holder() == owner
    assert backend.lock_holder() is None


def test_a_lock_that_is_not_renewed_is_taken_over_after_a_while(bucket: Bucket) -> None:
    put_lock(bucket, ELSEWHERE)
    now = [0.0]
    clock = LeaseClock(monotonic=lambda: now[0])
    lock = ObjectLock(bucket, "state.json.lock", clock=clock)
    owner = lock_owner("apply")
    for now[0] in (0.0, 50.0, 74.9):
        with pytest.raises(LockedError, match="anna@elsewhere"), lock.hold(owner):
            pass
    now[0] = 75.0
    with lock.hold(owner) as former:
        assert former == ELSEWHERE
        assert lock.holder() == owner


def test_a_lock_that_is_renewed_is_not_taken_over(bucket: Bucket) -> None:
    now = [0.0]
    clock = LeaseClock(elapsed=lambda: now[0], monotonic=lambda: now[0])
    lease, _ = ObjectLock(bucket, "state.json.lock", clock=clock).acquire(ELSEWHERE)
    waiting = ObjectLock(bucket, "state.json.lock", clock=clock)
    for now[0] in range(0, 300, 15):
        lease.renew()
        with pytest.raises(LockedError, match="anna@elsewhere"):
            waiting.acquire(lock_owner("apply"))
    lease.release()
    assert waiting.acquire(lock_owner("apply"))[1] is None


def test_a_run_writes_only_shortly_after_a_renewal(bucket: Bucket, store: FakeObjectStore) -> None:
    now = [0.0]
    lease, _ = ObjectLock(bucket, "state.json.lock", clock=LeaseClock(elapsed=lambda: now[0])).acquire(ELSEWHERE)
    store.requests.clear()
    now[0] = 29.9
    lease.ensure_fresh()
    assert store.requests == []
    now[0] = 30.0
    assert not lease.is_fresh()
    lease.ensure_fresh()
    assert [request.split()[0] for request in store.requests] == ["PUT"]
    assert lease.is_fresh()


def test_a_renewal_whose_response_is_lost_counts_from_the_next_one(bucket: Bucket, store: FakeObjectStore) -> None:
    """Its age is unknown: it may have taken effect long before its response would have come."""
    now = [0.0]
    lease, _ = ObjectLock(bucket, "state.json.lock", clock=LeaseClock(elapsed=lambda: now[0])).acquire(ELSEWHERE)
    store.lost_responses += ["PUT /state.json.lock"]
    lease.renew()
    assert store.lost_responses == []
    now[0] = 29.9
    assert lease.is_fresh()


def test_a_run_whose_lock_was_taken_over_writes_nothing_more(bucket: Bucket, state: State) -> None:
    now = [0.0]
    clock = LeaseClock(elapsed=lambda: now[0], monotonic=lambda: now[0])
    lock = ObjectLock(bucket, "state.json.lock", clock=clock, terms=LeaseTerms(renewal=10_000))
    late = ObjectJournal(bucket, "state.json.journal", check_lock=lock.ensure_fresh)
    with lock.hold(ELSEWHERE), Journal.open(late, run="run-1", state=state) as journal:
        asyncio.run(journal.begin("a", Intent(kind="update")))
        next_ = ObjectLock(bucket, "state.json.lock", clock=clock)
        with pytest.raises(LockedError):
            next_.acquire(replace(ELSEWHERE, run="run-2"))
        now[0] += 75
        successor, former = next_.acquire(replace(ELSEWHERE, run="run-2"))
        assert former == ELSEWHERE
        assert not lock.is_fresh()
        for write in (
            lock.ensure_fresh,
            lock.check_held,
            late.clear,
            lambda: asyncio.run(journal.begin("b", Intent(kind="update"))),
        ):
            with pytest.raises(StateError, match=r"this run lost its lock; it writes nothing more\n.*run run-2"):
                write()
        now[0] += 200
        successor.ensure_fresh()
    assert next_.holder() == replace(ELSEWHERE, run="run-2")
    place = ObjectStateBackend(bucket, "state.json").journal(Path("unused"))
    assert [step for step, _ in read_journal(place, state).pending] == ["a"]


def test_unlock_refuses_another_run_a_live_one_and_a_free_lock(bucket: Bucket) -> None:
    backend = ObjectStateBackend(bucket, "state.json")
    with pytest.raises(StateError, match="it is free"):
        backend.force_unlock("run-1")
    owner = lock_owner("apply")
    with backend.lock(owner):
        with pytest.raises(StateError, match="run run-9 does not hold the lock") as caught:
            backend.force_unlock("run-9")
        assert owner.run in caught.value.do
        with pytest.raises(StateError, match="still running"):
            backend.force_unlock(owner.run)
    assert backend.lock_holder() is None


def test_a_run_that_was_force_unlocked_writes_nothing_more(bucket: Bucket, state: State) -> None:
    broken, next_ = ObjectStateBackend(bucket, "state.json"), ObjectStateBackend(bucket, "state.json")
    place = broken.journal(Path("unused"))
    with broken.lock(ELSEWHERE), Journal.open(place, run="run-1", state=state) as journal:
        asyncio.run(journal.begin("a", Intent(kind="update")))
        next_.force_unlock("run-1")
        with pytest.raises(StateError, match="this run lost its lock; it writes nothing more"):
            broken.write(state)
        owner = replace(ELSEWHERE, run="run-2")
        with next_.lock(owner):
            other = next_.journal(Path("unused"))
            assert [step for step, _ in read_journal(other, state).pending] == ["a"]
            Journal.open(other, run="run-2", state=state).close()
            with pytest.raises(StateError, match="this run lost its lock; it writes nothing more"):
                asyncio.run(journal.begin("b", Intent(kind="update")))
            with pytest.raises(StateError, match="an earlier write to the journal failed"):
                asyncio.run(journal.begin("c", Intent(kind="update")))
            assert next_.lock_holder() == owner
    assert read_journal(next_.journal(Path("unused")), state).pending == ()


def test_a_long_journal_is_read_whole_and_leaves_nothing(bucket: Bucket, state: State) -> None:
    place = ObjectStateBackend(bucket, "state.json").journal(Path("unused"))
    steps = [f"step {number} {'x' * 2000}" for number in range(100)]
    with Journal.open(place, run="run-1", state=state) as journal:
        for step in steps:
            asyncio.run(journal.begin(step, Intent(kind="create-item", sort_orders={ITEM: 0.5})))
            journal.failed(step, "no", unconfirmed=True)
    assert len(bucket.list("state.json.journal.parts")) >= 3
    elsewhere = ObjectStateBackend(bucket, "state.json").journal(Path("unused"))
    assert [step for step, _ in read_journal(elsewhere, state).pending] == steps
    elsewhere.clear()
    assert elsewhere.read() == ()
    assert bucket.list("state.json.journal.parts") == []


def test_each_step_costs_one_write_of_bounded_size(bucket: Bucket, store: FakeObjectStore, state: State) -> None:
    place = ObjectStateBackend(bucket, "state.json").journal(Path("unused"))
    with Journal.open(place, run="run-1", state=state) as journal:
        store.requests.clear()
        for number in range(200):
            asyncio.run(journal.begin(f"step {number}", Intent(kind="update", ids=("i" * 36,))))
            journal.done(f"step {number}", StepResult(ids={ITEM: "i" * 36}))
        assert len(store.requests) <= 203
    assert len(read_journal(ObjectStateBackend(bucket, "state.json").journal(Path("unused")), state).result.ids) == 1


def test_a_part_of_the_journal_that_is_missing_is_told(bucket: Bucket, state: State) -> None:
    place = ObjectStateBackend(bucket, "state.json").journal(Path("unused"))
    with Journal.open(place, run="run-1", state=state) as journal:
        for number in range(100):
            asyncio.run(journal.begin(f"step {number} {'x' * 2000}", Intent(kind="update")))
    bucket.delete(bucket.list("state.json.journal.parts")[:1])
    with pytest.raises(StateError, match="a part of the journal is missing") as caught:
        place.read()
    assert caught.value.do


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"run": 1}', b"\xff"])
def test_what_is_no_lock_is_told(bucket: Bucket, content: bytes) -> None:
    bucket.put("state.json.lock", content, None)
    with pytest.raises(StateError, match="this is not a galleryctl lock") as caught:
        ObjectStateBackend(bucket, "state.json").lock_holder()
    assert caught.value.do


def test_a_damaged_state_is_replaced_by_a_rebuild_and_kept_beside(bucket: Bucket, state: State) -> None:
    bucket.put("state.json", b"{half", None)
    backend = ObjectStateBackend(bucket, "state.json")
    with pytest.raises(StateError, match="the state is not valid JSON"):
        backend.read()
    backend.write(state)
    assert backend.read() == state
    kept = bucket.get("state.json.versions/damaged.json")
    assert kept is not None
    assert kept.content == b"{half"
