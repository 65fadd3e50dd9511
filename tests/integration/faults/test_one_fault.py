"""Each kind of fault hits each request of a plan and its apply once: the site always reaches the desired state."""

from __future__ import annotations

from pathlib import Path

import pytest

from galleryctl.model.desired import Desired, UnmanagedPolicy
from tests.support.engine_harness import EngineHarness, make_desired, text_item, video_item

KINDS = ("throttle", "error_500", "error_503", "drop_before", "drop_after", "cut", "stale", "latency")


def before(world: EngineHarness) -> Desired:
    return make_desired(
        world.photo_item("a", 1), text_item("b"), video_item("c", 1), text_item("d"), unmanaged=UnmanagedPolicy.DELETE
    )


def after(world: EngineHarness) -> Desired:
    """Every kind of change: a new photo and text, a changed text, a replaced photo, a move, a delete, a new gallery."""
    new = make_desired(text_item("x"), text_item("y"), gallery="parties", name="Parties").galleries
    items = (
        text_item("d"),
        world.photo_item("a", 2),
        text_item("b", description="New"),
        world.photo_item("e", 3),
        text_item("f"),
    )
    return make_desired(*items, unmanaged=UnmanagedPolicy.DELETE, others=new)


def settled_site(world: EngineHarness) -> object:
    """Return what a visitor sees, and the file of each item, without ids."""
    shades = {file["id"]: file["labels"] for file in world.files()}

    def shown(item: dict[str, object]) -> object:
        image = item.get("image")
        info = image["imageInfo"] if isinstance(image, dict) else {}
        return item["type"], item.get("title"), item.get("description"), shades.get(info.get("id", ""))

    return [[shown(item) for item in world.items(name)] for name in ("Weddings", "Parties")]


def run(folder: Path, script: list[dict[str, object]]) -> tuple[object, list[str], int]:
    """Return the site after the apply, its requests, and the number of files; the next plan is empty."""
    folder.mkdir()
    world = EngineHarness(folder)
    try:
        assert world.apply(before(world)).report.exit_code == 0
        desired = after(world)
        world.faults(script=script)  # type: ignore[arg-type]  # lines of a script are JSON
        assert world.apply(desired).report.exit_code == 0
        requests = list(world.requests)
        world.faults()
        assert world.plan(desired).is_empty
        assert len(world.galleries()) == 2
        return settled_site(world), requests, len(world.files())
    finally:
        world.close()


@pytest.mark.parametrize("kind", KINDS)
def test_one_fault_anywhere_changes_nothing_in_the_end(tmp_path: Path, kind: str) -> None:
    expected, requests, files = run(tmp_path / "clean", [])
    assert len(requests) == 14
    for nth in range(1, len(requests) + 1):
        script: list[dict[str, object]] = [{"fault": kind, "nth": nth, "latency_ms": 1 if kind == "latency" else 0}]
        site, _, made = run(tmp_path / f"{kind}-{nth}", script)
        assert site == expected, f"{kind} at request {nth}: {requests[nth - 1]}"
        assert made == files, f"{kind} at request {nth}: {requests[nth - 1]}"
