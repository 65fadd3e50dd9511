"""The lease of a lock in a bucket: runs that are killed, stopped or slow at any moment never write at the same time.

The rounds run the code of the lock in threads under a virtual clock, with a store that is slow and loses requests and
responses. A write to the site takes effect up to half a minute after it was sent, whatever becomes of its run.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
from obstore.store import MemoryStore

from galleryctl.model.errors import StateError
from galleryctl.state.backend import LockInfo
from galleryctl.state.bucket import Bucket, StoredObject
from galleryctl.state.lease import Lease, LeaseClock, LeaseTerms, decode_lease
from galleryctl.state.object_lock import ObjectLock
from galleryctl.wix.transport import RetryPolicy
from tests.support.virtual_threads import VirtualMutex, VirtualProcess, VirtualThreads

if TYPE_CHECKING:
    from obstore import UpdateVersion

KEY = "state.json.lock"
ROUNDS = 200
TERMS = LeaseTerms()
ATTEMPT_SECONDS = RetryPolicy().attempt_seconds


class SlowBucket(Bucket):
    """A process's way to a bucket: requests take virtual time, and fail before or after they take effect."""

    def __init__(
        self, store: MemoryStore, threads: VirtualThreads, process: VirtualProcess, dice: random.Random
    ) -> None:
        super().__init__(store, "memory://bucket")
        self._threads, self._process, self._dice = threads, process, dice

    def get(self, key: str) -> StoredObject | None:
        self._pass()
        found = super().get(key)
        self._pass()
        return found

    def put(self, key: str, content: bytes, expected_tag: UpdateVersion | None) -> UpdateVersion | None:
        self._pass()
        tag = super().put(key, content, expected_tag)
        self._pass()
        return tag

    def _pass(self) -> None:
        self._threads.sleep(self._dice.uniform(0, 30) if self._dice.random() < 0.05 else 0.1)
        if self._threads.now < self._process.cut_off_until or self._dice.random() < 0.03:
            raise StateError("lost")


@dataclass(slots=True)
class Round:
    """Three runs that want the lock at about the same time, and what becomes of them."""

    seed: int
    terms: LeaseTerms
    threads: VirtualThreads = field(default_factory=VirtualThreads)
    store: MemoryStore = field(default_factory=MemoryStore)
    takeovers: int = 0
    writes: int = 0
    lost: int = 0
    collisions: list[str] = field(default_factory=list)
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311 - not for cryptography

    def play(self) -> Round:
        for number in range(3):
            process = VirtualProcess()
            start = self.dice.uniform(0, 60)
            self.threads.start(process, partial(self.work, f"run-{number}", process), after=start)
            for _ in range(2):
                self.threads.call(partial(self.disturb, process), after=start + self.dice.uniform(0, 200))
        self.threads.run()
        return self

    def disturb(self, process: VirtualProcess) -> None:
        """Stop the process or its machine, cut it off from the store, or kill it."""
        seconds = self.dice.uniform(5, 200)
        match self.dice.randrange(8):
            case 0 | 1:
                self.threads.suspend(process, seconds, machine=False)
            case 2 | 3:
                self.threads.suspend(process, seconds, machine=True)
            case 4 | 5:
                process.cut_off_until = self.threads.now + seconds
            case 6:
                process.killed = True

    def work(self, name: str, process: VirtualProcess) -> None:
        """Acquire the lock, write to the site some times, release the lock; give up after a long wait."""
        clock = LeaseClock(
            elapsed=lambda: self.threads.now,
            monotonic=lambda: self.threads.now - process.lost_seconds,
            mutex=lambda: VirtualMutex(self.threads),
        )
        owner = LockInfo(run=name, who=f"anna@{name}", pid=1, since="", operation="apply")
        bucket = SlowBucket(self.store, self.threads, process, self.dice)
        lock = ObjectLock(bucket, KEY, clock=clock, terms=self.terms)
        for _ in range(100):
            try:
                lease, former = lock.acquire(owner)
            except StateError:
                self.threads.sleep(5)
                continue
            self.takeovers += former is not None
            self.threads.start(process, partial(self.renew, lease), after=self.terms.renewal)
            self.write(name, process, lease)
            return

    def write(self, name: str, process: VirtualProcess, lease: Lease) -> None:
        for _ in range(8):
            self.threads.sleep(self.dice.choice((0.1, 5.0, self.dice.uniform(0, 30))))
            try:
                lease.ensure_fresh()
            except StateError:
                self.lost += lease.is_over
                if lease.is_over:
                    return
                continue
            delay = self.dice.choice((0.2, self.dice.uniform(0, ATTEMPT_SECONDS), ATTEMPT_SECONDS - 0.1))
            self.threads.call(partial(self.take_effect, name), after=delay)
            if self.dice.random() < 0.2:
                self.disturb(process)
            self.threads.sleep(delay + 0.001)
        with suppress(StateError):
            lease.release()

    def renew(self, lease: Lease) -> None:
        while not lease.is_over:
            with suppress(StateError):
                lease.renew()
            self.threads.sleep(self.terms.renewal)

    def take_effect(self, name: str) -> None:
        self.writes += 1
        lease = decode_lease(Bucket(self.store, "memory://bucket").get(KEY), "")
        holder = lease.holder.run if lease else "nobody"
        if holder != name:
            self.collisions.append(f"round {self.seed}: {name} writes, and {holder} has the lock")


def play_rounds(terms: LeaseTerms) -> Iterator[Round]:
    return (Round(seed, terms).play() for seed in range(ROUNDS))


def test_in_200_rounds_with_kills_and_suspensions_there_are_never_two_writers() -> None:
    played = list(play_rounds(TERMS))
    assert [line for one in played for line in one.collisions] == []
    assert sum(one.writes for one in played) > 10 * ROUNDS
    assert sum(one.takeovers for one in played) > ROUNDS / 4
    assert sum(one.lost for one in played) > ROUNDS / 20


@pytest.mark.parametrize("terms", [replace(TERMS, takeover=30.0), replace(TERMS, max_age=150.0)], ids=["early", "late"])
def test_the_rounds_find_two_writers_if_the_times_are_wrong(terms: LeaseTerms) -> None:
    assert any(one.collisions for one in play_rounds(terms))


def test_every_attempt_at_a_write_ends_before_the_lease() -> None:
    assert TERMS.max_age + ATTEMPT_SECONDS <= TERMS.length < TERMS.takeover < ObjectLock.default_wait
    assert 2 * TERMS.renewal <= TERMS.max_age
