"""Side faults: an edit during a request, and requests that are held until a test releases them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from galleryctl.emulator import ConnectionCut, Emulator, create_emulator
from galleryctl.http import httpx

GALLERIES = "/progallery/v2/galleries"
TEXT = {"text": {"html": "<p>x</p>"}}
Control = Callable[[str, dict[str, Any]], Any]
Connect = Callable[[Emulator], httpx.Client]


def titles(wix: httpx.Client, gallery: str) -> list[str]:
    return [item.get("title", "") for item in wix.get(f"{gallery}/items").json()["items"]]


def test_the_editor_comes_in_at_the_nth_request(wix: httpx.Client, gallery: str, control: Control) -> None:
    wix.post(f"{gallery}/items", json={"item": {"title": "Cake", "sortOrder": 1, **TEXT}})
    edits = [
        {"gallery": {"name": "Weddings"}, "item": {"title": "Cake"}, "set": {"title": "Torte"}},
        {"gallery": {"name": "Weddings"}, "item": None, "set": {"title": "New", "sortOrder": 2, **TEXT}},
    ]
    control("faults", {"script": [{"fault": "edit", "path": "/items$", "nth": 2, "edits": edits}]})
    assert titles(wix, gallery) == ["Cake"]
    assert titles(wix, gallery) == ["Torte", "New"]
    after = [
        {
            "fault": "edit",
            "when": "after",
            "edits": [{"gallery": {}, "item": {"title": "New"}, "delete": True}],
        }
    ]
    control("faults", {"script": after})
    assert titles(wix, gallery) == ["Torte", "New"]
    assert titles(wix, gallery) == ["Torte"]
    assert titles(wix, gallery) == ["Torte"]


def test_an_edit_and_a_fault_can_strike_one_request(wix: httpx.Client, gallery: str, control: Control) -> None:
    edit = {"gallery": {"name": "Weddings"}, "set": {"name": "Edited"}}
    control("faults", {"script": [{"fault": "edit", "edits": [edit]}, {"fault": "error_500"}]})
    assert wix.get(gallery).status_code == 500
    assert wix.get(gallery).json()["gallery"]["name"] == "Edited"
    assert wix.get("/_emulator/faults").json()["struck"] == {"edit": 1, "error_500": 1}


def test_edits_by_rate_repeat_with_their_seed(wix: httpx.Client, control: Control, emulator: Emulator) -> None:
    runs = []
    for _ in range(2):
        control("reset", {})
        items = [{"title": str(number), "sortOrder": number, **TEXT} for number in range(5)]
        created = wix.post(GALLERIES, json={"gallery": {"name": "W", "items": items}}).json()["gallery"]
        path = f"{GALLERIES}/{created['id']}"
        edits = [
            {"gallery": {"name": "W"}, "item": {}, "set": {"description": "edited"}},
            {"gallery": {}, "item": {}, "delete": True},
            {"gallery": {"name": "W"}, "item": None, "set": {"title": "new", "sortOrder": 99, **TEXT}},
        ]
        control("faults", {"seed": 5, "rates": {"edit": 0.4}, "edits": edits})
        for _ in range(20):
            assert wix.get(path).status_code == 200
        control("faults", {})
        shown = wix.get(f"{path}/items").json()["items"]
        runs.append([(item["title"], item.get("description")) for item in shown])
    assert runs[0] == runs[1]
    assert ("new", None) in runs[0] or ("new", "edited") in runs[0]


def test_an_edit_of_nothing_is_refused_when_asked_for_and_passed_over_by_chance(
    wix: httpx.Client, anonymous: httpx.Client, gallery: str, control: Control
) -> None:
    edit = {"gallery": {"name": "Weddings"}, "item": {"title": "nowhere"}, "set": {"title": "x"}}
    assert anonymous.post("/_emulator/edit", json=edit).status_code == 404
    control("faults", {"rates": {"edit": 1}, "edits": [edit]})
    assert wix.get(gallery).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"script": [{"fault": "edit"}]},
        {"script": [{"fault": "edit", "edits": [{"stuff": 1}]}]},
        {"rates": {"edit": 1}},
        {"rates": {"edit": 1}, "edits": {}},
        {"rates": {"edit": 1}, "edits": [None]},
        {"rates": {"hold": 0.5}},
        {"script": [{"fault": "hold", "when": "later"}]},
        {"script": [{"fault": "cut", "when": "after"}]},
        {"script": [{"fault": "cut", "edits": [{}]}]},
        {"seed": "x"},
    ],
)
def test_interludes_that_make_no_sense_are_refused(anonymous: httpx.Client, body: dict[str, Any]) -> None:
    response = anonymous.post("/_emulator/faults", json=body)
    assert response.status_code == 400, response.text


def test_429_with_and_without_retry_after_by_rate(wix: httpx.Client, control: Control) -> None:
    rates = {"throttle": 0.3, "throttle_silent": 0.3}
    control("faults", {"seed": 1, "retry_after": 2, "rates": rates})
    responses = [wix.get(GALLERIES) for _ in range(60)]
    told = [response.headers.get("Retry-After") for response in responses if response.status_code == 429]
    assert {"2", None} == set(told)


def test_slow_answers_by_rate_leave_the_others_quick(wix: httpx.Client, control: Control) -> None:
    control("faults", {"rates": {"latency": 0}, "latency_ms": 60_000})
    assert wix.get(GALLERIES).status_code == 200  # would take a minute
    control("faults", {"rates": {"latency": 1}, "latency_ms": 1})
    assert wix.get(GALLERIES).status_code == 200
    assert wix.get("/_emulator/faults").json()["struck"] == {"latency": 1}


def together(emulator: Emulator, story: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    """Run a story with concurrent requests."""

    async def run() -> None:
        ready = emulator.ready
        headers = {"Authorization": ready.api_key, "wix-site-id": ready.site_id}
        transport = httpx.ASGITransport(app=emulator.app)
        async with httpx.AsyncClient(transport=transport, base_url=ready.base_url, headers=headers) as wix:
            await story(wix)

    asyncio.run(run())


async def held(wix: httpx.AsyncClient, **body: int) -> list[dict[str, Any]]:
    response = await wix.post("/_emulator/holds/wait", json={"timeout_ms": 5000} | body)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["held"]
    return found


@pytest.mark.parametrize(("when", "before"), [("before", 0), ("after", 1)])
def test_a_held_request_waits_until_it_is_let_go(
    emulator: Emulator, gallery: str, control: Control, when: str, before: int
) -> None:
    control("faults", {"script": [{"fault": "hold", "when": when, "method": "POST", "nth": 2}]})

    async def story(wix: httpx.AsyncClient) -> None:
        path = f"{gallery}/items"
        assert (await wix.post(path, json={"item": TEXT})).status_code == 200
        second = asyncio.create_task(wix.post(path, json={"item": TEXT}))
        assert await held(wix) == [{"method": "POST", "path": path, "when": when}]
        assert len((await wix.get(path)).json()["items"]) == 1 + before
        assert not second.done()
        assert (await wix.post("/_emulator/holds/release", json={})).json() == {"released": 1}
        assert (await second).status_code == 200
        assert len((await wix.get(path)).json()["items"]) == 2
        assert (await wix.get("/_emulator/holds")).json() == {"held": []}

    together(emulator, story)


@pytest.mark.parametrize(("when", "items"), [("before", 0), ("after", 1)])
def test_a_held_request_can_end_without_an_answer(
    emulator: Emulator, gallery: str, control: Control, when: str, items: int
) -> None:
    control("faults", {"script": [{"fault": "hold", "when": when}]})

    async def story(wix: httpx.AsyncClient) -> None:
        request = asyncio.create_task(wix.post(f"{gallery}/items", json={"item": TEXT}))
        await held(wix)
        await wix.post("/_emulator/holds/release", json={"drop": True})
        with pytest.raises(ConnectionCut):
            await request
        assert len((await wix.get(f"{gallery}/items")).json()["items"]) == items

    together(emulator, story)


def test_waiting_for_several_and_in_vain(emulator: Emulator, gallery: str, control: Control) -> None:
    control("faults", {"script": [{"fault": "hold", "times": 2}]})

    async def story(wix: httpx.AsyncClient) -> None:
        first = asyncio.create_task(wix.get(gallery))
        assert len(await held(wix)) == 1
        assert (await wix.post("/_emulator/holds/wait", json={"count": 2, "timeout_ms": 1})).status_code == 408
        second = asyncio.create_task(wix.get(gallery))
        assert len(await held(wix, count=2)) == 2
        assert (await wix.post("/_emulator/reset", json={})).status_code == 200
        for request in (first, second):
            with pytest.raises(ConnectionCut):
                await request
        assert (await wix.post("/_emulator/holds/wait", json={"timeout_ms": "x"})).status_code == 400

    together(emulator, story)


def test_a_held_request_that_is_given_up_is_forgotten(emulator: Emulator, gallery: str, control: Control) -> None:
    control("faults", {"script": [{"fault": "hold"}]})

    async def story(wix: httpx.AsyncClient) -> None:
        request = asyncio.create_task(wix.get(gallery))
        await held(wix)
        request.cancel()
        await asyncio.gather(request, return_exceptions=True)
        assert (await wix.get("/_emulator/holds")).json() == {"held": []}

    together(emulator, story)


def test_switches_and_faults_stay_with_the_data(tmp_path: Path, connect_to: Connect) -> None:
    first = create_emulator(tmp_path)
    client = connect_to(first)
    client.post("/_emulator/settings", json={"item_order": "descending"})
    client.post("/_emulator/faults", json={"script": [{"fault": "error_500", "nth": 2}]})
    assert client.get(GALLERIES).status_code == 200
    first.close()
    again = create_emulator(tmp_path)
    client = connect_to(again)
    assert client.get("/_emulator/settings").json()["item_order"] == "descending"
    assert [client.get(GALLERIES).status_code for _ in range(3)] == [200, 500, 200]
    client.post("/_emulator/reset", json={})
    again.close()
    last = create_emulator(tmp_path)
    client = connect_to(last)
    assert client.get("/_emulator/settings").json()["item_order"] == "ascending"
    assert [client.get(GALLERIES).status_code for _ in range(3)] == [200, 200, 200]
    last.close()
