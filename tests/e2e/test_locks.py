"""Concurrent applies as processes, with state in a file or a store of each kind: one waits or fails, never both write.

The lock and journal of a killed run are in a bucket of each kind of store.
"""

from __future__ import annotations

import re
import shutil
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from galleryctl.state.bucket import open_bucket
from galleryctl.state.lease import HeldLease, decode_lease
from tests.support import needs
from tests.support.e2e_harness import CREATE_ITEM_REQUESTS, RunningCommand, ServedWorkspace, text_items
from tests.support.object_store import FakeObjectStore
from tests.support.processes import TIMEOUT


def share(served: ServedWorkspace, store: FakeObjectStore, folder: Path) -> None:
    """Put the workspace's state into a new bucket."""
    store.make_bucket(folder.name)
    text = (served.root / "galleryctl.yaml").read_text(encoding="utf-8")
    served.write("galleryctl.yaml", f"{text}state: {store.location(folder.name, '{site}.json')}\n")


def apply_one_of_ten(served: ServedWorkspace) -> None:
    """Apply one text, and declare nine more."""
    served.write_gallery(text_items(1))
    served.apply()
    served.write_gallery(text_items(10))


@pytest.fixture
def in_bucket(
    served: ServedWorkspace, store: FakeObjectStore, tmp_path_factory: pytest.TempPathFactory
) -> ServedWorkspace:
    share(served, store, tmp_path_factory.mktemp("locks"))
    return served


@pytest.fixture(params=["file", "s3", "gs", "az"])
def anywhere(
    request: pytest.FixtureRequest,
    served: ServedWorkspace,
    reach: Callable[[str], FakeObjectStore],
    tmp_path_factory: pytest.TempPathFactory,
) -> ServedWorkspace:
    """Return a workspace with ten texts, not applied."""
    if request.param != "file":
        share(served, reach(request.param), tmp_path_factory.mktemp("locks"))
    apply_one_of_ten(served)
    return served


def kill_at(served: ServedWorkspace, count: int) -> RunningCommand:
    """Kill the first apply after `count` of its creates took effect and before their responses arrive."""
    served.hold("after", **CREATE_ITEM_REQUESTS, nth=3, times=count)
    command = served.start("apply", "--auto-approve")
    served.wait_for_held(count)
    command.send(signal.SIGKILL)
    assert command.wait() == -signal.SIGKILL
    served.release(drop=True)
    served.age_journal()
    return command


def test_the_second_fails_and_names_the_first_and_a_third_waits(anywhere: ServedWorkspace) -> None:
    anywhere.hold("before", **CREATE_ITEM_REQUESTS, nth=3, times=4)
    first = anywhere.start("apply", "--auto-approve")
    anywhere.wait_for_held(4)

    second = anywhere.run("apply", "--auto-approve", "--lock-timeout", "0")
    assert second.wait() == 1
    owner = rf"\S+@{re.escape(socket.gethostname())} since \S+, run (\w+) \(apply, pid {first.pid}\)"
    match = re.search(f"the state is locked by {owner}", second.err)
    assert match is not None, second.err
    assert "--lock-timeout" in second.err
    assert f"galleryctl -C {anywhere.root} state unlock {match[1]}" in second.err
    refused = anywhere.run("state", "unlock", match[1], "--force")
    assert refused.wait() == 1
    assert "is still running" in refused.err

    third = anywhere.start("apply", "--auto-approve", "--lock-timeout", str(TIMEOUT))
    anywhere.release()
    assert (first.wait(), third.wait()) == (0, 0), first.err + third.err
    anywhere.assert_applied([f"T{n:02}" for n in range(10)])


def test_after_a_kill_a_file_is_not_locked_and_nothing_is_created_twice(served: ServedWorkspace) -> None:
    apply_one_of_ten(served)
    kill_at(served, 4)
    served.apply()
    served.assert_applied([f"T{n:02}" for n in range(10)])


def lose_disk(served: ServedWorkspace) -> None:
    """Lose the machine's disk, and change the manifest: neither title nor text identifies an item."""
    shutil.rmtree(served.root / ".galleryctl", ignore_errors=True)
    served.write_gallery(text_items(10, prefix="New "))


