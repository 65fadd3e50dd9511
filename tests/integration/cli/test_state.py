from __future__ import annotations

import asyncio
import json
import os
import socket

import jsonschema
import pytest

from galleryctl.manifest.schema import load_schema
from galleryctl.model.address import Address
from galleryctl.state.backend import LockInfo
from galleryctl.state.file_backend import FileStateBackend
from galleryctl.state.journal import Journal
from galleryctl.state.journal_records import Intent
from galleryctl.state.state_file import decode_state
from tests.support.cli_harness import CliHarness, CommandResult, Doc

WRITING = [
    ["state", "mv", "weddings/cake", "weddings/torte"],
    ["state", "rm", "weddings/cake"],
    ["state", "rebuild", "--auto-approve"],
    ["media", "gc", "--auto-approve"],
]
IMPORT = ["import", "weddings"]


@pytest.fixture
def applied(wedding: CliHarness) -> CliHarness:
    wedding.apply()
    return wedding


def refused(ran: CommandResult, *words: str) -> None:
    assert (ran.code, ran.out) == (1, "")
    for word in words:
        assert word in ran.err


def backend(studio: CliHarness) -> FileStateBackend:
    return FileStateBackend(studio.root / ".galleryctl/state.json")


def holder(run: str, *, host: str = "elsewhere", pid: int = 1) -> LockInfo:
    return LockInfo(run=run, who=f"ana@{host}", pid=pid, since="2026-11-24T10:00:00+00:00", operation="apply")


def items(studio: CliHarness) -> Doc:
    found: Doc = studio.state()["galleries"]["weddings"]["items"]
    return found


def pairs(state: Doc) -> dict[str, str]:
    """Return the live ids of the gallery's items by key."""
    return {key: item["id"] for key, item in state["galleries"]["weddings"]["items"].items()}


def break_off(studio: CliHarness) -> None:
    """Leave the journal of a run that was killed while it created an item."""
    place = backend(studio).journal(studio.root / ".galleryctl/journal-main.jsonl")
    with Journal.open(place, run="killed", state=decode_state(studio.state())) as journal:
        orders = {Address("weddings", "cake"): 77.0}
        asyncio.run(
            journal.begin("create weddings/cake", Intent(kind="create-item", gallery_id="g", sort_orders=orders))
        )


def test_what_is_known_is_listed_whole_or_in_part(applied: CliHarness) -> None:
    ran = applied.run("state", "list")
    assert ran.code == 0
    rows = [line.split() for line in ran.out.splitlines()]
    assert rows[0] == ["weddings", applied.galleries()[0]["id"], "protected"]
    assert rows[1] == ["weddings/cake", applied.items()[1]["id"]]
    assert len(rows) == 5
    part = applied.run("state", "list", "weddings/cake", "weddings/rings").out
    assert [line.split()[0] for line in part.splitlines()] == ["weddings", "weddings/cake", "weddings/rings"]


def test_json_is_a_state(applied: CliHarness) -> None:
    whole = json.loads(applied.run("state", "list", "--format", "json").out)
    assert whole == applied.state()
    part = json.loads(applied.run("state", "show", "weddings/cake", "--format", "json").out)
    jsonschema.validate(part, load_schema("state"))
    assert [*part["galleries"]["weddings"]["items"]] == ["cake"]
    assert part["media"] == {}


def test_an_entry_is_shown_whole(applied: CliHarness) -> None:
    item = applied.run("state", "show", "weddings/cake").out
    assert item == f"weddings/cake\n  live id    {applied.items()[1]['id']}\n  protected  no\n"
    gallery = applied.run("state", "show", "weddings").out
    assert "  protected  yes\n  items      4\n    weddings/cake " in gallery


def test_looking_asks_nothing_of_the_site_and_writes_nothing(applied: CliHarness) -> None:
    before = applied.state()
    for args in (["list"], ["show", "weddings"], ["unlock"]):
        ran = applied.run("state", *args, "-vv")
        assert (ran.code, ran.requests) == (0, [])
    assert applied.state() == before


def test_what_is_not_known_is_told_with_what_is_close(applied: CliHarness) -> None:
    for args in (["list", "weddings/caek"], ["show", "weddings/caek"], ["rm", "weddings/caek"]):
        refused(applied.run("state", *args), 'no resource "weddings/caek" in state', "did you mean weddings/cake")
    refused(applied.run("state", "mv", "nope", "other"), 'no resource "nope" in state')
    assert applied.run("state", "show", "a/b/c").code == 1
    assert applied.run("state", "rm").code == 1


def test_without_state_there_is_nothing_to_list(wedding: CliHarness) -> None:
    ran = wedding.run("state", "list")
    assert (ran.code, ran.out) == (0, "")
    assert "No state has been written" in ran.err


