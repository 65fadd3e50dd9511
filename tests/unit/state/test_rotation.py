"""Changing the passphrase: content encrypted with the former one is read, and encrypted again at the next write."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from obstore.store import MemoryStore

from galleryctl.model.errors import StateError
from galleryctl.model.secret import Secret
from galleryctl.state import encryption
from galleryctl.state.backend import StateBackend
from galleryctl.state.bucket import Bucket
from galleryctl.state.encryption import EncryptedBackend, Encryption
from galleryctl.state.file_backend import FileStateBackend
from galleryctl.state.journal import Journal, read_journal
from galleryctl.state.journal_records import Intent
from galleryctl.state.object_backend import ObjectStateBackend
from galleryctl.state.state_file import State
from galleryctl.state.versions import DAMAGED

OLD, NEW, OTHER = (Secret(f"planted-{name}") for name in ("old", "new", "other"))
PLANTED = ("first-dance", "planted-")


class Place:
    """Storage of a state in a folder or a bucket, with access to all its content."""

    def __init__(self, folder: Path, bucket: Bucket | None) -> None:
        self._folder = folder
        self._bucket = bucket

    def open(self, cipher: Encryption | None = None) -> StateBackend:
        if self._bucket is not None:
            return EncryptedBackend(ObjectStateBackend(self._bucket, "state.json"), cipher or Encryption())
        return EncryptedBackend(FileStateBackend(self._folder / "state.json"), cipher or Encryption())

    def contents(self) -> dict[str, str]:
        """Return all stored content by name."""
        if self._bucket is None:
            return {path.name: path.read_text() for path in self._folder.rglob("*") if path.is_file()}
        found = {key.rpartition("/")[2]: self._bucket.get(key) for key in self._bucket.list("")}
        return {name: object_.content.decode() for name, object_ in found.items() if object_}

    def put(self, name: str, content: str) -> None:
        """Replace the content with that name."""
        if self._bucket is None:
            path = self._folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(content)
        else:
            found = self._bucket.get(name)
            self._bucket.put(name, content.encode(), found.tag if found else None)

    @property
    def journal(self) -> Path:
        """Return the journal of a state in a file."""
        return self._folder / "journal.jsonl"


@pytest.fixture(autouse=True)
def _cheap_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a cheap key derivation: these tests try so many passphrases that the real one would take a minute."""
    monkeypatch.setattr(encryption, "SCRYPT_N", 2)


