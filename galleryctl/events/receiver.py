"""The application that answers webhooks: verify, keep, answer; whatever an event means is done afterwards."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from galleryctl.events.event import decode
from galleryctl.events.inbox import Inbox
from galleryctl.events.refusal import Reason, RefusedDeliveryError
from galleryctl.events.token import MAX_BYTES, Trust, verified
from galleryctl.model.errors import GalleryctlError

PATH = "/webhook"
PATIENCE = 10.0
"""Seconds in which a body must have come."""


@dataclass(slots=True, kw_only=True)
class Receiver:
    """Takes deliveries into the `inbox`. `clock` gives epoch seconds.

    `on_arrival` is called after each event that was kept, `on_trouble` with each failure: a delivery that was refused,
    or an inbox that cannot be written. `refused` and `repeated` count since the start.
    """

    trust: Trust
    inbox: Inbox
    clock: Callable[[], float]
    on_arrival: Callable[[], None]
    on_trouble: Callable[[GalleryctlError], None]
    refused: Counter[Reason] = field(default_factory=Counter)
    repeated: int = 0

    def app(self) -> Starlette:
        """The ASGI application, with one path."""
        return Starlette(routes=[Route(PATH, self._answer, methods=["POST"])], exception_handlers=_SILENT)

    async def _answer(self, request: Request) -> Response:
        """200 once the event is on the disk, also for a repeat; else a status without a word: senders learn nothing."""
        try:
            self.take(await _body(request))
        except RefusedDeliveryError as error:
            self.refused[error.reason] += 1
            self.on_trouble(error)
            return Response(status_code=error.status)
        except GalleryctlError as error:
            self.on_trouble(error)
            return Response(status_code=503)
        return Response(status_code=200)

    def take(self, body: bytes) -> None:
        """Keep the event in a delivery's body. Raises RefusedDeliveryError, or GalleryctlError when the disk fails."""
        now = self.clock()
        data = verified(body, self.trust, now)
        if self.inbox.put(data, decode(data), now):
            self.on_arrival()
        else:
            self.repeated += 1


async def _body(request: Request) -> bytes:
    """The body, of which no more is kept than may be. Raises RefusedDeliveryError."""
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise RefusedDeliveryError(Reason.OVERSIZED, f"it has more than {MAX_BYTES} bytes")
    except TimeoutError:
        raise RefusedDeliveryError(Reason.MALFORMED, "its body did not come") from None
    except ClientDisconnect:
        raise RefusedDeliveryError(Reason.MALFORMED, "its body broke off") from None
    return bytes(body)


async def _nothing(_request: Request, error: Exception) -> Response:
    return Response(status_code=getattr(error, "status_code", 500), headers=getattr(error, "headers", None))


_SILENT = {404: _nothing, 405: _nothing}
