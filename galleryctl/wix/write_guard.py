"""Writes are sent only if a guard allows it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from galleryctl.wix.endpoints import Endpoint

_SENDING_EVENT = "http11.send_request_headers.started"
"""The event of httpcore's trace extension right before the first bytes of a request are sent."""

WriteGuard = Callable[[], Awaitable[None]]
"""Called right before a write is sent; raises StateError if it must not be sent."""


def guard_extensions(guard: WriteGuard | None, endpoint: Endpoint) -> Mapping[str, object]:
    """Return the extensions of a request that call the guard again once a connection exists, which can take seconds."""
    if guard is None or not endpoint.writes:
        return {}

    async def trace(event: str, _: object) -> None:
        if event == _SENDING_EVENT:
            await guard()

    return {"trace": trace}
