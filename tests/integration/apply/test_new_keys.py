"""A gallery or an item gets a new key in the same change that deletes, creates or replaces something: nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired, DesiredItem
from galleryctl.model.fields import Json
from galleryctl.plan.changes import Action, StateAction
from galleryctl.plan.file.codec import decode_plan, encode_plan
from galleryctl.state.file_backend import FileStateBackend
from galleryctl.wix.transport import Attempt
from tests.support.engine_harness import ALLOW_ALL, Crash, EngineHarness, make_desired, text_item, video_item

DELETES_FAIL: Json = {"fault": "throttle", "method": "POST", "path": "items/delete", "times": 60}
MOVED = [("old", "new")]
ONLY_B = replace(ALLOW_ALL, targets=(Address("new", "b"),))
BY_ENTRY_OR_NAME = pytest.mark.parametrize("moved", [MOVED, []])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[EngineHarness]:
    made = EngineHarness(tmp_path)
    yield made
    made.close()


def former(*items: DesiredItem) -> Desired:
    return make_desired(*items, gallery="old")


def renamed(*items: DesiredItem, moved: list[tuple[str, str]] = MOVED) -> Desired:
    return make_desired(*items, gallery="new", moved=moved)


def bindings(world: EngineHarness) -> Bindings:
    state = FileStateBackend(world.root / "state.json").read()
    assert state is not None
    return state.bindings


def addresses(world: EngineHarness) -> list[str]:
    return sorted(map(str, bindings(world).ids))


def apply_while_deletes_fail(world: EngineHarness, desired: Desired) -> None:
    world.faults(script=[DELETES_FAIL])
    assert world.apply(desired).report.exit_code == 3
    world.faults()


def completed(world: EngineHarness, desired: Desired, *titles: str) -> None:
    """Apply, and assert that the site shows these items and that nothing is left to do."""
    assert world.apply(desired).report.exit_code == 0
    assert world.titles() == list(titles)
    assert world.plan(desired).is_empty


@BY_ENTRY_OR_NAME
@pytest.mark.parametrize("fault", ["kill", "throttle"])
def test_an_item_that_was_not_deleted_yet_is_deleted_by_the_next_apply(
    world: EngineHarness, moved: list[tuple[str, str]], fault: str
) -> None:
    world.apply(former(text_item("a"), text_item("c")))
    desired = renamed(text_item("a"), text_item("b"), moved=moved)

    def kill(attempt: Attempt) -> None:
        if attempt.phase == "after" and attempt.call.startswith("POST"):
            raise Crash

    if fault == "kill":
        world.on_attempt = kill
        with pytest.raises(Crash):
            world.apply(desired)
        world.on_attempt = lambda _attempt: None
    else:
        apply_while_deletes_fail(world, desired)
    (delete,) = world.plan(desired).changes
    assert (delete.action, delete.address) == (Action.DELETE, Address("new", "c"))
    completed(world, desired, "a", "b")


def test_an_item_with_a_new_key_and_no_entry_is_deleted_by_the_next_apply(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a"), text_item("z")))
    desired = make_desired(text_item("z", title="Z"), moved=[("weddings/a", "weddings/b")])
    apply_while_deletes_fail(world, desired)
    completed(world, desired, "Z")


@BY_ENTRY_OR_NAME
def test_a_target_takes_the_whole_gallery_to_its_new_key(world: EngineHarness, moved: list[tuple[str, str]]) -> None:
    world.apply(former(text_item("a"), text_item("c")))
    desired = renamed(text_item("a"), text_item("b"), moved=moved)
    plan = world.plan(desired, ONLY_B)
    assert [(str(c.address), c.action, c.detail) for c in plan.state_changes] == [
        ("new", StateAction.MOVE, "old"),
        ("new/a", StateAction.MOVE, "old/a"),
        ("new/c", StateAction.MOVE, "old/c"),
    ]
    assert world.apply_saved(decode_plan(encode_plan(plan))).report.exit_code == 0
    assert addresses(world) == ["new", "new/a", "new/b", "new/c"]
    corrected = renamed(text_item("a", html="<p>corrected</p>"), text_item("b"), moved=moved)
    assert [change.action for change in world.plan(corrected).changes] == [Action.UPDATE, Action.DELETE]
    completed(world, corrected, "a", "b")


def test_a_target_without_a_change_takes_the_gallery_to_its_new_key(world: EngineHarness) -> None:
    world.apply(former(text_item("b"), text_item("c")))
    assert world.apply(renamed(text_item("b"), text_item("c", title="C")), ONLY_B).report.exit_code == 0
    assert addresses(world) == ["new", "new/b", "new/c"]
    assert world.titles() == ["b", "c"]


def test_a_replaced_item_is_still_deleted_under_the_new_key(world: EngineHarness) -> None:
    world.apply(former(video_item("b", 1), text_item("z")))
    apply_while_deletes_fail(world, former(text_item("b"), text_item("z", title="Z")))
    desired = renamed(text_item("b"), text_item("z", title="Z2"))
    apply_while_deletes_fail(world, desired)
    assert list(bindings(world).deposed.values()) == [Address("new", "b")]
    completed(world, desired, "b", "Z2")


def test_a_replaced_item_is_still_deleted_when_the_management_of_its_entry_ends(world: EngineHarness) -> None:
    world.apply(make_desired(video_item("b", 1), text_item("z")))
    apply_while_deletes_fail(world, make_desired(text_item("b"), text_item("z", title="Z")))
    desired = make_desired(text_item("z", title="Z"))
    (gallery,) = desired.galleries
    desired = replace(desired, galleries=(replace(gallery, removed=frozenset({Address("weddings", "b")})),))
    (delete,) = world.plan(desired).changes
    assert (delete.action, delete.reason) == (Action.DELETE, "already replaced, still to be deleted")
    completed(world, desired, "b", "Z")


def test_the_format_of_sort_orders_is_known_under_the_new_key(world: EngineHarness) -> None:
    world.settings(sort_order_precision="six_digits")
    world.apply(former(text_item("a")))
    world.apply(former(text_item("a"), text_item("b")))
    seen = bindings(world).sort_order_formats[Address("old")]
    world.apply(renamed(text_item("a"), text_item("b")))
    assert bindings(world).sort_order_formats == {Address("new"): seen}


def test_a_key_whose_management_ended_is_known_in_the_renamed_gallery(world: EngineHarness) -> None:
    def ended(desired: Desired) -> Desired:
        (gallery,) = desired.galleries
        removed = frozenset({Address(gallery.address.gallery, "x")})
        return replace(desired, galleries=(replace(gallery, removed=removed),))

    world.apply(former(text_item("a"), text_item("x"), text_item("y")))
    world.apply(ended(former(text_item("a"), text_item("y"))))
    world.apply(ended(renamed(text_item("a"), text_item("y"))))
    completed(world, ended(renamed(text_item("a"))), "a", "x")
