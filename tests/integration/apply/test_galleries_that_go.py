"""Deleting a gallery deletes its items: it is deleted only if it is unchanged since the plan was approved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from galleryctl.engine.site import PlanResult
from galleryctl.model.desired import Desired
from galleryctl.model.errors import StaleError
from galleryctl.model.outcome import OutcomeStatus
from galleryctl.plan.make import PlanOptions
from tests.support.engine_harness import EngineHarness, make_desired, make_gallery, text_item


@pytest.fixture
def world(tmp_path: Path) -> Iterator[EngineHarness]:
    made = EngineHarness(tmp_path)
    made.apply(
        make_desired(
            text_item("a"), others=[make_gallery(text_item("x"), text_item("y"), gallery="other", name="Other")]
        )
    )
    yield made
    made.close()


def without_other() -> Desired:
    return make_desired(text_item("a"))


def add_by_hand(world: EngineHarness) -> None:
    new = {"type": "TEXT", "title": "By hand", "sortOrder": 9.5, "text": {"html": "x"}}
    world.edit({"gallery": world.galleries()[1]["id"], "item": None, "set": new})


def change_by_hand(world: EngineHarness) -> None:
    gallery, item = world.galleries()[1]["id"], world.items("Other")[0]["id"]
    world.edit({"gallery": gallery, "item": item, "set": {"title": "By hand"}})


def swap_by_hand(world: EngineHarness) -> None:
    """A managed item is deleted, an unmanaged one is added: the item count stays the same."""
    gallery, item = world.galleries()[1]["id"], world.items("Other")[0]["id"]
    world.edit({"gallery": gallery, "item": item, "delete": True})
    add_by_hand(world)


EDITS = [add_by_hand, change_by_hand, swap_by_hand]


@pytest.mark.parametrize("edit", EDITS)
def test_a_saved_plan_deletes_no_gallery_that_was_edited_since(
    world: EngineHarness, edit: Callable[[EngineHarness], None]
) -> None:
    plan = world.plan(without_other())
    edit(world)
    with pytest.raises(StaleError, match="the plan is stale"):
        world.apply_saved(plan)
    assert "By hand" in world.titles("Other")


@pytest.mark.parametrize("edit", EDITS)
def test_nor_does_a_plan_that_is_being_applied(world: EngineHarness, edit: Callable[[EngineHarness], None]) -> None:
    def between(_planned: PlanResult) -> None:
        edit(world)

    world.after_plan = between
    (outcome,) = world.apply(without_other()).report.outcomes
    assert outcome.status is OutcomeStatus.FAILED
    assert "By hand" in world.titles("Other")


def test_unmanaged_items_are_recognized_by_id_not_by_count(world: EngineHarness) -> None:
    swap_by_hand(world)
    (refusal,) = world.plan(without_other()).refusals
    assert refusal.why == "it would be deleted together with 1 unmanaged item"


def test_a_saved_plan_that_still_fits_deletes_it(world: EngineHarness) -> None:
    plan = world.plan(without_other(), PlanOptions(max_delete_percent=100))
    assert plan.refusals == ()
    assert world.apply_saved(plan).report.exit_code == 0
    assert len(world.galleries()) == 1


def test_a_saved_plan_makes_no_second_gallery_of_a_name(world: EngineHarness) -> None:
    third = make_desired(text_item("a"), others=[make_gallery(text_item("z"), gallery="third", name="Third")])
    plan = world.plan(third)
    world.edit({"set": {"name": "Third", "sortOrder": 77.5}})
    with pytest.raises(StaleError, match="with this name was created meanwhile"):
        world.apply_saved(plan)
    assert len(world.galleries()) == 3
