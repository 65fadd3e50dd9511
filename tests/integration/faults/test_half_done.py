"""A step that took effect, and a run that then stops or is rejected: what was done is in state or in the journal."""

from __future__ import annotations

from typing import Any

import pytest

from galleryctl.engine.apply.run import ApplyResult
from galleryctl.model.desired import Desired
from galleryctl.model.outcome import OutcomeStatus
from galleryctl.plan.changes import Cause
from galleryctl.wix.transport import Attempt
from tests.integration.faults.test_recovery import CREATE_ITEM, crash, crashed, settled
from tests.support.engine_harness import EngineHarness, kinds_and_titles, make_desired, text_item, video_item

UPDATE_ITEM = "PATCH /galleries/{id}/items/{item}"
DELETE_ITEMS = "POST /galleries/{id}/items/delete"
REJECTIONS = [
    {"fault": "throttle", "nth": 2, "times": 99},
    {"fault": "throttle_silent", "nth": 2, "times": 99},
    {"fault": "error_503", "nth": 2, "times": 99},
]


def interrupted_after(world: EngineHarness, name: str, desired: Desired) -> ApplyResult:
    """Apply, and interrupt the run once the request with that name has its response."""

    def watch(attempt: Attempt) -> None:
        if attempt.phase == "after" and attempt.name == name:
            world.stop.set()

    world.on_attempt = watch
    applied = world.apply(desired)
    world.on_attempt = lambda _attempt: None
    world.stop.clear()
    return applied


@pytest.mark.parametrize("end", ["interrupted", "throttled"])
@pytest.mark.parametrize("following", ["same", "reverted", "corrected"])
def test_a_replacement_whose_delete_is_missing_is_continued(world: EngineHarness, end: str, following: str) -> None:
    before = make_desired(text_item("a"), video_item("b", 123))
    desired = make_desired(text_item("a"), text_item("b"))
    world.apply(before)
    if end == "interrupted":
        report = interrupted_after(world, CREATE_ITEM, desired).report
        assert report.exit_code == 130
    else:
        world.faults(script=[{"fault": "throttle", "method": "POST", "path": "items/delete", "times": 99}])
        report = world.apply(desired).report
        assert report.exit_code == 3
        world.faults()
    assert "the new item was created" in report.outcomes[0].reason
    assert kinds_and_titles(world.items()) == [("TEXT", "a"), ("VIDEO", "b"), ("TEXT", "b")]
    corrected = make_desired(text_item("a"), text_item("b", html="<p>better</p>"))
    then = {"same": desired, "reverted": before, "corrected": corrected}[following]
    assert world.apply(then).report.exit_code == 0
    assert [item["title"] for item in world.items()] == ["a", "b"]
    settled(world, then)


@pytest.mark.parametrize("rejection", REJECTIONS[:2], ids=lambda fault: fault["fault"])
def test_a_create_whose_answer_is_lost_and_whose_second_try_is_rejected_is_kept(
    world: EngineHarness, rejection: dict[str, Any]
) -> None:
    world.apply(make_desired(text_item("a")))
    world.faults(
        script=[
            {"fault": "drop_after", "method": "POST", "path": "items$"},
            {"fault": "stale", "method": "GET", "path": "galleries/.+", "nth": 2, "times": 8},
            {**rejection, "method": "POST", "path": "items$"},
        ]
    )
    report = world.apply(make_desired(text_item("a"), text_item("b"))).report
    assert (report.exit_code, report.outcomes[0].status) == (3, OutcomeStatus.FAILED)
    world.faults()
    corrected = make_desired(text_item("a"), text_item("b", html="<p>better</p>"))
    assert world.apply(corrected).report.exit_code == 0
    assert world.titles() == ["a", "b"]
    settled(world, corrected)


@pytest.mark.parametrize("rejection", REJECTIONS, ids=lambda fault: fault["fault"])
@pytest.mark.parametrize("applies_between", [0, 1])
def test_an_update_whose_answer_is_lost_and_whose_retry_is_rejected_is_reverted_later(
    world: EngineHarness, rejection: dict[str, Any], applies_between: int
) -> None:
    before = make_desired(text_item("a"), text_item("z"))
    desired = make_desired(text_item("a", description="ours"), text_item("z"))
    world.apply(before)
    world.faults(script=[{"fault": "drop_after", "method": "PATCH"}, {**rejection, "method": "PATCH"}])
    report = world.apply(desired).report
    assert (report.exit_code, report.outcomes[0].status) == (3, OutcomeStatus.FAILED)
    world.faults()
    for _ in range(applies_between):
        assert world.apply(desired).report.exit_code == 0
    (change,) = world.plan(before).changes
    assert [part.cause for part in change.fields] == [Cause.CLEARED]
    assert world.apply(before).report.exit_code == 0
    assert not any(item.get("description") for item in world.items())
    settled(world, before)


