"""A transport with scripted responses, and one example of every client call with its responses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from galleryctl.http import httpx
from galleryctl.model.desired import Limits
from galleryctl.model.live import LiveItem
from galleryctl.model.media import Kind, MediaFile
from galleryctl.model.secret import Secret
from galleryctl.wix import endpoints
from galleryctl.wix.auth import ApiKeyAuth, AppAuth, Auth
from galleryctl.wix.client import WixClient, open_client
from galleryctl.wix.endpoints import Endpoint
from galleryctl.wix.items import NewItem
from galleryctl.wix.transport import Observer, RetryPolicy
from galleryctl.wix.write_guard import WriteGuard
from tests.support import clock

_T = TypeVar("_T")
ScriptedResponse = httpx.Response | Exception
API = "https://api.test"
KEY, SECRET, TOKEN = "IST.planted-key", "planted-app-secret", "planted-access-token"
GALLERY = {"id": "g-1", "name": "Weddings", "sortOrder": 1.0, "totalItems": 1}
ITEM = {"id": "i-1", "type": "TEXT", "sortOrder": 2.0, "text": {"html": "<p>x</p>"}}
FILE = {"id": "f-1", "displayName": "a.jpg", "operationStatus": "READY", "labels": ["label"]}


def json_response(status: int = 200, body: object = None, **headers: str) -> httpx.Response:
    """Return a JSON response, empty for None; `_` in a header's name is a dash."""
    content = b"" if body is None else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, content=content, headers={"x-wix-request-id": "req-1", **named})


