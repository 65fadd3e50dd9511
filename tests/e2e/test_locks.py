"""Concurrent applies as processes, with state in a file or a store of each kind: one waits or fails, never both write.

The lock and journal of a killed run are in a bucket of each kind of store.
"""

from __future__ import annotations

import re
import shutil
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.e2e_harness import CREATE_ITEM_REQUESTS, ServedWorkspace, text_items
from tests.support.object_store import FakeObjectStore
from tests.support.processes import TIMEOUT


def share(served: ServedWorkspace, store: FakeObjectStore, folder: Path) -> None:
    """Put the workspace's state into a new bucket."""
    store.make_bucket(folder.name)
    text = (served.root / "galleryctl.yaml").read_text(encoding="utf-8")
    served.write("galleryctl.yaml", f"{text}state: {store.location(folder.name, '{site}.json')}\n")


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
    served.write_gallery(text_items(1))
    served.apply()
    served.write_gallery(text_items(10))
    return served


def kill_at(served: ServedWorkspace, count: int) -> None:
    """Kill the first apply after `count` of its creates took effect and before their responses arrive."""
    served.hold("after", **CREATE_ITEM_REQUESTS, nth=3, times=count)
    command = served.start("apply", "--auto-approve")
    served.wait_for_held(count)
    command.send(signal.SIGKILL)
    assert command.wait() == -signal.SIGKILL
    served.release(drop=True)
    served.age_journal()


def test_the_second_fails_and_names_the_first_and_a_third_waits(anywhere: ServedWorkspace) -> None:
    anywhere.hold("before", **CREATE_ITEM_REQUESTS, nth=3, times=4)
    first = anywhere.start("apply", "--auto-approve")
    anywhere.wait_for_held(4)

    second = anywhere.run("apply", "--auto-approve")
    assert second.wait() == 1
    owner = rf"\S+@{re.escape(socket.gethostname())} since \S+, run (\w+) \(apply, pid {first.pid}\)"
    match = re.search(f"the state is locked by {owner}", second.err)
    assert match is not None, second.err
    assert "--lock-timeout" in second.err
    assert f"galleryctl state unlock {match[1]}" in second.err
    refused = anywhere.run("state", "unlock", match[1], "--force")
    assert refused.wait() == 1
    assert "is still running" in refused.err

    third = anywhere.start("apply", "--auto-approve", "--lock-timeout", str(TIMEOUT))
    anywhere.release()
    assert (first.wait(), third.wait()) == (0, 0), first.err + third.err
    anywhere.assert_applied([f"T{n:02}" for n in range(10)])


def test_after_a_kill_a_file_is_not_locked_and_nothing_is_created_twice(served: ServedWorkspace) -> None:
    served.write_gallery(text_items(1))
    served.apply()
    served.write_gallery(text_items(10))
    kill_at(served, 4)
    served.apply()
    served.assert_applied([f"T{n:02}" for n in range(10)])


def test_after_a_kill_another_machine_force_unlocks_and_continues(in_bucket: ServedWorkspace) -> None:
    in_bucket.write_gallery(text_items(1))
    in_bucket.apply()
    in_bucket.write_gallery(text_items(10))
    kill_at(in_bucket, 4)
    # That machine's disk is lost, and the manifest has changed: neither title nor text identifies an item.
    shutil.rmtree(in_bucket.root / ".galleryctl", ignore_errors=True)
    in_bucket.write_gallery(text_items(10, prefix="New "))
    ran = in_bucket.run("apply", "--auto-approve")
    assert ran.wait() == 1
    assert "that process ended without releasing" in ran.err
    unlock = re.search(r"galleryctl state unlock (\w+)", ran.err)
    assert unlock is not None
    assert in_bucket.run("state", "unlock", unlock[1], "--force").wait() == 0
    in_bucket.apply()
    in_bucket.assert_applied([f"New {n:02}" for n in range(10)])
