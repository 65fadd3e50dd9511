"""`state versions` and `state restore`: recovery from a damaged state, in a file and in a bucket."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli_harness import CliHarness
from tests.support.object_store import FakeObjectStore


@pytest.fixture(params=["file", "s3"])
def anywhere(request: pytest.FixtureRequest) -> CliHarness:
    """Return an unapplied workspace with a gallery of four items, and its state in a file or a bucket."""
    studio: CliHarness = request.getfixturevalue("wedding" if request.param == "file" else "shared")
    return studio


def serials(studio: CliHarness) -> list[int]:
    return [int(line.split()[0]) for line in studio.run("state", "versions").out.splitlines()]


def known(studio: CliHarness) -> object:
    return json.loads(studio.run("state", "list", "--format", "json").out)["galleries"]


def live_ids(galleries: Any) -> dict[str, object]:
    """The live ids of all galleries and items in a listed state."""
    return {
        key: (gallery["id"], {item: entry["id"] for item, entry in gallery["items"].items()})
        for key, gallery in galleries.items()
    }


def test_what_a_state_forgot_comes_back(anywhere: CliHarness) -> None:
    assert "No previous versions" in anywhere.run("state", "versions").err
    anywhere.apply()
    before = known(anywhere)
    last = json.loads(anywhere.run("state", "list", "--format", "json").out)["serial"]
    assert anywhere.run("state", "rm", "weddings/cake").code == 0
    assert serials(anywhere)[0] == last
    ran = anywhere.run("state", "restore", str(last))
    assert (ran.code, ran.out) == (0, "")
    assert f"Restored version {last} as serial {last + 2}." in ran.err
    assert live_ids(known(anywhere)) == live_ids(before)
    planned = anywhere.run("plan", "--detailed-exitcode")
    assert (planned.code, "weddings/cake: adopted" in planned.out) == (2, True)
    anywhere.apply()
    anywhere.assert_no_changes()


def test_what_is_restored_and_no_longer_declared_is_forgotten_and_not_deleted(wedding: CliHarness) -> None:
    wedding.apply()
    last = json.loads(wedding.run("state", "list", "--format", "json").out)["serial"]
    assert wedding.run("state", "rm", "weddings/cake").code == 0
    before = wedding.items()
    manifest = wedding.root / "galleries/weddings.yaml"
    kept = [line for line in manifest.read_text(encoding="utf-8").splitlines() if "cake" not in line]
    manifest.write_text("\n".join(kept), encoding="utf-8")
    assert wedding.run("state", "restore", str(last)).code == 0
    planned = wedding.run("plan", "--detailed-exitcode")
    assert (planned.code, "weddings/cake: no longer in state" in planned.out) == (2, True)
    wedding.apply()
    assert wedding.items() == before
    wedding.assert_no_changes()


def test_an_id_to_delete_that_no_version_knows_is_left_alone(wedding: CliHarness) -> None:
    """Someone edited the state: the id is that of an item of another gallery's owner."""
    wedding.apply()
    gallery = {"name": "Weddings"}
    (added,) = wedding.edit(
        {"gallery": gallery, "item": None, "set": {"type": "TEXT", "title": "theirs", "sortOrder": 99.5}}
    )
    path = wedding.root / ".galleryctl/state.json"
    state = wedding.state()
    state["deposed"] = {added["item"]["id"]: "weddings/cake"}
    path.write_text(json.dumps(state), encoding="utf-8")
    planned = wedding.run("plan")
    assert "is not deleted: no previous version of the state has it" in " ".join(planned.out.split())
    wedding.apply()
    assert "theirs" in wedding.titles()


def test_a_version_that_is_not_stored_is_reported(anywhere: CliHarness) -> None:
    anywhere.apply()
    ran = anywhere.run("state", "restore", "99")
    assert ran.code == 1
    assert "no stored version 99" in ran.err


def test_a_serial_that_is_not_a_number_is_reported(wedding: CliHarness) -> None:
    ran = wedding.run("state", "restore", "abc")
    assert ran.code == 1
    assert "'abc' is not a serial: use a number that `state versions` lists" in ran.err


