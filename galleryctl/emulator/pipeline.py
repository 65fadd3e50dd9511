"""The steps of a request: read, count, inject faults, check quota and permission, dispatch, send events, respond."""

from __future__ import annotations

import asyncio
import re
import secrets
import sqlite3
import uuid
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from galleryctl.emulator.api import auth
from galleryctl.emulator.api.rejection import Rejection, application_error
from galleryctl.emulator.faults.barriers import HeldRequests
from galleryctl.emulator.faults.edits import apply_random_edits
from galleryctl.emulator.faults.injection import RESPONSE_FAULTS, SIDE_FAULTS, Fault, Faults
from galleryctl.emulator.faults.wrong_ids import replace_id
from galleryctl.emulator.http import ServedEndpoint, ServedRequest, ServedResponse
from galleryctl.emulator.site import EmulatedSite
from galleryctl.emulator.traffic import Traffic
from galleryctl.emulator.webhooks import Webhooks
from galleryctl.http import httpx

# Aborts the socket of a request; set by the server, None in process.
CutConnection = Callable[[Scope], Awaitable[None]]


class ConnectionCut(httpx.ReadError):
    """A lost response, in process: raised through httpx.ASGITransport, it is a transport error for the client."""


@dataclass(slots=True, kw_only=True)
class RequestPipeline:
    """The state that all endpoints share."""

    site: EmulatedSite
    webhooks: Webhooks
    faults: Faults = field(default_factory=Faults)
    holds: HeldRequests = field(default_factory=HeldRequests)
    traffic: Traffic = field(default_factory=Traffic)
    cut_connection: CutConnection | None = None
    consistency_prefix: str = field(default_factory=lambda: secrets.token_hex(4))

    async def cut(self, scope: Scope) -> None:
        """End the connection of a request without a response."""
        if self.cut_connection is None:
            raise ConnectionCut("the emulator cut the connection")
        await self.cut_connection(scope)

    def send_events(self) -> None:
        """Pass the events of a write to the webhooks."""
        self.webhooks.send(self.site.outbox)
        self.site.outbox.clear()

    def consistency_token(self) -> str:
        """Return the current value of X-Wix-Consistent."""
        return f"{self.consistency_prefix}-{self.site.store.write_no}"


