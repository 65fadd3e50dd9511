"""The way of every request: body, statistics, faults, quota, permission, handler, events, answer."""

from __future__ import annotations

import asyncio
import re
import secrets
import sqlite3
import uuid
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from galleryctl.emulator.api import auth
from galleryctl.emulator.api.rejection import Rejection, application_error
from galleryctl.emulator.faults.barriers import HeldRequests
from galleryctl.emulator.faults.edits import apply_random_edits
from galleryctl.emulator.faults.injection import RESPONSE_FAULTS, SIDE_FAULTS, Fault, Faults
from galleryctl.emulator.http import ServedEndpoint, ServedRequest, ServedResponse
from galleryctl.emulator.site import EmulatedSite
from galleryctl.emulator.traffic import Traffic
from galleryctl.emulator.webhooks import Webhooks
from galleryctl.http import httpx

# Really cuts the socket of a request; given by the server, absent in process.
CutConnection = Callable[[Scope], Awaitable[None]]


class ConnectionCut(httpx.ReadError):
    """In process, an answer that never came: raised through httpx.ASGITransport, it is a transport error."""


@dataclass(slots=True, kw_only=True)
class RequestPipeline:
    """What all endpoints share."""

    site: EmulatedSite
    webhooks: Webhooks
    faults: Faults = field(default_factory=Faults)
    holds: HeldRequests = field(default_factory=HeldRequests)
    traffic: Traffic = field(default_factory=Traffic)
    cut_connection: CutConnection | None = None
    consistency_prefix: str = field(default_factory=lambda: secrets.token_hex(4))

    async def cut(self, scope: Scope) -> None:
        """End the connection of a request without an answer."""
        if self.cut_connection is None:
            raise ConnectionCut("the emulator cut the connection")
        await self.cut_connection(scope)

    def send_events(self) -> None:
        """Hand the events of a write to the webhooks."""
        self.webhooks.send(self.site.outbox)
        self.site.outbox.clear()

    def consistency_token(self) -> str:
        """The present value of X-Wix-Consistent."""
        return f"{self.consistency_prefix}-{self.site.store.write_no}"


