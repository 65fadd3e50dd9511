"""Writes are sent only if a guard allows it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from galleryctl.wix.endpoints import Endpoint

_SENDING_EVENTS = ("http11.send_request_headers.started", "http11.send_request_body.started")
"""The events of httpcore's trace extension right before bytes of a request are sent."""

WriteGuard = Callable[[], Awaitable[None]]
"""Called right before a write is sent; raises StateError if it must not be sent."""


def guard_extensions(guard: WriteGuard | None, endpoint: Endpoint) -> Mapping[str, object]:
    """Return the extensions of a request that call the guard again once a connection exists, which can take seconds."""
    if guard is None or not endpoint.writes:
        return {}

    async def trace(event: str, _: object) -> None:
        if event in _SENDING_EVENTS:
            await guard()

    return {"trace": trace}
