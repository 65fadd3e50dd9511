"""A run is killed, and the manifests change before the next one: what the first created is still recovered."""

from __future__ import annotations

import asyncio

import pytest

from galleryctl.engine.state.rebuild import rebuild_state, save_rebuilt_state
from galleryctl.model.desired import Desired
from galleryctl.model.fields import Json
from galleryctl.plan.make import PlanOptions
from galleryctl.state.file_backend import FileStateBackend
from tests.integration.faults.test_recovery import CREATE_ITEM, crash, crashed, settled
from tests.support.engine_harness import (
    EngineHarness,
    kinds_and_titles,
    make_desired,
    make_gallery,
    text_item,
    video_item,
)

DESTROY = PlanOptions(destroy=True, max_delete_percent=100)
STRICT = PlanOptions(max_delete_percent=100)
"""All other safety checks are on."""


def with_other(*keys: str) -> Desired:
    return make_desired(text_item("a"), others=[make_gallery(*map(text_item, keys), gallery="other", name="Other")])


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("name", ["POST /galleries", CREATE_ITEM])
def test_an_orphaned_gallery_is_deleted_with_what_a_killed_run_created_in_it(
    world: EngineHarness, phase: str, name: str
) -> None:
    world.apply(make_desired(text_item("a")) if name == "POST /galleries" else with_other("x"))
    crashed(world, crash(phase, name), lambda: world.apply(with_other("x", "y")))
    assert world.apply(make_desired(text_item("a")), STRICT).report.exit_code == 0
    assert [gallery["name"] for gallery in world.galleries()] == ["Weddings"]
    settled(world, make_desired(text_item("a")))


@pytest.mark.parametrize("phase", ["before", "after"])
def test_what_a_killed_destroy_deleted_is_not_reported_as_missing(world: EngineHarness, phase: str) -> None:
    desired = with_other("x")
    world.apply(desired)
    crashed(world, crash(phase, "DELETE /galleries/{id}"), lambda: world.apply(desired, DESTROY))
    world.apply(desired, DESTROY)
    assert world.galleries() == []
    state = FileStateBackend(world.root / "state.json").read()
    assert state is not None
    assert state.bindings.ids == {}
    assert world.apply(desired, STRICT).report.exit_code == 0  # not: its gallery no longer exists on the site


def test_a_manifest_that_is_put_back_after_a_killed_delete_makes_its_gallery_again(world: EngineHarness) -> None:
    world.apply(with_other("x"))
    crashed(world, crash("after", "DELETE /galleries/{id}"), lambda: world.apply(make_desired(text_item("a"))))
    assert world.apply(with_other("x"), STRICT).report.exit_code == 0
    assert world.titles("Other") == ["x"]


@pytest.mark.parametrize("phase", ["before", "after"])
def test_what_a_killed_run_made_is_renamed_before_it_is_looked_for(world: EngineHarness, phase: str) -> None:
    world.apply(make_desired(text_item("a")))
    crashed(world, crash(phase, CREATE_ITEM), lambda: world.apply(make_desired(text_item("a"), video_item("f", 7))))
    desired = make_desired(video_item("g", 7), text_item("a"), moved=[("weddings/f", "weddings/g")])
    assert world.apply(desired).report.exit_code == 0
    assert world.titles() == ["g", "a"]
    settled(world, desired)


def test_what_a_killed_run_made_keeps_its_id_under_a_new_key_with_new_content(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a")))
    crashed(world, crash("after", CREATE_ITEM), lambda: world.apply(make_desired(text_item("a"), text_item("f"))))
    made = [item["id"] for item in world.items()]
    desired = make_desired(text_item("a"), text_item("g"), moved=[("weddings/f", "weddings/g")])
    assert world.apply(desired).report.exit_code == 0
    assert [(item["id"], item["title"]) for item in world.items()] == list(zip(made, ["a", "g"], strict=True))
    settled(world, desired)


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("name", [CREATE_ITEM, "POST /galleries/{id}/items/delete"])
def test_a_killed_replacement_that_is_no_longer_declared_is_deleted_completely(
    world: EngineHarness, phase: str, name: str
) -> None:
    world.apply(make_desired(text_item("a"), text_item("b")))
    crashed(world, crash(phase, name), lambda: world.apply(make_desired(text_item("a"), video_item("b", 7))))
    assert world.apply(make_desired(text_item("a"))).report.exit_code == 0
    assert world.titles() == ["a"]
    settled(world, make_desired(text_item("a")))


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_replacement_that_was_killed_and_is_taken_back_is_undone(world: EngineHarness, phase: str) -> None:
    before = make_desired(text_item("a"), text_item("b"))
    world.apply(before)
    crashed(world, crash(phase, CREATE_ITEM), lambda: world.apply(make_desired(text_item("a"), video_item("b", 7))))
    assert world.apply(before).report.exit_code == 0
    assert [(item["type"], item["title"]) for item in world.items()] == [("TEXT", "a"), ("TEXT", "b")]
    settled(world, before)


def test_what_two_killed_runs_created_is_not_mistaken_for_a_copy(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a"), text_item("z")))
    desired = make_desired(text_item("a"), text_item("b"))
    crashed(world, crash("before", CREATE_ITEM), lambda: world.apply(desired))
    crashed(world, crash("before", "POST /galleries/{id}/items/delete"), lambda: world.apply(desired))
    copy = {"type": "TEXT", "title": "b", "sortOrder": 99999.5, "text": {"html": "<p>b</p>"}}
    (theirs,) = world.edit({"gallery": world.galleries()[0]["id"], "item": None, "set": copy})
    assert world.apply(desired).report.exit_code == 0
    assert world.items()[2:] == [theirs["item"]]
    assert world.titles() == ["a", "b", "b"]
    settled(world, desired)


async def rebuilt(world: EngineHarness, desired: Desired) -> None:
    """Rebuild the state as `state rebuild` does."""
    async with world.open_site() as site:
        save_rebuilt_state(site, await rebuild_state(site, desired))


@pytest.mark.parametrize("stale", [0, 2])
@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("name", [CREATE_ITEM, "POST /galleries/{id}/items/delete"])
def test_a_rebuilt_state_knows_what_a_killed_replacement_had_still_to_delete(
    world: EngineHarness, phase: str, name: str, stale: int
) -> None:
    world.apply(make_desired(text_item("a"), text_item("b")))
    desired = make_desired(text_item("a"), video_item("b", 7))
    crashed(world, crash(phase, name), lambda: world.apply(desired))
    late: dict[str, Json] = {"fault": "stale", "method": "GET", "path": "items$", "times": stale}
    world.faults(script=[late] if stale else [])
    asyncio.run(rebuilt(world, desired))
    assert world.apply(desired).report.exit_code == 0
    assert kinds_and_titles(world.items()) == [("TEXT", "a"), ("VIDEO", "b")]
    settled(world, desired)
