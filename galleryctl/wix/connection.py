"""Test the connection to the API and compare clocks, by one request without credentials."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from galleryctl.environment_transport import EnvironmentTransport
from galleryctl.http import httpx
from galleryctl.network import NetworkSettings, connection_advice
from galleryctl.wix.errors import Unavailable

_TIMEOUT = 10.0
"""Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionResult:
    """The response's status, and how many seconds the API's clock is ahead; None if the response has no date."""

    status: int
    clock_offset: float | None


async def check_connection(
    base_url: str, *, clock: Callable[[], float], transport: httpx.AsyncBaseTransport | None = None
) -> ConnectionResult:
    """Request `base_url` and return the result; `clock` returns epoch seconds. Raises Unavailable."""
    transport = transport or EnvironmentTransport(NetworkSettings())
    async with httpx.AsyncClient(transport=transport, timeout=_TIMEOUT, trust_env=False) as http:
        before = clock()
        try:
            async with asyncio.timeout(_TIMEOUT), http.stream("GET", base_url) as response:
                pass  # the body is not read
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as cause:
            # only the class: the text can contain credentials from a URL or a proxy's address
            do = connection_advice(cause) or "check the network, the proxy (HTTPS_PROXY) and GALLERYCTL_API_URL"
            raise Unavailable(f"no response ({type(cause).__name__})", call="GET /", do=do) from cause
        after = clock()
    try:
        date = parsedate_to_datetime(response.headers.get("date", "")).timestamp()
    except (TypeError, ValueError):
        return ConnectionResult(status=response.status_code, clock_offset=None)
    return ConnectionResult(status=response.status_code, clock_offset=date - (before + after) / 2)
