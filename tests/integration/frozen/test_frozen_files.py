"""Files of an earlier galleryctl: its states are read and upgraded; its journals and plans are rejected with advice."""

from __future__ import annotations

import hashlib
import json
import re
import shutil

import pytest

from tests.support.cli_harness import CommandResult, Doc
from tests.support.frozen_site import ENCRYPTED, FROZEN, PASSPHRASE, TITLES, WORKSPACE, Frozen, read

JOURNAL = ".galleryctl/journal-main.jsonl"
STATE = ".galleryctl/state.json"
STEPS: dict[str, list[Doc]] = read("site.json")["steps"]
"""The effect of each step of the frozen journal on the site."""
ADVICE = re.compile(r"adopt: \{(\w+): ([0-9a-f-]{36})\}")


def listed_state(frozen: Frozen) -> Doc:
    ran = frozen.run("state", "list", "--format", "json")
    assert ran.code == 0, ran.out + ran.err
    listed: Doc = json.loads(ran.out)
    return listed


def upgraded(state: Doc) -> Doc:
    """Return a state of format 1 as format 2 has it: without the default `protect`, and with no last applied values."""

    def upgraded_entry(entry: Doc) -> Doc:
        return {name: value for name, value in entry.items() if (name, value) != ("protect", False)}

    galleries = {
        key: {**upgraded_entry(gallery), "items": {key: upgraded_entry(item) for key, item in gallery["items"].items()}}
        for key, gallery in state["galleries"].items()
    }
    return {**state, "version": 2, "galleries": galleries, "released": {}, "approvals": []}


def planned(frozen: Frozen) -> Doc:
    plan: Doc = json.loads(frozen.run("plan", "--format", "json").out)
    return plan


def answer(frozen: Frozen, lines: str) -> None:
    """Add these lines to the gallery's manifest."""
    path = frozen.root / "galleries/weddings.yaml"
    path.write_text(path.read_text("utf-8").replace("items:\n", f"{lines}\nitems:\n"), encoding="utf-8")


def add_item(frozen: Frozen) -> None:
    """Add a text to the gallery's manifest."""
    path = frozen.root / "galleries/weddings.yaml"
    path.write_text(path.read_text("utf-8") + "  - {key: more, text: <p>More</p>}\n", encoding="utf-8")


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_state_of_format_1_is_read_and_plans_nothing(frozen: Frozen, *, encrypted: bool) -> None:
    frozen.restore(encrypted=encrypted)
    before = (frozen.root / STATE).read_bytes()
    assert listed_state(frozen) == upgraded(read("state-format-1.json"))
    frozen.assert_no_changes()
    assert frozen.run("drift").code == 0
    assert (frozen.root / STATE).read_bytes() == before


def test_an_apply_without_changes_upgrades_a_state_of_format_1_once(frozen: Frozen) -> None:
    frozen.restore()
    items = frozen.items()
    frozen.apply()
    state = frozen.state()
    assert (state["version"], state["serial"]) == (2, read("state-format-1.json")["serial"] + 1)
    frozen.apply()
    assert frozen.state() == state
    assert frozen.items() == items


def test_a_state_of_format_1_is_written_in_format_2(frozen: Frozen) -> None:
    """A change and its opposite leave the same entries; the next plan is still empty."""
    frozen.restore()
    assert frozen.run("state", "mv", "weddings/old", "weddings/new").code == 0
    assert frozen.run("state", "mv", "weddings/new", "weddings/old").code == 0
    old = read("state-format-1.json")
    expected = json.dumps({**upgraded(old), "serial": old["serial"] + 2}, indent=2) + "\n"
    assert (frozen.root / STATE).read_text(encoding="utf-8") == expected
    frozen.assert_no_changes()


@pytest.mark.parametrize("encrypted", [False, True])
def test_the_first_apply_upgrades_the_state(frozen: Frozen, *, encrypted: bool) -> None:
    frozen.restore("after", encrypted=encrypted)
    frozen.apply()
    frozen.assert_applied()
    state = listed_state(frozen)
    assert state["version"] == 2
    origins = {key: item["origin"] for key, item in state["galleries"]["weddings"]["items"].items()}
    assert origins == {
        **dict.fromkeys(["dance", "film", "words"], "unknown"),
        **dict.fromkeys(["cake", "intro", "song", "bye"], "created"),
    }


