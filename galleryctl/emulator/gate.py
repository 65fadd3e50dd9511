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

from galleryctl.emulator import auth
from galleryctl.emulator.edits import by_chance
from galleryctl.emulator.exchange import Answer, Call, Endpoint
from galleryctl.emulator.faults import ANSWERS, INTERLUDES, Fault, Faults
from galleryctl.emulator.holds import Holds
from galleryctl.emulator.rejection import Rejection, refused
from galleryctl.emulator.site import Site
from galleryctl.emulator.traffic import Traffic
from galleryctl.emulator.webhooks import Webhooks
from galleryctl.http import httpx

# Really cuts the socket of a request; given by the server, absent in process.
Cutter = Callable[[Scope], Awaitable[None]]


class ConnectionCut(httpx.ReadError):
    """In process, an answer that never came: raised through httpx.ASGITransport, it is a transport error."""


@dataclass(slots=True, kw_only=True)
class Gate:
    """What all endpoints share."""

    site: Site
    webhooks: Webhooks
    faults: Faults = field(default_factory=Faults)
    holds: Holds = field(default_factory=Holds)
    traffic: Traffic = field(default_factory=Traffic)
    cutter: Cutter | None = None
    consistency: str = field(default_factory=lambda: secrets.token_hex(4))

    async def cut(self, scope: Scope) -> None:
        """End the connection of a request without an answer."""
        if self.cutter is None:
            raise ConnectionCut("the emulator cut the connection")
        await self.cutter(scope)

    def tell(self) -> None:
        """Hand the events of a write to the webhooks."""
        self.webhooks.send(self.site.outbox)
        self.site.outbox.clear()

    def token(self) -> str:
        """The present value of X-Wix-Consistent."""
        return f"{self.consistency}-{self.site.store.write_no}"


class GatedEndpoint:
    """An ASGI application for one endpoint."""

    def __init__(self, gate: Gate, endpoint: Endpoint) -> None:
        self.gate = gate
        self.endpoint = endpoint
        self.name = f"{endpoint.method} {endpoint.template}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or cut its connection."""
        try:
            call = await _call(Request(scope, receive))
        except ClientDisconnect:
            return
        if self.endpoint.control:
            reply = _foreign(call, self.gate.site.base_url) or await self._controlled(call)
            await _response(reply)(scope, receive, send)
            return
        traffic = self.gate.traffic
        traffic.begin(self.name)
        status = None
        try:
            answer, kind = await self._answer(call)
            if answer is None or kind in ("drop_after", "cut"):
                if answer is not None and kind == "cut":
                    await _half(answer, send)
                await self.gate.cut(scope)
                return
            status = answer.status
            await _response(answer)(scope, receive, send)
        finally:
            traffic.end(status)

    async def _controlled(self, call: Call) -> Answer:
        try:
            if self.endpoint.first is not None:
                await self.endpoint.first(call)
        except Rejection as cause:
            return _rejected(cause)
        return self._handled(call)[0]

    async def _answer(self, call: Call) -> tuple[Answer | None, str | None]:
        """The answer, None if nothing was done; and the kind of fault that strikes the request."""
        faults = self.gate.faults.next(call.method, call.path)
        interludes = [fault for fault in faults if fault.kind in INTERLUDES]
        fault = next((fault for fault in faults if fault.kind in ANSWERS), None)
        kind = fault.kind if fault else None
        if not await self._played(call, interludes, "before") or kind == "drop_before":
            return None, "drop_before"
        answer, wrote = self._failed(fault) or self._handled(call, stale=kind == "stale")
        if wrote:
            headers = {"X-Wix-Consistent": self.gate.token(), **answer.headers}
            answer = Answer(status=answer.status, body=answer.body, headers=headers)
        if not await self._played(call, interludes, "after"):
            kind = "drop_after"
        return answer, kind

    async def _played(self, call: Call, interludes: list[Fault], when: str) -> bool:
        """Let happen what happens beside a request; whether it may go on."""
        gate = self.gate
        go_on = True
        for fault in (fault for fault in interludes if fault.when == when):
            if fault.kind == "latency":
                await asyncio.sleep(fault.latency_ms / 1000)
            elif fault.kind == "edit":
                with gate.site.write():
                    by_chance(gate.site, fault.edits, gate.faults.dice)
                gate.tell()
            else:
                go_on = await gate.holds.keep(call.method, call.path, when) and go_on
        return go_on

    def _failed(self, fault: Fault | None) -> tuple[Answer, bool] | None:
        """The answer of a fault, or of the quota, instead of the handler's."""
        site, kind = self.gate.site, fault.kind if fault else None
        over = self.gate.traffic.over_quota(site.clock(), site.settings.requests_per_minute)
        if kind in ("throttle", "throttle_silent") or over:
            wait = site.settings.quota_retry_after if fault is None else fault.retry_after
            wait = None if kind == "throttle_silent" else wait
            headers = {"Retry-After": str(wait)} if wait else {}
            return _rejected(refused(429, "RESOURCE_EXHAUSTED", "Too many requests", headers=headers)), False
        if kind == "error_500":
            return _rejected(refused(500, "INTERNAL", "Internal Server Error")), False
        if kind == "error_503":
            return Answer(status=503, body=b""), False
        return None

    def _handled(self, call: Call, *, stale: bool = False) -> tuple[Answer, bool]:
        """The handler's answer, and whether it wrote; events of a refused request are forgotten."""
        site, before = self.gate.site, self.gate.site.store.write_no
        try:
            if self.endpoint.permission is not None:
                auth.demand(site, call, self.endpoint.permission)
            with site.store.before(site.settings.stale_writes) if self._lags(call, stale) else nullcontext():
                answer = self.endpoint.handler(call)
        except Rejection as cause:
            site.outbox.clear()
            return _rejected(cause), False
        except (sqlite3.Error, OSError) as cause:  # a full disk, or another process that writes for too long
            site.outbox.clear()
            return _rejected(refused(503, "UNAVAILABLE", f"the emulator cannot store this: {cause}")), False
        except BaseException:
            site.outbox.clear()
            raise
        self.gate.tell()
        return answer, site.store.write_no != before

    def _lags(self, call: Call, stale: bool) -> bool:
        if not stale or call.method != "GET" or self.endpoint.permission != auth.GALLERIES_READ:
            return False
        knows = call.headers.get("x-wix-consistent") == self.gate.token()
        return not (knows and self.gate.site.settings.honour_consistent)


