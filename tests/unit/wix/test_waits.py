"""The lines that are printed while the client waits, on a virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from galleryctl.engine.apply.deletes import delete_items
from galleryctl.engine.refresh.listing import IncompleteListing, read_items
from galleryctl.http import httpx
from galleryctl.model.desired import Limits
from galleryctl.model.media import Kind
from galleryctl.model.waiting import WaitKind
from galleryctl.wix.client import WixClient, open_client
from galleryctl.wix.errors import ApiError
from tests.support import clock
from tests.support.wait_lines import PrintedWaits
from tests.unit.wix.scripted_transport import (
    FILE,
    GALLERY,
    ITEM,
    PENDING_FILE,
    ScriptedResponse,
    ScriptedTransport,
    api_key_auth,
    json_response,
    raw_response,
    upload_file,
)

GOOD = json_response(body={"gallery": GALLERY})
PENDING = json_response(body={"files": [{**FILE, "operationStatus": "PENDING"}]})
READ = "GET /progallery/v2/galleries/g-1"


def printed(
    script: Sequence[ScriptedResponse],
    action: Callable[[WixClient], Awaitable[object]],
    *,
    seconds: float = 0.0,
    limits: Limits | None = None,
) -> PrintedWaits:
    """Run `action` with a client on a server that takes `seconds` for each response, and return what was printed."""
    waits = PrintedWaits()

    async def session() -> None:
        transport = httpx.MockTransport(ScriptedTransport([*script], seconds=seconds))
        async with (
            waits.printing(),
            open_client(
                "https://api.test",
                auth=api_key_auth(),
                limits=limits or Limits(),
                transport=transport,
                timing=clock.virtual_timing(),
                on_wait=waits.observe,
            ) as client,
        ):
            await action(client)

    clock.run_virtual(session())
    assert waits.current == []
    return waits


def read(client: WixClient) -> Awaitable[object]:
    return client.get_gallery("g-1")


def test_retry_after_of_a_429() -> None:
    waits = printed([json_response(429, Retry_After="40"), GOOD], read)
    line = "Waiting for the API, which asks for fewer requests (status 429), until 00:00:44."
    assert waits.lines == [(3.5, line), (33.5, line)]


def test_retry_after_of_a_503() -> None:
    waits = printed([json_response(503, Retry_After="40"), GOOD], read)
    line = f"Waiting for attempt 2 of 6 at {READ}, which failed with status 503, until 00:00:40."
    assert waits.lines == [(3.0, line), (33.0, line)]


def test_short_pauses_between_attempts_are_one_wait() -> None:
    waits = printed([*[json_response(503)] * 4, GOOD], read)
    assert [(each.seconds, each.before) for each in waits.observed if each.kind is WaitKind.RETRY] == [
        (0.5, 0.0), (1.0, 0.5), (2.0, 1.5), (4.0, 3.5),
    ]  # fmt: skip
    assert waits.lines == [
        (3.0, f"Waiting for attempt 4 of 6 at {READ}, which failed with status 503, until 00:00:04.")
    ]


def test_attempts_without_a_response() -> None:
    waits = printed([*[httpx.ConnectError("refused")] * 4, GOOD], read)
    assert [line.partition(", which ")[2] for _, line in waits.lines] == ["failed without a response, until 00:00:04."]


def test_the_configured_quota() -> None:
    async def read_all(client: WixClient) -> None:
        await asyncio.gather(*(client.get_gallery("g-1") for _ in range(4)))

    waits = printed([GOOD], read_all, limits=Limits(max_requests_per_minute=2))
    line = "Waiting for the quota of 2 requests per minute, until 00:01:01."
    assert waits.lines == [(3.0, line), (33.0, line)]


def test_a_slow_response() -> None:
    waits = printed([GOOD], read, seconds=8)
    assert waits.lines == [(3.0, f"Waiting for the response to {READ}, until 00:00:30 at most.")]


def test_a_file_that_is_processed_for_long() -> None:
    ready = json_response(body={"files": [FILE]})
    waits = printed([*[PENDING] * 7, ready], lambda client: client.wait_ready([PENDING_FILE]))
    line = "Waiting for the Media Manager to process a.jpg, until 00:15:00 at most."
    assert waits.lines == [(3.0, line), (33.0, line)]


def test_a_file_that_is_fetched_from_a_url() -> None:
    fetched = {**FILE, "operationStatus": "PENDING", "sourceUrl": "https://example.com/a.jpg"}
    script = [json_response(body={"file": fetched}), *[PENDING] * 4, json_response(body={"files": [FILE]})]

    async def import_file(client: WixClient) -> None:
        await client.wait_ready([await client.import_url("https://example.com/a.jpg", Kind.IMAGE)])

    waits = printed(script, import_file)
    assert waits.lines == [(3.0, "Waiting for the Media Manager to fetch and process a.jpg, until 00:15:00 at most.")]


def test_a_search_for_an_upload_whose_response_was_lost() -> None:
    url = json_response(body={"uploadUrl": "https://upload.test/here"})
    nothing = json_response(body={"files": []})
    lost = raw_response(200, b"not JSON")

    async def upload(client: WixClient) -> None:
        with pytest.raises(ApiError):
            await upload_file(client)

    waits = printed([url, lost, nothing, url, lost, nothing, url, lost, nothing], upload)
    line = "Waiting for the Media Manager's search to show the file whose upload was not answered, until"
    assert waits.lines == [(3.0, f"{line} 00:00:06.")]


def test_deletes_that_reads_do_not_show() -> None:
    bodies: tuple[object, ...] = ({"itemIds": []}, {"gallery": GALLERY}, {"items": [ITEM]})
    unchanged = [json_response(body=body) for body in bodies]

    async def delete(client: WixClient) -> None:
        with pytest.raises(ApiError, match="1 of 1 items still exist"):
            await delete_items(client, "g-1", ["i-1"])

    waits = printed(unchanged * 3, delete)
    assert waits.lines == [(3.0, "Waiting for reads to show that 1 item is deleted, until 00:00:04.")]


def test_a_listing_that_changes_while_it_is_read() -> None:
    inconsistent = [
        json_response(body={"gallery": {**GALLERY, "totalItems": 2}}),
        json_response(body={"items": [ITEM]}),
    ]

    async def read_all(client: WixClient) -> None:
        with pytest.raises(IncompleteListing):
            await read_items(client, await client.get_gallery("g-1"))

    waits = printed(inconsistent * 4, read_all)
    line = "Waiting for the items of gallery Weddings, which changed while it was read, to settle, until 00:00:04."
    assert waits.lines == [(3.0, line)]
