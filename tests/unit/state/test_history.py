"""Records of runs beside a state: numbered, limited, encrypted with it and bound to their number."""

from __future__ import annotations

from pathlib import Path

import pytest

from galleryctl.model.errors import StateError
from galleryctl.model.secret import Secret
from galleryctl.state.encryption import EncryptedBackend, Encryption
from galleryctl.state.file_backend import FileStateBackend
from galleryctl.state.history import MAX_RUNS
from galleryctl.state.state_file import State

OLD, NEW = Secret("old"), Secret("new")


def test_records_are_numbered_and_the_oldest_are_removed(tmp_path: Path) -> None:
    backend = FileStateBackend(tmp_path / "state.json")
    assert backend.run_numbers() == []
    for number in range(1, MAX_RUNS + 3):
        backend.store_record(number, b"%d" % number)
    for name in ("notes.txt", "99999999999999999999999.json", "000000023.json"):
        (tmp_path / "state.json.history" / name).write_text("theirs")
    backend.remove_old_records()
    assert backend.run_numbers() == list(range(MAX_RUNS + 2, 2, -1))
    assert backend.load_record(3) == b"3"
    with pytest.raises(StateError, match="this no longer exists"):
        backend.load_record(2)
    assert (tmp_path / "state.json.history/notes.txt").exists()


def test_they_are_encrypted_and_bound_to_their_number(tmp_path: Path) -> None:
    plain = FileStateBackend(tmp_path / "state.json")
    backend = EncryptedBackend(plain, Encryption(OLD))
    backend.store_record(1, b"planted")
    assert backend.load_record(1) == b"planted"
    assert b"planted" not in plain.load_record(1)
    plain.store_record(2, plain.load_record(1))
    with pytest.raises(StateError, match="this is not the record of run 2"):
        backend.load_record(2)
    plain.store_record(3, b"planted")
    with pytest.raises(StateError, match="this record is not encrypted, but the workspace has a passphrase"):
        backend.load_record(3)


def test_the_next_write_of_the_state_encrypts_them_with_the_new_passphrase(tmp_path: Path, state: State) -> None:
    plain = FileStateBackend(tmp_path / "state.json")
    before = EncryptedBackend(plain, Encryption(OLD))
    before.write(state)
    before.store_record(1, b"first")
    plain.store_record(2, b"damaged")
    EncryptedBackend(plain, Encryption(NEW, former_passphrase=OLD)).write(state.next_version(state.bindings))
    assert EncryptedBackend(plain, Encryption(NEW)).load_record(1) == b"first"
    assert plain.load_record(2) == b"damaged", "what cannot be decrypted stays as it is"
