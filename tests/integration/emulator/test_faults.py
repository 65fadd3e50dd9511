from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from galleryctl.emulator import ConnectionCut, Emulator
from galleryctl.http import httpx

GALLERIES = "/progallery/v2/galleries"
TEXT = {"text": {"html": "<p>x</p>"}}
Control = Callable[[str, dict[str, Any]], Any]


def total(wix: httpx.Client, gallery: str) -> int:
    return len(wix.get(f"{gallery}/items").json()["items"])


@pytest.mark.parametrize(("fault", "items"), [("drop_before", 0), ("drop_after", 1), ("cut", 1)])
def test_an_answer_that_never_comes(wix: httpx.Client, gallery: str, control: Control, fault: str, items: int) -> None:
    control("faults", {"script": [{"fault": fault, "method": "POST", "path": "/items$"}]})
    with pytest.raises(httpx.ReadError) as raised:
        wix.post(f"{gallery}/items", json={"item": TEXT})
    assert isinstance(raised.value, ConnectionCut)
    assert raised.value.request.method == "POST"
    assert total(wix, gallery) == items
    assert wix.post(f"{gallery}/items", json={"item": TEXT}).status_code == 200


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"fault": "throttle", "retry_after": 7}, (429, "7", True)),
        ({"fault": "throttle"}, (429, None, True)),
        ({"fault": "error_500"}, (500, None, True)),
        ({"fault": "error_503"}, (503, None, False)),
    ],
)
def test_error_statuses_do_nothing(
    wix: httpx.Client,
    gallery: str,
    control: Control,
    fault: dict[str, Any],
    expected: tuple[int, str | None, bool],
) -> None:
    control("faults", {"script": [fault | {"method": "POST"}]})
    response = wix.post(f"{gallery}/items", json={"item": TEXT})
    assert (response.status_code, response.headers.get("Retry-After"), bool(response.content)) == expected
    assert response.headers["x-wix-request-id"]
    assert total(wix, gallery) == 0


def test_a_create_is_answered_with_the_id_of_another_once(wix: httpx.Client, gallery: str, control: Control) -> None:
    control("faults", {"script": [{"fault": "wrong_id", "path": "/items", "nth": 2}, {"fault": "wrong_id"}]})

    def create(title: str) -> dict[str, Any]:
        item: dict[str, Any] = wix.post(f"{gallery}/items", json={"item": {"title": title, **TEXT}}).json()["item"]
        return item

    only = create("a")  # the script's second line concerns it, but there is no other item
    wrong = create("b")
    assert (wrong["id"], wrong["title"]) == (only["id"], "b")
    right = create("c")
    stored = wix.get(f"{gallery}/items").json()["items"]
    assert [item["title"] for item in stored] == ["a", "b", "c"]
    assert (stored[0], stored[2]) == (only, right)
    assert stored[1] == wrong | {"id": stored[1]["id"]}
    assert len({item["id"] for item in stored}) == 3


def test_a_created_gallery_can_have_the_id_of_another(wix: httpx.Client, gallery: str, control: Control) -> None:
    control("faults", {"rates": {"wrong_id": 1}})
    wrong = wix.post(GALLERIES, json={"gallery": {"name": "New"}}).json()["gallery"]
    assert (wrong["id"], wrong["name"]) == (gallery.removeprefix(f"{GALLERIES}/"), "New")
    assert wix.post(GALLERIES, json={"gallery": {"name": 3}}).status_code == 400
    assert wix.patch(gallery, json={"gallery": {"name": "W"}}).json()["gallery"]["name"] == "W"
    names = [shown["name"] for shown in wix.get(GALLERIES).json()["galleries"]]
    assert names == ["W", "New"]
    assert wix.get("/_emulator/faults").json()["struck"] == {"wrong_id": 2}


def test_the_script_counts_matching_requests(wix: httpx.Client, control: Control, gallery: str) -> None:
    script = [{"fault": "error_500", "methods": ["GET"], "path": "/items$", "nth": 2, "times": 2}]
    control("faults", {"script": script})
    statuses = []
    for _ in range(4):
        wix.get(gallery)
        statuses.append(wix.get(f"{gallery}/items").status_code)
    assert statuses == [200, 500, 500, 200]


def test_rates_repeat_with_their_seed(wix: httpx.Client, control: Control) -> None:
    runs = []
    for _ in range(2):
        control("faults", {"seed": 3, "rates": {"error_500": 0.3, "throttle": 0.2}})
        runs.append([wix.get(GALLERIES).status_code for _ in range(40)])
    assert runs[0] == runs[1]
    assert {200, 429, 500} == set(runs[0])
    control("faults", {})
    assert {wix.get(GALLERIES).status_code for _ in range(10)} == {200}


@pytest.mark.parametrize(
    "body", [{"rates": {"fire": 1}}, {"rates": {"stale": 2}}, {"script": [{"fault": "x"}]}, {"nope": 1},
             {"script": [{"fault": "stale", "path": "("}]}, {"script": {}}, {"script": [{"fault": "cut", "nht": 1}]}],
)  # fmt: skip
def test_faults_that_make_no_sense_are_refused(anonymous: httpx.Client, body: dict[str, Any]) -> None:
    assert anonymous.post("/_emulator/faults", json=body).status_code == 400