def raw_response(status: int, content: bytes) -> httpx.Response:
    """Return a response with these bytes."""
    return httpx.Response(status, content=content, headers={"x-wix-request-id": "req-1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRequest:
    """A request that was sent, and when, in seconds since the start."""

    request: httpx.Request
    at: float

    @property
    def line(self) -> str:
        """`METHOD path`."""
        return f"{self.request.method} {self.request.url.path}"

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.request.content)


@dataclass(slots=True)
class ScriptedTransport:
    """Returns the scripted responses in order, repeating the last; each takes `seconds`."""

    script: list[ScriptedResponse]
    seconds: float = 0.0
    sent: list[SentRequest] = field(default_factory=list)
    running: int = 0
    peak: int = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(SentRequest(request=request, at=clock.elapsed()))
        self.running += 1
        self.peak = max(self.peak, self.running)
        try:
            await asyncio.sleep(self.seconds)
            scripted = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        finally:
            self.running -= 1
        if isinstance(scripted, Exception):
            raise scripted
        stream = httpx.ByteStream(scripted.content)
        return httpx.Response(scripted.status_code, stream=stream, headers=scripted.headers, request=request)

    @property
    def lines(self) -> list[str]:
        """`METHOD path` of each request."""
        return [sent.line for sent in self.sent]

    @property
    def times(self) -> list[float]:
        """The time of each request, in seconds since the start."""
        return [sent.at for sent in self.sent]


def api_key_auth() -> ApiKeyAuth:
    """Return an API key that tests search for."""
    return ApiKeyAuth(Secret(KEY), "site-1")


def app_auth() -> AppAuth:
    """Return app credentials that tests search for."""
    return AppAuth("app-1", Secret(SECRET), "instance-1")


def run_client(
    transport: ScriptedTransport,
    action: Callable[[WixClient], Awaitable[_T]],
    *,
    auth: Auth | None = None,
    limits: Limits | None = None,
    policy: RetryPolicy | None = None,
    observer: Observer | None = None,
    before_write: WriteGuard | None = None,
    base_url: str = API,
    random_value: float = 1.0,
) -> _T:
    """Return the result of `do` with a client on this transport."""

    async def session() -> _T:
        async with open_client(
            base_url,
            auth=auth or api_key_auth(),
            limits=limits or Limits(),
            transport=httpx.MockTransport(transport),
            timing=clock.virtual_timing(random_value),
            policy=policy,
            on_request=observer,
            before_write=before_write,
        ) as client:
            return await action(client)

    return clock.run_virtual(session())


@dataclass(frozen=True, slots=True, kw_only=True)
class CallExample:
    """An example of a call: its first request, and the responses that make it succeed, in order."""

    endpoint: Endpoint
    action: Callable[[WixClient], Awaitable[object]]
    responses: tuple[Mapping[str, Any], ...]

    @property
    def transport(self) -> ScriptedTransport:
        """Return a transport with which the call succeeds."""
        return ScriptedTransport([json_response(body=body) for body in self.responses])


LIVE_ITEM = LiveItem(
    id="i-1", kind=Kind.TEXT, media=None, fields={}, sort_order=2.0, raw={"text": {"html": "<p>x</p>"}}
)
NEW_ITEM = NewItem(kind=Kind.TEXT, fields={"html": "<p>x</p>"}, sort_order=3.0)
PENDING_FILE = MediaFile(id="f-1", display_name="a.jpg", ready=False, failed=False)


def upload_file(client: WixClient, size: int = 3, labels: Iterable[str] = ("label",)) -> Awaitable[MediaFile]:
    """Upload `size` bytes."""
    content = b"x" * size
    return client.upload(name="a.jpg", mime="image/jpeg", size=size, open_bytes=lambda: content, labels=tuple(labels))


class DiscardedBody:
    """Takes a download and keeps nothing."""

    max_bytes = 1000

    def begin(self) -> None:
        """Do nothing."""

    def write(self, block: bytes) -> None:
        """Do nothing."""


URL = {"uploadUrl": "https://upload.test/here"}
CALLS = {
    "list_galleries": CallExample(
        endpoint=endpoints.LIST_GALLERIES,
        action=lambda c: c.list_galleries(0),
        responses=({"totalGalleries": 1, "galleries": [GALLERY]},),
    ),
    "get_gallery": CallExample(
        endpoint=endpoints.GET_GALLERY, action=lambda c: c.get_gallery("g-1"), responses=({"gallery": GALLERY},)
    ),
    "list_items": CallExample(
        endpoint=endpoints.LIST_ITEMS, action=lambda c: c.list_items("g-1", 0), responses=({"items": [ITEM]},)
    ),
    "create_gallery": CallExample(
        endpoint=endpoints.CREATE_GALLERY,
        action=lambda c: c.create_gallery("Weddings", 1.0, [NEW_ITEM]),
        responses=({"gallery": GALLERY},),
    ),
    "update_gallery": CallExample(
        endpoint=endpoints.UPDATE_GALLERY,
        action=lambda c: c.update_gallery("g-1", {"name": "Weddings"}),
        responses=({"gallery": GALLERY},),
    ),
    "delete_gallery": CallExample(
        endpoint=endpoints.DELETE_GALLERY,
        action=lambda c: c.delete_gallery("g-1"),
        responses=({"galleryId": "g-1"},),
    ),
    "create_item": CallExample(
        endpoint=endpoints.CREATE_ITEM, action=lambda c: c.create_item("g-1", NEW_ITEM), responses=({"item": ITEM},)
    ),
    "update_item": CallExample(
        endpoint=endpoints.UPDATE_ITEM,
        action=lambda c: c.update_item("g-1", LIVE_ITEM, {"title": "x"}),
        responses=({"item": ITEM},),
    ),
    "delete_items": CallExample(
        endpoint=endpoints.DELETE_ITEMS,
        action=lambda c: c.delete_items("g-1", ["i-1"]),
        responses=({"itemIds": ["i-1"]},),
    ),
    "upload": CallExample(
        endpoint=endpoints.UPLOAD_URL, action=lambda c: upload_file(c, labels=()), responses=(URL, {"file": FILE})
    ),
    "import_url": CallExample(
        endpoint=endpoints.IMPORT_FILE,
        action=lambda c: c.import_url("https://example.com/a.jpg", Kind.IMAGE),
        responses=({"file": FILE},),
    ),
    "get_files": CallExample(
        endpoint=endpoints.GET_FILES, action=lambda c: c.get_files(["f-1"]), responses=({"files": [FILE]},)
    ),
    "download": CallExample(
        endpoint=endpoints.DOWNLOAD_URL,
        action=lambda c: c.download("f-1", DiscardedBody()),
        responses=({"downloadUrls": [{"url": "https://download.test/here"}]}, {}),
    ),
    "wait_ready": CallExample(
        endpoint=endpoints.GET_FILES, action=lambda c: c.wait_ready([PENDING_FILE]), responses=({"files": [FILE]},)
    ),
    "find_by_label": CallExample(
        endpoint=endpoints.SEARCH_FILES, action=lambda c: c.find_by_label("label"), responses=({"files": [FILE]},)
    ),
    "list_files": CallExample(
        endpoint=endpoints.LIST_FILES, action=lambda c: c.list_files(), responses=({"files": [FILE]},)
    ),
    "list_folders": CallExample(
        endpoint=endpoints.LIST_FOLDERS,
        action=lambda c: c.list_files("photos"),
        responses=({"folders": [{"id": "d-1", "displayName": "photos"}]}, {"files": [FILE]}),
    ),
    "delete_files": CallExample(
        endpoint=endpoints.DELETE_FILES, action=lambda c: c.delete_files(["f-1"]), responses=({},)
    ),
}
"""Every call of the client; uploads over 10 MB have their own tests."""

every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