def test_a_damaged_state_is_replaced_by_a_former_version(wedding: CliHarness) -> None:
    wedding.apply()
    path = wedding.root / ".galleryctl/state.json"
    before = known(wedding)
    assert wedding.run("state", "rm", "weddings/cake").code == 0
    path.write_text("{half", encoding="utf-8")
    ran = wedding.run("plan")
    assert ran.code == 1
    assert wedding.copyable("state restore SERIAL") in ran.err
    ran = wedding.run("state", "restore", str(serials(wedding)[0]))
    assert ran.code == 0, ran.err
    assert known(wedding) == before
    wedding.assert_no_changes()


def test_a_lost_state_comes_back_from_its_versions(wedding: CliHarness) -> None:
    wedding.apply()
    before = known(wedding)
    assert wedding.run("state", "rm", "weddings/cake").code == 0
    (wedding.root / ".galleryctl/state.json").unlink()
    assert wedding.run("state", "restore", str(serials(wedding)[0])).code == 0
    assert known(wedding) == before


def test_an_interrupted_run_must_be_reconciled_first(wedding: CliHarness, tmp_path: Path) -> None:
    wedding.apply()
    assert wedding.run("state", "rm", "weddings/cake").code == 0
    state = wedding.state()
    header = {"journal": 2, "run": "run-1", "started": "x", "carried": []} | {
        name: state[name] for name in ("site_id", "lineage", "serial")
    }
    (tmp_path / ".galleryctl/journal-main.jsonl").write_text(json.dumps(header) + "\n", encoding="utf-8")
    ran = wedding.run("state", "restore", str(serials(wedding)[0]))
    assert ran.code == 1
    assert "an earlier run did not finish" in ran.err
    assert wedding.state() == state


def test_a_workspace_in_a_bucket_leaves_nothing_on_the_disk(shared: CliHarness, s3: FakeObjectStore) -> None:
    shared.apply()
    shared.assert_no_changes()
    left = {path.name for path in (shared.root / ".galleryctl").iterdir()}
    assert left == {"emulator"}
    assert not any("planted" in request for request in s3.requests)


def test_a_sealed_workspace_tells_nothing_where_its_state_lies(
    wedding: CliHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEAL_PASSPHRASE", "planted-passphrase")
    wedding.write(
        "galleryctl.yaml",
        "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\nstate: {passphrase: '${SEAL_PASSPHRASE}'}\n",
    )
    wedding.apply()
    wedding.assert_no_changes()
    assert wedding.run("state", "rm", "weddings/cake").code == 0
    inner = wedding.root / ".galleryctl"
    found = "".join(p.read_text() for p in inner.rglob("*") if p.is_file() and "emulator" not in p.parts)
    assert "first-dance" not in found
    assert "planted" not in found
    monkeypatch.setenv("SEAL_PASSPHRASE", "another")
    ran = wedding.run("plan", "-v")
    assert ran.code == 1
    assert "it was encrypted with another passphrase" in ran.err
    assert "another run" not in ran.err
    assert "planted" not in ran.err + ran.out


def test_without_the_library_it_is_named(wedding: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore.exceptions", None)
    wedding.write(
        "galleryctl.yaml",
        "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\nstate: s3://bucket/state.json\n",
    )
    ran = wedding.run("plan")
    assert ran.code == 1
    assert "pip install '.[object-store]'" in ran.err


@pytest.mark.parametrize("command", [("state", "rebuild", "--auto-approve"), ("apply", "--auto-approve")])
def test_serials_continue_after_those_of_a_lost_state(
    anywhere: CliHarness, command: tuple[str, ...], request: pytest.FixtureRequest
) -> None:
    anywhere.apply()
    for address in ("weddings/cake", "weddings/rings"):
        assert anywhere.run("state", "rm", address).code == 0
    stored = serials(anywhere)
    path = anywhere.root / ".galleryctl/state.json"
    if path.exists():
        path.unlink()
    else:
        request.getfixturevalue("bucket").delete(["sites/main.json"])
    assert anywhere.run(*command).code == 0
    assert json.loads(anywhere.run("state", "list", "--format", "json").out)["serial"] > max(stored)
    assert anywhere.run("state", "rm", "weddings/cake").code == 0
    found = serials(anywhere)
    assert sorted(set(found), reverse=True) == found
