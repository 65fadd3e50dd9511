"""The client of one site."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType

from galleryctl.environment_transport import EnvironmentTransport
from galleryctl.http import httpx
from galleryctl.model.desired import Limits
from galleryctl.model.waiting import WaitObserver, unobserved
from galleryctl.network import NetworkSettings
from galleryctl.waits import Waits
from galleryctl.wix.auth import Auth
from galleryctl.wix.galleries import GalleryCalls
from galleryctl.wix.media import MediaCalls
from galleryctl.wix.permissions import PermissionCalls
from galleryctl.wix.rate_limit import Limiter
from galleryctl.wix.raw import RawCalls
from galleryctl.wix.transport import TIMEOUT, Observer, RetryPolicy, Timing, Transport
from galleryctl.wix.write_guard import WriteGuard


class WixClient(GalleryCalls, MediaCalls, PermissionCalls, RawCalls):
    """All requests to Wix for one site, with one quota and one chain of consistent reads."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        auth: Auth,
        limits: Limits,
        timing: Timing | None = None,
        policy: RetryPolicy | None = None,
        on_request: Observer | None = None,
        on_wait: WaitObserver = unobserved,
        before_write: WriteGuard | None = None,
    ) -> None:
        timing = timing or Timing()
        waits = Waits(observer=on_wait, sleep=timing.sleep)
        limiter = Limiter(
            concurrency=limits.concurrency,
            per_minute=limits.max_requests_per_minute,
            clock=timing.clock,
            waits=waits,
            random=timing.random,
        )
        transport = Transport(
            http,
            auth,
            limiter,
            timing=timing,
            waits=waits,
            policy=policy or RetryPolicy(),
            observer=on_request,
            before_write=before_write,
        )
        super().__init__(transport)

    @property
    def request_counts(self) -> Mapping[str, int]:
        """The number of requests sent so far, retries included, by `METHOD template`."""
        return MappingProxyType(self._transport.request_counts)

    def now(self) -> float:
        """Return the seconds since the epoch, by the client's clock."""
        return self._transport.timing.now()

    @property
    def waits(self) -> Waits:
        """The waits of the run, by the client's clock."""
        return self._transport.waits


@asynccontextmanager
async def open_client(
    base_url: str,
    *,
    auth: Auth,
    limits: Limits,
    transport: httpx.AsyncBaseTransport | None = None,
    timing: Timing | None = None,
    policy: RetryPolicy | None = None,
    on_request: Observer | None = None,
    on_wait: WaitObserver = unobserved,
    before_write: WriteGuard | None = None,
) -> AsyncIterator[WixClient]:
    """Open a client and close it at the end; `transport` replaces the network.

    Raises GalleryctlError if a network setting of the environment cannot be used.
    """
    # one connection more than concurrent requests: a response may still be closing when the next request starts
    pool = httpx.Limits(max_connections=limits.concurrency + 1, max_keepalive_connections=limits.concurrency)
    if transport is None:
        transport = EnvironmentTransport(NetworkSettings(), limits=pool)
        transport.prepare(base_url)
    async with httpx.AsyncClient(base_url=base_url, transport=transport, timeout=TIMEOUT, trust_env=False) as http:
        yield WixClient(
            http,
            auth=auth,
            limits=limits,
            timing=timing,
            policy=policy,
            on_request=on_request,
            on_wait=on_wait,
            before_write=before_write,
        )