UNNAMED = """\
gallery: weddings
bind: {name: Weddings, create: true}
items:
  - {image: photos/dance.jpg}
  - {key: intro, text: <p>Welcome</p>}
  - {key: film, video: https://vimeo.com/76979871}
  - {key: old, text: <p>Old</p>}
  - {key: words, text: <p>Thank you</p>, protect: true}
"""
"""The manifest `before` without the fields that it names there."""


@pytest.mark.parametrize("write", ["no write", "a state command", "an apply"])
def test_nothing_is_cleared_after_the_upgrade(frozen: Frozen, write: str) -> None:
    """State of format 1 does not say which values galleryctl wrote: none of them are cleared when they lose their line."""
    frozen.restore()
    if write == "a state command":
        assert frozen.run("state", "mv", "weddings/old", "weddings/new").code == 0
        assert frozen.run("state", "mv", "weddings/new", "weddings/old").code == 0
    elif write == "an apply":
        add_item(frozen)
        frozen.apply()
    before = frozen.items()[:5]
    frozen.write("galleries/weddings.yaml", UNNAMED)
    assert [change["cleared"] for change in planned(frozen)["changes"] if change["action"] != "delete"] == []
    frozen.apply()
    assert frozen.items() == before
    assert frozen.galleries()[0]["name"] == "Weddings"
    frozen.assert_no_changes()


@pytest.mark.parametrize(
    "command", ["plan", "apply --auto-approve", "state list", "state mv weddings/old weddings/new"]
)
def test_a_state_of_a_newer_format_is_rejected(frozen: Frozen, command: str) -> None:
    frozen.restore("after")
    text = json.dumps({**read("state-format-1.json"), "version": 3})
    frozen.write(STATE, text)
    titles = frozen.titles()
    ran = frozen.run(*command.split())
    assert ran.code == 1
    assert "unsupported state version 3, written by a newer galleryctl" in ran.err
    assert "upgrade galleryctl" in ran.err
    assert (frozen.root / STATE).read_text(encoding="utf-8") == text
    assert frozen.titles() == titles


def test_an_encrypted_state_opens_with_its_passphrase_only(frozen: Frozen, monkeypatch: pytest.MonkeyPatch) -> None:
    frozen.restore(encrypted=True)
    path = frozen.root / STATE
    before = path.read_bytes()
    frozen.write("galleryctl.yaml", WORKSPACE)
    assert frozen.run("plan").code == 1
    frozen.write("galleryctl.yaml", ENCRYPTED)
    monkeypatch.setenv("STATE_PASSPHRASE", "another")
    assert frozen.run("plan").code == 1
    assert path.read_bytes() == before
    monkeypatch.setenv("STATE_PASSPHRASE", PASSPHRASE)
    assert frozen.run("state", "mv", "weddings/old", "weddings/new").code == 0
    old, new = json.loads(before), json.loads(path.read_bytes())
    assert list(new) == list(old)
    assert new["about"] == {**old["about"], "serial": old["about"]["serial"] + 1}
    assert listed_state(frozen)["version"] == 2


def restore_deposed(frozen: Frozen) -> str:
    """Restore the state with a replaced item that is not deleted yet, and that item; return its id."""
    frozen.restore()
    frozen.change(*read("site.json")["deposed"])
    shutil.copy(FROZEN / "state-format-1-deposed.json", frozen.root / STATE)
    (id_,) = read("state-format-1-deposed.json")["deposed"]
    return str(id_)


def write_previous_version(frozen: Frozen) -> None:
    """Store the version before that state: it has the replaced item under its key."""
    state = read("state-format-1-deposed.json")
    ((id_, address),) = state["deposed"].items()
    state["galleries"]["weddings"]["items"][address.partition("/")[2]]["id"] = id_
    state |= {"serial": state["serial"] - 1, "deposed": {}}
    lineage = hashlib.sha256(state["lineage"].encode()).hexdigest()[:8]
    name = f"20261127T153741Z-{state['serial']:08}-{lineage}.json"
    frozen.write(f"{STATE}.versions/{name}", json.dumps(state))


def test_a_deposed_item_that_a_previous_version_had_is_deleted(frozen: Frozen) -> None:
    id_ = restore_deposed(frozen)
    write_previous_version(frozen)
    assert listed_state(frozen) == upgraded(read("state-format-1-deposed.json"))
    (change,) = planned(frozen)["changes"]
    assert (change["action"], change["id"], change["address"]) == ("delete", id_, "weddings/intro")
    frozen.apply()
    assert listed_state(frozen)["deposed"] == {}
    assert id_ not in {item["id"] for item in frozen.items()}
    frozen.assert_no_changes()