def test_the_name_of_a_gallery_whose_answer_is_lost_is_ours(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a")))
    renamed = make_desired(text_item("a"), name="Summer")
    world.faults(
        script=[
            {"fault": "drop_after", "method": "PATCH"},
            {"fault": "throttle", "method": "PATCH", "nth": 2, "times": 99},
        ]
    )
    assert world.apply(renamed).report.exit_code == 3
    world.faults()
    settled(world, renamed)
    (change,) = world.plan(make_desired(text_item("a"), name="Winter")).changes
    assert [part.cause for part in change.fields] == [Cause.MANIFEST]


def test_an_update_that_was_rejected_only_is_not_in_doubt(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a")))
    world.faults(script=[{"fault": "throttle", "method": "PATCH", "times": 99}])
    assert world.apply(make_desired(text_item("a", description="ours"))).report.exit_code == 1
    assert not (world.root / "journal.jsonl").exists()


def test_a_delete_whose_answer_is_lost_and_whose_retry_is_rejected_is_not_reported_as_undone(
    world: EngineHarness,
) -> None:
    world.apply(make_desired(text_item("a"), text_item("b")))
    world.faults(
        script=[
            {"fault": "drop_after", "method": "POST", "path": "items/delete"},
            {"fault": "throttle", "method": "POST", "path": "items/delete", "nth": 2, "times": 99},
        ]
    )
    desired = make_desired(text_item("a"))
    assert world.apply(desired).report.exit_code == 3
    world.faults()
    settled(world, desired)


def test_an_update_of_a_killed_run_is_not_taken_for_undone_while_reads_lag(world: EngineHarness) -> None:
    before = make_desired(text_item("a"), text_item("z"))
    world.apply(before)
    desired = make_desired(text_item("a", description="ours"), text_item("z"))
    crashed(world, crash("after", UPDATE_ITEM), lambda: world.apply(desired))
    written = world.clock.now
    world.faults(rates={"stale": 1.0}, methods=["GET"])

    def catch_up(_attempt: Attempt) -> None:
        if world.clock.now > written + 4:
            world.faults()

    world.on_attempt = catch_up
    assert world.apply(before).report.exit_code == 0
    assert not any(item.get("description") for item in world.items())
    settled(world, before)


@pytest.mark.parametrize("precision", ["double", "float32", "whole"])
def test_moves_of_a_killed_run_are_not_drift(world: EngineHarness, precision: str) -> None:
    world.workers = 1
    world.settings(sort_order_precision=precision)
    world.apply(make_desired(*map(text_item, "abcdef")))
    desired = make_desired(*map(text_item, "fedcba"))
    crashed(world, crash("after", UPDATE_ITEM, 2), lambda: world.apply(desired))
    plan = world.plan(desired)
    assert plan.changes
    assert not plan.drift
    assert world.apply(desired).report.exit_code == 0
    assert world.titles() == list("fedcba")
    settled(world, desired)


def test_values_that_complete_a_create_of_a_killed_run_are_reverted(world: EngineHarness) -> None:
    """The create is found by its second try, and the answer to the update that follows is lost."""
    world.apply(make_desired(text_item("a")))
    crashed(world, crash("after", CREATE_ITEM), lambda: world.apply(make_desired(text_item("a"), text_item("b"))))
    desired = make_desired(text_item("a"), text_item("b", description="ours"))
    world.faults(
        script=[
            {"fault": "stale", "method": "GET", "times": 4},
            {"fault": "drop_after", "method": "PATCH"},
            {"fault": "throttle", "method": "PATCH", "nth": 2, "times": 99},
        ]
    )
    assert world.apply(desired).report.exit_code == 3
    world.faults()
    assert [item.get("description") for item in world.items()] == [None, "ours"]
    bare = make_desired(text_item("a"), text_item("b"))
    assert world.apply(bare).report.exit_code == 0
    assert not any(item.get("description") for item in world.items())
    settled(world, bare)
