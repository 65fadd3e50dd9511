"""Deletes wait for all creates: what moves to another gallery is not lost if it cannot be created there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from galleryctl.engine.apply.run import ApplyResult
from galleryctl.model.desired import Desired
from galleryctl.model.outcome import OutcomeStatus
from tests.support.engine_harness import EngineHarness, make_desired, make_gallery, text_item


@pytest.fixture
def world(tmp_path: Path) -> Iterator[EngineHarness]:
    made = EngineHarness(tmp_path)
    made.apply(
        make_desired(
            text_item("a"), text_item("x"), others=[make_gallery(text_item("o"), gallery="other", name="Other")]
        )
    )
    yield made
    made.close()


def statuses(result: ApplyResult) -> dict[tuple[str, str], OutcomeStatus]:
    return {(outcome.action, str(outcome.address)): outcome.status for outcome in result.report.outcomes}


def test_an_item_stays_if_it_cannot_be_created_in_another_gallery(world: EngineHarness) -> None:
    other = make_gallery(text_item("o", title="O2"), text_item("x"), gallery="other", name="Other")
    moved = make_desired(text_item("a"), others=[other])
    id_ = next(gallery["id"] for gallery in world.galleries() if gallery["name"] == "Other")
    world.faults(script=[{"fault": "throttle", "method": "POST", "path": f"{id_}/items$", "times": 99}])
    failed = world.apply(moved)
    assert statuses(failed) == {
        ("delete", "weddings/x"): OutcomeStatus.SKIPPED,
        ("update", "other/o"): OutcomeStatus.DONE,
        ("create", "other/x"): OutcomeStatus.FAILED,
    }
    (reason,) = (o.reason for o in failed.report.outcomes if o.action == "delete")
    assert reason.startswith("create other/x failed: ")
    assert failed.report.exit_code == 3
    assert world.titles() == ["a", "x"]
    world.faults()
    assert world.apply(moved).report.exit_code == 0
    assert (world.titles(), world.titles("Other")) == (["a"], ["O2", "x"])


def test_a_gallery_stays_if_its_successor_cannot_be_created(world: EngineHarness) -> None:
    new = make_gallery(text_item("a"), text_item("x"), gallery="new", name="New")
    moved = Desired(galleries=(make_gallery(text_item("o"), gallery="other", name="Other"), new))
    world.faults(script=[{"fault": "throttle", "method": "POST", "path": "galleries$", "times": 99}])
    failed = world.apply(moved)
    assert statuses(failed)["delete", "weddings"] is OutcomeStatus.SKIPPED
    assert failed.report.exit_code == 1  # nothing was written
    assert world.titles() == ["a", "x"]
    world.faults()
    assert world.apply(moved).report.exit_code == 0
    assert [gallery["name"] for gallery in world.galleries()] == ["Other", "New"]
