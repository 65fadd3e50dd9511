"""An emulator in memory, a clock that tests set, and in-process httpx clients."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from galleryctl.emulator import Emulator, create_emulator
from galleryctl.emulator.credentials import Credentials, load_credentials
from galleryctl.http import httpx

GALLERIES = "/progallery/v2/galleries"
MEDIA = "/site-media/v1"


class InProcessTransport(httpx.BaseTransport):
    """A transport that sends each request to an ASGI application, in its own event loop."""

    def __init__(self, emulator: Emulator) -> None:
        self.app = emulator.app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def send() -> tuple[int, httpx.Headers, bytes]:
            copy = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
            response = await httpx.ASGITransport(app=self.app).handle_async_request(copy)
            return response.status_code, response.headers, await response.aread()

        status, headers, content = asyncio.run(send())
        return httpx.Response(status, headers=headers, content=content, request=request)


@pytest.fixture(scope="session")
def keys() -> Credentials:
    return load_credentials(None)


@pytest.fixture
def now() -> list[float]:
    """The emulator's clock in epoch seconds; a test sets it by replacing the one value."""
    return [1_795_500_000.0]


@pytest.fixture
def emulator(now: list[float], keys: Credentials) -> Iterator[Emulator]:
    created = create_emulator(None, clock=lambda: now[0], keys=keys)
    yield created
    created.close()


@pytest.fixture
def connect(emulator: Emulator) -> Callable[..., httpx.Client]:
    """Return a function that creates a client with these headers."""

    def client(**headers: str) -> httpx.Client:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.Client(transport=InProcessTransport(emulator), base_url=emulator.ready.base_url, headers=named)

    return client


@pytest.fixture
def wix(emulator: Emulator, connect: Callable[..., httpx.Client]) -> httpx.Client:
    """A client with the API key that has all permissions."""
    return connect(Authorization=emulator.ready.api_key, wix_site_id=emulator.ready.site_id)


@pytest.fixture
def anonymous(connect: Callable[..., httpx.Client]) -> httpx.Client:
    """A client without credentials."""
    return connect()


@pytest.fixture
def png(anonymous: httpx.Client) -> bytes:
    return anonymous.get("/_emulator/sample.png").content


@pytest.fixture
def control(anonymous: httpx.Client) -> Callable[[str, dict[str, Any]], Any]:
    """Return a function that makes a control call and asserts its success."""

    def call(name: str, body: dict[str, Any]) -> Any:
        response = anonymous.post(f"/_emulator/{name}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    return call


@pytest.fixture
def image(wix: httpx.Client, anonymous: httpx.Client, png: bytes) -> dict[str, Any]:
    """The `image` field of an item with a READY file."""
    request = {"mimeType": "image/png", "fileName": "dance.png"}
    url = wix.post(f"{MEDIA}/files/generate-upload-url", json=request).json()["uploadUrl"]
    file = anonymous.put(url, content=png, headers={"Content-Type": "image/png"}).json()["file"]
    return {"imageInfo": {"id": file["id"], "width": 640, "height": 480}}


@pytest.fixture
def gallery(wix: httpx.Client) -> str:
    """The path of an empty gallery."""
    created = wix.post(GALLERIES, json={"gallery": {"name": "Weddings", "sortOrder": 1}}).json()["gallery"]
    return f"{GALLERIES}/{created['id']}"


@pytest.fixture
def connect_to() -> Callable[[Emulator], httpx.Client]:
    """Return a function that creates a client with the API key of an emulator."""

    def client(emulator: Emulator) -> httpx.Client:
        ready = emulator.ready
        headers = {"Authorization": ready.api_key, "wix-site-id": ready.site_id}
        return httpx.Client(transport=InProcessTransport(emulator), base_url=ready.base_url, headers=headers)

    return client
