"""Saved plans, targets and moved entries, while it is unknown what an interrupted run created."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from galleryctl.model.address import Address
from galleryctl.model.desired import Desired
from galleryctl.model.errors import Refused, StaleError
from galleryctl.model.last_applied import Origin
from galleryctl.plan.file.codec import decode_plan, encode_plan
from galleryctl.state.file_backend import FileStateBackend
from galleryctl.state.journal import read_journal
from galleryctl.state.journal_file import FileJournal
from galleryctl.state.state_file import State
from tests.integration.faults.test_recovery import CREATE_ITEM, add_text, asked, crash, crashed, settled
from tests.support.engine_harness import ALLOW_ALL, Crash, EngineHarness, make_desired, text_item, video_item
from tests.support.person import Person


def state_of(world: EngineHarness) -> State:
    state = FileStateBackend(world.root / "state.json").read()
    assert state is not None
    return state


def pending(world: EngineHarness) -> list[Address]:
    """Return the addresses that the journal has as pending."""
    journal = read_journal(FileJournal(world.root / "journal.jsonl"), state_of(world))
    return [address for _, intent in journal.pending for address in intent.sort_orders]


def apply_saved(world: EngineHarness, desired: Desired) -> int:
    """Plan, save the plan as a document, and apply that."""
    return world.apply_saved(decode_plan(encode_plan(world.plan(desired)))).report.exit_code


def in_doubt(world: EngineHarness, phase: str) -> Desired:
    """Kill a run around the create of b, between a and z; return its manifests."""
    world.apply(make_desired(text_item("a"), text_item("z")))
    desired = make_desired(text_item("a"), text_item("b", description="sweet"), text_item("z"))
    crashed(world, crash(phase, CREATE_ITEM), lambda: world.apply(desired))
    return desired


def moved_away(world: EngineHarness) -> dict[str, Any]:
    """Move the created item to the end, and return it."""
    made = world.items()[1]
    gallery = world.galleries()[0]["id"]
    (moved,) = world.edit({"gallery": gallery, "item": made["id"], "set": {"sortOrder": 99999.5}})
    item: dict[str, Any] = moved["item"]
    return item


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_saved_plan_completes_an_interrupted_run(world: EngineHarness, phase: str) -> None:
    desired = in_doubt(world, phase)
    assert apply_saved(world, desired) == 0
    assert world.titles() == ["a", "b", "z"]
    settled(world, desired)


def test_a_saved_plan_takes_over_what_adopt_answered(world: EngineHarness) -> None:
    desired = in_doubt(world, "after")
    made = moved_away(world)
    answered = Person(foreign=()).answer(desired, asked(world, desired, "b"))
    assert apply_saved(world, answered) == 0
    assert world.titles() == ["a", "b", "z"]
    record = state_of(world).bindings.records[Address("weddings", "b")]
    assert state_of(world).bindings.ids[Address("weddings", "b")] == made["id"]
    assert (record.origin, record.fields["description"].wrote) == (Origin.ADOPTED, True)
    settled(world, answered)
    without = make_desired(text_item("a"), text_item("b"), text_item("z"))
    assert world.apply(without).report.exit_code == 0
    assert not world.items()[1].get("description"), "it was ours, although its answer was lost"


def test_a_saved_plan_creates_what_foreign_answered(world: EngineHarness) -> None:
    desired = in_doubt(world, "before")
    theirs = add_text(world, 99999.5)
    answered = Person(foreign=(theirs["id"],)).answer(desired, asked(world, desired, "b"))
    assert apply_saved(world, answered) == 0
    assert world.titles() == ["a", "b", "z", "By hand"]
    assert theirs in world.items()
    settled(world, answered)


def test_a_question_that_comes_up_after_the_plan_makes_it_stale(world: EngineHarness) -> None:
    desired = in_doubt(world, "before")
    plan = world.plan(desired)
    theirs = add_text(world, 99999.5)
    before = world.items()
    with pytest.raises(StaleError, match="an earlier run may have created it"):
        world.apply_saved(plan)
    assert world.items() == before
    answered = Person(foreign=(theirs["id"],)).answer(desired, asked(world, desired, "b"))
    assert apply_saved(world, answered) == 0
    settled(world, answered)


def test_a_create_in_doubt_that_is_no_target_stays_in_doubt(world: EngineHarness) -> None:
    in_doubt(world, "before")
    desired = make_desired(text_item("a", title="A"), text_item("b"), text_item("z"))
    for title in ("A", "B"):
        desired = make_desired(text_item("a", title=title), text_item("b"), text_item("z"))
        options = replace(ALLOW_ALL, targets=(Address("weddings", "a"),))
        assert world.apply(desired, options).report.exit_code == 0
        assert pending(world) == [Address("weddings", "b")]
    assert world.apply(desired, replace(ALLOW_ALL, targets=(Address("weddings", "z"),))).report.exit_code == 0
    assert pending(world) == [Address("weddings", "b")]
    assert world.apply(desired).report.exit_code == 0
    assert world.titles() == ["B", "b", "z"]
    assert not (world.root / "journal.jsonl").exists()


def test_a_question_about_another_item_does_not_hold_a_target_up(world: EngineHarness) -> None:
    desired = in_doubt(world, "after")
    moved_away(world)
    changed = make_desired(text_item("a", title="A"), *desired.galleries[0].items[1:])
    assert world.apply(changed, replace(ALLOW_ALL, targets=(Address("weddings", "a"),))).report.exit_code == 0
    assert world.titles() == ["A", "z", "b"]
    asked(world, changed, "b")


def test_deletes_in_the_gallery_wait_for_the_create(world: EngineHarness) -> None:
    in_doubt(world, "before")
    desired = make_desired(text_item("a"), text_item("b"))
    options = replace(ALLOW_ALL, targets=(Address("weddings", "z"),))
    with pytest.raises(Refused, match="items of its gallery would be deleted before that is known") as caught:
        world.apply(desired, options)
    assert "--target weddings/b" in caught.value.do
    assert world.titles() == ["a", "z"]
    both = replace(options, targets=(*options.targets, Address("weddings", "b")))
    assert world.apply(desired, both).report.exit_code == 0
    assert world.titles() == ["a", "b"]


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("saved", [False, True])
def test_a_create_in_doubt_is_moved(world: EngineHarness, phase: str, *, saved: bool) -> None:
    in_doubt(world, phase)
    desired = make_desired(
        text_item("a"), text_item("c", title="b"), text_item("z"), moved=[("weddings/b", "weddings/c")]
    )
    plan = world.plan(desired)
    sent = [change.sort_order for change in plan.changes if change.address.item == "c" and change.sort_order]
    if phase == "before":
        assert len(sent) == 1
    assert (apply_saved(world, desired) if saved else world.apply(desired).report.exit_code) == 0
    assert world.titles() == ["a", "b", "z"]
    assert "description" not in world.items()[1] or not world.items()[1]["description"]
    assert set(sent) <= {item["sortOrder"] for item in world.items()}
    settled(world, desired)


def test_a_create_in_doubt_that_the_manifests_reorder_is_sent_again_and_moved(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a"), text_item("z")))
    desired = make_desired(text_item("a"), video_item("b", 7), text_item("z"))
    crashed(world, crash("after", CREATE_ITEM), lambda: world.apply(desired))
    world.faults(script=[{"fault": "stale", "method": "GET", "times": 4}])
    world.settings(honour_consistent=False)
    desired = make_desired(video_item("b", 7, title="B"), text_item("a"), text_item("z"))
    for _ in range(3):
        if world.apply(desired).report.exit_code == 0:
            break
        world.faults()
    assert world.titles() == ["B", "a", "z"]
    settled(world, desired)


def test_a_kill_between_two_runs_loses_no_doubt(world: EngineHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal is replaced as a whole: at no moment is the create in doubt recorded nowhere."""
    desired = in_doubt(world, "before")
    start = FileJournal.start

    def kill_before(_journal: FileJournal, _first: bytes) -> Any:
        raise Crash

    def kill_after(journal: FileJournal, first: bytes) -> Any:
        start(journal, first).close()
        raise Crash

    for kill in (kill_before, kill_after):
        with monkeypatch.context() as patch:
            patch.setattr(FileJournal, "start", kill)
            with pytest.raises(Crash):
                world.apply(desired)
        assert pending(world) == [Address("weddings", "b")]
    assert world.apply(desired).report.exit_code == 0
    assert world.titles() == ["a", "b", "z"]