@pytest.fixture(params=["file", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    bucket = Bucket(MemoryStore(), "memory://bucket") if request.param == "bucket" else None
    return Place(tmp_path, bucket)


def write(backend: StateBackend, state: State, times: int) -> State:
    """Write that many versions and return the next one."""
    for _ in range(times):
        backend.write(state)
        state = state.next_version(state.bindings)
    return state


def test_the_state_and_all_versions_are_encrypted_with_the_new_passphrase(place: Place, state: State) -> None:
    following = write(place.open(Encryption(OLD)), state, 3)
    place.put(f"state.json.versions/{DAMAGED}", place.contents()["state.json"])
    before = place.contents()
    backend = place.open(Encryption(NEW, former_passphrase=OLD))
    assert backend.read() is not None
    assert backend.read_version(7) == state
    backend.write(following)
    alone = place.open(Encryption(NEW))
    assert alone.read() == following
    assert [version.serial for version in alone.versions()] == [9, 8, 7]
    assert all(alone.read_version(serial).bindings == state.bindings for serial in (7, 8, 9))
    found = place.contents()
    assert len(found) == 5
    assert not set(found.values()) & set(before.values())
    assert not any(planted in text for planted in PLANTED for text in found.values())
    for name in found:  # what is readable of each is the same as before
        assert json.loads(found[name])["about"]["lineage"] == "lineage-1"
    with pytest.raises(StateError, match="it was encrypted with another passphrase"):
        place.open(Encryption(OLD)).read()
    for serial in (7, 8, 9):
        with pytest.raises(StateError, match="this cannot be decrypted"):
            place.open(Encryption(OLD)).read_version(serial)


def test_without_a_new_one_all_becomes_readable(place: Place, state: State) -> None:
    following = write(place.open(Encryption(OLD)), state, 3)
    backend = place.open(Encryption(former_passphrase=OLD))
    assert backend.read_version(7) == state
    backend.write(following)
    alone = place.open()
    assert alone.read() == following
    assert [alone.read_version(serial).serial for serial in (9, 8, 7)] == [9, 8, 7]
    assert all(json.loads(text)["version"] == 2 for text in place.contents().values())


def test_a_broken_off_rotation_goes_on(place: Place, state: State) -> None:
    """A write is interrupted after some versions were encrypted again, but not the state."""
    following = write(place.open(Encryption(OLD)), state, 3)
    before = place.contents()
    place.open(Encryption(NEW, former_passphrase=OLD)).write(following)
    place.put("state.json", before["state.json"])
    newest = max(name for name in place.contents() if name.startswith("2"))
    place.put(f"state.json.versions/{min(before)}", before[min(before)])
    backend = place.open(Encryption(NEW, former_passphrase=OLD))
    assert backend.read() == State(site_id=state.site_id, lineage=state.lineage, serial=9, bindings=state.bindings)
    backend.write(following)
    assert newest in place.contents()
    assert [place.open(Encryption(NEW)).read_version(serial).serial for serial in (9, 8, 7)] == [9, 8, 7]


def test_a_version_of_a_passphrase_that_nobody_gives_is_left_as_it_is(place: Place, state: State) -> None:
    following = write(place.open(Encryption(OTHER)), state, 2)
    place.open(Encryption(OLD, former_passphrase=OTHER)).write(following)
    (first, *_) = sorted(name for name in place.contents() if name.startswith("2"))
    place.put(f"state.json.versions/{first}", Encryption(OTHER).encrypt(b"{}", {"kind": "state"}).decode())
    kept = place.contents()[first]
    place.open(Encryption(NEW, former_passphrase=OLD)).write(following.next_version(state.bindings))
    assert place.contents()[first] == kept
    with pytest.raises(StateError, match="cannot be decrypted"):
        place.open(Encryption(NEW, former_passphrase=OLD)).read_version(7)
    assert place.open(Encryption(NEW)).read_version(8).serial == 8


def test_a_journal_of_the_former_passphrase_is_understood(place: Place, state: State) -> None:
    with Journal.open(place.open(Encryption(OLD)).journal(place.journal), run="run-1", state=state) as journal:
        asyncio.run(journal.begin("a", Intent(kind="update")))
        asyncio.run(journal.begin("b", Intent(kind="update")))
    rotated = place.open(Encryption(NEW, former_passphrase=OLD)).journal(place.journal)
    assert [step for step, _ in read_journal(rotated, state).pending] == ["a", "b"]
    assert len(read_journal(place.open(Encryption(former_passphrase=OLD)).journal(place.journal), state).pending) == 2
    with Journal.open(rotated, run="run-2", state=state) as journal:
        asyncio.run(journal.begin("c", Intent(kind="update")))
    alone = place.open(Encryption(NEW)).journal(place.journal)
    assert [step for step, _ in read_journal(alone, state).pending] == ["c"]


@pytest.mark.parametrize(
    ("cipher", "why"),
    [
        (
            lambda: Encryption(OTHER, former_passphrase=NEW),
            "it was encrypted with another passphrase, or it was modified",
        ),
        (
            lambda: Encryption(former_passphrase=NEW),
            "it was encrypted with another passphrase, or it was modified",
        ),
        (lambda: Encryption(NEW), "it was encrypted with another passphrase, or it was modified"),
    ],
)
def test_a_wrong_passphrase_is_told_with_those_that_were_tried(
    place: Place, state: State, cipher: Callable[[], Encryption], why: str
) -> None:
    place.open(Encryption(OLD)).write(state)
    with pytest.raises(StateError) as caught:
        place.open(cipher()).read()
    assert caught.value.why == why
    assert "as passphrase or former_passphrase" in caught.value.do
    assert "planted" not in str(caught.value)


def test_who_knows_no_passphrase_gains_nothing_by_a_former_one(place: Place, state: State) -> None:
    """Content encrypted with another passphrase is never read; nothing is ever encrypted with the former one."""
    backend = place.open(Encryption(NEW, former_passphrase=OLD))
    backend.write(state)
    sealed = place.contents()["state.json"]
    place.put("state.json", Encryption(OTHER).encrypt(b"{}", {"kind": "state"}).decode())
    with pytest.raises(StateError, match="cannot be decrypted"):
        place.open(Encryption(NEW, former_passphrase=OLD)).read()
    document = json.loads(sealed)
    place.put("state.json", json.dumps({**document, "about": {**document["about"], "serial": 99}}))
    with pytest.raises(StateError, match="cannot be decrypted"):
        place.open(Encryption(NEW, former_passphrase=OLD)).read()
    place.put("state.json", sealed)
    assert place.open(Encryption(NEW)).read() == state


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from([None, OLD, NEW, OTHER]), max_size=6))
def test_after_any_changes_the_last_passphrase_alone_opens_all_that_is_kept(
    tmp_path_factory: pytest.TempPathFactory, state: State, steps: list[Secret | None]
) -> None:
    place = Place(tmp_path_factory.mktemp("rotated"), None)
    now: Secret | None = None
    place.open().write(state)
    for step in steps:
        before, now = now, step
        state = state.next_version(state.bindings)
        former = before if before != now else None
        place.open(Encryption(now, former_passphrase=former, accept_plaintext=before is None)).write(state)
        alone = place.open(Encryption(now))
        assert alone.read() == state
        assert [alone.read_version(v.serial).serial for v in alone.versions()] == [*range(state.serial - 1, 6, -1)]
        assert all(text.startswith('{"sealed":') is bool(now) for text in place.contents().values())
