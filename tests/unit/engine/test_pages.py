"""Listings whose pages do not end, or do not have what they announce."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from galleryctl.engine.refresh.listing import (
    MAX_GALLERIES,
    MAX_ITEMS,
    IncompleteListing,
    ListingTooLong,
    read_galleries,
    read_items,
)
from galleryctl.http import httpx
from galleryctl.model.desired import Limits
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.live import LiveGallery
from galleryctl.wix.errors import MalformedResponse
from tests.unit.wix.scripted_transport import GALLERY, ITEM, ScriptedTransport, json_response, run_client

UNLIMITED = Limits(max_requests_per_minute=1_000_000_000)
Query = dict[str, str]


@dataclass(slots=True)
class Pages(ScriptedTransport):
    """Responds with the pages that `make` makes of a query; for the gallery alone with `total` as its number of items."""

    make: Callable[[Query], dict[str, Any]] = dict
    total: object = None

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await ScriptedTransport.__call__(self, request)
        is_gallery = request.url.path.endswith("/g-1")
        body = {"gallery": {**GALLERY, "totalItems": self.total}} if is_gallery else self.make(dict(request.url.params))
        return httpx.Response(200, stream=httpx.ByteStream(json.dumps(body).encode()))


def items(start: int, count: int, **more: object) -> dict[str, Any]:
    return {"items": [{**ITEM, "id": f"i-{n}", **more} for n in range(start, start + count)]}


def galleries(start: int, count: int, total: int) -> dict[str, Any]:
    return {"totalGalleries": total, "galleries": [{**GALLERY, "id": f"g-{n}"} for n in range(start, start + count)]}


def read(make: Callable[[Query], dict[str, Any]], total: object = None) -> tuple[Pages, GalleryctlError]:
    wire = Pages([json_response()], make=make, total=total)
    count = total if isinstance(total, int) else None
    gallery = LiveGallery(id="g-1", fields={}, sort_order=1.0, total_items=count, items=None, raw={})
    with pytest.raises(GalleryctlError) as raised:
        run_client(wire, lambda client: read_items(client, gallery), limits=UNLIMITED)
    assert "/galleries/g-1/items" in raised.value.where
    return wire, raised.value


def read_all(make: Callable[[Query], dict[str, Any]]) -> tuple[Pages, GalleryctlError]:
    wire = Pages([json_response()], make=make)
    with pytest.raises(GalleryctlError) as raised:
        run_client(wire, read_galleries, limits=UNLIMITED)
    assert raised.value.where.startswith("GET /progallery/v2/galleries")
    return wire, raised.value


def test_an_api_that_repeats_one_page_forever_is_reported() -> None:
    wire, error = read(lambda _: items(0, 100))
    assert type(error) is IncompleteListing
    assert len(wire.sent) < 20


def test_full_pages_without_a_total_end() -> None:
    wire, error = read(lambda query: items(int(query["itemOffset"]), 100))
    assert type(error) is ListingTooLong
    assert "more than 50,000 items" in error.what
    assert len(wire.sent) == MAX_ITEMS // 100 + 1


def test_an_announcement_of_too_many_items_is_not_followed() -> None:
    wire, error = read(lambda _: items(0, 100), MAX_ITEMS + 1)
    assert type(error) is ListingTooLong
    assert wire.sent == []


def test_the_first_page_that_does_not_fit_the_total_ends_a_reading() -> None:
    wire, error = read(lambda query: items(int(query["itemOffset"]), 3), 50_000)
    assert type(error) is IncompleteListing
    assert len(wire.sent) < 4 * (1 + 2 * UNLIMITED.concurrency)


def test_a_page_with_more_than_was_requested_is_an_error() -> None:
    wire, error = read(lambda _: items(0, 101), 101)
    assert type(error) is MalformedResponse
    assert "the response has 101 items, and 100 were requested" in error.what
    assert len(wire.sent) <= 2


def test_pages_that_take_too_much_memory_together_are_an_error() -> None:
    wire, error = read(lambda query: items(int(query["itemOffset"]), 100, more="a" * 100_000), 10_000)
    assert type(error) is MalformedResponse
    assert "take more than 128 MiB of memory" in error.what
    assert 12 < len(wire.sent) < 14 + 2 * UNLIMITED.concurrency


def test_an_announcement_of_too_many_galleries_is_not_followed() -> None:
    wire, error = read_all(lambda query: galleries(int(query["offset"]), 10, MAX_GALLERIES + 1))
    assert type(error) is ListingTooLong
    assert "10,001 galleries" in error.what
    assert len(wire.sent) == 1


@pytest.mark.parametrize("count", [0, 1, 9])
def test_a_total_that_the_first_page_contradicts_is_not_followed(count: int) -> None:
    wire, error = read_all(lambda query: galleries(int(query["offset"]), count, MAX_GALLERIES))
    assert type(error) is IncompleteListing
    assert len(wire.sent) == 4