async def _call(request: Request) -> Call:
    query: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        query.setdefault(name, []).append(value)
    return Call(
        method=request.method,
        path=request.url.path,
        params=request.path_params,
        query=query,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.body(),
    )


def _foreign(call: Call, base_url: str) -> Answer | None:
    """The refusal of a control call that a page of another site makes in somebody's browser."""
    if not _rebindable(call.headers.get("host", ""), base_url) and (
        call.method == "GET" or call.headers.get("origin", base_url) == base_url
    ):
        return None
    return _rejected(refused(403, "PERMISSION_DENIED", "control calls do not come from other sites"))


def _rebindable(host: str, base_url: str) -> bool:
    """Whether the page of a stranger may have come by that name, which DNS lets lead here: no address, not ours, with a dot."""
    name = re.sub(r":[0-9]*$", "", host.lower())
    ours = name.endswith(".localhost") or name == urlsplit(base_url).hostname
    return "." in name and not ours and re.fullmatch(r"[0-9.]+|\[.*\]", name) is None


def _rejected(cause: Rejection) -> Answer:
    return Answer(status=cause.status, body=cause.body, headers=cause.headers)


async def _half(answer: Answer, send: Send) -> None:
    """Begin an answer and stop in its middle."""
    whole = answer.raw()
    length = (b"content-length", str(len(whole) + 1).encode())
    await send({"type": "http.response.start", "status": answer.status, "headers": [length]})
    await send({"type": "http.response.body", "body": whole[: len(whole) // 2], "more_body": True})


def _response(answer: Answer) -> Response:
    """The answer with a request id, and as JSON unless it says otherwise."""
    headers = {"x-wix-request-id": str(uuid.uuid4()), **answer.headers}
    media_type = None if isinstance(answer.body, bytes) else "application/json"
    return Response(answer.raw(), answer.status, headers, media_type)
