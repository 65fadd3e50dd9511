"""State in a file: replaced atomically, previous versions kept, errors reported with advice."""

from __future__ import annotations

import errno
import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import StateError
from galleryctl.state.durable_files import MAX_STATE_BYTES
from galleryctl.state.file_backend import FileStateBackend
from galleryctl.state.serialize import serialize_state
from galleryctl.state.state_file import State


def test_what_was_never_written_is_none(tmp_path: Path) -> None:
    assert FileStateBackend(tmp_path / "state.json").read() is None


def test_what_is_written_is_read_and_only_its_owner_may(tmp_path: Path, state: State) -> None:
    path = tmp_path / "inner/state.json"
    FileStateBackend(path).write(state)
    assert FileStateBackend(path).read() == state
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text(encoding="utf-8").endswith("}\n")


def test_former_versions_are_kept_up_to_a_number(tmp_path: Path, state: State) -> None:
    backend = FileStateBackend(tmp_path / "state.json", max_versions=3)
    written = [state]
    for _ in range(5):
        backend.write(written[-1])
        written.append(written[-1].next_version(state.bindings))
    assert [version.serial for version in backend.versions()] == [10, 9, 8]
    assert backend.read_version(9) == written[2]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["state.json", "state.json.versions"]
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o600 for p in (tmp_path / "state.json.versions").iterdir())


def test_a_run_with_a_fast_clock_expires_no_newer_versions(tmp_path: Path, state: State) -> None:
    backend = FileStateBackend(tmp_path / "state.json", max_versions=3)
    for number in range(7):
        backend.write(state)
        state = state.next_version(state.bindings)
        for version in (tmp_path / "state.json.versions").glob("2*") if number == 3 else ():
            version.rename(version.with_name(f"2099{version.name[4:]}"))  # the clock of that run was fast
    assert [version.serial for version in backend.versions()] == [12, 11, 10]


def test_a_version_that_is_not_kept_is_told_with_those_that_are(tmp_path: Path, state: State) -> None:
    backend = FileStateBackend(tmp_path / "state.json")
    with pytest.raises(StateError, match="no stored version 3\n  no versions are stored"):
        backend.read_version(3)
    backend.write(state)
    backend.write(state.next_version(Bindings()))
    with pytest.raises(StateError, match="stored versions: 7"):
        backend.read_version(3)


def test_a_new_lineage_lets_the_old_ones_versions_be(tmp_path: Path, state: State) -> None:
    backend = FileStateBackend(tmp_path / "state.json")
    backend.write(state)
    for bindings in (state.bindings, Bindings()):
        (tmp_path / "state.json").unlink()
        backend.write(State.new("site-1").next_version(bindings))
        following = backend.read()
        assert following is not None
        backend.write(following.next_version(bindings))
    assert [version.serial for version in backend.versions()] == [1, 1]
    with pytest.raises(StateError, match="2 stored versions have serial 1"):
        backend.read_version(1)
    assert [read is not None for _, read in backend.read_versions()] == [True, True]


def test_versions_that_follow_an_older_state_are_kept_beside_those_of_the_same_serial(
    tmp_path: Path, state: State
) -> None:
    path = tmp_path / "state.json"
    backend = FileStateBackend(path)
    for written in (state, second := state.next_version(state.bindings), second.next_version(state.bindings)):
        backend.write(written)
    for version in (tmp_path / "state.json.versions").iterdir():
        version.rename(version.with_name(f"2001{version.name[4:]}"))
    path.write_bytes(serialize_state(state))  # an old copy was put back
    other = state.next_version(Bindings())
    for written in (other, other.next_version(Bindings())):
        backend.write(written)
    assert [version.serial for version in backend.versions()] == [8, 8, 7, 7]
    assert backend.read_version(7) == state
    with pytest.raises(StateError, match="2 stored versions have serial 8"):
        backend.read_version(8)


def test_a_version_is_kept_once_though_the_write_after_it_failed(tmp_path: Path, state: State) -> None:
    backend = FileStateBackend(tmp_path / "state.json")
    backend.write(state)
    (tmp_path / "state.json.versions").mkdir()
    for _ in range(2):
        with rlimit(50), pytest.raises(StateError):
            backend.write(state.next_version(Bindings()))
    assert list((tmp_path / "state.json.versions").iterdir()) == []
    backend.write(state.next_version(Bindings()))
    assert [version.serial for version in backend.versions()] == [7]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = FileStateBackend(tmp_path / "state.json")
    backend.write(state)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StateError) as caught:
            backend.write(state.next_version(Bindings()))
    assert "the state cannot be written: the disk is full" in str(caught.value)
    assert "free some space" in caught.value.do
    assert backend.read() == state
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["state.json"]


