"""State in a file: replaced in one step, the version before kept, trouble told with what to do."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import StateError
from galleryctl.state.document import State
from galleryctl.state.file import FileState


def test_what_was_never_written_is_none(tmp_path: Path) -> None:
    assert FileState(tmp_path / "state.json").read() is None


def test_what_is_written_is_read_and_only_its_owner_may(tmp_path: Path, state: State) -> None:
    path = tmp_path / "inner/state.json"
    FileState(path).write(state)
    assert FileState(path).read() == state
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text(encoding="utf-8").endswith("}\n")


def test_the_version_before_is_kept(tmp_path: Path, state: State) -> None:
    backend = FileState(tmp_path / "state.json")
    backend.write(state)
    backend.write(state.following(Bindings()))
    assert FileState(tmp_path / "state.json.backup").read() == state
    assert sorted(p.name for p in tmp_path.iterdir()) == ["state.json", "state.json.backup"]


def test_a_full_disk_leaves_the_old_file(
    tmp_path: Path, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = FileState(tmp_path / "state.json")
    backend.write(state)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StateError) as caught:
            backend.write(state.following(Bindings()))
    assert "the state cannot be written: the disk is full" in str(caught.value)
    assert "free some space" in caught.value.do
    assert backend.read() == state
    assert [p.name for p in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"{}", b"null"])
def test_a_corrupt_file_names_the_backup(tmp_path: Path, state: State, content: bytes) -> None:
    path = tmp_path / "state.json"
    backend = FileState(path)
    backend.write(state)
    backend.write(state.following(Bindings()))
    path.write_bytes(content)
    with pytest.raises(StateError) as caught:
        backend.read()
    assert str(path) in str(caught.value)
    assert "state.json.backup" in caught.value.do
    assert "galleryctl state rebuild" in caught.value.do


def test_a_rebuild_replaces_a_corrupt_file_and_keeps_it_as_the_backup(tmp_path: Path, state: State) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(b"{half")
    FileState(path).write(state)
    assert FileState(path).read() == state
    assert (tmp_path / "state.json.backup").read_bytes() == b"{half"


def test_a_run_that_lost_its_lock_does_not_write_over_a_later_one(tmp_path: Path, state: State) -> None:
    backend = FileState(tmp_path / "state.json")
    backend.write(state.following(Bindings()))
    with pytest.raises(StateError, match="another run wrote the state meanwhile"):
        backend.write(state.following(state.bindings))
    assert backend.read() == state.following(Bindings())


def test_a_folder_in_the_way_is_told(tmp_path: Path, state: State) -> None:
    (tmp_path / "state.json").mkdir()
    with pytest.raises(StateError, match="the state cannot be read"):
        FileState(tmp_path / "state.json").read()
    with pytest.raises(StateError):
        FileState(tmp_path / "state.json").write(state)


def test_the_location_is_the_path(tmp_path: Path) -> None:
    assert FileState(tmp_path / "state.json").location == str(tmp_path / "state.json")