class PipelineEndpoint:
    """The ASGI application of one endpoint."""

    def __init__(self, pipeline: RequestPipeline, endpoint: ServedEndpoint) -> None:
        self.pipeline = pipeline
        self.endpoint = endpoint
        self.name = f"{endpoint.method} {endpoint.template}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one request, or cut its connection."""
        try:
            request = await _read_request(Request(scope, receive))
        except ClientDisconnect:
            return
        if self.endpoint.is_control:
            response = _reject_cross_site(request, self.pipeline.site.base_url) or await self._control_response(request)
            await _to_starlette(response)(scope, receive, send)
            return
        traffic = self.pipeline.traffic
        traffic.begin_request(self.name)
        status = None
        try:
            result, kind = await self._respond(request)
            if result is None or kind in ("drop_after", "cut"):
                if result is not None and kind == "cut":
                    await _send_half(result, send)
                await self.pipeline.cut(scope)
                return
            status = result.status
            await _to_starlette(result)(scope, receive, send)
        finally:
            traffic.end_request(status)

    async def _control_response(self, request: ServedRequest) -> ServedResponse:
        try:
            if self.endpoint.precondition is not None:
                await self.endpoint.precondition(request)
        except Rejection as cause:
            return _rejection_response(cause)
        return self._dispatch(request)[0]

    async def _respond(self, request: ServedRequest) -> tuple[ServedResponse | None, str | None]:
        """Return the response, None if the request had no effect, and the kind of the fault that replaces it."""
        faults = self.pipeline.faults.next_faults(request.method, request.path)
        side_faults = [fault for fault in faults if fault.kind in SIDE_FAULTS]
        fault = next((fault for fault in faults if fault.kind in RESPONSE_FAULTS), None)
        kind = fault.kind if fault else None
        if not await self._inject_faults(request, side_faults, "before") or kind == "drop_before":
            return None, "drop_before"
        response, has_written = self._fault_response(fault), False
        if response is None:
            response, has_written = self._dispatch(request, stale=kind == "stale")
            if kind == "wrong_id":
                response = replace_id(self.pipeline.site, request, response, self.pipeline.faults.rng)
        if has_written:
            headers = {"X-Wix-Consistent": self.pipeline.consistency_token(), **response.headers}
            response = replace(response, headers=headers)
        if not await self._inject_faults(request, side_faults, "after"):
            kind = "drop_after"
        return response, kind

    async def _inject_faults(self, request: ServedRequest, faults: list[Fault], when: str) -> bool:
        """Inject the side faults of a request; returns False if it must end without a response."""
        pipeline = self.pipeline
        go_on = True
        for fault in (fault for fault in faults if fault.when == when):
            if fault.kind == "latency":
                await asyncio.sleep(fault.latency_ms / 1000)
            elif fault.kind == "edit":
                with pipeline.site.transaction():
                    apply_random_edits(pipeline.site, fault.edits, pipeline.faults.rng)
                pipeline.send_events()
            else:
                go_on = await pipeline.holds.hold(request.method, request.path, when) and go_on
        return go_on

    def _fault_response(self, fault: Fault | None) -> ServedResponse | None:
        """Return the response of a fault or of the quota; None if the handler is to respond."""
        site, kind = self.pipeline.site, fault.kind if fault else None
        is_over_quota = self.pipeline.traffic.is_over_quota(site.clock(), site.settings.requests_per_minute)
        if kind in ("throttle", "throttle_silent") or is_over_quota:
            wait = site.settings.quota_retry_after if fault is None else fault.retry_after
            wait = None if kind == "throttle_silent" else wait
            headers = {"Retry-After": str(wait)} if wait else {}
            return _error(429, "RESOURCE_EXHAUSTED", "Too many requests", headers)
        if kind == "error_500":
            return _error(500, "INTERNAL", "Internal Server Error")
        return ServedResponse(status=503, body=b"") if kind == "error_503" else None

    def _dispatch(self, request: ServedRequest, *, stale: bool = False) -> tuple[ServedResponse, bool]:
        """Return the handler's response, and True if it wrote; discards the events of a rejected request."""
        site, before = self.pipeline.site, self.pipeline.site.store.write_no
        try:
            if self.endpoint.permission is not None:
                auth.require_permission(site, request, self.endpoint.permission)
            with site.store.rewind(site.settings.stale_writes) if self._reads_stale(request, stale) else nullcontext():
                response = self.endpoint.handler(request)
        except Rejection as cause:
            site.outbox.clear()
            return _rejection_response(cause), False
        except (sqlite3.Error, OSError) as cause:  # such as a full disk, or a long write of another process
            site.outbox.clear()
            return _error(503, "UNAVAILABLE", f"the emulator cannot store the change: {cause}"), False
        except BaseException:
            site.outbox.clear()
            raise
        self.pipeline.send_events()
        return response, site.store.write_no != before

    def _reads_stale(self, request: ServedRequest, stale: bool) -> bool:
        if not stale or request.method != "GET" or self.endpoint.permission != auth.GALLERIES_READ:
            return False
        has_token = request.headers.get("x-wix-consistent") == self.pipeline.consistency_token()
        return not (has_token and self.pipeline.site.settings.honour_consistent)


async def _read_request(request: Request) -> ServedRequest:
    query: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        query.setdefault(name, []).append(value)
    return ServedRequest(
        method=request.method,
        path=request.url.path,
        path_params=request.path_params,
        query=query,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.body(),
    )


def _reject_cross_site(request: ServedRequest, base_url: str) -> ServedResponse | None:
    """Return the rejection of a control call from a web page of another site; None for all other calls."""
    if not _is_rebindable_host(request.headers.get("host", ""), base_url) and (
        request.method == "GET" or request.headers.get("origin", base_url) == base_url
    ):
        return None
    return _error(403, "PERMISSION_DENIED", "control calls from other websites are not allowed")


def _is_rebindable_host(host: str, base_url: str) -> bool:
    """Return True if the owner of a domain can point the host name here, to get at the emulator from a web page.

    "evil.example:8320" → True; "127.0.0.1", "[::1]", "emulator", "a.localhost" and the server's own name → False.
    """
    name = re.sub(r":[0-9]*$", "", host.lower())
    is_local = name.endswith(".localhost") or name == urlsplit(base_url).hostname
    return "." in name and not is_local and re.fullmatch(r"[0-9.]+|\[.*\]", name) is None


def _error(status: int, code: str, description: str, headers: dict[str, str] | None = None) -> ServedResponse:
    return _rejection_response(application_error(status, code, description, headers=headers))


def _rejection_response(cause: Rejection) -> ServedResponse:
    return ServedResponse(status=cause.status, body=cause.body, headers=cause.headers)


async def _send_half(response: ServedResponse, send: Send) -> None:
    """Send the first half of a response."""
    body = response.body_bytes()
    length = (b"content-length", str(len(body) + 1).encode())
    await send({"type": "http.response.start", "status": response.status, "headers": [length]})
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})


def _to_starlette(response: ServedResponse) -> Response:
    """Convert a response, with a request id added; a body that is not bytes is JSON."""
    headers = {"x-wix-request-id": str(uuid.uuid4()), **response.headers}
    media_type = None if isinstance(response.body, bytes) else "application/json"
    return Response(response.body_bytes(), response.status, headers, media_type)