def in_doubt_under_new_key(world: EngineHarness, moved: list[tuple[str, str]]) -> Desired:
    """Kill a run after the create of b, and return manifests in which its gallery has another key."""
    in_doubt(world, "after")
    return make_desired(text_item("a"), text_item("b"), text_item("z"), gallery="parties", moved=moved)


@pytest.mark.parametrize("moved", [[("weddings", "parties")], []])
def test_a_create_in_doubt_is_asked_about_under_the_new_key_of_its_gallery(
    world: EngineHarness, moved: list[tuple[str, str]]
) -> None:
    desired = in_doubt_under_new_key(world, moved)
    moved_away(world)
    with pytest.raises(Refused, match="parties/b: an earlier run may have created it"):
        world.apply(desired)
    answered = Person(foreign=()).answer(desired, world.plan(desired).refusals)
    assert world.apply(answered).report.exit_code == 0
    assert world.titles() == ["a", "b", "z"]
    settled(world, answered)


@pytest.mark.parametrize("moved", [[("weddings", "parties")], []])
def test_a_kill_once_state_has_the_new_key_of_the_gallery_loses_no_doubt(
    world: EngineHarness, monkeypatch: pytest.MonkeyPatch, moved: list[tuple[str, str]]
) -> None:
    """State has the new key, the journal still the old one."""
    in_doubt(world, "before")
    desired = make_desired(text_item("a"), text_item("b"), text_item("z"), gallery="parties", moved=moved)

    def kill(_journal: FileJournal, _first: bytes) -> Any:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(FileJournal, "start", kill)
        with pytest.raises(Crash):
            world.apply(desired)
    assert (Address("parties") in world.state_ids(), pending(world)) == (True, [Address("weddings", "b")])
    add_text(world, 99999.5)
    with pytest.raises(Refused, match="parties/b: an earlier run may have created it"):
        world.apply(desired)
