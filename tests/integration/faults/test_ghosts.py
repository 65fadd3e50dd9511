"""A lagging read shows an item that was just deleted: it is not mistaken for the created one."""

from __future__ import annotations

import pytest

from galleryctl.model.desired import Desired
from tests.integration.faults.test_recovery import settled
from tests.support.engine_harness import EngineHarness, make_desired, make_gallery, text_item


@pytest.fixture
def lagging(world: EngineHarness) -> EngineHarness:
    """A site whose reads lag even behind what the client has seen."""
    world.settings(honour_consistent=False)
    return world


@pytest.mark.parametrize("moved", [False, True], ids=["at its place", "elsewhere"])
def test_a_deleted_item_is_not_mistaken_for_its_replacement(lagging: EngineHarness, moved: bool) -> None:
    desired = make_desired(text_item("a"), text_item("b"), text_item("z"))
    lagging.apply(desired)
    gallery, ghost = lagging.galleries()[0]["id"], lagging.items()[1]["id"]
    if moved:
        lagging.edit({"gallery": gallery, "item": ghost, "set": {"sortOrder": 77.5}})
    lagging.edit({"gallery": gallery, "item": ghost, "delete": True})
    lagging.faults(
        script=[
            {"fault": "drop_before", "method": "POST", "path": "items$"},
            # First the listing of galleries and four reads of its items, then the look-up after the create.
            {"fault": "stale", "method": "GET", "path": "galleries/.+", "nth": 5, "times": 2},
        ]
    )
    assert lagging.apply(desired).report.exit_code == 0
    assert lagging.titles() == ["a", "b", "z"]
    settled(lagging, desired)


def test_a_gallery_that_was_deleted_is_not_taken_for_the_one_that_takes_its_place(lagging: EngineHarness) -> None:
    def both() -> Desired:
        return make_desired(text_item("a"), others=[make_gallery(text_item("x"), gallery="other", name="Other")])

    lagging.apply(both())
    lagging.edit({"gallery": lagging.galleries()[1]["id"], "delete": True})
    lagging.faults(
        script=[
            {"fault": "drop_before", "method": "POST", "path": "galleries$"},
            {"fault": "stale", "method": "GET", "path": "galleries$", "nth": 5},
        ]
    )
    assert lagging.apply(both()).report.exit_code == 0
    assert lagging.titles("Other") == ["x"]
    settled(lagging, both())