def test_a_stale_read_lags_behind_the_last_write(wix: httpx.Client, gallery: str, control: Control) -> None:
    first = wix.post(f"{gallery}/items", json={"item": {"title": "a", **TEXT}}).json()["item"]
    wix.patch(f"{gallery}/items/{first['id']}", json={"item": {"title": "b"}})
    control("faults", {"rates": {"stale": 1}})
    path = f"{gallery}/items/{first['id']}"
    assert wix.get(path).json()["item"]["title"] == "a"
    control("settings", {"stale_writes": 2})
    control("faults", {})
    written = wix.delete(path).headers["X-Wix-Consistent"]
    control("faults", {"rates": {"stale": 1}})
    assert wix.get(path).json()["item"]["title"] == "a"
    assert wix.get(path, headers={"X-Wix-Consistent": written}).status_code == 404
    control("settings", {"honour_consistent": False})
    assert wix.get(path, headers={"X-Wix-Consistent": written}).status_code == 200
    control("faults", {})
    assert wix.get(path).status_code == 404


def test_a_stale_read_of_media_is_fresh(wix: httpx.Client, control: Control) -> None:
    file = wix.post("/site-media/v1/files/import", json={"url": "https://example.com/none.png"}).json()["file"]
    control("faults", {"rates": {"stale": 1}})
    read = wix.get("/site-media/v1/files/get-file-by-id", params={"fileId": file["id"]}).json()["file"]
    assert read["operationStatus"] == "FAILED"


def test_only_writes_return_a_consistency_token(wix: httpx.Client, gallery: str) -> None:
    assert "X-Wix-Consistent" not in wix.get(gallery).headers
    one = wix.patch(gallery, json={"gallery": {"name": "a"}}).headers["X-Wix-Consistent"]
    assert wix.patch(gallery, json={"gallery": {"name": "b"}}).headers["X-Wix-Consistent"] != one
    assert "X-Wix-Consistent" not in wix.patch(gallery, json={"gallery": {"name": 3}}).headers


def test_the_quota_of_a_minute(wix: httpx.Client, control: Control, now: list[float]) -> None:
    control("settings", {"requests_per_minute": 3, "quota_retry_after": 60})
    responses = [wix.get(GALLERIES) for _ in range(4)]
    assert [response.status_code for response in responses] == [200, 200, 200, 429]
    assert responses[3].headers["Retry-After"] == "60"
    now[0] += 61
    assert wix.get(GALLERIES).status_code == 200


def test_statistics_count_concurrent_requests(emulator: Emulator, control: Control, anonymous: httpx.Client) -> None:
    control("faults", {"latency_ms": 30})
    ready = emulator.ready

    async def together() -> list[int]:
        headers = {"Authorization": ready.api_key, "wix-site-id": ready.site_id}
        transport = httpx.ASGITransport(app=emulator.app)
        async with httpx.AsyncClient(transport=transport, base_url=ready.base_url, headers=headers) as client:
            responses = await asyncio.gather(*(client.get(GALLERIES) for _ in range(5)))
            return [response.status_code for response in responses]

    assert asyncio.run(together()) == [200] * 5
    stats = anonymous.get("/_emulator/stats").json()
    assert stats["requests"] == {f"GET {GALLERIES}": 5}
    assert (stats["total"], stats["peak_concurrency"], stats["running"]) == (5, 5, 0)
    assert control("stats/reset", {})["total"] == 0


def test_a_request_given_up_before_its_turn_does_nothing(
    emulator: Emulator, control: Control, wix: httpx.Client
) -> None:
    control("faults", {"latency_ms": 5000})
    ready = emulator.ready

    async def give_up() -> None:
        headers = {"Authorization": ready.api_key, "wix-site-id": ready.site_id}
        transport = httpx.ASGITransport(app=emulator.app)
        async with httpx.AsyncClient(transport=transport, base_url=ready.base_url, headers=headers) as client:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.post(GALLERIES, json={}), 0.05)

    asyncio.run(give_up())
    control("faults", {})
    assert wix.get(GALLERIES).json()["totalGalleries"] == 0
    assert wix.get("/_emulator/stats").json()["running"] == 0


def test_reset_empties_everything_but_the_credentials(
    emulator: Emulator, wix: httpx.Client, gallery: str, image: dict[str, Any], control: Control
) -> None:
    before = emulator.ready
    control("settings", {"item_order": "descending"})
    control("faults", {"rates": {"error_500": 1}})
    control("reset", {})
    assert emulator.ready == before
    assert wix.get(GALLERIES).json() == {"totalGalleries": 0, "galleries": []}
    assert wix.get("/site-media/v1/files").json()["files"] == []
    assert wix.get("/_emulator/settings").json()["item_order"] == "ascending"


@pytest.mark.parametrize(
    "body",
    [
        {"item_order": "up"},
        {"nope": 1},
        {"stale_writes": -1},
        {"repeated_sort_order_status": 200},
        {"hash_at_ready": 1},
    ],
)
def test_settings_that_make_no_sense_are_refused(anonymous: httpx.Client, body: dict[str, Any]) -> None:
    assert anonymous.post("/_emulator/settings", json=body).status_code == 400
