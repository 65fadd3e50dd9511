from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest

from galleryctl.emulator import Emulator, create_emulator
from galleryctl.emulator.credentials import Credentials
from galleryctl.http import httpx

GALLERIES = "/progallery/v2/galleries"
TEXT = {"text": {"html": "<p>x</p>"}}
URL = "https://receiver.example/hook"
Control = Callable[[str, dict[str, Any]], Any]


@pytest.fixture
def posted() -> list[tuple[str, str]]:
    """The URL and the body of each delivery."""
    return []


@pytest.fixture
def responses() -> list[int]:
    """The receiver's next statuses, last first; 200 after the last one."""
    return []


@pytest.fixture
def emulator(
    now: list[float], keys: Credentials, posted: list[tuple[str, str]], responses: list[int]
) -> Iterator[Emulator]:
    def post(url: str, body: str, _timeout: float) -> int:
        posted.append((url, body))
        return responses.pop() if responses else 200

    created = create_emulator(None, clock=lambda: now[0], keys=keys, post=post)
    yield created
    created.close()


@pytest.fixture
def events(emulator: Emulator, posted: list[tuple[str, str]], control: Control) -> Callable[[], list[dict[str, Any]]]:
    """Return a function that waits for all deliveries and returns the verified envelopes."""
    control("webhooks", {"url": URL})

    def verified() -> list[dict[str, Any]]:
        assert emulator.pipeline.webhooks.wait_idle(10)
        key, app = emulator.ready.public_key, emulator.ready.app_id
        claims = [jwt.decode(body, key, algorithms=["RS256"], audience=app, issuer="wix.com") for _, body in posted]
        envelopes = [json.loads(claim["data"]) for claim in claims]
        return [envelope | {"data": json.loads(envelope["data"])} for envelope in envelopes]

    return verified


Events = Callable[[], list[dict[str, Any]]]


def test_every_write_sends_an_event(wix: httpx.Client, events: Events, emulator: Emulator) -> None:
    gallery = wix.post(GALLERIES, json={"gallery": {"name": "W"}}).json()["gallery"]
    path = f"{GALLERIES}/{gallery['id']}"
    wix.patch(path, json={"gallery": {"name": "V"}})
    item = wix.post(f"{path}/items", json={"item": TEXT}).json()["item"]
    updated = wix.patch(f"{path}/items/{item['id']}", json={"item": {"title": "t"}}).json()["item"]
    wix.delete(f"{path}/items/{item['id']}")
    wix.delete(path)
    got = events()
    assert [envelope["eventType"].removeprefix("wix.pro_gallery.gallery_v2_") for envelope in got] == [
        "created", "updated", "gallery_item_created", "gallery_item_updated", "gallery_item_deleted", "deleted",
    ]  # fmt: skip
    data = [envelope["data"] for envelope in got]
    assert {entry["entityId"] for entry in data} == {gallery["id"]}
    assert {entry["entityFqdn"] for entry in data} == {"wix.pro_gallery.v2.gallery"}
    assert [int(entry["entityEventSequence"]) for entry in data] == [1, 2, 3, 4, 5, 6]
    assert len({entry["id"] for entry in data}) == 6
    assert "items" not in data[0]["createdEvent"]["entity"]
    assert data[1]["updatedEvent"]["currentEntity"]["name"] == "V"
    assert data[2]["actionEvent"]["body"] == {"item": item}
    assert data[3]["actionEvent"]["body"] == {"updatedItem": updated}
    assert data[4]["actionEvent"]["body"] == {"itemId": item["id"]}
    assert data[5]["deletedEvent"] == {}
    assert {envelope["instanceId"] for envelope in got} == {emulator.ready.instance_id}


def test_an_event_has_the_stored_form(wix: httpx.Client, events: Events, control: Control) -> None:
    control("settings", {"trim_texts": True, "echo_writes": True})
    created = wix.post(GALLERIES, json={"gallery": {"items": [{"title": " a ", **TEXT}]}}).json()["gallery"]
    path = f"{GALLERIES}/{created['id']}/items/{created['items'][0]['id']}"
    assert wix.patch(path, json={"item": {"title": " b "}}).json()["item"]["title"] == " b "
    bodies = [entry["data"]["actionEvent"]["body"] for entry in events()[1:]]
    assert [item["title"] for body in bodies for item in body.values()] == ["a", "b"]


