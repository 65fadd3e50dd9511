"""Items of other people in a managed gallery, and states that are not the latest: nothing is taken, nothing twice."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from galleryctl.engine.state.rebuild import RebuildResult, rebuild_state
from galleryctl.model.address import Address
from galleryctl.model.desired import Desired, UnmanagedPolicy
from galleryctl.model.errors import Refused
from galleryctl.plan.changes import Action
from galleryctl.plan.make import PlanOptions
from galleryctl.state.file_backend import FileStateBackend
from tests.support.engine_harness import EngineHarness, make_desired, text_item, video_item
from tests.support.person import Person

STRICT = PlanOptions(max_delete_percent=100)
GALLERY = {"name": "Weddings"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[EngineHarness]:
    made = EngineHarness(tmp_path)
    yield made
    made.close()


def add_item(world: EngineHarness, **members: Any) -> dict[str, Any]:
    """Add an item in the Editor and return it."""
    (made,) = world.edit({"gallery": GALLERY, "item": None, "set": members})
    return dict(made["item"])


def untitled(world: EngineHarness, number: int) -> dict[str, Any]:
    """Add an item with the title "Untitled" in the Editor."""
    return add_item(
        world, type="TEXT", title="Untitled", sortOrder=100.25 + number, text={"html": f"<p>theirs {number}</p>"}
    )


def with_answers(
    desired: Desired,
    *,
    adopt: dict[str, str] | None = None,
    foreign: tuple[str, ...] = (),
    removed: tuple[str, ...] = (),
) -> Desired:
    """The manifests with these lines in that of the first gallery."""
    first, *others = desired.galleries
    answered = replace(
        first,
        adopt={Address("weddings", key): id_ for key, id_ in (adopt or {}).items()},
        foreign=frozenset(foreign),
        removed=frozenset(Address("weddings", key) for key in removed),
    )
    return replace(desired, galleries=(answered, *others))


def settled(world: EngineHarness, desired: Desired) -> None:
    assert world.plan(desired, STRICT).is_empty


def by_id(items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {item["id"]: item for item in items}


def test_new_entries_do_not_take_items_of_the_same_title_and_their_removal_does_not_delete_them(
    world: EngineHarness,
) -> None:
    first = text_item("first")
    world.apply(make_desired(first))
    theirs = [untitled(world, number) for number in range(5)]
    entries = [text_item(f"k{number}", title="Untitled") for number in range(5)]
    assert world.apply(make_desired(first, *entries), STRICT).report.exit_code == 0
    assert len(world.items()) == 11
    assert [by_id(world.items())[item["id"]] for item in theirs] == theirs
    settled(world, make_desired(first, *entries))
    assert world.apply(make_desired(first), STRICT).report.exit_code == 0
    assert sorted(world.titles()) == [*["Untitled"] * 5, "first"]
    assert [by_id(world.items())[item["id"]] for item in theirs] == theirs


def test_a_person_who_shows_our_photo_keeps_the_item(world: EngineHarness) -> None:
    photo = world.photo_item("a", 1)
    world.apply(make_desired(photo))
    (ours,) = world.items()
    theirs = add_item(
        world, type="IMAGE", title="Hers", description="Her words", sortOrder=50.5, image=dict(ours["image"])
    )
    assert world.apply(make_desired(photo), STRICT).report.outcomes == ()
    # The same photo in a second entry: that is hers already.
    desired = make_desired(photo, replace(photo, address=Address("weddings", "b"), fields={"title": "Mine"}))
    with pytest.raises(
        Refused, match="weddings/b: it would be created, but an item that is not in state shows its"
    ) as asked:
        world.apply(desired, STRICT)
    assert f"adopt: {{b: {theirs['id']}}}" in asked.value.do
    assert f"foreign: [{theirs['id']}]" in asked.value.do
    assert by_id(world.items()) == by_id([ours, theirs])
    foreign = with_answers(desired, foreign=(theirs["id"],))
    assert world.apply(foreign, STRICT).report.exit_code == 0
    assert by_id(world.items())[theirs["id"]] == theirs
    assert sorted(world.titles()) == ["Hers", "Mine", "a"]
    settled(world, foreign)


def test_an_item_that_the_manifest_adopts_is_managed_and_later_deleted(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a")))
    theirs = untitled(world, 1)
    desired = with_answers(make_desired(text_item("a"), text_item("b")), adopt={"b": theirs["id"]})
    assert world.apply(desired, STRICT).report.exit_code == 0
    assert [item["id"] for item in world.items() if item["title"] == "b"] == [theirs["id"]]
    settled(world, desired)
    settled(world, with_answers(desired))  # the line can go
    plan = world.plan(make_desired(text_item("a")), STRICT)
    (change,) = plan.changes
    assert (change.action, change.id, change.reason.startswith("adopted, and ")) == (Action.DELETE, theirs["id"], True)


def test_an_adopted_item_that_a_person_deleted_is_not_created(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a")))
    theirs = untitled(world, 1)
    world.edit({"gallery": GALLERY, "item": theirs["id"], "delete": True})
    desired = with_answers(make_desired(text_item("a"), text_item("b")), adopt={"b": theirs["id"]})
    with pytest.raises(Refused, match="somebody deleted it"):
        world.apply(desired, STRICT)
    assert world.apply(with_answers(desired), STRICT).report.exit_code == 0
    assert world.titles() == ["a", "b"]


def test_a_removed_key_ends_management_for_good(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a"), text_item("b")))
    before = world.items()
    desired = with_answers(make_desired(text_item("a")), removed=("b",))
    assert world.apply(desired, STRICT).report.exit_code == 0
    settled(world, desired)
    # The line may stay, also while another item is deleted.
    desired = with_answers(make_desired(text_item("c")), removed=("b",))
    assert world.apply(desired, STRICT).report.exit_code == 0
    assert world.titles() == ["b", "c"]
    assert before[1] in world.items()
    again = make_desired(text_item("b"), text_item("c"))
    with pytest.raises(Refused, match="shows its content already"):
        world.apply(again, STRICT)


def test_a_manifest_without_its_removed_line_creates_nothing_beside_the_released_item(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a"), text_item("b")))
    world.apply(with_answers(make_desired(text_item("a")), removed=("b",)), STRICT)
    desired = make_desired(text_item("a"), unmanaged=UnmanagedPolicy.DELETE)
    plan = world.plan(desired, STRICT)
    assert [change.action for change in plan.changes] == [Action.DELETE]  # that policy is asked for, and shown


# States that are not the latest


def answered_apply(world: EngineHarness, desired: Desired, foreign: tuple[str, ...] = ()) -> int:
    """Apply until the plan asks nothing any more; return the number of answers of a person who knows the truth."""
    person = Person(foreign)
    for _ in range(5):
        try:
            assert world.apply(desired, STRICT).report.exit_code == 0
        except Refused:
            desired = person.answer(desired, world.plan(desired, STRICT).refusals)
        else:
            settled(world, desired)
            return person.answers
    raise AssertionError(world.plan(desired, STRICT).refusals)


def test_two_checkouts_with_a_state_each_create_nothing_twice(world: EngineHarness) -> None:
    state, mine = world.root / "state.json", world.root / "mine.json"
    world.apply(make_desired(text_item("a")))
    shutil.copy(state, mine)
    desired = make_desired(text_item("a"), text_item("b"), world.photo_item("p", 1), video_item("v", 7))
    world.apply(desired, STRICT)
    theirs = untitled(world, 1)
    before = world.items()
    shutil.copy(mine, state)  # the other checkout
    plan = world.plan(desired, STRICT)
    assert sorted(str(refusal.address) for refusal in plan.refusals) == ["weddings/b", "weddings/p", "weddings/v"]
    assert all("'Share state' in the documentation" in refusal.allow for refusal in plan.refusals)
    with pytest.raises(Refused):
        world.apply(desired, STRICT)
    assert world.items() == before
    assert answered_apply(world, desired, foreign=(theirs["id"],)) == 3
    assert world.items() == before


def test_a_state_that_is_five_applies_old_creates_and_deletes_nothing_twice(world: EngineHarness) -> None:
    state, old = world.root / "state.json", world.root / "old.json"
    items = [text_item("a"), text_item("z")]
    world.apply(make_desired(*items))
    shutil.copy(state, old)
    for step in range(5):
        items = [*items, text_item(f"t{step}"), world.photo_item(f"p{step}", step)]
        world.apply(make_desired(*items), STRICT)
    items = [item for item in items if item.address.item not in ("z", "t1")]
    world.apply(make_desired(*items), STRICT)
    theirs = untitled(world, 1)
    before = world.items()
    shutil.copy(old, state)
    assert answered_apply(world, make_desired(*items), foreign=(theirs["id"],)) == 9
    assert world.items() == before


def test_a_lost_state_is_found_again_and_a_copy_by_a_person_is_asked_about(world: EngineHarness) -> None:
    desired = make_desired(text_item("a"), world.photo_item("p", 1))
    world.apply(desired)
    theirs = add_item(world, type="TEXT", title="copy", sortOrder=50.5, text={"html": "<P>A</P>"})
    before = world.items()
    (world.root / "state.json").unlink()
    plan = world.plan(desired, STRICT)
    (refusal,) = plan.refusals
    assert (str(refusal.address), "2 items show its content" in refusal.why) == ("weddings/a", True)
    assert answered_apply(world, desired, foreign=(theirs["id"],)) == 1
    assert world.items() == before


# Guesses


def edited(world: EngineHarness) -> Desired:
    """Lose the state of a gallery in which a person replaced the text of an item."""
    desired = make_desired(text_item("a"), text_item("b"))
    world.apply(desired)
    world.edit({"gallery": GALLERY, "item": {"title": "b"}, "set": {"text": {"html": "<p>edited</p>"}}})
    (world.root / "state.json").unlink()
    return desired


def rebuilt(world: EngineHarness, desired: Desired, *, adopt_guesses: bool = False) -> RebuildResult:
    async def rebuild() -> RebuildResult:
        async with world.open_site() as site:
            return await rebuild_state(site, desired, adopt_guesses=adopt_guesses)

    return asyncio.run(rebuild())


def test_a_guess_needs_a_confirmation(world: EngineHarness) -> None:
    desired = edited(world)
    with pytest.raises(Refused, match="1 match is a guess: b is 'b'") as asked:
        world.apply(desired, STRICT)
    assert "--adopt-guesses" in asked.value.do
    assert world.apply(desired, replace(STRICT, adopt_guesses=True)).report.exit_code == 0
    assert [item["text"]["html"] for item in world.items()] == ["<p>a</p>", "<p>b</p>"]


def test_a_rebuild_needs_a_confirmation_of_guesses(world: EngineHarness) -> None:
    desired = edited(world)
    with pytest.raises(Refused, match=r"weddings/b: matched 'b' .* by title and kind \(guess\)") as asked:
        rebuilt(world, desired)
    assert "--adopt-guesses" in asked.value.do
    (known, guess) = (item["id"] for item in world.items())
    assert rebuilt(world, with_answers(desired, adopt={"b": guess})).missing == ()
    accepted = rebuilt(world, desired, adopt_guesses=True)
    assert {known, guess} <= set(accepted.bindings.ids.values())
    assert list(map(str, rebuilt(world, with_answers(desired, foreign=(guess,))).missing)) == ["weddings/b"]


def test_a_rebuild_explains_entries_for_which_several_items_are_possible(world: EngineHarness) -> None:
    desired = make_desired(text_item("a"))
    world.apply(desired)
    add_item(world, type="TEXT", title="copy", sortOrder=50.5, text={"html": "<p>a</p>"})
    result = rebuilt(world, desired)
    assert list(map(str, result.missing)) == ["weddings/a"]
    (notice,) = [notice for notice in result.notices if str(notice.address) == "weddings/a"]
    assert "2 items show its content" in notice.message
    assert "adopt: {a: ID}" in notice.message


def test_a_rebuild_keeps_what_removed_ended(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a"), text_item("b")))
    desired = with_answers(make_desired(text_item("a")), removed=("b",))
    world.apply(desired, STRICT)
    (released,) = (item["id"] for item in world.items() if item["title"] == "b")
    assert rebuilt(world, desired).bindings.released == {Address("weddings", "b"): released}
    state = FileStateBackend(world.root / "state.json").read()
    assert state is not None
    assert state.bindings.released == {Address("weddings", "b"): released}