def test_a_deposed_item_that_no_previous_version_had_is_left_alone(frozen: Frozen) -> None:
    """Somebody may have edited the state: the id may be that of any item."""
    id_ = restore_deposed(frozen)
    plan = planned(frozen)
    assert plan["changes"] == []
    assert [id_ in notice["message"] for notice in plan["notices"]] == [True]
    frozen.assert_no_changes()
    add_item(frozen)
    frozen.apply()
    assert id_ in {item["id"] for item in frozen.items()}
    frozen.assert_no_changes()


def rejected(frozen: Frozen, *command: str) -> CommandResult:
    """Run the command; check that it fails, and that it changes neither the state, nor the journal, nor the site."""
    files = [path for path in (frozen.root / STATE, frozen.root / JOURNAL) if path.exists()]
    contents, items = [path.read_bytes() for path in files], frozen.items()
    ran = frozen.run(*command)
    assert ran.code == 1, ran.out
    assert [path.read_bytes() for path in files] == contents
    assert frozen.items() == items
    return ran


def leave_journal(frozen: Frozen, name: str) -> None:
    """Leave the journal and the site as the earlier galleryctl did when it was killed."""
    frozen.restore("after", encrypted="encrypted" in name)
    shutil.copy(FROZEN / name, frozen.root / JOURNAL)
    frozen.change(*(change for changes in STEPS.values() for change in changes))


JOURNALS = ["journal-cut.jsonl", "journal-cut-encrypted.jsonl"]


@pytest.mark.parametrize("name", JOURNALS)
@pytest.mark.parametrize(
    "command",
    [
        "plan",
        "apply --auto-approve",
        "drift",
        "state list",
        "state mv weddings/old weddings/new",
        "state rebuild --auto-approve",
    ],
)
def test_a_journal_of_format_1_is_rejected(frozen: Frozen, name: str, command: str) -> None:
    leave_journal(frozen, name)
    ran = rejected(frozen, *command.split())
    assert "unsupported journal version 1; this galleryctl reads version 2" in ran.err
    assert "move it aside when no run is active" in ran.err


@pytest.mark.parametrize("name", JOURNALS)
def test_the_items_of_a_journal_that_was_moved_aside_are_adopted(frozen: Frozen, name: str) -> None:
    """The next plan asks about each item that the interrupted run created; with the answers, nothing is created twice."""
    leave_journal(frozen, name)
    (frozen.root / JOURNAL).rename(frozen.root / "aside.jsonl")
    rejected(frozen, "apply", "--auto-approve")
    found = [ADVICE.search(refusal["allow"]) for refusal in planned(frozen)["refusals"]]
    asked = {match[1]: match[2] for match in found if match is not None}
    creates = {step.partition("/")[2]: edit["set"]["id"] for step, (edit, *_) in STEPS.items() if "create" in step}
    assert asked == creates
    answer(frozen, f"adopt: {json.dumps(asked)}")
    frozen.apply()
    known = frozen.assert_applied()
    assert {key: known[key]["id"] for key in creates} == creates


def test_the_items_of_a_journal_that_was_moved_aside_are_left_alone_as_foreign(frozen: Frozen) -> None:
    leave_journal(frozen, JOURNALS[0])
    (frozen.root / JOURNAL).rename(frozen.root / "aside.jsonl")
    creates = [edit["set"]["id"] for step, (edit, *_) in STEPS.items() if "create" in step]
    theirs = [item for item in frozen.items() if item["id"] in creates]
    answer(frozen, f"foreign: {json.dumps(creates)}")
    frozen.apply()
    assert [item for item in frozen.items() if item["id"] in creates] == theirs
    assert sorted(frozen.titles()) == sorted([*TITLES, *(item["title"] for item in theirs)])
    frozen.assert_no_changes()


@pytest.mark.parametrize("command", ["show", "apply"])
def test_a_plan_of_format_version_1_is_rejected(frozen: Frozen, command: str) -> None:
    frozen.restore("after", encrypted=True)
    shutil.copy(FROZEN / "plan-signed.json", frozen.root / "plan.json")
    ran = rejected(frozen, command, "plan.json")
    assert "format_version 1 is not supported; this galleryctl reads version 2" in ran.err
    assert f"galleryctl -C {frozen.root} plan --out FILE" in ran.err