def test_after_a_kill_the_next_apply_takes_the_lock_over_and_continues(in_bucket: ServedWorkspace) -> None:
    needs.linux("/proc/self/stat")
    apply_one_of_ten(in_bucket)
    killed = kill_at(in_bucket, 4)
    lose_disk(in_bucket)
    ran = in_bucket.run("apply", "--auto-approve")
    assert ran.wait() == 0, ran.out + ran.err
    took_over = rf"took over the lock of a run that ended without releasing it: .*pid\s+{killed.pid}"
    assert re.search(took_over, " ".join(ran.out.split()), re.IGNORECASE), ran.out
    in_bucket.assert_applied([f"New {n:02}" for n in range(10)])


def test_after_a_kill_another_machine_force_unlocks_and_continues(
    in_bucket: ServedWorkspace, store: FakeObjectStore
) -> None:
    apply_one_of_ten(in_bucket)
    kill_at(in_bucket, 4)
    move_lock_to_another_machine(in_bucket, store)
    lose_disk(in_bucket)
    ran = in_bucket.run("apply", "--auto-approve", "--lock-timeout", "0")
    assert ran.wait() == 1
    assert "its lock is taken over 75 seconds after its last sign" in ran.err
    unlock = re.search(r"galleryctl -C \S+ state unlock (\w+)", ran.err)
    assert unlock is not None
    assert in_bucket.run("state", "unlock", unlock[1], "--force").wait() == 0
    in_bucket.apply()
    in_bucket.assert_applied([f"New {n:02}" for n in range(10)])


def move_lock_to_another_machine(served: ServedWorkspace, store: FakeObjectStore) -> None:
    """Rewrite the lock that a killed run left behind: its holder was on a machine that cannot be examined."""
    bucket, key = open_bucket(state_location(served))
    found = bucket.get(f"{key}.lock")
    held = decode_lease(found, key)
    assert found is not None
    assert held is not None
    holder = replace(held.holder, boot="another", who="anna@elsewhere")
    assert bucket.put(f"{key}.lock", HeldLease(holder=holder, renewal=99).encode(), found.tag) is not None


def state_location(served: ServedWorkspace) -> str:
    """Return the URL of the state of the site `main`."""
    text = (served.root / "galleryctl.yaml").read_text(encoding="utf-8")
    return text.rpartition("state: ")[2].strip().replace("{site}", "main")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_on_another_machine_is_taken_over_when_its_lease_has_expired(
    in_bucket: ServedWorkspace, store: FakeObjectStore
) -> None:
    apply_one_of_ten(in_bucket)
    kill_at(in_bucket, 4)
    move_lock_to_another_machine(in_bucket, store)
    command = in_bucket.start("apply", "--auto-approve")
    assert command.wait(within=200) == 0, command.out + command.err
    assert "Waiting for the state lock, held by anna@elsewhere" in command.err
    in_bucket.assert_applied([f"T{n:02}" for n in range(10)])


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_that_is_stopped_for_three_minutes_and_taken_over_writes_nothing_more(
    in_bucket: ServedWorkspace, when: str
) -> None:
    """SIGSTOP in mid-apply, before or after a create takes effect; another run takes the lock over; SIGCONT."""
    apply_one_of_ten(in_bucket)
    in_bucket.hold(when, **CREATE_ITEM_REQUESTS, nth=3, times=4)
    stopped = in_bucket.start("apply", "--auto-approve")
    in_bucket.wait_for_held(4)
    stopped.send(signal.SIGSTOP)
    started = time.monotonic()
    try:
        in_bucket.release(drop=True)
        in_bucket.write_gallery(text_items(10, prefix="New "))
        successor = in_bucket.start("apply", "--auto-approve")
        assert successor.wait(within=170) == 0, successor.out + successor.err
        assert "took over the lock" in " ".join(successor.out.split()).lower()
        in_bucket.assert_applied([f"New {n:02}" for n in range(10)])
        time.sleep(max(0.0, started + 180 - time.monotonic()))
    finally:
        stopped.send(signal.SIGCONT)
    assert stopped.wait(within=120) == 3, stopped.out + stopped.err
    assert "this run lost its lock; it writes nothing more" in " ".join((stopped.out + stopped.err).split())
    assert "Traceback" not in stopped.err
    in_bucket.assert_applied([f"New {n:02}" for n in range(10)])