def test_an_item_under_a_new_address_is_the_same_item(applied: CliHarness) -> None:
    before, serial = items(applied), applied.state()["serial"]
    assert applied.run("state", "mv", "weddings/cake", "weddings/torte").code == 0
    assert items(applied)["torte"] == before["cake"]
    assert "cake" not in items(applied)
    assert applied.state()["serial"] == serial + 1
    path = applied.root / "galleries/weddings.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("{image: photos/cake", "{key: torte, image: photos/cake"), encoding="utf-8")
    applied.assert_no_changes()


def test_a_gallery_moves_with_its_items_and_its_protection(applied: CliHarness) -> None:
    before = applied.state()["galleries"]["weddings"]
    assert applied.run("state", "mv", "weddings", "feasts").code == 0
    assert applied.state()["galleries"] == {"feasts": before}
    path = applied.root / "galleries/weddings.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("gallery: weddings", "gallery: feasts"), encoding="utf-8")
    applied.assert_no_changes()


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("weddings/cake", "weddings/rings", "weddings/rings is already in state"),
        ("weddings", "weddings/all", "one is a gallery, the other an item"),
        ("weddings/cake", "feasts/cake", "an item cannot move to another gallery"),
        ("weddings", "weddings", "weddings is already in state"),
    ],
)
def test_an_address_that_is_taken_or_of_another_kind_is_refused(
    applied: CliHarness, source: str, target: str, words: str
) -> None:
    before = applied.state()
    refused(applied.run("state", "mv", source, target), words)
    assert applied.state() == before


def test_what_is_forgotten_stays_on_the_site_and_is_asked_about(applied: CliHarness) -> None:
    live, before = applied.items(), items(applied)
    ran = applied.run("state", "rm", "weddings/cake", "weddings/words", "-vv")
    assert (ran.code, ran.requests) == (0, [])
    assert "The site was not changed" in ran.err
    assert sorted(items(applied)) == ["first-dance", "rings"]
    ids = {key: before[key]["id"] for key in ("cake", "words")}
    ran = applied.run("apply", "--auto-approve")
    assert ran.code == 1
    for key, id_ in ids.items():
        assert f"adopt: {{{key}: {id_}}} to manage it; foreign: [{id_}] to create another one" in ran.err
    assert applied.items() == live
    path = applied.root / "galleries/weddings.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("items:\n", f"adopt: {json.dumps(ids)}\nitems:\n"), encoding="utf-8")
    applied.apply()
    assert pairs(applied.state()) == {key: item["id"] for key, item in before.items()}
    assert {key: items(applied)[key]["origin"] for key in ids} == {"cake": "adopted", "words": "adopted"}
    assert applied.items() == live
    applied.assert_no_changes()


def test_a_forgotten_gallery_takes_its_items_and_protection_along(applied: CliHarness) -> None:
    assert applied.run("state", "rm", "weddings").code == 0
    assert applied.state()["galleries"] == {}
    assert len(set(applied.state()["media"].values())) == 3
    assert len(applied.items()) == 4


@pytest.mark.parametrize("harm", ["nothing", "gone", "broken", "empty", "no state", "forgotten"])
def test_a_rebuild_finds_the_same_pairs_whatever_became_of_the_state(applied: CliHarness, harm: str) -> None:
    before, live = applied.state(), applied.items()
    path = applied.root / ".galleryctl/state.json"
    match harm:
        case "gone":
            path.unlink()
        case "broken":
            path.write_text(path.read_text(encoding="utf-8")[:200], encoding="utf-8")
        case "empty":
            path.write_text("", encoding="utf-8")
        case "no state":
            path.write_text('{"version": 1}', encoding="utf-8")
        case "forgotten":
            applied.run("state", "rm", "weddings")
    ran = applied.run("state", "rebuild", "--auto-approve", "-vv")
    assert ran.code == 0, ran.err
    assert "State rebuilt: 5 resources, 3 files" in ran.out
    assert {request.split()[0] for request in ran.requests} <= {"GET", "POST"}
    assert not any("/galleries" in request for request in ran.requests if request.startswith("POST"))
    after = applied.state()
    assert (pairs(after), after["media"]) == (pairs(before), before["media"])
    gallery = before["galleries"]["weddings"]
    assert after["galleries"]["weddings"]["id"] == gallery["id"]
    assert after["galleries"]["weddings"]["protect"] is gallery["protect"] is True
    assert (after["galleries"] == before["galleries"]) is (harm == "nothing")  # last applied values are only in state
    assert after["serial"] > (0 if harm in ("gone", "broken", "empty", "no state") else before["serial"])
    assert applied.items() == live
    applied.assert_no_changes()


def test_a_rebuild_over_a_broken_state_says_so_and_keeps_it_aside(applied: CliHarness) -> None:
    applied.write(".galleryctl/state.json", "{ broken")
    ran = applied.run("state", "rebuild", "--auto-approve")
    assert "The previous state cannot be read" in ran.err
    kept = [p for p in (applied.root / ".galleryctl").rglob("*") if p.is_file() and p.read_bytes() == b"{ broken"]
    assert kept


def test_a_rebuild_keeps_protection_that_no_manifest_tells_any_more(applied: CliHarness) -> None:
    path = applied.root / "galleries/weddings.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("name: Weddings\n", "name: Weddings\nprotect: false\n", 1), encoding="utf-8")
    assert applied.run("state", "rebuild", "--auto-approve").code == 0
    assert applied.state()["galleries"]["weddings"]["protect"] is True


