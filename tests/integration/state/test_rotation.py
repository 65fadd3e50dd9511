"""Add, change or remove the passphrase of a workspace in use: with an apply, or with `state reseal`."""

from __future__ import annotations

import asyncio
import json
import sys

import pytest

from galleryctl.model.address import Address
from galleryctl.model.secret import Secret
from galleryctl.state import encryption
from galleryctl.state.encryption import EncryptedBackend, Encryption
from galleryctl.state.file_backend import FileStateBackend
from galleryctl.state.journal import Journal
from galleryctl.state.journal_records import Intent
from tests.integration.state.test_versions import known, serials
from tests.support.cli_harness import CliHarness, CommandResult

WORKSPACE = "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\nstate: STATE\n"
OLD, NEW = "{passphrase: '${OLD_PASSPHRASE}'}", "{passphrase: '${NEW_PASSPHRASE}'}"
CHANGING = "{passphrase: '${NEW_PASSPHRASE}', former_passphrase: '${OLD_PASSPHRASE}'}"
OPENING = "{former_passphrase: '${OLD_PASSPHRASE}'}"


@pytest.fixture(autouse=True)
def _cheap_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make key derivation fast: it is slow by design, and each command repeats it."""
    monkeypatch.setattr(encryption, "SCRYPT_N", 2)


@pytest.fixture
def sealed(wedding: CliHarness, monkeypatch: pytest.MonkeyPatch) -> CliHarness:
    """Return a workspace with two versions of its state, encrypted with the old passphrase; the next apply adopts an item."""
    monkeypatch.setenv("OLD_PASSPHRASE", "planted-old")
    monkeypatch.setenv("NEW_PASSPHRASE", "planted-new")
    become(wedding, OLD)
    wedding.apply()
    assert wedding.run("state", "rm", "weddings/cake").code == 0
    cake = next(item["id"] for item in wedding.items() if item["title"] == "Cake")
    manifest = wedding.root / "galleries/weddings.yaml"
    text = manifest.read_text(encoding="utf-8").replace("items:", f"adopt: {{cake: {cake}}}\nitems:")
    manifest.write_text(text, encoding="utf-8")
    return wedding


def become(studio: CliHarness, state: str) -> None:
    studio.write("galleryctl.yaml", WORKSPACE.replace("STATE", state))


def kept(studio: CliHarness) -> list[str]:
    """Return the state, its stored versions and the records of its runs."""
    return [path.read_text() for path in (studio.root / ".galleryctl").glob("state.json*/*")] + [
        (studio.root / ".galleryctl/state.json").read_text()
    ]


def fine(ran: CommandResult) -> CommandResult:
    assert ran.code == 0, ran.err
    assert "planted" not in ran.out + ran.err
    return ran


def test_reseal_changes_the_passphrase_at_once(sealed: CliHarness) -> None:
    before, last, files = known(sealed), serials(sealed)[0], kept(sealed)
    become(sealed, CHANGING)
    fine(sealed.run("plan"))
    ran = fine(sealed.run("state", "reseal"))
    assert ran.out == ""
    assert "State, 2 previous versions and 1 record of a run are now encrypted" in ran.err
    assert "Remove former_passphrase from galleryctl.yaml" in ran.err
    become(sealed, NEW)
    assert known(sealed) == before
    assert not set(kept(sealed)) & set(files)
    assert not any("first-dance" in text for text in kept(sealed))
    fine(sealed.run("state", "restore", str(last)))
    sealed.apply()
    sealed.assert_no_changes()
    become(sealed, OLD)
    ran = sealed.run("plan")
    assert ran.code == 1
    assert "it was encrypted with another passphrase" in ran.err


def test_an_apply_changes_it_too(sealed: CliHarness) -> None:
    become(sealed, CHANGING)
    sealed.apply()
    become(sealed, NEW)
    sealed.assert_no_changes()
    for serial in serials(sealed)[:3]:
        fine(sealed.run("state", "restore", str(serial)))


def test_a_run_that_was_killed_before_the_change_goes_on_after_it(sealed: CliHarness) -> None:
    backend = EncryptedBackend(
        FileStateBackend(sealed.root / ".galleryctl/state.json"), Encryption(Secret("planted-old"))
    )
    state = backend.read()
    assert state is not None
    place = backend.journal(sealed.root / ".galleryctl/journal-main.jsonl")
    with Journal.open(place, run="killed", state=state) as journal:
        cake = next(item for item in sealed.items() if item["title"] == "Cake")
        orders = {Address("weddings", "cake"): float(cake["sortOrder"])}
        gallery = state.bindings.ids[Address("weddings")]
        asyncio.run(journal.begin("create", Intent(kind="create-item", gallery_id=gallery, sort_orders=orders)))
    become(sealed, CHANGING)
    ran = sealed.run("state", "reseal")
    assert ran.code == 1
    assert "an earlier run did not finish" in ran.err
    sealed.apply()
    become(sealed, NEW)
    sealed.assert_no_changes()
    assert sealed.titles().count("Cake") == 1


def test_a_passphrase_is_given_up_on_purpose(sealed: CliHarness) -> None:
    become(sealed, OPENING)
    assert "from now on it is written unencrypted" in fine(sealed.run("plan")).err
    assert (
        "State, 2 previous versions and 1 record of a run are now unencrypted"
        in fine(sealed.run("state", "reseal")).err
    )
    become(sealed, "{}")
    assert {(doc.get("version"), doc.get("history")) for doc in map(json.loads, kept(sealed))} == {(2, None), (None, 1)}
    sealed.apply()
    sealed.assert_no_changes()


def test_a_readable_state_is_sealed_at_once(sealed: CliHarness) -> None:
    become(sealed, OPENING)
    fine(sealed.run("state", "reseal"))
    become(sealed, NEW)
    ran = fine(sealed.run("state", "reseal", "--format", "json"))
    assert json.loads(ran.out)["galleries"] == known(sealed)
    assert "former_passphrase" not in ran.err
    assert not any("first-dance" in text for text in kept(sealed))


def test_while_the_passphrase_changes_an_unencrypted_state_is_rejected(sealed: CliHarness) -> None:
    become(sealed, OPENING)
    fine(sealed.run("state", "reseal"))
    become(sealed, CHANGING)
    for command in ("reseal", "list"):
        ran = sealed.run("state", command)
        assert ran.code == 1
        assert "this state is not encrypted, but the workspace has a passphrase" in ran.err


def test_what_neither_passphrase_decrypts_is_reported_and_kept(
    sealed: CliHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path, *_) = sorted((sealed.root / ".galleryctl/state.json.versions").iterdir())
    monkeypatch.setenv("NEW_PASSPHRASE", "planted-third")
    become(sealed, CHANGING)
    fine(sealed.run("state", "reseal"))
    content = path.read_bytes()
    monkeypatch.setenv("OLD_PASSPHRASE", "planted-third")
    monkeypatch.setenv("NEW_PASSPHRASE", "planted-new")
    path.write_bytes(content[:-20] + b'"}\n')
    ran = fine(sealed.run("state", "reseal"))
    assert "State, 2 previous versions and 1 record of a run are now encrypted" in ran.err
    assert f"{path.name} cannot be decrypted and was left unchanged" in "".join(ran.err.split("\n"))


def test_two_wrong_passphrases_are_refused(sealed: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLD_PASSPHRASE", "planted-third")
    become(sealed, CHANGING)
    ran = sealed.run("state", "reseal")
    assert ran.code == 1
    assert "it was encrypted with another passphrase" in ran.err
    assert "planted" not in ran.err


def test_there_must_be_something_to_seal_and_something_to_seal_with(
    wedding: CliHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = wedding.run("state", "reseal")
    assert ran.code == 1
    assert "the workspace has no passphrase to encrypt the state with" in ran.err
    monkeypatch.setenv("NEW_PASSPHRASE", "planted-new")
    become(wedding, NEW)
    ran = wedding.run("state", "reseal")
    assert ran.code == 1
    assert "no state exists yet" in ran.err
    assert not (wedding.root / ".galleryctl/state.json").exists()


@pytest.mark.parametrize("state", [NEW, OPENING])
def test_without_the_library_for_it_that_is_named(
    sealed: CliHarness, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    become(sealed, state)
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    ran = sealed.run("plan")
    assert ran.code == 1
    assert "state encryption needs the library `cryptography`" in ran.err
    assert "pip install '.[encryption]'" in ran.err


def test_each_site_is_sealed_on_its_own(wedding: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLD_PASSPHRASE", "planted-old")
    monkeypatch.setenv("NEW_PASSPHRASE", "planted-new")
    sites = "sites: {one: {}, two: {}}\n"
    for state in (OLD, CHANGING):
        become(wedding, "{location: '.galleryctl/{site}.json', " + state[1:] + "\n" + sites)
        if state == OLD:
            wedding.apply("--site", "one")
    ran = fine(wedding.run("--site", "one", "state", "reseal"))
    assert "one no longer needs former_passphrase; run state reseal for each site." in ran.err
