"""The receiver with the emulator's webhooks, in process: its responses and what it stores."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from galleryctl.emulator import Emulator, create_emulator
from galleryctl.events.async_inbox import AsyncInbox
from galleryctl.events.inbox import Inbox, InboxEntry
from galleryctl.events.receiver import Receiver
from galleryctl.events.token import MAX_BODY_BYTES, TrustPolicy, read_public_key
from galleryctl.http import httpx
from galleryctl.model.errors import GalleryctlError
from tests.support.signed_events import NOW, item_updated, trusted_app, untrusted_app

Doc = dict[str, Any]
GALLERIES = "/progallery/v2/galleries"


class Desk:
    """A receiver with its inbox and its errors."""

    def __init__(self, path: Path, trust: TrustPolicy) -> None:
        self.inbox = Inbox(path)
        self.troubles: list[str] = []
        self.receiver = Receiver(
            trust=trust,
            inbox=AsyncInbox(self.inbox),
            clock=lambda: NOW,
            on_arrival=lambda: None,
            on_error=self.trouble,
        )

    def trouble(self, error: GalleryctlError) -> None:
        """Record the error."""
        self.troubles.append(str(error))

    def post(self, body: bytes | AsyncIterator[bytes], path: str = "/webhook", method: str = "POST") -> httpx.Response:
        """Deliver the body."""

        async def deliver() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.receiver.app())
            async with httpx.AsyncClient(transport=transport, base_url="http://receiver") as http:
                return await http.request(method, path, content=body)

        return anyio.run(deliver)

    def kept(self) -> list[InboxEntry]:
        """Return the pending events."""
        return list(self.inbox.pending())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "events.sqlite3", trusted_app().trust())
    yield desk
    desk.inbox.close()


def test_an_event_is_stored_before_the_response_and_its_repeats_are_dropped(desk: Desk) -> None:
    body = trusted_app().sign(item_updated())
    assert [desk.post(body).status_code for _ in range(3)] == [200, 200, 200]
    assert [entry.event.id for entry in desk.kept()] == ["e1"]
    assert desk.receiver.duplicates == 2


def test_rejections_disclose_nothing_to_the_sender_and_are_counted(desk: Desk) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(3 * MAX_BODY_BYTES // 100_000):
            yield b"x" * 100_000

    answers = [
        desk.post(body)
        for body in (b"", b"x", b"x" * 2 * MAX_BODY_BYTES, endless(), untrusted_app().sign(item_updated()))
    ]
    assert [answer.status_code for answer in answers] == [400, 400, 400, 400, 401]
    others = [desk.post(b"", "/"), desk.post(b"", "/webhook/x"), desk.post(b"", method="GET")]
    assert [answer.status_code for answer in others] == [404, 404, 405]
    assert all(not answer.content for answer in (*answers, *others))
    assert desk.receiver.rejected == Counter({"malformed": 2, "oversized": 2, "signature": 1})
    assert len(desk.troubles) == 5
    assert desk.kept() == []


def test_an_event_that_cannot_be_kept_is_to_be_sent_again(desk: Desk) -> None:
    desk.inbox.close()
    answer = desk.post(trusted_app().sign(item_updated()))
    assert (answer.status_code, answer.content) == (503, b"")
    assert "the events inbox cannot be written" in desk.troubles[0]


@pytest.mark.parametrize("bodies", ["objects", "json"])
@pytest.mark.parametrize("names", ["sdk", "descriptor"])
def test_the_emulators_six_events_shuffled_and_repeated(tmp_path: Path, bodies: str, names: str) -> None:
    sent: list[bytes] = []

    def post(_url: str, body: str, _timeout: float) -> int:
        sent.append(body.encode())
        return 200

    emulator = create_emulator(None, clock=lambda: NOW, post=post)
    try:
        anyio.run(history, emulator, {"webhook_bodies": bodies, "webhook_type_names": names})
        assert emulator.pipeline.webhooks.wait_idle(10)
        ready = emulator.ready
        trust = TrustPolicy(key=read_public_key(ready.public_key.encode(), "key"), instance_id=ready.instance_id)
    finally:
        emulator.close()
    desk = Desk(tmp_path / "events.sqlite3", trust)
    assert {desk.post(body).status_code for body in sent} == {200}
    kinds = Counter(entry.event.change for entry in desk.kept())
    desk.inbox.close()
    assert kinds == {
        "gallery_created": 1,
        "gallery_updated": 1,
        "gallery_deleted": 1,
        "item_created": 2,
        "item_updated": 1,
        "item_deleted": 2,
    }
    assert desk.receiver.duplicates == len(sent) - kinds.total() == 2 * kinds.total()


async def history(emulator: Emulator, settings: Doc) -> None:
    ready = emulator.ready
    headers = {"Authorization": ready.api_key, "wix-site-id": ready.site_id}
    transport = httpx.ASGITransport(app=emulator.app)
    async with httpx.AsyncClient(transport=transport, base_url=ready.base_url, headers=headers) as http:

        async def call(method: str, path: str, body: Doc | None = None) -> Doc:
            answer = await http.request(method, path, json=body)
            assert answer.status_code == 200, answer.text
            document: Doc = answer.json()
            return document

        repeats = {"webhook_repeats": 2, "webhook_shuffle": True}
        await call("POST", "/_emulator/settings", settings | repeats)
        await call("POST", "/_emulator/webhooks", {"url": "http://receiver/webhook"})
        gallery = (await call("POST", GALLERIES, {"gallery": {"name": "W", "sortOrder": 1}}))["gallery"]["id"]
        items = f"{GALLERIES}/{gallery}/items"
        made = [
            (await call("POST", items, {"item": {"sortOrder": n, "title": "T", "text": {"html": "<p>x</p>"}}}))["item"][
                "id"
            ]
            for n in (1, 2)
        ]
        await call("PATCH", f"{items}/{made[0]}", {"item": {"id": made[0], "title": "U"}})
        await call("PATCH", f"{GALLERIES}/{gallery}", {"gallery": {"id": gallery, "name": "X"}})
        await call("DELETE", f"{items}/{made[0]}")
        await call("DELETE", f"{GALLERIES}/{gallery}")


def test_a_signed_event_is_stored_as_it_came(desk: Desk) -> None:
    data = item_updated("Ka\u0301se \u202e", newer={"than": [1, None, "us"]})
    assert desk.post(trusted_app().sign(data)).status_code == 200
    (entry,) = desk.kept()
    assert entry.event.raw == json.loads(data["data"])