def test_a_rebuild_tells_what_is_guessed_what_differs_and_what_is_missing(applied: CliHarness) -> None:
    (cake,) = [file["id"] for file in applied.files() if file["displayName"] == "cake.jpg"]
    applied.call_api("PATCH", "/site-media/v1/files/update-file-descriptor", {"file": {"id": cake, "labels": ["x"]}})
    gallery, words = applied.galleries()[0]["id"], applied.items()[3]["id"]
    applied.edit({"gallery": gallery, "item": words, "delete": True})
    before = applied.state()
    guess = "by file name and size (guess): please verify"
    refused(applied.run("state", "rebuild", "--auto-approve"), guess, "adopt: {KEY: ID}", "--adopt-guesses")
    assert applied.state() == before
    ran = applied.run("state", "rebuild", "--auto-approve", "--adopt-guesses")
    assert ran.code == 0
    assert guess in ran.err
    assert f"weddings/words: was {words}, now not in state" in ran.err
    assert "weddings/words: not found on the site" in ran.err


def test_a_rebuild_asks_first(applied: CliHarness) -> None:
    before = applied.state()
    refused(applied.run("state", "rebuild"), "standard input is not a terminal", "--auto-approve")
    assert applied.state() == before


def test_a_rebuild_leaves_what_is_no_state_of_this_site_alone(applied: CliHarness) -> None:
    for change, words in (({"site_id": "other"}, "to site other"), ({"version": 99}, "newer galleryctl")):
        text = json.dumps({**applied.state(), **change})
        applied.write(".galleryctl/state.json", text)
        refused(applied.run("state", "rebuild", "--auto-approve"), words)
        assert (applied.root / ".galleryctl/state.json").read_text(encoding="utf-8") == text
        applied.write(".galleryctl/state.json", json.dumps({**json.loads(text), "site_id": "x", "version": 1}))


@pytest.mark.parametrize("command", WRITING)
def test_who_writes_waits_for_the_lock(applied: CliHarness, command: list[str]) -> None:
    before = applied.state()
    with backend(applied).lock(holder("r1")):
        refused(applied.run(*command), "locked by ana@elsewhere", "run r1", "state unlock r1")
    assert applied.state() == before


def test_an_import_needs_no_lock(applied: CliHarness) -> None:
    before = applied.state()
    with backend(applied).lock(holder("r1")):
        assert applied.run(*IMPORT).code == 0
    assert applied.state() == before


@pytest.mark.parametrize("command", [IMPORT, *(c for c in WRITING if "rebuild" not in c)])
def test_who_writes_waits_until_a_broken_off_run_is_understood(applied: CliHarness, command: list[str]) -> None:
    break_off(applied)
    before = applied.state()
    refused(applied.run(*command), "an earlier run did not finish", applied.copyable("apply"))
    assert applied.state() == before
    assert "An earlier run did not finish" in applied.run("state", "list").err
    applied.apply()
    assert applied.run(*command).code == 0


def test_a_lock_of_another_machine_is_broken_on_purpose(applied: CliHarness) -> None:
    with backend(applied).lock(holder("r1")):
        refused(applied.run("state", "unlock"), "locked by ana@elsewhere", "state unlock r1 --force")
        refused(applied.run("state", "unlock", "r2", "--force"), "run r2 does not hold the lock")
        ran = applied.run("state", "unlock", "r1", "--force")
        assert (ran.code, ran.out) == (0, "Released the lock of run r1.\n")
        assert applied.run("state", "rm", "weddings/cake").code == 0


def test_a_run_that_is_still_at_work_here_keeps_its_lock(applied: CliHarness) -> None:
    with backend(applied).lock(holder("r1", host=socket.gethostname(), pid=os.getpid())):
        refused(applied.run("state", "unlock", "r1", "--force"), "still running", f"kill {os.getpid()}")


def test_a_lock_that_nobody_holds_is_told(applied: CliHarness) -> None:
    assert "is not locked" in applied.run("state", "unlock").out
    refused(applied.run("state", "unlock", "r1", "--force"), "run r1 does not hold the lock", "it is free")
    ran = applied.run("state", "unlock", "--force")
    assert ran.code == 1
    assert "--force requires RUN_ID" in ran.err


@pytest.mark.parametrize("command", [["list"], ["show", "weddings"], ["rm", "weddings"], ["mv", "weddings", "x"]])
def test_a_state_that_cannot_be_read_is_told_with_what_to_do(applied: CliHarness, command: list[str]) -> None:
    applied.write(".galleryctl/state.json", "{")
    refused(applied.run("state", *command), "the state is not valid JSON", "state rebuild")


@pytest.mark.parametrize("command", [["list"], ["rm", "weddings"], ["rebuild", "--auto-approve"]])
def test_a_format_without_a_meaning_is_refused(applied: CliHarness, command: list[str]) -> None:
    ran = applied.run("state", *command, "--format", "github")
    assert ran.code == 1
    assert "--format github is not supported here" in ran.out + ran.err
    assert len(items(applied)) == 4