def test_the_items_of_a_deleted_gallery_say_so(wix: httpx.Client, events: Events) -> None:
    gallery = wix.post(GALLERIES, json={"gallery": {"items": [TEXT, TEXT]}}).json()["gallery"]
    wix.delete(f"{GALLERIES}/{gallery['id']}")
    gone = [entry["data"] for entry in events() if entry["eventType"].endswith("gallery_item_deleted")]
    assert [entry["originatedFrom"] for entry in gone] == ["Gallery Deleted"] * 2


def test_a_rejected_write_sends_no_event(wix: httpx.Client, events: Events) -> None:
    assert wix.post(GALLERIES, json={"gallery": {"items": [TEXT, {}]}}).status_code == 400
    assert events() == []


def test_bodies_and_names_can_be_the_older_ones(wix: httpx.Client, events: Events, control: Control) -> None:
    control("settings", {"webhook_bodies": "json", "webhook_type_names": "descriptor"})
    gallery = wix.post(GALLERIES, json={"gallery": {"items": [TEXT]}}).json()["gallery"]
    created, item = events()
    assert created["eventType"] == "wix.pro_gallery.v2.gallery_created"
    assert json.loads(created["data"]["createdEvent"]["entityAsJson"])["id"] == gallery["id"]
    assert json.loads(item["data"]["actionEvent"]["bodyAsJson"])["item"]["id"] == gallery["items"][0]["id"]


def test_deliveries_can_repeat_and_come_out_of_order(wix: httpx.Client, events: Events, control: Control) -> None:
    control("settings", {"webhook_repeats": 1, "webhook_shuffle": True})
    wix.post(GALLERIES, json={"gallery": {"items": [TEXT]}})
    numbers = [int(entry["data"]["entityEventSequence"]) for entry in events()]
    assert numbers == [2, 2, 1, 1]


def test_a_delivery_is_tried_again(
    wix: httpx.Client, events: Events, control: Control, responses: list[int], anonymous: httpx.Client
) -> None:
    control("settings", {"webhook_backoff_ms": 1})
    responses[:] = [500, 0, 500, 0, 500, 503]
    wix.post(GALLERIES, json={"gallery": {}})
    assert len(events()) == 4
    shown = anonymous.get("/_emulator/webhooks").json()
    assert shown["urls"] == [URL]
    assert [(d["state"], d["statuses"]) for d in shown["deliveries"]] == [("failed", [503, 500, 0, 500])]
    wix.post(GALLERIES, json={"gallery": {}})
    assert len(events()) == 7
    shown = anonymous.get("/_emulator/webhooks").json()
    assert (shown["pending"], shown["deliveries"][1]["state"]) == (0, "delivered")
    assert shown["deliveries"][1]["statuses"] == [0, 500, 200]


def test_files_send_events_when_they_are_ready_or_failed(wix: httpx.Client, events: Events) -> None:
    request = {"url": "http://emulator.local/_emulator/sample.png", "externalInfo": {"externalIds": ["7"]}}
    ids = []
    for body in (request, {"url": "https://example.com/none.png"}):
        ids.append(wix.post("/site-media/v1/files/import", json=body).json()["file"]["id"])
        wix.get("/site-media/v1/files/get-file-by-id", params={"fileId": ids[-1]})
    ready, failed = events()
    assert ready["eventType"] == "wix.media.site_media.v1.file_descriptor_file_ready"
    assert ready["data"]["actionEvent"]["body"]["file"]["operationStatus"] == "READY"
    assert ready["data"]["actionEvent"]["body"]["externalInfo"] == {"externalIds": ["7"]}
    assert failed["data"]["actionEvent"]["body"]["error"]["code"]
    assert [entry["data"]["entityId"] for entry in (ready, failed)] == ids


def test_a_subscriber_can_leave(wix: httpx.Client, events: Events, control: Control) -> None:
    assert control("webhooks", {"url": URL, "remove": True}) == {"urls": []}
    wix.post(GALLERIES, json={})
    assert events() == []


def test_pending_deliveries_are_sent_before_the_end(
    keys: Credentials, connect_to: Callable[[Emulator], httpx.Client]
) -> None:
    posted: list[str] = []
    begun, go_on = threading.Event(), threading.Event()

    def post(_url: str, body: str, _timeout: float) -> int:
        begun.set()
        assert go_on.wait(10)
        posted.append(body)
        return 200

    created = create_emulator(None, keys=keys, post=post)
    client = connect_to(created)
    client.post("/_emulator/webhooks", json={"url": URL})
    client.post(GALLERIES, json={"gallery": {"items": [TEXT, TEXT]}})
    assert begun.wait(10)
    ending = threading.Thread(target=created.close)
    ending.start()
    go_on.set()
    ending.join(10)
    assert len(posted) == 3
