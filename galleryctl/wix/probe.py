"""Whether the API can be reached at all, and how far its clock is from ours: one request, without credentials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from galleryctl.http import httpx
from galleryctl.wix.errors import Unavailable

_TIMEOUT = 10.0
"""Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """What an answer told: its status, and how many seconds its clock is ahead of ours, None when it has none."""

    status: int
    clock_offset: float | None


async def probe(
    base_url: str, *, clock: Callable[[], float], transport: httpx.AsyncBaseTransport | None = None
) -> ProbeResult:
    """What the API answers to a request for nothing; `clock` gives epoch seconds. Raises Unavailable."""
    async with httpx.AsyncClient(transport=transport, timeout=_TIMEOUT) as http:
        before = clock()
        try:
            answer = await http.get(base_url)
        except (httpx.HTTPError, httpx.InvalidURL) as cause:
            # Texts of such errors can hold what stands in a URL or a proxy's address.
            raise Unavailable(
                f"no answer ({type(cause).__name__})",
                call="GET /",
                do="check the network, the proxy (HTTPS_PROXY) and backend.base_url",
            ) from cause
        after = clock()
    try:
        date = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (TypeError, ValueError):
        return ProbeResult(status=answer.status_code, clock_offset=None)
    return ProbeResult(status=answer.status_code, clock_offset=date - (before + after) / 2)