class PipelineEndpoint:
    """An ASGI application for one endpoint."""

    def __init__(self, pipeline: RequestPipeline, endpoint: ServedEndpoint) -> None:
        self.pipeline = pipeline
        self.endpoint = endpoint
        self.name = f"{endpoint.method} {endpoint.template}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or cut its connection."""
        try:
            call = await _read_request(Request(scope, receive))
        except ClientDisconnect:
            return
        if self.endpoint.is_control:
            reply = _reject_cross_site(call, self.pipeline.site.base_url) or await self._answer_control_call(call)
            await _to_starlette(reply)(scope, receive, send)
            return
        traffic = self.pipeline.traffic
        traffic.begin_request(self.name)
        status = None
        try:
            answer, kind = await self._respond(call)
            if answer is None or kind in ("drop_after", "cut"):
                if answer is not None and kind == "cut":
                    await _send_half(answer, send)
                await self.pipeline.cut(scope)
                return
            status = answer.status
            await _to_starlette(answer)(scope, receive, send)
        finally:
            traffic.end_request(status)

    async def _answer_control_call(self, request: ServedRequest) -> ServedResponse:
        try:
            if self.endpoint.precondition is not None:
                await self.endpoint.precondition(request)
        except Rejection as cause:
            return _rejection_response(cause)
        return self._dispatch(request)[0]

    async def _respond(self, request: ServedRequest) -> tuple[ServedResponse | None, str | None]:
        """The answer, None if nothing was done; and the kind of fault that strikes the request."""
        faults = self.pipeline.faults.next_faults(request.method, request.path)
        interludes = [fault for fault in faults if fault.kind in SIDE_FAULTS]
        fault = next((fault for fault in faults if fault.kind in RESPONSE_FAULTS), None)
        kind = fault.kind if fault else None
        if not await self._inject_faults(request, interludes, "before") or kind == "drop_before":
            return None, "drop_before"
        answer, wrote = self._fault_response(fault) or self._dispatch(request, stale=kind == "stale")
        if wrote:
            headers = {"X-Wix-Consistent": self.pipeline.consistency_token(), **answer.headers}
            answer = ServedResponse(status=answer.status, body=answer.body, headers=headers)
        if not await self._inject_faults(request, interludes, "after"):
            kind = "drop_after"
        return answer, kind

    async def _inject_faults(self, request: ServedRequest, faults: list[Fault], when: str) -> bool:
        """Let happen what happens beside a request; whether it may go on."""
        gate = self.pipeline
        go_on = True
        for fault in (fault for fault in faults if fault.when == when):
            if fault.kind == "latency":
                await asyncio.sleep(fault.latency_ms / 1000)
            elif fault.kind == "edit":
                with gate.site.transaction():
                    apply_random_edits(gate.site, fault.edits, gate.faults.rng)
                gate.send_events()
            else:
                go_on = await gate.holds.hold(request.method, request.path, when) and go_on
        return go_on

    def _fault_response(self, fault: Fault | None) -> tuple[ServedResponse, bool] | None:
        """The answer of a fault, or of the quota, instead of the handler's."""
        site, kind = self.pipeline.site, fault.kind if fault else None
        over = self.pipeline.traffic.is_over_quota(site.clock(), site.settings.requests_per_minute)
        if kind in ("throttle", "throttle_silent") or over:
            wait = site.settings.quota_retry_after if fault is None else fault.retry_after
            wait = None if kind == "throttle_silent" else wait
            headers = {"Retry-After": str(wait)} if wait else {}
            return _rejection_response(
                application_error(429, "RESOURCE_EXHAUSTED", "Too many requests", headers=headers)
            ), False
        if kind == "error_500":
            return _rejection_response(application_error(500, "INTERNAL", "Internal Server Error")), False
        if kind == "error_503":
            return ServedResponse(status=503, body=b""), False
        return None

    def _dispatch(self, request: ServedRequest, *, stale: bool = False) -> tuple[ServedResponse, bool]:
        """The handler's answer, and whether it wrote; events of a refused request are forgotten."""
        site, before = self.pipeline.site, self.pipeline.site.store.write_no
        try:
            if self.endpoint.permission is not None:
                auth.require_permission(site, request, self.endpoint.permission)
            with site.store.rewind(site.settings.stale_writes) if self._reads_stale(request, stale) else nullcontext():
                answer = self.endpoint.handler(request)
        except Rejection as cause:
            site.outbox.clear()
            return _rejection_response(cause), False
        except (sqlite3.Error, OSError) as cause:  # a full disk, or another process that writes for too long
            site.outbox.clear()
            return _rejection_response(
                application_error(503, "UNAVAILABLE", f"the emulator cannot store this: {cause}")
            ), False
        except BaseException:
            site.outbox.clear()
            raise
        self.pipeline.send_events()
        return answer, site.store.write_no != before

    def _reads_stale(self, request: ServedRequest, stale: bool) -> bool:
        if not stale or request.method != "GET" or self.endpoint.permission != auth.GALLERIES_READ:
            return False
        knows = request.headers.get("x-wix-consistent") == self.pipeline.consistency_token()
        return not (knows and self.pipeline.site.settings.honour_consistent)


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
    """The refusal of a control call that a page of another site makes in somebody's browser."""
    if not _is_rebindable_host(request.headers.get("host", ""), base_url) and (
        request.method == "GET" or request.headers.get("origin", base_url) == base_url
    ):
        return None
    return _rejection_response(
        application_error(403, "PERMISSION_DENIED", "control calls do not come from other sites")
    )


def _is_rebindable_host(host: str, base_url: str) -> bool:
    """Whether the page of a stranger may have come by that name, which DNS lets lead here: no address, not ours, with a dot."""
    name = re.sub(r":[0-9]*$", "", host.lower())
    ours = name.endswith(".localhost") or name == urlsplit(base_url).hostname
    return "." in name and not ours and re.fullmatch(r"[0-9.]+|\[.*\]", name) is None


def _rejection_response(cause: Rejection) -> ServedResponse:
    return ServedResponse(status=cause.status, body=cause.body, headers=cause.headers)


async def _send_half(response: ServedResponse, send: Send) -> None:
    """Begin an answer and stop in its middle."""
    whole = response.body_bytes()
    length = (b"content-length", str(len(whole) + 1).encode())
    await send({"type": "http.response.start", "status": response.status, "headers": [length]})
    await send({"type": "http.response.body", "body": whole[: len(whole) // 2], "more_body": True})


def _to_starlette(answer: ServedResponse) -> Response:
    """The answer with a request id, and as JSON unless it says otherwise."""
    headers = {"x-wix-request-id": str(uuid.uuid4()), **answer.headers}
    media_type = None if isinstance(answer.body, bytes) else "application/json"
    return Response(answer.body_bytes(), answer.status, headers, media_type)
