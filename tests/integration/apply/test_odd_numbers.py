"""Invalid numbers in responses: there is still a plan, or one error that says what is wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from galleryctl.engine.refresh.listing import IncompleteListing
from galleryctl.http import httpx
from galleryctl.model.json_document import parse_json
from galleryctl.plan.file.codec import decode_plan, encode_plan
from galleryctl.wix.errors import MalformedResponse
from tests.support.engine_harness import Doc, EngineHarness, make_desired, text_item

HUGE = sys.float_info.max


@pytest.fixture
def world(tmp_path: Path) -> Iterator[EngineHarness]:
    made = EngineHarness(tmp_path)
    yield made
    made.close()


def rewritten(
    world: EngineHarness, monkeypatch: pytest.MonkeyPatch, change: Callable[[Doc], None], raw: str = ""
) -> None:
    """Responses as a proxy or a future API might change them; `raw` replaces "ODD" in their text."""
    send = httpx.ASGITransport.handle_async_request

    async def handle(self: httpx.ASGITransport, request: httpx.Request) -> httpx.Response:
        response = await send(self, request)
        if request.method != "GET" or "/galleries" not in request.url.path:
            return response
        body = json.loads(await response.aread())
        change(body)
        text = json.dumps(body).replace('"ODD"', raw or '"ODD"')
        return httpx.Response(response.status_code, stream=httpx.ByteStream(text.encode()))

    monkeypatch.setattr(httpx.ASGITransport, "handle_async_request", handle)


def everywhere(name: str, value: Any) -> Callable[[Doc], None]:
    """Set each member `name` to `value`."""

    def change(body: Any) -> None:
        for part in body.values() if isinstance(body, dict) else body if isinstance(body, list) else ():
            change(part)
        if isinstance(body, dict) and name in body:
            body[name] = value

    return change


@pytest.mark.parametrize("raw", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400, "1" + "0" * 5000])
@pytest.mark.parametrize("name", ["sortOrder", "totalItems", "totalGalleries"])
def test_what_no_double_holds_is_one_clear_error(
    world: EngineHarness, monkeypatch: pytest.MonkeyPatch, raw: str, name: str
) -> None:
    world.apply(make_desired(text_item("a"), text_item("b")))
    rewritten(world, monkeypatch, everywhere(name, "ODD"), raw)
    with pytest.raises(MalformedResponse, match="not valid JSON") as caught:
        world.plan(make_desired(text_item("b"), text_item("a")))
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("value", [-1, 1.5, "many", None, 10**18, HUGE, True, [], {}])
def test_a_count_of_items_that_cannot_be_is_no_count(
    world: EngineHarness, monkeypatch: pytest.MonkeyPatch, value: object
) -> None:
    world.apply(make_desired(text_item("a"), text_item("b")))
    rewritten(world, monkeypatch, everywhere("totalItems", value))
    if value == 1.5:
        with pytest.raises(IncompleteListing):
            world.plan(make_desired(text_item("a"), text_item("b")))
    else:
        assert world.plan(make_desired(text_item("a"), text_item("b"))).is_empty
    assert len(world.requests) < 20


@pytest.mark.parametrize("value", [-1, "many", 10**18, HUGE, True, []])
def test_a_count_of_galleries_that_cannot_be_is_one_clear_error(
    world: EngineHarness, monkeypatch: pytest.MonkeyPatch, value: object
) -> None:
    world.apply(make_desired(text_item("a")))
    rewritten(world, monkeypatch, everywhere("totalGalleries", value))
    with pytest.raises(MalformedResponse, match="no valid totalGalleries"):
        world.plan(make_desired(text_item("a")))


@pytest.mark.parametrize("values", [(HUGE, -HUGE), (HUGE, -1e308), (5e-324, 0), (2**63, 2**63 + 1), (1e300, 10**300)])
def test_sort_orders_at_the_edge_are_planned_and_settle(world: EngineHarness, values: tuple[float, float]) -> None:
    world.apply(make_desired(text_item("a"), text_item("b")))
    gallery = world.galleries()[0]["id"]
    for item, value in zip(world.items(), values, strict=True):
        world.edit({"gallery": gallery, "item": item["id"], "set": {"sortOrder": value}})
    desired = make_desired(text_item("new"), text_item("b"), text_item("middle"), text_item("a"), text_item("last"))
    assert world.apply(desired).report.exit_code == 0
    assert world.plan(desired).is_empty
    assert world.titles() == ["new", "b", "middle", "a", "last"]


@pytest.mark.parametrize("value", [HUGE, -HUGE, 10**300, 2**64, -(2**64), 1e-320])
def test_a_saved_plan_holds_odd_numbers_of_the_site(world: EngineHarness, value: float) -> None:
    photo = world.photo_item("a", 1, exif={"iso": 100}, quality=90, focal_point={"x": 0.5, "y": 0.5})
    world.apply(make_desired(photo))
    gallery, item = world.galleries()[0]["id"], world.items()[0]
    image = {
        **item["image"],
        "exif": {"iso": value},
        "quality": value,
        "focalPoint": {"x": value, "y": value},
    }
    image["imageInfo"] = {**image["imageInfo"], "width": max(1, abs(value))}
    world.edit({"gallery": gallery, "item": item["id"], "set": {"image": image, "sortOrder": value}})
    plan = world.plan(make_desired(photo))
    assert decode_plan(parse_json(json.dumps(encode_plan(plan)))) == plan
    assert world.apply(make_desired(photo)).report.exit_code == 0
    assert world.plan(make_desired(photo)).is_empty
