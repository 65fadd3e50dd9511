"""The emulator as one object: the ASGI application, its credentials and its close method."""

from __future__ import annotations

import dataclasses
import json
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from galleryctl.emulator import credentials
from galleryctl.emulator.api.routes import api_endpoints
from galleryctl.emulator.credentials import Credentials
from galleryctl.emulator.faults.control import ControlHandlers
from galleryctl.emulator.faults.injection import parse_faults
from galleryctl.emulator.faults.settings import EmulatorSettings, update_settings
from galleryctl.emulator.http import ServedEndpoint
from galleryctl.emulator.pipeline import PipelineEndpoint, RequestPipeline
from galleryctl.emulator.site import Clock, EmulatedSite
from galleryctl.emulator.store import SiteStore
from galleryctl.emulator.webhooks import SendWebhook, Webhooks

_IN_PROCESS_URL = "http://emulator.local"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyInfo(credentials.ClientCredentials):
    """Base URL and credentials for a client of the emulator; the ready file has the same names."""

    base_url: str


class Emulator:
    """One emulated site: `app` for httpx.ASGITransport or a server, `ready` for the client."""

    def __init__(self, pipeline: RequestPipeline, app: ASGIApp) -> None:
        self.pipeline = pipeline
        self.app = app

    @property
    def ready(self) -> ReadyInfo:
        """Return the base URL and the credentials."""
        site = self.pipeline.site
        return ReadyInfo(base_url=site.base_url, **site.credentials.client_values)

    def close(self) -> None:
        """Stop deliveries and close the database."""
        self.pipeline.webhooks.close()
        self.pipeline.site.store.close()


def create_emulator(
    data_dir: Path | None,
    *,
    clock: Clock = time.time,
    base_url: str = _IN_PROCESS_URL,
    keys: Credentials | None = None,
    post: SendWebhook | None = None,
    switches: Mapping[str, Any] | None = None,
) -> Emulator:
    """Create an emulator with its data in `data_dir`, or in memory for None.

    `clock` returns epoch seconds. `keys` are those of another emulator, because generating takes a moment. `post`
    delivers webhooks instead of HTTP. `switches` replace the stored ones, also later. Raises GalleryctlError if the data
    cannot be opened.
    """
    store = SiteStore(data_dir)  # creates the directory
    if switches is not None:
        store.save_setup("settings", dataclasses.asdict(update_settings(EmulatorSettings(), dict(switches))))
    settings = update_settings(EmulatorSettings(), store.load_setup("settings"))
    site = EmulatedSite(store, keys or credentials.load_credentials(data_dir), clock, base_url, settings)
    faults = parse_faults(store.load_setup("faults"))
    pipeline = RequestPipeline(site=site, webhooks=Webhooks(site, post), faults=faults)
    return Emulator(pipeline, _build_router(pipeline, [*api_endpoints(site), *ControlHandlers(pipeline).endpoints()]))


def _build_router(pipeline: RequestPipeline, endpoints: Iterable[ServedEndpoint]) -> Router:
    paths: dict[str, dict[str, ASGIApp]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.template, {})[endpoint.method] = PipelineEndpoint(pipeline, endpoint)
    return Router([Route(path, _MethodRouter(methods)) for path, methods in paths.items()], default=_not_found)


class _MethodRouter:
    """The endpoints of one path, by method."""

    def __init__(self, methods: dict[str, ASGIApp]) -> None:
        self.apps = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the endpoint of the method (GET also serves HEAD), or respond with 405."""
        method = scope["method"]
        app = self.apps.get(method) or (self.apps.get("GET") if method == "HEAD" else None)
        if app is None:
            app = _error_response(405, f"{method} is not supported here", {"allow": ", ".join(self.apps)})
        await app(scope, receive, send)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await _error_response(404, f"no endpoint at {scope['path']}", {})(scope, receive, send)


def _error_response(status: int, message: str, headers: dict[str, str]) -> Response:
    body = json.dumps({"message": message, "details": {}})
    return Response(body, status, {"x-wix-request-id": str(uuid.uuid4()), **headers}, "application/json")
