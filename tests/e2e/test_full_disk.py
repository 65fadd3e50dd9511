"""A disk that takes no more, in the middle of an apply: one clear message, all readable, and the next apply converges."""

from __future__ import annotations

import resource

import pytest

from tests.support import needs
from tests.support.e2e_harness import CREATE_ITEM_REQUESTS, ServedWorkspace, text_items
from tests.support.processes import GALLERYCTL_COMMAND, TIMEOUT


@pytest.fixture
def begun(served: ServedWorkspace) -> ServedWorkspace:
    """Two items are there, and thirty more are to be made."""
    served.write_gallery(text_items(2))
    served.apply()
    served.write_gallery(text_items(32))
    return served


def apply_on_a_disk_that_fills_up(served: ServedWorkspace, size: int) -> tuple[int, str, str]:
    """An apply whose files cannot grow beyond `size` bytes from its third create on: exit code, output, errors.

    What it prints goes to pipes, which have no such bound.
    """
    needs.linux()  # prlimit
    served.hold("before", **CREATE_ITEM_REQUESTS, nth=3)
    with served.spawn(*GALLERYCTL_COMMAND, "-C", str(served.root), "apply", "--auto-approve") as process:
        served.wait_for_held()
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, size))
        served.release()
        out, err = process.communicate(timeout=TIMEOUT)
    assert "Traceback" not in err
    assert "a bug in galleryctl" not in err
    return process.returncode, " ".join(out.split()), " ".join(err.split())


def next_run_finishes(served: ServedWorkspace) -> None:
    served.age_journal()
    assert served.run("state", "list").wait() == 0
    served.apply()
    served.assert_applied([f"T{n:02}" for n in range(32)])


def test_a_journal_that_cannot_grow_stops_the_run_and_state_records_what_was_done(begun: ServedWorkspace) -> None:
    code, out, err = apply_on_a_disk_that_fills_up(begun, 4096)
    assert code == 3, out + err
    assert "the journal cannot be written this user's file size limit is reached (ulimit -f)" in out
    made = len(begun.titles())
    assert 2 < made < 32
    assert begun.run("state", "list").out.count("weddings/") == made
    next_run_finishes(begun)


def test_a_state_that_cannot_grow_is_reported_and_the_journal_has_the_rest(begun: ServedWorkspace) -> None:
    before = (begun.root / ".galleryctl/state.json").read_bytes()
    code, out, err = apply_on_a_disk_that_fills_up(begun, len(before) + 20)
    assert code == 3, out + err
    assert "the state cannot be written" in err
    assert "this user's file size limit is reached (ulimit -f)" in err
    assert "run the same command again; nothing that was saved is lost" in err
    assert (begun.root / ".galleryctl/state.json").read_bytes() == before
    assert 2 < len(begun.titles()) < 32
    next_run_finishes(begun)
