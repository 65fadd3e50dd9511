"""The emulator as one object: an ASGI application, what a client must know, and the way to close it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from galleryctl.emulator import credentials
from galleryctl.emulator.control import Control
from galleryctl.emulator.credentials import Credentials
from galleryctl.emulator.exchange import Endpoint
from galleryctl.emulator.faults import parsed
from galleryctl.emulator.gate import Gate, GatedEndpoint
from galleryctl.emulator.routes import api
from galleryctl.emulator.settings import Settings, changed
from galleryctl.emulator.site import Clock, Site
from galleryctl.emulator.store import Store
from galleryctl.emulator.webhooks import Post, Webhooks

IN_PROCESS_URL = "http://emulator.local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready(credentials.Keys):
    """What a client needs to talk to the emulator; the ready file has the same names."""

    base_url: str


class Emulator:
    """One emulated site: `app` for httpx.ASGITransport or a server, `ready` for the client."""

    def __init__(self, gate: Gate, app: ASGIApp) -> None:
        self.gate = gate
        self.app = app

    @property
    def ready(self) -> Ready:
        """The base URL and the credentials."""
        site = self.gate.site
        return Ready(base_url=site.base_url, **site.credentials.shared)

    def close(self) -> None:
        """Stop deliveries and close the database."""
        self.gate.webhooks.close()
        self.gate.site.store.close()


def create_app(
    data_dir: Path | None,
    *,
    clock: Clock = time.time,
    base_url: str = IN_PROCESS_URL,
    keys: Credentials | None = None,
    post: Post | None = None,
) -> Emulator:
    """An emulator that keeps its data in `data_dir`, or in memory for None.

    `clock` gives epoch seconds; `keys` are the ones of another emulator, for new ones take a while to make;
    `post` delivers webhooks instead of HTTP. Raises GalleryctlError if the data cannot be opened.
    """
    store = Store(data_dir)  # makes the directory
    settings = changed(Settings(), store.kept("settings"))
    site = Site(store, keys or credentials.load(data_dir), clock, base_url, settings)
    gate = Gate(site=site, webhooks=Webhooks(site, post), faults=parsed(store.kept("faults")))
    return Emulator(gate, _router(gate, [*api(site), *Control(gate).endpoints()]))


def _router(gate: Gate, endpoints: Iterable[Endpoint]) -> Router:
    places: dict[str, dict[str, ASGIApp]] = {}
    for endpoint in endpoints:
        places.setdefault(endpoint.template, {})[endpoint.method] = GatedEndpoint(gate, endpoint)
    return Router([Route(template, _Place(methods)) for template, methods in places.items()], default=_unknown)


class _Place:
    """One path, and the endpoint of each of its methods."""

    def __init__(self, methods: dict[str, ASGIApp]) -> None:
        self.methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the method, or 405."""
        wanted = scope["method"]
        app = self.methods.get(wanted) or (self.methods.get("GET") if wanted == "HEAD" else None)
        if app is None:
            app = _refusal(405, f"{wanted} is not answered here", {"allow": ", ".join(self.methods)})
        await app(scope, receive, send)


async def _unknown(scope: Scope, receive: Receive, send: Send) -> None:
    """404 for a path that is no endpoint."""
    if scope["type"] == "http":
        await _refusal(404, f"no endpoint at {scope['path']}", {})(scope, receive, send)


def _refusal(status: int, message: str, headers: dict[str, str]) -> Response:
    body = json.dumps({"message": message, "details": {}})
    return Response(body, status, {"x-wix-request-id": str(uuid.uuid4()), **headers}, "application/json")