@contextmanager
def rlimit(size: int) -> Iterator[None]:
    """Limit every file of this process to `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_that_may_not_grow_leaves_the_old_one(tmp_path: Path, state: State) -> None:
    backend = FileStateBackend(tmp_path / "state.json")
    backend.write(state)
    with rlimit(100), pytest.raises(StateError) as caught:
        backend.write(state.next_version(Bindings()))
    assert "file size limit is reached (ulimit -f)" in caught.value.why
    assert "run the same command again" in caught.value.do
    assert backend.read() == state


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"{}", b"null", b'{"version": 1, "version": 1}']
)
def test_a_corrupt_file_is_told_with_the_ways_back(tmp_path: Path, state: State, content: bytes) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(content)
    with pytest.raises(StateError) as caught:
        FileStateBackend(path).read()
    assert str(path) in str(caught.value)
    assert "galleryctl state restore SERIAL" in caught.value.do
    assert "galleryctl state rebuild" in caught.value.do


def test_a_rebuild_replaces_a_corrupt_file_and_keeps_it_beside(tmp_path: Path, state: State) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(b"{half")
    FileStateBackend(path).write(state)
    assert FileStateBackend(path).read() == state
    assert (tmp_path / "state.json.versions/damaged.json").read_bytes() == b"{half"


def test_a_run_that_lost_its_lock_does_not_write_over_a_later_one(tmp_path: Path, state: State) -> None:
    backend = FileStateBackend(tmp_path / "state.json")
    backend.write(state.next_version(Bindings()))
    with pytest.raises(StateError, match="another run wrote the state in the meantime"):
        backend.write(state.next_version(state.bindings))
    assert backend.read() == state.next_version(Bindings())


def test_a_folder_in_the_way_is_told(tmp_path: Path, state: State) -> None:
    (tmp_path / "state.json").mkdir()
    with pytest.raises(StateError, match="the state cannot be read"):
        FileStateBackend(tmp_path / "state.json").read()
    with pytest.raises(StateError):
        FileStateBackend(tmp_path / "state.json").write(state)


def test_the_location_is_the_path(tmp_path: Path) -> None:
    assert FileStateBackend(tmp_path / "state.json").location == str(tmp_path / "state.json")


def test_names_that_are_no_versions_are_let_be(tmp_path: Path, state: State) -> None:
    backend = FileStateBackend(tmp_path / "state.json", max_versions=1)
    backend.write(state)
    foreign = [tmp_path / f"state.json.versions/{name}" for name in ("99999999T999999Z-00000001-abcdef01.json", "x")]
    foreign[0].parent.mkdir()
    for path in foreign:
        path.write_bytes(b"theirs")
    backend.write(state.next_version(state.bindings))
    assert [version.serial for version in backend.versions()] == [7]
    assert all(path.read_bytes() == b"theirs" for path in foreign)


def test_a_version_under_the_name_of_another_is_refused(tmp_path: Path, state: State) -> None:
    backend = FileStateBackend(tmp_path / "state.json")
    for _ in range(3):
        backend.write(state)
        state = state.next_version(state.bindings)
    old, new = sorted((tmp_path / "state.json.versions").iterdir(), key=lambda path: path.name[17:])
    new.write_bytes(old.read_bytes())
    with pytest.raises(StateError, match="this version's content does not match its name\n  it has serial 7"):
        backend.read_version(8)
    assert backend.read_version(7).serial == 7


def test_what_is_too_large_for_a_state_is_not_read(tmp_path: Path, state: State) -> None:
    backend = FileStateBackend(tmp_path / "state.json")
    backend.write(state)
    backend.write(state.next_version(state.bindings))
    (kept,) = (tmp_path / "state.json.versions").iterdir()
    for path in (tmp_path / "state.json", kept):
        os.truncate(path, MAX_STATE_BYTES + 1)
    for read in (backend.read, lambda: backend.read_version(7)):
        with pytest.raises(StateError, match="it has 100,000,001 bytes"):
            read()


def test_a_device_is_not_read_for_ever(tmp_path: Path) -> None:
    backend = FileStateBackend(tmp_path / "state.json")
    for name in ("state.json", "journal.jsonl"):
        (tmp_path / name).symlink_to("/dev/zero")
    with pytest.raises(StateError, match="it is not a regular file"):
        backend.read()
    with pytest.raises(StateError, match="it is not a regular file"):
        backend.journal(tmp_path / "journal.jsonl").read()
