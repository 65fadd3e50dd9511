"""The history of a state in a bucket: stored beside it, encrypted with it."""

from __future__ import annotations

import json

import pytest

from galleryctl.state import encryption
from tests.support.cli_harness import CliHarness
from tests.support.object_store import FakeObjectStore


def test_the_history_is_in_the_bucket(shared: CliHarness, s3: FakeObjectStore) -> None:
    shared.apply()
    shared.write_gallery(["{key: words, text: '<p>Bye</p>', title: Words}"], head=HEAD)
    shared.apply("--max-delete-percent", "100")
    ran = shared.run("history", "--format", "json")
    assert [(run["number"], run["result"]) for run in json.loads(ran.out)["runs"]] == [(2, "applied"), (1, "applied")]
    ran = shared.run("history", "2")
    assert "quality:     90 → (none)" in ran.out
    assert any("/sites/main.json.history/00000002.json" in request for request in s3.requests)
    assert {path.name for path in (shared.root / ".galleryctl").iterdir()} == {"emulator"}


HEAD = "bind: {name: Weddings, create: true}\nname: Weddings\n"


def test_it_is_encrypted_with_the_state(shared: CliHarness, bucket_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "SCRYPT_N", 2)  # slow by design
    monkeypatch.setenv("SEAL_PASSPHRASE", "planted-passphrase")
    workspace = (shared.root / "galleryctl.yaml").read_text(encoding="utf-8").rpartition("state:")[0]
    location = f"location: 's3://{bucket_name}/sites/{{site}}.json'"
    shared.write("galleryctl.yaml", f"{workspace}state: {{{location}, passphrase: '${{SEAL_PASSPHRASE}}'}}\n")
    shared.apply()
    assert "+5" in shared.run("history").out
    shared.write("galleryctl.yaml", f"{workspace}state: {{{location}}}\n")
    ran = shared.run("history", "1")
    assert ran.code == 1
    assert "no passphrase is set" in ran.err


def test_a_run_of_an_encrypted_state_in_a_bucket_is_undone(
    shared: CliHarness, bucket_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encryption, "SCRYPT_N", 2)  # slow by design
    monkeypatch.setenv("SEAL_PASSPHRASE", "planted-passphrase")
    workspace = (shared.root / "galleryctl.yaml").read_text(encoding="utf-8").rpartition("state:")[0]
    location = f"location: 's3://{bucket_name}/sites/{{site}}.json'"
    shared.write("galleryctl.yaml", f"{workspace}state: {{{location}, passphrase: '${{SEAL_PASSPHRASE}}'}}\n")
    shared.apply()
    shared.edit({"gallery": {"name": "Weddings"}, "item": {"title": "Cake"}, "set": {"title": "By Ada"}})
    titles = shared.titles()
    shared.write_gallery(["{key: words, text: '<p>Thank you</p>', title: Words}"], head=HEAD)
    shared.apply("--max-delete-percent", "100")
    ran = shared.run("undo", "2")
    assert ran.code == 0, ran.out + ran.err
    assert "brought back 3 entries (first-dance, cake, rings)" in ran.out
    shared.apply()
    shared.assert_no_changes()
    assert shared.titles() == titles
