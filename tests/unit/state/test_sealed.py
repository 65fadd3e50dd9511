"""Encrypted state: only the passphrase decrypts it, changes are detected, no plaintext is left behind."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import StateError
from galleryctl.model.secret import Secret
from galleryctl.state.encryption import EncryptedBackend, Encryption
from galleryctl.state.file_backend import FileStateBackend
from galleryctl.state.journal import Journal, read_journal
from galleryctl.state.journal_records import Intent, StepResult, encode_record, encode_result
from galleryctl.state.state_file import CorruptStateError, State, encode_state
from galleryctl.state.versions import DAMAGED

SCHEMA = json.loads((Path(__file__).parents[3] / "schemas/state.schema.json").read_text(encoding="utf-8"))
ITEM = Address.parse("weddings/first-dance")
PLANTED = ("first-dance", "g-1", "i-1", "sha256:ab", "planted-passphrase")


@pytest.fixture(scope="module")
def cipher() -> Encryption:
    """Return one Encryption for all tests here, whose key is derived once."""
    return Encryption(Secret("planted-passphrase"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


def everything_in(folder: Path) -> str:
    return "".join(p.read_text(encoding="utf-8") for p in folder.rglob("*") if p.is_file())


def test_what_is_sealed_is_read_with_the_passphrase_only(path: Path, state: State, cipher: Encryption) -> None:
    EncryptedBackend(FileStateBackend(path), cipher).write(state)
    assert EncryptedBackend(FileStateBackend(path), Encryption(Secret("planted-passphrase"))).read() == state
    with pytest.raises(StateError, match="encrypted with another passphrase") as caught:
        EncryptedBackend(FileStateBackend(path), Encryption(Secret("another"))).read()
    assert "set the passphrase that it was encrypted with" in caught.value.do
    with pytest.raises(StateError, match="this cannot be decrypted\n  no passphrase is set") as caught:
        EncryptedBackend(FileStateBackend(path), Encryption()).read()
    assert "passphrase: ${NAME}" in caught.value.do
    assert "planted" not in f"{caught.value} {cipher!r} {vars(cipher)}"


def test_state_versions_and_journal_hide_what_is_in_them(path: Path, state: State, cipher: Encryption) -> None:
    backend = EncryptedBackend(FileStateBackend(path), cipher)
    backend.write(state)
    backend.write(state.next_version(state.bindings))
    place = backend.journal(path.with_name("journal.jsonl"))
    with Journal.open(place, run="run-1", state=state) as journal:
        asyncio.run(journal.begin("a", Intent(kind="create-item", gallery_id="g-1", sort_orders={ITEM: 0.5})))
        journal.done("a", StepResult(ids={ITEM: "i-1"}, media={"sha256:ab": "f-1"}))
    assert read_journal(place, state).result.ids == {ITEM: "i-1"}
    assert backend.read_version(7) == state
    assert path.read_bytes().endswith(b"}\n")
    path.write_bytes(path.read_bytes().rstrip())  # as earlier releases wrote it
    assert backend.read() == state.next_version(state.bindings)
    found = everything_in(path.parent)
    assert [planted for planted in PLANTED if planted in found] == []
    unset = EncryptedBackend(FileStateBackend(path), Encryption())
    with pytest.raises(StateError, match="no passphrase is set"):
        read_journal(unset.journal(path.with_name("journal.jsonl")), state)


def test_readable_state_that_is_ours_is_sealed_at_the_next_write_with_all_that_was_kept(
    path: Path, state: State, cipher: Encryption
) -> None:
    plain = FileStateBackend(path)
    for _ in range(3):
        plain.write(state)
        state = state.next_version(state.bindings)
    assert "first-dance" in everything_in(path.parent)
    EncryptedBackend(FileStateBackend(path), Encryption(Secret("planted-passphrase"), accept_plaintext=True)).write(
        state
    )
    backend = EncryptedBackend(FileStateBackend(path), cipher)
    assert backend.read() == state
    assert [planted for planted in PLANTED if planted in everything_in(path.parent)] == []
    assert [version.serial for version in backend.versions()] == [9, 8, 7]
    assert backend.read_version(7).bindings == state.bindings


def test_an_unencrypted_state_is_rejected_and_never_encrypted(path: Path, state: State, cipher: Encryption) -> None:
    backend = EncryptedBackend(FileStateBackend(path), cipher)
    backend.write(state)
    backend.write(state.next_version(state.bindings))
    (version,) = path.with_name("state.json.versions").iterdir()
    readable = json.dumps(encode_state(state))
    version.write_text(readable, encoding="utf-8")
    with pytest.raises(StateError, match="this state is not encrypted") as caught:
        backend.read_version(7)
    assert (
        "remove former_passphrase, if set, and run galleryctl state reseal; otherwise choose another version"
        in caught.value.do
    )
    path.write_text(readable, encoding="utf-8")
    with pytest.raises(StateError, match="this state is not encrypted") as caught:
        backend.read()
    assert "galleryctl state restore SERIAL" in caught.value.do
    backend.write(replace(state, serial=9))
    assert backend.read() == replace(state, serial=9)
    assert version.read_text(encoding="utf-8") == readable
    assert version.with_name(DAMAGED).read_text(encoding="utf-8") == readable


def test_what_cannot_be_decrypted_is_not_replaced_and_what_is_torn_is_kept_beside(
    path: Path, state: State, cipher: Encryption
) -> None:
    backend = EncryptedBackend(FileStateBackend(path), cipher)
    backend.write(state)
    stored = path.read_bytes()
    with pytest.raises(StateError, match="it was encrypted with another passphrase"):
        EncryptedBackend(FileStateBackend(path), Encryption(Secret("another"))).write(replace(state, serial=8))
    assert path.read_bytes() == stored
    path.write_bytes(stored[:-40])
    with pytest.raises(CorruptStateError, match="this cannot be decrypted"):
        backend.read()
    backend.write(replace(state, serial=8))
    assert backend.read() == replace(state, serial=8)
    assert (path.with_name("state.json.versions") / DAMAGED).read_bytes() == stored[:-40]


def test_no_layer_but_the_outer_one_knows_of_encryption(path: Path, state: State, cipher: Encryption) -> None:
    """The inner backend stores envelopes as any other content, under the same names."""
    for backend in (FileStateBackend(path), EncryptedBackend(FileStateBackend(path.with_name("other.json")), cipher)):
        backend.write(state)
        backend.write(state.next_version(state.bindings))
    names = [
        [p.name[17:] for p in path.with_name(f"{name}.versions").iterdir()] for name in ("state.json", "other.json")
    ]
    assert names[0] == names[1]


def test_a_version_of_an_earlier_galleryctl_with_sealed_in_its_name_is_read(
    path: Path, state: State, cipher: Encryption
) -> None:
    backend = EncryptedBackend(FileStateBackend(path), cipher)
    backend.write(state)
    backend.write(state.next_version(state.bindings))
    (version,) = path.with_name("state.json.versions").iterdir()
    version.rename(version.with_suffix(".sealed.json"))
    assert [version.serial for version in backend.versions()] == [7]
    assert backend.read_version(7) == state


def test_a_journal_that_somebody_puts_there_unsealed_is_not_believed(
    path: Path, state: State, cipher: Encryption
) -> None:
    journal = path.with_name("journal.jsonl")
    Journal.open(FileStateBackend(path).journal(journal), run="run-1", state=state).close()
    with pytest.raises(StateError, match="this journal is not encrypted, but the workspace has a passphrase") as caught:
        read_journal(EncryptedBackend(FileStateBackend(path), cipher).journal(journal), state)
    assert "apply once without it" in caught.value.do


def test_what_is_sealed_follows_the_published_schema(path: Path, state: State, cipher: Encryption) -> None:
    EncryptedBackend(FileStateBackend(path), cipher).write(state)
    document = json.loads(path.read_bytes())
    Draft202012Validator(SCHEMA).validate(document)
    assert document["about"] == {"kind": "state", "site_id": "site-1", "lineage": "lineage-1", "serial": 7}


@settings(max_examples=60)
@given(data=st.data())
def test_a_changed_or_torn_envelope_is_one_clear_error(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory, cipher: Encryption
) -> None:
    path = tmp_path_factory.mktemp("sealed") / "state.json"
    state = State(site_id="site-1", lineage="lineage-1", serial=7)
    backend = EncryptedBackend(FileStateBackend(path), cipher)
    backend.write(state)
    envelope: dict[str, Any] = json.loads(path.read_bytes())
    whole = path.read_bytes().rstrip()
    match data.draw(st.sampled_from(["cut", "content", "about", "member", "version"])):
        case "cut":
            path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
        case "content":
            name = data.draw(st.sampled_from(["content", "nonce"]))
            content = bytearray(base64.b64decode(envelope[name]))
            content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
            path.write_text(json.dumps({**envelope, name: base64.b64encode(content).decode()}), encoding="utf-8")
        case "about":
            about = {**envelope["about"], data.draw(st.sampled_from(["kind", "site_id", "serial"])): "other"}
            path.write_text(json.dumps({**envelope, "about": about}), encoding="utf-8")
        case "member":
            envelope[data.draw(st.sampled_from(["about", "nonce", "content"]))] = data.draw(
                st.sampled_from([None, 3, "", "é", [], "!"])
            )
            path.write_text(json.dumps(envelope), encoding="utf-8")
        case "version":
            envelope["sealed"] = data.draw(st.sampled_from([None, 2, True, "1"]))
            path.write_text(json.dumps(envelope), encoding="utf-8")
    with pytest.raises(StateError) as caught:
        backend.read()
    assert caught.value.do
    assert str(path) in str(caught.value)


def test_lines_of_a_journal_cannot_change_places(path: Path, state: State, cipher: Encryption) -> None:
    place = EncryptedBackend(FileStateBackend(path), cipher).journal(path)
    with Journal.open(place, run="run-1", state=state) as journal:
        asyncio.run(journal.begin("a", Intent(kind="update")))
        asyncio.run(journal.begin("b", Intent(kind="update")))
    first, second, third = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + third + second)
    with pytest.raises(StateError, match="or it was modified\n  line 2 was not written there"):
        read_journal(place, state)
    path.write_bytes(first + second + third[:40])
    assert [step for step, _ in read_journal(place, state).pending] == ["a"]


def test_lines_of_another_run_and_unencrypted_lines_are_rejected(path: Path, state: State, cipher: Encryption) -> None:
    place = EncryptedBackend(FileStateBackend(path), cipher).journal(path)
    runs: list[list[bytes]] = []
    for run in ("run-1", "run-2"):
        with Journal.open(place, run=run, state=state) as journal:
            asyncio.run(journal.begin("a", Intent(kind="update")))
            journal.done("a", StepResult(ids={ITEM: f"item of {run}"}))
        runs.append(path.read_bytes().splitlines(keepends=True))
    (_, begun, former), (first, *_) = runs
    forged = encode_record(done="a", result=encode_result(StepResult(ids={ITEM: "forged"}))) + b"\n"
    for lines, why in (
        ((first, begun, former), "line 2 was not written there"),
        ((*runs[1][:2], former), "line 3 was not written there"),
        ((*runs[1], forged), "this journal is not encrypted, but the workspace has a passphrase"),
    ):
        path.write_bytes(b"".join(lines))
        with pytest.raises(StateError, match=why) as caught:
            read_journal(place, state)
        assert caught.value.do
    path.write_bytes(b"".join(runs[1]))
    assert read_journal(place, state).result.ids == {ITEM: "item of run-2"}


def test_two_seals_of_the_same_state_differ(tmp_path: Path, state: State, cipher: Encryption) -> None:
    for name in ("one", "two"):
        EncryptedBackend(FileStateBackend(tmp_path / name), cipher).write(State.new("site-1"))
    assert (tmp_path / "one").read_bytes() != (tmp_path / "two").read_bytes()
    assert Bindings() == State.new("site-1").bindings
