"""Long outages, and incomplete deletes: the run ends soon, and its report is correct."""

from __future__ import annotations

import pytest

from galleryctl.engine.apply.deletes import delete_items
from galleryctl.engine.site import PlanResult
from galleryctl.model.outcome import OutcomeStatus
from galleryctl.wix.errors import ApiError
from tests.integration.faults.test_recovery import settled
from tests.support.engine_harness import EngineHarness, make_desired, text_item
from tests.unit.wix.scripted_transport import GALLERY, ITEM, ScriptedTransport, json_response, run_client

HOUR = 3600.0


@pytest.mark.parametrize(
    ("kind", "workers", "most"),
    [("throttle", 4, 10), ("error_503", 4, 10), ("drop_before", 4, 10), ("error_503", 10, 20)],
)
def test_when_the_api_fails_at_every_step_the_run_ends_and_reports_it(
    world: EngineHarness, kind: str, workers: int, most: int
) -> None:
    world.workers = workers
    world.apply(make_desired(text_item("a")))
    desired = make_desired(text_item("a"), *(text_item(f"k{n:02}") for n in range(100)))
    world.faults(rates={kind: 1.0}, methods=["POST"])
    began = world.clock.now
    report = world.apply(desired).report
    assert report.exit_code == (1 if kind == "throttle" else 3)  # the others may have taken effect
    assert world.clock.now - began < 2 * HOUR  # of all workers together
    skipped = [o for o in report.outcomes if o.status is OutcomeStatus.SKIPPED]
    assert len(skipped) >= 100 - most - workers
    assert all(f"the last {most} steps failed" in o.reason for o in skipped)
    world.faults()
    assert world.apply(desired).report.exit_code == 0
    assert len(world.items()) == 101
    settled(world, desired)


def test_what_it_answers_in_between_lets_the_run_go_on(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a")))
    desired = make_desired(*(text_item(key, title="new") for key in ("a", *(f"k{n:02}" for n in range(30)))))
    world.faults(script=[{"fault": "error_503", "method": "POST", "nth": 1, "times": 36}])
    report = world.apply(desired).report
    assert report.exit_code == 3
    assert not [o for o in report.outcomes if o.status is OutcomeStatus.SKIPPED]


def test_a_missing_item_does_not_stop_a_bulk_delete_of_the_others(world: EngineHarness) -> None:
    world.settings(bulk_delete_unknown="reject")
    world.apply(make_desired(*map(text_item, "abcd")))

    def delete(_planned: PlanResult) -> None:
        world.edit({"gallery": world.galleries()[0]["id"], "item": world.items()[1]["id"], "delete": True})

    world.after_plan = delete
    assert world.apply(make_desired(text_item("a"))).report.exit_code == 0
    assert world.titles() == ["a"]


def test_a_delete_whose_effect_is_not_shown_yet_is_done_once_it_is(world: EngineHarness) -> None:
    world.settings(honour_consistent=False, stale_writes=2)
    world.apply(make_desired(text_item("a"), text_item("b")))
    world.faults(
        script=[
            {"fault": "drop_after", "method": "POST", "path": "delete$"},
            {"fault": "stale", "method": "GET", "nth": 3, "times": 100},
        ]
    )
    (outcome,) = world.apply(make_desired(text_item("a"))).report.outcomes
    assert outcome.status is OutcomeStatus.DONE
    assert len([call for call in world.requests if call.startswith("POST")]) == 3
    assert world.titles() == ["a"]


def test_an_item_that_remains_after_its_deletion_is_reported() -> None:
    gallery, item = {**GALLERY, "totalItems": 1}, str(ITEM["id"])
    tries = [
        json_response(body={}),
        json_response(body={"gallery": gallery}),
        json_response(body={"items": [ITEM]}),
    ] * 3
    wire = ScriptedTransport([*tries])
    with pytest.raises(ApiError, match=f"1 of 1 items still exist after 3 attempts: {item}"):
        run_client(wire, lambda client: delete_items(client, str(GALLERY["id"]), [item]))
    assert len(wire.sent) == len(tries)


def test_an_item_that_only_the_last_reading_misses_is_not_created_twice(world: EngineHarness) -> None:
    """The rechecks for an item that somebody deleted end with a reading that lags behind the newest item."""
    world.settings(honour_consistent=False, stale_writes=2)
    world.apply(make_desired(text_item("gone"), text_item("z")))
    desired = make_desired(text_item("gone"), text_item("new"), text_item("z"))
    world.apply(desired)
    world.edit({"gallery": {"name": "Weddings"}, "item": {"title": "gone"}, "delete": True})
    world.faults(script=[{"fault": "stale", "method": "GET", "path": "items$", "nth": 4}])
    world.apply(desired)
    assert world.titles() == ["new", "z"]
    world.faults()
    world.apply(desired)
    assert world.titles() == ["gone", "new", "z"]
