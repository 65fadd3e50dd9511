"""State in an in-memory store: conditional writes, stale listings, encrypted content, concurrent writers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstore.store import LocalStore, MemoryStore

from galleryctl.model.errors import StateError
from galleryctl.model.secret import Secret
from galleryctl.state import bucket as module
from galleryctl.state.backend import LockInfo
from galleryctl.state.bucket import Bucket, open_bucket
from galleryctl.state.encryption import EncryptedBackend, Encryption
from galleryctl.state.journal import Journal, read_journal
from galleryctl.state.journal_records import Intent
from galleryctl.state.object_backend import ObjectStateBackend
from galleryctl.state.state_file import State

UNUSED = Path("unused")


@pytest.fixture
def bucket() -> Bucket:
    return Bucket(MemoryStore(), "memory://bucket")


def test_a_write_takes_effect_only_on_what_was_read(bucket: Bucket) -> None:
    first = bucket.put("key", b"1", None)
    assert first is not None
    assert bucket.put("key", b"2", None) is None
    second = bucket.put("key", b"3", first)
    assert second is not None
    assert bucket.put("key", b"4", first) is None
    found = bucket.get("key")
    assert found is not None
    assert (found.content, found.tag) == (b"3", second)


def test_what_is_written_already_counts_as_written(bucket: Bucket) -> None:
    tag = bucket.put("key", b"mine", None)
    assert bucket.put("key", b"mine", None) == tag


def test_what_was_deleted_is_not_as_it_was(bucket: Bucket) -> None:
    tag = bucket.put("folder/key", b"1", None)
    bucket.delete(["folder/key", "folder/gone"])
    assert bucket.list("folder") == []
    assert bucket.put("folder/key", b"2", tag) is None
    assert bucket.get("folder/key") is None


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["read", "write"])), max_size=20))
def test_of_any_writers_in_any_order_none_undoes_anothers_version(moves: list[tuple[int, str]]) -> None:
    bucket = Bucket(MemoryStore(), "memory://bucket")
    backends = [ObjectStateBackend(bucket, "state.json") for _ in range(3)]
    seen: dict[int, State] = {}
    written: list[int] = []
    for writer, move in moves:
        if move == "read":
            seen[writer] = backends[writer].read() or State(site_id="site-1", lineage="lineage-1")
        elif writer in seen:
            state = seen[writer].next_version(seen[writer].bindings)
            try:
                backends[writer].write(state)
            except StateError as error:
                assert error.what == "another run wrote the state in the meantime"  # noqa: PT017 - either end is right
            else:
                written.append(state.serial)
                seen[writer] = state
    assert written == list(range(1, len(written) + 1))


def test_a_sealed_state_in_a_bucket_hides_all_but_its_names(bucket: Bucket, state: State) -> None:
    plain = ObjectStateBackend(bucket, "state.json")
    plain.write(state)
    with pytest.raises(StateError, match="this state is not encrypted, but the workspace has a passphrase"):
        EncryptedBackend(ObjectStateBackend(bucket, "state.json"), Encryption(Secret("planted"))).read()
    backend = EncryptedBackend(
        ObjectStateBackend(bucket, "state.json"), Encryption(Secret("planted"), accept_plaintext=True)
    )
    assert backend.read() == state
    backend.write(state.next_version(state.bindings))
    with Journal.open(backend.journal(UNUSED), run="run-1", state=state) as journal:
        asyncio.run(journal.begin("create weddings/first-dance", Intent(kind="update")))
    contents = [found.content for key in bucket.list("") if (found := bucket.get(key))]
    assert len(contents) == 3
    assert not any(b"first-dance" in content or b"planted" in content for content in contents)
    assert backend.read_version(7) == state
    assert len(read_journal(backend.journal(UNUSED), state).pending) == 1


def test_a_journal_that_cannot_be_written_begins_nothing_more(bucket: Bucket, state: State, anna: LockInfo) -> None:
    backend = ObjectStateBackend(bucket, "state.json")
    with backend.lock(anna), Journal.open(backend.journal(UNUSED), run="run-1", state=state) as journal:
        bucket.delete(["state.json.journal"])
        with pytest.raises(StateError, match="starts no more steps"):
            asyncio.run(journal.begin("a", Intent(kind="update")))
        with pytest.raises(StateError, match="an earlier write to the journal failed") as caught:
            asyncio.run(journal.begin("b", Intent(kind="update")))
    assert caught.value.do


DEEP = b"[" * 100_000 + b"\n"
ENDLESS = b'{"chain": "c", "parts": Infinity}\n'


@pytest.mark.parametrize(
    "content", [b"x\n", b"{}\n", b"[]\n", b"\n", b"null\n", b"\xff\n", b"no newline", DEEP, ENDLESS]
)
def test_what_is_no_journal_is_told(bucket: Bucket, content: bytes) -> None:
    bucket.put("state.json.journal", content, None)
    with pytest.raises(StateError, match="this is not a galleryctl journal") as caught:
        ObjectStateBackend(bucket, "state.json").journal(UNUSED).read()
    assert "state.json.journal" in str(caught.value)
    assert caught.value.do


def test_a_journal_that_tells_of_parts_without_end_is_told(bucket: Bucket) -> None:
    bucket.put("state.json.journal", b'{"chain": "c", "parts": 1000000000000}\n', None)
    bucket.put("state.json.journal.parts/c-000000", b"{}\n", None)
    with pytest.raises(StateError, match="a part of the journal is missing"):
        ObjectStateBackend(bucket, "state.json").journal(UNUSED).read()


def test_folders_beside_the_versions_are_left_alone(bucket: Bucket, state: State) -> None:
    kept = "state.json.versions/before/20260101T000000Z-00000001-abcdef01.json"
    bucket.put(kept, b"theirs", None)
    backend = EncryptedBackend(ObjectStateBackend(bucket, "state.json", max_versions=1), Encryption(Secret("planted")))
    for _ in range(3):
        backend.write(state)
        state = state.next_version(state.bindings)
    assert [version.serial for version in backend.versions()] == [8]
    found = bucket.get(kept)
    assert found is not None
    assert found.content == b"theirs"


def test_what_is_too_large_for_a_state_is_not_loaded(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_STATE_BYTES", 3)
    bucket.put("state.json", b"four", None)
    with pytest.raises(StateError, match="it has 4 bytes") as caught:
        ObjectStateBackend(bucket, "state.json").read()
    assert caught.value.do


def test_a_folder_without_end_is_not_listed_to_its_end(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_KEYS", 3)
    for number in range(4):
        bucket.put(f"site.json.versions/{number}", b"x", None)
    with pytest.raises(StateError, match="it has more than 3 objects"):
        bucket.list("site.json.versions")


def test_a_journal_is_cleared_without_having_been_read(bucket: Bucket, state: State) -> None:
    with Journal.open(ObjectStateBackend(bucket, "s").journal(UNUSED), run="run-1", state=state) as journal:
        asyncio.run(journal.begin("a", Intent(kind="update")))
    ObjectStateBackend(bucket, "s").journal(UNUSED).clear()
    assert read_journal(ObjectStateBackend(bucket, "s").journal(UNUSED), state).pending == ()


def test_a_store_without_conditions_is_refused_at_the_first_change(tmp_path: Path, state: State) -> None:
    backend = ObjectStateBackend(Bucket(LocalStore(tmp_path), "file://bucket"), "state.json")
    backend.write(state)
    with pytest.raises(StateError, match="does not support conditional writes"):
        backend.write(state.next_version(state.bindings))
    assert backend.read() == state


def test_an_account_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_ACCOUNT_NAME"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(StateError, match="the object store cannot be used") as caught:
        open_bucket("az://container/key")
    assert "'Share state' in the documentation" in caught.value.do
