"""The ASGI application that receives webhooks: verify, store, respond; events are processed later."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from galleryctl.events.async_inbox import AsyncInbox
from galleryctl.events.event import decode_event
from galleryctl.events.rejection import RejectedDeliveryError, RejectionReason, malformed
from galleryctl.events.token import MAX_BODY_BYTES, TrustPolicy, verify_delivery
from galleryctl.model.errors import GalleryctlError

WEBHOOK_PATH = "/webhook"
_BODY_TIMEOUT = 10.0
"""Seconds in which a body must be complete."""


@dataclass(slots=True, kw_only=True)
class Receiver:
    """A receiver that stores deliveries in `inbox`. `clock` returns epoch seconds.

    `on_arrival` is called after each stored event, `on_error` with each failure: a rejected delivery, or an inbox that
    cannot be written. `rejected` and `duplicates` count since the start.
    """

    trust: TrustPolicy
    inbox: AsyncInbox
    clock: Callable[[], float]
    on_arrival: Callable[[], None]
    on_error: Callable[[GalleryctlError], None]
    rejected: Counter[RejectionReason] = field(default_factory=Counter)
    duplicates: int = 0

    def app(self) -> Starlette:
        """Return the ASGI application, with one path."""
        routes = [Route(WEBHOOK_PATH, self._handle_delivery, methods=["POST"])]
        return Starlette(routes=routes, exception_handlers={404: _empty_response, 405: _empty_response})

    async def _handle_delivery(self, request: Request) -> Response:
        """Respond with 200 once the event is stored, also for a repeat; else with a bare status, disclosing nothing."""
        try:
            await self.accept(await _body(request))
        except RejectedDeliveryError as error:
            self.rejected[error.reason] += 1
            self.on_error(error)
            return Response(status_code=error.status)
        except GalleryctlError as error:
            self.on_error(error)
            return Response(status_code=503)
        return Response(status_code=200)

    async def accept(self, body: bytes) -> None:
        """Store the event in a delivery's body. Raise RejectedDeliveryError, or GalleryctlError if the disk fails."""
        now = self.clock()
        data = verify_delivery(body, self.trust, now)
        if await self.inbox.put(data, decode_event(data), now):
            self.on_arrival()
        else:
            self.duplicates += 1


async def _body(request: Request) -> bytes:
    """Read the body up to its maximum size. Raise RejectedDeliveryError."""
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_TIMEOUT):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise RejectedDeliveryError(RejectionReason.OVERSIZED, f"it has more than {MAX_BODY_BYTES} bytes")
    except TimeoutError:
        raise malformed(f"its body was not complete after {_BODY_TIMEOUT:.0f} s") from None
    except ClientDisconnect:
        raise malformed("the connection closed before its body was complete") from None
    return bytes(body)


async def _empty_response(_request: Request, error: Exception) -> Response:
    return Response(status_code=getattr(error, "status_code", 500), headers=getattr(error, "headers", None))
