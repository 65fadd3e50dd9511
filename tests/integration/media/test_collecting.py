"""Changes of the site during the search for unused uploads."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from galleryctl.engine.media_gc import delete_unused_files, list_uploaded_files, unused_files
from galleryctl.engine.state.load import load_complete_state
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.media import UploadedFile
from tests.support.engine_harness import Doc, EngineHarness, make_desired, text_item


@pytest.fixture
def world(tmp_path: Path) -> Iterator[EngineHarness]:
    """Return a site with two uploaded photos that no gallery shows and no manifest references."""
    world = EngineHarness(tmp_path)
    world.apply(make_desired(world.photo_item("a", 1), world.photo_item("b", 2), text_item("w")))
    world.apply(make_desired(text_item("w")))
    assert len(world.files()) == 2
    yield world
    world.close()


def look_and_collect(world: EngineHarness, between: Doc | None = None) -> tuple[UploadedFile, ...]:
    """Return the deleted files; `between` is an edit before the confirmation."""

    async def run() -> tuple[UploadedFile, ...]:
        async with world.open_site() as site:
            desired = make_desired(text_item("w"))
            known = await load_complete_state(site)
            found = unused_files(await list_uploaded_files(site, desired, known.bindings))
            if between is not None:
                world.edit(between)
            return await delete_unused_files(site, desired, known, found, permanent=False)

    return asyncio.run(run())


def shows(world: EngineHarness, file: str) -> Doc:
    image = {"imageInfo": {"id": file, "width": 16, "height": 12}}
    gallery = world.galleries()[0]["id"]
    return {"gallery": gallery, "item": None, "set": {"type": "IMAGE", "sortOrder": 77, "image": image}}


def test_what_came_into_use_while_the_question_stood_stays(world: EngineHarness) -> None:
    first, second = (file["id"] for file in world.files())
    gone = look_and_collect(world, shows(world, first))
    assert [each.file.id for each in gone] == [second]
    assert [file["id"] for file in world.files()] == [first]


@pytest.mark.parametrize("path", ["/files/search", r"/galleries$", "/items$"])
@pytest.mark.parametrize("fault", ["error_500", "drop_before", "throttle_silent"])
def test_an_incomplete_listing_is_not_used(world: EngineHarness, path: str, fault: str) -> None:
    world.faults(script=[{"fault": fault, "path": path, "nth": 1, "times": 1000}])
    with pytest.raises(GalleryctlError):
        look_and_collect(world)
    assert len(world.files()) == 2


def test_an_item_that_moves_to_another_page_while_they_are_read_is_seen(world: EngineHarness) -> None:
    """150 items are two pages; the item of the photo moves from the second to the first between their reads."""
    gallery, file = world.galleries()[0]["id"], world.files()[0]["id"]
    text = {"type": "TEXT", "text": {"html": "x"}}
    world.edit(*({"gallery": gallery, "item": None, "set": {**text, "sortOrder": 1000 + n}} for n in range(150)))
    made = world.edit({**shows(world, file), "set": {**shows(world, file)["set"], "sortOrder": 5000}})
    move = {"gallery": gallery, "item": made[0]["item"]["id"], "set": {"sortOrder": -5}}
    world.faults(script=[{"fault": "edit", "when": "after", "path": "/items$", "nth": 1, "times": 1, "edits": [move]}])
    gone = look_and_collect(world)
    assert file not in [each.file.id for each in gone]
